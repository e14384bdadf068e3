"""GPT-2, BERT and DistilBERT: sizes, what a token may see, the cache, what is hidden, and checkpoint folders that do not fit."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import minigrad
from minigrad import no_grad
from minigrad.data import WordPiece
from minigrad.layers import Layer, Parameter, TransformerEncoder
from minigrad.training import saving
from models.common import huggingface
from models.sequences import bert, gpt

# ---- sizes -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make, total", [(gpt.GPT, 124_439_808), (bert.Bert, 109_482_240), (bert.distilbert, 66_362_880)]
)
def test_parameter_counts_of_the_papers(make, total, monkeypatch):
    """Whole networks, of zeros that no page of memory is taken for until one is written."""
    monkeypatch.setattr(
        Layer,
        "add_weight",
        lambda self, shape, *a, **b: Parameter(np.broadcast_to(np.float32(0), shape)),
    )
    monkeypatch.setattr(Parameter, "assign", lambda self, value: None)
    model = make()
    model.build_from_shape((1,))
    assert model.count_params() == total


def test_counts_of_heads():
    body = {"vocabulary": 30, "positions": 8, "width": 6, "depth": 1, "heads": 2}
    encoder = bert.Bert(**body)
    model = bert.Classifier(encoder, 3)
    model.build_from_shape((4,))
    assert model.count_params() - encoder.count_params() == 6 * 3 + 3
    small = bert.distilbert(**body)
    model = bert.Classifier(small, 3)
    model.build_from_shape((4,))
    assert model.count_params() - small.count_params() == 6 * 6 + 6 + 6 * 3 + 3
    guess = bert.MaskedLM(small)
    guess.build_from_shape((4,))
    assert guess.count_params() - small.count_params() == 6 * 6 + 6 + 2 * 6 + 30


def test_residual_kernels_begin_smaller():
    minigrad.seed(0)
    model = gpt.GPT(10, 8, 64, 8, 4)
    model.build_from_shape((2,))
    weights = model.named_weights()
    for name, spread in (
        ("intermediate", 0.02),
        ("output", 0.005),
        ("self_attention/attention_output", 0.005),
    ):
        assert weights[f"blocks_3/{name}/kernel"].numpy().std() == pytest.approx(spread, rel=0.05)


# ---- GPT ---------------------------------------------------------------------------------------------------------------------


def small_gpt(positions=32):
    minigrad.seed(0)
    model = gpt.GPT(20, positions, 16, 2, 4)
    model.build_from_shape((3,))
    for p in model.weights:
        p.assign(p.numpy() + np.random.default_rng(p.size).normal(0, 0.2, p.shape))
    return model


def test_a_token_sees_none_behind_it():
    model, ids = small_gpt(), np.arange(12)[None]
    other = np.where(np.arange(12) >= 7, 3, ids)
    before, after = model(ids).numpy(), model(other).numpy()
    assert np.allclose(before[0, :7], after[0, :7], atol=1e-6) and not np.allclose(
        before[0, 7:], after[0, 7:], atol=1e-2
    )


@pytest.mark.parametrize("settings", [{"temperature": 0}, {}, {"temperature": 0.5, "top_k": 5}])
def test_the_cache_changes_nothing(settings, device):
    model = small_gpt()
    found = []
    for cache in (True, False):
        minigrad.seed(4)
        found.append(model.generate([1, 2, 3], 20, cache=cache, **settings).tolist())
    assert found[0] == found[1] and found[0][:3] == [1, 2, 3] and len(found[0]) == 23


def test_logits_with_the_cache_are_those_without():
    model, ids = small_gpt(), np.arange(14)[None]
    cache = [minigrad.layers.KeyValueCache(32) for _ in model.blocks]
    with no_grad():
        pieces = [
            model(ids[:, a:b], cache=cache).numpy() for a, b in ((0, 5), (5, 6), (6, 13), (13, 14))
        ]
    assert np.allclose(np.concatenate(pieces, 1), model(ids).numpy(), atol=1e-5)


@pytest.mark.parametrize(
    "cache, passed", [(True, lambda n: n + 3), (False, lambda n: sum(range(4, n + 4)))]
)
def test_tokens_passed_through_a_block(cache, passed, monkeypatch):
    """With the cache each token passes once, in all as many as there are; without, their number grows as the square."""
    model, call, seen = small_gpt(64), TransformerEncoder.call, []
    monkeypatch.setattr(
        TransformerEncoder,
        "call",
        lambda self, x, **options: seen.append(x.shape[1]) or call(self, x, **options),
    )
    for length in (10, 20, 40):
        seen.clear()
        model.generate([1, 2, 3, 4], length, cache=cache)
        assert sum(seen) == 2 * passed(length)


def test_sampling():
    logits = np.log(np.array([0.5, 0.3, 0.15, 0.05]))
    minigrad.seed(1)

    def shares(**settings):
        return (
            np.bincount([gpt.sample(logits, **settings) for _ in range(1000)], minlength=4) / 1000
        )

    assert np.allclose(shares(), [0.5, 0.3, 0.15, 0.05], atol=0.05)
    assert np.allclose(shares(top_k=2), [0.625, 0.375, 0, 0], atol=0.05)
    squared = np.array([0.25, 0.09, 0.0225, 0.0025])
    assert np.allclose(shares(temperature=0.5), squared / squared.sum(), atol=0.05)
    assert (
        set(shares(temperature=0)) == {1, 0}
        and shares(top_k=1)[0] == 1
        and gpt.sample(-logits, temperature=0) == 3
    )


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


def test_attention_maps_are_those_of_the_blocks():
    model = small_gpt()
    maps = model.attention(np.arange(6))
    assert (
        maps.shape == (2, 4, 6, 6)
        and np.allclose(maps.sum(-1), 1, atol=1e-5)
        and not np.triu(maps, 1).any()
    )


# ---- BERT --------------------------------------------------------------------------------------------------------------------


def test_padding_changes_nothing(device):
    minigrad.seed(0)
    model = bert.Classifier(bert.Bert(20, 16, 8, 2, 2))
    ids = np.array([[2, 7, 9, 3]])
    assert np.allclose(model.predict(ids), model.predict(np.pad(ids, ((0, 0), (0, 5)))), atol=1e-6)
    assert np.isfinite(model.predict(np.zeros((1, 4), int))).all(), "a text of padding alone"


def test_segments_and_places_matter():
    minigrad.seed(0)
    model = bert.Bert(20, 16, 8, 1, 2, initializer="glorot_uniform")
    ids = np.array([[2, 7, 9, 3]])
    assert np.array_equal(model(ids).numpy(), model(ids, segments=np.zeros((1, 4), int)).numpy())
    assert (
        abs(model(ids).numpy() - model(ids, segments=np.array([[0, 0, 1, 1]])).numpy()).max() > 1e-3
    )
    assert abs(model(ids).numpy()[0, 0] - model(ids[:, [0, 2, 1, 3]]).numpy()[0, 0]).max() > 1e-3


WORDS = WordPiece([*WordPiece.special, *"abcdefghijklmno"])


@pytest.mark.parametrize("rate", [0.15, 0.3])
def test_what_is_hidden(rate):
    minigrad.seed(0)
    ids = np.random.default_rng(0).integers(5, 20, (400, 50))
    ids[:, 0], ids[:, 40:] = WORDS["[CLS]"], WORDS["[PAD]"]
    shown, y = bert.hidden(ids, WORDS, rate)
    asked = y >= 0
    assert (
        not asked[:, 0].any()
        and not asked[:, 40:].any()
        and np.array_equal(shown[~asked], ids[~asked])
    )
    assert np.array_equal(y[asked], ids[asked]) and asked[:, 1:40].mean() == pytest.approx(
        rate, abs=0.01
    )
    masked, same = shown[asked] == WORDS["[MASK]"], shown[asked] == y[asked]
    assert masked.mean() == pytest.approx(0.8, abs=0.03) and same.mean() == pytest.approx(
        0.1 + 0.1 / 15, abs=0.02
    )
    assert shown[asked][~masked].min() >= 5 and set(shown[asked][~masked & ~same]) == set(
        range(5, 20)
    )


def test_the_step_scores_what_is_hidden_alone():
    minigrad.seed(0)
    model = bert.MaskedLM(bert.Bert(20, 16, 8, 1, 2, dropout=0))
    model.compile("sgd")
    ids, y = np.array([[2, 7, 9, 3], [2, 4, 3, 0]]), np.array([[-1, -1, 9, -1], [-1, 6, -1, -1]])
    logits = model(ids).numpy().astype(float)
    p = [logits[0, 2], logits[1, 1]]
    wanted = np.mean([math.log(np.exp(row).sum()) - row[k] for row, k in zip(p, (9, 6))])
    assert model.train_on_batch(ids, y) == pytest.approx(wanted, abs=1e-5)
    assert model.train_on_batch(ids, y) < wanted


# ---- folders that do not fit ---------------------------------------------------------------------------------------------------


def folder(path, style, model, **config):
    """A checkpoint folder of one of our networks, by Hugging Face's names."""
    model.build_from_shape((2,))
    arrays = {}
    for ours, p in model.named_weights().items():
        name = huggingface.name_of(ours, style)
        arrays[name] = (
            p.numpy().T
            if style != "gpt2" and p.ndim == 2 and not name.startswith("embeddings.")
            else p.numpy()
        )
    for name in [
        name for name in arrays if name.endswith(("query.weight", "query.bias")) and style == "gpt2"
    ]:
        parts = [arrays.pop(name.replace("query", part)) for part in ("query", "key", "value")]
        arrays[name.replace(".query", "")] = np.concatenate(parts, -1)
    saving.save_safetensors(path / "model.safetensors", arrays)
    (path / "config.json").write_text(json.dumps({"model_type": style} | config))
    return arrays


