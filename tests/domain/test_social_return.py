"""Social return: worked examples computed by hand, what holds whatever is counted, and the registers that it rests on."""

import json
import random
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from math import inf, nan
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.adapters.contracts import contract_path
from hub.adapters.social_return import load_model, read_counts
from hub.domain.matrix import Words
from hub.domain.social_return import (
    Assumption,
    Count,
    Counted,
    Kind,
    Model,
    Price,
    Range,
    Role,
    Spread,
    likeliest,
    lines,
    present_value,
    social_return,
    tornado,
)
from hub.errors import Malformed, NotKnown, RuleBroken

TODAY = date(2026, 11, 23)
REGISTERS = contract_path("registers")
REGISTERED = load_model(REGISTERS, TODAY)
NOTHING = Words("", "")
EXACT: Mapping[Role, float] = {
    Role.COUNTERFACTUAL: 1.0,
    Role.DEADWEIGHT: 0.2,
    Role.DISPLACEMENT: 0.1,
    Role.ATTRIBUTION: 0.5,
    Role.DURATION: 3,
    Role.DROP_OFF: 0.1,
    Role.DISCOUNT: 0.035,
}
"""One value each, so that what comes out can be computed on paper."""


def exactly(value: float) -> Range:
    return Range(value, value, value)


def a_price(code: str, kind: str, payer: str, euros: Range, transfer_to: str = "") -> Price:
    return Price(code, kind, payer, NOTHING, euros, 2024, transfer_to, "", NOTHING)


def a_model(*prices: Price, **but: Range) -> Model:
    """An hour costs the town 100, an eviction the landlord 1000 and the town 500, and of a year of benefit families get 2000."""
    usual = (
        a_price("hour", "hours", "town", exactly(100)),
        a_price("empty-home", "evictions", "landlord", exactly(1000)),
        a_price("shelter", "evictions", "town", exactly(500)),
        a_price("benefit", "benefits", "town", exactly(2000), "families"),
    )
    kinds = {code: Kind(code, NOTHING, code == "hours") for code in ("hours", "evictions", "benefits")}
    ranges = {role: but.get(role.name.lower(), exactly(value)) for role, value in EXACT.items()}
    assumptions = [Assumption(role.value, role, "", NOTHING, ranges[role], "", NOTHING) for role in Role]
    return Model("1", 2024, kinds, dict.fromkeys(("town", "landlord", "families"), NOTHING), prices or usual, assumptions)


def by_payer(model: Model, *counts: Count) -> dict[str, tuple[float, float]]:
    """Cost and benefit of each payer, with everything likeliest, to the cent."""
    found: dict[str, tuple[float, float]] = {}
    for line in lines(model, Counted("here", 10, counts), likeliest(model)):
        cost, benefit = found.get(line.payer, (0.0, 0.0))
        found[line.payer] = round(cost + line.cost, 2), round(benefit + line.benefit, 2)
    return found


# By hand ------------------------------------------------------------------------------------------------


def test_a_benefit_of_three_years_drops_off_and_is_discounted_as_on_paper() -> None:
    # 4000 / 1.035 = 3864.7343; 3600 / 1.071225 = 3360.6385; 3240 / 1.108717875 = 2922.2944
    assert round(present_value(4000, 3, 0.1, 0.035), 2) == 10147.67
    assert present_value(4000, 0, 0.1, 0.035) == 0


def test_what_was_avoided_is_less_what_would_have_stayed_away_moved_or_is_due_to_others() -> None:
    # 5 - 1 = 4 avoided; x 0.8 x 0.9 x 0.5 = 1.44 a year; over the years 1.44 x 2.536917 = 3.653160 of them
    found = by_payer(a_model(), Count("evictions", had=1, without=5))
    assert found == {"landlord": (0, 3653.16), "town": (0, 1826.58)}


def test_where_there_was_a_group_to_compare_with_nothing_is_taken_off_twice() -> None:
    # 4 x 0.9 x 0.5 = 1.8 a year; 1.8 x 2.536917 = 4.566451
    found = by_payer(a_model(), Count("evictions", had=1, without=5, is_compared=True))
    assert found["landlord"] == (0, 4566.45)


def test_only_part_of_what_is_said_to_happen_without_would_have() -> None:
    # 5 x 0.6 - 1 = 2 avoided, half of the 4
    found = by_payer(a_model(counterfactual=exactly(0.6)), Count("evictions", had=1, without=5))
    assert found["landlord"] == (0, 1826.58)


def test_what_happened_more_often_than_without_is_a_loss_and_is_not_left_out() -> None:
    found = by_payer(a_model(), Count("evictions", had=5, without=1))
    assert found["landlord"] == (0, -3653.16)


