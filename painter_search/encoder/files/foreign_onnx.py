"""ONNX files of other networks (CLIP, DINOv2), made to take and give what an index's encoder does.

How they expect pictures is read from the `preprocessor_config.json` that Hugging Face's models have beside them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from painter_search.common.errors import DamagedFileError, InvalidValueError, NotFoundError
from painter_search.common.files.atomic_io import read_json
from painter_search.common.files.lfs import refuse_lfs_pointer
from painter_search.common.log import logger
from painter_search.encoder.config import IMAGENET_MEAN, IMAGENET_STD, IMG_SIZE, Channels, EncoderConfig
from painter_search.encoder.inference.inference_engine import EMBEDDINGS, OnnxRuntime
from painter_search.encoder.inference.onnx_export import OPSET

if TYPE_CHECKING:
    import onnx

PREPROCESSOR = "preprocessor_config.json"
PREFERRED = ("embeddings", "image_embeds", "pooler_output", "embedding", "sentence_embedding")
"""Names of outputs that are embeddings, preferred first."""
PIXELS = "pixels"


def adapt_onnx(file: Path, normalize: bool) -> tuple[bytes, EncoderConfig]:
    """A network that takes uint8 `[n, 3, side, side]` and gives `embeddings`, float32 `[n, d]`, with its settings.

    Args:
        file: An ONNX file with one input of pictures, and an output `[n, d]`.
        normalize: Whether embeddings are scaled to length 1.

    Raises:
        NotFoundError: There is no such file.
        DamagedFileError: It cannot be read.
        InvalidValueError: It has other inputs, or gives no embeddings.
    """
    import onnx

    if not file.is_file():
        raise NotFoundError(f"{file} does not exist; check the path after --encoder.")
    try:
        model = onnx.load_model(str(file))
    except Exception as error:  # protobuf's own
        refuse_lfs_pointer(file)
        raise DamagedFileError(f"{file} is no ONNX file that can be read; export it again.") from error
    given = {tensor.name for tensor in model.graph.initializer}
    inputs = [one for one in model.graph.input if one.name not in given]
    shape = [dim.dim_value or 0 for dim in inputs[0].type.tensor_type.shape.dim] if inputs else []
    if len(inputs) != 1 or len(shape) != 4 or (3 not in (shape[1], shape[3]) and 0 not in (shape[1], shape[3])):
        names = ", ".join(one.name for one in inputs)
        raise InvalidValueError(
            f"{file} takes {names or 'nothing'}, not pictures alone; export the image encoder alone."
        )
    settings = _preprocessing(file)
    channels_last = shape[3] == 3
    side = shape[1 if channels_last else 2] or _side(settings) or IMG_SIZE
    mean, std = _normalization(settings, file)
    _add_preprocessing(model, inputs[0], mean, std, channels_last, bool(settings.get("do_flip_channel_order")))
    _add_embeddings(model, file, normalize)
    try:
        config = EncoderConfig(f"onnx:{file.stem}", img_size=side, mean=mean, std=std, normalize=normalize)
    except ValueError as error:
        raise InvalidValueError(f"{file} takes pictures of {side} px, which cannot be: {error}") from None
    adapted: bytes = model.SerializeToString()
    _check(adapted, file, side)
    return adapted, config


def _preprocessing(file: Path) -> dict[str, Any]:
    for folder in (file.parent, file.parent.parent):
        if (folder / PREPROCESSOR).is_file():
            settings = read_json(folder / PREPROCESSOR)
            if isinstance(settings, dict):
                return settings
    logger.info(f"{file.name} has no {PREPROCESSOR} beside it; pictures are normalised as for ImageNet.")
    return {}


def _side(settings: dict[str, Any]) -> int:
    for key in ("crop_size", "size"):
        value = settings.get(key)
        if isinstance(value, dict):
            value = value.get("height") or value.get("shortest_edge")
        if isinstance(value, int) and value > 0:
            return value
    return 0


def _normalization(settings: dict[str, Any], file: Path) -> tuple[Channels, Channels]:
    """Mean and standard deviation of pixels from 0 to 1 that make the network's input of them."""
    if settings.get("do_normalize") is False:
        mean, std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    else:
        if settings and not {"image_mean", "image_std"} <= settings.keys():
            logger.info(f"{PREPROCESSOR} beside {file.name} lacks image_mean or image_std; ImageNet's are taken.")
        mean, std = _channels(settings, "image_mean", IMAGENET_MEAN), _channels(settings, "image_std", IMAGENET_STD)
    factor = settings.get("rescale_factor", 1 / 255) if settings.get("do_rescale", True) else 1
    if not isinstance(factor, int | float) or factor <= 0:
        raise InvalidValueError(f"{PREPROCESSOR} beside {file} has the rescale_factor {factor!r}; it must be above 0.")
    # (pixel * factor - mean) / std, where pixels go up to 255.
    scaled = tuple(tuple(value / (255 * factor) for value in values) for values in (mean, std))
    return cast("tuple[Channels, Channels]", scaled)


