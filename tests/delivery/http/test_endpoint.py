"""Posts over real HTTP and TLS to a server that answers by script: what each answer means."""

import contextlib
import io
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from delivery.http.access import Access
from delivery.http.connector import Server
from delivery.http.endpoint import Endpoint
from delivery.http.service import CONNECTIONS_API
from delivery.http.timing import Timing
from tests.support.fan_outs import (
    ENVELOPE,
    NO_PATIENCE,
    PLENTY,
    QUICK,
    SILENT,
    TOLERANT,
    Rows,
    Sending,
    access,
    account,
    fan_out_to,
    lines,
    row,
)
from tests.support.faulty import ANSWERS, DELIVERS, GONE, PASSES, REFUSES, STALLS, FaultyEndpoint, faulty_endpoint
from tests.support.tls import Authority

pytestmark = pytest.mark.usefixtures("trusting")


@pytest.fixture(params=["http", "https"])
def faulty(request: pytest.FixtureRequest, authority: Authority) -> Iterator[FaultyEndpoint]:
    with faulty_endpoint(authority.server_context() if request.param == "https" else None) as served:
        yield served


def timing_for(answer: str) -> Timing:
    return SILENT if answer in STALLS else TOLERANT


def send(fan_out: Sending, seconds: float = PLENTY) -> object:
    return fan_out.send(ENVELOPE, ("s1",), leave_out=None, seconds=seconds)["s1"]


@pytest.mark.parametrize("name", ANSWERS)
def test_what_one_answer_means(faulty: FaultyEndpoint, name: str) -> None:
    faulty.scripts["one="] = [name]
    rows = Rows([row("s1", "one="), row("s1", "two=")])

    with fan_out_to(faulty.url, rows, patience=QUICK, timing=timing_for(name)) as fan_out:
        ended = send(fan_out)

    gone, refused = int(name in GONE), int(name in REFUSES)
    assert ended == account(live=2, delivered=2 - gone - refused, gone=gone)
    assert rows.removed == (["one="] if gone else [])
    assert {key: len(bodies) for key, bodies in faulty.posts().items()} == {"one=": 1 + (name in PASSES), "two=": 1}
    assert set(faulty.posts()["one="]) == {ENVELOPE.addressed_to("s1")}


@pytest.mark.parametrize("name", sorted(DELIVERS | {"429", "closed", "no HTTP"}))
def test_an_answer_leaves_nothing_for_the_next_post(faulty: FaultyEndpoint, name: str) -> None:
    # Several times, so that what an answer leaves behind meets the next request.
    times = 1 if name in STALLS else 10
    rows = Rows([row("s1", "one=")])
    faulty.scripts["one="] = [name, "403"] * times

    with fan_out_to(faulty.url, rows, patience=QUICK, timing=timing_for(name)) as fan_out:
        ended = [send(fan_out) for _ in range(2 * times)]

    if name in DELIVERS:
        assert ended == [account(live=1, delivered=1), account(live=1)] * times
    else:  # the first post of a message passes, and the second is refused
        assert ended == [account(live=1)] * times + [account(live=1, delivered=1)] * times


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


def test_a_post_over_an_http_connection_that_was_closed_while_idle_is_repeated_at_once(faulty: FaultyEndpoint) -> None:
    # A retry after a fault would find neither patience nor time: the next post has to be the same attempt.
    rows = Rows([row("s1", f"{number}=") for number in range(20)])
    with fan_out_to(faulty.url, rows, patience=NO_PATIENCE) as fan_out:
        for _ in range(5):
            assert send(fan_out) == account(live=20, delivered=20)
            faulty.close_idle()


@pytest.mark.parametrize(
    ("idle", "opened"), [pytest.param(59.9, 1, id="just-in-time"), pytest.param(60.0, 2, id="too-long")]
)
def test_an_http_connection_that_idled_too_long_is_not_used_again(
    faulty: FaultyEndpoint, idle: float, opened: int
) -> None:
    now = 0.0
    table = Rows([row("s1", "one=")])
    fan_out = Sending(
        lambda: table, lambda: Endpoint(CONNECTIONS_API, faulty.url, access(), clock=lambda: now), needs_proof=False
    )
    with closing(fan_out):
        for _ in range(3):
            assert send(fan_out) == account(live=1, delivered=1)
        now += idle
        assert send(fan_out) == account(live=1, delivered=1)
    assert faulty.opened == opened


def test_a_tls_session_is_resumed(authority: Authority) -> None:
    with (
        faulty_endpoint(authority.server_context()) as served,
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
    assert faulty.opened <= CONNECTIONS_API.max_channels


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param("403", "403 AccessDeniedException: check that the function's role", id="forbidden"),
        pytest.param("429, much later", "429 LimitExceededException", id="throttled"),
        pytest.param("302", "302", id="redirected"),
    ],
)
def test_failures_of_one_reason_are_one_error_line(
    faulty: FaultyEndpoint, log: io.StringIO, answer: str, reason: str
) -> None:
    rows = Rows([row("s1", f"{number}=") for number in range(50)])
    faulty.scripts.update({recipient.connection_id: [answer] for recipient in rows.rows})

    with fan_out_to(faulty.url, rows) as fan_out:
        assert send(fan_out) == account(live=50)

    (line,) = lines(log)
    assert (line["level"], line["message"], line["connections"]) == ("ERROR", "post failed", 50)
    assert line["reason"].startswith(reason)
    assert "hello" not in log.getvalue()


