"""What computes an exported encoder on a CPU: OpenVINO where it is installed and works, else ONNX Runtime."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from mmap import ACCESS_READ, mmap
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakSet

import numpy as np
from numpy.typing import NDArray

from painter_search.common.errors import DamagedFileError, NotFoundError
from painter_search.common.log import logger
from painter_search.common.machine.cores import available_physical_cores
from painter_search.encoder.inference.compiled_networks import CompiledNetworks, Content

if TYPE_CHECKING:
    from types import ModuleType

    from openvino import CompiledModel, Model

Pixels = NDArray[np.uint8]
Outputs = list[NDArray[np.float32]]

EMBEDDINGS = "embeddings"
"""The first output of an exported encoder; the feature maps of the stages follow it."""
GROUP = 5
"""Views that one core computes at a time where there are many: the parts of a painting. More overflow its cache."""
MIN_BATCH = 40
"""Views at a time, however few the cores."""
CONVERTER = "openvino.tools.ovc"
OPENING = threading.Lock()
"""Held while a network is opened, which computes it for the first time: OpenVINO's bindings set themselves up then, and
two threads that make them do so at once would wait for each other for ever. A fork waits for it, too: the new process
would find locks held by a thread that it does not have."""


class Library(Protocol):
    """A library that computes a network; each call keeps one core busy, and any number of threads may call at once."""

    name: str
    """The library, its version and its precision, as answers cite it."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the network's outputs."""

    def infer(self, outputs: tuple[str, ...], pixels: Pixels) -> Outputs:
        """These outputs for views, uint8 `[n, 3, side, side]`: float32 `[n, …]` each."""


class InferenceEngine:
    """An exported network, opened to be computed on several cores, some views on each.

    A view's numbers depend neither on how many cores there are nor on who else asks at the time. A forked process opens
    the library anew when it first asks.
    """

    def __init__(self, open_library: Callable[[], Library], cores: int = 0) -> None:
        """Compute with what `open_library` opens on so many `cores` (0: all that are available).

        Raises whatever `open_library` raises.
        """
        self._open_library = open_library
        self.cores = cores or available_physical_cores()
        self._threads = ThreadPoolExecutor(self.cores, "inference")
        self._opened: Library | None = None
        _ = self._library
        ENGINES.add(self)

    def start_again(self) -> None:
        """What a forked process does first, which has none of the threads."""
        # Closing the library would wait for its threads for ever, so it is kept, even while Python ends.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._opened))
        self._opened = None
        self._threads = ThreadPoolExecutor(self.cores, "inference")

    @property
    def _library(self) -> Library:
        library = self._opened
        if library is None:
            with OPENING:
                library = self._opened = self._opened or self._open_library()
        return library

    @property
    def batch_size(self) -> int:
        """Views at a time that keep every core busy."""
        return max(MIN_BATCH, 2 * GROUP * self.cores)

    @property
    def name(self) -> str:
        """The library that computes, its version and its precision."""
        return self._library.name

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the network's outputs."""
        return self._library.outputs

    def run(self, outputs: Sequence[str], pixels: Pixels) -> Outputs:
        """These outputs for views, uint8 `[n, 3, side, side]`: float32 `[n, …]` each; nothing else is computed.

        Raises whatever the library raises for a network that it cannot compute.
        """
        whole = len(pixels) // GROUP * GROUP if len(pixels) >= 2 * GROUP else 0
        starts = [*range(0, whole, GROUP), *range(whole, len(pixels))]
        parts = [pixels[start : start + (GROUP if start < whole else 1)] for start in starts]
        infer = partial(self._library.infer, tuple(outputs))
        computed = list(self._threads.map(infer, parts)) if len(parts) > 1 else [infer(part) for part in parts]
        return [np.concatenate(of_parts) for of_parts in zip(*computed, strict=True)]


ENGINES: WeakSet[InferenceEngine] = WeakSet()
"""All that are open, to be started again in a forked process."""


def _start_all_again() -> None:
    OPENING.release()
    for engine in tuple(ENGINES):
        engine.start_again()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(before=OPENING.acquire, after_in_parent=OPENING.release, after_in_child=_start_all_again)


