"""The report of a simulation: two ways beside each other, over several neighbourhoods, with all that was assumed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from hub.adapters.neighbourhood_assumptions import Entry
from hub.commands.evaluation_picture import bars
from hub.commands.evaluation_report import Section
from hub.console.parts import Both
from hub.console.tables import Table
from hub.domain.coming_into_view import Came, Verdict
from hub.simulation.playing import Outcome, Way, World, moment

MOST = 40
"""Families that are shown one by one."""
_VERDICTS = {
    Verdict.IN_TIME: Both("op tijd in beeld", "in time"),
    Verdict.TOO_LATE: Both("te laat in beeld", "too late"),
    Verdict.NEVER: Both("nooit in beeld", "never"),
}
_NOTHING = Both("voor niets in beeld", "for nothing")
_WHAT, _NONE = Both("wat", "what"), Both("geen", "none")


@dataclass(frozen=True, slots=True)
class Arm:
    """One of the two ways: what it is called, and what it is."""

    name: Both
    way: Way


@dataclass(frozen=True, slots=True)
class Run:
    """One neighbourhood, and what came of it in each way."""

    world: World
    outcomes: Sequence[Outcome]


def sections(arms: Sequence[Arm], runs: Sequence[Run], entries: Sequence[Entry]) -> list[Section]:
    """Everything that is told."""
    return [_views(arms, runs), _differences(runs), _work(arms, runs), _families(arms, runs[0]), _limits(), _assumed(entries)]


# What came into view --------------------------------------------------------------------------------


def _counts(run: Run, arm: int, late_after: float) -> dict[Both, int]:
    outcome = run.outcomes[arm]
    told = {words: sum(each.verdict(late_after) is verdict for each in outcome.came) for verdict, words in _VERDICTS.items()}
    return told | {_NOTHING: len(outcome.nothing)}


def _views(arms: Sequence[Arm], runs: Sequence[Run]) -> Section:
    late = [arm.way.work.late_after for arm in arms]
    counted = {words: [[_counts(run, nth, late[nth])[words] for run in runs] for nth in range(2)] for words in _NAMES}
    lines = [
        (Both(f"{name}: {words.nl} / {words.en}", ""), mean(each), told(each))
        for words, those in counted.items()
        for name, each in zip("AB", those, strict=True)
    ]
    rows = [(words, *(told(each) for each in those)) for words, those in counted.items()]
    return Section(
        Both("Wanneer gezinnen in beeld kwamen", "When families came into view"),
        [
            Both(
                f"Op tijd: uiterlijk {late[0]:g} dagen nadat de nood van een gezin ernstig werd, was iemand gevraagd te kijken. "
                "Voor niets: zolang een gezin in beeld was, was er geen ernstige nood.",
                f"In time: at most {late[0]:g} days after a family came into serious trouble somebody had been asked to look. "
                "For nothing: while a family was in view there was no serious trouble.",
            ),
            _SPREAD,
        ],
        lambda _: bars(lines, "nl"),
        Both(
            "Gesimuleerd: hoe vaak op tijd, te laat, nooit of voor niets in beeld, per buurt",
            "Simulated: how often in view in time, too late, never or for nothing, in a neighbourhood",
        ),
        [_table("views", "hoe vaak, per buurt", "how often, in a neighbourhood", [_WHAT, *(arm.name for arm in arms)], rows)],
    )


_NAMES = (*_VERDICTS.values(), _NOTHING)
_SPREAD = Both(
    "Een getal is het gemiddelde over de buurten, daarachter het laagste en het hoogste. Die spreiding is die van de simulatie: "
    "hoeveel het toeval uitmaakt als alle aannamen kloppen. Hoe zeker de aannamen zelf zijn, zegt ze niet.",
    "A number is the mean over the neighbourhoods, and after it the lowest and the highest. That spread is of the simulation: how "
    "much chance matters where all assumptions hold. How sure the assumptions are it does not say.",
)


# The same trouble in both ways ----------------------------------------------------------------------


def _differences(runs: Sequence[Run]) -> Section:
    """The same trouble in both ways: what B did to when it was seen."""
    names: dict[Both, Callable[[Came, Came], bool]] = {
        Both("in B eerder dan in A", "earlier in B than in A"): lambda a, b: _later(a, b) < 0,
        Both("even vroeg", "equally early"): lambda a, b: a.at is not None and _later(a, b) == 0,
        Both("in B later dan in A", "later in B than in A"): lambda a, b: _later(a, b) > 0,
        Both("alleen in A gezien", "seen in A alone"): lambda a, b: a.at is not None and b.at is None,
        Both("alleen in B gezien", "seen in B alone"): lambda a, b: a.at is None and b.at is not None,
        Both("in geen van beide gezien", "seen in neither"): lambda a, b: a.at is None and b.at is None,
    }
    pairs = [_pairs(run) for run in runs]
    rows: list[tuple[Both, Both]] = [
        (words, told([sum(holds(*pair) for pair in those) for those in pairs])) for words, holds in names.items()
    ]
    later = sorted(_later(*pair) for those in pairs for pair in those if pair[0].at is not None and pair[1].at is not None)
    if later:
        rows.append(
            (Both("dagen later in B, in de helft hoogstens", "days later in B, in half at most"), told([_quantile(later, 0.5)]))
        )
    return Section(
        Both("Hetzelfde gezin in beide", "The same family in both"),
        [
            Both(
                "Beide krijgen dezelfde gezinnen, zorgen en berichten. Wat verschilt komt dus van de regels en het werk.",
                "Both get the same families, troubles and messages. So what differs comes of the rules and the work.",
            )
        ],
        tables=[
            _table(
                "pairs",
                "dezelfde nood in A en in B, per buurt",
                "the same trouble in A and in B, in a neighbourhood",
                [_WHAT, Both("keren", "times")],
                rows,
            )
        ],
    )


def _pairs(run: Run) -> list[tuple[Came, Came]]:
    """What could be followed in both ways."""
    first, second = ({(each.spell.household, each.spell.since): each for each in outcome.came} for outcome in run.outcomes)
    return [(first[key], second[key]) for key in first if key in second]


def _later(a: Came, b: Came) -> float:
    """How many days later in B; nothing where it is not in both."""
    return b.at - a.at if a.at is not None and b.at is not None else 0.0


# What it costs --------------------------------------------------------------------------------------


def _work(arms: Sequence[Arm], runs: Sequence[Run]) -> Section:
    def row(nl: str, en: str, of: Callable[[Outcome], float]) -> tuple[Both, Both, Both]:
        one, other = (told([of(run.outcomes[nth]) for run in runs]) for nth in range(2))
        return Both(nl, en), one, other

    rows = [
        row("uren werk samen", "hours of work together", lambda each: each.hours),
        row(
            "keren dat iemand moest kijken", "times that somebody had to look", lambda each: sum(view.looks for view in each.views)
        ),
        row("gezinnen die een coach kregen", "families that got a coach", lambda each: len(each.waits)),
        row("nog wachtend op een coach", "still waiting for a coach", lambda each: each.waiting),
        row("dagen wachten: P50", "days of waiting: P50", lambda each: _quantile(sorted(each.waits), 0.5)),
        row("dagen wachten: P90", "days of waiting: P90", lambda each: _quantile(sorted(each.waits), 0.9)),
    ]
    return Section(
        Both("Wat het vraagt", "What it takes"),
        [
            Both(
                "Wachten: van de dag dat iemand gevraagd werd te kijken tot een coach begon, van wie een coach kreeg.",
                "Waiting: from the day that somebody was asked to look until a coach began, of who got a coach.",
            )
        ],
        tables=[
            _table(
                "work",
                "werk en wachten, per buurt",
                "work and waiting, in a neighbourhood",
                [_WHAT, *(arm.name for arm in arms)],
                rows,
            )
        ],
    )


# Families one by one --------------------------------------------------------------------------------


def _families(arms: Sequence[Arm], run: Run) -> Section:
    pairs = _pairs(run)
    rows: list[Sequence[Both | str]] = [
        (f"{a.spell.household + 1}", f"{moment(a.spell.since):%Y-%m-%d}", *(_when(each) for each in (a, b)))
        for a, b in pairs[:MOST]
    ]
    left = len(pairs) - len(rows)
    heads = [Both("gezin", "family"), Both("ernstige nood sinds", "serious trouble since"), *(arm.name for arm in arms)]
    words = Both(
        f"Uit de eerste buurt, naar wanneer de nood ernstig werd; {left} meer staan hier niet. Zij bestaan niet.",
        f"Of the first neighbourhood, by when trouble became serious; {left} more are not shown. They do not exist.",
    )
    table = _table("families", "wanneer ieder gezin in beeld kwam", "when each family came into view", heads, rows)
    return Section(Both("Gezin voor gezin", "Family by family"), [words], tables=[table])


def _when(one: Came) -> Both:
    if one.at is None:
        return _VERDICTS[Verdict.NEVER]
    days = ceil(one.at - one.spell.since)
    day = f"{moment(one.at):%Y-%m-%d}"
    if days <= 0:
        return Both(f"{day}: was al in beeld", f"{day}: was in view already")
    return Both(f"{day}: na {days} dagen", f"{day}: after {days} days")


# What is behind it ----------------------------------------------------------------------------------


def _limits() -> Section:
    return Section(
        Both("Wat dit niet kan laten zien", "What this cannot show"),
        [
            Both(
                "Niets hiervan is gemeten. Het zegt wat uit de aannamen volgt, en niets over gezinnen die bestaan. Gebruik het om "
                "twee manieren te vergelijken en te zien welke aanname ertoe doet, nooit om gezinnen te tellen.",
                "Nothing of this was measured. It says what follows from the assumptions, and nothing of families that exist. "
                "Use it to compare two ways and to see which assumption matters, never to count families.",
            ),
            Both(
                "Wie kijkt, ziet hier wat er is; hulp verandert niets aan de zorgen; termijnen verstrijken niet; niemand verhuist.",
                "Whoever looks sees what is there; help changes nothing about troubles; no terms pass; nobody moves house.",
            ),
        ],
    )


def _assumed(entries: Sequence[Entry]) -> Section:
    heads = [_WHAT, Both("waarde", "value"), Both("gevonden", "found at"), Both("aangenomen", "assumed")]
    rows = [
        (
            Both(each.words.dutch, each.words.english),
            Both(each.values.dutch, each.values.english),
            each.source or Both("nergens", "nowhere"),
            Both(each.assumed.dutch, each.assumed.english) if each.assumed.dutch else _NONE,
        )
        for each in entries
    ]
    table = _table("assumptions", "alle aannamen van de eerste manier", "all assumptions of the first way", heads, rows)
    return Section(Both("Wat is aangenomen", "What is assumed"), tables=[table])


# In words -------------------------------------------------------------------------------------------


def _table(name: str, nl: str, en: str, heads: Sequence[Both], rows: Sequence[Sequence[Both | str]]) -> Table:
    return Table(name, Both(f"Gesimuleerd: {nl}", f"Simulated: {en}"), heads, rows)


def mean(those: Sequence[float]) -> float:
    """The mean of what came out for each neighbourhood."""
    return sum(those) / len(those)


def told(those: Sequence[float]) -> Both:
    """The mean over the neighbourhoods, with the lowest and the highest where there are several."""
    said = _one_decimal(mean(those))
    if len(those) > 1:
        said += f" ({_one_decimal(min(those))}–{_one_decimal(max(those))})"
    return Both(said.replace(".", ","), said)


def _one_decimal(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _quantile(ranked: Sequence[float], part: float) -> float:
    """By nearest rank; nothing where there are none."""
    return ranked[ceil(len(ranked) * part) - 1] if ranked else 0.0


def cells(table: Table) -> Iterator[list[Both]]:
    """The rows of a table, each cell in both languages."""
    yield from ([cell if isinstance(cell, Both) else Both(f"{cell}", "") for cell in row] for row in table.rows)
