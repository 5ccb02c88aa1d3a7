"""Which sessions a connection may send to: the handler checks its grants with every message."""

import time
from typing import Any

import pytest

from tests.support.credentials import iso, sign, token
from tests.support.in_moto import HubInMoto, row
from tests.support.tables import rows

LONG_AGO = 1_700_000_000
"""Epoch seconds at which a credential or a connection expired."""

FAR_FUTURE = 2**40
"""Epoch seconds at which one will expire."""

MESSAGE = {"action": "sendMessage", "sessions": ["s2"], "message": "hello", "id": "c-1"}
NOT_CONNECTED = "This connection is not registered, or no longer; connect again"
RAN_OUT = "The credential of this connection has run out; connect again with a new one"


def message(*sessions: str, **members: Any) -> dict[str, Any]:
    return MESSAGE | {"sessions": sessions} | members


def ack(**delivered: int) -> dict[str, Any]:
    return {"type": "ack", "id": "c-1", "delivered": delivered, "offline": [], "failed": {}}


def error(code: str, text: str, **members: Any) -> dict[str, Any]:
    return {"type": "error", "code": code, "message": text, "id": "c-1"} | members


def forbidden(index: int) -> dict[str, Any]:
    return error("forbidden", f"This connection may not send to sessions[{index}]", field=f"sessions[{index}]")


@pytest.mark.parametrize(
    ("sessions", "answer"),
    [
        pytest.param(["s1", "o-1"], ack(s1=1) | {"delivered": {"s1": 1, "o-1": 1}}, id="all-granted"),
        pytest.param(["s2"], forbidden(0), id="only-another"),
        pytest.param(["s1", "o-1", "s2"], forbidden(2), id="another-among-granted-ones"),
        pytest.param(["s1", "s1", "s1", "s2", "s2"], forbidden(3), id="counted-as-the-client-listed-them"),
        pytest.param(["s2", "s1", "s2"], forbidden(0), id="at-its-first-place"),
        pytest.param(["s3", "s2"], forbidden(0), id="the-first-of-two-others"),
        pytest.param(["s1", "nobody"], forbidden(1), id="a-session-without-connections"),
    ],
)
def test_a_message_to_one_session_that_is_not_granted_reaches_no_session(
    hub_in_moto: HubInMoto, sessions: list[str], answer: Any
) -> None:
    hub_in_moto.connections.add(row("s9", "sender=", subject="s9", send=("s1", "o-*")))
    for session_id in ("s1", "s2", "s3", "o-1"):
        hub_in_moto.connections.add(row(session_id, f"of-{session_id}=", subject="x"))

    assert hub_in_moto.hub(AuthMode="jwt").send("sender=", message(*sessions)) == answer
    received = {connection_id for connection_id, _ in hub_in_moto.endpoint.posted}
    assert received == {f"of-{session_id}=" for session_id in answer.get("delivered", {})}
    assert hub_in_moto.endpoint.closed == []


@pytest.mark.parametrize(
    ("send", "own", "other"),
    [
        pytest.param({}, ack(s1=1), forbidden(0), id="absent-grants-its-own-session"),
        pytest.param({"send": []}, forbidden(0), forbidden(0), id="empty-grants-no-session"),
        pytest.param({"send": ["s2"]}, forbidden(0), ack(s2=1), id="another-session-and-not-its-own"),
        pytest.param({"send": ["*"]}, ack(s1=1), ack(s2=1), id="a-star-grants-every-session"),
    ],
)
def test_the_claim_send_decides(hub_in_moto: HubInMoto, send: Any, own: Any, other: Any) -> None:
    hub_in_moto.connections.add(row("s2", "of-s2=", subject="s2"))
    assert hub_in_moto.hub(AuthMode="jwt").connect(
        "of-s1=", {"token": token({"session_id": "s1", "exp": FAR_FUTURE} | send)}
    ) == (200, "")

    assert [hub_in_moto.hub(AuthMode="jwt").send("of-s1=", message(session_id)) for session_id in ("s1", "s2")] == [
        own,
        other,
    ]


def test_a_client_with_a_signature_may_send_to_every_session(hub_in_moto: HubInMoto) -> None:
    hub = hub_in_moto.hub(AuthMode="signature")
    date_time = iso(time.time())
    signed = {"session_id": "s1", "date_time": date_time, "signature": sign("s1", date_time)}
    assert hub.connect("of-s1=", signed) == (200, "")
    hub_in_moto.connections.add(row("s2", "of-s2=", subject="s2"))
    assert hub.send("of-s1=", message("s1", "s2")) == ack(s1=1, s2=1)


