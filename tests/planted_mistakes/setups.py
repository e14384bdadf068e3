"""Healthy trainings, drawn at random: data, network, optimizer, and the way the run is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

import minigrad
from minigrad import Input, Model, Sequential, datasets, losses, ops, optimizers
from minigrad.layers import (
    GRU,
    LSTM,
    BatchNormalization,
    Bidirectional,
    Conv1D,
    Conv2D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    LayerNormalization,
    MaxPooling2D,
    TransformerEncoder,
)
from minigrad.utils import to_categorical

Array = Any
Rows = tuple[Array, Array]

STYLES = ["fit", "fit", "train_on_batch", "grad", "tape", "backward"]
ASSEMBLIES = ["sequential", "functional", "subclass"]
NETWORKS = {
    "rows": ["mlp", "mlp"],
    "images": ["cnn", "mlp"],
    "sequences": ["lstm", "gru", "cnn1d"],
    "tokens": ["embedding", "transformer", "lstm"],
}
DATA = {
    "digits": "rows",
    "digit images": "images",
    "diabetes": "rows",
    "tumors": "rows",
    "waves": "sequences",
    "trend": "sequences",
    "texts": "tokens",
}


# ---- data ----------------------------------------------------------------------------------------


@cache
def raw_tumors() -> Rows:
    """569 tumors, 30 measurements in their own units, benign or malignant."""
    from sklearn.datasets import load_breast_cancer

    x, y = load_breast_cancer(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    return x[order].astype("f"), y[order].astype("f")


@cache
def _digits(scale: str, flat: bool) -> Rows:
    (x, y), _ = datasets.digits.load_data(flat=flat, scale=scale)
    return x, y


def draw_waves(rng: np.random.Generator, n: int) -> Rows:
    """Noisy sines (N, T, 1) of four frequencies and any phase; which frequency it is."""
    steps = int(rng.integers(12, 20))
    y = rng.integers(4, size=n)
    phase = rng.uniform(0, 2 * np.pi, (n, 1))
    x = np.sin(np.arange(steps) * 0.4 * (y[:, None] + 1) + phase)
    return (x + rng.normal(0, 0.1, x.shape))[..., None].astype("f"), y


def draw_trend(rng: np.random.Generator, n: int) -> Rows:
    """Random walks (N, T, 2); the mean of the first feature less that of the second."""
    steps = int(rng.integers(8, 14))
    x = rng.normal(0, 0.5, (n, steps, 2)).cumsum(1)
    x = (x / x.std()).astype("f")
    return x, (x[..., 0] - x[..., 1]).mean(1)[:, None]


def draw_texts(rng: np.random.Generator, n: int) -> Rows:
    """Ids (N, T) of 60 words; the label says whether more of the first or of the next ten occur."""
    length = int(rng.integers(10, 16))
    y = rng.integers(2, size=n)
    x = rng.integers(20, 60, (n, length))
    marked = rng.random(x.shape) < 0.4
    words = rng.integers(10, size=x.shape) + 10 * y[:, None]
    return np.where(marked, words, x), y.astype("f")


def draw_rows(data: str, rng: np.random.Generator) -> tuple[Array, Array, str]:
    """(inputs, targets, task) of a data set; the rows in a drawn order."""
    n = int(rng.integers(320, 520))
    if data.startswith("digit"):
        x, y = _digits(str(rng.choice(["unit", "signed", "standard"])), data == "digits")
        rows = rng.permutation(len(x))[:n]
        return x[rows], y[rows], "classes"
    if data == "diabetes":
        (x, y), _ = datasets.diabetes.load_data()
        rows = rng.permutation(len(x))
        return x[rows], ((y - y.mean()) / y.std())[rows], "regression"
    if data == "tumors":
        x, y = raw_tumors()
        x = (x - x.mean(0)) / x.std(0)
        rows = rng.permutation(len(x))[:n]
        return x[rows], y[rows, None], "binary"
    x, y = {"waves": draw_waves, "trend": draw_trend, "texts": draw_texts}[data](rng, n)
    if data == "texts":
        return x, y[:, None], "binary"
    return x, y, "classes" if data == "waves" else "regression"


# ---- networks ------------------------------------------------------------------------------------


class Written(Model):
    """Layers in a `call` of one's own.

    Args:
        layers: The layers, in their order.
        call_layers: Another way from the input to the output: (layers, x) -> y.
    """

    def __init__(
        self, layers: list[Any], call_layers: Callable[[list[Any], Any], Any] | None = None
    ) -> None:
        super().__init__()
        self.parts = layers
        self.call_layers = call_layers or run_through

    def call(self, x: Any) -> Any:
        return self.call_layers(self.parts, x)


def run_through(layers: list[Any], x: Any) -> Any:
    """x through one layer after the other."""
    for layer in layers:
        x = layer(x)
    return x


@dataclass
class Setup:
    """One drawn training, before it is run. A mistake changes it."""

    seed: int
    data: str
    task: str  # classes, binary or regression
    network: str
    assembly: str
    style: str
    x: Array
    y: Array
    x_val: Array
    y_val: Array
    activation: str
    width: int
    options: dict[str, Any]  # dropout, batch norm, depth
    optimizer: Any  # () -> Optimizer
    optimizer_name: str
    batch_size: int
    epochs: int
    from_logits: bool
    loss: Any = None  # None: the one that fits
    output: Any = None  # (classes) -> layers at the end; None: those that fit
    change_layers: list[Callable[[list[Any]], list[Any]]] = field(default_factory=list)
    call_layers: Callable[[list[Any], Any], Any] | None = None
    fit_options: dict[str, Any] = field(default_factory=dict)
    loop: Callable[[Setup, Any], None] | None = None  # (setup, model): a run of one's own
    after_epoch: Callable[[Setup, Any], None] | None = None
    shuffle: bool = True
    watched_by_fit: bool = False
    first: dict[str, Any] = field(default_factory=dict)  # arguments of the first layer
    model: Any = None  # of the run
    watcher: Any = None  # of the run, also of one that was cut short

    def __str__(self) -> str:
        return (
            f"seed {self.seed}: {self.network} ({self.assembly}) on {self.data}, "
            f"{self.optimizer_name}, batches of {self.batch_size}, {self.style}"
        )

    # ---- what it is made of ----------------------------------------------------------------------

    @property
    def classes(self) -> int:
        labels = int(max(self.y.max(), self.y_val.max())) if self.task == "classes" else 0
        return labels + 1

    def body(self) -> list[Any]:
        """The hidden layers."""
        width, f, first = self.width, self.activation, self.first
        sequences = self.x.ndim == 3 or self.data == "texts"
        start: list[Any] = [Embedding(60, 16, name="words")] if self.data == "texts" else []
        if self.network == "mlp":
            flatten = [Flatten()] if self.x.ndim > 2 else []
            hidden = [Dense(width, activation=f, name="hidden1", **first), *self.between()]
            for i in range(1, self.options["depth"]):
                hidden += [Dense(width, activation=f, name=f"hidden{i + 1}"), *self.between()]
            return [*flatten, *hidden]
        if self.network == "cnn":
            return [
                Conv2D(8, 3, activation=f, name="hidden1", **first),
                *self.between()[:1],
                MaxPooling2D(2),
                Conv2D(16, 2, activation=f, name="hidden2"),
                Flatten() if self.options["depth"] > 1 else GlobalAveragePooling2D(),
                Dense(width, activation=f, name="hidden3"),
            ]
        if self.network == "cnn1d":
            pool = GlobalAveragePooling1D()
            return [Conv1D(width, 4, activation=f, name="hidden1", **first), pool]
        if self.network in ("lstm", "gru"):
            kind = LSTM if self.network == "lstm" else GRU
            cell = kind(max(width // 2, 12), name="hidden1", **first)
            wrapped = Bidirectional(cell) if self.options["bidirectional"] else cell
            return [*start, wrapped, *self.between()[-1:]]
        assert sequences
        if self.network == "transformer":
            block = TransformerEncoder(32, 2, dropout=0.1, name="hidden1")
            return [*start, block, GlobalAveragePooling1D()]
        dense = Dense(width, activation=f, name="hidden1", **first)
        return [*start, GlobalAveragePooling1D(), dense]

    def between(self) -> list[Any]:
        """The layers after a hidden one."""
        layers: list[Any] = []
        if self.options["norm"] == "batch":
            layers.append(BatchNormalization())
        if self.options["norm"] == "layer":
            layers.append(LayerNormalization())
        if self.options["dropout"]:
            layers.append(Dropout(self.options["dropout"]))
        return layers

    def final(self) -> list[Any]:
        """The output layer that fits the task."""
        if self.output is not None:
            return self.output(self.classes)
        names = {"classes": "softmax", "binary": "sigmoid", "regression": None}
        activation = None if self.from_logits else names[self.task]
        return [Dense(self.classes, activation=activation, name="output")]

    def fitting_loss(self) -> Any:
        """The loss that fits the task, or the one that the mistake chose."""
        if self.loss is not None:
            return self.loss
        if self.task == "regression":
            return losses.MeanSquaredError()
        if self.task == "binary":
            return losses.BinaryCrossentropy(from_logits=self.from_logits)
        return losses.SparseCategoricalCrossentropy(from_logits=self.from_logits)

    def layers(self) -> list[Any]:
        made = [*self.body(), *self.final()]
        for change in self.change_layers:
            made = change(made)
        return made

    def build(self) -> Any:
        """The model, with parameters."""
        made = self.layers()
        if self.assembly == "subclass" or self.call_layers is not None:
            model = Written(made, self.call_layers)
            model(self.x[:2])
            return model
        dtype = "int64" if self.data == "texts" else None
        start = Input(self.x.shape[1:], dtype=dtype)
        if self.assembly == "functional":
            return Model(start, run_through(made, start))
        return Sequential([start, *made])

    # ---- the run ---------------------------------------------------------------------------------

    def run(self, watched: bool = True) -> Any:
        """Train; returns the watcher, or the model if it is not watched."""
        minigrad.seed(self.seed)
        model = self.model = self.build()
        if self.loop is None and self.style in ("fit", "train_on_batch"):
            model.compile(self.optimizer(), self.fitting_loss(), metrics=self.metrics())
        if self.loop is None and self.style == "fit" and self.watched_by_fit and watched:
            return self.fit(model, watch=True).watcher
        with minigrad.watch(model) if watched else nullcontext(model) as watcher:
            self.watcher = watcher
            if self.loop is not None:
                self.loop(self, model)
            elif self.style == "fit":
                self.fit(model)
            else:
                self.own_epochs(model)
        return watcher

    def metrics(self) -> list[str]:
        return [] if self.task == "regression" else ["accuracy"]

    def fit(self, model: Any, **options: Any) -> Any:
        given: dict[str, Any] = {
            "batch_size": self.batch_size,
            "epochs": self.epochs,
            "verbose": 0,
            "validation_data": (self.x_val, self.y_val),
            "shuffle": self.shuffle,
        }
        return model.fit(self.x, self.y, **{**given, **self.fit_options, **options})

    def batches(self) -> Iterator[Rows]:
        """One epoch's batches."""
        order = np.arange(len(self.x))
        if self.shuffle:
            minigrad.random.generator().shuffle(order)
        for start in range(0, len(order), self.batch_size):
            rows = order[start : start + self.batch_size]
            yield self.x[rows], self.y[rows]

    def own_epochs(self, model: Any) -> None:
        """Epochs over `train_on_batch`, or steps written out, with an evaluation after each."""
        step = getattr(model, "train_on_batch", None)
        if self.style != "train_on_batch":
            step = own_step(self, model)
        for _ in range(self.epochs):
            for x, y in self.batches():
                step(x, y)
            if self.after_epoch is not None:
                self.after_epoch(self, model)
            elif self.style == "train_on_batch":
                model.evaluate(self.x_val, self.y_val)
            else:
                with minigrad.no_grad():
                    self.fitting_loss()(self.y_val, model(self.x_val))


