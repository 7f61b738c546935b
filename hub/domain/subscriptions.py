"""What an organisation wants to be told, and where; whatever it asks, it is told no more than it may know.

CloudEvents' HTTP webhooks (1.0, 4: abuse protection): nothing is sent to an address that did not say that it wants it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from hub.domain.streams import Occasion, Opening, Recorded, Stream, stream_id
from hub.domain.words import Axis, Direction
from hub.errors import Malformed, RuleBroken, Violation

PENDING, ACTIVE, PAUSED, DISABLED, ENDED = "pending", "active", "paused", "disabled", "ended"
MOST = 100
"""Subscriptions of one organisation that are not ended."""
LONGEST_OVERLAP = timedelta(days=7)
"""In which what is sent is signed with the secret before, too."""
LONGEST_TYPE = 100
_ADDRESS = re.compile(
    r"https?://(?P<who>[^/?#@\s]*@)?(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:[1-9]\d{0,4})?([/?#][!-~]{0,1700})?", re.ASCII
)
_MUNICIPALITY = re.compile(r"[0-9]{4}", re.ASCII)
_TYPE = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*(\.?\*)?|\*", re.ASCII)


class Sink(StrEnum):
    """Where somebody is told things: at an address, in a topic of Kafka, or nowhere but on the feed, to fetch it."""

    WEBHOOK = "webhook"
    KAFKA = "kafka"
    FEED = "feed"


class Payload(StrEnum):
    """How much a notice carries: all that one may know, or only whom to call and where the rest can be fetched."""

    FULL = "full"
    LEAN = "lean"


@dataclass(frozen=True, slots=True)
class Ties:
    """What a family has to do with organisations: the municipality it was first seen in, and who raised signals about it."""

    municipality: str = ""
    reporters: frozenset[str] = frozenset()


NO_TIES = Ties()


@dataclass(frozen=True, slots=True)
class Interest:
    """What is wanted: each filter narrows; an empty one lets all through.

    `types` are types of notices, or how they begin with `*` after it; `axes`, `level` (at least) and `directions` narrow those
    that speak of one, and let the others through. `municipalities` (CBS codes) and `own` (of families about which one raised
    a signal oneself) narrow what is about a family.
    """

    types: tuple[str, ...] = ()
    axes: tuple[str, ...] = ()
    level: int = 1
    directions: tuple[str, ...] = ()
    municipalities: tuple[str, ...] = ()
    own: bool = False

    @property
    def asks_ties(self) -> bool:
        """Whether it narrows by what a family has to do with organisations."""
        return bool(self.municipalities) or self.own

    def lets_through(self, type: str, data: Mapping[str, Any]) -> bool:
        """Whether a notice of that type, which says this, is wanted."""
        return (
            _is_among(type, self.types)
            and (not self.axes or data.get("axis", self.axes[0]) in self.axes)
            and (data.get("level") is None or data["level"] >= self.level)
            and (not self.directions or data.get("direction", self.directions[0]) in self.directions)
        )

    def is_near(self, organisation: str, ties: Ties) -> bool:
        """Whether what is about a family with these ties is wanted by that organisation."""
        is_here = not self.municipalities or ties.municipality in self.municipalities
        return is_here and (not self.own or organisation in ties.reporters)


EVERYTHING = Interest()
"""All that one may know."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Where an organisation wants to be told things, how much of them at once, and which."""

    sink: Sink = Sink.FEED
    callback: str = ""
    payload: Payload = Payload.FULL
    interest: Interest = EVERYTHING

    @classmethod
    def of(cls, event: Any) -> "Wish":
        """As an event says it."""
        said = {name: _firm(getattr(event, name)) for name in _FILTERS}
        return cls(Sink(event.sink), event.callback, Payload(event.payload), Interest(**said))

    def said(self) -> dict[str, Any]:
        """For an event."""
        filters = {name: _loose(getattr(self.interest, name)) for name in _FILTERS}
        return {"sink": self.sink.value, "callback": self.callback, "payload": self.payload.value, **filters}


_FILTERS = tuple(filter.name for filter in fields(Interest))


def _firm(said: Any) -> Any:
    return tuple(said) if isinstance(said, list) else said


def _loose(said: Any) -> Any:
    return list(said) if isinstance(said, tuple) else said


def _is_among(type: str, wanted: tuple[str, ...]) -> bool:
    return not wanted or any(type.startswith(each[:-1]) if each.endswith("*") else type == each for each in wanted)


