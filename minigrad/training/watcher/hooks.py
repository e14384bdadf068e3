"""Hooks: a model's own methods, told to a watcher while it watches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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


def install(model: Any, tells: dict[str, Callable[..., Any]]) -> list[Hook]:
    """Hooks on those methods that a model has.

    Args:
        model: A model or a layer.
        tells: A function (method, args, kwargs) by the name of each method.
    """
    hooks = [Hook(model, name, tells[name]) for name in METHODS if hasattr(type(model), name)]
    for hook in hooks:
        hook.install()
    return hooks
