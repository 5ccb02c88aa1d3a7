"""A DynamoDB over real HTTP and TLS that misbehaves by script."""

import asyncio
import contextlib
import datetime
import json
import re
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.support.faulty import LENGTH
from tests.support.row_answers import ANSWERS, NOT_CARRIED_OUT, Step
from tests.support.stored_history import HISTORY
from tests.support.stored_rows import StoredRows

DRIP = 0.02
"""Seconds between two bytes of an answer that drips."""

REQUEST = re.compile(rb"POST / HTTP/1\.1\r\n(.*?)\r\n\r\n", re.DOTALL)
SIGNATURE = re.compile(r"AWS4-HMAC-SHA256 Credential=(\S+), ?SignedHeaders=(\S+), ?Signature=(\w+)")
MUST_BE_SIGNED = {"host", "x-amz-date", "x-amz-target"}

SECRETS = ("the-secret-key-of-the-function", "the-session-token-of-the-function")
"""The secret key and the session token of the function."""


class Asked(NamedTuple):
    """
    A request.

    Attributes:
        kind: ``sender``, ``page`` (the first of a session), ``next page`` or ``remove``; of the table of history:
            ``number``, ``store``, ``item`` or ``span``.
            A head that is purged is a ``number`` too, a message that is deleted an ``erase``.
        key: The connection id of the sender, or of the row to remove; else the session id.
        answer: The name of the answer.

    """

    kind: str
    key: str
    answer: str

    @classmethod
    def of(cls, request: dict[str, Any], answer: str) -> "Asked":
        if request["TableName"] == HISTORY:
            return cls.of_history(request, answer)
        if "Key" in request:
            return cls("remove", request["Key"]["connection_id"]["S"], answer)
        (value,) = request["ExpressionAttributeValues"].values()
        kind = "sender" if "IndexName" in request else "next page" if "ExclusiveStartKey" in request else "page"
        return cls(kind, value["S"], answer)

    @classmethod
    def of_history(cls, request: dict[str, Any], answer: str) -> "Asked":
        if "KeyConditionExpression" in request:
            return cls("span", request["ExpressionAttributeValues"][":session"]["S"], answer)
        kinds = {"Item": "store", "UpdateExpression": "number", "ConsistentRead": "item"}
        kind = next((kind for member, kind in kinds.items() if member in request), "erase")
        return cls(kind, (request.get("Item") or request["Key"])["session_id"]["S"], answer)


@dataclass
class FaultyRows(StoredRows):
    """
    A server.

    Attributes:
        credentials: Requests must be signed with them.
        scripts: Names of the next answers to a kind of request (``page``), or to one of them (``page s1``).
        lasting: The name of each answer after those of the script. Without one, the answer is honest.
        asked: All requests, in the order of arrival.
        wrong: Everything that was wrong with signatures.
        open: The HTTP connections that are open now.
        most_open: How many HTTP connections were open at the same time, at most.

    """

    url: str = ""
    credentials: Credentials = field(default_factory=lambda: Credentials("AKIDFUNCTION", *SECRETS))
    scripts: dict[str, list[str]] = field(default_factory=dict)
    lasting: dict[str, str] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list, repr=False)
    wrong: list[str] = field(default_factory=list)
    open: set["Server"] = field(default_factory=set, repr=False)
    most_open: int = 0

    def keys(self, kind: str) -> list[str]:
        """Return the keys of all requests of one kind."""
        return [asked.key for asked in self.asked if asked.kind == kind]

    def recover(self) -> None:
        """Answer honestly from now on."""
        self.scripts.clear()
        self.lasting.clear()

    def close_idle(self) -> None:
        """Close all HTTP connections from the server's side, as DynamoDB closes idle ones."""
        for server in list(self.open):
            server.loop.call_soon_threadsafe(server.transport.close)

    def answer(self, headers: dict[str, str], body: bytes) -> list[Step]:
        """Carry out a request, and return the steps of its answer. A wrong signature gets a refusal."""
        request = json.loads(body)
        complaint = complaint_about(self.credentials, headers, body)
        asked = Asked.of(request, "InvalidSignatureException" if complaint else self._next(Asked.of(request, "")))
        self.wrong += filter(None, [complaint])
        self.asked.append(asked)
        status, content = 200, dict[str, Any]()
        if asked.answer not in NOT_CARRIED_OUT:
            status, content = self.carry_out(headers["x-amz-target"].rpartition(".")[2], request)
        return ANSWERS[asked.answer](status, json.dumps(content, separators=(",", ":")).encode())

    def _next(self, asked: Asked) -> str:
        names = (f"{asked.kind} {asked.key}", asked.kind)
        for name in names:
            if script := self.scripts.get(name):
                return script.pop(0)
        return next((self.lasting[name] for name in names if name in self.lasting), "whole")


