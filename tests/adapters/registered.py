"""Registered partners with real keys, kept in a database of their own."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import StaticPool

from hub.adapters import jws, organisations_index, receivers_index, subscriptions_index, ties_index
from hub.adapters.jades import sign
from hub.adapters.registers import registers
from hub.adapters.registrations import Registrations
from hub.adapters.signatures import PartnerSignatures
from hub.domain.registrations import Registration
from hub.domain.streams import Occasion
from hub.domain.subscriptions import Subscription
from hub.ports import Fact

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
OIN = "00000099000000001000"
YEAR = timedelta(days=365)
BODY = b'{"specversion": "1.0"}'


def occasion(at: datetime = NOW) -> Occasion:
    """Somebody of the hub does something then."""
    return Occasion(at, by="operator", cause="a test")


def jwk(algorithm: str = "PS256", kid: str = "police-1") -> dict[str, Any]:
    """A private key of that name, made once in a run."""
    return _made(algorithm, kid)


_made = cache(jws.new_jwk)


@cache
def private(algorithm: str, kid: str) -> jws.PrivateKey:
    """That key ready for use; checking its numbers costs more than a signature, so once."""
    return jws.private_key(_made(algorithm, kid))


def public(algorithm: str = "PS256", kid: str = "police-1") -> dict[str, Any]:
    """Its public half."""
    return {**_public(algorithm, kid)}


@cache
def _public(algorithm: str, kid: str) -> dict[str, Any]:
    return jws.public_half(jwk(algorithm, kid))


def a_registration(name: str = "police", kind: str = "police", oin: str = OIN, **but: Any) -> Registration:
    """An organisation without keys."""
    return Registration.register(name, kind, oin, occasion(NOW - YEAR), **but)


def with_key(registration: Registration, algorithm: str = "PS256", kid: str = "police-1", **but: Any) -> Registration:
    """The same organisation with one more key."""
    period = {"valid_from": NOW - YEAR, "valid_until": NOW + YEAR, **but}
    registration.add_key(kid, public(algorithm, kid), on=occasion(), **period)
    return registration


def with_covenant(registration: Registration, until: datetime | None = None) -> Registration:
    """The same organisation, which may share all that the standing covenant is for, until it ends or earlier."""
    covenant = registers().covenants["vig-2024"]
    registration.grant_grounds(covenant.purposes, covenant.grounds, "a test", occasion())
    registration.agree(covenant.id, covenant.begins, until or covenant.ends, "a test", occasion())
    return registration


INDEXES = (organisations_index.INDEX, subscriptions_index.INDEX, ties_index.INDEX, receivers_index.INDEX)
"""What registrations are looked up in."""


def with_tables(engine: Engine) -> Engine:
    """The same database, with the tables of these indexes."""
    for index in INDEXES:
        index.tables.create_all(engine)
    return engine


def _engine() -> Engine:
    return with_tables(create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}))


@dataclass
class Book:
    """The registrations in a database, and what looks them up and verifies with them."""

    engine: Engine = field(default_factory=_engine)
    position: int = 0

    def __post_init__(self) -> None:
        self.registrations = Registrations(self.engine, registers())
        self.signatures = PartnerSignatures(self.registrations)

    def save(self, *registrations: Registration | Subscription) -> "Book":
        """Applies what happened to them, as the register does in its transaction, and forgets what was known."""
        with self.engine.begin() as connection:
            for registration in registrations:
                facts = [self._fact(event) for event in registration.collect_events()]
                for index in INDEXES:
                    index.apply(facts, connection)
        self.registrations.forget()
        return self

    def _fact(self, event: Any) -> Fact:
        self.position += 1
        return Fact(self.position, event.originator_id, event)


def signed(
    body: bytes = BODY, algorithm: str = "PS256", kid: str = "police-1", at: datetime = NOW, alg: str = "", **covering: str
) -> dict[str, list[str]]:
    """The headers of a message as the hub gets them, signed with the private key of that name."""
    named = {name.replace("_", "-"): value for name, value in covering.items()}
    made = sign(body, named, private(algorithm, kid), kid, at, alg)
    return {name.lower(): [value] for name, value in {**named, **made}.items()}
