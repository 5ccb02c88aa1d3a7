"""
A session whose messages pass through the hub's own code while everything that can go wrong goes wrong, in virtual time.

Every request to DynamoDB and every post is a point where any other actor may run. Senders run MessageFunction's code,
and may die at any point. So may an operator, who deletes the history. One client receives, loses its connection again
and again, and merges what it gets as docs/protocol.md tells it to.

"""

import asyncio
import contextlib
import json
from collections.abc import Callable
from contextvars import ContextVar
from random import Random
from typing import Any

from callers.clients import Clients
from delivery.dynamodb import DynamoDB
from delivery.dynamodb_answers import DynamoDBError
from delivery.fan_out import FanOut
from delivery.http.endpoint import Endpoint
from delivery.http.exchange import Request, Response
from delivery.table import ConnectionsTable
from history.history import History
from history.resuming import WAIT
from hub import metrics
from hub.connection import NEVER, Connection
from hub.errors import HubError
from hub.frames import Resume, SendMessage
from hub.rate import RateLimit
from hub.settings import HistorySettings
from tests.support.scheduling import SchedulingLoop
from tests.support.stored_history import HISTORY, StoredHistory
from tests.support.stored_rows import TABLE, StoredRows

NOW = 1_795_000_000.0
SESSION, SENDER = "s1", "sender="
LOST = Response(None, "the connection was closed", was_sent=True)
THROTTLED = Response(400, was_sent=True, body=b'{"__type":"a#ThrottlingException"}', request_id="R1")
GAP = 0.25
"""Seconds for which a client waits for a number that is skipped, before it resumes."""

SKEW: ContextVar[float] = ContextVar("SKEW", default=0.0)
"""Seconds by which the clock of the environment is ahead in which the current task runs."""


class Call:
    """A request that is on its way, or the effect of one whose answer is lost."""

    def __init__(self, due: float, carry_out: Callable[[], Response], request: Request | None, is_post: bool) -> None:
        self.due = due
        self.carry_out = carry_out
        self.request = request
        self.is_post = is_post

    def end(self, response: Response) -> None:
        if self.request:
            self.request.ended(response)


class Wire(Endpoint):
    """An endpoint without HTTP: its requests are carried out when the world decides."""

    def __init__(self, world: "World", carry_out: Callable[[Request], Response], is_post: bool) -> None:
        self._world = world
        self._carry_out = carry_out
        self._is_post = is_post

    @property
    def waiting(self) -> int:
        return 0

    def submit(self, request: Request) -> None:
        self._world.add(lambda: self._carry_out(request), request, self._is_post)

    def withdraw(self, request: Request) -> None:
        """Half of the withdrawn requests have been sent already."""
        for call in [call for call in self._world.calls if call.request is request]:
            call.request = None
            if self._world.rng.random() < 0.5:
                self._world.calls.remove(call)

    def abandon(self) -> None:
        """Let the requests that are on their way arrive: nobody waits for the answers."""


