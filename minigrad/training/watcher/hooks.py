"""Hooks: methods of a model and of its optimizer, told to a watcher while it watches."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ...config import settings
from ...engine.graph import clock
from ...layers import modes
from ...utils.tools import unpack_x_y_sample_weight
from . import errors
from .rules_calls import tell_evaluation
from .rules_layers import look_at_rows


class Hook:
    """Stands in the place of a method of one model, until it is removed; a subclass is called.

    A copy of the model, or a file of it, gets the method itself.

    Args:
        model: The model.
        name: The name of the method.
        watcher: The watcher.
    """

    def __init__(self, model: Any, name: str, watcher: Any) -> None:
        self.model = model
        self.name = name
        self.watcher = watcher
        self.method = getattr(model, name)
        self.__wrapped__ = self.method  # for inspect.signature
        self.__name__ = name
        self.__doc__ = self.method.__doc__
        self.before = vars(model).get(name)  # what a user has put in its place

    def __reduce__(self) -> Any:
        return getattr, (self.model, self.name)

    def install(self) -> None:
        """Take the place of the method."""
        vars(self.model)[self.name] = self

    def remove(self) -> None:
        """Give the method its place back."""
        own = vars(self.model)
        if own.get(self.name) is self:
            del own[self.name]
            if self.before is not None:
                own[self.name] = self.before

    def run(self, phase: str, args: Any, kwargs: Any, is_observed: bool = False) -> Any:
        """Run a step of the model, of whose ops the watcher is told if it is observed.

        Args:
            phase: "train" or "test".
            args: What the method is given by position.
            kwargs: What it is given by keyword.
            is_observed: True if the watcher is told.
        """
        watcher, outer = self.watcher, settings.observer
        if outer is None or outer is watcher:
            settings.observer = watcher if is_observed else None
        watcher.phase = phase
        try:
            return self.method(*args, **kwargs)
        except Exception as error:
            errors.explain(watcher, error)
            raise
        finally:
            settings.observer, watcher.phase = outer, ""


class FitHook(Hook):
    """The hook of `fit`: a fit inside of the block is watched by the watcher of the block."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        kwargs.setdefault("watch", self.watcher)
        return self.method(*args, **kwargs)


class TrainStepHook(Hook):
    """The hook of `train_step`. Of most steps it notes the loss alone.

    It stands in the way of each step, and that of a small network takes 100 us: so a step that
    nothing else is asked of costs one call and some lookups, and no call of the watcher.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        watcher = self.watcher
        if len(watcher.pending) >= watcher.quiet:
            return self._look(args, kwargs)
        outer = settings.observer
        if outer is watcher:
            settings.observer = None
        watcher.phase = "train"
        try:
            logs = self.method(*args, **kwargs)
        except Exception as error:
            errors.explain(watcher, error)
            raise
        finally:
            watcher.phase = ""
            if outer is watcher:
                settings.observer = outer
        loss = logs.get("loss") if logs.__class__ is dict else None
        if loss.__class__ is float and -math.inf < loss <= watcher.losses.usual:
            watcher.pending.append(loss)
        else:
            watcher.end_step(loss)
        return logs

    def _look(self, args: Any, kwargs: Any) -> Any:
        """A step that is looked at, and observed if it is due."""
        watcher = self.watcher
        x, y, _ = _data_of(args, kwargs)
        watcher.begin_step(x, y)
        observation = watcher.observation
        try:
            if watcher.is_observing and observation is None:
                with told_of_updates(watcher, self.model.optimizer):
                    logs = self.run("train", args, kwargs)
            else:
                logs = self.run("train", args, kwargs, observation is not None)
        finally:
            watcher.observation = None
        watcher.is_observing = False
        watcher.end_step(logs.get("loss") if isinstance(logs, dict) else None, observation, y)
        return logs


class TestStepHook(Hook):
    """The hook of `test_step`: what is predicted in an evaluation."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        watcher = self.watcher
        x, y, _ = _data_of(args, kwargs)
        watcher.predictions.output = None
        result = self.run("test", args, kwargs)
        watcher.predictions.add_output(y)
        watcher.rows.add_validation(watcher, x)
        return result


class CallHook(Hook):
    """The hook of `call`: what the model is called on, and in which mode."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        watcher = self.watcher
        start = next(clock)
        y = self.method(*args, **kwargs)
        if settings.probing:
            return y
        is_training = modes.is_training()
        if watcher.phase == "test":
            watcher.predictions.output = y
            if is_training and watcher.parts.has_modes:
                tell_evaluation(watcher)
        elif watcher.observation is not None and is_training and args:
            watcher.observation.add_model_call(args[0], y)
        if not watcher.phase:
            self._note_own(args, y, is_training, start)
        return y

    def _note_own(self, args: Any, y: Any, is_training: bool, start: int) -> None:
        """A call outside of a step of the model: in a loop of one's own, or in a callback."""
        watcher, norms = self.watcher, self.watcher.parts.norms
        if settings.observer is None:
            settings.observer = watcher
        if is_training or settings.recording:
            watcher.was_called = True
            watcher.last_input = args[0] if args else None
        if not is_training or not hasattr(y, "_array"):
            return
        if args and hasattr(args[0], "shape") and args[0].shape:
            look_at_rows(watcher, len(args[0]), norms)
        is_collecting = any(layer.collected_statistics is not None for _, layer in norms)
        if watcher.parts.has_modes and not is_collecting:
            watcher.open_calls.add(y, start)
            watcher.quiet = 0  # the next step shows whether anything is learned from it


HOOKS = {"fit": FitHook, "train_step": TrainStepHook, "test_step": TestStepHook, "call": CallHook}


def install(model: Any, watcher: Any) -> list[Hook]:
    """Hooks on those methods that a model has.

    Args:
        model: A model or a layer.
        watcher: The watcher.
    """
    hooks = [
        kind(model, name, watcher) for name, kind in HOOKS.items() if hasattr(type(model), name)
    ]
    for hook in hooks:
        hook.install()
    return hooks


def _data_of(args: Any, kwargs: Any) -> tuple[Any, Any, Any]:
    """(x, y, sample_weight) of what a step is given."""
    return unpack_x_y_sample_weight(args[0] if args else kwargs.get("data"))


@contextmanager
def told_of_updates(watcher: Any, optimizer: Any) -> Iterator[None]:
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
