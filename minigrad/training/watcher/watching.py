"""Watcher: which steps are observed, and who is told."""

from __future__ import annotations

import itertools
import math
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from ...arguments import explains_arguments
from ...backend import to_cpu
from ...config import settings
from ...engine.anomaly import Observer
from ...engine.graph import base_array, clock
from ...layers import Dropout, GaussianDropout, GaussianNoise, modes
from ...threads import blas_of_a_step
from ...utils.registry import check_count
from ...utils.structures import count_rows, is_structure, iter_leaves
from ...utils.tools import unpack_x_y_sample_weight
from .. import loop
from ..callbacks import Callback
from ..capture import State
from . import errors, hooks
from .findings import RULES, Finding, TrainingWarning
from .recording import Observation
from .rules_classes import Classes, look_at_weights
from .rules_data import FIRST_EPOCH, FIRST_STEP, Order, Predictions, look_at_order, look_for_leak
from .rules_labels import Labels
from .rules_layers import (
    DeadUnits,
    Inputs,
    Saturation,
    activation_statistics,
    batch_norm_paths,
    ends_of_models,
    look_at_rows,
)
from .rules_outputs import Outputs
from .rules_steps import Gradients, Losses, Reach, Updates, first_not_finite, norm
from .statistics import Activation, Point, new_statistics

if TYPE_CHECKING:
    from ..model import Model

