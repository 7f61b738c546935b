"""Telling partners over Kafka, and keeping there how each family stands: queued on the relay's transaction, sent by a worker.

`queue` keeps what partners are told, `families` how families stand, `sending` puts both on Kafka, each thing once.
"""

from collections.abc import Mapping

from hub.adapters.channels import Around, Way
from hub.adapters.channels.kafka import families, queue
from hub.adapters.kafka.connection import Connection

NAME = "kafka"


def opened(settings: Mapping[str, str], around: Around) -> Way | None:
    """On when `HUB_KAFKA_SERVERS` names a broker. Raises: Malformed, with every setting of Kafka that is wrong."""
    connection = Connection.read(settings)
    if connection is None:
        return None
    # the library is loaded only where Kafka is used: that takes as long as all else of a channel
    from hub.adapters.channels.kafka.sending import Sending

    sending = Sending(connection, around)
    return Way(sending.channel, sending, sending.run, queue.open_ones, families.PROJECTION)
