"""The simulation: a neighbourhood that does not exist, played through a hub of its own.

`letters` says what partners would write, `playing` sends it through a hub and works on what comes of that, and `comparing` plays
the same neighbourhood in two ways and counts.
"""
