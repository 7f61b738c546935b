"""Backups: one file of all that the hub keeps, made while it runs, and restored where there is none."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from hub.adapters import backup as backups
from hub.adapters.backup import Manifest
from hub.adapters.kek import Keks
from hub.commands.shared import aside, opened, say, the_hub
from hub.errors import Unavailable
from hub.settings import Settings
from hub.wiring import kept
from hub.wiring.made import keks_given

app = typer.Typer()

File = Annotated[Path, typer.Argument(help="the file of the backup", dir_okay=False)]


@app.command()
def backup(file: File) -> None:
    """Write all that the hub keeps to one new FILE, while it runs.

    FILE holds every store as it was at one moment, but for what is built anew from the log. It fits SQLite and PostgreSQL
    alike: restoring it elsewhere is also how a hub moves from one to the other (stop it first, so that nothing comes after).

    The key-encryption key is NOT in it. Keep that elsewhere: without it nobody can restore the backup or read it.
    """
    if not file.parent.is_dir():
        raise typer.BadParameter(f"there is no directory {file.parent}", param_hint="FILE")
    with the_hub() as hub, _progress() as progress:
        try:
            manifest = kept.back_up(hub, file, progress)
        except FileExistsError:
            raise typer.BadParameter(f"{file} is there already; a backup never overwrites", param_hint="FILE") from None
    say.print(f"{file}: {_said(manifest)}", soft_wrap=True, highlight=False, markup=False)
    keys = ", ".join(manifest.keks)
    say.print(f"It opens only with the key-encryption key {keys}, which is not in it: keep that elsewhere.", soft_wrap=True)


@app.command()
def restore(
    file: File,
    only_check: Annotated[bool, typer.Option("--check", help="read all of it and restore nothing")] = False,
) -> None:
    """Restore a backup where there is no hub yet, and read everything back before saying that it is there.

    Where is as the settings say: an empty HUB_DATA_DIR, or an empty database HUB_DATABASE_URL. Give the key-encryption key
    that the backup was made under as ever (HUB_KEK_FILE, HUB_KEK_COMMAND, HUB_KEK, or kek.json in HUB_DATA_DIR).

    All of it is restored or nothing. Read models and indexes are built anew from the log; people log in anew.

    What happened after the backup was made is not in it: docs/operations.md says what that means for partners.
    """
    settings = Settings.read(os.environ)
    keks = _keks(settings)
    with _progress() as progress, backups.reading(_there(file), keks, progress) as archive:
        manifest = archive.manifest
        if only_check:
            backups.check(archive, progress)
        else:
            kept.restore(settings, archive, keks, progress)
    if only_check:
        say.print(f"{file} is whole: {_said(manifest)}", soft_wrap=True, highlight=False, markup=False)
        return
    # which builds the indexes beside the log
    opened(settings).close()
    say.print(f"Restored, read back and opened: {_said(manifest)}", soft_wrap=True, highlight=False, markup=False)


def _keks(settings: Settings) -> Keks:
    if (given := keks_given(settings)) is not None:
        return given
    raise Unavailable(
        "The key-encryption key has to be there first, for no backup holds it: put the kek.json that was kept elsewhere in "
        f"{settings.data_dir.absolute()}, or give it with HUB_KEK_FILE, HUB_KEK_COMMAND or HUB_KEK.",
        code="no-kek",
    )


def _there(file: Path) -> Path:
    if not file.is_file():
        raise typer.BadParameter(f"there is no {file}", param_hint="FILE")
    return file


def _said(manifest: Manifest) -> str:
    rows = sum(each.sum.rows for store in manifest.stores for each in store.tables)
    log = next(each.sum.sha256 for store in manifest.stores for each in store.tables if each.table.name == "events")
    return f"{manifest.last_position} events and {rows - manifest.last_position} other rows of {manifest.made}, log {log}."


@contextmanager
def _progress() -> Iterator[backups.Progress]:
    """A bar for each thing that is done, while it is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=aside, transient=True) as shown:
        tasks: dict[str, TaskID] = {}

        def tell(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = shown.add_task(what)
            shown.update(tasks[what], completed=done, total=of)

        yield tell
