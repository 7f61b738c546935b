"""What is kept of a message, shown and verified again."""

import sys
from collections.abc import Iterator
from datetime import UTC
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.exc import NoResultFound

from hub.adapters.rereading import CHANGED, Reread
from hub.commands.noting import members, note
from hub.commands.shared import aside, say, the_hub
from hub.domain.messages import Message
from hub.errors import NotKnown
from hub.intake import Posted
from hub.wiring import Hub

app = typer.Typer()


@app.command()
def message(
    id: Annotated[UUID, typer.Argument(help="the message, as its receipt names it")],
    body: Annotated[bool, typer.Option(help="print the bytes that were received; they hold people's data")] = False,
) -> None:
    """Show a message that is kept, and verify its bytes and signature again with the key as it was valid then."""
    with the_hub() as hub:
        found, position = hub.register.read(lambda unit: ((kept := unit.get(Message, id)), unit.position_of(kept)))
        posted, wrong = _kept(hub, found.received)
        wrong = wrong or Reread(hub.registrations, posted, hub.keys.public_jwks()["keys"]).wrong_with(found.received)
        _note(hub, found, body)
    where = aside if body else say
    for label, text in _described(found, position):
        where.print(f"{label:>9}  {text}", soft_wrap=True, highlight=False, markup=False)
    if body:
        sys.stdout.buffer.write(posted.body)
    if wrong:
        aside.print(f"NOT VERIFIED: {wrong}", style="bold red", soft_wrap=True, highlight=False, markup=False)
        raise typer.Exit(1)
    where.print("signature verified again with the key as it was valid then", style="green")


def _note(hub: Hub, found: Message, with_body: bool) -> None:
    """Notes whose data are about to be shown: all people of the families that its signals went to. Raises: Unavailable."""
    signals = hub.intake.status(found.id, found.received.partner)[1].signals
    concerned = members(hub, [went["family"] for went in signals if went["family"]])
    activity, command = ("read-message", "hub message --body") if with_body else ("look-at-message", "hub message")
    note(hub, activity, command, concerned, ("message", str(found.id)))


def _kept(hub: Hub, was: Message.Received) -> tuple[Posted, str]:
    """What was posted, or why that cannot be read."""
    nothing = Posted({}, b"", "", frozenset())
    try:
        with hub.stored.log.connect() as connection:
            return hub.received.fetch(connection, was.kept), ""
    except NoResultFound:
        return nothing, "its bytes are not there"
    except NotKnown as erased:
        return nothing, erased.detail
    except ValueError:
        return nothing, CHANGED


def _described(found: Message, position: int) -> Iterator[tuple[str, str]]:
    was = found.received
    yield "message", str(found.id)
    yield "sender", f"{was.partner} ({was.kind}), OIN {was.oin}"
    yield "key", f"{was.kid}, {was.algorithm}"
    if was.typed_by:
        yield "typed by", f"{was.typed_by}, into the hub's own form; the hub signed it"
    yield "event", f"{was.event_id} of {was.source}"
    yield "type", was.type
    yield "received", was.timestamp.astimezone(UTC).isoformat()
    yield "digest", f"sha-256={was.digest}"
    yield "position", str(position)
    yield "outcome", was.outcome if was.outcome == found.outcome else f"{was.outcome}, read again since: {found.outcome}"
    for reason in found.reasons:
        yield "because", f"{reason['where']}: {reason['what']}"