def test_a_server_with_the_certificate_of_another_fails_at_once_and_the_log_says_why(
    authority: Authority, log: io.StringIO
) -> None:
    with (
        faulty_endpoint(authority.server_context("elsewhere.example.com")) as served,
        fan_out_to(served.url, Rows([row("s1", "one=")])) as fan_out,
    ):
        assert send(fan_out) == account(live=1)
    (line,) = lines(log)  # so the time was not up
    assert "Hostname mismatch" in line["reason"]


def test_an_address_where_nothing_listens_is_tried_until_the_time_is_up(log: io.StringIO) -> None:
    with fan_out_to("http://127.0.0.1:9/prod", Rows([row("s1", "one=")])) as fan_out:
        assert send(fan_out, seconds=1.5) == account(live=1)
    assert lines(log)[-1]["reason"].startswith("connecting failed: [Errno 111]")


def test_an_address_that_does_not_answer_fails_soon_and_the_log_says_what_to_check(log: io.StringIO) -> None:
    # A listener with a full queue does not answer handshakes, like a VPC without a NAT gateway.
    timing = TOLERANT._replace(connect=0.1, unreachable=0.25)
    with closing(socket.create_server(("127.0.0.1", 0), backlog=0)) as full:
        address = full.getsockname()
        with closing(socket.create_connection(address)):
            rows = Rows([row("s1", f"{number}=") for number in range(1000)])
            with fan_out_to(f"http://127.0.0.1:{address[1]}/prod", rows, timing=timing) as fan_out:
                assert send(fan_out) == account(live=1000)

    (line,) = lines(log)  # so the time was not up
    assert line["reason"] == f"connecting timed out: {CONNECTIONS_API.way}"
    assert line["connections"] == 1000


def test_credentials_are_read_again_for_each_message(faulty: FaultyEndpoint) -> None:
    rotating = Access("us-east-1", lambda: (f"AKID{len(faulty.requests)}", "secret", None))
    table = Rows([row("s1", "one=")])
    fan_out = Sending(lambda: table, lambda: Endpoint(CONNECTIONS_API, faulty.url, rotating), needs_proof=False)
    with closing(fan_out):
        for _ in range(3):
            send(fan_out)
    assert re.findall(r"Credential=(\w+)/", "".join(faulty.heads)) == ["AKID0", "AKID1", "AKID2"]


@pytest.mark.parametrize(
    ("url", "server"),
    [
        pytest.param(
            "https://abc.example.com/prod", (True, "abc.example.com", 443, "abc.example.com", "/prod"), id="https"
        ),
        pytest.param(
            "https://abc.example.com:443/prod",
            (True, "abc.example.com", 443, "abc.example.com", "/prod"),
            id="https-with-its-default-port",
        ),
        pytest.param(
            "http://127.0.0.1:3002/prod", (False, "127.0.0.1", 3002, "127.0.0.1:3002", "/prod"), id="http-with-a-port"
        ),
        pytest.param("http://[::1]:3002", (False, "::1", 3002, "[::1]:3002", ""), id="ipv6"),
    ],
)
def test_a_url_names_the_server_to_connect_to_and_the_host_that_is_signed(url: str, server: tuple[object, ...]) -> None:
    assert Server.of(url) == server


def test_the_endpoint_connects_and_signs_as_the_url_says(faulty: FaultyEndpoint) -> None:
    with fan_out_to(faulty.url, Rows([row("s1", "one=")])) as fan_out:
        send(fan_out)
    host = Server.of(faulty.url).header
    assert re.findall(r"POST /prod/@connections/one%3D HTTP/1.1\r\nHost: (.*)\r", faulty.heads[0]) == [host]


def test_a_message_does_not_get_responses_to_requests_of_the_message_before(faulty: FaultyEndpoint) -> None:
    faulty.scripts["one="] = ["silence"]
    with fan_out_to(faulty.url, Rows([row("s1", "one=")])) as fan_out:
        assert send(fan_out, seconds=1) == account(live=1)
        assert send(fan_out) == account(live=1, delivered=1)


def test_a_server_that_closes_at_once_does_not_get_a_flood_of_connections() -> None:
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


def test_a_host_that_is_not_a_host_name_fails_at_once_and_the_log_says_so(log: io.StringIO) -> None:
    with fan_out_to(f"http://{'a' * 64}.example.com/prod", Rows([row("s1", "one=")])) as fan_out:
        assert send(fan_out) == account(live=1)
    (line,) = lines(log)  # so the time was not up
    assert line["reason"].startswith("connecting failed")


def test_silent_http_connections_do_not_use_up_the_time(faulty: FaultyEndpoint) -> None:
    # All HTTP connections go silent while idle: the network has dropped them, and tells neither side.
    rows = Rows([row("s1", f"{number}=") for number in range(20)])
    with fan_out_to(faulty.url, rows, patience=QUICK, timing=SILENT) as fan_out:
        assert send(fan_out) == account(live=20, delivered=20)
        for server in faulty.open:
            server.transport.pause_reading()
        assert send(fan_out) == account(live=20, delivered=20)


def test_a_request_that_waits_gets_a_new_channel_when_all_channels_are_lost(faulty: FaultyEndpoint) -> None:
    faulty.scripts["one="] = ["silence"]
    rows = Rows([row("s1", "one="), row("s1", "two=")])
    with fan_out_to(faulty.url, rows, patience=NO_PATIENCE, timing=SILENT, max_channels=1) as fan_out:
        assert fan_out.send(ENVELOPE, ("s1",), None, seconds=10) == {"s1": account(2, delivered=1)}
