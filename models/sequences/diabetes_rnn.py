"""SimpleRNN, LSTM and GRU on windows of five diabetes patients: a known recipe in which there is nothing to find.

Elman 1990 (Cognitive Science 14(2)), Hochreiter & Schmidhuber 1997 (Neural Computation 9(8)), Cho et al. 2014 (arXiv:1406.1078).
The rows are patients, not a series: from five of them the recipe forecasts how a sixth fares, of whom it sees nothing. So the
right answer is about the mean, R2 = 0. The SimpleRNN learns its 349 windows by heart and is worse than the mean for that; a
linear regression that may look at the sixth patient herself reaches R2 = .55 on the same rows. A forecast is judged beside what
costs nothing to say, and a recurrent layer on a task with time in it: `python -m models adding`.

`--recipe known` fits both scalers on all rows, the test rows among them: a leak, though one of little use here.
`--recipe shuffled` puts the patients into another order, which no series would bear.
"""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

import minigrad
from minigrad import Sequential, datasets, layers, plots
from minigrad.data.timeseries import ForecastReport, forecast_report, split_windows
from minigrad.layers import Dense
from minigrad.random import generator
from minigrad.utils.registry import lookup

# ---- the models: SimpleRNN 4,800 + 65, LSTM 19,200 + 65, GRU 14,592 + 65 parameters ------------------------------------

KINDS = {"SimpleRNN": layers.SimpleRNN, "LSTM": layers.LSTM, "GRU": layers.GRU}


def network(kind: str = "LSTM", units: int = 64) -> Sequential:
    """(N, 5, 10) -> (N, 1): the last state of a recurrent layer, and a line through it."""
    return Sequential([lookup(kind, KINDS, "kind")(units, input_shape=(5, 10)), Dense(1)])


# ---- the windows ---------------------------------------------------------------------------------------------------------


def shuffled():
    """The windows of patients in another order, drawn from the seed: train, test, the scaler of the targets."""
    from sklearn.datasets import load_diabetes

    x, y = load_diabetes(return_X_y=True)
    order = generator().permutation(len(x))
    train, test, (_, scaler) = split_windows(x[order], 5, target=y[order])
    return train, test, scaler


RECIPES = {
    "repaired": lambda: datasets.diabetes.load_windows(return_scaler=True),
    "known": lambda: datasets.diabetes.load_windows(return_scaler=True, leak=True),
    "shuffled": shuffled,
}


def load(recipe: str = "repaired", seed: int = 0):
    """(x, y) of 349 windows to train on, of the 88 behind them to test on, all in 0..1, and the scaler of y."""
    minigrad.seed(seed)
    return lookup(recipe, RECIPES, "recipe")()


# ---- training ----------------------------------------------------------------------------------------------------------

SEEDS = 3
REFERENCE = "Keras, scalers fitted on training rows, three seeds: R2 -.17 to -.49 (SimpleRNN), .04 to .06 (LSTM); the mean's is -.002"
TARGETS = [
    "SimpleRNN_r2 <= -0.1",
    "LSTM_r2 <= 0.1",
]  # nothing to find: who finds something has seen the answers


def train(
    kind: str = "all",
    recipe: str = "repaired",
    units: int = 64,
    epochs: int = 100,
    batch_size: int = 32,
    seed: int = 0,
    verbose: int = 0,
):
    """MSE with Adam, of one kind or of all: ({kind: model}, metrics)."""
    found, metrics = {}, {}
    (x, y), (x_test, y_test), scaler = load(recipe, seed)
    for name in KINDS if kind == "all" else [kind]:
        minigrad.seed(seed)
        model = found[name] = network(name, units)
        model.compile(optimizer="adam", loss="mse")
        model.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=verbose)
        told = judge(model, (x, y), (x_test, y_test), scaler, name)
        metrics |= {f"{name}_{figure}": value for figure, value in told[name].items()}
    metrics |= {
        f"{who.split()[0]}_{figure}": told[who][figure]
        for who in list(told)[1:]
        for figure in ("mse", "r2")
    }
    return found, metrics


def judge(model, train, test, scaler, name: str = "model") -> ForecastReport:
    """MSE, RMSE, MAE and R2 of the progression, 25..346, beside the mean of the training targets and the last value known."""
    truth, predicted, before = (
        scaler.inverse_transform(a) for a in (test[1], model.predict(test[0]), train[1])
    )
    return forecast_report(truth, predicted, before, name=name)


def report(found, recipe: str = "repaired", seed: int = 0) -> str:
    """The four metrics of each network, of the mean and of the last value."""
    data, told = load(recipe, seed), ForecastReport()
    for name, model in found.items():
        told = ForecastReport({**told, **judge(model, *data, name)})
    width = max(map(len, told))
    lines = [f"{'':{width}}" + "".join(f"{figure:>10}" for figure in ("MSE", "RMSE", "MAE", "R2"))]
    for who in sorted(told, key=lambda who: who not in found):  # the naive ones below
        lines.append(f"{who:{width}}" + "".join(f"{value:10.4g}" for value in told[who].values()))
    return "\n".join(lines)


def pictures(found, out: Path, recipe: str = "repaired", seed: int = 0):
    """Each network's forecast against what came, and the mean of the training targets beside it; the loss by epoch."""
    (x, y), test, scaler = load(recipe, seed)
    mean = fmean(scaler.inverse_transform(y)[:, 0])
    for name, model in found.items():
        truth, predicted = (scaler.inverse_transform(a) for a in (test[1], model.predict(test[0])))
        plots.forecast(
            truth,
            predicted,
            mean,
            xlabel="patient",
            ylabel="progression after a year",
            title=f"{name}: what five patients say of a sixth",
            path=out / f"forecast_{name}.png",
        )
    plots.curves(
        {name: model.history.history["loss"] for name, model in found.items()},
        log=True,
        xlabel="epoch",
        ylabel="MSE, targets in 0..1",
        title="Learning 349 windows by heart",
        path=out / "loss.png",
    )
