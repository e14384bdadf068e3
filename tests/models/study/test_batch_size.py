"""Batch size and learning rate: the diagonal of SGD, and figures of grids made by formula."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad.optimizers import SGD, Adam
from models.study import batch_size

RATES = 2.0 ** np.arange(-7, 3)


def test_the_loss_of_sgd_is_a_function_of_rate_over_batch_size():
    def losses(kind, rate):
        return [batch_size.final_loss(kind(rate * n), 8 * n, 2, seed=1) for n in (1, 4)]

    small, large = losses(SGD, 2.0**-6)
    assert large == pytest.approx(small, rel=0.05)
    small, large = losses(Adam, 2.0**-9)
    assert large < 0.9 * small


def test_best_and_needed_rates_lie_between_those_of_the_grid():
    losses = np.exp(0.3 * (np.log2(RATES) + 1.4) ** 2)
    assert batch_size.best_exponent(RATES, losses) == pytest.approx(-1.4)
    assert batch_size.best_exponent(RATES, RATES) == -7  # at the edge
    halves = 1 / RATES  # a loss of 2^5.5 needs the rate 2^-5.5
    assert batch_size.needed_exponent(RATES, halves, 2**5.5) == pytest.approx(-5.5)
    assert np.isnan(batch_size.needed_exponent(RATES, halves, 1e-9))


@pytest.mark.parametrize("power", [0.5, 1.0])
def test_figures_of_a_grid_that_follows_a_rule(power):
    sizes = batch_size.batch_sizes(128)
    assert sizes == [8, 16, 32, 64, 128]
    best = -4 + power * (np.log2(sizes) - 3)
    losses = 0.1 * np.exp(0.25 * (np.log2(RATES) - best[:, None]) ** 2)
    figures = batch_size.figures("sgd", sizes, RATES, losses)
    assert figures["sgd_growth_of_best_rate"] == pytest.approx(16**power)
    assert figures["sgd_growth_from_64"] == pytest.approx(2**power)
    assert figures["sgd_power_of_needed_rate"] == pytest.approx(power, abs=0.05)
    is_linear = figures["sgd_diagonal_spread"] == pytest.approx(1)
    assert is_linear == (power == 1)


def test_the_picture_shows_every_loss(tmp_path):
    losses = np.full((3, 10), 0.5)
    losses[0, 9] = np.inf
    batch_size.pictures({"SGD": losses}, tmp_path)
    assert (tmp_path / "batch_size_and_rate.png").stat().st_size > 10000
