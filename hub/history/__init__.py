"""Looking back: the facts of a family, and how it stood at any moment, on both axes of time.

*Recorded* is when the hub knew; *valid* is when it was so. What was recorded by a moment and was so by another is
replayed into the same aggregate that decided then.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time
from functools import cache
from typing import Any
from uuid import UUID

from eventsourcing.persistence import Mapper, StoredEvent
from sqlalchemy import Connection

from hub.domain.dates import PartialDate
from hub.domain.messages import Message
from hub.domain.registrations import registration_id
from hub.domain.signals import KnownSignal
from hub.domain.streams import own_fields
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.direction import Director
from hub.domain.trajectory.measured import Measurement
from hub.domain.trajectory.network import Involved, Meeting, Tie
from hub.domain.trajectory.planned import DUTCH_TIME, Plan
from hub.errors import NotKnown
from hub.history.chain import chain_of
from hub.history.differing import differing
from hub.ports import Log

Moments = tuple[datetime | None, datetime | None]
"""As of when it was recorded, and as of when it was so; `None` is now."""


@dataclass(frozen=True, slots=True)
class History:
    """Answers how a family stood. `placed` gives the events of streams, each with its position in the log."""

    log: Log
    mapper: Mapper[UUID]
    placed: Callable[[Sequence[UUID], Connection], Sequence[tuple[int, StoredEvent]]]

    def __call__(self, family: UUID, recorded_at: datetime | None, valid_at: datetime | None) -> Mapping[str, Any]:
        """The state and the facts of a family as the hub knew them at one moment, and as they were so at another.

        Moments are UTC; `None` is now.

        Raises:
            NotKnown: nothing was known of it then.
        """
        facts = self.facts(family, recorded_at)
        if not facts:
            raise NotKnown("There is nothing by that id, or nothing was known then.")
        since = _valid_since(facts)
        so = [fact for fact in facts if valid_at is None or since[fact.originator_version] <= valid_at]
        return {
            "family": str(family),
            "recordedAt": _text(recorded_at),
            "validAt": _text(valid_at),
            "state": _state(_replayed(so)) if so else None,
            "events": [_said(fact, since[fact.originator_version]) for fact in so],
        }

    def differences(self, family: UUID, before: Moments, after: Moments) -> Mapping[str, Any]:
        """What of a family differs between two looks at it: its state then and then, no more of it than differs, and the facts.

        Raises:
            NotKnown: nothing was known of it at the later of them.
        """
        now = self(family, *after)
        was = self(family, *before) if self.facts(family, before[0]) else {"state": None, "events": []}
        known = {fact["version"] for fact in was["events"]}
        then = {fact["version"] for fact in now["events"]}
        old, new = differing(was["state"], now["state"])
        return {
            "family": str(family),
            "from": {"recordedAt": _text(before[0]), "validAt": _text(before[1])},
            "until": {"recordedAt": _text(after[0]), "validAt": _text(after[1])},
            "was": old,
            "now": new,
            "more": [fact for fact in now["events"] if fact["version"] not in known],
            "fewer": [fact for fact in was["events"] if fact["version"] not in then],
        }

    def causes(self, family: UUID, version: int) -> Mapping[str, Any]:
        """What led to a fact of a family, back to the messages that partners signed.

        Raises:
            NotKnown: there is no such fact.
        """
        facts = self.facts(family)
        if not 1 <= version <= len(facts):
            raise NotKnown("There is nothing by that number.")
        since = _valid_since(facts)
        chain, messages = chain_of(facts, version)
        return {
            "family": str(family),
            "version": version,
            "chain": [_said(fact, since[fact.originator_version]) for fact in chain],
            "messages": [_message(position, event) for position, event in self._received(messages)],
        }

    def _received(self, messages: Sequence[str]) -> list[tuple[int, Message.Received]]:
        with self.log.snapshot() as log:
            found = self.placed([UUID(message) for message in messages if _is_id(message)], log.connection)
        events = [(position, self.mapper.to_domain_event(stored)) for position, stored in found]
        return [(position, event) for position, event in events if isinstance(event, Message.Received)]

    def facts(self, family: UUID, recorded_at: datetime | None = None) -> Sequence[Any]:
        """The events of a family that the hub had recorded by then, in order."""
        events = self._events(family)
        if not events or not isinstance(events[0], Trajectory.Opened):
            return []
        return [event for event in events if recorded_at is None or event.timestamp <= recorded_at]

    def of_kind(self, kind: Any, family: UUID, recorded_at: datetime) -> Sequence[Any]:
        """The events of one class of a family that the hub had recorded by then; no other is opened."""
        with self.log.snapshot() as log:
            found = [self.mapper.to_domain_event(one) for one in log.stream(family) if one.topic == kind.TOPIC]
        return [event for event in found if event.timestamp <= recorded_at]  # type: ignore[attr-defined]

    def of_organisation(self, name: str) -> Sequence[Any]:
        """What was recorded of an organisation's registration, in order. Raises: NotKnown."""
        events = self._events(registration_id(name))
        if not events:
            raise NotKnown("No organisation is registered by that name.")
        return events

    def _events(self, stream: UUID) -> list[Any]:
        with self.log.snapshot() as log:
            return [self.mapper.to_domain_event(one) for one in log.stream(stream)]


