"""Operators: who is online, which connections there are, and the end of connections and of history."""

import json
import time
from dataclasses import dataclass, field
from typing import Any

import pytest

from callers.operators import PAUSE, RECONNECTING, Operators
from tests.support.faulty import FaultyEndpoint
from tests.support.faulty_rows import FaultyRows
from tests.support.in_moto import row
from tests.support.message_functions import MessageFunction, counted

CLOSED_2 = {"closed": {"s1": 2}, "failed": {}}


@dataclass
class Pauses:
    """
    Pauses that take no time.

    Attributes:
        seconds: How long each would have been.
        before: The methods of all requests before each of them.

    """

    posts: FaultyEndpoint
    seconds: list[float] = field(default_factory=list)
    before: list[list[str]] = field(default_factory=list)

    async def pause(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self.before.append([method for method, _, _ in self.posts.requests])


@pytest.fixture
def pauses(function: MessageFunction, faulty: FaultyEndpoint, monkeypatch: pytest.MonkeyPatch) -> Pauses:
    """The pauses of the function's operators, which take no time. A retry hardly waits."""
    pauses, module = Pauses(faulty), function.module
    module.FAN_OUT.chance = lambda: 0.04
    operators = Operators(module.FAN_OUT, module.HISTORY, pauses.pause)
    monkeypatch.setattr(module, "_operators", lambda: operators)
    return pauses


def ask(function: MessageFunction, verb: str, remaining_ms: int = 28_000, **members: Any) -> Any:
    return function.invoke({"hub": verb, "session": "s1"} | members, remaining_ms)


def requests(faulty: FaultyEndpoint) -> list[tuple[str, str]]:
    """Return method and connection id of each request, in alphabetical order."""
    return sorted((method, name) for method, name, _ in faulty.requests)


# Who is online.


def test_who_counts_the_live_connections_of_each_session(function: MessageFunction, rows: FaultyRows) -> None:
    rows.most = 1
    rows.add(row("s2", "expired=", expires_at=int(time.time()) - 1), row("away", "expired=", expires_at=1))
    assert function.invoke({"hub": "who", "sessions": ["s2", "nobody", "s1", "away", "s2"]}) == {
        "online": {"s2": 1, "s1": 2},
        "offline": ["nobody", "away"],
    }


def test_who_answers_nothing_rather_than_a_part(function: MessageFunction, rows: FaultyRows) -> None:
    rows.lasting = {"page s2": "AccessDeniedException"}
    answer = function.invoke({"hub": "who", "sessions": ["s1", "s2"]})
    assert answer == {
        "type": "error",
        "code": "internal",
        "message": "The hub failed. The fault is not yours.",
        "request_id": "request-1",
    }
    assert function.errors() == ["failed"]


# Which connections there are.


def listed(function: MessageFunction, **members: Any) -> tuple[list[str], str | None]:
    """Return the connection ids of a page, and where the next page begins."""
    answer = ask(function, "list", **members)
    assert answer.keys() == {"connections", "after"}
    return [connection["connection_id"] for connection in answer["connections"]], answer["after"]


def test_a_list_has_what_is_known_of_each_connection(function: MessageFunction, rows: FaultyRows) -> None:
    rows.add(row("s3", "d=", connected_at=1_795_000_000_123, expires_at=9_999_999_999, subject="me", send=["s*"]))
    assert ask(function, "list", session="s3") == {
        "connections": [
            {
                "connection_id": "d=",
                "connected_at": 1_795_000_000_123,
                "expires_at": 9_999_999_999,
                "subject": "me",
            }
        ],
        "after": None,
    }
    assert ask(function, "list", session="nobody") == {"connections": [], "after": None}


def test_a_list_goes_on_page_by_page_and_a_page_may_be_empty(function: MessageFunction, rows: FaultyRows) -> None:
    rows.most = 2
    rows.add(*(row("s3", name) for name in "ad"), *(row("s3", name, expires_at=1) for name in "bcef"))
    pages: list[tuple[list[str], str | None]] = []
    after: str | None = None
    while not pages or after:
        page, after = listed(function, session="s3", after=after)
        pages.append((page, after))
    assert pages == [(["a"], "b"), (["d"], "d"), ([], "f"), ([], None)]


@pytest.mark.parametrize(
    ("after", "page"),
    [
        pytest.param("a=", ["b="], id="a-connection"),
        pytest.param("aa", ["b="], id="between-connections"),
        pytest.param("", None, id="empty"),
        pytest.param("c=", [], id="a-connection-of-another-session"),
        pytest.param("0", ["a=", "b="], id="before-all"),
        pytest.param("é", [], id="after-all"),
    ],
)
def test_where_a_page_begins_is_only_a_position(function: MessageFunction, after: str, page: list[str] | None) -> None:
    answer = ask(function, "list", after=after)
    if page is None:
        assert (answer["code"], answer["field"]) == ("bad_request", "after")
    else:
        assert ([connection["connection_id"] for connection in answer["connections"]], answer["after"]) == (page, None)


def test_a_list_that_cannot_be_read_is_internal(function: MessageFunction, rows: FaultyRows) -> None:
    rows.lasting = {"page": "AccessDeniedException"}
    assert ask(function, "list")["code"] == "internal"


# The end of connections.


@pytest.mark.parametrize(
    ("members", "frame", "seconds"),
    [
        pytest.param({}, {"reconnect": True}, RECONNECTING, id="reconnect-by-default"),
        pytest.param({"reconnect": True, "reason": None}, {"reconnect": True}, RECONNECTING, id="reconnect"),
        pytest.param(
            {"reconnect": False, "reason": 'signed out, "é"'},
            {"reconnect": False, "reason": 'signed out, "é"'},
            PAUSE,
            id="for-good",
        ),
    ],
)
def test_each_connection_gets_a_frame_and_some_time_and_its_end(
    function: MessageFunction,
    rows: FaultyRows,
    faulty: FaultyEndpoint,
    pauses: Pauses,
    members: dict[str, Any],
    frame: dict[str, Any],
    seconds: float,
) -> None:
    assert ask(function, "close", **members) == CLOSED_2
    assert requests(faulty) == [("DELETE", "a="), ("DELETE", "b="), ("POST", "a="), ("POST", "b=")]
    assert [json.loads(body) for method, _, body in faulty.requests if method == "POST"] == [
        {"type": "closing"} | frame
    ] * 2
    assert (pauses.seconds, pauses.before) == ([seconds], [["POST", "POST"]])
    assert rows.connection_ids() == {"c="}
    assert [body for method, _, body in faulty.requests if method == "DELETE"] == [b"", b""]


def test_a_client_has_five_seconds_to_reconnect_and_a_fifth_of_a_second_to_read() -> None:
    assert (RECONNECTING, PAUSE) == (5.0, 0.2)


def test_only_the_listed_connections_of_the_session_are_closed(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint, pauses: Pauses
) -> None:
    answer = ask(function, "close", connections=["b=", "c=", "unknown="], reconnect=False)
    assert answer == {"closed": {"s1": 1}, "failed": {}}
    assert requests(faulty) == [("DELETE", "b="), ("POST", "b=")]
    assert rows.connection_ids() == {"a=", "c="}
    assert pauses.seconds == [PAUSE]


@pytest.mark.parametrize("members", [{"session": "nobody"}, {"connections": ["unknown="]}], ids=["session", "listed"])
def test_nobody_there_is_no_error_and_no_pause(
    function: MessageFunction, faulty: FaultyEndpoint, pauses: Pauses, members: dict[str, Any]
) -> None:
    session = members.get("session", "s1")
    assert ask(function, "close", **members) == {"closed": {session: 0}, "failed": {}}
    assert (faulty.requests, pauses.seconds) == ([], [])


def test_a_connection_that_is_gone_counts_nowhere_unless_its_client_closed_it_after_the_frame(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint, pauses: Pauses
) -> None:
    faulty.scripts = {"a=": ["410", "410"], "b=": ["200", "410"]}
    assert ask(function, "close") == {"closed": {"s1": 1}, "failed": {}}
    assert rows.connection_ids() == {"c="}
    assert function.errors() == []
    assert pauses.seconds == [RECONNECTING]


def test_nobody_is_waited_for_if_all_are_gone(
    function: MessageFunction, faulty: FaultyEndpoint, pauses: Pauses
) -> None:
    faulty.scripts = {"a=": ["410", "410"], "b=": ["410", "410"]}
    assert ask(function, "close") == {"closed": {"s1": 0}, "failed": {}}
    assert pauses.seconds == []


def test_a_connection_that_may_still_be_opening_is_asked_again(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint, pauses: Pauses
) -> None:
    rows.add(row("s3", "new=", connected_at=int(time.time() * 1000)))
    faulty.scripts = {"new=": ["410", "200", "410", "410"]}
    assert ask(function, "close", session="s3") == {"closed": {"s3": 1}, "failed": {}}
    assert [method for method, _, _ in faulty.requests] == ["POST"] * 2 + ["DELETE"] * 3
    assert pauses.before == [["POST"] * 2]


@pytest.mark.parametrize("fault", ["429", "429 for all", "500", "503", "closed", "half a status"])
def test_a_fault_that_passes_closes_the_connection_in_the_end(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint, pauses: Pauses, fault: str
) -> None:
    faulty.scripts = {"a=": ["200", fault, fault]}
    assert ask(function, "close") == CLOSED_2
    assert [method for method, name, _ in faulty.requests if name == "a="] == ["POST"] + ["DELETE"] * 3
    assert rows.connection_ids() == {"c="}
    assert function.errors() == []
    assert len(pauses.seconds) == 1


@pytest.mark.parametrize("fault", ["403", "400", "429, much later"])
def test_a_connection_that_could_not_be_closed_is_failed_and_keeps_its_row(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint, pauses: Pauses, fault: str
) -> None:
    faulty.scripts = {"a=": ["200", fault]}
    assert ask(function, "close") == {"closed": {"s1": 1}, "failed": {"s1": 1}}
    assert rows.connection_ids() == {"a=", "c="}
    assert function.errors() == ["close failed"]
    assert len(pauses.seconds) == 1


def test_a_connection_whose_frame_could_not_be_posted_is_closed_all_the_same(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint, pauses: Pauses
) -> None:
    faulty.scripts = {"a=": ["403"], "b=": ["403"]}
    assert ask(function, "close") == CLOSED_2
    assert rows.connection_ids() == {"c="}
    assert function.errors() == ["post failed"]
    assert len(pauses.seconds) == 1


def test_a_connection_that_is_no_longer_valid_gets_no_frame_but_an_end(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint, pauses: Pauses
) -> None:
    rows.add(row("s3", "expired=", expires_at=1))
    assert ask(function, "close", session="s3") == {"closed": {"s3": 1}, "failed": {}}
    assert requests(faulty) == [("DELETE", "expired=")]
    assert pauses.seconds == []


def test_many_connections_on_many_pages_are_closed(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint, pauses: Pauses
) -> None:
    rows.most = 100
    rows.add(*(row("s3", f"{number}=") for number in range(450)))
    assert ask(function, "close", session="s3") == {"closed": {"s3": 450}, "failed": {}}
    assert rows.connection_ids() == {"a=", "b=", "c="}
    assert pauses.before == [["POST"] * 450]


def test_nothing_is_closed_if_the_session_cannot_be_read_in_full(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint, pauses: Pauses
) -> None:
    rows.most = 1
    rows.lasting = {"next page s1": "AccessDeniedException"}
    assert ask(function, "close")["code"] == "internal"
    assert (faulty.requests, pauses.seconds) == ([], [])


def test_connections_that_take_nothing_until_the_time_ends_are_failed(
    function: MessageFunction, rows: FaultyRows, faulty: FaultyEndpoint, pauses: Pauses
) -> None:
    faulty.scripts = {"a=": ["silence"] * 9, "b=": ["silence"] * 9}
    assert ask(function, "close", remaining_ms=1_300) == {"closed": {"s1": 0}, "failed": {"s1": 2}}
    assert rows.connection_ids() == {"a=", "b=", "c="}
    assert "out of time" in function.errors()
    assert len(pauses.seconds) == 1


def test_a_close_counts_no_message(
    function: MessageFunction, pauses: Pauses, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(function, "close")
    assert (counted(capsys), len(pauses.seconds)) == ([], 1)


# The end of history.


def test_a_purge_deletes_the_messages_of_one_session(with_history: MessageFunction, rows: FaultyRows) -> None:
    for _ in range(3):
        with_history.send("a=", "s1", "s2")
    before = rows.history.numbers("s2")
    rows.asked.clear()
    assert ask(with_history, "purge") == {"purged": 3, "more": False}
    assert [asked.kind for asked in rows.asked] == ["number", "span", "erase", "erase", "erase"]
    assert (rows.history.numbers("s1"), rows.history.numbers("s2")) == ([], before)
    assert ask(with_history, "purge") == {"purged": 0, "more": False}


def test_a_client_that_asks_after_a_purge_hears_of_the_gap(with_history: MessageFunction) -> None:
    seq = with_history.send("a=", "s1")["seq"]["s1"]
    with_history.send("a=", "s1")
    ask(with_history, "purge")
    resumed = with_history.answer("a=", {"action": "resume", "after": seq})
    assert (resumed["recovered"], resumed["messages"], resumed["more"]) == (False, [], False)
    following = with_history.send("a=", "s1", message="after")["seq"]["s1"]
    assert following == resumed["seq"] + 1
    resumed = with_history.answer("a=", {"action": "resume", "after": resumed["seq"]})
    assert [frame["message"] for frame in resumed["messages"]] == ["after"]
    assert resumed["recovered"] is True


def test_a_purge_without_time_says_that_there_is_more(with_history: MessageFunction, rows: FaultyRows) -> None:
    with_history.send("a=", "s1")
    assert ask(with_history, "purge", remaining_ms=2_000) == {"purged": 0, "more": True}
    assert len(rows.history.numbers("s1")) == 1


def test_without_history_there_is_nothing_to_purge(function: MessageFunction, with_history: MessageFunction) -> None:
    error = {"type": "error", "code": "no_history", "message": "No history is kept for this session"}
    assert ask(function, "purge") == error
    assert ask(with_history, "purge", session="t") == error


def test_a_purge_that_dynamodb_refuses_is_internal(with_history: MessageFunction, rows: FaultyRows) -> None:
    with_history.send("a=", "s1")
    rows.lasting = {"erase": "AccessDeniedException"}
    assert ask(with_history, "purge")["code"] == "internal"
    rows.recover()
    rows.scripts = {"erase": ["throttled"]}
    assert ask(with_history, "purge") == {"purged": 1, "more": False}


# The log.


@pytest.mark.parametrize(
    ("event", "line"),
    [
        pytest.param(
            {"hub": "who", "sessions": ["s1", "nobody"]}, {"message": "counted", "sessions": 2, "online": 1}, id="who"
        ),
        pytest.param(
            {"hub": "list", "session": "s1"}, {"message": "listed", "connections": 2, "session_id": "s1"}, id="list"
        ),
        pytest.param(
            {"hub": "close", "session": "s1", "reconnect": False, "reason": "a reason that is not logged"},
            {"message": "closed", "closed": 2, "failed": 0, "reconnect": False, "session_id": "s1"},
            id="close",
        ),
        pytest.param(
            {"hub": "purge", "session": "s1"},
            {"message": "answered", "code": "no_history", "session_id": "s1"},
            id="purge",
        ),
    ],
)
@pytest.mark.usefixtures("pauses")
def test_each_action_leaves_one_line_that_says_who_asked(
    function: MessageFunction, event: dict[str, Any], line: dict[str, Any]
) -> None:
    function.invoke(event | {"by": "arn:aws:iam::123456789012:user/night-shift"})
    (logged,) = function.lines()
    assert logged | line == logged
    assert (logged["level"], logged["by"]) == ("INFO", "arn:aws:iam::123456789012:user/night-shift")
    assert logged["function_request_id"] == "request-1"
    assert "not logged" not in json.dumps(logged)


def test_a_purge_leaves_one_line(with_history: MessageFunction) -> None:
    with_history.send("a=", "s1")
    with_history.lines()
    ask(with_history, "purge", by="me")
    (line,) = with_history.lines()
    names = ("level", "message", "purged", "more", "session_id", "by")
    assert [line[name] for name in names] == ["INFO", "purged", 1, False, "s1", "me"]


@pytest.mark.parametrize(
    ("event", "code", "member"),
    [
        pytest.param({"hub": "shout"}, "unknown_action", "hub", id="an-unknown-verb"),
        pytest.param({"hub": "close", "session": "a b"}, "bad_request", "session", id="a-malformed-session"),
        pytest.param({"hub": "who"}, "bad_request", "sessions", id="no-sessions"),
        pytest.param({"hub": "publish", "messages": {}}, "bad_request", "messages", id="messages-that-are-no-list"),
        pytest.param({"hub": "list", "Records": []}, "bad_request", None, id="two-marks"),
        pytest.param({"action": "sendMessage"}, "bad_request", None, id="no-mark"),
    ],
)
def test_a_malformed_invocation_is_answered_with_one_error_and_one_warning(
    function: MessageFunction, rows: FaultyRows, event: dict[str, Any], code: str, member: str | None
) -> None:
    answer = function.invoke(event)
    assert (answer["type"], answer["code"], answer.get("field")) == ("error", code, member)
    assert [(line["level"], line["message"], line["code"]) for line in function.lines()] == [
        ("WARNING", "refused", code)
    ]
    assert rows.asked == []
