"""Valid and invalid handshakes and messages, and the secrets in them."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.support.credentials import KEY, iso, sign, token

TEXT = "as-it-was-told-in-confidence"
"""The text in every message, well formed or not."""

PASSWORD = "c2VjcmV0OnBhc3N3b3Jk"
"""The value of headers and parameters that the hub does not read."""

EVER = 2**40


@dataclass
class Secrets:
    """
    Makes credentials, valid and invalid, and remembers their secret parts.

    Attributes:
        made: The secret parts of all credentials, and the keys, texts and passwords.

    """

    made: list[str] = field(default_factory=lambda: [KEY, TEXT, PASSWORD])

    def token(self, claims: Any, **changes: Any) -> str:
        text = token(claims, **changes)
        self.made += text.split(".")[1:]  # the header is not secret: all tokens have the same header
        return text

    def signed(self, session_id: str, at: float, **changes: str) -> dict[str, str]:
        date_time = iso(at)
        signature = sign(session_id, date_time, **changes)
        self.made.append(signature)
        return {"session_id": session_id, "date_time": date_time, "signature": signature}

    def fresh(self, session_id: str) -> dict[str, str]:
        """Sign a session with the current time."""
        return self.signed(session_id, time.time())

    def found_in(self, *texts: str) -> list[str]:
        """Return the secrets that one of the texts contains."""
        return [secret for secret in self.made if any(secret in text for text in texts)]


def handshakes(secrets: Secrets, session_id: str) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Yield the query and the headers of handshakes: first valid ones of every mode, then invalid ones."""
    claims = {"session_id": session_id, "exp": EVER, "send": [f"{session_id}*"]}
    good = secrets.token(claims)
    now = time.time()
    yield {"session_id": session_id}, {"Cookie": PASSWORD, "Authorization": f"Basic {PASSWORD}"}
    yield {"token": good, "password": PASSWORD}, {}
    yield {}, {"Authorization": f"Bearer {good}"}
    yield {}, {"Sec-WebSocket-Protocol": f"hub.v1, bearer.{good}"}
    yield secrets.signed(session_id, now), {}
    session, date_time, signature = secrets.signed(session_id, now - 1).values()
    yield {}, {"X-Session": session, "X-Date-Time": date_time, "X-Signature": signature}

    for bad in (
        secrets.token(claims, header={"alg": "none"}),
        secrets.token(claims, header={"alg": "HS512"}, digest="sha512"),
        secrets.token(claims, header={"alg": "HS256", "crit": [PASSWORD]}),
        secrets.token(claims, key=PASSWORD),
        secrets.token(claims | {"exp": 1}),
        secrets.token(claims | {"exp": PASSWORD}),
        secrets.token(claims | {"session_id": PASSWORD + " "}),
        secrets.token(claims | {"send": [PASSWORD + " "]}),
        secrets.token(claims | {"sub": {PASSWORD: 1}}),
        secrets.token([PASSWORD]),
        secrets.token(PASSWORD),
        good + PASSWORD,
        good + "\n",
        f"{PASSWORD}.{PASSWORD}",
        f"é{PASSWORD}\ud800",
    ):
        yield {"token": bad}, {}
        yield {"token": good}, {"Authorization": f"Bearer {bad}"}
        yield {}, {"Sec-WebSocket-Protocol": f"bearer.{bad}"}
    yield {"token": good, "session_id": "another"}, {}
    yield {"token": good, "session_id": f"{PASSWORD} "}, {}
    yield secrets.signed(session_id, now - 1), {}  # used already
    yield secrets.signed(session_id, now - 400), {}
    yield secrets.signed(session_id, now, key="another"), {}
    yield secrets.signed(session_id, now) | {"date_time": PASSWORD}, {}
    yield secrets.signed(session_id, now) | {"session_id": f"{PASSWORD} "}, {}
    yield {"session_id": session_id, "date_time": iso(now), "signature": f"é{PASSWORD}\ud800"}, {}
    yield {"session_id": session_id}, {"Origin": f"https://{PASSWORD}.example"}


def frames(session_id: str) -> Iterator[str]:
    """Yield messages: a valid one first, then invalid ones."""
    good = {"action": "sendMessage", "sessions": [session_id], "message": {"text": TEXT}, "id": "c-1"}
    yield json.dumps(good)
    yield json.dumps(good | {"sessions": [session_id, "somebody-else"]})
    yield json.dumps(good | {"sessions": [f"{TEXT} "]})
    yield json.dumps(good | {"message": TEXT * 10_000})
    yield json.dumps(good | {"message": [TEXT, 1e400]})
    yield json.dumps(good | {"action": TEXT})
    yield json.dumps(good | {"action": [TEXT]})
    yield json.dumps(good | {"id": [TEXT]})
    yield json.dumps(good | {"echo": TEXT})
    yield json.dumps(good) + TEXT
    yield f'{{"{TEXT}": NaN}}'
    yield f'{{"{TEXT}": 1, "{TEXT}": 1}}'
    yield json.dumps([TEXT])
    yield f"\ud800{TEXT}"
    yield TEXT


def invocations(session_id: str) -> Iterator[dict[str, Any]]:
    """Yield events of backends, of their queue, and of operators: valid ones, and many that are not."""
    bodies = list(frames(session_id))
    elements: list[Any] = [
        json.loads(bodies[0]),
        *bodies,
        {TEXT: TEXT},
        [TEXT],
        {"sessions": [TEXT * 9], "message": TEXT},
    ]
    yield {"hub": "publish", "messages": elements}
    for body in bodies:
        record = {"eventSource": "aws:sqs", "messageId": "queue-1", "receiptHandle": PASSWORD, "body": body}
        yield {"Records": [record]}
        yield {"Records": [record | {"eventSource": TEXT}]}
    yield {"hub": "who", "sessions": [session_id, "nobody"]}
    yield {"hub": "list", "session": session_id, "after": TEXT}
    yield {"hub": "purge", "session": session_id}
    yield {"hub": "close", "session": session_id, "connections": [TEXT], "reason": TEXT}
    for verb in ("publish", "who", "list", "close", "purge", TEXT):
        yield {"hub": verb, "session": f"{TEXT} ", "sessions": [f"{TEXT} "], "messages": TEXT, "by": "me"}
        yield {"hub": verb, "session": session_id, "sessions": [session_id], "messages": [TEXT], "by": [TEXT]}
        yield {"hub": verb, TEXT: float("nan")}
    yield {"hub": "close", "session": session_id, "reconnect": TEXT, "reason": [TEXT]}
    yield {"hub": "close", "session": session_id, "reconnect": False, "reason": TEXT}
    yield {"hub": [TEXT], "Records": [TEXT], "requestContext": {TEXT: TEXT}}
    yield {"requestContext": {"connectionId": [TEXT]}, "body": TEXT}
    yield {TEXT: TEXT}
