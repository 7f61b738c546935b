"""The files that the hub decides by, as they were put into use: their exact bytes stand in the log, under their version."""

import re
from hashlib import sha256
from typing import Any
from uuid import UUID

from hub.domain.streams import Occasion, Opening, Recorded, Stream, stream_id
from hub.errors import RuleBroken

INTERVENTION, DISCLOSURE = "intervention-matrix", "disclosure-matrix"
_END = re.compile(r'(?<="validUntil": )(?:null|"(\d{4}-\d{2}-\d{2})")')


def rule_file_id(kind: str, version: str) -> UUID:
    """The stream of a version of a matrix of that kind."""
    return stream_id("rule-file", kind, version)


class RuleFile(Stream):
    """One version of a matrix: `file` is its text (UTF-8), as the hub decides by it now."""

    TOPIC = "rule-file"

    kind: str
    version_name: str
    file: str

    class PutIntoUse(Opening):
        """From now on the hub decides by this file under that version; `digest` is the SHA-256 of its bytes, in hexadecimal."""

        TOPIC = "rule-file-put-into-use"
        kind: str
        version: str
        valid_from: str
        digest: str
        file: str

        def apply(self, rules: "RuleFile") -> None:
            rules.kind, rules.version_name, rules.file = self.kind, self.version, self.file

    class EndSet(Recorded):
        """It was said until which day this version is valid; nothing else in its file is other than it was."""

        TOPIC = "rule-file-end-set"
        kind: str
        version: str
        valid_until: str
        digest: str
        file: str

        def apply(self, rules: "RuleFile") -> None:
            rules.file = self.file

    @classmethod
    def put_into_use(cls, kind: str, version: str, valid_from: str, file: str, on: Occasion) -> "RuleFile":
        """A version that the hub did not decide by before; `valid_from` is a day (ISO 8601)."""
        said: dict[str, Any] = {"valid_from": valid_from, "digest": digest(file), "file": file}
        return cls.open(cls.PutIntoUse, rule_file_id(kind, version), on, kind=kind, version=version, **said)

    def use(self, file: str, on: Occasion) -> None:
        """Goes on by this file: the same bytes, or those with an end that is not over yet where there was none.

        Raises:
            RuleBroken: it is another file.
        """
        if file == self.file:
            return
        found = _END.search(file)
        until = found[1] if found else None
        if not until or _END.sub("null", file, count=1) != self.file or until < on.at.date().isoformat():
            raise RuleBroken(self.against(file), code="rule-file-changed")
        self.record(self.EndSet, on, kind=self.kind, version=self.version_name, valid_until=until, digest=digest(file), file=file)

    def against(self, file: str) -> str:
        """What to say of another file under this version."""
        return (
            f"{self.kind}/{self.version_name}.json is not the file that was put into use under that version "
            f"(SHA-256 {digest(self.file)}, now {digest(file)})."
        )


def digest(file: str) -> str:
    """The SHA-256 of a file's bytes (UTF-8), in hexadecimal."""
    return sha256(file.encode()).hexdigest()
