"""Verifying a hub: that nobody changed what was recorded, whoever they were."""

from collections import Counter
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from hub.commands.shared import say, the_hub
from hub.wiring.compared import against
from hub.wiring.examined import Looked, wrongs

app = typer.Typer()
MOST = 50
"""Lines about what is wrong; of the rest it is said how many there are."""


@app.command()
def verify(
    quiet: Annotated[bool, typer.Option("--quiet", help="no bars, for another program")] = False,
    checkpoint: Annotated[
        list[Path], typer.Option(help="a checkpoint that somebody kept elsewhere, which the hub has to go on from", exists=True)
    ] = [],  # noqa: B006
) -> None:
    """Read all of the hub and check it: the trees over the log and over what was read, what was signed, every event, every
    message with its signature, every read model, and what partners were told. Ends with 0 where all is as it was, and with 1
    where it is not. Only a checkpoint that was kept elsewhere shows that all of it was put back to an earlier state."""
    looked, found = Looked(), Counter[str]()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with the_hub() as hub, Progress(*columns, console=say, disable=quiet, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def tell(what: str, done: int, of: int) -> None:
            task = tasks.setdefault(what, bars.add_task(what)) if what not in tasks else tasks[what]
            bars.update(task, completed=done, total=of)

        kept = (against(hub, each.read_text(errors="replace"), each.name) for each in checkpoint)
        for wrong in chain(*kept, wrongs(hub, looked, tell)):
            found[wrong.where.partition(",")[0]] += 1
            if found.total() <= MOST:
                say.print(f"{wrong.where}: {wrong.what}", style="bold red", soft_wrap=True, highlight=False, markup=False)
    if found.total() > MOST:
        say.print(f"and {found.total() - MOST} places more", style="bold red")
    for name, tree in looked.trees.items():
        signed = f"{tree.checkpoints} checkpoints with {tree.cosignatures} signatures of witnesses"
        say.print(f"{name}: {tree.leaves} leaves hashed, {signed}; {tree.unsigned} not signed yet", soft_wrap=True)
    proved = looked.proved
    say.print(f"log: {proved.keys} keys, {proved.events} events and {proved.verified} messages opened", soft_wrap=True)
    if proved.erased or proved.unverified:
        say.print(
            f"     {proved.erased} messages are erased, of {proved.unverified} the signature does not count now", soft_wrap=True
        )
    say.print(f"views: {looked.views} read models built anew and compared", soft_wrap=True)
    if found:
        most = ", ".join(f"{where} {many}" for where, many in found.most_common())
        say.print(f"{found.total()} wrong: {most}.", style="bold red", soft_wrap=True, highlight=False, markup=False)
        raise typer.Exit(1)
    say.print("All is as it was recorded and signed.", style="green")
