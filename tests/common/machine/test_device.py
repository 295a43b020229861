"""A GPU whose memory is full."""

import pytest
import torch

from painter_search.common.errors import UnreachableError
from painter_search.common.machine.device import translate_gpu_errors


@pytest.mark.parametrize("batch_size", [False, True])
def test_translate_gpu_errors_names_a_smaller_batch_where_there_is_such_a_flag(batch_size: bool) -> None:
    with pytest.raises(UnreachableError) as raised, translate_gpu_errors(batch_size=batch_size):
        raise torch.cuda.OutOfMemoryError
    assert ("--batch-size" in raised.value.command_line) is batch_size
    assert raised.value.command_line.endswith("or use --device cpu.")
