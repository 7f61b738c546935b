"""A match question: whose family is this signal about? A person answers, and can take it back."""

from typing import Any

from hub.domain.streams import Occasion, Opening, Recorded, Stream, sealed
from hub.errors import RuleBroken


class MatchQuestion(Stream):
    """A signal that waits for a person, with the families that it may be about and why."""

    TOPIC = "match-question"

    asked: "MatchQuestion.Asked"
    family: str
    is_new: bool
    has_lapsed: bool

    class Asked(Opening):
        """The people a signal names could not be matched with certainty; `signal` is what the partner said, in full."""

        TOPIC = "match-question-asked"
        SEALED = sealed("signal")
        signal_id: str
        signal: dict[str, Any]
        message: str
        partner: str
        purpose: str
        candidates: list[str]
        why: list[str]

        def apply(self, question: "MatchQuestion") -> None:
            question.asked = self
            question.family, question.is_new, question.has_lapsed = "", False, False

    class Answered(Recorded):
        """A person said which family it is about, or that it is a new one."""

        TOPIC = "match-question-answered"
        SEALED = sealed("motivation")
        family: str
        is_new: bool
        motivation: str

        def apply(self, question: "MatchQuestion") -> None:
            question.family, question.is_new = self.family, self.is_new

    class MoreAsked(Recorded):
        """Somebody cannot say yet: in words what has to be asked first, and of whom. The signal goes on waiting."""

        TOPIC = "match-question-more-asked"
        SEALED = sealed("words")
        words: str

        def apply(self, question: "MatchQuestion") -> None: ...

    class Reopened(Recorded):
        """The answer was taken back; the signal waits again."""

        TOPIC = "match-question-reopened"
        SEALED = sealed("motivation")
        motivation: str

        def apply(self, question: "MatchQuestion") -> None:
            question.family, question.is_new = "", False

    class Lapsed(Recorded):
        """The partner that sent the signal took it back or corrected it, by that message; nobody has to answer any more."""

        TOPIC = "match-question-lapsed"
        message: str

        def apply(self, question: "MatchQuestion") -> None:
            question.has_lapsed = True

    def answer(self, family: str, is_new: bool, motivation: str, on: Occasion) -> None:
        """A person links the signal to a family; the same answer again is silence."""
        if self.family == family:
            return
        self.must_be_asked_still()
        self._must_be_open()
        self.record(self.Answered, on, family=family, is_new=is_new, motivation=motivation)

    def ask_more(self, words: str, on: Occasion) -> None:
        """Somebody has to ask first. Raises: RuleBroken."""
        self.must_be_asked_still()
        self._must_be_open()
        self.record(self.MoreAsked, on, words=words)

    def follow(self, family: str, motivation: str, on: Occasion) -> None:
        """The signal was moved to another family afterwards, which answers the question anew; before an answer it is silence."""
        if self.family and self.family != family and not self.has_lapsed:
            self.record(self.Answered, on, family=family, is_new=False, motivation=motivation)

    def reopen(self, motivation: str, on: Occasion) -> None:
        """Takes the answer back."""
        self.must_be_asked_still()
        if not self.family:
            raise RuleBroken("This question has no answer to take back.", code="not-answered")
        self.record(self.Reopened, on, motivation=motivation)

    def lapse(self, message: str, on: Occasion) -> None:
        """The signal was taken back; a second time is silence."""
        if not self.has_lapsed:
            self.record(self.Lapsed, on, message=message)

    def _must_be_open(self) -> None:
        if self.family:
            raise RuleBroken("This question was answered; take the answer back first.", code="answered-already")

    def must_be_asked_still(self) -> None:
        """Raises: RuleBroken, where the partner took the signal back."""
        if self.has_lapsed:
            raise RuleBroken("The partner that sent this signal took it back; there is nothing left to answer.", code="taken-back")
