"""What our examples say is what the partners' own standards allow, and our codes are theirs."""

import csv
import json
from functools import cache
from typing import Any

import pytest
import yaml
from jsonschema_rs import Draft4Validator, Draft202012Validator
from lxml import etree

from hub.adapters.documents import Findings, read_xml
from hub.adapters.documents.stuf import NAMES, Part
from hub.adapters.partners import found
from hub.adapters.partners.housing_corporation import CONCERNS_BY_KIND, CONCERNS_OF_ANY_KIND, ENDED_BY, STARTED_BY
from hub.adapters.partners.police import upgrade_from_before_1_0_5
from hub.errors import Unreadable
from tests.contracts.examples import Example, examples
from tests.tools import STANDARDS

pytestmark = pytest.mark.skipif(not STANDARDS.is_dir(), reason="the public standards do not lie beside this tree")

OLDER_FORMS = {"police/vt-melding/04-from-before-1-0-5", "veilig-thuis/vt-terugkoppeling/03-outcome-only"}
READABLE = [example for example in examples() if example.is_readable]
XML = [example for example in READABLE if example.given.suffix == ".xml"]
XSDS = {
    "vt-melding": "xsd-1.0.9-vt/jz0100_msg_vtberichten_resolved2025.xsd",
    "vt-terugkoppeling": "xsd-1.0.9-vt/jz0100_msg_vtberichten_resolved2025.xsd",
    "melding-generiek": "xsd-1.0.9-gm/jz0100_msg_gmberichten_resolved2025.xsd",
    "notificatie": "xsd-1.0.9-jr/jz0100_msg_jzberichten_resolved2025.xsd",
    "1.0.7": "xsd-1.0.7-vt/jz0100_msg_vtberichten_resolved.xsd",
}
COMPONENTS = {
    "signalering": ("BRG.yaml", "Signaleringen-Signaleringbericht"),
    "externe-incasso": ("INC.yaml", "ExterneIncassos-ExterneIncassobericht"),
}
OUR_OIN = "00000099000000010001"


@cache
def xsd(name: str) -> etree.XMLSchema:
    return etree.XMLSchema(file=str(STANDARDS / "corv" / XSDS[name]))


@cache
def component(file: str, name: str) -> Draft4Validator:
    """A component of an OpenAPI 3.0 document, with the document's other components at hand."""
    document = yaml.safe_load((STANDARDS / "vera" / file).read_text("utf-8"))
    # VERA's kinds of address do not exclude one another, so that nothing at all would fit exactly one of them.
    components = json.loads(json.dumps(document["components"], default=str).replace('"oneOf"', '"anyOf"'))
    return Draft4Validator({"components": components, "allOf": [{"$ref": f"#/components/schemas/{name}"}]}, validate_formats=True)


def named(*types: str) -> Any:
    chosen = [example for example in READABLE if example.given.parts[-3] in types]
    return pytest.mark.parametrize("example", chosen, ids=[example.name for example in chosen])


@named("vt-melding", "vt-terugkoppeling", "melding-generiek", "notificatie")
def test_xml_examples_are_valid_by_the_official_schema_except_the_older_forms(example: Example) -> None:
    schema = xsd(example.given.parts[-3])
    valid = schema.validate(etree.parse(example.given))
    assert valid == (example.name not in OLDER_FORMS), schema.error_log


def test_a_report_of_version_1_0_7_is_valid_by_its_own_schema() -> None:
    (example,) = [each for each in XML if each.name.endswith("05-version-1-0-7")]
    assert xsd("1.0.7").validate(etree.parse(example.given)), xsd("1.0.7").error_log


@named("ddas-levering")
def test_ddas_examples_are_valid_by_the_official_schema(example: Example) -> None:
    schema = Draft202012Validator(json.loads((STANDARDS / "ddas/json_schema_Uitwisselmodel.json").read_text("utf-8")), offline=True)
    assert [str(error) for error in schema.iter_errors(json.loads(example.given.read_text("utf-8")))] == []


@named(*COMPONENTS)
def test_vera_examples_are_valid_by_the_official_component(example: Example) -> None:
    schema = component(*COMPONENTS[example.given.parts[-3]])
    assert [str(error) for error in schema.iter_errors(json.loads(example.given.read_text("utf-8")))] == []


