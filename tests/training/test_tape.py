"""GradientTape, Variable and function: loops as scripts for TensorFlow write them."""

import numpy as np
import pytest

import minigrad
from minigrad import GradientTape, Parameter, Tensor, Variable
from minigrad.layers import Dense


@pytest.fixture
def x(xp):
    return Tensor(xp.asarray(np.array([1.0, 2.0], "float32")))


def test_gradients_come_in_the_structure_of_the_sources():
    a, b = Variable(2.0), Variable(3.0)
    with GradientTape(persistent=True) as tape:
        y = a * b
    assert tape.gradient(y, a).item() == 3.0
    assert [g.item() for g in tape.gradient(y, [a, b])] == [3.0, 2.0]
    assert type(tape.gradient(y, (a, b))) is tuple
    found = tape.gradient(y, {"a": a, "rest": [b]})
    assert (found["a"].item(), found["rest"][0].item()) == (3.0, 2.0)


def test_what_is_watched_has_gradients_inside_the_tape_alone(x):
    with GradientTape() as tape:
        tape.watch(x)
        y = (x * x).sum()
    assert not x.requires_grad
    assert tape.gradient(y, x).numpy().tolist() == [2.0, 4.0]
    assert not (x * x).requires_grad


def test_a_step_in_between_has_a_gradient(x):
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        h = x * x
        y = (h * h).sum()
    assert tape.gradient(y, h).numpy().tolist() == [2.0, 8.0]
    assert tape.gradient(y, x).numpy().tolist() == [4.0, 32.0]


def test_a_parameter_that_is_watched_stays_frozen_afterwards():
    p = Variable(2.0, trainable=False)
    with GradientTape() as tape:
        tape.watch([p])
        y = p * p
    assert tape.gradient(y, p).item() == 4.0
    assert not p.trainable


def test_a_watch_of_a_tape_around_another_lasts(x):
    with GradientTape() as outer:
        outer.watch(x)
        with GradientTape() as inner:
            inner.watch(x)
            y = (x**3).sum()
        slope = inner.gradient(y, x)
    assert outer.gradient(slope, x).numpy().tolist() == [6.0, 12.0]


def test_several_targets_are_summed_as_tensorflow_does():
    a = Variable(2.0)
    with GradientTape() as tape:
        targets = [a * a, 3 * a]
    assert tape.gradient(targets, a).item() == 7.0


def test_output_gradients_arrive_at_the_target():
    a = Variable([1.0, 2.0])
    with GradientTape() as tape:
        y = a * a
    assert tape.gradient(y, a, output_gradients=np.array([1.0, 10.0])).numpy().tolist() == [2, 40]


def test_unconnected_sources():
    a, b, constant = Variable(2.0), Variable([3.0, 4.0]), Tensor([1.0])
    with GradientTape(persistent=True) as tape:
        y = a * a
    assert tape.gradient(y, [b, constant]) == [None, None]
    zero = tape.gradient(y, b, unconnected_gradients="zero")
    assert zero.numpy().tolist() == [0.0, 0.0]
    assert tape.gradient(Tensor(1.0), a) is None
    with pytest.raises(ValueError, match="unconnected_gradients"):
        tape.gradient(y, b, unconnected_gradients="zeros")


def test_a_second_use_says_the_line_to_write():
    a = Variable(2.0)
    with GradientTape() as tape:
        y = a * a
    tape.gradient(y, a)
    with pytest.raises(RuntimeError, match=r"GradientTape\(persistent=True\) as tape"):
        tape.gradient(y, a)
    tape.reset()
    assert tape.gradient(y, a).item() == 4.0


def test_two_tapes_share_a_graph():
    """As in a GAN: both losses pass through the discriminator."""
    generator, discriminator = Variable(2.0), Variable(3.0)
    with GradientTape() as generator_tape, GradientTape() as discriminator_tape:
        score = discriminator * generator
        generator_loss, discriminator_loss = -score, score * score
    assert generator_tape.gradient(generator_loss, generator).item() == -3.0
    assert discriminator_tape.gradient(discriminator_loss, discriminator).item() == 24.0


def test_only_what_is_watched():
    a, b = Variable(2.0), Variable(3.0)
    with GradientTape(persistent=True, watch_accessed_variables=False) as tape:
        tape.watch(a)
        y = a * b
    assert tape.gradient(y, a).item() == 3.0
    assert tape.gradient(y, b) is None


def test_a_hessian(x):
    with GradientTape() as outer:
        outer.watch(x)
        with GradientTape() as inner:
            y = x[0] ** 2 * x[1] ** 3
        slope = inner.gradient(y, x)
    assert outer.jacobian(slope, x).numpy().tolist() == [[16.0, 24.0], [24.0, 12.0]]


