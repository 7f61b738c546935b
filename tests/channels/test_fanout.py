"""A sender that is killed in the middle: nothing is lost, and each family hears in order."""

from pathlib import Path

from tests.channels.fanout import SHORT, fan_out


def test_a_sender_killed_in_the_middle_of_a_fan_out_loses_nothing_and_keeps_the_order_of_each_family(tmp_path: Path) -> None:
    counted = fan_out(tmp_path, SHORT, seed=1)
    assert counted.deliveries == SHORT.receivers * SHORT.notices
    assert (counted.lost, counted.inversions) == (0, 0)
    assert counted.kills == SHORT.kills
    assert counted.repeated < counted.deliveries
