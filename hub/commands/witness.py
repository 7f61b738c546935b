"""Being a witness of a hub: signing what its log is, whenever it goes on from what it was."""

import time
from pathlib import Path
from typing import Annotated

import typer

from hub.adapters.evidence.notes import Key
from hub.client import NoAnswer, Problem
from hub.client.witness import Memory, NotConsistent, Witness
from hub.commands.shared import advise, aside, say
from hub.commands.tokens import HERE, To

app = typer.Typer()


@app.command()
def witness(
    name: Annotated[str, typer.Argument(help="under which name you sign, such as witness.example.org")],
    to: To = HERE,
    memory: Annotated[Path, typer.Option(help="the witness's own file: its key, and what it saw", dir_okay=False)] = Path(
        "witness.json"
    ),
    trust: Annotated[list[str], typer.Option(help="one more key of the hub to believe, as its operator gave it")] = [],  # noqa: B006
    every: Annotated[int, typer.Option(help="seconds between looks; 0 looks once", min=0)] = 30,
) -> None:
    """Sign the checkpoints of a hub's log as long as it only grows; ends with 2 when it does not, and signs no more."""
    kept = Memory.made(memory, name)
    say.print("Give this key to the hub's operator, who adds it to HUB_WITNESSES:", style="dim")
    print(kept.key)
    for each in trust:
        key = Key.read(each)
        tree = key.name.rpartition("/")[2]
        kept.remember(tree, [*kept.trusted(tree), key], kept.last(tree))
    try:
        with Witness(to, kept) as watching:
            _look(watching, is_once=not every)
            while every:
                time.sleep(every)
                _look(watching, is_once=False)
    except NotConsistent as proved:
        aside.print(proved.detail, style="bold red", soft_wrap=True, highlight=False, markup=False)
        advise("Nothing was signed. Keep the witness's file, and tell everybody who relies on this hub.")
        raise typer.Exit(2) from None


def _look(watching: Witness, *, is_once: bool) -> None:
    try:
        for tree in watching.trees():
            looked = watching.look(tree)
            if looked is not None and looked.is_news:
                say.print(f"{tree}: {looked.checkpoint.size} leaves, and it goes on from what it was. Signed.")
    except (NoAnswer, Problem) as away:
        if is_once:
            raise
        advise(f"{away.detail} Asked again.")
