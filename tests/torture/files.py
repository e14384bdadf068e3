"""Damaged and hostile files of every format that is read, each in a child with limits."""

from __future__ import annotations

import io
import itertools
import json
import os
import random
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import minigrad
from minigrad import Sequential
from minigrad.data import BytePairEncoding, CharVocabulary, WordPiece, WordVocabulary
from minigrad.datasets import imdb, mnist
from minigrad.layers import LSTM, Dense
from minigrad.models import load_model
from minigrad.training.callbacks import EarlyStopping, ModelCheckpoint
from models.sequences import bert, gpt

from ..datasets.imdb_file import as_keras_has_it
from ..models.common.test_huggingface import write_folder
from ..training.test_keras_files import write_keras
from .children import run_limited

X, Y = np.ones((4, 3, 2), "f4"), np.ones((4, 1), "f4")


def network() -> Sequential:
    model = Sequential(LSTM(3, stateful=True), Dense(1, name="optimizer"))
    model.compile("adam", "mse")
    model.train_on_batch(X, Y)
    return model


def make_checkpoint(folder: Path) -> None:
    callbacks = [EarlyStopping("loss", restore_best_weights=True), ModelCheckpoint(folder / "c")]
    network().fit(X, Y, epochs=1, verbose=0, callbacks=callbacks)


def load_checkpoint(folder: Path) -> None:
    model = network()
    before = state(model)
    try:
        epoch = model.load(folder / "c")
    except BaseException:
        assert state(model) == before, "half-loaded"
        raise
    callbacks = [EarlyStopping("loss", restore_best_weights=True)]
    try:
        model.fit(X, Y, epochs=epoch + 1, initial_epoch=epoch, verbose=0, callbacks=callbacks)
    except ValueError as error:  # what a callback or the batch finds in it
        raise ValueError(f"{folder}: {error}") from error


def state(model: Sequential) -> str:
    optimizer, generator = model.optimizer, minigrad.random.generator()
    arrays = [*model.get_weights(), *(a for arrays in optimizer.state() for a in arrays)]
    numbers = [optimizer.t, optimizer.learning_rate, generator.bit_generator.state]
    layers = [np.asarray(s.numpy()).tobytes() for s in model.layers[0].get_state()["states"]]
    return repr([[a.tobytes() for a in arrays], numbers, layers])


def load_weights(folder: Path) -> None:
    model = network()
    before = state(model)
    try:
        model.load_weights(folder / "w")
    except BaseException:
        assert state(model) == before, "half-loaded"
        raise


def make_archive(folder: Path) -> None:
    """A functional graph with a shared layer, an op and a nested model, trained by two losses."""
    x = minigrad.Input((3, 2), name="x")
    shared = Dense(2, "relu", name="shared")
    inner = Sequential([minigrad.Input((3, 2)), LSTM(2)], name="inner")
    y = inner(shared(shared(x)) * 2.0)
    model = minigrad.Model(x, {"a": Dense(1, name="a")(y), "b": y[:, 0]})
    model.compile("adam", {"a": "mse", "b": "mae"}, metrics={"a": ["mae"]})
    model.train_on_batch(X, {"a": Y, "b": Y[:, 0]})
    model.save(folder / "net.minigrad")


def load_archive(folder: Path) -> None:
    before = repr(minigrad.generators.generator().bit_generator.state)
    try:
        model = load_model(folder / "net.minigrad")
    except BaseException:
        assert repr(minigrad.generators.generator().bit_generator.state) == before, "half-loaded"
        raise
    try:
        model.predict(np.ones((2, *model.input_shape[1:]), "f4"))
    except (ValueError, TypeError) as error:  # another model, which the file may well describe
        raise ValueError(f"{folder}: {error}") from error


def make_keras(folder: Path) -> None:
    write_keras(folder / "net.keras")


def make_mnist(folder: Path) -> None:
    x, y = np.zeros((5, 28, 28), "u1"), np.zeros(5, "u1")
    np.savez_compressed(folder / "mnist.npz", x_train=x, y_train=y, x_test=x, y_test=y)


def make_imdb(folder: Path) -> None:
    (folder / "imdb.npz").write_bytes(as_keras_has_it(protocol=4))


def load_imdb(folder: Path) -> None:
    imdb.check_digest = lambda *_: None  # type: ignore[assignment]
    imdb._read(folder / "imdb.npz")


def make_wordpiece(folder: Path) -> None:
    WordPiece([*WordPiece.special, "un", "##aff"]).save(folder / "vocab.txt")
    (folder / "tokenizer_config.json").write_text('{"do_lower_case": true}')


def make_tokenizer_json(folder: Path) -> None:
    ids = {token: i for i, token in enumerate([*WordPiece.special, "a"])}
    content = {"model": {"type": "WordPiece", "vocab": ids}, "added_tokens": []}
    (folder / "tokenizer.json").write_text(json.dumps(content))


FORMATS: dict[str, tuple[Callable[[Path], Any], Callable[[Path], Any]]] = {
    "checkpoint": (make_checkpoint, load_checkpoint),
    "weights": (lambda folder: network().save_weights(folder / "w"), load_weights),
    "archive": (make_archive, load_archive),
    "keras": (make_keras, lambda folder: load_model(folder / "net.keras")),
    "mnist": (make_mnist, lambda folder: mnist._read(folder / "mnist.npz")),
    "imdb": (make_imdb, load_imdb),
    "gpt": (lambda folder: write_folder(folder, "gpt2"), gpt.GPT.from_pretrained),
    "bert": (lambda folder: write_folder(folder, "bert"), bert.Bert.from_pretrained),
    "bpe": (
        lambda folder: BytePairEncoding.fit("the cat and the dog", 260).save(folder),
        BytePairEncoding.load,
    ),
    "wordpiece": (make_wordpiece, WordPiece.load),
    "tokenizer.json": (make_tokenizer_json, WordPiece.load),
    "characters": (
        lambda folder: CharVocabulary.fit("abc").save(folder / "v.json"),
        lambda folder: CharVocabulary.load(folder / "v.json"),
    ),
    "words": (
        lambda folder: WordVocabulary.fit(["a b c"]).save(folder / "v.json"),
        lambda folder: WordVocabulary.load(folder / "v.json"),
    ),
}

