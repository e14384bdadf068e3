"""
24. Diffusion: learning to take noise away
==========================================

A GAN (lesson 21) turns noise into a picture in one jump, and it learns this in a game of two
networks that is hard to keep in balance. A *diffusion model* (Ho et al. 2020, arXiv:2006.11239)
goes in many small steps, and it has one network with one plain loss: the squared error of
lesson 6.

The idea: it is easy to destroy a picture. Add a little noise, and again, until only noise is left.
If a network can say what noise is in a picture, then we can take it away, a little at a time. Then
we begin with pure noise, walk all the way back, and there is a picture that nobody has drawn.

We do it with single numbers first, then with points in the plane, then with digits.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import minigrad
from minigrad import Sequential
from minigrad.layers import Dense
from minigrad.optimizers import Adam
from minigrad.optimizers.schedules import CosineDecay
from minigrad.zoo.generative import diffusion

LONG = "--long" in sys.argv  # python tutorials/24_diffusion.py --long: three times as many steps

# %%
# Adding noise, step by step
# --------------------------
# Begin with one number, ``x_0 = 1``. In each step we keep a part of it and add *noise*: a number
# drawn from the normal distribution, with mean 0 and variance 1. ::
#
#     x_t = sqrt(1 - beta) * x_(t-1) + sqrt(beta) * noise
#
# ``beta`` says how much noise. Let it be 0.36, because then the roots are simple: ``sqrt(0.64) =
# 0.8`` and ``sqrt(0.36) = 0.6``. Say the first noise is 0.5 and the second is -1::
#
#     x_1 = 0.8 * 1   + 0.6 * 0.5  = 1.1
#     x_2 = 0.8 * 1.1 + 0.6 * (-1) = 0.28
#
# Why the two roots? Variances of independent noise add up. If ``x`` has variance 1, then ``0.8 *
# x`` has variance 0.64, and the noise brings 0.36: together 1 again. So the numbers never grow.
#
# All steps in one
# ----------------
# Put the first line into the second::
#
#     x_2 = 0.8 * 0.8 * x_0 + 0.8 * 0.6 * noise_1 + 0.6 * noise_2
#         = 0.64 * x_0      + 0.48 * noise_1      + 0.6 * noise_2
#
# Two noises, added up, are one noise. Its variance is ``0.48 * 0.48 + 0.6 * 0.6 = 0.5904``, and
# this is ``1 - 0.64 * 0.64``. So there is a shortcut. Let ``a_t`` be the product of all ``1 -
# beta`` up to step ``t``; here ``a_2 = 0.64 * 0.64 = 0.4096``. Then ::
#
#     x_t = sqrt(a_t) * x_0 + sqrt(1 - a_t) * noise
#
# This is the *closed form*: any step at once, without those before. ``a_t`` is the share of the
# signal (its variance) that is left, and ``1 - a_t`` is the share of the noise.

noises = [0.5, -1.0]
x = 1.0
for noise in noises:
    x = 0.8 * x + 0.6 * noise
    print(f"x = {x:.2f}")
assert np.isclose(x, 0.28)
assert np.isclose(x, 0.64 * 1 + 0.48 * 0.5 + 0.6 * -1)
a_2 = 0.64 * 0.64
assert np.isclose(0.48**2 + 0.6**2, 1 - a_2)

# %%
# Do many small steps and one big step really give the same? We take 100,000 copies of ``x_0 = 1``,
# send one half through five steps, the other half through the closed form, and compare mean and
# standard deviation.

chance = np.random.default_rng(0)
step_by_step = np.ones(50_000)
for _ in range(5):
    step_by_step = 0.8 * step_by_step + 0.6 * chance.normal(size=50_000)
a_5 = 0.64**5
at_once = diffusion.add_noise(np.ones(50_000), chance.normal(size=50_000), a_5)
for name, numbers in (("step by step", step_by_step), ("at once", at_once)):
    print(f"{name}: mean {numbers.mean():.3f}, standard deviation {numbers.std():.3f}")
    assert abs(numbers.mean() - a_5**0.5) < 0.02
    assert abs(numbers.std() - (1 - a_5) ** 0.5) < 0.02

# %%
# The schedule
# ------------
# In practice there are 100 or 1000 steps, and ``beta`` changes from step to step. Its list is
# called the *noise schedule*. The first paper lets ``beta`` grow on a straight line; Nichol &
# Dhariwal (2021, arXiv:2102.09672) choose it so that ``a_t`` falls like a squared cosine. We take
# 100 steps of the second kind.

STEPS = 100
a = diffusion.shares(diffusion.cosine_betas(STEPS))  # a[0] = 1, a[1], ... a[100]
a_linear = diffusion.shares(diffusion.linear_betas(STEPS))
assert a[0] == 1 and a[STEPS] < 1e-3
assert (np.diff(a) < 0).all()
assert abs(a[50] - 0.5) < 0.05 and a_linear[50] < 0.15

# the points: a spiral, thin at every place
turns = np.sqrt(chance.uniform(0, 1, 2000))
angle = 3 * np.pi * turns
points = 1.8 * np.stack([turns * np.cos(angle), turns * np.sin(angle)], axis=1)

fig, axes = plt.subplots(1, 5, figsize=(14, 3), layout="constrained")
axes[0].plot(a, label="cosine")
axes[0].plot(a_linear, "--", label="linear")
axes[0].set(xlabel="step t", ylabel="share of the signal, a_t", title="Two schedules")
axes[0].legend()
for ax, t in zip(axes[1:], (0, 15, 40, 100)):
    noisy = diffusion.add_noise(points, chance.normal(size=points.shape), a[t])
    ax.plot(*noisy.T, ".", markersize=2)
    ax.set(xlim=(-3.2, 3.2), ylim=(-3.2, 3.2), title=f"t = {t}, a_t = {a[t]:.2f}")
    ax.set(xlabel="first number", ylabel="second number", aspect="equal")
plt.show()

# %%
# The points of a spiral dissolve. At ``t = 100`` nothing of it is left. The linear schedule is
# through with the picture early: at half time less than a sixth is left, and the rest of the steps
# add noise to noise.
#
# What can be known about the noise?
# ----------------------------------
# Now the way back. Given ``x_t``, what was ``x_0``? We cannot know it for sure, but we can make the
# best guess. Let us take the smallest world there is: ``x_0`` is -1 or +1, each as often.
#
# Say ``a = 0.5`` and ``x_t = 0.5``. The root of 0.5 is 0.707. If ``x_0`` was +1, then ``x_t`` was
# drawn around 0.707, so it is 0.207 off. If it was -1, then ``x_t`` was drawn around -0.707, so it
# is 1.207 off. The normal distribution says how likely that is: ``exp(-d * d / (2 * (1 - a)))``. ::
#
#     for +1:  exp(-0.207 * 0.207) = 0.958
#     for -1:  exp(-1.207 * 1.207) = 0.233
#
# The best guess, for the squared error, is the mean with these weights::
#
#     (0.958 * 1 + 0.233 * (-1)) / (0.958 + 0.233) = 0.609


def best_guess(x_t, a, data):
    """The mean of the numbers in `data`, each weighted by how likely it leads to x_t."""
    distance = x_t[:, None] - a**0.5 * data
    weights = np.exp(-(distance**2) / (2 * (1 - a)))
    return (weights * data).sum(1) / weights.sum(1)


two = np.array([-1.0, 1.0])
guess = best_guess(np.array([0.5]), 0.5, two)[0]
print(f"best guess of x_0: {guess:.3f}")
assert abs(guess - 0.609) < 0.001
xs = np.linspace(-2, 2, 41)
assert np.allclose(best_guess(xs, 0.5, two), np.tanh(0.5**0.5 * xs / 0.5))  # for two numbers

# %%
# A guess of ``x_0`` is a guess of the noise, too. The closed form has three unknowns, ``x_t``,
# ``x_0`` and the noise; two of them give the third::
#
#     noise = (x_t - sqrt(a) * x_0) / sqrt(1 - a)        here (0.5 - 0.707 * 0.609) / 0.707 = 0.098
#
# A step back
# -----------
# To go from ``x_t`` to a step with less noise, with share ``a_next``, take the guess and the
# noise and put them together again by the closed form::
#
#     x_next = sqrt(a_next) * x_0 + sqrt(1 - a_next) * noise
#
# This is a step of *DDIM* (Song et al. 2020, arXiv:2010.02502). Nothing in it is drawn by chance.
# We may also take only a part of the noise from the guess, and draw the rest anew, so that the
# variance of both is ``1 - a_next`` together. With the right part this is *DDPM*, the sampler of
# the first paper. ``eta`` is 0 for the first and 1 for the second.


def step_back(x_t, x_0, a, a_next, eta=0.0):
    """x_next, from x_t and a guess of x_0."""
    noise = (x_t - a**0.5 * x_0) / (1 - a) ** 0.5
    fresh = eta**2 * (1 - a_next) / (1 - a) * (1 - a / a_next)  # variance of the new noise
    new_noise = chance.normal(size=x_t.shape)
    kept = (1 - a_next - fresh) ** 0.5
    return a_next**0.5 * x_0 + kept * noise + fresh**0.5 * new_noise


one_step = step_back(np.array([0.5]), guess, 0.5, 0.9)
print(f"from a = 0.5 to a = 0.9: x goes from 0.5 to {one_step[0]:.3f}")
assert abs(one_step[0] - (0.9**0.5 * 0.609 + 0.1**0.5 * 0.098)) < 0.001
same = diffusion.ddim_step(np.array([0.5]), guess, 0.5, 0.9, 0.0, 0)
assert np.allclose(one_step, same)  # that of the model file

# %%
# Now the whole walk. We need not visit all 100 steps; every second one is enough. The start is pure
# noise.

TIMES = [*range(99, 0, -2), 0]  # 99, 97, ... 1, 0


def walk_back(x, guess_of, eta):
    """All x on the way from noise to data; guess_of(x, t) is the guess of x_0."""
    path = [x]
    for t, t_next in zip(TIMES, TIMES[1:]):
        x = step_back(x, guess_of(x, t), a[t], a[t_next], eta)
        path.append(x)
    return np.array(path)


def guess_of_two(x, t):
    return best_guess(x, a[t], two)


paths = {eta: walk_back(chance.normal(size=400), guess_of_two, eta) for eta in (0.0, 1.0)}

fig, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained", sharey=True)
for ax, (eta, path), name in zip(axes, paths.items(), ("DDIM", "DDPM")):
    for i in range(24):
        color = "tab:blue" if path[-1, i] > 0 else "tab:orange"
        line = "-" if path[-1, i] > 0 else "--"
        ax.plot(TIMES, path[:, i], line, color=color, linewidth=1)
    ax.invert_xaxis()
    ax.set(xlabel="step t, from noise to data", title=f"{name}, eta = {eta:g}")
axes[0].set_ylabel("x")
plt.show()

for path in paths.values():
    assert (abs(abs(path[-1]) - 1) < 0.02).all()  # each ends at -1 or +1
    assert 0.4 < (path[-1] > 0).mean() < 0.6  # about half of them at each

# %%
# All numbers end at -1 or at +1, about half of them at each, although they began as noise. The
# lines of DDIM never cross: where one begins decides where it ends. Those of DDPM do cross: the new
# noise may still carry a number from one side to the other.

order = paths[0.0][0].argsort()
assert (np.diff(paths[0.0][:, order], axis=1) > -1e-6).all()  # no line of DDIM crosses another
assert (paths[1.0][0] * paths[1.0][-1] < 0).mean() > 0.1  # with DDPM many end on the other side

# %%
# Why so many steps? Look at the best guess for pure noise: it is close to 0, the *mean* of the
# data, and 0 is not in our data at all. One jump gives a mean, which is a blur. Each step back
# makes the next guess a bit more certain.

first_guesses = guess_of_two(paths[0.0][0], 99)
print(f"guesses from pure noise: all within {abs(first_guesses).max():.2f} of 0")
assert abs(first_guesses).max() < 0.2

# %%
# A network learns the guess
# --------------------------
# ``best_guess`` looks at all the data in each step. With a million pictures this is too slow, and
# it can only give back what it has seen. So a network learns it. In training we know the answer,
# because we have added the noise ourselves. One step of training:
#
# 1. take some ``x_0`` from the data, draw a step ``t`` for each, and draw noise;
# 2. make ``x_t`` by the closed form;
# 3. the network sees ``x_t`` and is told how much noise there is; it predicts the noise;
# 4. the loss is the mean squared error between its noise and the true one.
#
# The network gets ``sqrt(a_t)`` and ``sqrt(1 - a_t)`` as two more inputs, to know the step.


def with_share(x_t, share):
    """x_t with two more columns that tell the step."""
    share = np.broadcast_to(share, (len(x_t), 1))
    return np.concatenate([x_t, share**0.5, (1 - share) ** 0.5], axis=1).astype("float32")


def noisy_batch(data, rows):
    """(x_t, the share of each row as a column, noise), each row at a step of its own."""
    x_0 = data[rows]
    share = a[chance.integers(1, STEPS + 1, len(rows))][:, None]
    noise = chance.normal(size=x_0.shape).astype("float32")
    return diffusion.add_noise(x_0, noise, share), share, noise


# %%
# The player shows one such step, with four points and a small network of 8 neurons. Look at the
# loss, the ``mean_squared_error``: its target is the noise that was drawn, not a picture. The last
# lines are the step of SGD (lesson 7).

minigrad.seed(0)
small = Sequential([Dense(8, activation="silu", input_shape=(4,)), Dense(2)])
small.compile("sgd", "mse")
x_t, share, noise = noisy_batch(points, np.arange(4))
inputs = with_share(x_t, share)
before = float(np.mean((small.predict(inputs, verbose=0) - noise) ** 2))

with minigrad.record() as run:
    loss = small.train_on_batch(inputs, noise)
run.show()

assert np.isclose(loss, before, rtol=1e-3)
assert sum(step.kind == "update" for step in run.steps) == 4  # two kernels, two biases

# %%
# Now with the spiral. Two numbers are a picture of two pixels, so a few ``Dense`` layers will do.


def train(data, outputs, steps, width, batch_size, labels=None):
    """(network, losses): predict the noise in data, given the share, and the labels."""
    minigrad.seed(0)
    extra = 2 if labels is None else 2 + labels.shape[1]
    network = Sequential(
        [
            Dense(width, activation="silu", input_shape=(outputs + extra,)),
            Dense(width, activation="silu"),
            Dense(width, activation="silu"),
            Dense(outputs),
        ]
    )
    network.compile(Adam(CosineDecay(3e-3, steps)), "mse")
    losses = []
    for _ in range(steps):
        rows = chance.integers(0, len(data), batch_size)
        x_t, share, noise = noisy_batch(data, rows)
        inputs = with_share(x_t, share)
        if labels is not None:
            inputs = np.concatenate([inputs, labels[rows]], axis=1)
        losses.append(network.train_on_batch(inputs, noise))
    return network, losses


network, losses = train(points, 2, 15_000 if LONG else 5000, width=128, batch_size=256)
print(f"loss: {losses[0]:.2f} at the start, {np.mean(losses[-500:]):.2f} at the end")
assert losses[0] > 0.7
assert np.mean(losses[-500:]) < 0.45

# %%
# The loss does not come near 0, and it cannot. At a small ``t`` there is hardly any noise to see,
# and where two arms of the spiral mix, nobody can tell from which one a point came. A loss that
# stays at 0.35 is not a failure. Judge a diffusion model by its samples.


def guess_of_network(x, t):
    """The guess of x_0 from the noise that the network finds; no data lie beyond 2."""
    noise = network.predict(with_share(x, a[t]), verbose=0, batch_size=len(x))
    return diffusion.remove_noise(x, noise, a[t]).clip(-2, 2)


film = walk_back(chance.normal(size=(1000, 2)), guess_of_network, eta=1.0)
samples = film[-1]

turns = np.linspace(0, 1, 2000)
angle = 3 * np.pi * turns
curve = 1.8 * np.stack([turns * np.cos(angle), turns * np.sin(angle)], axis=1)


def distances(samples):
    """How far each sample is from the curve."""
    return np.linalg.norm(samples[:, None] - curve, axis=2).min(1)


fig, axes = plt.subplots(1, 5, figsize=(14, 3.6), layout="constrained", sharex=True, sharey=True)
for ax, i in zip(axes, (0, 20, 35, 43, len(TIMES) - 1)):
    ax.plot(*film[i].T, ".", markersize=2)
    ax.plot(*curve.T, color="tab:orange", linewidth=1)
    off = np.median(distances(film[i]))
    ax.set(title=f"t = {TIMES[i]}: median off by {off:.2f}", xlabel="first number", aspect="equal")
axes[0].set(ylabel="second number", xlim=(-3.2, 3.2), ylim=(-3.2, 3.2))
plt.show()

print(f"median distance from the curve: {np.median(distances(samples)):.3f}")
assert np.median(distances(samples)) < 0.06
assert np.quantile(distances(samples), 0.95) > 2 * np.median(distances(samples))  # a few are lost
assert np.median(distances(film[0])) > 0.2
reached = np.linalg.norm(points[:, None] - samples, axis=2).min(1)
assert np.quantile(reached, 0.95) < 0.15  # and nearly every point has a sample beside it

# %%
# Noise has become a spiral. The orange line is the true curve. The network has seen only points of
# it, under noise. Not all is right: some samples lie between the innermost turns, where there are
# few data.
#
# Digits
# ------
# A picture of 8 times 8 pixels is a point with 64 numbers. Nothing else changes. We add one thing:
# the network also gets the label, as a one-hot list of 10 numbers. Then we can ask for a digit. A
# model that is told what to make is called *conditional* (lesson 22).

digits = load_digits()
images = (digits.data / 8 - 1).astype("float32")  # from 0..16 to -1..1
labels = digits.target
n_train = 1437
one_hot = np.eye(10, dtype="float32")

digit_steps = 12_000 if LONG else 4000
train_images, train_labels = images[:n_train], one_hot[labels[:n_train]]
digit_network, digit_losses = train(train_images, 64, digit_steps, 256, 128, train_labels)

asked = np.arange(200) % 10


def guess_of_digit(x, t):
    """The guess of the images x_0; pixels lie in -1..1."""
    inputs = np.concatenate([with_share(x, a[t]), one_hot[asked]], axis=1)
    noise = digit_network.predict(inputs, verbose=0, batch_size=len(x))
    return diffusion.remove_noise(x, noise, a[t]).clip(-1, 1)


film = walk_back(chance.normal(size=(200, 64)), guess_of_digit, eta=1.0)
drawn = film[-1]

fig, axes = plt.subplots(6, 10, figsize=(9, 6), layout="constrained")
rows = [(f"t = {TIMES[i]}", film[i]) for i in (0, 25, 38)]
rows += [("t = 0", drawn), ("t = 0", drawn[10:]), ("t = 0", drawn[20:])]
for line, (name, pictures) in zip(axes, rows):
    for ax, picture in zip(line, pictures):
        ax.imshow(picture.reshape(8, 8), cmap="gray", vmin=-1, vmax=1)
        ax.set(xticks=[], yticks=[])
    line[0].set_ylabel(name)
for ax, digit in zip(axes[0], asked):
    ax.set_title(f"asked: {digit}", fontsize=8)
fig.suptitle("Above: ten digits come out of noise. Below: twenty more")
plt.show()

# %%
# Are they what we asked for? A classifier that has learned from real digits is the judge. And are
# they new, or copies of training images? We compare the distance to the nearest training image with
# the same distance for real images that were held out.

judge = LogisticRegression(max_iter=2000).fit(images[:n_train], labels[:n_train])
as_asked = (judge.predict(drawn) == asked).mean()
held_out_right = judge.score(images[n_train:], labels[n_train:])


def to_nearest(pictures):
    """The median distance to the nearest training image."""
    squares = ((pictures[:, None] - images[None, :n_train]) ** 2).sum(2)
    return np.median(np.sqrt(squares.min(1)))


copying = to_nearest(drawn) / to_nearest(images[n_train:])
print(f"taken for what was asked: {as_asked:.0%} (real held-out digits: {held_out_right:.0%})")
print(f"distance to the training images, over that of real digits: {copying:.2f}")
assert as_asked > held_out_right > 0.85
assert 0.7 < copying < 1.5  # a copy would give 0
assert np.mean(digit_losses[-500:]) < 0.35

# %%
# The judge is right more often than for real digits. That does not make ours better: they are more
# typical than what people write, and a bit blurred.
#
# A real model sees that pixels have neighbors: it uses convolutions, on two sizes, with attention.
# It is called a *U-Net*, and stands in ``models/generative/diffusion.py``. It draws better digits,
# and there they are compared with those of all GANs of lessons 21 and 22.
#
# What goes wrong
# ---------------
# *A share for each row.* ``t`` is different for each row of the batch, so there is a list of
# shares. It must be a *column*, of shape (N, 1). If it has shape (N,), NumPy lines it up with the
# pixels:

batch = train_images[:32]
shares = a[chance.integers(1, STEPS + 1, 32)]
try:
    diffusion.add_noise(batch, np.zeros_like(batch), shares)
    said = "no error"
except ValueError as error:
    said = str(error)
print(said)
assert "could not be broadcast together with shapes (32,) (32,64)" in said

# %%
# Good, an error. But with 64 rows in the batch, and 64 pixels, there is *no* error. Each *pixel*
# gets a share of its own, and the model learns nonsense.

batch = train_images[:64]
shares = a[np.linspace(1, STEPS, 64).astype(int)]
wrong = diffusion.add_noise(batch, np.zeros_like(batch), shares)
right = diffusion.add_noise(batch, np.zeros_like(batch), shares[:, None])
assert wrong.shape == right.shape == (64, 64)
print(f"the row with the most noise should be empty: {abs(right[-1]).mean():.2f}")
print(f"with a list in place of a column it shows    {abs(wrong[-1]).mean():.2f}")
assert abs(right[-1]).mean() < 0.02 < 0.2 < abs(wrong[-1]).mean()

# %%
# *The new noise forgotten.* DDPM takes a part of the noise away and draws that part anew. Whoever
# forgets to draw it makes the picture too calm in each step, and all samples come out near the
# middle.


def walk_without_new_noise(x):
    """The steps of DDPM, with zeros for the new noise."""
    for t, t_next in zip(TIMES, TIMES[1:]):
        x = diffusion.ddim_step(x, guess_of_network(x, t), a[t], a[t_next], 1.0, 0.0)
    return x


calm = walk_without_new_noise(chance.normal(size=(1000, 2)))
reach = np.linalg.norm(samples, axis=1).mean()
calm_reach = np.linalg.norm(calm, axis=1).mean()
print(f"mean distance from the middle: {reach:.2f}, without new noise {calm_reach:.2f}")
assert calm_reach < 0.8 * reach

# %%
# What to remember
# ----------------
# * ``x_t = sqrt(a_t) * x_0 + sqrt(1 - a_t) * noise``: any step at once.
# * The network predicts the noise; the loss is the mean squared error. That is all of training.
# * A guess of the noise is a guess of ``x_0``. From pure noise this guess is a mean, so we go in
#   steps.
# * DDIM draws nothing on the way; DDPM draws a part of the noise anew.
# * The loss of a diffusion model does not tell how good it is. Look at the samples, and measure
#   them.
#
# Exercises
# ---------
# 1. Write ``answer_1(betas)``: the shares ``a_0, a_1, ... a_T`` as an array, where ``a_0`` is 1 and
#    ``betas`` is a list of T numbers.
# 2. Write ``answer_2(x_0, noise, t, shares)``: the noisy batch ``x_t``. ``x_0`` and ``noise`` are
#    arrays (N, D), ``t`` is an array of N step numbers, one for each row, and ``shares`` are those
#    of exercise 1. It must also be right for N = D.
# 3. Write ``answer_3(x_t, noise, share)``: the guess of ``x_0``, given the noise.
# 4. Let every step have ``beta = 0.36``. After how many steps is less than 1 % of the signal left,
#    so that ``a_t`` is below 0.01? Give ``answer_4``, a number.
# 5. Write ``answer_5(x_t, share, data)``: the best guess of ``x_0`` for points. ``x_t`` is one
#    point, an array (D,), and ``data`` an array (M, D) of all points, each as often. It must also
#    work when all weights are so small that they round to 0 (take the smallest distance away
#    first).
#
# Write your answers as ``answer_1``, ``answer_2``, ... in a file and run
# ``python -m tutorials 24 --check my_answers.py``. The solutions stand in
# ``tutorials/solutions/24_diffusion.py``.
