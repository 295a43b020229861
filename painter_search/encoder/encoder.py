"""The public encoder: paintings in whatever form, framed, cut into views and embedded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from painter_search.common.errors import UnreadableImageError
from painter_search.common.files.urls import expand_home
from painter_search.common.html_repr import html_table
from painter_search.encoder.config import EncoderConfig
from painter_search.encoder.inference.embedding import Embedder, embed_all
from painter_search.encoder.inference.onnx_export import OnnxEncoder, export_encoder, fastest_embedder
from painter_search.images.framing import frame_painting
from painter_search.images.image_inputs import ImageInput, ImageInputs, as_list, image_file
from painter_search.images.types import Framing
from painter_search.metrics.confidence import Confidence
from painter_search.metrics.identification.plda import PLDA

if TYPE_CHECKING:  # an encoder in a folder embeds without PyTorch
    import pandas as pd
    import torch

    from painter_search.encoder.network import EncoderNetwork


class Encoder:
    """Embeds paintings: a network with the framing that it was trained on and its calibration.

    Attributes:
        network: The PyTorch module, uint8 pixels `[n, 3, side, side]` → float32 embeddings `[n, 256]`.
        framing: How paintings are framed before the network sees them: `whole` or `center`.
        confidence: The calibration of its distances; None for an encoder without one.
        plda: How artists and their works vary under it, fitted on its training works; None where that is not known.
        trained_on: Names of the collections that it was trained on; None where they are not known.
        trained_artists: The artists that it was trained or validated on, as `digest_artists` gives them; None where
            they are not known.

    Example:
        >>> from painter_search import load_encoder
        >>> encoder = load_encoder("runs/strong")  # doctest: +SKIP
        >>> embeddings = encoder.embed(["first.jpg", "second.jpg"])  # doctest: +SKIP
        >>> embeddings.shape  # doctest: +SKIP
        (2, 256)
    """

    def __init__(
        self,
        network: EncoderNetwork,
        framing: Framing,
        confidence: Confidence | None = None,
        plda: PLDA | None = None,
        trained_on: tuple[str, ...] | None = None,
        trained_artists: tuple[str, ...] | None = None,
    ) -> None:
        self.network: EncoderNetwork = network
        self.framing = framing
        self.confidence = confidence
        self.plda = plda
        self.trained_on = trained_on
        self.trained_artists = trained_artists

    @classmethod
    def untrained(cls, backbone: str = "resnet34", framing: Framing = "whole") -> Encoder:
        """A backbone with its ImageNet weights: the baseline that training is compared with.

        Args:
            backbone: A torchvision classifier, or any timm model where timm is installed.
            framing: `whole` paintings are seen as several views, and embeddings have length 1; of `center` frames the
                network sees the central square alone.

        Raises:
            InvalidValueError: The backbone is unknown.
            MissingPackageError: The backbone needs timm, which is not installed.
            UnreachableError: The weights cannot be downloaded.
        """
        from painter_search.encoder.network import untrained_network

        if framing == "whole":
            return cls(untrained_network(backbone, "imagenet", seed=42, views="sized-parts", normalize=True), framing)
        return cls(untrained_network(backbone, "imagenet", seed=42, views="center", normalize=False), framing)

    def embed(self, images: ImageInputs) -> NDArray[np.float32]:
        """Embed paintings, the same way as `build-index` embeds originals.

        On a CPU the first call exports the network for the engine that computes there, which takes seconds.

        Args:
            images: One image or many: paths, the bytes of image files, PIL images, or arrays uint8 `[height, width]`
                (grey) or `[height, width, 3]`. A string is a path.

        Returns:
            float32 `[n, 256]`, in the order of `images`; `[1, 256]` for one image, `[0, 256]` for none.
            With another network's ONNX file: `[n, d]`.

        Raises:
            UnreadableImageError: An image cannot be read; the message names it.
            InvalidValueError: An array is not an image.

        Example:
            >>> encoder = load_encoder("runs/strong")  # doctest: +SKIP
            >>> encoder.embed("painting.jpg").shape  # doctest: +SKIP
            (1, 256)
        """
        embedder = self._embedder()
        if isinstance(embedder, OnnxEncoder):
            return embed_all(embedder, self._frames(as_list(images)))
        from painter_search.common.machine.device import translate_gpu_errors

        with translate_gpu_errors():
            return embed_all(embedder, self._frames(as_list(images)))

    def save(
        self, folder: str | Path, *, precision: Literal["float32", "float16"] = "float32", onnx: bool = True
    ) -> Path:
        """Save the encoder as a folder, which `load_encoder` and `--encoder` open, and which is complete or absent.

        It holds `config.json` and `plda.npz` with the calibration, `model.safetensors`, and `encoder.onnx`, whose
        weights lie in the safetensors file. An encoder that is there already is replaced.

        Args:
            folder: The folder to write.
            precision: How matrices and kernels are stored. float16 halves the size; embeddings are computed from the
                rounded weights ever after.
            onnx: Whether to write `encoder.onnx`, with which the folder opens in a tenth of the time.

        Returns:
            The folder.

        Raises:
            InvalidValueError: The folder holds something else.

        Example:
            >>> load_encoder("runs/strong").save("my-encoder", precision="float16")  # doctest: +SKIP
            PosixPath('my-encoder')
        """
        from painter_search.encoder.files.folder_writer import save_encoder_folder

        target = expand_home(folder)
        save_encoder_folder(
            self.network,
            self.framing,
            self.confidence,
            self.plda,
            self.trained_artists,
            target,
            precision=precision,
            onnx=onnx,
        )
        return target

    def to_onnx(self) -> bytes:
        """The encoder, normalisation included, as the bytes of an ONNX file that needs no other; on the CPU."""
        return export_encoder(self.network)

    @property
    def config(self) -> EncoderConfig:
        """The settings of the network: backbone, view size, normalisation, ..."""
        return self.network.config

    @property
    def device(self) -> torch.device:
        """The device that `embed` computes on."""
        return self.network.device

    def to(self, device: torch.device | str) -> Encoder:
        """Move the network to a device (`cpu`, `cuda`, `mps`); returns this encoder.

        Example:
            >>> encoder = load_encoder("runs/strong").to("cuda")  # doctest: +SKIP
        """
        self.network.to(device)
        return self

    def _frames(self, images: list[ImageInput]) -> Iterator[bytes]:
        """The frames of images, one after another, since decoding a large image takes much memory."""
        for number, image in enumerate(images, start=1):
            try:
                yield frame_painting(image_file(image), self.framing).jpeg
            except UnreadableImageError as error:
                name = image if isinstance(image, str | os.PathLike) else f"image {number} of {len(images)}"
                raise UnreadableImageError(f"{name}: {error}") from error

    def _embedder(self) -> Embedder:
        return self._cpu_embedder if self._device_name() == "cpu" else self.network

    @cached_property
    def _cpu_embedder(self) -> Embedder:
        return fastest_embedder(self.network)

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in self._summary().items())
        return f"Encoder({settings})"

    def to_frame(self) -> pd.DataFrame:
        """One row with the settings, a column each."""
        import pandas as pd

        return pd.DataFrame([self._summary()])

    def _repr_html_(self) -> str:
        return html_table(("Encoder", ""), list(self._summary().items()))

    def _summary(self) -> dict[str, object]:
        return {
            "backbone": self.config.backbone,
            "head": self.config.head,
            "framing": self.framing,
            "views": self.config.views,
            "img_size": self.config.img_size,
            "normalize": self.config.normalize,
            "calibrated": self.confidence is not None,
            "device": self._device_name(),
        }

    def _device_name(self) -> str:
        return str(self.device)
