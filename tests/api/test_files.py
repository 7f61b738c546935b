"""The file of a case over HTTP: an auditor under a running assignment alone opens it and finds it whole."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx2
import pytest
import structlog
from joserfc.jwk import generate_key
from vig_verifier.checks import Came, Known

from hub.adapters.contracts import contracts
from hub.domain.access import Access, access_id
from hub.domain.processing import Processing, Wanted
from hub.wiring import retained
from tests.adapters.registered import public
from tests.api.running import Running, a_child, an_event, running
from tests.given import NOON
from tests.passing import passed_on
from tests.verifier.cases import Parts, a_case, an_auditor, codes, hub_key, opened, said_of, witnessed

PRIVATE, PUBLIC = an_auditor()


@pytest.fixture
def hub(database: str, tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path) as opened:
        yield opened


async def make(hub: Running, family: object, role: str = "auditor", **body: Any) -> httpx2.Response:
    return await hub.tell(f"/v1/families/{family}/file", {"key": PUBLIC} | body, role)


def is_whole(hub: Running, file: bytes) -> Parts:
    """What is in it, where the verifier finds nothing wrong and knows the key of the hub."""
    plain = opened(file, PRIVATE)
    said = said_of(plain, Known(hub=[hub_key(hub)]))
    assert codes(said, Came.WRONG) == set()
    assert "hub-known" in codes(said, Came.HELD)
    return Parts.of(plain)


def looks(hub: Running) -> list[Processing]:
    """What stands in the data-processing log of such files, the newest first."""
    return list(hub.hub.processings.page(Wanted(activity="make-file"), "", 100)[0])


def made(hub: Running, family: UUID) -> list[Access.FileMade]:
    """What the log says of such files."""
    with hub.hub.log.snapshot() as log:
        stored = log.streams([access_id(family)]).get(access_id(family), [])
    events = [hub.hub.mapper.to_domain_event(each) for each in stored]
    return [event for event in events if isinstance(event, Access.FileMade)]


async def test_an_auditor_with_an_assignment_gets_a_file_that_is_whole_and_only_their_key_opens(hub: Running) -> None:
    family = await a_case(hub)
    given = hub.assign(family)
    said = await make(hub, family, language="en")
    assert said.status_code == 200, said.text
    assert said.headers["content-type"] == "application/jose"
    assert said.headers["content-disposition"] == 'attachment; filename="case.vig"'
    assert int(said.headers["content-length"]) == len(said.content)
    assert b"Voorbeeld" not in said.content
    parts = is_whole(hub, said.content)
    manifest = parts.json("manifest.json")
    assert (manifest["by"], manifest["ground"], manifest["language"]) == ("duty-desk", "awb-5-17", "en")
    assert b"Noor" in parts.content["report.html"]
    (line,) = [each for each in looks(hub) if each.concerned.subject]
    assert (line.purpose, line.handling.value, line.ground) == ("inquiry", "export", f"assignment:{given}")
    assert "makeFile" in parts.lines("readings.jsonl")[-1]["leaf"], "the last look in it is this one"
    (event,) = made(hub, family)
    assert (event.assignment, event.digest, event.kid) == (given, sha256(said.content).hexdigest(), manifest["for"])
    hub.hub.outbox.catch_up()
    told = [one.notice["data"] for one in hub.hub.ways["feed"].out.after(0) if one.notice["type"].endswith("looked-into.v1")]
    assert ("duty-desk", "auditor", "make-file") in [(one["who"], one["role"], one["what"]) for one in told], "the director hears"


# Who gets none ------------------------------------------------------------------------------------------


async def test_before_and_after_its_term_and_of_another_family_there_is_none(hub: Running) -> None:
    family = await hub.a_family()
    other = await hub.a_family_of(a_child(8), id="other")
    assert (await make(hub, family)).status_code == 404
    given = hub.assign(family)
    assert (await make(hub, other)).status_code == 404
    someone = hub.token("auditor", "another.auditor")
    assert (await hub.tell(f"/v1/families/{family}/file", {"key": PUBLIC}, "", headers=someone)).status_code == 404
    assert (await make(hub, family)).status_code == 200
    hub.hub.admittance.end_assignment(family, UUID(given), "done", "officer")
    assert (await make(hub, family)).status_code == 404
    hub.assign(family)
    hub.clock.set(hub.clock.now() + timedelta(days=8))
    assert (await make(hub, family)).status_code == 404
    assert [len(made(hub, each)) for each in (family, other)] == [1, 0]
    assert {line.outcome.value for line in looks(hub) if line.object_reference == str(other)} == {"refused"}


@pytest.mark.parametrize(
    "role", ["coordinator", "team-lead", "administrative", "data-protection-officer", "operator", "partner", "reporter"]
)
async def test_nobody_but_an_auditor_is_let_in_whoever_directs_it(hub: Running, role: str) -> None:
    family = await hub.a_family()
    hub.assign(family)
    said = await make(hub, family, role)
    assert (said.status_code, said.json()["code"]) == (403, "role-not-allowed")
    assert made(hub, family) == []


async def test_an_assignment_that_ends_while_it_is_made_hands_nothing_over(hub: Running) -> None:
    family = await hub.a_family()
    given = hub.assign(family)
    files = hub.app.rest.state.parts.files

    def ends_meanwhile(*asked: Any) -> Any:
        hub.hub.admittance.end_assignment(family, UUID(given), "done", "officer")
        return files.make(*asked)

    hub.app.rest.state.parts = replace(hub.app.rest.state.parts, files=SimpleNamespace(make=ends_meanwhile))
    said = await make(hub, family)
    assert (said.status_code, said.json()["code"]) == (409, "assignment-over")
    assert made(hub, family) == []


@pytest.mark.parametrize("gone", ["the whole line", "number"])
async def test_what_the_matrix_withholds_from_an_inquiry_is_in_no_file_so_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    shutil.copytree(contracts(), tmp_path / "contracts")
    path = tmp_path / "contracts" / "disclosure-matrix" / "2026-1.json"
    said = json.loads(path.read_text())
    (line,) = [each for each in said["people"] if each["purpose"] == "inquiry"]
    said["people"].remove(line)
    if gone in line["classes"]:
        said["people"].append(line | {"classes": [each for each in line["classes"] if each != gone]})
    path.write_text(json.dumps(said))
    monkeypatch.setenv("HUB_CONTRACTS_DIR", str(tmp_path / "contracts"))
    with running(tmp_path / "var") as hub:
        family = await hub.a_family()
        hub.assign(family)
        answer = await make(hub, family)
        assert (answer.status_code, answer.json()["code"]) == (403, "not-disclosed")
        assert made(hub, family) == []


async def test_pages_and_other_answers_stay_without_names(hub: Running) -> None:
    family = await hub.a_family()
    hub.assign(family)
    assert (await make(hub, family)).status_code == 200
    for path in ("", "/history", "/timeline", "/knowledge"):
        said = await hub.ask(f"/v1/families/{family}{path}", "auditor")
        assert said.status_code == 200
        assert "Voorbeeld" not in said.text and "Noor" not in said.text, path


# For which key ------------------------------------------------------------------------------------------

NOTHING = "A" * 43
PRIVATELY = "is private: keep it to yourself, make a new pair if anybody can have seen it, and give the public half"
OTHERWISE, WEAK = (
    "is no public JWK on P-256 or X25519",
    "is weak: it is no point of its curve, or one with which everybody agrees on the same",
)
SHORT, TO_SIGN = "lacks a coordinate of 32 bytes in base64url", "is not to encrypt with"


def a_jwk(kind: Any, of: Any, **but: Any) -> dict[str, Any]:
    return {**generate_key(kind, of).as_dict(private=False), **but}


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        (PRIVATE, [PRIVATELY]),
        (generate_key("OKP", "X25519").as_dict(private=True), [PRIVATELY]),
        (generate_key("RSA", 2048).as_dict(private=True), [PRIVATELY, OTHERWISE]),
        (generate_key("oct", 256).as_dict(private=True) | {"use": "sig"}, [PRIVATELY, OTHERWISE, TO_SIGN]),
        (a_jwk("RSA", 2048), [OTHERWISE]),
        (a_jwk("EC", "P-384"), [OTHERWISE]),
        (a_jwk("OKP", "Ed25519"), [OTHERWISE]),
        (a_jwk("EC", "P-256", use="sig", x=NOTHING[1:]), [SHORT, TO_SIGN]),
        (a_jwk("EC", "P-256", key_ops=["verify"]), [TO_SIGN]),
        (a_jwk("EC", "P-256", x=NOTHING), [WEAK]),
        (a_jwk("OKP", "X25519", x=NOTHING), [WEAK]),
        ({}, [OTHERWISE]),
        ({"kty": ["EC"], "crv": {}, "x": 1}, [OTHERWISE]),
    ],
)
async def test_a_key_that_cannot_be_is_refused_with_all_that_is_wrong_and_repeated_nowhere(
    tmp_path: Path, key: dict[str, Any], wrong: list[str]
) -> None:
    with running(tmp_path) as hub:
        family = await hub.a_family()
        hub.assign(family)
        with structlog.testing.capture_logs() as told:
            said = await make(hub, family, key=key)
        assert said.status_code == 400
        assert [(each["where"], each["what"]) for each in said.json()["violations"]] == [("/key", what) for what in wrong]
        words = [text for text in key.values() if isinstance(text, str) and len(text) > 10]
        assert [text for text in words if text in said.text + repr(told)] == []
        assert made(hub, family) == []


async def test_what_is_no_request_for_one_is_refused(hub: Running) -> None:
    family = await hub.a_family()
    hub.assign(family)
    for wrong in ({"key": "a key"}, {"key": None}, {"language": "fr"}, {"until": "2026-01-01"}):
        assert (await make(hub, family, **wrong)).status_code == 400, wrong
    assert made(hub, family) == []


# One at a time ------------------------------------------------------------------------------------------


async def test_while_one_is_made_another_waits_outside_and_is_told_when_to_come_again(hub: Running) -> None:
    family = await hub.a_family()
    hub.assign(family)
    with hub.app.rest.state.parts.files.turn:
        said = await make(hub, family)
    assert (said.status_code, said.json()["code"], said.headers["retry-after"]) == (429, "file-in-the-making", "15")
    assert (await make(hub, family, key=PRIVATE)).status_code == 400
    assert (await make(hub, family)).status_code == 200, "and nobody holds the place any more"


# Of whom less is kept -----------------------------------------------------------------------------------


async def test_of_an_erased_person_it_says_so_and_still_is_whole(hub: Running) -> None:
    family = await a_case(hub)
    hub.assign(family)
    (child,) = [event.person for event in hub.hub.history.facts(family) if hasattr(event, "person")]
    hub.hub.erase(UUID(child), "avg-17-1-b", "officer")
    witnessed(hub)
    said = await make(hub, family)
    assert said.status_code == 200, said.text
    parts = is_whole(hub, said.content)
    assert child not in parts.json("opening-keys.json")
    assert b"Voorbeeldstraat" not in b"".join(parts.content.values())


async def test_who_stood_around_the_family_is_in_it_until_they_are_erased(hub: Running) -> None:
    family = await a_case(hub)
    hub.assign(family)
    somebody = {"side": "informal", "name": "Zonnedauwtje", "what": "oma", "permittedBy": "ouder", "permittedOn": "2026-03-01"}
    at = f"/v1/families/{family}/network"
    member = (await hub.tell(at, somebody)).json()["member"]
    for is_there in (True, False):
        witnessed(hub)
        parts = is_whole(hub, (await make(hub, family)).content)
        assert (member in parts.json("opening-keys.json")) is is_there
        assert (b"Zonnedauwtje" in b"".join(parts.content.values())) is is_there
        ground = {"ground": "avg-17-1-d"}
        await hub.tell(f"{at}/{member}/erasures", ground, "data-protection-officer")


async def test_of_families_that_were_merged_each_has_its_own(hub: Running) -> None:
    stays, goes = await hub.a_family(id="first"), await hub.a_family_of(a_child(8), id="other")
    why = {"motivation": "het is een gezin", "family": str(goes)}
    assert (await hub.tell(f"/v1/families/{stays}/merges", why)).status_code == 201
    for family in (stays, goes):
        hub.assign(family)
        said = await make(hub, family)
        assert said.status_code == 200, said.text
        assert is_whole(hub, said.content).json("manifest.json")["family"] == str(family)
        assert len(made(hub, family)) == 1


async def test_of_a_family_that_is_kept_no_longer_there_is_none_over_http(hub: Running) -> None:
    hub.hub.registry.add_key("youth-work", public("PS256", "lasting"), "operator", NOON, NOON.replace(year=2060))
    family = hub.family_in(await hub.post(an_event(), signed_as="lasting"))
    hub.hub.casework.decide(family, lambda trajectory, _, on: trajectory.end_early("verhuisd", on), "duty-desk")
    hub.clock.set(NOON.replace(year=2059))
    hub.assign(family)
    passed_on(hub.hub)
    retained.run(hub.hub, "p.functionaris", lambda *_: None)
    assert (await make(hub, family)).status_code == 404
    hub.hub.admittance.note_file(family, "", "0" * 64, "thumbprint", "operator:root")
    assert len(made(hub, family)) == 1, "at the shell there still is, of what stands in the log"
