"""Rows in batches, shuffled and transformed; the next batch is prepared while one is used."""

from __future__ import annotations

import _thread
import math
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from numbers import Real
from queue import SimpleQueue
from typing import Any

import numpy as np

from ..arguments import ExplainsArguments, explains_arguments
from ..backend import Array, chunks, device_name
from ..config import settings, to_device
from ..random import generator, use_generator
from ..utils.structures import is_structure, iter_leaves, map_structure

Arrays = Sequence[Any]  # None stands for an array that is not there (targets, weights)
Batch = tuple[Any, ...]

# ---- batches -------------------------------------------------------------------------------------


@explains_arguments
def batches(
    arrays: Arrays,
    batch_size: int,
    shuffle: bool = False,
    drop_last: bool = False,
    transform: Callable[..., Any] | None = None,
) -> Iterator[Batch]:
    """One pass over the rows: an iterator of tuples with `batch_size` rows of each array.

    Args:
        arrays: Arrays with one row per sample, or lists and dicts of such; None stays None.
        batch_size: Number of rows per batch.
        shuffle: True for one permutation per pass, drawn from minigrad.seed's generator; False for
            the rows in order, as views.
        drop_last: True to leave out a last batch with fewer rows.
        transform: Function of the rows of a batch that returns the batch instead. Each batch is
            made with a generator of its own, so that its draws are the same whenever it is made.

    Raises:
        ValueError: At the call, for arrays of different lengths and for rows too few for a batch.

    Example:
        >>> [x.tolist() for x, y in batches([np.arange(5), np.arange(5)], 2)]
        [[0, 1], [2, 3], [4]]
    """
    leaves, n = _rows(arrays)
    if count_batches(n, batch_size, drop_last) == 0:
        hint = "choose a smaller size" if n else "there is no data"
        raise ValueError(f"{n} rows make no batch of {batch_size}: {hint}")
    slices = chunks(n - n % batch_size if drop_last else n, batch_size)
    made = _shuffled(leaves, slices, n) if shuffle else _in_order(leaves, slices)
    if any(map(is_structure, arrays)):
        made = (_in_structure(arrays, rows) for rows in made)
    if transform is None:
        return made
    return _transformed(made, transform, int(generator().integers(1 << 63)))


def _in_structure(arrays: Arrays, batch: Batch) -> Batch:
    """The rows of a batch in the lists and dicts that the arrays came in."""
    rows = iter(batch)
    return tuple([map_structure(lambda _: next(rows), a) for a in arrays])


def _in_order(arrays: Arrays, slices: Iterable[slice]) -> Iterator[Batch]:
    return (tuple([None if a is None else a[rows] for a in arrays]) for rows in slices)


def _shuffled(arrays: Arrays, slices: Iterable[slice], n: int) -> Iterator[Batch]:
    """Batches in a permutation that is drawn now and moved once to the device of each array."""
    order = generator().permutation(n)
    pairs = [(a, None if a is None else to_device(order, device_name(a))) for a in arrays]
    return (
        tuple([None if order is None else a.take(order[rows], 0) for a, order in pairs])
        for rows in slices
    )


def _transformed(
    parts: Iterator[Batch], transform: Callable[..., Any], seed: int
) -> Iterator[Batch]:
    """Transformed batches, each with a generator that depends on its number alone."""
    for i, part in enumerate(parts):
        with use_generator(np.random.default_rng((seed, i))):
            made = transform(*part)
        yield made if isinstance(made, tuple) else (made,)


@explains_arguments
def count_batches(n: int, batch_size: int, drop_last: bool = False) -> int:
    """The number of batches per pass.

    Args:
        n: Number of rows.
        batch_size: Number of rows per batch.
        drop_last: True if a last batch with fewer rows is left out.

    Raises:
        ValueError: If batch_size is not a positive integer.

    Example:
        >>> count_batches(5, 2), count_batches(5, 2, drop_last=True)
        (3, 2)
    """
    if not isinstance(batch_size, int) or batch_size < 1:
        raise ValueError(f"the batch size must be a positive integer, not {batch_size!r}")
    return n // batch_size if drop_last else -(-n // batch_size)


