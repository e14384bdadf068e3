"""How ops are made fast, a file per family; nothing here is needed to understand an op.

`KERNELS` is the whole table: op, forward, backward, device, accelerator. A kernel stands beside the
definition of its op in `ops/`, is held to it by the same tests, and stays only while a benchmark row
shows that it wins. `minigrad.use_kernels(False)` runs everything on the definitions.
"""

from __future__ import annotations

from ..engine.kernel_table import Kernel, register_kernels
from .gru import gru_backward, gru_forward, gru_reset_before_backward, gru_reset_before_forward
from .lstm import lstm_backward, lstm_forward
from .recurrent import has_default_activations, simple_rnn_backward, simple_rnn_forward

KERNELS: list[Kernel] = [
    Kernel("simple_rnn", simple_rnn_forward, simple_rnn_backward, supports=has_default_activations),
    Kernel("lstm", lstm_forward, lstm_backward, supports=has_default_activations),
    Kernel("gru", gru_forward, gru_backward, supports=has_default_activations),
    Kernel(
        "gru_reset_before",
        gru_reset_before_forward,
        gru_reset_before_backward,
        supports=has_default_activations,
    ),
]

register_kernels(*KERNELS)
