"""Pressure and compulsion: always decided by a named person of the competent authority, never by the hub."""

from dataclasses import dataclass

from hub.domain.matrix import Lever
from hub.domain.rules import Rules
from hub.domain.streams import Occasion, Recorded, sealed, stream_id
from hub.domain.trajectory.clocks import ENDED, motivated
from hub.domain.trajectory.course import Course
from hub.errors import NotKnown, RuleBroken


@dataclass(frozen=True, slots=True)
class DecidedLever:
    """A lever that a person decided on and that is still in force."""

    id: str
    lever: str
    authority: str
    decided_by: str
    ground: str
    escalations: tuple[str, ...] = ()


class Levers(Course):
    """The levers in force."""

    TOPIC = "trajectory-levers"

    levers: dict[str, DecidedLever]

    def begin(self) -> None:
        super().begin()
        self.levers = {}

    class LeverDecided(Recorded):
        """A named person of the competent authority decided on a lever, with a motivation and a legal ground."""

        TOPIC = "lever-decided"
        SEALED = sealed("motivation")
        id: str
        lever: str
        authority: str
        motivation: str
        matrix: str
        escalations: list[str]

        def apply(self, family: "Levers") -> None:
            family.levers[self.id] = DecidedLever(self.id, self.lever, self.authority, self.by, self.basis, tuple(self.escalations))

    class AdviceDeclined(Recorded):
        """A named person of the competent authority decided not to use a lever that the matrix advises, with a motivation."""

        TOPIC = "advice-declined"
        SEALED = sealed("motivation")
        lever: str
        authority: str
        motivation: str
        matrix: str
        escalations: list[str]

        def apply(self, family: "Levers") -> None:
            pass

    class LeverReconsidered(Recorded):
        """A person looked at the lever again, within its term or not, and let it stand."""

        TOPIC = "lever-reconsidered"
        SEALED = sealed("motivation")
        id: str
        motivation: str

        def apply(self, family: "Levers") -> None:
            pass

    class LeverEnded(Recorded):
        """A person ended the lever."""

        TOPIC = "lever-ended"
        SEALED = sealed("motivation")
        id: str
        motivation: str

        def apply(self, family: "Levers") -> None:
            family.levers.pop(self.id, None)

    def decide_lever(self, lever: str, authority: str, motivation: str, escalations: list[str], rules: Rules, on: Occasion) -> str:
        """A competent person decides on a lever that rests on these escalations; gives the decision's id."""
        self.must_be_open()
        motivated(motivation)
        agreed = _competent(lever, authority, rules)
        if not on.basis:
            raise RuleBroken("A lever needs a legal ground.", code="ground-missing")
        if on.basis != agreed.ground:
            raise RuleBroken("This lever rests on another legal ground; the matrix names it.", code="other-ground")
        for escalation in escalations:
            self.escalation(escalation)
        id = str(stream_id("lever", str(self.id), str(self.version + 1)))
        self.record(
            self.LeverDecided,
            on,
            id=id,
            lever=lever,
            authority=authority,
            motivation=motivation,
            matrix=rules.matrix.version,
            escalations=escalations,
        )
        self._reconsider_in_time(id, agreed, rules, on)
        return id

    def decline_lever(
        self, lever: str, authority: str, motivation: str, escalations: list[str], rules: Rules, on: Occasion
    ) -> None:
        """A competent person does not follow the advice of these escalations; it stays, and another decision stays possible."""
        self.must_be_open()
        motivated(motivation)
        _competent(lever, authority, rules)
        if not all(lever in (advised["lever"] for advised in self.escalation(id).levers) for id in escalations):
            raise NotKnown("This lever was not advised there.")
        self.record(
            self.AdviceDeclined,
            on,
            lever=lever,
            authority=authority,
            motivation=motivation,
            matrix=rules.matrix.version,
            escalations=escalations,
        )

    def reconsider_lever(self, id: str, motivation: str, rules: Rules, on: Occasion) -> None:
        """A competent person looks again and lets it stand; its term begins anew, unless the trajectory has ended."""
        motivated(motivation)
        decided = self._lever(id)
        self.record(self.LeverReconsidered, on, id=id, motivation=motivation)
        agreed = rules.matrix.levers.get(decided.lever)
        if agreed is not None:
            self.stop_clock(agreed.reconsider, id, on)
            self._reconsider_in_time(id, agreed, rules, on)

    def end_lever(self, id: str, motivation: str, on: Occasion) -> None:
        """A competent person ends it."""
        motivated(motivation)
        self._lever(id)
        self.record(self.LeverEnded, on, id=id, motivation=motivation)
        for clock in [clock for clock in self.clocks.values() if clock.about == id]:
            self.record(self.ClockStopped, on, clock=clock.clock)

    def _reconsider_in_time(self, id: str, agreed: Lever, rules: Rules, on: Occasion) -> None:
        if agreed.reconsider and self.phase not in ENDED:
            self.start_clock(agreed.reconsider, id, rules.due(agreed.reconsider, on.at), on)

    def decided_on(self, escalations: list[str]) -> list[str]:
        """The levers in force that somebody decided on these escalations."""
        return [lever.id for lever in self.levers.values() if not set(escalations).isdisjoint(lever.escalations)]

    def _lever(self, id: str) -> DecidedLever:
        if id not in self.levers:
            raise NotKnown("This family has no such lever in force.")
        return self.levers[id]


def _competent(lever: str, authority: str, rules: Rules) -> Lever:
    """What was agreed on a lever. Raises: NotKnown, RuleBroken: it is not for that authority."""
    agreed = rules.matrix.levers.get(lever)
    if agreed is None:
        raise NotKnown("The matrix knows no such lever.")
    if authority != agreed.by:
        raise RuleBroken("Only the authority that the matrix names may decide on this lever.", code="not-competent")
    return agreed
