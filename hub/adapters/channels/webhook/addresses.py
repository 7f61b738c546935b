"""Which addresses the hub may call because a partner said so: never its own neighbours, whatever a name resolves to."""

import socket
from asyncio import get_running_loop, wait_for
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpcore2
from httpcore2 import SOCKET_OPTION

from hub.adapters.channels.webhook.streams import Stream

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

_LOOKUPS = ThreadPoolExecutor(32, "webhook-lookup")
"""Names are looked up beside whatever else goes on, and a name server that is silent keeps no more than these waiting."""


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


class Doorkeeper(httpcore2.AsyncNetworkBackend):
    """Opens connections: resolves, looks at the addresses, and calls the very address it looked at.

    `allow` are ranges that are called although they are not public; `is_plain` (no TLS) calls nothing but those.
    """

    def __init__(self, allow: tuple[Network, ...], is_plain: bool) -> None:
        self._allow, self._is_plain = allow, is_plain

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore2.AsyncNetworkStream:
        """A connection to the first address that answers. Raises: ConnectError, ConnectTimeout, AddressRefused."""
        addresses = [address for address in await _resolved(host, port, timeout) if self._may_call(address)]
        if not addresses:
            raise AddressRefused("no address that the hub may call")
        *others, last = addresses
        for address in others:
            with suppress(httpcore2.ConnectError, httpcore2.ConnectTimeout):
                return await Stream.opened(str(address), port, timeout)
        return await Stream.opened(str(last), port, timeout)

    def _may_call(self, address: Address) -> bool:
        is_allowed = any(address in network for network in self._allow)
        return is_allowed or (is_public(address) and not self._is_plain)


async def _resolved(host: str, port: int, timeout: float | None) -> list[Address]:
    asking = get_running_loop().run_in_executor(_LOOKUPS, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    try:
        found = await wait_for(asking, timeout)
    except TimeoutError as error:
        raise httpcore2.ConnectTimeout("the name is not looked up in time") from error
    except (OSError, UnicodeError) as error:
        raise httpcore2.ConnectError("the name is not known") from error
    # a scope (%eth0) belongs to link-local addresses, which are never called by name
    return [ip_address(str(place[0]).partition("%")[0]) for *_, place in dict.fromkeys(found)]
