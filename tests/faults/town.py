"""A town: the processes of one hub with real servers under it, and around it partners, a desk and receivers that remember all."""

import json
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import func, or_, select

from hub.adapters.channels.feed import FEED
from hub.adapters.channels.kafka import queue
from hub.adapters.channels.webhook.queue import DELIVERIES
from hub.domain.callers import Capacity
from hub.domain.policy import HEARD
from hub.settings import Settings
from hub.wiring import Hub
from tests import issuer
from tests.channels.receiving import Receiver, receiving
from tests.faults.aftermath import Aftermath, Remembered
from tests.faults.disk import Disk
from tests.faults.load import Children, Load, real_time, working
from tests.faults.on_kafka import Putting, behind
from tests.faults.process import Process, until
from tests.faults.proxy import Proxy, before_kafka, before_postgresql
from tests.faults.staff import Desk, Directors, FollowingAny, token
from tests.journeys.running import Sender
from tests.over_kafka import Kafka
from tests.parts.kafka import Broker
from tests.parts.postgresql import Server, fresh
from tests.parts.servers import a_lasting_port

SENDERS = tuple(Sender(f"youth-work-{nth}", "any-partner", f"{99:08}{nth:012}", "EdDSA") for nth in range(1, 5))
TOLD = ("police", "veilig-thuis")
ONE = {"all": ("all",)}
MANY = {f"{kind}-{nth}": (kind,) for kind in ("serve", "relay", "consume") for nth in (1, 2)}
"""Which processes a hub is: by name, what each is told on its command line."""
UNLIMITED = {"HUB_PER_MINUTE": "10000000", "HUB_PER_DAY": "10000000"}
KEK = b64encode(bytes(range(32))).decode()
_IS_HEARD = or_(*(FEED.c.type.startswith(beginning) for beginning in HEARD[Capacity.COORDINATOR]))
"""What those who follow along here hear of."""


