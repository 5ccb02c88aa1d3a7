"""The page against a hub that needs a credential, in a real browser."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import entries, needs_chromium, send, state
from tests.support.gateway import RunningGateway
from tests.support.handshakes import command
from tests.support.user_pool import ISSUER, SUB, access_token

pytestmark = needs_chromium


def open_page(browser: Browser, hub: RunningGateway) -> Page:
    page = browser.new_page()
    page.goto(hub.endpoints["page"] + "/")
    expect(page.get_by_label("Hub")).to_have_value(hub.endpoints["websocket"])
    return page


def join_with_token(page: Page, token: str) -> None:
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Connect").click()


def test_a_token_opens_a_connection_and_says_when_it_expires(browser: Browser, jwt_gateway: RunningGateway) -> None:
    page = open_page(browser, jwt_gateway)
    join_with_token(
        page, command(jwt_gateway, "token", "--session", "alice", "--send", "alice", "--send", "order-*").strip()
    )

    expect(state(page)).to_have_text("Connected as alice")  # as the token says
    expect(page.locator("#token-help")).to_have_text(re.compile(r"^Expires in 60 minutes, "))
    send(page, "alice, order-7", "hello")
    expect(entries(page, "ack")).to_have_text(re.compile("alice: 1 delivered · order-7: offline"))
    send(page, "alice, bob", "hello")
    expect(entries(page, "error")).to_have_text(re.compile(r"forbidden: .*field sessions\[1\]"))


def test_a_token_that_runs_out_is_shown_and_a_new_one_connects(browser: Browser, jwt_gateway: RunningGateway) -> None:
    page = open_page(browser, jwt_gateway)
    join_with_token(page, command(jwt_gateway, "token", "--session", "brief", "--ttl", "2").strip())
    expect(state(page)).to_have_text("Connected as brief")

    expect(entries(page, "credential")).to_have_text(re.compile("The token ends soon or has ended. Paste a new one"))
    expect(page.locator("#token-help")).to_have_text(re.compile("^Expired "))
    expect(state(page)).to_have_text("Waiting")
    send(page, "brief", "hello")
    page.get_by_label("Token").fill(command(jwt_gateway, "token", "--session", "brief").strip())
    expect(state(page)).to_have_text("Connected as brief", timeout=30_000)
    expect(entries(page, "message")).to_have_text(re.compile("hello"))


def test_a_token_pasted_in_time_takes_over_without_an_interruption(
    browser: Browser, jwt_gateway: RunningGateway
) -> None:
    page = open_page(browser, jwt_gateway)
    join_with_token(page, command(jwt_gateway, "token", "--session", "renewed", "--ttl", "8").strip())
    expect(state(page)).to_have_text("Connected as renewed")
    page.get_by_label("Token").fill(command(jwt_gateway, "token", "--session", "renewed").strip())

    expect(entries(page, "switched")).to_have_count(1, timeout=15_000)
    assert page.locator("#log .kind").all_text_contents() == ["connected", "switched"]


@pytest.mark.parametrize(
    ("token", "explanation"),
    [
        pytest.param("", "status 401. A token is needed", id="none"),
        pytest.param("not-a-token", "status 401. The token is not a JSON Web Token", id="not-a-token"),
        pytest.param(
            "eyJhbGciOiJIUzI1NiJ9.eyJzZXNzaW9uX2lkIjoiZXZlIiwiZXhwIjo5OTk5OTk5OTk5fQ.AAAA",
            "status 401. The token is not signed with the hub's key",
            id="signed-with-another-key",
        ),
    ],
)
def test_a_refusal_is_explained(browser: Browser, jwt_gateway: RunningGateway, token: str, explanation: str) -> None:
    page = open_page(browser, jwt_gateway)
    join_with_token(page, token)

    expect(entries(page, "refused")).to_have_text(re.compile(explanation))
    expect(state(page)).to_have_text("Refused")


def test_a_token_of_an_identity_provider_opens_a_connection(browser: Browser, provider_gateway: RunningGateway) -> None:
    page = open_page(browser, provider_gateway)
    expect(page.locator("#token-help")).to_have_text(
        f"This hub needs a token. Paste a token of {ISSUER}. Its claim sub is your session."
    )
    join_with_token(page, access_token({"cognito:groups": ["room-1"], "session_id": "not-mine"}))

    expect(state(page)).to_have_text(f"Connected as {SUB}")
    expect(page.get_by_label("Your session")).to_have_value(SUB)
    expect(page.locator("#token-help")).to_have_text(re.compile(r"^Expires in 10 minutes, "))
    send(page, "room-1", "hello")
    expect(entries(page, "ack")).to_have_text(re.compile("room-1: offline"))
    send(page, "room-2", "hello")
    expect(entries(page, "error")).to_have_text(re.compile(r"forbidden: .*field sessions\[0\]"))


@pytest.mark.parametrize(
    ("claims", "explanation"),
    [
        pytest.param({"client_id": "another"}, "status 401. The token is for another audience", id="another-client"),
        pytest.param({"iss": "https://example.com"}, "status 401. The token is from another issuer", id="issuer"),
        pytest.param({"exp": 1}, "status 401. The token has expired", id="expired"),
    ],
)
def test_a_refusal_of_a_providers_token_is_explained(
    browser: Browser, provider_gateway: RunningGateway, claims: dict[str, object], explanation: str
) -> None:
    page = open_page(browser, provider_gateway)
    join_with_token(page, access_token(claims))
    expect(entries(page, "refused")).to_have_text(re.compile(explanation))


def test_a_signed_address_opens_one_connection(browser: Browser, signature_gateway: RunningGateway) -> None:
    page, again = open_page(browser, signature_gateway), open_page(browser, signature_gateway)
    url = command(signature_gateway, "sign", "--session", "alice", "--url").strip()

    for window in (page, again):
        expect(window.locator("#url-help")).to_have_text(
            re.compile("This hub needs a signature.* A signed URL opens one connection")
        )
        window.get_by_label("Hub").fill(url)
        window.get_by_role("button", name="Connect").click()
        if window is page:
            expect(state(page)).to_have_text("Connected as alice")
    expect(entries(again, "refused")).to_have_text(re.compile("status 403. The signature has been used already"))


def test_a_signed_address_cannot_connect_again_and_a_new_one_can(
    browser: Browser, signature_gateway: RunningGateway
) -> None:
    page = open_page(browser, signature_gateway)
    page.get_by_label("Hub").fill(command(signature_gateway, "sign", "--session", "bob", "--url").strip())
    page.get_by_role("button", name="Connect").click()
    expect(state(page)).to_have_text("Connected as bob")

    page.get_by_role("button", name="Cut the connection").click()
    expect(entries(page, "credential")).to_have_text(re.compile("This signed URL has opened its connection"))
    expect(state(page)).to_have_text("Waiting")
    page.get_by_label("Hub").fill(command(signature_gateway, "sign", "--session", "bob", "--url").strip())
    expect(state(page)).to_have_text("Connected as bob", timeout=30_000)
    expect(entries(page, "refused")).to_have_count(0)


def test_the_token_field_is_shown_only_if_the_hub_may_need_a_token(
    browser: Browser, gateway: RunningGateway, jwt_gateway: RunningGateway
) -> None:
    expect(open_page(browser, jwt_gateway).get_by_label("Token")).to_be_visible()
    expect(open_page(browser, gateway).get_by_label("Token")).to_be_hidden()
