"""`prepare --picture-size`: larger pictures beside a collection that is otherwise the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from large_pictures import PICTURE_SIZE, long_side
from preparing import interrupt, leftovers, tree

from painter_search.collection.collection import Collection
from painter_search.collection.config import PrepareConfig
from painter_search.collection.preparation import prepare_collection
from painter_search.common.errors import DamagedFileError, InvalidValueError


def settings(folder: Path, out: Path, size: int = 512, **others: object) -> PrepareConfig:
    return PrepareConfig(folder=folder, out=out, test_share=1, workers=1, picture_size=size, **others)  # type: ignore[arg-type]


@pytest.mark.parametrize("framing", ["whole", "center"])
def test_larger_pictures_are_kept_beside_the_same_collection(framing: str, large_folder: Path, tmp_path: Path) -> None:
    plain = prepare_collection(settings(large_folder, tmp_path / "plain", framing=framing))
    larger = prepare_collection(settings(large_folder, tmp_path / "larger", PICTURE_SIZE, framing=framing))
    before, after = tree(plain.folder), tree(larger.folder)
    pictures = {name for name in after if name.startswith("pictures/")}
    assert pictures == {name.replace("frames/", "pictures/") for name in after if name.startswith("frames/")}
    assert {**after, "prepare.json": b""} == {
        **before,
        **{name: after[name] for name in pictures},
        "prepare.json": b"",
    }
    written = {name: json.loads(files["prepare.json"]) for name, files in (("before", before), ("after", after))}
    for part in (written["after"]["config"], written["after"]["identity"]["config"]):
        assert part.pop("picture_size") == PICTURE_SIZE
    assert written["after"] == written["before"]
    assert (Collection.open(plain.folder).picture_size, Collection.open(larger.folder).picture_size) == (512, 700)
    assert sorted(long_side(larger.picture(work.file)) for work in larger.works()) == [300, 700, 700, 700, 700]
    assert [plain.picture(work.file) for work in plain.works()] == [None] * 5


def test_interrupted_preparation_with_larger_pictures_continues(
    large_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = settings(large_folder, tmp_path / "data", PICTURE_SIZE)
    undisturbed = prepare_collection(settings(large_folder, tmp_path / "undisturbed", PICTURE_SIZE))
    staging = interrupt(config, monkeypatch, after=3)
    lost = sorted((staging / "pictures").iterdir())[0]
    lost.unlink()  # as by a power cut: its original is framed again
    assert tree(prepare_collection(config).folder) == tree(undisturbed.folder)
    assert leftovers(tmp_path) == []


def test_another_size_is_another_collection(large_folder: Path, tmp_path: Path) -> None:
    collection = prepare_collection(settings(large_folder, tmp_path / "data"))
    with pytest.raises(InvalidValueError, match="replace"):
        prepare_collection(settings(large_folder, tmp_path / "data", PICTURE_SIZE))
    with pytest.raises(InvalidValueError, match="picture_size is 100"):
        settings(large_folder, tmp_path / "data", 100)
    path = collection.folder / "prepare.json"
    summary = json.loads(path.read_text())
    summary["config"]["picture_size"] = "large"
    path.write_text(json.dumps(summary))
    with pytest.raises(DamagedFileError, match="size of its pictures"):
        Collection.open(collection.folder)
