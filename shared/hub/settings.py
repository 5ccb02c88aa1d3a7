"""
The environment variables of the three functions, read once when a function starts.

Each function has a class of settings, with the variables that this function needs and no others.
A function whose variables are missing or wrong does not start.

"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple, Self

from hub.provider_settings import ProviderSettings
from hub.sessions import GRANT
from hub.variables import SettingsError, number, require

MIN_HISTORY, MAX_HISTORY = 5, 7 * 24 * 3600
"""Seconds for which history may be kept."""


class AuthMode(StrEnum):
    """How clients prove who they are: the variable AUTH_MODE."""

    NONE = "none"
    JWT = "jwt"
    SIGNATURE = "signature"

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Raises:
            SettingsError: If there is no such mode. A hub must not seem to enforce a mode that it does not know.

        """
        try:
            return cls(text)
        except ValueError:
            raise SettingsError(f"AUTH_MODE is {text!r}; it must be one of {', '.join(cls)}") from None


class ConnectSettings(NamedTuple):
    """
    What ConnectFunction needs.

    Attributes:
        table_name: The DynamoDB table of connections.
        signing_secret_name: The secret with the signing key; empty if ``auth_mode`` is NONE.
        jwt_issuer: What the claim ``iss`` must be; empty: any issuer.
        jwt_audience: What the claim ``aud`` must be or contain; empty: any audience.
        provider: The identity provider whose tokens are accepted; None: tokens are signed with the signing key.
        allowed_origins: Origins separated by commas, as ``auth.origins`` parses them; empty: every origin.
        max_connections_per_session: 0: no limit.
        websocket_endpoint: The URL of the ``@connections`` API, stage included; empty if there is no limit.

    """

    table_name: str
    auth_mode: AuthMode
    signing_secret_name: str
    jwt_issuer: str
    jwt_audience: str
    provider: ProviderSettings | None
    allowed_origins: str
    max_connections_per_session: int
    websocket_endpoint: str

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """
        Raises:
            SettingsError: If variables are missing, or one is wrong.

        """
        mode = env.get("AUTH_MODE", "")
        provider = ProviderSettings.from_env(env)
        secret = () if mode == AuthMode.NONE or provider else ("SIGNING_SECRET_NAME",)
        limit = number(env, "MAX_CONNECTIONS_PER_SESSION")
        endpoint = ("WEBSOCKET_ENDPOINT",) if limit else ()
        require(env, "TABLE_NAME", "AUTH_MODE", *secret, *endpoint, may_be_empty=("ALLOWED_ORIGINS",))
        return cls(
            table_name=env["TABLE_NAME"],
            auth_mode=AuthMode.parse(mode),
            signing_secret_name=env["SIGNING_SECRET_NAME"] if secret else "",
            jwt_issuer=env.get("JWT_ISSUER", ""),
            jwt_audience=env.get("JWT_AUDIENCE", ""),
            provider=provider,
            allowed_origins=env["ALLOWED_ORIGINS"],
            max_connections_per_session=limit,
            websocket_endpoint=env["WEBSOCKET_ENDPOINT"] if endpoint else "",
        )


class DisconnectSettings(NamedTuple):
    """
    What DisconnectFunction needs.

    Attributes:
        table_name: The DynamoDB table of connections.

    """

    table_name: str

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """
        Raises:
            SettingsError: If a variable is missing.

        """
        require(env, "TABLE_NAME")
        return cls(env["TABLE_NAME"])


class HistorySettings(NamedTuple):
    """
    What MessageFunction needs to keep history.

    Attributes:
        table_name: The DynamoDB table of history.
        seconds: How long a message can be resumed.
        sessions: The sessions that have history: patterns as ``sessions.covers`` takes them.

    """

    table_name: str
    seconds: int
    sessions: tuple[str, ...]

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self | None:
        """
        Return None if history is off.

        Raises:
            SettingsError: If variables are missing, or one is wrong.

        """
        seconds = number(env, "HISTORY_SECONDS")
        if not seconds:
            return None
        require(env, "HISTORY_TABLE", "HISTORY_SESSIONS")
        if not MIN_HISTORY <= seconds <= MAX_HISTORY:
            raise SettingsError(f"HISTORY_SECONDS is {seconds}; it must be 0, or {MIN_HISTORY} to {MAX_HISTORY}")
        sessions = tuple(pattern.strip(" ") for pattern in env["HISTORY_SESSIONS"].split(","))
        if not all(GRANT.fullmatch(pattern) for pattern in sessions):
            raise SettingsError(f"HISTORY_SESSIONS is {env['HISTORY_SESSIONS']!r}; see docs/configuration.md")
        return cls(env["HISTORY_TABLE"], seconds, sessions)


class MessageSettings(NamedTuple):
    """
    What MessageFunction needs.

    Attributes:
        table_name: The DynamoDB table of connections.
        websocket_endpoint: The URL of the ``@connections`` API, stage included.
        message_rate: Messages a second that one connection may send; 0: no limit.
        message_burst: Messages that one connection may send at once, if there is a rate.
        history: None: history is off.
        dead_letters_url: URL of the queue for malformed records of the queue PublishedMessages; empty: no queue.

    """

    table_name: str
    websocket_endpoint: str
    auth_mode: AuthMode
    message_rate: int
    message_burst: int
    history: HistorySettings | None
    dead_letters_url: str

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """
        Raises:
            SettingsError: If variables are missing, or one is wrong.

        """
        require(env, "TABLE_NAME", "WEBSOCKET_ENDPOINT", "AUTH_MODE")
        return cls(
            table_name=env["TABLE_NAME"],
            websocket_endpoint=env["WEBSOCKET_ENDPOINT"],
            auth_mode=AuthMode.parse(env["AUTH_MODE"]),
            message_rate=number(env, "MESSAGE_RATE"),
            message_burst=number(env, "MESSAGE_BURST"),
            history=HistorySettings.from_env(env),
            dead_letters_url=env.get("DEAD_LETTERS_URL", ""),
        )

    @property
    def needs_proof(self) -> bool:
        """Whether every client has had to prove who it is."""
        return self.auth_mode is not AuthMode.NONE
