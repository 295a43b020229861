"""Encoders read from files without PyTorch: an encoder's folder, or another network's ONNX file."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from painter_search.common.errors import InvalidValueError
from painter_search.encoder.config import EncoderConfig
from painter_search.encoder.encoder import Encoder
from painter_search.encoder.files.encoder_folder import EncoderFolder
from painter_search.encoder.files.names import ONNX, WEIGHTS
from painter_search.encoder.inference.embedding import Embedder
from painter_search.encoder.inference.onnx_export import fastest_embedder, open_encoder

if TYPE_CHECKING:
    from painter_search.encoder.network import EncoderNetwork


class SavedEncoder(Encoder):
    """An encoder in a folder. PyTorch reads its network only where that is asked for: embedding on a CPU needs none."""

    def __init__(self, folder: EncoderFolder) -> None:
        self.framing, self.confidence, self.plda = folder.framing, folder.confidence, folder.plda
        self.trained_on, self.trained_artists = None, folder.trained_artists
        self._folder = folder

    @cached_property
    def network(self) -> EncoderNetwork:  # type: ignore[override]
        """The PyTorch module."""
        from painter_search.encoder.network import network_of_weights

        return network_of_weights(self.config, self._folder.path / WEIGHTS)

    @property
    def config(self) -> EncoderConfig:
        return self._folder.config

    def to_onnx(self) -> bytes:
        if not self._folder.has_onnx:
            return super().to_onnx()
        from painter_search.encoder.files.external_weights import with_own_weights

        return with_own_weights(self._folder.path / ONNX)

    @cached_property
    def _cpu_embedder(self) -> Embedder:
        if not self._folder.has_onnx or "network" in vars(self):
            return fastest_embedder(self.network)
        return open_encoder(self._folder.path / ONNX, self.config)

    def _device_name(self) -> str:
        return str(self.device) if "network" in vars(self) else "cpu"


class OnnxFileEncoder(Encoder):
    """Another network's ONNX file, which embeds the central square of whole pictures; it cannot be trained."""

    def __init__(self, file: Path, normalize: bool) -> None:
        from painter_search.encoder.files.foreign_onnx import adapt_onnx

        self.framing, self.confidence, self.plda = "whole", None, None
        self.trained_on = self.trained_artists = None
        self._file = file
        self._onnx, self._config = adapt_onnx(file, normalize)

    @property
    def network(self) -> EncoderNetwork:  # type: ignore[override]
        """None: raises `InvalidValueError`."""
        raise InvalidValueError(f"{self._file} is an ONNX file, which is computed on the CPU; add --device cpu.")

    @property
    def config(self) -> EncoderConfig:
        return self._config

    def save(
        self, folder: str | Path, *, precision: Literal["float32", "float16"] = "float32", onnx: bool = True
    ) -> Path:
        """Not possible: raises `InvalidValueError`."""
        raise InvalidValueError(
            f"{self._file} is an ONNX file, which cannot be saved as an encoder's folder; pass on the file itself."
        )

    def to_onnx(self) -> bytes:
        return self._onnx

    @cached_property
    def _cpu_embedder(self) -> Embedder:
        return open_encoder(self._onnx, self.config)

    def _device_name(self) -> str:
        return "cpu"
