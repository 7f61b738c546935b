"""Where the contracts lie: partners' messages, registers and the matrix are files, not code."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from jsonschema_rs import Draft202012Validator, ValidationError

from hub.errors import Malformed, Violation

_IN_A_CHECKOUT = Path(__file__).resolve().parents[2] / "contracts"


def contracts() -> Path:
    """The directory of contracts: `HUB_CONTRACTS_DIR`, or `contracts/` beside the package in a checkout."""
    given = os.environ.get("HUB_CONTRACTS_DIR")
    return Path(given) if given else _IN_A_CHECKOUT


def contract_path(*parts: str) -> Path:
    """A file or folder within the contracts."""
    return contracts().joinpath(*parts)


def valid(path: Path, schema: str | Path = "schema.json") -> Any:
    """What stands in a file, against the schema of that name that lies beside it, or that lies elsewhere.

    Raises:
        Malformed: with every place where it does not.
    """
    try:
        found, asked = (msgspec.json.decode(each.read_bytes()) for each in (path, path.parent / schema))
    except msgspec.DecodeError as error:
        raise Malformed(f"{path.name} is not JSON.", code="not-json") from error
    errors = Draft202012Validator(asked, validate_formats=True).iter_errors(found)
    refuse(path, [Violation(_pointer(error), error.message) for error in errors])
    return found


def refuse(path: Path, violations: Sequence[Violation]) -> None:
    """Raises: Malformed, where anything is wrong with a file."""
    if violations:
        raise Malformed(f"{path.name} is not what its contract asks.", violations)


def _pointer(error: ValidationError) -> str:
    return "".join(f"/{part}" for part in error.instance_path)
