"""AUTH_MODE signature: session and time, signed with the hub's key."""

from functools import partial
from typing import Any

import pytest

from hub.auth import signatures
from hub.auth.identity import Identity
from hub.auth.signatures import MAX_SKEW, verify
from tests.support.credentials import KEY, NOW, handshake, iso, refusal, sign

DATE_TIME = "2026-11-18T11:06:40Z"  # NOW

# Computed outside the code:
# printf '%s' 's1:2026-11-18T11:06:40Z' | openssl dgst -sha256 -hmac not-a-real-key-but-as-long-as-one-should-be
# and the digest of it that the hub stores: printf '%s' "$signature" | sha256sum
SIGNATURE = "96aa2b03140e601769254423f177b5d96afe52ec93866a6bbca4d7245606de8c"
ONCE = "4d33fa8421394bd11e928e1c9f2993a19c82c84324287e79dd9371895cbbb55a"

MISSING = (400, "A time and a signature are needed: X-Date-Time and X-Signature")
NO_TIME = (400, "The time is not ISO 8601 with an offset, such as 2026-11-23T12:00:00Z")
WRONG = (403, "The signature is wrong")
NOT_AN_ID = (400, "The session id is not 1 to 128 of the characters A-Z a-z 0-9 . _ : @ -")
STALE = (403, "The signed time is too far from the hub's clock")


def query(date_time: str = DATE_TIME, signature: str | None = None, session_id: str = "s1") -> dict[str, str]:
    signed = sign(session_id, date_time) if signature is None else signature
    return {"session_id": session_id, "date_time": date_time, "signature": signed}


def headers(names: str = "X-Session X-Date-Time X-Signature", **changes: Any) -> dict[str, str]:
    return dict(zip(names.split(), query(**changes).values(), strict=True))


@pytest.mark.parametrize(
    "signed",
    [
        pytest.param(handshake(query(signature=SIGNATURE)), id="query"),
        pytest.param(handshake(None, headers(signature=SIGNATURE)), id="headers"),
        pytest.param(handshake(None, headers("x-session x-date-time x-signature")), id="headers-in-lower-case"),
        pytest.param(handshake(None, headers("X-SESSION X-DATE-TIME X-SIGNATURE")), id="headers-in-upper-case"),
        pytest.param(handshake(query(), headers()), id="both-the-same"),
        pytest.param(
            handshake({"session_id": "s1"}, {"X-Date-Time": DATE_TIME, "X-Signature": SIGNATURE}), id="some-of-each"
        ),
    ],
)
def test_accepted(signed: Any) -> None:
    assert verify(signed, KEY.encode(), NOW) == Identity(
        "s1", subject="s1", send=("*",), expires_at=None, once=ONCE, once_until=NOW + MAX_SKEW + 1
    )


def test_the_hub_signs_as_openssl_does() -> None:
    assert signatures.sign("s1", DATE_TIME, KEY.encode()) == SIGNATURE


@pytest.mark.parametrize(
    "date_time",
    [
        pytest.param("2026-11-18T11:06:40+00:00", id="offset-zero"),
        pytest.param("2026-11-18T11:06:40-00:00", id="offset-minus-zero"),
        pytest.param("2026-11-18T08:06:40-03:00", id="another-offset"),
        pytest.param("2026-11-19T11:05:40+23:59", id="the-next-day-far-in-the-east"),
        pytest.param("2026-11-18T11:06:40.123Z", id="milliseconds"),
        pytest.param("2026-11-18T11:06:40.123456789Z", id="nanoseconds"),
        pytest.param("2026-11-18T11:06Z", id="no-seconds"),
    ],
)
def test_times_that_are_read(date_time: str) -> None:
    assert verify(handshake(query(date_time)), KEY.encode(), NOW).once_until == pytest.approx(NOW + MAX_SKEW, abs=60)


@pytest.mark.parametrize(
    "date_time",
    [
        pytest.param("2026-11-18T11:06:40", id="no-offset"),
        pytest.param("2026-11-18 11:06:40Z", id="a-space-for-the-T"),
        pytest.param("2026-11-18t11:06:40z", id="lower-case"),
        pytest.param("2026-11-18", id="no-time"),
        pytest.param("20261118T110640Z", id="basic-format"),
        pytest.param("2026-W47-3T11:06:40Z", id="week-date"),
        pytest.param("2026-322T11:06:40Z", id="day-of-the-year"),
        pytest.param("2026-11-17T24:00:00Z", id="24-00"),
        pytest.param("2026-11-18T25:00:00Z", id="25-00"),
        pytest.param("2026-12-31T23:59:60Z", id="leap-second"),
        pytest.param("2026-11-18T11:60:00Z", id="minute-60"),
        pytest.param("2026-13-01T11:06:40Z", id="month-13"),
        pytest.param("2026-02-29T11:06:40Z", id="29-february-of-a-common-year"),
        pytest.param("0000-01-01T00:00:00Z", id="year-0"),
        pytest.param("12026-11-18T11:06:40Z", id="year-of-five-digits"),
        pytest.param("-2026-11-18T11:06:40Z", id="negative-year"),
        pytest.param("2026-11-18T11:06:40+24:00", id="offset-of-a-day"),
        pytest.param("2026-11-18T11:06:40+00:60", id="offset-of-60-minutes"),
        pytest.param("2026-11-18T11:06:40+00:00:30", id="offset-with-seconds"),
        pytest.param("2026-11-18T11:06:40+0000", id="offset-without-colon"),
        pytest.param("2026-11-18T11:06:40+00", id="offset-of-hours"),
        pytest.param("2026-11-18T11:06:40 00:00", id="a-plus-that-was-not-encoded"),
        pytest.param("2026-11-18T11:06:40,5Z", id="a-comma"),
        pytest.param("2026-11-18T11:06:40.Z", id="a-fraction-of-no-digits"),
        pytest.param("2026-11-18T11:06:40.1234567890Z", id="a-fraction-of-ten-digits"),
        pytest.param("\u0662\u0660\u0662\u0666-11-18T11:06:40Z", id="digits-of-another-script"),
        pytest.param("2026-11-18T11:06:40Z\n", id="a-line-end"),
        pytest.param("2026-11-18T11:06:40\u00a0Z", id="not-ascii"),
        pytest.param(str(NOW), id="epoch-seconds"),
        pytest.param("now", id="a-word"),
    ],
)
def test_malformed_times(date_time: str) -> None:
    assert refusal(lambda: verify(handshake(query(date_time)), KEY.encode(), NOW)) == NO_TIME


