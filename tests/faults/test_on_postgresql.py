"""Several processes of the hub on one real PostgreSQL, and what happens to them, to it, and to the lines between."""

from pathlib import Path

from tests.faults.surviving import survives


def test_nothing_is_lost_whatever_happens_to_processes_and_their_database(tmp_path: Path) -> None:
    survives(
        tmp_path,
        "kill-serve",
        "cut",
        "lost-answers",
        "lost-commits",
        "delay",
        "refuse",
        "kill-postgresql",
        "stall-one-of-each",
        "rebuild",
    )


def test_two_relays_that_both_believe_they_lead_tell_nothing_twice_that_may_not_be_and_nothing_in_another_order(
    tmp_path: Path,
) -> None:
    survives(tmp_path, "two-leaders")
