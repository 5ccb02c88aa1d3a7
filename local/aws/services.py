"""
moto's services as one WSGI application, which finds everything whatever region and account a request names.

moto keeps each region and each account apart. The template's resources are in one of each, so requests are changed
to name these.

"""

import io
import os
import re
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.utilities.utils import get_partition

SCOPE = re.compile(r"(Credential=[^/]+/\d{8}/)([^/]+)(/(?!s3/))", re.IGNORECASE)
"""The region that a request is signed for, in a header or decoded in a query. Buckets belong to no region."""

QUERY_SCOPE = re.compile(
    r"(X-Amz-Credential=[^&]+?(?:%2F|/)\d{8}(?:%2F|/))([a-z0-9-]+)((?:%2F|/)(?!s3))", re.IGNORECASE
)

ARN = re.compile(rb"arn(:|%3A)[a-z-]+\1([a-z0-9-]+)\1[a-z0-9-]+\1\d{12}\1")
"""The start of an ARN, as JSON or a form has it."""

NAMED = re.compile(rb'(?:Arn|Id|Name)"?\s*[:=]\s*"?$')
"""What stands before an ARN that a call is about. Items of tables and texts of messages are written otherwise."""

NOT_BUCKETS = re.compile(r"^(?!(.+\.)?s3[.-]).*\.(amazonaws|amazonwebservices|amazoncognito|aws\b)")
"""Hosts of AWS's that are none of S3's."""

HOST = re.compile(r"(\.)(?<!\bs3\.)([a-z]{2,}(?:-[a-z]+)+-\d+)(\.(?:vpce\.)?(?:amazonaws|api|on)\.)")
"""The region that a host names, but for those of buckets."""


class _Dispatcher(DomainDispatcherApplication):
    def infer_service_region_host(self, environ: Any, path: str) -> str | None:
        # moto takes whatever nobody signed for a question to S3.
        host = environ.get("HTTP_HOST", "").partition(":")[0]
        found: str | None = super().infer_service_region_host(environ, path)
        return host if found is None and NOT_BUCKETS.search(host) else found


class Services:
    """
    The WSGI application.

    Args:
        region: The one that everything is in. The account is moto's own, from MOTO_ACCOUNT_ID.

    """

    def __init__(self, region: str) -> None:
        self._region = region
        self._moto = _Dispatcher(_create_app)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        """
        Serve a request.

        Raises:
            NotImplementedError: If moto does not have the service, or the service has no such path.

        """
        self._bring_here(environ)
        started: list[Any] = []
        answer = [*self._moto(environ, lambda *head: started.append(head))]
        status, headers, *_ = started[0]
        if answer and answer[0].startswith(b"<!doctype html>"):  # moto's page for an unknown path
            raise NotImplementedError(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} has not been implemented")
        start_response(status, headers)
        return answer

    def _bring_here(self, environ: dict[str, Any]) -> None:
        """Make a request name the region and the account that everything is in."""
        named = {"HTTP_AUTHORIZATION": SCOPE, "QUERY_STRING": QUERY_SCOPE, "HTTP_HOST": HOST}
        for name, where in named.items():
            if name in environ:
                environ[name] = where.sub(rf"\g<1>{self._region}\g<3>", environ[name])
        if "HTTP_X_AMZ_TARGET" in environ or "x-www-form-urlencoded" in environ.get("CONTENT_TYPE", ""):
            body = ARN.sub(self._here, environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
            environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}

    def _here(self, arn: "re.Match[bytes]") -> bytes:
        if not NAMED.search(arn.string[max(0, arn.start() - 80) : arn.start()]):
            return arn[0]
        parts = ["arn", get_partition(self._region), arn[2].decode(), self._region, os.environ["MOTO_ACCOUNT_ID"], ""]
        return arn[1].decode().join(parts).encode()


def _create_app(service: Any) -> Any:
    if service is None:
        raise NotImplementedError("it has no such service")
    return create_backend_app(service)
