"""A network whose convolutions also add and rectify, so that pictures are not carried through memory for that alone."""

from __future__ import annotations

import copy
import operator
from typing import Any, cast

import torch
import torch.nn.functional as F  # noqa: N812 (torch's own custom)
from torch import fx, nn
from torch.fx.experimental.optimization import fuse
from torch.fx.passes.shape_prop import ShapeProp

ADDITIONS: set[Any] = {operator.add, operator.iadd, torch.add, "add", "add_"}
RECTIFIERS: set[Any] = {F.relu, torch.relu, torch.relu_, "relu", "relu_"}


def fused_network(network: nn.Module, dtype: torch.dtype) -> nn.Module:
    """A copy of a network for inference on an x86 processor, in `dtype`, which it takes and gives.

    Batch normalisation goes into the weights of the convolutions. A convolution, the addition to its result and the
    rectifier (ReLU) behind them become one call of oneDNN, the library behind PyTorch's convolutions.
    A network that takes decisions on its way, which `torch.fx` cannot follow, only changes its dtype.
    """
    try:
        traced = cast(fx.GraphModule, fuse(network))
    except fx.proxy.TraceError:
        return copy.deepcopy(network).to(dtype).to(memory_format=torch.channels_last)
    ShapeProp(traced).propagate(torch.zeros(1, 3, 96, 96))
    traced = traced.to(dtype).to(memory_format=torch.channels_last)
    for node in list(traced.graph.nodes):
        if _is_convolution(traced, node):
            _make_one_call(traced, node)
    traced.graph.eliminate_dead_code()
    traced.delete_all_unused_submodules()
    traced.recompile()
    return traced


class OneCall(nn.Module):
    """A convolution, then the addition of what `forward` is given, then perhaps a rectifier."""

    def __init__(self, convolution: nn.Conv2d, rectify: bool) -> None:
        super().__init__()
        padding, stride, dilation = (
            list(pair) for pair in (convolution.padding, convolution.stride, convolution.dilation)
        )
        # Weights in oneDNN's own order; else they would be brought into it at every call.
        weight = torch.ops.mkldnn._reorder_convolution_weight(
            convolution.weight.detach(), padding, stride, dilation, convolution.groups, None
        )
        bias = None if convolution.bias is None else convolution.bias.detach()
        self.convolution = (weight, bias, padding, stride, dilation, convolution.groups)
        self.rectify = rectify

    def forward(self, images: torch.Tensor, other: torch.Tensor | None = None) -> torch.Tensor:
        """Images `[n, c, h, w]`; other, and what is returned, as the convolution gives it."""
        if other is None:
            after = "relu" if self.rectify else "none"
            return torch.ops.mkldnn._convolution_pointwise(images, *self.convolution, after, [], "")
        rectifier = "relu" if self.rectify else None
        return torch.ops.mkldnn._convolution_pointwise.binary(
            images, other, *self.convolution, "add", 1.0, rectifier, [], ""
        )


def _make_one_call(traced: fx.GraphModule, convolution: fx.Node) -> None:
    """Put one call in the place of a convolution and of what it alone is used for."""
    given, last = [convolution.args[0]], convolution
    addition = _only_user(convolution)
    if addition is not None and _calls(addition, ADDITIONS) and len(addition.args) == 2 and not addition.kwargs:
        other = next((term for term in addition.args if term is not convolution), None)
        if isinstance(other, fx.Node) and _shape(other) == _shape(convolution):
            given, last = [*given, other], addition
    after = _only_user(last)
    rectify = after is not None and (_calls(after, RECTIFIERS) or isinstance(_module(traced, after), nn.ReLU))
    if after is not None and rectify:
        last = after
    part = _module(traced, convolution)
    assert isinstance(part, nn.Conv2d)
    name = f"{convolution.target}".replace(".", "_") + "_and_more"
    traced.add_submodule(name, OneCall(part, rectify))
    with traced.graph.inserting_after(last):
        call = traced.graph.call_module(name, tuple(given))
    last.replace_all_uses_with(call)
    call.meta = last.meta


def _is_convolution(traced: fx.GraphModule, node: fx.Node) -> bool:
    part = _module(traced, node)
    return isinstance(part, nn.Conv2d) and part.padding_mode == "zeros" and not isinstance(part.padding, str)


def _module(traced: fx.GraphModule, node: fx.Node) -> nn.Module | None:
    return traced.get_submodule(str(node.target)) if node.op == "call_module" else None


def _calls(node: fx.Node, functions: set[Any]) -> bool:
    return node.op in ("call_function", "call_method") and node.target in functions


def _only_user(node: fx.Node) -> fx.Node | None:
    return next(iter(node.users)) if len(node.users) == 1 else None


def _shape(node: fx.Node) -> object:
    return getattr(node.meta.get("tensor_meta"), "shape", None)
