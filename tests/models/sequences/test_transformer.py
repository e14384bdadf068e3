"""The Transformer: its size, masks, the loss, generation with and without a cache, dates."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, datasets, no_grad
from minigrad.config import to_device
from minigrad.optimizers.adam import Adam
from minigrad.optimizers.schedules import Noam
from models.sequences import transformer
from models.sequences.transformer import END, PAD, START

rng = np.random.default_rng(4)
SOURCE = rng.integers(3, 9, (3, 6))
TARGET = rng.integers(3, 9, (3, 4))
TARGET = np.pad(TARGET, ((0, 0), (1, 0)), constant_values=START)
TINY = {"vocabulary": 9, "width": 8, "layers": 2, "heads": 2, "inner": 16}


def tiny(spread: float = 0.4, **options):
    """A small Transformer, built, with weights that make its answers differ from each other."""
    minigrad.seed(1)
    model = transformer.Transformer(**{**TINY, **options})
    tokens = model.embedding.input_dim
    model(to_device(SOURCE % tokens), to_device(TARGET % tokens))
    draw = np.random.default_rng(2)
    for p in model.weights:
        deviation = spread if p.ndim > 1 else 0.1
        p.assign(p.numpy() + draw.normal(0, deviation, p.shape))
    return model


def logits(model, source=SOURCE, target=TARGET):
    with no_grad():
        return model(to_device(source), to_device(target)).numpy()


def log_softmax(z):
    total = np.exp(z).sum(-1, keepdims=True)
    return z - np.log(total)


def padded(ids, n):
    """The ids with n ids of padding at the end of each row."""
    return np.pad(ids, ((0, 0), (0, n)), constant_values=PAD)


def with_another_token(ids, t):
    """The ids with another token at position t of each row."""
    other = ids.copy()
    other[:, t] = 3 + (other[:, t] - 2) % 6
    return other


# ---- size ----------------------------------------------------------------------------------------


def test_base_has_the_parameters_of_the_docstring():
    """Embedding 37,000 x 512; an attention 4 (512^2 + 512), a norm 1,024."""
    attention = 4 * (512 * 512 + 512)
    feed_forward = 2 * 512 * 2048 + 2048 + 512
    norm = 2 * 512
    encoder = attention + feed_forward + 2 * norm
    decoder = 2 * attention + feed_forward + 3 * norm
    assert (encoder, decoder, 37000 * 512) == (3152384, 4204032, 18944000)
    model = transformer.base()
    model(np.array([[3]]), np.array([[START]]))
    assert [layer.count_params() for layer in model.encoder] == [encoder] * 6
    assert [layer.count_params() for layer in model.decoder] == [decoder] * 6
    assert model.count_params() == 18944000 + 6 * encoder + 6 * decoder == 63082496
    for count in (63082496, 18944000, encoder, decoder):
        assert f"{count:,}" in transformer.__doc__


def test_pre_norm_ends_both_stacks_with_a_norm():
    post, pre = tiny(), tiny(pre_norm=True)
    assert pre.count_params() - post.count_params() == 2 * 2 * 8
    assert not [name for name in post.named_weights() if name.startswith("norms")]
    assert all(layer.normalize_first for layer in pre.encoder + pre.decoder)


def test_embeddings_are_shared_and_scaled():
    """One matrix reads and writes; with deviation d^-1/2, scaled by d^1/2 it fits the sinusoids."""
    model = transformer.Transformer(2000, 64, 1, 4, 64)
    model(SOURCE, TARGET)
    weights = [name for name, p in model.named_weights().items() if 2000 in p.shape]
    assert weights == ["embedding/embeddings"]
    embeddings = model.embedding.embeddings.numpy()
    assert abs(embeddings.std() * 8 - 1) < 0.02
    ids = np.array([[5, 7]])
    wavelengths = 10000 ** (np.arange(0, 64, 2) / 64)
    angles = np.arange(2)[:, None] / wavelengths
    positions = np.zeros((2, 64))
    positions[:, 0::2] = np.sin(angles)
    positions[:, 1::2] = np.cos(angles)
    expected = embeddings[ids] * 8 + positions
    found = model.embed(ids).numpy()
    assert np.allclose(found, expected, atol=1e-5)
    found = model.embed(ids[:, 1:], start=1).numpy()
    assert np.allclose(found, expected[:, 1:], atol=1e-5)


# ---- masks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("pre_norm", [False, True])
def test_padding_of_the_source_changes_nothing(pre_norm, device):
    model = tiny(pre_norm=pre_norm)
    longer = padded(SOURCE, 3)
    known = logits(model)
    assert np.allclose(logits(model, longer), known, atol=1e-5)
    longer[0, 7] = 4  # a real token there is seen, by its own row alone
    found = logits(model, longer)
    assert abs(found[0] - known[0]).max() > 1e-2
    assert np.allclose(found[1:], known[1:], atol=1e-5)


@pytest.mark.parametrize("pre_norm", [False, True])
def test_a_later_token_of_the_target_changes_nothing_before_it(pre_norm, device):
    model = tiny(pre_norm=pre_norm)
    known = logits(model)
    for t in range(1, TARGET.shape[1]):
        other = with_another_token(TARGET, t)
        changed = abs(logits(model, target=other) - known).max((0, 2))
        assert (changed[:t] == 0).all()
        assert (changed[t:] > 1e-4).all()


def test_every_token_of_the_source_is_seen():
    """Before and after the position that is written."""
    model = tiny()
    known = logits(model)
    for s in range(SOURCE.shape[1]):
        other = with_another_token(SOURCE, s)
        changed = abs(logits(model, other) - known).max((0, 2))
        assert (changed > 1e-4).all()


def test_order_of_the_source_matters():
    model = tiny()
    backwards = logits(model, SOURCE[:, ::-1].copy())
    assert abs(backwards - logits(model)).max() > 1e-2


# ---- the loss ------------------------------------------------------------------------------------


LABELS = np.array([[3, 2, PAD], [4, PAD, PAD]])


def test_smoothed_cross_entropy_by_hand():
    z, labels = rng.normal(0, 1, (2, 3, 5)), LABELS
    log_p = log_softmax(z)
    for epsilon in (0.1, 0.0):
        q = (1 - epsilon) * np.eye(5)[labels] + epsilon / 5
        expected = -(q * log_p).sum(-1)[labels != PAD].mean()
        scores = Tensor(z, dtype="float64")
        loss = transformer.smoothed_cross_entropy(scores, labels, epsilon)
        assert math.isclose(loss.item(), expected)


def test_smoothing_is_a_tenth_by_default():
    z = Tensor(rng.normal(0, 1, (2, 3, 5)))
    loss = transformer.smoothed_cross_entropy(z, LABELS)
    expected = transformer.smoothed_cross_entropy(z, LABELS, 0.1)
    assert loss.item() == expected.item()


def test_padding_of_the_target_does_not_count(device):
    model = tiny(dropout=0.0)
    model.compile(optimizer="sgd")
    longer = model.evaluate(SOURCE, padded(TARGET, 2))
    assert np.allclose(model.evaluate(SOURCE, TARGET), longer, atol=1e-5)


def test_weights_become_the_mean_of_the_last_epochs():
    model, average, seen = tiny(), transformer.AverageLast(2), []
    average.model = model
    for epoch in range(3):
        model.set_weights([p.numpy() + epoch for p in model.weights])
        seen.append(model.get_weights())
        average.on_epoch_end(epoch, {})
    average.on_train_end({})
    _, second, third = seen
    for p, b, c in zip(model.get_weights(), second, third):
        assert np.allclose(p, (b + c) / 2)
        assert not np.allclose(p, c)


# ---- generation ----------------------------------------------------------------------------------


@pytest.mark.parametrize("pre_norm", [False, True])
def test_generation_with_the_cache_equals_generation_without(pre_norm, device):
    model, draw = tiny(pre_norm=pre_norm), np.random.default_rng(0)
    lengths = draw.integers(3, 7, (12, 1))
    source = draw.integers(3, 9, (12, 6))
    source[np.arange(6) >= lengths] = PAD
    ids = transformer.greedy(model, source, 7)
    assert ids.shape == (12, 7)
    assert np.array_equal(ids, transformer.greedy(model, source, 7, caching=False))
    beams, scores = transformer.beam_search(model, source, 7, 3, caching=True)
    expected_beams, expected_scores = transformer.beam_search(model, source, 7, 3, caching=False)
    assert np.array_equal(beams, expected_beams)
    assert np.allclose(scores, expected_scores, atol=1e-5)
    answers = np.unique(beams.reshape(-1, 7), axis=0)
    assert len(answers) > 3, "not one answer to all"


def test_logits_with_the_cache_equal_those_without(device):
    model, parts = tiny(), []
    with no_grad():
        memory, mask = model.encode(SOURCE)
        caches = [layer.new_cache(5) for layer in model.decoder]
        for start, stop in ((0, 1), (1, 2), (2, 5)):
            part = model.decode(TARGET[:, start:stop], memory, mask, caches)
            parts.append(part.numpy())
    found = np.concatenate(parts, 1)
    assert np.allclose(found, logits(model), atol=1e-5)


def test_greedy_takes_the_likeliest_token_and_stops_at_the_end():
    model = tiny()
    ids = transformer.greedy(model, SOURCE, 6)
    for row, source in zip(ids, SOURCE):
        written = [START]
        while len(written) <= 6 and END not in written:
            target = np.array([written])
            last = logits(model, source[None], target)[0, -1]
            written.append(int(last[END:].argmax()) + END)
        answer = written[1:]
        assert row.tolist() == answer + [PAD] * (6 - len(answer))
        assert not {PAD, START} & set(answer)


def test_one_beam_is_greedy():
    model = tiny()
    beams, _ = transformer.beam_search(model, SOURCE, 6, beams=1)
    assert np.array_equal(beams[:, 0], transformer.greedy(model, SOURCE, 6))


@pytest.mark.parametrize("alpha", [0.0, 0.6])
def test_wide_beam_finds_the_best_of_all_sequences(alpha):
    """All sequences of at most three tokens out of END, 3, 4 and 5, in their order."""
    model, length = tiny(vocabulary=6), 3
    source = SOURCE[:1] % 6
    best = {}
    for tokens in itertools.product(range(END, 6), repeat=length):
        tokens = tokens[: tokens.index(END) + 1] if END in tokens else tokens
        target = np.array([[START, *tokens[:-1]]])
        z = logits(model, source, target)[0].astype(float)
        log_p = sum(row[token] for row, token in zip(log_softmax(z), tokens))
        penalty = ((5 + len(tokens)) / 6) ** alpha
        best[tokens] = log_p / penalty
    ids, scores = transformer.beam_search(model, source, length, beams=len(best), alpha=alpha)
    ranked = sorted(best, key=best.get, reverse=True)
    found = [tuple(i for i in row if i != PAD) for row in ids[0].tolist()]
    assert found == ranked
    assert len(ranked) == 1 + 3 + 9 + 27
    expected = [best[tokens] for tokens in ranked]
    assert np.allclose(scores[0], expected, atol=1e-4)


def test_beam_finds_what_greedy_misses():
    model = tiny(spread=0.8)
    source = rng.integers(3, 9, (40, 6))

    def likelihood(ids):
        start = np.full(40, START)
        target = np.column_stack([start, ids[:, :-1]])
        z = logits(model, source, target).astype(float)
        of_ids = np.take_along_axis(log_softmax(z), ids[..., None], 2)
        return np.where(ids == PAD, 0, of_ids[..., 0]).sum(1)

    beams, _ = transformer.beam_search(model, source, 5, 4, alpha=0.0)
    greedy = transformer.greedy(model, source, 5)
    gained = likelihood(beams[:, 0]) - likelihood(greedy)
    assert gained.mean() > 0
    assert (gained > 0.01).any()
    assert (gained >= -1e-4).mean() > 0.9


# ---- dates ---------------------------------------------------------------------------------------


def test_dates_are_padded_at_the_end_and_enclosed():
    (x, y), (_, y_test), vocabulary = transformer.load()
    (written, iso), (_, iso_test) = datasets.dates.load_data(transformer.ROWS)
    assert len(x) == 9000
    assert y.shape == (9000, transformer.LENGTH + 1)
    assert y_test.shape == (1000, transformer.LENGTH + 1)
    assert (y[:, 0] == START).all()
    assert (y[:, -1] == END).all()
    assert (y > PAD).all()
    assert vocabulary.decode(x[5]) == written[5]
    assert vocabulary.decode(y[5]) == iso[5]
    length = len(written[5])
    assert (x[5, :length] != PAD).all()
    assert (x[5, length:] == PAD).all()
    assert not set(iso) & set(iso_test), "no date is in both parts"


@pytest.fixture(scope="module")
def learned():
    """Trained for some seconds to copy the last four of six characters, and 200 unseen rows."""
    minigrad.seed(0)
    draw = np.random.default_rng(4)
    numbers = draw.permutation(10000)[:1200, None]
    digits = numbers // 10 ** np.arange(3, -1, -1) % 10 + 3
    others = draw.integers(3, 13, (1200, 2))
    x = np.column_stack([others, digits])
    start, end = np.full(1200, START), np.full(1200, END)
    y = np.column_stack([start, digits, end])
    model = transformer.Transformer(13, 32, 1, 4, 64, dropout=0.0)
    model.compile(optimizer=Adam(Noam(32, 100), beta_2=0.98, epsilon=1e-9))
    test = x[1000:], y[1000:]
    model.fit(x[:1000], y[:1000], batch_size=16, epochs=6, validation_data=test, verbose=0)
    return model, *test


def test_learns(learned):
    model, x, y = learned
    answers = transformer.greedy(model, x, 5)
    exact = (answers == y[:, 1:]).all(1)
    assert exact.mean() > 0.9
    uncached = transformer.greedy(model, x, 5, caching=False)
    assert np.array_equal(answers, uncached)
    history = model.history.history
    assert history["val_accuracy"][-1] > 0.95
    assert history["loss"][-1] < 0.6 * history["loss"][0]
    assert {p.dtype for p in model.weights} == {np.dtype("float32")}


def test_cross_attention_is_on_what_is_copied(learned):
    """Of the heads together, most of the weight is on the character that is copied."""
    model, x, y = learned
    weights = transformer.cross_attention(model, x, y[:, :-1])
    assert weights.shape == (200, 4, 5, 6)
    assert np.allclose(weights.sum(-1), 1, atol=1e-5)
    strongest = weights.mean((0, 1)).argmax(-1)
    assert strongest[:4].tolist() == [2, 3, 4, 5]


def test_one_epoch_report_and_pictures(tmp_path, monkeypatch):
    (x, y), (x_test, y_test), vocabulary = transformer.load()
    train = x[:200], y[:200]
    test = x_test[:20], y_test[:20]
    few = train, test, vocabulary
    monkeypatch.setattr(transformer, "load", lambda: few)
    model, metrics = transformer.train(
        width=8, layers=1, heads=2, epochs=1, verbose=0, pre_norm=True
    )
    assert all(math.isfinite(value) for value in metrics.values())
    assert metrics["wrong"] == round((1 - metrics["exact_match"]) * 20)
    transformer.pictures(model, tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"history.png", "attention.png"}
    assert "of 20 held-out dates are right" in transformer.report(model)


def test_trains_on_every_device(device):
    model = transformer.Transformer(**TINY)
    model.compile(optimizer="adam")
    history = model.fit(SOURCE, TARGET, epochs=3, verbose=0).history
    assert all(math.isfinite(value) for value in history["loss"])
    assert {p.device for p in model.weights} == {device}


def test_source_alone_is_refused():
    with pytest.raises(ValueError, match=r"model\(source, target\)"):
        tiny()(SOURCE)
