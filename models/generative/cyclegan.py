"""CycleGAN: images of one domain as those of another, without pairs (Zhu et al. 2017,
arXiv:1703.10593).

Two generators, G: X -> Y and F: Y -> X, each have a discriminator that tells images of its domain
from translated ones. Translated images of the right kind could still be of anything; what holds
them to their source is the way back (equations 1 and 2, with the squares of section 4):

    D_Y goes down      (E[(D_Y(y) - 1)^2] + E[D_Y(G(x))^2]) / 2
    G and F go down    E[(D_Y(G(x)) - 1)^2] + E[(D_X(F(y)) - 1)^2]
                       + cycle (E|F(G(x)) - x| + E|G(F(y)) - y|)
                       + identity (E|G(y) - y| + E|F(x) - x|)

The discriminators judge patches, not whole images, and half of the fakes they see are older ones.

The domains here are two renderings of digits: white on black, and dark outlines on white. No digit
is in both. What a held-out digit looks like in the other rendering is known, and used for the score
alone: the error of a pixel, and whether a classifier of true images of that rendering finds the
class (`g_...` for X -> Y, `f_...` for Y -> X).

No loss says which y an x becomes. Any map that is undone will do if its images look real, and the
networks keep to the first one they find. The identity term is there to choose: it keeps the colors
of paintings. Here it chooses badly. It has white stay white, so the ground of y, which is white, is
drawn where x has its strokes: the way back is right, and hardly a digit keeps its class
(`identity_...`, trained beside).

Patches of two photographs, a temple and a flower, have no pairs, and the term helps. In 312 steps
the sky takes the color of the flower's ground and trees become red, with the outlines kept:

    python -m models cyclegan --domain photographs --identity 5 --batch-size 4 --steps 312 --reflect

Lesson: tutorials/23_stylegan2_and_cyclegan.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

import minigrad
from minigrad import Sequential, Tensor, datasets, grad, ops, plots, training
from minigrad.backend import Array
from minigrad.config import to_device
from minigrad.data.images import resize
from minigrad.initializers import RandomNormal
from minigrad.layers import (
    Conv2D,
    Conv2DTranspose,
    Input,
    InstanceNormalization,
    LeakyReLU,
    ReflectionPadding2D,
    ReLU,
    Residual,
)
from minigrad.optimizers.adam import Adam
from minigrad.optimizers.schedules import LearningRateSchedule
from minigrad.random import generator as random_numbers

from ..common import judge, sample_plots
from ..common.adversarial import Adversarial, check_range
from ..common.film import Film, write_film
from ..common.image_pool import ImagePool
from ..common.long_run import fit_steps

Shape = tuple[int, int, int]

# ---- the networks: 11,388,675 and 2,766,529 parameters at 256x256x3, width 64 --------------------


def make_generator(
    shape: Shape = (256, 256, 3), width: int = 64, blocks: int = 9, reflect: bool = False
) -> Sequential:
    """Images of one domain (N, H, W, C) -> those of the other, in -1..1.

    Args:
        shape: Shape of an image; height and width divide by 4.
        width: Channels of the first layer.
        blocks: Number of residual blocks.
        reflect: True mirrors the images at their edges, as the paper does; False adds zeros.
    """
    return Sequential(
        [
            Input(shape),
            *convolution(width, 7, reflect),
            *normalized(),
            Conv2D(2 * width, 3, 2, "same", kernel_initializer=small()),
            *normalized(),
            Conv2D(4 * width, 3, 2, "same", kernel_initializer=small()),
            *normalized(),
            *(residual_block(4 * width, reflect) for _ in range(blocks)),
            Conv2DTranspose(2 * width, 3, 2, "same", kernel_initializer=small()),
            *normalized(),
            Conv2DTranspose(width, 3, 2, "same", kernel_initializer=small()),
            *normalized(),
            *convolution(shape[-1], 7, reflect, activation="tanh"),
        ],
        name="generator",
    )


def make_discriminator(
    shape: Shape = (256, 256, 3), width: int = 64, strided: int = 4
) -> Sequential:
    """Images (N, H, W, C) -> one number per patch (N, h, w, 1), 1 for real ones.

    Args:
        shape: Shape of an image.
        width: Channels of the first layer; each later one has twice as many.
        strided: Number of convolutions of stride 2.

    Raises:
        ValueError: If a map of one pixel is left, which instance normalization makes constant.
    """
    if min(shape[:2]) <= 2 ** (strided - 1):
        raise ValueError(
            f"{strided} convolutions of stride 2 leave one pixel of {shape[0]}x{shape[1]}, and "
            "instance normalization makes that constant: choose fewer"
        )
    layers: list[Any] = [Input(shape)]
    for i in range(strided):
        layers.append(Conv2D(width * 2**i, 4, 2, "same", kernel_initializer=small()))
        layers += [InstanceNormalization()] if i else []
        layers.append(LeakyReLU(0.2))
    last = Conv2D(1, 4, 1, "same", kernel_initializer=small())
    return Sequential([*layers, last], name="discriminator")


def residual_block(channels: int, reflect: bool) -> Residual:
    """x + conv(relu(conv(x))), each convolution normalized.

    Args:
        channels: Channels of x.
        reflect: True mirrors the maps at their edges.
    """
    first, second = convolution(channels, 3, reflect), convolution(channels, 3, reflect)
    return Residual(Sequential([*first, *normalized(), *second, InstanceNormalization()]))


def convolution(filters: int, size: int, reflect: bool, activation: Any = None) -> list[Any]:
    """Layers of a convolution that keeps height and width.

    Args:
        filters: Channels of the output.
        size: Height and width of the kernel.
        reflect: True mirrors the maps at their edges, False adds zeros.
        activation: The activation.
    """
    border = [ReflectionPadding2D(size // 2)] if reflect else []
    padding = "valid" if reflect else "same"
    convolved = Conv2D(
        filters, size, padding=padding, activation=activation, kernel_initializer=small()
    )
    return [*border, convolved]


def normalized() -> list[Any]:
    """Instance normalization and relu."""
    return [InstanceNormalization(), ReLU()]


def small() -> RandomNormal:
    """The paper's start: normal, with standard deviation .02."""
    return RandomNormal(stddev=0.02)


