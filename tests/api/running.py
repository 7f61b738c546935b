"""The whole hub behind its own HTTP, in one process: real stores, real keys, real signatures, and a clock that stands still."""

import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2

from hub.adapters import jws, outgoing_events
from hub.adapters.jades import sign
from hub.api.front import Front
from hub.domain.callers import Capacity
from hub.domain.registrations import SCOPES
from hub.domain.trajectory import Trajectory
from hub.ports import SetClock
from hub.settings import Settings
from hub.wiring import Hub, application
from tests import issuer
from tests.adapters.registered import private, public
from tests.given import NOON, a_number
from tests.parts import databases
from tests.passing import leading, passed_on

OIN = "00000099000000010006"
POLICE_OIN = "00000099000000010001"
SOURCE = f"urn:nld:oin:{OIN}:systeem:dossier"
TYPE = "nl.vig.signalen.signaal.v1"
BASE = "http://hub.test"


def a_worry(**but: Any) -> dict[str, Any]:
    """A signal in the hub's own contract for partners without a standard."""
    child = {
        "bsn": a_number(1),
        "familyName": "Voorbeeld",
        "givenNames": "Noor",
        "birthDate": "2016-04-05",
        "address": {
            "postcode": "1234AB",
            "number": "12",
            "street": "Voorbeeldstraat",
            "town": "Voorbeeldstad",
            "municipality": "0518",
        },
        "role": "child",
    }
    about = {"reference": "a-1", "concern": "upbringing", "happened": "2026-03-01", "people": [child]}
    said = about | {"informed": {"how": "spoken", "when": "2026-02-28", "by": "a teacher"}} | but
    return {name: value for name, value in said.items() if value is not None}


def a_child(nth: int) -> dict[str, Any]:
    """One of many children who have nothing to do with each other."""
    home = {"postcode": "4321BA", "number": str(nth), "municipality": "0518"}
    return {"bsn": a_number(nth), "familyName": f"Ander{nth}", "givenNames": f"Kind{nth}", "role": "child", "address": home}


def an_event(data: Any = None, **but: Any) -> bytes:
    """A signal as a structured CloudEvent."""
    said = {"id": "1", "source": SOURCE, "type": TYPE, "time": NOON, "data": a_worry() if data is None else data} | but
    return outgoing_events.to_structured(**said)


