"""Who may do what: one table, in which nothing is allowed that is not written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hub.domain.access import Access, Assignment
from hub.domain.callers import Caller, Capacity
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.clocks import ENDED
from hub.domain.words import Direction


class Act(StrEnum):
    """What somebody does, as far as the policy tells it apart."""

    SEE_FAMILY = "see-family"
    SEE_HISTORY = "see-history"
    SEE_KNOWLEDGE = "see-knowledge"
    MAKE_FILE = "make-file"
    SEE_TODAY = "see-today"
    SEE_LISTS = "see-lists"
    SEE_INSIGHT = "see-insight"
    SEE_ESCALATIONS = "see-escalations"
    FOLLOW = "follow"
    SEARCH = "search"
    BREAK_GLASS = "break-glass"
    SEE_BREAKINGS = "see-breakings"
    SEE_ASSIGNMENTS = "see-assignments"
    ASSIGN_AUDITOR = "assign-auditor"
    ACKNOWLEDGE = "acknowledge"
    ANSWER_HANDOVER = "answer-handover"
    DIRECT = "direct"
    ASSIGN = "assign"
    DECIDE_LEVER = "decide-lever"
    COMPEL = "compel"
    PLACE = "place"
    ANSWER_QUESTIONS = "answer-questions"
    SEE_QUESTIONS = "see-questions"
    SEE_QUARANTINE = "see-quarantine"
    PROCESS_AGAIN = "process-again"
    SEE_UPKEEP = "see-upkeep"
    TELL_AGAIN = "tell-again"
    READ_RECEIPTS = "read-receipts"
    SUBSCRIBE = "subscribe"
    READ_NOTICES = "read-notices"
    ACKNOWLEDGE_NOTICES = "acknowledge-notices"
    SEE_TELLINGS = "see-tellings"
    CHOOSE_CONTACT = "choose-contact"
    SEE_DUTY = "see-duty"
    PLAN_DUTY = "plan-duty"
    SEE_COLLEAGUES = "see-colleagues"
    READ_PROCESSING_LOG = "read-processing-log"
    SEE_REQUESTS = "see-requests"
    NOTE_REQUEST = "note-request"
    HANDLE_REQUESTS = "handle-requests"
    SEE_RETENTION = "see-retention"
    HOLD_RETENTION = "hold-retention"
    SEE_EVIDENCE = "see-evidence"
    REPORT = "report"


class Reach(StrEnum):
    """How far a capacity reaches in an act.

    `OWN` are the families that one directs, coaches, is of the team of, or as an auditor is assigned to (for a partner:
    its own messages, for a reporter: their own reports); `DUTY` is for whoever is of the organisation on duty;
    `ALL` knows no such bounds.
    """

    NOBODY = "-"
    OWN = "own"
    DUTY = "duty"
    ALL = "all"


_TABLE = """
                     coordinator  team-lead  administrative  auditor  data-protection-officer  operator  partner  reporter
