"""
21. The GAN game: two networks against each other
=================================================

Up to now each network had one loss, and training made it small. Here are two networks with two
losses, and what is good for one of them is bad for the other. The *generator* makes samples out of
noise. The *discriminator* gets real samples and made ones, and says which are real. The
discriminator learns to tell them apart. The generator learns to make samples that the
discriminator takes for real. Such a pair is a *generative adversarial network*, in short *GAN*
(Goodfellow et al. 2014, arXiv:1406.2661; adversarial means "against each other").

We play the game with single numbers by hand, write the same GAN in the three styles that you meet
in tutorials, let it draw digits, and look at three ways in which it fails.
"""

import math
import sys

import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import Input, Model, Sequential, Tensor, datasets, grad, losses, ops, training
from minigrad.layers import Dense, Dropout, LeakyReLU
from minigrad.optimizers import SGD, Adam

LONG = "--long" in sys.argv

# %%
# One round by hand
# -----------------
# The real data are the single number ``3``. The generator has one parameter, ``theta``, and its
# only sample is ``theta`` itself. It starts at 1. A made sample is called a *fake*.
#
# The discriminator is a neuron: ``D(x) = sigmoid(w * x + b)``, the probability that ``x`` is real.
# It starts with ``w = 1`` and ``b = -2``. So
#
# * ``D(3) = sigmoid(1) = 0.731``: the real number looks rather real.
# * ``D(1) = sigmoid(-1) = 0.269``: the fake looks rather fake.
#
# **The discriminator's turn.** Its loss is the cross-entropy with the labels 1 for real and 0 for
# fake: ``-log D(3) - log(1 - D(1))``, which is 0.3133 twice, together 0.627. The slope of
# cross-entropy with the logit ``w * x + b`` is "probability minus label" (lesson 4):
#
# * for the real number ``0.731 - 1 = -0.269``, for the fake ``0.269 - 0 = 0.269``;
# * for ``w``: ``-0.269 * 3 + 0.269 * 1 = -0.538``; for ``b``: ``-0.269 + 0.269 = 0``.
#
# A step with learning rate 0.5: ``w = 1 + 0.269 = 1.269``, and ``b`` stays.
#
# **The generator's turn.** Its loss is the cross-entropy of its fake with the label 1,
# ``-log D(theta)``: small if the discriminator takes the fake for real. The discriminator is now
# the new one, and its parameters do not change.
#
# * logit ``1.269 * 1 - 2 = -0.731``, so ``D(1) = 0.325``
# * slope with the logit ``0.325 - 1 = -0.675``, with ``theta``: ``-0.675 * 1.269 = -0.857``
# * step: ``theta = 1 + 0.5 * 0.857 = 1.428``. The fake has moved toward 3.
#
# Look at the last two lines. The gradient for ``theta`` comes *through the discriminator*: it is
# multiplied by ``w``. The generator never sees the real data. All it knows of them is the slope of
# the discriminator.


def sigmoid(t):
    return 1 / (1 + np.exp(-t))


def round_by_hand(theta, w, b, rate, real=3.0):
    """One turn of the discriminator, one of the generator: the new theta, w and b."""
    for_real = sigmoid(w * real + b) - 1
    for_fake = sigmoid(w * theta + b) - 0
    w, b = w - rate * (for_real * real + for_fake * theta), b - rate * (for_real + for_fake)
    theta = theta - rate * (sigmoid(w * theta + b) - 1) * w
    return theta, w, b


theta_1, w_1, b_1 = round_by_hand(1.0, 1.0, -2.0, rate=0.5)
print(f"after one round: theta {theta_1:.3f}   w {w_1:.3f}   b {b_1:.3f}")
assert np.allclose([theta_1, w_1, b_1], [1.428, 1.269, -2], atol=1e-3)

# %%
# The same round by minigrad. ``-log(sigmoid(t))`` is written ``softplus(-t)``, and
# ``-log(1 - sigmoid(t))`` is ``softplus(t)``: the same numbers, without large rounding errors
# (lesson 6). In the discriminator's turn the fake is a plain number: ``detach()`` cuts it off from
# the generator.
#
# The round is recorded. Look at where the backward walk ends. In the first turn it ends at ``w``
# and ``b``. In the second turn it goes through the multiplication with ``w`` and on to ``theta``.

