"""What was done with people's data, by whom and why: the words of the data-processing log."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Self

from hub.domain.callers import Caller
from hub.domain.traces import Trace

REGISTER = "urn:vig-hub:processing-activity:"
"""With the code of an activity it is the URI that lines refer to; the time of a line tells the version."""


class Handling(StrEnum):
    """What is done with data (the action of NEN 7513)."""

    READ = "read"
    SEARCH = "search"
    EXPORT = "export"
    DECIDE = "decide"
    RECEIVE = "receive"
    TELL = "tell"
    MAINTAIN = "maintain"


class Status(StrEnum):
    """How the hub itself fared, in the words of Logboek Dataverwerkingen: a refusal is no error."""

    UNSET = "Unset"
    OK = "Ok"
    ERROR = "Error"


class Outcome(StrEnum):
    """What came of it for the one who asked."""

    GIVEN = "given"
    NOTHING = "nothing"
    REFUSED = "refused"
    FAILED = "failed"

    @property
    def status(self) -> Status:
        return {Outcome.FAILED: Status.ERROR, Outcome.REFUSED: Status.UNSET}.get(self, Status.OK)


class SubjectKind(StrEnum):
    """What stands for the person concerned, always as a pseudonym that only this log uses."""

    PERSON = "person"
    """Somebody whom the hub knows."""
    SOUGHT = "sought"
    """Whoever was looked for, by what was asked (a blind key, an id): also where nobody was found."""
    NOBODY = ""

    @property
    def uri(self) -> str:
        return f"urn:vig-hub:subject:{self.value}" if self.value else ""


@dataclass(frozen=True, slots=True)
class Activity:
    """An entry of the register of processing activities (GDPR, article 30), as valid in a period.

    `operations` are the operations of the interface that it stands for; `purpose` and `legal_basis` codes of the registers.
    """

    code: str
    nl: str
    en: str
    handling: Handling
    purpose: str
    legal_basis: str
    operations: frozenset[str]
    retention: str
    source: str
    valid_from: date
    valid_until: date | None = None

    @property
    def uri(self) -> str:
        return REGISTER + self.code

    def is_valid_on(self, day: date) -> bool:
        """Both ends included."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


@dataclass(frozen=True, slots=True)
class Concerned:
    """Who is concerned, and in which family (empty: none, or a family of which nobody is known)."""

    subject: str
    kind: SubjectKind
    family: str = ""


@dataclass(frozen=True, slots=True)
class Sought:
    """Whoever was looked for: by which blind keys, and the ids of the people found, by family."""

    keys: tuple[str, ...]
    found: Mapping[str, tuple[str, ...]]

    @property
    def subjects(self) -> frozenset[str]:
        return frozenset(self.keys).union(*self.found.values())


@dataclass(frozen=True, slots=True)
class Reading:
    """One step in which somebody did something with the data of any number of people.

    `subject`s are stream ids and blind keys here; the log turns them into pseudonyms.
    `processor` names the application that called, where one did (``dpl.core.foreign_operation.processor``).
    """

    trace: Trace
    name: str
    activity: str
    handling: Handling
    outcome: Outcome
    start: datetime
    end: datetime
    who: Caller
    object_kind: str
    object_reference: str
    purpose: str
    ground: str
    processor: str = ""
    concerned: tuple[Concerned, ...] = field(default=(), repr=False)

    @classmethod
    def of(
        cls,
        activity: Activity,
        name: str,
        who: Caller,
        trace: Trace,
        start: datetime,
        end: datetime,
        concerned: Mapping[str, Sequence[str]],
        *,
        sought: Sequence[str] = (),
        about: tuple[str, str] | None = None,
        outcome: Outcome = Outcome.GIVEN,
        ground: str = "",
    ) -> Self:
        """What is to be logged before an answer goes.

        `concerned` are the families of which something is in the answer, each with the ids of its people (those of no
        family under ""); `sought` the blind keys or ids of whoever was looked for; `about` the kind and id of the object, where
        that is not the one family concerned; `ground` what it rests on, where that is not what the register says.
        """
        return cls(
            trace=trace,
            name=name,
            activity=activity.code,
            handling=activity.handling,
            outcome=outcome,
            start=start,
            end=end,
            who=who,
            object_kind=(about or _object(concerned))[0],
            object_reference=(about or _object(concerned))[1],
            purpose=activity.purpose,
            ground=ground or activity.legal_basis,
            processor=f"urn:vig-hub:organisation:{who.organisation}" if trace.parent_span_id else "",
            concerned=(*_people(concerned), *(Concerned(key, SubjectKind.SOUGHT) for key in sought)),
        )


def _object(concerned: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    families = [family for family in concerned if family]
    return ("family", families[0]) if len(families) == 1 else ("list", "")


def _people(concerned: Mapping[str, Sequence[str]]) -> Iterator[Concerned]:
    for family, people in concerned.items():
        yield from (Concerned(person, SubjectKind.PERSON, family) for person in dict.fromkeys(people))
        if family and not people:
            yield Concerned("", SubjectKind.NOBODY, family)


@dataclass(frozen=True, slots=True)
class Processing:
    """One line of the log: a step of its own for the one person that it is about, or for nobody.

    `subject` is a pseudonym; `system` what wrote the line.
    """

    trace: Trace
    name: str
    activity: str
    handling: Handling
    outcome: Outcome
    start: datetime
    end: datetime
    who: Caller
    object_kind: str
    object_reference: str
    purpose: str
    ground: str
    processor: str
    system: str
    concerned: Concerned

    @property
    def activity_uri(self) -> str:
        return REGISTER + self.activity


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines: all that are given must hold; `subjects` are stream ids and blind keys, any of which will do."""

    subjects: frozenset[str] | None = None
    family: str = ""
    who: str = ""
    activity: str = ""
    since: datetime | None = None
    until: datetime | None = None
