"""Which paintings there are: catalogues, cleaning, artist-disjoint splits, triplets, preparation, a built-in sample."""
