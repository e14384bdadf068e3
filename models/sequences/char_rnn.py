"""Character-level language model: an LSTM that says which character comes next (Graves 2013,
arXiv:1308.0850, section 3).

It reads the texts of Python's help(), cut into streams that are read side by side in windows; the
states go on from window to window, the gradient does not (truncated backpropagation through time,
Williams & Peng 1990). It is measured in bits per character on the last tenth of the text, and
`generate` writes by feeding back what it drew. Early in training the cells of a few streams
saturate and stay so, at 14 bits per character: hence the poor first value on the validation text.

`--recipe known` is the network of a known tutorial, 10-20-5 with tanh. Its backward returns random
numbers times .01 and reads neither the loss nor the data, so it cannot learn; and its output, five
wide, does not fit its input, ten wide, so it cannot generate. Here the same network with the same
steps learns from gradients, beside one that gets such numbers.

Lesson: tutorials/17_text.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np

import minigrad
from minigrad import Model, Sequential, Tensor, datasets, grad, losses, no_grad, plots, training
from minigrad.config import to_device
from minigrad.data.tokenizers.vocabulary import CharVocabulary
from minigrad.initializers import RandomNormal
from minigrad.layers import LSTM, Dense, Embedding, Input, SimpleRNN
from minigrad.optimizers.adam import Adam
from minigrad.optimizers.schedules import CosineDecay
from minigrad.optimizers.sgd import SGD
from minigrad.random import generator, normal_like
from minigrad.utils.registry import lookup

# ---- the model: of 103 characters 3,296 + 295,936 + 26,471 = 325,703 parameters ------------------


class CharLSTM(Model):
    """Ids (N, T) -> logits (N, T, vocabulary) of the character after each.

    Args:
        vocabulary: Number of characters.
        units: Units of the LSTM.
        width: Size of an embedding.
        name: Name of the model.
    """

    accepts_integers = True

    def __init__(
        self, vocabulary: int, units: int = 256, width: int = 32, name: str | None = None
    ) -> None:
        super().__init__(name)
        self.embedding = Embedding(vocabulary, width)
        self.lstm = LSTM(units, return_sequences=True, return_state=True)
        self.dense = Dense(vocabulary)
        self.build_from_shape((1,))

    def call(self, ids: Tensor, states: Any = None, return_states: bool = False) -> Any:
        """Logits, and with `return_states` the states (h, c) to go on from."""
        x = self.embedding(ids)  # (N, T, width)
        y, *states = self.lstm(x, initial_state=states)  # (N, T, units)
        logits = self.dense(y)
        return (logits, states) if return_states else logits


def generate(
    model: CharLSTM,
    vocabulary: CharVocabulary,
    prompt: str,
    length: int = 200,
    temperature: float = 1.0,
) -> str:
    """The prompt and `length` characters after it, drawn from softmax(logits / temperature).

    Each step reads one character and the states, so the cost grows linearly with the length.

    Args:
        model: A trained model.
        vocabulary: Its characters.
        prompt: The text to go on from.
        length: Number of characters to write.
        temperature: Boldness; 0 takes the likeliest character.

    Raises:
        ValueError: For an empty prompt, a character that is not in the vocabulary, a negative
            length or temperature.
    """
    if not prompt or length < 0 or temperature < 0:
        raise ValueError(
            f"generate: prompt {prompt!r}, length {length}, temperature {temperature}: expected a "
            "text to go on from, and numbers that are not negative"
        )
    ids = vocabulary.encode(prompt)
    written = ids.tolist()
    states = None
    with no_grad(), training(False):
        for _ in range(length):
            logits, states = model(to_device(ids[None]), states, return_states=True)
            ids = np.array([sample(logits.numpy()[0, -1].astype("float64"), temperature)])
            written += ids.tolist()
    return vocabulary.decode(written)


def sample(logits: np.ndarray, temperature: float = 1.0) -> int:
    """An index drawn from softmax(logits / temperature); the likeliest at temperature 0.

    Args:
        logits: Scores (classes,).
        temperature: Boldness.
    """
    if temperature == 0:
        return int(logits.argmax())
    scores = logits / temperature
    cumulative = np.exp(scores - scores.max()).cumsum()
    return int(np.searchsorted(cumulative, generator().random() * cumulative[-1], side="right"))


# ---- the text ------------------------------------------------------------------------------------

Text = tuple[np.ndarray, np.ndarray]  # ids, and the ids of the characters after them


def to_streams(ids: np.ndarray, n: int) -> Text:
    """A text as `n` streams of equal length: x (n, T), and y (n, T), the characters after x.

    Args:
        ids: The text; a few ids at its end are left out.
        n: Number of streams.

    Raises:
        ValueError: If the text is too short.
    """
    steps = (len(ids) - 1) // n
    if n < 1 or steps < 1:
        raise ValueError(
            f"to_streams: {len(ids)} characters do not make {n} streams of a character and the one "
            "behind it"
        )
    x = ids[: n * steps].reshape(n, steps)
    y = ids[1 : n * steps + 1].reshape(n, steps)
    return x, y


def windows(x: np.ndarray, y: np.ndarray, size: int) -> Iterator[tuple[Any, Any]]:
    """(x, y) of `size` characters in each stream, one after the other, on the device."""
    for start in range(0, x.shape[1], size):
        yield to_device(x[:, start : start + size]), to_device(y[:, start : start + size])


def bits_per_character(model: CharLSTM, x: np.ndarray, y: np.ndarray, size: int = 128) -> float:
    """Cross-entropy in bits over streams of a text, the states carried along each.

    Args:
        model: The model.
        x: Streams of a text.
        y: The characters after x.
        size: Characters per window.
    """
    total, states = 0.0, None
    with no_grad(), training(False):
        for ids, targets in windows(x, y, size):
            logits, states = model(ids, states, return_states=True)
            total += float(cross_entropy(targets, logits)) * targets.size
    return total / x.size / math.log(2)


def ngram_bits_per_character(
    text: np.ndarray, held_out: np.ndarray, vocabulary: int, order: int
) -> float:
    """Bits per character of a model that counts what follows the last `order` characters.

    Args:
        text: The text that is counted; each count begins at .01.
        held_out: The text that is measured.
        vocabulary: Number of characters.
        order: Number of characters that are looked at.
    """
    powers = vocabulary ** np.arange(order + 1)

    def keys(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of the n-grams and of their contexts."""
        runs = np.lib.stride_tricks.sliding_window_view(ids, order + 1)
        last_first = runs[:, ::-1]
        return last_first @ powers, last_first[:, 1:] @ powers[:-1]

    ngrams, contexts = keys(text)
    ngram_counts = np.bincount(ngrams, minlength=vocabulary ** (order + 1))
    context_counts = np.bincount(contexts, minlength=vocabulary**order)
    held_ngrams, held_contexts = keys(held_out)
    p = (ngram_counts[held_ngrams] + 0.01) / (context_counts[held_contexts] + 0.01 * vocabulary)
    return float(-np.log2(p).mean())


