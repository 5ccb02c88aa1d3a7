"""Fan-out under pressure: slow or throttled recipients, retries, and running out of time."""

import io
import time

import pytest
from botocore.exceptions import ClientError

from delivery import delivery as message
from delivery import retries as requests
from delivery.http import endpoint
from hub.connection import Connection
from tests.support.fan_outs import ENVELOPE, Rows, account, fan_out_to, lines, row
from tests.support.faulty import FaultyEndpoint

THROTTLED = ClientError({"Error": {"Code": "ThrottlingException", "Message": ""}}, "Query")


@pytest.mark.parametrize("seconds", [0.3, 0.0, -1.0])
def test_when_the_time_is_up_the_account_is_what_is_true_then(
    faulty: FaultyEndpoint, log: io.StringIO, seconds: float
) -> None:
    faulty.scripts = {"never": ["429 for all"] * 1000, "silent": ["silence"]}
    rows = Rows([row("s1", name) for name in ("never", "silent", "open")])

    with fan_out_to(faulty.url, rows) as out:
        accounts = out.send(ENVELOPE, ("s1",), None, seconds)
        if seconds > 0:
            assert accounts == {"s1": account(3, delivered=1)}
            assert len(faulty.posts()["never"]) > 2
        else:
            assert accounts == {"s1": account(0, readable=False)}
        assert [line["level"] for line in lines(log)][-1] == "ERROR"

        # What would be tried again is due by now, and what was under way when the time was up has come.
        time.sleep(max(0, seconds))
        faulty.scripts.clear()
        faulty.requests.clear()
        assert out.send(ENVELOPE, ("s1",), None, seconds=5) == {"s1": account(3, delivered=3)}, "the next one suffers"
        assert {name: len(bodies) for name, bodies in faulty.posts().items()} == {"never": 1, "silent": 1, "open": 1}


def test_what_was_not_sent_in_time_is_not_sent_later(faulty: FaultyEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "MAX_CHANNELS", 1)
    faulty.scripts = {"0=": ["silence"]}
    with fan_out_to(faulty.url, Rows([row("s1", f"{number}=") for number in range(5)])) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=0.2) == {"s1": account(5)}
        assert out.send(ENVELOPE, ("s1",), None, seconds=5) == {"s1": account(5, delivered=5)}
    assert [name for _, name, _ in faulty.requests] == ["0=", "0=", "1=", "2=", "3=", "4="]


def test_an_answer_waits_for_the_rows_to_be_removed(faulty: FaultyEndpoint) -> None:
    class Slow(Rows):
        def remove(self, connection: Connection) -> None:
            time.sleep(0.05)
            super().remove(connection)

    faulty.scripts = {"gone": ["410"]}
    rows = Slow([row("s1", "gone")])
    with fan_out_to(faulty.url, rows) as out:
        out.send(ENVELOPE, ("s1",), None, seconds=5)
        assert rows.removed == ["gone"]


def test_one_that_is_throttled_for_long_keeps_no_other_waiting(
    faulty: FaultyEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    # More clients that do not read than there are HTTP connections, and one more that does.
    monkeypatch.setattr(endpoint, "MAX_CHANNELS", 2)
    faulty.scripts = {f"{number}=": ["429"] * 10_000 for number in range(20)}
    rows = Rows([*(row("s1", f"{number}=") for number in range(20)), row("s1", "reads")])

    with fan_out_to(faulty.url, rows) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=0.5) == {"s1": account(21, delivered=1)}


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        pytest.param(["503"] * 9, [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0], id="longer-and-longer"),
        pytest.param(["429 for all"] * 3, [0.05, 0.1, 0.2], id="while-the-account-is-throttled"),
        pytest.param(["429 without a type, later", "503"], [1.0, 0.1], id="as-long-as-asked"),
    ],
)
def test_retries_wait(
    faulty: FaultyEndpoint, monkeypatch: pytest.MonkeyPatch, script: list[str], expected: list[float]
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("random.random", lambda: 1.0)
    monkeypatch.setattr(message.Delivery, "submit_again", lambda work, request, delay: again(work, request, delay))

    def again(work: message.Delivery, request: requests.Post, delay: float) -> None:
        waits.append(delay)
        work.submit_now(request)

    faulty.scripts["one="] = list(script)
    with fan_out_to(faulty.url, Rows([row("s1", "one=")])) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=27) == {"s1": account(1, delivered=1)}
    assert waits == expected


