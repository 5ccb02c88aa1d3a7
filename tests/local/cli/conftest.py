"""A stack in moto whose MessageFunction answers by script, and a runner of the commands that ask it."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from local.cli.command_line import main
from tests.support.operators import TEMPLATE, Run
from tests.support.scripted import CLOSED, Scripted, answer, scripted


@pytest.fixture(scope="module")
def stack(moto_url: str) -> Iterator[str]:
    """
    The name of a stack in moto, with the output of a hub. The stack ``older`` lacks it.

    Each module makes them anew, because other modules use ``mock_aws``, which empties moto.

    """
    session = boto3.Session("testing", "testing", region_name="us-east-1")
    cloudformation = session.client("cloudformation", endpoint_url=moto_url)
    cloudformation.create_stack(StackName="operated", TemplateBody=json.dumps(TEMPLATE))
    without = {"Resources": TEMPLATE["Resources"]}
    cloudformation.create_stack(StackName="older", TemplateBody=json.dumps(without))
    yield "operated"
    for name in ("operated", "older"):
        cloudformation.delete_stack(StackName=name)


@pytest.fixture
def function(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """MessageFunction of the stack, which answers by script. Its requests are the events."""
    with scripted() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", server.url)
        server.last = CLOSED
        yield server


@pytest.fixture
def run(stack: str, function: Scripted, capsys: pytest.CaptureFixture[str]) -> Run:
    """See ``Run``. An answer is a value, or the bytes of an HTTP response."""

    def run(arguments: list[str], *answers: Any) -> tuple[int, str, str]:
        function.script += [each if isinstance(each, bytes) else answer(json.dumps(each).encode()) for each in answers]
        status = main([*arguments, "--stack", stack])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run
