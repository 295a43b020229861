"""What a data set's own descriptions say of its columns, where its files do not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from painter_search.collection.tables.features import Features


def described_features(place: Path, beside: Path) -> Features:
    """The features in a folder's `dataset_info.json`, or in `dataset_infos.json` or `README.md` of the data set.

    Args:
        place: The data set: its folder, or its only file.
        beside: The folder of one of its files.
    """
    folder = place if place.is_dir() else place.parent
    found = _read_json(beside / "dataset_info.json").get("features")
    if not found:
        infos = [info for info in _read_json(folder / "dataset_infos.json").values() if isinstance(info, dict)]
        found = next((info["features"] for info in infos if "features" in info), None)
    return found if isinstance(found, dict) else _read_card(folder / "README.md")


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _read_card(path: Path) -> Features:
    """The features of a card's header in YAML: `dataset_info: features: [{name: ..., dtype: ...}]`."""
    try:
        import yaml  # comes with huggingface_hub

        header = yaml.safe_load(path.read_text(encoding="utf-8").split("---")[1])
        info = header["dataset_info"]
        columns = (info[0] if isinstance(info, list) else info)["features"]
        return {column["name"]: _from_card(column.get("dtype")) for column in columns}
    except (ImportError, OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}
    except yaml.YAMLError:
        return {}


def _from_card(kind: object) -> dict[str, Any]:
    """A column's description as `datasets` writes it elsewhere."""
    if isinstance(kind, dict) and "class_label" in kind:
        names = kind["class_label"]["names"]
        return {"_type": "ClassLabel", "names": list(names.values()) if isinstance(names, dict) else list(names)}
    return {"_type": "Image"} if kind == "image" else {}
