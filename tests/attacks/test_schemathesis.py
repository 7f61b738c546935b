"""Whatever the OpenAPI document lets one think of is sent by everybody: nothing is answered that it does not tell of."""

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import AcceptedNegativeData, Failure, FailureGroup
from schemathesis.generation.drivers import CoverageGenerator
from schemathesis.generation.feedback import NO_FEEDBACK
from schemathesis.generation.overrides import Override
from schemathesis.openapi.checks import UnsupportedMethodResponse

from hub.adapters import outgoing_events
from hub.api.admission import Guarded
from hub.api.operations import NAMES
from hub.domain.callers import Capacity
from hub.domain.trajectory import Trajectory
from hub.families import question_id
from hub.wiring import openapi
from tests.api.running import BASE, SOURCE, TYPE, Running, a_child, a_worry, an_event, running
from tests.api.test_decisions import GOAL, SOMEBODY, WHY, decided
from tests.api.test_measurements import SAFE
from tests.api.test_network import TEACHER
from tests.given import NOON, a_number
from tests.verifier.cases import an_auditor

NOBODY, SIGNED = "nobody", "signed"
"""Who shows no token; and who signs what they post, as the partner that they are."""
SIGNALS = "POST /signals"
DRAWN, FEW = 12, 12
"""Requests drawn at random (always the same) beside those at the bounds of what is asked; and how many of all are made by
those whom the policy refuses."""
CHECKS = {
    # whose token it is and that there is one is seen to here
    "ignored_auth": {"enabled": False},
    # the document cannot say all that is asked: an eleven-test, a day of the calendar, an order of steps
    "positive_data_acceptance": {"enabled": False},
}
GENERATION = {"deterministic": True, "with-security-parameters": False}
SCHEMA = schemathesis.openapi.from_dict(
    openapi(), config=SchemathesisConfig.from_dict({"generation": GENERATION, "checks": CHECKS, "seed": 1})
)
OPERATIONS = {operation.label: operation for operation in (found.ok() for found in SCHEMA.get_all_operations())}
PARTS = ("method", "url", "headers", "params", "data", "json", "cookies")
UUID_ = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
STAND_INS = {
    name: f"00000000-0000-4000-8000-{nth:012}"
    for nth, name in enumerate(
        ("id", "handover", "lever", "escalation", "signal", "other", "assignment", "member", "meeting", "measurement")
    )
} | {"goal": "stands-in-for-a-goal", "resolution": "stands-in-for-a-resolution"}
"""What stands in addresses and bodies where the id of something that is there has to be."""
_, KEY = an_auditor()
"""The key that a file is sealed for."""


# What is sent ------------------------------------------------------------------------------------------


@SCHEMA.hook  # type: ignore[untyped-decorator]
def map_case(_: Any, case: Case) -> Case:
    """The same about something that is there, decided on whatever version there is, in a message of the partner that sends it."""
    for name, value in (case.path_parameters or {}).items():
        if UUID_.fullmatch(str(value)) or (name in NAMES and re.fullmatch("[A-Za-z0-9][A-Za-z0-9._-]{0,79}", str(value))):
            case.path_parameters[name] = STAND_INS[name]
    if re.fullmatch('"?[0-9]{1,9}"?', str((case.headers or {}).get("If-Match", ""))):
        del case.headers["If-Match"]
    for event in case.body if isinstance(case.body, list) else [case.body]:
        if isinstance(event, dict):
            _about_something(event)
    return case


