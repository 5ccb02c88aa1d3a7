"""How the keys of an identity provider are fetched: in bounded time, whatever it does, and from nobody else."""

import contextlib
import gc
import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hub import asking
from hub.asking import NoAnswer
from hub.auth.jwks import KeysUnusable
from hub.auth.jwks_url import MAX_BYTES, JwksUrl
from tests.support.gateway import PATIENCE, wait_until
from tests.support.identity_provider import Provider, published, response, running_provider
from tests.support.tls import Authority

SHORT = 0.3
"""Seconds for an answer that does not come."""

KEYS = published()


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running_provider() as running:
        yield running


def calls() -> list[threading.Thread]:
    """Return the threads in which requests to a provider run."""
    return [thread for thread in threading.enumerate() if thread.name == f"{asking.THREAD}The identity provider"]


def failure(url: str, within: float = PATIENCE) -> BaseException:
    """Fetch, which must fail, and wait until the request has ended. Returns the cause."""
    with pytest.raises(KeysUnusable, match=r"^the keys of the identity provider could not be fetched$") as raised:
        JwksUrl(url, within).fetch()
    for thread in calls():
        thread.join(PATIENCE)
    assert calls() == []
    cause = raised.value.__cause__
    assert cause
    return cause.__cause__ or cause


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(response(KEYS), id="with-its-length"),
        pytest.param(response(KEYS, 200, "Connection: close"), id="the-only-one-of-its-connection"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\n" + KEYS, id="http-1.0"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            + b"".join(b"1\r\n" + KEYS[at : at + 1] + b"\r\n" for at in range(len(KEYS)))
            + b"0\r\n\r\n",
            id="in-chunks-of-a-byte",
        ),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + response(KEYS), id="after-100-continue"),
        pytest.param(response(KEYS, 200, "Content-Type: text/html"), id="as-html"),
    ],
)
def test_fetched(provider: Provider, answer: bytes) -> None:
    provider.say(answer)
    assert JwksUrl(provider.url, PATIENCE).fetch() == KEYS
    assert provider.requests == ["GET /jwks.json HTTP/1.1"]
    assert provider.left.acquire(timeout=PATIENCE)  # the connection is closed


def test_as_many_bytes_as_allowed(provider: Provider) -> None:
    provider.say(response(KEYS.ljust(MAX_BYTES)))
    assert len(JwksUrl(provider.url, PATIENCE).fetch()) == MAX_BYTES


@pytest.mark.parametrize(
    ("path", "target"),
    [
        pytest.param("", "/", id="no-path"),
        pytest.param("/.well-known/jwks.json", "/.well-known/jwks.json", id="path"),
        pytest.param("/keys?appid=1&x=%20@", "/keys?appid=1&x=%20@", id="query"),
        pytest.param("?appid=1", "/?appid=1", id="a-query-alone"),
    ],
)
def test_the_path_and_the_query_of_the_url_are_asked_for(provider: Provider, path: str, target: str) -> None:
    JwksUrl(provider.url.removesuffix("/jwks.json") + path, PATIENCE).fetch()
    assert provider.requests == [f"GET {target} HTTP/1.1"]


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        pytest.param(response(KEYS, 500), "the answer has the status 500", id="500"),
        pytest.param(response(KEYS, 404), "the answer has the status 404", id="404"),
        pytest.param(
            response(gzip.compress(KEYS), 200, "Content-Encoding: gzip"),
            "the answer is compressed, although nobody asked for that",
            id="compressed",
        ),
        pytest.param(response(KEYS, 206), "the answer has the status 206", id="206"),
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", "the answer has the status 204", id="204"),
        pytest.param(
            response(b" " * (MAX_BYTES + 1)), f"the answer has more than {MAX_BYTES} bytes", id="a-byte-too-much"
        ),
        pytest.param(response(b" " * 20_000_000), f"the answer has more than {MAX_BYTES} bytes", id="20-mb"),
        pytest.param(
            b"HTTP/1.0 200 OK\r\n\r\n" + b" " * 20_000_000,
            f"the answer has more than {MAX_BYTES} bytes",
            id="20-mb-without-a-length",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"fffff\r\n" + b" " * 0xFFFFF,
            f"the answer has more than {MAX_BYTES} bytes",
            id="a-chunk-that-is-too-long",
        ),
        pytest.param(b"hello\r\n\r\n", "hello\r\n", id="not-http"),
        pytest.param(b"", "Remote end closed connection without response", id="nothing"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000,
            "got more than 65536 bytes when reading header line",
            id="a-header",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\n" + b"x: x\r\n" * 200 + b"\r\n", "got more than 100 headers", id="many-headers"
        ),
    ],
)
def test_an_answer_that_cannot_be_the_keys(provider: Provider, answer: bytes, cause: str) -> None:
    provider.say(answer)
    assert str(failure(provider.url)) == cause
    assert provider.fetches == 1  # nothing is asked for again
    assert provider.left.acquire(timeout=PATIENCE)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(response(KEYS[:-9], length=len(KEYS)), id="cut"),
        pytest.param(response(KEYS, length=len(KEYS) - 9), id="a-length-that-is-too-short"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n" + KEYS[:9], id="a-chunk-that-is-last"
        ),
    ],
)
def test_a_part_of_an_answer_is_not_taken_for_more(provider: Provider, answer: bytes) -> None:
    provider.say(answer)
    with contextlib.suppress(KeysUnusable):
        assert KEYS.startswith(part := JwksUrl(provider.url, PATIENCE).fetch())
        assert len(part) < len(KEYS)  # which is not JSON
    assert provider.fetches == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(provider: Provider, status: int) -> None:
    with running_provider() as other:
        for target in (other.url, "/other.json"):
            provider.say(response(KEYS, status, f"Location: {target}"))
            assert str(failure(provider.url)) == f"the answer has the status {status}"
        assert other.requests == []
    assert provider.requests == ["GET /jwks.json HTTP/1.1"] * 2


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n"