# ---- training ------------------------------------------------------------------------------------

cross_entropy = losses.SparseCategoricalCrossentropy(from_logits=True)
REFERENCE = (
    "who counts what follows the last two characters pays 2.51 bits, the last one 3.35, none 4.67"
)
TARGETS = ["bits_per_character <= 2", "gain_over_counting >= 0.4"]


def load() -> tuple[np.ndarray, np.ndarray, CharVocabulary]:
    """Ids of the training text and of the validation text, and the vocabulary."""
    text, held_out = datasets.python_help.load_data()
    vocabulary = CharVocabulary.fit((text, held_out))
    return vocabulary.encode(text), vocabulary.encode(held_out), vocabulary


def train(
    recipe: Literal["real", "known"] = "real",
    units: int = 256,
    epochs: int = 8,
    batch_size: int = 32,
    window: int = 64,
    learning_rate: float = 0.004,
    clip: float = 1.0,
    seed: int = 0,
    verbose: int = 1,
) -> tuple[Any, dict[str, float]]:
    """Cross-entropy with Adam over windows, the states carried from one to the next.

    Args:
        recipe: "real", or "known" for the known network: ({how it is trained: model}, metrics).
        units: Units of the LSTM.
        epochs: Passes over the text.
        batch_size: Number of streams.
        window: Characters per step.
        learning_rate: Learning rate at the start; it falls to 0 along a cosine.
        clip: Largest norm of the gradient of all parameters.
        seed: Seed of the weights.
        verbose: 1 prints bits per character by epoch, 0 does not.
    """
    minigrad.seed(seed)
    if lookup(recipe, {"real": False, "known": True}, "recipe"):
        return train_known_network()
    text, held_out, vocabulary = load()
    streams, held_streams = to_streams(text, batch_size), to_streams(held_out, batch_size)
    model: Any = CharLSTM(len(vocabulary), units)
    steps = epochs * math.ceil(streams[0].shape[1] / window)
    optimizer = Adam(CosineDecay(learning_rate, steps), global_clipnorm=clip)
    curves = model.curves = {"training": [], "validation": []}
    for epoch in range(epochs):
        curves["training"].append(train_epoch(model, optimizer, streams, window))
        curves["validation"].append(bits_per_character(model, *held_streams))
        if verbose:
            values = ", ".join(f"{part} {bits[-1]:.3f}" for part, bits in curves.items())
            print(f"epoch {epoch + 1}/{epochs}: {values}")
    metrics = {
        "bits_per_character": curves["validation"][-1],
        "training_bits": curves["training"][-1],
    }
    for order in range(3):
        bits = ngram_bits_per_character(text, held_out, len(vocabulary), order)
        metrics[f"bits_by_counting_{order}"] = bits
    best = min(metrics[f"bits_by_counting_{order}"] for order in range(3))
    metrics["gain_over_counting"] = best - metrics["bits_per_character"]
    return model, metrics


