"""The whole of a hub examined: that nobody changed what was recorded, that all opens, and that what is shown follows from it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from hub.adapters.backup.proving import GONE, Proved, prove, without_restoring
from hub.adapters.database import beside, promised, quickly, reading
from hub.adapters.evidence.examining import Examined, Progress, Wrong, examine
from hub.adapters.hub_keys import public_keys
from hub.errors import Fault
from hub.wiring.compared import beside_the_log, undeterred
from hub.wiring.hub import Hub
from hub.wiring.in_use import differences, in_use
from hub.wiring.made import keks_of

_STREAMS = (
    "SELECT stream_id, count(*), min(version), max(version) FROM events "
    "GROUP BY stream_id HAVING min(version) <> 1 OR max(version) <> count(*) ORDER BY stream_id"
)
_LAST = "SELECT coalesce(max(position), 0) FROM events"


@dataclass(slots=True)
class Looked:
    """What was looked at of a hub: its trees by name, how much of the log opened, and which read models are as they should be."""

    trees: dict[str, Examined] = field(default_factory=dict)
    proved: Proved = field(default_factory=Proved)
    views: int = 0


def wrongs(hub: Hub, looked: Looked, progress: Progress) -> Iterator[Wrong]:
    """Everything that is wrong; `looked` counts what was looked at. The hub goes on meanwhile.

    Raises:
        Unavailable: a store cannot be read.
    """
    for tree, notary in hub.notaries.items():
        with promised("the evidence cannot be examined"):
            yield from examine(notary, looked.trees.setdefault(tree, Examined()), progress)
    yield from _streams(hub)
    yield from undeterred("log", _opening(hub, looked, progress))
    yield from beside_the_log(hub, progress)
    yield from undeterred("views", _views(hub, looked, progress))
    yield from undeterred("matrices", _matrices(hub))


def _matrices(hub: Hub) -> Iterator[Wrong]:
    known = in_use(hub.log, hub.mapper)
    yield from (Wrong("matrices", each) for each in differences(known))


def _views(hub: Hub, looked: Looked, progress: Progress) -> Iterator[Wrong]:
    for table in hub.views.differences(lambda done, of: progress("building all read models anew", done, of)):
        yield Wrong(f"views: {table}", "is not what the log says")
    looked.views = len(hub.views.followers)


def _streams(hub: Hub) -> Iterator[Wrong]:
    with promised("the log cannot be read"), reading(hub.stored.log) as connection:
        for stream, many, first, last in quickly(connection, _STREAMS):
            yield Wrong(f"events, stream {stream}", f"has {many} events with the versions {first} to {last}")


def _opening(hub: Hub, looked: Looked, progress: Progress) -> Iterator[Wrong]:
    document = hub.keys.document
    with promised("the log cannot be read"), beside(hub.stored.log) as (connection, _, _):
        connection.commit()
        last = int(quickly(connection, _LAST)[0][0])
        try:
            looked.proved = prove(
                last, True, keks_of(hub.settings, hub.stored.log), public_keys(document.read()), connection, progress
            )
        except Fault as fault:
            yield Wrong("log", without_restoring(fault))
        finally:
            connection.rollback()
    yield from (Wrong(f"log, {place}", "so nobody can verify it") for place in looked.proved.places if place.endswith(GONE))
