"""The environment variables of the functions: each function starts with the right ones only."""

from typing import Any

import pytest

from hub.settings import AuthMode, ConnectSettings, DisconnectSettings, HistorySettings, MessageSettings
from hub.variables import SettingsError, number

CONNECT = {"TABLE_NAME": "t", "AUTH_MODE": "none", "ALLOWED_ORIGINS": ""}
SIGNED = CONNECT | {"AUTH_MODE": "signature", "SIGNING_SECRET_NAME": "signing"}
MESSAGE = {"TABLE_NAME": "t", "WEBSOCKET_ENDPOINT": "https://a.example/prod", "AUTH_MODE": "jwt"}


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        pytest.param(CONNECT, ("t", AuthMode.NONE, "", "", "", None, "", 0, ""), id="the-fewest-variables"),
        pytest.param(SIGNED, ("t", AuthMode.SIGNATURE, "signing", "", "", None, "", 0, ""), id="signature"),
        pytest.param(
            SIGNED
            | {"AUTH_MODE": "jwt", "JWT_ISSUER": "i", "JWT_AUDIENCE": "a", "ALLOWED_ORIGINS": "https://a.example"}
            | {"MAX_CONNECTIONS_PER_SESSION": "7", "WEBSOCKET_ENDPOINT": "https://b.example/prod"},
            ("t", AuthMode.JWT, "signing", "i", "a", None, "https://a.example", 7, "https://b.example/prod"),
            id="every-variable",
        ),
        pytest.param(
            CONNECT | {"SIGNING_SECRET_NAME": "signing"},
            ("t", AuthMode.NONE, "", "", "", None, "", 0, ""),
            id="a-secret-that-the-mode-does-not-need",
        ),
        pytest.param(
            CONNECT | {"MAX_CONNECTIONS_PER_SESSION": "0", "WEBSOCKET_ENDPOINT": "https://b.example/prod"},
            ("t", AuthMode.NONE, "", "", "", None, "", 0, ""),
            id="an-endpoint-that-is-not-needed-without-a-limit",
        ),
    ],
)
def test_the_settings_of_connect(env: dict[str, str], expected: tuple[Any, ...]) -> None:
    assert ConnectSettings.from_env(env) == ConnectSettings(*expected)


def test_the_settings_of_disconnect() -> None:
    assert DisconnectSettings.from_env({"TABLE_NAME": "t"}) == DisconnectSettings("t")


@pytest.mark.parametrize(
    ("mode", "needs_proof"),
    [
        pytest.param("none", False, id="none"),
        pytest.param("jwt", True, id="jwt"),
        pytest.param("signature", True, id="signature"),
    ],
)
def test_the_settings_of_message(mode: str, needs_proof: bool) -> None:
    settings = MessageSettings.from_env(MESSAGE | {"AUTH_MODE": mode, "MESSAGE_RATE": "5", "MESSAGE_BURST": "20"})
    assert settings == MessageSettings("t", "https://a.example/prod", AuthMode(mode), 5, 20, None, "")
    assert settings.needs_proof is needs_proof


