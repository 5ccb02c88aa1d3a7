"""Posts over real HTTP and TLS, to a server that answers by script: what each answer means."""

import contextlib
import io
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import boto3
import pytest
import trustme
from botocore.credentials import Credentials
from botocore.exceptions import NoCredentialsError

from delivery import retries as requests
from delivery.delivery import Delivery
from delivery.fan_out import FanOut
from delivery.http import endpoint
from delivery.http.endpoint import Endpoint
from tests.support.fan_outs import ENVELOPE, Rows, account, fan_out_to, row
from tests.support.faulty import ANSWERS, DELIVERS, GONE, PASSES, REFUSES, FaultyEndpoint, faulty_endpoint


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """A certificate authority that the fan-out trusts, as boto3 would."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    return authority


def context(authority: trustme.CA, name: str = "localhost") -> ssl.SSLContext:
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(served)
    return served


@pytest.fixture(params=["http", "https"])
def faulty(request: pytest.FixtureRequest, authority: trustme.CA) -> Iterator[FaultyEndpoint]:
    with faulty_endpoint(context(authority) if request.param == "https" else None) as served:
        yield served


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less for a server that does not answer."""
    monkeypatch.setattr(endpoint, "RESPONSE_TIMEOUT", 0.3)
    monkeypatch.setattr(endpoint, "LOOK", 0.02)


def send(fan_out: FanOut, seconds: float = 20) -> object:
    return fan_out.send(ENVELOPE, ("s1",), leave_out=None, seconds=seconds)["s1"]


@pytest.mark.parametrize("name", ANSWERS)
def test_what_one_answer_means(faulty: FaultyEndpoint, name: str) -> None:
    faulty.scripts["one="] = [name]
    rows = Rows([row("s1", "one="), row("s1", "two=")])

    with fan_out_to(faulty.url, rows) as fan_out:
        ended = send(fan_out)

    gone, refused = int(name in GONE), int(name in REFUSES)
    assert ended == account(live=2, delivered=2 - gone - refused, gone=gone)
    assert rows.removed == (["one="] if gone else [])
    assert {key: len(bodies) for key, bodies in faulty.posts().items()} == {"one=": 1 + (name in PASSES), "two=": 1}
    assert set(faulty.posts()["one="]) == {ENVELOPE.addressed_to("s1")}


@pytest.mark.parametrize("name", sorted(DELIVERS | {"429", "closed", "no HTTP"}))
def test_an_answer_leaves_nothing_for_the_next_post(faulty: FaultyEndpoint, name: str) -> None:
    # Over and over, so that whatever an answer leaves behind meets the next request.
    rows = Rows([row("s1", "one=")])
    faulty.scripts["one="] = [name, "403"] * 10

    with fan_out_to(faulty.url, rows) as fan_out:
        ended = [send(fan_out) for _ in range(20)]

    if name in DELIVERS:
        assert ended == [account(live=1, delivered=1), account(live=1)] * 10
    else:
        assert ended == [account(live=1)] * 10 + [account(live=1, delivered=1)] * 10


@pytest.mark.parametrize(
    "name",
    [
        "200 twice",
        "200 and a 410",
        "200 and half a 410",
        "200 and noise",
        "200 in HTTP/1.0",
        "200 and the last time",
        "200 until the end",
        "200 with a malformed header",
    ],
)
def test_an_http_connection_is_closed_after_an_answer_that_ends_it(faulty: FaultyEndpoint, name: str) -> None:
    faulty.scripts["one="] = [name]
    with fan_out_to(faulty.url, Rows([row("s1", "one=")])) as fan_out:
        for _ in range(3):
            assert send(fan_out) == account(live=1, delivered=1)
    assert faulty.opened == 2


def test_http_connections_are_kept_between_messages(faulty: FaultyEndpoint) -> None:
    with fan_out_to(faulty.url, Rows([row("s1", "one=")])) as fan_out:
        for _ in range(5):
            send(fan_out)
    assert (faulty.opened, len(faulty.requests)) == (1, 5)


