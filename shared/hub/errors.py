"""
Every refusal the hub makes on purpose, with its code and its status.

* HubError
    * BadJson             400  bad_json              the frame is not a JSON object
    * BadRequest          400  bad_request           a part is missing or malformed
    * UnknownAction       400  unknown_action        nobody handles this action
    * Unauthorized        401  unauthorized          there is no token, or none that is valid
    * Expired             401  expired               the sender's credential has run out
    * Forbidden           403  forbidden             we read it, and this client may not do it
    * NotConnected        410  not_connected         the sender has no live row
    * MessageTooLarge     413  message_too_large     a delivered frame would be too long
    * RateLimited         429  rate_limited          the sender sends too fast
    * TooManyConnections  429  too_many_connections  the session has as many as it may have
    * Internal            500  internal              our fault; the client learns nothing else

Anything else that escapes a handler is our fault too: ``answers`` logs it with
its traceback and answers Internal. A status opens or refuses a handshake; an
error frame carries the code.

"""

from http import HTTPStatus
from typing import ClassVar


class HubError(Exception):
    """
    A refusal. Its text is a whole sentence that a client may read.

    Attributes:
        field: The member or parameter at fault, such as ``sessions[1]``.
        retry_after_ms: Milliseconds after which the same may succeed.

    """

    code: ClassVar[str]
    status: ClassVar[HTTPStatus]
    retry_after_ms: int | None = None

    def __init__(self, text: str, field: str | None = None) -> None:
        super().__init__(text)
        self.field = field


class BadJson(HubError):
    code = "bad_json"
    status = HTTPStatus.BAD_REQUEST


class BadRequest(HubError):
    code = "bad_request"
    status = HTTPStatus.BAD_REQUEST


class UnknownAction(HubError):
    code = "unknown_action"
    status = HTTPStatus.BAD_REQUEST


class Unauthorized(HubError):
    code = "unauthorized"
    status = HTTPStatus.UNAUTHORIZED


class Expired(HubError):
    code = "expired"
    status = HTTPStatus.UNAUTHORIZED


class Forbidden(HubError):
    code = "forbidden"
    status = HTTPStatus.FORBIDDEN


class NotConnected(HubError):
    code = "not_connected"
    status = HTTPStatus.GONE


class MessageTooLarge(HubError):
    code = "message_too_large"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class RateLimited(HubError):
    code = "rate_limited"
    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, text: str, retry_after_ms: int) -> None:
        super().__init__(text)
        self.retry_after_ms = retry_after_ms


class TooManyConnections(HubError):
    code = "too_many_connections"
    status = HTTPStatus.TOO_MANY_REQUESTS


class Internal(HubError):
    code = "internal"
    status = HTTPStatus.INTERNAL_SERVER_ERROR
