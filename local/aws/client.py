"""boto3 clients for the embedded AWS, and for a DynamoDB that the user runs instead of the embedded one."""

from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.loaders import Loader

from local.credentials import CREDENTIALS

CONFIG = Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 3, "mode": "standard"}, proxies={})
"""Short timeouts: the services run on or near this machine. A developer's proxy is not used."""


def client(service: str, url: str, region: str, config: Config = CONFIG) -> Any:
    """
    Return a client that uses botocore's own service models, and never a developer's (``~/.aws/models``).

    Args:
        config: Settings that replace those of CONFIG.

    """
    session = botocore.session.get_session()
    loader = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    session.register_component("data_loader", loader)
    credentials = {name.lower(): value for name, value in CREDENTIALS.items()}
    return boto3.Session(botocore_session=session).client(  # type: ignore[call-overload]  # the stubs want a literal
        service, endpoint_url=url, config=CONFIG.merge(config), region_name=region, **credentials
    )
