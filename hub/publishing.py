"""Reports over all families together: shown to whoever sees insight, and withdrawn."""

from dataclasses import dataclass
from uuid import UUID

from hub.domain.publications import Kind, Publication, publication_id
from hub.domain.streams import Occasion
from hub.errors import RuleBroken
from hub.register import Register, Unit


@dataclass(frozen=True, slots=True)
class Publishing:
    """What is published."""

    register: Register

    def publish(self, kind: Kind, title: str, page: str, by: str) -> UUID:
        """Shows a report from now on, and gives its id. Raises: RuleBroken, where that very page was published before."""

        def work(unit: Unit) -> UUID:
            if unit.find(Publication, id := publication_id(page)) is not None:
                raise RuleBroken("That very page was published before; if it was withdrawn, make it anew.", code="published-before")
            unit.add(Publication.publish(kind, title, page, Occasion(unit.at, by)))
            return id

        return self.register.do(work).value

    def withdraw(self, report: UUID, motivation: str, by: str) -> None:
        """Shows a report no longer. Raises: NotKnown, Malformed, RuleBroken."""
        self.register.do(lambda unit: unit.get(Publication, report).withdraw(motivation, Occasion(unit.at, by)))
