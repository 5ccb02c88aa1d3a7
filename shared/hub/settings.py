"""The environment of a function, checked once at its start."""

from collections.abc import Mapping

MODES = ("none", "jwt", "signature")
"""What AUTH_MODE may be."""


class SettingsError(Exception):
    """A variable is missing or wrong: the deployment is at fault, not a client."""


def require(env: Mapping[str, str], *names: str, may_be_empty: tuple[str, ...] = ()) -> tuple[str, ...]:
    """
    Return the values of the variables that a function cannot do without.

    Args:
        may_be_empty: More of them, that say something by being empty. Missing they say nothing.

    Raises:
        SettingsError: Names every variable that is missing, or empty and should not be; not only the first.

    """
    missing = [name for name in names if not env.get(name)] + [name for name in may_be_empty if name not in env]
    if missing:
        raise SettingsError(f"missing environment variables: {', '.join(missing)}")
    return tuple(env[name] for name in (*names, *may_be_empty))


def number(env: Mapping[str, str], name: str) -> int:
    """
    Return a limit, 0 for none: also if the variable is missing or empty.

    Raises:
        SettingsError: If it is not a whole number from 0 on.

    """
    text = env.get(name) or "0"
    if not (text.isascii() and text.isdecimal()):
        raise SettingsError(f"{name} is {text!r}; it must be a whole number, 0 for no limit")
    return int(text)


def auth_mode(env: Mapping[str, str]) -> str:
    """
    Return AUTH_MODE.

    Raises:
        SettingsError: If it is none of the modes: what nobody enforces must not look as if it were.

    """
    (mode,) = require(env, "AUTH_MODE")
    if mode not in MODES:
        raise SettingsError(f"AUTH_MODE is {mode!r}; it must be one of {', '.join(MODES)}")
    return mode