see-family           own          own        own             own      -                        -         -        -
see-history          own          own        own             own      all                      -         -        -
see-knowledge        -            -          -               own      all                      -         -        -
make-file            -            -          -               own      -                        -         -        -
see-today            own          own        own             -        -                        -         -        -
see-lists            own          own        own             -        -                        -         -        -
see-insight          all          all        all             all      all                      -         -        -
see-escalations      own          own        own             own      -                        -         -        -
follow               own          own        own             -        all                      all       -        -
search               all          all        all             -        -                        -         -        -
break-glass          all          all        all             -        -                        -         -        -
see-breakings        own          own        own             own      all                      -         -        -
see-assignments      own          own        own             own      all                      -         -        -
assign-auditor       -            -          -               -        all                      -         -        -
acknowledge          own          own        own             -        -                        -         -        -
answer-handover      own          own        own             -        -                        -         -        -
direct               own          own        own             -        -                        -         -        -
assign               own          own        -               -        -                        -         -        -
decide-lever         own          own        own             -        -                        -         -        -
compel               -            own        own             -        -                        -         -        -
place                own          own        -               -        -                        -         -        -
answer-questions     duty         duty       -               -        -                        -         -        -
see-questions        duty         duty       -               all      -                        -         -        -
see-quarantine       -            -          -               -        -                        all       -        -
process-again        -            -          -               -        -                        all       -        -
see-upkeep           -            -          -               -        -                        all       -        -
tell-again           -            -          -               -        -                        all       -        -
read-receipts        -            -          -               -        -                        -         own      -
subscribe            -            -          -               -        -                        -         own      -
read-notices         -            -          -               -        -                        -         own      -
acknowledge-notices  -            -          -               -        -                        -         own      -
see-tellings         -            -          -               all      -                        -         own      -
choose-contact       own          own        own             own      own                      own       -        -
see-duty             own          own        own             -        -                        own       -        -
plan-duty            -            own        -               -        -                        own       -        -
see-colleagues       all          all        all             all      all                      -         -        -
read-processing-log  -            -          -               all      all                      -         -        -
see-requests         -            -          -               all      all                      -         -        -
note-request         own          own        own             -        all                      -         -        -
handle-requests      -            -          -               -        all                      -         -        -
see-retention        own          own        own             all      all                      -         -        -
hold-retention       -            -          -               -        all                      -         -        -
see-evidence         -            -          -               all      all                      all       -         -
report               -            -          -               -        -                        -         -          own
"""


def _read(table: str) -> Mapping[tuple[Act, Capacity], Reach]:
    head, *rows = (line.split() for line in table.strip().splitlines())
    roles = [Capacity(word) for word in head]
    return {(Act(act), role): Reach(reach) for act, *reaches in rows for role, reach in zip(roles, reaches, strict=True)}


POLICY = _read(_TABLE)
_OF_NOTICES = (Act.SUBSCRIBE, Act.READ_NOTICES, Act.ACKNOWLEDGE_NOTICES, Act.SEE_TELLINGS)
SCOPES = {Act.READ_RECEIPTS: "signals:read", **dict.fromkeys(_OF_NOTICES, "notices:read")}
"""What the token of a partner's system has to be for."""


def reach_of(act: Act, caller: Caller) -> Reach:
    """How far this caller reaches; a partner's system also needs the scope."""
    if caller.role is Capacity.PARTNER and SCOPES.get(act) not in caller.scopes:
        return Reach.NOBODY
    return POLICY.get((act, caller.role), Reach.NOBODY)


class Relation(StrEnum):
    """What somebody is to a family."""

    DIRECTOR = "director"
    COACH = "coach"
    OFFERED = "offered"
    TEAM = "team"
    ADMINISTRATION = "administration"
    INVOLVED = "involved"
    GLASS = "glass"
    ASSIGNED = "assigned"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Standing:
    """A family as far as the policy looks at it: who is who to it, and the persons in it.

    `organisation` is the director's, which they showed when they accepted: what somebody types for another opens nothing.
    """

    director: str
    coach: str
    offered: str
    offered_until: datetime | None
    organisation: str
    is_administrative: bool
    is_ended: bool
    glass: Mapping[str, datetime]
    people: tuple[str, ...]
    partners: frozenset[str]
    assignments: tuple[Assignment, ...] = ()

    def relation(self, caller: Caller, at: datetime) -> Relation:
        """What this caller is to the family; the team of an ended trajectory is nothing to it any more."""
        if caller.role is Capacity.AUDITOR:
            # whoever watches is of no team: they look where somebody assigned them, and nowhere else
            return Relation.ASSIGNED if self.assignment(caller, at) else Relation.OTHER
        if caller.subject == self.director:
            return Relation.DIRECTOR
        if caller.subject == self.coach:
            return Relation.COACH
        if caller.subject == self.offered and self.offered_until is not None and at < self.offered_until:
            return Relation.OFFERED
        if caller.role is Capacity.ADMINISTRATIVE and self.is_administrative and not self.is_ended:
            return Relation.ADMINISTRATION
        if caller.organisation and caller.organisation == self.organisation and not self.is_ended:
            return Relation.TEAM
        if {caller.organisation, caller.kind} & self.partners:
            return Relation.INVOLVED
        return Relation.GLASS if self.is_broken(caller, at) else Relation.OTHER

    def assignment(self, caller: Caller, at: datetime) -> Assignment | None:
        """The assignment under which this caller looks, where there is one."""
        if caller.role is not Capacity.AUDITOR:
            return None
        return next((one for one in self.assignments if one.holds(caller.subject, at)), None)

    def is_broken(self, caller: Caller, at: datetime) -> bool:
        """Whether the glass is broken for this caller."""
        until = self.glass.get(caller.subject)
        return until is not None and at < until and caller.role is not Capacity.AUDITOR


