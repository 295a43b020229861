"""The recipes: one module each, their settings in `settings.py`, their implementations in `registry.py`."""