class World:
    """
    The actors, and what they have in common.

    Args:
        is_timely: Whether all requests succeed, and no clock jumps.
        seconds: How long messages can be resumed.
        purges: How many times an operator deletes the history. If any, no head is lost.

    Attributes:
        acked: Number and message of each ack with a number.
        connections: The connections of the receiver that are open, and the frames that have arrived there.

    """

    def __init__(self, rng: Random, is_timely: bool, seconds: int, purges: int = 0) -> None:
        self.rng = rng
        self.is_timely = is_timely
        self.calls: list[Call] = []
        self.rows = StoredRows()
        self.log = StoredHistory(most=rng.choice([600, 2_000, 1_000_000]))
        self.acked: list[tuple[int, str]] = []
        self.connections: dict[str, list[dict[str, Any]]] = {}
        self.loop = SchedulingLoop(self._happen)
        self._jumped = self._during = 0.0
        self._seconds = seconds
        self._purges = purges
        self._has_lost_head = purges > 0
        self._room = rng.choice([300, 700, 31_800])
        dynamodb, posts = Wire(self, self._store, is_post=False), Wire(self, self._post, is_post=True)

        def table(name: str) -> DynamoDB:
            return DynamoDB(dynamodb, name, rng.random, self.clock)

        fan_out = FanOut(
            lambda: ConnectionsTable(table(TABLE)),
            lambda: posts,
            needs_proof=False,
            clock=self.clock,
            chance=rng.random,
        )
        settings = HistorySettings(HISTORY, seconds, ("*",))
        self._history = History(settings, table, self.clock)
        self._clients = Clients(fan_out, self._history, RateLimit(0, 0))
        self.rows.add(Connection("s9", SENDER, 0, NEVER))

    def run(self, senders: int, lives: int) -> "Receiver":
        """Let everybody do their work, and return the receiver."""
        receiver = Receiver(self)
        try:
            with contextlib.closing(self.loop):
                self.loop.run_until_complete(self._run(receiver, senders, lives))
        finally:
            metrics.flush()
        return receiver

    def clock(self) -> float:
        return NOW + self.loop.now + self._jumped + SKEW.get()

    async def pause(self, most: float) -> None:
        await asyncio.sleep(self.rng.random() * most)

    def add(self, carry_out: Callable[[], Response], request: Request | None, is_post: bool) -> None:
        """Let a request be on its way for some time: a few milliseconds, or longer."""
        luck = self.rng.random()
        seconds = self.rng.expovariate(1 / 0.004)
        if luck < 0.1:
            seconds = self.rng.random() * (0.9 * WAIT if self.is_timely else 0.4)
        if luck < 0.03 and not self.is_timely:
            seconds = self.rng.random() * 6
        self.calls.append(Call(self.loop.now + seconds, carry_out, request, is_post))

    def jump(self) -> None:
        """Let a long time pass in which no request is on its way: Lambda has frozen the environments."""
        calls, self.calls = self.calls, []
        for call in calls:
            call.end(self._response(call))
        self._jumped += self.rng.choice([0.3, 0.9, 1.05]) * self._seconds + self.rng.choice([0, 0, 3_700])

    async def call(self, effect: Callable[[], object]) -> None:
        """Let something happen sometime, and wait for that."""
        done = self.loop.create_future()

        def carry_out() -> Response:
            effect()
            done.set_result(None)
            return Response(200)

        self.add(carry_out, None, is_post=True)
        await done

    async def resume(self, connection_id: str, after: int | None) -> dict[str, Any] | None:
        """Return the answer to a client, or None if the hub answers an error."""
        SKEW.set(0 if self.is_timely else self.rng.uniform(-2, 2))
        try:
            answer = await self._clients.resume(Resume(None, after, None), connection_id, 27.0)
        except (DynamoDBError, HubError):
            return None
        page: dict[str, Any] = json.loads(answer)
        return page

    # The actors.

    async def _run(self, receiver: "Receiver", senders: int, lives: int) -> None:
        self._during = lives * 0.25
        receiving = asyncio.create_task(receiver.run(lives))
        sending = [asyncio.create_task(self._send(f"m{number}")) for number in range(senders)]
        sending += [asyncio.create_task(self._purge()) for _ in range(self._purges)]
        await asyncio.gather(*sending, return_exceptions=True)
        receiver.senders_are_done.set()
        await receiving
        for task in sending:
            if not task.cancelled():
                task.result()

    async def _send(self, message: str) -> None:
        SKEW.set(0 if self.is_timely else self.rng.uniform(-2, 2))
        await self.pause(self._during)
        if not self.is_timely and self.rng.random() < 0.3:
            task = asyncio.current_task()
            assert task
            asyncio.get_running_loop().call_later(self.rng.random() * 0.05, task.cancel)
        frame = SendMessage(message, {SESSION: 0}, message, echo=True, store=True)
        with contextlib.suppress(DynamoDBError, HubError):
            ack = await self._clients.send(frame, SENDER, 27.0)
            if "seq" in ack:
                self.acked.append((ack["seq"][SESSION], message))

    async def _purge(self) -> None:
        SKEW.set(0 if self.is_timely else self.rng.uniform(-2, 2))
        await self.pause(self._during)
        with contextlib.suppress(DynamoDBError):
            await self._history.purge(SESSION, self.rng.choice([1.1, 3.0, 27.0]))

    # What happens while all actors wait.

    def _happen(self, until_timer: float | None) -> bool:
        if not self.is_timely and self.rng.random() < 0.002:
            self.jump()
            return True
        if not self.is_timely:
            self._forget()
        call = min(self.calls, key=lambda call: call.due, default=None)
        if call is None or (until_timer is not None and call.due > self.loop.now + until_timer):
            return False
        self.calls.remove(call)
        self.loop.now = max(self.loop.now, call.due)
        call.end(self._response(call))
        return True

    def _response(self, call: Call) -> Response:
        luck = 1.0 if self.is_timely or call.is_post else self.rng.random()
        if luck < 0.04:
            return LOST
        if luck < 0.08:
            call.carry_out()
            return LOST
        if luck < 0.12:
            self.add(call.carry_out, None, is_post=False)  # DynamoDB carries it out later
            return LOST
        return THROTTLED if luck < 0.15 else call.carry_out()

    def _forget(self) -> None:
        """Let DynamoDB delete what has expired, sometimes, and a head, rarely."""
        chance = self.rng.random()
        if chance < 0.02:
            for key, item in list(self.log.items.items()):
                if int(item["expires_at"]["N"]) < self.clock() and self.rng.random() < 0.5:
                    del self.log.items[key]
        elif chance < 0.022 and not self._has_lost_head and self._is_head_old():
            del self.log.items[SESSION, 0]
            self._has_lost_head = True

    def _is_head_old(self) -> bool:
        """Return whether the head is older than clocks differ. A younger one could begin anew below its own numbers."""
        head = self.log.items.get((SESSION, 0))
        return head is not None and int(head["last"]["N"]) / 1_000_000 < self.clock() - 5

    def _store(self, request: Request) -> Response:
        """Carry out a request to DynamoDB."""
        asked = json.loads(request.body.payload)
        operation = request.target.rpartition(".")[2]
        if asked["TableName"] == HISTORY:
            status, content = self.log.carry_out(operation, asked)
        elif "IndexName" in asked and not self.is_timely and self.rng.random() < 0.1:
            status, content = 200, {"Items": []}  # the index lags
        else:
            status, content = self.rows.carry_out(operation, asked)
        return Response(status, was_sent=True, body=json.dumps(content).encode(), request_id="R1")

    def _post(self, request: Request) -> Response:
        luck = 1.0 if self.is_timely else self.rng.random()
        if request.name not in self.connections:
            return Response(410, was_sent=True)
        if luck < 0.05:
            return Response(403, was_sent=True)
        if luck > 0.1:  # else API Gateway has accepted the frame, and the network has lost it
            self.connections[request.name].append(json.loads(request.body.payload))
        return Response(200, was_sent=True)


