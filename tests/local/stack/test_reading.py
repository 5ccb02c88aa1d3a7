"""The forms of a template that CloudFormation accepts: YAML, JSON, and names that are declared twice."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.stack.app import App, Throttle
from local.stack.integration_types import LambdaIntegration
from local.stack.loading import load
from local.stack.reading import read
from tests.support.templates import API, BY_HAND, loaded, written

MINE = LambdaIntegration("MyFunction", 1.0)


def resources(app: App) -> tuple[object, ...]:
    return app.routes["$default"].integration, *app.functions


@pytest.mark.parametrize(
    ("text", "note"),
    [
        pytest.param(
            API.replace("  Api:\n", "  Api: { Type: Other }\n  Api:\n"),
            "7: Api is declared twice; the last declaration counts.",
            id="a-resource",
        ),
        pytest.param(
            API.replace("  Milli", "  Milliseconds: { Type: String, Default: x }\n  Milli"),
            "5: Milliseconds is declared twice; the last declaration counts.",
            id="a-parameter",
        ),
        pytest.param(
            API.replace("      StageName: test", "      StageName: other\n      StageName: test"),
            "10: StageName is declared twice; the last declaration counts.",
            id="a-property",
        ),
        pytest.param(
            "Resources: {}\n" + API, "6: Resources is declared twice; the last declaration counts.", id="a-section"
        ),
    ],
)
def test_of_two_declarations_the_last_counts(text: str, note: str, tmp_path: Path) -> None:
    app = loaded(tmp_path, text)
    assert (app.stage, resources(app)) == ("test", (MINE, "MyFunction"))
    assert app.notes == (f"{tmp_path}/template.yaml:{note}",)


def test_a_key_beside_a_merged_mapping_is_not_declared_twice(tmp_path: Path) -> None:
    other = "  Other:\n    Type: AWS::SSM::Parameter\n    Properties: { <<: *shared, Value: b }\n"
    shared = "  Own:\n    Type: AWS::SSM::Parameter\n    Properties: &shared { Type: String, Value: a }\n"
    app = loaded(tmp_path, API + shared + other)
    assert (app.notes, [each["Value"] for each in app.store.parameters]) == ((), ["a", "b"])


def test_an_error_names_the_line_of_the_last_declaration(tmp_path: Path) -> None:
    app = loaded(tmp_path, API + "  MyFunction: { Type: AWS::Lambda::Function, Properties: { Runtime: go } }\n")
    assert [note.partition("yaml:")[2] for note in app.notes] == [
        "19: The Runtime of MyFunction is go; the gateway runs only Python functions.",
        "19: MyFunction is declared twice; the last declaration counts.",
    ]


def test_json_has_its_lines_and_its_duplicates_too(tmp_path: Path) -> None:
    app = loaded(tmp_path, '{\n\t"Resources": {\n\t\t"Own": {},\n\t\t"Own": {"Type": "Custom::Own"},\n' + BODY)
    assert f"{tmp_path}/template.yaml:4: Own is declared twice; the last declaration counts." in app.notes


BODY = json.dumps(
    {
        "Api": {
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {"ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.action"},
        },
        "Stage": {"Type": "AWS::ApiGatewayV2::Stage", "Properties": {"ApiId": {"Ref": "Api"}, "StageName": "s"}},
    }
)[1:-1] + "}}"  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"Resources": {' + BODY, id="one-line"),
        pytest.param('{"Resources":{' + BODY.replace(": ", ":").replace(", ", ","), id="without-a-space"),
        pytest.param('{\n\t"Resources":\t{\n\t' + BODY, id="tabs"),
        pytest.param('\ufeff{\n\t"Resources": {' + BODY, id="a-mark-of-the-byte-order"),
        pytest.param('{"Description": "\\ud83d\\ude00 a\\/b \\\\ud83d", "Resources": {' + BODY, id="surrogates"),
        pytest.param("{Resources: {" + BODY, id="yaml-in-braces"),
        pytest.param("---\n# a comment\nResources: {" + BODY[:-1] + "\n...\n", id="a-document-with-marks"),
    ],
)
def test_a_template_in_json(text: str, tmp_path: Path) -> None:
    assert load(written(tmp_path, text), {}).stage == "s"


def test_json_is_read_by_its_own_rules(tmp_path: Path) -> None:
    text = '{"Description": "\\ud83d\\ude00", "Metadata": {"a": 1e3, "b": "1e3"}, "Resources": {' + BODY
    content = read(written(tmp_path, text)).content
    assert (content["Description"], content["Metadata"]) == ("\U0001f600", {"a": 1000.0, "b": "1e3"})


@pytest.mark.parametrize(
    ("more", "section", "value"),
    [
        pytest.param("Metadata: { 2012-10-17: a }", "Metadata", {"2012-10-17": "a"}, id="a-date-for-a-key"),
        pytest.param("Metadata: { 7: a, 1.5: b }", "Metadata", {"7": "a", "1.5": "b"}, id="numbers-for-keys"),
        pytest.param("Metadata: { Yes: a, off: b }", "Metadata", {"true": "a", "false": "b"}, id="booleans-for-keys"),
        pytest.param("Metadata: { a: = }", "Metadata", {"a": "="}, id="a-lone-equals-sign"),
        pytest.param(
            "Metadata: { a: &x { b: 1 }, c: { <<: *x, d: 2 } }",
            "Metadata",
            {"a": {"b": 1}, "c": {"b": 1, "d": 2}},
            id="an-anchor-merged",
        ),
        pytest.param("Rules: { R: {} }", "Rules", {"R": {}}, id="a-section-that-the-gateway-does-not-read"),
        pytest.param("Novelty: [1]", "Novelty", [1], id="an-unknown-section"),
    ],
)
def test_forms_of_yaml(more: str, section: str, value: Any, tmp_path: Path) -> None:
    (tmp_path / "function").mkdir()
    path = written(tmp_path, f"{API}\n{more}\n")
    assert read(path).content[section] == value
    assert resources(load(path, {})) == (MINE, "MyFunction")


@pytest.mark.parametrize(
    "written_as",
    [
        pytest.param("!GetAtt MyFunction.Arn", id="short"),
        pytest.param("!GetAtt [MyFunction, Arn]", id="short-with-a-list"),
        pytest.param("{ Fn::GetAtt: [MyFunction, Arn] }", id="long"),
        pytest.param("{ Fn::GetAtt: MyFunction.Arn }", id="long-with-text"),
        pytest.param("!Sub '${MyFunction.Arn}'", id="sub"),
        pytest.param("!Sub ['${F}', { F: !GetAtt MyFunction.Arn }]", id="sub-with-a-list"),
        pytest.param("{ Fn::Sub: ['${F}', { F: { Fn::GetAtt: [MyFunction, Arn] } }] }", id="sub-in-its-long-form"),
    ],
)
def test_forms_of_functions(written_as: str, tmp_path: Path) -> None:
    assert resources(loaded(tmp_path, API.replace("!GetAtt MyFunction.Arn", written_as))) == (MINE, "MyFunction")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("!Select [1, !Cidr [10.0.0.0/16, 2, 8]]", "10.0.1.0/24", id="networks"),
        pytest.param("{ Fn::Select: ['0', { Fn::Cidr: ['fd00::/56', '1', 64] }] }", "fd00::/64", id="networks-of-ipv6"),
        pytest.param("!Join ['', !Ref AWS::NotificationARNs]", "", id="an-empty-list"),
        pytest.param("!Ref Rest.Stage", "RestStage", id="a-stage-that-sam-would-make"),
        pytest.param("!Sub '${RestProdStage}'", "RestProdStage", id="its-logical-id"),
        pytest.param(
            "!GetAtt RestRole.Arn", "arn:aws:local:us-east-1:123456789012:RestRole/Arn", id="an-attribute-of-its-own"
        ),
        pytest.param("!Ref MyFunctionOftenPermission", "MyFunctionOftenPermission", id="the-permission-for-an-event"),
        pytest.param("!GetAtt Api.ExecuteApiArn", "arn:aws:execute-api:us-east-1:123456789012:localapi00", id="an-arn"),
    ],
)
def test_a_reference_to_something_that_is_not_imitated_has_a_made_up_value(
    value: str, text: str, tmp_path: Path
) -> None:
    events = "Events: { Often: { Type: Schedule, Properties: { Schedule: rate(1 day) } } }"
    written_as = API.replace("Handler:", f"{events}, Environment: {{ Variables: {{ V: {value} }} }}, Handler:")
    app = loaded(tmp_path, written_as + "  Rest: { Type: AWS::Serverless::Api, Properties: { StageName: Prod } }\n")
    assert app.functions["MyFunction"].environment == {"V": text}


def test_a_property_that_the_gateway_does_not_need_cannot_fail(tmp_path: Path) -> None:
    logs = "AccessLogSettings: { DestinationArn: !ImportValue x }"
    assert loaded(tmp_path, BY_HAND.replace("STAGE", f"s, {logs}")).stage == "s"


def test_events_may_depend_on_a_condition(tmp_path: Path) -> None:
    events = "Events: !If [Often, { A: { Type: Schedule } }, !Ref AWS::NoValue], Handler:"
    app = loaded(tmp_path, API.replace("Handler:", events) + "Conditions: { Often: !Equals [a, a] }\n")
    assert app.notes == (f"{tmp_path}/template.yaml: The Events of these functions are not imitated: MyFunction (?).",)


def test_metadata_may_have_any_keys(tmp_path: Path) -> None:
    metadata = "    Metadata: { Events: 5, BuildMethod: makefile }\n    Properties: { CodeUri"
    assert resources(loaded(tmp_path, API.replace("    Properties: { CodeUri", metadata))) == (MINE, "MyFunction")


def test_a_resource_may_have_a_macro_inside(tmp_path: Path) -> None:
    table = "  Own: { Type: AWS::SQS::Queue, Fn::Transform: { Name: AWS::Include } }\n"
    app = loaded(tmp_path, API + table)
    assert app.notes == (f"{tmp_path}/template.yaml:19: Fn::Transform makes Own, and the gateway does not run it.",)
    assert [each["QueueName"] for each in app.store.queues] == ["Own"]


def test_a_mapping_may_be_written_as_json(tmp_path: Path) -> None:
    settings = 'RouteSettings: \'{"$default": {"ThrottlingBurstLimit": 5, "ThrottlingRateLimit": "2.5"}}\''
    route = "\n  Route: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: !Ref Api, RouteKey: $default } }"
    app = loaded(tmp_path, BY_HAND.replace("STAGE", f"s, {settings}") + route)
    assert app.routes["$default"].throttle == Throttle(2.5, 5)
