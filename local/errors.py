"""The two kinds of errors: requests of the user that cannot be met, and faults of the gateway itself."""

from collections.abc import Callable


class CannotDo(Exception):
    """A command cannot do what the user asked for. The text is a whole sentence; the exit status is 1."""


class Fault(Exception):
    """The gateway itself failed. The fault has been printed. Clients learn that there was a fault, but not which."""


class faults:  # noqa: N801 - read as a context manager: with faults(…)
    """
    Reports an unexpected exception once, and raises Fault in its place.

    Args:
        report: Prints the exception.
        expected: Classes of exceptions that pass unchanged, because the caller handles them.

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
