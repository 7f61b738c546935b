"""The stage: a hub of its own on loopback, the partners registered with it, a receiver, a listener, and a clock to move."""

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from time import sleep

import httpx2
import structlog

from hub.api.server import server as server_of
from hub.client import Verifier
from hub.demo.badges import Badges
from hub.demo.cast import COMMUNITY_HOUSE, COORDINATOR, HUB_OIN, STAFF, Staff
from hub.demo.desk import Desk
from hub.demo.listener import Listener
from hub.demo.provider import Provider, providing
from hub.demo.provider.people import the_desk, the_hub
from hub.demo.receiver import Receiver, receiving
from hub.demo.senders import System, new_systems
from hub.ports import SetClock
from hub.settings import DEMO, Settings
from hub.wiring import Hub, application

_CALLED_BACK_ON = "127.0.0.0/8"
_LEAP = timedelta(days=366)
"""How far the clock of the demo may go on while a delivery is under way; in earnest it is minutes."""
_WEEKS = 366 * 24 * 60
"""Minutes: whoever watches stays in while the clock leaps from week to week."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything the story is played with."""

    url: str
    hub: Hub
    clock: SetClock
    senders: dict[str, System]
    receiver: Receiver
    receiver_url: str
    listener: Listener
    provider: Provider
    badges: Badges
    desk: Desk

    def move_to(self, moment: datetime) -> None:
        """Moves the clock, lets what is then over become an event, and takes the feed up again with a fresh token."""
        has_moved = moment > self.clock.now()
        self.clock.set(max(moment.astimezone(UTC), self.clock.now()))
        self.hub.views.catch_up()
        self.hub.pass_deadlines()
        if has_moved:
            self.listener.follow(self.token(self.desk.directs))

    def next_due(self) -> datetime | None:
        """When the first running term is over."""
        self.hub.views.catch_up()
        families = self.desk.ask("/clocks")["items"]
        return datetime.fromisoformat(families[0]["nextDue"]) if families else None

    def token(self, of: Staff) -> str:
        """A token of somebody that is valid now."""
        return self.badges.of(of)


class PortTaken(Exception):
    """Something else listens there."""


@contextmanager
def stage(port: int, begins: datetime) -> Iterator[Stage]:
    """A hub that listens on this port of 127.0.0.1 while the block lasts, on data that goes away with it.

    Raises:
        PortTaken: nothing was begun.
    """
    _refuse_taken(port)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    url, clock, at_work = f"http://127.0.0.1:{port}", SetClock(begins.astimezone(UTC)), the_desk(f"http://127.0.0.1:{port}")
    with TemporaryDirectory(prefix="vig-hub-demo-") as data, providing(clock, the_hub(url), at_work) as provider:
        hub = Hub.open(_settings(Path(data), url, provider.issuer), clock, {"HUB_WEBHOOK_ALLOW": _CALLED_BACK_ON})
        receiver = Receiver(Verifier(url, now=clock.now, window=_LEAP))
        with hub.running(), listening(hub, port), receiving(receiver) as receiver_url, httpx2.Client(base_url=url) as to:
            senders = new_systems(url, clock)
            _register(hub, senders, receiver_url)
            for each in STAFF:  # who works here has logged in before, as in earnest
                hub.colleagues.note(each.logged_in(), clock.now())
            listener = Listener(f"{url}/v1/escalations/stream")
            badges = Badges(provider.issuer, at_work, clock, to)
            desk = Desk(to, badges.of)
            try:
                yield Stage(url, hub, clock, senders, receiver, receiver_url, listener, provider, badges, desk)
            finally:
                listener.stop()
                for sender in senders.values():
                    sender.hub.close()


def _settings(data: Path, url: str, issuer: str) -> Settings:
    return Settings(
        data_dir=data,
        mode=DEMO,
        oin=HUB_OIN,
        base_url=url,
        login_issuer=issuer,
        session_idle_minutes=_WEEKS,
        session_minutes=_WEEKS,
        duty_director=COORDINATOR.who,
        duty_organisation=COORDINATOR.organisation,
        duty_contact=COORDINATOR.contact,
    )


def _register(hub: Hub, senders: dict[str, System], receiver_url: str) -> None:
    for name, sender in senders.items():
        organisation = sender.organisation
        hub.registry.add(name, organisation.kind, organisation.oin, "demo", callback=f"{receiver_url}/{name}")
        hub.registry.add_key(name, sender.public, "demo")
    hub.registry.add(COMMUNITY_HOUSE.name, COMMUNITY_HOUSE.kind, COMMUNITY_HOUSE.oin, "demo")


@contextmanager
def listening(hub: Hub, port: int) -> Iterator[None]:
    """Serves the hub's interface while the block lasts."""
    front = application(hub)
    server = server_of(front, "127.0.0.1", port)
    thread = Thread(target=server.run, name="demo-server", daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        sleep(0.01)
    try:
        yield
    finally:
        front.stop()
        server.should_exit = True
        thread.join(10)


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise PortTaken from None
