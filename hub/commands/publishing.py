"""Reports over all families together: shown to whoever sees insight, and withdrawn."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.table import Column, Table

from hub.adapters.published_page import title_of
from hub.commands.shared import OPERATOR, By, Why, say, the_hub, using
from hub.domain.publications import Kind
from hub.ports import Asked
from hub.projections import publications

app = typer.Typer(help="Reports over all families together, for whoever sees insight (`Verslagen`).", no_args_is_help=True)
_MOST = 500


@app.command()
def publish(
    file: Annotated[Path, typer.Argument(help="one HTML file, as --page of hub social-return, evaluation or simulate writes it")],
    kind: Annotated[Kind, typer.Option(help="what it is about")],
    by: By = OPERATOR,
) -> None:
    """Show a report to all who see insight. Its very bytes stand in the log, so that it can be said later what was shown when.

    It must be one file that shows all of itself: no scripts, no forms, nothing fetched from elsewhere. Read it first: what is in it
    is shown as it stands.
    """
    with using():
        page = file.read_bytes()
    title = title_of(page)

    with the_hub() as hub:
        published = hub.publishing.publish(kind, title, page.decode(), by)
    say.print(f"{published}: {title}", highlight=False, markup=False, soft_wrap=True)


@app.command(name="list")
def list_() -> None:
    """Show what is published."""
    with the_hub() as hub:
        hub.views.catch_up()
        with hub.views.engine.connect() as connection:
            found = publications.ask_all(connection, Asked("", limit=_MOST))["items"]
    table = Table(Column("report", min_width=36), "kind", Column("title", overflow="fold"), "by", "since")
    for one in found:
        table.add_row(one["id"], one["kind"], one["title"], one["publishedBy"], one["publishedAt"])
    say.print(table)


@app.command()
def withdraw(
    report: Annotated[UUID, typer.Argument(help="the report, as `hub publications list` shows it")], reason: Why, by: By = OPERATOR
) -> None:
    """Show a report no longer; that it was shown, and until when, stays in the log."""
    with the_hub() as hub:
        hub.publishing.withdraw(report, reason, by)
    say.print(f"{report} is withdrawn.")
