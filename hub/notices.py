"""The published language: which facts others hear of, and in which words; nothing here names a person or a concern."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hub.domain.access import Access
from hub.domain.feedback import Feedback
from hub.domain.registrations import Registration
from hub.domain.requests import PersonRequest
from hub.domain.streams import Recorded, stream_id
from hub.domain.subscriptions import Subscription
from hub.domain.trajectory import Trajectory
from hub.domain.words import Phase
from hub.ports import Fact, Notice

Words = tuple[str, Mapping[str, Any]]
"""A type, as `contracts/notices/<type>.json` describes it, and what is said (of a family: beside its reference)."""


ABOUT_PARTNERS = "nl.vig.registrations."
"""How the types begin that say something of an organisation, not of a family; its registration orders them."""


ABOUT_LOOKS = "nl.vig.looks."
"""How the types begin that say who looked into a family: for its director, and for whoever watches over people's data."""

ABOUT_SUBSCRIPTIONS = "nl.vig.subscriptions."
"""How the types begin that say something of a subscription: each is for whoever has it."""

FEEDBACK = "nl.vig.feedback."
"""How the types begin that say what became of a signal: each is for the one organisation that raised it."""


RAISED, RECTIFIED = "nl.vig.escalations.level-raised.v1", "nl.vig.escalations.rectified.v1"
OF_LEVELS = frozenset({RAISED, RECTIFIED})
"""The types that say how high an escalation stands: the second puts right what was said by either, for whoever was told so."""


def notices(fact: Fact) -> tuple[Notice, ...]:
    """What others hear of a fact: at most one notice, the same one whenever it is asked; most facts stay inside.

    A notice that addresses no kind of partner is for the people who follow the live feed; what it says of a registration
    (`ABOUT_PARTNERS`) is for those who look after the hub.
    """
    say = _SAID.get(type(fact.event))
    words = say(fact.event) if say else None
    return () if words is None else (_notice(fact, *words),)


def _notice(fact: Fact, type: str, said: Mapping[str, Any]) -> Notice:
    # what is noted beside a family's own stream says itself which family it is about
    family = UUID(fact.event.family) if type.startswith((ABOUT_LOOKS, FEEDBACK)) and fact.event.family else fact.stream_id
    says = said["escalation"] if type in OF_LEVELS else ""
    return Notice(
        # with the moment, for after a restore something else may stand at that position, which nobody was told yet
        id=stream_id("notice", str(fact.stream_id), str(fact.position), _text(fact.event.timestamp)),
        type=type,
        position=fact.position,
        recorded_at=fact.event.timestamp,
        family=family,
        tell=tuple(getattr(fact.event, "tell", ())),
        data=said if type.startswith((ABOUT_PARTNERS, ABOUT_SUBSCRIPTIONS, FEEDBACK)) else {"family": str(family), **said},
        cause=fact.event.cause,
        to=_to(fact),
        says=says,
        rectifies=type == RECTIFIED,
        for_partners=isinstance(fact.event, Trajectory.TellingReleased),
    )


def _to(fact: Fact) -> str:
    """The one organisation, or the one subscription, that a fact is for."""
    match fact.event:
        case Feedback.Given() | Feedback.DecisionTold() | PersonRequest.CorrectionAsked():
            return fact.event.reporter
        case Subscription.Tested():
            return str(fact.stream_id)
        case Subscription.Disabled() | Registration.CallbackGivenUp():
            return fact.event.organisation
    return ""


def _level_raised(event: Trajectory.LevelRaised) -> Words:
    return RAISED, {
        "escalation": event.escalation,
        "axis": event.axis,
        "level": event.level_to,
        "leads": event.leads,
        "contact": event.contact,
        **({"acknowledgeBy": _text(event.acknowledge_by)} if event.acknowledge_by else {}),
    }


def _released(event: Trajectory.TellingReleased) -> Words:
    """The same as who was told at once heard, without the moment before which it is to be acknowledged: that is for who leads."""
    said = {"escalation": event.escalation, "axis": event.axis, "level": event.level, "leads": event.leads}
    return RAISED, {**said, "contact": event.contact}


def _acknowledged(event: Trajectory.EscalationAcknowledged) -> Words:
    return "nl.vig.escalations.acknowledged.v1", {"escalation": event.escalation}


def _rectified(event: Trajectory.EscalationRectified) -> Words:
    said = {"escalation": event.escalation, "axis": event.axis, "level": event.level, "holds": event.holds}
    return RECTIFIED, {**said, "contact": event.contact}


def _stepped_down(event: Trajectory.SteppedDown) -> Words:
    return "nl.vig.escalations.stepped-down.v1", {"axis": event.axis, "level": event.level_to, "contact": event.contact}


def _direction_raised(event: Trajectory.DirectionRaised) -> Words:
    return "nl.vig.escalations.direction-raised.v1", {"direction": event.level_to, "contact": event.contact}


def _director_changed(event: Trajectory.HandoverAccepted) -> Words:
    return "nl.vig.trajectories.director-changed.v1", {"organisation": event.organisation, "contact": event.contact}


