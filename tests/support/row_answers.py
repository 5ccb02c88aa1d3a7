"""What a DynamoDB of the tests answers: honest answers, faults that pass, and refusals."""

import binascii
from collections.abc import Callable
from http import HTTPStatus

from tests.support.stored_rows import COULD_NOT

LATE = 1.3
"""Seconds before the answer ``late``: more than MessageFunction waits for one answer."""

QUOTED = "a-text-that-no-log-may-quote"
"""A part of every answer that is not honest."""

MAY_NOT = "com.amazon.coral.service#"

Step = bytes | str | float
"""Bytes to send, what else to do, or seconds to wait."""


def head(status: int, body: bytes, *headers: str, framing: str | None = None, checksum: object = None) -> bytes:
    """Return the head of an answer with a body. The head says the truth about the body unless an argument lies."""
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        "Server: Server",
        "Content-Type: application/x-amz-json-1.0",
        f"Content-Length: {len(body)}" if framing is None else framing,
        "Connection: keep-alive",
        "x-amzn-RequestId: 1HOPG5T4RCUEJ6H6KHNEBTVU8RVV4KQNSO5AEMVJF66Q9ASUAAJG",
        f"x-amz-crc32: {binascii.crc32(body) if checksum is None else checksum}",
        *headers,
    ]
    kept = [line for line in lines if line and not line.endswith(": ")]
    return ("\r\n".join(kept) + "\r\n\r\n").encode()


