"""Layer: hyperparameters in __init__, parameters in build, the equation in call."""

from __future__ import annotations

import warnings
from typing import Any

from ..arguments import improve_error
from ..config import as_data, settings
from ..engine.symbolic import is_symbolic
from ..engine.tensor import Tensor, wrap
from ..utils.instead import explain_missing_method
from ..utils.registry import snake_case
from ..utils.structures import is_structure, map_structure
from . import calls, modes
from .added_losses import call_outermost, usage
from .building import counted_as_built, unbuilt_if_it_fails, zeros_for
from .parameter import Parameter
from .validation import (
    add_path,
    check_features,
    check_rank,
    describe_no_layer,
    mention_structure,
    positive_integer,
    shape_tuple,
)
from .weights import Weighted

CALL_ERRORS = ValueError, TypeError, LookupError, AttributeError, FloatingPointError


class Layer(Weighted):
    """Base of all layers: a subclass writes `__init__`, `build(input_shape)` and `call(x)`.

    `build` runs once, before the first call, with the shape of the first input, batch axis
    included. Parameters and layers within are found among the attributes (see Module).

    `call` may take `training`, which is then True in training, and `mask`, the mask of x: booleans
    (N, T), False at padding; of a further input `memory` it may take `memory_mask`. A mask comes
    with a Tensor, as `x.mask`, and goes on to the output if `supports_masking` is True or there is
    a `compute_mask`. Ops drop it.

    Args:
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters of this layer and of all within.
        input_shape: Shape of one input, without the batch axis; with it a Sequential is built at
            once.
        input_dim: Short for input_shape=(input_dim,).
        dtype: dtype of the parameters, and that inputs are cast to; None for the default one.
        activity_regularizer: Name or function of a penalty on the output, averaged over the rows;
            None for none.

    Example:
        >>> class Scale(minigrad.layers.Layer):
        ...     def build(self, input_shape):
        ...         self.factor = self.add_weight(input_shape[-1:], "ones")
        ...     def call(self, x):
        ...         return x * self.factor
        >>> Scale()(np.ones((2, 3))).shape
        (2, 3)
    """

    supports_masking = False  # True: the output has a mask, that of the input by default
    layers_carry_masks = False  # True: the layers within give the output its mask
    input_rank: int | None = None  # number of axes of an input; None for any
    input_features: int | None = None  # length of its last axis, set by build; None for any
    output_shape: tuple[Any, ...] | None = None
    _has_warned_of_uint8 = False
    _has_warned_of_mask = False
    _makes_masks = False  # True: compute_mask may make a mask where there was none
    _call_signature: calls.CallSignature | None = None
    _takes_training = False

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "call" in vars(cls) or len(cls.__bases__) > 1:
            cls._call_signature = calls.call_signature(cls.call)
            cls._takes_training = bool(cls._call_signature and cls._call_signature.takes_training)
        if "compute_mask" in vars(cls):
            cls._makes_masks = vars(cls).get("_makes_masks", True)
            cls.supports_masking = vars(cls).get("supports_masking", True)
        if "build" in vars(cls):
            cls.build = counted_as_built(cls.build)  # type: ignore[method-assign]

    def __init__(
        self,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        input_dim: int | None = None,
        dtype: Any = None,
        activity_regularizer: Any = None,
    ) -> None:
        super().__init__(name, trainable, dtype, activity_regularizer)
        if input_dim is not None:
            self._input_shape = (positive_integer(self, "input_dim", input_dim),)
        elif input_shape is not None:
            self._input_shape = shape_tuple(self, "input_shape", input_shape)

    def __getattr__(self, name: str) -> Any:
        """Called where an attribute is missing: the error that says what stands in its place."""
        if hasattr(type(self), name):  # a property, whose own error this would hide
            return object.__getattribute__(self, name)
        raise explain_missing_method(self, name)

    # ---- what a subclass writes ------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Make the parameters; called by hand, also those of the layers within.

        Args:
            input_shape: Shape of the first input, batch axis included, which may be None; a list of
                shapes where the input is a list.

        Raises:
            ValueError: If another length than that of the batch or of sequences is None.

        Example:
            >>> model = minigrad.Sequential(minigrad.layers.Dense(3))
            >>> model.build((None, 4))
            >>> model.count_params()
            15
        """
        if self.built:  # the call that builds this layer builds those within
            return
        with unbuilt_if_it_fails(self), modes.probing():
            self.built = True
            self._name_parameters()
            self._note_output_shape(self(zeros_for(self, input_shape)))
        if self._input_shape is None and not isinstance(input_shape[0], (list, tuple)):
            self._input_shape = tuple(input_shape[1:])

    def call(self, x: Any) -> Any:
        """The layer's equation.

        Args:
            x: Tensor, the input.
        """
        raise TypeError(
            f"{type(self).__name__} needs a method call(self, x) that returns its output"
        )

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """The mask of the output, by default that of the input.

        Args:
            x: The input.
            mask: Its mask (N, T), True at real steps, or None.
        """
        return mask

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

    def __call__(
        self, x: Any = None, *others: Any, training: bool | None = None, **options: Any
    ) -> Any:
        """call(x, ...), after building the layer if this is the first time.

        Args:
            x: The first input: a Tensor, an array or nested lists. It may go by the name that it
                has in `call`, or by inputs=.
            *others: Further inputs of `call`.
            training: Training mode for this call alone; None for the mode set outside.
            **options: Keyword arguments of `call`; mask= stands for the mask of x.
        """
        x = calls.take_first_input(self, options) if x is None else x
        is_tensor = isinstance(x, Tensor)
        if not is_tensor and (is_symbolic(x) or (others and is_symbolic(others))):
            return self._record_call(x, others, options, training)
        if usage.is_known and not settings.inside_call:
            return call_outermost(self, x, others, training, options)
        if self._dtype is not None and settings.layer_in_dtype is not self:
            return self._call_in_dtype(x, others, training, options)
        if (training is not None or self._takes_training) and (
            mode := calls.new_mode(self, training, others)
        ) is not None:
            with modes.training(mode):
                return self(x, *others, **options)
        if not is_tensor or (x._array.dtype.kind != "f" and not self.accepts_integers):
            x = self._as_input(x)
        asks = self._call_signature is not None or options or x.__class__ is not Tensor
        x, mask = calls.take_masks(self, x, others, options) if asks else (x, x.mask)
        try:
            if not self.built:
                y = self._first_call(x, *others, **options)
            else:
                if self.input_rank is not None:
                    check_rank(self, x.shape, self.input_rank)
                if self.input_features is not None:
                    check_features(self, x.shape, self.input_features)
                y = self.call(x, *others, **options)
            return (
                y
                if mask is None and not self._makes_masks
                else calls.hand_on_mask(self, x, y, mask)
            )
        except CALL_ERRORS as error:
            improve_error(error, self.call, (x, *others), options)
            mention_structure(error, x)
            add_path(error, self._path_name())
            raise

    def _as_input(self, x: Any) -> Any:
        """x as a Tensor, integers cast unless the layer accepts them; several arrays each so."""
        if isinstance(x, (list, tuple, dict)) and is_structure(x):
            return map_structure(self._as_input, x)
        if isinstance(x, (list, tuple)) and any(isinstance(item, Tensor) for item in x):
            return x
        tensor = x if isinstance(x, Tensor) else wrap(as_data(x), None)
        if self.accepts_integers or tensor.dtype.kind == "f":
            return tensor
        return calls.under_mask(Tensor(self.cast(tensor.data)), tensor.mask)

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
        with unbuilt_if_it_fails(self):
            self._build(x)
            y = self.call(x, *others, **options)
            self._note_output_shape(y)
            return y

    def _note_output_shape(self, y: Any) -> None:
        first = y[0] if isinstance(y, tuple) else y  # (output, states)
        self.output_shape = (None, *first.shape[1:]) if isinstance(first, Tensor) else None

    def _build(self, x: Any) -> None:
        """build for the shape of x, or the shapes of a list; parameters get their names."""
        if isinstance(x, Tensor) and self.input_rank is not None:
            check_rank(self, x.shape, self.input_rank)
        self.built = True
        self.build(x.shape if isinstance(x, Tensor) else map_structure(lambda a: a.shape, x))
        self._name_parameters()

    def _name_parameters(self) -> None:
        """Name the parameters without a name after their attributes."""
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
        with modes.probing():
            self(zeros_for(self, (None, *shape)))

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
        raise TypeError(f"{type(owner).__name__} expects layers, got {describe_no_layer(value)}")
