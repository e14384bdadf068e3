"""
22. DCGAN, digits on request, and a distance instead of a judge
===============================================================

Lesson 21 drew digits with Dense layers. This lesson gives the GAN three things more:

1. *Transposed convolutions*, which make a small image larger. A GAN of convolutions is a *DCGAN*
   (Radford, Metz and Chintala 2015, arXiv:1511.06434).
2. A *label*: "draw a 7". This is a *conditional GAN* (Mirza and Osindero 2014, arXiv:1411.1784).
3. A *distance* between real samples and fakes in place of a verdict "real" or "fake". This is the
   *Wasserstein GAN* with its *gradient penalty*, in short *WGAN-GP* (Gulrajani et al. 2017,
   arXiv:1704.00028).

All three are worked out by hand first, and then trained at a size that a laptop trains in seconds.
"""

import math
import sys
import warnings

import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import Model, Sequential, Tensor, datasets, grad, losses, ops, training
from minigrad.layers import (
    BatchNormalization,
    Concatenate,
    Conv1D,
    Conv1DTranspose,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Dropout,
    Flatten,
    Input,
    LeakyReLU,
    Reshape,
)
from minigrad.optimizers import SGD, Adam

LONG = "--long" in sys.argv

# %%
# A convolution, turned around
# ----------------------------
# A convolution with stride 2 makes a row of numbers shorter (lesson 12). A generator needs the
# opposite: from few numbers to many. Take the two numbers ``2, 3``, the kernel ``1, 2, 1`` and the
# stride 2. Each input number *stamps* the kernel, multiplied by this number, into the output, and
# the next stamp is two places further to the right. Where stamps overlap, they are added::
#
#     2 * (1, 2, 1)  =   2  4  2
#     3 * (1, 2, 1)  =         3  6  3
#     together           2  4  5  6  3
#
# This is a *transposed convolution*. From ``n`` numbers it makes ``(n - 1) * stride + kernel size``
# numbers, here ``1 * 2 + 3 = 5``.


def stamp(x, kernel, stride):
    """Transposed convolution of a row of numbers."""
    y = np.zeros((len(x) - 1) * stride + len(kernel))
    for i, value in enumerate(x):
        start = i * stride
        y[start : start + len(kernel)] += value * kernel
    return y


kernel = np.array([1.0, 2.0, 1.0])
stamped = stamp([2.0, 3.0], kernel, stride=2)
print("stamped:", stamped)
assert stamped.tolist() == [2, 4, 5, 6, 3]

# %%
# Where does the name come from? The convolution with stride 2, from five numbers to two, is a
# matrix product with a matrix of two rows. The rows are the kernel, the second one moved by two
# places. The *transposed* matrix has rows and columns exchanged, and goes from two numbers to five.

matrix = np.array([[1.0, 2.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 2.0, 1.0]])
assert np.allclose(matrix.T @ [2.0, 3.0], stamped)

five = np.array([1.0, 0.0, 2.0, 0.0, -1.0], "float32").reshape(1, 5, 1)  # (N, length, channels)
two = np.array([2.0, 3.0], "float32").reshape(1, 2, 1)
down = Conv1D(1, 3, strides=2, use_bias=False, input_shape=(5, 1))
up = Conv1DTranspose(1, 3, strides=2, use_bias=False, input_shape=(2, 1))
down(five), up(two)  # the first call makes the parameters
down.set_weights([kernel.reshape(3, 1, 1)])
up.set_weights([kernel.reshape(3, 1, 1)])
assert np.allclose(down(five).numpy().ravel(), matrix @ five.ravel())
assert np.allclose(up(two).numpy().ravel(), stamped)

# %%
# You know this matrix already. In the backward pass of a convolution, the gradient of the outputs
# travels to the inputs through the transposed matrix. So the transposed convolution is nothing new:
# it is the backward pass of a convolution, used forward.

x = Tensor(five, requires_grad=True)
(slope,) = grad(ops.sum(down(x) * two), [x])  # `two` is the gradient that arrives from above
assert np.allclose(slope.numpy(), up(two).numpy())

