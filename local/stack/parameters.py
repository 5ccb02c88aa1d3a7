"""The values of a template's parameters."""

import re
from collections.abc import Mapping
from typing import Any

from local.stack.intrinsics import text
from local.stack.source import TemplateError


def parameter_values(declared: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """
    Return the value of every parameter: the given ones, the others' defaults. Lists are lists.

    A parameter whose value is in SSM (``AWS::SSM::Parameter::Value<…>``) has the name of
    that value where none is given, as there is no account to ask.

    Raises:
        TemplateError: If one is unknown, out of its bounds, or has neither value nor default.

    """
    for name, value in given.items():
        if name not in declared:
            known = ", ".join(declared) or "none"
            raise TemplateError(f"The template has no parameter {name}; it has {known}.")
        if demand := _unmet(declared[name], value):
            raise TemplateError(f"The parameter {name} is {value!r}; it must be {demand}.")
    values = {name: each.get("Default") for name, each in declared.items()} | dict(given)
    if unset := [name for name, value in values.items() if value is None]:
        raise TemplateError(f"These parameters have no default: {', '.join(unset)}. Give each with --parameter.")
    return {name: _typed(declared[name]["Type"], value) for name, value in values.items()}


def in_ssm(declared: Mapping[str, Any], given: Mapping[str, str]) -> list[str]:
    """Return the parameters that AWS would look up in SSM, and nobody gave a value for."""
    return [name for name, each in declared.items() if "SSM::Parameter::Value" in each["Type"] and name not in given]


def _typed(kind: str, value: Any) -> Any:
    if isinstance(value, list):
        return [text(each) for each in value]
    if kind == "CommaDelimitedList" or "List<" in kind:
        return [each.strip() for each in text(value).split(",")]
    return text(value)


def _unmet(declared: Mapping[str, Any], value: str) -> str | None:
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
