"""Who sends us signals: a module for each that has a standard of its own, and a file for each that sends what others send too."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from importlib import import_module
from importlib.machinery import SourceFileLoader
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

from hub.adapters.contracts import contract_path, refuse, valid
from hub.adapters.registers import registers
from hub.errors import Violation
from hub.ports import Ending, MessageType, Partner

_OTHERS_MAY_WRITE = 0o022


def found() -> dict[str, Partner]:
    """Every kind of partner, by name: the modules here, and the folders of the contracts with a `kind.json` or a `partner.py`.

    Raises:
        TypeError: a module has no `PARTNER`, or two share a name.
        Malformed: a `contract.json` or `kind.json` is not what its schema, the contracts that it names or the registers ask; or
            somebody else than its owner may write a `partner.py`, which would run within the hub.
    """
    partners: dict[str, Partner] = {}
    for name, module in _modules():
        partner = getattr(module, "PARTNER", None)
        if not isinstance(partner, Partner) or partner.name in partners:
            raise TypeError(f"{name} does not say which partner it is, in a PARTNER of its own")
        partners[partner.name] = replace(partner, messages=tuple(_ending(each, partner.name) for each in partner.messages))
    return dict(sorted((partners | dict(_by_data(partners))).items()))


def _modules() -> Iterator[tuple[str, ModuleType]]:
    for module in iter_modules(__path__):
        yield module.name, import_module(f"{__name__}.{module.name}")
    for path in sorted(contract_path("partners").glob("*/partner.py")):
        yield str(path), _beside_its_contract(path)


def _beside_its_contract(path: Path) -> ModuleType:
    writable = [each for each in (path, path.parent) if each.stat().st_mode & _OTHERS_MAY_WRITE]
    refuse(path, [Violation("", f"others than its owner may write {each.name}: chmod go-w") for each in writable])
    loader = SourceFileLoader(f"{__name__}.{path.parent.name.replace('-', '_')}", str(path))
    module = ModuleType(loader.name)
    loader.exec_module(module)
    return module


def _ending(message: MessageType, kind: str) -> MessageType:
    """The message with when its contract ends, as the contract says."""
    path = contract_path("partners", kind, message.folder, "contract.json")
    said = valid(path, contract_path("partners", "contract.schema.json"))
    until, told_from = said["validity"]["valid_until"], said["validity"].get("told_from", said["validity"]["valid_from"])
    if until is None:
        return message
    return replace(message, ending=Ending(date.fromisoformat(told_from), date.fromisoformat(until), said.get("replaced_by", "")))


def _by_data(known: Mapping[str, Partner]) -> Iterator[tuple[str, Partner]]:
    """The kinds that send, for a purpose and on a basis of their own, what the contract of another kind says."""
    contracts = {f"{kind.name}/{each.folder}": each for kind in known.values() for each in kind.messages}
    for path in sorted(contract_path("partners").glob("*/kind.json")):
        said, name = valid(path, contract_path("partners", "kind.schema.json")), path.parent.name
        refuse(path, list(_unknown(said["sends"], contracts)))
        shared = [
            replace(contracts[each["contract"]], purpose=each["purpose"], legal_basis=each["legal_basis"]) for each in said["sends"]
        ]
        own = known.get(name, Partner(name, said["nl"], ()))
        yield name, replace(own, messages=(*own.messages, *shared), english=said["en"])


def _unknown(sends: Sequence[Mapping[str, str]], contracts: Collection[str]) -> Iterator[Violation]:
    known = {"contract": contracts, "purpose": registers().purposes, "legal_basis": registers().bases}
    for place, each in enumerate(sends):
        yield from (
            Violation(f"/sends/{place}/{word}", f"{each[word]} is not known") for word in known if each[word] not in known[word]
        )
