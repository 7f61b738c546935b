"""Measurements over HTTP: how a family scored and by whom, what is still to be measured, and who sees none of it."""

from typing import Any
from uuid import UUID

from jsonschema_rs import Draft202012Validator

from hub.api.measurements import MEASUREMENTS
from hub.domain.disclosure import published
from tests.api.running import Running
from tests.api.test_decisions import WHY, decided
from tests.given import NOON

SAFE = {
    "instrument": "safety",
    "moment": "start",
    "takenOn": f"{NOON:%Y-%m-%d}",
    "measuredBy": "C. Oach",
    "scores": [{"domain": "safe-now", "score": 3}, {"domain": "stays-safe", "score": 2}],
    "words": "Het gezin zag het net zo.",
}


async def started(hub: Running) -> UUID:
    """A family that has come to its start talk."""
    family = await hub.a_family()
    await decided(hub, family, "referrals", WHY)
    await decided(hub, family, "referral-decisions", {**WHY, "decision": "eligible"})
    await decided(hub, family, "phases", {**WHY, "phase": "start-talk"})
    return family


async def measurements(hub: Running, family: UUID, role: str = "coordinator") -> Any:
    said = await hub.ask(f"/v1/families/{family}/measurements", role)
    assert said.status_code == 200, said.text
    return said.json()


async def test_how_a_family_scored_is_there_with_who_measured_and_by_which_edition(hub: Running) -> None:
    family = await started(hub)
    id = (await decided(hub, family, "measurements", SAFE))["measurement"]
    said = await measurements(hub, family)
    assert Draft202012Validator(dict(published(MEASUREMENTS[0].answer)), validate_formats=True).is_valid(said)
    assert said["measurements"] == [{**SAFE, "id": id, "edition": "2026-1", "isCurrent": True}]
    assert {one["code"]: len(one["domains"]) for one in said["instruments"]} == {"safety": 2, "self-sufficiency": 12}
    assert all(one["source"] and one["licence"] for one in said["instruments"])


async def test_what_can_be_measured_and_was_not_is_said_until_it_is(hub: Running) -> None:
    family = await hub.a_family()
    assert (await measurements(hub, family))["toMeasure"] == []
    family = await started(hub)
    today = f"{NOON:%Y-%m-%d}"
    both = [{"instrument": code, "moment": "start", "opens": today, "due": today} for code in ("safety", "self-sufficiency")]
    assert (await measurements(hub, family))["toMeasure"] == both
    await decided(hub, family, "measurements", SAFE)
    assert (await measurements(hub, family))["toMeasure"] == both[1:]


async def test_a_measurement_that_was_wrong_is_taken_back_and_taken_anew(hub: Running) -> None:
    family = await started(hub)
    id = (await decided(hub, family, "measurements", SAFE))["measurement"]
    said = await hub.tell(f"/v1/families/{family}/measurements", SAFE, "coordinator")
    assert (said.status_code, said.json()["code"]) == (409, "measured-already")
    await decided(hub, family, f"measurements/{id}/withdrawals", WHY)
    assert (await measurements(hub, family))["measurements"] == []
    await decided(hub, family, "measurements", SAFE)


async def test_all_that_is_wrong_with_a_measurement_is_said_at_once_by_its_place(hub: Running) -> None:
    family = await started(hub)
    wrong = {**SAFE, "takenOn": "2026-03-03", "scores": [{"domain": "safe-now", "score": 11}, {"domain": "weather", "score": 1}]}
    said = await hub.tell(f"/v1/families/{family}/measurements", wrong, "coordinator")
    assert said.status_code == 400
    assert [one["where"] for one in said.json()["violations"]] == ["/scores/0/score", "/scores/1/domain", "/takenOn"]


async def test_with_an_instrument_that_is_not_there_nothing_is_measured(hub: Running) -> None:
    said = await hub.tell(f"/v1/families/{await started(hub)}/measurements", {**SAFE, "instrument": "zrm"}, "coordinator")
    assert (said.status_code, [one["where"] for one in said.json()["violations"]]) == (400, ["/instrument"])


async def test_whoever_decides_at_the_administrative_level_learns_that_was_measured_and_no_score(hub: Running) -> None:
    family = await started(hub)
    await decided(hub, family, "measurements", SAFE)
    said = await measurements(hub, family, "administrative")
    (measured,) = said["measurements"]
    assert (measured["moment"], "scores" in measured, "words" in measured) == ("start", False, False)


async def test_what_was_measured_is_in_the_history_as_it_was_known_then(hub: Running) -> None:
    family = await started(hub)
    await decided(hub, family, "measurements", SAFE)
    history = (await hub.ask(f"/v1/families/{family}/history", "coordinator")).json()
    (taken,) = [fact["data"] for fact in history["events"] if fact["event"] == "measurement-taken"]
    assert taken["scores"] == [{"domain": "safe-now", "score": "3"}, {"domain": "stays-safe", "score": "2"}]
    assert history["state"]["measurements"][0]["scores"] == SAFE["scores"]
