"""Makes CloudFormation of a SAM template, with SAM's own translator and without an account."""

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
"""SAM's translator expects code in S3. So the translation writes a local folder as a key of this bucket."""

CODE_PROPERTIES = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
    "AWS::Lambda::Function": "Code",
    "AWS::Lambda::LayerVersion": "Content",
}
"""The property with the code of a resource, by type."""

KNOWN = {
    each.resource_type: each.property_types for each in (SamFunction, SamLayerVersion, SamSimpleTable, SamWebSocketApi)
}
"""The properties that the installed version of SAM's translator knows, by type."""

ROUTE_PROPERTIES = (
    "ApiKeyRequired FunctionArn IntegrationTimeout ModelSelectionExpression OperationName RequestModels "
    "RequestParameters RouteResponseSelectionExpression"
)
AUTH_PROPERTIES = "AuthArn AuthType IdentitySource InvokeRole Name"
"""The properties that SAM reads in the Routes and the Auth of a WebSocket API. It ignores others without an error."""


def translate(source: Source, given: Mapping[str, str], place: Place) -> dict[str, Any]:
    """
    Return the CloudFormation template that SAM makes of a template.

    Args:
        given: Values for parameters of the template. SAM writes some of them into the result.
        place: The region and the account. SAM writes the region's partition into the result.

    Raises:
        TemplateError: If SAM cannot translate it.

    """
    parameters = {name: each.get("Default", "") for name, each in source.content["Parameters"].items()} | dict(given)
    content = _expanded(source, parameters, place)
    kept = {name: resource for name, resource in content["Resources"].items() if _is_kept(resource)}
    content["Resources"] = {name: resource for name, resource in content["Resources"].items() if name not in kept}
    if not content["Resources"]:  # SAM refuses a template without resources
        return content | {"Resources": kept}
    for unknown in list(unknown_to_sam(content)):  # AWS's translator may be newer than the installed one
        del unknown.properties[unknown.key]
    _prepare(content)
    translated = _run_sam(source, content, parameters, place)
    translated["Resources"] |= kept
    return translated


def _run_sam(source: Source, content: dict[str, Any], parameters: Mapping[str, Any], place: Place) -> dict[str, Any]:
    metrics = Metrics("local", DummyMetricsPublisher())
    try:
        session = boto3.Session(region_name=place.region)
        translated: dict[str, Any] = Translator({}, Parser(), boto_session=session, metrics=metrics).translate(
            content, parameters
        )
    except InvalidDocumentException as error:
        causes = " ".join(cause.message for cause in error.causes)
        match = re.search(r"id \[(\w+)\]", causes)
        where = "it" if match else source.path
        raise source.located(TemplateError(f"SAM cannot translate {where}: {causes}", match and match[1])) from error
    finally:
        metrics.publish()  # the dummy publisher drops them; SAM warns about metrics that are not published
    return translated


def _expanded(source: Source, parameters: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """Return a copy of the template that we may change, with each ``Fn::ForEach`` loop expanded."""
    copy: dict[str, Any] = json.loads(json.dumps(source.content, default=str))
    if LANGUAGE_EXTENSIONS not in transforms(copy):
        return copy
    # Imported only here: the library loads slowly, and few templates need it. Its whole pipeline would also evaluate
    # the other functions, and turn a Ref in Fn::Join into text. So we use only its expansion of loops.
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
        at: The section of the template, and the name in it that has the property.
        owner: The owner of the property, in words.
        properties: The mapping with the property.
        key: The name of the property.

    """

    at: tuple[str, str]
    owner: str
    properties: dict[str, Any]
    key: str


def unknown_to_sam(content: Mapping[str, Any]) -> Iterator[Unknown]:
    """Yield the properties that SAM's translator would refuse."""
    shared = content.get("Globals", {})
    for section, properties in shared.items():
        known = Globals.supported_properties.get(f"AWS::Serverless::{section}")
        if known is None:
            yield Unknown(("Globals", section), "the Globals", shared, section)
        else:
            yield from _unknown(known, properties, ("Globals", section), f"the Globals of {section}")
    for name, resource in _of_sam(content, *KNOWN):
        yield from _unknown(KNOWN[resource["Type"]], resource["Properties"], ("Resources", name), name)


def ignored_by_sam(content: Mapping[str, Any]) -> Iterator[Unknown]:
    """Yield the properties of WebSocket APIs that SAM's translator leaves out without an error."""
    for name, api in _of_sam(content, SamWebSocketApi.resource_type):
        at = ("Resources", name)
        for key, route in api["Properties"].get("Routes", {}).items():
            yield from _unknown(ROUTE_PROPERTIES.split(), route, at, f"the route {key} of {name}")
        yield from _unknown(AUTH_PROPERTIES.split(), api["Properties"].get("Auth", {}), at, f"the Auth of {name}")


def _of_sam(content: Mapping[str, Any], *kinds: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the logical id and the declaration of each resource of these types that has properties."""
    for name, resource in content["Resources"].items():
        is_of_kind = isinstance(resource, dict) and resource.get("Type") in kinds
        if is_of_kind and isinstance(resource.get("Properties"), dict):
            yield name, resource


def _unknown(known: Container[str], properties: Any, at: tuple[str, str], owner: str) -> Iterator[Unknown]:
    if isinstance(properties, dict) and not any(key.startswith("Fn::") for key in properties):
        yield from (Unknown(at, owner, properties, key) for key in properties if key not in known)


def _is_kept(resource: Mapping[str, Any]) -> bool:
    """Return whether a resource stays as it is, because the gateway does not imitate it."""
    is_image = "Image" in resource.get("Properties", {}).get("PackageType", "")
    return is_image or bool(NOT_TRANSLATED.match(resource["Type"]))


def _prepare(content: dict[str, Any]) -> None:
    """Write local folders as keys of ``CODE_BUCKET``, and move functions' events away from SAM, except queues."""
    shared = content.get("Globals", {}).get("Function", {})
    for resource in content["Resources"].values():
        properties = resource.setdefault("Properties", {})
        if events := properties.pop("Events", None):
            queues = {name: event for name, event in events.items() if is_queue(event)}
            resource.setdefault("Metadata", {})[EVENTS] = [name for name in events if name not in queues]
            properties |= {"Events": queues} if queues else {}
        if resource["Type"] == "AWS::Serverless::Function" and not {*properties, *shared} & {"CodeUri", "InlineCode"}:
            properties["CodeUri"] = "."  # the default of sam build
        key = CODE_PROPERTIES.get(resource["Type"], "")
        if key and (asset := resource.get("Metadata", {}).get("aws:asset:path")):  # cdk synth writes the folder there
            properties[key] = asset
        _write_as_bucket_key(properties, key)
    _write_as_bucket_key(shared, "CodeUri")


def is_queue(event: Any) -> bool:
    """Return whether an event of a function comes from a queue. SAM makes an EventSourceMapping of such an event."""
    return isinstance(event, dict) and event.get("Type") == "SQS"


def _write_as_bucket_key(properties: dict[str, Any], key: str) -> None:
    if not isinstance(folder := properties.get(key), str) or folder.startswith("s3:"):
        return
    location = {"S3Bucket": CODE_BUCKET, "S3Key": folder}
    properties[key] = location if key in {"Code", "Content"} else f"s3://{CODE_BUCKET}/{folder}"


def local_folder(code: Mapping[str, Any], root: Path) -> Path | None:
    """Return the local folder of translated code, or None if the code is in a real bucket."""
    return root / code["S3Key"] if code.get("S3Bucket") == CODE_BUCKET else None
