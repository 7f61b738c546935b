"""What a family asks of somebody: each deed with why, before when, and the page on which it is done."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from hub.console.parts import Both
from hub.domain.signals import may_be_shared
from hub.domain.trajectory.clocks import SEEN_BY_THE_HUB, is_acknowledgement
from hub.domain.words import Phase

FAR = timedelta(days=14)
"""What is due after this can wait for another day."""
_NEVER = "9999"
_DEEDS: Mapping[str, Both] = {
    "case-meeting-complex": Both("Houd het casusoverleg", "Hold the case meeting"),
    "case-meeting-total": Both("Houd het casusoverleg", "Hold the case meeting"),
    "veilig-thuis-safety-assessment": Both("Vraag naar de veiligheidsbeoordeling", "Ask for the safety assessment"),
    "veilig-thuis-investigation": Both("Vraag naar de uitkomst van het onderzoek", "Ask what the investigation found"),
    "school-absence-report": Both("Ga na of het verzuim is gemeld", "Find out whether the absence was reported"),
    "benefit-measure-reconsidered": Both("Laat de maatregel heroverwegen", "Have the measure reconsidered"),
    "trajectory": Both("Geef de regie terug, of verleng", "Hand direction back, or extend"),
    "coach-takes-over": Both("Laat de gezinscoach de regie overnemen", "Let the family coach take over direction"),
    "referral-decision": Both("Beslis op de aanmelding", "Decide on the referral"),
    "start-talk": Both("Houd het startgesprek met het gezin", "Hold the start talk with the family"),
    "plan": Both("Schrijf het gezinsplan", "Write the family plan"),
    "feedback-to-reporter": Both("Laat de melder horen wat er is gedaan", "Let the reporter hear what was done"),
    "goal": Both("Rond het doel af", "Finish the goal"),
    "no-progress": Both("Leg voortgang op het plan vast", "Note progress on the plan"),
    "aftercare": Both("Rond de nazorg af", "Finish the aftercare"),
}
_NOTICE = Both("Neem kennis van de opschaling", "Take notice of the escalation")
_WHERE = {
    "goal": "/plan",
    "no-progress": "/plan",
    "plan": "/plan/new",
    "referral-decision": "/referral",
    "coach-takes-over": "/handover",
}
_BEFORE_A_PLAN = frozenset({Phase.CANDIDATE, Phase.REFERRED, Phase.CLOSED})


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing to do: `why` is a code of a kind, `about` what somebody wrote; without `due` any day will do."""

    do: Both
    at: str
    due: str = ""
    why: tuple[str, str] = ("", "")
    about: str = ""
    axis: str = ""
    level: int = 0

    @property
    def is_undated(self) -> bool:
        """Whether it has no term."""
        return not self.due


def near(deeds: Iterable[Deed], now: datetime) -> list[Deed]:
    """Those that are late, due soon, or without a term."""
    return [deed for deed in deeds if deed.is_undated or _at(deed.due) - now <= FAR]


def far(deeds: Iterable[Deed], now: datetime) -> list[Deed]:
    """The others."""
    return [deed for deed in deeds if not deed.is_undated and _at(deed.due) - now > FAR]


def of_terms(family: str, terms: Iterable[Mapping[str, Any]], goals: Mapping[str, str] | None = None) -> list[Deed]:
    """What terms of a family ask, by its id; `goals` says of each goal what it is."""
    return [_of_term(family, term, goals or {}) for term in terms]


def _of_term(family: str, term: Mapping[str, Any], goals: Mapping[str, str]) -> Deed:
    code = term["term"]
    if is_acknowledgement(code) and term.get("about"):
        return Deed(_NOTICE, f"/escalations/{term['about']}", term["due"], ("term", code))
    at = f"/families/{family}{_WHERE.get(code, '/steps')}"
    if code not in _WHERE and code not in SEEN_BY_THE_HUB and term.get("clock"):
        at = f"{at}?term={quote(term['clock'], safe='')}#now"
    if code == "goal" and term.get("about"):
        at = f"/families/{family}/plan/goals/{quote(term['about'], safe='')}"
    do = _DEEDS.get(code, Both("Ga na of dit is gedaan", "Find out whether this was done"))
    # what the deed already says needs no second saying
    why = ("", "") if code in ("goal", "no-progress", "plan") else ("term", code)
    return Deed(do, at, term["due"], why, term.get("goal") or goals.get(term.get("about", ""), ""))


def of_family(one: Mapping[str, Any]) -> list[Deed]:
    """All that waits in a family, as `GET /v1/today` tells of it; what was offered to somebody else is theirs to answer."""
    family, at = one["family"], f"/families/{one['family']}"
    deeds = [
        Deed(
            _NOTICE,
            f"/escalations/{each['id']}",
            each.get("due") or "",
            ("rule", each.get("rule", "")),
            axis=each["axis"],
            level=each["level"],
        )
        for each in one.get("escalations", ())
    ]
    offer = one.get("handover")
    if offer and offer["isForMe"]:
        deeds.append(
            Deed(
                Both("De regie is u aangeboden: antwoord", "Direction is offered to you: answer"), f"{at}/handover", offer["until"]
            )
        )
    deeds += of_terms(family, one.get("terms", ()))
    if (progress := one.get("progress") or {}).get("due"):
        deeds.append(Deed(_DEEDS["no-progress"], f"{at}/plan", progress["due"]))
    if (
        not one.get("plan", True)
        and one.get("phase") not in _BEFORE_A_PLAN
        and not any(each["term"] == "plan" for each in one["terms"])
    ):
        deeds.append(Deed(_DEEDS["plan"], f"{at}/plan/new"))
    if "informed" in one and _is_untold(one["informed"]):
        deeds.append(
            Deed(
                Both(
                    "Leg vast hoe het gezin is ingelicht; andere partners horen tot dan niets",
                    "Note how the family was informed; until then other partners hear nothing",
                ),
                f"{at}/steps?open=informed#now",
            )
        )
    return in_order(deeds)


def in_order(deeds: Sequence[Deed]) -> list[Deed]:
    """What is due first, first; what has no term last."""
    return sorted(deeds, key=lambda deed: (deed.due or _NEVER, -deed.level))


def _is_untold(informed: Mapping[str, Any] | None) -> bool:
    return not informed or not (informed["isTold"] or may_be_shared("", informed["reasonNot"]))


def _at(due: str) -> datetime:
    at = datetime.fromisoformat(due)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
