"""Anomalies: the signal of a machine, what is held out, scores and thresholds, what is found."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
from matplotlib import pyplot

import minigrad
from models.generative import autoencoder
from models.study import anomaly

# ---- the signal ----------------------------------------------------------------------------------


def windows(kind, count=200):
    return anomaly.machine_windows(kind, count, np.random.default_rng(3))


def spectrum(x):
    return (abs(np.fft.rfft(x * np.hanning(64), axis=1)) ** 2).mean(0)


def test_each_fault_leaves_its_mark():
    normal = windows("normal")
    assert normal.shape == (200, 64) and normal.dtype == np.float32 and abs(normal).max() < 1
    usual = spectrum(normal)
    assert usual[3] > 3 * usual[6] > 3 * usual[15]  # three turns, the harmonic, the noise
    excess = {fault: spectrum(windows(fault)) / usual for fault in anomaly.FAULTS}
    assert excess["imbalance"][3] > 1.2 > excess["imbalance"][15]
    assert excess["looseness"][0] > 1.5 > 1.2 > excess["looseness"][3]
    assert excess["bearing"][22] > 2 > 1.2 > excess["bearing"][3]  # 2.2 / 2 pi of the rate
    clipped = windows("clipping")
    peaks = abs(clipped).max(1, keepdims=True)
    assert (np.isclose(abs(clipped), peaks).sum(1) >= 2).all()
    assert (np.isclose(abs(normal), abs(normal).max(1, keepdims=True)).sum(1) == 1).all()


def test_normal_windows_vary_in_three_ways_on_a_bent_surface():
    """PCA needs many more than three numbers for what a network can say with four."""
    left = []
    for k in (4, 16):
        x = windows("normal", 1000)
        left.append(((autoencoder.PCA(x, k)(x) - x) ** 2).mean())
    assert left[0] > 5 * 0.03**2 > left[1]  # 0.03: the noise


# ---- cases ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("digit", [0, 8])
def test_no_detector_sees_the_digit(digit):
    (x, y), (x_test, y_test) = autoencoder.load()
    case = anomaly.without_digit(digit)
    assert len(case.train) + len(case.held_out) == (y != digit).sum()
    assert len(case.held_out) == pytest.approx(0.2 * (y != digit).sum(), abs=1)
    anomalies = {row.tobytes() for row in x[y == digit]}
    used = [row.tobytes() for row in np.concatenate([case.train, case.held_out])]
    assert anomalies.isdisjoint(used) and len(anomalies) > 100
    assert {row.tobytes() for row in case.train}.isdisjoint(row.tobytes() for row in case.held_out)
    assert case.test is x_test or np.array_equal(case.test, x_test)
    assert np.array_equal(case.is_anomaly, y_test == digit)


def test_the_machine_is_the_same_each_time():
    case, again = anomaly.machine(windows=50, faulty=10), anomaly.machine(windows=50, faulty=10)
    assert all(np.array_equal(a, b) for a, b in zip(case, again))
    assert case.train.shape == (50, 64) and case.test.shape == (640, 64)
    assert case.is_anomaly.sum() == 40 and not case.is_anomaly[:600].any()
    assert list(case.kind[[0, 600, 610, 620, 639]]) == ["normal", *anomaly.FAULTS]
    assert not np.array_equal(case.train, anomaly.machine(1, windows=50).train)


# ---- scores --------------------------------------------------------------------------------------


def test_the_threshold_comes_from_held_out_rows():
    rows = np.arange(100.0)[:, None]
    is_anomaly = rows[:, 0] >= 90
    case = anomaly.Case(rows[:0], rows[:81], rows, is_anomaly, is_anomaly)
    found = anomaly.evaluate(lambda rows: rows[:, 0], case, 0.95)
    assert found["auc"] == found["found"] == 1 == pytest.approx(found["precision"])
    assert found["false_alarms"] == pytest.approx(13 / 90)  # 77 to 89 are above 76
    none = anomaly.evaluate(lambda rows: -rows[:, 0], case, 0.95)
    assert none["auc"] == none["found"] == 0
    assert none["false_alarms"] == pytest.approx(4 / 90)  # 0 to 3


def test_scores_of_scikit_learn_are_larger_where_a_row_is_odd():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 5)) * [1, 1, 1e-2, 1e-2, 1e-2]
    odd = np.array([[0, 0, 9, 9, 9]])
    for name, score in anomaly.yardsticks(x, 2, seed=0).items():
        assert score(odd)[0] > score(x).max(), name


def test_means_and_differences():
    one = {"auc": 0.5, "found": 0.0}
    rows = {
        f"{group} {name}": [one, {"auc": 0.7 + 0.2 * (name == "autoencoder"), "found": 1.0}]
        for group in anomaly.LATENT
        for name in anomaly.LABELS
    }
    metrics = anomaly.summarize(rows)
    assert metrics["digits_auc_lof"] == pytest.approx(0.6)
    assert metrics["machine_found_pca"] == 0.5
    assert metrics["machine_auc_over_pca"] == pytest.approx(0.1)


# ---- learning ------------------------------------------------------------------------------------


def test_faults_are_found_where_a_flat_surface_does_not_see_them():
    minigrad.seed(0)
    case = anomaly.machine(windows=2000, faulty=50)
    model = autoencoder.fit(autoencoder.dense(4), case.train, 500, 128, 2e-3)
    scores = anomaly.detectors(model, case, 4, seed=0)
    found = {name: anomaly.evaluate(score, case, 0.95) for name, score in scores.items()}
    assert found.keys() == anomaly.LABELS.keys()
    assert found["autoencoder"]["auc"] > 0.75
    assert found["autoencoder"]["false_alarms"] < 0.1
    for other in ("pca", "forest", "lof"):
        assert found[other]["auc"] < found["autoencoder"]["auc"] - 0.1, other


def test_a_recording_has_all_faults_apart():
    rows, kinds = anomaly.recording(np.random.default_rng(0))
    assert rows.shape == (60, 64) and len(kinds) == 60
    changes = [b for a, b in zip(kinds, kinds[1:]) if a != b]
    assert [kind for kind in changes if kind != "normal"] == list(anomaly.FAULTS)


def test_train_report_and_pictures(tmp_path, monkeypatch):
    small = anomaly.machine(windows=100, faulty=10)
    monkeypatch.setattr(anomaly, "machine", lambda: small)
    flags = {"steps": 3, "machine_steps": 3, "digits": 1, "verbose": 0}
    assert flags.keys() <= inspect.signature(anomaly.train).parameters.keys()
    models, metrics = anomaly.train(**flags)
    assert models.keys() == {"without_0", "machine"}
    assert {target.split()[0] for target in anomaly.TARGETS} <= metrics.keys()
    assert anomaly.train(**flags)[1] == metrics
    assert anomaly.report(models).splitlines()[1].startswith("  autoencoder  normal 0.")
    anomaly.pictures(models, tmp_path, digit=0)
    names = ["errors", "roc", "oddest_digits", "windows", "recording"]
    assert {file.stem for file in tmp_path.iterdir()} == set(names)
    assert not pyplot.get_fignums()
