"""The revisions of the data-processing log."""
