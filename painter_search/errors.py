"""The one kind of error a user can cause."""


class UserError(Exception):
    """Something a user can mend. The message is one sentence or two: what is wrong, where, and the remedy."""
