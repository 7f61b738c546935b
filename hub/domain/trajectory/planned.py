"""One plan: goals that are specific, measurable, achievable, relevant and time-bound; exactly one version is valid."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from hub.domain.rules import Rules
from hub.domain.streams import Occasion, Recorded, sealed
from hub.domain.trajectory.clocks import motivated
from hub.domain.trajectory.direction import Directed
from hub.domain.words import LifeArea, Phase
from hub.errors import Malformed, NotKnown, RuleBroken, Violation

DUTCH_TIME = ZoneInfo("Europe/Amsterdam")
RESULTS = ("reached", "partly", "not")
_HANDED_BACK = (Phase.HANDED_BACK, Phase.WINDING_DOWN, Phase.AFTERCARE)


@dataclass(frozen=True, slots=True)
class Goal:
    """One SMART goal (Doran 1981): what, how it is measured, why it can be done, why it matters, from when until when, by whom."""

    goal: str
    area: LifeArea
    specific: str
    measurable: str
    achievable: str
    relevant: str
    start: date
    due: date
    owner: str
    result: str = ""

    def violations(self, where: str) -> list[Violation]:
        """Every letter of SMART that is missing."""
        words = {name: getattr(self, name) for name in ("goal", "specific", "measurable", "achievable", "relevant", "owner")}
        missing = [Violation(f"{where}/{name}", "is empty") for name, text in words.items() if not text.strip()]
        late = [Violation(f"{where}/due", "is not after start")] if self.due <= self.start else []
        return missing + late


@dataclass(frozen=True, slots=True)
class Plan:
    """A version of the plan."""

    version: int
    goals: tuple[Goal, ...]


class Planned(Directed):
    """The plan and its progress."""

    TOPIC = "trajectory-planned"

    plan: Plan | None

    def begin(self) -> None:
        super().begin()
        self.plan = None

    class PlanAdopted(Recorded):
        """A version of the plan became the one that is valid; the version before it is history."""

        TOPIC = "plan-adopted"
        SEALED = sealed(
            "goals[].specific", "goals[].measurable", "goals[].achievable", "goals[].relevant", "goals[].owner", "motivation"
        )
        plan: int
        goals: list[dict[str, str]]
        motivation: str

        def apply(self, family: "Planned") -> None:
            family.plan = Plan(self.plan, tuple(_goal(said) for said in self.goals))

    class ProgressRecorded(Recorded):
        """Somebody noted how a goal comes along."""

        TOPIC = "progress-recorded"
        SEALED = sealed("words")
        goal: str
        words: str

        def apply(self, family: "Planned") -> None:
            pass

    class GoalResulted(Recorded):
        """A goal was reached, partly reached, or not."""

        TOPIC = "goal-resulted"
        SEALED = sealed("words")
        goal: str
        result: str
        words: str

        def apply(self, family: "Planned") -> None:
            plan = family.valid_plan()
            goals = (replace(goal, result=self.result) if goal.goal == self.goal else goal for goal in plan.goals)
            family.plan = Plan(plan.version, tuple(goals))

    def adopt_plan(self, goals: Sequence[Goal], motivation: str, rules: Rules, on: Occasion) -> int:
        """The director makes a new version valid; gives its number. Goals that go on keep their id, and their result."""
        self.must_be_open()
        motivated(motivation)
        self.must_direct(on)
        wrong = [found for place, goal in enumerate(goals) for found in goal.violations(f"/goals/{place}")]
        if not goals:
            wrong = [Violation("/goals", "a plan has at least one goal")]
        if len({goal.goal for goal in goals}) < len(goals):
            wrong.append(Violation("/goals", "two goals have the same id"))
        if wrong:
            raise Malformed("The plan is not SMART yet.", wrong)
        results = {goal.goal: goal.result for goal in self.plan.goals} if self.plan else {}
        version = self.plan.version + 1 if self.plan else 1
        for goal in self.plan.goals if self.plan else ():
            self.stop_clock("goal", goal.goal, on)
        kept = [replace(goal, result=results.get(goal.goal, "")) for goal in goals]
        self.record(self.PlanAdopted, on, plan=version, goals=[_said(goal) for goal in kept], motivation=motivation)
        for goal in kept:
            if not goal.result:
                self.start_clock("goal", goal.goal, _end_of(goal.due), on)
        self.progress_made(rules, on)
        return version

    def record_progress(self, goal: str, words: str, rules: Rules, on: Occasion) -> None:
        """Somebody notes how a goal comes along."""
        self.must_be_open()
        motivated(words)
        self.goal_of_plan(goal)
        self.record(self.ProgressRecorded, on, goal=goal, words=words)
        self.progress_made(rules, on)

    def result_goal(self, goal: str, result: str, words: str, rules: Rules, on: Occasion) -> None:
        """Says what became of a goal; the same result again is silence."""
        self.must_be_open()
        if result not in RESULTS:
            raise Malformed("A goal is reached, partly reached, or not.", [Violation("/result", f"is one of {', '.join(RESULTS)}")])
        if self.goal_of_plan(goal).result == result:
            return
        self.record(self.GoalResulted, on, goal=goal, result=result, words=words)
        self.stop_clock("goal", goal, on)
        self.progress_made(rules, on)

    def progress_made(self, rules: Rules, on: Occasion) -> None:
        """Lets the term for progress begin anew, until direction is handed back."""
        if self.phase not in _HANDED_BACK:
            self.start_clock("no-progress", "", rules.due("no-progress", on.at), on)

    def must_direct(self, on: Occasion) -> None:
        """Raises: RuleBroken, where somebody other than the director, or the coach, decides on the plan."""
        if on.by != self.director.who and (self.coach is None or on.by != self.coach.who):
            raise RuleBroken("Only the director or the coach decides on this.", code="not-the-director")

    def valid_plan(self) -> Plan:
        """Raises: NotKnown, where there is no plan yet."""
        if self.plan is None:
            raise NotKnown("This family has no plan yet.")
        return self.plan

    def goal_of_plan(self, id: str) -> Goal:
        """Raises: NotKnown, where the valid plan has no such goal."""
        goal = next((goal for goal in self.valid_plan().goals if goal.goal == id), None)
        if goal is None:
            raise NotKnown("The valid plan has no such goal.")
        return goal


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59), DUTCH_TIME).astimezone(ZoneInfo("UTC"))


def _said(goal: Goal) -> dict[str, str]:
    return {
        "goal": goal.goal,
        "area": goal.area.value,
        "specific": goal.specific,
        "measurable": goal.measurable,
        "achievable": goal.achievable,
        "relevant": goal.relevant,
        "start": goal.start.isoformat(),
        "due": goal.due.isoformat(),
        "owner": goal.owner,
        "result": goal.result,
    }


def _goal(said: dict[str, str]) -> Goal:
    return Goal(
        **{
            **said,
            "area": LifeArea(said["area"]),
            "start": date.fromisoformat(said["start"]),
            "due": date.fromisoformat(said["due"]),
        }  # type: ignore[arg-type]
    )
