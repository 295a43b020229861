"""The package's version, apart from the package root so that any layer can cite it without importing upward."""

__version__ = "0.1.0"
