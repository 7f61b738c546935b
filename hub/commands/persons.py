"""People whom the hub keeps data of: what they ask, what is kept of them, and erasing one."""

import json
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from hub.commands.noting import noted
from hub.commands.shared import By, advise, say, the_hub, using
from hub.domain.requests import Asks, Decision
from hub.errors import Malformed
from hub.ports import Asked
from hub.projections import requests
from hub.wiring import Hub
from hub.wiring.interface import words
from hub.wiring.persons import Persons

app = typer.Typer(help="People whom the hub keeps data of, and what they ask about it.", no_args_is_help=True)
Whom = Annotated[UUID, typer.Argument(metavar="PERSON", help="the person, as a family shows them")]
Which = Annotated[UUID, typer.Argument(metavar="REQUEST", help="the request, as `hub person requests` shows it")]
Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="the day on which it was received")]
Ground = Annotated[str, typer.Option(help="a code of contracts/registers/person-requests.json, such as avg-17-1-d")]
Motivation = Annotated[str, typer.Option(help="why, in words; what is kept of it goes with the person")]


@app.command()
def request(
    person: Whom,
    asks: Annotated[Asks, typer.Argument(help="what they ask")],
    received: Day,
    by: By,
    words: Annotated[str, typer.Option(help="what they wrote or said themselves")] = "",
) -> None:
    """Note what somebody asks about their own data; its term begins on the day that it was received."""
    with the_hub() as hub, noted(hub, "handle-person-request", "hub person request", _of(hub).concerned(person)):
        id = hub.requests.note(person, asks, received.date(), words, by)
        due = hub.requests.of(id).due
    say.print(f"{id} is to be answered before {due:%Y-%m-%d %H:%M} UTC.", soft_wrap=True, highlight=False)


@app.command("requests")
def list_requests() -> None:
    """What people asked: what is open first, in the order of the terms."""
    with the_hub() as hub, noted(hub, "look-at-person-requests", "hub person requests"):
        hub.views.catch_up()
        with hub.stored.views.connect() as connection:
            found = requests.ask(connection, Asked(limit=500, at=hub.clock.now()))["items"]
    for one in found:
        state = "LATE" if one["isLate"] else "open" if one["isOpen"] else "closed"
        say.print(f"{one['id']}  {one['asks']:<12}{state:<8}{one['due'][:10]}  {one['person']}", soft_wrap=True, highlight=False)


@app.command()
def identify(request: Which, how: Annotated[str, typer.Option(help="a code of the register, such as digid")], by: By) -> None:
    """Note how it was checked that it is this person who asks."""
    with the_hub() as hub, _handling(hub, request, "hub person identify"):
        hub.requests.check_identity(request, how, by)
    say.print("Noted.")


@app.command()
def extend(request: Which, motivation: Motivation, by: By) -> None:
    """Note that the person was told that the answer takes longer (two months; a complaint four weeks), and why."""
    with the_hub() as hub, _handling(hub, request, "hub person extend"):
        hub.requests.extend(request, motivation, by)
        due = hub.requests.of(request).due
    say.print(f"To be answered before {due:%Y-%m-%d %H:%M} UTC.", highlight=False)


@app.command()
def decide(
    request: Which,
    decision: Annotated[Decision, typer.Argument(help="granted, refused, or withdrawn by whoever asked")],
    motivation: Motivation,
    by: By,
    ground: Annotated[str, typer.Option(help="a code of the register; a request that was withdrawn needs none")] = "",
) -> None:
    """Decide on a request, by name and on a ground of the register."""
    with the_hub() as hub, _handling(hub, request, "hub person decide"):
        hub.requests.decide(request, decision, ground, motivation, by)
    say.print(f"{decision.value.title()}.")


