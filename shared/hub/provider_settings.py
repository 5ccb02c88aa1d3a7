"""The environment variables about an identity provider."""

import re
from collections.abc import Mapping
from typing import NamedTuple, Self

from hub.variables import SettingsError, require

_LABELS = r"[A-Za-z0-9_-]{1,63}([.][A-Za-z0-9_-]{1,63}){0,30}"
_PORT = r"(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?"
_REST = r"([/?][!$-\[\]-~]{0,1000})?"

URL = rf"(https://({_LABELS}|\[::1\])|http://(127[.]0[.]0[.]1|localhost|\[::1\])){_PORT}{_REST}"
"""The URLs at which nobody on the way can put in keys of their own: https, or http to this machine. A URL has no user
and no fragment. The parameter JwksUrl of the template has the same pattern."""


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
        if not re.fullmatch(URL, url):
            # The sentence does not quote the URL, which may have a password in it.
            raise SettingsError(
                "JWKS_URL must be an https URL, or an http URL of this machine, without user or fragment"
            )
        return cls(url, env.get("JWT_SESSION_CLAIM") or "session_id", env.get("JWT_SEND_CLAIM") or "send")