# %%
# **Choose the kernel size with care.** With kernel size 3 and stride 2, every other place gets one
# stamp, and the places between get two. A generator then draws a *checkerboard pattern* that is not
# in the data. A kernel size that the stride divides, such as 4 with stride 2, stamps evenly.

uneven = stamp(np.ones(6), np.ones(3), stride=2)
even = stamp(np.ones(6), np.ones(4), stride=2)
print("stamps per place, kernel 3:", uneven.astype(int), "  kernel 4:", even.astype(int))
assert set(uneven[1:-1]) == {1, 2} and set(even[2:-2]) == {2}


def stamp_image(image, side, stride):
    """Transposed convolution of an image with a kernel of ones."""
    size = (len(image) - 1) * stride + side
    y = np.zeros((size, size))
    for (i, j), value in np.ndenumerate(image):
        y[i * stride : i * stride + side, j * stride : j * stride + side] += value
    return y


fig, (left, middle, right) = plt.subplots(1, 3, figsize=(11, 3.7), layout="constrained")
bottom = np.zeros(5)
for i, (value, hatch) in enumerate(((2, ""), (3, "//"))):
    heights = np.zeros(5)
    heights[2 * i : 2 * i + 3] = value * kernel
    label = f"stamp of {value}"
    left.bar(range(5), heights, bottom=bottom, hatch=hatch, edgecolor="white", label=label)
    bottom += heights
left.set(xlabel="place", ylabel="value", ylim=(0, 8), title="Stamps are added: 2, 4, 5, 6, 3")
left.legend(loc="upper left")
for ax, side in ((middle, 3), (right, 4)):
    shown = ax.imshow(stamp_image(np.ones((6, 6)), side, 2), cmap="viridis", vmin=1, vmax=4)
    ax.set(title=f"Stamps per pixel, kernel {side}, stride 2", xlabel="column", ylabel="row")
fig.colorbar(shown, ax=[middle, right], label="stamps", ticks=[1, 2, 3, 4])
plt.show()

# %%
# Digits on request
# -----------------
# The generator starts with Dense, makes an image of 2 times 2 pixels with many channels, and
# doubles its size twice: 2, 4, 8. The discriminator does the opposite. These are the rules of
# DCGAN: strides in place of pooling, batch normalization, ``LeakyReLU`` in the discriminator,
# ``tanh`` at the end of the generator, Adam with ``beta_1 = 0.5``. (The paper has batch
# normalization in both networks. Ours has it in the generator only, as many later codes do.)
#
# Now the label. Both networks must see it.
#
# * The generator gets it *beside the noise*: 32 numbers of noise and 10 numbers one-hot (lesson 4).
# * The discriminator gets it *beside the image*, as ten more channels. The channel of the right
#   digit is 1 everywhere, the nine others are 0 everywhere. So the label is repeated over all
#   pixels.
#
# By hand for a 2 times 2 image with two classes and the label 1: the image ``(N, 2, 2, 1)`` gets
# two more channels, and every pixel ``v`` becomes ``(v, 0, 1)``.

NOISE, CLASSES = 32, 10


def join_noise(z, labels, classes=CLASSES):
    """(N, 32) and (N,) -> (N, 42): what the generator takes."""
    return np.concatenate([z, np.eye(classes, dtype="float32")[labels]], axis=1)


def join_maps(images, labels, classes=CLASSES):
    """(N, H, W, 1) and (N,) -> (N, H, W, 1 + classes): what the discriminator takes."""
    one_hot = np.eye(classes, dtype="float32")[labels][:, None, None, :]  # (N, 1, 1, classes)
    maps = ops.broadcast_to(one_hot, shape=(*images.shape[:-1], classes))
    return ops.concatenate([images, maps], axis=-1)


pixels = np.array([[0.1, 0.2], [0.3, 0.4]], "float32").reshape(1, 2, 2, 1)
joined = join_maps(Tensor(pixels), np.array([1]), classes=2).numpy()
print("a pixel with its label:", joined[0, 1, 0])
assert joined.shape == (1, 2, 2, 3) and np.allclose(joined[0, 1, 0], [0.3, 0, 1])