@pytest.mark.parametrize(
    ("answer", "drips"),
    [
        pytest.param(b"", b"", id="silent"),
        pytest.param(b"", b"H", id="drips-in-the-status"),
        pytest.param(HEAD + b"X: ", b"x", id="drips-in-a-header"),
        pytest.param(HEAD, b"x: x\r\n", id="drips-headers"),
        pytest.param(b"", b"HTTP/1.1 100 Continue\r\n\r\n", id="continues-for-ever"),
        pytest.param(HEAD + b"Content-Length: 9999\r\n\r\n", b"", id="silent-after-the-headers"),
        pytest.param(HEAD + b"Content-Length: 9999\r\n\r\n", b" ", id="drips-in-the-body"),
        pytest.param(HEAD + b"Connection: close\r\n\r\n", b" ", id="drips-in-a-body-that-is-the-last"),
        pytest.param(b"HTTP/1.0 200 OK\r\n\r\n", b" ", id="drips-in-a-body-of-http-1.0"),
        pytest.param(CHUNKED + b"\r\n", b"1\r\n \r\n", id="drips-chunks"),
        pytest.param(CHUNKED + b"\r\n1;", b"x", id="drips-in-the-length-of-a-chunk"),
        pytest.param(
            CHUNKED + b"Connection: close\r\n\r\n1;", b"x", id="drips-in-the-length-of-a-chunk-of-the-last-answer"
        ),
        pytest.param(CHUNKED + b"Connection: close\r\n\r\n0\r\n", b"x: x\r\n", id="drips-trailers"),
    ],
)
def test_an_answer_that_does_not_end_is_ended(provider: Provider, answer: bytes, drips: bytes) -> None:
    provider.say(answer, drips, hangs=True)
    assert isinstance(failure(provider.url, SHORT), NoAnswer)
    assert provider.left.acquire(timeout=PATIENCE)  # the provider has seen it


def test_a_server_that_does_not_accept_the_connection() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=1) as server:
        assert isinstance(failure(f"http://127.0.0.1:{server.getsockname()[1]}/", SHORT), NoAnswer | TimeoutError)


def test_a_provider_that_is_away() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert isinstance(failure(f"http://127.0.0.1:{port}/jwks.json"), ConnectionRefusedError)


@pytest.mark.parametrize(
    "host",
    ["provider.invalid", ".", "a..b", "x" * 64],
    ids=["unknown", "a-dot", "no-label", "a-label-that-is-too-long"],
)
def test_a_name_that_cannot_be_looked_up(host: str) -> None:
    assert isinstance(failure(f"https://{host}/jwks.json"), OSError | UnicodeError)


