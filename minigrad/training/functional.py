"""The functional graph: the recorded calls that lead from inputs to outputs, made on data.

    x = Input((8,))
    h = Dense(4, "relu")(x)
    model = Model(x, [Dense(1, name="mean")(h), Dense(1, name="spread")(h)])

A model of this kind keeps a Graph; a batch goes through its calls in order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..engine.symbolic import Call, SymbolicTensor, is_symbolic, replace_leaves, symbolic_leaves
from ..layers.base import Layer
from ..layers.inputs import InputLayer
from ..layers.module import name_layers
from ..layers.parameter import Parameter
from ..layers.recorded import found_unless_set
from ..utils.notebook import show_in_notebook
from ..utils.registry import lookup
from .summary import summary_table


class Slot(NamedTuple):
    """Stands in the arguments of a step for the value with this number."""

    number: int


class Step(NamedTuple):
    """A call on values by number.

    Attributes:
        function: What is called.
        source: The number of its only argument, or None where there are more.
        args: Its arguments by position, with Slots for values.
        kwargs: Its arguments by name.
        target: The number of its only result, or None where there are more.
        results: Its results, with Slots.
        finished: The values that no later step reads.
    """

    function: Callable[..., Any]
    source: int | None
    args: Any
    kwargs: dict[str, Any]
    target: int | None
    results: Any
    finished: list[int]


class Connection(NamedTuple):
    """A call as the summary and the picture show it.

    Attributes:
        name: The name of the layer or op.
        kind: The class of the layer, or "op".
        shape: The shape of the output, or several.
        function: What is called.
        sources: The numbers of the connections that it reads.
        dtype: The dtype of the output, or several.
        models: The names of the nested models that it is in, outermost first.
    """

    name: str
    kind: str
    shape: Any
    function: Any
    sources: list[int]
    dtype: Any = None
    models: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Name and kind."""
        return f"{self.name} ({self.kind})"


