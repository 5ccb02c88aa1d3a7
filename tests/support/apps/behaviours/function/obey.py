"""
Handlers that print their event and do what it says.

The order for ``$connect`` is the parameter ``do`` of its query. The order of a message is the member ``do`` of its
body.

"""

import contextlib
import json
import socket
from typing import Any

import boto3
from botocore.exceptions import ClientError
from obey_results import RESULTS


def connect(event: dict[str, Any], context: Any) -> Any:
    print("EVENT", json.dumps(event))
    query = event.get("queryStringParameters") or {}
    order = query.get("do", "accept")
    if order == "raise":
        raise ValueError("told to")
    if order == "wait":
        wait(int(query["port"]))
    if order == "post":
        print("POSTED", json.dumps({"tag": query["tag"], "outcome": post(event, "too early")}))
    headers = {"X-Own": "1"}
    if protocol := query.get("protocol"):
        headers["Sec-WebSocket-Protocol"] = protocol
    answer = {"statusCode": int(query.get("status", 200)), "body": "of the handler", "headers": headers}
    if protocol := query.get("protocols"):
        answer["multiValueHeaders"] = {"Sec-WebSocket-Protocol": [protocol]}
    return RESULTS.get(order, answer)


def message(event: dict[str, Any], context: Any) -> Any:
    print("EVENT", json.dumps(event))
    try:
        body = json.loads(event["body"])
    except ValueError:
        body = {}
    order = body.get("do", "event") if isinstance(body, dict) else "event"
    if order == "raise":
        raise ValueError("told to")
    if order == "wait":
        wait(body["port"])
        print("WAITED", event["requestContext"]["requestId"])
    if order == "post":
        return {"statusCode": 200, "body": json.dumps(post(event, "posted", body.get("to")))}
    if order == "answer":
        return body["with"]
    if order in RESULTS:
        return RESULTS[order]
    return {"statusCode": 200, "body": json.dumps(event)}


def disconnect(event: dict[str, Any], context: Any) -> Any:
    print("EVENT", json.dumps(event))
    print("POSTED", json.dumps({"id": event["requestContext"]["connectionId"], "outcome": post(event, "too late")}))
    if event["requestContext"]["disconnectReason"] == "fail":
        raise ValueError("told to")


def wait(port: int) -> None:
    """Wait at a gate of the test (tests/support/gate.py) until the test opens it."""
    with contextlib.suppress(ConnectionError), socket.create_connection(("127.0.0.1", port)) as gate:
        gate.recv(1)


def post(event: dict[str, Any], text: str, to: str | None = None) -> str:
    """Post to the address that most handlers compute from the event. Return the outcome."""
    context = event["requestContext"]
    url = f"https://{context['domainName']}/{context['stage']}"
    api = boto3.client("apigatewaymanagementapi", endpoint_url=url)
    try:
        api.post_to_connection(ConnectionId=to or context["connectionId"], Data=text)
    except ClientError as error:
        return f"{type(error).__name__} {error.response['Error']['Code']} {error.response['Error'].get('Message', '')}"
    return "delivered"
