"""What every version of the matrix keeps to, whatever the partners agree."""

from datetime import date

import pytest

from hub.domain.matrix import Matrix, Stagnation
from hub.domain.words import Axis, Direction, Level
from tests.domain.known import MATRICES

VERSIONS = [pytest.param(matrix, id=matrix.version) for matrix in MATRICES.versions]
CLOCKS = {
    "acknowledge-question",
    "acknowledge-complex",
    "acknowledge-total",
    "veilig-thuis-safety-assessment",
    "veilig-thuis-investigation",
    "school-absence-report",
    "trajectory",
    "benefit-measure-reconsidered",
    "referral-decision",
    "handover-answer",
    "feedback-to-reporter",
    "match-question",
    "no-progress",
    "aftercare",
}


@pytest.mark.parametrize("matrix", VERSIONS)
def test_every_axis_has_several_rules_to_every_level(matrix: Matrix) -> None:
    for axis in Axis:
        for level in (Level.QUESTION, Level.COMPLEX, Level.TOTAL):
            assert sum(rule.axis is axis and rule.level is level for rule in matrix.rules) >= 2


@pytest.mark.parametrize("matrix", VERSIONS)
def test_total_escalation_never_rests_on_one_partner(matrix: Matrix) -> None:
    for rule in matrix.rules:
        assert rule.level < Level.TOTAL or max(need.partners_at_least for need in rule.needs) >= 2


@pytest.mark.parametrize("matrix", VERSIONS)
def test_every_cell_says_who_leads_and_above_the_first_level_which_clock_starts_and_whom_to_tell(matrix: Matrix) -> None:
    assert set(matrix.cells) == {(axis, level) for axis in Axis for level in Level}
    for (_, level), cell in matrix.cells.items():
        assert cell.leads
        assert bool(cell.acknowledge) == bool(cell.tell) == bool(cell.roles) == (level > Level.NONE)


@pytest.mark.parametrize("matrix", VERSIONS)
def test_levers_are_advised_from_level_three_and_each_names_authority_and_ground(matrix: Matrix) -> None:
    for (_, level), cell in matrix.cells.items():
        assert bool(cell.levers) == (level >= Level.COMPLEX)
        assert all(lever.by and lever.ground and lever.source for lever in cell.levers)
        assert all(lever == matrix.levers[lever.lever] for lever in cell.levers)


@pytest.mark.parametrize("matrix", VERSIONS)
def test_a_benefit_measure_is_looked_at_again_within_three_months(matrix: Matrix) -> None:
    term = matrix.terms[matrix.levers["benefit-measure"].reconsider]
    assert (term.amount, term.unit.value) == (3, "months")
    assert "18(3)" in term.source


@pytest.mark.parametrize("matrix", VERSIONS)
def test_each_kind_of_standstill_lifts_direction_one_step_until_it_is_administrative(matrix: Matrix) -> None:
    steps = {(rule.on, rule.held): rule.to for rule in matrix.stagnation}
    for kind in Stagnation:
        assert steps.pop((kind, Direction.FAMILY)) is Direction.NETWORK
        assert steps.pop((kind, Direction.NETWORK)) is Direction.ADMINISTRATIVE
    assert not steps


@pytest.mark.parametrize("matrix", VERSIONS)
def test_the_clocks_of_the_field_are_there_with_source_and_validity(matrix: Matrix) -> None:
    assert set(matrix.terms) >= CLOCKS
    assert all(term.source and term.valid_from <= matrix.valid_from for term in matrix.terms.values())


@pytest.mark.parametrize("matrix", VERSIONS)
def test_feedback_is_silent(matrix: Matrix) -> None:
    assert matrix.silent == {"feedback-taken-up", "feedback-no-follow-up"}


def test_a_version_is_valid_from_its_first_through_its_last_day() -> None:
    earlier = MATRICES.version("2024-1")
    assert [earlier.is_valid_on(date(*day)) for day in ((2023, 12, 31), (2024, 1, 1), (2025, 12, 31), (2026, 1, 1))] == [
        False,
        True,
        True,
        False,
    ]