@named(*COMPONENTS)
def test_the_people_in_vera_examples_are_relations_as_vera_describes_them(example: Example) -> None:
    message = json.loads(example.given.read_text("utf-8"))
    relation = message.get("relatie") or message["debiteur"]["relatie"]
    for each in (relation, *relation.get("relaties", [])):
        kind = "Relaties-NatuurlijkPersoon" if each["soort"]["code"] == "NAT" else "Relaties-Relatiegroep"
        assert [str(error) for error in component("BRG.yaml", kind).iter_errors(each)] == []


def test_the_vera_component_would_notice_a_wrong_example() -> None:
    assert not component(*COMPONENTS["signalering"]).is_valid({"soort": "OVE"})
    assert not component(*COMPONENTS["externe-incasso"]).is_valid({"bedrag": "veel"})


def test_the_codes_of_the_housing_corporation_are_those_of_vera() -> None:
    signals = {(row["Parent"].partition(".")[2], row["Code"]) for row in reference_data("SIGNALERINGDETAILSOORT")}
    kinds = {(row["Code"], "") for row in reference_data("SIGNALERINGSOORT")}
    assert signals | kinds == CONCERNS_BY_KIND.keys() | {("", code) for code in CONCERNS_OF_ANY_KIND}
    assert {row["Code"] for row in reference_data("EXTERNEINCASSOSTARTREDEN")} == STARTED_BY.keys()
    assert {row["Code"] for row in reference_data("EXTERNEINCASSOEINDEREDEN")} == ENDED_BY.keys()


def reference_data(kind: str) -> list[dict[str, str]]:
    with (STANDARDS / "vera/Referentiedata.csv").open(encoding="utf-8-sig", newline="") as file:
        return [row for row in csv.DictReader(file, delimiter=";") if row["Soort"] == kind]


def refusal(partner: str, message: int, data: bytes) -> list[str]:
    with pytest.raises(Unreadable) as refused:
        found()[partner].messages[message].read(data, OUR_OIN)
    return [str(violation) for violation in refused.value.violations]


def test_the_sample_report_of_2019_is_refused_with_both_reasons() -> None:
    assert refusal("police", 0, sample("vtMelding.xml")) == [
        "/vtMeldingDi01/stuurgegevens/zender/organisatie: is not the OIN (20 digits) of the organisation that signed",
        "/vtMeldingDi01/object/betreft/gerelateerde/heeftBetrokken[1]/gerelateerde/inp.bsn: "
        "is not a person number: the eleven-test fails",
    ]


def test_the_sample_feedback_of_2019_is_refused_for_its_sender_alone() -> None:
    assert refusal("veilig-thuis", 0, sample("vtTerugkoppeling.xml")) == [
        "/vtTerugkoppelingDi01/stuurgegevens/zender/organisatie: is not the OIN (20 digits) of the organisation that signed"
    ]


def test_the_sample_report_of_2019_is_of_today_after_the_upgrade() -> None:
    root = read_xml(sample("vtMelding.xml"))
    assert not xsd("vt-melding").validate(root)
    upgrade_from_before_1_0_5(Part(root.find("JZ:object", NAMES), "", Findings()))
    assert xsd("vt-melding").validate(root), xsd("vt-melding").error_log


def test_the_sample_delivery_of_ddas_is_refused_for_its_person_number_alone() -> None:
    assert refusal("social-services", 0, (STANDARDS / "ddas/enkelvoudigVoorbeeld.json").read_bytes()) == [
        "/leveringen/0/vroegsignalen/0/client/Burgerservicenummer: is not a person number: the eleven-test fails"
    ]


def test_the_sample_report_of_2019_is_read_once_sender_and_person_number_are_right() -> None:
    repaired = sample("vtMelding.xml").replace(b"[OIN nummer BJAA, Jeugdhulpverlener]", OUR_OIN.encode())
    (signal,) = found()["police"].messages[0].read(repaired.replace(b"012345678", b"999940004"), OUR_OIN)[:1]
    assert (signal.reference, signal.concern, signal.happened.text) == ("TestvtMelding001", "domestic-violence", "2019-07-06")
    assert [(person.family_name, person.role, person.address.town) for person in signal.people] == [
        ("Aerts", "parent", "Valkenswaard")
    ]


def sample(name: str) -> bytes:
    return (STANDARDS / "corv/samples" / name).read_bytes()
