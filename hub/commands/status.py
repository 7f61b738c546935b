"""How the hub stands, on a terminal: what its processes say at their watch addresses, from any machine with its settings."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Table

from hub.adapters.watching.standing import Lead, Place, Standing
from hub.commands.shared import aside, say, the_hub
from hub.errors import Unavailable
from hub.ports import Missing
from hub.wiring import Watched
from hub.wiring.watched import LOOKS_ONLY

app = typer.Typer()
_AWAY = Missing("database", hinders=True)


@app.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="for other programs")] = False) -> None:
    """Show how the stores, the read models and the ways out stand; ends with 1 when something is missing."""
    try:
        with the_hub() as hub:
            now = Watched(hub, LOOKS_ONLY).standing()
    except Unavailable as away:
        aside.print(away.detail, style="bold red", soft_wrap=True, highlight=False, markup=False)
        _show_missing([_AWAY if away.code == Unavailable.code else Missing(away.code, hinders=True)], as_json, {})
        raise typer.Exit(1) from None
    if not as_json:
        say.print(_followers(now), _waiting(now))
        if now.unled and any(one.lag for one in now.followers):
            say.print("Nobody leads the hub: read models are built when it runs.", style="yellow", soft_wrap=True)
    _show_missing(now.missing, as_json, asdict(now))
    raise typer.Exit(1 if now.missing else 0)


def _show_missing(missing: Sequence[Missing], as_json: bool, more: Mapping[str, Any]) -> None:
    if as_json:
        said = {"is_ready": not missing, "missing": [{"code": one.code, **one.more} for one in missing]}
        print(json.dumps({**said, **more}, default=str))
        return
    for one in missing:
        place = "".join(f", {name} {value}" for name, value in one.more.items())
        say.print(f"missing: {one.code}{place}", style="bold red", soft_wrap=True, highlight=False, markup=False)
    if not missing:
        say.print("Nothing is missing.", style="green")


def _followers(now: Standing) -> Table:
    table = Table(title=f"log: {'?' if now.position is None else now.position} events")
    for name in ("follower", "position", "behind", "waits", "stopped because", "led from"):
        table.add_column(name, justify="right" if name in ("position", "behind", "waits") else "left")
    for one in now.followers:
        table.add_row(one.name, str(one.position), str(one.lag), _waits(one), one.because, _led(now, one.lead))
    for work, lead in now.works.items():
        table.add_row(work, "", "", "", "", _led(now, lead))
    return table


def _led(now: Standing, lead: Lead) -> str:
    return lead.by or ("nowhere" if now.is_shared or now.unled else "here")


def _waits(one: Place) -> str:
    return f"{one.waits:.0f} s" if one.lag else ""


def _waiting(now: Standing) -> Table:
    table = Table("what waits", "how many", title=f"on {now.database}")
    for words, count in _counts(now):
        table.add_row(words, "?" if count is None else str(count))
    return table


def _counts(now: Standing) -> Iterator[tuple[str, int | str | None]]:
    yield "signals, for a person who says whose they are", now.questions
    yield "messages in quarantine", now.quarantine
    yield "kept too long by the register of retention, for somebody who lets it go", now.kept_too_long
    for level, count in sorted(now.escalations.items()):
        yield f"escalations to level {level}, for somebody who takes notice", count
    for name, way in now.ways.items():
        since = f" (the oldest for {way.oldest:.0f} s)" if way.waiting else ""
        yield f"deliveries by {name}", f"{way.waiting}{since}"
        yield f"deliveries by {name} that were put aside", way.dead
