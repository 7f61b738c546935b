"""Whose family a signal or a person belongs to, as people say it; and messages that are read again."""

from collections.abc import Callable

from pydantic import BaseModel

from hub.api import forms, schemas
from hub.api.decisions import CARE
from hub.api.operations import Answer, Operation, Question, id_of
from hub.api.parts import Parts
from hub.domain.callers import Capacity


def _whose(path: str, name: str, title: str, form: type[BaseModel], do: Callable[[Parts, Question], dict[str, str]]) -> Operation:
    return Operation(
        method="POST",
        path=path,
        name=name,
        title=title,
        tag="matching",
        roles=CARE,
        do=lambda parts, q: _placed(do(parts, q)),
        answer=schemas.thing(family=schemas.ID) if name != "retractAnswer" else schemas.thing(question=schemas.ID),
        status=201,
        form=form,
        refusals=(404, 409),
    )


def _placed(said: dict[str, str]) -> Answer:
    return Answer(said, {"Location": f"/v1/families/{said['family']}"} if "family" in said else {})


def _answer_question(parts: Parts, q: Question) -> dict[str, str]:
    family = parts.casework.answer(id_of(q, "id"), q.body.family, q.body.motivation, q.caller.subject)
    return {"family": str(family)}


def _retract(parts: Parts, q: Question) -> dict[str, str]:
    parts.casework.take_back(id_of(q, "id"), q.body.motivation, q.caller.subject)
    return {"question": str(q.ids["id"])}


def _merge(parts: Parts, q: Question) -> dict[str, str]:
    parts.casework.merge(id_of(q, "id"), q.body.family, q.body.motivation, q.caller.subject)
    return {"family": str(q.ids["id"])}


def _separate(parts: Parts, q: Question) -> dict[str, str]:
    parts.casework.separate(id_of(q, "id"), q.body.family, q.body.motivation, q.caller.subject)
    return {"family": str(q.body.family)}


def _split(parts: Parts, q: Question) -> dict[str, str]:
    people = [str(person) for person in q.body.people]
    return {"family": str(parts.casework.split(id_of(q, "id"), people, q.body.motivation, q.caller.subject))}


def _move(parts: Parts, q: Question) -> dict[str, str]:
    parts.casework.move_signal(str(q.ids["signal"]), id_of(q, "id"), q.body.to, q.body.motivation, q.caller.subject)
    return {"family": str(q.body.to)}


WHOSE_FAMILY = (
    _whose(
        "/match-questions/{id}/answers",
        "answerMatchQuestion",
        "Say whose family a signal is about",
        forms.MatchAnswer,
        _answer_question,
    ),
    _whose("/match-questions/{id}/retractions", "retractAnswer", "Take an answer back", forms.Motivated, _retract),
    _whose("/families/{id}/merges", "mergeFamilies", "Two families are one", forms.Merge, _merge),
    _whose("/families/{id}/separations", "separateFamilies", "Merging was a mistake", forms.Merge, _separate),
    _whose("/families/{id}/splits", "splitFamily", "People are a family of their own", forms.Split, _split),
    _whose("/families/{id}/signals/{signal}/moves", "moveSignal", "A signal is about another family", forms.Move, _move),
)


def _process_again(parts: Parts, q: Question) -> Answer:
    message = parts.intake.process_again(id_of(q, "id"), q.caller.subject)
    return Answer({"message": str(message.id), "outcome": message.outcome, "reasons": message.reasons})


PROCESS_AGAIN = Operation(
    method="POST",
    path="/messages/{id}/processings",
    name="processAgain",
    title="Read a message from quarantine again, after a fix",
    tag="operation",
    roles=frozenset({Capacity.OPERATOR}),
    do=_process_again,
    answer=schemas.thing(message=schemas.ID, outcome=schemas.OUTCOME, reasons=schemas.REASONS),
    status=201,
    refusals=(404, 409),
)
