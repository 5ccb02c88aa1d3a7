"""The functions that call the embedded AWS, as the gateway describes them to its process."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from local.stack.policies import Statement


@dataclass(frozen=True)
class Caller:
    """
    A function whose role is in the template.

    Attributes:
        user: The ARN of the function's role, assumed by the function.
        policy: What the role allows.

    """

    user: str
    policy: tuple[Statement, ...]


def written(callers: Mapping[str, Caller]) -> str:
    """Return callers as one line, which ``read`` understands."""
    return json.dumps({key: [caller.user, caller.policy] for key, caller in callers.items()}, default=str)


def read(line: str) -> dict[str, Caller]:
    return {key: Caller(user, tuple(policy)) for key, (user, policy) in json.loads(line).items()}
