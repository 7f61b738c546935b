"""Who looked into a family that is not theirs: broken glass, and looks that its director hears of."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from hub.domain.streams import Occasion, Opening, Recorded, Stream, stream_id
from hub.domain.trajectory.clocks import motivated

GLASS = timedelta(hours=4)
"""How long broken glass lets somebody look."""
ONE_LOOK = timedelta(hours=1)
"""Looks of one person within this time are one look to the director; each stands in the processing log."""


def access_id(family: UUID) -> UUID:
    """The stream of who looked into a family."""
    return stream_id("access", str(family))


class Access(Stream):
    """Looks into one family by others than its director."""

    TOPIC = "access"

    broken: dict[str, datetime]
    looked: dict[str, datetime]
    breakings: list["Access.GlassBroken"]

    class Begun(Opening):
        """Somebody who does not direct this family turned to it for the first time."""

        TOPIC = "access-begun"
        family: str

        def apply(self, access: "Access") -> None:
            access.broken, access.looked, access.breakings = {}, {}, []

    class GlassBroken(Recorded):
        """Somebody with no part in this family looks into it because they must, says why, and for a while only."""

        TOPIC = "access-glass-broken"
        SEALED: ClassVar[Mapping[str, str]] = {"reason": "family"}
        family: str
        role: str
        organisation: str
        reason: str
        until: datetime

        def apply(self, access: "Access") -> None:
            access.broken[self.by] = self.until
            access.breakings.append(self)

    class LookedInto(Recorded):
        """Somebody other than the director looked into this family, in this capacity."""

        TOPIC = "access-looked-into"
        family: str
        role: str
        organisation: str
        act: str

        def apply(self, access: "Access") -> None:
            access.looked[self.by] = self.timestamp

    @classmethod
    def begin(cls, family: UUID, on: Occasion) -> "Access":
        """Nobody looked yet."""
        return cls.open(cls.Begun, access_id(family), on, family=str(family))

    def break_glass(self, family: UUID, role: str, organisation: str, reason: str, on: Occasion) -> datetime:
        """Lets somebody look for a while, and gives until when; they say why.

        Raises:
            RuleBroken: no reason is given.
        """
        motivated(reason)
        until = on.at + GLASS
        self.record(
            self.GlassBroken, on, family=str(family), role=role, organisation=organisation, reason=reason.strip(), until=until
        )
        return until

    def look(self, family: UUID, role: str, organisation: str, act: str, on: Occasion) -> None:
        """Notes a look; another by the same person within the hour is silence."""
        before = self.looked.get(on.by)
        if before is None or on.at - before >= ONE_LOOK:
            self.record(self.LookedInto, on, family=str(family), role=role, organisation=organisation, act=act)
