"""What is told of all together gives nobody away: whoever asks everything, and computes with it, learns no small number."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain, combinations, product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, insert

from hub.domain.words import LifeArea
from hub.ports import Asked
from hub.projections.insight import aims, coming, heard
from hub.projections.insight.fives import Told, by_month, over, percentile
from hub.projections.insight.tables import CANDIDACIES, GOALS, NAMED, PLACES, SIGNALS, TABLES

MONTHS = [f"2026-0{month}" for month in range(1, 6)]
PERIODS = list(combinations(range(len(MONTHS) + 1), 2))
"""From the beginning of one month until that of another."""
NOW = datetime(2026, 6, 10, tzinfo=UTC)
SMALL = range(1, 5)


# One series -----------------------------------------------------------------------------------------


def test_whoever_asks_every_period_of_a_series_cannot_tell_one_small_number_from_another() -> None:
    months, periods = MONTHS[:4], [period for period in PERIODS if period[1] <= 4]
    alike: dict[Any, list[tuple[int, ...]]] = defaultdict(list)
    for counts in product(range(10), repeat=4):
        series = dict(zip(months, counts, strict=True))
        if all((told or 0) <= 5 for told in by_month(series, months)):  # which leaves out no count that is told alike
            alike[tuple(over(series, months[first:last]) for first, last in periods)].append(counts)
    for all_alike in alike.values():
        for first, last in periods:
            assert len({sum(counts[first:last]) for counts in all_alike}) >= 3


@given(st.lists(st.integers(0, 30), min_size=1, max_size=24), st.data())
def test_periods_add_up_and_are_never_far_from_the_truth(counts: list[int], data: st.DataObject) -> None:
    months = [f"{2024 + nth // 12}-{nth % 12 + 1:02d}" for nth in range(len(counts))]
    series = dict(zip(months, counts, strict=True))
    middle = data.draw(st.integers(0, len(counts) - 1))
    parts = (over(series, part) or 0 for part in (months[:middle], months[middle:]) if part)
    assert (over(series, months) or 0) == sum(parts)
    assert abs(sum(counts) - (over(series, months) or 0)) <= 2
    for told, count in zip(by_month(series, months), counts, strict=True):
        assert told is None or (told % 5 == 0 and told >= 5)
        assert abs(count - (told or 0)) <= 4


@given(st.dictionaries(st.integers(0, 400), st.integers(1, 9)), st.sampled_from((50, 90)))
def test_days_are_told_only_with_five_families_on_either_side(days: dict[int, int], percent: int) -> None:
    told = percentile(percent, days)
    total = sum(days.values())
    assert (told is None) == (total < {50: 10, 90: 50}[percent])
    if told is not None:
        assert told % 7 == 0
        assert sum(count for each, count in days.items() if each <= told + 3) >= 5
        assert sum(count for each, count in days.items() if each >= told - 3) >= 5


# Everything at once ---------------------------------------------------------------------------------

Bounds = dict[tuple[str, int, int], tuple[int, int]]
"""Of a series, between two months: at least and at most how many."""
Rule = tuple[Sequence[str], Sequence[str]]
"""These together are at least as many as those together, in every period."""


def attacked(bounds: Bounds, rules: Sequence[Rule]) -> Bounds:
    """All that follows by computing with sums and differences until nothing new does."""
    found = dict(bounds)
    inequalities = [*_of_periods({series for series, _, _ in bounds}), *_of_rules(rules)]
    changed = True
    while changed:
        changed = False
        for more, less in inequalities:
            changed |= _narrowed(found, more, less)
    return found


def _of_periods(series: set[str]) -> Iterator[tuple[list[Any], list[Any]]]:
    for name in series:
        for first, middle, last in combinations(range(len(MONTHS) + 1), 3):
            whole, parts = [(name, first, last)], [(name, first, middle), (name, middle, last)]
            yield whole, parts
            yield parts, whole


def _of_rules(rules: Sequence[Rule]) -> Iterator[tuple[list[Any], list[Any]]]:
    for (more, less), period in product(rules, PERIODS):
        yield [(name, *period) for name in more], [(name, *period) for name in less]


def _narrowed(found: Bounds, more: list[Any], less: list[Any]) -> bool:
    """Narrows what a sum that is at least another leaves possible of each part of both."""
    room = sum(found[each][1] for each in more) - sum(found[each][0] for each in less)
    changed = False
    for each in more:
        low, high = found[each]
        if high - room > low:
            found[each], changed = (high - room, high), True
    for each in less:
        low, high = found[each]
        if low + room < high:
            found[each], changed = (low, low + room), True
    return changed


def pinned(found: Bounds, truth: Mapping[str, Mapping[str, int]]) -> list[Any]:
    """Where it is now certain how few there are."""
    certain = []
    for (name, first, last), (low, high) in found.items():
        count = sum(truth[name].get(month, 0) for month in MONTHS[first:last])
        assert low <= count <= high, "whoever computes so is wrong"
        if low == high and count in SMALL:
            certain.append((name, first, last))
    return certain


def known_of(told: Mapping[tuple[str, int, int], Told]) -> Bounds:
    """What numbers by fives say: the first month is the hub's own first, of which the beginning is known."""
    return {
        (name, first, last): (max(0, (count or 0) - slack), (count or 0) + slack)
        for (name, first, last), count in told.items()
        for slack in (2 if first == 0 else 4,)
    }


