"""A neighbourhood played day by day through a hub of its own: messages come in, somebody looks, a coach begins and ends.

What people know when they look is what is so; help changes nothing about troubles. So what differs between two ways is what was
seen when, and never what it led to.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count, takewhile
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from hub.casework import Casework
from hub.demo.cast import COACH, COORDINATOR, HUB_OIN
from hub.domain.coming_into_view import Came, Spell, View, came, for_nothing, spells
from hub.domain.matrix import Matrix
from hub.domain.messages import QUARANTINED
from hub.domain.neighbourhood import Assumptions, Happening, Sighting, Trouble, Work, happenings
from hub.domain.questions import MatchQuestion
from hub.domain.rules import Rules
from hub.domain.streams import stream_id
from hub.domain.trajectory import Trajectory
from hub.domain.words import Level
from hub.errors import HubError, Unreadable
from hub.intake import Intake, Receipt
from hub.ports import SetClock
from hub.settings import DEMO, Settings
from hub.simulation.letters import SENDERS, Desk, Signed
from hub.wiring import Hub

BEGINS = datetime(2024, 1, 1, tzinfo=UTC)
"""The first day that the covenant of the registers holds, which is five years."""
_MANY = 1_000
_WHY = "Gesimuleerd"
_FOLLOWED = (Trajectory.SignalRecorded, Trajectory.LevelRaised, MatchQuestion.Asked)
_TOPICS = frozenset(event.TOPIC for event in _FOLLOWED)
Daily = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Way:
    """A way of deciding and of working: a version of the matrix, and what people take for what."""

    matrix: Matrix
    work: Work


@dataclass(frozen=True, slots=True)
class World:
    """What happens in a neighbourhood and what is seen of it, whoever works there; `days` is how long."""

    assumed: Assumptions
    households: int
    days: int
    seed: int
    sightings: Sequence[Sighting]
    spells: Sequence[Spell]

    @classmethod
    def of(cls, assumed: Assumptions, households: int, days: int, seed: int) -> "World":
        """By the assumptions; the same seed gives the same one."""
        happened = list(until(days, happenings(assumed, households, Random(seed).random)))  # noqa: S311
        troubles = [each for each in happened if isinstance(each, Trouble)]
        told = [each for each in happened if isinstance(each, Sighting)]
        began = [spell for spell in spells(troubles, assumed.life) if spell.since < days]
        return cls(assumed, households, days, seed, told, began)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one way: for each spell that could be followed when it came into view, and who was in view.

    `nothing` are the times in view for nothing; `hours` are those of all who work, `waits` the days until a coach began, and
    `waiting` how many waited for one at the end.
    """

    came: Sequence[Came]
    views: Sequence[View]
    nothing: Sequence[View]
    hours: float
    waits: Sequence[float]
    waiting: int


def until(days: float, happened: Iterator[Happening]) -> Iterator[Happening]:
    """What happens before so many days are over."""
    return takewhile(lambda each: moment_of(each) < days, happened)


def moment_of(each: Happening) -> float:
    """When a trouble begins, or something seen is told."""
    return each.told if isinstance(each, Sighting) else each.begins


def play(world: World, way: Way, desk: Desk, each_day: Daily) -> Outcome:
    """Plays a neighbourhood in one way, through a hub that goes away afterwards.

    Raises:
        HubError: the hub refused a message, which is a fault of the simulation.
    """
    with TemporaryDirectory(prefix="vig-hub-simulation-") as place:
        clock = SetClock(BEGINS)
        hub = Hub.open(Settings(data_dir=Path(place), mode=DEMO, oin=HUB_OIN), clock, {})
        try:
            team = _Team(world, way, hub, clock, desk)
            for day in range(1, world.days + 1):
                team.work(day)
                each_day()
            return team.outcome()
        finally:
            hub.close()


