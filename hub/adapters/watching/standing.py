"""How a hub stands at a moment, as far as it could be seen: what its stores hold, who is how far, and what is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hub.ports import Missing

FAR = 60.0
"""Seconds behind the log that are too many."""
UNSIGNED = 180.0
"""Seconds that news waits too long for a checkpoint."""


@dataclass(frozen=True, slots=True)
class Lead:
    """Whether this process does a piece of work that only one may do, and where the process is that does, as far as is known."""

    is_here: bool = False
    by: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a follower of the log is: what it still has to take, for how long that waits (seconds), why it stopped if it did.

    `lead` says who does its work.
    """

    name: str
    position: int
    lag: int
    waits: float
    because: str = ""
    lead: Lead = Lead()


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a way out still has to tell: how many, how many are dead, and how long the oldest waits (seconds)."""

    waiting: int
    dead: int
    oldest: float


@dataclass(frozen=True, slots=True)
class Signed:
    """How a tree of the evidence is signed: for how long news waits for that (seconds), and how many witnesses who should have
    signed the last checkpoint that they had time for did not.

    `size` is how many leaves the tree has, `unsigned` what was recorded since the last checkpoint, which is `age` seconds old
    and was signed by so many `witnesses`.
    """

    waits: float = 0.0
    lacks: int = 0
    size: int = 0
    unsigned: int = 0
    age: float | None = None
    witnesses: int = 0

    @property
    def is_late(self) -> bool:
        """Whether news waits for longer than it may."""
        return self.waits > UNSIGNED


@dataclass(frozen=True, slots=True)
class Standing:
    """All of it; whatever could not be seen is absent: an empty mapping, or `None`.

    `stores` says of each whether it answered, `older` names those whose tables are older than this hub; `works` are what one
    process does for all, beside following, and `unled` what of all that no process does.
    """

    process: str
    version: str
    database: str
    stores: Mapping[str, bool]
    position: int | None = None
    older: Sequence[str] = ()
    has_keys: bool | None = None
    followers: Sequence[Place] = ()
    works: Mapping[str, Lead] = field(default_factory=dict)
    unled: Sequence[str] = ()
    questions: int | None = None
    quarantine: int | None = None
    escalations: Mapping[int, int] = field(default_factory=dict)
    late_requests: int | None = None
    kept_too_long: int | None = None
    ways: Mapping[str, Waiting] = field(default_factory=dict)
    listeners: int = 0
    kafka: bool | None = None
    evidence: Mapping[str, Signed] = field(default_factory=dict)
    is_stopping: bool = False

    @property
    def is_shared(self) -> bool:
        """Whether other processes may do its work."""
        return self.database == "postgresql"

    @property
    def missing(self) -> Sequence[Missing]:
        """What this process does not have, what hinders it first."""
        found = [*self._of_stores(), *self._of_itself(), *self._of_followers(), *self._of_evidence(), *self._of_people()]
        return sorted(found, key=lambda one: not one.hinders)

    @property
    def is_ready(self) -> bool:
        """Whether it can do its work."""
        return not any(one.hinders for one in self.missing)

    def _of_stores(self) -> Sequence[Missing]:
        away = [Missing(f"database-{store}", True) for store, is_up in self.stores.items() if not is_up]
        return [*away, *(Missing(f"migrations-{store}", True) for store in self.older)]

    def _of_itself(self) -> Sequence[Missing]:
        said = (("keys", self.has_keys is False, True), ("stopping", self.is_stopping, True))
        kafka = ("kafka", self.kafka is False, self.process == "consume")
        unled = [Missing(f"nobody-leads-{work.replace(' ', '-')}", False) for work in self.unled]
        return [*(Missing(code, hinders) for code, is_so, hinders in (*said, kafka) if is_so), *unled]

    def _of_evidence(self) -> Sequence[Missing]:
        # whoever looks for proof later would miss it; nobody's work waits for it
        late = [Missing(f"log-not-signed-{tree}", False) for tree, one in self.evidence.items() if one.is_late]
        return [*late, *(Missing(f"log-lacks-witnesses-{tree}", False) for tree, one in self.evidence.items() if one.lacks > 0)]

    def _of_people(self) -> Sequence[Missing]:
        # somebody waits longer for an answer, or is kept longer, than may be: a person has to do something about it
        said = {"person-requests-late": ("late", self.late_requests), "kept-too-long": ("due", self.kept_too_long)}
        return [Missing(code, False, {name: many}) for code, (name, many) in said.items() if many]

    def _of_followers(self) -> Sequence[Missing]:
        # the way in goes on without them: that is what it has a log for
        hinders = self.process == "relay"
        stopped = [Missing(f"follower-stopped-{one.name}", hinders, _more(one)) for one in self.followers if one.because]
        behind = [one for one in self.followers if one.waits > FAR and not one.because]
        return [*stopped, *(Missing(f"follower-behind-{one.name}", hinders, _more(one)) for one in behind)]


def _more(one: Place) -> Mapping[str, str | int]:
    return {"position": one.position, "lag": one.lag, **({"because": one.because} if one.because else {})}
