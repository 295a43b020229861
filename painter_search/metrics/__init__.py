"""Pure functions on arrays of embeddings, distances and artists: scores, rankings, probabilities and intervals.

Nothing here opens a file or knows an index. Works are rows; artists are numbered from 0.
"""
