"""What is built is complete, the sample's tables are the same on every Python, and asking needs no more than listed."""

import hashlib
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from running_scripts import Run

import painter_search
from painter_search.collection.config import PrepareConfig
from painter_search.collection.preparation import prepare_collection
from painter_search.encoder.files.names import PACKAGED
from painter_search.index.painting_index import PaintingIndex

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = pytest.importorskip("tomli")

PACKAGE = Path(painter_search.__file__).parent
REPOSITORY = Path(__file__).parents[1]
TABLES = {
    "df_test_clean.csv": "c0802f543e2e6948971f19cdc9aca5b14bd12de97dab01ee2bd47c2d09bf2a93",
    "df_train_all.csv": "1f790942354fc966f947cc9a22d28b3c6248e2fee4b29ed8e7f824faef238dc3",
    "df_train_clean.csv": "b9c7d82a5b42a1e26feaed085f679d6d4d852ae5bf1b7a4592ad69ee9c926e99",
    "rejected.csv": "b4a432dbc490e2fdd2ad7773c4ea04b7bf6b66674b85c1819eef94d8536c056b",
    "suspicious_artists.csv": "52bae2477e07f6e5ba3c74893532c1052fb42a74889ed0c7c9b47f982b506df1",
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


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The source archive and the wheel that is built from it, by `python -m build` in a copy of the repository."""
    pytest.importorskip("build", reason="needs the extra dev")
    pytest.importorskip("setuptools", "77", reason="needs setuptools 77 or newer")
    source = tmp_path_factory.mktemp("build")
    shutil.copytree(PACKAGE, source / "painter_search", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, source)
    run_module("build", "--no-isolation", str(source))
    return sorted((source / "dist").iterdir())


def run_module(*words: str) -> str:
    """Run `python -m` with these words, which must succeed; returns what it printed."""
    done = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_wheel_holds_every_file_of_the_package(built: list[Path]) -> None:
    (wheel,) = (path for path in built if path.suffix == ".whl")
    with zipfile.ZipFile(wheel) as packed:
        names = {name for name in packed.namelist() if ".dist-info/" not in name}
        entry_points = packed.read(f"painter_search-{painter_search.__version__}.dist-info/entry_points.txt").decode()
    files = (
        path
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and (path.suffix != ".md" or path.parent == PACKAGED)
    )
    assert names == {path.relative_to(PACKAGE.parent).as_posix() for path in files}
    for part in ("py.typed", "display/pages/templates/answer.html", "serving/static/", "collection/sample/queries/"):
        assert any(name.startswith(f"painter_search/{part}") for name in names), part
    assert "painter-search = painter_search.__main__:main" in entry_points  # `pipx run` looks for the package's name


@pytest.mark.slow
def test_built_files_may_be_published(built: list[Path]) -> None:
    pytest.importorskip("twine", reason="needs the extra dev")
    assert [path.name for path in built] == [
        f"painter_search-{painter_search.__version__}-py3-none-any.whl",
        f"painter_search-{painter_search.__version__}.tar.gz",
    ]
    assert run_module("twine", "check", "--strict", *map(str, built)).count("PASSED") == 2


def test_changelog_and_citation_name_the_version() -> None:
    # Both lie at the root, where GitHub shows a button for the citation and people look for the changes.
    (newest, *_) = re.findall(r"^## (\S+)", (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    citation = (REPOSITORY / "CITATION.cff").read_text(encoding="utf-8")
    assert newest == painter_search.__version__
    assert f"\nversion: {painter_search.__version__}\n" in citation
    for key in ("cff-version", "message", "title", "authors", "date-released", "license"):
        assert re.search(rf"^{key}:", citation, re.MULTILINE), key


def serving_requirements() -> list[str]:
    lines = (REPOSITORY / "scripts" / "containers" / "serve.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def own_requirements() -> tuple[list[str], list[str]]:
    """What the package always needs, and what its extra `serve` needs, by pyproject.toml without markers."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    own, serve = project["dependencies"], project["optional-dependencies"]["serve"]
    return [line.partition(";")[0].strip() for line in own], serve


def test_environment_for_serving_has_the_bounds_of_the_package() -> None:
    own, serve = own_requirements()
    listed = serving_requirements()
    assert set(listed) <= {*own, *serve}
    assert set(serve) <= set(listed)


WITHOUT_THE_REST = """
import sys
from importlib import import_module
folder, painting, *missing = sys.argv[1:]
class Missing:
    def find_spec(self, name, *_):
        if name.partition(".")[0] in missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
assert import_module("painter_search.query").main([painting, "--index", folder, "--page", folder + "/a.html"]) == 0
from fastapi.testclient import TestClient
from painter_search.serving.application import create_application
from painter_search.serving.config import ServeConfig
from painter_search.serving.current_index import CurrentIndex
from painter_search.serving.service import Service
from pathlib import Path
index = CurrentIndex(Path(folder))
with TestClient(create_application(ServeConfig(), Service(index), None), base_url="http://127.0.0.1:8765") as client:
    for page in ("/", "/map", "/artists", "/compare?one=1&other=2"):
        assert client.get(page).status_code == 200, page
    answer = client.post("/api/query", files={"paintings": open(painting, "rb").read()})
    assert answer.status_code == 200, answer.text
"""


@pytest.mark.slow
def test_query_and_serve_need_no_more_than_the_environment_for_serving(
    small_index: PaintingIndex, painted_originals: Path, tmp_path: Path
) -> None:
    pytest.importorskip("httpx", reason="needs the extra dev")
    listed = {Requirement(line).name for line in serving_requirements()}
    missing = {Requirement(line).name.replace("-", "_") for line in own_requirements()[0]} - {
        name.replace("-", "_") for name in listed
    }
    assert {"torch", "pyarrow"} <= missing
    index = shutil.copytree(small_index.folder, tmp_path / "index")
    painting = min(painted_originals.iterdir())
    words = [sys.executable, "-c", WITHOUT_THE_REST, str(index), str(painting), *sorted(missing)]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_script_of_dependencies_prints_a_row_of_each(run_here: Run) -> None:
    printed = run_here("dependencies.py", "--only", "packaging", "--repeat", 1)
    (row,) = [line for line in printed.splitlines() if line.startswith("| packaging ")]
    assert re.fullmatch(r"\| packaging \| what `info` reads \| common \| [\d.]+ \| \d\.\d\d \|  \|", row)


def test_page_of_scripts_has_a_row_of_every_dependency_and_extra() -> None:
    text = (REPOSITORY / "scripts" / "README.md").read_text(encoding="utf-8")
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for line in project["dependencies"]:
        assert f"\n| {Requirement(line).name} | " in text, line
    for extra in set(project["optional-dependencies"]) - {"dev"}:
        assert f"\n| `{extra}` | " in text, extra
