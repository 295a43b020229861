"""Commands to be killed, starved or run twice: the world before each, and what must hold afterwards."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch
from harness import Killer, digests
from pyarrow import parquet
from spreadsheets import write_xlsx
from tiny_world import BACKBONE, paint_tiny_artists, save_tiny_encoder

from painter_search.collection.collection import Collection
from painter_search.encoder.checkpoint import read_checkpoint
from painter_search.index.manifest import THUMBNAILS, digest_file
from painter_search.index.painting_index import PaintingIndex


@dataclass(frozen=True)
class Story:
    """A command, the world before it, and what must hold after a kill and at the end."""

    name: str
    begin: Callable[[Path, Killer], None]
    """Writes the world before the command."""
    command: Callable[[Path], list[object]]
    """The words to type; it may look at what a kill has left."""
    read: Callable[[Path], object]
    """What a reader finds; raises an error if it is damaged. After a kill it equals what was there before or is new."""
    result: Callable[[Path], Any]
    """All that the finished command leaves."""


@dataclass(frozen=True)
class Undisturbed:
    """A story without a disturbance, to compare with."""

    start: Path
    """The world before the command."""
    before: object
    after: object
    """What a reader finds before and after the command."""
    result: Any
    operations: int
    """File operations of the command."""
    seconds: float
    bytes_written: int
    """How much the world grows, in whole blocks of a disk."""
    largest_file: int
    """Bytes of the largest file that the command writes."""


def run_undisturbed(story: Story, folder: Path, killer: Killer) -> Undisturbed:
    """Run a story's command once in a copy of its world."""
    start, world = folder / "start", folder / "world"
    start.mkdir()
    story.begin(start, killer)
    shutil.copytree(start, world)
    before, size = story.read(world), _size(world)
    done = killer.complete(*story.command(world))
    known = set(digests(start).values())
    written = [world / name for name, digest in digests(world).items() if digest not in known]
    return Undisturbed(
        start, before, story.read(world), story.result(world), done["operations"], done["seconds"],
        bytes_written=_size(world) - size, largest_file=max(path.stat().st_size for path in written),
    )  # fmt: skip


