"""What a process says of itself: counters of what happened, gauges of how it stands, traces, and lines of the log.

`counters` count, `standing` says how things are, `looks` look at them now and then, `metrics` writes both down for
Prometheus, `spans` send steps to a collector of traces, `lines` are the log.
"""
