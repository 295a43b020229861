"""Questions put to whole indexes and collections: scores, reliability, audits, comparisons, similar works, the map."""