def test_hours_are_a_cost_of_the_year_itself() -> None:
    assert by_payer(a_model(), Count("hours", had=40, without=0)) == {"town": (4000, 0)}


def test_what_one_is_spared_and_another_loses_is_nothing_together() -> None:
    # 1.44 a year as above, x 2.536917 x 2000
    assert by_payer(a_model(), Count("benefits", 1, 5)) == {"town": (0, 7306.32), "families": (0, -7306.32)}


def test_a_triangle_has_its_least_its_most_and_its_median_where_they_belong() -> None:
    triangle = Range(0, 2, 4)
    assert [triangle.at(share) for share in (0.0, 0.5, 1.0)] == [0, 2, 4]
    # an eighth lies below 1: (1 - 0)^2 / (4 x 2)
    assert triangle.at(0.125) == 1
    assert Range(0, 0, 4).at(0.75) == 2
    assert exactly(7).at(0.3) == 7


def test_percentiles_are_by_nearest_rank() -> None:
    assert Spread.of([float(each) for each in range(100, 0, -1)]) == Spread(5, 50, 95)


def test_an_uneven_range_comes_out_as_a_range_of_euros() -> None:
    model = a_model(a_price("hour", "hours", "town", Range(50, 100, 150)))
    costs = social_return(model, Counted("here", 10, [Count("hours", 10, 0)]), 4000, random.Random(3).random).together.costs  # noqa: S311
    # P5 of the triangle: 50 + sqrt(0.05 x 100 x 50) = 65.81; P95 as far from the other end
    assert costs.low == pytest.approx(658.1, abs=15)
    assert costs.middle == pytest.approx(1000, abs=15)
    assert costs.high == pytest.approx(1341.9, abs=15)


# Whatever is counted --------------------------------------------------------------------------------------

COUNTS = st.lists(
    st.builds(Count, st.sampled_from(["hours", "evictions", "benefits"]), st.integers(0, 50), st.integers(0, 50), st.booleans()),
    max_size=4,
)
SHARE = st.tuples(*[st.floats(0, 1)] * 3).map(sorted).map(lambda each: Range(*each))
MODELS = st.builds(
    a_model,
    deadweight=SHARE,
    attribution=SHARE,
    counterfactual=SHARE,
    drop_off=SHARE,
    duration=st.tuples(*[st.integers(0, 5)] * 3).map(sorted).map(lambda each: Range(*each)),
)


def drawn(model: Model, counts: list[Count], seed: int) -> Any:
    return social_return(model, Counted("here", 10, counts), 100, random.Random(seed).random)  # noqa: S311


@given(MODELS, COUNTS, st.integers(0, 99))
def test_the_same_seed_gives_the_same(model: Model, counts: list[Count], seed: int) -> None:
    assert drawn(model, counts, seed) == drawn(model, counts, seed)


def test_another_seed_gives_something_else() -> None:
    model, counts = a_model(attribution=Range(0, 0.5, 1)), [Count("evictions", 0, 5)]
    assert drawn(model, counts, 1) != drawn(model, counts, 2)


@given(MODELS, COUNTS)
def test_ranges_go_up(model: Model, counts: list[Count]) -> None:
    found = drawn(model, counts, 1)
    for share in (found.together, *found.payers.values()):
        for spread in (share.costs, share.benefits, share.net):
            assert spread.low <= spread.middle <= spread.high


@given(MODELS, COUNTS)
def test_nothing_is_gained_where_nothing_is_due_to_the_trajectory(model: Model, counts: list[Count]) -> None:
    found = drawn(model.supposing("attribution", exactly(0)), counts, 1)
    assert all(share.benefits == Spread(0, 0, 0) for share in (found.together, *found.payers.values()))


@given(MODELS, COUNTS, st.integers(0, 99))
def test_payers_add_up_to_all_together_in_each_draw(model: Model, counts: list[Count], seed: int) -> None:
    found = social_return(model, Counted("here", 10, counts), 1, random.Random(seed).random)  # noqa: S311
    for part in ("costs", "benefits", "net"):
        of_payers = sum(getattr(share, part).middle for share in found.payers.values())
        assert of_payers == pytest.approx(getattr(found.together, part).middle, abs=1e-6)


@given(MODELS, COUNTS)
def test_all_places_together_are_the_sum_of_each(model: Model, counts: list[Count]) -> None:
    places = [Counted("here", 10, counts), Counted("there", 5, counts[:2])]
    usual = likeliest(model)
    apart = sum(line.benefit - line.cost for each in places for line in lines(model, each, usual))
    both = Counted.together("both", places)
    assert both.families == 15
    assert sum(line.benefit - line.cost for line in lines(model, both, usual)) == pytest.approx(apart)