def _restricted(event: Trajectory.PersonRestricted) -> Words | None:
    return _restriction(event.tell, True, event.contact)


def _unrestricted(event: Trajectory.PersonUnrestricted) -> Words | None:
    return _restriction(event.tell, False, event.contact)


def _restriction(tell: Sequence[str], is_restricted: bool, contact: str) -> Words | None:
    """Nothing where nobody was told of the family before: then there is nothing for anybody to stop using."""
    return ("nl.vig.trajectories.restriction.v1", {"restricted": is_restricted, "contact": contact}) if tell else None


def _plan_adopted(event: Trajectory.PlanAdopted) -> Words:
    return "nl.vig.trajectories.plan-adopted.v1", {"plan": event.plan}


def _phase_entered(event: Trajectory.PhaseEntered) -> Words | None:
    return _ended(Phase.CLOSED) if event.phase == Phase.CLOSED else None


def _ended(how: Phase) -> Words:
    return "nl.vig.trajectories.ended.v1", {"phase": how.value}


def _covenant_ends_soon(event: Registration.CovenantEndsSoon) -> Words:
    said = {"organisation": event.organisation, "covenant": event.covenant, "ends": _text(event.ends)}
    return f"{ABOUT_PARTNERS}covenant-ends-soon.v1", said


def _covenant_ended(event: Registration.CovenantEnded) -> Words:
    said = {"organisation": event.organisation, "covenant": event.covenant, "ended": _text(event.ended)}
    return f"{ABOUT_PARTNERS}covenant-ended.v1", said


def _callback_given_up(event: Registration.CallbackGivenUp) -> Words:
    return f"{ABOUT_PARTNERS}callback-given-up.v1", {"organisation": event.organisation, "because": event.because}


def _glass_broken(event: Access.GlassBroken) -> Words:
    return f"{ABOUT_LOOKS}glass-broken.v1", {**_who(event), "until": _text(event.until)}


def _looked_into(event: Access.LookedInto) -> Words:
    return f"{ABOUT_LOOKS}looked-into.v1", {**_who(event), "what": event.act}


def _who(event: Any) -> Mapping[str, str]:
    return {"who": event.by, "role": event.role, "organisation": event.organisation}


def _feedback_given(event: Feedback.Given) -> Words:
    return f"{FEEDBACK}given.v1", {**_about_what(event), "outcome": event.outcome}


def _decision_told(event: Feedback.DecisionTold) -> Words:
    return f"{FEEDBACK}decided.v1", {**_about_what(event), "decision": event.decision}


def _correction_asked(event: PersonRequest.CorrectionAsked) -> Words:
    return f"{FEEDBACK}correction-asked.v1", _about_what(event)


def _tested(event: Subscription.Tested) -> Words:
    return f"{ABOUT_SUBSCRIPTIONS}tested.v1", {"organisation": event.organisation, "subscription": str(event.originator_id)}


def _disabled(event: Subscription.Disabled) -> Words:
    said = {"organisation": event.organisation, "subscription": str(event.originator_id)}
    return f"{ABOUT_SUBSCRIPTIONS}disabled.v1", {**said, "because": event.because}


def _about_what(event: Feedback.Given | Feedback.DecisionTold | PersonRequest.CorrectionAsked) -> Mapping[str, str]:
    """The reporter's own message, and whom to reach; there is no family yet while its signal waits."""
    where = {"family": event.family} if event.family else {}
    about = {"message": event.message, "reference": event.reference}
    return {**where, **about, "organisation": event.organisation, "contact": event.contact}


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


_SAID: Mapping[type[Recorded], Callable[[Any], Words | None]] = {
    Trajectory.LevelRaised: _level_raised,
    Trajectory.TellingReleased: _released,
    Trajectory.EscalationAcknowledged: _acknowledged,
    Trajectory.EscalationRectified: _rectified,
    Trajectory.SteppedDown: _stepped_down,
    Trajectory.DirectionRaised: _direction_raised,
    Trajectory.HandoverAccepted: _director_changed,
    Trajectory.PlanAdopted: _plan_adopted,
    Trajectory.PersonRestricted: _restricted,
    Trajectory.PersonUnrestricted: _unrestricted,
    Trajectory.PhaseEntered: _phase_entered,
    Trajectory.EndedEarly: lambda _: _ended(Phase.ENDED_EARLY),
    Trajectory.WentToCompulsion: lambda _: _ended(Phase.COMPULSION),
    Access.GlassBroken: _glass_broken,
    Access.LookedInto: _looked_into,
    Feedback.Given: _feedback_given,
    Feedback.DecisionTold: _decision_told,
    PersonRequest.CorrectionAsked: _correction_asked,
    Subscription.Tested: _tested,
    Subscription.Disabled: _disabled,
    Registration.CallbackGivenUp: _callback_given_up,
    Registration.CovenantEndsSoon: _covenant_ends_soon,
    Registration.CovenantEnded: _covenant_ended,
}
TOPICS = frozenset(event.TOPIC for event in _SAID)
"""The topics of the events that others hear of, as they stand in the log."""