class _Team:
    """Who works with the hub, and what they have before them."""

    def __init__(self, world: World, way: Way, hub: Hub, clock: SetClock, desk: Desk) -> None:
        self._world, self._way, self._hub, self._clock, self._desk = world, way, hub, clock, desk
        rules = Rules(way.matrix, hub.families.rules(clock.now()).calendar)
        families = replace(hub.families, rules=lambda _: rules)
        self._intake: Intake = replace(hub.intake, families=families)
        self._casework: Casework = replace(hub.casework, families=families, rules=lambda _: rules)
        for each in SENDERS:
            hub.registry.add(each.name, each.kind, each.oin, "simulation")
            hub.registry.add_key(each.name, desk.public(each), "simulation")
        self._comes = deque((f"S-{nth}", each) for nth, each in enumerate(world.sightings, 1))
        self._read = hub.log.last_position()
        self._about: dict[str, int] = {}
        self._families: defaultdict[int, list[UUID]] = defaultdict(list)
        self._household: dict[UUID, int] = {}
        self._agenda: list[tuple[float, int, Callable[[float], None]]] = []
        self._order = count()
        self._queue: deque[View] = deque()
        self._coached: set[int] = set()
        self._views: list[View] = []
        self._open: dict[int, View] = {}
        self._spells: defaultdict[int, list[Spell]] = defaultdict(list)
        for spell in world.spells:
            self._spells[spell.household].append(spell)

    def work(self, day: int) -> None:
        """The end of a day: what was told comes in, and all that is due is done."""
        self._clock.set(moment(day))
        told = []
        while self._comes and self._comes[0][1].told < day:
            id, sighting = self._comes.popleft()
            told.append((id, sighting, moment(sighting.seen)))
        for post in self._desk.posts(told, self._clock.now()):
            self._send(post, {id: sighting.household for id, sighting, _ in told})
        self._follow(day)
        while self._agenda and self._agenda[0][0] <= day:
            _, _, do = heappop(self._agenda)
            do(day)
            self._follow(day)
        self._begin(day)

    def outcome(self) -> Outcome:
        """What came of it; of spells that began before it, or when it was nearly over, nobody can say whether it was in time."""
        work, days = self._way.work, self._world.days
        followed = [spell for spell in self._world.spells if 0 <= spell.since < days - work.late_after]
        began = [view for view in self._views if view.coached is not None]
        weeks = sum((min(view.until, days) - (view.coached or 0)) / 7 for view in began)
        return Outcome(
            came(followed, self._views),
            self._views,
            for_nothing(self._world.spells, self._views),
            work.look_hours * sum(view.looks for view in self._views) + work.coach_hours * weeks,
            [(view.coached or 0) - view.since for view in began],
            len(self._queue),
        )

    # What comes in ----------------------------------------------------------------------------------

    def _send(self, post: Signed, about: Mapping[str, int]) -> None:
        headers = {name: [value] for name, value in post.headers.items()}
        source = f"urn:nld:oin:{post.sender.oin}:systeem:simulated"
        self._about |= {str(stream_id("message", source, id)): about[id] for id in post.ids}
        for answer in self._intake.receive(headers, post.body):
            if isinstance(answer, HubError):
                raise answer
            _refuse_unread(answer.result().value)

    def _follow(self, day: int) -> None:
        while facts := self._hub.log.read(self._read, _MANY):
            self._read = facts[-1][0]
            for _, stored in facts:
                if stored.topic in _TOPICS:
                    self._hear(self._hub.mapper.to_domain_event(stored), day)

    def _hear(self, fact: Any, day: int) -> None:
        if isinstance(fact, Trajectory.SignalRecorded):
            family, nth = fact.originator_id, self._about[fact.message]
            if self._household.setdefault(family, nth) == nth and family not in self._families[nth]:
                self._families[nth].append(family)
        elif isinstance(fact, MatchQuestion.Asked):
            question, nth = fact.originator_id, self._about[fact.message]
            self._plan(day + self._way.work.answer_days, lambda _: self._answer(question, nth))
        elif fact.acknowledge_by is not None:
            self._ask(fact.originator_id, fact.escalation, day)

    def _ask(self, family: UUID, escalation: str, day: int) -> None:
        """An escalation asks somebody to look."""
        nth = self._household[family]
        if nth not in self._open:
            self._open[nth] = View(nth, day)
            self._views.append(self._open[nth])
        view = self._open[nth]
        view.looks += 1
        self._plan(day + self._way.work.look_days, lambda now: self._look(view, family, escalation, now))

    def _plan(self, day: float, do: Callable[[float], None]) -> None:
        heappush(self._agenda, (day, next(self._order), do))

    # What people do ---------------------------------------------------------------------------------

    def _answer(self, question: UUID, nth: int) -> None:
        families = self._families[nth]
        self._casework.answer(question, families[0] if families else None, _WHY, COORDINATOR.who)

    def _look(self, view: View, family: UUID, escalation: str, day: float) -> None:
        """Whoever looks knows what is so: on to a coach, or let go."""
        self._casework.decide(family, lambda trajectory, _, on: trajectory.acknowledge(escalation, on), COORDINATOR.who)
        if self._open.get(view.household) is not view or view in self._queue or view.coached is not None:
            return
        if any(spell.since <= day < spell.until for spell in self._spells[view.household]):
            self._queue.append(view)
        else:
            self._let_go(view, day)

    def _begin(self, day: float) -> None:
        """Coaches begin with those who wait longest, as far as they have room."""
        work = self._way.work
        room = int(work.coaches * self._world.households / 1000 * work.coach_families)
        while self._queue and len(self._coached) < room:
            view = self._queue.popleft()
            view.coached = day
            self._coached.add(view.household)
            self._plan(day + 7 * work.coach_weeks, lambda now, ends=view: self._end(ends, now))  # type: ignore[misc]

    def _end(self, view: View, day: float) -> None:
        self._coached.discard(view.household)
        self._let_go(view, day)

    def _let_go(self, view: View, day: float) -> None:
        view.until = day
        del self._open[view.household]
        for family in self._families[view.household]:
            self._casework.decide(family, _step_down, COACH.who)


def moment(day: float) -> datetime:
    """The moment so many days after it all began."""
    return BEGINS + timedelta(days=day)


def _step_down(trajectory: Trajectory, rules: Rules, on: Any) -> None:
    for axis, level in list(trajectory.levels.items()):
        if level > Level.NONE:
            trajectory.step_down(axis, Level.NONE, _WHY, rules, on)


def _refuse_unread(receipt: Receipt) -> None:
    if receipt.outcome == QUARANTINED:
        raise Unreadable(f"A simulated message of {receipt.type} was not read: {receipt.reasons}")
