"""Watcher: what a user reads of a training, and what is looked at in each of its steps."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from ...arguments import explains_arguments
from ...backend import to_cpu
from ...config import settings
from ...engine.anomaly import Observer
from ...utils.registry import check_count
from ...utils.structures import count_rows
from .. import loop
from ..callbacks import Callback
from . import errors, hooks
from .findings import RULES, Finding, TrainingWarning
from .model_parts import ModelParts, name_of
from .predictions import EpochEnds, JudgedPredictions
from .recording import Observation
from .rows import Rows
from .rules import ObservationRules
from .rules_calls import OpenCalls
from .rules_data import FIRST_STEP
from .rules_layers import look_at_rows
from .rules_nan import tell_nan
from .rules_steps import UPDATES, Gradients, Losses, Reach, Updates
from .schedule import is_due, is_whole, next_due
from .statistics import Activation, Point, new_statistics

if TYPE_CHECKING:
    from ..model import Model


class Watcher(Observer):
    """`with minigrad.watch(model) as watcher:` observes the training of a model in this block.

    It observes some of the first steps and then every `interval`-th; the loss of all. A captured
    step (see `captured` of Model) shows gradients and updates as it is replayed, and has to run op
    by op to show what layers give: from interval=50 on every fourth of the observed ones does. The
    training goes on as without the watcher, with the same bits.

    Args:
        model: The model.
        interval: Steps between two that are observed.

    Attributes:
        findings: What looks wrong: a list of Finding(rule, where, message, advice, step). Each rule
            speaks once of each place, by a TrainingWarning.
        statistics: Series over the steps that were observed. "loss": a list of Point(step, value),
            of all steps. "gradient" and "update": by the path of a layer a list of Point(step,
            value), the norm of its gradient, and the norm of its change over that of its weights.
            "activation": by path a list of Activation(step, mean, std, zero, saturated); the last
            two are shares of the outputs.
        step: The number of steps so far.
        phase: "train" or "test" inside a step of the model, else "".
        pending: Losses of the last steps, which are not in the series yet.
        quiet: How many may be pending; then a step is looked at.

    Raises:
        ValueError: If the interval is not a positive integer.

    Example:
        >>> model = minigrad.Sequential(minigrad.layers.Dense(1, input_shape=(2,)))
        >>> model.compile("sgd", "mse")
        >>> x = np.linspace(-1, 1, 64).reshape(32, 2)
        >>> with minigrad.watch(model) as watcher:
        ...     for _ in range(3):
        ...         loss = model.train_on_batch(x, x.sum(1))
        >>> [point.step for point in watcher.statistics["loss"]], watcher.findings
        ([0, 1, 2], [])
    """

    def __init__(self, model: Model, interval: int = 200) -> None:
        check_count("interval of watch", interval)
        super().__init__()
        self.model = model
        self.interval = interval
        self.findings: list[Finding] = []
        self._statistics: dict[str, Any] = new_statistics()
        self.pending: list[float] = []  # losses of the last steps, to be put into the series
        self._ended = 0  # steps before those
        self._unlisted: list[tuple[int, float]] = []  # losses of the steps before, by step
        self.quiet = 0  # how many may be pending: the step after those is looked at
        self._may_be_quiet = False  # True: a step that is not observed needs no look at its rows
        self.was_called = False  # the model, in a step
        self._hooks: list[hooks.Hook] = []
        self.is_observing = False  # what a step does to the parameters
        self.phase = ""  # "train" or "test" inside a step of the model
        self._is_compiled = False  # True: steps are those of a compiled model
        self.observation: Observation | None = None
        self._scalars: dict[Any, Any] = {}  # by node, what may be a loss
        self._has_gone_back = False  # since the last update
        self._loss: float | None = None  # of the last backward pass
        self.last_input: Any = None
        self._rules, self.rows, self.predictions = ObservationRules(), Rows(), JudgedPredictions()
        self.losses, self._updates = Losses(), Updates()
        self._gradients, self._reach, self.open_calls = Gradients(), Reach(), OpenCalls()

    # ---- what a user reads -----------------------------------------------------------------------

    @property
    def step(self) -> int:
        """The number of steps so far."""
        return self._ended + len(self.pending)

    @property
    def statistics(self) -> dict[str, Any]:
        """Series over the steps that were observed, see the class."""
        if self.pending:
            self._add_pending()
        self._statistics["loss"] += itertools.starmap(Point, self._unlisted)
        self._unlisted = []
        return self._statistics

    def summary(self) -> str:
        """The findings as text, or that there are none, and what was looked at."""
        layers = len(self._statistics["activation"])
        looked = (
            f"{self.step} steps, of which {self._rules.steps} were observed: {layers} layers, "
            f"{len(RULES)} rules"
        )
        if not self.findings:
            return f"Nothing looks wrong in {looked}."
        found = [f"- step {f.step}, {f.rule}: {f}" for f in self.findings]
        return "\n".join([f"{len(found)} findings in {looked}.", *found])

    def __repr__(self) -> str:
        name, found = name_of(self.model), len(self.findings)
        return f"<Watcher of {name}: {self.step} steps, {found} findings>"

    def find(self, rule: str, where: str, message: str, advice: str, is_said: bool = False) -> None:
        """Keep a finding, and warn of it, unless the rule has spoken of this place.

        Args:
            rule: The rule, one of RULES.
            where: The path of a layer, or an argument.
            message: What looks wrong.
            advice: What to do.
            is_said: True if an error says it: there is no warning then.
        """
        if any((f.rule, f.where) == (rule, where) for f in self.findings):
            return
        finding = Finding(rule, where, message, advice, self.step)
        self.findings.append(finding)
        if not is_said:
            warnings.warn(str(finding), TrainingWarning, stacklevel=2)

    def append(self, kind: str, path: str, point: Point | Activation) -> None:
        """Append to a series of a layer.

        Args:
            kind: "gradient", "activation" or "update".
            path: The path of the layer.
            point: What to append.
        """
        self._statistics[kind].setdefault(path, []).append(point)

    def last_path(self) -> str:
        """The path of the layer that gives the output, as far as it is known."""
        return next(reversed(self._statistics["activation"]), self.parts.name)

    # ---- beginning and end -----------------------------------------------------------------------

    def run_epochs(
        self,
        model: Model,
        batches: Any,
        validation: Any,
        callbacks: Sequence[Callback],
        epochs: int,
        validation_freq: int | Sequence[int] = 1,
    ) -> None:
        """The epochs of fit, watched; the arguments are those of loop.run_epochs.

        Args:
            model: The model.
            batches: The training data.
            validation: Data to evaluate, or None.
            callbacks: Called in this order.
            epochs: Number of the last epoch.
            validation_freq: After how many epochs to evaluate; or the epochs.
        """
        model.history.watcher = self
        self.rows.begin_fit(self, batches, validation)
        every = [EpochEnds(self, batches, validation is not None, epochs), *callbacks]
        run = (settings.process_group or loop).run_epochs
        with nullcontext() if self._hooks else self:
            outer, settings.observer = settings.observer, None  # until a callback calls the model
            try:
                run(model, batches, validation, every, epochs, validation_freq)
            finally:
                settings.observer = outer

    def __enter__(self) -> Watcher:
        if self._hooks:
            raise ValueError("this watcher is watching already: make another one for another block")
        super().__enter__()
        self.parts = ModelParts(self.model)
        self._hooks = hooks.install(self.model, self)
        self._begin_own_step()
        return self

    def __exit__(self, error: type[BaseException] | None = None, *rest: Any) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks = []
        super().__exit__(error, *rest)
        self.observation = None
        if error is None:
            self.open_calls.judge(self)
            if self.step >= FIRST_STEP:
                self.predictions.finish(self)
                self._rules.finish(self)
        elif rest and isinstance(rest[0], Exception):
            errors.explain(self, rest[0])
        self._forget()

    def _forget(self) -> None:
        """Let go of arrays."""
        self._scalars, self._updates.before = {}, {}
        self.last_input = self.predictions.output = self.rows.targets = None
        self._gradients, self.open_calls = Gradients(), OpenCalls()

    # ---- what the engine tells -------------------------------------------------------------------

    def after_op(self, op: Any, y: Any, args: Sequence[Any], kwargs: Any, node: Any) -> None:
        """Note a call of an op, whole in a step that is observed.

        Args:
            op: The op.
            y: Its result.
            args: What it was given by position.
            kwargs: What it was given by keyword.
            node: Its node, or None.
        """
        if node is not None:
            if not y.ndim:
                self._scalars[node] = y
            if self.open_calls.calls:
                self.open_calls.close_detached(args, node)
        if self.observation is not None:
            self.observation.add(op, y, args, kwargs, node)

    def after_vjp(self, node: Any, g: Any, pairs: Sequence[tuple[Any, Any]]) -> None:
        """Note a step back.

        Args:
            node: The node of the call.
            g: The gradient that arrived at it.
            pairs: The node of each input that needs a gradient, and that gradient or None.
        """
        if not self._has_gone_back:
            self._has_gone_back = True
            self._gradients.before_backward()
        elif not self._scalars and not self.open_calls.calls and self.observation is None:
            return
        if node in self._scalars:
            self._note_loss(self._scalars.pop(node))
        if self.open_calls.calls:
            self.open_calls.close_around(node)
        if self.observation is not None:
            self._reach.linked.update(n for n, g in pairs if n.op is None and g is not None)

    def _note_loss(self, y: Any) -> None:
        """The scalar that a backward pass begins at."""
        if self.phase:
            return
        self._loss = float(to_cpu(y))
        if not math.isfinite(self._loss):
            tell_nan(self, self.observation)
        self._scalars = {}

    def before_update(self, optimizer: Any, gradients: Sequence[Any]) -> None:
        """Note gradients and parameters before an update.

        Args:
            optimizer: The optimizer.
            gradients: A gradient per parameter, or None.
        """
        if not self.phase:
            self._gradients.before_update(self)
        names = self.parts.names
        if any([id(p) not in names for p in optimizer.parameters]):
            self.parts = ModelParts(self.model)  # the first call has built some
        if self.is_observing or self._reach.updates < UPDATES:
            self._reach.note(self, optimizer, gradients, self.parts.names)
        if self.is_observing:
            self._updates.before_update(self, optimizer, gradients)

    def after_update(self, optimizer: Any) -> None:
        """Note what an update has made of the parameters; it ends a step of one's own loop.

        Args:
            optimizer: The optimizer.
        """
        self._has_gone_back = False
        if self._updates.before:
            self._updates.after_update(self, optimizer)
        if self._gradients.spent or any([p.grad is not None for p in optimizer.parameters[:1]]):
            self._gradients.after_update(self.parts.parameters.values())
        if self.phase:
            return
        names = self.parts.names
        if not any([id(p) in names for p in optimizer.parameters]):
            self.losses.is_adversarial = True
            if self._reach.foreign % 10 == 9:
                self._begin_own_step()  # nothing of the model is moved: forget what was noted
            return
        observation, self.observation = self.observation, None
        self.open_calls.judge(self)
        self.end_step(self._loss, observation)
        self._begin_own_step()

    # ---- steps -----------------------------------------------------------------------------------

    def begin_step(self, x: Any, y: Any) -> None:
        """Look at the batch of a step of the model, before it.

        Args:
            x: Inputs.
            y: Labels, or None.
        """
        self.is_observing = is_due(self.step, self.interval)
        self._is_compiled = True
        self.open_calls.judge(self)
        look_at_rows(self, count_rows(x), self.parts.norms)
        self.rows.add_batch(self, x, y)
        is_shown = self.is_observing and is_whole(self.step, self.interval, self.model)
        self.observation = Observation(self.step, self.parts.paths) if is_shown else None
        self._may_be_quiet = self.rows.are_known and not self.parts.norms

    def _begin_own_step(self) -> None:
        """A step of a loop of one's own begins."""
        self._loss, self._scalars, self.is_observing = None, {}, is_due(self.step, self.interval)
        self.observation = Observation(self.step, self.parts.paths) if self.is_observing else None

    def end_step(self, loss: Any, observation: Observation | None = None, y: Any = None) -> None:
        """Look at a step that has ended.

        Args:
            loss: Its loss, or None if it is not known.
            observation: What was noted of it, if it was observed in full.
            y: The labels of a step of the model.
        """
        if self.pending:
            self._add_pending()
        if loss is not None:
            loss = float(loss)
            self._unlisted.append((self.step, loss))
            if loss == loss:  # not NaN
                self.losses.add(self, loss)
            if not math.isfinite(loss):
                tell_nan(self, observation)
        if observation is not None:
            self._rules.look(self, observation)
            self._reach.judge(self, self.parts.trained(self._is_compiled))
            self.rows.look(self, observation, y)
            self.predictions.look(self, observation, y)
        self._ended += 1
        due = next_due(self.step, self.interval) if self._may_be_quiet else self.step
        self.quiet = due - self.step

    def _add_pending(self) -> None:
        """Put the losses of steps that were not looked at into the series."""
        self._unlisted += zip(range(self._ended, self.step), self.pending)
        self.losses.note(self.pending)
        self._ended += len(self.pending)
        self.quiet -= len(self.pending)
        self.pending.clear()


