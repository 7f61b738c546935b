"""What HTTP stands on: everything concrete comes in here."""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any, Protocol
from uuid import UUID

from sqlalchemy import Connection, Select

from hub.admittance import Admittance
from hub.api.proxies import Proxies
from hub.casework import Casework
from hub.contacting import Contacting
from hub.domain.callers import Caller, Colleague
from hub.domain.instruments import Instruments
from hub.domain.policy import Act
from hub.domain.processing import Activity, Processing, Reading, Sought, Wanted
from hub.domain.signals import NamedPerson
from hub.domain.subscriptions import Sink, Wish
from hub.feedback import Reporters
from hub.history import History
from hub.intake import Intake
from hub.knowledge import Knowledge
from hub.ports import UNWATCHED, Clock, Shown, Signer, View, Watch
from hub.requests import Requests
from hub.retention import Retention
from hub.subscribing import Subscribing
from hub.telling import Tellings


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


class Subscribed(Protocol):
    """A subscription as it stands; `because` is the code of why the hub gave up on its address, if it did."""

    @property
    def key(self) -> str: ...

    @property
    def wish(self) -> Wish: ...

    @property
    def state(self) -> str: ...

    @property
    def because(self) -> str: ...

    @property
    def per_minute(self) -> int: ...

    @property
    def secret(self) -> str: ...


class Delivered(Protocol):
    """A notice as it was told to one receiver, the key of a subscription: the bytes of the event, and its number there.

    `fact` is where the log has what it says.
    """

    @property
    def receiver(self) -> str: ...

    @property
    def position(self) -> int: ...

    @property
    def notice(self) -> str: ...

    @property
    def type(self) -> str: ...

    @property
    def family(self) -> str: ...

    @property
    def fact(self) -> int: ...

    @property
    def event(self) -> bytes: ...


class Mailbag(Protocol):
    """What each receiver was told."""

    def after(self, position: int, receiver: str, limit: int) -> Sequence[Delivered]:
        """What it was told after that number, in order."""
        ...

    def follow(self, position: int, receiver: str, quiet: float) -> AsyncIterator[Sequence[Delivered]]:
        """What it was told after that number, and is from now on; something empty after so many seconds of silence."""
        ...

    def position(self, receiver: str, before: datetime | None = None) -> int:
        """The number of the last thing that it was told (before that moment), or 0."""
        ...

    def whole(self, notice: str, receivers: Collection[str]) -> Delivered | None:
        """A notice that one of these receivers was told, at full length."""
        ...


@dataclass(frozen=True, slots=True)
class Found:
    """The least that may be said of a family that was searched for: that somebody is involved, and whom to contact."""

    family: UUID
    contact: str


class Reporting(Protocol):
    """Makes messages of what people type, which the hub signs; `type` is that of all of them."""

    @property
    def type(self) -> str: ...

    @property
    def contract(self) -> Mapping[str, Any]:
        """The JSON Schema of what is typed."""
        ...

    def sealed(self, data: bytes, key: UUID, reporter: Caller) -> tuple[Mapping[str, Sequence[str]], Signer]:
        """The headers with which this is a message of the reporter's organisation, and who it is of. Raises: NotAllowed."""
        ...


class Limits(Protocol):
    """How much each organisation may ask."""

    def take(self, organisation: str, many: int = 1) -> None:
        """Counts so many, all or none; with 0 it only looks whether there is room. Raises: TooMany, Unavailable."""
        ...


class AuthorizationServer(Protocol):
    """Whoever gives tokens to partners' systems."""

    def answer(self, path: str, form: Mapping[str, str], shown: Shown) -> tuple[int, Mapping[str, Any]]:
        """The status and the JSON that a form posted to that path is answered with. Raises: Unavailable."""
        ...

    def metadata(self) -> Mapping[str, Any]:
        """What clients have to know of it (RFC 8414)."""
        ...


class Strangers(Protocol):
    """How often somebody may fail to show who they are."""

    def failed(self, place: str) -> None:
        """Counts one more. Raises: TooMany."""
        ...


