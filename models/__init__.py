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

from minigrad.utils.registry import lookup

SECTIONS = {
    "feedforward": ["neuron", "fnn", "mlp", "mlp_dropout", "simple_nn"],
    "convolutional": [
        "cnn",
        "lenet",
        "cnn_mnist",
        "alexnet",
        "vgg",
        "inception",
        "resnet",
        "resnet_depth",
        "transfer",
    ],
    "sequences": ["diabetes_rnn", "adding", "char_rnn", "sentiment", "transformer", "bert", "gpt"],
    "study": ["training_study"],
}
FOLDERS = {name: folder for folder, names in SECTIONS.items() for name in names}
NAMES = list(FOLDERS)


def load(name: str) -> ModuleType:
    """The module of the model called `name`; raises ValueError that suggests the nearest name."""
    return import_module(f".{lookup(name, FOLDERS, 'model')}.{name}", __name__)


def title(name: str) -> str:
    """The first line of a model's docstring, read without importing the model."""
    path = Path(__file__).with_name(FOLDERS[name]) / f"{name}.py"
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]