theta = Tensor([1.0], requires_grad=True)
w = Tensor([1.0], requires_grad=True)
b = Tensor([-2.0], requires_grad=True)
real = Tensor([3.0])
d_optimizer, g_optimizer = SGD(0.5), SGD(0.5)

with minigrad.record() as run:
    real_logit = w * real + b
    fake_logit = w * theta.detach() + b
    d_loss = ops.sum(ops.softplus(-real_logit) + ops.softplus(fake_logit))
    d_optimizer.apply(grad(d_loss, [w, b]), [w, b])
    g_loss = ops.sum(ops.softplus(-(w * theta + b)))
    g_optimizer.apply(grad(g_loss, [theta]), [theta])

run.show()

print(f"losses: discriminator {d_loss.item():.3f}   generator {g_loss.item():.3f}")
assert math.isclose(d_loss.item(), 0.627, abs_tol=1e-3)
assert np.allclose([theta.item(), w.item(), b.item()], [theta_1, w_1, b_1], atol=1e-5)

# %%
# A whole game
# ------------
# 1500 rounds with learning rate 0.1. Does ``theta`` walk to 3 and stop?

state = (1.0, 1.0, -2.0)
game = [state]
for _ in range(1500):
    state = round_by_hand(*state, rate=0.1)
    game.append(state)
thetas, ws, bs = np.array(game).T
d_real = sigmoid(ws * 3 + bs)

fig, (left, right) = plt.subplots(1, 2, figsize=(11, 3.9), layout="constrained")
left.axhline(3, color="gray", linestyle=":", label="the real number, 3")
left.plot(thetas, linewidth=2, label="the fake, theta")
left.plot(d_real, "--", label="D(3)")
left.set(xlabel="round", ylabel="value", title="The generator runs past 3, and comes back")
left.legend(loc="upper right")
right.plot(thetas, ws, linewidth=1)
right.plot(thetas[0], ws[0], "o", color="tab:red", label="start")
right.plot(3, 0, "*", color="black", markersize=12, label="balance: theta = 3, w = 0")
right.set(xlabel="theta (generator)", ylabel="w (discriminator)", title="The same game from above")
right.legend()
plt.show()

print(f"largest theta {thetas.max():.2f}, last theta {thetas[-1]:.2f}, last D(3) {d_real[-1]:.2f}")
assert thetas.max() > 4.5
assert abs(thetas[-1] - 3) < 0.15
assert abs(d_real[-1] - 0.5) < 0.05

# %%
# It runs past 3! While the fake is left of 3, the discriminator learns "right is real", and this
# rule is still there when the fake arrives. Only when the fake is too far right does the
# discriminator learn the opposite. The two circle around each other, in smaller and smaller rounds.
#
# So a GAN does not go downhill. It looks for a *balance* in which no player can gain. Here it is
# ``theta = 3``, ``w = 0`` and ``b = 0``: the fake is like the real number, and the discriminator
# says 0.5 to everything. Its loss is then ``-log 0.5 - log 0.5 = 1.386``, *larger* than at the
# start. Do not wait for the losses of a GAN to become small.

final_d_loss = -math.log(d_real[-1]) - math.log(1 - sigmoid(ws[-1] * thetas[-1] + bs[-1]))
print(f"loss of the discriminator at the end: {final_d_loss:.3f}, 2 log 2 = {2 * math.log(2):.3f}")
assert abs(final_d_loss - 2 * math.log(2)) < 0.05

# %%
# What the best discriminator says
# --------------------------------
# In the paper both players play for one number::
#
#     V = mean of log D(x) over real x  +  mean of log(1 - D(x)) over fakes
#
# The discriminator makes ``V`` large, the generator makes it small. This is called a *minimax
# game*. For a fixed generator, the best discriminator is known::
#
#     D(x) = p(x) / (p(x) + q(x))
#
# where ``p(x)`` says how often ``x`` comes among the real samples, and ``q(x)`` among the fakes. By
# hand, with three possible values:
#
# * 1 comes in half of the real samples and in no fake: ``0.5 / (0.5 + 0) = 1``.
# * 2 comes in 0.3 of the real ones and in 0.3 of the fakes: ``0.3 / 0.6 = 0.5``.
# * 3 comes in 0.2 of the real ones and in 0.7 of the fakes: ``0.2 / 0.9 = 0.222``.
#
# A discriminator with one logit per value, trained by gradient ascent on ``V``, finds the same.

