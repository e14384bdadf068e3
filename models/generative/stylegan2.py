"""StyleGAN2 on handwritten digits (Karras et al. 2019, arXiv:1812.04948; 2020, arXiv:1912.04958).

Noise z does not enter the image. A mapping network turns it into a style w, and the image starts
from a learned constant of 4x4 pixels: each convolution has its input channels scaled by an affine
function of w, and its output channels brought back to variance 1 (modulation and demodulation).
Noise per pixel, with a learned strength, adds what is random in an image. Each resolution adds its
share to the image, which a filter enlarges on the way (skip connections); the discriminator is a
residual network that shrinks by the same filter. Their losses:

    D goes down    E[softplus(D(G(z)))] + E[softplus(-D(x))]
    G goes down    E[softplus(-D(G(z)))]

and now and then, so that they cost little (lazy regularization), each in a step of its own with the
weight times the interval:

    D goes down    gamma / 2 E[|grad D(x)|^2]                                           (R1)
    G goes down    E[(|J^T y| - a)^2], J = d G / d w, y random images, a the running mean of |J^T y|

The second, path length regularization, asks that a step in w changes the image by as much wherever
it starts. For most images the layers from a random one on get the style of another z (style
mixing), so that no layer relies on its neighbor's style: coarse layers come to decide the shape,
fine ones the stroke. After training, w can be drawn to its mean (truncation), which makes faces
better and less varied. The mean of digits is no digit, so here it only costs variety.

Other than in the paper, images end in tanh, since most pixels of digits are black or white: without
it the background stays gray for long. Each step makes its fakes once, for both networks; and both
learn faster, D most of all, for runs of thousands of steps in place of a million.

Lesson: tutorials/23_stylegan2_and_cyclegan.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import minigrad
from minigrad import Model, Sequential, Tensor, grad, no_grad, ops, plots, training
from minigrad.backend import Array, backend
from minigrad.callbacks import AverageWeights
from minigrad.config import device_module
from minigrad.layers import (
    Activation,
    Conv2D,
    Dense,
    EqualizedLearningRate,
    Flatten,
    Layer,
    MinibatchStdDev,
    ModulatedConv2D,
    PixelNormalization,
)
from minigrad.optimizers.adam import Adam
from minigrad.random import generator as random_numbers
from minigrad.random import normal_like, use_generator

from ..common import judge, sample_plots
from ..common.adversarial import Adversarial, check_range
from ..common.film import write_film
from ..common.long_run import fit_steps

FILTER = (1, 3, 3, 1)
BLUR = tuple(k / sum(FILTER) for k in FILTER)


def widths(size: int, base: int = 32768, most: int = 512) -> list[int]:
    """Channels by resolution, 4, 8, .. size: base / resolution, at most `most`.

    Args:
        size: Height and width of the images, a power of 2.
        base: 32768 in the paper's large networks (configuration F), 16384 in those before.
        most: The largest number of channels.

    Raises:
        ValueError: If the size is not 8, 16, 32, ..

    Example:
        >>> widths(1024)
        [512, 512, 512, 512, 512, 256, 128, 64, 32]
    """
    if size < 8 or size & (size - 1):
        raise ValueError(f"stylegan2: images of {size}x{size}: choose 8, 16, 32, .., a power of 2")
    return [min(base // resolution, most) for resolution in resolutions(size)]


def resolutions(size: int) -> list[int]:
    """4, 8, .. size."""
    return [1 << i for i in range(2, size.bit_length())]


def activate(x: Any) -> Any:
    """Leaky ReLU, times sqrt(2) so that the variance stays about the same."""
    return ops.leaky_relu(x, negative_slope=0.2) * 2**0.5


# ---- the generator -------------------------------------------------------------------------------


class Mapping(Layer):
    """z (N, Z) -> w (N, W), by dense layers that learn a hundred times slower than the rest.

    Args:
        latent: W, the size of styles.
        depth: Number of layers.
    """

    def __init__(self, latent: int, depth: int) -> None:
        super().__init__()
        self.normalize = PixelNormalization()
        self.layers = [EqualizedLearningRate(Dense(latent), 1.0, 0.01) for _ in range(depth)]
        self.mean = self.add_weight((latent,), "zeros", trainable=False)

    def call(self, z: Any) -> Any:
        w = self.normalize(z)
        for layer in self.layers:
            w = activate(layer(w))
        return w

    def track(self, w: Tensor, decay: float = 0.995) -> None:
        """Move the running mean of w on, for truncation.

        Args:
            w: Styles (N, W).
            decay: The share of the mean that stays.
        """
        self.mean.assign(decay * self.mean.data + (1 - decay) * w.data.mean(0))


class StyledConv(Layer):
    """A modulated convolution, noise per pixel, bias and activation.

    Args:
        channels: Number of output channels.
        up: 2 where images are enlarged.
    """

    def __init__(self, channels: int, up: int = 1) -> None:
        super().__init__()
        self.conv = ModulatedConv2D(channels, 3, up=up, filter=FILTER)
        self.strength = self.add_weight((), "zeros")
        self.bias = self.add_weight((channels,), "zeros")

    def call(self, x: Any, w: Any, noise: Any) -> Any:  # type: ignore[override]
        return activate(self.conv(x, w) + self.strength * noise + self.bias)


class ToImage(Layer):
    """What a resolution adds to the image: the paper's tRGB.

    Args:
        colors: Number of channels of images.
    """

    def __init__(self, colors: int) -> None:
        super().__init__()
        self.conv = ModulatedConv2D(colors, 1, demodulate=False)
        self.bias = self.add_weight((colors,), "zeros")

    def call(self, x: Any, w: Any) -> Any:  # type: ignore[override]
        return self.conv(x, w) + self.bias


class Synthesis(Layer):
    """Styles (N, L, W) and noise per layer -> images (N, size, size, colors) in -1..1.

    There is a style per convolution and one for the last ToImage. Each ToImage has that of the
    convolution after it.

    Args:
        widths: Channels by resolution, from 4x4 on.
        colors: Number of channels of images.
    """

    def __init__(self, widths: Sequence[int], colors: int = 1) -> None:
        super().__init__()
        self.constant = self.add_weight((4, 4, widths[0]), minigrad.initializers.RandomNormal(1.0))
        self.convs = [StyledConv(widths[0])]
        for channels in widths[1:]:
            self.convs += [StyledConv(channels, up=2), StyledConv(channels)]
        self.to_images = [ToImage(colors) for _ in widths]

    def call(self, w: Any, noise: Sequence[Any]) -> Any:  # type: ignore[override]
        """The images.

        Args:
            w: Styles (N, L, W).
            noise: Noise of each convolution, (N, H, W, 1), or 0.0.
        """
        x = ops.broadcast_to(self.constant, shape=(len(w), *self.constant.shape))
        x = self.convs[0](x, w[:, 0], noise[0])
        image = self.to_images[0](x, w[:, 1])
        for i in range(1, len(self.to_images)):
            x = self.convs[2 * i - 1](x, w[:, 2 * i - 1], noise[2 * i - 1])
            x = self.convs[2 * i](x, w[:, 2 * i], noise[2 * i])
            image = ops.upsample2d(image, filter=FILTER) + self.to_images[i](x, w[:, 2 * i + 1])
        return ops.tanh(image)


class Generator(Model):
    """Noise z (N, Z) -> images (N, size, size, colors).

    Args:
        widths: Channels by resolution, from 4x4 on.
        colors: Number of channels of images.
        latent: Size of z and w.
        depth: Number of layers of the mapping network.
    """

    def __init__(
        self, widths: Sequence[int], colors: int = 1, latent: int = 512, depth: int = 8
    ) -> None:
        super().__init__()
        self.mapping = Mapping(latent, depth)
        self.synthesis = Synthesis(widths, colors)
        self.latent = latent
        self.layers_with_style = 2 * len(widths)

    def call(self, z: Any) -> Any:
        """Images of noise, with noise per pixel."""
        return self.synthesis(self.styles(z), self.pixel_noise(len(z), like=z.data))

    def styles(self, z: Any, truncation: float = 1.0) -> Any:
        """One style for all layers: (N, L, W).

        Args:
            z: Noise (N, Z).
            truncation: 1 for w as it is, 0 for its mean.
        """
        w, mean = self.mapping(z), self.mapping.mean
        w = mean + truncation * (w - mean) if truncation != 1 else w
        return self.repeat(w)

    def repeat(self, w: Any) -> Any:
        """(N, W) -> (N, L, W)."""
        return ops.broadcast_to(w[:, None], shape=(len(w), self.layers_with_style, self.latent))

    def pixel_noise(self, n: int, like: Array) -> list[Array]:
        """Fresh noise per pixel, for each convolution.

        Args:
            n: Number of images.
            like: An array whose dtype and device the noise has.
        """
        return [
            normal_like((n, 4 << (i + 1) // 2, 4 << (i + 1) // 2, 1), like=like)
            for i in range(self.layers_with_style - 1)
        ]


def mix(w_1: Any, w_2: Any, first: Any) -> Any:
    """Styles of which the layers from `first` on are those of w_2.

    Args:
        w_1: Styles (N, L, W).
        w_2: Styles (N, L, W).
        first: A layer for each image (N,), or one for all.
    """
    layer = backend(w_1.data).arange(w_1.shape[1])[None, :, None]
    first = first if isinstance(first, int) else first[:, None, None]
    return ops.where(layer < first, w_1, w_2)


# ---- the discriminator ---------------------------------------------------------------------------


def conv(channels: int, size: int, **options: Any) -> EqualizedLearningRate:
    """A convolution with an equalized learning rate.

    Args:
        channels: Number of output channels.
        size: Height and width of the kernel.
        **options: Those of Conv2D.
    """
    return EqualizedLearningRate(Conv2D(channels, size, **({"padding": "same"} | options)))


class ResidualBlock(Layer):
    """Two convolutions beside one of a pixel, both of which halve the image after the filter.

    Args:
        channels: Number of output channels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.halve = conv(channels, 3, strides=2, padding="valid")
        self.skip = conv(channels, 1, use_bias=False)

    def build(self, input_shape: tuple[int, ...]) -> None:
        self.conv = conv(input_shape[-1], 3)

    def call(self, x: Any) -> Any:
        y = ops.upfirdn2d(activate(self.conv(x)), filter=BLUR, padding=2)
        shortcut = self.skip(ops.downsample2d(x, filter=FILTER))
        return (activate(self.halve(y)) + shortcut) * 0.5**0.5


