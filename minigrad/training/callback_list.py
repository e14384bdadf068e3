"""CallbackList: the callbacks of a training loop of one's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..arguments import ExplainsArguments
from .callbacks import OLDER_NAMES, Callback, Callbacks, History, ProgressBar, start_callbacks

if TYPE_CHECKING:
    from .model import Model

NEWER_NAMES = {older: name for name, older in OLDER_NAMES.items()}


class CallbackList(metaclass=ExplainsArguments):
    """Several callbacks that are called as one: `callbacks.on_epoch_end(epoch, logs)`.

    It has every `on_` method of Callback; logs may be left out.

    Args:
        callbacks: One callback, several, another CallbackList, or None.
        add_history: Whether a History joins them, if there is none.
        add_progbar: Whether a ProgressBar joins them, if there is none and verbose is not 0.
        model: The model in training.
        epochs: Number of epochs, which the callbacks may read.
        steps: Batches per epoch; None if it is not known.
        verbose: 1 for a bar, 2 for lines, 0 for nothing.

    Example:
        >>> callbacks = CallbackList(add_history=True, epochs=2)
        >>> callbacks.on_train_begin()
        >>> callbacks.on_epoch_end(0, {"loss": 0.5})
        >>> callbacks.history.history
        {'loss': [0.5]}
    """

    def __init__(
        self,
        callbacks: Callbacks | CallbackList = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        epochs: int = 1,
        steps: int | None = None,
        verbose: int = 1,
    ) -> None:
        self.model = model
        self.params: dict[str, Any] = {"verbose": verbose, "epochs": epochs, "steps": steps}
        given: Any = callbacks
        if isinstance(callbacks, CallbackList):
            given = callbacks.callbacks
        listed = start_callbacks(self.model, given, **self.params)
        kinds = [type(callback) for callback in listed]
        more: list[Callback] = []
        if add_progbar and verbose and ProgressBar not in kinds:
            more.append(ProgressBar(steps, epochs, verbose))
        if add_history and History not in kinds:
            more.append(History())
        self.callbacks: list[Callback] = listed + start_callbacks(self.model, more, **self.params)

    @property
    def history(self) -> History | None:
        """The History among the callbacks, or None."""
        return next((c for c in self.callbacks if isinstance(c, History)), None)

    def append(self, callback: Callback) -> None:
        """Add one more callback.

        Args:
            callback: The callback.
        """
        self.callbacks += start_callbacks(self.model, callback, **self.params)

    def set_model(self, model: Model) -> None:
        """Tell all callbacks of their model.

        Args:
            model: The model.
        """
        self.model = model
        for callback in self.callbacks:
            callback.set_model(model)

    def set_params(self, params: dict[str, Any]) -> None:
        """Tell all callbacks of the settings of the run.

        Args:
            params: "verbose", "epochs" and "steps".
        """
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)

    def __getattr__(self, name: str) -> Callable[..., None]:
        name = NEWER_NAMES.get(name, name)
        if not (name.startswith("on_") and hasattr(Callback, name)):
            raise AttributeError(f"CallbackList has no attribute {name!r}")
        takes_number = name.startswith("on_epoch") or "_batch_" in name

        def call(*arguments: Any, logs: Any = None) -> None:
            number, rest = arguments[:takes_number], arguments[takes_number:]
            for callback in self.callbacks:
                getattr(callback, name)(*number, (rest[0] if rest else logs) or {})

        return call
