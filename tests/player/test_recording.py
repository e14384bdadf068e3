"""What a run holds: every step, with its numbers, its place in the code and what it is part of."""

import warnings

import numpy as np
import pytest

import minigrad
from minigrad import Sequential, Tensor, grad, record
from minigrad.config import settings
from minigrad.layers import LSTM, BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from minigrad.player.places import file_name


def leaf(values, dtype=None):
    return Tensor(values, requires_grad=True, dtype=dtype)


def small_model():
    minigrad.seed(0)
    model = Sequential([Dense(8, "relu", input_shape=(4,)), Dense(3, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


X = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
Y = np.arange(5) % 3


def train_step():
    model = small_model()
    with record() as run:
        model.train_on_batch(X, Y)
    return model, run


def labels(run, step):
    """The groups of a step, the outermost first."""
    found, number = [], step.group
    while number is not None:
        found.insert(0, run.groups[number].label)
        number = run.groups[number].parent
    return found


def test_forward_and_backward_in_order_with_their_numbers():
    w, x = leaf([0.1, 0.2, 0.3]), Tensor([0.5, -0.2, 0.8])
    with record() as run:
        a = minigrad.sigmoid((w * x).sum() + 0.05)
        a.backward()
    names = [(step.kind, step.name) for step in run.steps]
    forward = ["multiply", "sum", "add", "sigmoid"]
    assert names == [("op", n) for n in forward] + [("gradient", n) for n in forward[::-1]]
    assert run.steps[3].output.array == a.numpy()
    np.testing.assert_array_equal(run.steps[-1].leaving[0].value.array, w.grad)
    assert [value.name for value in run.steps[0].inputs] == ["w", "x"]
    assert run.steps[3].output.name == "a"
    assert run.steps[0].inputs[0].is_parameter and not run.steps[0].inputs[1].is_parameter


def test_values_are_linked_to_the_steps_that_made_them():
    x = leaf([0.5, 2.0])
    with record() as run:
        minigrad.exp(minigrad.sin(x)).sum().backward()
    sin, exp, total, *back = run.steps
    assert exp.inputs[0] is sin.output and exp.inputs[0].source == sin.index
    assert total.inputs[0] is exp.output
    assert [step.forward for step in back] == [total, exp, sin]
    assert back[0].incoming.source is None and back[1].incoming is back[0].leaving[0].value
    assert back[2].leaving[0].target is sin.inputs[0]


def test_a_gradient_is_added_to_what_was_there():
    x = leaf([3.0])
    with record() as run:
        y = x * x + x
        y.backward()
    leaving = [one for step in run.steps for one in step.leaving if one.target.name == "x"]
    assert [one.value.array.item() for one in leaving] == [1.0, 3.0, 3.0]
    assert [one.earlier and one.earlier.array.item() for one in leaving] == [None, 1.0, 4.0]
    assert leaving[-1].total.array.item() == x.grad.item() == 7.0


def test_a_second_pass_begins_anew():
    x = leaf([3.0])
    with record() as run:
        y = x * x
        grad(y, [x])
        grad(y, [x])
    firsts = [step.leaving[0].earlier for step in run.steps if step.kind == "gradient"]
    assert firsts == [None, None]
    assert sum(group.kind == "backward" for group in run.groups) == 2


def test_a_training_step_has_layers_loss_backward_and_updates():
    model, run = train_step()
    assert labels(run, run.steps[0]) == ["sequential", "dense", "linear_relu"]
    assert labels(run, run.steps[3]) == ["sequential", "dense_1", "softmax"]
    loss = next(step for step in run.steps if step.name == "log_softmax")
    assert labels(run, loss)[0] == "SparseCategoricalCrossentropy"
    back = [step for step in run.steps if step.kind == "gradient"]
    assert all(labels(run, step)[0] == "backward" for step in back)
    assert labels(run, back[-1]) == ["backward", "sequential", "dense", "linear_relu"]
    updates = [step for step in run.steps if step.kind == "update"]
    names = ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"]
    assert [step.output.name for step in updates] == names
    for step, p in zip(updates, model.trainable_weights, strict=True):
        np.testing.assert_array_equal(step.output.array, p.numpy())
        before, gradient, m, v = (value.array for value in step.inputs)
        np.testing.assert_allclose(m, 0.1 * gradient, rtol=1e-5)
        np.testing.assert_allclose(v, 0.001 * gradient**2, rtol=1e-4)
        assert (before != step.output.array).any()


def test_the_run_computes_what_a_step_without_it_does():
    plain = small_model()
    with minigrad.use_kernels(False):
        plain.train_on_batch(X, Y)
    model, _ = train_step()
    for p, q in zip(plain.weights, model.weights, strict=True):
        np.testing.assert_array_equal(p.numpy(), q.numpy())


def test_a_softmax_shows_its_parts():
    with record() as run:
        minigrad.softmax(Tensor([[1.0, 2.0]]))
    assert [step.name for step in run.steps] == ["max", "subtract", "exp", "sum", "divide"]
    assert {tuple(labels(run, step)) for step in run.steps} == {("softmax",)}


def test_places_are_the_own_line_and_the_line_that_computes():
    _, run = train_step()
    own, inner = run.steps[0].places
    assert own.is_own and own.code.co_name == "train_step"
    assert file_name(inner.code.co_filename) == "minigrad/ops/matmul.py"
    assert file_name(own.code.co_filename) == "test_recording.py"


def test_parameters_changed_in_place_are_new_values():
    w = leaf([1.0, 2.0])
    with record() as run:
        minigrad.exp(w)
        w.data -= 1.0
        minigrad.exp(w)
    first, second = (step.inputs[0] for step in run.steps)
    assert first.array.tolist() == [1.0, 2.0] and second.array.tolist() == [0.0, 1.0]
    assert first is not second and second.name == "w"


def test_higher_order_gradients_are_steps_of_the_pass_that_computes_them():
    x = leaf([0.4])
    with record() as run:
        (first,) = grad(minigrad.tanh(x), [x], create_graph=True)
        first.backward()
    inside = [step for step in run.steps if step.kind == "op" and "backward" in labels(run, step)]
    assert inside, "the rule of tanh is computed with ops"
    assert {check.verdict for check in run.check()} == {"right"}


def test_nothing_is_left_behind():
    before = settings.observer, settings.use_kernels
    train_step()
    assert (settings.observer, settings.use_kernels) == before
    with pytest.raises(ZeroDivisionError), record() as run:
        minigrad.exp(Tensor([1.0]))
        raise ZeroDivisionError
    assert (settings.observer, settings.use_kernels) == before
    assert [step.name for step in run.steps] == ["exp"], "what was seen before the error is kept"


def test_a_long_block_is_cut_and_says_so():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with record(most=3) as run:
            for _ in range(5):
                minigrad.exp(leaf([1.0])).backward()
    assert len(run) == 3 and len(run.values) <= 6, "nor are more numbers kept"
    assert "first 3 steps" in str(caught[0].message) and caught[0].filename == __file__
    with pytest.raises(ValueError, match="at least 1, got 0"):
        record(most=0)


def test_an_empty_run_says_so():
    with record() as run:
        np.exp(1.0)
    assert "no steps" in repr(run) and len(run) == 0


def test_what_is_no_number_is_kept_by_name():
    x = leaf(np.random.default_rng(0).normal(size=(1, 5, 5, 2)))
    kernel = leaf(np.ones((3, 3, 2, 1)))
    with record() as run:
        minigrad.sum(minigrad.ops.conv2d(x, kernel)).backward()
    convolution = next(step for step in run.steps if step.name == "conv2d")
    bias = convolution.inputs[2]
    assert bias.name == "None" and not bias.is_number
    assert {check.verdict for check in run.check()} == {"right"}
    assert '"None"' in run.to_html()


def zoo():
    r = np.random.default_rng(0)
    images, rows, series = r.random((4, 8, 8, 1)), r.random((6, 4)), r.random((3, 5, 2))
    norms = [Dense(5), BatchNormalization(), Dropout(0.3), Dense(3, "softmax")]
    convolutions = [
        Conv2D(3, 3, activation="relu"),
        MaxPooling2D(2),
        Flatten(),
        Dense(3, "softmax"),
    ]
    return {
        "convolution": (convolutions, images, "sparse_categorical_crossentropy"),
        "norms": (norms, rows, "sparse_categorical_crossentropy"),
        "lstm": ([LSTM(3), Dense(1)], series, "mse"),
    }


@pytest.mark.parametrize("name", zoo())
def test_every_step_of_a_network_agrees_with_its_nudges(name):
    layers, x, loss = zoo()[name]
    minigrad.seed(1)
    model = Sequential(layers)
    model.compile("sgd", loss)
    y = np.arange(len(x)) % 3 if loss[0] == "s" else np.ones((len(x), 1))
    with record() as run:
        model.train_on_batch(x.astype("float32"), y)
    checks = run.check()
    assert len(checks) > 8
    assert not [check for check in checks if check.verdict not in ("right", "kink")]
    assert sum(check.verdict == "right" for check in checks) > 0.9 * len(checks)
