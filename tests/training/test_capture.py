"""Training steps that are captured give the bits of steps that are not."""

import copy
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import minigrad
from minigrad import Model, Sequential, losses, ops, regularizers
from minigrad.config import settings
from minigrad.layers import LSTM, BatchNormalization, Dense, Dropout, Embedding, Lambda, Layer
from minigrad.random import generator, use_generator
from minigrad.training import capture
from minigrad.training.capture import MAX_ATTEMPTS, CapturedStep
from minigrad.training.recorder import Recorder

from ..cases import LAYERS, MODELS

rng = np.random.default_rng(0)
X = rng.standard_normal((8, 5)).astype("float32")
Y = rng.standard_normal((8, 3)).astype("float32")
STEPS = 5  # one runs as always, one is watched, one recorded, one compared, one replayed


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(capture, "WARM_UP", 1)


def bits(model):
    """Weights, state of the optimizer, and where the generator stands."""
    state = [a.tobytes() for arrays in model.optimizer.state() for a in arrays]
    return [w.tobytes() for w in model.get_weights()], state, str(generator().bit_generator.state)


def is_captured(model):
    return model.captured.startswith("captured")


def reasons(model):
    return [step.refusal for step in model._captured.steps.values()]


def train(model, batches):
    """What the steps give, and the bits that they leave behind."""
    return [str(model.train_on_batch(*batch)) for batch in batches], bits(model)


def compare(make, batches, jit_compile="auto"):
    """Train two equal models, one by captured steps; returns that one."""
    results = []
    for mode in (False, jit_compile):
        minigrad.seed(1)
        model = make(mode)
        results.append(train(model, batches))
    assert results[0] == results[1]
    return model


# ---- every layer and model -----------------------------------------------------------------------


class Scaled(Model):
    """A layer times a factor that is trained, so that there is something to train."""

    accepts_integers = True

    def __init__(self, layer):
        super().__init__()
        self.layer = layer
        self.factor = minigrad.Parameter(np.ones(()))

    def call(self, x):
        y = self.layer(*x) if isinstance(x, list) else self.layer(x)
        if isinstance(y, (list, tuple)):
            return ops.sum(y[0] * self.factor, axis=tuple(range(1, y[0].ndim)), keepdims=True)
        return y * self.factor


def as_float32(x):
    return x if x.dtype.kind in "iu" else x.astype("float32")


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_every_layer(name):
    inputs = [as_float32(np.asarray(x)) for x in LAYERS[name]()[2]]

    def scaled(jit_compile):
        model = Scaled(LAYERS[name]()[0])
        model.compile("sgd", "mse", metrics=["mae"], jit_compile=jit_compile)
        return model

    def batch(i):
        given = [x if x.dtype.kind in "iu" else x * np.float32(1 + i / 8) for x in inputs]
        return given if len(given) > 1 else given[0]

    y = scaled(False).predict(batch(0))
    if not isinstance(y, np.ndarray) or len(y) != len(inputs[0]):
        pytest.skip("its outputs have no rows to be trained on")
    model = compare(scaled, [(batch(i), np.zeros_like(y)) for i in range(STEPS)], True)
    assert is_captured(model) is (name != "ActivityRegularization"), reasons(model)


OWN_STEPS = {"vae", "rbm", "bert guessing words"}  # overrides of train_step, which run as they are
TRAINED = [n for n, small in MODELS.items() if getattr(small, "case", [0, None])[1] is not None]


@pytest.mark.parametrize("name", sorted({*TRAINED} - OWN_STEPS))
def test_every_model(name):
    make, loss, (x,), y = MODELS[name].case

    def compiled(jit_compile):
        model = make()
        model = model if isinstance(model, Model) else Sequential(model)
        model(x)
        model.compile("adam", copy.copy(loss), jit_compile=jit_compile)
        return model

    model = compare(compiled, [(as_float32(x), y)] * STEPS, True)
    assert is_captured(model), reasons(model)


# ---- changes between steps -----------------------------------------------------------------------


