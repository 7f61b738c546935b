"""Evaluation of plan, process and effect over a cohort: a report to steer by, and a table for research that gives nobody away."""

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from secrets import token_hex
from typing import Annotated, Any

import typer
import typst
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from hub.adapters.contracts import contract_path
from hub.adapters.extra import needed
from hub.adapters.instruments import load_instruments
from hub.adapters.research_file import in_parquet
from hub.commands.deriving import Quiet, one_by_one, these_or_all
from hub.commands.evaluation_report import Cohort, Section, sections
from hub.commands.noting import members, noted
from hub.commands.shared import new_file, say, the_hub, using, write_lines
from hub.console.parts import Both
from hub.console.saying import month
from hub.console.tables import shown
from hub.domain.anonymity import MOST_LEFT_OUT, SUPPRESSED, Anonymous, K, anonymous
from hub.domain.matrix import Words
from hub.domain.research import KNOWN, NONE, columns, row
from hub.errors import RuleBroken
from hub.projections.insight.months import Until, period
from hub.wiring import Hub
from hub.wiring.cohort import cohort
from hub.wiring.interface import words

app = typer.Typer(
    help="Plan, process and effect over all families that came into view in some months, by fives, with what that cannot show.\n\n"
    "`hub evaluation report` writes the report, in Dutch and English, as pages and as PDF. Do it again each quarter: it says first "
    "what asks for attention. `hub evaluation export` writes a table for research.",
    no_args_is_help=True,
)
TONGUES = ("nl", "en")
_HERE = Path(__file__).parent
_pages = Environment(
    loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_TITLE = Both("Evaluatie", "Evaluation")
_PSEUDONYM = Words("schuilnaam, alleen in deze uitvoer", "pseudonym, of this export alone")
From = Annotated[str, typer.Option("--from", help="the first month in which families came into view, as 2026-01", metavar="MONTH")]
Last = Annotated[str, typer.Option("--until", help="the last month, which must be over", metavar="MONTH")]
_Place = Annotated[Path, typer.Argument(help="a directory for the files; none of them may be there yet", file_okay=False)]


@app.command()
def report(place: _Place, first: From = "", last: Last = "", quiet: Quiet = False) -> None:
    """Write the report of the families that came into view in these months (default: the last twelve that are over).

    In Dutch and English, each as a page and as a PDF that a screen reader reads. Counts are by fives and nothing of fewer; what
    cannot be computed from so few is said, with the reason. There is no group to compare with: it says what follows from that.
    """
    needed("statsmodels.api")
    with the_hub() as hub, noted(hub, "evaluate", "hub evaluation report"):
        those = evaluated(hub, first, last, quiet)
        until = Until(hub.clock.now())
    found = sections(those, load_instruments(contract_path("instruments")).versions, words())
    with using(), ExitStack() as files:
        place.mkdir(parents=True, exist_ok=True)
        for tongue in TONGUES:
            about = _about(those, until, tongue)
            for ending, written in (("html", _page), ("pdf", _paper)):
                file = files.enter_context(new_file(place / f"evaluation.{tongue}.{ending}", "DIRECTORY"))
                file.write(written(found, about, tongue))
    say.print(
        f"The report is in {place}: evaluation.nl.html, evaluation.nl.pdf, and the same in English.",
        soft_wrap=True,
        highlight=False,
    )


@app.command()
def export(place: _Place, first: From = "", last: Last = "", quiet: Quiet = False) -> None:
    """Write a table for research with a row for each of these families, as CSV and Parquet, with a codebook.

    Pseudonyms are new each time, days are told as months or coarser, and each row is like four others at least in what outsiders
    may know (k-anonymity): where that cannot be, nothing is written and it says why. These are personal data still (GDPR, 4(5)).
    """
    needed("pyarrow.parquet")
    instruments = {each.code: each.words for each in load_instruments(contract_path("instruments")).versions}
    with the_hub() as hub:
        those = evaluated(hub, first, last, quiet)
        until = Until(hub.clock.now())
        with noted(hub, "export-for-research", "hub evaluation export", members(hub, [one.id for one in those.families])):
            may_be_used = [one for one in those.families if not one.is_restricted]
            found = anonymous([row(one, columns(instruments)) for one in may_be_used], KNOWN)
            if isinstance(found, Words):
                raise RuleBroken(f"Nothing was exported. {found.english}", code="not-anonymous")
    rows = sorted(({"pseudonym": token_hex(8), **each} for each in found.rows), key=lambda each: each["pseudonym"])
    said = {"pseudonym": _PSEUDONYM, **{column.name: column.words for column in columns(instruments)}}
    with using(), ExitStack() as files:
        place.mkdir(parents=True, exist_ok=True)
        lines, parquet, book = (
            files.enter_context(new_file(place / name, "DIRECTORY"))
            for name in ("families.csv", "families.parquet", "codebook.json")
        )
        write_lines(lines, [list(said), *(list(each.values()) for each in rows)])
        in_parquet(rows, {name: words.english for name, words in said.items()}, parquet)
        book.write(json.dumps(_codebook(found, said, those, until), ensure_ascii=False, indent=2).encode())
    out = f"{found.left_out} left out" if found.left_out else "none left out"
    told = f"{len(rows)} families in {place}: each is like {found.smallest - 1} others at least; {out}."
    say.print(told, soft_wrap=True, highlight=False, markup=False)


def _codebook(found: Anonymous, said: Mapping[str, Words], those: Cohort, until: Until) -> dict[str, Any]:
    """What stands in the table, and how it was made so that nobody can be recognised."""
    steps = {each.name: len(each.steps) - 1 for each in KNOWN}
    return {
        "cohort": {"cameFrom": those.months[0], "cameUntil": those.months[-1], "asOf": f"{until.day}"},
        "rows": len(found.rows),
        "leftOut": found.left_out,
        "anonymity": {"k": K, "smallestClass": found.smallest, "mostLeftOut": MOST_LEFT_OUT},
        "columns": [
            {
                "name": name,
                "nl": words.dutch,
                "en": words.english,
                "role": "pseudonym" if name == "pseudonym" else "quasi-identifier" if name in steps else "attribute",
                **({"step": found.taken[name], "steps": steps[name]} if name in steps else {}),
                **({"suppressed": found.suppressed[name]} if name in found.suppressed else {}),
                **({} if name == "pseudonym" else {"values": sorted({each[name] for each in found.rows})}),
            }
            for name, words in said.items()
        ],
        "notes": {"nl": [each.nl for each in _NOTES], "en": [each.en for each in _NOTES]},
    }


_NOTES = (
    Both(
        f"'{SUPPRESSED}' staat in plaats van een waarde die minder dan vijf gezinnen hebben; '{NONE}' is dat iets er niet was.",
        f"'{SUPPRESSED}' stands in place of a value that fewer than five families have; '{NONE}' is that something was not there.",
    ),
    Both(
        "Dit zijn persoonsgegevens onder schuilnaam (AVG art. 4 lid 5). Koppel ze aan niets anders, ook niet aan een eerdere "
        "uitvoer.",
        "These are personal data under pseudonyms (GDPR, article 4(5)). Link them to nothing, an earlier export neither.",
    ),
    Both(
        "Vijf die op elkaar lijken kunnen een waarde delen; die is dan van ieder van hen bekend. Tussen kolommen is niet geruisd.",
        "Five who are alike may share a value; it is then known of each of them. No noise was added between columns.",
    ),
    Both(
        "Een signaal is wat een partner vertelde. Er is geen vergelijkingsgroep; zie docs/evaluation.md.",
        "A signal is what a partner told. There is no group to compare with; see docs/evaluation.md.",
    ),
)


def evaluated(hub: Hub, first: str, last: str, quiet: bool) -> Cohort:
    """The families of the months that were asked for. Raises: Malformed."""
    months = period({name: said for name, said in (("from", first), ("until", last)) if said}, Until(hub.clock.now()))
    hub.views.catch_up()
    return Cohort(cohort(hub, one_by_one(these_or_all(hub, None), "reading", quiet), months), months)


def _about(those: Cohort, until: Until, tongue: str) -> Mapping[str, str]:
    """The title of a report, and what it is about."""
    begin, end = (month(each, tongue) for each in (those.months[0], those.months[-1]))
    nl = f"Alle gezinnen die in beeld kwamen van {begin} tot en met {end}, zoals het stond op {until.day.isoformat()}."
    en = f"All families that came into view from {begin} through {end}, as it stood on {until.day.isoformat()}."
    return {"title": f"{_TITLE.said(tongue)}: {begin} – {end}", "about": Both(nl, en).said(tongue)}


def _page(found: Sequence[Section], about: Mapping[str, str], tongue: str) -> bytes:
    said = [_said(section, tongue) for section in found]
    for section in said:
        section["picture"] = Markup(section["picture"])  # noqa: S704
    return _pages.get_template("evaluation.html").render(**about, tongue=tongue, sections=said).encode()


def _paper(found: Sequence[Section], about: Mapping[str, str], tongue: str) -> bytes:
    """The same on A4, with the structure that a screen reader asks for (PDF/UA-1, ISO 14289-1)."""
    said = {**about, "tongue": tongue, "sections": [_said(section, tongue) for section in found]}
    form, inputs = (_HERE / "evaluation.typ").read_bytes(), {"said": json.dumps(said)}
    return bytes(typst.compile(form, format="pdf", sys_inputs=inputs, pdf_standards=["ua-1"], ignore_system_fonts=True))


def _said(section: Section, tongue: str) -> dict[str, Any]:
    """A section in one language, as plain data."""
    return {
        "title": section.title.said(tongue),
        "words": [each.said(tongue) for each in section.words],
        "picture": section.picture(tongue) if section.picture else "",
        "drawn": section.drawn.said(tongue),
        "tables": [
            {
                "title": table.title.said(tongue),
                "heads": [head.said(tongue) for head in table.heads],
                "rows": [[shown(cell, tongue) for cell in row] for row in table.rows],
            }
            for table in section.tables
        ],
    }
