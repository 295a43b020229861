"""Same inputs, same outputs, on any number of workers and in any folder; and old files stay readable or are refused."""

from __future__ import annotations

import ast
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from build_fixture import FIXTURES, SIZE_LIMIT
from fault_stories import build_index, train, trained
from harness import Killer, digests
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_world import BACKBONE, paint_tiny, paint_tiny_artists, save_tiny_encoder

import painter_search
from painter_search.attribution.answers import Attribution
from painter_search.attribution.attribute import attribute
from painter_search.collection.cleaning import clean_catalogue
from painter_search.collection.triplets import draw_triplets
from painter_search.common.errors import PainterSearchError
from painter_search.encoder.backbone import read_weights
from painter_search.encoder.checkpoint import add_to_checkpoint, read_checkpoint
from painter_search.encoder.files.safetensors_file import to_safetensors
from painter_search.encoder.load_encoder import load_encoder
from painter_search.index.manifest import FORMAT, MANIFEST
from painter_search.index.painting_index import PaintingIndex
from painter_search.index.vector_store import faiss_build, faiss_plan

pytestmark = pytest.mark.faults


@pytest.mark.slow
def test_commands_write_the_same_files_in_any_folder_on_any_number_of_workers(killer: Killer, tmp_path: Path) -> None:
    made = []
    for place, workers in (("here", 1), ("somewhere else", 3)):
        world = tmp_path / place
        paint_tiny_artists(world / "artists", 12, 3)
        prepare = ("prepare", "--folder", world / "artists", "--out", world / "data", "--workers", workers)
        killer.complete(*prepare, "--test-triplets", 1)
        killer.complete(*train("strong")(world))
        save_tiny_encoder(world / "encoder.safetensors")
        killer.complete(*build_index("--data", "WORLD/data")(world))
        killer.complete(*build_index("--folder", "WORLD/artists")(world))
        made.append((digests(world / "data"), digests(world / "index"), trained(world)[1:]))
    for one, other in zip(*made, strict=True):
        assert one == other


@pytest.mark.slow
def test_build_faiss_writes_the_same_file_after_an_interruption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faiss_plan, "EXACT_UP_TO", 500)
    monkeypatch.setattr(faiss_build, "SHARD_SIZE", 700)
    vectors = np.random.default_rng(0).normal(size=(2000, 256)).astype(np.float32)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    for name, memory in (("flat", "8GB"), ("coded", "1MB")):
        made = []
        for place, stop_at in (("one", None), ("other", None), ("interrupted", 2)):
            folder = tmp_path / name / place
            folder.mkdir(parents=True)
            if stop_at is not None:
                with monkeypatch.context() as patched:
                    patched.setattr(faiss_build, "merge_shards", interrupt)
                    with pytest.raises(KeyboardInterrupt):
                        faiss_build.build_faiss(vectors, folder, False, memory, 0.95)
                next(folder.glob(f"*-{stop_at:05d}")).unlink()
            kind = faiss_build.build_faiss(vectors, folder, False, memory, 0.95)
            made.append((kind, digests(folder)))
        assert made[0] == made[1] == made[2]
        assert made[0][0].codes == {"flat": "flat", "coded": "sq8"}[name]


def test_save_checkpoint_writes_the_same_file_twice(tmp_path: Path) -> None:
    one, other = (
        save_tiny_encoder(tmp_path / "one.safetensors"),
        save_tiny_encoder(tmp_path / "another name.safetensors"),
    )
    assert one.read_bytes() == other.read_bytes()
    for path in (one, other):
        add_to_checkpoint(path, confidence={"threshold": 0.5})
    assert one.read_bytes() == other.read_bytes()
    assert b"another name" not in other.read_bytes()


HOW_TO_CHANGE_THE_FORMAT = (
    "An index of format {found} that people have can no longer be used as it was. Either read what it lacks with a "
    "default, or raise FORMAT in index/manifest.py, whose sentence then tells them to build it again; and add a "
    "fixture of the new format: python tests/helpers/build_fixture.py"
)


@pytest.mark.parametrize("folder", sorted(FIXTURES.glob("index-of-format-*")), ids=lambda folder: folder.name)
def test_index_of_every_format_is_read_or_refused_with_a_remedy(folder: Path, tmp_path: Path) -> None:
    assert sum(path.stat().st_size for path in folder.iterdir()) < SIZE_LIMIT
    found = json.loads((folder / MANIFEST).read_text())["format"]
    painting = tmp_path / "painting.jpg"
    paint_tiny(painting, 101)
    try:
        answer, refusal = attribute(PaintingIndex.load(folder), [painting])[0], ""
    except PainterSearchError as error:
        answer, refusal = None, str(error)
    if refusal:
        assert found != FORMAT, HOW_TO_CHANGE_THE_FORMAT.format(found=found) + f" ({refusal})"
        assert f"has format {found}" in refusal
        assert "build it again" in refusal
        return
    assert isinstance(answer, Attribution)
    assert [twin.work.file for twin in answer.same_works] == ["Artist 01/101.jpg"]
    assert len(answer.artists) == 3


def test_present_index_format_has_a_fixture() -> None:
    assert (FIXTURES / f"index-of-format-{FORMAT}").is_dir(), HOW_TO_CHANGE_THE_FORMAT.format(found=FORMAT - 1)