def everything(ask: Callable[[Connection, Asked], Any], connection: Connection) -> dict[tuple[int, int], Any]:
    """The answers of every period."""
    return {
        (first, last): ask(connection, Asked(filters={"from": MONTHS[first], "until": MONTHS[last - 1]}, at=NOW))
        for first, last in PERIODS
    }


@contextmanager
def holding(rows: Mapping[Any, list[dict[str, Any]]]) -> Iterator[Connection]:
    """The tables of insight with these rows."""
    engine = create_engine("sqlite://")
    TABLES.create_all(engine)
    with engine.connect() as connection:
        for table, some in rows.items():
            if some:
                connection.execute(insert(table), some)
        yield connection
    engine.dispose()


def test_the_attack_finds_what_is_merely_left_out() -> None:
    """Had only the small ones been left out of exact counts, whoever subtracts would have them."""
    truth = {"a": dict(zip(MONTHS, (7, 3, 9, 0, 0), strict=True))}
    bounds: Bounds = {}
    for first, last in PERIODS:
        count = sum(truth["a"][month] for month in MONTHS[first:last])
        bounds["a", first, last] = (1, 4) if count in SMALL else (count, count)
    assert pinned(attacked(bounds, []), truth)
    parts = {"a": {MONTHS[0]: 3}, "b": {MONTHS[0]: 6}, "all": {MONTHS[0]: 9}}
    bounds = {("all", 0, 1): (9, 9), ("a", 0, 1): (1, 4), ("b", 0, 1): (6, 6)}
    rest = {(name, *period): (0, 99) for name in parts for period in PERIODS} | bounds
    assert ("a", 0, 1) in pinned(attacked(rest, [(("a", "b"), ("all",)), (("all",), ("a", "b"))]), parts)


# The early path -------------------------------------------------------------------------------------

CRITERIA = ("child", "pressure", "areas")
STOOD = ("", "ended-early", *coming.STAGES)
MOMENT = "2026-05-20T12:00:00.000000Z"
CAME = st.tuples(
    st.sampled_from(MONTHS),
    st.sampled_from(STOOD),
    st.sets(st.sampled_from(CRITERIA)),
    st.integers(1, 3),
    st.integers(1, 8),
)


def candidacies(came: Sequence[Any]) -> dict[Any, list[dict[str, Any]]]:
    """Families that came in a month, how far, with what missing, with so many signals each; so many of them."""
    rows: dict[Any, list[dict[str, Any]]] = {CANDIDACIES: [], SIGNALS: []}
    for month, stood, missing, signals, many in came:
        for _ in range(many):
            family = f"family-{len(rows[CANDIDACIES])}"
            reached = coming.STAGES[: coming.STAGES.index(stood) + 1] if stood in coming.STAGES else ()
            at = {f"{stage}_at": MOMENT if stage in reached else "" for stage in coming.STAGES}
            rows[CANDIDACIES].append(
                {"candidacy": family, "family": family, "since": "", "until": "", "month": month, "came_at": MOMENT, "met_at": ""}
                | at
                | {"ended_at": MOMENT if stood == "ended-early" else "", "is_merged": False}
                | {"criteria": ",".join(f"{'!' if each in missing else ''}{each}" for each in CRITERIA)}
                | {"criteria_since": month, "criteria_before": ""}
            )
            rows[SIGNALS] += [
                {"family": family, "signal": f"{family}-{nth}", "month": month, "partner": "police", "areas": "01"}
                for nth in range(signals)
            ]
    return rows


def truth_of(came: Sequence[Any]) -> dict[str, Counter[str]]:
    truth: dict[str, Counter[str]] = {name: Counter() for name in EARLY}
    for month, stood, missing, signals, many in came:
        apart = stood or ("criteria-not-met" if missing else "nobody-referred")
        names = [f"only {apart}", *([] if missing else ["criteria-met"]), *(() if stood else missing)]
        for name in names:
            truth[name][month] += many
        truth["signals"][month] += many * signals
    return truth


