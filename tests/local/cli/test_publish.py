"""``python -m local publish``: what it asks the function of a stack, and what it prints."""

import io
import json
import sys
import uuid
from typing import Any

import pytest

from tests.support.operators import HI, ME, Run
from tests.support.scripted import Scripted

ACK = {"type": "ack", "id": "o-1", "delivered": {}, "offline": [], "failed": {}}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param([*HI, '{"text": "hi"}'], {"message": {"text": "hi"}}, id="plain"),
        pytest.param([*HI, "-7"], {"message": -7}, id="a-number"),
        pytest.param([*HI, "null"], {"message": None}, id="null"),
        pytest.param([*HI, '"olá"', "--from", "orders"], {"message": "olá", "from": "orders"}, id="from"),
        pytest.param([*HI, "1", "--id", ""], {"message": 1, "id": ""}, id="an-id-that-the-hub-refuses"),
        pytest.param([*HI, "1", "--no-store"], {"message": 1, "store": False}, id="not-stored"),
        pytest.param([*HI, "1", "--session", "s2"], {"message": 1, "sessions": ["s1", "s2"]}, id="two-sessions"),
    ],
)
def test_publish_sends_one_message(run: Run, function: Scripted, arguments: list[str], message: Any) -> None:
    assert run(arguments, {"answers": [ACK]})[0] == 0
    expected = {"sessions": ["s1"], "id": "o-1", "store": True} | message
    assert function.requests == [{"hub": "publish", "messages": [expected], "by": ME}]


def test_publish_reads_the_message_from_standard_input(
    run: Run, function: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO('{"text": "olá"}\n'.encode())))
    assert run([*HI, "-"], {"answers": [ACK]})[0] == 0
    assert function.requests[0]["messages"][0]["message"] == {"text": "olá"}


def test_publish_makes_a_new_id(run: Run, function: Scripted) -> None:
    for _ in range(2):
        run(["publish", "--session", "s1", "1"], {"answers": [ACK]})
    first, second = (uuid.UUID(request["messages"][0]["id"]) for request in function.requests)
    assert first != second


@pytest.mark.parametrize(
    ("ack", "lines", "status"),
    [
        pytest.param(
            {"delivered": {"s1": 2}, "offline": ["s22"]},
            ["s1   delivered to 2 connections", "s22  offline"],
            0,
            id="delivered-and-offline",
        ),
        pytest.param(
            {"delivered": {"s1": 1, "s22": 1}, "failed": {"s22": 2}, "seq": {"s1": 7}},
            ["s1   delivered to 1 connection, stored as 7", "s22  delivered to 1 connection, failed for 2 connections"],
            1,
            id="failed-in-part",
        ),
        pytest.param({"failed": {"s1": 0}, "offline": ["s22"]}, ["s1   failed", "s22  offline"], 1, id="not-read"),
    ],
)
def test_publish_prints_what_became_of_the_message(
    run: Run, ack: dict[str, Any], lines: list[str], status: int
) -> None:
    ended = run([*HI, "--session", "s22", "--session", "s1", "1"], {"answers": [ACK | ack]})
    assert ended == (status, "\n".join(lines) + "\n", "")


def test_json_prints_the_hub_s_answer(run: Run) -> None:
    ack = ACK | {"failed": {"s1": 1}}
    status, printed, _ = run([*HI, "--json", "1"], {"answers": [ack]})
    assert (status, json.loads(printed)) == (1, ack)


MISQUOTED = "The message is not JSON: Expecting value: line 1 column 1 (char 0)."


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        pytest.param(
            "hello", f"{MISQUOTED} A text needs double quotes within single quotes: '\"hello\"'.", id="a-text"
        ),
        pytest.param(
            "{text: hi}",
            "The message is not JSON: Expecting property name enclosed in double quotes: "
            """line 1 column 2 (char 1). The shell needs single quotes around it: '{"text": "hi"}'.""",
            id="quotes-that-the-shell-took",
        ),
        pytest.param('{"a": NaN}', "The message is not JSON: it has NaN, which JSON does not have.", id="nan"),
        pytest.param('{"a": 1, "a": 2}', "The message is not JSON: an object has the same member twice.", id="twice"),
        pytest.param(
            "1e999", "The message is not JSON: Out of range float values are not JSON compliant: inf.", id="inf"
        ),
        pytest.param(
            '"\\ud800"',
            "The message is not JSON: 'utf-8' codec can't encode character '\\ud800' "
            "in position 1: surrogates not allowed.",
            id="a-lone-surrogate",
        ),
        pytest.param(
            "[" * 100_000,
            "The message is not JSON: maximum recursion depth exceeded while decoding a JSON "
            "array from a unicode string.",
            id="too-deep",
        ),
    ],
)
def test_a_message_that_is_not_json_is_refused_before_anything_is_sent(
    run: Run, function: Scripted, message: str, sentence: str
) -> None:
    assert run([*HI, message]) == (1, "", f"{sentence}\n")
    assert function.requests == []
