"""The partner organisations that may send us signals: on which terms, and with which public keys."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from hub.domain.contacting import is_address
from hub.domain.grounds import ENDED, ENDS_SOON, end_at
from hub.domain.public_keys import against_key
from hub.domain.streams import THE_HUB, Occasion, Opening, Recorded, Stream, sealed, stream_id
from hub.errors import Malformed, RuleBroken, Violation

ALGORITHMS = ("PS256", "ES256", "EdDSA")
"""What a signature may be made with: PS256 by everybody, the others where the registration says so."""

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
_OIN = re.compile(r"\d{20}", re.ASCII)
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
SCOPES = frozenset({"signals:write", "signals:read", "notices:read"})
"""What an access token can be for: sending signals, asking what became of them, reading what the hub told."""
_MOST = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Access:
    """How an organisation's systems show who they are, and what their access tokens may be for.

    `requires_token`: a signature alone is not enough. `requires_dpop`: a token counts only with proof of its key (RFC 9449).
    `certificate`: the thumbprint (x5t#S256, RFC 8705) of the one certificate that they connect with; empty is any.
    """

    scopes: frozenset[str] = frozenset({"signals:write", "signals:read"})
    requires_token: bool = False
    requires_dpop: bool = False
    certificate: str = ""


def registration_id(name: str) -> UUID:
    """The stream of the organisation of that name."""
    return stream_id("registration", name)


class Registration(Stream):
    """One organisation: what it may send us, with which keys, and where it is told things."""

    TOPIC = "registration"

    class Registered(Opening):
        """An organisation may send us messages of these types, signed with these algorithms."""

        TOPIC = "registration-registered"
        name: str
        kind: str
        oin: str
        algorithms: list[str]
        message_types: list[str]
        callback: str

    class KeyAdded(Recorded):
        """The organisation signs with this public key too, from then until then (no end: `None`)."""

        TOPIC = "registration-key-added"
        class_version: ClassVar[int] = 2
        reason: str
        kid: str
        jwk: dict[str, Any]
        valid_from: datetime
        valid_until: datetime | None

        def apply(self, aggregate: "Registration") -> None:
            aggregate.keys[self.kid] = {"jwk": self.jwk, "valid_from": self.valid_from, "valid_until": self.valid_until}

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            state["reason"] = ""

    class KeyLimited(Recorded):
        """A key ends at this moment, earlier than was said: another takes its place."""

        TOPIC = "registration-key-limited"
        kid: str
        valid_until: datetime
        reason: str

        def apply(self, aggregate: "Registration") -> None:
            aggregate.keys[self.kid]["valid_until"] = self.valid_until

    class KeyRevoked(Recorded):
        """A key is trusted no longer: nothing signed with it from that moment on counts."""

        TOPIC = "registration-key-revoked"
        kid: str
        revoked_from: datetime
        reason: str

        def apply(self, aggregate: "Registration") -> None:
            aggregate.revoked.add(self.kid)

    class Suspended(Recorded):
        """For the time being nothing of this organisation is accepted."""

        TOPIC = "registration-suspended"
        reason: str

        def apply(self, aggregate: "Registration") -> None:
            aggregate.is_suspended = True

    class Resumed(Recorded):
        """The organisation's messages are accepted again."""

        TOPIC = "registration-resumed"
        reason: str

        def apply(self, aggregate: "Registration") -> None:
            aggregate.is_suspended = False

    class ContactChanged(Recorded):
        """The organisation wants to be mailed there where its address cannot be reached, or (empty) not at all."""

        TOPIC = "registration-contact-changed"
        SEALED = sealed("email")
        email: str

        def apply(self, aggregate: "Registration") -> None:
            aggregate.contact = self.email

    class CallbackChanged(Recorded):
        """The organisation wants to be told things at another address, or (empty) nowhere."""

        TOPIC = "registration-callback-changed"
        class_version: ClassVar[int] = 2
        callback: str
        reason: str

        def apply(self, aggregate: "Registration") -> None:
            aggregate.callback = self.callback

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            state["reason"] = ""

    class AccessGranted(Recorded):
        """This is how the organisation's systems show who they are, and what their tokens may be for."""

        TOPIC = "registration-access-granted"
        scopes: list[str]
        requires_token: bool
        requires_dpop: bool
        certificate: str
        reason: str

        def apply(self, aggregate: "Registration") -> None:
            aggregate.access = Access(frozenset(self.scopes), self.requires_token, self.requires_dpop, self.certificate)

    class LimitsSet(Recorded):
        """The organisation may send so many messages a minute and a day (0: no limit of its own)."""

        TOPIC = "registration-limits-set"
        per_minute: int
        per_day: int
        reason: str

        def apply(self, aggregate: "Registration") -> None:
            aggregate.limits = self.per_minute, self.per_day

    class GroundsGranted(Recorded):
        """The organisation may share for these purposes, on these legal bases, and no others."""

        TOPIC = "registration-grounds-granted"
        purposes: list[str]
        grounds: list[str]
        reason: str

        def apply(self, aggregate: "Registration") -> None:
            aggregate.purposes, aggregate.grounds = self.purposes, self.grounds

    class CovenantAgreed(Recorded):
        """The organisation takes part under this covenant, from then until then (no end of its own: `None`)."""

        TOPIC = "registration-covenant-agreed"
        covenant: str
        valid_from: datetime
        valid_until: datetime | None
        reason: str

        def apply(self, aggregate: "Registration") -> None:
            aggregate.covenant = (self.covenant, self.valid_from, self.valid_until)
            aggregate.told_of_end = ""

    class CallbackGivenUp(Recorded):
        """The hub gave up sending to its callback, which took nothing for too long or said that it is gone."""

        TOPIC = "registration-callback-given-up"
        organisation: str
        because: str

        def apply(self, aggregate: "Registration") -> None: ...

    class CovenantEndsSoon(Recorded):
        """The covenant of the organisation ends within thirty days."""

        TOPIC = "registration-covenant-ends-soon"
        organisation: str
        covenant: str
        ends: datetime

        def apply(self, aggregate: "Registration") -> None:
            aggregate.told_of_end = ENDS_SOON

    class CovenantEnded(Recorded):
        """The covenant of the organisation is over: since that moment nothing is shared with it, either way."""

        TOPIC = "registration-covenant-ended"
        organisation: str
        covenant: str
        ended: datetime

        def apply(self, aggregate: "Registration") -> None:
            aggregate.told_of_end = ENDED

    class Removed(Recorded):
        """The organisation takes part no longer, for good; that it did stays known."""

        TOPIC = "registration-removed"
        reason: str

        def apply(self, aggregate: "Registration") -> None:
            aggregate.is_removed, aggregate.is_suspended, aggregate.callback = True, True, ""

    def __init__(self, name: str, kind: str, oin: str, algorithms: list[str], message_types: list[str], callback: str) -> None:
        self.name, self.kind, self.oin = name, kind, oin
        self.algorithms, self.message_types, self.callback = algorithms, message_types, callback
        self.contact = ""
        self.is_suspended = self.is_removed = False
        self.access = Access(frozenset())
        self.limits = (0, 0)
        self.purposes: list[str] = []
        self.grounds: list[str] = []
        self.covenant: tuple[str, datetime, datetime | None] | None = None
        self.told_of_end = ""
        self.keys: dict[str, dict[str, Any]] = {}
        self.revoked: set[str] = set()

    @classmethod
    def register(
        cls,
        name: str,
        kind: str,
        oin: str,
        on: Occasion,
        algorithms: Collection[str] = (),
        message_types: Collection[str] = (),
        callback: str = "",
    ) -> "Registration":
        """A new organisation; `kind` is the name of the partner adapter that reads its messages.

        Raises:
            Malformed: with every violation at once.
        """
        _refuse(_against_registration(name, oin, algorithms, callback))
        said = {"name": name, "kind": kind, "oin": oin, "callback": callback}
        lists = {"algorithms": sorted({"PS256", *algorithms}), "message_types": sorted(set(message_types))}
        return cls.open(cls.Registered, registration_id(name), on, **said, **lists)

    def record(self, event: type[Recorded], on: Occasion, **said: Any) -> None:
        """Adds an event, unless the organisation takes part no longer. Raises: RuleBroken."""
        if self.is_removed:
            raise RuleBroken("This organisation takes part no longer; nothing of it changes any more.", code="partner-removed")
        super().record(event, on, **said)

    def add_key(
        self,
        kid: str,
        jwk: Mapping[str, Any],
        valid_from: datetime,
        valid_until: datetime | None,
        on: Occasion,
        reason: str = "",
    ) -> None:
        """Trusts one more public key; keys may overlap, so that nobody is without.

        Raises:
            Malformed: a private, weak or unknown kind of key, or a period that ends before it begins.
            RuleBroken: the kid was used for another key or period, or was revoked.
        """
        _refuse(against_key(kid, jwk, valid_from, valid_until))
        said = {"jwk": dict(jwk), "valid_from": valid_from, "valid_until": valid_until}
        if kid in self.revoked or self.keys.get(kid, said) != said:
            raise RuleBroken("this kid was used before: give the new key a new one", code="kid-used")
        if kid not in self.keys:
            self.record(self.KeyAdded, on, kid=kid, reason=reason, **said)

    def rotate(self, kid: str, jwk: Mapping[str, Any], old_until: datetime, reason: str, on: Occasion) -> None:
        """Trusts a new key from now on, and every other only until then: long enough to change over without a gap.

        Raises:
            Malformed: as `add_key`, or the others would have ended already.
            RuleBroken: the kid was used before.
        """
        if old_until < on.at:
            _refuse(iter([Violation("overlap", "ends before the new key begins")]))
        if kid in self.keys:
            raise RuleBroken("this kid was used before: give the new key a new one", code="kid-used")
        self.add_key(kid, jwk, on.at, None, on, reason)
        for other, key in self.keys.items():
            if other not in {kid, *self.revoked} and (key["valid_until"] is None or key["valid_until"] > old_until):
                self.record(self.KeyLimited, on, kid=other, valid_until=max(old_until, key["valid_from"]), reason=reason)

    def revoke_key(self, kid: str, reason: str, on: Occasion, since: datetime | None = None) -> None:
        """Stops trusting a key, from now or from an earlier moment (`since`) at which it was already lost."""
        if kid not in self.keys:
            raise RuleBroken("this organisation has no such key", code="key-unknown")
        if kid not in self.revoked:
            self.record(self.KeyRevoked, on, kid=kid, revoked_from=since or on.at, reason=reason)

    def suspend(self, reason: str, on: Occasion) -> None:
        """Accepts nothing of this organisation for the time being."""
        if not self.is_suspended:
            self.record(self.Suspended, on, reason=reason)

    def resume(self, reason: str, on: Occasion) -> None:
        """Accepts its messages again."""
        if self.is_suspended:
            self.record(self.Resumed, on, reason=reason)

    def remove(self, reason: str, on: Occasion) -> None:
        """Ends its part for good: nothing is accepted of it or told to it, and nothing of it can change any more."""
        if not self.is_removed:
            self.record(self.Removed, on, reason=reason)

    def change_callback(self, callback: str, on: Occasion, reason: str = "") -> None:
        """Tells it things at another address from now on; empty means nowhere."""
        _refuse(_against_callback(callback))
        if callback != self.callback:
            self.record(self.CallbackChanged, on, callback=callback, reason=reason)

    def change_contact(self, email: str, on: Occasion) -> None:
        """Mails it there where its address cannot be reached; empty means nowhere. Raises: Malformed."""
        _refuse(_against_contact(email))
        if email != self.contact:
            self.record(self.ContactChanged, on, email=email)

    def grant_access(self, access: Access, reason: str, on: Occasion) -> None:
        """Says how its systems show who they are, and what their tokens may be for. Raises: Malformed."""
        _refuse(_against_access(access))
        if access != self.access:
            said = {
                "requires_token": access.requires_token,
                "requires_dpop": access.requires_dpop,
                "certificate": access.certificate,
            }
            self.record(self.AccessGranted, on, scopes=sorted(access.scopes), **said, reason=reason)

    def set_limits(self, per_minute: int, per_day: int, reason: str, on: Occasion) -> None:
        """Says how many messages it may send; 0 is no limit of its own. Raises: Malformed."""
        _refuse(_against_limits(per_minute, per_day))
        if (per_minute, per_day) != self.limits:
            self.record(self.LimitsSet, on, per_minute=per_minute, per_day=per_day, reason=reason)

    def grant_grounds(self, purposes: Collection[str], grounds: Collection[str], reason: str, on: Occasion) -> None:
        """Says for which purposes and on which legal bases (codes of the registers) it may share; none is nothing."""
        said = {"purposes": sorted(set(purposes)), "grounds": sorted(set(grounds))}
        if said != {"purposes": self.purposes, "grounds": self.grounds}:
            self.record(self.GroundsGranted, on, **said, reason=reason)

    def agree(self, covenant: str, valid_from: datetime, valid_until: datetime | None, reason: str, on: Occasion) -> None:
        """Takes part under a covenant for that time, in place of any other. Raises: Malformed."""
        if valid_until is not None and valid_until <= valid_from:
            _refuse(iter([Violation("covenant", "ends before it begins")]))
        if (covenant, valid_from, valid_until) != self.covenant:
            self.record(self.CovenantAgreed, on, covenant=covenant, valid_from=valid_from, valid_until=valid_until, reason=reason)

    def give_up(self, callback: str, because: str, on: Occasion) -> None:
        """Lets it be known that nothing is sent to its callback any more, for that reason (a code), until it is another."""
        if callback == self.callback:
            self.record(self.CallbackGivenUp, on, organisation=self.name, because=because)

    def notice_end(self, end: datetime | None, on: Occasion) -> None:
        """Lets it be known, once each, that its covenant will end soon, or has ended."""
        now = end_at(end, on.at)
        if end is None or self.covenant is None or now in ("", self.told_of_end):
            return
        said = {"organisation": self.name, "covenant": self.covenant[0]}
        if now == ENDED:
            self.record(self.CovenantEnded, on, **said, ended=end)
        elif self.told_of_end != ENDED:
            self.record(self.CovenantEndsSoon, on, **said, ends=end)


def _refuse(violations: Iterator[Violation]) -> None:
    if found := tuple(violations):
        raise Malformed("the registration cannot be accepted", found)


def _against_registration(name: str, oin: str, algorithms: Collection[str], callback: str) -> Iterator[Violation]:
    if not _NAME.fullmatch(name) or len(name) > 80:
        yield Violation("name", "is not lower-case words joined by hyphens")
    if name == THE_HUB:
        yield Violation("name", "is the hub's own, also as a user of Kafka")
    if not _OIN.fullmatch(oin):
        yield Violation("oin", "is not twenty digits")
    if set(algorithms) - set(ALGORITHMS):
        yield Violation("algorithms", f"are not among {', '.join(ALGORITHMS)}")
    yield from _against_callback(callback)


def _against_contact(email: str) -> Iterator[Violation]:
    if email and not is_address(email):
        yield Violation("email", "is not an address of mail")


def _against_callback(callback: str) -> Iterator[Violation]:
    if callback and not re.fullmatch(r"https?://[!-~]{1,2000}", callback):
        yield Violation("callback", "is not an http or https address")


def _against_access(access: Access) -> Iterator[Violation]:
    if access.scopes - SCOPES:
        yield Violation("scopes", f"are not among {', '.join(sorted(SCOPES))}")
    if access.certificate and not _THUMBPRINT.fullmatch(access.certificate):
        yield Violation("certificate", "is not a SHA-256 thumbprint in base64url (43 characters)")


def _against_limits(per_minute: int, per_day: int) -> Iterator[Violation]:
    for name, limit in (("per_minute", per_minute), ("per_day", per_day)):
        if not 0 <= limit <= _MOST:
            yield Violation(name, f"is not between 0 and {_MOST}")
