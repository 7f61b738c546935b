"""Where everything meets: the only module that knows every other."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self
from uuid import UUID

import structlog
from sqlalchemy import Engine

from hub import notices, projections
from hub.adapters import (
    channels,
    cloudevents,
    event_store,
    limits,
    once,
    organisations_index,
    partners,
    people_index,
    processing_log,
    received,
    vault,
)
from hub.adapters.activities import Activities, load_activities
from hub.adapters.callers import Callers
from hub.adapters.channels import Around, Way
from hub.adapters.contracts import contracts
from hub.adapters.database import create, engine, settle
from hub.adapters.disclosures import Disclosures, load_disclosure_matrices, load_notice_schemas
from hub.adapters.door import Door, Elsewhere
from hub.adapters.event_store import EventLog
from hub.adapters.hub_keys import HubKeys
from hub.adapters.indexes import open_indexes
from hub.adapters.kek import FromFile, Given, Keks, Source, printed
from hub.adapters.limits import Allowed, Limits, Strangers
from hub.adapters.login import Attempts, Claims, Client, Issuer, Login, Sessions, sessions
from hub.adapters.mapper import PlainMapper, mapper
from hub.adapters.matrices import load_calendar, load_matrices
from hub.adapters.once import Once
from hub.adapters.processing_log import ProcessingLog
from hub.adapters.pseudonyms import Pseudonyms
from hub.adapters.received import Received
from hub.adapters.registers import registers
from hub.adapters.registrations import Organisation, Registrations
from hub.adapters.signatures import PartnerSignatures
from hub.adapters.vault import Vault
from hub.admittance import Admittance
from hub.api import application as api
from hub.api.front import Front
from hub.api.parts import Found, Parts
from hub.api.proxies import Proxies
from hub.casework import Casework
from hub.console import Console, routes
from hub.domain import coarsening
from hub.domain.grounds import end_at
from hub.domain.identifiers import violations_of
from hub.domain.matching import By, keys_of
from hub.domain.policy import OPENED_BY_GLASS
from hub.domain.processing import Sought
from hub.domain.rules import Rules
from hub.domain.signals import NamedPerson
from hub.domain.streams import stream_id
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.direction import Director
from hub.domain.trajectory.planned import DUTCH_TIME
from hub.erasure import Erasure
from hub.errors import HubError
from hub.families import Families
from hub.history import History
from hub.intake import Intake
from hub.ports import Asked, Clock, SystemClock
from hub.projections import clocks, quarantine, relations
from hub.register import Register
from hub.registry import Registry
from hub.relay import Relay, shown, told
from hub.settings import Settings

VIEWS = tuple(view for projection in projections.found().values() for view in projection.views)
INDEXES = (people_index.INDEX, organisations_index.INDEX)
TICK = 1.0
"""Seconds between looks at the clock: how late a passed deadline can become an event."""
READ_MODELS = stream_id("read-models", "views")
"""Whose key the read models are sealed with: they are built anew from the log, so they need none per person."""
LINGER = 1.0
"""Seconds that the read models let facts gather while they keep coming, so that the way in has the machine to itself."""
STOP_WITHIN = 10.0
"""Seconds that each part gets to finish."""

_told = structlog.get_logger("hub")


@dataclass(frozen=True, slots=True)
class Stored:
    """The databases: the log, the read models, what waits to leave, how much partners asked today, what was read, who is in."""

    log: Engine
    views: Engine
    outbox: Engine
    limits: Engine
    reads: Engine
    door: Engine

    @classmethod
    def open(cls, settings: Settings) -> Self:
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        # only the log and what was read have to be on disk before anybody is answered: the others keep their rows and their
        # position in the log together, so that after a power cut they take up again where both are whole
        stored = cls(
            engine(settings.log_url),
            engine(settings.views_url, durable=False),
            engine(settings.outbox_url, durable=False),
            engine(settings.limits_url, durable=False),
            engine(settings.reads_url),
            engine(settings.door_url),
        )
        event_store.create(stored.log)
        create(stored.log, received.TABLES)
        create(stored.log, vault.TABLES)
        create(stored.limits, limits.TABLES)
        create(stored.reads, processing_log.TABLES)
        create(stored.door, once.TABLES)
        create(stored.door, sessions.TABLES)
        return stored

    def close(self) -> None:
        for each in (self.log, self.views, self.outbox, self.limits, self.reads, self.door):
            each.dispose()


@dataclass(frozen=True, slots=True)
class Hub:
    """The hub, put together."""

    settings: Settings
    clock: Clock
    stored: Stored
    log: EventLog
    mapper: PlainMapper
    vault: Vault
    received: Received
    keys: HubKeys
    register: Register
    registrations: Registrations
    registry: Registry
    families: Families
    intake: Intake
    casework: Casework
    erase: Erasure
    history: History
    ways: Mapping[str, Way]
    views: Relay
    outbox: Relay
    limits: Limits
    processings: ProcessingLog
    activities: Activities
    sessions: Sessions
    login: Login | None
    door: Door
    admittance: Admittance
    disclosures: Disclosures

    @classmethod
    def open(cls, settings: Settings, clock: Clock | None = None, environment: Mapping[str, str] | None = None) -> Self:
        """Opens the databases, makes what is not there yet, and joins the parts; nothing runs yet.

        `environment` is where channels find their own settings.
        """
        clock = clock or SystemClock()
        stored = Stored.open(settings)
        safe = _vault(settings, stored.log)
        stored.views.dialect.sealed_by = safe.cipher(READ_MODELS)  # type: ignore[attr-defined]
        log, events, kept = EventLog(stored.log), mapper(safe), Received(safe)
        open_indexes(log, events, INDEXES)
        keys = HubKeys.open(settings.data_dir / "hub-keys.json", clock.now())
        register = Register(log, events, INDEXES, clock, safe)
        organisations = Registrations(stored.log, registers())
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
            keep=kept.keep,
            kept=kept.fetch,
            refuse_numbers=lambda signals: violations_of(signals, settings.is_demo),
            refuse_groundless=lambda partner, type: organisations.refuse_groundless(
                partner, type.purpose, type.legal_basis, clock.now()
            ),
            clock=clock,
        )
        disclosures = _disclosures(organisations, keys, clock)
        around = Around(stored.outbox, organisations, keys, clock, settings.base_url, settings.oin, disclosures.to_partner)
        ways = channels.found(environment or {}, around)
        for way in ways.values():
            create(stored.outbox, way.tables)
        views = Relay(log, events, stored.views, [shown(each) for each in projections.found().values()], linger=LINGER)
        hearers = [told(way.channel, notices.notices, notices.TOPICS) for way in ways.values()]
        outbox = Relay(log, events, stored.outbox, hearers)
        within = _sessions(settings, stored.door)
        views.open()
        outbox.open()
        return cls(
            settings=settings,
            clock=clock,
            stored=stored,
            log=log,
            mapper=events,
            vault=safe,
            received=kept,
            keys=keys,
            register=register,
            registrations=organisations,
            registry=Registry(register, kinds, organisations.registers, settings.covenant, organisations.forget),
            families=families,
            intake=intake,
            casework=Casework(register, families, rules),
            erase=Erasure(log, events, register, families, safe, event_store.mentioning, lambda: settle(stored.log)),
            history=History(log, events),
            ways=ways,
            disclosures=disclosures,
            views=views,
            outbox=outbox,
            limits=Limits(stored.limits, lambda name: _allowed(settings, organisations.by_name(name)), clock),
            processings=_processings(stored.reads, keys, settings),
            activities=load_activities(contracts() / "registers" / "processing-activities.json"),
            sessions=within,
            door=_door(settings, organisations, keys, stored.door, clock),
            admittance=Admittance(register, clock, settings.duty_organisation),
            login=_login(settings, within, keys, Once(stored.door)) if settings.login_issuer else None,
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

    def notice_covenants(self) -> None:
        """Lets the end of a covenant, and that it comes within thirty days, become an event."""
        now = self.clock.now()
        for organisation in self.registrations.all():
            end = self.registrations.registers.end_of(organisation)
            if not organisation.is_removed and end_at(end, now) not in ("", organisation.told_of_end):
                self.registry.notice_end(organisation.name, end)

    def _watch_the_clock(self, stop: Event) -> None:
        while not stop.wait(TICK):
            try:
                self.pass_deadlines()
                self.notice_covenants()
            except Exception as error:
                _told.error("clock-waits", because=type(error).__name__)

    def settle(self) -> None:
        """Removes from the disk what was deleted or destroyed: beside a database it stands until then.

        Raises:
            Unavailable: somebody reads for too long; again.
        """
        for each in (self.stored.log, self.stored.views, self.stored.outbox):
            settle(each)

    def close(self) -> None:
        """Finishes what waits and lets go of the databases."""
        self.register.close()
        self.limits.close()
        self.stored.close()


def _vault(settings: Settings, log: Engine) -> Vault:
    """The vault, with the key-encryption key from where the settings say."""
    if settings.kek:
        source: Source = Given(lambda: settings.kek, "HUB_KEK")
    elif settings.kek_command:
        source = Given(lambda: printed(settings.kek_command), "what HUB_KEK_COMMAND prints")
    elif settings.kek_file or vault.has_keys(log):
        # where there are keys already, a new one of another would open none of them
        source = FromFile(Path(settings.kek_file or settings.data_dir / "kek.json"))
    else:
        source = FromFile.made(settings.data_dir / "kek.json")
    return Vault(log, Keks(source))


def _rules() -> Callable[[datetime], Rules]:
    matrices = load_matrices(contracts() / "intervention-matrix")
    calendar = load_calendar(contracts() / "calendar" / "nl-holidays.json")
    of_day = cache(lambda day: Rules(matrices.at(day), calendar))
    return lambda moment: of_day(moment.astimezone(DUTCH_TIME).date())


def _sessions(settings: Settings, door: Engine) -> Sessions:
    idle, longest = timedelta(minutes=settings.session_idle_minutes), timedelta(minutes=settings.session_minutes)
    return Sessions(door, settings.base_url, settings.login_issuer, idle, longest)


def _login(settings: Settings, within: Sessions, keys: HubKeys, once: Once) -> Login:
    """How people log in at the issuer that the settings name."""
    secret = Path(settings.login_client_secret_file).read_text().strip() if settings.login_client_secret_file else ""
    claims = Claims(settings.login_subject_claim, settings.login_role_claim, settings.login_organisation_claim)
    client = Client(settings.login_client_id, secret, settings.base_url, claims)
    attempts = Attempts(bytes.fromhex(keys.blind("login-attempts")))
    return Login(Issuer(settings.login_issuer, settings.login_jwks), client, within, attempts, once)


def _door(settings: Settings, organisations: Registrations, keys: HubKeys, remembered: Engine, clock: Clock) -> Door:
    """Who gives tokens to partners' systems, and whose tokens are believed."""
    return Door.of(
        settings.base_url,
        organisations,
        keys,
        remembered,
        clock,
        Elsewhere(settings.login_issuer, settings.login_jwks, settings.login_audience),
        Claims(settings.login_subject_claim, settings.login_role_claim, settings.login_organisation_claim),
        Elsewhere(settings.token_issuer, settings.token_jwks),
        bool(settings.client_certificate_header),
    )


