"""
In GovCloud and in China, the template leaves out what AWS does not offer there.

Sources: "AWS Lambda in AWS GovCloud (US)" and "Amazon Route 53", AWS GovCloud user guide; "Amazon Lambda", Getting
Started with Amazon Web Services in China.

"""

import json
import re
import subprocess
import sys
from typing import Any

import pytest

from local.stack.intrinsics import Resolver
from local.stack.parameters import parameter_values
from tests.support.paths import ROOT
from tests.support.stacks import ON, TEMPLATE, DeployedResources

REGIONS = {"aws": "eu-west-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1", "aws-eusc": "eusc-de-east-1"}


def stack_in(partition: str) -> tuple[DeployedResources, dict[str, Any]]:
    """Return the resources and the outputs of a stack with every option on."""
    place = {"AWS::Partition": partition, "AWS::Region": REGIONS[partition]}
    resources = DeployedResources(TEMPLATE, parameter_values(TEMPLATE["Parameters"], ON) | place)
    resolver = Resolver(TEMPLATE, resources.ref, lambda name, attribute: f"{name}.{attribute}")
    return resources, resolver.resolve(TEMPLATE["Outputs"])


@pytest.mark.parametrize("name", ["ConnectFunction", "DisconnectFunction", "MessageFunction"])
@pytest.mark.parametrize(
    ("partition", "log_format", "tracing"),
    [
        pytest.param("aws", "JSON", "Active", id="everywhere-else"),
        pytest.param("aws-us-gov", "Text", "Active", id="govcloud"),
        pytest.param("aws-cn", "JSON", "PassThrough", id="china"),
    ],
)
def test_a_function_uses_only_options_that_its_partition_offers(
    partition: str, log_format: str, tracing: str, name: str
) -> None:
    function = stack_in(partition)[0].of_type("AWS::Lambda::Function")[name]
    group = f"/aws/lambda/local-{name.removesuffix('Function').lower()}"
    assert function["LoggingConfig"] == {"LogFormat": log_format, "LogGroup": group}
    assert function["TracingConfig"]["Mode"] == tracing


@pytest.mark.parametrize(("partition", "may_trace"), [("aws", True), ("aws-us-gov", True), ("aws-cn", False)])
def test_a_role_may_send_traces_where_there_is_x_ray(partition: str, may_trace: bool) -> None:
    roles = stack_in(partition)[0].of_type("AWS::IAM::Role")
    for name in ("ConnectRole", "DisconnectRole", "MessageRole"):
        assert ("xray:PutTraceSegments" in json.dumps(roles[name])) == may_trace


@pytest.mark.parametrize(("partition", "region"), REGIONS.items())
def test_only_dynamodb_of_the_region_uses_the_key_of_the_messages_for_the_function(partition: str, region: str) -> None:
    # "DynamoDB encryption at rest usage notes", DynamoDB developer guide: to reach a table, DynamoDB decrypts the
    # table's key in the name of the caller. DynamoDB itself, and the creator of the table, do the rest.
    policy = stack_in(partition)[0].of_type("AWS::IAM::Policy")["MessageHistoryPolicy"]
    (statement,) = [each for each in policy["PolicyDocument"]["Statement"] if each["Action"] == "kms:Decrypt"]
    assert statement["Resource"] == ON["HistoryKeyArn"]
    assert statement["Condition"] == {"StringLike": {"kms:ViaService": f"dynamodb.{region}.*"}}


def test_the_routes_call_the_functions_in_their_own_partition() -> None:
    for partition, region in REGIONS.items():
        integrations = stack_in(partition)[0].of_type("AWS::ApiGatewayV2::Integration").values()
        uris = [
            integration["IntegrationUri"]
            for integration in integrations
            if integration["IntegrationType"] == "AWS_PROXY"
        ]
        assert len(uris) == 3
        for uri in uris:
            assert uri.startswith(f"arn:{partition}:apigateway:{region}:lambda:path/")
            assert uri.endswith("Function/invocations")


@pytest.mark.parametrize(("partition", "records"), [("aws", 1), ("aws-us-gov", 0), ("aws-cn", 1)])
def test_a_dns_record_is_made_where_route_53_can_point_at_an_api(partition: str, records: int) -> None:
    resources, _ = stack_in(partition)
    assert len(resources.names("AWS::Route53::RecordSet")) == records
    assert len(resources.names("AWS::ApiGatewayV2::ApiMapping")) == 1


@pytest.mark.parametrize(
    ("partition", "console"),
    [
        ("aws", "https://eu-west-1.console.aws.amazon.com"),
        ("aws-us-gov", "https://console.amazonaws-us-gov.com"),
        ("aws-cn", "https://console.amazonaws.cn"),
        ("aws-eusc", "https://eusc-de-east-1.console.amazonaws-eusc.eu"),
    ],
)
def test_the_dashboard_is_in_the_console_of_the_partition(partition: str, console: str) -> None:
    _, outputs = stack_in(partition)
    page = f"/cloudwatch/home?region={REGIONS[partition]}#dashboards/dashboard/Dashboard"
    assert outputs["DashboardUrl"]["Value"] == console + page


def test_nothing_else_names_a_partition_or_its_domain() -> None:
    lines = (ROOT / "template.yaml").read_text().splitlines()
    text = "\n".join(line.split(" #")[0] for line in lines)
    assert re.findall(r"arn:aws:\S*", text) == []
    named = set(re.findall(r"[\w.-]*\bamazonaws[\w.-]*", text))
    principals = {"lambda.amazonaws.com", "apigateway.amazonaws.com"}  # the same in every partition
    consoles = {"console.amazonaws-us-gov.com", "console.amazonaws.cn", "console.amazonaws-eusc.eu"}
    assert named == principals | consoles


LINES = """
import logging, sys
logging.basicConfig(stream=sys.stdout, format="[%(levelname)s]\\t%(message)s")  # as Lambda's runtime does for text
from hub import metrics
from hub.log import logger
logger.info("connected", connection_id="c")
try:
    raise ValueError("several\\nlines")
except ValueError:
    logger.exception("failed")
metrics.count("Connected")
metrics.flush()
"""


@pytest.mark.parametrize("log_format", ["Text", "JSON"])
def test_the_hub_prints_the_same_lines_whatever_format_lambda_has(log_format: str) -> None:
    # In GovCloud, Lambda passes on the lines that a function prints. The queries of docs/operations.md read them.
    environment = {"AWS_LAMBDA_LOG_FORMAT": log_format, "PYTHONPATH": str(ROOT / "shared")}
    ran = subprocess.run([sys.executable, "-c", LINES], env=environment, capture_output=True, text=True, check=True)
    connected, failed, counted = map(json.loads, ran.stdout.splitlines())
    assert (connected["level"], connected["message"], connected["connection_id"]) == ("INFO", "connected", "c")
    assert (failed["level"], failed["message"]) == ("ERROR", "failed")
    assert failed["exception"].splitlines()[-1] == "builtins.ValueError"
    assert counted["Connected"] == [1.0]
