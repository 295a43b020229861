"""The notebooks run from top to bottom, and lie in git without outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from staged_net import BACKBONE

nbformat = pytest.importorskip("nbformat", reason="needs the extra dev")

NOTEBOOKS = Path(__file__).parents[1] / "scripts" / "notebooks"
NAMES = ("first-answers", "training-and-scoring", "neighbours-of-an-artist")
"""In the order in which one leads to the other: the last one looks at the index that it finds."""
TINY_NETWORK = f"""
import sys
sys.path += [{str(Path(__file__).parent / "helpers")!r}]
from staged_net import register_staged_backbone
import painter_search.encoder.backbone
register_staged_backbone()
painter_search.encoder.backbone._load_imagenet = lambda *_: None
"""
PARAMETERS = f"""
BACKBONE = {BACKBONE!r}
SETTINGS = {{"backbone": BACKBONE, "weights": "none", "epochs": 1, "img_size": 64, "batch_size": 8, "device": "cpu"}}
FOLDER = Path("my-paintings")
"""


def read_notebook(name: str) -> Any:
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)


def test_every_notebook_is_listed() -> None:
    assert {path.stem for path in NOTEBOOKS.glob("*.ipynb")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_notebook_lies_in_git_without_outputs_and_installs_first(name: str) -> None:
    notebook = read_notebook(name)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in cells)
    assert cells[0].source.startswith("%pip install")
    assert [cell.metadata.get("tags") for cell in cells].count(["parameters"]) == 1
    assert notebook.cells[0].source.startswith("# ")


@pytest.mark.long
@pytest.mark.slow
def test_notebooks_run_one_after_another_and_show_their_results(tmp_path: Path) -> None:
    """In one kernel, since starting one imports PyTorch; each begins with nothing defined."""
    nbclient = pytest.importorskip("nbclient", reason="needs the extra dev")
    pytest.importorskip("ipykernel", reason="needs the extra dev")
    pytest.importorskip("tqdm", reason="needs the extra notebook")
    whole = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(TINY_NETWORK)])
    for name in NAMES:
        whole.cells.append(nbformat.v4.new_code_cell("%reset -f"))
        for cell in read_notebook(name).cells:
            tags = cell.metadata.get("tags", [])
            if cell.cell_type == "code" and "install" not in tags:
                whole.cells.append(cell)
            if "parameters" in tags:
                whole.cells.append(nbformat.v4.new_code_cell(PARAMETERS))
    for number, cell in enumerate(whole.cells):
        cell["id"] = str(number)
    resources = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(whole, timeout=300, kernel_name="python3", resources=resources).execute()
    shown = {
        cell.source.rstrip().splitlines()[-1]: "".join(out.get("data", {}).get("text/html", "") for out in cell.outputs)
        for cell in whole.cells
    }
    for result in ("index", "answers", "audit", "similar", "measure_reliability(index)", "run"):
        assert "<table>" in shown[result], result
    for result in ("index", "answers", "list_works(index, artist)", "run"):
        assert "data:image/jpeg;base64," in shown[result], result
