"""The checks that a working hub passes. Each returns the sentence to print, or raises ``Failed``."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeAlias

from local.cli.smoke.access import Address, Ticket, Way, bare, new_session
from local.cli.smoke.client import Client, opened
from local.cli.smoke.problems import Failed, Frame, NotOpened, Skipped, quoted

REFUSALS = {400, 401, 403}
"""The statuses with which a hub refuses a handshake because of its session or credential."""

POLL = 0.5
"""Seconds between two messages that ask whether a session is offline."""

POSTS = (
    "Look at the log of MessageFunction (make logs, lines `post failed`), its role, WebSocketEndpoint, "
    "and its way out of the VPC if it is in one."
)
ROUTE_RESPONSE = (
    "Check that the route has its RouteResponse, as in the template, and look at the log of MessageFunction."
)

LOOK_AT_CODE = {
    "internal": "Look at the log of MessageFunction (make logs), its table and its role.",
    "forbidden": "The token's claim send (or JwtSendClaim) must cover the session that the token is for.",
    "not_connected": "Check that ConnectFunction and MessageFunction use the same table.",
    "unknown_action": "The functions are older than this program: deploy them again.",
}

LOOK_AT_HISTORY = "Look at the log of MessageFunction (lines `message not stored`), and at the rights to HistoryTable."


@dataclass(frozen=True)
class Hub:
    """
    The hub that is checked.

    Attributes:
        patience: Seconds for an answer.

    """

    address: Address
    way: Way
    patience: float

    def open(self, session: str | None = None) -> contextlib.AbstractAsyncContextManager[Client]:
        """Open a connection in a session; None for a new session."""
        return opened(self.address, self.way.ticket(session or self.session()), self.patience)

    def session(self) -> str:
        """Return a session that connections may join: the token's only one, or a new one."""
        return self.way.session or new_session()

    @contextlib.asynccontextmanager
    async def pair(self, receivers: int = 1) -> AsyncIterator[tuple[Client, str, list[Client]]]:
        """Open a sender, and receivers that share a session. Yields the sender, the session and the receivers."""
        session = self.session()
        async with contextlib.AsyncExitStack() as stack:
            sender = await stack.enter_async_context(self.open())
            clients = [await stack.enter_async_context(self.open(session))]
            try:
                clients += [await stack.enter_async_context(self.open(session)) for _ in range(receivers - 1)]
            except NotOpened as error:
                if error.status != HTTPStatus.TOO_MANY_REQUESTS:
                    raise
                raise Skipped("MaxConnectionsPerSession allows no second connection in a session (429).") from None
            yield sender, session, clients


Check: TypeAlias = Callable[[Hub], Awaitable[str]]


async def connects(hub: Hub) -> str:
    began = time.monotonic()
    async with hub.open():
        return f"A client connects, in {time.monotonic() - began:.2f} s (a cold start included)."


async def acks(hub: Hub) -> str:
    async with hub.pair() as (sender, session, [receiver]):
        began = time.monotonic()
        await deliver(sender, session, "hello", [receiver])
        return f"A message arrives, and its sender gets an ack, in {time.monotonic() - began:.2f} s."


async def coded_error(hub: Hub) -> str:
    async with hub.open() as client:
        try:
            answer = await client.ask({"action": "smoke"})
        except Failed as failed:
            raise Failed(f"An unknown action: {failed}", failed.look or ROUTE_RESPONSE) from None
    if answer.get("code") != "unknown_action":
        what = quoted(answer.get("code") or answer["type"])
        raise Failed(f"An unknown action is answered {what}.", ROUTE_RESPONSE)
    return "An unknown action is answered with the error unknown_action: $default answers."


async def ping(hub: Hub) -> str:
    async with hub.open() as client:
        await client.send({"action": "ping"})
        try:
            await client.wait_for(lambda frame: frame.get("type") == "pong", "pong")
        except Failed as failed:
            raise Failed(str(failed), failed.look or "Look at the route ping and its integration response.") from None
    return "A ping is answered with a pong."


async def siblings(hub: Hub) -> str:
    async with hub.pair(2) as (sender, session, receivers):
        await deliver(sender, session, "to both", receivers)
    return "Two connections of one session both get a message."


async def message_in_one_frame(hub: Hub) -> str:
    async with hub.pair() as (sender, session, receivers):
        await deliver(sender, session, "x" * 29_500, receivers)
    return "A message of 30 KB arrives whole."


async def message_in_fragments(hub: Hub) -> str:
    async with hub.pair() as (sender, session, receivers):
        await deliver(sender, session, "x" * 100_000, receivers)
    return "A message of 100 KB that is sent in frames under 32 KB arrives whole."


async def offline(hub: Hub) -> str:
    async with hub.pair(2) as (sender, session, receivers):
        before = (await deliver(sender, session, "here?", receivers))["delivered"][session]
        for receiver in receivers:
            await receiver.connection.close()
        began = time.monotonic()
        while time.monotonic() - began < hub.patience:
            ack = await send(sender, session, "gone?")
            if ack["delivered"].get(session, 0) <= before - len(receivers) and session not in ack["failed"]:
                return f"A closed connection is gone from the ack {time.monotonic() - began:.1f} s later."
            await asyncio.sleep(POLL)
    raise Failed(
        f"The ack still counts connections {hub.patience:g} seconds after they closed.",
        "Look at the log of DisconnectFunction.",
    )


