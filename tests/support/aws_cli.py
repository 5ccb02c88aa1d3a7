"""
A stand-in for the AWS CLI 2, which no package index has: ``aws SERVICE OPERATION --option VALUE … [FILE]``.

It knows the operations and options that botocore's models have, and of the global options ``--query`` and ``--output``.

"""

import base64
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import boto3
import jmespath  # type: ignore[import-untyped]
from botocore import xform_name
from botocore.model import Shape


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
    options, files = _parse(rest)
    query, output = options.pop("query", "@"), options.pop("output", "json")
    raw = options.pop("cli-binary-format", "base64") == "raw-in-base64-out"
    parameters = {members[name][0]: _value(members[name][1], text, raw) for name, text in options.items()}
    answer = getattr(client, method)(**parameters)
    del answer["ResponseMetadata"]
    if files:
        Path(files[0]).write_bytes(answer.pop("Payload").read())
    found = jmespath.search(query, answer)
    return "\t".join(map(str, found if isinstance(found, list) else [found])) if output == "text" else json.dumps(found)


def _parse(words: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    options: dict[str, str] = {}
    files = []
    left = iter(words)
    for word in left:
        if word.startswith("--"):
            options[word[2:]] = next(left)
        else:
            files.append(word)
    return options, files


def _value(shape: Shape, text: str, raw: bool) -> Any:
    if shape.type_name == "blob":
        return text.encode() if raw else base64.b64decode(text)
    return text if shape.type_name == "string" else json.loads(text)


if __name__ == "__main__":
    sys.stdout.write(main(sys.argv[1:]) + "\n")
