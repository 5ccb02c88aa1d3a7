"""A parameter takes only values that its reader can use. Otherwise a deployment would succeed and the hub not work."""

import random
import re
from urllib.parse import urlsplit

import boto3
import pytest

from delivery.http.endpoint import Endpoint
from hub.auth.origins import parse_origins
from hub.settings import number
from local.stack.errors import TemplateError
from local.stack.loading import translated
from local.stack.parameters import parameter_values
from tests.support.gateway import run_local
from tests.support.paths import ROOT

PARAMETERS = translated(ROOT / "template.yaml")["Parameters"]
BOUNDS = {
    "MaxConnectionsPerSession": (0, 100_000),
    "MessageRate": (0, 10_000),
    "MessageBurst": (1, 10_000),
    "StageRate": (1, 1_000_000),
    "StageBurst": (1, 1_000_000),
    "ReservedConcurrency": (0, 10_000),
    "RefusalThreshold": (1, 1_000_000),
}
NOT_WHOLE = [
    "0.5",
    "1.0",
    "1.",
    "1e3",
    "1E3",
    "01",
    "007",
    "-0",
    "-1",
    "+5",
    " 5",
    "5 ",
    "5\n",
    "1_0",
    "0x1",
    "٣",
    "",
    "many",
]
DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]
"""Source: PutRetentionPolicy, CloudWatch Logs API reference."""


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

SESSION = boto3.Session("access-key", "secret", region_name="us-east-1")


def takes(name: str, value: str) -> bool:
    try:
        parameter_values(PARAMETERS, {name: value})
    except TemplateError:
        return False
    return True


def test_no_parameter_has_the_type_number_which_takes_fractions() -> None:
    assert {name for name, each in PARAMETERS.items() if each["Type"] != "String"} == set()
    numeric = {name for name, each in PARAMETERS.items() if str(each["Default"]).isdecimal()}
    assert numeric - {"LogRetention"} == set(BOUNDS)


@pytest.mark.parametrize("name", BOUNDS)
def test_a_number_is_whole_and_within_its_bounds(name: str) -> None:
    least, most = BOUNDS[name]
    inside = {*range(least, 1_100), 9_999, most // 2, most - 1, most}
    assert [value for value in sorted(inside) if value <= most and not takes(name, str(value))] == []
    outside = [str(value) for value in (least - 1, most + 1, most * 10, 10**30)]
    assert [value for value in [*outside, *NOT_WHOLE] if takes(name, value)] == []
    assert PARAMETERS[name]["ConstraintDescription"] == f"a whole number from {least} to {most}"


@pytest.mark.parametrize("name", BOUNDS)
def test_the_functions_read_every_number_that_a_parameter_takes(name: str) -> None:
    assert [number({name: str(value)}, name) for value in BOUNDS[name]] == [*BOUNDS[name]]


def test_log_retention_takes_the_days_that_cloudwatch_takes() -> None:
    assert PARAMETERS["LogRetention"]["AllowedValues"] == [str(days) for days in DAYS]
    assert [value for value in ["0", "2", "31", "30.0", "030", " 30"] if takes("LogRetention", value)] == []


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
    assert len(parse_origins(origins)) == len([each for each in origins.split(",") if each.strip()])


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
        assert Endpoint(url, SESSION).waiting == 0
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
    assert Endpoint(url, SESSION).waiting == 0


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


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("MessageRate=0.5", r"The parameter MessageRate is '0\.5'; it must be a whole number from 0 to 10000\."),
        ("StageBurst=1e3", r"The parameter StageBurst is '1e3'; it must be a whole number from 1 to 1000000\."),
        ("LogRetention=30.0", r"The parameter LogRetention is '30\.0'; it must be one of 1, 3, 5, .*"),
        ("AllowedOrigins=a.example", r"The parameter AllowedOrigins is 'a\.example'; it must be empty, or origins .*"),
    ],
)
def test_the_local_gateway_says_what_a_parameter_must_be(given: str, sentence: str) -> None:
    ended = run_local("--port", "0", "--parameter", given)
    assert ended.returncode == 1
    assert re.fullmatch(sentence, (ended.stdout + ended.stderr).strip().splitlines()[-1])
