"""What partners tell, by month: on which life areas, by whom, and of where."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, exists, func, insert, select, tuple_

from hub.domain import field_classes as of
from hub.domain.concerns import SILENT
from hub.domain.people import Person
from hub.domain.trajectory import Trajectory
from hub.domain.words import LifeArea
from hub.ports import Asked, Fact
from hub.projections import CODE, TEXT, Row, Schema, fold, keep_signals, many, thing
from hub.projections.insight.fives import TOLD, Series, add, by_month, counted, together
from hub.projections.insight.months import MONTH, Until, month_of, period
from hub.projections.insight.tables import MERGED, NAMED, PLACES, SIGNALS

OF_PEOPLE = (Person.Named, Person.NamedAgain, Person.Erased)
_S, _N, _P = SIGNALS.c, NAMED.c, PLACES.c


# Keeping -------------------------------------------------------------------------------------------


def keep(facts: Sequence[Fact], connection: Connection) -> None:
    """Lets the facts change which signals there are, whom they name, and where those live."""
    touched = keep_signals(SIGNALS, facts, _signal, connection)
    recorded = [fact for fact in facts if isinstance(fact.event, Trajectory.SignalRecorded)]
    _name({(str(fact.stream_id), fact.event.signal): fact.event.people for fact in recorded}, connection)
    if touched:
        counts = exists().where(_S.family == _N.family, _S.signal == _N.signal)
        connection.execute(delete(NAMED).where(_N.family.in_(touched), ~counts))
    fold(PLACES, [(str(fact.stream_id), fact) for fact in facts if isinstance(fact.event, OF_PEOPLE)], _lives, connection)


def _signal(event: Trajectory.SignalRecorded) -> Row | None:
    if event.concern in SILENT:
        return None
    return {"month": month_of(event.known_since), "partner": event.partner, "areas": ",".join(sorted(event.areas))}


def _name(people: Mapping[tuple[str, str], Iterable[str]], connection: Connection) -> None:
    """Keeps whom these signals of these families name, and nobody else."""
    if people:
        connection.execute(delete(NAMED).where(tuple_(_N.family, _N.signal).in_(list(people))))
    if rows := [{"family": of[0], "signal": of[1], "person": person} for of in people for person in sorted(set(people[of]))]:
        connection.execute(insert(NAMED), rows)


def _lives(row: Row | None, fact: Fact) -> Row | None:
    """Where somebody lived when that was first told; nothing is kept of one who was erased."""
    if isinstance(fact.event, Person.Erased):
        return None
    place = _place(fact.event.address)
    return row or (place and {"person": str(fact.stream_id), "place": place}) or None


def _place(address: Mapping[str, str]) -> str:
    """The four digits of a postcode, or else the municipality: more would need a register of addresses."""
    if found := _FOUR_DIGITS.match(address.get("postcode", "").strip()):
        return found[0]
    municipality = _FOUR_DIGITS.fullmatch(address.get("municipality", ""))
    return f"gm{municipality[0]}" if municipality else ""


_FOUR_DIGITS = re.compile(r"[0-9]{4}", re.ASCII)


# Asking --------------------------------------------------------------------------------------------


def signals(connection: Connection, asked: Asked) -> Mapping[str, Any]:
    """How many signals the hub first knew of in each month."""
    until = Until(asked.at)
    months = period(asked.filters, until)
    areas: dict[str, Counter[str]] = {area.value: Counter() for area in LifeArea}
    for month, said, count in connection.execute(_each_with(_S.areas)):
        for area in filter(None, said.split(",")):
            add(areas, area, month, count)
    return {
        "from": months[0],
        "until": months[-1],
        "months": months,
        "lifeAreas": _rows(areas, months),
        "partners": _told(_by(connection.execute(_each_with(_S.partner))), months),
        "neighbourhoods": _told(_by(connection.execute(_of_places())), months),
    }


def _each_with(what: ColumnElement[str]) -> Select[Any]:
    return counted(select(_S.month, what).where(_S.family.not_in(MERGED)).subquery())


def _of_places() -> Select[Any]:
    """A signal counts once wherever those whom it names live."""
    at = SIGNALS.join(NAMED, and_(_S.family == _N.family, _S.signal == _N.signal)).join(PLACES, _N.person == _P.person)
    signals = func.count(_S.signal.distinct())
    return select(_S.month, _P.place, signals).select_from(at).where(_S.family.not_in(MERGED)).group_by(_S.month, _P.place)


def _by(found: Iterable[Any]) -> Mapping[str, Series]:
    series: dict[str, Counter[str]] = {}
    for month, name, count in found:
        add(series, name, month, count)
    return series


def _rows(series: Mapping[str, Series], months: Sequence[str]) -> list[Row]:
    counts = {code: by_month(each, months) for code, each in sorted(series.items())}
    return [{"code": code, "counts": told, "total": together(told)} for code, told in counts.items()]


def _told(series: Mapping[str, Series], months: Sequence[str]) -> list[Row]:
    """Only what is told of at all: that somebody, or somewhere, is named would tell of few."""
    return [row for row in _rows(series, months) if row["total"]]


def _each(code: Schema) -> Schema:
    return many(thing(code=code | of.OPERATION, counts=many(TOLD), total=TOLD))


SIGNALS_TOLD = thing(
    **{"from": MONTH, "until": MONTH},
    months=many(MONTH),
    lifeAreas=_each({"type": "string", "enum": [area.value for area in LifeArea]}),
    partners=_each(TEXT),
    neighbourhoods=_each(CODE),
)
