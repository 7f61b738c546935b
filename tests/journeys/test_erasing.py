"""Somebody asks to be forgotten: a person grants it, they are gone from everything, and anybody can see that nothing else is."""

import json
import os
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import LargeBinary, MetaData, Table, select
from structlog.testing import capture_logs

from hub import projections
from hub.adapters import jws, received
from hub.adapters.evidence import merkle
from hub.adapters.evidence.notes import Checkpoint, Key, Note
from hub.adapters.migrations import STORES
from hub.domain.callers import Capacity
from hub.domain.trajectory import Trajectory
from hub.erasure import TYPE
from hub.errors import HubError
from hub.settings import Settings
from hub.wiring import Hub
from hub.wiring.examined import Looked, wrongs
from tests.api.running import Running, a_worry, an_event, running
from tests.given import a_number
from tests.journeys.test_nothing_in_the_clear import base64s, folded
from tests.parts import databases
from tests.passing import leading, notarised, passed_on

OFFICER = Capacity.DATA_PROTECTION_OFFICER
HOME = {"postcode": "9473XQ", "number": "17", "street": "Kwikstaartdreef", "town": "Oud-Ulekooterveen"}
CHILD = {
    "bsn": a_number(321),
    "familyName": "Zwaluwenhorst",
    "givenNames": "Quintijntje",
    "birthDate": "2014-11-23",
    "address": HOME,
    "role": "child",
}
PARENT = {
    "bsn": a_number(654),
    "familyName": "Diederickson",
    "givenNames": "Boomklever",
    "birthDate": "1983-09-17",
    "address": {"postcode": "1234AB", "number": "2", "street": "Merelhof", "town": "Voorbeeldstad"},
    "role": "parent",
}
SAID = "ik ben Quintijntje en wil weg"
OF_THE_CHILD = ["Zwaluwenhorst", "Quintijntje", a_number(321), "2014-11-23", "9473XQ", "Kwikstaartdreef", "Oud-Ulekooterveen"]
OF_THE_PARENT = ["Diederickson", "Boomklever", a_number(654), "1983-09-17", "Merelhof"]


@pytest.fixture
def hub(database: str, tmp_path: Path) -> Iterator[Running]:
    """A hub."""
    with running(tmp_path / "hub") as opened:
        yield opened


async def a_family(hub: Running) -> tuple[UUID, UUID, UUID]:
    """A family of a child and a parent, whom one message names together and others alone; its id, and theirs."""
    family = hub.family_in(await hub.post(an_event(a_worry(people=[CHILD, PARENT], concern="honour-violence"), id="both")))
    await hub.post(an_event(a_worry(people=[CHILD], concern="payment-arrears", reference="a-2"), id="child"))
    await hub.post(an_event(a_worry(people=[PARENT], concern="payment-arrears", reference="a-3"), id="parent"))
    people = hub.hub.register.read(lambda unit: unit.get(Trajectory, family).people)
    ids = {str(member.role): UUID(person) for person, member in people.items()}
    for path in (f"/v1/families/{family}", "/v1/today", f"/v1/families/{family}/timeline"):
        assert (await hub.ask(path)).status_code == 200
    return family, ids["child"], ids["parent"]


async def asks_to_be_erased(hub: Running, person: UUID) -> str:
    """Somebody asks it, and it is granted; gives the request."""
    body = {"person": str(person), "asks": "erasure", "received": "2026-02-27", "words": SAID}
    request: str = (await hub.tell("/v1/person-requests", body, OFFICER)).json()["request"]
    for what, said in (
        ("identity-checks", {"identity": "seen-in-person"}),
        ("decisions", {"decision": "granted", "ground": "avg-17-1-d", "motivation": f"onrechtmatig, {SAID}"}),
    ):
        assert (await hub.tell(f"/v1/person-requests/{request}/{what}", said, OFFICER)).status_code == 201
    return request


async def erased(hub: Running, person: UUID) -> dict[str, Any]:
    """Somebody asks to be erased and is; gives what the hub signed of that."""
    request = await asks_to_be_erased(hub, person)
    assert (await hub.tell(f"/v1/person-requests/{request}/executions", {"words": "per brief"}, OFFICER)).status_code == 201
    said = (await hub.ask(f"/v1/persons/{person}/erasure-certificate", OFFICER)).json()["certificate"]
    return checked(said, (await hub.ask_now("GET", "/v1/jwks", "")).json())


def checked(certificate: str, keys: Any) -> dict[str, Any]:
    """What a certificate says, with its signature checked as anybody can, by the hub's public keys."""
    start, _, signature = certificate.rpartition(".")
    head, _, payload = start.partition(".")
    header = json.loads(jws.from_b64url(head))
    (key,) = [key for key in keys["keys"] if key["kid"] == header["kid"]]
    assert header["typ"] == TYPE
    assert jws.is_signed(start.encode(), jws.from_b64url(signature), jws.public_key(json.dumps(key)))
    said: dict[str, Any] = json.loads(jws.from_b64url(payload))
    return said


# Whatever can be read -------------------------------------------------------------------------------------


