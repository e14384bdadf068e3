"""Every option of every public constructor reaches the object: nothing is dropped on its way."""

from __future__ import annotations

import inspect
import types
from typing import Any

import numpy as np
import pytest

import minigrad
from minigrad import (
    callbacks,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    regularizers,
)
from minigrad.backend import to_cpu
from minigrad.config import Scope
from minigrad.data import augmentation
from minigrad.optimizers import schedules

HOMES = {
    "layers": layers,
    "losses": losses,
    "metrics": metrics,
    "optimizers": optimizers,
    "schedules": schedules,
    "callbacks": callbacks,
    "constraints": constraints,
    "regularizers": regularizers,
    "initializers": initializers,
    "augmentation": augmentation,
}


def classes() -> dict[str, type]:
    """Public classes by home and name, each once."""
    found: dict[type, str] = {}
    for home, module in HOMES.items():
        own = [
            n for n, v in vars(module).items() if getattr(v, "__module__", "") == module.__name__
        ]
        for name in getattr(module, "__all__", own):
            kind = getattr(module, name)
            if inspect.isclass(kind) and not issubclass(kind, Scope) and kind is not metrics.Metric:
                found.setdefault(kind, f"{home}.{name}")
    return {name: value for value, name in found.items()}


CLASSES = classes()


def triple(x: Any, *rest: Any) -> Any:
    """A function, where one is asked for."""
    return x * 3


def built_layer() -> layers.Layer:
    layer = layers.Dense(2)
    layer.build((None, 3))
    return layer


