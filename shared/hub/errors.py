"""
Every refusal that the hub makes on purpose, with its code and its status.

* HubError
    * BadJson             400  bad_json              the frame is not a strict JSON object
    * BadRequest          400  bad_request           a member, parameter or header is missing or malformed
    * UnknownAction       400  unknown_action        there is no such action
    * Unauthorized        401  unauthorized          the token is missing or not valid
    * Expired             401  expired               the sender's credential has expired
    * Forbidden           403  forbidden             this client may not do that
    * NoHistory           404  no_history            no history is kept for the sender's session
    * NotConnected        410  not_connected         the sender has no live row
    * MessageTooLarge     413  message_too_large     the delivered frame would be too long
    * RateLimited         429  rate_limited          the sender sends too fast
    * TooManyConnections  429  too_many_connections  the session has as many connections as it may have
    * Internal            500  internal              a fault of the hub; the client learns nothing else

Any other exception that a handler raises is a fault of the hub too: ``answers`` logs it with its traceback and
answers Internal. A handshake is refused with the status, and a frame with an error frame, which carries the code.

"""

from http import HTTPStatus
from typing import ClassVar


class HubError(Exception):
    """
    A refusal. Its text is a sentence for developers of clients.

    Attributes:
        is_refusal: Whether the client has done something that it should not do. Operators hear of many refusals.
        field: The member, parameter or header at fault, such as ``sessions[1]``.
        retry_after_ms: Milliseconds after which the same frame may be accepted.

    """

    code: ClassVar[str]
    status: ClassVar[HTTPStatus]
    is_refusal: ClassVar[bool] = True
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


class NoHistory(HubError):
    code = "no_history"
    status = HTTPStatus.NOT_FOUND
    is_refusal = False  # a client can learn only by asking whether history is kept


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
