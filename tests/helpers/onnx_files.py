"""Encoders as ONNX files."""

from __future__ import annotations

from pathlib import Path

from painter_search.encoder.inference.onnx_export import OnnxEncoder, export_encoder, open_encoder
from painter_search.encoder.network import EncoderNetwork


def export_onnx(encoder: EncoderNetwork, path: Path) -> OnnxEncoder:
    """Write an encoder as an ONNX file, and open it."""
    path.write_bytes(export_encoder(encoder))
    return open_encoder(path, encoder.config)
