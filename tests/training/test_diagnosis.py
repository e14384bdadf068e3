"""What a training step says when the loss is cut off from the parameters, or diverges."""

import math
import warnings

import numpy as np
import pytest

import minigrad
from minigrad import Model, Sequential, Tensor, no_grad, ops, optimizers
from minigrad.backend import to_cpu
from minigrad.layers import Dense, Dropout
from minigrad.optimizers.adam import Adam, AdamW
from minigrad.optimizers.sgd import SGD

from .helpers import X, Y, assert_equal_weights, regression, twins


class Called(Model):
    """A model whose `call` is a function of its layers."""

    def __init__(self, function, **layer):
        super().__init__()
        self.function = function
        self.a = Dense(8, activation="tanh", **layer)
        self.b = Dense(1, **layer)

    def call(self, x):
        return self.function(self, x)


def compiled(function, optimizer="adam", loss="mse", **layer):
    model = Called(function, **layer)
    model.compile(optimizer, loss)
    return model


def plain(model, x):
    return model.b(model.a(x))


def without_graph(model, x):
    with no_grad():
        return model.b(model.a(x))


# ---- no parameter is reached ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "loss, words",
    [
        (
            lambda t, p: ((Tensor(p.data) - t) ** 2).mean(),
            r"in the loss <lambda>, the result of linear left the graph .* before subtract at .*py:",
        ),
        (lambda t, p: ((Tensor(p.numpy()) - t) ** 2).mean(), "the result of linear left the graph"),
        (lambda t, p: ((p.detach() - t) ** 2).mean(), "the result of linear left the graph"),
        (lambda t, p: Tensor(np.tanh(p.numpy()) - t).mean(), "in the loss <lambda>, values left"),
        (lambda t, p: np.mean((p.numpy() - t) ** 2), "in the loss <lambda>, values left the graph"),
        (lambda t, p: float(((p - t) ** 2).mean()), "in the loss <lambda>, values left the graph"),
        (lambda t, p: ((ops.rint(p) - t) ** 2).mean(), r"rint at .*py:\d+ has no gradient"),
        (lambda t, p: ops.sqrt(abs(ops.floor(p) - t)).mean(), r"floor at .*py:\d+ has no gradient"),
        (lambda t, p: ops.mean((p > 0) * 1.0 - t), r"at .*py:\d+ has no gradient"),
        (lambda t, p: Tensor(1.0), "in the loss <lambda>, values left the graph"),
    ],
)
@pytest.mark.parametrize("layer", [{}, {"kernel_regularizer": "l2"}], ids=["plain", "penalty"])
def test_a_loss_that_is_cut_off(loss, words, layer):
    model = compiled(plain, loss=loss, **layer)
    model(X)
    before = model.get_weights()
    with pytest.raises(ValueError, match="the loss reaches no parameter.*" + words):
        model.fit(X, Y, verbose=0)
    with pytest.raises(ValueError, match="the loss reaches no parameter.*" + words):
        model.train_on_batch(X, Y)
    assert all((a == b).all() for a, b in zip(model.get_weights(), before, strict=True))
    assert model.optimizer.t == 0 and not minigrad.is_training()
    assert math.isfinite(model.evaluate(X, Y))


@pytest.mark.parametrize(
    "function, words",
    [
        (without_graph, r"in the model, linear at .*test_diagnosis\.py:\d+ ran under no_grad"),
        (lambda m, x: ops.rint(plain(m, x)), r"in the model, rint at .*py:\d+ has no gradient"),
        (
            lambda m, x: Tensor(plain(m, x).data),
            "in the model, the result of linear left the graph",
        ),
        (lambda m, x: Tensor(plain(m, x).numpy() + 1), "in the model, values left the graph"),
        (
            lambda m, x: 2 * plain(m, x).detach(),
            r"the result of linear .* before multiply at .*py:",
        ),
    ],
)
def test_a_model_that_is_cut_off(function, words):
    model = compiled(function, kernel_regularizer="l2")
    with pytest.raises(ValueError, match=words):
        model.fit(X, Y, verbose=0)
    assert model.optimizer.t == 0


def test_a_loss_of_tensors_is_not_accused():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = compiled(plain, loss=lambda t, p: ops.mean(ops.square(p - t)))
        model.fit(X, Y, verbose=0)
        model.evaluate(X, Y)


# ---- some parameters are not reached -------------------------------------------------------------

