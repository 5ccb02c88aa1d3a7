"""The client with the WebSockets of Node and Chromium, against servers that work, and servers that do not."""

import contextlib
import json
import threading
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from tests.support.browser import needs_chromium
from tests.support.node import NODE, need, npx
from tests.support.paths import ROOT

HERE = Path(__file__).parent
WORKER = """
import { openHub } from "/hub.js";
onmessage = async ({ data: url }) => {
  const hub = openHub({ url, session: "s1" });
  const ack = await hub.send("s1", "olá");
  dispatchEvent(new Event("visibilitychange"));
  const states = [];
  hub.on("state", ({ state }) => states.push(state));
  hub.close();
  postMessage([ack.delivered, states]);
};
"""
PAGE = {
    "/": ("<!doctype html><title>page</title>", "text/html"),
    "/worker.js": (WORKER, "text/javascript"),
    "/hub.js": ((ROOT / "client" / "hub.js").read_text(), "text/javascript"),
}


def path_of(connection: ServerConnection) -> str:
    assert connection.request is not None
    return connection.request.path.partition("?")[0]


def before_handshake(connection: ServerConnection, request: Request) -> Response | None:
    """Refuse a connection, or serve the page and the client."""
    path = request.path.partition("?")[0]
    if path == "/refuses":
        return connection.respond(HTTPStatus.UNAUTHORIZED, "no")
    if path not in PAGE:
        return None
    text, content_type = PAGE[path]
    response = connection.respond(HTTPStatus.OK, text)
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = content_type
    return response


def talk(connection: ServerConnection) -> None:
    path = path_of(connection)
    if path == "/closes":
        return
    with contextlib.suppress(ConnectionClosed):
        for text in connection:
            frame = json.loads(text)
            for answer in ["nonsense"] if path == "/nonsense" else map(json.dumps, answers(frame)):
                connection.send(answer)
            if path == "/cuts":
                return


def answers(frame: dict[str, object]) -> list[dict[str, object]]:
    """Return what a hub sends after a frame."""
    if frame["action"] == "ping":
        return [{"type": "pong"}]
    if frame["action"] == "who":
        return [{"type": "who", "id": frame["id"], "online": {"s1": 1}, "offline": []}]
    message = {"type": "message", "id": frame["id"], "session": "s1", "from": "s1", "message": frame["message"]}
    return [message, {"type": "ack", "id": frame["id"], "delivered": {"s1": 1}, "offline": [], "failed": {}}]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of the server. The path says how it behaves."""
    with serve(talk, "127.0.0.1", 0, process_request=before_handshake, subprotocols=["hub.v1"]) as running:  # type: ignore[list-item]
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"ws://127.0.0.1:{running.socket.getsockname()[1]}"
        running.shutdown()
        thread.join()


def test_servers_that_work_and_servers_that_do_not(server: str) -> None:
    need(NODE)
    results = [json.loads(line) for line in npx(NODE, HERE / "sockets.mjs", server).splitlines()]
    assert [result for result in results if result["problem"]] == []
    assert len(results) == 7


TALK = """
async (url) => {
  const { openHub } = await import("/hub.js");
  const hub = openHub({ url, session: "s1" });
  const states = [];
  hub.on("state", ({ state }) => states.push(state));
  const message = new Promise((resolve) => hub.on("message", resolve));
  const ack = await hub.send("s1", "olá");
  const heard = (await message).message;
  dispatchEvent(new Event("pagehide"));
  dispatchEvent(new Event("pageshow"));
  const again = await hub.send("s1", "olá");
  hub.close();
  return [ack.delivered, heard, again.delivered, states];
}
"""


@needs_chromium
def test_a_page_in_chromium(browser: Browser, server: str) -> None:
    page = browser.new_page()
    page.goto(server.replace("ws:", "http:"))
    talked = page.evaluate(TALK, f"{server}/works")
    assert talked == [{"s1": 1}, "olá", {"s1": 1}, ["open", "waiting", "connecting", "open", "closed"]]


IN_WORKER = """
(url) => new Promise((resolve, reject) => {
  const worker = new Worker("/worker.js", { type: "module" });
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = ({ message }) => reject(new Error(message));
  worker.postMessage(url);
})
"""


@needs_chromium
def test_a_worker_in_chromium_has_no_document(browser: Browser, server: str) -> None:
    page = browser.new_page()
    page.goto(server.replace("ws:", "http:"))
    assert page.evaluate(IN_WORKER, f"{server}/works") == [{"s1": 1}, ["closed"]]
