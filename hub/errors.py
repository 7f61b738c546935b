"""Every way the hub says no, as one small tree.

::

    HubError
    ├── Refused                 the sender got something wrong; nothing was recorded
    │   ├── Malformed           not what the contract asks (every violation at once)
    │   ├── TooLarge            more bytes than the hub accepts
    │   ├── WrongMediaType      a content type the hub does not read
    │   ├── SignatureRefused    unsigned, wrongly signed, or signed by somebody else
    │   ├── UnknownType         a message type no contract describes
    │   ├── NotAllowed          no legal basis, purpose or role for this
    │   ├── NotKnown            nobody by that key, or not for you to see
    │   ├── IdReused            the same id was used for another body
    │   └── TooMany             more, or more often, than was agreed: not now
    ├── Unreadable              rightly signed but not readable: kept in quarantine
    ├── Unauthenticated         who are you?
    ├── RuleBroken              the trajectory's own rules forbid this decision
    ├── StaleDecision           decided on an older state than the present one
    ├── Unavailable             the hub cannot keep its promises right now; try again
    │   └── OutOfReach          a database is away, full or broken: nobody's own fault
    └── Fault                   something in the hub is broken; trying again will not help
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

MOST_VIOLATIONS = 100
"""Reasons in one answer: more help nobody, and a small message must not give a large one."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is wrong: where (a pointer, never a person's data) and what, in words."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what


def most_of(violations: Iterable[Violation]) -> tuple[Violation, ...]:
    """The first of them, and that there are more where there are; no further one is looked for."""
    first = tuple(islice(violations, MOST_VIOLATIONS + 1))
    return first if len(first) <= MOST_VIOLATIONS else (*first[:-1], Violation("", "and more"))


class HubError(Exception):
    """The root: a stable code for machines, a sentence for people, and all that is wrong, within `MOST_VIOLATIONS`."""

    code = "hub-error"

    def __init__(self, detail: str, violations: Iterable[Violation] = (), *, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.violations = most_of(violations)
        self.code = code or type(self).code


class Refused(HubError):
    """The sender got something wrong; nothing was recorded."""

    code = "refused"


class Malformed(Refused):
    """The input is not what its contract asks."""

    code = "malformed"


class TooLarge(Refused):
    """More bytes, events or depth than the hub accepts."""

    code = "too-large"


class WrongMediaType(Refused):
    """A content type the hub does not read here."""

    code = "wrong-media-type"


class SignatureRefused(Refused):
    """No, a wrong, or somebody else's signature; `code` says which."""

    code = "signature-invalid"


class UnknownType(Refused):
    """A message type that no active contract of this partner describes."""

    code = "unknown-type"


class NotAllowed(Refused):
    """No legal basis, purpose, covenant or role allows this."""

    code = "not-allowed"


class NotKnown(Refused):
    """There is nothing by that key, or nothing that the asker may see: the two answers are one."""

    code = "not-known"


class IdReused(Refused):
    """The same (source, id) was used before for another body."""

    code = "id-reused"


@dataclass(frozen=True, slots=True)
class Quota:
    """So much in so many seconds, and what is left of it now."""

    name: str
    most: int
    seconds: int
    left: int


class TooMany(Refused):
    """More, or more often, than was agreed; `wait` is in how many seconds the same may be asked again."""

    code = "too-many"

    def __init__(self, detail: str, wait: float, quota: Quota | None = None, *, code: str | None = None) -> None:
        super().__init__(detail, code=code)
        self.wait, self.quota = wait, quota


class Unreadable(HubError):
    """A rightly signed message that its adapter cannot read: kept, with complete reasons."""

    code = "unreadable"


class Unauthenticated(HubError):
    """The caller did not show who it is, or what it showed is not valid now."""

    code = "unauthenticated"


class RuleBroken(HubError):
    """The trajectory's own rules forbid this decision."""

    code = "rule-broken"


class StaleDecision(HubError):
    """The decision was taken on an older state than the present one."""

    code = "stale-decision"


class Unavailable(HubError):
    """The hub cannot keep its promises right now; nothing was acknowledged."""

    code = "unavailable"


class OutOfReach(Unavailable):
    """A database does not answer as it should; nothing was acknowledged."""


class Fault(HubError):
    """Something in the hub is broken: nothing was recorded, and trying again will not help before it is mended."""

    code = "fault"
