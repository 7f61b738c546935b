"""On which ground a message may be shared: legal bases, purposes and covenants with their validity, and the rule over them."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Protocol

from hub.domain.trajectory.planned import DUTCH_TIME
from hub.errors import NotAllowed, Violation

SOON = timedelta(days=30)
"""How long before its end people are told that a covenant will end."""
ENDS_SOON, ENDED = "ends-soon", "ended"


@dataclass(frozen=True, slots=True)
class Entry:
    """A code of a register, in force from a day until and with another; without `valid_from` it is not in force."""

    code: str
    nl: str
    en: str
    valid_from: date | None
    valid_until: date | None

    def is_in_force(self, day: date) -> bool:
        """Whether it may be relied on that day."""
        return self.valid_from is not None and self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


@dataclass(frozen=True, slots=True)
class Covenant:
    """What organisations agreed to share: who takes part, what for and on which bases, from a day until and with another.

    `parties` are kinds of partners, or the numbers (OIN) of single organisations.
    """

    id: str
    nl: str
    en: str
    parties: frozenset[str]
    purposes: frozenset[str]
    grounds: frozenset[str]
    valid_from: date
    valid_until: date | None

    @property
    def begins(self) -> datetime:
        """The first moment at which it holds."""
        return _midnight(self.valid_from)

    @property
    def ends(self) -> datetime | None:
        """The first moment at which it holds no longer."""
        return None if self.valid_until is None else _midnight(self.valid_until + timedelta(days=1))


class Party(Protocol):
    """What the rule asks of an organisation; its own part in the covenant may be shorter than the covenant itself."""

    @property
    def kind(self) -> str: ...
    @property
    def oin(self) -> str: ...
    @property
    def covenant(self) -> str: ...
    @property
    def covenant_from(self) -> datetime | None: ...
    @property
    def covenant_until(self) -> datetime | None: ...
    @property
    def purposes(self) -> Collection[str]: ...
    @property
    def grounds(self) -> Collection[str]: ...


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason why a message may not be shared: a code for machines, where to look, and what is the matter."""

    code: str
    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Registers:
    """The legal bases, purposes and covenants that there are; without any, nothing is allowed."""

    bases: Mapping[str, Entry] = field(default_factory=dict)
    purposes: Mapping[str, Entry] = field(default_factory=dict)
    covenants: Mapping[str, Covenant] = field(default_factory=dict)

    def refuse_groundless(self, party: Party, purpose: str, basis: str, at: datetime) -> None:
        """Refuses what this organisation may not share for this purpose, on this legal basis, at this moment.

        Raises:
            NotAllowed: with every reason at once; its code is that of the first.
        """
        if reasons := tuple(self.reasons(party, purpose, basis, at)):
            wrong = [Violation(reason.where, reason.what) for reason in reasons]
            raise NotAllowed("There is no ground to share this message; nothing was recorded.", wrong, code=reasons[0].code)

    def reasons(self, party: Party, purpose: str, basis: str, at: datetime) -> Iterator[Reason]:
        """Every reason why a message may not be shared; none where it may."""
        yield from self._against_covenant(party, purpose, basis, at)
        yield from _against(self.purposes, party.purposes, purpose, "purpose", at)
        yield from _against(self.bases, party.grounds, basis, "ground", at)

    def _against_covenant(self, party: Party, purpose: str, basis: str, at: datetime) -> Iterator[Reason]:
        covenant = self.covenants.get(party.covenant)
        if covenant is None:
            yield Reason("covenant-missing", "covenant", "the organisation takes part under no covenant")
            return
        if at < self._beginning(party, covenant):
            yield Reason("covenant-not-yet-valid", "covenant", f"{covenant.id} does not hold yet")
        if (end := self.end_of(party)) and at >= end:
            yield Reason("covenant-expired", "covenant", f"{covenant.id} does not hold any more")
        if not covenant.parties & {party.kind, party.oin}:
            yield Reason("covenant-other-parties", "covenant", f"{covenant.id} is not with this organisation")
        if purpose not in covenant.purposes:
            yield Reason("covenant-other-purposes", "covenant", f"{covenant.id} is not for {purpose}")
        if basis not in covenant.grounds:
            yield Reason("covenant-other-grounds", "covenant", f"{covenant.id} does not rest on {basis}")

    def _beginning(self, party: Party, covenant: Covenant) -> datetime:
        return max(covenant.begins, party.covenant_from or covenant.begins)

    def is_sharing(self, party: Party, at: datetime) -> bool:
        """Whether the hub may tell this organisation anything at that moment: its covenant holds, and is with it."""
        covenant = self.covenants.get(party.covenant)
        if covenant is None or not covenant.parties & {party.kind, party.oin}:
            return False
        end = self.end_of(party)
        return self._beginning(party, covenant) <= at and (end is None or at < end)

    def end_of(self, party: Party) -> datetime | None:
        """The first moment at which its covenant holds no longer for this organisation; `None` is no end."""
        covenant = self.covenants.get(party.covenant)
        ends = [end for end in (party.covenant_until, covenant.ends if covenant else None) if end]
        return min(ends, default=None)


def end_at(end: datetime | None, at: datetime) -> str:
    """How near the end of a covenant is: ended, ends soon, or (empty) neither."""
    if end is None or at < end - SOON:
        return ""
    return ENDED if at >= end else ENDS_SOON


def day_of(at: datetime) -> date:
    """The day by Dutch time, by which registers and covenants count."""
    return at.astimezone(DUTCH_TIME).date()


def _against(register: Mapping[str, Entry], allowed: Collection[str], code: str, word: str, at: datetime) -> Iterator[Reason]:
    entry = register.get(code)
    if entry is None or not entry.is_in_force(day_of(at)):
        yield Reason(f"{word}-not-valid", word, f"{code} is not in force by the register")
    if code not in allowed:
        yield Reason(f"{word}-not-allowed", word, f"the organisation is not registered for {code}")


@cache
def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), DUTCH_TIME).astimezone(UTC)
