"""Features of several stages of a network, read out as one embedding: style shows in a network's middle layers, too."""

from __future__ import annotations

import torch
from torch import nn

from painter_search.encoder.backbones.staged_transformer import StagedTransformer
from painter_search.encoder.config import EMBEDDING_SIZE

STATISTICS = 2
"""Mean and standard deviation of every channel."""
VARIANCE_EPSILON = 1e-5
"""Added to a variance, so that its square root has a gradient at 0."""
DAMPING = 1e-3
"""This share of the largest eigenvalue is added to every eigenvalue before directions are divided by its power."""
MIN_EIGENVALUE = 1e-9
"""Directions below this share of the largest eigenvalue are dropped: few works span few directions."""
WHITENING = 0.5
"""How far directions are brought to equal variance: 0 not at all, 1 wholly. Chosen on validation artists."""
PROBE_SIDE = 96
"""Side in pixels of the image from which the shapes of a network's outputs are taken, where it takes any size."""


class FeatureHooks(nn.Module):
    """A network that also returns the outputs of some of its stages."""

    def __init__(self, trunk: nn.Module, stages: tuple[str, ...]) -> None:
        super().__init__()
        self.trunk, self.stages = trunk, stages

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        """Images `[n, 3, side, side]` → the stages' feature maps `[n, c, h, w]`, and the last features `[n, c]`."""
        feature_maps: list[torch.Tensor] = []
        hooks = [
            self.trunk.get_submodule(stage).register_forward_hook(
                lambda _module, _inputs, output: feature_maps.append(output)
            )
            for stage in self.stages
        ]
        try:
            last = self.trunk(images)
        finally:
            for hook in hooks:
                hook.remove()
        return [*feature_maps, last]


class EmbeddingAndFeatureMaps(FeatureHooks):
    """An encoder that returns its embeddings first, then the feature maps of its stages."""

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        *feature_maps, last = super().forward(images)
        return [last, *feature_maps]


class Readout(nn.Module):
    """Mean and standard deviation of each stage's channels, and the last features → embeddings `[n, 256]`.

    The statistics are centred and scaled as `fit` measured them; each group (a stage's means, say) has the same weight.
    """

    center: torch.Tensor
    scale: torch.Tensor

    def __init__(self, channels: list[int], last: int) -> None:
        """Make a readout of stages with these numbers of `channels`, and of `last` last features."""
        super().__init__()
        self.sizes = [size for size in channels for _ in range(STATISTICS)] + [last]
        width = sum(self.sizes)
        self.linear = nn.Linear(width, EMBEDDING_SIZE)
        self.register_buffer("center", torch.zeros(width))
        self.register_buffer("scale", torch.ones(width))

    @property
    def width(self) -> int:
        """How many statistics are read of a view."""
        return self.linear.in_features

    def forward(self, outputs: list[torch.Tensor]) -> torch.Tensor:
        return self.embed(self.statistics(outputs))

    def embed(self, statistics: torch.Tensor) -> torch.Tensor:
        """The embeddings `[n, 256]` of views with these statistics `[n, width]`."""
        embeddings: torch.Tensor = self.linear((statistics - self.center) * self.scale)
        return embeddings

    def statistics(self, outputs: list[torch.Tensor]) -> torch.Tensor:
        """The statistics of what `FeatureHooks` returns, before they are centred: float32 `[n, width]`."""
        groups: list[torch.Tensor] = []
        for stage in outputs[:-1]:
            values = stage if stage.dtype == torch.float32 else stage.float()  # a cast would be exported as a copy
            mean = values.mean((2, 3))
            variance = (values - mean[:, :, None, None]).square().mean((2, 3))
            groups += [mean, (variance + VARIANCE_EPSILON).sqrt()]
        return torch.cat([*groups, outputs[-1].float()], dim=1)

    @torch.no_grad()
    def fit(self, statistics: torch.Tensor, weights: torch.Tensor) -> None:
        """Set centre, scale and weights in closed form, from statistics of training works `[n, width]`.

        The weights are the principal directions (Pearson 1901), each divided by its eigenvalue to the power of half
        of `WHITENING`: directions of high variance, mostly the motif, then count less. No label is used.

        Args:
            statistics: On the CPU, where everything is computed in double precision, which Apple's GPUs lack; so the
                bits are the same whatever device the readout is on.
            weights: How much each row counts, `[n]`, on the CPU.
        """
        values = statistics.double()
        share = (weights.double() / weights.sum())[:, None]
        center = (share * values).sum(0)
        deviation = (share * (values - center).square()).sum(0).sqrt()
        group_sizes = torch.repeat_interleave(torch.tensor(self.sizes), torch.tensor(self.sizes))
        scale = 1 / (deviation + 1e-6) / group_sizes.sqrt()
        self.center.copy_(center)
        self.scale.copy_(scale)
        standardized = (values - center.float()) * scale.float()  # with the precision that `forward` has
        eigenvalues, eigenvectors = principal_directions(standardized, share)
        damped = eigenvalues + DAMPING * eigenvalues[0]
        directions = eigenvectors / damped ** (WHITENING / 2)
        directions /= (share[:, 0] * (standardized @ directions).norm(dim=1)).sum()
        # A direction's sign is numerically arbitrary; choosing it by one rule keeps encoders comparable.
        directions[:, directions.sum(0) < 0] *= -1
        self.linear.weight.zero_()
        self.linear.weight[: directions.shape[1]] = directions.T.to(self.linear.weight)
        self.linear.bias.zero_()


