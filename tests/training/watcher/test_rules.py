"""Each rule has a run that triggers it, and a healthy run that does not."""

from __future__ import annotations

import contextlib
import warnings
from pathlib import Path

import numpy as np
import pytest

import minigrad
from minigrad import Sequential, grad, losses, no_grad, ops, training
from minigrad.layers import (
    GRU,
    LSTM,
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalAveragePooling1D,
    ReLU,
    Softmax,
)
from minigrad.optimizers import SGD, Adam
from minigrad.training.watcher import RULES, TrainingWarning
from minigrad.training.watcher.rules_data import missing_classes

CLASSES = 3


@pytest.fixture(autouse=True)
def seeded():
    minigrad.seed(0)


def rules(watcher):
    return {finding.rule for finding in watcher.findings}


def places(watcher):
    return {finding.rule: finding.where for finding in watcher.findings}


def blobs(n=120, classes=CLASSES, seed=0):
    """Rows (n, 4) around a center per class, and class numbers."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % classes)
    centers = np.random.default_rng(7).normal(size=(classes, 4)) * 2
    return (centers[y] + 0.5 * rng.normal(size=(n, 4))).astype("float32") / 2, y


def net(*last, hidden="relu"):
    return Sequential(Dense(16, activation=hidden, input_shape=(4,)), *last)


def fit(model, x, y, loss, optimizer="adam", epochs=2, **options):
    """Train watched; the watcher, whatever error a step may have ended in."""
    model.compile(optimizer, loss)
    watcher = minigrad.watch(model)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with contextlib.suppress(ValueError, IndexError):
            model.fit(x, y, epochs=epochs, verbose=0, watch=watcher, **options)
    return watcher


def softmax_net():
    return net(Dense(CLASSES, activation="softmax"))


def watched_loop(model, step, steps=12):
    """step(i) in a block that is watched."""
    with warnings.catch_warnings(), minigrad.watch(model) as watcher:
        warnings.simplefilter("ignore")
        for i in range(steps):
            step(i)
    return watcher


SPARSE, CATEGORICAL = "sparse_categorical_crossentropy", "categorical_crossentropy"


# ---- the healthy runs ----------------------------------------------------------------------------


def test_a_healthy_classifier_has_no_findings():
    x, y = blobs(360)
    watcher = fit(
        softmax_net(), x[:300], y[:300], SPARSE, epochs=12, validation_data=(x[300:], y[300:])
    )
    assert watcher.step == 120
    assert watcher.findings == []
    assert "Nothing looks wrong in 120 steps" in watcher.summary()


def test_healthy_runs_of_other_kinds_have_no_findings():
    x, y = blobs(200)
    one_hot = minigrad.utils.to_categorical(y)
    logits = losses.CategoricalCrossentropy(from_logits=True)
    assert not fit(net(Dense(CLASSES)), x, one_hot, logits, epochs=6).findings
    binary = net(BatchNormalization(), Dropout(0.3), Dense(1, activation="sigmoid"))
    assert not fit(binary, x, y == 1, "bce", epochs=6).findings
    assert not fit(net(Dense(4)), x, x, "mse", epochs=6).findings  # an autoencoder
    prices = 1e5 * (3 + x.sum(1))
    assert not fit(net(Dense(1)), x, prices, "mse", optimizer=Adam(0.01), epochs=6).findings


def test_healthy_sequences_have_no_findings():
    rng = np.random.default_rng(0)
    series = rng.normal(size=(160, 12, 2)).astype("float32")
    for cell in (LSTM(8), GRU(8)):
        model = Sequential(cell, Dense(1))
        assert not fit(model, series, series[:, :, 0].mean(1), "mse", epochs=6).findings
    tokens = rng.integers(0, 500, (160, 9))
    model = Sequential(Embedding(500, 8), GlobalAveragePooling1D(), Dense(1, activation="sigmoid"))
    assert not fit(model, tokens, tokens[:, 0] > 250, "bce", epochs=6).findings


@pytest.mark.parametrize("activation", ["linear", "softmax"])
def test_a_healthy_loop_has_no_findings(activation):
    x, y = blobs(128)
    model = net(BatchNormalization(), Dropout(0.2), Dense(CLASSES, activation=activation))
    model.build((None, 4))
    weights, adam = model.trainable_weights, Adam()
    loss_of = losses.SparseCategoricalCrossentropy(from_logits=activation == "linear")

    def step(i):
        rows = slice(16 * (i % 8), 16 * (i % 8) + 16)
        with training():
            loss = loss_of(y[rows], model(x[rows]))
        adam.apply(grad(loss, weights), weights)
        if i % 8 == 7:
            model(x)

    assert watched_loop(model, step, 40).findings == []


# ---- losses and outputs --------------------------------------------------------------------------


@pytest.mark.parametrize("output", ["softmax", "layer", "by hand", "sigmoid", "sigmoid by hand"])
def test_probabilities_to_logits_loss(output):
    x, y = blobs(320 if "by hand" in output else 120)
    last = {
        "softmax": [Dense(CLASSES, activation="softmax")],
        "layer": [Dense(CLASSES), Softmax()],
        "by hand": [Dense(CLASSES), minigrad.layers.Lambda(_softmax_by_hand)],
        "sigmoid": [Dense(1, activation="sigmoid")],
        "sigmoid by hand": [Dense(1), minigrad.layers.Lambda(lambda x: 1 / (1 + ops.exp(-x)))],
    }[output]
    if "sigmoid" in output:
        loss, y = losses.BinaryCrossentropy(from_logits=True), y == 1
    else:
        loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    watcher = fit(net(*last), x, y, loss, epochs=4)
    assert rules(watcher) == {"probabilities_to_logits_loss"}
    assert places(watcher)["probabilities_to_logits_loss"] == "loss"


def _softmax_by_hand(x):
    e = ops.exp(x)
    return e / ops.sum(e, axis=-1, keepdims=True)


@pytest.mark.parametrize("loss", [SPARSE, CATEGORICAL, "bce", "binary_focal_crossentropy"])
def test_logits_to_probability_loss(loss):
    x, y = blobs()
    width = CLASSES if "categorical" in loss else 1
    if loss == CATEGORICAL:
        y = minigrad.utils.to_categorical(y)
    elif width == 1:
        y = y == 1
    watcher = fit(net(Dense(width)), x, y, loss)
    assert places(watcher)["logits_to_probability_loss"] == "loss"


def test_softmax_twice_in_the_model():
    x, y = blobs()
    model = net(Dense(CLASSES, activation="softmax"), Activation("softmax"))
    watcher = fit(model, x, y, SPARSE)
    assert places(watcher) == {"softmax_twice": "activation"}


def test_softmax_twice_in_a_loop():
    x, y = blobs(32)
    model = softmax_net()
    model.build((None, 4))
    weights, adam = model.trainable_weights, Adam()

    def step(i):
        with training():
            p = ops.softmax(model(x))
            loss = losses.SparseCategoricalCrossentropy()(y, p)
        adam.apply(grad(loss, weights), weights)

    assert rules(watched_loop(model, step)) == {"softmax_twice"}


@pytest.mark.parametrize("loss", ["bce", "mse", CATEGORICAL])
def test_softmax_over_one_unit(loss):
    x, y = blobs()
    watcher = fit(net(Dense(1, activation="softmax")), x, y == 1, loss)
    assert "softmax_over_one_unit" in rules(watcher)


# ---- labels --------------------------------------------------------------------------------------

ENCODINGS = {
    "one-hot rows to a sparse loss": (CLASSES, "softmax", SPARSE, np.eye(CLASSES)[:, :]),
    "class numbers to a categorical loss": (CLASSES, "softmax", CATEGORICAL, np.arange(CLASSES)),
    "signs to a binary loss": (1, "sigmoid", "bce", np.array([-1, 1, 1])),
    "signs to a sparse loss": (2, "softmax", SPARSE, np.array([-1, 1, 1])),
    "counted from 1": (CLASSES, "softmax", SPARSE, np.arange(CLASSES) + 1),
    "counted from 1, an output too many": (CLASSES + 1, "softmax", SPARSE, np.arange(CLASSES) + 1),
    "class numbers to a binary loss": (1, "sigmoid", "bce", np.arange(CLASSES)),
    "1 and 2 to a binary loss": (1, "sigmoid", "bce", np.array([1, 2, 2])),
    "one-hot rows to one sigmoid": (1, "sigmoid", "bce", np.eye(2)[[0, 1, 1]]),
    "several labels to a categorical loss": (
        CLASSES,
        "softmax",
        CATEGORICAL,
        np.array([[1, 1, 0], [0, 1, 0], [0, 1, 1]]),
    ),
    "0 and 1 to one output of a sparse loss": (1, "sigmoid", SPARSE, np.array([0, 1, 1])),
    "class numbers to a sigmoid by mse": (1, "sigmoid", "mse", np.arange(CLASSES) * 4),
    "class numbers to hinge": (1, "linear", "hinge", np.arange(CLASSES)),
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_label_encoding(name):
    width, activation, loss, labels = ENCODINGS[name]
    x, y = blobs()
    watcher = fit(net(Dense(width, activation=activation)), x, labels[y], loss)
    assert places(watcher).get("label_encoding") == "y", watcher.findings
    assert "labels_out_of_domain" not in rules(watcher)


OUTSIDE = {
    "fractions": (1, "sigmoid", "bce", np.array([0.5, 3.5, -2.5])),
    "pixels": (1, "sigmoid", "bce", np.array([0, 128, 255])),
    "too many classes": (2, "softmax", SPARSE, np.array([0, 1, 5])),
    "negative classes": (CLASSES, "softmax", SPARSE, np.array([0, 1, -7])),
    "sums": (CLASSES, "softmax", CATEGORICAL, np.array([[1, 2, 3], [0, 1, 2], [3, 3, 3]]) / 4),
    "negative counts": (1, "exponential", "poisson", np.array([1.0, -2.5, 3.0])),
    "beyond tanh": (1, "tanh", "mse", np.array([0.5, 3.5, -2.5])),
    "below relu": (1, "relu", "mse", np.array([0.5, 3.5, -2.5])),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_labels_out_of_domain(name):
    width, activation, loss, labels = OUTSIDE[name]
    x, y = blobs()
    watcher = fit(net(Dense(width, activation=activation)), x, labels[y], loss)
    assert places(watcher).get("labels_out_of_domain") == "y", watcher.findings


def test_an_error_goes_on_and_is_no_warning():
    x, y = blobs()
    model = softmax_net()
    model.compile("adam", SPARSE)
    with warnings.catch_warnings():
        warnings.simplefilter("error", TrainingWarning)
        with pytest.raises(IndexError, match="label"), minigrad.watch(model) as watcher:
            model.train_on_batch(x, y + 1)
    assert places(watcher) == {"label_encoding": "y"}
    with pytest.raises(ValueError, match="targets must be in"), minigrad.watch(model) as watcher:
        losses.BinaryCrossentropy()(np.array([[-1.0], [1.0]]), minigrad.Tensor([[0.1], [0.2]]))
    assert places(watcher) == {"label_encoding": "y"}


@pytest.mark.parametrize("shuffle", [False, True])
def test_sorted_labels(shuffle):
    x, y = blobs()
    order = y.argsort()
    watcher = fit(softmax_net(), x[order], y[order], SPARSE, batch_size=16, shuffle=shuffle)
    assert ("sorted_labels" in rules(watcher)) is not shuffle


@pytest.mark.parametrize("is_sorted", [True, False])
def test_sorted_labels_of_batches_and_loops(is_sorted):
    x, y = blobs(144)
    order = y.argsort() if is_sorted else np.arange(len(y))
    parts = [(x[order[i : i + 12]], y[order[i : i + 12]]) for i in range(0, 144, 12)]
    model = softmax_net()
    found = "sorted_labels" in rules(fit(model, iter(parts), None, SPARSE, epochs=1))
    assert found is is_sorted
    watcher = watched_loop(model, lambda i: model.train_on_batch(*parts[i]), 12)
    assert ("sorted_labels" in rules(watcher)) is is_sorted
    weights, adam = model.trainable_weights, Adam()

    def step(i):
        with training():
            loss = losses.SparseCategoricalCrossentropy()(parts[i][1], model(parts[i][0]))
        adam.apply(grad(loss, weights), weights)

    assert ("sorted_labels" in rules(watched_loop(model, step, 12))) is is_sorted


# ---- loops of one's own --------------------------------------------------------------------------


@pytest.mark.parametrize("clears", [None, "none", "zeros"])
def test_gradients_never_cleared(clears):
    x, y = blobs(32)
    model = net(Dense(CLASSES))
    model.build((None, 4))
    weights, adam = model.trainable_weights, Adam()
    loss_of = losses.SparseCategoricalCrossentropy(from_logits=True)

    def step(i):
        with training():
            loss = loss_of(y, model(x))
        for p in weights if i else ():
            if clears == "none":
                p.grad = None
            elif clears == "zeros":
                p.grad[...] = 0
        loss.backward()
        adam.apply([p.grad for p in weights], weights)

    watcher = watched_loop(model, step)
    assert rules(watcher) == (set() if clears else {"gradients_never_cleared"})


def test_gradients_that_are_summed_on_purpose():
    x, y = blobs(32)
    model = net(Dense(CLASSES))
    model.build((None, 4))
    weights, adam = model.trainable_weights, Adam()
    loss_of = losses.SparseCategoricalCrossentropy(from_logits=True)

    def step(i):
        for part in (slice(16), slice(16, 32)):
            with training():
                loss = loss_of(y[part], model(x[part]))
            loss.backward()
        adam.apply([p.grad for p in weights], weights)
        for p in weights:
            p.grad = None

    assert watched_loop(model, step).findings == []


@pytest.mark.parametrize("mode", [True, False])
@pytest.mark.parametrize("records", [True, False])
def test_evaluation_in_training_mode(mode, records):
    x, y = blobs(64)
    model = net(Dropout(0.3), Dense(CLASSES))
    model.build((None, 4))
    weights, adam = model.trainable_weights, Adam()
    loss_of = losses.SparseCategoricalCrossentropy(from_logits=True)

    def step(i):
        with training():
            loss = loss_of(y, model(x))
        adam.apply(grad(loss, weights), weights)
        if i % 4 == 3:
            with training(mode):
                if records:
                    float(loss_of(y, model(x)))
                else:
                    with no_grad():
                        model(x)

    watcher = watched_loop(model, step)
    assert rules(watcher) == ({"evaluation_in_training_mode"} if mode else set())


def test_evaluation_in_training_mode_in_a_test_step():
    class Noisy(Sequential):
        def test_step(self, data):
            x, y = data
            loss = self.compute_loss(x, y, self(x, training=True))
            return {"loss": loss}

    x, y = blobs()
    model = Noisy(Dense(8, input_shape=(4,)), Dropout(0.5), Dense(CLASSES, activation="softmax"))
    watcher = fit(model, x, y, SPARSE, validation_split=0.2)
    assert rules(watcher) == {"evaluation_in_training_mode"}


def test_fakes_in_training_mode_are_no_evaluation():
    """A GAN: G runs in training mode for the step of D, and nothing of it goes back."""
    x, _ = blobs(32)
    generator = Sequential(Dense(8, input_shape=(2,)), Dropout(0.2), Dense(4))
    discriminator = Sequential(Dense(8, input_shape=(4,)), Dropout(0.2), Dense(1))
    g_adam, d_adam = Adam(), Adam()
    bce = losses.BinaryCrossentropy(from_logits=True)
    ones, zeros = np.ones((32, 1)), np.zeros((32, 1))

    def step(i):
        noise = minigrad.random.generator().normal(size=(32, 2)).astype("float32")
        with training():
            with no_grad():
                fakes = generator(noise)
            d_loss = bce(ones, discriminator(x)) + bce(zeros, discriminator(fakes))
        weights = discriminator.trainable_weights
        d_adam.apply(grad(d_loss, weights), weights)
        with training():
            g_loss = bce(ones, discriminator(generator(noise)))
        weights = generator.trainable_weights
        g_adam.apply(grad(g_loss, weights), weights)

    assert watched_loop(generator, step, 30).findings == []
    assert watched_loop(discriminator, step, 30).findings == []


class Forgetful(minigrad.Model):
    """Its second layer is not part of the loss."""

    def __init__(self):
        super().__init__()
        self.first, self.second = Dense(CLASSES, activation="softmax"), Dense(4)

    def call(self, x):
        self.second(x)
        return self.first(x)


def test_unreached_parameters():
    x, y = blobs()
    watcher = fit(Forgetful(), x, y, SPARSE)
    assert places(watcher) == {"unreached_parameters": "second"}


def test_unreached_parameters_in_a_loop():
    x, y = blobs(32)
    model = Forgetful()
    model(x)
    weights, adam = model.trainable_weights, Adam()

    def step(i):
        with training():
            loss = losses.SparseCategoricalCrossentropy()(y, model(x))
        adam.apply(grad(loss, weights, unused="zeros"), weights)

    assert places(watched_loop(model, step)) == {"unreached_parameters": "second"}


def test_a_loss_that_reaches_nothing():
    class Cut(Sequential):
        def call(self, x):
            return minigrad.Tensor(super().call(x).numpy())

    x, y = blobs()
    watcher = fit(Cut(Dense(CLASSES, activation="softmax")), x, y, SPARSE)
    assert places(watcher) == {"unreached_parameters": "loss"}


@pytest.mark.parametrize("kind", ["clone", "left out", "stranger"])
def test_foreign_parameters(kind):
    x, y = blobs(32)
    model, other = net(Dense(CLASSES)), net(Dense(CLASSES))
    weights, adam = model.trainable_weights, Adam()
    given = {
        "clone": other.trainable_weights,
        "left out": weights[:2],
        "stranger": [*weights, other.trainable_weights[0]],
    }[kind]
    loss_of = losses.SparseCategoricalCrossentropy(from_logits=True)

    def step(i):
        with training():
            loss = loss_of(y, model(x))
        gradients = grad(loss, weights)[: len(given)]
        if kind == "stranger":
            gradients.append(np.ones(given[-1].shape, "float32"))
        adam.apply(gradients, given)

    watcher = watched_loop(model, step, 20)
    assert rules(watcher) == {"foreign_parameters"}


def test_a_parameter_beside_the_model_that_the_loss_depends_on():
    x, y = blobs(32)
    model = net(Dense(CLASSES))
    scale = minigrad.Parameter(np.ones((1,), "float32"))
    weights, adam = [*model.trainable_weights, scale], Adam()
    loss_of = losses.SparseCategoricalCrossentropy(from_logits=True)

    def step(i):
        with training():
            loss = loss_of(y, model(x) * scale)
        adam.apply(grad(loss, weights), weights)

    assert watched_loop(model, step).findings == []


def test_a_frozen_layer_is_no_finding():
    x, y = blobs()
    model = softmax_net()
    model.layers[0].trainable = False
    assert fit(model, x, y, SPARSE, epochs=4).findings == []


def test_softmax_of_a_softmax_that_was_dropped():
    x, y = blobs()
    last = [Dense(CLASSES, activation="softmax"), Dropout(0.2), Softmax()]
    assert places(fit(net(*last), x, y, SPARSE)).get("softmax_twice") == "softmax"


# ---- losses --------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.01, 0.2, 0.5])
def test_diverging_loss(rate):
    x, y = blobs()
    watcher = fit(net(Dense(1)), x, 10 * x.sum(1), "mse", optimizer=SGD(rate), epochs=10)
    assert ("diverging_loss" in rules(watcher)) is (rate > 0.1)


def test_nan_loss_names_the_layer():
    x, y = blobs()
    model = net(minigrad.layers.Lambda(lambda h: ops.log(h - 100), name="logarithm"), Dense(1))
    watcher = fit(model, x, x.sum(1), "mse")
    assert places(watcher)["nan_loss"] == "logarithm"


def test_nan_loss_in_a_step_that_is_replayed_or_in_a_loop():
    x, y = blobs()
    model = net(Dense(1))
    model.compile("sgd", "mse")
    model.build((None, 4))
    with warnings.catch_warnings(), minigrad.watch(model) as watcher:
        warnings.simplefilter("ignore")
        for i in range(30):
            if i == 20:
                model.layers[1].kernel.assign(np.full((16, 1), np.nan))
            model.train_on_batch(x, x.sum(1))
    assert places(watcher)["nan_loss"] == "dense_1"
    model = net(minigrad.layers.Lambda(lambda h: ops.log(h), name="logarithm"), Dense(1))
    model.layers[0].bias.assign(np.full(16, 9.0))
    weights = model.trainable_weights

    def step(i):
        with training():
            loss = losses.MeanSquaredError()(x[:, :1], model(x if i < 12 else x - 1000))
        SGD(1e-6).apply(grad(loss, weights), weights)

    assert places(watched_loop(model, step, 15))["nan_loss"] == "logarithm"


# ---- layers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("bias", [-30.0, 0.0])
def test_dead_relu(bias):
    x, y = blobs()
    first = Dense(16, activation="relu", input_shape=(4,), bias_initializer="zeros")
    model = Sequential(first, Dense(8), ReLU(), Dense(CLASSES, activation="softmax"))
    model.layers[1].bias.assign(np.full(8, bias))
    watcher = fit(model, x, y, SPARSE, epochs=3)
    assert ("dead_relu" in rules(watcher)) is (bias < 0)
    if bias:
        assert places(watcher)["dead_relu"] == "re_lu"


def test_dead_relu_of_a_convolution():
    images = np.random.default_rng(0).random((64, 6, 6, 1)).astype("float32")
    model = Sequential(Conv2D(4, 3, activation="relu", input_shape=(6, 6, 1)), Flatten(), Dense(1))
    model.layers[0].bias.assign(np.full(4, -50.0))
    assert places(fit(model, images, images.mean((1, 2, 3)), "mse"))["dead_relu"] == "conv2d"


@pytest.mark.parametrize("cell", [LSTM, GRU])
@pytest.mark.parametrize("kernels", [True, False])
def test_saturated_gates(cell, kernels):
    rng = np.random.default_rng(0)
    series = rng.normal(size=(128, 6, 2)).astype("float32")
    model = Sequential(cell(8, input_shape=(6, 2)), Dense(1))
    healthy = Sequential(cell(8, input_shape=(6, 2)), Dense(1))
    for p in model.layers[0].weights:
        p.assign(p.numpy() * 1000 + 500 * np.sign(p.numpy()))
    with minigrad.use_kernels(kernels):
        watcher = fit(model, series, series[:, 0, 0], "mse")
        assert "saturated_gates" in rules(watcher)
        assert not fit(healthy, series, series[:, 0, 0], "mse").findings


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_saturated_hidden_units(activation):
    x, y = blobs()
    model = net(Dense(CLASSES, activation="softmax"), hidden=activation)
    model.layers[0].kernel.assign(200 * model.layers[0].kernel.numpy())
    assert places(fit(model, x, y, SPARSE))["saturated_gates"] == "dense"


def test_unscaled_inputs():
    x, y = blobs()
    watcher = fit(softmax_net(), 127 * (x - x.min()), y, SPARSE)
    assert places(watcher)["unscaled_inputs"] == "x"
    column = np.where([False, False, True, False], 1e4 + 3e3 * x, x)
    assert "unscaled_inputs" in rules(fit(softmax_net(), column, y, SPARSE))


def test_inputs_that_a_layer_scales():
    x, y = blobs()
    model = Sequential(BatchNormalization(input_shape=(4,)), Dense(3, activation="softmax"))
    assert "unscaled_inputs" not in rules(fit(model, 50 * x, y, SPARSE))
    model = Sequential(minigrad.layers.Rescaling(1 / 50), Dense(3, activation="softmax"))
    assert "unscaled_inputs" not in rules(fit(model, 50 * x, y, SPARSE))


def test_updates_too_large():
    x, y = blobs()
    watcher = fit(softmax_net(), x, y, SPARSE, optimizer=Adam(1.0), epochs=4)
    assert places(watcher)["updates_too_large"] in ("dense", "dense_1")


def test_updates_too_small():
    x, y = blobs()
    watcher = fit(softmax_net(), x, y, SPARSE, optimizer=SGD(1e-9), epochs=10)
    assert places(watcher) == {"updates_too_small": "optimizer"}


@pytest.mark.parametrize("rows", [33, 34])
def test_batch_norm_on_one_row(rows):
    x, y = blobs()
    model = net(BatchNormalization(), Dense(CLASSES, activation="softmax"))
    watcher = fit(model, x[:rows], y[:rows], SPARSE)
    found = {"batch_norm_on_one_row": "batch_normalization"} if rows == 33 else {}
    assert places(watcher) == found


# ---- data and predictions ------------------------------------------------------------------------


@pytest.mark.parametrize("leaked", [0, 10, 40])
@pytest.mark.parametrize("as_batches", [False, True])
def test_validation_in_training(leaked, as_batches):
    x, y = blobs(160)
    held = slice(120 - leaked, 160 - leaked)
    data, train = (x[held], y[held]), (x[:120], y[:120])
    if as_batches:
        train = [(x[i : i + 30], y[i : i + 30]) for i in range(0, 120, 30)]
        train, data = (iter(train), None), iter([data])
    watcher = fit(softmax_net(), *train, SPARSE, validation_data=data, epochs=1)
    assert places(watcher) == ({"validation_in_training": "validation_data"} if leaked else {})


def test_rows_that_repeat_by_themselves_are_no_leak():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, (200, 4)).astype("float32")  # 16 different rows
    watcher = fit(softmax_net(), x[:150], x[:150, 0], SPARSE, validation_data=(x[150:], x[150:, 0]))
    assert "validation_in_training" not in rules(watcher)


@pytest.mark.parametrize("validates", [True, False])
def test_constant_prediction(validates):
    x, y = blobs(240)
    model = softmax_net()
    model.layers[0].bias.assign(np.full(16, -30.0))
    options = {"validation_split": 0.2} if validates else {}
    watcher = fit(model, x, y, SPARSE, epochs=20, batch_size=32, **options)
    assert places(watcher)["constant_prediction"] == "dense_1"


@pytest.mark.parametrize("validates", [True, False])
def test_class_never_predicted(validates):
    x, y = blobs(600)
    x = np.random.default_rng(1).normal(size=x.shape)  # nothing to learn
    y = np.where(np.arange(600) % 10 == 0, 0, 1 + y % 2)
    model = softmax_net()
    options = {"validation_split": 0.4} if validates else {}
    watcher = fit(model, x, y, SPARSE, epochs=10, **options)
    assert rules(watcher) == {"class_never_predicted"}
    assert "class 0" in str(watcher.findings[0])


def test_targets_that_a_loss_of_ones_own_cannot_reach():
    x, y = blobs()

    def cross_entropy(y_true, p):
        q = ops.clip(p, min=1e-6, max=1 - 1e-6)
        return -ops.mean(y_true * ops.log(q) + (1 - y_true) * ops.log(1 - q), axis=-1)

    for targets, found in ((y % 2 + 1, {"label_encoding": "y"}), (y % 2, {})):
        model = Sequential(Dense(1, "sigmoid", input_shape=x.shape[1:]))
        watcher = fit(model, x, targets[:, None].astype("f"), cross_entropy)
        assert places(watcher) == found


@pytest.mark.parametrize("is_whole", [False, True])
def test_copies_of_measured_rows_on_both_sides_of_a_split(is_whole):
    """Rows of whole numbers, such as words, repeat by themselves."""
    x, y = blobs()
    x = np.rint(x) if is_whole else x
    rows = np.random.default_rng(0).permutation(np.r_[: len(x), : len(x) // 2])
    watcher = fit(softmax_net(), x[rows], y[rows], SPARSE, validation_split=0.2)
    assert ("validation_in_training" in rules(watcher)) is not is_whole


@pytest.mark.parametrize("is_equal", [False, True])
def test_rows_that_are_all_equal(is_equal):
    x, y = blobs()
    watcher = fit(softmax_net(), np.repeat(x[:1], len(x), 0) if is_equal else x, y, SPARSE)
    assert places(watcher) == ({"constant_prediction": "x"} if is_equal else {})


def test_units_that_are_dead_in_small_batches():
    x, y = blobs()
    hidden = Dense(8, "relu", bias_initializer=minigrad.initializers.Constant(-50.0))
    model = Sequential(Dense(4, input_shape=x.shape[1:]), hidden, Dense(CLASSES, "softmax"))
    watcher = fit(model, x, y, SPARSE, batch_size=16, epochs=5)
    assert places(watcher)["dead_relu"] == hidden.name


def test_every_rule_has_a_run():
    """Each name stands in a test that expects it."""
    source = Path(__file__).read_text(encoding="utf-8")
    assert [rule for rule in RULES if f'"{rule}"' not in source] == []


@pytest.mark.parametrize("decay, rules", [(0.7, ["updates_too_small"]), (0.999, [])])
def test_a_learning_rate_that_has_decayed_to_nothing(decay, rules):
    minigrad.seed(0)
    x = np.random.default_rng(0).normal(size=(64, 4)).astype("f")
    model = Sequential(Dense(8, activation="tanh", input_shape=(4,)), Dense(1))
    schedule = minigrad.optimizers.schedules.ExponentialDecay(1e-3, 1, decay)
    model.compile(minigrad.optimizers.Adam(schedule), "mse")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", minigrad.TrainingWarning)
        history = model.fit(x, x.sum(1), epochs=75, batch_size=16, verbose=0, watch=True)
    assert [finding.rule for finding in history.watcher.findings] == rules


def test_an_optimizer_that_has_trained_another_model_before():
    minigrad.seed(0)
    x = np.random.default_rng(0).normal(size=(32, 4)).astype("f")
    earlier, model = (Sequential(Dense(1, input_shape=(4,))) for _ in range(2))
    optimizer = Adam(1e-3)
    with minigrad.watch(model) as watcher, warnings.catch_warnings():
        warnings.simplefilter("ignore", TrainingWarning)
        for network in [earlier] * 5 + [model] * 20:
            loss = losses.MeanSquaredError()(x.sum(1, keepdims=True), network(x))
            weights = network.trainable_weights
            optimizer.apply(grad(loss, weights), weights)
    (finding,) = watcher.findings
    assert finding.rule == "foreign_parameters"
    assert "2 parameters that are not the model's" in finding.message


# ---- classes that nothing is learned of ----------------------------------------------------------


def loop_of(model, x, y, loss, size=16, optimizer=None):
    """step(i) over the batches of arrays, in their order."""
    model.build((None, *x.shape[1:]))
    weights, adam = model.trainable_weights, optimizer or Adam()
    count = len(x) // size

    def step(i):
        rows = slice(size * (i % count), size * (i % count) + size)
        with training():
            value = loss(y[rows], model(x[rows]))
        adam.apply(grad(value, weights), weights)

    return step


@pytest.mark.parametrize("classes", [4, 6])
@pytest.mark.parametrize("is_lost", [True, False])
def test_a_class_without_rows_to_train_on(classes, is_lost):
    x, y = blobs(240, classes)
    x, y = (x[y != 2], y[y != 2]) if is_lost else (x, y)
    found = {"class_never_predicted": "y"} if is_lost else {}
    model = net(Dense(classes, activation="softmax"))
    assert places(fit(model, x, y, SPARSE)) == found
    step = loop_of(model, x, y, losses.SparseCategoricalCrossentropy(), size=32)
    assert places(watched_loop(model, step, 601)) == found


def test_outputs_for_classes_that_come_later_are_no_finding():
    x, y = blobs(240, 5)
    assert not fit(net(Dense(10, activation="softmax")), x, y, SPARSE).findings
    rare = np.where(np.arange(240) % 120 == 0, 3, y % 3)  # seen in 2 rows of 240
    step = loop_of(net(Dense(5)), x, rare, losses.SparseCategoricalCrossentropy(from_logits=True))
    assert not watched_loop(net(Dense(5)), step, 120).findings


def test_classes_counted_from_one_are_known_of_all_labels():
    x, y = blobs(400, 10)
    model = net(Dense(11, activation="softmax"))
    watcher = fit(model, x, y + 1, SPARSE, epochs=1, batch_size=8)
    assert [(f.rule, f.step) for f in watcher.findings] == [("label_encoding", 0)]


@pytest.mark.parametrize("weight", [0.0, 0.1])
def test_a_class_of_weight_zero(weight):
    x, y = blobs()
    watcher = fit(softmax_net(), x, y, SPARSE, class_weight={1: weight})
    found = {} if weight else {"class_never_predicted": "sample_weight"}
    assert places(watcher) == found
    if found:
        assert "40 rows of class 1" in str(watcher.findings[0])


@pytest.mark.parametrize("bias", [-30.0, -2.0])
@pytest.mark.parametrize("from_logits", [True, False])
def test_an_output_that_begins_far_below_the_others(bias, from_logits):
    x, y = blobs(320, 5)
    last = [Dense(5)] if from_logits else [Dense(5), Softmax()]
    model = net(*last)
    model.layers[1].bias.assign(np.array([0, 0, bias, 0, 0]))
    loss = losses.SparseCategoricalCrossentropy(from_logits=from_logits)
    watcher = watched_loop(model, loop_of(model, x, y, loss, optimizer=Adam(0.01)), 120)
    assert rules(watcher) == ({"class_never_predicted"} if bias < -9 else set())


def test_a_class_that_a_slow_network_does_not_predict_yet():
    """Its probability is that of the others: none of its 15 rows is the most likely one."""
    y = np.repeat(np.arange(4), 15)
    p = np.random.default_rng(0).uniform(0.24, 0.28, (60, 4))
    p[:, 2] = 0.22
    assert list(missing_classes(y, p)) == []
    assert list(missing_classes(np.tile(y, 5), np.tile(p, (5, 1)))) == [2]  # in many rows
    p[:, 2] = 0.02  # pushed away
    assert list(missing_classes(y, p)) == [2]
    rare = np.where((y == 2) & (np.arange(60) % 15 > 11), 3, y)
    assert list(missing_classes(np.repeat(rare, 2), np.repeat(p, 2, 0))) == [2]


# ---- what losses and layers get ------------------------------------------------------------------


@pytest.mark.parametrize("classes, is_name", [(4, True), (10, True), (4, False)])
def test_class_numbers_as_the_amounts_of_a_regression(classes, is_name):
    x, y = blobs(240, classes)
    if not is_name:  # a number of heads: 0 and 3 are rare
        y = np.random.default_rng(0).binomial(3, 0.5, 240)
    targets = y[:, None].astype("float32")
    found = {"label_encoding": "y"} if is_name else {}
    assert places(fit(net(Dense(1)), x, targets, "mse")) == found
    model = net(Dense(1))
    step = loop_of(model, x, targets, losses.MeanSquaredError(), size=24)
    assert places(watched_loop(model, step, 201)) == found


@pytest.mark.parametrize("activation", ["relu", "softmax"])
def test_scores_that_do_not_add_up_to_one(activation):
    """Small numbers in 0..1, of a class each, that no softmax has made."""
    x, y = blobs()
    model = net(Dense(CLASSES, activation=activation, use_bias=False))
    model.layers[1].kernel.assign(abs(model.layers[1].kernel.numpy()) / 50)
    watcher = fit(model, x, y, SPARSE, epochs=1)
    found = {"logits_to_probability_loss": "loss"} if activation == "relu" else {}
    assert places(watcher) == found


@pytest.mark.parametrize("bias", [20.0, 0.0])
def test_saturated_gates_beside_a_forget_gate_with_a_bias_of_its_own(bias):
    series = np.random.default_rng(0).normal(size=(128, 6, 2)).astype("float32")
    start = minigrad.initializers.Constant(bias)
    model = Sequential(LSTM(8, bias_initializer=start, input_shape=(6, 2)), Dense(1))
    watcher = fit(model, series, series[:, 0, 0], "mse")
    assert places(watcher) == ({"saturated_gates": "lstm"} if bias else {})


@pytest.mark.parametrize("rate, found", [(1e-5, True), (3e-5, False)])
def test_updates_of_a_few_millionths(rate, found):
    x, y = blobs()
    watcher = fit(softmax_net(), x, y, SPARSE, optimizer=SGD(rate), epochs=10)
    ratios = [point.value for point in watcher.statistics["update"]["dense_1"]]
    assert min(ratios) > 1e-6 and max(ratios) < 1e-5
    assert ("updates_too_small" in rules(watcher)) is found


# ---- rows ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_sorted", [True, False])
@pytest.mark.parametrize("style", ["generator", "loop"])
def test_sorted_labels_of_batches_that_hold_two_classes(style, is_sorted):
    x, y = blobs(300, 10)
    order = y.argsort(kind="stable") if is_sorted else np.arange(300)
    x, y = x[order], y[order]
    model = net(Dense(10, activation="softmax"))
    if style == "generator":
        parts = [(x[i : i + 24], y[i : i + 24]) for i in range(0, 288, 24)] * 2
        watcher = fit(model, iter(parts), None, SPARSE, steps_per_epoch=24, epochs=1)
    else:
        step = loop_of(model, x, y, losses.SparseCategoricalCrossentropy(), size=24)
        watcher = watched_loop(model, step, 12)
    assert ("sorted_labels" in rules(watcher)) is is_sorted


@pytest.mark.parametrize("classes", [2, None])
@pytest.mark.parametrize("is_sorted", [True, False])
def test_sorted_labels_of_a_loop_whose_passes_are_short(classes, is_sorted):
    """Step 8, the fourth that is observed, is one of the second pass."""
    x, y = blobs(192, classes or CLASSES)
    y = y if classes else x[:, :1]
    order = np.ravel(y).argsort(kind="stable") if is_sorted else np.arange(192)
    x, y = x[order], y[order]
    model = net(Dense(classes) if classes else Dense(1))
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    step = loop_of(model, x, y, loss if classes else losses.MeanSquaredError(), size=40)
    assert ("sorted_labels" in rules(watched_loop(model, step, 12))) is is_sorted
    if classes:  # every step is known of a compiled model: class 0 comes back before step 32
        model = net(Dense(classes))
        model.compile("adam", loss)
        parts = [slice(16 * (i % 12), 16 * (i % 12) + 16) for i in range(24)]
        watcher = watched_loop(model, lambda i: model.train_on_batch(x[parts[i]], y[parts[i]]), 24)
        assert ("sorted_labels" in rules(watcher)) is is_sorted


def test_a_rare_class_is_not_sorted():
    """Its few rows stand at the end of a batch, the other batches hold one class."""
    x, _ = blobs(160)
    y = np.where(np.arange(160) % 80 == 79, 1, 0)
    step = loop_of(net(Dense(2)), x, y, losses.SparseCategoricalCrossentropy(from_logits=True))
    model = net(Dense(2))
    model.compile("adam", SPARSE)
    assert "sorted_labels" not in rules(watched_loop(net(Dense(2)), step, 12))
    assert "sorted_labels" not in rules(fit(model, x, y, SPARSE, shuffle=False, batch_size=16))


def test_batches_that_come_again_are_few_rows():
    """Without a shuffle the observed steps show four of ten batches, which lack a class."""
    x, y = blobs(160, 4)
    is_observed = np.isin(np.arange(160) // 16, [0, 1, 2, 8])
    y = np.where((y == 2) & is_observed, 0, y)
    model = net(Dense(4))
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    watcher = watched_loop(model, loop_of(model, x, y, loss), 801)
    assert watcher.findings == []


def test_batches_of_two_kinds_in_turn_are_not_sorted():
    """A discriminator: a batch of real rows, then one of fakes."""
    x, _ = blobs(64)
    model = net(Dense(1, activation="sigmoid"))
    model.compile("adam", "bce")
    watcher = watched_loop(
        model, lambda i: model.train_on_batch(x + i % 2, np.full((64, 1), i % 2)), 40
    )
    assert "sorted_labels" not in rules(watcher)


@pytest.mark.parametrize("words", [60, 3])
def test_copies_of_texts_on_both_sides_of_a_split(words):
    """Texts of many words do not repeat in half; of few words they do, so as a whole as well."""
    rng = np.random.default_rng(0)
    x = rng.integers(words, size=(300, 8 if words > 3 else 4))
    rows = rng.permutation(np.r_[:300, rng.integers(300, size=150)])
    model = Sequential(Embedding(60, 4), GlobalAveragePooling1D(), Dense(1, activation="sigmoid"))
    watcher = fit(model, x[rows], x[rows, 0] > words // 2, "bce", validation_split=0.2)
    assert ("validation_in_training" in rules(watcher)) is (words > 3)
