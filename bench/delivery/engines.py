"""
The engines that are compared: the hub's function, bare sockets, and boto3. Each posts a frame to many connections.

Each function in ENGINES takes the stub, and returns the engine. An engine takes the number of connections to post
to, and returns the number of connections that took the frame.

"""

import asyncio
import json
import os
import ssl
import time
from collections.abc import Callable, Iterator
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
"""Sizes of the boto3 thread pool. The documents compare the hub with the fastest of them."""


def connection_id(number: int) -> str:
    return f"{number:014}A="


def hub(stub: Stub) -> Engine:
    """Return the real handler, which looks up the sender, reads the session's rows and writes the ack."""
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
    """Return boto3 with one post after another, as AWS's samples do."""
    api = boto3_client(stub, 1)

    def send(count: int) -> int:
        return sum(bool(api.post_to_connection(ConnectionId=connection_id(n), Data=FRAME)) for n in range(count))

    return send


def threads(size: int, stub: Stub) -> Engine:
    """Return boto3 in a pool of threads."""
    api = boto3_client(stub, size)
    pool = ThreadPoolExecutor(size)

    def post(number: int) -> bool:
        return bool(api.post_to_connection(ConnectionId=connection_id(number), Data=FRAME))

    return lambda count: sum(pool.map(post, range(count)))


class Bare(asyncio.Protocol):
    """A socket that posts until all connection ids are used up. It reads only the status of an answer."""

    def __init__(self, signer: "BareSigner") -> None:
        self.signer = signer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def start(self, connection_ids: Iterator[str], ended: Callable[[bool], None]) -> None:
        self.connection_ids, self.ended = connection_ids, ended
        self.post()

    def post(self) -> None:
        if connection_id := next(self.connection_ids, None):
            self.transport.write(self.signer.request(connection_id))

    def data_received(self, data: bytes) -> None:
        self.ended(data.startswith(b"HTTP/1.1 200"))
        self.post()


class BareSigner:
    """Signature Version 4. Everything that does not depend on the connection id is computed once for a run."""

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
        self.scope_lines = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n"
        self.head = (
            f" HTTP/1.1\r\nHost: {host}\r\nX-Amz-Date: {stamp}\r\nX-Amz-Security-Token: {token}\r\n"
            f"Content-Length: {len(FRAME)}\r\nAuthorization: AWS4-HMAC-SHA256 "
            f"Credential={os.environ['AWS_ACCESS_KEY_ID']}/{scope}, SignedHeaders={names}, Signature="
        )

    def request(self, connection_id: str) -> bytes:
        quoted = connection_id.replace("=", "%3D")
        signed = f"POST\n/prod/%40connections/{quoted.replace('%', '%25')}{self.signed}"
        string_to_sign = self.scope_lines + sha256(signed.encode()).hexdigest()
        signature = digest(self.key, string_to_sign.encode(), "sha256").hex()
        return f"POST /prod/@connections/{quoted}{self.head}{signature}\r\n\r\n".encode() + FRAME


def bare_sockets(new_event_loop: Callable[[], asyncio.AbstractEventLoop], stub: Stub) -> Engine:
    """Return the lower bound: as many sockets as the hub has, without anything else that a real client needs."""
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
        sockets.extend(protocol for _, protocol in await asyncio.gather(*opening))

    async def send(count: int) -> int:
        await open_up_to(min(count, MAX_CHANNELS))
        answers: list[bool] = []
        all_ended = loop.create_future()

        def ended(taken: bool) -> None:
            answers.append(taken)
            if len(answers) == count:
                all_ended.set_result(None)

        connection_ids = map(connection_id, range(count))
        for socket in sockets:
            socket.start(connection_ids, ended)
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
