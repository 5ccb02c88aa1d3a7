"""The gateway's ports, and the names that reach them."""

import socket

import pytest

from local.start import ports


@pytest.mark.parametrize(
    ("host", "url"),
    [
        pytest.param("127.0.0.1", "127.0.0.1:{port}", id="an-address"),
        pytest.param("localhost", "localhost:{port}", id="a-name"),
        pytest.param("0.0.0.0", "127.0.0.1:{port}", id="all-of-IPv4"),
        pytest.param("::1", "[::1]:{port}", id="an-address-of-IPv6"),
        pytest.param("::", "[::1]:{port}", id="all-of-IPv6"),
        pytest.param("0::0", "[::1]:{port}", id="all-of-IPv6-in-another-form"),
    ],
)
def test_this_machine_reaches_the_ports_of_every_host(host: str, url: str) -> None:
    with ports.bind(host, 0) as sockets:
        for sock in (sockets.page, sockets.tls, sockets.aws):
            with socket.create_connection(ports.reachable(host, sock), timeout=5):
                pass
            assert ports.address(host, sock) == url.format(port=sock.getsockname()[1])