def own_step(
    setup: Setup, model: Any, change_loss: Callable[[Any], Any] = lambda loss: loss
) -> Any:
    """A training step in the style of the setup: step(x, y) -> loss."""
    optimizer, loss_of = setup.optimizer(), setup.fitting_loss()
    weights = model.trainable_weights

    def loss_at(x: Array, y: Array) -> Any:
        with minigrad.training():
            return change_loss(loss_of(y, model(x)))

    def with_grad(x: Array, y: Array) -> Any:
        loss = loss_at(x, y)
        optimizer.apply(minigrad.grad(loss, weights, unused="none"), weights)
        return loss

    def with_tape(x: Array, y: Array) -> Any:
        with minigrad.GradientTape() as tape:
            loss = change_loss(loss_of(y, model(x, training=True)))
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
        return loss

    def with_backward(x: Array, y: Array) -> Any:
        for p in weights:
            p.grad = None
        loss = loss_at(x, y)
        loss.backward()
        optimizer.apply([p.grad for p in weights], weights)
        return loss

    return {"grad": with_grad, "tape": with_tape, "backward": with_backward}[setup.style]


# ---- drawing -------------------------------------------------------------------------------------


def draw_optimizer(rng: np.random.Generator) -> tuple[Any, str]:
    """(() -> Optimizer, its name) at a rate that is usual for it."""
    name = str(rng.choice(["adam", "adam", "adamw", "nadam", "rmsprop", "momentum", "sgd"]))
    rate = float(rng.choice([1e-3, 2e-3, 3e-3]))
    makers: dict[str, Callable[[], Any]] = {
        "adam": lambda: optimizers.Adam(rate),
        "adamw": lambda: optimizers.AdamW(rate, weight_decay=0.01),
        "nadam": lambda: optimizers.Nadam(rate),
        "rmsprop": lambda: optimizers.RMSprop(rate),
        "momentum": lambda: optimizers.SGD(5 * rate, momentum=0.9),
        "sgd": lambda: optimizers.SGD(20 * rate, clipnorm=1.0),
    }
    return makers[name], f"{name} {rate:g}"