p = np.array([0.5, 0.3, 0.2])
q = np.array([0.0, 0.3, 0.7])
best = p / (p + q)

logits = Tensor(np.zeros(3), requires_grad=True)
for _ in range(2000):
    d = minigrad.sigmoid(logits)
    value = ops.sum(p * ops.log(d) + q * ops.log(1 - d))
    SGD(1.0).apply(grad(-value, [logits]), [logits])
learned = minigrad.sigmoid(logits).numpy()
print("best D:", best.round(3), "  learned:", learned.round(3))
assert np.allclose(best, [1, 0.5, 2 / 9]) and np.allclose(learned, best, atol=0.01)

# %%
# If the fakes come exactly as often as the real samples everywhere, the best discriminator says 0.5
# everywhere. It can do no better than guess, and the generator cannot become better.
#
# The same GAN in three styles
# ----------------------------
# Now with networks, and samples of two numbers: points near eight places on a ring. A generator
# that makes only one of the eight places has failed, and we can count that. Such a place where many
# samples lie is called a *mode* of the data.

PLACES = 2 * np.array([[math.cos(a), math.sin(a)] for a in np.arange(8) * math.pi / 4])


def ring(n, seed):
    """n points near the eight places."""
    chance = np.random.default_rng(seed)
    places = PLACES[chance.integers(0, 8, n)]
    return (places + 0.05 * chance.normal(size=(n, 2))).astype("float32")


def modes_found(samples):
    """The number of places that get 2 % of the samples or more, within a distance of 0.4."""
    gaps = np.linalg.norm(samples[:, None] - PLACES, axis=-1)  # (N, 8)
    near = gaps.argmin(axis=1)[gaps.min(axis=1) < 0.4]
    return int((np.bincount(near, minlength=8) >= 0.02 * len(samples)).sum())


def make_generator():
    """Noise (N, 2) -> points (N, 2)."""
    hidden = [Dense(64, activation="relu"), Dense(64, activation="relu")]
    return Sequential([Input((2,)), *hidden, Dense(2)])


def make_discriminator():
    """Points (N, 2) -> logits (N, 1)."""
    hidden = [Dense(64, activation="relu"), Dense(64, activation="relu")]
    return Sequential([Input((2,)), *hidden, Dense(1)])


def make_pair(seed=0):
    minigrad.seed(seed)
    return make_generator(), make_discriminator()


cross_entropy = losses.BinaryCrossentropy(from_logits=True)
points = ring(6400, seed=0)
batches = points.reshape(100, 64, 2)
ones, zeros = np.ones((64, 1), "float32"), np.zeros((64, 1), "float32")


def draw_noise(chance, n=64):
    return chance.normal(size=(n, 2)).astype("float32")


# %%
# **Style 1: a plain loop.** Two optimizers, one per network. Each is told whose parameters it
# changes, so nothing needs to be frozen. This is the round from above with networks in it.


def plain_loop(generator, discriminator, batches):
    """Losses of each step."""
    chance = np.random.default_rng(1)
    theta_g, theta_d = generator.trainable_weights, discriminator.trainable_weights
    g_optimizer, d_optimizer = Adam(1e-3, beta_1=0.5), Adam(1e-3, beta_1=0.5)
    history = []
    for real in batches:
        real_loss = cross_entropy(ones, discriminator(real))
        d_optimizer.apply(grad(real_loss, theta_d), theta_d)
        fakes = generator(draw_noise(chance)).detach()
        fake_loss = cross_entropy(zeros, discriminator(fakes))
        d_optimizer.apply(grad(fake_loss, theta_d), theta_d)
        g_loss = cross_entropy(ones, discriminator(generator(draw_noise(chance))))
        g_optimizer.apply(grad(g_loss, theta_g), theta_g)
        history.append([(real_loss.item() + fake_loss.item()) / 2, g_loss.item()])
    return history


