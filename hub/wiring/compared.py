"""What stands beside the log, held against it: indexes, destroyed keys, the feed, and what partners were told or are to be."""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

from eventsourcing.persistence import MapperDeserialisationError, StoredEvent
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from hub import notices, relay
from hub.adapters import event_store
from hub.adapters.channels import feed
from hub.adapters.channels.webhook import queue
from hub.adapters.database import is_postgresql, promised, quickly, reading
from hub.adapters.evidence import notary, trees
from hub.adapters.evidence.examining import Progress, Wrong
from hub.adapters.evidence.notes import Checkpoint, Key, Note
from hub.adapters.indexes import differences
from hub.adapters.retention import accepted_before
from hub.domain.keeping import RetentionRun
from hub.domain.messages import Message, bytes_of
from hub.domain.people import Person
from hub.domain.retention import DELIVERIES
from hub.domain.tellings import Telling, Way, telling_id
from hub.domain.trajectory import Trajectory
from hub.errors import OutOfReach
from hub.ports import Fact
from hub.wiring.hub import INDEXES, READ_MODELS, Hub

AT_ONCE = 500
_GONE = "SELECT subject FROM vault_keys WHERE wrapped IS NULL ORDER BY subject"
_KEY = "SELECT 1 FROM vault_keys WHERE subject = ?"
_ENDED = "keeping-ended"
_GUARDED = {"log": ("events",), "reads": ("readings", "lines"), "evidence": ("checkpoints", "cosignatures")}
_TRIGGERS = (
    "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ? AND instr(name, '_no_') > 0 "
    "AND instr(sql, ' BEGIN SELECT RAISE(ABORT, ') > 0 AND instr(sql, ' WHEN ') = 0"
)
_TRIGGERS_SHARED = (
    "SELECT count(*) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE t.tgrelid = to_regclass(?) "
    "AND t.tgenabled IN ('O', 'A') AND t.tgqual IS NULL AND starts_with(p.prosrc, ' BEGIN RAISE EXCEPTION ')"
)
_OF_NO_LOOK = "SELECT DISTINCT place FROM lines WHERE place NOT IN (SELECT place FROM readings) ORDER BY place"
_P, _D, _R, _W, _F = relay.POSITIONS.c, queue.DELIVERIES.c, queue.RECEIVERS.c, queue.WHOLE.c, feed.FEED.c


def beside_the_log(hub: Hub, progress: Progress) -> Iterator[Wrong]:
    """Everything that does not follow from the log. Raises: Unavailable, where a store cannot be read."""
    looks = {
        "guards": _guards,
        "evidence": _trees,
        "reads": _lines,
        "log: indexes": _indexes,
        "log: vault_keys": _destroyed,
        "positions": _followers,
    }
    for where, look in (looks | {"outbox: receivers": _numbers, "outbox: deliveries": _told, "outbox: feed": _feed}).items():
        with promised("what stands beside the log cannot be read"):
            yield from undeterred(where, look(hub, progress))


def undeterred(where: str, look: Iterator[Wrong]) -> Iterator[Wrong]:
    """What a look finds; where what was changed makes it stumble, that is what it found. Raises: OutOfReach."""
    try:
        yield from look
    except (OutOfReach, SQLAlchemyError):
        raise
    except Exception as error:
        yield Wrong(where, f"tells no story any more ({type(error).__name__})")


def against(hub: Hub, kept: str, name: str) -> Iterator[Wrong]:
    """Whether the hub still has what a checkpoint says that somebody kept elsewhere, in a file of that name."""
    where = f"checkpoint {name}"
    try:
        note = Note.read(kept)
        said = Checkpoint.read(note.text)
    except ValueError:
        yield Wrong(where, "is no checkpoint")
        return
    tree = next((each for each in hub.notaries.values() if each.origin == said.origin), None)
    if tree is None:
        yield Wrong(where, "is that of a tree of another hub")
        return
    if not any(note.by(Key.read(text)) for text, _ in tree.signing_keys()):
        yield Wrong(where, "is signed by no key that this hub has: it is false, or the keys of the hub were changed")
    if said.size > (size := tree.size()):
        yield Wrong(tree.about.name, f"had {said.size} leaves by {where}, and has {size}: it was put back to an earlier state")
    elif tree.root(said.size) != said.root:
        yield Wrong(tree.about.name, f"is not what it was by {where}, when it had {said.size} leaves")


def _guards(hub: Hub, _: Progress) -> Iterator[Wrong]:
    """Whether the databases still refuse to change or delete what is only added: who owns them can take that away."""
    for store, tables in _GUARDED.items():
        with reading(getattr(hub.stored, store)) as connection:
            wanted, asked = (1, _TRIGGERS_SHARED) if is_postgresql(connection) else (2, _TRIGGERS)
            open_ones = [table for table in tables if int(quickly(connection, asked, table)[0][0]) < wanted]
        yield from (Wrong(f"{store}: {table}", "may be changed: what forbids that was taken away") for table in open_ones)