def make_generator(inputs):
    """(N, inputs) -> (N, 8, 8, 1) in -1..1."""
    return Sequential(
        [
            Input((inputs,)),
            Dense(2 * 2 * 32, use_bias=False),
            BatchNormalization(),
            LeakyReLU(0.2),
            Reshape((2, 2, 32)),
            Conv2DTranspose(16, 4, 2, padding="same", use_bias=False),  # (N, 4, 4, 16)
            BatchNormalization(),
            LeakyReLU(0.2),
            Conv2DTranspose(1, 4, 2, padding="same", activation="tanh"),  # (N, 8, 8, 1)
        ]
    )


def make_discriminator(channels):
    """(N, 8, 8, channels) -> logits (N, 1)."""
    return Sequential(
        [
            Input((8, 8, channels)),
            Conv2D(16, 4, 2, padding="same"),  # (N, 4, 4, 16)
            LeakyReLU(0.2),
            Dropout(0.3),
            Conv2D(32, 4, 2, padding="same"),  # (N, 2, 2, 32)
            LeakyReLU(0.2),
            Dropout(0.3),
            Flatten(),
            Dense(1),
        ]
    )


# %%
# The GAN is a model with a ``train_step``, as in lesson 21. One detail is new: the fakes are made
# once per step, and both networks learn from the same verdict on them. The losses are those of
# lesson 21, ``softplus(-logit)`` for the label "real", ``softplus(logit)`` for "fake".


class ConditionalGAN(Model):
    """Generator and discriminator that see the label, trained by fit(images, labels)."""

    def __init__(self):
        super().__init__()
        self.generator = make_generator(NOISE + CLASSES)
        self.discriminator = make_discriminator(1 + CLASSES)
        self.chance = np.random.default_rng(0)

    def compile(self, g_optimizer, d_optimizer):
        super().compile(g_optimizer)
        self.d_optimizer = d_optimizer

    def call(self, z):
        return self.generator(z)

    def train_step(self, data):
        images, labels = data
        z = self.chance.normal(size=(len(images), NOISE)).astype("float32")
        with training():
            fakes = self.generator(join_noise(z, labels))
            real_verdict = self.discriminator(join_maps(images, labels))
            fake_verdict = self.discriminator(join_maps(fakes, labels))
            d_loss = ops.mean(ops.softplus(-real_verdict)) + ops.mean(ops.softplus(fake_verdict))
            g_loss = ops.mean(ops.softplus(-fake_verdict))
        theta_g, theta_d = self.generator.trainable_weights, self.discriminator.trainable_weights
        g_slopes, d_slopes = grad(g_loss, theta_g), grad(d_loss, theta_d)
        self.optimizer.apply(g_slopes, theta_g)
        self.d_optimizer.apply(d_slopes, theta_d)
        return {"d_loss": d_loss.item(), "g_loss": g_loss.item()}


(x, y), (x_test, y_test) = datasets.digits.load_data(flat=False, scale="signed")
minigrad.seed(0)
gan = ConditionalGAN()
gan.compile(Adam(1e-3, beta_1=0.5), Adam(1e-3, beta_1=0.5))
gan.fit(x, y, batch_size=64, epochs=160 if LONG else 40, verbose=0)

# %%
# Does it draw what we ask for? A classifier that was trained on real digits looks at 500 samples,
# 50 of each digit. The answer must agree with the label that we asked for.

minigrad.seed(0)
classifier = Sequential(
    [Input((8, 8, 1)), Flatten(), Dense(128, activation="relu"), Dense(10, activation="softmax")]
)
classifier.compile("adam", "sparse_categorical_crossentropy")
classifier.fit(x, y, batch_size=64, epochs=30, verbose=0)

asked = np.arange(500) % 10
z = np.random.default_rng(5).normal(size=(500, NOISE)).astype("float32")
samples = gan.predict(join_noise(z, asked), verbose=0)
answers = classifier.predict(samples, verbose=0).argmax(axis=1)
as_asked = (answers == asked).mean()
print(f"as asked: {as_asked:.1%}")
assert as_asked > 0.8