TINY_GPT = {"vocab_size": 20, "n_positions": 16, "n_embd": 8, "n_layer": 1, "n_head": 2}
TINY_BERT = {
    "vocab_size": 20,
    "max_position_embeddings": 16,
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
}


@pytest.mark.parametrize("style", ["gpt2", "bert"])
def test_a_folder_gives_the_network_back(style, tmp_path, device):
    minigrad.seed(2)
    model = gpt.GPT(20, 16, 8, 1, 2) if style == "gpt2" else bert.Bert(20, 16, 8, 1, 2)
    folder(tmp_path, style, model, **(TINY_GPT if style == "gpt2" else TINY_BERT))
    again = (gpt.GPT if style == "gpt2" else bert.Bert).from_pretrained(tmp_path)
    ids = np.array([[4, 9, 2]])
    assert np.array_equal(model.predict(ids), again.predict(ids))


def test_weights_in_several_files_and_in_half_precision(tmp_path):
    model = gpt.GPT(20, 16, 8, 1, 2)
    arrays = {
        name: a.astype("float16") for name, a in folder(tmp_path, "gpt2", model, **TINY_GPT).items()
    }
    (tmp_path / "model.safetensors").unlink()
    files = {name: f"model-0000{1 + i % 2}-of-00002.safetensors" for i, name in enumerate(arrays)}
    for file in set(files.values()):
        saving.save_safetensors(
            tmp_path / file, {name: a for name, a in arrays.items() if files[name] == file}
        )
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": files}))
    again = gpt.GPT.from_pretrained(tmp_path)
    assert {p.dtype for p in again.weights} == {np.dtype("float32")}
    assert np.allclose(
        model.predict(np.array([[4, 9, 2]])), again.predict(np.array([[4, 9, 2]])), atol=1e-2
    )


