"""Anomalies found by an autoencoder, beside PCA, IsolationForest and LocalOutlierFactor, in images
and in the signal of a machine (Liu et al. 2008, Isolation forest; Breunig et al. 2000, LOF).

All four see only what is normal and give every row a score. The autoencoder and PCA reconstruct a
row from k numbers, and the score is the squared error: what is normal is near the bent or flat
surface that they have learned. IsolationForest counts how few random cuts part a row from the rest;
LocalOutlierFactor compares the density around a row with that around its neighbors.

- Digits: each of the ten in turn is the anomaly, which no detector has seen. LocalOutlierFactor is
  as good as the autoencoder there, and needs all training rows to score one.
- A machine: 64 samples of a vibration whose speed, load and phase vary, with four faults put in.
  Normal windows fill a bent surface of three dimensions. The autoencoder learns it with k = 4; a
  flat one would need many more.

The threshold is a quantile of the scores of normal rows that were held out of the training: 0.95
promises one false alarm in 20 normal rows. Its value needs no anomaly, and the scores of training
rows would set it too low. Where the classes are unbalanced, average precision says more than the
area under the ROC curve.

The network is that of models/generative/autoencoder.py, where reconstruction itself is the subject.

Lesson: tutorials/20_autoencoder_and_vae.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import minigrad
from minigrad import Sequential, plots

from ..common import sample_plots
from ..generative import autoencoder

# ---- the signal of a machine ---------------------------------------------------------------------

SAMPLES = 64  # per window
NORMAL = "normal"
FAULTS = ("imbalance", "looseness", "bearing", "clipping")


def machine_windows(kind: str, count: int, rng: np.random.Generator) -> np.ndarray:
    """Windows of a vibration in -1..1: (count, 64), each with its own speed, load and phase.

    About three turns per window, their second and third harmonic, and noise. A fault adds to that:
    imbalance to the first harmonic; looseness a half harmonic; a bearing short decaying shocks;
    clipping cuts the peaks off.

    Args:
        kind: "normal" or a fault.
        count: Number of windows.
        rng: Generator of all that varies.
    """
    time = np.arange(SAMPLES) / SAMPLES
    speed, load = rng.uniform(2.5, 3.5, (count, 1)), rng.uniform(0.6, 1.0, (count, 1))
    angle = 2 * np.pi * speed * time + rng.uniform(0, 2 * np.pi, (count, 1))
    harmonics = 0.45 * np.sin(angle) + 0.2 * np.sin(2 * angle + 0.7)
    signal = load * (harmonics + 0.12 * load * np.sin(3 * angle + 1.9))
    signal = signal + 0.03 * rng.standard_normal((count, SAMPLES))
    if kind == "imbalance":
        signal = signal + 0.1 * load * np.sin(angle)
    elif kind == "looseness":
        shift = rng.uniform(0, 2 * np.pi, (count, 1))
        signal = signal + 0.06 * load * np.sin(angle / 2 + shift)
    elif kind == "bearing":
        period = rng.uniform(14, 20, (count, 1))
        since = np.mod(np.arange(SAMPLES) - period * rng.uniform(0, 1, (count, 1)), period)
        signal = signal + 0.2 * np.exp(-since / 1.5) * np.cos(2.2 * since)
    elif kind == "clipping":
        limit = 0.75 * abs(signal).max(axis=1, keepdims=True)
        signal = np.clip(signal, -limit, limit)
    return signal.astype("float32")


# ---- cases: what is normal, and what is not ------------------------------------------------------


class Case(NamedTuple):
    """Rows of one problem."""

    train: np.ndarray
    held_out: np.ndarray  # normal rows that set the threshold
    test: np.ndarray
    is_anomaly: np.ndarray
    kind: np.ndarray  # of each test row: a digit, "normal" or a fault


def without_digit(digit: int) -> Case:
    """Digits of which one is the anomaly, in -1..1; a fifth of the training rows is held out.

    Args:
        digit: The digit that no detector sees.
    """
    (x, y), (x_test, y_test) = autoencoder.load()
    normal = x[y != digit]
    held_out = np.arange(len(normal)) % 5 == 0
    return Case(normal[~held_out], normal[held_out], x_test, y_test == digit, y_test)


def machine(random_state: int = 0, windows: int = 3000, faulty: int = 100) -> Case:
    """Windows of the machine: some to train on, 600 held out, 600 + faults to test.

    Args:
        random_state: Seed of the windows.
        windows: Number of training windows.
        faulty: Number of test windows of each fault.
    """
    rng = np.random.default_rng(random_state)
    train, held_out, normal = (machine_windows(NORMAL, n, rng) for n in (windows, 600, 600))
    broken = [machine_windows(fault, faulty, rng) for fault in FAULTS]
    kind = np.repeat([NORMAL, *FAULTS], [600] + [faulty] * len(FAULTS))
    return Case(train, held_out, np.concatenate([normal, *broken]), kind != NORMAL, kind)


# ---- detectors -----------------------------------------------------------------------------------

Score = Callable[[np.ndarray], np.ndarray]  # rows -> a number for each, larger where it is odder


def yardsticks(x: np.ndarray, k: int, seed: int) -> dict[str, Score]:
    """The scores of PCA, IsolationForest and LocalOutlierFactor, fitted to normal rows.

    Args:
        x: Normal rows.
        k: Number of components of PCA.
        seed: Seed of the forest.
    """
    from sklearn.ensemble import IsolationForest
    from sklearn.neighbors import LocalOutlierFactor

    pca = autoencoder.PCA(x, k)
    forest = IsolationForest(n_estimators=200, random_state=seed).fit(x)
    outlier_factor = LocalOutlierFactor(n_neighbors=20, novelty=True).fit(x)
    return {
        "pca": lambda rows: autoencoder.anomaly_score(pca, rows),
        "forest": lambda rows: -forest.score_samples(rows),
        "lof": lambda rows: -outlier_factor.score_samples(rows),
    }


def detectors(model: Sequential, case: Case, k: int, seed: int) -> dict[str, Score]:
    """All scores by name.

    Args:
        model: The trained autoencoder.
        case: The problem.
        k: Number of components of PCA.
        seed: Seed of the forest.
    """
    return {"autoencoder": lambda rows: autoencoder.anomaly_score(model, rows)} | yardsticks(
        case.train, k, seed
    )


def evaluate(score: Score, case: Case, quantile: float) -> dict[str, float]:
    """AUC and average precision of a detector, and what its threshold does.

    Args:
        score: The detector.
        case: The problem.
        quantile: Fraction of normal rows below the threshold.
    """
    from sklearn.metrics import average_precision_score

    scores = score(case.test)
    alarm = scores > np.quantile(score(case.held_out), quantile)
    return {
        "auc": autoencoder.auc(case.is_anomaly, scores),
        "precision": float(average_precision_score(case.is_anomaly, scores)),
        "false_alarms": float(alarm[~case.is_anomaly].mean()),
        "found": float(alarm[case.is_anomaly].mean()),
    }


# ---- training ------------------------------------------------------------------------------------

LATENT = {"digits": 8, "machine": 4}
SEEDS = 3
REFERENCE = (
    "scikit-learn, seed 0: on the digits AUC .741 by IsolationForest, .960 by LocalOutlierFactor; "
    "on the machine .597 and .631"
)
TARGETS = [
    "digits_auc_autoencoder >= 0.93",
    "digits_auc_over_pca >= 0.03",
    "digits_auc_over_forest >= 0.1",
    "digits_precision_autoencoder >= 0.7",
    "machine_auc_autoencoder >= 0.92",
    "machine_auc_over_pca >= 0.2",
    "machine_auc_over_forest >= 0.2",
    "machine_auc_over_lof >= 0.2",
    "machine_false_alarms_autoencoder <= 0.08",
]


def train(
    steps: int = 600,
    machine_steps: int = 2000,
    digits: int = 10,
    batch_size: int = 128,
    learning_rate: float = 2e-3,
    quantile: float = 0.95,
    seed: int = 0,
    verbose: int = 1,
) -> tuple[dict[str, Sequential], dict[str, float]]:
    """An autoencoder per digit left out, one of the machine: ({name: model}, metrics).

    Half a minute on one core.

    Args:
        steps: Training steps of each autoencoder of digits.
        machine_steps: Training steps of the autoencoder of the machine.
        digits: Number of digits that are the anomaly in turn, from 0.
        batch_size: Rows per step.
        learning_rate: First learning rate.
        quantile: Fraction of held-out normal rows below the threshold.
        seed: Seed of weights, of the order of rows and of the forest; the rows are always the same.
        verbose: 1 shows progress, 0 does not.
    """
    minigrad.seed(seed)
    models: dict[str, Sequential] = {}
    rows: dict[str, list[dict[str, float]]] = {}

    def run(name: str, group: str, case: Case, steps: int) -> None:
        if verbose:
            print(f"{name}:")
        k = LATENT[group]
        model = autoencoder.dense(k)
        models[name] = autoencoder.fit(model, case.train, steps, batch_size, learning_rate, verbose)
        for detector, score in detectors(model, case, k, seed).items():
            found = evaluate(score, case, quantile)
            rows.setdefault(f"{group} {detector}", []).append(found)

    for digit in range(digits):
        run(f"without_{digit}", "digits", without_digit(digit), steps)
    run("machine", "machine", machine(), machine_steps)
    return models, summarize(rows)


def summarize(rows: dict[str, list[dict[str, float]]]) -> dict[str, float]:
    """Means over the cases of a group, and by how much the autoencoder's AUC is larger.

    Args:
        rows: What `evaluate` gave, by "group detector".
    """
    metrics = {}
    for key, found in rows.items():
        group, detector = key.split()
        for name in found[0]:
            metrics[f"{group}_{name}_{detector}"] = float(np.mean([row[name] for row in found]))
    for group in LATENT:
        for other in ("pca", "forest", "lof"):
            own = metrics[f"{group}_auc_autoencoder"]
            metrics[f"{group}_auc_over_{other}"] = own - metrics[f"{group}_auc_{other}"]
    return metrics


def report(models: dict[str, Sequential], quantile: float = 0.95, seed: int = 0) -> str:
    """How many windows of each fault each detector finds.

    Args:
        models: The autoencoders.
        quantile: Fraction of held-out normal rows below the threshold.
        seed: Seed of the forest.
    """
    case = machine()
    lines = [f"windows of the machine above the {quantile:g} quantile of normal ones"]
    for name, score in detectors(models["machine"], case, LATENT["machine"], seed).items():
        alarm = score(case.test) > np.quantile(score(case.held_out), quantile)
        shares = [f"{kind} {alarm[case.kind == kind].mean():.2f}" for kind in (NORMAL, *FAULTS)]
        lines.append(f"  {name:12} {', '.join(shares)}")
    return "\n".join(lines)


# ---- pictures ------------------------------------------------------------------------------------

LABELS = {
    "autoencoder": "autoencoder",
    "pca": "PCA",
    "forest": "IsolationForest",
    "lof": "LocalOutlierFactor",
}


def pictures(
    models: dict[str, Sequential], out: Path, digit: int = 8, quantile: float = 0.95, seed: int = 0
) -> None:
    """Histograms of errors, ROC curves, the oddest digits, windows, a recording with faults.

    Args:
        models: The autoencoders.
        out: Folder to write to.
        digit: The digit left out that is pictured.
        quantile: Fraction of held-out normal rows below the threshold.
        seed: Seed of the forest.
    """
    cases = {f"{digit} among digits": without_digit(digit), "faults of a machine": machine()}
    chosen = [models[f"without_{digit}"], models["machine"]]
    errors, curves = {}, {}
    for (title, case), model, k in zip(cases.items(), chosen, LATENT.values()):
        found = detectors(model, case, k, seed)
        curves[title] = {name: (case.is_anomaly, score(case.test)) for name, score in found.items()}
        own = found["autoencoder"]
        errors[title] = own(case.test), case.kind, np.quantile(own(case.held_out), quantile)
    draw_errors(errors, digit, out / "errors.png")
    draw_rocs(curves, out / "roc.png")
    images, signal = cases.values()
    draw_oddest(chosen[0], images, digit, out / "oddest_digits.png")
    draw_windows(chosen[1], signal, out / "windows.png")
    draw_recording(chosen[1], errors["faults of a machine"][2], out / "recording.png")


def draw_errors(errors: dict[str, Any], digit: int, path: Path) -> None:
    """Histograms of the squared errors, with the threshold."""
    with plots.new_figure(10, 4, path) as figure:
        for axes, (title, found) in zip(figure.subplots(1, 2), errors.items()):
            scores, kind, threshold = found
            bins = np.linspace(scores.min(), scores.max(), 40)
            if kind.dtype.kind in "iu":
                groups = {"the other nine": kind != digit, f"the {digit}": kind == digit}
            else:
                groups = {name: kind == name for name in (NORMAL, *FAULTS)}
            for name, rows in groups.items():
                style = "stepfilled" if rows is next(iter(groups.values())) else "step"
                alpha = 0.45 if style == "stepfilled" else 1
                axes.hist(scores[rows], bins, histtype=style, alpha=alpha, lw=1.8, label=name)
            axes.axvline(threshold, color="black", linestyle="--", lw=1.2, label="threshold")
            axes.set(xlabel="squared error", ylabel="test rows", title=title)
            axes.legend()


def draw_rocs(panels: dict[str, Any], path: Path) -> None:
    """ROC curves of all detectors, one panel per problem."""
    from sklearn.metrics import roc_curve

    with plots.new_figure(9, 4.2, path) as figure:
        for axes, (title, lines) in zip(figure.subplots(1, 2), panels.items()):
            for name, (is_anomaly, scores) in lines.items():
                false, true, _ = roc_curve(is_anomaly, scores)
                area = autoencoder.auc(is_anomaly, scores)
                axes.plot(false, true, label=f"{LABELS[name]}: {area:.3f}")
            axes.plot([0, 1], [0, 1], color="0.7", linestyle=":", linewidth=1)
            axes.set(title=title, xlabel="false alarms", ylabel="anomalies found")
            axes.set(xlim=(0, 1), ylim=(0, 1.02))
            axes.legend(title="area under the curve", loc="lower right")


def draw_oddest(model: Sequential, case: Case, digit: int, path: Path) -> None:
    """The test digits with the largest errors and the smallest, and their reconstructions."""
    scores = autoencoder.anomaly_score(model, case.test)
    order = np.argsort(scores)
    shown = {}
    for what, rows in (("largest error", order[::-1][:12]), ("smallest error", order[:12])):
        shown[what] = case.test[rows]
        shown[" " * len(shown) + "reconstructed"] = autoencoder.reconstruct(model, case.test[rows])
    found = int(case.is_anomaly[order[::-1][:12]].sum())
    title = f"No {digit} seen in training: {found} of the 12 largest errors are one"
    sample_plots.draw_rows(shown, title, path)


def draw_windows(model: Sequential, case: Case, path: Path) -> None:
    """A window of each kind, with what the autoencoder makes of it."""
    scores = autoencoder.anomaly_score(model, case.test)
    kinds = (NORMAL, *FAULTS)
    with plots.new_figure(11, 2.6, path) as figure:
        for axes, kind in zip(figure.subplots(1, len(kinds), sharey=True), kinds):
            rows = np.flatnonzero(case.kind == kind)
            middle = rows[np.argsort(scores[rows])[len(rows) // 2]]  # a typical one
            axes.plot(case.test[middle], label="signal", linewidth=1.4)
            again = autoencoder.reconstruct(model, case.test[middle : middle + 1])[0]
            axes.plot(again, label="reconstruction", linewidth=1.4, linestyle="--")
            axes.set(title=kind, xlabel="sample", ylim=(-1, 1))
        figure.axes[0].legend(loc="lower left", fontsize=8)


def recording(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """60 windows in order, six of each fault among normal ones: (60, 64), their kinds.

    Args:
        rng: Generator of all that varies.
    """
    parts, kinds = [], []
    for kind, count in zip((NORMAL, *FAULTS), (12, 6, 6, 6, 6)):
        if kind != NORMAL:
            parts.append(machine_windows(NORMAL, 6, rng))
            kinds += [NORMAL] * 6
        parts.append(machine_windows(kind, count, rng))
        kinds += [kind] * count
    return np.concatenate(parts), np.array(kinds)


def draw_recording(model: Sequential, threshold: float, path: Path) -> None:
    """The score of each window of a recording, the faults shaded."""
    windows, kinds = recording(np.random.default_rng(1))
    scores = autoencoder.anomaly_score(model, windows)
    with plots.new_figure(10, 4.6, path) as figure:
        above, below = figure.subplots(2, 1, sharex=True)
        above.plot(np.arange(windows.size) / SAMPLES, windows.ravel(), linewidth=0.5)
        above.set(ylabel="signal", title="60 windows one after the other", ylim=(-1, 1))
        color = np.where(scores > threshold, "C1", "C0")
        below.scatter(np.arange(len(scores)) + 0.5, scores, c=color, s=22)
        below.axhline(threshold, color="black", linestyle="--", lw=1.2)
        below.set(xlabel="window", ylabel="squared error", yscale="log", xlim=(0, len(scores)))
        below.text(0.3, threshold * 1.1, "threshold", va="bottom")
        for fault in FAULTS:
            places = np.flatnonzero(kinds == fault)
            for axes in (above, below):
                axes.axvspan(places[0], places[-1] + 1, color="C3", alpha=0.12, lw=0)
            above.text(places.mean() + 0.5, 0.86, fault, ha="center", va="center")
