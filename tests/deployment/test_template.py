"""The CloudFormation that SAM makes of the template: every reference has a target, and every option works."""

import itertools
import json
import re
import tomllib

import pytest
import yaml

from hub import metrics
from hub.version import VERSION
from local.stack.errors import TemplateError
from local.stack.parameters import parameter_values
from tests.support.ministack import depends_on
from tests.support.paths import ROOT
from tests.support.stacks import ON, PARAMETERS, RESOURCES, TEMPLATE, WITH_QUEUE, names, only, stack, watched_by


def test_every_reference_has_a_target() -> None:
    assert names([RESOURCES, TEMPLATE["Outputs"]]) <= {*RESOURCES, *PARAMETERS}


def test_no_resources_wait_for_each_other() -> None:
    needs = {name: {*names(resource)} & {*RESOURCES} | {*depends_on(resource)} for name, resource in RESOURCES.items()}
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
        integration["IntegrationUri"].split("/functions/")[1].removesuffix("/invocations")
        for integration in resources.of_type("AWS::ApiGatewayV2::Integration").values()
        if integration["IntegrationType"] == "AWS_PROXY"
    }
    allowed = {permission["FunctionName"] for permission in resources.of_type("AWS::Lambda::Permission").values()}
    assert called == allowed
    assert len(called) == 3


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
    assert {resource["Type"] for resource in RESOURCES.values()} & {
        "AWS::Lambda::Version",
        "AWS::Lambda::Alias",
    } == set()


def test_access_logs_wait_for_the_role_of_the_account() -> None:
    assert "AccessLogGroup" in names(RESOURCES["HubStage"])
    assert "ApiGatewayLogAccount" in names(RESOURCES["AccessLogGroup"])


@pytest.mark.parametrize("options", [{}, ON, WITH_QUEUE], ids=["defaults", "everything-on", "with-a-queue"])
def test_an_alarm_works_without_data_of_one_of_its_metrics(options: dict[str, str]) -> None:
    for alarm in stack(**options).of_type("AWS::CloudWatch::Alarm").values():
        expression, *operands = alarm.get("Metrics", [{"Expression": ""}])
        filled = re.findall(r"FILL\((\w+), 0\)", expression["Expression"])
        quotas = re.findall(r"SERVICE_QUOTA\((\w+)\)", expression["Expression"])
        assert sorted(filled + quotas) == sorted(operand["Id"] for operand in operands)
        assert not re.search(r"(?<![(\w])[a-z]\w*", expression["Expression"])


def test_access_logs_go_to_a_group_of_the_stack() -> None:
    assert "AccessLogSettings" not in only(stack(), "AWS::ApiGatewayV2::Stage")
    settings = only(stack(AccessLogs="on"), "AWS::ApiGatewayV2::Stage")["AccessLogSettings"]
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


def test_no_resource_has_a_fixed_name_which_a_second_stack_would_use_too() -> None:
    named = {"TableName", "FunctionName", "RoleName", "AlarmName", "DashboardName", "LogGroupName", "LayerName"}
    for name, resource in RESOURCES.items():
        for key in named & set(resource.get("Properties", {})):
            value = resource["Properties"][key]
            is_the_stacks = "AWS::StackName" in json.dumps(value) or names(value) & {*RESOURCES, *PARAMETERS}
            assert is_the_stacks or key == "LayerName", f"{name}.{key} is {value}"


@pytest.mark.parametrize(
    ("kind", "deleted", "replaced"),
    [
        pytest.param("AWS::DynamoDB::Table", "Delete", "Delete", id="table"),
        pytest.param("AWS::SQS::Queue", "Delete", "Delete", id="queues"),
        pytest.param("AWS::Logs::LogGroup", "Delete", "Delete", id="log-groups"),
        # CloudFormation would delete a secret at once. It does so only if the first deployment fails.
        pytest.param("AWS::SecretsManager::Secret", "RetainExceptOnCreate", "Retain", id="signing-key"),
        pytest.param("AWS::ApiGateway::Account", "Retain", "Retain", id="account"),
    ],
)
def test_resources_with_data_have_a_deletion_policy(kind: str, deleted: str, replaced: str) -> None:
    resources = [resource for resource in RESOURCES.values() if resource["Type"] == kind]
    assert {(resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) for resource in resources} == {
        (deleted, replaced)
    }


def test_the_role_for_access_logs_is_set_after_the_api_is_made() -> None:
    # API Gateway knows an account only after its first API. Source: AWS::ApiGateway::Account, CloudFormation reference.
    apis = {name for name, resource in RESOURCES.items() if resource["Type"] == "AWS::ApiGatewayV2::Api"}
    assert {*depends_on(RESOURCES["ApiGatewayLogAccount"])} == apis


def test_every_alarm_has_a_topic_if_there_is_one_and_stays_quiet_without_data() -> None:
    for options, told in (({}, None), (ON, [ON["AlarmTopicArn"]]), (WITH_QUEUE, [ON["AlarmTopicArn"]])):
        alarms = stack(**options).of_type("AWS::CloudWatch::Alarm")
        for alarm in alarms.values():
            assert (alarm.get("AlarmActions"), alarm.get("OKActions")) == (told, told)
            assert alarm["TreatMissingData"] == "notBreaching"


OPTIONAL = {"Stored", "Unstored", "Resumed", "ProviderFailed"}
"""The hub's metrics that have data only if the hub keeps messages, or takes the tokens of an identity provider."""


ALARMING = {"Faults", "Undelivered", "Refused", "Unstored", "ProviderFailed"}
"""The hub's metrics that alarms watch if every option is on."""


