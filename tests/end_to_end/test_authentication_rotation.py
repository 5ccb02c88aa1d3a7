"""The signing key changes while the hub runs: tokens of the previous key stay valid, and new ones work at once."""

import threading
import time
from collections.abc import Iterator

import pytest

from tests.support import credentials
from tests.support.gateway import PATIENCE, RunningGateway
from tests.support.handshakes import command, key, secrets, status


@pytest.fixture(scope="module")
def running() -> Iterator[RunningGateway]:
    with RunningGateway.start("--parameter", "AuthMode=jwt") as gateway:
        yield gateway


def rotate(running: RunningGateway, new: str) -> None:
    secrets(running).put_secret_value(SecretId=running.endpoints["signing_secret"], SecretString=new)


def token(signing_key: str) -> str:
    return credentials.token({"session_id": "s1", "exp": int(time.time()) + 600}, key=signing_key)


def test_a_rotation_under_load_refuses_no_valid_token(running: RunningGateway) -> None:
    old = token(key(running))
    answers: list[int] = []
    half_way, done = threading.Event(), threading.Event()

    def load() -> None:
        while not done.is_set():
            answers.append(status(running, {"token": old}))
            if len(answers) >= 30:
                half_way.set()

    threads = [threading.Thread(target=load) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert half_way.wait(PATIENCE)
    rotate(running, "the-second-key")
    new = [status(running, {"token": token("the-second-key")}) for _ in range(30)]
    done.set()
    for thread in threads:
        thread.join()

    assert {*new} == {101}
    assert {*answers} == {101}
    printed = command(running, "token", "--session", "s1").strip()
    assert status(running, {"token": printed}) == 101


def test_only_the_current_key_and_the_previous_one_are_valid(running: RunningGateway) -> None:
    rotate(running, "the-third-key")
    rotate(running, "the-fourth-key")
    second, third, fourth = (token(f"the-{name}-key") for name in ("second", "third", "fourth"))

    # A function that has just read the secret for an unknown key reads it again only after some seconds.
    end = time.monotonic() + PATIENCE
    while status(running, {"token": fourth}) != 101 and time.monotonic() < end:
        pass
    assert [status(running, {"token": each}) for each in (second, third, fourth)] == [401, 101, 101]
