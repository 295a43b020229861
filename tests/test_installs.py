"""The wheel is complete, and the sample's tables are the same on every Python."""

import hashlib
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import painter_search
from painter_search.collection.config import PrepareConfig
from painter_search.collection.preparation import prepare_collection

PACKAGE = Path(painter_search.__file__).parent
REPOSITORY = Path(__file__).parents[1]
"""For contributors; the only file of the package that is not installed."""
TABLES = {
    "df_test_clean.csv": "c0802f543e2e6948971f19cdc9aca5b14bd12de97dab01ee2bd47c2d09bf2a93",
    "df_train_all.csv": "1f790942354fc966f947cc9a22d28b3c6248e2fee4b29ed8e7f824faef238dc3",
    "df_train_clean.csv": "b9c7d82a5b42a1e26feaed085f679d6d4d852ae5bf1b7a4592ad69ee9c926e99",
    "rejected.csv": "97eb33a6fd1f6da7e186c9096faefc9f54409748d2e1dc117fc5bcab525d5033",
    "suspicious_artists.csv": "e7ef962fc7b832a02f4458fad5fe465b5b96e5e5347d2bd3e6a7d9d3a0563aae",
    "test_triplets_with_labels.csv": "ecc66e00454c36825b1abe0a8f6595ca2f971b3b5e0695aa5cbf443abe633c35",
    "train_triplets_with_labels_new.csv": "76d48d894fac08551646c6d0bda6de271b39083d87ede77d8b8502b6ba8de9e4",
    "val_triplets_with_labels.csv": "652a79ffe2673ccba14dfa4f87b4ef587393373096819cad9ebebc93c1921bcb",
}
"""SHA-256 of the sample's tables, the same with any version of Python, pandas and NumPy."""


@pytest.mark.slow
def test_prepare_collection_writes_the_same_tables_of_the_sample(tmp_path: Path) -> None:
    prepare_collection(PrepareConfig(out=tmp_path / "data"))
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (tmp_path / "data").glob("*.csv")}
    assert digests == TABLES


@pytest.mark.slow
def test_wheel_holds_every_file_of_the_package(tmp_path: Path) -> None:
    pytest.importorskip("setuptools", "77", reason="needs setuptools 77 or newer")
    source = tmp_path / "source"
    shutil.copytree(PACKAGE, source / "painter_search", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, source)
    build = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
    done = subprocess.run([sys.executable, "-c", build, str(tmp_path)], cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        names = {name for name in packed.namelist() if ".dist-info/" not in name}
        entry_points = packed.read(f"painter_search-{painter_search.__version__}.dist-info/entry_points.txt").decode()
    files = (
        path
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.name != "README.md"
    )
    assert names == {path.relative_to(PACKAGE.parent).as_posix() for path in files}
    for part in ("py.typed", "display/pages/templates/query.html", "serving/static/", "collection/sample/queries/"):
        assert any(name.startswith(f"painter_search/{part}") for name in names), part
    assert "painter-search = painter_search.__main__:main" in entry_points
