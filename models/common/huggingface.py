"""Checkpoint folders as Hugging Face writes them (config.json, model.safetensors) for GPT-2, BERT, DistilBERT; no model of its own.

A model's parameters are called as the file calls them, so that an error lists the file's names: "h.0.mlp.c_fc.weight". Three things
are no difference: the prefix of the body ("transformer.", "bert.", "distilbert."), the gamma and beta of old BERT files, and a
copy of the token embeddings, which the output shares. Matrices of nn.Linear are (out, in) and are turned to our (in, out); GPT-2's
are (in, out) already, and its c_attn holds the kernels of query, key and value side by side.
"""

from __future__ import annotations

import os
import re
from functools import partial
from pathlib import Path
from typing import Any, Callable

import numpy as np

from minigrad import Model, ops
from minigrad.training import saving
from minigrad.utils.files import read_json
from minigrad.utils.registry import lookup

Folder = str | os.PathLike[str]
Arrays = dict[str, np.ndarray]
Config = dict[str, Any]

gelu_tanh = partial(ops.gelu, approximate=True)
ACTIVATIONS = {
    "gelu": ops.gelu,
    "gelu_new": gelu_tanh,
    "gelu_pytorch_tanh": gelu_tanh,
    "relu": ops.relu,
    "silu": ops.silu,
    "swish": ops.silu,
}

# ---- names: ours are "blocks_0/self_attention/query/kernel", "tokens/embeddings", "bert/norm/gamma" --------------------------

KINDS = {
    "kernel": "weight",
    "embeddings": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
}
LAYOUTS: dict[str, dict[str, str]] = {
    "gpt2": {
        "blocks": "h.{}.",
        "tokens": "wte",
        "positions": "wpe",
        "norm": "ln_f",
        "self_attention/query": "attn.c_attn.query",
        "self_attention/key": "attn.c_attn.key",
        "self_attention/value": "attn.c_attn.value",
        "self_attention/attention_output": "attn.c_proj",
        "self_attention_norm": "ln_1",
        "intermediate": "mlp.c_fc",
        "output": "mlp.c_proj",
        "feedforward_norm": "ln_2",
    },
    "bert": {
        "blocks": "encoder.layer.{}.",
        "tokens": "embeddings.word_embeddings",
        "positions": "embeddings.position_embeddings",
        "segments": "embeddings.token_type_embeddings",
        "norm": "embeddings.LayerNorm",
        "self_attention/query": "attention.self.query",
        "self_attention/key": "attention.self.key",
        "self_attention/value": "attention.self.value",
        "self_attention/attention_output": "attention.output.dense",
        "self_attention_norm": "attention.output.LayerNorm",
        "intermediate": "intermediate.dense",
        "output": "output.dense",
        "feedforward_norm": "output.LayerNorm",
        "pooler": "pooler.dense",
        "classifier": "classifier",
        "transform": "cls.predictions.transform.dense",
        "transform_norm": "cls.predictions.transform.LayerNorm",
        "": "cls.predictions",
    },
    "distilbert": {
        "blocks": "transformer.layer.{}.",
        "tokens": "embeddings.word_embeddings",
        "positions": "embeddings.position_embeddings",
        "norm": "embeddings.LayerNorm",
        "self_attention/query": "attention.q_lin",
        "self_attention/key": "attention.k_lin",
        "self_attention/value": "attention.v_lin",
        "self_attention/attention_output": "attention.out_lin",
        "self_attention_norm": "sa_layer_norm",
        "intermediate": "ffn.lin1",
        "output": "ffn.lin2",
        "feedforward_norm": "output_layer_norm",
        "pooler": "pre_classifier",
        "classifier": "classifier",
        "transform": "vocab_transform",
        "transform_norm": "vocab_layer_norm",
        "": "vocab_projector",
    },
}
PREFIXES = {"gpt2": "transformer.", "bert": "bert.", "distilbert": "distilbert."}
TIED = {
    "lm_head.weight": "wte.weight",
    "vocab_projector.weight": "embeddings.word_embeddings.weight",  # copies: of what
    "cls.predictions.decoder.weight": "embeddings.word_embeddings.weight",
    "cls.predictions.decoder.bias": "cls.predictions.bias",
}
BUFFERS = re.compile(
    r"h\.\d+\.attn\.(masked_)?bias|embeddings\.position_ids|cls\.seq_relationship\.\w+"
)  # masks, ranges; BERT's 2nd task
HEADS = (
    "cls",
    "classifier",
    "pre_classifier",
    "vocab_transform",
    "vocab_layer_norm",
    "vocab_projector",
    "qa_outputs",
    "score",
)


def name_of(ours: str, style: str) -> str:
    """ "blocks_0/self_attention/query/kernel" -> "encoder.layer.0.attention.self.query.weight" in the style "bert"."""
    path, _, kind = ours.removeprefix("bert/").rpartition("/")
    table, found = LAYOUTS[style], re.fullmatch(r"blocks_(\d+)/(.*)", path)
    block = table["blocks"].format(found[1]) if found else ""
    return f"{block}{table[found[2] if found else path]}.{KINDS[kind]}"


