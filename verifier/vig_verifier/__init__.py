"""Verifies the file of a case that a hub exported, and needs nothing of that hub: docs/bundle.md says what such a file holds.

`archive` reads its parts, `jwe` opens it, `trees` knows Merkle trees and signed notes, `signing` signatures, `events` what stands
in the log, `messages` what partners sent; `checks` puts them together, and `words` says in Dutch and English what came of it.
"""