def test_an_http_connection_that_was_closed_while_idle_costs_no_delivery_and_no_wait(
    faulty: FaultyEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(Delivery, "submit_again", lambda work, request, delay: waits.append(delay))
    rows = Rows([row("s1", f"{number}=") for number in range(20)])
    with fan_out_to(faulty.url, rows) as fan_out:
        for _ in range(5):
            assert send(fan_out) == account(live=20, delivered=20)
            faulty.close_idle()
    assert waits == []


def test_an_http_connection_that_idled_too_long_is_not_used_again(
    faulty: FaultyEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "IDLE_TIMEOUT", 0.1)
    with fan_out_to(faulty.url, Rows([row("s1", "one=")])) as fan_out:
        for _ in range(3):
            send(fan_out)
        time.sleep(0.2)
        assert send(fan_out) == account(live=1, delivered=1)
    assert faulty.opened == 2


def test_a_tls_session_is_resumed(authority: trustme.CA) -> None:
    with (
        faulty_endpoint(context(authority)) as served,
        fan_out_to(served.url, Rows([row("s1", "one=")])) as fan_out,
    ):
        for _ in range(3):
            send(fan_out)
            served.close_idle()
    assert (served.opened, served.resumed) == (3, 2)


def test_many_connections_share_some_http_connections(faulty: FaultyEndpoint) -> None:
    rows = Rows([row("s1", f"{number}=") for number in range(3000)])
    with fan_out_to(faulty.url, rows) as fan_out:
        assert send(fan_out) == account(live=3000, delivered=3000)
    assert len(faulty.posts()) == len(faulty.requests) == 3000
    assert faulty.opened <= endpoint.MAX_CHANNELS


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        pytest.param("403", "403 AccessDeniedException: check that the function's role", id="forbidden"),
        pytest.param("429, much later", "429 LimitExceededException", id="throttled"),
        pytest.param("302", "302", id="redirected"),
    ],
)
def test_failures_of_one_reason_are_one_error_line(
    faulty: FaultyEndpoint, log: io.StringIO, answer: str, says: str
) -> None:
    rows = Rows([row("s1", f"{number}=") for number in range(50)])
    faulty.scripts.update({each.connection_id: [answer] for each in rows.rows})

    with fan_out_to(faulty.url, rows) as fan_out:
        assert send(fan_out) == account(live=50)

    (line,) = [json.loads(text) for text in log.getvalue().splitlines()]
    assert (line["level"], line["message"], line["connections"]) == ("ERROR", "post failed", 50)
    assert line["reason"].startswith(says)
    assert "hello" not in log.getvalue()


def test_a_server_that_nobody_trusts_fails_at_once_and_says_why(authority: trustme.CA, log: io.StringIO) -> None:
    with (
        faulty_endpoint(context(authority, name="elsewhere.example.com")) as served,
        fan_out_to(served.url, Rows([row("s1", "one=")])) as fan_out,
    ):
        assert send(fan_out) == account(live=1)
    assert "Hostname mismatch" in json.loads(log.getvalue())["reason"]


def test_nobody_listening_is_tried_until_the_time_is_up(log: io.StringIO) -> None:
    with fan_out_to("http://127.0.0.1:9/prod", Rows([row("s1", "one=")])) as fan_out:
        assert send(fan_out, seconds=0.5) == account(live=1)
    assert "111" in json.loads(log.getvalue().splitlines()[-1])["reason"] or "refused" in log.getvalue()


