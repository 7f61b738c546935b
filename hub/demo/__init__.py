"""The demo: some twelve weeks of one family that does not exist, played through a hub of its own, shown and checked.

`story` says what happens, `cast` who plays, `stage` with what, `playing` does each step over HTTP, `looking` looks at
what came of it all, `show` prints it, `checks` holds everything against the story, and `encore` goes on after it.
"""

import sys
from collections.abc import Iterator
from datetime import timedelta
from select import select
from time import perf_counter, sleep
from uuid import UUID

from rich.console import Console
from rich.markup import escape

from hub.demo import encore, looking
from hub.demo.cast import AUDITOR, AUTHORITY, COACH, COORDINATOR, HUB_OIN, MOTHER, OFFICER, Member
from hub.demo.checks import Checks
from hub.demo.desk import Surprise
from hub.demo.playing import Playing
from hub.demo.show import WIDTH, Show
from hub.demo.stage import PortTaken, Stage, stage
from hub.demo.story import STORY, Story
from hub.settings import DEMO

HELLO = "[bold]One family, one plan, one director[/] · twelve weeks of a family that does not exist, played over HTTP"


def play(once: bool = False, port: int = 8000, story: Story = STORY, pause: int = 0) -> int:
    """Plays the story on 127.0.0.1 and stays up until Ctrl+C, or checks it `once`; gives the exit code: 1 where a check failed.

    `pause` is how many seconds it waits before each step, for whoever watches on the console.
    """
    console = Console()
    console.width = min(WIDTH, console.width) if console.is_terminal else WIDTH
    try:
        with stage(port, story.steps[0].at) as at:
            return _played(at, story, once, console, pause)
    except PortTaken:
        console.print(f"Port {port} of 127.0.0.1 is taken. Choose another: [bold]make demo PORT={port + 1}[/]", highlight=False)
        return 1
    except KeyboardInterrupt:
        return 130


def _played(at: Stage, story: Story, once: bool, console: Console, pause: int) -> int:
    begun, checks = perf_counter(), Checks()
    show = Show(console, at.hub.families.rules(story.end.at).matrix)
    show.line(HELLO)
    show.line(f"[dim]{at.url} · {len(at.senders)} partners registered with fresh keys (PS256, RSA 2048) · under a demo clock[/]")
    if not once:
        _print(_people(at), console)
    playing = Playing(at, show, checks)
    try:
        _tell(playing, story, pause)
    except Surprise as surprise:
        checks.that(False, str(surprise))
    console.print(f"\n{_summed_up(checks, perf_counter() - begun)}", highlight=False)
    if not once and not checks.failed:
        _stay(playing, console)
    return 1 if checks.failed else 0


def _tell(playing: Playing, story: Story, pause: int) -> None:
    for step in story.steps:
        sleep(pause)
        playing.take(step)
    playing.show.line()
    looking.look(playing, story)
    for day in story.earlier:
        looking.look_back(playing, day)
    looking.look_at_what_was_told(playing)
    looking.look_at_who_follows(playing)


def _summed_up(checks: Checks, seconds: float) -> str:
    if not checks.failed:
        return f"[bold green]Checked {checks.count} things; all is as the story says.[/] [dim]{seconds:.1f} seconds[/]"
    failed = "\n".join(f"  [red]·[/] {escape(words)}" for words in checks.failed)
    return f"[bold red]{len(checks.failed)} of {checks.count} checks failed:[/]\n{failed}"


def _stay(playing: Playing, console: Console) -> None:
    at = playing.stage
    _let_in_the_auditor(at, playing.family)
    try:
        _print(_addresses(at, playing.family), console)
        _encore(at, console)
        while True:
            sleep(1)
    except KeyboardInterrupt:
        console.print("Ended; its data is gone.")


def _let_in_the_auditor(at: Stage, family: str) -> None:
    """Somebody asks what happened, so the data protection officer lets the auditor look into this case."""
    begins = at.clock.now()
    at.hub.admittance.assign(
        UUID(family), AUDITOR.who, "onderzoek na een melding", begins, begins + timedelta(days=30), OFFICER.who
    )


def _encore(at: Stage, console: Console) -> None:
    """One more household for each line that somebody at a terminal gives."""
    if not sys.stdin.isatty():
        return
    console.print(encore.ASKED, soft_wrap=True, highlight=False)
    for nth, _ in enumerate(_lines(), start=1):
        arrived = encore.another(at, nth)
        console.print("  it arrived" if arrived else "  [red]the hub did not take it in[/]", highlight=False)


def _lines() -> Iterator[str]:
    """What somebody types, a line at a time. It waits a second at a time: Ctrl+C just before a read would else go unheard."""
    while True:
        if select([sys.stdin], [], [], 1)[0]:
            if not (line := sys.stdin.readline()):
                return
            yield line


def _print(lines: list[str], console: Console) -> None:
    for line in lines:
        console.print(line, soft_wrap=True, highlight=False, markup=False)


def _people(at: Stage) -> list[str]:
    """Who can log in, said before the story begins, so that somebody can watch it."""
    return [
        "",
        f"console    {at.url}/ : log in as one of these people, who do not exist; no password is asked",
        *(f"           {one.subject:<14}{', '.join(filter(None, (one.says.en, one.organisation)))}" for one in at.provider.people),
        f"           to watch it live: {COORDINATOR.who}, and in week 11 {COACH.who} (with --pause 3 there is time to)",
    ]


def _said(member: Member) -> str:
    return f"{member.given} {member.name}, {member.born:%-d-%-m-%Y}"


def _addresses(at: Stage, family: str) -> list[str]:
    bearer = '-H "Authorization: Bearer $TOKEN"'
    return [
        "",
        f"console    {at.url}/families/{family} : as {COACH.who}",
        f"           {at.url}/families/{family}/network : the network around it, as a picture",
        f"           {at.url}/families/{family}/plan : the plan, and below it one to read for each of the family",
        f"           {AUTHORITY.who} can decide on a lever: search for {_said(MOTHER)}, give a reason to look",
        f"           {AUDITOR.who} may look into this case, and {OFFICER.who} let them: /families/{family}/case",
        f"API        {at.url}/v1/openapi.json",
        f"webhooks   {at.receiver_url}/log: what the partners were told",
        "",
        "The family, its timeline and the live feed; the demo clock stands still, so that this token stays valid:",
        "",
        f"TOKEN={at.token(at.desk.directs)}",
        f"curl -s {bearer} {at.url}/v1/families/{family}",
        f"curl -s {bearer} {at.url}/v1/families/{family}/timeline",
        f"curl -N {bearer} '{at.listener.address}?after=0'",
        "",
        "What an auditor asks of it (docs/auditors.md), in another terminal while this one goes on:",
        "",
        f"export HUB_DATA_DIR={at.hub.settings.data_dir} HUB_MODE={DEMO} HUB_OIN={HUB_OIN} FAMILY={family} AT={at.url}",
        f"AUDITOR={at.token(AUDITOR)}",
        "hub verify",
        "",
        "Ctrl+C ends.",
    ]
