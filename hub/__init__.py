"""The map: the way of one signal through the hub, hop by hop, each room entered once.

1. `hub.api.signals` — bytes and a signature come in over HTTP, a receipt goes out; the only async step on the way in; what
   comes over Kafka goes through `hub.adapters.kafka` instead, what people type through `hub.api.reports`
2. `hub.intake` — five sentences: verify, read, translate, match, record
3. `hub.adapters.signatures` — bytes and a signature become a signer, or a refusal; knows keys, nothing of content
4. `hub.adapters.partners` — a partner's own message becomes signals in the hub's words; one module each
5. `hub.register` — a piece of work becomes saved events; many callers share one commit
6. `hub.domain.trajectory` — decides and records, and asks the escalation in the same breath
7. `hub.relay` — events after a position become rows and notices, in order, for every follower
8. `hub.adapters.channels` — a notice on its way: webhook, Kafka, live feed; one module each

Between the hops: `hub.families` knows where a signal belongs, `hub.casework` is what people decide, `hub.registry` who
takes part, `hub.subscribing` what they want to be told, `hub.telling` what they were and who took notice, `hub.history` looks
back, `hub.exporting` gathers a case for an auditor, `hub.derivation` decides anew what was decided and `hub.supposing` by another
matrix, `hub.notices` says which facts partners hear of, `hub.erasure` lets a person be forgotten, `hub.retention` what was
kept long enough. `hub.wiring` joins them all.

One process does all of it on SQLite. On PostgreSQL there may be many of each kind: `hub serve` takes hops 1 to 6,
`hub consume` the same from Kafka, `hub relay` 7 and 8, where one process leads each follower (`hub.adapters.leading`).

Everybody else comes in by one door, `hub.api.admission`, in six steps: who asks (`hub.adapters.callers`), may they
(`hub.domain.policy`, put to the facts by `hub.admittance`), do it, tell no more than they may know
(`hub.domain.disclosure`), note it (`hub.adapters.processing_log`), answer.
"""
