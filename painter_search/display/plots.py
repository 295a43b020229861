"""Figures drawn with matplotlib: the curves of a training, its augmentations, and the map."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from painter_search.analysis.projection import Projection
from painter_search.common.files.atomic_io import write_file
from painter_search.display.palette import artist_colors, artist_shapes

if TYPE_CHECKING:  # matplotlib, torch and scikit-learn are imported only by those who draw or measure
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox

    from painter_search.training.history import EpochMetrics
    from painter_search.training.run import Run

GREY, BLUE = "#8a8f98", "#1f6f8b"
PHASE_COLORS = {"train": GREY, "validation": BLUE}
MARKERS = {"circle": "o", "square": "s", "triangle": "^", "diamond": "D"}
"""matplotlib's markers for the shapes."""
MAX_LABELS = 45
"""Artists named on the picture, those with the most works first, as far as their names do not overlap."""
LABEL_BOX = {"boxstyle": "round,pad=0.15", "facecolor": "white", "alpha": 0.75, "linewidth": 0}


@dataclass(frozen=True)
class Curve:
    """One line of the training figure."""

    panel: int
    metric: Literal["loss", "accuracy", "all_negatives", "recall_1"]
    """The field of `EpochMetrics`."""
    phase: Literal["train", "validation"]
    panel_title: str
    label: str


CURVES = (
    Curve(0, "loss", "train", "triplet loss", "train"),
    Curve(0, "loss", "validation", "triplet loss", "validation"),
    Curve(1, "accuracy", "train", "triplet accuracy, %", "train"),
    Curve(1, "accuracy", "validation", "triplet accuracy, %", "validation"),
    Curve(1, "all_negatives", "validation", "triplet accuracy, %", "validation, every negative"),
    Curve(2, "recall_1", "validation", "recall@1, %", "validation"),
)


def draw_curves(folder: Path, history: Sequence[EpochMetrics]) -> None:
    """Draw loss, accuracy and recall@1 by epoch into `curves.png`."""
    figure, (panels,) = new_figure(1, 3, (11, 3.4))
    for curve in CURVES:
        points = [point for point in history if point.phase == curve.phase]
        if not points:  # a phase without epochs, as that of training where the new layer is fitted in one step
            continue
        epochs = [point.epoch for point in points]
        values = [getattr(point, curve.metric) * (1 if curve.metric == "loss" else 100) for point in points]
        line = "o:" if curve.metric == "all_negatives" else "o-"
        panel = panels[curve.panel]
        panel.plot(epochs, values, line, color=PHASE_COLORS[curve.phase], label=curve.label, markersize=4)
        panel.set_title(curve.panel_title, loc="left", fontsize=10)
    for panel in panels:
        panel.set_xlabel("epoch (0: before training)")
        panel.spines[["top", "right"]].set_visible(False)
        panel.locator_params(axis="x", integer=True)
        if panel.get_lines():
            panel.legend(frameon=False, fontsize=8)
    save_figure(figure, folder / "curves.png")


class TrainingCurves:
    """Draws the curves of a training as it goes on, with at most a tenth of its time, and the last ones at its end."""

    def __init__(self) -> None:
        self._next = 0.0
        """When to draw again."""

    def on_epoch(self, folder: Path, history: Sequence[EpochMetrics]) -> None:
        start = time.monotonic()
        if start >= self._next:
            draw_curves(folder, history)
            self._next = time.monotonic() + 9 * (time.monotonic() - start)

    def on_end(self, run: Run) -> None:
        draw_curves(run.folder, run.history)


class SeenPictures(NamedTuple):
    """Pictures of one painting as the network sees it."""

    title: str
    pictures: list[NDArray[np.uint8]]
    """`[h, w, 3]` each."""


