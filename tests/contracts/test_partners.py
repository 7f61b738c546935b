"""Every partner's module and contract belong together, and every example becomes what its contract says."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.adapters import partners
from hub.adapters.contracts import contract_path
from hub.adapters.partners import found, housing_corporation
from hub.domain.concerns import CONCERNS
from hub.domain.identifiers import violations_of
from hub.ports import MessageType, Partner
from tests.contracts.examples import Example, contracts_of_their_own, examples, outcome

EXAMPLES = examples()
MESSAGES = contracts_of_their_own()
each_example = pytest.mark.parametrize("example", EXAMPLES, ids=[example.name for example in EXAMPLES])
each_message = pytest.mark.parametrize(("partner", "message"), MESSAGES, ids=[message.type for _, message in MESSAGES])


def contract(partner: Partner, message: MessageType) -> Any:
    return json.loads(contract_path("partners", partner.name, message.folder, "contract.json").read_text("utf-8"))


def register(name: str) -> dict[str, Any]:
    document = json.loads(contract_path("registers", f"{name}.json").read_text("utf-8"))
    return {entry["code"]: entry for entry in document[name.replace("-", "_")]}


@each_example
def test_what_is_given_becomes_what_the_contract_says(example: Example) -> None:
    assert outcome(example) == example.then


@each_message
def test_the_module_and_its_contract_say_the_same(partner: Partner, message: MessageType) -> None:
    said = contract(partner, message)
    assert (said["type"], said["media"], said["title"]["nl"]) == (message.type, message.media, message.title)
    assert (said["purpose"], said["legal_basis"]) == (message.purpose, message.legal_basis)


@each_message
def test_every_contract_shows_a_message_that_is_read_and_one_that_is_not(partner: Partner, message: MessageType) -> None:
    shown = {example.is_readable for example in EXAMPLES if example.message is message}
    assert shown == {True, False}


@each_message
def test_every_type_is_named_as_the_dutch_profile_of_cloud_events_asks(partner: Partner, message: MessageType) -> None:
    assert re.fullmatch(r"nl\.vig\.[a-z]+(en|s)\.[a-z-]+\.v[1-9]", message.type)


def test_no_contract_is_without_a_module_and_no_module_without_a_contract() -> None:
    on_disk = {(path.parts[-3], path.parts[-2]) for path in contract_path("partners").glob("*/*/contract.json")}
    folders = {(path.parts[-2], path.parts[-1]) for path in contract_path("partners").glob("*/*") if path.is_dir()}
    assert on_disk == folders == {(partner.name, message.folder) for partner, message in MESSAGES}


def test_every_json_message_has_a_schema_and_no_xml_message_has() -> None:
    for partner, message in MESSAGES:
        has_schema = contract_path("partners", partner.name, message.folder, "schema.json").is_file()
        assert has_schema == (message.media == "application/json"), message.type


def test_every_given_has_its_then() -> None:
    def names(kind: str) -> set[tuple[Path, str]]:
        return {(path.parent, path.name.split(".")[0]) for path in contract_path("partners").rglob(f"*.{kind}.*")}

    assert names("given") == names("then") != set()


@each_message
def test_every_purpose_and_legal_basis_stands_in_its_register_and_is_in_force(partner: Partner, message: MessageType) -> None:
    since = contract(partner, message)["validity"]["valid_from"]
    for entry in (register("purposes")[message.purpose], register("legal-bases")[message.legal_basis]):
        assert entry["valid_from"] is not None
        assert entry["valid_from"] <= since
        assert entry["valid_until"] is None or entry["valid_until"] > since


def test_the_registers_name_every_basis_by_its_law_and_never_by_an_ambiguous_abbreviation() -> None:
    for code, entry in register("legal-bases").items():
        assert entry["article"]
        assert entry["source"].startswith("https://")
        assert "wgs" not in code.split("-")


def test_a_law_that_is_not_in_force_is_not_to_be_relied_on() -> None:
    assert register("legal-bases")["wams"]["valid_from"] is None


@each_example
def test_examples_name_only_people_who_cannot_exist(example: Example) -> None:
    if example.is_readable:
        assert violations_of(example.signals(), only_test_numbers=True) == ()


@each_example
def test_examples_speak_of_concerns_that_the_register_knows(example: Example) -> None:
    assert {signal["concern"] for signal in example.then.get("signals", ())} <= CONCERNS.keys()


@each_example
def test_references_are_unique_within_a_message(example: Example) -> None:
    references = [signal["reference"] for signal in example.then.get("signals", ())]
    assert len(references) == len(set(references))


@each_example
def test_a_refusal_never_repeats_what_was_filled_in(example: Example) -> None:
    said = json.dumps(example.then.get("unreadable", ""), ensure_ascii=False)
    filled_in = set(re.findall(r"\d{9}|Proefstra|Testdam|Mirjam|Voorbeeldstraat|2599ZZ", example.given.read_text("utf-8")))
    assert [value for value in filled_in if value in said] == []


def test_feedback_refers_to_the_plain_reference_of_the_report_it_answers() -> None:
    answers = {
        s["refers_to"] for e in EXAMPLES for s in e.then.get("signals", ()) if e.partner == "veilig-thuis" and "refers_to" in s
    }
    reports = {e.then["signals"][0]["reference"] for e in EXAMPLES if e.partner == "police" and e.is_readable}
    assert answers
    assert answers <= reports


def test_a_housing_corporation_never_hands_over_a_person_number() -> None:
    ours = [example for example in EXAMPLES if example.partner == "housing-corporation" and example.is_readable]
    assert ours
    assert [person.bsn for example in ours for signal in example.signals() for person in signal.people if person.bsn] == []


def test_every_code_that_the_contracts_allow_means_something() -> None:
    by_kind = set(housing_corporation.CONCERNS_BY_KIND) | {("", code) for code in housing_corporation.CONCERNS_OF_ANY_KIND}
    assert set(_signal_codes()) == by_kind
    start, end = _reason_codes()
    assert set(start) == housing_corporation.STARTED_BY.keys()
    assert set(end) == housing_corporation.ENDED_BY.keys()


def _signal_codes() -> Iterator[tuple[str, str]]:
    schema = json.loads(contract_path("partners", "housing-corporation", "signalering", "schema.json").read_text("utf-8"))
    for rule in schema["allOf"]:
        kind = rule["if"]["properties"]["soort"]["properties"]["code"]["const"]
        yield kind, ""
        for detail in rule["then"]["properties"]["detailSoort"]["properties"]["code"]["enum"]:
            yield ("" if detail in housing_corporation.CONCERNS_OF_ANY_KIND else kind), detail


def _reason_codes() -> list[list[str]]:
    schema = json.loads(contract_path("partners", "housing-corporation", "externe-incasso", "schema.json").read_text("utf-8"))
    rules = schema["properties"]["extra-attributen"]["items"]["allOf"]
    return [rule["then"]["properties"]["waarde"]["enum"] for rule in rules]


@pytest.mark.parametrize("source", ["", "PARTNER = 'police'"])
def test_a_module_that_does_not_say_which_partner_it_is_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    (tmp_path / f"nobody{len(source)}.py").write_text(source)
    monkeypatch.setattr(partners, "__path__", [str(tmp_path)])
    with pytest.raises(TypeError, match="does not say which partner it is"):
        found()
