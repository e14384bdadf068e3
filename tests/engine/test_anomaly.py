"""detect_anomaly: the fault is named with the line it was born at."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor, detect_anomaly, grad
from minigrad.config import settings

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def leaf(values):
    return Tensor(values, requires_grad=True)


def line():
    """file:line of the line below the caller's, as the error should name it."""
    frame = sys._getframe(1)
    return f"{frame.f_code.co_filename}:{frame.f_lineno + 1}"


def test_nan_in_the_forward_names_op_line_and_inputs(device):
    with detect_anomaly():
        x = leaf([-1.0, 4.0])
        with pytest.raises(FloatingPointError) as error:
            here = line()
            mg.sqrt(x)
    assert f"sqrt gave NaN or infinity at {here}" in str(error.value)
    assert "float32[2]" in str(error.value) and "in it" not in str(error.value)


def test_infinity_in_the_forward_and_a_bad_input():
    with detect_anomaly():
        with pytest.raises(
            FloatingPointError, match=r"divide gave NaN or infinity.*test_anomaly\.py:\d+"
        ):
            leaf([1.0]) / 0.0
        with pytest.raises(
            FloatingPointError, match=r"add.*float32\[2\] with NaN or infinity in it"
        ):
            leaf([1.0, np.nan]) + 1.0


def test_the_line_is_the_users_not_the_librarys():
    with detect_anomaly(), pytest.raises(FloatingPointError) as error:
        here = line()
        mg.ops.std(mg.log(leaf([0.0, 1.0])), axis=0)
    assert here in str(error.value)
    assert "minigrad" not in str(error.value).split(" at ")[1].split(";")[0].rpartition("/")[2]


def test_ops_without_gradients_are_watched_too():
    with detect_anomaly(), pytest.raises(FloatingPointError, match="log"):
        mg.log(Tensor([-1.0]))


@pytest.mark.parametrize("create_graph", [False, True])
def test_nan_in_the_backward_names_the_forward_line(create_graph, device):
    with detect_anomaly():
        x = leaf([0.0, 4.0])
        here = line()
        y = mg.sqrt(x)
        with pytest.raises(FloatingPointError) as error:
            grad((y * 0.0).sum(), [x], create_graph=create_graph)  # 0 / sqrt(0)
    message = str(error.value)
    assert here in message if not create_graph else "sqrt" in message or "divide" in message


def test_backward_of_a_fused_kernel_is_watched():
    with detect_anomaly():
        x = leaf([[1.0, 2.0]])
        here = line()
        loss = mg.ops.mean_squared_error(x, Tensor([[0.0, 0.0]]))
        with pytest.raises(FloatingPointError, match="mean_squared_error") as error:
            loss.backward(np.array(np.inf))
    assert here in str(error.value)


def test_a_hidden_edit_is_found(device):
    with detect_anomaly():
        x = leaf([1.0, 2.0])
        here = line()
        y = mg.sin(x)
        x.data[0] = 5.0  # no Tensor saw this
        with pytest.raises(RuntimeError, match="sin.*changed in place") as error:
            y.sum().backward()
    assert here in str(error.value)


def test_a_hidden_edit_of_what_nobody_reads_is_no_fault():
    with detect_anomaly():
        x = leaf([1.0, 2.0])
        y = mg.tanh(x)
        x.data[0] = 5.0
        y.sum().backward()
    np.testing.assert_allclose(x.grad, 1 - np.tanh([1.0, 2.0]) ** 2, rtol=1e-5)


def test_an_open_edit_names_the_line_too():
    with detect_anomaly():
        x = leaf([1.0, 2.0])
        y = mg.sin(x)
        x.data -= 1.0
        with pytest.raises(RuntimeError, match="sin"):
            y.sum().backward()


def test_off_by_default_and_after_the_block():
    assert settings.observer is None
    assert np.isnan(mg.sqrt(leaf([-1.0])).data).all()
    with detect_anomaly():
        assert settings.observer is not None
    assert settings.observer is None
    assert np.isnan(mg.sqrt(leaf([-1.0])).data).all()
    with pytest.raises(FloatingPointError), detect_anomaly():
        mg.sqrt(leaf([-1.0]))
    assert settings.observer is None, "an error ends it too"


def test_nested():
    with detect_anomaly() as outer:
        x = leaf([1.0, 2.0])
        y = mg.sin(x)
        with detect_anomaly() as inner:
            assert settings.observer is inner
            z = mg.sin(y).sum()
            with pytest.raises(FloatingPointError):
                mg.log(leaf([0.0]))
        assert settings.observer is outer
        z.backward()
        with pytest.raises(FloatingPointError):
            mg.log(leaf([0.0]))
        x.data[0] = 9.0
        with pytest.raises(RuntimeError, match="sin"):
            z.backward()
    assert settings.observer is None


def test_healthy_code_gives_the_same_numbers_inside():
    def run():
        x = leaf(np.linspace(-1, 1, 12).reshape(3, 4))
        loss = mg.ops.sparse_cross_entropy(mg.tanh(x @ x.T), Tensor([0, 1, 2]))
        (first,) = grad(loss, [x], create_graph=True)
        (first * first).sum().backward(retain_graph=False)
        return loss.item(), x.grad

    outside = run()
    with detect_anomaly():
        inside = run()
    assert outside[0] == inside[0]
    np.testing.assert_array_equal(outside[1], inside[1])


def test_empty_and_integer_results_are_fine():
    with detect_anomaly():
        mg.exp(leaf(np.zeros((0, 3)))).sum().backward()
        assert mg.ops.argmax(leaf([1.0, 2.0])).item() == 1
