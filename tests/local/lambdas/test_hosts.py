"""Where AWS's host names lead: to the gateway or to the embedded AWS."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import botocore
import pytest

from local.endpoints import Endpoints
from local.lambdas.hosts import hosts_of
from local.stack.app import App

GATEWAY, AWS = 3002, 4443
ENDPOINTS = Endpoints(
    **dict.fromkeys(Endpoints.__dataclass_fields__, "")
    | {
        "page": "http://127.0.0.1:3001",
        "tls": f"https://127.0.0.1:{GATEWAY}",
        "aws": "http://127.0.0.1:3003",
        "aws_tls": f"https://127.0.0.1:{AWS}",
    }
)
APP = App("Api", "localapi00", "prod", "$request.body.action", {}, {}, domains={"Chat.example.com": ""})


def tls_port(host: str) -> int | None:
    """Return the port that a name leads to by TLS, or None if it leads nowhere."""
    return next((served.tls_port for served in hosts_of(APP, ENDPOINTS) if re.fullmatch(served.pattern, host)), None)


def suffixes() -> Iterator[tuple[str, str]]:
    """Return the domains of each partition that botocore knows, with a name."""
    content = json.loads((Path(botocore.__file__).parent / "data" / "partitions.json").read_text())
    for partition in content["partitions"]:
        for key in ("dnsSuffix", "dualStackDnsSuffix"):
            yield f"{partition['id']}-{key}", partition["outputs"][key]


SUFFIXES = dict(suffixes())


@pytest.mark.parametrize("suffix", SUFFIXES.values(), ids=SUFFIXES.keys())
@pytest.mark.parametrize(
    ("service", "port"),
    [
        pytest.param("localapi00.execute-api", GATEWAY, id="api"),
        pytest.param("lambda", GATEWAY, id="lambda"),
        pytest.param("lambda-fips", GATEWAY, id="lambda-fips"),
        pytest.param("vpce-0a1b-x2.lambda", GATEWAY, id="lambda-of-a-vpc"),
        pytest.param("otherapi00.execute-api", AWS, id="another-api"),
        pytest.param("dynamodb", AWS, id="dynamodb"),
        pytest.param("111122223333.ddb", AWS, id="dynamodb-of-an-account"),
        pytest.param("runtime.lex", AWS, id="several-words"),
    ],
)
def test_a_service_s_host_leads_here_in_every_partition(suffix: str, service: str, port: int) -> None:
    assert tls_port(f"{service}.xx-some-where-1.{suffix}") == port


@pytest.mark.parametrize(
    ("host", "port"),
    [
        pytest.param("chat.example.com", GATEWAY, id="custom-domain"),
        pytest.param("vpce-0a1b-x2.lambda.us-east-1.vpce.amazonaws.com", GATEWAY, id="vpc-endpoint"),
        pytest.param("vpce-0a1b-x2.sqs.us-east-1.vpce.amazonaws.com", AWS, id="vpc-endpoint-of-another-service"),
        pytest.param("x.lambda-url.us-east-1.on.aws", AWS, id="function-url"),
        pytest.param("example.com", None, id="public"),
        pytest.param("notamazonaws.com", None, id="looks-alike"),
        pytest.param("ic.gov", None, id="domain-above"),
    ],
)
def test_a_host_leads_to_the_server_that_has_it(host: str, port: int | None) -> None:
    assert tls_port(host) == port
