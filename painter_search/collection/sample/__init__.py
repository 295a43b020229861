"""The built-in sample: clip art by named artists, in the public domain, with a catalogue in Kaggle's columns."""

from __future__ import annotations

from pathlib import Path

SAMPLE = Path(__file__).parent
"""The sample's folder; `LICENSE.txt` in it says where the art comes from."""
SAMPLE_NAME = "openclipart"
SAMPLE_CATALOGUE = SAMPLE / "all_data_info.csv"
SAMPLE_IMAGES = SAMPLE / "images"
