"""The flat gradient of an optimizer, whose buckets are added up while backward still runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from ..backend import Array, backend, to_cpu
from ..config import settings
from ..optimizers.base import state_dtype

BUCKET_BYTES = 1 << 20
Wait = Callable[[Any, str], None]


class Bucket:
    """Gradients of some parameters in one array.

    Args:
        array: Where they lie end to end.
        members: The numbers of the parameters.
    """

    def __init__(self, array: Array, members: set[int]) -> None:
        self.array = array
        self.members = members
        self.missing = set(members)
        self.request: Any = None


class FlatGradient:
    """The gradients of an optimizer's parameters, last parameters first, cut into buckets.

    Backward computes those of the last layers first. A bucket whose gradients are all there is
    given to the communicator at once; buckets start in one order, which is that of every process.

    Args:
        parameters: The parameters.
        communicator: What adds up arrays.
        wait: Function of a request, and of what it is for, that returns when it is done.
        bucket_bytes: The size from which a bucket is full.

    References:
        Li et al. 2020, arXiv:2006.15704, section 3.2 (buckets, overlap with backward).
    """

    def __init__(
        self, parameters: Sequence[Any], communicator: Any, wait: Wait, bucket_bytes: int
    ) -> None:
        self.parameters = list(parameters)
        self.communicator = communicator
        self.wait = wait
        self.views: list[Any] = [None] * len(self.parameters)
        self.buckets: list[Bucket] = []
        dtypes = dict.fromkeys(state_dtype(p.dtype) for p in self.parameters)
        for dtype in dtypes:
            self._add_buckets(dtype, bucket_bytes)
        self.bucket_of = {i: bucket for bucket in self.buckets for i in bucket.members}
        self.reset()

    def _add_buckets(self, dtype: Any, bucket_bytes: int) -> None:
        """Buckets for the parameters whose gradients are added up in this dtype."""
        own = [i for i, p in enumerate(self.parameters) if state_dtype(p.dtype) == dtype]
        groups: list[list[int]] = [[]]
        size = 0
        for i in reversed(own):
            if size >= bucket_bytes:
                groups.append([])
                size = 0
            groups[-1].append(i)
            size += self.parameters[i].size * dtype.itemsize
        for members in groups:
            arrays = [self.parameters[i]._array for i in members]
            flat = backend(arrays[0]).zeros(sum(a.size for a in arrays) + len(self.views), dtype)
            self.present = flat[flat.size - len(self.views) :]  # stays that of the last bucket
            stop = 0
            for i, array in zip(members, arrays):
                start, stop = stop, stop + array.size
                self.views[i] = flat[start:stop].reshape(array.shape)
            self.buckets.append(Bucket(flat, set(members)))

    def reset(self) -> None:
        """Make ready for the next step."""
        self.sources: dict[int, Any] = {}  # the gradients that are in their buckets
        self.started = 0
        for bucket in self.buckets:
            bucket.missing, bucket.request = set(bucket.members), None

    # ---- while backward runs ---------------------------------------------------------------------

    def fits(self, targets: set[Any]) -> bool:
        """True if a backward pass looks for the gradients of all parameters.

        Args:
            targets: The nodes that it looks for.
        """
        return all(p.node in targets for p in self.parameters)

    def watch(self, calls: Sequence[Any], gradients: dict[Any, Any]) -> Iterator[Any]:
        """The calls of a backward pass; when the last one that a parameter needs is done, its
        gradient goes into its bucket.

        Args:
            calls: The nodes, newest first.
            gradients: The gradients so far, which the pass fills.
        """
        self.finish()
        places = {p.node: i for i, p in enumerate(self.parameters)}
        last: dict[Any, Any] = {}
        for node in calls:
            for parent in node.parents:
                if parent in places:
                    last[parent] = node
        due: dict[Any, list[Any]] = {}
        for leaf, node in last.items():
            due.setdefault(node, []).append(leaf)
        for node in calls:
            yield node
            for leaf in due.get(node, ()):
                self.put(places[leaf], gradients.get(leaf))
            self._test()

    def put(self, i: int, g: Any) -> None:
        """Put a gradient into its bucket, weighted by the share of the rows that are here.

        Args:
            i: The number of the parameter.
            g: Its gradient; None counts as zeros.
        """
        view, bucket = self.views[i], self.bucket_of[i]
        if g is None:
            view[...] = 0
        else:
            backend(view).multiply(g, view.dtype.type(self.share()), out=view)
        self.sources[i] = g
        bucket.missing.discard(i)
        while self.started < len(self.buckets) and not self.buckets[self.started].missing:
            self.started += 1
            if self.started == len(self.buckets):  # all gradients are there
                is_there = [float(self.sources[k] is not None) for k in range(len(self.views))]
                self.present[...] = backend(view).asarray(is_there, self.present.dtype)
            started = self.buckets[self.started - 1]
            started.request = self.communicator.start_sum(started.array)

    def share(self) -> float:
        """What the gradients of this process are weighted by."""
        return 1 / self.communicator.size if settings.rows is None else settings.rows.share

    def _test(self) -> None:
        """Let sums that have begun move on: MPI does so when it is asked for them."""
        for bucket in self.buckets[: self.started]:
            if bucket.request is not None and bucket.request.Test():
                bucket.request = None

    # ---- in the step of the optimizer ------------------------------------------------------------

    def sum(self, gs: Sequence[Any]) -> list[Any]:
        """The sums over all processes of the gradients; None where none of them has one.

        Args:
            gs: A gradient per parameter, or None.
        """
        changed = [i for i, g in self.sources.items() if gs[i] is not g]
        if changed:  # what backward found is not what is to be applied
            self.finish()
        for i in sorted(set(range(len(gs))) - set(self.sources), reverse=True):
            self.put(i, gs[i])
        self._wait_for_buckets()
        self.reset()
        return [view if n else None for view, n in zip(self.views, to_cpu(self.present))]

    def _wait_for_buckets(self) -> None:
        for bucket in self.buckets:
            if bucket.request is not None:
                self.wait(bucket.request, "the gradients")
                bucket.request = None

    def finish(self) -> None:
        """Wait for sums that have begun, and forget them: all processes do the same."""
        if self.sources:
            self._wait_for_buckets()
            self.reset()


def watched(
    flats: Iterable[FlatGradient], calls: Sequence[Any], gradients: dict[Any, Any], targets: Any
) -> Iterable[Any]:
    """The calls, watched for the first optimizer all of whose gradients the pass looks for.

    Args:
        flats: The flat gradients of all optimizers.
        calls: The nodes of a backward pass.
        gradients: The gradients so far.
        targets: The nodes that the pass looks for.
    """
    for flat in flats if targets is not None else ():
        if len(flat.parameters) == len(targets) and flat.fits(targets):
            return flat.watch(calls, gradients)
    return calls
