"""The embeddings and works of an index in the formats of other programs."""