# %%
# All samples of one digit could still be the same image. So measure the variety within a digit: the
# standard deviation of each pixel over the samples, compared with that of the real images.

variety = [
    samples[asked == digit].std(axis=0).mean() / x[y == digit].std(axis=0).mean()
    for digit in range(10)
]
print(f"variety within a digit, compared with real ones: {np.mean(variety):.2f}")
assert 0.4 < np.mean(variety) < 1.2

fig, axes = plt.subplots(5, 10, figsize=(8.5, 4.7), layout="constrained")
for row, line in enumerate(axes):
    for digit, ax in enumerate(line):
        ax.imshow(samples[10 * row + digit, ..., 0], cmap="gray", vmin=-1, vmax=1)
        ax.set(xticks=[], yticks=[])
        if row == 0:
            ax.set_title(f'"{digit}"')
fig.suptitle("Asked for, and drawn")
plt.show()

# %%
# Why a distance?
# ---------------
# A discriminator says "real" or "fake". Suppose the real numbers are spread evenly over 0 to 1, and
# the fakes over ``s`` to ``s + 1``. The best discriminator (lesson 21) says 0.5 where both occur,
# and it is sure everywhere else. So its loss is ``(1 - s) * 2 log 2`` while they overlap, and 0 as
# soon as ``s`` is larger than 1. Whether the fakes are at a distance of 2 or of 100, nothing
# changes. So nothing tells the generator which way is better.
#
# Think of both as heaps of earth. How much work is it to move the heap of fakes until it has the
# shape of the real heap? Work is amount times way. The smallest amount of work is called the
# *Wasserstein distance*. For two heaps that differ by a shift ``s`` it is ``s``. Its slope is the
# same at every distance.
#
# For equally many single numbers it is easy: sort both, and walk from the first to the first, from
# the second to the second, and so on. By hand, with the real numbers 2, 4, 6 and the fakes 5, 1, 2:
#
# * sorted fakes: 1, 2, 5
# * ways: ``|2 - 1| = 1``, ``|4 - 2| = 2``, ``|6 - 5| = 1``
# * Wasserstein distance: ``(1 + 2 + 1) / 3 = 1.333``


def wasserstein(a, b):
    """The Wasserstein distance of equally many numbers."""
    return abs(np.sort(a) - np.sort(b)).mean()


real_numbers, fake_numbers = np.array([2.0, 4.0, 6.0]), np.array([5.0, 1.0, 2.0])
print(f"W = {wasserstein(real_numbers, fake_numbers):.3f}")
assert math.isclose(wasserstein(real_numbers, fake_numbers), 4 / 3)

shifts = np.arange(26) / 10
best_losses, distances = [], []
for s in range(26):  # a shift of s tenths; there are 10 bins per tenth
    p, q = np.zeros(350), np.zeros(350)
    p[:100] = 1 / 100
    q[10 * s : 10 * s + 100] = 1 / 100
    there = p + q > 0
    best_d = p[there] / (p[there] + q[there])
    loss = -p[there] @ np.log(best_d + 1e-12) - q[there] @ np.log(1 - best_d + 1e-12)
    best_losses.append(loss)
    numbers = np.linspace(0, 1, 100)
    distances.append(wasserstein(numbers, numbers + shifts[s]))
assert np.allclose(distances, shifts)
assert np.allclose(best_losses, np.maximum(0, 1 - shifts) * 2 * math.log(2), atol=1e-6)
assert abs(best_losses[15] - best_losses[25]) < 1e-6  # shifts of 1.5 and of 2.5 look the same

fig, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
ax.plot(shifts, best_losses, "--", linewidth=2, label="loss of the best discriminator")
ax.plot(shifts, distances, linewidth=2, label="Wasserstein distance")
ax.axvline(1, color="gray", linestyle=":")
ax.text(1.05, 0.25, "from here on nothing overlaps")
ax.set(xlabel="shift s of the fakes", ylabel="value", title="Which of them shows the way?")
ax.legend(loc="upper left")
plt.show()

