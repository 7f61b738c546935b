"""An auditor sees a family while somebody assigned them to it, on a ground and for a term; and whatever they see says so."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest

from tests.api.running import Running

OFFICER = "data-protection-officer"
WHY = "calamiteitenonderzoek van de inspectie"


def a_term(hub: Running, begins: int = 0, days: int = 7, **but: Any) -> dict[str, Any]:
    """An assignment of the auditor who asks, from so many days after today."""
    first = hub.clock.now().date() + timedelta(days=begins)
    return {"auditor": "duty-desk", "ground": WHY, "begins": f"{first}", "until": f"{first + timedelta(days=days)}"} | but


async def assign(hub: Running, family: UUID, role: str = OFFICER, **but: Any) -> httpx2.Response:
    return await hub.tell(f"/v1/families/{family}/assignments", a_term(hub, **but), role)


async def sees(hub: Running, family: UUID, subject: str = "duty-desk") -> bool:
    """Whether an auditor gets that far; they are of the organisation that directs the family, which opens nothing to them."""
    path = f"/v1/families/{family}"
    answers = [(await hub.ask(path + more, "", headers=hub.token("auditor", subject))).status_code for more in ("", "/history")]
    listed = (await hub.ask("/v1/assignments", "", headers=hub.token("auditor", subject))).json()["items"]
    assert answers[0] == answers[1]
    assert (answers[0] == 200) == (str(family) in {one["family"] for one in listed}), "the list and the policy say the same"
    return answers[0] == 200


async def test_an_auditor_sees_nothing_of_a_family_before_somebody_assigned_them(hub: Running) -> None:
    family, escalation = await hub.an_escalation()
    assert not await sees(hub, family)
    assert (await hub.ask(f"/v1/escalations/{escalation}", "auditor")).status_code == 404
    assert (await hub.ask("/v1/escalations?state=", "auditor")).json()["items"] == []
    assert (await assign(hub, family)).status_code == 201
    assert await sees(hub, family)
    assert not await sees(hub, family, "another.auditor")
    assert (await hub.ask(f"/v1/escalations/{escalation}", "auditor")).status_code == 200
    assert [one["family"] for one in (await hub.ask("/v1/escalations?state=", "auditor")).json()["items"]] == [str(family)]


async def test_a_term_that_has_not_begun_or_is_over_opens_nothing(hub: Running) -> None:
    family, other = (
        await hub.a_family(),
        await hub.a_family_of({"familyName": "Ander", "givenNames": "Kind", "role": "child"}, id="2"),
    )
    assert (await assign(hub, family, begins=2, days=1)).status_code == 201
    seen = []
    for _ in range(5):
        seen.append(await sees(hub, family))
        hub.clock.set(hub.clock.now() + timedelta(days=1))
    assert seen == [False, False, True, True, False], "both days are included"
    assert not await sees(hub, other)


async def test_the_officer_ends_an_assignment_and_says_why(hub: Running) -> None:
    family = await hub.a_family()
    given = (await assign(hub, family)).json()["assignment"]
    path = f"/v1/families/{family}/assignments/{given}/endings"
    assert (await hub.tell(path, {"motivation": " "}, OFFICER)).status_code == 400
    assert (await hub.tell(path.replace(given, str(family)), {"motivation": WHY}, OFFICER)).status_code == 404
    assert (await hub.tell(path, {"motivation": WHY}, OFFICER)).status_code == 201
    assert not await sees(hub, family)
    assert (await hub.tell(path, {"motivation": WHY}, OFFICER)).json()["code"] == "assignment-over"
    (shown,) = (await hub.ask("/v1/assignments", OFFICER)).json()["items"]
    assert (shown["auditor"], shown["endedBy"]) == ("duty-desk", "duty-desk")
    assert shown["ended"] is not None


async def test_whoever_directs_sees_who_may_look_and_on_what_ground_and_others_do_not(hub: Running) -> None:
    family = await hub.a_family()
    await assign(hub, family)
    (shown,) = (await hub.ask(f"/v1/assignments?family={family}")).json()["items"]
    assert (shown["auditor"], shown["ground"], shown["by"]) == ("duty-desk", WHY, "duty-desk")
    stranger = hub.token("coordinator", "stranger", "elsewhere")
    assert (await hub.ask("/v1/assignments", "", headers=stranger)).json()["items"] == []
    assert (await hub.ask(f"/v1/assignments?family={UUID(int=7)}", OFFICER)).json()["items"] == []


async def test_what_is_looked_at_names_the_assignment_in_the_log_of_the_family(hub: Running) -> None:
    family = await hub.a_family()
    await sees(hub, family)
    given = (await assign(hub, family)).json()["assignment"]
    await sees(hub, family)
    items = (await hub.ask(f"/v1/families/{family}/processing-log", OFFICER)).json()["items"]
    grounds = {(line["outcome"], line["ground"]) for line in items if line["role"] == "auditor" and line["name"] == "getHistory"}
    assert ("given", f"assignment:{given}") in grounds
    assert all(ground != f"assignment:{given}" for outcome, ground in grounds if outcome == "refused")
    hub.hub.outbox.catch_up()
    told = [one.notice["data"] for one in hub.hub.ways["feed"].out.after(0) if one.notice["type"].endswith("looked-into.v1")]
    assert [(one["who"], one["role"]) for one in told] == [("duty-desk", "auditor")], "and the director hears of it"


@pytest.mark.parametrize("role", ["coordinator", "team-lead", "administrative", "auditor", "operator"])
async def test_nobody_but_the_officer_assigns(hub: Running, role: str) -> None:
    assert (await assign(hub, await hub.a_family(), role)).status_code == 403


async def test_an_assignment_that_cannot_be_is_refused(hub: Running) -> None:
    family = await hub.a_family()
    for wrong in ({"ground": " "}, {"auditor": ""}, {"until": "soon"}, {"until": ""}, {"days": -1}, {"begins": -9}, {"days": 400}):
        assert (await assign(hub, family, **wrong)).status_code == 400, wrong
    for far in (f"{date.max}", "0001-01-01"):
        assert (await assign(hub, family, until=far)).status_code == 400, far
    assert (await assign(hub, UUID(int=7))).status_code == 404
    assert (await assign(hub, family)).status_code == 201
    assert (await assign(hub, family)).json()["code"] == "assigned-already"
    assert (await assign(hub, family, begins=8)).status_code == 201, "after that they can be assigned again"
