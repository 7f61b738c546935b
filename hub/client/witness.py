"""A witness: signs what a hub says that its log is, and only when that goes on from what this witness saw before.

Whoever changes or forgets what was recorded has to show the witness another log than before, and the witness signs no two
that do not go together (C2SP tlog-witness). What it saw last stands in a file of its own.
"""

import json
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.adapters import secret_files
from hub.adapters.evidence import merkle, notes
from hub.adapters.evidence.notes import COSIGNATURE, Checkpoint, Key, Note
from hub.client.line import Line, Retries, refusal
from hub.client.problems import NoAnswer
from hub.errors import Refused

LOG = "/v1/log"


class NotConsistent(Refused):
    """The hub shows another log than it did before: something that was recorded is gone, or is not what it was."""

    code = "not-consistent"


class NotSigned(Refused):
    """What the hub shows is not signed with a key that this witness trusts."""

    code = "not-signed"


@dataclass(frozen=True, slots=True)
class Looked:
    """What a witness saw of a tree; `is_news` where it grew since the last time, or was never seen before."""

    tree: str
    checkpoint: Checkpoint
    is_news: bool


class Memory:
    """The witness's own file: its key, the keys of the hub that it trusts, and the last checkpoint of each tree."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._known: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}

    @classmethod
    def made(cls, path: Path, name: str) -> "Memory":
        """The file at that path; where there is none, a new one with a new key under that name.

        Raises:
            ValueError: the name has spaces or a +.
        """
        if not path.exists():
            private = Ed25519PrivateKey.generate()
            notes.key_of(name, private, COSIGNATURE)
            secret = b64encode(private.private_bytes_raw()).decode()
            secret_files.write_new(path, json.dumps({"name": name, "secret": secret, "trees": {}}))
        return cls(path)

    @property
    def name(self) -> str:
        """Under which name the witness signs."""
        return str(self._known["name"])

    @property
    def private(self) -> Ed25519PrivateKey:
        """The key that it signs with."""
        return Ed25519PrivateKey.from_private_bytes(b64decode(self._known["secret"]))

    @property
    def key(self) -> Key:
        """The public half, which the hub's operator has to know."""
        return notes.key_of(self.name, self.private, COSIGNATURE)

    def trusted(self, tree: str) -> list[Key]:
        """The keys of the hub that are believed for a tree; none, where it was never seen."""
        return [Key.read(each) for each in self._of(tree).get("keys", [])]

    def last(self, tree: str) -> Checkpoint | None:
        """What was seen of it last."""
        said = self._of(tree).get("seen")
        return Checkpoint.read(said) if said else None

    def remember(self, tree: str, keys: Sequence[Key], seen: Checkpoint | None) -> None:
        """Keeps what is believed and what was seen, before anything is signed."""
        kept = {"keys": [str(key) for key in keys], "seen": seen.text if seen else ""}
        self._known = {**self._known, "trees": {**self._known["trees"], tree: kept}}
        secret_files.replace(self.path, json.dumps(self._known))

    def _of(self, tree: str) -> dict[str, Any]:
        found: dict[str, Any] = self._known["trees"].get(tree, {})
        return found


class Witness:
    """One witness of one hub."""

    def __init__(
        self,
        url: str,
        memory: Memory,
        now: Callable[[], float] = time.time,
        http: httpx2.Client | None = None,
        retries: Retries | None = None,
    ) -> None:
        http = http or httpx2.Client(timeout=30.0, follow_redirects=False)
        self.memory, self._now = memory, now
        self._line = Line(url.rstrip("/"), http, retries or Retries(), time.sleep)

    def __enter__(self) -> "Witness":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._line.http.close()

    def trees(self) -> list[str]:
        """The trees of that hub; of one that was never seen before its keys are believed from now on.

        Raises:
            NoAnswer: nothing answers there, or no hub.
            Problem: it says no.
        """
        _, said = self._line.answered(lambda: self._get(LOG))
        for each in said["trees"]:
            if not self.memory.trusted(each["tree"]):
                self.memory.remember(each["tree"], [Key.read(one["key"]) for one in each["keys"]], self.memory.last(each["tree"]))
        return [each["tree"] for each in said["trees"]]

    def look(self, tree: str) -> Looked | None:
        """Looks at the last checkpoint of a tree, and signs it where it goes on from the last one; `None` where there is none yet.

        Raises:
            NotSigned: by no key that is trusted.
            NotConsistent: it does not go on from what was seen before; nothing is signed.
            NoAnswer, Problem: as above.
        """
        answer = self._asked(lambda: self._get(f"{LOG}/{tree}/checkpoint"))
        if answer.status_code == 404:
            return None
        note = self._believed(tree, answer)
        seen, last = Checkpoint.read(note.text), self.memory.last(tree)
        if last is not None:
            self._refuse_other(tree, last, seen)
        is_news = last is None or seen.size > last.size
        # what is not remembered is not signed: so that nothing is signed that contradicts it later
        if is_news:
            self.memory.remember(tree, self.memory.trusted(tree), seen)
        if note.by(self.memory.key) is None:
            self._sign(tree, seen, note.text)
        return Looked(tree, seen, is_news)

    def _believed(self, tree: str, answer: httpx2.Response) -> Note:
        try:
            note = Note.read(answer.text)
        except ValueError:
            raise NoAnswer(f"No checkpoint of a hub is at {self._line.url}.", code="not-a-hub") from None
        if not any(note.by(key) for key in self.memory.trusted(tree)):
            words = (
                "is signed with no key that this witness trusts. Where the hub's operator says that it has a new key, add --trust."
            )
            raise NotSigned(f"The checkpoint of {tree} {words}")
        return note

    def _refuse_other(self, tree: str, last: Checkpoint, seen: Checkpoint) -> None:
        """Raises: NotConsistent."""
        if seen.origin != last.origin or seen.size < last.size:
            raise NotConsistent(f"The log of {tree} had {last.size} leaves, and is now said to have {seen.size}.")
        if seen.size == last.size:
            is_same = seen.root == last.root
        else:
            query = {"old": str(last.size), "size": str(seen.size)}
            _, said = self._line.answered(lambda: self._get(f"{LOG}/{tree}/consistency", query))
            is_same = _goes_on(last, seen, [b64decode(each) for each in said["proof"]])
        if not is_same:
            raise NotConsistent(f"The log of {tree} does not go on from what it was with {last.size} leaves.")

    def _sign(self, tree: str, seen: Checkpoint, text: str) -> None:
        line = str(notes.cosigned(text, self.memory.name, self.memory.private, int(self._now())))
        path = f"{self._line.url}{LOG}/{tree}/checkpoints/{seen.size}/cosignatures"
        headers = {"Content-Type": "text/plain"}
        answer = self._asked(lambda: self._line.http.post(path, content=line.encode(), headers=headers))
        if answer.status_code != 201:
            raise refusal(answer)

    def _get(self, path: str, query: dict[str, str] | None = None) -> httpx2.Response:
        return self._line.http.get(self._line.url + path, params=query)

    def _asked(self, ask: Callable[[], httpx2.Response]) -> httpx2.Response:
        with self._line.open():
            answer = ask()
        if answer.status_code not in (200, 201, 404):
            raise refusal(answer)
        return answer


def _goes_on(last: Checkpoint, seen: Checkpoint, proof: Sequence[bytes]) -> bool:
    try:
        return merkle.roots_with(last.size, seen.size, proof, last.root) == (last.root, seen.root)
    except ValueError:
        return False
