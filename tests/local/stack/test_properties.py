"""The tables of properties are complete, and a property that is not imitated gets a note."""

from pathlib import Path

import boto3
import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from local.stack.resource_types import ATTRIBUTES
from local.stack.uses import USES, Uses
from local.stack.uses.api import SETTINGS
from tests.support.templates import API, loaded

REGION = "us-east-1"


@pytest.mark.parametrize("kind", USES)
def test_every_property_of_cloudformation_is_in_the_tables(kind: str) -> None:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema
    given_by_aws = {path.removeprefix("/properties/") for path in schema.get("readOnlyProperties", [])}
    old = {"AccessPolicyId"} & USES[kind].known  # in the documentation, and no longer in the schema
    assert {*schema["properties"]} - given_by_aws == USES[kind].known - old


def test_every_type_of_api_gateway_is_in_the_tables_or_named_as_not_imitated() -> None:
    kinds = {name for name in PROVIDER_SCHEMA_MANAGER.get_resource_types(REGION) if "::ApiGatewayV2::" in name}
    left_out = "ApiGatewayManagedOverrides PortalProduct RoutingRule VpcLink"
    assert kinds - {*USES} == {f"AWS::ApiGatewayV2::{name}" for name in left_out.split()}


def test_every_setting_of_a_route_is_in_the_tables() -> None:
    model = boto3.client("apigatewayv2", region_name=REGION).meta.service_model
    assert {*model.shape_for("RouteSettings").members} == SETTINGS.known


@pytest.mark.parametrize(
    "uses", [pytest.param(uses, id=kind) for kind, uses in [*USES.items(), ("settings", SETTINGS)]]
)
def test_no_property_is_in_two_tables(uses: Uses) -> None:
    names = [*uses.read.split(), *" ".join(uses.harmless.values()).split(), *uses.not_imitated]
    assert len(names) == len({*names})


@pytest.mark.parametrize("kind", ATTRIBUTES)
def test_every_attribute_of_cloudformation_is_in_the_table(kind: str) -> None:
    assert {*PROVIDER_SCHEMA_MANAGER.get_type_getatts(kind, REGION)} <= {*ATTRIBUTES[kind]}


def resource(kind: str, properties: str) -> str:
    return f"  Another:\n    Type: AWS::{kind}\n    Properties: {{ {properties} }}\n"


