"""People whom the hub keeps data of: erasing one."""

from typing import Annotated
from uuid import UUID

import typer

from hub.adapters import people_index
from hub.commands.noting import noted
from hub.commands.shared import By, advise, say, the_hub
from hub.wiring import Hub

app = typer.Typer(help="People whom the hub keeps data of.", no_args_is_help=True)


@app.callback()
def people() -> None:
    """A group, also while it has one command."""


@app.command()
def erase(
    person: Annotated[UUID, typer.Argument(help="the person, as a family shows them")],
    ground: Annotated[str, typer.Option(help="on which ground, such as avg-17-1-b; it is recorded, so name nobody in it")],
    by: By,
) -> None:
    """Make all that is kept of a person unreadable for ever, by destroying their key; nothing brings it back.

    It reaches who they are, the messages that named them as they were received, and signals about them that wait. It does not
    reach copies of the databases: those follow with `hub keys rotate`, once the old key-encryption key is gone everywhere.
    """
    with the_hub() as hub:
        with noted(hub, "erase-person", "hub person erase", _concerned(hub, person)):
            reached = hub.erase(person, ground, by)
        hub.views.catch_up()
        hub.settle()
    messages, questions = len(reached.messages), len(reached.questions)
    say.print(f"{person} is erased, with {messages} messages as received and {questions} signals that waited.", soft_wrap=True)
    for question in sorted(reached.likely):
        advise(f"The question {question} may name this person: look at it, and answer it.")


def _concerned(hub: Hub, person: UUID) -> dict[str, list[str]]:
    """The person, in each family that they are in; one of whom nothing is known is concerned too: somebody tried."""
    with hub.stored.log.connect() as connection:
        families = people_index.families_of(str(person), connection)
    return {family: [str(person)] for family in families or ("",)}
