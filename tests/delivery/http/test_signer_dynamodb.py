"""The signer's signatures of requests to DynamoDB are those of botocore."""

import datetime
from unittest.mock import patch

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from delivery.http.exchange import Body, Request, Response
from delivery.http.service import DYNAMODB
from delivery.http.signer import Signer

NOW = 1_795_000_000
TOKEN = "a/token+with=signs"
HOSTS = ["dynamodb.eu-west-1.amazonaws.com", "dynamodb.cn-north-1.amazonaws.com.cn", "127.0.0.1:8000"]


class Signed(Request):
    def __init__(self, operation: str, payload: bytes) -> None:
        super().__init__("POST", "", Body.of(payload))
        self.target = f"DynamoDB_20120810.{operation}"

    def ended(self, response: Response) -> None:
        raise AssertionError("nobody makes this request")


def headers_of(head: bytes) -> dict[str, str]:
    """Return the headers in the head of a request."""
    line, *headers, end, rest = head.decode().split("\r\n")
    assert (line, end, rest) == ("POST / HTTP/1.1", "", "")
    return dict(header.split(": ", 1) for header in headers)


def theirs(host: str, region: str, token: str | None, headers: dict[str, str], payload: bytes, now: int) -> str:
    """Return the Authorization header that botocore computes for a request with the type and target in ``headers``."""
    given = {name: headers[name] for name in ("Content-Type", "X-Amz-Target")}
    request = AWSRequest("POST", f"https://{host}/", given, payload)
    moment = datetime.datetime.fromtimestamp(now, datetime.UTC).replace(tzinfo=None)
    with patch("botocore.auth.get_current_datetime", return_value=moment):
        SigV4Auth(Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG", token), "dynamodb", region).add_auth(request)
    return str(request.headers["Authorization"])


@given(
    bodies=st.lists(
        st.tuples(st.sampled_from(["Query", "DeleteItem"]), st.binary(max_size=200)), min_size=1, max_size=5
    ),
    host=st.sampled_from(HOSTS),
    region=st.sampled_from(["us-east-1", "eu-west-1", "cn-north-1", "us-gov-west-1"]),
    token=st.sampled_from([None, TOKEN]),
    times=st.lists(st.integers(min_value=NOW, max_value=NOW + 10**8), min_size=5, max_size=5),
)
def test_every_signature_is_that_of_botocore(
    bodies: list[tuple[str, bytes]], host: str, region: str, token: str | None, times: list[int]
) -> None:
    now = times[0]
    credentials = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG", token)
    signer = Signer(DYNAMODB, host, "", region, lambda: credentials, clock=lambda: now)

    for now, (operation, payload) in zip(times, bodies, strict=False):  # the signer's clock reads ``now``
        headers = headers_of(signer.head(Signed(operation, payload)))

        assert headers["Authorization"] == theirs(host, region, token, headers, payload, now)
        assert headers["X-Amz-Target"] == f"DynamoDB_20120810.{operation}"
        assert headers["Content-Type"] == "application/x-amz-json-1.0"
        assert (headers["Host"], headers["Content-Length"]) == (host, str(len(payload)))
        assert headers.get("X-Amz-Security-Token") == token


@pytest.mark.parametrize("token", [None, TOKEN])
def test_two_operations_of_the_same_second_have_signatures_of_their_own(token: str | None) -> None:
    signer = Signer(DYNAMODB, HOSTS[0], "", "eu-west-1", lambda: ("AKIDEXAMPLE", "secret", token), lambda: NOW)
    signed = [
        headers_of(signer.head(Signed(operation, b"{}")))["Authorization"]
        for operation in ("Query", "DeleteItem", "Query")
    ]
    assert signed[0] == signed[2] != signed[1]
    names = "content-type;host;x-amz-date;" + ("x-amz-security-token;" if token else "") + "x-amz-target"
    assert all(f"SignedHeaders={names}, " in authorization for authorization in signed)
