"""PyDataset: batches that a class of one's own makes, by their number."""

from __future__ import annotations

from typing import Any

from ..arguments import ExplainsArguments


class PyDataset(metaclass=ExplainsArguments):
    """Base of data that is too large, or too much alive, for arrays: fit takes it as x.

    A subclass defines `__len__`, the number of batches, and `__getitem__(index)`, which returns
    batch number `index`: x, (x, y) or (x, y, sample_weight). fit visits the batches in a new order
    in each epoch (shuffle=False: in theirs), evaluate and predict in theirs. Batches are made one
    by one, in the process that trains.

    Args:
        workers: Accepted for Keras's sake, without effect.
        use_multiprocessing: Accepted for Keras's sake, without effect.
        max_queue_size: Accepted for Keras's sake, without effect.

    Example:
        >>> class Squares(PyDataset):
        ...     def __len__(self):
        ...         return 3
        ...     def __getitem__(self, index):
        ...         x = np.arange(4.0)[:, None] + 4 * index
        ...         return x, x**2
        >>> model = minigrad.Sequential(minigrad.layers.Dense(1, input_shape=(1,)))
        >>> model.compile("adam", "mse")
        >>> _ = model.fit(Squares(), epochs=2, verbose=0)
        >>> model.predict(Squares()).shape
        (12, 1)
    """

    def __init__(
        self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10
    ) -> None:
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __len__(self) -> int:
        raise NotImplementedError(
            f"{type(self).__name__} does not define __len__, the number of batches"
        )

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(
            f"{type(self).__name__} does not define __getitem__(index), which returns a batch"
        )

    @property
    def num_batches(self) -> int:
        """The number of batches."""
        return len(self)

    def on_epoch_begin(self) -> None:
        """Called before each pass over the batches."""

    def on_epoch_end(self) -> None:
        """Called after each pass over the batches."""
