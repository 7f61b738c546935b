"""The revisions of the log: events, what was received, and the keys around both."""
