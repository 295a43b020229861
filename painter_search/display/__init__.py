"""Results shown to people: tables on the console, HTML pages, figures, and plain values for JSON and CSV."""
