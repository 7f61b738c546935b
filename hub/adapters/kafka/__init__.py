"""Kafka: how the hub reaches it, which topics it has there, and what partners put on theirs.

`library` is what the hub takes from aiokafka, `connection` says how Kafka is reached, `answering` whether it answers, `topics`
what there is, `sessions` keeps at it, `records` turns a record into what came over HTTP, `positions` reads how far something
came. `consuming` hears what partners sent, a `lane` for each partition, `taking_in` gives it to the intake, and `replies` tells
what became of it. What leaves is in `hub.adapters.channels.kafka`.
"""
