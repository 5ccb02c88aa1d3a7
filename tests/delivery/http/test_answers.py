"""One HTTP connection to @connections, byte by byte: the first final status is the answer, whatever follows it."""

import asyncio
import itertools
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.http.answer import Answer
from delivery.http.channel import Channel
from delivery.http.exchange import Body, Request, Response
from tests.support.faulty import answer

INTERIM = [
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 100\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nx-amzn-ErrorType: GoneException\r\nRetry-After: 3600\r\n\r\n",
]
STATUSES = (200, 204, 302, 403, 410, 429, 500, 503)
FINAL = [
    *((status, answer(status)) for status in STATUSES),
    *((status, answer(status, body="HTTP/1.1 410 Gone\r\n\r\n")) for status in STATUSES if status != 204),
    *((status, b"HTTP/1.1 %d\r\nContent-Length: 0\r\n\r\n" % status) for status in STATUSES),
    *((status, b"HTTP/1.0 %d OK\r\nContent-Length: 0\r\n\r\n" % status) for status in STATUSES),
    *(
        (status, b"HTTP/1.1 %d A\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n" % status)
        for status in (200, 429)
    ),
    (200, b"HTTP/1.1 200 OK\r\nConnection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n"),
]
AFTER = st.one_of(
    st.sampled_from([data for _, data in FINAL]),
    st.sampled_from(
        [b"HTTP/1.1 410 Gone\r\nx-amzn-Er", b"HTTP/1.1 410 Gone\r\n", b"HTTP/1.1 41", b"SSH-2.0-OpenSSH_9.6\r\n"]
    ),
    st.binary(min_size=1).filter(lambda noise: noise.strip(b"\r\n") != b""),
)
CUTS = st.lists(st.integers(0, 400), max_size=6)


class Sent(Request):
    def ended(self, response: Response) -> None:
        """The peer takes the response."""


@dataclass
class Peer(asyncio.Transport):
    """The transport of a channel, and its owner."""

    unsent: int = 0
    closed: bool = False
    ended: list[Response] = field(default_factory=list)

    def write(self, data: object) -> None:
        """Ignore the request."""

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def is_closing(self) -> bool:
        return self.closed

    def abort(self) -> None:
        self.closed = True

    def answered(self, channel: Channel, request: Request, response: Response) -> None:
        self.ended.append(response)

    def unanswered(self, request: Request) -> None:
        raise AssertionError("the channel was not idle before its first request")

    def lost(self, channel: Channel) -> None:
        """Ignore the end."""

    def channel(self) -> Channel:
        """Return a channel that has sent a request."""
        channel = Channel(self, Answer(), lambda: 0.0)
        channel.connection_made(self)
        channel.send(Sent("POST", "one=", Body.of(b"hello")), b"head")
        return channel

    @property
    def statuses(self) -> list[int | None]:
        return [response.status for response in self.ended]


def feed(channel: Channel, peer: Peer, data: bytes, cuts: list[int]) -> None:
    """Let the channel receive data, cut into parts, until it closes the connection."""
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    for start, end in itertools.pairwise(places):
        if not peer.closed:
            channel.data_received(data[start:end])


@given(before=st.lists(st.sampled_from(INTERIM), max_size=2), final=st.sampled_from(FINAL), after=AFTER, cuts=CUTS)
def test_the_first_final_status_counts_and_bytes_after_the_answer_end_the_connection(
    before: list[bytes], final: tuple[int, bytes], after: bytes, cuts: list[int]
) -> None:
    status, data = final
    channel = (peer := Peer()).channel()
    feed(channel, peer, b"".join(before) + data + after, cuts)
    assert peer.statuses == [status]
    assert peer.closed


@given(before=st.lists(st.sampled_from(INTERIM), max_size=2), final=st.sampled_from(FINAL), cuts=CUTS)
def test_an_answer_without_more_bytes_leaves_the_connection_for_the_next_request(
    before: list[bytes], final: tuple[int, bytes], cuts: list[int]
) -> None:
    status, data = final
    channel = (peer := Peer()).channel()
    feed(channel, peer, b"".join(before) + data, cuts)
    assert (peer.statuses, peer.closed) == ([status], data.startswith(b"HTTP/1.0"))
    assert peer.ended[0][1:3] == ("", 0), "headers of a 1xx do not belong to the answer"


