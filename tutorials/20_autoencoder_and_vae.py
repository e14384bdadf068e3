"""
20. Autoencoders, and the VAE: images from a few numbers
========================================================

A digit of 8 times 8 pixels is 64 numbers. Most lists of 64 numbers are not digits at all: they look
like noise. So a digit needs fewer numbers than 64, if one chooses them well. This lesson lets a
network choose them. One half of it, the *encoder*, turns the image into a few numbers. The other
half, the *decoder*, draws the image again from these numbers alone.

Then we ask for more. If the decoder can draw a digit from a few numbers, can it draw a *new* digit
from numbers that we make up? An ordinary autoencoder draws badly then. The *variational
autoencoder* (Kingma and Welling, arXiv:1312.6114) is built for this question. It needs two new
things, the KL divergence and the reparameterization trick, and we work out both by hand.
"""

import math
import sys

import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import Sequential, Tensor, datasets, grad, ops
from minigrad.layers import Dense, Input
from minigrad.optimizers import SGD, Adam

LONG = "--long" in sys.argv

# %%
# Two numbers become one
# ----------------------
# Four points in the plane: ``(11, 2)``, ``(5, 10)``, ``(-11, -2)`` and ``(-5, -10)``. Each has two
# numbers. We want to keep only *one* number per point, and lose as little as possible.
#
# Choose a direction of length 1, here ``u = (0.8, 0.6)``.
#
# * The encoder multiplies and adds: ``code = 0.8 * 11 + 0.6 * 2 = 10``. This one number is called
#   the *latent code* (latent means hidden).
# * The decoder goes that far along the direction: ``10 * (0.8, 0.6) = (8, 6)``. This is the
#   *reconstruction* of the point.
# * What is lost is the difference, ``(11, 2) - (8, 6) = (3, -4)``. Its square is ``9 + 16 = 25``.
#   Divided by the number of coordinates, 2, this is 12.5, the *reconstruction error*: a mean
#   squared error.

points = np.array([[11.0, 2.0], [5.0, 10.0], [-11.0, -2.0], [-5.0, -10.0]])
direction = np.array([0.8, 0.6])
codes = points @ direction
rebuilt = codes[:, None] * direction
error = ((points - rebuilt) ** 2).mean()
print("codes:", codes, "  error:", error)
assert np.allclose(codes, [10, 10, -10, -10])
assert np.allclose(rebuilt[0], [8, 6]) and math.isclose(error, 12.5)

# %%
# Is there a better direction? Try them all. A direction at the angle ``a`` is ``(cos a, sin a)``.


def error_at(angle):
    """The reconstruction error with the direction at this angle, in degrees."""
    a = math.radians(angle)
    along = np.array([math.cos(a), math.sin(a)])
    return ((points - (points @ along)[:, None] * along) ** 2).mean()


angles = np.arange(0, 180, 0.5)
errors = [error_at(angle) for angle in angles]
best = angles[np.argmin(errors)]
print(f"best angle: {best} degrees; ours: {math.degrees(math.atan2(0.6, 0.8)):.1f} degrees")
assert abs(best - math.degrees(math.atan2(0.6, 0.8))) < 0.5

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.9), layout="constrained")
left.plot([-13, 13], [-9.75, 9.75], color="gray", label="the direction (0.8, 0.6)")
for point, image in zip(points, rebuilt):
    left.plot(*zip(point, image), ":", color="tab:red")
left.plot(*points.T, "o", color="tab:blue", label="points")
left.plot(*rebuilt.T, "s", color="tab:red", label="reconstructions")
left.set(xlabel="first number", ylabel="second number", title="Two numbers become one, and back")
left.axis("equal")
left.legend(loc="upper left")
right.plot(angles, errors, linewidth=2)
right.plot(best, min(errors), "o", color="tab:red", label=f"smallest error, at {best:g} degrees")
right.set(
    xlabel="angle of the direction, in degrees",
    ylabel="reconstruction error",
    title="Which direction is best?",
    ylim=(0, None),
)
right.legend()
plt.show()