def _trees(hub: Hub, _: Progress) -> Iterator[Wrong]:
    with reading(hub.stored.evidence) as connection:
        for table in (trees.TILES, notary.CHECKPOINTS, notary.COSIGNATURES):
            for name in connection.scalars(select(table.c.tree).distinct()).all():
                if name not in hub.notaries:
                    yield Wrong(f"evidence: {table.name}", "has rows of a tree that there is not")


def _lines(hub: Hub, _: Progress) -> Iterator[Wrong]:
    """Whether every line of who saw whose data is of a look that there was: no leaf is about the others."""
    with reading(hub.stored.reads) as connection:
        for (place,) in quickly(connection, _OF_NO_LOOK):
            yield Wrong(f"reads: lines, place {place}", "is of a look that there was not")


def _indexes(hub: Hub, progress: Progress) -> Iterator[Wrong]:
    for table in differences(hub.stored.log, hub.mapper, INDEXES, progress):
        yield Wrong(f"log: {table}", "is not what the log says")


# Keys that were destroyed ---------------------------------------------------------------------------


def _destroyed(hub: Hub, _: Progress) -> Iterator[Wrong]:
    """Keys that are gone without an event that says on which ground, and those that are there in spite of one."""
    with reading(hub.stored.log) as log:
        # a hub that runs has it in memory, so nothing else would miss it before the next start
        if not quickly(log, _KEY, READ_MODELS.hex):
            yield Wrong(f"log: vault_keys, subject {READ_MODELS.hex}", "is gone, and with it what read models have sealed")
        gone, lawful = {UUID(row[0]) for row in quickly(log, _GONE)}, set(_lawfully(hub, log))
        unlawful = gone - lawful
        if unlawful and event_store.mentioning("", _ENDED, 0, log):
            # what ended with its term took along keys that are not named there, but never of a person without saying so
            unlawful = {subject for subject in unlawful if _is_person(subject, log)}
    yield from (Wrong(f"log: vault_keys, subject {each.hex}", "was destroyed, and no event says why") for each in sorted(unlawful))
    for each in sorted(lawful - gone):
        yield Wrong(f"log: vault_keys, subject {each.hex}", "was destroyed by an event, and is not destroyed")


def _lawfully(hub: Hub, log: Connection) -> Iterator[UUID]:
    for stored in event_store.mentioning("", Person.Erased.TOPIC, 0, log):
        erased: Person.Erased = hub.mapper.to_domain_event(stored)  # type: ignore[assignment]
        yield from (erased.originator_id, *map(UUID, erased.questions))
        for _, message in event_store.placed(list(map(UUID, erased.messages)), log):
            event = _event(hub, message)
            if isinstance(event, Message.Received):
                yield bytes_of(event.kept)
    for stored in event_store.mentioning("", Trajectory.NetworkErased.TOPIC, 0, log):
        yield UUID(hub.mapper.to_domain_event(stored).id)  # type: ignore[attr-defined]


def _is_person(subject: UUID, log: Connection) -> bool:
    return any(stored.topic == Person.Named.TOPIC for _, stored in event_store.placed([subject], log))


# Who follows the log --------------------------------------------------------------------------------


def _followers(hub: Hub, _: Progress) -> Iterator[Wrong]:
    for store in ("views", "outbox"):
        with reading(getattr(hub.stored, store)) as connection:
            places = connection.execute(select(_P.follower, _P.position)).all()
        last = hub.log.last_position()
        ahead = (name for name, position in places if position > last)
        yield from (Wrong(f"{store}: positions, {name}", "is past the end of the log") for name in ahead)


# What partners are told -----------------------------------------------------------------------------


def _numbers(hub: Hub, _: Progress) -> Iterator[Wrong]:
    """Whether something is missing, or too much, of what a receiver was told or is to be.

    Of what was let go with its term nothing has to be there; of what came after that all.
    """
    since = _let_go_before(hub)
    counted = (func.count(_D.id).label("many"), func.min(_D.sequence).label("first"), func.max(_D.sequence).label("last"))
    there = select(_D.receiver, *counted).where(_D.accepted_at >= since).group_by(_D.receiver).subquery()
    name, said = (
        func.coalesce(_R.receiver, there.c.receiver),
        queue.RECEIVERS.join(there, _R.receiver == there.c.receiver, full=True),
    )
    counts = (_R.last_sequence, there.c.many, there.c.first, there.c.last)
    with reading(hub.stored.outbox) as connection:
        rows = connection.execute(select(name, *counts).select_from(said)).all()
    for receiver, last, many, lowest, highest in rows:
        is_whole = many and last == highest == lowest + many - 1 and (since or lowest == 1)
        if not is_whole and not (since and not many):
            yield Wrong(f"outbox: deliveries, receiver {receiver}", f"has {many or 0} of {last or 0}")


