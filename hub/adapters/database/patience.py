"""How long anybody waits for a database."""

PATIENCE = 30.0
"""Seconds to wait for a lock that another process or thread holds."""
