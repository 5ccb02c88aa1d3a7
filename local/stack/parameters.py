"""The values of a template's parameters."""

import re
from collections.abc import Mapping
from typing import Any

from local.stack.errors import TemplateError
from local.stack.intrinsics import as_text

NUMBER = re.compile(r"[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
"""The text of a number for CloudFormation, for example 5, 0.5 or 1e3."""


def parameter_values(declared: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """
    Return the value of every parameter: text, or a list of texts.

    On AWS, a parameter of the type ``AWS::SSM::Parameter::Value<…>`` has a value from SSM. The gateway cannot ask SSM:
    if no value is given, the gateway uses the name in SSM itself as the value.

    Args:
        declared: The section ``Parameters`` of the template.
        given: Values for some of the parameters. The other parameters have their defaults.

    Raises:
        TemplateError: If a parameter is unknown, breaks one of its constraints, or has neither a value nor a default.

    """
    for name in given:
        if name not in declared:
            known = ", ".join(declared) or "none"
            raise TemplateError(f"The template has no parameter {name}; it has {known}.")
    for name, each in declared.items():
        if not re.fullmatch(r"String|Number|CommaDelimitedList|List<.+>|AWS::.+", each["Type"]):
            raise TemplateError(
                f"The Type of the parameter {name} is {each['Type']}, which CloudFormation does not have.", name
            )
        if isinstance(each.get("Default"), dict):
            raise TemplateError(f"The default of the parameter {name} is {each['Default']}; it must be text.", name)
        value = given.get(name, each.get("Default"))
        if value is not None and (constraint := _broken_constraint(each, value)):
            if name in given:
                quoted = re.sub(r"(?<=//)[^/@]*@", "…@", repr(value))  # a URL may have a password
                raise TemplateError(f"The parameter {name} is {quoted}; it must be {constraint}.")
            text = f"The default of the parameter {name} is {as_text(value)!r}; it must be {constraint}."
            raise TemplateError(text, name)
    values = {name: each.get("Default") for name, each in declared.items()} | dict(given)
    if unset := [name for name, value in values.items() if value is None]:
        raise TemplateError(f"These parameters have no default: {', '.join(unset)}. Set each of them with --parameter.")
    return {name: _typed(declared[name]["Type"], value) for name, value in values.items()}


def in_ssm(declared: Mapping[str, Any], given: Mapping[str, str]) -> list[str]:
    """Return the names of the parameters without a given value whose value AWS would read from SSM."""
    return [name for name, each in declared.items() if "SSM::Parameter::Value" in each["Type"] and name not in given]


def _typed(kind: str, value: Any) -> Any:
    if isinstance(value, list):
        return [as_text(item) for item in value]
    if kind == "CommaDelimitedList" or "List<" in kind:
        return [item.strip() for item in as_text(value).split(",")]
    return as_text(value)


def _broken_constraint(declared: Mapping[str, Any], value: Any) -> str | None:
    """Return the first constraint that a value breaks, as the end of "it must be", or None if it breaks none."""
    allowed = [as_text(item) for item in declared.get("AllowedValues", [])]
    typed = _typed(declared["Type"], value)
    items = typed if isinstance(typed, list) else [typed]
    if allowed and not {*items} <= {*allowed}:
        return f"one of {', '.join(allowed)}"
    pattern = declared.get("AllowedPattern")
    if pattern and not all(_matches(str(pattern), item) for item in items):
        return str(declared.get("ConstraintDescription", f"text that matches {pattern}"))
    if declared["Type"] == "Number":
        number = float(typed if NUMBER.fullmatch(typed) else "nan")  # which is outside all bounds
        return _broken_bounds(declared, "Value", number, "a number")
    return (
        _broken_bounds(declared, "Length", len(typed), "text with a length") if declared["Type"] == "String" else None
    )


def unreadable_patterns(declared: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return each parameter whose AllowedPattern Python cannot read, with the pattern. AWS reads it with Java."""
    patterns = [(name, str(each.get("AllowedPattern", ""))) for name, each in declared.items()]
    return [(name, pattern) for name, pattern in patterns if _compiled(pattern) is None]


def _compiled(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(pattern)
    except re.error:
        return None


def _matches(pattern: str, value: str) -> bool:
    compiled = _compiled(pattern)
    return compiled is None or compiled.fullmatch(value) is not None


def _broken_bounds(declared: Mapping[str, Any], what: str, value: float, kind: str) -> str | None:
    """Return the bounds in words if a value is outside them, else None."""
    least, most = declared.get(f"Min{what}"), declared.get(f"Max{what}")
    bounds = [*([f"from {least}"] if least is not None else []), *([f"to {most}"] if most is not None else [])]
    inside = float("-inf" if least is None else least) <= value <= float("inf" if most is None else most)
    return None if inside else " ".join([kind, *bounds])
