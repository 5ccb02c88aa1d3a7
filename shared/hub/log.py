"""
The one logger. Fields beside a constant message, one line an outcome.

ERROR    our failures, with a traceback where there is one
WARNING  refusals: code and status; connections that the hub closed because they took nothing
INFO     connected, disconnected, sent (with counts)
DEBUG    nothing
never    headers, query strings, signatures, keys, message bodies

Every line has the version, the connection_id, and the session_id as soon as it is known.
The level comes from POWERTOOLS_LOG_LEVEL or Lambda's own setting; INFO without.

"""

import os

from aws_lambda_powertools.logging import Logger

from hub.version import VERSION

SERVICE = os.environ.get("POWERTOOLS_SERVICE_NAME", "hub")
"""The stack's name, in every log line and metric."""

logger = Logger(service=SERVICE, serialize_stacktrace=False, version=VERSION)
