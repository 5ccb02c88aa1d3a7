"""
The region and the credentials that sign requests, from the same sources as botocore's.

One difference: AWS_REGION, which Lambda sets, comes before AWS_DEFAULT_REGION. botocore reads the second one only.

"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from hub.variables import SettingsError, require

if TYPE_CHECKING:
    import botocore.credentials

REGION = re.compile(r"(?![0-9]+$)(?!-)[a-zA-Z0-9-]{1,63}(?<!-)")
"""What botocore takes for a region: a label of a host name."""


class Credentials(NamedTuple):
    """
    What signs a request.

    Attributes:
        token: The token that goes with temporary keys, else None.

    """

    access_key: str
    secret_key: str
    token: str | None


def region_of(env: Mapping[str, str]) -> str:
    """
    Return the region of the function.

    Raises:
        SettingsError: If there is none, or if its name cannot be part of a host name.

    """
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if region := env.get(name):
            if not REGION.fullmatch(region):
                raise SettingsError(f"{name} is {region!r}; it must be the name of a region, such as eu-west-1")
            if "fips-" in region or "-fips" in region:
                raise SettingsError(f"{name} is {region!r}; set AWS_USE_FIPS_ENDPOINT, and the name without fips")
            return region
    raise SettingsError("no region: AWS_REGION is missing, and AWS_DEFAULT_REGION too")


def credentials_of(env: Mapping[str, str]) -> Callable[[], Credentials]:
    """
    Return a function that returns the current credentials.

    On Lambda, the keys are in the environment. They are read again with each call, and botocore is not imported.
    Elsewhere, botocore looks for credentials, in the environment of the process and in its files, and renews them.

    Raises:
        SettingsError: If there are no credentials, or if they are incomplete or wrong. The returned function raises it
            too. The error does not quote any of them.

    """
    current = partial(_from_environment, env) if env.get("AWS_ACCESS_KEY_ID") else partial(_frozen, _from_botocore())
    current()
    return current


def _from_environment(env: Mapping[str, str]) -> Credentials:
    require(env, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    token = env.get("AWS_SECURITY_TOKEN") or env.get("AWS_SESSION_TOKEN")  # the first is the old name; botocore's order
    return _checked(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], token)


def _from_botocore() -> "botocore.credentials.Credentials":
    """
    Raises:
        SettingsError: If botocore does not find credentials.

    """
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    try:
        found = Session().get_credentials()
    except BotoCoreError as error:
        raise SettingsError(f"no credentials: {type(error).__name__}") from error
    if found is None:
        raise SettingsError("no credentials: AWS_ACCESS_KEY_ID is missing, and botocore finds no others")
    return found


def _frozen(found: "botocore.credentials.Credentials") -> Credentials:
    from botocore.exceptions import BotoCoreError

    try:
        frozen = found.get_frozen_credentials()
    except BotoCoreError as error:
        raise SettingsError(f"no credentials: {type(error).__name__}") from error
    return _checked(frozen.access_key or "", frozen.secret_key or "", frozen.token)


def _checked(access_key: str, secret_key: str, token: str | None) -> Credentials:
    """
    Raises:
        SettingsError: If a part is missing, or cannot stand in an HTTP header.

    """
    if not (access_key and secret_key):
        raise SettingsError("no credentials: the access key is incomplete")
    for what, value in (("access key id", access_key), ("session token", token or "")):
        if not (value.isascii() and value.isprintable()):
            raise SettingsError(f"the {what} of the credentials has a character that cannot stand in an HTTP header")
    return Credentials(access_key, secret_key, token or None)