# ---- the model -----------------------------------------------------------------------------------


class CycleGAN(Adversarial):
    """G, F and their discriminators, trained by `fit(Unpaired(x, y, batch_size))`.

    Called on images, or by `predict`, it is G.

    Args:
        g: The generator X -> Y.
        f: The generator Y -> X.
        d_x: The discriminator of X.
        d_y: That of Y.
        cycle: Weight of the way back.
        identity: Weight of leaving alone what is of the other domain already.
        pool_size: Number of older fakes that a discriminator is shown; None for new ones alone.
    """

    def __init__(
        self,
        g: Sequential,
        f: Sequential,
        d_x: Sequential,
        d_y: Sequential,
        cycle: float = 10.0,
        identity: float = 0.0,
        pool_size: int | None = 50,
    ) -> None:
        super().__init__(g, d_y)
        self.f = f
        self.d_x = d_x
        self.cycle = cycle
        self.identity = identity
        self.pools = [] if pool_size is None else [ImagePool(pool_size), ImagePool(pool_size)]

    @property
    def g(self) -> Sequential:
        """The generator X -> Y."""
        return self.generator

    @property
    def d_y(self) -> Sequential:
        """The discriminator of Y."""
        return self.discriminator

    def get_state(self) -> dict[str, Any]:
        """The images in the pools."""
        return {"pools": [list(pool.images) for pool in self.pools]}

    def set_state(self, state: dict[str, Any]) -> None:
        """Fill the pools with the images of a checkpoint.

        Args:
            state: What `get_state` returned.

        Raises:
            ValueError: If there is another number of pools, or one is too small.
        """
        kept = state["pools"]
        sizes = [pool.size for pool in self.pools]
        if len(kept) != len(sizes) or any(len(a) > n for a, n in zip(kept, sizes)):
            raise ValueError(
                f"pools of {[len(a) for a in kept]} images do not fit those of {sizes}"
            )
        device = self.weights[0].device
        for pool, images in zip(self.pools, kept):
            pool.images = [to_device(image, device) for image in images]

    def train_step(self, data: Any) -> dict[str, float]:
        """One step of G and F, and one of the discriminators.

        Args:
            data: Images of both domains (x, y).
        """
        x, y = check_domains(data)
        fake_x, fake_y, logs = self._generator_step(x, y)
        return logs | {"d_loss": self._discriminator_step(x, y, fake_x, fake_y)}

    def _generator_step(self, x: Array, y: Array) -> tuple[Tensor, Tensor, dict[str, float]]:
        """One step of G and F; returns the fakes, without their graph, and losses."""
        with training():
            fake_x, fake_y = self.f(y), self.g(x)
            adversarial = real_loss(self.d_y(fake_y)) + real_loss(self.d_x(fake_x))
            cycle = distance(self.f(fake_y), x) + distance(self.g(fake_x), y)
            loss = adversarial + self.cycle * cycle
            if self.identity:
                loss += self.identity * (distance(self.g(y), y) + distance(self.f(x), x))
        theta = [*self.g.trainable_weights, *self.f.trainable_weights]
        self.optimizer.apply(grad(loss, theta, retain_graph=False), theta)
        logs = {"g_loss": float(adversarial), "cycle_loss": float(cycle)}
        return fake_x.detach(), fake_y.detach(), logs

    def _discriminator_step(self, x: Array, y: Array, fake_x: Tensor, fake_y: Tensor) -> float:
        """One step of D_X and D_Y, on real images and fakes of the pools."""
        shown = [pool(fakes) for pool, fakes in zip(self.pools, (fake_x, fake_y))]
        fake_x, fake_y = shown or (fake_x, fake_y)
        with training():
            loss = discriminator_loss(self.d_x(x), self.d_x(fake_x))
            loss += discriminator_loss(self.d_y(y), self.d_y(fake_y))
        theta = [*self.d_x.trainable_weights, *self.d_y.trainable_weights]
        self.d_optimizer.apply(grad(loss, theta, retain_graph=False), theta)
        return float(loss)


