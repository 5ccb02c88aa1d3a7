"""The origins and endpoints that the parameters take, compared with the functions' own parsers."""

import random
import re
from urllib.parse import urlsplit

import pytest

from hub.auth.origins import parse_origins
from tests.support.fan_outs import endpoint_at
from tests.support.stacks import PARAMETERS, takes

NOT_AN_ADDRESS = [
    "[::::]",
    "[:]",
    "[...]",
    "[1.2.3.4]",
    "[1:2:3:4:5:6:7:8:9]",
    "[1.2]",
    "[::1]a",
    "a[::1]",
    "[::1",
    "::1",
    "a..b",
    ".a",
    "...",
    "a" * 64,
]
"""What may not stand where a URL has its host. The functions' own parsers refuse the brackets, and DNS the others."""


@pytest.mark.parametrize(
    "origins",
    [
        "",
        "https://a.example",
        "https://a.example,https://*.b.example",
        " https://A.example:8443 , http://localhost:3000, ",
        "http://[::1]:65535",
        "https://xn--bcher-kva.example:0",
    ],
)
def test_origins_that_the_function_reads(origins: str) -> None:
    assert takes("AllowedOrigins", origins)
    assert len(parse_origins(origins)) == len([entry for entry in origins.split(",") if entry.strip()])


@pytest.mark.parametrize(
    "origins",
    [
        "a.example",
        "*",
        "null",
        "https://a.example/",
        "https://a.example/path",
        "https://a.example?q",
        "https://user@a.example",
        "https://a.example https://b.example",
        "https://a.example;https://b.example",
        "https://a.example,b.example",
        "https://a.example:65536",
        "https://a.example:port",
        "https://",
        "wss://a.example",
        "https://bücher.example",
    ],
)
def test_text_that_is_not_a_list_of_origins(origins: str) -> None:
    assert not takes("AllowedOrigins", origins)


@pytest.mark.parametrize("host", NOT_AN_ADDRESS)
def test_no_parameter_takes_a_host_that_the_functions_cannot_use(host: str) -> None:
    assert not takes("AllowedOrigins", f"https://{host}")
    assert not takes("AllowedOrigins", f"https://a.example,http://{host}:8443")
    assert not takes("WebSocketEndpoint", f"https://{host}/p")
    assert not takes("WebSocketEndpoint", f"http://{host}")


def test_a_wildcard_stands_before_a_name_only() -> None:
    assert [
        host for host in ("*.[::1]", "*.", "*", "a.*.b", "**.a") if takes("AllowedOrigins", f"https://{host}")
    ] == []


PIECES = [
    "a",
    "a.example",
    "127.0.0.1",
    "a" * 63,
    "[",
    "]",
    "[::1]",
    "::",
    "1",
    "*.",
    ".",
    "-",
    "_",
    ":",
    "%",
    "@",
    "/",
]
PIECES += [":0", ":0443", ":8443", ":65535", ":65536", ":99999", "/prod", "?", "#", " ", ",", ", https://"]


def taken_by(name: str) -> list[str]:
    """Return those of many random URLs and lists of origins that the pattern of a parameter takes."""
    draw, pattern = random.Random(14), re.compile(PARAMETERS[name]["AllowedPattern"])
    texts = [
        draw.choice(["http://", "https://", " https://"]) + "".join(draw.choices(PIECES, k=draw.randint(1, 6)))
        for _ in range(50_000)
    ]
    return sorted({text for text in texts if pattern.fullmatch(text)})


def test_connect_function_starts_with_every_list_of_origins_that_the_pattern_takes() -> None:
    taken = taken_by("AllowedOrigins")
    assert len(taken) > 200
    for origins in taken:
        assert len(parse_origins(origins)) == len([entry for entry in origins.split(",") if entry.strip()])


def test_message_function_starts_with_every_endpoint_that_the_pattern_takes() -> None:
    taken = taken_by("WebSocketEndpoint")
    assert len(taken) > 200
    for url in taken:
        assert endpoint_at(url).waiting == 0
        assert (urlsplit(url).hostname or "").encode("idna")  # asyncio does this when it connects


@pytest.mark.parametrize(
    "url",
    [
        "https://abc.execute-api.us-east-1.amazonaws.com/prod",
        "http://127.0.0.1:4566/_aws/execute-api/a1b2c3/prod",
        "http://host.docker.internal:3001/prod",
        "http://[::1]:3001/prod",
        "https://hub.example.com",
    ],
)
def test_an_endpoint_that_the_function_can_post_to(url: str) -> None:
    assert takes("WebSocketEndpoint", url)
    assert endpoint_at(url).waiting == 0


@pytest.mark.parametrize(
    "url",
    [
        "wss://a.example.com/prod",
        "https://a.example.com/prod/",
        "https://a.example.com:65536/prod",
        "https://a.example.com:0/prod",
        "https://a.example.com:0443/prod",
        "https://a.example.com:port/prod",
        "https://user:password@a.example.com/prod",
        "https://a.example.com/prod?x=1",
        "https://a.example.com/prod#x",
        "https://a.example.com/a b",
        "https:///prod",
    ],
)
def test_text_that_is_not_the_url_of_an_endpoint(url: str) -> None:
    assert not takes("WebSocketEndpoint", url)
