"""Exports of an index: what other programs are given."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pyarrow import parquet

from painter_search.analysis.exports.config import ExportConfig, Format
from painter_search.analysis.exports.export import export_index
from painter_search.analysis.exports.tables import write_npy
from painter_search.common.errors import InvalidValueError
from painter_search.index.config import WorkFilter
from painter_search.index.painting_index import PaintingIndex


def export(index: PaintingIndex, out: Path, kind: str, **settings: object) -> Path:
    exported = export_index(ExportConfig(out, format=kind, index=index.folder, **settings))  # type: ignore[arg-type]
    assert (exported.works, exported.dimensions) == (len(index), 0 if kind == "csv" else 256)
    return out


def test_parquet_has_works_embeddings_and_pictures(small_index: PaintingIndex, tmp_path: Path) -> None:
    table = parquet.read_table(export(small_index, tmp_path / "works.parquet", "parquet"))
    frame = table.to_pandas()
    ids = small_index.artists.ids
    assert frame["id"].tolist() == ids.tolist()
    pd.testing.assert_frame_equal(
        frame.set_index("id")[list(small_index.to_frame().columns)].astype(object),
        small_index.to_frame().astype(object),
    )
    np.testing.assert_array_equal(np.stack(frame["embedding"].to_list()), small_index.embeddings(ids))
    assert frame["image"][0]["bytes"] == small_index.works.thumbnail(int(ids[0]))
    assert json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]["image"] == {"_type": "Image"}
    bare = parquet.read_schema(export(small_index, tmp_path / "bare.parquet", "parquet", pictures=False))
    assert "image" not in bare.names


def test_npy_and_csv_have_the_same_rows(small_index: PaintingIndex, tmp_path: Path) -> None:
    vectors = np.load(export(small_index, tmp_path / "works.npy", "npy"))
    works = pd.read_csv(tmp_path / "works.csv")
    np.testing.assert_array_equal(vectors, small_index.embeddings(small_index.artists.ids))
    assert works["id"].tolist() == small_index.artists.ids.tolist()
    assert works["artist"].tolist() == small_index.to_frame()["artist"].tolist()


@pytest.mark.parametrize(
    ("out", "kind", "written"),
    [
        (None, None, "works.parquet"), (None, "npy", "works.npy"), (None, "atlas", "atlas.parquet"),
        (None, "fiftyone", "fiftyone"), ("vectors.npy", None, "vectors.npy"), (None, "csv", "works.csv"),
        ("list.csv", None, "list.csv"),
    ],
)  # fmt: skip
def test_format_follows_the_name_and_the_name_the_format(out: str | None, kind: Any, written: str) -> None:
    config = ExportConfig(None if out is None else Path(out), format=kind)
    assert config.target == Path(written)
    assert config.kind == (kind or written.rpartition(".")[2])
    assert config.format == kind
    if config.out is not None:
        assert replace(ExportConfig(), out=config.out) == config


def test_csv_lists_the_works_with_their_ids_for_spreadsheets(small_index: PaintingIndex, tmp_path: Path) -> None:
    path = export(small_index, tmp_path / "list.csv", "csv")
    assert path.read_bytes().startswith("\ufeffid,".encode())
    works = pd.read_csv(path, encoding="utf-8-sig", keep_default_na=False)
    assert works["id"].tolist() == small_index.artists.ids.tolist()
    assert works["artist"].tolist() == small_index.to_frame()["artist"].tolist()
    assert works["title"].tolist() == small_index.to_frame()["title"].tolist()


def test_projector_folder_has_a_row_and_a_picture_for_each_work(small_index: PaintingIndex, tmp_path: Path) -> None:
    folder = export(small_index, tmp_path / "projector", "tensorboard")
    tensors = np.loadtxt(folder / "tensors.tsv", delimiter="\t")
    np.testing.assert_allclose(tensors, small_index.embeddings(small_index.artists.ids), rtol=1e-5, atol=1e-6)
    lines = (folder / "metadata.tsv").read_text(encoding="utf-8").splitlines()
    assert lines[0].split("\t")[:4] == ["id", "artist", "collection", "file"]
    assert len(lines) == len(small_index) + 1
    sprite = Image.open(folder / "sprite.png")
    assert sprite.size == (4 * 64, 4 * 64)  # sixteen works
    assert np.asarray(sprite)[-32:, -32:].std() > 5
    assert "single_image_dim: 64" in (folder / "projector_config.pbtxt").read_text()


def test_fiftyone_samples_name_their_pictures(small_index: PaintingIndex, tmp_path: Path) -> None:
    folder = export(small_index, tmp_path / "fiftyone", "fiftyone")
    metadata = json.loads((folder / "metadata.json").read_text())
    assert "version" not in metadata  # or FiftyOne would expect the document of its database
    samples = json.loads((folder / "samples.json").read_text())["samples"]
    assert [sample["artist"]["label"] for sample in samples] == small_index.to_frame()["artist"].tolist()
    for sample in samples:
        assert Image.open(folder / sample["filepath"]).size[0] > 0
        assert len(sample["embedding"]) == 256


def test_atlas_file_has_positions_and_neighbours(small_index: PaintingIndex, tmp_path: Path) -> None:
    frame = parquet.read_table(export(small_index, tmp_path / "atlas.parquet", "atlas")).to_pandas()
    assert np.isfinite(frame[["projection_x", "projection_y"]].to_numpy()).all()
    ids = small_index.artists.ids
    for row, near in enumerate(frame["neighbors"]):
        distances, found = small_index.search(small_index.embeddings([int(ids[row])]), 3)
        assert ids[near["ids"][:2]].tolist() == found[0][1:].tolist()
        np.testing.assert_allclose(near["distances"][:2], distances[0][1:], rtol=1e-5)


def test_export_replaces_no_folder_and_names_the_ending(small_index: PaintingIndex, tmp_path: Path) -> None:
    (tmp_path / "work.txt").touch()
    with pytest.raises(InvalidValueError, match="is there already"):
        export(small_index, tmp_path, "fiftyone")
    with pytest.raises(InvalidValueError, match="format is 'tsv'; choose from parquet, npy, csv"):
        ExportConfig(format="tsv")  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match=r"must end in \.parquet"):
        export(small_index, tmp_path / "works.csv", "parquet")
    with pytest.raises(InvalidValueError, match=r"^the path to write is a URL"):
        export(small_index, Path("s3://bucket/works.parquet"), "parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["work.txt"]


def test_export_help_says_what_no_pictures_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert import_module("painter_search.export").main(["--help"]) == 0
    told = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "--no-pictures Leave the pictures, 512 px on their longer side, out of Parquet files. " in told


def test_export_command_says_how_to_open_the_file(
    small_index: PaintingIndex, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(tmp_path / "works.parquet"), "--index", str(small_index.folder)]
    assert import_module("painter_search.export").main(words) == 0
    assert f"build-index --embeddings {tmp_path.as_posix()}/works.parquet" in capsys.readouterr().out
    assert import_module("painter_search.export").main([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["dimensions"] == 256


def test_npy_export_that_fails_leaves_table_and_embeddings_of_one_index(
    small_index: PaintingIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = [tmp_path / "museum.npy", tmp_path / "museum.csv"]
    export(small_index, written[0], "npy")
    before = [path.read_bytes() for path in written]
    narrowed = small_index.filtered(WorkFilter("artist = 'Painter 9'"))
    for failing in ("embeddings", "works"):
        with monkeypatch.context() as patch:
            patch.setattr(narrowed, failing, None)
            with pytest.raises((TypeError, AttributeError)):
                write_npy(narrowed, written[0])
        assert [path.read_bytes() for path in written] == before


def test_npy_export_replaces_its_own_table_and_no_other(small_index: PaintingIndex, tmp_path: Path) -> None:
    export(small_index, tmp_path / "museum.npy", "npy")
    written = (tmp_path / "museum.csv").read_bytes()
    export(small_index, tmp_path / "museum.npy", "npy")
    assert (tmp_path / "museum.csv").read_bytes() == written
    (tmp_path / "museum.csv").write_text("id,artist\n1,Ada\n")
    with pytest.raises(InvalidValueError, match=r"museum\.csv exists, and the export of the works would replace it"):
        export(small_index, tmp_path / "museum.npy", "npy")
    assert (tmp_path / "museum.csv").read_text() == "id,artist\n1,Ada\n"


@pytest.mark.parametrize("kind", ["csv", "npy", "parquet", "atlas"])
def test_export_replaces_its_own_file_and_no_other(
    small_index: PaintingIndex, tmp_path: Path, kind: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = ExportConfig(format=kind).target
    for content in (b"id,artist\n1,Ada\n", b""):
        path.write_bytes(content)
        with pytest.raises(InvalidValueError, match=rf"{path.name} exists, and .* write to another name, or delete it"):
            export(small_index, path, kind)
        assert path.read_bytes() == content
    path.unlink()
    export(small_index, path, kind)
    written = path.read_bytes()
    export(small_index, path, kind)
    assert path.read_bytes() == written


def test_export_keeps_parquet_of_other_columns(small_index: PaintingIndex, tmp_path: Path) -> None:
    pd.DataFrame({"id": [1]}).to_parquet(tmp_path / "works.parquet")
    with pytest.raises(InvalidValueError, match=r"works\.parquet exists"):
        export(small_index, tmp_path / "works.parquet", "parquet")


def test_csv_export_names_a_work_of_the_index(small_index: PaintingIndex, tmp_path: Path) -> None:
    hint = export_index(ExportConfig(tmp_path / "works.csv", index=small_index.folder)).hint
    assert f"query '#{small_index.artists.ids[0]}' asks about the work" in hint
