"""GradientTape: TensorFlow's way to ask for gradients, over `minigrad.grad`.

    with GradientTape() as tape:
        loss = loss_fn(y, model(x, training=True))
    gradients = tape.gradient(loss, model.trainable_variables)

Values remember how they were computed, so the tape records nothing: it keeps what is watched, and
knows whether another tape around it will ask for gradients of the gradients.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ..arguments import explains_arguments
from ..backend import backend
from ..config import Scope, settings
from ..engine.autograd import grad, no_grad
from ..engine.symbolic import replace_leaves
from ..engine.tensor import Tensor, wrap
from ..layers.parameter import Parameter
from ..ops import reshape, stack
from ..utils.registry import check_choice

F = TypeVar("F", bound=Callable[..., Any])


class GradientTape(Scope):
    """`with GradientTape() as tape:` gradients of what is computed inside, by `tape.gradient`.

    Trainable Parameters have gradients; a Tensor made of data has after `tape.watch(x)`. A tape
    around another one differentiates the gradients that the inner one gives inside it.

    Args:
        persistent: Whether `gradient` may be called more than once.
        watch_accessed_variables: False: of Parameters, too, only those that are watched.

    Example:
        >>> x = minigrad.Tensor(3.0)
        >>> with minigrad.GradientTape() as outer:
        ...     outer.watch(x)
        ...     with minigrad.GradientTape() as inner:
        ...         y = x**3
        ...     slope = inner.gradient(y, x)
        >>> slope.item(), outer.gradient(slope, x).item()
        (27.0, 18.0)
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        super().__init__(recording=True)
        self.persistent = persistent
        self.watch_accessed_variables = watch_accessed_variables
        self._watched: dict[int, tuple[Tensor, Any]] = {}  # by id: a Tensor and its node
        self._made: list[Tensor] = []  # those that have gradients for this tape alone
        self._is_open = self._is_used = False

    def __enter__(self) -> GradientTape:
        self.values["open_tapes"] = settings.open_tapes + 1
        self._is_open = True
        super().__enter__()
        return self

    def __exit__(self, error: type[BaseException] | None = None, *rest: Any) -> None:
        super().__exit__(error, *rest)
        self._is_open = False
        for x in self._made:
            x.requires_grad = False
        self._made = []

    def watch(self, tensor: Any) -> None:
        """Let a Tensor have gradients inside this tape.

        Args:
            tensor: A Tensor of floating values, or several in lists, tuples and dicts.

        Raises:
            TypeError: If it is no Tensor, or holds integers.
        """
        for x in _leaves(tensor):
            if not isinstance(x, Tensor):
                kind = type(x).__name__
                raise TypeError(
                    f"watch takes Tensors, got {kind}: x = minigrad.convert_to_tensor(x) before"
                )
            if x.node is None:
                x.requires_grad = True
                self._made.append(x)
            self._watched[id(x)] = x, x.node

    def gradient(
        self,
        target: Any,
        sources: Any,
        output_gradients: Any = None,
        unconnected_gradients: Any = "none",
    ) -> Any:
        """The gradients of `target` with respect to `sources`, in the same structure.

        Args:
            target: The Tensor to differentiate; of several, their sum.
            sources: A Tensor, or several in lists, tuples and dicts.
            output_gradients: What arrives at the target, of its shape; None for ones.
            unconnected_gradients: "none" for None where the target does not depend on a source,
                "zero" for zeros.

        Raises:
            RuntimeError: If the tape is not persistent and was used before.
            TypeError: If something is no Tensor.
        """
        self._use()
        targets, cotangents = _leaves(target), _leaves(output_gradients)
        if output_gradients is None:
            cotangents = [None] * len(targets)
        flat = _leaves(sources)
        _check_tensors(target=targets, sources=flat)
        found = [self._gradients(y, flat, cotangent) for y, cotangent in zip(targets, cotangents)]
        totals = iter([_total(gradients) for gradients in zip(*found)])
        unconnected = str(getattr(unconnected_gradients, "value", unconnected_gradients))
        check_choice(unconnected, ("none", "zero"), "unconnected_gradients")

        def pick(x: Tensor) -> Any:
            g = next(totals)
            return _zeros_like(x) if g is None and unconnected == "zero" else g

        return replace_leaves(pick, sources)

    def jacobian(self, target: Tensor, sources: Any, unconnected_gradients: Any = "none") -> Any:
        """The derivative of each element of `target`, in the shape (*target, *source).

        Args:
            target: The Tensor to differentiate.
            sources: A Tensor, or several in lists, tuples and dicts.
            unconnected_gradients: "none" or "zero", as in `gradient`.

        Raises:
            RuntimeError: If the tape is not persistent and was used before.

        Example:
            >>> x = minigrad.Variable([1.0, 2.0])
            >>> with minigrad.GradientTape() as tape:
            ...     y = x * x
            >>> tape.jacobian(y, x).numpy()
            array([[2., 0.],
                   [0., 4.]], dtype=float32)
        """
        self._use()
        flat = _leaves(sources)
        _check_tensors(target=[target], sources=flat)
        ones = backend(target._array).eye(target.size, dtype=target.dtype)
        rows = [self._gradients(target, flat, row.reshape(target.shape)) for row in ones]
        columns = iter(zip(*rows))

        def join(x: Tensor) -> Any:
            column = next(columns)
            if any(g is None for g in column):
                return None if unconnected_gradients == "none" else _zeros_like(x, target.shape)
            return reshape(stack(column), shape=target.shape + x.shape)

        return replace_leaves(join, sources)

    def stop_recording(self) -> no_grad:
        """`with tape.stop_recording():` what is computed inside has no gradients."""
        return no_grad()

    def reset(self) -> None:
        """Forget what was watched, and that gradients were asked for."""
        self._watched = {}
        self._is_used = False

    def _use(self) -> None:
        """Count a use; raises RuntimeError for the second one of a tape that is not persistent."""
        if self._is_used and not self.persistent:
            raise RuntimeError(
                "a GradientTape gives one set of gradients: for more, write "
                "with GradientTape(persistent=True) as tape:"
            )
        self._is_used = True

    def _gradients(self, y: Tensor, xs: list[Tensor], cotangent: Any) -> list[Any]:
        """The gradient of y with respect to each of xs, None where there is none."""
        nodes = [self._node(x) for x in xs]
        known = [wrap(x._array, node) for x, node in zip(xs, nodes) if node is not None]
        around = settings.open_tapes - (self._is_open and not self.persistent)
        found = iter(grad(y, known, cotangent, create_graph=around > 0, unused="none"))
        return [None if node is None else next(found) for node in nodes]

    def _node(self, x: Tensor) -> Any:
        """The node by which x takes part, None if it does not."""
        if id(x) in self._watched:
            return self._watched[id(x)][1]
        is_left_out = isinstance(x, Parameter) and not self.watch_accessed_variables
        return None if is_left_out else x.node


