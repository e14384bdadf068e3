"""Character-level language model: an LSTM that says which character comes next (Graves 2013, arXiv:1308.0850, section 3).

It reads the texts of Python's help(), cut into lanes that are read side by side in windows; the states go on from window to
window, the gradient does not (truncated backpropagation through time, Williams & Peng 1990). What it does not know is told in
bits per character on the last tenth of the text, and `generate` writes by feeding back what it drew. Early in training the cells
of a few lanes run full and stay so, at 14 bits a character: hence the poor first value on the validation text.

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
from minigrad import Model, Sequential, datasets, grad, losses, no_grad, plots, training
from minigrad.config import to_device
from minigrad.data.tokenizers.vocabulary import CharVocabulary
from minigrad.initializers import RandomNormal
from minigrad.layers import LSTM, Dense, Embedding, SimpleRNN
from minigrad.optimizers.adam import Adam
from minigrad.optimizers.schedules import CosineDecay
from minigrad.optimizers.sgd import SGD
from minigrad.random import generator, normal
from minigrad.utils.registry import lookup

# ---- the model: of 103 characters 3,296 + 295,936 + 26,471 = 325,703 parameters -----------------------------------------


class CharLSTM(Model):
    """Ids (N, T) -> logits (N, T, vocabulary) of the character behind each; with `return_states` also where to go on from."""

    def __init__(self, vocabulary: int, units: int = 256, width: int = 32):
        super().__init__()
        self.embedding = Embedding(vocabulary, width)  # (N, T, width)
        self.lstm = LSTM(units, return_sequences=True, return_state=True)  # (N, T, units), h, c
        self.dense = Dense(vocabulary)
        self.build_from_shape((1,))

    accepts_integers = True

    def call(self, ids, states=None, return_states: bool = False):
        y, *states = self.lstm(self.embedding(ids), initial_state=states)
        return (self.dense(y), states) if return_states else self.dense(y)


def generate(
    model: CharLSTM,
    vocabulary: CharVocabulary,
    prompt: str,
    length: int = 200,
    temperature: float = 1.0,
) -> str:
    """`prompt` and `length` characters after it, drawn from softmax(logits / temperature); at 0 the likeliest.

    Each step reads one character and the states, so the cost grows with the length and no faster. Raises ValueError for an empty
    prompt, a character that is not in the vocabulary, a negative length or temperature.
    """
    if not prompt or length < 0 or temperature < 0:
        raise ValueError(
            f"generate: prompt {prompt!r}, length {length}, temperature {temperature}: expected a text to go on from, and "
            "numbers that are not negative"
        )
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
        raise ValueError(
            f"lanes: {len(ids)} characters do not make {n} lanes of a character and the one behind it"
        )
    return ids[: n * steps].reshape(n, steps), ids[1 : n * steps + 1].reshape(n, steps)


def windows(x: np.ndarray, y: np.ndarray, size: int):
    """(x, y) of `size` characters in each lane, one after the other, on the device."""
    for start in range(0, x.shape[1], size):
        yield to_device(x[:, start : start + size]), to_device(y[:, start : start + size])


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
        runs = np.lib.stride_tricks.sliding_window_view(ids, order + 1)[
            :, ::-1
        ]  # the last character first
        return runs @ powers, runs[:, 1:] @ powers[:-1]

    (runs, contexts), (held_runs, held_contexts) = keys(text), keys(held_out)
    seen, before = (
        np.bincount(runs, minlength=vocabulary ** (order + 1)),
        np.bincount(contexts, minlength=vocabulary**order),
    )
    return float(
        -np.log2((seen[held_runs] + 0.01) / (before[held_contexts] + 0.01 * vocabulary)).mean()
    )


# ---- training ----------------------------------------------------------------------------------------------------------

loss_of = losses.SparseCategoricalCrossentropy(from_logits=True)
REFERENCE = (
    "who counts what follows the last two characters pays 2.51 bits, the last one 3.35, none 4.67"
)
TARGETS = ["bits_per_character <= 2", "gain_over_counting >= 0.4"]


def load():
    """Ids of the text to train on and of that to validate with, and the vocabulary."""
    parts = datasets.python_help.load_data()
    vocabulary = CharVocabulary.fit(parts)
    return *(vocabulary.encode(part) for part in parts), vocabulary


def train(
    recipe: str = "real",
    units: int = 256,
    epochs: int = 8,
    batch_size: int = 32,
    window: int = 64,
    learning_rate: float = 0.004,
    clip: float = 1.0,
    seed: int = 0,
    verbose: int = 1,
):
    """Cross-entropy with Adam over windows, the states carried from one to the next; or the known network: (model, metrics)."""
    minigrad.seed(seed)
    if lookup(recipe, {"real": False, "known": True}, "recipe"):
        return known()
    text, held_out, vocabulary = load()
    parts, held_parts = lanes(text, batch_size), lanes(held_out, batch_size)
    model = CharLSTM(len(vocabulary), units)
    rate = CosineDecay(learning_rate, epochs * -(-parts[0].shape[1] // window))
    optimizer, weights = Adam(rate, global_clipnorm=clip), model.weights
    model.curves = {"training": [], "validation": []}
    for epoch in range(epochs):
        total, states = 0.0, None
        for x, y in windows(*parts, window):
            with training():
                logits, states = model(x, states, return_states=True)
                loss = loss_of(y, logits)
            optimizer.apply(grad(loss, weights), weights)
            states = [
                s.detach() for s in states
            ]  # values go on to the next window, the gradient stops here
            total += float(loss) * x.size
        model.curves["training"].append(total / parts[0].size / math.log(2))
        model.curves["validation"].append(bits(model, *held_parts))
        if verbose:
            print(
                f"epoch {epoch + 1}/{epochs}: "
                + ", ".join(f"{part} {values[-1]:.3f}" for part, values in model.curves.items())
            )
    counted = [bits_by_counting(text, held_out, len(vocabulary), order) for order in range(3)]
    told = {
        "bits_per_character": model.curves["validation"][-1],
        "training_bits": model.curves["training"][-1],
    }
    told |= {f"bits_by_counting_{order}": found for order, found in enumerate(counted)}
    return model, {**told, "gain_over_counting": min(counted) - told["bits_per_character"]}


# ---- the known network: 200 + 400 + 20 + 105 = 725 parameters ----------------------------------------------------------


def tutorial() -> Sequential:
    """(N, T, 10) -> (N, T, 5): 20 units of tanh, weights N(0, 1) * .01, an output at each step."""
    small = {"kernel_initializer": RandomNormal(0.0, 0.01)}
    return Sequential(
        [
            SimpleRNN(
                20,
                return_sequences=True,
                recurrent_initializer=RandomNormal(0.0, 0.01),
                input_shape=(15, 10),
                **small,
            ),
            Dense(5, **small),
        ]
    )


def known(steps: int = 500, learning_rate: float = 0.1):
    """Half of its input, one step late, is what it should put out; 32 new sequences a step: ({what trains it: model}, metrics)."""
    found, metrics = {}, {}
    for trained_by in ("noise", "gradients"):
        model = found[trained_by] = tutorial()
        weights, optimizer, model.curve = model.weights, SGD(learning_rate, momentum=0.9), []
        for _ in range(steps):
            x = normal((32, 16, 10), weights[0].data)
            loss = losses.MeanSquaredError()(x[:, :-1, :5], model(x[:, 1:]))
            model.curve.append(float(loss))
            optimizer.apply(
                [0.01 * normal(p.shape, p.data) for p in weights]
                if trained_by == "noise"
                else grad(loss, weights),
                weights,
            )
        metrics[f"mse_by_{trained_by}"] = float(np.mean(model.curve[-50:]))
    return found, metrics


# ---- what came out -----------------------------------------------------------------------------------------------------


def report(model: Any, recipe: str = "real", prompt: str = "The function ", seed: int = 0) -> str:
    """What it writes, from cautious to bold."""
    if recipe == "known":
        return "It cannot generate: what comes out, five wide, does not fit what goes in, ten wide."
    minigrad.seed(seed)
    vocabulary = load()[2]
    return "\n\n".join(
        f"---- temperature {t}\n{generate(model, vocabulary, prompt, 400, t)}"
        for t in (0.3, 0.7, 1.0)
    )


def pictures(model: Any, out: Path, recipe: str = "real"):
    """Bits per character by epoch; of the known network, its loss by step with either way to train it."""
    if recipe == "known":
        plots.curves(
            {f"by {name}": one.curve for name, one in model.items()},
            xlabel="step",
            ylabel="MSE",
            title="A backward that returns noise teaches nothing",
            path=out / "loss.png",
        )
    else:
        epochs = np.arange(1, len(model.curves["training"]) + 1)
        plots.curves(
            {name: (epochs, values) for name, values in model.curves.items()},
            marker="o",
            xlabel="epoch",
            ylabel="bits per character",
            title="What the next character costs",
            path=out / "bits.png",
        )
