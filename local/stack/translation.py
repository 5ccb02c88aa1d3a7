"""A SAM template as CloudFormation: expanded by SAM's own translator, without an account."""

import json
import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from samtranslator.metrics.metrics import DummyMetricsPublisher, Metrics
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.model.sam_resources import SamFunction, SamLayerVersion, SamSimpleTable, SamWebSocketApi
from samtranslator.parser.parser import Parser
from samtranslator.plugins.globals.globals import Globals
from samtranslator.translator.translator import Translator

from local.place import Place
from local.stack.errors import TemplateError
from local.stack.resource_types import NOT_TRANSLATED
from local.stack.source import EVENTS, LANGUAGE_EXTENSIONS, Source, transforms

CODE_BUCKET = "local"
"""SAM's translator wants code in S3. Local folders travel through it as keys of this bucket."""

CODE_PROPERTIES = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
    "AWS::Lambda::Function": "Code",
    "AWS::Lambda::LayerVersion": "Content",
}


KNOWN = {
    each.resource_type: each.property_types for each in (SamFunction, SamLayerVersion, SamSimpleTable, SamWebSocketApi)
}
"""The properties that the installed translator knows, by type."""

OF_ROUTES = (
    "ApiKeyRequired FunctionArn IntegrationTimeout ModelSelectionExpression OperationName RequestModels "
    "RequestParameters RouteResponseSelectionExpression"
)
OF_AUTH = "AuthArn AuthType IdentitySource InvokeRole Name"
"""What SAM reads of a WebSocket API's Routes and Auth. It says nothing of the rest."""


def translate(source: Source, given: Mapping[str, str], place: Place) -> dict[str, Any]:
    """
    Return the CloudFormation that SAM makes of a template.

    Args:
        given: Values for its parameters. SAM writes some of them into what it makes.
        place: SAM writes its partition into what it makes.

    Raises:
        TemplateError: If SAM cannot translate it.

    """
    parameters = {name: each.get("Default", "") for name, each in source.content["Parameters"].items()} | dict(given)
    content = _expanded(source, parameters, place)
    kept = {name: each for name, each in content["Resources"].items() if _is_left_alone(each)}
    content["Resources"] = {name: each for name, each in content["Resources"].items() if name not in kept}
    if not content["Resources"]:  # which SAM would complain about
        return content | {"Resources": kept}
    for each in list(unknown_to_sam(content)):  # AWS's translator may be newer than the installed one
        del each.properties[each.key]
    _carry_folders(content)
    metrics = Metrics("local", DummyMetricsPublisher())
    try:
        session = boto3.Session(region_name=place.region)
        translated: dict[str, Any] = Translator({}, Parser(), boto_session=session, metrics=metrics).translate(
            content, parameters
        )
    except InvalidDocumentException as error:
        causes = " ".join(cause.message for cause in error.causes)
        named = re.search(r"id \[(\w+)\]", causes)
        where = "it" if named else source.path
        raise source.located(TemplateError(f"SAM cannot translate {where}: {causes}", named and named[1])) from error
    finally:
        metrics.publish()  # to nobody; unpublished ones are complained about
    translated["Resources"] |= kept
    return translated


