"""Parts of `scripts/peers.py`: other programs on the same work."""
