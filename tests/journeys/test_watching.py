"""Watching real processes: a signal is followed from the trace of its partner to that of a delivery, and what fails is named."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from hub.adapters import outgoing_events
from hub.domain.traces import Trace, read
from tests.channels.receiving import receiving, status
from tests.journeys.collecting import Collector, collecting
from tests.journeys.running import BATCH, STRUCTURED, Process, Sender, a_child, a_worry, the_partners
from tests.parts import databases
from tests.parts.postgresql import Server, fresh
from tests.parts.servers import a_free_port
from tests.tools import ROOT

PATIENCE = 60.0
"""Seconds: what a busy machine may need, not what the hub does."""
PARTNERS = Trace("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")
GRAVE = {"concern": "honour-violence"}


def until(found: Callable[[], Any], what: str) -> Any:
    """What is there when it is there."""
    ends = time.monotonic() + PATIENCE
    while not (there := found()):
        assert time.monotonic() < ends, what
        time.sleep(0.05)
    return there


@dataclass
class Part(Process):
    """One process of a hub, with a watch address, and perhaps a collector of traces."""

    command: str = "all"
    collector: str = ""
    watch_port: int = field(default_factory=a_free_port)

    @property
    def watch(self) -> str:
        return f"http://127.0.0.1:{self.watch_port}"

    @property
    def environment(self) -> dict[str, str]:
        mine = {"HUB_TRACES_ENDPOINT": self.collector, "HUB_WATCH": f"127.0.0.1:{self.watch_port}"}
        return {**super().environment, **mine}

    def launch(self) -> None:
        port = ["--port", str(self.port)] if self.command in ("all", "serve") else []
        command = [sys.executable, "-m", "hub", self.command, *port]
        self.running = subprocess.Popen(command, env={**os.environ, **self.environment}, stdout=subprocess.DEVNULL)

    def _listens(self) -> bool:
        try:
            return httpx2.get(f"{self.watch}/health/live").status_code == 200 and self._serves()
        except httpx2.TransportError:
            return False

    def _serves(self) -> bool:
        return self.command not in ("all", "serve") or super()._listens()

    def ready(self) -> dict[str, Any]:
        """What it says of itself at its watch address."""
        said: dict[str, Any] = httpx2.get(f"{self.watch}/health/ready", timeout=PATIENCE).json()
        return said

    def metric(self, name: str) -> float:
        """One of its metrics; 0 where there is none."""
        lines = httpx2.get(f"{self.watch}/metrics", timeout=PATIENCE).text.splitlines()
        return next((float(line.rpartition(" ")[2]) for line in lines if line.rpartition(" ")[0] == name), 0.0)

    def shown(self) -> tuple[int, dict[str, Any]]:
        """What `hub status` shows, in yet another process, and how it ended."""
        environment = {**os.environ, **self.environment}
        command = [sys.executable, "-m", "hub", "status", "--json"]
        ran = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, check=False)
        return ran.returncode, json.loads(ran.stdout)


@dataclass(frozen=True)
class Town:
    """A hub of one process (SQLite) or several (PostgreSQL), and its partners."""

    parts: Mapping[str, Part]
    partners: Mapping[str, Sender]

    @property
    def front(self) -> Part:
        """Where partners post."""
        return self.parts.get("serve") or self.parts["all"]

    @property
    def back(self) -> Part:
        """Where what happened is passed on."""
        return self.parts.get("relay") or self.parts["all"]

    def post(self, body: bytes, media: str = STRUCTURED, **headers: str) -> httpx2.Response:
        """Posts a body as a partner without a standard of its own."""
        signed = self.partners["any-partner"].signed(body, datetime.now(UTC))
        url = f"{self.front.url}/v1/signals"
        return httpx2.post(url, content=body, headers={**signed, "content-type": media, **headers}, timeout=PATIENCE)

    def an_event(self, *people: Mapping[str, Any], **but: Any) -> bytes:
        return self.partners["any-partner"].an_event(a_worry(*people, **but), datetime.now(UTC))


@contextmanager
def a_town(data: Path, kind: str, collector: str = "", callback: str = "") -> Iterator[Town]:
    """The processes of a hub while the block lasts."""
    callbacks = {name.replace("-", "_"): callback for name in the_partners()} if callback else {}
    commands = ("serve", "relay") if kind == databases.POSTGRESQL else ("all",)
    parts = {command: Part(data, command=command, collector=collector) for command in commands}
    town = Town(parts, the_partners(**callbacks))
    with closing(town.front.open()) as hub:
        for partner in town.partners.values():
            partner.register(hub, datetime.now(UTC))
    with ExitStack() as ends:
        for part in parts.values():
            part.start()
            ends.callback(part.end)
        yield town


# Followed ----------------------------------------------------------------------------------------------


def test_a_signal_is_followed_from_the_trace_of_its_partner_to_that_of_its_deliveries(tmp_path: Path, database: str) -> None:
    with (
        collecting() as collector,
        receiving() as receiver,
        a_town(tmp_path / "data", database, collector.url, receiver.url) as town,
    ):
        assert town.post(town.an_event(**GRAVE), traceparent=str(PARTNERS)).status_code == 201
        assert receiver.wait_for(1, PATIENCE)
        sent = receiver.got[0]
        delivered = read(sent.headers["traceparent"][0])
        assert delivered is not None
        (deliver,) = until(lambda: _of(collector, "deliver", delivered.trace_id), "the delivery is not collected")
        (tell,) = until(lambda: _of(collector, "tell", delivered.trace_id), "the notice is not collected")
        (receive,) = until(lambda: collector.named("receive"), "the receipt is not collected")
    # what the receiver was told is the step of this very attempt, and leads to nobody
    assert (deliver.span, deliver.parent, tell.parent) == (delivered.span_id, tell.span, "")
    assert PARTNERS.trace_id not in repr(sent)
    # from the notice back to the signal, and from the signal to what its partner was doing
    (signal,) = collector.named("signal")
    assert tell.links == {(signal.trace, signal.span)}
    assert signal.links == {(receive.trace, receive.span)}
    assert receive.links == {(signal.trace, signal.span)}
    assert (receive.trace, receive.parent) == (PARTNERS.trace_id, PARTNERS.span_id)
    within = [step for step in collector.steps if step.parent == receive.span]
    assert [step.name for step in within] == ["verify", "translate", "commit"]
    assert {step.trace for step in within} == {PARTNERS.trace_id}
    assert (signal.said, deliver.said) == ({"hub.outcome": "recorded"}, {"hub.attempt": 1, "hub.outcome": "http-200"})
    assert {step.failed for step in (receive, signal, tell, deliver, *within)} == {""}


def _of(collector: Collector, name: str, trace: str) -> list[Any]:
    return [step for step in collector.named(name) if step.trace == trace]


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Town, Collector]]:
    with collecting() as collector, a_town(tmp_path_factory.mktemp("followed"), databases.SQLITE, collector.url) as town:
        yield town, collector


def test_a_message_that_is_refused_leaves_a_step_with_the_code_of_why(followed: tuple[Town, Collector]) -> None:
    town, collector = followed
    caller = Trace("5" * 32, "6" * 16)
    assert town.post(b"{}", traceparent=str(caller)).status_code == 400
    (receive,) = until(lambda: _of(collector, "receive", caller.trace_id), "it is not collected")
    assert (receive.failed, receive.parent) == ("malformed", caller.span_id)


def test_who_does_not_want_to_be_collected_is_not(followed: tuple[Town, Collector]) -> None:
    town, collector = followed
    unwanted, wanted = f"00-{'7' * 32}-{'8' * 16}-00", Trace("9" * 32, "a" * 16)
    before = len(collector.named("signal"))
    assert town.post(town.an_event(a_child(2)), traceparent=unwanted).status_code == 201
    assert town.post(town.an_event(a_child(3)), traceparent=str(wanted)).status_code == 201
    until(lambda: _of(collector, "receive", wanted.trace_id), "what came later is not collected")
    assert "7" * 32 not in {step.trace for step in collector.steps}
    assert len(collector.named("signal")) == before + 1


def test_each_signal_of_a_batch_begins_a_trace_and_all_lead_back_to_one_receipt(followed: tuple[Town, Collector]) -> None:
    town, collector = followed
    caller = Trace("b" * 32, "c" * 16)
    body = outgoing_events.to_batch([town.an_event(a_child(4)), town.an_event(a_child(5)), b"{}"])
    assert [one["status"] for one in town.post(body, BATCH, traceparent=str(caller)).json()] == [201, 201, 400]
    (receive,) = until(lambda: _of(collector, "receive", caller.trace_id), "it is not collected")
    signals = [step for step in collector.named("signal") if (receive.trace, receive.span) in step.links]
    assert receive.links == {(signal.trace, signal.span) for signal in signals}
    assert len({signal.trace for signal in signals}) == 2


def test_a_collector_that_is_away_keeps_nobody_waiting(tmp_path: Path) -> None:
    with a_town(tmp_path / "data", databases.SQLITE, f"http://127.0.0.1:{a_free_port()}/v1/traces") as town:
        assert town.post(town.an_event(), traceparent=str(PARTNERS)).status_code == 201
        assert town.front.end() == 0


# Named -------------------------------------------------------------------------------------------------


def test_a_read_model_that_fails_is_named_by_every_process_with_where_and_why(tmp_path: Path, database: str) -> None:
    with a_town(tmp_path / "data", database) as town, closing(town.front.open()) as hub:
        assert town.post(town.an_event(**GRAVE)).status_code == 201
        at = hub.log.last_position()
        until(lambda: _position(hub, "radar") == at, "nothing is shown")
        with hub.stored.views.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE radar RENAME TO radar_that_was")
        assert town.post(town.an_event(a_child(6, familyName="Ander", birthDate="2015-01-01"))).status_code == 201
        until(lambda: "follower-stopped-radar" in town.back.ready()["missing"], "nobody says that it stopped")
        # one that passes nothing on itself says so too, and goes on taking signals in
        for part in town.parts.values():
            until(lambda part=part: "follower-stopped-radar" in part.ready()["missing"], "the others do not say it")  # type: ignore[misc]
        said = town.back.ready()["more"]["follower-stopped-radar"]
        assert (said["position"], "Error in " in said["because"]) == (at, True)
        assert town.front.ready()["state"] == "degraded"
        assert httpx2.get(f"{town.front.url}/health/ready").status_code == 200
        ended, shown = town.front.shown()
        (radar,) = (one for one in shown["followers"] if one["name"] == "radar")
        assert (ended, radar["position"], radar["because"]) == (1, at, said["because"])
        until(lambda: _position(hub, "timeline") > at, "the others do not go on")
        assert town.back.metric('hub_follower_lag_events{follower="radar"}') > 0


def _position(hub: Any, follower: str) -> int:
    return next(int(one.position) for one in hub.views.state() if one.follower == follower)


def test_attempts_that_fail_and_what_waits_for_them_are_counted(tmp_path: Path, database: str) -> None:
    with receiving() as receiver, a_town(tmp_path / "data", database, callback=receiver.url) as town:
        receiver.answers = [status(503, Retry_After="3600")]
        assert town.post(town.an_event(**GRAVE)).status_code == 201
        assert receiver.wait_for(1, PATIENCE)
        until(lambda: town.back.metric('hub_deliveries_total{channel="webhook",outcome="http-5xx"}'), "no attempt is counted")
        assert town.back.metric('hub_deliveries_open{channel="webhook",state="waiting"}') >= 1
        _, shown = town.front.shown()
        assert shown["ways"]["webhook"]["waiting"] >= 1


def test_what_one_process_recorded_is_counted_there_and_how_all_stand_everywhere(tmp_path: Path, database: str) -> None:
    with a_town(tmp_path / "data", database) as town:
        assert town.post(town.an_event()).status_code == 201
        accepted = 'hub_messages_accepted_total{kind="any-partner",outcome="recorded"}'
        assert sum(part.metric(accepted) for part in town.parts.values()) == town.front.metric(accepted) == 1
        until(lambda: town.back.metric('hub_follower_position{follower="radar"}') > 0, "nothing is passed on")
        for part in town.parts.values():
            assert part.metric("hub_log_position") == town.front.metric("hub_log_position") > 0
            assert part.metric("hub_ready") == 1
        assert until(lambda: town.front.shown()[0] == 0, "it is not said to be well")


def test_of_several_processes_it_is_told_who_leads_and_that_nobody_does(tmp_path: Path, postgresql: str) -> None:
    with _on(postgresql, tmp_path, "serve") as serve, _on(postgresql, tmp_path, "relay") as relay:
        until(lambda: relay.metric('hub_follower_leads{follower="radar"}'), "nobody leads")
        assert serve.metric('hub_follower_leads{follower="radar"}') == 0
        until(lambda: relay.metric('hub_work_leads{work="watch the clock"}'), "nobody watches the clock")
        _, shown = serve.shown()
        assert all(one["lead"]["by"] for one in shown["followers"])
        relay.kill()
        until(lambda: "nobody-leads-follow-radar" in serve.ready()["missing"], "it is not said that nobody leads")
        assert serve.ready()["state"] == "degraded"
        relay.start()
        until(lambda: serve.ready()["state"] == "ready", "nobody takes over")


@contextmanager
def _on(url: str, place: Path, command: str) -> Iterator[Part]:
    part = OnServer(place, command=command, database=url)
    part.start()
    try:
        yield part
    finally:
        part.end()


@dataclass
class OnServer(Part):
    """A process whose database may go away while its place stays."""

    database: str = ""

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "HUB_DATABASE_URL": databases.with_key(self.database, self.data)}


def test_a_process_that_is_told_to_stop_says_so_while_it_finishes(tmp_path: Path) -> None:
    with a_town(tmp_path / "data", databases.SQLITE) as town:
        os.environ["HUB_DRAIN_SECONDS"] = "5"
        try:
            town.front.end()
            town.front.start()
        finally:
            del os.environ["HUB_DRAIN_SECONDS"]
        assert town.front.ready()["state"] == "ready"
        assert town.front.running is not None
        town.front.running.terminate()
        said = until(lambda: town.front.ready() if town.front.ready()["missing"] else None, "it does not say so")
        assert (said["state"], said["missing"]) == ("not-ready", ["stopping"])
        assert town.front.running.wait(PATIENCE) == 0


# Away --------------------------------------------------------------------------------------------------


def test_without_its_database_a_process_lives_is_not_ready_and_says_which_stores_are_away(
    tmp_path: Path, postgresql_server: Server
) -> None:
    postgresql_server.start()
    with fresh(postgresql_server.url) as url, _on(url, tmp_path, "serve") as serve:
        assert until(lambda: serve.ready()["state"] != "not-ready", "it is not ready")
        postgresql_server.kill()
        until(lambda: "database-log" in serve.ready()["missing"], "it does not say that the database is away")
        assert httpx2.get(f"{serve.watch}/health/live").status_code == 200
        assert httpx2.get(f"{serve.url}/health/ready").status_code == 503
        assert (serve.metric('hub_store_up{store="log"}'), serve.metric("hub_ready")) == (0, 0)
        ended, shown = serve.shown()
        assert (ended, [one["code"] for one in shown["missing"]]) == (1, ["database"])
        postgresql_server.start()
        until(lambda: serve.ready()["state"] != "not-ready", "it does not recover")


def test_a_hub_that_cannot_say_how_it_is_where_it_was_told_does_not_start(tmp_path: Path) -> None:
    first = Part(tmp_path / "one")
    first.start()
    try:
        second = Part(tmp_path / "two", watch_port=first.watch_port)
        command = [sys.executable, "-m", "hub", "all", "--port", str(second.port)]
        ran = subprocess.run(command, env={**os.environ, **second.environment}, cwd=ROOT, capture_output=True, check=False)
        assert (ran.returncode, b"--watch" in ran.stderr) == (1, True)
    finally:
        first.end()
