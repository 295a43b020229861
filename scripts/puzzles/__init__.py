"""Paintings out of copyright, put together again from the pieces of a puzzle for children."""
