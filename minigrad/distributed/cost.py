"""What a step of many processes takes, by the latency and bandwidth between them."""

from __future__ import annotations

from ..arguments import explains_arguments


@explains_arguments
def all_reduce_time(nbytes: float, processes: int, latency: float, bandwidth: float) -> float:
    """2 (K - 1) (latency + nbytes / (K bandwidth)): seconds to add up an array over K processes.

    A ring passes K - 1 parts of 1 / K of the array around to add them up, and again to hand out
    the sums.

    Args:
        nbytes: The size of the array.
        processes: K.
        latency: Seconds that a message of no length takes.
        bandwidth: Bytes per second between two neighbors.

    References:
        Hockney 1994, doi:10.1016/S0167-8191(06)80021-9 (latency and bandwidth); Patarasuk & Yuan
        2009, doi:10.1016/j.jpdc.2008.09.002 (no all-reduce sends less than the ring).

    Example:
        >>> round(all_reduce_time(1e6, 4, 1e-5, 1e9), 5)
        0.00156
    """
    if processes == 1:
        return 0.0
    return 2 * (processes - 1) * (latency + nbytes / (processes * bandwidth))


@explains_arguments
def step_time(
    compute: float,
    nbytes: float,
    processes: int,
    latency: float,
    bandwidth: float,
    overlap: float = 0.0,
    messages: int = 0,
) -> float:
    """compute + messages all_reduce(8 bytes) + max(0, all_reduce(nbytes) - overlap compute).

    Seconds per training step; compute / step_time is the efficiency of weak scaling.

    Args:
        compute: Seconds of the step of one process on its own rows.
        nbytes: The size of the gradient: 4 per float32 parameter.
        processes: The number of processes.
        latency: Seconds that a message of no length takes.
        bandwidth: Bytes per second between two processes.
        overlap: The part of `compute` during which gradients travel: 0 where the processor that
            computes also copies them, up to the 2/3 of a step that is backward where a network
            card or a GPU does.
        messages: The number of short sums of a step. In fit there are two, for the loss and for
            whether to stop, if a callback looks at single steps; else one if there are moving
            averages, and none otherwise.

    Raises:
        ValueError: If there is no process.

    Example:
        >>> step_time(0.005, 4 * 225_034, 1, 1e-6, 5e9)
        0.005
        >>> efficiency = 0.005 / step_time(0.005, 4 * 225_034, 2, 1e-6, 5e9)
        >>> round(efficiency, 2)
        0.96
    """
    if processes < 1:
        raise ValueError(f"processes must be 1 or more, got {processes!r}")
    short = messages * all_reduce_time(8, processes, latency, bandwidth)
    long = all_reduce_time(nbytes, processes, latency, bandwidth)
    return compute + short + max(0.0, long - overlap * compute)
