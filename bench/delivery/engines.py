"""
The engines that are compared: the hub's function, bare sockets, and boto3. Each posts a frame to many connections.

Each function in ENGINES takes the stub, and returns the engine. An engine takes the number of connections to post
to, and returns the number of connections that took the frame.

"""

import asyncio
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import SimpleNamespace
from typing import Any

import uvloop

from bench.delivery.bare_sockets import BareSockets
from bench.delivery.pages import connection_id
from bench.delivery.stub import Stub

Engine = Callable[[int], int]

FRAME = json.dumps({"type": "message", "id": "bench", "session": "s1", "from": "s0", "message": "x" * 150}).encode()
LOOP = "boto3, query and post"
"""The name of the engine that is the baseline for messages to few connections."""

THREADS = (32, 64, 128)
"""Sizes of the boto3 thread pool. The documents compare the hub with the fastest of them."""


def hub(stub: Stub) -> Engine:
    """Return the real handler, which looks up the sender, reads the session's rows and writes the ack."""
    os.environ |= {"TABLE_NAME": "t", "WEBSOCKET_ENDPOINT": stub.endpoint, "AUTH_MODE": "none"}
    os.environ |= {"AWS_ENDPOINT_URL_DYNAMODB": stub.dynamodb, "MESSAGE_RATE": "0", "MESSAGE_BURST": "20"}
    os.environ["POWERTOOLS_LOG_LEVEL"] = "WARNING"
    from on_send_message_lambda import lambda_handler

    context = SimpleNamespace(
        aws_request_id="1",
        function_name="MessageFunction",
        memory_limit_in_mb=1024,
        invoked_function_arn="arn",
        get_remaining_time_in_millis=lambda: 300_000,
    )

    def send(count: int) -> int:
        body = json.dumps({"action": "sendMessage", "sessions": [f"s{count}"], "message": "x" * 150})
        event = {"requestContext": {"connectionId": "sender="}, "body": body}
        ack = json.loads(lambda_handler(event, context)["body"])
        return int(ack["delivered"][f"s{count}"])

    return send


def boto3_client(stub: Stub, pool: int) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(max_pool_connections=pool)
    return boto3.client("apigatewaymanagementapi", endpoint_url=stub.endpoint, config=config)


def one_by_one(stub: Stub) -> Engine:
    """Return boto3 with one post after another, as AWS's samples do."""
    api = boto3_client(stub, 1)

    def send(count: int) -> int:
        return sum(bool(api.post_to_connection(ConnectionId=connection_id(n), Data=FRAME)) for n in range(count))

    return send


def threads(size: int, stub: Stub) -> Engine:
    """Return boto3 in a pool of threads."""
    api = boto3_client(stub, size)
    pool = ThreadPoolExecutor(size)

    def post(number: int) -> bool:
        return bool(api.post_to_connection(ConnectionId=connection_id(number), Data=FRAME))

    return lambda count: sum(pool.map(post, range(count)))


def query_and_post(stub: Stub) -> Engine:
    """Return the simplest loop over boto3, which reads the rows of a session and posts to each."""
    import boto3

    dynamodb = boto3.client("dynamodb", endpoint_url=stub.dynamodb)
    api = boto3.client("apigatewaymanagementapi", endpoint_url=stub.endpoint)

    def send(count: int) -> int:
        pages = dynamodb.get_paginator("query").paginate(
            TableName="t",
            ConsistentRead=True,
            KeyConditionExpression="session_id = :session",
            ExpressionAttributeValues={":session": {"S": f"s{count}"}},
        )
        posted = 0
        for page in pages:
            for item in page["Items"]:
                posted += bool(api.post_to_connection(ConnectionId=item["connection_id"]["S"], Data=FRAME))
        return posted

    return send


ENGINES: dict[str, Callable[[Stub], Engine]] = {
    "hub": hub,
    "bare sockets, asyncio": partial(BareSockets, asyncio.new_event_loop, FRAME),
    "bare sockets, uvloop": partial(BareSockets, uvloop.new_event_loop, FRAME),
    LOOP: query_and_post,
    "boto3, one by one": one_by_one,
    **{f"boto3, {size} threads": partial(threads, size) for size in THREADS},
}
