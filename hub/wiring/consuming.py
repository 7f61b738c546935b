"""The way in over Kafka, joined: what comes that way is admitted, limited, recorded and answered as over HTTP."""

from typing import TYPE_CHECKING

from hub.api import receipts
from hub.api.problems import problem_of
from hub.api.signals import NOTHING

if TYPE_CHECKING:
    from hub.adapters.kafka.consuming import Consumer
    from hub.wiring.hub import Hub


def consumer_of(hub: "Hub") -> "Consumer | None":
    """Whoever takes in what partners put on Kafka; nobody where no broker is named."""
    kafka = hub.ways.get("kafka")
    if kafka is None:
        return None
    # the library is loaded only where Kafka is used
    from hub.adapters.kafka.consuming import Consumer

    return Consumer(
        connection=kafka.out.connection,
        intake=hub.intake,
        # no record can show a token: whose registration asks for one is refused
        admit=lambda signer: hub.door.tokens.refuse_other(NOTHING, signer, hub.clock.now()),
        limits=hub.limits,
        registrations=hub.registrations,
        said=lambda receipt: receipts.signed(receipt, hub.keys.sign),
        problem=lambda error: problem_of(error).document(),
        clock=hub.clock,
        watch=hub.collected.watch,
    )
