"""Connections over which files are fetched: to public addresses only, checked as they connect, and soon over."""

import ipaddress
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from typing import Any

from requests import Session
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.connection import create_connection

from chalicelib.errors import Outcome, SendFailed

WITHIN = 12.0  # seconds for one answer, from the first byte of the connection to the last of the body
# Not `is_global`: it changes from one version of Python to the next, and says yes to NAT64, 6to4 and multicast.
GLOBAL_6 = ipaddress.ip_network("2000::/3")  # all that is given out of IPv6; mapped, NAT64, local lie outside
SPECIAL = [
    ipaddress.ip_network(network)
    for network in (
        # https://www.iana.org/assignments/iana-ipv4-special-registry, and multicast
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        # https://www.iana.org/assignments/iana-ipv6-special-registry: Teredo and the like, documentation, 6to4
        *("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"),
    )
]


_CLOSING: ContextVar[ExitStack] = ContextVar("what ends with the session")


@contextmanager
def session(*, public: bool) -> Iterator[Session]:
    """A session for one file. With `public` it speaks https only, and only to public addresses."""
    with ExitStack() as closing, Session() as made:
        made.trust_env = False
        made.adapters.clear()
        adapter = _Adapter(PUBLIC if public else ANYWHERE)
        for scheme in adapter.pools:
            made.mount(f"{scheme}://", adapter)
        _CLOSING.set(closing)
        yield made


def is_public(address: str) -> bool:
    """Whether a numeric address may be anybody's in the internet, but nobody's in a network of our own."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:  # also one with a zone that no address may have
        return False
    if isinstance(found, ipaddress.IPv6Address) and (found.scope_id or found not in GLOBAL_6):
        return False
    return not any(found in network for network in SPECIAL)


def resolved(host: str, port: int) -> list[str]:
    """The addresses of a name. Raises SendFailed if one of them is not public, OSError if there are none."""
    found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not all(map(is_public, found)):
        raise SendFailed("its address is not a public one", Outcome.REFUSED)
    return found


class _Timed(HTTPConnection):
    """Cut off when its time is over, whatever it is at: a byte now and then keeps nobody."""

    def _new_conn(self) -> socket.socket:
        connected = self._connected()
        twin = _CLOSING.get().enter_context(connected.dup())  # TLS takes the first one over
        watch = threading.Timer(WITHIN, _cut, [twin])
        watch.daemon = True
        _CLOSING.get().callback(watch.cancel)
        watch.start()
        return connected

    def _connected(self) -> socket.socket:
        return super()._new_conn()


class _TimedSecure(_Timed, HTTPSConnection):
    """The same with TLS."""


class _Public(_TimedSecure):
    """To the very address that was checked, whatever the name leads to a moment later; TLS still proves the name."""

    def _connected(self) -> socket.socket:
        failed: OSError | None = None
        for address in resolved(self._dns_host, self.port or 443):
            try:
                return create_connection((address, self.port or 443), self.timeout, socket_options=self.socket_options)
            except OSError as error:  # the next one may answer: a function on AWS has no IPv6
                failed = error
        raise failed or OSError("a name without an address")


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Timed


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _TimedSecure


class _PublicPool(HTTPSConnectionPool):
    ConnectionCls = _Public


PUBLIC: dict[str, Any] = {"https": _PublicPool}
ANYWHERE: dict[str, Any] = {"http": _PlainPool, "https": _SecurePool}


class _Adapter(HTTPAdapter):
    def __init__(self, pools: dict[str, Any]) -> None:
        self.pools = pools
        super().__init__()

    def init_poolmanager(self, *given: Any, **named: Any) -> None:
        super().init_poolmanager(*given, **named)
        self.poolmanager.pool_classes_by_scheme = self.pools


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):  # it is over already
        connection.shutdown(socket.SHUT_RDWR)
