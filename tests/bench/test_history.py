"""What history takes: the stub of its table, and the figures that are measured."""

import json
from typing import Any

import pytest

from bench.delivery import history, versions
from bench.delivery.stored import Stored
from bench.delivery.stub import running_stub
from history.items import Entry, item_of
from tests.support.paths import ROOT

# The stub of the table.


def answered(stored: Stored, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Return the status and the content of an answer."""
    head, _, body = stored.answer(request).partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), json.loads(body)


def number(start: str) -> dict[str, Any]:
    values = {":start": {"N": start}, ":one": {"N": "1"}, ":expires_at": {"N": "9"}}
    key = {"session_id": {"S": "s1"}, "seq": {"N": "0"}}
    return {"Key": key, "UpdateExpression": "SET …", "ExpressionAttributeValues": values}


def put(seq: int, frame: str = "f") -> dict[str, Any]:
    return {"Item": item_of("s1", Entry.new(seq, frame, 1, 5))}


def span(first: int, last: int, limit: int) -> dict[str, Any]:
    values = {":session": {"S": "s1"}, ":first": {"N": str(first)}, ":last": {"N": str(last)}}
    return {"KeyConditionExpression": "…", "ExpressionAttributeValues": values, "Limit": limit}


def seqs(content: dict[str, Any]) -> list[int]:
    return [int(item["seq"]["N"]) for item in content["Items"]]


def test_the_stub_gives_numbers_one_after_another() -> None:
    stored = Stored()
    given = [answered(stored, number(start))[1]["Attributes"]["last"]["N"] for start in ("100", "900")]
    assert given == ["101", "102"]


def test_the_stub_stores_a_number_once() -> None:
    stored = Stored()
    assert answered(stored, put(7, "first")) == (200, {})
    status, content = answered(stored, put(7, "second"))
    assert (status, content["__type"].partition("#")[2]) == (400, "ConditionalCheckFailedException")
    found = answered(stored, {"Key": {"session_id": {"S": "s1"}, "seq": {"N": "7"}}})[1]
    assert found["Item"]["frame"] == {"S": "first"}


def test_the_stub_finds_nothing_where_nothing_is() -> None:
    assert answered(Stored(), {"Key": {"session_id": {"S": "s1"}, "seq": {"N": "7"}}}) == (200, {})


def test_the_stub_ends_a_page_at_the_limit_or_at_1_mb() -> None:
    stored = Stored()
    for seq in (3, 2, 1, 4):
        answered(stored, put(seq, "x" * 300_000))
    assert seqs(page := answered(stored, span(1, 3, 2))[1]) == [1, 2]
    assert page["LastEvaluatedKey"]["seq"] == {"N": "2"}
    assert seqs(page := answered(stored, span(2, 3, 3))[1]) == [2, 3]
    assert "LastEvaluatedKey" not in page
    assert "LastEvaluatedKey" in answered(stored, span(1, 4, 9))[1]


# The figures.


def of_engine(p50_ms: float, cpu_ms: float) -> dict[str, float]:
    return {"p50_ms": p50_ms, "p99_ms": 30.0, "cpu_ms": cpu_ms}


def test_what_history_adds_is_computed_within_a_round() -> None:
    without = [of_engine(10, 1.0), of_engine(20, 2.0), of_engine(30, 4.0)]
    stored = [of_engine(22, 1.5), of_engine(31, 2.25), of_engine(90, 4.75)]
    row = history.storing(without, stored, [of_engine(8, cpu) for cpu in (1.0, 1.0, 3.0)], sessions=10)
    assert (row["added_ms"], row["added_cpu_ms"]) == (12, 0.5)
    assert row["boto3"] == 0.25  # of 0.5, 0.25 and 0.25
    assert row["with"]["cpu_ms"] == 22.5  # of the whole message
    assert row["wall"] == 2.2


def test_two_versions_are_compared_by_the_ratios_of_their_rounds(capsys: pytest.CaptureFixture[str]) -> None:
    versions.show("1 connections", "cpu_ms", [({"cpu_ms": ours}, {"cpu_ms": 2.0}) for ours in (1.0, 2.0, 3.0)])
    assert " ".join(capsys.readouterr().out.split()) == "1 connections cpu_ms 2.00 2.00 1.000 (0.500 to 1.500)"


def test_a_version_starts_cold_from_its_folder() -> None:
    with running_stub(0.001, tls=True) as stub:
        assert versions.cold_start(ROOT, stub)["cpu_ms"] > 0
