"""The hub put together, and what of it works by itself."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from functools import partial
from threading import Event, Thread
from typing import Self
from uuid import UUID

import structlog

from hub import notices, projections
from hub.adapters import (
    channels,
    cloudevents,
    event_store,
    organisations_index,
    partners,
    people_index,
    receivers_index,
    subscriptions_index,
    ties_index,
)
from hub.adapters.activities import Activities, load_activities
from hub.adapters.bells import Bells
from hub.adapters.channels import Around, Way, Wishes
from hub.adapters.contracts import contracts
from hub.adapters.database import settle
from hub.adapters.disclosures import Disclosures
from hub.adapters.door import Door
from hub.adapters.event_store import EventLog
from hub.adapters.evidence.notary import Notary
from hub.adapters.hub_keys import HubKeys
from hub.adapters.indexes import open_indexes
from hub.adapters.leading import Leading
from hub.adapters.limits import Limits
from hub.adapters.login import Colleagues, Login, Sessions
from hub.adapters.mapper import PlainMapper, mapper
from hub.adapters.once import Once
from hub.adapters.processing_log import ProcessingLog
from hub.adapters.received import Received
from hub.adapters.registers import registers
from hub.adapters.registrations import Registrations
from hub.adapters.reports import Reports
from hub.adapters.signatures import PartnerSignatures
from hub.adapters.standards import in_own_standard
from hub.adapters.vault import Vault
from hub.adapters.watching.collected import Collected
from hub.admittance import Admittance
from hub.api import VERSION
from hub.casework import Casework
from hub.contacting import Contacting
from hub.domain.grounds import end_at
from hub.domain.identifiers import violations_of
from hub.domain.streams import stream_id
from hub.domain.trajectory.direction import Director
from hub.erasure import Erasure
from hub.errors import HubError
from hub.families import Families
from hub.feedback import Reporters
from hub.history import History
from hub.intake import Intake
from hub.ports import Clock, SystemClock
from hub.projections import clocks, feedback, requests
from hub.publishing import Publishing
from hub.register import Register
from hub.registry import Registry
from hub.relay import Relay, shown, told
from hub.requests import Requests
from hub.retention import Retention
from hub.settings import Settings
from hub.subscribing import Subscribing
from hub.telling import Tellings
from hub.wiring.consuming import consumer_of
from hub.wiring.in_use import put_into_use
from hub.wiring.made import (
    CLOCK,
    NOTARISE,
    SEND,
    allowed_to,
    disclosures_of,
    door_of,
    erasure_of,
    keks_of,
    keys_at,
    login_of,
    notaries_of,
    processings_of,
    relay_of,
    request_rules,
    retention_of,
    rules_by_day,
    sessions_of,
)
from hub.wiring.stored import Stored

INDEXES = (people_index.INDEX, organisations_index.INDEX, subscriptions_index.INDEX, ties_index.INDEX, receivers_index.INDEX)
READ_MODELS = stream_id("read-models", "views")
"""Whose key the read models are sealed with: they are built anew from the log, so they need none per person."""
TICK = 1.0
"""Seconds between looks at the clock: how late a passed deadline can become an event."""
LINGER = 1.0
"""Seconds that the read models let facts gather while they keep coming, so that the way in has the machine to itself."""
STOP_WITHIN = 10.0
"""Seconds that each piece of work gets to finish."""


class Part(Enum):
    """What a process may do of the hub's work: answer over HTTP, pass on what happened, or take in what partners queued."""

    SERVE = "serve"
    RELAY = "relay"
    CONSUME = "consume"


_told = structlog.get_logger("hub")


