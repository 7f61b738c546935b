"""Who leads what now, in whichever process: as PostgreSQL tells it of the locks that stand for leading."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Engine

from hub.adapters.database import is_postgresql, quickly, reading

_LEADERS = """
    SELECT work.name, activity.pid, coalesce(host(activity.client_addr), '')
    FROM unnest(string_to_array(?, '/')) AS work (name)
    JOIN pg_locks AS held ON held.locktype = 'advisory' AND held.granted AND held.objsubid = 1
        AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND (held.classid::bigint << 32 | held.objid::bigint) = hashtextextended('lead ' || work.name, 0)
    JOIN pg_stat_activity AS activity ON activity.pid = held.pid
"""


def leaders(log: Engine, works: Iterable[str]) -> Mapping[str, str]:
    """Where the connection comes from that leads each of these works, and its number; with SQLite there is nobody else."""
    if not is_postgresql(log):
        return {}
    with reading(log) as connection:
        return {work: f"{place or 'here'}, {number}" for work, number, place in quickly(connection, _LEADERS, "/".join(works))}