def _disclosures(organisations: Registrations, keys: HubKeys, clock: Clock) -> Disclosures:
    """What may leave, by the versions of the matrix."""
    return Disclosures(
        load_disclosure_matrices(contracts() / "disclosure-matrix", organisations.registers.purposes),
        coarsening.rules_of(load_matrices(contracts() / "intervention-matrix").versions),
        load_notice_schemas(contracts() / "notices"),
        organisations,
        _pseudonyms(keys),
        clock,
    )


def _processings(reads: Engine, keys: HubKeys, settings: Settings) -> ProcessingLog:
    """The log of what was read, which is a receiver of pseudonyms like any other."""
    pseudonyms = _pseudonyms(keys)
    return ProcessingLog(reads, lambda subject: str(pseudonyms.of("processing-log", "subject", subject)), f"vig-hub {settings.oin}")


def _pseudonyms(keys: HubKeys) -> Pseudonyms:
    return Pseudonyms(bytes.fromhex(keys.blind("pseudonyms")))


def _allowed(settings: Settings, organisation: Organisation | None) -> Allowed:
    own = (organisation.per_minute, organisation.per_day) if organisation else (0, 0)
    return Allowed(own[0] or settings.per_minute, own[1] or settings.per_day)


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
            clock=hub.clock,
            admittance=hub.admittance,
            caller_of=Callers(hub.door.tokens, hub.sessions, hub.registrations, hub.clock),
            families_of=lambda caller, act: relations.own(caller, hub.clock.now(), act in OPENED_BY_GLASS),
            members=lambda families: members(hub, families),
            disclose=hub.disclosures.answer,
            disclose_notice=hub.disclosures.to_person,
            authorization=hub.door.authorization,
            proxies=Proxies.of(hub.settings.client_certificate_header, hub.settings.trusted_proxies),
            refuse_other=lambda shown, signer: hub.door.tokens.refuse_other(shown, signer, hub.clock.now()),
            sign=hub.keys.sign,
            jwks=hub.keys.public_jwks,
            limits=hub.limits,
            strangers=Strangers(),
            processings=hub.processings,
            activity=hub.activities.of_operation,
            sought=lambda named: sought(hub, named),
        ),
        pages=routes(Console(hub.login, hub.sessions, hub.clock.now, hub.settings.is_demo, hub.settings.role_contact)),
    )


