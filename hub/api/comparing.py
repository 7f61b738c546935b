"""A match question laid open: who the waiting signal names, and how they are like the people of the families it may be about."""

from typing import Any
from uuid import UUID

from hub.api import schemas
from hub.api.admission import Hub, Known
from hub.api.operations import Operation
from hub.api.writing import Answer
from hub.domain import field_classes as of
from hub.domain.matching import By
from hub.domain.policy import Act
from hub.domain.signals import NamedPerson
from hub.domain.words import Role
from hub.families import Alike

_ADDRESS = ("street", "number", "addition", "postcode", "town", "municipality")


def _compare(hub: Hub, caller: Known, id: UUID) -> Answer:
    found = hub.casework.compare(id)
    families = [
        {
            "id": one.family,
            "contact": one.contact,
            "isOpen": hub.admittance.may(Act.SEE_FAMILY, caller, UUID(one.family)),
            "alike": [_alike(each) for each in one.alike],
        }
        for one in found.families
    ]
    # a signal that names people who may be of no family is looked at all the same
    concerned = hub.members(one.family for one in found.families) or {"": ()}
    said = {"question": str(id), "people": [_named(one) for one in found.people], "families": families}
    return Answer(said, sought=found.keys, concerned=concerned)


def _named(one: NamedPerson) -> dict[str, Any]:
    address = {part: getattr(one.address, part) for part in _ADDRESS}
    return {
        "role": one.role.value,
        "isSubject": one.is_subject,
        "givenNames": one.given_names,
        "prefix": one.prefix,
        "familyName": one.family_name,
        "born": one.birth_date.text,
        "address": address if any(address.values()) else None,
    }


def _alike(one: Alike) -> dict[str, Any]:
    return {"nth": one.nth, "person": one.person, "by": code_of(one.by), "conflicts": one.conflicts}


def code_of(by: By) -> str:
    """What a kind of likeness is called in answers: name-birth."""
    return by.name.lower().replace("_", "-")


_NAMED = schemas.thing(
    role={"type": "string", "enum": [role.value for role in Role]} | of.INVOLVEMENT,
    isSubject=schemas.TRUTH | of.INVOLVEMENT,
    **dict.fromkeys(("givenNames", "prefix", "familyName"), schemas.TEXT | of.IDENTITY),
    born=schemas.TEXT | of.BIRTH_DATE,
    address=schemas.maybe(schemas.thing(**dict.fromkeys(_ADDRESS, schemas.TEXT))) | of.ADDRESS,
)
_ALIKE = schemas.thing(
    nth={"type": "integer", "minimum": 0, "description": "which of the people that the signal names"} | of.OPERATION,
    person=schemas.ID,
    by={"type": "string", "enum": [code_of(by) for by in By]} | of.PROVENANCE,
    conflicts=schemas.TRUTH | {"description": "whether the person numbers differ"} | of.PROVENANCE,
)
COMPARE = Operation(
    method="GET",
    path="/match-questions/{id}/comparison",
    name="compareMatchQuestion",
    title="Who a waiting signal names, and how they are like the people of the families that it may be about",
    tag="matching",
    act=Act.ANSWER_QUESTIONS,
    do=_compare,
    answer=schemas.thing(
        question=schemas.ID,
        people=schemas.many(_NAMED),
        families=schemas.many(
            schemas.thing(
                id=schemas.ID,
                contact=schemas.TEXT | of.CONTACT,
                isOpen=schemas.IS_OPEN,
                alike=schemas.many(_ALIKE),
            )
        ),
    ),
    refusals=(404, 409),
)