OPENED_BY_GLASS = frozenset({Act.SEE_FAMILY, Act.SEE_HISTORY, Act.SEE_ESCALATIONS})
"""Broken glass lets one look, not decide."""
OPENED_BY_OFFER = frozenset({Act.SEE_FAMILY, Act.SEE_TODAY, Act.ANSWER_HANDOVER})
"""What is offered may be looked at and answered, and is nobody's to direct until it is accepted."""
OPENED_BY_ASSIGNMENT = OPENED_BY_GLASS | {Act.SEE_KNOWLEDGE, Act.MAKE_FILE, Act.SEE_BREAKINGS, Act.SEE_ASSIGNMENTS}
"""What an auditor may look at of a family that they are assigned to, and take with them."""
_PART: Mapping[Relation, frozenset[Act]] = {
    Relation.OTHER: frozenset(),
    Relation.OFFERED: OPENED_BY_OFFER,
    # an authority that gave signals decides on what is its own to decide, and sees no more for it
    Relation.INVOLVED: frozenset({Act.DECIDE_LEVER}),
    Relation.GLASS: OPENED_BY_GLASS,
    Relation.ASSIGNED: OPENED_BY_ASSIGNMENT,
}
"""What those may do who are less to a family than its own."""


HEARD: Mapping[Capacity, tuple[str, ...]] = {
    Capacity.COORDINATOR: ("nl.vig.escalations.", "nl.vig.trajectories."),
    Capacity.TEAM_LEAD: ("nl.vig.escalations.", "nl.vig.trajectories."),
    Capacity.ADMINISTRATIVE: ("nl.vig.escalations.", "nl.vig.trajectories."),
    Capacity.DATA_PROTECTION_OFFICER: ("nl.vig.looks.", "nl.vig.registrations."),
    Capacity.OPERATOR: ("nl.vig.registrations.", "nl.vig.subscriptions.disabled."),
}
"""The types of notices that people in each capacity hear of on the live feed, by how they begin."""
TO_DIRECTORS = "nl.vig.looks."
"""What the director of a family hears of, and of nobody else's."""


def may_hear(type: str, caller: Caller, family: Standing | None, at: datetime) -> bool:
    """Whether this caller hears of a notice; `family` is the one that it is about, if any."""
    if type.startswith(HEARD.get(caller.role, ())):
        return reach_of(Act.FOLLOW, caller) is Reach.ALL or (family is not None and may(Act.FOLLOW, caller, family, at))
    if not type.startswith(TO_DIRECTORS) or family is None or reach_of(Act.FOLLOW, caller) is not Reach.OWN:
        return False
    return family.relation(caller, at) is Relation.DIRECTOR


def standing(family: Trajectory, access: Access | None) -> Standing:
    """How a family stands now."""
    # a family that was merged into another is handed over there
    offer = family.offered if not family.merged_into else None
    return Standing(
        director=family.director.who,
        coach=family.coach.who if family.coach else "",
        offered=offer.to.who if offer else "",
        offered_until=offer.until if offer else None,
        organisation=family.director.organisation,
        is_administrative=family.direction is Direction.ADMINISTRATIVE,
        is_ended=family.phase in ENDED,
        glass=dict(access.broken) if access else {},
        people=tuple(family.people),
        partners=frozenset(signal.partner for signal in family.signals.values()) - {""},
        assignments=tuple(access.assignments.values()) if access else (),
    )


def may(act: Act, caller: Caller, family: Standing, at: datetime) -> bool:
    """Whether this caller may do this with this family."""
    reach = reach_of(act, caller)
    if reach is not Reach.OWN:
        return reach is Reach.ALL
    relation = family.relation(caller, at)
    is_opened = act in OPENED_BY_GLASS and family.is_broken(caller, at)
    return is_opened or relation not in _PART or act in _PART[relation]
