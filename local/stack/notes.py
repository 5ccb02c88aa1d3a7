"""
Notes about a template: what of it the gateway does not imitate, and what else the user should know before it runs.

Each note is the template's file, the line if there is one, and one or more whole sentences.

"""

import json
import re
from collections.abc import Mapping
from typing import Any

from local.stack import translation
from local.stack.app import LambdaAuthorizer, Route
from local.stack.functions import Functions
from local.stack.integration_types import Unavailable
from local.stack.parameters import in_ssm, unreadable_patterns
from local.stack.resources import Resources
from local.stack.source import LANGUAGE_EXTENSIONS, SAM, Source, transforms
from local.stack.uses import USES

IMITATED = re.compile(
    f"({'|'.join(USES)})$|AWS::(CloudWatch|IAM|Logs)::|AWS::(CertificateManager::Certificate"
    "|CloudFormation::WaitConditionHandle|DynamoDB::(Global)?Table|Route53::RecordSet(Group)?|S3::Bucket(Policy)?|SNS::Topic"
    "|SQS::Queue(Policy)?|SSM::Parameter|SecretsManager::Secret"
    "|Serverless::Function|Lambda::(Alias|Function|LayerVersion|Version|EventInvokeConfig))$"
)
"""The types that the gateway imitates, and the types that make no difference here."""


def unavailable(routes: Mapping[str, Route], functions: Functions) -> list[str]:
    """Return the reasons why integrations will fail, without those that are notes about functions already."""
    integrations = [route.integration for route in routes.values()]
    authorizers = [route.authorizer for route in routes.values()]
    integrations += [each.integration for each in authorizers if isinstance(each, LambdaAuthorizer)]
    reasons = dict.fromkeys(each.reason for each in integrations if isinstance(each, Unavailable))
    return [reason for reason in reasons if reason not in functions.unusable.values()]


def events(source: Source) -> list[str]:
    """Return a note about the functions whose events are not imitated: all events that do not come from a queue."""

    def types(events: Mapping[str, Any]) -> str:
        others = [each for each in events.values() if not translation.is_queue(each)]
        return ", ".join(sorted({str(each.get("Type")) if isinstance(each, dict) else "?" for each in others}))

    types_by_function = {
        name: types(resource["Properties"]["Events"])
        for name, resource in source.content["Resources"].items()
        if isinstance(resource, dict)  # a Fn::ForEach loop is a list
        and isinstance(resource.get("Properties", {}).get("Events"), dict)
    }
    named = [f"{name} ({kinds})" for name, kinds in types_by_function.items() if kinds]
    return [source.note(f"The Events of these functions are not imitated: {', '.join(named)}.")] if named else []


def not_imitated(source: Source, resources: Resources) -> list[str]:
    """Return a note about the resources that are not imitated."""
    others = [f"{name} ({kind})" for name, kind in resources.types() if not IMITATED.match(kind)]
    if not others:
        return []
    return [
        source.note(f"These resources are not imitated: {', '.join(others)}. References to them have made-up values.")
    ]


def parameters(source: Source, given: Mapping[str, str], values: Mapping[str, Any]) -> list[str]:
    """Return notes about the parameters with a made-up value, or with a value that the gateway cannot check."""
    declared = source.content["Parameters"]
    notes = []
    for name in in_ssm(declared, given):
        text = f"On AWS, SSM has the value of the parameter {name}. Here the value is {values[name]!r}"
        notes.append(source.note(f"{text}, because no --parameter sets it.", name))
    for name, pattern in unreadable_patterns(declared):
        text = f"The gateway cannot read the AllowedPattern {pattern} of {name}: it accepts every value."
        notes.append(source.note(text, name))
    return notes


def unknown_to_sam(source: Source) -> list[str]:
    """Return a note for each property that SAM's translator does not know: misspelled, or newer than the translator."""
    unknown = (*translation.unknown_to_sam(source.content), *translation.ignored_by_sam(source.content))
    return [
        f"{source.path}:{source.lines.get(each.at, 1)}: SAM does not know the property {each.key} of {each.owner}: "
        "the property does nothing."
        for each in unknown
    ]


def not_evaluated(source: Source) -> list[str]:
    """Return notes about macros and dynamic references: CloudFormation would replace them, the gateway cannot."""
    macros = [name for name in transforms(source.content) if name not in {SAM, LANGUAGE_EXTENSIONS}]
    notes = [source.note(f"The gateway does not run the macro {name}.") for name in macros]
    dynamic = [
        name
        for name, resource in source.content["Resources"].items()
        if "{{resolve:" in json.dumps(resource, default=str)
    ]
    if dynamic:
        text = f"The gateway does not evaluate the dynamic references ({{{{resolve:…}}}}) of {', '.join(dynamic)}."
        notes.append(source.note(f"{text} Use parameters instead."))
    return notes
