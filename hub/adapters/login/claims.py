"""Who somebody is to the hub, by the claims of an issuer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.domain.callers import Caller, Capacity, Colleague
from hub.errors import NotAllowed

PEOPLE = frozenset(Capacity) - {Capacity.PARTNER}
"""The capacities that people can have; partners' systems come in by another door."""

LONGEST = 200
"""Letters in a name."""


@dataclass(frozen=True, slots=True)
class Claims:
    """The names of the claims that say who somebody is, in which role, and for which organisation."""

    subject: str = "sub"
    role: str = "hub_role"
    organisation: str = "organisation"
    name: str = "name"
    organisation_name: str = "organisation_name"

    def caller(self, said: Mapping[str, Any]) -> Caller:
        """Who somebody is to the hub, by what the issuer says. Raises: NotAllowed, where it gives no role or organisation."""
        subject, organisation = text(said.get(self.subject)), text(said.get(self.organisation))
        return Caller(_role(said.get(self.role)), _given(subject), _given(organisation))

    def colleague(self, said: Mapping[str, Any]) -> Colleague:
        """The same, with how they and their organisation are called, where the issuer says so. Raises: NotAllowed."""
        who, called = self.caller(said), (_shown(said.get(name)) for name in (self.name, self.organisation_name))
        return Colleague(who.role, who.subject, who.organisation, *called)


def _shown(said: object) -> str:
    """A name that can be shown; nothing where it cannot."""
    name = text(said).strip()
    return name if len(name) <= LONGEST and name.isprintable() else ""


def _role(said: object) -> Capacity:
    """The one role that a claim gives, alone or in a list."""
    names = said if isinstance(said, list) else [said]
    found = {role for role in PEOPLE if role.value in names}
    if len(found) != 1:
        raise NotAllowed("You logged in, but with no role, or not with one role, that the hub knows.", code="role-unknown")
    return found.pop()


def _given(text: str) -> str:
    if not (0 < len(text) <= LONGEST and text.isprintable()):
        raise NotAllowed("You logged in, but the issuer does not say who you are, and for which organisation.", code="role-unknown")
    return text


def text(value: object) -> str:
    """A claim, or nothing where it is no text."""
    return value if isinstance(value, str) else ""
