"""What goes wrong: what the user asked for and cannot have, and what is the gateway's own mistake."""

import contextlib
from collections.abc import Callable, Iterator


class CannotDo(Exception):
    """What the user asked for cannot be done. The text is a whole sentence, and the status 1."""


class Fault(Exception):
    """A mistake of the gateway's own. It has been printed; clients learn that there was one, and not which."""


@contextlib.contextmanager
def faults(report: Callable[[Exception], None], *expected: type[Exception]) -> Iterator[None]:
    """
    Report what nobody expects, once, and raise Fault instead of it.

    Args:
        expected: Errors that pass as they are, because the caller has an answer to them.

    """
    try:
        yield
    except expected:
        raise
    except Exception as error:
        report(error)
        raise Fault from error
