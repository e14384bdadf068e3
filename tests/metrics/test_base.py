"""Means of values and of functions."""

import numpy as np
import pytest
import sklearn.metrics as sk

import minigrad
from minigrad import Tensor, losses, metrics, ops
from minigrad.metrics import Mean, MeanAbsoluteError, MeanMetricWrapper
from minigrad.metrics.base import Average, check_range, check_whole

from .samples import in_batches


def test_sums_are_kept_in_float64():
    """A float32 sum stands still at 2**24: 20 million samples would count as 16.8."""
    metric = MeanAbsoluteError()
    y = np.zeros(2_000_000, np.float32)
    p = np.ones(2_000_000, np.float32)
    for _ in range(10):
        metric.update_state(y, p)
    assert metric.result() == 1.0
    mean = Mean()
    mean.update_state(np.float32(2**24))
    mean.update_state(np.float32(1))
    assert mean.result() == (2**24 + 1) / 2
    batch = MeanMetricWrapper(lambda t, q: q.mean())
    assert batch.name == "lambda"  # as Keras calls it
    for value in (2.0**24, 1.0):
        batch.update_state(y[:1], np.full(1, value, np.float32))
    assert batch.result() == (2**24 + 1) / 2


def test_mean():
    mean = Mean("loss")
    assert mean.result() == 0.0
    mean.update_state(2.0, 30)
    mean.update_state(Tensor(5.0), 10)
    assert mean.result() == 2.75
    assert mean.name == "loss"
    mean.reset_state()
    assert mean([1.0, 2.0, 6.0]) == 3.0
    # 9 of 3, then the row of mean 2 once
    assert mean(np.array([[1.0, 3.0], [5.0, 7.0]]), [1, 0]) == 2.75


def test_functions_are_averaged_by_rows():
    y = np.arange(10.0)
    p = np.arange(10.0) * 1.3
    # one number a batch: weighed by its rows
    of_a_batch = MeanMetricWrapper(lambda t, q: np.mean((t - q) ** 2), "mine")
    of_samples = metrics.get(losses.mean_squared_error)
    assert in_batches(of_a_batch, y, p) == pytest.approx(sk.mean_squared_error(y, p))
    assert in_batches(of_samples, y[:, None], p[:, None]) == pytest.approx(
        sk.mean_squared_error(y, p), rel=1e-6
    )
    w = np.arange(10.0)
    of_samples.reset_state()
    expected = sk.mean_squared_error(y, p, sample_weight=w)
    assert in_batches(of_samples, y[:, None], p[:, None], w) == pytest.approx(expected, rel=1e-6)
    assert of_a_batch.name == "mine"
    assert of_samples.name == "mean_squared_error"
    with pytest.raises(ValueError, match="cannot weigh its samples"):
        of_a_batch.update_state(y, p, w)


class MeanOfSquares(metrics.Metric):
    """As Keras's guide writes a metric: variables made after super().__init__()."""

    def __init__(self, name="squares", **kwargs):
        super().__init__(name=name, **kwargs)
        self.total = self.add_variable(shape=(), initializer="zeros", name="total")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        squares = ops.square(ops.subtract(y_true, y_pred))
        if sample_weight is not None:
            squares = ops.multiply(squares, sample_weight)
        self.total.assign(self.total + ops.sum(squares))
        self.count.assign_add(len(y_true))

    def result(self):
        return self.total / self.count


class OwnReset(MeanOfSquares):
    def reset_state(self):
        self.total.assign(0.0)
        self.count.assign(0.0)


class Plain(metrics.Metric):
    def __init__(self):
        super().__init__()
        self.largest = -1.0  # reset_state is called after this

    def reset_state(self):
        self.largest = 0.0

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.largest = max(self.largest, float(abs(y_pred).max()))

    def result(self):
        return self.largest


@pytest.mark.parametrize("make", [MeanOfSquares, OwnReset])
def test_metrics_with_variables(make, xp):
    metric = make()
    y, p = xp.asarray([1.0, 2.0], "float32"), Tensor(xp.asarray([2.0, 4.0], "float32"))
    assert float(metric(y, p)) == 2.5
    assert float(metric(y, p.data)) == 2.5
    assert [v.name for v in metric.variables] == ["total", "count"]
    assert [v.dtype for v in metric.variables] == ["float32", "float32"]
    assert float(metric.variables[0].value) == 10
    metric.reset_state()
    assert [v.item() for v in metric.variables] == [0, 0]
    assert make(name="other").name == "other"
    assert make(dtype="float64").total.dtype == "float64"


