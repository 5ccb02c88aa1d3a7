"""
Every refusal the hub makes on purpose, with its code and its status.

* HubError
    * BadJson          400  bad_json           the frame is not a JSON object
    * BadRequest       400  bad_request        a part is missing or malformed
    * UnknownAction    400  unknown_action     nobody handles this action
    * Forbidden        403  forbidden          we read it, and this client may not do it
    * NotConnected     410  not_connected      the sender has no live row
    * MessageTooLarge  413  message_too_large  a delivered frame would be too long
    * Internal         500  internal           our fault; the client learns nothing else

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

    """

    code: ClassVar[str]
    status: ClassVar[HTTPStatus]

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


class Forbidden(HubError):
    code = "forbidden"
    status = HTTPStatus.FORBIDDEN


class NotConnected(HubError):
    code = "not_connected"
    status = HTTPStatus.GONE


class MessageTooLarge(HubError):
    code = "message_too_large"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class Internal(HubError):
    code = "internal"
    status = HTTPStatus.INTERNAL_SERVER_ERROR