# %%
# Our direction was the best one already. There is a formula for it. The directions in which the
# points spread most are called the *principal components*. Keeping the first ``k`` of them is
# *principal component analysis*, in short *PCA*. NumPy finds them with ``svd``, after the mean of
# the points has been subtracted. In the first direction the points spread most, in the second one
# most of what is left, and so on.


def pca(x, k):
    """The mean of the rows of x, and the k directions in which they spread most: (k, columns)."""
    mean = x.mean(axis=0)
    _, _, directions = np.linalg.svd(x - mean, full_matrices=False)
    return mean, directions[:k]


def pca_rebuild(x, mean, directions):
    """Encode the rows with k numbers each, and decode them again."""
    codes = (x - mean) @ directions.T
    return codes @ directions + mean


mean, directions = pca(points, 1)
assert np.allclose(abs(directions), [[0.8, 0.6]])  # the sign is free: there and back agree
assert np.allclose(pca_rebuild(points, mean, directions), rebuilt)

# %%
# A network finds the same
# ------------------------
# The encoder is one Dense layer from 2 numbers to 1, the decoder one from 1 to 2, both without bias
# and without an activation function. Such a pair is called an *autoencoder*: its target is its own
# input. The narrow place in the middle is the *bottleneck*. The direction is not given. The loss
# only says how far the output is from the input. (We divide the points by 10, so that the steps of
# gradient descent are not too large. Squares are then divided by 100.)

minigrad.seed(0)
small = points / 10
encoder = Sequential([Input((2,)), Dense(1, use_bias=False)])
decoder = Sequential([Input((1,)), Dense(2, use_bias=False)])
autoencoder = Sequential([encoder, decoder])
autoencoder.compile(SGD(0.1), "mse")
autoencoder.fit(small, small, batch_size=4, epochs=500, verbose=0)
learned = autoencoder.evaluate(small, small, verbose=0)
print(f"error of the network: {learned:.5f}   error of PCA: {error / 100:.5f}")
assert abs(learned - error / 100) < 1e-3
assert np.allclose(autoencoder.predict(small, verbose=0), rebuilt / 10, atol=0.02)

# %%
# That is no accident. Layers without an activation function are called *linear*. With linear layers
# and a squared error, an autoencoder can do no better than PCA (Baldi and Hornik 1989).
#
# Digits through the bottleneck
# -----------------------------
# With hidden layers and ``relu`` the network can bend its directions. Now the points have 64
# numbers: digits, with pixels between 0 and 1. The encoder goes 64 - 128 - 64 - k, the decoder
# back.


def make_encoder(numbers):
    """(N, 64) -> (N, numbers)."""
    hidden = [Dense(128, activation="relu"), Dense(64, activation="relu")]
    return Sequential([Input((64,)), *hidden, Dense(numbers)])


def make_decoder(k, activation):
    """(N, k) -> (N, 64)."""
    hidden = [Dense(64, activation="relu"), Dense(128, activation="relu")]
    return Sequential([Input((k,)), *hidden, Dense(64, activation=activation)])


(x, y), (x_test, y_test) = datasets.digits.load_data(scale="unit")
epochs = 300 if LONG else 60

encoders, decoders, mse = {}, {}, {}
for k in (2, 8):
    minigrad.seed(k)
    encoders[k] = make_encoder(k)
    decoders[k] = make_decoder(k, "sigmoid")
    autoencoder = Sequential([encoders[k], decoders[k]])
    autoencoder.compile(Adam(3e-3), "mse")
    autoencoder.fit(x, x, batch_size=64, epochs=epochs, verbose=0)
    mse[f"PCA, {k}"] = ((pca_rebuild(x_test, *pca(x, k)) - x_test) ** 2).mean()
    mse[f"network, {k}"] = autoencoder.evaluate(x_test, x_test, verbose=0)