# steps that are observed at the beginning, where most mistakes show; then every interval-th is
EARLY = frozenset({0, 1, 2, 8, 32})
# a captured step has to run op by op to show what layers give, which takes three times as long:
# so from this interval on every fourth of the steps that are observed does
SPARSE_INTERVAL, SPARSE = 50, 4
LOOKS = 4  # observed steps whose inputs are looked at: their scale does not change later
WINDOW = 6  # observed steps of a loop of one's own whose predictions are judged together
LATE = 30  # the first step whose predictions count
PROBED = 5  # batches' rows that are predicted at the end of an epoch without validation
JUDGED_EPOCHS = frozenset(4**i for i in range(1, 10))  # and the last one
PASS_ROWS = 10_000  # rows of a pass that are kept to judge predictions
IN_LAYER = re.compile(r"^layer ([^:]+):|^(\S+) holds NaN or infinity")
NOISE = (Dropout, GaussianDropout, GaussianNoise)


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

    def __init__(self, model: Model, interval: int = 100) -> None:
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
        self._observed: list[int] = []  # steps
        self.was_called = False  # the model, in a step
        self._hooks: list[hooks.Hook] = []
        self._looks = True  # in a step that is observed
        self.phase = ""  # "train" or "test" inside a step of the model
        self._is_compiled = False  # True: steps are those of a compiled model
        self._collects = True  # the predictions of an evaluation
        self._observation: Observation | None = None
        self._scalars: dict[Any, Any] = {}  # by node, what may be a loss
        self._has_gone_back = False  # since the last update
        self._loss: float | None = None  # of the last backward pass
        self._open: dict[int, Any] = {}  # outputs in training mode that no gradient came from
        self._last_input: Any = None
        self._output: Any = None
        self._targets: Any = None  # all labels of a fit
        self._before: dict[int, Any] = {}  # parameters before an update
        self._rows_are_known = False  # or no longer of interest
        self._rows: dict[str, list[Any]] = {"train": [], "test": []}
        self._begin_rules()

    def _begin_rules(self) -> None:
        self._labels, self._outputs, self._inputs = Labels(), Outputs(), Inputs()
        self._dead, self._updates, self.losses = DeadUnits(), Updates(), Losses()
        self._gradients, self._reach = Gradients(), Reach()
        self._order, self._evaluated, self._window = Order(), Predictions(), Predictions()
        self._saturation, self._classes = Saturation(set()), Classes()

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
            f"{self.step} steps, of which {len(self._observed)} were observed: {layers} layers, "
            f"{len(RULES)} rules"
        )
        if not self.findings:
            return f"Nothing looks wrong in {looked}."
        found = [f"- step {f.step}, {f.rule}: {f}" for f in self.findings]
        return "\n".join([f"{len(found)} findings in {looked}.", *found])

    def __repr__(self) -> str:
        return f"<Watcher of {self._name()}: {self.step} steps, {len(self.findings)} findings>"

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

    # ---- beginning and end -----------------------------------------------------------------------

    def __enter__(self) -> Watcher:
        if self._hooks:
            raise ValueError("this watcher is watching already: make another one for another block")
        super().__enter__()
        self._find_layers()
        tells = {
            "fit": self._tell_fit,
            "train_step": self._tell_train_step,
            "test_step": self._tell_test_step,
            "call": self._tell_call,
        }
        self._hooks = hooks.install(self.model, tells, self)
        self._begin_step()
        return self

    def __exit__(self, error: type[BaseException] | None = None, *rest: Any) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks = []
        super().__exit__(error, *rest)
        self._observation = None
        if error is None:
            self._look_for_evaluation()
            self._judge_end()
        elif rest and isinstance(rest[0], Exception):
            errors.explain(self, rest[0])
        self._forget()

    def _forget(self) -> None:
        """Let go of arrays."""
        self._scalars, self._open, self._before = {}, {}, {}
        self._last_input = self._output = self._targets = None
        self._gradients = Gradients()

    def _find_layers(self) -> None:
        """The paths of layers and parameters, which the first call may have built."""
        named = list(self.model.named_layers())
        self._layers = [layer for _, layer in named]
        self._paths = {id(layer): path or self._name() for path, layer in named}
        weights = self.model.named_weights()
        self._own = {id(p): name for name, p in weights.items()}
        self._parameters = {id(p): p for p in weights.values()}
        self._to_train: dict[str, Any] = {}
        self._layer_paths = {i: self._layer_of(name) for i, name in self._own.items()}
        kernels = {self._layer_paths[id(p)] for p in weights.values() if p.ndim >= 2}
        self._judged = {  # not a bias or gain beside a kernel: at 0, any step is large
            id(p)
            for p in weights.values()
            if p.ndim >= 2 or self._layer_paths[id(p)] not in kernels
        }
        self._norms = batch_norm_paths(named)
        self._has_modes = bool(self._norms) or any(isinstance(x, NOISE) for _, x in named)
        self._saturation.outputs = ends_of_models(named)

    def _name(self) -> str:
        return str(getattr(self.model, "name", None) or "model")

    def _trained(self) -> dict[str, Any]:
        """The parameters that training is to change, by name."""
        if not self._to_train:
            model: Any = self.model
            listed = model.trained() if self._is_compiled else model.trainable_weights
            self._to_train = {self._own.get(id(p), p.name): p for p in listed}
        return self._to_train

    # ---- what is told of a model -----------------------------------------------------------------

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
        self._look_at_data(batches, validation)
        every = [EpochEnds(self, batches, validation is not None, epochs), *callbacks]
        run = (settings.process_group or loop).run_epochs
        with nullcontext() if self._hooks else self:
            outer, settings.observer = settings.observer, None  # until a callback calls the model
            try:
                run(model, batches, validation, every, epochs, validation_freq)
            finally:
                settings.observer = outer

    def _look_at_data(self, batches: Any, validation: Any) -> None:
        """What the rows themselves show, before training."""
        train, held = arrays_of(batches), arrays_of(validation)
        self._targets = train[1] if len(train) > 1 else None
        self._rows_are_known = validation is None or bool(train and held)
        if train and held:
            look_for_leak(self, train[0], held[0])
        source: Any = batches if hasattr(batches, "arrays") else getattr(batches, "source", None)
        look_at_weights(self, train)
        self._batch_size = getattr(source, "batch_size", 32)
        is_ordered = not getattr(source, "shuffle", True)
        if len(train) > 1 and is_ordered and not is_structure(train[1]):
            look_at_order(self, train[1], source.batch_size)
        if train:
            self._order.is_done = True

    def targets_like(self, y_true: Any, y_pred: Any) -> Any:
        """All labels of the fit, if the labels of a batch are some of them; else these.

        Args:
            y_true: Labels of a batch.
            y_pred: The predictions for them.
        """
        y = self._targets
        if not hasattr(y, "shape") or y.shape[1:] != y_true.shape[1:]:
            return y_true
        return y if len(y_pred) == len(y_true) else y_true

    def _tell_fit(self, method: Any, args: Any, kwargs: Any) -> Any:
        """fit inside the block: watched by this watcher."""
        kwargs.setdefault("watch", self)
        return method(*args, **kwargs)

    def _tell_train_step(self, method: Any, args: Any, kwargs: Any) -> Any:
        """A training step of the model, observed if it is due."""
        self._looks = self._is_due()
        y = self._prepare_step(*args, **kwargs)
        observation = self._observation
        try:
            if self._looks and observation is None:
                with told_of_updates(self, self.model.optimizer):
                    logs = self._run("train", method, args, kwargs)
            else:
                logs = self._run("train", method, args, kwargs, observation is not None)
        finally:
            self._observation = None
        self._loss = logs.get("loss") if isinstance(logs, dict) else None
        self._looks = False
        self._end_step(observation, y)
        return logs

    def _run(
        self, phase: str, method: Any, args: Any, kwargs: Any, is_observed: bool = False
    ) -> Any:
        """A step of the model, of whose ops the watcher is told if it is observed."""
        outer = settings.observer
        if outer is None or outer is self:
            settings.observer = self if is_observed else None
        self.phase = phase
        try:
            return method(*args, **kwargs)
        except Exception as error:
            errors.explain(self, error)
            raise
        finally:
            settings.observer, self.phase = outer, ""

    def _add_pending(self) -> None:
        """Put the losses of steps that were not looked at into the series."""
        self._unlisted += zip(range(self._ended, self.step), self.pending)
        self.losses.note(self.pending)
        self._ended += len(self.pending)
        self.quiet -= len(self.pending)
        self.pending.clear()

    def _prepare_step(self, data: Any) -> Any:
        """What is looked at before a step of the model; returns the labels."""
        x, y, _ = unpack_x_y_sample_weight(data)
        self._is_compiled = True
        self._look_for_evaluation()
        look_at_rows(self, count_rows(x), self._norms)
        self._note_batch(x, y)
        is_whole = self._looks and self._is_shown_whole()
        self._observation = Observation(self.step, self._paths) if is_whole else None
        is_known = self._order.is_done and self._rows_are_known
        self._may_be_quiet = is_known and not self._norms
        return y

    def _is_shown_whole(self) -> bool:
        """True for a step that runs op by op, observed in full."""
        if self.step in EARLY or self.interval < SPARSE_INTERVAL:
            return True
        steps = getattr(self.model._captured, "steps", {}).values()
        is_replayed = any(step.program is not None for step in steps)
        return not is_replayed or self.step // self.interval % SPARSE == 0

    def _note_batch(self, x: Any, y: Any) -> None:
        """What each batch is looked at for, where the rows were not known before."""
        if not self._order.is_done and y is not None and not is_structure(y):
            self._order.look(self, y)
        if self._rows_are_known or not self._is_in_fit():
            return
        if sum(map(count_rows, self._rows["train"])) < PASS_ROWS:
            self._rows["train"].append(x)

    def _is_in_fit(self) -> bool:
        history = getattr(self.model, "history", None)
        return getattr(history, "watcher", None) is self

    def _tell_test_step(self, method: Any, args: Any, kwargs: Any) -> Any:
        """A step of an evaluation: what was predicted."""
        x, y, _ = unpack_x_y_sample_weight(args[0] if args else kwargs.get("data"))
        self._output = None
        result = self._run("test", method, args, kwargs)
        if self._collects and y is not None and self._evaluated.rows < PASS_ROWS:
            self._evaluated.add(y, self._output)
        if not self._rows_are_known and self._is_in_fit():
            self._rows["test"].append(x)
        return result

    def _tell_call(self, method: Any, args: Any, kwargs: Any) -> Any:
        """A call of the model."""
        start = next(clock)
        y = method(*args, **kwargs)
        if settings.probing:
            return y
        is_training = modes.is_training()
        if self.phase == "test":
            self._output = y
            if is_training and self._has_modes:
                self._tell_evaluation()
        elif self._observation is not None and is_training and args:
            self._observation.inputs += [
                getattr(leaf, "_array", leaf) for _, leaf in iter_leaves(args[0])
            ]
            self._observation.outputs.append(y)
        if not self.phase:
            self._note_own_call(args, y, is_training, start)
        return y

    def _note_own_call(self, args: Any, y: Any, is_training: bool, start: int) -> None:
        """A call outside of a step of the model: in a loop of one's own, or in a callback."""
        if settings.observer is None:
            settings.observer = self
        if is_training or settings.recording:
            self.was_called = True
            self._last_input = args[0] if args else None
        if not is_training or not hasattr(y, "_array"):
            return
        if args and hasattr(args[0], "shape") and args[0].shape:
            look_at_rows(self, len(args[0]), self._norms)
        is_collecting = any(layer.collected_statistics is not None for _, layer in self._norms)
        if self._has_modes and not is_collecting:
            self._open[id(base_array(y._array))] = start, next(clock), y._array
            self.quiet = 0

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
            if self._open:
                for a in args:  # a value that was detached goes on into a training
                    if getattr(a, "node", node) is None:
                        self._open.pop(id(base_array(a._array)), None)
        if self._observation is not None:
            self._observation.add(op, y, args, kwargs, node)

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
        elif not self._scalars and not self._open and self._observation is None:
            return
        if node in self._scalars:
            self._note_loss(self._scalars.pop(node))
        if self._open:
            time = node.time  # of a node that was made in the call: a gradient came through it
            done = [key for key, (start, end, _) in self._open.items() if start < time < end]
            for key in done:
                del self._open[key]
        if self._observation is not None:
            self._reach.linked.update(n for n, g in pairs if n.op is None and g is not None)

    def _note_loss(self, y: Any) -> None:
        """The scalar that a backward pass begins at."""
        if self.phase:
            return
        self._loss = float(to_cpu(y))
        if not math.isfinite(self._loss):
            self._tell_nan(self._observation)
        self._scalars = {}

    def before_update(self, optimizer: Any, gradients: Sequence[Any]) -> None:
        """Note gradients and parameters before an update.

        Args:
            optimizer: The optimizer.
            gradients: A gradient per parameter, or None.
        """
        if not self.phase:
            self._gradients.before_update(self)
        if any([id(p) not in self._own for p in optimizer.parameters]):
            self._find_layers()
        if not self._looks and self._reach.updates >= 3:
            return
        self._reach.note(self, optimizer, gradients, self._own)
        if not self._looks:
            return
        squares: dict[str, float] = {}
        for p, g in zip(optimizer.parameters, gradients):
            path = self._layer_paths.get(id(p))
            if path is not None and g is not None:
                squares[path] = squares.get(path, 0.0) + norm(g) ** 2
                if id(p) in self._judged:
                    self._before[id(p)] = p._array.copy()
        for path, square in squares.items():
            self._append("gradient", path, Point(self.step, math.sqrt(square)))

    def after_update(self, optimizer: Any) -> None:
        """Note what an update has made of the parameters; it ends a step of one's own loop.

        Args:
            optimizer: The optimizer.
        """
        self._has_gone_back = False
        if self._before:
            self._note_updates(optimizer)
        if self._gradients.spent or any([p.grad is not None for p in optimizer.parameters[:1]]):
            self._gradients.after_update(self._parameters.values())
        if self.phase:
            return
        is_own = any([id(p) in self._own for p in optimizer.parameters])
        if not is_own:
            self.losses.is_adversarial = True
            if self._reach.foreign % 10 == 9:
                self._begin_step()  # nothing of the model is moved: forget what was noted
            return
        observation, self._observation = self._observation, None
        self._look_for_evaluation()
        self._end_step(observation, None)
        self._begin_step()

    def _note_updates(self, optimizer: Any) -> None:
        """How far each layer went."""
        changed: dict[str, list[float]] = {}
        options = optimizer.options
        waits = options is not None and options.steps is not None and options.waiting > 0
        for p in () if waits else optimizer.parameters:
            before = self._before.get(id(p))
            if before is None:
                continue
            parts = changed.setdefault(self._layer_paths[id(p)], [0.0, 0.0, 0.0])
            parts[0] += norm(p._array - before) ** 2
            parts[1] += norm(before) ** 2
            parts[2] += p.size
        self._before = {}
        ratios = {path: math.sqrt(d / w) for path, (d, w, _) in changed.items() if w > 0}
        sizes = {path: math.sqrt(w / n) for path, (_, w, n) in changed.items()}
        for path, ratio in ratios.items():
            self._append("update", path, Point(self.step, ratio))
        self._updates.look(self, self.step, ratios, sizes)

    def is_learned(self) -> bool:
        """True if the loss has come down to a tenth, so that small steps are no wonder."""
        values = self.losses.values
        return bool(values) and values[-1] < 0.1 * self.losses.first

    def _layer_of(self, name: str) -> str:
        return name.rpartition("/")[0] or self._name()

    # ---- steps -----------------------------------------------------------------------------------

    def _is_due(self) -> bool:
        return self.step in EARLY or self.step % self.interval == 0

    def _next_due(self) -> int:
        """The first step from this one on that is observed."""
        regular = math.ceil(self.step / self.interval) * self.interval
        return min([regular, *(step for step in EARLY if step >= self.step)])

    def _begin_step(self) -> None:
        """A step of a loop of one's own begins."""
        self._loss, self._scalars, self._looks = None, {}, self._is_due()
        self._observation = Observation(self.step, self._paths) if self._looks else None

    def note_loss(self, loss: Any) -> None:
        """Look at the loss of a step, which is not like those before it.

        Args:
            loss: The loss, or None if it is not known.
        """
        self._loss = loss
        self._end_step(None, None)

    def _end_step(self, observation: Observation | None, y: Any) -> None:
        """Look at a step that has ended."""
        if self.pending:
            self._add_pending()
        if self._loss is not None:
            loss = float(self._loss)
            self._unlisted.append((self.step, loss))
            if loss == loss:  # not NaN
                self.losses.add(self, loss)
            if not math.isfinite(loss):
                self._tell_nan(observation)
        if observation is not None:
            self._look(observation, y)
        self._ended += 1
        self.quiet = self._next_due() - self.step if self._may_be_quiet else 0

    def _look(self, observation: Observation, y: Any) -> None:
        """All rules on a step that was observed."""
        self._observed.append(observation.step)
        self._outputs.look(self, observation)
        self._labels.look(self, observation)
        self._classes.look(self, observation)
        self._dead.look(self, observation)
        shares = self._saturation.look(self, observation)
        if len(self._observed) <= LOOKS:
            self._inputs.look(self, observation)
        self._reach.judge(self, self._trained())
        for path, call in observation.layer_calls().items():
            values = activation_statistics(call)
            share = shares.get(path, 0.0)
            self._append("activation", path, Activation(observation.step, *values, share))
        self._judge_window(observation, y)

    def _judge_window(self, observation: Observation, y: Any) -> None:
        """Labels and predictions of steps, where no validation shows them."""
        if y is None and len(observation.losses) == 1:
            loss = observation.losses[0]
            if not self._order.is_done:
                self._order.look(self, loss.y_true)
            if observation.step >= LATE and not self.losses.is_adversarial:
                self._window.add(loss.y_true, loss.y_pred)
        elif y is not None and observation.step >= LATE and observation.outputs:
            self._window.add(y, observation.outputs[-1])
        if not self._order.is_done and self.step >= 8:
            self._order.judge(self)
        if len(self._window.parts) >= WINDOW and self.step >= FIRST_STEP:
            self._window.judge(self, self._last_path())

    def _last_path(self) -> str:
        return next(reversed(self._statistics["activation"]), self._name())

    def _append(self, kind: str, path: str, point: Any) -> None:
        self._statistics[kind].setdefault(path, []).append(point)

    # ---- rules with a place of their own ---------------------------------------------------------

    def _tell_nan(self, observation: Observation | None) -> None:
        """nan_loss: where the first value that is not finite stands."""
        if any(f.rule == "nan_loss" for f in self.findings):
            return
        where = "" if observation is None else first_not_finite(observation)
        where = where or self._path_of_divergence() or self._diagnose() or "loss"
        self.find(
            "nan_loss",
            where,
            "the loss is NaN or infinite, and this is the first place where such a value stands",
            "lower the learning rate, scale the inputs, keep logarithms and divisions away from 0; "
            "`with minigrad.detect_anomaly():` names the op",
        )

    def _path_of_divergence(self) -> str:
        """The layer that the model's own search has named."""
        found = IN_LAYER.match(getattr(self.model, "_divergence", ""))
        if found is None:
            return ""
        if found[2]:
            return self._layer_of(found[2])
        return found[1].removeprefix(f"{self._name()}/")

    def _diagnose(self) -> str:
        """The layer with a parameter, or an output for the last input, that is not finite."""
        for i, p in self._parameters.items():
            if not math.isfinite(norm(p._array)):
                return self._layer_paths[i]
        if self._last_input is None:
            return ""
        outer, self._observation = self._observation, Observation(self.step, self._paths)
        try:
            with modes.probing():
                self.model(self._last_input)
            return first_not_finite(self._observation)
        except Exception:  # the model does something else without gradients
            return ""
        finally:
            self._observation = outer

    def _look_for_evaluation(self) -> None:
        """evaluation_in_training_mode: outputs in training mode that nothing was learned from."""
        if self._open and self.step > 0:
            self._tell_evaluation()
        self._open = {}

    def _tell_evaluation(self) -> None:
        self.find(
            "evaluation_in_training_mode",
            self._name(),
            "it was called in training mode and nothing was learned from the outputs: dropout "
            "drops units and batch normalization uses the batch while the model is evaluated",
            "leave `with minigrad.training():` around the training step alone, and call "
            "model(x, training=False) to evaluate",
        )

    def begin_epoch(self, is_judged: bool) -> None:
        """Whether the predictions of the coming validation will be judged.

        Args:
            is_judged: True if they will.
        """
        self._collects = is_judged

    def end_epoch(self, batches: Any) -> None:
        """Judge the predictions of a validation, or of some training rows.

        Args:
            batches: The training data, if some rows of it are to be predicted; else None.
        """
        if not self._rows_are_known:
            self._compare_rows()
        if not self._order.is_done:
            self._order.judge(self)
        self._order.is_done = True
        if self._collects and self.step >= FIRST_STEP:
            if batches is not None:
                self._probe(batches)
            self._evaluated.judge(self, self._last_path())
        self._evaluated.parts = []

    def _compare_rows(self) -> None:
        """validation_in_training, of batches made elsewhere."""
        train, test = self._rows["train"], self._rows["test"]
        if train and test and not any(map(is_structure, [*train, *test])):
            joined = [[to_cpu(getattr(x, "_array", x)) for x in part] for part in (train, test)]
            shapes = {x.shape[1:] for part in joined for x in part}
            if len(shapes) == 1:
                look_for_leak(self, *(np.concatenate(part) for part in joined))
        self._rows_are_known, self._rows = True, {"train": [], "test": []}

    def _probe(self, batches: Any) -> None:
        """Predict some training rows; the model and all generators stay as they are."""
        arrays = arrays_of(batches)
        if len(arrays) < 2 or is_structure(arrays[0]) or is_structure(arrays[1]):
            return
        layers = self._layers
        if not all(type(layer).__module__.startswith("minigrad.") for layer in layers):
            return  # a call of a user's layer may do anything
        own = [g for g in (getattr(layer, "_generator", None) for layer in layers) if g]
        state = State(own, list(self._parameters.values()))
        outer = settings.observer
        try:
            settings.observer = None
            with modes.probing(), blas_of_a_step():
                x, y = (some_rows(a, PROBED * self._batch_size) for a in arrays[:2])
                self._evaluated.add(y, self.model(x))
        finally:
            settings.observer = outer
            state.restore()

    def _judge_end(self) -> None:
        """What is said at the end of a training."""
        if self.step >= FIRST_STEP:
            if len(self._window.parts) >= WINDOW // 2:
                self._window.judge(self, self._last_path())  # the last steps
            for predictions in (self._evaluated, self._window):
                predictions.finish(self, self._last_path())
            self._classes.finish(self)


