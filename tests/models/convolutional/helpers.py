"""What tests of convolutional networks read from a model."""

from __future__ import annotations


def parameter_counts(model) -> list[int]:
    """The parameters of each layer that has any."""
    counts = [layer.count_params() for layer in model.layers]
    return [count for count in counts if count]


def output_shapes(model, kinds: set[str]) -> list[tuple]:
    """The output shape of each layer of these kinds."""
    shapes = []
    for layer in model.layers:
        if type(layer).__name__ in kinds:
            shapes.append(layer.output_shape[1:])
    return shapes