# what arguments without a default are given, by name or by class and name
REQUIRED: dict[str, Any] = {
    **dict.fromkeys(("recall", "precision", "specificity", "sensitivity"), 0.5),
    "activation": "tanh",
    "layer": layers.LSTM(2),
    "ExponentialMovingAverage.layer": built_layer(),
    "TimeDistributed.layer": layers.Dense(2),
    "EqualizedLearningRate.layer": layers.Dense(2),
    "SpectralNormalization.layer": layers.Dense(2),
    "cell": layers.LSTMCell(2),
    "cells": [layers.LSTMCell(2)],
    "branch": layers.Dense(3),
    "trial": types.SimpleNamespace(report=triple, should_prune=triple),
    "data": np.ones(2),
    "dims": (2, 1),
    "target_shape": (3, 1),
    "target_class_ids": [0],
    "equation": "abc,cd->abd",
    "EinsumDense.output_shape": (None, 6),
    "function": triple,
    "fn": triple,
    "there": triple,
    "back": triple,
    "schedule": schedules.ExponentialDecay(0.1, 10, 0.5),
    "boundaries": [3],
    "values": [0.3, 0.2],
    "backup_dir": "backup",
    "filename": "log.csv",
    "filepath": "{epoch}",
    "rate": 0.5,
    "initial_learning_rate": 0.5,
    "base_learning_rate": 0.1,
    "max_learning_rate": 0.5,
    "learning_rate": 0.1,
    "decay_rate": 0.5,
    "Cutout.size": 2,
    "total_steps": 40,
    "stddev": 0.1,
    "factor": 0.2,
    "height_factor": 0.2,
    "width_factor": 0.2,
}
PENALTIES = ("kernel", "recurrent", "bias", "beta", "gamma", "alpha", "embeddings", "depthwise")
# another value than the default, by option or by class and option; None: the test leaves it out
OTHER: dict[str, Any] = {
    "Lambda.arguments": {"factor": 2},
    "Lambda.output_shape": None,  # found by the first call
    "AUC.num_labels": None,  # counts the labels of multi_label=True
    "AUC.summation_method": None,  # only one value is supported
    "AUC.label_weights": [1.0, 2.0],
    **dict.fromkeys(f"{kind}IoU.axis" for kind in ("", "Mean", "OneHot", "OneHotMean")),
    "BinaryIoU.target_class_ids": [1],
    "initial_value_threshold": 0.5,
    "callbacks": [callbacks.CSVLogger("log.csv")],
    "distance_metric": "angular",
    "CallbackList.model": built_layer(),
    "CallbackList.steps": 7,
    "activation": "softplus",
    "recurrent_activation": "softplus",
    **{f"{name}_regularizer": "l2" for name in (*PENALTIES, "pointwise")},
    **{f"{name}_initializer": "he_normal" for name in (*PENALTIES, "pointwise")},
    **{f"{name}_constraint": "non_neg" for name in (*PENALTIES, "pointwise")},
    "activity_regularizer": "l2",
    "moving_mean_initializer": "he_normal",
    "moving_variance_initializer": "he_normal",
    "initializer": "he_normal",
    "regularizer": "l2",
    "constraint": "non_neg",
    "attention_dropout": 0.25,
    "average": "macro",
    "backward_layer": layers.LSTM(2, activation="relu", go_backwards=True),
    "baseline": 0.5,
    "bias_axes": "d",
    "AverageWeights.layer": layers.Dense(2),
    "Dot.axes": 2,
    "Dice.axis": 1,
    "Tversky.axis": 1,
    **{  # classes are last
        f"{kind}Crossentropy.axis": None
        for kind in ("Binary", "Categorical", "BinaryFocal", "CategoricalFocal")
    },
    "Normalization.axis": (1, 2),
    **dict.fromkeys(("Normalization.mean", "Normalization.variance")),  # given together
    "InputLayer.batch_shape": None,
    "InputLayer.input_shape": None,
    "InputLayer.batch_size": 4,
    "InputLayer.shape": None,
    "LeakyReLU.alpha": 0.125,
    "class_aggregation": "variance_weighted_average",
    "class_id": 1,
    "clipnorm": 0.5,
    "clipvalue": 0.5,
    "global_clipnorm": 0.5,
    "cropping": 1,
    "Cropping1D.cropping": 2,
    "curve": "PR",
    "data_format": None,  # only one value is supported
    **dict.fromkeys(("use_cudnn", "unroll", "implementation")),  # accepted for Keras's sake
    "dtype": "float64",
    "InputLayer.dtype": "int64",
    "noise_shape": (None, 1),
    "attention_axes": None,  # only one value is supported
    "flash_attention": None,  # accepted for Keras's sake
    "sliding_window": 2,
    "LocalResponseNormalization.n": 7,
    "CosineDecayRestarts.t_mul": 3.0,
    "AUC.thresholds": [0.5],
    "RandomCrop.padding": 1,
    "WindowSlice.ratio": 0.5,
    "WindowWarp.ratio": 0.5,
    "dilation_rate": 2,
    "distribution": "uniform",
    "divergence": 3.0,
    "epsilon_form": "paper",
    "ema_overwrite_frequency": 5,
    "gradient_accumulation_steps": 2,
    "loss_scale_factor": 8.0,
    "WindowWarp.factor": (0.25, 3.0),
    "fill_mode": "constant",
    "Resizing.fill_mode": None,  # only one value is supported
    "fill_value": 0.5,
    "ignore_class": 1,
    "input_dim": 4,
    "input_length": None,
    "Embedding.weights": np.ones((4, 4)),
    "input_shape": (7,),
    "interpolation": "nearest",
    "UpSampling2D.interpolation": "bilinear",
    "join": "sum",
    "mask": triple,
    "max_value": 3.0,
    "merge_mode": "sum",
    "mode": "max",
    "VarianceScaling.mode": "fan_out",
    "RandomFlip.mode": "vertical",
    "OrthogonalRegularizer.mode": "columns",
    "CyclicLR.mode": "triangular2",
    "monitor": "loss",
    "name": "given",
    "normalize": "true",
    "num_classes": 4,
    "num_thresholds": 50,
    **{
        f"on_{w}_{e}": triple
        for w in ("epoch", "train", "test", "predict")
        for e in ("begin", "end")
    },
    **{f"on_{w}_batch_{e}": triple for w in ("train", "test", "predict") for e in ("begin", "end")},
    "output_padding": (1, 1),
    "Conv2DTranspose.strides": 2,
    "output_shape": 5,
    "padding": "same",
    "ModulatedConv2D.filter": (1, 2, 1),
    "ReflectionPadding2D.padding": 2,
    "ZeroPadding1D.padding": 2,
    "ZeroPadding2D.padding": 2,
    "Rescaling.offset": 1.0,
    "UnitNormalization.axis": 1,
    "UpSampling1D.size": 3,
    "pool_size": 3,
    "ratio": (0.5, 2.0),
    "reduction": "sum",
    "save_freq": 10,
    "RandomErasing.scale": (0.1, 0.2),
    "score_mode": "concat",
    "seed": 5,
    "separator": ";",
    "shared_axes": (1,),
    "shortcut": layers.Dense(3),
    "UpSampling2D.size": 3,
    "strides": 3,
    "synonyms": {"big": ["large"]},
    "threshold": 0.25,
    "thresholds": 0.25,
    "top_k": 2,
    "units": 3,
    "value_dim": 5,
    "value_range": (0, 3),
    "warmup_target": 0.75,
    "weight_decay": 0.125,
    "width_factor": 0.25,
}


def required(kind: type) -> dict[str, Any]:
    """The arguments that a class needs."""
    parameters = inspect.signature(kind).parameters.values()
    needed = [p.name for p in parameters if p.default is p.empty and p.kind not in (2, 4)]
    return {n: REQUIRED.get(f"{kind.__name__}.{n}", REQUIRED.get(n, 4)) for n in needed}


def make(kind: type, **options: Any) -> Any:
    """An object with these options."""
    first = {layers.Parallel: [layers.Dense(2)], layers.InputLayer: [(4,)]}.get(kind, [])
    return kind(*first, **required(kind), **options)


