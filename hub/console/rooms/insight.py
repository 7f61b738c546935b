"""Insight: all families together, as figures by fives; each as a sentence, a picture, a table, and a file."""

from asyncio import gather
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from hub.console.asking import Ask, Refused
from hub.console.parts import Both
from hub.console.rooms import Page
from hub.console.saying import DUTCH_TIME, month
from hub.console.tables import Table, spreadsheet
from hub.domain.policy import Act

Found = Mapping[str, Any]
_MONTHS = 60
"""Months to choose from: as many as can be asked for."""
_WEEKS_IN_A_MONTH = 365.25 / 12 / 7
_FULL = 5
"""Families that one coach can have."""
_MANY = 50
"""Families of which a share can be told: of fewer, rounding by fives changes it by more than a tenth."""
STAGES: Mapping[str, Both] = {
    "signals": Both("signalen over deze gezinnen", "signals about these families"),
    "candidates": Both("kwamen in beeld", "came into view"),
    "criteria-met": Both("voldeden aan de criteria", "met the criteria"),
    "referred": Both("zijn aangemeld", "were referred"),
    "decided": Both("kregen een besluit", "were decided on"),
    "started": Both("begonnen", "started"),
}
WHY: Mapping[str, Both] = {
    "criteria-not-met": Both("voldeden niet aan de criteria", "did not meet the criteria"),
    "nobody-referred": Both("voldeden, maar niemand meldde aan", "met them, and nobody referred"),
    "ended-early": Both("eindigden eerder", "ended before"),
}
STEPS: Mapping[str, Both] = {
    "criteria-met": Both("eerste signaal tot criteria vervuld", "first signal until the criteria were met"),
    "referred": Both("tot de aanmelding", "until the referral"),
    "decided": Both("tot het besluit", "until the decision"),
    "started": Both("tot het startgesprek", "until the start talk"),
    "total": Both("eerste signaal tot startgesprek", "first signal until the start talk"),
}
FORMER: Mapping[str, Both] = {
    "enquiry": Both("vooronderzoek", "enquiry"),
    "council-report": Both("melding bij de Raad", "report to the Council"),
    "council-investigation": Both("onderzoek door de Raad", "investigation by the Council"),
    "court": Both("kinderrechter", "court"),
    "guardian": Both("gezinsvoogd aan het werk", "guardian at work"),
}
RESULTS: Mapping[str, Both] = {
    "reached": Both("bereikt", "reached"),
    "partly": Both("deels bereikt", "partly reached"),
    "notReached": Both("niet bereikt", "not reached"),
    "open": Both("loopt nog", "still going on"),
}


@dataclass(frozen=True, slots=True)
class Bar:
    """A line of a picture: what it is, what it is worth, and its parts, each as where it begins and how long it is (percent)."""

    called: Any
    said: Any
    parts: Sequence[tuple[float, float]]


# What is asked ------------------------------------------------------------------------------------------


async def _show(ask: Ask) -> Mapping[str, Any]:
    period = {name: ask.query.get(name, "") for name in ("from", "until")}
    try:
        found = await _found(ask, period)
        refused = None
    except Refused as error:
        if error.status != 400:
            raise
        # a period that cannot be is said beside the one that can
        found, refused, period = await _found(ask, {}), error, {}
    signals = found["signals"]
    word = ask.word
    return {
        "refused": refused,
        "since": period.get("from") or signals["from"],
        "until": period.get("until") or signals["until"],
        "months": [(each, month(each, ask.tongue)) for each in _choice(ask)],
        "tables": {name: make(found[name], word) for name, make in _TABLES.items()},
        "path": _path(found["early-path"]),
        "came": {one["stage"]: one["count"] for one in found["early-path"]["stages"]},
        "asOf": found["early-path"]["asOf"],
        "waiting": found["waiting"],
        "waits": _waits(found["waiting"]),
        "took": _days(found["waiting"]["total"]["medianDays"]),
        "former": _former(found["waiting"]),
        "groups": _signals(signals, word),
        "most_heard": max((row for row in signals["lifeAreas"] if row["total"]), key=lambda row: row["total"], default=None),
        "goals": [_goal(row, word) for row in found["goals"]["lifeAreas"]],
        "goal_total": found["goals"]["total"],
        "results": RESULTS,
        "caseload": _caseload(found["caseload"]),
    }


