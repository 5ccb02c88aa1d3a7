"""Neither the gateway nor a function reads a developer's configuration or calls the real AWS."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import pytest

from tests.support.gateway import RunningGateway
from tests.support.handshakes import status
from tests.support.paths import ROOT
from tests.support.prober import Prober


@dataclass
class Trap:
    """A port that nothing should connect to. Keeps what is sent to it."""

    port: int
    caught: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @classmethod
    @contextmanager
    def set(cls) -> Iterator["Trap"]:
        with closing(socket.create_server(("127.0.0.1", 0))) as listener:
            trap = cls(listener.getsockname()[1])
            threading.Thread(target=trap._watch, args=[listener], daemon=True).start()
            yield trap
            listener.shutdown(socket.SHUT_RDWR)

    def _watch(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                self.caught.append(connection.recv(1000).decode(errors="replace"))


CONFIG = """
[default]
ignore_configured_endpoint_urls = true
use_fips_endpoint = true
defaults_mode = auto
endpoint_url = {trap}
region = eu-west-1
credential_process = nobody
services = others
[profile other]
region = eu-west-2
endpoint_url = {trap}
[services others]
dynamodb =
  endpoint_url = {trap}
"""


@pytest.fixture(scope="module")
def trap() -> Iterator[Trap]:
    with Trap.set() as trap:
        yield trap
        assert trap.caught == []


@pytest.fixture(scope="module")
def developer(trap: Trap, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The variables of a developer whose settings all lead into the trap, or nowhere."""
    home = tmp_path_factory.mktemp("home")
    (home / ".aws" / "models" / "dynamodb" / "2012-08-10").mkdir(parents=True)
    (home / ".aws" / "models" / "dynamodb" / "2012-08-10" / "service-2.json").write_text("{}")
    (home / ".aws" / "config").write_text(CONFIG.format(trap=trap.url))
    (home / ".aws" / "credentials").write_text(
        "[default]\naws_access_key_id = AKIAREAL\naws_secret_access_key = real\n"
    )
    (home / ".netrc").write_text("default login developer password secret\n")
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy")
    return {
        "HOME": str(home),
        "AWS_ACCESS_KEY_ID": "AKIAREAL",
        "AWS_CONFIG_FILE": str(home / ".aws" / "config"),
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": trap.url,
        "AWS_DATA_PATH": str(home / ".aws" / "models"),
        "AWS_ENDPOINT_URL": trap.url,
        "AWS_ENDPOINT_URL_DYNAMODB": trap.url,
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": trap.url,
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AWS_PROFILE": "other",
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/real",
        "AWS_USE_DUALSTACK_ENDPOINT": "true",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(home / ".netrc"),
        "BOTO_CONFIG": str(home / ".boto"),
        "REQUESTS_CA_BUNDLE": str(home / "nothing.pem"),
        "SSL_CERT_FILE": str(home / "nothing.pem"),
        "NO_PROXY": "",
        "no_proxy": "",
        **dict.fromkeys(proxies, trap.url),
    }


@pytest.fixture(scope="module")
def prober(developer: Mapping[str, str]) -> Iterator[Prober]:
    with Prober.start(variables=developer) as started:
        yield started


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        pytest.param(
            "boto3.client('secretsmanager').get_secret_value(SecretId='secret')['SecretString']",
            "of the stack",
            id="secret",
        ),
        pytest.param("boto3.client('dynamodb').scan(TableName='table')['Count']", 0, id="table"),
        pytest.param("boto3.client('sts').get_caller_identity()['Account']", "123456789012", id="account"),
        pytest.param("boto3.Session().region_name", "us-east-1", id="region"),
        pytest.param("boto3.Session().get_credentials().access_key", "local-Prober", id="credentials"),
        pytest.param("boto3.Session().available_profiles", [], id="profiles"),
        pytest.param(
            "[value for value in os.environ.values() if 'AKIA' in value or os.environ['HOME'] in value[1:]]",
            [],
            id="variables",
        ),
        pytest.param("os.path.exists(os.path.expanduser('~'))", False, id="home"),
        pytest.param("__import__('urllib.request').request.getproxies()", {}, id="proxies"),
        pytest.param("__import__('requests').utils.get_netrc_auth('https://example.com')", None, id="netrc"),
    ],
)
def test_a_function_sees_none_of_the_developer_s_settings(prober: Prober, expression: str, value: object) -> None:
    assert prober.evaluate(expression) == value


def test_the_hub_and_its_commands_work_in_spite_of_the_developer_s_settings(developer: Mapping[str, str]) -> None:
    with RunningGateway.start("--parameter", "AuthMode=jwt", variables=developer) as running:
        port = running.endpoints["page"].rpartition(":")[2]
        command = [sys.executable, "-m", "local", "token", "--session", "s1", "--port", port]
        printed = subprocess.run(command, cwd=ROOT, env={**developer, "PATH": ""}, capture_output=True, text=True)
        assert printed.stderr == ""
        assert status(running, {"token": printed.stdout.strip()}) == 101


