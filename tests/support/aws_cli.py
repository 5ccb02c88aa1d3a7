"""
A stand-in for the AWS CLI 2, which no package index has: ``aws SERVICE OPERATION --option VALUE … [FILE]``.

It knows the operations and options that botocore's models have, and of the global options ``--query`` and ``--output``.
Of the shorthand syntax, it knows lists of words and ``NAME=VALUE,NAME=VALUE``.

"""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

import boto3
import jmespath  # type: ignore[import-untyped]
from botocore import xform_name
from botocore.model import Shape

from tests.support.paths import ROOT


def shell(script: str, folder: Path) -> list[str]:
    """Run commands in a folder, where ``aws`` is a program, and return the lines that they print."""
    install(folder)
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        ["sh", "-e", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout.splitlines()


def install(folder: Path) -> None:
    """Make a program ``aws`` in a folder."""
    program = folder / "aws"
    program.write_text(f"#!/bin/sh\nexec '{sys.executable}' '{Path(__file__)}' \"$@\"\n")
    program.chmod(0o755)


def main(arguments: Sequence[str]) -> str:
    """Run a command, and return what it prints."""
    service, operation, *rest = arguments
    client = boto3.client(service)  # type: ignore[call-overload]  # the stubs want a literal
    method = operation.replace("-", "_")
    model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method])
    members = {xform_name(name, "-"): (name, shape) for name, shape in model.input_shape.members.items()}
    options, files = _parse(rest, {name: shape for name, (_, shape) in members.items()})
    query, output = options.pop("query", ["@"])[0], options.pop("output", ["json"])[0]
    raw = options.pop("cli-binary-format", ["base64"])[0] == "raw-in-base64-out"
    parameters = {members[name][0]: _value(members[name][1], words, raw) for name, words in options.items()}
    answer = getattr(client, method)(**parameters)
    del answer["ResponseMetadata"]
    if files:
        Path(files[0]).write_bytes(answer.pop("Payload").read())
    found = jmespath.search(query, answer)
    if output == "text":
        return "\t".join(map(str, found if isinstance(found, list) else [found]))
    return json.dumps(found, default=str)


def _parse(words: Sequence[str], shapes: dict[str, Shape]) -> tuple[dict[str, list[str]], list[str]]:
    """Return the words of each option, and the words that belong to none."""
    options: dict[str, list[str]] = {}
    files = []
    left = list(words)
    while left:
        word = left.pop(0)
        if not word.startswith("--"):
            files.append(word)
            continue
        kind = shapes[word[2:]].type_name if word[2:] in shapes else "string"
        own = {"boolean": 0, "list": len([*takewhile(lambda each: not each.startswith("--"), left)])}.get(kind, 1)
        options[word[2:]], left = left[:own], left[own:]
    return options, files


def _value(shape: Shape, words: list[str], raw: bool) -> Any:
    if shape.type_name == "boolean":
        return not words or words == ["true"]
    if shape.type_name == "list" and not words[0].startswith("["):
        return words
    (text,) = words
    if shape.type_name == "blob":
        return text.encode() if raw else base64.b64decode(text)
    if shape.type_name in {"structure", "map"} and not text.startswith("{"):
        pairs = (pair.split("=", 1) for pair in text.split(","))
        return {name: _value(_member(shape, name), [value], raw) for name, value in pairs}
    return text if shape.type_name == "string" else json.loads(text)


def _member(shape: Any, name: str) -> Shape:
    member: Shape = shape.members[name] if shape.type_name == "structure" else shape.value
    return member


if __name__ == "__main__":
    sys.stdout.write(main(sys.argv[1:]) + "\n")