def test_removing_many_rows_slowly_keeps_nobody_waiting(faulty: FaultyEndpoint) -> None:
    class Slow(Rows):
        def remove(self, connection: Connection) -> None:
            time.sleep(0.5)

    faulty.scripts = {f"{number}=": ["410"] for number in range(200)}
    rows = Slow(
        [*(row("gone", f"{number}=") for number in range(200)), *(row("s1", f"open{n}=") for n in range(50))], 5
    )
    with fan_out_to(faulty.url, rows) as out:
        accounts = out.send(ENVELOPE, ("gone", "s1"), None, seconds=2)
        assert accounts == {"gone": account(200, gone=200), "s1": account(50, delivered=50)}
        assert out.send(ENVELOPE, ("s1",), None, seconds=10) == {"s1": account(50, delivered=50)}


def test_rows_are_removed_although_the_time_runs_out(faulty: FaultyEndpoint) -> None:
    faulty.scripts = {"gone": ["410"], "silent": ["silence"]}
    rows = Rows([row("s1", "gone"), row("s1", "silent")])
    with fan_out_to(faulty.url, rows) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=0.3) == {"s1": account(2, gone=1)}
    assert rows.removed == ["gone"]


def test_a_row_that_makes_no_sense_fails_its_session_alone(faulty: FaultyEndpoint) -> None:
    rows = Rows(
        [row("odd", "a"), *(row(f"s{n}", f"{n}=") for n in range(20))], fails_after={"odd": 0}, error=ValueError("1.5")
    )
    with fan_out_to(faulty.url, rows) as out:
        accounts = out.send(ENVELOPE, ("odd", *(f"s{n}" for n in range(20))), None, seconds=5)
    assert accounts.pop("odd") == account(0, readable=False)
    assert set(map(str, accounts.values())) == {str(account(1, delivered=1))}


def test_an_error_that_nobody_expects_leaves_nothing_for_the_next_message(faulty: FaultyEndpoint) -> None:
    rows = Rows(
        [row("bad", "a"), *(row(f"s{n}", f"{n}=") for n in range(20))], fails_after={"bad": 0}, error=RuntimeError()
    )
    with fan_out_to(faulty.url, rows) as out:
        with pytest.raises(ExceptionGroup):
            out.send(ENVELOPE, ("bad", *(f"s{n}" for n in range(20))), None, seconds=5)
        faulty.requests.clear()
        assert out.send(ENVELOPE, ("s0",), None, seconds=5) == {"s0": account(1, delivered=1)}
    assert set(faulty.posts()) == {"0="}


def test_many_that_are_throttled_do_not_stop_the_reading(
    faulty: FaultyEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message, "MAX_WAITING", 10)
    faulty.scripts = {f"{number}=": ["429"] * 10_000 for number in range(50)}
    rows = Rows([*(row("s1", f"{number}=") for number in range(50)), *(row("s1", f"open{n}=") for n in range(50))], 25)
    with fan_out_to(faulty.url, rows) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=1) == {"s1": account(100, delivered=50)}


def test_a_200_that_has_come_counts_although_the_time_runs_out(faulty: FaultyEndpoint) -> None:
    faulty.scripts = {"one=": ["200 and a body that never ends"]}
    with fan_out_to(faulty.url, Rows([row("s1", "one=")])) as out:
        assert out.send(ENVELOPE, ("s1",), None, seconds=0.3) == {"s1": account(1, delivered=1)}
