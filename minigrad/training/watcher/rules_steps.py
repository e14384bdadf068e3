"""Rules on steps: whether gradients arrive, what the optimizer holds, how far it goes, the loss."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from .statistics import Point

# updates of an optimizer that touch none of the model before it is said: between two steps of a
# generator a critic makes about five
FOREIGN_UPDATES = 10
UPDATES = 3  # after which a parameter that no step has touched is left out, or not reached
# a step is healthy at a thousandth of the weights, and first steps of Adam on small embeddings
# reach a tenth
TOO_LARGE, LARGE_STEPS = 0.2, 3
# weights that begin smaller than that (root mean square) grow at once, as those of an RBM at 0.01
LEAST_SIZE = 0.05
# at three millionths of the weights three thousand steps change them by a hundredth
TOO_SMALL, SMALL_STEPS, FIRST_SMALL = 3e-6, 5, 30
# observed, where the second half of a training stands still; one that ends well slows down as well
STILL, DECAYED_STEPS = 1e-6, 3
# the median of the last losses beside the largest of the first: a loss that has tripled for 20
# steps, grown a hundredfold for 5 or a thousandfold for 2, does not come back by itself
GROWTH = ((20, 3.0), (5, 100.0), (2, 1000.0))
FIRST_LOSSES = 3
ADVERSARIAL = 30.0  # times as much, while other optimizers move what the loss depends on


def norm(a: Any) -> float:
    """The Euclidean norm of an array.

    Args:
        a: The array.
    """
    flat = a.reshape(-1)
    if flat.dtype == "float16":
        flat = flat.astype("float32")
    return math.sqrt(float(flat.dot(flat)))


class Gradients:
    """gradients_never_cleared: backward() adds to what the last step has used up."""

    def __init__(self) -> None:
        self.spent: dict[int, tuple[Any, Any, float]] = {}  # by id of a leaf: its .grad, its sum
        self.held: list[tuple[Any, Any]] = []
        self.times = 0

    def before_backward(self) -> None:
        """The first backward pass after an update: which gradients are those of the update."""
        self.held = [
            (leaf, g)
            for leaf, g, total in self.spent.values()
            if leaf.grad is g is not None and total and float(abs(g).sum()) == total
        ]

    def before_update(self, watcher: Any) -> None:
        """Whether the backward pass has added to them."""
        added = [leaf for leaf, g in self.held if leaf.grad is not None and leaf.grad is not g]
        self.held = []
        if not added:
            return
        self.times += 1
        if self.times >= UPDATES - 1:
            watcher.find(
                "gradients_never_cleared",
                "optimizer",
                "backward() adds to the gradients of earlier steps, which are still in .grad, so "
                "each step goes along the sum of all gradients so far",
                "set p.grad = None for each parameter after the step, or take the gradients from "
                "minigrad.grad(loss, parameters)",
            )

    def after_update(self, parameters: Iterable[Any]) -> None:
        """Which gradients were used up.

        Args:
            parameters: Those of the model.
        """
        self.spent = {
            id(p.node): (p.node, p.grad, float(abs(p.grad).sum()))
            for p in parameters
            if p.grad is not None
        }


class Reach:
    """unreached_parameters and foreign_parameters: what steps have touched."""

    def __init__(self) -> None:
        self.updates = 0  # of the model
        self.foreign = 0  # of others since
        self.reached: set[int] = set()  # ids of parameters that a gradient has reached
        self.given: dict[int, Any] = {}  # those that optimizers were given, by id
        self.strangers: dict[int, Any] = {}  # of these, those that are not the model's
        self.linked: set[Any] = set()  # leaves that any backward pass has reached
        self.own = 0  # of the model's, updates in which any had a gradient

    def note(self, watcher: Any, optimizer: Any, gradients: Any, own: dict[int, str]) -> None:
        """Look at the gradients that an optimizer gets.

        Args:
            watcher: Who is told.
            optimizer: The optimizer.
            gradients: A gradient per parameter, or None.
            own: The names of the model's parameters by id.
        """
        touches = [id(p) in own for p in optimizer.parameters]
        if not any(touches):
            self.foreign += 1
            self.linked.clear()  # by the loss of another model
            if self.foreign >= FOREIGN_UPDATES and not self.updates and watcher.was_called:
                watcher.find(
                    "foreign_parameters",
                    "optimizer",
                    f"none of its {len(touches)} parameters belongs to the model, which stays as "
                    "it is",
                    "give it the parameters of the model that is trained, model.trainable_weights",
                )
            return
        self.updates += 1
        for p, g, is_own in zip(optimizer.parameters, gradients, touches):
            self.given[id(p)] = p
            if g is not None:
                self.reached.add(id(p))
            if not is_own:
                self.strangers[id(p)] = p

    def judge(self, watcher: Any, named: dict[str, Any]) -> None:
        """Speak of parameters without gradients, left out, and of strangers.

        Args:
            watcher: Who is told.
            named: The parameters that training is to change, by name.
        """
        if self.updates < UPDATES:
            return
        missing = [n for n, p in named.items() if id(p) in self.given and not self._reaches(p)]
        left_out = [n for n, p in named.items() if id(p) not in self.given]
        if missing and len(missing) < len(named):
            _tell_unreached(watcher, missing, len(named))
        if left_out and len(left_out) < len(named):
            watcher.find(
                "foreign_parameters",
                "optimizer",
                f"it was not given {len(left_out)} of the {len(named)} parameters of the model, "
                f"which stay as they are: {listed(left_out)}",
                "give it model.trainable_weights; if they are frozen on purpose, say so by "
                "layer.trainable = False",
            )
        strangers = [p for p in self.strangers.values() if p.node not in self.linked]
        if strangers and self.linked:
            names = [getattr(p, "name", "") or str(p.shape) for p in strangers]
            watcher.find(
                "foreign_parameters",
                "optimizer",
                f"it holds {len(strangers)} parameters that are not the model's and that the loss "
                f"does not depend on: {listed(names)}",
                "give it model.trainable_weights of the model that is trained",
            )

    def _reaches(self, p: Any) -> bool:
        """True if a gradient reached the parameter, and came through the graph if that was seen."""
        if id(p) not in self.reached:
            return False
        return p.node in self.linked or not self.linked


def _tell_unreached(watcher: Any, names: list[str], count: int) -> None:
    watcher.find(
        "unreached_parameters",
        names[0].rpartition("/")[0] or names[0],
        f"the loss does not depend on {len(names)} of {count} parameters: {listed(names)}",
        "use these layers in `call` and compute with Tensors all the way (no .data, .numpy() or "
        "no_grad); or freeze them by layer.trainable = False",
    )


def listed(names: list[str]) -> str:
    """The first names, and how many more.

    Args:
        names: Names.

    Example:
        >>> listed(["a", "b", "c", "d", "e"])
        'a, b, c and 2 more'
    """
    more = f" and {len(names) - 3} more" if len(names) > 4 else ""
    return ", ".join(names[: 3 if more else 4]) + more


class Updates:
    """updates_too_large and updates_too_small."""

    def __init__(self) -> None:
        self.before: dict[int, Any] = {}  # parameters before an update, by id
        self.large: dict[str, int] = {}  # observed steps in a row
        self.small: dict[str, int] = {}  # observed steps from the first on; -1: one was not small
        self.still: list[int] = []  # observed steps in a row in which nothing moved

    def before_update(self, watcher: Any, optimizer: Any, gradients: Sequence[Any]) -> None:
        """Note the gradients of a step, and where the parameters stand before it.

        Args:
            watcher: Who is told.
            optimizer: The optimizer.
            gradients: A gradient per parameter, or None.
        """
        parts = watcher.parts
        squares: dict[str, float] = {}
        for p, g in zip(optimizer.parameters, gradients):
            path = parts.layer_paths.get(id(p))
            if path is not None and g is not None:
                squares[path] = squares.get(path, 0.0) + norm(g) ** 2
                if id(p) in parts.judged:
                    self.before[id(p)] = p._array.copy()
        for path, square in squares.items():
            watcher.append("gradient", path, Point(watcher.step, math.sqrt(square)))

    def after_update(self, watcher: Any, optimizer: Any) -> None:
        """Look at how far each layer went.

        Args:
            watcher: Who is told.
            optimizer: The optimizer.
        """
        changed: dict[str, list[float]] = {}
        options = optimizer.options
        waits = options is not None and options.steps is not None and options.waiting > 0
        for p in () if waits else optimizer.parameters:
            before = self.before.get(id(p))
            if before is None:
                continue
            parts = changed.setdefault(watcher.parts.layer_paths[id(p)], [0.0, 0.0, 0.0])
            parts[0] += norm(p._array - before) ** 2
            parts[1] += norm(before) ** 2
            parts[2] += p.size
        self.before = {}
        ratios = {path: math.sqrt(d / w) for path, (d, w, _) in changed.items() if w > 0}
        sizes = {path: math.sqrt(w / n) for path, (_, w, n) in changed.items()}
        for path, ratio in ratios.items():
            watcher.append("update", path, Point(watcher.step, ratio))
        self._judge(watcher, ratios, sizes)

    def _judge(self, watcher: Any, ratios: dict[str, float], sizes: dict[str, float]) -> None:
        """Look at the change of each layer over its weights, and at their root mean square."""
        for path, ratio in ratios.items():
            is_large = not ratio * min(1.0, sizes[path] / LEAST_SIZE) <= TOO_LARGE
            self.large[path] = self.large.get(path, 0) + 1 if is_large else 0
            if self.large[path] >= LARGE_STEPS:
                watcher.find(
                    "updates_too_large",
                    path,
                    f"a step changes its weights by {ratio:.0%} of their size, and a healthy one "
                    "by about 0.1%",
                    "lower the learning rate, or limit gradients by clipnorm=1.0",
                )
            seen = self.small.get(path, 0)
            self.small[path] = seen + 1 if ratio < TOO_SMALL and seen >= 0 else -1
        self._look_for_small(watcher, watcher.step)
        self._look_for_decay(watcher, watcher.step, ratios)

    def _look_for_small(self, watcher: Any, step: int) -> None:
        if step < FIRST_SMALL:
            return
        small = [path for path, seen in self.small.items() if seen >= SMALL_STEPS]
        if not small:
            return
        is_all = len(small) == len(self.small)
        subject = "no step so far" if is_all else "no step so far that reaches this layer"
        watcher.find(
            "updates_too_small",
            "optimizer" if is_all else small[0],
            f"{subject} has changed the weights by three millionths of their size: nothing is "
            "learned",
            "raise the learning rate; in one layer alone look for gradients that vanish (sigmoid "
            "or tanh in deep networks)",
        )

    def _look_for_decay(self, watcher: Any, step: int, ratios: dict[str, float]) -> None:
        """More than half of a training in which nothing moves, though the loss is not small."""
        is_still = bool(ratios) and max(ratios.values()) < STILL
        self.still = [*self.still, step] if is_still else []
        if (
            step < FIRST_SMALL
            or len(self.still) < DECAYED_STEPS
            or 2 * self.still[0] > step
            or self.still[0] == 0
        ):
            return
        if watcher.losses.are_learned():
            return
        watcher.find(
            "updates_too_small",
            "optimizer",
            f"since step {self.still[0]} no step has changed the weights by a millionth of their "
            "size: nothing is learned any more",
            "let the learning rate decay more slowly: a schedule counts steps, not epochs",
        )


class Losses:
    """diverging_loss: the loss grows far beyond where it began.

    Attributes:
        usual: The largest loss that says nothing; below all numbers before the first are known.
    """

    def __init__(self) -> None:
        self.first = 0.0
        self.usual = -math.inf
        self.values: deque[float] = deque(maxlen=GROWTH[0][0])
        self.count = 0
        self.is_adversarial = False

    def are_learned(self) -> bool:
        """True if the loss has come down to a tenth, so that small steps are no wonder."""
        return bool(self.values) and self.values[-1] < 0.1 * self.first

    def note(self, values: Sequence[float]) -> None:
        """Note losses that are not large.

        Args:
            values: The losses of later steps.
        """
        self.values += values
        self.count += len(values)

    def add(self, watcher: Any, value: float) -> None:
        """Look at the loss of a step.

        Args:
            watcher: Who is told.
            value: The loss.
        """
        self.values.append(value)
        self.count += 1
        if self.count <= FIRST_LOSSES:
            self.first = max(self.first, abs(value))
            if self.count == FIRST_LOSSES:
                self.usual = GROWTH[0][1] * self.first
        elif value > GROWTH[0][1] * self.first > 0:
            self._judge(watcher, value)

    def _judge(self, watcher: Any, value: float) -> None:
        factor = ADVERSARIAL if self.is_adversarial else 1.0
        values = list(self.values)
        for steps, growth in GROWTH:
            limit = growth * factor * self.first
            middle = sorted(values[-steps:])[(min(steps, len(values)) - 1) // 2]
            if min(value, middle) > limit and self.count >= steps + FIRST_LOSSES:
                self._tell(watcher, value)

    def _tell(self, watcher: Any, value: float) -> None:
        rate = getattr(getattr(watcher.model, "optimizer", None), "learning_rate", None)
        now = "" if rate is None else f" (now {float(rate):g})"
        watcher.find(
            "diverging_loss",
            "loss",
            f"the loss has grown from {self.first:.3g} to {value:.3g}",
            f"lower the learning rate{now}, limit gradients by clipnorm=1.0, scale the inputs",
        )
