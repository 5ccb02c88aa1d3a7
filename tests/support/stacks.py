"""The hub's template as SAM translates it, and the resources of a stack with given parameters."""

import re
from collections.abc import Iterator
from typing import Any

from local.stack.errors import TemplateError
from local.stack.loading import translated
from local.stack.parameters import parameter_values
from local.stack.resources import Resources
from tests.support.paths import ROOT

TEMPLATE = translated(ROOT / "template.yaml")
PARAMETERS = TEMPLATE["Parameters"]
RESOURCES = TEMPLATE["Resources"]
ON = {
    "AuthMode": "jwt",
    "JwksUrl": "https://provider.example/jwks.json",
    "JwtIssuer": "https://provider.example",
    "JwtAudience": "hub",
    "MaxConnectionsPerSession": "5",
    "ReservedConcurrency": "10",
    "HistorySeconds": "600",
    "HistoryKeyArn": "arn:aws:kms:us-east-1:123456789012:key/1",
    "DomainName": "hub.example.com",
    "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1",
    "HostedZoneId": "Z0123456789",
    "AlarmTopicArn": "arn:aws:sns:us-east-1:123456789012:alarms",
    "AccessLogs": "on",
    "ApiGatewayAccount": "on",
    "Tracing": "on",
    "Architecture": "x86_64",
}
"""Parameters that switch every option on, but the queue, which cannot be used with ``ReservedConcurrency``."""

WITH_QUEUE = ON | {"ReservedConcurrency": "0", "PublishQueue": "on"}
"""Parameters that switch every option on, but ``ReservedConcurrency``."""


class DeployedResources(Resources):
    """The resources with all their properties. The local gateway evaluates only those that it uses."""

    def properties(self, name: str) -> dict[str, Any]:
        """Return the properties of one resource, evaluated. A property that is ``AWS::NoValue`` is absent."""
        values = {key: self.value(name, key) for key in self.written(name)}
        return super().properties(name) | {key: value for key, value in values.items() if value is not None}


def stack(**parameters: str) -> DeployedResources:
    """Return the resources of a stack with these parameters, with all references resolved."""
    template = translated(ROOT / "template.yaml", parameters)
    return DeployedResources(template, parameter_values(template["Parameters"], parameters))


def complaints(**parameters: str) -> list[str]:
    """Return the descriptions of the assertions in the template's rules that fail with these parameters."""
    template = translated(ROOT / "template.yaml", parameters)
    conditions, outputs = dict(template["Conditions"]), {}
    for name, rule in template["Rules"].items():
        conditions[name] = rule["RuleCondition"]
        for index, assertion in enumerate(rule["Assertions"]):
            conditions[asserted := f"{name}{index}"] = assertion["Assert"]
            failed = {"Fn::If": [asserted, "", assertion["AssertDescription"]]}
            outputs[asserted] = {"Condition": name, "Value": failed}
    rules = template | {"Conditions": conditions, "Outputs": outputs}
    resources = DeployedResources(rules, parameter_values(template["Parameters"], parameters))
    return [text for name in outputs if (text := resources.output(name))]


def takes(name: str, value: str) -> bool:
    """Return whether a parameter of the template takes a value."""
    try:
        parameter_values(PARAMETERS, {name: value})
    except TemplateError:
        return False
    return True


def only(resources: Resources, kind: str) -> dict[str, Any]:
    """Return the properties of the only resource of a type."""
    (properties,) = resources.of_type(kind).values()
    return properties


def watched_by(alarm: dict[str, Any]) -> list[tuple[str, str]]:
    """Return namespace and name of each metric that an alarm reads."""
    queries = alarm.get("Metrics", [])
    metrics = [query["MetricStat"]["Metric"] for query in queries if "MetricStat" in query]
    return [(metric["Namespace"], metric["MetricName"]) for metric in metrics or [alarm]]


def references(node: Any) -> Iterator[str]:
    """Yield the names that ``Ref``, ``Fn::GetAtt`` and ``Fn::Sub`` mention, at any depth of a value."""
    if isinstance(node, list):
        for item in node:
            yield from references(item)
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key == "Ref":
            yield value
        elif key == "Fn::GetAtt":
            yield value[0] if isinstance(value, list) else value.split(".")[0]
        elif key == "Fn::Sub":
            text, own = (value, {}) if isinstance(value, str) else value
            yield from (name for name in re.findall(r"\$\{([\w:]+)", text) if name not in own)
            yield from references(own)
        else:
            yield from references(value)


def names(node: Any) -> set[str]:
    """Return the resources and parameters that a value mentions, without CloudFormation's own ``AWS::…``."""
    return {name for name in references(node) if not name.startswith("AWS::")}
