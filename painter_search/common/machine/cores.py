"""How many cores this process may use: those of its affinity, within the CPU quota of its control groups.

A job on a cluster is often bound to some cores of a large machine, and a container is often given a share of its time.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path

MEMBERSHIP = Path("/proc/self/cgroup")
"""Linux's list of the control groups that this process is in, one a line: `number:controllers:path`."""
HIERARCHIES = Path("/sys/fs/cgroup")
"""Where the control groups are mounted, in either version."""
TOPOLOGY = Path("/sys/devices/system/cpu")


def available_cores() -> int:
    """Number of cores for work of this process, at least 1; a quota of 2.5 cores counts as 3."""
    return max(1, math.ceil(min(_count_affinity(), cpu_quota())))


def available_physical_cores() -> int:
    """The same without second threads of one core: these share its arithmetic units and do not speed up a network."""
    siblings = {_siblings(number) for number in _affinity()}
    return min(available_cores(), len(siblings)) if siblings else available_cores()


def limit_library_threads() -> None:
    """Keep OpenMP, BLAS and PyTorch within the CPU quota; they heed the affinity alone.

    Sets `OMP_NUM_THREADS` unless it is set, and only where there is a quota below the affinity.
    """
    cores = available_cores()
    if "OMP_NUM_THREADS" in os.environ or cores >= _count_affinity():
        return
    os.environ["OMP_NUM_THREADS"] = str(cores)
    torch = sys.modules.get("torch")
    if torch is not None:  # it has counted the cores already
        torch.set_num_threads(min(cores, torch.get_num_threads()))


def keep_blas_on_one_thread() -> None:
    """Compute NumPy's matrix products in the thread that asks, if NumPy is not imported yet and nothing else is set.

    For commands whose matrices are small: OpenBLAS would keep a thread on every other core, and these wait for the next
    product without sleeping, while encoders and decoders need the cores.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def cpu_quota(membership: Path = MEMBERSHIP, hierarchies: Path = HIERARCHIES) -> float:
    """Cores' worth of time that the control groups of this process leave it; infinite without any limit."""
    return min((quota for folder in _groups(membership, hierarchies) for quota in _quotas(folder)), default=math.inf)


def _groups(membership: Path, hierarchies: Path) -> Iterator[Path]:
    """The folders of the control groups that limit this process, their parents included; some may not exist.

    A container sees its own group as the root, sometimes under the path that it has outside.
    """
    try:
        lines = membership.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return  # not Linux
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        group = Path(path.lstrip("/"))
        for mounted in (controllers, "cpu") if controllers else ("", "unified"):
            yield from (hierarchies / mounted / part for part in (group, *group.parents))


def _quotas(group: Path) -> Iterator[float]:
    """The quota of one control group, of version 2 or 1, if it has one."""
    for names in (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us")):
        try:
            quota, period = " ".join((group / name).read_text(encoding="utf-8") for name in names).split()
            if int(quota) > 0:
                yield int(quota) / int(period)
        except (OSError, ValueError, ZeroDivisionError):
            continue  # there is none, or it is `max`


def _count_affinity() -> int:
    if sys.version_info >= (3, 13):
        return os.process_cpu_count() or 1
    return len(_affinity()) or os.cpu_count() or 1


def _affinity() -> set[int]:
    return os.sched_getaffinity(0) if sys.platform == "linux" else set()


def _siblings(core: int) -> str:
    """The cores that are threads of one physical core with this one."""
    try:
        return (TOPOLOGY / f"cpu{core}" / "topology" / "thread_siblings_list").read_text(encoding="utf-8")
    except OSError:
        return str(core)
