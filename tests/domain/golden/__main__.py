"""`python -m tests.domain.golden`: writes an example of each event version that has none yet."""

from tests.domain.golden.events import write_missing

for path in write_missing():
    print(path.name)
