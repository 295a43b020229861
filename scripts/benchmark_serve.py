"""Many clients at once: answers a second, how long clients wait, and whether the server's memory stays flat.

python scripts/benchmark_serve.py --index index --paintings data/frames --clients 50 --seconds 60
"""

from __future__ import annotations

import argparse
import collections
import itertools
import json
import random
import statistics
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from benchmark.memory import resident_memory_of


@dataclass
class Load:
    """What clients measured."""

    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)
    statuses: collections.Counter[int] = field(default_factory=collections.Counter)
    retry_announced: bool = True
    """Whether every refusal said when to retry."""
    memory: list[float] = field(default_factory=list)
    """Megabytes of the server and its decoders, about once a second."""

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.statuses[200] / self.seconds


def start_server(index: Path, *flags: str) -> tuple[subprocess.Popen[str], str]:
    """Start a server; returns its process and its address."""
    command = [sys.executable, "-m", "painter_search.serve", "--index", str(index), "--port", "0", "--no-browser"]
    server = subprocess.Popen([*command, "--json", *flags], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    text = ""
    while not text.rstrip().endswith("}"):
        line = server.stdout.readline()
        if not line:
            raise SystemExit("the server did not start")
        text += line
    return server, json.loads(text)["address"].rstrip("/")


def query_for(address: str, paintings: list[bytes], clients: int, seconds: float, server: int) -> Load:
    """Let `clients` query one painting after another for `seconds`."""
    load, lock, end = Load(), threading.Lock(), time.monotonic() + seconds

    def query(seed: int) -> None:
        order = random.Random(seed).sample(paintings, len(paintings))
        for painting in itertools.cycle(order):
            start = time.monotonic()
            if start >= end:
                return
            status, retry_after = post_painting(f"{address}/api/query", painting)
            with lock:
                load.statuses[status] += 1
                if status == 200:
                    load.waits.append(time.monotonic() - start)
                elif status == 503:
                    load.retry_announced &= retry_after is not None
            if status != 200:
                time.sleep(float(retry_after or 1))

    threads = [threading.Thread(target=query, args=(seed,)) for seed in range(clients)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        load.memory.append(memory_of(server))
        time.sleep(1)
    load.seconds = time.monotonic() - start
    return load


def post_painting(address: str, painting: bytes) -> tuple[int, str | None]:
    """Query one painting; returns the status (0: no connection) and the header Retry-After, if any."""
    boundary = uuid.uuid4().hex
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="paintings"; filename="a.jpg"\r\n\r\n'
    body = head.encode() + painting + f"\r\n--{boundary}--\r\n".encode()
    request = urllib.request.Request(address, body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            answer.read()
            return answer.status, None
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.headers.get("Retry-After")
    except OSError:
        return 0, None


def memory_of(process: int) -> float:
    """Resident megabytes of a process and its children; 0 without /proc."""
    return sum(map(resident_memory_of, [process, *children_of(process)])) / 1e6


def children_of(process: int) -> list[int]:
    """The children of a process, on Linux."""
    children = []
    for tasks in Path(f"/proc/{process}/task").glob("*/children"):
        children += [int(number) for number in tasks.read_text().split()]
    return children


def merge_rounds(loads: list[Load]) -> Load:
    """Merge several rounds into one."""
    whole = Load()
    for load in loads:
        whole.seconds += load.seconds
        whole.waits += load.waits
        whole.statuses += load.statuses
        whole.retry_announced &= load.retry_announced
        whole.memory += load.memory
    return whole


def describe(name: str, loads: list[Load]) -> str:
    """The figures of all rounds in one line."""
    whole = merge_rounds(loads)
    waits = sorted(whole.waits) or [0.0]
    p95 = waits[int(0.95 * (len(waits) - 1))]
    busy = whole.statuses[503]
    failed = sum(whole.statuses.values()) - whole.statuses[200] - busy
    rate = statistics.median(load.rate for load in loads)
    return (
        f"{name}: {rate:.1f} answers a second (median of {len(loads)} rounds; "
        f"{whole.statuses[200]:,} in {whole.seconds:.0f} s), median wait {statistics.median(waits):.2f} s, 95 % within "
        f"{p95:.2f} s; refused for now (503): {busy}{'' if whole.retry_announced else ', WITHOUT Retry-After'}; "
        f"errors: {failed}; memory {whole.memory[0]:.0f} MB at its beginning, {max(whole.memory):.0f} MB at most, "
        f"{whole.memory[-1]:.0f} MB at its end"
    )


def main() -> None:
    """Measure one client and many in turns, and print both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", type=Path, default=Path("index"))
    parser.add_argument("--paintings", type=Path, required=True, help="a folder of images")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60, help="of many clients, all rounds together")
    parser.add_argument("--rounds", type=int, default=4, help="one client and many take turns this often")
    flags = parser.parse_args()
    paintings = [path.read_bytes() for path in sorted(flags.paintings.iterdir())[:100] if path.is_file()]
    server, address = start_server(flags.index)
    try:
        query_for(address, paintings, flags.clients, 3, server.pid)
        one, many = [], []
        for _ in range(flags.rounds):
            one.append(query_for(address, paintings, 1, flags.seconds / flags.rounds / 2, server.pid))
            many.append(query_for(address, paintings, flags.clients, flags.seconds / flags.rounds, server.pid))
        print(describe("1 client", one))
        print(describe(f"{flags.clients} clients", many))
        ratio = statistics.median(crowd.rate / alone.rate for alone, crowd in zip(one, many, strict=True))
        print(f"{flags.clients} clients get {ratio:.2f} times the answers of one (median of the rounds).")
    finally:
        server.terminate()
        server.wait(20)


if __name__ == "__main__":
    main()
