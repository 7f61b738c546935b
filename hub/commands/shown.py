"""Showing who takes part: all of them, one with everything that is known of it, and the kinds that there can be."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

import typer
from rich.table import Column, Table

from hub.adapters.partners import found as partner_kinds
from hub.adapters.registrations import Organisation
from hub.commands.shared import Name, say, the_hub
from hub.domain.grounds import Entry, day_of
from hub.domain.streams import own_fields
from hub.domain.subscriptions import EVERYTHING, Interest
from hub.errors import NotKnown
from hub.wiring import Hub

app = typer.Typer()

_ELSEWHERE = {"reason", "jwk", "originator_topic", "name"}
"""What a change says in a column of its own, or that is no news."""


@app.command(name="list")
def list_() -> None:
    """Show who takes part, and their keys."""
    with the_hub() as hub:
        table = Table("organisation", "kind", "OIN", "keys", "covenant", "callback", "")
        for known in hub.registrations.all():
            kids = ", ".join(key.kid for key in hub.registrations.keys_of(known.name))
            covenant = _covenant(hub, known)
            table.add_row(known.name, known.kind, known.oin, kids, covenant, known.callback, _standing(known))
    say.print(table)


@app.command()
def show(name: Name) -> None:
    """Show an organisation: its terms, its keys, and who changed what, when and why."""
    with the_hub() as hub:
        known = _known(hub, name)
        first = {"organisation": known.name, "kind": known.kind, "OIN": known.oin, "standing": _standing(known) or "takes part"}
        rows = [*first.items(), *terms_of(hub, name)]
        keys, subscriptions, changes = _keys(hub, name), _subscriptions(hub, name), _changes(hub, name)
    for label, text in rows:
        say.print(f"{label:>12}  {text}", soft_wrap=True, highlight=False, markup=False)
    say.print(keys, subscriptions, changes)


@app.command()
def kinds() -> None:
    """Show the kinds of partners there are adapters for, and what each may send."""
    table = Table("kind", "message type", "content type", "what it is", "purpose", "legal basis", "until")
    for kind in partner_kinds().values():
        for message in kind.messages:
            until = str(message.ending.last_day) if message.ending else ""
            table.add_row(kind.name, message.type, message.media, message.title, message.purpose, message.legal_basis, until)
    say.print(table)


def terms_of(hub: Hub, name: str) -> Iterator[tuple[str, str]]:
    """On what terms an organisation takes part now, as labels and texts."""
    known = _known(hub, name)
    yield "messages", ", ".join(sorted(known.message_types))
    yield "algorithms", ", ".join(sorted(known.algorithms))
    yield "scopes", ", ".join(sorted(known.scopes)) or "none: it gets no tokens"
    yield "shows", ", ".join(_shows(known))
    registers, today = hub.registrations.registers, day_of(hub.clock.now())
    yield "purposes", _codes(known.purposes, registers.purposes, today)
    yield "grounds", _codes(known.grounds, registers.bases, today)
    yield "covenant", _covenant(hub, known)
    limits = ((known.per_minute, hub.settings.per_minute, "a minute"), (known.per_day, hub.settings.per_day, "a day"))
    yield "limits", ", ".join(f"{own} {per}" if own else f"{most} {per} (the settings')" for own, most, per in limits)
    yield "callback", known.callback or "none: it is told what it subscribes to itself"


def _codes(codes: Collection[str], register: Mapping[str, Entry], today: date) -> str:
    said = [code if code in register and register[code].is_in_force(today) else f"{code} (not in force)" for code in sorted(codes)]
    return ", ".join(said) or "none: nothing of it is accepted"


def _shows(known: Organisation) -> Iterator[str]:
    yield "a signature"
    if known.requires_token:
        yield "an access token"
    if known.requires_dpop:
        yield "proof of the key of its token"
    if known.certificate:
        yield f"the certificate {known.certificate}"


def _covenant(hub: Hub, known: Organisation) -> str:
    if not known.covenant:
        return "none: nothing is shared with it"
    end = hub.registrations.registers.end_of(known)
    holds = "" if hub.registrations.is_sharing(known, hub.clock.now()) else ", which is not in force: nothing is shared"
    return f"{known.covenant} until {_moment(end)}{holds}"


def _standing(known: Organisation) -> str:
    return "removed" if known.is_removed else "suspended" if known.is_suspended else ""


def _known(hub: Hub, name: str) -> Organisation:
    if known := hub.registrations.by_name(name):
        return known
    raise NotKnown("No organisation is registered by that name.")


def _keys(hub: Hub, name: str) -> Table:
    table = Table("key", "from", "until", "revoked from", title="keys")
    for key in hub.registrations.keys_of(name):
        revoked = _moment(key.revoked_from) if key.revoked_from else ""
        table.add_row(key.kid, _moment(key.valid_from), _moment(key.valid_until), revoked)
    return table


def _subscriptions(hub: Hub, name: str) -> Table:
    where = Column("callback", overflow="fold")
    table = Table("subscription", "sink", where, "payload", "wants", "", title="what it asked for itself")
    for each in hub.registrations.subscriptions_of(name):
        stands = f"{each.state}: {each.because}" if each.because else each.state
        table.add_row(each.key, each.wish.sink, each.callback, each.wish.payload, _wanted(each.wish.interest), stands)
    return table


def _wanted(interest: Interest) -> str:
    said = {name: value for name, value in asdict(interest).items() if value != getattr(EVERYTHING, name)}
    return "; ".join(f"{name} {_plain(value)}" for name, value in said.items()) or "all that it may know"


def _changes(hub: Hub, name: str) -> Table:
    table = Table(
        "when", "by", "what", Column("said", overflow="fold"), Column("why", overflow="fold"), title="who changed what, and why"
    )
    for event in hub.history.of_organisation(name):
        said = "; ".join(f"{field} {_plain(getattr(event, field))}" for field in own_fields(event) if field not in _ELSEWHERE)
        table.add_row(
            _moment(event.timestamp), event.by, event.TOPIC.removeprefix("registration-"), said, getattr(event, "reason", "")
        )
    return table


def _plain(said: Any) -> str:
    match said:
        case datetime() | None:
            return _moment(said)
        case bool():
            return "yes" if said else "no"
        case list() | tuple():
            return ", ".join(map(str, said)) or "none"
        case _:
            return str(said) or "none"


def _moment(moment: datetime | None) -> str:
    return "no end" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"
