"""record: what the code in a block does, operation by operation, forward and backward."""

from __future__ import annotations

import reprlib
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..arguments import explains_arguments
from ..engine.anomaly import Observer
from ..engine.autograd import Primitive
from ..engine.graph import Leaf, Node
from ..engine.tensor import Tensor
from ..layers.parameter import Parameter
from ..utils.files import PathLike, atomic_write
from ..utils.notebook import show_in_notebook
from .checks import Check, check_gradient
from .places import Group, Place, Position, name_in, position
from .values import Value, on_host, same

MAX_STEPS = 5000


class GroupNode(NamedTuple):
    """A group of steps in the outline: a layer, a loss, an op of several ops, a backward pass.

    Attributes:
        kind: "layer", "loss", "op", "backward" or "update".
        label: Its name.
        parent: The number of the group around it, or None.
    """

    kind: str
    label: str
    parent: int | None


class Leaving(NamedTuple):
    """A gradient that leaves a step back.

    Attributes:
        input: The position of the input whose gradient it is.
        value: The gradient.
        target: The value whose gradient it is, None if the run did not see it.
        earlier: What had arrived there before, None for nothing.
        total: The sum of both, None if nothing had arrived before.
    """

    input: int
    value: Value
    target: Value | None
    earlier: Value | None
    total: Value | None


class Step:
    """One step of a run.

    Args:
        index: Its number.
        kind: "op", "gradient" for the way back through an op, or "update" of a parameter.
        name: The name of the op or the optimizer.
        places: The lines of code it stands at.
        group: The number of its group, or None.

    Attributes:
        op: The op, None for an update.
        optimizer: Of an update the class of the optimizer.
        inputs: The values that went in.
        settings: The keyword arguments of the call.
        output: What came out; of a gradient step None.
        forward: Of a gradient step the step of the call, None if that was not recorded.
        incoming: Of a gradient step the gradient that arrived.
        leaving: Of a gradient step the gradients that left.
    """

    def __init__(
        self, index: int, kind: str, name: str, places: list[Place], group: int | None
    ) -> None:
        self.index, self.kind, self.name = index, kind, name
        self.places, self.group = places, group
        self.op: Primitive[Any] | None = None
        self.optimizer: type[Any] | None = None
        self.inputs: list[Value] = []
        self.settings: dict[str, Any] = {}
        self.output: Value | None = None
        self.forward: Step | None = None
        self.incoming: Value | None = None
        self.leaving: list[Leaving] = []
        self.checks: list[Check] = []

    def values(self) -> Iterator[Value]:
        """All values of the step."""
        yield from self.inputs
        for value in (self.output, self.incoming):
            if value is not None:
                yield value
        for leaving in self.leaving:
            yield from (v for v in leaving[1:] if v is not None)

    def __repr__(self) -> str:
        return f"<Step {self.index}: {self.kind} {self.name}>"


