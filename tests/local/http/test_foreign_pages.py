"""Pages of other origins reach only the WebSocket of a running gateway, as on AWS."""

import contextlib
import http.client
import json
import ssl
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.support.browser import needs_chromium
from tests.support.gateway import PATIENCE, RunningGateway
from tests.support.handshakes import UPGRADE

PORTS = ["page", "tls", "aws"]
FOREIGN = "http://localhost:5173"
FUNCTION = "MessageFunction"
SIGNED = "AWS4-HMAC-SHA256 Credential=x/20261126/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=x"


def opened(gateway: RunningGateway, port: str) -> http.client.HTTPConnection:
    url = urlsplit(gateway.endpoints[port])
    if url.scheme == "https":
        trusting = ssl.create_default_context(cafile=gateway.endpoints["bundle"])
        return http.client.HTTPSConnection(url.netloc, timeout=PATIENCE, context=trusting)
    return http.client.HTTPConnection(url.netloc, timeout=PATIENCE)


def ask(
    connection: http.client.HTTPConnection, method: str, path: str, headers: Sequence[tuple[str, str]], body: str = ""
) -> tuple[int, http.client.HTTPMessage, str]:
    """Send a request with exactly these headers. Return the status, the headers and the body of the answer."""
    has_host = any(name.lower() == "host" for name, _ in headers)
    connection.putrequest(method, path, skip_host=has_host, skip_accept_encoding=True)
    for name, value in (*headers, ("Content-Length", str(len(body)))):
        connection.putheader(name, value)
    connection.endheaders(body.encode())
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read().decode()


SCAN = [
    ("X-Amz-Target", "DynamoDB_20120810.Scan"),
    ("Content-Type", "application/x-amz-json-1.0"),
    ("Authorization", SIGNED.format("dynamodb")),
]
REQUESTS = [
    pytest.param("GET", "/_local/endpoints", [], id="get"),
    pytest.param("POST", "/", SCAN, id="post"),
    pytest.param("PUT", "/bucket", [], id="put"),
    pytest.param("OPTIONS", "/", [("Access-Control-Request-Method", "POST")], id="preflight"),
    pytest.param("POST", "/2015-03-31/functions/x/invocations", [("Content-Type", "text/plain")], id="invoke"),
    pytest.param("DELETE", "/prod/@connections/AAAAAAAAAAAAAAA=", [], id="delete"),
]


@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize(("method", "path", "headers"), REQUESTS)
@pytest.mark.parametrize(
    "mark",
    [
        pytest.param([("Host", "evil.example:3001")], id="foreign-host"),
        pytest.param([("Host", "localhost.evil.example")], id="foreign-host-that-starts-with-localhost"),
        pytest.param([("Origin", FOREIGN)], id="foreign-origin"),
        pytest.param([("Origin", "null")], id="sandboxed"),
        pytest.param([("Sec-Fetch-Site", "same-site")], id="without-origin"),
    ],
)
def test_requests_of_other_pages_are_refused_on_every_port(
    gateway: RunningGateway,
    port: str,
    method: str,
    path: str,
    headers: Sequence[tuple[str, str]],
    mark: Sequence[tuple[str, str]],
) -> None:
    with contextlib.closing(opened(gateway, port)) as connection:
        status, answered, _ = ask(connection, method, path, [*headers, *mark])
        assert status == 403
        assert [name for name in answered if name.lower().startswith("access-control-")] == []


@pytest.mark.parametrize("port", PORTS)
def test_every_request_of_a_connection_is_checked(gateway: RunningGateway, port: str) -> None:
    with contextlib.closing(opened(gateway, port)) as connection:
        ask(connection, "GET", "/", [])
        assert ask(connection, "GET", "/", [("Host", "evil.example")])[0] == 403


def test_the_answer_and_the_terminal_say_what_to_do(gateway: RunningGateway) -> None:
    lines = len(gateway.output.lines)
    with contextlib.closing(opened(gateway, "page")) as connection:
        _, headers, body = ask(connection, "GET", "/%1b[31m", [("Host", "gateway:3001")])
    reason = "The gateway does not answer to the host 'gateway:3001'. If that is its name, start it with --host."
    assert (headers["x-amzn-ErrorType"], json.loads(body)) == ("ForbiddenException", {"message": reason})
    assert gateway.output.wait_for(r"\(http\)", lines).endswith(f"403: GET '/%1b[31m': {reason}")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param([("Origin", FOREIGN)], 101, id="any-origin"),
        pytest.param([("Origin", "null")], 101, id="a-sandbox"),
        pytest.param([("Sec-Fetch-Site", "cross-site")], 101, id="any-site"),
        pytest.param([("Host", "localapi00.execute-api.us-east-1.amazonaws.com")], 101, id="a-host-of-aws"),
        pytest.param([("Host", "evil.example")], 403, id="a-foreign-host"),
        pytest.param([("Host", "evil.example"), ("Origin", "http://evil.example")], 403, id="rebound"),
    ],
)
@pytest.mark.parametrize("port", ["page", "tls"])
def test_a_handshake_may_come_from_any_page_but_not_to_any_host(
    gateway: RunningGateway, port: str, headers: Sequence[tuple[str, str]], status: int
) -> None:
    with contextlib.closing(opened(gateway, port)) as connection:
        connection.putrequest("GET", "/prod?session_id=any", skip_host=headers[0][0] == "Host")
        for name, value in (*UPGRADE.items(), *headers):
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        assert answer.status == status


