"""SimpleNN 784-128-10 on MNIST: one hidden layer, He's start (arXiv:1502.01852), plain stochastic gradient descent.

What a first network written in NumPy looks like: no momentum, no decay, the last partial batch of an epoch dropped, and the
test set scored every epoch, which is fair only as long as nothing is chosen by it. On the embedded digits its 20 epochs are 220
steps (8740 on MNIST), and both curves still climb at the end.
"""

from __future__ import annotations

from pathlib import Path

import minigrad
from minigrad import Sequential, datasets
from minigrad.initializers import VarianceScaling
from minigrad.layers import Dense
from minigrad.optimizers.sgd import SGD
from minigrad.utils.registry import lookup

from ..common import image_classification

# ---- the model: 100,480 + 1,290 = 101,770 parameters -------------------------------------------------------------------


def he():
    """N(0, 1) * sqrt(2 / in): with relu, which blocks half, signals keep their size."""
    return VarianceScaling(2.0, "fan_in", "untruncated_normal")


def simple_nn() -> Sequential:
    """(N, 784) -> (N, 10): probabilities of the digits."""
    return Sequential(
        [
            Dense(128, activation="relu", kernel_initializer=he(), input_shape=(784,)),  # (N, 128)
            Dense(10, activation="softmax", kernel_initializer=he()),  # (N, 10)
        ]
    )


# ---- training ----------------------------------------------------------------------------------------------------------


def load(data: str = "digits28"):
    """The embedded digits28 or, from the network, mnist: (N, 784) in 0..1."""
    return lookup(
        data,
        {"digits28": datasets.digits28.load_data, "mnist": datasets.mnist.load_data},
        "data set",
    )()


SEEDS = 5
REFERENCE = (
    "the same network in bare NumPy reaches .914-.928 on digits28 in three seeds, with a training loss of .447-.462; "
    "over twenty seeds the accuracy is .914 with a deviation of .009"
)
TARGETS = ["accuracy >= 0.914"]


def train(
    data: str = "digits28",
    epochs: int = 20,
    batch_size: int = 128,
    learning_rate: float = 0.01,
    seed: int = 0,
    verbose: int = 1,
):
    """Cross-entropy with plain SGD on whole batches."""
    minigrad.seed(seed)
    (x, y), (x_test, y_test) = load(data)
    model = simple_nn()
    model.compile(
        optimizer=SGD(learning_rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    model.history = model.fit(
        x,
        y,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(x_test, y_test),
        drop_last=True,
        verbose=verbose,
    )
    last = {name: values[-1] for name, values in model.history.history.items()}
    return model, {
        "accuracy": last["val_accuracy"],
        "wrong": round((1 - last["val_accuracy"]) * len(y_test)),
        "loss": last["val_loss"],
        "training_loss": last["loss"],
        "training_accuracy": last["accuracy"],
    }


def report(model, data: str = "digits28") -> str:
    """Precision, recall and F1 of each digit."""
    return image_classification.report(model, load(data)[1])


def pictures(model, out: Path, data: str = "digits28"):
    """Loss and accuracy by epoch, forty test digits with their predictions, and which were mistaken for which."""
    image_classification.pictures(model, out, load(data)[1])
