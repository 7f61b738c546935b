"""A message as it was received, verified again: its bytes, its signature and its event against what the log says of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Any

from hub.adapters.cloudevents import envelopes
from hub.adapters.registrations import Registrations
from hub.adapters.reports import signer
from hub.adapters.signatures import HEADER, PartnerSignatures
from hub.domain.messages import Message
from hub.errors import Refused, SignatureRefused
from hub.intake import Posted
from hub.ports import Envelope, Signer

_SAID = ("partner", "oin", "kid", "algorithm", "typed_by")
CHANGED = "its bytes or its signature were changed since they were kept"


@dataclass(frozen=True)
class Reread:
    """What was posted, with one event or a batch of them; opened and verified once for all of them.

    `ours` are the public keys of the hub, by which it signed what people typed.
    """

    registrations: Registrations
    posted: Posted
    ours: Sequence[Mapping[str, Any]]
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
            signer = self._signer(was)
            is_among = was.digest in self._digests
        except SignatureRefused as refused:
            return "; ".join((refused.detail, *map(str, refused.violations)))
        except Refused as refused:
            return refused.detail
        if any(getattr(signer, name) != getattr(was, name) for name in _SAID):
            return "another organisation, key or person stands behind it than the log says"
        return "" if is_among else "the event of that digest is not among its bytes"

    def _signer(self, was: Message.Received) -> Signer:
        posted, at = self.posted, was.timestamp
        if was.typed_by:
            return signer(posted.body, posted.headers, self.ours, self.registrations)
        if at not in self._signers:
            signatures = PartnerSignatures(self.registrations)
            self._signers[at] = signatures.verify_again(posted.body, posted.headers, posted.headers[HEADER][0], at)
        return self._signers[at]

    @cached_property
    def _digests(self) -> frozenset[str]:
        opened = envelopes(self.posted.headers, self.posted.body)
        return frozenset(sha256(event.raw).hexdigest() for event in opened if isinstance(event, Envelope))
