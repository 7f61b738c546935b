"""Events by the hundred thousand: the families of a store once more under other ids, written by the hub's own means."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from random import Random
from typing import Any
from uuid import UUID

from hub.ports import Fact
from hub.wiring import INDEXES, Hub

AT_ONCE = 10_000
"""Events in one transaction."""
_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_KEY = re.compile(r"[0-9a-f]{64}")
_AS_THEY_ARE = {"kept"}
"""Fields that go on naming what is there: the bytes as they were received are kept once for all."""


def weigh_down(hub: Hub, after: int, until: int) -> None:
    """Fills the log with copies of all that came after a position, until it holds so many events."""
    families = [hub.mapper.to_domain_event(stored) for _, stored in hub.log.read(after, hub.log.last_position())]
    copies = islice(_copies(families), until - hub.log.last_position())
    while some := list(islice(copies, AT_ONCE)):
        _append(hub, some)


def _append(hub: Hub, events: Sequence[Any]) -> None:
    with hub.log.transaction() as transaction, hub.vault.during(transaction.connection):
        positions = transaction.append([hub.mapper.to_stored_event(event) for event in events])
        facts = [Fact(at, event.originator_id, event) for at, event in zip(positions, events, strict=True)]
        for index in INDEXES:
            index.apply(facts, transaction.connection)


def _copies(events: Sequence[Any]) -> Iterator[Any]:
    random = Random(1)  # noqa: S311
    while True:
        other = _other(random.getrandbits(128), random.getrandbits(256))
        yield from (_copy(event, other) for event in events)


def _other(ids: int, keys: int) -> Callable[[Any], Any]:
    """The same under other ids: what names one another before does so after."""

    def other(value: Any) -> Any:
        match value:
            case str():
                named = _ID.sub(lambda found: str(UUID(int=UUID(found[0]).int ^ ids)), value)
                return f"{int(named, 16) ^ keys:064x}" if _KEY.fullmatch(named) else named
            case UUID():
                return UUID(int=value.int ^ ids)
            case list():
                return [other(each) for each in value]
            case dict():
                return {name: other(each) for name, each in value.items()}
        return value

    return other


def _copy(event: Any, other: Callable[[Any], Any]) -> Any:
    copy = object.__new__(type(event))
    copy.__dict__.update({name: value if name in _AS_THEY_ARE else other(value) for name, value in vars(event).items()})
    return copy