class Processings(Protocol):
    """The data-processing log."""

    def write(self, readings: Sequence[Reading]) -> None:
        """Adds what is about to be answered. Raises: Unavailable, and then it must not be."""
        ...

    def page(self, wanted: Wanted, after: str, limit: int) -> tuple[Sequence[Processing], str]:
        """Lines, the newest first, and the cursor of the next page. Raises: Malformed, Unavailable."""
        ...


class Upkeep(Protocol):
    """What an operator looks after."""

    def organisations(self) -> Sequence[Mapping[str, Any]]:
        """Who takes part."""
        ...

    def deliveries(self, state: str, after: int, limit: int) -> Sequence[Mapping[str, Any]]:
        """What waits in that state, after the one with that id."""
        ...

    def tell_again(self, delivery: int = 0, receiver: str = "") -> int:
        """Tells it once more; how many. Raises: NotKnown."""
        ...

    def followers(self) -> Sequence[Mapping[str, Any]]:
        """Who follows the log, and how far they came."""
        ...


class Persons(Protocol):
    """What is kept of one person."""

    def families(self, person: UUID) -> Sequence[UUID]:
        """The families that somebody is in."""
        ...

    def concerned(self, person: UUID) -> Mapping[str, Sequence[str]]:
        """The person in each of their families."""
        ...

    def file(self, person: UUID) -> Mapping[str, Any]:
        """What is kept of a person, and who saw it. Raises: NotKnown."""
        ...

    def readable(self, told: Mapping[str, Any], language: str) -> str:
        """The same as a page (HTML)."""
        ...

    def certificate(self, person: UUID) -> str:
        """What the hub signed of the erasure of a person. Raises: NotKnown."""
        ...

    def erase_around(self, family: UUID, member: UUID, ground: str, by: str) -> None:
        """Erases somebody who stood around a family. Raises: NotKnown, Unavailable."""
        ...

    def grounds(self) -> Sequence[Mapping[str, Any]]:
        """The closed list of grounds."""
        ...

    def identity(self) -> Sequence[Mapping[str, str]]:
        """The ways in which it is checked who asks."""
        ...


class Made(Protocol):
    """A file of a case, sealed: its bytes from their beginning, how many, their SHA-256, and the thumbprint of the key for it."""

    @property
    def file(self) -> IO[bytes]: ...

    @property
    def size(self) -> int: ...

    @property
    def digest(self) -> str: ...

    @property
    def kid(self) -> str: ...


class Files(Protocol):
    """Files of whole cases, each sealed for one reader."""

    def make(self, family: UUID, key: Mapping[str, Any], language: str, by: str, ground: str) -> Made:
        """That of a case, for whoever has the other half of that public JWK. Raises: Malformed, TooMany, NotKnown, Unavailable."""
        ...


class Note(Protocol):
    """A signed note; its text is how it travels."""


class Signed(Protocol):
    """What was signed of a tree of that size."""

    @property
    def size(self) -> int: ...

    @property
    def signed_at(self) -> datetime: ...

    @property
    def note(self) -> Note: ...


class Evidence(Protocol):
    """A tree over what may not be changed (RFC 6962), and what of it was signed."""

    @property
    def origin(self) -> str: ...

    @property
    def witnesses(self) -> Sequence[object]: ...

    def signing_keys(self) -> Sequence[tuple[str, datetime]]:
        """The keys of the hub that sign it, and since when each does."""
        ...

    def checkpoint(self, size: int = 0) -> Signed:
        """What was signed of that size, or last. Raises: NotKnown."""
        ...

    def covering(self, position: int) -> Signed:
        """The first that was signed with that position in it. Raises: NotKnown."""
        ...

    def inclusion(self, index: int, size: int) -> tuple[bytes, Sequence[bytes]]:
        """A leaf's hash, and the proof that it is there. Raises: NotKnown."""
        ...

    def consistency(self, old: int, size: int) -> Sequence[bytes]:
        """The proof that it only grew. Raises: NotKnown."""
        ...

    def cosign(self, size: int, said: str) -> Sequence[str]:
        """Keeps what witnesses signed. Raises: NotKnown, Malformed."""
        ...


