"""A request to investigate: only after a competent person decided so, and about nobody whom that decision does not rest on."""

from dataclasses import dataclass

from hub.domain.trajectory import Trajectory
from hub.domain.words import Role
from hub.errors import NotKnown, RuleBroken

LEVER = "council-investigation"
"""The lever of the matrix whose decision is this request; the hub advises it nowhere."""
REQUEST = "nl.vig.investigations.requested.v1"
"""What the request is called; it is no notice, for it holds names, which wait in no queue."""
PURPOSE = "child-safety"
COUNCIL = "child-protection-council"


@dataclass(frozen=True, slots=True)
class Requested:
    """A decision to ask for an investigation: by whom, and about whom; the people by their ids."""

    request: str
    authority: str
    decided_by: str
    ground: str
    children: tuple[str, ...]
    parents: tuple[str, ...]


def requested(family: Trajectory, decision: str) -> Requested:
    """What was decided, with the children whom the signals behind it name, and the parents in the family.

    Raises:
        NotKnown: there is no such decision in force.
        RuleBroken: it is another lever, what it rests on names no child, or the family was not informed (L13).
    """
    found = family.levers.get(decision)
    if found is None:
        raise NotKnown("This family has no such decision in force.")
    if found.lever != LEVER:
        raise RuleBroken("That decision is about another lever; nobody asked for an investigation.", code="no-request-decided")
    if not family.is_informed:
        raise RuleBroken("Note first how the family was informed, or why not: only then may it be shared.", code="not-informed")
    cited = {signal for id in found.escalations for signal in family.escalation(id).signals}
    named = {person for signal in cited if signal in family.signals for person in family.signals[signal].people}
    children = tuple(person for person in _those(Role.CHILD, family) if person in named)
    if not children:
        raise RuleBroken("What this decision rests on names no child of this family.", code="no-child")
    return Requested(found.id, found.authority, found.decided_by, found.ground, children, _those(Role.PARENT, family))


def _those(role: Role, family: Trajectory) -> tuple[str, ...]:
    return tuple(sorted(member.person for member in family.people.values() if member.role is role))