@pytest.mark.parametrize(
    "date_time",
    [
        pytest.param(iso(NOW - MAX_SKEW), id="five-minutes-ago"),
        pytest.param(iso(NOW + MAX_SKEW), id="in-five-minutes"),
    ],
)
def test_a_time_five_minutes_before_or_after_is_accepted(date_time: str) -> None:
    assert verify(handshake(query(date_time)), KEY.encode(), NOW).session_id == "s1"


@pytest.mark.parametrize(
    "date_time",
    [
        pytest.param(iso(NOW - MAX_SKEW - 0.001), id="a-moment-longer-ago"),
        pytest.param(iso(NOW + MAX_SKEW + 0.001), id="in-a-moment-longer"),
        pytest.param("2025-11-18T11:06:40Z", id="a-year-ago"),
        pytest.param("2027-11-18T11:06:40Z", id="in-a-year"),
        pytest.param("0001-01-01T00:00:00+23:59", id="before-the-first-day"),
        pytest.param("9999-12-31T23:59:59-23:59", id="after-the-last-day"),
    ],
)
def test_a_time_farther_away_is_refused(date_time: str) -> None:
    assert refusal(lambda: verify(handshake(query(date_time)), KEY.encode(), NOW)) == STALE


@pytest.mark.parametrize(
    ("signed", "answer"),
    [
        pytest.param(query(signature=SIGNATURE.upper()), WRONG, id="upper-case"),
        pytest.param(query(signature="z" * 64), WRONG, id="not-hexadecimal"),
        pytest.param(query(signature="é" + SIGNATURE[1:]), WRONG, id="not-ascii"),
        pytest.param(query(signature="\ud800" * 64), WRONG, id="half-characters"),
        pytest.param(query(signature=SIGNATURE[:-1]), WRONG, id="a-character-short"),
        pytest.param(query(signature=SIGNATURE + "0"), WRONG, id="a-character-more"),
        pytest.param(query(signature=SIGNATURE + "\n"), WRONG, id="a-line-end-more"),
        pytest.param(query(signature=" " + SIGNATURE), WRONG, id="a-space-more"),
        pytest.param(query(signature="0x" + SIGNATURE), WRONG, id="0x"),
        pytest.param(query(signature="0" * 100_000), WRONG, id="100-kb"),
        pytest.param(query(signature=sign("s2", DATE_TIME)), WRONG, id="of-another-session"),
        pytest.param(query(signature=sign("s1", "2026-11-18T11:06:41Z")), WRONG, id="of-another-time"),
        pytest.param(query(signature=sign("s1", DATE_TIME, key="another")), WRONG, id="with-another-key"),
        pytest.param(query(signature=sign("s1", DATE_TIME, key="")), WRONG, id="with-an-empty-key"),
        pytest.param(
            query("2025-11-18T11:06:40Z", signature="0" * 64),
            WRONG,
            id="a-client-without-the-key-learns-nothing-about-the-clock",
        ),
        pytest.param(query("06:40Z", SIGNATURE, "s1:2026-11-18T11"), NO_TIME, id="the-colon-between-them-moved"),
        pytest.param(query(session_id="s 1"), NOT_AN_ID, id="session-with-a-space"),
        pytest.param(query(session_id=""), NOT_AN_ID, id="session-empty"),
        pytest.param(query(date_time="", signature=SIGNATURE), MISSING, id="time-empty"),
        pytest.param(query(signature=""), MISSING, id="signature-empty"),
        pytest.param({"session_id": "s1", "signature": SIGNATURE}, MISSING, id="no-time"),
        pytest.param({"session_id": "s1", "date_time": DATE_TIME}, MISSING, id="no-signature"),
        pytest.param({"session_id": "s1", "Date_Time": DATE_TIME, "signature": SIGNATURE}, MISSING, id="name-in-case"),
    ],
)
def test_refused(signed: dict[str, str], answer: tuple[int, str]) -> None:
    assert refusal(lambda: verify(handshake(signed), KEY.encode(), NOW)) == answer


@pytest.mark.parametrize("part", ["session_id", "date_time", "signature"])
@pytest.mark.parametrize("value", [pytest.param("", id="empty"), pytest.param("other", id="another")])
def test_query_and_header_must_agree(part: str, value: str) -> None:
    header = {"session_id": "X-Session", "date_time": "X-Date-Time", "signature": "X-Signature"}[part]
    differ = (400, f"The query's {part} and the header {header} differ")

    for in_query, in_header in [(query()[part], value), (value, query()[part])]:
        signed = handshake(query() | {part: in_query}, {header.lower(): in_header})
        assert refusal(partial(verify, signed, KEY.encode(), NOW)) == differ


def test_a_client_without_a_session_is_refused() -> None:
    signed = handshake({"date_time": DATE_TIME, "signature": sign("", DATE_TIME)})
    answer = (400, "Name a session, with ?session_id= or the header X-Session")
    assert refusal(lambda: verify(signed, KEY.encode(), NOW)) == answer
