"""Whatever happens to families, in whatever order: none goes before its term or while it is held, and at last all do."""

import asyncio
from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import RuleBroken
from hub.wiring import retained
from tests.api.running import Running, a_child, a_worry, an_event, running
from tests.given import NOON
from tests.journeys.test_erasing import readable

MANY = 3
MONTHS = {"candidate": 24, "ended": 18}
BY = "p.functionaris"
Act = tuple[str, int]
ACTS = st.one_of(
    st.tuples(st.sampled_from(["end", "reopen", "hold", "release"]), st.integers(0, MANY - 1)),
    st.tuples(st.just("wait"), st.sampled_from([1, 30, 200, 548, 549, 550, 730, 731])),
    st.just(("run", 0)),
)


@dataclass
class Expected:
    """What ought to be of one family."""

    family: UUID
    since: date
    state: str = "candidate"
    is_held: bool = False
    is_gone: bool = False

    def should_go(self, today: date) -> bool:
        return not self.is_held and months_later(self.since, MONTHS[self.state]) < today


def months_later(day: date, months: int) -> date:
    """Counted month by month, and cut off at its end."""
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def families(hub: Running) -> list[Expected]:
    async def post() -> list[UUID]:
        said = [await hub.post(an_event(a_worry(people=[a_child(nth)]), id=str(nth))) for nth in range(1, MANY + 1)]
        return [hub.family_in(one) for one in said]

    return [Expected(family, NOON.date()) for family in asyncio.run(post())]


def do(hub: Running, one: Expected, what: str) -> None:
    """Somebody does something to a family; of one that went nothing can be decided."""
    today = hub.clock.now().date()
    verbs: dict[str, Callable[[], Any]] = {
        "end": lambda: hub.hub.casework.decide(one.family, lambda it, _, on: it.end_early("verhuisd", on), BY),
        "reopen": lambda: hub.hub.casework.decide(one.family, lambda it, _, on: it.reopen("toch weer", on), BY),
        "hold": lambda: hub.hub.retention.hold(one.family, "onderzoek", BY),
        "release": lambda: hub.hub.retention.release(one.family, "klaar", BY),
    }
    if one.is_gone and what in ("end", "reopen"):
        assert hub.hub.admittance.standing(one.family) is None, "so nobody gets this far"
        return
    try:
        verbs[what]()
    except RuleBroken:
        return
    assert not one.is_gone
    if what in ("end", "reopen") and (what == "end") == (one.state == "candidate"):
        one.state, one.since = ("ended" if what == "end" else "candidate"), today
    elif what in ("hold", "release"):
        one.is_held = what == "hold"


def lets_go(hub: Running, all_of_them: Sequence[Expected]) -> None:
    """Somebody runs it, and exactly those went that ought to."""
    today = hub.clock.now().date()
    retained.run(hub.hub, BY, lambda *_: None)
    for one in all_of_them:
        one.is_gone = one.is_gone or one.should_go(today)
        assert (hub.hub.admittance.standing(one.family) is None) == one.is_gone
    text = readable(hub.hub)
    for nth, one in enumerate(all_of_them, 1):
        assert (f"'family_name': 'Ander{nth}'" in text) == (not one.is_gone)


@settings(max_examples=12)
@given(st.lists(ACTS, max_size=12))
def test_no_family_goes_before_its_term_or_while_it_is_held_and_at_last_all_do(acts: list[Act]) -> None:
    with TemporaryDirectory() as place, running(Path(place)) as hub:
        them = families(hub)
        for what, which in acts:
            if what == "wait":
                hub.clock.set(hub.clock.now() + timedelta(days=which))
            elif what == "run":
                lets_go(hub, them)
            else:
                do(hub, them[which], what)
        lets_go(hub, them)
        for one in them:
            if one.is_held:
                hub.hub.retention.release(one.family, "klaar", BY)
                one.is_held = False
        hub.clock.set(hub.clock.now() + timedelta(days=800))
        lets_go(hub, them)
        assert all(one.is_gone for one in them)
