"""Padding in training: neither losses nor metrics nor gradients read what stands there."""

import warnings

import numpy as np
import pytest

import minigrad
from minigrad import Model, Sequential, Tensor, grad, losses, metrics, ops
from minigrad.layers import (
    LSTM,
    BatchNormalization,
    Dense,
    Embedding,
    Layer,
    Masking,
    MultiHeadAttention,
    Residual,
)

rng = np.random.default_rng(4)
IDS = np.array([[3, 1, 4, 0, 0], [2, 5, 2, 6, 0], [1, 2, 3, 4, 5], [1, 0, 0, 0, 0]])
MASK = IDS != 0
T = rng.standard_normal((4, 5, 1)).astype("float32")
WEIGHTS = np.array([1.0, 2.0, 0.5, 3.0], "float32")
STEP_WEIGHTS = rng.random((4, 5)).astype("float32")


class Subclassed(Model):
    def __init__(self):
        super().__init__()
        self.embedding = Embedding(7, 4, mask_zero=True)
        self.blocks = [LSTM(3, return_sequences=True), BatchNormalization()]
        self.head = Dense(1)

    def call(self, ids, training=None):
        x = self.embedding(ids)
        for block in self.blocks:
            x = block(x, training=training)
        return self.head(x)


class CustomStep(Subclassed):
    def train_step(self, data):
        x, y = data[:2]
        with minigrad.training():
            y_pred = self(x, training=True)
            loss = self.compute_loss(x, y, y_pred)
        parameters = self.trained()
        self.optimizer.apply(grad(loss, parameters), parameters)
        for metric in self.metrics:
            metric.update_state(*([loss] if metric.name == "loss" else [y, y_pred]))
        return {metric.name: metric.result() for metric in self.metrics}


def line(*layers):
    return Sequential(Embedding(7, 4, mask_zero=True), *layers)


MODELS = [
    lambda: line(LSTM(3, return_sequences=True), Dense(1)),
    lambda: line(Sequential(Residual(Dense(4)), BatchNormalization()), Dense(1)),
    lambda: line(MultiHeadAttention(2, 2), Dense(1)),
    Subclassed,
    CustomStep,
    lambda: Sequential(Subclassed(), Dense(1)),
]


@pytest.mark.parametrize("make", MODELS)
@pytest.mark.parametrize("sample_weight", [None, WEIGHTS, STEP_WEIGHTS])
def test_padded_targets_change_nothing(make, sample_weight):
    """Targets of 40 at padding: the same loss, metrics and weights after training."""
    other = np.where(MASK[..., None], T, 40).astype("float32")
    results = []
    for targets in (T, other):
        minigrad.seed(1)
        model = make()
        model.compile("adam", "mse", metrics=["mae", "mse"], weighted_metrics=["mae"])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            history = model.fit(
                IDS, targets, epochs=3, verbose=0, sample_weight=sample_weight, batch_size=2
            ).history
            batch = model.train_on_batch(IDS, targets, sample_weight)
            evaluated = model.evaluate(IDS, targets, sample_weight=sample_weight)
        results.append((history, batch, evaluated, model.get_weights()))
    for first, second in zip(*results):
        np.testing.assert_equal(first, second)


def test_losses_and_metrics_are_those_of_the_real_steps():
    model = line(LSTM(3, return_sequences=True), Dense(1))
    model.compile("sgd", "mse", metrics=["mae"], weighted_metrics=["mse"])
    y = model.predict(IDS)
    assert y.shape == (4, 5, 1)  # predictions are whole
    squares = ((y - T) ** 2)[..., 0]
    for weights in (np.ones(4, "float32"), WEIGHTS, STEP_WEIGHTS):
        steps = np.broadcast_to(weights.reshape(4, -1), (4, 5))[MASK]
        result = model.evaluate(IDS, T, sample_weight=weights, return_dict=True)
        assert result["loss"] == pytest.approx((squares[MASK] * steps).mean(), rel=1e-5)
        assert result["mae"] == pytest.approx(abs(y - T)[MASK].mean(), rel=1e-5)
        assert result["mse"] == pytest.approx(np.average(squares[MASK], weights=steps), rel=1e-5)


