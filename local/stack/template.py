"""A SAM template, translated and evaluated: CloudFormation resources with plain values."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import boto3
import yaml
from samtranslator.metrics.metrics import DummyMetricsPublisher, Metrics
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from local.stack.intrinsics import Resolver, TemplateError, text

REGION = "us-east-1"
ACCOUNT = "123456789012"
API_ID = "localapi00"
CODE_BUCKET = "local"
"""SAM's translator wants code in S3. Local folders travel through it as keys of this bucket."""

PSEUDO_PARAMETERS = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/local/0",
    "AWS::StackName": "local",
    "AWS::URLSuffix": "amazonaws.com",
}


def translate(path: Path, given: Mapping[str, str] | None = None) -> dict[str, Any]:
    """
    Return the CloudFormation that SAM makes of a template.

    Args:
        given: Values for its parameters. SAM writes some of them into what it makes.

    Raises:
        TemplateError: If there is no such file, or SAM cannot translate it.

    """
    source = _read(path)
    for properties in (each.get("Properties", {}) for each in source["Resources"].values()):
        for name in ("CodeUri", "ContentUri"):
            if isinstance(folder := properties.get(name), str) and not folder.startswith("s3:"):
                properties[name] = f"s3://{CODE_BUCKET}/{folder}"
    parameters = {name: each.get("Default", "") for name, each in source.get("Parameters", {}).items()}
    metrics = Metrics("local", DummyMetricsPublisher())
    try:
        session = boto3.Session(region_name=REGION)
        translated: dict[str, Any] = Translator({}, Parser(), boto_session=session, metrics=metrics).translate(
            source, parameters | dict(given or {})
        )
    except InvalidDocumentException as error:
        causes = " ".join(cause.message for cause in error.causes)
        raise TemplateError(f"SAM cannot translate {path}: {causes}") from error
    finally:
        metrics.publish()  # to nobody; unpublished ones are complained about
    return translated


def _read(path: Path) -> dict[str, Any]:
    try:
        source = yaml_parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TemplateError(f"The template {path} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise TemplateError(f"The template {path} is not YAML: {error}") from error
    if not isinstance(source, dict) or not isinstance(source.get("Resources"), dict):
        raise TemplateError(f"The template {path} has no Resources.")
    for section in ("Parameters", "Resources"):
        if not isinstance(source.get(section, {}), dict):
            raise TemplateError(f"The {section} of {path} are not a mapping.")
        for name, each in source.get(section, {}).items():
            if not isinstance(each, dict) or not isinstance(each.get("Type"), str):
                raise TemplateError(f"{name}, in the {section} of {path}, has no Type.")
            if not isinstance(each.get("Properties", {}), dict):
                raise TemplateError(f"The Properties of {name}, in {path}, are not a mapping.")
    return source


def parameter_values(template: dict[str, Any], given: dict[str, str]) -> dict[str, str]:
    """
    Return the value of every parameter: the given ones, the others' defaults.

    Raises:
        TemplateError: If one is unknown, out of its bounds, or has neither value nor default.

    """
    declared = template.get("Parameters", {})
    for name, value in given.items():
        if name not in declared:
            known = ", ".join(declared) or "none"
            raise TemplateError(f"The template has no parameter {name}; it has {known}.")
        if demand := _unmet(declared[name], value):
            raise TemplateError(f"The parameter {name} is {value!r}; it must be {demand}.")
    values = {name: each.get("Default") for name, each in declared.items()} | given
    if unset := [name for name, value in values.items() if value is None]:
        raise TemplateError(f"These parameters have no default: {', '.join(unset)}. Give each with --parameter.")
    return {name: text(value) for name, value in values.items()}


def _unmet(declared: dict[str, Any], value: str) -> str | None:
    """Return what a parameter must be and this value is not, or None if it is all right."""
    allowed = [text(each) for each in declared.get("AllowedValues", [])]
    if allowed and value not in allowed:
        return f"one of {', '.join(allowed)}"
    pattern = declared.get("AllowedPattern")
    if pattern and not re.fullmatch(pattern, value):
        return str(declared.get("ConstraintDescription", f"text that matches {pattern}"))
    if declared["Type"] == "Number":
        least, most = declared.get("MinValue", "-inf"), declared.get("MaxValue", "inf")
        if not re.fullmatch(r"-?[0-9]+([.][0-9]+)?", value) or not float(least) <= float(value) <= float(most):
            return f"a number from {least} to {most}"
    return None


class Resources:
    """The resources whose conditions hold, every value resolved."""

    NAMES: ClassVar = {"AWS::DynamoDB::Table": "TableName", "AWS::SecretsManager::Secret": "Name"}
    """The property that names a resource of a type, and that ``Ref`` gives. Without it, the logical id does."""

    def __init__(self, template: dict[str, Any], parameters: dict[str, str]) -> None:
        self._types = {name: each["Type"] for name, each in template["Resources"].items()}
        refs = PSEUDO_PARAMETERS | {name: name for name in self._types} | parameters
        refs |= {
            name: f"{function_arn(each['Properties']['FunctionName']['Ref'])}:{each['Properties']['Name']}"
            for name, each in template["Resources"].items()
            if each["Type"] == "AWS::Lambda::Alias"
        }
        refs |= {name: API_ID for name, kind in self._types.items() if kind == "AWS::ApiGatewayV2::Api"}
        resolver = Resolver(template, refs, self._attribute)
        self._properties: dict[str, dict[str, Any]] = {}
        present = {
            name: each
            for name, each in template["Resources"].items()
            if "Condition" not in each or resolver.condition(each["Condition"])
        }
        # Names first: a Ref to a table gives the name that its own properties give it.
        for name, each in present.items():
            if key := self.NAMES.get(each["Type"]):
                refs[name] = resolver.resolve(each.get("Properties", {})).get(key, name)
        for name, each in present.items():
            properties = resolver.resolve(each.get("Properties", {}))
            if key := self.NAMES.get(each["Type"]):
                properties[key] = refs[name]
            self._properties[name] = properties

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the properties of all resources of a type, by logical id."""
        return {name: each for name, each in self._properties.items() if self._types[name] == kind}

    def only(self, kind: str) -> dict[str, Any]:
        """Return the properties of the first resource of a type."""
        for properties in self.of_type(kind).values():
            return properties
        raise TemplateError(f"The template has no {kind}, so there is no WebSocket API to serve.")

    def _attribute(self, name: str, attribute: str) -> str:
        if name not in self._types:
            raise TemplateError(f"The template refers to {name}.{attribute}, and has no resource {name}.")
        if self._types[name] == "AWS::Lambda::Function" and attribute == "Arn":
            return function_arn(name)
        return f"arn:aws:local:{REGION}:{ACCOUNT}:{name}/{attribute}"


def function_arn(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
