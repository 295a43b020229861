"""What is logged of a training to TensorBoard, Weights & Biases and MLflow, whose packages are imported when needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

LogName = Literal["tensorboard", "wandb", "mlflow"]
PACKAGES: dict[LogName, tuple[str, str]] = {
    "tensorboard": ("tensorboardX", "painter-search[tensorboard]"),
    "wandb": ("wandb", "wandb"),
    "mlflow": ("mlflow", "mlflow"),
}
"""The module that each needs, and what pip installs it with."""
EVENTS = "tensorboard"
"""The folder of event files inside a run's."""


class Tracker(Protocol):
    """An experiment tracker."""

    def scalars(self, values: Mapping[str, float], epoch: int) -> None:
        """Take metrics by name, such as `validation/loss`."""

    def picture(self, name: str, caption: str, pixels: Pixels) -> None:
        """Take a picture, uint8 `[height, width, 3]`."""

    def projection(self, embeddings: NDArray[np.float32], artists: Sequence[str], pictures: Pixels) -> None:
        """Take embeddings, float32 `[n, 256]`, with their artists and pictures, uint8 `[n, side, side, 3]`."""

    def close(self) -> None:
        """Write what is not yet written."""


class TensorBoard:
    """Event files in `runs/<name>/tensorboard`, for `tensorboard --logdir runs`.

    A resumed training begins them again, since its history holds all epochs.
    """

    def __init__(self, folder: Path) -> None:
        from tensorboardX import SummaryWriter

        for old in (folder / EVENTS).glob("events.out.tfevents.*"):
            old.unlink()
        self._writer = SummaryWriter(str(folder / EVENTS))

    def scalars(self, values: Mapping[str, float], epoch: int) -> None:
        """Write a scalar each."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, epoch)
        self._writer.flush()

    def picture(self, name: str, caption: str, pixels: Pixels) -> None:
        """Write an image, and its caption as a text of the same name."""
        self._writer.add_image(name, pixels, dataformats="HWC")
        self._writer.add_text(name, caption)

    def projection(self, embeddings: NDArray[np.float32], artists: Sequence[str], pictures: Pixels) -> None:
        """Write the embedding projector's files: vectors, labels and a sprite."""
        images = pictures.transpose(0, 3, 1, 2).astype("float32") / 255
        self._writer.add_embedding(embeddings, metadata=list(artists), label_img=images, tag="test works")

    def close(self) -> None:
        """Close the event file."""
        self._writer.close()


class WeightsAndBiases:
    """A run of Weights & Biases, whose project and account are read from its own settings (`WANDB_PROJECT`, …)."""

    def __init__(self, folder: Path) -> None:
        import wandb

        self._wandb: Any = wandb
        self._run = wandb.init(name=folder.name, dir=str(folder))

    def scalars(self, values: Mapping[str, float], epoch: int) -> None:
        """Log metrics beside their epoch: a step of W&B's cannot be logged to twice."""
        self._run.log({**values, "epoch": epoch})

    def picture(self, name: str, caption: str, pixels: Pixels) -> None:
        """Log an image."""
        self._run.log({name: self._wandb.Image(pixels, caption=caption)})

    def projection(self, embeddings: NDArray[np.float32], artists: Sequence[str], pictures: Pixels) -> None:
        """Log a table, which W&B projects to two dimensions."""
        columns = ["artist", "picture", *(f"d{number}" for number in range(embeddings.shape[1]))]
        rows = [
            [artist, self._wandb.Image(picture), *map(float, embedding)]
            for artist, picture, embedding in zip(artists, pictures, embeddings, strict=True)
        ]
        self._run.log({"test works": self._wandb.Table(columns=columns, data=rows)})

    def close(self) -> None:
        """Finish the run."""
        self._run.finish()


class Mlflow:
    """A run of MLflow, whose server is read from its own settings (`MLFLOW_TRACKING_URI`, …)."""

    def __init__(self, folder: Path) -> None:
        import mlflow

        self._mlflow: Any = mlflow
        mlflow.start_run(run_name=folder.name)

    def scalars(self, values: Mapping[str, float], epoch: int) -> None:
        """Log metrics."""
        self._mlflow.log_metrics(dict(values), step=epoch)

    def picture(self, name: str, caption: str, pixels: Pixels) -> None:
        """Log an image as an artifact, and its caption as a tag."""
        self._mlflow.log_image(pixels, f"{name}.png")
        self._mlflow.set_tag(name, caption)

    def projection(self, embeddings: NDArray[np.float32], artists: Sequence[str], pictures: Pixels) -> None:
        """Log a table of artists and embeddings; MLflow has no projector."""
        self._mlflow.log_table({"artist": list(artists), "embedding": embeddings.tolist()}, "test-works.json")

    def close(self) -> None:
        """End the run."""
        self._mlflow.end_run()


TRACKERS: dict[LogName, Callable[[Path], Tracker]] = {
    "tensorboard": TensorBoard,
    "wandb": WeightsAndBiases,
    "mlflow": Mlflow,
}
"""What opens each, given the run's folder."""
