"""Results in sentences, counts and citations."""
