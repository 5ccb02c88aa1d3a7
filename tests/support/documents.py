"""The two documents of the protocol, read: for the tests that hold the code against them."""

import json
import re
from typing import Any

import yaml
from jsonschema import Draft7Validator

from tests.support.paths import ROOT

PROTOCOL = (ROOT / "docs/protocol.md").read_text("utf-8")
ASYNCAPI_TEXT = (ROOT / "docs/asyncapi.yaml").read_text("utf-8")
ASYNCAPI = yaml.safe_load(ASYNCAPI_TEXT)
MESSAGES: dict[str, Any] = ASYNCAPI["components"]["messages"]
SCHEMAS: dict[str, Any] = ASYNCAPI["components"]["schemas"]


def kind(frame: dict[str, Any]) -> str:
    """Return the name that the AsyncAPI document gives to such a frame."""
    return str(frame.get("action") or frame.get("type") or "gatewayError")


VALIDATORS = {
    name: Draft7Validator(message["payload"] | {"components": ASYNCAPI["components"]})
    for name, message in MESSAGES.items()
}


def problems(frame: Any, name: str) -> list[str]:
    """Return what the schema of a kind of frame finds wrong."""
    return [f"{error.json_path}: {error.message}" for error in VALIDATORS[name].iter_errors(frame)]


def section(title: str) -> str:
    """Return what docs/protocol.md says under a heading of the second level."""
    (text,) = re.findall(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", PROTOCOL, re.MULTILINE | re.DOTALL)
    return str(text)


def examples(text: str) -> list[dict[str, Any]]:
    """Return the frames in the text's fences for JSON."""
    return [json.loads(fence) for fence in re.findall(r"^```json\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)]


# What may be generated.
