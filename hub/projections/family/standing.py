"""How a family stands: what each fact changes in it, and since when; ids of people, but no names."""

from collections.abc import Callable
from typing import Any

from hub.domain.signals import may_be_shared
from hub.domain.streams import Recorded
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.clocks import ENDED
from hub.domain.words import Axis, Direction, Level, Phase
from hub.projections import moment
from hub.projections.family import terms

State = dict[str, Any]


def stand(state: State | None, event: Recorded) -> State:
    """How the family stands after this fact; one that changes nothing is silence."""
    change = _CHANGES.get(type(event))
    if state is None:
        state = {"mergedInto": "", "coach": None, "plan": None, "handover": None, "informed": None} | _empty()
    if change is not None:
        change(state, event)
    return state


def _empty() -> State:
    return {part: {} for part in ("people", "levels", "levers", "clocks", "missed", "escalations", "axes")} | {"progressAt": None}


def _opened(state: State, event: Trajectory.Opened) -> None:
    since = moment(event.timestamp)
    state["municipality"], state["openedAt"] = event.municipality, since
    state["phase"], state["phaseSince"] = Phase.CANDIDATE, since
    state["director"] = _person(event.director, event.organisation, event.contact, since)
    state["direction"] = {"level": Direction.FAMILY, "since": since, "rule": "", "matrix": ""}
    state["levels"] = {axis: _level(axis, Level.NONE, since) for axis in Axis}
    state["course"] = {axis: [_at_level(Level.NONE, since)] for axis in Axis}


def _person(who: str, organisation: str, contact: str, since: str) -> State:
    return {"who": who, "organisation": organisation, "contact": contact, "since": since}


def _level(axis: str, level: int, since: str, rule: str = "", matrix: str = "", signals: tuple[str, ...] | list[str] = ()) -> State:
    return {"axis": axis, "level": int(level), "since": since, "rule": rule, "matrix": matrix, "signals": list(signals)}


def _at_level(level: int, since: str) -> State:
    return {"level": int(level), "since": since}


# people ------------------------------------------------------------------------------------------


def _joined(state: State, event: Trajectory.PersonJoined) -> None:
    state["people"][event.person] = {"role": event.role}


def _restricted(state: State, event: Trajectory.PersonRestricted) -> None:
    state["restricted"] = sorted({*state.get("restricted", []), event.person})


def _unrestricted(state: State, event: Trajectory.PersonUnrestricted) -> None:
    state["restricted"] = [person for person in state.get("restricted", []) if person != event.person]


def _let_go(state: State, event: Trajectory.LetGo | Trajectory.SignalUnlinked | Trajectory.PeopleLeft) -> None:
    for person in event.people:
        state["people"].pop(person, None)
    _name(state, event.people)


def _name(state: State, people: list[str]) -> None:
    """These are named, or are here no longer: in what follows nothing is said of them."""
    if "unnamed" in state:
        state["unnamed"] = [person for person in state["unnamed"] if person not in people]


def _merged(state: State, event: Trajectory.MergedInto) -> None:
    state["mergedInto"] = event.into


def _separated(state: State, _: Trajectory.SeparatedAgain) -> None:
    state["mergedInto"] = ""


# levels ------------------------------------------------------------------------------------------


def _raised(state: State, event: Trajectory.LevelRaised) -> None:
    since = moment(event.timestamp)
    state["levels"][event.axis] = _level(event.axis, event.level_to, since, event.rule, event.matrix, event.signals)
    state["course"][event.axis].append(_at_level(event.level_to, since))
    state["escalations"][event.escalation] = {
        "id": event.escalation,
        "axis": event.axis,
        "level": event.level_to,
        "rule": event.rule,
        "raisedAt": since,
        "due": moment(event.acknowledge_by) if event.acknowledge_by else None,
    }
    state["axes"][event.escalation] = event.axis
    terms.settled_on(state, event.axis)


def _acknowledged(state: State, event: Trajectory.EscalationAcknowledged) -> None:
    state["escalations"].pop(event.escalation, None)
    terms.noticed(state, event.escalation)


def _rectified(state: State, event: Trajectory.EscalationRectified) -> None:
    mark = {"holds": event.holds, "rectifiedAt": moment(event.timestamp)}
    if event.escalation in state["escalations"]:
        state["escalations"][event.escalation]["rectified"] = mark
    if not set(event.lost).isdisjoint(state["levels"][event.axis]["signals"]):
        state["levels"][event.axis]["holds"] = event.holds


