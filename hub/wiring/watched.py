"""Looking at a hub: how its stores, its followers and its ways out stand, for whoever watches over it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Engine, func, select

from hub.adapters.channels import Way
from hub.adapters.database import is_postgresql, reading
from hub.adapters.evidence.notary import Notary
from hub.adapters.evidence.notes import under
from hub.adapters.migrations import STORES, revisions, stands_at
from hub.adapters.running_here import runs_in
from hub.adapters.watching.leaders import leaders
from hub.adapters.watching.looks import FRESH, Look
from hub.adapters.watching.metrics import written
from hub.adapters.watching.standing import Lead, Place, Signed, Standing, Waiting
from hub.api import VERSION
from hub.projections import escalations, quarantine, questions, requests
from hub.relay import Standing as Following
from hub.wiring.hub import Hub
from hub.wiring.made import CLOCK, FOLLOW, NOTARISE, SEND
from hub.wiring.retained import overdue

_Q, _E = questions.QUESTIONS.c, escalations.ESCALATIONS.c
_QUESTIONS = select(func.count()).select_from(questions.QUESTIONS).where(_Q.state == questions.OPEN)
_QUARANTINE = select(func.count()).select_from(quarantine.MESSAGES)
_ESCALATIONS = (
    select(_E.level, func.count().label("open"))
    .where(_E.state == escalations.OPEN, _E.family.not_in(select(escalations.MERGED.c.family)))
    .group_by(_E.level)
)
LOOKS_ONLY = "status"
"""What a process is started as that runs nothing itself."""
NOT_SO_OFTEN = 10.0
"""Seconds between looks at Kafka, which costs a connection each time."""


class Watched:
    """One hub of this process, and what it is looked at for; `process` is what the process was started as."""

    def __init__(self, hub: Hub, process: str, fresh: float = FRESH) -> None:
        self._hub, self._process = hub, process
        self._is_stopping: Callable[[], bool] = lambda: False
        followers = (*hub.views.followers, *hub.outbox.followers)
        sent = [SEND + name for name, way in hub.ways.items() if way.run]
        self._works = [*(FOLLOW + name for name in followers), *sent, *(NOTARISE + name for name in hub.notaries), CLOCK]
        stores = {store: getattr(hub.stored, store) for store in STORES}
        self._stores = {store: Look(partial(_revision, opened), fresh) for store, opened in stores.items()}
        looks: Mapping[str, Callable[[], Any]] = {
            "position": hub.log.last_position,
            "keys": lambda: bool(hub.keys.at(hub.clock.now())),
            "views": hub.views.state,
            "outbox": hub.outbox.state,
            "counts": partial(_counts, hub.stored.views),
            "requests": lambda: _late(hub),
            "retention": lambda: overdue(hub),
            "ways": lambda: _ways(hub),
            "evidence": lambda: signed(hub),
            "leaders": lambda: leaders(hub.stored.log, self._works),
        }
        self._looks: dict[str, Look[Any]] = {name: Look(look, fresh) for name, look in looks.items()}
        if kafka := hub.ways.get("kafka"):
            self._looks["kafka"] = Look(partial(_kafka_answers, kafka), max(fresh, NOT_SO_OFTEN))

    def stops_when(self, is_stopping: Callable[[], bool]) -> None:
        """From when on it was told to stop: then nothing is looked at any more, and what was seen last is told."""
        self._is_stopping = is_stopping

    def standing(self) -> Standing:
        """How it stands, as far as could be seen within a few seconds."""
        hub, is_stopping, is_shared = self._hub, self._is_stopping(), is_postgresql(self._hub.stored.log)
        for look in () if is_stopping else (*self._stores.values(), *self._looks.values()):
            look.begin()  # all of them at once, so that one that hangs costs no more than its own time
        seen = {name: look.seen() for name, look in self._looks.items()}
        revised = {store: look.seen() for store, look in self._stores.items()}
        leads = self._leads(seen["leaders"] or {})
        asked, unread, open = seen["counts"] or (None, None, {})
        return Standing(
            process=self._process,
            version=VERSION,
            database="postgresql" if is_shared else "sqlite",
            stores={store: revision is not None for store, revision in revised.items()},
            older=[store for store, revision in revised.items() if revision is not None and _is_older(store, revision)],
            position=seen["position"],
            has_keys=None if seen["position"] is None else bool(seen["keys"]),
            followers=[self._place(each, leads) for each in (*(seen["views"] or ()), *(seen["outbox"] or ()))],
            works={work: lead for work, lead in leads.items() if not work.startswith(FOLLOW)},
            unled=[work for work, lead in leads.items() if not lead.by] if self._is_seen_unled(seen["leaders"]) else [],
            questions=asked,
            quarantine=unread,
            escalations=open,
            late_requests=seen["requests"],
            kept_too_long=seen["retention"],
            ways=seen["ways"] or {},
            evidence=seen["evidence"] or {},
            kafka=bool(seen["kafka"]) if "kafka" in seen else None,
            listeners=hub.ways["feed"].out.followers,
            is_stopping=is_stopping,
        )

    def metrics(self) -> bytes:
        """The same with all that was counted, as Prometheus reads it."""
        return written(self._hub.collected.counters.registry, self.standing())

    def _leads(self, elsewhere: Mapping[str, str]) -> Mapping[str, Lead]:
        held = self._hub.leading.held
        return {work: Lead(work in held, elsewhere.get(work, "")) for work in self._works}

    def _is_seen_unled(self, elsewhere: Mapping[str, str] | None) -> bool:
        """Whether a work of which nobody was seen to lead it has no leader: on SQLite, where the process that runs leads all."""
        if is_postgresql(self._hub.stored.log):
            return elsewhere is not None
        return self._process == LOOKS_ONLY and not runs_in(self._hub.settings.data_dir)

    def _place(self, one: Following, leads: Mapping[str, Lead]) -> Place:
        since = one.waiting_since
        waits = max((self._hub.clock.now() - since).total_seconds(), 0.0) if since else 0.0
        return Place(one.follower, one.position, one.lag, waits, one.stopped_because, leads[FOLLOW + one.follower])


def _kafka_answers(way: Way) -> bool:
    # the library takes long to load, and is loaded where Kafka is used
    from hub.adapters.kafka.answering import answers

    return answers(way.out.connection)


def _revision(opened: Engine) -> str:
    with reading(opened) as connection:
        return stands_at(connection)


def _is_older(store: str, revision: str) -> bool:
    """Not where a newer hub was here: what that added harms nobody."""
    return revision in ("", *revisions(store)[:-1])


def _counts(views: Engine) -> tuple[int, int, Mapping[int, int]]:
    with reading(views) as connection:
        asked, unread = (connection.execute(query).scalar_one() for query in (_QUESTIONS, _QUARANTINE))
        return asked, unread, {row.level: row.open for row in connection.execute(_ESCALATIONS)}


def _late(hub: Hub) -> int:
    with reading(hub.stored.views) as connection:
        return requests.late(connection, hub.clock.now())


def _ways(hub: Hub) -> Mapping[str, Waiting]:
    with reading(hub.stored.outbox) as connection:
        telling = {name: way.open_ones for name, way in hub.ways.items() if way.open_ones}
        return {name: _waiting(*open_ones(connection), hub.clock.now()) for name, open_ones in telling.items()}


def signed(hub: Hub) -> Mapping[str, Signed]:
    """How each tree of the evidence is signed now."""
    now, needed = hub.clock.now(), hub.settings.witnesses_needed
    return {tree: _signed_tree(notary, needed, now) for tree, notary in hub.notaries.items()}


def _signed_tree(notary: Notary, needed: int, now: datetime) -> Signed:
    last, recorded, size = notary.last(), notary.about.last(), notary.size()
    if last is None:
        return Signed(size=size, unsigned=recorded)
    age, unsigned = (now - last.signed_at).total_seconds(), max(recorded - last.size, 0)
    witnesses = len(under(last.note, notary.witnesses))
    return Signed(age if unsigned else 0.0, notary.lacks(needed), size, unsigned, age, witnesses)


def _waiting(waiting: int, dead: int, since: datetime | None, now: datetime) -> Waiting:
    return Waiting(waiting, dead, max((now - since).total_seconds(), 0.0) if since else 0.0)
