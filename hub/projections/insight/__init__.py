"""What the hub shows of all families together: counts, waiting times and shares, of which none gives anybody away."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from hub.domain.policy import Act
from hub.ports import Fact, Projection, View
from hub.projections import OF_SIGNALS, topics_of
from hub.projections.insight import aims, coached, coming, heard
from hub.projections.insight.tables import TABLES


def apply(facts: Sequence[Fact], connection: Connection) -> None:
    """Lets the facts change all that is counted."""
    coming.keep(facts, connection)
    heard.keep(facts, connection)
    aims.keep(facts, connection)
    coached.keep(facts, connection)


def _view(name: str, title: str, ask: Any, answer: Mapping[str, Any], period: Mapping[str, str]) -> View:
    return View(f"insight/{name}", title, ask, answer, Act.SEE_INSIGHT, "nobody", tuple(period), period)


_PERIOD = {
    "from": "the first month, as 2026-01 (default: eleven before the last)",
    "until": "the last month, which must be over (default: the last that is); sixty at most",
}
_EARLY_PATH = "How far families came who came in a period, and why others were not referred"
_WAITING = "How long families waited for each step, beside the former sixteen months"
_SIGNALS = "Signals by month: on which life areas, by which partners, of which neighbourhoods"
_GOALS = "Goals that were set in a period, by life area, and what became of them"
_CASELOAD = "Families with a coach at the end of each month"

PROJECTION = Projection(
    name="insight",
    title="All families together",
    tables=TABLES,
    apply=apply,
    topics=topics_of(coming.CHANGES, OF_SIGNALS, heard.OF_PEOPLE, aims.CHANGES, coached.CHANGES),
    views=(
        _view("early-path", _EARLY_PATH, coming.early_path, coming.EARLY_PATH, _PERIOD),
        _view("waiting", _WAITING, coming.waiting, coming.WAITING, {}),
        _view("signals", _SIGNALS, heard.signals, heard.SIGNALS_TOLD, _PERIOD),
        _view("goals", _GOALS, aims.goals, aims.GOALS_TOLD, _PERIOD),
        _view("caseload", _CASELOAD, coached.caseload, coached.CASELOAD, _PERIOD),
    ),
)