def _stepped_down(state: State, event: Trajectory.SteppedDown) -> None:
    state["levels"][event.axis] = _level(event.axis, event.level_to, since := moment(event.timestamp))
    state["course"][event.axis].append(_at_level(event.level_to, since))
    terms.settled_on(state, event.axis)


# what partners took back ---------------------------------------------------------------------------


def _withdrawn(state: State, event: Trajectory.SignalWithdrawn) -> None:
    _note_taken_back(state, event, "withdrawn", [])
    state["unnamed"] = sorted({*state.get("unnamed", []), *event.people})


def _corrected(state: State, event: Trajectory.SignalCorrected) -> None:
    _note_taken_back(state, event, "corrected", event.instead)


def _note_taken_back(
    state: State, event: Trajectory.SignalWithdrawn | Trajectory.SignalCorrected, how: str, instead: list[str]
) -> None:
    state["takenBack"] = [
        *state.get("takenBack", []),
        {
            "signal": event.signal,
            "how": how,
            "by": event.by,
            "message": event.message,
            "takenBackAt": moment(event.timestamp),
            "instead": instead,
            "escalations": event.rested,
            "levers": event.decisions,
            "wasReferredOn": event.referral,
        },
    ]


# direction ---------------------------------------------------------------------------------------


def _offered(state: State, event: Trajectory.HandoverOffered) -> None:
    state["handover"] = {
        "id": event.handover,
        "to": event.to,
        "organisation": event.organisation,
        "contact": event.contact,
        "offeredAt": moment(event.timestamp),
        "until": moment(event.until),
        "motivation": event.motivation,
    }


def _accepted(state: State, event: Trajectory.HandoverAccepted) -> None:
    state["director"] = _person(event.director, event.organisation, event.contact, moment(event.timestamp))
    state["handover"] = None


def _not_handed_over(state: State, _: Trajectory.HandoverRefused | Trajectory.HandoverTimedOut) -> None:
    state["handover"] = None


def _direction_raised(state: State, event: Trajectory.DirectionRaised) -> None:
    since = moment(event.timestamp)
    state["direction"] = {"level": event.level_to, "since": since, "rule": event.rule, "matrix": event.matrix}


def _direction_lowered(state: State, event: Trajectory.DirectionLowered) -> None:
    state["direction"] = {"level": event.level_to, "since": moment(event.timestamp), "rule": "", "matrix": ""}


def _coach_assigned(state: State, event: Trajectory.CoachAssigned) -> None:
    state["coach"] = _person(event.coach, event.organisation, event.contact, moment(event.timestamp))


def _coach_released(state: State, _: Trajectory.CoachReleased) -> None:
    state["coach"] = None


# the plan ----------------------------------------------------------------------------------------


def _adopted(state: State, event: Trajectory.PlanAdopted) -> None:
    before = {goal["goal"]: goal["progress"] for goal in state["plan"]["goals"]} if state["plan"] else {}
    goals = [_goal(said) | {"progress": before.get(said["goal"])} for said in event.goals]
    state["plan"] = {"version": event.plan, "adoptedAt": moment(event.timestamp), "adoptedBy": event.by, "goals": goals}
    terms.settled(state, *terms.of_goals(state), terms.NO_PROGRESS)


def _goal(said: dict[str, str]) -> State:
    kept = {name: text for name, text in said.items() if name not in ("start", "due")}
    return kept | {"startDate": said["start"], "dueDate": said["due"]}


def _progress(state: State, event: Trajectory.ProgressRecorded) -> None:
    _note(state, event, event.goal, event.words)


def _resulted(state: State, event: Trajectory.GoalResulted) -> None:
    _note(state, event, event.goal, event.words)["result"] = event.result
    terms.settled(state, f"goal:{event.goal}")


def _note(state: State, event: Recorded, id: str, words: str) -> State:
    goal: State = next(goal for goal in state["plan"]["goals"] if goal["goal"] == id)
    goal["progress"] = {"words": words, "notedAt": moment(event.timestamp), "by": event.by}
    state["progressAt"] = moment(event.timestamp)
    terms.settled(state, terms.NO_PROGRESS)
    return goal


