"""What holds for a trajectory whatever happens to it, and in whatever order."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hub.adapters.mapper import mapper
from hub.domain.concerns import CONCERNS
from hub.domain.dates import PartialDate
from hub.domain.escalation import assess
from hub.domain.matrix import Stagnation
from hub.domain.signals import KnownSignal
from hub.domain.streams import THE_HUB, Occasion
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.direction import Director
from hub.domain.words import Axis, Direction, Level, Phase, Weight
from hub.errors import HubError
from tests.domain.known import MATRIX, PARTNERS, a_known_signal
from tests.given import COACH, DUTY, NOON, OTHER, RULES, a_family, a_goal, an_occasion, state_of, tell

MAPPER = mapper()
ANY_SIGNAL = st.builds(
    a_known_signal,
    st.sampled_from(sorted(CONCERNS)),
    st.sampled_from(PARTNERS),
    st.integers(0, 400),
    st.none() | st.sampled_from(list(Weight)),
    happened=st.none() | st.sampled_from([PartialDate(""), PartialDate("2026"), PartialDate("2026-05")]),
    people=st.lists(st.sampled_from(["noor", "bram", "esther"]), unique=True).map(tuple),
)
WEIGHTY = st.builds(
    a_known_signal,
    st.sampled_from(["domestic-violence", "child-neglect", "supervision-order", "evicted", "eviction-threatened", "debt-crisis"]),
    st.sampled_from(PARTNERS),
    st.integers(0, 60),
)
SIGNALS = st.lists(ANY_SIGNAL | WEIGHTY, max_size=12)


def heard(signals: Sequence[KnownSignal]) -> Trajectory:
    return a_family(*signals)


def replayed(events: Sequence[Any]) -> Trajectory:
    """The family as its stored events make it."""
    family: Any = None
    for event in events:
        family = MAPPER.to_domain_event(MAPPER.to_stored_event(event)).mutate(family)  # type: ignore[attr-defined]
    return family  # type: ignore[no-any-return]


# Signals in any order ---------------------------------------------------------------------------------------


@given(SIGNALS.flatmap(lambda signals: st.tuples(st.just(signals), st.permutations(signals))))
def test_any_order_of_the_same_signals_ends_at_the_same_levels(orders: tuple[list[KnownSignal], list[KnownSignal]]) -> None:
    one, other = map(heard, orders)
    assert one.levels == other.levels
    assert one.levels == {axis: found.level for axis, found in assess(orders[0], MATRIX).items()}


@given(SIGNALS, st.data())
def test_repeats_in_between_change_nothing(signals: list[KnownSignal], data: st.DataObject) -> None:
    family = heard(signals)
    family.collect_events()
    before = state_of(family) | {"levels": dict(family.levels)}
    for again in data.draw(st.lists(st.sampled_from(signals), max_size=5)) if signals else ():
        tell(family, again)
    assert list(family.collect_events()) == []
    assert state_of(family) == before


@given(SIGNALS, SIGNALS)
def test_one_signal_more_never_lowers_a_level(signals: list[KnownSignal], more: list[KnownSignal]) -> None:
    family = heard(signals)
    before = dict(family.levels)
    for signal in more:
        tell(family, signal)
    assert all(family.levels[axis] >= before[axis] for axis in Axis)


@given(SIGNALS, SIGNALS)
def test_two_families_that_merge_end_at_the_levels_of_all_their_signals(ours: list[KnownSignal], theirs: list[KnownSignal]) -> None:
    family, other = heard(ours), a_family(*theirs, name="other")
    family.merge(other, "they are one", RULES, an_occasion())
    assert family.levels == {axis: found.level for axis, found in assess([*ours, *theirs], MATRIX).items()}


@given(SIGNALS, SIGNALS)
def test_merging_and_separating_gives_each_family_its_own_back(ours: list[KnownSignal], theirs: list[KnownSignal]) -> None:
    family, other = heard(ours), a_family(*theirs, name="other")
    mine, yours = dict(family.signals), (dict(other.signals), dict(other.people), dict(other.levels))
    family.merge(other, "they are one", RULES, an_occasion())
    family.separate(other, "they are two", RULES, an_occasion())
    assert family.signals.keys() == mine.keys()
    assert (other.signals, other.people, other.levels) == yours


@given(SIGNALS, st.sampled_from(list(Axis)), st.permutations(range(12)))
def test_what_a_person_considered_never_raises_that_axis_by_itself(
    signals: list[KnownSignal], axis: Axis, order: Sequence[int]
) -> None:
    family = heard(signals)
    if family.levels[axis] > Level.NONE:
        family.step_down(axis, Level.NONE, "considered", RULES, an_occasion())
    before = dict(family.levels)
    for place in order:
        if place < len(signals):
            tell(family, signals[place])
    tell(family, a_known_signal("feedback-taken-up"))
    family.escalate(RULES, an_occasion())
    assert family.levels == before


@given(SIGNALS, st.data())
def test_withdrawing_in_any_order_ends_at_the_same_signals_and_marks(signals: list[KnownSignal], data: st.DataObject) -> None:
    gone = data.draw(st.lists(st.sampled_from(signals), unique_by=lambda signal: signal.id)) if signals else []
    one, other = heard(signals), heard(signals)
    levels = dict(one.levels)
    for family, order in ((one, gone), (other, data.draw(st.permutations(gone)))):
        for signal in order:
            family.withdraw([signal.id], "a-withdrawal", RULES, an_occasion())
    assert one.signals == other.signals
    assert one.levels == other.levels == levels, "nothing falls by itself"
    assert {id: known.holds for id, known in one.escalations.items()} == {
        id: known.holds for id, known in other.escalations.items()
    }
    left = assess(one.signals.values(), MATRIX)
    assert all(known.holds == left[known.axis].level for known in one.escalations.values() if known.holds is not None)


@given(SIGNALS, SIGNALS)
def test_a_mark_follows_what_comes_later_in_any_order(signals: list[KnownSignal], later: list[KnownSignal]) -> None:
    family = heard(signals)
    for signal in signals[::2]:
        family.withdraw([signal.id], "a-withdrawal", RULES, an_occasion())
    for signal in later:
        tell(family, signal)
    left = assess(family.signals.values(), MATRIX)
    assert all(known.holds == left[known.axis].level for known in family.escalations.values() if known.holds is not None)
    assert all(family.levels[axis] >= left[axis].level for axis in Axis)


@given(SIGNALS, SIGNALS, st.data())
def test_what_is_withdrawn_after_a_merger_does_not_come_back_by_separating(
    ours: list[KnownSignal], theirs: list[KnownSignal], data: st.DataObject
) -> None:
    family, other = heard(ours), a_family(*theirs, name="other")
    family.merge(other, "they are one", RULES, an_occasion())
    gone = data.draw(st.lists(st.sampled_from([*ours, *theirs]))) if [*ours, *theirs] else []
    for each in (family, other):
        each.withdraw([signal.id for signal in gone], "a-withdrawal", RULES, an_occasion())
    family.separate(other, "they are two", RULES, an_occasion())
    ids = {signal.id for signal in gone}
    assert ids.isdisjoint(family.signals) and ids.isdisjoint(other.signals)
    assert {*family.signals, *other.signals} == {signal.id for signal in (*ours, *theirs)} - ids


# Anything that can happen -------------------------------------------------------------------------------------

PEOPLE = (DUTY, COACH, OTHER, Director("fourth", "another", "fourth@example.org"))
WORDS = st.sampled_from(["because of what was said"] * 5 + [""])
BY = st.sampled_from(["the director"] * 4 + ["the one it was offered to", "a-stranger"] + [one.who for one in PEOPLE])


@dataclass
class Witness:
    """What an onlooker, who only reads the facts, thinks of a family."""

    directors: list[str] = field(default_factory=list)
    plans: list[int] = field(default_factory=list)
    signals: set[str] = field(default_factory=set)
    taken_back: set[str] = field(default_factory=set)
    known: dict[str, KnownSignal] = field(default_factory=dict)

    def see(self, event: Any, family: Trajectory) -> None:
        match event:
            case Trajectory.Opened():
                self.directors.append(event.director)
            case Trajectory.HandoverAccepted():
                assert event.former == self.directors[-1]
                self.directors.append(event.director)
            case Trajectory.PlanAdopted():
                assert event.plan == len(self.plans) + 1
                self.plans.append(event.plan)
            case Trajectory.SignalRecorded():
                assert event.signal not in self.signals
                self.signals.add(event.signal)
            case Trajectory.SignalUnlinked():
                self.signals.remove(event.signal)
            case Trajectory.SignalWithdrawn() | Trajectory.SignalCorrected():
                assert event.signal not in self.taken_back
                self.taken_back.add(event.signal)
                self.signals.discard(event.signal)
            case Trajectory.EscalationRectified():
                assert self.signals.isdisjoint(event.lost)
                assert self.signals.issuperset(event.signals)
            case Trajectory.LevelRaised():
                self.check_evidence(event, family)
            case Trajectory.CriteriaMet() | Trajectory.CriteriaNoLongerMet() | Trajectory.Referred():
                assert self.signals.issuperset(signal for result in event.results for signal in result["signals"])

    def check_evidence(self, event: Any, family: Trajectory) -> None:
        """Fires the rule again, on nothing but the evidence: every signal that it names is needed."""
        assert event.signals
        assert self.signals.issuperset(event.signals)
        evidence = [self.known[signal] for signal in event.signals]
        again = assess(evidence, MATRIX)[Axis(event.axis)]
        assert again.level >= event.level_to > event.level_from
        by_that_rule = replace(MATRIX, rules=tuple(rule for rule in MATRIX.rules if rule.id == event.rule))
        found = assess(evidence, by_that_rule, settled=family.considered)[Axis(event.axis)]
        assert (found.rule, found.level, set(found.signals)) == (event.rule, event.level_to, set(event.signals))


class AnyTrajectory(RuleBasedStateMachine):
    """Partners, people and time do whatever they like to one family."""

    @initialize()
    def open(self) -> None:
        self.at: datetime = NOON
        self.family = a_family()
        self.events: list[Any] = []
        self.witness = Witness()
        self.levels = dict(self.family.levels)
        self.told: list[KnownSignal] = []
        self.settle()

    def settle(self) -> None:
        new = self.family.collect_events()
        self.events.extend(new)
        for event in new:
            self.witness.see(event, self.family)

    def attempt(self, verb: Any, by: str, basis: str = "") -> None:
        """Somebody tries; what is refused leaves no trace."""
        before = state_of(replayed(self.events))
        try:
            verb(Occasion(self.at, self.who(by), "", basis))
        except HubError:
            assert list(self.family.collect_events()) == []
            assert state_of(self.family) == before
        self.settle()

    def who(self, by: str) -> str:
        offered = self.family.offered.to.who if self.family.offered else ""
        return {"the director": self.family.director.who, "the one it was offered to": offered}.get(by, by)

    @rule(signal=ANY_SIGNAL | WEIGHTY)
    def hear(self, signal: KnownSignal) -> None:
        self.told.append(signal)
        self.witness.known[signal.id] = signal
        tell(self.family, signal, an_occasion(at=self.at, by=signal.partner))
        self.settle()

    @rule(data=st.data())
    def hear_again(self, data: st.DataObject) -> None:
        known = [signal for signal in self.told if signal.id in self.family.signals]
        if known:
            tell(self.family, data.draw(st.sampled_from(known)), an_occasion(at=self.at))
            assert list(self.family.collect_events()) == []

    @rule(data=st.data(), repeat=st.booleans())
    def withdraw(self, data: st.DataObject, repeat: bool) -> None:
        if not self.told:
            return
        signals = [signal.id for signal in data.draw(st.lists(st.sampled_from(self.told), min_size=1, max_size=3))]
        for _ in range(1 + repeat):
            self.family.withdraw(signals, "a-withdrawal", RULES, an_occasion(at=self.at))
        self.settle()
        self.family.withdraw(signals, "another-withdrawal", RULES, an_occasion(at=self.at))
        assert list(self.family.collect_events()) == []

    @rule(data=st.data(), new=ANY_SIGNAL | WEIGHTY)
    def correct(self, data: st.DataObject, new: KnownSignal) -> None:
        if not self.told:
            return
        old, on = data.draw(st.sampled_from(self.told)), an_occasion(at=self.at)
        corrected = self.family.correct([old.id], "a-correction", [new.id], on)
        if corrected:
            self.told.append(new)
            self.witness.known[new.id] = new
            tell(self.family, new, an_occasion(at=self.at, by=new.partner))
        self.family.settle(corrected, old.people, "a-correction", RULES, on)
        self.settle()

    @rule(days=st.sampled_from([0, 1, 5, 30, 200]))
    def time_passes(self, days: int) -> None:
        self.at += timedelta(days=days)
        on = an_occasion(at=self.at, by=THE_HUB)
        levels = dict(self.family.levels)
        self.family.pass_deadlines(RULES, on)
        self.settle()
        assert self.family.levels == levels
        assert not self.family.overdue(self.at)
        self.family.pass_deadlines(RULES, on)
        assert list(self.family.collect_events()) == []

    @rule(by=BY, to=st.sampled_from(PEOPLE), words=WORDS)
    def offer(self, by: str, to: Director, words: str) -> None:
        self.attempt(lambda on: self.family.offer_handover(to, words, RULES, on), by)

    @rule(by=BY | st.just("the one it was offered to"), accept=st.booleans(), words=WORDS, late=st.sampled_from([0, 0, 0, 4]))
    def answer(self, by: str, accept: bool, words: str, late: int) -> None:
        handover = self.family.offered.handover if self.family.offered else "none"
        if late:
            self.time_passes(late)
        if accept:
            self.attempt(lambda on: self.family.accept_handover(handover, on), by)
        else:
            self.attempt(lambda on: self.family.refuse_handover(handover, words, on), by)

    @rule(by=BY, goals=st.lists(st.sampled_from([a_goal(), a_goal("rent")] * 2 + [a_goal("", owner="")]), max_size=2), words=WORDS)
    def plan(self, by: str, goals: list[Any], words: str) -> None:
        self.attempt(lambda on: self.family.adopt_plan(goals, words, RULES, on), by)

    @rule(
        by=BY, goal=st.sampled_from(["school", "rent"]), result=st.sampled_from(["reached", "partly", "not", "fine"]), words=WORDS
    )
    def result(self, by: str, goal: str, result: str, words: str) -> None:
        self.attempt(lambda on: self.family.result_goal(goal, result, words, RULES, on), by)
        self.attempt(lambda on: self.family.record_progress(goal, words, RULES, on), by)

    @rule(by=BY, axis=st.sampled_from(list(Axis)), to=st.sampled_from(list(Level)), words=WORDS)
    def step_down(self, by: str, axis: Axis, to: Level, words: str) -> None:
        self.attempt(lambda on: self.family.step_down(axis, to, words, RULES, on), by)
        self.levels[axis] = min(self.levels[axis], self.family.levels[axis])

    @rule(by=BY, data=st.data())
    def acknowledge(self, by: str, data: st.DataObject) -> None:
        if self.family.escalations:
            escalation = data.draw(st.sampled_from(sorted(self.family.escalations)))
            self.attempt(lambda on: self.family.acknowledge(escalation, on), by)

    @rule(by=BY, words=WORDS, data=st.data())
    def unlink(self, by: str, words: str, data: st.DataObject) -> None:
        if self.family.signals:
            signal = data.draw(st.sampled_from(sorted(self.family.signals)))
            self.attempt(lambda on: self.family.unlink(signal, words, RULES, on), by)

    @rule(by=BY, coach=st.sampled_from(PEOPLE), words=WORDS, release=st.booleans())
    def coach(self, by: str, coach: Director, words: str, release: bool) -> None:
        if release:
            self.attempt(lambda on: self.family.release_coach(words, on), by)
        else:
            self.attempt(lambda on: self.family.assign_coach(coach, on), by)

    @rule(by=BY, phase=st.sampled_from(list(Phase)), words=WORDS)
    def go_on(self, by: str, phase: Phase, words: str) -> None:
        self.attempt(lambda on: self.family.refer(words, RULES, on), by)
        self.attempt(lambda on: self.family.decide_referral(phase, words, on), by)
        self.attempt(lambda on: self.family.enter(phase, words, RULES, on), by)

    @rule(by=BY, words=WORDS)
    def take_the_next_step(self, by: str, words: str) -> None:
        self.attempt(lambda on: self.family.decide_referral(Phase.ELIGIBLE, words, on), by)
        for phase in Phase:
            self.attempt(lambda on, phase=phase: self.family.enter(phase, words, RULES, on), by)

    @rule(by=BY, words=WORDS, basis=st.sampled_from(["", "bw-1-255"]), how=st.sampled_from(["extend", "end", "compel", "reopen"]))
    def turn(self, by: str, words: str, basis: str, how: str) -> None:
        verbs = {
            "extend": lambda on: self.family.extend(words, RULES, on),
            "end": lambda on: self.family.end_early(words, on),
            "compel": lambda on: self.family.go_to_compulsion(words, on),
            "reopen": lambda on: self.family.reopen(words, on),
        }
        self.attempt(verbs[how], by, basis)

    @rule(by=BY, words=WORDS, basis=st.sampled_from(["", "participatiewet-18-2"]), lever=st.sampled_from(sorted(MATRIX.levers)))
    def lever(self, by: str, words: str, basis: str, lever: str) -> None:
        cited = list(self.family.escalations)[:1]
        authority = MATRIX.levers[lever].by
        self.attempt(lambda on: self.family.decide_lever(lever, authority, words, cited, RULES, on), by, basis)

    @rule(by=BY, words=WORDS, end=st.booleans())
    def lever_again(self, by: str, words: str, end: bool) -> None:
        for lever in list(self.family.levers):
            if end:
                self.attempt(lambda on, lever=lever: self.family.end_lever(lever, words, on), by)
            else:
                self.attempt(lambda on, lever=lever: self.family.reconsider_lever(lever, words, RULES, on), by)

    @rule(by=BY, words=WORDS, to=st.sampled_from(list(Direction)))
    def direction(self, by: str, words: str, to: Direction) -> None:
        self.attempt(lambda on: self.family.refuse_cooperation(words, RULES, on), by)
        self.attempt(lambda on: self.family.lower_direction(to, words, on), by)

    @invariant()
    def there_is_exactly_one_director(self) -> None:
        if self.events:
            assert self.family.director.who == self.witness.directors[-1]
            assert self.family.offered is None or self.family.offered.to.who != self.family.director.who

    @invariant()
    def at_most_one_plan_is_valid(self) -> None:
        if self.events:
            assert (self.family.plan.version if self.family.plan else 0) == len(self.witness.plans)

    @invariant()
    def only_a_person_lowers_a_level(self) -> None:
        for axis in Axis if self.events else ():
            assert self.family.levels[axis] >= self.levels[axis]
            self.levels[axis] = self.family.levels[axis]

    @invariant()
    def every_signal_is_known_once(self) -> None:
        if self.events:
            assert set(self.family.signals) == set(self.family.accounts) == self.witness.signals

    @invariant()
    def what_was_taken_back_counts_no_longer_and_is_marked(self) -> None:
        if self.events:
            assert self.witness.taken_back == set(self.family.taken_back)
            assert self.family.signals.keys().isdisjoint(self.witness.taken_back)
            raised = {event.escalation for event in self.events if isinstance(event, Trajectory.LevelRaised)}
            assert self.family.escalations.keys() == raised, "no escalation is ever undone"

    @invariant()
    def an_ended_trajectory_waits_for_nothing(self) -> None:
        if self.events and self.family.phase in (Phase.CLOSED, Phase.ENDED_EARLY, Phase.COMPULSION):
            assert (self.family.clocks, self.family.offered) == ({}, None)

    @invariant()
    def direction_rises_only_for_a_reason_of_the_matrix(self) -> None:
        rules = {rule.id: rule for rule in MATRIX.stagnation}
        for event in self.events[-3:]:
            if isinstance(event, Trajectory.DirectionRaised):
                assert rules[event.rule].on in Stagnation
                assert (rules[event.rule].held, rules[event.rule].to) == (event.level_from, event.level_to)
                assert event.evidence

    @invariant()
    def versions_follow_each_other(self) -> None:
        assert [event.originator_version for event in self.events[-5:]] == list(range(len(self.events) + 1))[-5:][
            -len(self.events) :
        ]

    def teardown(self) -> None:
        """A replay of what is stored gives the same family."""
        if getattr(self, "events", None):
            assert state_of(replayed(self.events)) == state_of(self.family)


TestAnyTrajectory = AnyTrajectory.TestCase
TestAnyTrajectory.settings = settings(max_examples=80, stateful_step_count=50, deadline=None)
