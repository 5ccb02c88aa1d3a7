"""The CloudFormation that SAM makes of the template: complete, tight, and without loose ends."""

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from hub import metrics
from hub.version import VERSION
from local.stack.errors import TemplateError
from local.stack.loading import translated
from local.stack.parameters import parameter_values
from local.stack.resources import Resources
from tests.support.ministack import depends_on
from tests.support.paths import ROOT

TEMPLATE = translated(ROOT / "template.yaml")
PARAMETERS = TEMPLATE["Parameters"]
RESOURCES = TEMPLATE["Resources"]
ON = {
    "AuthMode": "jwt",
    "MaxConnectionsPerSession": "5",
    "ReservedConcurrency": "10",
    "DomainName": "hub.example.com",
    "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1",
    "HostedZoneId": "Z0123456789",
    "AlarmTopicArn": "arn:aws:sns:us-east-1:123456789012:alarms",
    "AccessLogs": "on",
    "ApiGatewayAccount": "on",
    "Tracing": "on",
    "Architecture": "x86_64",
}
"""Every option switched on."""

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/ConnectionsTable"
API = "arn:aws:execute-api:us-east-1:123456789012:localapi00/prod"
LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}


def stack(**parameters: str) -> Resources:
    """Return the resources of a stack, with all values filled in."""
    template = translated(ROOT / "template.yaml", parameters)
    return Resources(template, parameter_values(template["Parameters"], parameters))


def only(resources: Resources, kind: str) -> dict[str, Any]:
    (properties,) = resources.of_type(kind).values()
    return properties


def references(node: Any) -> Iterator[str]:
    """Yield the names that Ref, GetAtt, Sub and Condition mention."""
    if isinstance(node, list):
        for each in node:
            yield from references(each)
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key == "Ref":
            yield value
        elif key == "Fn::GetAtt":
            yield value[0] if isinstance(value, list) else value.split(".")[0]
        elif key == "Fn::Sub":
            text, own = (value, {}) if isinstance(value, str) else value
            yield from (name for name in re.findall(r"\$\{([\w:]+)", text) if name not in own)
            yield from references(own)
        else:
            yield from references(value)


def names(node: Any) -> set[str]:
    return {name for name in references(node) if not name.startswith("AWS::")}


def test_every_reference_leads_somewhere() -> None:
    assert names([RESOURCES, TEMPLATE["Outputs"]]) <= {*RESOURCES, *PARAMETERS}


def test_no_resources_wait_for_each_other() -> None:
    needs = {name: {*names(each)} & {*RESOURCES} | {*depends_on(each)} for name, each in RESOURCES.items()}
    while ready := [name for name, others in needs.items() if not others & set(needs)]:
        for name in ready:
            del needs[name]
    assert needs == {}


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_parameter_has_a_description_and_a_default_within_its_bounds(name: str) -> None:
    parameter = PARAMETERS[name]
    assert parameter["Description"].endswith(".")
    assert parameter_values(TEMPLATE["Parameters"], {name: str(parameter["Default"])})
    groups = yaml.safe_load(json.dumps(TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]))
    assert [name in group["Parameters"] for group in groups].count(True) == 1


@pytest.mark.parametrize("options", [{}, ON], ids=["defaults", "everything-on"])
def test_every_integration_may_be_called(options: dict[str, str]) -> None:
    resources = stack(**options)
    called = {
        each["IntegrationUri"].split("/functions/")[1].removesuffix("/invocations")
        for each in resources.of_type("AWS::ApiGatewayV2::Integration").values()
        if each["IntegrationType"] == "AWS_PROXY"
    }
    allowed = {each["FunctionName"] for each in resources.of_type("AWS::Lambda::Permission").values()}
    assert called == allowed
    assert len(called) == 3


def actions(resources: Resources, role: str) -> dict[str, set[str]]:
    """Return the resources that a role may do something to, by action."""
    granted: dict[str, set[str]] = {}
    (policy,) = resources.of_type("AWS::IAM::Role")[role]["Policies"]
    for statement in policy["PolicyDocument"]["Statement"]:
        assert statement["Effect"] == "Allow"
        listed, targets = statement["Action"], statement["Resource"]
        for action in [listed] if isinstance(listed, str) else listed:
            granted.setdefault(action, set()).update([targets] if isinstance(targets, str) else targets)
    return granted


def log_group(name: str) -> str:
    return f"arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/local-{name.lower()}:*"


def test_each_function_has_exactly_the_rights_it_uses() -> None:
    resources = stack()
    assert actions(resources, "ConnectRole") == {
        "dynamodb:PutItem": {TABLE},
        **{action: {log_group("Connect")} for action in LOGS},
    }
    assert actions(resources, "DisconnectRole") == {
        "dynamodb:Query": {f"{TABLE}/index/connection_id-index"},
        "dynamodb:DeleteItem": {TABLE},
        **{action: {log_group("Disconnect")} for action in LOGS},
    }
    assert actions(resources, "MessageRole") == {
        "dynamodb:Query": {TABLE, f"{TABLE}/index/connection_id-index"},
        "dynamodb:DeleteItem": {TABLE},
        "execute-api:ManageConnections": {f"{API}/POST/@connections/*", f"{API}/DELETE/@connections/*"},
        **{action: {log_group("Message")} for action in LOGS},
    }


