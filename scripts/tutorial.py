"""From paintings to answers in Python, one step after another: read it from top to bottom, or run it.

    python scripts/tutorial.py

It works on the built-in sample and writes into the folder `demo/tutorial` (about a minute on two cores). With your own
folder, which has a sub-folder per artist, and a painting to query:

    python scripts/tutorial.py --folder my-paintings --painting painting.jpg --out tutorial

Every step is a function that a command calls as well; `python -m painter_search` lists the commands.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from painter_search import (
    Attribution,
    AuditConfig,
    BuildIndexConfig,
    PaintingIndex,
    PrepareConfig,
    TrainConfig,
    WorkFilter,
    attribute,
    audit_collection,
    compare_paintings,
    measure_reliability,
    prepare_collection,
    train_encoder,
)
from painter_search.collection.sample import SAMPLE


def main(folder: Path | None, painting: Path, out: Path, backbone: str, weights: str, img_size: int) -> None:
    """Prepare, audit, train, index, query, filter, compare, and measure."""
    # 1. A collection: frames of the paintings, their artists split into training, validation and test artists. Without
    # a folder it is the built-in sample. A run again reuses it.
    collection = prepare_collection(PrepareConfig(folder=folder, out=out / "data", test_triplets=1.0))
    print(f"{len(collection.works('train'))} works to train on, {len(collection.works('test'))} to test on")

    # 2. Look before you trust: one picture in two files, one artist under two spellings, and the like.
    audit = audit_collection(AuditConfig(data=(out / "data",)))
    print(f"{len(audit.duplicates)} pairs of files show one picture")

    # 3. An encoder that learns what works by one artist have in common. It never sees the test artists.
    config = TrainConfig(
        data=(out / "data",), runs=out / "runs", backbone=backbone, weights=weights, img_size=img_size, epochs=2
    )
    run = train_encoder(config)
    if run.test is not None:
        print(f"accuracy on artists never seen: {run.test.accuracy.trained.value:.0%}")

    # 4. An index of the test works: their embeddings, and the encoder to embed queries with.
    index = PaintingIndex.build(BuildIndexConfig(data=(out / "data",), encoder=str(run.best), index=out / "index"))

    # 5. Whose works is a painting nearest to in style? The verdict first, then the artists and the works that speak
    # for each. A file that is not an image gets a `FailedQuery` with the reason.
    answer = attribute(index, [painting], top_k=3, works_per_artist=2)[0]
    if not isinstance(answer, Attribution):
        raise SystemExit(f"{answer.painting}: {answer.reason}")
    print(f"{answer.painting}: {answer.verdict}")
    for match in answer.artists:
        print(f"  {match.artist}, {match.distance:.2f}:", [work.work.caption for work in match.works])

    # 6. The same among fewer works: an SQL expression over their columns, artists left out, or earlier years only.
    without = index.filtered(WorkFilter(exclude_artists=(answer.artists[0].artist,)))
    second = attribute(without, [painting], top_k=1)[0]
    assert isinstance(second, Attribution)
    print(f"without {answer.artists[0].artist}: {second.verdict}")

    # 7. Two paintings: how far apart, and what share of pairs by different artists in the index lie further apart.
    work = collection.works("test")[0]
    pair = compare_paintings(index, painting, collection.frame_path(work.file))
    print(f"{painting.name} and {work.caption}:", pair.to_dict()["nearer_than_different"])

    # 8. How sure are the answers? The index's own works are queried, with and without their artist in it.
    reliability = measure_reliability(index)
    if reliability is None:
        print("too few works to say")
    else:
        print(f"own artist ranked first: {reliability.first_artist.value:.0%}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="a folder with one sub-folder per artist; the sample by default")
    parser.add_argument("--painting", type=Path, default=sorted((SAMPLE / "queries").iterdir())[0])
    parser.add_argument("--out", type=Path, default=Path("demo/tutorial"))
    parser.add_argument("--backbone", default="tf_efficientnet_lite0", help="see train --help")
    parser.add_argument("--weights", default="imagenet", help="see train --help")
    parser.add_argument("--img-size", type=int, default=224, help="side of a view in pixels")
    main(**vars(parser.parse_args()))
