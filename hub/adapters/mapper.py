"""Events as plain JSON: what stands in the log can be read by anybody, with any tool, in any year; but people's data is sealed.

Stored are str, int, float, bool, None, moments (datetime, as ISO 8601 in UTC), and lists and dicts of those with text as
keys. Read back, only what the event class annotates as a moment becomes one again; nothing is guessed. An upcast
(`class_version`, `upcast_vN_vM`, as the library does it) sees what is stored, so moments as text, and nothing sealed.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any, get_args, get_type_hints
from uuid import UUID

import msgspec
from eventsourcing.domain import DomainEvent, DomainEventProtocol
from eventsourcing.persistence import Mapper, MapperDeserialisationError, StoredEvent, Transcoder
from eventsourcing.utils import TopicError, resolve_topic

from hub.adapters.sealing import Vault, open_again, place, says_any, seal

_Moments = tuple[tuple[str, Callable[[Any], Any]], ...]


def mapper(vault: Vault | None = None) -> "PlainMapper":
    """The mapper of the hub's events; without a vault they are stored as they are said."""
    return PlainMapper(PlainJson()) if vault is None else SealingMapper(vault)


class PlainJson(Transcoder):
    """JSON as it is, without the library's marks of types."""

    def __init__(self) -> None:
        self._encoder = msgspec.json.Encoder()
        self._decoder = msgspec.json.Decoder(dict[str, Any])

    def encode(self, obj: Any) -> bytes:
        """The bytes of an event's fields."""
        return self._encoder.encode(obj)

    def decode(self, data: bytes) -> dict[str, Any]:
        """An event's fields, moments still as text."""
        return self._decoder.decode(data)


class PlainMapper(Mapper[UUID]):
    """Between events and what is stored of them."""

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        """The event as it is stored.

        Raises:
            TypeError: a field would not read back as it was said; the error names the field, never its value.
        """
        stored = super().to_stored_event(domain_event)
        try:
            kept, said = vars(self.to_domain_event(stored)), vars(domain_event)
        except MapperDeserialisationError as error:
            raise TypeError(f"cannot be kept: {error}") from error
        if kept != said:
            lost = sorted(name for name in said if name not in kept or kept[name] != said[name])
            raise TypeError(f"{', '.join(lost)} of {place(stored)} cannot be kept as plain JSON")
        return stored

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        """The event as it was said, in the words of today.

        Raises:
            MapperDeserialisationError: no event has that topic, or what is stored cannot be read as one.
        """
        moments = _moments_of(stored_event)
        event = super().to_domain_event(stored_event)
        said, name = vars(event), ""
        try:
            for name, read in moments:
                said[name] = read(said[name])
        except (KeyError, TypeError, ValueError, msgspec.ValidationError):
            # not `from` the error, which would quote the value
            raise MapperDeserialisationError(f"{name} of {place(stored_event)} is not a moment in UTC") from None
        return event


class SealingMapper(PlainMapper):
    """The same, with what a class names in `SEALED` sealed on its way to the log, and opened on its way back."""

    def __init__(self, vault: Vault) -> None:
        super().__init__(PlainJson())
        self._vault = vault

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        """The event as it is stored; within a transaction that can keep new keys."""
        stored = super().to_stored_event(domain_event)
        fields = getattr(domain_event, "SEALED", None)
        return seal(stored, fields, self._vault) if fields and says_any(domain_event, fields) else stored

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        """The event as it was said; what was said of somebody whose key is destroyed is empty.

        Raises:
            MapperDeserialisationError: also where what is sealed was changed, cut short, or put there from elsewhere.
        """
        return super().to_domain_event(open_again(stored_event, self._vault))


def _moments_of(stored: StoredEvent) -> _Moments:
    try:
        return _moments(resolve_topic(stored.topic))
    except (TopicError, TypeError, ValueError) as error:
        raise MapperDeserialisationError(f"no event class has the topic of {place(stored)}") from error


@cache
def _moments(event_class: Any) -> _Moments:
    if not issubclass(event_class, DomainEvent):
        raise TypeError("not a class of events")
    hints = get_type_hints(event_class)
    return tuple((name, _reader(hint)) for name, hint in hints.items() if _mentions_moment(hint))


def _mentions_moment(hint: Any) -> bool:
    return hint is datetime or any(map(_mentions_moment, get_args(hint)))


def _reader(hint: Any) -> Callable[[Any], Any]:
    if hint is datetime:
        return _moment
    return _moment_or_none if hint == datetime | None else partial(msgspec.convert, type=hint)


def _moment(said: Any) -> datetime:
    # an upcast may have made a moment of it already
    moment = datetime.fromisoformat(said) if isinstance(said, str) else said
    if not isinstance(moment, datetime) or moment.tzinfo is not UTC:
        raise ValueError("not a moment in UTC")
    return moment


def _moment_or_none(said: Any) -> datetime | None:
    return None if said is None else _moment(said)
