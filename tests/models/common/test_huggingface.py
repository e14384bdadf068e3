"""Checkpoint folders of Hugging Face: those that fit, and errors for those that do not."""

from __future__ import annotations

import json

import numpy as np
import pytest

import minigrad
from minigrad.training import saving
from models.common import huggingface
from models.sequences import bert, gpt

CONFIGS = {
    "gpt2": {"vocab_size": 20, "n_positions": 16, "n_embd": 8, "n_layer": 1, "n_head": 2},
    "bert": {
        "vocab_size": 20,
        "max_position_embeddings": 16,
        "hidden_size": 8,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 32,
    },
}
MODELS = {"gpt2": gpt.GPT, "bert": bert.Bert}


def write_folder(path, style, **settings):
    """A checkpoint folder of a small network, by Hugging Face's names: the network, the arrays."""
    model = MODELS[style](20, 16, 8, 1, 2)
    model.build_from_shape((2,))
    arrays = {}
    for ours, p in model.named_weights().items():
        name = huggingface.huggingface_name(ours, style)
        is_linear = style == "bert" and p.ndim == 2 and not name.startswith("embeddings.")
        arrays[name] = p.numpy().T if is_linear else p.numpy()
    if style == "gpt2":
        arrays = join_attention(arrays)
    saving.save_safetensors(path / "model.safetensors", arrays)
    config = {"model_type": style, **CONFIGS[style], **settings}
    (path / "config.json").write_text(json.dumps(config))
    return model, arrays


def join_attention(arrays):
    """Query, key and value side by side, as GPT-2 has them."""
    joined = dict(arrays)
    for name in arrays:
        if ".query." not in name:
            continue
        parts = [joined.pop(name.replace("query", part)) for part in ("query", "key", "value")]
        joined[name.replace(".query", "")] = np.concatenate(parts, -1)
    return joined


# ---- folders that fit ----------------------------------------------------------------------------


@pytest.mark.parametrize("style", MODELS)
def test_a_folder_gives_the_network_back(style, tmp_path, device):
    minigrad.seed(2)
    model, _ = write_folder(tmp_path, style)
    again = MODELS[style].from_pretrained(tmp_path)
    ids = np.array([[4, 9, 2]])
    assert np.array_equal(model.predict(ids), again.predict(ids))


def test_weights_in_several_files_and_in_half_precision(tmp_path):
    model, arrays = write_folder(tmp_path, "gpt2")
    (tmp_path / "model.safetensors").unlink()
    names = {name: f"model-0000{1 + i % 2}-of-00002.safetensors" for i, name in enumerate(arrays)}
    for file in set(names.values()):
        part = {name: a.astype("float16") for name, a in arrays.items() if names[name] == file}
        saving.save_safetensors(tmp_path / file, part)
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": names}))
    again = gpt.GPT.from_pretrained(tmp_path)
    assert {p.dtype for p in again.weights} == {np.dtype("float32")}
    ids = np.array([[4, 9, 2]])
    assert np.allclose(model.predict(ids), again.predict(ids), atol=1e-2)


SMALL_DISTILBERT = {"vocabulary": 9, "positions": 4, "width": 4, "depth": 2, "heads": 2}


@pytest.mark.parametrize(
    "style, build",
    [
        ("gpt2", lambda: gpt.GPT(9, 4, 4, 2, 2)),
        ("bert", lambda: bert.MaskedLM(bert.Bert(9, 4, 4, 2, 2))),
        ("distilbert", lambda: bert.Classifier(bert.distilbert(**SMALL_DISTILBERT))),
    ],
)
def test_every_name_is_another(style, build):
    model = build()
    model.build_from_shape((2,))
    names = [huggingface.huggingface_name(ours, style) for ours in model.named_weights()]
    assert len(set(names)) == len(names)


# ---- folders that do not fit ---------------------------------------------------------------------


def test_all_that_does_not_fit_is_listed(tmp_path):
    _, arrays = write_folder(tmp_path, "gpt2")
    del arrays["h.0.ln_1.bias"]
    arrays["h.1.ln_1.bias"] = np.zeros(8, "f")
    arrays["wpe.weight"] = np.zeros((9, 8), "f")
    saving.save_safetensors(tmp_path / "model.safetensors", arrays)
    with pytest.raises(
        ValueError,
        match=r"nothing was loaded\. missing: h\.0\.ln_1\.bias\. "
        r"not in the model: h\.1\.ln_1\.bias\. "
        r"of another shape: wpe\.weight is \(9, 8\), the model expects \(16, 8\)",
    ):
        gpt.GPT.from_pretrained(tmp_path)


def test_a_body_is_no_classifier(tmp_path):
    write_folder(tmp_path, "bert")
    with pytest.raises(ValueError, match=r"missing: classifier\.weight; classifier\.bias"):
        bert.Classifier.from_pretrained(tmp_path)


@pytest.mark.parametrize(
    "load, style",
    [
        (gpt.GPT.from_pretrained, "gpt2"),
        (bert.Bert.from_pretrained, "bert"),
        (bert.sentiment, "bert"),
    ],
)
def test_a_pickle_is_refused(load, style, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": style}))
    with pytest.raises(FileNotFoundError, match="no model.safetensors in"):
        load(tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"never read")
    message = r"but pytorch_model\.bin: that is a pickle, .*save_pretrained\(folder\)"
    with pytest.raises(ValueError, match=message):
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


def test_settings_that_are_not_supported(tmp_path):
    config = '{"model_type": "gpt2", "scale_attn_by_inverse_layer_idx": true}'
    (tmp_path / "config.json").write_text(config)
    message = "scale_attn_by_inverse_layer_idx=True, minigrad has the network with .*=False alone"
    with pytest.raises(ValueError, match=message):
        gpt.GPT.from_pretrained(tmp_path)
    write_folder(tmp_path, "bert", hidden_act="gelo")
    with pytest.raises(ValueError, match="did you mean 'gelu'"):
        bert.Bert.from_pretrained(tmp_path)


def test_weights_that_are_not_tied(tmp_path):
    _, arrays = write_folder(tmp_path, "gpt2")
    arrays["lm_head.weight"] = arrays["wte.weight"] + 1
    saving.save_safetensors(tmp_path / "model.safetensors", arrays)
    with pytest.raises(ValueError, match="lm_head.weight is another array than wte.weight"):
        gpt.GPT.from_pretrained(tmp_path)
