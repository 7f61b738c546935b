"""Whoever shows a token or the cookie of a session: who that is, and whether their organisation still takes part."""

from dataclasses import dataclass, replace
from datetime import datetime

from hub.adapters.access_tokens import AccessTokens
from hub.adapters.login.sessions import Session, Sessions
from hub.adapters.registrations import Registrations
from hub.domain.callers import Caller, Capacity
from hub.errors import NotAllowed
from hub.ports import Clock, Shown


@dataclass(frozen=True, slots=True)
class Callers:
    """Tells callers apart by what they show."""

    tokens: AccessTokens
    sessions: Sessions
    registrations: Registrations
    clock: Clock

    def __call__(self, shown: Shown) -> Caller:
        """Who shows this; a token goes before a cookie.

        Raises:
            Unauthenticated: nobody whom the hub knows.
            NotAllowed: the page of somebody else asks, or their organisation shares nothing any more.
            Unavailable: nobody can tell now.
        """
        now, cookie = self.clock.now(), shown.cookies.get(self.sessions.cookie, "")
        if shown.authorization or not cookie:
            caller = self.tokens.read(shown, now)
        else:
            caller = self.sessions.caller(cookie, shown.csrf, shown.method, shown.origin, now, shown.site)
        return self._of_organisation(caller)

    def _of_organisation(self, caller: Caller) -> Caller:
        organisation = self.registrations.by_name(caller.organisation) if caller.organisation else None
        if organisation is None:
            return caller
        if organisation.is_suspended:
            raise NotAllowed("Nothing is shared with your organisation for the time being.", code="partner-suspended")
        if not self.registrations.is_sharing(organisation, self.clock.now()):
            raise NotAllowed("The covenant of your organisation is not in force.", code="covenant-expired")
        return caller if caller.role is Capacity.PARTNER else replace(caller, kind=organisation.kind)


@dataclass(frozen=True, slots=True)
class KnownSessions:
    """The sessions of people as their pages look at them, each with what kind of partner its organisation is registered as."""

    sessions: Sessions
    registrations: Registrations

    @property
    def cookie(self) -> str:
        """The name under which a browser keeps the id."""
        return self.sessions.cookie

    def look(self, id: str, at: datetime) -> Session | None:
        """The session with that id if it runs. Raises: Unavailable."""
        session = self.sessions.look(id, at)
        known = self.registrations.by_name(session.caller.organisation) if session and session.caller.organisation else None
        return replace(session, caller=replace(session.caller, kind=known.kind)) if session and known else session

    def refuse_strangers(self, id: str, csrf: str, method: str, origin: str, site: str) -> None:
        """Lets a request through that a page of ours can have made. Raises: NotAllowed."""
        self.sessions.refuse_strangers(id, csrf, method, origin, site)
