"""The embedded AWS's SQS, called without waiting for messages and without blocking the event loop."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp

from local.credentials import CREDENTIALS
from local.place import Place

MAX_MESSAGES = 10
"""Messages that one call receives or deletes (quota)."""

TIMEOUT = aiohttp.ClientTimeout(total=10)
"""Seconds for a call, as for the gateway's other calls of the embedded AWS."""

Message = dict[str, Any]
"""A message as ReceiveMessage returns it."""


class SqsError(Exception):
    """SQS has refused a call: for example, the queue does not exist any more. The text is a sentence."""


@dataclass(frozen=True)
class Sqs:
    """
    Attributes:
        session: Makes the HTTP requests.
        aws: URL of the embedded AWS.
        place: The region and the account of the queues.

    """

    session: aiohttp.ClientSession
    aws: str
    place: Place

    async def receive(self, queue: str, count: int) -> list[Message]:
        """
        Return up to ``count`` messages of a queue, at most 10, without waiting for any.

        Raises:
            SqsError: If the queue cannot be read.
            aiohttp.ClientError, TimeoutError: If the embedded AWS does not answer.

        """
        everything = ["All"]
        answer = await self._call(
            "ReceiveMessage",
            queue,
            MaxNumberOfMessages=min(count, MAX_MESSAGES),
            WaitTimeSeconds=0,  # a long poll would occupy a thread of the embedded AWS
            MessageAttributeNames=everything,
            MessageSystemAttributeNames=everything,
        )
        messages: list[Message] = answer.get("Messages", [])
        return messages

    async def delete(self, queue: str, messages: Sequence[Message]) -> None:
        """Delete any number of received messages. Raises what ``receive`` raises."""
        for start in range(0, len(messages), MAX_MESSAGES):
            some = messages[start : start + MAX_MESSAGES]
            handles = [{"Id": str(index), "ReceiptHandle": each["ReceiptHandle"]} for index, each in enumerate(some)]
            await self._call("DeleteMessageBatch", queue, Entries=handles)

    async def _call(self, operation: str, queue: str, **parameters: Any) -> dict[str, Any]:
        key, region = CREDENTIALS["AWS_ACCESS_KEY_ID"], self.place.region
        headers = {
            "Authorization": f"AWS4-HMAC-SHA256 Credential={key}/20260101/{region}/sqs/aws4_request",
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": f"AmazonSQS.{operation}",
        }
        body = json.dumps({"QueueUrl": f"{self.aws}/{self.place.account}/{queue}", **parameters})
        async with self.session.post(self.aws, data=body, headers=headers, timeout=TIMEOUT) as response:
            text = await response.text()
        if response.status != HTTPStatus.OK:
            raise SqsError(f"SQS refuses {operation}: {text}")
        answer: dict[str, Any] = json.loads(text)
        return answer
