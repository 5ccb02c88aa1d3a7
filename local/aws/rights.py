"""What functions may do with queues: the policies of their roles have to allow each call, as on AWS."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from local.aws.callers import Caller
from local.place import Place
from local.stack.policies import allows, denial

CALLER = re.compile(r"Credential=([^/]+)/[^/]+/[^/]+/sqs/", re.IGNORECASE)
"""The access key in the signature of a call of SQS, in the Authorization header."""


class Rights:
    """
    Args:
        callers: The functions by the access keys that they sign with. Every other client may call everything.
        place: The region and the account of the queues.

    """

    def __init__(self, callers: Mapping[str, Caller], place: Place) -> None:
        self._callers = callers
        self._place = place

    def refusal(self, request: web.Request, body: bytes) -> web.Response | None:
        """Return the answer to a call of SQS that the caller's role does not allow. None: the call may run."""
        signed = CALLER.search(request.headers.get("Authorization", ""))
        caller = self._callers.get(signed[1]) if signed else None
        if caller is None:
            return None
        operation, parameters = _call(request, body)
        action = f"sqs:{operation.removesuffix('Batch')}"
        name = str(parameters.get("QueueUrl") or parameters.get("QueueName") or "").rpartition("/")[2]
        resource = self._place.arn("sqs", name) if name else "*"
        if allows(caller.policy, action, resource):
            return None
        message = denial(caller.user, action.lower(), resource)
        content = {"__type": "com.amazonaws.sqs#AccessDeniedException", "message": message}
        return web.json_response(content, status=403, headers={"x-amzn-query-error": "AccessDenied;Sender"})


def _call(request: web.Request, body: bytes) -> tuple[str, Mapping[str, Any]]:
    """Return the operation of a call, and its parameters. They are JSON, or a form of an older SDK."""
    target = request.headers.get("X-Amz-Target", "")
    if not target:
        form = dict(parse_qsl(body.decode(errors="replace")))
        return form.get("Action", ""), {"QueueUrl": request.path} | form
    try:
        parameters = json.loads(body)
    except (ValueError, RecursionError):
        parameters = {}
    return target.rpartition(".")[2], parameters if isinstance(parameters, dict) else {}
