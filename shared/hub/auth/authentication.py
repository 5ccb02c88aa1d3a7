"""Which of the three modes of authentication is on, and what that mode needs."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from hub.auth.identity import Identity, claimed_identity
from hub.auth.signing_key import SigningKeys
from hub.auth.signing_secret import SigningSecret
from hub.connect_request import ConnectRequest
from hub.provider_settings import ProviderSettings
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
    if settings.provider:
        return _of_provider(settings, settings.provider)
    keys = SigningKeys(SigningSecret(secrets_manager(), settings.signing_secret_name))
    if settings.auth_mode is AuthMode.SIGNATURE:
        from hub.auth import signatures

        return lambda request, now: keys.verified(lambda key: signatures.verify(request, key, now))

    with _without_cryptography():
        from hub.auth import tokens  # which imports PyJWT, and only this mode needs it

    rules = tokens.Rules(issuer=settings.jwt_issuer or None, audience=settings.jwt_audience or None)
    return lambda request, _now: keys.verified(lambda key: tokens.verify(request, key, rules))


def _of_provider(settings: ConnectSettings, provider: ProviderSettings) -> Callable[[ConnectRequest, float], Identity]:
    from hub.auth import provider_tokens, tokens
    from hub.auth.jwks_url import JwksUrl
    from hub.auth.provider_keys import ProviderKeys

    keys = ProviderKeys(JwksUrl(provider.jwks_url).fetch)
    rules = tokens.Rules(
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
        session_claim=provider.session_claim,
        send_claim=provider.send_claim,
        reads_client_id=True,
    )
    return lambda request, _now: provider_tokens.verify(request, keys, rules)


@contextlib.contextmanager
def _without_cryptography() -> Iterator[None]:
    """
    Let PyJWT believe that the package cryptography is not installed, unless it has been imported already.

    PyJWT imports it if it can. HS256 does not need it, and importing it takes longer than all other imports of this
    mode. Source: "The import statement" and "The module cache", Python language reference: None stops an import.

    """
    hides = "cryptography" not in sys.modules
    if hides:
        sys.modules["cryptography"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if hides:
            del sys.modules["cryptography"]
