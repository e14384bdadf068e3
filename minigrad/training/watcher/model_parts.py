"""The layers and parameters of a model with their paths, as the watcher names them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...layers import BatchNormalization, Dropout, GaussianDropout, GaussianNoise

NOISE = (Dropout, GaussianDropout, GaussianNoise)


class ModelParts:
    """The layers and parameters of a model, as far as they are built.

    Args:
        model: The model.

    Attributes:
        name: The name of the model, in place of the empty path.
        layers: All layers.
        paths: The path of each layer, by its id.
        ends: The ids of the layers that end the model, or one within.
        norms: (path, layer) for each batch normalization.
        has_modes: True if a layer gives something else in training mode.
        parameters: All parameters, by their ids.
        names: Their names, by their ids.
        layer_paths: The path of the layer of each parameter, by the id of the parameter.
        judged: The ids of those whose changes are judged: no bias or gain beside a kernel, as at 0
            any step is large.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._to_train: dict[str, Any] = {}
        self.name = name_of(model)
        named = list(model.named_layers())
        self.layers = [layer for _, layer in named]
        self.paths = {id(layer): path or self.name for path, layer in named}
        self.ends = ends_of_models(self.layers)
        self.norms = [(path, x) for path, x in named if isinstance(x, BatchNormalization)]
        self.has_modes = bool(self.norms) or any(isinstance(x, NOISE) for x in self.layers)
        weights = model.named_weights()
        self.parameters = {id(p): p for p in weights.values()}
        self.names = {id(p): name for name, p in weights.items()}
        self.layer_paths = {i: self.layer_path(name) for i, name in self.names.items()}
        kernels = {self.layer_paths[i] for i, p in self.parameters.items() if p.ndim >= 2}
        self.judged = {
            i
            for i, p in self.parameters.items()
            if p.ndim >= 2 or self.layer_paths[i] not in kernels
        }

    def layer_path(self, name: str) -> str:
        """The path of the layer of a parameter.

        Args:
            name: The name of the parameter.
        """
        return name.rpartition("/")[0] or self.name

    def trained(self, is_compiled: bool) -> dict[str, Any]:
        """The parameters that training is to change, by name, as they are at the first call.

        Args:
            is_compiled: True if the steps are those of a compiled model.
        """
        if not self._to_train:
            model = self._model
            listed = model.trained() if is_compiled else model.trainable_weights
            self._to_train = {self.names.get(id(p), p.name): p for p in listed}
        return self._to_train


def name_of(model: Any) -> str:
    """The name of a model.

    Args:
        model: The model, or a layer.
    """
    return str(getattr(model, "name", None) or "model")


def ends_of_models(layers: Sequence[Any]) -> set[int]:
    """The ids of the layers that end a model, or one within: outputs may saturate.

    Args:
        layers: All layers of a model.
    """
    found = set()
    for layer in layers:
        listed = vars(layer).get("layers")
        if isinstance(listed, list) and listed:
            found.add(id(listed[-1]))
        graph = vars(layer).get("_graph")
        if graph is not None:
            found |= {id(x.call.function) for x in graph.output_list}
    return found
