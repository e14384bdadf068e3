"""How a layer is built from a declared shape, or by hand, and left as it was where that fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from ..config import device_module, settings
from ..engine.tensor import Tensor


@contextmanager
def unbuilt_if_it_fails(layer: Any) -> Iterator[None]:
    """After an exception this layer and those within are as they were before the block."""
    before = [(inner, dict(vars(inner))) for _, inner in layer.named_layers() if not inner.built]
    try:
        yield
    except BaseException:
        for inner, attributes in before:
            vars(inner).clear()
            vars(inner).update(attributes)
        raise


def zeros_for(layer: Any, shape: Any) -> Any:
    """Zeros of a shape whose batch axis and length of sequences may be None; or a list of them."""
    if isinstance(shape[0], (list, tuple)):
        return [zeros_for(layer, item) for item in shape]
    n, *lengths = shape
    if len(lengths) == 2 and lengths[0] is None:
        lengths[0] = 1
    if None in lengths:
        raise ValueError(
            f"input_shape={tuple(shape[1:])}: only the length of sequences (None, features) may be "
            "open; without input_shape the first batch decides"
        )
    dtype = "int64" if layer.accepts_integers else settings.default_dtype
    return Tensor(device_module().zeros((n or 1, *lengths), dtype))


def counted_as_built(build: Callable[..., None]) -> Callable[..., None]:
    """A layer's own `build`, after which the layer is built, also when it is called by hand."""

    @wraps(build)
    def build_and_count(self: Any, *shapes: Any, **options: Any) -> None:
        with self._in_dtype():
            build(self, *shapes, **options)
        self.built = True
        self._name_parameters()

    return build_and_count
