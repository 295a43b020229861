"""What single file formats need beyond Pillow: their limits, their pages, their damages, and a second reader."""
