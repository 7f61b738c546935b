"""The network of a family: who stands around it, formal and informal, how they get along, and what they meet about.

The sociogram that follows from it is that of Moreno (Who Shall Survive?, 1934): people, and the quality of what is between them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from hub.domain.streams import Occasion, Recorded, sealed, stream_id
from hub.domain.trajectory.clocks import motivated
from hub.domain.trajectory.voice import Voiced
from hub.domain.words import LifeArea
from hub.errors import NotKnown, RuleBroken


class Side(StrEnum):
    """On which side of a network somebody stands."""

    FORMAL = "formal"
    """By profession: a teacher, a general practitioner, a debt counsellor."""
    INFORMAL = "informal"
    """By themselves: a grandmother, a neighbour, a coach of the football club."""


class Quality(StrEnum):
    """How two people get along, by whoever drew it with the family."""

    SUPPORTIVE = "supportive"
    CHANGING = "changing"
    STRAINED = "strained"
    BROKEN = "broken"


class Became(StrEnum):
    """What came of what a case meeting decided."""

    GOAL = "goal"
    LEVER = "lever"
    SIGNAL = "signal"
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Involved:
    """Somebody in the network: who, as what, for which life areas, since when, who asked them in, and who permitted that.

    Moments are days; `permitted_by` is who of the family, and is empty on the formal side alone.
    """

    id: str
    side: Side
    name: str
    what: str
    on_behalf_of: str = ""
    how_to_reach: str = ""
    areas: tuple[LifeArea, ...] = ()
    since: str = ""
    asked_by: str = ""
    permitted_by: str = ""
    permitted_on: str = ""

    @property
    def is_permitted(self) -> bool:
        """Whether the family said that they may be noted: of who is no professional it has to (L2)."""
        return self.side is Side.FORMAL or bool(self.permitted_by.strip() and self.permitted_on)


@dataclass(frozen=True, slots=True)
class Tie:
    """What is between two people, of the family or around it."""

    one: str
    other: str
    quality: Quality


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a case meeting decided, who does it and before when, and what came of it: `came_of` is the id of the goal or so."""

    id: str
    words: str
    owner: str
    due: str
    became: Became | None = None
    came_of: str = ""


@dataclass(frozen=True, slots=True)
class Meeting:
    """A case meeting: called for a moment, with whom and about what; held, with who was there and what was decided."""

    id: str
    at: datetime
    invited: tuple[str, ...]
    is_held: bool = False
    resolutions: tuple[Resolution, ...] = ()


