"""LAYERS: each public layer, small and built."""

from __future__ import annotations

from functools import partial
from typing import Any, Callable

import numpy as np

from minigrad import Sequential, config, layers
from minigrad.layers import Layer
from minigrad.random import use_generator

from .base import Array, nonzero, normal, on_device, start_drawing

start_drawing(8)

# returns the callable, its parameters, the inputs to call it with
Small = Callable[[], tuple[Any, list, tuple]]


def built(make: Callable[[], Layer], *inputs: Array) -> Small:
    """make() after a call on the inputs, and its trained parameters, none left at zero or one."""

    def small() -> tuple[Any, list, tuple]:
        layer = make()
        layer(*(on_device(config.device_module(), x, "float32") for x in inputs))
        draw = np.random.default_rng(len(layer.weights))
        for p in layer.weights:
            p.assign(p.numpy() + draw.uniform(-0.5, 0.5, p.shape))
        return layer, layer.trainable_weights, inputs

    small.case = make, None, inputs, None  # type: ignore[attr-defined]
    return small


def _branches() -> list[Layer]:
    return [layers.Dense(4, activation="tanh"), Sequential(layers.Dense(3), layers.Dense(4))]


class _Merged(Layer):
    """A merging layer on inputs one by one."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.layer = layer

    def call(self, a: Any, b: Any) -> Any:
        return self.layer([a, b])


def merged(make: Callable[[], Layer], *inputs: Array) -> Small:
    return built(lambda: _Merged(make()), *inputs)


class _Drawn(Layer):
    """A layer that draws, in training, with the same draw in every call."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.layer = layer

    def call(self, x: Any) -> Any:
        with use_generator(6):
            return self.layer(x, training=True)


class _first(Layer):
    """A cell as a layer that gives its output without the states."""

    def __init__(self, cell: Layer) -> None:
        super().__init__()
        self.cell = cell

    def call(self, x: Any) -> Any:
        return self.cell(x, [x[:, :3]] * len(self.cell.state_size))[0]


