"""The register of trajectories: the only module that writes events.

Many callers share one commit. Each brings a piece of work: a function that loads streams, lets them decide, and
returns. All pieces that wait are done one after another under the log's lock and committed together, so that
nobody decides on a state that is not the last, and one write to disk serves them all.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from time import perf_counter
from traceback import extract_tb
from typing import Any, Generic, TypeVar
from uuid import UUID

import structlog
from eventsourcing.persistence import IntegrityError, Mapper, StoredEvent
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from hub.domain.streams import Stream
from hub.errors import Fault, HubError, NotKnown, OutOfReach, Unavailable
from hub.ports import UNWATCHED, Clock, Fact, Keys, Log, LogTransaction, Projection, Watch

_told = structlog.get_logger("hub.register")

T = TypeVar("T")
S = TypeVar("S", bound=Stream)

MOST_AT_ONCE = 256
"""Pieces of work in one commit: enough to make the disk's share of each small, few enough to keep the wait short."""
REMEMBERED = 20_000
"""Streams kept in memory between commits."""
TRIES = 5


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """A piece of work that is committed: what it gave, and the facts it recorded, with their positions."""

    value: T
    facts: tuple[Fact, ...]


class Unit:
    """What one piece of work sees: the streams as they are now, and one moment for all that it records."""

    def __init__(
        self,
        at: datetime,
        transaction: LogTransaction,
        load: Callable[[UUID], Stream | None],
        save: Callable[[Sequence[Stream]], Sequence[Fact]],
    ) -> None:
        self.at = at
        self.connection: Connection = transaction.connection
        self.facts: list[Fact] = []
        self._transaction, self._load, self._save = transaction, load, save
        self._seen: dict[UUID, Stream] = {}

    def find(self, kind: type[S], id: UUID) -> S | None:
        """The stream of that kind, or nothing where there is none (or one of another kind)."""
        stream = self._seen.get(id) or self._load(id)
        if not isinstance(stream, kind):
            return None
        self._seen[id] = stream
        return stream

    def get(self, kind: type[S], id: UUID) -> S:
        """Raises: NotKnown."""
        found = self.find(kind, id)
        if found is None:
            raise NotKnown("There is nothing by that id.")
        return found

    def add(self, stream: S) -> S:
        """A stream that this piece of work opened."""
        self._seen[stream.id] = stream
        return stream

    def keep(self) -> None:
        """Writes what was recorded so far, so that the indexes know it; the commit comes when the work is done."""
        self.facts.extend(self._save(self.streams))

    def position_of(self, stream: Stream, version: int = 1) -> int:
        """Where an event of a stream stands in the log."""
        kept = (fact.position for fact in self.facts if fact.stream_id == stream.id and fact.event.originator_version == version)
        return next(kept, 0) or self._transaction.position_of(stream.id, version)

    def version_of(self, id: UUID) -> int:
        """The version of a stream as it is kept, or 0 where there is none."""
        return self._transaction.version_of(id)

    @property
    def streams(self) -> Sequence[Stream]:
        return list(self._seen.values())


@dataclass(slots=True)
class _Piece:
    work: Callable[[Unit], Any]
    future: "Future[Done[Any]]"
    ahead: Collection[UUID | str] = ()
    done: Done[Any] | None = None
    error: HubError | None = None


