"""A message as it was received, verified again: its bytes, its signature and its event against what the log says of it."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import sha256

from hub.adapters.cloudevents import envelopes
from hub.adapters.registrations import Registrations
from hub.adapters.signatures import HEADER, PartnerSignatures
from hub.domain.messages import Message
from hub.errors import Refused, SignatureRefused
from hub.intake import Posted
from hub.ports import Envelope, Signer

CHANGED = "its bytes or its signature were changed since they were kept"


@dataclass(frozen=True)
class Reread:
    """What was posted, with one event or a batch of them; opened and verified once for all of them."""

    registrations: Registrations
    posted: Posted
    _signers: dict[datetime, Signer] = field(default_factory=dict)

    @cached_property
    def key(self) -> str:
        """Under which these bytes with this signature are kept; empty where no signature is left."""
        posted = self.posted
        return Posted.of(posted.headers, posted.body, posted.covered).key if posted.headers.get(HEADER) else ""

    def wrong_with(self, was: Message.Received) -> str:
        """What is otherwise than when it was received, with the key as it was valid then; empty where all is well."""
        if self.key != was.kept:
            return CHANGED
        try:
            signer = self._signer(was.timestamp)
            is_among = was.digest in self._digests
        except SignatureRefused as refused:
            return "; ".join((refused.detail, *map(str, refused.violations)))
        except Refused as refused:
            return refused.detail
        if (signer.partner, signer.oin, signer.kid, signer.algorithm) != (was.partner, was.oin, was.kid, was.algorithm):
            return "another organisation or key signed it than the log says"
        return "" if is_among else "the event of that digest is not among its bytes"

    def _signer(self, at: datetime) -> Signer:
        if at not in self._signers:
            posted, signatures = self.posted, PartnerSignatures(self.registrations)
            self._signers[at] = signatures.verify_again(posted.body, posted.headers, posted.headers[HEADER][0], at)
        return self._signers[at]

    @cached_property
    def _digests(self) -> frozenset[str]:
        opened = envelopes(self.posted.headers, self.posted.body)
        return frozenset(sha256(event.raw).hexdigest() for event in opened if isinstance(event, Envelope))
