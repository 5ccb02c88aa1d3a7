"""What a handler returns to API Gateway, and the one place that turns errors into answers."""

import functools
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NotRequired, Protocol, TypeAlias, TypedDict, TypeVar

from hub import frames, metrics, replies, strict_json
from hub.errors import HubError, Internal
from hub.log import logger

T = TypeVar("T")

Event: TypeAlias = dict[str, Any]


class Context(Protocol):
    """The part of Lambda's context object that the hub reads."""

    @property
    def aws_request_id(self) -> str: ...

    def get_remaining_time_in_millis(self) -> int: ...


class Answer(TypedDict):
    """
    The result of a Lambda proxy integration. API Gateway refuses a result with any other key.

    On ``$connect`` any status but 2xx refuses the handshake, and the client never receives the body. On a route with
    a response (such as ``sendMessage``) the client receives the body as a frame, and never sees the status.

    """

    statusCode: int
    headers: NotRequired[dict[str, str]]
    body: NotRequired[str]


Handler: TypeAlias = Callable[[Event, Context], T]
Refuse: TypeAlias = Callable[[HubError, Event, Context], T]


def refuse_handshake(error: HubError, event: Event, context: Context) -> Answer:
    """Answer with the error's status. The body is for logs and for the local gateway."""
    return {"statusCode": int(error.status), "body": json.dumps({"code": error.code, "message": str(error)})}


def refuse_frame(error: HubError, event: Event, context: Context) -> Answer:
    """Answer with an error frame, which has the id of the refused frame if that id is valid."""
    refusal = replies.error(error, frames.salvage_id(event.get("body")), context.aws_request_id)
    return reply(strict_json.dumps(refusal))


def refuse_invocation(error: HubError, event: Event, context: Context) -> Answer | replies.Reply:
    """Answer whoever invoked the function, with an error as clients get it."""
    return replies.error(error, None, context.aws_request_id)


def reply(frame: str) -> Answer:
    """Answer with a frame, which API Gateway sends back to the client."""
    return {"statusCode": int(HTTPStatus.OK), "body": frame}


def answers_errors(refuse: Refuse[T]) -> Callable[[Handler[T]], Handler[T]]:
    """
    Return a decorator for handlers, which turns an exception into an answer: see ``attempt``.

    Args:
        refuse: Makes the answer from the error.

    """

    def decorate(handler: Handler[T]) -> Handler[T]:
        @logger.inject_lambda_context(clear_state=True, log_event=False)  # even if the environment switches it on
        @functools.wraps(handler)
        def lambda_handler(event: Event, context: Context) -> T:
            return attempt(lambda: handler(event, context), lambda error: refuse(error, event, context))

        return lambda_handler

    return decorate


def attempt(work: Callable[[], T], refuse: Callable[[HubError], T]) -> T:
    """
    Do some work, log an exception once, and turn the exception into an answer. Print the metrics of the work.

    The caller learns what it did wrong, and never what broke in the hub.

    Args:
        refuse: Makes the answer from the error.

    """
    try:
        return work()
    except HubError as error:
        if error.is_refusal:
            metrics.refused(error.code)
            logger.warning("refused", code=error.code, status=int(error.status), reason=str(error))
        else:
            logger.info("answered", code=error.code, reason=str(error))
        return refuse(error)
    except Exception:  # noqa: BLE001 - the one place that maps errors
        metrics.count("Faults")
        logger.exception("failed")
        return refuse(Internal("The hub failed. The fault is not yours."))
    finally:
        metrics.flush()
