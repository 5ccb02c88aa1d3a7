"""
WebSocket framing (RFC 6455): from bytes to messages.

The websockets library implements the protocol, and the gateway does the input and output itself. This module changes
the protocol where API Gateway is stricter or more lenient.

"""

import codecs
import logging

from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

MAX_MESSAGE = 128 * 1024
"""The longest message from a client, in bytes. A longer one closes the connection with 1009 (quota)."""

MAX_FRAME = 32 * 1024
"""The longest frame from a client, in bytes. A longer one closes the connection with 1009 (quota)."""

QUIET = logging.getLogger("local.wire")
QUIET.setLevel(logging.CRITICAL)  # clients get an answer to their mistakes; the library's log lines may quote a token

_utf_8 = codecs.getincrementaldecoder("utf-8")


class Framing(ServerProtocol):
    """
    The server's side of a connection, which also joins the fragments of a message.

    Text is decoded as it arrives: invalid UTF-8 fails the connection with 1007 at once, and later messages are not
    taken. A client may send a close frame between the fragments of a message.

    """

    def __init__(self) -> None:
        super().__init__(max_size=(MAX_MESSAGE, MAX_FRAME), logger=QUIET)
        self._decoder: codecs.IncrementalDecoder | None = None
        self._text = ""
        self._messages: list[str | None] = []

    def messages(self) -> list[str | None]:
        """Return the messages that have arrived since the last call. None stands for a binary message."""
        self.events_received()  # discards the library's copy of the frames
        messages, self._messages = self._messages, []
        return messages

    def recv_frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.CLOSE:
            self.current_size = None
        super().recv_frame(frame)
        if frame.opcode is Opcode.BINARY:
            self._messages.append(None)
        elif frame.opcode is Opcode.TEXT:
            if frame.fin:
                self._messages.append(str(frame.data, "utf-8"))
            else:
                self._decoder = _utf_8()
                self._text = self._decoder.decode(frame.data)
        elif frame.opcode is Opcode.CONT and self._decoder:
            self._text += self._decoder.decode(frame.data, frame.fin)
            if frame.fin:
                self._messages.append(self._text)
                self._decoder, self._text = None, ""