def _valid_since(facts: Sequence[Any]) -> dict[int, datetime]:
    """Since when each fact was so.

    A signal since it happened, and who joined by the same occasion too; a level since the last signal under it; the rest
    since it was recorded.
    """
    signals = [fact for fact in facts if isinstance(fact, Trajectory.SignalRecorded)]
    happened = {fact.signal: _happened(fact) for fact in signals}
    heard = {fact.cause: happened[fact.signal] for fact in reversed(signals)}
    since: dict[int, datetime] = {}
    for fact in facts:
        moment = fact.timestamp
        if isinstance(fact, Trajectory.SignalRecorded):
            moment = happened[fact.signal]
        elif isinstance(fact, Trajectory.PersonJoined):
            moment = min(heard.get(fact.cause, moment), moment)
        elif isinstance(fact, Trajectory.LevelRaised):
            moment = max((happened[signal] for signal in fact.signals if signal in happened), default=moment)
        since[fact.originator_version] = moment
    opened, *_ = facts
    since[opened.originator_version] = min(since.values())
    return since


def _happened(signal: Trajectory.SignalRecorded) -> datetime:
    day = PartialDate(signal.happened).earliest
    return min(datetime.combine(day, time(), DUTCH_TIME) if day else signal.known_since, signal.timestamp)


def _replayed(facts: Sequence[Any]) -> Trajectory:
    """The family as these facts make it. What others build on is never left out: nothing is so only after it was recorded."""
    family: Trajectory = facts[0].mutate(None)
    for fact in facts[1:]:
        fact.apply(family)
    return family


def _state(family: Trajectory) -> dict[str, Any]:
    return {
        "phase": family.phase.value,
        "level": int(family.level),
        "levels": {axis.value: int(level) for axis, level in family.levels.items()},
        "direction": family.direction.value,
        "director": _one(family.director),
        "coach": _one(family.coach) if family.coach else None,
        "people": [{"person": member.person, "role": member.role.value} for member in family.people.values()],
        "signals": [_signal(signal) for signal in family.signals.values()],
        "plan": _plan(family.plan) if family.plan else None,
        "levers": [{"id": lever.id, "lever": lever.lever, "decidedBy": lever.decided_by} for lever in family.levers.values()],
        "clocks": [{"term": clock.term, "about": clock.about, "due": _text(clock.due)} for clock in family.clocks.values()],
        "voices": [asdict(voice) for voice in family.voices.values() if voice.person in family.people],
        "told": [asdict(telling) for telling in family.tellings.values() if telling.person in family.people],
        "network": [_involved(each) for each in family.network.values()],
        "ties": [_tie(tie) for tie in family.ties.values() if _is_here(tie, family)],
        "meetings": [_meeting(meeting) for meeting in family.meetings.values()],
        "measurements": [_measurement(one, one in family.measured_now()) for one in family.measurements.values()],
        "measuring": [
            {"moment": one.moment.value, "opens": f"{one.opens}", "due": one.due and f"{one.due}"} for one in family.measuring()
        ],
        "mergedInto": family.merged_into,
    }


