"""The revisions of the evidence: trees over what may not be changed, and checkpoints of them."""
