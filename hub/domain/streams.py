"""What every stream of events here has in common: explicit topics, time given from outside, and a cause.

The library's decorator for event methods is not used: an event class that says itself how it changes its
aggregate reads as one paragraph.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Self
from uuid import UUID, uuid5

from eventsourcing.domain import BaseAggregate, CanInitAggregate, CanMutateAggregate, DomainEvent

THE_HUB = "hub"
"""Who brings about what no person decides: a rule that fires, a term that passes."""
HUB = UUID("6f9f5d3e-0d8c-5f0e-9a7b-2c1d4e6f8a90")
"""The namespace of every stream id, so that the same key always finds the same stream."""


def stream_id(kind: str, *key: str) -> UUID:
    """The id of the stream of that kind and key (RFC 9562, version 5)."""
    return uuid5(HUB, "\x1f".join((kind, *key)))


@dataclass(frozen=True, slots=True)
class Occasion:
    """When the hub heard of something, from whom, what led to it, and on which legal ground."""

    at: datetime
    by: str
    cause: str = ""
    basis: str = ""

    def by_rule(self, matrix: str) -> "Occasion":
        """The same occasion for what no person decides: a rule of that version of the matrix does."""
        return replace(self, by=THE_HUB, basis=f"matrix-{matrix}")

    def because_of(self, cause: str) -> "Occasion":
        """The same occasion, one step further along the chain of causes."""
        return replace(self, cause=cause)


class Recorded(DomainEvent, CanMutateAggregate[UUID]):
    """Something that happened; `timestamp` is when the hub recorded it (UTC).

    `by` is who brought it about (a partner, a person, or the hub itself); `cause` the message or event
    that led to it; `basis` the code of the legal ground.
    """

    TOPIC: ClassVar[str]
    SEALED: ClassVar[Mapping[str, str]] = {}
    """The fields that hold data of people, as `sealed` gives them."""
    by: str
    cause: str
    basis: str


def sealed(*paths: str, whose: str = "") -> Mapping[str, str]:
    """Fields with data of people, or their words; what is kept of them can be made unreadable for ever.

    `whose` is the field with the id of the stream that they are about, empty for the event's own. A path goes into objects by
    `.` and through lists by `[]`.
    """
    return dict.fromkeys(paths, whose)


def own_fields(event: Recorded | type[Recorded]) -> tuple[str, ...]:
    """What an event says itself, or each of a class, beside what every event has."""
    return _own_fields(event if isinstance(event, type) else type(event))


@cache
def _own_fields(kind: type[Recorded]) -> tuple[str, ...]:
    shared = {field.name for field in fields(Recorded)}
    return tuple(field.name for field in fields(kind) if field.name not in shared)


class Opening(Recorded, CanInitAggregate[UUID]):
    """The first event of a stream."""

    originator_topic: str


class Stream(BaseAggregate[UUID]):
    """An aggregate whose verbs decide and whose events apply themselves."""

    Event = Recorded

    def __init__(self) -> None:
        """State comes from the first event, which applies itself."""

    def __init_subclass__(cls, **named: Any) -> None:
        # the library would make the annotations of a facet arguments of an `__init__` of its own
        if "__init__" not in vars(cls):
            setattr(cls, "__init__", cls.__init__)  # noqa: B010
        # and would define an inherited event anew, under a topic that is taken: here a facet's events stay what they are
        for facet in cls.__bases__:
            for name, event in vars(facet).items():
                if isinstance(event, type) and issubclass(event, CanMutateAggregate) and name not in vars(cls):
                    setattr(cls, name, event)
        super().__init_subclass__(**named)

    @classmethod
    def open(cls, event: type[Opening], key: UUID, on: Occasion, **said: Any) -> Self:
        """Begins the stream `key` with its first event."""
        return cls._create(event, id=key, timestamp=on.at, by=on.by, cause=on.cause, basis=on.basis, **said)

    def record(self, event: type[Recorded], on: Occasion, **said: Any) -> None:
        """Adds an event to the stream and lets it change the aggregate."""
        self.trigger_event(event, timestamp=on.at, by=on.by, cause=on.cause, basis=on.basis, **said)
