"""Functions that do what a record of a queue says, good or bad."""

import contextlib
import json
import os
import socket
from typing import Any

import boto3


def work(event: dict[str, Any], context: Any) -> Any:
    """Do what each record says, and report the records that say "fail"."""
    if "Records" not in event:
        return {"statusCode": 200, "body": "answered"}
    print("EVENT", json.dumps(event))
    failures = []
    for record in event["Records"]:
        order = json.loads(record["body"])
        if order["do"] == "fail":
            failures.append({"itemIdentifier": record["messageId"]})
        elif order["do"] == "raise":
            raise ValueError("told to")
        elif order["do"] == "meet":
            with contextlib.suppress(ConnectionError), socket.create_connection(("127.0.0.1", order["port"])) as test:
                test.recv(1)
    return {"batchItemFailures": failures}


def send(event: dict[str, Any], context: Any) -> Any:
    """Send a message to the queue that a client names, and answer with the error if there is one."""
    sqs = boto3.client("sqs")
    try:
        sqs.send_message_batch(
            QueueUrl=os.environ["PREFIX"] + json.loads(event["body"])["to"],
            Entries=[{"Id": "1", "MessageBody": json.dumps({"do": "nothing"})}],
        )
    except sqs.exceptions.ClientError as error:
        return {"statusCode": 200, "body": str(error)}
    return {"statusCode": 200, "body": "sent"}
