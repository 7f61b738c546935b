"""Each part of the hub, as the settings want it."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from uuid import UUID

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import NoResultFound

from hub.adapters import cloudevents, event_store, people_index, vault
from hub.adapters.contracts import contracts
from hub.adapters.database import beside, locked, reading, settle
from hub.adapters.disclosures import Disclosures, load_disclosure_matrices, load_notice_schemas
from hub.adapters.door import Door, Elsewhere
from hub.adapters.event_store import EventLog
from hub.adapters.evidence import leaves
from hub.adapters.evidence.notary import Notary
from hub.adapters.evidence.notes import Key
from hub.adapters.hub_keys import HubKeys
from hub.adapters.kek import FromFile, Given, Keks, printed
from hub.adapters.leading import Leading
from hub.adapters.limits import Allowed
from hub.adapters.login import Attempts, Claims, Client, Colleagues, Issuer, Login, Sessions
from hub.adapters.mapper import PlainMapper
from hub.adapters.matrices import Matrices, load_calendar, load_matrices
from hub.adapters.once import Once
from hub.adapters.person_requests import load_request_rules
from hub.adapters.processing_log import ProcessingLog
from hub.adapters.pseudonyms import Pseudonyms
from hub.adapters.received import Received
from hub.adapters.registrations import Organisation, Registrations
from hub.adapters.retention import load_retention
from hub.adapters.sealed_file import Sealed, SealedFile, is_sealed
from hub.adapters.sealed_row import SealedRow
from hub.domain import coarsening
from hub.domain.requests import RequestRules
from hub.domain.rules import Rules
from hub.domain.streams import stream_id
from hub.domain.trajectory.planned import DUTCH_TIME
from hub.erasure import Erasure
from hub.errors import NotKnown, Unavailable
from hub.families import Families
from hub.history import History
from hub.ports import Clock, Envelope
from hub.projections import requests, tellings
from hub.register import Register
from hub.relay import Follower, Relay
from hub.retention import Retention
from hub.settings import Settings

FOLLOW, SEND, NOTARISE, CLOCK = "follow ", "send ", "notarise ", "watch the clock"
"""How the works are called that one process does for all; the first three go with the name of a
follower, a way out or a tree."""

_NO_KEK = (
    "On PostgreSQL the key-encryption key has to be given, the same to every process: HUB_KEK_FILE, HUB_KEK_COMMAND or HUB_KEK. "
    "Where there is no hub yet, make one with `(umask 077; head -c 32 /dev/urandom | base64 > kek)`, and keep a copy elsewhere."
)


def keks_of(settings: Settings, log: Engine) -> Keks:
    """The key-encryption key, from where the settings say; on SQLite a new one where there is none yet.

    Raises:
        Unavailable: none was given on PostgreSQL, or what was given is no key.
    """
    if (given := keks_given(settings)) is not None:
        return given
    if settings.is_shared:
        # a key of this process alone, in a directory that may go with it, would lock up what all of them keep
        raise Unavailable(_NO_KEK, code="no-kek")
    file = settings.data_dir / "kek.json"
    # where there are keys already, a new one of another would open none of them
    is_new = not (settings.kek_file or vault.has_keys(log) or is_sealed(settings.hub_keys))
    return Keks(FromFile.made(file) if is_new else _kek_file(settings))


def keks_given(settings: Settings) -> Keks | None:
    """The key-encryption key where somebody put it already; this makes none."""
    if settings.kek:
        return Keks(Given(lambda: settings.kek, "HUB_KEK"))
    if settings.kek_command:
        return Keks(Given(lambda: printed(settings.kek_command), "what HUB_KEK_COMMAND prints"))
    file = _kek_file(settings)
    return Keks(file) if file.path.exists() else None


def _kek_file(settings: Settings) -> FromFile:
    return FromFile(Path(settings.kek_file), "HUB_KEK_FILE") if settings.kek_file else FromFile(settings.data_dir / "kek.json")


def keys_at(settings: Settings, log: Engine, keks: Keks) -> Sealed:
    """Where the hub's own keys are: with the database where several machines share it, else a file beside it."""
    return SealedRow(log, settings.hub_keys.name, keks) if settings.is_shared else SealedFile(settings.hub_keys, keks)


def relay_of(
    log: EventLog, events: PlainMapper, engine: Engine, followers: Sequence[Follower], leading: Leading, linger: float = 0.0
) -> Relay:
    """A relay of one store, for the followers that this process leads."""
    leads = partial(_leads, leading)
    anew, alone = partial(beside, engine), partial(locked, engine)
    return Relay(log, events, engine, followers, linger=linger, beside=anew, alone=alone, leads=leads)


def _leads(leading: Leading, follower: str) -> bool:
    return leading.leads(FOLLOW + follower)


def rules_by_day(matrices: Matrices | None = None) -> Callable[[datetime], Rules]:
    """The rules in force at a moment, by the Dutch day; of these versions of the matrix, or those in the folder."""
    by = load_matrices(contracts() / "intervention-matrix") if matrices is None else matrices
    calendar = load_calendar(contracts() / "calendar" / "nl-holidays.json")
    of_day = cache(lambda day: Rules(by.at(day), calendar))
    return lambda moment: of_day(moment.astimezone(DUTCH_TIME).date())