# %%
# A critic with a limited slope
# -----------------------------
# Images cannot be sorted. But there is a second way to the same number (Kantorovich and
# Rubinstein). Take a function ``f`` that gives each sample a number, and compare the means::
#
#     W = the largest possible value of  mean f(real) - mean f(fake)
#
# over all functions whose slope is nowhere larger than 1. (Such a function is called
# *1-Lipschitz*.) Without the limit one could multiply ``f`` by 1000. In our example ``f(x) = x`` is
# the best one: ``(2 + 4 + 6) / 3 - (1 + 2 + 5) / 3 = 4 - 2.667 = 1.333``. We try many others with
# slopes of at most 1. None gives more.

chance = np.random.default_rng(0)
corners = np.arange(0, 8)
gaps = []
for _ in range(2000):
    slopes = chance.uniform(-1, 1, len(corners) - 1)
    heights = np.concatenate([[0], np.cumsum(slopes)])
    values = [np.interp(numbers, corners, heights) for numbers in (real_numbers, fake_numbers)]
    gaps.append(values[0].mean() - values[1].mean())
print(f"f(x) = x: {real_numbers.mean() - fake_numbers.mean():.3f}   best of 2000: {max(gaps):.3f}")
assert math.isclose(real_numbers.mean() - fake_numbers.mean(), 4 / 3)
assert max(gaps) <= 4 / 3 + 1e-9

# %%
# In a *Wasserstein GAN* the function ``f`` is a network. It is called the *critic*, since it gives
# a number without limits and no verdict. The critic makes the gap of the means large, and the
# generator makes it small.
#
# How to keep the slope at 1? The *gradient penalty* adds ``10 * (|gradient of f| - 1)^2`` to the
# critic's loss. The gradient here is the one with the *input*: how fast ``f`` changes when the
# image changes. It is taken at a random point on the line between a real image and a fake.
#
# By hand: ``f(x) = a * x1^2 + b * x2`` with ``a = 1.5`` and ``b = 4``, at the point ``x = (1, 2)``.
#
# * Gradient with ``x``: ``(2 * a * x1, b) = (3, 4)``. Its length, the *norm*, is
#   ``sqrt(9 + 16) = 5``.
# * Penalty, without the factor 10: ``(5 - 1)^2 = 16``. It grows ``2 * (5 - 1) = 8`` times as fast
#   as the norm.
# * The norm grows with ``a`` by ``3 / 5 * 2 * x1 = 1.2``, and with ``b`` by ``4 / 5 = 0.8``.
# * So the slopes of the penalty are ``8 * 1.2 = 9.6`` for ``a`` and ``8 * 0.8 = 6.4`` for ``b``.
#
# The penalty contains a gradient, and for the step we need the gradient of the penalty: a gradient
# of a gradient. ``create_graph=True`` (lesson 2) records the first backward pass as a graph, and
# the second one goes backward through it. This is called *double backward*.
#
# In the recorded step, look at the first backward walk. Its rules are made of operations, such as
# ``multiply`` and ``power``, and these are recorded, too. The second backward walk starts at the
# penalty and goes backward through them, down to ``a`` and ``b``.

a = Tensor([1.5], requires_grad=True)
b = Tensor([4.0], requires_grad=True)
x1 = Tensor([1.0], requires_grad=True)
x2 = Tensor([2.0], requires_grad=True)

with minigrad.record() as run:
    score = ops.sum(a * x1**2 + b * x2)
    slope_1, slope_2 = grad(score, [x1, x2], create_graph=True)
    norm = ops.sqrt(slope_1**2 + slope_2**2)
    penalty = ops.sum((norm - 1) ** 2)
    slopes = grad(penalty, [a, b])
    SGD(0.1).apply(slopes, [a, b])

run.show()

