import numpy as np
import pytest

from painter_search.analysis.similar import ARTIST_COLUMNS, COLUMNS, similar_artists, similar_works
from painter_search.common.errors import UnknownWorkError
from painter_search.index.config import WorkFilter
from painter_search.index.painting_index import PaintingIndex


def test_similar_works_equal_loop(small_index: PaintingIndex) -> None:
    ids = small_index.artists.ids.tolist()
    vectors = small_index.embeddings(ids).astype(np.float64)
    distances = np.linalg.norm(vectors - vectors[ids.index(3)], axis=1)
    expected = [ids[row] for row in np.argsort(distances) if ids[row] != 3][:5]
    found = similar_works(small_index, 3, top_k=5)
    assert [neighbour.id for neighbour in found.nearest] == expected
    assert found.work.id == 3
    assert found.to_dict()["work"]["id"] == 3
    assert found.to_frame()["id"].tolist() == expected
    assert tuple(found.to_frame().columns) == COLUMNS
    assert "<table>" in found._repr_html_()


def test_similar_works_respect_filter(small_index: PaintingIndex) -> None:
    found = similar_works(small_index.filtered(WorkFilter("artist = 'Painter 9'")), 1)
    assert {neighbour.work.artist for neighbour in found.nearest} == {"Painter 9"}


def test_similar_artists_rank_other_artists_nearest_first(small_index: PaintingIndex) -> None:
    matches = similar_artists(small_index, "Painter 8", top_k=2, works_per_artist=1)
    assert len(matches) == 2
    assert "Painter 8" not in {match.artist for match in matches}
    assert matches[0].distance <= matches[1].distance
    assert [len(match.works) for match in matches] == [1, 1]
    assert [match["artist"] for match in matches.to_dict()["artists"]] == [match.artist for match in matches]
    assert matches.to_frame()["nearest_work"].tolist() == [match.works[0].work.name for match in matches]
    assert tuple(matches.to_frame().columns) == ARTIST_COLUMNS
    assert matches[1].artist in matches._repr_html_()


def test_similar_functions_refuse_unknown_works_and_artists(small_index: PaintingIndex) -> None:
    with pytest.raises(UnknownWorkError, match="no work 9999; `build-index list --artist NAME`"):
        similar_works(small_index, 9999)
    with pytest.raises(UnknownWorkError, match="no work by 'Nobody'"):
        similar_artists(small_index, "Nobody")
