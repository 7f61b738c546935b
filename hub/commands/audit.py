"""Holding the hub to account: what followed from what, and what goes to whoever asks."""

import typer

app = typer.Typer(help="Hold the hub to account: what followed from what, and a file that proves it.", no_args_is_help=True)


@app.callback()
def audit() -> None:
    """A group, also while it has one command."""
