"""What HTTP stands on: everything concrete comes in here."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Connection

from hub.casework import Casework
from hub.domain.callers import Caller
from hub.domain.signals import NamedPerson
from hub.intake import Intake
from hub.ports import View


class Told(Protocol):
    """A notice as followers get it; `position` is its id on the feed."""

    @property
    def position(self) -> int: ...

    @property
    def notice(self) -> Mapping[str, Any]: ...


class Feed(Protocol):
    """The notices that people follow live, in the order of their positions."""

    def last_position(self) -> int:
        """That of the newest notice, or 0."""
        ...

    def follow(self, position: int, *, quiet: float) -> AsyncIterator[Sequence[Told]]:
        """What came after a position and whatever comes; something empty after so many seconds of silence."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """The least that may be said of a family that was searched for: that somebody is involved, and whom to contact."""

    family: UUID
    contact: str


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that the routes stand on.

    `connect` opens the database of the `views`; `caller_of` reads a bearer token; `sign` is that of the hub's receipts
    (a compact JWS); `history` takes a family, and until when it was recorded and was so (`None`: now).
    """

    intake: Intake
    casework: Casework
    history: Callable[[UUID, datetime | None, datetime | None], Mapping[str, Any]]
    search: Callable[[NamedPerson], Sequence[Found]]
    views: Sequence[View]
    connect: Callable[[], AbstractContextManager[Connection]]
    feed: Feed
    caller_of: Callable[[str], Caller]
    sign: Callable[[bytes, datetime], str]
    jwks: Callable[[], Mapping[str, Any]]