generator_1, discriminator_1 = make_pair()
losses_1 = plain_loop(generator_1, discriminator_1, batches)

# %%
# **Style 2: compile and train_on_batch.** The discriminator is compiled, then *frozen* with
# ``trainable = False``, then put behind the generator in a second model. ``compile`` notes what is
# trainable at that moment. So the discriminator learns in its own ``train_on_batch``, and stands
# still in that of the second model.


def stacked(generator, discriminator, batches):
    """Losses of each step."""
    chance = np.random.default_rng(1)
    discriminator.compile(Adam(1e-3, beta_1=0.5), cross_entropy)
    discriminator.trainable = False  # from the next compile on
    noise = Input((2,))
    both = Model(noise, discriminator(generator(noise)))
    both.compile(Adam(1e-3, beta_1=0.5), cross_entropy)
    history = []
    for real in batches:
        real_loss = discriminator.train_on_batch(real, ones)
        fakes = generator.predict_on_batch(draw_noise(chance))
        fake_loss = discriminator.train_on_batch(fakes, zeros)
        g_loss = both.train_on_batch(draw_noise(chance), ones)
        history.append([(real_loss + fake_loss) / 2, g_loss])
    return history


generator_2, discriminator_2 = make_pair()
losses_2 = stacked(generator_2, discriminator_2, batches)

# %%
# **Style 3: a training step of its own.** ``fit`` calls ``train_step`` for each batch. Write your
# own, and you keep everything else of ``fit``: batches, history, callbacks.


class GAN(Model):
    """A generator and a discriminator, trained by fit.

    Args:
        generator: The generator.
        discriminator: The discriminator, which ends in logits.
        noise: Numbers per sample that the generator takes.
        g_steps: Steps of the generator per step of the discriminator.
    """

    def __init__(self, generator, discriminator, noise=2, g_steps=1):
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.noise = noise
        self.g_steps = g_steps
        self.chance = np.random.default_rng(1)

    def compile(self, g_optimizer, d_optimizer):
        super().compile(g_optimizer)
        self.d_optimizer = d_optimizer

    def call(self, z):
        return self.generator(z)

    def draw(self, n):
        return self.chance.normal(size=(n, self.noise)).astype("float32")

    def discriminator_step(self, samples, label):
        with training():
            verdict = self.discriminator(samples)
            loss = cross_entropy(np.full((len(samples), 1), label, "float32"), verdict)
        weights = self.discriminator.trainable_weights
        self.d_optimizer.apply(grad(loss, weights), weights)
        return loss.item()

    def generator_step(self, n):
        with training():
            verdict = self.discriminator(self.generator(self.draw(n)))
            loss = cross_entropy(np.ones((n, 1), "float32"), verdict)
        weights = self.generator.trainable_weights
        self.optimizer.apply(grad(loss, weights), weights)
        return loss.item()

    def train_step(self, real):
        n = len(real)
        real_loss = self.discriminator_step(real, 1)
        fake_loss = self.discriminator_step(self.generator(self.draw(n)).detach(), 0)
        for _ in range(self.g_steps):
            g_loss = self.generator_step(n)
        return {"d_loss": (real_loss + fake_loss) / 2, "g_loss": g_loss}


gan = GAN(*make_pair())
gan.compile(Adam(1e-3, beta_1=0.5), Adam(1e-3, beta_1=0.5))
history = gan.fit(points, batch_size=64, epochs=1, shuffle=False, verbose=0).history
losses_3 = [history["d_loss"][0], history["g_loss"][0]]  # fit gives the mean of the epoch

print("mean losses of 100 steps, plain loop:      ", np.mean(losses_1, axis=0))
print("mean losses of 100 steps, train_on_batch:  ", np.mean(losses_2, axis=0))
print("mean losses of 100 steps, train_step:      ", np.array(losses_3))
assert np.allclose(losses_1[:20], losses_2[:20], atol=1e-3)
assert np.allclose(np.mean(losses_1, axis=0), np.mean(losses_2, axis=0), atol=0.02)
assert np.allclose(np.mean(losses_1, axis=0), losses_3, atol=0.02)