def subscription_id(organisation: str, key: str) -> UUID:
    """The stream of the subscription that an organisation asked for by that key: the same request makes one."""
    return stream_id("subscription", organisation, key)


class Subscription(Stream):
    """One organisation's wish to be told things at one place."""

    TOPIC = "subscription"

    class Opened(Opening):
        """An organisation wants to be told this, there."""

        TOPIC = "subscription-opened"
        organisation: str
        sink: str
        callback: str
        payload: str
        types: list[str]
        axes: list[str]
        level: int
        directions: list[str]
        municipalities: list[str]
        own: bool

        def apply(self, aggregate: "Subscription") -> None:
            aggregate.organisation, aggregate.wish = self.organisation, Wish.of(self)
            aggregate.state = begins_as(aggregate.wish)

    class Changed(Recorded):
        """It wants something else, or elsewhere."""

        TOPIC = "subscription-changed"
        sink: str
        callback: str
        payload: str
        types: list[str]
        axes: list[str]
        level: int
        directions: list[str]
        municipalities: list[str]
        own: bool

        def apply(self, aggregate: "Subscription") -> None:
            before, aggregate.wish = aggregate.wish, Wish.of(self)
            if before.callback != aggregate.wish.callback and aggregate.state != PAUSED:
                aggregate.state = begins_as(aggregate.wish)

    class Confirmed(Recorded):
        """The address said that it wants to be told things, and how many a minute (0: it set no limit)."""

        TOPIC = "subscription-confirmed"
        callback: str
        per_minute: int

        def apply(self, aggregate: "Subscription") -> None:
            aggregate.state = ACTIVE

    class Paused(Recorded):
        """For the time being it is sent nothing; what comes meanwhile waits."""

        TOPIC = "subscription-paused"

        def apply(self, aggregate: "Subscription") -> None:
            aggregate.state = PAUSED

    class Disabled(Recorded):
        """The hub gave up sending to an address that took nothing for too long, or said that it is gone."""

        TOPIC = "subscription-disabled"
        organisation: str
        because: str

        def apply(self, aggregate: "Subscription") -> None:
            aggregate.state = DISABLED

    class Resumed(Recorded):
        """It is sent things again, once its address says once more that it wants them."""

        TOPIC = "subscription-resumed"

        def apply(self, aggregate: "Subscription") -> None:
            aggregate.state = begins_as(aggregate.wish)

    class Tested(Recorded):
        """It is sent a notice that says nothing, so that its engineer sees one arrive."""

        TOPIC = "subscription-tested"
        organisation: str

        def apply(self, aggregate: "Subscription") -> None: ...

    class SecretRenewed(Recorded):
        """What it is sent is signed with a secret of its own besides: this names it, and says nothing of it.

        With the one before, if it had one, until that moment too.
        """

        TOPIC = "subscription-secret-renewed"
        secret: str
        before_until: datetime

        def apply(self, aggregate: "Subscription") -> None: ...

    class SecretDropped(Recorded):
        """What it is sent is signed with no secret of its own any more, only with the hub's keys."""

        TOPIC = "subscription-secret-dropped"

        def apply(self, aggregate: "Subscription") -> None: ...

    class Ended(Recorded):
        """It is told nothing any more."""

        TOPIC = "subscription-ended"

        def apply(self, aggregate: "Subscription") -> None:
            aggregate.state = ENDED

    organisation: str
    wish: Wish
    state: str

    @classmethod
    def subscribe(cls, organisation: str, key: str, wish: Wish, on: Occasion) -> "Subscription":
        """A new subscription. Raises: Malformed, with every violation at once."""
        _refuse(wish)
        return cls.open(cls.Opened, subscription_id(organisation, key), on, organisation=organisation, **wish.said())

    def record(self, event: type[Recorded], on: Occasion, **said: Any) -> None:
        """Adds an event, unless it ended. Raises: RuleBroken."""
        if self.state == ENDED:
            raise RuleBroken("This subscription has ended; make a new one.", code="subscription-ended")
        super().record(event, on, **said)

    def change(self, wish: Wish, on: Occasion) -> None:
        """Wants something else, or elsewhere; another address has to say first that it wants it.

        Raises:
            Malformed: with every violation at once.
            RuleBroken: it is another sink, which has other numbers: what waits would be lost on the way.
        """
        _refuse(wish)
        if wish.sink is not self.wish.sink:
            raise RuleBroken("A subscription stays where it is told things; make a new one, and end this.", code="another-sink")
        if wish != self.wish:
            self.record(self.Changed, on, **wish.said())

    def confirm(self, callback: str, per_minute: int, on: Occasion) -> None:
        """Its address wants it; what was asked of an address that was changed meanwhile says nothing."""
        if self.state == PENDING and callback == self.wish.callback:
            self.record(self.Confirmed, on, callback=callback, per_minute=per_minute)

    def pause(self, on: Occasion) -> None:
        """Sends it nothing for the time being."""
        if self.state in (PENDING, ACTIVE):
            self.record(self.Paused, on)

    def disable(self, callback: str, because: str, on: Occasion) -> None:
        """Gives up on its address, for that reason (a code)."""
        if self.state in (PENDING, ACTIVE) and callback == self.wish.callback:
            self.record(self.Disabled, on, organisation=self.organisation, because=because)

    def resume(self, on: Occasion) -> None:
        """Sends it things again, what waits first."""
        if self.state in (PAUSED, DISABLED):
            self.record(self.Resumed, on)

    def test(self, on: Occasion) -> None:
        """Sends it a notice that says nothing. Raises: RuleBroken, where it is sent nothing now."""
        if self.state != ACTIVE:
            raise RuleBroken(f"This subscription is {self.state}: it is told nothing now.", code="subscription-not-active")
        self.record(self.Tested, on, organisation=self.organisation)

    def renew_secret(self, secret: str, overlap: timedelta, on: Occasion) -> None:
        """Signs what it is sent with a secret of that name besides; the one before serves for as long as the overlap, too.

        Raises:
            Malformed: an overlap that is less than nothing, or more than a week.
            RuleBroken: nothing is sent to it at an address.
        """
        if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
            raise Malformed("This secret cannot be renewed.", [Violation("/overlapHours", "is from 0 to 168 hours")])
        if self.wish.sink is not Sink.WEBHOOK:
            raise RuleBroken("Only what is sent to an address is signed with a secret.", code="not-a-webhook")
        self.record(self.SecretRenewed, on, secret=secret, before_until=on.at + overlap)

    def drop_secret(self, on: Occasion) -> None:
        """Signs what it is sent with the hub's keys only."""
        self.record(self.SecretDropped, on)

    def end(self, on: Occasion) -> None:
        """Tells it nothing any more, and for good."""
        self.record(self.Ended, on)


