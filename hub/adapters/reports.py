"""What somebody typed into the hub's own form, as a message of their organisation: it says who typed it, and the hub signs that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote
from uuid import UUID

import msgspec

from hub.adapters import jades, jws, outgoing_events
from hub.adapters.contracts import contract_path
from hub.adapters.hub_keys import HubKeys
from hub.adapters.registrations import Registrations
from hub.adapters.signatures import HEADER
from hub.domain.callers import Caller
from hub.domain.streams import stream_id
from hub.errors import NotAllowed
from hub.ports import Clock, Signer

Headers = Mapping[str, Sequence[str]]
TYPE, MEDIA, SYSTEM = "nl.vig.signalen.signaal.v1", "application/json", "vig-hub-formulier"
"""What is typed is a message of the hub's own contract, and its source is this form."""
BY, FOR = "reported-by", "reported-for"
"""The headers that say who typed it, and for which organisation (by the name of its registration)."""
COVERED = frozenset({"digest", "content-type", "ce-id", "ce-source", "ce-type", "ce-time", BY, FOR})
"""What the hub signs of a report, and of nothing else that it signs: so nothing else can be taken for one."""


@dataclass(frozen=True, slots=True)
class Reports:
    """Makes messages of what people type, signed with the key that the hub signs receipts with."""

    registrations: Registrations
    keys: HubKeys
    clock: Clock
    type: str = TYPE

    @property
    def contract(self) -> Mapping[str, Any]:
        """The JSON Schema of what is typed."""
        return report_contract()

    def sealed(self, data: bytes, key: UUID, reporter: Caller) -> tuple[Headers, Signer]:
        """The headers with which this is a message, and who it is of; `key` is the reporter's own, the same for a repeat.

        Raises:
            NotAllowed: their organisation is not registered for messages of this type.
        """
        organisation = self.registrations.by_name(reporter.organisation)
        if organisation is None or TYPE not in organisation.message_types:
            raise NotAllowed("Your organisation is not registered to report signals here.", code="not-registered-to-report")
        at = self.clock.now()
        # a key is somebody's own: nobody meets the report of another by it
        id = stream_id("report", reporter.organisation, reporter.subject, str(key))
        source = f"urn:nld:oin:{organisation.oin}:systeem:{SYSTEM}"
        said = outgoing_events.to_headers(str(id), source, TYPE, at, MEDIA)
        said |= {BY: quote(reporter.subject), FOR: organisation.name}
        signs = self.keys.at(at)
        signed = said | jades.sign(data, said, signs.private, signs.kid, at)
        headers = {name.lower(): [text] for name, text in signed.items()}
        return headers, signer(data, headers, [signs.public], self.registrations)


def report_contract() -> Mapping[str, Any]:
    """The JSON Schema of what is typed, which is that of the message."""
    found: Mapping[str, Any] = msgspec.json.decode(contract_path("partners", "any-partner", "signaal", "schema.json").read_bytes())
    return found


def signer(body: bytes, headers: Headers, ours: Sequence[Mapping[str, Any]], registrations: Registrations) -> Signer:
    """Who typed this, and for whom, as a key of the hub signed it; `ours` are the public keys that it signs with, or ever did.

    Raises:
        SignatureRefused: with the code of the reason.
    """
    signature = jades.read(headers[HEADER][0])
    jades.refuse_digest(headers.get("digest", ()), body)
    signed = jades.signed_bytes(signature.start, signature.covers, headers)
    keys = [jws.key_in(jwk) for jwk in ours if jwk["kid"] == signature.kid]
    if not COVERED.issubset(signature.covers) or not any(jws.is_signed(signed, signature.value, key) for key in keys):
        raise jades.refusal("signature-wrong", "it is not by the hub over a report")
    holder = registrations.by_name(headers[FOR][0])
    if holder is None:
        raise jades.refusal("signature-wrong", "it is for no organisation that was ever registered")
    return Signer(
        partner=holder.name,
        oin=holder.oin,
        kid=signature.kid,
        algorithm=signature.algorithm,
        signed_at=signature.signed_at,
        kind=holder.kind,
        covered=frozenset(signature.covers),
        may_send=holder.message_types,
        typed_by=unquote(headers[BY][0]),
    )
