"""The servers that the tests stand on are the real ones: they keep what they said yes to, and end with the run."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from maven_artifact import Downloader

from tests.parts import kafka as kafkas
from tests.parts import store
from tests.parts.kafka import Broker
from tests.parts.postgresql import Server, fresh
from tests.parts.servers import a_free_port, listens
from tests.parts.shared import a_run
from tests.tools import ROOT

SHARE = """
import sys
from pathlib import Path
from tests.parts import postgresql
from tests.parts.shared import Run
print(postgresql.at_hand(Run(Path(sys.argv[1]))))
"""


def test_all_processes_of_a_run_share_one_postgresql_and_it_ends_with_the_run() -> None:
    with a_run() as run:
        command = [sys.executable, "-c", SHARE, str(run.place)]
        both = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        (url,) = {process.communicate()[0].strip() for process in both}
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not listens(urlsplit(url).port or 0)
    assert not run.place.exists()


def test_a_database_is_empty_and_gone_afterwards(postgresql: str) -> None:
    with fresh(postgresql) as url, psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)


def test_what_postgresql_committed_survives_its_end_and_what_it_did_not_commit_does_not(
    postgresql_server: Server,
) -> None:
    postgresql_server.start()
    with fresh(postgresql_server.url) as url, psycopg.connect(url, autocommit=True) as committed, psycopg.connect(url) as broken:
        committed.execute("CREATE TABLE kept (said text)")
        committed.execute("INSERT INTO kept VALUES ('committed')")
        broken.execute("INSERT INTO kept VALUES ('on its way')")
        postgresql_server.restart()
        with pytest.raises(psycopg.OperationalError):
            broken.execute("SELECT 1")
        with psycopg.connect(url) as again:
            assert again.execute("SELECT said FROM kept").fetchall() == [("committed",)]


async def test_what_kafka_said_yes_to_survives_that_it_is_killed(broker: Broker) -> None:
    broker.start()
    async with AIOKafkaProducer(bootstrap_servers=broker.servers, acks="all") as producer:
        for nth in range(100):
            await producer.send_and_wait("kept", str(nth).encode())
    broker.restart()
    async with AIOKafkaConsumer("kept", bootstrap_servers=broker.servers, auto_offset_reset="earliest") as consumer:
        assert [int((await consumer.getone()).value) for _ in range(100)] == [*range(100)]


async def test_the_kafka_of_the_run_speaks_transactions_that_are_seen_whole_or_not_at_all(kafka: str) -> None:
    topic = f"parts-{uuid4()}"
    async with AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=topic) as producer:
        with pytest.raises(LookupError):
            async with producer.transaction():
                await producer.send_and_wait(topic, b"taken back")
                raise LookupError
        async with producer.transaction():
            await producer.send_and_wait(topic, b"meant")
    reading = {"auto_offset_reset": "earliest", "isolation_level": "read_committed"}
    async with AIOKafkaConsumer(topic, bootstrap_servers=kafka, **reading) as consumer:
        assert (await consumer.getone()).value == b"meant"


@pytest.fixture
def no_kafka_to_be_had(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A machine on which Apache Kafka is not kept, and that gets nowhere."""
    nowhere = Downloader(f"http://127.0.0.1:{a_free_port()}")
    monkeypatch.setattr(store, "Downloader", lambda: nowhere)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv(kafkas.TOLD, raising=False)
    monkeypatch.delenv("CI", raising=False)
    kafkas.is_emulated.cache_clear()
    yield
    kafkas.is_emulated.cache_clear()


def test_the_machine_that_decides_refuses_an_emulator(no_kafka_to_be_had: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(store.Missing, match="cannot be had"):
        kafkas.is_emulated()


def test_where_kafka_cannot_be_had_its_emulator_serves(no_kafka_to_be_had: None) -> None:
    with a_run() as run:
        _, port = kafkas.at_hand(run).split(":")
        assert kafkas.answers(int(port))
    assert not listens(int(port))
