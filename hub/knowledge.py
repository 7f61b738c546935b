"""Who knew what of a family at a moment: what they had been told, had looked at, and had taken notice of.

Told is what a partner's system took, by whatever way; what was tried and not taken is said apart. Looked at is what the
data-processing log says was given. What somebody heard past the hub, and whether they read what was before them, nobody knows here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hub.domain.callers import Capacity
from hub.domain.processing import Handling, Outcome, Processing, Wanted
from hub.domain.trajectory import Trajectory

AT_ONCE = 500
"""Lines of the data-processing log that are read at once."""
_MILLISECOND = timedelta(milliseconds=1)
_SEEING = frozenset({Handling.READ, Handling.SEARCH, Handling.EXPORT, Handling.DECIDE})
Knower = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Answers who knew what.

    `told` gives what partners had been told of a family by a moment, the earliest first; `looked` a page of the data-processing
    log, `noticed` what people took notice of in a family by a moment.
    """

    told: Callable[[str, datetime], Sequence[Mapping[str, Any]]]
    looked: Callable[[Wanted, str, int], tuple[list[Processing], str]]
    noticed: Callable[[UUID, datetime], Sequence[Trajectory.EscalationAcknowledged]]

    def __call__(self, family: UUID, at: datetime, of: str = "") -> list[Knower]:
        """Everybody who knew anything by then, or those of that organisation or name alone; organisations first.

        Raises:
            Unavailable: the log of what was read cannot be read.
        """
        found: dict[tuple[str, str], Knower] = {}
        for one in self.told(str(family), at):
            self._of(found, one["organisation"], "")["told"].append(dict(one["said"]))
            for person in one["acknowledgements"]:
                self._of(found, one["organisation"], "")["acknowledged"].append(dict(person))
        for line in self._lines(family, at):
            if line.who.role is not Capacity.OPERATOR or line.who.subject:
                self._of(found, line.who.organisation, line.who.subject)["looked"].append(_look(line))
        for fact in self.noticed(family, at):
            notice = {"type": fact.TOPIC, "name": fact.by, "role": "", "at": _text(fact.timestamp)}
            self._of(found, "", fact.by)["acknowledged"].append(notice)
        known = sorted(_joined(found).items(), key=lambda one: (bool(one[0][1]), one[0]))
        return [knower for (organisation, who), knower in known if of in ("", organisation, who)]

    def _of(self, found: dict[tuple[str, str], Knower], organisation: str, who: str) -> Knower:
        empty: Knower = {"organisation": organisation, "who": who, "told": [], "looked": [], "acknowledged": []}
        return found.setdefault((organisation, who), empty)

    def _lines(self, family: UUID, at: datetime) -> Iterator[Processing]:
        wanted, after = Wanted(family=str(family), until=at + _MILLISECOND), ""
        seen: set[str] = set()
        while True:
            lines, after = self.looked(wanted, after, AT_ONCE)
            for line in lines:  # one look concerns each person of the family, in a line each
                if line.outcome is Outcome.GIVEN and line.handling in _SEEING and line.trace.parent_span_id not in seen:
                    seen.add(line.trace.parent_span_id)
                    yield line
            if not after:
                return


def _joined(found: dict[tuple[str, str], Knower]) -> dict[tuple[str, str], Knower]:
    """With what a person took notice of put with what that person looked at, where only one organisation has them."""
    for key in [key for key in found if not key[0]]:
        same = [other for other in found if other[0] and other[1] == key[1]]
        if len(same) == 1:
            found[same[0]]["acknowledged"] += found.pop(key)["acknowledged"]
    return found


def _look(line: Processing) -> dict[str, Any]:
    return {"at": _text(line.start), "what": line.activity, "role": line.who.role.value, "ground": line.ground}


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
