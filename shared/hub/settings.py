"""The environment of a function, checked once at its start."""

from collections.abc import Mapping


class SettingsError(Exception):
    """A variable is missing or wrong: the deployment is at fault, not a client."""


def require(env: Mapping[str, str], *names: str) -> tuple[str, ...]:
    """
    Return the values of the variables that a function cannot do without.

    Raises:
        SettingsError: Names every variable that is missing or empty, not only the first.

    """
    missing = [name for name in names if not env.get(name)]
    if missing:
        raise SettingsError(f"missing environment variables: {', '.join(missing)}")
    return tuple(env[name] for name in names)


def require_auth_mode(mode: str) -> None:
    """
    Refuse to start in a mode that nobody would enforce.

    Raises:
        SettingsError: If the mode is not one that ``handshake`` knows.

    """
    if mode != "none":
        raise SettingsError(f"AUTH_MODE is {mode!r}, and this release knows only 'none'")
