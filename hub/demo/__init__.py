"""The demo: some twelve weeks of one family that does not exist, played through a hub of its own, shown and checked.

`story` says what happens, `cast` who plays, `stage` with what, `playing` does each step over HTTP, `show` prints it.
"""

from collections.abc import Mapping
from threading import Event
from time import perf_counter
from typing import Any

from rich.console import Console

from hub.demo.cast import COORDINATOR
from hub.demo.checks import Checks
from hub.demo.desk import Surprise
from hub.demo.playing import Playing
from hub.demo.show import WIDTH, Show, addresses
from hub.demo.stage import PortTaken, Stage, stage
from hub.demo.story import STORY, Earlier, Story

HELLO = "[bold]One family, one plan, one director[/] · twelve weeks of a family that does not exist, played over HTTP"


def play(once: bool = False, port: int = 8000, story: Story = STORY) -> int:
    """Plays the story on 127.0.0.1 and stays up until Ctrl+C, or checks it `once`; gives the exit code: 1 where a check failed."""
    console = Console()
    console.width = min(WIDTH, console.width) if console.is_terminal else WIDTH
    try:
        with stage(port, story.steps[0].at) as at:
            return _played(at, story, once, console)
    except PortTaken:
        console.print(f"Port {port} of 127.0.0.1 is taken. Choose another: [bold]hub demo --port {port + 1}[/]", highlight=False)
        return 1
    except KeyboardInterrupt:
        return 130


def _played(at: Stage, story: Story, once: bool, console: Console) -> int:
    begun, checks = perf_counter(), Checks()
    show = Show(console, at.hub.families.rules(story.end.at).matrix)
    show.line(HELLO)
    show.line(f"[dim]{at.url} · {len(at.senders)} partners registered with fresh keys (PS256, RSA 2048) · under a demo clock[/]")
    playing = Playing(at, show, checks)
    try:
        _tell(playing, story)
    except Surprise as surprise:
        checks.that(False, str(surprise))
    console.print(f"\n{_summed_up(checks, perf_counter() - begun)}", highlight=False)
    if not once and not checks.failed:
        _stay(playing, console)
    return 1 if checks.failed else 0


def _tell(playing: Playing, story: Story) -> None:
    for step in story.steps:
        playing.take(step)
    playing.show.line()
    _look(playing, story)
    for day in story.earlier:
        _look_back(playing, day)
    _hear_out(playing)


def _look(playing: Playing, story: Story) -> None:
    family, checks, end = playing.standing(), playing.checks, story.end
    playing.show.family(family)
    checks.same({axis["axis"]: axis["level"] for axis in family["level"]["axes"]}, dict(end.levels), "the levels now")
    checks.same(family["direction"]["level"], end.direction, "the level of direction now")
    checks.same(family["director"]["who"], end.director, "the director now")
    checks.same(family["phase"], end.phase, "the phase now")
    checks.same({partner["partner"] for partner in family["involved"]}, set(story.involved), "who is involved")
    checks.same(sum(partner["signals"] for partner in family["involved"]), end.signals, "how many signals there are")
    checks.same(len(family["people"]), 4, "how many people there are")
    checks.that(bool(family["plan"]) and len(family["plan"]["goals"]) == 3, "one plan is valid, with three goals")
    checks.same(family["escalations"], [], "escalations that nobody acknowledged")


def _look_back(playing: Playing, day: Earlier) -> None:
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


def _hear_out(playing: Playing) -> None:
    """Over all its streams the feed told everything once, in order."""
    ids = [heard.id for heard in playing.stage.listener.heard]
    playing.checks.that(ids == sorted(set(ids)), "the feed told nothing twice and in order")
    playing.checks.same(sorted(playing.raised), sorted(playing.stage.listener.raised()), "the escalations on the feed")
    playing.checks.that(all(one.is_verified for one in playing.stage.receiver.deliveries), "every delivery is signed by the hub")
    told = f"{len(ids)} notices on the live feed over {playing.stage.listener.streams} streams, none missed, none twice"
    playing.show.line(f"[dim]{told} · {len(playing.stage.receiver.deliveries)} webhook deliveries, each signature verified[/]")


def _summed_up(checks: Checks, seconds: float) -> str:
    if not checks.failed:
        return f"[bold green]Checked {checks.count} things; all is as the story says.[/] [dim]{seconds:.1f} seconds[/]"
    failed = "\n".join(f"  [red]·[/] {words}" for words in checks.failed)
    return f"[bold red]{len(checks.failed)} of {checks.count} checks failed:[/]\n{failed}"


def _stay(playing: Playing, console: Console) -> None:
    at, token = playing.stage, playing.stage.token(COORDINATOR)
    bearer = f'-H "Authorization: Bearer {token}"'
    console.print(
        addresses(
            [
                ("API", f"{at.url}/v1/openapi.json"),
                ("webhooks", f"{at.receiver_url}/ (what the partners were told)"),
            ]
        )
    )
    console.print("\nThe family, and the live feed (the demo clock stands still, so this token stays valid):\n")
    for command in (f"curl -s {bearer} {at.url}/v1/families/{playing.family}", f"curl -N {bearer} {at.listener.address}?after=0"):
        console.print(command, soft_wrap=True, highlight=False, markup=False)
    console.print("\nCtrl+C ends.")
    try:
        Event().wait()
    except KeyboardInterrupt:
        console.print("\nEnded; its data is gone.")
