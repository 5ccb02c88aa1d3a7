"""The URL of DynamoDB is that of botocore, for the same variables. What the hub does not do, it refuses in words."""

import os
import re
from typing import Any

import boto3
import pytest
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import BotoCoreError
from botocore.loaders import Loader
from botocore.utils import get_environ_proxies

from delivery.dynamodb_url import DUAL_STACK, dynamodb_url
from hub.variables import SettingsError

PARTITIONS: list[dict[str, Any]] = Loader().load_data("partitions")["partitions"]
REGION = "eu-west-1"
HOST = f"dynamodb.{REGION}.amazonaws.com"
MOST_VARIABLES = {
    "AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:3003",
    "AWS_ENDPOINT_URL": "https://everything.example",
    "AWS_USE_FIPS_ENDPOINT": "true",
}


def regions() -> list[Any]:
    """Return every region that botocore knows, and one that does not exist yet, with the domain of the partition."""
    found: list[Any] = []
    for partition in PARTITIONS:
        known = [name for name in partition["regions"] if re.match(partition["regionRegex"], name)]
        suffix = partition["outputs"]["dnsSuffix"]
        found += [pytest.param(name, suffix, id=name) for name in [*known, known[0][:-1] + "9"]]
    return found


@pytest.fixture(scope="module")
def rules() -> EndpointProvider:
    """botocore's rules for endpoints of DynamoDB."""
    loader = Loader()
    ruleset = loader.load_service_model("dynamodb", "endpoint-rule-set-1")
    return EndpointProvider(ruleset, loader.load_data("partitions"))


@pytest.mark.parametrize("fips", [True, False], ids=["fips", "no-fips"])
@pytest.mark.parametrize("dual_stack", [True, False], ids=["dual-stack", "ipv4"])
@pytest.mark.parametrize(("region", "suffix"), regions())
def test_the_url_in_every_region_is_that_of_botocore(
    rules: EndpointProvider, region: str, suffix: str, dual_stack: bool, fips: bool
) -> None:
    env = {"URL_SUFFIX": suffix}
    env |= {"AWS_USE_FIPS_ENDPOINT": str(fips), "AWS_USE_DUALSTACK_ENDPOINT": str(dual_stack).lower()}
    theirs = rules.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual_stack)
    assert dynamodb_url(env, region) == theirs.url


def test_the_hub_knows_the_dual_stack_domain_of_every_partition() -> None:
    outputs = [partition["outputs"] for partition in PARTITIONS]
    assert {output["dnsSuffix"]: output["dualStackDnsSuffix"] for output in outputs} == DUAL_STACK
    assert all(output["supportsDualStack"] and output["supportsFIPS"] for output in outputs)


@pytest.mark.parametrize("suffix", [{}, {"URL_SUFFIX": ""}], ids=["missing", "empty"])
def test_without_a_suffix_the_domain_is_that_of_most_regions(suffix: dict[str, str]) -> None:
    assert dynamodb_url(suffix, REGION) == f"https://{HOST}"


