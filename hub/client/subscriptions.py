"""What an organisation wants to be told, and where: as it says it, and as the hub has it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Filters:
    """What is wanted of all that one may know: each narrows, and what is left out lets all through.

    `types` are types of notices, or how they begin with `*` after it; `municipalities` are codes of CBS, of families first seen
    there; `own_signals_only` asks for families about which one raised a signal oneself.
    """

    types: Sequence[str] = ()
    axes: Sequence[str] = ()
    level: int = 1
    directions: Sequence[str] = ()
    municipalities: Sequence[str] = ()
    own_signals_only: bool = False

    def said(self) -> dict[str, Any]:
        """As the hub asks it."""
        several = {name: list(getattr(self, name)) for name in _SEVERAL}
        return {**several, "level": self.level, "ownSignalsOnly": self.own_signals_only}


_SEVERAL = ("types", "axes", "directions", "municipalities")
ALL = Filters()


@dataclass(frozen=True, slots=True)
class Wish:
    """Where one wants to be told things: `sink` is webhook (at the https address `callback`), kafka or feed.

    `payload` is full, or lean: whom to call, and with `Hub.notice` the rest.
    """

    sink: str = "feed"
    callback: str = ""
    payload: str = "full"
    filters: Filters = ALL

    def said(self) -> dict[str, Any]:
        """As the hub asks it."""
        return {"sink": self.sink, "callback": self.callback, "payload": self.payload, "filters": self.filters.said()}


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription as it stands.

    `state` is pending (its address did not say yet that it wants it), active, paused, disabled (`because`, a code) or ended;
    `per_minute` is what its address said that it takes, 0 without a limit; `topic` is that of Kafka; `has_secret` whether what is
    sent is signed with a secret too.
    """

    id: str
    wish: Wish
    state: str
    because: str
    per_minute: int
    topic: str
    has_secret: bool


def subscription(document: Mapping[str, Any]) -> Subscription:
    """The subscription in an answer."""
    said = document["filters"]
    several = {name: tuple(said[name]) for name in _SEVERAL}
    filters = Filters(**several, level=said["level"], own_signals_only=said["ownSignalsOnly"])
    wish = Wish(document["sink"], document["callback"], document["payload"], filters)
    stands = {"state": document["state"], "because": document["because"], "per_minute": document["perMinute"]}
    return Subscription(document["id"], wish, **stands, topic=document["topic"], has_secret=document["hasSecret"])
