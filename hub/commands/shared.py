"""What every command uses: the hub in its directory, words on both outputs, and the options that come back."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Annotated, Any

import typer
from rich.console import Console

from hub.adapters.backup import UNFINISHED
from hub.adapters.partners import found as partner_kinds
from hub.client import Sender
from hub.console.tables import in_lines
from hub.errors import NotKnown, Unavailable
from hub.settings import Settings
from hub.wiring import Hub, has_hub, place_of

say, aside = Console(), Console(stderr=True)
OPERATOR = "operator"

Name = Annotated[str, typer.Argument(help="the organisation, such as police-haaglanden")]
Reason = Annotated[str, typer.Option(help="why; it is recorded")]
Why = Annotated[str, typer.Option("--reason", help="why; it is recorded")]
By = Annotated[str, typer.Option(help="who decides this; it is recorded")]
Port = Annotated[int, typer.Option(help="the port to listen on", min=1, max=65535)]


@contextmanager
def the_hub(may_be_new: bool = False) -> Iterator[Hub]:
    """The hub in the data directory, which is named on standard error; closed when the block ends.

    Raises:
        NotKnown: there is no hub in that directory, and it may not be a new one.
    """
    settings = Settings.read(os.environ)
    place = "PostgreSQL" if settings.is_shared else settings.data_dir.absolute()
    with using():
        is_there = may_be_new or has_hub(settings)
    if not is_there:
        here = "Go to where it runs, name its directory with HUB_DATA_DIR, or begin with `hub all`."
        there = "Name another database with HUB_DATABASE_URL, begin with `hub serve` and `hub relay`, or `hub restore FILE`."
        raise NotKnown(f"There is no hub in {place_of(settings)}. {there if settings.is_shared else here}")
    aside.print(f"The hub in {place}", style="dim", soft_wrap=True, highlight=False, markup=False)
    hub = opened(settings)
    try:
        yield hub
    finally:
        hub.close()


def opened(settings: Settings) -> Hub:
    """The hub of these settings. Raises: Unavailable, with what to do about it."""
    try:
        with using():
            if (unfinished := settings.data_dir / UNFINISHED).exists():
                where = unfinished.parent.absolute()
                raise Unavailable(f"A restore was broken off in {where}, or is at work there: do it again with `hub restore`.")
            return Hub.open(settings, environment=os.environ)
    except ValueError as error:
        raise Unavailable(f"The hub cannot open: {error}. `hub settings` shows what it was given.") from None


@contextmanager
def using() -> Iterator[None]:
    """While files and directories are used that may be somebody else's. Raises: Unavailable, with what to do about it."""
    try:
        yield
    except OSError as error:
        words = (
            "Run it as the user whose it is, and see that there is room; HUB_DATA_DIR names another directory for its data, "
            "HUB_CONTRACTS_DIR another for the contracts."
        )
        raise Unavailable(f"The hub cannot use {error.filename}: {error.strerror}. {words}") from None


@contextmanager
def new_file(path: Path, option: str) -> Iterator[IO[bytes]]:
    """A new file for the user alone, or none: what was broken off is removed. Raises: BadParameter, where it is there already."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise typer.BadParameter(f"{path} is there already", param_hint=option) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def write_lines(file: IO[bytes], rows: Sequence[Sequence[Any]]) -> None:
    """Writes rows into a new file as a spreadsheet reads them."""
    text = TextIOWrapper(file, encoding="utf-8", newline="")
    in_lines(rows, "en", text)
    text.flush()
    text.detach()


def advise(words: str) -> None:
    """Says aside, in yellow, what whoever typed may want to know."""
    aside.print(words, style="yellow", soft_wrap=True, highlight=False, markup=False)


def sender_in(file: Path, option: str = "--partner") -> tuple[str, Sender]:
    """The kind of a partner, and its system with the private key that is in that file. Raises: BadParameter."""
    if not file.exists():
        raise typer.BadParameter(f"there is no {file}; make it with `hub keys new`", param_hint=option)
    kind = object_in(file, option).get("kind")
    try:
        sender = Sender.read(file, "hub-send")
    except ValueError:
        kind = None
    if kind not in partner_kinds():
        raise typer.BadParameter(f"{file} is not as `hub keys new` makes it; make it anew", param_hint=option)
    return kind, sender


def object_in(file: Path, option: str) -> dict[str, Any]:
    """The JSON object in a file that an option named. Raises: BadParameter."""
    try:
        found = json.loads(file.read_text())
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise typer.BadParameter(f"{file} does not hold a JSON object", param_hint=option)
    return found