@dataclass(frozen=True, repr=False)
class Running:
    """A hub with two registered partners, and everything that one does to it over HTTP."""

    hub: Hub
    clock: SetClock
    app: Front

    def client(self) -> httpx2.AsyncClient:
        """Somebody who talks HTTP to it."""
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(self.app), base_url=BASE)

    async def ask(self, path: str, role: str = "coordinator", method: str = "GET", **more: Any) -> httpx2.Response:
        """Asks as somebody in a role (empty: without a token), after everything was passed on."""
        passed_on(self.hub)
        return await self.ask_now(method, path, role, **more)

    async def ask_now(self, method: str, path: str, role: str, **more: Any) -> httpx2.Response:
        """Asks as somebody in a role, whatever was passed on."""
        headers = {**self.token(role), **more.pop("headers", {})}
        async with self.client() as client:
            return await client.request(method, path, headers=headers, **more)

    async def tell(self, path: str, body: Any = None, role: str = "coordinator", **more: Any) -> httpx2.Response:
        """Decides something as somebody in a role."""
        sent = {} if body is None else {"json": body}
        return await self.ask(path, role, "POST", **sent, **more)

    def token(self, role: str, subject: str = "duty-desk", organisation: str = "") -> dict[str, str]:
        """The header of somebody who logged in: of the team on duty, unless something else is said; partners, of youth-work."""
        organisation = organisation or ("youth-work" if role in (Capacity.PARTNER, Capacity.REPORTER) else "neighbourhood-team")
        if not role:
            return {}
        if role == Capacity.PARTNER:
            return self.partner_token(organisation)
        return issuer.bearer(role, subject, organisation, self.clock.now())

    def partner_token(self, organisation: str, scopes: Collection[str] = SCOPES) -> dict[str, str]:
        """The header of a partner's system with a token of the hub."""
        registered = self.hub.registrations.by_name(organisation)
        assert registered is not None
        return {"Authorization": f"Bearer {self.hub.door.issued.issue(registered, scopes, {}, self.clock.now())}"}

    async def post(
        self,
        body: bytes,
        media: str = "application/cloudevents+json",
        signed_as: str = "",
        covering: Mapping[str, str] | None = None,
        **more: Any,
    ) -> httpx2.Response:
        """Posts a body, signed by the key of youth-work or another one."""
        covered = covering or {}
        own = [] if "content-type" in covered else [("content-type", media)]
        headers = [*own, *self.signed(body, covered, signed_as).items(), *covered.items()]
        return await self.post_as_it_is(body, [*headers, *more.get("headers", ())])

    def signed(self, body: bytes, covering: Mapping[str, str], kid: str = "") -> dict[str, str]:
        """The two headers of a signature that is made now."""
        kid = kid or "youth-work-1"
        return sign(body, covering, private("PS256", kid), kid, self.clock.now())

    async def post_as_it_is(self, body: Any, headers: Sequence[tuple[str, str]]) -> httpx2.Response:
        """Posts a body with exactly these headers."""
        async with self.client() as client:
            return await client.post("/v1/signals", content=body, headers=list(headers))

    async def a_family(self, concern: str = "upbringing", **but: Any) -> UUID:
        """Lets a first signal in, and gives the family that it is about."""
        said = await self.post(an_event(a_worry(concern=concern), **but))
        assert said.status_code in (200, 201), said.text
        return self.family_in(said)

    def assign(self, family: UUID | str, auditor: str = "duty-desk") -> str:
        """Lets an auditor look into a family for a week from now; gives the id of the assignment."""
        now = self.clock.now()
        return self.hub.admittance.assign(UUID(str(family)), auditor, "an inquiry", now, now + timedelta(days=7), "officer")

    async def a_family_of(self, person: Mapping[str, Any], **but: Any) -> UUID:
        """Lets a first signal in about one person, and gives the family that it is about."""
        return self.family_in(await self.post(an_event(a_worry(people=[person]), **but)))

    def family_in(self, said: httpx2.Response) -> UUID:
        """The family that a message of youth-work is about, which its receipt does not tell."""
        _, kept = self.hub.intake.status(UUID(said.json()["message"]), "youth-work")
        return UUID(kept.signals[0]["family"])

    async def an_escalation(self) -> tuple[UUID, str]:
        """A family of which an axis rose, and the id of that."""
        family = await self.a_family("honour-violence")
        raised = next(event for event in self.hub.history.facts(family) if isinstance(event, Trajectory.LevelRaised))
        return family, raised.escalation


@contextmanager
def running(directory: Path, **but: Any) -> Any:
    """A hub in a directory, with two partners that have keys; `but` says which settings are otherwise."""
    clock = SetClock(NOON)
    hub = Hub.open(
        Settings(**{"data_dir": directory, "database_url": databases.url_of(directory), "mode": "demo"} | issuer.settings() | but),
        clock,
    )
    year = timedelta(days=365)
    for name, kind, oin in (("youth-work", "any-partner", OIN), ("police", "police", POLICE_OIN)):
        hub.registry.add(name, kind, oin, "operator")
        hub.registry.add_key(name, public("PS256", f"{name}-1"), "operator", NOON - year, NOON + year)
    try:
        with leading(hub):
            yield Running(hub, clock, application(hub))
    finally:
        hub.close()


def said_by_hub(token: str, jwks: Mapping[str, Any]) -> dict[str, Any]:
    """What a compact JWS of the hub says, checked with its public keys."""
    start, _, value = token.rpartition(".")
    header, _, payload = start.partition(".")
    kid = json.loads(jws.from_b64url(header))["kid"]
    key = next(key for key in jwks["keys"] if key["kid"] == kid)
    assert jws.is_signed(start.encode(), jws.from_b64url(value), jws.public_key(json.dumps(key)))
    return json.loads(jws.from_b64url(payload))
