"""Who directs: exactly one at every instant, at one of three levels, and how direction passes on."""

from dataclasses import dataclass
from datetime import datetime

from hub.domain.matrix import Stagnation
from hub.domain.rules import Rules
from hub.domain.streams import Occasion, Recorded, sealed, stream_id
from hub.domain.trajectory.clocks import motivated
from hub.domain.trajectory.rectifying import Rectifying
from hub.domain.words import Direction
from hub.errors import NotKnown, RuleBroken


@dataclass(frozen=True, slots=True)
class Director:
    """The one who directs: who (a staff identity), for which organisation, and how to reach them."""

    who: str
    organisation: str
    contact: str


@dataclass(frozen=True, slots=True)
class Handover:
    """Direction offered to somebody, waiting for an answer."""

    handover: str
    to: Director
    until: datetime


class Directed(Rectifying):
    """Exactly one director: the old one stays until the new one accepts."""

    TOPIC = "trajectory-directed"

    director: Director
    direction: Direction
    offered: Handover | None
    accepted: str
    coach: Director | None

    def begin(self) -> None:
        super().begin()
        self.direction = Direction.FAMILY
        self.offered, self.accepted = None, ""
        self.coach = None

    class HandoverOffered(Recorded):
        """The director offered direction to somebody else, and stays until that one accepts."""

        TOPIC = "handover-offered"
        SEALED = sealed("motivation")
        handover: str
        to: str
        organisation: str
        contact: str
        until: datetime
        motivation: str

        def apply(self, family: "Directed") -> None:
            family.offered = Handover(self.handover, Director(self.to, self.organisation, self.contact), self.until)

    class HandoverAccepted(Recorded):
        """The one it was offered to accepted; from this moment they direct, and nobody else."""

        TOPIC = "handover-accepted"
        handover: str
        former: str
        director: str
        organisation: str
        contact: str

        def apply(self, family: "Directed") -> None:
            family.director = Director(self.director, self.organisation, self.contact)
            family.offered, family.accepted = None, self.handover

    class HandoverRefused(Recorded):
        """The one it was offered to refused; the director stays."""

        TOPIC = "handover-refused"
        SEALED = sealed("motivation")
        handover: str
        motivation: str

        def apply(self, family: "Directed") -> None:
            family.offered = None

    class HandoverTimedOut(Recorded):
        """Nobody answered in time, or before the trajectory ended; the director stays."""

        TOPIC = "handover-timed-out"
        handover: str

        def apply(self, family: "Directed") -> None:
            family.offered = None

    class DirectionRaised(Recorded):
        """Nothing moved, or cooperation was refused: direction goes one level up, by a rule of the matrix."""

        TOPIC = "direction-raised"
        level_from: str
        level_to: str
        rule: str
        matrix: str
        evidence: list[str]
        tell: list[str]
        contact: str

        def apply(self, family: "Directed") -> None:
            family.direction = Direction(self.level_to)

    class DirectionLowered(Recorded):
        """A person brought direction back to a lower level."""

        TOPIC = "direction-lowered"
        SEALED = sealed("motivation")
        level_from: str
        level_to: str
        motivation: str

        def apply(self, family: "Directed") -> None:
            family.direction = Direction(self.level_to)

    class CoachAssigned(Recorded):
        """A coach takes this family into their caseload."""

        TOPIC = "coach-assigned"
        coach: str
        organisation: str
        contact: str

        def apply(self, family: "Directed") -> None:
            family.coach = Director(self.coach, self.organisation, self.contact)

    class CoachReleased(Recorded):
        """The coach lets this family go out of their caseload."""

        TOPIC = "coach-released"
        SEALED = sealed("motivation")
        coach: str
        motivation: str

        def apply(self, family: "Directed") -> None:
            family.coach = None

    class CooperationRefused(Recorded):
        """The family, or a partner, does not cooperate; a person noted it."""

        TOPIC = "cooperation-refused"
        SEALED = sealed("motivation")
        motivation: str

        def apply(self, family: "Directed") -> None:
            pass

    def is_for(self, escalation: str, organisation: str, kind: str, is_only: bool) -> bool:
        """Whether an escalation of this family is for that organisation, of that kind, to take notice of.

        It is for whichever kind of partner leads by the matrix: of several of that kind for those that raised a signal about this
        family. Where a director leads, it is for the organisation of whoever directs.
        """
        known = self.escalations.get(escalation)
        if known is None:
            return False
        if known.leads == "director":
            return self.director.organisation == organisation
        return known.leads == kind and (is_only or any(said.partner == organisation for said in self.accounts.values()))

    def offer_handover(self, to: Director, motivation: str, rules: Rules, on: Occasion) -> str:
        """The director offers direction to another; gives the handover's id."""
        self.must_be_open()
        motivated(motivation)
        if on.by != self.director.who:
            raise RuleBroken("Only the director can offer direction.", code="not-the-director")
        if self.offered is not None:
            raise RuleBroken("Direction is offered to somebody already.", code="handover-open")
        if to.who == self.director.who:
            raise RuleBroken("The director cannot hand over to themselves.", code="same-director")
        handover = str(stream_id("handover", str(self.id), str(self.version + 1)))
        until = rules.due("handover-answer", on.at)
        self.record(
            self.HandoverOffered,
            on,
            handover=handover,
            to=to.who,
            organisation=to.organisation,
            contact=to.contact,
            until=until,
            motivation=motivation,
        )
        self.start_clock("handover-answer", handover, until, on)
        return handover

    def accept_handover(self, handover: str, on: Occasion, organisation: str | None = None) -> None:
        """The one it was offered to becomes the one director; a second acceptance is silence.

        `organisation` is the one that they are of, where it is known: direction is offered to somebody of an organisation.
        """
        if handover == self.accepted and self.director.who == on.by:
            return
        self.must_be_open()
        offer = self._open_handover(handover)
        if on.by != offer.to.who or organisation not in (None, offer.to.organisation):
            raise RuleBroken("Only the one it was offered to can answer.", code="not-offered-to-you")
        self.record(
            self.HandoverAccepted,
            on,
            handover=handover,
            former=self.director.who,
            director=offer.to.who,
            organisation=offer.to.organisation,
            contact=offer.to.contact,
        )
        self.stop_clock("handover-answer", handover, on)

    def refuse_handover(self, handover: str, motivation: str, on: Occasion) -> None:
        """The one it was offered to refuses, with a reason."""
        self.must_be_open()
        motivated(motivation)
        if on.by != self._open_handover(handover).to.who:
            raise RuleBroken("Only the one it was offered to can answer.", code="not-offered-to-you")
        self.record(self.HandoverRefused, on, handover=handover, motivation=motivation)
        self.stop_clock("handover-answer", handover, on)

    def time_out_handover(self, handover: str, on: Occasion) -> None:
        """The term for an answer is over; an answered one is silence."""
        if self.offered is not None and self.offered.handover == handover:
            self.record(self.HandoverTimedOut, on, handover=handover)

    def assign_coach(self, coach: Director, on: Occasion) -> None:
        """A coach takes the family; the same coach again is silence."""
        self.must_be_open()
        if self.coach is not None and self.coach.who != coach.who:
            raise RuleBroken("This family has a coach; release that one first.", code="has-coach")
        if self.coach is None:
            self.record(self.CoachAssigned, on, coach=coach.who, organisation=coach.organisation, contact=coach.contact)

    def release_coach(self, motivation: str, on: Occasion) -> None:
        """The coach lets the family go."""
        motivated(motivation)
        if self.coach is None:
            raise RuleBroken("This family has no coach.", code="no-coach")
        self.record(self.CoachReleased, on, coach=self.coach.who, motivation=motivation)

    def refuse_cooperation(self, motivation: str, rules: Rules, on: Occasion) -> None:
        """A person notes that cooperation is refused, which raises the level of direction by the matrix."""
        self.must_be_open()
        motivated(motivation)
        self.record(self.CooperationRefused, on, motivation=motivation)
        self.stagnate(Stagnation.REFUSED_COOPERATION, str(self.version), rules, on)

    def stagnate(self, because: Stagnation, evidence: str, rules: Rules, on: Occasion) -> None:
        """Raises the level of direction one step, where a rule of the matrix says so for this kind of standstill."""
        rule = next((rule for rule in rules.matrix.stagnation if rule.on is because and rule.held is self.direction), None)
        if rule is None:
            return
        self.record(
            self.DirectionRaised,
            on.by_rule(rules.matrix.version),
            level_from=rule.held.value,
            level_to=rule.to.value,
            rule=rule.id,
            matrix=rules.matrix.version,
            evidence=[evidence],
            tell=self.told(),
            contact=self.director.contact,
        )

    def lower_direction(self, to: Direction, motivation: str, on: Occasion) -> None:
        """A person brings direction back to a lower level."""
        self.must_be_open()
        motivated(motivation)
        order = list(Direction)
        if order.index(to) >= order.index(self.direction):
            raise RuleBroken("Direction can only be brought back to a lower level.", code="not-lower")
        self.record(self.DirectionLowered, on, level_from=self.direction.value, level_to=to.value, motivation=motivation)

    def _open_handover(self, handover: str) -> Handover:
        if self.offered is None or self.offered.handover != handover:
            raise NotKnown("There is no such handover waiting for an answer.")
        return self.offered