class Graph:
    """The calls that lead from symbolic inputs to symbolic outputs.

    Args:
        inputs: A SymbolicTensor, or a list, tuple or dict of them.
        outputs: The same.

    Raises:
        TypeError: If something else is among them.
        ValueError: If outputs need an input that is not given.

    Example:
        >>> x = minigrad.Input((2,))
        >>> Graph(x, 2 * x + 1)(minigrad.Tensor([[1.0, 2.0]])).numpy()
        array([[3., 5.]], dtype=float32)
    """

    def __init__(self, inputs: Any, outputs: Any) -> None:
        _require_symbolic("inputs", inputs)
        _require_symbolic("outputs", outputs)
        self.inputs = inputs
        self.outputs = outputs
        self.input_list = symbolic_leaves(inputs)
        self.output_list = symbolic_leaves(outputs)
        items = inputs.values() if isinstance(inputs, dict) else inputs
        is_one = isinstance(inputs, SymbolicTensor)
        self.is_nested = not is_one and any(not isinstance(x, SymbolicTensor) for x in items)
        is_dict = isinstance(outputs, dict)
        ends = symbolic_leaves(dict(sorted(outputs.items())) if is_dict else outputs)
        self.calls, self.met = calls_between(self.input_list, ends)
        self.name()
        self._compile()

    def name(self) -> None:
        """Name inputs and outputs after their layers, which the model may have named since."""
        self.input_names = _names(self.inputs)
        self.output_names = _names(self.outputs)

    def _compile(self) -> None:
        """Number all values, and write each call as a step on them."""
        numbers: dict[int, int] = {}
        for x in [*self.input_list, *(x for c in self.calls for x in symbolic_leaves(c.output))]:
            numbers.setdefault(id(x), len(numbers))

        def slot(x: Any) -> Any:
            return Slot(numbers[id(x)]) if isinstance(x, SymbolicTensor) else x

        self.value_count = len(numbers)
        self.result = replace_leaves(slot, self.outputs)
        kept = {numbers[id(x)] for x in self.output_list}
        steps = []
        for call in reversed(self.calls):
            read = {numbers[id(x)] for x in call.inputs}
            finished = sorted(read - kept)
            kept |= read
            args, results = replace_leaves(slot, call.args), replace_leaves(slot, call.output)
            is_single = len(args) == 1 and isinstance(args[0], Slot) and not call.kwargs
            steps.append(
                Step(
                    call.function,
                    args[0].number if is_single else None,
                    args,
                    replace_leaves(slot, call.kwargs),
                    results.number if isinstance(results, Slot) else None,
                    results,
                    finished,
                )
            )
        self.steps = steps[::-1]

    def __call__(self, x: Any) -> Any:
        """The outputs for these inputs, in the form the graph was given.

        Args:
            x: A Tensor per input: one, a list or tuple in their order, or a dict by their names; if
                the inputs are nested, in their form.

        Raises:
            ValueError: If they do not fit in number, name or shape.
        """
        values = [*self._match(x), *[None] * self.value_count]
        for function, source, args, kwargs, target, results, finished in self.steps:
            if source is not None:
                y = function(values[source])
            else:
                y = function(*_fill(args, values), **_fill(kwargs, values))
            if target is not None:
                values[target] = y
            else:
                _store(y, results, values)
            for i in finished:
                values[i] = None
        return _fill(self.result, values)

    def _match(self, x: Any) -> list[Any]:
        """The given Tensors in the order of the inputs."""
        try:
            return self._in_order(x)
        except ValueError as error:
            error.names_inputs = True  # type: ignore[attr-defined]
            raise

    def _in_order(self, x: Any) -> list[Any]:
        """The same; raises ValueError if they do not fit."""
        names = self.input_names
        if self.is_nested:
            given = _leaves_like(self.inputs, x, "x")
        elif isinstance(x, dict):
            if missing := [name for name in names if name not in x]:
                raise ValueError(
                    f"the input {missing[0]!r} is missing among {', '.join(map(repr, x))}: this "
                    f"model takes {', '.join(names)}"
                )
            given = [x[name] for name in names]
        else:
            given = list(x) if isinstance(x, (list, tuple)) else [x]
        if len(given) != len(names):
            raise ValueError(
                f"this model takes {len(names)} inputs ({', '.join(names)}), got {len(given)}"
            )
        for i, (name, expected) in enumerate(zip(names, self.input_list)):
            if given[i].shape[1:] != expected.shape[1:]:
                given[i] = match_rank(given[i], expected.shape[1:])
                _check_shape(name, expected.shape, given[i].shape)
        return given

    def layers(self) -> list[Layer]:
        """The layers that are called, each once, in Keras's order.

        The farthest from the outputs come first; of those equally far, the one that is met first on
        the way back from the outputs.
        """
        inputs = [x.call for x in self.input_list if isinstance(x.call.function, InputLayer)]
        depth: dict[Call, int] = {}
        farthest: dict[Any, int] = {}
        for call in [*reversed(self.calls), *inputs]:
            far = max(depth.get(call, 0), farthest.get(call.function, 0))
            farthest[call.function] = far
            for x in call.inputs:
                depth[x.call] = max(depth.get(x.call, 0), far + 1)
        met = {f: i for i, f in enumerate(dict.fromkeys(c.function for c in self.met))}
        layers = [f for f in farthest if isinstance(f, Layer)]
        return sorted(layers, key=lambda f: (-farthest[f], met.get(f, 0)))

    def all_calls(self) -> list[Call]:
        """The calls of the inputs, then those between inputs and outputs."""
        return list(dict.fromkeys([*(x.call for x in self.input_list), *self.calls]))

    def connections(self) -> list[Connection]:
        """What the summary and the picture show: each call, inputs first."""
        calls = self.all_calls()
        numbers = {call: i for i, call in enumerate(calls)}
        names: list[str] = []
        for call in calls:
            is_layer = isinstance(call.function, Layer)
            names.append(call.name if is_layer else unique_name(call.name, names))
        return [
            Connection(
                name,
                type(call.function).__name__ if isinstance(call.function, Layer) else "op",
                replace_leaves(lambda x: x.shape, call.output),
                call.function,
                list(dict.fromkeys(numbers[x.call] for x in call.inputs if x.call in numbers)),
                replace_leaves(lambda x: str(x.dtype), call.output),
            )
            for name, call in zip(names, calls)
        ]

    def expanded(self, models: tuple[str, ...] = ()) -> tuple[list[Connection], list[int]]:
        """(the connections with those of nested models in their place, the numbers of the outputs).

        Args:
            models: The names of the models that this graph is in.
        """
        every: list[Connection] = []
        ends: list[list[int]] = []  # for each call the numbers of the connections that end it
        calls = self.all_calls()
        for call, c in zip(calls, self.connections()):
            feeding = [ends[calls.index(x.call)] for x in call.inputs if x.call in calls]
            inner = getattr(c.function, "_graph", None)
            if inner is None:
                sources = list(dict.fromkeys(k for numbers in feeding for k in numbers))
                ends.append([len(every)])
                every.append(c._replace(sources=sources, models=models))
                continue
            start = len(every)
            parts, outputs = inner.expanded((*models, c.name))
            for i, part in enumerate(parts):
                within = [start + k for k in part.sources]
                every.append(part._replace(sources=within or feeding[i]))
            ends.append([start + k for k in outputs])
        last = [ends[calls.index(x.call)] for x in self.output_list]
        return every, list(dict.fromkeys(k for numbers in last for k in numbers))

    def parameters(self) -> list[Parameter]:
        """The Parameters that stand among the arguments of calls."""
        leaves: list[Any] = []
        replace_leaves(leaves.append, [[call.args, call.kwargs] for call in self.calls])
        return [x for x in leaves if isinstance(x, Parameter)]


