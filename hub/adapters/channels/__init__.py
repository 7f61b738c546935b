"""How notices leave the hub: one module each, found by itself, and on when its own settings say so."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from threading import Event
from time import time_ns
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Connection, Engine

from hub.adapters.bells import Bells
from hub.adapters.hub_keys import HubKeys
from hub.adapters.registrations import Organisation, Registrations, Subscriber
from hub.domain.subscriptions import NO_TIES, Ties
from hub.domain.tellings import Attempt
from hub.domain.traces import of_notice, of_signal
from hub.ports import UNWATCHED, Call, Channel, Clock, Earlier, Notice, Projection, Step, Watch

Disclose = Callable[[Notice, Organisation], Notice | None]
"""What an organisation may know of a notice, if anything."""


Near = Callable[[Sequence[UUID]], Mapping[UUID, Ties]]
"""What families have to do with organisations."""


AT_ONCE = 1_000
"""Subscribers of whom is asked at a time what they are to be told."""
Held = Callable[[Sequence[tuple[str, str]]], frozenset[str]]
"""Of subscribers, each with what it calls a notice, those that this channel ever had it for."""


Ledger = Callable[[Sequence[Attempt]], None]
"""Keeps attempts to tell somebody something, and comes back when they are kept: call it after the exchange, then settle."""


class Receivers(Protocol):
    """Who was told how high an escalation stands."""

    def of(self, escalation: str) -> Earlier:
        """What was said of that escalation, and to whom."""
        ...

    def called(self, organisation: str, notice: str) -> str:
        """What an organisation calls a notice that the hub calls so."""
        ...


class Sieve(Protocol):
    """Through which notices go on their way to partners."""

    @property
    def disclose(self) -> Disclose: ...

    @property
    def ties(self) -> Near: ...

    @property
    def receivers(self) -> Receivers: ...

    @property
    def registrations(self) -> Registrations: ...


class Staff(Protocol):
    """The people who work here."""

    def calls(self, notice: Notice) -> Sequence[Call]:
        """Whom to mail of a notice, and when."""
        ...

    def address(self, contact: UUID) -> str:
        """Where somebody is mailed now; empty where they are not."""
        ...

    def mailed(self, contact: UUID, about: str, kind: str) -> None:
        """Somebody was mailed."""
        ...


@dataclass(frozen=True, slots=True)
class Wishes:
    """Where it is said what became of the address of a subscription: it wants to be told things, or it is given up."""

    confirm: Callable[[UUID, str, int], None]
    """The subscription, the address, and how many it takes a minute (0: any number)."""
    disable: Callable[[UUID, str, str], None]
    """The subscription, the address, and why (a code)."""
    give_up: Callable[[str, str, str], None]
    """The organisation whose callback it is, the address, and why."""


@dataclass(frozen=True, slots=True)
class Around:
    """What a channel may use of the hub; `base_url` is where the hub's API is found, without a slash at its end.

    `bells` tell whoever waits for what a channel accepted, in whichever process: the channel rings on the transaction.
    """

    outbox: Engine
    bells: Bells
    registrations: Registrations
    keys: HubKeys
    clock: Clock
    base_url: str
    oin: str
    disclose: Disclose
    ties: Near
    receivers: Receivers
    wishes: Wishes
    ledger: Ledger
    staff: Staff
    watch: Watch = UNWATCHED


@dataclass(frozen=True, slots=True)
class Way:
    """A way out that is on: its channel, and what it does of its own until told to stop, in the one process that leads it.

    `out` is the channel's own object, for whoever wants more of it than a channel. Its tables on the outbox are made by
    revisions (`hub.adapters.migrations`), whether it is on or not.
    """

    channel: Channel
    out: Any
    run: Callable[[Event], None] | None = None
    open_ones: Callable[[Connection], tuple[int, int, datetime | None]] | None = None
    """How many wait to be told and how many are dead, and since when the oldest of the first waits; on the outbox."""
    beside: Projection | None = None
    """What it keeps of the facts themselves on the outbox, built anew from the log when its tables change."""


def told(
    notices: Sequence[Notice], subscribers: Sequence[Subscriber], around: Sieve, held: Held
) -> Iterator[tuple[Subscriber, list[Notice]]]:
    """What each is told: the notices for its kind or for itself, of those what it may know, and of that what it wants.

    Every channel to partners tells what comes out of this, and nothing else. What is wanted is looked for in what may be
    known, for what is left out by a filter would tell what it was otherwise. What puts right an earlier notice is for whoever was
    told that, or is yet to be (`held`), and nobody asks whether they want it.
    """
    near = cache(lambda: around.ties([notice.family for notice in notices]))
    # one organisation may have many subscriptions, of which each knows the same
    known = cache(lambda notice, organisation: around.disclose(notices[notice], organisation))
    owed = cache(lambda notice: _owed(notices[notice].says, subscribers, around, held))
    for each in subscribers:
        mine: list[Notice] = []
        heard: set[str] = set()
        for nth, notice in enumerate(notices):
            is_for = notice.says in heard or each.key in owed(nth) if notice.rectifies else _is_for(notice, each)
            said = known(nth, each.organisation) if is_for else None
            if said is not None and (notice.rectifies or _wants(each, notice, said, near)):
                mine.append(said)
                heard.add(notice.says)
        if mine:
            yield each, mine


def _owed(escalation: str, subscribers: Sequence[Subscriber], around: Sieve, held: Held) -> frozenset[str]:
    """Who has to hear that it is otherwise with an escalation: of an organisation of which nothing that was told stands, all."""
    before = around.receivers.of(escalation)
    names = [(one.key, around.receivers.called(one.organisation.name, said)) for one in subscribers for said in before.notices]
    here = [held(names[at : at + AT_ONCE]) for at in range(0, len(names), AT_ONCE)]
    keys = frozenset[str]().union(*here, *before.receivers.values())
    lost = {name for name, mine in before.receivers.items() if not any(map(around.registrations.stands, mine))}
    return frozenset(one.key for one in subscribers if one.key in keys or one.organisation.name in lost)


def _wants(receiver: Subscriber, notice: Notice, told: Notice, near: Callable[[], Mapping[UUID, Ties]]) -> bool:
    wanted = receiver.wish.interest
    if notice.to == receiver.key:
        return True
    # who asks for what is near gets what is said to itself besides, which is about its own signals
    ties = NO_TIES if notice.to or not wanted.asks_ties else near().get(notice.family, NO_TIES)
    is_near = bool(notice.to) or wanted.is_near(receiver.organisation.name, ties)
    return is_near and wanted.lets_through(told.type, told.data)


def _is_for(notice: Notice, receiver: Subscriber) -> bool:
    its_own = (receiver.key, receiver.organisation.name)
    return notice.to in its_own if notice.to else receiver.organisation.kind in notice.tell


def told_step(notice: Notice, began: int) -> Step:
    """The step of getting a notice ready for one receiver, as it is told: it follows from the signal that caused it, if one did."""
    with suppress(ValueError):
        return Step("tell", of_notice(notice.id), began, time_ns(), links=(of_signal(UUID(notice.cause)),))
    return Step("tell", of_notice(notice.id), began, time_ns())


def found(settings: Mapping[str, str], around: Around) -> dict[str, Way]:
    """Every way out that is on, by name; each reads its own `HUB_<NAME>_…` of the settings."""
    return {way.channel.name: way for way in _opened(settings, around)}


def _opened(settings: Mapping[str, str], around: Around) -> Iterator[Way]:
    for module in sorted(iter_modules(__path__), key=lambda module: module.name):
        way: Way | None = import_module(f"{__name__}.{module.name}").opened(settings, around)
        if way is not None:
            yield way
