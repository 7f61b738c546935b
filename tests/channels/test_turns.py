"""In which order a receiver's deliveries go, how many at once, and when no more do."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from hub.adapters.channels.webhook.exchange import Verdict
from hub.adapters.channels.webhook.queue import WINDOW, Waiting
from hub.adapters.channels.webhook.turns import LANES, Turn

NOW = datetime(2026, 3, 2, tzinfo=UTC)


class Receiver:
    """One who says what is asked of it, and how many were with it at once."""

    def __init__(self, families: Sequence[str], says: Mapping[int, Verdict | None]) -> None:
        self._waiting = [a_waiting(number, family) for number, family in enumerate(families, start=1)]
        self._says, self._inside = says, 0
        self.began: list[tuple[int, int]] = []
        self.ended: list[int] = []

    async def load(self, after: int) -> Sequence[Waiting]:
        return [one for one in self._waiting if one.sequence > after][:WINDOW]

    async def attempt(self, waiting: Waiting) -> Verdict | None:
        self._inside += 1
        self.began.append((waiting.sequence, self._inside))
        for _ in range(3):
            await asyncio.sleep(0)
        self._inside -= 1
        self.ended.append(waiting.sequence)
        return self._says.get(waiting.sequence, Verdict.DELIVERED)

    async def pace(self) -> None:
        """Takes as many as there are."""

    def turn(self) -> Turn:
        turn = Turn(self.load, self.attempt, self.pace)
        asyncio.run(turn.run())
        return turn


def a_waiting(number: int, family: str) -> Waiting:
    return Waiting(number, "police", number, str(number), "type", family, number, b"{}", 0, NOW, NOW)


def test_who_takes_things_is_sent_a_few_at_once() -> None:
    receiver = Receiver("abcdefghijkl" * 2, {})
    assert receiver.turn().attempts == 24
    assert [inside for _, inside in receiver.began][:2] == [1, 1]
    assert max(inside for _, inside in receiver.began) == LANES


def test_who_is_in_trouble_is_asked_but_once() -> None:
    receiver = Receiver("abcdefgh", {1: Verdict.PAUSE})
    assert receiver.turn().attempts == 1


def test_trouble_in_the_middle_ends_it_when_what_is_under_way_is_done() -> None:
    receiver = Receiver("abcdefghijkl", {6: Verdict.PAUSE})
    receiver.turn()
    assert 6 in receiver.ended
    assert len(receiver.ended) == len(receiver.began) < 6 + LANES


def test_a_family_that_has_to_wait_holds_up_no_other_and_is_not_passed_by_itself() -> None:
    receiver = Receiver("abababab", {1: Verdict.LATER})
    receiver.turn()
    assert sorted(number for number, _ in receiver.began) == [1, 2, 4, 6, 8]


def test_behind_a_family_with_more_than_fits_the_others_go_too() -> None:
    receiver = Receiver("a" * 5 * WINDOW + "b", {1: Verdict.LATER})
    receiver.turn()
    assert sorted(number for number, _ in receiver.began) == [1, 5 * WINDOW + 1]


def test_what_is_not_wanted_any_more_is_no_attempt() -> None:
    assert Receiver("ab", {1: None}).turn().attempts == 0


@given(
    st.lists(st.sampled_from("abcd"), max_size=3 * WINDOW),
    st.dictionaries(st.integers(1, 3 * WINDOW), st.sampled_from(list(Verdict)), max_size=6),
)
def test_each_family_is_in_order_whatever_comes_of_it(families: list[str], says: dict[int, Verdict]) -> None:
    receiver = Receiver(families, says)
    receiver.turn()
    for family in set(families):
        mine = [number for number, _ in receiver.began if families[number - 1] == family]
        assert mine == sorted(mine)
        later = [number for number in mine if says.get(number) is Verdict.LATER]
        assert later in ([], mine[-1:])
    assert len({number for number, _ in receiver.began}) == len(receiver.began)
