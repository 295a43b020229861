"""Answers of an index whose encoder has a PLDA."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny_world import add_calibration, paint_tiny_artists, save_tiny_encoder

from painter_search.analysis.config import EvaluateConfig
from painter_search.analysis.evaluate import evaluate_index
from painter_search.analysis.exports.config import ExportConfig
from painter_search.analysis.exports.export import export_index
from painter_search.attribution.answers import Attribution
from painter_search.attribution.attribute import attribute
from painter_search.attribution.config import QueryConfig
from painter_search.collection.collection import Collection
from painter_search.collection.config import PrepareConfig
from painter_search.collection.preparation import prepare_collection
from painter_search.common.errors import InvalidValueError
from painter_search.display.console.attribution import show_answers
from painter_search.display.console.score import show_evaluation
from painter_search.display.pages.answer_view import view_answer
from painter_search.display.pages.query_page import query_page
from painter_search.display.serialize import answers_to_dict
from painter_search.display.words.naming_costs import FILTERED, naming_costs
from painter_search.encoder.checkpoint import add_to_checkpoint
from painter_search.encoder.load_encoder import load_encoder
from painter_search.encoder.trained_artists import digest_artists
from painter_search.index.calibration.recalibration import find_learned, recalibrate
from painter_search.index.config import BuildIndexConfig, WorkFilter
from painter_search.index.manifest import Manifest, publish_index
from painter_search.index.painting_index import PaintingIndex
from painter_search.metrics.identification.open_set import Evidence, artist_known, artist_shares


@pytest.fixture(scope="module")
def identified_index(small_index_config: BuildIndexConfig, tmp_path_factory: pytest.TempPathFactory) -> PaintingIndex:
    home = tmp_path_factory.mktemp("identified")
    encoder = save_tiny_encoder(home / "encoder.pt")
    add_calibration(encoder)
    return PaintingIndex.build(replace(small_index_config, encoder=str(encoder), index=home / "index", split="all"))


def naive_log_ratios(index: PaintingIndex, query: np.ndarray, left_out: int) -> dict[str, float]:
    """The log likelihood ratio of each artist, from the works themselves."""
    assert index.plda is not None
    projected = index.plda.project(index.embeddings(index.artists.ids))
    ratios = {}
    for number, name in enumerate(index.artists.names):
        own = (index.artists.numbers == number) & (index.artists.ids != left_out)
        mean, works = projected[own].mean(axis=0)[None], np.array([own.sum()])
        ratios[name] = float(index.plda.log_likelihood_ratios(index.plda.project(query[None]), mean, works)[0, 0])
    return ratios


def test_answer_weighs_likelihood_ratios_and_distances_without_the_painting_itself(
    identified_index: PaintingIndex, painted_originals: Path
) -> None:
    index, confidence = identified_index, identified_index.confidence
    assert confidence is not None
    assert confidence.share_weights is not None
    assert confidence.known_weights is not None
    answer = attribute(index, painted_originals / "9-3.jpg", top_k=100)[0]
    assert isinstance(answer, Attribution)
    (own,) = answer.same_works
    ratios = naive_log_ratios(index, index.embed_images(painted_originals / "9-3.jpg")[0], own.id)
    evidence = Evidence(
        np.array([ratios[match.artist] for match in answer.artists]),
        np.array([match.distance for match in answer.artists]),
        len(index.artists.names),
    )
    known = artist_known(confidence.known_weights, evidence)
    assert answer.artist_known == pytest.approx(known, rel=1e-3)
    found = [match.probability for match in answer.artists]
    np.testing.assert_allclose(found, known * artist_shares(confidence.share_weights, evidence), rtol=1e-3)
    assert found == sorted(found, reverse=True)  # type: ignore[type-var]


def test_artists_means_follow_changes_of_the_index(identified_index: PaintingIndex, tmp_path: Path) -> None:
    home = shutil.copytree(identified_index.folder.parent, tmp_path / "index")
    changed = PaintingIndex.load(home).remove([1, 2]).index
    assert changed.plda is not None
    projected = changed.plda.project(changed.embeddings(changed.artists.ids))
    means = changed.works.artist_means(changed.artists.names, 256)
    for number, mean in enumerate(means):
        np.testing.assert_allclose(mean, projected[changed.artists.numbers == number].mean(axis=0), atol=1e-4)
    assert not np.array_equal(changed.plda.mean, identified_index.plda.mean)  # type: ignore[union-attr]


def test_index_is_calibrated_on_its_own_works_unless_the_encoder_may_have_learned_from_them(
    identified_index: PaintingIndex,
) -> None:
    folder, manifest = identified_index.folder, identified_index.manifest
    shipped = manifest.confidence
    assert shipped is not None
    assert recalibrate(manifest, folder) == manifest
    assert shipped.strangers == tuple(np.linspace(0, 0.8, 101).tolist())
    of_folder = recalibrate(replace(manifest, split="folder"), folder)
    moved = of_folder.confidence
    assert moved is not None
    assert moved.strangers != shipped.strangers
    assert moved.share_weights == shipped.share_weights
    assert of_folder.encoder_confidence == shipped
    assert recalibrate(of_folder, folder) == of_folder  # it is moved anew from the encoder's
    assert recalibrate(replace(of_folder, split="all"), folder) == manifest


def test_encoder_has_learned_from_the_collections_alone_that_it_was_trained_on(
    identified_index: PaintingIndex,
) -> None:
    manifest = identified_index.manifest
    assert manifest.split == "all"
    for trained_on, learned in ((None, True), (manifest.collections, True), (("other",), False), ((), False)):
        found = find_learned(replace(manifest, trained_on=trained_on), identified_index.artists.names)
        assert found == (set(identified_index.artists.names) if learned else set())
    of_package = recalibrate(replace(manifest, trained_on=()), identified_index.folder)
    assert of_package.encoder_confidence == manifest.confidence
    assert Manifest.from_stored(of_package.to_stored()).trained_on == ()


@pytest.mark.parametrize(
    ("trained_on", "test_share", "split", "is_own"),
    [
        ("small", 0.5, "all", False),
        ("other", 0.5, "all", True),
        (None, 1.0, "test", True),
        ("small", 1.0, "all", False),
    ],
)
def test_index_is_calibrated_on_all_works_of_a_collection_that_its_encoder_did_not_learn_from(
    tmp_path: Path, trained_on: str | None, test_share: float, split: str, *, is_own: bool
) -> None:
    paintings = paint_tiny_artists(tmp_path / "small", artists=8, works=6)
    data = prepare_collection(
        PrepareConfig(folder=paintings, out=tmp_path / "data", test_share=test_share, workers=1), triplets=False
    ).folder
    encoder = save_tiny_encoder(tmp_path / "encoder.safetensors")
    add_calibration(encoder)
    if trained_on:
        add_to_checkpoint(encoder, config={"collections": [[trained_on, "digest"]]})
    index = PaintingIndex.build(data=data, encoder=str(encoder), split="all", index=tmp_path / "index", device="cpu")
    assert index.manifest.trained_on == ((trained_on,) if trained_on else None)
    assert (index.manifest.split, index.manifest.encoder_confidence is not None) == (split, is_own)
    of_folder = PaintingIndex.build(folder=paintings, encoder=str(encoder), index=tmp_path / "of-folder", device="cpu")
    assert (of_folder.manifest.encoder_confidence is None) == (trained_on == "small")


def test_adding_a_folder_that_the_encoder_was_trained_on_ends_the_recalibration(tmp_path: Path) -> None:
    encoder = save_tiny_encoder(tmp_path / "encoder.safetensors")
    add_calibration(encoder)
    add_to_checkpoint(encoder, config={"collections": [["small", "digest"]]})
    mine = paint_tiny_artists(tmp_path / "mine", artists=8, works=6)
    index = PaintingIndex.build(folder=mine, encoder=str(encoder), index=tmp_path / "index", device="cpu")
    assert (index.manifest.split, index.manifest.encoder_confidence is None) == ("folder", False)
    learned = paint_tiny_artists(tmp_path / "small", artists=2, works=2, first=5000)
    added = index.add(learned).index
    assert (added.manifest.split, added.manifest.encoder_confidence is None) == ("all", True)


def learned_from(encoder: Path, artists: Sequence[int]) -> str:
    """Give a checkpoint the digests of tiny artists under another spelling, and the name of a collection."""
    digests = digest_artists(f"ARTIST_{artist:02d}" for artist in artists)
    add_to_checkpoint(encoder, trained_artists=list(digests), config={"collections": [["small", "digest"]]})
    return str(encoder)


@pytest.mark.parametrize(("name", "artists"), [("renamed", (3, 90)), ("small", (90, 91))])
def test_encoder_has_learned_from_its_artists_and_from_no_others_whatever_their_folder_is_named(
    tmp_path: Path, name: str, artists: tuple[int, ...], caplog: pytest.LogCaptureFixture
) -> None:
    add_calibration(save_tiny_encoder(tmp_path / "encoder.safetensors"))
    encoder = learned_from(tmp_path / "encoder.safetensors", artists)
    paintings = paint_tiny_artists(tmp_path / name, artists=9, works=5)
    with caplog.at_level("INFO", "painter_search"):
        index = PaintingIndex.build(folder=paintings, encoder=encoder, index=tmp_path / "index", device="cpu")
    manifest, learned = index.manifest, 3 in artists
    told = "The encoder was trained or validated on 1 of these 9 artists: scores of this index flatter it, and its prob"
    assert (told in caplog.text) == learned
    assert manifest.split == "folder"
    assert manifest.confidence is not None
    measured = (manifest.confidence.measured_artists, manifest.confidence.measured_works)
    assert measured == ((8, 40) if learned else (9, 45))
    assert index.trained_share == (int(learned), 9)
    assert Manifest.from_stored(manifest.to_stored()).trained_artists == manifest.trained_artists


def test_artists_that_the_encoder_learned_from_count_for_want_of_others_and_only_if_that_is_more_cautious(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    add_calibration(save_tiny_encoder(tmp_path / "encoder.safetensors"))
    encoder = learned_from(tmp_path / "encoder.safetensors", (3, 4))
    paintings = paint_tiny_artists(tmp_path / "mine", artists=9, works=5)
    with caplog.at_level("INFO", "painter_search"):
        index = PaintingIndex.build(folder=paintings, encoder=encoder, index=tmp_path / "index", device="cpu")
    assert "validated on 2 of these 9 artists: scores of this index flatter it, and " in caplog.text
    manifest, of_encoder = index.manifest, index.manifest.encoder_confidence or index.manifest.confidence
    assert of_encoder is not None
    for offset, is_kept in ((-50.0, True), (50.0, False)):
        given = replace(of_encoder, known_weights=(offset, *of_encoder.known_weights[1:]))  # type: ignore[index]
        folder = replace(manifest, confidence=given, encoder_confidence=None)
        found = recalibrate(folder, index.folder).confidence
        assert found is not None
        assert (found == given) == is_kept
        assert found.measured_artists == (given.measured_artists if is_kept else 9)
        assert recalibrate(replace(folder, split="all"), index.folder).confidence == given


def test_artists_of_a_collection_divided_anew_are_counted_where_it_is_scored(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    paintings = paint_tiny_artists(tmp_path / "small", artists=8, works=6)
    data = prepare_collection(PrepareConfig(folder=paintings, out=tmp_path / "data", test_share=0.5, workers=1)).folder
    tested = sorted({int(work.artist.split()[1]) for work in Collection.open(data).works("test")})
    add_calibration(save_tiny_encoder(tmp_path / "encoder.safetensors"))
    unseen = "so that scores are of works that the encoder did not learn from"
    for artists, told in (((90,), "neither trained nor validated on any"), (tested[:3], f"3 of these {len(tested)}")):
        encoder = learned_from(tmp_path / "encoder.safetensors", artists)
        caplog.clear()
        with caplog.at_level("INFO", "painter_search"):
            index = PaintingIndex.build(data=data, encoder=encoder, index=tmp_path / "index", device="cpu")
        learned = len(artists) > 1
        warning = f"Warning: the encoder was trained or validated on 3 of these {len(tested)} artists"
        assert (warning in caplog.text) == learned
        assert (unseen in caplog.text) != learned
        assert (index.manifest.split, index.trained_share) == ("test", (3 if learned else 0, len(tested)))
        assert len(find_learned(index.manifest, index.artists.names)) == (3 if learned else 0)
        triplets = data / "test_triplets_with_labels.csv"
        evaluation = evaluate_index(EvaluateConfig(index=tmp_path / "index", triplets=triplets))
        assert evaluation.to_dict()["trained_share"] == {"trained": 3 if learned else 0, "artists": len(tested)}
        for shown in (evaluation, replace(evaluation, reliability=None)):
            show_evaluation(shown)
            printed = " ".join(capsys.readouterr().out.split())
            assert told in printed
            assert "was not trained on them" not in printed


def test_artists_that_the_encoder_learned_from_are_counted_once_whatever_their_spellings(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    encoder = learned_from(save_tiny_encoder(tmp_path / "encoder.safetensors"), (0,))
    data: list[Path] = []
    for name in ("small", "other"):
        paintings = paint_tiny_artists(tmp_path / name, artists=2, works=2, first=len(data) * 5000)
        if data:
            (paintings / "Artist 00").rename(paintings / "artist 00")
        config = PrepareConfig(folder=paintings, out=tmp_path / f"{name}-data", test_share=1.0, workers=1)
        data.append(prepare_collection(config, triplets=False).folder)
    with caplog.at_level("INFO", "painter_search"):
        index = PaintingIndex.build(data=data, encoder=encoder, index=tmp_path / "index", device="cpu")
    assert "validated on 1 of these 2 artists" in caplog.text
    assert index.trained_share == (1, 2)


def test_embeddings_with_an_encoder_tell_what_it_learned_from(
    small_index: PaintingIndex, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    export_index(ExportConfig(tmp_path / "works.parquet", index=small_index.folder))
    artists = sorted(small_index.works.works_per_artist())
    encoder = save_tiny_encoder(tmp_path / "encoder.safetensors")
    add_to_checkpoint(encoder, trained_artists=list(digest_artists(artists[:2])))
    with caplog.at_level("INFO", "painter_search"):
        PaintingIndex.build(embeddings=tmp_path / "works.parquet", encoder=str(encoder), index=tmp_path / "given")
    assert f"validated on 2 of these {len(artists)} artists: scores of this index flatter it." in caplog.text


def test_calibration_follows_what_is_added_and_removed(small_index_config: BuildIndexConfig, tmp_path: Path) -> None:
    add_calibration(save_tiny_encoder(tmp_path / "encoder.pt"))
    encoder = str(tmp_path / "encoder.pt")
    of_encoder = load_encoder(encoder).confidence
    folder = small_index_config.data[0]
    index = PaintingIndex.build(
        replace(small_index_config, encoder=encoder, index=tmp_path / "index", split="all", data=(folder,))
    )
    prepared = PaintingIndex.build(replace(small_index_config, encoder=encoder, index=tmp_path / "test"))
    assert prepared.add(folder).index.manifest.split == "all"  # with works that an encoder may have learned from
    own = replace(index.manifest, split="folder")
    (tmp_path / "own").mkdir()
    publish_index(shutil.copytree(index.folder, tmp_path / "copy"), tmp_path / "own", recalibrate(own, index.folder))
    moved = PaintingIndex.load(tmp_path / "own")
    assert moved.confidence != of_encoder
    names = moved.artists.names
    few = moved.remove(names[5:]).index  # too few artists to calibrate on
    assert few.confidence == of_encoder
    assert few.manifest.encoder_confidence is None


def test_false_names_move_the_threshold_and_every_form_says_what_it_costs(
    identified_index: PaintingIndex, painted_originals: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strict, lax = identified_index.naming(1), identified_index.naming(60)
    assert strict.least_named > identified_index.least_named > lax.least_named
    answers = attribute(strict, painted_originals / "0-0.jpg")
    assert isinstance(answers[0], Attribution)
    assert answers[0].artist_known is not None
    assert answers[0].named == (answers[0].artist_known >= strict.least_named)
    threshold = answers_to_dict(answers, strict)["threshold"]
    assert threshold["false_names"] == pytest.approx(0.01, abs=1e-6)
    assert threshold["true_names"] == pytest.approx(1 - (0.8 * 0.99 - 0.2) / 0.8, abs=1e-6)
    show_answers(answers, strict)
    printed = " ".join(capsys.readouterr().out.split())
    assert (
        "1 of 100 works by artists not in the index are given a name, and 26 of 100 whose artist ranks first keep it, "
        "as measured on 1,150 works by 30 artists when the encoder was calibrated; on this index it was not measured."
        in printed
    )
    assert (threshold["works"], threshold["artists"]) == (1150, 30)


def test_costs_measured_on_the_index_are_told_as_such(identified_index: PaintingIndex) -> None:
    manifest = identified_index.manifest
    own = PaintingIndex(identified_index.folder, replace(manifest, encoder_confidence=manifest.confidence))
    assert naming_costs(own.naming(1)).endswith("as measured on 1,150 works by 30 artists of this index.")


def test_page_tells_the_error_rates_of_the_threshold_in_use(
    identified_index: PaintingIndex, paint: Callable[..., Image.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    measured, costs = "In trials with this index", "With this threshold"
    monkeypatch.setattr("painter_search.display.words.naming_costs.read_error_rates", lambda _: measured)
    shown = []
    for index in (identified_index, identified_index.naming(10)):
        views = [view_answer(attribute(index, paint(999))[0], index)]
        shown.append([words in query_page(views, index) for words in (measured, costs)])
    assert shown == [[True, False], [False, True]]


def test_filtered_answer_says_that_its_costs_are_those_of_the_whole_index(
    identified_index: PaintingIndex, paint: Callable[..., Image.Image], capsys: pytest.CaptureFixture[str]
) -> None:
    for filter, told in ((None, False), (WorkFilter(exclude_artists="Painter 9"), True)):
        index = identified_index.filtered(filter)
        answers = attribute(index, paint(999))
        show_answers(answers, index)
        assert (FILTERED in " ".join(capsys.readouterr().out.split())) == told
        assert (FILTERED in query_page([view_answer(answers[0], index)], index)) == told


@pytest.mark.parametrize("false_names", [0, 100, -3])
def test_false_names_must_be_a_share(identified_index: PaintingIndex, false_names: float) -> None:
    with pytest.raises(InvalidValueError, match="false_names is"):
        identified_index.naming(false_names)
    with pytest.raises(InvalidValueError, match="false_names is"):
        QueryConfig(("painting.jpg",), false_names=false_names)


def test_false_names_need_a_calibration_that_knows_them(
    small_index: PaintingIndex, calibrated_index: PaintingIndex
) -> None:
    for index in (small_index, calibrated_index):
        assert index.naming(None) is index
        with pytest.raises(InvalidValueError, match="false_names is 10"):
            index.naming(10)
        assert "threshold" not in answers_to_dict([], index)
