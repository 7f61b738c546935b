"""Social return: what families' trajectories cost beside what they spare whom, as ranges, with all that is assumed."""

import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from rich.table import Table

from hub.adapters.contracts import contract_path
from hub.adapters.social_return import FAMILIES, HEADS, load_model, read_counts
from hub.commands.deriving import Quiet, one_by_one, these_or_all
from hub.commands.noting import noted
from hub.commands.returned_picture import euros, picture, value
from hub.commands.shared import advise, new_file, say, the_hub, using, write_lines
from hub.domain.social_return import (
    Assumption,
    Counted,
    Model,
    Price,
    Range,
    Return,
    Share,
    Swing,
    likeliest,
    lines,
    social_return,
    tornado,
)
from hub.domain.terms import AMSTERDAM
from hub.wiring.counted import A_MONTH, HOURS_A_WEEK, counted

app = typer.Typer(
    help="What trajectories cost beside what they spare whom: ranges and assumptions, never one number.\n\n"
    "First `hub social-return count counts.csv`: what the hub itself knows, by neighbourhood. Complete that file in a spreadsheet "
    "with what else happened (with) and what would have happened without (without). Then `hub social-return compute counts.csv`.",
    no_args_is_help=True,
)
_pages = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
ALL = "alles samen / all together"
_Counts = Annotated[
    Path, typer.Argument(help="what was counted, as `hub social-return count` begins it", exists=True, dir_okay=False)
]
_New = Annotated[Path, typer.Argument(help="a new file for a spreadsheet")]
_Assume = Annotated[
    list[str] | None,
    typer.Option(
        "--assume",
        help="another price or assumption, as CODE=LEAST:LIKELIEST:MOST, such as attribution=0.2:0.4:0.6; may be given again",
        metavar="CODE=…",
    ),
]
_Seed = Annotated[int, typer.Option(help="with the same one the same comes out", min=0)]
_Draws = Annotated[int, typer.Option(help="how often everything is drawn", min=100, max=100_000)]
_Page = Annotated[Path | None, typer.Option("--page", help="a new HTML file: all of it, with the picture and its table")]
_Drawing = Annotated[Path | None, typer.Option("--picture", help="a new SVG file: what matters most")]
_Lines = Annotated[Path | None, typer.Option("--csv", help="a new file for a spreadsheet: results, prices and assumptions")]


@dataclass(frozen=True, slots=True)
class Found:
    """What came out for one place."""

    counted: Counted
    result: Return


@app.command()
def show() -> None:
    """Print every price and every assumption as they hold today, where each was found, and what of it nobody found anywhere."""
    model = _model()
    say.print(_inputs(model))
    say.print(f"Prices are of {model.year}. Change one where you compute: --assume CODE=LEAST:LIKELIEST:MOST.", soft_wrap=True)


@app.command()
def count(file: _New, quiet: Quiet = False) -> None:
    """Begin a file of counts: of each neighbourhood what the hub knows of families that had a coach, until this month began.

    By fives, and nothing of fewer than five: those are for you to fill in, as is all that the hub cannot know. In the column
    `with` comes what happened, in `without` what would have happened to the same families without a trajectory; leave empty what
    nobody knows, and it is not counted. Write yes under `compared` where `without` was counted in a group of families that are
    alike: nothing is then taken off for what would have stayed away anyway.
    """
    model = _model()
    with the_hub() as hub, noted(hub, "count-trajectories", "hub social-return count"):
        hub.views.catch_up()
        known = list(counted(hub, one_by_one(these_or_all(hub, None), "counting", quiet)))
    rows = [(place, what, "" if many is None else many, "", "") for place, what, many in known]
    for place in dict.fromkeys(place for place, _, _ in known):
        told = {what for at, what, _ in known if at == place}
        rows += [(place, kind, "", "", "") for kind in model.kinds if kind not in told]
    with using(), new_file(file, "FILE") as kept:
        write_lines(kept, [HEADS, *sorted(rows, key=lambda row: (row[0], row[1] != FAMILIES))])
    places = len({place for place, _, _ in known})
    hours = f"Hours are {HOURS_A_WEEK:g} for each week with a coach, in steps of {A_MONTH}"
    say.print(f"Places of five families or more: {places}. {hours}; put in what you know better.", soft_wrap=True)
    say.print(f"Complete {file}, then: hub social-return compute {file}", soft_wrap=True, highlight=False, markup=False)


@app.command()
def compute(
    counts: _Counts,
    assume: _Assume = None,
    seed: _Seed = 1,
    draws: _Draws = 5000,
    page: _Page = None,
    drawing: _Drawing = None,
    table: _Lines = None,
) -> None:
    """Compute social return out of a file of counts: by payer and together what it costs and spares, between what it lies.

    Every price and assumption is drawn many times between its least and its most (Monte Carlo); of what comes out P5, P50 and P95
    are told. What spares one payer and is lost to another (a transfer) is told of both. What has no price is not in it, and neither
    is what it means to a child: this is about money alone. Where prices and assumptions were found, or that they are assumed, is
    told each time.
    """
    model = _supposing(_model(), assume or [])
    with using():
        places, left = read_counts(counts, model)
    everything = places if len(places) == 1 else [*places, Counted.together(ALL, places)]
    found = [Found(each, social_return(model, each, draws, random.Random(seed).random)) for each in everything]  # noqa: S311
    last = everything[-1]
    swings, usual = tornado(model, last), sum(line.benefit - line.cost for line in lines(model, last, likeliest(model)))
    drawn = picture(swings, usual, model, last.place)
    with using(), ExitStack() as files:
        if table:
            rows = _rows(found, swings, last, model, seed, draws)
            write_lines(files.enter_context(new_file(table, "--csv")), rows)
        if drawing:
            files.enter_context(new_file(drawing, "--picture")).write(drawn.encode())
        if page:
            said = _page(found, swings, last, model, seed, draws, left, drawn)
            files.enter_context(new_file(page, "--page")).write(said.encode())
    for each in found:
        _say(each, model)
    _conclude(swings, last, model, seed, draws, left)