for name, value in mse.items():
    print(f"{name:11} numbers: error on test digits {value:.4f}")
for k in (2, 8):
    assert mse[f"network, {k}"] < 0.8 * mse[f"PCA, {k}"]
assert 0.3 < mse["network, 8"] / mse["PCA, 8"] < 0.65
assert mse["network, 8"] < 0.6 * mse["network, 2"]  # more numbers, less loss

shown = x_test[[(y_test == digit).argmax() for digit in range(10)]]
rows = {"the image: 64 numbers": shown}
for k in (2, 8):
    rows[f"PCA: {k} numbers"] = pca_rebuild(shown, *pca(x, k))
    rows[f"network: {k} numbers"] = decoders[k](encoders[k](shown)).numpy()


def draw_rows(rows, title):
    """One row of images per entry, with its name on the left."""
    columns = len(next(iter(rows.values())))
    size = (0.75 * columns + 2.2, 0.78 * len(rows) + 0.6)
    fig, axes = plt.subplots(len(rows), columns, figsize=size, layout="constrained")
    for line, (name, images) in zip(axes, rows.items()):
        for ax, image in zip(line, images):
            ax.imshow(image.reshape(8, 8), cmap="gray", vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[])
        line[0].set_ylabel(name, rotation=0, ha="right", va="center")
    fig.suptitle(title)


draw_rows(rows, "Test digits, and what is left of them")
plt.show()

# %%
# With 8 numbers the network loses about half of what PCA loses. The model file
# ``models/generative/autoencoder.py`` goes on from here: convolutions, noise removal, and finding a
# digit that was never shown by its large reconstruction error.
#
# Can it draw a new digit?
# ------------------------
# The decoder makes an image of any code. So draw 8 numbers by chance, and let it draw. To judge the
# result we measure two things:
#
# * *sure*: the share of images for which a classifier gives one digit more than 90 %;
# * *distance*: how far an image is from the nearest training image (the square root of the summed
#   squared differences), on average. Real digits that were never trained on lie at about 1.06.

minigrad.seed(0)
classifier = Sequential(
    [Input((64,)), Dense(128, activation="relu"), Dense(10, activation="softmax")]
)
classifier.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
classifier.fit(x, y, batch_size=64, epochs=40, verbose=0)
assert classifier.evaluate(x_test, y_test, verbose=0)[1] > 0.95


def judge(images):
    """(share of images that the classifier is sure of, mean distance to the nearest digit)."""
    probabilities = classifier.predict(images, verbose=0)
    gaps = ((images[:, None] - x) ** 2).sum(axis=2)  # (N, 1437)
    return (probabilities.max(axis=1) > 0.9).mean(), np.sqrt(gaps.min(axis=1)).mean()


chance = np.random.default_rng(0)
z = chance.standard_normal((500, 8)).astype("float32")
codes = encoders[8].predict(x, verbose=0)
fitted = codes.mean(axis=0) + z * codes.std(axis=0)  # as far from zero as the real codes are
drawn = {
    "real test digits": x_test,
    "autoencoder, codes near 0": decoders[8].predict(z, verbose=0),
    "autoencoder, codes as wide": decoders[8].predict(fitted, verbose=0),
}
scores = {name: judge(images) for name, images in drawn.items()}
for name, (sure, distance) in scores.items():
    print(f"{name:27} sure {sure:.2f}   distance {distance:.2f}")
print("width of the codes:", codes.std(axis=0).round(1))
assert codes.std(axis=0).min() > 1.5
assert 1.0 < scores["real test digits"][1] < 1.12
for name in list(scores)[1:]:
    assert scores[name][1] > 1.15 * scores["real test digits"][1]

