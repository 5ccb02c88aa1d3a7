"""Where the hosts of AWS lead in workers: none of them may lead to AWS."""

import re
from urllib.parse import urlsplit

from local.endpoints import Endpoints
from local.lambdas.worker_environment import Host
from local.place import SUFFIXES
from local.stack.app import App


def hosts_of(app: App, endpoints: Endpoints) -> list[Host]:
    """
    Return what serves AWS's hosts here: the gateway its API and Lambda's, the embedded AWS every other.

    Whatever region a host names, it is served.

    """
    suffixes = "|".join(map(re.escape, SUFFIXES))
    own = rf"({re.escape(app.api_id)}\.execute-api|lambda)(-fips)?\.[a-z0-9-]+\.({suffixes})"
    custom = [re.escape(domain.lower()) for domain in app.domains]
    address = urlsplit(endpoints.aws).hostname or ""
    return [
        Host(rf".+[.-]{re.escape(address)}", address, 0, 0),  # SDKs put a word before the host for some calls
        _host("|".join([own, *custom]), endpoints.tls, endpoints.page),
        _host(rf"(.+\.)?({suffixes})", endpoints.aws_tls, endpoints.aws),
    ]


def _host(pattern: str, by_tls: str, plain: str) -> Host:
    tls = urlsplit(by_tls)
    return Host(pattern, tls.hostname or "", tls.port or 443, urlsplit(plain).port or 80)
