"""An encoder as an ONNX file: exported from PyTorch, and run without it."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from painter_search.common.errors import DamagedFileError, InvalidValueError, first_line
from painter_search.encoder.config import EncoderConfig
from painter_search.encoder.inference.inference_engine import EMBEDDINGS, InferenceEngine, open_engine, open_onnxruntime

if TYPE_CHECKING:
    from torch import nn

    from painter_search.encoder.inference.embedding import Embedder
    from painter_search.encoder.network import EncoderNetwork

TOLERANCE = 1e-3
"""An exported embedding may differ from PyTorch's by this share of its length, both in float32."""
OPSET = 17
MAX_BYTES = 2_000_000_000
"""Of a network's weights: an ONNX file holds 2 GiB, its graph included."""
FEATURES = "features"
"""The first output of an encoder that is exported without its new layer."""
STAGE = "stage"
"""Its second output, if any: what the last frozen stage gives."""


class OnnxEncoder:
    """An exported encoder, on the CPU. It satisfies `Embedder`."""

    def __init__(self, network: InferenceEngine, config: EncoderConfig) -> None:
        """Wrap what `open_encoder` opened."""
        self._network, self.config = network, config
        self.batch_size = network.batch_size

    @property
    def engine(self) -> str:
        """The library that computes, with its version."""
        return self._network.name

    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed views, uint8 `[n, 3, side, side]`; returns float32 `[n, d]`, d as the network has it.

        Raises `DamagedFileError` where the encoder fails or returns anything else.
        """
        embeddings = self._run([EMBEDDINGS], pixels)[0]
        if np.ndim(embeddings) != 2 or len(embeddings) != len(pixels) or not np.isfinite(embeddings).all():
            raise DamagedFileError(
                "the index's encoder gives no embeddings; it is damaged: copy or build the index again."
            )
        return embeddings

    def feature_maps(self, pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """The output of each stage for views, uint8 `[n, 3, side, side]`: float32 `[n, c, h, w]`, early stages first.

        An empty list for a network without feature maps, and for one exported before they were outputs.
        """
        names = [name for name in self._network.outputs if name != EMBEDDINGS]
        return self._run(names, pixels) if names else []

    def _run(self, names: list[str], pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        try:
            return self._network.run(names, pixels)
        except Exception as error:
            raise DamagedFileError(
                "the index's encoder fails; it is damaged: copy or build the index again."
            ) from error


def open_encoder(network: Path | bytes, config: EncoderConfig, cores: int = 0, digest: str = "") -> OnnxEncoder:
    """Open an exported encoder (a file, or its bytes) to be computed on `cores` (0: all that are available).

    With `digest`, the SHA-256 of its content, it opens faster the next time; see `CompiledNetworks`.
    Raises `DamagedFileError` where it cannot be read.
    """
    return OnnxEncoder(open_engine(network, config.img_size, cores, EMBEDDINGS, digest), config)


def export_encoder(encoder: EncoderNetwork, *, as_stored: bool = False) -> bytes:
    """An encoder, normalisation included, as the bytes of an ONNX file. Moves the network to the CPU.

    With `as_stored` every weight stays as the state dict has it; by default batch normalisation is folded into the
    convolutions before it.

    The feature maps of its stages are outputs, too. ONNX Runtime computes every output whether asked for or not, so
    they are exported as the network has them, without an operation of their own.
    Raises `InvalidValueError` where the network cannot be exported, or gives other embeddings then.
    """
    from painter_search.encoder.multi_stage_features import EmbeddingAndFeatureMaps

    encoder = encoder.cpu().eval()
    network = EmbeddingAndFeatureMaps(encoder, encoder.stages()).eval()
    names = [EMBEDDINGS, *(f"plane {number}" for number in range(1, len(network.stages) + 1))]
    return export_network(network, names, encoder.config, as_stored=as_stored)


def fastest_embedder(encoder: EncoderNetwork) -> Embedder:
    """What embeds as fast as the encoder's device can: on a GPU the network itself, on a CPU its export."""
    if encoder.device.type != "cpu":
        return encoder
    return open_encoder(export_encoder(encoder), encoder.config)


def export_network(network: nn.Module, names: list[str], config: EncoderConfig, *, as_stored: bool = False) -> bytes:
    """A network on the CPU with outputs of these `names` as the bytes of an ONNX file.

    See `export_encoder` for `as_stored` and the errors.
    """
    import torch

    size = sum(weight.nbytes for weight in network.parameters())
    if size > MAX_BYTES:
        raise InvalidValueError(
            f"{config.backbone} has {size / 1e9:.1f} GB of weights, and an ONNX file holds {MAX_BYTES / 1e9:.0f} GB; "
            "choose a smaller --backbone."
        )
    side = config.img_size
    pixels = torch.randint(0, 256, (2, 3, side, side), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    dynamic_axes = {name: {0: "n"} for name in ("pixels", *names)}
    if config.any_size:
        dynamic_axes["pixels"] |= {2: "side", 3: "side"}
        for number, name in enumerate(names[1:], start=1):
            dynamic_axes[name] |= {2: f"side {number}", 3: f"side {number}"}
    with tempfile.TemporaryDirectory(prefix="painter-search-", ignore_cleanup_errors=True) as folder:
        file = Path(folder, "encoder.onnx")
        with warnings.catch_warnings(), torch.inference_mode():
            # Only the older exporter, which is deprecated, keeps the batch size dynamic for every backbone.
            warnings.simplefilter("ignore")
            logging.getLogger("torch.onnx").setLevel(logging.ERROR)
            try:
                torch.onnx.export(
                    network,
                    (pixels,),
                    str(file),
                    input_names=["pixels"],
                    output_names=names,
                    dynamic_axes=dynamic_axes,
                    opset_version=OPSET,
                    training=torch.onnx.TrainingMode.PRESERVE if as_stored else torch.onnx.TrainingMode.EVAL,
                    do_constant_folding=not as_stored,
                    dynamo=False,
                )
            except torch.onnx.OnnxExporterError as error:
                raise InvalidValueError(
                    f"{config.backbone} cannot be exported with --img-size {side} ({first_line(error)}); train with "
                    "another --img-size, or another --backbone."
                ) from error
            expected = network(pixels)
        exported = file.read_bytes()
    first = (expected[0] if isinstance(expected, Sequence) else expected).numpy()
    difference = np.linalg.norm(open_onnxruntime(exported).run(names[:1], pixels.numpy())[0] - first, axis=1)
    if (difference > TOLERANCE * np.linalg.norm(first, axis=1)).any():
        raise InvalidValueError(f"{config.backbone} cannot be exported faithfully; train another --backbone.")
    return exported
