"""GPT-2: its size, what a token may see, the cache, sampling, and that it learns."""

from __future__ import annotations

import math

import numpy as np
import pytest

import minigrad
from minigrad import datasets, no_grad
from minigrad.layers import KeyValueCache, TransformerEncoder
from models.sequences import gpt


def small_gpt(positions=32):
    minigrad.seed(0)
    model = gpt.GPT(20, positions, 16, 2, 4)
    model.build_from_shape((3,))
    for p in model.weights:
        p.assign(p.numpy() + np.random.default_rng(p.size).normal(0, 0.2, p.shape))
    return model


# ---- weights -------------------------------------------------------------------------------------


def test_parameter_count_of_the_paper(weightless):
    model = gpt.GPT()
    model.build_from_shape((1,))
    assert model.count_params() == 124_439_808


@pytest.mark.parametrize(
    "name, deviation",
    [("intermediate", 0.02), ("output", 0.005), ("self_attention/attention_output", 0.005)],
)
def test_residual_kernels_begin_smaller(name, deviation):
    minigrad.seed(0)
    model = gpt.GPT(10, 8, 64, 8, 4)
    model.build_from_shape((2,))
    kernel = model.named_weights()[f"blocks_3/{name}/kernel"].numpy()
    assert kernel.std() == pytest.approx(deviation, rel=0.05)


# ---- attention and cache -------------------------------------------------------------------------


def test_a_token_sees_none_behind_it():
    model, ids = small_gpt(), np.arange(12)[None]
    other = np.where(np.arange(12) >= 7, 3, ids)
    before, after = model(ids).numpy(), model(other).numpy()
    assert np.allclose(before[0, :7], after[0, :7], atol=1e-6)
    assert not np.allclose(before[0, 7:], after[0, 7:], atol=1e-2)


@pytest.mark.parametrize("settings", [{"temperature": 0}, {}, {"temperature": 0.5, "top_k": 5}])
def test_the_cache_changes_nothing(settings, device):
    model = small_gpt()
    texts = []
    for cache in (True, False):
        minigrad.seed(4)
        texts.append(model.generate([1, 2, 3], 20, cache=cache, **settings).tolist())
    assert texts[0] == texts[1]
    assert texts[0][:3] == [1, 2, 3]
    assert len(texts[0]) == 23


def test_logits_with_the_cache_are_those_without():
    model, ids = small_gpt(), np.arange(14)[None]
    cache = [KeyValueCache(32) for _ in model.blocks]
    pieces = []
    with no_grad():
        for start, stop in ((0, 5), (5, 6), (6, 13), (13, 14)):
            pieces.append(model(ids[:, start:stop], cache=cache).numpy())
    assert np.allclose(np.concatenate(pieces, 1), model(ids).numpy(), atol=1e-5)


@pytest.mark.parametrize(
    "cache, passed", [(True, lambda n: n + 3), (False, lambda n: sum(range(4, n + 4)))]
)
def test_tokens_passed_through_a_block(cache, passed, monkeypatch):
    """With the cache each token passes once; without, their number grows as the square."""
    model, call, lengths = small_gpt(64), TransformerEncoder.call, []

    def counted(self, x, **options):
        lengths.append(x.shape[1])
        return call(self, x, **options)

    monkeypatch.setattr(TransformerEncoder, "call", counted)
    for length in (10, 20, 40):
        lengths.clear()
        model.generate([1, 2, 3, 4], length, cache=cache)
        assert sum(lengths) == 2 * passed(length)


def test_attention_maps_are_those_of_the_blocks():
    maps = small_gpt().attention(np.arange(6))
    assert maps.shape == (2, 4, 6, 6)
    assert np.allclose(maps.sum(-1), 1, atol=1e-5)
    assert not np.triu(maps, 1).any()


# ---- sampling ------------------------------------------------------------------------------------


def test_sampling():
    logits = np.log(np.array([0.5, 0.3, 0.15, 0.05]))
    minigrad.seed(1)

    def shares(**settings):
        drawn = [gpt.sample(logits, **settings) for _ in range(1000)]
        return np.bincount(drawn, minlength=4) / 1000

    assert np.allclose(shares(), [0.5, 0.3, 0.15, 0.05], atol=0.05)
    assert np.allclose(shares(top_k=2), [0.625, 0.375, 0, 0], atol=0.05)
    squared = np.array([0.25, 0.09, 0.0225, 0.0025])
    assert np.allclose(shares(temperature=0.5), squared / squared.sum(), atol=0.05)
    assert set(shares(temperature=0)) == {1, 0}
    assert shares(top_k=1)[0] == 1
    assert gpt.sample(-logits, temperature=0) == 3


def test_generation_refuses():
    model = small_gpt()
    with pytest.raises(ValueError, match=r"30 tokens and 3 more do not fit into the 32 positions"):
        model.generate(np.arange(30) % 20, 3)
    for wrong in ([], [[1, 2]]):
        with pytest.raises(ValueError, match=r"continues the ids \(T,\) of one text"):
            model.generate(wrong, 3)
    with pytest.raises(ValueError, match="temperature=-1 must not be below 0"):
        model.generate([1], 3, temperature=-1)
    with pytest.raises(ValueError, match="top_k=0 not below 1"):
        model.generate([1], 3, top_k=0)
    with pytest.raises(IndexError, match=r"ids run from 20 to 20, but input_dim=20"):
        model.generate([20], 3)
    with pytest.raises(ValueError, match="there are 32 positions"):
        model(np.zeros((1, 33), int))


# ---- learning ------------------------------------------------------------------------------------


def test_gpt_and_lstm_learn(tmp_path):
    models, metrics = gpt.train(
        steps=40, width=32, depth=1, length=32, vocabulary=300, rate=0.01, lstm_units=24, verbose=0
    )
    uniform = math.log(300)  # from tokens as likely as each other
    for model, prefix in ((models["gpt"], ""), (models["lstm"], "lstm_")):
        losses = model.history.history["val_loss"]
        assert losses[-1] < min(losses[0] - 0.3, uniform - 0.7)
        assert metrics[f"{prefix}parameters"] == model.count_params()
    assert metrics["bits_per_character"] < 5.2
    text = gpt.report(models, vocabulary=300)
    assert text.count("---") == 3
    assert text.count("The following") == 3
    gpt.pictures(models, tmp_path, vocabulary=300)
    assert {file.name for file in tmp_path.iterdir()} == {"loss.png", "attention.png"}


def test_tokens_are_learned_on_the_training_text():
    tokens, ids, held_ids, characters = gpt.load(300)
    start = tokens.decode(ids[:50])
    text, _ = datasets.python_help.load_data()
    assert text.startswith(start)
    assert characters == pytest.approx(len(tokens.decode(held_ids)) / len(held_ids))


def test_bits_per_token_of_a_uniform_model():
    """log2(vocabulary), where all tokens are as likely."""
    _, ids, held_ids, _ = gpt.load(300)
    model = gpt.GPT(300, 32, 8, 1, 2, initializer="zeros")
    bits = gpt.fit(model, ids, held_ids, 32, 1, 2, 1e-9, 0)
    assert bits == pytest.approx(math.log2(300), abs=1e-3)
