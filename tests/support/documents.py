"""The protocol's documentation, docs/protocol.md and docs/asyncapi.yaml, for tests that compare the code with it."""

import json
import re
from collections.abc import Callable
from typing import Any

import yaml
from jsonschema import Draft7Validator

from tests.support.paths import ROOT

PROTOCOL = (ROOT / "docs/protocol.md").read_text("utf-8")
BACKENDS = (ROOT / "docs/backends.md").read_text("utf-8")
IDENTITY = (ROOT / "docs/identity.md").read_text("utf-8")
CLIENT = (ROOT / "docs/client.md").read_text("utf-8")
ASYNCAPI_TEXT = (ROOT / "docs/asyncapi.yaml").read_text("utf-8")
ASYNCAPI = yaml.safe_load(ASYNCAPI_TEXT)
MESSAGES: dict[str, Any] = ASYNCAPI["components"]["messages"]
SCHEMAS: dict[str, Any] = ASYNCAPI["components"]["schemas"]


def kind(frame: dict[str, Any]) -> str:
    """Return the name of a frame's kind in asyncapi.yaml."""
    if frame.get("type") == "who":
        return "whoAnswer"
    return str(frame.get("action") or frame.get("type") or "gatewayError")


VALIDATORS = {
    name: Draft7Validator(message["payload"] | {"components": ASYNCAPI["components"]})
    for name, message in MESSAGES.items()
}


def problems(frame: Any, name: str) -> list[str]:
    """Return the problems that the schema of a kind finds in a frame."""
    return [f"{error.json_path}: {error.message}" for error in VALIDATORS[name].iter_errors(frame)]


def section(title: str) -> str:
    """Return the text under a heading of the second level in docs/protocol.md."""
    (body,) = re.findall(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", PROTOCOL, re.MULTILINE | re.DOTALL)
    return str(body)


def examples(text: str) -> list[dict[str, Any]]:
    """Return the frames in the JSON code blocks of a text."""
    return [json.loads(fence) for fence in re.findall(r"^```json\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)]


def part(document: str, title: str) -> str:
    """Return the text under a heading of any level, without the parts that have headings of their own."""
    (body,) = re.findall(rf"^##+ {re.escape(title)}\n(.*?)(?=^##|\Z)", document, re.MULTILINE | re.DOTALL)
    return str(body)


def code(document: str, title: str, language: str) -> list[str]:
    """Return the code blocks of a language under a heading of any level."""
    return re.findall(rf"^```{language}\n(.*?)^```$", part(document, title), re.MULTILINE | re.DOTALL)


def commands(document: str, title: str, number: int = 0) -> str:
    """Return the commands of a console block under a heading, without what they print."""
    lines = code(document, title, "console")[number].splitlines()
    return "\n".join(line.removeprefix("$ ") for line in lines if line.startswith(("$ ", "  ")))


def script(title: str) -> str:
    """Return the JavaScript code block under a heading of docs/protocol.md, of any level."""
    (fence,) = code(PROTOCOL, title, "js")
    return fence


def function_of(title: str, name: str) -> Callable[..., Any]:
    """Return a function of the Python snippet under a heading of docs/backends.md."""
    (snippet,) = code(BACKENDS, title, "python")
    names: dict[str, Any] = {}
    exec(snippet, names)
    function: Callable[..., Any] = names[name]
    return function
