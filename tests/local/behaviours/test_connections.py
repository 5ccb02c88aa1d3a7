"""Behaviours 40 to 49: the management API, ``@connections``, as boto3 and as plain HTTP see it."""

import json
import re
import socket
import ssl
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.support.api import UNKNOWN_ID, Api, Connected
from tests.support.gateway import PATIENCE

MAX_PAYLOAD = 131_072
CALLS = [
    pytest.param("post_to_connection", {"Data": b"x"}, id="post"),
    pytest.param("get_connection", {}, id="get"),
    pytest.param("delete_connection", {}, id="delete"),
]


@pytest.fixture
def boto(api: Api) -> Any:
    return api.management_api()


@pytest.mark.behaviour(40)
@pytest.mark.parametrize(
    ("data", "text"),
    [
        pytest.param(b"hello", "hello", id="text"),
        pytest.param('{ "a":\n"olá 🙂" }'.encode(), '{ "a":\n"olá 🙂" }', id="json-stays-as-it-is"),
        pytest.param(b"", "", id="empty"),
        pytest.param(b"\xff", "\N{REPLACEMENT CHARACTER}", id="not-utf-8"),  # unsure: no capture shows what AWS does
    ],
)
def test_40_a_post_delivers_its_bytes_as_one_text_frame(boto: Any, client: Connected, data: bytes, text: str) -> None:
    answer = boto.post_to_connection(ConnectionId=client.connection_id, Data=data)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert client.receive() == text
    assert client.is_alive()


@pytest.mark.behaviour(40)
def test_40_a_post_ignores_the_content_encoding(api: Api, client: Connected) -> None:
    path = f"@connections/{quote(client.connection_id)}"
    assert api.request("POST", path, b"not gzip", {"Content-Encoding": "gzip"})[0] == 200
    assert client.receive() == "not gzip"


@pytest.mark.behaviour(41)
@pytest.mark.parametrize("user_agent", [pytest.param("Example/1", id="a-user-agent"), pytest.param(None, id="none")])
def test_41_a_get_describes_the_connection(api: Api, boto: Any, user_agent: str | None) -> None:
    with api.connect("", (), {"user_agent_header": user_agent}) as client:
        status, headers, body = api.request("GET", f"@connections/{client.connection_id}")
        description = json.loads(body)
        assert (status, headers["Content-Type"].partition(";")[0]) == (200, "application/json")
        assert description.keys() == {"connectedAt", "identity", "lastActiveAt"}
        assert description["identity"] == {"sourceIp": "127.0.0.1", "userAgent": user_agent}
        for name in ("connectedAt", "lastActiveAt"):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", description[name])
        connected_at = boto.get_connection(ConnectionId=client.connection_id)["ConnectedAt"]
        assert timedelta() <= datetime.now(UTC) - connected_at < timedelta(seconds=PATIENCE)


@pytest.mark.behaviour(41)
@pytest.mark.parametrize("direction", [pytest.param("from", id="from-the-client"), pytest.param("to", id="to-it")])
def test_41_a_message_in_either_direction_moves_last_active_at(boto: Any, client: Connected, direction: str) -> None:
    def description() -> Any:
        described = boto.get_connection(ConnectionId=client.connection_id)
        assert described["ConnectedAt"] <= described["LastActiveAt"]
        return described

    before = after = description()
    while after["LastActiveAt"] == before["LastActiveAt"]:  # again, if both were in the same millisecond
        if direction == "from":
            assert client.is_alive()
        else:
            boto.post_to_connection(ConnectionId=client.connection_id, Data=b"hello")
            assert client.receive() == "hello"
        after = description()
    assert after["ConnectedAt"] == before["ConnectedAt"]


@pytest.mark.behaviour(42)
def test_42_a_delete_closes_with_1000(api: Api, client: Connected) -> None:
    connection_id = client.connection_id
    assert api.request("DELETE", f"@connections/{connection_id}")[::2] == (204, b"")
    assert client.wait_for_close() == (1000, "Connection Closed Normally")
    assert api.event("DISCONNECT", connection_id)["requestContext"]["disconnectStatusCode"] == 1000


@pytest.mark.behaviour(43)
@pytest.mark.parametrize(("call", "arguments"), CALLS)
def test_43_a_connection_that_is_closed_or_unknown_is_gone(
    api: Api, boto: Any, call: str, arguments: dict[str, Any]
) -> None:
    with api.connect() as client:
        closed = client.connection_id
    api.event("DISCONNECT", closed)
    for connection_id in (closed, UNKNOWN_ID):
        with pytest.raises(boto.exceptions.GoneException):
            getattr(boto, call)(ConnectionId=connection_id, **arguments)


@pytest.mark.behaviour(44)
@pytest.mark.parametrize(
    "connection_id",
    [
        pytest.param("x", id="too-short"),
        pytest.param("0f8fad5b-d9cb-469f-a165-70867728950e", id="a-uuid"),
        pytest.param("AAAAAAAAAAAAAAAA", id="16-characters-but-no-padding"),
        pytest.param("AAAAAAAAAAAAAA=", id="15-characters"),
        pytest.param("AAAAAAAAAAAAAAAA=", id="17-characters"),
        pytest.param("AAA AAA", id="a-space"),
    ],
)
def test_44_an_id_of_another_form_is_a_bad_request(boto: Any, connection_id: str) -> None:
    with pytest.raises(ClientError) as refused:
        boto.post_to_connection(ConnectionId=connection_id, Data=b"x")
    error = refused.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("BadRequestException", f"Invalid connectionId: {connection_id}")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.behaviour(45)
