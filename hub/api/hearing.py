"""What the reporter of a signal is told when it asks: the same as what is told at its callback, after the disclosure matrix."""

from datetime import UTC, datetime
from typing import Any

from hub.api.schemas import ID, MOMENT, STATUS, TEXT, Schema, many, maybe, thing
from hub.domain import field_classes as of
from hub.domain.feedback import Outcome
from hub.feedback import Heard

FEEDBACK: Schema = thing(
    signals=many(ID),
    outcome={
        "type": "string",
        "enum": [outcome.value for outcome in Outcome],
        "description": "waiting for a person to say whose it is, received (somebody directs), or taken up",
    }
    | of.INVOLVEMENT,
    organisation=TEXT | of.CONTACT,
    contact=TEXT | of.CONTACT,
    decision=TEXT | of.A_PHASE | {"description": "what was decided since, or empty"},
    givenAt=maybe(MOMENT | of.INVOLVEMENT),
    due=MOMENT | of.OPERATION,
)
"""How far some signals of one message came, and whom to contact; never whose family it is."""
_NOW: Schema = STATUS["properties"]["status"]
SIGNAL: Schema = {
    **STATUS,
    "properties": {
        **STATUS["properties"],
        "status": {
            **_NOW,
            "properties": {**_NOW["properties"], "feedback": many(FEEDBACK)},
            "required": [*_NOW["required"], "feedback"],
        },
    },
}
"""The receipt of a message, what became of it since, and what its reporter hears."""


def said(heard: Heard) -> dict[str, Any]:
    """What was told, or would be told now; the moment to the minute, as it is told elsewhere."""
    return {
        "signals": list(heard.signals),
        "outcome": heard.outcome.value,
        "organisation": heard.reach.organisation,
        "contact": heard.reach.contact,
        "decision": heard.decision,
        "givenAt": _text(heard.at.replace(second=0, microsecond=0)) if heard.at else None,
        "due": _text(heard.due),
    }


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