OPTIMIZERS = {
    "sgd": lambda: SGD(0.1, momentum=0.9, weight_decay=0.1),
    "nesterov": lambda: SGD(0.1, momentum=0.9, nesterov=True, clipnorm=0.5),
    "adam": lambda: Adam(0.05, global_clipnorm=0.5),
    "amsgrad": lambda: Adam(0.05, amsgrad=True),
    "adamw": lambda: AdamW(0.05, weight_decay=0.3, clipvalue=0.1),
    "rmsprop": lambda: optimizers.RMSprop(0.05, momentum=0.9, centered=True),
    "adagrad": lambda: optimizers.Adagrad(0.05, weight_decay=0.3),
}


class Branches(Model):
    """Two branches, one of which can be switched off."""

    def __init__(self, width=4):
        super().__init__()
        self.left = Dense(1)
        self.middle = Dense(width)
        self.right = Dense(1)
        self.is_on = True

    def call(self, x):
        return self.left(x) + self.right(self.middle(x)) if self.is_on else self.left(x)


def slots_of(model, layer):
    state = zip(model.optimizer.parameters, model.optimizer.state(), strict=True)
    chosen = {id(p) for p in layer.weights}
    return [to_cpu(a).copy() for p, slots in state if id(p) in chosen for a in slots]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_branch_that_is_switched_off_stays_as_it_is(name, device):
    model = Branches()
    model.compile(OPTIMIZERS[name](), "mse")
    model.fit(X, Y, epochs=2, verbose=0)
    model.is_on = False
    kept, slots = model.right.get_weights(), slots_of(model, model.right)
    moved = model.left.get_weights()
    with pytest.warns(UserWarning, match="the loss does not reach 4 of 6 parameters") as told:
        model.fit(X, Y, epochs=3, verbose=0)
    assert len(told) == 1
    assert ": middle/kernel, middle/bias, right/kernel, right/bias." in str(told[0].message)
    for a, b in zip(kept + slots, model.right.get_weights() + slots_of(model, model.right)):
        np.testing.assert_array_equal(a, b)
    assert (model.left.get_weights()[0] != moved[0]).any()
    model.is_on = True
    model.fit(X, Y, verbose=0)
    assert (model.right.get_weights()[0] != kept[0]).any()


def test_a_branch_that_comes_and_goes_trains_as_by_hand():
    """Parameters pause and go on as the optimizer does with None; one seed, the same bits."""

    def make():
        model = Branches(width=70_000)  # over several blocks of the optimizer
        model.compile(AdamW(0.01, global_clipnorm=1.0), "mse")
        model(X)
        return model

    model, again, twin = twins(make, 3)
    pattern = [True, False, True, True, False, False, True]
    for one in (model, again):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for one.is_on in pattern:
                one.train_on_batch(X, Y)
    optimizer = AdamW(0.01, global_clipnorm=1.0)
    for twin.is_on in pattern:
        loss = ops.mean_squared_error(twin(X), Y)
        used = twin.weights if twin.is_on else twin.left.weights
        optimizer.apply(minigrad.grad(loss, used), used)
    assert_equal_weights(model, again)
    assert_equal_weights(model, twin, rtol=1e-6, atol=1e-7)


