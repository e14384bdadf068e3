"""Layer: hyperparameters in __init__, parameters in build, the equation in call."""

from __future__ import annotations

import warnings
from typing import Any

from .. import initializers, regularizers
from ..config import device_module, settings
from ..engine.autograd import no_grad
from ..engine.tensor import Tensor
from ..utils.registry import snake_case
from . import modes
from .module import Module
from .parameter import Parameter
from .validation import check_features, check_rank


class Layer(Module):
    """Base of all layers: a subclass writes `__init__`, `build(input_shape)` and `call(x)`.

    `build` runs once, before the first call, with the shape of the first input, batch axis
    included. Parameters and layers within are found among the attributes, also inside lists, tuples
    and dicts, in the order they were set.

    Args:
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters of this layer and of all within.
        input_shape: Shape of one input, without the batch axis; with it a Sequential is built at
            once.
        input_dim: Short for input_shape=(input_dim,).

    Example:
        >>> class Scale(minigrad.layers.Layer):
        ...     def build(self, input_shape):
        ...         self.factor = self.add_weight(input_shape[-1:], "ones")
        ...     def call(self, x):
        ...         return x * self.factor
        >>> Scale()(np.ones((2, 3))).shape
        (2, 3)
    """

    built = False
    accepts_integers = False  # False: integer inputs are cast to the default dtype
    accepts_mask = False  # True: `call` takes mask=, booleans (N, T), True at real steps
    creates_mask = False  # True: compute_mask makes a mask where there was none
    supports_masking = False  # True: the mask of the input is that of the output
    input_rank: int | None = None  # number of axes of an input; None for any
    input_features: int | None = None  # length of its last axis, set by build; None for any
    input_shape: tuple[int, ...] | None = None
    output_shape: tuple[Any, ...] | None = None
    _has_warned_of_uint8 = False

    def __init__(
        self,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        input_dim: int | None = None,
    ) -> None:
        super().__init__(name, trainable)
        if input_dim is not None:
            self.input_shape = (input_dim,)
        elif input_shape is not None:
            self.input_shape = tuple(input_shape)

    # ---- what a subclass writes ------------------------------------------------------------------

    def build(self, input_shape: tuple[int, ...]) -> None:
        """Make the parameters.

        Args:
            input_shape: Shape of the first input, batch axis included.
        """

    def call(self, x: Any) -> Any:
        """The layer's equation.

        Args:
            x: Tensor, the input.
        """
        raise TypeError(
            f"{type(self).__name__} needs a method call(self, x) that returns its output"
        )

    def add_weight(
        self,
        shape: tuple[int, ...] = (),
        initializer: Any = "glorot_uniform",
        name: str = "",
        trainable: bool = True,
        regularizer: Any = None,
    ) -> Parameter:
        """A new Parameter, to be assigned to an attribute.

        Args:
            shape: Shape of the parameter.
            initializer: Name or function that makes the first values.
            name: Name of the parameter; "" for that of the attribute.
            trainable: False for state without gradient.
            regularizer: Name or function of a penalty; None for none.
        """
        values = initializers.get(initializer)(tuple(shape))
        return Parameter(values, name, trainable, regularizers.get(regularizer))

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """The mask of the output: that of the input if the layer supports masking, else none.

        Args:
            x: The input.
            mask: Its mask (N, T), True at real steps, or None.
        """
        if mask is None or self.supports_masking:
            return mask
        warnings.warn(
            f"layer {self._path_name()}: {type(self).__name__} ignores the mask of its input and "
            "passes none on: padded steps count as real from here on",
            stacklevel=3,
        )
        return None

    def call_with_mask(self, x: Any, mask: Any) -> tuple[Any, Any]:
        """The output and its mask.

        Args:
            x: The input.
            mask: Its mask (N, T), or None.
        """
        y = self(x, mask=mask) if self.accepts_mask and mask is not None else self(x)
        return y, self.compute_mask(x, mask)

    def reset_states(self) -> None:
        """Clear the states that stateful recurrent layers within keep between batches."""
        for _, layer in self.named_children():
            layer.reset_states()

    def get_state(self) -> dict[str, Any]:
        """What a checkpoint holds of this layer besides its parameters: lists, dicts of arrays."""
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint.

        Args:
            state: What `get_state` returned when it was saved.

        Raises:
            ValueError: If it does not fit; nothing is changed then.
        """
        if state:
            raise ValueError(f"{type(self).__name__} has no state besides its parameters")

    # ---- calling ---------------------------------------------------------------------------------

    def __call__(self, x: Any, *others: Any, training: bool | None = None, **options: Any) -> Any:
        """call(x, ...), after building the layer if this is the first time.

        Args:
            x: The first input: a Tensor, an array or nested lists.
            *others: Further inputs of `call`.
            training: Training mode for this call alone; None for the mode set outside.
            **options: Keyword arguments of `call`.
        """
        if training is not None:
            with modes.training(training):
                return self(x, *others, **options)
        if not isinstance(x, Tensor) or (x._array.dtype.kind != "f" and not self.accepts_integers):
            x = self._as_input(x)
        try:
            if not self.built:
                return self._first_call(x, *others, **options)
            if self.input_rank is not None:
                check_rank(self, x.shape, self.input_rank)
            if self.input_features is not None:
                check_features(self, x.shape, self.input_features)
            return self.call(x, *others, **options)
        except (ValueError, TypeError, IndexError, FloatingPointError) as error:
            _add_path(error, self._path_name())
            raise

    def _as_input(self, x: Any) -> Any:
        """x as a Tensor, integers cast unless the layer accepts them; a list of Tensors stays."""
        if isinstance(x, (list, tuple)) and any(isinstance(item, Tensor) for item in x):
            return x
        tensor = x if isinstance(x, Tensor) else Tensor(x)
        if self.accepts_integers or tensor.dtype.kind == "f":
            return tensor
        return Tensor(self.cast(tensor.data))

    def cast(self, x: Any) -> Any:
        """An array of integers in the default dtype; warns once of uint8, which images mostly are.

        Args:
            x: Array of integers.
        """
        if x.dtype == "uint8" and not self._has_warned_of_uint8:
            self._has_warned_of_uint8 = True
            warnings.warn(
                f"{self.name or type(self).__name__}: uint8 input of shape {x.shape} was cast to "
                f"{settings.default_dtype} as it is, images to 0..255; networks learn better from "
                "0..1: divide by 255 (minigrad.data.images.to_float)",
                stacklevel=2,
            )
        return x.astype(settings.default_dtype)

    def _first_call(self, x: Any, *others: Any, **options: Any) -> Any:
        """Build, then call; if either fails, this layer and those within are as they were."""
        before = [(layer, dict(vars(layer))) for _, layer in self.named_layers() if not layer.built]
        try:
            self._build(x)
            y = self.call(x, *others, **options)
        except BaseException:
            for layer, attributes in before:
                vars(layer).clear()
                vars(layer).update(attributes)
            raise
        first = y[0] if isinstance(y, tuple) else y  # a Sequential may return (y, mask)
        self.output_shape = (None, *first.shape[1:]) if isinstance(first, Tensor) else None
        return y

    def _build(self, x: Any) -> None:
        """build for the shape of x, or the shapes of a list; parameters get their names."""
        if isinstance(x, Tensor):
            if self.input_rank is not None:
                check_rank(self, x.shape, self.input_rank)
            self.build(x.shape)
        else:
            self.build([item.shape for item in x])  # type: ignore[arg-type]
        self.built = True
        for name, value in vars(self).items():
            if isinstance(value, Parameter) and not value.name:
                value.name = name

    def build_from_shape(self, shape: tuple[int, ...]) -> None:
        """Build this layer, and all within, by one call on zeros.

        Args:
            shape: Shape of one input, without the batch axis. The length of sequences
                (T, features) may be None, as in Keras.

        Raises:
            ValueError: If another length is None.
        """
        lengths = (1, shape[1]) if len(shape) == 2 and shape[0] is None else shape
        if None in lengths:
            raise ValueError(
                f"input_shape={shape}: only the length of sequences (None, features) may be open; "
                "without input_shape the first batch decides"
            )
        dtype = "int64" if self.accepts_integers else settings.default_dtype
        with no_grad(), modes.training(False):
            self(Tensor(device_module().zeros((1, *lengths), dtype)))

    # ---- messages --------------------------------------------------------------------------------

    def _path_name(self) -> str:
        """The layer's part of the path in messages."""
        return self.name or snake_case(type(self).__name__)

    def __repr__(self) -> str:
        label = f"{type(self).__name__} {self.name or ''}".rstrip()
        return f"<{label}>" if self.built else f"<{label}, not built>"


def check_layer(owner: Any, value: Any) -> None:
    """Raise TypeError unless `value`, an argument of the layer `owner`, is a layer."""
    if not isinstance(value, Layer):
        hint = ": wrap a function in Lambda" if callable(value) else ""
        raise TypeError(f"{type(owner).__name__} expects layers, got {value!r}{hint}")


def _add_path(error: Exception, name: str) -> None:
    """Put the layer's name before an error's message; outer layers add theirs before it."""
    path, problem = getattr(error, "layer_path", None), getattr(error, "problem", None)
    if path is None:
        path, problem = name, str(error)
    else:
        path = f"{name}/{path}"
    error.layer_path, error.problem = path, problem  # type: ignore[attr-defined]
    error.args = (f"layer {path}: {problem}",)