def real_loss(verdict: Any) -> Tensor:
    """E[(D(fake) - 1)^2], which a generator lowers.

    Args:
        verdict: A discriminator's answers to patches of fakes.
    """
    return ops.mean((verdict - 1) ** 2)


def discriminator_loss(real: Any, fake: Any) -> Tensor:
    """(E[(D(real) - 1)^2] + E[D(fake)^2]) / 2.

    Args:
        real: A discriminator's answers to patches of real images.
        fake: Those to patches of fakes.
    """
    return (ops.mean((real - 1) ** 2) + ops.mean(fake**2)) / 2


def distance(a: Any, b: Any) -> Tensor:
    """E|a - b| over pixels.

    Args:
        a: Images.
        b: As many.
    """
    return ops.mean(ops.abs(a - b))


def check_domains(data: Any) -> tuple[Array, Array]:
    """The images of both domains in a batch.

    Args:
        data: What fit gives to a step.

    Raises:
        ValueError: If it is of one domain alone, their shapes differ, or pixels are not in -1..1.
    """
    if not isinstance(data, tuple) or len(data) != 2:
        raise ValueError(
            "cyclegan: a step needs images of two domains: fit(Unpaired(x, y, batch_size=16))"
        )
    x, y = data
    if x.shape != y.shape:
        raise ValueError(
            f"cyclegan: images {x.shape[1:]} in X and {y.shape[1:]} in Y: both generators "
            "keep the shape, so resize them to one: minigrad.data.images.resize(y, "
            f"{x.shape[1:3]})"
        )
    for images in (x, y):
        if not float(ops.max(ops.abs(images))) <= 1.001:  # a batch may be all dark, or all bright
            check_range("cyclegan", images)
    return x, y


# ---- training ------------------------------------------------------------------------------------


