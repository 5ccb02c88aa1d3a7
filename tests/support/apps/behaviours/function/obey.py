"""Functions that print every event they get, and do what it says: ``$connect`` by its query, messages by their body."""

import json
import time
from typing import Any

import boto3
from botocore.exceptions import ClientError
from obey_results import RESULTS


def connect(event: dict[str, Any], context: Any) -> Any:
    print("EVENT", json.dumps(event))
    query = event.get("queryStringParameters") or {}
    what = query.get("do", "accept")
    if what == "raise":
        raise ValueError("told to")
    if what == "sleep":
        time.sleep(float(query["for"]))
    if what == "post":
        print("POSTED", json.dumps({"tag": query["tag"], "outcome": post(event, "too early")}))
    headers = {"X-Own": "1"}
    if protocol := query.get("protocol"):
        headers["Sec-WebSocket-Protocol"] = protocol
    answer = {"statusCode": int(query.get("status", 200)), "body": "of the handler", "headers": headers}
    if protocol := query.get("protocols"):
        answer["multiValueHeaders"] = {"Sec-WebSocket-Protocol": [protocol]}
    return RESULTS.get(what, answer)


def message(event: dict[str, Any], context: Any) -> Any:
    print("EVENT", json.dumps(event))
    try:
        order = json.loads(event["body"])
    except ValueError:
        order = {}
    what = order.get("do", "event") if isinstance(order, dict) else "event"
    if what == "raise":
        raise ValueError("told to")
    if what == "sleep":
        time.sleep(order["for"])
    if what == "post":
        return {"statusCode": 200, "body": json.dumps(post(event, "posted", order.get("to")))}
    if what == "answer":
        return order["with"]
    if what in RESULTS:
        return RESULTS[what]
    return {"statusCode": 200, "body": json.dumps(event)}


def disconnect(event: dict[str, Any], context: Any) -> Any:
    print("EVENT", json.dumps(event))
    print("POSTED", json.dumps({"id": event["requestContext"]["connectionId"], "outcome": post(event, "too late")}))
    if event["requestContext"]["disconnectReason"] == "fail":
        raise ValueError("told to")


def post(event: dict[str, Any], text: str, to: str | None = None) -> str:
    """Post as most handlers do: to an address made of the event. Return what came of it."""
    context = event["requestContext"]
    url = f"https://{context['domainName']}/{context['stage']}"
    api = boto3.client("apigatewaymanagementapi", endpoint_url=url)
    try:
        api.post_to_connection(ConnectionId=to or context["connectionId"], Data=text)
    except ClientError as error:
        return f"{type(error).__name__} {error.response['Error']['Code']} {error.response['Error'].get('Message', '')}"
    return "delivered"
