"""From paintings to answers in Python, one step after another: read it from top to bottom, or run it.

    python scripts/tutorial.py

It works on the built-in sample and writes into the folder `demo/tutorial` (about a minute on two cores). With a folder
of your own that has a sub-folder per artist, and a painting to ask about:

    python scripts/tutorial.py --folder my-paintings --painting painting.jpg --out tutorial

Every step is a function that a command calls, too; `python -m painter_search` names the commands.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from painter_search import (
    Attribution,
    AuditConfig,
    IndexConfig,
    PaintingIndex,
    PrepareConfig,
    TrainConfig,
    WorkFilter,
    attribute,
    audit_collection,
    compare_paintings,
    measure_trust,
    prepare_collection,
    train_encoder,
)
from painter_search.collection.sample import SAMPLE


def main(folder: Path | None, painting: Path, out: Path, backbone: str, weights: str, side: int) -> None:
    """Prepare, audit, train, index, ask, narrow, compare, and measure."""
    # 1. A collection: frames of the paintings, and their artists divided into training, validation and test artists.
    # Without a folder it is the built-in sample. Run again, it takes up what is there.
    collection = prepare_collection(PrepareConfig(folder=folder, out=out / "data", test_triplets=1.0))
    print(f"{len(collection.works('train'))} works to train on, {len(collection.works('test'))} to test on")

    # 2. Look before you trust: one picture in two files, one artist under two spellings, and the like.
    audit = audit_collection(AuditConfig(data=(out / "data",)))
    print(f"{len(audit.repeats)} pairs of files show one picture")

    # 3. An encoder that has learned what works by one hand have in common. Test artists are not shown to it.
    config = TrainConfig(
        data=(out / "data",), runs=out / "runs", backbone=backbone, weights=weights, image_side=side, epochs=2
    )
    run = train_encoder(config)
    if run.test is not None:
        print(f"accuracy on artists never seen: {run.test.accuracy.trained.value:.0%}")

    # 4. An index of the test works: their embeddings, and the encoder to embed what is asked about.
    index = PaintingIndex.build(IndexConfig(data=(out / "data",), encoder=str(run.best), index=out / "index"))

    # 5. Whose works is a painting nearest to in style? The verdict first, then the artists and the works that speak
    # for each. The answer for a file that is no image is `Unanswered` and says why.
    answer = attribute(index, [painting], top=3, works=2)[0]
    if not isinstance(answer, Attribution):
        raise SystemExit(f"{answer.painting}: {answer.reason}")
    print(f"{answer.painting}: {answer.verdict}")
    for match in answer.artists:
        print(f"  {match.artist}, {match.distance:.2f}:", [work.work.title or work.work.file for work in match.works])

    # 6. The same among fewer works: any SQL expression over their columns, artists left out, earlier years alone.
    others = index.filtered(WorkFilter(exclude_artists=(answer.artists[0].artist,)))
    second = attribute(others, [painting], top=1)[0]
    assert isinstance(second, Attribution)
    print(f"without {answer.artists[0].artist}: {second.verdict}")

    # 7. Two paintings: how far apart, and what share of pairs by different artists in the index lie further apart.
    work = collection.works("test")[0]
    pair = compare_paintings(index, painting, collection.frame_path(work.file))
    print(f"{painting.name} and {work.title or work.file}:", pair.as_json()["nearer_than_different"])

    # 8. How sure are the answers? The index's own works are asked about, with and without their artist in it.
    trust = measure_trust(index)
    print("too few works to say" if trust is None else f"own artist ranked first: {trust.first_artist.value:.0%}")


if __name__ == "__main__":  # as data loaders start processes of their own, which read this file again
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="a folder with one sub-folder per artist; else the sample")
    parser.add_argument("--painting", type=Path, default=sorted((SAMPLE / "queries").iterdir())[0])
    parser.add_argument("--out", type=Path, default=Path("demo/tutorial"))
    parser.add_argument("--backbone", default="tf_efficientnet_lite0", help="see train --help")
    parser.add_argument("--weights", default="imagenet", help="see train --help")
    parser.add_argument("--side", type=int, default=224, help="side of a view in pixels")
    main(**vars(parser.parse_args()))
