"""Every field of everything that leaves has a class, and only classes and coarsenings that exist."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from pydantic.alias_generators import to_camel

from hub.adapters.disclosures import PSEUDONYM
from hub.api import schemas
from hub.api.admission import Guarded
from hub.api.facts import FACT
from hub.domain.disclosure import leaves
from hub.domain.field_classes import CLASS, COARSENS, Coarsening, FieldClass
from hub.domain.streams import own_fields
from hub.domain.trajectory import Trajectory
from hub.projections import events_of
from tests.architecture.schemas import ANSWERS, NOTICES, ROUTES, SCHEMAS


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_every_field_that_leaves_has_a_class(name: str) -> None:
    kinds = {where: kind for where, _, kind in leaves(SCHEMAS[name])}
    assert [where for where, kind in kinds.items() if not kind] == []
    assert set(kinds.values()) <= set(FieldClass)
    coarse = {leaf[COARSENS] for _, leaf, _ in leaves(SCHEMAS[name]) if COARSENS in leaf}
    assert coarse <= set(Coarsening)


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_what_is_coarsened_is_a_field_and_never_a_whole(name: str) -> None:
    def wholes(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        inner = [
            *schema.get("properties", {}).values(),
            *schema.get("anyOf", ()),
            *([schema["items"]] if "items" in schema else []),
        ]
        if inner:
            yield schema
        for each in inner:
            yield from wholes(each)

    assert [whole for whole in wholes(SCHEMAS[name]) if COARSENS in whole] == []


def test_every_guarded_answer_is_an_object_with_fields_or_the_stream_of_notices() -> None:
    guarded = {route.operation_id for route in ROUTES if isinstance(route, Guarded)}
    # notices are looked at on their way to whoever may hear them; of the file of a case the matrix is asked before it is made
    assert guarded - ANSWERS.keys() == {"followEscalations", "followFeed", "getNotice", "makeFile"}


def test_a_receipt_holds_nothing_that_any_partner_is_denied() -> None:
    for schema in (schemas.RECEIPT, schemas.STATUS):
        assert {kind for _, _, kind in leaves(schema)} == {FieldClass.REFERENCE, FieldClass.OPERATION}


@pytest.mark.parametrize("name", sorted(NOTICES))
def test_a_notice_has_a_class_of_its_own_and_each_partner_another_id(name: str) -> None:
    schema = NOTICES[name]
    assert schema[CLASS] in set(FieldClass)
    for field, said in schema["properties"].items():
        its_own = field == "subscription"
        assert (said.get("format") == "uuid" and not its_own) == (PSEUDONYM in said), field
        assert "properties" not in said
        assert "items" not in said


def test_the_schema_of_history_knows_every_field_of_every_fact() -> None:
    known = FACT["properties"]["data"]["properties"]
    said = {
        to_camel(name)
        for event in events_of(Trajectory)
        if dataclasses.is_dataclass(event)
        for name in own_fields(event)  # type: ignore[arg-type]
        if name not in ("originator_topic", "born")
    }
    assert said - known.keys() == set()
    assert known.keys() - said == set()


@pytest.mark.parametrize("name", sorted(SCHEMAS))
def test_a_code_that_gives_something_away_is_marked_wherever_it_stands(name: str) -> None:
    """By the names that such codes go by; a new name is the reviewer's to see."""
    marks = {"concern": Coarsening.CONCERN, "rule": Coarsening.RULE, "phase": Coarsening.DECISION, "decision": Coarsening.DECISION}
    for where, leaf in _named(SCHEMAS[name]):
        wanted = marks.get(where.rsplit("/", 1)[-1])
        if wanted and where.rsplit("/", 1)[-1] in marks and name not in _PUBLIC:
            assert leaf.get(COARSENS) == wanted, where


_PUBLIC = {"nl.vig.trajectories.ended.v1"}
"""Its phase is one of three ways to end."""


def _named(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for where, leaf, _ in leaves(schema):
        yield where, leaf
