"""The command line, joined: run the hub, take partners in, send a signal, look after it."""

import os
import sys

import typer

from hub.adapters.watching import lines
from hub.commands import (
    audit,
    backup,
    checking,
    deliveries,
    deriving,
    evaluating,
    exporting,
    investigation,
    keys,
    messages,
    partner_keys,
    partner_new,
    partners,
    persons,
    publishing,
    quarantine,
    retaining,
    returning,
    running,
    sending,
    shown,
    simulating,
    status,
    supposing,
    tokens,
    upkeep,
    verifying,
    witness,
)
from hub.commands.shared import advise, aside
from hub.errors import HubError
from hub.settings import unknown

PROCESSES = frozenset({"all", "serve", "relay", "consume"})
"""What runs for long, with nobody who looks at it."""
app = typer.Typer(
    name="hub",
    help="One family, one plan, one director: the hub that agencies around a family post signed signals to.\n\n"
    "Start with `hub all`. Take a partner in with `hub partner add`, give it a key with `hub partner key`, "
    "and let it post with `hub send`. Settings are environment variables HUB_…; `hub settings` lists them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
for plain in (running, status, sending, tokens, upkeep, messages, investigation, backup, witness, verifying):
    app.add_typer(plain.app)
for more in (checking, partner_keys, partner_new, shown):
    partners.app.add_typer(more.app)
for more in (deriving, supposing, exporting):
    audit.app.add_typer(more.app)
for name, group in {
    "audit": audit,
    "deliveries": deliveries,
    "evaluation": evaluating,
    "keys": keys,
    "partner": partners,
    "person": persons,
    "publications": publishing,
    "quarantine": quarantine,
    "retention": retaining,
    "simulate": simulating,
    "social-return": returning,
}.items():
    app.add_typer(group.app, name=name)


@app.callback()
def prepare(context: typer.Context) -> None:
    """Logs go to standard error, a JSON object a line, so that what a command prints stays clean."""
    process = context.invoked_subcommand or ""
    lines.written(process, sys.stderr)
    if process in PROCESSES:
        lines.alone()
    for name in unknown(os.environ):
        advise(f"{name} is no setting of the hub and does nothing; `hub settings` lists them.")


def main() -> None:
    """Runs a command; what the hub refuses is said in words, with everything that is wrong."""
    try:
        app()
    except HubError as refused:
        aside.print(refused.detail, style="bold red", soft_wrap=True, highlight=False, markup=False)
        for violation in refused.violations:
            aside.print(f"  {violation}", soft_wrap=True, highlight=False, markup=False)
        sys.exit(1)
    except Exception as error:
        # a process that runs for long writes lines and nothing else, least of all what an error quotes
        if PROCESSES.isdisjoint(sys.argv[1:2]):
            raise
        lines.fell(type(error), error.__traceback__)
        sys.exit(70)


if __name__ == "__main__":
    main()
