"""What EventBridge and Step Functions make of a template and an event, for the recipes of docs/backends.md."""

import json
import re
from typing import Any


def value_at(path: str, document: Any) -> Any:
    """Return the value at a path such as ``$.detail.customer``."""
    for name in path.removeprefix("$.").split("."):
        document = document[name]
    return document


def transformed(template: str, event: Any, paths: dict[str, str]) -> str:
    """
    Fill in an input template as EventBridge does: a placeholder outside of quotes becomes JSON.

    Source: "Amazon EventBridge input transformation" and, for paths as placeholders, "Amazon EventBridge Pipes input
    transformation", both in the EventBridge user guide.

    """
    outside = re.sub('"[^"]*"', "", template)
    assert outside.count("<") == template.count("<")  # within quotes, a text with quotes of its own breaks the JSON
    return re.sub("<([^>]+)>", lambda found: json.dumps(value_at(paths.get(found[1], found[1]), event)), template)


def filled(template: dict[str, Any], given: Any) -> dict[str, Any]:
    """Fill in a payload template of Step Functions: a member whose name ends with ``.$`` has a path or an array."""
    result: dict[str, Any] = {}
    for name, value in template.items():
        if isinstance(value, dict):
            result[name] = filled(value, given)
        elif not name.endswith(".$"):
            result[name] = value
        elif array := re.fullmatch(r"States\.Array\((\S+)\)", value):
            result[name[:-2]] = [value_at(array[1], given)]
        else:
            result[name[:-2]] = value_at(value, given)
    return result
