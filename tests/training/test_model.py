"""Model: compile, fit, evaluate, predict against loops by hand; what compile fixes; what is refused; a run that goes on."""

import copy
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

import minigrad
import models
from minigrad import (
    Model,
    Parameter,
    Sequential,
    Tensor,
    backend,
    config,
    grad,
    losses,
    no_grad,
    ops,
    random,
    training,
)
from minigrad.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    Lambda,
    LayerNormalization,
    LeakyReLU,
    Residual,
    Softmax,
)
from minigrad.layers.base import Layer
from minigrad.metrics import SparseCategoricalAccuracy
from minigrad.optimizers.adam import Adam
from minigrad.optimizers.schedules import CosineDecay
from minigrad.optimizers.sgd import SGD
from minigrad.training.callbacks import Callback

from ..cases import MODELS

ROOT = Path(__file__).resolve().parents[2]
rng = np.random.default_rng(1)
X = rng.standard_normal((50, 4)).astype("float32")
LABELS = (X[:, 0] + X[:, 1] > 0).astype(int) + (X[:, 2] > 1)
Y = X @ np.array([[1.0], [2.0], [-1.0], [0.5]], "float32") + 0.1


def classifier(optimizer="adam", **options):
    model = Sequential(
        [Dense(8, activation="relu", input_shape=(4,)), Dense(3, activation="softmax")]
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", **options)
    return model


def regression(optimizer="sgd", loss="mse", **options):
    model = Sequential(Dense(1, input_shape=(4,)))
    model.compile(optimizer, loss, **options)
    return model


def twins(make, n=2):
    """The same model n times."""
    made = []
    for _ in range(n):
        minigrad.seed(3)
        made.append(make())
    return made


def assert_equal_weights(a, b, **close):
    for p, q in zip(a.get_weights(), b.get_weights(), strict=True):
        np.testing.assert_allclose(p, q, **close) if close else np.testing.assert_array_equal(p, q)


def test_no_model_escapes_the_registry():
    """tests/test_check.py checks the gradients of everything in it; "training_study" is a set of pictures, not a model."""
    assert set(models.NAMES) - {"training_study"} <= set(MODELS)


# ---- against loops by hand -----------------------------------------------------------------------------------------


def test_fit_is_this_loop(device):
    model, twin = twins(lambda: classifier(metrics=["accuracy"]))
    minigrad.seed(5)
    history = model.fit(X, LABELS, batch_size=16, epochs=3, verbose=0)
    minigrad.seed(5)
    optimizer, loss = Adam(), losses.SparseCategoricalCrossentropy()
    for epoch in range(3):
        order = random.generator().permutation(50)
        total = hits = 0
        for start in range(0, 50, 16):
            rows = order[start : start + 16]
            x, y = (config.to_device(a[rows]) for a in (X, LABELS))
            with training():
                p = twin(x)
                value = loss(y, p)
            optimizer.apply(grad(value, twin.weights), twin.weights)
            total += value.item() * len(rows)
            hits += int((backend.to_cpu(p.data).argmax(1) == LABELS[rows]).sum())
        assert history.history["loss"][epoch] == pytest.approx(total / 50, rel=1e-6)
        assert history.history["accuracy"][epoch] == pytest.approx(hits / 50)
    assert_equal_weights(model, twin)


def test_evaluate_and_predict(device):
    model = classifier(metrics=["accuracy"])
    p = backend.to_cpu(model(config.to_device(X)).data)
    predicted = model.predict(X, batch_size=7)
    assert type(predicted) is np.ndarray and predicted.dtype == np.float32
    np.testing.assert_allclose(predicted, p, rtol=1e-6)
    value, accuracy = -np.log(p[np.arange(50), LABELS]).mean(), (p.argmax(1) == LABELS).mean()
    for size in (None, 1, 7, 50, 1000):
        assert model.evaluate(X, LABELS, batch_size=size) == pytest.approx(
            [value, accuracy], rel=1e-5
        )
    assert model.evaluate(X, LABELS, return_dict=True) == pytest.approx(
        {"loss": value, "accuracy": accuracy}, rel=1e-5
    )
    assert model.test_on_batch(X, LABELS) == pytest.approx([value, accuracy], rel=1e-5)
    assert model.metrics_names == ["loss", "accuracy"]
    assert regression().evaluate(X, Y) == pytest.approx(
        regression().evaluate(X, Y, verbose=1), rel=10
    )  # one number
    assert type(regression().evaluate(X, Y)) is float


def test_train_on_batch(device):
    model, twin = twins(lambda: regression(metrics=["mae"]))
    x, y = config.to_device(X), config.to_device(Y)
    before = twin(x)
    value, mae = model.train_on_batch(X, Y)
    assert value == pytest.approx(((backend.to_cpu(before.data) - Y) ** 2).mean(), rel=1e-5)
    assert mae == pytest.approx(abs(backend.to_cpu(before.data) - Y).mean(), rel=1e-5)
    SGD().apply(grad(losses.MeanSquaredError()(y, twin(x)), twin.weights), twin.weights)
    assert_equal_weights(model, twin)
    again = model.train_on_batch(X, Y, return_dict=True)
    assert (
        again.keys() == {"loss", "mae"} and again["mae"] < mae
    )  # metrics begin anew with each call
    assert type(regression().train_on_batch(X, Y)) is float


def test_a_plain_loop_is_always_enough():
    model, optimizer = Sequential(Dense(1)), SGD(0.1)
    for _ in range(100):
        y = model(X)
        optimizer.apply(grad(losses.MeanSquaredError()(Y, y), model.weights), model.weights)
    assert losses.MeanSquaredError()(Y, model(X)).item() < 1e-3


def test_regularizers_join_the_loss():
    model = Sequential(Dense(1, kernel_regularizer="l2", bias_regularizer="l1", input_shape=(4,)))
    model.compile("sgd", "mse")
    model.set_weights([np.ones((4, 1)), np.full(1, 2.0)])
    plain = ((X.sum(1, keepdims=True) + 2 - Y) ** 2).mean()
    assert model.evaluate(X, Y) == pytest.approx(plain + 0.01 * 4 + 0.01 * 2, rel=1e-5)
    assert model.train_on_batch(X, Y) == pytest.approx(plain + 0.06, rel=1e-5)
    bare = regression()
    bare.set_weights([np.ones((4, 1)), np.full(1, 2.0)])
    bare.train_on_batch(X, Y)
    np.testing.assert_allclose(
        bare.get_weights()[0] - model.get_weights()[0], 0.01 * 0.02, rtol=1e-3
    )


def test_inference_is_the_default():
    model = Sequential(Dense(8, input_shape=(4,)), Dropout(0.5), Dense(1))
    model.compile("sgd", "mse")
    np.testing.assert_array_equal(model.predict(X), model.predict(X))
    assert model.evaluate(X, Y) == model.evaluate(X, Y)
    inference = model.evaluate(X, Y)
    with training():
        np.testing.assert_array_equal(model.predict(X), model.predict(X))
        assert model.evaluate(X, Y) == inference
    frozen = model.get_weights()
    a = [model.train_on_batch(X, Y), model.set_weights(frozen)][0]
    assert a != model.train_on_batch(X, Y)  # and training drops


def test_no_graph_is_kept():
    model = regression()
    model.fit(X, Y, verbose=0)
    with no_grad():
        assert not model(X).requires_grad
    assert all(p.grad is None for p in model.weights)


# ---- data ----------------------------------------------------------------------------------------------------------


def test_validation_takes_the_last_rows_before_shuffling():
    model, twin = twins(lambda: regression(SGD(0.0)))
    seen = []

    class Peek(Sequential):
        def train_step(self, data):
            seen.append(data[0])
            return super().train_step(data)

    history = model.fit(X, Y, validation_split=0.2, verbose=0)
    assert history.history["val_loss"][0] == pytest.approx(twin.evaluate(X[40:], Y[40:]), rel=1e-6)
    assert history.history["loss"][0] == pytest.approx(twin.evaluate(X[:40], Y[:40]), rel=1e-5)
    peek = Peek(Dense(1, input_shape=(4,)))
    peek.compile("sgd", "mse")
    peek.fit(X, Y, validation_split=0.2, verbose=0, batch_size=15)
    rows = np.concatenate(seen)
    assert rows.shape == (40, 4) and (rows != X[:40]).any()
    np.testing.assert_array_equal(rows[np.lexsort(rows.T)], X[:40][np.lexsort(X[:40].T)])


def test_validation_data_wins_and_may_be_weighted():
    model = regression(SGD(0.0))
    w = rng.uniform(0, 2, 10)
    for validation, expected in (
        ((X[:10], Y[:10]), model.evaluate(X[:10], Y[:10])),
        ([X[:10], Y[:10]], model.evaluate(X[:10], Y[:10])),
        ((X[:10], Y[:10], w), model.evaluate(X[:10], Y[:10], sample_weight=w)),
    ):
        history = model.fit(X, Y, validation_data=validation, validation_split=0.5, verbose=0)
        assert history.history["val_loss"][0] == pytest.approx(expected, rel=1e-6)
        assert history.history["loss"][0] == pytest.approx(model.evaluate(X, Y), rel=1e-5)


def test_shuffling():
    def batches(shuffle, seed):
        seen, model = [], regression()
        model.train_step = lambda data: seen.append(data[0]) or {"loss": 0.0}
        minigrad.seed(seed)
        model.fit(X, Y, epochs=2, batch_size=20, verbose=0, shuffle=shuffle)
        return [np.concatenate(seen[:3]), np.concatenate(seen[3:])]

    first, second = batches(True, 1)
    again, _ = batches(True, 1)
    other, _ = batches(True, 2)
    np.testing.assert_array_equal(first, again)
    assert (first != second).any() and (first != other).any() and (first != X).any()
    for epoch in batches(False, 1):
        np.testing.assert_array_equal(epoch, X)


def test_the_last_batch_counts_by_its_rows():
    model = regression(SGD(0.0), metrics=["mae"])
    y = np.where(np.arange(50) < 48, 0, 1000)[:, None].astype(
        "float32"
    )  # all the error is in a batch of two rows
    history = model.fit(X, y, batch_size=16, verbose=0, shuffle=False)
    p = model.predict(X)
    assert history.history["loss"][0] == pytest.approx(((p - y) ** 2).mean(), rel=1e-5)
    assert history.history["mae"][0] == pytest.approx(abs(p - y).mean(), rel=1e-5)
    dropped = model.fit(X, y, batch_size=16, verbose=0, shuffle=False, drop_last=True)
    assert dropped.history["loss"][0] == pytest.approx((p[:48] ** 2).mean(), rel=1e-5)


def test_sample_weights():
    w = rng.uniform(0, 2, 50).astype("float32")
    model, twin = twins(lambda: regression(metrics=["mae"], weighted_metrics=["mae", "mse"]))
    p = model.predict(X)
    values = model.train_on_batch(X, Y, sample_weight=w, return_dict=True)
    squares, distances = (p - Y)[:, 0] ** 2, abs(p - Y)[:, 0]
    assert values["loss"] == pytest.approx(
        (squares * w).sum() / 50, rel=1e-5
    )  # over the number of rows, as in Keras
    assert values["mae"] == pytest.approx(distances.mean(), rel=1e-5)
    assert values["weighted_mae"] == pytest.approx((distances * w).sum() / w.sum(), rel=1e-5)
    assert values["mse"] == pytest.approx((squares * w).sum() / w.sum(), rel=1e-5)
    loss = ops.mean(ops.square(twin(X) - Y) * w[:, None])
    SGD().apply(grad(loss, twin.weights), twin.weights)
    assert_equal_weights(model, twin, rtol=1e-5)
    a, b = twins(regression)
    a.fit(
        X,
        Y,
        sample_weight=np.where(np.arange(50) < 30, 1, 0),
        verbose=0,
        shuffle=False,
        batch_size=10,
    )
    for start in range(0, 30, 10):
        b.train_on_batch(X[start : start + 10], Y[start : start + 10])
    assert_equal_weights(a, b, rtol=1e-5)


def test_class_weights():
    weights = {0: 3.0, 2: 0.5}  # class 1 counts once, as in Keras
    each = np.array([weights.get(c, 1.0) for c in LABELS])
    for y, loss in (
        (LABELS, "sparse_categorical_crossentropy"),
        (LABELS[:, None], "sparse_categorical_crossentropy"),
        (np.eye(3)[LABELS], "categorical_crossentropy"),
    ):
        pair = twins(lambda: classifier(SGD(0.1)))
        for model in pair:
            model.compile(SGD(0.1), loss)
        minigrad.seed(1)
        pair[0].fit(X, y, class_weight=weights, verbose=0, batch_size=20)
        minigrad.seed(1)
        pair[1].fit(X, y, sample_weight=each, verbose=0, batch_size=20)
        assert_equal_weights(*pair)
        both = pair[0].train_on_batch(X, y, class_weight=weights, sample_weight=each)
        assert both == pytest.approx(
            pair[1].train_on_batch(X, y, sample_weight=each * each), rel=1e-5
        )
    model = classifier(SGD(0.0))
    history = model.fit(X, LABELS, class_weight={0: 100.0}, validation_split=0.2, verbose=0)
    assert history.history["val_loss"][0] == pytest.approx(
        model.evaluate(X[40:], LABELS[40:]), rel=1e-6
    )  # training rows alone
    assert history.history["loss"][0] > 5 * history.history["val_loss"][0]


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float64", "list", "tensor"])
def test_kinds_of_inputs(dtype):
    x = rng.integers(0, 3, (20, 4))
    given = x.tolist() if dtype == "list" else Tensor(x) if dtype == "tensor" else x.astype(dtype)
    a, b = twins(regression)
    a.fit(given, Y[:20].tolist() if dtype == "list" else Y[:20], verbose=0, shuffle=False)
    b.fit(x.astype("float32"), Y[:20], verbose=0, shuffle=False)
    assert_equal_weights(a, b)
    np.testing.assert_array_equal(a.predict(given), b.predict(x.astype("float32")))
    assert all(p.dtype == np.float32 for p in a.weights)


@pytest.mark.parametrize("use", ["fit", "evaluate", "predict", "train_on_batch", "__call__"])
@pytest.mark.parametrize(
    "first", [Conv2D(2, 3, input_shape=(6, 6, 1)), Flatten(input_shape=(6, 6, 1))]
)
def test_uint8_images_are_cast_once_and_told_of_once(use, first, monkeypatch):
    images, cast = rng.integers(0, 255, (20, 6, 6, 1)).astype("uint8"), []
    model = Sequential(copy.deepcopy(first), *[Flatten()] * isinstance(first, Conv2D), Dense(1))
    model.compile(SGD(0.0), "mse")
    monkeypatch.setattr(
        type(model), "cast", lambda self, x: cast.append(x.shape) or Layer.cast(self, x)
    )
    arguments = (images,) if use in ("predict", "__call__") else (images, np.zeros(20))
    options = {"batch_size": 4} if use in ("fit", "evaluate", "predict") else {}
    with pytest.warns(
        UserWarning,
        match="uint8 input of shape .* cast to float32 as it is, .* divide by 255 .*to_float",
    ) as told:
        getattr(model, use)(*arguments, **options)
        model.predict(images, batch_size=4)
    assert len(told) == 1
    assert cast == ([images.shape] * 2 if isinstance(first, Conv2D) else []), (
        "whole arrays; behind Flatten the Dense layer casts"
    )


def test_other_integers_are_cast_in_silence():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        regression().fit(rng.integers(0, 3, (20, 4)), Y[:20], verbose=0)
        words = Sequential(Embedding(5, 3), Flatten(), Dense(1))
        words.compile("sgd", "mse")
        words.fit(rng.integers(0, 5, (20, 6)).astype("uint8"), np.zeros(20), verbose=0)
        regression().fit(X, (LABELS[:, None] % 2).astype("uint8"), verbose=0)


@pytest.mark.parametrize("rows, batch_size", [(5, 32), (1, 32), (1, 1), (33, 32)])
def test_few_rows(rows, batch_size):
    model = regression()
    history = model.fit(X[:rows], Y[:rows], batch_size=batch_size, verbose=0)
    assert model.optimizer.t == -(-rows // batch_size) and len(history.epoch) == 1
    assert model.predict(X[:rows]).shape == (rows, 1)


@pytest.mark.parametrize(
    "loss, y",
    [
        ("mse", Y[:, 0]),
        ("mse", Y),
        ("binary_crossentropy", (Y[:, 0] > 0).astype(int)),
        ("binary_crossentropy", Y > 0),
    ],
)
def test_targets_are_aligned_with_outputs(loss, y):
    a, b = twins(
        lambda: regression(
            loss=losses.BinaryCrossentropy(True) if loss.startswith("b") else loss, metrics=["mse"]
        )
    )
    a.fit(X, y, verbose=0, shuffle=False)
    b.fit(X, np.asarray(y, "float32").reshape(-1, 1), verbose=0, shuffle=False)
    assert_equal_weights(a, b)
    assert a.evaluate(X, y) == pytest.approx(
        b.evaluate(X, np.asarray(y, "float32").reshape(-1, 1)), rel=1e-6
    )
    flat = Sequential(Dense(1, input_shape=(4,)), Flatten(), Lambda(lambda x: x[:, 0]))
    flat.compile("sgd", "mse")
    assert flat.evaluate(X, Y) == pytest.approx(flat.evaluate(X, Y[:, 0]), rel=1e-6)


def test_a_strict_device_computes_the_same():
    def run():
        minigrad.seed(2)
        model = Sequential(
            [
                Dense(16, activation="relu", input_shape=(4,)),
                LayerNormalization(),
                Dropout(0.2),
                Residual(Dense(16, activation="tanh")),
                Dense(3, activation="softmax"),
            ]
        )
        model.compile(
            Adam(CosineDecay(0.01, 12), global_clipnorm=1.0),
            "sparse_categorical_crossentropy",
            ["accuracy"],
        )
        history = model.fit(
            X,
            LABELS,
            epochs=3,
            batch_size=16,
            verbose=0,
            validation_split=0.2,
            class_weight={0: 2.0},
        )
        return model, history.history

    host, on_host = run()
    with minigrad.device("strict"):
        strict, on_strict = run()
        assert all(p.device == "strict" for p in strict.weights)
        np.testing.assert_allclose(
            strict.predict(X), host.to("strict").predict(X), rtol=1e-4, atol=1e-5
        )
    assert_equal_weights(host, strict, rtol=0, atol=1e-6)
    for name, values in on_host.items():
        np.testing.assert_allclose(on_strict[name], values, rtol=1e-5)


def test_training_goes_on_after_a_move():
    model, twin = twins(lambda: regression(Adam(0.1)))
    for m in (model, twin):
        m.fit(X, Y, verbose=0, shuffle=False)
    model.to("strict")
    model.fit(X, Y, verbose=0, shuffle=False)
    twin.fit(X, Y, verbose=0, shuffle=False)
    assert {p.device for p in model.weights} == {"strict"}
    assert_equal_weights(model, twin, rtol=1e-5)


def test_copies_train_on_their_own():
    model = classifier()
    model.fit(X, LABELS, verbose=0, shuffle=False)
    twin, before = copy.deepcopy(model), model.get_weights()
    twin.fit(X, LABELS, verbose=0, shuffle=False)
    assert all((a == b).all() for a, b in zip(model.get_weights(), before, strict=True))
    assert all((a != b).any() for a, b in zip(twin.get_weights(), before, strict=True))
    model.fit(X, LABELS, verbose=0, shuffle=False)
    assert_equal_weights(model, twin)


# ---- seeds and going on --------------------------------------------------------------------------------------------


def test_one_seed_one_result(device):
    def run(seed):
        minigrad.seed(seed)
        model = Sequential(
            [
                Dense(8, activation="relu", input_shape=(4,)),
                Dropout(0.3),
                Dense(3, activation="softmax"),
            ]
        )
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(X, LABELS, epochs=3, batch_size=16, verbose=0)
        return model

    a, b, c = run(1), run(1), run(2)
    assert_equal_weights(a, b)
    assert (a.get_weights()[0] != c.get_weights()[0]).any()


RUN = """
import sys
import numpy as np
import minigrad
from minigrad import Sequential
from minigrad.callbacks import ModelCheckpoint
from minigrad.layers import Dense, Dropout, LayerNormalization
from minigrad.optimizers import Adam
from minigrad.optimizers.schedules import CosineDecay

folder, seed, start = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rng = np.random.default_rng(0)
x, y = rng.standard_normal((45, 4)), rng.integers(0, 3, 45)
minigrad.seed(seed)
model = Sequential([Dense(8, activation="relu", input_shape=(4,)), LayerNormalization(), Dropout(0.4),
                    Dense(3, activation="softmax")])
model.compile(Adam(CosineDecay(0.05, 25), amsgrad=True), "sparse_categorical_crossentropy", metrics=["accuracy"])
if start:
    assert model.load(f"{folder}/{start}.safetensors") == start
history = model.fit(x, y, batch_size=10, epochs=6, initial_epoch=start, validation_split=0.1, verbose=0,
                    callbacks=[ModelCheckpoint(folder + "/{epoch}.safetensors")] if not start else [])
model.save(f"{folder}/end{start}.safetensors", epoch=6)
print(history.history["loss"][-1], history.history["val_accuracy"][-1])
"""


def test_a_run_resumed_in_a_fresh_process_continues_bit_for_bit(tmp_path):
    def run(seed, start):
        done = subprocess.run(
            [sys.executable, "-c", RUN, str(tmp_path), str(seed), str(start)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout, (tmp_path / f"end{start}.safetensors").read_bytes()

    whole, end = run(1, 0)
    resumed, same_end = run(77, 4)
    assert resumed == whole and same_end == end  # weights, optimizer state and generator
    assert (tmp_path / "4.safetensors").read_bytes() != end


# ---- what compile fixes --------------------------------------------------------------------------------------------


def gan():
    generator = Sequential([Dense(6, input_dim=3), LeakyReLU(0.2), Dense(4, activation="tanh")])
    discriminator = Sequential(
        [Dense(5, input_dim=4), LeakyReLU(0.2), Dense(1, activation="sigmoid")]
    )
    discriminator.compile(optimizer=Adam(0.01), loss="binary_crossentropy", metrics=["accuracy"])
    discriminator.trainable = False
    stacked = Sequential([generator, discriminator])
    stacked.compile(optimizer=Adam(0.01), loss="binary_crossentropy")
    return generator, discriminator, stacked


def test_freezing_after_compile_is_the_gan_recipe():
    """Discriminator compiled, then frozen inside the stacked model: it learns by its own steps, and only by them."""
    generator, discriminator, stacked = gan()
    noise, real = rng.standard_normal((8, 3)), X[:8]
    assert discriminator.trainable_weights == [] and len(stacked.trainable_weights) == 4
    for _ in range(3):
        g, d = generator.get_weights(), discriminator.get_weights()
        rows = np.concatenate([real, generator.predict(noise)])
        loss, accuracy = discriminator.train_on_batch(rows, np.repeat([1, 0], 8))
        assert 0 <= accuracy <= 1 and loss > 0
        assert all((a != b).any() for a, b in zip(discriminator.get_weights(), d, strict=True))
        assert all((a == b).all() for a, b in zip(generator.get_weights(), g, strict=True))
        d = discriminator.get_weights()
        assert type(stacked.train_on_batch(noise, np.ones(8))) is float
        assert all((a == b).all() for a, b in zip(discriminator.get_weights(), d, strict=True))
        assert all((a != b).any() for a, b in zip(generator.get_weights(), g, strict=True))
    twin, _, pair = copy.deepcopy((generator, discriminator, stacked))
    d = pair.layers[1].get_weights()
    pair.train_on_batch(noise, np.ones(8))
    assert (
        all((a == b).all() for a, b in zip(pair.layers[1].get_weights(), d, strict=True))
        and twin is pair.layers[0]
    )
    discriminator.compile("sgd", "binary_crossentropy")  # only a new compile sees that it is frozen
    with pytest.raises(ValueError, match="no parameters to train: is every layer frozen"):
        discriminator.train_on_batch(real, np.ones(8))


def test_batch_normalization_in_a_discriminator_follows_compile():
    """In its own steps it learns with the statistics of the batch; in those of the stacked model its statistics stand still."""
    discriminator = Sequential(
        BatchNormalization(momentum=0.9, input_shape=(4,)), Dense(1, activation="sigmoid")
    )
    discriminator.compile("sgd", "binary_crossentropy")
    discriminator.trainable = False
    generator = Sequential(Dense(4, input_shape=(3,)), BatchNormalization())
    stacked = Sequential([generator, discriminator])
    stacked.compile("sgd", "binary_crossentropy")
    twin = copy.deepcopy(discriminator)
    twin.trainable = True  # no new compile: steps as before
    norm, noise, ones = discriminator.layers[0], rng.standard_normal((50, 3)), np.ones(50)
    for step in (
        discriminator.train_on_batch,
        lambda x, y: discriminator.fit(x, y, verbose=0, batch_size=50).history["loss"][0],
    ):
        running = norm.moving_mean.numpy().copy()
        loss = step(5 * X, ones)
        np.testing.assert_allclose(
            norm.moving_mean.numpy(), 0.9 * running + 0.5 * X.mean(0), rtol=1e-4
        )
        assert loss == pytest.approx(twin.train_on_batch(5 * X, ones))
    for a, b in zip(discriminator.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)
    before, moved = norm.get_weights(), generator.layers[1].moving_mean.numpy().copy()
    with training():
        fakes = copy.deepcopy(generator)(noise)
    loss = stacked.train_on_batch(noise, ones)
    assert loss == pytest.approx(float(-ops.log(discriminator(fakes)).mean()), rel=1e-5)
    assert all((a == b).all() for a, b in zip(norm.get_weights(), before, strict=True))
    assert (generator.layers[1].moving_mean.numpy() != moved).all()


def test_freezing_before_compile():
    model = classifier()
    model.layers[0].trainable = False
    before = model.get_weights()
    model.train_on_batch(X, LABELS)  # compiled before: still trained
    assert (model.get_weights()[0] != before[0]).any()
    model.compile("sgd", "sparse_categorical_crossentropy")
    before = model.get_weights()
    model.layers[0].trainable = True
    model.train_on_batch(X, LABELS)
    after = model.get_weights()
    assert (after[0] == before[0]).all() and (after[2] != before[2]).any()


def test_layers_added_after_training_are_trained():
    model = Sequential(Dense(4, input_shape=(4,)))
    model.compile(SGD(0.1), "mse")
    model.fit(X, X, verbose=0)
    model.add(Dense(1))
    before = model.get_weights()
    model.fit(X, Y, verbose=0)
    assert all((a != b).any() for a, b in zip(model.get_weights(), before, strict=True))
    assert model.pop().units == 1 and model.predict(X).shape == (50, 4)
    model.fit(X, X, verbose=0)


def test_all_frozen():
    model = classifier()
    model.trainable = False
    model.compile("sgd", "sparse_categorical_crossentropy")
    assert model.evaluate(X, LABELS) > 0
    before = model.get_weights()
    with pytest.raises(ValueError, match="sgd has no parameters to train: is every layer frozen"):
        model.fit(X, LABELS, verbose=0)
    assert all((a == b).all() for a, b in zip(model.get_weights(), before, strict=True))


# ---- own steps -----------------------------------------------------------------------------------------------------


class Custom(Model):
    """Trains by itself, and logs what it likes."""

    def __init__(self):
        super().__init__()
        self.inner = Dense(1)

    def call(self, x):
        return self.inner(x)

    def train_step(self, data):
        x, y = data
        with training():
            loss = ops.mean(ops.square(self(x) - y))
        self.optimizer.apply(grad(loss, self.weights), self.weights)
        return {"loss": loss, "rows": len(x), "first": x[0, 0]}


def test_an_own_train_step():
    model = Custom()
    model.compile(optimizer=SGD(0.1))
    history = model.fit(X, Y, batch_size=16, epochs=4, verbose=0, shuffle=False)
    assert list(history.history) == ["loss", "rows", "first"]
    assert history.history["rows"][0] == pytest.approx((3 * 16 * 16 + 2 * 2) / 50)
    assert history.history["first"][0] == pytest.approx(
        (16 * (X[0, 0] + X[16, 0] + X[32, 0]) + 2 * X[48, 0]) / 50, rel=1e-5
    )
    assert history.history["loss"][-1] < history.history["loss"][0] / 2
    assert model.train_on_batch(X, Y, return_dict=True)["rows"] == 50
    with pytest.raises(
        ValueError, match="compile was given no loss: name one, or override train_step"
    ):
        model.fit(X, Y, validation_split=0.2, verbose=0)


def test_steps_without_targets():
    class Alone(Model):
        def __init__(self):
            super().__init__()
            self.inner = Dense(4)

        def call(self, x):
            return self.inner(x)

        def train_step(self, x):
            assert isinstance(x, np.ndarray)
            loss = ops.mean(ops.square(self(x) - x))
            self.optimizer.apply(grad(loss, self.weights), self.weights)
            return {"reconstruction": loss}

        def test_step(self, x):
            return {"distance": ops.mean(abs(self(x) - x))}

    model = Alone()
    model.compile("adam")
    history = model.fit(X, verbose=0, epochs=2, validation_data=(X[:10],))
    assert list(history.history) == ["reconstruction", "val_distance"]
    assert model.evaluate(X) == pytest.approx(abs(model.predict(X) - X).mean(), rel=1e-5)
    assert type(model.train_on_batch(X)) is float


def test_a_step_must_return_a_dict():
    model = Custom()
    model.compile("sgd")
    model.train_step = lambda data: None
    with pytest.raises(TypeError, match="a step must return a dict of values to log"):
        model.fit(X, Y, verbose=0)


# ---- what is refused -----------------------------------------------------------------------------------------------


def holes(a, *rows):
    a = a.copy()
    a[list(rows)] = np.nan
    return a


@pytest.mark.parametrize(
    "give, error, words",
    [
        (
            lambda m: m.fit(holes(X, 7, 9), Y, verbose=0),
            ValueError,
            "x holds NaN or infinity in 2 of 50 rows, the first at row 7",
        ),
        (
            lambda m: m.fit(X, holes(Y, 3), verbose=0),
            ValueError,
            "y holds NaN or infinity in 1 of 50 rows, the first at row 3",
        ),
        (
            lambda m: m.fit(X * np.inf, Y, verbose=0),
            ValueError,
            "50 of 50 rows, the first at row 0",
        ),
        (
            lambda m: m.fit(X, Y, verbose=0, validation_data=(holes(X, 4), Y)),
            ValueError,
            "validation x holds NaN .* row 4",
        ),
        (
            lambda m: m.fit(X, Y, verbose=0, validation_data=X),
            ValueError,
            r"validation_data must be \(x, y\)",
        ),
        (lambda m: m.fit(X, Y[:49], verbose=0), ValueError, "y has 49 rows, x has 50"),
        (
            lambda m: m.fit(X, Y, sample_weight=np.ones(3), verbose=0),
            ValueError,
            "sample_weight has 3 rows, x has 50",
        ),
        (
            lambda m: m.fit(X, Y, verbose=0, validation_data=(X, Y[:2])),
            ValueError,
            "validation y has 2 rows, validation x has 50",
        ),
        (
            lambda m: m.fit(3.0, Y),
            ValueError,
            "x is a single number: expected an array whose first axis counts the rows",
        ),
        (lambda m: m.fit(X, 1), ValueError, "y is a single number"),
        (lambda m: m.fit(X[:0], Y[:0]), ValueError, "holds no rows"),
        (lambda m: m.predict(np.zeros((0, 4))), ValueError, "holds no rows"),
        (lambda m: m.fit(X, verbose=0), ValueError, "no targets y"),
        (
            lambda m: m.fit(X, class_weight={0: 1.0}, verbose=0),
            ValueError,
            "class_weight needs targets y",
        ),
        (
            lambda m: m.fit(X, sample_weight=np.ones(50), verbose=0),
            ValueError,
            "sample_weight needs y beside it",
        ),
        (
            lambda m: m.fit(X, Y, batch_size=0, verbose=0),
            ValueError,
            "batch size must be a positive integer",
        ),
        (
            lambda m: m.fit(X, Y, batch_size=64, drop_last=True, verbose=0),
            ValueError,
            "50 rows make no batch of 64",
        ),
        (
            lambda m: m.fit(X, Y, validation_split=1.0, verbose=0),
            ValueError,
            "fraction must lie between 0 and 1",
        ),
        (
            lambda m: m.fit(X, Y, validation_split=0.999, verbose=0),
            ValueError,
            "leaves none to train on",
        ),
        (lambda m: m.fit(["a", "b"], [1, 2]), TypeError, "expected numbers"),
        (lambda m: m.fit([[1, 2], [3]], [1, 2]), ValueError, "equal length"),
        (
            lambda m: m.fit(X[:, :3], Y, verbose=0),
            ValueError,
            "layer sequential/dense: Dense was built for 4 features",
        ),
        (
            lambda m: m.fit(X, np.zeros((50, 2)), verbose=0),
            ValueError,
            r"y_true has shape \(32, 2\), y_pred \(32, 1\)",
        ),
        (lambda m: m.train_on_batch(X, holes(Y, 3)), ValueError, "row 3"),
        (lambda m: m.evaluate(X, Y[:3]), ValueError, "y has 3 rows"),
        (lambda m: m.predict(holes(X, 1)), ValueError, "x holds NaN"),
    ],
)
def test_bad_data(give, error, words):
    model = regression()
    before = model.get_weights()
    with pytest.raises(error, match=words):
        give(model)
    assert all((a == b).all() for a, b in zip(model.get_weights(), before, strict=True))
    model.fit(X, Y, verbose=0)


@pytest.mark.parametrize(
    "labels, error, words",
    [
        (np.full(50, 3), IndexError, "labels run from 3 to 3, but 3 classes"),
        (LABELS - 1, IndexError, "from -1"),
        (LABELS * 1.0, TypeError, "must be integers"),
    ],
)
def test_bad_labels(labels, error, words, device):
    with pytest.raises(error, match=words):
        classifier().fit(X, labels, verbose=0)


@pytest.mark.parametrize("use", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_uncompiled(use):
    model = Sequential(Dense(1, input_shape=(4,)))
    with pytest.raises(ValueError, match=f"{use} needs a compiled model: call compile"):
        getattr(model, use)(X, Y)
    assert model.predict(X).shape == (50, 1) and model.metrics_names == ["loss"]
    with pytest.raises(ValueError, match="needs a compiled model"):
        model.trained()


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"optimizer": "adma", "loss": "mse"}, "unknown optimizer 'adma': did you mean 'adam'"),
        (
            {"loss": "mean_square_error"},
            "unknown loss 'mean_square_error': did you mean 'mean_squared_error'",
        ),
        (
            {"loss": "mse", "metrics": ["acuracy"]},
            "unknown metric 'acuracy': did you mean 'accuracy'",
        ),
    ],
)
def test_unknown_names(arguments, words):
    model = regression(metrics=["mae"])
    with pytest.raises(ValueError, match=words):
        model.compile(**arguments)
    assert model.metrics_names == ["loss", "mae"] and model.evaluate(
        X, Y
    )  # what was compiled before stays


def test_an_interrupted_fit_leaves_a_model_that_works():
    class Interrupt(Callback):
        def on_train_batch_end(self, batch, logs):
            raise KeyboardInterrupt

    model = regression()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, verbose=0, callbacks=[Interrupt()])
    assert not minigrad.is_training()
    model.fit(X, Y, verbose=0)


