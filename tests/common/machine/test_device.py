"""Copies to a device, and a GPU whose memory is full."""

from pathlib import Path
from typing import Any

import pytest
import torch

import painter_search
from painter_search.common.errors import UnreachableError
from painter_search.common.machine.device import to_device, translate_gpu_errors


class RecordingTensor:
    """Says how it was copied."""

    def to(self, device: torch.device, *, non_blocking: bool) -> bool:
        return non_blocking


@pytest.mark.parametrize(("device", "waits_not"), [("cuda", True), ("mps", False), ("cpu", False)])
def test_only_with_cuda_the_cpu_does_not_wait_for_a_copy(device: str, waits_not: bool) -> None:
    tensor: Any = RecordingTensor()
    assert to_device(tensor, torch.device(device)) is waits_not


def test_one_place_decides_whether_the_cpu_waits_for_copies() -> None:
    package = Path(painter_search.__file__).parent
    modules = [path for path in package.rglob("*.py") if "non_blocking" in path.read_text(encoding="utf-8")]
    assert [path.name for path in modules] == ["device.py"]


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(
    "error",
    [
        torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported"),
        RuntimeError("MPS backend out of memory (MPS allocated: 9.05 GB, max allowed: 9.07 GB)."),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
)
def test_a_full_gpu_ends_in_a_sentence_whose_remedy_a_run_can_follow(error: RuntimeError, training: bool) -> None:
    with pytest.raises(UnreachableError) as raised, translate_gpu_errors(training=training):
        raise error
    message = raised.value.command_line
    assert message.startswith("the GPU's memory is full; end other programs on it, or use --device cpu")
    assert ("add --resume; or begin another run" in message) is training
    assert ("--batch-size" in message) is training


def test_other_errors_of_a_gpu_are_left_as_they_are() -> None:
    with pytest.raises(RuntimeError, match="illegal memory access") as raised, translate_gpu_errors():
        raise RuntimeError("CUDA error: an illegal memory access was encountered")
    assert not isinstance(raised.value, UnreachableError)
