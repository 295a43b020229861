"""Collections are passed around, too: one with a damaged report is refused in a sentence, and can be replaced."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from fault_stories import a_collection, build_index, prepare, train
from harness import Killer, digests, failed_in_a_sentence
from tiny_world import save_tiny_encoder

from painter_search.collection.collection import Collection

pytestmark = [pytest.mark.slow, pytest.mark.faults]

PREPARE = prepare("--test-triplets", 1)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory, killer: Killer) -> Path:
    """A world with a collection and an encoder."""
    world = tmp_path_factory.mktemp("sound")
    a_collection(world, killer)
    save_tiny_encoder(world / "encoder.safetensors")
    return world


@pytest.mark.parametrize(
    "change", ["[]", "5", "null", "{" * 100_000, "\0", {"inputs_digest": None}, {"framing": ["whole"]}, {"format": 7}]
)
def test_prepare_replaces_a_collection_whose_damaged_report_others_refuse(
    sound: Path, killer: Killer, tmp_path: Path, change: str | dict
) -> None:
    world = Path(shutil.copytree(sound, tmp_path / "world"))
    report, before = world / "data" / "prepare.json", digests(world / "data")
    if isinstance(change, dict):
        change = json.dumps({**json.loads(report.read_text()), "identity": None, **change})
    report.write_text(change)
    build = build_index("--data", "WORLD/data", "--split", "all")
    for command in (build(world), train("strong")(world), ["audit", "--data", world / "data"]):
        failed_in_a_sentence(killer.run(*command), "prepare", "make it again")
    failed_in_a_sentence(killer.run(*PREPARE(world)), "--replace")
    killer.complete(*PREPARE(world), "--replace")
    assert digests(world / "data") == before


def test_audit_and_build_index_refuse_two_collections_of_one_name(sound: Path, killer: Killer, tmp_path: Path) -> None:
    shutil.copytree(sound / "data", tmp_path / "other")
    data = ("--data", sound / "data", tmp_path / "other")
    failed_in_a_sentence(killer.run("audit", *data), "two of the collections have the same name")
    built = (*build_index(*data)(sound), "--index", tmp_path / "index")
    failed_in_a_sentence(killer.run(*built), "two of the collections have the same name")


def test_prepare_replace_refuses_a_folder_with_foreign_files(sound: Path, killer: Killer, tmp_path: Path) -> None:
    world = Path(shutil.copytree(sound, tmp_path / "world"))
    killer.complete(*build_index("--data", "WORLD/data")(world), "--index", world / "data")
    before = digests(world / "data")
    done = killer.run(*prepare("--replace", "--max-works", 2)(world))
    failed_in_a_sentence(done, "which is not part of a collection and would be deleted with it")
    assert digests(world / "data") == before


def test_prepare_replace_keeps_a_link_to_a_folder(sound: Path, killer: Killer, tmp_path: Path) -> None:
    world = Path(shutil.copytree(sound, tmp_path / "world"))
    (world / "data").rename(tmp_path / "large-disk")
    (world / "data").symlink_to(tmp_path / "large-disk")
    killer.complete(*prepare("--replace", "--max-works", 2)(world))
    assert (world / "data").is_symlink()
    assert len(Collection.open(tmp_path / "large-disk").works("test")) == 5 * 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["large-disk", "world"]
    assert sorted(path.name for path in world.iterdir()) == ["artists", "data", "encoder.safetensors"]


def test_build_index_refuses_an_index_inside_its_source(sound: Path, killer: Killer) -> None:
    before = digests(sound)
    done = killer.run(*build_index("--folder", "WORLD/artists")(sound), "--index", sound / "artists" / "index")
    failed_in_a_sentence(done, "lies inside")
    assert digests(sound) == before
    assert not (sound / "artists" / "index").exists()
