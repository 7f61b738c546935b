"""Which organisations take part, and with which keys: every change is an event, with who and why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.domain.registrations import Registration, registration_id
from hub.domain.streams import Occasion
from hub.errors import Malformed, NotKnown, RuleBroken, Violation
from hub.ports import Partner
from hub.register import Register, Unit


@dataclass(frozen=True, slots=True)
class Registry:
    """The register of partner organisations; `partners` are the kinds that there are adapters for.

    `changed` is called after every change, so that it counts at once.
    """

    register: Register
    partners: Mapping[str, Partner]
    changed: Callable[[], None]

    def add(
        self, name: str, kind: str, oin: str, by: str, algorithms: Sequence[str] = (), types: Sequence[str] = (), callback: str = ""
    ) -> None:
        """Registers an organisation; without `types` it may send all that its kind can.

        Raises:
            Malformed: with everything that is wrong with it.
            RuleBroken: the name is taken.
        """
        possible = [type.type for type in self.partners[kind].messages] if kind in self.partners else []
        _refuse_unknown(kind, types, possible, self.partners)

        def work(unit: Unit) -> None:
            if unit.find(Registration, registration_id(name)) is not None:
                raise RuleBroken("An organisation is registered by that name.", code="name-taken")
            on = Occasion(unit.at, by)
            unit.add(Registration.register(name, kind, oin, on, algorithms, types or possible, callback))

        self._do(work)

    def add_key(
        self, name: str, jwk: Mapping[str, Any], by: str, valid_from: datetime | None = None, valid_until: datetime | None = None
    ) -> None:
        """Adds a public key, valid from now where nothing else is said; keys may overlap, so that nobody is without."""
        kid = str(jwk.get("kid", ""))
        self._change(name, by, lambda known, on: known.add_key(kid, jwk, valid_from or on.at, valid_until, on))

    def revoke_key(self, name: str, kid: str, reason: str, by: str) -> None:
        """Trusts a key no longer, from now on."""
        self._change(name, by, lambda known, on: known.revoke_key(kid, reason, on))

    def suspend(self, name: str, reason: str, by: str) -> None:
        """Accepts nothing of an organisation for the time being."""
        self._change(name, by, lambda known, on: known.suspend(reason, on))

    def resume(self, name: str, reason: str, by: str) -> None:
        """Accepts an organisation's messages again."""
        self._change(name, by, lambda known, on: known.resume(reason, on))

    def call_back(self, name: str, callback: str, by: str) -> None:
        """Changes where an organisation is told things; empty is nowhere."""
        self._change(name, by, lambda known, on: known.change_callback(callback, on))

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