@dataclass(frozen=True, slots=True)
class Hub:
    """The hub, put together."""

    settings: Settings
    clock: Clock
    stored: Stored
    bells: Bells
    leading: Leading
    collected: Collected
    log: EventLog
    mapper: PlainMapper
    vault: Vault
    received: Received
    keys: HubKeys
    register: Register
    registrations: Registrations
    registry: Registry
    subscribing: Subscribing
    tellings: Tellings
    contacting: Contacting
    publishing: Publishing
    families: Families
    intake: Intake
    casework: Casework
    reporters: Reporters
    reports: Reports
    erase: Erasure
    requests: Requests
    retention: Retention
    history: History
    ways: Mapping[str, Way]
    views: Relay
    outbox: Relay
    limits: Limits
    processings: ProcessingLog
    notaries: Mapping[str, Notary]
    activities: Activities
    sessions: Sessions
    colleagues: Colleagues
    login: Login | None
    door: Door
    admittance: Admittance
    disclosures: Disclosures

    @classmethod
    def open(cls, settings: Settings, clock: Clock | None = None, environment: Mapping[str, str] | None = None) -> Self:
        """Opens the databases, makes what is not there yet, and joins the parts; nothing runs yet.

        `environment` is where channels find their own settings.
        """
        stored = Stored.open(settings)
        try:
            return cls._of(stored, settings, clock or SystemClock(), environment)
        except BaseException:
            stored.close()
            raise

    @classmethod
    def _of(cls, stored: Stored, settings: Settings, clock: Clock, environment: Mapping[str, str] | None) -> Self:
        keks = keks_of(settings, stored.log)
        safe = Vault(stored.log, keks)
        stored.views.dialect.sealed_by = safe.cipher(READ_MODELS)  # type: ignore[attr-defined]
        bells, leading = Bells(stored.log), Leading(stored.log)
        collected = Collected.to(settings.traces_endpoint, VERSION)
        log, events, kept = EventLog(stored.log, bells), mapper(safe), Received(safe)
        open_indexes(log, events, INDEXES)
        keys = HubKeys.open(keys_at(settings, stored.log, keks), clock.now())
        register = Register(log, events, INDEXES, clock, safe, collected.watch)
        organisations = Registrations(stored.log, registers())
        kinds = partners.found()
        rules = rules_by_day()
        duty = Director(settings.duty_director, settings.duty_organisation, settings.duty_contact)
        families = Families(
            people_index.find, people_index.families_answered, keys.blind, rules, duty, people_index.families_that_had
        )
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
        disclosures = disclosures_of(organisations, keys, clock)
        tell, watch = in_own_standard(disclosures.to_partner, kinds, settings.oin), collected.watch
        registry = Registry(register, kinds, organisations.registers, settings.covenant, organisations.forget)
        subscribing = Subscribing(register, subscriptions_index.count, organisations.forget, keys.webhook_secret)
        own, kind = disclosures.pseudonyms.of, organisations.kind_of
        tellings = Tellings(register, log, events, clock, own, kind, organisations.is_only, event_store.mentioning)
        contacting = Contacting(register, rules, settings.duty_organisation)
        around = Around(
            stored.outbox,
            bells,
            organisations,
            keys,
            clock,
            settings.base_url,
            settings.oin,
            tell,
            partial(ties_index.ties, stored.log),
            receivers_index.Receivers(stored.log, own),
            Wishes(subscribing.confirm, subscribing.disable, registry.give_up),
            tellings.record,
            contacting,
            watch,
        )
        ways = channels.found(environment or {}, around)
        views = relay_of(log, events, stored.views, [shown(each) for each in projections.found().values()], leading, LINGER)
        hearers = [told(way.channel, notices.notices, notices.TOPICS) for way in ways.values()]
        beside = [shown(way.beside) for way in ways.values() if way.beside is not None]
        outbox = relay_of(log, events, stored.outbox, [*hearers, *beside], leading)
        within, colleagues = sessions_of(settings, stored.door), Colleagues(stored.door)
        readings = processings_of(stored.reads, keys, settings)
        notaries = notaries_of(settings, log, readings, stored.evidence, keys, clock)
        erase = erasure_of(log, events, register, families, safe, stored.log, notaries["events"], keys)
        views.open()
        outbox.open()
        return cls(
            settings=settings,
            clock=clock,
            stored=stored,
            bells=bells,
            leading=leading,
            collected=collected,
            log=log,
            mapper=events,
            vault=safe,
            received=kept,
            keys=keys,
            register=register,
            registrations=organisations,
            registry=registry,
            subscribing=subscribing,
            tellings=tellings,
            contacting=contacting,
            publishing=Publishing(register),
            families=families,
            intake=intake,
            casework=Casework(register, families, rules),
            reporters=Reporters(register, rules, duty),
            reports=Reports(organisations, keys, clock),
            erase=erase,
            requests=Requests(register, clock, request_rules(), erase.as_asked, people_index.families_of, rules),
            retention=retention_of(log, events, register, safe, kept, clock, stored.views),
            history=History(log, events, event_store.placed),
            ways=ways,
            disclosures=disclosures,
            views=views,
            outbox=outbox,
            limits=Limits(stored.limits, lambda name: allowed_to(settings, organisations.by_name(name)), clock),
            processings=readings,
            notaries=notaries,
            activities=load_activities(contracts() / "registers" / "processing-activities.json"),
            sessions=within,
            colleagues=colleagues,
            door=door_of(settings, organisations, keys, stored.door, clock),
            admittance=Admittance(register, clock, settings.duty_organisation),
            login=login_of(settings, within, keys, Once(stored.door), colleagues) if settings.login_issuer else None,
        )

    @contextmanager
    def running(self, parts: Collection[Part] = tuple(Part)) -> Iterator[None]:
        """Runs what these parts do by themselves while the block lasts; then closes the hub.

        Raises:
            Unavailable: a matrix is not the file that was put into use under its version.
        """
        try:
            put_into_use(self.register)
        except BaseException:
            self.close()
            raise
        stop = Event()
        work = [each for part in parts for each in self._work_of(part)]
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

    def _work_of(self, part: Part) -> list[Callable[[Event], None]]:
        if part is Part.RELAY:
            ways = {SEND + name: way.run for name, way in self.ways.items() if way.run is not None}
            notaries = {NOTARISE + name: notary.run for name, notary in self.notaries.items()}
            works = {**ways, **notaries, CLOCK: self._watch_the_clock}
            led = [partial(self.leading.work, name, do) for name, do in works.items()]
            return [self.leading.run, self.views.run, self.outbox.run, *led]
        if part is Part.CONSUME and (consumer := consumer_of(self)) is not None:
            return [consumer.run]
        return []

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

    def give_feedback(self) -> None:
        """Lets whoever raised signals hear what there is to hear of them, in time."""
        before = self.reporters.heard_before(self.clock.now())
        with self.stored.views.connect() as connection:
            owed = feedback.owed(connection, before)
        for one in owed:
            try:
                self.reporters.give(UUID(one.message), one.family, one.signals, one.since, one.news)
            except HubError as error:
                # one message in trouble must not keep the reporters of the others waiting; it is tried again
                _told.error("feedback-waits", because=error.code)

    def notice_covenants(self) -> None:
        """Lets the end of a covenant, and that it comes within thirty days, become an event."""
        now = self.clock.now()
        for organisation in self.registrations.all():
            end = self.registrations.registers.end_of(organisation)
            if not organisation.is_removed and end_at(end, now) not in ("", organisation.told_of_end):
                self.registry.notice_end(organisation.name, end)

    def pass_terms_of_requests(self) -> None:
        """Lets the term of every request of a person that is over become an event."""
        with self.stored.views.connect() as connection:
            late = requests.due_before(connection, self.clock.now())
        self.requests.pass_terms(UUID(request) for request in late)

    def _watch_the_clock(self, stop: Event) -> None:
        while not stop.wait(TICK):
            try:
                self.pass_deadlines()
                self.give_feedback()
                self.notice_covenants()
                self.pass_terms_of_requests()
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
        self.bells.close()
        self.collected.close()
        self.stored.close()
