"""The matrices as they were put into use: recorded once in the log, held against the folder, and read back from the log."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import msgspec
from eventsourcing.persistence import Mapper

from hub.adapters import event_store
from hub.adapters.contracts import contracts
from hub.adapters.event_store import EventLog
from hub.adapters.matrices import Matrices, load_matrices
from hub.domain.rule_files import DISCLOSURE, INTERVENTION, RuleFile, rule_file_id
from hub.domain.streams import THE_HUB, Occasion
from hub.errors import RuleBroken, Unavailable
from hub.register import Register, Unit

_PUT_BACK = "Put the file back as it was (it stands in the log, and in every file of a case), and make what changes a new version."


def put_into_use(register: Register) -> None:
    """Records every version in the folder that the hub did not decide by before; what is known already stays as it is.

    Raises:
        Unavailable: a file is not the one that was put into use under its version.
    """

    def put(unit: Unit) -> None:
        on = Occasion(unit.at, THE_HUB)
        for path in _files():
            kind, version, file = path.parent.name, path.stem, path.read_bytes().decode()
            if (known := unit.find(RuleFile, rule_file_id(kind, version))) is not None:
                known.use(file, on)
            else:
                valid_from = msgspec.json.decode(file)["validFrom"]
                unit.add(RuleFile.put_into_use(kind, version, valid_from, file, on))

    try:
        register.submit(put).result()
    except RuleBroken as other:
        raise Unavailable(f"{other.detail} {_PUT_BACK}", code=other.code) from None


def in_use(log: EventLog, mapper: Mapper[UUID]) -> Sequence[RuleFile]:
    """Every version of a matrix that was put into use, by its kind and version."""
    with log.reading() as connection:
        opened = event_store.mentioning("", RuleFile.PutIntoUse.TOPIC, 0, connection)
        found: dict[UUID, RuleFile] = {}
        for _, stored in event_store.placed([UUID(str(each.originator_id)) for each in opened], connection):
            stream = UUID(str(stored.originator_id))
            found[stream] = mapper.to_domain_event(stored).mutate(found.get(stream))  # type: ignore[attr-defined]
    return sorted(found.values(), key=lambda each: (each.kind, each.version_name))


def differences(known: Sequence[RuleFile]) -> Iterator[str]:
    """Where the folder says something else than what was put into use; a file that is only there, or only in the log, does not."""
    for each in known:
        path = contracts() / each.kind / f"{each.version_name}.json"
        file = path.read_bytes().decode(errors="replace") if path.exists() else each.file
        if file != each.file:
            yield each.against(file)


def never_used(known: Sequence[RuleFile]) -> Iterator[str]:
    """The versions of the intervention matrix in the folder that were never put into use."""
    used = {each.version_name for each in known if each.kind == INTERVENTION}
    yield from (path.stem for path in _files() if path.parent.name == INTERVENTION and path.stem not in used)


def matrices_in_use(known: Sequence[RuleFile]) -> Matrices:
    """The versions of the intervention matrix as they were put into use; from the folder only those that never were.

    Raises:
        Malformed: together they are not versions that follow each other.
    """
    folder = contracts() / INTERVENTION
    with TemporaryDirectory() as name:
        place = Path(name)
        for path in folder.glob("*.json"):
            (place / path.name).write_bytes(path.read_bytes())
        for each in known:
            if each.kind == INTERVENTION:
                (place / f"{each.version_name}.json").write_bytes(each.file.encode())
        return load_matrices(place)


def _files() -> Iterator[Path]:
    for kind in (DISCLOSURE, INTERVENTION):
        yield from (path for path in sorted((contracts() / kind).glob("*.json")) if path.name != "schema.json")