def test_each_parameter_is_told_of_once():
    model = Branches()
    model.compile("sgd", "mse")
    model(X)
    model.is_on = False
    with pytest.warns(UserWarning, match="does not reach 4 of 6"):
        model.train_on_batch(X, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.train_on_batch(X, Y)
        model.fit(X, Y, epochs=2, verbose=0)
    model.compile("sgd", "mse")  # a new model to the user
    with pytest.warns(UserWarning, match="does not reach 4 of 6"):
        model.train_on_batch(X, Y)


@pytest.mark.parametrize(
    "cut", [lambda h: Tensor(h.numpy()), lambda h: h.detach(), lambda h: ops.rint(h)]
)
def test_half_of_a_model_that_is_cut_off(cut):
    model = compiled(lambda m, x: m.b(cut(m.a(x))), AdamW(0.1, weight_decay=0.5))
    model(X)
    kept = model.a.get_weights()
    with pytest.warns(UserWarning, match="does not reach 2 of 4 parameters.*: a/kernel, a/bias"):
        model.fit(X, Y, epochs=2, verbose=0)
    assert all((a == b).all() for a, b in zip(model.a.get_weights(), kept, strict=True))
    assert (model.b.get_weights()[0] != 0).any()


def test_a_penalty_is_a_loss_that_reaches_its_parameter():
    """As in Keras: the kernel of a branch that is off shrinks by its own penalty, its bias stays."""
    model = Branches()
    model.right = Dense(1, kernel_regularizer="l2", bias_initializer="ones")
    model.compile(SGD(0.1), "mse")
    model(X)
    model.is_on = False
    kernel, bias = model.right.get_weights()
    with pytest.warns(UserWarning, match="does not reach 3 of 6"):
        model.train_on_batch(X, Y)
    np.testing.assert_allclose(model.right.get_weights()[0], kernel * (1 - 0.1 * 0.02), rtol=1e-6)
    np.testing.assert_array_equal(model.right.get_weights()[1], bias)


def test_shared_layers_get_the_sum_of_their_gradients():
    def shared(model, x):
        return model.b(model.a(x)) + model.b(model.a(-x))

    def make():
        model = compiled(shared, SGD(0.1))
        model(X)
        return model

    model, twin = twins(make)
    model.train_on_batch(X, Y)
    loss = ops.mean_squared_error(twin(X), Y)
    SGD(0.1).apply(minigrad.grad(loss, twin.weights), twin.weights)
    assert_equal_weights(model, twin, rtol=1e-6)


def test_an_own_step_is_told_the_name_of_the_parameter():
    model = Branches()
    model(X)
    model.is_on = False
    with pytest.raises(ValueError, match=r"does not depend on xs\[2\] \(kernel\) of shape"):
        minigrad.grad(model(X).sum(), model.weights)


# ---- divergence ----------------------------------------------------------------------------------


def deep(optimizer, *layers):
    model = Sequential(Dense(8, name="first", input_shape=(4,)), *layers, Dense(1, name="last"))
    model.compile(optimizer, "mse")
    return model


def told_of_divergence(model, x, y, **options):
    with pytest.warns(UserWarning, match="training diverges") as told, np.errstate(all="ignore"):
        model.fit(x, y, verbose=0, **options)
    (message,) = [str(w.message) for w in told if "diverges" in str(w.message)]
    return message


def test_a_diverging_fit_says_so_once():
    message = told_of_divergence(deep(SGD(50.0)), 10 * X, Y, epochs=30, batch_size=10)
    assert "the loss is inf in epoch " in message or "the loss is nan in epoch " in message
    for advice in ("lower learning rate (now 50.0)", "clipnorm=1.0", "scaled", "detect_anomaly"):
        assert advice in message


@pytest.mark.parametrize("place", ["first", "second", "last"])
def test_the_layer_of_the_first_infinity_is_named(place):
    model = deep(SGD(0.0), Dense(8, name="second"))
    for layer in model.layers:
        layer.kernel.assign(np.ones(layer.kernel.shape))
        if layer.name == place:  # both factors fit float32, their product does not
            layer.kernel.assign(np.full(layer.kernel.shape, 1e38))
    message = told_of_divergence(model, 100 + X, Y, batch_size=10)
    assert f"in epoch 1, batch 1; layer sequential/{place}: linear gave NaN or infinity" in message


def test_a_parameter_that_is_not_finite_is_named():
    model = deep(SGD(0.1), Dropout(0.5))
    model.layers[-1].kernel.assign(np.nan)
    message = told_of_divergence(model, X, Y)
    assert "epoch 1, batch 1; last/kernel holds NaN or infinity since an earlier step" in message


def test_a_loss_that_is_not_finite_by_itself():
    model = regression(SGD(1e-3), loss=lambda t, p: ops.mean(ops.log(p * 0)))
    assert "log gave NaN or infinity at" in told_of_divergence(model, X, Y)


def test_divergence_in_an_own_step():
    model = regression()
    model.train_step = lambda data: {"loss": math.nan}
    assert "the loss is nan in epoch 1, batch 1" in told_of_divergence(model, X, Y, epochs=3)


def test_each_fit_tells_of_its_own_divergence():
    model = regression(SGD(1e30))
    for _ in range(2):
        model.set_weights([np.zeros((4, 1)), np.zeros(1)])
        assert "epoch 1, batch 2" in told_of_divergence(model, X, Y, batch_size=10, epochs=2)


def test_looking_for_the_layer_changes_nothing():
    """Neither the random numbers that follow nor the weights depend on the search."""
    after = []
    for model in twins(lambda: deep(SGD(1e-3), Dropout(0.5))):
        model._divergence = "known already" if after else ""
        minigrad.seed(7)
        with np.errstate(all="ignore"):
            model.train_on_batch(X, np.full((50, 1), 1e30))
        assert model._divergence
        after.append(
            (minigrad.random.generator().random(), *map(np.ndarray.tobytes, model.get_weights()))
        )
    assert after[0] == after[1]
