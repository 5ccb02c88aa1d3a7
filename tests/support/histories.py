"""The history of sessions on a DynamoDB of the tests, in virtual time."""

import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from delivery.dynamodb import DynamoDB
from delivery.http.endpoint import Endpoint
from delivery.http.exchange import Request, Response
from history.history import History
from history.items import Entry, item_of, key_of
from hub.envelope import Envelope
from hub.frames import Resume
from hub.settings import HistorySettings
from tests.support.scheduling import SchedulingLoop
from tests.support.stored_history import HISTORY, StoredHistory

T = TypeVar("T")

NOW = 1_795_000_000.0
"""When the loop's time is 0: epoch seconds."""

FIRST = int(NOW) * 1_000_000 + 1
"""The first number of a session that begins at NOW."""

ROOM = 31_800
SECONDS = 600


class HistoryEndpoint(Endpoint):
    """
    A DynamoDB without HTTP: it answers the oldest request while all tasks wait.

    Attributes:
        asked: The operations that were asked for.
        scripts: The next responses to an operation: in place of the honest one, or None.
        carried_out: Whether an operation is carried out although its response is not the honest one.
        after: What happens once after an operation.

    """

    def __init__(self, stored: StoredHistory) -> None:
        self.stored = stored
        self.asked: list[str] = []
        self.scripts: dict[str, list[Response | None]] = {}
        self.carried_out = False
        self.after: dict[str, Callable[[], None]] = {}
        self._requests: list[Request] = []

    def submit(self, request: Request) -> None:
        self._requests.append(request)

    def withdraw(self, request: Request) -> None:
        if request in self._requests:
            self._requests.remove(request)

    def happen(self, _until_timer: float | None) -> bool:
        """Answer a request, if there is one. See ``SchedulingLoop``."""
        if not self._requests:
            return False
        request = self._requests.pop(0)
        operation = request.target.rpartition(".")[2]
        self.asked.append(operation)
        script = self.scripts.get(operation)
        response = script.pop(0) if script else None
        if response is None or self.carried_out:
            honest = answer_to(self.stored, request)
        self.after.pop(operation, lambda: None)()
        request.ended(response or honest)
        return True


def answer_to(stored: StoredHistory, request: Request) -> Response:
    """Carry out a request, and return an honest answer."""
    asked = json.loads(request.body.payload)
    assert asked.pop("TableName") == HISTORY
    status, content = stored.carry_out(request.target.rpartition(".")[2], asked)
    return Response(status, was_sent=True, body=json.dumps(content).encode(), request_id="R1")


@dataclass
class Histories:
    """
    The history of some sessions.

    Attributes:
        seconds: How long messages can be resumed.
        ahead: Seconds by which the clock of the functions is ahead of the loop's time.

    """

    stored: StoredHistory = field(default_factory=StoredHistory)
    seconds: int = SECONDS
    ahead: float = 0.0
    sessions: tuple[str, ...] = ("*",)

    def __post_init__(self) -> None:
        self.endpoint = HistoryEndpoint(self.stored)
        self.loop = SchedulingLoop(self.endpoint.happen)

    def clock(self) -> float:
        return NOW + self.loop.now + self.ahead

    @property
    def history(self) -> History:
        settings = HistorySettings(HISTORY, self.seconds, self.sessions)
        dynamodb = DynamoDB(self.endpoint, HISTORY, chance=lambda: 1.0, clock=self.clock)
        return History(settings, lambda _name: dynamodb, self.clock)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def close(self) -> None:
        self.loop.close()

    def store(self, *messages: Any, session_id: str = "s1") -> list[int | None]:
        """Store messages one after the other. Return their numbers, or None for those that could not be stored."""

        async def store() -> list[int | None]:
            numbers: list[int | None] = []
            for message in messages:
                storing = self.history.storing(frozenset({session_id}), 27.0)
                await storing.store(session_id, envelope(message))
                numbers.append(storing.numbers.get(session_id))
            return numbers

        return self.run(store())

    def resume(
        self, after: int | None = None, last: int | None = None, session_id: str = "s1", room: int = ROOM
    ) -> tuple[bool | None, int, bool, list[Any]]:
        """Return what the answer says, with the messages in place of their frames."""
        page = self.run(self.history.resume(session_id, Resume(None, after, last), room, 27.0))
        return page.recovered, page.seq, page.more, [json.loads(frame)["message"] for frame in page.frames]

    def put(self, seq: int, message: Any, age: float = 0.0, session_id: str = "s1") -> None:
        """Store an entry that is some seconds old, and raise the head to it. None as the message is a tombstone."""
        frame = None if message is None else envelope(message).addressed_to(session_id, seq).decode()
        entry = Entry.new(seq, frame, self.clock() - age, self.seconds)
        self.stored.items[session_id, seq] = item_of(session_id, entry)
        self.raise_head(seq, session_id)

    def raise_head(self, seq: int, session_id: str = "s1") -> None:
        """Let the head say that this number was given."""
        head = self.stored.items.setdefault((session_id, 0), key_of(session_id, 0))
        last = max(seq, int(head.get("last", {"N": "0"})["N"]))
        head |= {"last": {"N": str(last)}, "expires_at": {"N": str(2**40)}}


def envelope(message: Any) -> Envelope:
    return Envelope(f"id-{message}"[:64], "s9", "2026-11-22T21:30:00.123Z", message)
