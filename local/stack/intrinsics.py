"""
CloudFormation's intrinsic functions, evaluated without an account.

aws-sam-cli has a resolver too, but it evaluates both branches of ``Fn::If`` and
fails on ``AWS::NoValue``, which most templates use (see docs/decisions.md).

"""

import base64
import ipaddress
import itertools
import json
import re
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

from local.stack.errors import Elsewhere, TemplateError

NOTHING = object()
"""What ``!Ref AWS::NoValue`` resolves to: the property that has it does not exist."""


def text(value: Any) -> str:
    """Return a scalar as CloudFormation writes it into a string."""
    return str(value).lower() if isinstance(value, bool) else str(value)


class Resolver:
    """
    Evaluates values of one template.

    Args:
        template: After SAM's translation; ``Conditions`` and ``Mappings`` are read from it.
        refs: What ``Ref`` gives for a parameter, pseudo parameter or resource; KeyError for any other name.
        attributes: What ``Fn::GetAtt`` gives: ``(logical id, attribute) -> value``.

    """

    def __init__(
        self, template: Mapping[str, Any], refs: Callable[[str], Any], attributes: Callable[[str, str], Any]
    ) -> None:
        self._conditions = template.get("Conditions", {})
        self._mappings = template.get("Mappings", {})
        self._refs = refs
        self._attributes = attributes
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Condition": self.condition,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": lambda value: text(value[0]).join(map(text, self._items(value[1]))),
            "Fn::Split": lambda value: str(self.resolve(value[1])).split(value[0]),
            "Fn::Length": lambda value: len(self._items(value)),
            "Fn::ToJsonString": lambda value: json.dumps(self.resolve(value)),
            "Fn::Cidr": self._cidr,
            "Fn::GetAZs": lambda _region: [f"{refs('AWS::Region')}{zone}" for zone in "abc"],
            "Fn::ImportValue": self._import_value,
            "Fn::Select": self._select,
            "Fn::FindInMap": self._find_in_map,
            "Fn::Base64": lambda value: base64.b64encode(text(self.resolve(value)).encode()).decode(),
            "Fn::If": lambda value: self.resolve(value[1] if self.condition(value[0]) else value[2]),
            "Fn::Equals": lambda value: text(self.resolve(value[0])) == text(self.resolve(value[1])),
            "Fn::Not": lambda value: not self.resolve(value[0]),
            "Fn::And": lambda value: all(self.resolve(each) for each in value),
            "Fn::Or": lambda value: any(self.resolve(each) for each in value),
        }

    def resolve(self, value: Any) -> Any:
        """
        Return the value with every intrinsic function in it evaluated.

        Raises:
            TemplateError: If a function is not known here, or what it names does not exist.

        """
        if isinstance(value, list):
            return [each for each in map(self.resolve, value) if each is not NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name in self._functions:
                return self._call(name, argument)
            if name.startswith("Fn::"):
                raise Elsewhere(f"The template uses {name}, which cannot be evaluated here.")
        members = {name: self.resolve(each) for name, each in value.items()}
        return {name: each for name, each in members.items() if each is not NOTHING}

    def _call(self, name: str, argument: Any) -> Any:
        try:
            return self._functions[name](argument)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            shown = textwrap.shorten(json.dumps(argument, default=str), 80, placeholder="…")
            raise TemplateError(f"{name} cannot take {shown}.") from error

    def condition(self, name: str) -> bool:
        """Evaluate one of the template's conditions."""
        name = text(name)  # as YAML takes some names for others: No, for one
        if name not in self._conditions:
            raise TemplateError(f"The template uses the condition {name}, which it does not define.")
        return bool(self.resolve(self._conditions[name]))

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NOTHING
        try:
            return self._refs(name)
        except KeyError:
            text = f"The template refers to {name}, which is neither a parameter nor a resource of it."
            raise TemplateError(text) from None

    def _import_value(self, value: Any) -> Any:
        text = f"Fn::ImportValue takes {self.resolve(value)} from another stack, and there is none here."
        raise Elsewhere(f"{text} A parameter instead of it can have a value here.")

    def _get_att(self, value: str | list[str]) -> Any:
        name, _, attribute = value.partition(".") if isinstance(value, str) else (value[0], ".", value[1])
        return self._attributes(name, attribute)

    def _items(self, value: Any) -> list[Any]:
        items = self.resolve(value)
        if not isinstance(items, list):
            raise TypeError(items)  # a text, say, of which Python would take the characters
        return items

    def _select(self, value: list[Any]) -> Any:
        index, items = int(self.resolve(value[0])), self._items(value[1])
        if not 0 <= index < len(items):
            raise TemplateError(f"The template selects item {index} of a list that has {len(items)}.")
        return items[index]

    def _sub(self, value: str | list[Any]) -> str:
        pattern, extra = (value, {}) if isinstance(value, str) else (value[0], self.resolve(value[1]))

        def variable(match: re.Match[str]) -> str:
            name = match[1].strip()
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in extra:
                return text(extra[name])
            return text(self._get_att(name) if "." in name else self._ref(name))

        return re.sub(r"\$\{([^}]+)\}", variable, pattern)

    def _cidr(self, value: list[Any]) -> list[str]:
        block, count, *bits = [self.resolve(each) for each in value]
        network = ipaddress.ip_network(str(block), strict=False)
        prefix = network.max_prefixlen - int(bits[0] if bits else 8)
        return [str(each) for each in itertools.islice(network.subnets(new_prefix=prefix), int(count))]

    def _find_in_map(self, value: list[Any]) -> Any:
        keys = [str(self.resolve(each)) for each in value[:3]]
        found: Any = self._mappings
        for key in keys:
            if key not in found and len(value) > 3:
                return self.resolve(value[3]["DefaultValue"])
            if key not in found:
                raise TemplateError(f"The template's Mappings have no {' / '.join(keys)}.")
            found = found[key]
        return found
