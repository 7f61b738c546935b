"""What is kept of one person, and who saw it: the file that they get when they ask (AVG, art. 15), without others of the family.

What others wrote in their own words is left out, for it may name others still, and the file says so: how often, and not who was
heard or what was kept from whom. Of messages it tells that they came, from whom and about what; of colleagues in what role and for
which organisation they looked, and not their names.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from eventsourcing.persistence import Mapper
from sqlalchemy import Connection

from hub.domain.people import Person
from hub.domain.processing import Outcome, Processing
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.rectifying import Rectifying
from hub.errors import NotKnown
from hub.ports import Clock, Log

Row = dict[str, Any]
_TAKEN_BACK = (Rectifying.SignalWithdrawn, Rectifying.SignalCorrected)
_WORDS = ("motivation", "words", "specific", "reason")
"""Fields in which somebody wrote in their own words."""
_OF_ONE = (Trajectory.VoiceHeard, Trajectory.GoalTold, Trajectory.GoalKeptBack)
"""What is between one person and whoever coaches: that there was such a thing is for nobody else to know."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """Makes the file of one person.

    `families` are those that somebody is in; `told` what partners were told of a family, `looked` who did something with a
    person's data, `asked` what they asked about it: each as it stands now, in order.
    """

    log: Log
    mapper: Mapper[UUID]
    clock: Clock
    families: Callable[[str, Connection], Sequence[str]]
    told: Callable[[UUID], Iterable[Mapping[str, Any]]]
    looked: Callable[[UUID], Iterable[Processing]]
    asked: Callable[[UUID], Iterable[Mapping[str, Any]]]

    def __call__(self, person: UUID) -> Row:
        """What is kept of a person. Raises: NotKnown, where nothing is, or they were erased."""
        with self.log.snapshot() as log:
            said = [self.mapper.to_domain_event(stored) for stored in log.stream(person)]
            _must_be_readable(said)
            own = self.families(str(person), log.connection)
            families = {id: [self.mapper.to_domain_event(stored) for stored in log.stream(UUID(id))] for id in own}
        return {
            "person": str(person),
            "isRestricted": _is_restricted(said),
            "madeAt": _text(self.clock.now()),
            "identity": [_identity(event) for event in said if isinstance(event, Person.Named | Person.NamedAgain)],
            "families": [self._family(id, events, str(person)) for id, events in families.items()],
            "stated": [{"words": event.words, "at": _text(event.timestamp)} for event in said if isinstance(event, Person.Stated)],
            "looks": [_look(line) for line in self.looked(person) if line.outcome is Outcome.GIVEN],
            "requests": list(self.asked(person)),
            "leftOut": _left_out([event for events in families.values() for event in events]),
        }

    def _family(self, id: str, events: Sequence[Any], person: str) -> Row:
        now = _replayed(events)
        signals = [event for event in events if isinstance(event, Trajectory.SignalRecorded) and person in event.people]
        named = {event.signal for event in signals}
        gone = {event.signal: _text(event.timestamp) for event in events if isinstance(event, _TAKEN_BACK)}
        raised = [event for event in events if isinstance(event, Trajectory.LevelRaised) and not named.isdisjoint(event.signals)]
        escalations = {event.escalation for event in raised}
        levers = [
            event
            for event in events
            if isinstance(event, Trajectory.LeverDecided) and not escalations.isdisjoint(event.escalations)
        ]
        joined = [event for event in events if isinstance(event, Trajectory.PersonJoined) and event.person == person]
        return {
            "family": id,
            "role": now.people[person].role.value if person in now.people else "",
            "since": _text(joined[0].timestamp) if joined else None,
            "phase": now.phase.value,
            "director": {"organisation": now.director.organisation, "contact": now.director.contact},
            "planVersion": now.plan.version if now.plan else 0,
            "signals": [_signal(event, gone.get(event.signal)) for event in signals],
            "levels": [_level(event, events) for event in raised],
            "levers": [
                {"lever": event.lever, "authority": event.authority, "ground": event.basis, "at": _text(event.timestamp)}
                for event in levers
            ],
            "voices": [
                {"stance": event.stance, "words": event.words, "at": _text(event.timestamp)}
                for event in events
                if isinstance(event, Trajectory.VoiceHeard) and event.person == person
            ],
            "told": [{"words": told.words} for (_, whom), told in now.tellings.items() if whom == person],
            "shared": [{name: one[name] for name in ("organisation", "type", "takenAt")} for one in self.told(UUID(id))],
        }


def _must_be_readable(said: Sequence[Any]) -> None:
    if not said or not isinstance(said[0], Person.Named):
        raise NotKnown("There is nothing by that id.")
    if any(isinstance(event, Person.Erased) for event in said):
        raise NotKnown("This person was erased: nothing of them can be read.", code="erased")


def _is_restricted(said: Sequence[Any]) -> bool:
    last = [event for event in said if isinstance(event, Person.Restricted | Person.RestrictionLifted)][-1:]
    return any(isinstance(event, Person.Restricted) for event in last)


def _replayed(events: Sequence[Any]) -> Trajectory:
    family: Trajectory = events[0].mutate(None)
    for event in events[1:]:
        event.mutate(family)
    return family


def _identity(event: Person.Named | Person.NamedAgain) -> Row:
    names = {"familyName": event.family_name, "prefix": event.prefix, "givenNames": event.given_names}
    told = {"from": event.by, "recordedAt": _text(event.timestamp), "ground": event.basis}
    address = {part: event.address.get(part, "") for part in _ADDRESS}
    return {**told, **names, "born": event.born, "number": event.bsn, "address": address}


_ADDRESS = ("street", "number", "addition", "postcode", "town", "municipality")


def _signal(event: Trajectory.SignalRecorded, gone: str | None) -> Row:
    return {
        "from": event.partner,
        "message": event.message,
        "reference": event.reference,
        "concern": event.concern,
        "areas": list(event.areas),
        "axis": event.axis,
        "weight": event.weight,
        "happened": event.happened,
        "recordedAt": _text(event.timestamp),
        "purpose": event.purpose,
        "ground": event.basis,
        "isAboutOthersToo": len(event.people) > 1,
        "takenBackAt": gone,
    }


def _level(event: Trajectory.LevelRaised, events: Sequence[Any]) -> Row:
    later = [one for one in events if isinstance(one, Trajectory.TellingReleased) and one.escalation == event.escalation]
    said = {"axis": event.axis, "level": event.level_to, "rule": event.rule, "matrix": event.matrix}
    return {**said, "at": _text(event.timestamp), "told": [*event.tell, *(kind for one in later for kind in one.tell)]}


def _look(line: Processing) -> Row:
    who = {"role": line.who.role.value, "organisation": line.who.organisation}
    return {"at": _text(line.start), **who, "what": line.activity, "purpose": line.purpose, "ground": line.ground}


def _left_out(events: Sequence[Any]) -> list[Row]:
    """How often somebody wrote something in their own words about a family, by what it was about."""
    counted: dict[str, int] = {}
    for event in events:
        has_words = isinstance(event, Trajectory.PlanAdopted) or any(getattr(event, field, "") for field in _WORDS)
        if has_words and not isinstance(event, _OF_ONE):
            counted[event.TOPIC] = counted.get(event.TOPIC, 0) + 1
    return [{"what": topic, "count": count} for topic, count in sorted(counted.items())]


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
