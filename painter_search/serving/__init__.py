"""The web app and the HTTP API, which answer as `query`, `compare` and `map` do."""
