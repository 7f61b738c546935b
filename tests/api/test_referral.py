"""How a family stands to being referred, over HTTP: each criterion with what is under it or missing, told to whom it may be."""

from typing import Any

from jsonschema_rs import Draft202012Validator

from hub.api.referral import REFERRAL
from hub.domain.disclosure import published
from tests.api.running import Running, a_worry, an_event
from tests.api.test_decisions import WHY, decided


async def heard(hub: Running, *concerns: str) -> Any:
    """What is answered of a family after these signals."""
    for number, concern in enumerate(concerns):
        signal = a_worry(concern=concern, reference=f"c-{number}")
        said = await hub.post(an_event(signal, id=f"c-{number}"))
        assert said.status_code == 201, said.text
    return said.json()


async def test_a_criterion_that_is_not_met_says_what_is_missing(hub: Running) -> None:
    family = await hub.a_family()
    said = await hub.ask(f"/v1/families/{family}/referral")
    assert (said.json()["met"], said.json()["phase"]) == (False, "candidate")
    assert said.headers["etag"] == f'"{said.json()["version"]}"'
    for one in said.json()["criteria"]:
        assert one["met"] == bool(one["signals"] and not one["missing"]["nl"]), one
        assert one["met"] or (one["missing"]["nl"] and one["missing"]["en"])


async def test_a_signal_more_counts_at_once_also_where_no_criterion_changes(hub: Running) -> None:
    family = await hub.a_family()
    before = (await hub.ask(f"/v1/families/{family}/referral")).json()["criteria"]
    area = next(one["criterion"] for one in before if "leefgebieden" in one["missing"]["nl"])
    await heard(hub, "nuisance")
    after = (await hub.ask(f"/v1/families/{family}/referral")).json()["criteria"]
    was, now = (next(one for one in said if one["criterion"] == area) for said in (before, after))
    assert was["missing"]["nl"] != now["missing"]["nl"]
    assert "nuisance" in {signal["concern"] for signal in now["signals"]} - {signal["concern"] for signal in was["signals"]}


async def test_a_contra_indication_is_a_whole_that_only_those_see_who_may(hub: Running) -> None:
    family = await hub.a_family()
    await heard(hub, "substance-use")
    for _ in range(2):
        await decided(hub, family, "cooperation-refusals", WHY)  # now the administration directs
    path = f"/v1/families/{family}/referral"
    said = {role: (await hub.ask(path, role)).json() for role in ("coordinator", "administrative")}
    for one in said.values():
        assert Draft202012Validator(dict(published(REFERRAL.answer)), validate_formats=True).is_valid(one)
    (found,) = said["coordinator"]["contraIndications"]
    assert [signal["concern"] for signal in found["signals"]] == ["substance-use"]
    assert "addiction" not in str(said["administrative"]) and "substance-use" not in str(said["administrative"])
    assert "special-category" in said["administrative"]["withheld"]


async def test_somebody_who_decides_sees_at_once_what_became_of_it(hub: Running) -> None:
    family = await hub.a_family()
    await decided(hub, family, "referrals", WHY)
    assert (await hub.ask_now("GET", f"/v1/families/{family}/referral", "coordinator")).json()["phase"] == "referred"