@pytest.mark.parametrize(
    ("more", "note"),
    [
        pytest.param(
            resource("ApiGatewayV2::Route", "ApiId: !Ref Api, RouteKey: k, AuthorisationType: AWS_IAM"),
            "The gateway does not know the property AuthorisationType of Another: the property does nothing.",
            id="misspelled-or-new",
        ),
        pytest.param(
            resource(
                "ApiGatewayV2::Route", "ApiId: !Ref Api, RouteKey: k, RequestParameters: { a: { Required: true } }"
            ),
            "The property RequestParameters of Another is not imitated: "
            "a connect request without a required parameter is not refused.",
            id="required-parameters",
        ),
        pytest.param(
            resource(
                "ApiGatewayV2::DomainName", "DomainName: a.example, MutualTlsAuthentication: { TruststoreUri: s }"
            ),
            "The property MutualTlsAuthentication of Another is not imitated: clients do not need a certificate.",
            id="certificates-of-clients",
        ),
        *(
            pytest.param(
                resource(kind, f"{properties} Newest: 1".strip()),
                "The gateway does not know the property Newest of Another: the property does nothing.",
                id=f"newer-than-the-tables-of-{kind}",
            )
            for kind, properties in {
                "DynamoDB::GlobalTable": "AttributeDefinitions: [], KeySchema: [],",
                "DynamoDB::Table": "AttributeDefinitions: [], KeySchema: [],",
                "Lambda::Alias": "FunctionName: f, FunctionVersion: 1, Name: a,",
                "Lambda::Function": "Code: function/, Handler: a.b, Runtime: python3.12,",
                "Lambda::LayerVersion": "Content: function/,",
                "Lambda::Version": "FunctionName: f,",
                "S3::Bucket": "",
                "SNS::Topic": "",
                "SQS::Queue": "",
                "SSM::Parameter": "Type: String, Value: v,",
                "SecretsManager::Secret": "",
            }.items()
        ),
        pytest.param(
            resource("SQS::Queue", "RedriveAllowPolicy: { redrivePermission: denyAll }"),
            "The property RedriveAllowPolicy of Another is not imitated: "
            "every queue may move its messages to this queue.",
            id="a-queue-that-takes-no-dead-letters",
        ),
        pytest.param(
            resource("SNS::Topic", "Subscription: [{ Protocol: sqs, Endpoint: x }]"),
            "The property Subscription of Another is not imitated: the topic has no subscribers.",
            id="subscribers",
        ),
        pytest.param(
            resource("ApiGateway::UsagePlan", "Quota: { Limit: 1, Period: DAY }"),
            "The property Quota of Another is not imitated: a key has no quota.",
            id="a-quota",
        ),
        pytest.param(
            resource(
                "ApiGatewayV2::Stage", "ApiId: !Ref Api, StageName: s, DefaultRouteSettings: { ThrottlingRate: 1 }"
            ),
            "The gateway does not know the property ThrottlingRate of a route's settings in Another: "
            "the property does nothing.",
            id="a-setting-misspelled",
        ),
        pytest.param(
            resource("ApiGatewayV2::Stage", "ApiId: !Ref Api, StageName: s, RouteSettings: { $default: { Burst: 1 } }"),
            "The gateway does not know the property Burst of a route's settings in Another: the property does nothing.",
            id="a-setting-of-one-route-misspelled",
        ),
        pytest.param(
            resource(
                "ApiGatewayV2::Integration", "ApiId: !Ref Api, IntegrationType: MOCK, RequestParameters: { a: b }"
            ),
            "The property RequestParameters of Another is not imitated: the request stays unchanged.",
            id="parameters-of-an-integration",
        ),
    ],
)
def test_a_property_that_is_not_imitated_gets_a_note_with_its_line(more: str, note: str, tmp_path: Path) -> None:
    assert f"{tmp_path}/template.yaml:19: {note}" in loaded(tmp_path, API + more).notes


@pytest.mark.parametrize(
    "more",
    [
        pytest.param("", id="nothing-more"),
        pytest.param(
            resource("ApiGatewayV2::Route", "ApiId: other, RouteKey: k, Unknown: 1").replace("Another", "Api2"),
            id="of-another-api",
        ),
        pytest.param(
            resource(
                "ApiGatewayV2::Stage",
                "ApiId: !Ref Api, StageName: s, AccessLogSettings: { Format: x }, Tags: { a: b }, "
                "DefaultRouteSettings: { LoggingLevel: INFO, DetailedMetricsEnabled: true, ThrottlingRateLimit: 1 }",
            ),
            id="harmless-ones",
        ),
        pytest.param(
            resource("ApiGatewayV2::Route", "ApiId: !Ref Api, RouteKey: k, RequestParameters: {}"), id="empty"
        ),
        pytest.param(resource("ApiGateway::Account", "CloudWatchRoleArn: arn"), id="the-role-for-logs"),
        pytest.param(
            resource(
                "DynamoDB::Table",
                "AttributeDefinitions: [], KeySchema: [], SSESpecification: { SSEEnabled: true }, TableClass: STANDARD",
            ),
            id="harmless-ones-of-a-table",
        ),
        pytest.param(resource("SQS::Queue", "DelaySeconds: 0, Tags: [{ Key: a, Value: b }]"), id="defaults-of-a-queue"),
    ],
)
def test_other_properties_get_no_note(more: str, tmp_path: Path) -> None:
    notes = loaded(tmp_path, API + more).notes
    assert not [note for note in notes if "imitated" in note or "does not know" in note]


def test_a_property_in_sam_s_form_gets_a_note_too(tmp_path: Path) -> None:
    disabled = API.replace("      StageName", "      DisableExecuteApiEndpoint: true\n      StageName")
    assert loaded(tmp_path, disabled).notes == (
        f"{tmp_path}/template.yaml:6: The property DisableExecuteApiEndpoint of Api is not imitated: "
        "clients can also connect without the custom domain.",
    )
