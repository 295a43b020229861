import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from painter_search.analysis.config import EvaluateConfig
from painter_search.analysis.evaluate import IndexEvaluation, evaluate_index, score_triplets
from painter_search.analysis.exports.config import ExportConfig
from painter_search.analysis.exports.export import export_index
from painter_search.collection.collection import Collection
from painter_search.common.errors import InvalidValueError, NotEnoughDataError, UnknownWorkError
from painter_search.display.console.score import show_evaluation
from painter_search.encoder.trained_artists import digest_artists
from painter_search.index.manifest import publish_index
from painter_search.index.painting_index import PaintingIndex


@pytest.fixture
def triplets(small_collection: Path) -> Path:
    return small_collection / "test_triplets_with_labels.csv"


def scores_by_loop(index: PaintingIndex, table: pd.DataFrame) -> tuple[float, float, float]:
    """Triplet accuracy, mean loss and accuracy against every negative, one triplet at a time."""
    files = sorted(set(table.to_numpy().ravel()))
    ids = index.works.ids_of(files)
    artists = dict(zip(files, [work.artist for work in index.works.get([ids[f] for f in files])], strict=True))
    vector = {file: index.embeddings([ids[file]])[0].astype(np.float64) for file in files}
    hits, losses, shares = [], [], []
    for a, p, n in table.itertuples(index=False):
        near, far = np.linalg.norm(vector[a] - vector[p]), np.linalg.norm(vector[a] - vector[n])
        hits.append(near < far)
        losses.append(max(0, near - far + 5))
        others = [np.linalg.norm(vector[a] - vector[o]) for o in files if artists[o] != artists[a]]
        shares.append(np.mean([near < other for other in others]))
    return float(np.mean(hits)), float(np.mean(losses)), float(np.mean(shares))


def test_score_triplets_equals_loop(small_index: PaintingIndex, triplets: Path) -> None:
    score = score_triplets(small_index, triplets)
    accuracy, loss, every = scores_by_loop(small_index, pd.read_csv(triplets, dtype=str))
    assert score.accuracy.value == pytest.approx(accuracy)
    assert score.mean_loss == pytest.approx(loss, abs=1e-5)
    assert score.all_negatives.value == pytest.approx(every, abs=2e-3)
    assert score.accuracy.low <= score.accuracy.value <= score.accuracy.high