# %%
# Three styles, one GAN. Choose the one that you can read. Now let it play on.

fixed_noise = np.random.default_rng(9).normal(size=(1000, 2)).astype("float32")
snapshots = {100: gan.predict(fixed_noise, verbose=0)}
for steps, epochs in ((400, 3), (2000, 16)):
    gan.fit(points, batch_size=64, epochs=epochs, verbose=0)
    snapshots[steps] = gan.predict(fixed_noise, verbose=0)


def draw_points(ax, samples, title):
    ax.plot(*points[:600].T, "s", markersize=4, color="lightgray", label="real")
    ax.plot(*samples[:600].T, ".", markersize=3, color="tab:red", label="fake")
    ax.set(xlim=(-3, 3), ylim=(-3, 3), aspect="equal", title=title, xlabel="first number")


fig, axes = plt.subplots(1, 3, figsize=(11, 4), layout="constrained")
for ax, (steps, samples) in zip(axes, snapshots.items()):
    draw_points(ax, samples, f"{steps} steps: {modes_found(samples)} of 8 modes")
axes[0].set_ylabel("second number")
axes[0].legend(loc="upper left")
plt.show()

healthy_modes = modes_found(snapshots[2000])
print("modes after 2000 steps:", healthy_modes)
assert healthy_modes >= 6
assert modes_found(snapshots[100]) < healthy_modes

# %%
# Digits
# ------
# The same class draws digits: 32 numbers of noise become 64 pixels between -1 and 1. The
# discriminator gets ``Dropout``, because it would soon know 1437 images by heart. We judge the
# samples as in lesson 20, by a classifier: how many of the ten digits does it find with more than
# 90 % probability, in at least 1 % of the samples?

(x, y), (x_test, y_test) = datasets.digits.load_data(scale="signed")
minigrad.seed(0)
classifier = Sequential(
    [Input((64,)), Dense(128, activation="relu"), Dense(10, activation="softmax")]
)
classifier.compile("adam", "sparse_categorical_crossentropy")
classifier.fit(x, y, batch_size=64, epochs=30, verbose=0)


def judge(images):
    """(digits found, share of images that the classifier is sure of)."""
    probabilities = classifier.predict(images, verbose=0)
    sure = probabilities.max(axis=1) > 0.9
    counts = np.bincount(probabilities.argmax(axis=1)[sure], minlength=10)
    return int((counts >= 0.01 * len(images)).sum()), sure.mean()


def digit_networks():
    minigrad.seed(1)
    up = [Dense(128), LeakyReLU(0.2), Dense(256), LeakyReLU(0.2)]
    down = [Dense(256), LeakyReLU(0.2), Dropout(0.3), Dense(128), LeakyReLU(0.2), Dropout(0.3)]
    return (
        Sequential([Input((32,)), *up, Dense(64, activation="tanh")]),
        Sequential([Input((64,)), *down, Dense(1)]),
    )


digit_gan = GAN(*digit_networks(), noise=32)
digit_gan.compile(Adam(1e-3, beta_1=0.5), Adam(1e-3, beta_1=0.5))
history = digit_gan.fit(x, batch_size=64, epochs=400 if LONG else 110, verbose=0).history
noise = np.random.default_rng(9).normal(size=(500, 32)).astype("float32")
digits = digit_gan.predict(noise, verbose=0)
classes, sure = judge(digits)
print(
    f"digits found: {classes} of 10   sure: {sure:.2f} (real test digits: {judge(x_test)[1]:.2f})"
)
assert classes >= 9 and sure > 0.3
assert judge(x_test)[0] == 10

fig, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
ax.plot(history["d_loss"], label="discriminator")
ax.plot(history["g_loss"], "--", label="generator")
ax.axhline(math.log(2), color="gray", linestyle=":", label="log 2: D says 0.5 to all")
ax.set(xlabel="epoch", ylabel="mean loss", title="Losses of a GAN that works", ylim=(0, None))
ax.legend()
plt.show()