def _let_go_before(hub: Hub) -> str:
    """Until when copies of what was told were let go, by the runs that say so; empty where none did."""
    with reading(hub.stored.log) as log:
        events = [
            _event(hub, stored)
            for kind in (RetentionRun.Begun, RetentionRun.Finished)
            for stored in event_store.mentioning("", kind.TOPIC, 0, log)
        ]
    # a run that was broken off may have let go of some, and one that let go of none explains nothing
    none = {event.originator_id for event in events if isinstance(event, RetentionRun.Finished) and not event.ended.get(DELIVERIES)}
    begun = [event for event in events if isinstance(event, RetentionRun.Begun) and event.originator_id not in none]
    days = [date.fromisoformat(event.until[DELIVERIES]) for event in begun if DELIVERIES in event.until]
    return accepted_before(max(days)) if days else ""


def _told(hub: Hub, progress: Progress) -> Iterator[Wrong]:
    """Whether what was told is what the ledger has the digest of, and what says that it was told stands there."""
    full = (_W.receiver == _D.receiver) & (_W.notice == _D.notice)
    each = select(queue.DELIVERIES, _W.event.label("whole"))
    with reading(hub.stored.outbox) as connection, reading(hub.stored.log) as log:
        done, of = 0, connection.execute(select(func.coalesce(func.max(_D.id), 0))).scalar_one()
        while rows := connection.execute(_after(each.outerjoin_from(queue.DELIVERIES, queue.WHOLE, full), done)).all():
            known = _attempts(hub, [telling_id(row.receiver, row.notice) for row in rows], log)
            for row in rows:
                if not _is_told(row, known.get(telling_id(row.receiver, row.notice), [])):
                    yield Wrong(f"outbox: deliveries, receiver {row.receiver}, number {row.sequence}", "is not what was told")
            done = rows[-1].id
            progress("comparing what was told", done, of)


def _after(each: Any, id: int) -> Any:
    return each.where(_D.id > id).order_by(_D.id).limit(AT_ONCE)


def _attempts(hub: Hub, tellings: Sequence[UUID], log: Connection) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = {}
    for _, stored in event_store.placed(tellings, log):
        event = _event(hub, stored)
        if isinstance(event, Telling.Attempted | Telling.AttemptedAgain):
            found.setdefault(event.originator_id, []).append(event)
    return found


def _is_told(row: Any, attempts: Sequence[Any]) -> bool:
    # in a topic of Kafka it has a number of its own, and so other bytes
    mine = [one for one in attempts if one.way != Way.KAFKA]
    if attempts and (row.type, row.family, row.fact or 0) != (attempts[0].type, attempts[0].called, attempts[0].fact):
        return False
    if (row.notice, row.type, row.sequence) != _said(row.event):
        return False
    ours = {sha256(said).hexdigest() for said in (row.event, row.whole) if said is not None}
    is_said = row.state != "delivered" or any(one.is_taken for one in mine)
    return is_said and ours.issuperset(one.digest for one in mine)


def _said(event: bytes) -> tuple[str, str, int] | None:
    """Which notice an event is, of which type, and its number for its receiver; nothing where it is no event any more."""
    try:
        said = json.loads(event)
        return said["id"], said["type"], int(said["sequence"])
    except (ValueError, KeyError, TypeError):
        return None


def _feed(hub: Hub, _: Progress) -> Iterator[Wrong]:
    """Whether the feed shows what happened."""
    position = 0
    with reading(hub.stored.outbox) as connection, reading(hub.stored.log) as log:
        next_ones = select(feed.FEED).order_by(_F.position).limit(AT_ONCE)
        while rows := connection.execute(next_ones.where(_F.position > position)).all():
            facts = dict(event_store.standing_at([row.position for row in rows], log))
            for row in rows:
                if dict(row._mapping) != _shown(hub, row.position, facts.get(row.position)):
                    yield Wrong(f"outbox: feed, position {row.position}", "is not what happened")
            position = rows[-1].position


def _shown(hub: Hub, position: int, stored: StoredEvent | None) -> dict[str, Any] | None:
    event = _event(hub, stored) if stored is not None else None
    said = notices.notices(Fact(position, event.originator_id, event)) if event is not None else ()
    return feed.row_of(said[0]) if said else None


def _event(hub: Hub, stored: StoredEvent) -> Any:
    try:
        return hub.mapper.to_domain_event(stored)
    except MapperDeserialisationError:
        return None  # that is found by whoever opens all of them
