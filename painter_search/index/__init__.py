"""Indexes of paintings: built from a collection and an encoder, searched, filtered, added to and removed from."""