@pytest.mark.parametrize(
    ("options", "role", "action", "resource"),
    [
        pytest.param({"AuthMode": "jwt"}, "Connect", "secretsmanager:GetSecretValue", "SigningSecret", id="own-secret"),
        pytest.param(
            {"AuthMode": "signature", "SigningSecretName": "a/key"},
            "Connect",
            "secretsmanager:GetSecretValue",
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:a/key-??????",
            id="existing-secret",
        ),
        pytest.param({"MaxConnectionsPerSession": "1"}, "Connect", "dynamodb:Query", TABLE, id="counts"),
        pytest.param({"Tracing": "on"}, "Disconnect", "xray:PutTraceSegments", "*", id="traces"),
        pytest.param({"Tracing": "on"}, "Disconnect", "xray:PutTelemetryRecords", "*", id="telemetry"),
    ],
)
def test_an_option_adds_the_right_it_needs(options: dict[str, str], role: str, action: str, resource: str) -> None:
    assert action not in actions(stack(), f"{role}Role")
    assert actions(stack(**options), f"{role}Role")[action] == {resource}


@pytest.mark.parametrize(
    ("option", "kind"),
    [
        pytest.param({"DomainName": ON["DomainName"]}, "AWS::ApiGatewayV2::DomainName", id="domain"),
        pytest.param({"DomainName": ON["DomainName"]}, "AWS::ApiGatewayV2::ApiMapping", id="mapping"),
        pytest.param(
            {"DomainName": ON["DomainName"], "HostedZoneId": ON["HostedZoneId"]}, "AWS::Route53::RecordSet", id="dns"
        ),
        pytest.param({"ApiGatewayAccount": "on"}, "AWS::ApiGateway::Account", id="account"),
    ],
)
def test_an_option_adds_its_resource(option: dict[str, str], kind: str) -> None:
    assert not stack().of_type(kind)
    assert len(stack(**option).of_type(kind)) == 1


def test_nothing_is_published_as_a_version() -> None:
    # A version keeps the parameters that it was published with, so routes to it would miss the changed ones.
    assert {each["Type"] for each in RESOURCES.values()} & {"AWS::Lambda::Version", "AWS::Lambda::Alias"} == set()


def test_access_logs_wait_for_the_role_of_the_account() -> None:
    assert "AccessLogGroup" in names(RESOURCES["HubStage"])
    assert "ApiGatewayLogAccount" in names(RESOURCES["AccessLogGroup"])


def test_no_alarm_is_silent_for_want_of_one_of_its_metrics() -> None:
    for alarm in stack().of_type("AWS::CloudWatch::Alarm").values():
        expression, *operands = alarm.get("Metrics", [{"Expression": ""}])
        filled = re.findall(r"FILL\((\w+), 0\)", expression["Expression"])
        quotas = re.findall(r"SERVICE_QUOTA\((\w+)\)", expression["Expression"])
        assert sorted(filled + quotas) == sorted(each["Id"] for each in operands)
        assert not re.search(r"(?<![(\w])[a-z]\w*", expression["Expression"])


def test_access_logs_go_to_a_group_of_the_stack() -> None:
    assert stack().value("HubStage", "AccessLogSettings") is None
    settings = stack(AccessLogs="on").value("HubStage", "AccessLogSettings")
    assert settings["DestinationArn"].endswith(":log-group:/aws/apigateway/local:*")
    assert re.findall(r"\$context\.[\w.]+", settings["Format"])
    assert "\n" not in settings["Format"]


@pytest.mark.parametrize("name", ["ConnectFunction", "DisconnectFunction", "MessageFunction"])
def test_options_of_the_functions(name: str) -> None:
    off, on = (stack(**options).of_type("AWS::Lambda::Function")[name] for options in ({}, ON))
    assert "ReservedConcurrentExecutions" not in off
    assert str(on["ReservedConcurrentExecutions"]) == "10"
    assert (off["TracingConfig"]["Mode"], on["TracingConfig"]["Mode"]) == ("PassThrough", "Active")
    assert (off["Architectures"], on["Architectures"]) == (["arm64"], ["x86_64"])
    assert off["LoggingConfig"]["LogGroup"] == f"/aws/lambda/local-{name.removesuffix('Function').lower()}"


def test_nothing_has_a_name_that_a_second_stack_would_want() -> None:
    named = {"TableName", "FunctionName", "RoleName", "AlarmName", "DashboardName", "LogGroupName", "LayerName"}
    for name, each in RESOURCES.items():
        for key in named & set(each.get("Properties", {})):
            value = each["Properties"][key]
            is_the_stacks = "AWS::StackName" in json.dumps(value) or names(value) & {*RESOURCES, *PARAMETERS}
            assert is_the_stacks or key == "LayerName", f"{name}.{key} is {value}"


