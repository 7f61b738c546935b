"""The certified institution for youth protection: when a supervision order began or ended, and a written instruction.

Our own contract: StUF-koppelvlak Jeugdzorg has no message for either.
"""

from hub.adapters.documents.dutch_person import informed, named
from hub.adapters.documents.schema import json_of
from hub.domain.dates import PartialDate
from hub.domain.signals import Signal
from hub.domain.words import Role
from hub.ports import MessageType, Partner

_NAME = "certified-institution"
_CONCERNS = {
    "begonnen": "supervision-order",
    "verlengd": "supervision-order",
    "beeindigd": "supervision-order-ended",
    "gegeven": "written-instruction",
    "ingetrokken": "",
}


def read_maatregel(data: bytes, signer_oin: str) -> tuple[Signal, ...]:  # noqa: ARG001
    """What became of a measure; an instruction that was withdrawn gives no signal.

    Raises:
        Unreadable: with every reason at once.
    """
    said = json_of(data, _NAME, "kinderbeschermingsmaatregel")
    concern = _CONCERNS[said["stand"]]
    if not concern:
        return ()
    return (
        Signal(
            reference=said["kenmerk"],
            concern=concern,
            happened=PartialDate(said["datum"]),
            people=(
                named(said["jeugdige"], Role.CHILD),
                *(named(person, Role.PARENT) for person in said.get("gezagsdragers", [])),
            ),
            informed=informed(said.get("geinformeerd", {})),
        ),
    )


PARTNER = Partner(
    name=_NAME,
    title="Gecertificeerde instelling",
    messages=(
        MessageType(
            type="nl.vig.maatregelen.kinderbeschermingsmaatregel.v1",
            media="application/json",
            title="Kinderbeschermingsmaatregel",
            purpose="child-safety",
            legal_basis="jeugdwet-3-5-1",
            read=read_maatregel,
        ),
    ),
)