@given(MODELS, COUNTS)
def test_what_matters_most_comes_first_and_what_changes_nothing_not_at_all(model: Model, counts: list[Count]) -> None:
    widths = [each.width for each in tornado(model, Counted("here", 10, counts))]
    assert widths == sorted(widths, reverse=True)
    assert all(widths)


def test_a_swing_is_between_what_comes_out_at_the_least_and_at_the_most() -> None:
    model = a_model(attribution=Range(0.25, 0.5, 1))
    (swing,) = tornado(model, Counted("here", 10, [Count("evictions", 1, 5)]))
    # 3653.16 + 1826.58 = 5479.74 at a half
    assert (swing.code, round(swing.at_low, 2), round(swing.at_high, 2)) == ("attribution", 2739.87, 10959.48)


def test_without_costs_there_is_no_ratio_and_without_counts_nothing() -> None:
    assert drawn(a_model(), [Count("evictions", 1, 5)], 1).ratio is None
    nothing = drawn(a_model(), [], 1)
    assert (nothing.payers, nothing.ratio, nothing.together.net, nothing.positive) == ({}, None, Spread(0, 0, 0), 0)


def test_the_ratio_is_what_comes_of_one_euro() -> None:
    found = drawn(a_model(), [Count("evictions", 1, 5), Count("hours", 20, 0)], 1)
    # 5479.74 of 2000
    assert round(found.ratio.middle, 4) == 2.7399
    assert found.positive == 1


def test_a_kind_has_its_own_assumption_before_that_of_all() -> None:
    model = a_model()
    own = replace(model.assumptions[0], code="own", role=Role.DURATION, kind="evictions", range=exactly(1))
    model = replace(model, assumptions=[*model.assumptions, own])
    # 1.44 x 1000 / 1.035
    assert by_payer(model, Count("evictions", 1, 5))["landlord"] == (0, 1391.30)
    assert by_payer(model, Count("benefits", 1, 5))["town"] == (0, 7306.32)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("weather", exactly(1)),
        ("attribution", exactly(2)),
        ("duration", exactly(101)),
        ("hour", Range(3, 2, 4)),
        ("hour", exactly(-1)),
        ("hour", Range(1, 2, inf)),
        ("hour", exactly(nan)),
    ],
)
def test_what_nobody_can_suppose_is_refused(code: str, said: Range) -> None:
    with pytest.raises((NotKnown, RuleBroken)):
        a_model().supposing(code, said)


# The registers -----------------------------------------------------------------------------------------------


def test_nothing_stands_there_as_found_that_was_found_nowhere() -> None:
    assert all(each.source or (each.assumed.dutch and each.assumed.english) for each in REGISTERED.inputs.values())
    assert {each.code for each in REGISTERED.inputs.values() if each.source} == {"foster-care-allowance", "benefit", "discount"}


def test_a_price_of_another_year_is_brought_to_the_level_of_the_last() -> None:
    # 20.34 a day x 365 = 7424.10; 2020: 7520.61; 2021: 7723.67; 2022: 8496.04; 2023: 8818.89; 2024: 9109.91
    price = next(each for each in REGISTERED.prices if each.code == "foster-care-allowance")
    assert (REGISTERED.year, price.year) == (2024, 2019)
    assert round(price.range.most, 2) == 9109.91


def test_what_is_changed_no_longer_says_where_it_was_found() -> None:
    changed = REGISTERED.supposing("benefit", exactly(20_000)).inputs["benefit"]
    assert (changed.range, changed.source) == (exactly(20_000), "")
    assert changed.assumed.english == "set by whoever computed this"


def changed(place: Path, file: str, change: Callable[[Any], object]) -> Path:
    """The registers in another directory, with that change."""
    shutil.copytree(REGISTERS, place, dirs_exist_ok=True)
    said = json.loads((place / file).read_text("utf-8"))
    change(said)
    (place / file).write_text(json.dumps(said))
    return place


def test_an_entry_counts_while_it_holds(tmp_path: Path) -> None:
    def renew(said: Any) -> None:
        old = said["unit_prices"][0]
        said["unit_prices"].append(old | {"valid_from": "2027-01-01", "low": 80, "most": 90, "high": 110})
        old["valid_until"] = "2026-12-31"

    place = changed(tmp_path, "unit-prices.json", renew)
    assert load_model(place, TODAY).inputs["coach-hour"].range.most == 85
    assert load_model(place, date(2027, 1, 1)).inputs["coach-hour"].range.most == 90


