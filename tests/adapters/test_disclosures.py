"""The disclosure matrix is read with every fault named, and each partner gets ids of its own."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.adapters import partners
from hub.adapters.contracts import contracts
from hub.adapters.disclosures import load_disclosure_matrices
from hub.adapters.pseudonyms import Pseudonyms
from hub.adapters.registers import registers
from hub.api.schemas import FOUND
from hub.domain.callers import Caller, Capacity
from hub.domain.streams import stream_id
from hub.errors import Malformed, Unavailable
from hub.ports import Notice, SetClock
from tests.adapters.disclosing import PSEUDONYMS, the_disclosures, the_matrices
from tests.adapters.registered import NOW, Book, a_registration, occasion, with_covenant

LEVEL_RAISED = "nl.vig.escalations.level-raised.v1"
FAMILY = stream_id("family", "a")


def a_notice(type: str = LEVEL_RAISED, **but: Any) -> Notice:
    said = {
        "id": stream_id("notice", "1"),
        "type": type,
        "position": 1,
        "recorded_at": datetime(2026, 3, 2, 9, 30, 12, 345678, tzinfo=UTC),
        "family": FAMILY,
        "tell": ("police", "veilig-thuis"),
        "data": {
            "family": str(FAMILY),
            "escalation": str(stream_id("escalation", "1")),
            "axis": "safety",
            "level": 3,
            "leads": "director",
            "contact": "wijkteam@gemeente.example",
            "acknowledgeBy": "2026-03-04T09:30:12.345678Z",
        },
    }
    return Notice(**{**said, **but})  # type: ignore[arg-type]


def a_book() -> Book:
    book = Book()
    for name, kind in (("police", "police"), ("safe-home", "veilig-thuis"), ("youth-work", "any-partner")):
        book.save(with_covenant(a_registration(name, kind)))
    return book.save(a_registration("outsider", "police"))


def told(name: str, notice: Notice | None = None) -> Notice | None:
    book = a_book()
    receiver = book.registrations.by_name(name)
    assert receiver is not None
    return the_disclosures(book.registrations, SetClock(NOW)).to_partner(notice or a_notice(), receiver)


# Ids of each receiver --------------------------------------------------------------------------------


@given(receiver=st.text(), kind=st.text(), id=st.text())
def test_a_pseudonym_is_a_uuid_of_version_8_and_always_the_same(receiver: str, kind: str, id: str) -> None:
    made = PSEUDONYMS.of(receiver, kind, id)
    assert (made.version, made.variant) == (8, UUID(int=0x8 << 76 | 0x2 << 62).variant)
    assert made == Pseudonyms(PSEUDONYMS.secret).of(receiver, kind, id)


def test_another_receiver_kind_thing_or_secret_gives_another_pseudonym() -> None:
    asked = [("a", "family", "1"), ("b", "family", "1"), ("a", "person", "1"), ("a", "family", "2"), ("afamily", "", "1")]
    made = {Pseudonyms(secret).of(*each) for secret in (b"one", b"two") for each in asked}
    assert len(made) == 2 * len(asked)


def test_the_secret_is_not_shown() -> None:
    assert "secret" not in repr(Pseudonyms(b"a secret"))


# What a partner gets ---------------------------------------------------------------------------------


def test_a_notice_keeps_what_the_purpose_allows() -> None:
    notice = told("police")
    assert notice is not None
    assert {name: notice.data[name] for name in ("axis", "level", "leads", "contact")} == {
        "axis": "safety",
        "level": 3,
        "leads": "director",
        "contact": "wijkteam@gemeente.example",
    }


def test_two_partners_messages_about_one_family_share_no_identifier() -> None:
    police, safe_home = told("police"), told("safe-home")
    assert police is not None
    assert safe_home is not None
    public = {LEVEL_RAISED, "director", "wijkteam@gemeente.example", "2026-03-02 09:30:00+00:00", "2026-03-04T09:30:00Z"}
    both = _strings(police) & _strings(safe_home)
    assert {text for text in both if len(text) >= 8} <= public
    assert str(FAMILY) not in _strings(police)


def test_times_are_told_to_the_minute_so_that_they_join_nothing() -> None:
    notice = told("police")
    assert notice is not None
    assert (notice.recorded_at, notice.data["acknowledgeBy"]) == (
        datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
        "2026-03-04T09:30:00Z",
    )


def test_the_same_family_has_the_same_id_for_one_partner() -> None:
    one, other = told("police"), told("police", a_notice(id=stream_id("notice", "2"), position=2))
    assert one is not None
    assert other is not None
    assert (one.family, one.data["family"]) == (other.family, other.data["family"])
    assert str(one.family) == one.data["family"]
    assert one.id != other.id


@pytest.mark.parametrize("name", ["youth-work", "outsider"])
def test_whoever_may_not_know_of_levels_does_not_hear_that_one_rose(name: str) -> None:
    assert told(name) is None


def test_whoever_may_know_no_more_still_hears_whom_to_contact() -> None:
    changed = a_notice("nl.vig.trajectories.director-changed.v1", data={"family": str(FAMILY), "organisation": "o", "contact": "c"})
    notice = told("youth-work", changed)
    assert notice is not None
    assert notice.data == {"family": str(notice.family), "organisation": "o", "contact": "c"}


def test_a_type_without_a_contract_is_told_to_nobody() -> None:
    assert told("police", a_notice("nl.vig.unheard-of.v1")) is None
    people = the_disclosures(a_book().registrations, SetClock(NOW))
    assert people.to_person({"type": "nl.vig.unheard-of.v1", "data": {}}, _caller(Capacity.COORDINATOR)) is None


def test_a_purpose_that_its_covenant_is_not_for_gives_nothing() -> None:
    registration = with_covenant(a_registration("police", "police"))
    registration.grant_grounds(["accountability"], ["wpg-20"], "a test", occasion())
    book = Book().save(registration)
    receiver = book.registrations.by_name("police")
    assert receiver is not None
    assert the_disclosures(book.registrations, SetClock(NOW)).to_partner(a_notice(), receiver) is None


# What people get -------------------------------------------------------------------------------------


def test_people_follow_by_the_hubs_own_ids() -> None:
    shown = {"id": "n", "type": LEVEL_RAISED, "recordedAt": "r", "family": str(FAMILY), "data": dict(a_notice().data)}
    disclosures = the_disclosures(a_book().registrations, SetClock(NOW))
    assert disclosures.to_person(shown, _caller(Capacity.COORDINATOR)) == shown
    assert disclosures.to_person(shown, _caller(Capacity.OPERATOR)) is None


def test_an_answer_says_what_was_left_out() -> None:
    disclosures = the_disclosures(a_book().registrations, SetClock(NOW))
    found = {"items": [{"family": "f", "involved": True, "contact": "c", "isOpen": False}]}
    assert disclosures.answer(found, FOUND, _caller(Capacity.COORDINATOR)) == found
    assert disclosures.answer(found, FOUND, _caller(Capacity.OPERATOR)) == {
        "items": [{"family": "f", "isOpen": False}],
        "withheld": ["contact", "involvement"],
    }


def _caller(role: Capacity) -> Caller:
    return Caller(role, "somebody", "local-team")


def _strings(value: Any) -> set[str]:
    if isinstance(value, Notice):
        return _strings([str(value.id), value.type, str(value.recorded_at), str(value.family), value.data])
    if isinstance(value, dict):
        return {text for each in value.values() for text in _strings(each)}
    if isinstance(value, list):
        return {text for each in value for text in _strings(each)}
    return {value} if isinstance(value, str) else set()


# Files -----------------------------------------------------------------------------------------------


def test_the_version_in_force_today_has_a_line_for_every_role_and_every_kind_of_partner() -> None:
    matrix = the_matrices().at(NOW.date())
    assert {role for role, _ in matrix.people} == set(Capacity) - {Capacity.PARTNER}
    sends = {(kind.name, message.purpose) for kind in partners.found().values() for message in kind.messages}
    assert set(matrix.systems) == sends


def test_before_the_first_version_nothing_leaves() -> None:
    with pytest.raises(Unavailable):
        the_matrices().at(date(2018, 5, 24))


def test_every_line_names_its_source() -> None:
    raw = json.loads((contracts() / "disclosure-matrix" / "2026-1.json").read_text())
    assert all(line["source"] for part in ("people", "systems") for line in raw[part])


def _without_everybody(raw: Any) -> None:
    raw["people"][0]["classes"].remove("reference")


def _words_alone(raw: Any) -> None:
    raw["people"][0]["classes"].remove("criminal")


def _unknown_purpose(raw: Any) -> None:
    raw["systems"][0]["purpose"] = "curiosity"


def _twice(raw: Any) -> None:
    raw["people"].append(raw["people"][0])


def _unknown_class(raw: Any) -> None:
    raw["minimal"].append("everything")


def _renamed(raw: Any) -> None:
    raw["version"] = "2026-2"


FAULTS = {
    "/people/0/classes withholds what everybody sees": _without_everybody,
    "/people/0/classes gives words that people wrote without what those may hold": _words_alone,
    "/systems/0/purpose curiosity is not known": _unknown_purpose,
    "/people coordinator coordinating-help stands there twice": _twice,
    "/minimal/4": _unknown_class,
    "/version is not the name of the file": _renamed,
}


@pytest.mark.parametrize("said", sorted(FAULTS))
def test_a_fault_in_the_matrix_is_named_and_nothing_starts(tmp_path: Path, said: str) -> None:
    with pytest.raises(Malformed) as refused:
        load_disclosure_matrices(_changed(tmp_path, FAULTS[said]), registers().purposes)
    assert any(f"{violation.where} {violation.what}".startswith(said) for violation in refused.value.violations)


def test_versions_that_leave_a_gap_are_refused(tmp_path: Path) -> None:
    directory = _changed(tmp_path, lambda raw: raw.update(validUntil="2026-06-30"))
    later = json.loads((directory / "2026-1.json").read_text()) | {
        "version": "2026-2",
        "validFrom": "2026-07-02",
        "validUntil": None,
    }
    (directory / "2026-2.json").write_text(json.dumps(later))
    with pytest.raises(Malformed):
        load_disclosure_matrices(directory, registers().purposes)


def _changed(place: Path, change: Callable[[Any], None]) -> Path:
    directory = place / "disclosure-matrix"
    shutil.copytree(contracts() / "disclosure-matrix", directory)
    raw = json.loads((directory / "2026-1.json").read_text())
    change(raw)
    (directory / "2026-1.json").write_text(json.dumps(raw))
    return directory