class Run:
    """What `record` has seen: the steps, their values and the groups they belong to.

    Attributes:
        steps: The steps in the order they happened.
        values: The arrays of all steps, each once.
        groups: The layers, losses, ops and passes that steps are part of.
    """

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.values: list[Value] = []
        self.groups: list[GroupNode] = []
        self._is_checked = False

    def __len__(self) -> int:
        return len(self.steps)

    def check(self) -> list[Check]:
        """Check the gradients of each step back against differences of that step alone.

        Returns:
            One check per gradient that left a step.

        Example:
            >>> x = minigrad.Tensor([0.5], requires_grad=True)
            >>> with minigrad.record() as run:
            ...     minigrad.tanh(x).backward()
            >>> [check.verdict for check in run.check()]
            ['right']
        """
        for step in () if self._is_checked else self.steps:
            if step.kind == "gradient":
                step.checks = [check_gradient(step, leaving) for leaving in step.leaving]
        self._is_checked = True
        return [check for step in self.steps for check in step.checks]

    def to_html(self, title: str = "") -> str:
        """The run as a page in one file, which needs no network.

        Args:
            title: Its title; by default the name of the file that was recorded.
        """
        from .page import page

        self.check()
        return page(self, title)

    @explains_arguments
    def save(self, path: PathLike, title: str = "") -> None:
        """Write the page to a file.

        Args:
            path: The file, such as "run.html".
            title: Its title.

        Raises:
            OSError: If the file cannot be written; a file that was there stays.

        Example:
            >>> x = minigrad.Tensor([0.5], requires_grad=True)
            >>> with minigrad.record() as run:
            ...     minigrad.tanh(x).backward()
            >>> import tempfile
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     run.save(f"{folder}/run.html")
        """
        with atomic_write(path) as file:
            file.write(self.to_html(title).encode("utf-8"))

    def show(self) -> None:
        """Show the page in a notebook; anywhere else say what saves it."""
        if not show_in_notebook(self):
            print(f"{self!r}: run.save('run.html') makes the page to step through it")

    def _repr_html_(self) -> str:
        """The page in a frame, as a notebook shows it."""
        from .page import framed

        return framed(self.to_html())

    def __repr__(self) -> str:
        if not self.steps:
            return "<Run of no steps: nothing in the block computed with Tensors>"
        kinds = [step.kind for step in self.steps]
        parts = [
            f"{kinds.count(kind)} {word}"
            for kind, word in (("op", "forward"), ("gradient", "backward"), ("update", "updates"))
        ]
        return f"<Run of {len(self.steps)} steps: {', '.join(parts)}>"