# ---- Sequential and summary ----------------------------------------------------------------------------------------


def test_summary(capsys):
    minigrad.seed(0)
    model = Sequential(
        [
            Dense(20, activation="relu", input_shape=(10,)),
            Dense(15, activation="relu"),
            Dense(1, activation="sigmoid"),
        ],
        name="fnn",
    )
    text = model.summary()
    assert capsys.readouterr().out == text + "\n"
    assert text.splitlines() == [
        "Sequential fnn",
        "layer            output shape  parameters",
        "-----------------------------------------",
        "dense (Dense)    (None, 20)           220",
        "dense_1 (Dense)  (None, 15)           315",
        "dense_2 (Dense)  (None, 1)             16",
        "-----------------------------------------",
        "551 parameters, 551 trainable, 0 not",
    ]
    model.layers[1].trainable = False
    assert "551 parameters, 236 trainable, 315 not" in model.summary()
    with pytest.raises(ValueError, match="summary needs a built model"):
        Sequential(Dense(3)).summary()
    shared = Dense(4, input_shape=(4,))
    assert (
        Sequential(shared, Lambda(abs), shared)
        .summary()
        .endswith("20 parameters, 20 trainable, 0 not")
    )


def test_a_script_written_for_keras():
    model = Sequential()
    model.add(Dense(16, input_dim=4, activation="relu", kernel_initializer="he_normal"))
    model.add(Dropout(0.1))
    model.add(Dense(8))
    model.add(Activation("relu"))
    model.add(Dense(3))
    model.add(Softmax())
    model.compile(
        loss="sparse_categorical_crossentropy",
        optimizer="adam",
        metrics=["accuracy", SparseCategoricalAccuracy(name="again")],
    )
    history = model.fit(X, LABELS, epochs=300, batch_size=10, verbose=0, validation_split=0.1)
    loss, accuracy, again = model.evaluate(X, LABELS, verbose=0)
    assert accuracy > 0.9 and again == pytest.approx(accuracy) and loss < 0.5
    assert set(history.history) == {
        "loss",
        "accuracy",
        "again",
        "val_loss",
        "val_accuracy",
        "val_again",
    }
    assert (model.predict(X).argmax(axis=1) == LABELS).mean() == pytest.approx(accuracy)
    other = Sequential([Dense(1, input_shape=(4,))])
    other.compile(optimizer=Adam(learning_rate=0.05), loss=losses.MeanSquaredError, metrics="mae")
    other.fit(X, Y, epochs=150, verbose=0)
    assert other.evaluate(X, Y, verbose=0)[1] < 0.05