@given(before=st.lists(st.sampled_from(INTERIM), max_size=2), final=st.sampled_from(FINAL), length=st.integers(0, 400))
def test_a_truncated_answer_ends_once_with_its_status_or_without_one(
    before: list[bytes], final: tuple[int, bytes], length: int
) -> None:
    status, data = final
    channel = (peer := Peer()).channel()
    feed(channel, peer, (b"".join(before) + data)[:length], [])
    channel.connection_lost(None)
    (ended,) = peer.statuses
    assert ended in (status, None)


@pytest.mark.parametrize(
    ("unsent", "closed"), [pytest.param(0, False, id="sent-whole"), pytest.param(1, True, id="not-sent-whole")]
)
@pytest.mark.parametrize("status", STATUSES)
def test_an_answer_before_the_request_was_sent_whole_counts_and_ends_the_connection(
    status: int, unsent: int, closed: bool
) -> None:
    channel = (peer := Peer(unsent)).channel()
    channel.data_received(answer(status))
    assert (peer.statuses, peer.closed) == ([status], closed)


@pytest.mark.parametrize(
    ("headers", "error_type", "retry_after"),
    [
        pytest.param(("x-amzn-ErrorType: LimitExceededException",), "LimitExceededException", 0, id="a-type"),
        pytest.param(("X-AMZN-ERRORTYPE: Gone:http://aws.example/v1/",), "Gone", 0, id="a-type-with-a-url"),
        pytest.param(("x-amzn-ErrorType: com.amazonaws.any#Gone",), "Gone", 0, id="a-type-with-a-namespace"),
        pytest.param(("x-amzn-ErrorType: com.aws#Gone:http://aws.example/#v1",), "Gone", 0, id="a-type-with-both"),
        pytest.param(("Retry-After: 3",), "", 3, id="seconds"),
        pytest.param(("Retry-After: Mon, 23 Nov 2026 00:00:00 GMT",), "", 0, id="a-date"),
        pytest.param((), "", 0, id="neither"),
    ],
)
def test_the_response_has_the_error_type_and_the_seconds_to_wait(
    headers: tuple[str, ...], error_type: str, retry_after: float
) -> None:
    channel = (peer := Peer()).channel()
    channel.data_received(answer(429, *headers))
    (response,) = peer.ended
    assert (response.reason, response.retry_after, response.was_sent) == (error_type, retry_after, True)


LIMIT = "LimitExceededException"


@pytest.mark.parametrize(
    ("status", "header", "body", "error_type"),
    [
        pytest.param(429, "", '{"__type":"LimitExceededException","message":"x"}', LIMIT, id="type"),
        pytest.param(429, "", '{ "code" : "LimitExceededException" }', LIMIT, id="code"),
        pytest.param(429, "", '{"Code":"com.amazonaws#LimitExceededException:http://x/"}', LIMIT, id="in-full"),
        pytest.param(429, "x-amzn-ErrorType: ", '{"code":"LimitExceededException"}', LIMIT, id="empty-header"),
        pytest.param(429, "x-amzn-ErrorType: Throttling", '{"code":"LimitExceededException"}', "Throttling", id="both"),
        pytest.param(429, "", '{"__type":"Throttling","message":"LimitExceededException"}', "Throttling", id="message"),
        pytest.param(429, "", '{"message":"\\"code\\":\\"LimitExceededException\\""}', "", id="quoted"),
        pytest.param(429, "", '{"code":"LimitExceededException","message":"' + "x" * 5000, LIMIT, id="long"),
        pytest.param(429, "", '{"message":"' + "x" * 5000 + '","code":"LimitExceededException"}', "", id="too-late"),
        pytest.param(429, "", '["LimitExceededException"]', "", id="not-an-object"),
        pytest.param(429, "", "<html>", "", id="not-json"),
        pytest.param(503, "", '{"code":"LimitExceededException"}', "", id="503"),
    ],
)
@pytest.mark.parametrize("cuts", [[], [30, 110, 113, 125, 140]], ids=["whole", "in-pieces"])
def test_the_error_type_of_a_429_may_be_in_its_body(
    status: int, header: str, body: str, error_type: str, cuts: list[int]
) -> None:
    channel = (peer := Peer()).channel()
    feed(channel, peer, answer(status, *filter(None, [header]), body=body), cuts)
    (response,) = peer.ended
    assert response.reason == error_type


def test_the_error_type_in_the_body_does_not_pass_to_the_next_answer() -> None:
    channel = (peer := Peer()).channel()
    channel.data_received(answer(429, body='{"code":"LimitExceededException"}'))
    channel.send(Sent("POST", "two=", Body.of(b"hello")), b"head")
    channel.data_received(answer(429))
    assert [response.reason for response in peer.ended] == [LIMIT, ""]
