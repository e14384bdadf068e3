"""The model zoo, one architecture per file: `python -m models` lists and runs them.

In an installed minigrad the zoo is `minigrad.zoo`, and `python -m minigrad.zoo` runs it.

The docstring of a model's file begins with its title and citation. The file defines the model (a
builder or a class) and `train(...) -> (model, metrics)`, whose arguments are the flags of the
command line. Where there is something to show it also defines `report(model, ...) -> str` and
`pictures(model, out, ...)`, which may take any of train's arguments. A generative model of images
defines `build(...)`, with arguments of train, and `sample(model, n)`: `--samples N` calls them.

For `--record` a file may set

    SEEDS       the number of trainings
    REFERENCE   what others reached
    TARGETS     conditions on the mean metrics, such as "accuracy >= 0.972"
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
    "generative": [
        "autoencoder",
        "vae",
        "rbm",
        "gan",
        "dense_gan",
        "conv_gan",
        "dcgan",
        "conditional_gan",
        "diffusion",
        "wgan_gp",
        "stylegan2",
        "cyclegan",
    ],
    "study": [
        "training_study",
        "regularization",
        "dropout_batch_norm",
        "early_stopping",
        "gradients_by_depth",
        "optimizers_on_digits",
        "schedules_on_digits",
        "batch_size",
        "rate_finder",
        "augmentation",
        "leakage",
        "feature_scaling",
        "seed_spread",
        "search_study",
        "siamese",
        "anomaly",
        "history",
    ],
}
SECTION_OF = {name: section for section, names in SECTIONS.items() for name in names}
NAMES = list(SECTION_OF)


def load(name: str) -> ModuleType:
    """The module of a model.

    Args:
        name: The name of its file, such as "lenet".

    Raises:
        ValueError: If there is no such model, with the nearest name.
    """
    section = lookup(name, SECTION_OF, "model")
    return import_module(f".{section}.{name}", __name__)


def title(name: str) -> str:
    """The first paragraph of a model's docstring, read without importing the model.

    Args:
        name: The name of its file.
    """
    path = Path(__file__).with_name(SECTION_OF[name]) / f"{name}.py"
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    paragraph, _, _ = docstring.partition("\n\n")
    return " ".join(paragraph.split())