class Register:
    """Streams in, events out: one writer, many callers, one commit for all who wait."""

    def __init__(
        self,
        log: Log,
        mapper: Mapper[UUID],
        indexes: Sequence[Projection],
        clock: Clock,
        keys: Keys | None = None,
        watch: Watch = UNWATCHED,
    ) -> None:
        self._log, self._mapper, self._indexes, self._clock, self._keys = log, mapper, indexes, clock, keys
        self._watch = watch
        self._waiting: SimpleQueue[_Piece | None] = SimpleQueue()
        self._remembered: OrderedDict[UUID, Stream] = OrderedDict()
        self._absent: set[UUID] = set()
        self._position = 0
        self._starting = Lock()
        self._writer: Thread | None = None
        self._is_closed = False

    def submit(self, work: Callable[[Unit], T], ahead: Collection[UUID | str] = ()) -> "Future[Done[T]]":
        """Queues a piece of work; the future is done when it is committed, or holds why it was not.

        The work may be called again when a commit fails, so it must do nothing but decide. `ahead` are ids that it may ask
        for, and keys of the indexes: those of all who share a commit are looked for at once, which spares each of them the way
        to the database.
        """
        future: Future[Done[T]] = Future()
        with self._starting:
            if self._is_closed:
                raise Unavailable("The hub is stopping.")
            if self._writer is None:
                self._writer = Thread(target=self._write, name="register", daemon=True)
                self._writer.start()
            self._waiting.put(_Piece(work, future, ahead))
        return future

    def do(self, work: Callable[[Unit], T]) -> Done[T]:
        """Does a piece of work and waits for its commit."""
        return self.submit(work).result()

    def read(self, work: Callable[[Unit], T]) -> T:
        """Looks at streams as they are, outside the queue and without keeping anything."""
        with self._log.snapshot() as transaction:
            return work(Unit(self._clock.now(), transaction, lambda id: self._replayed(id, transaction), lambda _: ()))

    def close(self) -> None:
        """Finishes what waits, then stops."""
        with self._starting:
            self._is_closed = True
            writer = self._writer
        self._waiting.put(None)
        if writer is not None:
            writer.join()

    def _write(self) -> None:
        while (first := self._waiting.get()) is not None:
            waiting = [first, *self._others()]
            wanted = [piece for piece in waiting if piece is not None and piece.future.set_running_or_notify_cancel()]
            if wanted:
                self._commit(wanted)
            if None in waiting:
                return

    def _others(self) -> Iterator[_Piece | None]:
        with suppress(Empty):
            for _ in range(MOST_AT_ONCE - 1):
                yield self._waiting.get_nowait()

    def _commit(self, pieces: list[_Piece], tries: int = TRIES) -> None:
        has_begun, since = False, perf_counter()
        try:
            with self._log.transaction() as transaction:
                has_begun = True
                self._forget_what_others_changed(transaction)
                with self._sealing(transaction):
                    self._look_ahead(pieces, transaction)
                    for piece in pieces:
                        self._try(piece, transaction)
                position = transaction.last_position
        except IntegrityError as error:
            self._remembered.clear()
            if tries:
                self._commit(pieces, tries - 1)
            else:
                self._one_by_one(pieces, error)
        except OutOfReach as error:  # nobody's own fault: all of them once more, or none
            self._remembered.clear()
            if has_begun and tries:
                self._commit(pieces, 0)
            else:
                _refuse(pieces, error)
        except Exception as error:
            self._remembered.clear()
            if has_begun and not _is_unknown(error):
                self._one_by_one(pieces, error)
            else:  # each would wait as long again
                _refuse(pieces, error)
        else:
            self._position, took = position, perf_counter() - since
            self._watch.committed(len(pieces), [fact for piece in pieces if piece.done for fact in piece.done.facts], took)
            for piece in pieces:
                _answer(piece)

    @contextmanager
    def _sealing(self, transaction: LogTransaction) -> Iterator[None]:
        """What is written is sealed with keys that are committed or rolled back with it."""
        with self._keys.during(transaction.connection) if self._keys else nullcontext(False) as is_changed:
            if is_changed:
                self._remembered.clear()
            yield

    def _one_by_one(self, pieces: list[_Piece], error: Exception) -> None:
        if len(pieces) > 1:
            for piece in pieces:
                self._commit([piece])
        elif isinstance(error, IntegrityError | SQLAlchemyError | OSError):
            _refuse(pieces, error)
        elif isinstance(error, HubError):  # a refusal that had to be rolled back
            pieces[0].future.set_exception(error)
        else:
            pieces[0].future.set_exception(_fault(error))

    def _try(self, piece: _Piece, transaction: LogTransaction) -> None:
        piece.done, piece.error = None, None
        before = transaction.last_position
        unit = Unit(
            self._clock.now(),
            transaction,
            lambda id: self._loaded(id, transaction),
            lambda streams: self._save(streams, transaction),
        )
        try:
            value = piece.work(unit)
            unit.keep()
        except OutOfReach:
            raise  # what was done before it in this transaction is gone too
        except HubError as error:
            self._forget(unit)
            if transaction.last_position != before:
                raise  # a part of it is written already: only a rollback takes that back
            piece.error = error
        else:
            piece.done = Done(value, tuple(unit.facts))

    def _save(self, streams: Sequence[Stream], transaction: LogTransaction) -> Sequence[Fact]:
        events = [event for stream in streams for event in stream.collect_events()]
        if not events:
            return ()
        positions = transaction.append([self._mapper.to_stored_event(event) for event in events])
        facts = [Fact(position, event.originator_id, event) for position, event in zip(positions, events, strict=True)]
        for index in self._indexes:
            index.apply(facts, transaction.connection)
        for stream in streams:
            self._remember(stream)
        return facts

    def _look_ahead(self, pieces: Sequence[_Piece], transaction: LogTransaction) -> None:
        asked = {each for piece in pieces for each in piece.ahead}
        keys, ids = {each for each in asked if isinstance(each, str)}, {each for each in asked if isinstance(each, UUID)}
        for index in self._indexes:
            ids.update(index.look_ahead(keys, transaction.connection))
        ids = {id for id in ids if id not in self._remembered}
        if self._keys:
            self._keys.look_ahead(ids)
        found = transaction.streams(ids)
        self._absent = ids - found.keys()
        for events in found.values():
            if (stream := self._mutated(events)) is not None:
                self._remember(stream)

    def _loaded(self, id: UUID, transaction: LogTransaction) -> Stream | None:
        known = self._remembered.get(id)
        if known is not None:
            self._remembered.move_to_end(id)
            return known
        return None if id in self._absent else self._replayed(id, transaction)

    def _replayed(self, id: UUID, transaction: LogTransaction) -> Stream | None:
        return self._mutated(transaction.stream(id))

    def _mutated(self, events: Sequence[StoredEvent]) -> Stream | None:
        stream: Any = None
        for stored in events:
            stream = self._mapper.to_domain_event(stored).mutate(stream)  # type: ignore[attr-defined]
        return stream  # type: ignore[no-any-return]

    def _remember(self, stream: Stream) -> None:
        self._remembered[stream.id] = stream
        self._absent.discard(stream.id)
        self._remembered.move_to_end(stream.id)
        if len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)

    def _forget(self, unit: Unit) -> None:
        for stream in unit.streams:
            self._remembered.pop(stream.id, None)

    def _forget_what_others_changed(self, transaction: LogTransaction) -> None:
        if self._remembered and transaction.last_position != self._position:
            for id in transaction.changed_since(self._position):
                self._remembered.pop(id, None)


