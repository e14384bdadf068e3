"""Parameter: a Tensor that belongs to a layer."""

from __future__ import annotations

from typing import Any

from ..arguments import explains_arguments
from ..backend import backend
from ..config import as_data, to_device
from ..engine.tensor import Tensor


class Parameter(Tensor):
    """A Tensor that belongs to a layer, which finds it among its attributes.

    Args:
        data: The initial values.
        name: Name within the layer; "" for that of the attribute it is assigned to.
        trainable: False makes it state without gradient, like running statistics.
        regularizer: Function of the parameter whose value is added to the loss; None for none.
        dtype: dtype of the values; None for the default one if they are floating.
        constraint: Function of the values that an optimizer replaces them by after each of its
            steps; None for none. It has to be there before the first step.

    Example:
        >>> Parameter(np.ones(3), name="scale").trainable
        True
    """

    __slots__ = ("name", "regularizer", "constraint")

    @explains_arguments
    def __init__(
        self,
        data: Any,
        name: str = "",
        trainable: bool = True,
        regularizer: Any = None,
        dtype: Any = None,
        constraint: Any = None,
    ) -> None:
        super().__init__(data, trainable, dtype)
        # as one that is loaded: products round by the layout of their factors
        self._array = backend(self._array).asarray(self._array, order="C")
        self.name, self.regularizer, self.constraint = name, regularizer, constraint

    @property
    def trainable(self) -> bool:
        """True if the parameter has a gradient."""
        return self.node is not None

    def assign_add(self, value: Any) -> None:
        """Add `value` (it must broadcast to this shape) to the array in place."""
        self[...] = self._array + to_device(as_data(value), self.device)

    def assign_sub(self, value: Any) -> None:
        """Subtract `value` (it must broadcast to this shape) from the array in place."""
        self[...] = self._array - to_device(as_data(value), self.device)

    def numpy(self) -> Any:
        """A copy of the values as a NumPy array: steps of training write into the array itself."""
        return super().numpy().copy()

    @property
    def value(self) -> Tensor:
        """This Tensor, under the name that Keras gives the values of a variable."""
        return self
