"""The terms of a family: those that run, and those that passed while what they were for is still to be done."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.clocks import is_acknowledgement
from hub.domain.words import Phase
from hub.projections import moment

State = dict[str, Any]
NO_PROGRESS, HANDOVER = "no-progress", "handover-answer"
SETTLED_BY: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys((Phase.ELIGIBLE, Phase.NOT_SUITABLE, Phase.CONTRA_INDICATED), ("referral-decision",)),
    Phase.START_TALK: (NO_PROGRESS,),
    Phase.HANDED_BACK: ("trajectory", NO_PROGRESS),
}
"""What is done when a phase begins, too late or not."""


def started(state: State, event: Trajectory.ClockStarted) -> None:
    """A term runs; that of progress begins anew by itself, so one that passed stays until there is some."""
    state["clocks"][event.clock] = {"clock": event.clock, "term": event.term, "about": event.about, "due": moment(event.due)}
    if event.term != NO_PROGRESS:
        settled(state, event.clock)


def stopped(state: State, event: Trajectory.ClockStopped | Trajectory.TermMet) -> None:
    """A term was met, or is no longer needed."""
    state["clocks"].pop(event.clock, None)
    settled(state, event.clock)


def passed(state: State, event: Trajectory.DeadlinePassed) -> None:
    """A term passed; after that of a handover nobody can answer any more, so nothing is left to be done."""
    clock = state["clocks"].pop(event.clock, None)
    if clock is not None and event.term != HANDOVER:
        state["missed"].setdefault(event.clock, clock)


def settled(state: State, *clocks: str) -> None:
    """What these terms were for was done after all, or need not be done any more."""
    for clock in clocks:
        state["missed"].pop(clock, None)


def settled_about(state: State, about: Collection[str]) -> None:
    """The same of all terms about these things."""
    settled(state, *(clock for clock, said in [*state["missed"].items()] if said["about"] in about))


def settled_on(state: State, axis: str) -> None:
    """The same of all terms of the escalations of an axis, which now stands at another level."""
    settled_about(state, {escalation for escalation, of in state["axes"].items() if of == axis})


def noticed(state: State, escalation: str) -> None:
    """Somebody took notice of an escalation, too late or not."""
    late = [clock for clock, said in state["missed"].items() if said["about"] == escalation and is_acknowledgement(said["term"])]
    settled(state, *late)


def of_goals(state: State) -> Iterable[str]:
    """The terms of goals that passed."""
    return [clock for clock, said in state["missed"].items() if said["term"] == "goal"]
