"""Whose family a signal or a person belongs to, as people say it; and messages that are read again."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from uuid import UUID

from pydantic import BaseModel

from hub.api import forms, schemas
from hub.api.admission import Here, Hub, Known
from hub.api.operations import Operation
from hub.api.visits import Visit, at_family, note
from hub.api.writing import Answer
from hub.domain.policy import Act


def _whose(path: str, name: str, title: str, form: type[BaseModel], do: Callable[..., Answer], gives: str = "family") -> Operation:
    return Operation(
        method="POST",
        path=path,
        name=name,
        title=title,
        tag="matching",
        act=Act.PLACE if path.startswith("/families") else Act.ANSWER_QUESTIONS,
        do=do,
        answer=schemas.thing(**{gives: schemas.ID}),
        status=201,
        form=form,
        refusals=(404, 409),
    )


def _now_of(family: UUID) -> Answer:
    return Answer({"family": str(family)}, 201, {"Location": f"/v1/families/{family}"})


def _other(visit: Visit, hub: Hub, other: UUID) -> None:
    """Lets the caller in to the second family that a decision is about, and notes that it is. Raises: NotKnown."""
    there = at_family(visit, Act.PLACE, other, hub)
    note(there, there.concerned, hub)


def _answer_question(hub: Hub, visit: Here, caller: Known, id: UUID, body: forms.MatchAnswer) -> Answer:
    if body.family is not None:
        _note_of_question(visit, hub, [body.family])
    is_own = body.family is None or hub.admittance.may(Act.PLACE, caller, body.family)
    return _now_of(hub.casework.answer(id, body.family, body.motivation, caller.subject, is_own))


def _retract(hub: Hub, visit: Here, caller: Known, id: UUID, body: forms.Motivated) -> Answer:
    _note_of_question(visit, hub, hub.casework.answered_with(id))
    hub.casework.take_back(id, body.motivation, caller.subject)
    return Answer({"question": str(id)}, 201)


def _ask_more(hub: Hub, caller: Known, id: UUID, body: forms.Inquiry) -> Answer:
    hub.casework.ask_more(id, body.words, caller.subject)
    return Answer({"question": str(id)}, 201)


def _note_of_question(visit: Visit, hub: Hub, families: Iterable[UUID]) -> None:
    """Notes at each family that somebody decides whether a signal is about it."""
    for family in families:
        there = replace(visit, family=family, standing=hub.admittance.standing(family))
        if there.standing is not None:
            note(there, there.concerned, hub)


def _merge(visit: Here, hub: Hub, caller: Known, id: UUID, body: forms.Merge) -> Answer:
    _other(visit, hub, body.family)
    hub.casework.merge(id, body.family, body.motivation, caller.subject)
    return _now_of(id)


def _separate(visit: Here, hub: Hub, caller: Known, id: UUID, body: forms.Merge) -> Answer:
    _other(visit, hub, body.family)
    hub.casework.separate(id, body.family, body.motivation, caller.subject)
    return _now_of(body.family)


def _split(hub: Hub, caller: Known, id: UUID, body: forms.Split) -> Answer:
    return _now_of(hub.casework.split(id, [str(person) for person in body.people], body.motivation, caller.subject))


def _move(visit: Here, hub: Hub, caller: Known, id: UUID, signal: UUID, body: forms.Move) -> Answer:
    _other(visit, hub, body.to)
    hub.casework.move_signal(str(signal), id, body.to, body.motivation, caller.subject)
    return _now_of(body.to)


# fmt: off
WHOSE_FAMILY = (
    _whose("/match-questions/{id}/answers", "answerMatchQuestion", "Say whose family a signal is about", forms.MatchAnswer,
           _answer_question),
    _whose("/match-questions/{id}/inquiries", "askMore", "Say what has to be asked first", forms.Inquiry, _ask_more, "question"),
    _whose("/match-questions/{id}/retractions", "retractAnswer", "Take an answer back", forms.Motivated, _retract, "question"),
    _whose("/families/{id}/merges", "mergeFamilies", "Two families are one", forms.Merge, _merge),
    _whose("/families/{id}/separations", "separateFamilies", "Merging was a mistake", forms.Merge, _separate),
    _whose("/families/{id}/splits", "splitFamily", "People are a family of their own", forms.Split, _split),
    _whose("/families/{id}/signals/{signal}/moves", "moveSignal", "A signal is about another family", forms.Move, _move),
)
# fmt: on


def _process_again(hub: Hub, caller: Known, id: UUID) -> Answer:
    message = hub.intake.process_again(id, caller.subject)
    return Answer({"message": str(message.id), "outcome": message.outcome, "reasons": message.reasons}, 201)


PROCESS_AGAIN = Operation(
    method="POST",
    path="/messages/{id}/processings",
    name="processAgain",
    title="Read a message from quarantine again, after a fix",
    tag="operation",
    act=Act.PROCESS_AGAIN,
    do=_process_again,
    answer=schemas.thing(message=schemas.ID, outcome=schemas.OUTCOME, reasons=schemas.REASONS),
    status=201,
    refusals=(404, 409),
)
