"""The whole hub behind a real socket: as a process that can be killed, or in this process under a clock of the tests."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from threading import Condition, Event, Thread
from typing import Any
from uuid import UUID, uuid4

import httpx2

from hub import client
from hub.adapters import outgoing_events
from hub.api.server import server
from hub.domain.callers import Capacity
from hub.domain.messages import Message
from hub.domain.registrations import SCOPES
from hub.ports import SetClock
from hub.settings import Settings
from hub.wiring import Hub, application
from tests import issuer
from tests.adapters.registered import jwk, public
from tests.given import NOON, a_number
from tests.parts import databases
from tests.parts.servers import a_free_port
from tests.passing import passed_on

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
ANY_TYPE = "nl.vig.signalen.signaal.v1"
YEAR = timedelta(days=365)
START_WITHIN = 60.0
"""Seconds: what a busy machine may need, not what the hub does."""


@dataclass(frozen=True)
class Sender:
    """An organisation of the covenant, with a key of its own."""

    name: str
    kind: str
    oin: str
    algorithm: str = "PS256"
    callback: str = ""

    @property
    def kid(self) -> str:
        return f"{self.name}-{self.algorithm}-1"

    @property
    def source(self) -> str:
        return self.system.source

    @property
    def system(self) -> client.Sender:
        """What it signs with, as any partner does."""
        return _system(self.name, self.oin, self.algorithm, self.kid)

    def register(self, hub: Hub, since: datetime) -> None:
        """Takes it in, with its key."""
        algorithms = () if self.algorithm == "PS256" else (self.algorithm,)
        hub.registry.add(self.name, self.kind, self.oin, "operator", algorithms, callback=self.callback)
        hub.registry.add_key(self.name, public(self.algorithm, self.kid), "operator", since - YEAR, since + YEAR)

    def signed(self, body: bytes, at: datetime, covering: Mapping[str, str] | None = None) -> dict[str, str]:
        """The headers of a signature that it makes now, with those that it covers."""
        return self.system.signed(body, covering or {}, at)

    def an_event(self, data: Any, at: datetime, **but: Any) -> bytes:
        """A message of it as a structured CloudEvent."""
        said = {"id": str(uuid4()), "source": self.source, "type": ANY_TYPE, "time": at, "data": data} | but
        return outgoing_events.to_structured(**said)


@cache
def _system(name: str, oin: str, algorithm: str, kid: str) -> client.Sender:
    return client.Sender(name, oin, jwk(algorithm, kid), "dossier")


def the_partners(**callbacks: str) -> dict[str, Sender]:
    """One organisation of every kind, under the number that the examples of the contracts have it by."""
    kinds = (
        *("police", "veilig-thuis", "housing-corporation", "social-services", "school-attendance", "any-partner"),
        *("under-secrecy", "certified-institution", "child-protection-council"),
    )
    numbered = enumerate(kinds, start=10001)
    return {
        kind: Sender(kind, kind, f"{99:08}{nth:012}", callback=callbacks.get(kind.replace("-", "_"), "")) for nth, kind in numbered
    }


def a_child(nth: int, **but: Any) -> dict[str, Any]:
    """The nth child, that lives alone at its address."""
    said = {
        "bsn": a_number(nth),
        "familyName": "Voorbeeld",
        "givenNames": "Noor",
        "birthDate": "2016-04-05",
        "address": {"postcode": "1234AB", "number": str(nth + 1), "town": "Voorbeeldstad"},
        "role": "child",
    }
    return {name: value for name, value in (said | but).items() if value is not None}


def a_worry(*people: Mapping[str, Any], **but: Any) -> dict[str, Any]:
    """A signal in the contract of partners without a standard of their own."""
    about = {"reference": "a-1", "concern": "upbringing", "happened": "2026-03-01", "people": list(people or (a_child(1),))}
    said = about | {"informed": {"how": "spoken", "when": "2026-02-28", "by": "a teacher"}} | but
    return {name: value for name, value in said.items() if value is not None}


# As a process ------------------------------------------------------------------------------------------


@dataclass
class Process:
    """`hub all` on a directory of data: started, killed and started again."""

    data: Path
    port: int = field(default_factory=a_free_port)
    running: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "HUB_DATA_DIR": str(self.data),
            "HUB_DATABASE_URL": databases.url_of(self.data),
            "HUB_MODE": "demo",
            "HUB_WEBHOOK_ALLOW": "127.0.0.0/8",
            **issuer.environment(),
        }

    def open(self) -> Hub:
        """The same hub in this process, while it does not run in its own."""
        return Hub.open(Settings.read(self.environment), environment=self.environment)

    def start(self) -> float:
        """Starts it, waits until it listens, and gives the seconds that it took."""
        began = time.monotonic()
        self.launch()
        while not self._listens():
            assert self.running is not None and self.running.poll() is None, "the hub stopped while it started"
            assert time.monotonic() - began < START_WITHIN, "the hub does not listen"
            time.sleep(0.01)
        return time.monotonic() - began

    def launch(self) -> None:
        """Starts it, and does not wait."""
        command = [sys.executable, "-m", "hub", "all", "--port", str(self.port)]
        self.running = subprocess.Popen(command, env={**os.environ, **self.environment}, stdout=subprocess.DEVNULL)

    def _listens(self) -> bool:
        with closing(socket.socket()) as tried:
            return tried.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        """SIGKILL: nothing that it still wanted to do is done."""
        self.end(signal.SIGKILL)

    def end(self, how: int = signal.SIGTERM) -> int:
        """Ends it, waits until it is gone, and gives its exit status; not running is fine."""
        if self.running is None:
            return 0
        self.running.send_signal(how)
        status = self.running.wait(START_WITHIN)
        self.running = None
        return status


# In this process ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Served:
    """A hub in this process behind a real socket, under a clock that stands still, and everything that one does to it."""

    hub: Hub
    clock: SetClock
    partners: Mapping[str, Sender]
    client: httpx2.Client

    def post(self, sender: Sender, body: bytes, media: str = STRUCTURED, **covering: str) -> httpx2.Response:
        """Posts a body as an organisation, signed now."""
        named = {name.replace("_", "-"): value for name, value in covering.items()}
        return self.post_as_it_is(body, [*sender.signed(body, self.clock.now(), named).items(), ("content-type", media)])

    def post_as_it_is(self, body: Any, headers: Sequence[tuple[str, str]]) -> httpx2.Response:
        """Posts a body with exactly these headers."""
        return self.client.post("/v1/signals", content=body, headers=list(headers))

    def ask(self, path: str, role: Capacity = Capacity.COORDINATOR, organisation: str = "", **query: str) -> httpx2.Response:
        """Asks as somebody in a role, after everything was passed on."""
        passed_on(self.hub)
        return self.client.get(path, params=query, headers=self.token(role, organisation))

    def token(self, role: Capacity, organisation: str = "") -> dict[str, str]:
        """The header of somebody who logged in: of the team on duty, unless something else is said."""
        if role is not Capacity.PARTNER:
            return issuer.bearer(role, "somebody", organisation or self.hub.settings.duty_organisation, self.clock.now())
        registered = self.hub.registrations.by_name(organisation)
        assert registered is not None
        return {"Authorization": f"Bearer {self.hub.door.issued.issue(registered, SCOPES, {}, self.clock.now())}"}

    def family_of(self, receipt: Mapping[str, Any]) -> str:
        """Where the first signal of a message went: the hub knows it, the receipt does not tell."""

        message = self.hub.register.read(lambda unit: unit.get(Message, UUID(receipt["message"])))
        family: str = message.signals[0]["family"]
        return family


@contextmanager
def serving(
    data: Path, at: datetime = NOON, mode: str = "demo", more: Mapping[str, str] | None = None, **callbacks: str
) -> Iterator[Served]:
    """A hub with one organisation of every kind, served while the block lasts; `more` is what its environment says besides."""
    clock, partners = SetClock(at), the_partners(**callbacks)
    settings = Settings(data_dir=data, database_url=databases.url_of(data), mode=mode, **issuer.settings())
    hub = Hub.open(settings, clock, {"HUB_WEBHOOK_ALLOW": "127.0.0.0/8", **(more or {})})
    known = {organisation.name for organisation in hub.registrations.all()}
    for partner in partners.values():
        if partner.name not in known:
            partner.register(hub, at)
    with hub.running(), _listening(hub) as url, httpx2.Client(base_url=url, timeout=START_WITHIN) as client:
        yield Served(hub, clock, partners, client)


@contextmanager
def _listening(hub: Hub) -> Iterator[str]:
    served = server(application(hub), "127.0.0.1", a_free_port())
    thread = Thread(target=served.run, daemon=True)
    thread.start()
    try:
        while not served.started:
            time.sleep(0.005)
            assert thread.is_alive(), "the server stopped while it started"
        yield f"http://127.0.0.1:{served.config.port}"
    finally:
        served.should_exit = True
        thread.join()


# The live feed -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Heard:
    """A notice from the live feed."""

    position: int
    type: str
    notice: Mapping[str, Any]


def heard(lines: Iterable[str]) -> Iterator[Heard]:
    """The events of a stream (HTML, section 9.2.6): one counts only when the empty line after it has come."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.strip()
        elif "data" in fields:
            yield Heard(int(fields.pop("id")), fields.pop("event"), json.loads(fields.pop("data")))