last_d_loss = np.mean(history["d_loss"][-20:])
assert 0.3 < last_d_loss < math.log(2)

# %%
# The losses hardly tell that the images become better. Both players do, so neither loss falls to
# zero. To see whether a GAN works, look at samples, and count.
#
# What goes wrong
# ---------------
# **1. Mode collapse.** The generator takes ten steps for each one of the discriminator. All its
# samples move to the place where ``D`` is largest *now*, before the discriminator changes. Then the
# discriminator rejects this place, and all samples move on to the next one. Nothing in the
# generator's loss asks for variety.

collapsed = GAN(*make_pair(), g_steps=10)
collapsed.compile(Adam(1e-3, beta_1=0.5), Adam(1e-3, beta_1=0.5))
collapsed.fit(points, batch_size=64, epochs=6, verbose=0)
one_place = collapsed.predict(fixed_noise, verbose=0)
print(f"modes with 10 steps of the generator per round: {modes_found(one_place)}")
print("spread of its samples:", one_place.std(axis=0), " of the real ones:", points.std(axis=0))
assert modes_found(one_place) <= 2 < healthy_modes
assert one_place.std(axis=0).max() < 0.5 * points.std(axis=0).min()

# %%
# **2. A discriminator that wins.** In the paper's game the generator makes ``log(1 - D(fake))``
# small. If the discriminator is sure, for example ``D(fake) = 0.0001``, the slope of this loss with
# the logit is ``-D(fake) = -0.0001``: almost nothing. So the generator gets no gradient when its
# fakes are worst. The loss that we used, ``-log D(fake)``, has the slope ``D(fake) - 1 = -0.9999``.
# It is called the *non-saturating* loss, because it does not become flat there. Here with a
# discriminator that was trained alone:

generator, discriminator = make_pair(seed=3)
optimizer = Adam(1e-3)
weights = discriminator.trainable_weights
fakes = generator(fixed_noise[:64]).detach()
for i in range(400):
    loss = cross_entropy(ones, discriminator(batches[i % 100]))
    loss = loss + cross_entropy(zeros, discriminator(fakes))
    optimizer.apply(grad(loss, weights), weights)
verdict = discriminator(generator(fixed_noise[:64]))
d_fake = minigrad.sigmoid(verdict).numpy()
saturating = -ops.mean(ops.softplus(verdict))  # the mean of log(1 - D)
non_saturating = ops.mean(ops.softplus(-verdict))  # the mean of -log D


def gradient_norm(loss):
    slopes = grad(loss, generator.trainable_weights)
    return math.sqrt(sum(float(ops.sum(slope**2)) for slope in slopes))


norms = gradient_norm(saturating), gradient_norm(non_saturating)
print(f"D(fake) on average {d_fake.mean():.6f}")
print(f"gradient of the generator: saturating {norms[0]:.6f}   non-saturating {norms[1]:.3f}")
assert d_fake.mean() < 0.02
assert norms[1] > 20 * norms[0]

shares = np.linspace(0.001, 0.999, 300)
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
draw_points(left, one_place, "Mode collapse: all fakes in one place")
left.set_ylabel("second number")
left.legend(loc="upper left")
right.plot(shares, -shares, linewidth=2, label="log(1 - D): flat where D is sure")
right.plot(shares, shares - 1, "--", linewidth=2, label="-log D: steep where D is sure")
right.set(xlabel="D(fake)", ylabel="slope with the logit", title="What the generator gets")
right.legend()
plt.show()

# %%
# **3. A discriminator that never learns.** In style 2 the order matters: first compile, then
# freeze. In the other order there is nothing left to train:

_, discriminator = make_pair()
discriminator.trainable = False
discriminator.compile(Adam(1e-3, beta_1=0.5), cross_entropy)
try:
    discriminator.train_on_batch(points[:64], ones)
except ValueError as mistake:
    message = str(mistake)
print("ValueError:", message)
assert "no parameters to train" in message

_, discriminator = make_pair()
before = [weight.numpy().copy() for weight in discriminator.weights]
discriminator.compile(Adam(1e-3, beta_1=0.5), cross_entropy)
discriminator.trainable = False
discriminator.train_on_batch(points[:64], ones)
assert any(not np.allclose(old, new.numpy()) for old, new in zip(before, discriminator.weights))

