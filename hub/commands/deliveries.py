"""What partners are told: what was put aside and why, telling it once more, and what each of them knew at a moment."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Column, Table

from hub.adapters.channels.webhook import queue
from hub.adapters.channels.webhook.meanings import all_meanings, meaning_of
from hub.commands.noting import members, note, noted
from hub.commands.shared import Name, say, the_hub
from hub.domain.tellings import Telling
from hub.errors import NotKnown
from hub.projections import tellings
from hub.wiring import Upkeep

app = typer.Typer(help="What partners are told, and what was put aside; nothing of it is lost.", no_args_is_help=True)
Moment = datetime | None
_MOST = 1_000
_MOMENTS = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"]
"""With an offset, as `Z` or `+01:00`: no moment is guessed."""


@app.command(name="list")
def list_() -> None:
    """Show what was put aside, and why: a receiver refused it, could not be reached for three days, or was given up."""
    columns = ("delivery", "receiver", Column("type", overflow="fold"), "accepted", "attempts", "last outcome")
    with the_hub() as hub, hub.stored.outbox.connect() as connection:
        aside = [one for state in ("dead", "retired") for one in queue.listed(connection, {"state": state}, limit=_MOST)]
    table = Table(*columns)
    for each in aside:
        said = (each["id"], each["receiver"], each["type"], each["accepted_at"][:16], each["attempts"], each["last_outcome"])
        table.add_row(*map(str, said))
    say.print(table)
    for code in sorted({each["last_outcome"] for each in aside} - {""}):
        dutch, english = meaning_of(code)
        say.print(f"{code}: {dutch} / {english}")


@app.command()
def owed() -> None:
    """Show who was told something that was put right since, and has not received that yet: whom somebody has to tell."""
    with the_hub() as hub, hub.stored.views.connect() as connection:
        each = tellings.owed(connection)
    table = Table("organisation", "put right since")
    for organisation, since in each:
        table.add_row(organisation, since[:16])
    say.print(table)


@app.command()
def known(
    partner: Name,
    at: Annotated[Moment, typer.Option(formats=_MOMENTS, help="what it was told by then (default: now)")] = None,
    recorded: Annotated[Moment, typer.Option(formats=_MOMENTS, help="as the log had it by then (default: now)")] = None,
) -> None:
    """Show what a partner was told up to a moment, read from the log: when, by which bytes, and which person took notice."""
    columns = ("told", Column("notice", overflow="fold"), Column("type", overflow="fold"), "way", "outcome", "taken notice of by")
    table = Table(*columns, Column("SHA-256", overflow="fold"))
    with the_hub() as hub:
        if hub.registrations.by_name(partner) is None:
            raise NotKnown("No organisation is registered by that name.")
        told = hub.tellings.known_to(partner, recorded, at)
        families = [one.told.family for one in told if one.told.family]
        note(hub, "look-at-tellings", "hub deliveries known", members(hub, families), ("organisation", partner))
    for one in told:
        table.add_row(*_told(one))
    say.print(table)


def _told(one: Telling) -> tuple[str, ...]:
    last = next((each for each in one.attempts if each.is_taken), one.attempts[-1])
    persons = "; ".join(f"{person.name}, {person.role}, {_text(person.at)}" for person in one.persons)
    return _text(one.taken_at), one.told.notice, one.told.type, last.way, last.outcome, persons, last.digest


def _text(moment: Moment) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if moment else "not yet"


@app.command()
def codes() -> None:
    """Show what each outcome means, and what to do about it."""
    table = Table("outcome", Column("wat het betekent", overflow="fold"), Column("what it means", overflow="fold"))
    for code, (dutch, english) in all_meanings().items():
        table.add_row(code, dutch, english)
    say.print(table)


@app.command()
def again(
    delivery: Annotated[int, typer.Argument(help="one delivery; `hub deliveries list` shows them")] = 0,
    receiver: Annotated[str, typer.Option(help="all that was put aside for this organisation, or this subscription")] = "",
    all: Annotated[bool, typer.Option("--all", help="all that receivers refused, or had no three days for")] = False,
) -> None:
    """Tell it once more, from the beginning: after the receiver mended what was wrong."""
    if [bool(delivery), bool(receiver), all].count(True) != 1:
        raise typer.BadParameter("name one delivery, all of one --receiver, or --all")
    with the_hub() as hub, noted(hub, "tell-again", "hub deliveries again", about=("receiver", receiver) if receiver else None):
        many = Upkeep(hub).tell_again(delivery, receiver)
    say.print(f"{many} told once more; `hub status` shows how that goes.")
