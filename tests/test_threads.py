"""One number of threads; BLAS held at one thread and given back."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import minigrad
from minigrad import threads
from minigrad.engine.kernel_table import Kernel
from minigrad.kernels import compiled


@pytest.fixture(autouse=True)
def as_before(monkeypatch):
    """Leave the number of threads as it was."""
    libraries = threads._blas_libraries()
    counts = [library.get_num_threads() for library in libraries]
    monkeypatch.setattr(threads, "_chosen", threads._chosen)
    yield
    for library, count in zip(libraries, counts):
        library.set_num_threads(count)


def test_what_was_set_is_what_is_used_also_by_blas():
    minigrad.set_num_threads(3)
    assert minigrad.get_num_threads() == 3
    assert {library.get_num_threads() for library in threads._blas_libraries()} == {3}


@pytest.mark.parametrize("n", [0, -1, 65, True, 1.5, "2", None])
def test_what_is_no_number_of_threads_is_refused(n):
    before = minigrad.get_num_threads()
    with pytest.raises(ValueError, match="a number from 1 to 64, got"):
        minigrad.set_num_threads(n)
    assert minigrad.get_num_threads() == before


@pytest.mark.parametrize(
    "variables, expected",
    [
        ({"MINIGRAD_NUM_THREADS": "3", "OMP_NUM_THREADS": "2"}, 3),
        ({"OMP_NUM_THREADS": "2,1"}, 2),
        ({"MINIGRAD_NUM_THREADS": "many", "OMP_NUM_THREADS": "0"}, None),
        ({"MINIGRAD_NUM_THREADS": "1000"}, 64),
    ],
)
def test_the_environment_says_how_many(variables, expected, monkeypatch):
    for name in ("MINIGRAD_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    processors = threads._default.__wrapped__()
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert threads._default.__wrapped__() == (expected or processors)


def test_blas_is_held_by_the_first_and_given_back_by_the_last():
    minigrad.set_num_threads(2)
    inside, leave = threading.Event(), threading.Event()

    def hold():
        with threads.single_threaded_blas():
            inside.set()
            leave.wait()

    def counts():
        return {library.get_num_threads() for library in threads._blas_libraries()}

    other = threading.Thread(target=hold)
    with threads.single_threaded_blas():
        other.start()
        inside.wait()
        assert counts() == {1}
    assert counts() == {1}
    leave.set()
    other.join()
    assert counts() == {2}


def test_a_number_set_meanwhile_is_what_is_given_back():
    minigrad.set_num_threads(2)
    with threads.single_threaded_blas():
        minigrad.set_num_threads(3)
        assert {library.get_num_threads() for library in threads._blas_libraries()} == {1}
    assert {library.get_num_threads() for library in threads._blas_libraries()} == {3}


def test_blas_is_given_back_after_an_error():
    minigrad.set_num_threads(2)
    with pytest.raises(KeyError), threads.single_threaded_blas():
        raise KeyError
    assert {library.get_num_threads() for library in threads._blas_libraries()} == {2}


@pytest.mark.parametrize(
    "has_loops, kernels, held", [(True, True, 1), (True, "numpy", 2), (False, True, 2)]
)
def test_steps_hold_blas_where_loops_may_run(has_loops, kernels, held, monkeypatch):
    minigrad.set_num_threads(2)
    monkeypatch.setattr(threads, "has_loops", has_loops)
    seen = []

    class Look(minigrad.layers.Layer):
        def call(self, x):
            seen.append({library.get_num_threads() for library in threads._blas_libraries()})
            return x

    model = minigrad.Sequential([Look(), minigrad.layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
    model.predict(x, verbose=0)
    seen.clear()
    with minigrad.use_kernels(kernels):
        for run in (model.train_on_batch, model.evaluate, model.fit):
            run(x, y)
        model.predict(x)
    assert seen == [{held}] * 4
    assert {library.get_num_threads() for library in threads._blas_libraries()} == {2}


@pytest.mark.parametrize("kernels, held", [(True, 1), ("numpy", 2)])
def test_a_convolution_that_no_loop_takes_wakes_no_threads_of_blas(kernels, held, monkeypatch):
    """They would wait for more work for 20 ms, on the processors that loops need."""
    minigrad.set_num_threads(2)
    monkeypatch.setattr(threads, "has_loops", True)
    rows = [row for row in compiled.ROWS if row.op.startswith("conv2d")]
    seen = []

    def numpy_kernel(x, w):
        seen.append({library.get_num_threads() for library in threads._blas_libraries()})
        return x

    assert len(rows) == 3
    for row in rows:
        forward = row.kernel(Kernel(row.op, numpy_kernel)).forward
        with minigrad.use_kernels(kernels):
            forward(np.ones((2, 1, 1, 4)), np.ones((3, 3, 4, 4)))
    assert seen == [{held}] * 3
    assert {library.get_num_threads() for library in threads._blas_libraries()} == {2}
