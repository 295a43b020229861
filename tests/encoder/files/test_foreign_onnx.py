"""ONNX files of other networks as encoders: their preprocessing, their outputs, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from tiny_world import paint_tiny

from painter_search.attribution.attribute import attribute
from painter_search.common.errors import InvalidValueError, PainterSearchError
from painter_search.encoder.load_encoder import load_encoder
from painter_search.index.painting_index import PaintingIndex

MEAN, STD = [0.5, 0.4, 0.3], [0.2, 0.25, 0.3]


def write_network(path: Path, kind: int = TensorProto.FLOAT, single: bool = False, extra: bool = False) -> Path:
    """Write a network that gives the mean of each channel of its normalised input, and a fourth number, 0.5."""
    nodes = [
        helper.make_node("Cast", ["pixel_values"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("GlobalAveragePool", ["floats"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["means"]),
        helper.make_node("Pad", ["means", "pads", "half"], ["padded"]),
        helper.make_node("Reshape", ["padded", "shape"], ["embeddings"]),
    ]
    given = [helper.make_tensor_value_info("pixel_values", kind, ["n", 3, 32, 32])]
    given += [helper.make_tensor_value_info("text", TensorProto.INT64, ["n", 7])] if extra else []
    outputs = [
        helper.make_tensor_value_info("pooled", TensorProto.FLOAT, ["n", 3, 1, 1]),
        helper.make_tensor_value_info("embeddings", TensorProto.FLOAT, ["n", 4]),
    ]
    pads = numpy_helper.from_array(np.array([0, 0, 0, 1], np.int64), "pads")
    half = numpy_helper.from_array(np.float32(0.5), "half")
    shape = numpy_helper.from_array(np.array([1 if single else -1, 4], np.int64), "shape")
    graph = helper.make_graph(nodes, "means", given, outputs, [half, pads, shape])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))
    return path


def write_preprocessing(folder: Path) -> None:
    settings = {"image_mean": MEAN, "image_std": STD, "crop_size": {"height": 32, "width": 32}}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))


def expected(colour: tuple[int, int, int]) -> NDArray[np.float32]:
    return np.append((np.array(colour) / 255 - MEAN) / STD, 0.5).astype(np.float32)


def picture_of(colour: tuple[int, int, int]) -> Image.Image:
    """A picture of almost one colour, since none is read that has no other."""
    picture = Image.new("RGB", (90, 60), colour)
    picture.putpixel((0, 0), (0, 0, 0))
    return picture


@pytest.mark.parametrize("kind", [TensorProto.FLOAT, TensorProto.FLOAT16])
def test_onnx_file_sees_pictures_as_its_preprocessing_says(kind: int, tmp_path: Path) -> None:
    write_preprocessing(tmp_path)
    file = write_network(tmp_path / "clip.onnx", kind)
    colour = (200, 100, 50)
    picture = picture_of(colour)
    found = load_encoder(file, normalize=False).embed([picture, picture])
    np.testing.assert_allclose(found[0], expected(colour), atol=0.05)
    unit = load_encoder(file).embed(picture)[0]
    np.testing.assert_allclose(unit, expected(colour) / np.linalg.norm(expected(colour)), atol=0.05)


@pytest.mark.parametrize(
    ("settings", "seen"),
    [
        ({"do_normalize": False}, [200 / 255, 100 / 255, 50 / 255]),
        ({"do_normalize": False, "do_rescale": False}, [200, 100, 50]),
        ({"do_normalize": False, "do_flip_channel_order": True}, [50 / 255, 100 / 255, 200 / 255]),
        ({"image_mean": [1, 1, 1], "image_std": [0.5] * 3, "rescale_factor": 1 / 127.5}, [1.1373, -0.4314, -1.2157]),
        ({}, [(200 / 255 - 0.485) / 0.229, (100 / 255 - 0.456) / 0.224, (50 / 255 - 0.406) / 0.225]),
    ],
)
def test_onnx_file_sees_pictures_rescaled_and_reversed(settings: dict, seen: list[float], tmp_path: Path) -> None:
    (tmp_path / "preprocessor_config.json").write_text(json.dumps({"size": 32, **settings}))
    file = write_network(tmp_path / "other.onnx")
    found = load_encoder(file, normalize=False).embed(picture_of((200, 100, 50)))[0]
    np.testing.assert_allclose(found[:3], seen, rtol=0.02, atol=0.02)


def test_index_of_given_embeddings_is_asked_with_a_picture_through_its_onnx_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_preprocessing(tmp_path)
    file = write_network(tmp_path / "clip.onnx")
    for number in range(12):
        paint_tiny(tmp_path / f"{number}.jpg", number)
    files = [tmp_path / f"{number}.jpg" for number in range(12)]
    vectors = load_encoder(file).embed(files)
    table = {"artist": [f"Artist {number % 4}" for number in range(12)], "file": [path.name for path in files]}
    pd.DataFrame({**table, "embedding": list(vectors)}).to_parquet(tmp_path / "clip.parquet")
    caplog.set_level("INFO", "painter_search")
    index = PaintingIndex.build(
        embeddings=tmp_path / "clip.parquet", encoder=str(file), index=tmp_path / "index", device="cpu"
    )
    assert "does not seem" not in caplog.text
    assert (index.encoder_config.backbone, index.store.dim) == ("onnx:clip", 4)
    distances, ids = index.search(files[5], k=1)
    assert (int(ids[0, 0]), float(distances[0, 0])) == (6, pytest.approx(0, abs=0.05))
    assert attribute(index, files[5])[0].answered
    assert len(index.add(tmp_path / "3.jpg", artist="Somebody").index) == 13
    other = {**table, "embedding": list(-vectors)}
    pd.DataFrame(other).to_parquet(tmp_path / "other.parquet")
    PaintingIndex.build(embeddings=tmp_path / "other.parquet", encoder=str(file), index=tmp_path / "other")
    assert "does not seem to be what made --embeddings" in caplog.text


@pytest.mark.parametrize(
    ("write", "sentence"),
    [
        (lambda path: write_network(path, extra=True), "not pictures alone"),
        (lambda path: write_network(path, single=True), "dynamic batch"),
        (lambda path: path.write_bytes(b"no network \xff"), "no ONNX file that can be read"),
        (lambda path: None, "does not exist"),
    ],
    ids=["two-inputs", "one-picture", "damaged", "missing"],
)
def test_load_encoder_refuses_an_onnx_file_in_a_sentence(write, sentence: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    write(tmp_path / "clip.onnx")
    with pytest.raises(PainterSearchError, match=sentence):
        load_encoder(tmp_path / "clip.onnx")


def test_an_onnx_file_is_not_saved_as_an_encoders_folder(tmp_path: Path) -> None:
    encoder = load_encoder(write_network(tmp_path / "clip.onnx"))
    with pytest.raises(InvalidValueError, match=r"clip\.onnx is an ONNX file, which cannot be saved"):
        encoder.save(tmp_path / "folder")
    assert not (tmp_path / "folder").exists()
