"""The environment variables about an identity provider."""

from collections.abc import Mapping
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from hub.variables import SettingsError, require

LOOPBACK = ("127.0.0.1", "::1", "localhost")
"""The hosts of this machine, to which http is allowed."""


class ProviderSettings(NamedTuple):
    """
    What ConnectFunction needs to accept the tokens of an identity provider.

    Attributes:
        jwks_url: Where the provider publishes its keys.
        session_claim: The claim that is the session.
        send_claim: The claim that lists the sessions that a client may send to.

    """

    jwks_url: str
    session_claim: str
    send_claim: str

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self | None:
        """
        Return None if tokens are signed with the hub's own key.

        Raises:
            SettingsError: If the URL is malformed or not secure; if the mode is another one; or if the issuer or the
                audience is missing, without which the provider's tokens for others would be accepted.

        """
        url = env.get("JWKS_URL", "")
        if not url:
            return None
        if env.get("AUTH_MODE") != "jwt":
            raise SettingsError("JWKS_URL is set, and AUTH_MODE is not jwt")
        require(env, "JWT_ISSUER", "JWT_AUDIENCE")
        if not _is_secure(url):
            raise SettingsError(f"JWKS_URL is {url!r}; it must be an https URL, or an http URL of this machine")
        return cls(url, env.get("JWT_SESSION_CLAIM") or "session_id", env.get("JWT_SEND_CLAIM") or "send")


def _is_secure(url: str) -> bool:
    """Return whether nobody on the way can put in keys of their own. A malformed URL is not secure."""
    if not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        is_url = bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc and not parts.fragment
    except ValueError:
        return False
    return is_url and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))
