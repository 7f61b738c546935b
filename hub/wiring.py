"""Where everything meets: the only module that knows every other."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from threading import Event, Thread
from typing import Any, Self
from uuid import UUID

import structlog
from sqlalchemy import Engine

from hub import notices, projections
from hub.adapters import channels, cloudevents, event_store, partners, people_index, received, registrations
from hub.adapters.channels import Around, Way
from hub.adapters.contracts import contracts
from hub.adapters.database import create, engine
from hub.adapters.event_store import EventLog
from hub.adapters.hub_keys import HubKeys
from hub.adapters.mapper import PlainMapper, mapper
from hub.adapters.matrices import load_calendar, load_matrices
from hub.adapters.registrations import Registrations
from hub.adapters.signatures import PartnerSignatures
from hub.adapters.tokens import Tokens
from hub.api import application as api
from hub.api.front import Front
from hub.api.parts import Found, Parts
from hub.casework import Casework
from hub.domain.identifiers import violations_of
from hub.domain.matching import By, keys_of
from hub.domain.rules import Rules
from hub.domain.signals import NamedPerson
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.direction import Director
from hub.domain.trajectory.planned import DUTCH_TIME
from hub.errors import HubError
from hub.families import Families
from hub.history import History
from hub.intake import Intake
from hub.ports import Asked, Clock, SystemClock
from hub.projections import clocks, quarantine
from hub.register import Register
from hub.registry import Registry
from hub.relay import Relay, shown, told
from hub.settings import Settings

VIEWS = tuple(view for projection in projections.found().values() for view in projection.views)
INDEXES = (people_index.INDEX, registrations.INDEX)
TICK = 1.0
"""Seconds between looks at the clock: how late a passed deadline can become an event."""
LINGER = 1.0
"""Seconds that the read models let facts gather while they keep coming, so that the way in has the machine to itself."""
STOP_WITHIN = 10.0
"""Seconds that each part gets to finish."""

_told = structlog.get_logger("hub")


@dataclass(frozen=True, slots=True)
class Stored:
    """The three databases: the log, the read models, and what waits to leave."""

    log: Engine
    views: Engine
    outbox: Engine

    @classmethod
    def open(cls, settings: Settings) -> Self:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        # only the log has to be on disk before anybody is answered: the others keep their rows and their position in it
        # together, so that after a power cut they take up again where both are whole
        stored = cls(
            engine(settings.log_url), engine(settings.views_url, durable=False), engine(settings.outbox_url, durable=False)
        )
        event_store.create(stored.log)
        for tables in (received.TABLES, *(index.tables for index in INDEXES)):
            create(stored.log, tables)
        return stored

    def close(self) -> None:
        for each in (self.log, self.views, self.outbox):
            each.dispose()


@dataclass(frozen=True, slots=True)
class Hub:
    """The hub, put together."""

    settings: Settings
    clock: Clock
    stored: Stored
    log: EventLog
    mapper: PlainMapper
    keys: HubKeys
    tokens: Tokens
    register: Register
    registrations: Registrations
    registry: Registry
    families: Families
    intake: Intake
    casework: Casework
    history: History
    ways: Mapping[str, Way]
    views: Relay
    outbox: Relay

    @classmethod
    def open(cls, settings: Settings, clock: Clock | None = None, environment: Mapping[str, str] | None = None) -> Self:
        """Opens the databases, makes what is not there yet, and joins the parts; nothing runs yet.

        `environment` is where channels find their own settings.
        """
        clock = clock or SystemClock()
        stored = Stored.open(settings)
        log, events = EventLog(stored.log), mapper()
        keys = HubKeys.open(settings.data_dir / "hub-keys.json", clock.now())
        register = Register(log, events, INDEXES, clock)
        organisations = Registrations(stored.log)
        kinds = partners.found()
        rules = _rules()
        duty = Director(settings.duty_director, settings.duty_organisation, settings.duty_contact)
        families = Families(people_index.find, people_index.families_answered, keys.blind, rules, duty)
        intake = Intake(
            register=register,
            families=families,
            signatures=PartnerSignatures(organisations, timedelta(seconds=settings.replay_seconds)),
            partners=kinds,
            open=cloudevents.envelopes,
            keep=received.keep,
            kept=received.fetch,
            refuse_numbers=lambda signals: violations_of(signals, settings.is_demo),
            clock=clock,
        )
        around = Around(stored.outbox, organisations, keys, clock, settings.base_url, settings.oin)
        ways = channels.found(environment or {}, around)
        for way in ways.values():
            create(stored.outbox, way.tables)
        views = Relay(log, events, stored.views, [shown(each) for each in projections.found().values()], linger=LINGER)
        hearers = [told(way.channel, notices.notices, notices.TOPICS) for way in ways.values()]
        outbox = Relay(log, events, stored.outbox, hearers)
        views.open()
        outbox.open()
        return cls(
            settings=settings,
            clock=clock,
            stored=stored,
            log=log,
            mapper=events,
            keys=keys,
            tokens=Tokens(keys),
            register=register,
            registrations=organisations,
            registry=Registry(register, kinds, organisations.forget),
            families=families,
            intake=intake,
            casework=Casework(register, families, rules),
            history=History(log, events),
            ways=ways,
            views=views,
            outbox=outbox,
        )

    @contextmanager
    def running(self) -> Iterator[None]:
        """Runs what works by itself while the block lasts: relays, deliveries and the clock; then closes the hub."""
        stop = Event()
        own = [way.run for way in self.ways.values() if way.run is not None]
        work = [self.views.run, self.outbox.run, self._watch_the_clock, *own]
        threads = [Thread(target=each, args=(stop,), name=f"hub-{place}", daemon=True) for place, each in enumerate(work)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join(STOP_WITHIN)
            self.close()

    def pass_deadlines(self) -> None:
        """Lets every term that is over become an event."""
        with self.stored.views.connect() as connection:
            families = {family for family, _ in clocks.due_before(connection, self.clock.now())}
        for family in sorted(families):
            try:
                self.casework.pass_deadlines(UUID(family))
            except HubError as error:
                # one family in trouble must not keep the terms of the others from passing; it is tried again
                _told.error("deadline-waits", because=error.code)

    def _watch_the_clock(self, stop: Event) -> None:
        while not stop.wait(TICK):
            try:
                self.pass_deadlines()
            except Exception as error:
                _told.error("clock-waits", because=type(error).__name__)

    def close(self) -> None:
        """Finishes what waits and lets go of the databases."""
        self.register.close()
        self.stored.close()


def _rules() -> Callable[[datetime], Rules]:
    matrices = load_matrices(contracts() / "intervention-matrix")
    calendar = load_calendar(contracts() / "calendar" / "nl-holidays.json")
    of_day = cache(lambda day: Rules(matrices.at(day), calendar))
    return lambda moment: of_day(moment.astimezone(DUTCH_TIME).date())


def application(hub: Hub) -> Front:
    """The hub's interface over HTTP."""
    return api.application(
        Parts(
            intake=hub.intake,
            casework=hub.casework,
            history=hub.history,
            search=lambda named: search(hub, named),
            views=VIEWS,
            connect=hub.stored.views.connect,
            feed=hub.ways["feed"].out,
            caller_of=lambda token: hub.tokens.read(token, hub.clock.now()),
            sign=hub.keys.sign,
            jwks=hub.keys.public_jwks,
        )
    )


def openapi() -> dict[str, Any]:
    """The OpenAPI document of the hub."""
    return api.openapi(VIEWS)


def search(hub: Hub, named: NamedPerson) -> list[Found]:
    """The families of people who are certainly, or may be, the one described; no more than whom to contact."""
    # an address alone names nobody: it would let anybody list who lives where
    worth = (By.BSN,) if named.bsn else (By.NAME_BIRTH_ADDRESS, By.NAME_BIRTH, By.NAME_ADDRESS)
    keys = {by: hub.keys.blind(text) for by, text in keys_of(named).items() if by in worth}
    with hub.stored.log.connect() as connection:
        (found,) = people_index.find([keys], connection)
    families = sorted({UUID(family) for known in found for family in known.families})
    return hub.register.read(lambda unit: [Found(id, unit.get(Trajectory, id).director.contact) for id in families])


def quarantined(hub: Hub) -> list[Mapping[str, Any]]:
    """The messages in quarantine, the longest first."""
    with hub.stored.views.connect() as connection:
        return list(quarantine.ask(connection, Asked(limit=500))["items"])
