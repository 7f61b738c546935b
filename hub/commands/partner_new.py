"""Beginning a kind of partner that is not there yet: one folder among the contracts, with a first test that passes."""

import re
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath
from string import Template
from typing import Annotated

import typer

from hub.adapters.contracts import contract_path
from hub.adapters.partners import found
from hub.adapters.registers import registers
from hub.commands.shared import say
from hub.domain.grounds import day_of
from hub.errors import Malformed, Violation
from hub.ports import SystemClock

app = typer.Typer()

_OF_ITS_OWN = ("partner.py", "melding/")
_SUFFIX = ".template"
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_TITLE = re.compile(r'[^"\\\n]{1,80}')


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="the kind of partner, such as toy-library")],
    dutch: Annotated[str, typer.Option("--nl", help="what it is called in Dutch")],
    english: Annotated[str, typer.Option("--en", help="what it is called in English")],
    purpose: Annotated[str, typer.Option(help="what its messages may be used for, a code of the register")] = "early-help",
    ground: Annotated[str, typer.Option(help="on which legal basis it shares, a code of the register")] = "jeugdwet-7-1-4-1",
    source: Annotated[str, typer.Option(help="where that was agreed")] = "assumed; for the parties to settle",
    like: Annotated[str, typer.Option(help="whose contract it uses, KIND/MESSAGE")] = "any-partner/signaal",
    own_contract: Annotated[
        bool, typer.Option("--own-contract", help="it has a contract of its own, with a module that reads it")
    ] = False,
) -> None:
    """Begin a kind of partner: a folder with its contract, its covenant and a first test; nothing else is edited.

    The folder lies among the contracts (HUB_CONTRACTS_DIR). Run its test with `pytest FOLDER`, start the hub again, and
    register the first organisation of that kind with `hub partner add`. Until the disclosure matrix says more about it, it
    is told that somebody is involved and whom to call.
    """
    folder = contract_path("partners", name)
    said = {"name": name, "nl": dutch, "en": english, "purpose": purpose, "ground": ground, "source": source, "like": like}
    if wrong := list(_wrong_with(said, folder)):
        raise Malformed("This kind of partner cannot begin so.", wrong)
    said["today"] = day_of(SystemClock().now()).isoformat()
    for path, template in _templates(files("hub.commands").joinpath("partner_folder")):
        if path.name == "kind.json" if own_contract else str(path).startswith(_OF_ITS_OWN):
            continue
        written = folder / path.with_name(path.name.replace("test_partner", f"test_{name.replace('-', '_')}"))
        written.parent.mkdir(parents=True, exist_ok=True)
        written.write_text(Template(template).substitute(said), "utf-8")
        say.print(written, soft_wrap=True, highlight=False, markup=False)
    say.print(f"Now: pytest {folder}", soft_wrap=True, highlight=False, markup=False)


def _templates(at: Traversable, below: str = "") -> Iterator[tuple[PurePosixPath, str]]:
    for each in sorted(at.iterdir(), key=lambda each: each.name):
        if each.is_dir():
            yield from _templates(each, f"{below}{each.name}/")
        elif each.name.endswith(_SUFFIX):
            yield PurePosixPath(below + each.name.removesuffix(_SUFFIX)), each.read_text("utf-8")


def _wrong_with(said: dict[str, str], folder: Path) -> Iterator[Violation]:
    kinds = found()
    if not _NAME.fullmatch(said["name"]):
        yield Violation("name", "is not small letters, digits and single hyphens between them")
    elif said["name"] in kinds or folder.exists():
        yield Violation("name", "is there already: `hub partner kinds` lists them")
    yield from (
        Violation(f"--{word}", "is not 1 to 80 characters without quotes")
        for word in ("nl", "en")
        if not _TITLE.fullmatch(said[word])
    )
    if not _TITLE.fullmatch(said["source"]):
        yield Violation("--source", "is not 1 to 80 characters without quotes")
    known = {
        "purpose": registers().purposes,
        "ground": registers().bases,
        "like": {f"{path.parts[-3]}/{path.parts[-2]}" for path in contract_path("partners").glob("*/*/contract.json")},
    }
    for word, codes in known.items():
        if said[word] not in codes:
            yield Violation(f"--{word}", f"must be one of {', '.join(sorted(codes))}")