class Receiver:
    """
    A client that merges by number.

    Attributes:
        start: The first position, or None.
        position: The number up to which the client has everything.
        got: Number and message, as they are handed on.
        gaps: Pairs of numbers between which the client knows that it may have missed messages.

    """

    def __init__(self, world: World) -> None:
        self.start: int | None = None
        self.position: int | None = None
        self.got: list[tuple[int, str]] = []
        self.gaps: list[tuple[int, int]] = []
        self.senders_are_done = asyncio.Event()
        self._world = world
        self._held: dict[int, dict[str, Any]] = {}

    async def run(self, lives: int) -> None:
        for life in range(lives):
            await self._live(f"{life}=", is_last=life == lives - 1)
            await self._world.pause(0.2)
            if not self._world.is_timely and self._world.rng.random() < 0.2:
                self._world.jump()

    async def _live(self, connection_id: str, is_last: bool) -> None:
        world = self._world
        row = Connection(SESSION, connection_id, int((NOW + world.loop.now) * 1000), NEVER)
        await world.call(lambda: world.rows.add(row))
        world.connections[connection_id] = []
        if is_last:
            await self._stay(connection_id)
            return
        closing = asyncio.create_task(self._close_later(row))
        await self._catch_up(connection_id)
        while connection_id in world.connections:
            await self._take(connection_id)
        await closing

    async def _close_later(self, row: Connection) -> None:
        world = self._world
        await world.pause(0.3)
        del world.connections[row.connection_id]
        if world.rng.random() < 0.6:
            await world.call(lambda: world.rows.stored.pop((row.session_id, row.connection_id), None))

    async def _stay(self, connection_id: str) -> None:
        """Receive until all senders are done. If requests fail, resume once more when nothing fails any more."""
        await self._catch_up(connection_id)
        while not self.senders_are_done.is_set() or self._world.calls:
            await self._take(connection_id)
        is_timely, self._world.is_timely = self._world.is_timely, True
        for _ in range(9):
            await self._take(connection_id)
        if not is_timely:
            await self._catch_up(connection_id)

    async def _take(self, connection_id: str) -> None:
        """Hand on what has arrived. Resume if a number stays absent."""
        self._merge(connection_id)
        await self._world.pause(0.05)
        if self._held:
            await asyncio.sleep(GAP)
            self._merge(connection_id)
            if self._held:
                await self._catch_up(connection_id)

    def _merge(self, connection_id: str) -> None:
        inbox = self._world.connections.get(connection_id, [])
        while inbox:
            frame = inbox.pop(0)
            self._held[frame["seq"]] = frame
        if self.position is None:
            return
        self._held = {seq: frame for seq, frame in self._held.items() if seq > self.position}
        while self.position + 1 in self._held:
            self._hand_on(self._held.pop(self.position + 1))

    async def _catch_up(self, connection_id: str) -> None:
        """Resume, page by page, until the client has everything, or its connection is closed."""
        world = self._world
        while True:
            page = await world.resume(connection_id, self.position)
            if connection_id not in world.connections:
                return
            if page is None:
                await asyncio.sleep(0.05)
            elif self.position is None:
                self.position = self.start = page["seq"]
                return
            elif not page["recovered"]:
                self.gaps.append((self.position, page["seq"]))
                self.position = page["seq"]
                return
            else:
                for frame in page["messages"]:
                    self._hand_on(frame)
                self.position = page["seq"]
                if not page["more"]:
                    return

    def _hand_on(self, frame: dict[str, Any]) -> None:
        self.position = frame["seq"]
        self.got.append((frame["seq"], frame["message"]))
