"""Checkpoint folders of Hugging Face (config.json, model.safetensors): GPT-2, BERT, DistilBERT.

Parameters are called as the file calls them, so that an error lists the file's names, such as
"h.0.mlp.c_fc.weight". Three differences are ignored: the prefix of the body ("transformer.",
"bert.", "distilbert."), the gamma and beta of old BERT files, and copies of the token embeddings,
which the output shares. Matrices of nn.Linear are (out, in) and are transposed to our (in, out);
those of GPT-2 are (in, out) already, and its c_attn holds the kernels of query, key and value side
by side.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from minigrad import Model, ops
from minigrad.training import saving
from minigrad.utils.files import entry, parsing, read_json
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

# ---- names: ours are "blocks_0/self_attention/query/kernel", "tokens/embeddings" -----------------

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
TIED = {  # copy: original
    "lm_head.weight": "wte.weight",
    "vocab_projector.weight": "embeddings.word_embeddings.weight",
    "cls.predictions.decoder.weight": "embeddings.word_embeddings.weight",
    "cls.predictions.decoder.bias": "cls.predictions.bias",
}
BUFFERS = re.compile(  # masks, ranges; the second task of BERT
    r"h\.\d+\.attn\.(masked_)?bias|embeddings\.position_ids|cls\.seq_relationship\.\w+"
)
SETTINGS: dict[str, Any] = {  # the types of what is read; floats lie in [0, 1)
    **dict.fromkeys(
        [
            "vocab_size",
            "n_positions",
            "n_embd",
            "n_layer",
            "n_head",
            "n_inner",
            "max_position_embeddings",
            "dim",
            "n_layers",
            "n_heads",
            "hidden_dim",
            "hidden_size",
            "num_hidden_layers",
            "num_attention_heads",
            "intermediate_size",
            "type_vocab_size",
            "num_labels",
            "pad_token_id",
        ],
        int,
    ),
    **dict.fromkeys(
        [
            "resid_pdrop",
            "attn_pdrop",
            "dropout",
            "attention_dropout",
            "hidden_dropout_prob",
            "attention_probs_dropout_prob",
            "layer_norm_epsilon",
            "layer_norm_eps",
        ],
        float,
    ),
    **dict.fromkeys(("model_type", "activation_function", "activation", "hidden_act"), str),
    "id2label": {str: str},
}
MAY_BE_ZERO = {"type_vocab_size", "pad_token_id"}
HEADS_AND_WIDTH = {
    "gpt2": ("n_head", "n_embd"),
    "bert": ("num_attention_heads", "hidden_size"),
    "distilbert": ("n_heads", "dim"),
}
DEPTHS = {"gpt2": "n_layer", "bert": "num_hidden_layers", "distilbert": "n_layers"}
SIZES = {  # setting: the weight and its axis that show it
    "gpt2": {
        "vocab_size": ("wte.weight", 0),
        "n_positions": ("wpe.weight", 0),
        "n_embd": ("wte.weight", 1),
        "n_inner": ("h.0.mlp.c_fc.weight", 1),
    },
    "bert": {
        "vocab_size": ("embeddings.word_embeddings.weight", 0),
        "max_position_embeddings": ("embeddings.position_embeddings.weight", 0),
        "type_vocab_size": ("embeddings.token_type_embeddings.weight", 0),
        "hidden_size": ("embeddings.word_embeddings.weight", 1),
        "intermediate_size": ("encoder.layer.0.intermediate.dense.weight", 1),
        "num_labels": ("classifier.weight", 1),
    },
    "distilbert": {
        "vocab_size": ("embeddings.word_embeddings.weight", 0),
        "max_position_embeddings": ("embeddings.position_embeddings.weight", 0),
        "dim": ("embeddings.word_embeddings.weight", 1),
        "hidden_dim": ("transformer.layer.0.ffn.lin1.weight", 1),
        "num_labels": ("classifier.weight", 1),
    },
}
HEADS = {
    "cls",
    "classifier",
    "pre_classifier",
    "vocab_transform",
    "vocab_layer_norm",
    "vocab_projector",
    "qa_outputs",
    "score",
}


def huggingface_name(ours: str, style: str) -> str:
    """The name of a weight in the files of a style.

    "blocks_0/self_attention/query/kernel" -> "encoder.layer.0.attention.self.query.weight"

    Args:
        ours: Our name.
        style: "gpt2", "bert" or "distilbert".
    """
    path, _, kind = ours.removeprefix("bert/").rpartition("/")
    layout = LAYOUTS[style]
    prefix = ""
    if match := re.fullmatch(r"blocks_(\d+)/(.*)", path):
        number, path = match.groups()
        prefix = layout["blocks"].format(number)
    return f"{prefix}{layout[path]}.{KINDS[kind]}"


# ---- config.json ---------------------------------------------------------------------------------


def read_config(folder: Folder, styles: tuple[str, ...], required: Config | None = None) -> Config:
    """The config.json of a folder.

    Args:
        folder: A checkpoint folder.
        styles: The model types that are accepted.
        required: Settings, each with the one value that is supported.

    Raises:
        FileNotFoundError: If there is no config.json.
        ValueError: For another model type, or another value of a required setting.
    """
    path = Path(folder) / "config.json"
    config = read_json(path, "config.json of a checkpoint folder")
    config = {key: value for key, value in config.items() if value is not None}
    for key in SETTINGS.keys() & config.keys():
        _check_setting(config, key, path)
    if config.get("model_type") not in styles:
        raise ValueError(
            f"{folder} holds a model of the type {config.get('model_type')!r}: "
            f"expected {' or '.join(map(repr, styles))}"
        )
    for key, value in (required or {}).items():
        if config.get(key, value) != value:
            raise ValueError(
                f"{folder}: its config.json has {key}={config[key]!r}, "
                f"minigrad has the network with {key}={value!r} alone"
            )
    return config


def _check_setting(config: Config, key: str, path: Path) -> None:
    """Raise ValueError if a setting is of another type, or a number that no network can have."""
    kind = SETTINGS[key]
    value = entry(config, key, kind, path)
    if kind is int and value == 0 and key not in MAY_BE_ZERO:
        raise ValueError(f"{path}: {key} is 0, expected a number of one or more")
    if kind is float and not value < 1:
        raise ValueError(f"{path}: {key} is {value}, expected a number from 0 to below 1")


def _check_sizes(config: Config, arrays: Arrays, style: str, path: Path) -> None:
    """Raise ValueError for sizes far from those of the weights, before memory is asked for."""
    block = LAYOUTS[style]["blocks"].partition("{}")[0]
    numbers = {
        name.removeprefix(block).partition(".")[0] for name in arrays if name.startswith(block)
    }
    heads, width = (config.get(key) for key in HEADS_AND_WIDTH[style])
    if heads and width and width % heads:
        raise ValueError(f"{path}: {heads} heads do not divide a width of {width}")
    for key, (name, axis) in SIZES[style].items():
        shape = arrays[name].shape if name in arrays else ()
        size = shape[axis] if len(shape) > axis else 0
        _check_size(config, key, size, path)
    _check_size(config, DEPTHS[style], len(numbers), path)


def _check_size(config: Config, key: str, size: int, path: Path) -> None:
    """Raise ValueError for a size more than twice that of the weights; less is listed later."""
    if config.get(key, 0) > 2 * size + 8:
        raise ValueError(f"{path}: {key} is {config[key]}, the weights beside it have {size}")


def activation(name: str) -> Any:
    """The function of an activation's name in a config."""
    return lookup(name, ACTIVATIONS, "activation")