LAYERS: dict[str, Small] = {
    "InputLayer": built(lambda: layers.InputLayer((4,)), normal(3, 4)),
    "Dense": built(lambda: layers.Dense(5, activation="tanh"), normal(3, 4)),
    "Dense without bias": built(lambda: layers.Dense(2, use_bias=False), normal(3, 4)),
    "Dense on sequences": built(lambda: layers.Dense(5), normal(2, 3, 4)),
    "EinsumDense": built(
        lambda: layers.EinsumDense("abc,cde->abde", (None, 2, 3), "tanh", bias_axes="de"),
        normal(2, 3, 4),
    ),
    "EinsumDense with an ellipsis": built(
        lambda: layers.EinsumDense("...bc,cd->...db", (5, 3), bias_axes="d"), normal(2, 3, 4)
    ),
    "Add": merged(layers.Add, normal(2, 3, 4), normal(2, 3, 4)),
    "Subtract": merged(layers.Subtract, normal(3, 4), normal(3, 4)),
    "Multiply": merged(layers.Multiply, normal(3, 4), normal(3, 1)),
    "Average": merged(layers.Average, normal(3, 4), normal(3, 4)),
    "Maximum": merged(layers.Maximum, nonzero(3, 4), 0.1 * nonzero(3, 4)),
    "Minimum": merged(layers.Minimum, nonzero(3, 4), 0.1 * nonzero(3, 4)),
    "Concatenate": merged(lambda: layers.Concatenate(axis=1), normal(2, 3, 4), normal(2, 1, 4)),
    "Dot": merged(lambda: layers.Dot(axes=(2, 1)), normal(2, 3, 4), normal(2, 4, 2)),
    "Dot of unit vectors": merged(
        lambda: layers.Dot(1, normalize=True), normal(3, 4), normal(3, 4)
    ),
    "Activation": built(lambda: layers.Activation("softplus"), normal(3, 4)),
    "ReLU": built(
        lambda: layers.ReLU(max_value=1.0, negative_slope=0.2, threshold=0.1), nonzero(3, 4)
    ),
    "LeakyReLU": built(layers.LeakyReLU, nonzero(3, 4)),
    "ELU": built(lambda: layers.ELU(0.7), nonzero(3, 4)),
    "PReLU": built(layers.PReLU, nonzero(3, 4)),
    "PReLU shared": built(lambda: layers.PReLU(shared_axes=(1,)), nonzero(2, 3, 4)),
    "Softmax": built(lambda: layers.Softmax(axis=1), normal(2, 3, 4)),
    "Dropout": built(lambda: layers.Dropout(0.4), normal(3, 4)),
    "GaussianDropout": built(lambda: layers.GaussianDropout(0.4), normal(3, 4)),
    "GaussianNoise": built(lambda: layers.GaussianNoise(0.4), normal(3, 4)),
    "AlphaDropout": built(lambda: layers.AlphaDropout(0.4), normal(3, 4)),
    "ActivityRegularization": built(lambda: layers.ActivityRegularization(0.1), normal(3, 4)),
    "Identity": built(layers.Identity, normal(3, 4)),
    "Resizing": built(lambda: layers.Resizing(3, 5, "bicubic"), normal(2, 4, 4, 2)),
    "Resizing to proportions": built(
        lambda: layers.Resizing(2, 3, crop_to_aspect_ratio=True), normal(2, 5, 4, 2)
    ),
    "CenterCrop": built(lambda: layers.CenterCrop(2, 3), normal(2, 4, 4, 2)),
    "RandomCrop": built(lambda: _Drawn(layers.RandomCrop(2, 3)), normal(2, 4, 4, 2)),
    "RandomFlip": built(lambda: _Drawn(layers.RandomFlip()), normal(2, 3, 4, 2)),
    "RandomRotation": built(lambda: _Drawn(layers.RandomRotation(0.1)), normal(2, 3, 4, 2)),
    "RandomZoom": built(lambda: _Drawn(layers.RandomZoom(0.3, 0.2)), normal(2, 3, 4, 2)),
    "RandomTranslation": built(
        lambda: _Drawn(layers.RandomTranslation(0.3, 0.2)), normal(2, 3, 4, 2)
    ),
    "RandomBrightness": built(
        lambda: _Drawn(layers.RandomBrightness(0.3, (-9, 9))), normal(2, 3, 4, 2)
    ),
    "RandomContrast": built(
        lambda: _Drawn(layers.RandomContrast(0.3, (-9, 9))), normal(2, 3, 4, 2)
    ),
    "Rescaling": built(lambda: layers.Rescaling(0.5, offset=-1.0), normal(3, 4)),
    "Normalization": built(
        lambda: layers.Normalization(mean=[1.0, 2.0, 0.5, 0.0], variance=2.0), normal(3, 4)
    ),
    "Normalization inverted": built(
        lambda: layers.Normalization(axis=None, mean=1.0, variance=2.0, invert=True), normal(3, 4)
    ),
    "UnitNormalization": built(lambda: layers.UnitNormalization(axis=(1, 2)), normal(2, 3, 4)),
    "ZeroPadding1D": built(lambda: layers.ZeroPadding1D((1, 2)), normal(2, 3, 4)),
    "Cropping1D": built(lambda: layers.Cropping1D((1, 2)), normal(2, 5, 4)),
    "UpSampling1D": built(lambda: layers.UpSampling1D(3), normal(2, 3, 4)),
    "Flatten": built(layers.Flatten, normal(2, 3, 4)),
    "Reshape": built(lambda: layers.Reshape((2, -1)), normal(3, 4)),
    "RepeatVector": built(lambda: layers.RepeatVector(3), normal(2, 4)),
    "Permute": built(lambda: layers.Permute((2, 1)), normal(2, 3, 4)),
    "Lambda": built(lambda: layers.Lambda(lambda x: x * x), normal(3, 4)),
    "Embedding": built(lambda: layers.Embedding(6, 4), np.array([[0, 5, 5], [2, 0, 1]])),
    "LayerNormalization": built(layers.LayerNormalization, normal(3, 4)),
    "LayerNormalization of two axes": built(
        lambda: layers.LayerNormalization(axis=(1, 2)), normal(2, 3, 4)
    ),
    "SpatialDropout1D": built(lambda: layers.SpatialDropout1D(0.4), normal(2, 3, 4)),
    "SpatialDropout2D": built(lambda: layers.SpatialDropout2D(0.4), normal(2, 3, 2, 4)),
    "BatchNormalization of axis 1": built(
        lambda: layers.BatchNormalization(axis=1), normal(3, 2, 4)
    ),
    "BatchNormalization": built(layers.BatchNormalization, normal(2, 3, 3, 4)),
    "BatchNormalization of features": built(
        lambda: layers.BatchNormalization(scale=False), normal(5, 4)
    ),
    "GroupNormalization": built(lambda: layers.GroupNormalization(2), normal(2, 3, 3, 4)),
    "InstanceNormalization": built(layers.InstanceNormalization, normal(2, 3, 3, 4)),
    "LocalResponseNormalization": built(
        lambda: layers.LocalResponseNormalization(alpha=0.3), normal(2, 3, 3, 4)
    ),
    "MaxPooling1D": built(lambda: layers.MaxPooling1D(3, 2, "same"), nonzero(2, 6, 4)),
    "MaxPooling2D": built(lambda: layers.MaxPooling2D(3, 2), nonzero(2, 5, 5, 3)),
    "AveragePooling1D": built(layers.AveragePooling1D, normal(2, 5, 4)),
    "AveragePooling2D": built(lambda: layers.AveragePooling2D(padding="same"), normal(2, 5, 4, 3)),
    "GlobalMaxPooling1D": built(layers.GlobalMaxPooling1D, nonzero(2, 5, 4)),
    "GlobalMaxPooling2D": built(
        lambda: layers.GlobalMaxPooling2D(keepdims=True), nonzero(2, 3, 3, 4)
    ),
    "GlobalAveragePooling1D": built(
        lambda: layers.GlobalAveragePooling1D(keepdims=True), normal(2, 5, 4)
    ),
    "GlobalAveragePooling2D": built(layers.GlobalAveragePooling2D, normal(2, 3, 3, 4)),
    "Conv2D": built(
        lambda: layers.Conv2D(3, (3, 2), 2, "same", activation="tanh"), normal(2, 5, 4, 2)
    ),
    "Conv2D of two groups": built(
        lambda: layers.Conv2D(
            4, 2, padding=((1, 0), (0, 2)), dilation_rate=2, groups=2, use_bias=False
        ),
        normal(2, 4, 5, 2),
    ),
    "Conv1D": built(lambda: layers.Conv1D(3, 3, 2, "same"), normal(2, 6, 2)),
    "Conv1D causal": built(
        lambda: layers.Conv1D(2, 2, padding="causal", dilation_rate=2, groups=2), normal(2, 5, 4)
    ),
    "DepthwiseConv2D": built(
        lambda: layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2), normal(2, 4, 5, 2)
    ),
    "SeparableConv2D": built(
        lambda: layers.SeparableConv2D(3, 2, 2, depth_multiplier=2, activation="tanh"),
        normal(2, 4, 5, 2),
    ),
    "Conv2DTranspose": built(lambda: layers.Conv2DTranspose(3, 3, 2, "same"), normal(2, 3, 2, 2)),
    "Conv2DTranspose with output padding": built(
        lambda: layers.Conv2DTranspose(2, (3, 2), 2, output_padding=1), normal(2, 2, 3, 2)
    ),
    "Conv2DTranspose of two groups": built(
        lambda: layers.Conv2DTranspose(4, 2, 2, groups=2, activation="tanh"), normal(2, 2, 3, 4)
    ),
    "Conv1DTranspose": built(
        lambda: layers.Conv1DTranspose(4, 3, 2, "same", groups=2), normal(2, 3, 2)
    ),
    "Conv1DTranspose with output padding": built(
        lambda: layers.Conv1DTranspose(2, 2, 3, output_padding=1, dilation_rate=1), normal(2, 3, 2)
    ),
    "DepthwiseConv1D": built(
        lambda: layers.DepthwiseConv1D(3, padding="same", depth_multiplier=2), normal(2, 4, 2)
    ),
    "SeparableConv1D": built(
        lambda: layers.SeparableConv1D(3, 2, 2, depth_multiplier=2, activation="tanh"),
        normal(2, 5, 2),
    ),
    "ZeroPadding2D": built(lambda: layers.ZeroPadding2D(((1, 0), (2, 3))), normal(2, 3, 2, 2)),
    "ReflectionPadding2D": built(
        lambda: layers.ReflectionPadding2D(((1, 0), (1, 2))), normal(2, 3, 4, 2)
    ),
    "Cropping2D": built(lambda: layers.Cropping2D(((1, 0), (1, 2))), normal(2, 4, 5, 2)),
    "UpSampling2D": built(lambda: layers.UpSampling2D((2, 3)), normal(2, 3, 2, 2)),
    "UpSampling2D bilinear": built(
        lambda: layers.UpSampling2D((3, 2), interpolation="bilinear"), normal(2, 3, 2, 2)
    ),
    "UpSampling2D bicubic": built(
        lambda: layers.UpSampling2D(2, interpolation="bicubic"), normal(2, 3, 2, 2)
    ),
    "PixelNormalization": built(layers.PixelNormalization, normal(2, 3, 3, 4)),
    "MinibatchStdDev": built(
        lambda: layers.MinibatchStdDev(num_channels=2, epsilon=1e-3), normal(6, 2, 3, 4)
    ),
    "ModulatedConv2D": built(lambda: layers.ModulatedConv2D(2), normal(2, 3, 4, 3), normal(2, 5)),
    "ModulatedConv2D without demodulation": built(
        lambda: layers.ModulatedConv2D(2, 1, demodulate=False, up=2),
        normal(2, 3, 4, 3),
        normal(2, 5),
    ),
    "EqualizedLearningRate": built(
        lambda: layers.EqualizedLearningRate(layers.Dense(5, "tanh"), 2.0, 0.5), normal(3, 4)
    ),
    "EqualizedLearningRate of Conv2D": built(
        lambda: layers.EqualizedLearningRate(layers.Conv2D(3, 2, use_bias=False)),
        normal(2, 3, 4, 2),
    ),
    "SpectralNormalization": built(
        lambda: layers.SpectralNormalization(layers.Conv2D(3, 2)), normal(2, 3, 4, 2)
    ),
    "RMSNormalization": built(layers.RMSNormalization, normal(2, 3, 4)),
    "MultiHeadAttention": built(lambda: layers.MultiHeadAttention(2, 3), normal(2, 3, 4)),
    "MultiHeadAttention across": built(
        lambda: layers.MultiHeadAttention(2, 2, 3, output_shape=5), normal(2, 3, 4), normal(2, 5, 3)
    ),
    "MultiHeadAttention rotary": built(
        lambda: layers.MultiHeadAttention(2, 4, use_bias=False, rotary=True), normal(2, 3, 4)
    ),
    "Attention": built(lambda: layers.Attention(use_scale=True), normal(2, 3, 4), normal(2, 5, 4)),
    "Attention general": built(
        lambda: layers.Attention(score_mode="general"), normal(2, 3, 4), normal(2, 5, 3)
    ),
    "Attention concat": built(
        lambda: layers.Attention(True, score_mode="concat"), normal(2, 3, 4), normal(2, 5, 4)
    ),
    "AdditiveAttention": built(
        lambda: layers.AdditiveAttention(6), normal(2, 3, 4), normal(2, 5, 3)
    ),
    "AdditiveAttention without units": built(
        layers.AdditiveAttention, normal(2, 3, 4), normal(2, 5, 4)
    ),
    "SinusoidalPositions": built(layers.SinusoidalPositions, normal(2, 3, 5)),
    "LearnedPositions": built(lambda: layers.LearnedPositions(3), normal(2, 3, 4)),
    "TransformerEncoder": built(
        lambda: layers.TransformerEncoder(5, 2, activation="gelu"), normal(2, 3, 4)
    ),
    "TransformerEncoder causal": built(
        lambda: layers.TransformerEncoder(
            5, 2, activation="tanh", normalize_first=True, causal=True, rotary=True
        ),
        normal(2, 3, 4),
    ),
    "TransformerDecoder": built(
        lambda: layers.TransformerDecoder(5, 2, activation="tanh"), normal(2, 3, 4), normal(2, 4, 3)
    ),
    "SimpleRNNCell": built(lambda: _first(layers.SimpleRNNCell(3, use_bias=False)), normal(2, 4)),
    "LSTMCell": built(lambda: _first(layers.LSTMCell(3)), normal(2, 4)),
    "GRUCell": built(lambda: _first(layers.GRUCell(3)), normal(2, 4)),
    "GRUCell classic": built(lambda: _first(layers.GRUCell(3, reset_after=False)), normal(2, 4)),
    "RNN": built(
        lambda: layers.RNN(layers.LSTMCell(3, "softsign"), return_sequences=True), normal(2, 3, 4)
    ),
    "RNN of cells": built(
        lambda: layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)]), normal(2, 3, 4)
    ),
    "StackedRNNCells": built(
        lambda: _first(layers.StackedRNNCells([layers.SimpleRNNCell(3), layers.GRUCell(3)])),
        normal(2, 4),
    ),
    "SimpleRNN": built(
        lambda: layers.SimpleRNN(3, return_sequences=True, go_backwards=True), normal(2, 3, 4)
    ),
    "LSTM": built(lambda: layers.LSTM(3), normal(2, 3, 4)),
    "LSTM with states": built(
        lambda: layers.LSTM(3, return_state=True, use_bias=False), normal(2, 3, 4)
    ),
    "GRU": built(lambda: layers.GRU(3, return_sequences=True), normal(2, 3, 4)),
    "GRU classic": built(lambda: layers.GRU(3, reset_after=False), normal(2, 3, 4)),
    **{
        f"Bidirectional {mode}": built(
            partial(
                lambda mode: layers.Bidirectional(layers.GRU(2, return_sequences=True), mode), mode
            ),
            normal(2, 3, 4),
        )
        for mode in (*layers.Bidirectional.MERGE_MODES, None)
    },
    "TimeDistributed": built(
        lambda: layers.TimeDistributed(layers.Dense(3, "tanh")), normal(2, 3, 4)
    ),
    "Masking": built(lambda: Sequential(layers.Masking(9.0), layers.LSTM(3)), normal(2, 3, 4)),
    "Residual": built(lambda: layers.Residual(layers.Dense(4, activation="tanh")), normal(3, 4)),
    "Residual with shortcut": built(
        lambda: layers.Residual(layers.Dense(5, activation="tanh"), layers.Dense(5)), normal(3, 4)
    ),
    **{
        f"Parallel {join}": built(
            partial(lambda join: layers.Parallel(*_branches(), join=join), join), normal(3, 4)
        )
        for join in ("concat", "sum", "list")
    },
    "Sequential": built(
        lambda: Sequential(layers.Dense(5, "tanh"), layers.LayerNormalization(), layers.Dense(2)),
        normal(3, 4),
    ),
}