def _model() -> Model:
    return load_model(contract_path("registers"), datetime.now(UTC).astimezone(AMSTERDAM).date())


def _supposing(model: Model, changes: Sequence[str]) -> Model:
    for change in changes:
        code, _, said = change.partition("=")
        try:
            low, most, high = map(float, said.split(":"))
        except ValueError:
            raise typer.BadParameter(f"{change} is not CODE=LEAST:LIKELIEST:MOST", param_hint="--assume") from None
        model = model.supposing(code, Range(low, most, high))
    return model


# In words -------------------------------------------------------------------------------------------------


def _say(found: Found, model: Model) -> None:
    result, place = found.result, found.counted
    table = Table(
        "",
        "costs P5 · P50 · P95",
        "spared P5 · P50 · P95",
        "spared less costs",
        title=f"{place.place}: {place.families} families, euros",
    )
    shares = [(model.payers[payer].english, share) for payer, share in result.payers.items()]
    for name, share in [*shares, ("together", result.together)]:
        table.add_row(name, *(_between(each) for each in (share.costs, share.benefits, share.net)))
    say.print(table)
    if ratio := result.ratio:
        below = f"in half of all draws below {ratio.middle:.2f}"
        said = f"For every euro {ratio.low:.2f} to {ratio.high:.2f} is spared (P5 to P95; {below})."
        say.print(said, soft_wrap=True, highlight=False)
    said = f"In {result.positive:.1%} of all draws more was spared than it cost."
    say.print(said, soft_wrap=True, highlight=False)


def _between(spread: Any) -> str:
    return " · ".join(euros(each) for each in (spread.low, spread.middle, spread.high))


def _conclude(swings: Sequence[Swing], place: Counted, model: Model, seed: int, draws: int, left: Sequence[str]) -> None:
    table = Table("what", "least", "most", "then", "and then", title=f"what matters most, {place.place}: spared less costs, euros")
    for each in swings:
        known = model.inputs[each.code]
        ends = (value(known, known.range.low), value(known, known.range.high))
        table.add_row(known.words.english, *ends, euros(each.at_low), euros(each.at_high))
    say.print(table)
    say.print(_inputs(model))
    if left:
        advise(f"Not counted, for nobody filled in how many there were with or without: {'; '.join(left)}.")
    for line in (
        f"Seed {seed}, {draws} draws, registers {model.version}, prices of {model.year}.",
        "Payers add up in each draw; what lies halfway or at the ends does not.",
        "Not in it: what has no price here, and what it means to people.",
    ):
        say.print(line, soft_wrap=True, highlight=False)


def _inputs(model: Model) -> Table:
    table = Table(title=f"prices (euros of {model.year}) and assumptions, registers {model.version}")
    for name in ("code", "what", "least", "likeliest", "most", "found at", "assumed"):
        table.add_column(name, overflow="fold")
    for each in model.inputs.values():
        amounts = (value(each, one) for one in (each.range.low, each.range.most, each.range.high))
        table.add_row(each.code, each.words.english, *amounts, each.source or "nowhere", each.assumed.english)
    return table


# In files ----------------------------------------------------------------------------------------------------


def _rows(
    found: Sequence[Found], swings: Sequence[Swing], last: Counted, model: Model, seed: int, draws: int
) -> list[Sequence[Any]]:
    """One table of all: results in whole euros, what matters most, and every price and assumption."""
    rows: list[Sequence[Any]] = [("place", "of", "what", "low", "middle", "high", "source", "assumed")]
    for each in found:
        place, result = each.counted.place, each.result
        for who, share in [*result.payers.items(), ("together", result.together)]:
            rows += [(place, who, what, *_whole(spread), "", "") for what, spread in _parts(share)]
        if ratio := result.ratio:
            cents = (round(100 * one) for one in (ratio.low, ratio.middle, ratio.high))
            rows.append((place, "together", "cents-per-euro", *cents, "", ""))
    rows += [
        (last.place, each.code, "net-at-least-and-most", round(each.at_low), "", round(each.at_high), "", "") for each in swings
    ]
    rows += [_input_row(each) for each in model.inputs.values()]
    return [*rows, ("", "seed", "draw", seed, "", draws, "", "")]


def _parts(share: Share) -> Iterator[tuple[str, Any]]:
    yield from (("costs", share.costs), ("benefits", share.benefits), ("net", share.net))


def _whole(spread: Any) -> tuple[int, int, int]:
    return round(spread.low), round(spread.middle), round(spread.high)


def _input_row(each: Price | Assumption) -> Sequence[Any]:
    kind = "price" if isinstance(each, Price) else each.role.value
    return ("", each.code, kind, each.range.low, each.range.most, each.range.high, each.source, each.assumed.english)


def _page(
    found: Sequence[Found],
    swings: Sequence[Swing],
    last: Counted,
    model: Model,
    seed: int,
    draws: int,
    left: Sequence[str],
    drawn: str,
) -> str:
    return _pages.get_template("social_return.html").render(
        found=found,
        swings=swings,
        last=last,
        model=model,
        seed=seed,
        draws=draws,
        left=left,
        picture=Markup(drawn),  # noqa: S704
        euros=euros,
        value=value,
        between=_between,
    )