class GraphModel(Layer):
    """A layer that may be made of symbolic inputs and outputs.

    Args:
        inputs: Symbolic tensors: one, or a list, tuple or dict; None for a subclass with a `call`.
        outputs: The same.
        name: Name of the model.
        trainable: False freezes all parameters.
        input_shape: Shape of one input, without the batch axis.
        input_dim: Short for input_shape=(input_dim,).
        dtype: dtype of the parameters of a subclass, and that inputs are cast to; None for the
            default one.

    Raises:
        TypeError: If something else is given as inputs or outputs.
        ValueError: If outputs need an input that is not given.
    """

    takes_structures = True  # False: a list of arrays is one input, its rows
    _graph: Graph | None = None  # None: not made of symbolic tensors

    def __init__(
        self,
        inputs: Any = None,
        outputs: Any = None,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        input_dim: int | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, input_dim, dtype)
        if inputs is not None or outputs is not None:
            self._connect(inputs, outputs)

    def _connect(self, inputs: Any, outputs: Any) -> None:
        """Be the calls that lead from symbolic inputs to symbolic outputs."""
        inputs, outputs = _the_only_one(inputs), _the_only_one(outputs)
        graph = Graph(inputs, outputs)
        self.layers = graph.layers()
        name_layers(self.layers)
        graph.name()
        self._graph = graph
        self._parameters = graph.parameters()
        is_single = isinstance(inputs, SymbolicTensor)
        self.takes_structures = not is_single
        self._input_shape = inputs.shape[1:] if is_single else None
        self.output_shape = replace_leaves(lambda x: x.shape, outputs)
        self.built = True

    def call(self, x: Any) -> Any:
        """The outputs for a batch: of a model of symbolic tensors, all calls between.

        Args:
            x: Inputs; a list, tuple or dict for a model of several.
        """
        if self._graph is None:
            return super().call(x)
        return self._graph(x)

    @found_unless_set
    def layers(self) -> list[Layer]:
        """The layers of the model itself, in the order in which they were set."""
        return [layer for _, layer in self.named_children()]

    @found_unless_set
    def input_shape(self) -> Any:
        """The shape of the input, batch axis included; of several, in their form."""
        if self._graph is not None:
            return replace_leaves(lambda x: x.shape, self._graph.inputs)
        return super().input_shape

    @found_unless_set
    def inputs(self) -> list[SymbolicTensor]:
        """The symbolic inputs, in order."""
        return self._require_graph().input_list

    @found_unless_set
    def outputs(self) -> list[SymbolicTensor]:
        """The symbolic outputs, in order."""
        return self._require_graph().output_list

    @found_unless_set
    def input(self) -> Any:
        """The symbolic input, or the list, tuple or dict of them."""
        return self._require_graph().inputs

    @found_unless_set
    def output(self) -> Any:
        """The symbolic output, or the list, tuple or dict of them."""
        return self._require_graph().outputs

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs of a model of symbolic tensors."""
        return [] if self._graph is None else self._graph.input_names

    @property
    def output_names(self) -> list[str]:
        """The names of the outputs of a model of symbolic tensors."""
        return [] if self._graph is None else self._graph.output_names

    # ---- layers ----------------------------------------------------------------------------------

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer of that name or number among those of the model itself.

        Args:
            name: Name of the layer.
            index: Its number, from 0, in its place.

        Raises:
            ValueError: If there is none, or not just one of both is given.

        Example:
            >>> model = minigrad.Sequential(minigrad.layers.Dense(3, name="scores"))
            >>> model.get_layer("scores") is model.get_layer(index=0)
            True
        """
        if (name is None) is (index is None):
            raise ValueError("get_layer takes a name, or index=, the number of a layer")
        layers = [layer for _, layer in self.named_children()]
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(f"there is no layer {index}: the model has {len(layers)}")
            return layers[index]
        return lookup(str(name), {layer.name: layer for layer in layers}, "layer")

    def summary(
        self,
        line_length: int | None = None,
        positions: Sequence[float] | None = None,
        print_fn: Callable[[str], Any] = print,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Sequence[str] | None = None,
    ) -> None:
        """Print a table of the layers: output shapes and numbers of parameters.

        A notebook shows it as HTML.

        Args:
            line_length: Letters of a line, at least; None for as many as the table needs.
            positions: Where the columns end, as shares of line_length; None for as narrow as their
                texts.
            print_fn: Called with the table in place of `print`.
            expand_nested: Whether the layers of nested models have lines of their own.
            show_trainable: Whether a column says which layers are trained, yes or no.
            layer_range: The first and the last layer to show: names, or patterns of them.

        Raises:
            ValueError: If the model is not built, or layer_range names no layer.
        """
        self._built_weights("summary")
        table = summary_table(
            self, line_length, positions, expand_nested, show_trainable, layer_range
        )
        if print_fn is not print or not show_in_notebook(table):
            print_fn(table)

    def _built_weights(self, method: str) -> dict[str, Parameter]:
        """All parameters by path; raises ValueError unless all that make some are built."""
        makers = [layer for _, layer in self.named_layers() if type(layer).build != Layer.build]
        if not self.built or not all(layer.built for layer in makers):
            raise ValueError(
                f"{method} needs a built model: call it on a batch, or give the first layer "
                "input_shape="
            )
        return self.named_weights()

    def _require_graph(self) -> Graph:
        if self._graph is None:
            raise AttributeError(
                f"{type(self).__name__} was not made of symbolic tensors, Model(inputs, outputs), "
                "so it has no symbolic inputs and outputs"
            )
        return self._graph


