"""Which of the three modes is on, and what it needs."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from hub.auth.identity import Identity, claimed
from hub.auth.signing_key import SigningKeys
from hub.connect_request import ConnectRequest
from hub.settings import auth_mode, require

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


def authenticator(
    env: Mapping[str, str], secrets_manager: Callable[[], "SecretsManagerClient"]
) -> Callable[[ConnectRequest, float], Identity]:
    """
    Return how to identify who connects: a function of a handshake and the time (epoch seconds).

    Args:
        secrets_manager: Makes a client; called only in a mode that needs the signing key.

    Raises:
        SettingsError: If AUTH_MODE is none of the modes, or lacks what it needs.

    """
    mode = auth_mode(env)
    if mode == "none":
        return lambda request, _now: claimed(request)
    (secret_name,) = require(env, "SIGNING_SECRET_NAME")
    keys = SigningKeys(secrets_manager(), secret_name)
    if mode == "signature":
        from hub.auth import signatures

        return lambda request, now: keys.verified(lambda key: signatures.verify(request, key, now))

    from hub.auth import tokens  # and PyJWT, which the other modes do without

    rules = tokens.Rules(issuer=env.get("JWT_ISSUER") or None, audience=env.get("JWT_AUDIENCE") or None)
    return lambda request, _now: keys.verified(lambda key: tokens.verify(request, key, rules))
