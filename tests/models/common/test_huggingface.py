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
        a = side_by_side(ours, p.numpy())
        is_linear = style == "bert" and a.ndim == 2 and not name.startswith("embeddings.")
        arrays[name] = a.T if is_linear else a
    if style == "gpt2":
        arrays = join_attention(arrays)
    saving.save_safetensors(path / "model.safetensors", arrays)
    config = {"model_type": style, **CONFIGS[style], **settings}
    (path / "config.json").write_text(json.dumps(config))
    return model, arrays


def side_by_side(name, a):
    """The heads side by side, as in the files."""
    if "self_attention/" not in name or "norm" in name:
        return a
    if name.endswith("bias"):
        return a.reshape(-1)
    return a.reshape(-1, a.shape[-1]) if "output" in name else a.reshape(len(a), -1)


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


# ---- files that are damaged or hostile -----------------------------------------------------------

BAD_JSON = {
    "empty": b"",
    "cut short": b'{"model_type": "gp',
    "a list": b"[1, 2]",
    "null": b"null",
    "NaN": b'{"model_type": "gpt2", "resid_pdrop": NaN}',
    "infinite": b'{"model_type": "gpt2", "resid_pdrop": 1e999}',
    "latin": b'{"model_type": "\xe9"}',
    "binary": bytes(range(256)),
    "nested": b"[" * 200_000,
    "nested dicts": b'{"a":' * 200_000,
    "many digits": b'{"n_layer": ' + b"9" * 5000 + b"}",
    "twice": b'{"model_type": "gpt2", "model_type": "gpt2"}',
    "pickle": b"\x80\x04N.",
}


@pytest.mark.parametrize("content", BAD_JSON.values(), ids=list(BAD_JSON))
def test_malformed_json(tmp_path, content):
    write_folder(tmp_path, "gpt2")
    for name in ("config.json", "model.safetensors.index.json"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=f"{name} is no "):
            gpt.GPT.from_pretrained(tmp_path)
        write_folder(tmp_path, "gpt2")


def test_a_byte_order_mark_is_no_fault(tmp_path):
    write_folder(tmp_path, "gpt2")
    text = (tmp_path / "config.json").read_bytes()
    (tmp_path / "config.json").write_bytes(b"\xef\xbb\xbf" + text)
    gpt.GPT.from_pretrained(tmp_path)


@pytest.mark.parametrize(
    "style, setting, message",
    [
        ("gpt2", {"n_layer": 10**7}, "n_layer is 10000000, the weights beside it have 1"),
        ("gpt2", {"n_layer": 10**30}, "'n_layer' is a number of many digits, expected int"),
        ("gpt2", {"n_head": 0}, "n_head is 0, expected a number of one or more"),
        ("gpt2", {"n_head": -2}, "'n_head' is -2, expected int"),
        ("gpt2", {"n_head": 3}, "3 heads do not divide a width of 8"),
        ("gpt2", {"n_embd": "8"}, "'n_embd' is '8', expected int"),
        ("gpt2", {"n_embd": 8.0}, "'n_embd' is 8.0, expected int"),
        ("gpt2", {"n_embd": True}, "'n_embd' is True, expected int"),
        (
            "gpt2",
            {"n_embd": 10**6, "n_head": 10},
            "n_embd is 1000000, the weights beside it have 8",
        ),
        ("gpt2", {"n_inner": 10**9}, "n_inner is 1000000000, the weights beside it have 32"),
        ("gpt2", {"n_positions": 10**9}, "n_positions is 1000000000, the weights"),
        ("gpt2", {"vocab_size": 10**9}, "vocab_size is 1000000000, the weights beside it have 20"),
        ("gpt2", {"resid_pdrop": 1.5}, "resid_pdrop is 1.5, expected a number from 0 to below 1"),
        ("gpt2", {"resid_pdrop": "x"}, "'resid_pdrop' is 'x', expected float"),
        ("gpt2", {"activation_function": ["relu"]}, "is a list of 1, expected str"),
        ("gpt2", {"activation_function": "gelo"}, "config.json .*did you mean 'gelu'"),
        ("bert", {"num_hidden_layers": 10**7}, "num_hidden_layers is 10000000, the weights"),
        ("bert", {"intermediate_size": 10**9}, "intermediate_size is 1000000000, the weights"),
        ("bert", {"type_vocab_size": 10**9}, "type_vocab_size is 1000000000, the weights"),
        ("bert", {"num_labels": 10**12}, "num_labels is 1000000000000, the weights"),
        ("bert", {"id2label": {"0": 1}}, "'id2label' is a dict of 1, expected a dict of str"),
        ("bert", {"pad_token_id": -1}, "'pad_token_id' is -1, expected int"),
    ],
)
def test_settings_that_no_network_has(tmp_path, style, setting, message):
    write_folder(tmp_path, style, **setting)
    build = gpt.GPT if style == "gpt2" else bert.Classifier
    with pytest.raises(ValueError, match=message) as caught:
        build.from_pretrained(tmp_path)
    assert "config.json" in str(caught.value)


def test_classes_are_numbered_from_0(tmp_path):
    write_folder(tmp_path, "bert", id2label={"0": "a", "7": "b"})
    with pytest.raises(ValueError, match="id2label of config.json numbers its 2 classes otherwise"):
        bert.Classifier.from_pretrained(tmp_path)


def test_settings_that_are_null_are_not_there(tmp_path):
    write_folder(tmp_path, "gpt2", n_inner=None, resid_pdrop=None)
    gpt.GPT.from_pretrained(tmp_path)


@pytest.mark.parametrize(
    "file",
    ["../model.safetensors", "/etc/hostname", "a/../../x", "sub/model.safetensors", "..", ".", ""],
)
def test_an_index_names_files_of_its_folder_alone(tmp_path, file):
    folder = tmp_path / "folder"
    folder.mkdir()
    write_folder(folder, "gpt2")
    write_folder(tmp_path, "gpt2")
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"wte.weight": file}}))
    with pytest.raises(ValueError, match="index.json names .*, which is no file of this folder"):
        gpt.GPT.from_pretrained(folder)
    index.write_text(json.dumps({"weight_map": {"wte.weight": 3}}))
    with pytest.raises(ValueError, match="'weight_map' is a dict of 1, expected a dict of str"):
        gpt.GPT.from_pretrained(folder)
    index.write_text(json.dumps({"weights": {}}))
    with pytest.raises(ValueError, match="index.json has no entry 'weight_map'"):
        gpt.GPT.from_pretrained(folder)


def test_links_in_a_folder(tmp_path):
    cache, folder = tmp_path / "models--x", tmp_path / "models--x" / "snapshots" / "main"
    folder.mkdir(parents=True)
    (cache / "blobs").mkdir()
    write_folder(folder, "gpt2")
    (folder / "model.safetensors").rename(cache / "blobs" / "abc")
    index = {"weight_map": {"wte.weight": "a.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "a.safetensors").symlink_to(cache / "blobs" / "abc")
    gpt.GPT.from_pretrained(folder)  # as the hub's cache has them
    (cache / "blobs" / "abc").rename(tmp_path / "abc")
    (folder / "a.safetensors").unlink()
    (folder / "a.safetensors").symlink_to(tmp_path / "abc")
    with pytest.raises(ValueError, match="names 'a.safetensors', which is no file of this folder"):
        gpt.GPT.from_pretrained(folder)
