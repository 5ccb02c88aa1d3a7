"""
The URL of DynamoDB, from the same environment variables that botocore reads.

botocore also reads configuration files. The hub does not: a function on Lambda does not have any.

"""

import re
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from hub.variables import SettingsError

DUAL_STACK = {
    "amazonaws.com": "api.aws",
    "amazonaws.com.cn": "api.amazonwebservices.com.cn",
    "amazonaws.eu": "api.amazonwebservices.eu",
    "c2s.ic.gov": "api.aws.ic.gov",
    "sc2s.sgov.gov": "api.aws.scloud",
    "cloud.adc-e.uk": "api.cloud-aws.adc-e.uk",
    "csp.hci.ic.gov": "api.aws.hci.ic.gov",
}
"""For each domain of AWS, the domain of the endpoints that speak IPv6 too. Source: botocore/data/partitions.json."""

HOST = r"[a-z\d.:-]+"
"""A host name, or an address of IPv4 or IPv6."""

ACCOUNT_MODES = ("preferred", "disabled", "required")


def dynamodb_url(env: Mapping[str, str], region: str) -> str:
    """
    Return the URL to which requests to DynamoDB are sent. It has no path of ``/`` alone.

    As with botocore, a configured URL wins, and then the variables for FIPS, dual-stack and account endpoints have no
    effect. Unlike botocore, the hub does not use the endpoint of an account where it could: "preferred" means the
    endpoint of the region.

    Raises:
        SettingsError: If a variable is wrong, or asks for something that the hub does not do.

    """
    account_mode = env.get("AWS_ACCOUNT_ID_ENDPOINT_MODE", "preferred").lower()
    if account_mode not in ACCOUNT_MODES:
        raise SettingsError(f"AWS_ACCOUNT_ID_ENDPOINT_MODE is {account_mode!r}; it must be preferred or disabled")
    url = _configured(env)
    if not url:
        if account_mode == "required":
            raise SettingsError(
                "AWS_ACCOUNT_ID_ENDPOINT_MODE is 'required'; the hub uses the endpoint of the region, so it must be"
                " preferred or disabled"
            )
        url = _of_region(env, region)
    _refuse_proxy(env, urlsplit(url))
    return url


def _configured(env: Mapping[str, str]) -> str | None:
    if _is_true(env, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"):
        return None
    for name in ("AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"):
        if url := env.get(name):
            parts = _parts(name, url)
            path = "" if parts.path == "/" else parts.path
            return f"{parts.scheme}://{parts.netloc}{path}"
    return None


def _parts(name: str, url: str) -> SplitResult:
    """Return the parts of the URL in the variable ``name``."""
    if "@" in url:  # do not quote it: it may contain a password
        raise SettingsError(f"{name} contains an @; it must be an http or https URL without a user name")
    wrong = f"{name} is {url!r}; it must be an http or https URL"
    if not (url.isascii() and url.isprintable()) or " " in url:
        raise SettingsError(wrong)
    try:
        parts = urlsplit(url)
        is_right = parts.scheme in ("http", "https") and re.fullmatch(HOST, parts.hostname or "") and parts.port != 0
    except ValueError:  # the port, or the brackets of an address
        raise SettingsError(wrong) from None
    if not is_right:
        raise SettingsError(wrong)
    if parts.query or parts.fragment:
        raise SettingsError(f"{wrong} without a query or a fragment")
    return parts


def _of_region(env: Mapping[str, str], region: str) -> str:
    if region == "local":  # botocore's name for DynamoDB Local, which it looks for at a fixed port
        raise SettingsError("the region is 'local'; set AWS_ENDPOINT_URL_DYNAMODB too")
    fips, dual_stack = _is_true(env, "AWS_USE_FIPS_ENDPOINT"), _is_true(env, "AWS_USE_DUALSTACK_ENDPOINT")
    suffix = env.get("URL_SUFFIX") or "amazonaws.com"
    if dual_stack:
        if suffix not in DUAL_STACK:
            raise SettingsError(f"AWS_USE_DUALSTACK_ENDPOINT is true; the hub knows no dual-stack endpoint in {suffix}")
        suffix = DUAL_STACK[suffix]
    # GovCloud's usual endpoint is its FIPS endpoint. Only the dual-stack one has a name of its own.
    service = "dynamodb-fips" if fips and (dual_stack or not region.startswith("us-gov-")) else "dynamodb"
    return f"https://{service}.{region}.{suffix}"


def _refuse_proxy(env: Mapping[str, str], url: SplitResult) -> None:
    """
    Refuse the proxy that botocore would use: a proxy for the scheme of the URL, unless NO_PROXY names the host.

    Raises:
        SettingsError: Does not quote the proxy's URL, which may contain a password.

    """
    proxy, address = _either_case(env, f"{url.scheme}_proxy")
    no_proxy, names = _either_case(env, "no_proxy")
    if address and not _names_host(names, url):
        raise SettingsError(f"{proxy} is set, and the hub does not use a proxy: add {url.hostname} to {no_proxy}")


def _either_case(env: Mapping[str, str], name: str) -> tuple[str, str]:
    """Return the name and the value of a variable. In lower case it wins, even if it is empty."""
    name = name if name in env else name.upper()
    return name, env.get(name, "")


def _names_host(no_proxy: str, url: SplitResult) -> bool:
    """Return whether NO_PROXY names a host or a domain around it, with or without the port. ``*`` names every host."""
    if no_proxy == "*":
        return True
    netloc = url.netloc.lower()
    host = netloc if url.port is None else netloc.rpartition(":")[0]
    names = [name.strip().lstrip(".").lower() for name in no_proxy.split(",")]
    return any(f".{place}".endswith(f".{name}") for name in names if name for place in (host, netloc))


def _is_true(env: Mapping[str, str], name: str) -> bool:
    return env.get(name, "").lower() == "true"
