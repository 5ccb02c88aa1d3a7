"""What the embedded AWS prints of requests that it refuses or cannot serve."""

import http.client
import re
from urllib.parse import urlsplit

import pytest

from tests.support.prober import Prober


def post(prober: Prober, service: str, target: str, host: str | None = None) -> int:
    """Send a call to the embedded AWS, and return the status of the answer."""
    address = urlsplit(prober.gateway.endpoints["aws"]).netloc
    scope = f"Credential=a/20260101/us-east-1/{service}/aws4_request"
    headers = {"Host": host or address, "X-Amz-Target": target, "Authorization": f"AWS4-HMAC-SHA256 {scope}"}
    connection = http.client.HTTPConnection(address)
    connection.request("POST", "/", b"{}", headers)
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize(
    ("service", "target", "reason"),
    [
        pytest.param("dynamodb", "DynamoDB_20120810.MakeCoffee", "AWS has no operation MakeCoffee", id="dynamodb"),
        pytest.param("sqs", "AmazonSQS.MakeTea", "AWS has no operation MakeTea", id="sqs"),
        pytest.param(
            "secretsmanager",
            "secretsmanager.MakeMilk",
            "The make_milk action has not been implemented",
            id="secretsmanager",
        ),
    ],
)
def test_an_operation_that_aws_does_not_have_is_one_line(
    default_prober: Prober, service: str, target: str, reason: str
) -> None:
    printed = len(default_prober.gateway.output.lines)
    assert post(default_prober, service, target) == 501
    default_prober.gateway.output.wait_for(re.escape(f"The embedded AWS (moto) cannot do that: {reason}"))
    assert not [line for line in default_prober.gateway.output.lines[printed:] if "Traceback" in line]


def test_a_refused_request_has_the_time(default_prober: Prober) -> None:
    assert post(default_prober, "sqs", "AmazonSQS.ListQueues", host="evil.example") == 403
    default_prober.gateway.output.wait_for(
        r"\d\d:\d\d:\d\d  \(AWS\) .*The embedded AWS refuses POST '/': .*'evil\.example'"
    )
