"""Tables as people have them: CSV, spreadsheets, JSON, Parquet; and which of their columns mean what."""