def other(kind: type, option: str, default: Any) -> Any:
    """A value of an option that is not its default."""
    for key in (f"{kind.__name__}.{option}", option):
        if key in OTHER:
            return OTHER[key]
    if isinstance(default, bool):
        return not default
    if isinstance(default, int):
        return default + 1
    if isinstance(default, float):
        return 0.25 if default != 0.25 else 0.125
    raise KeyError(f"{kind.__name__}.{option}={default!r}: name another value in OTHER")


def describe(value: Any, seen: frozenset[int] = frozenset()) -> Any:
    """What an object holds, to be compared."""
    if id(value) in seen:
        return "seen"
    seen = seen | {id(value)}
    if isinstance(value, minigrad.Parameter):
        settings = value.name, value.trainable, describe([value.regularizer, value.constraint])
        return settings, describe(value.data, seen)
    if isinstance(value, (minigrad.Tensor, np.ndarray)):
        array = to_cpu(getattr(value, "_array", value))
        return array.dtype.str, array.shape, array.tobytes()
    if isinstance(value, np.random.Generator):
        return repr(value.bit_generator.state)
    if isinstance(value, dict):
        return [(repr(k), describe(v, seen)) for k, v in value.items()]
    if isinstance(value, (list, tuple, set)):
        return [type(value).__name__, *(describe(v, seen) for v in value)]
    if isinstance(value, types.MethodType):
        return value.__qualname__, describe(value.__self__, seen)
    if isinstance(value, (types.FunctionType, type)):
        return value.__qualname__
    if hasattr(value, "__dict__") and not isinstance(value, types.ModuleType):
        return type(value).__name__, describe(vars(value), seen)
    return repr(value)


OPTIONS = [
    (key, p.name, value)
    for key, kind in CLASSES.items()
    for p in inspect.signature(kind).parameters.values()
    if p.default is not p.empty and (value := other(kind, p.name, p.default)) is not None
]


@pytest.mark.parametrize(
    "key, option, value", OPTIONS, ids=[f"{key}-{option}" for key, option, _ in OPTIONS]
)
def test_every_option_reaches_the_object(key, option, value):
    kind = CLASSES[key]
    plain, twin = make(kind), make(kind)
    changed = make(kind, **{option: value})
    assert describe(plain) == describe(twin) != describe(changed)


WITH_DATA_FORMAT = [
    key for key, kind in CLASSES.items() if "data_format" in inspect.signature(kind).parameters
]


@pytest.mark.parametrize("key", WITH_DATA_FORMAT)
def test_channels_first_is_refused(key):
    make(CLASSES[key], data_format="channels_last")
    with pytest.raises(ValueError, match="channels_last"):
        make(CLASSES[key], data_format="channels_first")


# ---- what initializers and regularizers reach ----------------------------------------------------

BY_PARAMETER = [
    (key, p.name)
    for key, kind in CLASSES.items()
    if key.startswith("layers.")
    for p in inspect.signature(kind).parameters.values()
    if p.name.endswith(("_initializer", "_regularizer", "_constraint"))
    and p.name != "activity_regularizer"
]
SHAPES = {None: (2, 5, 4), 2: (2, 4), 3: (2, 5, 4), 4: (2, 8, 8, 4)}


# what a layer needs beside, to show an option in one parameter
BESIDE = {
    "EinsumDense": {"bias_axes": "d"},
    "GroupNormalization": {"groups": 2},
    "LSTM": {"unit_forget_bias": False},
}
BESIDE["LSTMCell"] = BESIDE["LSTM"]
INPUTS = {"MultiHeadAttention": 2, "TransformerDecoder": 2}


def built(key: str, **options: Any) -> Any:
    """A layer with these options and parameters."""
    kind = CLASSES[key]
    layer = make(kind, **options, **BESIDE.get(kind.__name__, {}))
    if key.endswith("Cell"):
        layer.build((2, 4))
    else:
        x = np.zeros(SHAPES[layer.input_rank])
        layer(*[x] * INPUTS.get(kind.__name__, 1))
    return layer


PROJECTIONS = 4  # of MultiHeadAttention, which share their options


@pytest.mark.parametrize("key, option", BY_PARAMETER)
def test_initializers_regularizers_and_constraints_reach_their_parameter(key, option):
    _, _, kind = option.rpartition("_")
    if kind != "initializer":
        value = {"regularizer": "l2", "constraint": "non_neg"}[kind]
        reached = [p for p in built(key, **{option: value}).weights if getattr(p, kind)]
        several = CLASSES[key] is layers.MultiHeadAttention
        assert len(reached) == (PROJECTIONS if several else 1)
        assert not any(getattr(p, kind) for p in built(key).weights)
        return
    halves = initializers.Constant(0.375)
    filled = [p.name for p in built(key, **{option: halves}).weights if (p.numpy() == 0.375).all()]
    composed = {"MultiHeadAttention": 4, "TransformerEncoder": 6, "TransformerDecoder": 10}
    assert len(filled) == composed.get(CLASSES[key].__name__, 1)
