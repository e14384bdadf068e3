"""Running the programs with Keras on PyTorch.

TensorFlow is not needed: the programs take nothing of it but GradientTape, and `Tape` stands for
that over PyTorch's gradients.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any
from unittest.mock import patch

import keras
import torch

from . import SCRIPTS, plain, run_script


class Tape:
    """TensorFlow's GradientTape on PyTorch, which records all by itself."""

    def __init__(self, persistent: bool = False) -> None:
        self.persistent = persistent

    def __enter__(self) -> Tape:
        return self

    def __exit__(self, *error: Any) -> None:
        pass

    def watch(self, x: torch.Tensor) -> None:
        x.requires_grad_()

    def gradient(self, target: torch.Tensor, sources: Any) -> Any:
        """The gradients of `target` with respect to variables or watched tensors."""
        several = isinstance(sources, (list, tuple))
        values = [getattr(s, "value", s) for s in (sources if several else [sources])]
        gradients = torch.autograd.grad(target.sum(), values, retain_graph=True)
        return list(gradients) if several else gradients[0]


def keras_figures(name: str) -> dict[str, Any]:
    """The figures of one program, from its text as it is."""
    tensorflow = ModuleType("tensorflow")
    vars(tensorflow).update(GradientTape=Tape, keras=keras, function=lambda f=None, **_: f)
    torch.set_num_threads(1)
    keras.utils.set_random_seed(0)
    path = SCRIPTS[name]
    source = path.read_text()
    modules = {"tensorflow": tensorflow} if "tensorflow" in source else {}
    with patch.dict(sys.modules, modules):
        return plain(run_script(path, source))