def readable(hub: Hub) -> str:
    """All that can be read of a hub by whoever has all its keys: events, messages, read models, what waits, what was read."""
    hub.vault.look()
    said = [repr(vars(hub.mapper.to_domain_event(stored))) for _, stored in hub.log.read(0, 100_000)]
    with hub.stored.log.connect() as connection:
        for kept in connection.execute(select(received.RECEIVED.c.kept)).scalars():
            try:
                said.append(repr(hub.received.fetch(connection, kept)))
            except HubError as gone:
                assert gone.code == "erased"
    with hub.stored.views.connect() as connection:
        tables = [table for each in projections.found().values() for table in each.tables.sorted_tables]
        said += [repr(connection.execute(select(table)).all()) for table in tables]
    for store in STORES:
        said += [repr(rows) for rows in _raw(getattr(hub.stored, store))]
    return "\n".join(said)


def _raw(engine: Any) -> Iterator[Any]:
    """Every row of every table of a store, as it stands there."""
    there = MetaData()
    there.reflect(engine)
    with engine.connect() as connection:
        for table in there.sorted_tables:
            yield [tuple(map(_text, row)) for row in connection.execute(select(*_as_bytes(table)))]


def _as_bytes(table: Table) -> list[Any]:
    return [column.cast(LargeBinary) if isinstance(column.type, LargeBinary) else column for column in table.columns]


def _text(cell: Any) -> Any:
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes | memoryview) else cell


def words_in(text: str, words: list[str]) -> set[str]:
    return {word for word in words if word.lower() in text.lower()}


def on_disk(place: Path) -> set[tuple[str, str]]:
    """The files in which a word of the child stands, in whatever form: databases, write-ahead logs, backups, all of it."""
    forms = {form: word for word in [*OF_THE_CHILD, SAID] for form in (*folded(word), *base64s(word.encode()))}
    found = set()
    for file in place.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        low = content.lower()
        found |= {(file.name, word) for form, word in forms.items() if len(form) >= 6 and (form in content or form in low)}
    return found


async def test_of_who_is_erased_nothing_can_be_read_anywhere_and_of_the_others_everything(hub: Running, tmp_path: Path) -> None:
    with capture_logs() as logs:
        family, child, _ = await a_family(hub)
        before = readable(hub.hub)
        assert words_in(before, OF_THE_CHILD) == set(OF_THE_CHILD), "as long as they are there, all of it can be read"
        await erased(hub, child)
        passed_on(hub.hub)
        hub.hub.settle()
        after = readable(hub.hub)
        assert words_in(after, [*OF_THE_CHILD, SAID]) == set()
        assert words_in(after, OF_THE_PARENT) == set(OF_THE_PARENT)
        for name in projections.found():
            hub.hub.views.rebuild(name)
        assert words_in(readable(hub.hub), [*OF_THE_CHILD, SAID]) == set()
        databases.write_out(tmp_path / "hub")
        assert on_disk(tmp_path / "hub") == set()
    assert words_in(repr(logs), [*OF_THE_CHILD, *OF_THE_PARENT, SAID]) == set()
    shown = (await hub.ask(f"/v1/families/{family}")).json()
    assert {person["givenNames"] for person in shown["people"]} == {"", "Boomklever"}


async def test_who_stood_around_a_family_can_be_erased_alone_also_when_they_left(hub: Running) -> None:
    family, _, _ = await a_family(hub)
    at, around = f"/v1/families/{family}/network", ["Zonnedauwtje", "Korenbloemetje"]
    ids = []
    for name in around:
        somebody = {"side": "informal", "name": name, "what": "buur", "permittedBy": "ouder", "permittedOn": "2026-03-01"}
        ids.append((await hub.tell(at, somebody)).json()["member"])
    assert (await hub.tell(f"{at}/{ids[0]}/departures", {"leftOn": "2026-03-01", "motivation": "verhuisd"})).status_code == 201
    assert words_in(readable(hub.hub), around) == set(around)
    ground = {"ground": "avg-17-1-d"}
    assert (await hub.tell(f"{at}/{ids[0]}/erasures", ground)).status_code == 403
    assert (await hub.tell(f"{at}/{ids[0]}/erasures", ground, "data-protection-officer")).status_code == 201
    assert (await hub.tell(f"{at}/{ids[0]}/erasures", ground, "data-protection-officer")).status_code == 404
    passed_on(hub.hub)
    assert words_in(readable(hub.hub), around) == {around[1]}
    assert [one["name"] for one in (await hub.ask(at)).json()["network"]] == [around[1]]
    notarised(hub.hub)
    assert list(wrongs(hub.hub, Looked(), lambda *_: None)) == []


