"""Model: compile, fit, evaluate, predict against plain loops; what compile fixes."""

import copy
import warnings

import numpy as np
import pytest

import minigrad
import models
from minigrad import (
    Model,
    Parameter,
    Sequential,
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
from minigrad.metrics import SparseCategoricalAccuracy
from minigrad.optimizers.adam import Adam
from minigrad.optimizers.schedules import CosineDecay
from minigrad.optimizers.sgd import SGD

from ..cases import MODELS
from .helpers import LABELS, X, Y, assert_equal_weights, classifier, regression, twins

rng = np.random.default_rng(1)


def test_no_model_escapes_the_registry():
    """test_check.py checks all gradients in it; studies train models of others, or small ones."""
    assert set(models.NAMES) - set(models.SECTIONS["study"]) <= set(MODELS)


# ---- against plain loops -------------------------------------------------------------------------


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
    # one number
    assert regression().evaluate(X, Y) == pytest.approx(
        regression().evaluate(X, Y, verbose=1), rel=10
    )
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
    # metrics begin anew with each call
    assert again.keys() == {"loss", "mae"} and again["mae"] < mae
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
    plain_model = regression()
    plain_model.set_weights([np.ones((4, 1)), np.full(1, 2.0)])
    plain_model.train_on_batch(X, Y)
    np.testing.assert_allclose(
        plain_model.get_weights()[0] - model.get_weights()[0], 0.01 * 0.02, rtol=1e-3
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


# ---- data and devices ----------------------------------------------------------------------------


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
            metrics=["accuracy"],
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

    with minigrad.use_kernels(False):  # those of the CPU alone round otherwise
        host, on_host = run()
        with minigrad.device("strict"):
            strict, on_strict = run()
    with minigrad.device("strict"):
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


# ---- what compile fixes --------------------------------------------------------------------------


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
    """Discriminator compiled, then frozen in the stacked model: only its own steps train it."""
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
    """Its own steps use and move its statistics; those of the stacked model do neither."""
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


# ---- own steps -----------------------------------------------------------------------------------


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


# ---- what is refused -----------------------------------------------------------------------------


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
        ({"optimizer": "adm", "loss": "mse"}, "unknown optimizer 'adm': did you mean 'adam'"),
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
    # what was compiled before stays
    assert model.metrics_names == ["loss", "mae"] and model.evaluate(X, Y)


# ---- scripts and layers --------------------------------------------------------------------------


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


def test_models_are_layers(capsys):
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
    model.summary()
    assert "trunk (Sequential)" in capsys.readouterr().out
    assert model.count_params() == 20 + 20 + 4 + 5

    class NoInit(Model):  # without super().__init__()
        def __init__(self):
            self.head = Dense(1)

        def call(self, x):
            return self.head(x)

    plain_model = NoInit()
    plain_model.compile("sgd", "mse")
    plain_model.fit(X, Y, verbose=0)


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


# ---- losses and metrics that go together ---------------------------------------------------------


def separable():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 2)).astype(np.float32)
    return x, (x.sum(1) > 0).astype(int)


NAMES = ["accuracy", "precision", "recall", "f1", "auc"]


@pytest.mark.parametrize("activation", [None, "sigmoid"])
def test_metrics_by_name_beside_a_loss_on_logits(activation):
    x, y = separable()
    model = Sequential([Dense(1, activation=activation)])
    loss = minigrad.losses.BinaryCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=NAMES)
    model(x)
    model.set_weights([np.array([[5.0], [5.0]]), np.array([0.0])])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        results = model.evaluate(x, y, return_dict=True)
    assert [results[name] for name in NAMES] == [1.0] * 5
    assert len(caught) == (activation is not None)


@pytest.mark.parametrize("loss", ["hinge", "squared_hinge"])
@pytest.mark.parametrize("labels", ["-1 1", "0 1"])
def test_metrics_by_name_beside_hinge(loss, labels):
    x, y = separable()
    model = Sequential([Dense(1)])
    model.compile("sgd", loss, metrics=NAMES)
    model(x)
    model.set_weights([np.array([[5.0], [5.0]]), np.array([0.0])])
    results = model.evaluate(x, 2 * y - 1 if labels == "-1 1" else y, return_dict=True)
    assert [results[name] for name in NAMES] == [1.0] * 5


