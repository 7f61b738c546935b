"""A run over all that is kept: what is due by the register, and what is done about it, a category at a time."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from hub.adapters.retention import Outbox
from hub.domain.retention import DELIVERIES, EXECUTED, FAMILIES, MAILS, QUARANTINE, UNPLACED, Deed
from hub.projections import retention as kept
from hub.wiring.hub import Hub

AT_ONCE = 100
AT_LEAST_EVERY = timedelta(days=7)
"""How long what is due may wait for somebody to run it before that is an alarm."""
Progress = Callable[[str, int, int], None]
"""What is done, how far it is, and how far it goes."""


@dataclass(frozen=True, slots=True)
class Line:
    """Something that is due: which, of what category, since when its term counted and since when it is over; or why it stays."""

    category: str
    about: str
    counted_from: date
    due: date
    is_held: bool


def counts(hub: Hub, today: date | None = None, categories: Collection[str] = EXECUTED.keys()) -> dict[str, int]:
    """How much is due of each category that a run ends, without what is held."""
    cutoffs = _cutoffs(hub, today or hub.retention.today)
    return {category: _count(hub, category, until) for category, until in cutoffs if category in categories}


def overdue(hub: Hub) -> int:
    """How much should have ended longer ago than a run may wait, without copies of what was told."""
    before = hub.retention.today - AT_LEAST_EVERY
    many = counts(hub, before, [each for each in EXECUTED if EXECUTED[each] is Deed.DESTROY_KEYS])
    return sum(many.values())


def lines(hub: Hub) -> Iterator[Line]:
    """What is due one by one, the longest first within its category; rows of the outbox are counted only."""
    for category, until in _cutoffs(hub, hub.retention.today):
        known = hub.retention.rules.at(hub.retention.today)[category]
        for about, day, is_held in _each(hub, category, until) if EXECUTED[category] is Deed.DESTROY_KEYS else ():
            yield Line(category, about, date.fromisoformat(day), known.due(date.fromisoformat(day)) or date.max, is_held)


def run(hub: Hub, by: str, progress: Progress) -> dict[str, int]:
    """Ends all that is due; gives how many of each category. Broken off, it goes on where it was when it is run again.

    Raises:
        RuleBroken: nobody lets it run.
        Unavailable: a store cannot be read or written; what ended until then has ended.
    """
    hub.views.catch_up()
    cutoffs = dict(_cutoffs(hub, hub.retention.today))
    run = hub.retention.begin(cutoffs, by)
    ended = {category: _end(hub, category, until, run, by, progress) for category, until in cutoffs.items()}
    hub.views.catch_up()
    if any(ended[category] for category in ended if EXECUTED[category] is Deed.DESTROY_KEYS) or _was_broken_off(hub, run):
        show_no_more(hub, progress)
    hub.settle()
    hub.retention.finish(run, ended, by)
    hub.views.catch_up()
    return ended


def show_no_more(hub: Hub, progress: Progress) -> None:
    """Builds every read model anew, so that none shows what can no longer be read."""
    for name in hub.views.followers:
        hub.views.rebuild(name, lambda done, of, at=name: progress(f"building {at} anew", done, of))  # type: ignore[misc]


def _was_broken_off(hub: Hub, run: UUID) -> bool:
    with hub.stored.views.connect() as connection:
        return kept.was_broken_off(connection, str(run))


def _end(hub: Hub, category: str, until: date, run: UUID, by: str, progress: Progress) -> int:
    of, done = _count(hub, category, until), 0
    if EXECUTED[category] is Deed.DELETE_ROWS:
        return _outbox(hub).purge(category, until, lambda so_far: progress(category, so_far, of))
    for about, _, is_held in _each(hub, category, until):
        if not is_held and _end_one(hub, category, UUID(about), run, by):
            done += 1
        progress(category, done, of)
    return done


def _end_one(hub: Hub, category: str, about: UUID, run: UUID, by: str) -> bool:
    if category == UNPLACED:
        return hub.retention.end_question(about, category, run, by) is not None
    if category == QUARANTINE:
        return hub.retention.end_message(about, category, run, by) is not None
    with hub.stored.views.connect() as connection:
        merged = [UUID(each) for each in kept.merged(connection, str(about))]
    return hub.retention.end_family(about, merged, run, by) is not None


def _cutoffs(hub: Hub, today: date) -> Iterator[tuple[str, date]]:
    """The categories that a run ends today, each with the last day of which the term is over."""
    for category in (*FAMILIES, UNPLACED, QUARANTINE, DELIVERIES, MAILS):
        if (until := hub.retention.rules.latest_start(category, today)) is not None:
            yield category, until


def _count(hub: Hub, category: str, until: date) -> int:
    if EXECUTED[category] is Deed.DELETE_ROWS:
        return _outbox(hub).count(category, until)
    with hub.stored.views.connect() as connection:
        return kept.count(connection, category, until)


def _each(hub: Hub, category: str, until: date) -> Iterator[tuple[str, str, bool]]:
    after = ("", "")
    while True:
        with hub.stored.views.connect() as connection:
            rows = kept.due(connection, category, until, after, AT_ONCE)
        yield from rows
        if not rows:
            return
        after = (rows[-1][1], rows[-1][0])


def _outbox(hub: Hub) -> Outbox:
    return Outbox(hub.stored.outbox, lambda before: position_at(hub, before))


def position_at(hub: Hub, moment: datetime) -> int:
    """Where the log stood before a moment: it is in the order of time, but for what clocks of several machines differ."""
    low, high = 0, hub.log.last_position()
    while low < high:
        middle = (low + high + 1) // 2
        ((_, stored),) = hub.log.read(middle - 1, 1)
        if hub.mapper.to_domain_event(stored).timestamp < moment:  # type: ignore[attr-defined]
            low = middle
        else:
            high = middle - 1
    return low
