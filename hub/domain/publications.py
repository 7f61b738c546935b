"""Reports over all families together, as they were published: what was shown to whoever answers for it stands in the log."""

from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from hub.domain.streams import Occasion, Opening, Recorded, Stream, sealed, stream_id
from hub.domain.trajectory.clocks import motivated
from hub.errors import RuleBroken


class Kind(StrEnum):
    """What a report is about."""

    EVALUATION = "evaluation"
    """Whether it helped: plan, process and effect over a cohort."""
    SOCIAL_RETURN = "social-return"
    """What it cost beside what it spared whom."""
    SIMULATION = "simulation"
    """What would have happened in a neighbourhood that was made up."""


def publication_id(page: str) -> UUID:
    """The stream of a report: the same page is the same report."""
    return stream_id("publication", digest(page))


class Publication(Stream):
    """One report: shown to all who see insight, until somebody withdraws it."""

    TOPIC = "publication"

    is_withdrawn: bool

    class Published(Opening):
        """A report was published: `page` is its HTML, `digest` the SHA-256 of its bytes (UTF-8), in hexadecimal."""

        TOPIC = "publication-published"
        kind: str
        title: str
        digest: str
        page: str

        def apply(self, publication: "Publication") -> None:
            publication.is_withdrawn = False

    class Withdrawn(Recorded):
        """Somebody found that it should not be shown any more, and why; that it was shown stays in the log."""

        TOPIC = "publication-withdrawn"
        SEALED = sealed("motivation")
        motivation: str

        def apply(self, publication: "Publication") -> None:
            publication.is_withdrawn = True

    @classmethod
    def publish(cls, kind: Kind, title: str, page: str, on: Occasion) -> "Publication":
        """Shows a report from now on."""
        said = {"kind": kind.value, "title": title, "digest": digest(page), "page": page}
        return cls.open(cls.Published, publication_id(page), on, **said)

    def withdraw(self, motivation: str, on: Occasion) -> None:
        """Shows it no longer. Raises: RuleBroken, where it is withdrawn already, or nobody says why."""
        motivated(motivation)
        if self.is_withdrawn:
            raise RuleBroken("This report is withdrawn already.", code="withdrawn")
        self.record(self.Withdrawn, on, motivation=motivation)


def digest(page: str) -> str:
    """The SHA-256 of a page's bytes (UTF-8), in hexadecimal."""
    return sha256(page.encode()).hexdigest()
