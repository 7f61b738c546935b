"""How long somebody waits for a page: a family of many, what waits today, escalations; beside a template that knows nothing."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from itertools import cycle, islice
from statistics import median
from uuid import UUID

from benchmarks.load import post_all
from benchmarks.measuring import Result, Rounds, quantile
from benchmarks.on_postgresql.weight import weigh_down
from benchmarks.population import Organisation, Population, Sender
from benchmarks.running import Home, a_directory, catch_up, free_port, opened, process, registered, served, take_in
from hub.adapters.login.sessions import COOKIE, LoggedIn
from hub.domain.callers import Caller, Capacity
from hub.domain.rules import Rules
from hub.domain.streams import Occasion
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.direction import Director
from hub.domain.trajectory.planned import Goal
from hub.domain.words import LifeArea
from hub.wiring import Hub
from tests import issuer
from tests.passing import leading

WHO = Director("bench-director", "bench-team", "director@example.org")
"""Who directs the families that are looked at, and looks."""
SIGNALS, GOALS = 12, 6
"""Of each of those families."""
COPIED = 1_000
"""Families that the others are copies of, at most."""
FAMILY, TODAY, ESCALATIONS = "a family's page", "today", "the escalations"
AIM = 3.0


@dataclass(frozen=True, slots=True)
class Size:
    """How many families there are, how many of them are looked at, and how often each page is asked for in a round."""

    families: int = 50_000
    looked_at: int = 100
    times: int = 200
    rounds: int = 7


FULL, QUICK, TINY = Size(), Size(2_000, 50, 60, 3), Size(20, 3, 3, 1)


def pages(size: Size) -> Result:
    """Measures it; the first round only warms both up."""
    with a_directory("pages") as place:
        return measured("pages", Home(place / "hub"), size)


def measured(name: str, home: Home, size: Size, conditions: Sequence[str] = ()) -> Result:
    """The same for a hub that lives there."""
    families, session = filled(home, size)
    asked = {FAMILY: [f"/families/{family}" for family in families], TODAY: ["/"], ESCALATIONS: ["/escalations"]}
    port = free_port()
    with served(home) as running, process([sys.executable, "-m", "benchmarks.bare_page", str(port)], port):
        ours = {page: [_request(running.port, path, session) for path in paths] for page, paths in asked.items()}
        bytes = {page: _size_of(running.port, requests) for page, requests in ours.items()}
        measures = {page: partial(_waited, running.port, requests, size) for page, requests in ours.items()}
        measures |= {_bare(page): partial(_waited, port, [_request(port, f"/{many}")], size) for page, many in bytes.items()}
        rounds = Rounds().run(size.rounds + 1, measures)
    return _result(name, rounds, bytes, size, conditions)


# What is looked at ----------------------------------------------------------------------------------


def filled(home: Home, size: Size) -> tuple[list[str], str]:
    """A hub with so many families, the read models of them all; those that are looked at, and the session of who looks."""
    with opened(home) as hub:
        partners, population = registered(hub), Population(size.families)
        families = _looked_at(hub, partners, population, size.looked_at)
        _others(hub, partners, population, size)
        with leading(hub):
            while any(one.lag and not one.stopped_because for relay in (hub.views, hub.outbox) for one in relay.state()):
                catch_up(hub)
        return families, _session(hub)


def _looked_at(hub: Hub, partners: Sequence[Organisation], population: Population, many: int) -> list[str]:
    """Families of which partners told much, with a plan, under one director."""
    sender = Sender(partners, "looked-at")
    for _ in range(SIGNALS):
        families = take_in(hub, sender, map(population.about, range(many)))
    for family in families:
        hub.casework.decide(UUID(family), _planned, hub.settings.duty_director)
    return families


def _planned(family: Trajectory, rules: Rules, on: Occasion) -> None:
    handover = family.offer_handover(WHO, "zij kennen het gezin", rules, on)
    theirs = replace(on, by=WHO.who)
    family.accept_handover(handover, theirs, WHO.organisation)
    family.adopt_plan([_goal(nth, theirs.at.date()) for nth in range(GOALS)], "zo is het besproken", rules, theirs)
    for nth in range(GOALS):
        family.record_progress(f"goal-{nth}", "het gaat de goede kant op, er was deze week contact", rules, theirs)


def _goal(nth: int, begins: date) -> Goal:
    return Goal(
        f"goal-{nth}",
        list(LifeArea)[nth % len(LifeArea)],
        specific="elke schooldag op tijd op school, met de spullen die daarvoor nodig zijn",
        measurable="vier weken achter elkaar zonder verzuim, volgens de school",
        achievable="een buurvrouw loopt de eerste weken mee, en de school belt als het niet lukt",
        relevant="het verzuim was waar de zorgen mee begonnen",
        start=begins,
        due=begins + timedelta(days=90),
        owner="de ouders, met hulp van de wijkcoach",
    )


def _others(hub: Hub, partners: Sequence[Organisation], population: Population, size: Size) -> None:
    """All other families, with a signal each: some that came in, and those once more under other ids."""
    first, many = hub.log.last_position(), size.families - size.looked_at
    came = range(size.looked_at, size.looked_at + min(many, COPIED))
    take_in(hub, Sender(partners, "others"), map(population.about, came))
    events = hub.log.last_position() - first
    weigh_down(hub, first, first + events * many // len(came))


def _session(hub: Hub) -> str:
    caller = Caller(Capacity.COORDINATOR, WHO.who, WHO.organisation)
    return hub.sessions.open(LoggedIn(caller, issuer.ISSUER, WHO.who, "bench", "a statement"), hub.clock.now())


# Asking -----------------------------------------------------------------------------------------------


def _request(port: int, path: str, session: str = "") -> bytes:
    cookie = f"Cookie: {COOKIE}={session}\r\n" if session else ""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/html\r\n{cookie}\r\n".encode()


def _size_of(port: int, requests: Sequence[bytes]) -> int:
    """How many bytes a page has, at the median of these."""
    return int(median(len(answer.partition(b"\r\n\r\n")[2]) for answer in _answers(port, requests)[1]))


def _waited(port: int, requests: Sequence[bytes], size: Size) -> float:
    """Milliseconds that nineteen of twenty pages take at most, asked for one after another."""
    return quantile(_answers(port, list(islice(cycle(requests), size.times)))[0], 0.95) * 1e3


def _answers(port: int, requests: Sequence[bytes]) -> tuple[list[float], list[bytes]]:
    loaded = post_all([port], requests, 1)
    if not all(answer.startswith(b"HTTP/1.1 200") for answer in loaded.answers):
        raise AssertionError(f"not shown: {loaded.answers[0][:400]!r}")
    return loaded.waits, loaded.answers


def _bare(page: str) -> str:
    return f"a bare template of that size ({page})"


def _result(name: str, rounds: Rounds, bytes: Mapping[str, int], size: Size, more: Sequence[str]) -> Result:
    for each in rounds.measured.values():
        del each[0]
    figures = [rounds.figure(page, "ms", f"{many / 1e3:.0f} kB") for page, many in bytes.items()]
    figures += [rounds.figure(_bare(page), "ms") for page in bytes]
    ratios = [rounds.ratio(page, _bare(page), at_most=AIM if page is FAMILY else None) for page in bytes]
    conditions = [
        f"{size.families:,} families in the store, the read models of them all; p95 of {size.times} pages one after another over "
        f"HTTP, by somebody logged in; {size.rounds} rounds, after one that warms up",
        f"of each of the {size.looked_at} families that are looked at in turn, {SIGNALS} signals came, and there is a plan of "
        f"{GOALS} goals with their progress; of each other family one signal came; most are copies of some under other ids, by the "
        "hub's own mapper, log and indexes",
        "the template: Starlette on uvicorn and jinja2, rows of four values made beforehand, as many bytes; nobody logs in, and "
        "nothing is asked, narrowed to what somebody may see, or noted",
        *more,
    ]
    return Result(name, "What somebody waits for a page", figures, ratios, conditions)
