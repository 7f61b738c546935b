"""On which ground a message may be shared: the rule says every reason why not, and counts days as the Dutch do."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from hub.domain.grounds import ENDED, ENDS_SOON, Covenant, Entry, Party, Registers, end_at
from hub.errors import NotAllowed

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LAW = Entry("a-law", "een wet", "a law", date(2020, 1, 1), None)
NOT_YET = Entry("a-bill", "een wetsvoorstel", "a bill", None, None)
GONE = Entry("an-old-law", "een oude wet", "an old law", date(2000, 1, 1), date(2026, 3, 1))
HELP = Entry("help", "hulp", "help", date(2020, 1, 1), None)
COVENANT = Covenant(
    id="a-covenant",
    nl="een convenant",
    en="a covenant",
    parties=frozenset({"police", "00000099000000000042"}),
    purposes=frozenset({"help"}),
    grounds=frozenset({"a-law", "a-bill", "an-old-law"}),
    valid_from=date(2025, 1, 1),
    valid_until=date(2026, 12, 31),
)
REGISTERS = Registers(
    bases={each.code: each for each in (LAW, NOT_YET, GONE)}, purposes={"help": HELP}, covenants={"a-covenant": COVENANT}
)


@dataclass(frozen=True)
class Organisation:
    """A party to the covenant, that may share for help on any of the laws."""

    kind: str = "police"
    oin: str = "00000099000000000001"
    covenant: str = "a-covenant"
    covenant_from: datetime | None = None
    covenant_until: datetime | None = None
    purposes: frozenset[str] = frozenset({"help"})
    grounds: frozenset[str] = frozenset({"a-law", "a-bill", "an-old-law"})


POLICE = Organisation()


def codes(party: Party = POLICE, purpose: str = "help", basis: str = "a-law", at: datetime = NOON) -> list[str]:
    return [reason.code for reason in REGISTERS.reasons(party, purpose, basis, at)]


def test_what_the_registers_the_registration_and_the_covenant_allow_may_be_shared() -> None:
    assert codes() == []
    REGISTERS.refuse_groundless(POLICE, "help", "a-law", NOON)


def test_a_single_organisation_can_be_a_party_by_its_number() -> None:
    assert codes(replace(POLICE, kind="school", oin="00000099000000000042")) == []


@pytest.mark.parametrize(
    ("but", "asked", "code"),
    [
        ({"covenant": ""}, {}, "covenant-missing"),
        ({"covenant": "another"}, {}, "covenant-missing"),
        ({}, {"at": datetime(2024, 12, 31, 22, 59, tzinfo=UTC)}, "covenant-not-yet-valid"),
        ({"covenant_from": NOON + timedelta(seconds=1)}, {}, "covenant-not-yet-valid"),
        ({}, {"at": datetime(2026, 12, 31, 23, 0, tzinfo=UTC)}, "covenant-expired"),
        ({"covenant_until": NOON}, {}, "covenant-expired"),
        ({"kind": "school"}, {}, "covenant-other-parties"),
        ({"purposes": frozenset()}, {}, "purpose-not-allowed"),
        ({"grounds": frozenset({"a-bill"})}, {}, "ground-not-allowed"),
        ({}, {"basis": "a-bill"}, "ground-not-valid"),
        ({}, {"basis": "an-old-law"}, "ground-not-valid"),
    ],
)
def test_one_thing_that_is_wrong_is_one_reason(but: dict[str, object], asked: dict[str, object], code: str) -> None:
    assert codes(replace(POLICE, **but), **asked) == [code]  # type: ignore[arg-type]


def test_a_purpose_or_a_basis_that_nobody_knows_is_refused_for_every_reason_there_is() -> None:
    assert codes(purpose="profit") == ["covenant-other-purposes", "purpose-not-valid", "purpose-not-allowed"]
    assert codes(basis="a-hunch") == ["covenant-other-grounds", "ground-not-valid", "ground-not-allowed"]


def test_all_reasons_are_told_at_once_and_the_first_gives_the_code() -> None:
    with pytest.raises(NotAllowed) as refused:
        REGISTERS.refuse_groundless(replace(POLICE, covenant="", purposes=frozenset()), "help", "a-bill", NOON)
    assert refused.value.code == "covenant-missing"
    assert [violation.where for violation in refused.value.violations] == ["covenant", "purpose", "ground"]


def test_an_empty_registration_may_share_nothing() -> None:
    nobody = Organisation(covenant="", purposes=frozenset(), grounds=frozenset())
    assert codes(nobody) == ["covenant-missing", "purpose-not-allowed", "ground-not-allowed"]
    assert not REGISTERS.is_sharing(nobody, NOON)


def test_without_registers_nothing_is_allowed() -> None:
    assert list(Registers().reasons(POLICE, "help", "a-law", NOON))
    assert not Registers().is_sharing(POLICE, NOON)


@pytest.mark.parametrize(
    ("at", "is_in_force"),
    [
        (datetime(2026, 3, 1, 22, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 1, 23, 0, tzinfo=UTC), False),
    ],
)
def test_the_last_day_of_a_law_lasts_until_midnight_by_dutch_time(at: datetime, is_in_force: bool) -> None:
    assert (codes(basis="an-old-law", at=at) == []) is is_in_force


def test_the_covenant_of_summer_ends_at_midnight_in_summer() -> None:
    summer = replace(COVENANT, valid_from=date(2025, 7, 1), valid_until=date(2025, 7, 31))
    assert (summer.begins, summer.ends) == (datetime(2025, 6, 30, 22, tzinfo=UTC), datetime(2025, 7, 31, 22, tzinfo=UTC))


def test_the_earlier_end_counts_that_of_the_organisation_or_that_of_the_covenant() -> None:
    assert REGISTERS.end_of(POLICE) == COVENANT.ends
    assert REGISTERS.end_of(replace(POLICE, covenant_until=NOON)) == NOON
    assert REGISTERS.end_of(replace(POLICE, covenant_until=NOON + timedelta(days=3650))) == COVENANT.ends


@pytest.mark.parametrize("before", [timedelta(days=30), timedelta(days=1), timedelta(seconds=1)])
def test_a_covenant_ends_soon_from_thirty_days_before(before: timedelta) -> None:
    assert end_at(NOON, NOON - before) == ENDS_SOON


def test_a_covenant_has_ended_from_its_end_on_and_is_far_from_it_before() -> None:
    assert (end_at(NOON, NOON), end_at(NOON, NOON + timedelta(days=99))) == (ENDED, ENDED)
    assert (end_at(NOON, NOON - timedelta(days=30, seconds=1)), end_at(None, NOON)) == ("", "")


moments = some.integers(-30_000, 30_000).map(lambda hours: NOON + timedelta(hours=hours))


@given(
    at=moments,
    begins=some.none() | moments,
    ends=some.none() | moments,
    kind=some.sampled_from(["police", "school"]),
    covenant=some.sampled_from(["", "a-covenant"]),
)
def test_nothing_is_accepted_of_whom_nothing_may_be_told(
    at: datetime, begins: datetime | None, ends: datetime | None, kind: str, covenant: str
) -> None:
    party = Organisation(kind=kind, covenant=covenant, covenant_from=begins, covenant_until=ends)
    may_send = not codes(party, at=at)
    assert may_send == REGISTERS.is_sharing(party, at)
