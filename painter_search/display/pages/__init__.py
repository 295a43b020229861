"""HTML pages: one module for each page, which gathers what its template in `templates/` shows."""
