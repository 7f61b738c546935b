"""What the terminal shows of the story: a block for each step, in English, with the partners' Dutch where it is theirs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.box import ROUNDED
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from hub.client import Problem, Receipt
from hub.demo.cast import ORGANISATIONS, Organisation
from hub.demo.senders import Sent
from hub.demo.story import (
    DUTCH_TIME,
    FIRST_DAY,
    Acknowledge,
    Answer,
    Decide,
    Earlier,
    Forge,
    Meet,
    Post,
    PostAgain,
    Surround,
    Voice,
)
from hub.domain.concerns import CONCERNS
from hub.domain.matrix import Matrix
from hub.domain.words import Axis, Level

Fact = Mapping[str, Any]
WIDTH = 100
_WHY = {
    "nobody-known": "nobody whom the hub knows, so a new family begins",
    "bsn": "the person number (BSN)",
    "name-birth-address": "name, birth date and address",
    "address": "the address alone",
    "answers-earlier-message": "the report that it answers",
    "a-person": "a person said so",
}
_TITLES = {organisation.name: organisation.title for organisation in ORGANISATIONS} | {
    organisation.kind: organisation.title for organisation in ORGANISATIONS
}
_DOT = "[dim]·[/]"


@dataclass(frozen=True, slots=True)
class Escalated:
    """An axis that rose, with all that is told of it: the signals under it, the clocks it started, and who heard, how soon.

    `feed` is the id on the live feed and milliseconds; `told` says per organisation whether the signature held, and
    milliseconds; `absent` are kinds of partners that must be told but do not take part.
    """

    fact: Fact
    signals: Sequence[Fact]
    clocks: Sequence[Fact]
    feed: tuple[int, float]
    told: Mapping[str, tuple[bool, float]]
    absent: Sequence[str]


class Show:
    """Prints; `matrix` gives the words of rules, cells, levers and terms."""

    def __init__(self, console: Console, matrix: Matrix) -> None:
        self._console, self._matrix = console, matrix
        self._rules = {rule.id: rule.words.english for rule in matrix.rules}
        self._rules |= {rule.id: rule.words.english for rule in matrix.stagnation}
        self._week = 0

    def line(self, text: str = "") -> None:
        """A line across the page."""
        self._console.print(text, highlight=False)

    def week_of(self, moment: datetime) -> None:
        """A heading where a new week begins."""
        week = (moment.astimezone(DUTCH_TIME).date() - FIRST_DAY).days // 7 + 1
        if week != self._week:
            self._week = week
            self._console.print()
            self._console.rule(f"[bold]week {week}[/]", align="left", style="dim")

    # Steps ------------------------------------------------------------------------------------------

    def post(self, step: Post, sent: Sent, receipt: Receipt) -> None:
        """A message that a partner posted, and its receipt, which was verified."""
        self._step(step.at, f"[bold]{step.sender.title}[/]: {step.says}")
        format = "XML" if step.form.media.endswith("xml") else "JSON"
        self._more("message", f"{step.form.standard} {_DOT} {format}, {len(sent.body):,} bytes, signed (PS256)")
        style = {"recorded": "green", "quarantined": "red"}.get(receipt.outcome, "yellow")
        became = f"201 [{style}]{receipt.outcome}[/] in {sent.milliseconds:.0f} ms"
        self._more("receipt", f"{became} {_DOT} position {receipt.position} {_DOT} digest and the hub's signature verified")

    def matched(self, why: Sequence[str], family: str) -> None:
        """Why a signal was found to be about the family."""
        words = ", and on ".join(_WHY[code] for code in why)
        self._more("matched", words if "nobody-known" in why else f"on {words} {_DOT} family {family[:8]}")

    def reasons(self, reasons: Sequence[Mapping[str, str]]) -> None:
        """Why a message waits in quarantine."""
        for place, reason in enumerate(reasons):
            self._more("because" if not place else "", f"{reason['where']} {reason['what']}")
        self._more("", "[dim]nothing of it is lost: it can be read again after a fix[/]")

    def repeat(self, step: PostAgain, sender: Organisation, answer: Receipt) -> None:
        """The same message again."""
        same = f"200, the receipt of position {answer.position} again; nothing changes"
        self._step(step.at, f"[bold]{sender.title}[/]: {step.reference} again {_DOT} {same}")

    def forged(self, step: Forge, problem: Problem) -> None:
        """A message that somebody else signed."""
        refused = f"[red]{problem.status} {problem.code}[/]; nothing is recorded"
        self._step(step.at, f"[bold]somebody[/] in the name of {step.sender.title}, with another key {_DOT} {refused}")

    def answered(self, step: Answer, question: Mapping[str, Any], family: str) -> None:
        """A match question, and its answer."""
        why = ", ".join(_WHY[code] for code in question["why"])
        self._more("question", f"[yellow]whose child is this?[/] The hub knows {why} {_DOT} candidate: family {family[:8]}")
        self._step(step.at, f"[bold]{step.by.title}[/] links the signal to family {family[:8]}")
        self._more("because", f"“{step.motivation}”")

    def acknowledged(self, step: Acknowledge, escalations: Sequence[Mapping[str, Any]]) -> None:
        """Escalations of which somebody took notice."""
        names = " and ".join(f"{one['axis']} {one['level']}" for one in escalations)
        self._step(step.at, f"[bold]{step.by.title}[/] acknowledges {names}")

    def decided(self, step: Decide) -> None:
        """A decision of a person."""
        self._step(step.at, f"[bold]{step.by.title}[/] {step.says}")
        if "motivation" in step.body:
            self._more("because", f"“{step.body['motivation']}”")

    def surrounded(self, step: Surround) -> None:
        """The network of the family, drawn with it."""
        self._step(step.at, f"[bold]{step.by.title}[/] draws the network with the family {_DOT} {len(step.ties)} ties")
        for side, title in (("informal", "its own"), ("formal", "by profession")):
            self._more(title, ", ".join(f"{one['name']} ({one['what']})" for one in step.network if one["side"] == side))

    def voiced(self, step: Voice) -> None:
        """What the family says of its plan, and for how many of it there is one to read."""
        readers = {who for _, who, *_ in step.heard}
        self._step(
            step.at, f"[bold]{step.by.title}[/] asks the family what it thinks {_DOT} a plan to read for {len(readers)} of it"
        )
        for _, who, stance, own, _ in step.heard:
            self._more(who, f"{stance}: “{own}”" if own else stance)

    def met(self, step: Meet) -> None:
        """What a term was for, done in time."""
        words = self._matrix.terms[step.term].words.english
        self._step(step.at, f"[bold]{step.by.title}[/] notes as done: {words}")
        self._more("because", f"“{step.words}”")

    def passed(self, fact: Fact, raised: Fact | None) -> None:
        """A term that is over, and where direction went."""
        words = self._matrix.terms[fact["data"]["term"]].words.english
        self._step(_moment(fact["recordedAt"]), f"[yellow]the clock[/]: the term for “{words}” is over")
        if raised is not None:
            said = raised["data"]
            arrow = f"direction [bold]{said['levelFrom']} → {said['levelTo']}[/]"
            self._more("", f"{arrow} {_DOT} {self._rules[said['rule']]} [dim]({said['rule']})[/]")

    # Escalations ------------------------------------------------------------------------------------

    def escalated(self, one: Escalated) -> None:
        """An axis that rose: shortly, or with everything where it is total."""
        if one.fact["data"]["levelTo"] == Level.TOTAL:
            self._console.print(Padding(self._in_full(one), (0, 0, 0, 2)))
            return
        said = one.fact["data"]
        arrow = f"[bold yellow]{said['axis']} {said['levelFrom']} → {said['levelTo']}[/]"
        self._more("raised", f"{arrow} {_DOT} {self._rules[said['rule']]}")
        self._more("", f"[dim]by {said['rule']}, matrix {said['matrix']}, on {_many(len(one.signals), 'signal')}[/]")
        self._more("told", self._told(one))

    def _in_full(self, one: Escalated) -> RenderableType:
        said, cell = one.fact["data"], self._cell(one.fact)
        rows = [
            ("rule", f"{self._rules[said['rule']]} [dim]({said['rule']}, matrix {said['matrix']})[/]"),
            *_labelled("rests on", [_signal(signal) for signal in one.signals]),
            ("leads", cell.words.english),
            *_labelled("advised", [self._lever(lever) for lever in said["levers"]]),
            *_labelled("clocks", [self._clock(clock) for clock in one.clocks]),
            ("told", self._told(one)),
            ("not here", f"[dim]{' and '.join(one.absent)} are to be told too[/]"),
        ]
        title = f"[bold red]escalation: {said['axis']} {said['levelFrom']} → {said['levelTo']}[/]"
        return Panel(_grid(rows), title=f"{title} {_DOT} {_day(one.fact['recordedAt'])}", title_align="left", box=ROUNDED)

    def _told(self, one: Escalated) -> str:
        id, milliseconds = one.feed
        partners = ", ".join(f"{_TITLES[name]} {_verified(*how)}" for name, how in one.told.items())
        return f"live feed after {milliseconds:.0f} ms (event {id}) {_DOT} webhooks: {partners}"

    def _lever(self, lever: Mapping[str, str]) -> str:
        words = self._matrix.levers[lever["lever"]].words.english
        return f"{words} {_DOT} [dim]for {_TITLES.get(lever['by'], lever['by'])} to decide, by {lever['ground']}[/]"

    def _clock(self, clock: Fact) -> str:
        said = clock["data"]
        return f"{self._matrix.terms[said['term']].words.english} {_DOT} [dim]before {_day(said['due'])}[/]"

    def _cell(self, fact: Fact) -> Any:
        return self._matrix.cells[Axis(fact["data"]["axis"]), Level(fact["data"]["levelTo"])]

    def criteria(self, results: Sequence[tuple[str, Sequence[Fact]]]) -> None:
        """Each criterion for referral, with the signals it rests on."""
        words = {criterion.id: criterion.words.english for criterion in self._matrix.criteria}
        rows = [("", "[dim]the hub advises; a person refers[/]")]
        for criterion, signals in results:
            rows += [("[green]met[/]", words[criterion]), *(("", f"[dim]{_signal(signal)}[/]") for signal in signals)]
        panel = Panel(_grid(rows), title="[bold]the criteria for referral are met[/]", title_align="left", box=ROUNDED)
        self._console.print(Padding(panel, (0, 0, 0, 2)))

    # The family -------------------------------------------------------------------------------------

    def family(self, family: Mapping[str, Any]) -> None:
        """One family, one plan, one director."""
        rows = [
            *_labelled("household", [_member(member) for member in sorted(family["people"], key=lambda one: one["born"])]),
            ("home", _home(family["households"][0]["address"])),
            ("director", _who(family["director"])),
            ("coach", _who(family["coach"]) if family["coach"] else "none yet"),
            (
                "direction",
                f"at the level of the {family['direction']['level']} {_DOT} [dim]since {_day(family['direction']['since'])}[/]",
            ),
            ("phase", f"{family['phase']} {_DOT} [dim]since {_day(family['phaseSince'])}[/]"),
        ]
        plan = [*self._plan(family["plan"])] if family["plan"] else [("plan", "none yet")]
        rest = [
            *_labelled("clocks", [self._running(clock) for clock in family["clocks"]]),
            *_labelled("involved", [_partner(partner) for partner in family["involved"]]),
        ]
        body = Group(_grid(rows), Text(), _matrix(family["level"]["axes"]), Text(), _grid([*plan, *rest]))
        title = f"[bold]one family, one plan, one director[/] {_DOT} family {family['id'][:8]}"
        self._console.print(Panel(body, title=title, title_align="left", box=ROUNDED))

    def _plan(self, plan: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
        said = f"version {plan['version']}, adopted by {plan['adoptedBy']} {_DOT} [dim]on {_day(plan['adoptedAt'])}[/]"
        goals = [f"{goal['specific']} {_DOT} [dim]{goal['owner']}, before {goal['dueDate']}[/]" for goal in plan["goals"]]
        return [("plan", said), *_labelled("goals", goals)]

    def _running(self, clock: Mapping[str, Any]) -> str:
        term = self._matrix.terms.get(clock["term"])
        words = term.words.english if term else f"{clock['term']} {clock['about']}"
        return f"{words} {_DOT} [dim]before {_day(clock['due'])}[/]"

    def earlier(self, day: Earlier, state: Mapping[str, Any]) -> None:
        """The case as it stood on an earlier day."""
        axes = [{"axis": axis, "level": level, "rule": ""} for axis, level in state["levels"].items()]
        last = state["signals"][-1]
        rows = [
            ("director", f"{state['director']['who']}, {state['director']['organisation']}"),
            ("direction", f"at the level of the {state['direction']}"),
            ("phase", f"{state['phase']}, {'a plan' if state['plan'] else 'no plan yet'}"),
            ("known", f"{len(state['people'])} people, {len(state['signals'])} signals"),
            ("the last", f"{_TITLES[last['partner']]}: {CONCERNS[last['concern']].english}"),
        ]
        side = Table.grid(padding=(0, 3))
        side.add_row(_matrix(axes), _grid(rows))
        title = f"[bold]as it stood at {day.says}[/] {_DOT} {day.at:%a %-d %b %Y %H:%M}"
        self._console.print(Panel(side, title=title, title_align="left", box=ROUNDED))

    # Lines ------------------------------------------------------------------------------------------

    def _step(self, at: datetime, text: str) -> None:
        local = at.astimezone(DUTCH_TIME)
        self._row(f"[cyan]{local:%a} {local.day:>2} {local:%b %H:%M}[/]", text)

    def _more(self, label: str, text: str) -> None:
        self._row(f"[dim]{label:>16}[/]", text)

    def _row(self, left: str, text: str) -> None:
        grid = Table.grid(padding=(0, 2))
        grid.add_column(width=16, no_wrap=True)
        grid.add_column(ratio=1)
        grid.add_row(left, text)
        self._console.print(grid, highlight=False)


def _grid(rows: Sequence[tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="dim", min_width=9)
    grid.add_column()
    for label, text in rows:
        grid.add_row(label, text)
    return grid


def _matrix(axes: Sequence[Mapping[str, Any]]) -> Table:
    """The four axes over the four levels."""
    colours = {1: "green", 2: "yellow", 3: "dark_orange", 4: "red"}
    table = Table.grid(padding=(0, 1))
    table.add_row("", *(f"[dim]{level}[/]" for level in Level), "")
    for axis in axes:
        level = axis["level"]
        cells = [f"[{colours[level]}]■[/]" if place <= level else "[dim]·[/]" for place in Level]
        table.add_row(f"{axis['axis']:<9}", *cells, f"[dim]{axis['rule']}[/]")
    return table


def _labelled(label: str, texts: Sequence[str]) -> list[tuple[str, str]]:
    return [(label if not place else "", text) for place, text in enumerate(texts)]


def _verified(is_verified: bool, milliseconds: float) -> str:
    return f"{milliseconds:.0f} ms [green]✓[/]" if is_verified else "[red]NOT VERIFIED[/]"


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(DUTCH_TIME)


def _day(text: str) -> str:
    return f"{_moment(text):%a %-d %b %Y %H:%M}"


def _signal(fact: Fact) -> str:
    said = fact["data"]
    return f"{said['happened']} {_TITLES[said['partner']]}: {CONCERNS[said['concern']].english}"


def _who(one: Mapping[str, str]) -> str:
    return f"{one['who']}, {one['organisation']} ({one['contact']}) {_DOT} [dim]since {_day(one['since'])}[/]"


def _member(member: Mapping[str, str]) -> str:
    name = " ".join(filter(None, (member["givenNames"], member["prefix"], member["familyName"])))
    return f"{name}, {member['role']} {_DOT} [dim]born {member['born']}[/]"


def _home(address: Mapping[str, str]) -> str:
    return f"{address['street']} {address['number']}, {address['postcode']} {address['town']}"


def _partner(partner: Mapping[str, Any]) -> str:
    return f"{_TITLES[partner['partner']]} {_DOT} [dim]{_many(partner['signals'], 'signal')}, since {_day(partner['since'])}[/]"
