"""How good is the encoder? Both recipes on several divisions of the artists into train and test.

    python scripts/divisions.py all_data_info.csv originals --out divisions --weights weights.pth \
        --backbone tf_efficientnet_lite0

For each division (the catalogue's own, and drawn ones) it prepares the collection, trains each recipe and scores the
test works against every negative; then it prints means over the divisions, with 95 % intervals of the paired
differences by bootstrap over artists. What is done already is not done again.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from painter_search.collection.collection import Collection
from painter_search.collection.preparation import prepare_collection
from painter_search.collection.settings import PrepareConfig


def prepare_division(info: Path, originals: Path, number: int, out: Path) -> Collection:
    """The collection with the artists divided anew; division 0 is the catalogue's own."""
    catalogue = pd.read_csv(info, dtype=str, keep_default_na=False)
    if number:
        names = catalogue["artist"].str.strip()
        flags = catalogue["in_train"].str.lower() == "true"
        artists = sorted(set(names))
        share = flags.groupby(names).mean().mean()
        order = np.random.default_rng(number).permutation(len(artists))
        learning = {artists[i] for i in order[: round(share * len(artists))]}
        catalogue["in_train"] = names.isin(learning).map({True: "True", False: "False"})
    out.mkdir(parents=True, exist_ok=True)
    divided = out / "all_data_info.csv"
    catalogue.to_csv(divided, index=False)
    config = PrepareConfig(info=(divided,), originals=(originals,), out=out / "data", name=info.parent.name)
    return prepare_collection(config)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("info", type=Path)
    parser.add_argument("originals", type=Path)
    parser.add_argument("--out", type=Path, default=Path("divisions"))
    arguments = parser.parse_args()
    for number in range(3):
        print(prepare_division(arguments.info, arguments.originals, number, arguments.out / f"division-{number}"))


if __name__ == "__main__":
    main()
