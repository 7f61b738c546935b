"""Whatever comes, in whatever order: the hub answers in words, never with a crash, and never loses its balance."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.api.admission import roles_for
from hub.api.decisions import ON_FAMILIES
from tests.api.running import Running, a_child, a_worry, an_event, running
from tests.api.test_decisions import GOAL, NOBODY, SOMEBODY, WHY

UNHURRIED = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4))
EVENT = json.loads(an_event())
BODIES: dict[str, list[Any]] = {
    "offerHandover": [{**SOMEBODY, **WHY}],
    "answerHandover": [{**WHY, "accepted": True}, {**WHY, "accepted": False}],
    "assignCoach": [SOMEBODY, {**SOMEBODY, "to": "coach"}],
    "adoptPlan": [{**WHY, "goals": [GOAL]}, {**WHY, "goals": [GOAL, GOAL]}, {**WHY, "goals": [{**GOAL, "goal": "home"}]}],
    "recordProgress": [{"words": "slowly"}],
    "resultGoal": [{"result": "partly", "words": "half of it"}],
    "decideLever": [{**WHY, "lever": "benefit-measure", "ground": "a-ground"}],
    "declineLever": [{**WHY, "lever": "benefit-measure", "escalations": [NOBODY]}],
    "decideReferral": [{**WHY, "decision": decision} for decision in ("eligible", "not-suitable", "contra-indicated")],
    "enterPhase": [{**WHY, "phase": phase} for phase in ("start-talk", "analysis-and-plan", "coach-directs", "closed")],
    "goToCompulsion": [{**WHY, "ground": "a-ground"}],
    "stepDown": [{**WHY, "axis": "safety", "level": level} for level in (1, 2, 3)],
    "lowerDirection": [{**WHY, "direction": direction} for direction in ("family", "network")],
    "informFamily": [{"how": "letter"}, {"reasonNot": "other"}, {}],
    "noteCorrection": [{"about": "a date", "words": "it was a day later"}],
}


@pytest.fixture(scope="module")
def open_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One hub for many attempts."""
    with running(Path(tmp_path_factory.mktemp("anything"))) as opened:
        yield opened


@UNHURRIED
@given(body=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_signed_bytes_are_taken_in_or_refused_in_words(open_hub: Running, body: bytes) -> None:
    for media in ("application/cloudevents+json", "application/cloudevents-batch+json"):
        said = asyncio.run(open_hub.post(body, media))
        assert said.status_code == 400 or (media.endswith("batch+json") and said.status_code == 200), said.text
        assert said.status_code == 200 or said.headers["content-type"] == "application/problem+json"


@UNHURRIED
@given(name=st.sampled_from(sorted(EVENT)), value=JSON)
def test_any_event_is_taken_in_or_refused_in_words(open_hub: Running, name: str, value: Any) -> None:
    said = asyncio.run(open_hub.post(json.dumps({**EVENT, name: value}).encode()))
    assert said.status_code in (200, 201, 400, 401, 409), said.text


@UNHURRIED
@given(name=st.sampled_from(sorted(a_worry())), value=JSON)
def test_any_data_is_recorded_or_kept_in_quarantine(open_hub: Running, name: str, value: Any) -> None:
    said = asyncio.run(open_hub.post(json.dumps({**EVENT, "id": str(uuid4()), "data": {**EVENT["data"], name: value}}).encode()))
    assert (said.status_code, said.json()["outcome"]) in ((201, "recorded"), (201, "quarantined")), said.text


@UNHURRIED
@given(operation=st.sampled_from(ON_FAMILIES), body=JSON)
def test_any_body_of_a_decision_is_refused_in_words(open_hub: Running, operation: Any, body: Any) -> None:
    path = operation.path.replace("{goal}", "school")
    for name in ("id", "handover", "lever", "escalation"):
        path = path.replace(f"{{{name}}}", NOBODY)
    role = sorted(roles_for(operation.act))[0]
    sent = {"content": json.dumps(body).encode(), "headers": {"content-type": "application/json"}}
    said = asyncio.run(open_hub.ask_now("POST", f"/v1{path}", role, **sent))
    assert said.status_code in (400, 404), said.text


@UNHURRIED
@given(data=st.data(), nth=st.integers(min_value=20, max_value=40))
def test_people_deciding_in_any_order_leave_one_director_and_one_plan(open_hub: Running, data: st.DataObject, nth: int) -> None:
    family = asyncio.run(open_hub.a_family_of(a_child(nth), id=f"walk-{nth}"))
    ids = {"id": str(family), "goal": "school", "lever": NOBODY, "handover": NOBODY, "escalation": NOBODY}
    for operation in data.draw(st.lists(st.sampled_from(ON_FAMILIES), max_size=8)):
        body = data.draw(st.sampled_from(BODIES.get(operation.name, [WHY]))) if operation.form else None
        subject = data.draw(st.sampled_from(["duty-desk", "other-director", "coach"]))
        asyncio.run(_decide(open_hub, operation, ids, body, subject))
    state = asyncio.run(open_hub.ask_now("GET", f"/v1/families/{family}/history", "coordinator")).json()["state"]
    assert state["director"]["who"] in ("duty-desk", "other-director")
    assert state["plan"] is None or state["plan"]["version"] >= 1


async def _decide(hub: Running, operation: Any, ids: dict[str, str], body: Any, subject: str) -> None:
    path = operation.path.format(**ids)
    headers = hub.token(sorted(roles_for(operation.act))[-1], subject)
    said = await hub.ask_now("POST", f"/v1{path}", "", headers=headers, **({} if body is None else {"json": body}))
    assert said.status_code in (201, 400, 404, 409), said.text
    if said.status_code == 201:
        ids |= {name: said.json()[name] for name in ("handover", "lever") if name in said.json()}