async def _found(ask: Ask, period: Mapping[str, str]) -> dict[str, Found]:
    said = {name: text for name, text in period.items() if text}
    names = list(_TABLES)
    answers = await gather(*(ask.get(f"/insight/{name}", **({} if name == "waiting" else said)) for name in names))
    return dict(zip(names, answers, strict=True))


async def _file(ask: Ask) -> Response:
    name = ask.at("table")
    if name not in _TABLES:
        raise Refused(404, {"code": "not-known"})
    said = {each: text for each in ("from", "until") if (text := ask.query.get(each, ""))}
    found = await ask.get(f"/insight/{name}", **({} if name == "waiting" else said))
    return spreadsheet(_TABLES[name](found, ask.word), ask.tongue)


def _choice(ask: Ask) -> list[str]:
    """The months that are over, the latest first."""
    now = ask.now.astimezone(DUTCH_TIME)
    last = now.year * 12 + now.month - 1
    return [f"{at // 12}-{at % 12 + 1:02}" for at in range(last - 1, last - 1 - _MONTHS, -1)]


# The tables ----------------------------------------------------------------------------------------------

Word = Callable[[str, str], Both]


def _of_path(found: Found, word: Word) -> Table:
    rows = [[STAGES[one["stage"]], one["count"]] for one in found["stages"]]
    rows += [[WHY[one["why"]], one["count"]] for one in found["notReferred"]]
    rows += [[_missing(word("criterion", one["criterion"])), one["count"]] for one in found["missing"]]
    return Table("early-path", Both("De weg vooraf", "The early path"), (_WHAT, _COUNT), rows)


def _missing(criterion: Both) -> Both:
    return Both(f"misten: {criterion.nl}", f"lacked: {criterion.en}")


def _of_waiting(found: Found, _: Word) -> Table:
    steps = (*found["steps"], found["total"])
    rows = [[STEPS[one["step"]], one["families"], _known(one["medianDays"]), _known(one["p90Days"])] for one in steps]
    heads = (
        _STEP,
        Both("gezinnen", "families"),
        Both("helft binnen (dagen)", "half within (days)"),
        Both("9 op 10 binnen", "9 in 10 within"),
    )
    return Table("waiting", Both("Hoe lang het duurde", "How long it took"), heads, rows)


def _of_signals(found: Found, word: Word) -> Table:
    rows = [
        [kind, called(row["code"], word), *row["counts"], row["total"]] for name, kind, called in _GROUPS for row in found[name]
    ]
    heads = (Both("naar", "by"), _WHAT, *(Both(each, each) for each in found["months"]), Both("samen", "together"))
    return Table("signals", Both("Signalen per maand", "Signals by month"), heads, rows)


def _of_goals(found: Found, word: Word) -> Table:
    names = ("set", *RESULTS)
    rows = [[word("area", row["code"]), *(row[name] for name in names)] for row in found["lifeAreas"]]
    rows.append([Both("samen", "together"), *(found["total"][name] for name in names)])
    heads = (Both("leefgebied", "life area"), Both("doelen", "goals"), *RESULTS.values())
    return Table("goals", Both("Doelen per leefgebied", "Goals by life area"), heads, rows)


def _of_caseload(found: Found, _: Word) -> Table:
    most = map(_known, found["mostPerCoach"])
    rows = list(zip(found["months"], found["counts"], found["coaches"], most, strict=True))
    heads = (
        Both("einde van", "end of"),
        Both("gezinnen met een coach", "families with a coach"),
        Both("coaches", "coaches"),
        Both("meeste bij één coach", "most with one coach"),
    )
    return Table("caseload", Both("Caseload", "Caseload"), heads, rows)


def _known(figure: int | None) -> int | Both:
    """A figure that is no count: one that is not told says nothing of how large it is."""
    return _TOO_FEW if figure is None else figure


_TOO_FEW = Both("te weinig om te zeggen", "too few to say")
_COUNT, _STEP, _WHAT = Both("aantal", "count"), Both("stap", "step"), Both("wat", "what")
_TABLES: Mapping[str, Callable[[Found, Word], Table]] = {
    "early-path": _of_path,
    "waiting": _of_waiting,
    "signals": _of_signals,
    "goals": _of_goals,
    "caseload": _of_caseload,
}


def _place(code: str, _: Word) -> str:
    """A neighbourhood as it is known: four digits of a postcode, or a municipality."""
    return code


