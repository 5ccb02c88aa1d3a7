"""
moto's services as one WSGI application that ignores the region and the account of a request.

moto keeps regions and accounts apart. The template's resources are in one region and one account, so this module
rewrites each request to name these two.

"""

import io
import os
import re
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.utilities.utils import get_partition

SCOPE = re.compile(r"(Credential=[^/]+/\d{8}/)([^/]+)(/(?!s3/))", re.IGNORECASE)
"""The region in the signature of a request, in the Authorization header. S3's stays: moto's buckets have no region."""

QUERY_SCOPE = re.compile(
    r"(X-Amz-Credential=[^&]+?(?:%2F|/)\d{8}(?:%2F|/))([a-z0-9-]+)((?:%2F|/)(?!s3))", re.IGNORECASE
)
"""The region in the signature of a presigned URL."""

ARN = re.compile(rb"arn(:|%3A)[a-z-]+\1([a-z0-9-]+)\1[a-z0-9-]+\1\d{12}\1")
"""The start of an ARN, in JSON or in a form."""

NAMED = re.compile(rb'(?:Arn|Id|Name)"?\s*[:=]\s*"?$')
"""The parameter before an ARN that names a resource. ARNs in the items of tables and in messages stay unchanged."""

NOT_BUCKETS = re.compile(r"^(?!(.+\.)?s3[.-]).*\.(amazonaws|amazonwebservices|amazoncognito|aws\b)")
"""AWS's hosts of services other than S3."""

HOST = re.compile(r"(\.)(?<!\bs3\.)([a-z]{2,}(?:-[a-z]+)+-\d+)(\.(?:vpce\.)?(?:amazonaws|api|on)\.)")
"""The region in a host name. S3's hosts are left out."""


class _Dispatcher(DomainDispatcherApplication):
    def infer_service_region_host(self, environ: Any, path: str) -> str | None:
        # moto takes every request without a signature for a request to S3.
        host = environ.get("HTTP_HOST", "").partition(":")[0]
        service_host: str | None = super().infer_service_region_host(environ, path)
        return host if service_host is None and NOT_BUCKETS.search(host) else service_host


class Services:
    """
    The WSGI application.

    Args:
        region: The region of all resources. moto takes the account from MOTO_ACCOUNT_ID.

    """

    def __init__(self, region: str) -> None:
        self._region = region
        self._moto = _Dispatcher(_create_app)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        """
        Serve a request.

        Raises:
            NotImplementedError: If moto does not implement the service, or the path.

        """
        self._rewrite(environ)
        started: list[Any] = []
        answer = [*self._moto(environ, lambda *head: started.append(head))]
        status, headers, *_ = started[0]
        if answer and answer[0].startswith(b"<!doctype html>"):  # moto's page for an unknown path
            raise NotImplementedError(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} has not been implemented")
        start_response(status, headers)
        return answer

    def _rewrite(self, environ: dict[str, Any]) -> None:
        """Make a request name the region and the account of the resources."""
        patterns = {"HTTP_AUTHORIZATION": SCOPE, "QUERY_STRING": QUERY_SCOPE, "HTTP_HOST": HOST}
        for name, pattern in patterns.items():
            if name in environ:
                environ[name] = pattern.sub(rf"\g<1>{self._region}\g<3>", environ[name])
        if "HTTP_X_AMZ_TARGET" in environ or "x-www-form-urlencoded" in environ.get("CONTENT_TYPE", ""):
            body = ARN.sub(self._rewritten, environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
            environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}

    def _rewritten(self, arn: "re.Match[bytes]") -> bytes:
        if not NAMED.search(arn.string[max(0, arn.start() - 80) : arn.start()]):
            return arn[0]
        parts = ["arn", get_partition(self._region), arn[2].decode(), self._region, os.environ["MOTO_ACCOUNT_ID"], ""]
        return arn[1].decode().join(parts).encode()


def _create_app(service: Any) -> Any:
    if service is None:
        raise NotImplementedError("it does not have this service")
    return create_backend_app(service)