@pytest.mark.slow
def test_code_never_unpickles() -> None:
    package = Path(painter_search.__file__).parent
    for path in [*package.rglob("*.py"), *(package.parent / "scripts").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [name.name for name in node.names]
                unsafe = {"pickle", "joblib", "dill", "shelve", "marshal"}
                assert not unsafe & {name.split(".")[0] for name in names}, path
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            assert called not in ("eval", "exec", "pd.read_pickle", "torch.jit.load", "yaml.load"), path
            assert called != "torch.load" or keywords.get("weights_only") == "True", path
            assert keywords.get("allow_pickle", "False") == "False", path


class Evil:
    """Runs code when it is unpickled."""

    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple:
        return Path.touch, (self.witness,)


def test_read_checkpoint_refuses_pickled_code_and_compressed_parts(tmp_path: Path) -> None:
    witness, path = tmp_path / "witness", tmp_path / "evil.pt"
    content = read_checkpoint(save_tiny_encoder(tmp_path / "encoder.safetensors"))
    torch.save({**content, "history": Evil(witness)}, path)
    for read in (read_checkpoint, read_weights):
        with pytest.raises(PainterSearchError, match="read safely"):
            read(path)
    torch.save(content, tmp_path / "old.pt")
    with zipfile.ZipFile(tmp_path / "old.pt") as sound, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for part in sound.infolist():
            packed.writestr(part.filename, sound.read(part) + bytes(10_000_000))
    with pytest.raises(PainterSearchError, match="read safely"):
        read_checkpoint(path)
    assert not witness.exists()


def test_read_checkpoint_refuses_a_changed_bit_or_reads_the_same(tmp_path: Path) -> None:
    path = save_tiny_encoder(tmp_path / "encoder.safetensors")
    content, sound = path.read_bytes(), read_checkpoint(path)["model"]
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(150):
        damaged = bytearray(content)
        damaged[rng.integers(len(damaged))] ^= 1 << rng.integers(8)
        path.write_bytes(bytes(damaged))
        try:
            read = read_checkpoint(path)
        except PainterSearchError:
            refused += 1
            continue
        assert all(torch.equal(sound[name], value) for name, value in read["model"].items())
    assert refused > 75


@pytest.mark.parametrize(
    "changes",
    [
        {"encoder": {"backbone": "hf_hub:somebody/evil"}}, {"encoder": {"backbone": 5}}, {"encoder": None},
        {"encoder": {"backbone": BACKBONE, "img_size": 10**9}}, {"encoder": {"backbone": "resnet18"}},
        {"model": {}}, {"model": 3}, {"framing": "huge"}, {"format": 99}, {"format": None},
    ],
)  # fmt: skip
def test_load_encoder_refuses_a_checkpoint_unlike_its_description(tmp_path: Path, changes: dict) -> None:
    content = {**read_checkpoint(save_tiny_encoder(tmp_path / "encoder.safetensors")), **changes}
    torch.save(content, tmp_path / "other.pt")
    files = [tmp_path / "other.pt"]
    if isinstance(content["model"], dict):
        (tmp_path / "other.safetensors").write_bytes(to_safetensors(content))
        files.append(tmp_path / "other.safetensors")
    for file in files:
        with pytest.raises(PainterSearchError):
            load_encoder(file)


CATALOGUES = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.booleans()), min_size=0, max_size=40
).map(lambda rows: [(artist, f"{number}.jpg", train) for number, (artist, train) in enumerate(rows)])  # fmt: skip


@settings(max_examples=50)
@given(CATALOGUES, st.integers(0, 3), st.randoms(use_true_random=False))
@pytest.mark.slow
def test_draw_triplets_is_sound_and_complete_for_any_catalogue(rows: list, seed: int, shuffle) -> None:  # type: ignore[no-untyped-def]
    import pandas as pd

    def drawn(rows: list):  # type: ignore[no-untyped-def]
        table = pd.DataFrame(rows, columns=["artist", "new_filename", "in_train"]).astype({"in_train": bool})
        cleaned = clean_catalogue(table, 4, seed)
        return cleaned, draw_triplets(cleaned.train, cleaned.test, random_state=seed, test_share_kept=1.0)

    cleaned, triplets = drawn(rows)
    owner = {file: artist for artist, file, _ in rows}
    parts = []
    for table in (triplets.train, triplets.validation, triplets.test):
        for anchor, positive, negative in table.itertuples(index=False):
            assert anchor != positive
            assert owner[anchor] == owner[positive] != owner[negative]
        assert not table.duplicated(["anchor", "positive"]).any()
        assert len({frozenset(pair) for pair in table[["anchor", "positive"]].to_numpy()}) == len(table)
        parts.append({owner[file] for file in table.to_numpy().ravel()})
    assert sum(map(len, parts)) == len(set().union(*parts))
    works = cleaned.test.groupby("artist").size()
    assert len(triplets.test) == (sum(n * (n - 1) // 2 for n in works) if len(works) > 1 else 0)
    mixed = list(rows)
    shuffle.shuffle(mixed)
    _, again = drawn(mixed)
    for one, other in zip(vars(triplets).values(), vars(again).values(), strict=True):
        pd.testing.assert_frame_equal(one, other)
