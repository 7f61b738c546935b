"""The faults by name, and how one is played: a town of its own, struck round after round under load, then checked."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from tests.faults import altered, breaking
from tests.faults.breaking import Strike
from tests.faults.checker import Counts, counted
from tests.faults.disk import Disk, Quota, family_of, may_mount, small
from tests.faults.town import MANY, ONE, Town
from tests.parts.kafka import Broker
from tests.parts.postgresql import Server

SQLITE, POSTGRESQL, KAFKA = "sqlite", "postgresql", "kafka"
"""What a town stands on; Kafka is beside PostgreSQL."""
FULL = Path("/dev/full")
"""On which nothing can be written: so are the lines of a process on a full disk."""
WITHOUT_KAFKA = {name: command for name, command in MANY.items() if command != ("consume",)}
NAMES = {SQLITE: ONE, POSTGRESQL: WITHOUT_KAFKA, KAFKA: MANY}
LIKES_ANY_CLOCK = {"HUB_REPLAY_SECONDS": "7200"}
"""So that a partner's signature counts, also while the hub's clock is an hour off."""


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong, and the town that it happens to."""

    name: str
    title: str
    strike: Strike
    on: str = POSTGRESQL
    altered: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, str] = field(default_factory=dict)
    untidy: float = 0.2
    disk: str = ""
    """`quota` or `small`, where the disk can be full."""
    clock_from: datetime | None = None
    """When it is in that town, where it is not now."""


@dataclass(frozen=True)
class Pace:
    """How long it goes on: at least so many rounds, and then until so many seconds are over.

    `stall` and `away` are the seconds for which a process is stopped, and Kafka is away.
    """

    rounds: int
    seconds: float = 0.0
    stall: float = 7.0
    away: float = 5.0
    pause: float = 0.2
    """Seconds between what one partner posts."""

    def is_enough(self, rounds: int, seconds: float) -> bool:
        return rounds >= self.rounds and seconds >= self.seconds


@dataclass(frozen=True)
class Result:
    """What came of a fault."""

    fault: Fault
    seed: int
    rounds: int
    seconds: float
    counts: Counts
    takeovers: Sequence[float]
    recoveries: Sequence[float]
    rest: float
    """Seconds from the end of the load until all that was recorded was passed on, told and heard."""
    troubles: Counter[str]


_SPRING, _AUTUMN = datetime(2027, 3, 28, 0, 59, 55, tzinfo=UTC), datetime(2027, 10, 31, 0, 59, 55, tzinfo=UTC)
"""Five seconds before the clock in the Netherlands is put forward, and back."""
_BEFORE = {altered.CLOCK: "clock"}

FAULTS = (
    Fault("kill-all", "SIGKILL of `hub all`, on SQLite", breaking.kill("all"), SQLITE),
    Fault("kill-serve", "SIGKILL of a `hub serve`", breaking.kill("serve")),
    Fault("kill-relay", "SIGKILL of a `hub relay`", breaking.kill("relay"), KAFKA),
    Fault("kill-everything", "SIGKILL of all processes at once", breaking.kill_at_once, KAFKA),
    Fault("stall-serve", "SIGSTOP of a `hub serve`, then SIGCONT", breaking.stall("serve")),
    Fault("stall-relay", "SIGSTOP of a `hub relay`, then SIGCONT", breaking.stall("relay"), KAFKA),
    Fault("kill-one-of-each", "SIGKILL of a process of each kind at once", breaking.kill_one_of_each, KAFKA),
    Fault("stall-one-of-each", "SIGSTOP of a process of each kind at once", breaking.stall_one_of_each, KAFKA),
    Fault("rolling-restart", "every process restarted in turn, under load", breaking.restart_all_in_turn, KAFKA),
    Fault("kill-postgresql", "PostgreSQL killed with -9 and started again", breaking.kill_database, KAFKA),
    Fault("kill-consume", "SIGKILL of a `hub consume`", breaking.kill("consume"), KAFKA),
    Fault("stall-consume", "SIGSTOP of a `hub consume`, then SIGCONT", breaking.stall("consume"), KAFKA),
    Fault("kill-kafka", "Kafka killed with -9 and started again", breaking.kill_kafka, KAFKA),
    Fault("kafka-away", "the leader of all partitions away", breaking.kafka_away, KAFKA),
    Fault("cut-kafka", "connections to Kafka cut", breaking.cut_kafka, KAFKA),
    Fault("silent-kafka", "a process and Kafka hear nothing of each other", breaking.silence_kafka, KAFKA),
    Fault("cut", "connections to PostgreSQL cut", breaking.cut, KAFKA),
    Fault("refuse", "PostgreSQL takes nobody in for a while", breaking.refuse),
    Fault("delay", "answers of PostgreSQL delayed", breaking.delay),
    Fault("silence", "a process and PostgreSQL hear nothing of each other", breaking.silence, KAFKA),
    Fault("lost-answers", "answers to COMMIT lost", breaking.lose_answers, KAFKA),
    Fault("lost-commits", "COMMITs lost on their way", breaking.lose_questions, KAFKA),
    Fault("untidy", "messages doubled at two servers, reordered and late", breaking.go_on, KAFKA, untidy=0.8),
    Fault("two-leaders", "two relays that both believe they lead", breaking.go_on, KAFKA, {altered.LEADS: "yes"}),
    Fault("quota-sqlite", "SQLite may not write more (quota)", breaking.fill_the_disk, SQLITE, disk="quota"),
    Fault("quota-postgresql", "PostgreSQL may not write more (quota)", breaking.fill_the_disk, disk="quota"),
    Fault("full-disk-sqlite", "no room left for SQLite (small file system)", breaking.fill_the_disk, SQLITE, disk="small"),
    Fault("full-disk-postgresql", "no room left for PostgreSQL (small file system)", breaking.fill_the_disk, disk="small"),
    Fault("clock-jumps", "the clock an hour ahead, or back", breaking.jump, SQLITE, _BEFORE, LIKES_ANY_CLOCK),
    Fault("spring", "the clock put forward for summer", breaking.cross, SQLITE, _BEFORE, clock_from=_SPRING),
    Fault("autumn", "the clock put back for winter", breaking.cross, SQLITE, _BEFORE, clock_from=_AUTUMN),
    Fault("stumbling-projection", "a read model that throws on one event", breaking.stumble, altered={altered.STUMBLES: "yes"}),
    Fault("rebuild", "read models built anew while they are read", breaking.rebuild),
)
BY_NAME = {fault.name: fault for fault in FAULTS}