class EpochEnds(Callback):
    """Tells a watcher of the beginning and the end of each epoch.

    Args:
        watcher: The watcher.
        batches: The training data.
        is_validated: True if epochs end with a validation.
        epochs: Number of the last epoch.
    """

    def __init__(self, watcher: Watcher, batches: Any, is_validated: bool, epochs: int) -> None:
        self.watcher = watcher
        self.batches = batches
        self.is_validated = is_validated
        self.epochs = epochs

    def on_epoch_begin(self, epoch: int, logs: Any) -> None:
        """Choose the epochs that are judged."""
        is_last = epoch + 1 == self.epochs >= FIRST_EPOCH
        least = 4 if self.is_validated else 256
        self.watcher.begin_epoch(is_last or (epoch + 1 in JUDGED_EPOCHS and epoch + 1 >= least))

    def on_epoch_end(self, epoch: int, logs: Any) -> None:
        """Judge what the epoch has shown."""
        self.watcher.end_epoch(None if self.is_validated else self.batches)


def some_rows(x: Any, count: int) -> Any:
    """About `count` of the rows of an array, spread over all of them.

    Args:
        x: An array.
        count: How many; at least one.
    """
    return x[:: max(1, len(x) // count)][:count]


@contextmanager
def told_of_updates(watcher: Watcher, optimizer: Any) -> Iterator[None]:
    """Tell a watcher of the updates of an optimizer in a step that is replayed.

    Args:
        watcher: The watcher.
        optimizer: The optimizer of the model.
    """

    def apply(gradients: Any, parameters: Any = None) -> None:
        if parameters is None or len(parameters) != len(optimizer.parameters):
            type(optimizer).apply(optimizer, gradients, parameters)
            return
        watcher.before_update(optimizer, [getattr(g, "_array", g) for g in gradients])
        type(optimizer).apply(optimizer, gradients, parameters)
        watcher.after_update(optimizer)

    vars(optimizer)["apply"] = apply
    try:
        yield
    finally:
        del vars(optimizer)["apply"]


def arrays_of(batches: Any) -> list[Any]:
    """The arrays that batches are made of: [x], [x, y] or [x, y, sample_weight]; [] if unknown.

    Args:
        batches: A Dataset, or what iterates over one.
    """
    source = batches if hasattr(batches, "arrays") else getattr(batches, "source", None)
    arrays: Iterable[Any] = getattr(source, "arrays", ())
    return list(arrays)


@explains_arguments
def watch(model: Model, interval: int = 100) -> Watcher:
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