APART = tuple(f"only {name}" for name in (*coming.NOT_REFERRED, *coming.STAGES))
EARLY = (*APART, "criteria-met", "signals", *CRITERIA)
KNOWN: list[Rule] = [
    (("signals",), APART),
    (("criteria-met",), ("only nobody-referred",)),
    ([name for name in APART if name != "only criteria-not-met"], ("criteria-met",)),
    (CRITERIA, ("only criteria-not-met",)),
    *((("only criteria-not-met",), (criterion,)) for criterion in CRITERIA),
]
"""What everybody knows who knows how families come to help."""


def said_by(answers: Mapping[tuple[int, int], Any]) -> dict[tuple[str, int, int], Told]:
    """What the answers say of each series; of those that came further, the rest is subtracted."""
    told: dict[tuple[str, int, int], Told] = {}
    for period, answer in answers.items():
        stages = {each["stage"]: each["count"] or 0 for each in answer["stages"]}
        apart = {each["why"]: each["count"] or 0 for each in answer["notReferred"]}
        further = (*(stages[stage] for stage in coming.STAGES[1:]), 0)
        apart |= {stage: stages[stage] - more for stage, more in zip(coming.STAGES, further, strict=True)}
        assert stages["candidates"] == sum(apart.values())
        missing = {each["criterion"]: each["count"] or 0 for each in answer["missing"]}
        told |= {(f"only {name}", *period): count for name, count in apart.items()}
        told |= {(name, *period): stages[name] for name in ("criteria-met", "signals")}
        told |= {(name, *period): missing.get(name, 0) for name in CRITERIA}
    return told


@settings(max_examples=60)
@given(st.lists(CAME, max_size=12))
def test_nobody_who_came_early_can_be_computed(came: list[Any]) -> None:
    with holding(candidacies(came)) as connection:
        told = said_by(everything(coming.early_path, connection))
    assert pinned(attacked(known_of(told), KNOWN), truth_of(came)) == []


# Signals --------------------------------------------------------------------------------------------

AREAS = [area.value for area in LifeArea]
HEARD = st.tuples(
    st.sampled_from(MONTHS),
    st.sampled_from(("police", "school")),
    st.sets(st.sampled_from(AREAS[:3]), min_size=1, max_size=2),
    st.sampled_from(("4321", "9999", "")),
    st.integers(1, 8),
)


def heard_of(said: Sequence[Any]) -> dict[Any, list[dict[str, Any]]]:
    rows: dict[Any, list[dict[str, Any]]] = {SIGNALS: [], NAMED: [], PLACES: []}
    for month, partner, areas, place, many in said:
        for _ in range(many):
            of = {"family": "family", "signal": f"{len(rows[SIGNALS])}"}
            rows[SIGNALS].append(of | {"month": month, "partner": partner, "areas": ",".join(sorted(areas))})
            rows[NAMED].append(of | {"person": of["signal"]})
            rows[PLACES] += [{"person": of["signal"], "place": place}] if place else []
    return rows


@settings(max_examples=60)
@given(st.lists(HEARD, max_size=10))
def test_no_signal_can_be_computed(said: list[Any]) -> None:
    truth: dict[str, Counter[str]] = {name: Counter() for name in (*AREAS, "police", "school", "4321", "9999")}
    for month, partner, areas, place, many in said:
        for name in (*areas, partner, *filter(None, (place,))):
            truth[name][month] += many
    told: dict[tuple[str, int, int], Told] = {(name, *period): None for name in truth for period in PERIODS}
    with holding(heard_of(said)) as connection:
        for period, answer in everything(heard.signals, connection).items():
            rows = list(chain.from_iterable(answer[name] for name in ("lifeAreas", "partners", "neighbourhoods")))
            assert all(row["total"] == (sum(count or 0 for count in row["counts"]) or None) for row in rows)
            told |= {(row["code"], *period): row["total"] for row in rows}
    partners = ("police", "school")
    known: list[Rule] = [(AREAS, partners), ((*partners, *partners), AREAS), (partners, ("4321", "9999"))]
    assert pinned(attacked(known_of(told), known), truth) == []


# Goals ----------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(MONTHS), st.sampled_from(AREAS), st.sampled_from(list(aims.RESULTS)), st.integers(1, 9))))
def test_all_that_is_told_of_goals_is_told_of_their_parts(set_goals: list[Any]) -> None:
    """Sums tell no more than their parts, so that nothing is left to subtract."""
    rows = [
        {"family": "f", "goal": f"{nth}-{one}", "month": month, "area": area, "result": result}
        | {"resulted_at": MOMENT if result else ""}
        for nth, (month, area, result, many) in enumerate(set_goals)
        for one in range(many)
    ]
    with holding({GOALS: rows}) as connection:
        for answer in everything(aims.goals, connection).values():
            total = answer["total"]
            names = list(aims.RESULTS.values())
            assert (total["set"] or 0) == sum(total[name] or 0 for name in names)
            for name in ("set", *names):
                assert (total[name] or 0) == sum(row[name] or 0 for row in answer["lifeAreas"])
