"""The sockets: what plugs into the hub, and what the hub plugs into."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from threading import Event
from typing import Any, Literal, Protocol
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from sqlalchemy import Connection, MetaData, Select

from hub.domain.policy import Act
from hub.domain.signals import Signal
from hub.domain.traces import Trace


class Clock(Protocol):
    """Where time comes from: always UTC, always asked for, never read from the machine by the domain."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SetClock:
    """A clock that stands still until somebody moves it: for tests and the demo."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def now(self) -> datetime:
        return self._moment

    def set(self, moment: datetime) -> None:
        self._moment = moment


# The way in ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ending:
    """That a version of a contract ends: from which day its senders are told, its last day, and the type to send instead."""

    told_from: date
    last_day: date
    instead: str = ""


@dataclass(frozen=True, slots=True)
class MessageType:
    """One kind of message of a partner: its contract, and how it becomes signals.

    `type` is the CloudEvents type; `media` the content type of its data.
    `purpose` and `legal_basis` are codes of the registers in `contracts/`.
    `read` turns the data's bytes into signals.

    `read` raises `Unreadable` with every reason at once, naming places, never people.
    """

    type: str
    media: str
    title: str
    purpose: str
    legal_basis: str
    read: Callable[[bytes, str], tuple[Signal, ...]]
    """(data as received, OIN of the signer) → signals; the OIN is for standards that repeat the sender inside."""
    ending: Ending | None = None

    @property
    def folder(self) -> str:
        """The folder of its contract: the last word of its type before the version, and a version after the first."""
        *_, word, version = self.type.split(".")
        return word if version == "v1" else f"{word}-{version}"


@dataclass(frozen=True, slots=True)
class Partner:
    """A kind of partner: what it may send, in which standard. Which organisations are active is data."""

    name: str
    title: str
    messages: tuple[MessageType, ...]
    tell: "tuple[TellingType, ...]" = ()
    """What it is told in a standard of its own, beside the hub's words."""
    english: str = ""
    """The title in English, where nothing else has words for it."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What one receiver is told, for a writer of its standard: `words` are those that it may know, and no others.

    `sender` and `receiver` are OINs; `id` and `at` are those of the notice as this receiver gets it.
    """

    id: UUID
    at: datetime
    sender: str
    receiver: str
    words: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TellingType:
    """How a kind of partner reads notices of one type in its own standard.

    `write` gives the message's bytes, always the same for the same letter, or `None` where the standard has no words for it.
    """

    type: str
    standard: str
    media: str
    write: Callable[[Letter], bytes | None]


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signed, by which key; `signed_at` is the signer's own time.

    `partner` is the name of the organisation's registration, `kind` that of the adapter that reads its messages.
    `covered` names the headers (in lower case) that the signature stands for beside the body; `may_send` the
    message types that the registration allows. `typed_by` is who of the organisation typed it into the hub's own form, where
    somebody did: then the key is the hub's.
    """

    partner: str
    oin: str
    kid: str
    algorithm: str
    signed_at: datetime
    kind: str = ""
    covered: frozenset[str] = frozenset()
    may_send: frozenset[str] = frozenset()
    typed_by: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event out of what was posted (CloudEvents 1.0).

    `data` is the partner's own message, `raw` the event's exact bytes, `oin` that of `source`; `is_binary` where the
    attributes came as headers, so that the body's signature alone does not cover them.
    `corrects` and `withdraws` are the id of an earlier event of the same source that this one is about, or empty.
    """

    id: str
    source: str
    type: str
    time: datetime
    media: str
    data: bytes
    raw: bytes
    oin: str
    is_binary: bool = False
    corrects: str = ""
    withdraws: str = ""


class Signatures(Protocol):
    """Knows partners' keys; knows nothing of content."""

    def verify(self, body: bytes, headers: Mapping[str, Sequence[str]], now: datetime) -> Signer:
        """The signer of these bytes and, where they were signed too, of these headers (names in lower case).

        Raises:
            SignatureRefused: with the code of the reason.
        """
        ...

    def verify_headers(self, headers: Mapping[str, Sequence[str]], now: datetime) -> Signer:
        """The same as far as headers can tell, so that nobody makes us read a large body that has no signer.

        Raises:
            SignatureRefused: with the code of the reason.
        """
        ...