@dataclass
class Town:
    """A hub of these processes, in a place of its own, and everybody around it.

    `server` is its PostgreSQL (none: SQLite, and then it is one process); `changes` are settings that are otherwise.
    """

    place: Path
    random: Random
    server: Server | None = None
    broker: Broker | None = None
    names: Mapping[str, Sequence[str]] = field(default_factory=lambda: ONE)
    changes: Mapping[str, str] = field(default_factory=dict)
    altered: Mapping[str, str] = field(default_factory=dict)
    """What is wrong with every process all the time, as `tests.faults.altered` understands it."""
    pause: float = 0.05
    """Seconds between what one partner posts."""
    untidy: float = 0.2
    away: float = 5.0
    """Seconds that Kafka is away."""
    stall: float = 7.0
    """Seconds that somebody is out of this world."""
    ahead: timedelta = timedelta(0)
    """How far the time in this town is ahead of ours."""
    begun_at: datetime | None = None
    database: str = ""
    """The URL of the database that it has while it stands."""
    processes: dict[str, Process] = field(default_factory=dict)
    proxies: dict[str, Proxy] = field(default_factory=dict)
    """Between each process and PostgreSQL."""
    broker_proxies: dict[str, Proxy] = field(default_factory=dict)
    """Between each process and Kafka."""
    putting: list[Putting] = field(default_factory=list)
    told: dict[str, Receiver] = field(default_factory=dict)
    loads: list[Load] = field(default_factory=list)
    disk: Disk | None = None
    lines: Path | None = None
    """Where all processes write their lines; each to a file of its own, unless it is said."""
    takeovers: list[float] = field(default_factory=list)
    """Seconds from the end of a process until everything went on without it."""
    rest: float = 0.0
    """Seconds from the end of the load until all that was recorded was passed on, told and heard."""
    recoveries: list[float] = field(default_factory=list)
    """Seconds from when something was mended until the next signal was acknowledged."""
    wrong: list[str] = field(default_factory=list)
    """What those who strike saw go wrong."""

    # Built and left ---------------------------------------------------------------------------------

    @contextmanager
    def standing(self) -> Iterator["Town"]:
        """All servers and processes are there while the block lasts; nobody does anything yet."""
        with ExitStack() as lasts:
            self.place.mkdir(parents=True, exist_ok=True)
            self.set_clock(0)
            if self.server is not None:
                self.database = lasts.enter_context(fresh(self.server.url))
            self.told = {name: lasts.enter_context(receiving()) for name in TOLD}
            for name, command in self.names.items():
                self.processes[name] = self._process(name, command, lasts)
            lasts.callback(self.hub.close)
            self._register()
            for process in self.processes.values():
                lasts.callback(process.kill)
                process.launch()
            for process in self.processes.values():
                process.wait()
            yield self

    def _process(self, name: str, command: Sequence[str], lasts: ExitStack) -> Process:
        if self.server is not None:
            self.proxies[name] = lasts.enter_context(before_postgresql(self.server.port).running())
        if self.broker is not None:
            self.broker_proxies[name] = lasts.enter_context(before_kafka(self.broker.port).running())
        environment = self.environment(name)
        port = a_lasting_port() if command[0] in ("serve", "all") else 0
        return Process(
            name,
            ("tests.faults.altered" if self.altered else "hub", *command),
            {**environment, **self.altered},
            self.place / f"{name}.log",
            port,
        )

    def environment(self, name: str = "") -> dict[str, str]:
        """The settings of a process, which finds the servers behind its proxies; without a name, of one that finds them itself."""
        said = {
            "HUB_DATA_DIR": str(self.place / "data"),
            "HUB_MODE": "demo",
            "HUB_WEBHOOK_ALLOW": "127.0.0.0/8",
            **UNLIMITED,
            **issuer.environment(),
            **self.changes,
        }
        if self.server is not None:
            port = self.proxies[name].port if name else self.server.port
            there = self.database.replace(f":{self.server.port}/", f":{port}/")
            said |= {"HUB_DATABASE_URL": there, "HUB_KEK": KEK}
        if self.broker is not None:
            port = self.broker_proxies[name].port if name else self.broker.port
            said |= {"HUB_KAFKA_SERVERS": f"127.0.0.1:{port}", "HUB_KAFKA_PARTITIONS": "3"}
        return said

    @cached_property
    def hub(self) -> Hub:
        """The same hub in this process, to register with and to look; nothing of it runs."""
        environment = self.environment()
        return Hub.open(Settings.read(environment), self, environment)

    def _register(self) -> None:
        now = self.hub.clock.now()
        for sender in SENDERS:
            sender.register(self.hub, now)
        for nth, (name, receiver) in enumerate(self.told.items(), start=1):
            Sender(name, name, f"{99:08}{nth:06}{0:06}", callback=receiver.url).register(self.hub, now)

    @property
    def kafka(self) -> Kafka | None:
        return Kafka(f"127.0.0.1:{self.broker.port}", "") if self.broker is not None else None

    @property
    def urls(self) -> list[str]:
        return [process.url for process in self.processes.values() if process.port]

    # Lived in ---------------------------------------------------------------------------------------

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Partners post, the desk decides, somebody follows, while the block lasts; then everything comes to rest."""
        shown = token("somebody", self.now())
        children = Children()
        self.loads = [
            Load(sender, self.urls, Random(self.random.getrandbits(32)), children, self.now, self.untidy, self.pause)  # noqa: S311
            for sender in SENDERS
        ]
        self.putting = [
            Putting(load.sender, self.kafka, Random(self.random.getrandbits(32)), children, self.now, load.acknowledged)  # noqa: S311
            for load in self.loads[:2]
            if self.kafka is not None
        ]
        self.desk = Desk(self.urls, shown)
        self.followed = FollowingAny(self.urls, shown)
        self.directors = Directors(self.urls, self.now, Random(self.random.getrandbits(32)), self._families)  # noqa: S311
        self.followed.start()
        try:
            with working(*self.loads, *self.putting, self.desk, self.directors):
                self.goes_on()
                yield
            self.come_to_rest()
        finally:
            self.followed.finish()

    def _families(self) -> list[str]:
        return [one.notice["data"]["family"] for one in self.followed.heard[-50:] if "family" in one.notice["data"]]

    @property
    def acknowledged(self) -> int:
        return sum(len(load.acknowledged) for load in self.loads)

    def goes_on(self, more: int = 1) -> float:
        """Waits until so many more signals are acknowledged, and gives the seconds that it took."""
        before = self.acknowledged
        return until(lambda: self.acknowledged >= before + more or any(load.wrong for load in self.loads), "nothing goes on")

    def tells(self) -> None:
        """Waits until somebody has to be told something more."""
        before = self._newest()
        until(lambda: self._newest() > before, "nobody is told anything")

    def _newest(self) -> int:
        with self.hub.stored.outbox.connect() as outbox:
            return int(outbox.execute(select(func.coalesce(func.max(FEED.c.position), 0)).where(_IS_HEARD)).scalar_one())

    def mended(self) -> None:
        """Waits until somebody is acknowledged again, and keeps how long that took."""
        self.recoveries.append(self.goes_on())

    def kafka_is_mended(self) -> None:
        """Waits until Kafka takes records again and the hub tells of one that was put there after that."""
        began, before = time.monotonic(), sum(len(one.put) for one in self.putting)
        until(lambda: sum(len(one.put) for one in self.putting) > before, "Kafka takes nothing")
        self.recoveries.append(time.monotonic() - began)

    def come_to_rest(self) -> None:
        """Waits until all that follows the log reached its end, and the last notice was heard and delivered."""
        self.rest = until(self._rests, lambda: f"it does not come to rest: {self._standings()}")

    def _rests(self) -> bool:
        hub = self.hub
        if any(standing.lag for standing in (*hub.views.state(), *hub.outbox.state())):
            return False
        with hub.stored.outbox.connect() as outbox:
            waiting = outbox.execute(select(DELIVERIES.c.id).where(DELIVERIES.c.state == "waiting").limit(1)).first()
            untold = queue.open_ones(outbox)[0]
        last = self.followed.heard[-1].position if self.followed.heard else 0
        return waiting is None and not untold and last >= self._newest() and self._kafka_rests()

    def _kafka_rests(self) -> bool:
        return self.kafka is None or not behind(self.kafka, [putting.sender.name for putting in self.putting])

    def _standings(self) -> str:
        behind = [standing for standing in (*self.hub.views.state(), *self.hub.outbox.state()) if standing.lag]
        return f"{behind}; {len(self.followed.heard)} heard, {len(self.told)} told"

    # Struck -----------------------------------------------------------------------------------------

    def one(self, kind: str) -> Process:
        """A process of that kind."""
        return self.random.choice([process for process in self.processes.values() if process.command[1] == kind])

    def one_of_each(self) -> list[Process]:
        """A process of each kind of which there are more."""
        kinds = Counter(process.command[1] for process in self.processes.values())
        return [self.one(kind) for kind, count in kinds.items() if count > 1]

    def measure_takeover(self, strike: Callable[[], object]) -> None:
        """Strikes, and keeps how long it takes until what comes in after that is recorded and passed on to everybody."""
        strike()
        began, last = time.monotonic(), self._last_position()
        until(lambda: self.all_passed(last), lambda: f"nobody takes over: {self._standings()}")
        self.takeovers.append(time.monotonic() - began)

    def _last_position(self) -> int:
        until(lambda: self.hub.log.last_position() > 0, "the log cannot be read")
        return self.hub.log.last_position()

    def all_passed(self, position: int) -> bool:
        """Whether all that follows the log came beyond that position."""
        return all(standing.position > position for standing in (*self.hub.views.state(), *self.hub.outbox.state()))

    @property
    def troubles(self) -> Counter[str]:
        """What those outside saw go wrong so far, and tried again."""
        return sum((worker.troubles for worker in (*self.loads, *self.putting, self.desk, self.directors)), Counter())

    @property
    def server_errors(self) -> int:
        """Answers of the 500s so far."""
        return sum(count for code, count in self.troubles.items() if code[:1] == "5")

    def begin_at(self, moment: datetime) -> None:
        """Lets everybody here, hub and partners, live at another time, which goes on from that moment."""
        self.begun_at, self.ahead = moment, moment - real_time()

    def now(self) -> datetime:
        """What the clocks of everybody but the hub say."""
        return real_time() + self.ahead

    def set_clock(self, seconds: float) -> None:
        """Lets the clock of the hub's machines be so much ahead of the others, where its processes look at one that can be set."""
        self.clock.write_text(str(self.ahead.total_seconds() + seconds))

    @property
    def clock(self) -> Path:
        """The file with the seconds that the clock of the hub's machines is ahead."""
        return self.place / "clock"

    def a_family(self) -> str:
        """One that somebody heard of."""
        until(lambda: bool(self._families()), "nobody hears of a family")
        return self.random.choice(self._families())

    def aftermath(self) -> Aftermath:
        """What is to be checked, when everything came to rest."""
        return Aftermath(
            self.hub, Remembered(self.loads, self.desk, self.directors, self.told, self.followed, self.putting, self.kafka)
        )

    def logged(self, event: str) -> list[dict[str, Any]]:
        """The lines of that kind in the logs of all processes."""
        logs = [process.log for process in self.processes.values() if process.log.is_file()]
        lines = [line for log in logs for line in log.read_text(errors="replace").splitlines()]
        return [said for line in lines if (said := _read(line)).get("event") == event]


def _read(line: str) -> dict[str, Any]:
    # one that was cut off by a full disk, or by the end of its process, says nothing
    with suppress(ValueError):
        said: dict[str, Any] = json.loads(line)
        return said
    return {}
