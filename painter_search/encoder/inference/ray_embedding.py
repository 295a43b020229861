"""Embedding on Ray: many workers, each with an encoder and a core (or a GPU) of its own, each writing whole shards."""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, TypeAlias

from painter_search.common.errors import (
    InvalidValueError,
    MissingPackageError,
    PainterSearchError,
    UnreachableError,
    one_line,
)
from painter_search.common.files.urls import Location, parse_location
from painter_search.common.machine.cores import available_cores
from painter_search.common.progress import spinner, track
from painter_search.common.terminal import discard_output
from painter_search.encoder.config import LOCAL_RAY
from painter_search.encoder.inference.embedding_shards import Shard, embed_shard

if TYPE_CHECKING:
    from ray import ObjectRef

    from painter_search.encoder.config import EncoderConfig
    from painter_search.encoder.inference.embedding import Embedder
    from painter_search.encoder.network import EncoderNetwork

WorkerEngine: TypeAlias = "tuple[EncoderNetwork | bytes, EncoderConfig]"
"""What a worker runs: a network on a GPU, or the bytes of an ONNX file."""
TIMEOUT_SECONDS = 10
"""Seconds to wait for a cluster to accept a connection."""


def embed_on_ray(
    address: str,
    encoder: EncoderNetwork,
    exported: Path,
    shards: Sequence[Shard],
    location: Location,
    *,
    device: str,
    workers: int,
) -> None:
    """Embed and write shards on a Ray cluster.

    A worker that dies is replaced, and its shard embedded by another; Ray Data does so by itself.

    Args:
        address: The cluster, or `local`.
        encoder: The network, which workers on GPUs run.
        exported: The encoder's ONNX file, which workers on CPUs run.
        shards: What is embedded; their frames have the same paths on every machine.
        location: Where the shards are written.
        device: `auto`, `cpu` or `cuda`; `auto` takes GPUs where the cluster has any.
        workers: How many, at most. 0: one per core, or per GPU.

    Raises:
        InvalidValueError: The cluster has no such device.
        MissingPackageError: Ray is not installed.
        UnreachableError: The cluster cannot be reached, or its workers fail again and again.
        PainterSearchError: What a worker could not embed or write.
    """
    if device == "mps":
        raise InvalidValueError("--ray works on CPUs and on CUDA; leave out --device mps.")
    if not shards:
        return
    with _connect(address, workers) as ray:
        resources = ray.cluster_resources()
        on_gpus = device == "cuda" or (device == "auto" and resources.get("GPU", 0) >= 1)
        available = int(resources.get("GPU" if on_gpus else "CPU", 0))
        if not available:
            raise InvalidValueError(
                f"the Ray at {address} has no {'GPU' if on_gpus else 'core'} for a worker; see --device."
            )
        count = min(workers or available, available, len(shards))
        engine = ray.put((encoder.cpu() if on_gpus else exported.read_bytes(), encoder.config))
        absolute = [replace(shard, frames=tuple(frame.absolute() for frame in shard.frames)) for shard in shards]
        rows = [{"shard": json.dumps(asdict(shard), default=str)} for shard in absolute]
        results = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
            ShardWorker,
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=count, initial_size=count),
            fn_constructor_kwargs={
                "engine": [engine],
                "location": location if isinstance(location, str) else str(location.resolve()),
                "on_gpu": on_gpus,
            },
            num_cpus=1,
            num_gpus=1 if on_gpus else 0,
        )
        with _translate_ray_errors(ray, address):
            for result in track(results.iter_rows(), "Embedding (shards)", total=len(shards)):
                if result["error"]:
                    raise PainterSearchError(result["error"])


class ShardWorker:
    """A Ray actor with an encoder of its own, which embeds and writes one shard after another."""

    def __init__(self, engine: Sequence[ObjectRef[WorkerEngine]], location: str, on_gpu: bool) -> None:
        """Set up the encoder that `engine` refers to: on a GPU, or on one core.

        The reference is in a list, since Ray would resolve a bare one itself.
        """
        import ray

        network, config = ray.get(engine[0])
        self._embedder = _open_engine(network, config)
        self._threads = 0 if on_gpu else 1
        self._location = parse_location(location)

    def __call__(self, batch: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """Embed the shard in a batch of one row; an error is returned as a sentence, since Ray would retry it."""
        stored = json.loads(batch["shard"][0])
        frames = tuple(Path(path) for path in stored["frames"])
        shard = Shard(stored["number"], stored["first"], tuple(stored["works"]), frames)
        message = ""
        try:
            for _ in embed_shard(self._embedder, shard, self._location, self._threads):
                pass
        except PainterSearchError as error:
            message = error.command_line
        except OSError as error:
            message = (
                f"a worker on {socket.gethostname()}: {error.filename or self._location}: {error.strerror or error}; "
                "all machines of a cluster need the same collection and --index (or --shards) at the same paths."
            )
        return {"shard": [shard.name], "error": [message]}


def _open_engine(network: EncoderNetwork | bytes, config: EncoderConfig) -> Embedder:
    if isinstance(network, bytes):
        from painter_search.encoder.inference.onnx_export import open_encoder

        return open_encoder(network, config, cores=1)
    return network.to("cuda")


@contextmanager
def _connect(address: str, workers: int) -> Iterator[ModuleType]:
    """The module `ray`, connected to a cluster; a cluster that was started here ends here."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no usage reports
    # A worker's end is reported by its shards; Ray's own lines about it would only alarm.
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    if address != LOCAL_RAY:
        os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", "1")  # each takes 40 seconds
    try:
        import ray
        import ray.data
    except ImportError:
        raise MissingPackageError('--ray needs Ray: `pip install "painter-search[ray]"`.') from None
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    start = not ray.is_initialized()
    if start:
        cores = max(workers, available_cores()) if address == LOCAL_RAY else None
        dashboard = False if address == LOCAL_RAY else None
        try:
            with spinner("Starting Ray"), _silenced_stderr():
                _check_port(address)
                ray.init(
                    address,
                    num_cpus=cores,
                    include_dashboard=dashboard,
                    log_to_driver=False,
                    logging_level=logging.CRITICAL,
                )
        except Exception as error:  # Ray raises anything
            raise UnreachableError(
                f"the Ray at {address} cannot be reached ({one_line(error)}); check that it runs, and set "
                "RAY_AUTH_MODE=token if it wants the token that `ray get-auth-token` prints."
            ) from error
    try:
        yield ray
    finally:
        if start:
            ray.shutdown()


def _check_port(address: str) -> None:
    """Raise `OSError` where nothing listens at `host:port`; Ray itself would wait for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), TIMEOUT_SECONDS).close()


@contextmanager
def _silenced_stderr() -> Iterator[None]:
    """Discard what Ray's C++ code writes straight to stderr; errors come as exceptions, too."""
    stderr = os.dup(2)
    discard_output(2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


@contextmanager
def _translate_ray_errors(ray: ModuleType, address: str) -> Iterator[None]:
    """Raise `UnreachableError` for Ray's own errors."""
    try:
        yield
    except ray.exceptions.RayError as error:
        reason = str(error).strip().splitlines()[-1][:200]
        raise UnreachableError(
            f"the workers of the Ray at {address} failed again and again ({reason}); the shards they wrote are not "
            "lost: run the same command again to continue."
        ) from error
