"""The certificates that functions trust, with any HTTP client: the gateway's and public ones."""

import socket
import ssl
import textwrap
import threading
from contextlib import closing

import pytest
import trustme

from tests.support.prober import Prober

CLIENTS = {
    "urllib": "import urllib.request; answer = urllib.request.urlopen(url).status",
    "http.client": """
        import http.client, urllib.parse
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPSConnection(parts.netloc)
        connection.request("GET", parts.path)
        answer = connection.getresponse().status
    """,
    "requests": "import requests; answer = requests.get(url).status_code",
    "urllib3": "import urllib3; answer = urllib3.PoolManager().request('GET', url).status",
    "urllib3-with-certifi": """
        import certifi, urllib3
        answer = urllib3.PoolManager(cert_reqs="CERT_REQUIRED", ca_certs=certifi.where()).request("GET", url).status
    """,
    "ssl-with-certifi": """
        import certifi, ssl, urllib.request
        answer = urllib.request.urlopen(url, context=ssl.create_default_context(cafile=certifi.where())).status
    """,
    "aiohttp": """
        import aiohttp, asyncio
        async def get():
            async with aiohttp.ClientSession() as session, session.get(url) as response:
                return response.status
        answer = asyncio.run(get())
    """,
    "aiohttp-on-uvloop": """
        import aiohttp, uvloop
        async def get():
            async with aiohttp.ClientSession() as session, session.get(url) as response:
                return response.status
        answer = uvloop.run(get())
    """,
    "anyio": """
        import anyio, ssl, urllib.parse
        async def get():
            parts = urllib.parse.urlsplit(url)
            tls = {"tls": True, "ssl_context": ssl.create_default_context(), "tls_standard_compatible": False}
            async with await anyio.connect_tcp(parts.hostname, parts.port or 443, **tls) as stream:
                await stream.send(f"GET {parts.path} HTTP/1.1\\r\\nHost: {parts.netloc}\\r\\n\\r\\n".encode())
                return int((await stream.receive()).split()[1])
        answer = anyio.run(get)
    """,
    "streams-on-uvloop": """
        import asyncio, urllib.parse, uvloop
        async def get():
            parts = urllib.parse.urlsplit(url)
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 443, ssl=True)
            writer.write(f"GET {parts.path} HTTP/1.1\\r\\nHost: {parts.netloc}\\r\\n\\r\\n".encode())
            status = int((await reader.readline()).split()[1])
            writer.close()
            return status
        answer = uvloop.run(get())
    """,
    "pyopenssl-with-certifi": """
        import certifi, OpenSSL.SSL, socket, urllib.parse
        parts = urllib.parse.urlsplit(url)
        context = OpenSSL.SSL.Context(OpenSSL.SSL.TLS_CLIENT_METHOD)
        context.load_verify_locations(certifi.where())
        context.set_verify(OpenSSL.SSL.VERIFY_PEER)
        connection = OpenSSL.SSL.Connection(context, socket.create_connection((parts.hostname, parts.port or 443)))
        connection.setblocking(True)
        connection.set_tlsext_host_name(parts.hostname.encode())
        connection.set_connect_state()
        connection.sendall(f"GET {parts.path} HTTP/1.1\\r\\nHost: {parts.netloc}\\r\\n\\r\\n".encode())
        answer = int(connection.recv(1000).split()[1])
    """,
    "a-socket": """
        import socket, ssl, urllib.parse
        parts = urllib.parse.urlsplit(url)
        plain = socket.socket()
        plain.connect((parts.hostname, parts.port or 443))
        with ssl.create_default_context().wrap_socket(plain, server_hostname=parts.hostname) as tls:
            tls.sendall(f"GET {parts.path} HTTP/1.1\\r\\nHost: {parts.netloc}\\r\\n\\r\\n".encode())
            answer = int(tls.recv(1000).split()[1])
    """,
}
HOSTS = {
    "domainName": "event['requestContext']['domainName']",
    "execute-api": "'localapi00.execute-api.us-east-1.amazonaws.com'",
}


URL = "url = f\"https://{host}/prod/@connections/{event['requestContext']['connectionId']}\""


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("client", CLIENTS)
def test_any_http_client_trusts_the_gateway(default_prober: Prober, client: str, host: str) -> None:
    assert default_prober.run(f"host = {HOSTS[host]}\n{URL}\n{textwrap.dedent(CLIENTS[client])}") == 200


def test_a_program_that_a_handler_starts_trusts_the_gateway_too(default_prober: Prober) -> None:
    script = """
        import subprocess, sys
        code = f"import urllib.request; print(urllib.request.urlopen({url!r}).status)"
        answer = int(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
    """
    assert default_prober.run(f"host = {HOSTS['domainName']}\n{URL}\n{textwrap.dedent(script)}") == 200


def test_public_authorities_are_trusted_and_no_others(default_prober: Prober) -> None:
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(served)
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        threading.Thread(target=_fail_handshake, args=[listener, served], daemon=True).start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        _, text = default_prober.run(f"import urllib.request; urllib.request.urlopen({url!r})")
    assert "CERTIFICATE_VERIFY_FAILED" in text
    assert default_prober.run("import ssl; answer = len(ssl.create_default_context().get_ca_certs()) > 100")


def _fail_handshake(listener: socket.socket, served: ssl.SSLContext) -> None:
    connection, _ = listener.accept()
    with connection, pytest.raises(ssl.SSLError):
        served.wrap_socket(connection, server_side=True)
