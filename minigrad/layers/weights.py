"""The weights of a layer: how they are made, and the dtype of all that the layer computes."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from .. import constraints, initializers, ops, regularizers
from ..config import Scope, settings
from ..engine.tensor import Tensor
from ..utils.structures import map_structure
from .added_losses import AddsLosses, usage
from .calls import under_mask
from .parameter import Parameter
from .recorded import found_unless_set
from .validation import refuse_name


class in_dtype(Scope):
    """`with in_dtype(layer, dtype):` what the layer makes and computes has this dtype."""

    def __init__(self, layer: Any, dtype: np.dtype) -> None:
        super().__init__(default_dtype=dtype, layer_in_dtype=layer)


class Weighted(AddsLosses):
    """A module that makes weights.

    Args:
        name: Name of the module; None for one given by the model that holds it.
        trainable: False freezes the parameters of this module and of all within.
        dtype: dtype of the parameters, and that inputs are cast to; None for the default one.
        activity_regularizer: Name or function of a penalty on the output; None for none.
    """

    _dtype: np.dtype | None = None

    _activity_regularizer: Any = None

    def __init__(
        self,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
        activity_regularizer: Any = None,
    ) -> None:
        super().__init__(name, trainable)
        if dtype is not None:
            self._dtype = _check_dtype(self, dtype)
        if activity_regularizer is not None:
            self.activity_regularizer = activity_regularizer

    @property
    def activity_regularizer(self) -> Any:
        """The penalty on the output of a call, which its mean over the rows adds to the loss."""
        return self._activity_regularizer

    @activity_regularizer.setter
    def activity_regularizer(self, regularizer: Any) -> None:
        self._activity_regularizer = regularizers.get(regularizer)
        if regularizer is not None:
            usage.is_known = self._makes_masks = True  # a call then ends in calls.hand_on_mask

    @found_unless_set
    def dtype(self) -> np.dtype:
        """The dtype of the parameters and of what is computed with them."""
        return self._dtype or settings.default_dtype

    compute_dtype = variable_dtype = dtype

    def add_weight(
        self,
        shape: tuple[int, ...] = (),
        initializer: Any = "glorot_uniform",
        name: str = "",
        trainable: bool = True,
        regularizer: Any = None,
        dtype: Any = None,
        constraint: Any = None,
    ) -> Parameter:
        """A new Parameter, to be assigned to an attribute.

        Args:
            shape: Shape of the parameter.
            initializer: Name or function that makes the first values.
            name: Name of the parameter; "" for that of the attribute.
            trainable: False for state without gradient.
            regularizer: Name or function of a penalty; None for none.
            dtype: dtype of the values; None for that of the layer.
            constraint: Name or function of a constraint, which optimizers apply after each step;
                None for none.

        Raises:
            ValueError: If a name stands in the place of the shape.
        """
        refuse_name(shape)
        with self._in_dtype():
            values = initializers.get(initializer)(tuple(shape))
            penalty = regularizers.get(regularizer)
            return Parameter(values, name, trainable, penalty, dtype, constraints.get(constraint))

    def _describe(self, kind: str, initializer: Any, regularizer: Any, constraint: Any) -> None:
        """Keep the options of a kind of weight, as `kernel_initializer` and so on."""
        setattr(self, f"{kind}_initializer", initializers.get(initializer))
        setattr(self, f"{kind}_regularizer", regularizers.get(regularizer))
        setattr(self, f"{kind}_constraint", constraints.get(constraint))

    def _described(self, kind: str, shape: tuple[int, ...], initializer: Any = None) -> Parameter:
        """A new Parameter by the options of its kind; `initializer` takes the place of theirs."""
        return self.add_weight(
            shape,
            initializer or getattr(self, f"{kind}_initializer"),
            regularizer=getattr(self, f"{kind}_regularizer"),
            constraint=getattr(self, f"{kind}_constraint"),
        )

    # ---- a dtype of its own ----------------------------------------------------------------------

    def _in_dtype(self) -> AbstractContextManager[Any]:
        """`with` it the dtype of this layer, if it has one of its own, is the default."""
        if self._dtype is None or settings.layer_in_dtype is self:
            return nullcontext()
        return in_dtype(self, self._dtype)

    def _call_in_dtype(
        self, x: Any, others: tuple[Any, ...], training: bool | None, options: dict[str, Any]
    ) -> Any:
        """The call of a layer with a dtype of its own: floating inputs are cast to it."""

        def cast(value: Any) -> Any:
            if not isinstance(value, Tensor) or value.dtype.kind != "f":
                return value
            return under_mask(ops.astype(value, dtype=self._dtype), value.mask)

        with self._in_dtype():
            x, others = map_structure(cast, x), tuple(map_structure(cast, y) for y in others)
            options = {name: map_structure(cast, value) for name, value in options.items()}
            layer: Any = self
            return layer(x, *others, training=training, **options)


def _check_dtype(layer: Any, dtype: Any) -> np.dtype:
    """The dtype of a layer; raises an error for a policy and for what is not floating."""
    text = str(getattr(dtype, "name", dtype))
    label = f"{type(layer).__name__}: dtype"
    if text.startswith(("mixed_", "bfloat", "int8", "float8")):
        raise ValueError(
            f"{label} {text!r} is none that NumPy computes with: write dtype='float32', or "
            "dtype='float16', whose steps optimizers compute in float32"
        )
    kind = np.dtype(dtype)
    if kind.kind != "f":
        raise ValueError(
            f"{label} must be 'float16', 'float32' or 'float64', not {text!r}: integers go in as "
            "they are, an Input declares them"
        )
    return kind