class HowSigned(Protocol):
    """How a tree is signed now: for how long news waits for that (seconds), and how many witnesses lack who should have signed."""

    @property
    def waits(self) -> float: ...

    @property
    def lacks(self) -> int: ...

    @property
    def unsigned(self) -> int: ...

    @property
    def is_late(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Leaving:
    """What leaves the hub by itself: the contracts of `notices` by their types, and of how a `family` stands on Kafka.

    `lean` are the fields of a notice that is sent lean, `topics` how the topics are set that others read, by what they are.
    """

    notices: Mapping[str, Mapping[str, Any]]
    family: Mapping[str, Any]
    lean: Sequence[str]
    topics: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that the routes stand on.

    `connect` opens the database of the `views`; `caller_of` says who shows this, `refuse_other` refuses what is not
    of the signer of a message; `sign` is that of the hub's receipts
    (a compact JWS); `history` takes a family, and until when it was recorded and was so (`None`: now); `knowledge` a family, a
    moment, and whose it is (empty: everybody's).
    `families_of` selects the families that a caller may see in a list, `members` gives the people of families.
    `disclose` leaves of an answer with this schema what a caller may see for a purpose (empty: their own), `disclose_notice` of
    a notice, if anything.
    `instruments` is what families are measured with.
    `activity` is what an operation does, by its name, on a day; `sought` who is meant by a search.
    `subscriptions` are those of an organisation, `sinks` where this hub can tell one anything, `topic` names that of one of
    them, and `leaving` is what can be said of all that leaves.
    `contacting` is how people who work here want to hear of things, `calendar` gives that behind a link, `colleagues` are they by
    login name, and `base_url` is
    where the hub is reached.
    `evidence` are the trees over what may not be changed, by their names; `how_signed` says of each how well it is signed now.
    `authorization` gives tokens to partners' systems, unless they get them elsewhere; `watch` is told what happened.
    """

    clock: Clock
    admittance: Admittance

    intake: Intake
    casework: Casework
    reporters: Reporters
    reports: Reporting
    history: History
    knowledge: Knowledge
    search: Callable[[NamedPerson], Sequence[Found]]
    views: Sequence[View]
    connect: Callable[[], AbstractContextManager[Connection]]
    feed: Feed
    caller_of: Callable[[Shown], Caller]
    families_of: Callable[[Caller, Act], Select[tuple[str]]]
    members: Callable[[Iterable[str]], Mapping[str, Sequence[str]]]
    disclose: Callable[[Any, Mapping[str, Any], Caller, str], Any]
    disclose_notice: Callable[[Mapping[str, Any], Caller], Mapping[str, Any] | None]
    authorization: AuthorizationServer | None
    proxies: Proxies
    refuse_other: Callable[[Shown, Signer], None]
    sign: Callable[[bytes, datetime], str]
    jwks: Callable[[], Mapping[str, Any]]
    subscribing: Subscribing
    tellings: Tellings
    subscriptions: Callable[[str], Sequence[Subscribed]]
    sinks: Collection[Sink]
    topic: Callable[[str, str], str]
    mailbag: Mailbag
    contacting: Contacting
    calendar: Callable[[str], bytes]
    colleagues: Callable[[], Mapping[str, Colleague]]
    base_url: str
    leaving: Leaving
    limits: Limits
    strangers: Strangers
    processings: Processings
    upkeep: Upkeep
    requests: Requests
    persons: Persons
    instruments: Instruments
    files: Files
    retention: Retention
    evidence: Mapping[str, Evidence]
    how_signed: Callable[[], Mapping[str, HowSigned]]
    activity: Callable[[str, date], Activity]
    sought: Callable[[NamedPerson], Sought]
    watch: Watch = UNWATCHED
