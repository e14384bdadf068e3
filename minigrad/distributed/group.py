"""ProcessGroup: what fit, evaluate, optimizers and layers ask of the processes beside them."""

from __future__ import annotations

import pickle
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from hashlib import sha256
from itertools import islice
from typing import Any

import numpy as np

from ..arguments import ExplainsArguments
from ..backend import Array, chunks, to_cpu
from ..config import Scope
from ..data.loader import Dataset, one_pass, prefetch, take_rows
from ..generators import Rows, generator, use_generator, use_rows
from ..training.callbacks import Callback, defined_hooks, start_callbacks
from ..training.data_adapter import BatchIterator, unchanged
from ..training.loop import run_epochs, step_data
from ..utils.structures import count_rows, iter_leaves, map_structure
from .communicators import Communicator
from .gradients import BUCKET_BYTES, FlatGradient, watched
from .state import check_equal_state

Totals = dict[str, tuple[float, int]]
TIMEOUT = 300.0  # seconds
SPIN = 1e-3  # seconds after which a process that waits begins to sleep between its questions


class process_group(Scope):
    """`with process_group(group):` fit, evaluate and optimizers work in it inside the block.

    Args:
        group: A ProcessGroup; None for this process alone.

    Example:
        >>> with process_group(None):
        ...     minigrad.distributed.size()
        1
    """

    def __init__(self, group: ProcessGroup | None) -> None:
        super().__init__(process_group=group)


class Part(tuple[Any, ...]):
    """The rows of a batch that are those of this process: (x,), (x, y) or (x, y, sample_weight)."""

    rows: Rows

    def __new__(cls, batch: Iterable[Any], rows: Rows) -> Part:
        part = super().__new__(cls, batch)
        part.rows = rows
        return part


