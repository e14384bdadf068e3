"""Which kernels run here: `print(minigrad.kernels.report())`."""

from __future__ import annotations

from importlib.metadata import version

from .. import threads
from ..engine.kernel_table import Kernel, kernels_of, used_ops
from . import compiled


def report() -> str:
    """The fast form of each op that has run in this process, by the device of its arrays.

    "numba" stands for compiled loops, with the number of calls that ran as one; arrays too small
    for a loop, or of other dtypes, run as the NumPy kernel beneath it.

    Example:
        >>> _ = minigrad.ops.softmax(np.ones((2, 3)))
        >>> "softmax" in report()
        True
    """
    lines = [_about_loops(), f"{'op':34}{'arrays':12}{'runs as':14}calls of loops"]
    calls = {row.op: row.calls for row in compiled.ROWS}
    for op in sorted(op for op in used_ops() if op):
        for array_type, kernel in kernels_of(op).items():
            ran = calls.get(op, 0) if _is_loop(kernel) else ""
            lines.append(f"{op:34}{array_type.__module__:12}{_name(kernel):14}{ran}".rstrip())
    return "\n".join(lines)


def _is_loop(kernel: Kernel | None) -> bool:
    return kernel is not None and kernel.accelerator == "numba"


def _name(kernel: Kernel | None) -> str:
    return "definition" if kernel is None else kernel.accelerator


def _about_loops() -> str:
    if not compiled.is_wanted():
        return "no compiled loops: `pip install numba`, or MINIGRAD_KERNELS=numpy leaves them out"
    if compiled.failure():
        return f"no compiled loops: {compiled.failure()}"
    count = threads.get_num_threads()
    return f"compiled loops by Numba {version('numba')}, threads: {count}"