def class_names(config: Config) -> list[str]:
    """The names of a classifier's classes; LABEL_0, LABEL_1 where the config has none."""
    names = config.get("id2label")
    if not names:
        return [f"LABEL_{i}" for i in range(config.get("num_labels", 2))]
    if sorted(names) != sorted(map(str, range(len(names)))):
        raise ValueError(
            f"id2label of config.json numbers its {len(names)} classes otherwise than from 0 on"
        )
    return [names[str(i)] for i in range(len(names))]


# ---- weights -------------------------------------------------------------------------------------


def read_arrays(folder: Folder, style: str) -> Arrays:
    """The weights of a folder by the names of its style, without prefix, in our layouts.

    Args:
        folder: A checkpoint folder.
        style: "gpt2", "bert" or "distilbert".

    Raises:
        FileNotFoundError: If there are no weights.
        ValueError: If there are only pickles, or copies of tied weights differ.
    """
    arrays: Arrays = {}
    for name, a in _read_files(Path(folder)).items():
        arrays[_modern_name(name.removeprefix(PREFIXES[style]))] = a
    for copy, original in TIED.items():
        if copy not in arrays or original not in arrays:
            continue
        if not np.array_equal(arrays[copy], arrays[original]):
            raise ValueError(
                f"{folder}: {copy} is another array than {original}, which the network uses for "
                "both: weights that are not tied do not fit"
            )
    own = {}
    for name, a in arrays.items():
        is_copy = TIED.get(name) in arrays
        if not is_copy and not BUFFERS.fullmatch(name):
            own[name] = a
    return _split_attention(own) if style == "gpt2" else _transpose_matrices(own)


def _read_files(folder: Path) -> Arrays:
    """The arrays of all weight files of a folder."""
    index, single = folder / "model.safetensors.index.json", folder / "model.safetensors"
    if index.is_file():
        content = read_json(index, "index of the weight files")
        files = set(entry(content, "weight_map", {str: str}, index).values())
        paths = [_inside(folder, file, index) for file in sorted(files)]
    elif single.is_file():
        paths = [single]
    else:
        raise _no_weights_error(folder)
    arrays: Arrays = {}
    for path in paths:
        stored, _ = saving.load_safetensors(path)
        arrays |= stored
    return arrays