print(f"norm {norm.item():.3f}   penalty {penalty.item():.3f}")
print(f"slopes {slopes[0].item():.3f} and {slopes[1].item():.3f}")
assert math.isclose(norm.item(), 5, rel_tol=1e-5)
assert math.isclose(penalty.item(), 16, rel_tol=1e-5)
assert np.allclose([slopes[0].item(), slopes[1].item()], [9.6, 6.4], rtol=1e-4)
assert np.allclose([a.item(), b.item()], [1.5 - 0.96, 4 - 0.64], rtol=1e-4)

# %%
# The same for a network and for many images. The norm belongs to *one* image, so the squares are
# added up over its pixels only. A nudge checks the double backward.


def gradient_norms(critic, images):
    """|gradient of the critic| at each image, as a function of the critic's parameters: (N,)."""
    x = Tensor(images, requires_grad=True)
    (slope,) = grad(ops.sum(critic(x)), [x], create_graph=True)
    pixels = ops.reshape(slope, shape=(len(images), -1))
    return ops.sqrt(ops.sum(pixels**2, axis=1))


def gradient_penalty(critic, images):
    return ops.mean((gradient_norms(critic, images) - 1) ** 2)


with minigrad.default_dtype("float64"):
    minigrad.seed(0)
    small = Sequential([Input((3,)), Dense(4, activation="tanh"), Dense(1)])
    rows = chance.normal(size=(5, 3))
    kernel = small.layers[0].kernel
    (slope,) = grad(gradient_penalty(small, rows), [kernel])
    start = kernel.numpy().copy()
    measured = np.zeros_like(start)
    for place in np.ndindex(start.shape):
        ends = []
        for h in (1e-5, -1e-5):
            nudged = start.copy()
            nudged[place] += h
            kernel.assign(nudged)
            ends.append(gradient_penalty(small, rows).item())
        measured[place] = (ends[0] - ends[1]) / 2e-5
print("largest difference between double backward and nudge:", abs(slope.numpy() - measured).max())
assert np.allclose(slope.numpy(), measured, atol=1e-6)

# %%
# Does a critic measure the distance?
# -----------------------------------
# Take 256 points in the plane as fakes, and the same points as real ones, moved by ``(1.2, 1.6)``.
# The way from each fake to its moved twin is ``sqrt(1.44 + 2.56) = 2`` long, and no plan needs less
# work. So ``W = 2``.


def critic_step(critic, optimizer, real, fakes, chance):
    """One step of the critic; its estimate of W, and the mean norm of its gradient."""
    share = chance.random((len(real), *[1] * (real.ndim - 1))).astype("float32")
    norms = gradient_norms(critic, share * real + (1 - share) * fakes)
    distance = ops.mean(critic(real)) - ops.mean(critic(fakes))
    loss = 10 * ops.mean((norms - 1) ** 2) - distance
    weights = critic.trainable_weights
    optimizer.apply(grad(loss, weights), weights)
    return distance.item(), ops.mean(norms).item()


minigrad.seed(0)
chance = np.random.default_rng(0)
fakes = chance.normal(size=(256, 2)).astype("float32")
real = fakes + np.array([1.2, 1.6], "float32")
critic = Sequential(
    [Input((2,)), Dense(32, activation="tanh"), Dense(32, activation="tanh"), Dense(1)]
)
optimizer = Adam(5e-3, beta_1=0.0, beta_2=0.9)
steps = [
    critic_step(critic, optimizer, chance.permutation(real), fakes, chance) for _ in range(300)
]
estimate, norm = np.mean(steps[-50:], axis=0)
print(f"W exactly 2, by the critic {estimate:.2f}, norm of its gradient {norm:.2f}")
assert 1.8 < estimate < 2.5
assert 0.9 < norm < 1.25

# %%
# The critic finds about the same distance. It is a little too large, because the penalty allows a
# slope that is a little above 1.
#
# WGAN-GP on digits
# -----------------
# The critic has no batch normalization: that would mix the images of a batch, and the norm would no
# longer belong to one image. The critic takes five steps for each step of the generator, because
# the generator needs a good estimate. Momentum is off (``beta_1 = 0``), because what the critic
# measures changes all the time.

