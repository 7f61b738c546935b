"""What the hub decided, derived anew: from the messages as they were received, with the keys as they were valid then."""

from collections.abc import Sequence
from functools import lru_cache
from uuid import UUID

from sqlalchemy.exc import NoResultFound

from hub.adapters.rereading import CHANGED, Reread
from hub.derivation import Derivation
from hub.domain.messages import Message
from hub.errors import Fault, NotKnown
from hub.families import Said
from hub.wiring.hub import Hub
from hub.wiring.in_use import in_use, matrices_in_use
from hub.wiring.made import rules_by_day

_AT_ONCE = 1_000
"""Messages that are kept open: signals of one message come one after another."""


def derivation_of(hub: Hub) -> Derivation:
    """How escalations of that hub are derived anew, by the matrices as they were put into use."""
    ours = hub.keys.public_jwks()["keys"]

    @lru_cache(_AT_ONCE)
    def said(message: str) -> Sequence[Said] | None:
        was = hub.register.read(lambda unit: unit.get(Message, UUID(message))).received
        try:
            with hub.stored.log.connect() as connection:
                posted = hub.received.fetch(connection, was.kept)
        except NoResultFound:
            raise Fault(f"the bytes of message {message} are not there") from None
        except NotKnown:
            return None
        except ValueError:
            raise Fault(f"of message {message} {CHANGED}") from None
        if wrong := Reread(hub.registrations, posted, ours).wrong_with(was):
            raise Fault(f"message {message}: {wrong}")
        return hub.intake.said_in(UUID(message))

    return Derivation(hub.log, hub.mapper, rules_by_day(matrices_in_use(in_use(hub.log, hub.mapper))), said)
