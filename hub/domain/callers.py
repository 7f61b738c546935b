"""Who asks the hub something, and in which capacity."""

from dataclasses import dataclass
from enum import StrEnum


class Capacity(StrEnum):
    """What somebody is to the hub, which decides what they may do and see."""

    COORDINATOR = "coordinator"
    TEAM_LEAD = "team-lead"
    ADMINISTRATIVE = "administrative"
    AUDITOR = "auditor"
    DATA_PROTECTION_OFFICER = "data-protection-officer"
    OPERATOR = "operator"
    PARTNER = "partner"
    REPORTER = "reporter"


@dataclass(frozen=True, slots=True)
class Caller:
    """A person or system that was told apart: `subject` within `organisation`, acting in the capacity `role`.

    For a partner's system `organisation` is the name of its registration, and `scopes` what its token is for. `kind` is
    the kind of partner that the organisation is registered as, if it is: the authority that it has in decisions.
    """

    role: Capacity
    subject: str
    organisation: str
    scopes: frozenset[str] = frozenset()
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who works here, as they were called when they last logged in; names are empty where the issuer gave none."""

    role: Capacity
    subject: str
    organisation: str
    name: str
    organisation_name: str