def _channels(settings: dict[str, Any], key: str, default: Channels) -> Channels:
    value = settings.get(key)
    if isinstance(value, list) and len(value) == 3 and all(isinstance(number, int | float) for number in value):
        return cast(Channels, tuple(map(float, value)))
    return default


def _add_preprocessing(
    model: onnx.ModelProto, taken: onnx.ValueInfoProto, mean: Channels, std: Channels, channels_last: bool, bgr: bool
) -> None:
    """Put before the network what makes its input of uint8 pixels; `bgr`: of their channels in reverse order."""
    from onnx import TensorProto, helper, numpy_helper

    kind = taken.type.tensor_type.elem_type
    graph, last = model.graph, PIXELS
    nodes: list[onnx.NodeProto] = []

    def add(operation: str, *others: str, **attributes: Any) -> None:
        nonlocal last
        nodes.append(helper.make_node(operation, [last, *others], [f"{PIXELS}/{len(nodes)}"], **attributes))
        last = f"{PIXELS}/{len(nodes) - 1}"

    if kind != TensorProto.UINT8:
        add("Cast", to=TensorProto.FLOAT)
        for name, operation, values in ((f"{PIXELS}/mean", "Sub", mean), (f"{PIXELS}/std", "Div", std)):
            scaled = (np.array(values, np.float32) * 255).reshape(1, 3, 1, 1)
            graph.initializer.append(numpy_helper.from_array(scaled, name))
            add(operation, name)
        if kind != TensorProto.FLOAT:
            add("Cast", to=kind)
    if bgr:
        graph.initializer.append(numpy_helper.from_array(np.array([2, 1, 0]), f"{PIXELS}/order"))
        add("Gather", f"{PIXELS}/order", axis=1)
    if channels_last:
        add("Transpose", perm=[0, 2, 3, 1])
    nodes.append(helper.make_node("Identity", [last], [taken.name]))
    network = list(graph.node)
    del graph.node[:], graph.input[:], graph.value_info[:]
    graph.node.extend([*nodes, *network])
    graph.input.append(helper.make_tensor_value_info(PIXELS, TensorProto.UINT8, ["n", 3, "height", "width"]))


def _add_embeddings(model: onnx.ModelProto, file: Path, normalize: bool) -> None:
    """Put the output after the network, of length 1 where that is wanted, in place of all of its own."""
    from onnx import TensorProto, helper

    graph = model.graph
    flat = [one.name for one in graph.output if len(one.type.tensor_type.shape.dim) == 2]
    chosen = next((name for name in PREFERRED if name in flat), flat[0] if flat else None)
    if chosen is None:
        raise InvalidValueError(f"{file} has no output [pictures, numbers]; export its embeddings.")
    graph.node.append(helper.make_node("Cast", [chosen], [f"{EMBEDDINGS}/float"], to=TensorProto.FLOAT))
    last = helper.make_node("Identity", [f"{EMBEDDINGS}/float"], [f"{EMBEDDINGS}/given"])
    if normalize:
        last = helper.make_node("LpNormalization", [f"{EMBEDDINGS}/float"], [f"{EMBEDDINGS}/given"], axis=1, p=2)
    graph.node.append(last)
    for node in graph.node:  # a network's own output may have the name that ours is to get
        for names in (node.input, node.output):
            for number, name in enumerate(names):
                if name == EMBEDDINGS:
                    names[number] = f"{EMBEDDINGS}/own"
    graph.node[-1].output[0] = EMBEDDINGS
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(EMBEDDINGS, TensorProto.FLOAT, ["n", "d"]))
    for operators in model.opset_import:
        if operators.domain in ("", "ai.onnx") and operators.version < 7:
            raise InvalidValueError(f"{file} is of opset {operators.version}; export it with opset {OPSET}.")


def _check(adapted: bytes, file: Path, side: int) -> None:
    """Raise `InvalidValueError` unless the network embeds two pictures at once."""
    try:
        network = OnnxRuntime(adapted)
    except Exception as error:  # ONNX Runtime's own
        raise DamagedFileError(f"{file} cannot be computed; export it again.") from error
    try:
        (embedded,) = network.infer((EMBEDDINGS,), np.zeros((2, 3, side, side), np.uint8))
    except Exception as error:  # ONNX Runtime's own
        raise InvalidValueError(f"{file} does not take several pictures; export it with a dynamic batch.") from error
    if np.ndim(embedded) != 2 or len(embedded) != 2:
        raise InvalidValueError(f"{file} does not give an embedding for each picture; export its embeddings.")
