"""The voice of a family over HTTP: its own words beside each goal, and who of it may read of which."""

from typing import Any
from uuid import UUID, uuid4

from jsonschema_rs import Draft202012Validator

from hub.api.voices import VOICES
from hub.domain.disclosure import published
from tests.api.running import Running
from tests.api.test_decisions import GOAL, WHY, decided
from tests.given import DUTY

WISH = {"stance": "wish", "words": "Ik wil in een andere klas."}
PLAIN = {"words": "Je gaat elke dag naar school."}


async def planned(hub: Running) -> tuple[UUID, str]:
    """A family with a goal in its plan, and somebody of it."""
    family = await hub.a_family()
    await decided(hub, family, "plans", {**WHY, "goals": [GOAL]})
    people = (await hub.ask(f"/v1/families/{family}/network", "coordinator")).json()["people"]
    return family, people[0]["person"]


async def voices(hub: Running, family: UUID, role: str = "coordinator") -> Any:
    said = await hub.ask(f"/v1/families/{family}/voices", role)
    assert said.status_code == 200, said.text
    return said.json()


async def test_what_somebody_says_of_a_goal_stands_beside_it(hub: Running) -> None:
    family, child = await planned(hub)
    goal = GOAL["goal"]
    await decided(hub, family, f"goals/{goal}/voices", {"person": child, **WISH})
    await decided(hub, family, f"goals/{goal}/tellings", {"person": child, **PLAIN})
    said = await voices(hub, family)
    assert Draft202012Validator(dict(published(VOICES[0].answer)), validate_formats=True).is_valid(said)
    assert said["voices"] == [{"goal": goal, "person": child, **WISH}]
    assert said["told"] == [{"goal": goal, "person": child, **PLAIN}]
    await decided(hub, family, f"goals/{goal}/keepings-back", {"person": child, **WHY})
    assert (await voices(hub, family))["told"] == []


async def test_whoever_knows_the_family_by_what_is_the_matter_alone_reads_none_of_it(hub: Running) -> None:
    family, child = await planned(hub)
    await decided(hub, family, f"goals/{GOAL['goal']}/voices", {"person": child, **WISH})
    said = await hub.ask(f"/v1/families/{family}/voices", "administrative")
    assert WISH["words"] not in said.text
    assert "wish" not in said.text
    assert child not in said.text, "nor that somebody was asked"
    assert "told" not in said.json()


async def test_the_words_of_who_is_of_the_family_no_more_are_read_there_no_more(hub: Running) -> None:
    family, child = await planned(hub)
    await decided(hub, family, f"goals/{GOAL['goal']}/voices", {"person": child, **WISH})
    hub.hub.casework.decide(family, lambda it, _, on: it.record(it.PeopleLeft, on, message="", people=[child]), DUTY.who)
    assert (await voices(hub, family))["voices"] == []
    assert WISH["words"] not in (await hub.ask(f"/v1/families/{family}/history", "coordinator")).text.split('"events"')[0]


async def test_too_much_for_two_sheets_is_refused_field_by_field(hub: Running) -> None:
    family, child = await planned(hub)
    at = f"/v1/families/{family}/goals/{GOAL['goal']}"
    for path, body in (("voices", {**WISH, "words": "x" * 401}), ("tellings", {"words": "x" * 281}), ("tellings", {"words": ""})):
        said = await hub.tell(f"{at}/{path}", {"person": child, **body}, "coordinator")
        assert said.status_code == 400
        assert [one["where"] for one in said.json()["violations"]] == ["/words"]


async def test_somebody_of_another_family_is_not_told(hub: Running) -> None:
    family, _ = await planned(hub)
    said = await hub.tell(f"/v1/families/{family}/goals/{GOAL['goal']}/tellings", {"person": str(uuid4()), **PLAIN}, "coordinator")
    assert (said.status_code, said.json()["code"]) == (404, "not-known")
