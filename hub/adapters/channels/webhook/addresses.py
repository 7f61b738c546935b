"""Which addresses the hub may call because a partner said so: never its own neighbours, whatever a name resolves to."""

import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from ssl import SSLContext
from time import monotonic
from typing import Any

import httpcore2
from httpcore2 import SOCKET_OPTION

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_TRANSLATED = IPv6Network("64:ff9b::/96")
"""IPv4 behind a NAT64 (RFC 6052)."""
_SITE_LOCAL = IPv6Network("fec0::/10")
"""Neighbours of old (RFC 3879)."""
_SPECIAL = (
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.31.196.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv6Network("3fff::/20"),
)
"""Set apart for protocols, AS112, relays of 6to4 and documentation (RFC 6890, 7535, 7526, 9637), which Python may not know."""
_METADATA = frozenset({IPv4Address("168.63.129.16")})
"""Public by number, yet a cloud's own; the others (169.254.169.254, fd00:ec2::254) are link-local or private."""


class AddressRefused(httpcore2.ConnectError):
    """Every address of that name is one that the hub does not call."""


def networks(text: str) -> tuple[Network, ...]:
    """Address ranges, written in CIDR with spaces or commas between them.

    Raises:
        ValueError: not a range.
    """
    return tuple(ip_network(range) for range in text.replace(",", " ").split())


def is_public(address: Address) -> bool:
    """That an address lies on the public internet, also where an IPv6 address carries an IPv4 one inside."""
    inner = _inside(address)
    if inner is not None:
        return is_public(inner)
    is_odd = address.is_multicast or address.is_reserved or address in _SITE_LOCAL or address in _METADATA
    is_odd = is_odd or any(address in network for network in _SPECIAL)
    return address.is_global and not is_odd


def _inside(address: Address) -> IPv4Address | None:
    if isinstance(address, IPv4Address):
        return None
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


class Budget:
    """The seconds that one exchange may take from its first to its last byte, whatever the other side does in between."""

    def __init__(self) -> None:
        self._until = 0.0

    def begin(self, seconds: float) -> None:
        """An exchange begins."""
        self._until = monotonic() + seconds

    def left(self, timeout: float | None) -> float:
        """The seconds for the next step. Raises: ReadTimeout, where none are left."""
        left = self._until - monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("the exchange took too long")
        return left if timeout is None else min(left, timeout)


class Doorkeeper(httpcore2.NetworkBackend):
    """Opens connections: resolves, looks at the addresses, and calls the very address it looked at.

    `allow` are ranges that are called although they are not public; `is_plain` (no TLS) calls nothing but those.
    """

    def __init__(self, allow: tuple[Network, ...], is_plain: bool, budget: Budget) -> None:
        self._allow, self._is_plain, self._budget = allow, is_plain, budget
        self._calls = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """A connection to the first address that answers. Raises: ConnectError, AddressRefused."""
        addresses = [address for address in _resolved(host, port) if self._may_call(address)]
        if not addresses:
            raise AddressRefused("no address that the hub may call")
        *others, last = addresses
        for address in others:
            with suppress(httpcore2.ConnectError, httpcore2.ConnectTimeout):
                return self._connect(address, port, timeout, socket_options)
        return self._connect(last, port, timeout, socket_options)

    def _connect(
        self, address: Address, port: int, timeout: float | None, socket_options: Iterable[SOCKET_OPTION] | None
    ) -> httpcore2.NetworkStream:
        opened = self._calls.connect_tcp(str(address), port, self._budget.left(timeout), None, socket_options)
        return _Bounded(opened, self._budget)

    def _may_call(self, address: Address) -> bool:
        is_allowed = any(address in network for network in self._allow)
        return is_allowed or (is_public(address) and not self._is_plain)


class _Bounded(httpcore2.NetworkStream):
    """A connection on which no single step outlives the budget of its exchange."""

    def __init__(self, stream: httpcore2.NetworkStream, budget: Budget) -> None:
        self._stream, self._budget = stream, budget

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._budget.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._budget.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Bounded(self._stream.start_tls(ssl_context, server_hostname, self._budget.left(timeout)), self._budget)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _resolved(host: str, port: int) -> Iterator[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore2.ConnectError("the name is not known") from error
    for *_, place in dict.fromkeys(found):
        # a scope (%eth0) belongs to link-local addresses, which are never called by name
        yield ip_address(str(place[0]).partition("%")[0])
