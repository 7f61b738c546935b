"""Where somebody is, as far as an address tells."""

from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address


def place_of(client: Sequence[object] | None) -> str:
    """What counts as one place: an address, or of IPv6 the network of a whole line, for one line has more than can be counted."""
    try:
        read = ip_address(str(client[0]).partition("%")[0] if client else "")
    except ValueError:
        return ""
    if isinstance(read, IPv6Address):
        return str(read.ipv4_mapped or f"{IPv6Address(read.packed[:8] + bytes(8))}/64")
    return str(read)