def network(jit_compile="auto"):
    model = Sequential(
        Dense(6, "relu", kernel_regularizer="l2", input_shape=(5,)),
        BatchNormalization(),
        Dropout(0.3, seed=4),
        Dropout(0.2),
        Dense(3),
    )
    loss = losses.Huber(delta=1.0)
    model.compile("adam", loss, metrics=["mae"], weighted_metrics=["mse"], jit_compile=jit_compile)
    return model


def steps(model, count=STEPS, x=X, y=Y, sample_weight=None):
    return [str(model.train_on_batch(x, y, sample_weight)) for _ in range(count)]


def set_rate(model):
    model.layers[2].rate = 0.6


def freeze(model):
    model.layers[0].trainable = False
    model.compile("adam", "mse", jit_compile=model.jit_compile)


def assign(model):
    model.layers[0].kernel.assign(np.full((5, 6), 0.5))
    model.layers[4].bias.data = np.ones(3)
    model.layers[1].moving_mean.assign(2.0)


def regularize(model):
    model.layers[0].kernel.regularizer = regularizers.L2(0.5)


def change_penalty(model):
    model.layers[0].kernel.regularizer.l2 = 0.5


def set_weights(model):
    model.set_weights([np.ones_like(w) / 2 for w in model.get_weights()])


def replace_weight(model):
    layer = model.layers[4]
    layer.bias = minigrad.Parameter(np.ones(3))


def grow(model):
    model.pop()
    model.add(Dense(3, "tanh"))


def scale_loss(model):
    model.optimizer = minigrad.optimizers.SGD(0.1, loss_scale_factor=8.0)


CHANGES = {
    "the learning rate": lambda model: setattr(model.optimizer, "learning_rate", 0.1),
    "the rate of dropout": set_rate,
    "layers frozen by compile": freeze,
    "layers frozen without compile": lambda model: setattr(model.layers[0], "trainable", False),
    "parameters": assign,
    "a regularizer": regularize,
    "the factor of a regularizer": change_penalty,
    "all weights": set_weights,
    "the seed": lambda model: minigrad.seed(7),
    "an activation": lambda model: setattr(model.layers[0], "activation", ops.tanh),
    "the momentum of batch normalization": lambda m: setattr(m.layers[1], "momentum", 0.5),
    "an option of the loss": lambda model: setattr(model.loss, "delta", 0.01),
    "the loss": lambda model: setattr(model, "loss", losses.MeanAbsoluteError()),
    "a parameter by another": replace_weight,
    "the layers": grow,
    "the scale of the loss": scale_loss,
    "clipping": lambda model: setattr(model.optimizer, "clipnorm", 0.01),
    "a step of another kind": lambda model: model.fit(X, Y, batch_size=3, epochs=1, verbose=0),
    "nothing": lambda model: model.evaluate(X, Y),
}


@pytest.mark.filterwarnings("ignore:the loss does not reach")
@pytest.mark.parametrize("name", CHANGES)
def test_what_changes_between_steps_counts_at_once(name):
    def run(jit_compile):
        minigrad.seed(1)
        model = network(jit_compile)
        results = steps(model)
        assert is_captured(model) is (jit_compile == "auto")
        CHANGES[name](model)
        return results + steps(model, STEPS + 1), bits(model), model

    *ordinary, _ = run(False)
    *captured, model = run("auto")
    assert captured == ordinary
    assert is_captured(model), reasons(model)


def test_scopes_around_steps_count_at_once():
    def run(jit_compile):
        minigrad.seed(1)
        model = network(jit_compile)
        results = steps(model)
        with minigrad.use_kernels(False):
            results += steps(model, 2)
        with minigrad.detect_anomaly():
            results += steps(model, 1)
        with use_generator(5):
            results += steps(model, 2)
        with minigrad.GradientTape():
            results += steps(model, 1)
        return results + steps(model, 2), bits(model)

    assert run(False) == run("auto")