def by_command(*words: str, data: Path, **more: str) -> None:
    """A command on a hub, in a process of its own."""
    own = {"HUB_DATA_DIR": str(data), "HUB_DATABASE_URL": databases.url_of(data), "HUB_MODE": "demo"}
    ran = subprocess.run(
        [sys.executable, "-m", "hub", *words], env={**os.environ, **own, **more}, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr


async def test_a_backup_that_is_made_after_it_does_not_hold_them_either(hub: Running, tmp_path: Path) -> None:
    _, child, _ = await a_family(hub)
    await erased(hub, child)
    passed_on(hub.hub)
    kek = {"HUB_KEK_FILE": str(tmp_path / "hub" / "kek.json")} if (tmp_path / "hub" / "kek.json").exists() else {}
    (tmp_path / "backup").mkdir()
    file, elsewhere = str(tmp_path / "backup" / "hub.backup"), tmp_path / "elsewhere"
    by_command("backup", file, data=tmp_path / "hub")
    assert on_disk(tmp_path / "backup") == set()
    by_command("restore", file, data=elsewhere, **kek)
    with ExitStack() as closing:
        settings = Settings(
            data_dir=elsewhere, database_url=databases.url_of(elsewhere), mode="demo", kek_file=kek.get("HUB_KEK_FILE", "")
        )
        again = Hub.open(settings, hub.clock)
        closing.callback(again.close)
        closing.enter_context(leading(again))
        passed_on(again)
        text = readable(again)
    assert words_in(text, [*OF_THE_CHILD, SAID]) == set()
    assert words_in(text, OF_THE_PARENT) == set(OF_THE_PARENT)


# The proof ------------------------------------------------------------------------------------------------


async def test_after_an_erasure_the_hub_verifies_and_every_proof_from_before_still_holds(hub: Running) -> None:
    _, child, _ = await a_family(hub)
    notarised(hub.hub)
    tree = hub.hub.notaries["events"]
    old = tree.checkpoint()
    proofs = [tree.inclusion(index, old.size) for index in range(old.size)]
    await erased(hub, child)
    passed_on(hub.hub)
    notarised(hub.hub)
    looked = Looked()
    assert list(wrongs(hub.hub, looked, lambda *_: None)) == []
    assert looked.trees["events"].leaves == hub.hub.log.last_position()
    assert [tree.inclusion(index, old.size) for index in range(old.size)] == proofs
    assert str(tree.checkpoint(old.size).note) == str(old.note)


async def test_the_hub_signs_a_certificate_that_anybody_can_check(hub: Running) -> None:
    _, child, _ = await a_family(hub)
    notarised(hub.hub)
    said = await erased(hub, child)
    assert (said["person"], said["ground"], said["by"]) == (str(child), "avg-17-1-d", "duty-desk")
    assert (said["reached"]["keys"], len(said["reached"]["messages"])) == (3, 2)
    assert words_in(json.dumps(said), [*OF_THE_CHILD, SAID]) == set()
    before, after, event = said["before"], said["after"], said["event"]
    assert before["size"] == event["position"] - 1 and after["size"] >= event["position"]
    (events,) = [tree for tree in (await hub.ask_now("GET", "/v1/log", "")).json()["trees"] if tree["tree"] == "events"]
    note = Note.read(said["checkpoint"])
    assert note.by(Key.read(events["keys"][0]["key"])) is not None
    signed = Checkpoint.read(note.text)
    assert (signed.size, signed.root, signed.origin) == (after["size"], b64decode(after["root"]), said["log"])
    old, new = b64decode(before["root"]), b64decode(after["root"])
    for path, holds in (
        (
            f"inclusion?index={event['position'] - 1}&size={after['size']}",
            lambda proof: merkle.root_with(b64decode(event["leaf"]), event["position"] - 1, after["size"], proof) == new,
        ),
        (
            f"consistency?old={before['size']}&size={after['size']}",
            lambda proof: merkle.roots_with(before["size"], after["size"], proof, old) == (old, new),
        ),
    ):
        proof = [b64decode(each) for each in (await hub.ask_now("GET", f"/v1/log/events/{path}", "")).json()["proof"]]
        assert holds(proof), path


async def test_a_certificate_that_was_changed_is_not_the_hubs(hub: Running) -> None:
    _, child, _ = await a_family(hub)
    hub.hub.erase(child, "avg-5-1-e", "a.janssen")
    said = (await hub.ask(f"/v1/persons/{child}/erasure-certificate", "auditor")).json()["certificate"]
    head, payload, signature = said.split(".")
    other = json.loads(jws.from_b64url(payload)) | {"by": "nobody"}
    keys = (await hub.ask_now("GET", "/v1/jwks", "")).json()
    assert checked(said, keys)["by"] == "a.janssen"
    with pytest.raises(AssertionError):
        checked(".".join((head, jws.b64url(msgspec.json.encode(other)), signature)), keys)


async def test_who_is_erased_once_more_gets_a_certificate_of_that(hub: Running) -> None:
    _, child, _ = await a_family(hub)
    first = await erased(hub, child)
    hub.hub.erase(child, "avg-17-1-e", "a.janssen")
    keys = (await hub.ask_now("GET", "/v1/jwks", "")).json()
    again = checked((await hub.ask(f"/v1/persons/{child}/erasure-certificate", OFFICER)).json()["certificate"], keys)
    assert (again["ground"], again["before"]["size"] > first["after"]["size"]) == ("avg-17-1-e", True)
    twice = (await hub.ask(f"/v1/persons/{child}/erasure-certificate", OFFICER)).json()["certificate"]
    assert checked(twice, keys) == again
