"""A cohort out of the log: what became of each family that came into view in some months, until the present month began."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.domain.concerns import SILENT
from hub.domain.evaluation import Change, Family, Told
from hub.domain.instruments import MeasuredAt
from hub.domain.streams import Recorded
from hub.domain.trajectory import Trajectory
from hub.domain.words import Axis, LifeArea, Phase, Role
from hub.projections import GONE, retention
from hub.projections.insight.months import Until, month_of
from hub.wiring.counted import lives
from hub.wiring.hub import Hub

_COMPULSION, _EARLY = Phase.COMPULSION.value, Phase.ENDED_EARLY.value


def cohort(hub: Hub, families: Iterable[UUID], months: Sequence[str]) -> list[Family]:
    """The families of a hub that came into view in these months, but those that are kept no longer.

    A family that was merged into another is part of that one. Of a trajectory that was opened again what happened before counts,
    and signals until it started anew.
    """
    until = datetime.fromisoformat(Until(hub.clock.now()).moment)
    with hub.stored.views.connect() as connection:
        places, kept_no_longer = lives(connection), retention.ended(connection)
    found = []
    for family in families:
        if str(family) in kept_no_longer:
            continue
        one = _family(hub.history.facts(family), until)
        if one and month_of(one.came) in months:
            one.id, one.place = str(family), places.get(str(family), "")
            found.append(one)
    return found


def _family(facts: Sequence[Recorded], until: datetime) -> Family | None:
    """What became of the family of these facts; nothing where it is part of another now, or nothing was known of it yet."""
    if not facts or facts[0].timestamp > until:
        return None
    known = _Known(facts[0].timestamp, until)
    for event in facts:
        known.restrict(event)
        if event.timestamp <= until:
            known.take(event)
    return None if known.is_merged else known.family()


class _Known:
    """What is known of a family as its facts go by."""

    def __init__(self, came: datetime, until: datetime) -> None:
        self._found = Family(came, until)
        self._signals: dict[str, Told] = {}
        self._goals: dict[str, tuple[LifeArea, str]] = {}
        self._measured: dict[str, Trajectory.MeasurementTaken] = {}
        self._roles: dict[str, str] = {}
        self._restricted: set[str] = set()
        self._is_again = self._is_over = False
        self.is_merged = False

    def take(self, event: Recorded) -> None:
        """One fact more."""
        if self._is_over:
            return
        self._hear(event)
        self._meet(event)
        if not self._is_again:
            self._step(event)
            self._plan(event)

    def restrict(self, event: Recorded) -> None:
        """Whose data may be used counts as it is now, and not as it was when the last month ended."""
        if isinstance(event, Trajectory.PersonRestricted):
            self._restricted.add(event.person)
        elif isinstance(event, Trajectory.PersonUnrestricted):
            self._restricted.discard(event.person)

    def family(self) -> Family:
        """What became of it."""
        self._found.signals = sorted(self._signals.values(), key=lambda told: told.at)
        self._found.goals = list(self._goals.values())
        self._found.changes = _changes(self._measured.values())
        self._found.is_restricted = not self._restricted.isdisjoint(self._roles)
        self._found.children = sum(role == Role.CHILD for role in self._roles.values())
        return self._found

    def _hear(self, event: Recorded) -> None:
        if isinstance(event, Trajectory.SignalRecorded) and event.concern not in SILENT:
            areas = tuple(map(LifeArea, event.areas))
            self._signals[event.signal] = Told(event.known_since, event.partner, Axis(event.axis), areas)
        elif isinstance(event, GONE):
            self._signals.pop(event.signal, None)
        elif isinstance(event, Trajectory.LetGo):
            for signal in event.signals:
                self._signals.pop(signal, None)

    def _meet(self, event: Recorded) -> None:
        if isinstance(event, Trajectory.PersonJoined):
            self._roles[event.person] = event.role
        elif isinstance(event, Trajectory.LetGo | Trajectory.SignalUnlinked | Trajectory.PeopleLeft):
            for person in event.people:
                self._roles.pop(person, None)
        elif isinstance(event, Trajectory.MergedInto | Trajectory.SeparatedAgain):
            self.is_merged = isinstance(event, Trajectory.MergedInto)
        elif isinstance(event, Trajectory.Reopened):
            self._is_again = True
        elif self._is_again and isinstance(event, Trajectory.PhaseEntered) and event.phase == Phase.START_TALK:
            # a second trajectory: what comes now is not after the first alone
            self._is_over, self._found.known = True, event.timestamp

    def _step(self, event: Recorded) -> None:
        found, at = self._found, event.timestamp
        if isinstance(event, Trajectory.CriteriaMet | Trajectory.CriteriaWeighed | Trajectory.CriteriaNoLongerMet):
            found.missing = tuple(str(one["criterion"]) for one in event.results if not one["met"])
            found.met = None if found.missing else found.met or at
        elif isinstance(event, Trajectory.Referred):
            found.referred = found.referred or at
        elif isinstance(event, Trajectory.ReferralDecided):
            found.decided = found.decided or at
        elif isinstance(event, Trajectory.PhaseEntered) and event.phase == Phase.START_TALK:
            found.started = found.started or at
        elif end := _end(event):
            found.end, found.ended = found.end or end, found.ended or at

    def _plan(self, event: Recorded) -> None:
        if isinstance(event, Trajectory.PlanAdopted):
            done = {name: goal for name, goal in self._goals.items() if goal[1]}
            new = {name: (LifeArea(said["area"]), "") for said in event.goals if (name := said["goal"])}
            self._goals = {**new, **done}
        elif isinstance(event, Trajectory.GoalResulted):
            area, _ = self._goals[event.goal]
            self._goals[event.goal] = area, event.result
        elif isinstance(event, Trajectory.MeasurementTaken):
            self._measured[event.id] = event
        elif isinstance(event, Trajectory.MeasurementWithdrawn):
            self._measured.pop(event.id, None)


def _end(event: Recorded) -> str:
    """How a trajectory ended by this, empty where it did not: handing direction back is its end, aftercare comes after."""
    if isinstance(event, Trajectory.PhaseEntered) and event.phase == Phase.HANDED_BACK:
        return event.phase
    return {Trajectory.EndedEarly: _EARLY, Trajectory.WentToCompulsion: _COMPULSION}.get(type(event), "")


def _changes(measured: Iterable[Trajectory.MeasurementTaken]) -> list[Change]:
    """How each domain was scored at the start and the last time after."""
    moments = list(MeasuredAt)
    taken: dict[tuple[str, str], dict[int, int]] = {}
    for event in measured:
        for said in _scored(event.scores):
            taken.setdefault((event.instrument, said["domain"]), {})[moments.index(MeasuredAt(event.moment))] = int(said["score"])
    return [Change(*key, scores[0], scores[max(scores)]) for key, scores in sorted(taken.items()) if 0 in scores and max(scores)]


def _scored(scores: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The scores that were not erased."""
    return [said for said in scores if said["score"]]
