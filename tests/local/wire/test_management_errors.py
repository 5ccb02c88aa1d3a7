"""What the management API refuses: the kind of each error, as SDKs read it."""

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.wire.test_management_api import NO_RETRIES, UNKNOWN, opened, plain
from tests.support.gateway import RunningGateway

CALLS = [
    pytest.param("post_to_connection", {"Data": b"x"}, id="post"),
    pytest.param("get_connection", {}, id="get"),
    pytest.param("delete_connection", {}, id="delete"),
]


@pytest.mark.parametrize(("call", "arguments"), CALLS)
def test_a_connection_that_closed_or_never_was_is_gone(
    gateway: RunningGateway, call: str, arguments: dict[str, Any]
) -> None:
    with opened(gateway) as to:
        to.client.socket.close()
        gateway.output.wait_for(f"disconnected connection_id={re.escape(to.connection_id)}")
        for connection_id in (to.connection_id, UNKNOWN):
            with pytest.raises(to.api.exceptions.GoneException):
                getattr(to.api, call)(ConnectionId=connection_id, **arguments)


@pytest.mark.parametrize(("call", "arguments"), CALLS)
def test_another_stage_is_forbidden(gateway: RunningGateway, call: str, arguments: dict[str, Any]) -> None:
    elsewhere = gateway.endpoints["management"].replace("/prod", "/dev")
    api = gateway.management_api(endpoint_url=elsewhere, config=NO_RETRIES)
    with pytest.raises(api.exceptions.ForbiddenException):
        getattr(api, call)(ConnectionId=UNKNOWN, **arguments)


@pytest.mark.parametrize(
    "connection_id",
    [
        pytest.param("x", id="too-short"),
        pytest.param("0f8fad5b-d9cb-469f-a165-70867728950e", id="a-uuid"),
        pytest.param("AAAAAAAAAAAAAAAA", id="16-characters-but-no-padding"),
        pytest.param("AAAAAAAAAAAAAA=", id="15-characters"),
        pytest.param("AAAAAAAAAAAAAAAA=", id="17-characters"),
    ],
)
def test_an_id_that_api_gateway_would_not_give_is_a_bad_request(gateway: RunningGateway, connection_id: str) -> None:
    with pytest.raises(ClientError) as refused:
        gateway.management_api(config=NO_RETRIES).post_to_connection(ConnectionId=connection_id, Data=b"x")
    error = refused.value.response["Error"]
    assert (error["Code"], error["Message"]) == ("BadRequestException", f"Invalid connectionId: {connection_id}")


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        pytest.param("GET", f"@connections/{UNKNOWN}", 410, "GoneException", id="gone"),
        pytest.param("GET", "@connections/x", 400, "BadRequestException", id="malformed"),
        pytest.param("PUT", f"@connections/{UNKNOWN}", 403, "ForbiddenException", id="another-method"),
        pytest.param("POST", "connections/x", 403, "ForbiddenException", id="another-path"),
        pytest.param("GET", f"@connections/{UNKNOWN}/more", 403, "ForbiddenException", id="a-longer-path"),
        pytest.param("POST", "", 403, "ForbiddenException", id="the-stage-alone"),
    ],
)
def test_the_kind_of_an_error_is_in_a_header(
    gateway: RunningGateway, method: str, path: str, status: int, kind: str
) -> None:
    answered, headers, body = plain(method, gateway, path)
    assert (answered, headers["x-amzn-ErrorType"]) == (status, kind)
    assert (body == b"") == (status == 410)
