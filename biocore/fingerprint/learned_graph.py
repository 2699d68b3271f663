"""The network LEADER as an ONNX graph, built from the weights that the `pyfing` wheel carries.

LEADER (R. Cappelli, "Lightweight End-to-end Attention-gated Dual Encoder-decodeR", arXiv 2602.15493; MIT
licence) finds minutiae in a grey picture directly. Its Keras file holds weights only; the graph is written
down here and differs from the original where that saves work and changes nothing but the last bits:

* reduction, residual and adjustment of a block are linear and in a row, so they are one matrix;
* gain and offset of a normalisation are folded into the matrix that follows it;
* what a head does pixel by pixel is done before its upsampling, on a quarter of the pixels;
* direction and type are wanted at the minutiae only, so their heads are a second graph over 9x9 patches.

Building needs `h5py` and `onnx`; running what was built needs neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Weights = Mapping[str, Sequence[Array]]

GRAPH_VERSION = 1  # part of the cache's file name; raise it with every change of the graphs
EPSILON = np.float32(1e-3)  # Keras' LayerNormalization default, which the weights were trained with
OPSET = 20
IR_VERSION = 10
ENCODER_CONTEXT = (16, 32, 64, 128)  # channels of the first encoder's four levels
ENCODER_REFINE = (32, 64, 128, 32)  # channels of the second's
FEATURES = 52  # channels that the heads read
PATCH_RADIUS = 4  # half-resolution px a head sees around a minutia: 1 by its last filter, 3 by its first
HEAD_POSITION, HEAD_DIRECTION, HEAD_TYPE = 0, 1, 2

# The weights' file numbers its layers by kind, in the order in which Keras sorts the graph.
_BLOCKS = ("enc1_0", "enc1_1", "enc1_2", "enc1_3", "dec1_3", "dec1_2", "dec1_1", "dec1_0")
_CONTEXT = tuple(f"enc0_{i}" for i in range(4)) + tuple(f"dec0_{i}" for i in (3, 2, 1, 0))
_LAYERS = {
    "separable_conv2d": tuple(f"{name}_conv" for name in _CONTEXT),
    "depthwise_conv2d": tuple(f"{name}_depthwise" for name in (*_BLOCKS, "head_0", "head_1", "head_2")),
    "layer_normalization": (
        "stem0_ln",
        *(f"{name}_ln" for name in _CONTEXT),
        "stem1_ln",
        *(f"{name}_ln" for name in _BLOCKS),
        *(f"head_{k}_ln" for k in range(3)),
        *(f"head_{k}_out_ln" for k in range(3)),
    ),
    "conv2d": (
        *("stem0_conv", "stem0_dilated", "stem1_conv", "stem1_dilated"),
        *("attention_1", "attention_3", "attention_6", "attention_gate"),
        *(f"{name}_{part}" for name in _BLOCKS for part in ("expand", "reduce", "adjust")),
        *("head_0_expand", "head_0_reduce", "head_1_expand", "head_0_adjust", "head_1_reduce", "head_2_expand"),
        *("head_2_reduce", "head_1_adjust", "head_0_conv1", "head_2_adjust", "head_0_conv2", "head_1_conv1"),
        *("head_0_last", "head_2_conv1", "head_1_conv2", "blur", "head_1_last", "head_2_conv2", "head_2_last"),
    ),
}


def read_weights(path: Path) -> dict[str, list[Array]]:
    """Read the weights' file: layer name to its arrays.

    Raises
    ------
    KeyError, OSError
        Not the file this graph was written for.
    """
    import h5py

    found: dict[str, list[Array]] = {}
    with h5py.File(path) as file:
        for kind, names in _LAYERS.items():
            for number, name in enumerate(names):
                group = file["layers"][kind if number == 0 else f"{kind}_{number}"]["vars"]
                found[name] = [np.asarray(group[str(k)], np.float32) for k in range(len(group))]
    return found


def detector_graph(weights: Weights) -> bytes:
    """Serialise the trunk and the position head.

    Input `x` (1, 1, h, w) float32 grey 0..255, sides multiples of 32. Outputs `score` (1, 1, h, w), the
    smoothed probability of a minutia at each pixel, and `features` (1, 52, h/2, w/2).
    """
    net = _Net(weights)
    features = _trunk(net, "x")
    position = net.op("Sigmoid", net.conv(net.up(_head(net, features, HEAD_POSITION, patch=False)), "head_0_last"))
    blurred = net.conv(position, "blur")
    return net.model({"x": (1, 1, "h", "w")}, {"score": blurred, "features": features})


def describer_graph(weights: Weights) -> bytes:
    """Serialise the direction and type heads over patches.

    Input `patches` (n, 52, 9, 9) float32: the features around each minutia. Outputs `direction` (n, 2, 2, 2),
    cosine and sine (not of unit length), and `ending` (n, 1, 2, 2), the log-odds of an ending against a
    bifurcation; the last two axes are the minutia's parity in y and x.
    """
    net = _Net(weights)
    direction = net.conv(net.up(_head(net, "patches", HEAD_DIRECTION, patch=True)), "head_1_last", padded=False)
    ending = net.conv(net.up(_head(net, "patches", HEAD_TYPE, patch=True)), "head_2_last", padded=False)
    side = 2 * PATCH_RADIUS + 1
    return net.model({"patches": ("n", FEATURES, side, side)}, {"direction": direction, "ending": ending})


def _trunk(net: _Net, image: str) -> str:
    context = _stem(net, image, "stem0", "MaxPool")
    detail = _stem(net, image, "stem1", "AveragePool")
    context = _context_path(net, context)
    gated = net.op("Concat", _attention(net, context), detail, axis=1)
    return _refinement_path(net, gated)


def _stem(net: _Net, image: str, name: str, pool: str) -> str:
    both = net.op("Concat", net.conv(image, f"{name}_conv"), net.conv(image, f"{name}_dilated", dilation=2), axis=1)
    return net.pool(pool, net.gelu(net.normalise(both, f"{name}_ln")))


def _context_path(net: _Net, x: str) -> str:
    skips = []
    for level, channels in enumerate(ENCODER_CONTEXT):
        x = _separable(net, x, f"enc0_{level}")
        skips.append(x)
        x = net.down(x, channels)
    for level in reversed(range(len(ENCODER_CONTEXT))):
        x = net.op("Concat", net.up(_separable(net, x, f"dec0_{level}")), skips[level], axis=1)
    return x


def _attention(net: _Net, x: str) -> str:
    seen = [net.gelu(net.conv(x, f"attention_{dilation}", dilation=dilation)) for dilation in (1, 3, 6)]
    gate = net.op("Sigmoid", net.conv(net.op("Concat", *seen, axis=1), "attention_gate"))
    return net.op("Mul", x, gate)


def _refinement_path(net: _Net, x: str) -> str:
    skips = []
    for level, channels in enumerate(ENCODER_REFINE):
        x = _bottleneck(net, x, f"enc1_{level}")
        skips.append(x)
        x = net.down(x, channels)
    for level in reversed(range(len(ENCODER_REFINE))):
        x = net.op("Concat", net.up(_bottleneck(net, x, f"dec1_{level}")), skips[level], axis=1)
    return x


def _separable(net: _Net, x: str, name: str) -> str:
    depthwise, pointwise, offset = net.weights[f"{name}_conv"]
    x = net.depthwise(x, depthwise)
    x = net.pointwise(x, pointwise[0, 0], offset)
    return net.gelu(net.normalise(x, f"{name}_ln"))


def _bottleneck(net: _Net, x: str, name: str, *, patch: bool = False) -> str:
    """Inverse bottleneck: adjust(x + reduce(gelu(expand(norm(depthwise(x)))))), its linear parts multiplied out."""
    gain, shift = net.weights[f"{name}_ln"]
    expand, expand_offset = net.weights[f"{name}_expand"]
    reduce, reduce_offset = net.weights[f"{name}_reduce"]
    adjust, adjust_offset = net.weights[f"{name}_adjust"]
    expand, reduce, adjust = expand[0, 0], reduce[0, 0], adjust[0, 0]
    y = net.standardise(net.depthwise(x, net.weights[f"{name}_depthwise"][0], padded=not patch))
    y = net.gelu(net.pointwise(y, gain[:, None] * expand, expand_offset + shift @ expand))
    y = net.pointwise(y, reduce @ adjust, adjust_offset + reduce_offset @ adjust)
    if patch:
        x = net.crop(x, 3)
    return net.op("Add", net.pointwise(x, adjust), y)


def _head(net: _Net, x: str, number: int, *, patch: bool) -> str:
    x = net.conv(_bottleneck(net, x, f"head_{number}", patch=patch), f"head_{number}_conv1")
    return net.gelu(net.conv(net.normalise(x, f"head_{number}_out_ln"), f"head_{number}_conv2"))


class _Net:
    """A graph under construction: each method adds nodes and returns the name of its output."""

    def __init__(self, weights: Weights) -> None:
        self.weights = weights
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._numbers = count()

    def op(self, kind: str, *inputs: str, domain: str = "", outputs: Sequence[str] = (), **attributes: Any) -> str:
        from onnx import helper

        names = list(outputs) or [f"t{next(self._numbers)}"]
        node = f"{kind}_{next(self._numbers)}"
        self._nodes.append(helper.make_node(kind, list(inputs), names, name=node, domain=domain, **attributes))
        return names[0]

    def constant(self, value: NDArray[Any]) -> str:
        from onnx import numpy_helper

        name = f"c{next(self._numbers)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def conv(self, x: str, name: str, *, dilation: int = 1, padded: bool = True) -> str:
        kernel, *offset = self.weights[name]
        side = kernel.shape[0]
        constants = [self.constant(kernel.transpose(3, 2, 0, 1)), *(self.constant(part) for part in offset)]
        pad = (side - 1) * dilation // 2 if padded else 0
        return self.op("Conv", x, *constants, kernel_shape=[side] * 2, pads=[pad] * 4, dilations=[dilation] * 2)

    def depthwise(self, x: str, kernel: Array, *, padded: bool = True) -> str:
        side, _, channels, _ = kernel.shape
        weight = self.constant(kernel.transpose(2, 3, 0, 1))
        pads = [side // 2 if padded else 0] * 4
        return self.op("Conv", x, weight, group=channels, kernel_shape=[side] * 2, pads=pads)

    def pointwise(self, x: str, matrix: Array, offset: Array | None = None) -> str:
        weight = self.constant(matrix.T[:, :, None, None])
        constants = [weight] if offset is None else [weight, self.constant(offset)]
        return self.op("Conv", x, *constants, kernel_shape=[1, 1])

    def standardise(self, x: str) -> str:
        """Subtract each pixel's mean over the channels and divide by its deviation."""
        axis = self.constant(np.array([1], np.int64))
        centred = self.op("Sub", x, self.op("ReduceMean", x, axis, keepdims=1))
        variance = self.op("ReduceMean", self.op("Mul", centred, centred), axis, keepdims=1)
        deviation = self.op("Sqrt", self.op("Add", variance, self.constant(np.array(EPSILON))))
        return self.op("Div", centred, deviation)

    def normalise(self, x: str, name: str) -> str:
        gain, shift = (self.constant(part.reshape(1, -1, 1, 1)) for part in self.weights[name])
        return self.op("Add", self.op("Mul", self.standardise(x), gain), shift)

    def gelu(self, x: str) -> str:
        return self.op("Gelu", x, domain="com.microsoft")

    def pool(self, kind: str, x: str) -> str:
        return self.op(kind, x, kernel_shape=[2, 2], strides=[2, 2])

    def down(self, x: str, channels: int) -> str:
        """Halve the resolution: the first half of the channels by maximum, the second by mean."""
        first = channels // 2
        names = [f"t{next(self._numbers)}", f"t{next(self._numbers)}"]
        sizes = self.constant(np.array([first, channels - first], np.int64))
        self.op("Split", x, sizes, outputs=names, axis=1)
        return self.op("Concat", self.pool("MaxPool", names[0]), self.pool("AveragePool", names[1]), axis=1)

    def up(self, x: str) -> str:
        scales = self.constant(np.array([1, 1, 2, 2], np.float32))
        nearest = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        return self.op("Resize", x, "", scales, **nearest)

    def crop(self, x: str, margin: int) -> str:
        limits = (np.array(v, np.int64) for v in ([margin, margin], [-margin, -margin], [2, 3]))
        return self.op("Slice", x, *(self.constant(limit) for limit in limits))

    def model(self, inputs: Mapping[str, Sequence[int | str]], outputs: Mapping[str, str]) -> bytes:
        from onnx import TensorProto, checker, helper

        for name, source in outputs.items():
            self.op("Identity", source, outputs=[name])
        graph = helper.make_graph(
            self._nodes,
            "leader",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * 4) for name in outputs],
            self._constants,
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
        made = helper.make_model(graph, opset_imports=opsets, producer_name="biocore")
        made.ir_version = IR_VERSION
        checker.check_model(made)
        serialised: bytes = made.SerializeToString(deterministic=True)
        return serialised
