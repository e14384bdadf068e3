"""Scaling of inputs: none, StandardScaler, MinMaxScaler and RobustScaler, by kind of model (LeCun
et al. 1998, Efficient BackProp, section 4.3).

No scaler wins everywhere. On the diabetes data, in the units of the doctor, a sigmoid network and
the nearest neighbors need some scaling and a linear model needs none; the relu network overfits
less where inputs are smaller: min-max wins there by .27 of R2. Pixels have one unit already:
scaling hardly changes a network, and RobustScaler, which divides by quartiles that are nearly 0 at
the border, costs the neighbors 7 points. Where one value in a hundred is a thousandfold too large,
standard and min-max squeeze all others together: sigmoid network and linear model fall to what the
larger class gives, .63, the LSTM by min-max too. RobustScaler, whose quartiles the outliers do not
reach, keeps them; the neighbors are best there as they are.

Lesson: tutorials/11_your_own_data.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, RobustScaler, StandardScaler

import minigrad
from minigrad import Sequential
from minigrad.layers import LSTM, Dense, Input, Reshape
from minigrad.losses import MeanSquaredError, SparseCategoricalCrossentropy
from minigrad.optimizers import Adam
from minigrad.plots import new_figure

# ---- data ----------------------------------------------------------------------------------------


class Data(NamedTuple):
    """Rows, targets, and how they are read."""

    x: np.ndarray
    y: np.ndarray
    classes: int  # 0 for a regression
    steps: int  # into which a recurrent network cuts the columns


def diabetes(seed: int) -> Data:
    """442 patients in the units of the doctor: years, mmHg, mg/dl; the target is standardized.

    Args:
        seed: Not used.
    """
    x, y = load_diabetes(return_X_y=True, scaled=False)
    return Data(x, (y - y.mean()) / y.std(), 0, 5)


def digits(seed: int) -> Data:
    """Pixels of 0 to 16, which have one unit already.

    Args:
        seed: Not used.
    """
    x, y = load_digits(return_X_y=True)
    return Data(x, y, 10, 8)


def outliers(seed: int) -> Data:
    """Measurements of 569 tumors, of which one in a hundred was noted in another unit: times 1000.

    Args:
        seed: Which of them are wrong.
    """
    x, y = load_breast_cancer(return_X_y=True)
    is_wrong = np.random.default_rng(seed).random(x.shape) < 0.01
    return Data(np.where(is_wrong, 1000 * x, x), y, 2, 5)


BATCH_SIZE = 32
DATA = {"diabetes": diabetes, "digits": digits, "outliers": outliers}
SCALERS = {
    "none": FunctionTransformer,
    "standard": StandardScaler,
    "min-max": MinMaxScaler,
    "robust": RobustScaler,
}

# ---- models --------------------------------------------------------------------------------------


def dense(activation: str) -> Any:
    """Makes the layers of a network with two hidden ones.

    Args:
        activation: Their activation.
    """
    return lambda columns, steps: [Dense(32, activation=activation) for _ in range(2)]


def recurrent(columns: int, steps: int) -> list[Any]:
    """The columns as a sequence.

    Args:
        columns: Number of columns.
        steps: Steps of the sequence.
    """
    return [Reshape((steps, columns // steps)), LSTM(32)]


NETWORKS = {"relu": dense("relu"), "sigmoid": dense("sigmoid"), "lstm": recurrent}
COMPANIONS = {
    "linear": (lambda: Ridge(1.0), lambda: LogisticRegression(max_iter=300)),
    "neighbors": (KNeighborsRegressor, KNeighborsClassifier),
}
MODELS = [*NETWORKS, *COMPANIONS]


def predicted(
    model: str, data: Data, steps: int, x: np.ndarray, y: np.ndarray, x_test: np.ndarray
) -> Any:
    """What a model says of the test rows after training on the others.

    Args:
        model: One of MODELS.
        data: How the rows are read.
        steps: Steps of a network's training.
        x: Training rows.
        y: Their targets.
        x_test: Test rows.
    """
    if model in COMPANIONS:
        with warnings.catch_warnings():  # unscaled columns keep a linear model from converging
            warnings.simplefilter("ignore", ConvergenceWarning)
            return COMPANIONS[model][data.classes > 0]().fit(x, y).predict(x_test)
    layers = NETWORKS[model](x.shape[1], data.steps)
    network = Sequential([Input(x.shape[1:]), *layers, Dense(data.classes or 1)])
    loss = SparseCategoricalCrossentropy(from_logits=True) if data.classes else MeanSquaredError()
    network.compile(Adam(3e-3), loss)
    epochs = max(1, steps * BATCH_SIZE // len(x))
    network.fit(x, y, batch_size=BATCH_SIZE, epochs=epochs, verbose=0)
    outputs = network.predict(x_test, verbose=0)
    return outputs.argmax(1) if data.classes else outputs[:, 0]


def score(model: str, scaler: str, data: Data, steps: int, seed: int) -> float:
    """Accuracy on test rows, or of a regression R2, not below -1.

    Args:
        model: One of MODELS.
        scaler: A key of SCALERS, fitted to the training rows.
        data: The data.
        steps: Steps of a network's training.
        seed: Seed of the split and of the weights.
    """
    minigrad.seed(seed)
    x, x_test, y, y_test = train_test_split(data.x, data.y, test_size=0.3, random_state=seed)
    scale = SCALERS[scaler]().fit(x)
    outputs = predicted(model, data, steps, scale.transform(x), y, scale.transform(x_test))
    if data.classes:
        return float(accuracy_score(y_test, outputs))
    return max(-1.0, float(r2_score(y_test, outputs)))


# ---- all of it -----------------------------------------------------------------------------------

SEEDS = 5
REFERENCE = "the larger class of the data with outliers has .627 of the rows"
TARGETS = [
    "sigmoid_gains_by_standard >= 0.08",
    "neighbors_gain_by_standard >= 0.03",
    "linear_gains_by_standard <= 0.02",
    "relu_gains_by_minmax >= 0.1",
    "digits_neighbors_lose_by_robust >= 0.04",
    "outliers_sigmoid_standard <= 0.7",
    "outliers_lstm_minmax <= 0.7",
    "outliers_sigmoid_robust >= 0.82",
    "outliers_lstm_robust >= 0.9",
    "outliers_linear_robust >= 0.7",
    "outliers_linear_standard <= 0.68",
]


def train(steps: int = 600, seed: int = 0) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Scores by data, model and scaler: ({data: (models, scalers)}, metrics).

    Args:
        steps: Steps of each network's training.
        seed: Seed of splits, outliers and weights.
    """
    results, metrics = {}, {}
    for name, load in DATA.items():
        data = load(seed)
        scores = [[score(model, s, data, steps, seed) for s in SCALERS] for model in MODELS]
        results[name] = np.array(scores)
        for model, row in zip(MODELS, scores):
            keys = [f"{name}_{model}_{scaler}".replace("-", "") for scaler in SCALERS]
            metrics |= dict(zip(keys, row))
    return results, metrics | differences(metrics)