minigrad.seed(1)
chance = np.random.default_rng(1)
generator = Sequential(
    [
        Input((NOISE,)),
        Dense(2 * 2 * 64, activation="relu"),
        Reshape((2, 2, 64)),
        Conv2DTranspose(32, 4, 2, padding="same", activation="relu"),
        Conv2DTranspose(1, 4, 2, padding="same", activation="tanh"),
    ]
)
critic = Sequential(
    [
        Input((8, 8, 1)),
        Conv2D(16, 4, 2, padding="same"),
        LeakyReLU(0.2),
        Conv2D(32, 4, 2, padding="same"),
        LeakyReLU(0.2),
        Flatten(),
        Dense(1),
    ]
)
g_optimizer = Adam(1e-3, beta_1=0.0, beta_2=0.9)
c_optimizer = Adam(1e-3, beta_1=0.0, beta_2=0.9)
theta_g = generator.trainable_weights


def draw_noise(n):
    return chance.normal(size=(n, NOISE)).astype("float32")


estimates, norms = [], []
for _ in range(1500 if LONG else 450):
    for _ in range(5):
        real = x[chance.integers(0, len(x), 32)]
        fakes = generator(draw_noise(32)).numpy()
        estimate, norm = critic_step(critic, c_optimizer, real, fakes, chance)
    estimates.append(estimate)
    norms.append(norm)
    g_loss = -ops.mean(critic(generator(draw_noise(32))))
    g_optimizer.apply(grad(g_loss, theta_g), theta_g)

wgan_samples = generator(draw_noise(500)).numpy()
probabilities = classifier.predict(wgan_samples, verbose=0)
sure = probabilities.max(axis=1) > 0.9
counts = np.bincount(probabilities.argmax(axis=1)[sure], minlength=10)
print(f"W: largest {max(estimates):.2f}, at the end {np.mean(estimates[-50:]):.2f}")
print(f"norm at the end {np.mean(norms[-50:]):.2f}   digits found {(counts >= 5).sum()} of 10")
assert np.mean(estimates[-50:]) < 0.5 * max(estimates)
assert 0.8 < np.mean(norms[-50:]) < 1.2
assert (counts >= 5).sum() >= 7

fig = plt.figure(figsize=(11, 3.6), layout="constrained")
left, right = fig.subfigures(1, 2, width_ratios=(1.2, 1))
ax = left.subplots()
ax.plot(estimates, label="W, as the critic sees it")
ax.plot(norms, "--", label="norm of the critic's gradient")
ax.axhline(1, color="gray", linestyle=":", label="the norm that is asked for")
ax.set(xlabel="step of the generator", ylabel="value", title="This loss shows progress")
ax.legend()
for place, image in zip(right.subplots(4, 8).flat, wgan_samples):
    place.imshow(image[..., 0], cmap="gray", vmin=-1, vmax=1)
    place.set(xticks=[], yticks=[])
right.suptitle("Samples")
plt.show()

# %%
# In lesson 21 the losses said nothing about the quality. Here the critic's estimate falls as the
# samples become better. That is the practical gain of a distance.
#
# What goes wrong
# ---------------
# **1. Image and label of different rank.** The conditional GAN of a well-known tutorial cannot be
# built: it joins images (N, 28, 28, 1) and labels (N, 10). The same with our images:

try:
    Concatenate()([x[:2], np.eye(10, dtype="float32")[y[:2]]])
except ValueError as mistake:
    message = str(mistake)
print("ValueError:", message[:170], "...")
assert "repeated over the pixels" in message

# %%
# **2. Logits taken for probabilities.** The discriminator ends in ``Dense(1)`` without a sigmoid,
# and the loss is ``"binary_crossentropy"``, which expects probabilities. Keras and minigrad clip
# them to 0.0000001 at least. So for a fake with the logit -3 the generator's loss is
# ``-log(1e-7) = 16.118``, and the gradient is exactly 0: a clipped number does not change. minigrad
# warns.