def _size(folder: Path, block: int = 4096) -> int:
    return sum(-(-path.stat().st_size // block) * block for path in folder.rglob("*") if path.is_file())


def copy_afresh(start: Path, world: Path) -> None:
    """Replace `world` by a copy of `start`."""
    shutil.rmtree(world, ignore_errors=True)
    shutil.copytree(start, world)


def paintings_with_an_earlier_collection(world: Path, killer: Killer) -> None:
    paint_tiny_artists(world / "artists", 6, 3)
    killer.complete("prepare", "--folder", world / "artists", "--out", world / "data", "--workers", 1, "--max-works", 2)


def paintings_alone(world: Path, _: Killer) -> None:
    paint_tiny_artists(world / "artists", 6, 3)


def paintings_and_a_spreadsheet(world: Path, _: Killer) -> None:
    paintings = sorted(paint_tiny_artists(world / "artists", 6, 3).rglob("*.jpg"))
    write_xlsx(
        world / "works.xlsx", {"Works": [["Artist", "File"], *([path.parent.name, path.name] for path in paintings)]}
    )


def a_data_set_of_the_hub(world: Path, _: Killer) -> None:
    paintings = sorted(paint_tiny_artists(world / "artists", 6, 3).rglob("*.jpg"))
    (world / "art").mkdir()
    for part in (0, 1):
        chosen = paintings[part::2]
        pictures = [{"bytes": path.read_bytes(), "path": path.name} for path in chosen]
        table = pa.table({"image": pictures, "artist": [path.parent.name for path in chosen]})
        parquet.write_table(table, world / "art" / f"train-0000{part}-of-00002.parquet")


def embeddings_made_elsewhere(world: Path, killer: Killer) -> None:
    an_index_of_all_works(world, killer)
    killer.complete(*export("works.parquet")(world))


def export(target: str, *more: object) -> Callable[[Path], list[object]]:
    return lambda world: ["export", world / target, "--index", world / "index", *more]


def read_table_of_works(world: Path) -> object:
    path = world / "out.parquet"
    return parquet.read_table(path).num_rows if path.exists() else "nothing"


def read_projector(world: Path) -> object:
    return digests(world / "projector") if (world / "projector").exists() else "nothing"


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
        "prepare", "--catalogue", world / "info.csv", "--originals", originals, "--out", world / "data", "--workers", 1,
    ]  # fmt: skip


def prepare(*more: object) -> Callable[[Path], list[object]]:
    return lambda world: ["prepare", "--folder", world / "artists", "--out", world / "data", "--workers", 1, *more]


def read_collection(world: Path) -> object:
    if not (world / "data").exists():
        return "nothing"
    collection = Collection.open(world / "data")
    for work in collection.works("all"):
        collection.frame_path(work.file).read_bytes()
    return digests(world / "data")


def a_collection(world: Path, killer: Killer) -> None:
    paint_tiny_artists(world / "artists", 12, 3)
    killer.complete(*prepare("--test-triplets", 1)(world))


def train_last_stages(world: Path) -> list[object]:
    resume = ["--resume"] if (world / "runs" / "one" / "config.json").is_file() else []
    return [
        "train", "--data", world / "data", "--runs", world / "runs", "--name", "one", "--backbone", "tiny_staged_net",
        "--weights", "none", "--img-size", 64, "--device", "cpu", "--batch-size", 8, "--epochs", 1,
        "--finetune-epochs", 2, *resume,
    ]  # fmt: skip


def train(recipe: str) -> Callable[[Path], list[object]]:
    def command(world: Path) -> list[object]:
        resume = ["--resume"] if (world / "runs" / "one" / "config.json").is_file() else []
        size = (
            ["--batch-size", 8, "--epochs", 2]
            if recipe == "strong"
            else ["--batch-size", 4, "--epochs", 2, "--lr", 0.01, "--workers", 0]
        )
        return [
            "train", "--data", world / "data", "--runs", world / "runs", "--name", "one", "--recipe", recipe,
            "--backbone", BACKBONE, "--weights", "none", "--img-size", 64, "--device", "cpu",
            *size, *resume,
        ]  # fmt: skip

    return command


def read_checkpoints_and_collection(world: Path) -> object:
    for path in (world / "runs").rglob("*.safetensors"):
        read_checkpoint(path)
    return digests(world / "data")


def trained(world: Path) -> object:
    """Every file, checkpoints by their numbers: their history has times, which are never the same twice."""
    folder = world / "runs" / "one"
    weights = {}
    for path in folder.glob("*.safetensors"):
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
    save_tiny_encoder(world / "encoder.safetensors")
    killer.complete(*build_index("--data", world / "data")(world))


def an_index_of_all_works(world: Path, killer: Killer) -> None:
    a_collection(world, killer)
    save_tiny_encoder(world / "encoder.safetensors")
    killer.complete(*build_index("--data", world / "data", "--split", "all")(world))


def an_index_and_more_works(world: Path, killer: Killer) -> None:
    an_index_of_the_test_works(world, killer)
    paint_tiny_artists(world / "more", 3, 2, first=7000)


def build_index(*more: object) -> Callable[[Path], list[object]]:
    return lambda world: [
        "build-index", "--encoder", world / "encoder.safetensors", "--index", world / "index", "--device", "cpu",
        *[str(word).replace("WORLD", str(world)) for word in more],
    ]  # fmt: skip


def change_index(*more: object) -> Callable[[Path], list[object]]:
    return lambda world: [
        "build-index", *[str(word).replace("WORLD", str(world)) for word in more], "--index", world / "index",
    ]  # fmt: skip


def remove(world: Path) -> list[object]:
    """Remove an artist; once the artist is removed, list the works instead, as removing again would fail."""
    artists = PaintingIndex.load(world / "index").works.works_per_artist()
    name = "Artist 01" if "Artist 01" in artists else None
    return change_index("remove", name)(world) if name else change_index("list")(world)


def read_index(world: Path) -> object:
    index = PaintingIndex.load(world / "index")
    assert digest_file(index.folder / THUMBNAILS) == index.manifest.files[THUMBNAILS].sha256
    assert len(index.works) == len(index) == index.manifest.works
    return index.digest


def everything(world: Path) -> object:
    # A killed process leaves its lock file, which locks nothing, until the next writer is done.
    return {name: digest for name, digest in digests(world).items() if not name.endswith(".lock")}


STORIES = [
    Story("prepare", paintings_alone, prepare(), read_collection, everything),
    Story("prepare again", paintings_with_an_earlier_collection, prepare("--replace"), read_collection, everything),
    Story("train", a_collection, train("strong"), read_checkpoints_and_collection, trained),
    Story("train --recipe report", a_collection, train("report"), read_checkpoints_and_collection, trained),
    Story(
        "build-index", an_index_of_the_test_works, build_index("--data", "WORLD/data", "--split", "all"), read_index,
        everything,
    ),
    Story(
        "build-index --folder", an_index_of_the_test_works, build_index("--folder", "WORLD/artists"), read_index,
        everything,
    ),
    Story("build-index add", an_index_and_more_works, change_index("add", "WORLD/more"), read_index, everything),
    Story("build-index remove", an_index_of_all_works, remove, read_index, everything),
]  # fmt: skip


MORE_STORIES = [
    Story("prepare from a URL", paintings_in_an_archive, prepare_from_a_url, read_collection, everything),
    Story(
        "build-index --shards", an_index_of_the_test_works,
        build_index("--data", "WORLD/data", "--split", "all", "--shards", "WORLD/shards"), read_index, everything,
    ),
]  # fmt: skip
"""These write as the others do, and differ in where they continue."""

SHORT_STORIES = ("prepare", "train", "build-index --folder", "build-index add")
"""Names of those that every run of the tests has; the others come with `--long`."""

LONG_STORIES = [
    Story("train, last stages", a_collection, train_last_stages, read_checkpoints_and_collection, trained),
    Story(
        "prepare from a spreadsheet", paintings_and_a_spreadsheet,
        lambda world: ["prepare", "--catalogue", world / "works.xlsx", "--originals", world / "artists", "--out",
                       world / "data", "--workers", 1],
        read_collection, everything,
    ),
    Story(
        "prepare --from-hub", a_data_set_of_the_hub,
        lambda world: ["prepare", "--from-hub", world / "art", "--out", world / "data", "--workers", 1],
        read_collection, everything,
    ),
    Story(
        "build-index --embeddings", embeddings_made_elsewhere,
        lambda world: ["build-index", "--embeddings", world / "works.parquet", "--index", world / "index"],
        read_index, everything,
    ),
    Story("export", an_index_of_all_works, export("out.parquet"), read_table_of_works, everything),
    Story(
        "export --format tensorboard", an_index_of_all_works,
        lambda world: ["export", world / "projector", "--index", world / "index", "--format", "tensorboard"]
        if not (world / "projector").exists() else change_index("list")(world),
        read_projector, everything,
    ),
]  # fmt: skip
"""Stages and formats that came later; only with --long."""
