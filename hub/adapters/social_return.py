"""The registers of unit prices and of assumptions as they stand in their files, and counts in the file of a spreadsheet."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from math import isfinite, prod
from pathlib import Path
from typing import Any

from hub.adapters.contracts import refuse, valid
from hub.domain.matrix import Words
from hub.domain.social_return import Assumption, Count, Counted, Kind, Model, Price, Range, Role, wrong_with
from hub.domain.words import Phase
from hub.errors import Malformed, Violation

PRICES, ASSUMPTIONS = "unit-prices", "social-return-assumptions"
HEADS = ("place", "what", "with", "without", "compared")
FAMILIES = "families"
ENDS = (Phase.CLOSED.value, Phase.ENDED_EARLY.value, Phase.COMPULSION.value)
"""What may stand in a file of counts beside what has a price: how trajectories ended."""

# The registers -------------------------------------------------------------------------------------------


def load_model(registers: Path, day: date) -> Model:
    """The prices and assumptions that hold on a day, by the registers in a directory and the schemas that lie beside them.

    Raises:
        Malformed: with every place where they are not what those or each other ask.
    """
    prices, assumptions = registers / f"{PRICES}.json", registers / f"{ASSUMPTIONS}.json"
    said, taken = (valid(path, f"{path.stem}.schema.json") for path in (prices, assumptions))
    refuse(prices, [*_twice(said["unit_prices"]), *_unknown(said)])
    kinds = {each["code"]: Kind(each["code"], _words(each), each["is_cost"]) for each in said["kinds"]}
    refuse(assumptions, [*_twice(taken["assumptions"]), *_without(taken["assumptions"], kinds, day), *_shared(said, taken)])
    indexes = {each["code"]: {int(year): change for year, change in each["changes"].items()} for each in said["indexes"]}
    level = min(max(changes) for changes in indexes.values())
    model = Model(
        version=f"{said['version']} {taken['version']}",
        year=level,
        kinds=kinds,
        payers={each["code"]: _words(each) for each in said["payers"]},
        prices=[_price(each, indexes[each["index"]], level) for each in _on(said["unit_prices"], day)],
        assumptions=[_assumption(each) for each in _on(taken["assumptions"], day)],
    )
    refuse(prices, list(_wrong(model.prices)))
    refuse(assumptions, list(_wrong(model.assumptions)))
    return model


def _on(entries: Iterable[Mapping[str, Any]], day: date) -> list[Mapping[str, Any]]:
    return [each for each in entries if each["valid_from"] <= f"{day}" <= (each["valid_until"] or f"{day}")]


def _twice(entries: Sequence[Mapping[str, Any]]) -> Iterator[Violation]:
    """Entries of one code that hold on the same day."""
    ordered = sorted(entries, key=lambda each: (each["code"], each["valid_from"]))
    for code, those in groupby(ordered, key=lambda each: each["code"]):
        until = ""
        for each in those:
            if each["valid_from"] <= until:
                yield Violation(f"/{code}", f"two entries hold on {each['valid_from']}")
            if (each["valid_until"] or each["valid_from"]) < each["valid_from"]:
                yield Violation(f"/{code}", "ends before it begins")
            until = each["valid_until"] or "9999-12-31"


def _unknown(said: Mapping[str, Any]) -> Iterator[Violation]:
    """What a price names and the register does not have."""
    known = {name: {each["code"] for each in said[f"{name}s"]} for name in ("kind", "payer")}
    years = {each["code"]: set(map(int, each["changes"])) for each in said["indexes"]}
    level = min(map(max, years.values()))
    for each in said["unit_prices"]:
        at = f"/{each['code']}"
        yield from (Violation(f"{at}/{name}", f"{each[name]} is not known") for name in known if each[name] not in known[name])
        if each["transfer_to"] not in (None, *known["payer"]):
            yield Violation(f"{at}/transfer_to", f"{each['transfer_to']} is not known")
        if each["index"] not in years:
            yield Violation(f"{at}/index", f"{each['index']} is not known")
        elif each["price_year"] > level or not years[each["index"]].issuperset(range(each["price_year"] + 1, level + 1)):
            yield Violation(f"{at}/price_year", f"the index does not lead from {each['price_year']} to {level}")


def _without(entries: Iterable[Mapping[str, Any]], kinds: Mapping[str, Kind], day: date) -> Iterator[Violation]:
    """What nobody assumes anything of, and what is assumed of a kind that there is not, or twice."""
    held = Counter((each["role"], each["kind"]) for each in _on(entries, day))
    for (role, kind), many in held.items():
        if kind and kind not in kinds:
            yield Violation("", f"{kind} is not known")
        if many > 1:
            yield Violation("", f"{role} of {kind or 'every kind'} stands there twice")
    yield from (Violation("", f"{role} of every kind is missing on {day}") for role in Role if (role, None) not in held)


def _shared(said: Mapping[str, Any], taken: Mapping[str, Any]) -> Iterator[Violation]:
    """Codes of both registers: whoever supposes another value names one of them."""
    prices = {each["code"] for each in said["unit_prices"]}
    yield from (Violation(f"/{each['code']}", "is a price too") for each in taken["assumptions"] if each["code"] in prices)


def _wrong(inputs: Iterable[Price | Assumption]) -> Iterator[Violation]:
    yield from (Violation(f"/{each.code}", why) for each in inputs if (why := wrong_with(each, each.range)))


def _price(said: Mapping[str, Any], changes: Mapping[int, float], level: int) -> Price:
    """The price, at the level of that year: multiplied by the change of each year after its own."""
    factor = prod(1 + changes[year] / 100 for year in range(said["price_year"] + 1, level + 1))
    return Price(
        said["code"],
        said["kind"],
        said["payer"],
        _words(said),
        _range(said).times(factor),
        said["price_year"],
        said["transfer_to"] or "",
        said["source"] or "",
        _assumed(said),
    )


def _assumption(said: Mapping[str, Any]) -> Assumption:
    role, kind = Role(said["role"]), said["kind"] or ""
    return Assumption(said["code"], role, kind, _words(said), _range(said), said["source"] or "", _assumed(said))


def _words(said: Mapping[str, Any]) -> Words:
    return Words(said["nl"], said["en"])


def _assumed(said: Mapping[str, Any]) -> Words:
    return _words(said["assumed"]) if said["assumed"] else Words()


def _range(said: Mapping[str, Any]) -> Range:
    return Range(said["low"], said["most"], said["high"])


# The counts ----------------------------------------------------------------------------------------------


def read_counts(path: Path, model: Model) -> tuple[list[Counted], list[str]]:
    """What was counted, place by place in the order of the file; and what stands there but cannot be counted, in words.

    A line says of a place what was counted, how many there were with, how many there would have been without (empty where nobody
    knows), and with `yes` that the latter was counted in a group that is alike. Semicolons or commas part fields.

    Raises:
        Malformed: with every line that is not so.
    """
    rows = _rows(path)
    wrong = [Violation(f"line {line}", why) for line, row in rows if (why := _wrong_row(row, model))]
    keys = Counter((row["place"], row["what"]) for _, row in rows)
    wrong += [Violation("", f"{what} of {place} stands there twice") for (place, what), many in keys.items() if many > 1]
    places = list(dict.fromkeys(row["place"] for _, row in rows))
    wrong += [Violation("", f"{place} has no line of {FAMILIES}") for place in places if (place, FAMILIES) not in keys]
    refuse(path, wrong if rows else [Violation("", "nothing was counted")])
    by_place = {place: [row for _, row in rows if row["place"] == place] for place in places}
    left = [f"{row['place']}: {row['what']}" for _, row in rows if row["what"] in model.kinds and _count(row, model) is None]
    return [_counted(place, those, model) for place, those in by_place.items()], left


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise Malformed(f"{path.name} is not a table in UTF-8.", code="not-a-table") from None
    lines = text.splitlines()
    delimiter = ";" if lines and ";" in lines[0] else ","
    reading = csv.reader(lines, delimiter=delimiter)
    if tuple(next(reading, ())) != HEADS:
        raise Malformed(f"{path.name} does not begin with {delimiter.join(HEADS)}.", code="not-a-table")
    return [(nth, _row(fields)) for nth, fields in enumerate(reading, start=2) if any(fields)]


def _row(fields: list[str]) -> dict[str, str]:
    return dict(zip(HEADS, (each.strip() for each in [*fields, *[""] * len(HEADS)]), strict=False))


def _wrong_row(row: Mapping[str, str], model: Model) -> str:
    if not row["place"]:
        return "has no place"
    if row["what"] not in (FAMILIES, *ENDS, *model.kinds):
        return f"{row['what'] or 'nothing'} is not counted; it may be {', '.join((FAMILIES, *ENDS, *model.kinds))}"
    if any(_number(row[each]) is None for each in ("with", "without") if row[each]):
        return "has a number that is none, or less than nothing"
    if row["what"] == FAMILIES and not (_number(row["with"]) or 0) >= 1:
        return "has no families"
    return "" if row["compared"] in ("", "yes", "no") else "may say yes or no under compared"


def _number(text: str) -> float | None:
    """A number with a point or a comma before its decimals."""
    try:
        found = float(text.replace(",", "."))
    except ValueError:
        return None
    return found if isfinite(found) and found >= 0 else None


def _count(row: Mapping[str, str], model: Model) -> Count | None:
    """What can be counted on: of a cost how many there were, of anything else also how many there would have been."""
    had, without = _number(row["with"]), _number(row["without"])
    if model.kinds[row["what"]].is_cost:
        without = without or 0.0
    return None if had is None or without is None else Count(row["what"], had, without, row["compared"] == "yes")


def _counted(place: str, rows: Sequence[Mapping[str, str]], model: Model) -> Counted:
    (families,) = (row for row in rows if row["what"] == FAMILIES)
    counts = [count for row in rows if row["what"] in model.kinds and (count := _count(row, model))]
    return Counted(place, int(_number(families["with"]) or 0), counts)
