"""The values of a template's parameters."""

import re
from collections.abc import Mapping
from typing import Any

from local.stack.errors import TemplateError
from local.stack.intrinsics import text

NUMBER = re.compile(r"[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
"""What CloudFormation takes for one: 0.5, 1.0 and 1e3 too."""


def parameter_values(declared: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """
    Return the value of every parameter: the given ones, the others' defaults. Lists are lists.

    A parameter whose value is in SSM (``AWS::SSM::Parameter::Value<…>``) has the name of
    that value where none is given, as there is no account to ask.

    Raises:
        TemplateError: If one is unknown, out of its bounds, or has neither value nor default.

    """
    for name in given:
        if name not in declared:
            known = ", ".join(declared) or "none"
            raise TemplateError(f"The template has no parameter {name}; it has {known}.")
    for name, each in declared.items():
        if not re.fullmatch(r"String|Number|CommaDelimitedList|List<.+>|AWS::.+", each["Type"]):
            raise TemplateError(f"The parameter {name} has the Type {each['Type']}, which is none.", name)
        if isinstance(each.get("Default"), dict):
            raise TemplateError(f"The default of the parameter {name} is {each['Default']}, and not text.", name)
        value = given.get(name, each.get("Default"))
        if value is not None and (demand := _unmet(each, value)):
            if name in given:
                raise TemplateError(f"The parameter {name} is {value!r}; it must be {demand}.")
            raise TemplateError(f"The default of the parameter {name} is {text(value)!r}; it must be {demand}.", name)
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


def _unmet(declared: Mapping[str, Any], value: Any) -> str | None:
    """Return what a parameter must be and this value is not, or None if it is all right."""
    allowed = [text(each) for each in declared.get("AllowedValues", [])]
    typed = _typed(declared["Type"], value)
    each_of = typed if isinstance(typed, list) else [typed]
    if allowed and not {*each_of} <= {*allowed}:
        return f"one of {', '.join(allowed)}"
    pattern = declared.get("AllowedPattern")
    if pattern and not all(_fits(str(pattern), each) for each in each_of):
        return str(declared.get("ConstraintDescription", f"text that matches {pattern}"))
    if declared["Type"] == "Number":
        number = float(typed if NUMBER.fullmatch(typed) else "nan")  # which no bounds hold
        return _beyond(declared, "Value", number, "a number")
    return _beyond(declared, "Length", len(typed), "of a length") if declared["Type"] == "String" else None


def unreadable_patterns(declared: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the parameters whose AllowedPattern is not one of Python's, as Java's may not be, and the patterns."""
    patterns = [(name, str(each.get("AllowedPattern", ""))) for name, each in declared.items()]
    return [(name, pattern) for name, pattern in patterns if _compiled(pattern) is None]


def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern)
    except re.error:
        return None


def _fits(pattern: str, value: str) -> bool:
    compiled = _compiled(pattern)
    return compiled is None or compiled.fullmatch(value) is not None


def _beyond(declared: Mapping[str, Any], what: str, value: float, kind: str) -> str | None:
    least, most = declared.get(f"Min{what}"), declared.get(f"Max{what}")
    bounds = [*([f"from {least}"] if least is not None else []), *([f"to {most}"] if most is not None else [])]
    inside = float("-inf" if least is None else least) <= value <= float("inf" if most is None else most)
    return None if inside else " ".join([kind, *bounds])