def _inside(folder: Path, file: str, index: Path) -> Path:
    """A file of a folder; ValueError for a name that leads out of it.

    In the cache of the Hugging Face hub, files are links to ../../blobs.
    """
    path, blobs = folder / file, folder.resolve().parent.parent / "blobs"
    if Path(file).name != file or path.resolve().parent not in (folder.resolve(), blobs):
        raise ValueError(f"{index} names {file!r:.80}, which is no file of this folder")
    return path


def _no_weights_error(folder: Path) -> Exception:
    """What is wrong with a folder without safetensors."""
    patterns = ("*.bin", "*.pt", "*.pth")
    pickles = sorted(file.name for pattern in patterns for file in folder.glob(pattern))
    if not pickles:
        return FileNotFoundError(f"no model.safetensors in {folder}")
    return ValueError(
        f"{folder} has no model.safetensors, but {pickles[0]}: that is a pickle, which may run any "
        "code when it is read, so minigrad reads none. Write the weights anew with transformers, "
        "AutoModel...from_pretrained(folder).save_pretrained(folder), or download the "
        "model.safetensors that most models have beside it"
    )


def _modern_name(name: str) -> str:
    """Files of 2018 call a LayerNorm's weight gamma and its bias beta."""
    return re.sub(r"\.beta$", ".bias", re.sub(r"\.gamma$", ".weight", name))


def _transpose_matrices(arrays: Arrays) -> Arrays:
    """Kernels (out, in) -> (in, out); embeddings stay."""
    return {
        name: a.T if a.ndim == 2 and not name.startswith("embeddings.") else a
        for name, a in arrays.items()
    }


def _split_attention(arrays: Arrays) -> Arrays:
    """c_attn (in, 3 * out) as three arrays; one that three does not divide stays, as too much."""
    split: Arrays = {}
    for name, a in arrays.items():
        path, _, kind = name.rpartition(".")
        if path.endswith(".c_attn") and a.shape[-1] % 3 == 0:
            for part, piece in zip(("query", "key", "value"), np.split(a, 3, -1)):
                split[f"{path}.{part}.{kind}"] = piece
        else:
            split[name] = a
    return split


# ---- models --------------------------------------------------------------------------------------


def load_pretrained(
    build: Callable[[Config, Arrays], Any],
    folder: Folder,
    styles: tuple[str, ...],
    required: Config | None = None,
) -> Any:
    """build(config, arrays), with the weights of a folder.

    Args:
        build: Makes the model of a config and of the arrays in the folder.
        folder: A checkpoint folder.
        styles: The model types that are accepted.
        required: Settings, each with the one value that is supported.

    Raises:
        FileNotFoundError: If there is no config.json or no model.safetensors.
        ValueError: For another type or setting, for pickles, and for weights that do not fit.
    """
    config = read_config(folder, styles, required)
    style = config["model_type"]
    arrays = read_arrays(folder, style)
    path = Path(folder) / "config.json"
    _check_sizes(config, arrays, style, path)
    with parsing(path, "config.json of a network that minigrad has"):
        model = build(config, arrays)
        model.build_from_shape((1,))
    assign(model, arrays, style, folder)
    return model


def assign(model: Model, arrays: Arrays, style: str, source: Folder) -> None:
    """Write a folder's arrays into a built model; heads of other tasks are left out.

    Args:
        model: A built model.
        arrays: Arrays by the names of the style.
        style: "gpt2", "bert" or "distilbert".
        source: The folder, for the error.

    Raises:
        ValueError: Lists, by the file's names, everything that is missing, too much or of another
            shape (in our layout). Nothing is changed then.
    """
    weights = {huggingface_name(ours, style): p for ours, p in model.named_weights().items()}
    parts = {_part(name) for name in weights}
    other_heads = HEADS - parts
    expected = {
        name: _split_heads(a, weights.get(name))
        for name, a in arrays.items()
        if _part(name) not in other_heads
    }
    saving.assign_weights(weights, expected, str(source))


def _split_heads(a: np.ndarray, parameter: Any) -> np.ndarray:
    """An array with the heads side by side as one with an axis for them, if the parameter has."""
    shape = getattr(parameter, "shape", ())
    flat_shapes = [
        (*shape[:i], shape[i] * shape[i + 1], *shape[i + 2 :]) for i in range(len(shape) - 1)
    ]
    return a.reshape(shape) if a.shape in flat_shapes else a


def _part(name: str) -> str:
    """The part of a network that a name begins with."""
    return name.partition(".")[0]