_GROUPS: Sequence[tuple[str, Both, Callable[[str, Word], Any]]] = (
    ("lifeAreas", Both("leefgebied", "life area"), lambda code, word: word("area", code)),
    ("partners", Both("partner", "partner"), lambda code, word: word("partner", code)),
    ("neighbourhoods", Both("buurt", "neighbourhood"), _place),
)

# The pictures -------------------------------------------------------------------------------------------------


def _path(found: Found) -> list[Bar]:
    """Each stage beside all families that came into view; the stage of signals is no count of families."""
    stages = [one for one in found["stages"] if one["stage"] != "signals"]
    came = max(stages[0]["count"] or 0, 1)
    return [Bar(STAGES[one["stage"]], _share(one["count"], came), [(0, _of(one["count"], came))]) for one in stages]


def _share(count: int | None, came: int) -> int | Both | None:
    if count is None or count == came or came < _MANY:
        return count
    share = 5 * round(20 * count / came)
    return Both(f"{count} (ongeveer {share}%)", f"{count} (about {share}%)")


def _waits(found: Found) -> list[Bar]:
    """Each step, in months, on the scale of the former way."""
    bars, begin = [], 0.0
    for one in found["steps"]:
        length = _of((one["medianDays"] or 0) / 7 / _WEEKS_IN_A_MONTH, found["formerMonths"])
        bars.append(Bar(STEPS[one["step"]], _days(one["medianDays"]), [(min(begin, 100), min(length, 100 - min(begin, 100)))]))
        begin += length
    return bars


def _days(days: int | None) -> Both:
    """How long the half of the families took at most; days are told in whole weeks, so that 0 is less than half a week."""
    if days is None:
        return _TOO_FEW
    return Both(f"{days} dagen", f"{days} days") if days else Both("minder dan 4 dagen", "less than 4 days")


def _former(found: Found) -> list[Bar]:
    bars, begin = [], 0.0
    for one in found["former"]:
        length = _of(one["months"], found["formerMonths"])
        bars.append(Bar(FORMER[one["step"]], Both(f"{one['months']} maanden", f"{one['months']} months"), [(begin, length)]))
        begin += length
    return bars


def _signals(found: Found, word: Word) -> list[tuple[Both, list[Bar]]]:
    """For each group its rows, each with a bar for every month."""
    many = max(len(found["months"]), 1)
    groups = []
    for name, kind, called in _GROUPS:
        told = [row for row in found[name] if row["total"] is not None]
        most = max([count or 0 for row in told for count in row["counts"]] + [1])
        bars = [
            Bar(
                called(row["code"], word),
                row["total"],
                [(100 * at / many, _of(count, most)) for at, count in enumerate(row["counts"])],
            )
            for row in told
        ]
        groups.append((kind, bars))
    return groups


def _goal(row: Found, word: Word) -> Bar:
    parts, begin, together = [], 0.0, max(row["set"] or 0, 1)
    for name in RESULTS:
        length = _of(row[name], together)
        parts.append((begin, length))
        begin += length
    return Bar(word("area", row["code"]), row["set"], parts)


def _caseload(found: Found) -> Mapping[str, Any]:
    """Families with a coach by month, each beside as many as its coaches can have together."""
    counts, room = [count or 0 for count in found["counts"]], [_FULL * (count or 0) for count in found["coaches"]]
    whole, many = max([*counts, *room, 1]), max(len(counts), 1)
    too_many = [month for month, at_most in zip(found["months"], found["mostPerCoach"], strict=True) if (at_most or 0) > _FULL]
    return {
        "bars": [(100 * at / many, _of(count, whole)) for at, count in enumerate(counts)],
        "room": [(100 * at / many, _of(count, whole)) for at, count in enumerate(room) if count],
        "most": max(counts) if any(counts) else None,
        "months": found["months"],
        "last": found["counts"][-1:],
        "too_many": too_many,
    }


def _of(part: float | None, whole: float) -> float:
    """So many percent, with one decimal."""
    return round(100 * (part or 0) / whole, 1)


PAGES = (
    Page("insight", "/insight", _show, Act.SEE_INSIGHT, menu=Both("Inzicht", "Insight"), place=65),
    Page("insight-file", "/insight/{table}.csv", _file, Act.SEE_INSIGHT),
)
