"""What the tests of ops share."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad import Tensor, ops

from ..cases import OPS


def leaf(xp, values, dtype="float32"):
    """A leaf on the device of `xp`."""
    return Tensor(xp.asarray(np.asarray(values, dtype)), requires_grad=True, dtype=dtype)


def is_floating(x):
    return getattr(getattr(x, "dtype", None), "kind", "") == "f"


def tensors(inputs, dtype, requires_grad=False):
    """Floating inputs as Tensors, the others as they are."""
    return [Tensor(x, requires_grad, dtype) if is_floating(x) else x for x in inputs]


def outputs(y):
    """The outputs of an op as a list."""
    return list(y) if isinstance(y, (tuple, list)) else [y]


def fails(error, *words):
    """pytest.raises, for a message in which all the words stand."""
    return pytest.raises(error, match="(?s)" + "".join(f"(?=.*{w})" for w in words))


def every_case(names):
    """Make of test(name, case, xp) a test per op and device that goes through the op's cases."""

    def decorate(test):
        @pytest.mark.parametrize("name", names)
        def through_all(name, xp):
            for number, case in enumerate(OPS[name]):
                try:
                    test(name, case, xp)
                except BaseException as failure:
                    failure.add_note(f"in case {number} of {name!r} in tests/cases/ops.py")
                    raise

        through_all.__name__, through_all.__doc__ = test.__name__, test.__doc__
        return through_all

    return decorate


def check_missing_axis(name, axis, settings, xp):
    """The op refuses an axis that a matrix does not have."""
    with pytest.raises((ValueError, IndexError), match="axis"):
        getattr(ops, name)(leaf(xp, np.ones((2, 2))), axis=axis, **settings)