@pytest.mark.parametrize(
    ("options", "optional", "alarming"),
    [
        pytest.param({}, set(), {"Faults", "Undelivered", "Refused"}, id="defaults"),
        pytest.param(ON, OPTIONAL, ALARMING, id="everything-on"),
        pytest.param(WITH_QUEUE, OPTIONAL, ALARMING, id="with-a-queue"),
    ],
)
def test_alarms_and_dashboard_watch_metrics_that_exist(
    options: dict[str, str], optional: set[str], alarming: set[str]
) -> None:
    resources = stack(**options)
    counted = set(re.findall(r"^([A-Z]\w+)  ", metrics.__doc__ or "", re.MULTILINE))
    watched = {
        name
        for alarm in resources.of_type("AWS::CloudWatch::Alarm").values()
        for namespace, name in watched_by(alarm)
        if namespace == metrics.NAMESPACE
    }
    dashboard = only(resources, "AWS::CloudWatch::Dashboard")["DashboardBody"]
    json.loads(dashboard)
    shown = set(re.findall(r'"WebSocketHub", "(\w+)"', dashboard))
    assert watched == alarming
    assert shown | {"Refused"} == counted - OPTIONAL | optional


def test_the_dashboard_shows_each_table_that_the_stack_has() -> None:
    for options, tables in (({}, {"ConnectionsTable"}), (ON, {"ConnectionsTable", "HistoryTable"})):
        dashboard = json.loads(only(stack(**options), "AWS::CloudWatch::Dashboard")["DashboardBody"])
        metrics_of = [widget["properties"].get("metrics", []) for widget in dashboard["widgets"]]
        shown = [tuple(metric[1:4:2]) for metric in itertools.chain(*metrics_of) if metric[0] == "AWS/DynamoDB"]
        for name in ("ReadThrottleEvents", "WriteThrottleEvents", "ConsumedReadCapacityUnits"):
            assert {table for metric, table in shown if metric == name} == tables
        assert {table for metric, table in shown if metric == "ConsumedWriteCapacityUnits"} == tables


def test_history_adds_one_encrypted_table_that_forgets() -> None:
    properties = stack(HistorySeconds="600").of_type("AWS::DynamoDB::Table")["HistoryTable"]
    assert {name: value for name, value in properties.items() if name != "TableName"} == {
        "BillingMode": "PAY_PER_REQUEST",
        "SSESpecification": {"SSEEnabled": True},
        "AttributeDefinitions": [
            {"AttributeName": "session_id", "AttributeType": "S"},
            {"AttributeName": "seq", "AttributeType": "N"},
        ],
        "KeySchema": [
            {"AttributeName": "session_id", "KeyType": "HASH"},
            {"AttributeName": "seq", "KeyType": "RANGE"},
        ],
        "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
    }


def test_a_key_of_one_s_own_encrypts_the_table_of_messages_and_no_other() -> None:
    tables = stack(**ON).of_type("AWS::DynamoDB::Table")
    assert {name: table["SSESpecification"] for name, table in tables.items()} == {
        "ConnectionsTable": {"SSEEnabled": True},
        "HistoryTable": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": ON["HistoryKeyArn"]},
    }


def test_without_history_nothing_in_the_stack_mentions_its_table_or_its_key() -> None:
    resources = stack(HistoryKeyArn=ON["HistoryKeyArn"])
    kept = {name: resources.properties(name) for name, _ in resources.types()}
    mentioned = re.findall(r"HistoryTable|Unstored|Stored|history_\w+|:key/", json.dumps(kept, default=str))
    assert mentioned == []
    assert resources.output("HistoryTableName") == ""


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        pytest.param({}, "join that session and listen to it", id="none"),
        pytest.param(
            {"HistorySeconds": "600"},
            "join that session, listen to it, and read its messages of the last 600 seconds",
            id="none-with-history",
        ),
        pytest.param(
            {"HistorySeconds": "600", "AuthMode": "jwt"}, "a credential that is signed with the signing key", id="jwt"
        ),
    ],
)
def test_an_output_says_who_may_connect_and_what_they_can_read(options: dict[str, str], sentence: str) -> None:
    assert stack(**options).output("Authentication").endswith(sentence)
    assert stack(**options).output("HistoryTableName") == ("HistoryTable" if "HistorySeconds" in options else "")


@pytest.mark.parametrize("options", [{}, ON, WITH_QUEUE], ids=["defaults", "everything-on", "with-a-queue"])
def test_the_dashboard_shows_every_alarm(options: dict[str, str]) -> None:
    resources = stack(**options)
    dashboard = only(resources, "AWS::CloudWatch::Dashboard")["DashboardBody"]
    (widget,) = [widget for widget in json.loads(dashboard)["widgets"] if widget["type"] == "alarm"]
    shown = [re.findall(r":(\w+Alarm)/Arn", arn) for arn in widget["properties"]["alarms"]]
    assert sorted(name for (name,) in shown) == sorted(resources.of_type("AWS::CloudWatch::Alarm"))


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
        ("HistorySeconds", "604801"),
        ("HistorySessions", "a" * 1_025),
        ("HistoryKeyArn", "alias/mine"),
        ("Tracing", "yes"),
        ("Architecture", "arm"),
        ("MessageRate", "10001"),
        ("WebSocketEndpoint", "wss://a.example.com/prod"),
    ],
)
def test_a_parameter_outside_its_bounds_is_refused(name: str, value: str) -> None:
    with pytest.raises(TemplateError, match=name):
        parameter_values(TEMPLATE["Parameters"], {name: value})
