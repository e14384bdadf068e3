"""Calls whose arguments do not fit: what is said of each, for everything that is public."""

from __future__ import annotations

import copy
import importlib
import inspect
import pickle
import pkgutil
import re

import numpy as np
import pytest

import minigrad
from minigrad import callbacks, data, datasets, initializers, losses, metrics, optimizers, utils
from minigrad.arguments import SYNONYMS, ExplainsArguments, explains_arguments, nearest
from minigrad.engine.autograd import Primitive
from minigrad.layers import (
    LSTM,
    Conv2D,
    Dense,
    Dropout,
    Embedding,
    Layer,
    MultiHeadAttention,
    RepeatVector,
)
from tests.test_style import public

PUBLIC = public()
LOADERS = {
    f"datasets.{module.name}": importlib.import_module(f"minigrad.datasets.{module.name}").load_data
    for module in pkgutil.iter_modules(datasets.__path__)
    if hasattr(importlib.import_module(f"minigrad.datasets.{module.name}"), "load_data")
}
METHODS = {
    name: getattr(minigrad.Sequential(), name)
    for name in [
        "compile",
        "fit",
        "evaluate",
        "predict",
        "train_on_batch",
        "test_on_batch",
        "save",
        "load",
        "save_weights",
        "load_weights",
    ]
}
EVERYTHING = PUBLIC | LOADERS | METHODS


def options_of(value):
    """The names that a call takes, without those of any number."""
    variadic = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD
    parameters = inspect.signature(value).parameters.values()
    return [p.name for p in parameters if p.kind not in variadic]


def message_of(call):
    with pytest.raises(TypeError) as caught:
        call()
    return str(caught.value)


# ---- everything public ---------------------------------------------------------------------------

# any keyword is a setting of the op that is checked; no argument at all
FREE = {"minigrad.check_definition", "minigrad.check_grads", "minigrad.primitive"}
FREE |= {"minigrad.TrainingWarning"}  # a class of warnings takes what is to be said
BARE = {"floatx", "is_training", "generator", "integer_ticks", "linear"}


@pytest.mark.parametrize("name", [n for n in EVERYTHING if n not in FREE])
def test_an_unknown_option_names_all_of_them(name):
    value = EVERYTHING[name]
    options = options_of(value)
    message = message_of(lambda: value(zyzzyva=1))
    if name.rpartition(".")[2] in BARE or not options:
        assert "zyzzyva" in message or "takes no arguments" in message
        return
    assert " has no option 'zyzzyva': " in message
    called = getattr(value, "__name__", name.rpartition(".")[2])  # of two names the full one
    assert message.startswith(called) or "load_data" in message
    listed = message.rpartition("Options: ")[2].split(", ")
    assert set(options) <= set(listed)


@pytest.mark.parametrize("name", [n for n in EVERYTHING if n not in FREE])
def test_a_misspelled_option_is_recognized(name):
    value = EVERYTHING[name]
    for option in options_of(value):
        if len(option) > 4 and name.rpartition(".")[2] not in BARE:
            wrong = option[:2] + option[3:]  # activation -> acivation
            if wrong not in options_of(value):
                message = message_of(lambda wrong=wrong: value(**{wrong: 1}))
                assert f"has no option '{wrong}': did you mean " in message


OPS = [op for op in PUBLIC.values() if isinstance(op, Primitive)]


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
@pytest.mark.parametrize("make", [np.asarray, minigrad.Tensor])
@pytest.mark.parametrize("use_kernels", [True, False])
def test_ops_given_arrays(op, make, use_kernels):
    arity = sum(p.default is p.empty for p in inspect.signature(op).parameters.values())
    arrays = [make(np.ones((2, 2), np.float32))] * max(arity, 1)
    with minigrad.use_kernels(use_kernels):
        message = message_of(lambda: op(*arrays, zyzzyva=1))
    assert message.startswith(f"{op.__name__} has no option 'zyzzyva': ")


def test_signatures_are_shown_as_they_are_written():
    assert str(inspect.signature(Dropout)).startswith("(rate: 'float', noise_shape:")
    assert list(inspect.signature(minigrad.softmax).parameters) == ["x", "axis"]
    assert inspect.signature(minigrad.Sequential.fit).parameters["epochs"].default == 1
    assert options_of(Layer) == [
        "name",
        "trainable",
        "input_shape",
        "input_dim",
        "dtype",
        "activity_regularizer",
    ]