class Unpaired:
    """Batches of two domains, each in an order of its own.

    A pass goes through the larger domain, and as often as needed through the other one.

    Args:
        x: Images of X.
        y: Images of Y; there may be more, or fewer.
        batch_size: Images of each per batch; the last batch is filled up.

    Raises:
        ValueError: If a domain is empty, or its pixels are not in -1..1.

    Example:
        >>> batches = Unpaired(np.linspace(-1, 1, 4), np.linspace(-1, 1, 3), 2)
        >>> len(batches), [x.shape + y.shape for x, y in batches]
        (2, [(2, 2), (2, 2)])
    """

    def __init__(self, x: np.ndarray, y: np.ndarray, batch_size: int = 1) -> None:
        if not len(x) or not len(y):
            raise ValueError(f"Unpaired: {len(x)} images in X, {len(y)} in Y: both need some")
        for images in (x, y):
            check_range("cyclegan", images)
        self.domains = x, y
        self.batch_size = batch_size

    def __len__(self) -> int:
        return -(-max(map(len, self.domains)) // self.batch_size)

    def __iter__(self) -> Iterator[tuple[np.ndarray, ...]]:
        n = len(self) * self.batch_size
        orders = [
            np.resize(random_numbers().permutation(len(images)), n) for images in self.domains
        ]
        for rows in np.split(np.stack(orders), len(self), axis=1):
            yield tuple(images[i] for images, i in zip(self.domains, rows))


class SecondHalf(LearningRateSchedule):
    """A rate that is constant for half of the steps, then falls to 0 on a line.

    Args:
        initial_learning_rate: The rate of the first half.
        steps: Number of all steps.

    Example:
        >>> [SecondHalf(0.2, 100)(step) for step in (0, 50, 75, 100)]
        [0.2, 0.2, 0.1, 0.0]
    """

    def __init__(self, initial_learning_rate: float, steps: int) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.steps = steps

    def rate(self, step: float) -> float:
        """The rate at a step."""
        return self.initial_learning_rate * min(1.0, max(0.0, 2 * (1 - step / self.steps)))


REFERENCE = (
    "elsewhere, between a plain digit and a dark outline, .969 and .889 of held-out digits keep "
    "their class; with an identity weight of 5 training starts at .10"
)
TARGETS = [
    "g_kept >= 0.9",
    "f_kept >= 0.85",
    "g_error <= 0.2",
    "f_error <= 0.2",
    "identity_g_kept <= 0.5",
]
IDENTITY = 5.0  # the paper's weight for paintings: half of that of the cycle

Domain = Literal["digits", "photographs"]


class Beside:
    """What `train` keeps beside a CycleGAN, and is no part of it.

    Args:
        film: Its translations while it learned.
        lesson: One with the identity term, or None.
    """

    def __init__(self, film: Film, lesson: CycleGAN | None = None) -> None:
        self.film = film
        self.lesson = lesson


class Data(NamedTuple):
    """Images of both domains, in -1..1; held-out digits are pairs, for the score."""

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


def load(domain: Domain = "digits") -> Data:
    """Digits (N, 16, 16, 1), or patches of photographs (N, 32, 32, 3) at half of their size.

    Patches of the right quarter of each photograph are held out.

    Args:
        domain: "digits", plain in X and as outlines in Y, or "photographs": a temple and a flower.
    """
    if domain == "photographs":
        photographs = resize(2 * datasets.photographs.load_data() - 1, (213, 320))
        x, y = (patches(image[:, :240], 8) for image in photographs)
        x_test, y_test = (patches(image[:, 240:], 16) for image in photographs)
        return Data(x, y, x_test, y_test)
    (x, _), (x_test, _) = digits()
    half = len(x) // 2
    return Data(x[:half], outline(x[half:]), x_test, outline(x_test))


@cache
def digits() -> tuple[judge.Rows, judge.Rows]:
    """Digits at 12x12 within a black margin, and their classes, for training and for testing.

    Without the margin a digit's negative looks much like another digit. Half of the seeds then
    learn to draw the outline of the negative, which is undone as well: no loss is against it.
    """
    train_rows, test_rows = judge.load_data(8)
    margin = ((0, 0), (2, 2), (2, 2), (0, 0))
    x, x_test = (
        np.pad(resize(images, 12, "bilinear"), margin, constant_values=-1)
        for images, _ in (train_rows, test_rows)
    )
    return (x, train_rows[1]), (x_test, test_rows[1])


def outline(x: np.ndarray) -> np.ndarray:
    """Dark on white: 1 - (the brightest - the darkest of 3x3 pixels).

    Args:
        x: Images (N, H, W, C) in -1..1.
    """
    brightest = ops.max_pool(x, pool_size=3, strides=1, padding="same")
    darkest = -ops.max_pool(-x, pool_size=3, strides=1, padding="same")
    return 1 - (brightest - darkest)


def patches(image: np.ndarray, stride: int, size: int = 32) -> np.ndarray:
    """Squares (N, size, size, C) of an image (H, W, C).

    Args:
        image: The image.
        stride: Pixels from one to the next.
        size: Height and width of a patch.
    """
    windows = np.lib.stride_tricks.sliding_window_view(image, (size, size), axis=(0, 1))
    chosen = np.moveaxis(windows[::stride, ::stride], 2, -1)
    return chosen.reshape(-1, size, size, image.shape[-1])


def build(
    domain: Domain = "digits",
    width: int = 12,
    blocks: int = 2,
    reflect: bool = False,
    d_width: int = 32,
    strided: int = 2,
    cycle: float = 10.0,
    identity: float = 0.0,
    pool_size: int = 50,
) -> CycleGAN:
    """All four networks.

    Args:
        domain: What is translated: it gives the shape.
        width: Channels of the first layer of a generator; the paper has 64.
        blocks: Residual blocks of a generator; the paper has 9.
        reflect: Whether generators mirror images at their edges, as the paper's do.
        d_width: Channels of the first layer of a discriminator; the paper has 64.
        strided: Its convolutions of stride 2.
        cycle: Weight of the way back.
        identity: Weight of leaving alone what is of the other domain already.
        pool_size: Number of older fakes that a discriminator is shown.
    """
    shape = (32, 32, 3) if domain == "photographs" else (16, 16, 1)
    g, f = (make_generator(shape, width, blocks, reflect) for _ in range(2))
    d_x, d_y = (make_discriminator(shape, d_width, strided) for _ in range(2))
    return CycleGAN(g, f, d_x, d_y, cycle, identity, pool_size)


def train(
    domain: Domain = "digits",
    steps: int = 720,
    batch_size: int = 16,
    learning_rate: float = 1e-3,
    decay: bool = True,
    width: int = 12,
    blocks: int = 2,
    reflect: bool = False,
    d_width: int = 32,
    strided: int = 2,
    cycle: float = 10.0,
    identity: float = 0.0,
    pool_size: int = 50,
    identity_steps: int = 135,
    checkpoint: str = "",
    seed: int = 0,
    verbose: int = 1,
) -> tuple[CycleGAN, dict[str, float]]:
    """All networks by Adam; beside it, for digits, small runs with the identity term.

    Args:
        domain: "digits", plain and as outlines, or "photographs": patches of a temple and a flower.
        steps: Steps, rounded up to whole passes over the images.
        batch_size: Images of each domain per step; the paper has 1.
        learning_rate: That of both optimizers; the paper has 2e-4.
        decay: Whether the rate falls to 0 in the second half.
        width: Channels of the first layer of a generator; the paper has 64.
        blocks: Residual blocks of a generator; the paper has 9.
        reflect: Whether generators mirror images at their edges, as the paper's do.
        d_width: Channels of the first layer of a discriminator; the paper has 64.
        strided: Its convolutions of stride 2.
        cycle: Weight of the way back.
        identity: Weight of leaving alone what is of the other domain already; the paper has 5 for
            paintings.
        pool_size: Number of older fakes that a discriminator is shown.
        identity_steps: Steps with weight 5 beside it; 0 for none.
        checkpoint: Folder that keeps the state after each pass over the images; a training that is
            started again goes on from it.
        seed: Seed of weights, pools and the order of images.
        verbose: 1 shows progress, 0 does not.
    """
    sizes = width, blocks, reflect, d_width, strided
    minigrad.seed(seed)
    model = build(domain, *sizes, cycle, identity, pool_size)
    data = load(domain)
    film = fit(model, data, steps, batch_size, learning_rate, decay, verbose, checkpoint)
    model.beside = Beside(film)
    metrics = evaluate(model, domain)
    if domain == "digits" and identity_steps:
        minigrad.seed(seed)
        lesson = build(domain, *sizes, cycle, IDENTITY, pool_size)
        fit(lesson, data, identity_steps, batch_size, learning_rate)
        model.beside.lesson = lesson
        for name, value in evaluate(lesson).items():
            metrics[f"identity_{name}"] = value
    return model, metrics


def fit(
    model: CycleGAN,
    data: Data,
    steps: int,
    batch_size: int,
    learning_rate: float,
    decay: bool = True,
    verbose: int = 0,
    checkpoint: str = "",
) -> Film:
    """Whole passes over the images, as many as make up the steps; returns a film of both cycles.

    Args:
        model: The model.
        data: Images of both domains.
        steps: Steps.
        batch_size: Images of each domain per step.
        learning_rate: That of both optimizers.
        decay: Whether it falls to 0 in the second half.
        verbose: 1 shows progress, 0 does not.
        checkpoint: Folder that keeps the state.
    """
    batches = Unpaired(data.x, data.y, batch_size)
    all_steps = -(-steps // len(batches)) * len(batches)
    rate = SecondHalf(learning_rate, all_steps) if decay else learning_rate
    model.compile(Adam(rate, beta_1=0.5), Adam(rate, beta_1=0.5))
    shown = spread(data.x_test, 6), spread(data.y_test, 6)

    def draw() -> np.ndarray:
        return np.concatenate([*both_cycles(model, *shown).values()])

    return fit_steps(model, batches, steps, None, draw, verbose, checkpoint=checkpoint)


def both_cycles(model: CycleGAN, x: np.ndarray, y: np.ndarray) -> dict[str, np.ndarray]:
    """Images, what they become in the other domain, and what comes back.

    Args:
        model: The model.
        x: Images of X.
        y: Images of Y.
    """
    g, f = partial(model.g.predict, verbose=0), partial(model.f.predict, verbose=0)
    fake_x, fake_y = f(y), g(x)
    return {"x": x, "G(x)": fake_y, "F(G(x))": f(fake_y)} | {
        "y": y,
        "F(y)": fake_x,
        "G(F(y))": g(fake_x),
    }


# ---- the score -----------------------------------------------------------------------------------


@cache
def judges() -> tuple[judge.Judge, judge.Judge]:
    """Classifiers of plain digits and of outlines, each trained on true ones."""
    (x, y), (x_test, y_test) = digits()
    return (
        judge.Judge((x, y), (x_test, y_test)),
        judge.Judge((outline(x), y), (outline(x_test), y_test)),
    )


def evaluate(model: CycleGAN, domain: Domain = "digits") -> dict[str, float]:
    """On held-out images: E|F(G(x)) - x| + E|G(F(y)) - y|; of digits also the scores of both ways.

    Args:
        model: A trained model.
        domain: What it translates.
    """
    data = load(domain)
    images = both_cycles(model, data.x_test, data.y_test)
    there, back = images["F(G(x))"] - data.x_test, images["G(F(y))"] - data.y_test
    metrics = {"cycle_error": float(np.abs(there).mean() + np.abs(back).mean())}
    if domain == "photographs":
        return metrics
    judge_x, judge_y = judges()
    return (
        scores("g", images["G(x)"], data.y_test, judge_y)
        | scores("f", images["F(y)"], data.x_test, judge_x)
        | metrics
    )


def scores(
    name: str, images: np.ndarray, truth: np.ndarray, classifier: judge.Judge
) -> dict[str, float]:
    """The share of translated digits that keep their class, that of those whose nearest true image
    is their own, and the mean error of a pixel.

    Args:
        name: Put before the names of the scores.
        images: Translated digits.
        truth: What they should be.
        classifier: The judge of their domain.
    """
    from sklearn.metrics import pairwise_distances

    _, (_, labels) = digits()
    a, b = judge.flat(images), judge.flat(truth)
    gaps = pairwise_distances(a, b, metric="manhattan") / a.shape[1]  # (N, N)
    return {
        f"{name}_kept": float((classifier.classify(images).argmax(1) == labels).mean()),
        f"{name}_found": float((gaps.argmin(1) == np.arange(len(truth))).mean()),
        f"{name}_error": float(gaps.diagonal().mean()),
    }


def report(model: CycleGAN, domain: Domain = "digits") -> str:
    """The scores beside those of copies and negatives of the input, and the judges' own.

    Args:
        model: The model, as `train` returns it.
        domain: What it translates.
    """
    if domain == "photographs":
        return "no pairs are known: look at the pictures"
    data, (judge_x, judge_y) = load(domain), judges()
    kinds = {
        "CycleGAN": (
            model.g.predict(data.x_test, verbose=0),
            model.f.predict(data.y_test, verbose=0),
        ),
        "a copy": (data.x_test, data.y_test),
        "the negative": (-data.x_test, -data.y_test),
        "the truth": (data.y_test, data.x_test),
    }
    lines = [f"{'':14}x -> y: class, found, error   y -> x: class, found, error"]
    for name, (to_y, to_x) in kinds.items():
        figures = [*scores("g", to_y, data.y_test, judge_y).values()]
        figures += scores("f", to_x, data.x_test, judge_x).values()
        lines.append(f"{name:14}" + " ".join(f"{value:7.3f}" for value in figures))
    return "\n".join(lines)


def sample(model: CycleGAN, n: int) -> np.ndarray:
    """Held-out images of X as images of Y.

    Args:
        model: The model.
        n: Number of images; they repeat where there are fewer.
    """
    x = load("photographs" if model.g.input_shape[-1] == 3 else "digits").x_test
    return model.predict(x[np.arange(n) % len(x)], verbose=0)


# ---- pictures ------------------------------------------------------------------------------------


def pictures(model: CycleGAN, out: Path, domain: Domain = "digits") -> None:
    """Losses by epoch, both cycles beside the truth, those of the lesson, and a film."""
    history = model.history.history
    names = {"g_loss": "G and F", "d_loss": "D_X and D_Y", "cycle_loss": "cycle, unweighted"}
    lines = {name: history[key] for key, name in names.items()}
    plots.curves(lines, xlabel="epoch", ylabel="loss", path=out / "losses.png")
    draw_cycles(model, domain, "Both cycles", out / "cycles.png")
    if model.beside.lesson is not None:
        title = "With identity weight 5 the way back is right, the way there is not"
        draw_cycles(model.beside.lesson, domain, title, out / "identity.png")
    write_film(model.beside.film, out / "film.gif")


def spread(images: np.ndarray, n: int) -> np.ndarray:
    """So many images from the first to the last, at equal distances.

    Args:
        images: Images.
        n: Number of those to take.
    """
    return images[np.linspace(0, len(images) - 1, n).astype(int)]


def draw_cycles(model: CycleGAN, domain: Domain, title: str, path: Path, n: int = 14) -> None:
    """Held-out images, their translation, the truth where it is known, and what comes back.

    Args:
        model: The model.
        domain: What it translates.
        title: Title above them.
        path: File to write.
        n: Number of images of each domain.
    """
    data = load(domain)
    rows = both_cycles(model, spread(data.x_test, n), spread(data.y_test, n))
    if domain == "photographs":
        shown = list(rows)
    else:
        shown = ["x", "G(x)", "truth of x", "F(G(x))", "y", "F(y)", "truth of y", "G(F(y))"]
        rows |= {"truth of x": rows["y"], "truth of y": rows["x"]}
    sample_plots.draw_rows({name: rows[name] for name in shown}, title, path)
