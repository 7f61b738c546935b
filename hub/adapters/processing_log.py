"""The data-processing log: who did what with whose data, in a database of its own; lines are added, never changed."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from threading import Lock
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Engine, ForeignKey, Index, Integer, MetaData, Table, Text

from hub.adapters.database import PATIENCE, is_postgresql, locked, promised, quickly, quickly_each, reading
from hub.domain.callers import Caller, Capacity
from hub.domain.processing import Concerned, Handling, Outcome, Processing, Reading, SubjectKind, Wanted
from hub.domain.traces import Trace
from hub.errors import Malformed, Unavailable, Violation

TABLES = MetaData()
_LONG = BigInteger().with_variant(Integer, "sqlite")

READINGS = Table(
    "readings",
    TABLES,
    Column("place", _LONG, primary_key=True, autoincrement=False),
    Column("trace_id", Text, nullable=False),
    Column("span_id", Text, nullable=False),
    Column("parent_span_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("start_time", _LONG, nullable=False),
    Column("end_time", _LONG, nullable=False),
    Column("activity", Text, nullable=False),
    Column("handling", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("object_kind", Text, nullable=False),
    Column("object_reference", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("ground", Text, nullable=False),
    Column("processor", Text, nullable=False),
    Column("system", Text, nullable=False),
    Index("readings_who", "who", "place"),
    Index("readings_start", "start_time"),
)
LINES = Table(
    "lines",
    TABLES,
    Column("place", ForeignKey("readings.place"), primary_key=True),
    Column("nth", Integer, primary_key=True),
    Column("span_id", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("family", Text, nullable=False),
    Index("lines_subject", "subject", "place"),
    Index("lines_family", "family", "place"),
    sqlite_with_rowid=False,
)

_LAST = "SELECT coalesce(max(place), 0) FROM readings"
_READING = f"INSERT INTO readings VALUES ({', '.join('?' * len(READINGS.c))})"  # noqa: S608
_LINE = f"INSERT INTO lines VALUES ({', '.join('?' * len(LINES.c))})"  # noqa: S608
_ROWS = "SELECT * FROM readings WHERE place > ? ORDER BY place LIMIT ?"
_THEIR_LINES = "SELECT * FROM lines WHERE place > ? AND place <= ? ORDER BY place, nth"
_ABOUT = (
    "SELECT DISTINCT l.place FROM lines l JOIN readings r ON r.place = l.place "
    "WHERE l.family = ? AND r.start_time <= ? ORDER BY l.place"
)
_PAGE = (
    "SELECT r.*, l.nth, l.span_id, l.subject, l.kind, l.family FROM {0} {1} ON r.place = l.place "
    "WHERE {2} ORDER BY {3}.place DESC, l.nth LIMIT ?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

Values = tuple[object, ...]


class _Piece:
    """The readings of one caller, and what became of them."""

    __slots__ = ("error", "is_settled", "readings")

    def __init__(self, readings: Sequence[Reading]) -> None:
        self.readings = readings
        self.is_settled = False
        self.error: Exception | None = Unavailable("nobody wrote it")


class ProcessingLog:
    """Lines about people under pseudonyms that only this log uses.

    `pseudonym` hides a stream id or blind key; `system` is what the lines say was the source. Threads may share it:
    whoever comes while another writes is written with all who wait, in one commit.
    """

    def __init__(self, engine: Engine, pseudonym: Callable[[str], str], system: str) -> None:
        self._engine, self._pseudonym, self._system = engine, pseudonym, system
        self._waiting: deque[_Piece] = deque()
        self._writing = Lock()

    def write(self, readings: Sequence[Reading]) -> None:
        """Adds a line for each reading and one for each person that it concerns; durable when this returns.

        Where it cannot be known whether they were kept, they count as not kept: a line too many is better than one too few.

        Raises:
            Unavailable: nothing was kept; what was read must not be answered.
        """
        piece = _Piece(readings)
        self._waiting.append(piece)
        with self._alone():
            if not piece.is_settled:
                self._settle([self._waiting.popleft() for _ in range(len(self._waiting))])
        if piece.error is not None:
            raise Unavailable("what is read cannot be logged, so it is not answered") from piece.error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._writing.acquire(timeout=PATIENCE):
            raise Unavailable("what is read cannot be logged: busy too long")
        try:
            yield
        finally:
            self._writing.release()

    def _settle(self, pieces: Sequence[_Piece]) -> None:
        error = self._try(pieces)
        if error is not None and len(pieces) > 1 and not isinstance(error, Unavailable):
            # what one brought cannot be written: the others do not suffer for it
            for piece in pieces:
                self._settle([piece])
            return
        for piece in pieces:
            piece.error, piece.is_settled = error, True

    def _try(self, pieces: Sequence[_Piece]) -> Exception | None:
        try:
            with promised("what is read cannot be logged"), locked(self._engine) as connection:
                place = int(quickly(connection, _LAST)[0][0])
                self._add([reading for piece in pieces for reading in piece.readings], place + 1, connection)
        except Exception as error:
            return error
        return None

    def _add(self, readings: Sequence[Reading], first: int, connection: Connection) -> None:
        rows = [(place, *self._row(reading)) for place, reading in enumerate(readings, first)]
        quickly_each(connection, _READING, rows)
        quickly_each(connection, _LINE, [line for place, each in enumerate(readings, first) for line in self._lines(place, each)])

    def _row(self, said: Reading) -> Values:
        trace, who = said.trace, said.who
        times = (_milliseconds(said.start), _milliseconds(said.end))
        step = (trace.trace_id, trace.span_id, trace.parent_span_id, said.outcome.status.value, said.name, *times)
        doer = (who.subject, who.role.value, who.organisation)
        why = (said.object_kind, said.object_reference, said.purpose, said.ground, said.processor, self._system)
        return *step, said.activity, said.handling.value, said.outcome.value, *doer, *why

    def _lines(self, place: int, said: Reading) -> Iterator[Values]:
        """The step itself, about nobody, and the step under it for each person (Logboek Dataverwerkingen 1.0)."""
        yield place, 0, said.trace.span_id, "", SubjectKind.NOBODY.value, ""
        spans = token_hex(8 * len(said.concerned))
        for nth, one in enumerate(said.concerned):
            subject = self._pseudonym(one.subject) if one.subject else ""
            yield place, nth + 1, spans[16 * nth : 16 * nth + 16], subject, one.kind.value, one.family

    def page(self, wanted: Wanted, after: str, limit: int) -> tuple[list[Processing], str]:
        """Lines, the newest first, and the cursor of the next page, empty where there is none.

        Raises:
            Malformed: the cursor is not one that was given out.
            Unavailable: the log cannot be read.
        """
        query, values = self._query(wanted, after)
        with promised("the log of what was read cannot be read"), self._engine.connect() as connection:
            connection.begin()
            rows = quickly(connection, query, *values, limit + 1)
        more = len(rows) > limit > 0
        return [_processing(row) for row in rows[:limit]], _cursor(rows[limit - 1]) if more else ""

    def last(self) -> int:
        """How many readings there are.

        Raises:
            Unavailable: the log cannot be read.
        """
        with promised("the log of what was read cannot be read"), reading(self._engine) as connection:
            return int(quickly(connection, _LAST)[0][0])

    def leaves(self, after: int, limit: int) -> list[bytes]:
        """What the log is made of after a place, in order, at most so many: each reading with its lines, as it stands here.

        Raises:
            Unavailable: the log cannot be read.
        """
        with promised("the log of what was read cannot be read"), reading(self._engine) as connection:
            rows = quickly(connection, _ROWS, after, limit)
            lines: dict[int, list[Values]] = {}
            for place, *line in quickly(connection, _THEIR_LINES, after, rows[-1][0]) if rows else []:
                lines.setdefault(place, []).append(tuple(line))
        return [msgspec.json.encode([*row, lines.get(row[0], [])]) for row in rows]

    def about(self, family: str, until: datetime) -> list[int]:
        """The places of what was read of a family until a moment, in order. Raises: Unavailable."""
        with promised("the log of what was read cannot be read"), reading(self._engine) as connection:
            return [place for (place,) in quickly(connection, _ABOUT, family, _milliseconds(until))]

    def _query(self, wanted: Wanted, after: str) -> tuple[str, list[object]]:
        is_about = wanted.subjects is not None or bool(wanted.family)
        where: list[tuple[str, Sequence[object]]] = [("1 = 1", ())]
        if after:
            place, nth = _place(after)
            by = "l" if is_about else "r"
            where += [(f"{by}.place <= ?", (place,)), ("(l.place < ? OR l.nth > ?)", (place, nth))]
        if wanted.subjects is not None:
            subjects = [self._pseudonym(each) for each in sorted(wanted.subjects)]
            # of nobody there is nothing: NULL equals nothing, and an empty list is no SQL
            where.append((f"l.subject IN ({', '.join('?' * len(subjects)) or 'NULL'})", subjects))
        where += [(f"{column} = ?", (text,)) for column, text in _texts(wanted) if text]
        where += [("r.start_time >= ?", (_milliseconds(wanted.since),))] if wanted.since else []
        where += [("r.start_time < ?", (_milliseconds(wanted.until),))] if wanted.until else []
        # the side with the better index goes first: CROSS is how SQLite is told, PostgreSQL finds out
        join = "JOIN" if is_postgresql(self._engine) else "CROSS JOIN"
        first, second = ("lines l", "readings r") if is_about else ("readings r", "lines l")
        query = _PAGE.format(first, f"{join} {second}", " AND ".join(text for text, _ in where), first[-1])
        return query, [value for _, values in where for value in values]


def _texts(wanted: Wanted) -> tuple[tuple[str, str], ...]:
    return ("l.family", wanted.family), ("r.who", wanted.who), ("r.activity", wanted.activity)


def _processing(row: Sequence[Any]) -> Processing:
    (_, trace_id, span, parent, _, name, start, end, activity, handling, outcome, who, role, organisation, *rest) = row
    (kind, reference, purpose, ground, processor, system, nth, own_span, subject, subject_kind, family) = rest
    trace = Trace(trace_id, span, parent)
    return Processing(
        trace=trace.then(own_span) if nth else trace,
        name=name,
        activity=activity,
        handling=Handling(handling),
        outcome=Outcome(outcome),
        start=_EPOCH + start * _MILLISECOND,
        end=_EPOCH + end * _MILLISECOND,
        who=Caller(Capacity(role), who, organisation),
        object_kind=kind,
        object_reference=reference,
        purpose=purpose,
        ground=ground,
        processor=processor,
        system=system,
        concerned=Concerned(subject, SubjectKind(subject_kind), family),
    )


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND


def _cursor(row: Sequence[Any]) -> str:
    return f"{row[0]}.{row[len(READINGS.c)]}"


def _place(cursor: str) -> tuple[int, int]:
    place, _, nth = cursor.partition(".")
    if not (cursor.isascii() and place.isdecimal() and nth.isdecimal() and len(cursor) < 36):
        raise Malformed("The cursor is not one that was given out here.", [Violation("query/after", "is not a known cursor")])
    return min(int(place), 2**63 - 1), min(int(nth), 2**63 - 1)
