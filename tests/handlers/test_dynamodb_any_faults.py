"""Any mix of faults of DynamoDB and of @connections: MessageFunction's ack is exact, and its ack invents nothing."""

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.connection import Connection
from tests.support.fan_outs import QUICK
from tests.support.faulty import DELIVERS, GONE, PASSES, REFUSES, STALLS, FaultyEndpoint, faulty_endpoint
from tests.support.faulty_rows import FaultyRows, faulty_rows
from tests.support.frames import ack
from tests.support.in_moto import row
from tests.support.message_functions import MessageFunction, message_function
from tests.support.row_answers import HONEST, ODD, PASSING, REFUSALS
from tests.support.tls import Authority

FAULTS = settings(max_examples=40)

NAMES = itertools.count()
"""Numbers that occur once. So a late request of one example does not take the answers of the next example."""

OUTCOMES = dict.fromkeys(DELIVERS, "delivered") | dict.fromkeys(GONE, "gone") | dict.fromkeys(REFUSES, "failed")


class Recipient(NamedTuple):
    """
    A connection.

    Attributes:
        posts: Faults of the first posts.
        end: The answer to every other post.
        removals: Faults of the first requests to remove the row.

    """

    posts: list[str]
    end: str
    removals: list[str]


class Session(NamedTuple):
    """
    A session.

    Attributes:
        page: Answers to the first requests of the first page.
        next_pages: Answers to the first requests of the other pages.
        lasting: Answers to all other requests, by the kind of request.

    """

    recipients: list[Recipient]
    page: list[str]
    next_pages: list[str]
    lasting: dict[str, str]


QUICK_HONEST = sorted(HONEST.keys() - {"slowly"})
ANSWERS = st.lists(st.sampled_from([*PASSING, *QUICK_HONEST]), max_size=2)
RECIPIENT = st.builds(
    Recipient,
    posts=st.lists(st.sampled_from(sorted(PASSES - STALLS - {"429, later", "429 without a type, later"})), max_size=2),
    end=st.sampled_from(sorted(OUTCOMES.keys() - STALLS)),
    removals=ANSWERS,
)
RECIPIENTS = st.lists(RECIPIENT, max_size=5)
PASSING_SESSION = st.builds(Session, RECIPIENTS, page=ANSWERS, next_pages=ANSWERS, lasting=st.just({}))
LASTING = st.sampled_from(sorted({*PASSING, *REFUSALS, *ODD}))
ANY_SESSION = st.builds(
    Session,
    RECIPIENTS,
    page=ANSWERS,
    next_pages=ANSWERS,
    lasting=st.dictionaries(st.sampled_from(["page", "next page"]), LASTING, max_size=1),
)


