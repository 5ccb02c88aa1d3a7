"""What a handler returns to API Gateway, and the one place that maps errors to it."""

import functools
import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NotRequired, Protocol, TypeAlias, TypedDict

from hub import frames, metrics
from hub.errors import HubError, Internal
from hub.log import logger

Event: TypeAlias = dict[str, Any]


class Context(Protocol):
    """The part of Lambda's context that the hub reads."""

    @property
    def aws_request_id(self) -> str: ...

    def get_remaining_time_in_millis(self) -> int: ...


class Answer(TypedDict):
    """
    A Lambda proxy result. API Gateway refuses one with any other key.

    On ``$connect`` any status but 2xx refuses the handshake, and the body never
    reaches the client. On a two-way route the body is the frame sent back, and
    nobody sees the status.

    """

    statusCode: int
    headers: NotRequired[dict[str, str]]
    body: NotRequired[str]


Handler: TypeAlias = Callable[[Event, Context], Answer]
Refuse: TypeAlias = Callable[[HubError, Event, Context], Answer]


def refuse_handshake(error: HubError, event: Event, context: Context) -> Answer:
    """Answer the error's status. The body is for logs and local tools."""
    return {"statusCode": int(error.status), "body": json.dumps({"code": error.code, "message": str(error)})}


def refuse_frame(error: HubError, event: Event, context: Context) -> Answer:
    """Answer an error frame, with the refused frame's id if it had a valid one."""
    request_id = context.aws_request_id if isinstance(error, Internal) else None
    return reply(frames.error(error, frames.salvage_id(event.get("body")), request_id))


def reply(frame: str) -> Answer:
    """Send a frame back to the client that a two-way route heard from."""
    return {"statusCode": int(HTTPStatus.OK), "body": frame}


def answers_errors(refuse: Refuse) -> Callable[[Handler], Handler]:
    """
    Turn what a handler raises into an answer, and log it once.

    The client learns what it did wrong, never what broke in us.

    """

    def decorate(handler: Handler) -> Handler:
        @logger.inject_lambda_context(clear_state=True, log_event=False)  # whatever the environment says
        @functools.wraps(handler)
        def lambda_handler(event: Event, context: Context) -> Answer:
            logger.append_keys(connection_id=event["requestContext"]["connectionId"])
            try:
                return handler(event, context)
            except HubError as error:
                metrics.refused(error.code)
                logger.warning("refused", code=error.code, status=int(error.status), reason=str(error))
                return refuse(error, event, context)
            except Exception:  # noqa: BLE001 - the one place that maps errors
                metrics.count("Faults")
                logger.exception("failed")
                return refuse(Internal("The hub failed. The fault is not yours."), event, context)
            finally:
                metrics.flush()

        return lambda_handler

    return decorate
