"""Records of a queue, into which backends put messages."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from callers.backends import Backends
from hub import published
from hub.answers import attempt
from hub.errors import HubError, Internal
from hub.log import logger
from hub.replies import batch_item_failures

if TYPE_CHECKING:
    from callers.dead_letters import DeadLetters


class Records:
    """
    Sends the messages of records.

    Args:
        dead_letters_url: URL of the queue for malformed records. Empty: there is none. Then malformed records fail, and
            the queue that they came from decides what becomes of them.

    """

    def __init__(self, backends: Backends, dead_letters_url: str) -> None:
        self._backends = backends
        self._dead_letters_url = dead_letters_url

    def deliver(self, records: list[dict[str, Any]], time_left: Callable[[], float]) -> dict[str, Any]:
        """
        Send the message of each record. SQS delivers those records again that the answer names.

        Args:
            time_left: Returns the seconds until the answer must be there.

        """
        return batch_item_failures([record["messageId"] for record in records if not self._is_done(record, time_left)])

    def _is_done(self, record: dict[str, Any], time_left: Callable[[], float]) -> bool:
        """Return whether SQS can forget a record."""
        logger.append_keys(message_id=None, record=record["messageId"])
        return attempt(lambda: self._send(record, time_left()), lambda error: self._refuse(record, error))

    def _send(self, record: dict[str, Any], seconds: float) -> bool:
        """Return whether somebody has got the message, or nobody is there. Otherwise, another attempt may help."""
        # A record that is delivered again has the same id. So clients drop the message if they have got it already.
        ack = self._backends.send(published.parse(record["body"]), record["messageId"], seconds)
        return bool(ack["delivered"]) or not ack["failed"]

    def _refuse(self, record: dict[str, Any], error: HubError) -> bool:
        """Put a malformed record among the dead letters, because no other attempt could help."""
        if isinstance(error, Internal) or not self._dead_letters_url:
            return False
        return attempt(lambda: self._bury(record["body"]), lambda _: False)

    def _bury(self, body: str) -> bool:
        self._dead_letters.put(body)
        return True

    @functools.cached_property
    def _dead_letters(self) -> "DeadLetters":
        from callers.dead_letters import DeadLetters

        return DeadLetters(self._dead_letters_url)
