"""A running gateway prints no secret, even if its functions log at DEBUG."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.support.corpus import PASSWORD, TEXT, Secrets, frames, handshakes
from tests.support.credentials import KEY
from tests.support.frames import FRAME_LIMIT
from tests.support.gateway import PATIENCE, RunningGateway, get_json
from tests.support.handshakes import handshake, key, secrets
from tests.support.paths import ROOT


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """The template, with POWERTOOLS_LOG_LEVEL in the environment of every function."""
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
        generated_key = key(running)
        secrets(running).put_secret_value(SecretId=running.endpoints["signing_secret"], SecretString=KEY)
        made = Secrets([generated_key, KEY, TEXT, PASSWORD])
        answers = [*answers_to_handshakes(running, made), *answers_to_messages(running, made, mode)]

    assert made.found_in(running.output.text, repr(answers)) == []
    # The output is not empty: it has a line for each of these.
    for outcome in ("INFO connected", "WARNING refused", "INFO sent", "INFO disconnected", "Stopped"):
        assert outcome in running.output.text


def answers_to_handshakes(running: RunningGateway, made: Secrets) -> Iterator[object]:
    """Yield the answer to each handshake, and the explanation that the gateway then gives to the page."""
    for query, headers in handshakes(made, "s1"):
        encoded = urlencode(query, errors="replace")
        # The HTTP library refuses malformed headers before the hub sees them, so only well-formed ones are sent.
        sent = [(name, value.replace("\n", " ")) for name, value in headers.items() if value.isascii()]
        yield handshake(running, f"?{encoded}" if encoded else "", *sent)
        yield get_json(f"{running.endpoints['page']}/_local/refusal?target={quote(f'/prod?{encoded}')}")


def answers_to_messages(running: RunningGateway, made: Secrets, mode: str) -> Iterator[object]:
    """Yield the answers to messages, and the reasons of the closes for input that the gateway does not accept."""
    messages = [frame.encode(errors="replace").decode() for frame in frames("s1")]
    with joined(running, made, mode) as socket:
        for frame in messages:
            if len(frame) < FRAME_LIMIT:
                yield from acked(socket, frame)
    for refused in (max(messages, key=len), TEXT.encode()):
        with joined(running, made, mode) as socket:
            socket.send(refused)
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv(timeout=PATIENCE)
            yield str(closed.value)


def joined(running: RunningGateway, made: Secrets, mode: str) -> ClientConnection:
    query = {"session_id": "s1"}
    if mode == "jwt":
        query = {"token": made.token({"session_id": "s1", "exp": 2**40})}
    if mode == "signature":
        query = made.fresh("s1")
    return connect(f"{running.endpoints['websocket']}?{urlencode(query)}", proxy=None, compression=None)


def acked(socket: ClientConnection, frame: str) -> Iterator[str]:
    """Send a frame, and yield its answer. Skips the message itself, which the sender may receive."""
    socket.send(frame)
    while '"type":"message"' in (answer := str(socket.recv(timeout=PATIENCE))):
        pass
    yield answer
