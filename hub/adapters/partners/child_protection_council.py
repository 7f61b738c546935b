"""The Child Protection Council (Raad voor de Kinderbescherming): it sends nothing, and gets requests to investigate (vtoDi01)."""

from hub.adapters.documents.vto import write_vto
from hub.domain.investigation import REQUEST
from hub.ports import Partner, TellingType

PARTNER = Partner(
    name="child-protection-council",
    title="Raad voor de Kinderbescherming",
    messages=(),
    tell=(TellingType(REQUEST, "vtoDi01, StUF Jeugdzorg 1.0.9", "application/xml", write_vto),),
)
