"""The course of a trajectory: from candidate to aftercare, with its side exits and its reopening."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from hub.domain.referral import ReferralAssessment, assess_referral
from hub.domain.rules import Rules
from hub.domain.streams import Occasion, Recorded, sealed
from hub.domain.trajectory.clocks import ENDED, motivated
from hub.domain.trajectory.planned import Planned
from hub.domain.words import Phase
from hub.errors import RuleBroken

AFTER = {
    Phase.ELIGIBLE: (Phase.START_TALK,),
    Phase.START_TALK: (Phase.ANALYSIS_AND_PLAN,),
    Phase.ANALYSIS_AND_PLAN: (Phase.COACH_DIRECTS,),
    Phase.COACH_DIRECTS: (Phase.HANDED_BACK,),
    Phase.HANDED_BACK: (Phase.WINDING_DOWN,),
    Phase.WINDING_DOWN: (Phase.AFTERCARE,),
    Phase.AFTERCARE: (Phase.CLOSED,),
}
REFERRABLE = (Phase.CANDIDATE, Phase.NOT_SUITABLE, Phase.CONTRA_INDICATED)
UNDER_WAY = (Phase.START_TALK, Phase.ANALYSIS_AND_PLAN, Phase.COACH_DIRECTS)
DECISIONS = (Phase.ELIGIBLE, Phase.NOT_SUITABLE, Phase.CONTRA_INDICATED)


class Course(Planned):
    """The phases; every step is a person's, except that a new signal opens an ended trajectory again."""

    TOPIC = "trajectory-course"

    criteria: frozenset[str]
    criteria_met: bool
    advised_on: frozenset[str]
    referred_on: frozenset[str]
    entered: dict[Phase, datetime]
    """When the phases from the start talk on began."""

    def begin(self) -> None:
        super().begin()
        self.criteria, self.criteria_met = frozenset(), False
        self.advised_on = self.referred_on = frozenset()
        self.entered = {}

    class CriteriaMet(Recorded):
        """The signals now meet the criteria for referral; the hub advises, a person refers."""

        TOPIC = "referral-criteria-met"
        matrix: str
        results: list[dict[str, object]]
        contra_indications: list[dict[str, object]]

        def apply(self, family: "Course") -> None:
            family.criteria, family.criteria_met = _met(self.results), True
            family.advised_on = _cited(self.results)

    class CriteriaWeighed(Recorded):
        """Other criteria for referral are met than before, but not all: these are, and this is missing."""

        TOPIC = "referral-criteria-weighed"
        matrix: str
        results: list[dict[str, object]]
        contra_indications: list[dict[str, object]]

        def apply(self, family: "Course") -> None:
            family.criteria, family.advised_on = _met(self.results), _cited(self.results)

    class CriteriaNoLongerMet(Recorded):
        """Signals that met the criteria for referral were taken back before anybody referred: now this is missing."""

        TOPIC = "referral-criteria-no-longer-met"
        matrix: str
        results: list[dict[str, object]]
        contra_indications: list[dict[str, object]]

        def apply(self, family: "Course") -> None:
            family.criteria, family.criteria_met = _met(self.results), False
            family.advised_on = _cited(self.results)

    class Referred(Recorded):
        """A person referred the family, knowing which criteria rest on which signals and what is missing."""

        TOPIC = "family-referred"
        SEALED = sealed("motivation")
        matrix: str
        met: bool
        results: list[dict[str, object]]
        contra_indications: list[dict[str, object]]
        motivation: str

        def apply(self, family: "Course") -> None:
            family.phase, family.referred_on = Phase.REFERRED, _cited(self.results)

    class ReferralDecided(Recorded):
        """A person decided on the referral: eligible, not suitable, or contra-indicated."""

        TOPIC = "referral-decided"
        SEALED = sealed("motivation")
        decision: str
        motivation: str

        def apply(self, family: "Course") -> None:
            family.phase = Phase(self.decision)

    class PhaseEntered(Recorded):
        """The trajectory went on to its next phase."""

        TOPIC = "phase-entered"
        SEALED = sealed("motivation")
        phase: str
        motivation: str

        def apply(self, family: "Course") -> None:
            family.phase = Phase(self.phase)
            family.entered[family.phase] = self.timestamp

    class TermExtended(Recorded):
        """The six months were extended, for a reason."""

        TOPIC = "term-extended"
        SEALED = sealed("motivation")
        motivation: str

        def apply(self, family: "Course") -> None:
            pass

    class EndedEarly(Recorded):
        """The trajectory ended before its time, for a reason."""

        TOPIC = "ended-early"
        SEALED = sealed("motivation")
        motivation: str

        def apply(self, family: "Course") -> None:
            family.phase = Phase.ENDED_EARLY

    class WentToCompulsion(Recorded):
        """Conditional help was not enough: a competent person decided on compulsion."""

        TOPIC = "went-to-compulsion"
        SEALED = sealed("motivation")
        motivation: str

        def apply(self, family: "Course") -> None:
            family.phase = Phase.COMPULSION

    class Reopened(Recorded):
        """A new signal, or a person, opened an ended trajectory again; it begins as a candidate."""

        TOPIC = "trajectory-reopened"
        SEALED = sealed("motivation")
        motivation: str

        def apply(self, family: "Course") -> None:
            family.phase = Phase.CANDIDATE
            family.criteria, family.criteria_met = frozenset(), False
            family.advised_on = family.referred_on = frozenset()
            family.entered = {}
            # what was held when it ended is old: whoever opened it again weighs anew who should hear
            family.escalations = {id: replace(known, held=()) for id, known in family.escalations.items()}

    class FamilyInformed(Recorded):
        """The family was told (how, when, by whom), or a coded reason says why not yet (L13)."""

        TOPIC = "family-informed"
        SEALED = sealed("how", "when", "reason_not")
        how: str
        when: str
        reason_not: str

        def apply(self, family: "Course") -> None:
            family.note_informed(self.how, self.reason_not)

    class CorrectionNoted(Recorded):
        """Something recorded earlier is wrong; it stays, and this says what is right (L7)."""

        TOPIC = "correction-noted"
        SEALED = sealed("words", "about")
        about: str
        words: str

        def apply(self, family: "Course") -> None:
            pass

    def assess_referral(self, rules: Rules, on: Occasion) -> ReferralAssessment:
        """The criteria one by one, as the signals stand now."""
        return assess_referral(self.used(), self.born, on.at.date(), rules.matrix)

    def advise_referral(self, rules: Rules, on: Occasion) -> None:
        """Notes which criteria are met while nobody has referred the family: each time that it are others, until it is all."""
        if self.phase is not Phase.CANDIDATE or self.criteria_met:
            return
        assessed = self.assess_referral(rules, on)
        met = frozenset(result.id for result in assessed.results if result.met)
        if met != self.criteria:
            event = self.CriteriaMet if assessed.met else self.CriteriaWeighed
            self.record(event, on.by_rule(rules.matrix.version), **_assessment(assessed))

    def advise_anew(self, rules: Rules, on: Occasion) -> None:
        """Notes what is left of the criteria where signals that the advice cites were taken back, and nobody referred yet."""
        if self.phase is not Phase.CANDIDATE or self.advised_on <= self.signals.keys():
            return
        assessed = self.assess_referral(rules, on)
        lost = self.CriteriaNoLongerMet if self.criteria_met else self.CriteriaWeighed
        self.record(self.CriteriaMet if assessed.met else lost, on.by_rule(rules.matrix.version), **_assessment(assessed))

    def refer(self, motivation: str, rules: Rules, on: Occasion) -> None:
        """A person refers the family; what is missing is recorded with it, and does not stop them."""
        self.must_be_open()
        motivated(motivation)
        if self.phase not in REFERRABLE:
            raise RuleBroken("Only a candidate can be referred.", code="not-a-candidate")
        assessed = self.assess_referral(rules, on)
        self.record(self.Referred, on, met=assessed.met, motivation=motivation, **_assessment(assessed))
        self.start_clock("referral-decision", "", rules.due("referral-decision", on.at), on)

    def decide_referral(self, decision: Phase, motivation: str, on: Occasion) -> None:
        """A person decides on the referral."""
        self.must_go_on_here()
        motivated(motivation)
        if self.phase is not Phase.REFERRED:
            raise RuleBroken("There is no referral to decide on.", code="not-referred")
        if decision not in DECISIONS:
            raise RuleBroken("A referral ends as eligible, not suitable or contra-indicated.", code="no-such-decision")
        self.record(self.ReferralDecided, on, decision=decision.value, motivation=motivation)
        self.stop_clock("referral-decision", "", on)

    def enter(self, phase: Phase, motivation: str, rules: Rules, on: Occasion) -> None:
        """The next phase; the present one again is silence."""
        if phase is self.phase:
            return
        self.must_be_open()
        motivated(motivation)
        if phase not in AFTER.get(self.phase, ()):
            raise RuleBroken(f"{phase.value} does not follow {self.phase.value}.", code="phase-order")
        if phase is Phase.COACH_DIRECTS:
            self._coach_must_direct()
        if phase is Phase.HANDED_BACK and self.coach is not None and self.director.who == self.coach.who:
            raise RuleBroken("Direction is handed back when somebody else has accepted it.", code="coach-still-directs")
        self.record(self.PhaseEntered, on, phase=phase.value, motivation=motivation)
        self._terms_of(phase, rules, on)

    def extend(self, motivation: str, rules: Rules, on: Occasion) -> None:
        """More than six months, with a reason."""
        self.must_be_open()
        motivated(motivation)
        if self.phase not in UNDER_WAY:
            raise RuleBroken("Only a trajectory under way can be extended.", code="not-under-way")
        self.record(self.TermExtended, on, motivation=motivation)
        running = self.clocks.get("trajectory")
        self.start_clock("trajectory", "", rules.due("trajectory", running.due if running else on.at), on)

    def end_early(self, motivation: str, on: Occasion) -> None:
        """A side exit."""
        self.must_be_open()
        motivated(motivation)
        self.record(self.EndedEarly, on, motivation=motivation)
        self._stop_all(on)

    def go_to_compulsion(self, motivation: str, on: Occasion) -> None:
        """A side exit, by a named person with a legal ground."""
        self.must_be_open()
        motivated(motivation)
        if not on.basis:
            raise RuleBroken("Compulsion needs a legal ground.", code="ground-missing")
        self.record(self.WentToCompulsion, on, motivation=motivation)
        self._stop_all(on)

    def reopen(self, motivation: str, on: Occasion) -> None:
        """Opens an ended trajectory again; an open one is silence."""
        if self.phase in ENDED:
            motivated(motivation)
            self.record(self.Reopened, on, motivation=motivation)

    def inform_family(self, how: str, when: str, reason_not: str, on: Occasion) -> None:
        """Somebody told the family, or says why not yet; who was to hear of escalations then hears of them."""
        self.must_be_open()
        if bool(how) == bool(reason_not):
            raise RuleBroken("Either how the family was told, or the reason why not.", code="informed-or-reason")
        self.record(self.FamilyInformed, on, how=how, when=when, reason_not=reason_not)
        self.release(on)

    def note_correction(self, about: str, words: str, on: Occasion) -> None:
        """Corrections are accepted always, after closing too."""
        motivated(words)
        self.record(self.CorrectionNoted, on, about=about, words=words)

    def _coach_must_direct(self) -> None:
        if self.coach is None or self.plan is None:
            raise RuleBroken("A coach directs only with a plan, and when one is assigned.", code="no-coach-or-plan")
        if self.director.who != self.coach.who:
            raise RuleBroken("The coach directs once they have accepted direction.", code="coach-does-not-direct")

    def _terms_of(self, phase: Phase, rules: Rules, on: Occasion) -> None:
        if phase is Phase.START_TALK:
            self.start_clock("trajectory", "", rules.due("trajectory", on.at), on)
            self.progress_made(rules, on)
        if phase is Phase.HANDED_BACK:
            self.stop_clock("trajectory", "", on)
            self.stop_clock("no-progress", "", on)
        if phase is Phase.AFTERCARE:
            self.start_clock("aftercare", "", rules.due("aftercare", on.at), on)
        if phase is Phase.CLOSED:
            self._stop_all(on)

    def _stop_all(self, on: Occasion) -> None:
        if self.offered is not None:
            self.time_out_handover(self.offered.handover, on)
        for clock in list(self.clocks):
            self.record(self.ClockStopped, on, clock=clock)


def _met(results: list[dict[str, object]]) -> frozenset[str]:
    return frozenset(str(result["criterion"]) for result in results if result["met"])


def _cited(results: list[dict[str, Any]]) -> frozenset[str]:
    return frozenset(signal for result in results for signal in result["signals"])


def _assessment(assessed: ReferralAssessment) -> dict[str, object]:
    return {
        "matrix": assessed.matrix_version,
        "results": [
            {
                "criterion": result.id,
                "met": result.met,
                "signals": list(result.signals),
                "missing": {"nl": result.missing.dutch, "en": result.missing.english},
            }
            for result in assessed.results
        ],
        "contra_indications": [
            {"indication": indication, "signals": list(signals)} for indication, signals in assessed.contra_indications
        ],
    }
