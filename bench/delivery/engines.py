"""
The engines that are compared: the hub's function, bare sockets, and boto3. Most post a frame to many connections.

Each function in ENGINES takes the stub, and returns the engine. An engine takes the number of connections to post
to, and returns the number of connections that took the frame. The engines for history count sessions or clients.

"""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import uvloop

from bench.delivery.bare_sockets import BareSockets
from bench.delivery.hub_engines import HISTORY_SECONDS, PAGE_FRAMES, Engine, hub, resume, to_sessions
from bench.delivery.pages import connection_id
from bench.delivery.stored import TABLE
from bench.delivery.stub import Stub

FRAME = json.dumps({"type": "message", "id": "bench", "session": "s1", "from": "s0", "message": "x" * 150}).encode()
LOOP = "boto3, query and post"
"""The name of the engine that is the baseline for messages to few connections."""

WITHOUT, WITH = "hub, to sessions", "hub, to sessions with history"
NOTHING, PAGE = "hub, resume nothing", "hub, resume a page"
WRITES = "boto3, number and put"
"""The names of the engines that show what history takes."""

THREADS = (32, 64, 128)
"""Sizes of the boto3 thread pool. The documents compare the hub with the fastest of them."""


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


NUMBER: dict[str, Any] = {
    "UpdateExpression": "SET #last = if_not_exists(#last, :start) + :one, expires_at = :expires_at",
    "ExpressionAttributeNames": {"#last": "last"},
    "ExpressionAttributeValues": {
        ":start": {"N": "1795000000000000"},
        ":one": {"N": "1"},
        ":expires_at": {"N": "1829000000"},
    },
    "ReturnValues": "UPDATED_NEW",
}
ENTRY = {
    "frame": {"S": FRAME.decode()},
    "at": {"N": "1795000000000"},
    "until": {"N": "1795000600000"},
    "expires_at": {"N": "1795004200"},
}
"""What the two writes of history say, except for the session and the number."""


def number_and_put(stub: Stub) -> Engine:
    """Return boto3 with the two writes of history, for one session after another, without anything else."""
    import boto3

    dynamodb = boto3.client("dynamodb", endpoint_url=stub.dynamodb)

    def store(count: int) -> int:
        for session in (f"boto3.{number}" for number in range(count)):
            key = {"session_id": {"S": session}, "seq": {"N": "0"}}
            number = dynamodb.update_item(TableName=TABLE, Key=key, **NUMBER)["Attributes"]["last"]
            item = key | ENTRY | {"seq": number}
            dynamodb.put_item(TableName=TABLE, Item=item, ConditionExpression="attribute_not_exists(session_id)")
        return count

    return store


ENGINES: dict[str, Callable[[Stub], Engine]] = {
    "hub": hub,
    "bare sockets, asyncio": partial(BareSockets, asyncio.new_event_loop, FRAME),
    "bare sockets, uvloop": partial(BareSockets, uvloop.new_event_loop, FRAME),
    LOOP: query_and_post,
    "boto3, one by one": one_by_one,
    **{f"boto3, {size} threads": partial(threads, size) for size in THREADS},
    WITHOUT: partial(to_sessions, 0),
    WITH: partial(to_sessions, HISTORY_SECONDS),
    NOTHING: partial(resume, 0),
    PAGE: partial(resume, PAGE_FRAMES),
    WRITES: number_and_put,
}
