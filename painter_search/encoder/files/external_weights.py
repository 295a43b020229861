"""ONNX files whose weights lie in a safetensors file beside them, as ONNX's external data: stored once."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from painter_search.common.errors import DamagedFileError
from painter_search.encoder.files.safetensors_header import read_header

if TYPE_CHECKING:
    import onnx

MIN_BYTES = 1024
"""Smaller weights stay in the ONNX file."""
DTYPES: dict[str, type[np.floating]] = {"F32": np.float32, "F16": np.float16}


class _Place(NamedTuple):
    """Where a safetensors file has a tensor."""

    dtype: str
    offset: int
    """From the file's beginning, in bytes."""
    length: int


def share_weights(exported: bytes, weights: Path) -> bytes:
    """An ONNX file with the weights that `weights` has, too, replaced by references to that file, by its name alone.

    Weights that are float16 there are cast to float32 in the graph. The network that was exported has them rounded.
    """
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load_model_from_string(exported)
    places = dict(_places(weights))
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT:
            continue
        array = numpy_helper.to_array(tensor)
        place = places.get(_key(array)) if array.nbytes >= MIN_BYTES else None
        if place is None:
            continue
        if place.dtype == "F16":
            cast_name, stored_name = tensor.name, f"{tensor.name}/float16"
            casts.append(helper.make_node("Cast", [stored_name], [cast_name], to=onnx.TensorProto.FLOAT))
            tensor.name, tensor.data_type = stored_name, onnx.TensorProto.FLOAT16
        _refer(tensor, weights.name, place)
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    shared: bytes = model.SerializeToString()
    return shared


def with_own_weights(file: Path) -> bytes:
    """An ONNX file with the weights that it refers to, in a file beside it, put into it.

    onnx would refuse files with several hard links, as installers and caches make them.
    """
    import onnx
    from onnx.external_data_helper import ExternalDataInfo, _get_all_tensors, uses_external_data

    model = onnx.load_model(str(file), load_external_data=False)
    for tensor in _get_all_tensors(model):
        if uses_external_data(tensor):
            place = ExternalDataInfo(tensor)
            with (file.parent / Path(place.location).name).open("rb") as weights:
                weights.seek(place.offset or 0)
                tensor.raw_data = weights.read(-1 if place.length is None else place.length)
            tensor.data_location = onnx.TensorProto.DEFAULT
            del tensor.external_data[:]
    whole: bytes = model.SerializeToString()
    return whole


def check_references(file: Path, allowed: str) -> None:
    """Raise `DamagedFileError` where an ONNX file refers to any file but `allowed` beside it, or is none.

    Strangers' files could otherwise have other files of this machine read.
    """
    import onnx
    from onnx.external_data_helper import _get_all_tensors, uses_external_data

    try:
        model = onnx.load_model(str(file), load_external_data=False)
        tensors = [tensor for tensor in _get_all_tensors(model) if uses_external_data(tensor)]
    except Exception as error:  # protobuf's own
        raise DamagedFileError(f"{file} is no ONNX file that can be read; fetch it again.") from error
    names = {entry.value for tensor in tensors for entry in tensor.external_data if entry.key == "location"}
    if not names <= {allowed}:
        raise DamagedFileError(f"{file} refers to files that no encoder has ({min(names - {allowed})}); do not use it.")


def _refer(tensor: onnx.TensorProto, name: str, place: _Place) -> None:
    import onnx

    tensor.ClearField("raw_data")
    tensor.ClearField("float_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    del tensor.external_data[:]
    for key, value in (("location", name), ("offset", place.offset), ("length", place.length)):
        tensor.external_data.add(key=key, value=str(value))


def _places(weights: Path) -> Iterator[tuple[bytes, _Place]]:
    """Where a safetensors file has each tensor of floats, by what identifies its numbers."""
    content = weights.read_bytes()
    header, start = read_header(content)
    for name, entry in header.items():
        if name == "__metadata__" or entry["dtype"] not in DTYPES:
            continue
        begin, end = entry["data_offsets"]
        values = np.frombuffer(content[start + begin : start + end], DTYPES[entry["dtype"]])
        yield _key(values), _Place(entry["dtype"], start + begin, end - begin)


def _key(values: NDArray[np.floating]) -> bytes:
    return sha256(np.asarray(values, np.float32).tobytes()).digest()