# %%
# Most of these images are no digits (you see them below). The reason: nothing in the loss says
# *where* the codes should be. They lie anywhere, far from zero, with holes between them, and in a
# hole the decoder has learned nothing. The numbers that a code may take form the *latent space*. We
# want a latent space that we know: codes that look as if they were drawn from the *standard normal
# distribution* ``N(0, 1)``, a bell curve around 0 with standard deviation 1. The distribution that
# we choose beforehand for the codes is called the *prior*.
#
# So a *variational autoencoder* (*VAE*) changes two things.
#
# 1. The encoder does not give one code, but a small cloud: a bell curve with a ``mean`` and a
#    standard deviation ``sigma``, for each latent number. The code is *drawn* from it. So the
#    decoder must draw well in the whole cloud, not only at one point, and holes are filled.
# 2. The loss has a second term that pulls every cloud toward the prior.
#
# How far is a cloud from the prior?
# ----------------------------------
# The *KL divergence* (of Kullback and Leibler) measures how far one distribution is from another.
# Draw ``z`` from the first one, and ask how much more likely it is there than under the second.
# (``q(z)`` and ``p(z)`` are the heights of the two curves at ``z``, their *densities*.) ::
#
#     KL = mean of (log q(z) - log p(z)),   z drawn from q
#
# Here ``q`` is the cloud ``N(mean, sigma^2)``, and ``p`` is the prior ``N(0, 1)``. For bell curves
# the mean has a short formula::
#
#     KL = (mean^2 + sigma^2 - log(sigma^2) - 1) / 2
#
# By hand, with ``mean = 0.5`` and ``sigma = 0.5``: the squares are 0.25 and 0.25, and ``log(0.25)``
# is -1.386. So ``KL = (0.25 + 0.25 + 1.386 - 1) / 2 = 0.443``. The unit is called *nat*, because
# the logarithm is the natural one. We check the formula by drawing.


def log_normal(z, mean, sigma):
    """The logarithm of the bell curve N(mean, sigma^2) at z."""
    return -(((z - mean) / sigma) ** 2) / 2 - math.log(sigma) - math.log(2 * math.pi) / 2


def kl_by_hand(mean, sigma):
    return (mean**2 + sigma**2 - math.log(sigma**2) - 1) / 2


draws = 0.5 + 0.5 * chance.standard_normal(200_000)
kl_by_drawing = (log_normal(draws, 0.5, 0.5) - log_normal(draws, 0, 1)).mean()
print(f"KL by formula {kl_by_hand(0.5, 0.5):.4f}   by drawing {kl_by_drawing:.4f}")
assert math.isclose(kl_by_hand(0.5, 0.5), 0.4431, abs_tol=1e-4)
assert abs(kl_by_drawing - kl_by_hand(0.5, 0.5)) < 0.01
assert kl_by_hand(0, 1) == 0  # no distance from itself

# %%
# The network gives ``log_variance = log(sigma^2)`` instead of ``sigma``, because a logarithm may be
# any number, and ``sigma`` must be above zero. With it ``sigma = exp(log_variance / 2)``. The
# gradient of the KL divergence is simple: ``mean`` for the mean, and ``(sigma^2 - 1) / 2`` for the
# log variance. Both are zero at the prior, where mean is 0 and sigma is 1.


def kl_divergence(mean, log_variance):
    """KL(N(mean, sigma^2) || N(0, 1)), added up over the latent numbers: (N, k) -> (N,)."""
    terms = mean**2 + ops.exp(log_variance) - log_variance - 1
    return ops.sum(terms, axis=-1) / 2


mean = Tensor([0.5], requires_grad=True)
log_variance = Tensor([math.log(0.25)], requires_grad=True)
kl = kl_divergence(mean, log_variance)
for_mean, for_log_variance = grad(kl, [mean, log_variance])
print("gradient of KL:", for_mean.item(), for_log_variance.item())
assert math.isclose(kl.item(), kl_by_hand(0.5, 0.5), rel_tol=1e-5)
assert math.isclose(for_mean.item(), 0.5, rel_tol=1e-5)
assert math.isclose(for_log_variance.item(), (0.25 - 1) / 2, rel_tol=1e-5)

