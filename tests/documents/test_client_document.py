"""Every snippet of docs/client.md runs here, and its tables have what the client has."""

import contextlib
import gzip
import json
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, request, send_from_directory, session
from playwright.sync_api import BrowserContext, Page, expect
from werkzeug.serving import make_server

from tests.support.browser import needs_chromium
from tests.support.documents import CLIENT, code, part
from tests.support.gateway import RunningGateway, wait_until
from tests.support.handshakes import key
from tests.support.node import ENVIRONMENT, ESBUILD, NODE, need, npx
from tests.support.paths import ROOT
from tests.support.user_pool import options

HUB = ROOT / "client" / "hub.js"
README = (ROOT / "README.md").read_text("utf-8")
DECLARED = (ROOT / "client" / "hub.d.ts").read_text("utf-8")
ADDRESS = "ws://127.0.0.1:3001/prod"

AROUND = """<!doctype html>
<script type="importmap">
  {"imports": {"websocket-hub-client": "./hub.js", "react": "./react.js", "aws-amplify/auth": "./amplify.js"}}
</script>
<script>
  window.shown = [];
  window.show = ({ from, message }) => shown.push(`${from}: ${message}`);
</script>
<script type="module">
  window.recipe = await import("./recipe.js");
</script>
"""
"""The page around a snippet, which is ``recipe.js``."""

REACT = """// What the recipe uses of React, for one component.
const cells = [];
let next, component, result;
const render = () => { next = 0; result = component(); };
const cell = (make) => { cells[next] ??= make(); return cells[next++]; };
export function useState(initial) {
  const own = cell(() => ({ value: initial }));
  return [own.value, (change) => { own.value = change(own.value); render(); }];
}
export function useEffect(effect) {
  const own = cell(() => ({}));
  own.end ??= effect();
}
export function useSyncExternalStore(subscribe, get) {
  useEffect(() => subscribe(render));
  return get();
}
export const mount = (f) => { component = f; render(); };
export const unmount = () => cells.forEach(({ end }) => end?.());
export const shown = () => result;
"""

AMPLIFY = """// What the recipe uses of Amplify. The session is in the page, and a refresh asks for another one.
export const refreshes = [];
export async function fetchAuthSession({ forceRefresh = false } = {}) {
  refreshes.push(forceRefresh);
  const token = await (await fetch(`/cognito?refresh=${forceRefresh}`)).text();
  return { userSub: "aaaa-bbbb", tokens: { accessToken: { toString: () => token } } };
}
"""


def test_each_snippet_has_a_test() -> None:
    """Whoever adds a snippet adds a test here, and its language to this list."""
    assert re.findall(r"^```(\w+)$", CLIENT, re.MULTILINE) == [
        *["console", "html"],  # a page that talks
        "js",  # calls
        "js",  # after a reload
        *["python", "js"],  # a service that mints tokens
        "js",  # Cognito
        "js",  # React
        *["js", "js"],  # several tabs
        *["js", "console"],  # Node
    ]


