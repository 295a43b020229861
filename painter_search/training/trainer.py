"""The training loop: epochs, checkpoints, the best epoch, and the scores at the end."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from painter_search.collection.collection import Collection
from painter_search.common.errors import DamagedFileError, InvalidValueError, NotFoundError
from painter_search.common.files.atomic_io import digest_file, link_or_copy, locked, remove_folder, remove_partial_files
from painter_search.common.files.stored import from_stored, to_stored
from painter_search.common.log import logger
from painter_search.common.machine.device import keep_freed_memory, pick_device, translate_gpu_errors
from painter_search.encoder.checkpoint import (
    add_to_checkpoint,
    convert_checkpoints,
    drop_training_state,
    network_of_checkpoint,
    read_checkpoint,
    save_checkpoint,
    training_state,
)
from painter_search.encoder.files.names import BEST, LAST, SUFFIX
from painter_search.encoder.inference.onnx_export import export_encoder
from painter_search.encoder.network import EncoderNetwork, untrained_network
from painter_search.encoder.trained_artists import digest_artists
from painter_search.metrics.confidence_fit import HeldOutWorks, fit_confidence
from painter_search.metrics.identification.plda import fit_plda
from painter_search.training.config import TrainConfig
from painter_search.training.data.training_sets import MAX_SAMPLED_WORKS, gather_validation_triplets
from painter_search.training.distributed import barrier, broadcast_from_rank_0, process_group, rank, world_size
from painter_search.training.early_stopping import SelectionMetric, best_epoch, collapse_warning, should_stop
from painter_search.training.epoch_metrics import TripletDistances, measure_validation
from painter_search.training.final_scores import gather_test_triplets, score_on_test_artists
from painter_search.training.history import EpochMetrics, as_rows, write_history
from painter_search.training.recipes.protocol import Recipe, TrainingData
from painter_search.training.recipes.registry import IMPLEMENTATIONS
from painter_search.training.run import (
    HISTORY,
    SCORE,
    Run,
    open_run_folder,
    save_score,
    saved_settings,
    update_settings,
)

OnEpoch = Callable[[Path, Sequence[EpochMetrics]], object]
OnEnd = Callable[[Run], object]


def train_encoder(config: TrainConfig, on_epoch: OnEpoch | None = None, on_end: OnEnd | None = None) -> Run | None:
    """Train an encoder and keep it in `runs/<name>/`.

    The best epoch is chosen on validation artists; the test artists are scored once, at the end, with the network
    before training as the baseline. Under torchrun every process calls this; only the first one writes files.

    Args:
        config: Settings.
        on_epoch: Called with the run's folder and the history after every epoch, once its checkpoint is written.
        on_end: Called with the run before it counts as finished, so that a run killed meanwhile is resumed.

    Returns:
        The run; None in all but the first process of torchrun.

    Raises:
        PainterSearchError: Data, weights or settings cannot be used; see the subclasses in `common/errors.py`.

    Example:
        >>> from pathlib import Path
        >>> from painter_search import TrainConfig, train_encoder
        >>> run = train_encoder(TrainConfig(data=(Path("data"),)))  # doctest: +SKIP
        >>> run.best  # doctest: +SKIP
        PosixPath('runs/strong/best.safetensors')
    """
    keep_freed_memory()
    device = pick_device(config.device)
    collections = [Collection.open(folder) for folder in config.data]
    if any(collection.framing != collections[0].framing for collection in collections):
        raise InvalidValueError("the collections differ in framing; prepare them with the same --framing.")
    if len({collection.folder.resolve() for collection in collections}) < len(collections):
        raise InvalidValueError("--data names a collection twice; name each once.")
    validation = gather_validation_triplets(collections, config.validation_triplets)
    data = TrainingData(collections, validation, gather_test_triplets(collections, config.test_triplets))
    with process_group(device):
        # Before the run's folder is made: what cannot be used must not leave an unfinished run behind.
        artists = IMPLEMENTATIONS[config.recipe].check(config, data)
        # Those validated on count, too: they choose the epoch, and the calibration is fitted to their works.
        learned_from = digest_artists({*artists, *validation.artists.values()})
        untrained = None if config.resume or rank() else _network_to_train(config)
        if untrained is not None and device.type != "cpu":
            export_encoder(untrained)  # an index will need it; a CPU begins with that
        folder = broadcast_from_rank_0(lambda: open_run_folder(config, collections, device.type))
        lock = locked(folder / ".lock", f"{folder} is being trained") if rank() == 0 else nullcontext()
        try:
            with lock, translate_gpu_errors(training=True):
                if rank() == 0:
                    remove_partial_files(folder)
                    convert_checkpoints(folder)
                    if config.resume:
                        update_settings(folder, config, collections)
                return _Trainer(config, data, learned_from, device, folder, on_epoch, on_end).train(untrained)
        except InvalidValueError:
            if untrained is not None and not (folder / BEST).exists():  # nothing is lost: no epoch is finished
                remove_folder(folder)
            raise


def _network_to_train(config: TrainConfig) -> EncoderNetwork:
    """The network before training, with the views and the normalisation that it will be trained with."""
    recipe = config.recipe_settings
    return untrained_network(
        config.backbone,
        config.weights,
        config.seed,
        img_size=config.img_size,
        views=recipe.views,
        normalize=recipe.normalize,
    )


@dataclass(frozen=True)
class _Trainer:
    """One process's part of a training, in a folder that is locked."""

    config: TrainConfig
    data: TrainingData
    trained_artists: Sequence[str]
    """See `Checkpoint`."""
    device: torch.device
    folder: Path
    on_epoch: OnEpoch | None
    on_end: OnEnd | None

    def train(self, untrained: EncoderNetwork | None) -> Run | None:
        """Train from the last complete epoch to the end; `untrained` spares a new run from building it again."""
        patience = self.config.resolved.patience
        # Epoch 0 is the untrained network: the baseline, and what a run killed in its first epoch resumes from.
        if rank() == 0 and self._last_epoch() is None:
            self._save(untrained or _network_to_train(self.config), 0, [])
        last = broadcast_from_rank_0(lambda: self._last_epoch() or 0)
        self._check_shared_folder(last)
        checkpoint = read_checkpoint(self._checkpoint(last))
        if last and not training_state(checkpoint):
            raise InvalidValueError(
                f"{self._checkpoint(last)} no longer holds what training goes on from, which only the last two "
                "checkpoints of a run do; begin another run with another --name."
            )
        # Recipes open with the network before training, whatever has moved since: its features are kept by some.
        start = self._checkpoint(0)
        network = network_of_checkpoint(read_checkpoint(start), start).to(self.device)
        history = [from_stored(EpochMetrics, row) for row in checkpoint["history"]]

        implementation = IMPLEMENTATIONS[self.config.recipe]
        with implementation.open(self.config, self.data, network, self.folder) as recipe:
            if not history and rank() == 0:
                history.append(self._measure(recipe, network, epoch=0))
                self._save(network, 0, history)
            if last:
                logger.info(f"Continuing {self.folder} after epoch {last}.")
                recipe.encoder.load_state_dict(checkpoint["model"])
                recipe.resume(checkpoint)
            for epoch in range(last + 1, recipe.epochs + 1):
                if broadcast_from_rank_0(partial(should_stop, history, patience)):  # only its history is complete
                    logger.info(f"Stopped early: the validation loss has risen {patience} epochs in a row.")
                    break
                trained = recipe.train(epoch)
                if rank() == 0:
                    history += [trained] if trained else []
                    history.append(self._measure(recipe, recipe.encoder, epoch))
                    self._finish_epoch(recipe, epoch, history)
                barrier()
            best = broadcast_from_rank_0(lambda: best_epoch(history, recipe.selected_by))
            held_out = recipe.held_out(best)
            return None if rank() else self._finish_run(recipe, history, held_out)

    def _measure(self, recipe: Recipe, network: EncoderNetwork, epoch: int) -> EpochMetrics:
        validation = self.data.validation if recipe.frozen else self.data.validation.sample(MAX_SAMPLED_WORKS)
        return measure_validation(partial(recipe.embed, network), validation, self.config.resolved.margin, epoch)

    def _finish_epoch(self, recipe: Recipe, epoch: int, history: Sequence[EpochMetrics]) -> None:
        for collection in self.data.collections:
            collection.confirm()
        best = best_epoch(history, recipe.selected_by)
        # Optimizers and averages are several times as large as the network. Two checkpoints keep them, as the last one
        # may turn out to be damaged; a run killed in between has none too many.
        with suppress(NotFoundError, DamagedFileError):
            drop_training_state(self._checkpoint(epoch - 2))
        self._save(recipe.encoder, epoch, history, best, recipe.state())
        self._update_outputs(history, recipe.selected_by)
        warning = collapse_warning(history, self.config.resolved.margin)
        if warning:
            logger.info(f"Warning: {warning}. The encoder has collapsed; train again with a lower --lr.")

    def _finish_run(self, recipe: Recipe, history: list[EpochMetrics], held_out: Sequence[HeldOutWorks]) -> Run:
        self._update_outputs(history, recipe.selected_by)
        best = best_epoch(history, recipe.selected_by)
        untrained, trained = (
            network_of_checkpoint(read_checkpoint(file), file).to(self.device)
            for file in (self._checkpoint(0), self._checkpoint(best))
        )
        validation, test = self.data.validation, self.data.test
        measured = TripletDistances(recipe.embed(trained, validation.distinct()), validation)
        plda = fit_plda(recipe.training_works(trained))
        validated = HeldOutWorks(measured.embeddings, measured.artists, plda)
        add_confidence(self.folder / BEST, [validated, *held_out])
        score = None
        if test is not None:
            before, after = (recipe.embed(network, test.distinct()) for network in (untrained, trained))
            score = score_on_test_artists(before, after, test)
        names = tuple(collection.name for collection in self.data.collections)
        run = Run(self.folder, self.config, history, best, score, names)
        if self.on_end is not None:
            self.on_end(run)
        save_score(run)
        return run

    def _save(
        self,
        network: EncoderNetwork,
        epoch: int,
        history: Sequence[EpochMetrics],
        best: int | None = None,
        state: Mapping[str, object] | None = None,
    ) -> None:
        collections = self.data.collections
        entries: dict[str, object] = {"config": saved_settings(self.config, collections), "epoch": epoch}
        if best is not None:
            entries["best_epoch"] = best
        entries["history"] = as_rows(history)
        entries["trained_artists"] = list(self.trained_artists)
        entries.update(state or {})
        save_checkpoint(self._checkpoint(epoch), network, collections[0].framing, **entries)

    def _update_outputs(self, history: Sequence[EpochMetrics], metric: SelectionMetric) -> None:
        """Write what follows from the checkpoints; again at the end, as a kill may have come between."""
        (self.folder / SCORE).unlink(missing_ok=True)  # of a run that goes on: it was of another best.safetensors
        write_history(self.folder / HISTORY, history)
        link_or_copy(self._checkpoint(history[-1].epoch), self.folder / LAST)
        link_or_copy(self._checkpoint(best_epoch(history, metric)), self.folder / BEST)
        if self.on_epoch is not None:
            self.on_epoch(self.folder, history)

    def _check_shared_folder(self, epoch: int) -> None:
        """Raise `InvalidValueError` in a process whose folder does not hold the first one's checkpoint."""
        if world_size() == 1:
            return
        file = self._checkpoint(epoch)
        digest = broadcast_from_rank_0(lambda: digest_file(file))
        if not file.is_file() or digest_file(file) != digest:
            raise InvalidValueError(
                f"{self.folder} on {socket.gethostname()} is not the folder that the first machine trains in; all "
                "machines need the same --data and --runs: folders that they share."
            )

    def _checkpoint(self, epoch: int) -> Path:
        return self.folder / f"epoch_{epoch:02d}{SUFFIX}"

    def _last_epoch(self) -> int | None:
        """The last epoch with a checkpoint; None before the first."""
        numbers = [path.stem.removeprefix("epoch_") for path in self.folder.glob(f"epoch_*{SUFFIX}")]
        return max((int(number) for number in numbers if number.isdecimal()), default=None)


def add_confidence(checkpoint: Path, groups: Sequence[HeldOutWorks]) -> None:
    """Fit a calibration to groups of works of artists that their encoder was not trained on; add it to a checkpoint,
    and with it the PLDA of the first group, whose encoder is the checkpoint's.

    With too few artists none is added: an index built with the encoder works, but gives no probabilities.
    """
    confidence = fit_confidence(groups)
    if confidence is None:
        logger.info(
            "Too few artists to calibrate the encoder: answers will have no probabilities. Prepare some 20 or more, or "
            "keep to the encoder that comes with the package, which has them: `build-index --encoder painter`."
        )
        return
    entries: dict[str, object] = {"confidence": to_stored(confidence)}
    plda = groups[0].plda
    if plda is not None and confidence.share_weights is not None:
        entries["plda"] = {name: torch.from_numpy(getattr(plda, name)) for name in ("mean", "transform", "between")}
    add_to_checkpoint(checkpoint, **entries)
