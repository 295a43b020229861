"""Many clients at once: how many answers a second, how long they wait, and whether the server's memory stays flat.

python scripts/serve_load.py --index index --paintings data/frames --clients 50 --seconds 60
"""

from __future__ import annotations

import argparse
import collections
import itertools
import json
import os
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


@dataclass
class Load:
    """What clients met with."""

    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)
    statuses: collections.Counter[int] = field(default_factory=collections.Counter)
    polite: bool = True
    """Whether every refusal said when to come again."""
    memory: list[float] = field(default_factory=list)
    """Of the server and its decoders, megabytes, once a second or so."""

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.statuses[200] / self.seconds


def start_server(index: Path, *flags: str) -> tuple[subprocess.Popen[str], str]:
    """A server of its own and its address."""
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


def ask_again_and_again(address: str, paintings: list[bytes], clients: int, seconds: float, server: int) -> Load:
    """Let `clients` ask about one painting after another for a while."""
    load, lock, ends = Load(), threading.Lock(), time.monotonic() + seconds

    def ask(seed: int) -> None:
        order = random.Random(seed).sample(paintings, len(paintings))
        for painting in itertools.cycle(order):
            began = time.monotonic()
            if began >= ends:
                return
            status, again = post_painting(f"{address}/api/query", painting)
            with lock:
                load.statuses[status] += 1
                if status == 200:
                    load.waits.append(time.monotonic() - began)
                elif status in (429, 503):
                    load.polite &= again is not None
            if status != 200:
                time.sleep(float(again or 1))

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(clients)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        load.memory.append(memory_of(server))
        time.sleep(1)
    load.seconds = time.monotonic() - began
    return load


def post_painting(address: str, painting: bytes) -> tuple[int, str | None]:
    """The status of the answer, and after how many seconds to come again where that is said."""
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
    """Resident megabytes of a process and its children; 0 where the system does not say."""
    total = 0.0
    for number in [process, *children_of(process)]:
        try:
            total += int(Path(f"/proc/{number}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
        except OSError:
            continue
    return total


def children_of(process: int) -> list[int]:
    """The processes that a process started, on Linux."""
    found = []
    for tasks in Path(f"/proc/{process}/task").glob("*/children"):
        found += [int(number) for number in tasks.read_text().split()]
    return found


def together(loads: list[Load]) -> Load:
    """Several rounds as one."""
    whole = Load()
    for load in loads:
        whole.seconds += load.seconds
        whole.waits += load.waits
        whole.statuses += load.statuses
        whole.polite &= load.polite
        whole.memory += load.memory
    return whole


def describe(name: str, loads: list[Load]) -> str:
    """The figures of all rounds in a line."""
    whole = together(loads)
    waits = sorted(whole.waits) or [0.0]
    late = waits[int(0.95 * (len(waits) - 1))]
    busy = whole.statuses[429] + whole.statuses[503]
    failed = sum(whole.statuses.values()) - whole.statuses[200] - busy
    rate = statistics.median(load.rate for load in loads)
    return (
        f"{name}: {rate:.1f} answers a second (median of {len(loads)} rounds; "
        f"{whole.statuses[200]:,} in {whole.seconds:.0f} s), median wait {statistics.median(waits):.2f} s, 95 % within "
        f"{late:.2f} s; told to come again (429, 503): {busy}{'' if whole.polite else ', NOT TOLD WHEN'}; "
        f"errors: {failed}; memory {whole.memory[0]:.0f} MB at its beginning, {max(whole.memory):.0f} MB at most, "
        f"{whole.memory[-1]:.0f} MB at its end"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", type=Path, default=Path("index"))
    parser.add_argument("--paintings", type=Path, required=True, help="a folder of images")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60, help="of many clients, in all rounds together")
    parser.add_argument("--rounds", type=int, default=4, help="one client and many in turn, so that noise hits both")
    asked = parser.parse_args()
    paintings = [path.read_bytes() for path in sorted(asked.paintings.iterdir())[:100] if path.is_file()]
    server, address = start_server(asked.index)
    try:
        ask_again_and_again(address, paintings, asked.clients, 3, server.pid)
        one, many = [], []
        for _ in range(asked.rounds):
            one.append(ask_again_and_again(address, paintings, 1, asked.seconds / asked.rounds / 2, server.pid))
            many.append(
                ask_again_and_again(address, paintings, asked.clients, asked.seconds / asked.rounds, server.pid)
            )
        print(describe("1 client", one))
        print(describe(f"{asked.clients} clients", many))
        ratio = statistics.median(crowd.rate / alone.rate for alone, crowd in zip(one, many, strict=True))
        print(f"Together they get {ratio:.2f} x what one gets (median of the rounds).")
    finally:
        server.terminate()
        server.wait(20)


if __name__ == "__main__":
    main()