# ---- files -----------------------------------------------------------------------------------------------------------------


def config(folder: Folder, *styles: str, **only: Any) -> Config:
    """A folder's config.json. Raises ValueError for another model_type than `styles`, and for a setting that is not as `only` says."""
    found = read_json(Path(folder) / "config.json", "config.json of a checkpoint folder")
    if found.get("model_type") not in styles:
        raise ValueError(
            f"{folder} holds a model of the type {found.get('model_type')!r}: expected {' or '.join(map(repr, styles))}"
        )
    for key, value in only.items():
        if found.get(key, value) != value:
            raise ValueError(
                f"{folder}: its config.json has {key}={found[key]!r}, minigrad has the network with {key}={value!r} alone"
            )
    return found


def activation(name: str) -> Any:
    """The function behind a config's name of an activation."""
    return lookup(name, ACTIVATIONS, "activation")


def labels(found: Config) -> list[str]:
    """The names of a classifier's classes; LABEL_0, LABEL_1 where the config has none."""
    names = found.get("id2label") or {i: f"LABEL_{i}" for i in range(found.get("num_labels", 2))}
    return [names[i] for i in sorted(names, key=int)]


def arrays(folder: Folder, style: str) -> Arrays:
    """The weights of a folder by the names of `style` without prefix, in our layouts. A pickle is refused."""
    folder = Path(folder)
    index, files = folder / "model.safetensors.index.json", ["model.safetensors"]
    if index.is_file():
        files = sorted(set(read_json(index, "index of the weight files")["weight_map"].values()))
    elif not (folder / files[0]).is_file():
        raise _no_weights(folder)
    stored: Arrays = {}
    for file in files:
        stored |= saving.load_safetensors(folder / file)[0]
    named = {_modern(name.removeprefix(PREFIXES[style])): a for name, a in stored.items()}
    for copy, of in TIED.items():
        if copy in named and of in named and not np.array_equal(named[copy], named[of]):
            raise ValueError(
                f"{folder}: {copy} is another array than {of}, which the network uses for both: weights that are not tied "
                "do not fit"
            )
    kept = {
        name: a
        for name, a in named.items()
        if not BUFFERS.fullmatch(name) and TIED.get(name) not in named
    }
    return (
        _split(kept)
        if style == "gpt2"
        else {
            name: a.T if a.ndim == 2 and not name.startswith("embeddings.") else a
            for name, a in kept.items()
        }
    )


def _no_weights(folder: Path) -> Exception:
    pickles = sorted(
        file.name for pattern in ("*.bin", "*.pt", "*.pth") for file in folder.glob(pattern)
    )
    if not pickles:
        return FileNotFoundError(f"no model.safetensors in {folder}")
    return ValueError(
        f"{folder} has no model.safetensors, but {pickles[0]}: that is a pickle, which may run any code when it is read, so "
        "minigrad reads none. Write the weights anew with transformers, AutoModel...from_pretrained(folder)"
        ".save_pretrained(folder), or download the model.safetensors that most models have beside it"
    )


def _modern(name: str) -> str:
    """Files of 2018 call a LayerNorm's weight gamma and its bias beta."""
    return re.sub(r"\.beta$", ".bias", re.sub(r"\.gamma$", ".weight", name))


def _split(stored: Arrays) -> Arrays:
    """GPT-2's c_attn (in, 3 * out) as three arrays; one whose width three does not divide stays, to be listed as too much."""
    out: Arrays = {}
    for name, a in stored.items():
        path, _, kind = name.rpartition(".")
        parts = (
            ("query", "key", "value") if path.endswith(".c_attn") and a.shape[-1] % 3 == 0 else ()
        )
        out |= (
            {f"{path}.{part}.{kind}": piece for part, piece in zip(parts, np.split(a, 3, -1))}
            if parts
            else {name: a}
        )
    return out


def loaded(make: Callable[[Config, Arrays], Any], folder: Folder, *styles: str, **only: Any) -> Any:
    """make(config, arrays), built, with the weights of a folder that holds one of `styles`. Raises what config, arrays and fill do."""
    found = config(folder, *styles, **only)
    stored = arrays(folder, found["model_type"])
    model = make(found, stored)
    model.build_from_shape((1,))
    fill(model, stored, found["model_type"], folder)
    return model


def fill(model: Model, stored: Arrays, style: str, source: Folder) -> None:
    """Write a folder's arrays into a built model; heads of other tasks are left out.

    Raises ValueError that lists, by the file's names, all that is missing, too much or of another shape (in our layout), before
    anything is changed.
    """
    weights = {name_of(ours, style): p for ours, p in model.named_weights().items()}
    own = {name.partition(".")[0] for name in weights}
    kept = {
        name: a
        for name, a in stored.items()
        if name.partition(".")[0] in own or name.partition(".")[0] not in HEADS
    }
    saving.assign_weights(weights, kept, str(source))
