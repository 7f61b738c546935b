"""A neighbourhood that does not exist: what holds whatever is assumed, and troubles and judgements worked out by hand."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.adapters.contracts import contract_path
from hub.adapters.neighbourhood_assumptions import FILE, load_assumptions
from hub.domain.coming_into_view import Came, Spell, Verdict, View, came, for_nothing, spells
from hub.domain.identifiers import is_test_number
from hub.domain.neighbourhood import A_YEAR, Assumptions, Happening, Hazard, Sighting, Trouble, happenings, household
from hub.domain.words import LifeArea
from hub.errors import Malformed
from hub.simulation.letters import LETTERS

REGISTER = contract_path("registers", FILE)
REGISTERED = load_assumptions(REGISTER, LETTERS).taken
SEEDS = st.integers(0, 10_000)
HOME, MONEY = LifeArea.HOUSING, LifeArea.FINANCES


@st.composite
def assumptions(draw: st.DrawFn) -> Assumptions:
    """The register with other rates, so that much or nothing happens, and more or less of it is seen."""
    rates = st.floats(0, 500)
    hazards = [Hazard(each.area, draw(rates)) for each in REGISTERED.hazards]
    eyes = [
        replace(
            each, seen_from=draw(st.floats(0, 1)), weekly=draw(st.floats(0, 2)), delay=draw(st.floats(0, 60)), mistaken=draw(rates)
        )
        for each in REGISTERED.eyes
    ]
    # something has to happen, or nothing ever comes
    hazards[0] = replace(hazards[0], yearly=100)
    life = replace(REGISTERED.life, vulnerable_share=draw(st.floats(0, 1)), brings_along=draw(st.floats(0, 1)))
    return replace(REGISTERED, hazards=hazards, eyes=eyes, life=life)


def first(many: int, assumed: Assumptions, seed: int, households: int = 50) -> list[Happening]:
    return list(islice(happenings(assumed, households, random.Random(seed).random), many))  # noqa: S311


# What holds whatever is assumed --------------------------------------------------------------------------


@given(assumptions(), SEEDS)
def test_the_same_seed_makes_the_same_neighbourhood_and_another_seed_another_one(assumed: Assumptions, seed: int) -> None:
    assert first(50, assumed, seed) == first(50, assumed, seed)
    assert first(50, assumed, seed) != first(50, assumed, seed + 1)


@given(assumptions(), SEEDS)
def test_what_is_seen_is_there_and_is_told_afterwards_but_for_mistakes(assumed: Assumptions, seed: int) -> None:
    for each in first(200, assumed, seed):
        assert 0 <= each.household < 50
        if isinstance(each, Trouble):
            assert 0 < each.peak <= 1
            continue
        assert each.told >= max(each.seen, 0)
        assert not each.eye.of_child or household(each.household, assumed.mix).children
        if each.trouble is not None:
            assert (each.trouble.household, each.trouble.area) == (each.household, each.eye.area)
            grave = each.trouble.at_least(each.eye.seen_from)
            assert grave is not None
            assert each.trouble.begins <= grave[0] <= each.seen <= grave[1]


@given(assumptions(), SEEDS)
def test_everything_comes_in_the_order_of_its_moment(assumed: Assumptions, seed: int) -> None:
    moments = [each.told if isinstance(each, Sighting) else each.begins for each in first(200, assumed, seed)]
    assert moments == sorted(moments)


def test_where_nobody_is_mistaken_nothing_is_seen_without_a_trouble_that_began_before() -> None:
    assumed = replace(REGISTERED, eyes=[replace(eye, mistaken=0) for eye in REGISTERED.eyes])
    begun: list[Trouble] = []
    for each in first(2_000, assumed, 1, 500):
        if isinstance(each, Trouble):
            begun.append(each)
        else:
            assert each.trouble in begun
    assert len(begun) > 100


@given(st.integers(0, 10_000_000))
def test_nobody_in_it_can_be_somebody_who_lives(nth: int) -> None:
    home = household(nth, REGISTERED.mix)
    assert 1 <= len(home.adults) <= 2
    assert len(home.children) <= 2
    for one in (*home.adults, *home.children):
        assert one.name == f"Verzonnen{nth}"
        assert not one.number or is_test_number(one.number)


def test_no_two_households_share_a_person_number_or_an_address() -> None:
    homes = [household(nth, REGISTERED.mix) for nth in range(20_000)]
    assert len({(home.postcode, home.house) for home in homes}) == len(homes)
    numbers = [one.number for home in homes for one in (*home.adults, *home.children) if one.number]
    assert len(set(numbers)) == len(numbers) > 4_000


def test_households_are_composed_as_the_register_says() -> None:
    homes = [household(nth, REGISTERED.mix) for nth in range(10_000)]
    for mix in REGISTERED.mix:
        many = sum((len(home.adults), len(home.children)) == (mix.adults, mix.children) for home in homes)
        assert many / 100 == pytest.approx(mix.percent, abs=0.2)


# Worked out by hand ----------------------------------------------------------------------------------------


def a_trouble(area: LifeArea = HOME, begins: float = 100, peak: float = 0.8, nth: int = 0) -> Trouble:
    """One that grows in 40 days, stays for 30 and fades in 20."""
    return Trouble(nth, area, begins, peak, 40, 30, 20)


@pytest.mark.parametrize(
    ("gravity", "span"),
    [
        (0.8, (140, 170)),
        (0.4, (120, 180)),
        (0.2, (110, 185)),
        (0.9, None),
    ],
)
def test_a_trouble_grows_stays_and_fades_in_straight_lines(gravity: float, span: tuple[float, float] | None) -> None:
    found = a_trouble().at_least(gravity)
    assert found == (pytest.approx(span) if span else None)


def test_a_household_is_in_serious_trouble_while_enough_areas_are_serious_at_once() -> None:
    life = replace(REGISTERED.life, serious_from=0.4, serious_areas=2)
    # the home from day 120 until 180, money from 150 until 210, the home again from 190 until 250
    troubles = [a_trouble(), a_trouble(MONEY, 130), a_trouble(HOME, 170)]
    both = [Spell(0, pytest.approx(150), pytest.approx(180)), Spell(0, pytest.approx(190), pytest.approx(210))]
    assert spells(troubles, life) == both
    # the same area twice is one area, and another household's trouble is not this one's
    assert spells([a_trouble(), a_trouble(HOME, 130)], life) == []
    assert spells([a_trouble(), a_trouble(MONEY, 130, nth=1)], life) == []
    assert spells([a_trouble()], replace(life, serious_areas=1)) == [Spell(0, pytest.approx(120), pytest.approx(180))]


@pytest.mark.parametrize(
    ("view", "verdict"),
    [
        (View(0, 90, 100), Verdict.NEVER),
        (View(0, 90, 101), Verdict.IN_TIME),
        (View(0, 128), Verdict.IN_TIME),
        (View(0, 129), Verdict.TOO_LATE),
        (View(0, 199), Verdict.TOO_LATE),
        (View(0, 200), Verdict.NEVER),
        (View(1, 120), Verdict.NEVER),
    ],
)
def test_in_time_is_at_most_so_many_days_after_trouble_became_serious(view: View, verdict: Verdict) -> None:
    spell = Spell(0, 100, 200)
    (found,) = came([spell], [view])
    assert found.verdict(28) is verdict
    assert for_nothing([spell], [view]) == ([view] if verdict is Verdict.NEVER else [])


def test_a_household_came_into_view_when_it_first_was() -> None:
    spell = Spell(0, 100, 200)
    assert came([spell], [View(0, 150), View(0, 110, 120)]) == [Came(spell, 110)]


# The register ----------------------------------------------------------------------------------------------


def changed(place: Path, change: Callable[[Any], object]) -> Path:
    said = json.loads(REGISTER.read_bytes())
    change(said)
    file = place / FILE
    file.write_text(json.dumps(said))
    return file


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda said: said.update(weather=1), "weather"),
        (lambda said: said["life"][0].update(spread=1), "spread"),
        (lambda said: said["life"].append(said["life"][0] | {"code": "weather"}), "/life/8"),
        (lambda said: said["eyes"][0].update(seen_from=2), "/eyes/0/seen_from"),
        (lambda said: said["eyes"][0].update(assumed=None, source=None), "/eyes/0/assumed"),
        (lambda said: said["hazards"][0].update(source="in a drawer"), "/hazards/0/source"),
        (lambda said: said["life"].pop(), "serious_areas is missing"),
        (lambda said: said["life"][0].update(value=1.5), "is more than 1"),
        (lambda said: said["work"].append(said["work"][0] | {"value": 9}), "stands there twice"),
        (lambda said: said["eyes"][0].update(concern="weather"), "writes no message about weather"),
        (lambda said: [each.update(percent=0) for each in said["mix"]], "is about nobody"),
    ],
)
def test_assumptions_that_nobody_can_play_by_are_refused(change: Callable[[Any], object], says: str, tmp_path: Path) -> None:
    with pytest.raises(Malformed) as refused:
        load_assumptions(changed(tmp_path, change), LETTERS, REGISTER.with_suffix(".schema.json"))
    assert says in " ".join(map(str, refused.value.violations))


def test_everything_that_is_wrong_with_assumptions_is_said_at_once(tmp_path: Path) -> None:
    def spoil(said: Any) -> None:
        said["work"].pop()
        said["eyes"][1]["partner"] = "nobody"

    with pytest.raises(Malformed) as refused:
        load_assumptions(changed(tmp_path, spoil), LETTERS, REGISTER.with_suffix(".schema.json"))
    assert len(refused.value.violations) == 2


def test_every_assumption_says_where_it_was_found_or_that_it_is_assumed() -> None:
    for each in load_assumptions(REGISTER, LETTERS).entries:
        assert each.source.startswith("https://") or each.assumed.english
        assert each.words.dutch
        assert each.values.dutch


def test_two_ways_of_working_differ_in_how_people_work_alone() -> None:
    known = load_assumptions(REGISTER, LETTERS)
    assert known.otherwise({"coaches": 3}) == replace(known.taken, work=replace(known.taken.work, coaches=3))
    with pytest.raises(Malformed) as refused:
        known.otherwise({"serious_areas": 1, "weather": 1})
    assert len(refused.value.violations) == 2


def test_what_is_seen_of_debts_is_about_as_much_as_was_counted() -> None:
    """4 a month for every 1,000 inhabitants (Divosa, 2023), 2.1 in a household (CBS): some 100 a year for 1,000 households."""
    debts = [
        each
        for each in first(12_000, REGISTERED, 1, 10_000)
        if isinstance(each, Sighting) and each.eye.concern == "payment-arrears"
    ]
    for year in range(2):
        a_year = [each for each in debts if year <= each.told / A_YEAR < year + 1]
        assert 85 <= len(a_year) / 10 <= 120
