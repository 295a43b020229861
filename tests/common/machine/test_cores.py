"""Cores that a process may use: its affinity, and the quotas of control groups of either version."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from painter_search.common.machine import cores
from painter_search.common.machine.cores import (
    available_cores,
    available_physical_cores,
    cpu_quota,
    limit_library_threads,
)

PACKAGE = Path(cores.__file__).parents[2]


def write_groups(home: Path, membership: str, files: dict[str, str]) -> tuple[Path, Path]:
    """Write /proc/self/cgroup and /sys/fs/cgroup as a kernel would; returns both."""
    (home / "membership").write_text(membership)
    for name, content in files.items():
        (home / "groups" / name).parent.mkdir(parents=True, exist_ok=True)
        (home / "groups" / name).write_text(content)
    return home / "membership", home / "groups"


@pytest.mark.parametrize(
    ("membership", "files", "quota"),
    [
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 1.5),  # a container in version 2
        ("0::/\n", {"cpu.max": "max 100000\n"}, math.inf),
        ("0::/slurm/job_7\n", {"slurm/job_7/cpu.max": "max 100000\n", "slurm/cpu.max": "400000 100000\n"}, 4),
        ("0::/a/b\n", {"a/cpu.max": "300000 100000\n", "a/b/cpu.max": "200000 100000\n"}, 2),
        ("0::/../elsewhere\n", {"cpu.max": "100000 100000\n"}, 1),
        ("4:cpu,cpuacct:/\n", {"cpu,cpuacct/cpu.cfs_quota_us": "50", "cpu,cpuacct/cpu.cfs_period_us": "100"}, 0.5),
        # Version 1 in a container: the path is the one outside.
        ("4:cpu:/docker/abc\n", {"cpu/cpu.cfs_quota_us": "200000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 2),
        ("4:cpu:/\n", {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, math.inf),
        ("3:memory:/\n", {"memory/cpu.max": "100000 100000\n"}, math.inf),
        ("0::/\n", {"cpu.max": "nonsense\n"}, math.inf),
    ],
)  # fmt: skip
def test_cpu_quota_is_the_least_of_the_groups(
    tmp_path: Path, membership: str, files: dict[str, str], quota: float
) -> None:
    assert cpu_quota(*write_groups(tmp_path, membership, files)) == quota


def test_cpu_quota_is_infinite_without_control_groups(tmp_path: Path) -> None:
    assert cpu_quota(tmp_path / "none", tmp_path) == math.inf


@pytest.mark.parametrize(("quota", "cores_left"), [(0.2, 1), (1.5, 2), (math.inf, 3)])
def test_available_cores_are_those_of_the_affinity_within_the_quota(
    monkeypatch: pytest.MonkeyPatch, quota: float, cores_left: int
) -> None:
    monkeypatch.setattr(cores, "_count_affinity", lambda: 3)
    monkeypatch.setattr(cores, "cpu_quota", lambda: quota)
    assert available_cores() == cores_left
    assert available_physical_cores() <= cores_left


def test_second_threads_of_a_core_do_not_count_as_physical(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "_affinity", lambda: {0, 1, 2, 3})
    monkeypatch.setattr(cores, "_count_affinity", lambda: 4)
    monkeypatch.setattr(cores, "cpu_quota", lambda: math.inf)
    monkeypatch.setattr(cores, "_siblings", lambda core: str(core % 2))
    assert (available_cores(), available_physical_cores()) == (4, 2)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux")
def test_available_cores_heed_the_affinity() -> None:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert available_cores() == available_physical_cores() == 1
    finally:
        os.sched_setaffinity(0, before)


@pytest.mark.parametrize(
    ("quota", "given", "expected"), [(1, None, "1"), (1, "2", "2"), (math.inf, None, None), (8, None, None)]
)
def test_limit_library_threads_sets_what_openmp_reads(
    monkeypatch: pytest.MonkeyPatch, quota: float, given: str | None, expected: str | None
) -> None:
    monkeypatch.setattr(cores, "_count_affinity", lambda: 4)
    monkeypatch.setattr(cores, "cpu_quota", lambda: quota)
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "")
    if given is None:
        monkeypatch.delenv("OMP_NUM_THREADS")
    else:
        monkeypatch.setenv("OMP_NUM_THREADS", given)
    limit_library_threads()
    assert os.environ.get("OMP_NUM_THREADS") == expected


def test_limit_library_threads_tells_torch_that_has_counted_already(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(cores, "_count_affinity", lambda: 4)
    monkeypatch.setattr(cores, "cpu_quota", lambda: 1.0)
    monkeypatch.setenv("OMP_NUM_THREADS", "")
    monkeypatch.delenv("OMP_NUM_THREADS")
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        limit_library_threads()
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


def test_cores_are_counted_in_one_place_only() -> None:
    counting = [
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if any(word in path.read_text(encoding="utf-8") for word in ("cpu_count(", "sched_getaffinity"))
    ]
    assert counting == ["common/machine/cores.py"]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux")
def test_networks_run_on_the_cores_of_the_affinity() -> None:
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); os.environ.pop('OMP_NUM_THREADS', None)\n"
        "import faiss, torch, painter_search\n"
        "print(faiss.omp_get_max_threads(), torch.get_num_threads())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == ["1", "1"], done.stderr
