"""Regions and accounts: the one that a gateway is told to be in, and others that handlers name."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.gateway import run_local
from tests.support.prober import Prober

ARN = "arn:aws:{}:eu-west-3:111122223333:{}"


@pytest.fixture(
    scope="module", params=[(), ("--region", "ap-south-1", "--account", "210987654321")], ids=["default", "told"]
)
def prober(request: pytest.FixtureRequest) -> Iterator[Prober]:
    with Prober.start(*request.param) as started:
        yield started


SERVICES = {
    "dynamodb": "client.scan(TableName='table')['Count']",
    "secretsmanager": "client.get_secret_value(SecretId='secret')['SecretString']",
    "ssm": "client.get_parameter(Name='/parameter')['Parameter']['Value']",
    "sqs": "client.send_message(QueueUrl=os.environ['QUEUE'], MessageBody='x')['ResponseMetadata']['HTTPStatusCode']",
    "sns": "client.publish(TopicArn=os.environ['TOPIC'], Message='x')['ResponseMetadata']['HTTPStatusCode']",
    "s3": "client.list_objects_v2(Bucket='bucket')['KeyCount']",
    "lambda": "client.invoke(FunctionName='prober', Payload='{}')['StatusCode']",
}
FINDS = dict(zip(SERVICES, (0, "of the stack", "of the stack", 200, 200, 0, 200), strict=True))


@pytest.mark.parametrize(
    "options",
    [
        pytest.param("", id="by-the-variables"),
        pytest.param(", config=Config(ignore_configured_endpoint_urls=True)", id="by-its-host-on-aws"),
    ],
)
@pytest.mark.parametrize("region", ["eu-west-1", "us-gov-west-1"])
@pytest.mark.parametrize("service", SERVICES)
def test_every_region_leads_to_what_the_template_declares(
    prober: Prober, service: str, region: str, options: str
) -> None:
    made = f"(client := boto3.client({service!r}, region_name={region!r}{options}))"
    assert prober.evaluate(f"{made} and {SERVICES[service]}") == FINDS[service]


@pytest.mark.parametrize(
    ("expression", "finds"),
    [
        pytest.param("boto3.client('dynamodb').scan(TableName=arn)['Count']", 0, id="table"),
        pytest.param("boto3.client('secretsmanager').get_secret_value(SecretId=arn)['Name']", "secret", id="secret"),
        pytest.param("boto3.client('ssm').get_parameter(Name=arn)['Parameter']['Name']", "/parameter", id="parameter"),
        pytest.param("bool(boto3.client('sns').publish(TopicArn=arn, Message='x')['MessageId'])", True, id="topic"),
        pytest.param("boto3.client('lambda').invoke(FunctionName=arn, Payload='{}')['StatusCode']", 200, id="function"),
    ],
)
def test_an_arn_of_another_region_and_account_leads_there_too(
    prober: Prober, request: pytest.FixtureRequest, expression: str, finds: Any
) -> None:
    kinds = {
        "table": ("dynamodb", "table/table"),
        "secret": ("secretsmanager", "secret:secret"),
        "parameter": ("ssm", "parameter/parameter"),
        "topic": ("sns", "topic"),
        "function": ("lambda", "function:prober"),
    }
    kind = request.node.callspec.id.rpartition("-")[2]
    assert prober.evaluate(expression, arn=ARN.format(*kinds[kind])) == finds


def test_an_arn_that_is_somebody_s_data_stays_as_it_is(prober: Prober) -> None:
    item = {"id": {"S": "arn"}, "TopicArn": {"S": ARN.format("sns", "topic")}, "text": {"S": f'"Arn":"{ARN}"'}}
    table = "(client := boto3.client('dynamodb')).put_item(TableName='table', Item=item)"
    read = "client.get_item(TableName='table', Key={'id': item['id']})['Item']"
    assert (
        prober.evaluate(
            f"[{table}, {read}, client.delete_item(TableName='table', Key={{'id': item['id']}})][1]", item=item
        )
        == item
    )


@pytest.mark.parametrize(
    "host", ["localapi00.execute-api.ap-south-1.amazonaws.com", "LocalApi00.execute-api.cn-north-1.amazonaws.com.cn"]
)
def test_every_region_s_host_of_the_api_leads_to_the_gateway(prober: Prober, host: str) -> None:
    source = f"""
        import json, urllib.request
        url = f"https://{host}/prod/@connections/" + event["requestContext"]["connectionId"]
        answer = sorted(json.load(urllib.request.urlopen(url)))
    """
    assert prober.run(source) == ["connectedAt", "identity", "lastActiveAt"]


def test_the_region_and_the_account_are_the_same_wherever_a_handler_looks() -> None:
    with Prober.start("--region", "cn-north-1", "--account", "210987654321") as prober:
        assert prober.evaluate(
            "[os.environ['AWS_REGION'], os.environ['AWS_DEFAULT_REGION'], os.environ['WHERE'], os.environ['TOPIC'],"
            " os.environ['QUEUE'], context.invoked_function_arn, boto3.client('sts').get_caller_identity()['Account'],"
            " boto3.client('sns').list_topics()['Topics'][0]['TopicArn']]"
        ) == [
            "cn-north-1",
            "cn-north-1",
            "aws-cn/cn-north-1/210987654321/amazonaws.com.cn",
            "arn:aws-cn:sns:cn-north-1:210987654321:topic",
            "https://sqs.cn-north-1.amazonaws.com.cn/210987654321/queue",
            "arn:aws-cn:lambda:cn-north-1:210987654321:function:prober",
            "210987654321",
            "arn:aws-cn:sns:cn-north-1:210987654321:topic",
        ]


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        pytest.param("--region", "Frankfurt", "'Frankfurt' is not a region such as eu-central-1", id="region"),
        pytest.param("--account", "123", "'123' is not an account's twelve digits", id="account"),
    ],
)
def test_what_is_neither_is_refused(option: str, value: str, said: str) -> None:
    ended = run_local(option, value)
    assert ended.returncode == 2
    assert said in ended.stderr
