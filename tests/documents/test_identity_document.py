"""The recipe for Cognito in docs/identity.md, from an empty user pool to a page that talks, and a provider at home."""

import contextlib
import functools
import json
import re
import shlex
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.utilities.utils import load_resource
from playwright.sync_api import BrowserContext, Page, expect
from samcli.cli.types import CfnParameterOverridesType

from hub.auth.tokens import Rules
from local.stack.loading import load
from tests.support.aws_cli import shell
from tests.support.browser import needs_chromium
from tests.support.documents import IDENTITY, code, commands
from tests.support.gateway import RunningGateway, run_local
from tests.support.handshakes import status
from tests.support.paths import ROOT
from tests.support.user_pool import CLIENT, ISSUER, access_token, options

KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
PASSWORD = "Only-for-a-trial-1"


def test_each_snippet_has_a_test() -> None:
    """Whoever adds a snippet adds a test for it, and its language to this list."""
    assert re.findall(r"^ *```(\w+)$", IDENTITY, re.MULTILINE) == [
        *["console", "console", "console", "console"],  # Cognito: the pool, its users, who may send, the hub
        *["html", "python"],  # Cognito: the page, the trigger
        *["js", "json", "json", "json"],  # Auth0, Keycloak and Entra: test_identity_providers.py
        *["console", "console", "console"],  # on your machine
        "console",  # a deployed hub
    ]


def stand_in(folder: Path, name: str) -> Path:
    """Make a program that writes its arguments and TOKEN, a line each, into the file whose path is returned."""
    program, written = folder / name, folder / f"{name}.txt"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f"""#!/bin/sh\nprintf '%s\\n' "$@" "$TOKEN" > '{written}'\n""")
    program.chmod(0o755)
    return written


@dataclass
class Recipe:
    """What the commands of the recipe have made."""

    moto: str
    client: str
    pool: str
    subs: list[str]
    parameters: dict[str, str]

    def cognito(self) -> Any:
        return boto3.client("cognito-idp", endpoint_url=self.moto)

    def sign_in(self, client: str, name: str) -> dict[str, str]:
        """Return the tokens of a user who signs in at a client."""
        given = {"USERNAME": name, "PASSWORD": PASSWORD}
        answer = self.cognito().initiate_auth(ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=given)
        tokens: dict[str, str] = answer["AuthenticationResult"]
        return tokens


@pytest.fixture(scope="module")
def recipe(moto_url: str, tmp_path_factory: pytest.TempPathFactory) -> Recipe:
    """The commands of the recipe, run in one shell. ``make`` and ``sam`` do nothing."""
    folder = tmp_path_factory.mktemp("cognito")
    stand_in(folder, "make")
    deployed = stand_in(folder, ".venv/bin/sam")
    titles = ["A user pool and its client", "Two users", "Who may send", "The hub"]
    script = "\n".join([*(commands(IDENTITY, title) for title in titles), 'echo "$POOL" "$CLIENT"'])
    with pytest.MonkeyPatch.context() as environment:
        for name, value in {**KEYS, "AWS_ENDPOINT_URL": moto_url}.items():
            environment.setenv(name, value)
        printed = shell(script, folder)
    *_, last = printed
    pool, client = last.split()
    subs = [line for line in printed if re.fullmatch("[0-9a-f-]{36}", line)]
    arguments = deployed.read_text().split()
    assert arguments[:3] == ["deploy", "--guided", "--parameter-overrides"]
    parameters = CfnParameterOverridesType().convert(" ".join(arguments[3:]), None, None)
    return Recipe(moto_url, client, pool, subs, parameters)


@pytest.fixture(scope="module")
def hub(recipe: Recipe) -> Iterator[RunningGateway]:
    """A gateway with the parameters of the recipe. Its functions find Cognito's keys in the embedded AWS."""
    with RunningGateway.start(*options(recipe.parameters)) as running:
        yield running


def test_the_recipe_deploys_what_the_template_takes(recipe: Recipe) -> None:
    app = load(ROOT / "template.yaml", recipe.parameters)
    variables = app.functions["ConnectFunction"].environment
    issuer = f"https://cognito-idp.us-east-1.amazonaws.com/{recipe.pool}"
    assert (variables["JWT_ISSUER"], variables["JWKS_URL"]) == (issuer, f"{issuer}/.well-known/jwks.json")
    assert (variables["JWT_AUDIENCE"], variables["JWT_SESSION_CLAIM"]) == (recipe.client, "sub")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: Any) -> None:
        """Print nothing."""


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the files of a folder, as ``python3 -m http.server`` does, and yield the URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def site(recipe: Recipe, hub: RunningGateway, tmp_path: Path) -> Iterator[str]:
    """The page, with the constants filled in. A test can call its function ``token``."""
    (page,) = code(IDENTITY, "A page", "html")
    constants = {"HUB": hub.endpoints["websocket"], "COGNITO": f"{recipe.moto}/", "CLIENT": recipe.client}
    for name, value in constants.items():
        page, count = re.subn(rf'const {name} = ".*";', f'const {name} = "{value}";', page)
        assert count == 1
    (tmp_path / "index.html").write_text(page.replace("</script>", "  window.token = token;\n</script>"))
    shutil.copy(ROOT / "client" / "hub.js", tmp_path)
    with served(tmp_path) as url:
        yield url


