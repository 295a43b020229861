"""Transformers arranged as residual networks are: stages whose outputs are feature maps, then one last layer.

Statistics, matching parts and the export so treat every network alike. A transformer knows the places of its patches
from position embeddings or windows of one image size: it is fitted to one side once, and all its views have that side.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import torch
from torch import nn

from painter_search.encoder.backbones.timm_models import fit_input_size
from painter_search.encoder.config import EMBEDDING_SIZE, IMG_SIZE

WITHOUT_NORM = ("Hiera", "HieraDet")
"""timm's classes that refuse to normalise the features of a block before the last."""
MAX_STAGES = 5
"""Up to so many are stages of decreasing resolution, more are equal blocks."""


class StagedTransformer(nn.Module):
    """A transformer, the blocks of it that are read, and the last layer that replaces its classifier.

    Attributes:
        body: The transformer without its classifier; a subclass's `outputs` runs it.
        side: Side in pixels of the images it takes.
        maps: For each block that is read, under its number, a module that returns the feature map it is given: forward
            hooks find it there as they find the output of a residual network's stage.
        head: The last layer.
    """

    def __init__(self, body: nn.Module, side: int, depth: int) -> None:
        """Read a `body` of `depth` blocks (or stages, in a hierarchical transformer); the last layer is drawn anew."""
        super().__init__()
        self.body, self.side = body, side
        self.maps = nn.ModuleDict({str(block): nn.Identity() for block in blocks_to_read(depth)})
        self.head = nn.Linear(self._width(), EMBEDDING_SIZE)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        feature_maps, last = self.outputs(images)
        for shown, feature_map in zip(self.maps.values(), feature_maps, strict=True):
            shown(feature_map)
        embeddings: torch.Tensor = self.head(last)
        return embeddings

    def outputs(self, images: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
        """Images `[n, 3, side, side]` → the read blocks' feature maps `[n, c, h, w]` and the last features `[n, c]`."""
        raise NotImplementedError

    def block_name(self, block: int) -> str:
        """The submodule whose output is the tokens, or the feature map, after a block."""
        raise NotImplementedError

    @property
    def blocks(self) -> list[int]:
        """The numbers of the blocks that are read, from 0."""
        return [int(block) for block in self.maps]

    @torch.no_grad()
    def _width(self) -> int:
        """The number of last features, from a black image."""
        self.eval()
        last = self.outputs(torch.zeros(1, 3, self.side, self.side))[1]
        self.train()
        return last.shape[1]


def blocks_to_read(depth: int) -> list[int]:
    """The last three stages, or the blocks that end the second, third and last quarter of a row of equal ones."""
    return list(range(depth))[-3:] if depth <= MAX_STAGES else [depth * quarter // 4 - 1 for quarter in (2, 3, 4)]


class TimmTransformer(StagedTransformer):
    """A timm model, read by its `forward_intermediates`, which leaves class and register tokens out of the maps."""

    def __init__(self, body: Any, img_size: int) -> None:
        """Read a timm model that was made without classes, fitted to images of about `img_size` px."""
        self._normalizes = type(body).__name__ not in WITHOUT_NORM
        shows_blocks = hasattr(body, "forward_intermediates")  # earlier versions of some models do not
        super().__init__(body, fit_input_size(body, img_size), depth=len(body.feature_info) if shows_blocks else 0)

    def outputs(self, images: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
        body = cast(Any, self.body)
        if not self.blocks:
            return [], body(images)
        features, feature_maps = body.forward_intermediates(
            images, indices=self.blocks, norm=self._normalizes, output_fmt="NCHW"
        )
        return feature_maps, body.forward_head(features, pre_logits=True)

    def block_name(self, block: int) -> str:
        return f"body.{cast(Any, self.body).feature_info[block]['module']}"


class TorchvisionViT(StagedTransformer):
    """torchvision's ViT; as in timm's, its last normalisation is applied to every block that is read."""

    def __init__(self, body: Any, img_size: int) -> None:
        """Read a ViT without its classifier, fitted to images of about `img_size` px."""
        from torchvision.models.vision_transformer import interpolate_embeddings

        self._grid = img_size // body.patch_size
        side = self._grid * body.patch_size
        embedding = OrderedDict({"encoder.pos_embedding": body.encoder.pos_embedding.detach()})
        resized = interpolate_embeddings(side, body.patch_size, embedding)["encoder.pos_embedding"]
        body.encoder.pos_embedding = nn.Parameter(resized)
        super().__init__(body, side, depth=len(body.encoder.layers))

    def outputs(self, images: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
        body, grid = cast(Any, self.body), self._grid
        patches = body.conv_proj(images).flatten(2).transpose(1, 2)
        tokens = (
            torch.cat([body.class_token.expand(images.shape[0], -1, -1), patches], dim=1) + body.encoder.pos_embedding
        )
        feature_maps = []
        for number, block in enumerate(body.encoder.layers):
            with _exportable_attention():
                tokens = block(tokens)
            if number in self.blocks:
                feature_maps.append(body.encoder.ln(tokens)[:, 1:].transpose(1, 2).unflatten(2, (grid, grid)))
        return feature_maps, body.heads(body.encoder.ln(tokens)[:, 0])

    def block_name(self, block: int) -> str:
        return f"body.encoder.layers.encoder_layer_{block}"


@contextmanager
def _exportable_attention() -> Iterator[None]:
    """Let PyTorch's attention not take its fast path, which ONNX has no operator for."""
    enabled = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(enabled)


class TorchvisionSwin(StagedTransformer):
    """torchvision's Swin, whose features alternate: what reduces the resolution, then a stage of blocks."""

    def __init__(self, body: Any, img_size: int) -> None:
        """Read a Swin without its classifier; it takes images of any size, but exports for one only."""
        super().__init__(body, img_size, depth=len(body.features) // 2)

    def outputs(self, images: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
        body, features = cast(Any, self.body), images
        feature_maps = []
        for number, layer in enumerate(body.features):
            features = layer(features)
            if number % 2 and number // 2 in self.blocks:
                feature_maps.append(body.permute(features))
        return feature_maps, body.head(body.flatten(body.avgpool(body.permute(body.norm(features)))))

    def block_name(self, block: int) -> str:
        return f"body.features.{2 * block + 1}"


class TorchvisionMaxVit(StagedTransformer):
    """torchvision's MaxViT, whose windows fit images of 224 px only."""

    def __init__(self, body: Any, img_size: int) -> None:
        """Read a MaxViT without its classifier, whatever `img_size` was wished for."""
        super().__init__(body, IMG_SIZE, depth=len(body.blocks))

    def outputs(self, images: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
        body = cast(Any, self.body)
        features = body.stem(images)
        feature_maps = []
        for number, block in enumerate(body.blocks):
            features = block(features)
            if number in self.blocks:
                feature_maps.append(features)
        return feature_maps, body.classifier(features)

    def block_name(self, block: int) -> str:
        return f"body.blocks.{block}"