class Discriminator(Model):
    """Images (N, size, size, colors) -> logits (N, 1) of the probability that they are real.

    Args:
        widths: Channels by resolution, from 4x4 on.
        group_size: Images that are compared with each other, so that D sees repetition.
    """

    def __init__(self, widths: Sequence[int], group_size: int = 4) -> None:
        super().__init__()
        self.from_image = conv(widths[-1], 1)
        self.blocks = [ResidualBlock(channels) for channels in widths[-2::-1]]
        self.verdict = Sequential(
            MinibatchStdDev(group_size),
            conv(widths[0], 3),
            Activation(activate),
            Flatten(),
            EqualizedLearningRate(Dense(widths[0])),
            Activation(activate),
            EqualizedLearningRate(Dense(1)),
        )

    def call(self, x: Any) -> Any:
        x = activate(self.from_image(x))
        for block in self.blocks:
            x = block(x)
        return self.verdict(x)


def count_parameters(
    size: int = 1024,
    colors: int = 3,
    latent: int = 512,
    depth: int = 8,
    base: int = 32768,
    most: int = 512,
) -> tuple[int, int]:
    """Parameters of G and D of a size, by default of the paper's, that is too large to run here.

    A convolution has as many parameters for one pixel, so no layer sees an image of that size.

    Args:
        size: Height and width of the images.
        colors: Number of channels of images.
        latent: Size of z and w.
        depth: Number of layers of the mapping network.
        base: Channels times resolution.
        most: The largest number of channels.
    """
    channels = widths(size, base, most)
    g, d = Generator(channels, colors, latent, depth), Discriminator(channels)
    zeros = device_module().zeros
    w, x = zeros((1, latent), "float32"), zeros((1, 4, 4, channels[0]), "float32")
    with no_grad():
        g.mapping(w)
        d.verdict(x)
        for i, styled in enumerate(g.synthesis.convs):
            x = styled(x[:, :1, :1], w, 0.0)
            if i % 2 == 0:
                g.synthesis.to_images[i // 2](x, w)
        x = d.from_image(zeros((1, 2, 2, colors), "float32"))
        for block in d.blocks:
            x = ops.broadcast_to(block(x), shape=(1, 2, 2, block.channels))
    return tuple(sum(p.size for p in network.trainable_weights) for network in (g, d))


# ---- the losses ----------------------------------------------------------------------------------


def generator_loss(fake: Any) -> Tensor:
    """E[softplus(-D(G(z)))] = -E[log p(real)].

    Args:
        fake: D's logits of fakes (N, 1).
    """
    return ops.mean(ops.softplus(-fake))


def discriminator_loss(real: Any, fake: Any) -> Tensor:
    """E[softplus(D(G(z)))] + E[softplus(-D(x))].

    Args:
        real: D's logits of real images (N, 1).
        fake: Those of fakes.
    """
    return ops.mean(ops.softplus(fake)) + ops.mean(ops.softplus(-real))


def r1_penalty(discriminator: Any, images: Any) -> Tensor:
    """E[|grad D(x)|^2], itself a function of D's weights (Mescheder et al. 2018).

    Args:
        discriminator: D.
        images: Real images (N, H, W, C).
    """
    x = images if isinstance(images, Tensor) else Tensor(images, requires_grad=True)
    (slope,) = grad(ops.sum(discriminator(x)), [x], create_graph=True)
    return ops.mean(ops.sum(slope**2, axis=(1, 2, 3)))


def path_lengths(synthesis: Any, w: Any, noise: Sequence[Any], y: Any) -> Tensor:
    """|J^T y| of each image, the root of the mean over layers: (N,) (equation 4).

    J^T y is the gradient of sum(G(w) y), so that J is never formed.

    Args:
        synthesis: The synthesis network.
        w: Styles (N, L, W), with gradient.
        noise: Noise of each convolution.
        y: Normal images (N, H, W, C).
    """
    pixels = y.shape[1] * y.shape[2]
    (product,) = grad(ops.sum(synthesis(w, noise) * y) / pixels**0.5, [w], create_graph=True)
    return ops.sqrt(ops.mean(ops.sum(product**2, axis=2), axis=1))


# ---- the model -----------------------------------------------------------------------------------


def lazy_adam(learning_rate: float, every: int) -> Adam:
    """Adam with the memory and rate of a step per minibatch, where one in k has a second step.

    Args:
        learning_rate: Rate per minibatch.
        every: k, the interval of the regularization (appendix B).
    """
    share = every / (every + 1)
    return Adam(share * learning_rate, beta_1=0.0, beta_2=0.99**share, epsilon=1e-8)


class StyleGAN2(Adversarial):
    """G and D, trained by `fit`.

    Args:
        generator: G.
        discriminator: D.
        gamma: Weight of R1.
        r1_every: Steps between two of R1.
        path_weight: Weight of path length regularization.
        path_every: Steps between two of it.
        mixing: Share of images with two styles.
    """

    def __init__(
        self,
        generator: Generator,
        discriminator: Discriminator,
        gamma: float = 10.0,
        r1_every: int = 16,
        path_weight: float = 2.0,
        path_every: int = 8,
        mixing: float = 0.9,
    ) -> None:
        generator.build((None, generator.latent))
        discriminator.build(generator.output_shape)
        super().__init__(generator, discriminator)
        self.gamma, self.r1_every = gamma, r1_every
        self.path_weight, self.path_every = path_weight, path_every
        self.mixing = mixing
        self.path_mean = self.add_weight((), "zeros", trainable=False)
        self.steps = 0
        self.last_r1 = 0.0  # of the last step that had it
        self.film: Any = None

    def train_step(self, data: Array) -> dict[str, float]:
        """One step of both networks, each against the other as it was; regularization when due.

        Args:
            data: Real images.
        """
        check_range("stylegan2", data)
        with training():
            fakes = self.generator.synthesis(
                self.mixed_styles(data), self.generator.pixel_noise(len(data), like=data)
            )
            real, fake = self.discriminator(data), self.discriminator(fakes)
            g_loss, d_loss = generator_loss(fake), discriminator_loss(real, fake)
        theta_g, theta_d = self.generator.trainable_weights, self.discriminator.trainable_weights
        d_slopes = grad(d_loss, theta_d)
        g_slopes = grad(g_loss, theta_g, retain_graph=False)
        self.optimizer.apply(g_slopes, theta_g)
        self.d_optimizer.apply(d_slopes, theta_d)
        if self.steps % self.path_every == 0:
            self.regularize_generator(data[: -(-len(data) // 2)])
        if self.steps % self.r1_every == 0:
            self.regularize_discriminator(data)
        self.steps += 1
        return {
            "g_loss": float(g_loss),
            "d_loss": float(d_loss),
            "real": float(ops.mean(real > 0)),
            "fake": float(ops.mean(fake > 0)),
            "r1": self.last_r1,
            "path_length": float(self.path_mean),
        }

    def mixed_styles(self, like: Array) -> Any:
        """Styles (N, L, W) of fresh noise, most of them of two; keeps track of the mean of w.

        Args:
            like: An array with as many rows as there are to be styles.
        """
        n, layers = len(like), self.generator.layers_with_style
        w_1, w_2 = (self.generator.mapping(self.noise(like)) for _ in range(2))
        self.generator.mapping.track(w_1)
        draw = random_numbers()
        is_mixed = draw.random(n) < self.mixing
        first = np.where(is_mixed, draw.integers(1, layers, n), layers)
        repeat = self.generator.repeat
        return mix(repeat(w_1), repeat(w_2), backend(like).asarray(first))

    def regularize_generator(self, like: Array) -> None:
        """A step of G for path lengths that are all alike.

        Args:
            like: Images, as many and as large as those to be made.
        """
        theta, synthesis = self.generator.trainable_weights, self.generator.synthesis
        with training():
            w, noise = self.mixed_styles(like), self.generator.pixel_noise(len(like), like=like)
            lengths = path_lengths(synthesis, w, noise, normal_like(like.shape, like=like))
            mean = self.path_mean.data + 0.01 * (lengths.data.mean() - self.path_mean.data)
            loss = self.path_weight * self.path_every * ops.mean((lengths - mean) ** 2)
        self.optimizer.apply(grad(loss, theta, retain_graph=False, unused="zeros"), theta)
        self.path_mean.assign(mean)

    def regularize_discriminator(self, data: Array) -> None:
        """A step of D for small gradients at real images.

        Args:
            data: Real images.
        """
        theta = self.discriminator.trainable_weights
        with training():
            penalty = r1_penalty(self.discriminator, data)
            loss = self.gamma / 2 * self.r1_every * penalty
        self.d_optimizer.apply(grad(loss, theta, retain_graph=False, unused="zeros"), theta)
        self.last_r1 = float(penalty)

    def get_state(self) -> dict[str, Any]:
        """The number of steps, on which it depends what is due."""
        return {"steps": self.steps, "last_r1": self.last_r1}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint.

        Args:
            state: What `get_state` returned.
        """
        self.steps, self.last_r1 = int(state["steps"]), float(state["last_r1"])


# ---- images of noise and of styles ---------------------------------------------------------------


def draw_noise(generator: Generator, n: int) -> Array:
    """Fresh z (N, Z) on the device.

    Args:
        generator: G.
        n: Number of rows.
    """
    return normal_like((n, generator.latent), like=generator.mapping.mean.data)


def styles(generator: Generator, z: Array, truncation: float = 1.0) -> Array:
    """Styles (N, L, W) of noise, in inference.

    Args:
        generator: G.
        z: Noise (N, Z).
        truncation: 1 for w as it is, 0 for its mean.
    """
    with no_grad():
        return generator.styles(Tensor(z), truncation).data


def render(generator: Generator, w: Array, noisy: bool = False) -> np.ndarray:
    """Images of styles, in inference.

    Args:
        generator: G.
        w: Styles (N, L, W).
        noisy: Whether there is noise per pixel.
    """
    images = []
    with no_grad(), training(False):
        for rows in np.array_split(np.arange(len(w)), -(-len(w) // 500)):
            part = w[rows[0] : rows[-1] + 1]
            silence = [0.0] * len(generator.synthesis.convs)
            noise = generator.pixel_noise(len(part), like=part) if noisy else silence
            images.append(minigrad.to_cpu(generator.synthesis(Tensor(part), noise).data))
    return np.concatenate(images)


def sample(model: StyleGAN2, n: int, truncation: float = 1.0) -> np.ndarray:
    """Images of fresh noise (N, size, size, colors) in -1..1.

    Args:
        model: The model.
        n: Number of images.
        truncation: 1 for styles as they are, 0 for their mean.
    """
    z = draw_noise(model.generator, n)
    return render(model.generator, styles(model.generator, z, truncation), noisy=True)


# ---- training ------------------------------------------------------------------------------------

REFERENCE = (
    "elsewhere a Frechet distance of 360 after 577 steps, blobs; at 1024x1024 the authors' networks "
    "have 30,370,060 and 29,012,513 parameters"
)
TARGETS = ["classes == 10", "ratio_to_gaussians <= 3"]


def load(size: int = 16) -> np.ndarray:
    """1437 digits (N, size, size, 1) in -1..1."""
    (x, _), _ = judge.load_data(size)
    return x


def build(
    size: int = 16,
    base: int = 32768,
    most: int = 32,
    latent: int = 64,
    depth: int = 4,
    gamma: float = 1.0,
    r1_every: int = 16,
    path_weight: float = 2.0,
    path_every: int = 8,
    mixing: float = 0.9,
) -> StyleGAN2:
    """Both networks.

    Args:
        size: Height and width of the images: 8, 16, 32, ..
        base: Channels times resolution, as far as `most` allows.
        most: The largest number of channels.
        latent: Size of z and w.
        depth: Number of layers of the mapping network.
        gamma: Weight of R1.
        r1_every: Steps between two of R1.
        path_weight: Weight of path length regularization.
        path_every: Steps between two of it.
        mixing: Share of images with two styles.
    """
    channels = widths(size, base, most)
    generator, discriminator = Generator(channels, 1, latent, depth), Discriminator(channels)
    return StyleGAN2(generator, discriminator, gamma, r1_every, path_weight, path_every, mixing)


def train(
    steps: int = 4000,
    size: int = 16,
    base: int = 32768,
    most: int = 32,
    latent: int = 64,
    depth: int = 4,
    batch_size: int = 32,
    g_rate: float = 4e-3,
    d_rate: float = 1e-2,
    gamma: float = 1.0,
    r1_every: int = 16,
    path_weight: float = 2.0,
    path_every: int = 8,
    mixing: float = 0.9,
    decay: float = 0.998,
    judged: int = 5000,
    checkpoint: str = "",
    seed: int = 0,
    verbose: int = 1,
) -> tuple[StyleGAN2, dict[str, float]]:
    """Both networks by Adam without momentum; G keeps the averages of its weights.

    Args:
        steps: Steps, rounded up to whole passes over the images.
        size: Height and width of the images: 8, 16, 32, ..
        base: Channels times resolution, as far as `most` allows.
        most: The largest number of channels; 512 in the paper.
        latent: Size of z and w; 512 in the paper.
        depth: Number of layers of the mapping network; 8 in the paper.
        batch_size: Real images per step.
        g_rate: Learning rate of G; the paper has 2e-3 for both.
        d_rate: That of D.
        gamma: Weight of R1; 10 in the paper, on images of far more pixels.
        r1_every: Steps between two of R1.
        path_weight: Weight of path length regularization.
        path_every: Steps between two of it.
        mixing: Share of images with two styles.
        decay: Decay of the averages of G's weights.
        judged: Number of samples that are judged.
        checkpoint: Folder that keeps the state after each pass over the images; a training that is
            started again goes on from it.
        seed: Seed of weights, noise and the order of images.
        verbose: 1 shows progress, 0 does not.
    """
    minigrad.seed(seed)
    model = build(size, base, most, latent, depth, gamma, r1_every, path_weight, path_every, mixing)
    model.compile(lazy_adam(g_rate, path_every), lazy_adam(d_rate, r1_every))
    with use_generator(0):
        z = draw_noise(model.generator, 64)
    averaging = AverageWeights(decay, layer=model.generator)
    model.film = fit_steps(
        model,
        load(size),
        steps,
        batch_size,
        lambda: render(model.generator, styles(model.generator, z)),
        verbose,
        [averaging],
        checkpoint,
    )
    return model, evaluate(model, judged)


TRUNCATION = 0.7  # of the samples that are judged and shown beside those without


def evaluate(model: StyleGAN2, judged: int = 5000) -> dict[str, float]:
    """The judge's scores with and without truncation, and what coarse and fine styles decide.

    Args:
        model: A trained model.
        judged: Number of samples.
    """
    images = sample(model, judged)
    critic = judge.load(images.shape[1])
    truncated = critic.score(sample(model, judged, TRUNCATION))
    return (
        critic.score(images)
        | {f"truncated_{name}": value for name, value in truncated.items()}
        | {"coarse_keeps_class": coarse_keeps_class(model.generator)}
        | {name: float(model.history.history[name][-1]) for name in ("d_loss", "path_length")}
    )


def coarse_keeps_class(generator: Generator, n: int = 1000) -> float:
    """The share of images whose class stays when their fine layers get another style.

    Args:
        generator: G.
        n: Number of images.
    """
    w_1, w_2 = (styles(generator, draw_noise(generator, n)) for _ in range(2))
    mixed = mix(Tensor(w_1), Tensor(w_2), w_1.shape[1] // 2).data
    images, others = (render(generator, w) for w in (w_1, mixed))
    critic = judge.load(images.shape[1])
    return float((critic.classify(images).argmax(1) == critic.classify(others).argmax(1)).mean())


def report(model: StyleGAN2, judged: int = 5000) -> str:
    """Scores of the samples, with and without truncation, beside the judge's yardsticks."""
    sets = {
        "StyleGAN2": sample(model, judged),
        f"StyleGAN2, truncation {TRUNCATION}": sample(model, judged, TRUNCATION),
    }
    return judge.load(sets["StyleGAN2"].shape[1]).report(sets)


# ---- pictures ------------------------------------------------------------------------------------


def pictures(model: StyleGAN2, out: Path) -> None:
    """Losses, a film, samples, styles drawn to their mean, and styles of two images mixed."""
    history, generator = model.history.history, model.generator
    for file, keys in (
        ("losses", {"g_loss": "G", "d_loss": "D"}),
        ("regularization", {"r1": "|grad D(x)|^2", "path_length": "path length"}),
    ):
        lines = {label: history[key] for key, label in keys.items()}
        plots.curves(lines, xlabel="epoch", ylabel=file, path=out / f"{file}.png")
    write_film(model.film, out / "film.gif")
    for file, truncation in (("samples", 1.0), ("truncated", TRUNCATION)):
        title = f"Samples, averaged weights, truncation {truncation}"
        images = sample(model, 100, truncation)
        sample_plots.draw_sheet(images, 20, title, out / f"{file}.png")
    z = draw_noise(generator, 12)
    rows = {
        f"{truncation}": render(generator, styles(generator, z, truncation))
        for truncation in (0.0, 0.25, 0.5, 0.75, 1.0)
    }
    sample_plots.draw_rows(
        rows, "Truncation: from the mean style to styles", out / "truncation.png"
    )
    w_1, w_2 = (styles(generator, draw_noise(generator, n)) for n in (6, 8))
    for file, grid in mixing_grids(generator, w_1, w_2).items():
        title = f"{file.capitalize()} styles of the first row, the others of the first column"
        sample_plots.draw_sheet(grid, len(w_2) + 1, title, out / f"{file}.png")


def mixing_grids(generator: Generator, w_1: Array, w_2: Array) -> dict[str, np.ndarray]:
    """Each row has the styles w_1 of its first image, but some from w_2, those of the first row.

    Args:
        generator: G.
        w_1: Styles (M, L, W).
        w_2: Styles (N, L, W).

    Returns:
        Images ((M + 1) * (N + 1), size, size, colors), where w_2 has the coarse layers, and where
        it has the fine ones.
    """
    rows, columns, layers = len(w_1), len(w_2), w_1.shape[1]
    xp = backend(w_1)
    left, top = Tensor(xp.repeat(w_1, columns, axis=0)), Tensor(xp.tile(w_2, (rows, 1, 1)))
    of_rows, of_columns = render(generator, w_1), render(generator, w_2)
    grids = {}
    for name, w in (("coarse", mix(top, left, layers // 2)), ("fine", mix(left, top, layers // 2))):
        inner = render(generator, w.data).reshape(rows, columns, *of_rows.shape[1:])
        head = np.concatenate([np.ones_like(of_rows[:1]), of_columns])
        body = np.concatenate([of_rows[:, None], inner], axis=1)
        grids[name] = np.concatenate([head[None], body]).reshape(-1, *of_rows.shape[1:])
    return grids
