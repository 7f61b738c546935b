"""What a command shows of people, or does to what is kept of them, stands in the data-processing log first."""

import os
import pwd
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from secrets import token_hex
from typing import Any
from uuid import UUID

from hub.commands.shared import OPERATOR
from hub.domain.callers import Caller, Capacity
from hub.domain.processing import Outcome, Reading
from hub.domain.traces import Trace
from hub.domain.trajectory import Trajectory
from hub.errors import HubError
from hub.wiring import Hub

Concerned = Mapping[str, Sequence[str]]
NOBODY: Concerned = {}


def note(
    hub: Hub,
    activity: str,
    command: str,
    concerned: Concerned = NOBODY,
    about: tuple[str, str] | None = None,
    outcome: Outcome = Outcome.GIVEN,
    ground: str = "",
    by: str = "",
) -> None:
    """Notes what is about to be shown or done, with who has the shell, and in whose name (`by`) where that is somebody else.

    `concerned`, `about` and `ground` are as a `Reading` has them.

    Raises:
        Unavailable: it could not be noted, so it may not be shown or done.
    """
    now = hub.clock.now()
    known, trace = hub.activities.at(activity, now.date()), Trace(token_hex(16), token_hex(8))
    said: dict[str, Any] = {"about": about, "outcome": outcome, "ground": ground}
    hub.processings.write([Reading.of(known, command, whoever(by), trace, now, now, concerned, **said)])


@contextmanager
def noted(
    hub: Hub, activity: str, command: str, concerned: Concerned = NOBODY, about: tuple[str, str] | None = None
) -> Iterator[None]:
    """Notes what the block does before it does it, and once more where the hub refused.

    Raises:
        Unavailable: it could not be noted, so nothing was done.
    """
    note(hub, activity, command, concerned, about)
    try:
        yield
    except HubError:
        note(hub, activity, command, concerned, about, Outcome.REFUSED)
        raise


def whoever(by: str = "") -> Caller:
    """Who has the shell, by what the operating system calls them: variables of the environment could say anything.

    `by` is in whose name they do it, as they say.
    """
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # in a container nobody may have a name
        name = str(os.getuid())
    return Caller(Capacity.OPERATOR, f"{OPERATOR}:{name} ({by})" if by else f"{OPERATOR}:{name}", "")


def members(hub: Hub, families: Sequence[str]) -> dict[str, list[str]]:
    """The people of these families, by what is recorded and not by a read model that may lag."""

    def look(family: str) -> list[str]:
        known = hub.register.read(lambda unit: unit.find(Trajectory, UUID(family)))
        return list(known.people) if known else []

    return {family: look(family) for family in dict.fromkeys(families)}
