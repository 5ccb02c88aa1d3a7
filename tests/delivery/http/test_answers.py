"""One HTTP connection to @connections, byte by byte: the first final status is the answer, whatever else comes."""

import asyncio
import itertools
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delivery.http.channel import Channel
from delivery.http.exchange import Request, Response
from delivery.http.signer import Body
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
BEHIND = st.one_of(
    st.sampled_from([each for _, each in FINAL]),
    st.sampled_from(
        [b"HTTP/1.1 410 Gone\r\nx-amzn-Er", b"HTTP/1.1 410 Gone\r\n", b"HTTP/1.1 41", b"SSH-2.0-OpenSSH_9.6\r\n"]
    ),
    st.binary(min_size=1).filter(lambda noise: noise.strip(b"\r\n") != b""),
)
CUTS = st.lists(st.integers(0, 400), max_size=6)


class Asked(Request):
    def ended(self, response: Response) -> None:
        """Nobody waits for it."""


@dataclass
class Peer(asyncio.Transport):
    """The other side, and whom the channel tells what happens."""

    unsent: int = 0
    closed: bool = False
    ended: list[Response] = field(default_factory=list)

    def write(self, data: object) -> None:
        """Take what is sent."""

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def is_closing(self) -> bool:
        return self.closed

    def abort(self) -> None:
        self.closed = True

    def answered(self, channel: Channel, request: Request, response: Response) -> None:
        self.ended.append(response)

    def unanswered(self, request: Request) -> None:
        raise AssertionError("this is the first request, so nothing was idle")

    def lost(self, channel: Channel) -> None:
        """Closed."""

    def asked(self) -> Channel:
        """Return a channel that has sent a request."""
        channel = Channel(self, lambda: 0.0)
        channel.connection_made(self)
        channel.send(Asked("POST", "one=", Body.of(b"hello")), b"head")
        return channel

    @property
    def statuses(self) -> list[int | None]:
        return [each.status for each in self.ended]


def feed(channel: Channel, peer: Peer, data: bytes, cuts: list[int]) -> None:
    """Let bytes come in as many reads as cuts make, until the connection is closed."""
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    for start, end in itertools.pairwise(places):
        if not peer.closed:
            channel.data_received(data[start:end])


@given(before=st.lists(st.sampled_from(INTERIM), max_size=2), final=st.sampled_from(FINAL), behind=BEHIND, cuts=CUTS)
def test_the_first_final_status_counts_and_what_comes_behind_ends_the_connection(
    before: list[bytes], final: tuple[int, bytes], behind: bytes, cuts: list[int]
) -> None:
    status, data = final
    channel = (peer := Peer()).asked()
    feed(channel, peer, b"".join(before) + data + behind, cuts)
    assert peer.statuses == [status]
    assert peer.closed


@given(before=st.lists(st.sampled_from(INTERIM), max_size=2), final=st.sampled_from(FINAL), cuts=CUTS)
def test_an_answer_that_comes_alone_leaves_the_connection_for_the_next(
    before: list[bytes], final: tuple[int, bytes], cuts: list[int]
) -> None:
    status, data = final
    channel = (peer := Peer()).asked()
    feed(channel, peer, b"".join(before) + data, cuts)
    assert (peer.statuses, peer.closed) == ([status], data.startswith(b"HTTP/1.0"))
    assert peer.ended[0][1:3] == ("", 0), "what a 1xx says is not said of the answer"


@given(before=st.lists(st.sampled_from(INTERIM), max_size=2), final=st.sampled_from(FINAL), length=st.integers(0, 400))
def test_an_answer_that_is_cut_ends_once_and_means_nothing_else(
    before: list[bytes], final: tuple[int, bytes], length: int
) -> None:
    status, data = final
    channel = (peer := Peer()).asked()
    feed(channel, peer, (b"".join(before) + data)[:length], [])
    channel.connection_lost(None)
    (found,) = peer.statuses
    assert found in (status, None)


@pytest.mark.parametrize(
    ("unsent", "closed"), [pytest.param(0, False, id="sent-whole"), pytest.param(1, True, id="not-sent-whole")]
)
@pytest.mark.parametrize("status", STATUSES)
def test_an_answer_before_the_request_was_sent_whole_counts_and_ends_the_connection(
    status: int, unsent: int, closed: bool
) -> None:
    channel = (peer := Peer(unsent)).asked()
    channel.data_received(answer(status))
    assert (peer.statuses, peer.closed) == ([status], closed)
