"""An encoder's folder: `config.json`, `model.safetensors` and `encoder.onnx`, read without PyTorch.

The weights are stored once: the ONNX file's initialisers lie in the safetensors file. A calibrated encoder has its PLDA
in `plda.npz`, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from painter_search.common.errors import DamagedFileError
from painter_search.common.files.atomic_io import digest_file, read_json, write_json
from painter_search.common.files.lfs import refuse_lfs_pointer
from painter_search.common.files.stored import from_stored, to_stored
from painter_search.encoder.config import EncoderConfig
from painter_search.encoder.files.calibration import read_confidence
from painter_search.encoder.files.names import CONFIG, ONNX, PLDA_FILE, WEIGHTS
from painter_search.encoder.files.plda_file import read_plda
from painter_search.images.types import Framing
from painter_search.metrics.confidence import Confidence
from painter_search.metrics.identification.plda import PLDA

FORMAT = 1
"""Version of the folder's layout."""
MODEL_TYPE = "painter_search"
"""What `config.json` gives as its `model_type`, by which other programs tell models apart."""


@dataclass(frozen=True)
class EncoderFolder:
    """A folder whose files were checked against its `config.json`."""

    path: Path
    """Absolute: its files are read when they are first used, perhaps from another working directory."""
    config: EncoderConfig
    framing: Framing
    confidence: Confidence | None
    plda: PLDA | None
    has_onnx: bool
    trained_artists: tuple[str, ...] | None
    """As `Encoder` has them."""


def is_encoder_folder(path: Path) -> bool:
    """Whether a folder says that it holds an encoder; a run's folder has a `config.json` of another kind."""
    if not (path / CONFIG).is_file():
        return False
    stored = read_json(path / CONFIG)
    return isinstance(stored, dict) and stored.get("model_type") == MODEL_TYPE


def read_encoder_folder(path: Path) -> EncoderFolder:
    """Read the description of an encoder, and check its files against the digests there.

    Raises:
        DamagedFileError: A file is missing, damaged or altered, or of another format.
    """
    source = path / CONFIG
    stored = read_json(source)
    remedy = "copy the whole folder again"
    if not isinstance(stored, dict) or stored.get("format") != FORMAT:
        raise DamagedFileError(f"{source} is of a format that this version does not read; {remedy}.")
    try:
        config = from_stored(EncoderConfig, stored["encoder"])
        framing, files = stored["framing"], dict(stored["files"])
        if framing not in get_args(Framing) or not {WEIGHTS} <= set(files) <= {WEIGHTS, ONNX, PLDA_FILE}:
            raise ValueError(framing)
        artists = stored.get("trained_artists")
        if not isinstance(artists, list | None):
            raise ValueError("trained_artists")
        trained_artists = None if artists is None else tuple(map(str, artists))
        digests = {str(name): str(entry["sha256"]) for name, entry in files.items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DamagedFileError(f"{source} describes no encoder ({error}); it is damaged: {remedy}.") from error
    for name, digest in digests.items():
        if not (path / name).is_file():
            raise DamagedFileError(f"{path / name} is missing; {remedy}.")
        if digest_file(path / name) != digest:
            refuse_lfs_pointer(path / name)
            raise DamagedFileError(f"{path / name} has been altered since the encoder was saved; {remedy}.")
    confidence = read_confidence(stored.get("confidence"), source)
    plda = read_plda(path / PLDA_FILE)[0] if PLDA_FILE in files else None
    return EncoderFolder(path.absolute(), config, framing, confidence, plda, ONNX in files, trained_artists)


def write_description(
    path: Path,
    config: EncoderConfig,
    framing: Framing,
    confidence: Confidence | None,
    trained_artists: Sequence[str] | None = None,
) -> None:
    """Write `config.json` for the files that lie in a folder."""
    files = {name: _entry(path / name) for name in (WEIGHTS, ONNX, PLDA_FILE) if (path / name).is_file()}
    content: Mapping[str, Any] = {
        "model_type": MODEL_TYPE,
        "format": FORMAT,
        "encoder": to_stored(config),
        "framing": framing,
        "confidence": None if confidence is None else to_stored(confidence),
        **({} if trained_artists is None else {"trained_artists": list(trained_artists)}),
        "files": files,
    }
    write_json(path / CONFIG, content)


def _entry(file: Path) -> dict[str, object]:
    return {"size": file.stat().st_size, "sha256": digest_file(file)}
