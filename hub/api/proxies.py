"""What stands in front of the hub: which addresses are believed when they pass a client's certificate on."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Self

from starlette.types import Scope


@dataclass(frozen=True, slots=True)
class Proxies:
    """The header in which a certificate comes, in lower case (empty: none does), and from where it is believed."""

    header: str = ""
    trusted: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def of(cls, header: str, trusted: str) -> Self:
        """As the settings say it: `trusted` has ranges of addresses with commas between.

        Raises:
            ValueError: one of them is no range.
        """
        return cls(header.strip().lower(), tuple(ip_network(each.strip()) for each in trusted.split(",") if each.strip()))

    def certificate(self, scope: Scope, shown: Sequence[str]) -> str:
        """That of the client of this request, where one trusted proxy says it once; whatever else is shown is not believed."""
        return shown[0] if self.header and len(shown) == 1 and self._is_trusted(scope.get("client")) else ""

    def _is_trusted(self, client: Sequence[object] | None) -> bool:
        try:
            address = ip_address(str(client[0]) if client else "")
        except ValueError:
            return False
        return any(address in each for each in self.trusted)