EVERY_LOSS = [
    (losses.MeanSquaredError, 1, "real"),
    (losses.MeanAbsoluteError, 1, "real"),
    (losses.Huber, 1, "real"),
    (losses.LogCosh, 1, "real"),
    (losses.Poisson, 1, "count"),
    (losses.CosineSimilarity, 3, "real"),
    (losses.BinaryCrossentropy, 1, "bit"),
    (losses.CategoricalCrossentropy, 3, "one-hot"),
    (losses.SparseCategoricalCrossentropy, 3, "label"),
    (losses.KLDivergence, 3, "one-hot"),
    (losses.Hinge, 1, "sign"),
    (losses.SquaredHinge, 1, "bit"),
    (losses.CategoricalHinge, 3, "one-hot"),
]


def targets_of(kind, width):
    return {
        "real": rng.standard_normal((4, 5, width)),
        "count": rng.integers(0, 5, (4, 5, width)),
        "bit": rng.integers(0, 2, (4, 5, width)),
        "sign": rng.integers(0, 2, (4, 5, width)) * 2 - 1,
        "one-hot": np.eye(3)[rng.integers(0, 3, (4, 5))],
        "label": rng.integers(0, 3, (4, 5)),
    }[kind]


@pytest.mark.parametrize("make, width, kind", EVERY_LOSS, ids=lambda v: getattr(v, "__name__", v))
@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", None])
def test_every_loss_reads_the_mask_of_the_predictions(make, width, kind, reduction, xp):
    probabilities = rng.random((4, 5, width)).astype("float32") + 0.1
    probabilities /= 2 if width == 1 else probabilities.sum(-1, keepdims=True)
    y_true = targets_of(kind, width)
    y_true = y_true if kind == "label" else y_true.astype("float32")
    loss = make(reduction=reduction)
    padded = y_true.copy()
    padded[~MASK] = 40 if kind == "label" else -40
    y_pred = Tensor(xp.asarray(probabilities), requires_grad=True)
    y_pred.mask = xp.asarray(MASK)
    value = loss(xp.asarray(padded), y_pred)
    expected = loss(y_true[MASK], Tensor(probabilities[MASK]))
    found = value.numpy() if reduction else value.numpy()[MASK]
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-5, atol=1e-6)
    (g,) = grad(ops.sum(value), [y_pred])
    assert g.dtype == "float32" and not g.numpy()[~MASK].any()
    if reduction is None:
        assert not value.numpy()[~MASK].any()
    weighted = loss(xp.asarray(padded), y_pred, xp.asarray(WEIGHTS))
    steps = np.broadcast_to(WEIGHTS[:, None], (4, 5))[MASK]
    expected = loss(y_true[MASK], Tensor(probabilities[MASK]), steps)
    found = weighted.numpy() if reduction else weighted.numpy()[MASK]
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-5, atol=1e-6)


EVERY_METRIC = [
    ("mae", 1, "real"),
    ("mse", 1, "real"),
    (metrics.RootMeanSquaredError, 1, "real"),
    (metrics.R2Score, 1, "real"),
    (metrics.BinaryAccuracy, 1, "bit"),
    (metrics.AUC, 1, "bit"),
    (metrics.Precision, 1, "bit"),
    (metrics.Recall, 1, "bit"),
    (metrics.CategoricalAccuracy, 3, "one-hot"),
    (metrics.SparseCategoricalAccuracy, 3, "label"),
    (lambda: metrics.MeanMetricWrapper(lambda t, p: abs(t - p).max(-1)), 3, "real"),
]


