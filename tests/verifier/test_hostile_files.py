"""The verifier reads files of people who may mean harm: whatever they hold, it ends in words, and writes nowhere else."""

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from struct import pack_into
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import pytest
from vig_verifier.__main__ import main
from vig_verifier.archive import Archive
from vig_verifier.reading import Unreadable, json_of

from tests.tools import ROOT
from tests.verifier.cases import Parts, plain_entry

MANIFEST = {
    "format": "vig-case-1",
    "family": "f",
    "oin": "1",
    "made": "2026-03-02T12:00:00Z",
    "until": "2026-03-02T12:00:00Z",
    "by": "b",
    "ground": "g",
    "for": "k",
    "language": "en",
    "trees": {"events": 1, "readings": 1},
    "streams": {},
    "elsewhere": [],
    "parts": {},
}


def a_file(**parts: bytes) -> Parts:
    """A file of the format with these parts, and nothing that anybody signed."""
    content = {name.replace("__", "."): content for name, content in sorted(parts.items())}
    return Parts({**content, "manifest.json": json.dumps(MANIFEST).encode(), "manifest.jws": b"a.b.c"})


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def ended(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """How the program ends, and what it said."""
    status = main(list(arguments))
    said = capsys.readouterr()
    return status, said.out + said.err


def with_entry(change: Callable[[ZipInfo], None]) -> bytes:
    """A file in which every entry is otherwise in one way."""

    def entry(name: str) -> ZipInfo:
        made = plain_entry(name)
        change(made)
        return made

    return a_file(events__jsonl=b"{}\n" * 1000).zipped(entry)


def compressed(entry: ZipInfo) -> None:
    entry.compress_type = ZIP_DEFLATED


def of_another_day(entry: ZipInfo) -> None:
    entry.date_time = (2026, 1, 1, 0, 0, 0)


def with_more(entry: ZipInfo) -> None:
    entry.extra = b"\1\0\0\0"


def a_link(entry: ZipInfo) -> None:
    entry.external_attr = 0o120777 << 16


@pytest.mark.parametrize("change", [compressed, of_another_day, with_more, a_link])
def test_an_entry_in_another_form_is_refused(change: Callable[[ZipInfo], None]) -> None:
    with pytest.raises(Unreadable):
        Archive(BytesIO(with_entry(change)))


NAMES = [
    "../out.json",
    "/etc/out.json",
    "a/../../out.json",
    "..",
    "C:\\out.json",
    "a\\..\\b",
    "a//b",
    "a/b/c",
    ".hidden",
    "A.json",
    "é",
    "",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_leads_elsewhere_is_refused(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts = a_file()
    parts.content = {name: b"x", **parts.content}
    file = written(tmp_path / "case.vig", parts.zipped())
    (inside := tmp_path / "inside").mkdir()
    status, _ = ended(capsys, str(file), f"--unpack={inside / 'here'}")
    assert status == 2
    assert list(inside.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case.vig", "inside"]


def test_a_part_that_stands_twice_is_refused() -> None:
    target = BytesIO()
    with ZipFile(target, "w", ZIP_STORED) as zip, pytest.warns(UserWarning, match="Duplicate"):
        for name in ("events.jsonl", "events.jsonl", "manifest.json", "manifest.jws"):
            zip.writestr(plain_entry(name), json.dumps(MANIFEST))
    with pytest.raises(Unreadable):
        Archive(BytesIO(target.getvalue()))


def test_parts_in_another_order_are_refused() -> None:
    parts = a_file()
    for content in ({**parts.content, "a.json": b""}, dict(reversed(parts.content.items())), {"b": b"", "a": b"", **parts.content}):
        with pytest.raises(Unreadable):
            Archive(BytesIO(Parts(content).zipped()))


def test_what_stands_before_between_or_behind_the_parts_is_refused() -> None:
    file = a_file(a__json=b"{}").zipped()
    between = file.index(b"manifest.json") - 30
    for made in (b"x" + file, file + b"x", file + file, file[:between] + b"x" + file[between:], file[:-1], b"", b"PK"):
        with pytest.raises(Unreadable):
            Archive(BytesIO(made))


@pytest.mark.parametrize("at", [*range(-22, 0), *range(-22 - 3 * 46, -22, 3)])
def test_sizes_and_places_that_are_lies_are_refused(at: int) -> None:
    file = bytearray(a_file(a__json=b"{}").zipped())
    for lie in (b"\xff\xff\xff\xff", b"\0\0\0\x7f", b"\1\0\0\0"):
        made = bytearray(file)
        pack_into(f"{min(4, -at)}s", made, len(made) + at, lie)
        if made != file:
            with pytest.raises(Unreadable):
                Archive(BytesIO(bytes(made)))


HOSTILE = [
    b"[" * 100_000,
    b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    b'{"a":' + b"9" * 1_000_000 + b"}",
    b'{"a":1e999}',
    b'{"a":NaN}',
    b'{"a":-Infinity}',
    b'{"a":1,"a":2}',
    b"\xff\xfe",
    b"",
    b"null",
    b"[]",
    b'"\\ud800"',
    b"\x00",
]


@pytest.mark.parametrize("said", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize(
    "part", ["manifest.json", "checkpoints.json", "events.jsonl", "hub-keys.json", "messages.jsonl", "readings.jsonl"]
)
def test_json_that_means_harm_ends_in_words(said: bytes, part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parts = a_file()
    rest = {name: content for name, content in parts.content.items() if name != part}
    made = {part: said + b"\n", **rest} if part != "manifest.json" else {part: said, "manifest.jws": b"a.b.c"}
    status, words = ended(capsys, str(written(tmp_path / "case.vig", Parts(made).zipped())))
    assert status in (1, 2)
    assert words
    assert "Traceback" not in words


@pytest.mark.parametrize("value", ["1" * 5000, "1e400", "[" * 3000 + "]" * 3000, '{"a":1,"a":1}', "NaN"])
def test_numbers_depths_and_names_without_end_are_no_json(value: str) -> None:
    with pytest.raises(ValueError):
        json_of(value)


@pytest.mark.parametrize("member", sorted(MANIFEST))
@pytest.mark.parametrize("value", [None, 10**19, -1, [], {}, "x", [["x"]], {"x": {"y": 1}}], ids=str)
def test_a_manifest_that_says_something_else_ends_in_words(
    member: str, value: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = {"manifest.json": json.dumps({**MANIFEST, member: value}).encode(), "manifest.jws": b"a.b.c"}
    status, words = ended(capsys, str(written(tmp_path / "case.vig", Parts(content).zipped())))
    assert status in (1, 2)
    assert words


def test_what_a_file_says_moves_no_cursor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = {"manifest.json": json.dumps({**MANIFEST, "by": "\x1b[2Jme\r\n", "made": "2026-03-02T12:00:00Z"}).encode()}
    _, words = ended(capsys, str(written(tmp_path / "case.vig", Parts({**content, "manifest.jws": b""}).zipped())))
    assert "\x1b" not in words
    assert "?[2Jme??" in words


def test_a_file_without_a_line_end_of_a_gigabyte_takes_little_memory(tmp_path: Path) -> None:
    file = tmp_path / "case.vig"
    size = 1 << 29
    with ZipFile(file, "w", ZIP_STORED) as zip:
        with zip.open(plain_entry("events.jsonl"), "w") as entry:
            for _ in range(size >> 20):
                entry.write(bytes(1 << 20))
        zip.writestr(plain_entry("manifest.json"), json.dumps(MANIFEST))
        zip.writestr(plain_entry("manifest.jws"), "a.b.c")
    command = [sys.executable, "-m", "vig_verifier", str(file), "--language=en"]
    ran = subprocess.run(
        command, cwd=ROOT / "verifier", capture_output=True, text=True, check=False, timeout=120, preexec_fn=_little
    )
    assert (ran.returncode, "Traceback" in ran.stderr) == (1, False), ran.stderr
    assert "events.jsonl" in ran.stdout


def _little() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (900 << 20, 900 << 20))


# What the program is ---------------------------------------------------------------------------------


def test_nothing_of_the_hub_is_in_it() -> None:
    looked = "import sys, vig_verifier.__main__; print([name for name in sys.modules if name.split('.')[0] == 'hub'])"
    ran = subprocess.run(
        [sys.executable, "-c", looked], cwd=ROOT / "verifier", capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout.strip() == "[]"
    imports = [
        line.split()[1].split(".")[0]
        for path in (ROOT / "verifier" / "vig_verifier").glob("*.py")
        for line in path.read_text().splitlines()
        if line.startswith(("import ", "from "))
    ]
    assert {name for name in imports if name not in sys.stdlib_module_names} == {"cryptography", "vig_verifier"}


def test_without_its_key_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path / "case.vig", b"eyJhbGciOiJ4In0.aaaa.bbbb.cccc.dddd")
    assert ended(capsys, str(file), "--language=en") == (2, "This file is encrypted: give your own key with --key.\n")
    key = written(tmp_path / "key.json", b"[]")
    assert ended(capsys, str(file), f"--key={key}")[0] == 2
    assert ended(capsys, str(tmp_path / "nothing"))[0] == 2


@pytest.mark.parametrize("option", ["--hub", "--witness", "--checkpoint", "--consistency"])
def test_what_was_given_and_is_not_what_was_asked_is_named(option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, given = written(tmp_path / "case.vig", a_file().zipped()), written(tmp_path / "given", b"not this")
    status, words = ended(capsys, str(file), f"{option}={given}", "--language=en")
    assert (status, words) == (2, f"{given} is not what {option} asks.\n")


def test_a_new_key_is_made_once_and_its_private_half_is_for_nobody_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(capsys, f"--new-key={tmp_path / 'auditor'}")[0] == 0
    private, public = tmp_path / "auditor.key.json", tmp_path / "auditor.public.json"
    assert private.stat().st_mode & 0o077 == 0
    assert "d" in json.loads(private.read_text())
    assert "d" not in json.loads(public.read_text())
    before = private.read_text()
    assert ended(capsys, f"--new-key={tmp_path / 'auditor'}")[0] == 2
    assert private.read_text() == before
