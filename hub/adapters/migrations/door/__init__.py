"""The revisions of the door: who is logged in, and what counts only once."""