def test_score_triplets_opens_no_image(
    small_index: PaintingIndex, triplets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PIL import Image

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("an image was opened")

    monkeypatch.setattr(Image, "open", refuse)
    score_triplets(small_index, triplets)


def test_score_triplets_counts_and_names_unknown_paintings(
    small_index: PaintingIndex, triplets: Path, tmp_path: Path
) -> None:
    table = pd.read_csv(triplets, dtype=str)
    table.loc[0, "negative"] = "lost.jpg"
    table.loc[1, "anchor"] = "gone.jpg"
    table.to_csv(tmp_path / "triplets.csv", index=False)
    with pytest.raises(UnknownWorkError, match=rf"2 of the {len(table)} triplets .*gone\.jpg, lost\.jpg"):
        score_triplets(small_index, tmp_path / "triplets.csv")
    score = score_triplets(small_index, tmp_path / "triplets.csv", skip_missing=True)
    assert (score.triplets, score.missing) == (len(table) - 2, 2)


def test_score_triplets_accepts_names_with_collection(
    small_index: PaintingIndex, small_collection: Path, triplets: Path
) -> None:
    name = Collection.open(small_collection).name
    table = pd.read_csv(triplets, dtype=str).map(lambda file: f"{name}/{file}")
    assert score_triplets(small_index, table).accuracy == score_triplets(small_index, triplets).accuracy


def test_score_triplets_accepts_paths_as_other_programs_write_them(small_index: PaintingIndex, triplets: Path) -> None:
    table = pd.read_csv(triplets, dtype=str).head(4)
    name = small_index.works.get([1])[0].collection
    for prefix in ("./", ".\\", f".\\{name}\\"):
        assert score_triplets(small_index, table.map(prefix.__add__)) == score_triplets(small_index, table)


def test_score_triplets_counts_triplets_that_the_index_contradicts(
    small_index: PaintingIndex, triplets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = pd.read_csv(triplets, dtype=str).head(6)
    assert score_triplets(small_index, table).contradicted == 0
    table.loc[0, "positive"] = table.loc[0, "anchor"]
    table.loc[1, "positive"] = table.loc[1, "negative"]
    table.loc[2, "negative"] = table.loc[2, "positive"]
    score = score_triplets(small_index, table)
    assert (score.triplets, score.contradicted) == (6, 3)
    show_evaluation(IndexEvaluation(score, None, None))
    assert "Of 3 triplets the positive is the anchor itself" in capsys.readouterr().out


def test_score_triplets_refuses_file_without_triplets_of_index(small_index: PaintingIndex, tmp_path: Path) -> None:
    path = tmp_path / "triplets.csv"
    path.write_text("anchor,positive,negative\na,b,c\n")
    with pytest.raises(NotEnoughDataError, match="no triplet"):
        score_triplets(small_index, path, skip_missing=True)


def test_score_triplets_accepts_string_path_and_frame_with_more_columns(
    small_index: PaintingIndex, triplets: Path
) -> None:
    expected = score_triplets(small_index, triplets)
    assert score_triplets(small_index, str(triplets)) == expected
    assert score_triplets(small_index, pd.read_csv(triplets, dtype=str).assign(label="x")) == expected
    with pytest.raises(InvalidValueError, match="lacks the column negative"):
        score_triplets(small_index, pd.read_csv(triplets, dtype=str).drop(columns="negative"))


def test_evaluate_index_with_itself_as_baseline_has_no_difference(small_index: PaintingIndex, triplets: Path) -> None:
    config = EvaluateConfig(triplets=str(triplets), index=small_index.folder, baseline=small_index.folder)  # type: ignore[arg-type]
    evaluation = evaluate_index(config)
    assert evaluation.baseline == score_triplets(small_index, triplets)
    assert evaluation.score.difference is not None
    assert {estimate.value for estimate in evaluation.score.difference.values()} == {0}
    plain = evaluation.to_dict()
    assert list(plain) == ["score", "baseline", "trust", "trained_share", "baseline_trained_share"]
    assert plain["score"]["accuracy"]["value"] == evaluation.score.accuracy.value
    frame = evaluation.score.to_frame().set_index("metric")
    assert frame.loc["accuracy", "value"] == evaluation.score.accuracy.value
    assert frame.loc["recall@1", "difference"] == 0
    assert pd.isna(frame.loc["pair_auc", "low"])
    assert "recall@10_macro" in evaluation.score._repr_html_()


def test_evaluation_says_which_artists_the_baseline_learned_from(
    small_index: PaintingIndex, triplets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    artists = sorted(small_index.works.works_per_artist())
    for learned in (2, 0):
        manifest = replace(small_index.manifest, trained_artists=digest_artists(artists[:learned]))
        home = tmp_path / f"baseline-{learned}"
        home.mkdir()
        folder = publish_index(shutil.copytree(small_index.folder, home / ".copy"), home, manifest)
        evaluation = evaluate_index(EvaluateConfig(triplets=triplets, index=small_index.folder, baseline=folder))
        assert evaluation.baseline_trained_share == (learned, len(artists))
        share = {"trained": learned, "artists": len(artists)}
        assert evaluation.to_dict()["baseline_trained_share"] == share
        show_evaluation(evaluation)
        told = f"The baseline's encoder was trained or validated on {learned} of these {len(artists)} artists"
        assert (told in " ".join(capsys.readouterr().out.split())) == (learned > 0)


def test_paired_difference_is_of_the_same_works_whatever_their_ids(
    small_index: PaintingIndex, triplets: Path, tmp_path: Path
) -> None:
    export_index(ExportConfig(tmp_path / "works.parquet", index=small_index.folder))
    works = pd.read_parquet(tmp_path / "works.parquet")
    works.sample(frac=1, random_state=0).to_parquet(tmp_path / "shuffled.parquet")
    shuffled = PaintingIndex.build(embeddings=tmp_path / "shuffled.parquet", index=tmp_path / "shuffled")
    assert shuffled.works.get([1]) != small_index.works.get([1])
    config = EvaluateConfig(triplets=triplets, index=small_index.folder, baseline=shuffled.folder)
    difference = evaluate_index(config).score.difference
    assert difference is not None
    assert {(estimate.low, estimate.value, estimate.high) for estimate in difference.values()} == {(0, 0, 0)}


def test_paired_difference_needs_the_same_triplets(small_index: PaintingIndex, triplets: Path, tmp_path: Path) -> None:
    table = pd.read_csv(triplets, dtype=str)
    used = pd.unique(table.to_numpy().ravel())
    lacking = {file: int(table.isin([file]).any(axis=1).sum()) for file in used}
    one, other = next((a, b) for a in used for b in used if a < b and lacking[a] == lacking[b])
    ids = small_index.works.ids_of([one, other])
    copies = []
    for name, file in (("a", one), ("b", other)):
        shutil.copytree(small_index.folder, tmp_path / name / small_index.digest)
        (tmp_path / name / "CURRENT").write_text(small_index.digest)
        copies.append(PaintingIndex.load(tmp_path / name).remove(ids[file]).index.folder)
    config = EvaluateConfig(triplets=triplets, index=copies[0], baseline=copies[1], skip_missing=True)
    with pytest.raises(InvalidValueError, match="lacks other triplets"):
        evaluate_index(config)