def test_a_jacobian_of_what_is_not_connected(x):
    a = Variable([1.0])
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * 2
    assert tape.jacobian(y, [x, a])[1] is None
    assert tape.jacobian(y, a, unconnected_gradients="zero").shape == (2, 1)


def test_a_persistent_tape_differentiates_what_it_gives_inside_itself(x):
    with GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = (x**3).sum()
        slope = tape.gradient(y, x)
    assert tape.gradient(slope, x).numpy().tolist() == [6.0, 12.0]


def test_gradients_are_recorded_only_for_a_tape_around(x):
    a = Variable(2.0)
    with GradientTape() as tape:
        y = a * a * a
        slope = tape.gradient(y, a)
    assert not slope.requires_grad


def test_a_gradient_penalty_trains():
    """The penalty of WGAN-GP, whose gradient is that of a gradient."""
    minigrad.seed(0)
    critic = minigrad.Sequential(Dense(3, "tanh", input_shape=(2,)), Dense(1))
    mixed = Tensor(np.array([[0.5, -1.0], [1.0, 2.0]], "float32"))
    with GradientTape() as tape:
        with GradientTape() as penalty_tape:
            penalty_tape.watch(mixed)
            score = critic(mixed, training=True)
        slopes = penalty_tape.gradient(score, [mixed])[0]
        norm = minigrad.sqrt(minigrad.sum(slopes * slopes, axis=1))
        penalty = minigrad.mean((norm - 1.0) ** 2)
    gradients = tape.gradient(penalty, critic.trainable_variables)
    kernel = critic.layers[0].kernel
    step = np.zeros((2, 3), "float32")
    step[0, 0] = 1e-2

    def value():
        x = Tensor(mixed.numpy(), requires_grad=True)
        (g,) = minigrad.grad(critic(x).sum(), [x])
        return ((np.sqrt((g.numpy() ** 2).sum(1)) - 1) ** 2).mean()

    kernel.assign_add(step)
    above = value()
    kernel.assign_sub(2 * step)
    slope = (above - value()) / 2e-2
    assert abs(slope - gradients[0].numpy()[0, 0]) < 1e-3
    assert gradients[-1] is None  # the last bias does not move a slope


def test_tapes_record_where_recording_is_off(x):
    with minigrad.no_grad():
        with GradientTape() as tape:
            tape.watch(x)
            y = (x * x).sum()
            with tape.stop_recording():
                assert not (x * x).requires_grad
    assert tape.gradient(y, x) is not None


def test_errors_say_what_to_write(x):
    with GradientTape(persistent=True) as tape:
        with pytest.raises(TypeError, match="x = minigrad.convert_to_tensor"):
            tape.watch(np.ones(2))
        with pytest.raises(TypeError, match="no gradients"):
            tape.watch(Tensor([1, 2]))
        tape.watch(x)
        y = (x * x).sum()
    with pytest.raises(TypeError, match=r"target must be Tensors, got float; what left"):
        tape.gradient(float(y), x)
    with pytest.raises(TypeError, match="sources must be Tensors, got ndarray"):
        tape.gradient(y, np.ones(2))


def test_after_an_exception_nothing_is_left(x):
    with pytest.raises(KeyError), GradientTape() as tape:
        tape.watch(x)
        raise KeyError
    assert not x.requires_grad and minigrad.config.settings.open_tapes == 0


# ---- Variable ------------------------------------------------------------------------------------


def test_a_variable_is_a_parameter():
    values = np.array([1.0, 2.0], "float32")
    v = Variable(values, name="v")
    assert isinstance(v, Parameter) and v.trainable and v.name == "v"
    v.assign([3.0, 4.0])
    v.assign_add(1.0)
    v.assign_sub([0.0, 1.0])
    assert v.numpy().tolist() == [4.0, 4.0] and v.value.shape == (2,)
    assert values.tolist() == [1.0, 2.0]  # a copy
    before = v.numpy(), np.asarray(v)
    v.assign_add(1.0)
    assert before[0].tolist() == before[1].tolist() == [4.0, 4.0]  # copies


def test_a_variable_of_an_initializer():
    assert Variable("ones", shape=(2, 3)).numpy().sum() == 6
    assert Variable(initial_value=minigrad.initializers.Zeros(), shape=(2,)).shape == (2,)
    with pytest.raises(TypeError, match="needs shape="):
        Variable("zeros")
    with pytest.raises(TypeError, match=r"Variable\(0.0\)"):
        Variable()


def test_integers_count_and_are_not_trained():
    steps = Variable(0)
    steps.assign_add(1)
    assert steps.numpy() == 1 and not steps.trainable and steps.dtype == "int64"
    assert Variable(1, dtype="float32").trainable


# ---- function ------------------------------------------------------------------------------------


def test_function_gives_the_function_back():
    def step(x):
        return x + 1

    assert minigrad.function(step) is step
    assert minigrad.function(jit_compile=True)(step) is step