# ---- the messages --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call, wrong, right",
    [
        (lambda: optimizers.Adam(lr=0.1), "Adam has no option 'lr'", "learning_rate"),
        (lambda: optimizers.SGD(decay=0.1), "SGD has no option 'decay'", "weight_decay"),
        (lambda: Dense(3, activaton="relu"), "Dense has no option 'activaton'", "activation"),
        (lambda: Dense(filters=3), "Dense has no option 'filters'", "units"),
        (lambda: Conv2D(units=3), "Conv2D has no option 'units'", "filters"),
        (lambda: Conv2D(8, kernel=3), "Conv2D has no option 'kernel'", "kernel_size"),
        (lambda: Conv2D(8, 3, input_dim=3), "Conv2D has no option 'input_dim'", "input_shape"),
        (lambda: Conv2D(8, 3, border_mode="same"), "Conv2D has no option 'border_", "padding"),
        (lambda: Dropout(p=0.5), "Dropout has no option 'p'", "rate"),
        (lambda: LSTM(3, recurent_dropout=0.1), "LSTM has no option", "recurrent_dropout"),
        (lambda: Embedding(vocab_size=3), "Embedding has no option 'vocab_size'", "input_dim"),
        (lambda: MultiHeadAttention(heads=3), "has no option 'heads'", "num_heads"),
        (lambda: losses.Huber(dleta=1), "Huber has no option 'dleta'", "delta"),
        (lambda: losses.BinaryCrossentropy(logits=True), "has no option", "from_logits"),
        (lambda: losses.huber([1.0], [1.0], detla=1), "huber has no option", "delta"),
        (lambda: metrics.AUC(curv="PR"), "AUC has no option", "curve"),
        (lambda: callbacks.EarlyStopping(patence=3), "EarlyStopping has no", "patience"),
        (lambda: optimizers.schedules.CosineDecay(decay_step=3), "CosineDecay", "decay_steps"),
        (lambda: initializers.HeNormal(random_state=3), "HeNormal has no option", "seed"),
        (lambda: minigrad.regularizers.L2(weight_decay=3), "L2 has no option", "l2"),
        (lambda: data.augmentation.RandomRotation(factr=1), "RandomRotation", "factor"),
        (lambda: data.WordVocabulary(vocab_size=3), "WordVocabulary has", "num_words"),
        (lambda: data.Dataset([1], batchsize=3), "Dataset has no option", "batch_size"),
        (lambda: datasets.mnist.load_data(flatten=True), "load_data has no", "flat"),
        (lambda: utils.pad_sequences([[1]], max_len=3), "pad_sequences has no", "maxlen"),
        (lambda: utils.to_categorical([1], n_classes=3), "to_categorical has no", "num_classes"),
        (lambda: minigrad.softmax(np.ones(2), dim=0), "softmax has no option 'dim'", "axis"),
        (lambda: minigrad.sum(np.ones(2), keepdim=True), "sum has no option", "keepdims"),
        (lambda: minigrad.Tensor([1.0], requiresgrad=True), "Tensor has no", "requires_grad"),
        (lambda: minigrad.device(nam="cpu"), "device has no option 'nam'", "name"),
        (lambda: minigrad.Sequential().fit(1, nb_epoch=2), "fit has no option", "epochs"),
        (lambda: minigrad.Sequential().fit(1, nepochs=2), "fit has no option", "epochs"),
        (lambda: minigrad.Sequential().fit(1, n_epochs=2), "fit has no option", "epochs"),
        (lambda: minigrad.Sequential().fit(1, batchsize=2), "fit has no option", "batch_size"),
        (lambda: minigrad.Sequential().fit(1, verbosity=0), "fit has no option", "verbose"),
        (lambda: minigrad.Sequential().evaluate(1, verbos=0), "evaluate has no", "verbose"),
        (lambda: minigrad.Sequential().predict(1, batch=2), "predict has no", "batch_size"),
        (lambda: minigrad.Sequential().compile(optimiser="sgd"), "compile has", "optimizer"),
        (lambda: minigrad.Sequential().compile(metric="mae"), "compile has no", "metrics"),
    ],
)
def test_what_was_meant(call, wrong, right):
    message = message_of(call)
    assert wrong in message
    assert f"did you mean {right}" in message
    assert "Options: " in message


def test_synonyms_that_are_not_the_same_thing():
    assert "rate (the fraction to drop, 1 - keep_prob)?" in message_of(
        lambda: Dropout(keep_prob=0.9)
    )
    assert "give a schedule as learning_rate" in message_of(lambda: optimizers.Adam(decay=0.9))


@pytest.mark.parametrize(
    "call, line",
    [
        (lambda: Dense(3, lora_rank=4), "'lora_rank': freeze the layer and train"),
        (lambda: Dense(3, autocast=False), "'autocast': leave it out; dtype="),
        (lambda: minigrad.Input((3,), sparse=True), "'sparse': arrays are dense here"),
    ],
)
def test_what_to_write_in_place_of_options_of_keras(call, line):
    assert line in message_of(call)


