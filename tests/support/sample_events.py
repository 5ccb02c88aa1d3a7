"""The sample events of ``events/``."""

import json
from typing import Any

from tests.support.paths import ROOT


def sample_event(name: str, **changes: Any) -> dict[str, Any]:
    """Return the event of ``events/{name}.json``, with some of its members changed."""
    event: dict[str, Any] = json.loads((ROOT / "events" / f"{name}.json").read_text(encoding="utf-8"))
    return event | changes
