"""Pictures of a training."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from painter_search.folders import write_file

if TYPE_CHECKING:
    from painter_search.training.history import Phase
    from painter_search.training.run import Run

COLORS = {"train": "#8a8f98", "validation": "#1f6f8b"}


def draw_curves(folder: Path, history: Sequence[Phase]) -> None:
    """Loss, accuracy and recall@1 by epoch, as `curves.png`."""
    figure, panels = new_figure(1, 3, (11, 3.4))
    lines = (
        (0, "loss", "train", "triplet loss", "train"),
        (0, "loss", "validation", "triplet loss", "validation"),
        (1, "accuracy", "train", "triplet accuracy, %", "train"),
        (1, "accuracy", "validation", "triplet accuracy, %", "validation"),
        (1, "all_negatives", "validation", "triplet accuracy, %", "validation, every negative"),
        (2, "recall_1", "validation", "recall@1, %", "validation"),
    )
    for place, measure, phase, title, label in lines:
        points = [point for point in history if point.phase == phase]
        values = [getattr(point, measure) * (1 if measure == "loss" else 100) for point in points]
        dashes = "o:" if measure == "all_negatives" else "o-"
        epochs = [point.epoch for point in points]
        panels[place].plot(epochs, values, dashes, color=COLORS[phase], label=label, markersize=4)
        panels[place].set_title(title, loc="left", fontsize=10)
    for panel in panels:
        panel.set_xlabel("epoch (0: before training)")
        panel.spines[["top", "right"]].set_visible(False)
        panel.xaxis.get_major_locator().set_params(integer=True)
        panel.legend(frameon=False, fontsize=8)
    save_figure(figure, folder / "curves.png")


def draw_augmentations(run: Run) -> None:
    """What the network sees of one painting in training, as `augmentations.png`.

    For the report's recipe each transform alone and all of its own together; for `strong` the views.
    """
    import numpy as np

    from painter_search.collection.collection import Collection
    from painter_search.collection.framing import read_frame
    from painter_search.encoder.settings import EncoderConfig
    from painter_search.encoder.views import central_square, views_of
    from painter_search.training.augmentations import Augmentation
    from painter_search.training.recipe import AUGMENTATIONS

    collection = Collection.open(run.config.data[0])
    work = collection.works("train")[0]
    frame = read_frame(collection.frame_path(work.file))
    side, chosen = run.config.image_side, run.config.settled.augmentations
    if run.config.recipe == "report":
        view = np.asarray(central_square(frame, side))

        def transformed(names: Sequence[str]) -> list:
            return [view] + [Augmentation(names)(view, np.random.default_rng(column)) for column in range(1, 6)]

        rows = [(name + ("" if name in chosen else " (not used)"), transformed((name,))) for name in AUGMENTATIONS]
        rows.append(("the recipe's together (the first as it is)", transformed(chosen)))
    else:
        views = views_of(frame, EncoderConfig(image_side=side, views="parts"))
        rows = [("views, whose embeddings are averaged", [view.transpose(1, 2, 0) for view in views])]
    figure, panels = new_figure(len(rows), 6, (9, 1.62 * len(rows) + 0.2))
    for (title, pictures), row in zip(rows, np.atleast_2d(panels), strict=True):
        for panel in row:
            panel.set_axis_off()
        for panel, picture in zip(row, pictures, strict=False):
            panel.imshow(picture)
        row[0].set_title(title, loc="left", fontsize=8)
    save_figure(figure, run.folder / "augmentations.png")


def new_figure(rows: int, columns: int, size: tuple[float, float]):  # type: ignore[no-untyped-def]
    # Drawn without pyplot, which keeps figures alive and wants a screen.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns)


def save_figure(figure, path: Path) -> None:  # type: ignore[no-untyped-def]
    with any_letters():
        write_file(path, lambda beside: figure.savefig(beside, dpi=120, format="png"))


@contextmanager
def any_letters() -> Iterator[None]:
    """Letters that the font lacks are drawn as boxes, without a complaint about each."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
        yield