# ---- from outputs back to inputs -----------------------------------------------------------------


def _the_only_one(tensors: Any) -> Any:
    """The item of a list or tuple of one, which Keras takes for a single tensor; else the same."""
    return tensors[0] if isinstance(tensors, (list, tuple)) and len(tensors) == 1 else tensors


def _require_symbolic(name: str, tensors: Any) -> None:
    """Raise TypeError unless every leaf is a SymbolicTensor."""
    wrong: list[Any] = []
    replace_leaves(lambda x: None if isinstance(x, SymbolicTensor) else wrong.append(x), tensors)
    if wrong or not is_symbolic(tensors):
        given = type(wrong[0]).__name__ if wrong else "nothing"
        raise TypeError(
            f"Model: {name} must be symbolic tensors, which begin with Input((64,)) and come out "
            f"of layers called on them, got {given}"
        )


def calls_between(
    inputs: list[SymbolicTensor], outputs: list[SymbolicTensor]
) -> tuple[list[Call], list[Call]]:
    """The calls that make the outputs of the inputs, in two orders.

    Args:
        inputs: Where to stop.
        outputs: Where to begin.

    Returns:
        The calls, each behind those it needs; and, with those of the inputs, as they are met on
        the way back from the outputs.

    Raises:
        ValueError: If an Input is met that is not among the inputs.
    """
    known = {id(x) for x in inputs}
    done: dict[Call, None] = {}
    met: dict[Call, None] = {}
    stack = [(x.call, id(x) in known, False) for x in reversed(outputs)]
    while stack:
        call, is_given, is_ready = stack.pop()
        met.setdefault(call)
        if call in done or is_given:
            continue
        if is_ready:
            done[call] = None
            continue
        if not call.inputs:
            raise ValueError(
                f"Model: the outputs also need the Input {call.name!r} of shape "
                f"{call.output.shape}, which is not among the inputs"
            )
        stack.append((call, False, True))
        stack.extend((x.call, id(x) in known, False) for x in reversed(call.inputs))
    return list(done), list(met)


