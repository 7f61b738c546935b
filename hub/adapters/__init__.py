"""What the hub talks to, one module for each."""