def test_the_embedded_aws_refuses_handshakes_of_other_pages(gateway: RunningGateway) -> None:
    with contextlib.closing(opened(gateway, "aws")) as connection:
        assert ask(connection, "GET", "/", [*UPGRADE.items(), ("Origin", FOREIGN)])[0] == 403


LINK = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")]


@pytest.mark.parametrize(
    ("port", "path", "status"),
    [
        pytest.param("page", "/?session=s1", 200, id="to-the-page"),
        pytest.param("page", "/_local/endpoints", 403, id="to-the-endpoints"),
        pytest.param("aws", "/?Action=ListQueues&Version=2012-11-05", 403, id="to-the-embedded-aws"),
    ],
)
def test_a_link_on_another_page_opens_only_the_page_of_the_hub(
    gateway: RunningGateway, port: str, path: str, status: int
) -> None:
    with contextlib.closing(opened(gateway, port)) as connection:
        assert ask(connection, "GET", path, LINK)[0] == status


class OtherServer(BaseHTTPRequestHandler):
    """Serves a page that is not the gateway's."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>a page of somebody else</title>")

    def log_message(self, *arguments: object) -> None:
        """Print nothing."""


@pytest.fixture
def other_page(browser: Browser) -> Iterator[Page]:
    """A page on another port of this machine, as any program may serve one."""
    with ThreadingHTTPServer(("127.0.0.1", 0), OtherServer) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        page = browser.new_page()
        page.goto(f"http://localhost:{server.server_port}/")
        yield page
        page.close()
        server.shutdown()
        thread.join()


FETCH = """async ([url, options]) => {
    try {
        const answer = await fetch(url, options);
        return answer.type === "opaque" ? "opaque" : await answer.text();
    } catch (error) {
        return "blocked";
    }
}"""


def fetched(page: Page, url: str, **options: Any) -> str:
    return str(page.evaluate(FETCH, [url, options]))


@needs_chromium
def test_a_page_on_another_port_reads_nothing(other_page: Page, gateway: RunningGateway) -> None:
    def call(service: str, target: str, body: Any) -> str:
        headers = {"X-Amz-Target": target, "Authorization": SIGNED.format(service)}
        headers["Content-Type"] = "application/x-amz-json-1.1"
        return fetched(other_page, gateway.endpoints["aws"], method="POST", headers=headers, body=json.dumps(body))

    assert call("dynamodb", "DynamoDB_20120810.Scan", {"TableName": "ConnectionsTable"}) == "blocked"
    assert call("secretsmanager", "secretsmanager.GetSecretValue", {"SecretId": "SigningSecret"}) == "blocked"
    assert fetched(other_page, f"{gateway.endpoints['page']}/_local/endpoints") == "blocked"


@needs_chromium
def test_simple_requests_of_a_page_on_another_port_do_nothing(other_page: Page, gateway: RunningGateway) -> None:
    text = {"method": "POST", "mode": "no-cors", "headers": {"Content-Type": "text/plain"}}
    with gateway.connect("attacked") as client:
        (connection_id,) = gateway.rows("attacked")
        lines = len(gateway.output.lines)
        fetched(other_page, f"{gateway.endpoints['management']}/@connections/{connection_id}", body="forged", **text)
        fetched(
            other_page, f"{gateway.endpoints['page']}/2015-03-31/functions/{FUNCTION}/invocations", body="{}", **text
        )
        fetched(other_page, f"{gateway.endpoints['aws']}/stolen-bucket", mode="no-cors", method="POST", body="x")
        gateway.output.wait_for(r"refuses POST '/stolen-bucket'", lines)
        assert client.ask({"action": "ping"}) == {"type": "pong"}
        assert "(invoke)" not in "\n".join(gateway.output.lines[lines:])


@needs_chromium
def test_a_page_on_another_port_opens_a_websocket(other_page: Page, gateway: RunningGateway) -> None:
    script = """url => new Promise(done => {
        const socket = new WebSocket(url);
        socket.onopen = () => socket.send('{"action": "ping"}');
        socket.onmessage = ({data}) => { socket.close(); done(data); };
        socket.onerror = () => done("refused");
    })"""
    assert json.loads(other_page.evaluate(script, gateway.url("from-elsewhere"))) == {"type": "pong"}
