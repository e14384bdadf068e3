"""What a layer's `call` asks for beside its inputs: the training mode, and masks of tensors."""

from __future__ import annotations

import inspect
import warnings
from functools import reduce
from operator import or_
from typing import Any, Callable, NamedTuple

from ..config import as_data, settings
from ..engine.tensor import Tensor, wrap
from ..utils.structures import iter_leaves

# ---- masks of tensors ----------------------------------------------------------------------------


def mask_of(x: Any) -> Any:
    """The mask of a Tensor, the list of those in a list, or None where there is none."""
    if isinstance(x, (list, tuple)):
        masks = [mask_of(item) for item in x]
        return masks if any(mask is not None for mask in masks) else None
    return getattr(x, "mask", None)


def under_mask(x: Any, mask: Any) -> Any:
    """x under another mask: a new Tensor, of the same array and node. A list stays as it is."""
    if not isinstance(x, Tensor) or mask is x.mask:
        return x
    masked = wrap(x._array, x.node)
    set_mask(masked, mask)
    return masked


def set_mask(y: Tensor, mask: Any) -> None:
    """Give y a mask, as booleans on its device; None for none."""
    if mask is not None:
        mask = as_data(mask, device=y.device)
        mask = mask if mask.dtype.kind == "b" else mask != 0
    y.mask = mask


def hand_on_mask(layer: Any, x: Any, y: Any, mask: Any) -> Any:
    """y with the mask that the layer computes; warns once if the mask of x ends here.

    A layer with an activity regularizer adds its penalty on y to the loss.
    """
    if layer.activity_regularizer is not None:
        for _, output in iter_leaves(y):
            layer.add_loss(layer.activity_regularizer(output) / max(1, len(output)))
    if layer.supports_masking:
        return _give_mask(x, y, layer.compute_mask(x, mask))
    is_lost = mask is not None and mask_of(y) is None and not layer.layers_carry_masks
    if is_lost and not layer._has_warned_of_mask:
        layer._has_warned_of_mask = True
        warnings.warn(
            f"layer {layer._path_name()}: {type(layer).__name__} ignores the mask of its input and "
            "passes none on: padded steps count as real from here on (a layer of your own that "
            "treats each step by itself says supports_masking = True)",
            stacklevel=4,
        )
    return y


def _give_mask(x: Any, y: Any, mask: Any) -> Any:
    """y, the output of a layer, with its mask, or a list with masks, unless `call` has set one."""
    if isinstance(y, (list, tuple)):
        for item, its_mask in zip(y, mask if isinstance(mask, (list, tuple)) else [mask]):
            if isinstance(item, Tensor) and item.mask is None:
                set_mask(item, its_mask)
        return y
    if not isinstance(y, Tensor):
        return y
    mask = mask[0] if isinstance(mask, (list, tuple)) else mask
    if y is x:
        return under_mask(y, mask)
    if y.mask is None:
        set_mask(y, mask)
    return y


def either_mask(*ys: Any) -> Any:
    """The mask of outputs that are merged step by step: real where one is, None if one has none."""
    masks = [mask_of(y) for y in ys]
    return None if any(mask is None for mask in masks) else reduce(or_, masks)


# ---- the signature of call -----------------------------------------------------------------------


class CallSignature(NamedTuple):
    """What `call` takes beside inputs.

    Attributes:
        names: The arguments that may go by position, x the first.
        takes_training: True if it takes the training mode.
        default_mode: The default of `training`.
        takes_mask: True if it takes the mask of x.
        masks: For each further mask: its name, that of its input, and the position of
            that, -1 if it goes by name.
    """

    names: tuple[str, ...]
    takes_training: bool
    default_mode: bool | None
    takes_mask: bool
    masks: tuple[tuple[str, str, int], ...]

    def complete(self, x: Any, others: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """Add to `options` what the user left out; returns the mask of x."""
        given = self.names[: len(others) + 1]
        if self.takes_training and "training" not in given:
            options["training"] = bool(settings.training)
        if self.masks:
            self._add_masks(x, others, options)
        mask = x.mask if x.__class__ is Tensor else mask_of(x)
        if not self.takes_mask:
            return mask
        if "mask" in given:
            return others[self.names.index("mask") - 1]
        if options.get("mask") is None:
            options["mask"] = mask
        return options["mask"]

    def _add_masks(self, x: Any, others: tuple[Any, ...], options: dict[str, Any]) -> None:
        """Add the masks of further inputs."""
        for name, argument, i in self.masks:
            if name not in self.names[: len(others) + 1] and options.get(name) is None:
                value = (x, *others)[i] if 0 <= i <= len(others) else options.get(argument)
                options[name] = mask_of(value)


def new_mode(layer: Any, training: Any, others: tuple[Any, ...]) -> bool | None:
    """The training mode to enter for a call: the one given, or the default; None to stay."""
    signature = layer._call_signature
    if training is None and signature is not None and signature.takes_training:
        if "training" in signature.names[: len(others) + 1]:
            training = others[signature.names.index("training") - 1]
        elif settings.training is None:
            training = signature.default_mode
    return None if training is None or bool(training) is settings.training else bool(training)


def take_masks(layer: Any, x: Any, others: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """(x, its mask), after `options` got what `call` asks for; mask= stands for the mask of x."""
    signature = layer._call_signature
    if "mask" in options and not takes_mask(layer):
        x = under_mask(x, options.pop("mask"))
    return x, mask_of(x) if signature is None else signature.complete(x, others, options)


def take_first_input(layer: Any, options: dict[str, Any]) -> Any:
    """The first input of a call, taken out of its keyword arguments."""
    first = next(iter(_parameters(layer.call)), "inputs")
    for name in (first, "inputs"):
        if name in options:
            return options.pop(name)
    raise TypeError(f"{layer._path_name()} was called on nothing: give it {first}, its input")


def wanted_options(function: Any) -> tuple[str, ...]:
    """Those of "mask" and "training" that a function has arguments for."""
    return tuple(name for name in ("mask", "training") if name in _parameters(function))


def takes_mask(layer: Any) -> bool:
    """True if a layer uses the mask of its input."""
    signature = layer._call_signature
    return signature is not None and signature.takes_mask


def _parameters(function: Any) -> dict[str, inspect.Parameter]:
    try:
        return dict(inspect.signature(function).parameters)
    except ValueError:  # built in, without a signature
        return {}


def call_signature(call: Callable[..., Any]) -> CallSignature | None:
    """What a function call(self, x, ...) takes, None if neither mode nor masks."""
    parameters = dict(list(_parameters(call).items())[1:])
    names = tuple(
        name
        for name, p in parameters.items()
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    )
    inputs = {f"{name}_mask": name for name in parameters}
    masks = tuple(
        (mask, inputs[mask], names.index(inputs[mask]) if inputs[mask] in names else -1)
        for mask in parameters
        if mask in inputs
    )
    training = parameters.get("training")
    takes_training = training is not None or any(
        p.kind is p.VAR_KEYWORD for p in parameters.values()
    )
    default = getattr(training, "default", None)
    signature = CallSignature(
        names,
        takes_training,
        None if default in (None, inspect.Parameter.empty) else bool(default),
        "mask" in parameters,
        masks,
    )
    return signature if takes_training or signature.takes_mask or masks else None