def begins_as(wish: Wish) -> str:
    """In which state one is told things at a new place: an address has to say first that it wants it."""
    return PENDING if wish.sink is Sink.WEBHOOK else ACTIVE


def _refuse(wish: Wish) -> None:
    if violations := tuple(_violations(wish)):
        raise Malformed("This subscription cannot be.", violations)


def _violations(wish: Wish) -> Iterator[Violation]:
    wanted = wish.interest
    if wish.sink is Sink.WEBHOOK:
        yield from _against_address(wish.callback)
    if wish.sink is not Sink.WEBHOOK and wish.callback:
        yield Violation("/callback", "belongs to a webhook alone")
    if wish.sink is Sink.KAFKA and wish.payload is Payload.LEAN:
        yield Violation("/payload", "is full in a topic, where nobody keeps the rest to be fetched")
    if len(set(wanted.types)) < len(wanted.types):
        yield Violation("/filters/types", "says one of them twice")
    for nth, type in enumerate(wanted.types):
        if not _TYPE.fullmatch(type) or len(type) > LONGEST_TYPE:
            yield Violation(f"/filters/types/{nth}", "is neither a type of notice nor how one begins, with * after it")
    for nth, municipality in enumerate(wanted.municipalities):
        if not _MUNICIPALITY.fullmatch(municipality):
            yield Violation(f"/filters/municipalities/{nth}", "is not a municipality's code of four digits")
    yield from _among("axes", wanted.axes, Axis)
    yield from _among("directions", wanted.directions, Direction)
    if not 1 <= wanted.level <= 4:
        yield Violation("/filters/level", "is not between 1 and 4")


def _against_address(callback: str) -> Iterator[Violation]:
    address = _ADDRESS.fullmatch(callback)
    if address is None:
        yield Violation("/callback", "is not an http or https address")
    elif address["who"]:
        yield Violation("/callback", "has a name or a password in it, which would be shown wherever the address is")


def _among(name: str, said: tuple[str, ...], known: type[Any]) -> Iterator[Violation]:
    for nth, each in enumerate(said):
        if each not in {one.value for one in known}:
            yield Violation(f"/filters/{name}/{nth}", f"is one of {', '.join(one.value for one in known)}")
