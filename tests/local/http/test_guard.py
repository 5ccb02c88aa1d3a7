"""The guard: which requests are answered, by their headers."""

import pytest

from local.http.guard import Guard, is_visit
from local.start.ports import names_of_machine

GUARD = Guard(["dev-machine", "Ws.Example.com", "*.Example.org"])
Headers = dict[str, list[str]]


def passes(hosts: list[str], target: str = "/prod") -> bool:
    return GUARD.wrong_host(target, lambda name: {"host": hosts}.get(name, [])) is None


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:3001",
        "data-127.0.0.1:3001",
        "api.127.0.0.1",
        "127.0.0.1",
        "127.8.9.10:80",
        "192.168.1.7:3001",
        "[::1]:3001",
        "[::1]",
        "[fe80::1]:3001",
        "localhost:3001",
        "LocalHost",
        "localhost.:3001",
        "app.localhost:3001",
        "host.docker.internal:3001",
        "dev-machine:3001",
        "DEV-MACHINE",
        "ws.example.com",
        "ws.example.com.",
        "WS.example.com.:3001",
        "a.example.org",
        "A.example.org:3001",
        "localapi00.execute-api.us-east-1.amazonaws.com",
        "localapi00.execute-api.cn-north-1.amazonaws.com.cn:3002",
        "bucket.s3.amazonaws.com",
        "lambda.us-east-1.api.aws",
    ],
)
def test_a_host_that_is_the_gateway_s_passes(host: str) -> None:
    assert passes([host])


@pytest.mark.parametrize(
    "host",
    [
        "",
        "x",
        "evil.example",
        "evil.example:3001",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evillocalhost",
        "evil-amazonaws.com",
        "amazonaws.com.evil.example",
        "dev-machine.evil.example",
        "sub.ws.example.com",
        "ws.example.com..",
        "example.org",
        ".example.org",
        "a.b.example.org",
        "a.example.org.evil.example",
        "a-example.org",
        "127.0.0.1@evil.example",
        "evil.example@localhost",
        "evil.example/.localhost",
        "evil.example .localhost",
        "localhost:3001:3001",
        "localhost:http",
        "::1",
        "[::1",
        "[evil.example]",
        "127.0.0.1, evil.example",
    ],
)
def test_another_host_is_refused(host: str) -> None:
    assert not passes([host])


@pytest.mark.parametrize(
    ("hosts", "target", "passed"),
    [
        pytest.param([], "/prod", True, id="no-host"),
        pytest.param(["localhost", "localhost"], "/prod", False, id="two-hosts"),
        pytest.param(["localhost", "evil.example"], "/prod", False, id="two-that-differ"),
        pytest.param(["localhost"], "http://127.0.0.1:3001/prod", True, id="an-absolute-target"),
        pytest.param(["localhost"], "http://evil.example/prod", False, id="an-absolute-target-of-a-foreign-host"),
        pytest.param(["evil.example"], "http://localhost/prod", False, id="our-absolute-target-with-a-foreign-host"),
        pytest.param(["localhost"], "http://[/prod", False, id="an-absolute-target-without-a-host"),
        pytest.param(["localhost"], "/prod?next=http://evil.example/", True, id="an-address-in-the-query"),
    ],
)
def test_every_host_of_a_request_is_checked(hosts: list[str], target: str, passed: bool) -> None:
    assert passes(hosts, target) is passed


@pytest.mark.parametrize(
    ("host", "names"),
    [
        pytest.param("dev-machine", ["dev-machine"], id="the-name-that-it-was-given"),
        pytest.param("127.0.0.1", ["127.0.0.1"], id="loopback"),
    ],
)
def test_a_gateway_on_one_address_has_the_name_that_it_was_given(host: str, names: list[str]) -> None:
    assert names_of_machine(host) == names


@pytest.mark.parametrize("host", ["0.0.0.0", "::", ""])
def test_a_gateway_on_every_address_has_the_machine_s_name(host: str) -> None:
    name = names_of_machine(host)[0]
    assert Guard(names_of_machine(host)).wrong_host("/", lambda _name: [f"{name}:3001"]) is None


@pytest.mark.parametrize(
    ("scheme", "headers", "passed"),
    [
        pytest.param("http", {}, True, id="no-browser"),
        pytest.param("http", {"origin": ["http://127.0.0.1:3001"]}, True, id="our-own-page"),
        pytest.param("https", {"origin": ["https://127.0.0.1:3001"]}, True, id="by-tls"),
        pytest.param("http", {"origin": ["http://LOCALHOST:3001"], "host": ["localhost:3001"]}, True, id="case"),
        pytest.param("https", {"origin": ["http://127.0.0.1:3001"]}, False, id="another-scheme"),
        pytest.param("http", {"origin": ["http://127.0.0.1:5173"]}, False, id="another-port"),
        pytest.param("http", {"origin": ["http://localhost:3001"]}, False, id="another-name-of-this-machine"),
        pytest.param("http", {"origin": ["https://evil.example"]}, False, id="another-host"),
        pytest.param(
            "http", {"origin": ["http://127.0.0.1:3001.evil.example"]}, False, id="a-host-that-starts-with-ours"
        ),
        pytest.param("http", {"origin": ["null"]}, False, id="null"),
        pytest.param("http", {"origin": [""]}, False, id="empty"),
        pytest.param("http", {"origin": ["http://127.0.0.1:3001", "https://evil.example"]}, False, id="two"),
        pytest.param("http", {"origin": ["http://127.0.0.1:3001"], "host": []}, False, id="without-host"),
        pytest.param("http", {"sec-fetch-site": ["same-origin"]}, True, id="a-get-of-our-page"),
        pytest.param("http", {"sec-fetch-site": ["none"]}, True, id="typed-into-the-address-bar"),
        pytest.param("http", {"sec-fetch-site": ["same-site"]}, False, id="a-get-of-another-port"),
        pytest.param("http", {"sec-fetch-site": ["cross-site"]}, False, id="a-get-of-another-site"),
        pytest.param("http", {"sec-fetch-site": ["none", "cross-site"]}, False, id="two-sites"),
    ],
)
def test_only_pages_of_the_gateway_pass(scheme: str, headers: Headers, passed: bool) -> None:
    values = {"host": ["127.0.0.1:3001"]} | headers
    assert (GUARD.foreign_page(scheme, lambda name: values.get(name, [])) is None) is passed


@pytest.mark.parametrize(
    ("method", "mode", "dest", "origin", "passed"),
    [
        pytest.param("GET", "navigate", "document", [], True, id="a-link"),
        pytest.param("POST", "navigate", "document", [], False, id="a-form"),
        pytest.param("GET", "navigate", "iframe", [], False, id="a-frame"),
        pytest.param("GET", "no-cors", "image", [], False, id="an-image"),
        pytest.param("GET", "cors", "empty", [], False, id="a-fetch"),
        pytest.param("GET", "navigate", "document", ["null"], False, id="with-an-origin"),
    ],
)
def test_a_link_on_any_page_may_open_a_window(
    method: str, mode: str, dest: str, origin: list[str], passed: bool
) -> None:
    headers = {"sec-fetch-mode": [mode], "sec-fetch-dest": [dest], "origin": origin}
    assert is_visit(method, lambda name: headers.get(name, [])) is passed
