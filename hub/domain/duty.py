"""Who is on call when the office is closed: VIG can be reached day and night.

When an escalation comes outside office hours the first on call is mailed at once, and, while nobody takes notice of it, the
next and the next after that.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from hub.domain.dates import Calendar
from hub.domain.streams import Occasion, Opening, Recorded, Stream, stream_id
from hub.domain.terms import AMSTERDAM
from hub.errors import Malformed, NotKnown, RuleBroken, Violation

OPENS, CLOSES = time(8, 30), time(17, 0)
"""Office hours on working days, by the Dutch clock: assumed."""
ANSWER = timedelta(minutes=30)
"""How long somebody on call has to take notice before the next is mailed: assumed, half of what a hub of the region promises."""
LONGEST = timedelta(days=14)
MOST = 500
"""Shifts that have not ended, of one organisation."""


@dataclass(frozen=True, slots=True)
class Shift:
    """Somebody (a staff identity) who is on call, from when until when; the lowest `rank` is called first."""

    id: str
    who: str
    begins: datetime
    ends: datetime
    rank: int


def roster_id(organisation: str) -> UUID:
    """The stream of who is on call for an organisation."""
    return stream_id("roster", organisation)


def is_open(at: datetime, calendar: Calendar) -> bool:
    """Whether it is within office hours."""
    local = at.astimezone(AMSTERDAM)
    return calendar.is_working_day(local.date()) and OPENS <= local.time() < CLOSES


class Roster(Stream):
    """The shifts of one organisation."""

    TOPIC = "roster"

    class Opened(Opening):
        """An organisation begins a roster."""

        TOPIC = "roster-opened"
        organisation: str

        def apply(self, aggregate: "Roster") -> None:
            aggregate.organisation, aggregate.shifts = self.organisation, {}

    class ShiftPlanned(Recorded):
        """Somebody will be on call."""

        TOPIC = "roster-shift-planned"
        shift: str
        who: str
        begins: datetime
        ends: datetime
        rank: int

        def apply(self, aggregate: "Roster") -> None:
            aggregate.shifts[self.shift] = Shift(self.shift, self.who, self.begins, self.ends, self.rank)

    class ShiftCancelled(Recorded):
        """They will not, after all."""

        TOPIC = "roster-shift-cancelled"
        shift: str

        def apply(self, aggregate: "Roster") -> None:
            del aggregate.shifts[self.shift]

    organisation: str
    shifts: dict[str, Shift]

    @classmethod
    def begin(cls, organisation: str, on: Occasion) -> "Roster":
        """A roster without shifts."""
        return cls.open(cls.Opened, roster_id(organisation), on, organisation=organisation)

    def plan(self, shift: Shift, on: Occasion) -> None:
        """Puts somebody on call.

        Raises:
            Malformed: it ends before it begins, has ended, or is longer than two weeks.
            RuleBroken: that person is on call then already, or there are too many shifts.
        """
        _refuse(shift, on.at)
        coming = [known for known in self.shifts.values() if known.ends > on.at]
        if any(known.who == shift.who and known.begins < shift.ends and shift.begins < known.ends for known in coming):
            raise RuleBroken("This person is on call then already.", code="on-call-already")
        if len(coming) >= MOST:
            raise RuleBroken(f"An organisation has at most {MOST} shifts to come.", code="too-many-shifts")
        said = {"shift": shift.id, "who": shift.who, "begins": shift.begins, "ends": shift.ends, "rank": shift.rank}
        self.record(self.ShiftPlanned, on, **said)

    def cancel(self, shift: str, on: Occasion) -> None:
        """Takes a shift away. Raises: NotKnown."""
        if shift not in self.shifts:
            raise NotKnown("There is no such shift.")
        self.record(self.ShiftCancelled, on, shift=shift)

    def to_come(self, at: datetime) -> list[Shift]:
        """The shifts that have not ended, by when they begin."""
        return sorted((one for one in self.shifts.values() if one.ends > at), key=lambda one: (one.begins, one.rank, one.id))

    def on_call(self, at: datetime) -> list[str]:
        """Who is on call at a moment, who is called first on top."""
        there = [one for one in self.shifts.values() if one.begins <= at < one.ends]
        return list(dict.fromkeys(one.who for one in sorted(there, key=lambda one: (one.rank, one.begins, one.id))))


def _refuse(shift: Shift, now: datetime) -> None:
    wrong = []
    if shift.ends <= shift.begins:
        wrong.append(Violation("/ends", "is not later than it begins"))
    elif shift.ends - shift.begins > LONGEST:
        wrong.append(Violation("/ends", "is more than two weeks later"))
    if shift.ends <= now:
        wrong.append(Violation("/ends", "has passed"))
    if not 1 <= shift.rank <= 9:
        wrong.append(Violation("/rank", "is from 1 to 9"))
    if wrong:
        raise Malformed("This shift cannot be.", wrong)
