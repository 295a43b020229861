"""What holds of every index after works were added or removed."""

import numpy as np

from painter_search.index.painting_index import PaintingIndex


def check_consistent(index: PaintingIndex) -> None:
    """Embeddings, works, thumbnails, fingerprints and manifest are of the same works."""
    ids = index.artists.ids
    assert len(index) == len(index.works) == len(ids) == index.manifest.works
    assert index.manifest.artists == len(index.works.works_per_artist())
    assert index.embeddings(ids).shape == (len(ids), 256)
    assert len(index.fingerprints) == len(ids)
    assert all(index.works.thumbnail(id) for id in ids)
    _, found = index.search(index.embeddings(ids), 1)
    np.testing.assert_array_equal(found[:, 0], ids)
    assert max(ids) < index.manifest.next_id