line = np.linspace(-4, 4, 300)
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.7), layout="constrained")
left.plot(line, np.exp(log_normal(line, 0, 1)), "k--", label="prior N(0, 1)")
for m, s, style in ((0.5, 0.5, "-"), (2, 0.5, "-."), (0, 1.5, ":")):
    label = f"mean {m}, sigma {s}: KL {kl_by_hand(m, s):.2f}"
    left.plot(line, np.exp(log_normal(line, m, s)), style, linewidth=2, label=label)
left.set(
    xlabel="z", ylabel="density", ylim=(0, 1.35), title="Clouds, and their distance to the prior"
)
left.legend(fontsize=8, loc="upper left")
widths = np.linspace(0.05, 2.5, 200)
for m, style in ((0, "-"), (1, "--"), (2, ":")):
    right.plot(widths, [kl_by_hand(m, s) for s in widths], style, linewidth=2, label=f"mean {m}")
right.set(xlabel="sigma", ylabel="KL, in nats", title="Cheapest: mean 0 and sigma 1", ylim=(0, 5))
right.legend()
plt.show()

# %%
# A gradient through a draw
# -------------------------
# The code is drawn by chance. But how does a gradient go through a draw? If you ask NumPy for a
# random number, there is no rule from ``mean`` to that number: the next draw is another number,
# whether the mean has been nudged or not.
#
# The *reparameterization trick* draws first and computes afterward::
#
#     noise is drawn from N(0, 1);   z = mean + sigma * noise
#
# Now ``z`` is an ordinary formula of ``mean`` and ``sigma``, with one number in it that was drawn
# by chance. Its slopes are 1 for the mean and ``noise`` for sigma.
#
# By hand: an example with one latent number. The decoder just passes ``z`` on, and its target is
# 2. Half the squared distance is the reconstruction error. Take ``noise = 0.4``.
#
# * ``z = 0.5 + 0.5 * 0.4 = 0.7``
# * error: ``(0.7 - 2)^2 / 2 = 0.845``. Its slope with ``z`` is ``0.7 - 2 = -1.3``.
# * For the mean: ``-1.3 * 1 = -1.3`` from the error, and ``0.5`` from the KL divergence. Together
#   ``-0.8``.
# * For the log variance: ``z`` contains ``exp(log_variance / 2) * noise``, whose slope is half of
#   itself, ``0.5 * 0.4 / 2 = 0.1``. So ``-1.3 * 0.1 = -0.13``, and ``-0.375`` from the KL
#   divergence. Together ``-0.505``.
# * A step with learning rate 0.1: the mean goes from 0.5 to ``0.5 + 0.08 = 0.58``.
#
# The step is recorded here. Look at the multiplication with the noise: forward it makes ``z``,
# backward the same noise carries the slope to the log variance. See also how two slopes, from the
# error and from the KL divergence, arrive at the mean and are added.

noise = np.array([0.4], "float32")

with minigrad.record() as run:
    z = mean + ops.exp(log_variance / 2) * noise
    reconstruction = ops.sum((z - 2) ** 2) / 2
    kl = ops.sum(kl_divergence(mean, log_variance))
    loss = reconstruction + kl
    loss.backward()
    SGD(0.1).apply([mean.grad, log_variance.grad], [mean, log_variance])

run.show()

print(f"loss {loss.item():.4f}   gradient {mean.grad.item():.3f}, {log_variance.grad.item():.3f}")
assert math.isclose(loss.item(), 0.845 + kl_by_hand(0.5, 0.5), rel_tol=1e-5)
assert math.isclose(mean.grad.item(), -0.8, rel_tol=1e-4)
assert math.isclose(log_variance.grad.item(), -0.505, rel_tol=1e-4)
assert math.isclose(mean.item(), 0.58, rel_tol=1e-4)

