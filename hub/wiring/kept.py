"""What of a hub cannot be built anew: that of which a backup is made, and where one is restored to."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import MetaData, make_url

from hub import relay
from hub.adapters import backup, event_store, limits, once, processing_log, received, vault
from hub.adapters.backup import Archive, Manifest, Opens, Own, Progress, Proved, Store, put_back
from hub.adapters.backup.places import database, files, temporary
from hub.adapters.backup.proving import unwrapping
from hub.adapters.channels import feed
from hub.adapters.channels.kafka import queue as tellings
from hub.adapters.channels.mail import queue as mails
from hub.adapters.channels.webhook import queue as deliveries
from hub.adapters.database import engine, promised, reading
from hub.adapters.evidence import notary, trees
from hub.adapters.hub_keys import public_keys
from hub.adapters.kek import Keks
from hub.adapters.migrations import STORES
from hub.adapters.sealed_file import opened, sealed
from hub.settings import Settings
from hub.wiring.hub import Hub
from hub.wiring.made import keks_of

KEPT: dict[str, tuple[MetaData, ...]] = {
    "outbox": (relay.TABLES, feed.TABLES, deliveries.TABLES, tellings.TABLES, mails.TABLES),
    "limits": (limits.TABLES,),
    "evidence": (trees.TABLES, notary.TABLES),
    "reads": (processing_log.TABLES,),
    "door": (once.TABLES,),
    "log": (event_store.TABLES, received.TABLES, vault.TABLES),
}
"""By store, in the order in which they are looked at: who follows the log before it."""
LEFT_OUT = {
    "views": "built anew from the log",
    "outbox.kafka_families": "built anew from the log",
    "outbox.kafka_marks": "built anew from the log",
    "log.index_shapes": "so that the indexes beside the log are built anew from it",
    "log.sealed_documents": "the hub's own keys stand in the manifest, for they may be in a file as well",
    "door.sessions": "who logged out since must not be in again: everybody logs in anew",
    "door.colleagues": "everybody logs in anew, and is known by name again",
}
"""What no backup holds, and why."""


def kept_of(hub: Hub) -> tuple[Store, ...]:
    """The stores of a hub, with the tables of which a backup is made."""
    return tuple(
        Store(name, getattr(hub.stored, name), [table for each in tables for table in each.sorted_tables])
        for name, tables in KEPT.items()
    )


def back_up(hub: Hub, file: Path, progress: Progress) -> Manifest:
    """Makes a backup of a hub, which goes on meanwhile.

    Raises:
        FileExistsError: that file is there already.
        Unavailable: a store cannot be read.
    """
    keks, document = keks_of(hub.settings, hub.stored.log), hub.keys.document
    own = Own(version("vig-hub"), hub.clock.now(), sealed(document.read(), document.name, keks))
    return backup.back_up(kept_of(hub), own, keks, file, progress)


def restore(settings: Settings, archive: Archive, keks: Keks, progress: Progress) -> Proved:
    """Puts a backup where these settings say that a hub is to be: all of it, or nothing; gives what was proved of its log.

    Raises:
        RuleBroken: there is a hub already.
        Refused: the backup is of a newer hub.
        Unavailable: it cannot be written, or its keys do not open.
        Fault: what was read back is not what was put there.
    """
    document = archive.manifest.keys
    ours = public_keys(opened(document, settings.hub_keys.name, keks))
    with _place(settings, document) as opens:
        return put_back(archive, opens, keks, ours, progress)


def check(settings: Settings, archive: Archive, keks: Keks, progress: Progress) -> Proved:
    """The same in a temporary place, which goes at the end. Raises: Refused, Unavailable, Fault."""
    ours = public_keys(opened(archive.manifest.keys, settings.hub_keys.name, keks))
    with temporary() as opens:
        return put_back(archive, opens, keks, ours, progress)


def locked_up(hub: Hub) -> list[str]:
    """The subjects of which the key does not unwrap with the key-encryption keys that there are. Raises: Unavailable."""
    keks = keks_of(hub.settings, hub.stored.log)
    with promised("the vault cannot be read"), reading(hub.stored.log) as connection:
        return [subject for subject, is_opening in unwrapping(keks, connection) if not is_opening]


@contextmanager
def _place(settings: Settings, document: str) -> Iterator[Opens]:
    keys = settings.hub_keys
    if not settings.is_shared:
        stores = {name: Path(str(make_url(getattr(settings, f"{name}_url")).database)) for name in STORES}
        with files(settings.data_dir, stores, keys, document) as opens:
            yield opens
        return
    log = engine(settings.log_url)
    try:
        with database(log, keys.name, document) as opens:
            yield opens
    finally:
        log.dispose()