@explains_arguments
def watch(model: Model, interval: int = 200) -> Watcher:
    """A watcher of the training of a model: `with minigrad.watch(model) as watcher:`.

    Inside the block it observes what trains the model: a loop of one's own, train_on_batch, or fit
    (which makes a watcher by itself with watch=True). What looks wrong is said once, by a
    TrainingWarning, and kept in `watcher.findings`.

    Args:
        model: The model.
        interval: Steps between two that are observed; the first steps are, too.

    Raises:
        ValueError: If the interval is not a positive integer.

    Example:
        >>> from minigrad.layers import Dense, Softmax
        >>> model = minigrad.Sequential(Dense(3, activation="softmax", input_shape=(2,)), Softmax())
        >>> model.compile("adam", "sparse_categorical_crossentropy")
        >>> with minigrad.watch(model) as watcher:
        ...     with warnings.catch_warnings():
        ...         warnings.simplefilter("ignore")
        ...         loss = model.train_on_batch(np.eye(2), np.array([0, 2]))
        >>> [(finding.rule, finding.where) for finding in watcher.findings]
        [('softmax_twice', 'softmax')]
    """
    return Watcher(model, interval)


def watcher_of(model: Model, watch: Any) -> Watcher:
    """The watcher of a fit: a new one for True, or the one that was given.

    Args:
        model: The model.
        watch: True, or a Watcher of this model.

    Raises:
        TypeError: If it is something else.
        ValueError: If it is the watcher of another model.
    """
    if watch is True:
        return Watcher(model)
    if not isinstance(watch, Watcher):
        raise TypeError(f"watch must be True, False or minigrad.watch(model), got {watch!r}")
    if watch.model is not model:
        raise ValueError(
            f"watch is a watcher of another model, {watch.model!r}: give it minigrad.watch(model)"
        )
    return watch
