"""What people send with their decisions, field by field."""

import re
from datetime import date
from typing import Annotated, Any, Literal, Self
from unicodedata import category
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StringConstraints, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from hub.domain.dates import PartialDate
from hub.domain.identifiers import passes_eleven_test
from hub.domain.words import Axis, Direction, LifeArea, Phase


def _day(text: str) -> str:
    try:
        PartialDate(text)
    except ValueError:
        raise PydanticCustomError("hub", "is not a date of the calendar") from None
    return text


def _date(said: Any) -> Any:
    if not isinstance(said, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", said, re.ASCII):
        raise PydanticCustomError("hub", "is not a date (YYYY-MM-DD)")
    return said


def _line(text: str) -> str:
    if any(category(each) in _UNSEEN for each in text):
        raise PydanticCustomError("hub", "has characters in it that nobody sees")
    if not any(category(each)[0] in "LN" for each in text):
        raise PydanticCustomError("hub", "has no letter or digit in it")
    return text


_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of Unicode: what turns a line around, breaks it, or makes it look like another."""
NO_CONTROLS = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000, pattern=NO_CONTROLS)]
Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=NO_CONTROLS), AfterValidator(_line)
]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]
Ground = Code
"""A code of the register of legal bases."""
Day = Annotated[str, StringConstraints(pattern=r"^(\d{4}(-\d{2}(-\d{2})?)?)?$"), AfterValidator(_day)]
Level = Annotated[int, Field(strict=True, ge=1, le=3)]
Date = Annotated[date, BeforeValidator(_date)]


class Form(BaseModel):
    """What is sent: exactly these members, each of exactly its own kind."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)


class Motivated(Form):
    """A decision with its reason in words."""

    motivation: Words


class Somebody(Form):
    """A member of staff: who (a staff identity), for which organisation, and how to reach them."""

    to: Line
    organisation: Line
    contact: Line


class Handover(Somebody):
    """Direction offered to somebody."""

    motivation: Words


class HandoverAnswer(Motivated):
    """Whether somebody takes over direction."""

    accepted: StrictBool


class SmartGoal(Form):
    """A goal: specific, measurable, achievable, relevant, and from when until when; a goal that goes on keeps its id."""

    goal: Code
    area: LifeArea
    specific: Words
    measurable: Words
    achievable: Words
    relevant: Words
    start: Date
    due: Date
    owner: Line


class NewPlan(Motivated):
    """A version of the plan."""

    goals: Annotated[list[SmartGoal], Field(min_length=1, max_length=50)]


class Progress(Form):
    """How a goal comes along."""

    words: Words


class Result(Form):
    """What became of a goal."""

    result: Literal["reached", "partly", "not"]
    words: Words


class TermMet(Form):
    """Which running term (`clock`, as the family shows it), and in words what was done; `also` are others that it was for."""

    clock: Line
    words: Words
    also: list[Line] = Field(default=[], max_length=10)


class LeverDecision(Motivated):
    """A lever, by the authority that may decide on it, on a legal ground, and the escalations that it rests on."""

    lever: Code
    ground: Ground
    escalations: Annotated[list[UUID], Field(max_length=100)] = []


class LeverRefusal(Motivated):
    """A lever that is not used, though these escalations advise it."""

    lever: Code
    escalations: Annotated[list[UUID], Field(min_length=1, max_length=100)]


class ReferralDecision(Motivated):
    """How a referral ends."""

    decision: Literal["eligible", "not-suitable", "contra-indicated"]


class NextPhase(Motivated):
    """The phase that the trajectory enters."""

    phase: Phase


class Compulsion(Motivated):
    """A decision on compulsion, on a legal ground."""

    ground: Ground


class StepDown(Motivated):
    """An axis goes down to a level."""

    axis: Axis
    level: Level


class DirectionStepDown(Motivated):
    """Direction goes back to a lower level."""

    direction: Direction


class FamilyInformation(Form):
    """How and when the family was told, or the reason why not yet."""

    how: Literal["", "spoken", "letter", "phone", "e-mail", "unnamed"] = ""
    when: Day = ""
    reason_not: Literal["", "danger-to-child", "danger-to-other", "investigation", "not-reachable", "other"] = ""


class Correction(Form):
    """What is right, about something recorded earlier."""

    about: Line
    words: Words


class MatchAnswer(Motivated):
    """The family that a waiting signal is about, or `null` where it is a new one."""

    family: UUID | None


class Inquiry(Form):
    """What has to be asked before somebody can say whose a signal is, and of whom."""

    words: Words


class Merge(Motivated):
    """The family that goes on in this one, or that goes its own way again."""

    family: UUID


class Split(Motivated):
    """The people who are a family of their own."""

    people: Annotated[list[UUID], Field(min_length=1, max_length=100)]


class Move(Motivated):
    """The family that a signal is about instead."""

    to: UUID


def _is_a_day(schema: dict[str, Any]) -> None:
    """Says so the way the linter of the NL API Design Rules looks for it."""
    schema.clear()
    schema.update({"type": ["string", "null"], "format": "date"})


class Wanted(Form):
    """Somebody who is looked for: by person number, or by names with a birth date or an address."""

    bsn: Annotated[str, StringConstraints(pattern=r"^\d{9}$")] | None = None
    family_name: Line | None = None
    prefix: Line | None = None
    given_names: Line | None = None
    birth_date: Date | None = Field(None, json_schema_extra=_is_a_day)
    postcode: Annotated[str, StringConstraints(pattern=r"^[1-9]\d{3} ?[A-Za-z]{2}$")] | None = None
    number: Line | None = None
    addition: Line | None = None

    @model_validator(mode="after")
    def _is_somebody(self) -> Self:
        has_place = bool(self.birth_date or (self.postcode and self.number))
        if not self.bsn and not (self.family_name and self.given_names and has_place):
            raise PydanticCustomError("hub", "asks a bsn, or familyName and givenNames with birthDate or postcode and number")
        if self.bsn and not passes_eleven_test(self.bsn):
            raise PydanticCustomError("hub", "holds a bsn that cannot exist: the eleven-test fails")
        return self