@dataclass(frozen=True, slots=True, repr=False)
class Shown:
    """What somebody showed with a request to say who they are; never told to anybody, so it has no words of its own.

    `address` is the path; `authorization` and `dpop` are every header of that name; `certificate` is that of the client as
    a trusted proxy passed it on; `cookies` by name, `csrf` the token of a session, `origin` and `site` what a browser says
    of the page that asks (Origin, Sec-Fetch-Site); each empty where it was not shown exactly once.
    """

    method: str
    address: str
    authorization: tuple[str, ...] = ()
    dpop: tuple[str, ...] = ()
    certificate: str = ""
    cookies: Mapping[str, str] = field(default_factory=dict)
    csrf: str = ""
    origin: str = ""
    site: str = ""
    was_let_in: bool = False
    """That who showed this was let in with it before, and goes on: its proof counted then."""


# Keeping -----------------------------------------------------------------------------------------


class LogTransaction(Protocol):
    """The event log while this process alone may write to it: positions are gapless and in order."""

    @property
    def connection(self) -> Connection: ...

    @property
    def last_position(self) -> int:
        """The position of the last event, with what was appended in this transaction."""
        ...

    def stream(self, stream_id: UUID, after_version: int = 0) -> list[StoredEvent]: ...

    def streams(self, ids: Collection[UUID]) -> Mapping[UUID, list[StoredEvent]]:
        """The events of those of these streams that there are, in one go."""
        ...

    def changed_since(self, position: int) -> set[UUID]:
        """The streams that anybody appended to after that position."""
        ...

    def position_of(self, stream_id: UUID, version: int) -> int:
        """Where an event stands in the log."""
        ...

    def version_of(self, stream_id: UUID) -> int:
        """The version of a stream's last event, or 0."""
        ...

    def append(self, events: Sequence[StoredEvent]) -> list[int]:
        """Positions, in the order given. A version that is taken raises eventsourcing's `IntegrityError`."""
        ...


class Log(Protocol):
    """The event log: one order for all that happened."""

    def transaction(self) -> AbstractContextManager[LogTransaction]:
        """Locks the log, commits durably when the block ends, rolls back when it raises."""
        ...

    def snapshot(self) -> AbstractContextManager[LogTransaction]:
        """The log as it is committed now, for looking only."""
        ...

    def read(self, after: int, limit: int) -> Sequence[tuple[int, StoredEvent]]:
        """What is committed after a position, in order."""
        ...

    def last_position(self) -> int: ...

    def waking(self, listener: Event, topics: frozenset[str] | None = None) -> AbstractContextManager[None]:
        """Sets the event after every commit with an event of these topics (`None` is all), while the block lasts."""
        ...


class Keys(Protocol):
    """The keys of those whom the hub keeps data of: made and destroyed in the transaction that needs it."""

    def during(self, connection: Connection) -> AbstractContextManager[bool]:
        """Makes keys on this transaction while the block lasts, and forgets them when it ends, committed or not.

        Gives whether any key was destroyed since the last time: what was read with it before must be forgotten.
        """
        ...

    def look_ahead(self, subjects: Collection[UUID]) -> None:
        """Looks in one go which of these have a key, within `during`: so that it need not be asked for each."""
        ...

    def destroy(self, subjects: Iterable[UUID], connection: Connection) -> None:
        """Makes all that was sealed for these unreadable for ever, on the transaction of the caller."""
        ...


# The way out --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fact:
    """A recorded event as followers see it: the event object, where it stands, and whose it is."""

    position: int
    stream_id: UUID
    event: Any


LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to a read model: one key, or a page of a list after a cursor, narrowed by filters.

    `only` selects the families that the caller may see in a list; `None` is all of them. `organisation` is the one whose own the
    caller may see, where it is but one's. `who` asks, and when is `at`: for what is somebody's own, or over.
    """

    key: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    after: str = ""
    limit: int = 100
    only: Select[tuple[str]] | None = None
    organisation: str = ""
    who: str = ""
    at: datetime = LONG_AGO


@dataclass(frozen=True, slots=True)
class View:
    """How a read model is asked over HTTP: its route appears by itself.

    `path` follows /v1 (``families/{id}`` or ``radar``); `ask` gives plain data with camelCase keys, or `None`
    where there is nothing by that key; a list is ``{"items": […], "next": cursor or ""}``.
    `answer` is the JSON Schema of what it gives, `act` what the policy calls asking it, and `about` whose it is: one family
    by its id in the path (`family`), something that names its family (`its-family`), a list that is narrowed to the
    families `asked.only` (`families`) or to `asked.organisation` (`organisations`), or nobody's (`nobody`). `says` is what a
    filter is, where it is not a value of that name.
    """

    path: str
    title: str
    ask: Callable[[Connection, Asked], Mapping[str, Any] | None]
    answer: Mapping[str, Any]
    act: Act
    about: Literal["family", "its-family", "families", "organisations", "nobody"]
    filters: tuple[str, ...] = ()
    says: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Projection:
    """A read model: private tables, and how facts change them.

    `apply` gets facts in order, many at a time, on the connection whose transaction also moves the position; `topics` are
    those of the events it changes with, `None` is all. An index that is asked before facts are recorded has `look_ahead`: it
    finds at once what those who share a commit will ask it by these keys, and gives the ids of the streams that are there.
    """

    name: str
    title: str
    tables: MetaData
    apply: Callable[[Sequence[Fact], Connection], None]
    views: tuple[View, ...] = ()
    topics: frozenset[str] | None = None
    look_ahead: Callable[[Collection[str], Connection], Iterable[UUID]] = lambda _keys, _on: ()


@dataclass(frozen=True, slots=True)
class Notice:
    """What partners are told: a fact of the published language, addressed to kinds of partners.

    `to` is the name of the one organisation that it is for, where it is for one: then no other of any kind hears it.
    `data` holds nothing that the receiver may not see; `family` orders delivery; `cause` is what led to it (a signal, a
    decision, a term), which no receiver is told. `says` is the escalation of which it says how high it stands; where it `rectifies`
    what was said of that, it is for whoever was told so, whatever they ask for now, and for nobody else. What people heard
    when it happened is later `for_partners` alone.
    """

    id: UUID
    type: str
    position: int
    recorded_at: datetime
    family: UUID
    tell: tuple[str, ...]
    data: Mapping[str, Any]
    cause: str = ""
    to: str = ""
    says: str = ""
    rectifies: bool = False
    for_partners: bool = False


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was said of an escalation before: the hub's ids of those notices, and which organisations were told one of them, each
    by which of its subscriptions."""

    notices: Sequence[str]
    receivers: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody to be mailed of something: as what (a code), of what (an id), and not before when.

    `contact` is `None` for the operator. `hour` is that of their daily mail, by the Dutch clock; `None` where it is a mail of
    its own.
    """

    contact: UUID | None
    kind: str
    about: str
    at: datetime
    hour: int | None


@dataclass(frozen=True, slots=True)
class Channel:
    """A way out: takes notices in order, on the transaction that also moves its position.

    `accept` only queues or hands over; slow work happens in the channel's own `run`.
    """

    name: str
    accept: Callable[[Sequence[Notice], Connection], None]
    committed: Callable[[], None] = lambda: None
    """Called when what `accept` took is durable: the moment to wake whoever waits for it."""


# Watching -----------------------------------------------------------------------------------------


def _nobody(*_: Any) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Something that a process lacks: a code, whether it hinders its work, and more for whoever looks after it."""

    code: str
    hinders: bool
    more: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a trace that is over: its name, from when until when (ns since 1970), and the steps elsewhere it follows from.

    `failed` is the code of why it did not do what it was for; `said` holds codes and numbers, never anybody's data.
    """

    name: str
    trace: Trace
    began: int
    ended: int
    kind: Literal["internal", "server", "client", "producer", "consumer"] = "internal"
    links: tuple[Trace, ...] = ()
    failed: str = ""
    said: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Watch:
    """Whoever counts what happens; by default nobody does.

    Plain functions that take no time and never raise. What they are told is codes, kinds and numbers, never anybody's data.
    """

    committed: Callable[[int, Sequence[Fact], float], None] = _nobody
    """A commit of so many pieces of work, with what they recorded, took so many seconds."""
    repeated: Callable[[str], None] = _nobody
    """A message came again, that way (`http`, `kafka`)."""
    refused: Callable[[str, str], None] = _nobody
    """A message was refused that came that way, by its code."""
    answered: Callable[[str, int, float], None] = _nobody
    """An answer over HTTP: to `signals` or `other`, with that status, after so many seconds."""
    attempted: Callable[[str, str], None] = _nobody
    """A channel tried to tell somebody, and that came of it (a code)."""
    delivered: Callable[[str, float], None] = _nobody
    """A channel told somebody, so many seconds after it was to."""
    records: Callable[[str, int], None] = _nobody
    """So many records of Kafka went `in` or `out`, or were `refused` or `quarantined`."""
    stepped: Callable[[Step], None] | None = None
    """A step of a trace is over; `None` where nobody collects traces, so that nobody measures for nothing."""


UNWATCHED = Watch()