class record(Observer):
    """`with minigrad.record() as run:` sees each operation of the block, forward and backward.

    The block runs on definitions, without fast kernels: of a softmax one sees the exponentials,
    their sum and the division. `run.save("run.html")` writes the page that steps through it; in a
    notebook `run` shows itself.

    Args:
        most: Steps that are kept; a longer block runs to its end all the same, and warns.

    Raises:
        ValueError: If `most` is not positive.

    Example:
        >>> w = minigrad.Tensor([0.1, 0.2], requires_grad=True)
        >>> with minigrad.record() as run:
        ...     loss = minigrad.sum(w * [3.0, 4.0])
        ...     loss.backward()
        >>> run
        <Run of 4 steps: 2 forward, 2 backward, 0 updates>
        >>> [step.name for step in run.steps]
        ['multiply', 'sum', 'sum', 'multiply']
    """

    def __init__(self, most: int = MAX_STEPS) -> None:
        if most < 1:
            raise ValueError(f"record: most must be at least 1, got {most}")
        super().__init__(use_kernels=False)
        self.most = most
        self.run = Run()
        self._known: dict[int, tuple[Any, Value]] = {}  # by the id of the array, which is kept
        self._steps: dict[Node, Step] = {}
        self._leaves: dict[Node, Value] = {}
        self._sums: dict[Node, tuple[Any, Value]] = {}  # gradients that have arrived so far
        self._open: list[tuple[Group, int]] = []  # the groups of the last step, with their numbers
        self._pass: Any = None  # the frame of the backward pass
        self._before: list[tuple[Any, ...]] = []
        self._is_full = False

    def __enter__(self) -> Run:
        super().__enter__()
        return self.run

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        frame = sys._getframe(1)
        for name, value in frame.f_locals.items():
            self._name(value, name)
        for kept in (self._known, self._steps, self._leaves, self._sums, self._open, self._before):
            kept.clear()
        self._pass = None
        if self._is_full:
            warnings.warn(
                f"record has kept the first {self.most} steps of the block: record fewer lines, "
                "or record(most=...)",
                stacklevel=2,
            )

    # ---- what the engine tells -------------------------------------------------------------------

    def after_op(
        self, op: Primitive[Any], y: Any, args: Sequence[Any], kwargs: Any, node: Node | None
    ) -> None:
        """Note a call.

        Args:
            op: The op.
            y: Its result.
            args: What it was given by position.
            kwargs: What it was given by keyword.
            node: The node of the call, if gradients flow through it.
        """
        if self._check_full():
            return
        where = position()
        inputs = [self._input(a, where) for a in args]
        step = self._new_step("op", op.name, where.places, where.groups)
        step.op, step.inputs, step.settings = op, inputs, dict(kwargs)
        step.output = self._value(y, source=step.index)
        if node is not None:
            self._steps[node] = step

    def after_vjp(self, node: Node, g: Any, pairs: Sequence[tuple[Node, Any]]) -> None:
        """Note a step back.

        Args:
            node: The node of the call.
            g: The gradient that arrived at it.
            pairs: The node of each input that needs a gradient, and that gradient or None.
        """
        if self._check_full():
            return
        where = position()
        forward = self._steps.get(node)
        frame = next((group.key for group in where.groups if group.kind == "backward"), None)
        if frame is not self._pass:
            self._pass = frame
            self._sums.clear()
        incoming = self._incoming(node, g)
        groups = [*where.groups, *self._groups_again(forward)]
        places = forward.places if forward else where.places
        step = self._new_step("gradient", node.op.name, places, groups)
        step.op, step.forward, step.incoming = node.op, forward, incoming
        if forward:
            step.inputs, step.settings, step.output = (
                forward.inputs,
                forward.settings,
                forward.output,
            )
        for i, (parent, gradient) in zip(_positions(node, pairs), pairs):
            if gradient is not None:
                step.leaving.append(self._leaving(step, i, parent, gradient))

    def before_update(self, optimizer: Any, gradients: Sequence[Any]) -> None:
        """Note the parameters before an optimizer changes them.

        Args:
            optimizer: The optimizer.
            gradients: A gradient per parameter, or None.
        """
        self._before = [
            (p, self._parameter(p), self._value(g))
            for p, g in zip(optimizer.parameters, gradients)
            if g is not None
        ]

    def after_update(self, optimizer: Any) -> None:
        """Note what an optimizer has made of the parameters.

        Args:
            optimizer: The optimizer.
        """
        where = position()
        places = [place for place in where.places if place.is_own]
        views = {id(p): arrays for p, arrays in zip(optimizer.parameters, optimizer._views)}
        for p, before, gradient in self._before:
            if self._check_full():
                break
            step = self._new_step("update", type(optimizer).__name__, places, where.groups)
            state = [
                self._new_value(array, name, step.index)
                for name, array in zip(optimizer.slots, views[id(p)][1:])
            ]
            step.optimizer = type(optimizer)
            step.inputs = [before, gradient, *state]
            step.settings = {"learning_rate": float(optimizer.rate), "t": optimizer.t}
            step.output = self._new_value(p._array, before.name, step.index)
            step.output.is_parameter = True
            self._known[id(p._array)] = p._array, step.output
        self._before = []

    # ---- values ----------------------------------------------------------------------------------

    def _input(self, a: Any, where: Position) -> Value:
        """The value of an argument of an op."""
        array = getattr(a, "_array", a)
        if not hasattr(array, "dtype"):
            return self._new_argument(array)
        value = self._value(array)
        if not value.name:
            value.name = _parameter_name(a, where) or name_in(where.frame, array)
        node = getattr(a, "node", None)
        if isinstance(node, Leaf):
            value.is_parameter = True
            self._leaves[node] = value
        return value

    def _value(self, x: Any, name: str = "", source: int | None = None) -> Value:
        """The value of an array, the same as before if its elements are."""
        array = getattr(x, "_array", x)
        known, value = self._known.get(id(array), (None, None))
        if value is not None and known is array and same(value.array, on_host(array)):
            return value
        name = name or (value.name if value is not None else "")
        new = self._new_value(array, name, source)
        self._known[id(array)] = array, new
        return new

    def _parameter(self, p: Any) -> Value:
        """The value of a parameter, also if its array has been replaced by an equal one."""
        known = self._leaves.get(p.node)
        if known is not None and same(known.array, on_host(p)):
            return known
        return self._value(p, p.name)

    def _new_value(self, array: Any, name: str, source: int | None) -> Value:
        value = Value(len(self.run.values), on_host(array).copy(), name, source)
        self.run.values.append(value)
        return value

    def _new_argument(self, argument: Any) -> Value:
        """The value of a number, a list of numbers, or of another thing, such as None."""
        if np.array(argument).dtype.kind in "fiub":
            return self._new_value(argument, "", None)
        value = self._new_value(np.empty(0), reprlib.repr(argument), None)
        value.is_number, value.argument = False, argument
        return value

    def _name(self, x: Any, name: str) -> None:
        """Name the value of a Tensor that the code around the block calls so."""
        if isinstance(x, Tensor) and not name.startswith("_"):
            _, value = self._known.get(id(x._array), (None, None))
            if value is not None and not value.name:
                value.name = name

    def _incoming(self, node: Node, g: Any) -> Value:
        """The gradient at a node: the sum that the steps before have left there."""
        array = getattr(g, "_array", g)
        _, total = self._sums.pop(node, (None, None))
        if total is not None and same(total.array, on_host(array)):
            self._known[id(array)] = array, total
            return total
        return self._value(array)

    def _leaving(self, step: Step, i: int, parent: Node, gradient: Any) -> Leaving:
        value = self._value(gradient, source=step.index)
        source = self._steps.get(parent)
        target = source.output if source else self._leaves.get(parent)
        before, earlier = self._sums.get(parent, (None, None))
        if earlier is None:
            self._sums[parent] = gradient, value
            return Leaving(i, value, target, None, None)
        added = before + gradient
        total = self._value(added, source=step.index)
        self._sums[parent] = added, total
        return Leaving(i, value, target, earlier, total)

    def _check_full(self) -> bool:
        """True if the run keeps no more steps."""
        self._is_full = len(self.run.steps) >= self.most
        return self._is_full

    # ---- steps and groups ------------------------------------------------------------------------

    def _new_step(self, kind: str, name: str, places: list[Place], groups: Sequence[Group]) -> Step:
        """The next step."""
        step = Step(len(self.run.steps), kind, name, places, self._group(groups))
        self.run.steps.append(step)
        return step

    def _group(self, groups: Sequence[Group]) -> int | None:
        """The number of the innermost group; groups that go on from the last step are the same."""
        common = 0
        for (known, _), group in zip(self._open, groups):
            if known.key is not group.key and known.key != group.key:
                break
            common += 1
        del self._open[common:]
        for group in groups[common:]:
            parent = self._open[-1][1] if self._open else None
            self.run.groups.append(GroupNode(group.kind, group.label, parent))
            self._open.append((group, len(self.run.groups) - 1))
        return self._open[-1][1] if self._open else None

    def _groups_again(self, forward: Step | None) -> list[Group]:
        """The groups of a call, for the way back through it."""
        numbers = []
        number = forward.group if forward else None
        while number is not None:
            numbers.append(number)
            number = self.run.groups[number].parent
        known = [(n, self.run.groups[n]) for n in reversed(numbers)]
        return [Group(n, group.kind, group.label) for n, group in known]


def _positions(node: Node, pairs: Sequence[tuple[Node, Any]]) -> list[int]:
    """The positions of the inputs that the pairs of a node belong to, which keep their order."""
    positions: list[int] = []
    for i, (parent, rule) in enumerate(zip(node.parents, node.op.rules)):
        k = len(positions)
        if rule is not None and k < len(pairs) and pairs[k][0] is parent:
            positions.append(i)
    return positions


def _parameter_name(a: Any, where: Position) -> str:
    """A parameter's name, behind that of its layer."""
    if not isinstance(a, Parameter) or not a.name:
        return ""
    layers = [group.label.split(" ")[0] for group in where.groups if group.kind == "layer"]
    return f"{layers[-1]}/{a.name}" if layers and "/" not in a.name else a.name
