import re
from dataclasses import replace
from pathlib import Path

import pytest
from browser import assert_accessible_markup
from matplotlib.axes import Axes
from PIL import Image
from tiny_world import BACKBONE, register_tiny_backbone

from painter_search.collection.collection import Collection
from painter_search.common.files.atomic_io import digest_file
from painter_search.display.console.run import show_run
from painter_search.display.pages.run_page import write_report_page
from painter_search.display.plots import draw_augmentations, draw_curves, pictures_seen
from painter_search.display.words.run_summary import run_sentences
from painter_search.encoder.checkpoint import save_checkpoint
from painter_search.encoder.network import untrained_network
from painter_search.metrics.bootstrap import Estimate
from painter_search.training.config import TrainConfig
from painter_search.training.final_scores import ArtistScore, BeforeAfter, Confusion, TestScore
from painter_search.training.history import EpochMetrics
from painter_search.training.run import Run


@pytest.fixture(params=["report", "strong"])
def run(request: pytest.FixtureRequest, small_collection: Path, tmp_path: Path) -> Run:
    """A finished run of two epochs, as training leaves it but for its report."""
    frame = str(tmp_path / "frame.jpg")
    Image.new("RGB", (64, 64), "teal").save(frame)
    estimate = Estimate(0.75, 0.7, 0.8)
    score = BeforeAfter(estimate, estimate, Estimate(0.1, 0.05, 0.15))
    test = TestScore(
        triplets=12,
        artists=4,
        accuracy=score,
        all_negatives=score,
        recall_1=score,
        by_artist=[ArtistScore("<b>Ada", 4, 0.9, 0.8)],
        confusions=[Confusion(frame, "<b>Ada", frame, "Bo", 1.25, 2.5)],
    )
    epoch = EpochMetrics(0, "validation", 5.0, 0.6, 0.9, 1.0, 1.5, 0.55, 0.3, 1.0, 100.0)
    history = [
        epoch,
        replace(epoch, epoch=1, phase="train", loss=4.321, all_negatives=float("nan"), recall_1=float("nan")),
        replace(epoch, epoch=1, accuracy=0.789),
    ]
    config = TrainConfig(data=(small_collection,), recipe=request.param, img_size=96, seed=7)
    register_tiny_backbone()
    encoder = untrained_network(BACKBONE, "none", seed=1, img_size=64, views="equal-parts")  # as of a transformer
    save_checkpoint(tmp_path / "best.safetensors", encoder, "whole")
    draw_curves(tmp_path, history)
    return Run(tmp_path, config, history, best_epoch=1, test=test)


def test_write_report_page_shows_settings_epochs_and_scores(run: Run) -> None:
    write_report_page(run)
    html = (run.folder / "report.html").read_text(encoding="utf-8")
    assert_accessible_markup(html)
    assert "<b>Ada" not in html
    for text in ("<td>96 px</td>", "<td>7</td>", "<td>4.321</td>", "78.9 %", "1 (best)", "0 (untrained)", "1.25"):
        assert text in html
    with Image.open(run.folder / "augmentations.png") as picture:
        assert picture.width > 500


def test_report_page_names_works_and_the_run(run: Run, small_collection: Path) -> None:
    collection = Collection.open(small_collection)
    work = collection.works("test")[0]
    assert run.test is not None
    confusion = replace(run.test.confusions[0], other_frame=str(collection.frame_path(work.file)))
    write_report_page(replace(run, test=replace(run.test, confusions=[confusion])))
    html = (run.folder / "report.html").read_text(encoding="utf-8")
    assert "<b>frame.jpg</b>" in html  # of no collection
    assert f"<b>{work.caption}</b>" in html
    labels = re.findall(r'role="region" aria-label="([^"]+)"', html)
    assert len(labels) == len(set(labels)) == 4
    cited = html.partition('<p class="running">')[2]
    assert cited.startswith("painter_search ")
    assert f"run {run.folder.name}, {run.config.backbone}" in cited
    assert digest_file(run.best)[:16] in cited


def test_run_without_training_epochs_has_neither_their_curves_nor_their_columns(run: Run) -> None:
    validations = [metrics for metrics in run.history if metrics.phase == "validation"]
    write_report_page(replace(run, history=validations))
    html = (run.folder / "report.html").read_text(encoding="utf-8")
    assert "</span>training</li>" not in html
    assert "train loss" not in html
    assert html.count("</span>validation</li>") == 3
    row = html.partition('<tr class="best">')[2].partition("</tr>")[0]
    assert row.count("<td>") == 4


def test_draw_augmentations_shows_the_views_of_the_encoder(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    sides: list[int] = []
    monkeypatch.setattr(Axes, "imshow", lambda axes, picture: sides.append(picture.shape[0]))
    draw_augmentations(run.folder, pictures_seen(run))
    assert set(sides) == {64}  # not the settings' 96
    assert len(sides) in (5, 42)  # all of one side, or the central square augmented


def test_pages_of_triplets_from_a_file_do_not_say_that_test_artists_were_never_seen(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "artists never seen in training" in run_sentences(run)[0]
    config = TrainConfig(data=run.config.data, recipe="report", train_triplets=Path("t.csv"))
    from_file = replace(run, config=config)
    write_report_page(from_file)
    assert "never seen" not in (run.folder / "report.html").read_text(encoding="utf-8")
    show_run(from_file)
    assert "4 test artists, 12 triplets" in capsys.readouterr().out


@pytest.mark.slow
def test_write_report_page_without_test_artists_has_no_scores(run: Run) -> None:
    write_report_page(replace(run, test=None))
    assert "test artists" not in (run.folder / "report.html").read_text(encoding="utf-8")


def test_show_run_marks_the_best_epoch(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    show_run(run)
    text = capsys.readouterr().out
    assert "1 *" in text
    assert "untrained" in text
    assert "4 test artists, never seen, 12 triplets" in text
    assert "+10.0 [+5.0, +15.0] points" in text
