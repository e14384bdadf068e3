"""Arguments of layers that do not fit: each error says what would, best as the line to write."""

from __future__ import annotations

import re

import numpy as np
import pytest

from minigrad import Sequential
from minigrad.layers import (
    GRU,
    LSTM,
    Activation,
    AdditiveAttention,
    AveragePooling1D,
    AveragePooling2D,
    BatchNormalization,
    Conv1D,
    Conv2D,
    Conv2DTranspose,
    Cropping2D,
    Dense,
    DepthwiseConv2D,
    Dropout,
    Embedding,
    Flatten,
    GroupNormalization,
    Input,
    InstanceNormalization,
    LayerNormalization,
    LearnedPositions,
    LSTMCell,
    MaxPooling1D,
    MaxPooling2D,
    MultiHeadAttention,
    Permute,
    ReLU,
    Reshape,
    SeparableConv2D,
    SimpleRNN,
    Softmax,
    SpatialDropout1D,
    TransformerDecoder,
    TransformerEncoder,
    UpSampling2D,
)

# what makes a layer of one positive integer, and how it is called there
INTEGERS = {
    "Dense units": Dense,
    "SimpleRNN units": SimpleRNN,
    "LSTM units": LSTM,
    "GRU units": GRU,
    "LSTMCell units": LSTMCell,
    "AdditiveAttention units": AdditiveAttention,
    "Conv2D filters": lambda n: Conv2D(n, 3),
    "Conv1D filters": lambda n: Conv1D(n, 3),
    "Conv2DTranspose filters": lambda n: Conv2DTranspose(n, 3),
    "SeparableConv2D filters": lambda n: SeparableConv2D(n, 3),
    "Conv1D kernel_size": lambda n: Conv1D(3, n),
    "Conv1D strides": lambda n: Conv1D(3, 3, strides=n),
    "Conv2D groups": lambda n: Conv2D(8, 3, groups=n),
    "MaxPooling1D pool_size": MaxPooling1D,
    "AveragePooling1D strides": lambda n: AveragePooling1D(2, strides=n),
    "GroupNormalization groups": GroupNormalization,
    "Embedding input_dim": lambda n: Embedding(n, 3),
    "Embedding output_dim": lambda n: Embedding(3, n),
    "LearnedPositions sequence_length": LearnedPositions,
    "MultiHeadAttention num_heads": lambda n: MultiHeadAttention(n, 3),
    "MultiHeadAttention key_dim": lambda n: MultiHeadAttention(3, n),
    "MultiHeadAttention value_dim": lambda n: MultiHeadAttention(3, 3, value_dim=n),
    "MultiHeadAttention output_shape": lambda n: MultiHeadAttention(3, 3, output_shape=n),
    "TransformerEncoder intermediate_dim": lambda n: TransformerEncoder(n, 3),
    "TransformerEncoder num_heads": lambda n: TransformerEncoder(3, n),
    "TransformerDecoder num_heads": lambda n: TransformerDecoder(3, n),
    "Dense input_dim": lambda n: Dense(3, input_dim=n),
}


@pytest.mark.parametrize("what", INTEGERS)
@pytest.mark.parametrize("value", [0, -2, 2.5, "64", "many", True, [], (2, 3), np.float32(0.5)])
def test_positive_integers(what, value):
    layer, argument = what.split()
    message = f"{layer}: {argument} must be a positive integer, not {value!r}"
    with pytest.raises(ValueError, match=re.escape(message)):
        INTEGERS[what](value)


@pytest.mark.parametrize("value", ["64", 64.0, (64.0,), "64.0", np.float64(64)])
def test_the_integer_that_was_meant(value):
    with pytest.raises(ValueError, match=": write units=64$"):
        Dense(value)


def test_integers_of_numpy_are_integers():
    assert Dense(np.int64(3)).units == 3
    assert Conv2D(np.uint8(3), np.int32(3)).kernel_size == (3, 3)


# ---- pairs ---------------------------------------------------------------------------------------