def _leaves(x: Any) -> list[Any]:
    """What stands in nested lists, tuples and dicts, in order."""
    found: list[Any] = []
    replace_leaves(found.append, x)
    return found


def _check_tensors(**tensors: list[Any]) -> None:
    """Raise TypeError if something is no Tensor."""
    for name, listed in tensors.items():
        for x in listed:
            if not isinstance(x, Tensor):
                raise TypeError(
                    f"GradientTape: {name} must be Tensors, got {type(x).__name__}; what left the "
                    "graph by .numpy(), .item() or float() has no gradient"
                )


def _total(gradients: tuple[Any, ...]) -> Any:
    """The sum of those gradients that are not None; None if all are."""
    total = None
    for g in gradients:
        total = g if total is None else total if g is None else total + g
    return total


def _zeros_like(x: Tensor, before: tuple[int, ...] = ()) -> Tensor:
    """Zeros of the shape of x, behind further axes."""
    return wrap(backend(x._array).zeros(before + x.shape, x.dtype), None)


@explains_arguments
def function(
    func: F | None = None,
    input_signature: Any = None,
    autograph: bool = True,
    jit_compile: bool | None = None,
    reduce_retracing: bool = False,
) -> Any:
    """The function itself: there is no graph to compile. Scripts decorate their steps with it.

    Args:
        func: The function; None where the decorator is written with options.
        input_signature: Accepted, as are the others; nothing depends on it.
        autograph: The same.
        jit_compile: The same.
        reduce_retracing: The same.

    Example:
        >>> @minigrad.function
        ... def double(x):
        ...     return 2 * x
        >>> double(3)
        6
    """
    return (lambda given: given) if func is None else func
