"""How many signed records a second come in over Kafka, by one and two processes, beside a consumer that only reads them."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from benchmarks.measuring import Result, Rounds
from benchmarks.population import Organisation, Population, Sender, Signed
from benchmarks.postgresql import Server, a_server
from benchmarks.running import HUB, PATIENCE, UNLIMITED, Home, a_directory, prepared, process
from hub.adapters.kafka.topics import SIGNALS
from tests.over_kafka import Kafka, Put
from tests.parts.kafka import TOLD, Broker

ONE, TWO, READ = "hub, one `consume`", "hub, two `consume`", "a consumer that only reads"
PARTITIONS = 2
_RECORDED = "SELECT count(*) FROM events WHERE topic = 'message-received'"


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    known: int = 300
    rounds: int = 2
    records: int = 1_500


FULL, QUICK, TINY = Size(), Size(100, 1, 600), Size(5, 1, 30)


@dataclass(frozen=True, slots=True)
class Setting:
    """The hub's home, the broker, and partners that put records there."""

    home: Home
    servers: str
    partners: Sequence[Organisation]
    population: Population
    size: Size

    def taken_in(self, processes: int) -> float:
        """Records a second, from the first that is recorded to the last: starting is not counted."""
        kafka = self._filled()
        with self.home.asking("log") as ask, _consuming(self.home, kafka, processes):
            before = ask(_RECORDED)[0][0]
            first = _once(lambda: ask(_RECORDED)[0][0] - before)
            began = time.perf_counter()
            _once(lambda: ask(_RECORDED)[0][0] - before >= self.size.records)
            return (self.size.records - first) / (time.perf_counter() - began)

    def read(self) -> float:
        """Records a second to somebody who does nothing with them."""
        kafka = self._filled()
        began = time.perf_counter()
        many = sum(len(kafka.read(kafka.topic(SIGNALS, each.name))) for each in self.partners)
        assert many == self.size.records
        return many / (time.perf_counter() - began)

    def _filled(self) -> Kafka:
        """The same number of new records on new topics."""
        nth = next(_nth)
        kafka, sender = Kafka(self.servers, f"bench-{nth}."), Sender(self.partners, f"consume-{nth}")
        kafka.make(*(kafka.topic(SIGNALS, each.name) for each in self.partners), partitions=PARTITIONS)
        signals = self.population.mixed(self.size.records)
        for by, each in enumerate(self.partners):
            mine = [_record(sender.single(one, by)) for one in signals[by :: len(self.partners)]]
            kafka.put(kafka.topic(SIGNALS, each.name), *mine)
        return kafka


_nth = count(1)


def consume(size: Size) -> Result:
    """Measures it."""
    with a_directory("consume") as place, a_server(place) as server, _broker(place) as servers:
        home, population = Home(place / "hub", server.database()), Population(size.known)
        setting = Setting(home, servers, prepared(home, population.first()), population, size)
        measures: dict[str, Callable[[], float]] = {ONE: partial(setting.taken_in, 1), TWO: partial(setting.taken_in, 2)}
        rounds = Rounds().run(size.rounds, {**measures, READ: setting.read})
        return _result(rounds, server, size)


@contextmanager
def _broker(place: Path) -> Iterator[str]:
    """Apache Kafka itself, or the broker that the environment names."""
    if told := os.environ.get(TOLD):
        yield told
        return
    broker = Broker(place / "kafka")
    broker.start()
    try:
        yield broker.servers
    finally:
        broker.stop()


@contextmanager
def _consuming(home: Home, kafka: Kafka, processes: int) -> Iterator[None]:
    own = {"HUB_KAFKA_SERVERS": kafka.servers, "HUB_KAFKA_PREFIX": kafka.prefix, **UNLIMITED}
    environment = {**os.environ, **home.environment(), **own}
    with ExitStack() as running:
        for _ in range(processes):
            running.enter_context(process([*HUB, "consume"], environment=environment, log=home.place / "said.log"))
        yield


def _once(found: Callable[[], int]) -> int:
    """What it gives as soon as that is something."""
    until = time.monotonic() + PATIENCE * 2
    while not (one := found()):
        if time.monotonic() > until:
            raise TimeoutError("the records do not come in")
        time.sleep(0.01)
    return one


def _record(signed: Signed) -> Put:
    return Put(signed.body, [(name, value.encode()) for name, value in signed.headers.items()])


def _result(rounds: Rounds, server: Server, size: Size) -> Result:
    figures = [rounds.figure(name, "records/s") for name in (ONE, TWO, READ)]
    ratios = [rounds.ratio(TWO, ONE), rounds.ratio(ONE, READ)]
    conditions = [
        f"{size.rounds} rounds of {size.records} records by three partners, on {PARTITIONS} partitions each, signed one by one "
        f"(PS256); {size.known} families known beforehand, one signal in ten about an unknown one",
        "from the first record that stands in the log to the last: verified, matched, decided, durable, answered with a receipt on "
        "the partner's topic, offset moved; the broker, the server and the processes share the processors",
        "Apache Kafka, one node; each time new topics and new processes",
        server.said(),
    ]
    return Result("consume-postgresql", "Signed records taken in over Kafka, on PostgreSQL", figures, ratios, conditions)