@dataclass
class Message:
    """A message to sessions whose names occur once: the sender, and the recipients of each session by their names."""

    sender: str
    sessions: dict[str, dict[str, Recipient]]

    def named(self, outcome: str) -> set[str]:
        """Return the names of the recipients that have an outcome."""
        everybody = itertools.chain.from_iterable(recipients.items() for recipients in self.sessions.values())
        return {name for name, recipient in everybody if OUTCOMES[recipient.end] == outcome}

    def count(self, session: str, outcome: str) -> int:
        return len(self.sessions[session].keys() & self.named(outcome))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The authority that signs the certificates of both servers."""
    return Authority.in_folder(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module", params=["http", "https"])
def servers(request: pytest.FixtureRequest, authority: Authority) -> Iterator[tuple[FaultyRows, FaultyEndpoint]]:
    """One DynamoDB and one @connections for all examples of a test, which Hypothesis wants."""
    tls = authority.server_context if request.param == "https" else lambda: None
    with faulty_rows(tls()) as rows, faulty_endpoint(tls()) as posts:
        yield rows, posts


@contextlib.contextmanager
def quick_function(rows: FaultyRows, posts: FaultyEndpoint, authority: Authority) -> Iterator[MessageFunction]:
    """Start a function that waits little before it tries again."""
    with message_function(rows, posts, AWS_CA_BUNDLE=authority.bundle) as function:
        function.module.FAN_OUT.chance = lambda: 0.04
        function.module.FAN_OUT.patience = QUICK
        yield function


def stored(rows: FaultyRows, posts: FaultyEndpoint, sessions: list[Session], sender: list[str], most: int) -> Message:
    """Store the sessions and a sender on pages of some rows, and give the servers their scripts."""
    rows.stored.clear()
    rows.asked.clear()
    rows.recover()
    posts.requests.clear()
    rows.most = most
    message = Message(f"{next(NAMES)}=", {})
    rows.add(row("me", message.sender))
    rows.scripts[f"sender {message.sender}"] = list(sender)
    for session in sessions:
        session_id = f"s{next(NAMES)}"
        message.sessions[session_id] = {f"{next(NAMES)}=": recipient for recipient in session.recipients}
        rows.scripts |= {f"page {session_id}": [*session.page], f"next page {session_id}": [*session.next_pages]}
        rows.lasting |= {f"{kind} {session_id}": name for kind, name in session.lasting.items()}
        for name, recipient in message.sessions[session_id].items():
            rows.add(row(session_id, name))
            rows.scripts[f"remove {name}"] = list(recipient.removals)
            # The last answer is repeated: however often a post is repeated, it ends as its script says.
            posts.scripts[name] = [*recipient.posts, *[recipient.end] * 99]
    return message


def exact(message: Message) -> dict[str, Any]:
    """Return the ack of a message that every recipient was offered."""
    count = message.count
    delivered = {session: count(session, "delivered") for session in message.sessions if count(session, "delivered")}
    failed = {session: count(session, "failed") for session in message.sessions if count(session, "failed")}
    offline = [session for session in message.sessions if session not in delivered and session not in failed]
    return ack(delivered, offline) | {"failed": failed}


@FAULTS
@given(sessions=st.lists(PASSING_SESSION, min_size=1, max_size=5), sender=ANSWERS, most=st.integers(1, 4))
def test_faults_that_pass_lose_nothing_and_invent_nothing(
    servers: tuple[FaultyRows, FaultyEndpoint],
    authority: Authority,
    sessions: list[Session],
    sender: list[str],
    most: int,
) -> None:
    rows, posts = servers
    message = stored(rows, posts, sessions, sender, most)
    before = rows.connection_ids()

    with quick_function(rows, posts, authority) as function:
        answer = function.send(message.sender, *message.sessions)
        errors = set(function.errors())

    assert answer == exact(message)
    assert before - rows.connection_ids() == message.named("gone")
    assert set(posts.posts()) == before - {message.sender}
    assert errors == ({"post failed"} if message.named("failed") else set())
    assert rows.wrong == []


@FAULTS
@given(
    sessions=st.lists(ANY_SESSION, min_size=1, max_size=5),
    sender=ANSWERS,
    most=st.integers(1, 4),
    lasting=st.dictionaries(st.sampled_from(["sender", "remove"]), LASTING, max_size=1),
    remaining_ms=st.integers(1_000, 1_250),
)
def test_faults_that_last_and_little_time_invent_nothing(
    servers: tuple[FaultyRows, FaultyEndpoint],
    authority: Authority,
    sessions: list[Session],
    sender: list[str],
    most: int,
    lasting: dict[str, str],
    remaining_ms: int,
) -> None:
    rows, posts = servers
    message = stored(rows, posts, sessions, sender, most)
    rows.lasting |= lasting
    before = rows.connection_ids()

    with quick_function(rows, posts, authority) as function:
        answer = function.send(message.sender, *message.sessions, remaining_ms=remaining_ms)
        removed, posted = before - rows.connection_ids(), set(posts.posts())
        if answer["type"] == "ack":
            check_ack(answer, message, rows, posted)
        else:
            assert (answer["code"], posted) == ("internal", set())
        assert removed <= message.named("gone") & posted
        check_recovery(function, rows, message.sender)
    assert rows.wrong == []


def check_ack(answer: dict[str, Any], message: Message, rows: FaultyRows, posted: set[str]) -> None:
    """Check that an ack says nothing that the servers do not confirm."""
    delivered, offline, failed = answer["delivered"], answer["offline"], answer["failed"]
    assert any(asked.kind == "sender" and asked.answer in HONEST for asked in rows.asked)
    for session, recipients in message.sessions.items():
        assert (session in offline) is not (session in delivered or session in failed)
        assert delivered.get(session, 0) <= len(recipients.keys() & posted & message.named("delivered"))
        assert delivered.get(session, 0) + failed.get(session, 0) <= len(recipients)
        if session in offline:
            assert message.count(session, "gone") == len(recipients)
            honest = [asked for asked in rows.asked if asked.key == session and asked.answer in HONEST]
            assert len(honest) >= len(recipients) // rows.most + 1  # the last page has fewer rows than it may have


def check_recovery(function: MessageFunction, rows: FaultyRows, sender: str) -> None:
    """Check that the function delivers the next message, now that both servers are honest."""
    session = f"s{next(NAMES)}"
    late = Connection(session, f"{next(NAMES)}=", 1_700_000_000_000, 2**40)
    rows.recover()
    rows.add(late)
    assert function.send(sender, session) == ack({session: 1})
