"""Proof that nobody changed the log: a Merkle tree over it, checkpoints that the hub signs, and witnesses who sign them too."""