# ---- mutations -----------------------------------------------------------------------------------

WEIRD = [
    *(None, True, -1, 0, 1.5, 10**7, 10**18, 10**400, "", "x", "../x", "/etc/passwd", "\ud800"),
    *([], {}, [[]], {"a": 1}, [None], float("nan"), float("-inf"), 1e308, "9" * 5000),
]
SPLICES = [b"", b"\0", b"\xff" * 8, b"{", b"[" * 5000, b'"', b"\x80\x04.", b"\xef\xbb\xbf", b"NaN"]


def mutate_bytes(data: bytes, chance: random.Random) -> bytes:
    """Cut, flip, splice, repeat or overwrite a part."""
    i, j = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    if chance.random() < 0.5:
        i, j = min(i, 200), min(i, 200) + chance.randrange(9)  # headers stand at the beginning
    kind = chance.choice(["cut", "flip", "splice", "repeat", "overwrite", "long"])
    if kind == "flip" and data:
        flipped = bytearray(data)
        for _ in range(chance.randrange(1, 5)):
            flipped[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        return bytes(flipped)
    middle = {
        "splice": chance.choice(SPLICES),
        "repeat": data[i:j] * chance.randrange(2, 50),
        "overwrite": chance.randbytes(j - i),
        "long": (1 << chance.randrange(20, 63)).to_bytes(8, "little"),
    }
    return data[:i] + middle.get(kind, b"") + data[i if kind == "splice" else j :]


def mutate_json(data: bytes, chance: random.Random) -> bytes:
    """Replace, remove or add a value somewhere in a JSON text."""
    content = json.loads(data)
    holder, keys = content, []
    while isinstance(holder, (dict, list)) and holder:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        key = chance.choice(keys)
        if chance.random() < 0.4 or not isinstance(holder[key], (dict, list)) or not holder[key]:
            break
        holder = holder[key]
    if not keys:
        return json.dumps(chance.choice(WEIRD)).encode()
    if chance.random() < 0.2:
        del holder[key]
    else:
        holder[key] = chance.choice(WEIRD)
    return json.dumps(content).encode()


def mutate_safetensors(data: bytes, chance: random.Random) -> bytes:
    """Mutate the header as JSON, or the checkpoint in its metadata."""
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    if "__metadata__" in header and chance.random() < 0.7:
        packed = mutate_json(header["__metadata__"]["minigrad"].encode(), chance).decode()
        header["__metadata__"]["minigrad"] = packed
        text = json.dumps(header).encode()
    else:
        text = mutate_json(data[8:end], chance)
    return len(text).to_bytes(8, "little") + text + data[end:]


def mutate_zip(data: bytes, chance: random.Random) -> bytes:
    """Mutate one member; its checksum is right."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        chosen = chance.choice(old.namelist())
        for name in old.namelist():
            content = old.read(name)
            if name == chosen:
                content = INNER.get(Path(name).suffix, mutate_bytes)(content, chance)
            new.writestr(name, content)
    return out.getvalue()


INNER = {".json": mutate_json, ".safetensors": mutate_safetensors}


def mutate(path: Path, chance: random.Random) -> None:
    """Damage a file, most often so that its outer form is still right."""
    data = path.read_bytes()
    inner = mutate_bytes
    if path.suffix == ".json":
        inner = mutate_json
    elif path.suffix in (".npz", ".minigrad", ".keras"):
        inner = mutate_zip
    elif path.suffix in ("", ".safetensors"):
        inner = mutate_safetensors
    chosen = inner if chance.random() < 0.6 else mutate_bytes
    path.write_bytes(chosen(data, chance))


# ---- the run -------------------------------------------------------------------------------------


def run(count: int, seed: int) -> list[str]:
    """Read `count` damaged files, by turns of each format; returns the faults."""
    faults = []
    with tempfile.TemporaryDirectory() as root:
        for kind, (make, load) in FORMATS.items():
            (Path(root) / kind).mkdir()
            make(Path(root) / kind)
            load(Path(root) / kind)
        for i, kind in zip(range(count), itertools.cycle(FORMATS)):
            chance = random.Random(f"{seed} {i}")
            folder = Path(root) / "damaged"
            shutil.copytree(Path(root) / kind, folder)
            file = chance.choice(sorted(folder.iterdir()))
            mutate(file, chance)
            answer = run_limited(lambda f=folder, k=kind: _attempt(f, FORMATS[k][1]))  # type: ignore[misc]
            if answer not in ("loads", "refuses"):
                faults.append(f"{i}: {kind}, {file.name}: {answer}")
            shutil.rmtree(folder)
    return faults


def _attempt(folder: Path, load: Callable[[Path], Any]) -> str:
    """Read a folder: "loads", or "refuses" with an error that names a file."""
    os.environ["MINIGRAD_HOME"] = str(folder)
    try:
        load(folder)
    except (ValueError, FileNotFoundError) as error:
        is_named = folder.name in str(error) and type(error) in (ValueError, FileNotFoundError)
        return "refuses" if is_named else f"does not name the file: {error!r}"
    return "loads"
