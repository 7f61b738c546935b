"""What is looked at when the story is over: the family now, on two earlier days, and all that others were told."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hub.demo.cast import FAMILY
from hub.demo.playing import Playing
from hub.demo.story import Earlier, Story


def look(playing: Playing, story: Story) -> None:
    """Shows the family as it stands at the end, and holds it against the story."""
    family, checks, end = playing.standing(), playing.checks, story.end
    playing.show.family(family)
    checks.same({axis["axis"]: axis["level"] for axis in family["level"]["axes"]}, dict(end.levels), "the levels now")
    checks.same(family["direction"]["level"], end.direction, "the level of direction now")
    checks.same(family["director"]["who"], end.director, "the director now")
    checks.same(family["phase"], end.phase, "the phase now")
    checks.same({partner["partner"] for partner in family["involved"]}, set(story.involved), "who is involved")
    checks.same(sum(partner["signals"] for partner in family["involved"]), end.signals, "how many signals there are")
    known = {(member["familyName"], member["born"]) for member in family["people"]}
    checks.same(known, {(member.name, member.born.isoformat()) for member in FAMILY.values()}, "who is in the household")
    homes = {(home["address"]["postcode"], home["address"]["number"]) for home in family["households"]}
    checks.same(len(homes), 1, "how many homes there are")
    checks.that(bool(family["plan"]) and len(family["plan"]["goals"]) == 3, "one plan is valid, with three goals")
    checks.same(family["escalations"], [], "escalations that nobody acknowledged")


def look_back(playing: Playing, day: Earlier) -> None:
    """Shows how the case stood on an earlier day, as the hub knew it then."""
    state = playing.history(day.at.isoformat())["state"]
    playing.show.earlier(day, state)
    for words, found, expected in _compared(state, day):
        playing.checks.same(found, expected, f"{words} at {day.says}")


def _compared(state: Mapping[str, Any], day: Earlier) -> list[tuple[str, Any, Any]]:
    return [
        ("the levels", state["levels"], dict(day.levels)),
        ("the level of direction", state["direction"], day.direction),
        ("the phase", state["phase"], day.phase),
        ("the director", state["director"]["who"], day.director),
        ("how many signals there were", len(state["signals"]), day.signals),
        ("whether there was a plan", state["plan"] is not None, day.has_plan),
    ]


def look_at_what_was_told(playing: Playing) -> None:
    """Over all its streams the feed told everything once and in order; the partners were told it signed, and of nobody by name."""
    listener, deliveries, checks = playing.stage.listener, playing.stage.receiver.deliveries, playing.checks
    ids = [heard.id for heard in listener.heard]
    checks.that(ids == sorted(set(ids)), "the feed tells nothing twice, and all in order")
    checks.same(len(ids), sum(fact["event"] in _TOLD for fact in playing.history()["events"]), "how much the feed told")
    checks.same(sorted(listener.raised()), sorted(playing.raised), "the escalations on the feed")
    verified = sum(one.is_verified for one in deliveries)
    checks.same(verified, len(deliveries), "how many deliveries are signed by the hub")
    names = {one.organisation: one.event["data"]["family"] for one in deliveries}
    checks.same(len({*names.values(), playing.family}), len(names) + 1, "how many names the family has, one of each partner's own")
    checks.that(not _names_somebody([one.event for one in deliveries]), "no delivery names anybody")
    playing.show.line(
        f"[dim]{len(ids)} notices on the live feed, taken up {listener.streams} times: none missed, none twice"
        f" · {verified} of {len(deliveries)} webhook deliveries verified[/]"
    )


def look_at_who_follows(playing: Playing) -> None:
    """Nobody who follows the log stopped, and the timeline tells every event of the family in order."""
    hub, checks = playing.stage.hub, playing.checks
    hub.views.catch_up()
    stopped = {one.follower: one.stopped_because for one in (*hub.views.state(), *hub.outbox.state()) if one.stopped_because}
    checks.same(stopped, {}, "who stopped following the log")
    recorded = [(fact["version"], fact["event"]) for fact in playing.history()["events"]]
    checks.same([(item["version"], item["kind"]) for item in _timeline(playing)], recorded, "what the timeline tells")


def _timeline(playing: Playing) -> Iterator[Mapping[str, Any]]:
    path, next = f"/families/{playing.family}/timeline", None
    while next != "":
        page = playing.stage.desk.ask(path, **({"after": next} if next else {}))
        yield from page["items"]
        next = page["next"]


_TOLD = {"level-raised", "escalation-acknowledged", "direction-raised", "handover-accepted", "plan-adopted"}
"""The facts of this story that others are told of."""


def _names_somebody(said: Sequence[Mapping[str, Any]]) -> bool:
    text = json.dumps(said)
    return any(word in text for member in FAMILY.values() for word in (member.bsn, member.given, member.name))
