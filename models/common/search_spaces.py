"""What `python -m models search` searches: the hyperparameters of each classifier, and its data.

Every space has the optimizer, its learning rate, the batch size, weight decay, dropout, depth and
width. What counts in factors (rates, decay, width) is drawn evenly by its logarithm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state

from minigrad import Sequential, datasets
from minigrad.layers import Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D
from minigrad.optimizers import Optimizer
from minigrad.optimizers.adam import Adam
from minigrad.optimizers.rmsprop import RMSprop
from minigrad.optimizers.sgd import SGD

Rows = tuple[np.ndarray, np.ndarray]  # inputs and labels
Config = dict[str, Any]  # a value of each hyperparameter

# ---- hyperparameters -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Range:
    """Numbers from low to high, both included; whole ones if low is.

    Args:
        low: The smallest.
        high: The largest.
        log: True to draw the logarithm evenly.
    """

    low: float
    high: float
    log: bool = False

    def suggest(self, trial: Any, name: str) -> float:
        """A number that a trial of Optuna suggests."""
        kind = trial.suggest_int if isinstance(self.low, int) else trial.suggest_float
        return kind(name, self.low, self.high, log=self.log)

    def rvs(self, random_state: Any = None) -> float:
        """A number by chance: what scikit-learn asks of a distribution."""
        u = check_random_state(random_state).uniform()
        whole = isinstance(self.low, int)
        low, high = (self.low - 0.5, self.high + 0.5) if whole else (self.low, self.high)
        x = low * (high / low) ** u if self.log else low + (high - low) * u
        return min(max(round(x), self.low), self.high) if whole else x


@dataclass(frozen=True)
class Choice:
    """One of some values.

    Args:
        values: The values.
    """

    values: tuple[Any, ...]

    def suggest(self, trial: Any, name: str) -> Any:
        """A value that a trial of Optuna suggests."""
        return trial.suggest_categorical(name, self.values)

    def rvs(self, random_state: Any = None) -> Any:
        """A value by chance: what scikit-learn asks of a distribution."""
        return self.values[check_random_state(random_state).randint(len(self.values))]


Space = Mapping[str, Range | Choice]

OPTIMIZERS: dict[str, Callable[[float, float], Optimizer]] = {
    "sgd": lambda rate, decay: SGD(rate, weight_decay=decay),
    "momentum": lambda rate, decay: SGD(rate, momentum=0.9, weight_decay=decay),
    "rmsprop": lambda rate, decay: RMSprop(rate, weight_decay=decay),
    "adam": lambda rate, decay: Adam(rate, weight_decay=decay),
}

# weight decay as in AdamW: each step subtracts learning_rate * weight_decay * w from a weight w
TRAINING: Space = {
    "optimizer": Choice(tuple(OPTIMIZERS)),
    "learning_rate": Range(1e-4, 1.0, log=True),
    "batch_size": Choice((16, 32, 64, 128, 256)),
    "weight_decay": Range(1e-4, 1.0, log=True),
    "dropout": Range(0.0, 0.6),
}

# ---- networks ------------------------------------------------------------------------------------


def mlp(depth: int, width: int, dropout: float, inputs: int = 64) -> Sequential:
    """(N, inputs) -> (N, 10): hidden layers of equal width, dropout after each.

    Args:
        depth: Number of hidden layers.
        width: Units of each.
        dropout: Share of hidden values dropped in training.
        inputs: Number of inputs.
    """
    hidden = [[Dense(width, activation="relu"), Dropout(dropout)] for _ in range(depth)]
    layers = [layer for pair in hidden for layer in pair]
    return Sequential([Input((inputs,)), *layers, Dense(10, activation="softmax")])


def mlp28(depth: int, width: int, dropout: float) -> Sequential:
    """(N, 784) -> (N, 10): the same for images of 28x28.

    Args:
        depth: Number of hidden layers.
        width: Units of each.
        dropout: Share of hidden values dropped in training.
    """
    return mlp(depth, width, dropout, 784)


def cnn(depth: int, filters: int, width: int, dropout: float) -> Sequential:
    """(N, 8, 8, 1) -> (N, 10): convolutions, the first one pooled, then a hidden layer.

    Args:
        depth: Number of convolutions.
        filters: Filters of each.
        width: Units of the hidden layer.
        dropout: Share of its values dropped in training.
    """
    further = [Conv2D(filters, 3, padding="same", activation="relu") for _ in range(depth - 1)]
    return Sequential(
        [
            Input((8, 8, 1)),
            Conv2D(filters, 3, padding="same", activation="relu"),  # (N, 8, 8, filters)
            MaxPooling2D(2),  # (N, 4, 4, filters)
            *further,
            Flatten(),
            Dense(width, activation="relu"),
            Dropout(dropout),
            Dense(10, activation="softmax"),
        ]
    )


# ---- data ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Split:
    """Rows to train on, rows to choose by, and rows for one last measurement.

    Args:
        train: Inputs and labels.
        validation: Inputs and labels.
        test: Inputs and labels.
    """

    train: Rows
    validation: Rows
    test: Rows


def split_digits(loader: Callable[..., Any] = datasets.digits.load_data, **options: Any) -> Split:
    """1077 + 360 + 360 handwritten digits, equal shares of each digit in all parts.

    Pixels are divided by their largest possible value: nothing is computed from the rows.

    Args:
        loader: `load_data` of a set of digits.
        **options: Its options.
    """
    (x, y), test = loader(scale="unit", **options)
    x, x_val, y, y_val = train_test_split(x, y, test_size=len(test[1]), random_state=0, stratify=y)
    return Split((x, y), (x_val, y_val), test)


def split_digits28() -> Split:
    """The same digits, enlarged to 28x28 and flat."""
    return split_digits(datasets.digits28.load_data, flat=True)


def split_digit_images() -> Split:
    """The same digits as images (N, 8, 8, 1)."""
    return split_digits(flat=False)


# ---- what is searched ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Task:
    """A classifier to search for.

    Args:
        build: Makes the network from the hyperparameters that are not in TRAINING, and dropout.
        load: Makes the split of the data.
        network: The space of the arguments of `build`, but for dropout.
        epochs: Epochs of a training.
    """

    build: Callable[..., Sequential]
    load: Callable[[], Split]
    network: Space
    epochs: int

    @property
    def space(self) -> Space:
        """All hyperparameters."""
        return {**TRAINING, **self.network}

    def compiled(self, config: Config) -> Sequential:
        """The network of a configuration, ready for fit.

        Args:
            config: A value of each hyperparameter.
        """
        model = self.build(**{name: config[name] for name in (*self.network, "dropout")})
        optimizer = OPTIMIZERS[config["optimizer"]]
        model.compile(
            optimizer(config["learning_rate"], config["weight_decay"]),
            "sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
        return model


DEPTH, WIDTH = Range(1, 4), Range(16, 256, log=True)
TASKS = {
    "mlp": Task(mlp, split_digits, {"depth": DEPTH, "width": WIDTH}, 15),
    "mlp_dropout": Task(mlp28, split_digits28, {"depth": DEPTH, "width": WIDTH}, 5),
    "cnn": Task(
        cnn,
        split_digit_images,
        {"depth": Range(1, 3), "filters": Range(8, 48, log=True), "width": WIDTH},
        8,
    ),
}
