"""A table for research as Parquet, by pyarrow, which comes with `pip install vig-hub[evaluation]`."""

from collections.abc import Mapping, Sequence
from typing import IO

from hub.adapters.extra import needed


def in_parquet(rows: Sequence[Mapping[str, str]], said: Mapping[str, str], file: IO[bytes]) -> None:
    """Writes rows of text; each column carries what it holds, as `description`.

    Raises:
        Unavailable: pyarrow is not installed.
    """
    arrow, parquet = needed("pyarrow"), needed("pyarrow.parquet")
    fields = [arrow.field(name, arrow.string(), metadata={"description": words}) for name, words in said.items()]
    values = [arrow.array([row[name] for row in rows], arrow.string()) for name in said]
    parquet.write_table(arrow.Table.from_arrays(values, schema=arrow.schema(fields)), file)
