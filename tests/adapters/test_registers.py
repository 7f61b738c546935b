"""The registers of legal bases, purposes and covenants: each as its schema asks, and every message type stands on them."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from hub.adapters.contracts import contract_path
from hub.adapters.partners import found
from hub.adapters.registers import load_registers, registers
from hub.domain.grounds import day_of
from hub.errors import Malformed
from hub.ports import MessageType, Partner

SCHEMAS = sorted(contract_path("registers").rglob("*schema.json"))
MESSAGES = [(partner, message) for partner in found().values() for message in partner.messages]
NAMES = [f"{partner.name} {message.folder}" for partner, message in MESSAGES]
each_message = pytest.mark.parametrize(("partner", "message"), MESSAGES, ids=NAMES)


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
def test_every_register_has_a_schema_that_is_one(schema: Path) -> None:
    Draft202012Validator(json.loads(schema.read_text()))
    assert json.loads(schema.read_text())["additionalProperties"] is False


def test_no_register_is_without_a_schema() -> None:
    files = {path for path in contract_path("registers").glob("*.json") if not path.name.endswith(".schema.json")}
    assert {path.with_suffix(".schema.json") for path in files} <= set(SCHEMAS)


@each_message
def test_every_message_type_stands_on_a_purpose_and_a_basis_that_are_in_force_today(partner: Partner, message: MessageType) -> None:
    today, known = day_of(datetime.now(UTC)), registers()
    assert known.purposes[message.purpose].is_in_force(today)
    assert known.bases[message.legal_basis].is_in_force(today)


@each_message
def test_the_standing_covenant_covers_what_every_kind_of_partner_sends(partner: Partner, message: MessageType) -> None:
    covenant = registers().covenants["vig-2024"]
    assert partner.name in covenant.parties
    assert (message.purpose in covenant.purposes, message.legal_basis in covenant.grounds) == (True, True)


def test_the_covenant_of_the_demo_says_that_it_is_synthetic() -> None:
    said = json.loads(contract_path("registers", "covenants", "vig-2024.json").read_text())
    assert all("synthet" in said[field] for field in ("nl", "en", "source"))


# What is not accepted ------------------------------------------------------------------------------------


def changed(place: Path, file: str, change: Any) -> Path:
    """The registers in a directory of their own, with one file changed."""
    shutil.copytree(contract_path("registers"), place / "registers")
    path = place / "registers" / file
    said = json.loads(path.read_text())
    change(said)
    path.write_text(json.dumps(said))
    return place / "registers"


COVENANT = "covenants/vig-2024.json"


@pytest.mark.parametrize(
    ("file", "change", "where"),
    [
        ("purposes.json", lambda said: said["purposes"].append(said["purposes"][0] | {"en": "again"}), "/early-help"),
        ("purposes.json", lambda said: said["purposes"][0].update(valid_until="2018-01-01"), "/early-help"),
        ("purposes.json", lambda said: said["purposes"][0].update(valid_from="yesterday"), "/purposes/0/valid_from"),
        ("legal-bases.json", lambda said: said["legal_bases"][0].pop("article"), "/legal_bases/0"),
        ("legal-bases.json", lambda said: said["legal_bases"][0].update(code="Wgs"), "/legal_bases/0/code"),
        (COVENANT, lambda said: said.update(id="another"), "/id"),
        (COVENANT, lambda said: said["purposes"].append("profit"), "/purposes"),
        (COVENANT, lambda said: said["legal_bases"].append("a-hunch"), "/legal_bases"),
        (COVENANT, lambda said: said.update(valid_until="2020-01-01"), "/valid_until"),
        (COVENANT, lambda said: said.update(parties=[]), "/parties"),
        (COVENANT, lambda said: said.update(surprise=1), ""),
    ],
)
def test_a_register_that_is_wrong_is_refused_with_the_place(tmp_path: Path, file: str, change: Any, where: str) -> None:
    with pytest.raises(Malformed) as refused:
        load_registers(changed(tmp_path, file, change))
    assert [violation.where for violation in refused.value.violations] == [where]
