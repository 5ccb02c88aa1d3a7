"""Facts about API Gateway that its documentation leaves open. Each function observes one, and returns a sentence."""

import secrets
from functools import partial

from local.cli.smoke.checks import Check, Hub
from local.cli.smoke.problems import Failed, Frame, quoted

TRIES = 5
"""Messages whose order we observe."""

SIZES = (33_000, 65_000, 98_000, 129_000)
"""Bytes of messages: over the 32 KB of a frame, and up to the 128 KB of a message."""

TOO_LONG = 33_000
"""Bytes of a frame that is longer than the 32 KB that API Gateway accepts."""


async def subprotocol(hub: Hub) -> str:
    async with hub.open() as client:
        selected = client.connection.subprotocol
    return f"The handshake selects the subprotocol {selected}." if selected else "The handshake selects no subprotocol."


async def reserved_route(hub: Hub) -> str:
    async with hub.open() as client:
        await client.send({"action": "$connect", "id": "smoke"})
        answer, _ = await client.wait_for(lambda _: True, "answer")
    if answer.get("code") == "unknown_action":
        return "The action $connect reaches $default, and is answered with unknown_action."
    what = quoted(answer.get("code") or answer.get("message") or answer.get("type"))
    return f"The action $connect is answered with {what}."


async def order(hub: Hub) -> str:
    session = hub.session()
    first = 0
    async with hub.open(session) as client:
        for _ in range(TRIES):
            mark = f"smoke-{secrets.token_hex(8)}"
            await client.send({"action": "sendMessage", "sessions": [session], "message": 1, "id": mark})
            frame, _ = await client.wait_for(partial(_has_id, mark), "ack or message")
            if frame.get("type") == "error":
                raise Failed(f"A message is answered with the error {quoted(frame.get('code'))}.")
            await client.wait_for(partial(_has_id, mark), "second frame")
            first += frame.get("type") == "message"
    return f"A client's own message comes before its ack {first} times of {TRIES}."


async def large_posts(hub: Hub) -> str:
    outcomes = []
    for size in SIZES:
        try:
            async with hub.pair() as (sender, session, [receiver]):
                ack = await sender.ask(
                    {"action": "sendMessage", "sessions": [session], "message": "x" * size, "echo": False}
                )
                if ack["type"] == "error":
                    outcomes.append(f"{size:,} bytes are answered with {quoted(ack.get('code'))}")
                    continue
                _, frames = await receiver.message(ack["id"])
                outcomes.append(f"{size:,} bytes in {frames} frame{'s' * (frames > 1)}")
        except Failed as failed:
            outcomes.append(f"{size:,} bytes do not arrive ({failed})")
    return f"Messages over 32 KB arrive: {'; '.join(outcomes)}."


async def binary(hub: Hub) -> str:
    async with hub.open() as client:
        await client.send_raw(b"\x00smoke")
        return _closing("A binary frame", await client.closed())


async def long_frame(hub: Hub) -> str:
    async with hub.open() as client:
        await client.send_raw("x" * TOO_LONG)
        return _closing(f"A frame of {TOO_LONG:,} bytes", await client.closed())


async def close_code(hub: Hub) -> str:
    async with hub.open() as client:
        await client.connection.close(4000, "smoke")
        return _closing("A close with 4000", await client.closed()).replace("closes the connection", "is answered")


FACTS: tuple[Check, ...] = (subprotocol, reserved_route, order, large_posts, binary, long_frame, close_code)


def _has_id(message_id: str, frame: Frame) -> bool:
    return frame.get("id") == message_id


def _closing(what: str, code: int | None) -> str:
    return f"{what} closes the connection with {code}." if code else f"{what} is not answered with a close frame."
