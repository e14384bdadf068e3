"""What scripts read and call of an optimizer under Keras's names."""

import copy
import json
import pickle

import numpy as np
import pytest

from minigrad import Tensor, Variable
from minigrad.optimizers import SGD, Adam, schedules


def test_the_rate_is_a_number_that_can_be_assigned():
    optimizer = SGD(0.1)
    optimizer.learning_rate.assign(0.5)
    assert optimizer.learning_rate == optimizer.rate == 0.5
    optimizer.learning_rate.assign(optimizer.learning_rate * 0.5)
    assert float(optimizer.learning_rate) == 0.25 and f"{optimizer.learning_rate:.1f}" == "0.2"
    assert optimizer.learning_rate.numpy() == np.float32(0.25)
    assert json.dumps(optimizer.learning_rate) == "0.25"
    with pytest.raises(ValueError, match="negative"):
        optimizer.learning_rate.assign(-1)


def test_arithmetic_with_the_rate_stays_in_float32():
    rate = SGD(0.5).learning_rate
    ones = np.ones(2, "float32")
    for y in (rate * ones, ones * rate, ones - rate, np.multiply(ones, rate), Tensor(ones) * rate):
        assert y.dtype == "float32" and y.tolist() == [0.5, 0.5]
    assert type(rate * 2) is float


def test_a_copy_of_the_rate_is_a_number():
    optimizer = SGD(0.5)
    for read in (optimizer.learning_rate, optimizer.iterations):
        for copied in (copy.deepcopy(read), pickle.loads(pickle.dumps(read))):
            assert type(copied) in (float, int) and copied == read


def test_the_rate_of_a_schedule_is_that_of_the_next_step():
    """As Keras says it: 0.1 * 0.5**(step / 10), after 1, 2 and 3 steps."""
    optimizer = SGD(schedules.ExponentialDecay(0.1, 10, 0.5))
    v, rates = Variable([1.0]), []
    for _ in range(3):
        optimizer.apply([np.ones(1)], [v])
        rates.append(optimizer.learning_rate)
    np.testing.assert_allclose(rates, [0.0933033, 0.08705506, 0.08122524], rtol=1e-6)
    with pytest.raises(ValueError, match="follows a schedule"):
        optimizer.learning_rate.assign(0.1)


def test_steps_are_counted():
    optimizer, v = Adam(0.1), Variable([1.0])
    optimizer.apply_gradients(zip([Tensor([1.0])], [v]))
    assert optimizer.iterations == 1 and optimizer.iterations.numpy() == 1
    optimizer.iterations.assign(5)
    optimizer.iterations.assign_add(2)
    assert optimizer.t == 7
    optimizer.iterations = 0
    optimizer.apply([np.ones(1)], [v])
    assert optimizer.iterations + 1 == 2


def test_apply_gradients_leaves_alone_what_has_no_gradient():
    optimizer = SGD(0.5)
    a, b = Variable([1.0], name="a"), Variable([1.0], name="b")
    with pytest.warns(UserWarning, match="sgd: no gradient of b: the loss"):
        optimizer.apply_gradients([(np.ones(1), a), (None, b)])
    assert (a.item(), b.item()) == (0.5, 1.0)
    with pytest.raises(ValueError, match="no gradient of any of the 2 variables"):
        optimizer.apply_gradients([(None, a), (None, b)])
    assert optimizer.iterations == 1


def test_minimize():
    optimizer, v = SGD(0.25), Variable(4.0)
    optimizer.minimize(lambda: v * v, [v])
    optimizer.minimize(v * v, [v])
    assert v.item() == 1.0


def test_variables_are_those_of_keras():
    """Steps, rate, and what a step of Adam keeps: (), (), (2,), (2,)."""
    optimizer, v = Adam(0.1), Variable([1.0, 2.0])
    optimizer.build([v])
    assert [x.shape for x in optimizer.variables] == [(), (), (2,), (2,)]
    optimizer.apply([np.ones(2)], [v])
    steps, rate, m, _ = optimizer.variables
    assert steps.numpy() == 1 and rate.numpy() == np.float32(0.1)
    np.testing.assert_allclose(m.numpy(), [0.1, 0.1], rtol=1e-6)
    m.assign(np.zeros(2))
    assert optimizer.state()[0][0].tolist() == [0.0, 0.0]


def test_a_name_of_keras_2_says_the_new_one():
    with pytest.raises(AttributeError, match="SGD has no attribute 'lr': `learning_rate`"):
        SGD().lr  # noqa: B018
    with pytest.raises(TypeError, match="did you mean learning_rate"):
        SGD(lr=0.1)
