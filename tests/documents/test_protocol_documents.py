"""The documents of the protocol: their examples, tables and numbers are those of the code."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from callers.clients import Clients
from delivery.dynamodb_answers import DynamoDBError
from history.items import Entry
from history.resuming import LIMIT
from history.storing import Storing
from history.table import HistoryTable
from hub import connect_request as handshake
from hub import frames, members
from hub.connection import Connection
from hub.envelope import MAX_FRAME_BYTES, MAX_STORED_BYTES, Envelope
from hub.errors import HubError, TooManyConnections, Unauthorized
from hub.invocations import MAX_REASON
from hub.message_ids import timestamp
from hub.rate import RateLimit
from hub.replies import MAX_PAGE_BYTES
from hub.sessions import SESSION_ID
from local import options
from local.wire.framing import MAX_FRAME, MAX_MESSAGE
from tests.support.documents import (
    ASYNCAPI,
    ASYNCAPI_TEXT,
    MESSAGES,
    PROTOCOL,
    SCHEMAS,
    examples,
    kind,
    problems,
    section,
)
from tests.support.fan_outs import Rows, fan_out_to, row
from tests.support.faulty import faulty_endpoint
from tests.support.lambdas import Context, cold_start

ERRORS = [error for error in HubError.__subclasses__() if error not in (Unauthorized, TooManyConnections)]


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(target := node.get("$ref"), str):
            yield target
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from references(child)


@pytest.mark.parametrize("reference", sorted(set(references(ASYNCAPI))))
def test_every_reference_leads_somewhere(reference: str) -> None:
    node = ASYNCAPI
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]


@pytest.mark.parametrize("frame", [pytest.param(frame, id=kind(frame)) for frame in examples(PROTOCOL)])
def test_every_example_in_the_prose_fits_its_schema(frame: dict[str, Any]) -> None:
    assert problems(frame, kind(frame)) == []


@pytest.mark.parametrize(
    ("name", "frame"),
    [
        pytest.param(name, example["payload"], id=example.get("name", name))
        for name, message in MESSAGES.items()
        for example in message["examples"]
    ],
)
def test_every_example_in_the_asyncapi_document_fits_its_schema(name: str, frame: dict[str, Any]) -> None:
    assert (kind(frame), problems(frame, name)) == (name, [])


def test_the_prose_shows_every_kind_of_frame() -> None:
    assert {kind(frame) for frame in examples(PROTOCOL)} == set(MESSAGES)


@pytest.mark.parametrize("title", ["What a client sends", "What the hub sends", "Frames from API Gateway"])
def test_the_tables_of_members_are_those_of_the_schemas(title: str) -> None:
    """In order; a part of a section without a table of members, such as its beginning, has no example either."""
    for part in section(title).split("\n### "):
        documented = re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)
        described = {tuple(schema_of(kind(frame))["properties"]) for frame in examples(part)}
        assert described == ({tuple(documented)} if documented else set())


def schema_of(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = SCHEMAS[MESSAGES[name]["payload"]["$ref"].rpartition("/")[2]]
    return schema


def test_the_error_codes_are_those_of_the_code() -> None:
    codes = sorted(error.code for error in ERRORS)
    documented = re.findall(r"^\| `(\w+)` \|", section("Error codes"), re.MULTILINE)
    assert (sorted(documented), sorted(SCHEMAS["ErrorCode"]["enum"])) == (codes, codes)


def test_the_schemas_bounds_are_the_codes() -> None:
    sessions = schema_of("sendMessage")["properties"]["sessions"]
    ack = schema_of("ack")["properties"]
    question = schema_of("resume")["properties"]
    page = schema_of("resumed")["properties"]
    assert {
        "sessions": sessions["maxItems"],
        "sessions offline": ack["offline"]["maxItems"],
        "sessions counted": SCHEMAS["Counts"]["maxProperties"],
        "sessions numbered": ack["seq"]["maxProperties"],
        "numbers": SCHEMAS["Seq"]["maximum"],
        "positions": question["after"]["maximum"],
        "newest messages": question["last"]["maximum"],
        "messages of a page": page["messages"]["maxItems"],
        "characters of an id": SCHEMAS["MessageId"]["maxLength"],
        "session id": SCHEMAS["SessionId"]["pattern"],
    } == {
        "sessions": members.MAX_SESSIONS,
        "sessions offline": members.MAX_SESSIONS,
        "sessions counted": members.MAX_SESSIONS,
        "sessions numbered": members.MAX_SESSIONS,
        "numbers": frames.MAX_SEQ,
        "positions": frames.MAX_SEQ,
        "newest messages": frames.MAX_LAST,
        "messages of a page": max(LIMIT, frames.MAX_LAST),
        "characters of an id": members.MAX_MESSAGE_ID,
        "session id": f"^{SESSION_ID.pattern}$",
    }


QUOTAS = options.Limits()
AROUND_MESSAGE = len(Envelope("", "", timestamp(0), 0).addressed_to("")) - len("0")
NUMBER = len(Envelope("", "", timestamp(0), 0).addressed_to("", frames.MAX_SEQ)) - len("0") - AROUND_MESSAGE
BYTES = [MAX_FRAME_BYTES, MAX_STORED_BYTES, MAX_PAGE_BYTES]


@pytest.mark.parametrize(
    ("document", "pattern", "stated"),
    [
        pytest.param(PROTOCOL, r"protocol, `(.+?)`", [handshake.PROTOCOL], id="subprotocol"),
        pytest.param(PROTOCOL, r"1 to ([\d,]+) session ids", [members.MAX_SESSIONS], id="sessions"),
        pytest.param(PROTOCOL, r"1 to ([\d,]+) characters", [members.MAX_MESSAGE_ID], id="id"),
        pytest.param(PROTOCOL, r"([\d,]+) levels", [members.MAX_DEPTH], id="levels"),
        pytest.param(PROTOCOL, r"([\d,]{4,}) bytes", BYTES, id="delivered-stored-and-page"),
        pytest.param(PROTOCOL, r"it has (\d+) bytes", [AROUND_MESSAGE], id="bytes-around-a-message"),
        pytest.param(PROTOCOL, r"`seq` adds (\d+) bytes", [NUMBER], id="bytes-of-a-number"),
        pytest.param(PROTOCOL, r"from 0 to ([\d,]+)", [frames.MAX_SEQ], id="positions"),
        pytest.param(PROTOCOL, r"1 to ([\d,]+): how many of the newest", [frames.MAX_LAST], id="newest"),
        pytest.param(PROTOCOL, r"at most (\d+) messages", [LIMIT], id="messages-of-a-page"),
        pytest.param(PROTOCOL, r"at most (\d+) if the question had `last`", [frames.MAX_LAST], id="newest-of-a-page"),
        pytest.param(PROTOCOL, r"(\d+) KB", [MAX_MESSAGE >> 10, MAX_FRAME >> 10], id="sent-frame"),
        pytest.param(PROTOCOL, r"(\d+) minutes", [int(QUOTAS.idle) // 60], id="idle"),
        pytest.param(PROTOCOL, r"(\d+) hours", [int(QUOTAS.duration) // 3600], id="duration"),
        pytest.param(PROTOCOL, r"waits (\d+) seconds", [int(options.INTEGRATION_TIMEOUT)], id="integration"),
        pytest.param(ASYNCAPI_TEXT, r"title: (hub.+)", [handshake.PROTOCOL], id="asyncapi-subprotocol"),
        pytest.param(ASYNCAPI_TEXT, r"([\d,]+) different sessions", [members.MAX_SESSIONS], id="asyncapi-sessions"),
        pytest.param(ASYNCAPI_TEXT, r"([\d,]+) levels", [members.MAX_DEPTH], id="asyncapi-levels"),
        pytest.param(ASYNCAPI_TEXT, r"([\d,]+) bytes", [*BYTES, MAX_REASON], id="asyncapi-delivered-stored-and-page"),
        pytest.param(
            ASYNCAPI_TEXT,
            r"(\d+) KB",
            [MAX_MESSAGE >> 10, MAX_FRAME >> 10],
            id="asyncapi-sent-frame",
        ),
        pytest.param(ASYNCAPI_TEXT, r"(\d+) minutes", [int(QUOTAS.idle) // 60], id="asyncapi-idle"),
        pytest.param(ASYNCAPI_TEXT, r"(\d+) hours", [int(QUOTAS.duration) // 3600], id="asyncapi-duration"),
    ],
)
def test_every_mention_of_a_number_states_the_codes(document: str, pattern: str, stated: list[int | str]) -> None:
    mentions = re.findall(pattern, " ".join(document.split()) if document is PROTOCOL else document)
    assert set(mentions) == {f"{value:,}" if isinstance(value, int) else value for value in stated}


def test_the_characters_of_a_session_id_are_the_codes() -> None:
    ((most, characters),) = re.findall(r"1 to (\d+) of the characters `(.+?)`", PROTOCOL)
    assert f"[{characters.replace(' ', '')}]{{1,{most}}}" == SESSION_ID.pattern


# The worked examples of docs/protocol.md, worked.

EXAMPLES = dict(part.split("\n", 1) for part in section("How an ack accounts for every session").split("\n### ")[1:])
SITUATIONS: dict[str, dict[str, list[str] | None]] = {
    "Offline": {"s1": ["200", "200"]},
    "Echo false": {"s1": ["200"]},
    "Gone": {"s1": ["200", "410"], "s2": ["410"]},
    "Failed": {"s1": ["200", "403"], "s2": ["403"]},
    "Unreadable session": {"s1": None, "s2": ["200"]},
    "Not stored": {"s1": ["200"], "s2": ["200"]},
}
"""For each session what posts to its connections are answered, or None if they cannot be read."""


class KeptSessions:
    """A history of the sessions of "Not stored". The table does not store anything for ``s2``."""

    def kept(self, sessions: Iterable[str]) -> frozenset[str]:
        return frozenset(sessions)

    def storing(self, sessions: frozenset[str], _seconds: float) -> Storing:
        return Storing(HalfTable(), sessions, 600, lambda: 0.0)


class HalfTable(HistoryTable):
    def __init__(self) -> None:
        """It needs no DynamoDB."""

    async def take_number(self, session_id: str, now: float) -> int:
        if session_id == "s2":
            raise DynamoDBError("DynamoDB throttles the requests")
        return 1_795_000_000_000_042

    async def put(self, session_id: str, entry: Entry) -> bool:
        return True


class Situation(Rows):
    """Stored connections, the sender's among them."""

    async def find(self, connection_id: str, seconds: float) -> Connection | None:
        return next(each for each in self.rows if each.connection_id == connection_id)


def test_every_worked_example_has_its_situation_here() -> None:
    assert list(EXAMPLES) == list(SITUATIONS)


@pytest.mark.parametrize("title", SITUATIONS)
def test_the_ack_of_a_worked_example_is_the_hubs(title: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sent, ack = examples(EXAMPLES[title])
    sessions = SITUATIONS[title] | {"s9": ["200"]}
    scripts = {
        f"{name}/{index}": [each] for name, answers in sessions.items() for index, each in enumerate(answers or [])
    }
    situation = Situation(
        [row(name.partition("/")[0], name) for name in scripts],
        fails_after={name: 0 for name, answers in sessions.items() if answers is None},
    )
    handler = cold_start("MessageFunction", monkeypatch)
    with faulty_endpoint() as served, fan_out_to(served.url, situation) as fan_out:
        served.scripts = scripts
        history: Any = KeptSessions() if title == "Not stored" else None
        monkeypatch.setattr(handler, "CLIENTS", Clients(fan_out, history, RateLimit(0, 0)))
        event = {"requestContext": {"connectionId": "s9/0"}, "body": json.dumps(sent)}
        answer = handler.lambda_handler(event, Context())

    assert json.loads(answer["body"]) == ack
