"""Processes of torchrun that have no GPU of their own."""

import pytest
import torch

from painter_search.common.errors import InvalidValueError
from painter_search.training.distributed import process_group


@pytest.mark.parametrize(
    ("device", "remedy"), [("cuda", "use `torchrun --nproc-per-node 1`"), ("mps", "leave out torchrun")]
)
def test_a_process_without_a_gpu_of_its_own_is_refused(
    device: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(InvalidValueError, match=remedy), process_group(torch.device(device)):
        pass
