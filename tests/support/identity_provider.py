"""
An identity provider: keys, tokens that they sign, and a server of the keys that misbehaves on demand.

This module makes tokens without the code under test, and without PyJWT.

"""

import contextlib
import json
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeAlias

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, HashAlgorithm

from tests.support.credentials import NOW, base64url, segment
from tests.support.gateway import PATIENCE

ISSUER = "https://provider.example"
AUDIENCE = "hub"
CLAIMS: dict[str, Any] = {"iss": ISSUER, "aud": AUDIENCE, "sub": "user-1", "session_id": "s1", "exp": NOW + 600}

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def rsa_key(name: str = "", bits: int = 2048) -> rsa.RSAPrivateKey:
    """Return the RSA key with a name. A key is made only once, because that takes long."""
    return rsa.generate_private_key(65537, bits)


@cache
def ec_key(name: str = "", curve: type[ec.EllipticCurve] = ec.SECP256R1) -> ec.EllipticCurvePrivateKey:
    """Return the key with a name on a curve."""
    return ec.generate_private_key(curve())


def number(value: int, size: int = 0) -> str:
    """Encode a number of a JWK. ``size`` is its length in bytes, if that is fixed."""
    return base64url(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def jwk(key: PrivateKey, kid: str, /, **changes: Any) -> dict[str, Any]:
    """Return the JWK of a public key. Ellipsis leaves a member out."""
    if isinstance(key, rsa.RSAPrivateKey):
        public = key.public_key().public_numbers()
        members = {"kty": "RSA", "alg": "RS256", "n": number(public.n), "e": number(public.e)}
    else:
        point = key.public_key().public_numbers()
        size = (key.curve.key_size + 7) // 8
        curves = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521", "secp256k1": "secp256k1"}
        members = {"kty": "EC", "alg": "ES256", "crv": curves[key.curve.name]}
        members |= {"x": number(point.x, size), "y": number(point.y, size)}
    named = members | {"kid": kid, "use": "sig"} | changes
    return {name: value for name, value in named.items() if value is not ...}


def key_set(*keys: Any) -> bytes:
    return json.dumps({"keys": keys}).encode()


RSA, EC = "rsa-1", "ec-1"
"""The names of the two keys that the provider publishes."""


def published() -> bytes:
    return key_set(jwk(rsa_key(), RSA), jwk(ec_key(), EC))


Signer: TypeAlias = Callable[[bytes], bytes]


def rs(hash_of: HashAlgorithm | None = None, key: rsa.RSAPrivateKey | None = None) -> Signer:
    """Return what signs with an RSA key: as RS256, unless there is another hash."""
    return lambda signed: (key or rsa_key()).sign(signed, padding.PKCS1v15(), hash_of or SHA256())


def ps(key: rsa.RSAPrivateKey | None = None) -> Signer:
    """Return what signs as PS256."""
    return lambda signed: (key or rsa_key()).sign(signed, padding.PSS(padding.MGF1(SHA256()), 32), SHA256())


def es_numbers(signed: bytes, key: ec.EllipticCurvePrivateKey | None = None) -> tuple[int, int]:
    """Return r and s of a signature."""
    return decode_dss_signature((key or ec_key()).sign(signed, ec.ECDSA(SHA256())))


def es(key: ec.EllipticCurvePrivateKey | None = None) -> Signer:
    """Return what signs as ES256: r and s, of 32 bytes each."""

    def sign(signed: bytes) -> bytes:
        return b"".join(value.to_bytes(32, "big") for value in es_numbers(signed, key))

    return sign


def token(claims: Any = CLAIMS, header: Any = None, signer: Signer | None = None) -> str:
    """Return a token with any claims and header, valid or not: with the RSA key by default, as RS256."""
    header = {"alg": "RS256", "typ": "JWT", "kid": RSA} if header is None else header
    signed = f"{segment(header)}.{segment(claims)}"
    return f"{signed}.{base64url((signer or rs())(signed.encode()))}"


def es_token(claims: Any = CLAIMS, signer: Signer | None = None, **changes: Any) -> str:
    """Return a token with the EC key, as ES256."""
    return token(claims, {"alg": "ES256", "kid": EC} | changes, signer or es())


def with_claims(**claims: Any) -> str:
    """Return a token that is valid except for these claims. Ellipsis leaves a claim out."""
    return token({name: value for name, value in (CLAIMS | claims).items() if value is not ...})


DRIP = 0.05
"""Seconds between the bytes of an answer that drips."""


def response(body: bytes, status: int = 200, *headers: str, length: int | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status} A Reason", f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class Provider:
    """
    A server of keys.

    Attributes:
        url: The URL of the keys.
        answer: What the server sends in answer to each request, until a test sets another answer.
        drips: What it then sends byte by byte and over and over, until the client goes away.
        hangs: Whether it then keeps the connection open, until the client goes away.
        requests: The first lines of all requests.
        left: The number of connections from which the client has gone away, or that have ended.

    """

    url: str = ""
    answer: bytes = b""
    drips: bytes = b""
    hangs: bool = False
    requests: list[str] = field(default_factory=list)
    left: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def publish(self, *keys: Any) -> None:
        self.say(response(key_set(*keys)))

    def say(self, answer: bytes, drips: bytes = b"", hangs: bool = False) -> None:
        self.answer, self.drips, self.hangs = answer, drips, hangs

    @property
    def fetches(self) -> int:
        return len(self.requests)


@contextlib.contextmanager
def running_provider(tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Provider]:
    """Serve the keys of ``published`` while the context lasts, in a thread for each connection."""
    over = threading.Event()
    provider = Provider(answer=response(published()))

    class Handler(socketserver.StreamRequestHandler):
        timeout = PATIENCE

        def handle(self) -> None:
            first, *_ = [*iter(lambda: self.rfile.readline().strip(), b"")] or [b""]
            if not first:
                return
            provider.requests.append(first.decode("latin-1"))
            self.connection.sendall(provider.answer)
            while provider.drips and not over.wait(DRIP):
                self.connection.sendall(provider.drips)
            if provider.hangs:
                self.connection.recv(1)

    class Server(socketserver.ThreadingTCPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        request_queue_size = 128

        def process_request_thread(self, request: Any, client_address: Any) -> None:
            with contextlib.suppress(OSError):  # the client goes away, or does not trust the certificate
                request = tls.wrap_socket(request, server_side=True) if tls else request
                self.finish_request(request, client_address)
            self.shutdown_request(request)
            provider.left.release()

    with Server((host, 0), Handler) as server:
        named = f"[{host}]" if ":" in host else "localhost" if tls else host
        provider.url = f"http{'s' if tls else ''}://{named}:{server.server_address[1]}/jwks.json"
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        try:
            yield provider
        finally:
            over.set()
            server.shutdown()
            thread.join()