PRICES, ASSUMPTIONS = "unit-prices.json", "social-return-assumptions.json"


@pytest.mark.parametrize(
    ("file", "change", "says"),
    [
        (PRICES, lambda said: said["unit_prices"][0].update(payer="nobody"), "nobody is not known"),
        (PRICES, lambda said: said["unit_prices"][0].update(kind="weather"), "weather is not known"),
        (PRICES, lambda said: said["unit_prices"][0].update(transfer_to="nobody"), "nobody is not known"),
        (PRICES, lambda said: said["unit_prices"][0].update(index="gold"), "gold is not known"),
        (PRICES, lambda said: said["unit_prices"][0].update(price_year=2001), "does not lead from 2001"),
        (PRICES, lambda said: said["unit_prices"][0].update(price_year=2030), "does not lead from 2030"),
        (PRICES, lambda said: said["unit_prices"][0].update(low=99), "does not go up"),
        (PRICES, lambda said: said["unit_prices"][0].update(valid_until="2001-01-01"), "ends before it begins"),
        (PRICES, lambda said: said["unit_prices"].append(said["unit_prices"][0] | {"most": 86}), "two entries hold"),
        (PRICES, lambda said: said["unit_prices"][0].update(assumed=None), "/unit_prices/0/assumed"),
        (ASSUMPTIONS, lambda said: said["assumptions"][0].update(high=-1), "/assumptions/0/high"),
        (ASSUMPTIONS, lambda said: said["assumptions"][3].update(high=1.5), "more than the whole"),
        (ASSUMPTIONS, lambda said: said["assumptions"][3].update(kind="weather"), "weather is not known"),
        (ASSUMPTIONS, lambda said: said["assumptions"].pop(3), "attribution of every kind is missing"),
        (ASSUMPTIONS, lambda said: said["assumptions"].append(said["assumptions"][3] | {"code": "other"}), "stands there twice"),
        (ASSUMPTIONS, lambda said: said["assumptions"][3].update(code="benefit"), "is a price too"),
    ],
)
def test_registers_that_nobody_can_compute_by_are_refused(
    file: str, change: Callable[[Any], object], says: str, tmp_path: Path
) -> None:
    with pytest.raises(Malformed) as refused:
        load_model(changed(tmp_path, file, change), TODAY)
    assert says in " ".join(map(str, refused.value.violations))


# The counts --------------------------------------------------------------------------------------------------

HEAD = "place;what;with;without;compared\n"


def test_counts_are_read_as_a_spreadsheet_writes_them(tmp_path: Path) -> None:
    file = tmp_path / "counts.csv"
    said = "2512;families;20;;\r\n2512;coach-hours;1440,5;;\n\n2512;evictions;1;5;yes\n2512;benefit-years;;4;\n2512;closed;5;;\n"
    file.write_text("\ufeff" + HEAD + said)
    expected = Counted("2512", 20, [Count("coach-hours", 1440.5, 0), Count("evictions", 1, 5, True)])
    assert read_counts(file, REGISTERED) == ([expected], ["2512: benefit-years"])
    file.write_text(HEAD.replace(";", ",") + '2512,families,20,,\n2512,coach-hours,"1440,5",,\n2512,evictions,1,5,yes\n')
    assert read_counts(file, REGISTERED) == ([expected], [])


def test_everything_that_is_wrong_with_counts_is_said_at_once(tmp_path: Path) -> None:
    file = tmp_path / "counts.csv"
    wrong = (";families;5;;", "2512;weather;1;;", "2512;evictions;-1;5;", "2513;evictions;1;many;perhaps", "2513;families;0;;")
    file.write_text(HEAD + "\n".join((*wrong, "2512;evictions;1;5;maybe")) + "\n")
    with pytest.raises(Malformed) as refused:
        read_counts(file, REGISTERED)
    said = " ".join(map(str, refused.value.violations))
    for each in (
        "line 2: has no place",
        "line 3: weather",
        "line 4: has a number",
        "line 5: has a number",
        "line 6: has no families",
    ):
        assert each in said
    for each in ("line 7: may say yes or no", "evictions of 2512 stands there twice", "2512 has no line of families"):
        assert each in said


@pytest.mark.parametrize("said", [b"", b"what is this?", b"\xff\xfe\x00", b"place;what;with\n", HEAD.encode()])
def test_what_is_no_table_of_counts_is_refused(said: bytes, tmp_path: Path) -> None:
    (tmp_path / "counts.csv").write_bytes(said)
    with pytest.raises(Malformed):
        read_counts(tmp_path / "counts.csv", REGISTERED)
