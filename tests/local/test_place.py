"""Regions and accounts: those that the gateway is started with, and others that handlers name."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore
import pytest

from local.place import Place
from tests.support.gateway import run_local
from tests.support.prober import Prober

ARN = "arn:aws:{}:eu-west-3:111122223333:{}"


@pytest.fixture(scope="module")
def chinese_prober() -> Iterator[Prober]:
    with Prober.start("--region", "cn-north-1", "--account", "210987654321") as started:
        yield started


@pytest.fixture(params=["default_prober", "chinese_prober"])
def prober(request: pytest.FixtureRequest) -> Prober:
    started: Prober = request.getfixturevalue(request.param)
    return started


CALLS = {
    "dynamodb": "client.scan(TableName='table')['Count']",
    "secretsmanager": "client.get_secret_value(SecretId='secret')['SecretString']",
    "ssm": "client.get_parameter(Name='/parameter')['Parameter']['Value']",
    "sqs": "client.send_message(QueueUrl=os.environ['QUEUE'], MessageBody='x')['ResponseMetadata']['HTTPStatusCode']",
    "sns": "client.publish(TopicArn=os.environ['TOPIC'], Message='x')['ResponseMetadata']['HTTPStatusCode']",
    "s3": "client.list_objects_v2(Bucket='bucket')['KeyCount']",
    "lambda": "client.invoke(FunctionName='prober', Payload='{}')['StatusCode']",
}
ANSWERS = dict(zip(CALLS, (0, "of the stack", "of the stack", 200, 200, 0, 200), strict=True))


@pytest.mark.parametrize(
    "options",
    [
        pytest.param("", id="by-endpoint-variables"),
        pytest.param(", config=Config(ignore_configured_endpoint_urls=True)", id="by-host-on-aws"),
    ],
)
@pytest.mark.parametrize("region", ["eu-west-1", "us-gov-west-1", "us-iso-east-1"])
@pytest.mark.parametrize("service", CALLS)
def test_every_region_leads_to_what_the_template_declares(
    prober: Prober, service: str, region: str, options: str
) -> None:
    client = f"(client := boto3.client({service!r}, region_name={region!r}{options}))"
    assert prober.evaluate(f"{client} and {CALLS[service]}") == ANSWERS[service]


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        pytest.param("boto3.client('dynamodb').scan(TableName=arn)['Count']", 0, id="table"),
        pytest.param("boto3.client('secretsmanager').get_secret_value(SecretId=arn)['Name']", "secret", id="secret"),
        pytest.param(
            "boto3.client('secretsmanager').get_secret_value(SecretId=arn + '-AbCdEf')['Name']",
            "secret",
            id="characters-after-a-secret",
        ),
        pytest.param(
            "boto3.client('secretsmanager').batch_get_secret_value(SecretIdList=[arn])['SecretValues'][0]['Name']",
            "secret",
            id="list-with-a-secret",
        ),
        pytest.param(
            "boto3.client('dynamodb').batch_get_item(RequestItems={arn: {'Keys': [{'id': {'S': '-'}}]}})['Responses']"
            "[arn]",
            [],
            id="key-with-a-table",
        ),
        pytest.param(
            "boto3.client('dynamodb').execute_statement(Statement=f'SELECT * FROM \"{arn}\"')['Items']",
            [],
            id="partiql-with-a-table",
        ),
        pytest.param("boto3.client('ssm').get_parameter(Name=arn)['Parameter']['Name']", "/parameter", id="parameter"),
        pytest.param("bool(boto3.client('sns').publish(TopicArn=arn, Message='x')['MessageId'])", True, id="topic"),
        pytest.param("boto3.client('lambda').invoke(FunctionName=arn, Payload='{}')['StatusCode']", 200, id="function"),
    ],
)
def test_an_arn_of_another_region_and_account_leads_there_too(
    prober: Prober, request: pytest.FixtureRequest, expression: str, answer: Any
) -> None:
    kinds = {
        "table": ("dynamodb", "table/table"),
        "secret": ("secretsmanager", "secret:secret"),
        "parameter": ("ssm", "parameter/parameter"),
        "topic": ("sns", "topic"),
        "function": ("lambda", "function:prober"),
    }
    kind = request.node.callspec.id.rpartition("-")[2]
    assert prober.evaluate(expression, arn=ARN.format(*kinds[kind])) == answer


def test_a_queue_of_another_region_and_account_may_be_an_endpoint(prober: Prober) -> None:
    source = f"""
        import boto3, json
        sns, sqs = boto3.client("sns"), boto3.client("sqs")
        url, topic = sqs.create_queue(QueueName="heard")["QueueUrl"], sns.create_topic(Name="told")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="{ARN.format("sqs", "heard")}")
        sns.publish(TopicArn=topic, Message="x")
        answer = json.loads(sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"])["Message"]
        sns.delete_topic(TopicArn=topic)
        sqs.delete_queue(QueueUrl=url)
    """
    assert prober.run(source) == "x"


def test_an_arn_in_a_message_is_not_changed(prober: Prober) -> None:
    source = f"""
        import boto3, os
        client = boto3.client("sqs")
        url = client.create_queue(QueueName="messages")["QueueUrl"]
        client.send_message(QueueUrl=url, MessageBody='see TopicArn: {ARN}, "TopicArn":"{ARN}"')
        answer = client.receive_message(QueueUrl=url)["Messages"][0]["Body"]
        client.delete_queue(QueueUrl=url)
    """
    arn = ARN.format("sns", "topic")
    assert prober.run(source.replace(ARN, arn)) == f'see TopicArn: {arn}, "TopicArn":"{arn}"'


def test_an_arn_in_the_data_of_an_item_is_not_changed(prober: Prober) -> None:
    item = {"id": {"S": "arn"}, "TopicArn": {"S": ARN.format("sns", "topic")}, "text": {"S": f'"Arn":"{ARN}"'}}
    write = "(client := boto3.client('dynamodb')).put_item(TableName='table', Item=item)"
    read = "client.get_item(TableName='table', Key={'id': item['id']})['Item']"
    delete = "client.delete_item(TableName='table', Key={'id': item['id']})"
    assert prober.evaluate(f"[{write}, {read}, {delete}][1]", item=item) == item


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


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        pytest.param("os.environ['AWS_REGION']", "cn-north-1", id="region"),
        pytest.param("os.environ['AWS_DEFAULT_REGION']", "cn-north-1", id="default-region"),
        pytest.param("os.environ['WHERE']", "aws-cn/cn-north-1/210987654321/amazonaws.com.cn", id="pseudo-parameters"),
        pytest.param("os.environ['TOPIC']", "arn:aws-cn:sns:cn-north-1:210987654321:topic", id="ref-of-a-topic"),
        pytest.param(
            "os.environ['QUEUE']", "https://sqs.cn-north-1.amazonaws.com.cn/210987654321/queue", id="ref-of-a-queue"
        ),
        pytest.param(
            "context.invoked_function_arn", "arn:aws-cn:lambda:cn-north-1:210987654321:function:prober", id="context"
        ),
        pytest.param("boto3.client('sts').get_caller_identity()['Account']", "210987654321", id="sts"),
        pytest.param(
            "boto3.client('sns').list_topics()['Topics'][0]['TopicArn']",
            "arn:aws-cn:sns:cn-north-1:210987654321:topic",
            id="sns",
        ),
    ],
)
def test_a_handler_finds_the_same_region_and_account_everywhere(
    chinese_prober: Prober, expression: str, value: str
) -> None:
    assert chinese_prober.evaluate(expression) == value


def partitions() -> Iterator[tuple[str, str, str]]:
    """Return each region that botocore knows, with its partition and the domain of its services."""
    content = json.loads((Path(botocore.__file__).parent / "data" / "partitions.json").read_text())
    for partition in content["partitions"]:
        for region in partition["regions"]:
            if not region.endswith("-global"):
                yield region, partition["id"], partition["outputs"]["dnsSuffix"]


def test_a_region_s_partition_and_domain_are_botocore_s() -> None:
    known = [*partitions()]
    assert [(region, Place(region).partition, Place(region).suffix) for region, *_ in known] == known


@pytest.mark.parametrize(
    ("option", "value", "problem"),
    [
        pytest.param("--region", "Frankfurt", "'Frankfurt' is not a region such as eu-central-1", id="region"),
        pytest.param("--account", "123", "'123' is not an AWS account id, which has twelve digits", id="account"),
    ],
)
def test_a_malformed_region_or_account_is_refused(option: str, value: str, problem: str) -> None:
    ended = run_local(option, value)
    assert ended.returncode == 2
    assert problem in ended.stderr