# %%
# This small example has an exact answer. One can show that the best cloud is ``N(1, 0.5)``: halfway
# between the target (2) and the center of the prior (0). Many noisy steps get there.

mean = Tensor([-1.0], requires_grad=True)
log_variance = Tensor([2.0], requires_grad=True)
path = []
for _ in range(600):
    noise = chance.standard_normal((8, 1)).astype("float32")  # 8 draws per step
    z = mean + ops.exp(log_variance / 2) * noise
    loss = ops.mean((z - 2) ** 2) / 2 + ops.sum(kl_divergence(mean, log_variance))
    slopes = grad(loss, [mean, log_variance])
    SGD(0.05).apply(slopes, [mean, log_variance])
    path.append((mean.item(), math.exp(log_variance.item())))
path = np.array(path)
print("after 600 steps: mean and variance", path[-100:].mean(axis=0).round(3))
assert abs(path[-100:, 0].mean() - 1) < 0.1
assert abs(path[-100:, 1].mean() - 0.5) < 0.1

fig, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
ax.plot(path[:, 0], label="mean: to 1")
ax.plot(path[:, 1], "--", label="variance: to 0.5")
ax.set(xlabel="step", ylabel="value", title="Noisy gradients find the best cloud", ylim=(-1.5, 6))
ax.legend()
plt.show()

# %%
# What the sum of both terms means
# --------------------------------
# ``-(error + KL)``, with the constants that we left out, is called the *evidence lower bound*, in
# short *ELBO*. It is never larger than ``log p(x)``, the logarithm of how likely the model finds
# the image. Pushing the bound up pushes that up, too. In the small example we can compute both:
# ``x = 2`` comes from ``z`` drawn from ``N(0, 1)`` plus a second noise drawn from ``N(0, 1)``, so
# it comes from ``N(0, 2)``.


def elbo(mean, variance):
    """The mean log-likelihood of x = 2 over the cloud, minus the KL divergence."""
    error = ((2 - mean) ** 2 + variance) / 2  # the mean of (z - 2)^2 / 2 over all draws
    return -error - math.log(2 * math.pi) / 2 - kl_by_hand(mean, math.sqrt(variance))


log_evidence = log_normal(2, 0, math.sqrt(2))
print(f"log p(x) = {log_evidence:.4f}   ELBO of the best cloud {elbo(1, 0.5):.4f}")
assert math.isclose(elbo(1, 0.5), log_evidence, rel_tol=1e-9)
for m, v in ((0.5, 0.25), (0, 1), (1, 1), (2, 0.5)):
    assert elbo(m, v) < log_evidence - 0.05

# %%
# A VAE for digits
# ----------------
# Now for 64 pixels and ``k`` latent numbers. The encoder gives ``2 * k`` numbers: the means, then
# the log variances. The decoder gives a logit per pixel, and the error of a pixel is the binary
# cross-entropy of lesson 6, whose two classes are "white" and "black". All pixels and all latent
# numbers are *added up*; only over the images we take the mean.


def pixel_error(x, logits):
    """Cross-entropy of all pixels of an image, added up: (N, 64) -> (N,)."""
    return ops.sum(ops.softplus(logits) - x * logits, axis=-1)


def encode(encoder, x):
    """Mean and log variance of the cloud of each image."""
    return ops.split(encoder(x), indices_or_sections=2, axis=-1)


def train_vae(k, weight_of_error=1.0):
    """A trained pair (encoder, decoder)."""
    minigrad.seed(k)
    encoder, decoder = make_encoder(2 * k), make_decoder(k, None)
    weights = encoder.trainable_weights + decoder.trainable_weights
    optimizer = Adam(3e-3)
    chance = np.random.default_rng(k)
    for _ in range(300 if LONG else 80):
        order = chance.permutation(len(x))
        for start in range(0, len(x), 64):
            batch = x[order[start : start + 64]]
            mean, log_variance = encode(encoder, batch)
            noise = chance.standard_normal(mean.shape).astype("float32")
            z = mean + ops.exp(log_variance / 2) * noise
            error = weight_of_error * pixel_error(batch, decoder(z))
            loss = ops.mean(error + kl_divergence(mean, log_variance))
            optimizer.apply(grad(loss, weights), weights)
    return encoder, decoder


