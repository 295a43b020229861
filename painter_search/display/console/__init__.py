"""What the commands print: a module for each kind of result, built from the tables and lines of `tables.py`."""
