"""All families together, over HTTP: who may ask, what is told of few, and of which periods."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from hub.domain.callers import Capacity
from tests.api.running import Running, a_child, a_worry, an_event

PATHS = tuple(f"/v1/insight/{name}" for name in ("early-path", "waiting", "signals", "goals", "caseload"))
OF_A_PERIOD = tuple(path for path in PATHS if "waiting" not in path)
WHY = {"motivation": "the school asked"}
APRIL = datetime(2026, 4, 10, 9, 0, tzinfo=UTC)
MARCH = "?from=2026-03&until=2026-03"


async def families(hub: Running, count: int, first: int = 10) -> list[UUID]:
    """Families who have nothing to do with each other, of whom the hub hears today."""
    return [await hub.a_family_of(a_child(nth) | {"birthDate": "2016-04-05"}, id=str(nth)) for nth in range(first, first + count)]


async def told(hub: Running, path: str, role: str = "coordinator") -> Any:
    said = await hub.ask(path, role)
    assert said.status_code == 200, said.text
    return said.json()


def stages(said: Any) -> dict[str, int | None]:
    return {each["stage"]: each["count"] for each in said["stages"]}


@pytest.mark.parametrize("path", PATHS)
async def test_whoever_works_with_families_sees_all_together_and_nobody_else(hub: Running, path: str) -> None:
    may = {role.value for role in Capacity if (await hub.ask(path, role.value)).status_code == 200}
    assert may == {"coordinator", "team-lead", "administrative", "auditor", "data-protection-officer"}


async def test_nothing_is_withheld_and_every_look_is_written_down(hub: Running) -> None:
    for path in PATHS:
        assert "withheld" not in await told(hub, path, "data-protection-officer")
    lines = (await hub.ask("/v1/processing-log?activity=count-trajectories", "auditor")).json()["items"]
    assert {line["name"] for line in lines} == {
        f"getInsight{name}" for name in ("EarlyPath", "Waiting", "Signals", "Goals", "Caseload")
    }


async def test_the_way_of_families_is_told_from_the_first_signal_to_a_start(hub: Running) -> None:
    came = await families(hub, 12)
    for family in came[:7]:
        assert (await hub.tell(f"/v1/families/{family}/referrals", WHY)).status_code == 201
    for family in came[:5]:
        decided = {**WHY, "decision": "eligible"}
        assert (await hub.tell(f"/v1/families/{family}/referral-decisions", decided, "team-lead")).status_code == 201
    assert stages(await told(hub, PATHS[0])) == dict.fromkeys(stages(await told(hub, PATHS[0])), None), "March is not over"
    hub.clock.set(APRIL)
    said = await told(hub, PATHS[0] + MARCH)
    assert (said["from"], said["until"], said["asOf"]) == ("2026-03", "2026-03", "2026-03-31")
    assert stages(said) == {
        "signals": 10,
        "candidates": 10,
        "criteria-met": None,
        "referred": 5,
        "decided": 5,
        "started": None,
    }
    assert said["notReferred"] == [
        {"why": "criteria-not-met", "count": 5},
        {"why": "nobody-referred", "count": None},
        {"why": "ended-early", "count": None},
    ]
    missing = {"child-with-worries": None, "four-serious-areas": 5, "pressure": 5}
    assert {each["criterion"]: each["count"] for each in said["missing"]} == missing


async def test_nobody_can_be_found_in_it(hub: Running) -> None:
    came = await families(hub, 6)
    hub.clock.set(APRIL)
    for path in PATHS:
        said = (await hub.ask(path)).text
        assert not any(str(family) in said for family in came)
        assert "Ander" not in said
        assert "4321BA" not in said


async def test_what_is_of_fewer_than_five_is_not_told(hub: Running) -> None:
    await families(hub, 2)
    hub.clock.set(APRIL)
    said = await told(hub, f"/v1/insight/signals{MARCH}")
    assert said["partners"] == said["neighbourhoods"] == []
    assert [row["total"] for row in said["lifeAreas"]] == [None] * 12


async def test_signals_are_told_by_month_area_partner_and_neighbourhood(hub: Running) -> None:
    await families(hub, 10)
    hub.clock.set(APRIL)
    said = await told(hub, "/v1/insight/signals?from=2026-02&until=2026-03")
    assert said["months"] == ["2026-02", "2026-03"]
    assert said["partners"] == [{"code": "youth-work", "counts": [None, 10], "total": 10}]
    assert said["neighbourhoods"] == [{"code": "4321", "counts": [None, 10], "total": 10}]
    assert {row["code"]: row["total"] for row in said["lifeAreas"] if row["total"]} == {"03": 10, "07": 10}


async def test_a_signal_that_was_taken_back_counts_no_more(hub: Running) -> None:
    await families(hub, 8)
    assert (await hub.post(an_event(a_worry(people=[a_child(30)]), id="17-again"))).status_code == 201
    for nth in ("10", "17-again"):
        back = json.loads(an_event(id=f"back-{nth}")) | {"withdraws": nth}
        back.pop("data")
        assert (await hub.post(json.dumps(back).encode())).status_code == 201
    hub.clock.set(APRIL)
    assert (await told(hub, f"/v1/insight/signals{MARCH}"))["partners"][0]["total"] == 5


@pytest.mark.parametrize("path", OF_A_PERIOD)
@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("from=2026-3", {"/from"}),
        ("from=march&until=2026-13", {"/from", "/until"}),
        ("from=yesterday&until=2026-03", {"/from", "/until"}),
        ("until=2026-03", {"/until"}),
        ("from=2026-02&until=2026-01", {"/from"}),
        ("from=2021-02&until=2026-02", {"/from"}),
        ("from=2020-01&until=2026-03", {"/from", "/until"}),
    ],
)
async def test_a_period_that_is_none_is_refused_with_all_its_faults(hub: Running, path: str, query: str, wrong: set[str]) -> None:
    said = await hub.ask(f"{path}?{query}")
    assert (said.status_code, said.json()["code"]) == (400, "malformed")
    assert {each["where"] for each in said.json()["violations"]} == wrong


@pytest.mark.parametrize("path", OF_A_PERIOD)
async def test_the_last_twelve_whole_months_are_told_unless_others_are_asked(hub: Running, path: str) -> None:
    said = await told(hub, path)
    assert (said["from"], said["until"]) == ("2025-03", "2026-02")
    said = await told(hub, f"{path}?from=2021-03")
    assert (said["from"], said["until"]) == ("2021-03", "2026-02")
    assert (await hub.ask(f"{path}?from=2026-01&from=2026-02")).status_code == 400
    assert (await hub.ask(f"{path}?since=2026-01")).status_code == 400
