"""CloudFormation's intrinsic functions, as its documentation describes them."""

from typing import Any

import pytest

from local.stack.errors import TemplateError
from local.stack.intrinsics import NOTHING, Resolver, as_text

TEMPLATE = {
    "Conditions": {
        "Always": {"Fn::Equals": ["a", "a"]},
        "Never": {"Fn::Equals": ["a", "b"]},
        "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
        "Debugs": {"Fn::Equals": [{"Ref": "Debug"}, True]},
        "Both": {"Fn::And": [{"Condition": "Always"}, {"Condition": "IsProd"}]},
        "NotBoth": {"Fn::Not": [{"Condition": "Both"}]},
    },
    "Mappings": {"Sizes": {"prod": {"Memory": 1024}, "dev": {"Memory": 128}}},
}
REFS = {"Stage": "prod", "Debug": "true", "Table": "connections", "AWS::Region": "us-east-1", "Count": 3, "Flag": True}


def resolver() -> Resolver:
    return Resolver(TEMPLATE, REFS.__getitem__, lambda name, attribute: f"<{name}'s {attribute}>")


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        pytest.param("text", "text", id="text"),
        pytest.param(7, 7, id="a-number"),
        pytest.param(True, True, id="a-boolean"),
        pytest.param(None, None, id="null"),
        pytest.param({"A": [1, {"B": {"Ref": "Stage"}}]}, {"A": [1, {"B": "prod"}]}, id="at-any-depth"),
        pytest.param({"Ref": "Stage", "Other": 1}, {"Ref": "Stage", "Other": 1}, id="two-members-are-not-a-function"),
        pytest.param({"Ref": "AWS::Region"}, "us-east-1", id="ref-to-a-pseudo-parameter"),
        pytest.param({"Ref": "AWS::NoValue"}, NOTHING, id="no-value"),
        pytest.param({"A": {"Ref": "AWS::NoValue"}, "B": 1}, {"B": 1}, id="no-value-removes-a-member"),
        pytest.param([{"Ref": "AWS::NoValue"}, 1], [1], id="no-value-removes-an-item"),
        pytest.param({"Fn::GetAtt": ["Table", "Arn"]}, "<Table's Arn>", id="getatt-as-a-list"),
        pytest.param({"Fn::GetAtt": "Table.Stream.Arn"}, "<Table's Stream.Arn>", id="getatt-as-text"),
        pytest.param({"Fn::Sub": "${Stage}-${AWS::Region}"}, "prod-us-east-1", id="sub"),
        pytest.param({"Fn::Sub": "${Table.Arn}/*"}, "<Table's Arn>/*", id="sub-of-an-attribute"),
        pytest.param({"Fn::Sub": "${!Literal} $Stage ${ Stage }"}, "${Literal} $Stage prod", id="sub-of-a-literal"),
        pytest.param({"Fn::Sub": ["${X}-${Stage}", {"X": {"Ref": "Table"}}]}, "connections-prod", id="sub-with-a-map"),
        pytest.param({"Fn::Sub": ["${Stage}", {"Stage": "own"}]}, "own", id="sub-s-map-comes-first"),
        pytest.param({"Fn::Sub": "${Flag} ${Count}"}, "true 3", id="sub-of-a-boolean-and-a-number"),
        pytest.param({"Fn::Join": ["-", ["a", {"Ref": "Stage"}, 1]]}, "a-prod-1", id="join"),
        pytest.param({"Fn::Join": [",", ["a", {"Ref": "AWS::NoValue"}, False]]}, "a,false", id="join-of-no-value"),
        pytest.param({"Fn::Split": [",", "a,b,,c"]}, ["a", "b", "", "c"], id="split"),
        pytest.param({"Fn::Select": ["1", {"Fn::Split": [",", "a,b"]}]}, "b", id="select"),
        pytest.param({"Fn::Select": [0, ["a", "b"]]}, "a", id="select-the-first"),
        pytest.param({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "Memory"]}, 1024, id="find-in-map"),
        pytest.param({"Fn::FindInMap": ["Sizes", "x", "y", {"DefaultValue": 1}]}, 1, id="find-in-map-with-a-default"),
        pytest.param({"Fn::Length": {"Fn::Split": [",", "a,b"]}}, 2, id="length"),
        pytest.param({"Fn::ToJsonString": {"a": [{"Ref": "Stage"}]}}, '{"a": ["prod"]}', id="to-json"),
        pytest.param({"Fn::Select": [1, {"Fn::GetAZs": ""}]}, "us-east-1b", id="availability-zones"),
        pytest.param({"Fn::Base64": {"Fn::Sub": "${Stage}\n"}}, "cHJvZAo=", id="base64"),  # printf 'prod\n' | base64
        pytest.param({"Fn::If": ["Always", "yes", "no"]}, "yes", id="if-true"),
        pytest.param({"Fn::If": ["Never", "yes", "no"]}, "no", id="if-false"),
        pytest.param({"Fn::If": ["Always", "yes", {"Ref": "Missing"}]}, "yes", id="if-looks-at-one-branch-only"),
        pytest.param({"A": {"Fn::If": ["Never", 1, {"Ref": "AWS::NoValue"}]}}, {}, id="if-no-value"),
        pytest.param({"Fn::Equals": [3, "3"]}, True, id="equals-compares-as-text"),
        pytest.param({"Fn::Equals": ["a", "A"]}, False, id="equals-minds-case"),
        pytest.param({"Fn::Or": [{"Condition": "Never"}, {"Condition": "Always"}]}, True, id="or"),
        pytest.param({"Fn::Or": [{"Condition": "Never"}, {"Condition": "Never"}]}, False, id="or-of-none"),
        pytest.param({"Fn::And": [{"Condition": "Never"}, {"Condition": "Always"}]}, False, id="and-of-one"),
    ],
)
def test_values(value: Any, resolved: Any) -> None:
    assert resolver().resolve(value) == resolved


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        pytest.param("Always", True, id="equal"),
        pytest.param("Never", False, id="different"),
        pytest.param("IsProd", True, id="of-a-parameter"),
        pytest.param("Debugs", True, id="a-parameter-s-true-is-yaml-s-true"),
        pytest.param("Both", True, id="of-conditions"),
        pytest.param("NotBoth", False, id="not"),
    ],
)
def test_conditions(name: str, holds: bool) -> None:
    assert resolver().condition(name) is holds


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param(
            {"Ref": "Missing"},
            "The template refers to Missing, which is neither one of its parameters nor one of its resources.",
            id="ref",
        ),
        pytest.param(
            {"Fn::Sub": "${Missing}"},
            "The template refers to Missing, which is neither one of its parameters nor one of its resources.",
            id="sub",
        ),
        pytest.param(
            {"Fn::If": ["Missing", 1, 2]},
            "The template uses the condition Missing, which it does not define.",
            id="condition",
        ),
        pytest.param(
            {"Fn::FindInMap": ["Sizes", "test", "Memory"]},
            "The template's Mappings have no value for Sizes / test / Memory.",
            id="mapping",
        ),
        pytest.param(
            {"Fn::Select": [2, ["a", "b"]]}, "Fn::Select has the index 2, but its list has 2 items.", id="item-too-far"
        ),
        pytest.param(
            {"Fn::Select": [-1, ["a", "b"]]},
            "Fn::Select has the index -1, but its list has 2 items.",
            id="item-below-0",
        ),
        pytest.param(
            {"Fn::ImportValue": {"Fn::Sub": "${Stage}-x"}},
            "Fn::ImportValue imports prod-x from another stack, which the gateway does not have. "
            "Use a parameter instead.",
            id="import",
        ),
        pytest.param(
            {"Fn::Transform": {"Name": "AWS::Include"}},
            "The template uses Fn::Transform, which the gateway cannot evaluate.",
            id="function",
        ),
    ],
)
def test_a_name_that_the_template_does_not_have(value: Any, message: str) -> None:
    with pytest.raises(TemplateError) as raised:
        resolver().resolve({"Somewhere": [value]})
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("value", "written"),
    [
        pytest.param(True, "true", id="true"),
        pytest.param(False, "false", id="false"),
        pytest.param(10, "10", id="a-number"),
        pytest.param("True", "True", id="text-that-looks-like-a-boolean"),
    ],
)
def test_scalars_in_text(value: Any, written: str) -> None:
    assert as_text(value) == written
