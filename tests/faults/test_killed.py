"""Killed anywhere: what was there is intact or what is new is complete, and the same command finishes the work."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from harness import Killer, digests
from tiny_world import BACKBONE, paint_tiny_artists, save_tiny_encoder

from painter_search.collection.collection import Collection
from painter_search.encoder.checkpoint import read_checkpoint
from painter_search.retrieval.manifest import THUMBNAILS, digest_file
from painter_search.retrieval.painting_index import PaintingIndex


@dataclass(frozen=True)
class Story:
    """A command, the world before it, and what must hold after a kill and at the end."""

    name: str
    begin: Callable[[Path, Killer], None]
    command: Callable[[Path], list[object]]
    """What is typed; it may look at what a kill has left."""
    sound: Callable[[Path], object]
    """What a reader finds (raises where that is damaged): one of what an undisturbed run found before and after."""
    result: Callable[[Path], Any]


def paintings_with_an_earlier_collection(world: Path, killer: Killer) -> None:
    paint_tiny_artists(world / "artists", 6, 3)
    killer.complete("prepare", "--folder", world / "artists", "--out", world / "data", "--workers", 1, "--max-works", 2)


def paintings_alone(world: Path, _: Killer) -> None:
    paint_tiny_artists(world / "artists", 6, 3)


def paintings_in_an_archive(world: Path, _: Killer) -> None:
    paintings = sorted(paint_tiny_artists(world / "artists", 6, 3).rglob("*.jpg"))
    with zipfile.ZipFile(world / "scans.zip", "w") as archive:
        for path in paintings:
            archive.write(path, path.name)
    rows = ["artist,new_filename", *(f"{path.parent.name},{path.name}" for path in paintings)]
    (world / "info.csv").write_text("\n".join(rows))


def prepare_from_a_url(world: Path) -> list[object]:
    originals = f"zip://::{(world / 'scans.zip').as_uri()}"
    return [
        "prepare", "--info", world / "info.csv", "--originals", originals, "--out", world / "data", "--workers", 1,
    ]  # fmt: skip


def prepare(*more: object) -> Callable[[Path], list[object]]:
    return lambda world: ["prepare", "--folder", world / "artists", "--out", world / "data", "--workers", 1, *more]


def collection_found(world: Path) -> object:
    if not (world / "data").exists():
        return "nothing"
    collection = Collection.open(world / "data")
    for work in collection.works("all"):
        collection.frame_path(work.file).read_bytes()
    return digests(world / "data")


def a_collection(world: Path, killer: Killer) -> None:
    paint_tiny_artists(world / "artists", 12, 3)
    killer.complete(*prepare("--test-triplets", 1)(world))


def train(recipe: str) -> Callable[[Path], list[object]]:
    def command(world: Path) -> list[object]:
        resume = ["--resume"] if (world / "runs" / "one" / "config.json").is_file() else []
        size = ["--batch", 8, "--epochs", 3] if recipe == "strong" else ["--batch", 4, "--epochs", 2, "--rate", 0.01]
        return [
            "train", "--data", world / "data", "--runs", world / "runs", "--name", "one", "--recipe", recipe,
            "--backbone", BACKBONE, "--weights", "none", "--image-side", 64, "--workers", 0, "--device", "cpu",
            *size, *resume,
        ]  # fmt: skip

    return command


def collection_untouched(world: Path) -> object:
    for path in (world / "runs").rglob("*.pt"):
        read_checkpoint(path)
    return digests(world / "data")


def trained(world: Path) -> object:
    """Every file, checkpoints by their numbers: the history in them has times, which are never the same twice."""
    folder = world / "runs" / "one"
    weights = {}
    for path in folder.glob("*.pt"):
        content = read_checkpoint(path)
        assert len(content.pop("history")) >= 1
        weights[path.name] = {name: _plain(value) for name, value in content.items()}
    rows = [line.rsplit(",", 2)[0] for line in (folder / "history.csv").read_text().splitlines()]
    names = sorted(path.relative_to(world).as_posix() for path in world.rglob("*"))
    return names, weights, rows, (folder / "score.json").read_bytes()


def _plain(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.numpy().tobytes()
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def an_index_of_the_test_works(world: Path, killer: Killer) -> None:
    a_collection(world, killer)
    save_tiny_encoder(world / "encoder.pt")
    killer.complete(*build_index("--data", world / "data")(world))


def an_index_of_all_works(world: Path, killer: Killer) -> None:
    a_collection(world, killer)
    save_tiny_encoder(world / "encoder.pt")
    killer.complete(*build_index("--data", world / "data", "--split", "all")(world))


def an_index_and_more_works(world: Path, killer: Killer) -> None:
    an_index_of_the_test_works(world, killer)
    paint_tiny_artists(world / "more", 3, 2, first=7000)


def build_index(*more: object) -> Callable[[Path], list[object]]:
    return lambda world: [
        "build-index", "--encoder", world / "encoder.pt", "--index", world / "index", "--device", "cpu",
        *[str(word).replace("WORLD", str(world)) for word in more],
    ]  # fmt: skip


def change_index(*more: object) -> Callable[[Path], list[object]]:
    return lambda world: [
        "build-index", "--index", world / "index", *[str(word).replace("WORLD", str(world)) for word in more],
    ]  # fmt: skip


def remove(world: Path) -> list[object]:
    """Asked again after all is done, there is no such artist any more; so it is asked for another answer."""
    artists = PaintingIndex.load(world / "index").works.works_per_artist()
    name = "Artist 01" if "Artist 01" in artists else None
    return change_index("--remove", name)(world) if name else change_index("--list")(world)


def index_found(world: Path) -> object:
    index = PaintingIndex.load(world / "index")
    assert digest_file(index.folder / THUMBNAILS) == index.manifest["files"][THUMBNAILS]["sha256"]
    assert len(index.works) == len(index) == index.manifest["works"]
    return index.digest


def everything(world: Path) -> object:
    # A killed process leaves its lock file, which holds nothing and nobody, until the next writer is done.
    return {name: digest for name, digest in digests(world).items() if not name.endswith(".lock")}


STORIES = [
    Story("prepare", paintings_alone, prepare(), collection_found, everything),
    Story("prepare again", paintings_with_an_earlier_collection, prepare("--replace"), collection_found, everything),
    Story("train", a_collection, train("strong"), collection_untouched, trained),
    Story("train --recipe report", a_collection, train("report"), collection_untouched, trained),
    Story(
        "build-index", an_index_of_the_test_works, build_index("--data", "WORLD/data", "--split", "all"), index_found,
        everything,
    ),
    Story(
        "build-index --folder", an_index_of_the_test_works, build_index("--folder", "WORLD/artists"), index_found,
        everything,
    ),
    Story("build-index --add", an_index_and_more_works, change_index("--add", "WORLD/more"), index_found, everything),
    Story("build-index --remove", an_index_of_all_works, remove, index_found, everything),
]  # fmt: skip
MORE_STORIES = [
    Story("prepare from a URL", paintings_in_an_archive, prepare_from_a_url, collection_found, everything),
    Story(
        "build-index --shards", an_index_of_the_test_works,
        build_index("--data", "WORLD/data", "--split", "all", "--shards", "WORLD/shards"), index_found, everything,
    ),
]  # fmt: skip
"""These write as the others do; what is theirs is where they continue from."""


@pytest.mark.parametrize("story", [*STORIES, *MORE_STORIES], ids=lambda story: story.name)
def test_killed_anywhere(story: Story, killer: Killer, tmp_path: Path, long: bool) -> None:
    start = tmp_path / "start"
    start.mkdir()
    story.begin(start, killer)
    world = tmp_path / "world"

    def afresh() -> None:
        shutil.rmtree(world, ignore_errors=True)
        shutil.copytree(start, world)

    afresh()
    before = story.sound(world)
    undisturbed = killer.complete(*story.command(world))
    expected, after = story.result(world), story.sound(world)
    rng = np.random.default_rng(0)
    operations = rng.permutation(undisturbed["operations"])[: 60 if long else 3] + 1
    moments = [{"operation": int(number)} for number in operations]
    moments += [{"seconds": float(share) * undisturbed["seconds"]} for share in rng.random(20 if long else 1)]
    for moment in moments:
        afresh()
        killed = killer.run(*story.command(world), **moment)
        assert killed["code"] in (-9, 0), (moment, killed)
        assert story.sound(world) in (before, after), moment
        again = killer.run(*story.command(world))
        assert again["code"] == 0, (moment, again["stderr"])
        assert story.result(world) == expected, moment
        assert story.sound(world) == after, moment