def _about_something(body: dict[str, Any]) -> None:
    for name in ("family", "to"):
        if UUID_.fullmatch(str(body.get(name, ""))):
            body[name] = STAND_INS["other"]
    if str(body.get("source", "")).startswith("urn:nld:oin:"):
        body["source"] = SOURCE
    for name, when in (("begins", "9998-01-01T00:00:00Z"), ("ends", "9998-01-02T00:00:00Z")):
        if re.fullmatch(r"\d{4}-\d\d-\d\d[Tt].*", str(body.get(name, ""))):
            body[name] = when
    for name, day in (("begins", "2026-03-02"), ("until", "2026-03-09")):
        if re.fullmatch(r"\d{4}-\d\d-\d\d", str(body.get(name, ""))):
            body[name] = day
    if isinstance(body.get("type"), str):
        body["type"] = TYPE
    if re.fullmatch("[0-9]{9}", str(body.get("bsn", ""))):
        body["bsn"] = a_number(2)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", str(body.get("takenOn", ""))):
        body |= {"takenOn": f"{NOON:%Y-%m-%d}", "instrument": SAFE["instrument"]}
    if isinstance(body.get("key"), dict):
        body["key"] = KEY
    if 0 < len(str(body.get("concern", ""))) <= 40:
        _about_what_there_is(body)
    for goal in goals if isinstance(goals := body.get("goals"), list) else ():
        if isinstance(goal, dict) and re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", str(goal.get("due", ""))):
            goal["due"] = "9999-12-31"


def _about_what_there_is(report: dict[str, Any]) -> None:
    """The same report of a worry that the register has, on days that came, of people with numbers that can be."""
    report["concern"] = "isolation"
    listed = report.get("people")
    people = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    told = report["informed"] if isinstance(report.get("informed"), dict) else {}
    for part, name in ((report, "happened"), (told, "when"), *((person, "birthDate") for person in people)):
        if isinstance(part.get(name), str):
            part[name] = "2026-02"
    for person in people:
        if isinstance(person.get("bsn"), str):
            person["bsn"] = a_number(2)


@cache
def cases(label: str) -> Sequence[Case]:
    """Everything at the bounds of what an operation asks and just beyond, and some drawn at random: always the same."""
    return [*_at_the_bounds(label), *_drawn(label)]


def _at_the_bounds(label: str) -> Iterator[Case]:
    operation = OPERATIONS[label]
    yield from CoverageGenerator(
        operation=operation,
        generation_modes=list(GenerationMode),
        generation_config=SCHEMA.config.generation_for(operation=operation, phase="coverage"),
        auth_storage=None,
        override=Override(),
        feedback=NO_FEEDBACK,
    )


