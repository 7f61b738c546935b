"""The people who work here: how each wants to hear of what is theirs, who is on call, and whom a notice is for."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from secrets import token_urlsafe
from uuid import UUID, uuid4

from hub.domain.callers import Caller, Capacity
from hub.domain.contacting import Contact, Mail, contact_id
from hub.domain.duty import ANSWER, Roster, Shift, is_open, roster_id
from hub.domain.registrations import Registration, registration_id
from hub.domain.rules import Rules
from hub.domain.streams import THE_HUB, Occasion
from hub.domain.trajectory import Trajectory
from hub.errors import NotKnown
from hub.notices import RAISED
from hub.ports import Call, Notice
from hub.register import Register, Unit

_HEX = re.compile("[0-9a-f]{32}", re.ASCII)
UNREACHED = {
    "nl.vig.subscriptions.disabled.v1": ("subscription-disabled", "subscription"),
    "nl.vig.registrations.callback-given-up.v1": ("callback-given-up", "organisation"),
}
"""Notices of addresses that were given up: as what they are mailed, and what of."""


@dataclass(frozen=True, slots=True)
class Contacting:
    """Members of staff and the roster; `rules` gives those in force at a moment, `duty` is the team that is on call for all."""

    register: Register
    rules: Callable[[datetime], Rules]
    duty: str

    # One's own settings ------------------------------------------------------------------------------

    def of(self, who: str) -> Contact | None:
        """How somebody wants to hear of things, if they said so."""
        return self.register.read(lambda unit: unit.find(Contact, contact_id(who)))

    def choose(self, caller: Caller, email: str, mail: Mail, hour: int) -> None:
        """Wants to hear of things like that. Raises: Malformed."""
        self._change(caller, lambda known, on: known.choose(caller.role, caller.organisation, email, mail, hour, on))

    def open_calendar(self, caller: Caller) -> str:
        """A new link to one's terms counts, and no other any more; gives its secret, which is shown this once."""
        secret = token_urlsafe(32)
        self._change(caller, lambda known, on: known.open_calendar(_digest(secret), on))
        return f"{contact_id(caller.subject).hex}.{secret}"

    def close_calendar(self, caller: Caller) -> None:
        """No link to one's terms counts any more."""
        self._change(caller, lambda known, on: known.close_calendar(on))

    def holder(self, link: str, at: datetime) -> Caller:
        """Whose terms a link shows, in the role in which they said last how to reach them. Raises: NotKnown."""
        place, _, secret = link.partition(".")
        found = self._read(UUID(place)) if _HEX.fullmatch(place) else None
        is_theirs = found is not None and found.calendar and compare_digest(found.calendar, _digest(secret))
        if found is None or not is_theirs or found.calendar_until is None or at >= found.calendar_until:
            raise NotKnown("There is no such calendar, or its link counts no more; make another one.")
        return Caller(Capacity(found.role), found.who, found.organisation)

    def _read(self, contact: UUID) -> Contact | None:
        return self.register.read(lambda unit: unit.find(Contact, contact))

    def _change(self, caller: Caller, verb: Callable[[Contact, Occasion], None]) -> None:
        def work(unit: Unit) -> None:
            on, known = Occasion(unit.at, caller.subject), unit.find(Contact, contact_id(caller.subject))
            if known is None:
                known = Contact.begin(caller.subject, caller.role, caller.organisation, on)
                unit.add(known)
            verb(known, on)

        self.register.do(work)

    # The roster --------------------------------------------------------------------------------------

    def shifts(self, organisation: str, at: datetime) -> list[Shift]:
        """Who is or will be on call for an organisation."""
        found = self.register.read(lambda unit: unit.find(Roster, roster_id(organisation)))
        return found.to_come(at) if found else []

    def plan(self, organisation: str, who: str, begins: datetime, ends: datetime, rank: int, by: str) -> str:
        """Puts somebody on call; gives the id of the shift. Raises: Malformed, RuleBroken."""
        shift = Shift(str(uuid4()), who, begins, ends, rank)

        def work(unit: Unit) -> None:
            on, roster = Occasion(unit.at, by), unit.find(Roster, roster_id(organisation))
            if roster is None:
                roster = Roster.begin(organisation, on)
                unit.add(roster)
            roster.plan(shift, on)

        self.register.do(work)
        return shift.id

    def cancel(self, organisation: str, shift: str, by: str) -> None:
        """Takes a shift away. Raises: NotKnown."""
        self.register.do(lambda unit: unit.get(Roster, roster_id(organisation)).cancel(shift, Occasion(unit.at, by)))

    # Whom a notice is for ----------------------------------------------------------------------------

    def calls(self, notice: Notice) -> Sequence[Call]:
        """Whom to mail of a notice, and when: who directs and coaches as they chose; who is on call where the office is closed.

        Those on call follow each other, for as long as nobody takes notice. The operator and an organisation are mailed
        where its address was given up.
        """
        if notice.type in UNREACHED:
            return self._unreached(notice)
        is_news = notice.type == RAISED and not notice.for_partners
        return self.register.read(lambda unit: self._calls(notice, unit)) if is_news else ()

    def _unreached(self, notice: Notice) -> list[Call]:
        kind, about = UNREACHED[notice.type]
        organisation = registration_id(str(notice.data["organisation"]))
        whom = [None, *([organisation] if self._address_of(organisation) else [])]
        return [Call(one, kind, str(notice.data[about]), notice.recorded_at, None) for one in whom]

    def _calls(self, notice: Notice, unit: Unit) -> list[Call]:
        family, at = unit.find(Trajectory, notice.family), notice.recorded_at
        if family is None:
            return []
        theirs = [family.director.who, *([family.coach.who] if family.coach else [])]
        chosen = [call for who in dict.fromkeys(theirs) if (call := _by_choice(who, notice, unit)) is not None]
        is_closed = not is_open(at, self.rules(at).calendar) and "acknowledgeBy" in notice.data
        return [*chosen, *(self._on_call(notice, family.director.organisation, unit) if is_closed else ())]

    def _on_call(self, notice: Notice, organisation: str, unit: Unit) -> list[Call]:
        roster = unit.find(Roster, roster_id(organisation)) or unit.find(Roster, roster_id(self.duty))
        called: dict[str, datetime] = {}
        while roster is not None:
            at = notice.recorded_at + len(called) * ANSWER
            # by then others may have come on call, and these gone home
            who = next((who for who in roster.on_call(at) if who not in called and _address(who, unit)), None)
            if who is None:
                break
            called[who] = at
        about = str(notice.data["escalation"])
        return [Call(contact_id(who), "on-call", about, at, None) for who, at in called.items()]

    def address(self, contact: UUID) -> str:
        """Where somebody, or an organisation by its registration, is mailed now; empty where they are not."""
        found = self._read(contact)
        return found.email if found else self._address_of(contact)

    def _address_of(self, registration: UUID) -> str:
        known = self.register.read(lambda unit: unit.find(Registration, registration))
        return known.contact if known and not known.is_removed else ""

    def mailed(self, contact: UUID, about: str, kind: str) -> None:
        """Somebody was mailed."""

        def work(unit: Unit) -> None:
            # an organisation's own stream says that its address was given up; only people's say that they were mailed
            known = unit.find(Contact, contact)
            if known is not None:
                known.mailed(about, kind, Occasion(unit.at, THE_HUB, about))

        self.register.do(work)


def _by_choice(who: str, notice: Notice, unit: Unit) -> Call | None:
    known = unit.find(Contact, contact_id(who))
    if known is None or known.mail is Mail.NEVER:
        return None
    hour = known.hour if known.mail is Mail.DAILY else None
    return Call(contact_id(who), "escalation", str(notice.data["escalation"]), notice.recorded_at, hour)


def _address(who: str, unit: Unit) -> str:
    known = unit.find(Contact, contact_id(who))
    return known.email if known else ""


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
