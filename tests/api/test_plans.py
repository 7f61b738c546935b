"""Every version of a plan over HTTP, and what was noted of its goals: by whom it may be seen, and how much of it."""

from jsonschema_rs import Draft202012Validator

from hub.api.plans import PLANS
from hub.domain.disclosure import published
from tests.api.running import Running
from tests.api.test_decisions import GOAL, WHY, decided

RENT = {**GOAL, "goal": "rent", "area": "06", "specific": "rent on time"}


async def test_a_family_without_a_plan_has_no_versions(hub: Running) -> None:
    family = await hub.a_family()
    said = (await hub.ask(f"/v1/families/{family}/plans")).json()
    assert (said["items"], said["notes"]) == ([], [])


async def test_the_newest_version_comes_first_and_the_older_ones_stay_as_they_were(hub: Running) -> None:
    family = await hub.a_family()
    await decided(hub, family, "plans", {**WHY, "goals": [GOAL]})
    latest = await decided(hub, family, "plans", {"motivation": "the rent too", "goals": [{**GOAL, "owner": "mother"}, RENT]})
    said = await hub.ask(f"/v1/families/{family}/plans")
    newest, first = said.json()["items"]
    assert (newest["version"], newest["motivation"]) == (2, "the rent too")
    assert [(goal["goal"], goal["owner"]) for goal in newest["goals"]] == [("school", "mother"), ("rent", "parents")]
    assert [(goal["goal"], goal["owner"], goal["dueDate"]) for goal in first["goals"]] == [("school", "parents", "2026-06-01")]
    assert said.json()["version"] == latest["version"]
    assert said.headers["etag"] == f'"{latest["version"]}"'


async def test_what_was_noted_of_a_goal_is_all_there_with_the_version_that_it_was_noted_on(hub: Running) -> None:
    family = await hub.a_family()
    await decided(hub, family, "plans", {**WHY, "goals": [GOAL]})
    await decided(hub, family, "goals/school/progress", {"words": "two weeks"})
    await decided(hub, family, "plans", {**WHY, "goals": [GOAL, RENT]})
    await decided(hub, family, "goals/school/results", {"result": "partly", "words": "one day missed"})
    notes = (await hub.ask(f"/v1/families/{family}/plans")).json()["notes"]
    assert [(one["words"], one["result"], one["plan"]) for one in notes] == [("one day missed", "partly", 2), ("two weeks", "", 1)]


async def test_each_role_sees_of_it_what_it_may(hub: Running) -> None:
    family = await hub.a_family()
    await decided(hub, family, "plans", {**WHY, "goals": [GOAL]})
    await decided(hub, family, "goals/school/progress", {"words": "two weeks"})
    path = f"/v1/families/{family}/plans"
    hub.assign(family)
    coordinator, auditor = [(await hub.ask(path, role)).json() for role in ("coordinator", "auditor")]
    for said in (coordinator, auditor):
        assert Draft202012Validator(dict(published(PLANS.answer)), validate_formats=True).is_valid(said)
    assert coordinator["items"][0]["goals"][0]["owner"] == "parents"
    assert "owner" not in auditor["items"][0]["goals"][0]
    assert auditor["items"][0]["goals"][0]["specific"] == GOAL["specific"]
    assert "identity" in auditor["withheld"]
    assert (await hub.ask(path, "operator")).status_code == 403
    assert (await hub.ask(path, headers=hub.token("coordinator", "a-stranger", "elsewhere"))).status_code == 404
