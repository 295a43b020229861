"""What is installed: versions, extras, processors; what a bug report needs."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, metadata, requires, version

from packaging.requirements import Requirement

from painter_search.common.errors import one_line
from painter_search.common.machine.cores import available_cores
from painter_search.common.version import __version__

DISTRIBUTION = "painter-search"
PURPOSES = {
    "backbone": "timm's backbones, and a small one whose ImageNet weights come with it",
    "heic": "photographs in HEIC",
    "hub": "data sets and encoders of the Hugging Face hub",
    "jxl": "images in JPEG XL",
    "kaggle": "download Painter by Numbers",
    "milvus": "keep an index's vectors in Milvus",
    "notebook": "bars of progress in notebooks",
    "ray": "embed on many machines",
    "serve": "the web app and the API",
    "tables": "catalogues in spreadsheets",
    "tensorboard": "watch a training in TensorBoard",
    "dev": "test the package",
}
"""What each extra of `pyproject.toml` is for, in the order in which they are listed."""


@dataclass(frozen=True)
class Extra:
    """An optional part of the package."""

    name: str
    """As in `pip install ".[NAME]"`."""
    purpose: str
    installed: dict[str, str]
    """Package → version."""
    missing: list[str]
    """Packages to install."""

    @property
    def complete(self) -> bool:
        """Whether everything the extra needs is installed."""
        return not self.missing


@dataclass(frozen=True)
class Installation:
    """This installation of painter_search and the machine it is on."""

    painter_search: str
    python: str
    system: str
    cores: int
    """Cores that this process may use."""
    accelerator: str
    """The GPU that PyTorch computes on, or "none"."""
    packages: dict[str, str]
    """Package that is always needed → version, "missing" where it is not installed."""
    extras: list[Extra]


def read_installation() -> Installation:
    """Look up what is installed. Imports PyTorch to ask it for a GPU."""
    required = [requirement.name for requirement in _requirements() if "extra" not in str(requirement.marker or "")]
    return Installation(
        painter_search=__version__,
        python=f"{platform.python_version()} ({platform.python_implementation()})",
        system=f"{platform.system()} {platform.release()}, {platform.machine()}",
        cores=available_cores(),
        accelerator=_accelerator(),
        packages={name: _version(name) or "missing" for name in sorted(required)},
        extras=[_read_extra(name) for name in _extras()],
    )


def _extras() -> list[str]:
    try:
        return list(metadata(DISTRIBUTION).get_all("Provides-Extra") or [])
    except PackageNotFoundError:  # run from a folder, not installed
        return []


def _read_extra(name: str) -> Extra:
    packages = [
        requirement.name
        for requirement in _requirements()
        if requirement.marker and "extra" in str(requirement.marker) and requirement.marker.evaluate({"extra": name})
    ]
    versions = {package: _version(package) for package in packages}
    return Extra(
        name,
        PURPOSES.get(name, ""),
        {package: found for package, found in versions.items() if found},
        [package for package, found in versions.items() if not found],
    )


@lru_cache
def _requirements() -> tuple[Requirement, ...]:
    try:
        return tuple(Requirement(line) for line in requires(DISTRIBUTION) or ())
    except PackageNotFoundError:
        return ()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _accelerator() -> str:
    try:
        import torch
    except ModuleNotFoundError:
        return "none (PyTorch is not installed)"
    except (ImportError, OSError) as error:  # a library of PyTorch's own may be missing
        return f"unknown: PyTorch does not start ({one_line(error)})"
    if torch.cuda.is_available():
        return f"{torch.cuda.get_device_name(0)} (CUDA {torch.version.cuda})"
    if torch.backends.mps.is_available():
        return f"Apple {platform.machine()} (MPS)"
    return "none" if sys.platform != "linux" or torch.version.cuda is None else "none (PyTorch is a CUDA build)"
