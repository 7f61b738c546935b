"""How long it takes from posting a signal until the escalation it causes is on the live feed, beside a bare relay."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain

from benchmarks.following import Following
from benchmarks.measuring import Figure, Ratio, Result, quantile
from benchmarks.population import Population, Sender, Signed
from benchmarks.running import Home, a_directory, catch_up, free_port, opened, process, registered, served, take_in
from hub.domain.callers import Capacity
from tests import issuer

CONCERN = "aggression"
"""Serious and about safety: the third in 120 days, by a second partner, makes the third level (safety-3-repeated)."""
BEFORE = 2
RAISED = b"event: nl.vig.escalations.level-raised.v1"
RELAYED = [b"data: "]

Waits = Sequence[Sequence[float]]
"""What one round took: the hub's seconds, and the relay's."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    rounds: int = 8
    escalations: int = 40


FULL, QUICK, TINY = Size(), Size(rounds=3, escalations=20), Size(rounds=1, escalations=3)


def escalate(size: Size) -> Result:
    """Measures it; the first round only warms both up."""
    with a_directory("escalate") as place:
        home = Home(place / "hub")
        last, token = _before_the_last(home, (size.rounds + 1) * size.escalations)
        with _both(home, token) as (ours, theirs):
            waits = [(ours.seconds(*one), theirs.seconds(one[0], RELAYED)) for one in last]
    starts = range(size.escalations, len(waits), size.escalations)
    return _result([list(zip(*waits[start : start + size.escalations], strict=True)) for start in starts], size)


def _before_the_last(home: Home, families: int) -> tuple[list[tuple[Signed, list[bytes]]], str]:
    """A last signal for each family, by what its escalation is known on the stream, and a token to follow it with."""
    population = Population(families)
    with opened(home) as hub:
        sender = Sender(registered(hub), "escalate")
        for _ in range(BEFORE):
            found = take_in(hub, sender, (population.about(family, CONCERN) for family in range(families)), by=0)
        catch_up(hub)
        token = issuer.token(Capacity.COORDINATOR, "bench", "neighbourhood-team", hub.clock.now())
    last = [sender.single(population.about(family, CONCERN), by=1) for family in range(families)]
    return [(signed, [RAISED, family.encode()]) for signed, family in zip(last, found, strict=True)], token


@contextmanager
def _both(home: Home, token: str) -> Iterator[tuple[Following, Following]]:
    """The hub and the bare relay, each in a process of its own."""
    port = free_port()
    relay = process([sys.executable, "-m", "benchmarks.bare_relay", str(port)], port)
    with served(home) as hub, relay, closing(Following(hub.port, token)) as ours, closing(Following(port)) as theirs:
        yield ours, theirs


def _result(rounds: Sequence[Waits], size: Size) -> Result:
    figures, ratios = [], []
    for share in (0.5, 0.99):
        ours, theirs = ([quantile(one[nth], share) * 1e3 for one in rounds] for nth in (0, 1))
        figures += [_figure("hub", share, ours, rounds, 0), _figure("bare relay", share, theirs, rounds, 1)]
        ratios.append(Ratio(f"hub ÷ bare relay, p{share * 100:.0f}", [a / b for a, b in zip(ours, theirs, strict=True)]))
    conditions = [
        f"{size.rounds} rounds of {size.escalations} escalations, one after another, the hub and the relay in turns, after a "
        "round that warms up",
        f"a signal about a family with {BEFORE} earlier ones, by a second partner: verified, matched, decided, durable, level "
        "raised; timed from the first byte of the request to the last of the event on the stream",
        "the relay is Starlette on uvicorn with the same server settings: it passes on the body it got and keeps nothing",
    ]
    return Result("escalate", "From posting a signal to the escalation on the live feed", figures, ratios, conditions)


def _figure(who: str, share: float, values: Sequence[float], rounds: Sequence[Waits], nth: int) -> Figure:
    over_all = quantile(list(chain.from_iterable(one[nth] for one in rounds)), share) * 1e3
    return Figure(f"{who}, p{share * 100:.0f}", values, "ms", f"{over_all:.1f} ms over all rounds together")
