"""One picture in several files: candidates by coarse sketches, confirmed by the detail inside."""