@pytest.mark.parametrize(
    ("settings", "env", "missing"),
    [
        pytest.param(ConnectSettings, {}, "TABLE_NAME, AUTH_MODE, SIGNING_SECRET_NAME, ALLOWED_ORIGINS", id="all"),
        pytest.param(ConnectSettings, {"AUTH_MODE": "none"}, "TABLE_NAME, ALLOWED_ORIGINS", id="no-secret-in-none"),
        pytest.param(ConnectSettings, SIGNED | {"TABLE_NAME": ""}, "TABLE_NAME", id="empty-and-may-not-be"),
        pytest.param(
            ConnectSettings,
            CONNECT | {"MAX_CONNECTIONS_PER_SESSION": "1", "TABLE_NAME": ""},
            "TABLE_NAME, WEBSOCKET_ENDPOINT",
            id="no-endpoint-with-a-limit",
        ),
        pytest.param(DisconnectSettings, {}, "TABLE_NAME", id="disconnect"),
        pytest.param(MessageSettings, {"AUTH_MODE": ""}, "TABLE_NAME, WEBSOCKET_ENDPOINT, AUTH_MODE", id="message"),
    ],
)
def test_an_error_names_every_missing_variable(settings: Any, env: dict[str, str], missing: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.from_env(env)
    assert str(caught.value) == f"missing environment variables: {missing}"


@pytest.mark.parametrize("settings", [ConnectSettings, MessageSettings])
@pytest.mark.parametrize("mode", ["JWT", "oauth", " none"])
def test_a_mode_that_does_not_exist_stops_the_function(settings: Any, mode: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings.from_env(SIGNED | MESSAGE | {"AUTH_MODE": mode})
    assert str(caught.value) == f"AUTH_MODE is {mode!r}; it must be one of none, jwt, signature"


@pytest.mark.parametrize(
    ("env", "limit"),
    [
        pytest.param({}, 0, id="missing-is-no-limit"),
        pytest.param({"N": ""}, 0, id="empty-is-no-limit"),
        pytest.param({"N": "0"}, 0, id="zero-is-no-limit"),
        pytest.param({"N": "20"}, 20, id="a-number"),
    ],
)
def test_limits(env: dict[str, str], limit: int) -> None:
    assert number(env, "N") == limit


@pytest.mark.parametrize("value", ["-1", "1.5", "many", "\u0661"])
def test_a_limit_that_is_not_a_number_stops_the_function(value: str) -> None:
    with pytest.raises(SettingsError, match=r"^N is .*; it must be a whole number"):
        number({"N": value}, "N")


HISTORY = {"HISTORY_TABLE": "h", "HISTORY_SECONDS": "600", "HISTORY_SESSIONS": "*"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, HistorySettings("h", 600, ("*",)), id="on"),
        pytest.param({"HISTORY_SECONDS": "5"}, HistorySettings("h", 5, ("*",)), id="the-least"),
        pytest.param({"HISTORY_SECONDS": "604800"}, HistorySettings("h", 604_800, ("*",)), id="the-most"),
        pytest.param(
            {"HISTORY_SESSIONS": "lobby, room-* ,a.b:c@d_e"},
            HistorySettings("h", 600, ("lobby", "room-*", "a.b:c@d_e")),
            id="sessions",
        ),
        pytest.param({"HISTORY_SECONDS": "0"}, None, id="off"),
        pytest.param({"HISTORY_SECONDS": ""}, None, id="off-if-empty"),
        pytest.param({"HISTORY_SECONDS": "0", "HISTORY_TABLE": ""}, None, id="off-without-a-table"),
    ],
)
def test_the_settings_of_history(changes: dict[str, str], expected: HistorySettings | None) -> None:
    assert MessageSettings.from_env(MESSAGE | HISTORY | changes).history == expected


def test_history_is_off_without_its_variables() -> None:
    assert MessageSettings.from_env(MESSAGE).history is None


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        pytest.param({"HISTORY_TABLE": ""}, "HISTORY_TABLE", id="no-table"),
        pytest.param({"HISTORY_SESSIONS": ""}, "HISTORY_SESSIONS", id="no-sessions"),
        pytest.param({"HISTORY_SECONDS": "4"}, "HISTORY_SECONDS is 4", id="too-short"),
        pytest.param({"HISTORY_SECONDS": "604801"}, "HISTORY_SECONDS is 604801", id="too-long"),
        pytest.param({"HISTORY_SECONDS": "1.5"}, "HISTORY_SECONDS is '1.5'", id="a-fraction"),
        pytest.param({"HISTORY_SECONDS": "-5"}, "HISTORY_SECONDS is '-5'", id="negative"),
        pytest.param({"HISTORY_SESSIONS": "a,,b"}, "HISTORY_SESSIONS", id="an-empty-pattern"),
        pytest.param({"HISTORY_SESSIONS": "a*b"}, "HISTORY_SESSIONS", id="a-star-in-the-middle"),
        pytest.param({"HISTORY_SESSIONS": "a b"}, "HISTORY_SESSIONS", id="a-space-in-a-pattern"),
    ],
)
def test_wrong_settings_of_history_stop_the_function(changes: dict[str, str], text: str) -> None:
    with pytest.raises(SettingsError, match=text):
        MessageSettings.from_env(MESSAGE | HISTORY | changes)
