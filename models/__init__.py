"""The curriculum's models, one architecture a file, in the order of their papers. `python -m models` lists and runs them.

A module's docstring begins with its title and citation. It offers the model (a builder or a class) and
`train(...) -> (model, metrics)`, whose arguments are its command-line flags; where there is something to see also
`report(model, ...) -> str` and `pictures(model, out, ...)`, which may name any of train's arguments.
For `--record`: SEEDS, how many trainings; REFERENCE, what others reached; TARGETS, such as "accuracy >= 0.972", for the mean.
"""
from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path
from types import ModuleType

from minigrad.names import lookup

SECTIONS = {
    "Feed-forward": ["neuron", "fnn", "mlp", "mlp_dropout", "simple_nn"],
    "Convolutional": ["cnn", "lenet", "cnn_mnist", "alexnet", "vgg", "inception", "resnet", "resnet_depth", "transfer"],
    "Sequences": ["diabetes_rnn", "adding", "char_rnn", "sentiment", "transformer", "bert", "gpt"],
    "Training craft": ["craft"],
}
NAMES = [name for names in SECTIONS.values() for name in names]


def load(name: str) -> ModuleType:
    """The module of the model called `name`; raises ValueError that suggests the nearest name."""
    return import_module("models." + lookup(name, {known: known for known in NAMES}, "model"))


def title(name: str) -> str:
    """The first line of a model's docstring, read without importing the model."""
    source = Path(__file__).with_name(name + ".py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]