def pictures_seen(run: Run) -> list[SeenPictures]:
    """What the network sees of one painting in training.

    With a recipe that augments: every augmentation alone, then the run's together. With others: the views.
    """
    from painter_search.collection.collection import Collection
    from painter_search.common.files.stored import from_stored
    from painter_search.encoder.checkpoint import read_checkpoint
    from painter_search.encoder.config import EncoderConfig
    from painter_search.encoder.views import central_square, make_views
    from painter_search.images.framing import read_frame
    from painter_search.training.config import AUGMENTATIONS
    from painter_search.training.data.augmentations import Augmentation

    collection = Collection.open(run.config.data[0])
    work = collection.works("train")[0]
    frame = read_frame(collection.frame_path(work.file))
    encoder = from_stored(EncoderConfig, read_checkpoint(run.best)["encoder"])
    chosen = run.config.resolved.augmentations
    if run.config.recipe_settings.uses("augment"):
        square = np.asarray(central_square(frame, encoder.img_size))

        def augmented(names: Sequence[str]) -> list[NDArray[np.uint8]]:
            return [square] + [Augmentation(names)(square, np.random.default_rng(seed)) for seed in range(1, 6)]

        alone = [
            SeenPictures(name if name in chosen else f"{name} (not used)", augmented((name,))) for name in AUGMENTATIONS
        ]
        return [*alone, SeenPictures("the recipe's together (the first unchanged)", augmented(chosen))]
    views = make_views(frame, encoder)
    return [SeenPictures("views, whose embeddings are averaged", [view.transpose(1, 2, 0) for view in views])]


def draw_augmentations(folder: Path, rows: Sequence[SeenPictures]) -> None:
    """Draw what the network sees in training into `augmentations.png`."""
    figure, panels = new_figure(len(rows), 6, (9, 1.62 * len(rows) + 0.2))
    for (title, pictures), row in zip(rows, panels, strict=True):
        for panel in row:
            panel.set_axis_off()
        for panel, picture in zip(row, pictures, strict=False):
            panel.imshow(picture)
        row[0].set_title(title, loc="left", fontsize=8)
    save_figure(figure, folder / "augmentations.png")


def new_figure(rows: int, columns: int, size: tuple[float, float]) -> tuple[Figure, list[list[Axes]]]:
    """A figure of `size` inches and its panels, row by row.

    Made without pyplot, which keeps every figure alive and looks for a screen.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, [list(row) for row in figure.subplots(rows, columns, squeeze=False)]


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG, complete or not at all."""
    with ignore_missing_glyphs():
        write_file(path, lambda temporary: figure.savefig(temporary, dpi=120, format="png"))


@contextmanager
def ignore_missing_glyphs() -> Iterator[None]:
    """Silence matplotlib's warning for every letter that its font lacks; the letter is drawn as a box."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
        yield


def draw_map_picture(path: Path, projection: Projection, digest: str) -> None:
    """Draw the map as a PNG file."""
    figure, ((panel,),) = new_figure(1, 1, (12, 12))
    x, y = projection.positions.T
    styles = zip(artist_colors(len(projection.artists)), artist_shapes(len(projection.artists)), strict=True)
    for artist, (color, shape) in enumerate(styles):
        works = projection.numbers == artist
        panel.scatter(x[works], y[works], s=14, color=color, marker=MARKERS[shape], linewidths=0)
    panel.set(xlim=(-1.06, 1.06), ylim=(-1.06, 1.06), aspect="equal")
    panel.set_axis_off()
    title = f"{len(x):,} works by {len(projection.artists):,} artists, by similarity; index {digest}"
    panel.set_title(title, fontsize=10)
    boxes: list[Bbox] = []
    figure.draw_without_rendering()  # lays the panel out, which places the labels
    works_per_artist = np.bincount(projection.numbers)
    for artist in np.argsort(-works_per_artist, kind="stable")[: 4 * MAX_LABELS]:
        centre_x, centre_y = projection.positions[projection.central_works[artist]]
        name = projection.artists[artist].replace("$", r"\$")  # a dollar sign would begin a formula
        label = panel.annotate(name, (centre_x, centre_y), fontsize=8, ha="center", va="center", bbox=LABEL_BOX)
        with ignore_missing_glyphs():
            box = label.get_window_extent()
        if len(boxes) >= MAX_LABELS or any(box.overlaps(other) for other in boxes):
            label.remove()
        else:
            boxes.append(box)
    save_figure(figure, path)
