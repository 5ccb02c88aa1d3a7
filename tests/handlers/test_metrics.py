"""The metrics that the functions print, and the alarms that these metrics trigger."""

import json
from typing import Any

import boto3
import pytest

from bench import limits
from delivery.stuck import MAX_FAILURES
from hub import metrics
from hub.log import SERVICE
from local.stack.loading import translated
from local.stack.parameters import parameter_values
from local.stack.resources import Resources
from tests.support.credentials import token
from tests.support.fan_outs import NO_PATIENCE
from tests.support.in_moto import HubInMoto, row
from tests.support.paths import ROOT
from tests.support.tables import rows


def emitted(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return what was printed since the last call: the metrics of each event."""
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith('{"_aws"')]
    for record in records:
        (directive,) = record["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == metrics.NAMESPACE
        assert directive["Dimensions"][0] == ["service"]
        assert record["service"] == SERVICE
    return records


def values(record: dict[str, Any]) -> dict[str, float]:
    (directive,) = record["_aws"]["CloudWatchMetrics"]
    return {
        metric["Name"]: sum(record[metric["Name"]])
        for metric in directive["Metrics"]
        if metric["Name"] != "DeliveryTime"
    }


def test_a_connection_and_its_end_are_counted(hub_in_moto: HubInMoto, capsys: pytest.CaptureFixture[str]) -> None:
    hub = hub_in_moto.hub()
    hub.connect("one=", {"session_id": "s1"})
    hub.disconnect("one=")
    assert [values(record) for record in emitted(capsys)] == [{"Connected": 1}, {"Disconnected": 1}]


def test_a_message_is_counted_with_what_became_of_each_recipient(
    hub_in_moto: HubInMoto, capsys: pytest.CaptureFixture[str]
) -> None:
    for connection_id in ("one=", "two="):
        hub_in_moto.connections.add(row("s1", connection_id))
    hub = hub_in_moto.hub()
    hub.send("one=", {"action": "sendMessage", "sessions": ["s1", "s2"], "message": 1})

    (record,) = emitted(capsys)
    expected = {"Messages": 1, "Recipients": 2, "Delivered": 2, "Gone": 0, "Undelivered": 0}
    assert values(record) == expected
    assert record["DeliveryTime"][0] > 0
    assert len(json.dumps(record, separators=(",", ":"))) == pytest.approx(limits.METRICS_LOG_BYTES, rel=0.25)


@pytest.mark.parametrize(
    ("status", "gone", "undelivered"),
    [pytest.param(410, 1, 0, id="gone"), pytest.param(403, 0, 1, id="undelivered")],
)
def test_a_recipient_that_did_not_receive_the_message_is_counted(
    hub_in_moto: HubInMoto, capsys: pytest.CaptureFixture[str], status: int, gone: int, undelivered: int
) -> None:
    hub_in_moto.connections.add(row("s1", "one="))
    hub_in_moto.endpoint.status = status
    try:
        hub_in_moto.hub().send("one=", {"action": "sendMessage", "sessions": ["s1"], "message": 1})
    finally:
        hub_in_moto.endpoint.status = 200
    (record,) = emitted(capsys)
    assert (record["Gone"], record["Undelivered"]) == ([gone], [undelivered])
    assert is_alarming("UndeliveredAlarm", record["Undelivered"][0]) is bool(undelivered)


def test_a_connection_that_the_hub_closes_because_it_takes_nothing_is_counted_and_its_row_removed(
    hub_in_moto: HubInMoto, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub_in_moto.connections.add(row("s1", "one="))
    hub_in_moto.connections.add(row("s2", "two="))
    hub = hub_in_moto.hub()
    frame = {"action": "sendMessage", "sessions": ["s2"], "message": 1}
    hub.send("one=", frame)
    monkeypatch.setattr(hub.functions["MessageFunction"].FAN_OUT, "patience", NO_PATIENCE)
    monkeypatch.setattr(hub_in_moto.endpoint, "status", 429)

    acks = [hub.send("one=", frame) for _ in range(MAX_FAILURES + 1)]

    assert [ack["failed"] for ack in acks] == [{"s2": 1}] * MAX_FAILURES + [{}]
    assert acks[-1]["offline"] == ["s2"]
    assert (hub_in_moto.endpoint.closed, rows("s2")) == (["two="], [])
    counted = [values(record).get("StuckClosed") for record in emitted(capsys)]
    assert counted == [None] * MAX_FAILURES + [1, None]


@pytest.mark.parametrize(
    ("function", "code"),
    [pytest.param("connect", "bad_request", id="handshake"), pytest.param("send", "bad_json", id="frame")],
)
def test_a_refusal_is_counted_in_total_and_by_its_code(
    hub_in_moto: HubInMoto, capsys: pytest.CaptureFixture[str], function: str, code: str
) -> None:
    hub = hub_in_moto.hub()
    if function == "connect":
        hub.connect("one=", {"session_id": "not a session"})
    else:
        hub.send("one=", "{")
    (record,) = emitted(capsys)
    assert values(record) == {"Refused": 1}
    (directive,) = record["_aws"]["CloudWatchMetrics"]
    assert directive["Dimensions"] == [["service"], ["service", "code"]]
    assert record["code"] == code


def test_a_code_is_not_left_for_the_next_event(hub_in_moto: HubInMoto, capsys: pytest.CaptureFixture[str]) -> None:
    hub = hub_in_moto.hub()
    hub.send("one=", "{")
    hub.connect("one=", {"session_id": "s1"})
    _, record = emitted(capsys)
    assert record["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"]]
    assert "code" not in record


def test_an_event_that_counts_nothing_prints_nothing(
    hub_in_moto: HubInMoto, capsys: pytest.CaptureFixture[str]
) -> None:
    hub_in_moto.hub().send("one=", {"action": "ping"})
    assert emitted(capsys) == []


@pytest.mark.parametrize("function", ["connect", "send", "disconnect"])
def test_a_table_that_cannot_be_reached_raises_the_alarm_and_tells_the_client_a_code(
    hub_in_moto: HubInMoto, capsys: pytest.CaptureFixture[str], function: str
) -> None:
    hub = hub_in_moto.hub(TableName=f"no-such-table-{function}")
    if function == "connect":
        assert hub.connect("one=", {"session_id": "s1"}) == (500, "internal")
    elif function == "send":
        answer = hub.send("one=", {"action": "sendMessage", "sessions": ["s1"], "message": 1})
        assert (answer["code"], answer["request_id"]) == ("internal", "request-1")
    else:
        with pytest.raises(AssertionError):
            hub.disconnect("one=")
    (record,) = emitted(capsys)
    assert values(record) == {"Faults": 1}
    assert is_alarming("FaultsAlarm", record["Faults"][0])


def test_a_secret_that_cannot_be_read_raises_the_alarm(
    hub_in_moto: HubInMoto, capsys: pytest.CaptureFixture[str]
) -> None:
    boto3.client("secretsmanager").delete_secret(SecretId="signing", ForceDeleteWithoutRecovery=True)
    try:
        assert hub_in_moto.hub(AuthMode="jwt").connect("one=", {"token": token()}) == (500, "internal")
    finally:
        hub_in_moto.make_secret()
    (record,) = emitted(capsys)
    assert values(record) == {"Faults": 1}
    assert is_alarming("FaultsAlarm", record["Faults"][0])


def is_alarming(name: str, value: float) -> bool:
    """Return whether an alarm's threshold is reached in a period with this sum."""
    template = translated(ROOT / "template.yaml")
    stack = Resources(template, parameter_values(template["Parameters"], {}))
    alarm = stack.of_type("AWS::CloudWatch::Alarm")[name]
    assert (alarm["Statistic"], alarm["ComparisonOperator"]) == ("Sum", "GreaterThanOrEqualToThreshold")
    functions = stack.of_type("AWS::Lambda::Function").values()
    (service,) = {function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] for function in functions}
    assert alarm["Dimensions"] == [{"Name": "service", "Value": service}]
    return value >= float(alarm["Threshold"])
