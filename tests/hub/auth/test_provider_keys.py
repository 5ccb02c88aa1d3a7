"""When the keys of an identity provider are fetched, and which keys the hub uses while they cannot be fetched."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from hub import metrics
from hub.auth.freshness import CACHE_TIME, MIN_REFETCH_TIME, MIN_RETRY_TIME
from hub.auth.jwks import KeysUnusable
from hub.auth.provider_keys import ProviderKeys
from tests.support.identity_provider import RSA, jwk, key_set, rsa_key

AWAY = KeysUnusable("the keys of the identity provider could not be fetched")
NEW = "rsa-2"


@dataclass
class Cached:
    """
    The keys of a provider, and a clock that stands still.

    Attributes:
        says: What the provider publishes, or how the fetch fails.
        fetches: The times of all fetches.

    """

    says: bytes | KeysUnusable = field(default_factory=lambda: key_set(jwk(rsa_key(), RSA)))
    now: float = 1_000_000.0
    fetches: list[float] = field(default_factory=list)
    keys: ProviderKeys = field(init=False)

    def __post_init__(self) -> None:
        self.keys = ProviderKeys(self._fetch, clock=lambda: self.now)

    def _fetch(self) -> bytes:
        self.fetches.append(self.now)
        if isinstance(self.says, KeysUnusable):
            raise KeysUnusable(str(self.says))
        return self.says

    def knows(self, kid: str = RSA) -> bool:
        return self.keys.find(kid, "RS256") is not None

    def publish(self, *kids: str) -> None:
        self.says = key_set(*(jwk(rsa_key(kid), kid) for kid in kids))

    def fetched(self) -> int:
        """Return how many fetches there have been since the last call."""
        count = len(self.fetches)
        self.fetches.clear()
        return count


@pytest.fixture
def cached(capsys: pytest.CaptureFixture[str]) -> Iterator[Cached]:
    yield Cached()
    metrics.flush()  # leaves nothing to the next test


def failures(capsys: pytest.CaptureFixture[str]) -> int:
    """Return how many failed fetches the metrics have counted since the last call."""
    metrics.flush()
    lines = capsys.readouterr().out.splitlines()
    return sum(sum(json.loads(line).get("ProviderFailed", [])) for line in lines)


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    """Return what has been logged since the last call."""
    logged = [json.loads(line) for line in log.getvalue().splitlines()]
    log.truncate(0)
    log.seek(0)
    return logged


def test_nothing_is_fetched_before_a_key_is_needed(cached: Cached) -> None:
    assert cached.fetched() == 0


def test_the_keys_are_fetched_once_for_many_tokens(cached: Cached) -> None:
    assert all(cached.knows() for _ in range(100))
    assert cached.fetched() == 1
    cached.now += CACHE_TIME
    assert cached.knows()
    assert cached.fetched() == 0


def test_a_key_is_found_by_its_name_and_its_algorithm(cached: Cached) -> None:
    assert cached.keys.find(RSA, "RS256") == rsa_key().public_key()
    assert cached.keys.find(RSA, "ES256") is None
    assert cached.keys.find(RSA.upper(), "RS256") is None


@pytest.mark.parametrize("seconds", [CACHE_TIME + 0.001, 3600, 86400 * 30], ids=["just", "an-hour", "a-frozen-month"])
def test_keys_that_are_too_old_are_fetched_before_one_of_them_is_used(cached: Cached, seconds: float) -> None:
    assert cached.knows()
    cached.publish(NEW)  # and withdraws the other
    cached.now += seconds
    assert not cached.knows()
    assert cached.knows(NEW)
    assert cached.fetches == [1_000_000.0, 1_000_000.0 + seconds]


def test_a_key_of_an_unknown_name_is_fetched_at_once(cached: Cached) -> None:
    assert cached.knows()
    cached.publish(RSA, NEW)
    assert cached.knows(NEW)
    assert cached.knows()
    assert cached.fetched() == 2


def test_for_unknown_names_the_keys_are_fetched_at_most_once_in_three_seconds(cached: Cached) -> None:
    assert cached.knows()
    cached.fetched()
    for _ in range(20):
        assert not cached.knows("forged")
    assert cached.fetched() == 1
    cached.publish(RSA, NEW)
    cached.now += MIN_REFETCH_TIME - 0.001
    assert not cached.knows(NEW)  # which is true, but has to wait
    assert cached.fetched() == 0
    cached.now += 0.001
    assert cached.knows(NEW)
    assert cached.fetched() == 1


def test_a_flood_of_unknown_names_costs_a_fetch_in_three_seconds_and_disturbs_nobody(cached: Cached) -> None:
    assert cached.knows()
    cached.fetched()
    for number in range(3000):
        cached.now += 0.01
        assert not cached.knows(f"forged-{number}")
        assert cached.knows()
    between = [after - before for before, after in zip(cached.fetches, cached.fetches[1:], strict=False)]
    assert min(between) >= MIN_REFETCH_TIME
    assert len(cached.fetches) <= 11


def test_an_unknown_name_is_not_fetched_twice_when_the_keys_are_too_old(cached: Cached) -> None:
    assert not cached.knows("forged")
    assert cached.fetched() == 1


UNUSABLE = [
    pytest.param(AWAY, id="away"),
    pytest.param(b"<html>", id="html"),
    pytest.param(b'{"keys": []}', id="an-empty-set"),
    pytest.param(key_set(jwk(rsa_key(), RSA, use="enc")), id="no-key-that-may-sign"),
    pytest.param(key_set(*[{}] * 101), id="101-keys"),
]


@pytest.mark.parametrize("says", UNUSABLE)
def test_while_the_keys_cannot_be_fetched_the_known_ones_go_on(
    cached: Cached, log: io.StringIO, capsys: pytest.CaptureFixture[str], says: bytes | KeysUnusable
) -> None:
    assert cached.knows()
    cached.fetched()
    cached.says = says
    cached.now += CACHE_TIME + 1
    assert all(cached.knows() for _ in range(50))
    assert not cached.knows("forged")
    assert (cached.fetched(), failures(capsys)) == (1, 1)
    (line,) = lines(log)
    assert (line["level"], line["message"]) == ("ERROR", "keys of the identity provider not read again")
    assert line["seconds"] == CACHE_TIME + 1
    assert "KeysUnusable" in line["exception"]


def test_after_a_failure_the_next_fetch_is_ten_seconds_later(
    cached: Cached, log: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cached.knows()
    cached.says = AWAY
    cached.now += CACHE_TIME + 1
    cached.fetched()
    for _ in range(3):
        assert cached.knows()
        cached.now += MIN_RETRY_TIME - 0.001
        assert cached.knows()
        assert (cached.fetched(), failures(capsys), len(lines(log))) == (1, 1, 1)
        cached.now += 0.001
    cached.publish(NEW)
    assert not cached.knows()
    assert cached.knows(NEW)
    assert (cached.fetched(), failures(capsys), lines(log)) == (1, 0, [])


def test_a_failed_fetch_for_an_unknown_name_keeps_the_keys_and_is_not_repeated(
    cached: Cached, log: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cached.knows()
    cached.says = AWAY
    cached.now += 60
    for _ in range(5):
        assert not cached.knows("forged")
        assert cached.knows()
        cached.now += (MIN_RETRY_TIME - 1) / 5
    assert (cached.fetched(), failures(capsys)) == (2, 1)  # the first one, and the one that failed
    assert [line["seconds"] for line in lines(log)] == [60]


@pytest.mark.parametrize("says", UNUSABLE)
def test_without_any_keys_nobody_is_let_in_and_the_next_fetch_is_ten_seconds_later(
    cached: Cached, log: io.StringIO, capsys: pytest.CaptureFixture[str], says: bytes | KeysUnusable
) -> None:
    cached.says = says
    for _ in range(20):
        with pytest.raises(KeysUnusable):
            cached.knows()
    assert (cached.fetched(), failures(capsys)) == (1, 1)
    assert lines(log) == []  # the error is the caller's to log
    cached.publish(RSA)
    cached.now += MIN_RETRY_TIME - 0.001
    with pytest.raises(KeysUnusable, match=r"^the hub has no keys of the identity provider, and its last fetch"):
        cached.knows()
    cached.now += 0.001
    assert cached.knows()
    assert cached.fetched() == 1


def test_a_clock_that_was_set_back_makes_the_keys_too_old(cached: Cached) -> None:
    assert cached.knows()
    cached.now -= 86400
    cached.publish(NEW)
    assert not cached.knows()
    assert cached.knows(NEW)
    assert cached.fetched() == 2


def test_a_clock_that_was_set_back_stops_no_fetch_after_a_failure(
    cached: Cached, log: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cached.knows()
    cached.says = AWAY
    cached.now -= 86400
    assert cached.knows()
    cached.now -= 86400
    assert cached.knows()
    assert cached.fetched() == 3
    assert [line.get("seconds") for line in lines(log)] == [None, None]
    cached.publish(RSA)
    cached.now += MIN_RETRY_TIME
    assert cached.knows()
    assert cached.knows()
    assert (cached.fetched(), failures(capsys)) == (1, 2)
