"""A message of a backend: it obeys the rules of a client's message, and its sender cannot be a client."""

import json
import math
from typing import Any

import pytest

from hub import published
from hub.errors import BadJson, BadRequest, HubError
from hub.invocations import text_of
from hub.published import SENDER, Published
from hub.sessions import SESSION_ID

GOOD: dict[str, Any] = {"sessions": ["s1"], "message": "hello"}
HUNDRED = [f"s{number}" for number in range(100)]


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in GOOD.items() if key != name}


def nested(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        pytest.param({}, {}, id="only-what-is-required"),
        pytest.param({"id": "é" * 64}, {"id": "é" * 64}, id="id-of-64-characters"),
        pytest.param({"sessions": ["b", "a", "b"]}, {"sessions": ("b", "a")}, id="repeats-collapse"),
        pytest.param({"sessions": HUNDRED * 2}, {"sessions": tuple(HUNDRED)}, id="100-sessions"),
        pytest.param({"message": None}, {"message": None}, id="null"),
        pytest.param({"message": nested(100)}, {"message": nested(100)}, id="100-levels"),
        pytest.param({"from": "orders"}, {"sender": "#orders"}, id="from"),
        pytest.param({"from": "x" * 128}, {"sender": "#" + "x" * 128}, id="from-of-128"),
        pytest.param({"store": False}, {"store": False}, id="not-stored"),
        pytest.param({"action": 7, "echo": 7, "by": 7}, {}, id="members-of-others-are-ignored"),
    ],
)
def test_parsed(members: dict[str, Any], expected: dict[str, Any]) -> None:
    default = Published(id=None, sessions=("s1",), message="hello", sender="#", store=True)
    assert published.parse(text_of(GOOD | members)) == default._replace(**expected)


@pytest.mark.parametrize(
    ("element", "error", "field"),
    [
        *(pytest.param(value, BadJson, None, id=f"{value!r:.9}") for value in (None, 7, "hello", [GOOD], True)),
        pytest.param({}, BadRequest, "sessions", id="empty"),
        pytest.param(without("sessions"), BadRequest, "sessions", id="no-sessions"),
        pytest.param(without("message"), BadRequest, "message", id="no-message"),
        pytest.param(GOOD | {"sessions": "s1"}, BadRequest, "sessions", id="sessions-a-text"),
        pytest.param(GOOD | {"sessions": []}, BadRequest, "sessions", id="sessions-empty"),
        pytest.param(GOOD | {"sessions": ["s1", "a b"]}, BadRequest, "sessions[1]", id="a-malformed-session"),
        pytest.param(GOOD | {"sessions": ["#orders"]}, BadRequest, "sessions[0]", id="a-backend-as-a-session"),
        pytest.param(GOOD | {"sessions": [*HUNDRED, "more"]}, BadRequest, "sessions", id="101-sessions"),
        *(
            pytest.param(GOOD | {"from": value}, BadRequest, "from", id=f"from-{value!r:.9}")
            for value in (None, "", "#", "#orders", "or#ders", "a b", "é", "x" * 129, 7, ["orders"])
        ),
        *(
            pytest.param(GOOD | {"id": value}, BadRequest, "id", id=f"id-{value!r:.9}")
            for value in (None, "", "x" * 65, 7)
        ),
        *(
            pytest.param(GOOD | {"store": value}, BadRequest, "store", id=f"store-{value!r}")
            for value in (None, 0, "false")
        ),
        pytest.param(GOOD | {"message": nested(101)}, BadRequest, "message", id="101-levels"),
        pytest.param(GOOD | {"message": [10**309]}, BadRequest, "message", id="a-huge-integer"),
        *(
            pytest.param(GOOD | {name: [value]}, BadJson, None, id=f"{what}-in-{name}")
            for name in ("message", "ignored")
            for what, value in {
                "nan": math.nan,
                "infinity": math.inf,
                "a-lone-surrogate": "\ud800",
                "100,000-levels": nested(100_000),
                "5,000-digits": 10**5000,
            }.items()
        ),
    ],
)
def test_refused(element: Any, error: type[HubError], field: str | None) -> None:
    with pytest.raises(HubError) as caught:
        published.parse(text_of(element))
    assert (type(caught.value), caught.value.field) == (error, field)


@pytest.mark.parametrize(
    "text",
    ["", "hello", '{"sessions": ["s1"], "message": 1, "message": 1}', "\ufeff" + json.dumps(GOOD), "[" * 65_000],
    ids=["empty", "not-json", "a-duplicate-member", "a-byte-order-mark", "65000-levels"],
)
def test_the_body_of_a_record_is_strict_json(text: str) -> None:
    with pytest.raises(BadJson):
        published.parse(text)


def test_a_huge_number_in_the_body_of_a_record_is_refused() -> None:
    with pytest.raises(BadRequest) as caught:
        published.parse('{"sessions": ["s1"], "message": ' + "9" * 5_000 + "}")
    assert caught.value.field == "message"


def test_no_session_can_have_the_name_of_a_backend() -> None:
    assert SESSION_ID.fullmatch(SENDER) is None
    assert SESSION_ID.fullmatch(f"{SENDER}orders") is None


@pytest.mark.parametrize(("own", "delivered"), [("o-1", "o-1"), (None, "default")], ids=["its-own-id", "no-id"])
def test_the_delivered_frame(own: str | None, delivered: str) -> None:
    message = Published(own, ("s1",), {"n": 1}, "#orders", store=True)
    assert json.loads(message.envelope("default", 1_795_000_000.123).addressed_to("s1")) == {
        "type": "message",
        "id": delivered,
        "session": "s1",
        "from": "#orders",
        "sent_at": "2026-11-18T11:06:40.123Z",
        "message": {"n": 1},
    }