def draw_setup(seed: int) -> Setup:
    """A healthy training; all of it follows from the seed."""
    rng = np.random.default_rng(seed)
    data = str(rng.choice(list(DATA)))
    network = str(rng.choice(NETWORKS[DATA[data]]))
    x, y, task = draw_rows(data, rng)
    held_out = len(x) // 5
    batch_size = int(rng.choice([16, 24, 32, 48]))
    if (len(x) - held_out) % batch_size == 1:
        x, y = x[:-1], y[:-1]  # a last batch of one row is a mistake of its own
    optimizer, optimizer_name = draw_optimizer(rng)
    if network != "mlp" and not optimizer_name.endswith("0.003"):
        optimizer, optimizer_name = lambda: optimizers.Adam(3e-3), "adam 0.003"
    if network not in ("mlp", "cnn") and optimizer_name.startswith(("sgd", "momentum")):
        optimizer, optimizer_name = lambda: optimizers.Adam(3e-3), "adam 0.003"
    options = {
        "depth": int(rng.integers(1, 4)),
        "norm": str(rng.choice(["none", "none", "batch", "layer"])),
        "dropout": float(rng.choice([0.0, 0.0, 0.2, 0.4])),
        "bidirectional": bool(rng.random() < 0.2),
    }
    return Setup(
        seed=seed,
        data=data,
        task=task,
        network=network,
        assembly=str(rng.choice(ASSEMBLIES)),
        style=str(rng.choice(STYLES)),
        x=x[held_out:],
        y=y[held_out:],
        x_val=x[:held_out],
        y_val=y[:held_out],
        activation=str(rng.choice(["relu", "relu", "relu", "tanh", "gelu", "elu"])),
        width=int(rng.choice([24, 32, 48, 64])),
        options=options,
        optimizer=optimizer,
        optimizer_name=optimizer_name,
        batch_size=batch_size,
        epochs=int(rng.integers(30, 46)),
        from_logits=bool(rng.random() < 0.4) and task != "regression",
        watched_by_fit=bool(rng.random() < 0.5),
    )


def one_hot(setup: Setup) -> None:
    """Targets as one-hot rows, with the loss for them."""
    classes = setup.classes
    setup.y, setup.y_val = (to_categorical(y, classes) for y in (setup.y, setup.y_val))


def softmax_by_hand(z: Any) -> Any:
    """A softmax written out."""
    e = ops.exp(z - ops.max(z, axis=-1, keepdims=True))
    return e / ops.sum(e, axis=-1, keepdims=True)