def train_epoch(model: CharLSTM, optimizer: Adam, streams: Text, window: int) -> float:
    """One pass over the text; returns bits per character."""
    weights = model.weights
    total, states = 0.0, None
    for x, y in windows(*streams, window):
        with training():
            logits, states = model(x, states, return_states=True)
            loss = cross_entropy(y, logits)
        optimizer.apply(grad(loss, weights), weights)
        states = [state.detach() for state in states]  # the gradient stops here
        total += float(loss) * x.size
    return total / streams[0].size / math.log(2)


# ---- the known network: 200 + 400 + 20 + 105 = 725 parameters ------------------------------------


def known_network() -> Sequential:
    """(N, T, 10) -> (N, T, 5): 20 units of tanh, weights N(0, 1) * .01, an output at each step."""
    small = RandomNormal(0.0, 0.01)
    return Sequential(
        [
            Input((15, 10)),
            SimpleRNN(
                20,
                return_sequences=True,
                kernel_initializer=small,
                recurrent_initializer=RandomNormal(0.0, 0.01),
            ),
            Dense(5, kernel_initializer=small),
        ]
    )


def train_known_network(
    steps: int = 500, learning_rate: float = 0.1
) -> tuple[dict[str, Any], dict[str, float]]:
    """Learn to repeat half of the input one step later: ({how it is trained: model}, metrics).

    Args:
        steps: Training steps, each on 32 new sequences.
        learning_rate: Learning rate of SGD.
    """
    models: dict[str, Any] = {}
    metrics: dict[str, float] = {}
    for trained_by in ("noise", "gradients"):
        model: Any = known_network()
        models[trained_by] = model
        weights = model.weights
        optimizer = SGD(learning_rate, momentum=0.9)
        model.curve = []
        for _ in range(steps):
            x = normal_like((32, 16, 10), weights[0].data)
            loss = losses.MeanSquaredError()(x[:, :-1, :5], model(x[:, 1:]))
            model.curve.append(float(loss))
            if trained_by == "noise":
                gradients = [0.01 * normal_like(p.shape, p.data) for p in weights]
            else:
                gradients = grad(loss, weights)
            optimizer.apply(gradients, weights)
        metrics[f"mse_by_{trained_by}"] = float(np.mean(model.curve[-50:]))
    return models, metrics


# ---- report and pictures -------------------------------------------------------------------------


def report(model: Any, recipe: str = "real", prompt: str = "The function ", seed: int = 0) -> str:
    """Generated text, from cautious to bold."""
    if recipe == "known":
        return "It cannot generate: what comes out, five wide, does not fit what goes in, ten wide."
    minigrad.seed(seed)
    _, _, vocabulary = load()
    parts = []
    for temperature in (0.3, 0.7, 1.0):
        text = generate(model, vocabulary, prompt, 400, temperature)
        parts.append(f"---- temperature {temperature}\n{text}")
    return "\n\n".join(parts)


def pictures(model: Any, out: Path, recipe: str = "real") -> None:
    """Bits per character by epoch; of the known network, its loss by step with either training."""
    if recipe == "known":
        plots.curves(
            {f"by {name}": network.curve for name, network in model.items()},
            xlabel="step",
            ylabel="MSE",
            title="A backward that returns noise teaches nothing",
            path=out / "loss.png",
        )
        return
    epochs = np.arange(1, len(model.curves["training"]) + 1)
    plots.curves(
        {name: (epochs, bits) for name, bits in model.curves.items()},
        marker="o",
        xlabel="epoch",
        ylabel="bits per character",
        title="The cost of the next character",
        path=out / "bits.png",
    )