class SlowName:
    """A look-up of names that waits for an event."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.over, self.began = threading.Event(), threading.Semaphore(0)
        look_up = socket.getaddrinfo

        def slowly(*arguments: Any, **options: Any) -> Any:
            self.began.release()
            assert self.over.wait(PATIENCE)
            return look_up(*arguments, **options)

        monkeypatch.setattr(socket, "getaddrinfo", slowly)


@pytest.fixture
def slow_name(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowName]:
    slow = SlowName(monkeypatch)
    yield slow
    slow.over.set()
    for thread in calls():
        thread.join(PATIENCE)


def no_answer(fetch: Callable[[], bytes]) -> bool:
    with pytest.raises(KeysUnusable) as raised:
        fetch()
    return isinstance(raised.value.__cause__, NoAnswer)


def fetches(jwks_url: JwksUrl) -> bool:
    """Return whether a request is answered. On a slow machine, a request may take too long."""
    with contextlib.suppress(KeysUnusable):
        return jwks_url.fetch() == KEYS
    return False


def test_a_request_that_is_connected_too_late_asks_for_nothing_and_ends(
    provider: Provider, slow_name: SlowName
) -> None:
    provider.say(b"", b"H", hangs=True)  # it would never end by itself
    assert no_answer(JwksUrl(provider.url, SHORT).fetch)
    slow_name.over.set()
    assert provider.left.acquire(timeout=PATIENCE)
    for thread in calls():
        thread.join(PATIENCE)
    assert (calls(), provider.requests) == ([], [])


def test_at_most_sixteen_requests_are_stuck_and_then_the_provider_is_asked_again(
    provider: Provider, slow_name: SlowName
) -> None:
    jwks_url = JwksUrl(provider.url, 0.05)
    assert all(no_answer(jwks_url.fetch) for _ in range(20))
    stuck = calls()
    assert len(stuck) == asking.MAX_CALLS == 16
    slow_name.over.set()
    for thread in stuck:
        thread.join(PATIENCE)
    assert calls() == []
    wait_until(lambda: fetches(jwks_url))


def test_sixteen_requests_that_were_ended_leave_room_for_the_next(provider: Provider) -> None:
    provider.say(HEAD, b"x: x\r\n")
    jwks_url = JwksUrl(provider.url, SHORT)
    for _ in range(asking.MAX_CALLS):
        assert no_answer(jwks_url.fetch)
    for thread in calls():
        thread.join(PATIENCE)
    assert calls() == []
    provider.say(response(KEYS))
    wait_until(lambda: fetches(jwks_url))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.in_folder(tmp_path_factory.mktemp("authority"))


def test_tls_with_a_certificate_of_a_trusted_authority(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", authority.bundle)
    with running_provider(authority.server_context()) as provider:
        assert JwksUrl(provider.url, PATIENCE).fetch() == KEYS
        assert provider.left.acquire(timeout=PATIENCE)


def test_tls_answers_that_do_not_end_are_ended(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", authority.bundle)
    with running_provider(authority.server_context()) as provider:
        for drips in (b"", b"x: x\r\n"):
            provider.say(HEAD, drips, hangs=True)
            assert isinstance(failure(provider.url, SHORT), NoAnswer | TimeoutError)
            assert provider.left.acquire(timeout=PATIENCE)


@pytest.mark.parametrize("host", ["another.example", "127.0.0.2"])
def test_tls_with_a_certificate_for_another_host(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", authority.bundle)
    with running_provider(authority.server_context(host)) as provider:
        assert "certificate is not valid for 'localhost'" in str(failure(provider.url))
        assert provider.requests == []


def test_tls_with_a_certificate_of_another_authority(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", Authority.in_folder(tmp_path).bundle)
    with running_provider(authority.server_context()) as provider:
        assert "CERTIFICATE_VERIFY_FAILED" in str(failure(provider.url))
        assert provider.requests == []


def test_tls_with_a_server_that_does_not_speak_it(provider: Provider) -> None:
    provider.say(response(KEYS))
    secure = provider.url.replace("http://127.0.0.1", "https://localhost")
    assert isinstance(failure(secure, SHORT), NoAnswer | OSError)
    assert provider.left.acquire(timeout=PATIENCE)


def test_an_ipv6_address_is_not_taken_for_a_host_and_a_port() -> None:
    with running_provider(host="::1") as provider:
        assert JwksUrl(provider.url, PATIENCE).fetch() == KEYS
    # Without a port, the request goes to the port of the scheme, where nobody answers here.
    assert isinstance(failure("http://[::1]/jwks.json"), ConnectionRefusedError)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        pytest.param("http://[::1]/keys", ("::1", 80), id="ipv6"),
        pytest.param("https://[::1]/keys", ("::1", 443), id="ipv6-with-tls"),
        pytest.param("http://localhost/keys", ("localhost", 80), id="name"),
        pytest.param("https://provider.example:8443/keys", ("provider.example", 8443), id="port"),
    ],
)
def test_the_address_that_is_connected_to(monkeypatch: pytest.MonkeyPatch, url: str, address: tuple[str, int]) -> None:
    asked: list[Any] = []

    def refuse(where: Any, *_: Any, **__: Any) -> None:
        asked.append(where)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refuse)
    assert isinstance(failure(url), ConnectionRefusedError)
    assert asked == [address]


def test_no_socket_is_left_to_the_garbage_collector(provider: Provider) -> None:
    provider.say(response(KEYS, 500))
    failure(provider.url)
    provider.say(b"", hangs=True)
    failure(provider.url, SHORT)
    gc.collect()  # a socket that nobody closed would warn, and warnings are errors
    assert provider.fetches == 2


def test_a_second_address_is_asked_if_the_first_does_not_answer(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(provider.url.rpartition(":")[2].partition("/")[0])
    good = socket.getaddrinfo("127.0.0.1", port, type=socket.SOCK_STREAM)
    connect = socket.socket.connect

    def connect_unless_dead(self: socket.socket, address: Any) -> None:
        if address[0] == "127.0.0.9":
            raise TimeoutError  # after the time that the address has
        connect(self, address)

    dead = [(*good[0][:4], ("127.0.0.9", port))]
    limits: list[float | None] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: dead + good)
    monkeypatch.setattr(socket.socket, "settimeout", lambda self, value: limits.append(value))
    monkeypatch.setattr(socket.socket, "connect", connect_unless_dead)
    assert JwksUrl(provider.url, PATIENCE).fetch() == KEYS
    assert limits[:3] == [PATIENCE / 2, PATIENCE / 2, PATIENCE]
