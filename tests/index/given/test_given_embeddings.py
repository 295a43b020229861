"""Indexes of embeddings made elsewhere: read from what people have, and used for everything but new pictures."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet
from tiny_world import add_calibration, paint_tiny, save_tiny_encoder

from painter_search.analysis.audit import audit_collection
from painter_search.analysis.comparisons.comparison import compare_paintings
from painter_search.analysis.comparisons.pair_comparison import PairComparison
from painter_search.analysis.config import AuditConfig
from painter_search.analysis.evaluate import score_triplets
from painter_search.analysis.exports.config import ExportConfig
from painter_search.analysis.exports.export import export_index
from painter_search.analysis.projection import project_index
from painter_search.analysis.similar import similar_works
from painter_search.attribution.answers import Attribution
from painter_search.attribution.attribute import attribute
from painter_search.common.errors import DamagedFileError, NotFoundError, PainterSearchError, UnknownWorkError
from painter_search.images.fingerprint import has_picture
from painter_search.index.config import BuildIndexConfig
from painter_search.index.given.vectors import read_vectors
from painter_search.index.given.works import read_given_works
from painter_search.index.painting_index import PaintingIndex

WIDTH, ARTISTS, WORKS = 12, 5, 4
NAMES = [f"Artist {artist}" for artist in range(ARTISTS) for _ in range(WORKS)]


def vectors() -> np.ndarray:
    """Clusters, one an artist: float32 `[20, 12]` of length 1."""
    rng = np.random.default_rng(0)
    centres = np.repeat(rng.normal(size=(ARTISTS, WIDTH)), WORKS, axis=0)
    drawn = (centres + 0.3 * rng.normal(size=centres.shape)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def write_pictures(folder: Path) -> list[str]:
    for number in range(ARTISTS * WORKS - 2):  # the last two have none
        paint_tiny(folder / "pictures" / f"{number}.jpg", number)
    return [f"pictures/{number}.jpg" for number in range(ARTISTS * WORKS)]


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> PaintingIndex:
    """An index of a Parquet file as `pandas` writes it, with paths of pictures."""
    home = tmp_path_factory.mktemp("given")
    table = {"painter": NAMES, "Title": [f"No. {n}" for n in range(20)], "path": write_pictures(home)}
    pd.DataFrame({**table, "csd": list(vectors())}).to_parquet(home / "csd.parquet")
    return PaintingIndex.build(embeddings=home / "csd.parquet", index=home / "index")


def test_index_of_given_embeddings_searches_with_its_works(given: PaintingIndex) -> None:
    assert (given.store.dim, len(given), given.confidence, given.encoder_digest) == (WIDTH, 20, None, None)
    np.testing.assert_array_equal(given.embeddings(np.arange(1, 21)), vectors())
    assert given.manifest.encoder.normalize
    (work,) = given.works.get([6])
    assert (work.collection, work.file, work.artist, work.title) == ("csd", "5.jpg", "Artist 1", "No. 5")
    assert has_picture(given.fingerprints).tolist() == [True] * 18 + [False] * 2
    assert similar_works(given, 6, 3).nearest[0].work.artist == "Artist 1"


@pytest.mark.parametrize("id", [6, 20], ids=["with-picture", "without"])
def test_query_of_a_work_ranks_the_others_of_its_artist_first(given: PaintingIndex, id: int) -> None:
    (answer,) = attribute(given, f"#{id}", top_k=2)
    assert answer.answered
    assert answer.artists[0].artist == NAMES[id - 1]
    assert [neighbour.id for neighbour in answer.same_works] == [id]
    assert id not in {neighbour.id for match in answer.artists for neighbour in match.works}
    with pytest.raises(UnknownWorkError, match="no work 99"):
        attribute(given, "#99")


def test_new_picture_needs_an_encoder_and_says_so(given: PaintingIndex, tmp_path: Path) -> None:
    paint_tiny(tmp_path / "new.jpg", 99)
    for ask in (lambda: attribute(given, tmp_path / "new.jpg"), lambda: given.search(tmp_path / "new.jpg")):
        with pytest.raises(NotFoundError, match="holds embeddings that were made elsewhere, and no encoder"):
            ask()
    with pytest.raises(NotFoundError, match="no encoder for new pictures"):
        given.add(tmp_path / "new.jpg", artist="Somebody")


def test_works_without_pictures_are_the_same_picture_as_nothing(given: PaintingIndex) -> None:
    pair = compare_paintings(given, "#19", "#20")
    assert isinstance(pair, PairComparison)
    assert (pair.same_picture, pair.parts) == (False, None)
    assert compare_paintings(given, "#1", "#2").distance == pytest.approx(  # type: ignore[union-attr]
        float(np.linalg.norm(vectors()[0] - vectors()[1])), abs=1e-5
    )
    audit = audit_collection(AuditConfig(index=given.folder))
    assert (audit.works, audit.artists) == (20, 5)
    assert not {"18.jpg", "19.jpg"} & {work.file for pair in audit.duplicates for work in pair.works}


def test_triplets_map_and_removal_work_as_for_any_index(given: PaintingIndex) -> None:
    triplets = pd.DataFrame({"anchor": ["0.jpg"], "positive": ["1.jpg"], "negative": ["9.jpg"]})
    assert score_triplets(given, triplets).accuracy.value == 1
    assert len(project_index(given).positions) == 20
    assert len(given.remove("Artist 4").index) == 16


def test_commands_answer_from_given_embeddings(
    given: PaintingIndex, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index = str(given.folder)

    def printed(command: str, *words: str) -> dict[str, Any]:
        assert import_module(f"painter_search.{command}").main([*words, "--index", index, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    answered = printed("query", "#6", "--page", str(tmp_path / "answer.html"))
    assert (answered["engine"], answered["encoder"]["sha256"]) == (None, None)
    assert answered["answers"][0]["artists"][0]["artist"] == "Artist 1"
    assert "embeddings made elsewhere" in (tmp_path / "answer.html").read_text(encoding="utf-8")
    assert printed("compare", "#1", "#2", "--page", str(tmp_path / "compared.html"))["comparison"]["parts"] is None
    assert import_module("painter_search.query").main([str(given.folder / "manifest.json"), "--index", index]) == 1
    assert "no encoder for new pictures" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["npy", "npy-named", "numbered", "fixed", "bytes", "double"])
def test_embeddings_are_read_as_people_keep_them(form: str, tmp_path: Path) -> None:
    expected, files = vectors(), write_pictures(tmp_path)
    works = pd.DataFrame({"artist": NAMES, "file": files})
    path: Any = tmp_path / "vectors.parquet"
    if form.startswith("npy"):
        np.save(tmp_path / "vectors.npy", expected.astype(np.float16 if form == "npy-named" else np.float64))
        works.to_csv(tmp_path / ("works.csv" if form == "npy-named" else "vectors.csv"), index=False)
        path = tmp_path / "vectors.npy"
        path = (path, tmp_path / "works.csv") if form == "npy-named" else path
    elif form == "numbered":
        pd.concat([works, pd.DataFrame(expected).add_prefix("dim_")], axis=1).to_parquet(path)
    elif form == "double":  # two columns of vectors
        pd.DataFrame({**works, "scores": list(expected[:, :3]), "Embedding": list(expected)}).to_parquet(path)
    else:
        flat = pa.array(expected.ravel())
        columns = {"artist": NAMES, "embedding": pa.FixedSizeListArray.from_arrays(flat, WIDTH)}
        if form == "bytes":
            pictures = [
                {"bytes": (tmp_path / files[n]).read_bytes(), "path": None} if n < 18 else None for n in range(20)
            ]
            columns["image"] = pa.array(pictures, pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
        parquet.write_table(pa.table(columns), path)
    index = PaintingIndex.build(embeddings=path, index=tmp_path / "index")
    np.testing.assert_allclose(index.embeddings(np.arange(1, 21)), expected, atol=1e-3)
    assert int(has_picture(index.fingerprints).sum()) == (0 if form == "fixed" else 18)


def test_parquet_in_capitals_and_in_many_chunks_is_read_in_order(tmp_path: Path) -> None:
    rows: list[Any] = list(vectors())
    rows[7] = None
    table = pa.table({"artist": NAMES, "embedding": pa.array(rows, pa.list_(pa.float32()))})
    with parquet.ParquetWriter(tmp_path / "works.PARQUET", table.schema) as writer:
        for start in range(0, len(table), 3):
            writer.write_table(table.slice(start, 3))
    index = PaintingIndex.build(embeddings=tmp_path / "works.PARQUET", index=tmp_path / "index")
    np.testing.assert_array_equal(index.embeddings(np.arange(1, 20)), np.delete(vectors(), 7, axis=0))


def test_embeddings_of_one_number_are_mapped(tmp_path: Path) -> None:
    pd.DataFrame({"artist": NAMES, "embedding": list(vectors()[:, :1])}).to_parquet(tmp_path / "works.parquet")
    index = PaintingIndex.build(embeddings=tmp_path / "works.parquet", index=tmp_path / "index")
    assert np.isfinite(project_index(index).positions).all()


def test_rows_that_cannot_be_used_are_listed(tmp_path: Path) -> None:
    rows: list[Any] = list(vectors()[:6])
    rows[2], rows[4] = None, np.full(WIDTH, np.nan, np.float32)
    table = {"artist": ["Ada", "", "Bo", "Unknown", "Cy", "Ada"], "embedding": rows}
    pd.DataFrame(table).to_parquet(tmp_path / "some.parquet")
    index = PaintingIndex.build(embeddings=tmp_path / "some.parquet", index=tmp_path / "index")
    assert [work.file for work in index.works.get([1, 2])] == ["000000", "000005"]
    rejected = pd.read_csv(index.folder / "rejected.csv", dtype=str).set_index("file")["reason"]
    assert rejected["000001"] == "no artist in the catalogue"
    assert rejected["000002"] == rejected["000004"] == "no whole vector"
    assert rejected["000003"].endswith("Unknown")


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"artist": ["A"], "title": ["x"]}, "no column of vectors"),
        ({"title": ["x"], "embedding": [[0.5, 1.0]]}, "no column of artists"),
        ({"artist": ["A", "B"], "embedding": [[0.5], [0.5, 1.0]]}, "differ in length"),
        ({"artist": ["A"], "a": [[0.5]], "b": [[0.5]]}, "several columns of vectors"),
        ({"artist": [""], "embedding": [[0.5, 1.0]]}, "no usable row"),
        ({"artist": ["A", "B"], "embedding": [[0.5, 1.0]] * 2}, "all vectors are the same"),
        ({"artist": ["A", "B"], "embedding": [[1e30, 1.0], [1.0, 1e30]]}, "000000: numbers too large for distances"),
        ({"artist": ["A"], "neighbours": [[1, 2]]}, "no column of vectors"),
        ({"artist": ["A", "B"], "embedding": [[0.5] * 65_536] * 2}, "65,536 dimensions, and an index takes 65,535"),
        (b"PAR1 damaged PAR1", "cannot be read as embeddings"),
        (None, "does not exist"),
    ],
)
def test_build_index_refuses_embeddings_in_a_sentence(columns: Any, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "vectors.parquet"
    if isinstance(columns, bytes):
        path.write_bytes(columns)
    elif columns is not None:
        parquet.write_table(pa.table(columns), path)
    with pytest.raises(PainterSearchError, match=sentence):
        PaintingIndex.build(embeddings=path, index=tmp_path / "index")
    assert not [path for path in (tmp_path / "index").glob("*") if path.is_dir()]


def test_works_have_all_artists_that_their_table_numbers(tmp_path: Path) -> None:
    table = {"Artist 1": ["Rubens", "Titian"], "Artist 2": ["Snyders", ""], "embedding": [[0.0, 1.0], [1.0, 0.0]]}
    parquet.write_table(pa.table(table), tmp_path / "v.parquet")
    file = read_vectors((tmp_path / "v.parquet",))
    given = read_given_works(file, None, keep_uncertain=True)
    assert [work.artist for work in given.works] == ["Rubens; Snyders", "Titian"]


def test_npy_file_is_never_unpickled_and_needs_its_rows(tmp_path: Path) -> None:
    np.save(tmp_path / "evil.npy", np.array([object()]), allow_pickle=True)
    np.save(tmp_path / "vectors.npy", vectors())
    with pytest.raises(PainterSearchError, match=r"cannot be read as an \.npy file"):
        PaintingIndex.build(embeddings=tmp_path / "evil.npy", index=tmp_path / "index")
    with pytest.raises(NotFoundError, match=r"needs a table of its rows: vectors\.csv beside it"):
        PaintingIndex.build(embeddings=tmp_path / "vectors.npy", index=tmp_path / "index")
    (tmp_path / "vectors.csv").write_text("artist\nAda\nBo\n")
    with pytest.raises(PainterSearchError, match="has 2 rows, and there are 20 vectors"):
        PaintingIndex.build(embeddings=tmp_path / "vectors.npy", index=tmp_path / "index")


def test_lists_of_whole_numbers_called_embedding_are_vectors(tmp_path: Path) -> None:
    whole = np.round(100 * vectors()).astype(np.int8)
    parquet.write_table(
        pa.table({"artist": NAMES, "embedding": pa.array(list(whole), pa.list_(pa.int8()))}), tmp_path / "int8.parquet"
    )
    index = PaintingIndex.build(embeddings=tmp_path / "int8.parquet", index=tmp_path / "index")
    np.testing.assert_array_equal(index.embeddings(np.arange(1, 21)), whole)


def test_npy_file_takes_the_csv_beside_it_before_a_parquet_file(given: PaintingIndex, tmp_path: Path) -> None:
    export_index(ExportConfig(tmp_path / "works.npy", index=given.folder))
    export_index(ExportConfig(tmp_path / "works.parquet", index=given.folder))
    again = PaintingIndex.build(embeddings=tmp_path / "works.npy", index=tmp_path / "index")
    assert again.to_frame().equals(given.to_frame())


@pytest.mark.slow
def test_embeddings_with_an_encoder_that_has_probabilities_keep_them(
    small_index_config: BuildIndexConfig, tmp_path: Path
) -> None:
    add_calibration(encoder := save_tiny_encoder(tmp_path / "encoder.pt"))
    built = PaintingIndex.build(
        replace(small_index_config, encoder=str(encoder), index=tmp_path / "built", split="all")
    )
    export_index(ExportConfig(tmp_path / "works.parquet", index=built.folder))
    again = PaintingIndex.build(embeddings=tmp_path / "works.parquet", encoder=str(encoder), index=tmp_path / "again")
    (one,), (other,) = attribute(built, "#1"), attribute(again, "#1")
    assert isinstance(one, Attribution)
    assert isinstance(other, Attribution)
    assert again.plda is not None
    assert other.artists[0].artist == one.artists[0].artist
    assert other.artists[0].probability is not None


def test_exported_works_of_equal_names_in_two_collections_are_all_there_again(tmp_path: Path) -> None:
    names = ["Ada", "Bo", "Ada", "Ada"]
    table = {"collection": ["a", "b", "b", ""], "file": ["1.jpg", "1.jpg", "2.jpg", "1.jpg"], "artist": names}
    pd.DataFrame({**table, "embedding": list(vectors()[:4])}).to_parquet(tmp_path / "works.parquet")
    index = PaintingIndex.build(embeddings=tmp_path / "works.parquet", index=tmp_path / "index")
    found = [(work.collection, work.file, work.artist) for work in index.works.get([1, 2, 3, 4])]
    assert found == [("a", "1.jpg", "Ada"), ("b", "1.jpg", "Bo"), ("b", "2.jpg", "Ada"), ("works", "1.jpg", "Ada")]
    table["collection"][0] = "works"  # as the last one is called, whose cell is empty
    pd.DataFrame({**table, "embedding": list(vectors()[:4])}).to_parquet(tmp_path / "works.parquet")
    again = PaintingIndex.build(embeddings=tmp_path / "works.parquet", index=tmp_path / "again")
    assert len(again) == 3


@pytest.mark.parametrize("kind", ["cut", "double"])
def test_table_that_cannot_be_read_beside_an_npy_file_is_named(kind: str, tmp_path: Path) -> None:
    np.save(tmp_path / "vectors.npy", vectors())
    columns = pa.table([NAMES, NAMES], names=["artist", "artist" if kind == "double" else "file"])
    parquet.write_table(columns, tmp_path / "works.parquet")
    if kind == "cut":
        (tmp_path / "works.parquet").write_bytes((tmp_path / "works.parquet").read_bytes()[:300])
    files = (tmp_path / "vectors.npy", tmp_path / "works.parquet")
    with pytest.raises(DamagedFileError, match=r"works\.parquet cannot be read as a table"):
        PaintingIndex.build(embeddings=files, index=tmp_path / "index")


def test_exported_index_with_its_encoder_is_the_same_index_again(
    small_index: PaintingIndex, small_index_config: Any, painted_originals: Path, tmp_path: Path
) -> None:
    export_index(ExportConfig(tmp_path / "works.parquet", index=small_index.folder))
    again = PaintingIndex.build(
        embeddings=tmp_path / "works.parquet", encoder=small_index_config.encoder, index=tmp_path / "index"
    )
    ids = small_index.artists.ids
    np.testing.assert_array_equal(again.embeddings(np.arange(1, len(ids) + 1)), small_index.embeddings(ids))
    assert again.works.get(again.artists.ids.tolist()) == small_index.works.get(ids.tolist())
    painting = Image.open(sorted(painted_originals.iterdir())[0])
    one, other = attribute(again, painting, top_k=3), attribute(small_index, painting, top_k=3)
    assert one[0].artists[0].artist == other[0].artists[0].artist  # type: ignore[union-attr]
    pd.DataFrame({"artist": NAMES, "embedding": list(vectors())}).to_parquet(tmp_path / "csd.parquet")
    settings = {"embeddings": tmp_path / "csd.parquet", "encoder": small_index_config.encoder}
    with pytest.raises(PainterSearchError, match="gives embeddings of 256 numbers, and embeddings have 12"):
        PaintingIndex.build(**settings, index=tmp_path / "other")