def signed_in(context: BrowserContext, site: str, name: str, password: str = PASSWORD) -> Page:
    page = context.new_page()
    page.goto(site)
    page.get_by_placeholder("Name").fill(name)
    page.get_by_placeholder("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    return page


def say(page: Page, to: str, message: str) -> None:
    page.get_by_placeholder("To").fill(to)
    page.get_by_placeholder("Message").fill(message)
    page.get_by_role("button", name="Send").click()


@needs_chromium
def test_two_users_of_the_pool_talk(site: str, context: BrowserContext, recipe: Recipe) -> None:
    alice, bob = recipe.subs
    pages = {name: signed_in(context, site, name) for name in ("alice", "bob")}
    for page in pages.values():
        expect(page.locator("pre")).to_contain_text("open\n")
    say(pages["alice"], bob, "hello")
    expect(pages["bob"].locator("pre")).to_contain_text(f"{alice}: hello\n")
    say(pages["bob"], "nobody", "hello")
    expect(pages["bob"].locator("pre")).to_contain_text("nobody did not get it\n")
    assert pages["alice"].evaluate("token('again').then(async (old) => old !== (await token('expiring')))")


@needs_chromium
def test_the_page_says_that_the_password_is_wrong(site: str, context: BrowserContext) -> None:
    page = signed_in(context, site, "alice", "wrong")
    expect(page.locator("pre")).not_to_be_empty()
    expect(page.locator("pre")).not_to_contain_text("open")


def test_the_tokens_of_another_client_are_refused(recipe: Recipe, hub: RunningGateway) -> None:
    other = recipe.cognito().create_user_pool_client(UserPoolId=recipe.pool, ClientName="another")["UserPoolClient"]
    own, foreign = (recipe.sign_in(client, "alice") for client in (recipe.client, other["ClientId"]))
    assert [status(hub, {"token": own[name]}) for name in ("AccessToken", "IdToken")] == [101, 101]
    assert [status(hub, {"token": foreign[name]}) for name in ("AccessToken", "IdToken")] == [401, 401]


def test_make_smoke_gets_the_token_of_a_user(
    recipe: Recipe, hub: RunningGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": recipe.moto, "CLIENT": recipe.client}.items():
        monkeypatch.setenv(name, value)
    made = stand_in(tmp_path, "make")
    shell(commands(IDENTITY, "Check a deployed hub"), tmp_path)
    *arguments, token = made.read_text().splitlines()
    assert arguments == ["smoke", "URL=wss://…", "ARGS=--session THE_SESSION"]
    monkeypatch.setenv("TOKEN", token)
    ended = run_local("smoke", hub.endpoints["websocket"], "--session", recipe.subs[0])
    assert (ended.returncode, ended.stdout.splitlines()[-1]) == (0, "The hub works: 12 checks hold.")


@pytest.mark.parametrize(
    ("groups", "send"),
    [
        pytest.param({"groupsToOverride": ["team-*"]}, ["s1", "team-*"], id="of-a-group"),
        pytest.param({"groupsToOverride": []}, ["s1"], id="of-no-group"),
        pytest.param({}, ["s1"], id="without-groups"),
    ],
)
def test_the_trigger_grants_groups_and_the_users_own_session(groups: dict[str, Any], send: list[str]) -> None:
    (snippet,) = code(IDENTITY, "Grants that are more than groups", "python")
    names: dict[str, Any] = {}
    exec(snippet, names)
    request = {"userAttributes": {"sub": "s1"}, "groupConfiguration": groups, "scopes": []}
    event = {"version": "2", "request": request, "response": {"claimsAndScopeOverrideDetails": None}}
    details = names["lambda_handler"](event, None)["response"]["claimsAndScopeOverrideDetails"]
    assert details["accessTokenGeneration"]["claimsToAddOrOverride"] == {Rules.send_claim: send}


# On your machine


def parameters_of(command: str, **variables: str) -> dict[str, str]:
    """Return the parameters that a command ``make run`` sets."""
    for name, value in variables.items():
        command = command.replace(f"${name}", value)
    make, run, arguments = shlex.split(command)
    assert (make, run, "$" in arguments) == ("make", "run", False)
    words = shlex.split(arguments.removeprefix("ARGS="))
    assert words[::2] == ["--parameter"] * (len(words) // 2)
    return dict(word.split("=", 1) for word in words[1::2])


def test_a_provider_on_this_machine_is_one_command() -> None:
    app = load(ROOT / "template.yaml", parameters_of(commands(IDENTITY, "On your machine")))
    variables = app.functions["ConnectFunction"].environment
    assert (variables["JWT_AUDIENCE"], variables["JWT_SESSION_CLAIM"]) == ("hub", "sub")


def test_the_keys_of_a_real_pool_are_served_on_this_machine(tmp_path: Path) -> None:
    fetched, serves = commands(IDENTITY, "On your machine", 1).splitlines()
    assert re.search(r'--output (\S+) "\$ISSUER/\.well-known/jwks\.json"$', fetched)
    assert serves == "python3 -m http.server --bind 127.0.0.1 8000"
    (tmp_path / "jwks.json").write_text(json.dumps(load_resource("cognitoidp/resources/jwks-public.json")))
    parameters = parameters_of(commands(IDENTITY, "On your machine", 2), ISSUER=ISSUER, CLIENT=CLIENT)
    assert parameters["JwksUrl"] == "http://127.0.0.1:8000/jwks.json"
    with served(tmp_path) as url:
        here = parameters | {"JwksUrl": f"{url}/jwks.json"}
        with RunningGateway.start(*options(here)) as gateway:
            assert status(gateway, {"token": access_token()}) == 101
            assert status(gateway, {"token": access_token({"client_id": "another"})}) == 401
