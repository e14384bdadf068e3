"""The watcher finds nothing wrong with models of the zoo that are trained in loops of their own.

All other trainings of the zoo go through `fit`, which conftest.py watches in every test here.
"""

from __future__ import annotations

import minigrad
from minigrad.optimizers import Adam
from models.generative import gan
from models.sequences import adding, char_rnn


def test_train_on_batch_of_the_adding_problem():
    minigrad.seed(0)
    model = adding.network("GRU", 16, 8)
    model.compile(Adam(0.01, global_clipnorm=1.0), "mse")
    test = adding.load_data(100, 8, seed=0)
    with minigrad.watch(model) as watcher:
        for step in range(120):
            model.train_on_batch(*adding.new_samples(32, 8))
            if step % 50 == 0:
                model.evaluate(*test)
    assert watcher.step == 120
    assert watcher.findings == []


def test_windows_of_the_character_model():
    minigrad.seed(0)
    text, _, vocabulary = char_rnn.load()
    streams = char_rnn.to_streams(text[:8000], 8)
    model = char_rnn.CharLSTM(len(vocabulary), 32)
    optimizer = Adam(0.004, global_clipnorm=1.0)
    with minigrad.watch(model) as watcher:
        for _ in range(4):
            char_rnn.train_epoch(model, optimizer, streams, 20)
    assert watcher.step > 100
    assert watcher.findings == []


def test_both_networks_of_a_gan_in_a_plain_loop():
    (x, _), _ = gan.load()
    for i in range(2):
        minigrad.seed(0)
        networks = gan.make_generator(0.3), gan.make_discriminator()
        batches = gan.one_pass_after_another(x, 32, 80)
        with minigrad.watch(networks[i]) as watcher:
            logs = list(gan.plain_loop(*networks, batches))
        assert len(logs) == 80 and watcher.step >= 80
        assert watcher.findings == []