@pytest.mark.parametrize(
    ("mode", "sender", "answer"),
    [
        pytest.param("none", {}, ack(s2=1), id="none-and-nothing-proven"),
        pytest.param("none", {"expires_at": LONG_AGO}, error("not_connected", NOT_CONNECTED), id="none-and-expired"),
        pytest.param(
            "none", {"subject": "s1", "send": ("s1",)}, forbidden(0), id="none-but-the-grants-of-a-row-still-hold"
        ),
        pytest.param(
            "none",
            {"subject": "s1", "expires_at": LONG_AGO},
            error("expired", RAN_OUT),
            id="none-and-the-credential-expired",
        ),
        pytest.param("jwt", {"subject": "s1", "send": ("*",)}, ack(s2=1), id="proven"),
        pytest.param("jwt", {"subject": "", "send": ("*",)}, ack(s2=1), id="proven-with-an-empty-subject"),
        pytest.param(
            "jwt", {"subject": "s1", "expires_at": LONG_AGO}, error("expired", RAN_OUT), id="the-credential-expired"
        ),
        pytest.param("jwt", {}, error("not_connected", NOT_CONNECTED), id="from-before-the-mode-was-switched-on"),
        pytest.param(
            "jwt", {"expires_at": LONG_AGO}, error("not_connected", NOT_CONNECTED), id="from-before-and-expired"
        ),
        pytest.param("signature", {}, error("not_connected", NOT_CONNECTED), id="from-before-signatures-were-needed"),
    ],
)
def test_what_each_mode_demands_of_a_sender(
    hub_in_moto: HubInMoto, mode: str, sender: dict[str, Any], answer: Any
) -> None:
    hub_in_moto.connections.add(row("s1", "sender=", **sender))
    hub_in_moto.connections.add(row("s2", "of-s2=", subject="s2"))
    assert hub_in_moto.hub(AuthMode=mode).send("sender=", message("s2")) == answer
    assert len(hub_in_moto.endpoint.posted) == len(answer.get("delivered", {}))


def test_an_expired_or_unproven_connection_receives_nothing_and_is_closed(hub_in_moto: HubInMoto) -> None:
    hub_in_moto.connections.add(row("s1", "sender=", subject="s1", send=("*",)))
    hub_in_moto.connections.add(row("s2", "good=", subject="s2"))
    hub_in_moto.connections.add(row("s2", "ran-out=", subject="s2", expires_at=LONG_AGO))
    hub_in_moto.connections.add(row("s2", "unproven="))
    hub_in_moto.connections.add(row("s3", "also-ran-out=", subject="s3", expires_at=LONG_AGO))

    assert hub_in_moto.hub(AuthMode="jwt").send("sender=", message("s2", "s3")) == ack(s2=1) | {"offline": ["s3"]}
    assert [connection_id for connection_id, _ in hub_in_moto.endpoint.posted] == ["good="]
    assert sorted(hub_in_moto.endpoint.closed) == ["also-ran-out=", "ran-out=", "unproven="]
    assert [connection.connection_id for connection in rows("s2")] == ["good="]
    assert rows("s3") == []


TOO_LARGE = "x" * 131_072


@pytest.mark.parametrize(
    ("sender", "frame", "code"),
    [
        pytest.param({"send": ()}, message("s 2"), "bad_request", id="the-frame-first"),
        pytest.param({"send": (), "expires_at": LONG_AGO}, message("s2"), "expired", id="the-sender-before-permission"),
        pytest.param({"send": ()}, message("s2", message=TOO_LARGE), "forbidden", id="permission-before-the-size"),
        pytest.param({"send": ("s2",)}, message("s2", message=TOO_LARGE), "message_too_large", id="the-size"),
    ],
)
def test_the_first_check_that_fails_decides(
    hub_in_moto: HubInMoto, sender: dict[str, Any], frame: Any, code: str
) -> None:
    hub_in_moto.connections.add(row("s1", "sender=", subject="s1", **sender))
    hub_in_moto.connections.add(row("s2", "of-s2=", subject="s2"))

    assert hub_in_moto.hub(AuthMode="jwt").send("sender=", frame)["code"] == code
    assert hub_in_moto.endpoint.posted == []
