"""How somebody who works here wants to hear of what is theirs: by mail at once or once a day, and in a calendar of their own.

A mail and a calendar leave the hub: they hold a link and a clock, never a name, a family or a concern (AVG art. 5(1)(c)).
"""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from hub.domain.streams import Occasion, Opening, Recorded, Stream, sealed, stream_id
from hub.errors import Malformed, Violation

CALENDAR_FOR = timedelta(days=90)
"""How long the link to a calendar counts before it has to be made anew: assumed, for whoever has it needs no more."""
LONGEST_ADDRESS = 254
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\\x00-\x1f\x7f]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?", re.ASCII)


class Mail(StrEnum):
    """When somebody is mailed of what is theirs."""

    AT_ONCE = "at-once"
    DAILY = "daily"
    NEVER = "never"


def contact_id(who: str) -> UUID:
    """The stream of how somebody wants to hear of things."""
    return stream_id("contact", who)


class Contact(Stream):
    """One member of staff, and how to reach them."""

    TOPIC = "contact"

    class Opened(Opening):
        """Somebody says for the first time how they want to hear of things; in which role, for which organisation."""

        TOPIC = "contact-opened"
        SEALED = sealed("email")
        who: str
        role: str
        organisation: str
        email: str
        mail: str
        hour: int

        def apply(self, aggregate: "Contact") -> None:
            aggregate.who, aggregate.calendar, aggregate.calendar_until = self.who, "", None
            aggregate.take(self)

    class Changed(Recorded):
        """They want to hear of things in another way."""

        TOPIC = "contact-changed"
        SEALED = sealed("email")
        role: str
        organisation: str
        email: str
        mail: str
        hour: int

        def apply(self, aggregate: "Contact") -> None:
            aggregate.take(self)

    class CalendarOpened(Recorded):
        """They have a link to a calendar of their terms; the one before counts no more. Only a digest of it is kept."""

        TOPIC = "contact-calendar-opened"
        digest: str
        until: datetime

        def apply(self, aggregate: "Contact") -> None:
            aggregate.calendar, aggregate.calendar_until = self.digest, self.until

    class CalendarClosed(Recorded):
        """No link of theirs counts any more."""

        TOPIC = "contact-calendar-closed"

        def apply(self, aggregate: "Contact") -> None:
            aggregate.calendar, aggregate.calendar_until = "", None

    class Mailed(Recorded):
        """The hub mailed them of something: of what (an id), as what (a code)."""

        TOPIC = "contact-mailed"
        about: str
        kind: str

        def apply(self, aggregate: "Contact") -> None: ...

    who: str
    role: str
    organisation: str
    email: str
    mail: Mail
    hour: int
    calendar: str
    calendar_until: datetime | None

    def take(self, said: "Contact.Opened | Contact.Changed") -> None:
        """What was said last counts."""
        self.role, self.organisation = said.role, said.organisation
        self.email, self.mail, self.hour = said.email, Mail(said.mail), said.hour

    @classmethod
    def begin(cls, who: str, role: str, organisation: str, on: Occasion) -> "Contact":
        """Somebody of whom nothing is known yet; they are not mailed."""
        said = {"who": who, "role": role, "organisation": organisation}
        return cls.open(cls.Opened, contact_id(who), on, **said, email="", mail=Mail.NEVER.value, hour=8)

    def choose(self, role: str, organisation: str, email: str, mail: Mail, hour: int, on: Occasion) -> None:
        """Wants to be reached there and then; `hour` is that of a daily mail, by the Dutch clock. Raises: Malformed."""
        refuse(email, mail, hour)
        said = {"role": role, "organisation": organisation, "email": email, "mail": mail.value, "hour": hour}
        if said != {
            "role": self.role,
            "organisation": self.organisation,
            "email": self.email,
            "mail": self.mail,
            "hour": self.hour,
        }:
            self.record(self.Changed, on, **said)

    def open_calendar(self, digest: str, on: Occasion) -> None:
        """A link of which that is the digest shows their terms, until it has to be made anew."""
        self.record(self.CalendarOpened, on, digest=digest, until=on.at + CALENDAR_FOR)

    def close_calendar(self, on: Occasion) -> None:
        """No link shows them any more."""
        if self.calendar:
            self.record(self.CalendarClosed, on)

    def mailed(self, about: str, kind: str, on: Occasion) -> None:
        """Was mailed."""
        self.record(self.Mailed, on, about=about, kind=kind)


def is_address(email: str) -> bool:
    """Whether mail can be sent there: one plain address, with nothing around it (RFC 5321, narrowed)."""
    return len(email) <= LONGEST_ADDRESS and _ADDRESS.fullmatch(email) is not None


def refuse(email: str, mail: Mail, hour: int) -> None:
    """Raises: Malformed, with every violation at once."""
    wrong = []
    if email and not is_address(email):
        wrong.append(Violation("/email", "is not an address of mail"))
    if not email and mail is not Mail.NEVER:
        wrong.append(Violation("/email", "is needed to be mailed"))
    if not 0 <= hour <= 23:
        wrong.append(Violation("/hour", "is an hour from 0 to 23"))
    if wrong:
        raise Malformed("Nobody can be reached like that.", wrong)