def test_missing_arguments():
    message = message_of(lambda: Dense())
    assert message.startswith(
        'Dense needs units (Number of outputs), as in: layer = Dense(3, "relu")'
    )
    assert "Conv2D needs filters (Number of output channels) and kernel_size (" in message_of(
        Conv2D
    )
    assert message_of(lambda: Conv2D(3)).startswith("Conv2D needs kernel_size (A number or")
    assert message_of(minigrad.Sequential().fit).startswith("fit needs x (")
    assert message_of(minigrad.relu).startswith("relu needs x (")
    assert message_of(lambda: losses.huber([1.0])).startswith("huber needs y_pred (")


def test_too_many_arguments_by_position():
    x = np.ones(2)
    call = "softmax got 3 arguments by position, it takes 1: softmax(x, axis=0)"
    assert message_of(lambda: minigrad.softmax(x, 0, 1)) == call
    assert message_of(lambda: minigrad.softmax(minigrad.Tensor(x), 0, 1)) == call
    assert "takes 1: RepeatVector(n, name='again')" in message_of(lambda: RepeatVector(2, "again"))
    assert message_of(lambda: Dropout(0.5, rate=0.2)).startswith("Dropout got rate twice")


# ---- users' own classes and functions ------------------------------------------------------------


class Scale(Layer):
    def __init__(self, factor, offset=0.0, **options):
        super().__init__(**options)
        self.factor, self.offset = factor, offset

    def call(self, x):
        return x * self.factor + self.offset


class Broken(Layer):
    def __init__(self, size=3):
        super().__init__()
        self.size = len(size)


def test_a_layer_of_a_user():
    message = message_of(lambda: Scale(2.0, ofset=1))
    assert message.startswith("Scale has no option 'ofset': did you mean offset?")
    assert "Options: factor, offset, name, trainable" in message  # those of its base too
    assert message_of(lambda: Scale(2.0, nme="a")).startswith("Scale has no option 'nme': did you")
    assert message_of(Scale).startswith("Scale needs factor, as in: Scale(factor=...)")
    assert Scale(2.0, name="own").name == "own"


def test_an_error_inside_a_constructor_or_function_stays_as_it_is():
    assert message_of(Broken) == "object of type 'int' has no len()"

    @explains_arguments
    def function(x):
        return len(x)

    assert message_of(lambda: function(3)) == "object of type 'int' has no len()"


def test_a_class_without_a_constructor():
    class Plain(metaclass=ExplainsArguments):
        pass

    assert message_of(lambda: Plain(x=1)) == "Plain takes no arguments, got x="
    assert message_of(lambda: Plain(1)) == "Plain got 1 arguments by position, it takes 0: Plain()"
    assert str(inspect.signature(Plain)) == "()"


def test_objects_are_copied_and_pickled():
    for value in (Dropout(0.5), optimizers.Adam(), losses.Huber(), initializers.HeNormal()):
        assert type(copy.deepcopy(value)) is type(value)
        assert type(pickle.loads(pickle.dumps(value))) is type(value)
    assert pickle.loads(pickle.dumps(losses.huber)) is losses.huber


# ---- the nearest name ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, known, expected",
    [
        ("sparse_crossentropy", losses.NAMES, "sparse_categorical_crossentropy"),
        ("rmsporp", optimizers.NAMES, "rmsprop"),
        ("Relu", minigrad.activations.NAMES, "relu"),
        ("he_norml", initializers.NAMES, "he_normal"),
        ("crossentropy", ["mse", "binary_crossentropy"], "binary_crossentropy"),
        ("ADAM", optimizers.NAMES, "adam"),
        ("mean squared error", losses.NAMES, "mean_squared_error"),
        ("xyzzy", ["units"], None),
        ("", ["units"], None),
    ],
)
def test_nearest(name, known, expected):
    found = nearest(name, [n for n in known if n != name])
    assert found == expected


def test_synonyms_are_lower_case_words():
    for synonyms in SYNONYMS:
        assert len(synonyms) == len(set(synonyms))
        assert all(re.fullmatch("[a-z_0-9]+", name) for name in synonyms)


def test_methods_of_tensors():
    x = minigrad.Tensor([1.0, 2.0])
    assert message_of(lambda: x.sum(dim=0)).startswith(
        "sum has no option 'dim': did you mean axis?"
    )
    assert "did you mean keepdims?" in message_of(lambda: x.var(keepdim=True))
