"""The file of a case, for an auditor: made, and verified again."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from hub.adapters import rfc3339
from hub.adapters.evidence.bundle_jwe import reader_of
from hub.commands.noting import members, note, whoever
from hub.commands.shared import By, new_file, object_in, say, the_hub, using
from hub.domain.grounds import day_of
from hub.errors import Malformed, Unavailable, Violation
from hub.wiring import Hub
from hub.wiring.exported import Asked, case_of, export

app = typer.Typer()
_Key = Annotated[Path, typer.Option("--for", help="the auditor's public key, a JWK on P-256 or X25519 (`vig-verify --new-key`)")]
_Ground = Annotated[str, typer.Option(help="on which legal basis, a code of contracts/registers/legal-bases.json; it is recorded")]
_Language = Annotated[str, typer.Option(help="nl or en: of the report in it")]


@app.command(name="export")
def export_(
    family: Annotated[UUID, typer.Argument(help="the family, as the console shows it")],
    reader: _Key,
    out: Annotated[Path, typer.Option(help="the file to make; it is not there yet")],
    ground: _Ground,
    by: By,
    until: Annotated[str, typer.Option(help="only what was recorded until this moment, such as 2026-03-01T12:00:00Z")] = "",
    language: _Language = "nl",
) -> None:
    """Write the whole case of a family to one file that an auditor can verify, and that only they can open.

    It holds every event with the proof that it stands in the signed log, the messages as they were received with their signatures,
    who was told what, who looked, and a report to read. Both logs hear of it: that of processing first.
    """
    if language not in ("nl", "en"):
        raise typer.BadParameter("is nl or en", param_hint="--language")
    if not reader.exists():
        raise typer.BadParameter(f"there is no {reader}", param_hint="--for")
    public, kid = reader_of(object_in(reader, "--for"))
    asked = Asked(family, public, kid, by.strip(), ground, _moment(until), language)
    with the_hub() as hub:
        _refuse(hub, asked)
        case = case_of(hub, family, asked.until)
        note(
            hub,
            "export-family",
            "hub audit export",
            members(hub, [str(family)]),
            ("family", str(family)),
            ground=ground,
            by=asked.by,
        )
        with using(), new_file(out, "--out") as file:
            done = export(hub, case, asked, file)
            hub.admittance.note_file(family, "", done.digest, kid, whoever().subject)
    counts = f"{done.events} events, {done.messages} messages ({done.erased} bodies are erased), {done.readings} looks"
    say.print(f"{out} holds the case: {counts}.", soft_wrap=True, highlight=False, markup=False)
    say.print(f"Only who has the key {kid} can open it: `hub audit verify {out} --key PRIVATE-JWK`.", soft_wrap=True)


def _refuse(hub: Hub, asked: Asked) -> None:
    """Raises: Malformed."""
    bases, today = hub.registrations.registers.bases, day_of(hub.clock.now())
    wrong = []
    if asked.ground not in bases or not bases[asked.ground].is_in_force(today):
        wrong.append(Violation("ground", f"is none of {', '.join(sorted(bases))}"))
    if not asked.by:
        wrong.append(Violation("by", "names nobody"))
    if asked.until is not None and asked.until > hub.clock.now():
        wrong.append(Violation("until", "has not come yet"))
    if wrong:
        raise Malformed("The case cannot be exported so.", wrong)


def _moment(text: str) -> datetime | None:
    try:
        return rfc3339.moment(text).astimezone(UTC) if text else None
    except ValueError:
        raise typer.BadParameter("is not a date and time with an offset (RFC 3339)", param_hint="--until") from None


@app.command()
def verify(
    bundle: Annotated[Path, typer.Argument(help="the file of a case")],
    key: Annotated[Path | None, typer.Option(help="the auditor's private JWK, which opens it")] = None,
    hub: Annotated[list[str] | None, typer.Option(help="a key of the hub that you know, as GET /v1/log has it, or a file")] = None,
    checkpoint: Annotated[list[Path] | None, typer.Option(help="a checkpoint that you know, such as a witness keeps")] = None,
    consistency: Annotated[list[Path] | None, typer.Option(help="what GET /v1/log/…/consistency answers, to join them")] = None,
    witness: Annotated[list[str] | None, typer.Option(help="the key of a witness that you trust")] = None,
    unpack: Annotated[Path | None, typer.Option(help="a new directory for what is in it, such as the report")] = None,
    language: Annotated[str, typer.Option(help="nl or en; otherwise that of the file")] = "",
) -> None:
    """Verify the file of a case with a program that needs nothing of the hub. Ends with 0 where all holds, with 1 where something
    is wrong, and with 2 where it cannot be read."""
    try:
        from vig_verifier.__main__ import main
    except ImportError:
        words = "The verifier is a program of its own: install it beside the hub from its directory, `pip install ./verifier`."
        raise Unavailable(words, code="no-verifier") from None
    many = {"hub": hub, "checkpoint": checkpoint, "consistency": consistency, "witness": witness}
    one = {"key": key, "unpack": unpack, "language": language}
    said = [f"--{name}={value}" for name, values in many.items() for value in values or ()]
    said += [f"--{name}={value}" for name, value in one.items() if value]
    raise typer.Exit(main([*said, "--", str(bundle)]))
