"""Checkpoints as safetensors: what goes in comes out, and readers of safetensors find a state dict."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tiny_world import save_tiny_encoder

from painter_search.encoder.checkpoint import read_checkpoint
from painter_search.encoder.files.safetensors_file import from_safetensors, to_safetensors
from painter_search.encoder.load_encoder import load_encoder


def test_from_safetensors_returns_what_was_written() -> None:
    weight = torch.arange(24.0).reshape(2, 3, 2, 2).to(memory_format=torch.channels_last)
    shared = torch.tensor([1, 2], dtype=torch.uint8)
    content = {
        "model": {"a.weight": weight, "a.steps": torch.tensor(3)},
        "optimizer": {"state": {0: {"step": torch.tensor(2.5), "mean": weight}}, "betas": (0.9, 0.999), "off": None},
        "shared": [shared, shared],
        "$odd": {"$tensor": "Émile \ud800"},
        "history": [{"loss": 0.1 + 0.2, "phase": "train"}],
    }
    read = from_safetensors(to_safetensors(content))
    assert torch.equal(read["model"]["a.weight"], weight)
    assert read["model"].keys() == content["model"].keys()
    state = read["optimizer"]["state"][0]
    assert (state["step"].item(), state["step"].dim()) == (2.5, 0)
    assert torch.equal(state["mean"], weight)
    assert (read["optimizer"]["betas"], read["optimizer"]["off"]) == ((0.9, 0.999), None)
    assert [value.tolist() for value in read["shared"]] == [[1, 2], [1, 2]]
    assert (read["$odd"], read["history"]) == (content["$odd"], content["history"])


def test_checkpoint_is_a_state_dict_to_other_readers(tmp_path: Path) -> None:
    path = save_tiny_encoder(tmp_path / "encoder.safetensors")
    weights = load_file(path)
    assert set(weights) == set(load_encoder(path).network.state_dict())


def test_load_encoder_finds_a_checkpoint_of_the_other_kind(tmp_path: Path) -> None:
    new = save_tiny_encoder(tmp_path / "best.safetensors")
    state = load_encoder(new.with_suffix(".pt")).network.state_dict()
    torch.save(read_checkpoint(new), tmp_path / "best.pt")
    new.unlink()
    for path in (tmp_path, tmp_path / "best.pt", new):
        again = load_encoder(path).network.state_dict()
        assert all(torch.equal(again[name], value) for name, value in state.items())


def test_from_safetensors_refuses_other_numbers_in_the_same_places() -> None:
    written = bytearray(to_safetensors({"model": {"a": torch.zeros(4)}}))
    written[-1] ^= 1
    with pytest.raises(ValueError, match="has changed since"):
        from_safetensors(bytes(written))
