"""Any partner without a standard of its own: the hub's own contract, in the hub's own words."""

from collections.abc import Iterator
from typing import Any

from hub.adapters.documents.own_words import informed_of, person_of
from hub.adapters.documents.schema import json_of
from hub.domain.concerns import CONCERNS
from hub.domain.dates import PartialDate
from hub.domain.signals import Signal
from hub.domain.words import Weight
from hub.errors import Violation
from hub.ports import MessageType, Partner

_NAME = "any-partner"
_WEIGHTS = {"light": Weight.LIGHT, "serious": Weight.SERIOUS, "grave": Weight.GRAVE, "acute": Weight.ACUTE}


def read_signaal(data: bytes, signer_oin: str) -> tuple[Signal, ...]:  # noqa: ARG001
    """The signal as it is written.

    Raises:
        Unreadable: with every reason at once.
    """
    written = json_of(data, _NAME, "signaal", _unknown_concern)
    return (
        Signal(
            reference=written["reference"],
            concern=written["concern"],
            happened=PartialDate(written["happened"]),
            people=tuple(person_of(person) for person in written["people"]),
            weight=_WEIGHTS.get(written.get("weight", "")),
            informed=informed_of(written.get("informed")),
            refers_to=written.get("refersTo", ""),
        ),
    )


def _unknown_concern(written: Any) -> Iterator[Violation]:
    """The register of concerns says which there are, so that the contract need not repeat it."""
    concern = written.get("concern") if isinstance(written, dict) else None
    if isinstance(concern, str) and concern not in CONCERNS:
        yield Violation("/concern", f"must be one of {', '.join(sorted(CONCERNS))}")


PARTNER = Partner(
    name=_NAME,
    title="Andere ketenpartner",
    messages=(
        MessageType(
            type="nl.vig.signalen.signaal.v1",
            media="application/json",
            title="Signaal van een andere ketenpartner",
            purpose="early-help",
            legal_basis="jeugdwet-7-1-4-1",
            read=read_signaal,
        ),
    ),
)
