"""Which paintings there are: catalogue, originals, framing, cleaning, triplets, and the built-in sample."""