def _drawn(label: str) -> Sequence[Case]:
    operation, found = OPERATIONS[label], []
    always = settings(
        max_examples=DRAWN // 2, derandomize=True, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    asks_something = operation.body or any(operation.iter_parameters())
    for mode in GenerationMode if asks_something else ():
        always(given(operation.as_strategy(generation_mode=mode))(lambda case: found.append(case)))()
    return found


# To what -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A hub for all attempts, with one of everything in it; whoever follows its feed is told at once that it stops."""
    with running(Path(tmp_path_factory.mktemp("schemathesis")), per_minute=10**9, per_day=10**9) as hub:
        hub.app.stop()
        yield hub


async def _place(hub: Running, path: str, nth: int) -> Mapping[str, str]:
    """What stands for the stand-ins of a path: a family that nobody decided on yet, another one, and what waits for an answer."""
    child = {**a_child(2 * nth), "birthDate": "2016-04-05"}
    said = await _posted(hub, f"family-{nth}", child, concern="honour-violence")
    family, other = hub.family_in(said), await hub.a_family_of(a_child(2 * nth + 1), id=f"other-{nth}")
    raised = next(event for event in hub.hub.history.facts(family) if isinstance(event, Trajectory.LevelRaised))
    ids = {"id": family, "other": other, "signal": said.json()["signals"][0]["signal"], "escalation": raised.escalation}
    if "{goal}" in path or path.endswith("/plans"):
        await _planned(hub, family)
    if "{handover}" in path:
        ids["handover"] = (await decided(hub, family, "handovers", {**SOMEBODY, **WHY}))["handover"]
    if "{member}" in path or "{meeting}" in path or path.endswith("/ties"):
        ids |= await _met(hub, family)
    if path.endswith("{id}/file"):
        hub.assign(family)
    if "measurements" in path:
        await _planned(hub, family)
    if "{measurement}" in path:
        ids["measurement"] = (await decided(hub, family, "measurements", SAFE))["measurement"]
    if "{lever}" in path:
        ids["lever"] = await _lever(hub, family, raised.escalation)
    ids["id"] = await _other_id(hub, path, nth, child) or (raised.escalation if path == "/escalations/{id}" else family)
    hub.hub.views.catch_up()
    return {name: str(ids.get(name, family)) for name in STAND_INS} | {"goal": "school", "resolution": "1"}


async def _posted(hub: Running, id: str, person: Mapping[str, Any], **but: Any) -> httpx2.Response:
    return await hub.post(an_event(a_worry(people=[person], **but), id=id))


async def _planned(hub: Running, family: UUID) -> None:
    await decided(hub, family, "referrals", WHY)
    await decided(hub, family, "referral-decisions", {**WHY, "decision": "eligible"})
    for phase in ("start-talk", "analysis-and-plan"):
        await decided(hub, family, "phases", {**WHY, "phase": phase})
    await decided(hub, family, "plans", {**WHY, "goals": [GOAL]})


async def _met(hub: Running, family: UUID) -> Mapping[str, str]:
    """Somebody in the network, and a case meeting that was called with them."""
    member = (await decided(hub, family, "network", TEACHER))["member"]
    called = {"begins": (hub.clock.now() + timedelta(days=1)).isoformat(), "place": "school", "invited": [member], "agenda": ["x"]}
    return {"member": member, "meeting": (await decided(hub, family, "meetings", called))["meeting"]}


async def _lever(hub: Running, family: UUID, escalation: str) -> str:
    lever, agreed = next(iter(hub.hub.casework.rules(hub.clock.now()).matrix.levers.items()))
    body = {**WHY, "lever": lever, "ground": agreed.ground, "escalations": [escalation]}
    by = hub.token("administrative", organisation=agreed.by)
    return str((await decided(hub, family, "levers", body, "", headers=by))["lever"])


async def _other_id(hub: Running, path: str, nth: int, child: Mapping[str, Any]) -> str:
    """The {id} of a path that is not about families; empty where it is."""
    if path.startswith("/signals/"):
        return str((await _posted(hub, f"again-{nth}", child)).json()["message"])
    if path.startswith("/reports/"):
        headers = {**hub.token("reporter"), "Idempotency-Key": str(uuid4())}
        return str((await hub.ask_now("POST", "/v1/reports", "", json=a_worry(), headers=headers)).json()["message"])
    if path.startswith("/messages/"):
        return str((await hub.post(an_event({"nothing": "of the contract"}, id=f"unread-{nth}"))).json()["message"])
    if not path.startswith("/match-questions/"):
        return ""
    namesake = {name: said for name, said in child.items() if name not in ("bsn", "address")}
    said = (await _posted(hub, f"asked-{nth}", namesake)).json()
    assert said["outcome"] == "match-question", said
    question = str(question_id(said["signals"][0]["signal"]))
    if path.endswith("/retractions"):
        assert (await hub.tell(f"/v1/match-questions/{question}/answers", {**WHY, "family": None})).status_code == 201
    return question


# By whom -----------------------------------------------------------------------------------------------


def callers(label: str) -> Sequence[str]:
    """Everybody; signals are also posted by somebody who signs them."""
    return [*Capacity, NOBODY, *([SIGNED] if label == SIGNALS else [])]


def share(hub: Running, label: str, who: str) -> Sequence[Case]:
    """What somebody sends: those whom the policy lets do this share all that there is to send, others a little of it."""
    made, route = cases(label), _route(hub, label)
    if label == SIGNALS:
        return made if who == SIGNED else made[:: len(made) // FEW]
    if not isinstance(route, Guarded):
        return made
    if who not in route.roles:
        return made[:: max(1, len(made) // FEW)]
    if len(made) < FEW * len(route.roles):  # too little to be shared: some would get nothing but what is malformed
        return made
    return made[sorted(route.roles).index(Capacity(who)) :: len(route.roles)]


def is_let_in(hub: Running, label: str, who: str) -> bool:
    """Whether there is more to hear for them than that it is not for them."""
    route = _route(hub, label)
    return who == SIGNED or (label != SIGNALS and (not isinstance(route, Guarded) or who in route.roles))


def _route(hub: Running, label: str) -> Any:
    method, path = label.split(" ")
    return next((each for each in hub.app.rest.routes if each.path == f"/v1{path}" and method in each.methods), None)


async def answers(hub: Running, label: str, who: str, nth: int) -> AsyncIterator[tuple[Case, httpx2.Response]]:
    """Every request of somebody to an operation, with what was answered."""
    ids = await _place(hub, OPERATIONS[label].path, nth) if is_let_in(hub, label, who) else {}
    for number, case in enumerate(share(hub, label, who)):
        # each from another place: guessing from one is another attack
        place = (f"2001:db8::{nth:x}:{number:x}", 443)
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(hub.app, client=place), base_url=BASE) as client:
            yield case, await client.request(**request(hub, case, who, ids))


def request(hub: Running, case: Case, who: str, ids: Mapping[str, str]) -> dict[str, Any]:
    """A request as it goes over the line."""
    said = {name: value for name, value in case.as_transport_kwargs(base_url=f"{BASE}/v1").items() if name in PARTS}
    made = requests.Request(**said).prepare()
    body = made.body.encode() if isinstance(made.body, str) else made.body or b""
    url = str(made.url)
    for name, known in ids.items():
        url, body = url.replace(STAND_INS[name], known), body.replace(STAND_INS[name].encode(), known.encode())
    headers = {name.lower(): value for name, value in made.headers.items()}
    if who == SIGNED:
        headers |= _signed(hub, body, headers, is_whole=case.meta.generation.mode.is_positive)
    elif who != NOBODY:
        headers |= {"authorization": hub.token(who)["Authorization"]}
    return {"method": made.method, "url": url, "headers": headers, "content": body}


def _signed(hub: Running, body: bytes, headers: Mapping[str, str], *, is_whole: bool) -> dict[str, str]:
    """A signature in the headers that are there for one; with all attributes of an event, where that is not in the body."""
    media = headers.get("content-type", "")
    is_binary = is_whole and media in ("application/json", "application/xml")
    about = outgoing_events.to_headers(sha256(body).hexdigest(), SOURCE, TYPE, NOON, media) if is_binary else {}
    plain = {name: value for name, value in headers.items() if name.startswith("ce-") and value.isascii() and value.isprintable()}
    covered = plain | about
    signature = {name.lower(): value for name, value in hub.signed(body, covered).items()}
    return about | {name: value for name, value in signature.items() if name in headers}


# What is answered --------------------------------------------------------------------------------------

ALL = [(label, who) for label in OPERATIONS for who in callers(label)]


def failures(case: Case, said: httpx2.Response) -> Sequence[Failure]:
    """What schemathesis finds wrong with an answer."""
    try:
        case.validate_response(said)
    except FailureGroup as found:
        return [each for each in found.exceptions if isinstance(each, Failure) and not is_right(each, case, said)]
    return []


def is_right(found: Failure, case: Case, said: httpx2.Response) -> bool:
    """What schemathesis cannot know: a batch is refused event by event, and `_search` is also what /families/{id} might mean."""
    if isinstance(found, AcceptedNegativeData) and isinstance(case.body, list) and case.operation.label == SIGNALS:
        return any(each["status"] == 400 for each in said.json())
    return isinstance(found, UnsupportedMethodResponse) and case.path.endswith("/_search") and said.status_code in (400, 401, 403)


@pytest.mark.parametrize(("label", "who"), ALL, ids=[f"{who}: {label}" for label, who in ALL])
async def test_nothing_is_answered_that_the_document_does_not_tell_of(town: Running, label: str, who: str) -> None:
    wrong, statuses = {}, set()
    async for case, said in answers(town, label, who, ALL.index((label, who)) + 1):
        statuses.add(said.status_code)
        for found in failures(case, said):
            wrong[type(found).__name__, said.status_code] = f"{found}\n{case!r}\n{said.text[:500]}"
    assert wrong == {}, "\n\n".join(wrong.values())
    if is_let_in(town, label, who):
        assert statuses & {200, 201, 404, 409, 412}, "everything that was sent is malformed"
    else:
        assert statuses <= {401, 403, 405, *([404] if "{" in label else []), *([400, 415] if label == SIGNALS else [])}