def _expanded(source: Source, parameters: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """Return a copy of the template that is ours to change, with each ``Fn::ForEach`` in it expanded."""
    copy: dict[str, Any] = json.loads(json.dumps(source.content, default=str))
    if LANGUAGE_EXTENSIONS not in transforms(copy):
        return copy
    # Slow to load, and rarely needed. SAM's own pipeline would evaluate the other functions too, and turns
    # a Ref within Fn::Join into text; ours does those.
    from samcli.lib.cfn_language_extensions import models, processors
    from samcli.lib.cfn_language_extensions.api import create_default_intrinsic_resolver
    from samcli.lib.cfn_language_extensions.exceptions import InvalidTemplateException

    pseudo = models.PseudoParameterValues(region=place.region, account_id=place.account)
    context = models.TemplateProcessingContext(copy, dict(parameters), pseudo)
    try:
        processors.TemplateParsingProcessor().process_template(context)
        processors.ForEachProcessor(create_default_intrinsic_resolver(context)).process_template(context)
    except InvalidTemplateException as error:
        raise TemplateError(f"SAM cannot expand {source.path}: {error}") from error
    expanded: dict[str, Any] = context.fragment
    return expanded


@dataclass(frozen=True)
class Unknown:
    """
    A property that SAM's translator does not know.

    Attributes:
        at: The section of the template, and a name in it.
        owner: What has the property, in words.
        properties: The mapping that has it.

    """

    at: tuple[str, str]
    owner: str
    properties: dict[str, Any]
    key: str


def unknown_to_sam(content: Mapping[str, Any]) -> Iterator[Unknown]:
    """Yield what would stop SAM's translator, as it knows no such property."""
    shared = content.get("Globals", {})
    for section, properties in shared.items():
        known = Globals.supported_properties.get(f"AWS::Serverless::{section}")
        if known is None:
            yield Unknown(("Globals", section), "the Globals", shared, section)
        else:
            yield from _beyond(known, properties, ("Globals", section), f"the Globals of {section}")
    for name, each in _of_sam(content, *KNOWN):
        yield from _beyond(KNOWN[each["Type"]], each["Properties"], ("Resources", name), name)


def ignored_by_sam(content: Mapping[str, Any]) -> Iterator[Unknown]:
    """Yield what SAM's translator leaves out of a WebSocket API, without a word."""
    for name, each in _of_sam(content, SamWebSocketApi.resource_type):
        at = ("Resources", name)
        for key, route in each["Properties"].get("Routes", {}).items():
            yield from _beyond(OF_ROUTES.split(), route, at, f"the route {key} of {name}")
        yield from _beyond(OF_AUTH.split(), each["Properties"].get("Auth", {}), at, f"the Auth of {name}")


def _of_sam(content: Mapping[str, Any], *kinds: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, each in content["Resources"].items():
        if isinstance(each, dict) and each.get("Type") in kinds and isinstance(each.get("Properties"), dict):
            yield name, each


def _beyond(known: Container[str], properties: Any, at: tuple[str, str], owner: str) -> Iterator[Unknown]:
    if isinstance(properties, dict) and not any(key.startswith("Fn::") for key in properties):
        yield from (Unknown(at, owner, properties, key) for key in properties if key not in known)


def _is_left_alone(resource: Mapping[str, Any]) -> bool:
    return bool(NOT_TRANSLATED.match(resource["Type"])) or "Image" in resource.get("Properties", {}).get(
        "PackageType", ""
    )


def _carry_folders(content: dict[str, Any]) -> None:
    """Write local folders as the translator wants them, and leave out what calls functions beside the API."""
    shared = content.get("Globals", {}).get("Function", {})
    for each in content["Resources"].values():
        properties = each.setdefault("Properties", {})
        if events := properties.pop("Events", None):
            each.setdefault("Metadata", {})[EVENTS] = list(events)
        if each["Type"] == "AWS::Serverless::Function" and not {*properties, *shared} & {"CodeUri", "InlineCode"}:
            properties["CodeUri"] = "."  # as sam build has it
        name = CODE_PROPERTIES.get(each["Type"], "")
        if name and (asset := each.get("Metadata", {}).get("aws:asset:path")):  # what cdk synth makes
            properties[name] = asset
        _carry(properties, name)
    _carry(shared, "CodeUri")


def _carry(properties: dict[str, Any], name: str) -> None:
    if not isinstance(folder := properties.get(name), str) or folder.startswith("s3:"):
        return
    where = {"S3Bucket": CODE_BUCKET, "S3Key": folder}
    properties[name] = where if name in {"Code", "Content"} else f"s3://{CODE_BUCKET}/{folder}"


def local_folder(code: Mapping[str, Any], root: Path) -> Path | None:
    """Return where code lies that came through the translation, or None if it lies in a bucket of somebody's."""
    return root / code["S3Key"] if code.get("S3Bucket") == CODE_BUCKET else None