def test_batches_of_other_forms():
    weight = np.arange(8) / 8
    batches = [(X, Y), (X[:4], Y[:4]), (X, Y, weight), (X.astype("float64"), Y)] * STEPS
    model = compare(network, batches)
    assert len(model._captured.steps) == 3 and is_captured(model)


def test_fit_with_validation_callbacks_and_a_last_batch_of_fewer_rows():
    class Halve(minigrad.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.layers[2].rate /= 2

    def run(jit_compile):
        minigrad.seed(1)
        model = network(jit_compile)
        history = model.fit(
            X, Y, 3, epochs=6, verbose=0, callbacks=[Halve()], validation_data=(X, Y)
        )
        return history.history, bits(model)

    assert run(False) == run("auto")


def test_many_short_fits_check_their_targets_each_time():
    def run(jit_compile):
        minigrad.seed(1)
        model = Sequential(Dense(4, "relu"), Dense(3, "softmax"))
        model.compile("adam", "categorical_crossentropy", jit_compile=jit_compile)
        y = np.eye(3)[np.arange(8) % 3]
        for _ in range(MAX_ATTEMPTS + 2):
            model.fit(X, y, 4, epochs=2, verbose=0, validation_data=(X, y))
        assert is_captured(model) is (jit_compile == "auto")
        with pytest.raises(ValueError, match="targets must be in") as caught:
            model.fit(X, y * 2, 4, verbose=0)
        return str(caught.value), bits(model)

    assert run(False) == run("auto")


def test_a_model_in_float64():
    with minigrad.default_dtype("float64"):
        model = compare(network, [(X, Y)] * STEPS)
    assert is_captured(model) and model.get_weights()[0].dtype == "float64"


def test_masks_several_outputs_and_a_scaled_loss():
    def sequences(jit_compile):
        ids = minigrad.Input((6,), dtype="int64")
        h = Embedding(9, 4, mask_zero=True)(ids)
        h = LSTM(5, return_sequences=True, recurrent_dropout=0.2)(h)
        model = Model(ids, {"tags": Dense(3, "softmax")(h), "mean": Dense(1)(LSTM(3)(h))})
        optimizer = minigrad.optimizers.Adam(loss_scale_factor=4.0, use_ema=True)
        chosen = {"tags": "sparse_categorical_crossentropy", "mean": "mse"}
        metrics = {"tags": ["accuracy", "sparse_categorical_crossentropy"]}
        model.compile(optimizer, chosen, metrics=metrics, jit_compile=jit_compile)
        return model

    ids = rng.integers(0, 9, (STEPS, 4, 6))
    ids[..., 0] = 1
    batches = [(x, {"tags": x % 3, "mean": x.mean(1, keepdims=True)}) for x in ids]
    model = compare(sequences, batches)
    assert is_captured(model), reasons(model)


def test_threads():
    def run(jit_compile, seed):
        with use_generator(seed):
            model = network(jit_compile)
            return steps(model, 20), bits(model)

    alone = [run(False, seed) for seed in range(3)]
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda seed: run("auto", seed), range(3))) == alone


def test_a_copy_is_trained_by_itself():
    model = network()
    steps(model)
    before = model.get_weights()
    twin = copy.deepcopy(model)
    steps(twin, STEPS)
    assert all((a == b).all() for a, b in zip(before, model.get_weights()))
    assert not (twin.layers[4].kernel.numpy() == before[6]).all()
    assert is_captured(twin)


# ---- what is not captured ------------------------------------------------------------------------


class OwnDense(Dense):
    def call(self, x):
        return super().call(x) * 2


def sequential(*line, jit_compile="auto", loss="mse"):
    model = Sequential(*line, Dense(3))
    model.compile("sgd", loss, jit_compile=jit_compile)
    return model


def test_code_of_ones_own_is_captured_if_it_is_asked_for():
    def own(jit_compile):
        return sequential(OwnDense(4), Lambda(lambda x: x + 1), jit_compile=jit_compile)

    model = compare(own, [(X, Y)] * STEPS)
    assert model.captured.startswith("not captured: the step runs OwnDense.call of ")
    assert is_captured(compare(own, [(X, Y)] * STEPS, True))


