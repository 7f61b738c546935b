"""The hub's backups: one file of all that cannot be built anew, made while it runs, and restored whole or not at all.

`rows` knows how a row is written, whatever database it is in; `archive` is the file and its seal; `taking` makes one, and
`putting` restores it into one of the `places`, where `proving` opens all of it.
"""

from hub.adapters.backup.archive import Archive, Manifest, Progress, reading
from hub.adapters.backup.places import UNFINISHED
from hub.adapters.backup.proving import Proved
from hub.adapters.backup.putting import Opens, put_back
from hub.adapters.backup.taking import Own, Store, back_up

__all__ = ["UNFINISHED", "Archive", "Manifest", "Opens", "Own", "Progress", "Proved", "Store", "back_up", "put_back", "reading"]
