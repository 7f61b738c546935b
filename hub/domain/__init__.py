"""What the hub believes about families: no transport, storage, framework or clock of its own."""
