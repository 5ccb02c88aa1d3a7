"""Message ids and times, as the protocol writes them."""

import pytest

from hub.message_ids import timestamp, uuid7


def test_ids_that_the_hub_makes_are_version_7_and_sort_by_time() -> None:
    # The time of RFC 9562's own example: 2022-02-22T19:22:22.000Z is 017F22E279B0 in milliseconds.
    assert uuid7(1645557742.0).startswith("017f22e2-79b0-7")
    ids = [uuid7(moment / 1000) for moment in range(1_700_000_000_000, 1_700_000_000_100)]
    assert ids == sorted(ids)
    assert {(message_id[14], message_id[19] in "89ab") for message_id in ids} == {("7", True)}


@pytest.mark.parametrize(
    ("now", "text"),
    [
        pytest.param(1795383000.123, "2026-11-22T21:30:00.123Z", id="milliseconds"),
        pytest.param(1795383000.0, "2026-11-22T21:30:00.000Z", id="a-whole-second-has-them-too"),
    ],
)
def test_times_are_utc_in_milliseconds(now: float, text: str) -> None:
    assert timestamp(now) == text
