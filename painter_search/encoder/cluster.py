"""Embedding on Ray: many workers, each with an encoder and a core (or a GPU) of its own, each writing whole shards."""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from painter_search.encoder.shards import Shard, embed_shard
from painter_search.errors import UserError
from painter_search.places import Place, place_of
from painter_search.progress import track, waiting

if TYPE_CHECKING:
    from painter_search.encoder.embedding import Embedder
    from painter_search.encoder.encoder import Encoder
    from painter_search.encoder.settings import EncoderConfig

LOCAL = "local"
"""What Ray calls one that it starts on this machine, which ends with the program."""
PATIENCE = 10
"""Seconds to wait for a cluster to be there."""


def embed_on_ray(
    address: str,
    encoder: Encoder,
    exported: Path,
    shards: Sequence[Shard],
    place: Place,
    device: str = "auto",
    workers: int = 0,
) -> None:
    """Embed and write shards by `workers` of the Ray at `address` (0: one per core, or per GPU where there are any).

    `exported` is the encoder's ONNX file, which workers on CPUs run unless bfloat16 is faster. A worker that dies is
    replaced and its shard embedded by another; Ray Data does so by itself. Raises `UserError` where Ray cannot be had,
    and for what a worker met.
    """
    if device == "mps":
        raise UserError("--ray works on CPUs and on CUDA; leave out --device mps.")
    if not shards:
        return
    with _ray(address, workers) as ray:
        there = ray.cluster_resources()
        on_gpus = device == "cuda" or (device == "auto" and there.get("GPU", 0) >= 1)
        most = int(there.get("GPU" if on_gpus else "CPU", 0))
        if not most:
            raise UserError(f"the Ray at {address} has no {'GPU' if on_gpus else 'core'} for a worker; see --device.")
        count = min(workers or most, most, len(shards))
        engine = ray.put(_engine(encoder, exported, on_gpus))
        rows = [{"shard": json.dumps(asdict(_absolute(shard)), default=str)} for shard in shards]
        done = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
            ShardWorker,
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=count, initial_size=count),
            fn_constructor_kwargs={
                "engine": [engine],
                "place": place if isinstance(place, str) else str(place.resolve()),
                "on_gpu": on_gpus,
            },
            num_cpus=1,
            num_gpus=1 if on_gpus else 0,
        )
        with _in_a_sentence(ray, address):
            for answer in track(done.iter_rows(), "Embedding (shards)", total=len(shards)):
                if answer["said"]:
                    raise UserError(answer["said"])


class ShardWorker:
    """A worker: an encoder of its own, which embeds one shard after another and writes each."""

    def __init__(self, engine: Sequence[Any], place: str, on_gpu: bool) -> None:
        """Set up the encoder that `_engine` sent: one thread on a CPU, a GPU otherwise."""
        import ray

        network, config = ray.get(engine[0])
        self._embedder = _open_engine(network, config, on_gpu)
        self._threads = 0 if on_gpu else 1
        self._place = place_of(place)

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[str]]:
        """Embed the shard of a batch of one row; what went wrong is said in a sentence, not raised."""
        plain = json.loads(batch["shard"][0])
        frames = tuple(Path(path) for path in plain["frames"])
        shard = Shard(plain["number"], plain["first"], tuple(plain["works"]), frames)
        said = ""
        try:
            for _ in embed_shard(self._embedder, shard, self._place, self._threads):
                pass
        except UserError as error:
            said = str(error)
        except OSError as error:
            said = (
                f"a worker on {socket.gethostname()}: {error.filename or self._place}: {error.strerror or error}; all "
                "machines of a cluster need the same collection and --index (or --shards) at the same paths."
            )
        return {"shard": [shard.name], "said": [said]}


def _engine(encoder: Encoder, exported: Path, on_gpus: bool) -> tuple[Any, EncoderConfig]:
    """What workers run: the network where a GPU or bfloat16 makes it the fastest, else its ONNX file's bytes."""
    from painter_search.encoder.device import gains_from_bfloat16

    as_network = on_gpus or gains_from_bfloat16(encoder.network)
    return (encoder.cpu() if as_network else exported.read_bytes()), encoder.config


def _open_engine(network: Any, config: EncoderConfig, on_gpu: bool) -> Embedder:
    if isinstance(network, bytes):
        from painter_search.encoder.exported import ExportedEncoder, open_session

        return ExportedEncoder(open_session(network, threads=1), config)
    import torch

    if on_gpu:
        on_cuda: Embedder = network.to("cuda")
        return on_cuda
    from painter_search.encoder.swift import SwiftEncoder

    torch.set_num_threads(1)
    return SwiftEncoder(network)


def _absolute(shard: Shard) -> Shard:
    return Shard(shard.number, shard.first, shard.works, tuple(frame.absolute() for frame in shard.frames))


@contextmanager
def _ray(address: str, workers: int) -> Iterator[Any]:
    """Ray, connected to; one that was started here ends here."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nobody is told what runs here
    os.environ.setdefault(
        "RAY_BACKEND_LOG_LEVEL", "fatal"
    )  # a worker's end is no fault; the shards tell what came of it
    if address != LOCAL:
        os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", "1")  # each takes 40 seconds
    try:
        import ray
        import ray.data
    except ImportError:
        raise UserError('--ray needs Ray: pip install "painter-search[ray]".') from None
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    ours = not ray.is_initialized()
    if ours:
        here: dict[str, Any] = (
            {"num_cpus": max(workers, os.cpu_count() or 1), "include_dashboard": False} if address == LOCAL else {}
        )
        try:
            with waiting("Starting Ray"), _hushed():
                _knock(address)
                ray.init(address, log_to_driver=False, logging_level=logging.CRITICAL, **here)
        except Exception as error:  # Ray raises anything
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise UserError(
                f"the Ray at {address} cannot be reached ({reason}); see that it runs, and set "
                "RAY_AUTH_MODE=token if it wants the token that `ray get-auth-token` tells."
            ) from error
    try:
        yield ray
    finally:
        if ours:
            ray.shutdown()


def _knock(address: str) -> None:
    """Raises `OSError` where nobody listens at `host:port`, for which Ray itself would wait for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), PATIENCE).close()


@contextmanager
def _hushed() -> Iterator[None]:
    """Keep what Ray's C++ writes straight to stderr from it: what came of it is said in a sentence."""
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@contextmanager
def _in_a_sentence(ray: Any, address: str) -> Iterator[None]:
    """What Ray complains of, as a `UserError`."""
    try:
        yield
    except ray.exceptions.RayError as error:
        reason = str(error).strip().splitlines()[-1][:200]
        raise UserError(
            f"the workers of the Ray at {address} failed again and again ({reason}); what they wrote is not lost: "
            "run the same command again to continue."
        ) from error