def complaint_about(credentials: Credentials, headers: dict[str, str], body: bytes) -> str:
    """Return why DynamoDB would refuse a signature, or an empty text."""
    found = SIGNATURE.fullmatch(headers.get("authorization", ""))
    if not found:
        return "no signature"
    names = found[2].split(";")
    request = AWSRequest("POST", f"https://{headers['host']}/", {name: headers[name] for name in names}, body)
    request.context["timestamp"] = headers["x-amz-date"]
    signer = SigV4Auth(credentials, "dynamodb", "us-east-1")
    now = datetime.datetime.now(datetime.UTC)
    signed_at = datetime.datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC)
    complaints = {
        "another key or scope": found[1] != signer.scope(request),
        "another token": headers.get("x-amz-security-token") != credentials.token,
        "too old, or too new": abs(now - signed_at) > datetime.timedelta(minutes=5),
        "headers without a signature": not set(names) >= MUST_BE_SIGNED | ({"x-amz-security-token"} & set(headers)),
        "another signature": found[3]
        != signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request),
    }
    return ", ".join(complaint for complaint, applies in complaints.items() if applies)


class Server(asyncio.Protocol):
    """One HTTP connection, on the server's side."""

    def __init__(self, rows: FaultyRows) -> None:
        self.rows = rows
        self.loop = asyncio.get_running_loop()
        self.received = b""
        self.replies: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.rows.open.add(self)
        self.rows.most_open = max(self.rows.most_open, len(self.rows.open))

    def connection_lost(self, error: Exception | None) -> None:
        self.rows.open.discard(self)
        for reply in self.replies:
            reply.cancel()

    def data_received(self, data: bytes) -> None:
        self.received += data
        while head := REQUEST.match(self.received):
            length = LENGTH.search(head[1])
            assert length
            end = head.end() + int(length[1])
            if len(self.received) < end:
                return
            body, self.received = self.received[head.end() : end], self.received[end:]
            headers = dict(line.split(": ", 1) for line in head[1].decode().split("\r\n"))
            steps = self.rows.answer({name.lower(): value for name, value in headers.items()}, body)
            reply = self.loop.create_task(self.reply(steps))
            self.replies.add(reply)
            reply.add_done_callback(self.replies.discard)

    async def reply(self, steps: list[Step]) -> None:
        drips = False
        for step in steps:
            if step == "drip":
                drips = True
            elif isinstance(step, bytes):
                for part in (bytes([byte]) for byte in step) if drips else [step]:
                    self.transport.write(part)
                    await asyncio.sleep(DRIP if drips else 0)
            elif step == "close":
                self.transport.close()
            elif step == "reset":
                self.transport.abort()
            else:
                await asyncio.sleep(0.002 if isinstance(step, str) else step)


@contextlib.contextmanager
def faulty_rows(tls: ssl.SSLContext | None = None) -> Iterator[FaultyRows]:
    """Serve while the context lasts, in a thread of its own."""
    rows = FaultyRows()
    loop = asyncio.new_event_loop()

    async def serve() -> asyncio.Server:
        return await loop.create_server(lambda: Server(rows), "127.0.0.1", 0, ssl=tls, backlog=1024)

    server = loop.run_until_complete(serve())
    port = server.sockets[0].getsockname()[1]
    rows.url = f"https://localhost:{port}" if tls else f"http://127.0.0.1:{port}"
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield rows
    finally:

        def stop() -> None:
            server.close()
            for connection in list(rows.open):
                connection.transport.abort()
            loop.call_later(0.01, loop.stop)

        loop.call_soon_threadsafe(stop)
        thread.join()
        loop.close()