@pytest.mark.parametrize(
    ("expression", "error", "message"),
    [
        pytest.param(
            "boto3.client('qbusiness').list_applications()",
            "ClientError",
            "it does not have this service",
            id="service",
        ),
        pytest.param(
            "boto3.client('iotsitewise').list_assets()",
            "ClientError",
            "it does not have this service",
            id="with-a-word-before-its-host",
        ),
        pytest.param(
            "boto3.client('comprehend').batch_detect_entities(TextList=['a'], LanguageCode='en')",
            "ClientError",
            "batch_detect_entities action has not been implemented",
            id="call",
        ),
        pytest.param(
            "boto3.client('personalize-runtime').get_recommendations(campaignArn='a')",
            "ClientError",
            "POST /recommendations has not been implemented",
            id="path",
        ),
        pytest.param(
            "boto3.client('qbusiness', config=Config(ignore_configured_endpoint_urls=True)).list_applications()",
            "ClientError",
            "it does not have this service",
            id="by-its-host",
        ),
        pytest.param(
            "boto3.Session(profile_name='other')", "ProfileNotFound", "(other) could not be found", id="profile"
        ),
        pytest.param(
            "__import__('socket').create_connection(('169.254.169.254', 80))",
            "ConnectionRefusedError",
            "Lambda does not have this address",
            id="metadata-of-the-machine",
        ),
    ],
)
def test_what_the_gateway_cannot_do_fails_with_a_reason(
    prober: Prober, expression: str, error: str, message: str
) -> None:
    kind, text = prober.evaluate(expression)
    assert kind == error
    assert message in text


@pytest.mark.parametrize(
    "host",
    [
        "abcdefghij.execute-api.eu-west-1.amazonaws.com",
        "x.auth.us-east-1.amazoncognito.com",
        "x.lambda-url.us-east-1.on.aws",
        "abcdefghij.execute-api.us-iso-east-1.c2s.ic.gov",
    ],
)
def test_an_unsigned_request_to_a_host_of_aws_never_leaves_the_machine(prober: Prober, host: str) -> None:
    source = f"""
        import urllib.error, urllib.request
        try:
            urllib.request.urlopen("https://{host}/x")
        except urllib.error.HTTPError as error:
            answer = [error.code, error.read().decode()]
    """
    code, text = prober.run(source)
    assert code == 501
    assert "The embedded AWS (moto) cannot do that" in text


LOOKUPS = {
    "getaddrinfo": "socket.getaddrinfo(host, 443)[0][4][0]",
    "gethostbyname": "socket.gethostbyname(host)",
    "gethostbyname_ex": "socket.gethostbyname_ex(host)[2][0]",
    "gethostbyaddr": "socket.gethostbyaddr(host)[2][0]",
    "uvloop": "uvloop.run(looked_up())",
}


@pytest.mark.parametrize(
    ("port", "scheme"), [pytest.param(443, "https", id="tls"), pytest.param(80, "http", id="plain")]
)
@pytest.mark.parametrize("lookup", LOOKUPS)
def test_a_client_that_keeps_the_address_alone_reaches_aws(prober: Prober, lookup: str, port: int, scheme: str) -> None:
    source = f"""
        import asyncio, http.client, socket, uvloop
        host = "sts.eu-west-1.amazonaws.com"

        async def looked_up():
            return (await asyncio.get_running_loop().getaddrinfo(host, 443))[0][4][0]

        class Connection(http.client.{scheme.upper()}Connection):
            def _create_connection(self, *_, **__):
                connected = socket.socket()
                assert connected.connect_ex(({LOOKUPS[lookup]}, {port})) == 0
                return connected

        connection = Connection(host)
        connection._create_connection = Connection._create_connection.__get__(connection)
        connection.request("GET", "/?Action=GetCallerIdentity&Version=2011-06-15")
        answer = "123456789012" in connection.getresponse().read().decode()
    """
    assert prober.run(source) is True


@pytest.mark.parametrize(
    "call",
    [
        pytest.param("asyncio.open_connection('169.254.169.254', 80)", id="connection"),
        pytest.param("asyncio.get_running_loop().getaddrinfo('169.254.169.254', 80)", id="lookup"),
    ],
)
def test_uvloop_does_not_reach_the_metadata_of_the_machine(prober: Prober, call: str) -> None:
    source = f"""
        import asyncio, uvloop
        async def main():
            await {call}
        uvloop.run(main())
    """
    assert prober.run(source)[0] == "ConnectionRefusedError"
