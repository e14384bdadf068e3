"""An embedding's forward and gradient for 32 x 200 ids: the vocabulary should not matter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

FRAMEWORKS = ("minigrad", "torch")
VOCABULARIES = {f"Embedding {n} x 128, ids 32 x 200": n for n in (10_000, 100_000, 1_000_000)}
ROWS = list(VOCABULARIES)


def arrays(vocabulary: int) -> tuple[Any, Any, Any]:
    """The table, ids, and a gradient for their vectors."""
    draw = np.random.default_rng(0)
    return (
        draw.standard_normal((vocabulary, 128), dtype="float32"),
        draw.integers(0, vocabulary, (32, 200)),
        draw.standard_normal((32, 200, 128), dtype="float32"),
    )


def steps(framework: str, row: str, device: str) -> dict[str, Callable[[], Any]]:
    make = {"minigrad": minigrad_steps, "torch": torch_steps}[framework]
    return make(*arrays(VOCABULARIES[row]), device)


def minigrad_steps(table, ids, g, device):
    import minigrad as mg

    mg.set_device(device)
    ids, g = mg.Tensor(ids, device=device), mg.Tensor(g, device=device).data
    table = mg.Tensor(table, requires_grad=True, device=device)
    return {
        "forward + backward": lambda: mg.grad(mg.ops.take(table, ids, axis=0), [table], cotangent=g)
    }


def torch_steps(table, ids, g, device):
    import torch

    table, ids, g = (torch.from_numpy(a).to(device) for a in (table, ids, g))
    table.requires_grad_()

    def step():
        return torch.autograd.grad(torch.nn.functional.embedding(ids, table), [table], g)

    return {"forward + backward": step}
