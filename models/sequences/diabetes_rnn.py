"""SimpleRNN, LSTM and GRU on windows of five diabetes patients: a known recipe in which there is
nothing to find.

Elman 1990 (Cognitive Science 14(2)), Hochreiter & Schmidhuber 1997 (Neural Computation 9(8)), Cho
et al. 2014 (arXiv:1406.1078).

The rows are patients, not a series: from five of them the recipe forecasts how a sixth fares, of
whom it sees nothing. So the right answer is about the mean, R2 = 0. The SimpleRNN memorizes its 349
windows and is worse than the mean for that; a linear regression that may see the sixth patient
herself reaches R2 = .55 on the same rows. A forecast is judged beside naive ones, and a recurrent
layer on a task with time in it: `python -m models adding`.

`--recipe known` fits both scalers on all rows, the test rows among them: a leak, though one of
little use here. `--recipe shuffled` puts the patients into another order, which no series would
bear.

Lesson: tutorials/16_series.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

from pathlib import Path
from typing import Any, Literal

import minigrad
from minigrad import Sequential, datasets, layers, plots
from minigrad.data.timeseries import ForecastReport, forecast_report, split_windows
from minigrad.layers import Dense, Input
from minigrad.random import generator
from minigrad.utils.registry import lookup

# ---- the models: SimpleRNN 4,800 + 65, LSTM 19,200 + 65, GRU 14,592 + 65 parameters --------------

KINDS = {"SimpleRNN": layers.SimpleRNN, "LSTM": layers.LSTM, "GRU": layers.GRU}


def network(kind: str = "LSTM", units: int = 64) -> Sequential:
    """(N, 5, 10) -> (N, 1): the last state of a recurrent layer, and a linear output.

    Args:
        kind: "SimpleRNN", "LSTM" or "GRU".
        units: Units of the recurrent layer.

    Raises:
        ValueError: For an unknown kind.
    """
    recurrent = lookup(kind, KINDS, "kind")
    return Sequential([Input((5, 10)), recurrent(units), Dense(1)])


# ---- the windows ---------------------------------------------------------------------------------


def shuffled_windows() -> Any:
    """The windows of patients in a random order: train, test, scaler of the targets."""
    from sklearn.datasets import load_diabetes

    x, y = load_diabetes(return_X_y=True)
    order = generator().permutation(len(x))
    train, test, (_, scaler) = split_windows(x[order], 5, target=y[order])
    return train, test, scaler


RECIPES = {
    "repaired": lambda: datasets.diabetes.load_windows(return_scaler=True),
    "known": lambda: datasets.diabetes.load_windows(return_scaler=True, leak=True),
    "shuffled": shuffled_windows,
}


def load(recipe: str = "repaired", seed: int = 0) -> Any:
    """(x, y) of 349 training windows, of the 88 test windows behind them, and the scaler of y.

    Args:
        recipe: "repaired", "known" or "shuffled"; x and y are in 0..1.
        seed: Seed of the order of shuffled patients.
    """
    minigrad.seed(seed)
    return lookup(recipe, RECIPES, "recipe")()


# ---- training ------------------------------------------------------------------------------------

SEEDS = 3
REFERENCE = (
    "Keras, scalers fitted on training rows, three seeds: R2 -.17 to -.49 (SimpleRNN), .04 to .06 "
    "(LSTM); the mean's is -.002"
)
TARGETS = ["SimpleRNN_r2 <= -0.1", "LSTM_r2 <= 0.1"]  # a model that finds more has seen the answers


def train(
    kind: Literal["all", "SimpleRNN", "LSTM", "GRU"] = "all",
    recipe: Literal["repaired", "known", "shuffled"] = "repaired",
    units: int = 64,
    epochs: int = 100,
    batch_size: int = 32,
    seed: int = 0,
    verbose: int = 0,
) -> tuple[dict[str, Sequential], dict[str, float]]:
    """MSE with Adam, of one kind or of all: ({kind: model}, metrics).

    Args:
        kind: "SimpleRNN", "LSTM", "GRU" or "all".
        recipe: "repaired", "known" or "shuffled".
        units: Units of the recurrent layer.
        epochs: Passes over the training windows.
        batch_size: Windows per step.
        seed: Seed of the weights and of the order of windows.
        verbose: 1 shows progress, 0 does not.
    """
    models: dict[str, Sequential] = {}
    metrics: dict[str, float] = {}
    naive: dict[str, dict[str, float]] = {}
    (x, y), test, scaler = load(recipe, seed)
    for name in KINDS if kind == "all" else [kind]:
        minigrad.seed(seed)
        model = models[name] = network(name, units)
        model.name = name
        model.compile(optimizer="adam", loss="mse")
        model.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=verbose)
        figures = evaluate(model, (x, y), test, scaler, name)
        for metric, value in figures.pop(name).items():
            metrics[f"{name}_{metric}"] = value
        naive = figures
    for name, values in naive.items():
        first_word, *_ = name.split()
        for metric in ("mse", "r2"):
            metrics[f"{first_word}_{metric}"] = values[metric]
    return models, metrics


def evaluate(model: Sequential, train: Any, test: Any, scaler: Any, name: str) -> ForecastReport:
    """MSE, RMSE, MAE and R2 of the progression, 25..346, beside naive forecasts.

    Args:
        model: A trained network.
        train: Training windows and targets.
        test: Test windows and targets.
        scaler: Scaler of the targets.
        name: Name of the model in the report.
    """
    x, y = test
    truth = scaler.inverse_transform(y)
    predicted = scaler.inverse_transform(model.predict(x))
    known = scaler.inverse_transform(train[1])
    return forecast_report(truth, predicted, known, name=name)


def report(models: dict[str, Sequential], recipe: str = "repaired", seed: int = 0) -> str:
    """The four metrics of each network, of the mean and of the last value."""
    train, test, scaler = load(recipe, seed)
    figures: dict[str, dict[str, float]] = {}
    for name, model in models.items():
        figures |= evaluate(model, train, test, scaler, name)
    width = max(map(len, figures))
    header = "".join(f"{figure:>10}" for figure in ("MSE", "RMSE", "MAE", "R2"))
    lines = [" " * width + header]
    for name in sorted(figures, key=lambda name: name not in models):  # naive forecasts last
        values = "".join(f"{value:10.4g}" for value in figures[name].values())
        lines.append(f"{name:{width}}{values}")
    return "\n".join(lines)


def pictures(
    models: dict[str, Sequential], out: Path, recipe: str = "repaired", seed: int = 0
) -> None:
    """Each network's forecast beside the truth and the training mean; the loss by epoch."""
    (_, y), (x_test, y_test), scaler = load(recipe, seed)
    mean = float(scaler.inverse_transform(y).mean(dtype="float64"))
    for name, model in models.items():
        plots.forecast(
            scaler.inverse_transform(y_test),
            scaler.inverse_transform(model.predict(x_test)),
            mean,
            xlabel="patient",
            ylabel="progression after a year",
            title=f"{name}: what five patients say of a sixth",
            path=out / f"forecast_{name}.png",
        )
    plots.curves(
        {name: model.history.history["loss"] for name, model in models.items()},
        log=True,
        xlabel="epoch",
        ylabel="MSE, targets in 0..1",
        title="Memorizing 349 windows",
        path=out / "loss.png",
    )
