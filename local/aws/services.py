"""
moto's services as one WSGI application that ignores the region and the account of a request.

moto keeps regions and accounts apart. The template's resources are in one region and one account, so this module
rewrites each request to name these two.

"""

import io
import os
import re
from typing import Any

from botocore.model import OperationNotFoundError
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.secretsmanager.models import secretsmanager_backends
from moto.utilities.utils import get_partition

from local.aws.arns import as_asked, in_form, in_json
from local.place import SUFFIXES

SCOPE = re.compile(r"(Credential=[^/]+/\d{8}/)([^/]+)(/(?!s3/))", re.IGNORECASE)
"""The region in the signature of a request, in the Authorization header. S3's stays: moto's buckets have no region."""

QUERY_SCOPE = re.compile(
    r"(X-Amz-Credential=[^&]+?(?:%2F|/)\d{8}(?:%2F|/))([a-z0-9-]+)((?:%2F|/)(?!s3))", re.IGNORECASE
)
"""The region in the signature of a presigned URL."""

_SUFFIX = "|".join(map(re.escape, SUFFIXES))

NOT_BUCKETS = re.compile(rf"^(?!(.+\.)?s3[.-])(.+\.)?({_SUFFIX})$")
"""AWS's hosts of services other than S3."""

HOST = re.compile(rf"(\.)(?<!\bs3\.)([a-z]{{2,}}(?:-[a-z]+)+-\d+)(\.(?:vpce\.|api\.|on\.)?(?:{_SUFFIX})(?::\d+)?$)")
"""The region in a host name. S3's hosts are left out."""

SECRET_SUFFIX = re.compile("-[A-Za-z0-9]{6}$")
"""The characters that Secrets Manager appends to a secret's name in its ARN. They are not those of the real secret."""


BATCHES = ("DynamoDB_20120810.BatchGetItem", "DynamoDB_20120810.BatchWriteItem")
"""Operations whose answers have a request's names of tables as keys."""

SUMS = {"content-length", "x-amz-crc32"}
"""Headers of an answer that depend on its text."""


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
            NotImplementedError: If moto lacks the service or the path, or botocore does not know the operation.

        """
        body = self._rewrite(environ)
        started: list[Any] = []
        try:
            answer = b"".join(self._moto(environ, lambda *head: started.append(head)))
        except OperationNotFoundError as error:
            raise NotImplementedError(f"AWS has no operation {error}") from error
        status, headers, *_ = started[0]
        if answer.startswith(b"<!doctype html>"):  # moto's page for an unknown path
            raise NotImplementedError(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} has not been implemented")
        if environ.get("HTTP_X_AMZ_TARGET", "").endswith(BATCHES) and status.startswith("200"):
            answer = as_asked(answer, body, self._localised)
            headers = [(name, value) for name, value in headers if name.lower() not in SUMS]
        start_response(status, headers)
        return [answer]

    def _rewrite(self, environ: dict[str, Any]) -> bytes:
        """Put the resources' region and account into a request. Return the original body of a call."""
        patterns = {"HTTP_AUTHORIZATION": SCOPE, "QUERY_STRING": QUERY_SCOPE, "HTTP_HOST": HOST}
        for name, pattern in patterns.items():
            if name in environ:
                environ[name] = pattern.sub(rf"\g<1>{self._region}\g<3>", environ[name])
        is_form = "x-www-form-urlencoded" in environ.get("CONTENT_TYPE", "")
        if not is_form and "HTTP_X_AMZ_TARGET" not in environ:
            return b""
        sent: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        body = (in_form if is_form else in_json)(sent, self._localised)
        environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        return sent

    def _localised(self, service: str, resource: str) -> str:
        """Return the ARN here of a resource."""
        account = os.environ["MOTO_ACCOUNT_ID"]
        arn = f"arn:{get_partition(self._region)}:{service}:{self._region}:{account}:{resource}"
        if service == "secretsmanager" and arn not in secretsmanager_backends[account][self._region].secrets:
            return SECRET_SUFFIX.sub("", arn)
        return arn


def _create_app(service: Any) -> Any:
    if service is None:
        raise NotImplementedError("it does not have this service")
    return create_backend_app(service)
