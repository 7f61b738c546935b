"""The voice of a family: what its people say of each goal in words of their own, and which goals they are told of in plain ones.

Whoever is to take part in a plan has to understand it, and be heard on it (Jeugdwet, art. 4.1.2; Convention on the Rights of
the Child, art. 12). Nobody is told of a goal by itself: what may be known by one parent, may not be by the other.
"""

from dataclasses import dataclass
from enum import StrEnum

from hub.domain.streams import Occasion, Recorded, sealed
from hub.domain.trajectory.clocks import motivated
from hub.domain.trajectory.levers import Levers
from hub.errors import NotKnown, RuleBroken

MOST_GOALS = 6
"""Of which one person is told at a time: with words as long as these each they go on two sheets of A4."""
PLAIN_WORDS, OWN_WORDS = 280, 400
"""Characters, at most: of the plain words for a goal, and of what somebody says of it."""


class Stance(StrEnum):
    """How somebody of the family stands towards a goal."""

    AGREE = "agree"
    DISAGREE = "disagree"
    WISH = "wish"
    """They would have it otherwise, or something else."""


@dataclass(frozen=True, slots=True)
class Voice:
    """What somebody thinks of a goal; `stance` and `words` are empty once what is theirs was erased."""

    goal: str
    person: str
    stance: str
    words: str


@dataclass(frozen=True, slots=True)
class Telling:
    """A goal as it is told to somebody, in plain words."""

    goal: str
    person: str
    words: str


class Voiced(Levers):
    """What the family says of its plan, and is told of it."""

    TOPIC = "trajectory-voiced"

    voices: dict[tuple[str, str], Voice]
    tellings: dict[tuple[str, str], Telling]

    def begin(self) -> None:
        super().begin()
        self.voices, self.tellings = {}, {}

    class VoiceHeard(Recorded):
        """Somebody of the family said how they stand towards a goal, in words of their own."""

        TOPIC = "voice-heard"
        SEALED = sealed("stance", "words", whose="person")
        goal: str
        person: str
        stance: str
        words: str

        def apply(self, family: "Voiced") -> None:
            family.voices[self.goal, self.person] = Voice(self.goal, self.person, self.stance, self.words)

    class GoalTold(Recorded):
        """A goal stands in the plan that somebody of the family is given, in plain words."""

        TOPIC = "goal-told"
        SEALED = sealed("words", whose="person")
        goal: str
        person: str
        words: str

        def apply(self, family: "Voiced") -> None:
            family.tellings[self.goal, self.person] = Telling(self.goal, self.person, self.words)

    class GoalKeptBack(Recorded):
        """A goal stands no longer in the plan that somebody of the family is given."""

        TOPIC = "goal-kept-back"
        SEALED = sealed("motivation", whose="person")
        goal: str
        person: str
        motivation: str

        def apply(self, family: "Voiced") -> None:
            family.tellings.pop((self.goal, self.person), None)

    def hear_voice(self, goal: str, person: str, stance: Stance, words: str, on: Occasion) -> None:
        """Somebody of the family says how they stand towards a goal; the same again is silence.

        Raises:
            NotKnown: the valid plan has no such goal, or they are not of this family.
            RuleBroken: they do not agree, and nobody says what they said.
        """
        self.must_be_open()
        self._goal_and_person(goal, person)
        if stance is not Stance.AGREE and not words.strip():
            raise RuleBroken("Whoever does not agree is heard in their own words.", code="voice-without-words")
        voice = Voice(goal, person, stance.value, words)
        if self.voices.get((goal, person)) != voice:
            self.record(self.VoiceHeard, on, goal=goal, person=person, stance=stance.value, words=words)

    def tell_goal(self, goal: str, person: str, words: str, on: Occasion) -> None:
        """Lets somebody of the family read of a goal, in these plain words; the same again is silence.

        Raises:
            NotKnown: the valid plan has no such goal, or they are not of this family.
            RuleBroken: nothing is said, or they are told of as many goals as go on two sheets.
        """
        self.must_be_open()
        self._goal_and_person(goal, person)
        motivated(words)
        others = [telling for telling in self.tellings_to(person) if telling.goal != goal]
        if len(others) >= MOST_GOALS:
            raise RuleBroken(f"Who reads a plan is told of {MOST_GOALS} goals at most.", code="plan-too-long")
        if self.tellings.get((goal, person)) != Telling(goal, person, words):
            self.record(self.GoalTold, on, goal=goal, person=person, words=words)

    def keep_back_goal(self, goal: str, person: str, motivation: str, on: Occasion) -> None:
        """Lets somebody read of a goal no longer, for a reason. Raises: NotKnown, where they did not."""
        self.must_be_open()
        motivated(motivation)
        if (goal, person) not in self.tellings:
            raise NotKnown("They are not told of that goal.")
        self.record(self.GoalKeptBack, on, goal=goal, person=person, motivation=motivation)

    def tellings_to(self, person: str) -> list[Telling]:
        """The goals of the valid plan that somebody of this family is told of, in the order of the plan."""
        goals = self.plan.goals if self.plan and person in self.people else ()
        return [self.tellings[goal.goal, person] for goal in goals if (goal.goal, person) in self.tellings]

    def _goal_and_person(self, goal: str, person: str) -> None:
        self.goal_of_plan(goal)
        if person not in self.people:
            raise NotKnown("Nobody in this family has that id.")
