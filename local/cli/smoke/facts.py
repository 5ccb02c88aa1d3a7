"""What documents leave open of API Gateway. Each fact is a sentence that says how it is, and nothing that can fail."""

import secrets
from functools import partial

from local.cli.smoke.checks import Check, Hub
from local.cli.smoke.client import Failed, Frame

TRIES = 5
SIZES = (33_000, 65_000, 98_000, 129_000)
"""Bytes of messages above the 32 KB of a frame, up to the 128 KB of a message."""

TOO_LONG = 33_000
"""Bytes of a frame over 32 KB."""


async def subprotocol(hub: Hub) -> str:
    async with hub.open() as client:
        selected = client.connection.subprotocol
    return f"The handshake selects the subprotocol {selected}." if selected else "The handshake selects no subprotocol."


async def reserved_route(hub: Hub) -> str:
    async with hub.open() as client:
        await client.send({"action": "$connect", "id": "smoke"})
        answer, _ = await client.wait_for(lambda _: True, "answer")
    if answer.get("code") == "unknown_action":
        return "The action $connect reaches $default, and is answered unknown_action."
    return f"The action $connect is answered {answer.get('code') or answer.get('message') or answer.get('type')!r}."


async def order(hub: Hub) -> str:
    session = hub.session()
    first = 0
    async with hub.open(session) as client:
        for _ in range(TRIES):
            mark = f"smoke-{secrets.token_hex(8)}"
            await client.send({"action": "sendMessage", "sessions": [session], "message": 1, "id": mark})
            frame, _ = await client.wait_for(partial(_is_of, mark), "ack")
            if frame["type"] == "error":
                raise Failed(f"A message is answered with the error {frame.get('code')}.")
            await client.wait_for(partial(_is_of, mark), "ack beside the message")
            first += frame["type"] == "message"
    return f"A client's own message comes before its ack {first} times of {TRIES}."


async def large_posts(hub: Hub) -> str:
    found = []
    for size in SIZES:
        try:
            async with hub.pair() as (sender, session, [receiver]):
                ack = await sender.ask(
                    {"action": "sendMessage", "sessions": [session], "message": "x" * size, "echo": False}
                )
                if ack["type"] == "error":
                    found.append(f"{size:,} bytes {ack.get('code')}")
                    continue
                _, frames = await receiver.message(ack["id"])
                found.append(f"{size:,} bytes in {frames} frame{'s' * (frames > 1)}")
        except Failed as failed:
            found.append(f"{size:,} bytes not ({failed})")
    return f"Messages over 32 KB arrive: {'; '.join(found)}."


async def binary(hub: Hub) -> str:
    async with hub.open() as client:
        await client.send_as_it_is(b"\x00smoke")
        return _closing("A binary frame", await client.closed())


async def long_frame(hub: Hub) -> str:
    async with hub.open() as client:
        await client.send_as_it_is("x" * TOO_LONG)
        return _closing(f"A frame of {TOO_LONG:,} bytes", await client.closed())


async def close_code(hub: Hub) -> str:
    async with hub.open() as client:
        await client.connection.close(4000, "smoke")
        return _closing("A close with 4000", await client.closed()).replace("closes the connection", "is answered")


FACTS: tuple[Check, ...] = (subprotocol, reserved_route, order, large_posts, binary, long_frame, close_code)


def _is_of(message_id: str, got: Frame) -> bool:
    return got.get("id") == message_id


def _closing(what: str, code: int | None) -> str:
    return f"{what} closes the connection with {code}." if code else f"{what} is not answered with a close frame."
