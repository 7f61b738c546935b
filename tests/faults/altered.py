"""The hub's command line in a process of which something is not as it should be: its clock, who leads, or a projection.

`CLOCK` names a file with the seconds that the clock is ahead, `LEADS` makes every process believe that it leads everything,
`STUMBLES` adds a projection that throws on one event. Nothing of the hub itself knows of these.
"""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Column, Connection, Integer, MetaData, Table, insert

from hub import projections
from hub.domain.people import Person
from hub.ports import Fact, Projection

CLOCK, LEADS, STUMBLES = "FAULTS_CLOCK", "FAULTS_LEADS", "FAULTS_STUMBLES"
STUMBLES_AT = 20
"""The person, counted from one, over whose name the bad projection stumbles."""

TABLES = MetaData()
PEOPLE = Table("stumbling_people", TABLES, Column("position", Integer, primary_key=True))


class Moved:
    """A clock that is as far ahead as a file says."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(self._file.read_text() or 0))


def _stumble(facts: Sequence[Fact], connection: Connection) -> None:
    for fact in facts:
        if isinstance(fact.event, Person.Named):
            connection.execute(insert(PEOPLE), {"position": fact.position})
            if len(connection.execute(PEOPLE.select()).all()) == STUMBLES_AT:
                raise ValueError("this one is too much")


STUMBLING = Projection("stumbles", "counts people, and not far", TABLES, _stumble)


def main() -> None:
    """The command line, altered as the environment says."""
    if STUMBLES in os.environ:
        known = projections.found
        projections.found = lambda: {**known(), STUMBLING.name: STUMBLING}
    # only now: what the hub is made of looks at the projections when it is imported
    from hub.__main__ import main as hub
    from hub.adapters.leading import Leading
    from hub.commands import shared

    if LEADS in os.environ:
        Leading.leads = lambda _self, _name: True  # type: ignore[method-assign,assignment]
    if CLOCK in os.environ:
        _with_clock(shared, Moved(Path(os.environ[CLOCK])))
    hub()


def _with_clock(shared: object, clock: Moved) -> None:
    opened = shared.Hub.open  # type: ignore[attr-defined]

    class Clocked:
        """Opens the hub with this clock."""

        open = staticmethod(lambda settings, environment: opened(settings, clock, environment))

    shared.Hub = Clocked  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
