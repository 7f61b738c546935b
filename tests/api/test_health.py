"""Whether the hub lives and is ready: told to everybody in codes, with more only at the watch address, as are its metrics."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from hub.api.front import Front
from hub.api.health import answering, for_the_watch
from hub.errors import Unavailable
from hub.ports import Missing
from hub.relay import STOPPED
from hub.wiring import Watched, application
from tests.api.running import BASE, Running, a_worry, an_event, running
from tests.parts.servers import a_free_port

ALIKE = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path) as hub:
        yield hub


def watched(hub: Running, process: str = "all") -> Watched:
    """The hub as it looks at itself anew whenever it is asked."""
    return Watched(hub.hub, process, fresh=0)


async def asked(front: Front, path: str, method: str = "GET") -> httpx2.Response:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(front), base_url=BASE) as client:
        return await client.request(method, path)


def at_the_watch(hub: Running, process: str = "all") -> Front:
    looks = watched(hub, process)
    return for_the_watch(lambda: looks.standing().missing, looks.metrics)


# For everybody -----------------------------------------------------------------------------------------


async def test_a_hub_that_runs_lives_and_is_ready_without_a_token(hub: Running) -> None:
    front = application(hub.hub, watched(hub))
    live, ready = await asked(front, "/health/live"), await asked(front, "/health/ready")
    assert (live.status_code, live.json()) == (200, {"state": "live"})
    assert (ready.status_code, ready.json()) == (200, {"state": "ready", "missing": []})
    for said in (live, ready):
        assert {name: said.headers[name] for name in ALIKE} == ALIKE


async def test_metrics_are_not_on_the_main_port_for_anybody(hub: Running) -> None:
    front = application(hub.hub, watched(hub))
    assert (await asked(front, "/metrics")).status_code == 404
    assert (await hub.ask("/metrics", "operator")).status_code == 404


async def test_health_is_only_asked(hub: Running) -> None:
    front = application(hub.hub, watched(hub))
    for path in ("/health/live", "/health/ready"):
        said = await asked(front, path, "POST")
        assert (said.status_code, said.headers["content-type"]) == (405, "application/problem+json")
        assert (await asked(front, path + "/")).status_code == 404
        assert (await asked(front, path, "HEAD")).status_code == 200


async def test_a_store_that_is_away_makes_the_way_in_unready_in_a_problem_document(hub: Running, tmp_path: Path) -> None:
    front = application(hub.hub, watched(hub))
    hub.hub.stored.door.dispose()
    for file in tmp_path.glob("door.db*"):
        file.unlink()
    (tmp_path / "door.db").mkdir()
    said = await asked(front, "/health/ready")
    assert (said.status_code, said.headers["content-type"]) == (503, "application/problem+json")
    assert {name: said.json()[name] for name in ("status", "code", "state", "missing")} == {
        "status": 503,
        "code": "not-ready",
        "state": "not-ready",
        "missing": ["database-door"],
    }
    assert (await asked(front, "/health/live")).status_code == 200


async def test_a_hub_that_is_told_to_stop_is_not_ready(hub: Running) -> None:
    front = application(hub.hub, watched(hub))
    assert (await asked(front, "/health/ready")).status_code == 200
    front.drain()
    said = await asked(front, "/health/ready")
    assert (said.status_code, said.json()["missing"]) == (503, ["stopping"])


# A follower that stopped -------------------------------------------------------------------------------


def stop(hub: Running, follower: str) -> int:
    """Lets a read model fail, as another process might have noted it."""
    (at,) = (one.position for one in hub.hub.views.state() if one.follower == follower)
    with hub.hub.stored.views.begin() as connection:
        connection.execute(STOPPED.insert(), {"follower": follower, "position": at, "because": "KeyError in apply, line 3"})
    return at


async def test_a_read_model_that_stopped_does_not_stop_the_way_in_and_is_named(hub: Running) -> None:
    await hub.post(an_event())
    stop(hub, "radar")
    said = await asked(application(hub.hub, watched(hub)), "/health/ready")
    assert (said.status_code, said.json()) == (200, {"state": "degraded", "missing": ["follower-stopped-radar"]})


async def test_where_and_why_it_stopped_is_told_at_the_watch_alone(hub: Running) -> None:
    await hub.post(an_event())
    at = stop(hub, "radar")
    said = await asked(at_the_watch(hub, "relay"), "/health/ready")
    assert said.status_code == 503
    more = said.json()["more"]["follower-stopped-radar"]
    assert (more["position"], more["because"], more["lag"]) == (at, "KeyError in apply, line 3", hub.hub.log.last_position() - at)
    hub.hub.views.catch_up()
    assert (await asked(at_the_watch(hub, "relay"), "/health/ready")).json()["state"] == "ready"


async def test_a_follower_that_is_behind_is_told_by_events_and_by_seconds(hub: Running) -> None:
    await hub.post(an_event())
    hub.clock.set(hub.clock.now().replace(hour=13))
    told = samples((await asked(at_the_watch(hub), "/metrics")).text)
    assert told['hub_follower_lag_events{follower="radar"}'] == hub.hub.log.last_position()
    assert told['hub_follower_lag_seconds{follower="radar"}'] == 3_600
    assert told['hub_missing{what="follower-behind-radar"}'] == 1
    hub.hub.views.catch_up()
    hub.hub.outbox.catch_up()
    told = samples((await asked(at_the_watch(hub), "/metrics")).text)
    assert told['hub_follower_lag_events{follower="radar"}'] == told['hub_follower_lag_seconds{follower="radar"}'] == 0


# Metrics -----------------------------------------------------------------------------------------------


def samples(text: str) -> dict[str, float]:
    """Every sample of what was answered, as it is written."""
    found = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return {one.name + (_labels(one.labels) if one.labels else ""): one.value for one in found}


def _labels(labels: dict[str, str]) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in sorted(labels.items())) + "}"


async def metrics(hub: Running) -> dict[str, float]:
    hub.hub.views.catch_up()
    said = await asked(at_the_watch(hub), "/metrics")
    assert (said.status_code, said.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    return samples(said.text)


async def test_what_partners_send_is_counted_by_what_became_of_it(hub: Running) -> None:
    front = application(hub.hub)
    first = an_event(a_worry(concern="honour-violence"))
    hub = replace(hub, app=front)
    for body in (first, first, an_event({"nothing": "of the contract"}, id="2"), b"{}"):
        await hub.post(body)
    await hub.post(b"[" + an_event(id="3") + b"," + b"{}" + b"]", "application/cloudevents-batch+json")
    await hub.post(an_event(id="4"), signed_as="police-1")
    told = await metrics(hub)
    assert told['hub_messages_accepted_total{kind="any-partner",outcome="recorded"}'] == 2
    assert told['hub_messages_accepted_total{kind="any-partner",outcome="quarantined"}'] == told["hub_quarantine_open"] == 1
    assert told['hub_messages_repeated_total{way="http"}'] == 1
    assert told['hub_messages_refused_total{code="malformed",way="http"}'] == 2
    assert told['hub_messages_refused_total{code="sender-is-not-signer",way="http"}'] == 1
    assert told['hub_signals_matched_total{by="nobody-known"}'] == told['hub_signals_matched_total{by="bsn"}'] == 1
    assert told['hub_requests_seconds_count{status="2xx",what="signals"}'] == 4
    assert told['hub_requests_seconds_count{status="4xx",what="signals"}'] == 2
    assert sum(value for name, value in told.items() if name.startswith("hub_escalations_total")) >= 1
    assert sum(value for name, value in told.items() if name.startswith("hub_escalations_open")) >= 1


async def test_a_question_is_counted_until_a_person_answers_it(hub: Running) -> None:
    family = await hub.a_family()
    namesake = {"familyName": "Voorbeeld", "givenNames": "Noor", "birthDate": "2016-04-05", "role": "child"}
    await hub.post(an_event(a_worry(people=[namesake]), id="asked"))
    assert (await metrics(hub))["hub_questions_open"] == 1
    (question,) = (await hub.ask("/v1/match-questions")).json()["items"]
    answer = {"family": str(family), "motivation": "the same child"}
    assert (await hub.tell(f"/v1/match-questions/{question['id']}/answers", answer)).status_code == 201
    told = await metrics(hub)
    assert (told["hub_questions_open"], told["hub_questions_asked_total"]) == (0, 1)
    assert told['hub_signals_matched_total{by="a-person"}'] == 1


async def test_a_term_that_passes_is_counted_once(hub: Running) -> None:
    await hub.an_escalation()
    hub.hub.views.catch_up()
    hub.clock.set(hub.clock.now().replace(month=4))
    for _ in range(2):
        hub.hub.pass_deadlines()
        told = await metrics(hub)
    passed = {name: value for name, value in told.items() if name.startswith("hub_clocks_passed_total")}
    assert passed
    assert set(passed.values()) == {1}


# At an address of its own ------------------------------------------------------------------------------


def test_the_watch_answers_on_a_real_socket_while_the_block_lasts(hub: Running) -> None:
    address = f"127.0.0.1:{a_free_port()}"
    with answering(address, at_the_watch(hub)) as url:
        assert httpx2.get(f"{url}/health/live").json() == {"state": "live"}
        assert json.loads(httpx2.get(f"{url}/health/ready").content)["more"] == {}
        assert "hub_ready 1.0" in httpx2.get(f"{url}/metrics").text
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{url}/health/live")


def test_without_an_address_nobody_listens() -> None:
    front = for_the_watch(lambda: (), lambda: b"")
    with answering("", front) as url:
        assert url == ""


def test_an_address_that_is_taken_is_said_before_anything_runs() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(Unavailable, match="--watch"), answering(place, for_the_watch(lambda: (), lambda: b"")):
            pass


async def test_a_store_that_is_away_does_not_keep_the_metrics_from_being_told(hub: Running, tmp_path: Path) -> None:
    hub.hub.stored.views.dispose()
    for file in tmp_path.glob("views.db*"):
        file.unlink()
    (tmp_path / "views.db").mkdir()
    said = await asked(at_the_watch(hub), "/metrics")
    told = samples(said.text)
    assert (said.status_code, told['hub_store_up{store="views"}'], told['hub_store_up{store="log"}']) == (200, 0, 1)
    assert "hub_log_position" in told
    assert "hub_questions_open" not in told


@pytest.mark.parametrize(
    ("missing", "state", "status"),
    [
        ([], "ready", 200),
        ([Missing("follower-behind-radar", hinders=False)], "degraded", 200),
        ([Missing("keys", hinders=True), Missing("follower-behind-radar", hinders=False)], "not-ready", 503),
    ],
)
async def test_ready_is_said_in_one_word(missing: list[Missing], state: str, status: int) -> None:
    said: Any = await asked(for_the_watch(lambda: missing, lambda: b""), "/health/ready")
    assert (said.status_code, said.json()["state"]) == (status, state)
