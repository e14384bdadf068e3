"""Sequential: a model that is a straight line of layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Sequence

from ..engine.symbolic import SymbolicTensor, symbolic_leaves
from ..layers.base import CALL_ERRORS, Layer, check_layer
from ..layers.building import unbuilt_if_it_fails
from ..layers.inputs import Input, InputLayer
from ..layers.module import name_layers
from ..layers.validation import add_path
from ..utils.serialization import deserialize, serialize
from .configuration import keep_name
from .functional import Graph
from .model import Model


class Sequential(Model):
    """Layers in a line: each receives the output of the one before.

    Args:
        *line: The layers, or one list of them. The model is built at once if the first says its
            `input_shape`, else by the first batch.
        layers: The same list, by its name in Keras.
        trainable: False freezes all parameters.
        name: Name of the model.

    Raises:
        TypeError: If something is not a layer.
        ValueError: If layers do not fit each other, or share a name.

    Example:
        >>> from minigrad.layers import Dense
        >>> model = Sequential(Dense(16, activation="relu", input_shape=(4,)), Dense(3))
        >>> model(np.ones((2, 4))).shape
        (2, 3)
    """

    def __init__(
        self,
        *line: Layer | Sequence[Layer],
        layers: Sequence[Layer] = (),
        trainable: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name, trainable=trainable)
        self.layers: list[Layer] = []
        listed = line[0] if len(line) == 1 and isinstance(line[0], (list, tuple)) else line
        for layer in [*listed, *layers]:
            self._append(layer)
        self._build_if_known()
        if not trainable:
            self.trainable = False

    def add(self, layer: Layer) -> None:
        """Append a layer.

        Args:
            layer: The new last layer.

        Raises:
            TypeError: If it is not a layer.
            ValueError: If it does not fit; the model stays as it was.
        """
        before = dict(vars(self), layers=list(self.layers))
        try:
            self._append(layer)
            if len(self.layers) > len(before["layers"]):
                self.built = False
                self._trained = None
            self._build_if_known()
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise

    def pop(self) -> Layer:
        """Remove the last layer and return it."""
        self._trained = None
        layer = self.layers.pop()
        if self._graph is not None:
            *_, last = self._graph.calls
            layer._calls = [call for call in layer._calls if call is not last]
            self._graph = Graph(self._graph.inputs, last.args[0]) if self.layers else None
        return layer

    def _append(self, layer: Any) -> None:
        """Append a layer, or take the shape that an Input declares."""
        if isinstance(layer, SymbolicTensor) and isinstance(layer.call.function, InputLayer):
            layer = layer.call.function
        check_layer(self, layer)
        if self._input_shape is None and not self.layers:
            self._input_shape = layer._input_shape
        if not isinstance(layer, InputLayer):
            self.layers.append(layer)
            name_layers(self.layers)

    def _build_if_known(self) -> None:
        """Build all layers as soon as the shape of the input is known."""
        if self._input_shape is not None and self.layers and not self.built:
            try:
                self.build((None, *self._input_shape))
            except CALL_ERRORS as error:
                add_path(error, self._path_name())
                raise

    def build(self, input_shape: Any) -> None:
        """Build the layers, one after the other, on a symbolic input.

        Args:
            input_shape: Shape of the input, batch axis included, which may be None.

        Raises:
            ValueError: If layers do not fit each other.
        """
        self._batch_shape = tuple(input_shape)
        if self.built and self._graph is None:  # the first batch builds the layers
            return
        if self._input_shape is None:
            self._input_shape = self._batch_shape[1:]
        with unbuilt_if_it_fails(self):
            self._extend_graph()
            self.output_shape = self._require_graph().outputs.shape

    def _extend_graph(self) -> None:
        """Call the layers that are not in the graph yet on its output, which builds them."""
        if self._graph is None:
            dtype = "int64" if self.accepts_integers else None
            x: Any = Input(batch_shape=(None, *self._batch_shape[1:]), dtype=dtype)
            inputs, done = x, 0
        else:
            inputs, x, done = self._graph.inputs, self._graph.outputs, len(self._graph.calls)
        for layer in self.layers[done:]:
            x = layer(x)
        self._graph = Graph(inputs, x)

    def _require_graph(self) -> Graph:
        if self._graph is None and self.built:
            self._extend_graph()
        return super()._require_graph()

    @property
    def accepts_integers(self) -> bool:  # type: ignore[override]
        """True if the first layer accepts them."""
        return not self.layers or self.layers[0].accepts_integers

    takes_structures = False

    def get_config(self) -> dict[str, Any]:
        """What makes a model like this one, without its weights: the layers, an Input first."""
        if type(self).__init__ is not Sequential.__init__:
            return super().get_config()
        layers = serialize([*self._inputs_if_built(), *self.layers])
        return {"name": self.name, "trainable": self.trainable, "layers": layers}

    def _inputs_if_built(self) -> list[InputLayer]:
        """The Input of the line, as soon as its shape is known."""
        return [self._require_graph().inputs.call.function] if self.built and self.layers else []

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """The model that a configuration describes, with new weights, and not compiled.

        Args:
            config: What `get_config` returned.
            custom_objects: Classes and functions of your own by name.

        Raises:
            ValueError: If it does not fit, or names what is not there.
        """
        if cls.__init__ is not Sequential.__init__:
            return super().from_config(config, custom_objects)
        layers = deserialize(config["layers"], custom_objects)
        for layer in layers:
            keep_name(layer, None)
        model = cls(layers, name=config.get("name"))
        model._trainable = bool(config.get("trainable", True))
        return model

    def _cloned(self, clone: Callable[[Any], Any], input_tensors: Any) -> Any:
        if type(self).__init__ is not Sequential.__init__ and input_tensors is None:
            return clone(self)
        given = symbolic_leaves(input_tensors)
        start = given or [layer.output for layer in self._inputs_if_built()]
        inputs = [Input(batch_shape=x.shape, dtype=x.dtype) for x in start[:1]]
        return Sequential([*inputs, *map(clone, self.layers)], name=self.name)

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, i: int) -> Layer:
        return self.layers[i]

    def call(self, x: Any) -> Any:
        """x through all layers.

        Args:
            x: Inputs.
        """
        for layer in self.layers:
            x = layer(x)
        return x
