"""Rows that somebody added by hand, with odd attributes: honest connections beside them hear every message."""

import json
from typing import Any

import boto3
import pytest

from tests.support.in_moto import HubInMoto, row


@pytest.mark.parametrize(
    "attributes",
    [
        pytest.param({"connected_at": {"N": "1795000000500.5"}}, id="fraction"),
        pytest.param({"connected_at": {"S": "x"}}, id="time-as-text"),
        pytest.param({"connected_at": {"N": "1.5e100"}}, id="huge"),
        pytest.param({"expires_at": {"S": "9"}}, id="odd-end"),
        pytest.param({"subject": {"N": "1"}}, id="odd-subject"),
        pytest.param({"send": {"SS": ["a"]}}, id="odd-grants"),
    ],
)
def test_an_odd_row_does_not_silence_its_session(hub_in_moto: HubInMoto, attributes: dict[str, Any]) -> None:
    keys = {"session_id": {"S": "s1"}, "connection_id": {"S": "odd="}}
    for connection in (row("me", "me="), row("s1", "honest=")):
        hub_in_moto.connections.add(connection)
    boto3.client("dynamodb").put_item(TableName=hub_in_moto.table, Item=keys | attributes)
    hub, frame = hub_in_moto.hub(), {"action": "sendMessage", "sessions": ["s1"], "message": 1}

    ack = hub.send("me=", frame)
    assert (ack["delivered"], ack["failed"], ack["offline"]) == ({"s1": 2}, {}, [])
    assert {name for name, _ in hub_in_moto.endpoint.posted} == {"honest=", "odd="}
    assert hub.send("odd=", frame | {"id": "c-1"})["type"] == ("error" if "send" in attributes else "ack")
    hub.disconnect("odd=")
    assert "honest=" in json.dumps(hub_in_moto.items())