def request_rules() -> RequestRules:
    """The register of requests of people about their own data."""
    calendar = load_calendar(contracts() / "calendar" / "nl-holidays.json")
    return load_request_rules(contracts() / "registers" / "person-requests.json", calendar)


def erasure_of(
    log: EventLog,
    events: PlainMapper,
    register: Register,
    families: Families,
    safe: vault.Vault,
    stored: Engine,
    evidence: Notary,
    keys: HubKeys,
) -> Erasure:
    """How people are erased, and what the hub signs of that."""
    return Erasure(log, events, register, families, safe, event_store.mentioning, lambda: settle(stored), evidence, keys.sign)


def retention_of(
    log: EventLog, events: PlainMapper, register: Register, safe: vault.Vault, kept: Received, clock: Clock, views: Engine
) -> Retention:
    """How what was kept long enough is let go."""
    return Retention(
        register=register,
        clock=clock,
        rules=load_retention(contracts() / "registers" / "retention.json"),
        keys=safe,
        facts=History(log, events, event_store.placed).facts,
        families_of=people_index.families_of,
        had=people_index.families_that_had,
        bodies=partial(_came_in, kept),
        told=partial(_told_of, views),
        are_asking=partial(_are_asking, views),
    )


def _are_asking(views: Engine, people: Collection[str]) -> bool:
    with reading(views) as connection:
        return requests.are_open(connection, people)


def _told_of(views: Engine, family: UUID) -> list[UUID]:
    with reading(views) as connection:
        return [UUID(telling) for telling in tellings.told_of(connection, str(family))]


def _came_in(kept: Received, connection: Connection, key: str) -> list[UUID]:
    """The messages that came in the bytes that are kept under that key; none where those cannot be read any more."""
    try:
        posted = kept.fetch(connection, key)
    except (NotKnown, NoResultFound):
        return []
    came = cloudevents.envelopes(posted.headers, posted.body)
    return [stream_id("message", each.source, each.id) for each in came if isinstance(each, Envelope)]


def sessions_of(settings: Settings, door: Engine) -> Sessions:
    """The sessions of people who logged in."""
    idle, longest = timedelta(minutes=settings.session_idle_minutes), timedelta(minutes=settings.session_minutes)
    return Sessions(door, settings.base_url, settings.login_issuer, idle, longest)


def login_of(settings: Settings, within: Sessions, keys: HubKeys, once: Once, colleagues: Colleagues) -> Login:
    """How people log in at the issuer that the settings name."""
    secret = Path(settings.login_client_secret_file).read_text().strip() if settings.login_client_secret_file else ""
    claims = Claims(settings.login_subject_claim, settings.login_role_claim, settings.login_organisation_claim)
    client = Client(settings.login_client_id, secret, settings.base_url, claims)
    attempts = Attempts(bytes.fromhex(keys.blind("login-attempts")))
    return Login(Issuer(settings.login_issuer, settings.login_jwks), client, within, attempts, once, colleagues)


def door_of(settings: Settings, organisations: Registrations, keys: HubKeys, remembered: Engine, clock: Clock) -> Door:
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


def disclosures_of(organisations: Registrations, keys: HubKeys, clock: Clock) -> Disclosures:
    """What may leave, by the versions of the matrix."""
    return Disclosures(
        load_disclosure_matrices(contracts() / "disclosure-matrix", organisations.registers.purposes),
        coarsening.rules_of(load_matrices(contracts() / "intervention-matrix").versions),
        load_notice_schemas(contracts() / "notices"),
        organisations,
        pseudonyms_of(keys),
        clock,
    )


def processings_of(reads: Engine, keys: HubKeys, settings: Settings) -> ProcessingLog:
    """The log of what was read, which is a receiver of pseudonyms like any other."""
    pseudonyms = pseudonyms_of(keys)
    return ProcessingLog(reads, lambda subject: str(pseudonyms.of("processing-log", "subject", subject)), f"vig-hub {settings.oin}")


def notaries_of(
    settings: Settings, log: EventLog, readings: ProcessingLog, evidence: Engine, keys: HubKeys, clock: Clock
) -> dict[str, Notary]:
    """Who keeps the trees over what may not be changed, by their names."""
    witnesses = [Key.read(each) for each in settings.witnesses.split(",") if each]
    abouts = (leaves.of_events(log), leaves.of_readings(readings))
    return {
        about.name: Notary(about, evidence, f"oin:{settings.oin}/vig-hub/{about.name}", keys, clock, witnesses) for about in abouts
    }


def pseudonyms_of(keys: HubKeys) -> Pseudonyms:
    """What each receiver calls things, under a secret of its own kind."""
    return Pseudonyms(bytes.fromhex(keys.blind("pseudonyms")))


def allowed_to(settings: Settings, organisation: Organisation | None) -> Allowed:
    """How much an organisation may ask: its own limits, or those of everybody."""
    own = (organisation.per_minute, organisation.per_day) if organisation else (0, 0)
    return Allowed(own[0] or settings.per_minute, own[1] or settings.per_day)
