"""What is secret is not printed by a running gateway either, whose functions log at DEBUG."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.end_to_end.test_hub import FRAME_LIMIT
from tests.support.corpus import PASSWORD, TEXT, Secrets, frames, handshakes
from tests.support.credentials import KEY
from tests.support.gateway import PATIENCE, RunningGateway, get_json
from tests.support.handshakes import handshake, key, secrets
from tests.support.paths import ROOT


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """The template, with one variable more in the environment of every function."""
    for folder in ("connect", "disconnect", "send-message", "shared"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    variable = "        TABLE_NAME: !Ref ConnectionsTable\n"
    text = (ROOT / "template.yaml").read_text()
    assert text.count(variable) == 1
    copy = tmp_path / "template.yaml"
    copy.write_text(text.replace(variable, f"{variable}        POWERTOOLS_LOG_LEVEL: DEBUG\n"))
    return copy


@pytest.mark.parametrize("mode", ["none", "jwt", "signature"])
def test_a_gateway_prints_no_secret(template: Path, mode: str) -> None:
    options = ["--template", str(template), "--parameter", f"AuthMode={mode}"]
    with RunningGateway.start(*options, "--parameter", "AllowedOrigins=https://app.example") as running:
        made_by_itself = key(running)
        secrets(running).put_secret_value(SecretId=running.endpoints["signing_secret"], SecretString=KEY)
        told = Secrets([made_by_itself, KEY, TEXT, PASSWORD])
        answers = [*answers_to_handshakes(running, told), *answers_to_messages(running, told, mode)]

    assert told.found_in(running.output.text, repr(answers)) == []
    # And it is not for want of output.
    for outcome in ("INFO connected", "WARNING refused", "INFO sent", "INFO disconnected", "Stopped"):
        assert outcome in running.output.text


def answers_to_handshakes(running: RunningGateway, told: Secrets) -> Iterator[object]:
    """Yield what handshakes are answered, and what the gateway then says to the page about each."""
    for query, headers in handshakes(told, "s1"):
        encoded = urlencode(query, errors="replace")
        # Headers that are none are not the hub's: the library that reads them answers.
        sent = [(name, value.replace("\n", " ")) for name, value in headers.items() if value.isascii()]
        yield handshake(running, f"?{encoded}" if encoded else "", *sent)
        yield get_json(f"{running.endpoints['page']}/_local/refusal?target={quote(f'/prod?{encoded}')}")


def answers_to_messages(running: RunningGateway, told: Secrets, mode: str) -> Iterator[object]:
    """Yield what comes back for messages, and why connections end that send what the gateway does not take."""
    messages = [frame.encode(errors="replace").decode() for frame in frames("s1")]
    with joined(running, told, mode) as socket:
        for frame in messages:
            if len(frame) < FRAME_LIMIT:
                yield from acked(socket, frame)
    for refused in (max(messages, key=len), TEXT.encode()):
        with joined(running, told, mode) as socket:
            socket.send(refused)
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv(timeout=PATIENCE)
            yield str(closed.value)


def joined(running: RunningGateway, told: Secrets, mode: str) -> ClientConnection:
    query = {"session_id": "s1"}
    if mode == "jwt":
        query = {"token": told.token({"session_id": "s1", "exp": 2**40})}
    if mode == "signature":
        query = told.fresh("s1")
    return connect(f"{running.endpoints['websocket']}?{urlencode(query)}", proxy=None, compression=None)


def acked(socket: ClientConnection, frame: str) -> Iterator[str]:
    """Send a frame, and yield what comes back up to its answer: not the message itself, which it may see."""
    socket.send(frame)
    while '"type":"message"' in (answer := str(socket.recv(timeout=PATIENCE))):
        pass
    yield answer