@app.command("carry-out")
def carry_out(
    request: Which,
    by: By,
    words: Annotated[str, typer.Option(help="how the person was told")] = "",
    message: Annotated[list[UUID] | None, typer.Option(help="of a correction: a message that is not right")] = None,
) -> None:
    """Do what was granted: who asked to be erased is erased by this, whoever sent what is wrong is asked to correct it."""
    with the_hub() as hub:
        with _handling(hub, request, "hub person carry-out"):
            hub.requests.carry_out(request, words, by, message or ())
        hub.views.catch_up()
        hub.settle()
    say.print("Carried out.")


@app.command("state")
def add_statement(person: Whom, by: By, words: Annotated[str, typer.Option(help="their own words")]) -> None:
    """Put somebody's own words beside what is kept of them."""
    with the_hub() as hub, noted(hub, "handle-person-request", "hub person state", _of(hub).concerned(person)):
        hub.requests.state(person, words, by)
    say.print("Added.")


@app.command()
def lift(person: Whom, by: By, words: Annotated[str, typer.Option(help="how the person was told before")]) -> None:
    """Use what is kept of somebody again, which was restricted at their request."""
    with the_hub() as hub, noted(hub, "handle-person-request", "hub person lift", _of(hub).concerned(person)):
        hub.requests.lift(person, words, by)
    say.print("Lifted.")


@app.command()
def inspect(
    person: Whom,
    out: Annotated[Path, typer.Option(help="where to write it: FILE.html to read, FILE.json for programs", dir_okay=False)],
    language: Annotated[str, typer.Option(help="nl or en")] = "nl",
) -> None:
    """Write what is kept of a person and who saw it, without anybody else, as one file for them."""
    if language not in ("nl", "en") or out.suffix not in (".html", ".json"):
        raise Malformed("The file is in nl or en, and its name ends with .html or .json.")
    with the_hub() as hub:
        hub.views.catch_up()
        with noted(hub, "inspect-person", "hub person inspect", _of(hub).concerned(person)):
            file = _of(hub).file(person)
            text = _of(hub).readable(file, language) if out.suffix == ".html" else json.dumps(file, ensure_ascii=False, indent=2)
            with using():
                out.touch(mode=0o600)
                out.write_text(text)
    say.print(f"{out} holds what is kept of {person}: give it to them alone.", soft_wrap=True, highlight=False, markup=False)


@app.command()
def erase(person: Whom, ground: Ground, by: By) -> None:
    """Make all that is kept of a person unreadable for ever, by destroying their key; nothing brings it back.

    It reaches who they are, the messages that named them as they were received, and signals about them that wait. It does not
    reach copies of the databases: those follow with `hub keys rotate`, once the old key-encryption key is gone everywhere.
    Who asked for it themselves is erased with `hub person carry-out`.
    """
    with the_hub() as hub:
        with noted(hub, "erase-person", "hub person erase", _of(hub).concerned(person)):
            hub.requests.refuse_groundless_erasing(ground, by)
            reached = hub.erase(person, ground, by)
            hub.erase.certify(person)
        hub.views.catch_up()
        hub.settle()
    messages, questions = len(reached.messages), len(reached.questions)
    say.print(f"{person} is erased, with {messages} messages as received and {questions} signals that waited.", soft_wrap=True)
    for question in sorted(reached.likely):
        advise(f"The question {question} may name this person: look at it, and answer it.")


@app.command()
def certificate(person: Whom) -> None:
    """What the hub signed of the erasure of a person: a compact JWS, to be checked with /v1/jwks."""
    with the_hub() as hub, noted(hub, "look-at-person-requests", "hub person certificate", {"": [str(person)]}):
        say.print(_of(hub).certificate(person), soft_wrap=True, highlight=False, markup=False)


def _of(hub: Hub) -> Persons:
    return Persons(hub, words())


def _handling(hub: Hub, request: UUID, command: str) -> AbstractContextManager[None]:
    person = UUID(hub.requests.of(request).person)
    return noted(hub, "handle-person-request", command, _of(hub).concerned(person))
