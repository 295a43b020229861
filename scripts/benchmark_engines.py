"""Which library computes an encoder fastest on this CPU: views a second, all of them taking turns; medians.

    python scripts/benchmark_engines.py
    python scripts/benchmark_engines.py --backbones tf_efficientnet_lite0 --batches 5 --rounds 20 --json engines.json

Networks have random weights, which does not change how long they take, and a readout as their new layer. "ours" is what
the package does: groups of views, each computed by one core. All others give a batch to all cores. Busy is the time of
one core that a view takes: on a machine that others use as well, it says more than views a second. "off" is how far an
embedding of length 1 lies from PyTorch's in float32, at most.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from painter_search.common.files.atomic_io import write_json
from painter_search.common.machine.cores import available_physical_cores
from painter_search.encoder.inference.inference_engine import EMBEDDINGS, import_openvino, open_engine
from painter_search.encoder.inference.onnx_export import export_encoder
from painter_search.encoder.network import EncoderNetwork, untrained_network
from painter_search.training.recipes.strong import with_readout

Compute = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


@dataclass(frozen=True)
class Measured:
    """How fast a library computes a backbone."""

    backbone: str
    views: int
    """Views at a time."""
    computed_by: str
    views_a_second: float
    busy_ms_a_view: float
    off: float
    ready_s: float
    """Seconds until the first answer, compilation included."""


def main() -> None:
    """Measure every library with every backbone and batch, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbones", nargs="+", default=["tf_efficientnet_lite0", "resnet34"])
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 16], help="views at a time")
    parser.add_argument("--rounds", type=int, default=9, help="turns that each takes")
    parser.add_argument("--img-size", type=int, default=224)
    parser.add_argument("--without-compile", action="store_true", help="leave out torch.compile, which takes minutes")
    parser.add_argument("--json", type=Path, help="a file for the figures")
    flags = parser.parse_args()
    cores = available_physical_cores()
    torch.set_num_threads(cores)
    measured: list[Measured] = []
    for backbone in flags.backbones:
        encoder = untrained_network(backbone, "none", seed=0, img_size=flags.img_size, views="parts", normalize=True)
        encoder = with_readout(encoder)
        for batch in flags.batches:
            ways = ways_to_compute(encoder, batch, cores, with_compile=not flags.without_compile)
            measured += measure(backbone, dict(ways), batch, flags.img_size, flags.rounds)
    table = Table(title=f"{platform.machine()}, {cores} cores")
    for column in ("backbone", "views", "computed by", "views/s", "busy, ms a view", "off", "ready, s"):
        table.add_column(column, justify="left" if column in ("backbone", "computed by") else "right")
    for one in measured:
        table.add_row(
            one.backbone,
            str(one.views),
            one.computed_by,
            f"{one.views_a_second:.0f}",
            f"{one.busy_ms_a_view:.1f}",
            f"{one.off:.4f}",
            f"{one.ready_s:.1f}",
        )
    Console(width=120).print(table)
    if flags.json:
        write_json(flags.json, [asdict(one) for one in measured])


def ways_to_compute(
    encoder: EncoderNetwork, batch: int, cores: int, *, with_compile: bool
) -> Iterator[tuple[str, Compute]]:
    """What computes the encoder's embeddings, by name; PyTorch in float32, the standard of all others, is the first."""
    exported, side = export_encoder(encoder), encoder.config.img_size
    yield f"PyTorch {torch.__version__}, float32", _in_torch(encoder)
    yield f"PyTorch {torch.__version__}, bfloat16", _in_torch(encoder, torch.bfloat16)
    if with_compile:
        import torch._inductor.config as inductor

        inductor.freezing = True  # type: ignore[attr-defined]
        compiled = torch.compile(encoder)
        yield "torch.compile with freezing, float32", _in_torch(compiled)
        yield "torch.compile with freezing, bfloat16", _in_torch(compiled, torch.bfloat16)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cores
    session = onnxruntime.InferenceSession(exported, options, providers=["CPUExecutionProvider"])
    yield (
        f"ONNX Runtime {onnxruntime.__version__}, float32",
        lambda pixels: session.run([EMBEDDINGS], {"pixels": pixels})[0],
    )
    for precision in ("float32", "bfloat16"):
        yield _in_openvino(exported, (batch, 3, side, side), cores, precision)
    engine = open_engine(exported, side, cores)
    yield f"ours ({engine.name})", lambda pixels: engine.run([EMBEDDINGS], pixels)[0]


def measure(backbone: str, ways: dict[str, Compute], batch: int, side: int, rounds: int) -> Iterator[Measured]:
    """Time all ways in turns."""
    pixels = np.random.default_rng(0).integers(0, 256, (batch, 3, side, side), dtype=np.uint8)
    repeats = max(1, 16 // batch)
    embeddings, ready = {}, {}
    for name, compute in ways.items():
        start = time.perf_counter()
        embeddings[name] = np.array(compute(pixels))
        ready[name] = time.perf_counter() - start
    expected = next(iter(embeddings.values()))
    wall: dict[str, list[float]] = {name: [] for name in ways}
    busy: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, compute in ways.items():
            start, start_busy = time.perf_counter(), time.process_time()
            for _ in range(repeats):
                compute(pixels)
            wall[name].append(time.perf_counter() - start)
            busy[name].append(time.process_time() - start_busy)
    views = batch * repeats
    for name in ways:
        yield Measured(
            backbone,
            batch,
            name,
            views / statistics.median(wall[name]),
            1000 * statistics.median(busy[name]) / views,
            float(np.linalg.norm(embeddings[name] - expected, axis=1).max()),
            ready[name],
        )


def _in_torch(network: Callable[[torch.Tensor], torch.Tensor], dtype: torch.dtype | None = None) -> Compute:
    @torch.inference_mode()
    def compute(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        with torch.autocast("cpu", dtype, enabled=dtype is not None):
            return network(torch.from_numpy(pixels)).float().numpy()

    return compute


def _in_openvino(exported: bytes, shape: tuple[int, ...], cores: int, precision: str) -> tuple[str, Compute]:
    openvino = import_openvino()
    core = openvino.Core()
    network = core.read_model(exported)
    network = openvino.Model([network.output(EMBEDDINGS)], network.get_parameters(), "encoder")
    network.reshape(list(shape))
    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": {"float32": "f32", "bfloat16": "bf16"}[precision],
        "INFERENCE_NUM_THREADS": cores,
        "ENABLE_CPU_PINNING": False,
    }
    request = core.compile_model(network, "CPU", settings).create_infer_request()

    def compute(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        request.infer([pixels])
        return np.array(request.get_output_tensor(0).data)

    return f"OpenVINO {openvino.__version__.split('-')[0]}, {precision}", compute


if __name__ == "__main__":
    main()
