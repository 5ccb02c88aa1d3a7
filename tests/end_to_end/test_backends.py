"""Backends publish, and operators see and act, by Lambda's Invoke API, while real sockets listen."""

import json
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import boto3
import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.gateway import PATIENCE, Client, RunningGateway

Invoke: TypeAlias = Callable[..., Any]
"""Invokes MessageFunction with an event, and returns its answer."""


@pytest.fixture(scope="module")
def hub() -> Iterator[RunningGateway]:
    """A gateway whose hub keeps history. The sessions of each test are its own."""
    with RunningGateway.start("--parameter", "HistorySeconds=600") as running:
        yield running


@pytest.fixture
def invoke(hub: RunningGateway) -> Invoke:
    client = boto3.client("lambda", endpoint_url=hub.endpoints["page"])

    def invoke(**event: Any) -> Any:
        answer = client.invoke(FunctionName="MessageFunction", Payload=json.dumps(event))
        assert "FunctionError" not in answer
        return json.loads(answer["Payload"].read())

    return invoke


def end_of(client: Client) -> int | None:
    """Wait for the end of a connection, and return the code of its close."""
    with pytest.raises(ConnectionClosed) as closed:
        client.socket.recv(timeout=PATIENCE)
    return closed.value.rcvd.code if closed.value.rcvd else None


def test_each_message_of_a_backend_has_an_answer_and_reaches_every_socket(hub: RunningGateway, invoke: Invoke) -> None:
    with hub.connect("publish-1") as one, hub.connect("publish-1") as sibling, hub.connect("publish-2") as other:
        answers = invoke(
            hub="publish",
            messages=[
                {"sessions": ["publish-1", "publish-2"], "message": {"n": 1}, "id": "o-1", "from": "orders"},
                {"sessions": ["publish-1", "a b"], "message": 2, "id": "o-2"},
                {"sessions": ["publish-1", "nobody"], "message": "ç", "id": "o-3", "store": False},
            ],
        )["answers"]
        first, malformed, last = answers
        assert first == {
            "type": "ack",
            "id": "o-1",
            "delivered": {"publish-1": 2, "publish-2": 1},
            "offline": [],
            "failed": {},
            "seq": first["seq"],
        }
        assert (malformed["code"], malformed["field"], malformed["id"]) == ("bad_request", "sessions[1]", "o-2")
        assert (last["delivered"], last["offline"], "seq" in last) == ({"publish-1": 2}, ["nobody"], False)
        for client in (one, sibling):
            frames = [client.receive() for _ in range(2)]
            assert [(frame["id"], frame["from"], frame["message"], frame.get("seq")) for frame in frames] == [
                ("o-1", "#orders", {"n": 1}, first["seq"]["publish-1"]),
                ("o-3", "#", "ç", None),
            ]
        assert other.receive()["session"] == "publish-2"


def test_a_published_message_can_be_resumed_like_any_other(hub: RunningGateway, invoke: Invoke) -> None:
    with hub.connect("away") as client:
        position = client.ask({"action": "resume"})["seq"]
    invoke(hub="publish", messages=[{"sessions": ["away"], "message": "you were away", "from": "orders"}])
    with hub.connect("away") as client:
        page = client.ask({"action": "resume", "after": position})
    assert page["recovered"] is True
    assert [(frame["from"], frame["message"]) for frame in page["messages"]] == [("#orders", "you were away")]


def test_clients_and_operators_hear_the_same_of_who_is_online(hub: RunningGateway, invoke: Invoke) -> None:
    sessions = ["who-2", "who-nobody", "who-1"]
    with hub.connect("who-1") as client, hub.connect("who-2"), hub.connect("who-2"):
        online = {"online": {"who-2": 2, "who-1": 1}, "offline": ["who-nobody"]}
        assert invoke(hub="who", sessions=sessions) == online
        assert client.ask({"action": "who", "id": "w-1", "sessions": sessions}) == {"type": "who", "id": "w-1"} | online
    hub.wait_for_rows("who-2", 0)
    assert invoke(hub="who", sessions=["who-2"]) == {"online": {}, "offline": ["who-2"]}


