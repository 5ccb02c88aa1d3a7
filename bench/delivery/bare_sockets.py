"""Bare sockets: an engine that does only what any client has to do, as the lower bound for the hub."""

import asyncio
import os
import ssl
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from hmac import digest
from typing import cast

from bench.delivery.pages import connection_id
from bench.delivery.stub import Stub
from delivery.http.service import CONNECTIONS_API


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

    def __init__(self, host: str, frame: bytes) -> None:
        self.frame = frame
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        scope = f"{stamp[:8]}/us-east-1/execute-api/aws4_request"
        names = "host;x-amz-date;x-amz-security-token"
        token = os.environ["AWS_SESSION_TOKEN"]
        self.key = b"AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"].encode()
        for part in scope.split("/"):
            self.key = digest(self.key, part.encode(), "sha256")
        headers = f"host:{host}\nx-amz-date:{stamp}\nx-amz-security-token:{token}\n"
        self.signed = f"\n\n{headers}\n{names}\n{sha256(frame).hexdigest()}"
        self.scope_lines = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n"
        self.head = (
            f" HTTP/1.1\r\nHost: {host}\r\nX-Amz-Date: {stamp}\r\nX-Amz-Security-Token: {token}\r\n"
            f"Content-Length: {len(frame)}\r\nAuthorization: AWS4-HMAC-SHA256 "
            f"Credential={os.environ['AWS_ACCESS_KEY_ID']}/{scope}, SignedHeaders={names}, Signature="
        )

    def request(self, connection_id: str) -> bytes:
        quoted = connection_id.replace("=", "%3D")
        signed = f"POST\n/prod/%40connections/{quoted.replace('%', '%25')}{self.signed}"
        string_to_sign = self.scope_lines + sha256(signed.encode()).hexdigest()
        signature = digest(self.key, string_to_sign.encode(), "sha256").hex()
        return f"POST /prod/@connections/{quoted}{self.head}{signature}\r\n\r\n".encode() + self.frame


class BareSockets:
    """As many sockets as the hub has. Each socket posts one frame after another."""

    def __init__(self, new_event_loop: Callable[[], asyncio.AbstractEventLoop], frame: bytes, stub: Stub) -> None:
        self._loop = new_event_loop()
        host = stub.endpoint.split("/")[2]
        self._signer = BareSigner(host, frame)
        self._address = host.split(":")[0], int(host.split(":")[1])
        is_tls = stub.endpoint.startswith("https")
        self._context = ssl.create_default_context(cafile=stub.bundle) if is_tls else None
        self._sockets: list[Bare] = []

    def __call__(self, count: int) -> int:
        """Post to so many connections. Return how many took the frame."""
        return self._loop.run_until_complete(self._send(count))

    async def _send(self, count: int) -> int:
        await self._open_up_to(min(count, CONNECTIONS_API.max_channels))
        answers: list[bool] = []
        all_ended = self._loop.create_future()

        def ended(is_taken: bool) -> None:
            answers.append(is_taken)
            if len(answers) == count:
                all_ended.set_result(None)

        connection_ids = map(connection_id, range(count))
        for socket in self._sockets:
            socket.start(connection_ids, ended)
        await all_ended
        return sum(answers)

    async def _open_up_to(self, count: int) -> None:
        opening = [
            self._loop.create_connection(lambda: Bare(self._signer), *self._address, ssl=self._context)
            for _ in range(count - len(self._sockets))
        ]
        self._sockets.extend(protocol for _, protocol in await asyncio.gather(*opening))