@pytest.mark.parametrize(("call", "arguments"), CALLS)
def test_45_another_stage_is_forbidden(api: Api, call: str, arguments: dict[str, Any]) -> None:
    url = api.gateway.endpoints["management"].replace("/test", "/prod")
    elsewhere = api.management_api(endpoint_url=url)
    with pytest.raises(elsewhere.exceptions.ForbiddenException):
        getattr(elsewhere, call)(ConnectionId=UNKNOWN_ID, **arguments)


@pytest.mark.behaviour(43, 44)
@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        pytest.param("POST", f"@connections/{UNKNOWN_ID}", 410, "GoneException", id="gone-for-a-post"),
        pytest.param("GET", f"@connections/{UNKNOWN_ID}", 410, "GoneException", id="gone-for-a-get"),
        pytest.param("GET", "@connections/x", 400, "BadRequestException", id="malformed"),
        pytest.param("PUT", f"@connections/{UNKNOWN_ID}", 403, "ForbiddenException", id="another-method"),
        pytest.param("POST", "connections/x", 403, "ForbiddenException", id="another-path"),
        pytest.param("GET", f"@connections/{UNKNOWN_ID}/more", 403, "ForbiddenException", id="a-longer-path"),
        pytest.param("POST", "", 403, "ForbiddenException", id="the-stage-alone"),
    ],
)
def test_a_header_names_the_kind_of_an_error(api: Api, method: str, path: str, status: int, kind: str) -> None:
    answered, headers, body = api.request(method, path, b"x" if method == "POST" else b"")
    assert (answered, headers["x-amzn-ErrorType"]) == (status, kind)
    assert (body == b"") == (status == 410)


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
@pytest.mark.parametrize("size", [pytest.param(MAX_PAYLOAD + 1, id="131073-bytes"), pytest.param(2**25, id="32-mb")])
def test_47_131072_bytes_pass_and_more_do_not(boto: Any, client: Connected, size: int) -> None:
    boto.post_to_connection(ConnectionId=client.connection_id, Data=b"x" * MAX_PAYLOAD)
    with pytest.raises(boto.exceptions.PayloadTooLargeException):
        boto.post_to_connection(ConnectionId=client.connection_id, Data=b"x" * size)
    assert client.receive() == "x" * MAX_PAYLOAD
    assert client.is_alive()


@pytest.mark.behaviour(48)
def test_48_a_client_that_does_not_read_is_429_until_it_reads_again(api: Api, boto: Any) -> None:
    with api.connect("", (), {"max_queue": 1}) as client:
        connection_id, posted = client.connection_id, 0
        with pytest.raises(boto.exceptions.LimitExceededException):  # noqa: PT012 - as many posts as it takes
            while posted < 1000:
                boto.post_to_connection(ConnectionId=connection_id, Data=f"{posted:<{MAX_PAYLOAD}}".encode())
                posted += 1
        assert [int(client.receive()) for _ in range(posted)] == list(range(posted))
        boto.post_to_connection(ConnectionId=connection_id, Data=b"reads again")
        assert client.receive() == "reads again"


@pytest.mark.behaviour(49)
@pytest.mark.parametrize(
    "form",
    [
        pytest.param("@connections/{id}", id="not-encoded"),
        pytest.param("@connections/{encoded}", id="encoded-id"),
        pytest.param("%40connections/{encoded}", id="encoded-at-sign"),
    ],
)
def test_49_the_path_may_be_percent_encoded(api: Api, client: Connected, form: str) -> None:
    path = form.format(id=client.connection_id, encoded=quote(client.connection_id, safe=""))
    assert api.request("POST", path, "olá".encode())[::2] == (200, b"")
    assert client.receive() == "olá"


def test_the_management_api_is_there_by_tls_for_clients_that_trust_the_authority(api: Api, client: Connected) -> None:
    url = api.gateway.endpoints["tls"] + "/test"
    by_tls = boto3.client("apigatewaymanagementapi", endpoint_url=url, verify=api.gateway.endpoints["bundle"])
    by_tls.post_to_connection(ConnectionId=client.connection_id, Data=b"by TLS")
    assert client.receive() == "by TLS"
    host, _, port = url.removeprefix("https://").removesuffix("/test").rpartition(":")
    with socket.create_connection((host, int(port))) as raw, pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(raw, server_hostname=host)


def test_unsigned_requests_are_served_with_one_warning(api: Api, client: Connected) -> None:
    for _ in range(3):
        assert api.request("POST", f"@connections/{client.connection_id}", b"x")[0] == 200
        assert client.receive() == "x"
    api.event("MESSAGE", client.event_of(action="twoWay")["requestContext"]["requestId"])  # a later line
    assert api.gateway.output.text.count("A request to @connections is not signed") == 1