def test_models_are_layers():
    class Net(Model):
        def __init__(self):
            super().__init__()
            self.trunk = Sequential(Dense(4, activation="tanh"), Dense(4))
            self.scale = Parameter(np.ones(4))
            self.head = Dense(1)

        def call(self, x):
            return self.head(self.trunk(x) * self.scale)

    model = Net()
    model.compile(SGD(0.05), "mse", metrics=["mae"])
    assert model.fit(X, Y, epochs=30, verbose=0).history["loss"][-1] < 1
    assert list(model.named_weights()) == [
        "scale",
        "trunk/dense/kernel",
        "trunk/dense/bias",
        "trunk/dense_1/kernel",
        "trunk/dense_1/bias",
        "head/kernel",
        "head/bias",
    ]
    assert "trunk (Sequential)" in model.summary() and model.count_params() == 20 + 20 + 4 + 5

    class Bare(Model):  # without super().__init__()
        def __init__(self):
            self.head = Dense(1)

        def call(self, x):
            return self.head(x)

    bare = Bare()
    bare.compile("sgd", "mse")
    bare.fit(X, Y, verbose=0)


def test_float64_throughout():
    with minigrad.default_dtype("float64"):
        model = regression(Adam(0.01))
        model.fit(X.astype("float64"), Y, verbose=0)
        assert (
            all(p.dtype == np.float64 for p in model.weights)
            and model.predict(X).dtype == np.float64
        )


def test_fit_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classifier(metrics=["accuracy"]).fit(X, LABELS, verbose=0, validation_split=0.2)
