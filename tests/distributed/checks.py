"""What holds among processes: functions that each of them runs, as threads or under mpiexec.

    mpiexec -n 2 python -m tests.distributed.checks         # all of them

Each compares what this process computes alone with what it computes among the others.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad
from minigrad import Model, Sequential, distributed, grad, layers, losses, ops
from minigrad.config import settings
from minigrad.data import Dataset
from minigrad.distributed import process_group
from minigrad.generators import generator, use_generator, use_rows
from minigrad.layers import BatchNormalization, Dense, Dropout
from minigrad.utils.structures import count_rows, iter_leaves, map_structure

from ..cases.models import MODELS

TOLERANCE = 2e-6  # of weights after a few steps: sums of float32 in another order
RELATIVE_TOLERANCE = 1e-9  # of how far they have moved, in float64
RNG = np.random.default_rng(0)
X = RNG.standard_normal((23, 6)).astype("float32")
LABELS = RNG.integers(0, 3, 23)
WEIGHTS = RNG.random(23)


def both(train: Callable[[], Any]) -> tuple[Any, Any]:
    """What `train` returns in this process alone, and among the others, from one generator."""
    first = copy.deepcopy(generator())
    with process_group(None), use_generator(copy.deepcopy(first)):
        one = train()
    with use_generator(first):
        return one, train()


def values(model: Any) -> dict[str, np.ndarray]:
    return {name: p.numpy() for name, p in model.named_weights().items()}


def largest_difference(one: dict[str, np.ndarray], many: dict[str, np.ndarray]) -> float:
    assert one.keys() == many.keys()
    return max((float(abs(one[name] - many[name]).max()) for name in one), default=0.0)


def classifier(*inner: Any) -> Sequential:
    return Sequential([Dense(8, "tanh", input_shape=(6,)), *inner, Dense(3, activation="softmax")])


def fitted(make: Callable[[], Any] = classifier, **options: Any) -> tuple[Any, Any]:
    """(history, weights) of two epochs; the batches of 5 rows part unevenly, the last has 3."""
    model = make()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    options = {"x": X, "y": LABELS, "batch_size": 5, "epochs": 2, "verbose": 0} | options
    return model.fit(**options).history, values(model)


def assert_same(one: Any, many: Any) -> None:
    assert one[0].keys() == many[0].keys()
    for name, expected in one[0].items():
        np.testing.assert_allclose(many[0][name], expected, rtol=1e-5, atol=1e-6, err_msg=name)
    assert largest_difference(one[1], many[1]) < TOLERANCE


# ---- K processes are as one ----------------------------------------------------------------------


def check_fit() -> None:
    """Dropout, validation, uneven batches, weights of rows and classes, batches from elsewhere."""
    held_out = (X[:7], LABELS[:7])
    assert_same(*both(lambda: fitted(lambda: classifier(Dropout(0.5), Dropout(0.3, seed=4)))))
    assert_same(*both(lambda: fitted(validation_data=held_out, validation_batch_size=3)))
    assert_same(*both(lambda: fitted(sample_weight=WEIGHTS, class_weight={1: 3.0})))
    assert_same(*both(lambda: fitted(x=Dataset(X, LABELS, batch_size=4), y=None, batch_size=None)))
    whole = [(X[:6], LABELS[:6]), (X[6:], LABELS[6:])]
    options = {"x": iter(whole * 2), "y": None, "batch_size": None, "steps_per_epoch": 2}
    assert_same(*both(lambda: fitted(**{**options, "x": iter(whole * 2)})))
    assert_same(*both(lambda: fitted(steps_per_epoch=3)))


def check_transform() -> None:
    """What a transform draws per row is the same."""

    def noisy(x: Any, y: Any) -> Any:
        return x + minigrad.generators.rowwise(generator()).standard_normal(x.shape, "float32"), y

    def train() -> Any:
        return fitted(x=Dataset(X, LABELS, batch_size=4, transform=noisy), y=None, batch_size=None)

    assert_same(*both(train))


def check_train_on_batch() -> None:
    def train() -> Any:
        model = classifier()
        model.compile("sgd", "sparse_categorical_crossentropy")
        found = [float(model.train_on_batch(X[:5], LABELS[:5])) for _ in range(3)]
        return {"loss": found}, values(model)

    assert_same(*both(train))


def check_captured_steps() -> None:
    """A captured step gives the bits of an ordinary one; one that needs the others is not."""

    def train(jit_compile: Any, *inner: Any) -> Any:
        model = classifier(*inner)
        loss = "sparse_categorical_crossentropy"
        model.compile("adam", loss, metrics=["accuracy"], jit_compile=jit_compile)
        history = model.fit(X, LABELS, batch_size=5, epochs=18, verbose=0).history
        return model.captured, history, values(model)

    for make in (lambda: Dropout(0.5), BatchNormalization):
        found = []
        for jit_compile in ("auto", False):
            with use_generator(4):
                found.append(train(jit_compile, make()))
        (captured, *replayed), (_, *ordinary) = found
        assert captured.startswith("captured, for batches of 2 shapes"), captured
        assert replayed[0] == ordinary[0] and largest_difference(replayed[1], ordinary[1]) == 0
    captured, _, _ = train("auto", BatchNormalization(synchronized=True))
    assert captured == "not captured: it sums over processes before its gradients are there"


def check_reductions() -> None:
    """Sums, weighted means and masks have denominators of their own."""
    steps = 1 + np.arange(23 * 5).reshape(23, 5) % 8
    steps *= np.arange(5) < 1 + np.arange(23)[:, None] % 5
    for reduction in ("sum", "mean_with_sample_weight", "sum_over_batch_size"):
        for is_masked in (False, True):

            def make(is_masked: bool = is_masked) -> Sequential:
                embedding = layers.Embedding(9, 4, mask_zero=is_masked)
                return Sequential(
                    [
                        embedding,
                        layers.GRU(3, return_sequences=True),
                        Dense(1, kernel_regularizer="l2"),
                    ]
                )

            def train(make: Any = make, reduction: str = reduction) -> Any:
                model = make()
                model.compile("sgd", losses.MeanSquaredError(reduction=reduction))
                y = np.cumsum(steps, 1)[..., None] / 20
                options = {"batch_size": 9, "epochs": 2, "verbose": 0}
                weights = WEIGHTS if reduction == "mean_with_sample_weight" else None
                history = model.fit(steps, y, sample_weight=weights, **options).history
                return history, values(model)

            assert_same(*both(train))


def check_metrics() -> None:
    """Those that count, that keep all batches, and that keep moments."""
    y = LABELS == 1

    def train() -> Any:
        model = Sequential([Dense(1, activation="sigmoid", input_shape=(6,))])
        names = ["accuracy", "AUC", "Precision", "R2Score", "MeanIoU", "mse", "f1_score"]
        chosen = [n if n != "MeanIoU" else minigrad.metrics.BinaryIoU() for n in names]
        model.compile("sgd", "binary_crossentropy", metrics=chosen)
        options = {"batch_size": 5, "epochs": 2, "verbose": 0, "validation_data": (X, y)}
        return model.fit(X, y, **options).history, values(model)

    assert_same(*both(train))


def check_own_steps() -> None:
    """A model with a train_step of its own, two optimizers, noise and a metric."""

    class Pair(Model):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = Dense(4, input_shape=(6,)), Dense(6, input_shape=(4,))
            self.error = minigrad.metrics.Mean("error")
            self.other = minigrad.optimizers.SGD(0.1)

        def call(self, x: Any) -> Any:
            return self.second(self.first(x))

        def train_step(self, data: Any) -> Any:
            noise = minigrad.random.normal(data.shape, stddev=0.1)
            for optimizer, layer in ((self.optimizer, self.first), (self.other, self.second)):
                loss = ops.mean(ops.square(self(data + noise) - data))
                gradients = grad(loss, layer.weights)
                optimizer.apply([g * 0.5 for g in gradients], layer.weights)
            self.error.update_state(ops.square(self(data) - data))
            return {"loss": loss, "error": self.error.result()}

    def train() -> Any:
        model = Pair()
        model.compile("adam")
        return model.fit(X, batch_size=5, epochs=2, verbose=0).history, values(model)

    assert_same(*both(train))


def check_options() -> None:
    """Clipping, averages, several gradients per step; a parameter that not every step reaches."""
    for options in (
        {"global_clipnorm": 0.01},
        {"use_ema": True, "ema_momentum": 0.5},
        {"gradient_accumulation_steps": 2},
    ):

        def train(options: Any = options) -> Any:
            model = classifier()
            optimizer = minigrad.optimizers.Adam(**options)
            model.compile(optimizer, "sparse_categorical_crossentropy")
            return model.fit(X, LABELS, epochs=2, batch_size=9, verbose=0).history, values(model)

        assert_same(*both(train))
    a, b = minigrad.Parameter(np.ones(2)), minigrad.Parameter(np.ones(2))
    optimizer = minigrad.optimizers.SGD(0.5)
    is_first = distributed.rank() == 0
    optimizer.apply([None, np.ones(2, "float32") if is_first else None], [a, b])
    assert a.numpy().tolist() == [1, 1]  # none has a gradient: momentum or decay may not move it
    assert np.allclose(b.numpy(), 1 - 0.5 / distributed.size())


# ---- every model of the registry -----------------------------------------------------------------

# whose loss is no mean over rows: a deviation over the batch is one of its features
OVER_THE_BATCH = {"stylegan2, the discriminator", "siamese", "siamese, hardest triplets"}
FEW = ("cnn_mnist", "sentiment", "bert guessing words", "transformer", "vae", "wgan_gp, the critic")


def registry(names: Any, synchronized: bool = False) -> dict[str, tuple[float, bool]]:
    """Of each model the largest difference of its weights after two steps, as a part of how far
    they have moved; and whether it has batch normalization."""
    found = {}
    for name in names:
        one, many = both(lambda name=name: registry_steps(name, synchronized))
        moved = largest_difference(*one)
        has_batch_norm = any("moving_mean" in weight for weight in one[1])
        found[name] = largest_difference(one[1], many[1]) / moved, has_batch_norm
    return found


@minigrad.default_dtype("float64")
def registry_steps(name: str, synchronized: bool) -> tuple[Any, Any]:
    """The weights of a model before and after two steps on 5 rows.

    In float64: a deep model can make a thousandth of a rounding of float32 in two steps.
    """
    make, loss, inputs, y = MODELS[name].case  # type: ignore[attr-defined]
    rows = np.arange(5) % count_rows(inputs[0])

    def five(x: Any) -> Any:
        x = np.asarray(x)[rows]
        return x.astype("float64") if x.dtype.kind == "f" else x

    inputs, y = map_structure(five, inputs), None if y is None else five(y)
    model = make()
    with process_group(None), minigrad.no_grad():
        model(*map(minigrad.Tensor, inputs))
    for _, layer in model.named_layers():
        if isinstance(layer, BatchNormalization):
            layer.synchronized = synchronized
    parameters = [p for p in model.weights if p.trainable]
    optimizer, group = minigrad.optimizers.SGD(0.01), settings.process_group
    before = values(model)
    for _ in range(2):
        batch, rows_here = (*inputs, y), None
        if group is not None:
            part = group.part(batch)
            batch, rows_here = tuple(part), part.rows
        with minigrad.training(), use_rows(rows_here):
            outputs = model(*map(minigrad.Tensor, batch[:-1]))
            value = mean_square(outputs) if loss is None else loss(batch[-1], outputs)
            optimizer.apply(grad(value, parameters, unused="none"), parameters)
    return before, values(model)


def mean_square(outputs: Any) -> Any:
    return sum(ops.mean(ops.square(y - 1)) for _, y in iter_leaves(outputs))


def check_few_models() -> None:
    found = registry(FEW)
    assert {n: d for n, (d, _) in found.items() if not d < RELATIVE_TOLERANCE} == {}


def check_batch_normalization() -> None:
    """Each process has the statistics of its own rows, unless they are synchronized."""

    def train(synchronized: bool) -> Any:
        inner = BatchNormalization(synchronized=synchronized, momentum=0.5)
        return fitted(lambda: classifier(inner, Dropout(0.5)))

    one, many = both(lambda: train(False))
    assert largest_difference(one[1], many[1]) > 1e-3
    others = settings.process_group.gather(many)
    assert all(largest_difference(many[1], other[1]) == 0 for other in others)
    one, many = both(lambda: train(True))
    assert_same(one, many)


# ---- the sums themselves -------------------------------------------------------------------------


def check_buckets() -> None:
    """The same sums whatever the buckets, most of which start while backward runs."""
    group = settings.process_group
    found = []
    for size in (1, 200, 1 << 20):
        started: list[int] = []
        small = distributed.ProcessGroup(group.communicator, group.timeout, size)
        with process_group(small), use_generator(5):
            model = classifier(Dense(7), Dense(7))
            model.compile("sgd", "sparse_categorical_crossentropy")
            model.train_on_batch(X, LABELS)
            (flat,) = small._flats.values()
            begin = flat.communicator.start_sum

            def note(array: Any, begin: Any = begin, flat: Any = flat, to: Any = started) -> Any:
                to.append(len(flat.sources))
                return begin(array)

            flat.communicator = type(
                "Noting", (), {"start_sum": staticmethod(note), "size": group.size}
            )
            model.train_on_batch(X, LABELS)
        found.append(values(model))
        assert len(started) == len(flat.buckets)
        if size == 1:
            assert len(flat.buckets) == 8
            assert started == [2, 2, 4, 4, 6, 6, 8, 8]  # by kernel and bias of each layer
    assert all(largest_difference(found[0], other) == 0 for other in found)


def check_gather() -> None:
    group = settings.process_group
    expected = [{"rank": i, "data": "x" * i} for i in range(group.size)]
    assert group.gather(expected[group.rank]) == expected
    assert group.any(group.rank == 0) and not group.any(False)
    total = ops.sum_over_processes(np.array([1.0, float(group.rank)]))
    assert total.tolist() == [group.size, group.size * (group.size - 1) / 2]


# ---- sums ----------------------------------------------------------------------------------------


class Looks(minigrad.callbacks.Callback):
    def on_train_batch_end(self, batch: int, logs: Any) -> None:
        self.last = logs["loss"]


def sums_of_a_fit(*inner: Any, callbacks: Any = ()) -> int:
    """How many sums five steps take, with what comes before and after them."""
    communicator, made = settings.process_group.communicator, []
    start_sum = communicator.start_sum
    communicator.start_sum = lambda array: made.append(array) or start_sum(array)
    try:
        fitted(lambda: classifier(*inner), epochs=1, callbacks=list(callbacks))
    finally:
        del communicator.start_sum
    return len(made)


def check_sums() -> None:
    """Of a step that nobody looks at the gradients alone are summed, and moving averages."""
    sums = sums_of_a_fit()
    assert sums_of_a_fit(callbacks=[Looks()]) - sums >= 2 * 5  # the loss, and whether to stop
    assert sums_of_a_fit(BatchNormalization()) - sums == 5
    assert settings.process_group.agrees_on_steps


def check_stop_from_elsewhere() -> None:
    """A process that wants to stop, though no callback has asked for it, stops all at the end."""
    model = classifier()
    model.compile("sgd", "sparse_categorical_crossentropy")

    def stops_one(x: Any, y: Any) -> Any:
        if distributed.rank() == distributed.size() - 1:
            model.stop_training = True
        return x, y

    data = Dataset(X, LABELS, batch_size=5, transform=stops_one, depth=0)
    model.fit(data, epochs=3, verbose=0)
    assert model.optimizer.iterations == 5


# ---- errors --------------------------------------------------------------------------------------


def check_differences() -> None:
    """A process whose model, plan or generator differs is named, in all of them."""
    rank, last = distributed.rank(), distributed.size() - 1
    width = 8 if rank < last else 9
    with pytest.raises(
        ValueError, match=rf"dense\w*/kernel is float32\(6, 9\) \w+ in process {last}"
    ):
        fitted(lambda: Sequential([Dense(width, input_shape=(6,)), Dense(3, activation="softmax")]))
    with use_generator(rank // max(last, 1)), pytest.raises(ValueError, match="the generator of"):
        fitted()
    rows = X if rank < last else X[:10]
    with pytest.raises(ValueError, match=f"steps is 2 in process {last}, 5 in 0"), use_generator(1):
        fitted(x=rows, y=LABELS[: len(rows)])
    with use_generator(2):
        model = classifier()
        distributed.check_equal_state(model)
        if rank == last:
            model.layers[0].bias.data = model.layers[0].bias.data + 1
        with pytest.raises(ValueError, match=f"bias is .* in process {last}"):
            distributed.check_equal_state(model)
        with pytest.raises(ValueError, match="1 rows for .* processes.*drop_last=True"):
            fitted(x=X[:11], y=LABELS[:11])
        with pytest.raises(TypeError, match="sums = "):
            fitted_with_largest()


def fitted_with_largest() -> None:
    class Largest(minigrad.Metric):
        def reset_state(self) -> None:
            self.largest = 0.0

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            self.largest = max(self.largest, float(abs(y_pred.data).max()))

        def result(self) -> float:
            return self.largest

    model = classifier()
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=[Largest()])
    model.fit(X, LABELS, batch_size=9, verbose=0)


def check_stop() -> None:
    """One process that stops, stops all; logs are those of the whole batch."""

    class StopsOne(minigrad.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any) -> None:
            self.model.stop_training = batch == 2 and distributed.rank() == distributed.size() - 1

    model = classifier()
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(X, LABELS, batch_size=5, epochs=3, verbose=0, callbacks=[StopsOne()])
    assert model.optimizer.iterations == 3


CHECKS = {name[6:]: value for name, value in list(globals().items()) if name.startswith("check_")}


def main() -> None:
    distributed.initialize(timeout=30)
    for name, check in CHECKS.items():
        with use_generator(0):
            check()
        if distributed.rank() == 0:
            print(name, flush=True)
    found = registry([name for name in MODELS if name not in OVER_THE_BATCH])
    synchronized = registry([name for name, (_, has_it) in found.items() if has_it], True)
    if distributed.rank() == 0:
        for name, (difference, has_it) in found.items():
            print(f"{'with' if has_it else 'without'} batch norm, {name}: {difference:.1e}")
        for name, (difference, _) in synchronized.items():
            print(f"synchronized, {name}: {difference:.1e}")


if __name__ == "__main__":
    main()
