"""
CloudFormation's intrinsic functions, evaluated without an account.

The aws-sam-cli library has a resolver too, but it evaluates both branches of ``Fn::If``, and it fails on
``AWS::NoValue``, which most templates use (see docs/decisions.md).

"""

import base64
import ipaddress
import itertools
import json
import re
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

from local.stack.errors import OnlyOnAws, TemplateError

NOTHING = object()
"""The value of ``!Ref AWS::NoValue``. A property with this value does not exist."""


def as_text(value: Any) -> str:
    """Return a scalar as CloudFormation writes it into text: booleans in small letters."""
    return str(value).lower() if isinstance(value, bool) else str(value)


class Resolver:
    """
    Evaluates the values of one template.

    Args:
        template: The template after SAM's translation. The resolver reads its ``Conditions`` and ``Mappings``.
        refs: Returns the value of ``Ref`` for a parameter, a pseudo parameter or a resource. Raises KeyError for any
            other name.
        attributes: Returns the value of ``Fn::GetAtt`` for a logical id and an attribute.

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
            "Fn::Join": lambda value: as_text(value[0]).join(map(as_text, self._items(value[1]))),
            "Fn::Split": lambda value: str(self.resolve(value[1])).split(value[0]),
            "Fn::Length": lambda value: len(self._items(value)),
            "Fn::ToJsonString": lambda value: json.dumps(self.resolve(value)),
            "Fn::Cidr": self._cidr,
            "Fn::GetAZs": lambda _region: [f"{refs('AWS::Region')}{zone}" for zone in "abc"],
            "Fn::ImportValue": self._import_value,
            "Fn::Select": self._select,
            "Fn::FindInMap": self._find_in_map,
            "Fn::Base64": lambda value: base64.b64encode(as_text(self.resolve(value)).encode()).decode(),
            "Fn::If": lambda value: self.resolve(value[1] if self.condition(value[0]) else value[2]),
            "Fn::Equals": lambda value: as_text(self.resolve(value[0])) == as_text(self.resolve(value[1])),
            "Fn::Not": lambda value: not self.resolve(value[0]),
            "Fn::And": lambda value: all(self.resolve(operand) for operand in value),
            "Fn::Or": lambda value: any(self.resolve(operand) for operand in value),
        }

    def resolve(self, value: Any) -> Any:
        """
        Return the value with every intrinsic function in it evaluated.

        Raises:
            OnlyOnAws: If only AWS can evaluate a function.
            TemplateError: If an argument of a function is wrong, or names something that does not exist.

        """
        if isinstance(value, list):
            return [item for item in map(self.resolve, value) if item is not NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name in self._functions:
                return self._call(name, argument)
            if name.startswith("Fn::"):
                raise OnlyOnAws(f"The template uses {name}, which the gateway cannot evaluate.")
        members = {name: self.resolve(member) for name, member in value.items()}
        return {name: member for name, member in members.items() if member is not NOTHING}

    def _call(self, name: str, argument: Any) -> Any:
        try:
            return self._functions[name](argument)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            shown = textwrap.shorten(json.dumps(argument, default=str), 80, placeholder="…")
            raise TemplateError(f"{name} does not accept {shown}.") from error

    def condition(self, name: str) -> bool:
        """Evaluate one of the template's conditions."""
        name = as_text(name)  # YAML reads some names as booleans, for example No
        if name not in self._conditions:
            raise TemplateError(f"The template uses the condition {name}, which it does not define.")
        return bool(self.resolve(self._conditions[name]))

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NOTHING
        try:
            return self._refs(name)
        except KeyError:
            text = f"The template refers to {name}, which is neither one of its parameters nor one of its resources."
            raise TemplateError(text) from None

    def _import_value(self, value: Any) -> Any:
        text = f"Fn::ImportValue imports {self.resolve(value)} from another stack, which the gateway does not have."
        raise OnlyOnAws(f"{text} Use a parameter instead.")

    def _get_att(self, value: str | list[str]) -> Any:
        name, _, attribute = value.partition(".") if isinstance(value, str) else (value[0], ".", value[1])
        return self._attributes(name, attribute)

    def _items(self, value: Any) -> list[Any]:
        items = self.resolve(value)
        if not isinstance(items, list):
            raise TypeError(items)  # text, for example: Python would use its characters as the items
        return items

    def _select(self, value: list[Any]) -> Any:
        index, items = int(self.resolve(value[0])), self._items(value[1])
        if not 0 <= index < len(items):
            raise TemplateError(f"Fn::Select has the index {index}, but its list has {len(items)} items.")
        return items[index]

    def _sub(self, value: str | list[Any]) -> str:
        pattern, extra = (value, {}) if isinstance(value, str) else (value[0], self.resolve(value[1]))

        def variable(match: re.Match[str]) -> str:
            name = match[1].strip()
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in extra:
                return as_text(extra[name])
            return as_text(self._get_att(name) if "." in name else self._ref(name))

        return re.sub(r"\$\{([^}]+)\}", variable, pattern)

    def _cidr(self, value: list[Any]) -> list[str]:
        block, count, *bits = [self.resolve(argument) for argument in value]
        network = ipaddress.ip_network(str(block), strict=False)
        prefix = network.max_prefixlen - int(bits[0] if bits else 8)
        return [str(subnet) for subnet in itertools.islice(network.subnets(new_prefix=prefix), int(count))]

    def _find_in_map(self, value: list[Any]) -> Any:
        keys = [str(self.resolve(key)) for key in value[:3]]
        mapped: Any = self._mappings
        for key in keys:
            if key not in mapped and len(value) > 3:
                return self.resolve(value[3]["DefaultValue"])
            if key not in mapped:
                raise TemplateError(f"The template's Mappings have no value for {' / '.join(keys)}.")
            mapped = mapped[key]
        return mapped
