"""A hub that tells over Kafka: its outbox on disk, a worker in this process or in one that can be killed."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from hub.adapters import database
from hub.adapters.channels.kafka import families, queue
from hub.adapters.channels.kafka.sending import Sending
from hub.adapters.kafka.topics import ESCALATIONS, FAMILIES
from hub.domain.trajectory import Trajectory
from hub.ports import Fact, Notice, Watch
from tests.channels.telling import Telling
from tests.over_kafka import PATIENCE, Kafka, Read, until
from tests.tools import ROOT

BOTH = ("police", "housing-corporation")


class TellingOnKafka(Telling):
    """The parts together; a second one on the same directory is the hub after a restart, or beside it."""

    def __init__(self, place: Path, kafka: Kafka) -> None:
        super().__init__(place)
        self.place, self.kafka, self.position = place, kafka, 0
        families.TABLES.create_all(self.outbox)
        self.sending = self.a_sender()

    def a_sender(self, watch: Watch | None = None) -> Sending:
        """A worker; of several only the one that began last is heard."""
        return Sending(self.kafka.connection, self.around(watch or Watch()))

    def register_both(self) -> None:
        """The two organisations that notices of the tests are for."""
        for name in BOTH:
            self.register("", name, name)

    def tell(self, *notices: Notice) -> None:
        """Hands notices over as the relay does."""
        with database.locked(self.outbox) as connection:
            self.sending.channel.accept(notices, connection)
        self.sending.channel.committed()

    def happen(self, *streams: Trajectory) -> None:
        """Hands over what happened to these families, as the relay does."""
        events = [event for stream in streams for event in stream.collect_events()]
        places = enumerate(events, start=self.position + 1)
        with database.locked(self.outbox) as connection:
            families.apply([Fact(position, event.originator_id, event) for position, event in places], connection)
        self.position += len(events)

    @contextmanager
    def sent(self, sending: Sending | None = None) -> Iterator[None]:
        """While the block lasts, what waits is sent."""
        stop = Event()
        thread = Thread(target=(sending or self.sending).run, args=(stop,))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(PATIENCE)
            assert not thread.is_alive(), "it does not stop"

    def send(self) -> None:
        """Sends all that waits, and comes back when that is done."""
        with self.sent():
            until(self.is_done)

    def is_done(self) -> bool:
        """Whether nothing waits, and Kafka has how families stand."""
        with self.outbox.connect() as connection:
            waiting, _, _ = queue.open_ones(connection)
            return waiting == 0 and not families.changed(connection, self.sending.families_after, 1)

    def told(self, name: str = "police", isolation: str = "read_committed") -> list[Read]:
        """What stands on the topic of a partner."""
        return self.kafka.read(self.kafka.topic(ESCALATIONS, name), isolation)

    def standing(self) -> dict[str, Read]:
        """How families stand, as whoever read all of the topic knows it."""
        return {one.key: one for one in self.kafka.read(self.kafka.topic(FAMILIES))}


def a_worker(telling: TellingOnKafka) -> "subprocess.Popen[str]":
    """A process that sends what waits there until it is killed; it writes a line whenever it sent something."""
    kafka = telling.kafka
    command = [sys.executable, "-m", __name__, str(telling.place), kafka.servers, kafka.prefix]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def _work(place: str, servers: str, prefix: str) -> None:
    telling = TellingOnKafka(Path(place), Kafka(servers, prefix))
    watch = Watch(records=lambda direction, count: print("sent", direction, count, flush=True))
    telling.a_sender(watch).run(Event())


if __name__ == "__main__":
    _work(*sys.argv[1:])