def principal_directions(values: torch.Tensor, share: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The largest eigenvalues `[k]` of rows' covariance, largest first, and their eigenvectors `[width, k]`.

    `k` is at most 256, and less where rows span fewer directions. Where there are fewer rows than their width, the
    products of rows with rows are decomposed: a smaller matrix of the same eigenvalues.

    Args:
        values: Centred rows, float64 `[n, width]`.
        share: How much each row counts, `[n, 1]`, 1 in all.
    """
    few = len(values) < values.shape[1]
    weighted = share.sqrt() * values
    products = weighted @ weighted.T if few else values.T @ (share * values)
    eigenvalues, eigenvectors = torch.linalg.eigh(products)
    order = eigenvalues.argsort(descending=True)[:EMBEDDING_SIZE]
    order = order[eigenvalues[order] > MIN_EIGENVALUE * eigenvalues[order[0]]]  # the others' are rounding errors
    eigenvalues, eigenvectors = eigenvalues[order], eigenvectors[:, order]
    return eigenvalues, weighted.T @ eigenvectors / eigenvalues.sqrt() if few else eigenvectors


def default_stages(trunk: nn.Module) -> tuple[str, ...]:
    """The stages to read: a residual network's last three, else the three before the last of its row of blocks.

    An empty tuple for a network without such a row, or whose blocks do not return feature maps.
    """
    if isinstance(trunk, StagedTransformer):
        return tuple(f"maps.{block}" for block in trunk.blocks)
    names = [name for name, _ in trunk.named_children()]
    stages: tuple[str, ...]
    if "layer4" in names:
        stages = ("layer2", "layer3", "layer4")
    else:
        row = next((name for name in ("blocks", "stages", "features") if name in names), None)
        count = len(list(trunk.get_submodule(row).children())) if row else 0
        stages = tuple(f"{row}.{number}" for number in range(count - 4, count - 1)) if count >= 4 else ()
    try:
        feature_maps = _probe_outputs(FeatureHooks(trunk, stages))[:-1]
    except Exception:  # a network may refuse so small an image, each in its own way
        return ()
    return stages if all(map(_is_square_map, feature_maps)) else ()


def _is_square_map(output: object) -> bool:
    """Whether a block returned a feature map, `[n, c, side, side]`; some return a list of them."""
    return isinstance(output, torch.Tensor) and output.ndim == 4 and output.shape[2] == output.shape[3]


def make_readout(taps: FeatureHooks) -> Readout:
    """A readout of the right width for these stages."""
    *feature_maps, last = _probe_outputs(taps)
    return Readout([feature_map.shape[1] for feature_map in feature_maps], last.shape[1])


@torch.no_grad()
def _probe_outputs(taps: FeatureHooks) -> list[torch.Tensor]:
    """The outputs for one black image, for their shapes."""
    training = taps.trunk.training
    device = next(taps.parameters()).device
    side = taps.trunk.side if isinstance(taps.trunk, StagedTransformer) else PROBE_SIDE
    outputs: list[torch.Tensor] = taps.eval()(torch.zeros(1, 3, side, side, device=device))
    taps.train(training)
    return outputs