def _one(director: Director) -> dict[str, str]:
    return {"who": director.who, "organisation": director.organisation, "contact": director.contact}


def _signal(signal: KnownSignal) -> dict[str, Any]:
    said = {"signal": signal.id, "partner": signal.partner, "concern": signal.concern, "axis": signal.axis.value}
    return {**said, "weight": int(signal.weight), "happened": signal.happened.text, "recordedAt": _text(signal.recorded_at)}


def _involved(somebody: Involved) -> dict[str, Any]:
    said = {_camel(name): getattr(somebody, name) for name in type(somebody).__slots__ if name not in ("side", "areas")}
    return {**said, "side": somebody.side.value, "areas": [area.value for area in somebody.areas]}


def _tie(tie: Tie) -> dict[str, str]:
    return {"one": tie.one, "other": tie.other, "quality": tie.quality.value}


def _is_here(tie: Tie, family: Trajectory) -> bool:
    """Whether both are of this family, or around it, still."""
    return all(each in family.people or each in family.network for each in (tie.one, tie.other))


def _meeting(meeting: Meeting) -> dict[str, Any]:
    return {
        "id": meeting.id,
        "begins": _text(meeting.at),
        "invited": list(meeting.invited),
        "isHeld": meeting.is_held,
        "resolutions": [
            {
                "id": one.id,
                "words": one.words,
                "owner": one.owner,
                "dueDate": one.due,
                "became": one.became.value if one.became else "",
                "cameOf": one.came_of,
            }
            for one in meeting.resolutions
        ],
    }


def _measurement(one: Measurement, is_current: bool) -> dict[str, Any]:
    said = {_camel(name): getattr(one, name) for name in ("id", "instrument", "edition", "taken_on", "measured_by", "words")}
    scores = [{"domain": each.domain, "score": each.score} for each in one.scores]
    return {**said, "moment": one.moment.value, "scores": scores, "isCurrent": is_current}


def _plan(plan: Plan) -> dict[str, Any]:
    goals = [{"goal": goal.goal, "area": goal.area.value, "specific": goal.specific, "result": goal.result} for goal in plan.goals]
    return {"version": plan.version, "goals": goals}


def _said(fact: Any, since: datetime) -> dict[str, Any]:
    return {
        "event": fact.TOPIC,
        "version": fact.originator_version,
        "recordedAt": _text(fact.timestamp),
        "validFrom": _text(since),
        "by": fact.by,
        "cause": fact.cause,
        "basis": fact.basis,
        "data": {said: _plain(getattr(fact, name)) for name, said in _members(own_fields(fact))},
    }


@cache
def _members(names: Sequence[str]) -> Sequence[tuple[str, str]]:
    """What a fact says, by its names here and in an answer."""
    return [(name, _camel(name)) for name in sorted(names) if name not in ("originator_topic", "born")]


def _message(position: int, was: Message.Received) -> dict[str, Any]:
    return {
        "message": str(was.originator_id),
        "partner": was.partner,
        "type": was.type,
        "recordedAt": _text(was.timestamp),
        "position": position,
        "digest": f"sha-256={was.digest}",
        "key": was.kid,
        "basis": was.basis,
    }


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.title() for word in tail)


def _plain(value: Any) -> Any:
    return _text(value) if isinstance(value, datetime) else value


def _text(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None