@pytest.fixture(scope="module")
def hub() -> Iterator[RunningGateway]:
    """A gateway whose hub keeps history."""
    with RunningGateway.start("--parameter", "HistorySeconds=600") as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a site, with the client, the stand-ins for libraries, and the page around a snippet."""
    shutil.copy(HUB, tmp_path)
    (tmp_path / "index.html").write_text(AROUND)
    (tmp_path / "react.js").write_text(REACT)
    (tmp_path / "amplify.js").write_text(AMPLIFY)
    return tmp_path


class Site:
    """A web server on this machine. Until it has an application, it serves nothing."""

    def __init__(self) -> None:
        self.app: Flask = Flask("site")
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.server = make_server("127.0.0.1", 0, lambda environ, start: self.app(environ, start), threaded=True)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def run(self, app: Flask, folder: Path) -> None:
        """Serve an application, and the files of a folder under ``/page/``."""
        app.add_url_rule("/page/<path:name>", "page", lambda name: send_from_directory(folder, name))
        self.app = app


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    thread = threading.Thread(target=site.server.serve_forever)
    thread.start()
    yield site
    site.server.shutdown()
    thread.join()
    site.server.server_close()


def write_recipe(folder: Path, snippet: str, hub: RunningGateway) -> None:
    (folder / "recipe.js").write_text(snippet.replace(ADDRESS, hub.endpoints["websocket"]))


def open_recipe(context: BrowserContext, site: Site) -> Page:
    page = context.new_page()
    page.goto(f"{site.url}/page/index.html")
    page.wait_for_function("window.recipe")
    return page


def tell(hub: RunningGateway, to: str, *messages: str) -> None:
    """Send messages from the session ``bob``, one after the other."""
    with hub.connect("bob") as client:
        for message in messages:
            assert client.ask({"action": "sendMessage", "sessions": [to], "message": message})["type"] == "ack"


def wait_for_entry(page: Page, entries: list[str], text: str) -> None:
    """Wait for an entry of the console. Playwright tells them only while it is called."""

    def has_come() -> bool:
        page.wait_for_timeout(10)
        return text in entries

    wait_until(has_come)


# A page that talks


@pytest.fixture
def chat(tmp_path: Path, hub: RunningGateway) -> Iterator[str]:
    """The address of the chat, served as the document says."""
    (commands,) = code(CLIENT, "A page that talks", "console")
    (page,) = code(CLIENT, "A page that talks", "html")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    (tmp_path / "client").symlink_to(HUB.parent)
    script = "set -e\n" + re.sub(r"^\$ ", "", commands, flags=re.MULTILINE).replace("8000", str(port))
    process = subprocess.Popen(["sh", "-c", script], cwd=tmp_path, start_new_session=True, stderr=subprocess.DEVNULL)

    def answers() -> bool:
        assert process.poll() is None
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return True
        return False

    try:
        wait_until(answers)
        (tmp_path / "chat" / "index.html").write_text(page.replace(ADDRESS, hub.endpoints["websocket"]))
        yield f"http://127.0.0.1:{port}/"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


@needs_chromium
def test_two_windows_talk(chat: str, context: BrowserContext, hub: RunningGateway) -> None:
    pages = {}
    for name in ("alice", "bob"):
        pages[name] = context.new_page()
        pages[name].goto(f"{chat}#{name}")
    wait_until(lambda: bool(hub.rows("alice") and hub.rows("bob")))

    def say(name: str, to: str, message: str) -> None:
        pages[name].get_by_placeholder("To").fill(to)
        pages[name].get_by_placeholder("Message").fill(message)
        pages[name].get_by_role("button", name="Send").click()

    say("alice", "bob", "hello")
    expect(pages["bob"].locator("pre")).to_have_text("alice: hello\n")
    say("alice", "carol", "hello")
    expect(pages["alice"].locator("pre")).to_have_text("carol did not get it\n")

    (cut,) = hub.rows("alice")
    hub.management_api().delete_connection(ConnectionId=cut)
    wait_until(lambda: bool(set(hub.rows("alice")) - {cut}))
    say("bob", "alice", "back?")
    expect(pages["alice"].locator("pre")).to_have_text("carol did not get it\nbob: back?\n")


def test_the_page_takes_ten_lines() -> None:
    (page,) = code(CLIENT, "A page that talks", "html")
    (script,) = re.findall(r'<script type="module">\n(.*?)</script>', page, re.DOTALL)
    assert len(script.splitlines()) == 10


@needs_chromium
def test_the_lines_in_the_readme_work(folder: Path, site: Site, context: BrowserContext, hub: RunningGateway) -> None:
    (snippet,) = re.findall(r"^```js\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    said: list[str] = []
    context.on("console", lambda entry: said.append(entry.text))
    write_recipe(folder, snippet + "\nwindow.ack = { delivered, offline };\n", hub)
    site.run(Flask("readme"), folder)
    page = open_recipe(context, site)
    assert page.evaluate("ack") == {"delivered": {"alice": 1}, "offline": ["bob"]}
    wait_for_entry(page, said, "alice hello")


# Calls


@needs_chromium
def test_what_became_of_a_message(folder: Path, site: Site, context: BrowserContext, hub: RunningGateway) -> None:
    (snippet,) = code(CLIENT, "Calls", "js")
    write_recipe(folder, snippet, hub)
    site.run(Flask("calls"), folder)
    page = open_recipe(context, site)
    real = """async (url) => {
      const { openHub } = await import("./hub.js");
      const hub = openHub({ url, session: "calls" });
      const result = await recipe.post(hub, "away", "hello");
      hub.close();
      return result;
    }"""
    assert page.evaluate(real, hub.endpoints["websocket"]) == "stored"
    # The ack, or the error, of a hub that is none.
    fake = """([ack, error]) => {
      const send = async () => { if (error) throw error; return ack; };
      return recipe.post({ send }, "s2", "hello", "m-1").catch(({ code }) => code);
    }"""
    for ack, error, result in [
        ({"offline": [], "failed": {}}, None, "delivered"),
        ({"offline": [], "failed": {"s2": 1}}, None, "perhaps"),
        ({"offline": ["s2"], "failed": {}}, None, "nobody"),
        ({"offline": ["s2"], "failed": {}, "seq": {"s1": 7}}, None, "nobody"),
        (None, {"code": "lost", "maybeDelivered": True}, "perhaps"),
        (None, {"code": "forbidden", "maybeDelivered": False}, "forbidden"),
    ]:
        assert page.evaluate(fake, [ack, error]) == result


# After a reload


@needs_chromium
def test_a_reload_goes_on_where_it_was(folder: Path, site: Site, context: BrowserContext, hub: RunningGateway) -> None:
    (snippet,) = code(CLIENT, "After a reload", "js")
    write_recipe(folder, snippet, hub)
    site.run(Flask("reload"), folder)
    tell(hub, "reloads", "before the first visit")
    page = open_recipe(context, site)
    lines = "JSON.parse(localStorage.chat ?? 'null')?.lines.join()"
    page.wait_for_function(f"{lines} === 'bob: before the first visit'")
    tell(hub, "reloads", "live")
    page.wait_for_function(f"{lines} === 'bob: before the first visit,bob: live'")
    page.goto("about:blank")
    hub.wait_for_rows("reloads", 0)
    tell(hub, "reloads", "while away")
    page = open_recipe(context, site)
    page.wait_for_function(f"{lines} === 'bob: before the first visit,bob: live,bob: while away'")


# A service that mints tokens


def service(snippet: str) -> Flask:
    """Return the application of a snippet."""
    names: dict[str, Any] = {"__name__": "hub_tokens"}
    exec(snippet, names)
    app = names["app"]
    assert isinstance(app, Flask)
    return app


@needs_chromium
def test_a_service_mints_tokens(
    folder: Path, site: Site, context: BrowserContext, jwt_gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    title = "A service that mints tokens"
    (snippet,) = code(CLIENT, title, "python")
    assert len([line for line in snippet.splitlines() if line]) == 10
    monkeypatch.setenv("FLASK_KEY", "any")
    monkeypatch.setenv("HUB_KEY", key(jwt_gateway))
    app = service(snippet)

    @app.get("/login")
    def login() -> str:
        session["user"] = "alice"
        return "welcome"

    (recipe,) = code(CLIENT, title, "js")
    write_recipe(folder, recipe, jwt_gateway)
    site.run(app, folder)
    warnings: list[str] = []
    context.on("console", lambda entry: warnings.append(entry.text) if entry.type == "warning" else None)
    page = open_recipe(context, site)
    wait_for_entry(page, warnings, "no token: 401")

    page.goto(f"{site.url}/login")
    page = open_recipe(context, site)
    assert page.evaluate("recipe.hub.send(['alice', 'room-7'], 1).then(({ delivered }) => delivered)") == {"alice": 1}
    assert page.evaluate("recipe.hub.send('bob', 1).catch(({ code, field }) => [code, field])") == [
        "forbidden",
        "sessions[0]",
    ]


# Cognito


class UserPool:
    """The tokens of a user pool, and the keys that it publishes."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self._key = rsa.generate_private_key(65537, 2048)

    def keys(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        return {"keys": [public | {"kid": "k1", "use": "sig", "alg": "RS256"}]}

    def token(self, seconds: int = 600, **claims: Any) -> str:
        end = int(time.time()) + seconds
        own = {"iss": self.issuer, "sub": "aaaa-bbbb", "client_id": "chat", "token_use": "access", "exp": end}
        return jwt.encode(own | claims, self._key, algorithm="RS256", headers={"kid": "k1"})


@pytest.fixture
def pool(site: Site, folder: Path) -> UserPool:
    """A user pool. Its tokens last 6 seconds, and longer after a refresh."""
    pool = UserPool(f"{site.url}/pool")
    app = Flask("pool")
    app.add_url_rule("/pool/.well-known/jwks.json", "keys", pool.keys)
    app.add_url_rule("/cognito", "short", lambda: pool.token(600 if request.args["refresh"] == "true" else 6))
    site.run(app, folder)
    return pool


@needs_chromium
def test_a_page_sends_cognitos_tokens(folder: Path, site: Site, pool: UserPool, context: BrowserContext) -> None:
    parameters = {
        "AuthMode": "jwt",
        "JwksUrl": f"{pool.issuer}/.well-known/jwks.json",
        "JwtIssuer": pool.issuer,
        "JwtAudience": "chat",
        "JwtSessionClaim": "sub",
    }
    (recipe,) = code(CLIENT, "Cognito", "js")
    with RunningGateway.start(*options(parameters)) as hub:
        write_recipe(folder, recipe, hub)
        page = open_recipe(context, site)
        page.evaluate("() => { window.states = []; recipe.hub.on('state', (event) => states.push(event)); }")
        assert page.evaluate("recipe.hub.session") == "aaaa-bbbb"
        assert page.evaluate("recipe.hub.send('aaaa-bbbb', 1).then(({ delivered }) => delivered)") == {"aaaa-bbbb": 1}
        page.wait_for_function("states.at(-1)?.switched")  # before the token has ended
        assert page.evaluate("states.map(({ state }) => state).filter((state) => state !== 'open')") == []
        assert page.evaluate("import('./amplify.js').then(({ refreshes }) => refreshes.slice(1))") == [False, True]


# React


@needs_chromium
def test_a_component_shows_state_and_messages(
    folder: Path, site: Site, context: BrowserContext, hub: RunningGateway
) -> None:
    (recipe,) = code(CLIENT, "React", "js")
    write_recipe(folder, recipe, hub)
    site.run(Flask("react"), folder)
    page = open_recipe(context, site)
    page.evaluate(
        """async () => {
          window.react = await import("./react.js");
          react.mount(() => ({ state: recipe.useHubState(), messages: recipe.useMessages() }));
        }"""
    )
    page.wait_for_function("react.shown().state === 'open'")
    tell(hub, "react", "one", "two")
    page.wait_for_function("react.shown().messages.map(({ message }) => message).join() === 'one,two'")
    page.evaluate("() => { react.unmount(); recipe.hub.on('message', show); }")
    tell(hub, "react", "three")
    page.wait_for_function("shown.join() === 'bob: three'")
    assert page.evaluate("react.shown().messages.length") == 2


# Several tabs


@needs_chromium
def test_each_tab_shows_a_message_once(folder: Path, site: Site, context: BrowserContext, hub: RunningGateway) -> None:
    recipe, _ = code(CLIENT, "Several tabs", "js")
    write_recipe(folder, recipe, hub)
    site.run(Flask("tabs"), folder)
    tabs = [open_recipe(context, site), open_recipe(context, site)]
    wait_until(lambda: len(hub.rows("tabs")) == 2)
    assert tabs[0].evaluate("recipe.say('carol', 'hi').then(({ delivered }) => delivered)") == {"tabs": 1}
    tabs[1].evaluate("recipe.say('carol', 'ho')")
    for tab in tabs:
        tab.wait_for_function("shown.length >= 2")
        assert tab.evaluate("shown") == ["tabs: hi", "tabs: ho"]


@needs_chromium
def test_one_tab_connects_for_all(folder: Path, site: Site, context: BrowserContext, hub: RunningGateway) -> None:
    _, recipe = code(CLIENT, "Several tabs", "js")
    write_recipe(folder, recipe, hub)
    site.run(Flask("tabs"), folder)
    first = open_recipe(context, site)
    wait_until(lambda: bool(hub.rows("one-of-many")))
    second = open_recipe(context, site)
    tell(hub, "one-of-many", "one", "two")
    for tab in (first, second):
        tab.wait_for_function("shown.join() === 'bob: one,bob: two'")
    assert len(hub.rows("one-of-many")) == 1
    first.close()
    tell(hub, "one-of-many", "three")
    second.wait_for_function("shown.join() === 'bob: one,bob: two,bob: three'")


# Node


def test_a_program_in_node(tmp_path: Path, hub: RunningGateway) -> None:
    need(NODE)
    (program,) = code(CLIENT, "Node", "js")
    (console,) = code(CLIENT, "Node", "console")
    (tmp_path / "measure.mjs").write_text(program)
    commands = "\n".join(re.findall(r"^\$ (.+)$", console, re.MULTILINE))
    commands = commands.replace(ADDRESS, hub.endpoints["websocket"]).replace("path/to/client", str(HUB.parent))
    (tmp_path / "run.sh").write_text(f"set -e\ncd '{tmp_path}'\n{commands}\n")
    with hub.connect("kitchen") as kitchen:
        call = ["npx", "-y", "-p", NODE, "sh", str(tmp_path / "run.sh")]
        ended = subprocess.run(call, env=ENVIRONMENT, capture_output=True, text=True, timeout=300, check=False)
        assert ended.returncode == 0, ended.stderr
        assert kitchen.receive()["message"] == {"celsius": 21}
    assert ended.stdout.splitlines()[-1] == console.splitlines()[-1]


# Tables


def rows(title: str) -> list[list[str]]:
    """Return the cells of each row of the tables under a heading, without those of the heads."""
    lines = re.findall(r"^\| (.+) \|$", part(CLIENT, title), re.MULTILINE)
    return [line.split(" | ") for line in lines if line.startswith(("`", "*"))]


def declared(name: str) -> list[str]:
    """Return the members of an interface of hub.d.ts."""
    (body,) = re.findall(rf"^export interface {name}\b.*?\{{\n(.*?)^}}", DECLARED, re.MULTILINE | re.DOTALL)
    return re.findall(r"^  (?:readonly )?(\w+)\??(?=[:(<])", body, re.MULTILINE)


def test_the_tables_of_options_events_and_codes_are_those_of_the_types() -> None:
    codes = re.findall(r'^  \| "(\w+)"', DECLARED[DECLARED.index("type ErrorCode") :], re.MULTILINE)
    client_codes = re.findall(r'"(\w+)"', re.findall(r"type ClientCode = (.+);", DECLARED)[0])
    assert [row[0].strip("`") for row in rows("Options")] == declared("HubOptions") + declared("Timing")
    assert [row[0].strip("`") for row in rows("Events")][: len(declared("Events"))] == declared("Events")
    assert sorted(row[0].strip("`") for row in rows("Errors")) == sorted(codes + client_codes)


@pytest.mark.parametrize("name", declared("Timing"))
def test_the_defaults_of_timing_are_those_of_the_client(name: str) -> None:
    (value,) = re.findall(rf"^  {name}: (.+),$", HUB.read_text("utf-8"), re.MULTILINE)
    (row,) = [row for row in rows("Options") if row[0] == f"`{name}`"]
    assert re.findall(r"[\d,]+", row[1]) == re.findall(r"[\d,]+", value.replace(", ", " ").replace("_", ","))


def test_the_size_is_the_clients() -> None:
    need(ESBUILD)
    kilobytes = len(gzip.compress(npx(ESBUILD, "--minify", "--format=esm", HUB).encode(), 9)) / 1_000
    assert f"| **hub.js** | **{kilobytes:.1f}** |" in CLIENT
    assert f"one ES module of {kilobytes:.1f} KB" in CLIENT
