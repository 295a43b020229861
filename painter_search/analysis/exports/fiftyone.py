"""A FiftyOneDataset on disk: pictures, and samples with artist, catalogue entry and embedding as JSON.

It is the layout without a version, which every version of FiftyOne reads, so that none need be installed here.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from painter_search.common.progress import track
from painter_search.index.painting_index import PaintingIndex


def write_fiftyone(index: PaintingIndex, folder: Path) -> None:
    """Write `data/`, `samples.json` and `metadata.json`."""
    ids = index.artists.ids.tolist()
    (folder / "data").mkdir()
    samples: list[dict[str, object]] = []
    for id, work, embedding in zip(track(ids, "Exporting"), index.works.get(ids), index.embeddings(ids), strict=True):
        file = f"data/{id:06}.jpg"
        (folder / file).write_bytes(index.works.thumbnail(id))
        artist = {"_cls": "Classification", "tags": [], "label": work.artist}
        catalogued = {name: value for name, value in asdict(work).items() if name not in ("artist", "file")}
        samples.append(
            {
                "filepath": file,
                "tags": [],
                "_media_type": "image",
                "artist": artist,
                "work_id": id,
                "original_file": work.file,
                **catalogued,
                "embedding": embedding.tolist(),
            }
        )
    info = {"source": "painter_search", "index": index.digest, "works": len(ids), "classes": index.artists.names}
    _write(folder / "metadata.json", {"media_type": "image", "info": info, "default_classes": index.artists.names})
    _write(folder / "samples.json", {"samples": samples})


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")
