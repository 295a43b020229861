"""An encoder as an ONNX file, which ONNX Runtime answers with: no PyTorch is imported for a query."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from painter_search.encoder.embedding import BATCH
from painter_search.encoder.settings import EMBEDDING_SIZE, EncoderConfig
from painter_search.errors import UserError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

    from painter_search.encoder.encoder import Encoder

TOLERANCE = 1e-3
"""An exported embedding may differ from PyTorch's by this share of its length."""
OPSET = 17
ON_ONE_CORE = 5
"""Views that one core takes at a time: more leave its caches and gain nothing."""
EMBEDDINGS = "embeddings"
"""The first output; those after it are the planes of the stages."""


class ExportedEncoder:
    """An encoder in ONNX Runtime, on the CPU."""

    at_once = BATCH

    def __init__(self, session: InferenceSession, config: EncoderConfig, share: int | None = None) -> None:
        """Wrap what `open_session` opened; it passes at most `share` views at a time, or all that it is given."""
        self._session, self.config, self._share = session, config, share

    @property
    def engine(self) -> str:
        """What computes: the library and its version."""
        import onnxruntime

        return f"onnxruntime {onnxruntime.__version__}"

    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed views, uint8 `[n, 3, side, side]`; returns float32 `[n, 256]`."""
        if self._share and len(pixels) > self._share:
            starts = range(0, len(pixels), self._share)
            return np.concatenate([self.embed(pixels[start : start + self._share]) for start in starts])
        embeddings = self._run([EMBEDDINGS], pixels)[0]
        if np.shape(embeddings) != (len(pixels), EMBEDDING_SIZE) or not np.isfinite(embeddings).all():
            raise UserError("the index's encoder gives no embeddings; it is damaged: copy or build the index again.")
        return embeddings

    def planes(self, pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """What is seen where in views, uint8 `[n, 3, side, side]`: the output of each stage, float32 `[n, c, h, w]`.

        Early stages first. None for a network without planes of channels, and one exported before they were kept.
        """
        names = [output.name for output in self._session.get_outputs() if output.name != EMBEDDINGS]
        return self._run(names, pixels) if names else []

    def _run(self, names: list[str], pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        try:
            return self._session.run(names, {"pixels": pixels})
        except Exception as error:
            raise UserError("the index's encoder fails; it is damaged: copy or build the index again.") from error


def open_session(encoder: Path | bytes, threads: int = 0) -> InferenceSession:
    """Open an exported encoder (a file, or its bytes) that computes on `threads` (0: one per core).

    Raises `UserError` where it is none.
    """
    import onnxruntime

    onnxruntime.disable_telemetry_events()  # nobody is told what is asked
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.force_spinning_stop", "1")  # what comes after a pass needs the cores
    source = encoder if isinstance(encoder, bytes) else str(encoder)
    try:
        return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        named = "what was sent" if isinstance(encoder, bytes) else encoder
        raise UserError(f"{named} is no encoder that ONNX Runtime can read; build the index again.") from error


def export_encoder(encoder: Encoder, path: Path) -> ExportedEncoder:
    """Write an encoder as an ONNX file, normalisation included, and open it.

    The planes of its stages are outputs, too. ONNX Runtime computes every output whether asked for or not, so that they
    are given as the network has them: no operation is there for them alone.
    Raises `UserError` where what was exported does not give the same embeddings.
    """
    import torch

    from painter_search.encoder.stages import EmbeddingAndPlanes

    side = encoder.config.image_side
    pixels = torch.randint(0, 256, (2, 3, side, side), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    encoder = encoder.cpu().eval()
    network = EmbeddingAndPlanes(encoder, encoder.stages()).eval()
    names = [EMBEDDINGS, *(f"plane {number}" for number in range(1, len(network.stages) + 1))]
    axes = {name: {0: "n"} for name in ("pixels", *names)}
    if encoder.config.views == "parts":
        axes["pixels"] |= {2: "side", 3: "side"}
        for number, name in enumerate(names[1:], start=1):
            axes[name] |= {2: f"side {number}", 3: f"side {number}"}
    with warnings.catch_warnings(), torch.inference_mode():
        # The older exporter keeps the batch size free for every backbone; its deprecation concerns nobody here.
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        torch.onnx.export(
            network,
            (pixels,),
            str(path),
            input_names=["pixels"],
            output_names=names,
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )
        expected = encoder(pixels).numpy()
    exported = ExportedEncoder(open_session(path), encoder.config)
    difference = np.linalg.norm(exported.embed(pixels.numpy()) - expected, axis=1)
    if (difference > TOLERANCE * np.linalg.norm(expected, axis=1)).any():
        raise UserError(f"{encoder.config.backbone} cannot be exported faithfully; train another --backbone.")
    return exported
