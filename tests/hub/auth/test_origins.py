"""ALLOWED_ORIGINS: which pages may connect."""

import pytest

from hub.auth.origins import Origin, check_origin, parse_origins
from hub.errors import Forbidden
from hub.variables import SettingsError

ALLOWED = "https://example.com, http://localhost:8080, https://*.example.org"


@pytest.mark.parametrize(
    ("origin", "accepted"),
    [
        pytest.param(None, True, id="no-origin"),
        pytest.param("https://example.com", True, id="exact"),
        pytest.param("https://EXAMPLE.com:443", True, id="same-with-case-and-default-port"),
        pytest.param("http://localhost:8080", True, id="with-a-port"),
        pytest.param("https://a.example.org", True, id="one-label"),
        pytest.param("http://example.com", False, id="another-scheme"),
        pytest.param("https://example.com:8443", False, id="another-port"),
        pytest.param("https://www.example.com", False, id="a-subdomain-not-listed"),
        pytest.param("https://example.com.evil.net", False, id="a-longer-host"),
        pytest.param("https://evilexample.org", False, id="a-host-that-ends-alike"),
        pytest.param("https://a.b.example.org", False, id="two-labels"),
        pytest.param("https://.example.org", False, id="an-empty-label"),
        pytest.param("https://example.org", False, id="no-label"),
        pytest.param("null", False, id="a-sandboxed-page"),
        pytest.param("", False, id="empty"),
        pytest.param("https://example.com/path", False, id="with-a-path"),
        pytest.param("https://user@example.com", False, id="with-a-user"),
        pytest.param("https://example.com:port", False, id="with-a-port-that-is-not-a-number"),
        pytest.param("https://[::1", False, id="not-a-url"),
    ],
)
def test_origins(origin: str | None, accepted: bool) -> None:
    if accepted:
        check_origin(origin, parse_origins(ALLOWED))
        return
    with pytest.raises(Forbidden):
        check_origin(origin, parse_origins(ALLOWED))


def test_an_empty_list_allows_every_origin() -> None:
    assert parse_origins(" , ") == ()
    check_origin("https://anywhere.example", ())


@pytest.mark.parametrize("entry", ["example.com", "https://example.com/", "ftp://example.com", "https://", "*"])
def test_a_list_with_an_entry_that_is_not_an_origin_stops_the_function(entry: str) -> None:
    with pytest.raises(SettingsError, match=r"^ALLOWED_ORIGINS: not an origin: "):
        parse_origins(f"https://example.com, {entry}")


def test_an_origin_is_scheme_host_and_port() -> None:
    assert Origin.parse("https://Example.com") == Origin("https", "example.com", 443)
