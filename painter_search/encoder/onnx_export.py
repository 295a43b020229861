"""An encoder as an ONNX file, run by ONNX Runtime: a query imports no PyTorch."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from painter_search.common.errors import DamagedFileError, InvalidValueError
from painter_search.encoder.config import EMBEDDING_SIZE, EncoderConfig
from painter_search.encoder.embedding import BATCH

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

    from painter_search.encoder.network import EncoderNetwork

TOLERANCE = 1e-3
"""An exported embedding may differ from PyTorch's by this share of its length."""
OPSET = 17
ON_ONE_CORE = 5
"""Views that one core embeds at a time: more overflow its caches and are no faster."""
EMBEDDINGS = "embeddings"
"""The first output; the feature maps of the stages follow it."""


class OnnxEncoder:
    """An encoder in ONNX Runtime, on the CPU. It satisfies `Embedder`."""

    batch_size = BATCH

    def __init__(self, session: InferenceSession, config: EncoderConfig, max_views: int | None = None) -> None:
        """Wrap what `open_session` opened; at most `max_views` are passed at a time (None: all that are given)."""
        self._session, self.config, self._max_views = session, config, max_views

    @property
    def engine(self) -> str:
        """The library that computes, with its version."""
        import onnxruntime

        return f"onnxruntime {onnxruntime.__version__}"

    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed views, uint8 `[n, 3, side, side]`; returns float32 `[n, 256]`.

        Raises `DamagedFileError` where the encoder fails or returns anything else.
        """
        if self._max_views and len(pixels) > self._max_views:
            starts = range(0, len(pixels), self._max_views)
            return np.concatenate([self.embed(pixels[start : start + self._max_views]) for start in starts])
        embeddings = self._run([EMBEDDINGS], pixels)[0]
        if np.shape(embeddings) != (len(pixels), EMBEDDING_SIZE) or not np.isfinite(embeddings).all():
            raise DamagedFileError(
                "the index's encoder gives no embeddings; it is damaged: copy or build the index again."
            )
        return embeddings

    def feature_maps(self, pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """The output of each stage for views, uint8 `[n, 3, side, side]`: float32 `[n, c, h, w]`, early stages first.

        An empty list for a network without feature maps, and for one exported before they were outputs.
        """
        names = [output.name for output in self._session.get_outputs() if output.name != EMBEDDINGS]
        return self._run(names, pixels) if names else []

    def _run(self, names: list[str], pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        try:
            outputs: list[NDArray[np.float32]] = self._session.run(names, {"pixels": pixels})
        except Exception as error:
            raise DamagedFileError(
                "the index's encoder fails; it is damaged: copy or build the index again."
            ) from error
        return outputs


def open_session(encoder: Path | bytes, threads: int = 0) -> InferenceSession:
    """Open an exported encoder (a file, or its bytes) that computes on `threads` (0: one per core).

    Raises `DamagedFileError` where ONNX Runtime cannot read it.
    """
    import onnxruntime

    onnxruntime.disable_telemetry_events()  # queries are private
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    # What follows a forward pass needs the cores, so idle threads must not spin.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    source = encoder if isinstance(encoder, bytes) else str(encoder)
    try:
        return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        name = "what was sent" if isinstance(encoder, bytes) else encoder
        raise DamagedFileError(f"{name} is no encoder that ONNX Runtime can read; build the index again.") from error


def export_onnx(encoder: EncoderNetwork, path: Path) -> OnnxEncoder:
    """Write an encoder, normalisation included, as an ONNX file, and open it. Moves the network to the CPU.

    The feature maps of its stages are outputs, too. ONNX Runtime computes every output whether asked for or not, so
    they are exported as the network has them, without an operation of their own.
    Raises `InvalidValueError` where the exported network does not give the same embeddings.
    """
    import torch

    from painter_search.encoder.multi_stage_features import EmbeddingAndFeatureMaps

    side = encoder.config.img_size
    pixels = torch.randint(0, 256, (2, 3, side, side), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    encoder = encoder.cpu().eval()
    network = EmbeddingAndFeatureMaps(encoder, encoder.stages()).eval()
    names = [EMBEDDINGS, *(f"plane {number}" for number in range(1, len(network.stages) + 1))]
    dynamic_axes = {name: {0: "n"} for name in ("pixels", *names)}
    if encoder.config.views == "parts":
        dynamic_axes["pixels"] |= {2: "side", 3: "side"}
        for number, name in enumerate(names[1:], start=1):
            dynamic_axes[name] |= {2: f"side {number}", 3: f"side {number}"}
    with warnings.catch_warnings(), torch.inference_mode():
        # Only the older exporter keeps the batch size dynamic for every backbone; its deprecation is no concern here.
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        torch.onnx.export(
            network,
            (pixels,),
            str(path),
            input_names=["pixels"],
            output_names=names,
            dynamic_axes=dynamic_axes,
            opset_version=OPSET,
            dynamo=False,
        )
        expected = encoder(pixels).numpy()
    exported = OnnxEncoder(open_session(path), encoder.config)
    difference = np.linalg.norm(exported.embed(pixels.numpy()) - expected, axis=1)
    if (difference > TOLERANCE * np.linalg.norm(expected, axis=1)).any():
        raise InvalidValueError(f"{encoder.config.backbone} cannot be exported faithfully; train another --backbone.")
    return exported
