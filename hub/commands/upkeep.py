"""Looking after the hub: its read models, its settings, its interface."""

import json
import os
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from hub import wiring
from hub.commands.shared import say, the_hub
from hub.settings import ELSEWHERE, Settings

app = typer.Typer()


@app.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    print(json.dumps(wiring.openapi(), indent=2, ensure_ascii=False))


@app.command()
def asyncapi() -> None:
    """Print the AsyncAPI document: what the hub tells, and where."""
    print(json.dumps(wiring.asyncapi(), indent=2, ensure_ascii=False))


@app.command()
def rebuild(name: Annotated[str, typer.Argument(help="the read model; `hub status` lists them")]) -> None:
    """Build a read model anew beside the live one, and swap them in one transaction."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with the_hub() as hub:
        names = [standing.follower for standing in hub.views.state()]
        if name not in names:
            raise typer.BadParameter(f"{name!r} is not one of {', '.join(names)}", param_hint="NAME")
        with Progress(*columns, console=say) as progress:
            task = progress.add_task(name)
            count = hub.views.rebuild(name, lambda done, of: progress.update(task, completed=done, total=of))
    say.print(f"{name}: built anew from {count} events.")


@app.command()
def settings(
    markdown: Annotated[
        bool, typer.Option("--markdown", help="as the table of docs/operations.md, with what each is unless said")
    ] = False,
) -> None:
    """List every setting, what it is for, and what it is now."""
    if markdown:
        print(_in_markdown())
        return
    table = Table("variable", "what it is for", "now")
    for name, words, value in Settings.read(os.environ).explained():
        table.add_row(name, words, value)
    for name, words in ELSEWHERE.items():
        table.add_row(name, words, os.environ.get(name, ""))
    say.print(table)


def _in_markdown() -> str:
    known = [*Settings().explained(), *((name, words, "") for name, words in ELSEWHERE.items())]
    rows = (f"| `{name}` | {words} | {f'`{value}`' if value else ''} |" for name, words, value in known)
    return "\n".join(("| variable | what it is for | unless said |", "|---|---|---|", *rows))
