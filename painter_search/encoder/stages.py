"""Style is in the middle of a network too: the statistics of several stages, read out as one embedding."""

from __future__ import annotations

import torch
from torch import nn

from painter_search.encoder.settings import EMBEDDING_SIZE

STATISTICS = 2
"""Mean and standard deviation of every channel."""
LEAST_VARIANCE = 1e-5
"""Added to a variance, so that its root has a slope at 0."""
DAMPING = 1e-3
"""Share of the largest eigenvalue that is added to every one before dividing by its root."""
NOTHING = 1e-9
"""Directions with less than this share of the largest eigenvalue are not read: few works span few directions."""
WHITENING = 0.5
"""How far directions are brought to equal variance: 0 not at all, 1 wholly. Chosen on validation artists."""


class Taps(nn.Module):
    """A network that also gives what some of its stages put out."""

    def __init__(self, trunk: nn.Module, stages: tuple[str, ...]) -> None:
        super().__init__()
        self.trunk, self.stages = trunk, stages

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        """Images `[n, 3, side, side]` → the stages' outputs `[n, c, h, w]`, and the last features `[n, c]`."""
        seen: list[torch.Tensor] = []
        hooks = [
            self.trunk.get_submodule(stage).register_forward_hook(lambda _part, _given, out: seen.append(out))
            for stage in self.stages
        ]
        try:
            last = self.trunk(images)
        finally:
            for hook in hooks:
                hook.remove()
        return [*seen, last]


class EmbeddingAndPlanes(Taps):
    """The same, what the network itself puts out first: an encoder's embeddings before the planes of its stages."""

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        *planes, last = super().forward(images)
        return [last, *planes]


class Readout(nn.Module):
    """Mean and standard deviation of each stage over the plane, beside the last features → embeddings `[n, 256]`.

    The statistics are centred and scaled as `fit` found them, every part (a stage's means, say) weighing the same.
    """

    center: torch.Tensor
    scale: torch.Tensor

    def __init__(self, channels: list[int], last: int) -> None:
        """`channels` of each stage, and the number of last features."""
        super().__init__()
        self.sizes = [size for size in channels for _ in range(STATISTICS)] + [last]
        width = sum(self.sizes)
        self.linear = nn.Linear(width, EMBEDDING_SIZE)
        self.register_buffer("center", torch.zeros(width))
        self.register_buffer("scale", torch.ones(width))

    def forward(self, parts: list[torch.Tensor]) -> torch.Tensor:
        return self.linear((self.statistics(parts) - self.center) * self.scale)

    def statistics(self, parts: list[torch.Tensor]) -> torch.Tensor:
        """What is read, before it is centred: float32 `[n, width]`."""
        found: list[torch.Tensor] = []
        for stage in parts[:-1]:
            values = stage if stage.dtype == torch.float32 else stage.float()  # a cast would be exported as a copy
            mean = values.mean((2, 3))
            variance = (values - mean[:, :, None, None]).square().mean((2, 3))
            found += [mean, (variance + LEAST_VARIANCE).sqrt()]
        return torch.cat([*found, parts[-1].float()], dim=1)

    @torch.no_grad()
    def fit(self, statistics: torch.Tensor, weights: torch.Tensor) -> None:
        """Centre, scale, and the first weights, in closed form from statistics of training works `[n, width]`.

        `weights` `[n]` say how much each row counts. Both are on the CPU, where it is worked out: in double precision,
        which Apple's GPUs lack, and to the same bits whatever the readout is on.
        The weights are the principal directions (Pearson 1901), each divided by its eigenvalue to the power of half
        of `WHITENING`: what varies most, mostly the motif, then weighs less. No label is used.
        """
        values = statistics.double()
        share = (weights.double() / weights.sum())[:, None]
        center = (share * values).sum(0)
        deviation = (share * (values - center).square()).sum(0).sqrt()
        part_sizes = torch.repeat_interleave(torch.tensor(self.sizes), torch.tensor(self.sizes))
        scale = 1 / (deviation + 1e-6) / part_sizes.sqrt()
        self.center.copy_(center)
        self.scale.copy_(scale)
        standard = (values - center.float()) * scale.float()  # as `forward` will see them
        eigenvalues, directions = torch.linalg.eigh(standard.T @ (share * standard))
        order = eigenvalues.argsort(descending=True)[:EMBEDDING_SIZE]
        largest = eigenvalues[order[0]]
        order = order[eigenvalues[order] > NOTHING * largest]  # beyond them, directions are the solver's whim
        damped = eigenvalues[order] + DAMPING * largest
        found = directions[:, order] / damped ** (WHITENING / 2)
        found /= (share[:, 0] * (standard @ found).norm(dim=1)).sum()
        # A direction's sign is the solver's whim; the same one everywhere keeps encoders comparable.
        found[:, found.sum(0) < 0] *= -1
        self.linear.weight.zero_()
        self.linear.weight[: found.shape[1]] = found.T.to(self.linear.weight)
        self.linear.bias.zero_()


def usual_stages(trunk: nn.Module) -> tuple[str, ...]:
    """The stages to read: a residual network's last three, else the three before the last of its row of blocks.

    None where a network has no such row, or one whose outputs are not planes of channels (transformers').
    """
    names = [name for name, _ in trunk.named_children()]
    chosen: tuple[str, ...]
    if "layer4" in names:
        chosen = ("layer2", "layer3", "layer4")
    else:
        row = next((name for name in ("blocks", "stages", "features") if name in names), None)
        count = len(list(trunk.get_submodule(row).children())) if row else 0
        chosen = tuple(f"{row}.{place}" for place in range(count - 4, count - 1)) if count >= 4 else ()
    try:
        planes = _outputs(Taps(trunk, chosen))[:-1]
    except Exception:  # a network may refuse the small image that asks for shapes, each in its own way
        return ()
    return chosen if all(plane.ndim == 4 and plane.shape[2] == plane.shape[3] for plane in planes) else ()


def make_readout(taps: Taps) -> Readout:
    """A readout of the right width for these taps."""
    *planes, last = _outputs(taps)
    return Readout([plane.shape[1] for plane in planes], last.shape[1])


@torch.no_grad()
def _outputs(taps: Taps) -> list[torch.Tensor]:
    training = taps.training
    outputs = taps.eval()(torch.zeros(1, 3, 96, 96, device=next(taps.parameters()).device))
    taps.train(training)
    return outputs
