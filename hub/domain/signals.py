"""A signal: what one partner says about people, in the hub's words."""

from dataclasses import dataclass, field
from datetime import date, datetime

from hub.domain.dates import PartialDate
from hub.domain.words import Axis, LifeArea, Role, Weight


@dataclass(frozen=True, slots=True)
class Address:
    """A Dutch address as it was given; `municipality` is a CBS code where the sender gives one."""

    postcode: str = ""
    number: str = ""
    addition: str = ""
    street: str = ""
    town: str = ""
    municipality: str = ""


@dataclass(frozen=True, slots=True)
class NamedPerson:
    """Somebody as one message names them: nothing is certain, every field may be empty.

    `bsn` is the national person number, only from partners with a ground to use it.
    `is_subject` is true for those the signal is about, false for those it only mentions.
    """

    bsn: str = ""
    family_name: str = ""
    prefix: str = ""
    given_names: str = ""
    birth_date: PartialDate = field(default_factory=lambda: PartialDate(""))
    address: Address = field(default_factory=Address)
    role: Role = Role.UNKNOWN
    is_subject: bool = True


NOT_STATED = "not-stated"
"""The code of a sender that says neither that the family was told nor why not."""


DESCRIBED = "described"
"""The code of a sender that says something of informing in words: what, a person has to read."""


def may_be_shared(how: str, reason_not: str) -> bool:
    """Whether the family was told before sharing, or it is coded why not (L13); saying nothing, or in words alone, is neither."""
    return how not in ("", DESCRIBED) or reason_not not in ("", NOT_STATED)


@dataclass(frozen=True, slots=True)
class Informed:
    """That the family was told before sharing (L13): how, when, by whom; or the coded reason why not."""

    how: str = ""
    when: PartialDate = field(default_factory=lambda: PartialDate(""))
    by: str = ""
    reason_not: str = ""


@dataclass(frozen=True, slots=True)
class Signal:
    """One concern of one partner about one or more people.

    `reference` is the partner's own identification, unique within the message.
    `concern` is a code of the concern register (`hub.domain.concerns`), which gives life areas, axis and weight.
    `weight` overrides the concern's own weight where the sender says how serious it is.
    `happened` is when it was so for the partner (valid time), which may be incomplete.
    `refers_to` is the reference of an earlier message of anybody that this one answers (feedback).
    """

    reference: str
    concern: str
    happened: PartialDate
    people: tuple[NamedPerson, ...]
    weight: Weight | None = None
    informed: Informed | None = None
    refers_to: str = ""


@dataclass(frozen=True, slots=True)
class KnownSignal:
    """A signal as a trajectory remembers it: no names, only what levels and criteria rest on.

    `partner` is who said it, by kind or by name; `people` are ids of persons of the family.
    """

    id: str
    partner: str
    concern: str
    areas: tuple[LifeArea, ...]
    axis: Axis
    weight: Weight
    happened: PartialDate
    recorded_at: datetime
    people: tuple[str, ...]

    @property
    def day(self) -> date:
        """The day it counts on: the first it can have happened on, or else the day it was recorded."""
        return self.happened.earliest or self.recorded_at.date()
