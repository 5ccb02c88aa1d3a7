"""
The queue PublishDeadLetters, for records that no further attempt could deliver.

Records of a queue are rarely malformed. So this module, and boto3 with it, is imported when the first of them comes.

"""

import time

import boto3
from botocore.config import Config

from hub.asking import Service

WITHIN = 5.0
"""Seconds until SQS must have taken a record."""

CONFIG = Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 3})


class DeadLetters:
    """
    Args:
        url: Of the queue.
        within: See WITHIN.

    """

    def __init__(self, url: str, within: float = WITHIN) -> None:
        self._url = url
        self._within = within
        self._client = boto3.client("sqs", config=CONFIG)
        self._service = Service("SQS")

    def put(self, body: str) -> None:
        """
        Put the body of a record into the queue, unchanged.

        Raises:
            ClientError: If SQS refuses the body.
            BotoCoreError: If SQS does not answer in time.

        """
        deadline = time.monotonic() + self._within
        self._service.ask(self._client.send_message, deadline, QueueUrl=self._url, MessageBody=body)
