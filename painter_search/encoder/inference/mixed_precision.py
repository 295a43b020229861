"""Automatic mixed precision, and when it pays: bfloat16 on CPUs, bfloat16 or float16 on GPUs."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn

from painter_search.encoder.backbones.staged_transformer import StagedTransformer


def mixed_precision(device: torch.device, network: nn.Module) -> AbstractContextManager[object]:
    """A context of automatic mixed precision where it is faster, else one without effect.

    CUDA computes in bfloat16, or in float16 on GPUs without bfloat16; a CPU in bfloat16 if `prefers_bfloat16`.
    """
    if device.type == "cuda":
        return torch.autocast("cuda", torch.float16 if needs_scaler(device) else torch.bfloat16)
    if device.type == "cpu" and prefers_bfloat16(network):
        return torch.autocast("cpu", torch.bfloat16)
    return nullcontext()


def unscaled_precision(device: torch.device, network: nn.Module) -> AbstractContextManager[object]:
    """`mixed_precision` for gradients without a scaler: where that would need one, they are computed in float32."""
    if needs_scaler(device) and torch.is_grad_enabled():
        return nullcontext()
    return mixed_precision(device, network)


def needs_scaler(device: torch.device) -> bool:
    """Whether gradients need a `GradScaler`: in float16 small gradients underflow."""
    return device.type == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False)


def prefers_bfloat16(network: nn.Module) -> bool:
    """Whether this CPU runs the network faster in bfloat16.

    That takes instructions for bfloat16 matrices and a network of full convolutions: depthwise convolutions are bound
    by memory, and bfloat16 slows them down. What it costs transformers in accuracy has not been measured.
    """
    if not _has_bfloat16_instructions():
        return False
    if any(isinstance(module, StagedTransformer) for module in network.modules()):
        return False
    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    return bool(convolutions) and all(module.groups == 1 for module in convolutions)


def _has_bfloat16_instructions() -> bool:
    # PyTorch's own checks of the processor; their names are not public yet, so a version without them answers no.
    checks = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return torch.backends.mkldnn.is_available() and any(getattr(torch.cpu, name, bool)() for name in checks)
