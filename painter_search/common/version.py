"""The package's version: the wheel's is read from here, and any layer can cite it without importing upward."""

__version__ = "0.1.0"