def test_metrics_with_variables_in_training():
    """Epochs and validation each begin anew."""
    x = np.random.default_rng(0).standard_normal((10, 2)).astype("float32")
    y = x @ np.array([[1.0], [2.0]], "float32")
    model = minigrad.Sequential(minigrad.layers.Dense(1))
    own, weighted = MeanOfSquares(), OwnReset("weighted")
    model.compile("sgd", "mse", metrics=[own, "mse", Plain()], weighted_metrics=[weighted])
    w = np.ones((10, 1), "float32")
    history = model.fit(x, y, 5, 3, 0, validation_data=(x, y, w), sample_weight=w).history
    for prefix in ("", "val_"):
        np.testing.assert_allclose(history[f"{prefix}squares"], history[f"{prefix}mse"], rtol=1e-5)
        np.testing.assert_allclose(history[f"{prefix}weighted"], history[f"{prefix}mse"], rtol=1e-5)
    assert np.all(np.array(history["plain"]) > 0)


def test_a_metric_begins_with_the_values_that_its_variables_are_made_of():
    class Floor(metrics.Metric):
        def __init__(self):
            super().__init__()
            self.least = self.add_variable((2,), minigrad.initializers.Constant(7), "int64")

    metric = Floor()
    assert metric.least.data.tolist() == [7, 7] and metric.least.dtype == "int64"
    metric.least.assign_sub([1, 2])
    assert metric.least.data.tolist() == [6, 5]
    metric.reset_state()
    assert metric.least.data.tolist() == [0, 0]


def test_metrics_of_metrics_and_more_variables_than_those_of_the_base():
    class Pair(metrics.Metric):
        def __init__(self):
            super().__init__()
            self.parts = {"mean": Mean(), "squares": [MeanOfSquares()]}

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.parts["mean"].update_state(y_pred)
            self.parts["squares"][0].update_state(y_true, y_pred)

        def result(self):
            return self.parts["mean"].result()

    class More(MeanAbsoluteError):
        def __init__(self):
            super().__init__()
            self.batches = self.add_variable()

        def update_state(self, y_true, y_pred, sample_weight=None):
            super().update_state(y_true, y_pred, sample_weight)
            self.batches.assign_add(1)

    pair, more = Pair(), More()
    pair(np.zeros(2), np.ones(2))
    assert [v.item() for v in pair.variables] == [2, 2]
    pair.reset_state()
    assert pair.result() == 0 and [v.item() for v in pair.variables] == [0, 0]
    assert more(np.zeros(2), np.ones(2)) == 1 and more.batches.item() == 1
    more.reset_state()
    assert more.result() == 0 and more.batches.item() == 0


def test_a_metric_that_nothing_resets_is_refused():
    class Lost(metrics.Metric):
        def __init__(self):
            super().__init__()
            self.total = 0.0

    with pytest.raises(NotImplementedError, match="Lost does not define reset_state.*add_variable"):
        Lost()


def test_an_average_adds_in_float64(xp):
    """In float32 a sum of 2**25 does not grow by 1, in float16 one of 4096."""
    for dtype, large in (("float32", 2.0**25), ("float16", 2.0**12)):
        average = Average("a")
        average.add(xp.asarray(np.array([large], dtype)))
        for _ in range(3):
            average.add(xp.asarray(np.array([1.0], dtype)))
        average.add(xp.asarray(np.array([large, 1.0, 1.0], dtype)))
        assert average.result() * 7 == pytest.approx(2 * large + 5, rel=1e-12)
        weighted = Average("b")
        weighted.add(xp.asarray(np.array([[large, 1.0], [1.0, 1.0]], dtype)), [1.0, 2.0])
        assert weighted.result() * 3 == pytest.approx((large + 1) / 2 + 2, rel=1e-12)
        single = Average("c")
        single.add(xp.asarray(np.array(large, dtype)), [1.0])
        single.add(xp.asarray(np.array(1.0, dtype)), [1.0])
        assert single.result() * 2 == pytest.approx(large + 1, rel=1e-12)


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: metrics.TruePositives(2.0), "a threshold of TruePositives must be in 0..1, got 2"),
        (lambda: metrics.FalseNegatives([0.5, -0.1]), "FalseNegatives must be in 0..1, got -0.1"),
        (lambda: metrics.AUC(thresholds=[2.0]), "must be in 0..1, got 2"),
        (lambda: check_whole("acc", np.array([0.5])), "acc: y_true must hold whole labels"),
        (lambda: check_range("acc", "labels", np.array([3]), 3), "acc: labels from 3 to 3 do not"),
        (lambda: check_range("acc", "labels", np.array([-1, 2]), 3), "acc: labels from -1 to 2 do"),
        (lambda: Mean()(np.ones((2, 3)), np.ones(4)), "mean"),
        (lambda: MeanAbsoluteError()(np.ones((2, 3)), np.ones((2, 4))), r"\(2, 3\).*\(2, 4\)"),
        (lambda: metrics.SparseCategoricalAccuracy()(np.ones(3), np.ones((2, 4))), r"\(3,\)"),
    ],
)
def test_promised_errors(make, words):
    with pytest.raises(ValueError, match=words):
        make()
