"""Operators, who see who is connected, close connections, and delete history. Backends may ask the same."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from callers.presence import Presence
from delivery.fan_out import FanOut
from hub import replies, strict_json
from hub.errors import NoHistory
from hub.invocations import Close, List, Purge, Who
from hub.log import logger

if TYPE_CHECKING:
    from history.history import History

POSTING = 5.0
"""Seconds, at most, for the frames that announce the end."""

PAUSE = 0.2
"""Seconds between the frame and the end of a connection, so that the client reads the frame first."""

RECONNECTING = 5.0
"""Seconds between the frame and the end of a connection whose client may reconnect: it opens another one first."""


class Operators:
    """
    Answers operators. Each action leaves one line in the log.

    Args:
        history: None: history is off.
        pause: Waits for some seconds.

    """

    def __init__(
        self,
        fan_out: FanOut,
        history: "History | None",
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._fan_out = fan_out
        self._history = history
        self._pause = pause
        self._presence = Presence(fan_out)

    def answer(self, invocation: Who | List | Close | Purge, seconds: float) -> dict[str, Any]:
        """
        Do what an operator asks.

        Args:
            seconds: Time until the answer must be there.

        Raises:
            NoHistory: If there is no history to purge.
            DynamoDBError: If DynamoDB fails, or does not answer in time.

        """
        if isinstance(invocation, Who):
            return self._fan_out.run(self._who(invocation, seconds))
        logger.append_keys(session_id=invocation.session)
        if isinstance(invocation, List):
            return self._fan_out.run(self._list(invocation, seconds))
        if isinstance(invocation, Close):
            return self._fan_out.run(self._close(invocation, seconds))
        return self._fan_out.run(self._purge(invocation, seconds))

    async def _who(self, question: Who, seconds: float) -> dict[str, Any]:
        online, offline = await self._presence.count(question.sessions, seconds)
        logger.info("counted", sessions=len(question.sessions), online=len(online))
        return {"online": online, "offline": offline}

    async def _list(self, question: List, seconds: float) -> dict[str, Any]:
        rows, after = await self._presence.page(question.session, question.after, seconds)
        logger.info("listed", connections=len(rows))
        fields = ("connection_id", "connected_at", "expires_at", "subject")
        return {"connections": [{name: getattr(row, name) for name in fields} for row in rows], "after": after}

    async def _close(self, order: Close, seconds: float) -> dict[str, Any]:
        end = time.monotonic() + seconds
        rows = await self._presence.rows(order.session, seconds)
        if order.connections is not None:
            rows = [row for row in rows if row.connection_id in order.connections]
        frame = strict_json.dumps(replies.closing(order.reconnect, order.reason)).encode()
        announcing = self._fan_out.endings(self._presence.live(rows), min(POSTING, end - time.monotonic()))
        told = await announcing.post(frame)
        if announcing.remaining:
            await self._pause(RECONNECTING if order.reconnect else PAUSE)
        closed, failed = await self._fan_out.endings(rows, end - time.monotonic()).close(told)
        logger.info("closed", closed=closed, failed=failed, reconnect=order.reconnect)
        return {"closed": {order.session: closed}, "failed": {order.session: failed} if failed else {}}

    async def _purge(self, order: Purge, seconds: float) -> dict[str, Any]:
        if self._history is None or not self._history.kept([order.session]):
            raise NoHistory("No history is kept for this session")
        purged, more = await self._history.purge(order.session, seconds)
        logger.info("purged", purged=purged, more=more)
        return {"purged": purged, "more": more}