async def history(hub: Hub) -> str:
    """If the hub keeps history, a message that was not delivered to a connection is found by ``resume``."""
    session = hub.session()
    async with hub.open(session) as client:
        try:
            start = await resume(client, None)
        except NoHistory:
            ack = await send(client, session, "hello")
            if "seq" in ack:
                raise Failed("The hub stores messages, but answers resume with no_history.", LOOK_AT_HISTORY) from None
            return "The hub keeps no history of this session, and says so (no_history)."
        began = time.monotonic()
        ack = await send(client, session, "hello")
        number = ack["seq"].get(session) if isinstance(ack.get("seq"), dict) else None
        if type(number) is not int:
            raise Failed("The hub keeps history, but the ack has no number of the message.", LOOK_AT_HISTORY)
        if not await _is_found(client, start["seq"], ack["id"], number):
            raise Failed("A message that is stored is not found by resume.", LOOK_AT_HISTORY)
        return (
            f"A message that the client missed is found by resume, {time.monotonic() - began:.2f} s after it was sent."
        )


async def malformed_session(hub: Hub) -> str:
    status = await refused(hub, hub.way.ticket(hub.session()).naming("not a session id"), "a malformed session id")
    return f"A malformed session id is refused with {status}."


async def no_credential(hub: Hub) -> str:
    status = await refused(hub, bare(new_session()), "no credential")
    return f"A handshake without a credential is refused with {status}."


async def forged_credential(hub: Hub) -> str:
    status = await refused(hub, hub.way.forged(hub.session()), "a forged credential")
    return f"A forged credential is refused with {status}."


ALWAYS: tuple[Check, ...] = (
    coded_error,
    ping,
    siblings,
    message_in_one_frame,
    message_in_fragments,
    offline,
    history,
    malformed_session,
)
WITH_PROOF: tuple[Check, ...] = (no_credential, forged_credential)
"""Additional checks for AUTH_MODE jwt and signature."""


class NoHistory(Exception):
    """The hub answers ``no_history``."""


async def resume(client: Client, after: int | None) -> Frame:
    """
    Ask for the messages after a position, and return the page; None asks for the position alone.

    Raises:
        NoHistory: If the hub keeps no history of the client's session.
        Failed: If the answer is another error, or not a page.

    """
    try:
        page = await client.ask({"action": "resume"} | ({} if after is None else {"after": after}))
    except Failed as failed:
        raise Failed(f"The question resume: {failed}", failed.look or ROUTE_RESPONSE) from None
    if page.get("code") == "no_history":
        raise NoHistory
    if page["type"] != "resumed":
        code = quoted(page.get("code"))
        raise Failed(f"The question resume is answered with the error {code}.", LOOK_AT_CODE.get(code, ""))
    if type(page.get("seq")) is not int or not isinstance(page.get("messages"), list):
        raise Failed("The answer to resume is not a hub's: it has no position.", "Look at the URL.")
    if after is not None and page.get("recovered") is not True:
        raise Failed("The answer to resume says that messages are gone after a moment.", LOOK_AT_HISTORY)
    return page


async def _is_found(client: Client, after: int, message_id: object, number: int) -> bool:
    """Return whether the pages after a position have a message. Other clients may send to the session too."""
    while after < number:
        page = await resume(client, after)
        if any(isinstance(frame, dict) and frame.get("id") == message_id for frame in page["messages"]):
            return True
        if page["seq"] <= after:
            return False
        after = page["seq"]
    return False


async def send(sender: Client, session: str, message: str) -> Frame:
    """Send a message to a session with ``echo`` false, and return its ack."""
    ack = await sender.ask({"action": "sendMessage", "sessions": [session], "message": message, "echo": False})
    if ack["type"] != "ack":
        code = quoted(ack.get("code"))
        raise Failed(f"A message is answered with the error {code}.", LOOK_AT_CODE.get(code, ""))
    if not (_counts(ack.get("delivered")) and _counts(ack.get("failed"))):
        raise Failed("The ack is not a hub's: it does not say who received the message.", "Look at the URL.")
    return ack


def _counts(value: object) -> bool:
    """Return whether a field of an ack maps each session to a number of connections."""
    return isinstance(value, dict) and all(type(count) is int for count in value.values())


async def deliver(sender: Client, session: str, message: str, receivers: list[Client]) -> Frame:
    """Send a message, and return its ack when every receiver has the message."""
    mark = f"{secrets.token_hex(4)} {message}"
    try:
        ack = await send(sender, session, mark)
    except Failed as failed:
        raise Failed(f"A message of {len(mark):,} bytes: {failed}", failed.look or ROUTE_RESPONSE) from None
    if ack["failed"] or ack["delivered"].get(session, 0) < len(receivers):
        raise Failed(f"A message of {len(mark):,} bytes does not reach every connection that is open.", POSTS)
    for receiver in receivers:
        try:
            frame, _ = await receiver.message(ack["id"])
        except Failed as failed:
            raise Failed(str(failed), failed.look or POSTS) from None
        if frame.get("message") != mark:
            raise Failed(f"A message of {len(mark):,} bytes arrives changed.", POSTS)
    return ack


async def refused(hub: Hub, ticket: Ticket, what: str) -> int:
    """Return the status with which the hub refuses a handshake. It must refuse it."""
    try:
        async with opened(hub.address, ticket, hub.patience):
            pass
    except NotOpened as error:
        if error.status in REFUSALS:
            return error.status
        raise Failed(f"A handshake with {what}: {error}", error.look) from None
    raise Failed(f"A handshake with {what} opens a connection.", "Look at AuthMode, and at the log of ConnectFunction.")
