"""What a handler returns to API Gateway, and the one place that turns errors into answers."""

import functools
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NotRequired, Protocol, TypeAlias, TypedDict

from hub import frames, metrics, replies
from hub.errors import HubError, Internal
from hub.log import logger

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


Handler: TypeAlias = Callable[[Event, Context], Answer]
Refuse: TypeAlias = Callable[[HubError, Event, Context], Answer]


def refuse_handshake(error: HubError, event: Event, context: Context) -> Answer:
    """Answer with the error's status. The body is for logs and for the local gateway."""
    return {"statusCode": int(error.status), "body": json.dumps({"code": error.code, "message": str(error)})}


def refuse_frame(error: HubError, event: Event, context: Context) -> Answer:
    """Answer with an error frame, which has the id of the refused frame if that id is valid."""
    request_id = context.aws_request_id if isinstance(error, Internal) else None
    return reply(replies.error(error, frames.salvage_id(event.get("body")), request_id))


def reply(frame: str) -> Answer:
    """Answer with a frame, which API Gateway sends back to the client."""
    return {"statusCode": int(HTTPStatus.OK), "body": frame}


def answers_errors(refuse: Refuse) -> Callable[[Handler], Handler]:
    """
    Return a decorator for handlers, which turns an exception into an answer and logs the exception once.

    The client learns what it did wrong, and never what broke in the hub.

    Args:
        refuse: Makes the answer from the error.

    """

    def decorate(handler: Handler) -> Handler:
        @logger.inject_lambda_context(clear_state=True, log_event=False)  # even if the environment switches it on
        @functools.wraps(handler)
        def lambda_handler(event: Event, context: Context) -> Answer:
            logger.append_keys(connection_id=event["requestContext"]["connectionId"])
            try:
                return handler(event, context)
            except HubError as error:
                if error.is_refusal:
                    metrics.refused(error.code)
                    logger.warning("refused", code=error.code, status=int(error.status), reason=str(error))
                else:
                    logger.info("answered", code=error.code, reason=str(error))
                return refuse(error, event, context)
            except Exception:  # noqa: BLE001 - the one place that maps errors
                metrics.count("Faults")
                logger.exception("failed")
                return refuse(Internal("The hub failed. The fault is not yours."), event, context)
            finally:
                metrics.flush()

        return lambda_handler

    return decorate