PAIRS = {
    "Conv2D kernel_size": lambda v: Conv2D(3, v),
    "Conv2D strides": lambda v: Conv2D(3, 3, strides=v),
    "Conv2D dilation_rate": lambda v: Conv2D(3, 3, dilation_rate=v),
    "Conv2DTranspose kernel_size": lambda v: Conv2DTranspose(3, v),
    "DepthwiseConv2D strides": lambda v: DepthwiseConv2D(3, strides=v),
    "SeparableConv2D kernel_size": lambda v: SeparableConv2D(3, v),
    "MaxPooling2D pool_size": MaxPooling2D,
    "AveragePooling2D strides": lambda v: AveragePooling2D(2, strides=v),
    "UpSampling2D size": UpSampling2D,
}


@pytest.mark.parametrize("what", PAIRS)
@pytest.mark.parametrize("value", [0, -1, 2.5, "3", (3,), (3, 3, 3), (0, 3), [], "same"])
def test_pairs(what, value):
    layer, argument = what.split()
    message = (
        f"{layer}: {argument} must be a whole number above 0 or two of them, (height, width), "
        f"not {value!r}"
    )
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        PAIRS[what](value)
    assert str(caught.value).endswith(f": write {argument}=3") == (value in ("3", (3,)))


# ---- padding -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda v: Conv2D(3, 3, padding=v),
        lambda v: Conv1D(3, 3, padding=v),
        lambda v: DepthwiseConv2D(3, padding=v),
        lambda v: MaxPooling2D(padding=v),
        lambda v: AveragePooling1D(padding=v),
    ],
)
def test_padding(make):
    with pytest.raises(
        ValueError, match="[12]D: padding must be .*, not 'smae': did you mean 'same'\\?"
    ):
        make("smae")
    for value in (-1, 2.5, None, (1, 2, 3)):
        with pytest.raises(ValueError, match="[12]D: padding must be 'valid', 'same', a number"):
            make(value)
    assert make("SAME").padding == "same"


def test_causal_padding_is_for_sequences():
    with pytest.raises(ValueError, match="Conv2D: padding must be .*, not 'causal'$"):
        Conv2D(3, 3, padding="causal")
    with pytest.raises(ValueError, match="did you mean 'causal'"):
        Conv1D(3, 3, padding="casual")


# ---- rates ---------------------------------------------------------------------------------------

RATES = {
    "Dropout rate": Dropout,
    "SpatialDropout1D rate": SpatialDropout1D,
    "LSTM dropout": lambda v: LSTM(3, dropout=v),
    "GRU recurrent_dropout": lambda v: GRU(3, recurrent_dropout=v),
    "MultiHeadAttention dropout": lambda v: MultiHeadAttention(3, 3, dropout=v),
    "TransformerEncoder dropout": lambda v: TransformerEncoder(3, 3, dropout=v),
    "TransformerDecoder attention_dropout": lambda v: TransformerDecoder(3, 3, attention_dropout=v),
    "TransformerEncoder inner_dropout": lambda v: TransformerEncoder(3, 3, inner_dropout=v),
}


@pytest.mark.parametrize("what", RATES)
@pytest.mark.parametrize("value", [1.5, -1, 1, 50, float("nan")])
def test_rates(what, value):
    layer, argument = what.split()
    message = f"{layer}: {argument} must be in [0, 1), not {value!r}: "
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        RATES[what](value)
    assert str(caught.value).endswith(f"write {argument}=0.5") == (value == 50)


@pytest.mark.parametrize("what", RATES)
def test_rates_that_are_no_numbers(what):
    layer, argument = what.split()
    message = f"{layer}: {argument} must be a number in [0, 1), not '0.5': write {argument}=0.5"
    with pytest.raises(TypeError, match=re.escape(message)):
        RATES[what]("0.5")


def test_a_rate_of_none():
    with pytest.raises(TypeError, match="not None: 0 drops nothing"):
        Dropout(None)


# ---- axes and shapes -----------------------------------------------------------------------------


@pytest.mark.parametrize("make", [Softmax, LayerNormalization, BatchNormalization])
@pytest.mark.parametrize("axis", ["1", 1.0, True, (1, "2")])
def test_axes(make, axis):
    with pytest.raises(TypeError, match=f"{make.__name__}: axis must be an integer such as -1"):
        make(axis=axis)


