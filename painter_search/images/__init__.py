"""From the bytes of an image file to pixels: sources, safe decoding, colour, framing, fingerprints and duplicates."""