def _leaves_like(form: Any, x: Any, path: str) -> list[Any]:
    """The leaves of x, which has the form of nested inputs; raises ValueError if it has not."""
    if isinstance(form, SymbolicTensor):
        return [x]
    keys = list(form) if isinstance(form, dict) else list(range(len(form)))
    if isinstance(form, dict):
        fits, wanted = isinstance(x, dict) and x.keys() == form.keys(), f"a dict of {keys}"
    else:
        fits, wanted = (
            isinstance(x, (list, tuple)) and len(x) == len(form),
            f"{len(keys)} in a list",
        )
    if not fits:
        raise ValueError(f"the inputs of this model are nested: {path} must be {wanted}")
    return [leaf for k in keys for leaf in _leaves_like(form[k], x[k], f"{path}[{k!r}]")]


def _names(tensors: Any) -> list[str]:
    """The names of inputs or outputs: the keys of a dict, else those of the layers, made unique."""
    if isinstance(tensors, dict):
        return list(tensors)
    names: list[str] = []
    for x in symbolic_leaves(tensors):
        names.append(unique_name(x.call.name, names))
    return names


def unique_name(name: str, names: list[str]) -> str:
    """`name`, with a number behind it if others have it already.

    Args:
        name: The name.
        names: The names that there are.

    Example:
        >>> unique_name("add", ["add", "add_1"])
        'add_2'
    """
    unique, n = name, 0
    while unique in names:
        n += 1
        unique = f"{name}_{n}"
    return unique


def _fits(shape: tuple[int, ...], expected: tuple[int | None, ...]) -> bool:
    """True for a shape with the lengths of another, of which some are open."""
    pairs = zip(shape, expected)
    return len(shape) == len(expected) and all(m is None or n == m for n, m in pairs)


def _check_shape(name: str, expected: tuple[Any, ...], shape: tuple[int, ...]) -> None:
    """Raise ValueError unless a shape fits one with open lengths, whatever the number of rows."""
    if not _fits(shape[1:], expected[1:]):
        raise ValueError(f"the input {name!r} has shape {expected}, got an array of shape {shape}")


def match_rank(x: Any, shape: tuple[int | None, ...] | None) -> Any:
    """x with an axis of length 1 at its end, or without it, if each row is then of this shape.

    Args:
        x: A batch.
        shape: The shape of one row; None for any.

    Example:
        >>> match_rank(np.zeros(5), (1,)).shape, match_rank(np.zeros((5, 1)), ()).shape
        ((5, 1), (5,))
    """
    if shape is None:
        return x
    if shape[-1:] == (1,) and _fits(x.shape[1:], shape[:-1]):
        return x[..., None]
    return x[..., 0] if x.shape[-1:] == (1,) and _fits(x.shape[1:-1], shape) else x


def _fill(x: Any, values: list[Any]) -> Any:
    """x with values in place of Slots."""
    return replace_leaves(lambda item: values[item.number] if isinstance(item, Slot) else item, x)


def _store(y: Any, results: Any, values: list[Any]) -> None:
    """Put the results of a call where their Slots say."""
    if isinstance(results, Slot):
        values[results.number] = y
    elif isinstance(results, (list, tuple)):
        for item, slot in zip(y, results):
            _store(item, slot, values)
    elif isinstance(results, dict):
        for key, slot in results.items():
            _store(y[key], slot, values)