def rows_of_part(total: int, part: tuple[int, int]) -> Rows:
    """The rows of one of several parts of a batch, which differ by one row at most.

    Args:
        total: The number of rows of the batch.
        part: (i, n) for the i-th of n parts.

    Example:
        >>> rows_of_part(10, (1, 3))
        Rows(start=3, stop=6, total=10)
    """
    i, n = part
    return Rows(total * i // n, total * (i + 1) // n, total)


class DatasetParts:
    """One part of the rows of each batch of a Dataset, in the order and with the draws of all.

    Args:
        dataset: The Dataset.
        part: (i, n) for the i-th of n parts.
        prepare: Function of the arrays of a part that returns them as the model takes them.
    """

    def __init__(
        self, dataset: Dataset, part: tuple[int, int], prepare: Callable[..., Sequence[Array]]
    ) -> None:
        self.dataset = dataset
        self.part = part
        self.prepare = prepare
        self.rows = len(next(iter_leaves(dataset.arrays[0]))[1])
        kept = self.rows - self.rows % dataset.batch_size if dataset.drop_last else self.rows
        slices = chunks(kept, dataset.batch_size)
        self.sizes = [rows.stop - rows.start for rows in slices]

    def __iter__(self) -> Iterator[Part]:
        parts: Any = prefetch(self._draw(), self.dataset.depth)
        with closing(parts):  # ends its thread
            for part in parts:
                yield Part(self.prepare(*part), part.rows)

    def _draw(self) -> Iterator[Part]:
        data, draw = self.dataset, generator()
        order = draw.permutation(self.rows) if data.shuffle else np.arange(self.rows)
        seed = 0 if data.transform is None else int(draw.integers(1 << 63))
        return self._made(order, seed)

    def _made(self, order: np.ndarray, seed: int) -> Iterator[Part]:
        """The parts, each made when it is asked for."""
        transform, first = self.dataset.transform, 0
        for i, total in enumerate(self.sizes):
            rows = rows_of_part(total, self.part)
            batch: Any = take_rows(
                self.dataset.arrays, order[first + rows.start : first + rows.stop]
            )
            if transform is not None:
                with use_generator(np.random.default_rng((seed, i))), use_rows(rows):
                    made = transform(*batch)
                batch = made if isinstance(made, tuple) else (made,)
            first += total
            yield Part(batch, rows)


class ProcessGroup(metaclass=ExplainsArguments):
    """Processes that train one model together, each on its part of the rows of every batch.

    Args:
        communicator: What adds up arrays.
        timeout: Seconds that a process waits for the others, before it ends all of them.
        bucket_bytes: The size from which gradients that are there are added up while backward
            goes on.
    """

    def __init__(
        self, communicator: Communicator, timeout: float = TIMEOUT, bucket_bytes: int = BUCKET_BYTES
    ) -> None:
        self.communicator = communicator
        self.rank = communicator.rank
        self.size = communicator.size
        self.timeout = timeout
        self.bucket_bytes = bucket_bytes
        self.agrees_on_steps = True  # on the values of each, and whether it was the last
        self._states: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
        self._flats: weakref.WeakKeyDictionary[Any, FlatGradient] = weakref.WeakKeyDictionary()

    # ---- sums ------------------------------------------------------------------------------------

    def sum(self, array: Array) -> Array:
        """The array, which has become the sum over all processes.

        Args:
            array: Contiguous numbers, of the same shape and dtype in each.
        """
        self.wait(self.communicator.start_sum(array), "a sum")
        return array

    def wait(self, request: Any, what: str) -> None:
        """Return when a sum is done; end all processes if that takes too long.

        Args:
            request: What `start_sum` returned.
            what: What is waited for, for the message.
        """
        if request.Test():
            return
        start = time.monotonic()
        while not request.Test():
            waited = time.monotonic() - start
            if waited > SPIN:
                time.sleep(5e-5)
            if waited > self.timeout:
                self.communicator.abort(
                    f"minigrad.distributed: process {self.rank} of {self.size} has waited "
                    f"{self.timeout:g} s for {what} of the others: one has ended, hangs, or went "
                    "another way through the program. All are ended; the last checkpoint is whole, "
                    "and the same command goes on from it. Where a process may take longer, write "
                    f"minigrad.distributed.initialize(timeout={self.timeout * 10:g})"
                )

    def gather(self, value: Any) -> list[Any]:
        """The values of all processes, in the order of their ranks.

        Args:
            value: Anything that can be pickled.
        """
        data = np.frombuffer(pickle.dumps(value), np.uint8)
        stops = np.zeros(self.size, np.int64)
        stops[self.rank :] = len(data)
        self.sum(stops)
        everything = np.zeros(stops[-1], np.uint8)
        everything[stops[self.rank] - len(data) : stops[self.rank]] = data
        self.sum(everything)
        return [pickle.loads(part.tobytes()) for part in np.split(everything, stops[:-1])]

    # ---- gradients -------------------------------------------------------------------------------

    def watch(self, calls: Sequence[Any], gradients: dict[Any, Any], targets: Any) -> Iterable[Any]:
        """The calls of a backward pass, on the way through which gradients are added up.

        Args:
            calls: The nodes, newest first.
            gradients: The gradients so far.
            targets: The nodes whose gradients the pass looks for.
        """
        return watched(self._flats.values(), calls, gradients, targets)

    def sum_gradients(self, optimizer: Any, gs: Sequence[Any]) -> list[Any]:
        """The gradients of the whole batch, in place of those of the rows that are here.

        Args:
            optimizer: The optimizer that is to apply them.
            gs: A gradient per parameter of it, or None.
        """
        flat = self._flats.get(optimizer)
        parameters = optimizer.parameters
        if flat is None or list(map(id, flat.parameters)) != list(map(id, parameters)):
            flat = FlatGradient(parameters, self.communicator, self.wait, self.bucket_bytes)
            self._flats[optimizer] = flat
        return flat.sum(gs)

    # ---- training --------------------------------------------------------------------------------

    def part(self, batch: tuple[Any, ...]) -> Part:
        """The rows of a batch that are those of this process.

        Args:
            batch: (x,), (x, y) or (x, y, sample_weight).

        Raises:
            ValueError: If there are fewer rows than processes.
        """
        total = count_rows(batch[0])
        self._check_rows(total)
        start, stop, _ = rows = rows_of_part(total, (self.rank, self.size))

        def own(a: Any) -> Any:
            return None if a is None else a[start:stop]

        return Part([map_structure(own, item) for item in batch], rows)

    def _check_rows(self, rows: int) -> None:
        """Raise ValueError if a batch has no row for one of the processes."""
        if rows < self.size:
            raise ValueError(
                f"a batch of {rows} rows for {self.size} processes: each needs one at least. "
                f"Choose batch_size={self.size} or more; where only the last batch of an epoch is "
                "so small, fit(..., drop_last=True)"
            )

    def parts(self, batches: Iterable[Any]) -> Iterable[Any]:
        """The parts of the batches of a Dataset, of which the other rows are not made.

        Args:
            batches: A Dataset, as it is or prepared; other batches, and those of a Dataset that are
                not a whole pass, stay whole until `train_step` takes its part.

        Raises:
            ValueError: If a batch has fewer rows than there are processes.
        """
        source, prepare = batches, unchanged
        if isinstance(batches, BatchIterator) and batches.limit is None:
            source, prepare = batches.source, batches.prepare
        if not isinstance(source, Dataset) or self.size == 1:
            return batches
        made = DatasetParts(source, (self.rank, self.size), prepare)
        for rows in set(made.sizes):
            self._check_rows(rows)
        return made

    def run_epochs(
        self,
        model: Any,
        batches: Iterable[Any],
        validation: Iterable[Any] | None,
        callbacks: Sequence[Callback],
        epochs: int,
        validation_freq: int | Sequence[int] = 1,
    ) -> None:
        """The epochs of a fit, in which the processes agree on where they stand.

        Args:
            model: A compiled model.
            batches: The training data, the same in each.
            validation: Data to evaluate after each epoch, or None.
            callbacks: Those of the fit.
            epochs: Number of the last epoch.
            validation_freq: After how many epochs to evaluate; or the epochs, counted from 1.
        """
        parts = self.parts(batches)
        agrees = not isinstance(parts, DatasetParts) or looks_at_steps(model, callbacks)
        last = Agreement(self, agrees)
        start_callbacks(model, last, epochs=epochs, steps=getattr(batches, "steps", None))
        every_callback = [*callbacks, last]
        try:
            run_epochs(model, parts, validation, every_callback, epochs, validation_freq)
        finally:
            self.agrees_on_steps = True

    def train_step(self, model: Any, batch: tuple[Any, ...]) -> Any:
        """A training step on the rows of this process; what it returns is that of the batch.

        In a fit where nobody looks at single steps it is that of the rows here, and `report` joins
        the processes after the epoch: a step then waits for the others once, in its gradients.

        Args:
            model: A compiled model.
            batch: A Part, or a whole batch.
        """
        part = batch if isinstance(batch, Part) else self.part(batch)
        with use_rows(part.rows):
            values = model.train_step(step_data(part))
        if self.agrees_on_steps or self._state(model):
            return self._average(model, values, part.rows.share)
        return values

    def _average(self, model: Any, values: Any, share: float) -> Any:
        """The values of a step as means over the batch; so are the statistics in the model."""
        if not isinstance(values, dict):
            return values  # an error says so
        state = self._state(model)
        flats = [np.array([float(v) for v in values.values()])]
        flats += [to_cpu(p.data).reshape(-1) for p in state]
        joined = self.sum(np.concatenate(flats, dtype=np.float64) * share)
        stops = np.cumsum([len(flat) for flat in flats])
        means, *others = np.split(joined, stops[:-1])
        for p, own, mean in zip(state, flats[1:], others):
            if not np.array_equal(own, mean):
                p.data = mean.reshape(p.shape)
        return {
            name: type(v)(mean) if isinstance(v, float) else float(mean)
            for (name, v), mean in zip(values.items(), means)
        }

    def _state(self, model: Any) -> list[Any]:
        """The parameters of a model that have no gradient, such as moving averages."""
        trained, state = self._states.get(model, (None, []))
        if trained is not model.trained():  # it was compiled or built since
            trained = model.trained()
            state = [p for p in model.weights if not p.trainable and p.dtype.kind == "f"]
            self._states[model] = trained, state
        return state

    # ---- figures ---------------------------------------------------------------------------------

    @contextmanager
    def alone(self) -> Iterator[None]:
        """`with group.alone():` this process computes without the others, and draws on its own.

        What is drawn inside leaves the generator that all share where it was.
        """
        text = f"{generator().bit_generator.state} {self.rank}"
        seed = int.from_bytes(sha256(text.encode()).digest()[:8], "big")
        with process_group(None), use_rows(None), use_generator(seed):
            yield

    @contextmanager
    def own_batches(self, batches: Iterable[Any]) -> Iterator[Iterator[Any]]:
        """`with group.own_batches(batches) as own:` evaluates every n-th batch of n processes.

        Args:
            batches: All batches.
        """
        with one_pass(batches) as iterator:
            if self.size == 1:
                yield iterator
                return
            with self.alone():
                yield islice(iterator, self.rank, None, self.size)

    def report(self, model: Any, totals: Totals) -> dict[str, float]:
        """What all processes have counted in a pass over the data.

        Args:
            model: A compiled model.
            totals: Weighted sum and number of rows of each value that the steps here returned.
        """
        metrics = model.metrics
        counted = self.gather((totals, [metric.get_state() for metric in metrics]))
        joined: Totals = {}
        for other, _ in counted:
            for name, (total, count) in other.items():
                before = joined.get(name, (0.0, 0))
                joined[name] = before[0] + total, before[1] + count
        own = [metric.get_state() for metric in metrics]
        try:
            for metric, *states in zip(metrics, *(states for _, states in counted)):
                metric.merge_states(states)
            with process_group(None):
                results = model.report(joined)
            if model._has_own_steps:
                found = model.get_metrics_result().items()
                results |= {name: float(value) for name, value in found if name in results}
            return results
        finally:
            for metric, state in zip(metrics, own):
                metric.merge_states([state])

    def any(self, value: Any) -> bool:
        """True if the value is true in one of the processes.

        Args:
            value: Anything.
        """
        return bool(self.sum(np.array([float(bool(value))]))[0])


def looks_at_steps(model: Any, callbacks: Sequence[Callback]) -> bool:
    """True if something in a fit may act on single steps, or stop it between them.

    Args:
        model: The model.
        callbacks: Those of the fit.
    """
    hooks = "on_train_batch_begin", "on_train_batch_end"
    return model._has_own_steps or any(defined_hooks(callbacks, name) for name in hooks)


class Agreement(Callback):
    """The last callback of several processes: their states are equal, and all stop at once.

    Args:
        group: The processes.
        on_steps: Whether this process wants all to agree on each step. Where none of them does, one
            that wants to stop, as from a thread, stops all after the epoch.
    """

    reads_batch_logs = False

    def __init__(self, group: ProcessGroup, on_steps: bool) -> None:
        self.group = group
        self.on_steps = on_steps
        self.is_last_epoch = False

    def on_train_begin(self, logs: dict[str, float]) -> None:
        """Check that all begin with one model and one plan."""
        plan = {name: self.params[name] for name in ("epochs", "steps")}
        check_equal_state(self.model, plan, self.group)
        self.group.agrees_on_steps = self.group.any(self.on_steps)

    def on_train_batch_end(self, batch: int, logs: dict[str, float]) -> None:
        """Stop if one of the processes does."""
        if self.group.agrees_on_steps:
            self.model.stop_training = self.group.any(self.model.stop_training)
        elif self.model.stop_training:
            self.is_last_epoch, self.model.stop_training = True, False

    def on_epoch_complete(self, epoch: int, logs: dict[str, float]) -> None:
        """Stop if one of the processes does, and check that they are still equal."""
        wants_to_stop = self.is_last_epoch or self.model.stop_training
        self.model.stop_training = self.group.any(wants_to_stop)
        check_equal_state(self.model, {}, self.group)
