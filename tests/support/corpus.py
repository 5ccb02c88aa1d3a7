"""Handshakes and messages, good and bad, and what is secret of them."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.support.credentials import KEY, iso, sign, token

TEXT = "as-it-was-told-in-confidence"
"""The text of every message that is sent here, well formed or not."""

PASSWORD = "c2VjcmV0OnBhc3N3b3Jk"
"""What is sent under names that the hub does not read."""

EVER = 2**40


@dataclass
class Secrets:
    """
    Credentials as they are made here, good and bad, and what must not be found of them.

    Attributes:
        made: The parts of them that are nobody else's business, and the keys, texts and passwords.

    """

    made: list[str] = field(default_factory=lambda: [KEY, TEXT, PASSWORD])

    def token(self, claims: Any, **changes: Any) -> str:
        text = token(claims, **changes)
        self.made += text.split(".")[1:]  # the header is the same in all tokens of the world
        return text

    def signed(self, session_id: str, at: float, **changes: str) -> dict[str, str]:
        date_time = iso(at)
        signature = sign(session_id, date_time, **changes)
        self.made.append(signature)
        return {"session_id": session_id, "date_time": date_time, "signature": signature}

    def fresh(self, session_id: str) -> dict[str, str]:
        """Sign a session as nobody has before."""
        return self.signed(session_id, time.time())

    def found_in(self, *texts: str) -> list[str]:
        """Return which of them is in one of the texts."""
        return [each for each in self.made if any(each in text for text in texts)]


def handshakes(secrets: Secrets, session_id: str) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Yield query and headers of good and bad handshakes, the good ones of every mode first."""
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
    yield secrets.signed(session_id, now - 1), {}  # for the second time
    yield secrets.signed(session_id, now - 400), {}
    yield secrets.signed(session_id, now, key="another"), {}
    yield secrets.signed(session_id, now) | {"date_time": PASSWORD}, {}
    yield secrets.signed(session_id, now) | {"session_id": f"{PASSWORD} "}, {}
    yield {"session_id": session_id, "date_time": iso(now), "signature": f"é{PASSWORD}\ud800"}, {}
    yield {"session_id": session_id}, {"Origin": f"https://{PASSWORD}.example"}


def frames(session_id: str) -> Iterator[str]:
    """Yield messages, good and bad."""
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
