"""Kafka: how the hub reaches it, which topics it has there, and what partners put on theirs.

`connection` says how it is reached, `topics` what there is, `sessions` keeps at it, `records` turns a record into what came
over HTTP and back, `positions` reads how far something came; `consuming` takes in what partners sent, a `lane` for each
partition, and `replies` tells them what became of it. What leaves is in `hub.adapters.channels.kafka`.
"""
