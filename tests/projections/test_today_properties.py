"""What waits today, after whatever happens in whatever order: nothing that runs is forgotten, and nothing that was done waits."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hub.domain.trajectory import Trajectory
from hub.domain.words import Axis, Level, Phase
from hub.projections import moment
from hub.projections.family.standing import stand
from hub.projections.family.today import NEVER, urgency
from tests.domain.known import a_known_signal
from tests.given import COACH, DUTY, OTHER, RULES, a_family, a_goal, an_occasion, hand_over

DAY = timedelta(days=1)
LIFTING = (
    "domestic-violence",
    a_known_signal("nuisance", "housing-corporation"),
    a_known_signal("debt-crisis", "social-services"),
)
"""Together they lift safety to where partners must meet."""


def a_new_goal(today: date) -> Any:
    return a_goal(start=today, due=today + 9 * DAY)


DEEDS: dict[str, Any] = {
    "acknowledge": lambda it, on: [it.acknowledge(id, on) for id in it.escalations],
    "offer": lambda it, on: it.offered or it.offer_handover(OTHER, "why", RULES, on),
    "refuse": lambda it, on: it.offered and it.refuse_handover(it.offered.handover, "why", replace(on, by=OTHER.who)),
    "plan": lambda it, on: it.adopt_plan([a_new_goal(on.at.date())], "why", RULES, on),
    "progress": lambda it, on: it.plan and it.record_progress("school", "well", RULES, on),
    "result": lambda it, on: it.plan and it.result_goal("school", "reached", "well", RULES, on),
    "down": lambda it, on: it.levels[Axis.SAFETY] > Level.NONE and it.step_down(Axis.SAFETY, Level.NONE, "calm", RULES, on),
    "meet": lambda it, on: [it.meet_term(clock, "met", on) for clock in {**it.clocks, **it.missed} if clock.startswith("case-")],
    "extend": lambda it, on: it.extend("longer", RULES, on),
    "turn over": lambda it, on: it.offered or hand_over(it, DUTY if it.director.who == COACH.who else COACH, on),
}


def lived(deeds: list[tuple[str, int]]) -> Trajectory:
    """A family under way in which all this was done, each so many days after the one before; terms pass as they are over."""
    family, on = a_family(*LIFTING), an_occasion(by=DUTY.who)
    family.refer("the school asked", RULES, on)
    family.decide_referral(Phase.ELIGIBLE, "it fits", on)
    family.enter(Phase.START_TALK, "they agreed", RULES, on)
    for deed, days in deeds:
        on = replace(on, at=on.at + days * DAY)
        family.pass_deadlines(RULES, on)
        DEEDS[deed](family, replace(on, by=family.director.who))
    return family


@given(st.lists(st.tuples(st.sampled_from(sorted(DEEDS)), st.integers(0, 40)), max_size=12))
def test_nothing_that_runs_is_forgotten_and_nothing_that_was_done_waits(deeds: list[tuple[str, int]]) -> None:
    family, state = lived(deeds), None
    for event in family.collect_events():
        state = stand(state, event)  # type: ignore[arg-type]
    assert state is not None
    assert set(state["clocks"]) == set(family.clocks)
    assert set(state["missed"]) <= set(family.missed) | {"no-progress"}
    done = {f"goal:{goal.goal}" for goal in (family.plan.goals if family.plan else ()) if goal.result}
    unnoticed = {known.id for known in family.escalations.values() if not known.acknowledged_by}
    for clock, term in state["missed"].items():
        assert clock not in done
        assert term["about"] in unnoticed or not clock.startswith("acknowledge-")
    said = urgency(state)
    waits = [moment(clock.due) for clock in family.clocks.values()] + [term["due"] for term in state["missed"].values()]
    assert said["next_due"] == min(waits, default=NEVER)
    assert said["escalations"] == len(unnoticed)
