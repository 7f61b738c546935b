"""The hub over HTTP: what its routes and pages stand on."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from hub import projections
from hub.adapters import calendars, partners, people_index
from hub.adapters.activities import load_activities
from hub.adapters.callers import Callers, KnownSessions
from hub.adapters.channels.webhook.mailbag import Mailbag
from hub.adapters.contracts import contract_path, contracts
from hub.adapters.database import reading
from hub.adapters.disclosures import load_notice_schemas
from hub.adapters.instruments import load_instruments
from hub.adapters.kafka.topics import OF_PARTNERS, OF_THE_HUB, POSITIONS, SIGNALS
from hub.adapters.limits import Strangers
from hub.adapters.matrices import load_matrices
from hub.adapters.notice_event import LEAN
from hub.adapters.reports import report_contract
from hub.api import application as api
from hub.api import health
from hub.api.front import Front
from hub.api.parts import Found, Leaving, Parts
from hub.api.problems import problem_of
from hub.api.proxies import Proxies
from hub.console import Console, codes, routes
from hub.console.parts import Both
from hub.domain.matching import By, keys_of
from hub.domain.policy import Act, Reach, reach_of
from hub.domain.processing import Sought
from hub.domain.signals import NamedPerson
from hub.domain.subscriptions import Sink
from hub.domain.trajectory import Trajectory
from hub.knowledge import Knowledge
from hub.ports import Asked
from hub.projections import clocks, quarantine, relations, requests, tellings
from hub.wiring.exported import Files
from hub.wiring.hub import Hub
from hub.wiring.persons import Persons
from hub.wiring.upkeep import Upkeep
from hub.wiring.watched import Watched, signed

PATIENCE = 2.0
"""Seconds that somebody who did something on a page waits at most to see it there."""
VIEWS = tuple(view for projection in projections.found().values() for view in projection.views)


def application(hub: Hub, watched: Watched | None = None) -> Front:
    """The hub's interface over HTTP; `watched` is how this process looks at itself."""
    watched = watched or Watched(hub, "serve")
    settings = hub.settings
    console = Console(
        login=hub.login,
        sessions=KnownSessions(hub.sessions, hub.registrations),
        now=hub.clock.now,
        interface=lambda *asgi: front(*asgi),
        word=words(),
        colleagues=hub.colleagues.all,
        is_organisation=hub.registrations.knows,
        problem=lambda error: problem_of(error).document(),
        let_read=partial(hub.views.let_read, PATIENCE),
        is_demo=settings.is_demo,
        contact=settings.role_contact,
        duty=settings.duty_organisation,
    )
    front = api.application(
        Parts(
            intake=hub.intake,
            casework=hub.casework,
            reporters=hub.reporters,
            reports=hub.reports,
            history=hub.history,
            knowledge=knowledge_of(hub),
            search=lambda named: search(hub, named),
            views=VIEWS,
            connect=partial(reading, hub.stored.views),
            feed=hub.ways["feed"].out,
            clock=hub.clock,
            admittance=hub.admittance,
            caller_of=Callers(hub.door.tokens, hub.sessions, hub.registrations, hub.clock),
            families_of=lambda caller, act: relations.own(caller, hub.clock.now(), act),
            members=lambda families: members(hub, families),
            disclose=hub.disclosures.answer,
            disclose_notice=hub.disclosures.to_person,
            authorization=hub.door.authorization,
            proxies=Proxies.of(hub.settings.client_certificate_header, hub.settings.trusted_proxies),
            refuse_other=lambda shown, signer: hub.door.tokens.refuse_other(shown, signer, hub.clock.now()),
            sign=hub.keys.sign,
            jwks=hub.keys.public_jwks,
            subscribing=hub.subscribing,
            tellings=hub.tellings,
            subscriptions=hub.registrations.subscriptions_of,
            sinks=sinks(hub),
            topic=partial(topic, hub),
            contacting=hub.contacting,
            calendar=partial(calendar, hub),
            colleagues=hub.colleagues.all,
            base_url=hub.settings.base_url,
            mailbag=Mailbag(hub.stored.outbox, hub.bells),
            leaving=leaving(),
            limits=hub.limits,
            strangers=Strangers(),
            processings=hub.processings,
            upkeep=Upkeep(hub),
            requests=hub.requests,
            persons=Persons(hub, words()),
            instruments=load_instruments(contracts() / "instruments"),
            files=Files(hub),
            retention=hub.retention,
            evidence=hub.notaries,
            how_signed=lambda: signed(hub),
            activity=hub.activities.of_operation,
            sought=lambda named: sought(hub, named),
            watch=hub.collected.watch,
        ),
        pages=[
            *health.for_everybody(lambda: watched.standing().missing),
            *routes(console),
        ],
    )
    watched.stops_when(lambda: front.is_stopping)
    return front


