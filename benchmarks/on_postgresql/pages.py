"""How long somebody waits for a page of a hub on PostgreSQL, beside a template that knows nothing."""

from benchmarks.measuring import Result
from benchmarks.pages import FULL, QUICK, TINY, Size, measured
from benchmarks.postgresql import a_server
from benchmarks.running import Home, a_directory

__all__ = ["FULL", "QUICK", "TINY", "pages"]


def pages(size: Size) -> Result:
    """Measures it; the first round only warms both up."""
    with a_directory("pages") as place, a_server(place) as server:
        return measured("pages-postgresql", Home(place / "hub", server.database()), size, [server.said()])