def differences(metrics: dict[str, float]) -> dict[str, float]:
    """What scaling changes on the diabetes data, and for the neighbors on the digits.

    Args:
        metrics: The scores.
    """
    sizes = {}
    for model, verb in (("sigmoid", "gains"), ("neighbors", "gain"), ("linear", "gains")):
        change = metrics[f"diabetes_{model}_standard"] - metrics[f"diabetes_{model}_none"]
        sizes[f"{model}_{verb}_by_standard"] = change
    relu = metrics["diabetes_relu_minmax"] - metrics["diabetes_relu_standard"]
    neighbors = metrics["digits_neighbors_none"] - metrics["digits_neighbors_robust"]
    sizes |= {"relu_gains_by_minmax": relu, "digits_neighbors_lose_by_robust": neighbors}
    return sizes


def pictures(results: dict[str, np.ndarray], out: Path) -> None:
    """One table of scores per data set."""
    with new_figure(11, 3.6, out / "feature_scaling.png") as figure:
        for axes, (name, scores) in zip(figure.subplots(1, len(results)), results.items()):
            low, high = np.clip(scores.min(), 0, 1), scores.max()
            axes.imshow(scores, cmap="viridis", vmin=low, vmax=high, aspect="auto")
            for (i, j), value in np.ndenumerate(scores):
                color = "black" if value > (low + high) / 2 else "white"
                axes.text(j, i, f"{value:.2f}", ha="center", va="center", color=color)
            axes.set_xticks(range(len(SCALERS)), SCALERS)
            axes.set_yticks(range(len(MODELS)), MODELS)
            axes.set_title(name + (", R2" if name == "diabetes" else ", accuracy"))
            axes.grid(False)