Say = Callable[[str], None]


def played(faults: Sequence[Fault], place: Path, seed: int, pace: Pace, say: Say = lambda _: None) -> Result:
    """A town struck by these faults in turn, round after round, until it is enough; checked when it has come to rest."""
    random = Random(seed)  # noqa: S311
    with a_town(faults[0], place, random, pace) as town:
        began, rounds = time.monotonic(), 0
        with town.busy():
            while not pace.is_enough(rounds, time.monotonic() - began):
                _strike(faults[rounds % len(faults)], town)
                rounds += 1
                say(f"round {rounds}, {town.acknowledged} acknowledged")
        seconds = time.monotonic() - began
        for process in town.processes.values():
            process.end()
        return _result(faults[0], seed, rounds, seconds, town)


def _strike(fault: Fault, town: Town) -> None:
    time.sleep(town.random.uniform(0.1, 0.6))
    fault.strike(town)


def _result(fault: Fault, seed: int, rounds: int, seconds: float, town: Town) -> Result:
    counts = counted(town.aftermath())
    counts = replace(counts, wrong=[*counts.wrong, *town.wrong, *_stumbled(town, altered.STUMBLES in fault.altered)])
    return Result(fault, seed, rounds, seconds, counts, town.takeovers, town.recoveries, town.rest, town.troubles)


def _stumbled(town: Town, is_meant_so: bool) -> Iterator[str]:
    """What should never happen, whatever happens outside: followers that stop, and errors that nobody foresaw."""
    for said in town.logged("follower-stopped"):
        if not is_meant_so or said["follower"] != altered.STUMBLING.name:
            yield f"{said['follower']} stopped at {said['position']}: {said['because']}"
    for event in ("fell", "fault"):
        yield from (f"{said['process']}: {event} because of {said['because']} at {said['places']}" for said in town.logged(event))


@contextmanager
def a_town(fault: Fault, place: Path, random: Random, pace: Pace) -> Iterator[Town]:
    """The town that this fault happens to, with all its servers. Raises: PermissionError."""
    with ExitStack() as lasts:
        disk = lasts.enter_context(small(place / "disk", 250)) if fault.disk == "small" else None
        town = Town(
            place / ("disk" if disk and fault.on == SQLITE else "town"),
            random,
            names=NAMES[fault.on],
            changes=fault.changes,
            untidy=fault.untidy,
            stall=pace.stall,
            away=pace.away,
            pause=pace.pause,
            lines=FULL if fault.disk else None,
        )
        if fault.on != SQLITE:
            town.server = _server(place / "disk" if disk else place, lasts)
        if fault.on == KAFKA:
            town.broker = _broker(place, lasts)
        if fault.altered:
            town.altered = {name: str(town.clock) if name == altered.CLOCK else value for name, value in fault.altered.items()}
        if fault.clock_from is not None:
            town.begin_at(fault.clock_from)
        town.disk = disk or _quota(town)
        yield lasts.enter_context(town.standing())


def _server(place: Path, lasts: ExitStack) -> Server:
    place.mkdir(parents=True, exist_ok=True)
    server = Server(place / "postgresql")
    server.start()
    lasts.callback(server.stop)
    return server


def _broker(place: Path, lasts: ExitStack) -> Broker:
    broker = Broker(place / "kafka", {"auto.create.topics.enable": "false"})
    broker.start()
    lasts.callback(broker.stop)
    return broker


def _quota(town: Town) -> Disk:
    if town.server is None:
        return Quota(town.place / "data", lambda: [pid for process in town.processes.values() for pid in family_of(process.pid)])
    server = town.server
    return Quota(server.data, lambda: family_of(server.pid), 4 << 20)


def impossible(fault: Fault) -> str:
    """Why this fault cannot be played here; nothing where it can."""
    if fault.disk == "small" and not may_mount():
        return "only root may mount a small file system"
    if fault.disk == "quota" and fault.on != SQLITE and may_mount():
        return "PostgreSQL runs as somebody else here, who cannot be given a quota: there is full-disk-postgresql"
    return ""