def _rows(arrays: Arrays) -> tuple[list[Array], int]:
    """All arrays in one list (of Tensors, their arrays) and their common length."""
    found = [getattr(leaf, "_array", leaf) for a in arrays for _, leaf in iter_leaves(a)]
    lengths = {len(a) for a in found if a is not None}
    if not lengths:
        raise ValueError("there are no arrays to take rows from")
    if len(lengths) > 1:
        raise ValueError(
            f"arrays of the shapes {_shapes(found)} differ in length: each needs one row per sample"
        )
    return found, lengths.pop()


def _shapes(arrays: list[Any]) -> str:
    """Their shapes, for an error."""
    return ", ".join(
        "None" if a is None else str(getattr(a, "shape", f"({len(a)},)")) for a in arrays
    )


# ---- prefetching ---------------------------------------------------------------------------------


@explains_arguments
def prefetch(items: Iterable[Any], depth: int = 2) -> Iterator[Any]:
    """The same items in the same order, prepared ahead by a thread.

    NumPy computes in both threads at once. The thread has the settings (dtype, device, ...) of the
    one that asks for the first item. An exception reaches the caller at its place in the order. The
    thread begins with the first item and ends with the last, with `close()`, which waits for it,
    or, when the iterator is abandoned, as soon as the item in the making is done.

    Args:
        items: What to iterate over.
        depth: Number of items to prepare ahead; 0 prepares each when it is asked for, without a
            thread.

    Raises:
        ValueError: If depth is not a whole number, 0 or more.

    Example:
        >>> list(prefetch(range(4)))
        [0, 1, 2, 3]
    """
    if not isinstance(depth, int) or depth < 0:
        raise ValueError(f"the depth must be a whole number of items to make ahead, not {depth!r}")
    return _Prefetched(iter(items), depth) if depth else iter(items)


class _Prefetched:
    """An iterator whose items a thread makes ahead.

    What consumer and thread share, two queues and a lock, is used in single steps that no interrupt
    can cut in two; futures, conditions and events leave locks behind that the other would wait for.
    """

    def __init__(self, items: Iterator[Any], depth: int) -> None:
        self.items = items
        self.depth = depth
        self.orders: SimpleQueue[Any] = SimpleQueue()  # None for each item to make
        self.made: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
        self.alive: set[Any] | None = set()  # the thread ends when it is freed
        self.running: Any = None  # a lock that is held while the thread runs

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self.alive is None:
            raise StopIteration
        try:
            if self.running is None:
                self._start(self.alive)
            item, error = self.made.get()
            if error is not None:
                raise error
            self.orders.put(None)
            return item
        except BaseException:
            self.close()
            raise

    def _start(self, alive: set[Any]) -> None:
        for _ in range(self.depth):
            self.orders.put(None)
        # also when the iterator is abandoned, and without Python code, which may be interrupted
        alive_reference = weakref.ref(alive, self.orders.put)
        queues = self.orders, self.made
        work = partial(_make_items, [self.items], *queues, vars(settings).copy(), alive_reference)
        running = _thread.allocate_lock()
        running.acquire()
        _thread.start_new_thread(_run, (work, self.made, running))
        self.running = running

    def close(self) -> None:
        """End the thread, after the item in the making, and wait for it."""
        self.alive = None
        self.items = iter(())
        running, self.running = self.running, None
        if running is not None:
            running.acquire()


def _run(work: Callable[[], None], made: SimpleQueue[Any], running: Any) -> None:
    """Do the work in a thread that the process can list.

    Only the main thread is interrupted, so another one makes, starts and frees it: an interrupt in
    Thread.start leaves a lock locked, one in what runs when a Thread is freed is lost.
    """
    ended = _thread.allocate_lock()
    ended.acquire()

    def work_and_tell() -> None:
        try:
            work()
        finally:
            ended.release()

    try:
        # a source that blocks forever does not keep the process from ending
        thread = threading.Thread(target=work_and_tell, name="minigrad-prefetch", daemon=True)
        thread.start()
        ended.acquire()
        while thread.is_alive():  # join would list this thread too, and never strike it off
            time.sleep(0)
        del thread
    except BaseException as error:
        made.put((None, error))
    finally:
        running.release()