def _is_unknown(error: Exception) -> bool:
    """Whether nobody can tell what became of a commit; whoever sends it again loses nothing."""
    return isinstance(error, Unavailable) and error.code == "not-known-whether-kept"


def _refuse(pieces: Sequence[_Piece], error: Exception) -> None:
    _told.error("nothing-kept", because=type(error).__name__, pieces=len(pieces), is_known=not _is_unknown(error))
    # only our own words are told: those of a driver may quote somebody's data
    words = error.detail if isinstance(error, Unavailable) else "The hub could not keep this; nothing was recorded."
    for piece in pieces:
        refusal = Unavailable(words, code=error.code if _is_unknown(error) and isinstance(error, Unavailable) else None)
        refusal.__cause__ = error
        piece.future.set_exception(refusal)


def _fault(error: Exception) -> Fault:
    # the words of an error may quote somebody's data: only its kind and its place are told
    places = [f"{frame.name}:{frame.lineno}" for frame in extract_tb(error.__traceback__)[-3:]]
    _told.error("fault", because=type(error).__name__, places=places)
    fault = Fault("Something in the hub is broken; nothing was recorded.")
    fault.__cause__ = error
    return fault


def _answer(piece: _Piece) -> None:
    if piece.error is not None:
        piece.future.set_exception(piece.error)
    elif piece.done is not None:
        piece.future.set_result(piece.done)
