"""
IAM policies, as far as API Gateway and functions meet them here.

Resources count whatever partition, region and account they name: those here are others than
the ones that a template or a handler is written for, and the question is whether the right is
there. Conditions are not evaluated: a statement counts as if its Condition held. (unsure: there
is no account whose keys a condition could ask for.)

"""

import fnmatch
from collections.abc import Iterable, Mapping
from typing import Any

Statement = Mapping[str, Any]


def statements(document: Any) -> list[Statement]:
    """
    Return the statements of a policy document.

    Raises:
        ValueError: If it is none.

    """
    found = document.get("Statement") if isinstance(document, Mapping) else None
    found = [found] if isinstance(found, Mapping) else found
    if not isinstance(found, list) or not all(isinstance(each, Mapping) and "Effect" in each for each in found):
        raise ValueError("not a policy document with statements")
    return found


def allows(policy: Iterable[Statement], action: str, resource: str) -> bool:
    """Return whether a statement allows it and none denies it."""
    effects = {each["Effect"] for each in policy if _applies(each, action, resource)}
    return "Allow" in effects and "Deny" not in effects


def matches(pattern: str, value: str) -> bool:
    """Compare as IAM does: ``*`` stands for any characters, ``/`` and ``:`` too, ``?`` for one."""
    # Of the file names' patterns only brackets are others; they are compiled so that many stars cost no more than one.
    return fnmatch.fnmatchcase(value, pattern.replace("[", "[[]"))


def anywhere(arn: str) -> str:
    """Return the pattern of an ARN for every partition, region and account."""
    parts = arn.split(":", 5)
    if len(parts) < 5 or parts[0] != "arn":
        return arn
    start = ":".join(["arn", "*", parts[2], "*"])
    # Four colons are enough for IAM where a star stands for what follows the region.
    return f"{start}:*:{parts[5]}" if len(parts) > 5 else f"{start}:{parts[4]}"


def _applies(statement: Statement, action: str, resource: str) -> bool:
    return _names(statement, "Action", action.lower(), str.lower) and _names(statement, "Resource", resource, anywhere)


def _names(statement: Statement, key: str, value: str, form: Any) -> bool:
    if key in statement:
        return any(matches(form(each), value) for each in _texts(statement[key]))
    return f"Not{key}" in statement and not any(matches(form(each), value) for each in _texts(statement[f"Not{key}"]))


def _texts(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]