@pytest.mark.parametrize("make, width, kind", EVERY_METRIC)
def test_every_metric_reads_the_mask_of_the_predictions(make, width, kind, xp):
    scores = rng.random((4, 5, width)).astype("float32")
    y_true = targets_of(kind, width)
    y_true = y_true if kind == "label" else y_true.astype("float32")
    padded = y_true.copy()
    padded[~MASK] = 40
    for weights, steps in (
        (None, None),
        (WEIGHTS, np.broadcast_to(WEIGHTS[:, None], (4, 5))[MASK]),
        (STEP_WEIGHTS, STEP_WEIGHTS[MASK]),
        (STEP_WEIGHTS[..., None], STEP_WEIGHTS[MASK]),
    ):
        masked, real = (metrics.get(make() if callable(make) else make, None) for _ in range(2))
        y_pred = Tensor(xp.asarray(scores))
        y_pred.mask = xp.asarray(MASK)
        masked.update_state(xp.asarray(padded), y_pred, weights)
        real.update_state(y_true[MASK], Tensor(scores[MASK]), steps)
        assert float(masked.result()) == pytest.approx(float(real.result()), rel=1e-6)


def test_one_number_for_a_batch_cannot_leave_padding_out():
    y_pred = Tensor(np.ones((4, 5, 1)))
    y_pred.mask = MASK
    loss = losses.get(lambda t, p: ops.mean(ops.square(t - p)))
    with pytest.warns(UserWarning, match="returns one number for the whole batch.*each step"):
        assert loss(T, y_pred).item() == pytest.approx(((T - 1) ** 2).mean(), rel=1e-5)
    mean = metrics.MeanMetricWrapper(lambda t, p: abs(t - p).mean(), "mean")
    with pytest.warns(UserWarning, match=r"mean returns values of shape \(\).*a value per step"):
        assert mean(T, y_pred) == pytest.approx(abs(T - 1).mean(), rel=1e-5)


def test_a_function_sees_the_targets_as_they_are():
    """A loss that finds padding by its targets, as many tutorials do, finds it."""
    seen = []

    def loss(y_true, y_pred):
        seen.append(np.asarray(y_true))
        return ops.mean(ops.square(y_true - y_pred), axis=-1)

    y_pred = Tensor(np.ones((4, 5, 1)))
    y_pred.mask = MASK
    padded = np.where(MASK[..., None], T, -1).astype("float32")
    losses.get(loss)(padded, y_pred)
    assert (seen[0] == padded).all()


def test_a_batch_of_nothing_but_padding():
    model = line(LSTM(3, return_sequences=True), Dense(1))
    model.compile("sgd", "mse", metrics=["mae"])
    model.build((None, 5))
    before = model.get_weights()
    result = model.train_on_batch(np.zeros((2, 5), int), T[:2])
    assert result == [0.0, 0.0]
    assert all((a == b).all() for a, b in zip(before, model.get_weights()))


def test_a_mask_that_does_not_fit_the_losses_says_so():
    class Sums(Layer):
        supports_masking = True

        def call(self, x):
            return ops.sum(x, axis=-1)

    model = Sequential(Masking(), Sums())
    model.compile("sgd", "mse")
    with pytest.raises(
        ValueError, match=r"the mask of y_pred has shape \(4, 5\), the losses \(4,\)"
    ):
        model.evaluate(rng.random((4, 5, 3)), T[..., 0])


# ---- model.build ---------------------------------------------------------------------------------


def test_a_subclassed_model_is_built_from_a_shape(capsys):
    class Net(Model):
        def __init__(self):
            super().__init__()
            self.hidden, self.drop = Dense(4, "relu"), minigrad.layers.Dropout(0.5)
            self.head = Dense(1)

        def call(self, x, training=None):
            return self.head(self.drop(self.hidden(x), training=training))

    for shape in ((None, 6), [None, 6], (32, 6)):
        model = Net()
        model.build(shape)
        assert model.built and model.count_params() == 28 + 5
        model.summary()
        assert "Trainable params: 33 " in capsys.readouterr().out
        weights = model.weights
        model.compile("sgd", "mse")
        model.fit(np.ones((8, 6)), np.ones(8), verbose=0)
        assert all(p is q for p, q in zip(weights, model.weights))
    words = Subclassed()
    words.build((None, 5))
    assert words.output_shape == (None, 5, 1) and words.count_params() > 0
    empty = Net()
    with pytest.raises(ValueError, match="Dense expects inputs of shape"):
        empty.build((6,))
    assert not empty.built and not empty.weights
