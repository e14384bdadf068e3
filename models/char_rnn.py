"""Character-level language model: an LSTM that says which character comes next (Graves 2013, arXiv:1308.0850, section 3).

It reads the texts of Python's help(), cut into lanes that are read side by side in windows; the states go on from window to
window, the gradient does not (truncated backpropagation through time, Williams & Peng 1990). What it does not know is told in
bits per character on the last tenth of the text, and `generate` writes by feeding back what it drew.

`--recipe known` is the network of a known tutorial, 10-20-5 with tanh. Its backward returns random numbers times .01 and looks
neither at the loss nor at the data, so it cannot learn; and what it puts out, five wide, does not fit its input, ten wide, so it
cannot generate. Here the same network with the same steps learns from gradients, beside one that is given such numbers.
"""
from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

import minigrad
from minigrad import Model, Sequential, grad, losses, no_grad, plots, training
from minigrad.backend import generator, normal, to_device
from minigrad.data import datasets
from minigrad.data.text import CharVocabulary
from minigrad.initializers import RandomNormal
from minigrad.layers import LSTM, Dense, Embedding, SimpleRNN
from minigrad.names import lookup
from minigrad.optimizers import SGD, Adam
from minigrad.schedules import CosineDecay

# ---- the model: of 103 characters 3,296 + 295,936 + 26,471 = 325,703 parameters -----------------------------------------

class CharLSTM(Model):
    """Ids (N, T) -> logits (N, T, vocabulary) of the character behind each; with `return_states` also where to go on from."""

    def __init__(self, vocabulary: int, units: int = 256, width: int = 32):
        super().__init__()
        self.embedding = Embedding(vocabulary, width)                                   # (N, T, width)
        self.lstm = LSTM(units, return_sequences=True, return_state=True)               # (N, T, units), h, c
        self.dense = Dense(vocabulary)
        self.build_for((1,))

    takes_integers = True

    def call(self, ids, states=None, return_states: bool = False):
        y, *states = self.lstm(self.embedding(ids), initial_state=states)
        return (self.dense(y), states) if return_states else self.dense(y)


def generate(model: CharLSTM, vocabulary: CharVocabulary, prompt: str, length: int = 200, temperature: float = 1.0) -> str:
    """`prompt` and `length` characters after it, drawn from softmax(logits / temperature); at 0 the likeliest.

    Each step reads one character and the states, so the cost grows with the length and no faster. Raises ValueError for an empty
    prompt, a character that is not in the vocabulary, a negative length or temperature.
    """
    if not prompt or length < 0 or temperature < 0:
        raise ValueError(f"generate: prompt {prompt!r}, length {length}, temperature {temperature}: expected a text to go on from, and "
                         "numbers that are not negative")
    ids, states = vocabulary.encode(prompt), None
    told = list(ids)
    with no_grad(), training(False):
        for _ in range(length):
            logits, states = model(to_device(ids[None]), states, return_states=True)
            scores = logits.numpy()[0, -1].astype("float64")
            ids = np.array([scores.argmax() if temperature == 0 else _drawn(scores / temperature)])
            told += ids.tolist()
    return vocabulary.decode(told)


def _drawn(logits: np.ndarray) -> int:
    """An index with probability softmax(logits)."""
    chances = np.exp(logits - logits.max()).cumsum()
    return int(np.searchsorted(chances, generator().random() * chances[-1], side="right"))


# ---- the text ------------------------------------------------------------------------------------------------------------

def lanes(ids: np.ndarray, n: int):
    """x (n, T) and y (n, T), the characters behind: a text cut into n lanes of equal length, the few at its end left out."""
    steps = (len(ids) - 1) // n
    if n < 1 or steps < 1:
        raise ValueError(f"lanes: {len(ids)} characters do not make {n} lanes of a character and the one behind it")
    return ids[:n * steps].reshape(n, steps), ids[1:n * steps + 1].reshape(n, steps)


def windows(x: np.ndarray, y: np.ndarray, size: int):
    """(x, y) of `size` characters in each lane, one after the other, on the device."""
    for start in range(0, x.shape[1], size):
        yield to_device(x[:, start:start + size]), to_device(y[:, start:start + size])


def bits(model: CharLSTM, x: np.ndarray, y: np.ndarray, size: int = 128) -> float:
    """Bits per character over lanes of a text, the states carried along each."""
    total, states = 0.0, None
    with no_grad(), training(False):
        for a, b in windows(x, y, size):
            logits, states = model(a, states, return_states=True)
            total += float(loss_of(b, logits)) * b.size
    return total / x.size / math.log(2)


def bits_by_counting(text: np.ndarray, held_out: np.ndarray, vocabulary: int, order: int) -> float:
    """Bits per character of one who knows how often each follows the `order` characters before it; each count begins at .01."""
    powers = vocabulary ** np.arange(order + 1)

    def keys(ids: np.ndarray):
        runs = np.lib.stride_tricks.sliding_window_view(ids, order + 1)[:, ::-1]      # the last character first
        return runs @ powers, runs[:, 1:] @ powers[:-1]
    (runs, contexts), (held_runs, held_contexts) = keys(text), keys(held_out)
    seen, before = np.bincount(runs, minlength=vocabulary ** (order + 1)), np.bincount(contexts, minlength=vocabulary ** order)
    return float(-np.log2((seen[held_runs] + 0.01) / (before[held_contexts] + 0.01 * vocabulary)).mean())


# ---- training ----------------------------------------------------------------------------------------------------------

loss_of = losses.SparseCategoricalCrossentropy(from_logits=True)
TARGETS = ["bits_per_character <= 2.5", "gain_over_counting >= 0.3"]


def load():
    """Ids of the text to train on and of that to validate with, and the vocabulary."""
    parts = datasets.text()
    vocabulary = CharVocabulary.fit(parts)
    return *(vocabulary.encode(part) for part in parts), vocabulary


def train(recipe: str = "real", units: int = 256, epochs: int = 8, lanes_at_once: int = 32, window: int = 64,
          learning_rate: float = 0.004, clip: float = 1.0, seed: int = 0, verbose: int = 1):
    """Cross-entropy with Adam over windows, states carried; or the known tutorial: (model, metrics)."""
    minigrad.seed(seed)
    return lookup(recipe, {"real": _train, "known": known}, "recipe")(units, epochs, lanes_at_once, window, learning_rate, clip, verbose)
