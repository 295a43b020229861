"""A page in the browser that answers, and an API beside it."""
