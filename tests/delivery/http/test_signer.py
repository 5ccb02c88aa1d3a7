"""The signer's signatures are those of botocore, request by request."""

import datetime
from unittest.mock import patch

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as TheirCredentials
from hypothesis import given
from hypothesis import strategies as st

from delivery.credentials import Credentials
from delivery.http.exchange import Body, Request, Response
from delivery.http.service import CONNECTIONS_API
from delivery.http.signer import Signer

NOW = 1_795_000_000


class Signed(Request):
    def ended(self, response: Response) -> None:
        raise AssertionError("nobody makes this request")


def theirs(url: str, region: str, credentials: Credentials, method: str, payload: bytes, now: float) -> str:
    """Return the Authorization header that botocore computes."""
    request = AWSRequest(method=method, url=url, data=payload)
    moment = datetime.datetime.fromtimestamp(now, datetime.UTC).replace(tzinfo=None)
    with patch("botocore.auth.get_current_datetime", return_value=moment):
        SigV4Auth(TheirCredentials(*credentials), "execute-api", region).add_auth(request)
    return str(request.headers["Authorization"])


def ours(signer: Signer, method: str, connection_id: str, payload: bytes) -> tuple[str, dict[str, str]]:
    line, *headers = signer.head(Signed(method, connection_id, Body.of(payload))).decode().split("\r\n")
    return line, dict(header.split(": ", 1) for header in headers if header)


@given(
    connection_id=st.text(st.characters(codec="utf-8", exclude_characters="/."), min_size=1, max_size=30),
    payload=st.binary(max_size=200),
    path=st.sampled_from(["", "/prod", "/a-b_c", "/two/parts"]),
    host=st.sampled_from(["abc.execute-api.eu-west-1.amazonaws.com", "127.0.0.1:3002", "ws.example.com:8443"]),
    region=st.sampled_from(["us-east-1", "cn-north-1"]),
    token=st.sampled_from([None, "a/token+with=signs"]),
    method=st.sampled_from(["POST", "DELETE"]),
    now=st.integers(min_value=NOW, max_value=NOW + 10**8),
)
def test_every_signature_is_that_of_botocore(
    connection_id: str, payload: bytes, path: str, host: str, region: str, token: str | None, method: str, now: int
) -> None:
    credentials = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCY", token)
    signer = Signer(CONNECTIONS_API, host, path, region, lambda: credentials, clock=lambda: now)

    line, headers = ours(signer, method, connection_id, payload)

    _, target, version = line.split(" ")
    assert version == "HTTP/1.1"
    expected = theirs(f"https://{host}{target}", region, credentials, method, payload, now)
    assert headers["Authorization"] == expected
    assert (headers["Host"], headers["Content-Length"]) == (host, str(len(payload)))
    assert headers.get("X-Amz-Security-Token") == token


def test_a_new_second_and_new_credentials_change_the_signature() -> None:
    now = NOW + 0.0
    credentials = Credentials("AKID1", "secret", None)
    signer = Signer(CONNECTIONS_API, "h", "/prod", "us-east-1", lambda: credentials, clock=lambda: now)

    def authorization() -> str:
        return ours(signer, "POST", "one=", b"")[1]["Authorization"]

    first = authorization()
    now += 0.5
    assert authorization() == first
    now += 0.5
    second = authorization()
    assert second != first
    credentials = Credentials("AKID2", "secret", None)
    assert authorization() == second, "the signer reads the credentials once for each invocation"
    signer.renew()
    assert "Credential=AKID2/" in authorization()


@pytest.mark.parametrize("connection_id", ["a b", "a\r\nX-Evil: 1", "ü", "%3D"])
def test_a_strange_connection_id_stays_within_the_path(connection_id: str) -> None:
    signer = Signer(CONNECTIONS_API, "h", "/prod", "us-east-1", lambda: Credentials("A", "s", None), clock=lambda: NOW)
    line, headers = ours(signer, "POST", connection_id, b"")
    assert line.startswith("POST /prod/@connections/")
    assert set(headers) == {"Host", "X-Amz-Date", "Authorization", "Content-Length"}
