"""Pictures of a training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from painter_search.folders import write_file

if TYPE_CHECKING:
    from painter_search.training.history import Phase
    from painter_search.training.run import Run

COLORS = {"train": "#8a8f98", "validation": "#1f6f8b"}


def draw_curves(folder: Path, history: Sequence[Phase]) -> None:
    """Loss and accuracy by epoch and phase, as `curves.png`."""
    figure, panels = _figure(1, 2, (9, 3.6))
    for panel, measure in zip(panels, ("loss", "accuracy"), strict=True):
        for phase, color in COLORS.items():
            points = [point for point in history if point.phase == phase]
            values = [getattr(point, measure) * (100 if measure == "accuracy" else 1) for point in points]
            panel.plot([point.epoch for point in points], values, "o-", color=color, label=phase, markersize=4)
        panel.set_title("triplet loss" if measure == "loss" else "triplet accuracy, %", loc="left", fontsize=10)
        panel.set_xlabel("epoch (0: before training)")
        panel.spines[["top", "right"]].set_visible(False)
        panel.xaxis.get_major_locator().set_params(integer=True)
    panels[0].legend(frameon=False)
    _save(figure, folder / "curves.png")


def draw_augmentations(run: Run) -> None:
    """Each transform's effect on one painting, and all of the recipe's together, as `augmentations.png`."""
    import numpy as np

    from painter_search.collection.collection import Collection
    from painter_search.collection.framing import open_frame
    from painter_search.encoder.settings import IMAGE_SIDE
    from painter_search.encoder.views import central_square
    from painter_search.training.augmentations import Augmentation
    from painter_search.training.recipe import AUGMENTATIONS

    collection = Collection.open(run.config.data[0])
    work = collection.works("train")[0]
    view = np.asarray(central_square(open_frame(collection.frame_path(work.file).read_bytes()), IMAGE_SIDE))
    chosen = run.config.augmentations
    rows = [(name, (name,)) for name in AUGMENTATIONS] + [("the recipe's together", chosen)]
    figure, panels = _figure(len(rows), 6, (9, 1.62 * len(rows)))
    for (title, names), row in zip(rows, panels, strict=True):
        augment = Augmentation(names)
        for column, panel in enumerate(row):
            panel.imshow(view if column == 0 else augment(view, np.random.default_rng(column)))
            panel.set_xticks([])
            panel.set_yticks([])
            panel.spines[:].set_visible(False)
        used = "" if set(names) <= set(chosen) else " (not used)"
        row[0].set_title("as it is", loc="left", fontsize=8)
        row[1].set_title(title + used, loc="left", fontsize=8)
    _save(figure, run.folder / "augmentations.png")


def _figure(rows: int, columns: int, size: tuple[float, float]):  # type: ignore[no-untyped-def]
    # Drawn without pyplot, which keeps figures alive and wants a screen.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns)


def _save(figure, path: Path) -> None:  # type: ignore[no-untyped-def]
    write_file(path, lambda beside: figure.savefig(beside, dpi=120, format="png"))
