"""SAM's translation of a template, and templates that cannot be translated."""

from pathlib import Path

import pytest
from samtranslator.internal.schema_source.aws_serverless_websocketapi import AuthConfig, WebSocketApiRoute

from local.stack.errors import TemplateError
from local.stack.loading import translated
from local.stack.translation import AUTH_PROPERTIES, ROUTE_PROPERTIES
from tests.support.paths import ROOT
from tests.support.templates import FUNCTION, written


def test_every_two_way_route_of_the_hub_has_a_route_response() -> None:
    resources = translated(ROOT / "template.yaml")["Resources"]
    two_way = {
        name: each["Properties"]["RouteKey"]
        for name, each in resources.items()
        if each["Type"] == "AWS::ApiGatewayV2::Route" and "RouteResponseSelectionExpression" in each["Properties"]
    }
    answering = [
        each["Properties"]["RouteId"]["Ref"]
        for each in resources.values()
        if each["Type"] == "AWS::ApiGatewayV2::RouteResponse"
    ]
    assert sorted(two_way.values()) == ["$default", "ping", "resume", "sendMessage", "who"]
    assert sorted(answering) == sorted(two_way)


@pytest.mark.parametrize(
    ("uri", "code"),
    [
        pytest.param("function/", {"S3Bucket": "local", "S3Key": "function/"}, id="a-folder"),
        pytest.param("./a/../b", {"S3Bucket": "local", "S3Key": "./a/../b"}, id="a-path"),
        pytest.param("s3://bucket/key", {"S3Bucket": "bucket", "S3Key": "key"}, id="already-in-s3"),
    ],
)
def test_a_folder_of_code_travels_through_sam_as_a_key(uri: str, code: dict[str, str], tmp_path: Path) -> None:
    template = translated(written(tmp_path, FUNCTION.replace("CODE", uri)))
    assert template["Resources"]["MyFunction"]["Properties"]["Code"] == code


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("", "has no Resources.", id="empty"),
        pytest.param("- a", "has no Resources.", id="a-list"),
        pytest.param("Resources: []", "has no Resources.", id="resources-a-list"),
        pytest.param("Resources: {A: }", "{path}:1: A in the section Resources has no Type.", id="a-resource-null"),
        pytest.param("Resources: {A: x}", "{path}:1: A in the section Resources has no Type.", id="a-resource-text"),
        pytest.param(
            "Resources: {A: {}}", "{path}:1: A in the section Resources has no Type.", id="a-resource-without-a-type"
        ),
        pytest.param(
            "Resources: {A: {Type: T, Properties: }}",
            "{path}:1: The Properties of A are not a mapping.",
            id="properties-null",
        ),
        pytest.param("Parameters: []\nResources: {}", "The Parameters of {path} are not a mapping.", id="parameters"),
        pytest.param(
            "Parameters: {P: }\nResources: {}",
            "{path}:1: P in the section Parameters has no Type.",
            id="a-parameter-null",
        ),
        pytest.param("a: [", "{path}:2: The template is not YAML: did not find expected node content.", id="not-yaml"),
        pytest.param("a: 2012-13-01", "The template {path} is not YAML: month must be in 1..12.", id="not-a-date"),
        pytest.param(b"\xff\xfe\x00", "The template {path} is not YAML: it is not UTF-8.", id="not-utf-8"),
        pytest.param(b"a: \x00", "{path}: The template is not YAML: unacceptable character", id="control-characters"),
        pytest.param(
            FUNCTION.replace("Handler: main.handle,", ""),
            "{path}:4: SAM cannot translate it: Resource with id [MyFunction] is invalid.",
            id="not-sam",
        ),
    ],
)
def test_a_template_that_cannot_be_read_says_what_is_wrong(text: str | bytes, problem: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with pytest.raises(TemplateError) as raised:
        translated(path)
    assert problem.format(path=path) in str(raised.value)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        pytest.param("missing.yaml", "No such file or directory", id="missing"),
        pytest.param(".", "Is a directory", id="a-folder"),
    ],
)
def test_a_path_that_is_not_a_file(name: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(TemplateError) as raised:
        translated(tmp_path / name)
    assert str(raised.value) == f"The template {tmp_path / name} cannot be read: {problem}."


def test_the_known_properties_of_routes_and_auth_are_those_of_sam_s_schema() -> None:
    assert {*ROUTE_PROPERTIES.split()} == {*WebSocketApiRoute.__fields__}
    assert {*AUTH_PROPERTIES.split()} == {*AuthConfig.__fields__}
