"""The hub over HTTP: what its routes and pages stand on."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from hub import projections
from hub.adapters import people_index
from hub.adapters.callers import Callers
from hub.adapters.channels.webhook.mailbag import Mailbag
from hub.adapters.database import reading
from hub.adapters.limits import Strangers
from hub.api import application as api
from hub.api import health
from hub.api.front import Front
from hub.api.parts import Found, Parts
from hub.api.proxies import Proxies
from hub.console import Console, routes
from hub.domain.matching import By, keys_of
from hub.domain.policy import OPENED_BY_GLASS
from hub.domain.processing import Sought
from hub.domain.signals import NamedPerson
from hub.domain.subscriptions import Sink
from hub.domain.trajectory import Trajectory
from hub.ports import Asked
from hub.projections import quarantine, relations
from hub.wiring.hub import Hub
from hub.wiring.watched import Watched

VIEWS = tuple(view for projection in projections.found().values() for view in projection.views)


def application(hub: Hub, watched: Watched | None = None) -> Front:
    """The hub's interface over HTTP; `watched` is how this process looks at itself."""
    watched = watched or Watched(hub, "serve")
    front = api.application(
        Parts(
            intake=hub.intake,
            casework=hub.casework,
            reporters=hub.reporters,
            history=hub.history,
            search=lambda named: search(hub, named),
            views=VIEWS,
            connect=partial(reading, hub.stored.views),
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
            subscribing=hub.subscribing,
            tellings=hub.tellings,
            subscriptions=hub.registrations.subscriptions_of,
            sinks=sinks(hub),
            topic=partial(topic, hub),
            mailbag=Mailbag(hub.stored.outbox, hub.bells),
            event_types=hub.disclosures.notices,
            limits=hub.limits,
            strangers=Strangers(),
            processings=hub.processings,
            activity=hub.activities.of_operation,
            sought=lambda named: sought(hub, named),
            watch=hub.collected.watch,
        ),
        pages=[
            *health.for_everybody(lambda: watched.standing().missing),
            *routes(Console(hub.login, hub.sessions, hub.clock.now, hub.settings.is_demo, hub.settings.role_contact)),
        ],
    )
    watched.stops_when(lambda: front.is_stopping)
    return front


def members(hub: Hub, families: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """The people of these families."""
    with hub.stored.views.connect() as connection:
        return relations.members(families, connection)


def sinks(hub: Hub) -> Sequence[Sink]:
    """Where this hub can tell a subscriber anything."""
    ways = {"webhook": (Sink.WEBHOOK, Sink.FEED), "kafka": (Sink.KAFKA,)}
    return [sink for way, its in ways.items() if way in hub.ways for sink in its]


def topic(hub: Hub, organisation: str, key: str) -> str:
    """The topic of Kafka of a subscription."""
    return str(hub.ways["kafka"].out.topic(organisation, key)) if "kafka" in hub.ways else ""


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
