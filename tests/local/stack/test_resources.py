"""The resources of a translated template: conditions, references and names."""

from typing import Any

import pytest

from local.stack.errors import TemplateError
from local.stack.resources import Resources


def resources(members: dict[str, Any], **parameters: str) -> Resources:
    conditions = {"Named": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Name"}, ""]}]}}
    return Resources({"Resources": members, "Conditions": conditions}, {"Name": ""} | parameters)


def only(read: Resources, kind: str) -> dict[str, Any]:
    (properties,) = read.of_type(kind).values()
    return properties


TABLE = {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Ref": "Name"}}}
GENERATED = {"Fn::If": ["Named", {"Ref": "Name"}, {"Ref": "AWS::NoValue"}]}
KEYS: dict[str, Any] = {"AttributeDefinitions": [], "KeySchema": []}
USER = {
    "Type": "User",
    "Properties": {"Table": {"Ref": "MyTable"}, "Arn": {"Fn::GetAtt": ["MyTable", "Arn"]}, "Api": {"Ref": "MyApi"}},
}


@pytest.mark.parametrize(
    ("outputs", "value"),
    [
        pytest.param({"Who": {"Value": {"Fn::Sub": "${Name} may"}}}, "me may", id="evaluated"),
        pytest.param({"Who": {"Value": True}}, "true", id="no-text"),
        pytest.param({"Who": {"Value": "all", "Condition": "Named"}}, "all", id="condition-holds"),
        pytest.param({"Who": {"Value": "all", "Condition": "Unnamed"}}, "", id="condition-does-not-hold"),
        pytest.param({"Who": {"Value": "all", "Condition": "Missing"}}, "", id="no-such-condition"),
        pytest.param({"Who": {"Value": {"Fn::ImportValue": "x"}}}, "", id="only-on-aws"),
        pytest.param({"Who": {"Value": {"Ref": "Missing"}}}, "", id="no-such-reference"),
        pytest.param({"Who": {}}, "", id="no-value"),
        pytest.param({"Who": "all"}, "", id="wrong-shape"),
        pytest.param({"Other": {"Value": "all"}}, "", id="another-output"),
        pytest.param(["Who"], "", id="outputs-of-the-wrong-shape"),
        pytest.param(None, "", id="no-outputs"),
    ],
)
def test_an_output_is_its_value_or_empty(outputs: Any, value: str) -> None:
    named = {"Fn::Not": [{"Fn::Equals": [{"Ref": "Name"}, ""]}]}
    conditions = {"Named": named, "Unnamed": {"Fn::Not": [{"Condition": "Named"}]}}
    template = {"Resources": {}, "Conditions": conditions} | ({"Outputs": outputs} if outputs else {})
    assert Resources(template, {"Name": "me"}).output("Who") == value


@pytest.mark.parametrize(
    ("name", "table"),
    [
        pytest.param("rows", "rows", id="a-name-of-its-own"),
        pytest.param("", "MyTable", id="a-generated-one-is-the-logical-id"),
    ],
)
def test_a_ref_to_a_table_is_its_name_wherever_it_stands(name: str, table: str) -> None:
    members = {
        "User": USER,
        "MyApi": {"Type": "AWS::ApiGatewayV2::Api"},
        "MyTable": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": GENERATED, **KEYS}},
    }
    read = resources(members, Name=name)
    assert read.of_type("AWS::DynamoDB::Table") == {"MyTable": {"TableName": table, **KEYS}}
    assert only(read, "User") == {
        "Table": table,
        "Arn": f"arn:aws:dynamodb:us-east-1:123456789012:table/{table}",
        "Api": "localapi00",
    }


def test_a_resource_whose_condition_fails_does_not_exist() -> None:
    members = {"Secret": {"Type": "AWS::SecretsManager::Secret", "Condition": "Named", "Properties": {}}}
    assert resources(members, Name="yes").of_type("AWS::SecretsManager::Secret") == {"Secret": {"Name": "Secret"}}
    assert resources(members, Name="").of_type("AWS::SecretsManager::Secret") == {}


def test_the_arn_of_a_function_that_exists_and_of_one_that_does_not() -> None:
    function = {"MyFunction": {"Type": "AWS::Lambda::Function"}}
    arn = {"User": {"Type": "User", "Properties": {"Arn": {"Fn::GetAtt": "MyFunction.Arn"}}}}
    assert only(resources(function | arn), "User") == {
        "Arn": "arn:aws:lambda:us-east-1:123456789012:function:MyFunction"
    }
    with pytest.raises(
        TemplateError, match=r"^The template refers to MyFunction\.Arn, but it has no resource MyFunction"
    ):
        resources(arn).of_type("User")