def test_all_that_does_not_fit_is_listed(tmp_path):
    arrays = folder(tmp_path, "gpt2", gpt.GPT(20, 16, 8, 1, 2), **TINY_GPT)
    del arrays["h.0.ln_1.bias"]
    saving.save_safetensors(
        tmp_path / "model.safetensors",
        {**arrays, "h.1.ln_1.bias": np.zeros(8, "f"), "wpe.weight": np.zeros((9, 8), "f")},
    )
    with pytest.raises(
        ValueError,
        match=r"nothing was loaded\. missing: h\.0\.ln_1\.bias\. not in the model: h\.1\.ln_1\.bias\. "
        r"of another shape: wpe\.weight is \(9, 8\), the model expects \(16, 8\)",
    ):
        gpt.GPT.from_pretrained(tmp_path)


def test_a_body_is_no_classifier(tmp_path):
    folder(tmp_path, "bert", bert.Bert(20, 16, 8, 1, 2), **TINY_BERT)
    with pytest.raises(ValueError, match=r"missing: classifier\.weight; classifier\.bias"):
        bert.Classifier.from_pretrained(tmp_path)


@pytest.mark.parametrize(
    "load", [gpt.GPT.from_pretrained, bert.Bert.from_pretrained, bert.sentiment]
)
def test_a_pickle_is_refused(load, tmp_path):
    (tmp_path / "config.json").write_text(
        json.dumps({"model_type": "gpt2" if load == gpt.GPT.from_pretrained else "bert"})
    )
    with pytest.raises(FileNotFoundError, match="no model.safetensors in"):
        load(tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"never read")
    with pytest.raises(
        ValueError, match=r"but pytorch_model\.bin: that is a pickle, .*save_pretrained\(folder\)"
    ):
        load(tmp_path)


def test_other_networks(tmp_path):
    config = tmp_path / "config.json"
    with pytest.raises(FileNotFoundError, match="no config.json of a checkpoint folder"):
        gpt.GPT.from_pretrained(tmp_path)
    config.write_text('{"model_type": "llama"}')
    with pytest.raises(ValueError, match="type 'llama': expected 'gpt2'"):
        gpt.GPT.from_pretrained(tmp_path)
    with pytest.raises(ValueError, match="type 'llama': expected 'bert' or 'distilbert'"):
        bert.sentiment(tmp_path)
    config.write_text('{"model_type": "gpt2", "scale_attn_by_inverse_layer_idx": true}')
    with pytest.raises(
        ValueError,
        match="scale_attn_by_inverse_layer_idx=True, minigrad has the network with .*=False alone",
    ):
        gpt.GPT.from_pretrained(tmp_path)
    folder(tmp_path, "bert", bert.Bert(20, 16, 8, 1, 2), **TINY_BERT, hidden_act="gelo")
    with pytest.raises(ValueError, match="did you mean 'gelu'"):
        bert.Bert.from_pretrained(tmp_path)