# %%
# The right order is right in minigrad, and in old Keras (version 2). But Keras 3 looks at
# ``trainable`` later, when the first step runs. There the well-known code, compile first and freeze
# afterward, trains a discriminator that has no trainable weights. There is no error, only the
# warning ``The model does not have any trainable weights``. The generator's loss falls, which looks
# like success: it has found the image to which a random discriminator gives the largest number.
# Here the same happens in minigrad, with a discriminator that takes no steps.


class FrozenGAN(GAN):
    """The same, but the discriminator never takes a step."""

    def discriminator_step(self, samples, label):
        return cross_entropy(np.full((len(samples), 1), label), self.discriminator(samples)).item()


frozen_gan = FrozenGAN(*digit_networks(), noise=32)
frozen_gan.compile(Adam(1e-3, beta_1=0.5), Adam(1e-3, beta_1=0.5))
frozen_history = frozen_gan.fit(x, batch_size=64, epochs=60, verbose=0).history
frozen = frozen_gan.predict(noise, verbose=0)
print(f"frozen: generator's loss {frozen_history['g_loss'][-1]:.5f}, digits {judge(frozen)[0]}")
print(f"spread of the pixels: frozen {frozen.std(axis=0).mean():.3f}", end="   ")
print(f"healthy {digits.std(axis=0).mean():.3f}   real {x.std(axis=0).mean():.3f}")
assert frozen_history["g_loss"][-1] < 0.3 * history["g_loss"][-1]
assert judge(frozen)[0] <= 2
assert frozen.std(axis=0).mean() < 0.15 and digits.std(axis=0).mean() > 0.3

rows = {"real": x, "GAN": digits, "D never learns": frozen}
fig, axes = plt.subplots(3, 12, figsize=(10, 2.9), layout="constrained")
for line, (name, images) in zip(axes, rows.items()):
    for ax, image in zip(line, images):
        ax.imshow(image.reshape(8, 8), cmap="gray", vmin=-1, vmax=1)
        ax.set(xticks=[], yticks=[])
    line[0].set_ylabel(name, rotation=0, ha="right", va="center")
fig.suptitle("Real digits, a GAN, and a GAN whose discriminator is frozen")
plt.show()

# %%
# The full model is ``models/generative/gan.py``: larger networks, 10,000 steps, averaged weights,
# the three styles and the frozen fault, each with its figures. ``models/generative/dense_gan.py``
# shows a fourth fault: a discriminator that is trained on other fakes than the generator.
#
# What to remember
# ----------------
# * Two players: the discriminator tells real from fake, the generator learns through its slope.
# * Training looks for a balance, not for a small loss. At the balance D says 0.5 everywhere.
# * Give each network its own optimizer and its own parameters; ``detach`` the fakes in D's turn.
# * Use ``-log D(fake)`` for the generator. It has a slope where D is sure.
# * Count modes and look at samples. Losses do not show a collapse.
#
# Exercises
# ---------
# 1. Write ``answer_1(d_real, d_fake)`` with NumPy: the discriminator's loss
#    ``-mean log D(real) - mean log(1 - D(fake))``, from two arrays of probabilities.
# 2. Write ``answer_2(p, q)``: what the best discriminator says to each value, from two arrays that
#    say how often each value comes among real samples and among fakes.
# 3. Write ``answer_3(logit)``: the slope of the generator's loss ``-log(sigmoid(logit))`` with the
#    logit, for a number or an array.
# 4. Write ``answer_4(samples, places, radius, share)``: the number of ``places`` (K, D) that are
#    the nearest place of at least ``share`` of all ``samples`` (N, D), where a sample counts only
#    if it is nearer than ``radius``.
# 5. A number ``answer_5``: the discriminator's loss of exercise 1 if it says 0.5 to everything.
#
# Write your answers as ``answer_1``, ``answer_2``, ... in a file and run
# ``python -m tutorials 21 --check my_answers.py``. The solutions stand in
# ``tutorials/solutions/21_gan_game.py``.
