"""How functions read environment variables: ``settings`` says which."""

from collections.abc import Mapping


class SettingsError(Exception):
    """A variable is missing or wrong: the deployment is at fault, not a client."""


def require(env: Mapping[str, str], *names: str, may_be_empty: tuple[str, ...] = ()) -> None:
    """
    Check that variables are set.

    Args:
        names: Variables that must be set, and not to an empty text.
        may_be_empty: Variables that must be set but may be empty.

    Raises:
        SettingsError: If one is not; the error names all that are not.

    """
    missing = [name for name in names if not env.get(name)] + [name for name in may_be_empty if name not in env]
    if missing:
        raise SettingsError(f"missing environment variables: {', '.join(missing)}")


def number(env: Mapping[str, str], name: str) -> int:
    """
    Return a number. A variable that is missing or empty is 0, which means: no limit, or off.

    Raises:
        SettingsError: If the variable is not a whole number from 0 up.

    """
    value = env.get(name) or "0"
    if not (value.isascii() and value.isdecimal()):
        raise SettingsError(f"{name} is {value!r}; it must be a whole number from 0 up")
    return int(value)