@dataclass
class Following:
    """Somebody who follows the live feed, and comes back where it broke off."""

    url: str
    token: Mapping[str, str]
    heard: list[Heard] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._finish, self._changed = Event(), Condition()
        self._thread = Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begins to follow."""
        self._thread.start()

    def finish(self) -> None:
        """Hangs up, within a second of silence."""
        self._finish.set()
        self._thread.join(START_WITHIN)

    def _run(self) -> None:
        with httpx2.Client(base_url=self.url, timeout=httpx2.Timeout(5, read=1)) as client:
            while not self._finish.is_set():
                try:
                    self._follow(client)
                except httpx2.TransportError:
                    self._finish.wait(0.02)

    def _follow(self, client: httpx2.Client) -> None:
        last = {"Last-Event-ID": str(self.heard[-1].position if self.heard else 0)}
        with client.stream("GET", "/v1/escalations/stream", headers={**self.token, **last}) as stream:
            stream.raise_for_status()
            self.connections += 1
            for one in heard(stream.iter_lines()):
                with self._changed:
                    self.heard.append(one)
                    self._changed.notify_all()

    def wait_for(self, position: int, timeout: float = 60.0) -> Heard:
        """The notice at that position, when it comes."""
        with self._changed:
            assert self._changed.wait_for(lambda: any(one.position == position for one in self.heard), timeout), "not heard"
        return next(one for one in self.heard if one.position == position)