def test_no_capture():
    eager = network(False)
    steps(eager, STEPS)
    assert eager.captured == "not captured: compile(...) has not asked for it"
    eager.compile("adam", "mse", run_eagerly=True, jit_compile=True)
    assert not isinstance(eager._captured, capture.CapturedSteps)
    few = network()
    steps(few, 1)
    assert few.captured == "not captured: too few steps so far"


class Calls(Layer):
    """A layer that calls a function."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.scale = minigrad.Parameter(np.ones(()))
        self.count = 0

    def call(self, x):
        return self.function(self, x)


def scale_by_largest(layer, x):
    return x * layer.scale / float(ops.max(abs(x)))


def write_in_place(layer, x):
    array = x.data * 1
    array[0] = 1
    return minigrad.Tensor(array) * layer.scale


def hidden_write(layer, x):
    array = np.zeros(x.shape, x.dtype)
    array[0] = x.data[0]
    return minigrad.Tensor(array) * layer.scale


def draw(layer, x):
    return x * layer.scale + generator().standard_normal(x.shape).astype("float32")


def draw_elsewhere(layer, x):
    return x * layer.scale + np.random.default_rng().random(x.shape).astype("float32")


def count(layer, x):
    layer.count += 1
    return x * layer.scale


def assign_weight(layer, x):
    layer.scale.assign(0.5)
    return x * layer.scale


def read_weight(layer, x):
    return x * layer.scale + float(layer.scale.numpy())


def branch(layer, x):
    return x * layer.scale if (x.data > 0).any() else x


def leave(layer, x):
    return minigrad.Tensor(np.asarray(x.data)[::-1]) * layer.scale


def use_numpy(layer, x):
    return minigrad.Tensor(np.tanh(x.numpy()).max(0)) * layer.scale + x


def penalty(layer, x):
    layer.add_loss(ops.sum(x))
    return x * layer.scale


REFUSALS = {
    scale_by_largest: "Python read a value of an array (item)",
    write_in_place: "an array was written to in place",
    hidden_write: "a replay of it differs from the step",
    draw: "the step draws random numbers that cannot be drawn again",
    draw_elsewhere: "a replay of it differs from the step",
    count: "what the step depends on changes from step to step",
    assign_weight: "a parameter is assigned in the step",
    read_weight: "Python read the values of the parameter scale",
    branch: "Python read a value of an array (bool)",
    leave: "an array came out of a call that is not known",
    use_numpy: "",
    penalty: "a layer adds losses in its call",
}


@pytest.mark.parametrize("function", REFUSALS, ids=lambda function: function.__name__)
def test_what_cannot_be_captured_runs_as_always(function):
    batches = [(rng.standard_normal((4, 5)), np.zeros((4, 3))) for _ in range(STEPS + MAX_ATTEMPTS)]

    def calling(jit_compile):
        return sequential(Calls(function), jit_compile=jit_compile)

    if function is draw_elsewhere:
        model = calling(True)
        train(model, batches)
    else:
        model = compare(calling, batches, True)
    assert reasons(model) == [REFUSALS[function]]


# ---- errors and interrupts -----------------------------------------------------------------------


def classifier(jit_compile="auto"):
    model = Sequential(Dense(4), BatchNormalization(), Dropout(0.5), Dense(3, "softmax"))
    loss = "sparse_categorical_crossentropy"
    model.compile("adam", loss, jit_compile=jit_compile)
    return model


def test_an_error_in_a_replay_is_that_of_the_step():
    def run(jit_compile):
        minigrad.seed(1)
        model = classifier(jit_compile)
        steps(model, y=np.arange(8) % 3)
        with pytest.raises(IndexError) as caught:
            model.train_on_batch(X, np.arange(8) % 4)
        assert not minigrad.is_training()
        return str(caught.value), bits(model), steps(model, 2, y=np.arange(8) % 3)

    assert run(False) == run("auto")


def test_a_recording_that_fails_is_undone(monkeypatch):
    def fail(*args):
        raise KeyError("no name")

    def run(jit_compile):
        minigrad.seed(1)
        model = network(jit_compile)
        return steps(model), bits(model), model.captured

    ordinary = run(False)
    monkeypatch.setattr(Recorder, "source", fail)
    captured = run("auto")
    assert captured[:2] == ordinary[:2]
    assert captured[2] == "not captured: KeyError: 'no name'"


def test_a_loss_that_is_not_finite_is_told_as_always():
    def run(jit_compile):
        minigrad.seed(1)
        model = classifier(jit_compile)
        steps(model, y=np.arange(8) % 3)
        model.layers[3].bias.assign(np.inf)
        with np.errstate(all="ignore"), pytest.warns(UserWarning, match="diverges") as caught:
            model.fit(X, np.arange(8) % 3, verbose=0)
        return str(caught[0].message)

    assert run(False) == run("auto")


@pytest.mark.parametrize("at", range(STEPS - 3, STEPS))
def test_an_interrupt_leaves_what_that_of_a_step_does(at, monkeypatch):
    def run(jit_compile):
        minigrad.seed(1)
        model = classifier(jit_compile)
        calls = iter(range(STEPS))
        move = BatchNormalization.update_moving_statistics

        def interrupted(layer, mean, variance):
            move(layer, mean, variance)
            if next(calls, None) == at:
                raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(BatchNormalization, "update_moving_statistics", interrupted)
            steps(model, at, y=np.arange(8) % 3)
            before = vars(settings).copy()
            with pytest.raises(KeyboardInterrupt):
                model.train_on_batch(X, np.arange(8) % 3)
        assert vars(settings) == before and settings.recorder is None
        assert all(type(p.data) is np.ndarray for p in model.weights)
        return bits(model), steps(model, y=np.arange(8) % 3)

    assert run(False)[1] == run("auto")[1]


def test_nothing_stays_behind_a_recorded_step():
    before = [vars(kind).copy() for kind in (minigrad.Tensor, minigrad.engine.autograd.Primitive)]
    model = network()
    steps(model)
    after = [vars(kind) for kind in (minigrad.Tensor, minigrad.engine.autograd.Primitive)]
    assert is_captured(model) and before == after


# ---- the program ---------------------------------------------------------------------------------


def test_the_program_can_be_read():
    model = sequential(Dense(4, "relu", input_shape=(5,)))
    steps(model)
    lines = [line.strip() for line in model.captured.splitlines()]
    assert lines[0] == "captured, for batches of 1 shapes:"
    assert lines[2] == "def step(x0, y0):"
    assert "v0, r0 = linear_relu_forward0(x0, p0, p1)" in lines
    assert lines[-1].startswith("return [")


def test_what_nobody_reads_is_not_computed():
    model = Sequential(Dense(4), Dense(3, "softmax"))
    model.compile("sgd", "sparse_categorical_crossentropy")
    steps(model, y=np.arange(8) % 3)
    assert is_captured(model) and "softmax" not in model.captured
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    steps(model, y=np.arange(8) % 3)
    assert "softmax" in model.captured


def test_values_are_freed_after_their_last_use():
    def peak(jit_compile):
        model = Sequential(*(Dense(128, "tanh") for _ in range(6)), Dense(3))
        model.compile("sgd", "mse", jit_compile=jit_compile)
        x, y = np.ones((512, 128), "float32"), np.zeros((512, 3), "float32")
        steps(model, x=x, y=y)
        tracemalloc.start()
        steps(model, 1, x=x, y=y)
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    assert peak("auto") <= 1.01 * peak(False)


def test_a_step_that_always_changes_is_given_up():
    step = CapturedStep(traces_own_code=False)
    model = network()
    for i in range(MAX_ATTEMPTS + 2):
        model.layers[2].rate = 0.1 + i / 100
        step.run(model, (X, Y, None))
    assert step.refusal == "what the step depends on changes from step to step"