@pytest.mark.parametrize(
    ("kind", "deleted", "replaced"),
    [
        pytest.param("AWS::DynamoDB::Table", "Delete", "Delete", id="table"),
        pytest.param("AWS::Logs::LogGroup", "Delete", "Delete", id="log-groups"),
        # CloudFormation deletes a secret at once. Only a deployment that failed at its first try may.
        pytest.param("AWS::SecretsManager::Secret", "RetainExceptOnCreate", "Retain", id="signing-key"),
        pytest.param("AWS::ApiGateway::Account", "Retain", "Retain", id="account"),
    ],
)
def test_what_holds_data_says_what_becomes_of_it(kind: str, deleted: str, replaced: str) -> None:
    found = [each for each in RESOURCES.values() if each["Type"] == kind]
    assert {(each["DeletionPolicy"], each["UpdateReplacePolicy"]) for each in found} == {(deleted, replaced)}


def test_the_account_of_api_gateway_gets_its_role_after_the_api() -> None:
    # Source: AWS::ApiGateway::Account, CloudFormation template reference. The first API makes the account known.
    apis = {name for name, each in RESOURCES.items() if each["Type"] == "AWS::ApiGatewayV2::Api"}
    assert {*depends_on(RESOURCES["ApiGatewayLogAccount"])} == apis


def test_every_alarm_has_a_topic_if_there_is_one_and_stays_quiet_without_data() -> None:
    for options, told in (({}, None), (ON, [ON["AlarmTopicArn"]])):
        alarms = stack(**options).of_type("AWS::CloudWatch::Alarm")
        for alarm in alarms.values():
            assert (alarm.get("AlarmActions"), alarm.get("OKActions")) == (told, told)
            assert alarm["TreatMissingData"] == "notBreaching"


def test_alarms_and_dashboard_watch_metrics_that_exist() -> None:
    counted = set(re.findall(r"^([A-Z]\w+)  ", metrics.__doc__ or "", re.MULTILINE))
    watched = {
        each["MetricName"]
        for each in stack().of_type("AWS::CloudWatch::Alarm").values()
        if each.get("Namespace") == metrics.NAMESPACE
    }
    dashboard = only(stack(), "AWS::CloudWatch::Dashboard")["DashboardBody"]
    json.loads(dashboard)
    shown = set(re.findall(r'"WebSocketHub", "(\w+)"', dashboard))
    assert watched == {"Faults", "Undelivered", "Refused"}
    assert shown | {"Refused"} == counted


def test_the_dashboard_shows_every_alarm() -> None:
    alarms = set(re.findall(r":(\w+Alarm)/Arn", only(stack(), "AWS::CloudWatch::Dashboard")["DashboardBody"]))
    assert alarms == set(stack().of_type("AWS::CloudWatch::Alarm"))


def test_the_version_is_the_same_everywhere() -> None:
    assert TEMPLATE["Outputs"]["Version"]["Value"] == VERSION
    assert f"## {VERSION}" in (ROOT / "CHANGELOG.md").read_text()


def test_each_version_of_the_changelog_has_each_heading_once() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    order = ["Added", "Changed", "Removed", "Fixed"]
    for version in text.split("\n## ")[1:]:
        headings = re.findall(r"^### (\w+)$", version, re.MULTILINE)
        assert headings == [heading for heading in order if heading in headings]
    assert [line for line in text.splitlines() if len(line) > 120] == []


@pytest.mark.parametrize("environment", ["default", "staging", "prod"])
def test_each_environment_deploys_with_parameters_that_exist(environment: str) -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text())[environment]
    given = config["deploy"]["parameters"].get("parameter_overrides", "")
    assert parameter_values(TEMPLATE["Parameters"], dict(pair.split("=", 1) for pair in given.split()))
    assert config["deploy"]["parameters"]["stack_name"].startswith("websocket-hub")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("StageName", "a b"),
        ("AuthMode", "basic"),
        ("DomainName", "Hub.example.com"),
        ("DomainName", "localhost"),
        ("CertificateArn", "arn:aws:iam::1:server-certificate/x"),
        ("AlarmTopicArn", "alarms"),
        ("HostedZoneId", "example.com"),
        ("LogRetention", "31"),
        ("ReservedConcurrency", "-1"),
        ("RefusalThreshold", "0"),
        ("Tracing", "yes"),
        ("Architecture", "arm"),
        ("MessageRate", "10001"),
        ("WebSocketEndpoint", "wss://a.example.com/prod"),
    ],
)
def test_a_parameter_outside_its_bounds_is_refused(name: str, value: str) -> None:
    with pytest.raises(TemplateError, match=name):
        parameter_values(TEMPLATE["Parameters"], {name: value})
