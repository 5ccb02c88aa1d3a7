"""What goes wrong: what the user asked for and cannot have, and what is the gateway's own mistake."""

from collections.abc import Callable


class CannotDo(Exception):
    """What the user asked for cannot be done. The text is a whole sentence, and the status 1."""


class Fault(Exception):
    """A mistake of the gateway's own. It has been printed; clients learn that there was one, and not which."""


class faults:  # noqa: N801 - used as a context manager is: with faults(…)
    """
    Reports what nobody expects, once, and raises Fault instead of it.

    Args:
        expected: Errors that pass as they are, because the caller has an answer to them.

    """

    __slots__ = ("_expected", "_report")

    def __init__(self, report: Callable[[Exception], None], *expected: type[Exception]) -> None:
        self._report = report
        self._expected = expected

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, self._expected):
            self._report(error)
            raise Fault from error
