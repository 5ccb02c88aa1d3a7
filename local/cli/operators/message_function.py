"""One invocation of MessageFunction, and what its answer means."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.config import Config
from botocore.exceptions import ConnectionClosedError, IncompleteReadError, ReadTimeoutError, ResponseStreamingError

from local.cli.operators.aws_errors import explained
from local.errors import CannotDo

ANSWER_TIMEOUT = 40
"""Seconds to wait for an answer. The function has 28 seconds, and a cold start comes before them."""

CONFIG = Config(connect_timeout=5, read_timeout=ANSWER_TIMEOUT, retries={"total_max_attempts": 1, "mode": "standard"})
"""An invocation is not repeated: a ``close`` whose answer was lost would close the connections that came after it."""

LONGEST = 200
"""Characters of an answer that a sentence quotes."""


class Refused(CannotDo):
    """
    The hub answers with an error.

    Attributes:
        answer: Its error object.

    """

    def __init__(self, answer: Mapping[str, Any]) -> None:
        request_id = answer.get("request_id")
        advice = f" Look for the request id {request_id} in the hub's log." if request_id else ""
        super().__init__(f"The hub answers {answer.get('code')}: {answer.get('message')}.{advice}")
        self.answer = answer


class NoAnswer(CannotDo):
    """The hub was asked, and did not answer. It may have done what it was asked for."""


@dataclass(frozen=True)
class MessageFunction:
    """
    The function that answers invocations of a hub.

    Attributes:
        client: A client of Lambda, with CONFIG.
        name: The function's name or ARN.
        by: Who asks, for the hub's log. Empty if it is unknown.
        log: Where the function's log is, as part of a sentence.

    """

    client: Any
    name: str
    by: str
    log: str

    def ask(self, verb: str, members: Mapping[str, Any], *expected: str) -> dict[str, Any]:
        """
        Invoke the function, and return the hub's answer.

        Args:
            verb: The member ``hub`` of the event.
            members: The other members of the event.
            expected: Members that the answer must have.

        Raises:
            Refused: If the hub answers with an error.
            NoAnswer: If the answer does not come.
            CannotDo: If the function cannot be invoked, fails, or does not answer as a hub does.

        """
        event = {"hub": verb, **members, **({"by": self.by} if self.by else {})}
        with explained("The invocation of MessageFunction"):
            try:
                answer = self.client.invoke(FunctionName=self.name, Payload=json.dumps(event).encode())
                payload = answer["Payload"].read()
            except ReadTimeoutError:
                raise self._no_answer(f"did not answer within {ANSWER_TIMEOUT} seconds") from None
            except (ConnectionClosedError, ResponseStreamingError, IncompleteReadError):
                raise self._no_answer("closed the connection without an answer") from None
        return self._read(payload, "FunctionError" in answer, expected)

    def _no_answer(self, what: str) -> NoAnswer:
        return NoAnswer(f"The hub {what}, and may have done it all the same. Look at {self.log}.")

    def _read(self, payload: bytes, failed: bool, expected: tuple[str, ...]) -> dict[str, Any]:
        try:
            answer = json.loads(payload)
        except ValueError:
            answer = None
        if failed:
            error = answer if isinstance(answer, dict) else {}
            reason = f"{error.get('errorType', 'error')}: {error.get('errorMessage', _quoted(payload))}"
            raise CannotDo(f"MessageFunction failed ({' '.join(reason.split())}). Look at {self.log}.")
        if isinstance(answer, dict) and answer.get("type") == "error":
            raise Refused(answer)
        if not isinstance(answer, dict) or not answer.keys() >= {*expected}:
            raise CannotDo(
                f"The function does not answer as a hub does: {_quoted(payload)}. Is it older than this command?"
            )
        return answer


def _quoted(payload: bytes) -> str:
    text = payload.decode(errors="replace")
    return f"{text[:LONGEST]}…" if len(text) > LONGEST else text or "nothing"
