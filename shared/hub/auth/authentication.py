"""Which of the three modes of authentication is on, and what that mode needs."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from hub.auth.identity import Identity, claimed_identity
from hub.auth.signing_key import SigningKeys
from hub.auth.signing_secret import SigningSecret
from hub.connect_request import ConnectRequest
from hub.settings import AuthMode, ConnectSettings

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


def authenticator(
    settings: ConnectSettings, secrets_manager: Callable[[], "SecretsManagerClient"]
) -> Callable[[ConnectRequest, float], Identity]:
    """
    Return the function that identifies a client: it takes the connect request and the time in epoch seconds.

    Args:
        secrets_manager: Makes a client of Secrets Manager. It is called only if the mode needs the signing key.

    """
    if settings.auth_mode is AuthMode.NONE:
        return lambda request, _now: claimed_identity(request)
    keys = SigningKeys(SigningSecret(secrets_manager(), settings.signing_secret_name))
    if settings.auth_mode is AuthMode.SIGNATURE:
        from hub.auth import signatures

        return lambda request, now: keys.verified(lambda key: signatures.verify(request, key, now))

    from hub.auth import tokens  # which imports PyJWT, and only this mode needs it

    rules = tokens.Rules(issuer=settings.jwt_issuer or None, audience=settings.jwt_audience or None)
    return lambda request, _now: keys.verified(lambda key: tokens.verify(request, key, rules))
