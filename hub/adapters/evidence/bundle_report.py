"""The report in the file of a case: what happened, who was told, who looked, in words that people read, as one page that prints."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from hub.domain.access import Access
from hub.domain.feedback import Feedback
from hub.domain.messages import Message
from hub.domain.people import Person
from hub.domain.questions import MatchQuestion
from hub.domain.tellings import Telling
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.planned import DUTCH_TIME
from hub.ports import Fact

_pages = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
Word = Callable[[str, str], str]
"""What a code of a kind is called in the language of the report."""
Sentence = Callable[[Any], tuple[str, str]]
"""What a fact of the timeline says, in Dutch and in English; of what is not on it this says its topic."""
_BESIDE: Mapping[type[Any], tuple[str, str]] = {
    Access.GlassBroken: (
        "Iemand brak het glas om te kijken.",
        "Somebody with no part in it broke glass to look.",
    ),
    Access.LookedInto: (
        "Een ander dan de regisseur keek.",
        "Somebody other than the director looked.",
    ),
    Access.AuditorAssigned: ("Een auditor kreeg opdracht om te kijken.", "An auditor was assigned to look."),
    Access.FileMade: ("Het dossier werd gemaakt.", "The file of the case was made."),
    Access.AssignmentEnded: ("De opdracht van een auditor eindigde.", "The assignment of an auditor ended."),
    MatchQuestion.Asked: ("Een signaal wachtte: bij wie hoort het?", "A signal waited: whom does it belong to?"),
    MatchQuestion.Answered: ("Iemand besliste bij wie een signaal hoort.", "Somebody decided whom a signal belongs to."),
    Message.Corrected: ("De afzender stuurde een ander bericht in de plaats.", "Its sender sent another message in its place."),
    Message.Withdrawn: ("De afzender trok een bericht in.", "Its sender withdrew a message."),
    Message.ProcessedAgain: ("Een bericht is opnieuw gelezen.", "A message was read again."),
    Feedback.Given: ("De melder kon horen wat er met het signaal gebeurde.", "The reporter could hear what became of its signal."),
    Feedback.DecisionTold: ("De melder kon een besluit horen.", "The reporter could hear a decision."),
    Person.Erased: ("De gegevens van een persoon zijn gewist.", "The data of a person were erased."),
}


@dataclass(frozen=True, slots=True)
class Read:
    """One look at the family, as the data-processing log has it."""

    place: int
    at: datetime
    who: str
    role: str
    organisation: str
    what: str
    ground: str
    outcome: str


def report(
    about: Mapping[str, Any], facts: Sequence[Fact], reads: Sequence[Read], sentence: Sentence, word: Word, language: str
) -> bytes:
    """The page; `about` says whose case it is, who asked for it, when, on which ground, and what it is proved by."""
    events = [fact.event for fact in facts]
    dutch = language == "nl"
    said = {
        "language": language,
        "_": lambda nl, en: nl if dutch else en,
        "when": _when,
        "word": word,
        "about": about,
        "people": list(_people(events)),
        "timeline": list(_timeline(facts, sentence, 0 if dutch else 1)),
        "escalations": [fact for fact in facts if isinstance(fact.event, Trajectory.LevelRaised)],
        "messages": [fact for fact in facts if isinstance(fact.event, Message.Received)],
        "tellings": list(_tellings(events)),
        "reads": reads,
    }
    return _pages.get_template("bundle_report.html").render(said).encode()


def _people(events: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    roles = {event.person: event.role for event in events if isinstance(event, Trajectory.PersonJoined)}
    named = {str(event.originator_id): event for event in events if isinstance(event, Person.Named | Person.NamedAgain)}
    return ((role, named[person]) for person, role in roles.items() if person in named)


def _timeline(facts: Sequence[Fact], sentence: Sentence, language: int) -> Iterator[tuple[Fact, str]]:
    for fact in facts:
        event = fact.event
        if type(event) in _BESIDE:
            yield fact, _BESIDE[type(event)][language]
        elif (said := sentence(event)[language]) != event.TOPIC:
            yield fact, said


def _tellings(events: Sequence[Any]) -> Iterator[tuple[Any, Any, list[Any]]]:
    """Each attempt, with the first one of its telling, and who took notice of that."""
    first = {event.originator_id: event for event in events if isinstance(event, Telling.Attempted)}
    persons: dict[Any, list[Any]] = {}
    for event in events:
        if isinstance(event, Telling.Acknowledged):
            persons.setdefault(event.originator_id, []).append(event)
    for event in events:
        if isinstance(event, Telling.Attempted | Telling.AttemptedAgain) and event.originator_id in first:
            yield first[event.originator_id], event, persons.get(event.originator_id, [])


def _when(at: datetime) -> str:
    local = at.astimezone(DUTCH_TIME)
    return f"{local:%d-%m-%Y %H:%M:%S} ({at.astimezone(UTC):%H:%M} UTC)"
