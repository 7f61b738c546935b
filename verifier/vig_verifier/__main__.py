"""The program: `vig-verify BUNDLE --key JWK`. It ends with 0 where all holds, 1 where something is wrong, 2 if it is unreadable."""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from vig_verifier import jwe, signing
from vig_verifier.archive import Archive
from vig_verifier.checks import Came, Known, Said, manifest_of, verify
from vig_verifier.reading import MOST, Unreadable, json_of
from vig_verifier.trees import Checkpoint, Key
from vig_verifier.words import sentence

HOLDS, WRONG, UNREADABLE = 0, 1, 2
MOST_SAID = 20
"""Sentences of one kind; of the rest it says how many there are."""


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="vig-verify", description="Verify the file of a case, without the hub that made it.")
    parser.add_argument("bundle", nargs="?", type=Path, help="the file of a case")
    parser.add_argument("--key", type=Path, help="your own private key (a JWK), which opens it")
    parser.add_argument(
        "--hub", action="append", default=[], help="a key of the hub that you know: as GET /v1/log has it, or a file"
    )
    parser.add_argument("--checkpoint", action="append", default=[], type=Path, help="a checkpoint that you know from elsewhere")
    parser.add_argument("--consistency", action="append", default=[], type=Path, help="what joins it: GET /v1/log/…/consistency")
    parser.add_argument("--witness", action="append", default=[], help="the key of a witness that you trust, or a file with it")
    parser.add_argument("--unpack", type=Path, help="a new directory for what is in it, such as the report")
    parser.add_argument("--language", choices=("nl", "en"), default="", help="otherwise that of the file")
    parser.add_argument("--new-key", type=Path, metavar="NAME", help="make a key: NAME.key.json, and NAME.public.json to give away")
    return parser


class _Given(Exception):
    """What somebody gave is not what an option asks."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Does what the arguments say, and gives how the program ends."""
    asked = _arguments().parse_args(arguments)
    language = asked.language or "nl"
    try:
        if asked.new_key is not None:
            return _new_key(asked.new_key, language)
        if asked.bundle is None:
            _arguments().error("the file of a case is missing")
        known = _known(asked)
        with _archive(asked.bundle, asked.key) as archive:
            return _verify(archive, known, asked)
    except Unreadable as unreadable:
        return _cannot(language, str(unreadable), {})
    except _Given as given:
        path, option = given.args
        return _cannot(language, "not-given-right", {"path": path, "option": option})
    except OSError as error:
        return _cannot(language, "no-file", {"path": error.filename or asked.bundle})


def _cannot(language: str, code: str, about: dict[str, Any]) -> int:
    print(sentence(language, code, about), file=sys.stderr)
    return UNREADABLE


def _verify(archive: Archive, known: Known, asked: argparse.Namespace) -> int:
    manifest = manifest_of(archive)
    language = asked.language or ("en" if manifest["language"] == "en" else "nl")
    print(sentence(language, "title", manifest), end="\n\n")
    said = list(verify(archive, known))
    for came in Came:
        _say(language, [each for each in said if each.came is came])
    if asked.unpack is not None:
        _unpack(archive, asked.unpack, language)
    wrong = sum(each.came is Came.WRONG for each in said)
    print("\n" + (sentence(language, "not-all-held", {"many": wrong}) if wrong else sentence(language, "all-held", {})))
    return WRONG if wrong else HOLDS


def _say(language: str, said: Sequence[Said]) -> None:
    for each in said[:MOST_SAID]:
        print(f"[{sentence(language, each.came.name, {})}] {sentence(language, each.code, each.about)}")
    if len(said) > MOST_SAID:
        print(sentence(language, "and-more", {"many": len(said) - MOST_SAID}))


def _unpack(archive: Archive, directory: Path, language: str) -> None:
    try:
        archive.unpack(directory)
        print("\n" + sentence(language, "unpacked", {"path": directory}))
    except FileExistsError:
        print("\n" + sentence(language, "is-there", {"path": directory}))


@contextmanager
def _archive(path: Path, key: Path | None) -> Iterator[Archive]:
    with path.open("rb") as file:
        if not jwe.is_encrypted(file):
            yield Archive(file)
        elif key is None:
            raise Unreadable("no-key")
        else:
            with _opened(file, key) as plain:
                yield Archive(plain)


def _opened(file: IO[bytes], key: Path) -> IO[bytes]:
    try:
        jwk = json_of(_content(key))
    except ValueError:
        raise _Given(key, "--key") from None
    return jwe.opened(file, jwk)


# What somebody knows from elsewhere --------------------------------------------------------------------


def _known(asked: argparse.Namespace) -> Known:
    hub = [each for given in asked.hub for each in _of_hub(given)]
    checkpoints = [_read(path, "--checkpoint", lambda said: Checkpoint.read(said.decode())) for path in asked.checkpoint]
    joins = [_read(path, "--consistency", json_of) for path in asked.consistency]
    return Known(hub, checkpoints, joins, [_of_witness(given) for given in asked.witness])


def _of_hub(given: str) -> list[bytes]:
    """The keys in a text or a file: as signed notes write them, one a line, or as JWK set (GET /v1/jwks)."""
    said = _said(given, "--hub")
    try:
        if said.lstrip().startswith("{"):
            keys = [signing.public_key(jwk) for jwk in json_of(said)["keys"] if jwk["kty"] == "OKP"]
            return [key.public_bytes_raw() for key in keys]  # type: ignore[union-attr]
        return [Key.read(line).public for line in said.split()]
    except (ValueError, KeyError, TypeError):
        raise _Given(given, "--hub") from None


def _of_witness(given: str) -> Key:
    try:
        key = Key.read(_said(given, "--witness"))
    except ValueError:
        raise _Given(given, "--witness") from None
    if not key.is_witness:
        raise _Given(given, "--witness")
    return key


def _said(given: str, option: str) -> str:
    """What was given itself, a key, or what is in the file of that name."""
    is_key = given.count("+") >= 2 and not Path(given).is_file()
    said: str = given if is_key else _read(Path(given), option, bytes.decode)
    return said


def _read(path: Path, option: str, how: Any) -> Any:
    try:
        return how(_content(path))
    except ValueError:
        raise _Given(path, option) from None


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST)


def _new_key(name: Path, language: str) -> int:
    private, public = jwe.named(name)
    for path, jwk, mode in zip((private, public), jwe.new_key(), (0o600, 0o644), strict=True):
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
            json.dump(jwk, file, indent=1)
    print(sentence(language, "made-key", {"private": private, "public": public}))
    return HOLDS


def run() -> None:
    """The program, as the command line starts it."""
    sys.exit(main())


if __name__ == "__main__":
    run()