def words() -> Callable[[str, str], Both]:
    """What codes are called on a page: those of every version of the matrix, of the kinds of partners, and of the hub itself."""
    matrices = load_matrices(contracts() / "intervention-matrix").versions
    of_partners = {name: Both(kind.title, kind.english or kind.title) for name, kind in partners.found().items()}
    register = load_activities(contracts() / "registers" / "processing-activities.json").versions
    activities = {each.code: Both(each.nl, each.en) for each in register}
    here = {"partner": of_partners, "activity": activities}
    return codes.words(*(codes.words_of(each) for each in reversed(matrices)), codes.CODES, here)


def members(hub: Hub, families: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """The people of these families."""
    with hub.stored.views.connect() as connection:
        return relations.members(families, connection)


def knowledge_of(hub: Hub) -> Knowledge:
    """Who knew what, by the ledger of deliveries, the log of what was read and the log."""

    def told(family: str, at: datetime) -> Sequence[Mapping[str, Any]]:
        with reading(hub.stored.views) as connection:
            return tellings.told_by(connection, family, at)

    return Knowledge(told, hub.processings.page, partial(hub.history.of_kind, Trajectory.EscalationAcknowledged))


def calendar(hub: Hub, link: str) -> bytes:
    """The terms of whoever has that link. Raises: NotKnown."""
    now = hub.clock.now()
    holder = hub.contacting.holder(link, now)
    with hub.stored.views.connect() as connection:
        terms = clocks.running_of(relations.theirs(holder.subject), connection)
        asked = requests.waiting(connection) if reach_of(Act.HANDLE_REQUESTS, holder) is not Reach.NOBODY else []
    entries = [_entry(hub, family, term, now) for family, term in terms]
    return calendars.written([*entries, *(_answer_before(hub, request, due) for request, due in asked)], now)


def _answer_before(hub: Hub, request: str, due: datetime) -> calendars.Entry:
    url = f"{hub.settings.base_url}/person-requests/{request}"
    return calendars.Entry(request, due, "verzoek van een betrokkene beantwoorden", "answer somebody's request", url)


def _entry(hub: Hub, family: str, running: Mapping[str, str], now: datetime) -> calendars.Entry:
    term = hub.contacting.rules(now).matrix.terms.get(running["term"])
    dutch, english = (term.words.dutch, term.words.english) if term else (running["term"], running["term"])
    url, ends = f"{hub.settings.base_url}/families/{family}", datetime.fromisoformat(running["due"])
    return calendars.Entry(running["clock"], ends, dutch, english, url)


def sinks(hub: Hub) -> Sequence[Sink]:
    """Where this hub can tell a subscriber anything."""
    ways = {"webhook": (Sink.WEBHOOK, Sink.FEED), "kafka": (Sink.KAFKA,)}
    return [sink for way, its in ways.items() if way in hub.ways for sink in its]


def topic(hub: Hub, organisation: str, key: str) -> str:
    """The topic of Kafka of a subscription."""
    return str(hub.ways["kafka"].out.topic(organisation, key)) if "kafka" in hub.ways else ""


def openapi() -> dict[str, Any]:
    """The OpenAPI document of the hub."""
    return api.openapi(VIEWS, report_contract())


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI document of the hub."""
    return api.asyncapi(leaving())


def leaving() -> Leaving:
    """What leaves the hub by itself."""
    topics = {kind: settings for kind, settings in {**OF_PARTNERS, **OF_THE_HUB}.items() if kind not in (SIGNALS, POSITIONS)}
    notices = load_notice_schemas(contract_path("notices"))
    return Leaving(notices, msgspec.json.decode(contract_path("topics", "families.json").read_bytes()), LEAN, topics)


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