def test_class_numbers_are_no_bits():
    model = Sequential([Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    before = None
    for call in (model.fit, model.train_on_batch, model.evaluate):
        with pytest.raises(ValueError, match='0 to 9: class numbers belong to the loss "sparse_'):
            call(np.ones((10, 2)), np.arange(10))
        before = before or model.get_weights()
        assert all((a == b).all() for a, b in zip(model.get_weights(), before, strict=True))


def test_a_linear_output_is_warned_of_once():
    x, y = separable()
    model = Sequential([Dense(2)])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        model.fit(10 * x, y, epochs=3, verbose=0)
    assert ["from_logits=True" in str(w.message) for w in caught] == [True]


def test_a_metric_of_many_numbers_says_what_to_write():
    x, y = separable()
    model = Sequential([Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=[minigrad.metrics.F1Score()])
    with pytest.raises(ValueError, match=r"f1_score has a result of shape \(2,\).*average='macro'"):
        model.train_on_batch(x, y)


def test_all_targets_of_a_fit_are_looked_at():
    """A wrong target in a late batch is found before the first step; in steps only the first is."""
    y = np.zeros(100)
    y[-1] = 7
    model = Sequential([Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    with pytest.raises(ValueError, match="0 to 7: class numbers"):
        model.fit(np.ones((100, 2)), y, shuffle=False, verbose=0)
    assert model.optimizer.t == 0
    model.train_on_batch(np.ones((2, 2)), [0, 1])
    model.train_on_batch(np.ones((2, 2)), [0, 1])
    with pytest.raises(ValueError, match="0 to 7: class numbers"):
        model.evaluate(np.ones((100, 2)), y)


def test_targets_of_padding_may_hold_anything():
    x = np.array([[1, 2, 0], [3, 0, 0], [2, 1, 3]])
    bits = np.array([[0, 1, 40], [1, 40, 40], [1, 0, 1]])
    for loss, y, width, activation in (
        ("binary_crossentropy", bits[..., None], 1, "sigmoid"),
        ("hinge", bits[..., None], 1, None),
        ("sparse_categorical_crossentropy", bits, 2, "softmax"),
    ):
        layers = [Embedding(4, 5, mask_zero=True), Dense(width, activation=activation)]
        model = Sequential(layers)
        names = ["accuracy", "precision", "f1", loss]
        model.compile("sgd", loss, metrics=names, weighted_metrics=["accuracy"])
        model.fit(x, y, epochs=2, verbose=0)
        results = model.evaluate(x, y, return_dict=True)
        assert results[loss] == pytest.approx(results["loss"], rel=1e-5)
        assert results["weighted_accuracy"] == results["accuracy"] <= 1


def test_masked_steps_do_not_count_in_a_mean_by_weight():
    rng = np.random.default_rng(0)
    t, p = rng.standard_normal((2, 3, 4, 2))
    w, mask = rng.uniform(size=3), np.array([[1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 1, 1]], bool)
    each = ((t - p) ** 2).mean(-1)
    y = minigrad.Tensor(p)
    y.mask = mask
    for reduction, divisor in (
        ("mean", mask.sum()),
        ("mean_with_sample_weight", (mask * w[:, None]).sum()),
        ("sum", 1),
    ):
        loss = minigrad.losses.MeanSquaredError(reduction)(t, y, w)
        assert loss.item() == pytest.approx((each * mask * w[:, None]).sum() / divisor, rel=1e-5)


def test_a_loss_needs_targets_and_a_name():
    model = regression()
    model.compile("sgd")
    with pytest.raises(ValueError, match="compile was given no loss: name one, or override"):
        model.compute_loss(X, Y, model(X))
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"no targets y .*write fit\(x, y\)"):
        model.compute_loss(X, None, model(X))
