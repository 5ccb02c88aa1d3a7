"""What a user should know of a template before it runs: what of it is not there, each in a sentence."""

import json
import re
from collections.abc import Mapping
from typing import Any

from local.stack.app import LambdaAuthorizer, Route
from local.stack.functions import Functions
from local.stack.integration_types import Unavailable
from local.stack.parameters import in_ssm, unreadable_patterns
from local.stack.resources import Resources
from local.stack.source import LANGUAGE_EXTENSIONS, SAM, Source, transforms
from local.stack.translation import ignored_by_sam, unknown_to_sam
from local.stack.uses import USES

IMITATED = re.compile(
    f"({'|'.join(USES)})$|AWS::(CloudWatch|IAM|Logs)::|AWS::(CertificateManager::Certificate"
    "|CloudFormation::WaitConditionHandle|DynamoDB::(Global)?Table|Route53::RecordSet(Group)?|S3::Bucket(Policy)?|SNS::Topic"
    "|SQS::Queue(Policy)?|SSM::Parameter|SecretsManager::Secret"
    "|Serverless::Function|Lambda::(Alias|Function|LayerVersion|Version|EventInvokeConfig))$"
)
"""Types that are served here, or whose absence nobody notices."""


def unavailable(routes: Mapping[str, Route], found: Functions) -> list[str]:
    """Say which integrations will fail, unless it has been said of their functions."""
    every = [each.integration for each in routes.values()]
    every += [each.authorizer.integration for each in routes.values() if isinstance(each.authorizer, LambdaAuthorizer)]
    reasons = dict.fromkeys(each.reason for each in every if isinstance(each, Unavailable))
    return [each for each in reasons if each not in found.unusable.values()]


def events(source: Source) -> list[str]:
    """Say which functions have events that never come here."""

    def kinds(events: Mapping[str, Any]) -> str:
        return ", ".join(sorted({str(each.get("Type")) if isinstance(each, dict) else "?" for each in events.values()}))

    named = [
        f"{name} ({kinds(each['Properties']['Events'])})"
        for name, each in source.content["Resources"].items()
        if isinstance(each, dict) and isinstance(each.get("Properties", {}).get("Events"), dict)  # or it is a ForEach
    ]
    return [f"No events but the API's come here: none for {', '.join(named)}."] if named else []


def not_imitated(resources: Resources) -> list[str]:
    """Name the resources that are not there."""
    others = [f"{name} ({kind})" for name, kind in resources.types() if not IMITATED.match(kind)]
    return [f"Not imitated here: {', '.join(others)}. What refers to it gets a made-up value."] if others else []


def of_parameters(source: Source, given: Mapping[str, str], values: Mapping[str, Any]) -> list[str]:
    """Say which parameters have a made-up value, or one that nobody has checked."""
    declared = source.content["Parameters"]
    made_up = [
        f"The value of {name} is in SSM on AWS; here it is {values[name]!r}, as no --parameter gives another."
        for name in in_ssm(declared, given)
    ]
    unread = unreadable_patterns(declared)
    return made_up + [
        source.said(f"The AllowedPattern {pattern} of {name} cannot be read here: any value fits.", name)
        for name, pattern in unread
    ]


def unknown(source: Source) -> list[str]:
    """Name the properties that SAM's translator does not know: they are misspelled, or newer than it."""
    every = (*unknown_to_sam(source.content), *ignored_by_sam(source.content))
    places = [f"{source.path}:{source.lines.get(each.at, 1)}" for each in every]
    return [
        f"{place}: SAM does not know {each.key} of {each.owner}: it does nothing here."
        for place, each in zip(places, every, strict=True)
    ]


def left_as_written(source: Source) -> list[str]:
    """Say what of a template CloudFormation would replace by something that nobody here has."""
    macros = [each for each in transforms(source.content) if each not in {SAM, LANGUAGE_EXTENSIONS}]
    notes = [f"The macro {each} is not run here." for each in macros]
    dynamic = [
        name for name, each in source.content["Resources"].items() if "{{resolve:" in json.dumps(each, default=str)
    ]
    if dynamic:
        text = "{{resolve:…}} stays as it is written here, in"
        notes.append(f"{text} {', '.join(dynamic)}: a parameter instead of it can have a value.")
    return notes
