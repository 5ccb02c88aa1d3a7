"""
IAM policies: whether a policy allows an action.

The partition, the region and the account of a resource do not matter, because a template or a handler may be written
for another account than the local one. Conditions are not evaluated: a statement counts as if its Condition held.
(unsure: the gateway does not have most of the values that a condition may ask for.)

"""

import fnmatch
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Statement = Mapping[str, Any]
"""A statement of a policy, as its JSON document has it."""


def statements(document: Any) -> list[Statement]:
    """
    Return the statements of a policy document.

    Raises:
        ValueError: If the document is not a policy document.

    """
    written = document.get("Statement") if isinstance(document, Mapping) else None
    listed = [written] if isinstance(written, Mapping) else written
    if not isinstance(listed, list) or not all(isinstance(each, Mapping) and "Effect" in each for each in listed):
        raise ValueError("not a policy document with statements")
    return listed


def allows(policy: Iterable[Statement], action: str, resource: str) -> bool:
    """Return whether a statement allows the action on the resource, and no statement denies it."""
    effects = {statement["Effect"] for statement in policy if _applies(statement, action, resource)}
    return "Allow" in effects and "Deny" not in effects


def denial(user: str, action: str, resource: str) -> str:
    """Return the sentence with which AWS refuses an action of a user, an ARN."""
    return f"User: {user} is not authorized to perform: {action} on resource: {resource}"


def matches(pattern: str, value: str) -> bool:
    """Compare as IAM does: ``*`` stands for any characters, also ``/`` and ``:``, and ``?`` for one character."""
    # Patterns of file names differ from IAM's in brackets only. fnmatch also takes no longer for many stars.
    return fnmatch.fnmatchcase(value, pattern.replace("[", "[[]"))


def anywhere(arn: str) -> str:
    """Return a pattern that matches the ARN in every partition, region and account."""
    parts = arn.split(":", 5)
    if len(parts) < 5 or parts[0] != "arn":
        return arn
    start = ":".join(["arn", "*", parts[2], "*"])
    # IAM accepts an ARN with only four colons, where a star stands for the account and the resource.
    return f"{start}:*:{parts[5]}" if len(parts) > 5 else f"{start}:{parts[4]}"


def _applies(statement: Statement, action: str, resource: str) -> bool:
    return _matches_key(statement, "Action", action.lower(), str.lower) and _matches_key(
        statement, "Resource", resource, anywhere
    )


def _matches_key(statement: Statement, key: str, value: str, form: Callable[[str], str]) -> bool:
    """Return whether an element of a statement, or its Not form, covers a value."""
    if key in statement:
        return any(matches(form(pattern), value) for pattern in _texts(statement[key]))
    not_key = f"Not{key}"
    return not_key in statement and not any(matches(form(pattern), value) for pattern in _texts(statement[not_key]))


def _texts(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]
