"""The delivery ledger: every attempt to tell a partner something becomes part of the log, and so does who took notice of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, Protocol
from uuid import UUID

from eventsourcing.persistence import Mapper, StoredEvent
from sqlalchemy import Connection

from hub.domain.streams import THE_HUB, Occasion
from hub.domain.tellings import Attempt, Person, Telling, Way, telling_id
from hub.domain.trajectory import Trajectory
from hub.errors import NotKnown
from hub.notices import notices
from hub.ports import Clock, Fact, Log, Notice
from hub.register import Register, Unit

REMEMBERED = 10_000
"""Facts of which is remembered what the hub itself says of them, for many are told the same."""
_OWN = Callable[[str, str, str], UUID]


class Handed(Protocol):
    """A notice as the subscriber `receiver` fetches it: `position` is its number there, `fact` where the log has its fact."""

    @property
    def receiver(self) -> str: ...

    @property
    def position(self) -> int: ...

    @property
    def notice(self) -> str: ...

    @property
    def family(self) -> str: ...

    @property
    def fact(self) -> int: ...

    @property
    def type(self) -> str: ...

    @property
    def event(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Tellings:
    """What partners are told; `own` is the id that an organisation has of a thing of that kind, such as a notice.

    `kind` is what an organisation is registered as, `is_only` whether no other one is registered as that. `mentioning` finds the
    events of a topic in which a text stands, after a position.
    """

    register: Register
    log: Log
    mapper: Mapper[UUID]
    clock: Clock
    own: _OWN
    kind: Callable[[str], str]
    is_only: Callable[[str], bool]
    mentioning: Callable[[str, str, int, Connection], Sequence[StoredEvent]]
    _said_at: Callable[[int], Notice | None] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_said_at", lru_cache(REMEMBERED)(self._read))

    # In ------------------------------------------------------------------------------------------

    def record(self, attempts: Sequence[Attempt]) -> None:
        """Keeps attempts, together, and comes back when they are kept; all who do so at one time share one commit.

        One that is kept already adds nothing.

        Raises:
            Unavailable: they could not be kept; nothing may be settled on them.
        """
        each = [(attempt.telling, attempt, self._said(attempt)) for attempt in attempts]

        def work(unit: Unit) -> None:
            for id, attempt, said in each:
                _keep(id, attempt, said, unit)

        self.register.submit(work, ahead=[id for id, _, _ in each]).result()

    def fetched(self, organisation: str, handed: Sequence[Handed], way: Way = Way.FEED) -> None:
        """Keeps that an organisation fetches these, before they are answered; what was fetched before that way adds nothing.

        Raises:
            Unavailable: it could not be kept, so it may not be told.
        """
        if handed:
            now = self.clock.now()
            self.record([_attempt(organisation, one, way, now) for one in handed])

    def _said(self, attempt: Attempt) -> Notice | None:
        """The notice as the hub itself has it; nothing where the log was put back to before it, and something else stands there."""
        said = self._said_at(attempt.fact) if attempt.fact else None
        is_it = said is not None and str(self.own(attempt.organisation, "notice", str(said.id))) == attempt.notice
        return said if is_it else None

    def _read(self, fact: int) -> Notice | None:
        for position, stored in self.log.read(fact - 1, 1):
            if position == fact:
                said = notices(Fact(position, _uuid(stored), self.mapper.to_domain_event(stored)))
                return said[0] if said else None
        return None

    # Acknowledging -------------------------------------------------------------------------------

    def family_of(self, keys: Sequence[str], notice: UUID) -> UUID | None:
        """The family that a notice is about which one of these subscriptions was told, if any. Raises: NotKnown."""
        family = self.register.read(lambda unit: _told(keys, notice, unit)[0].told.family)
        return UUID(family) if family else None

    def acknowledge(self, keys: Sequence[str], notice: UUID, person: Person, by: str) -> None:
        """A person of an organisation, by name, took notice of what it was told; the same person once more is silence.

        `keys` are those of its subscriptions. Where the notice is about an escalation that is for this organisation to take notice
        of, that is done too.

        Raises:
            NotKnown: it was told no such notice.
            Malformed, RuleBroken: nothing was recorded.
        """

        def work(unit: Unit) -> None:
            told = _told(keys, notice, unit)
            on = Occasion(unit.at, by, told[0].told.cause)
            if not any(one.is_acknowledged_by(person) for one in told):
                told[0].acknowledge(person, on)
            self._acknowledge(told[0].told, unit, on.because_of(str(told[0].id)))

        self.register.do(work)

    def _acknowledge(self, told: Telling.Attempted, unit: Unit, on: Occasion) -> None:
        said = self._said_at(told.fact) if told.family else None
        escalation = str(said.data.get("escalation", "")) if said else ""
        family = unit.get(Trajectory, UUID(told.family)) if escalation else None
        mine = told.organisation
        if family is not None and family.is_for(escalation, mine, self.kind(mine), self.is_only(mine)):
            family.acknowledge(escalation, on)

    # Looking back --------------------------------------------------------------------------------

    def known_to(self, organisation: str, recorded_at: datetime | None = None, valid_at: datetime | None = None) -> list[Telling]:
        """What an organisation was told, as the log had it at one moment and as it was so at another (`None`: now), in order.

        It reads every first attempt in the log, and then what came after each of that organisation's.
        """
        with self.log.snapshot() as log:
            first = self.mentioning(f'"organisation":"{organisation}"', Telling.Attempted.TOPIC, 0, log.connection)
            streams = log.streams([_uuid(stored) for stored in first])
            each: list[list[Any]] = [[self.mapper.to_domain_event(stored) for stored in streams[_uuid(one)]] for one in first]
        told = [_replayed(events, recorded_at, valid_at) for events in each]
        return [one for one in told if one is not None and one.told.organisation == organisation]


def _keep(id: UUID, attempt: Attempt, said: Notice | None, unit: Unit) -> None:
    on = Occasion(unit.at, THE_HUB, str(said.id) if said else "")
    known = unit.find(Telling, id)
    if known is None:
        unit.add(Telling.begin(id, attempt, said.data.get("family", "") if said else "", on))
    else:
        known.attempt(attempt, on)


def _told(keys: Sequence[str], notice: UUID, unit: Unit) -> list[Telling]:
    told = [one for key in keys if (one := unit.find(Telling, telling_id(key, str(notice)))) is not None]
    if not told:
        raise NotKnown("You were told no notice by that id.")
    return told


def _attempt(organisation: str, one: Handed, way: Way, now: datetime) -> Attempt:
    return Attempt(
        organisation=organisation,
        subscription=one.receiver,
        notice=one.notice,
        called=one.family,
        fact=one.fact,
        type=one.type,
        way=way,
        sequence=one.position,
        number=1,
        digest=sha256(one.event).hexdigest(),
        outcome="fetched",
        is_taken=True,
        began=now,
        ended=now,
    )


def _replayed(events: Sequence[Any], recorded_at: datetime | None, valid_at: datetime | None) -> Telling | None:
    so = [event for event in events if _is_by(event.timestamp, recorded_at) and _is_by(_since(event), valid_at)]
    telling: Telling | None = None
    for event in so:
        telling = event.mutate(telling)
    return telling


def _since(event: Any) -> datetime:
    since: datetime = event.at if isinstance(event, Telling.Acknowledged) else event.ended
    return since


def _is_by(moment: datetime, until: datetime | None) -> bool:
    return until is None or moment <= until


def _uuid(stored: StoredEvent) -> UUID:
    return stored.originator_id if isinstance(stored.originator_id, UUID) else UUID(stored.originator_id)
