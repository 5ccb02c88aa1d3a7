"""Behaviours 40 to 49: the management API, as boto3 and as plain HTTP."""

import contextlib
import json
import re
import socket
import ssl
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.local.wire.test_management_api import MAX_PAYLOAD, NO_RETRIES, plain
from tests.support.api import Api, Connected
from tests.support.gateway import wait_until

UNKNOWN = "AAAAAAAAAAAAAAA="
CALLS = [
    pytest.param("post_to_connection", {"Data": b"x"}, id="post"),
    pytest.param("get_connection", {}, id="get"),
    pytest.param("delete_connection", {}, id="delete"),
]


@pytest.fixture
def boto(api: Api) -> Any:
    return api.gateway.management_api(config=NO_RETRIES)


@pytest.mark.behaviour(40)
@pytest.mark.parametrize(
    "text",
    [pytest.param("hello", id="text"), pytest.param('{ "a":\n"olá 🙂" }', id="json"), pytest.param("", id="empty")],
)
def test_40_a_post_delivers_a_text_frame_of_the_same_bytes(boto: Any, client: Connected, text: str) -> None:
    answer = boto.post_to_connection(ConnectionId=client.connection_id, Data=text.encode())
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert client.hear() == text


@pytest.mark.behaviour(41)
def test_41_a_get_describes_the_connection_and_its_last_message(api: Api, client: Connected) -> None:
    path = f"@connections/{client.connection_id}"
    described = [json.loads(plain("GET", api.gateway, path)[2])]
    while len(described) < 2 or described[0]["lastActiveAt"] == described[-1]["lastActiveAt"]:
        assert client.is_alive()
        described.append(json.loads(plain("GET", api.gateway, path)[2]))
    for each in described:
        assert each.keys() == {"connectedAt", "identity", "lastActiveAt"}
        assert each["identity"].keys() == {"sourceIp", "userAgent"}
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", each["lastActiveAt"])
        assert each["connectedAt"] == described[0]["connectedAt"] <= each["lastActiveAt"]


@pytest.mark.behaviour(42)
def test_42_a_delete_closes_with_1000(api: Api, client: Connected) -> None:
    assert plain("DELETE", api.gateway, f"@connections/{client.connection_id}")[::2] == (204, b"")
    assert client.closed() == (1000, "Connection Closed Normally")


@pytest.mark.behaviour(43)
@pytest.mark.parametrize(("call", "arguments"), CALLS)
def test_43_a_connection_that_is_not_there_is_gone(api: Api, boto: Any, call: str, arguments: dict[str, Any]) -> None:
    with api.connect() as client:
        closed = client.connection_id
    api.event("DISCONNECT", closed)
    for connection_id in (closed, UNKNOWN):
        with pytest.raises(boto.exceptions.GoneException):
            getattr(boto, call)(ConnectionId=connection_id, **arguments)
    status, headers, body = plain("POST", api.gateway, f"@connections/{UNKNOWN}", b"x")
    assert (status, headers["x-amzn-ErrorType"], body) == (410, "GoneException", b"")


@pytest.mark.behaviour(44)
@pytest.mark.parametrize("connection_id", ["x", "0f8fad5b-d9cb-469f-a165-70867728950e", "AAAAAAAAAAAAAAAA", "AAA AAA"])
def test_44_an_id_of_another_shape_is_a_bad_request(boto: Any, connection_id: str) -> None:
    with pytest.raises(ClientError) as refused:
        boto.post_to_connection(ConnectionId=connection_id, Data=b"x")
    error = refused.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("BadRequestException", f"Invalid connectionId: {connection_id}")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.behaviour(45)
@pytest.mark.parametrize(("call", "arguments"), CALLS)
def test_45_another_stage_is_forbidden(api: Api, call: str, arguments: dict[str, Any]) -> None:
    url = api.gateway.endpoints["management"].replace("/test", "/prod")
    elsewhere = api.gateway.management_api(endpoint_url=url, config=NO_RETRIES)
    with pytest.raises(elsewhere.exceptions.ForbiddenException):
        getattr(elsewhere, call)(ConnectionId=UNKNOWN, **arguments)


@pytest.mark.behaviour(46)
def test_46_a_function_whose_role_does_not_allow_it_is_denied(client: Connected) -> None:
    outcome = json.loads(client.order("powerless", "post"))
    kind, code, *message = outcome.split()
    assert (kind, code) == ("ClientError", "AccessDeniedException")
    assert re.fullmatch(
        r"User: arn:aws:sts::\d+:assumed-role/\w+/PowerlessFunction is not authorized to perform: "
        rf"execute-api:ManageConnections on resource: \S+:localapi00/test/POST/@connections/{client.connection_id}",
        " ".join(message),
    )
    assert client.is_alive()


@pytest.mark.behaviour(47)
def test_47_131072_bytes_pass_and_one_more_does_not(boto: Any, client: Connected) -> None:
    boto.post_to_connection(ConnectionId=client.connection_id, Data=b"x" * MAX_PAYLOAD)
    with pytest.raises(boto.exceptions.PayloadTooLargeException):
        boto.post_to_connection(ConnectionId=client.connection_id, Data=b"x" * (MAX_PAYLOAD + 1))
    assert len(client.hear()) == MAX_PAYLOAD
    assert client.is_alive()


@pytest.mark.behaviour(48)
def test_48_a_client_that_does_not_read_is_429_after_a_while(api: Api, boto: Any) -> None:
    with api.connect("", (), {"max_queue": 1}) as client:
        with pytest.raises(boto.exceptions.LimitExceededException):  # noqa: PT012 - as many as it takes
            for _ in range(1000):
                boto.post_to_connection(ConnectionId=client.connection_id, Data=b"x" * MAX_PAYLOAD)
        while len(client.hear()) == MAX_PAYLOAD:  # once it reads again, it is served again
            with contextlib.suppress(boto.exceptions.LimitExceededException):
                boto.post_to_connection(ConnectionId=client.connection_id, Data=b"reads again")


@pytest.mark.behaviour(49)
@pytest.mark.parametrize("form", ["@connections/{id}", "@connections/{encoded}", "%40connections/{encoded}"])
def test_49_the_path_may_be_percent_encoded(api: Api, client: Connected, form: str) -> None:
    path = form.format(id=client.connection_id, encoded=quote(client.connection_id, safe=""))
    assert plain("POST", api.gateway, path, b"hello")[0] == 200
    assert client.hear() == "hello"


def test_the_same_is_there_by_tls_for_whoever_trusts_the_authority(api: Api, client: Connected) -> None:
    url = api.gateway.endpoints["tls"] + "/test"
    bundle = api.gateway.endpoints["bundle"]
    boto3.client("apigatewaymanagementapi", endpoint_url=url, verify=bundle).post_to_connection(
        ConnectionId=client.connection_id, Data=b"by TLS"
    )
    assert client.hear() == "by TLS"
    host, _, port = url.removeprefix("https://").removesuffix("/test").rpartition(":")
    with socket.create_connection((host, int(port))) as raw, pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(raw, server_hostname=host)


def test_an_unsigned_request_is_served_with_one_warning(api: Api, client: Connected) -> None:
    for _ in range(3):
        assert plain("POST", api.gateway, f"@connections/{client.connection_id}", b"x")[0] == 200
    warned = "A request to @connections is not signed"
    wait_until(lambda: warned in api.gateway.output.text)
    assert api.gateway.output.text.count(warned) == 1
