"""Backups: one file of all that the hub keeps, made while it runs, and restored where there is none."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from hub.adapters import backup as backups
from hub.adapters.backup import Manifest, Proved
from hub.adapters.backup.proving import NAMED
from hub.adapters.kek import Keks
from hub.commands.shared import advise, aside, opened, say, the_hub, using
from hub.errors import Unavailable
from hub.settings import Settings
from hub.wiring import Hub, kept
from hub.wiring.made import keks_given

app = typer.Typer()
LOCKED_UP = 3
"""How `hub backup` exits where the file is there, but would not be restored."""

File = Annotated[Path, typer.Argument(help="the file of the backup", dir_okay=False)]


@app.command()
def backup(file: File) -> None:
    """Write all that the hub keeps to one new FILE, while it runs.

    FILE holds every store as it was at one moment, but for what is built anew from the log. It fits SQLite and PostgreSQL
    alike: restoring it elsewhere is also how a hub moves from one to the other (stop it first, so that nothing comes after).

    The key-encryption key is NOT in it. Keep that elsewhere: without it nobody can restore the backup or read it.

    Exits with 3 where FILE was written but keys in the hub itself do not unwrap, so that it would not be restored.
    """
    with the_hub() as hub, _progress() as progress:
        manifest, wrong = _written(hub, file, progress), kept.locked_up(hub)
    say.print(f"{file}: {_said(manifest)}", soft_wrap=True, highlight=False, markup=False)
    keys = ", ".join(manifest.keks)
    say.print(f"It opens only with the key-encryption key {keys}, which is not in it: keep that elsewhere.", soft_wrap=True)
    if wrong:
        first = ", ".join(wrong[:NAMED])
        advise(
            f"{len(wrong)} keys in the hub do not unwrap with the key-encryption keys it has (log: vault_keys, subject {first}"
            f"{', and more' if len(wrong) > NAMED else ''}): `hub restore` will refuse this backup. Keep the one before it, "
            "and see docs/operations.md, Back up and restore."
        )
        raise typer.Exit(LOCKED_UP)


def _written(hub: Hub, file: Path, progress: backups.Progress) -> Manifest:
    """Raises: BadParameter, Unavailable."""
    try:
        if not file.parent.is_dir():
            raise typer.BadParameter(f"there is no directory {file.parent}", param_hint="FILE")
        return kept.back_up(hub, file, progress)
    except FileExistsError:
        raise typer.BadParameter(f"{file} is there already; a backup never overwrites", param_hint="FILE") from None
    except OSError as error:
        words = "Name a FILE in a directory with room that the user who runs this may write, or give this one to that user."
        raise Unavailable(f"The backup cannot be written in {file.parent.absolute()}: {error.strerror}. {words}") from None


@app.command()
def restore(
    file: File,
    only_check: Annotated[
        bool, typer.Option("--check", help="restore it in a temporary place (TMPDIR), prove it there, and leave nothing")
    ] = False,
) -> None:
    """Restore a backup where there is no hub yet, and read everything back before saying that it is there.

    Where is as the settings say: an empty HUB_DATA_DIR, or an empty database HUB_DATABASE_URL. Give the key-encryption key
    that the backup was made under as ever (HUB_KEK_FILE, HUB_KEK_COMMAND, HUB_KEK, or kek.json in HUB_DATA_DIR).

    All of it is restored or nothing. Read models and indexes are built anew from the log; people log in anew.

    What happened after the backup was made is not in it: docs/operations.md says what that means for partners.
    """
    settings = Settings.read(os.environ)
    with using():
        keks, file = _keks(settings), _there(file)
    with _progress() as progress, using(), backups.reading(file, keks, progress) as archive:
        manifest = archive.manifest
        proved = (kept.check if only_check else kept.restore)(settings, archive, keks, progress)
    if only_check:
        _tell(f"{file} is whole, was restored in a temporary place and read back there: {_said(manifest)}", proved)
        return
    # which builds the indexes beside the log
    opened(settings).close()
    _tell(f"Restored, read back and opened: {_said(manifest)}", proved)


def _tell(words: str, proved: Proved) -> None:
    """What was done, and exactly what was proved."""
    say.print(words, soft_wrap=True, highlight=False, markup=False)
    erased = f", {proved.erased} not, for their key was destroyed" if proved.erased else ""
    opens = f"{proved.keys} keys of the vault unwrap, {proved.events} events open, {proved.verified} messages verified{erased}."
    say.print(opens, soft_wrap=True, highlight=False, markup=False)
    if proved.unverified:
        advise(f"{proved.unverified} messages are NOT VERIFIED, as `hub message` says of them too:")
        for place in proved.places:
            advise(f"  {place}")


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
