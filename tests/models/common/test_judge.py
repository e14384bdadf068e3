"""The judge where the answer is known: closed forms, dropped classes, copies, faulty samples."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.linalg

import minigrad
from minigrad import Sequential, Tensor, config
from models.common import judge as judging


@pytest.fixture(scope="module")
def judge(home):
    return judging.load(8)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


# ---- Frechet distance ----------------------------------------------------------------------------


def test_a_set_has_no_distance_to_itself(rng):
    a = rng.standard_normal((500, 6)) @ rng.standard_normal((6, 6)) + 3
    assert abs(judging.frechet_distance(a, a[::-1])) < 1e-6 * a.var()


def test_distance_of_a_shifted_and_stretched_gaussian(rng):
    """Of x and c x + d: |(c - 1) m + d|^2 + (c - 1)^2 tr C."""
    a = rng.standard_normal((500, 4)) @ rng.standard_normal((4, 4)) + 1
    d = np.array([1.0, -2.0, 0.5, 0.0])
    assert math.isclose(judging.frechet_distance(a, a + d), d @ d, rel_tol=1e-9)
    shift = 0.7 * a.mean(0) + d
    expected = shift @ shift + 0.7**2 * np.trace(np.cov(a.T))
    assert math.isclose(judging.frechet_distance(a, 1.7 * a + d), expected, rel_tol=1e-9)


@pytest.mark.parametrize("n", [400, 20])  # 20 rows of 30 features: a singular covariance
def test_distance_by_the_matrix_root_of_scipy(rng, n):
    a = rng.standard_normal((400, 30)) @ rng.standard_normal((30, 30))
    b = rng.standard_normal((n, 30)) @ rng.standard_normal((30, 30)) + 0.3
    c_a, c_b = np.cov(a.T), np.cov(b.T)
    root = scipy.linalg.sqrtm(c_a @ c_b).real
    shift = a.mean(0) - b.mean(0)
    expected = shift @ shift + np.trace(c_a + c_b - 2 * root)
    assert math.isclose(judging.frechet_distance(a, b), expected, rel_tol=1e-5)
    assert math.isclose(judging.frechet_distance(b, a), expected, rel_tol=1e-5)


# ---- Inception Score, classes, density, coverage, copying ----------------------------------------


@pytest.mark.parametrize("classes", [1, 5, 9, 10])
def test_inception_score_counts_classes_that_are_sure(classes):
    p = np.eye(10)[np.arange(900) % classes]
    assert math.isclose(judging.inception_score(p), classes, rel_tol=1e-9)
    assert judging.covered_classes(p) == classes


def test_inception_score_of_no_idea_is_one():
    p = np.full((100, 10), 0.1)
    assert math.isclose(judging.inception_score(p), 1)
    assert judging.covered_classes(p) == 0


def test_a_class_needs_one_percent():
    assert judging.covered_classes(np.eye(10)[[0] * 990 + [1] * 10]) == 2
    assert judging.covered_classes(np.eye(10)[[0] * 991 + [1] * 9]) == 1
    unsure = np.eye(10)[[0] * 500 + [1] * 500] * 0.8 + 0.02
    assert judging.covered_classes(unsure) == 0


def test_density_and_coverage_of_the_same_distribution(rng):
    """Means over equal distributions: 1, and 1 - (N-1)...(N-k) / ((N+M-1)...(N+M-k))."""
    n, m, k = 500, 300, 5
    found = [
        judging.density_and_coverage(rng.standard_normal((n, 8)), rng.standard_normal((m, 8)), k)
        for _ in range(6)
    ]
    density, coverage = np.mean(found, 0)
    expected = 1 - math.prod((n - i) / (n + m - i) for i in range(1, k + 1))
    assert abs(density - 1) < 0.06
    assert abs(coverage - expected) < 0.015


def test_density_and_coverage_of_a_copy_and_of_what_is_far(rng):
    a = rng.standard_normal((300, 4))
    density, coverage = judging.density_and_coverage(a, a)
    assert coverage == 1
    assert 1 < density < 1.2 + 1e-9, "own ball and k others, but for ties that rounding decides"
    assert judging.density_and_coverage(a, a + 100) == (0, 0)
    left = a[a[:, 0] < 0]
    assert 0.4 < judging.density_and_coverage(a, left)[1] < 0.75, "half of the rows are covered"


def test_distance_to_the_nearest_row():
    rows = np.array([[0.0, 0.0], [3.0, 4.0]])
    assert judging.nearest_distances(np.array([[3.0, 0.0], [3.0, 5.0]]), rows).tolist() == [3, 1]


def test_gaussians_have_the_moments_of_their_class(rng):
    x = rng.uniform(-0.3, 0.3, (60, 2, 2, 1)) + np.repeat([0.2, -0.2], 30)[:, None, None, None]
    y = np.repeat([3, 7], 30)
    samples = judging.gaussian_per_class((x, y), 40_000, rng).reshape(-1, 4)
    flat = x.reshape(-1, 4)
    expected = (np.cov(flat[:30].T) + np.cov(flat[30:].T)) / 2
    shift = (flat[:30].mean(0) - flat[30:].mean(0)) / 2
    assert np.allclose(samples.mean(0), flat.mean(0), atol=0.01)
    assert np.allclose(np.cov(samples.T), expected + np.outer(shift, shift), atol=0.003)
    assert abs(samples).max() <= 1


# ---- the judge of 8x8 digits ---------------------------------------------------------------------


def test_the_judge_knows_held_out_digits(judge):
    assert judge.accuracy >= 0.985
    assert judge.classifier.count_params() == 320 + 18_496 + 16_448 + 650


def test_yardsticks_are_in_order(judge):
    rows = judge.yardsticks(2000)
    distances = [row["frechet_distance"] for row in rows.values()]
    assert distances == sorted(distances) and distances[-1] > 10 * distances[2]
    resampled, held_out, gaussians, noise = rows.values()
    assert resampled["copying"] == 0 and held_out["copying"] == 1
    assert 1 < gaussians["copying"] < 1.3 < noise["copying"]
    assert resampled["classes"] == held_out["classes"] == gaussians["classes"] == 10
    assert resampled["inception_score"] > 9.5 > 2 * noise["inception_score"]
    assert judge.score(judging.gaussian_per_class(judge.train, 2000, np.random.default_rng(1)))[
        "ratio_to_gaussians"
    ] == pytest.approx(1, abs=0.1)


def test_a_dropped_class_is_counted(judge):
    x, y = judge.train
    scores = judge.score(x[y != 4])
    assert scores["classes"] == 9
    assert scores["frechet_distance"] > 10 * judge.score(x)["frechet_distance"]
    assert scores["coverage"] < 0.95


def test_a_report_tells_of_copies_and_missing_classes(judge, rng):
    x, y = judge.train
    noisy = (x + 0.05 * rng.standard_normal(x.shape)).clip(-1, 1)
    report = judge.report(
        {"memory": noisy[y < 5][:500], "held-out": judge.test[0].repeat(2, 0)[:500]}
    )
    assert "memory: only 5 of 10 classes" in report
    assert "memory: repeats training rows (copying 0." in report
    assert "held-out: " not in report
    for name in ("training rows, resampled", "held-out rows", "one Gaussian per class", "noise"):
        assert name in report
    assert f"{judge.accuracy:.1%} of the held-out rows" in report


def test_a_model_is_told_from_another_by_the_same_number_only(judge):
    x, _ = judge.train
    with pytest.raises(ValueError, match=r"sets of \[100, 200\] samples"):
        judge.report({"a": x[:100], "b": x[:200]})


def test_samples_of_every_shape_on_every_device_score_alike(judge, device, xp):
    x = judge.train[0][:200]
    expected = judge.score(x)
    for samples in (x[..., 0], x.reshape(-1, 64), xp.asarray(x), Tensor(xp.asarray(x))):
        assert judge.score(samples) == expected
    with minigrad.default_dtype("float64"):
        assert judge.score(x.astype("float64")) == expected


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda x: x[:, :7], r"shape \(150, 7, 8, 1\): this judge knows images of 8x8"),
        (lambda x: x[:99], "99 samples are too few: draw 100"),
        (lambda x: x[:0], "0 samples are too few"),
        (lambda x: x * 2, r"lie in -2\.\.2, expected -1\.\.1"),
        (lambda x: (x + 1) / 2, r"lie in 0\.\.1, expected .*2 \* x - 1"),
        (lambda x: (x + 1) * 127.5, r"lie in 0\.\.255, expected .*127.5"),
        (lambda x: np.where(np.arange(150)[:, None, None, None] == 7, np.nan, x), "1 of 150 .* 7:"),
        (lambda x: x + np.inf, "150 of 150 samples hold NaN or infinity"),
    ],
)
def test_samples_that_cannot_be_judged(judge, change, message):
    with pytest.raises(ValueError, match=message):
        judge.score(change(judge.train[0][:150]))


def test_the_smallest_size():
    with pytest.raises(ValueError, match="4x4: the digits have 8x8 or more"):
        judging.load(4)


# ---- where it comes from -------------------------------------------------------------------------


def test_it_is_trained_once(judge, monkeypatch, tmp_path):
    """The second one is read; a damaged file is trained anew; all of one seed are equal."""
    monkeypatch.setenv("MINIGRAD_HOME", str(tmp_path / "new"))
    data = (judge.train[0][:200], judge.train[1][:200]), judge.test
    first = judging.Judge(*data, epochs=1)
    (file,) = (tmp_path / "new").iterdir()
    with monkeypatch.context() as patch:
        patch.setattr(Sequential, "fit", None)
        again = judging.Judge(*data, epochs=1)
    assert again.score(data[0][0]) == first.score(data[0][0])
    file.write_bytes(file.read_bytes()[:-8])
    assert judging.Judge(*data, epochs=1).score(data[0][0]) == first.score(data[0][0])
    judging.Judge(*data, epochs=1, seed=1)
    assert len(list((tmp_path / "new").iterdir())) == 2, "another seed is another judge"


def test_a_home_that_cannot_be_written_costs_only_the_time(judge, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MINIGRAD_HOME", str(tmp_path / "file"))
    assert judging.Judge(*[(x[:100], y[:100]) for x, y in (judge.train, judge.test)], epochs=1)


def test_the_program_draws_the_same_numbers_beside_it(judge):
    minigrad.seed(3)
    judging.Judge(*[(x[:50], y[:50]) for x, y in (judge.train, judge.test)], epochs=1)
    judge.yardsticks(150)
    drawn = minigrad.random.generator().random()
    minigrad.seed(3)
    assert minigrad.random.generator().random() == drawn


def test_it_stands_on_the_cpu_in_float32(judge, device, monkeypatch, tmp_path):
    monkeypatch.setenv("MINIGRAD_HOME", str(tmp_path))
    with minigrad.default_dtype("float64"):
        made = judging.Judge(*[(x[:50], y[:50]) for x, y in (judge.train, judge.test)], epochs=1)
    assert {p.dtype.name for p in made.classifier.weights} == {"float32"}
    assert {p.device for p in made.classifier.weights} == {"cpu"}
    assert config.settings.device == device


def test_larger_digits_have_a_larger_judge():
    (x, y), (x_test, _) = judging.load_data(28)
    expected, _ = minigrad.datasets.digits28.load_data(flat=False, scale="signed")
    assert np.array_equal(x, expected[0]) and np.array_equal(y, expected[1])
    assert judging.classifier(28)(x_test[:2]).shape == (2, 10)
    assert judging.classifier(32)(np.zeros((2, 32, 32, 1), "f")).shape == (2, 10)
