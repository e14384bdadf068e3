"""Hooks: a model's own methods, told to a watcher while it watches."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ...config import settings
from . import errors

METHODS = ("fit", "train_step", "test_step", "call")


class Hook:
    """Stands in the place of a method of one model, until it is removed.

    A copy of the model, or a file of it, gets the method itself.

    Args:
        model: The model.
        name: The name of the method.
        tell: Function (method, args, kwargs) that calls the method and returns its result.
    """

    def __init__(self, model: Any, name: str, tell: Callable[..., Any]) -> None:
        self.model = model
        self.name = name
        self.tell = tell
        self.method = getattr(model, name)
        self.__wrapped__ = self.method  # for inspect.signature
        self.__name__ = name
        self.__doc__ = self.method.__doc__
        self.before = vars(model).get(name)  # what a user has put in its place

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.tell(self.method, args, kwargs)

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


class StepHook(Hook):
    """The hook of `train_step`. Of most steps it notes the loss alone.

    It stands in the way of each step, and that of a small network takes 100 us: so a step that
    nothing else is asked of costs one call and some lookups, and no call of the watcher.

    Args:
        model: The model.
        name: The name of the method.
        tell: Function (method, args, kwargs), for steps that are looked at.
        watcher: The watcher.
    """

    def __init__(self, model: Any, name: str, tell: Callable[..., Any], watcher: Any) -> None:
        super().__init__(model, name, tell)
        self.watcher = watcher

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        watcher = self.watcher
        if len(watcher.pending) >= watcher.quiet:
            return self.tell(self.method, args, kwargs)
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
            watcher.note_loss(loss)
        return logs


def install(model: Any, tells: dict[str, Callable[..., Any]], watcher: Any) -> list[Hook]:
    """Hooks on those methods that a model has.

    Args:
        model: A model or a layer.
        tells: A function (method, args, kwargs) by the name of each method.
        watcher: The watcher.
    """
    hooks = [
        StepHook(model, name, tells[name], watcher)
        if name == "train_step"
        else Hook(model, name, tells[name])
        for name in METHODS
        if hasattr(type(model), name)
    ]
    for hook in hooks:
        hook.install()
    return hooks