def draw(decoder, z):
    """Images of codes: the probability that a pixel is white."""
    return minigrad.sigmoid(decoder(z)).numpy()


encoder_2, decoder_2 = train_vae(2)
encoder_8, decoder_8 = train_vae(8)

z = chance.standard_normal((500, 8)).astype("float32")  # exactly the prior
drawn["VAE, codes from the prior"] = draw(decoder_8, z)
scores["VAE, codes from the prior"] = judge(drawn["VAE, codes from the prior"])
for name, (sure, distance) in scores.items():
    print(f"{name:27} sure {sure:.2f}   distance {distance:.2f}")

sure, distance = scores["VAE, codes from the prior"]
for name in ("autoencoder, codes near 0", "autoencoder, codes as wide"):
    assert sure > scores[name][0] + 0.05
    assert distance < 0.9 * scores[name][1]
assert distance < 1.25 * scores["real test digits"][1]
found = classifier.predict(drawn["VAE, codes from the prior"], verbose=0).argmax(axis=1)
assert len(set(found)) >= 9  # almost every digit appears in 500 samples

draw_rows({name: images[:10] for name, images in drawn.items()}, "New digits?")
plt.show()

# %%
# The samples of the VAE look like digits, and lie about as near to real ones as real ones do. They
# are blurred: the decoder must serve every code that the cloud may give, and answers with a mean.
# The classifier is sure of fewer of them than of real digits.
#
# The latent plane
# ----------------
# With two latent numbers we can look at the whole latent space. Left the codes of an ordinary
# autoencoder, in the middle the means of the VAE: near 0, about 1 wide, and close together. Right
# what the decoder of the VAE draws at each place of the plane. Walk from one digit to another: the
# images change step by step.

plain = encoders[2].predict(x_test, verbose=0)
means = encode(encoder_2, x_test)[0].numpy()
fig, axes = plt.subplots(1, 3, figsize=(13, 4.3), layout="constrained")
panels = [(axes[0], plain, "Codes of the autoencoder"), (axes[1], means, "Means of the VAE")]
for ax, codes, title in panels:
    for digit in range(10):
        ax.scatter(*codes[y_test == digit].T, s=30, linewidth=0.3, marker=f"${digit}$")
    ax.set(xlabel="first latent number", ylabel="second latent number", title=title)
steps = np.linspace(-2, 2, 15, dtype="float32")
grid = np.stack(np.meshgrid(steps, steps[::-1]), axis=-1).reshape(-1, 2)
tiles = draw(decoder_2, grid).reshape(15, 15, 8, 8)
sheet = tiles.transpose(0, 2, 1, 3).reshape(120, 120)
axes[2].imshow(sheet, cmap="gray", extent=(-2.13, 2.13, -2.13, 2.13))
axes[2].set(
    xlabel="first latent number", ylabel="second latent number", title="Drawn from the plane"
)
plt.show()

print("width of the codes:  autoencoder", plain.std(axis=0), "  VAE", means.std(axis=0))
assert plain.std(axis=0).max() > 2
assert (means.std(axis=0) < 1.3).all() and (means.std(axis=0) > 0.6).all()

# %%
# What goes wrong
# ---------------
# **A draw without the trick.** Somebody draws from ``N(mean, sigma^2)`` directly. The number is
# right, but there is no way back from it:

mean = Tensor([0.5], requires_grad=True)
z = minigrad.random.normal((1,), mean, 0.5)
loss = ((z - 2) ** 2).sum() / 2
try:
    loss.backward()