class Network(Voiced):
    """Who stands around the family, and what they meet about."""

    TOPIC = "trajectory-network"

    network: dict[str, Involved]
    ties: dict[tuple[str, str], Tie]
    meetings: dict[str, Meeting]
    stood_around: set[str]
    """Everybody who ever did, but those who were erased."""

    def begin(self) -> None:
        super().begin()
        self.network, self.ties, self.meetings, self.stood_around = {}, {}, {}, set()

    class NetworkJoined(Recorded):
        """Somebody stands in the network, or more is known of them; the family permitted it for who is no professional."""

        TOPIC = "network-joined"
        SEALED = sealed("name", "what", "on_behalf_of", "how_to_reach", "asked_by", "permitted_by", whose="id")
        id: str
        side: str
        name: str
        what: str
        on_behalf_of: str
        how_to_reach: str
        areas: list[str]
        since: str
        asked_by: str
        permitted_by: str
        permitted_on: str

        def apply(self, family: "Network") -> None:
            areas = tuple(LifeArea(area) for area in self.areas)
            about = (self.what, self.on_behalf_of, self.how_to_reach, areas, self.since)
            permitted = (self.asked_by, self.permitted_by, self.permitted_on)
            family.network[self.id] = Involved(self.id, Side(self.side), self.name, *about, *permitted)
            family.stood_around.add(self.id)

    class NetworkLeft(Recorded):
        """Somebody is in the network no longer, since that day."""

        TOPIC = "network-left"
        SEALED = sealed("motivation")
        id: str
        left_on: str
        motivation: str

        def apply(self, family: "Network") -> None:
            family._part_from(self.id)

    class NetworkErased(Recorded):
        """The key of all that was kept of somebody who stood around the family was destroyed, on that ground."""

        TOPIC = "network-erased"
        id: str
        ground: str

        def apply(self, family: "Network") -> None:
            family._part_from(self.id)
            family.stood_around.discard(self.id)

    class TieDrawn(Recorded):
        """How two people get along, as was drawn with the family; it stands until it is drawn anew."""

        TOPIC = "tie-drawn"
        SEALED = sealed("words")
        one: str
        other: str
        quality: str
        words: str

        def apply(self, family: "Network") -> None:
            family.ties[self.one, self.other] = Tie(self.one, self.other, Quality(self.quality))

    class TieErased(Recorded):
        """Nothing is drawn any more between two people."""

        TOPIC = "tie-erased"
        one: str
        other: str

        def apply(self, family: "Network") -> None:
            family.ties.pop((self.one, self.other), None)

    class MeetingCalled(Recorded):
        """A case meeting was called: for when, with whom, and about what."""

        TOPIC = "meeting-called"
        SEALED = sealed("agenda", "place")
        id: str
        begins: datetime
        place: str
        invited: list[str]
        agenda: list[str]

        def apply(self, family: "Network") -> None:
            family.meetings[self.id] = Meeting(self.id, self.begins, tuple(self.invited))

    class MeetingHeld(Recorded):
        """A case meeting was held: who was there, and what was decided, by whom it is done and before when."""

        TOPIC = "meeting-held"
        SEALED = sealed("resolutions[].words", "resolutions[].owner", "words")
        id: str
        present: list[str]
        words: str
        resolutions: list[dict[str, str]]

        def apply(self, family: "Network") -> None:
            decided = tuple(Resolution(said["id"], said["words"], said["owner"], said["due"]) for said in self.resolutions)
            family.meetings[self.id] = replace(family.meetings[self.id], is_held=True, resolutions=decided)

    class MeetingCancelled(Recorded):
        """A case meeting was not held, for a reason."""

        TOPIC = "meeting-cancelled"
        SEALED = sealed("motivation")
        id: str
        motivation: str

        def apply(self, family: "Network") -> None:
            family.meetings.pop(self.id, None)

    class ResolutionFollowed(Recorded):
        """What a meeting decided became a goal, a lever or a signal, was done as it was, or was dropped."""

        TOPIC = "resolution-followed"
        SEALED = sealed("words")
        id: str
        resolution: str
        became: str
        came_of: str
        words: str

        def apply(self, family: "Network") -> None:
            meeting = family.meetings[self.id]
            followed = (
                replace(one, became=Became(self.became), came_of=self.came_of) if one.id == self.resolution else one
                for one in meeting.resolutions
            )
            family.meetings[self.id] = replace(meeting, resolutions=tuple(followed))

    # Who stands around the family ---------------------------------------------------------------

    def involve(self, somebody: Involved, on: Occasion) -> str:
        """Somebody stands in the network; gives their id. With an id that is there, more is known of them; a repeat is silence.

        Raises:
            RuleBroken: they are no professional, and nobody of the family permitted it.
            NotKnown: there is nobody by that id.
        """
        self.must_be_open()
        if not somebody.is_permitted:
            raise RuleBroken("Who of the family permitted it, and on which day, has to be said.", code="permission-missing")
        if somebody.id:
            self._involved(somebody.id)
        known = replace(somebody, id=somebody.id or self._next("network"))
        if self.network.get(known.id) != known:
            said = {name: getattr(known, name) for name in Involved.__slots__ if name not in ("side", "areas")}
            self.record(self.NetworkJoined, on, **said, side=known.side.value, areas=[area.value for area in known.areas])
        return known.id

    def leave_network(self, id: str, left_on: str, motivation: str, on: Occasion) -> None:
        """Somebody is in the network no longer. Raises: NotKnown."""
        self.must_be_open()
        motivated(motivation)
        self._involved(id)
        self.record(self.NetworkLeft, on, id=id, left_on=left_on, motivation=motivation)

    def erase_around(self, id: str, ground: str, on: Occasion) -> None:
        """Who they were is made unreadable, also after the trajectory ended.

        Raises:
            NotKnown: nobody by that id ever stood around this family, or they were erased.
            RuleBroken: no ground was given.
        """
        if not ground.strip():
            raise RuleBroken("Erasing somebody needs a ground.", code="ground-missing")
        if id not in self.stood_around:
            raise NotKnown("Nobody in the network of this family has that id.")
        self.record(self.NetworkErased, on, id=id, ground=ground)

    def draw_tie(self, one: str, other: str, quality: Quality | None, words: str, on: Occasion) -> None:
        """Says how two people get along, or with `None` that nothing is to be drawn; the same again without words is silence.

        Raises:
            NotKnown: one of them is neither of the family nor in its network.
            RuleBroken: it is one and the same person.
        """
        self.must_be_open()
        one, other = sorted((one, other))
        if one == other:
            raise RuleBroken("A tie is between two people.", code="same-person")
        for each in (one, other):
            if each not in self.people:
                self._involved(each)
        drawn = self.ties.get((one, other))
        if quality is None:
            if drawn is not None:
                self.record(self.TieErased, on, one=one, other=other)
        elif words.strip() or drawn is None or drawn.quality is not quality:
            self.record(self.TieDrawn, on, one=one, other=other, quality=quality.value, words=words)

    # Case meetings ------------------------------------------------------------------------------

    def call_meeting(self, begins: datetime, place: str, invited: Sequence[str], agenda: Sequence[str], on: Occasion) -> str:
        """Calls a case meeting; gives its id. Raises: NotKnown, RuleBroken."""
        self.must_be_open()
        if begins <= on.at:
            raise RuleBroken("A meeting is called for a moment to come.", code="moment-passed")
        self._must_be_here(invited)
        id = self._next("meeting")
        self.record(self.MeetingCalled, on, id=id, begins=begins, place=place, invited=list(invited), agenda=list(agenda))
        return id

    def hold_meeting(
        self, id: str, present: Sequence[str], words: str, resolutions: Sequence[tuple[str, str, date]], on: Occasion
    ) -> None:
        """Says who was there, and what was decided: each in words, by whom it is done, and before which day.

        Raises:
            NotKnown: no such meeting was called, or somebody is neither of the family nor in its network.
            RuleBroken: it was held already, or did not begin yet.
        """
        self.must_be_open()
        meeting = self._meeting(id)
        if meeting.is_held:
            raise RuleBroken("This meeting was held already: say what came of it.", code="meeting-held")
        if meeting.at > on.at:
            raise RuleBroken("This meeting has not begun yet.", code="meeting-to-come")
        self._must_be_here(present)
        decided = [
            {"id": f"{place}", "words": said, "owner": owner, "due": due.isoformat()}
            for place, (said, owner, due) in enumerate(resolutions, start=1)
        ]
        self.record(self.MeetingHeld, on, id=id, present=list(present), words=words, resolutions=decided)

    def cancel_meeting(self, id: str, motivation: str, on: Occasion) -> None:
        """A meeting that was called is not held. Raises: NotKnown, RuleBroken."""
        self.must_be_open()
        motivated(motivation)
        if self._meeting(id).is_held:
            raise RuleBroken("This meeting was held already.", code="meeting-held")
        self.record(self.MeetingCancelled, on, id=id, motivation=motivation)

    def follow_resolution(self, id: str, resolution: str, became: Became, came_of: str, words: str, on: Occasion) -> None:
        """Says what became of what a meeting decided; the same again is silence.

        Raises:
            NotKnown: there is no such meeting, decision, goal in the valid plan, lever in force, or signal.
        """
        self.must_be_open()
        decided = next((one for one in self._meeting(id).resolutions if one.id == resolution), None)
        if decided is None:
            raise NotKnown("That meeting decided no such thing.")
        there = {
            Became.GOAL: {goal.goal for goal in self.plan.goals} if self.plan else set(),
            Became.LEVER: set(self.levers),
            Became.SIGNAL: set(self.signals),
        }
        if became in there and came_of not in there[became]:
            raise NotKnown("This family has no such goal, lever or signal.")
        kept = came_of if became in there else ""
        if (decided.became, decided.came_of) != (became, kept):
            self.record(self.ResolutionFollowed, on, id=id, resolution=resolution, became=became.value, came_of=kept, words=words)

    def _part_from(self, id: str) -> None:
        self.network.pop(id, None)
        self.ties = {pair: tie for pair, tie in self.ties.items() if id not in pair}

    def _involved(self, id: str) -> Involved:
        if id not in self.network:
            raise NotKnown("Nobody in the network of this family has that id.")
        return self.network[id]

    def _meeting(self, id: str) -> Meeting:
        if id not in self.meetings:
            raise NotKnown("No such meeting was called.")
        return self.meetings[id]

    def _must_be_here(self, ids: Sequence[str]) -> None:
        for id in ids:
            if id not in self.people:
                self._involved(id)

    def _next(self, kind: str) -> str:
        return str(stream_id(kind, str(self.id), str(self.version + 1)))
