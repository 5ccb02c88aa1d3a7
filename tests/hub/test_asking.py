"""How the hub asks a service: what happens to calls that do not end, and to answers that cannot be read."""

import threading
import time
from collections.abc import Iterator

import pytest
from botocore.exceptions import BotoCoreError

from hub.asking import NoAnswer, Service, Unreadable


@pytest.fixture
def over() -> Iterator[threading.Event]:
    """An event for which calls wait. It happens at the end of the test."""
    event = threading.Event()
    yield event
    event.set()


def test_calls_that_do_not_end_are_bounded_and_the_service_works_when_they_end(over: threading.Event) -> None:
    service, began = Service("Any", max_calls=3), []

    def never_end() -> None:
        began.append(threading.current_thread())
        over.wait()

    for _ in range(10):
        with pytest.raises(NoAnswer, match=r"^Any did not answer in time$"):
            service.ask(never_end, time.monotonic() + 0.01)
    assert len(began) == 3

    over.set()
    assert service.ask(lambda: "answer", time.monotonic() + 60) == "answer"


@pytest.mark.parametrize("error", [AttributeError, RecursionError, SystemExit], ids=lambda error: error.__name__)
def test_an_error_of_a_parser_is_an_error_of_botocore_with_a_cause(error: type[BaseException]) -> None:
    def fail() -> None:
        raise error("text of the answer")

    with pytest.raises(Unreadable, match=r"^Any's answer cannot be read$") as caught:
        Service("Any").ask(fail, time.monotonic() + 60)
    assert isinstance(caught.value, BotoCoreError)
    assert isinstance(caught.value.__cause__, error)
