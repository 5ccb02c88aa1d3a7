"""The variables about an identity provider: which URLs a function starts with, and what they need beside them."""

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.auth.jwks_url import JwksUrl
from hub.provider_settings import URL, ProviderSettings
from hub.settings import AuthMode, ConnectSettings
from hub.variables import SettingsError
from tests.support.jwks_urls import ACCEPTED, REFUSED

JWKS_URL = "https://provider.example/.well-known/jwks.json"
PROVIDER = {"AUTH_MODE": "jwt", "JWKS_URL": JWKS_URL, "JWT_ISSUER": "https://provider.example", "JWT_AUDIENCE": "hub"}


def error(env: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as raised:
        ProviderSettings.from_env(env)
    return str(raised.value)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, (JWKS_URL, "session_id", "send"), id="the-fewest-variables"),
        pytest.param(
            {"JWT_SESSION_CLAIM": "", "JWT_SEND_CLAIM": ""}, (JWKS_URL, "session_id", "send"), id="empty-claims"
        ),
        pytest.param(
            {"JWT_SESSION_CLAIM": "sub", "JWT_SEND_CLAIM": "cognito:groups"},
            (JWKS_URL, "sub", "cognito:groups"),
            id="claims",
        ),
        pytest.param({"SIGNING_SECRET_NAME": "signing"}, (JWKS_URL, "session_id", "send"), id="a-secret-beside-it"),
    ],
)
def test_provider(changes: dict[str, str], expected: tuple[str, str, str]) -> None:
    assert ProviderSettings.from_env(PROVIDER | changes) == expected


@pytest.mark.parametrize("env", [{}, {"JWKS_URL": ""}, PROVIDER | {"JWKS_URL": ""}])
def test_without_a_url_there_is_no_provider(env: dict[str, str]) -> None:
    assert ProviderSettings.from_env(env) is None


@pytest.mark.parametrize("url", ACCEPTED)
def test_accepted(url: str) -> None:
    settings = ProviderSettings.from_env(PROVIDER | {"JWKS_URL": url})
    assert settings
    assert settings.jwks_url == url
    assert JwksUrl(url)  # which parses it


@pytest.mark.parametrize("url", REFUSED)
def test_refused(url: str) -> None:
    assert error(PROVIDER | {"JWKS_URL": url}) == (
        "JWKS_URL must be an https URL, or an http URL of this machine, without user or fragment"
    )


def test_a_password_in_the_url_is_not_quoted() -> None:
    assert "hunter2" not in error(PROVIDER | {"JWKS_URL": "https://me:hunter2@provider.example/jwks.json"})


@given(st.from_regex(URL, fullmatch=True) | st.text(max_size=40).map("https://provider.example{}".format))
def test_any_url_that_is_accepted_leads_to_the_host_that_it_names(url: str) -> None:
    if not re.fullmatch(URL, url):
        return
    parts = urlsplit(url)
    assert parts.port is None or 0 < parts.port < 65536
    assert url.split("/")[2].startswith(parts.netloc)
    assert parts.fragment == ""
    assert parts.username is None
    if parts.scheme != "https":
        assert (parts.scheme, parts.hostname in {"127.0.0.1", "localhost", "::1"}) == ("http", True)
    assert JwksUrl(url)


@pytest.mark.parametrize("mode", ["none", "signature", "JWT", ""])
def test_another_mode(mode: str) -> None:
    assert error(PROVIDER | {"AUTH_MODE": mode}) == "JWKS_URL is set, and AUTH_MODE is not jwt"


def test_no_mode() -> None:
    assert error({"JWKS_URL": JWKS_URL}) == "JWKS_URL is set, and AUTH_MODE is not jwt"


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        pytest.param({"JWT_ISSUER": ""}, "JWT_ISSUER", id="no-issuer"),
        pytest.param({"JWT_AUDIENCE": ""}, "JWT_AUDIENCE", id="no-audience"),
        pytest.param({"JWT_ISSUER": "", "JWT_AUDIENCE": ""}, "JWT_ISSUER, JWT_AUDIENCE", id="neither"),
    ],
)
def test_without_issuer_or_audience(changes: dict[str, str], missing: str) -> None:
    assert error(PROVIDER | changes) == f"missing environment variables: {missing}"


CONNECT = PROVIDER | {"TABLE_NAME": "t", "ALLOWED_ORIGINS": ""}


def test_connect_function_needs_no_secret_with_a_provider() -> None:
    settings = ConnectSettings.from_env(CONNECT)
    assert (settings.auth_mode, settings.signing_secret_name) == (AuthMode.JWT, "")
    assert settings.provider == (JWKS_URL, "session_id", "send")
    # A secret that it does not need is not used either.
    assert ConnectSettings.from_env(CONNECT | {"SIGNING_SECRET_NAME": "signing"}).signing_secret_name == ""


@pytest.mark.parametrize("mode", ["none", "signature"])
def test_connect_function_does_not_start_with_a_provider_in_another_mode(mode: str) -> None:
    with pytest.raises(SettingsError, match=r"^JWKS_URL is set, and AUTH_MODE is not jwt$"):
        ConnectSettings.from_env(CONNECT | {"AUTH_MODE": mode, "SIGNING_SECRET_NAME": "signing"})


def test_connect_function_needs_its_secret_without_a_provider() -> None:
    with pytest.raises(SettingsError, match=r"^missing environment variables: SIGNING_SECRET_NAME$"):
        ConnectSettings.from_env(CONNECT | {"JWKS_URL": ""})
