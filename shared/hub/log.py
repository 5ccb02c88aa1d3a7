"""
The one logger. Fields beside a constant message, one line an outcome.

ERROR    our failures, with a traceback where there is one
WARNING  refusals: code and status
INFO     connected, disconnected, sent (with counts)
DEBUG    nothing
never    headers, query strings, signatures, keys, message bodies

Every line has the connection_id, and the session_id as soon as it is known.
The level comes from POWERTOOLS_LOG_LEVEL or Lambda's own setting; INFO without.

"""

from aws_lambda_powertools.logging import Logger

logger = Logger(service="hub", serialize_stacktrace=False)
