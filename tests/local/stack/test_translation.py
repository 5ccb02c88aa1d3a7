"""Reading a template: SAM's translation, and the values of its parameters."""

from pathlib import Path

import pytest

from local.stack.loading import translated
from local.stack.parameters import parameter_values
from local.stack.source import TemplateError
from tests.support.paths import ROOT

FUNCTION = """
Transform: AWS::Serverless-2016-10-31
Resources:
  MyFunction:
    Type: AWS::Serverless::Function
    Properties: { CodeUri: CODE, Handler: main.handle, Runtime: python3.12 }
"""


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "template.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


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
    assert sorted(two_way.values()) == ["$default", "ping", "sendMessage"]
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
        pytest.param("Resources: {A: }", "{path}:1: A, in the Resources, has no Type.", id="a-resource-null"),
        pytest.param("Resources: {A: x}", "{path}:1: A, in the Resources, has no Type.", id="a-resource-text"),
        pytest.param(
            "Resources: {A: {}}", "{path}:1: A, in the Resources, has no Type.", id="a-resource-without-a-type"
        ),
        pytest.param(
            "Resources: {A: {Type: T, Properties: }}",
            "{path}:1: The Properties of A are not a mapping.",
            id="properties-null",
        ),
        pytest.param("Parameters: []\nResources: {}", "The Parameters of {path} are not a mapping.", id="parameters"),
        pytest.param(
            "Parameters: {P: }\nResources: {}", "{path}:1: P, in the Parameters, has no Type.", id="a-parameter-null"
        ),
        pytest.param("a: [", "{path}:2: The template is not YAML: did not find expected node content.", id="not-yaml"),
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
def test_a_template_that_is_no_file(name: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(TemplateError) as raised:
        translated(tmp_path / name)
    assert str(raised.value) == f"The template {tmp_path / name} cannot be read: {problem}."


PARAMETERS = {
    "Parameters": {
        "Stage": {"Type": "String", "Default": "prod", "AllowedPattern": "[a-z]{1,5}"},
        "Mode": {"Type": "String", "Default": "none", "AllowedValues": ["none", "jwt"]},
        "Debug": {"Type": "String", "Default": False, "AllowedValues": [True, False]},
        "Count": {"Type": "Number", "Default": 3, "AllowedPattern": "[0-9]+", "ConstraintDescription": "a number"},
        "Rate": {"Type": "Number", "Default": 0, "MinValue": 0, "MaxValue": 10},
        "Text": {"Type": "String", "Default": "ab", "MinLength": 2, "MaxLength": "3"},
        "Any": {"Type": "Number", "Default": 1},
    }
}
DEFAULTS = {"Stage": "prod", "Mode": "none", "Debug": "false", "Count": "3", "Rate": "0", "Text": "ab", "Any": "1"}


@pytest.mark.parametrize(
    ("given", "changed"),
    [
        pytest.param({}, {}, id="defaults-as-text"),
        pytest.param({"Stage": "dev"}, {"Stage": "dev"}, id="one-given"),
        pytest.param({"Stage": "abcde", "Count": "0"}, {"Stage": "abcde", "Count": "0"}, id="two-that-match"),
        pytest.param({"Mode": "jwt"}, {"Mode": "jwt"}, id="one-that-is-allowed"),
        pytest.param({"Debug": "true"}, {"Debug": "true"}, id="a-boolean-that-is-allowed"),
        pytest.param({"Rate": "10"}, {"Rate": "10"}, id="the-largest-number"),
        pytest.param({"Rate": "0.5"}, {"Rate": "0.5"}, id="a-fraction"),
    ],
)
def test_parameters_have_the_given_values_and_their_defaults(given: dict[str, str], changed: dict[str, str]) -> None:
    assert parameter_values(PARAMETERS["Parameters"], given) == DEFAULTS | changed


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        pytest.param(
            {"stage": "dev"},
            "The template has no parameter stage; it has Stage, Mode, Debug, Count, Rate, Text, Any.",
            id="unknown",
        ),
        pytest.param({"Mode": "jwt "}, "The parameter Mode is 'jwt '; it must be one of none, jwt.", id="not-allowed"),
        pytest.param(
            {"Debug": "True"}, "The parameter Debug is 'True'; it must be one of true, false.", id="another-case"
        ),
        pytest.param(
            {"Stage": "abcdef"},
            "The parameter Stage is 'abcdef'; it must be text that matches [a-z]{1,5}.",
            id="too-long",
        ),
        pytest.param({"Stage": ""}, "The parameter Stage is ''; it must be text that matches [a-z]{1,5}.", id="empty"),
        pytest.param({"Count": "1x"}, "The parameter Count is '1x'; it must be a number.", id="with-a-description"),
        pytest.param({"Text": "a"}, "The parameter Text is 'a'; it must be of a length from 2 to 3.", id="short"),
        pytest.param({"Text": "abcd"}, "The parameter Text is 'abcd'; it must be of a length from 2 to 3.", id="long"),
        pytest.param({"Any": "x"}, "The parameter Any is 'x'; it must be a number.", id="no-number-at-all"),
        *(
            pytest.param({"Rate": rate}, f"The parameter Rate is '{rate}'; it must be a number from 0 to 10.", id=name)
            for rate, name in (
                ("-1", "too-small"),
                ("10.5", "too-large"),
                ("many", "no-number"),
                ("", "no-number-empty"),
            )
        ),
    ],
)
def test_a_parameter_out_of_its_bounds(given: dict[str, str], problem: str) -> None:
    with pytest.raises(TemplateError) as raised:
        parameter_values(PARAMETERS["Parameters"], given)
    assert str(raised.value) == problem


def test_parameters_without_a_default_are_named_all_at_once() -> None:
    template = {"Parameters": {"A": {"Type": "String"}, "B": {"Type": "String"}, "C": {"Type": "String"}}}
    with pytest.raises(TemplateError) as raised:
        parameter_values(template["Parameters"], {"B": ""})
    assert str(raised.value) == "These parameters have no default: A, C. Give each with --parameter."
    with pytest.raises(TemplateError, match=r"^The template has no parameter A; it has none\.$"):
        parameter_values({}, {"A": ""})