@pytest.mark.parametrize(
    "env",
    [
        pytest.param({}, id="none"),
        pytest.param({"AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:3003"}, id="own-url"),
        pytest.param({"AWS_ENDPOINT_URL": "https://everything.example"}, id="common-url"),
        pytest.param(MOST_VARIABLES, id="own-url-first"),
        pytest.param(MOST_VARIABLES | {"AWS_ENDPOINT_URL_DYNAMODB": ""}, id="empty-own-url"),
        pytest.param({"AWS_ENDPOINT_URL_DYNAMODB": "", "AWS_ENDPOINT_URL": ""}, id="both-urls-empty"),
        pytest.param({"AWS_ENDPOINT_URL": "HTTP://[::1]:8000/"}, id="ipv6"),
        pytest.param({"AWS_ENDPOINT_URL": "https://a.example/some/path/"}, id="path"),
        pytest.param(MOST_VARIABLES | {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "True"}, id="ignored"),
        pytest.param(MOST_VARIABLES | {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"}, id="not-ignored"),
        pytest.param(MOST_VARIABLES | {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "1"}, id="not-a-boolean"),
        pytest.param(MOST_VARIABLES | {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": ""}, id="empty-boolean"),
        pytest.param(MOST_VARIABLES | {"AWS_USE_DUALSTACK_ENDPOINT": "true"}, id="url-wins-over-dual-stack"),
        pytest.param(MOST_VARIABLES | {"AWS_ACCOUNT_ID_ENDPOINT_MODE": "required"}, id="url-wins-over-account"),
        pytest.param({"AWS_USE_FIPS_ENDPOINT": "TRUE"}, id="fips"),
        pytest.param({"AWS_USE_FIPS_ENDPOINT": "yes"}, id="fips-is-not-a-boolean"),
        pytest.param({"AWS_ACCOUNT_ID_ENDPOINT_MODE": "preferred"}, id="preferred"),
        pytest.param({"AWS_ACCOUNT_ID_ENDPOINT_MODE": "Disabled"}, id="disabled"),
    ],
)
def test_the_url_is_that_of_a_client_with_the_same_variables(
    env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert dynamodb_url(env, REGION) == url_of_a_client()


def url_of_a_client() -> str:
    """Return the URL of a request that botocore would send, without a slash that means no path."""
    urls: list[str] = []

    def note_and_fail(request: Any, **_: object) -> None:
        urls.append(request.url)
        raise BotoCoreError

    client = boto3.Session().client("dynamodb", REGION)
    client.meta.events.register("before-send.dynamodb", note_and_fail)
    with pytest.raises(BotoCoreError):
        client.list_tables()
    url = urls[0]
    scheme, _, rest = url.partition("://")
    return f"{scheme.lower()}://{rest.removesuffix('/') if rest.count('/') == 1 else rest}"


URL = "it must be an http or https URL"
MODES = "it must be preferred or disabled"
REQUIRED = "the hub uses the endpoint of the region, so it must be preferred or disabled"


@pytest.mark.parametrize(
    ("env", "words"),
    [
        *(
            pytest.param({"AWS_ENDPOINT_URL_DYNAMODB": url}, f"AWS_ENDPOINT_URL_DYNAMODB is {url!r}; {URL}", id=url)
            for url in ("ftp://x", "x:8000", "http://", "http://:80", "http://h:port", "http://h:65536", "http://h:0")
        ),
        *(
            pytest.param({"AWS_ENDPOINT_URL": url}, f"AWS_ENDPOINT_URL is {url!r}; {URL}", id=repr(url))
            for url in (" http://h", "http://h\n", "http://h h", "http://h_h", "http://bücher.example", "http://[::1")
        ),
        *(
            pytest.param(
                {"AWS_ENDPOINT_URL": url}, f"AWS_ENDPOINT_URL is {url!r}; {URL} without a query or a fragment", id=url
            )
            for url in ("http://h?a=b", "http://h/#a")
        ),
        pytest.param(
            {"AWS_ENDPOINT_URL": "http://me:secret@h"},
            f"AWS_ENDPOINT_URL contains an @; {URL} without a user name",
            id="@",
        ),
        pytest.param(
            {"AWS_USE_DUALSTACK_ENDPOINT": "true", "URL_SUFFIX": "new.example"},
            "AWS_USE_DUALSTACK_ENDPOINT is true; the hub knows no dual-stack endpoint in new.example",
            id="no-dual-stack",
        ),
        pytest.param(
            {"AWS_ACCOUNT_ID_ENDPOINT_MODE": "required"},
            f"AWS_ACCOUNT_ID_ENDPOINT_MODE is 'required'; {REQUIRED}",
            id="required",
        ),
        pytest.param(
            {"AWS_ACCOUNT_ID_ENDPOINT_MODE": "on"}, f"AWS_ACCOUNT_ID_ENDPOINT_MODE is 'on'; {MODES}", id="unknown-mode"
        ),
        pytest.param(
            MOST_VARIABLES | {"AWS_ACCOUNT_ID_ENDPOINT_MODE": ""},
            f"AWS_ACCOUNT_ID_ENDPOINT_MODE is ''; {MODES}",
            id="empty-mode",
        ),
    ],
)
def test_what_the_hub_does_not_do_is_refused(env: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        dynamodb_url(env, REGION)
    assert str(refusal.value) == words


def test_the_region_local_needs_a_url() -> None:
    with pytest.raises(SettingsError, match="the region is 'local'; set AWS_ENDPOINT_URL_DYNAMODB too"):
        dynamodb_url({}, "local")
    assert dynamodb_url({"AWS_ENDPOINT_URL_DYNAMODB": "http://h:8000"}, "local") == "http://h:8000"


PROXY = "http://me:secret@proxy.example:3128"
LOCAL = {"AWS_ENDPOINT_URL_DYNAMODB": "http://Tables.example:8000"}


@pytest.mark.parametrize(
    "env",
    [
        pytest.param({"HTTPS_PROXY": PROXY}, id="https"),
        pytest.param({"https_proxy": PROXY}, id="lower-case"),
        pytest.param({"https_proxy": "", "HTTPS_PROXY": PROXY}, id="lower-case-wins"),
        pytest.param({"HTTPS_PROXY": ""}, id="empty"),
        pytest.param({"HTTP_PROXY": PROXY}, id="http-for-https"),
        pytest.param({"ALL_PROXY": PROXY, "all_proxy": PROXY}, id="all"),
        pytest.param(LOCAL | {"HTTP_PROXY": PROXY}, id="http"),
        pytest.param(LOCAL | {"HTTPS_PROXY": PROXY}, id="https-for-http"),
        *(
            pytest.param({"HTTPS_PROXY": PROXY, "NO_PROXY": names}, id=f"no-proxy-{names}")
            for names in (HOST, "a, .amazonaws.com ,b", "amazonaws.com", "azonaws.com", "*", "*,a", "", ",", ".", "a")
        ),
        *(
            pytest.param(LOCAL | {"HTTP_PROXY": PROXY, "NO_PROXY": names}, id=f"no-proxy-port-{names}")
            for names in ("tables.EXAMPLE", "tables.example:8000", "tables.example:80", "example:8000", "example")
        ),
        *(
            pytest.param({"AWS_ENDPOINT_URL": "http://[::1]:8000", "http_proxy": PROXY, "NO_PROXY": names}, id=names)
            for names in ("::1", "[::1]", "[::1]:8000")
        ),
        pytest.param(
            {"AWS_ENDPOINT_URL": "http://h.", "HTTP_PROXY": PROXY, "NO_PROXY": "a,,b"}, id="no-proxy-without-a-name"
        ),
        pytest.param({"HTTPS_PROXY": PROXY, "no_proxy": "", "NO_PROXY": "*"}, id="no-proxy-lower-case-wins"),
        pytest.param({"HTTPS_PROXY": PROXY, "no_proxy": "*", "NO_PROXY": "a"}, id="no-proxy-lower-case"),
    ],
)
def test_a_proxy_is_refused_where_botocore_would_use_it(env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    url = dynamodb_url(env | {"no_proxy": "*"}, REGION)
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    proxy = get_environ_proxies(url).get(url.partition(":")[0])
    if proxy:
        with pytest.raises(SettingsError, match="is set, and the hub does not use a proxy"):
            dynamodb_url(env, REGION)
    else:
        assert dynamodb_url(env, REGION) == url


@pytest.mark.parametrize(
    ("env", "words"),
    [
        pytest.param(
            {"HTTPS_PROXY": PROXY},
            f"HTTPS_PROXY is set, and the hub does not use a proxy: add {HOST} to NO_PROXY",
            id="upper-case",
        ),
        pytest.param(
            LOCAL | {"http_proxy": PROXY, "no_proxy": "a"},
            "http_proxy is set, and the hub does not use a proxy: add tables.example to no_proxy",
            id="lower-case",
        ),
    ],
)
def test_the_refusal_of_a_proxy_says_what_to_do(env: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        dynamodb_url(env, REGION)
    assert str(refusal.value) == words
