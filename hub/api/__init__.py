"""HTTP in front of the hub: what is posted comes in, what is asked is answered, and everything else is refused in one form."""

VERSION = "1.0.0"
"""Of the interface (semver): the major one is in every path, the whole of it in every answer."""
