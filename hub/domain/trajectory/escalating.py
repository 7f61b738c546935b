"""What partners worry about, and how high that stands on the four axes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from hub.domain.dates import PartialDate
from hub.domain.escalation import assess, overall
from hub.domain.matrix import Cell
from hub.domain.rules import Rules
from hub.domain.signals import Informed, KnownSignal, may_be_shared
from hub.domain.streams import Occasion, Recorded, own_fields, sealed, stream_id
from hub.domain.trajectory.clocks import ENDED, RunningClock, is_acknowledgement, motivated
from hub.domain.trajectory.restricting import Restricting
from hub.domain.words import Axis, Level, LifeArea, Weight
from hub.errors import NotKnown, RuleBroken


@dataclass(frozen=True, slots=True)
class Escalation:
    """An axis that rose: by which rule of which matrix, on which signals, and whether a person has acknowledged it.

    `tell` are the kinds of partners that were told, `held` those that hear of it when the family was informed, `leads` who leads
    by the matrix; `holds` is what the signals gave when some of these were taken back. `is_over` says that its
    axis was stepped down to rest since.
    """

    id: str
    axis: Axis
    level: Level
    rule: str
    matrix: str
    signals: tuple[str, ...]
    levers: tuple[Mapping[str, str], ...]
    tell: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    acknowledged_by: str = ""
    holds: Level | None = None
    leads: str = ""
    is_over: bool = False


class Reachable(Protocol):
    """Somebody, as far as escalating asks: how to reach them."""

    @property
    def contact(self) -> str: ...


class Escalating(Restricting):
    """Signals, levels and escalations: known and weighed in the same breath."""

    TOPIC = "trajectory-escalating"

    signals: dict[str, KnownSignal]
    accounts: dict[str, "Escalating.SignalRecorded"]
    levels: dict[Axis, Level]
    considered: dict[Axis, frozenset[str]]
    escalations: dict[str, Escalation]
    director: Reachable
    somebody_informed: bool

    def begin(self) -> None:
        super().begin()
        self.signals = {}
        self.accounts = {}
        self.levels = dict.fromkeys(Axis, Level.NONE)
        self.considered = {}
        self.escalations = {}
        self.somebody_informed = False

    class SignalRecorded(Recorded):
        """A partner's signal was found to be about this family; `known_since` is when the hub first heard it."""

        TOPIC = "signal-recorded"
        SEALED = sealed("informed.how", "informed.when", "informed.by")
        signal: str
        message: str
        reference: str
        partner: str
        concern: str
        areas: list[str]
        axis: str
        weight: int
        happened: str
        known_since: datetime
        people: list[str]
        matched: list[str]
        purpose: str
        informed: dict[str, str]

        @property
        def known(self) -> KnownSignal:
            """The signal."""
            return KnownSignal(
                id=self.signal,
                partner=self.partner,
                concern=self.concern,
                areas=tuple(LifeArea(area) for area in self.areas),
                axis=Axis(self.axis),
                weight=Weight(self.weight),
                happened=PartialDate(self.happened),
                recorded_at=self.known_since,
                people=tuple(self.people),
            )

        def apply(self, family: "Escalating") -> None:
            family.accounts[self.signal] = self
            family.signals[self.signal] = self.known

    class SignalUnlinked(Recorded):
        """A signal turned out not to be about this family; what rested on it is for the director to reconsider.

        `people` leave with it: those whom no other signal of this family names.
        """

        TOPIC = "signal-unlinked"
        SEALED = sealed("motivation")
        signal: str
        people: list[str]
        motivation: str
        rested: list[str]

        def apply(self, family: "Escalating") -> None:
            family.forget(self.signal)
            for person in self.people:
                family.people.pop(person, None)

    class LevelRaised(Recorded):
        """An axis rose, by a rule of the matrix that was valid then, resting on these signals."""

        TOPIC = "level-raised"
        escalation: str
        axis: str
        level_from: int
        level_to: int
        rule: str
        matrix: str
        signals: list[str]
        leads: str
        levers: list[dict[str, str]]
        tell: list[str]
        contact: str
        acknowledge_by: datetime | None

        def apply(self, family: "Escalating") -> None:
            axis, level = Axis(self.axis), Level(self.level_to)
            family.levels[axis] = level
            family.escalations[self.escalation] = Escalation(
                id=self.escalation,
                axis=axis,
                level=level,
                rule=self.rule,
                matrix=self.matrix,
                signals=tuple(self.signals),
                levers=tuple(self.levers),
                tell=tuple(self.tell),
                leads=self.leads,
            )

    class TellingHeld(Recorded):
        """Partners of these kinds hear of an escalation when the family was informed, and not before (L13)."""

        TOPIC = "telling-held"
        escalation: str
        tell: list[str]

        def apply(self, family: "Escalating") -> None:
            family.escalations[self.escalation] = replace(family.escalations[self.escalation], held=tuple(self.tell))

    class TellingReleased(Recorded):
        """The family was informed, or it is coded why not: partners of these kinds hear of an escalation that was held."""

        TOPIC = "telling-released"
        escalation: str
        axis: str
        level: int
        leads: str
        tell: list[str]
        contact: str

        def apply(self, family: "Escalating") -> None:
            known = family.escalations[self.escalation]
            family.escalations[self.escalation] = replace(known, tell=(*known.tell, *self.tell), held=())

    class EscalationAcknowledged(Recorded):
        """A person took notice of an escalation, in time or not."""

        TOPIC = "escalation-acknowledged"
        escalation: str

        def apply(self, family: "Escalating") -> None:
            known = family.escalations[self.escalation]
            family.escalations[self.escalation] = replace(known, acknowledged_by=self.by)

    class SteppedDown(Recorded):
        """A person lowered an axis, with a motivation; the signals known then no longer raise it by themselves."""

        TOPIC = "stepped-down"
        SEALED = sealed("motivation")
        axis: str
        level_from: int
        level_to: int
        motivation: str
        tell: list[str]
        contact: str

        def apply(self, family: "Escalating") -> None:
            axis = Axis(self.axis)
            family.levels[axis] = Level(self.level_to)
            family.considered[axis] = frozenset(family.signals)
            # what was taken back before a person decided is not weighed for them once more
            decided = {known.id: replace(known, holds=None) for known in family.escalations.values() if known.axis is axis}
            # nor is anybody told any more of what no longer stands
            family.escalations |= {
                id: known if known.level <= self.level_to else replace(known, held=(), is_over=self.level_to == Level.NONE)
                for id, known in decided.items()
            }

    def record_signal(
        self,
        signal: KnownSignal,
        *,
        message: str,
        reference: str,
        matched: Sequence[str],
        purpose: str,
        informed: Informed | None,
        on: Occasion,
    ) -> None:
        """Records that this signal is about this family."""
        self.record(
            self.SignalRecorded,
            on,
            signal=signal.id,
            message=message,
            reference=reference,
            partner=signal.partner,
            concern=signal.concern,
            areas=[area.value for area in signal.areas],
            axis=signal.axis.value,
            weight=int(signal.weight),
            happened=signal.happened.text,
            known_since=signal.recorded_at,
            people=list(signal.people),
            matched=list(matched),
            purpose=purpose,
            informed=_told(informed),
        )
        self.release(on)

    def take_over(self, account: "Escalating.SignalRecorded", on: Occasion) -> None:
        """Records here what was recorded for another family; one that is known already is silence."""
        if account.signal not in self.signals:
            said = {name: getattr(account, name) for name in own_fields(account)}
            self.record(self.SignalRecorded, replace(on, by=account.by, basis=account.basis), **said)
            self.release(on)

    def forget(self, signal: str) -> None:
        """Applies that a signal is not this family's."""
        self.signals.pop(signal, None)
        self.accounts.pop(signal, None)

    def escalate(self, rules: Rules, on: Occasion, new: KnownSignal | None = None) -> None:
        """Raises every axis that the signals raise (`new` says which one was not weighed before); nothing here lowers one."""
        if new is not None and not self.may_use(new):
            return
        on = on.by_rule(rules.matrix.version)
        for axis, found in assess(self.used(), rules.matrix, self.levels, self.considered, new).items():
            if found.level <= self.levels[axis]:
                continue
            cell = rules.matrix.cells[axis, found.level]
            escalation = str(stream_id("escalation", str(self.id), str(self.version + 1)))
            self.record(
                self.LevelRaised,
                on,
                escalation=escalation,
                axis=axis.value,
                level_from=int(self.levels[axis]),
                level_to=int(found.level),
                rule=found.rule,
                matrix=rules.matrix.version,
                signals=list(found.signals),
                leads=cell.leads,
                levers=[{"lever": lever.lever, "by": lever.by, "ground": lever.ground} for lever in cell.levers],
                tell=self.told_at_once(cell, axis),
                contact=self.director.contact,
                acknowledge_by=rules.due(cell.acknowledge, on.at) if cell.acknowledge else None,
            )
            self._hold(escalation, cell, axis, on)
            self._run_terms(axis, escalation, cell, rules, on)

    def told_at_once(self, cell: Cell, axis: Axis) -> list[str]:
        """The kinds of partners that hear of an axis now: before the family was informed, who leads alone (L13)."""
        told = self.may_be_told(cell.tell, axis)
        return told if self.is_informed else [kind for kind in told if kind == cell.leads]

    def _hold(self, escalation: str, cell: Cell, axis: Axis, on: Occasion) -> None:
        at_once = self.told_at_once(cell, axis)
        if held := [kind for kind in self.may_be_told(cell.tell, axis) if kind not in at_once]:
            self.record(self.TellingHeld, on, escalation=escalation, tell=held)

    @property
    def is_informed(self) -> bool:
        """Whether a person said how the family was informed, or by code why not; or a signal did that still is about it."""
        said = (account.informed for account in self.accounts.values())
        return self.somebody_informed or any(may_be_shared(each.get("how", ""), each.get("reasonNot", "")) for each in said)

    def note_informed(self, how: str, reason_not: str) -> None:
        """Applies what a person said of informing the family; what was said once stands."""
        self.somebody_informed = self.somebody_informed or may_be_shared(how, reason_not)

    def heard_of(self, axis: Axis) -> list[str]:
        """The kinds of partners that were told how an axis stands, and hear what becomes of that; who was never told does not."""
        standing = [known for known in self.escalations.values() if known.axis is axis and not known.is_over]
        return self.may_be_told(dict.fromkeys(kind for known in standing for kind in known.tell), axis)

    def release(self, on: Occasion) -> None:
        """Lets those hear of escalations that still stand for whom they were held, once the family was informed.

        Not of one of which the signals that are left give less: it is not told while a person has to decide on it.
        """
        if not self.is_informed or self.phase in ENDED:
            return
        for known in [each for each in self.escalations.values() if each.held]:
            is_doubted = known.holds is not None and known.holds < known.level
            if not is_doubted and (tell := self.may_be_told(known.held, known.axis)):
                level = min(known.level, self.levels[known.axis])
                said = {"axis": known.axis.value, "level": int(level), "leads": known.leads}
                self.record(self.TellingReleased, on, escalation=known.id, **said, tell=tell, contact=self.director.contact)

    def _run_terms(self, axis: Axis, escalation: str, cell: Cell, rules: Rules, on: Occasion) -> None:
        """Starts the terms of a cell; what ran for a lower level of the axis ends, but a term that goes on is not begun anew."""
        self._stop_terms(axis, on, but=cell.starts)
        running = {clock.term for clock in self._terms_of_axis(axis)}
        for term in filter(None, (cell.acknowledge, *cell.starts)):
            if term not in running:
                self.start_clock(term, escalation, rules.due(term, on.at), on)

    def _stop_terms(self, axis: Axis, on: Occasion, but: Sequence[str] = ()) -> None:
        for clock in self._terms_of_axis(axis):
            if clock.term not in but:
                self.record(self.ClockStopped, on, clock=clock.clock)

    def _terms_of_axis(self, axis: Axis) -> list[RunningClock]:
        about = {escalation.id for escalation in self.escalations.values() if escalation.axis is axis}
        return [clock for clock in self.clocks.values() if clock.about in about]

    def acknowledge(self, escalation: str, on: Occasion) -> None:
        """A person takes notice; a second time is silence."""
        known = self.escalation(escalation)
        if not known.acknowledged_by:
            self.record(self.EscalationAcknowledged, on, escalation=escalation)
            for clock in [clock for clock in self.clocks.values() if clock.about == escalation and is_acknowledgement(clock.term)]:
                self.record(self.ClockStopped, on, clock=clock.clock)

    def step_down(self, axis: Axis, to: Level, motivation: str, rules: Rules, on: Occasion) -> None:
        """A person lowers an axis."""
        self.must_be_open()
        if to >= self.levels[axis]:
            raise RuleBroken("Stepping down goes to a lower level than the present one.", code="not-lower")
        motivated(motivation)
        waiting = [known for known in self.escalations.values() if known.axis is axis and known.level > to and known.held]
        self.record(
            self.SteppedDown,
            on,
            axis=axis.value,
            level_from=int(self.levels[axis]),
            level_to=int(to),
            motivation=motivation,
            tell=self.heard_of(axis),
            contact=self.director.contact,
        )
        self._hold_less(waiting, rules.matrix.cells[axis, to], on)
        self._stop_terms(axis, on)

    def _hold_less(self, waiting: Iterable[Escalation], cell: Cell, on: Occasion) -> None:
        """Of those who waited to hear of a higher level, those whom the present one concerns wait on, to hear of that."""
        for known in waiting:
            others = {kind for each in self.escalations.values() if each.axis is known.axis for kind in each.held}
            if still := [kind for kind in known.held if kind in cell.tell and kind not in others]:
                self.record(self.TellingHeld, on, escalation=known.id, tell=still)

    def used(self) -> list[KnownSignal]:
        """The signals that count."""
        known = list(self.signals.values())
        return [signal for signal in known if self.may_use(signal)] if self.restricted else known

    def resting_on(self, signals: Sequence[str]) -> list[str]:
        """The escalations that cite any of these signals."""
        return [known.id for known in self.escalations.values() if not set(signals).isdisjoint(known.signals)]

    def escalation(self, id: str) -> Escalation:
        """Raises: NotKnown."""
        if id not in self.escalations:
            raise NotKnown("This family has no such escalation.")
        return self.escalations[id]

    def told(self) -> list[str]:
        """The kinds of partners that were told how the family stands now."""
        return sorted({kind for axis in Axis for kind in self.heard_of(axis)})

    @property
    def level(self) -> Level:
        """The overall level: that of the highest axis."""
        return overall(self.levels)


def _told(informed: Informed | None) -> dict[str, str]:
    if informed is None:
        return {}
    return {"how": informed.how, "when": informed.when.text, "by": informed.by, "reasonNot": informed.reason_not}
