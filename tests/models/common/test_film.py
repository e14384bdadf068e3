"""The film of a generator's samples: frames, files, and that it changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import Sequential
from minigrad.layers import Dense, Dropout
from models.common.film import Film, write_film

NOISE = np.random.default_rng(0).standard_normal((9, 3)).astype("float32")
TARGETS = np.tanh(np.random.default_rng(1).standard_normal((9, 64))).astype("float32")


def trained(callbacks=None, epochs=3):
    minigrad.seed(0)
    model = Sequential([Dense(8, input_shape=(3,)), Dropout(0.5), Dense(64, "tanh")])
    model.compile("adam", "mse")
    if callable(callbacks):
        callbacks = callbacks(model)
    model.fit(NOISE, TARGETS, batch_size=3, epochs=epochs, verbose=0, callbacks=callbacks)
    return model, callbacks


def filming(every=2, path=None):
    return lambda model: Film(lambda: model.predict(NOISE), every, path)


def test_frames_at_their_steps():
    model, film = trained(filming(every=4))
    assert film.steps == [0, 4, 8]
    assert (film.frames[0] != film.frames[1]).any()
    assert np.abs(film.frames[-1] - TARGETS).mean() < np.abs(film.frames[0] - TARGETS).mean()


def test_it_changes_nothing():
    plain, filmed = (trained(c)[0].get_weights() for c in (None, filming()))
    assert all((a == b).all() for a, b in zip(plain, filmed))


def test_files(tmp_path):
    _, film = trained(filming(path=tmp_path / "now.png"))
    image = pytest.importorskip("PIL.Image")  # matplotlib brings it
    assert image.open(tmp_path / "now.png").size[0] > 100
    write_film(film, tmp_path / "film.gif", seconds=1.0, pixels=200)
    picture = image.open(tmp_path / "film.gif")
    assert picture.n_frames == len(film.frames) == 5  # the last one stays
    assert picture.size == (200, 200)
    first = np.asarray(picture.convert("L"), float)
    picture.seek(4)
    last = np.asarray(picture.convert("L"), float)
    assert (first != last).mean() > 0.1
    assert {path.name for path in tmp_path.iterdir()} == {"now.png", "film.gif"}


def test_it_goes_on_from_a_checkpoint():
    film = filming()(Sequential())
    state = trained(filming())[1].get_state()
    film.set_state(state)
    assert film.steps == [0, 2, 4, 6, 8] and film.step == 9 and len(film.frames) == 5


def test_no_frames_at_all():
    with pytest.raises(ValueError, match="every"):
        Film(lambda: None, every=0)