@pytest.mark.parametrize("axis", [5, -5])
@pytest.mark.parametrize("make", [Softmax, LayerNormalization, BatchNormalization])
def test_axes_out_of_range(make, axis):
    with pytest.raises(ValueError, match=f"layer .*axis.*{axis}"):
        make(axis=axis)(np.ones((2, 3, 4)))


@pytest.mark.parametrize("make", [lambda v: Dense(3, input_shape=v), Input])
@pytest.mark.parametrize("shape", [64, (64), np.int64(64)])
def test_a_number_as_shape(make, shape):
    with pytest.raises(TypeError, match=r"must be a tuple: write (input_)?shape=\(64,\)"):
        make(shape)


@pytest.mark.parametrize("shape", ["64", 6.5])
def test_shapes_that_are_none(shape):
    with pytest.raises(TypeError, match=r"input_shape must be a tuple such as \(64,\)"):
        Dense(3, input_shape=shape)
    with pytest.raises(TypeError, match=r"Input: shape must be a tuple such as \(64,\)"):
        Input(shape)


@pytest.mark.parametrize("shape", [(6.5,), (-1,), ("a",), (0,), (3, True)])
def test_lengths_that_are_none(shape):
    with pytest.raises(ValueError, match="input_shape holds the lengths of one input's axes"):
        Dense(3, input_shape=shape)


def test_open_lengths_are_kept():
    assert Input((None, 3)).shape == (None, None, 3)
    assert Dense(3, input_shape=[4]).input_shape == (None, 4)


@pytest.mark.parametrize("value", [12, 2.5, "12", None, (3, "4")])
def test_target_shape_and_dims(value):
    with pytest.raises(TypeError, match="Reshape: target_shape must be a tuple of integers"):
        Reshape(value)
    with pytest.raises(TypeError, match="Permute: dims must be a tuple of integers"):
        Permute(value)


@pytest.mark.parametrize("dims", [(0, 1), (1, 1), (2, 3)])
def test_dims_name_each_axis_once(dims):
    with pytest.raises(ValueError, match="dims names each axis after the batch axis once"):
        Permute(dims)


def test_reshape_of_a_number():
    with pytest.raises(TypeError, match=r"not 12: write target_shape=\(12,\)"):
        Reshape(12)


@pytest.mark.parametrize("value", [-1, 2.5, "smae", (1, 2, 3)])
def test_cropping(value):
    with pytest.raises(ValueError, match="cropping must be a number"):
        Cropping2D(value)


# ---- activations ---------------------------------------------------------------------------------


def test_activations():
    x = np.array([[-1.0, 2.0]])
    with pytest.raises(TypeError, match="activation: expected one of its names or a callable"):
        Dense(3, activation=3)
    with pytest.raises(ValueError, match="unknown activation 'Relu': did you mean 'relu'"):
        Dense(3, activation="Relu")
    for activation in (ReLU, ReLU(), "relu"):  # a class of layers, a layer, a name
        assert Activation(activation)(x).numpy().tolist() == [[0, 2]]


def test_heads_divide_the_width():
    with pytest.raises(ValueError, match="TransformerEncoder expects .* whose width its 3 heads"):
        TransformerEncoder(8, 3)(np.ones((1, 5, 4)))


def test_a_layer_that_fits_is_made():
    model = Sequential([Conv2D(4, 3, input_shape=(8, 8, 1)), Flatten(), Dense(2)])
    assert model.output_shape == (None, 2)


def test_states_that_a_layer_cannot_take():
    with pytest.raises(ValueError, match="Dense has no state besides its parameters"):
        Dense(2).set_state({"states": []})
    layer = LSTM(2, stateful=True)
    with pytest.raises(ValueError, match="do not fit LSTM"):
        layer.set_state({"states": [np.ones((1, 3)), np.ones((1, 3))]})
    assert layer.get_state() == LSTM(2, stateful=True).get_state()


@pytest.mark.parametrize("layer", [InstanceNormalization(axis=0), GroupNormalization(1, axis=0)])
def test_an_axis_that_is_no_channel_axis(layer):
    with pytest.raises(ValueError, match="axis=0 is no channel axis of an input of shape"):
        layer(np.ones((1, 4, 4, 1), "float32"))