def _make_items(
    source: list[Iterator[Any]],
    orders: SimpleQueue[Any],
    made: SimpleQueue[Any],
    consumer_settings: dict[str, Any],
    alive: Callable[[], Any],
) -> None:
    """What the thread does: an item, or the exception that ends them, for each order."""
    vars(settings).update(consumer_settings, generator=_SharedGenerator())
    items = source.pop()  # this thread alone keeps them, so it also ends them
    try:
        while orders.get() is None and alive() is not None:
            item = next(items, made)
            # not what `next` raises: its traceback would hand the Thread to the consumer to free
            made.put((item, StopIteration() if item is made else None))
    except BaseException as error:
        made.put((None, error))


class _SharedGenerator:
    """Stands in a prefetching thread for minigrad.seed's generator, which it must not use."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(
            "prefetch: its thread would draw from minigrad.seed's generator while the training "
            "draws from it too, in an unpredictable order: draw inside of "
            "batches(..., transform=), or from your own (seed=)"
        )


@contextmanager
def one_pass(batches: Iterable[Any]) -> Iterator[Iterator[Any]]:
    """`with one_pass(batches) as iterator:` closes it at the end of the block, with its thread.

    An iterator that was given as such stays open: it continues in the next pass.

    Args:
        batches: What to iterate over.

    Example:
        >>> with one_pass(Dataset(np.zeros(4), batch_size=2)) as iterator:
        ...     len(next(iterator)[0])
        2
    """
    iterator = iter(batches)
    try:
        yield iterator
    finally:
        close = getattr(iterator, "close", None)
        if iterator is not batches and close is not None:
            close()


class Dataset(metaclass=ExplainsArguments):
    """Rows of x, y and weights for fit, batch by batch, prepared ahead.

    Each pass is prefetch(batches(..., transform=transform), depth).

    Args:
        x: Inputs, one row per sample; a list, tuple or dict of arrays for several inputs.
        y: Targets.
        sample_weight: One weight per sample.
        batch_size: Number of rows per batch.
        shuffle: True for a new permutation per pass.
        drop_last: True to leave out a last batch with fewer rows.
        transform: Function of the rows of a batch that returns the batch instead, for augmentation.
        depth: Number of batches to prepare ahead in a thread; 0 for no thread.

    Raises:
        ValueError: If lengths differ, or there are weights without y.

    Example:
        >>> data = Dataset(np.zeros((100, 8)), np.zeros(100), batch_size=32)
        >>> len(data), next(iter(data))[0].shape
        (4, (32, 8))
    """

    def __init__(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        batch_size: int = 32,
        shuffle: bool = True,
        drop_last: bool = False,
        transform: Callable[..., Any] | None = None,
        depth: int = 2,
    ) -> None:
        if y is None and sample_weight is not None:
            raise ValueError("sample_weight needs y beside it")
        self.arrays = [a for a in (x, y, sample_weight) if a is not None]
        _, n = _rows(self.arrays)
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.transform = transform
        self.depth = depth
        self.steps = count_batches(n, batch_size, drop_last)

    def __len__(self) -> int:
        """The number of batches per pass."""
        return self.steps

    def __iter__(self) -> Iterator[Batch]:
        made = batches(self.arrays, self.batch_size, self.shuffle, self.drop_last, self.transform)
        return prefetch(made, self.depth)


# ---- splits --------------------------------------------------------------------------------------


@explains_arguments
def train_validation_split(arrays: Arrays, fraction: float) -> tuple[list[Any], list[Any]]:
    """(training arrays, validation arrays): the LAST rows validate, as in Keras, before shuffling.

    Both are views. Rows that are sorted by class should be shuffled first.

    Args:
        arrays: Arrays with one row per sample, or lists and dicts of such; None stays None.
        fraction: Fraction of the rows for validation.

    Raises:
        ValueError: If one part is empty, or lengths differ.

    Example:
        >>> (x,), (x_validation,) = train_validation_split([np.arange(10)], 0.2)
        >>> x_validation.tolist()
        [8, 9]
    """
    _, n = _rows(arrays)
    if not isinstance(fraction, Real) or not 0 < fraction < 1:
        raise ValueError(
            f"the validation fraction must be a number between 0 and 1, not {fraction!r}"
        )
    cut = math.floor(n * (1 - fraction))
    if cut in (0, n):
        purpose = "validate with" if cut else "train on"
        raise ValueError(f"a fraction of {fraction} of {n} rows leaves none to {purpose}")
    return take_rows(arrays, slice(cut)), take_rows(arrays, slice(cut, None))


def take_rows(arrays: Arrays, rows: slice | np.ndarray) -> list[Any]:
    """These rows of each array; None stays None.

    Args:
        arrays: Arrays with one row per sample, or lists and dicts of such.
        rows: A slice, or the numbers of the rows.

    Example:
        >>> take_rows([np.arange(5), None], np.array([3, 1]))
        [array([3, 1]), None]
    """

    def take(a: Any) -> Any:
        return None if a is None else getattr(a, "_array", a)[rows]

    return [map_structure(take, a) for a in arrays]


@explains_arguments
def split_dataset(
    dataset: Any,
    left_size: float | int | None = None,
    right_size: float | int | None = None,
    shuffle: bool = False,
    seed: int | None = None,
) -> tuple[Dataset, Dataset]:
    """Two Datasets: the first rows, and the last ones.

    Args:
        dataset: An array, or a tuple, list or dict of arrays, whose first one is x and whose second
            one is y; or a Dataset, whose batch size and transform stay.
        left_size: Rows of the left part, as a number or a fraction; None for all others.
        right_size: Rows of the right part, as a number or a fraction; None for all others.
        shuffle: True for rows in another order.
        seed: Seed of that order; None for one that minigrad.seed fixes.

    Raises:
        ValueError: If neither size is given, or the rows are too few.

    Example:
        >>> left, right = split_dataset((np.arange(10), np.arange(10)), left_size=0.8)
        >>> next(iter(right))[0].tolist()
        [8, 9]
    """
    options: dict[str, Any] = {"shuffle": False}
    if isinstance(dataset, Dataset):
        names = ("batch_size", "shuffle", "drop_last", "transform", "depth")
        options = {name: getattr(dataset, name) for name in names}
    arrays = getattr(dataset, "arrays", dataset)
    arrays = list(arrays) if isinstance(arrays, (list, tuple)) else [arrays]
    _, n = _rows(arrays)
    left, right = _part_sizes(n, left_size, right_size)
    order = np.arange(n)
    if shuffle:
        (generator() if seed is None else np.random.default_rng(seed)).shuffle(order)
    parts = (take_rows(arrays, order[:left]), take_rows(arrays, order[n - right :]))
    first, last = (Dataset(*part, **options) for part in parts)
    return first, last


def _part_sizes(n: int, left: float | int | None, right: float | int | None) -> tuple[int, int]:
    """Rows of both parts; of one that is not given, all that the other leaves."""
    given = [size for size in (left, right) if size is not None]
    rows = [round(size * n) if isinstance(size, float) else size for size in given]
    if not rows or min(rows) < 1 or sum(rows) + (len(rows) == 1) > n:
        raise ValueError(
            f"split_dataset: {n} rows do not part into left_size={left} and right_size={right}: "
            "give one of them, as a fraction like 0.8 or a number of rows"
        )
    if left is None:
        return n - rows[0], rows[0]
    return rows[0], n - rows[0] if right is None else rows[1]
