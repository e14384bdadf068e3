"""Every layer of the registry: dtypes, devices, gradients, copies, shapes, parameter counts."""

import copy

import numpy as np
import pytest

from minigrad import grad, layers, ops
from minigrad.layers import (
    ELU,
    Activation,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    InputLayer,
    Lambda,
    Layer,
    LayerNormalization,
    LeakyReLU,
    Parallel,
    Permute,
    PReLU,
    ReLU,
    Reshape,
    Residual,
    Softmax,
)

from ..cases import LAYERS
from .helpers import assert_equal, values


def test_no_layer_escapes_the_registry():
    public = {
        name: kind
        for name, kind in vars(layers).items()
        if isinstance(kind, type) and issubclass(kind, Layer) and kind is not Layer
    }
    own_names = {kind.__name__ for kind in public.values()}  # MaxPool2D is MaxPooling2D
    assert own_names <= {name.partition(" ")[0] for name in LAYERS}
    assert set(public) <= set(layers.__all__)


MERGING = "Add Average Concatenate Dot Maximum Minimum Multiply Subtract"
KEEP_INTEGERS = (
    "Embedding Flatten Identity InputLayer Lambda Parallel Permute RepeatVector Reshape Residual "
    + MERGING
)
CARRY_MASKS = (
    "Activation ActivityRegularization AdditiveAttention AlphaDropout Attention "
    "BatchNormalization Bidirectional Dense Dropout ELU Embedding GRU GaussianDropout "
    "GaussianNoise GlobalAveragePooling1D GroupNormalization Identity InputLayer "
    "InstanceNormalization LSTM Lambda LayerNormalization LeakyReLU LearnedPositions "
    "LocalResponseNormalization Masking MultiHeadAttention Normalization PReLU "
    "PixelNormalization RMSNormalization RNN ReLU Rescaling SimpleRNN UnitNormalization "
    "SinusoidalPositions Softmax SpatialDropout1D SpatialDropout2D TimeDistributed "
    "TransformerDecoder TransformerEncoder " + MERGING
)


@pytest.mark.parametrize(
    "attribute, names", [("accepts_integers", KEEP_INTEGERS), ("supports_masking", CARRY_MASKS)]
)
def test_layers_that_keep_integers_and_carry_masks(attribute, names):
    kinds = {kind for kind in vars(layers).values() if isinstance(kind, type)}
    found = {kind.__name__ for kind in kinds if getattr(kind, attribute, False) is True}
    assert found - {"Layer"} == {*names.split()}


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_float32_in_float32_out(name, xp, device, same_dtype):
    layer, parameters, inputs = LAYERS[name]()
    y = layer(*(xp.asarray(x) for x in inputs))
    same_dtype("float32", *parameters, y)
    assert all(p.device == device for p in parameters)
    assert all(part.device == device for part in (y if isinstance(y, list) else [y]))
    if parameters:
        total = (
            sum((ops.sum(ops.square(part)) for part in y), 0)
            if isinstance(y, list)
            else ops.sum(ops.square(y))
        )
        gradients = grad(total, parameters)
        same_dtype("float32", *gradients)
        assert all(
            g.shape == p.shape and float(abs(g).max()) > 0
            for g, p in zip(gradients, parameters, strict=True)
        )


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_repeated_calls_agree_and_survive_copying(name):
    layer, _, inputs = LAYERS[name]()
    twin = copy.deepcopy(layer)
    first, second, copied = (
        [values(part) for part in (y if isinstance(y, list) else [y])]
        for y in (layer(*inputs), layer(*inputs), twin(*inputs))
    )
    for a, b, c in zip(first, second, copied, strict=True):
        assert_equal(a, b)
        assert_equal(a, c)
    assert not {id(p) for p in twin.weights} & {id(p) for p in layer.weights}


@pytest.mark.parametrize(
    "layer, shape, out, count",
    [
        (Dense(3), (4,), (3,), 15),
        (Dense(3, use_bias=False), (4,), (3,), 12),
        (Dense(2), (3, 4), (3, 2), 10),
        (Embedding(10, 4), (7,), (7, 4), 40),
        (Embedding(10, 4, input_length=7), (7,), (7, 4), 40),
        (LayerNormalization(), (3, 4), (3, 4), 8),
        (LayerNormalization(axis=(1, 2)), (3, 4), (3, 4), 24),
        (LayerNormalization(center=False), (4,), (4,), 4),
        (LayerNormalization(scale=False), (4,), (4,), 4),
        (PReLU(), (3, 4), (3, 4), 12),
        (PReLU(shared_axes=(1,)), (3, 4), (3, 4), 4),
        (Flatten(), (2, 3, 4), (24,), 0),
        (Flatten(), (), (1,), 0),
        (Reshape((2, -1)), (6,), (2, 3), 0),
        (Permute((2, 1)), (3, 4), (4, 3), 0),
        (Dropout(0.5), (4,), (4,), 0),
        (Softmax(), (4,), (4,), 0),
        (ReLU(), (4,), (4,), 0),
        (LeakyReLU(), (4,), (4,), 0),
        (ELU(), (4,), (4,), 0),
        (Activation("tanh"), (4,), (4,), 0),
        (Lambda(lambda x: x[..., :2]), (4,), (2,), 0),
        (InputLayer((4,)), (4,), (4,), 0),
        (Residual(Dense(4)), (4,), (4,), 20),
        (Residual(Dense(3), Dense(3)), (4,), (3,), 30),
        (Parallel(Dense(2), Dense(3)), (4,), (5,), 25),
        (Parallel([Dense(3), Dense(3)], join="sum"), (4,), (3,), 30),
        (Parallel((Dense(3), Dense(3)), join="sum"), (4,), (3,), 30),
    ],
    ids=repr,
)
def test_shapes_and_counts(layer, shape, out, count):
    assert not layer.built
    assert layer.count_params() == 0
    layer.build_from_shape(shape)
    assert layer.built
    assert layer.output_shape == (None, *out)
    assert layer.count_params() == count
    ids = getattr(layer, "input_dim", None)
    x = np.zeros((2, *shape), int) if ids else np.zeros((2, *shape))
    assert layer(x).shape == (2, *out)
