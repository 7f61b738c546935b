"""What has to be so: everything that is shown is held against the story."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Checks:
    """How much was looked at, and what was not as the story says."""

    count: int = 0
    failed: list[str] = field(default_factory=list)

    def that(self, is_so: bool, words: str) -> bool:
        """Looks at one thing."""
        self.count += 1
        if not is_so:
            self.failed.append(words)
        return is_so

    def same(self, found: Any, expected: Any, words: str) -> bool:
        """Looks whether two values are equal; both are named where they are not."""
        return self.that(found == expected, f"{words}: expected {expected!r}, found {found!r}")