except ValueError as mistake:
    message = str(mistake)
print("ValueError:", message)
assert "no Tensor in this computation requires gradients" in message

# %%
# In a whole VAE there is no such message: the decoder gets a gradient, and the encoder gets one
# from the KL divergence, but none from the images. So its clouds move to the prior, and the codes
# say nothing. It ends like the next mistake.
#
# **A mean in the wrong place.** Keras users write ``loss="binary_crossentropy"``, which takes the
# *mean* over the 64 pixels, and add a KL divergence that is a *sum*. The error is then 64 times too
# light, the KL divergence wins, and the encoder gives the prior for every image. A code says
# nothing now, so the decoder draws one and the same gray image. The cloud of an image is also
# called its *posterior*, so the name of this failure is *posterior collapse*.

encoder_c, decoder_c = train_vae(8, weight_of_error=1 / 64)
results = {}
for name, encoder, decoder in (
    ("errors added up", encoder_8, decoder_8),
    ("mean of the errors", encoder_c, decoder_c),
):
    mean, log_variance = encode(encoder, x_test)
    nats = ops.mean(kl_divergence(mean, log_variance)).item()
    images = draw(decoder, mean)
    results[name] = nats, images.std(axis=0).mean()
    print(f"{name:19} KL {nats:5.2f} nats   difference between images {results[name][1]:.4f}")
assert results["errors added up"][0] > 2 and results["errors added up"][1] > 0.1
assert results["mean of the errors"][0] < 0.05 and results["mean of the errors"][1] < 0.01

rows = {"test digits": shown}
rows["errors added up"] = draw(decoder_8, encode(encoder_8, shown)[0])
rows["mean of the errors"] = draw(decoder_c, encode(encoder_c, shown)[0])
draw_rows(rows, "Posterior collapse: every digit gets the same image")
plt.show()

# %%
# The sign of such a training is a KL divergence near 0. Print both terms of the loss, never only
# their sum.
#
# The full model is ``models/generative/vae.py``. It measures the ELBO on test digits, and shows
# that of eight latent numbers only about four are used: a number that tells less about the image
# than it costs in KL divergence stays at the prior.
#
# What to remember
# ----------------
# * An autoencoder has its own input as its target; the bottleneck makes it choose what to keep.
# * With linear layers it is PCA; with hidden layers it loses less.
# * Its codes lie anywhere. A VAE draws them from clouds and pulls the clouds toward ``N(0, 1)``.
# * KL = ``(mean^2 + sigma^2 - log(sigma^2) - 1) / 2`` per latent number, in nats.
# * ``z = mean + sigma * noise``: draw first, compute afterward, and the gradient gets through.
# * Add up over pixels and latent numbers; take the mean only over images.
#
# Exercises
# ---------
# 1. Write ``answer_1(x, k)``: the rows of the array ``x`` (N, D) after PCA with ``k`` numbers and
#    back, an array of the same shape. Do not forget the mean.
# 2. Write ``answer_2(mean, log_variance)`` with NumPy: the KL divergence of each row, (N, k) to
#    (N,).
# 3. Write ``answer_3(mean, log_variance, noise)`` for Tensors: the code ``z``, through which
#    gradients reach ``mean`` and ``log_variance``.
# 4. A number ``answer_4``: a latent number has ``sigma = 1``. At which mean above zero does it cost
#    exactly 2 nats?
# 5. An autoencoder that knows only cats rebuilds a dog badly. Write ``answer_5(x, rebuilt)`` with
#    NumPy: the *position* of the row of ``x`` (N, D) that is rebuilt worst, by its mean squared
#    error.
#
# Write your answers as ``answer_1``, ``answer_2``, ... in a file and run
# ``python -m tutorials 20 --check my_answers.py``. The solutions stand in
# ``tutorials/solutions/20_autoencoder_and_vae.py``.
