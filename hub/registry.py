"""Which organisations take part, with which keys and on which terms: every change is an event, with who and why."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from hub.domain.grounds import Registers
from hub.domain.registrations import SCOPES, Registration, registration_id
from hub.domain.streams import THE_HUB, Occasion
from hub.errors import Malformed, NotKnown, RuleBroken, Violation
from hub.ports import Partner
from hub.register import Register, Unit

ASKED = "the organisation asked for it"
OVERLAP = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms an organisation takes part; what is `None` stays as it is.

    For a new one `None` is what its kind's messages need: their purposes and legal bases, the scopes to send them, to
    ask what became of them and to subscribe, the covenant of its kind or else the standing one. `covenant_until` ends its
    own part earlier than the covenant.
    """

    scopes: Collection[str] | None = None
    requires_token: bool | None = None
    requires_dpop: bool | None = None
    certificate: str | None = None
    per_minute: int | None = None
    per_day: int | None = None
    purposes: Collection[str] | None = None
    grounds: Collection[str] | None = None
    covenant: str | None = None
    covenant_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Registry:
    """The register of partner organisations; `partners` are the kinds that there are adapters for.

    `covenant` is the one under which a new organisation takes part where nothing else is said; `changed` is called after
    every change, so that it counts at once.
    """

    register: Register
    partners: Mapping[str, Partner]
    registers: Registers
    covenant: str
    changed: Callable[[], None]

    def add(
        self,
        name: str,
        kind: str,
        oin: str,
        by: str,
        algorithms: Sequence[str] = (),
        types: Sequence[str] = (),
        callback: str = "",
        terms: Terms | None = None,
        reason: str = ASKED,
    ) -> None:
        """Registers an organisation; without `types` it may send all that its kind can, and share what they are for.

        Raises:
            Malformed: with everything that is wrong with it.
            RuleBroken: the name is taken.
        """
        possible = [type.type for type in self.partners[kind].messages] if kind in self.partners else []
        _refuse_unknown(kind, types, possible, self.partners)
        agreed = self._for_new(kind, types or possible, terms or Terms())
        self._refuse_unheard_of(agreed)

        def work(unit: Unit) -> None:
            if unit.find(Registration, registration_id(name)) is not None:
                raise RuleBroken("An organisation is registered by that name.", code="name-taken")
            on = Occasion(unit.at, by)
            new = Registration.register(name, kind, oin, on, algorithms, types or possible, callback)
            self._agree(new, agreed, reason, on)
            unit.add(new)

        self._do(work)

    def _for_new(self, kind: str, types: Collection[str], terms: Terms) -> Terms:
        needed = [message for message in self.partners[kind].messages if message.type in types]
        return replace(
            terms,
            scopes=SCOPES if terms.scopes is None else terms.scopes,
            purposes=[message.purpose for message in needed] if terms.purposes is None else terms.purposes,
            grounds=[message.legal_basis for message in needed] if terms.grounds is None else terms.grounds,
            covenant=(kind if kind in self.registers.covenants else self.covenant) if terms.covenant is None else terms.covenant,
        )

    def change(self, name: str, terms: Terms, by: str, reason: str = ASKED) -> None:
        """Changes on what terms it takes part. Raises: Malformed, with everything that is wrong with them."""
        self._refuse_unheard_of(terms)
        self._change(name, by, lambda known, on: self._agree(known, terms, reason, on))

    def _agree(self, known: Registration, terms: Terms, reason: str, on: Occasion) -> None:
        said = {name: getattr(terms, name) for name in ("requires_token", "requires_dpop", "certificate")}
        said |= {"scopes": None if terms.scopes is None else frozenset(terms.scopes)}
        known.grant_access(replace(known.access, **_given(said)), reason, on)
        per_minute, per_day = known.limits
        known.set_limits(_or(terms.per_minute, per_minute), _or(terms.per_day, per_day), reason, on)
        known.grant_grounds(_or(terms.purposes, known.purposes), _or(terms.grounds, known.grounds), reason, on)
        if terms.covenant is not None or terms.covenant_until is not None:
            self._take_part(known, terms, reason, on)

    def _take_part(self, known: Registration, terms: Terms, reason: str, on: Occasion) -> None:
        id = _or(terms.covenant, known.covenant[0] if known.covenant else "")
        if id not in self.registers.covenants:
            raise Malformed("These terms cannot be.", [Violation("covenant", "is not in the register")])
        covenant = self.registers.covenants[id]
        if not covenant.parties & {known.kind, known.oin}:
            raise Malformed("These terms cannot be.", [Violation("covenant", "is not with this organisation or its kind")])
        known.agree(id, covenant.begins, terms.covenant_until or covenant.ends, reason, on)

    def _refuse_unheard_of(self, terms: Terms) -> None:
        known = {"purposes": self.registers.purposes, "grounds": self.registers.bases, "covenant": self.registers.covenants}
        said = {
            "purposes": terms.purposes,
            "grounds": terms.grounds,
            "covenant": None if terms.covenant is None else [terms.covenant],
        }
        unknown = [(place, code) for place, codes in said.items() for code in codes or () if code not in known[place]]
        if unknown:
            raise Malformed(
                "These terms cannot be.", [Violation(place, f"{code} is not in the register") for place, code in unknown]
            )

    def add_key(
        self,
        name: str,
        jwk: Mapping[str, Any],
        by: str,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
        reason: str = ASKED,
    ) -> None:
        """Adds a public key, valid from now where nothing else is said; keys may overlap, so that nobody is without."""
        kid = str(jwk.get("kid", ""))
        self._change(name, by, lambda known, on: known.add_key(kid, jwk, valid_from or on.at, valid_until, on, reason))

    def rotate(self, name: str, jwk: Mapping[str, Any], by: str, overlap: timedelta = OVERLAP, reason: str = ASKED) -> None:
        """Adds a public key and ends the others after an overlap."""
        kid = str(jwk.get("kid", ""))
        self._change(name, by, lambda known, on: known.rotate(kid, jwk, on.at + overlap, reason, on))

    def revoke_key(self, name: str, kid: str, reason: str, by: str) -> None:
        """Trusts a key no longer, from now on."""
        self._change(name, by, lambda known, on: known.revoke_key(kid, reason, on))

    def suspend(self, name: str, reason: str, by: str) -> None:
        """Accepts nothing of an organisation for the time being."""
        self._change(name, by, lambda known, on: known.suspend(reason, on))

    def resume(self, name: str, reason: str, by: str) -> None:
        """Accepts an organisation's messages again."""
        self._change(name, by, lambda known, on: known.resume(reason, on))

    def remove(self, name: str, reason: str, by: str) -> None:
        """Ends an organisation's part for good."""
        self._change(name, by, lambda known, on: known.remove(reason, on))

    def call_back(self, name: str, callback: str, by: str, reason: str = ASKED) -> None:
        """Changes where an organisation is told things; empty is nowhere."""
        self._change(name, by, lambda known, on: known.change_callback(callback, on, reason))

    def contact(self, name: str, email: str, by: str) -> None:
        """Changes where an organisation is mailed when its address cannot be reached; empty is nowhere. Raises: Malformed."""
        self._change(name, by, lambda known, on: known.change_contact(email, on))

    def give_up(self, name: str, callback: str, because: str) -> None:
        """Lets it be known that nothing is sent to an organisation's callback any more. Raises: NotKnown."""
        self._change(name, THE_HUB, lambda known, on: known.give_up(callback, because, on))

    def notice_end(self, name: str, end: datetime | None) -> None:
        """Lets it be known that an organisation's covenant ends soon, or has ended."""
        self._change(name, THE_HUB, lambda known, on: known.notice_end(end, on))

    def _change(self, name: str, by: str, verb: Callable[[Registration, Occasion], None]) -> None:
        def work(unit: Unit) -> None:
            known = unit.find(Registration, registration_id(name))
            if known is None:
                raise NotKnown("No organisation is registered by that name.")
            verb(known, Occasion(unit.at, by))

        self._do(work)

    def _do(self, work: Callable[[Unit], None]) -> None:
        self.register.do(work)
        self.changed()


def _refuse_unknown(kind: str, types: Sequence[str], possible: Sequence[str], partners: Mapping[str, Partner]) -> None:
    wrong = [Violation("kind", f"is one of {', '.join(sorted(partners))}")] if kind not in partners else []
    unknown = [type for type in types if type not in possible]
    wrong += [Violation("types", f"{type} is not a message of this kind of partner") for type in unknown] if not wrong else []
    if wrong:
        raise Malformed("This registration cannot be.", wrong)


def _given(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value is not None}


def _or(said: Any, otherwise: Any) -> Any:
    return otherwise if said is None else said
