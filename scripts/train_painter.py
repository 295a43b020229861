"""Make the encoder that comes with the package again: trained on artists presumed out of copyright alone.

    python scripts/train_painter.py ../shared --weights weights.pth

The folder holds the collections `wikiart` and `paintings`. Trained on are the training artists of `wikiart` whose last
dated work is of 1928 or before, and those of `paintings` but the two who died after 1954. The test artists of both are
scored once, at the end. What is finished already is not done again. The encoder's folder goes into the package.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd

from painter_search.collection.collection import Collection
from painter_search.collection.config import PrepareConfig
from painter_search.collection.preparation import prepare_collection
from painter_search.common.files.atomic_io import write_bytes
from painter_search.display.model_card import (
    LIMITS,
    describe_calibration,
    describe_encoder,
    describe_measured,
    describe_training,
)
from painter_search.encoder.encoder import Encoder
from painter_search.encoder.files.names import CARD, PACKAGED
from painter_search.encoder.load_encoder import load_encoder
from painter_search.training.config import TrainConfig
from painter_search.training.run import CONFIG, Run, is_finished
from painter_search.training.trainer import train_encoder

BACKBONE = "tf_efficientnet_lite0"
LAST_YEAR = 1928
"""Works published until then are in the public domain in the United States, too."""
IN_COPYRIGHT = ("Dimitris Mytaras", "Elaine de Kooning")
"""Training artists of `paintings` who died after 1954."""
CARD_SOURCES = (
    "Only artists presumed out of copyright were trained on: of `wikiart` (reproductions of paintings, drawings and "
    "prints, short side at most 224 px) those whose last dated work in Painter by Numbers is from 1928 or before; of "
    "`paintings` (marked public domain where they come from) those who died before 1955. A fifth of the artists were "
    "kept to validate on."
)
CARD_LICENSE = (
    "The backbone's ImageNet weights are Google's EfficientNet-Lite0, as timm converted them, under the Apache License "
    "2.0; the changes to them, and what was added, are under the licence of painter_search."
)


def main() -> None:
    """Prepare, train, and save the encoder with its card."""
    flags = parse_flags()
    data = (
        prepare(flags.collections / "wikiart", "wikiart.zip", flags.out / "wikiart"),
        prepare(flags.collections / "paintings", "originals", flags.out / "paintings"),
    )
    runs = flags.out / "runs"
    config = TrainConfig(data=data, runs=runs, name="painter", backbone=BACKBONE, weights=str(flags.weights))
    if not is_finished(runs / "painter"):
        train_encoder(replace(config, resume=(runs / "painter" / CONFIG).is_file()))
    run = Run.load(runs / "painter")
    encoder = load_encoder(run.best)
    encoder.save(flags.save_to, precision="float16")
    collections = [Collection.open(folder) for folder in data]
    write_bytes(flags.save_to / CARD, packaged_card(encoder, run, collections).encode())


def parse_flags() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collections", type=Path, help="the folder that holds the collections")
    parser.add_argument("--weights", type=Path, required=True, help=f"ImageNet weights of {BACKBONE}")
    parser.add_argument("--out", type=Path, default=Path("painter-work"), help="a folder for everything in between")
    parser.add_argument("--save-to", type=Path, default=PACKAGED, help="the encoder's folder")
    return parser.parse_args()


def prepare(source: Path, originals: str, out: Path) -> Path:
    """Prepare a collection without the training artists whose works may be in copyright."""
    if not (out / "prepare.json").is_file():
        out.mkdir(parents=True, exist_ok=True)
        catalogue = out.with_suffix(".csv")
        free_of_rights(pd.read_csv(source / "all_data_info.csv")).to_csv(catalogue, index=False)
        prepare_collection(
            PrepareConfig(catalogue=(catalogue,), originals=(source / originals,), out=out, name=source.name)
        )
    return out


def free_of_rights(catalogue: pd.DataFrame) -> pd.DataFrame:
    """The rows to train on, and all to test on."""
    old = catalogue["latest"] <= LAST_YEAR if "latest" in catalogue else ~catalogue["artist"].isin(IN_COPYRIGHT)
    return catalogue[~catalogue["in_train"].astype(bool) | old]


def packaged_card(encoder: Encoder, run: Run, collections: Sequence[Collection]) -> str:
    """The card of the encoder that comes with the package, as Markdown; the run was trained on these collections."""
    lines = [
        "# The encoder that comes with the package", "", describe_encoder(encoder), "",
        "## Trained on", "", *describe_training(run), "",
        "| collection | training artists | works |", "|---|---|---|", *map(collection_row, collections), "",
        CARD_SOURCES, "",
        "## Measured", "", *describe_measured(run), "", *describe_calibration(encoder), "",
        "## Limits", "", LIMITS, "",
        "## Licence", "", CARD_LICENSE, "",
        f"Made {date.today().isoformat()} by `scripts/train_painter.py`.", "",
    ]  # fmt: skip
    return "\n".join(lines)


def collection_row(collection: Collection) -> str:
    """A collection's row in the card: its name, training artists and works."""
    works = collection.works("train")
    return f"| `{collection.name}` | {len({work.artist for work in works}):,} | {len(works):,} |"


if __name__ == "__main__":
    main()