def test_a_way_that_leads_nowhere_fails_soon_and_says_what_to_check(
    monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    # A listener whose queue is full answers no handshake at all, as a VPC without a way out does.
    monkeypatch.setattr(endpoint, "CONNECT_TIMEOUT", 0.1)
    monkeypatch.setattr(endpoint, "UNREACHABLE_AFTER", 0.25)
    with closing(socket.create_server(("127.0.0.1", 0), backlog=0)) as full:
        address = full.getsockname()
        with closing(socket.create_connection(address)):
            rows = Rows([row("s1", f"{number}=") for number in range(1000)])
            with fan_out_to(f"http://127.0.0.1:{address[1]}/prod", rows) as fan_out:
                assert send(fan_out) == account(live=1000)

    (line,) = [json.loads(text) for text in log.getvalue().splitlines()]  # and none that the time was up
    assert line["reason"] == endpoint.UNREACHABLE
    assert line["connections"] == 1000


def test_credentials_are_taken_anew_for_each_message(faulty: FaultyEndpoint) -> None:
    class Rotating(boto3.Session):
        def get_credentials(self) -> Any:
            return Credentials(f"AKID{len(faulty.requests)}", "secret")

    fan_out = FanOut(Rows([row("s1", "one=")]), lambda: Endpoint(faulty.url, Rotating()), needs_proof=False)
    for _ in range(3):
        send(fan_out)
    fan_out.close()
    assert re.findall(r"Credential=(\w+)/", "".join(faulty.heads)) == ["AKID0", "AKID1", "AKID2"]


def test_without_credentials_it_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3.Session, "get_credentials", lambda session: None)
    with pytest.raises(NoCredentialsError):
        Endpoint("http://127.0.0.1:9/prod", boto3.Session())


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        pytest.param("https://abc.example.com/prod", "abc.example.com", 443, id="https"),
        pytest.param("https://abc.example.com:443/prod", "abc.example.com", 443, id="https-with-its-own-port"),
        pytest.param("http://127.0.0.1:3002/prod", "127.0.0.1:3002", 3002, id="http"),
        pytest.param("http://[::1]:3002", "[::1]:3002", 3002, id="ipv6"),
    ],
)
def test_the_host_that_is_signed(url: str, host: str, port: int) -> None:
    reached = Endpoint(url, boto3.Session())
    assert reached._port == port  # noqa: SLF001 - nothing shows it but a connection to the real place
    head = reached._signer.head("POST", "one=", requests.NOTHING).decode()  # noqa: SLF001
    assert re.findall(r"Host: (.*)\r", head) == [host]


def test_nothing_is_heard_of_what_was_abandoned(faulty: FaultyEndpoint) -> None:
    faulty.scripts["one="] = ["silence"]
    with fan_out_to(faulty.url, Rows([row("s1", "one=")])) as fan_out:
        assert send(fan_out, seconds=0.1) == account(live=1)
        assert send(fan_out) == account(live=1, delivered=1)


def test_a_server_that_closes_at_once_is_not_hammered(log: io.StringIO) -> None:
    accepted: list[object] = []

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, address = listener.accept()
                connection.close()
                accepted.append(address)

    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        threading.Thread(target=accept, daemon=True).start()
        with fan_out_to(f"http://127.0.0.1:{listener.getsockname()[1]}/prod", Rows([row("s1", "one=")])) as fan_out:
            assert send(fan_out, seconds=1) == account(live=1)
        listener.shutdown(socket.SHUT_RDWR)
    assert len(accepted) < 50


def test_a_host_that_is_no_name_fails_at_once_and_says_so(log: io.StringIO) -> None:
    with fan_out_to(f"http://{'a' * 64}.example.com/prod", Rows([row("s1", "one=")])) as fan_out:
        assert send(fan_out) == account(live=1)
    assert "connecting failed" in json.loads(log.getvalue())["reason"]


def test_silent_connections_do_not_use_up_the_time(faulty: FaultyEndpoint) -> None:
    # All HTTP connections go silent while idle: what lies between has dropped them, and tells nobody.
    rows = Rows([row("s1", f"{number}=") for number in range(20)])
    with fan_out_to(faulty.url, rows) as fan_out:
        assert send(fan_out) == account(live=20, delivered=20)
        for server in faulty.open:
            server.transport.pause_reading()
        assert send(fan_out, seconds=5) == account(live=20, delivered=20)