# the course --------------------------------------------------------------------------------------


def _enter(state: State, event: Recorded, phase: str) -> None:
    state["phase"], state["phaseSince"] = phase, moment(event.timestamp)
    terms.settled(state, *terms.SETTLED_BY.get(phase, ()))
    if phase in ENDED:
        state["missed"] = {}


def _informed(state: State, event: Trajectory.FamilyInformed) -> None:
    _inform(state, event, event.how, event.when, event.reason_not)


def _heard(state: State, event: Trajectory.SignalRecorded) -> None:
    said = event.informed
    _name(state, event.people)
    if said:
        _inform(state, event, said.get("how", ""), said.get("when", ""), said.get("reasonNot", ""))


def _inform(state: State, event: Recorded, how: str, when: str, reason_not: str) -> None:
    known = state["informed"]
    if not known or _how_much(how, reason_not) >= _how_much(known["how"], known["reasonNot"]):
        noted = moment(event.timestamp)
        state["informed"] = {"how": how, "when": when, "reasonNot": reason_not, "by": event.by, "notedAt": noted}


def _how_much(how: str, reason_not: str) -> int:
    """How much is said of informing a family: how it was done is more than why not, and that more than nothing."""
    return 2 * may_be_shared(how, "") or int(bool(how) or may_be_shared("", reason_not))


# levers --------------------------------------------------------------------------------


def _lever(state: State, event: Trajectory.LeverDecided) -> None:
    state["levers"][event.id] = {
        "id": event.id,
        "lever": event.lever,
        "authority": event.authority,
        "decidedBy": event.by,
        "decidedAt": moment(event.timestamp),
        "ground": event.basis,
    }


def _lever_ended(state: State, event: Trajectory.LeverEnded) -> None:
    state["levers"].pop(event.id, None)
    terms.settled_about(state, {event.id})


_CHANGES: dict[type[Recorded], Callable[[State, Any], None]] = {
    Trajectory.Opened: _opened,
    Trajectory.PersonJoined: _joined,
    Trajectory.PersonRestricted: _restricted,
    Trajectory.PersonUnrestricted: _unrestricted,
    Trajectory.LetGo: _let_go,
    Trajectory.SignalUnlinked: _let_go,
    Trajectory.PeopleLeft: _let_go,
    Trajectory.SignalWithdrawn: _withdrawn,
    Trajectory.SignalCorrected: _corrected,
    Trajectory.EscalationRectified: _rectified,
    Trajectory.MergedInto: _merged,
    Trajectory.SeparatedAgain: _separated,
    Trajectory.SignalRecorded: _heard,
    Trajectory.LevelRaised: _raised,
    Trajectory.EscalationAcknowledged: _acknowledged,
    Trajectory.SteppedDown: _stepped_down,
    Trajectory.HandoverOffered: _offered,
    Trajectory.HandoverAccepted: _accepted,
    Trajectory.HandoverRefused: _not_handed_over,
    Trajectory.HandoverTimedOut: _not_handed_over,
    Trajectory.DirectionRaised: _direction_raised,
    Trajectory.DirectionLowered: _direction_lowered,
    Trajectory.CoachAssigned: _coach_assigned,
    Trajectory.CoachReleased: _coach_released,
    Trajectory.PlanAdopted: _adopted,
    Trajectory.ProgressRecorded: _progress,
    Trajectory.GoalResulted: _resulted,
    Trajectory.Referred: lambda state, event: _enter(state, event, Phase.REFERRED),
    Trajectory.ReferralDecided: lambda state, event: _enter(state, event, event.decision),
    Trajectory.PhaseEntered: lambda state, event: _enter(state, event, event.phase),
    Trajectory.EndedEarly: lambda state, event: _enter(state, event, Phase.ENDED_EARLY),
    Trajectory.WentToCompulsion: lambda state, event: _enter(state, event, Phase.COMPULSION),
    Trajectory.Reopened: lambda state, event: _enter(state, event, Phase.CANDIDATE),
    Trajectory.FamilyInformed: _informed,
    Trajectory.LeverDecided: _lever,
    Trajectory.LeverEnded: _lever_ended,
    Trajectory.ClockStarted: terms.started,
    Trajectory.ClockStopped: terms.stopped,
    Trajectory.TermMet: terms.stopped,
    Trajectory.DeadlinePassed: terms.passed,
}
