"""Optimizers of one's own as Keras writes them: `build` and `update_step`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import initializers
from ..config import device
from ..engine.autograd import no_grad
from ..engine.tensor import Tensor, wrap
from ..layers.parameter import Parameter
from ..utils.serialization import Configurable


class CustomSteps(Configurable):
    """What a subclass with `build(variables)` and `update_step(gradient, variable, rate)` needs.

    Example:
        >>> class Signs(minigrad.optimizers.Optimizer):
        ...     def update_step(self, gradient, variable, learning_rate):
        ...         self.assign_sub(variable, learning_rate * minigrad.ops.sign(gradient))
        >>> v = minigrad.Variable([1.0, 2.0])
        >>> Signs(0.5).apply([np.array([3.0, -4.0])], [v])
        >>> v.numpy()
        array([0.5, 2.5], dtype=float32)
    """

    built = False  # True after `build`
    has_variables = False  # True: add_variable made some

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "update_step" in vars(cls):
            cls._step_blocks = _step_variables  # type: ignore[attr-defined]

    def build(self: Any, variables: Sequence[Tensor]) -> None:
        """Make the state of these parameters now, which their first step does otherwise.

        Args:
            variables: The parameters.
        """
        self._align_gradients([None] * len(variables), variables)
        self.built = True

    def add_variable(
        self,
        shape: tuple[int, ...],
        initializer: Any = "zeros",
        dtype: Any = None,
        name: str | None = None,
    ) -> Parameter:
        """A variable of the optimizer, to be assigned to an attribute. Checkpoints do not hold it.

        Args:
            shape: Its shape.
            initializer: Name or function that makes the first values.
            dtype: Its dtype; None for the default one.
            name: Its name.
        """
        self.has_variables = True
        values = initializers.get(initializer)(tuple(shape))
        return Parameter(values, name or "", trainable=False, dtype=dtype)

    def add_variable_from_reference(
        self, reference_variable: Tensor, name: str | None = None, initializer: Any = "zeros"
    ) -> Parameter:
        """A variable of the optimizer like one of the parameters.

        Args:
            reference_variable: The parameter, whose shape and dtype it gets.
            name: Its name.
            initializer: Name or function that makes the first values.
        """
        like = reference_variable
        with device(like.device):
            return self.add_variable(like.shape, initializer, like.dtype, name)

    def assign(self, variable: Any, value: Any) -> None:
        """Set a parameter or a variable.

        Args:
            variable: What is changed.
            value: The new values.
        """
        variable.assign(value)

    def assign_add(self, variable: Any, value: Any) -> None:
        """Add to a parameter or a variable.

        Args:
            variable: What is changed.
            value: What is added.
        """
        variable.assign_add(value)

    def assign_sub(self, variable: Any, value: Any) -> None:
        """Subtract from a parameter or a variable.

        Args:
            variable: What is changed.
            value: What is subtracted.
        """
        variable.assign_sub(value)

    def _get_variable_index(self: Any, variable: Tensor) -> int:
        """The number of a parameter."""
        return next(i for i, p in enumerate(self.parameters) if p is variable)


def _step_variables(optimizer: Any, gs: list[Any]) -> None:
    """One step, parameter by parameter, in the place of that over flat blocks."""
    if not optimizer.built:
        optimizer.build(optimizer.parameters)
    with no_grad():
        for p, g in zip(optimizer.parameters, gs):
            if g is not None:
                if optimizer.weight_decay and not optimizer._undecayed:
                    p.assign(p * (1 - optimizer.rate * optimizer.weight_decay))
                optimizer.update_step(wrap(g, None), p, optimizer.rate)
    optimizer._apply_constraints(gs)