logit = Tensor([[-3.0]], requires_grad=True)
real_label = np.ones((1, 1), "float32")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    loss = losses.BinaryCrossentropy()(real_label, logit)
(dead,) = grad(loss, [logit])
(alive,) = grad(losses.BinaryCrossentropy(from_logits=True)(real_label, logit), [logit])
print(f"loss {loss.item():.3f}   gradient {dead.item():.1f}   from logits: {alive.item():.3f}")
print("warning:", caught[0].message)
assert math.isclose(loss.item(), 16.118, abs_tol=0.01)
assert dead.item() == 0 and math.isclose(alive.item(), 1 / (1 + math.exp(3)) - 1, abs_tol=1e-4)
assert "from_logits=True" in str(caught[0].message)

# %%
# **3. A penalty without a graph.** Without ``create_graph=True`` the gradient is a plain number,
# and the penalty cannot be improved by the critic's parameters.

images = Tensor(x[:4], requires_grad=True)
(slope,) = grad(ops.sum(critic(images)), [images])  # create_graph=True is missing
penalty = ops.mean((ops.sqrt(ops.sum(slope**2, axis=(1, 2, 3))) - 1) ** 2)
try:
    grad(penalty, critic.trainable_weights)
except ValueError as mistake:
    message = str(mistake)
print("ValueError:", message)
assert "depends on no Tensor that requires gradients" in message

# %%
# **4. Batch normalization in the critic.** There is no message at all. But look: with it, the
# number that the critic gives to image 0 depends on image 1.


def influence(layers):
    """The largest slope of the number of image 0 with the pixels of image 1."""
    network = Sequential([Input((64,)), *layers, Dense(1)])
    rows = Tensor(x[:8].reshape(8, 64), requires_grad=True)
    with training():
        (slope,) = grad(ops.sum(network(rows)[0]), [rows])
    return abs(slope.numpy()[1]).max()


minigrad.seed(0)
without = influence([Dense(16), LeakyReLU(0.2)])
with_norm = influence([Dense(16), BatchNormalization(), LeakyReLU(0.2)])
print(
    f"slope with another image: {without:.5f} without batch normalization, {with_norm:.5f} with it"
)
assert without == 0 and with_norm > 1e-3

# %%
# The full models are ``models/generative/dcgan.py``, ``models/generative/conditional_gan.py`` and
# ``models/generative/wgan_gp.py``: larger images, averaged weights, and measured distances beside
# those of other models. ``models/generative/conv_gan.py`` rebuilds one more tutorial, and says what
# its losses hide.
#
# What to remember
# ----------------
# * A transposed convolution stamps its kernel; it is the backward pass of a convolution. Let the
#   stride divide the kernel size.
# * A label goes beside the noise, and beside the image as maps.
# * A discriminator that is sure shows no direction; the Wasserstein distance does.
# * A critic with slope 1 measures it. The gradient penalty keeps the slope near 1, one norm per
#   image.
# * The penalty contains a gradient: ``create_graph=True``.
#
# Exercises
# ---------
# 1. Write ``answer_1(x, kernel, stride)`` with NumPy: the transposed convolution of a row of
#    numbers.
# 2. Write ``answer_2(n, size, stride)``: how many numbers come out if ``n`` numbers go into a
#    transposed convolution with this kernel size and stride.
# 3. Write ``answer_3(images, labels, classes)`` with NumPy: images (N, H, W, C) and labels (N,)
#    become (N, H, W, C + classes), the maps behind the image.
# 4. Write ``answer_4(a, b)``: the Wasserstein distance of two rows of equally many numbers.
# 5. Write ``answer_5(critic, x)``: the gradient penalty, the mean of ``(norm - 1)^2``, at the rows
#    of the array ``x`` (N, D), as a Tensor whose gradients reach the critic's parameters.
#    ``critic`` is a function of a Tensor (N, D).
#
# Write your answers as ``answer_1``, ``answer_2``, ... in a file and run
# ``python -m tutorials 22 --check my_answers.py``. The solutions stand in
# ``tutorials/solutions/22_dcgan_conditional_wgan.py``.
