"""What people decide, one line for each: its address, who may, what they fill in, and the verb of the trajectory."""

from collections.abc import Callable
from functools import partial
from typing import Any

from pydantic import BaseModel

from hub.api import forms, schemas
from hub.api.operations import Operation, question
from hub.api.writing import Answer
from hub.domain.policy import Act, may
from hub.domain.rules import Rules
from hub.domain.streams import Occasion
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.direction import Director
from hub.domain.trajectory.planned import Goal
from hub.domain.words import Level, Phase

Verb = Callable[[Any, Trajectory, Rules, Occasion], Any]


def on_family(
    path: str,
    name: str,
    title: str,
    act: Act,
    form: type[BaseModel] | None,
    verb: Verb,
    gives: str = "",
    tag: str = "decisions",
) -> Operation:
    """A decision on one family; what the verb gives is answered as the member `gives`."""
    given = {gives: schemas.VERSION if gives == "plan" else schemas.ID} if gives else {}
    return Operation(
        method="POST",
        path=f"/families/{{id}}/{path}",
        name=name,
        title=title,
        tag=tag,
        act=act,
        do=_decision(verb, gives, question(f"/families/{{id}}/{path}", form, takes_version=True)),
        answer=schemas.thing(family=schemas.ID, version=schemas.VERSION, **given),
        status=201,
        form=form,
        takes_version=True,
        refusals=(404, 409, 412),
    )


def _decision(verb: Verb, gives: str, asked: Any) -> Callable[..., Answer]:
    def decide(q: Any = asked) -> Answer:
        basis = getattr(getattr(q, "body", None), "ground", "")
        gave, version = q.hub.casework.decide(q.id, partial(verb, q), q.caller.subject, basis, _seen(q))
        said = {"family": str(q.id), "version": version, **({gives: gave} if gives else {})}
        return Answer(said, 201, {"Location": f"/v1/families/{q.id}", "ETag": f'"{version}"'})

    return decide


def _seen(q: Any) -> int | None:
    """The version that the caller had before them; who may not see the family learns nothing of its versions."""
    return q.if_match if may(Act.SEE_FAMILY, q.caller, q.visit.standing, q.visit.began) else None


def _answer_handover(q: Any, family: Trajectory, rules: Rules, on: Occasion) -> None:  # noqa: ARG001
    handover = str(q.handover)
    if q.body.accepted:
        family.accept_handover(handover, on, q.caller.organisation)
    else:
        family.refuse_handover(handover, q.body.motivation, on)


def _director(said: forms.Somebody) -> Director:
    return Director(said.to, said.organisation, said.contact)


def _goals(said: forms.NewPlan) -> list[Goal]:
    return [Goal(**{name: getattr(goal, name) for name in type(goal).model_fields}) for goal in said.goals]


def _lever(q: Any, family: Trajectory, rules: Rules, on: Occasion) -> str:
    said, escalations = q.body, [str(escalation) for escalation in q.body.escalations]
    return family.decide_lever(said.lever, _authority(q), said.motivation, escalations, rules, on)


def _no_lever(q: Any, family: Trajectory, rules: Rules, on: Occasion) -> None:
    said, escalations = q.body, [str(escalation) for escalation in q.body.escalations]
    family.decline_lever(said.lever, _authority(q), said.motivation, escalations, rules, on)


def _authority(q: Any) -> str:
    """What the organisation of the caller is, never what a request says."""
    return str(q.caller.kind or q.caller.organisation)


def _informed(q: Any, family: Trajectory, _: Rules, on: Occasion) -> None:
    family.inform_family(q.body.how, q.body.when, q.body.reason_not, on)


