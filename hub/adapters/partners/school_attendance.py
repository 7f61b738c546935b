"""The school attendance officer: absence reports in the words of DUO's register (our own contract; none is public)."""

from collections.abc import Iterator
from typing import Any

from hub.adapters.documents.dutch_person import informed, named
from hub.adapters.documents.schema import json_of
from hub.domain.dates import PartialDate
from hub.domain.signals import Signal
from hub.domain.words import Role, Weight
from hub.errors import Violation
from hub.ports import MessageType, Partner

_NAME = "school-attendance"

_KINDS = {
    "relatief 16 uur in 4 weken": "school-absence",
    "langdurig relatief": "school-absence-long",
    "luxe": "school-absence-luxury",
    "absoluut": "school-absence-absolute",
    "18-plus": "school-absence",
}
_STATUSES: dict[str, bool] = {
    "geregistreerd": True,
    "in behandeling": True,
    "ter kennisgeving": True,
    "ingetrokken": False,
    "afgesloten": False,
}
"""Whether there still is something to worry about."""


def read_verzuimmelding(data: bytes, signer_oin: str) -> tuple[Signal, ...]:  # noqa: ARG001
    """An absence; one that was withdrawn or closed gives no signal, one that was only noted weighs little.

    Raises:
        Unreadable: with every reason at once.
    """
    report = json_of(data, _NAME, "verzuimmelding", _handed_over)
    if not _STATUSES[report["status"]]:
        return ()
    return (
        Signal(
            reference=report["meldingsnummer"],
            concern=_KINDS[report["soortVerzuim"]],
            happened=PartialDate(report["datumBeginVerzuim"]),
            people=(
                named(report["leerling"], Role.CHILD),
                *(named(person, Role.PARENT) for person in report.get("gezagsdragers", [])),
            ),
            weight=Weight.LIGHT if report["status"] == "ter kennisgeving" else None,
            informed=informed(report.get("geinformeerd", {})),
        ),
    )


def _handed_over(report: Any) -> Iterator[Violation]:
    status = report.get("status") if isinstance(report, dict) else None
    if isinstance(status, str) and "overgedragen" in status.casefold():
        yield Violation("/status", "was abolished by DUO: a handover is no status of an absence report")


PARTNER = Partner(
    name=_NAME,
    title="Leerplicht",
    messages=(
        MessageType(
            type="nl.vig.verzuimmeldingen.verzuimmelding.v1",
            media="application/json",
            title="Verzuimmelding",
            purpose="school-attendance",
            legal_basis="leerplichtwet-1969-21a",
            read=read_verzuimmelding,
        ),
    ),
)
