"""What scripts read and call of an optimizer under Keras's names, around its `apply`."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..engine.autograd import grad
from ..engine.tensor import Tensor, wrap
from ..utils.instead import explain_missing_method
from ..utils.scalars import Scalar
from .custom import CustomSteps


class Rate(Scalar):
    """A learning rate as it was read: a number, whose `assign` sets that of its optimizer.

    Example:
        >>> optimizer = minigrad.optimizers.SGD(0.5)
        >>> optimizer.learning_rate.assign(optimizer.learning_rate / 2)
        >>> optimizer.learning_rate
        0.25
    """

    owner: Any  # the optimizer

    @classmethod
    def of(cls, owner: Any, value: float) -> Rate:
        """The number, as that of an optimizer."""
        rate = cls(value)
        rate.owner = owner
        return rate

    def assign(self, value: Any) -> None:
        """Set the learning rate of the optimizer.

        Args:
            value: The new rate.
        """
        self.owner.learning_rate = value


class Iterations(int):
    """The number of steps as it was read, whose `assign` sets that of its optimizer.

    Example:
        >>> optimizer = minigrad.optimizers.SGD()
        >>> optimizer.iterations.assign_add(3)
        >>> optimizer.iterations
        3
    """

    shape = ()
    owner: Any = None  # the optimizer

    def assign(self, value: Any) -> None:
        """Set the number of steps of the optimizer.

        Args:
            value: The new number.
        """
        self.owner.iterations = value

    def assign_add(self, value: Any) -> None:
        """Add to the number of steps of the optimizer.

        Args:
            value: What to add.
        """
        self.assign(self + value)

    def numpy(self) -> Any:
        """The number as a NumPy scalar."""
        return np.int64(self)

    def __reduce__(self) -> Any:
        return int, (int(self),)


class OptimizerInterface(CustomSteps):
    """Steps in the forms that scripts write, and what they read between them."""

    def __getattr__(self, name: str) -> Any:
        """Called where an attribute is missing: the error that says what stands in its place."""
        if hasattr(type(self), name):  # a property, whose own error this would hide
            return object.__getattribute__(self, name)
        raise explain_missing_method(self, name, "Optimizer")

    def apply_gradients(self: Any, grads_and_vars: Iterable[tuple[Any, Tensor]]) -> None:
        """Take one step; the form of `apply` for `zip(gradients, variables)`.

        Args:
            grads_and_vars: (gradient, parameter) pairs; a parameter whose gradient is None stays
                as it is.

        Raises:
            ValueError: If there is no gradient at all, or gradients do not fit.

        Example:
            >>> v = minigrad.Variable([1.0, 2.0])
            >>> minigrad.optimizers.SGD(0.5).apply_gradients([(np.ones(2), v)])
            >>> v.numpy()
            array([0.5, 1.5], dtype=float32)
        """
        pairs = list(grads_and_vars)
        missing = [getattr(p, "name", "") or "a variable" for g, p in pairs if g is None]
        if pairs and len(missing) == len(pairs):
            raise ValueError(
                f"{self.name}: no gradient of any of the {len(pairs)} variables: was the loss "
                "computed from them, as a Tensor, inside the tape?"
            )
        if missing:
            warnings.warn(
                f"{self.name}: no gradient of {', '.join(missing)}: the loss does not depend on it",
                stacklevel=2,
            )
        self.apply([g for g, _ in pairs], [p for _, p in pairs])

    def minimize(self: Any, loss: Any, var_list: Sequence[Tensor]) -> None:
        """Take one step down a loss.

        Args:
            loss: A Tensor, or a function without arguments that computes it.
            var_list: The parameters to change.

        Raises:
            ValueError: If the loss depends on none of them.

        Example:
            >>> v = minigrad.Variable(3.0)
            >>> minigrad.optimizers.SGD(0.25).minimize(lambda: v * v, [v])
            >>> v.numpy()
            array(1.5, dtype=float32)
        """
        value = loss() if callable(loss) else loss
        self.apply_gradients(zip(grad(value, var_list, unused="none"), var_list))

    @property
    def iterations(self: Any) -> Iterations:
        """The number of steps taken; `iterations.assign(0)` sets it."""
        count = Iterations(self.t)
        count.owner = self
        return count

    @iterations.setter
    def iterations(self: Any, value: Any) -> None:
        self.t = int(value)

    @property
    def variables(self: Any) -> list[Any]:
        """The number of steps, the learning rate, and the state of each parameter."""
        state = [wrap(array, None) for arrays in self.state() for array in arrays]
        return [self.iterations, self.learning_rate, *state]
