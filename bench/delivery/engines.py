"""
The hub's function, and what it is compared with. Each posts a frame to many connections.

An engine is made from the stub, and returns a function that posts to so many connections
and returns how many took it.

"""

import asyncio
import json
import os
import ssl
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from hmac import digest
from types import SimpleNamespace
from typing import Any, cast

import uvloop

from bench.delivery.stub import Stub

Engine = Callable[[int], int]

FRAME = json.dumps({"type": "message", "id": "bench", "session": "s1", "from": "s0", "message": "x" * 150}).encode()
THREADS = (32, 64, 128)
"""Sizes of the boto3 thread pool: the best of them is the one compared with."""


def name(number: int) -> str:
    return f"{number:014}A="


def hub(stub: Stub) -> Engine:
    """The real handler, with the sender's look-up, the session's rows and the ack."""
    os.environ |= {"TABLE_NAME": "t", "WEBSOCKET_ENDPOINT": stub.endpoint, "AUTH_MODE": "none"}
    os.environ |= {"AWS_ENDPOINT_URL_DYNAMODB": stub.dynamodb, "MESSAGE_RATE": "0", "MESSAGE_BURST": "20"}
    os.environ["POWERTOOLS_LOG_LEVEL"] = "WARNING"
    from on_send_message_lambda import lambda_handler

    context = SimpleNamespace(
        aws_request_id="1",
        function_name="MessageFunction",
        memory_limit_in_mb=1024,
        invoked_function_arn="arn",
        get_remaining_time_in_millis=lambda: 300_000,
    )

    def send(count: int) -> int:
        body = json.dumps({"action": "sendMessage", "sessions": [f"s{count}"], "message": "x" * 150})
        event = {"requestContext": {"connectionId": "sender="}, "body": body}
        ack = json.loads(lambda_handler(event, context)["body"])
        return int(ack["delivered"][f"s{count}"])

    return send


def boto3_client(stub: Stub, pool: int) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(max_pool_connections=pool)
    return boto3.client("apigatewaymanagementapi", endpoint_url=stub.endpoint, config=config)


def one_by_one(stub: Stub) -> Engine:
    """boto3, one post after another, as the samples do."""
    api = boto3_client(stub, 1)

    def send(count: int) -> int:
        return sum(bool(api.post_to_connection(ConnectionId=name(each), Data=FRAME)) for each in range(count))

    return send


def threads(size: int, stub: Stub) -> Engine:
    """boto3 in a pool of threads."""
    api = boto3_client(stub, size)
    pool = ThreadPoolExecutor(size)

    def post(number: int) -> bool:
        return bool(api.post_to_connection(ConnectionId=name(number), Data=FRAME))

    return lambda count: sum(pool.map(post, range(count)))


class Bare(asyncio.Protocol):
    """A socket that posts until there is nothing left, looks at the status and at nothing else."""

    def __init__(self, signer: "BareSigner") -> None:
        self.signer = signer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def start(self, names: Any, ended: Callable[[bool], None]) -> None:
        self.names, self.ended = names, ended
        self.post()

    def post(self) -> None:
        if each := next(self.names, None):
            self.transport.write(self.signer.request(each))

    def data_received(self, data: bytes) -> None:
        self.ended(data.startswith(b"HTTP/1.1 200"))
        self.post()


class BareSigner:
    """Signature Version 4 with everything but the id computed beforehand, for as long as a run lasts."""

    def __init__(self, host: str) -> None:
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        scope = f"{stamp[:8]}/us-east-1/execute-api/aws4_request"
        names = "host;x-amz-date;x-amz-security-token"
        token = os.environ["AWS_SESSION_TOKEN"]
        self.key = b"AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"].encode()
        for part in scope.split("/"):
            self.key = digest(self.key, part.encode(), "sha256")
        headers = f"host:{host}\nx-amz-date:{stamp}\nx-amz-security-token:{token}\n"
        self.signed = f"\n\n{headers}\n{names}\n{sha256(FRAME).hexdigest()}"
        self.text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n"
        self.head = (
            f" HTTP/1.1\r\nHost: {host}\r\nX-Amz-Date: {stamp}\r\nX-Amz-Security-Token: {token}\r\n"
            f"Content-Length: {len(FRAME)}\r\nAuthorization: AWS4-HMAC-SHA256 "
            f"Credential={os.environ['AWS_ACCESS_KEY_ID']}/{scope}, SignedHeaders={names}, Signature="
        )

    def request(self, each: str) -> bytes:
        each = each.replace("=", "%3D")
        signed = f"POST\n/prod/%40connections/{each.replace('%', '%25')}{self.signed}"
        text = self.text + sha256(signed.encode()).hexdigest()
        signature = digest(self.key, text.encode(), "sha256").hex()
        return f"POST /prod/@connections/{each}{self.head}{signature}\r\n\r\n".encode() + FRAME


def bare_sockets(new_event_loop: Callable[[], asyncio.AbstractEventLoop], stub: Stub) -> Engine:
    """The floor: as many sockets as the hub has, and nothing that a real client needs."""
    from delivery.http.endpoint import MAX_CHANNELS

    host = stub.endpoint.split("/")[2]
    signer = BareSigner(host)
    context = ssl.create_default_context(cafile=stub.bundle) if stub.endpoint.startswith("https") else None
    loop = new_event_loop()
    sockets: list[Bare] = []

    async def open_up_to(count: int) -> None:
        address = host.split(":")[0], int(host.split(":")[1])
        missing = count - len(sockets)
        opening = [loop.create_connection(lambda: Bare(signer), *address, ssl=context) for _ in range(missing)]
        sockets.extend(each for _, each in await asyncio.gather(*opening))

    async def send(count: int) -> int:
        await open_up_to(min(count, MAX_CHANNELS))
        answers: list[bool] = []
        all_ended = loop.create_future()

        def ended(taken: bool) -> None:
            answers.append(taken)
            if len(answers) == count:
                all_ended.set_result(None)

        names = map(name, range(count))
        for each in sockets:
            each.start(names, ended)
        await all_ended
        return sum(answers)

    return lambda count: loop.run_until_complete(send(count))


ENGINES: dict[str, Callable[[Stub], Engine]] = {
    "hub": hub,
    "bare sockets, asyncio": partial(bare_sockets, asyncio.new_event_loop),
    "bare sockets, uvloop": partial(bare_sockets, uvloop.new_event_loop),
    "boto3, one by one": one_by_one,
    **{f"boto3, {size} threads": partial(threads, size) for size in THREADS},
}
