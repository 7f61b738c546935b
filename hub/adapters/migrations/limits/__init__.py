"""The revisions of what counts how much partners asked."""
