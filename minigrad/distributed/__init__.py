"""Training in many processes: each takes its part of the rows of every batch.

    mpiexec -n 4 python train.py        # in which minigrad.distributed.initialize() comes first
    mpiexec -n 4 python -m models cnn_mnist --distributed

`fit` does the rest: K processes change the weights as one would on the same batches. The page
"Many processes" of the documentation says what holds, and what it costs.
"""

from ..utils.instead import explain_missing
from .communicators import MPICommunicator, NCCLCommunicator, ThreadCommunicator
from .cost import all_reduce_time, step_time
from .group import ProcessGroup, process_group
from .start import initialize, rank, run_threads, size
from .state import check_equal_state, state_hashes

__all__ = [
    "MPICommunicator",
    "NCCLCommunicator",
    "ProcessGroup",
    "ThreadCommunicator",
    "all_reduce_time",
    "check_equal_state",
    "initialize",
    "process_group",
    "rank",
    "run_threads",
    "size",
    "state_hashes",
    "step_time",
]

__getattr__ = explain_missing("distributed", __all__)
