"""RFC 6455, which is the ``websockets`` library's without its I/O, and what is stricter or laxer here than there."""

import codecs
import logging

from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

MAX_MESSAGE = 128 * 1024
"""Bytes of a message from a client; a longer one closes with 1009 (quota)."""

MAX_FRAME = 32 * 1024
"""Bytes of a frame from a client; a longer one closes with 1009 (quota)."""

QUIET = logging.getLogger("local.wire")
QUIET.setLevel(logging.CRITICAL)  # what clients do wrong is answered; the library's words may quote a token

_utf_8 = codecs.getincrementaldecoder("utf-8")


class Framing(ServerProtocol):
    """
    A protocol that puts messages together.

    Text is decoded as it comes, so that what is no UTF-8 fails at once, with 1007, and nothing
    behind it is taken. A close may come between the fragments of a message.

    """

    def __init__(self) -> None:
        super().__init__(max_size=(MAX_MESSAGE, MAX_FRAME), logger=QUIET)
        self._decoder: codecs.IncrementalDecoder | None = None
        self._text = ""
        self._messages: list[str | None] = []

    def messages(self) -> list[str | None]:
        """Return what has come since the last call: texts, and None for a binary message, of which only that counts."""
        self.events_received()  # the frames themselves, which nobody wants twice
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