def half(body: bytes) -> bytes:
    return body[: len(body) // 2]


def whole(status: int, body: bytes) -> list[Step]:
    return [head(status, body) + body]


def last(status: int, body: bytes) -> list[Step]:
    return [head(status, body).replace(b"keep-alive", b"close") + body, "close"]


def until_the_end(status: int, body: bytes) -> list[Step]:
    return [head(status, body, framing="").replace(b"keep-alive", b"close") + body, "close"]


def in_chunks(status: int, body: bytes) -> list[Step]:
    chunks = [body[start : start + 50] for start in range(0, len(body), 50)]
    framed = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return [head(status, body, framing="Transfer-Encoding: chunked") + framed, "pause", b"0\r\n\r\n"]


def in_pieces(status: int, body: bytes) -> list[Step]:
    start = head(status, body)
    return [start[:20], "pause", start[20:] + half(body), "pause", body[len(half(body)) :]]


def page(status: int) -> Callable[[int, bytes], list[Step]]:
    """Return an answer of something between the hub and DynamoDB."""
    return lambda _status, _body: whole(status, f"<html>{QUOTED}</html>".encode())


def refusal(name: str, status: int = 400) -> list[Step]:
    return whole(status, f'{{"__type":"{name}","message":"{QUOTED}"}}'.encode())


def refuses(name: str, status: int = 400) -> Callable[[int, bytes], list[Step]]:
    return lambda _status, _body: refusal(name, status)


def half_a_refusal(_status: int, _body: bytes) -> list[Step]:
    body = f'{{"__type":"{MAY_NOT}AccessDeniedException","message":"{QUOTED}"}}'.encode()
    return [head(400, body) + half(body), "close"]


def says(body: bytes) -> Callable[[int, bytes], list[Step]]:
    """Return an answer with status 200, a right checksum and this body."""
    return lambda _status, _body: whole(200, body)


HONEST: dict[str, Callable[[int, bytes], list[Step]]] = {
    "whole": whole,
    "in pieces": in_pieces,
    "in chunks": in_chunks,
    "until the end": until_the_end,
    "without a checksum": lambda status, body: [head(status, body, checksum="") + body],
    "slowly": lambda status, body: [0.05, *whole(status, body)],
    "and the last": last,
    "then closed": lambda status, body: [*whole(status, body), "close"],
    "then reset": lambda status, body: [*whole(status, body), "pause", "reset"],
}

UNDONE: dict[str, Callable[[int, bytes], list[Step]]] = {
    "throttled": refuses(f"{COULD_NOT}ProvisionedThroughputExceededException"),
    "throttled as a service": refuses(f"{MAY_NOT}ThrottlingException"),
    "throttled as an account": refuses(f"{COULD_NOT}RequestLimitExceeded"),
    "500": refuses(f"{COULD_NOT}InternalServerError", 500),
    "500 without a body": lambda _status, _body: whole(500, b""),
    "502": page(502),
    "503": page(503),
    "503 without a body": lambda _status, _body: whole(503, b""),
    "504": page(504),
    "half a refusal": half_a_refusal,
    "closed": lambda _status, _body: ["close"],
    "no HTTP": lambda _status, _body: [f"SSH-2.0-{QUOTED}\r\n".encode()],
    "no body": says(b""),
    "no JSON": says(f"<html>{QUOTED}</html>".encode()),
    "a list": says(f'["{QUOTED}"]'.encode()),
}
"""Faults that pass, of requests that DynamoDB has not carried out."""

LOST: dict[str, Callable[[int, bytes], list[Step]]] = {
    "reset": lambda _status, _body: ["reset"],
    "half a head": lambda status, body: [half(head(status, body)), "close"],
    "half a body, closed": lambda status, body: [head(status, body) + half(body), "close"],
    "half a body, reset": lambda status, body: [head(status, body) + half(body), "pause", "reset"],
    "half a body in chunks": lambda status, body: [*in_chunks(status, body)[:1], "close"],
    "half a body until the end": lambda status, body: [
        head(status, body, framing="", checksum="") + half(body),
        "close",
    ],
    "half a body that says it is whole": lambda status, body: [head(status, half(body), checksum="") + half(body)],
    "half a body with the checksum of the whole": lambda status, body: [
        head(status, half(body), checksum=binascii.crc32(body)) + half(body)
    ],
    "another checksum": lambda status, body: [head(status, body, checksum=1) + body],
    "a checksum that is not a number": lambda status, body: [head(status, body, checksum=QUOTED) + body],
}
"""Faults that pass, of requests that DynamoDB has carried out: only the answer is lost or wrong."""

SLOW: dict[str, Callable[[int, bytes], list[Step]]] = {
    "silence": lambda _status, _body: [],
    "half a head, silence": lambda status, body: [half(head(status, body))],
    "half a body, silence": lambda status, body: [head(status, body) + half(body)],
    "drips in its head": lambda status, body: ["drip", *whole(status, body)],
    "drips in its body": lambda status, body: [head(status, body + b" " * 999), "drip", body + b" " * 999],
    "late": lambda status, body: [LATE, *whole(status, body)],
}
"""Faults that pass, but of which MessageFunction learns only by waiting."""

REFUSALS = {
    "ResourceNotFoundException": refuses(f"{COULD_NOT}ResourceNotFoundException"),
    "AccessDeniedException": refuses(f"{MAY_NOT}AccessDeniedException"),
    "ExpiredTokenException": refuses(f"{MAY_NOT}ExpiredTokenException"),
    "UnrecognizedClientException": refuses(f"{MAY_NOT}UnrecognizedClientException"),
    "InvalidSignatureException": refuses(f"{MAY_NOT}InvalidSignatureException"),
    "ValidationException": refuses("com.amazon.coral.validate#ValidationException"),
}
"""Answers after which it would not help to ask again."""

ODD: dict[str, Callable[[int, bytes], list[Step]]] = {
    "without Items": says(b'{"Count":0,"ScannedCount":0}'),
    "5 MB": lambda status, body: whole(status, body + b" " * 5_000_000),
}
"""Answers to a query that are whole: one has no rows where they must be, and one is longer than the hub reads."""

CHANGED = {"changed": refuses(f"{COULD_NOT}ConditionalCheckFailedException")}
"""What DeleteItem answers if the row has been replaced since it was read."""

PASSING = [*UNDONE, *LOST]
ANSWERS = HONEST | UNDONE | LOST | SLOW | REFUSALS | ODD | CHANGED
NOT_CARRIED_OUT = {*UNDONE, *REFUSALS, *CHANGED}
