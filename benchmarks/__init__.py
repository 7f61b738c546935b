"""What the hub costs, as ratios beside its peers in one run: `python -m benchmarks`."""
