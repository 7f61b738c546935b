"""The revisions of the read models' store: how far each of them came."""
