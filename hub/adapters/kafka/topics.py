"""Which topics there are, what they are called, and how each is set."""

from collections.abc import Mapping
from dataclasses import dataclass

SIGNALS, RECEIPTS, REFUSED, ESCALATIONS = "signals", "receipts", "refused", "escalations"
"""How the names of topics begin of which every partner has one of its own."""
FAMILIES, POSITIONS = "families", "hub-positions"

_WEEK, _MONTH = str(7 * 86_400_000), str(30 * 86_400_000)
"""Milliseconds."""
_BY_THE_BROKER = "LogAppendTime"
OF_PARTNERS: Mapping[str, Mapping[str, str]] = {
    # what is kept as it came is kept as short as it can be, and long enough for a hub that is away over a holiday
    SIGNALS: {"retention.ms": _WEEK, "message.timestamp.type": _BY_THE_BROKER},
    REFUSED: {"retention.ms": _WEEK},
    RECEIPTS: {"retention.ms": _MONTH},
    ESCALATIONS: {"retention.ms": _MONTH},
}
OF_THE_HUB: Mapping[str, Mapping[str, str]] = {
    FAMILIES: {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.1"},
    POSITIONS: {"cleanup.policy": "compact"},
}
"""How the topics are set that the hub makes, by the beginning of their names, and by their whole names."""


@dataclass(frozen=True, slots=True)
class Topics:
    """The names of topics, with the prefix before them."""

    prefix: str = ""

    def of(self, kind: str, partner: str = "") -> str:
        """The topic of that kind, of a partner or of the hub itself."""
        return f"{self.prefix}{kind}.{partner}" if partner else f"{self.prefix}{kind}"

    def partner_of(self, topic: str) -> str:
        """Whose a topic is of which every partner has one."""
        return topic.removeprefix(self.prefix).partition(".")[2]
