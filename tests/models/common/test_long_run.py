"""Training for a number of steps: its film, and the state from which it goes on."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad.callbacks import AverageWeights, Callback
from minigrad.optimizers import Adam
from models.common.adversarial import same_samples, sample
from models.common.long_run import fit_steps
from models.generative import gan

X = gan.load()[0][0][:160]


def made():
    minigrad.seed(0)
    model = gan.build()
    model.compile(Adam(1e-3, beta_1=0.5), Adam(1e-3, beta_1=0.5))
    return model


def trained(model, checkpoint="", *callbacks):
    averaging = AverageWeights(0.9, layer=model.generator)
    draw = same_samples(model, 4)
    return fit_steps(model, X, 12, 40, draw, 0, [averaging, *callbacks], str(checkpoint))


class FailOnce(Callback):
    """Ends the training at the beginning of an epoch, as Ctrl-C would."""

    def on_epoch_begin(self, epoch, logs):
        if epoch == 2:
            raise KeyboardInterrupt


def test_steps_become_whole_passes_with_a_film():
    model = made()
    film = trained(model)
    assert film.steps == [0, 3, 6, 9, 12] and film.frames[0].shape == (4, 64)
    assert len(model.history.history["g_loss"]) == 3
    assert (same_samples(model, 4)() == same_samples(model, 4)()).all()


def test_a_killed_training_goes_on_bit_for_bit(tmp_path):
    whole, killed = made(), made()
    film = trained(whole)
    killed = made()
    with pytest.raises(KeyboardInterrupt):
        trained(killed, tmp_path / "state", FailOnce())
    assert {path.name for path in (tmp_path / "state").iterdir()} == {
        "latest.safetensors",
        "samples.png",
    }
    again = made()
    film_again = trained(again, tmp_path / "state")
    for a, b in zip(whole.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert again.d_optimizer.t == whole.d_optimizer.t == 12
    assert film_again.steps == film.steps
    assert (film_again.frames[-1] == film.frames[-1]).all()
    assert not (tmp_path / "state" / "latest.safetensors").exists()


def test_nan_ends_it_and_the_last_good_state_stays(tmp_path):
    class Spoil(Callback):
        def on_epoch_begin(self, epoch, logs):
            if epoch == 1:
                self.model.discriminator.trainable_weights[0].data[...] = np.nan

    model = made()
    with pytest.warns(UserWarning, match="model.load"):
        trained(model, tmp_path, Spoil())
    assert len(model.history.epoch) == 2, "it stopped in the second of three"
    again = made()
    assert again.load(tmp_path / "latest.safetensors") == 1
    assert np.isfinite(sample(again, 3)).all()


def test_more_rows_in_a_batch_than_there_are():
    with pytest.raises(ValueError, match="batches of 161 rows from 160: choose at most 160"):
        fit_steps(made(), X, 1, 161, lambda: np.zeros((1, 64)))