# fmt: off
ON_FAMILIES = (
    on_family("handovers", "offerHandover", "Offer direction to somebody else, who may accept", Act.DIRECT, forms.Handover,
              lambda q, family, rules, on: family.offer_handover(_director(q.body), q.body.motivation, rules, on), "handover"),
    on_family("handovers/{handover}/answers", "answerHandover", "Accept or refuse direction that was offered to you",
              Act.ANSWER_HANDOVER,
              forms.HandoverAnswer, _answer_handover),
    on_family("coaches", "assignCoach", "Let a coach take the family", Act.ASSIGN, forms.Somebody,
              lambda q, family, _, on: family.assign_coach(_director(q.body), on)),
    on_family("coach-releases", "releaseCoach", "Let the coach let the family go", Act.ASSIGN, forms.Motivated,
              lambda q, family, _, on: family.release_coach(q.body.motivation, on)),
    on_family("plans", "adoptPlan", "Make a new version of the plan the valid one", Act.DIRECT, forms.NewPlan,
              lambda q, family, rules, on: family.adopt_plan(_goals(q.body), q.body.motivation, rules, on), "plan"),
    on_family("goals/{goal}/progress", "recordProgress", "Note how a goal comes along", Act.DIRECT, forms.Progress,
              lambda q, family, rules, on: family.record_progress(q.goal, q.body.words, rules, on)),
    on_family("goals/{goal}/results", "resultGoal", "Say what became of a goal", Act.DIRECT, forms.Result,
              lambda q, family, rules, on: family.result_goal(q.goal, q.body.result, q.body.words, rules, on)),
    on_family("levers", "decideLever", "Decide on a lever, as the competent authority", Act.DECIDE_LEVER,
              forms.LeverDecision, _lever, "lever"),
    on_family("lever-refusals", "declineLever", "Decide, as the competent authority, not to use a lever that is advised",
              Act.DECIDE_LEVER, forms.LeverRefusal, _no_lever),
    on_family("levers/{lever}/reconsiderations", "reconsiderLever", "Look again at a lever; it stands", Act.DIRECT, forms.Motivated,
              lambda q, family, rules, on: family.reconsider_lever(str(q.lever), q.body.motivation, rules, on)),
    on_family("levers/{lever}/endings", "endLever", "End a lever", Act.DIRECT, forms.Motivated,
              lambda q, family, _, on: family.end_lever(str(q.lever), q.body.motivation, on)),
    on_family("referrals", "referFamily", "Refer the family", Act.DIRECT, forms.Motivated,
              lambda q, family, rules, on: family.refer(q.body.motivation, rules, on)),
    on_family("referral-decisions", "decideReferral", "Decide on the referral", Act.ASSIGN, forms.ReferralDecision,
              lambda q, family, _, on: family.decide_referral(Phase(q.body.decision), q.body.motivation, on)),
    on_family("phases", "enterPhase", "Go on to the next phase", Act.DIRECT, forms.NextPhase,
              lambda q, family, rules, on: family.enter(q.body.phase, q.body.motivation, rules, on)),
    on_family("extensions", "extendTrajectory", "Extend the six months", Act.DIRECT, forms.Motivated,
              lambda q, family, rules, on: family.extend(q.body.motivation, rules, on)),
    on_family("early-endings", "endEarly", "End the trajectory before its time", Act.DIRECT, forms.Motivated,
              lambda q, family, _, on: family.end_early(q.body.motivation, on)),
    on_family("compulsions", "goToCompulsion", "Go from pressure to compulsion", Act.COMPEL, forms.Compulsion,
              lambda q, family, _, on: family.go_to_compulsion(q.body.motivation, on)),
    on_family("reopenings", "reopenTrajectory", "Open an ended trajectory again", Act.DIRECT, forms.Motivated,
              lambda q, family, _, on: family.reopen(q.body.motivation, on)),
    on_family("steps-down", "stepDown", "Bring an axis down to a lower level", Act.DIRECT, forms.StepDown,
              lambda q, family, rules, on: family.step_down(q.body.axis, Level(q.body.level), q.body.motivation, rules, on)),
    on_family("direction-steps-down", "lowerDirection", "Bring direction back to a lower level", Act.DIRECT,
              forms.DirectionStepDown,
              lambda q, family, _, on: family.lower_direction(q.body.direction, q.body.motivation, on)),
    on_family("terms-met", "meetTerm", "Note that what a term is for was done, be it after it passed", Act.DIRECT, forms.TermMet,
              lambda q, family, _, on: family.meet_terms((q.body.clock, *q.body.also), q.body.words, on)),
    on_family("cooperation-refusals", "refuseCooperation", "Note that cooperation is refused", Act.DIRECT, forms.Motivated,
              lambda q, family, rules, on: family.refuse_cooperation(q.body.motivation, rules, on)),
    on_family("family-informations", "informFamily", "Note how the family was told, or why not yet", Act.DIRECT,
              forms.FamilyInformation,
              _informed),
    on_family("corrections", "noteCorrection", "Say what is right about something recorded earlier", Act.DIRECT, forms.Correction,
              lambda q, family, _, on: family.note_correction(q.body.about, q.body.words, on)),
    on_family("escalations/{escalation}/acknowledgements", "acknowledgeEscalation", "Take notice of an escalation", Act.ACKNOWLEDGE,
              None,
              lambda q, family, _, on: family.acknowledge(str(q.escalation), on), tag="escalations"),
)
# fmt: on