def test_a_connection_is_closed_for_good_and_its_siblings_stay(hub: RunningGateway, invoke: Invoke) -> None:
    with hub.connect("close-some") as one, hub.connect("close-some") as other:
        before = [row["connection_id"] for row in invoke(hub="list", session="close-some")["connections"]]
        event = {"session": "close-some", "connections": before[:1], "reconnect": False, "reason": "signed out"}
        assert invoke(hub="close", **event) == {"closed": {"close-some": 1}, "failed": {}}
        left = [row["connection_id"] for row in invoke(hub="list", session="close-some")["connections"]]
        assert left == before[1:]
        assert invoke(hub="publish", messages=[{"sessions": ["close-some"], "message": 1}])["answers"][0][
            "delivered"
        ] == {"close-some": 1}
        frames = [client.receive() for client in (one, other)]
        closed, open_one = (one, other) if frames[0]["type"] == "closing" else (other, one)
        assert sorted(frame["type"] for frame in frames) == ["closing", "message"]
        assert {"type": "closing", "reconnect": False, "reason": "signed out"} in frames
        assert end_of(closed) == 1000
        assert open_one.ask({"action": "ping"}) == {"type": "pong"}


def test_a_page_can_connect_again_before_its_connection_ends(hub: RunningGateway, invoke: Invoke) -> None:
    with hub.connect("close-all") as old:
        client = boto3.client("lambda", endpoint_url=hub.endpoints["page"])
        event = json.dumps({"hub": "close", "session": "close-all", "by": "night-shift"})
        client.invoke(FunctionName="MessageFunction", InvocationType="Event", Payload=event)
        assert old.receive() == {"type": "closing", "reconnect": True}
        with hub.connect("close-all") as new:
            assert old.ask({"action": "ping"}) == {"type": "pong"}  # there is time
            assert end_of(old) == 1000
            assert invoke(hub="publish", messages=[{"sessions": ["close-all"], "message": 1}])["answers"][0][
                "delivered"
            ] == {"close-all": 1}
            assert new.receive()["message"] == 1
        hub.output.wait_for("INFO closed .*by=night-shift")


def test_nobody_there_is_no_error(invoke: Invoke) -> None:
    assert invoke(hub="close", session="close-nobody") == {"closed": {"close-nobody": 0}, "failed": {}}
    assert invoke(hub="list", session="close-nobody") == {"connections": [], "after": None}
    assert invoke(hub="purge", session="close-nobody") == {"purged": 0, "more": False}


def test_after_a_purge_a_client_hears_of_the_gap_and_goes_on(hub: RunningGateway, invoke: Invoke) -> None:
    with hub.connect("purged") as client:
        position = client.ask({"action": "resume"})["seq"]
        messages = [{"sessions": ["purged"], "message": number, "id": f"p-{number}"} for number in range(40)]
        invoke(hub="publish", messages=messages)
        assert [client.receive()["message"] for _ in messages] == [*range(40)]

        assert invoke(hub="purge", session="purged") == {"purged": 40, "more": False}

        page = client.ask({"action": "resume", "after": position})
        assert (page["recovered"], page["messages"]) == (False, [])
        assert client.ask({"action": "resume", "last": 100})["messages"] == []
        (answer,) = invoke(hub="publish", messages=[{"sessions": ["purged"], "message": "after"}])["answers"]
        assert answer["seq"]["purged"] == page["seq"] + 1
        assert client.receive()["message"] == "after"
        resumed = client.ask({"action": "resume", "after": page["seq"]})
        assert [frame["message"] for frame in resumed["messages"]] == ["after"]


@pytest.mark.parametrize(
    "event",
    [
        pytest.param({"hub": "who", "sessions": ["s1"], "requestContext": {"connectionId": "x"}}, id="two-marks"),
        pytest.param({"Records": [{"eventSource": "aws:s3", "s3": {}}]}, id="records-of-s3"),
        pytest.param({"requestContext": {"http": {"method": "POST"}}, "body": "{}"}, id="a-function-url"),
        pytest.param({"source": "aws.events", "detail": {}}, id="eventbridge"),
        pytest.param({}, id="nothing"),
    ],
)
def test_an_event_of_no_known_kind_is_answered_in_words(invoke: Invoke, event: dict[str, Any]) -> None:
    answer = invoke(**event)
    assert (answer["type"], answer["code"]) == ("error", "bad_request")