def test_weights_that_are_not_tied(tmp_path):
    arrays = folder(tmp_path, "gpt2", gpt.GPT(20, 16, 8, 1, 2), **TINY_GPT)
    saving.save_safetensors(
        tmp_path / "model.safetensors", {**arrays, "lm_head.weight": arrays["wte.weight"] + 1}
    )
    with pytest.raises(ValueError, match="lm_head.weight is another array than wte.weight"):
        gpt.GPT.from_pretrained(tmp_path)


def test_every_name_is_another():
    for style, model in (
        ("gpt2", gpt.GPT(9, 4, 4, 2, 2)),
        ("bert", bert.MaskedLM(bert.Bert(9, 4, 4, 2, 2))),
        (
            "distilbert",
            bert.Classifier(bert.distilbert(vocabulary=9, positions=4, width=4, depth=2, heads=2)),
        ),
    ):
        model.build_from_shape((2,))
        names = [huggingface.name_of(ours, style) for ours in model.named_weights()]
        assert len(set(names)) == len(names)


# ---- learning ------------------------------------------------------------------------------------------------------------------


def test_gpt_and_lstm_learn(tmp_path):
    found, metrics = gpt.train(
        steps=40, width=32, depth=1, length=32, vocabulary=300, rate=0.01, lstm_units=24, verbose=0
    )
    for model, prefix in ((found["gpt"], ""), (found["lstm"], "lstm_")):
        history = model.history.history["val_loss"]
        assert history[-1] < min(history[0] - 0.3, math.log(300) - 0.7), (
            "from 300 tokens as likely as each other"
        )
        assert metrics[f"{prefix}parameters"] == model.count_params()
    assert metrics["bits_per_character"] < 5.2
    text = gpt.report(found, vocabulary=300)
    assert text.count("---") == 3 and text.count("The following") == 3
    gpt.pictures(found, tmp_path, vocabulary=300)
    assert {file.name for file in tmp_path.iterdir()} == {"loss.png", "attention.png"}


def test_bits_per_character():
    """Of a model that finds all tokens as likely: log2(vocabulary) a token, spread over its characters."""
    tokens, ids, held_ids, characters = gpt.load(300)
    assert (
        tokens.decode(ids[:50])
        == gpt.datasets.python_help.load_data()[0][: len(tokens.decode(ids[:50]))]
    )
    assert characters == pytest.approx(len(tokens.decode(held_ids)) / len(held_ids))
    model = gpt.GPT(300, 32, 8, 1, 2, initializer="zeros")
    assert gpt.learn(model, ids, held_ids, 32, 1, 2, 1e-9, 0) == pytest.approx(
        math.log2(300), abs=1e-3
    )


def test_bert_learns(tmp_path):
    """To guess words, and far better than by their frequency (about 5.3); the accuracies of so short a training mean little."""
    found, metrics = bert.train(
        unlabelled=1000,
        steps=60,
        texts="reviews",
        width=32,
        depth=1,
        rate=0.01,
        epochs=1,
        verbose=0,
    )
    losses = found["guesser"].history.history["loss"]
    assert losses[-1] < min(5.0, losses[0] - 1.5) and metrics["guessing_loss"] == losses[-1]
    assert metrics["gain"] == metrics["pretrained_accuracy"] - metrics["untrained_accuracy"]
    assert (
        found["pretrained"].bert is found["guesser"].bert
        and found["untrained"].bert is not found["pretrained"].bert
    )
    text = bert.report(found, unlabelled=1000)
    assert text.count("[MASK]") == 2 and text.count("praise") + text.count("blame") == 5
    bert.pictures(found, tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"accuracy.png", "guessing.png"}
    with pytest.raises(ValueError, match="did you mean 'reviews'"):
        bert.train(texts="review")


def test_bert_data():
    tokens, rows, (x, y), (test, y_test) = bert.load(unlabelled=1000)
    assert (
        x.shape == (200, bert.LENGTH) and len(test) == len(y_test) == 1000 and 80 <= y.sum() <= 120
    )
    for part in (*rows.values(), test):
        assert (
            part.shape[1] == bert.LENGTH
            and (part[:, 0] == tokens["[CLS]"]).all()
            and part.max() < len(tokens)
        )
        assert ((part == tokens["[SEP]"]).sum(1) == 1).all()
    seen = set(map(bytes, rows["reviews"]))
    assert not seen & set(map(bytes, np.concatenate([x, test]))), (
        "what is read before is neither test nor labelled"
    )
    assert (test == tokens["[UNK]"]).mean() < 0.001