def members(hub: Hub, families: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """The people of these families."""
    with hub.stored.views.connect() as connection:
        return relations.members(families, connection)


def openapi() -> dict[str, Any]:
    """The OpenAPI document of the hub."""
    return api.openapi(VIEWS)


def search(hub: Hub, named: NamedPerson) -> list[Found]:
    """The families of people who are certainly, or may be, the one described; no more than whom to contact."""
    families = sorted(UUID(family) for family in sought(hub, named).found if family)
    return hub.register.read(lambda unit: [Found(id, unit.get(Trajectory, id).director.contact) for id in families])


def sought(hub: Hub, named: NamedPerson) -> Sought:
    """Whom a search means: its blind keys, and the people that these find."""
    # an address alone names nobody: it would let anybody list who lives where
    worth = (By.BSN,) if named.bsn else (By.NAME_BIRTH_ADDRESS, By.NAME_BIRTH, By.NAME_ADDRESS)
    keys = {by: hub.keys.blind(text) for by, text in keys_of(named).items() if by in worth}
    with hub.stored.log.connect() as connection:
        (found,) = people_index.find([keys], connection)
    families: dict[str, list[str]] = {}
    for known in found:
        for family in known.families or ("",):
            families.setdefault(family, []).append(known.person)
    return Sought(tuple(keys.values()), {family: tuple(dict.fromkeys(people)) for family, people in families.items()})


def quarantined(hub: Hub) -> list[Mapping[str, Any]]:
    """The messages in quarantine, the longest first."""
    with hub.stored.views.connect() as connection:
        return list(quarantine.ask(connection, Asked(limit=500))["items"])
