"""What the pages stand on: everything concrete comes in here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from starlette.types import ASGIApp

from hub.domain.callers import Caller, Colleague


@dataclass(frozen=True, slots=True)
class Both:
    """The same in Dutch and in English."""

    nl: str
    en: str

    def said(self, tongue: str) -> str:
        """In that language: `nl` or `en`."""
        return self.en if tongue == "en" else self.nl


class Begun(Protocol):
    """A login that has begun: where the browser goes, and the cookie that it brings back."""

    @property
    def address(self) -> str: ...

    @property
    def cookie(self) -> str: ...


class Entered(Protocol):
    """Somebody came in: the id of their session, and the path that they wanted."""

    @property
    def session(self) -> str: ...

    @property
    def to(self) -> str: ...


class Session(Protocol):
    """A session that runs: whose, what proves that a page of ours asks, and when it ends idle or anyhow."""

    @property
    def caller(self) -> Caller: ...

    @property
    def csrf(self) -> str: ...

    @property
    def idle_until(self) -> datetime: ...

    @property
    def until(self) -> datetime: ...


class Sessions(Protocol):
    """Who is logged in; `cookie` is the name under which a browser keeps the id of its session."""

    @property
    def cookie(self) -> str: ...

    def look(self, id: str, at: datetime) -> Session | None:
        """The session with that id if it runs. Raises: Unavailable."""
        ...

    def refuse_strangers(self, id: str, csrf: str, method: str, origin: str, site: str) -> None:
        """Lets a request through that a page of ours can have made. Raises: NotAllowed."""
        ...


class Login(Protocol):
    """Lets people in and out; `attempt_cookie` is the name of the cookie of a login that has begun."""

    @property
    def attempt_cookie(self) -> str: ...

    def begin(self, to: str, at: datetime) -> Begun:
        """Begins a login that ends at that path of the hub. Raises: Malformed, Unavailable."""
        ...

    def finish(self, said: Mapping[str, str], cookie: str, before: str, at: datetime) -> Entered:
        """Ends a login; the session `before` ends too. Raises: Unauthenticated, NotAllowed, Unavailable."""
        ...

    def leave(self, session: str) -> bool:
        """Ends a session here and at the issuer; gives whether the issuer took note. Raises: Unavailable."""
        ...

    def hear(self, token: str, at: datetime) -> int:
        """Ends the sessions of whom the issuer says that they logged out. Raises: Unauthenticated, Unavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Console:
    """Everything that the pages stand on.

    `login` is `None` where no issuer was named, so that nobody can log in; `contact` is whom to ask for a role, or empty.
    `interface` is the hub's own interface, which every page asks; `word` what a code of that kind is called, in both languages.
    `colleagues` are those who work here, by login name, for the names of whom a page speaks of; `is_organisation` is so of one
    that is registered.
    `problem` gives the problem document of an error that nobody foresaw, and tells the operators of it.
    `let_read` waits until what was just done can be seen on pages; `duty` is the organisation on duty.
    """

    login: Login | None
    sessions: Sessions
    now: Callable[[], datetime]
    interface: ASGIApp
    word: Callable[[str, str], Both]
    colleagues: Callable[[], Mapping[str, Colleague]]
    is_organisation: Callable[[str], bool]
    problem: Callable[[Exception], Mapping[str, object]]
    let_read: Callable[[], None]
    is_demo: bool = False
    contact: str = ""
    duty: str = ""
