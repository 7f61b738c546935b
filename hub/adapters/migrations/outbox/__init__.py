"""The revisions of the outbox: what waits to leave, by each way out."""
