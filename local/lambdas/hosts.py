"""The addresses that AWS's host names lead to in workers. A worker never reaches AWS."""

import re
from urllib.parse import urlsplit

from local.endpoints import Endpoints
from local.lambdas.worker_environment import Host
from local.place import SUFFIXES
from local.stack.app import App
from local.stack.domains import pattern_of


def hosts_of(app: App, endpoints: Endpoints) -> list[Host]:
    """
    Return where AWS's host names lead, for any region in a name.

    The gateway serves the hosts of its own API and of Lambda, with those for IPv6 (``lambda.{region}.api.aws``), for
    FIPS and for VPC endpoints. The embedded AWS serves all other hosts.

    """
    suffixes = "|".join(map(re.escape, SUFFIXES))
    service = rf"({re.escape(app.api_id)}\.execute-api|lambda)(-fips)?"
    own = rf"(vpce-[a-z0-9-]+\.)?{service}\.[a-z0-9-]+(\.api|\.vpce)?\.({suffixes})"
    custom = [pattern_of(domain) for domain in app.domains]
    address = urlsplit(endpoints.aws).hostname or ""
    return [
        Host(rf".+[.-]{re.escape(address)}", address, 0, 0),  # SDKs put a word before the host for some calls
        _host("|".join([own, *custom]), endpoints.tls, endpoints.page),
        _host(rf"(.+\.)?({suffixes})", endpoints.aws_tls, endpoints.aws),
    ]


def _host(pattern: str, tls_url: str, plain_url: str) -> Host:
    tls = urlsplit(tls_url)
    return Host(pattern, tls.hostname or "", tls.port or 443, urlsplit(plain_url).port or 80)