class OpenVino:
    """A network in OpenVINO: in bfloat16 where the processor has instructions for it, else in float32.

    bfloat16 keeps 8 of float32's 24 significant bits: an embedding moves by 2 to 5 % of the distance between two works.
    """

    def __init__(
        self, network: Path | bytes, side: int, cores: int, output: str = EMBEDDINGS, digest: str = ""
    ) -> None:
        """Compute one output of a network for a view of this side; for others it is compiled when they are asked for.

        With the `digest` of a network's content what is compiled is kept for the next process, see `CompiledNetworks`.
        """
        self._openvino = openvino = import_openvino()
        self._core = openvino.Core()
        bfloat16 = "BF16" in self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        self.name = f"openvino {openvino.__version__.split('-')[0]}, {'bfloat16' if bfloat16 else 'float32'}"
        self._cores = cores
        self._settings = {
            "INFERENCE_PRECISION_HINT": "bf16" if bfloat16 else "f32",
            "NUM_STREAMS": cores,
            "INFERENCE_NUM_THREADS": cores,
            "ENABLE_CPU_PINNING": False,  # other work shares the cores
        }
        self._source: Path | Content = network
        self._kept = None
        if digest:
            self._source = _map_file(network) if isinstance(network, Path) else network
            self._kept = CompiledNetworks(self._core, self._settings, self._source, digest)
        self._requests: dict[tuple[tuple[str, ...], tuple[int, ...]], SimpleQueue[Any]] = {}
        self._lock = threading.Lock()
        self.infer((output,), np.zeros((1, 3, side, side), np.uint8))

    @cached_property
    def _network(self) -> Model:
        """The network as its file has it; read when something is compiled that is not kept."""
        source = self._source
        network: Model = self._core.read_model(str(source) if isinstance(source, Path) else bytes(source))
        return network

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        return tuple(output.get_any_name() for output in self._network.outputs)

    def infer(self, outputs: tuple[str, ...], pixels: Pixels) -> Outputs:
        requests = self._idle_requests(outputs, pixels.shape)
        request = requests.get()
        try:
            request.infer([np.ascontiguousarray(pixels)], share_inputs=True)
            return [np.array(request.get_output_tensor(number).data) for number in range(len(outputs))]
        finally:
            requests.put(request)

    def _idle_requests(self, outputs: tuple[str, ...], shape: tuple[int, ...]) -> SimpleQueue[Any]:
        """The network compiled for one shape and these outputs alone, as requests that are free, one a core."""
        with self._lock:
            requests = self._requests.get((outputs, shape))
            if requests is None:
                compiled = self._kept.read(outputs, shape) if self._kept else None
                if compiled is None:
                    compiled = self._compile(outputs, shape)
                    if self._kept:
                        self._kept.keep(outputs, shape, compiled)
                requests = SimpleQueue()
                for _ in range(self._cores):
                    requests.put(compiled.create_infer_request())
                self._requests[outputs, shape] = requests
            return requests

    def _compile(self, outputs: tuple[str, ...], shape: tuple[int, ...]) -> CompiledModel:
        whole = self._network.clone()
        wanted = [whole.output(name) for name in outputs]
        network = self._openvino.Model(wanted, whole.get_parameters(), "encoder")
        network.reshape(list(shape))
        return self._core.compile_model(network, "CPU", self._settings)


class OnnxRuntime:
    """A network in ONNX Runtime, in float32."""

    def __init__(self, network: Path | bytes) -> None:
        """Open a network."""
        import onnxruntime

        onnxruntime.disable_telemetry_events()  # queries are private
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = 1
        source = network if isinstance(network, bytes) else str(network)
        self._session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        self.name = f"onnxruntime {onnxruntime.__version__}"
        self.outputs = tuple(output.name for output in self._session.get_outputs())

    def infer(self, outputs: tuple[str, ...], pixels: Pixels) -> Outputs:
        computed: Outputs = self._session.run(list(outputs), {self._session.get_inputs()[0].name: pixels})
        return computed


def open_engine(
    network: Path | bytes, side: int, cores: int = 0, output: str = EMBEDDINGS, digest: str = ""
) -> InferenceEngine:
    """Open an exported network with the first library that is installed and can compute it.

    Args:
        network: An ONNX file, or its bytes.
        side: Side in pixels of the views that will come, most of them.
        cores: How many to compute on. 0: all that are available.
        output: The name of the output that will be asked for.
        digest: SHA-256 of the content. With it, what is compiled is kept in the user's cache.

    Raises:
        NotFoundError: The file is not there.
        DamagedFileError: No library can read it.
    """
    cores = cores or available_physical_cores()
    try:
        engine = InferenceEngine(partial(OpenVino, network, side, cores, output, digest), cores)
    except Exception as error:  # not installed, not for this processor, or a network that it does not know
        logger.debug(f"OpenVINO cannot be used ({type(error).__name__}: {error})")
        engine = open_onnxruntime(network, cores)
    logger.debug(f"The encoder is computed by {engine.name} on {cores} cores")
    return engine


def open_onnxruntime(network: Path | bytes, cores: int = 0) -> InferenceEngine:
    """Open an exported network with ONNX Runtime; see `open_engine`."""
    try:
        return InferenceEngine(partial(OnnxRuntime, network), cores)
    except Exception as error:
        if isinstance(network, Path) and not network.exists():
            raise NotFoundError(f"{network} is not there any more; open what it belongs to again.") from error
        name = "what was sent" if isinstance(network, bytes) else network
        raise DamagedFileError(f"{name} is not an encoder that can be read; build the index again.") from error


def _map_file(path: Path) -> Content:
    """A file's content, also when the file is gone: other shapes may be compiled much later."""
    with path.open("rb") as file:
        return mmap(file.fileno(), 0, access=ACCESS_READ)


def import_openvino() -> ModuleType:
    """OpenVINO without its model converter, whose import takes longer than all the rest and loads usage reports."""
    loaded = CONVERTER in sys.modules
    if not loaded:
        sys.modules[CONVERTER] = None  # type: ignore[assignment]  # Python's way to forbid an import
    try:
        import openvino
    finally:
        if not loaded:
            del sys.modules[CONVERTER]
    module: ModuleType = openvino
    return module
