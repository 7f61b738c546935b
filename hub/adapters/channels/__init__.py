"""How notices leave the hub: one module each, found by itself, and on when its own settings say so."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pkgutil import iter_modules
from threading import Event
from time import time_ns
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine

from hub.adapters.bells import Bells
from hub.adapters.hub_keys import HubKeys
from hub.adapters.registrations import Organisation, Registrations
from hub.domain.traces import of_notice, of_signal
from hub.ports import UNWATCHED, Channel, Clock, Notice, Projection, Step, Watch

Disclose = Callable[[Notice, Organisation], Notice | None]
"""What an organisation may know of a notice, if anything."""


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
    notices: Sequence[Notice], receivers: Iterable[Organisation], disclose: Disclose
) -> Iterator[tuple[Organisation, list[Notice]]]:
    """What each of these organisations is told: the notices for its kind or for itself, and of those what it may know and no more.

    Every channel to partners tells what comes out of this, and nothing else.
    """
    for receiver in receivers:
        known = [disclose(notice, receiver) for notice in notices if _is_for(notice, receiver)]
        if mine := [notice for notice in known if notice is not None]:
            yield receiver, mine


def _is_for(notice: Notice, receiver: Organisation) -> bool:
    return receiver.name == notice.to if notice.to else receiver.kind in notice.tell


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
