"""Diffusion on handwritten digits: DDPM, DDIM, and guidance by classes (Ho et al. 2020,
arXiv:2006.11239).

Noise is added to an image in T small steps until nothing else is left; a network learns what noise
was added. A sample starts as noise and is denoised step by step. All that a step needs is a_t (the
paper's alpha bar), the share of the image's variance that is left after t steps:

    x_t = sqrt(a_t) x_0 + sqrt(1 - a_t) noise                                  (equation 4)

- The cosine schedule (Nichol & Dhariwal 2021, arXiv:2102.09672) loses the image evenly; the linear
  one of the first paper is through with it long before T.
- DDIM (Song et al. 2020, arXiv:2010.02502) leaves out the new noise in each step, and so may take
  20 steps in place of 100. With eta = 1 and all steps it is DDPM.
- With classes, a tenth of the labels is hidden in training, so that one network predicts with and
  without them. Guidance (Ho & Salimans 2022, arXiv:2207.12598) goes beyond the former: samples look
  more like their class and less like each other, which the Frechet distance punishes.

Samples are drawn with the averages of the weights over the last steps of training.

Lesson: tutorials/24_diffusion.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

import math
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

import minigrad
from minigrad import Model, Tensor, no_grad, ops
from minigrad.backend import Array, backend
from minigrad.callbacks import AverageWeights
from minigrad.config import device_module
from minigrad.layers import (
    Conv2D,
    Dense,
    Dropout,
    Embedding,
    GroupNormalization,
    Layer,
    MultiHeadAttention,
    UpSampling2D,
)
from minigrad.layers.positions import sinusoids
from minigrad.optimizers.adam import Adam
from minigrad.optimizers.schedules import CosineDecay
from minigrad.random import generator, normal_like, use_generator
from minigrad.utils.registry import lookup

from ..common import judge, sample_plots
from ..common.film import write_film
from ..common.long_run import fit_steps

# ---- the schedules: betas, the variance of the noise that each step adds -------------------------


def linear_betas(steps: int) -> np.ndarray:
    """From .0001 to .02 in 1000 steps; larger ones where there are fewer.

    Args:
        steps: T.
    """
    scale = 1000 / steps
    return np.linspace(scale * 1e-4, min(scale * 0.02, 0.999), steps)


def cosine_betas(steps: int, offset: float = 0.008) -> np.ndarray:
    """Those with which a_t is a squared cosine from 1 to 0.

    Args:
        steps: T.
        offset: s, so that the first steps are not too small.
    """
    t = np.arange(steps + 1) / steps
    a = np.cos((t + offset) / (1 + offset) * math.pi / 2) ** 2
    return np.minimum(1 - a[1:] / a[:-1], 0.999)


SCHEDULES = {"linear": linear_betas, "cosine": cosine_betas}


def shares(betas: np.ndarray) -> np.ndarray:
    """a_0 = 1, a_1 .. a_T: the product of 1 - beta up to each step.

    Args:
        betas: (T,).
    """
    return np.concatenate([[1.0], np.cumprod(1 - betas)])


# ---- the steps: a is a_t, and a_next that of the less noisy step s < t to which one goes ---------


def add_noise(x: Any, noise: Any, a: Any) -> Any:
    """x_t."""
    return a**0.5 * x + (1 - a) ** 0.5 * noise


def remove_noise(x_t: Any, noise: Any, a: Any) -> Any:
    """x_0, if that is the noise in x_t."""
    return (x_t - (1 - a) ** 0.5 * noise) / a**0.5


def find_noise(x_t: Any, x: Any, a: Any) -> Any:
    """The noise in x_t, if that is x_0."""
    return (x_t - a**0.5 * x) / (1 - a) ** 0.5


def posterior(x_t: Any, x: Any, a: Any, a_next: Any) -> tuple[Any, Any]:
    """(mean, variance) of x_s, given x_t and x_0 (DDPM, equation 7)."""
    beta = 1 - a / a_next
    mean = (a_next**0.5 * beta * x + (1 - beta) ** 0.5 * (1 - a_next) * x_t) / (1 - a)
    return mean, beta * (1 - a_next) / (1 - a)


def ddim_step(x_t: Any, x: Any, a: Any, a_next: Any, eta: float, new_noise: Any) -> Any:
    """x_s, of which a part of the variance is new noise (DDIM, equations 12 and 16).

    Args:
        x_t: The noisy images.
        x: What they seem to show, x_0.
        a: a_t.
        a_next: a_s.
        eta: 0 for no new noise, 1 for as much as in DDPM.
        new_noise: Normal noise.
    """
    variance = eta**2 * (1 - a_next) / (1 - a) * (1 - a / a_next)
    noise = find_noise(x_t, x, a)
    return a_next**0.5 * x + (1 - a_next - variance) ** 0.5 * noise + variance**0.5 * new_noise


# ---- the network: what noise is in the images? ---------------------------------------------------


class ResidualBlock(Layer):
    """x + two convolutions, each after group norm and swish; the step t comes in between.

    Args:
        channels: Number of output channels.
        groups: Number of groups of the normalization.
        dropout: Share of elements to drop.
    """

    def __init__(self, channels: int, groups: int, dropout: float) -> None:
        super().__init__()
        self.norm_1 = GroupNormalization(groups)
        self.conv_1 = Conv2D(channels, 3, padding="same")
        self.project = Dense(channels)
        self.norm_2 = GroupNormalization(groups)
        self.dropout = Dropout(dropout)
        self.conv_2 = Conv2D(channels, 3, padding="same", kernel_initializer="zeros")
        self.channels = channels

    def build(self, input_shape: tuple[int, ...]) -> None:
        changes = input_shape[-1] != self.channels
        self.shortcut = Conv2D(self.channels, 1) if changes else None

    def call(self, x: Any, condition: Any) -> Any:  # type: ignore[override]
        h = self.conv_1(ops.silu(self.norm_1(x)))
        h = h + self.project(ops.silu(condition))[:, None, None, :]
        h = self.conv_2(self.dropout(ops.silu(self.norm_2(h))))
        return h + (x if self.shortcut is None else self.shortcut(x))


class AttentionBlock(Layer):
    """x + attention among its pixels, after group norm.

    Args:
        groups: Number of groups of the normalization.
    """

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.norm = GroupNormalization(groups)

    def build(self, input_shape: tuple[int, ...]) -> None:
        self.attention = MultiHeadAttention(1, input_shape[-1])

    def call(self, x: Any) -> Any:
        n, h, w, c = x.shape
        pixels = ops.reshape(self.norm(x), shape=(n, h * w, c))
        return x + ops.reshape(self.attention(pixels), shape=x.shape)


class Identity(Layer):
    """x: what stands in the place of attention where there is none."""

    def __init__(self, groups: int) -> None:
        super().__init__()

    def call(self, x: Any) -> Any:
        return x


class UNet(Layer):
    """(images, steps, labels) -> the noise in the images.

    On the way down each level halves the image; on the way up each block also sees what was there
    on the way down. The paper's for 32x32 colors is `UNet(128, (1, 2, 2, 2), 2, (16,), 32, 3)`.

    Args:
        channels: Number of channels of the first level.
        multiples: By level, how many times as many channels.
        blocks: Residual blocks per level on the way down; one more on the way up.
        attention: Heights of the images that have attention.
        groups: Number of groups of the normalization.
        colors: Number of channels of the images.
        classes: Number of classes; one more means "any". 0 for none.
        dropout: Share of elements to drop.
    """

    def __init__(
        self,
        channels: int = 32,
        multiples: Sequence[int] = (1, 2),
        blocks: int = 1,
        attention: Sequence[int] = (4,),
        groups: int = 8,
        colors: int = 1,
        classes: int = 10,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.widths = [channels * multiple for multiple in multiples]
        self.blocks, self.attention, self.groups = blocks, tuple(attention), groups
        self.channels, self.dropout = channels, dropout
        self.dense_1 = Dense(4 * channels, activation="silu")
        self.dense_2 = Dense(4 * channels)
        self.embedding = Embedding(classes + 1, 4 * channels) if classes else None
        self.first = Conv2D(channels, 3, padding="same")
        self.norm = GroupNormalization(groups)
        self.last = Conv2D(colors, 3, padding="same", kernel_initializer="zeros")

    def build(self, input_shape: tuple[int, ...]) -> None:
        levels = [(width, input_shape[1] >> i) for i, width in enumerate(self.widths)]
        self.down = [self._level(*level, self.blocks) for level in levels]
        self.smaller = [Conv2D(width, 3, 2, padding="same") for width in self.widths[:-1]]
        self.before, self.after = self._residual(self.widths[-1]), self._residual(self.widths[-1])
        self.between = AttentionBlock(self.groups)
        self.up = [self._level(*level, self.blocks + 1) for level in reversed(levels)]
        self.larger = [Conv2D(width, 3, padding="same") for width in self.widths[:0:-1]]

    def _residual(self, width: int) -> ResidualBlock:
        return ResidualBlock(width, self.groups, self.dropout)

    def _level(self, width: int, height: int, blocks: int) -> list[Any]:
        """Residual blocks, each with attention or what stands in its place."""
        kind = AttentionBlock if height in self.attention else Identity
        return [(self._residual(width), kind(self.groups)) for _ in range(blocks)]

    def call(self, x: Any, t: Any, labels: Any = None) -> Any:  # type: ignore[override]
        """The noise in the images.

        Args:
            x: Images (N, H, W, colors).
            t: Their steps (N,).
            labels: Their classes (N,); None without classes.
        """
        steps = t.data if isinstance(t, Tensor) else t
        condition = sinusoids(steps, self.channels, dtype=x.dtype)
        condition = self.dense_2(self.dense_1(condition))
        if self.embedding is not None:
            condition = condition + self.embedding(labels)
        h = self.first(x)
        seen = [h]
        for i, level in enumerate(self.down):
            for residual, attention in level:
                h = attention(residual(h, condition))
                seen.append(h)
            if i < len(self.smaller):
                h = self.smaller[i](h)
                seen.append(h)
        h = self.after(self.between(self.before(h, condition)), condition)
        for i, level in enumerate(self.up):
            for residual, attention in level:
                h = attention(residual(ops.concatenate([h, seen.pop()], axis=-1), condition))
            if i < len(self.larger):
                h = self.larger[i](UpSampling2D()(h))
        return self.last(ops.silu(self.norm(h)))


# ---- the model -----------------------------------------------------------------------------------

CLASSES = 10
ANY = CLASSES  # the label that names no class


class Diffusion(Model):
    """A network that predicts noise, its training step, and its sampler.

    Args:
        network: A UNet with classes.
        steps: T.
        schedule: "linear" or "cosine".
        hidden: Share of the labels that are hidden in training.
    """

    def __init__(
        self, network: UNet, steps: int = 100, schedule: str = "cosine", hidden: float = 0.1
    ) -> None:
        super().__init__()
        self.network, self.steps, self.hidden = network, steps, hidden
        self.shares = shares(lookup(schedule, SCHEDULES, "schedule")(steps))
        self.drawn: dict[str, np.ndarray] = {}  # samples by sampler, which `train` draws

    def call(self, inputs: Any) -> Any:
        """The noise in (images, steps, labels)."""
        return self.network(*inputs)

    def train_step(self, data: Any) -> dict[str, Any]:
        """One step of algorithm 1: find the noise in images of random steps."""
        x, labels = data
        draw, xp = generator(), backend(x)
        t = draw.integers(1, self.steps + 1, len(x))
        hides = xp.asarray(draw.random(len(x)) < self.hidden)
        a = xp.asarray(self.shares[t].astype(x.dtype)).reshape((-1, 1, 1, 1))
        noise = normal_like(x.shape, like=x)
        inputs = add_noise(x, noise, a), xp.asarray(t), xp.where(hides, ANY, labels)
        return super().train_step((inputs, noise))

    def noise(self, x: Array, t: int, labels: Array, guidance: float) -> Array:
        """The noise in images of one step: (1 + w) times that of their class, - w times any's."""
        t_of_each = backend(x).full(len(x), t)
        with_class = self((x, t_of_each, labels)).data
        if not guidance:
            return with_class
        without = self((x, t_of_each, labels * 0 + ANY)).data
        return (1 + guidance) * with_class - guidance * without

    def sample(
        self, labels: Any, steps: int = 20, eta: float = 0.0, guidance: float = 0.0
    ) -> np.ndarray:
        """Images of these classes.

        Args:
            labels: Their classes (N,); 10 for any.
            steps: Number of steps, at most T.
            eta: 0 for DDIM; 1 with T steps for DDPM.
            guidance: How far to go beyond the prediction for the class, w.

        Shape:
            (N,) -> (N, 8, 8, 1)
        """
        return self.film(labels, steps, eta, guidance)[-1]

    def film(
        self, labels: Any, steps: int = 20, eta: float = 0.0, guidance: float = 0.0
    ) -> np.ndarray:
        """What the images seem to show at each step, x_0, up to the images themselves.

        Args:
            labels: Their classes (N,); 10 for any.
            steps: Number of steps, at most T.
            eta: 0 for DDIM; 1 with T steps for DDPM.
            guidance: How far to go beyond the prediction for the class, w.

        Raises:
            ValueError: If there are more steps than T, or none.

        Shape:
            (N,) -> (steps, N, 8, 8, 1)
        """
        if not 1 <= steps <= self.steps:
            raise ValueError(f"{steps} steps: choose 1 to {self.steps}, the steps of training")
        labels = device_module().asarray(labels)
        x = normal_like((len(labels), 8, 8, 1), like=labels)
        seen = []
        # from below T, where something is left of the image: at T the first guess would be noise
        times = [*(1 + self.steps * i // steps for i in reversed(range(steps))), 0]
        with no_grad(), minigrad.training(False):
            for t, s in zip(times, times[1:]):
                a, a_next = float(self.shares[t]), float(self.shares[s])
                noise = self.noise(x, t, labels, guidance)
                shown = remove_noise(x, noise, a).clip(-1, 1)
                x = ddim_step(x, shown, a, a_next, eta, normal_like(x.shape, like=x) if eta else 0)
                seen.append(minigrad.to_cpu(shown))
        if not abs(self.network.last.kernel.numpy()).max():
            warnings.warn("this network is untrained: its samples are noise", stacklevel=2)
        return np.stack(seen)


# ---- training ------------------------------------------------------------------------------------

REFERENCE = (
    "elsewhere, 20 steps of DDIM: Frechet distance 1.07 (one Gaussian per class 9.1 to 10), .977 of "
    "class, copying 1.04; DDPM 1.24; without classes 27; guidance 1: 12.6"
)
TARGETS = [
    "ddim_ratio_to_gaussians <= 0.5",
    "ddim_as_asked >= 0.95",
    "ddim_copying >= 0.9",
    "ddim_copying <= 1.15",
    "ddim_classes >= 10",
]


Schedule = Literal["cosine", "linear"]


def build(channels: int = 32, steps: int = 100, schedule: Schedule = "cosine") -> Diffusion:
    """The model.

    Args:
        channels: Channels of the first level; the second has twice as many.
        steps: Number of steps of noise T.
        schedule: "cosine" or "linear".
    """
    return Diffusion(UNet(channels), steps, schedule)


def sample(model: Diffusion, n: int) -> np.ndarray:
    """Images of the classes 0 to 9 in turn, by DDIM.

    Args:
        model: The model.
        n: Number of images.
    """
    return draw(model, np.arange(n) % CLASSES)


def train(
    training_steps: int = 4000,
    batch_size: int = 64,
    learning_rate: float = 1e-3,
    decay: float = 0.999,
    steps: int = 100,
    schedule: Schedule = "cosine",
    channels: int = 32,
    sampling_steps: int = 20,
    judged: int = 2000,
    checkpoint: str = "",
    seed: int = 0,
    verbose: int = 1,
) -> tuple[Diffusion, dict[str, float]]:
    """Squared error of the noise, with Adam, warm-up and cosine: (model, metrics).

    Args:
        training_steps: Training steps, rounded up to whole passes over the rows.
        batch_size: Rows per step.
        learning_rate: Highest learning rate.
        decay: Decay of the averages of the weights.
        steps: Number of steps of noise T.
        schedule: "cosine" or "linear".
        channels: Channels of the first level; the second has twice as many.
        sampling_steps: Number of steps of DDIM.
        judged: Number of samples that are judged; a fifth as many of the slow samplers.
        checkpoint: Folder that keeps the state after each pass over the images; a training that is
            started again goes on from it.
        seed: Seed of weights, noise and samples.
        verbose: 1 shows progress, 0 does not.
    """
    minigrad.seed(seed)
    (x, y), _ = judge.load_data()
    warm_up = training_steps // 20
    rate = CosineDecay(0.0, training_steps, warmup_target=learning_rate, warmup_steps=warm_up)
    model = build(channels, steps, schedule)
    model.compile(Adam(rate, global_clipnorm=1.0), "mse", jit_compile=True)
    model.learning = fit_steps(
        model,
        x,
        training_steps,
        batch_size,
        lambda: same_samples(model, sampling_steps),
        verbose,
        [AverageWeights(decay)],
        checkpoint,
        y,
        drop_last=False,
    )
    metrics = {"loss": model.history.history["loss"][-1]}
    for name, (share, options) in SAMPLERS.items():
        labels = np.arange(judged // share) % CLASSES
        model.drawn[name] = draw(model, labels, sampling_steps, **options)
        for metric, value in evaluate(model.drawn[name], labels).items():
            metrics[f"{name}_{metric}"] = value
    return model, metrics


def same_samples(model: Diffusion, sampling_steps: int) -> np.ndarray:
    """Four images of each class, of the same noise each time.

    Args:
        model: The model.
        sampling_steps: Number of steps of DDIM.
    """
    with use_generator(0), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the film begins with an untrained network
        return model.sample(np.arange(4 * CLASSES) // 4, sampling_steps)


# by name: what part of the samples is drawn (fewer by the slow ones), and the options of `draw`
SAMPLERS: dict[str, tuple[int, dict[str, Any]]] = {
    "ddim": (1, {}),
    "ddpm": (5, {"eta": 1.0}),
    "guided": (5, {"guidance": 1.0}),
    "any_class": (5, {"any_class": True}),
}


def draw(
    model: Diffusion,
    labels: np.ndarray,
    sampling_steps: int = 20,
    eta: float = 0.0,
    guidance: float = 0.0,
    any_class: bool = False,
) -> np.ndarray:
    """Samples by DDIM, or by all steps of DDPM, 500 at a time.

    Args:
        model: The model.
        labels: Their classes (N,).
        sampling_steps: Number of steps of DDIM.
        eta: 0 for DDIM, 1 for DDPM.
        guidance: How far to go beyond the prediction for the class.
        any_class: True hides the classes from the model.
    """
    shown = np.full_like(labels, ANY) if any_class else labels
    steps = model.steps if eta else sampling_steps
    parts = np.array_split(shown, -(-len(labels) // 500))
    return np.concatenate([model.sample(part, steps, eta, guidance) for part in parts])


def evaluate(images: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """The judge's scores of samples, and the share that it takes for what was asked.

    Args:
        images: Samples.
        labels: The classes that were asked for.
    """
    critic = judge.load()
    right = critic.classify(images).argmax(1) == labels
    return critic.score(images) | {"as_asked": float(right.mean())}


def report(model: Diffusion) -> str:
    """The judge's table: the samples of each sampler beside the yardsticks.

    Args:
        model: The model, as `train` returns it.
    """
    fewest = min(map(len, model.drawn.values()))
    sets = {name: images[:fewest] for name, images in model.drawn.items()}
    return judge.load().report({NAMES[name]: images for name, images in sets.items()})


NAMES = {
    "ddim": "DDIM",
    "ddpm": "DDPM, all steps",
    "guided": "DDIM, guidance 1",
    "any_class": "DDIM, any class",
}


def pictures(model: Diffusion, out: Path, sampling_steps: int = 20) -> None:
    """Samples of each class, the film of their making, that of the learning, guidance, and how
    noise is added.
    """
    labels = np.repeat(np.arange(CLASSES), 12)
    samples = model.sample(labels, sampling_steps)
    sample_plots.draw_sheet(samples, 12, "Samples, 12 of each class (DDIM)", out / "samples.png")
    write_film(model.learning, out / "learning.gif")
    film = model.film(np.arange(CLASSES), sampling_steps)
    places = dict.fromkeys(np.linspace(0, len(film) - 1, 9).astype(int).tolist())
    shown = {str(i + 1): film[i] for i in places}
    sample_plots.draw_rows(shown, "What the images seem to show after each step", out / "film.png")
    guided = {
        f"guidance {w}": model.sample(np.arange(CLASSES), sampling_steps, guidance=w)
        for w in (0, 1, 3, 8)
    }
    sample_plots.draw_rows(guided, "Closer to the class, less varied", out / "guidance.png")
    (x, y), _ = judge.load_data()
    a = model.shares[:: max(model.steps // 8, 1)]
    image = x[[int((y == 3).argmax())] * len(a)]
    noise = np.random.default_rng(0).standard_normal(image.shape)
    noisy = add_noise(image, noise, a[:, None, None, None])
    sample_plots.draw_rows({"noisy": noisy}, "A digit under more and more noise", out / "noise.png")
