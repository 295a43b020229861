"""The addresses of the server: the API, the pages to ask on, and the pages to browse the index."""
