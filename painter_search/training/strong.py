"""The strong training: several stages read out, and every valid triplet of P x K batches.

The backbone stays as ImageNet made it, so each training painting passes through it once, and all else works on what was
kept of that. The first epoch fits the readout in closed form; the others move it by gradients. What is kept after
each lies halfway between the fitted weights and the moved ones, which on artists never seen did better than either
(weights averaged with those of the start: Wortsman et al. 2022, "robust fine-tuning").
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import distributed

from painter_search.collection.collection import Collection
from painter_search.encoder.encoder import Encoder
from painter_search.encoder.stages import Readout, usual_stages
from painter_search.errors import UserError
from painter_search.progress import track
from painter_search.training.batches import WORKS_AN_ARTIST, ArtistBatches
from painter_search.training.dataset import TripletPaths, gather_works
from painter_search.training.held_out import Group, held_out_groups
from painter_search.training.history import Measure, Phase
from painter_search.training.loss import EveryTripletLoss
from painter_search.training.phases import Tally
from painter_search.training.ranks import add_gradients, gather, processes, rank
from painter_search.training.recipe import TrainConfig
from painter_search.training.statistics import AnyStatistics, SomeStatistics, statistics_of_works

FITTED_WORKS = 1000
"""At most this many works of a collection, drawn at random, are fitted to; every collection weighs the same."""
LEAST_STEPS = 24
"""An epoch has at least this many steps, however small the collection."""
WARM_UP = 0.1
"""Share of all steps in which the rate rises to its height; then it falls as a cosine."""
MOVED = 0.5
"""Where the kept weights lie between the fitted (0) and the moved ones (1). Chosen on validation artists."""


@contextmanager
def strong_course(
    config: TrainConfig, encoder: Encoder, collections: Sequence[Collection], validating: TripletPaths, folder: Path
) -> Iterator[StrongCourse]:
    """The course for an encoder that is on its device; statistics of the training works lie in `folder` meanwhile."""
    works = gather_works(collections, apart=validating)
    encoder = encoder if encoder.config.head == "readout" else with_readout(encoder)
    encoder.to(memory_format=torch.channels_last)
    by_artist = [paths for own in works for paths in own.values()]
    artists = [number for number, paths in enumerate(by_artist) for _ in paths]
    homes = [home for home, own in enumerate(works) for _ in own]
    with statistics_of_works(encoder, [path for paths in by_artist for path in paths], folder) as statistics:
        yield StrongCourse(config, encoder, statistics, artists, homes)


def with_readout(encoder: Encoder) -> Encoder:
    """The same backbone with a readout, yet to be fitted, as its new layer."""
    config = replace(encoder.config, head="readout", stages=usual_stages(encoder.network))
    stronger = Encoder(config)
    own = stronger.state_dict()
    given = {f"network.taps.trunk.{name}": value for name, value in encoder.network.state_dict().items()}
    stronger.load_state_dict({**own, **{name: value for name, value in given.items() if name in own}})
    return stronger.to(encoder.mean.device).eval()


class StrongCourse:
    """Every valid triplet of P x K batches on the sphere, AdamW, warm-up and cosine."""

    selected_by: Measure = "all_negatives"

    def __init__(
        self,
        config: TrainConfig,
        encoder: Encoder,
        statistics: AnyStatistics,
        artists: Sequence[int] | NDArray[np.int64],
        collections: Sequence[int] | NDArray[np.int64],
        quiet: bool = False,
    ) -> None:
        """`statistics` of the training works, the number of each one's artist, and of each artist's collection."""
        self.encoder = encoder
        self._quiet = quiet
        self._config, self._recipe = config, config.settled
        self._statistics = statistics
        self._artists, self._collections = np.asarray(artists), np.asarray(collections)
        self._homes = self._collections[self._artists]
        self._device = encoder.mean.device
        shared = WORKS_AN_ARTIST * processes()
        if self._recipe.batch % shared:
            raise UserError(
                f"--batch is {self._recipe.batch}; it must be a multiple of {shared}: four works an artist"
                + (f", shared by {processes()} processes." if processes() > 1 else ".")
            )
        steps = max(LEAST_STEPS, math.ceil(len(artists) / self._recipe.batch))
        self._batches = ArtistBatches(artists, collections, self._recipe.batch, steps, config.seed, rank(), processes())
        self._steps = steps * max(1, self._recipe.epochs - 1)
        self._step = 0
        readout: Any = encoder.network.get_submodule("readout")
        self._kept: Readout = readout
        self._moved = torch.nn.Linear(self._kept.linear.in_features, self._kept.linear.out_features)
        self._moved.to(self._device)
        self._fitted: dict[str, torch.Tensor] = {}
        self._optimizer = torch.optim.AdamW(self._moved.parameters(), lr=self._recipe.rate, weight_decay=0.0)
        self._loss = EveryTripletLoss(self._recipe.margin)

    def train(self, epoch: int) -> Phase | None:
        """The first epoch fits the readout; every later one draws as many views as there are works."""
        if epoch == 1:
            self._fit()
            return None
        self._batches.epoch = epoch
        tally = Tally(self._recipe.margin)
        images = 0
        title = f"Epoch {epoch}/{self._recipe.epochs}"
        batches = self._batches if self._quiet else track(self._batches, title, total=self._batches.steps)
        for rows, views, artists in batches:
            self._learn(self._statistics.rows(rows, views).to(self._device), artists.to(self._device), tally)
            images += len(rows)
        with torch.no_grad():
            for name, kept in self._kept.linear.named_parameters():
                kept.copy_(self._fitted[name].lerp(self._moved.get_parameter(name), MOVED))
        return tally.phase(epoch, images * processes())

    def state(self) -> dict[str, Any]:
        return {
            "step": self._step,
            "fitted": self._fitted,
            "moved": self._moved.state_dict(),
            "optimizer": self._optimizer.state_dict(),
        }

    def resume(self, checkpoint: dict[str, Any]) -> None:
        if checkpoint["epoch"] == 0:
            return
        self._step = checkpoint["step"]
        self._fitted = {name: value.to(self._device) for name, value in checkpoint["fitted"].items()}
        self._moved.load_state_dict(checkpoint["moved"])
        self._optimizer.load_state_dict(checkpoint["optimizer"])

    def held_out(self) -> list[Group]:
        """The training works as embedded by encoders that were not trained on their artists."""
        return held_out_groups(self, self._artists, self._config)

    def among(self, rows: NDArray[np.int64]) -> StrongCourse:
        """A course of its own over some of the works. It works on the same encoder."""
        artists, own = np.unique(self._artists[rows], return_inverse=True)
        some = SomeStatistics(self._statistics, rows)
        return StrongCourse(self._config, self.encoder, some, own, self._collections[artists], quiet=True)

    def views(self, rows: NDArray[np.int64]) -> torch.Tensor:
        """The statistics of all views of some works: `[n * MOST_VIEWS, width]`."""
        return self._statistics.every_view(rows.tolist())

    @torch.no_grad()
    def embed(self, views: torch.Tensor) -> torch.Tensor:
        """Embeddings of views from their statistics `[n, width]`, by the weights that would be kept now: `[n, 256]`."""
        standard = self._standard(views.to(self._device))
        return torch.nn.functional.normalize(self._kept.linear(standard), dim=1)

    def _standard(self, statistics: torch.Tensor) -> torch.Tensor:
        return (statistics - self._kept.center) * self._kept.scale

    def _fit(self) -> None:
        """Fit the readout to views of training works, and begin to move from there."""
        rng = np.random.default_rng(self._config.seed)
        drawn = [
            sorted(rng.permutation(np.flatnonzero(self._homes == home))[:FITTED_WORKS]) for home in set(self._homes)
        ]
        statistics = [self._statistics.every_view(rows) for rows in drawn]
        weights = [torch.full((len(views),), 1 / len(views)) for views in statistics]
        self._kept.fit(torch.cat(statistics), torch.cat(weights))
        if processes() > 1:
            for value in self._kept.state_dict().values():
                distributed.broadcast(value, 0)  # the same to the last bit everywhere
        self._fitted = {name: value.detach().clone() for name, value in self._kept.linear.named_parameters()}
        self._moved.load_state_dict(self._fitted)

    def _learn(self, statistics: torch.Tensor, artists: torch.Tensor, tally: Tally) -> None:
        done = self._step / self._steps
        share = min(1.0, (done + 1 / self._steps) / WARM_UP) * (0.5 + 0.5 * math.cos(math.pi * done))
        self._optimizer.param_groups[0]["lr"] = self._recipe.rate * share
        standard = self._standard(statistics)
        embeddings, everyones = gather(torch.nn.functional.normalize(self._moved(standard), dim=1), artists)
        loss, near, far = self._loss(embeddings, everyones)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        add_gradients(self._moved.parameters())
        self._optimizer.step()
        tally.add(loss, near, far)
        self._step += 1
