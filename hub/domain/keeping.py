"""What is kept no longer: families, messages and signals whose term is over, what must not go yet, and every run that let go."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from hub.domain.streams import Occasion, Opening, Recorded, Stream, sealed, stream_id
from hub.domain.trajectory.clocks import motivated
from hub.errors import RuleBroken

FAMILY, MESSAGE, QUESTION = "family", "message", "question"


def keeping_id(about: UUID | str) -> UUID:
    """The stream of how long a family, a message or a waiting signal is kept."""
    return stream_id("keeping", str(about))


class Keeping(Stream):
    """How long one thing is kept: whether it is held, and whether it ended."""

    TOPIC = "keeping"

    about: str
    is_held: bool
    is_ended: bool

    class Begun(Opening):
        """For the first time it mattered how long something is kept."""

        TOPIC = "keeping-begun"
        kind: str
        about: str

        def apply(self, keeping: "Keeping") -> None:
            keeping.about, keeping.is_held, keeping.is_ended = self.about, False, False

    class Held(Recorded):
        """Somebody decided that a family is kept whatever its term, and why: an inquiry, a complaint, a court."""

        TOPIC = "keeping-held"
        SEALED = sealed("motivation", whose="family")
        family: str
        motivation: str

        def apply(self, keeping: "Keeping") -> None:
            keeping.is_held = True

    class Released(Recorded):
        """Somebody decided that the term of a family counts again."""

        TOPIC = "keeping-released"
        SEALED = sealed("motivation", whose="family")
        family: str
        motivation: str

        def apply(self, keeping: "Keeping") -> None:
            keeping.is_held = False

    class Ended(Recorded):
        """Its term was over: the keys of what was kept of it are destroyed, by that version of the register.

        `since` is the day that the term counted from.
        """

        TOPIC = "keeping-ended"
        kind: str
        about: str
        category: str
        since: str
        register: str

        def apply(self, keeping: "Keeping") -> None:
            keeping.is_ended = True

    @classmethod
    def begin(cls, kind: str, about: UUID, on: Occasion) -> "Keeping":
        """Kept as the register says."""
        return cls.open(cls.Begun, keeping_id(about), on, kind=kind, about=str(about))

    def hold(self, motivation: str, on: Occasion) -> None:
        """Kept until somebody releases it. Raises: RuleBroken."""
        motivated(motivation)
        self._must_be_there()
        if self.is_held:
            raise RuleBroken("This family is held already.", code="held-already")
        self.record(self.Held, on, family=self.about, motivation=motivation.strip())

    def release(self, motivation: str, on: Occasion) -> None:
        """The term counts again. Raises: RuleBroken."""
        motivated(motivation)
        if not self.is_held:
            raise RuleBroken("This family is not held.", code="not-held")
        self.record(self.Released, on, family=self.about, motivation=motivation.strip())

    def end(self, kind: str, category: str, since: date, register: str, on: Occasion) -> None:
        """It is kept no longer. Raises: RuleBroken, where it is held."""
        if self.is_held:
            raise RuleBroken("This family is held.", code="held-already")
        self._must_be_there()
        self.record(self.Ended, on, kind=kind, about=self.about, category=category, since=since.isoformat(), register=register)

    def _must_be_there(self) -> None:
        if self.is_ended:
            raise RuleBroken("Of this nothing is kept any more: its term was over.", code="kept-no-longer")


class RetentionRun(Stream):
    """One run over all that is kept."""

    TOPIC = "retention-run"

    is_finished: bool

    class Begun(Opening):
        """Somebody had everything ended whose term is over, by that version of the register.

        `until` says of each category what it was over for: what began that day or before.
        """

        TOPIC = "retention-run-begun"
        register: str
        until: dict[str, str]

        def apply(self, run: "RetentionRun") -> None:
            run.is_finished = False

    class Finished(Recorded):
        """All of it was done: how many of each category ended."""

        TOPIC = "retention-run-finished"
        register: str
        ended: dict[str, int]

        def apply(self, run: "RetentionRun") -> None:
            run.is_finished = True

    @classmethod
    def begin(cls, run: UUID, register: str, until: Mapping[str, date], on: Occasion) -> "RetentionRun":
        """A run by somebody."""
        return cls.open(cls.Begun, run, on, register=register, until={name: day.isoformat() for name, day in until.items()})

    def finish(self, register: str, ended: dict[str, int], on: Occasion) -> None:
        """It came to its end."""
        self.record(self.Finished, on, register=register, ended=ended)
