"""
8. Learning rates
=================

Every step of training has the same form: new parameter = parameter - learning rate * gradient. The
gradient says in which direction the loss falls. The learning rate says how far to go. It is one
number, nobody computes it for you, and it decides more than any other choice. Too small: the
network has learned nothing by the evening. Too large: it never learns at all.

This lesson finds out where "too large" begins, searches for a good rate on the digits, and then
lets the rate change during training. You need lessons 1 to 7. With ``--long`` the networks train
for more epochs.
"""

import math
import sys
import warnings

import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import Parameter, Sequential, grad
from minigrad.datasets import digits
from minigrad.layers import Dense
from minigrad.optimizers import SGD, Adam, schedules

LONG = "--long" in sys.argv

# %%
# Four rates, by hand
# -------------------
# Take one parameter ``w`` and the loss ``w * w``. Its slope is ``2 * w`` (lesson 1). A step is ::
#
#     new w = w - rate * 2 * w = (1 - 2 * rate) * w
#
# So each step *multiplies* ``w`` by the same factor, ``1 - 2 * rate``. We start at ``w = 1`` and
# work out four rates on paper:
#
# * rate 0.1: the factor is 0.8. ``w`` becomes 0.8, 0.64, 0.512: slow and sure.
# * rate 0.5: the factor is 0. ``w`` is 0 after one step: perfect.
# * rate 0.9: the factor is -0.8. ``w`` becomes -0.8, 0.64, -0.512. It jumps over the minimum each
#   time, and still comes closer.
# * rate 1.1: the factor is -1.2. ``w`` becomes -1.2, 1.44, -1.728. Each jump lands farther away
#   than it began. The loss grows without end: training diverges (lesson 7).


def descend(rate, steps, w=1.0):
    """The values of w in gradient descent on w * w, with the start."""
    path = [w]
    for _ in range(steps):
        slope = 2 * w
        w = w - rate * slope
        path.append(w)
    return path


for rate in (0.1, 0.5, 0.9, 1.1):
    print(f"rate {rate}:", " ".join(f"{w:7.3f}" for w in descend(rate, 5)))

assert np.allclose(descend(0.1, 3), [1, 0.8, 0.64, 0.512])
assert np.allclose(descend(0.5, 3), [1, 0, 0, 0])
assert np.allclose(descend(0.9, 3), [1, -0.8, 0.64, -0.512])
assert np.allclose(descend(1.1, 3), [1, -1.2, 1.44, -1.728])

# %%
# minigrad's ``SGD`` (lesson 7) takes the same steps.


def descend_with_minigrad(rate, steps):
    """The same with a Parameter, its gradient and an optimizer."""
    w = Parameter(np.array(1.0))
    optimizer = SGD(learning_rate=rate)
    path = [w.item()]
    for _ in range(steps):
        loss = w * w
        optimizer.apply(grad(loss, [w]), [w])
        path.append(w.item())
    return path


for rate in (0.1, 0.5, 0.9, 1.1):
    assert np.allclose(descend_with_minigrad(rate, 5), descend(rate, 5), atol=1e-5)

ws = np.linspace(-2.8, 2.8, 200)
fig, axes = plt.subplots(1, 4, figsize=(12, 3.4), layout="constrained", sharey=True)
titles = ["0.1: slow", "0.5: one step", "0.9: jumps over, arrives", "1.1: diverges"]
for ax, rate, title in zip(axes, (0.1, 0.5, 0.9, 1.1), titles):
    path = np.array(descend(rate, 5))
    ax.plot(ws, ws * ws, color="lightgray", linewidth=3)
    ax.plot(path, path**2, "o-", color="tab:red")
    ax.plot(path[0], path[0] ** 2, "ks", label="start")
    ax.set(title=f"rate {title}", xlabel="w")
axes[0].set_ylabel("loss, w * w")
axes[0].legend()
plt.show()

# %%
# Where "too large" begins
# ------------------------
# Now a steeper valley: the loss ``c / 2 * w * w``. Its slope is ``c * w``. The number ``c`` says
# how fast the slope changes; it is called the *curvature*. (Lesson 2 called it the second
# derivative. In the example above, ``c`` is 2.) A step multiplies ``w`` by ``1 - rate * c``. This
# factor must lie between -1 and 1, or ``w`` grows. So::
#
#     the rate must be smaller than 2 / curvature
#
# For ``c = 2`` the limit is 1. For ``c = 20`` it is 0.1.
#
# A network has many parameters, and each direction has its own curvature. Let there be two: ``w1``
# with curvature 2, and ``w2`` with curvature 20. One rate must serve both. The *largest* curvature
# sets the limit, 2 / 20 = 0.1. Near this limit, ``w1`` is multiplied by 1 - 0.1 * 2 = 0.8 in each
# step. That is fast enough. But in a direction with curvature 0.002 it would be 0.9998: hardly a
# move, and a larger rate is not allowed.

curvatures = np.array([2.0, 20.0])


def losses_in_two_directions(rate, steps):
    """The loss c1 / 2 * w1 * w1 + c2 / 2 * w2 * w2 after each step from (1, 1)."""
    w = np.array([1.0, 1.0])
    losses = []
    for _ in range(steps + 1):
        losses.append((curvatures / 2 * w * w).sum())
        w = w - rate * curvatures * w
    return losses


fig, ax = plt.subplots(figsize=(7.5, 4.2), layout="constrained")
lines = [(0.001, ":"), (0.01, "-."), (0.09, "-"), (0.0999, "--"), (0.105, "^-")]
for rate, style in lines:
    losses = losses_in_two_directions(rate, 40)
    ax.plot(losses, style, linewidth=2, markevery=4, label=f"rate {rate:g}")
ax.set(
    xlabel="step",
    ylabel="loss",
    title="Curvatures 2 and 20: the limit is 2 / 20 = 0.1",
    yscale="log",
)
ax.legend(loc="lower left")
plt.show()

after_40 = {rate: losses_in_two_directions(rate, 40)[-1] for rate, _ in lines}
assert after_40[0.001] > 1  # too small: hardly moved from 11
assert after_40[0.09] < 1e-6  # good
assert after_40[0.0999] > 1  # just below the limit: jumps from wall to wall
assert after_40[0.105] > 11  # above the limit: it grows
assert min(after_40, key=after_40.get) == 0.09 and max(after_40, key=after_40.get) == 0.105

# %%
# This axis is a *logarithmic axis*: equal distances mean equal *factors*, not equal differences. On
# it we can see losses of 1000 and of 0.00001 in one picture, and a straight line means "multiplied
# by the same factor in each step".
#
# Look at how near good and bad are: 0.09 is the best of the five, 0.105 the worst.
#
# Searching: the sweep
# --------------------
# In a real network nobody knows the curvatures, and they change while it learns. So we try. The
# learning rate is a *hyperparameter*: a number that we choose before training, while the
# *parameters* are what training changes. Trying a row of values and drawing the result is called a
# *sweep*.
#
# For rates, 0.1, 0.2, 0.3, 0.4 is a bad row: the good value may be 0.001. Use steps that multiply,
# by about 3: 0.001, 0.003, 0.01, 0.03 and so on. Here is a small network on the digits, trained
# nine times for a few epochs.

(x_train, y_train), (x_test, y_test) = digits.load_data()  # pixels are scaled to 0..1


def train(optimizer, epochs, batch_size=32, layers=1, units=32, activation="relu", seed=0):
    """History, test accuracy and model: a network with `layers` hidden layers, on the digits."""
    minigrad.seed(seed)
    model = Sequential([Dense(units, activation=activation, input_shape=(64,))])
    for _ in range(layers - 1):
        model.add(Dense(units, activation=activation))
    model.add(Dense(10, activation="softmax"))
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x_train, y_train, batch_size=batch_size, epochs=epochs, verbose=0)
    _, accuracy = model.evaluate(x_test, y_test, verbose=0)
    return history.history, accuracy, model


rates = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0]
last_losses, accuracies = {}, {}
for rate in rates:
    history, accuracies[rate], model = train(SGD(rate), epochs=15 if LONG else 5)
    last_losses[rate] = history["loss"][-1]
    print(f"rate {rate:6}: loss {last_losses[rate]:.3f}, right on {accuracies[rate]:.1%}")

best_rate = min(rates, key=last_losses.get)
print("best rate:", best_rate)
assert best_rate in (0.1, 0.3, 1.0)
assert accuracies[best_rate] > 0.85
assert last_losses[0.001] > 1.5  # too small: it has hardly begun
assert last_losses[10.0] > 2.2 and accuracies[10.0] < 0.3  # too large: it guesses

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
left.plot(last_losses.keys(), last_losses.values(), "o-")
left.axhline(math.log(10), color="black", linestyle=":", label="guessing: log(10) = 2.3")
left.set(ylabel="loss at the end", ylim=(0, 3.3), title="Too small, right, too large")
left.legend(loc="upper center")
right.plot(accuracies.keys(), accuracies.values(), "s-", color="tab:green")
right.set(ylabel="right on test images", ylim=(0, 1), title="The same runs, judged by accuracy")
for ax in (left, right):
    ax.set(xscale="log", xlabel="learning rate")
plt.show()

# %%
# The curve has the same form in almost every sweep. It falls slowly on the left, has a flat good
# region, and then a cliff on the right. The good rates lie *just before the cliff*. A simple rule:
# find the rate at which training breaks, and take a third or a tenth of it.
#
# At the right end the loss is not infinite, it is stuck near 2.3. The first steps threw the
# parameters so far that ``relu`` gives zero for almost every image. Its slope is zero there too, so
# no gradient comes through any more. These are the dead units of lesson 3. We can look: the last
# model of the sweep is the one with rate 10.

hidden = model.layers[0](x_test).numpy()  # what comes out of relu: (360, 32)
share_of_zeros = (hidden == 0).mean()
print(f"zeros after relu at rate 10: {share_of_zeros:.1%}")
assert share_of_zeros > 0.9

# %%
# Why one rate is not enough
# --------------------------
# With batches, each step sees only some of the examples, and each batch pulls in another direction.
# Take the smallest case: two examples, 0 and 2. The loss of one example ``t`` is ``(w - t) ** 2``,
# its slope ``2 * (w - t)``. The mean of both losses is smallest at ``w = 1``. We show one example
# at a time, in turns.
#
# With rate 0.1 a step is ``0.8 * w + 0.2 * t``. Try ``w = 0.889`` (exactly 8/9) and ``t = 2``:
# 0.711 + 0.4 = 1.111. Then ``t = 0``: 0.8 * 1.111 = 0.889. We are back. The parameter jumps between
# 0.889 and 1.111 for ever. It stays 0.111 away from the minimum, although it has seen everything.
# With a smaller rate it would stay closer. For this example the distance is ``rate / (1 - rate)``:
#
# * rate 0.5: distance 1 (it jumps between 0 and 2)
# * rate 0.1: distance 0.111
# * rate 0.01: distance 0.0101, but the way there takes ten times as many steps


def distance_in_turns(rate_of, steps, w=5.0):
    """Distance from the minimum, 1, when the examples 0 and 2 are shown in turns."""
    distances = []
    for step in range(steps):
        target = 0.0 if step % 2 == 0 else 2.0
        w = w - rate_of(step) * 2 * (w - target)
        distances.append(abs(w - 1))
    return distances


def fixed_half(step):
    return 0.5


def fixed_tenth(step):
    return 0.1


def fixed_hundredth(step):
    return 0.01


def falling(step):
    return 0.1 * 0.98**step


assert math.isclose(distance_in_turns(fixed_half, 200)[-1], 1.0)
assert math.isclose(distance_in_turns(fixed_tenth, 200)[-1], 1 / 9)
assert distance_in_turns(fixed_hundredth, 200)[-1] > 0.05  # not there yet
assert distance_in_turns(falling, 200)[-1] < 0.01  # better than all fixed rates

fig, ax = plt.subplots(figsize=(7.5, 4), layout="constrained")
for rate_of, label, style in [
    (fixed_half, "rate 0.5", ":"),
    (fixed_tenth, "rate 0.1", "--"),
    (fixed_hundredth, "rate 0.01", "-."),
    (falling, "0.1, times 0.98 in each step", "-"),
]:
    ax.plot(distance_in_turns(rate_of, 200), style, linewidth=2, label=label)
ax.set(
    xlabel="step",
    ylabel="distance from the minimum",
    yscale="log",
    ylim=(1e-3, 60),
    title="Two examples pull in turns: a fixed rate stops coming closer",
)
ax.legend(loc="upper right")
plt.show()

# %%
# The best of both: *begin with a large rate, end with a small one*. The large rate covers the way,
# the small one settles. A rule that gives the rate for each step is called a *schedule*.
#
# Five schedules
# --------------
# A schedule is a function from the number of the step to the rate. Here are the usual ones, with
# numbers for paper and pencil. All begin at (or climb to) 0.1.
#
# * *Step decay*: halve it every 10 steps. At step 25 it was halved twice: 0.1 * 0.25 = 0.025.
# * *Exponential decay*: the same factor, but a little in each step: ``0.1 * 0.5 ** (step / 10)``.
#   At step 25: 0.1 * 0.5 ** 2.5 = 0.0177.
# * *Cosine decay*: half a wave from 0.1 down to 0, here in 50 steps: ``0.1 * (1 + cos(pi * step /
#   50)) / 2``. At step 25, the middle: 0.05. After step 50 it stays at 0. (Loshchilov and Hutter,
#   arXiv:1608.03983.)
# * *Cyclic*: up and down along straight lines, here between 0.01 and 0.1, 10 steps each way. At
#   step 25 it is halfway up again: 0.055. (Smith, arXiv:1506.01186.)
# * *Warm-up*: begin at 0 and climb to 0.1 in the first steps, here 10, before another schedule
#   takes over. At step 3: 0.03.


def step_decay(step):
    return 0.1 * 0.5 ** (step // 10)


def exponential_decay(step):
    return 0.1 * 0.5 ** (step / 10)


def cosine_decay(step):
    done = min(step / 50, 1)  # without min() the rate would climb again after step 50
    return 0.1 * (1 + math.cos(math.pi * done)) / 2


def cyclic(step):
    place = step % 20  # a cycle has 20 steps
    share = place / 10 if place <= 10 else (20 - place) / 10
    return 0.01 + (0.1 - 0.01) * share


def warm_up_then_cosine(step):
    return 0.1 * step / 10 if step < 10 else cosine_decay(step - 10)


assert math.isclose(step_decay(25), 0.025)
assert math.isclose(exponential_decay(25), 0.0177, abs_tol=1e-4)
assert math.isclose(cosine_decay(25), 0.05) and cosine_decay(70) < 1e-12
assert math.isclose(cyclic(25), 0.055)
assert math.isclose(warm_up_then_cosine(3), 0.03)

# %%
# minigrad has them all in ``minigrad.optimizers.schedules``. They agree with ours at every step.

cosine = schedules.CosineDecay(0.1, decay_steps=50)
pairs = [
    ("step decay", step_decay, schedules.StepDecay(0.1, steps=10, decay_rate=0.5)),
    ("exponential decay", exponential_decay, schedules.ExponentialDecay(0.1, 10, 0.5)),
    ("cosine decay", cosine_decay, cosine),
    ("cyclic", cyclic, schedules.CyclicLR(0.01, 0.1, step_size=10)),
    ("warm-up, then cosine", warm_up_then_cosine, schedules.WarmUp(cosine, warmup_steps=10)),
]
fig, axes = plt.subplots(1, 5, figsize=(13, 2.8), layout="constrained", sharey=True)
for ax, (name, ours, theirs) in zip(axes, pairs):
    by_hand = [ours(step) for step in range(80)]
    by_minigrad = [theirs(step) for step in range(80)]
    assert np.allclose(by_hand, by_minigrad)
    ax.plot(by_minigrad, linewidth=2)
    ax.set(title=name, xlabel="step")
axes[0].set_ylabel("learning rate")
plt.show()

# %%
# Schedules at work
# -----------------
# Give the schedule to the optimizer in place of the number. It is asked again before each step. We
# train with batches of only 4 images: their gradients are noisy, so the effect is easy to see. A
# schedule must know how many steps there will be: batches per epoch times epochs.

epochs, batch_size = 10, 4
steps = math.ceil(len(x_train) / batch_size) * epochs
choices = {
    "fixed 0.01": SGD(0.01),
    "fixed 0.3": SGD(0.3),
    "step decay from 0.3": SGD(schedules.StepDecay(0.3, [steps // 2, 3 * steps // 4])),
    "cosine decay from 0.3": SGD(schedules.CosineDecay(0.3, steps)),
}
curves, test_accuracies = {}, {}
for name, optimizer in choices.items():
    history, test_accuracies[name], _ = train(optimizer, epochs, batch_size)
    curves[name] = history["loss"]
    print(f"{name:22} loss {curves[name][-1]:.4f}, right on {test_accuracies[name]:.1%}")

assert np.allclose(curves["step decay from 0.3"][:4], curves["fixed 0.3"][:4], rtol=0.01)
large, small = curves["fixed 0.3"], curves["fixed 0.01"]
for name in ("step decay from 0.3", "cosine decay from 0.3"):
    assert curves[name][-1] < 0.8 * np.mean(large[-3:])  # settles lower than the large rate
    assert curves[name][-1] < 0.4 * small[-1]  # and is faster than the small one
    assert test_accuracies[name] > 0.94

fig, ax = plt.subplots(figsize=(7.5, 4), layout="constrained")
for (name, curve), style in zip(curves.items(), ("-.", "--", "s-", "o-")):
    ax.plot(range(1, epochs + 1), curve, style, label=name)
ax.set(xlabel="epoch", ylabel="training loss", yscale="log", title="Large first, small at the end")
ax.legend()
plt.show()

# %%
# The fixed 0.3 is quick and then jumps up and down. (Until half of the steps are done, the step
# decay is the same run.) The fixed 0.01 is smooth and still on its way. The schedules are as quick
# as the first and as calm as the second. Accuracy differs less than the loss does: the digits are
# easy. On large tasks the end of the schedule is often worth a percent or more.
#
# Why begin small: warm-up
# ------------------------
# Sometimes the *first* steps are the dangerous ones. Take the loss ``w ** 4 / 4``. Its slope is ``w
# ** 3``, so a step multiplies ``w`` by ``1 - rate * w * w``. The curvature depends on where we are:
# at ``w = 10`` it is huge, near 0 it is almost nothing. With rate 0.03 from ``w = 10``:
#
# * step 1: the factor is 1 - 0.03 * 100 = -2, so ``w = -20``
# * step 2: the factor is 1 - 0.03 * 400 = -11, so ``w = 220``: it diverges.
#
# With a warm-up, the first rates are 0, 0.003, 0.006, ... At 0.003 the factor is 0.7, so ``w = 7``.
# At 0.006 it is 1 - 0.006 * 49 = 0.706, so ``w = 4.942``. When the full rate comes, ``w`` is small,
# and 0.03 is safe there.


def descend_quartic(rate_of, steps, w=10.0):
    """Gradient descent on w ** 4 / 4; stops early if it diverges."""
    path = [w]
    for step in range(steps):
        w = w - rate_of(step) * w**3
        path.append(w)
        if abs(w) > 1e6:
            break
    return path


cold = descend_quartic(schedules.Constant(0.03), 30)
warm = descend_quartic(schedules.WarmUp(0.03, warmup_steps=10), 30)
print("at once:     ", " ".join(f"{w:.4g}" for w in cold))
print("with warm-up:", " ".join(f"{w:.4g}" for w in warm[:6]), "...", f"{warm[-1]:.4g}")
assert np.allclose(cold[:3], [10, -20, 220]) and abs(cold[-1]) > 1e6
assert np.allclose(warm[:4], [10, 10, 7, 4.942], atol=1e-3) and abs(warm[-1]) < 1.5

# %%
# Deep networks at their random start are such places. Here are six layers of 64 ``tanh`` and a
# high rate for Adam, 0.04. A cosine decay alone does not save it, because its first steps are the
# largest. The same cosine after a warm-up of 100 steps (a bit more than two epochs) works. One run
# could be luck, so we take five seeds.

epochs = 12 if LONG else 8
steps = math.ceil(len(x_train) / 32) * epochs
decay = schedules.CosineDecay(0.04, steps)
warmed = schedules.WarmUp(schedules.CosineDecay(0.04, steps - 100), warmup_steps=100)
without, with_warm_up, runs = [], [], []
for seed in range(5):
    for schedule, results in ((decay, without), (warmed, with_warm_up)):
        shape = {"layers": 6, "units": 64, "activation": "tanh"}
        history, accuracy, _ = train(Adam(schedule), epochs, seed=seed, **shape)
        results.append(accuracy)
        runs.append((schedule is warmed, history["loss"]))
print("cosine alone:   ", " ".join(f"{a:.1%}" for a in without))
print("warm-up, cosine:", " ".join(f"{a:.1%}" for a in with_warm_up))

fig, ax = plt.subplots(figsize=(7.5, 4), layout="constrained")
for is_warm, losses in runs:
    style = {"color": "tab:blue"} if is_warm else {"color": "tab:red", "linestyle": "--"}
    ax.plot(range(1, epochs + 1), losses, **style)
ax.plot([], [], color="tab:red", linestyle="--", label="cosine decay alone, five seeds")
ax.plot([], [], color="tab:blue", label="warm-up, then cosine decay, five seeds")
ax.axhline(math.log(10), color="black", linestyle=":", label="guessing")
title = "Six tanh layers, Adam with rate 0.04"
ax.set(xlabel="epoch", ylabel="training loss", ylim=(0, 4), title=title)
ax.legend(loc="upper right")
plt.show()

assert np.mean(with_warm_up) > np.mean(without) + 0.15
assert np.median(with_warm_up) > 0.8

# %%
# Do not conclude that every network needs a warm-up. With rate 0.002 this one learns without any.

_, accuracy, _ = train(Adam(0.002), epochs, layers=6, units=64, activation="tanh")
print(f"rate 0.002, no warm-up: {accuracy:.1%}")
assert accuracy > 0.85

# %%
# Warm-up is for those that are deep or must use high rates. The Transformer of lesson 18 is the
# best known: ``models/sequences/transformer.py`` trains with the schedule of its paper, a warm-up
# and then a decay. ``models/study/training_study.py`` draws eight schedules beside each other.
#
# One step, number by number
# --------------------------
# In the player below there are the two curvatures again, 2 and 20, and two steps with rate 0.105.
# Look at the second number. Its gradient is 20. Times 0.105 this is 2.1, so the step carries it
# from 1 to -1.1: over the minimum, and farther away. The first number goes calmly from 1 to 0.79.

point = Parameter(np.array([1.0, 1.0]))
optimizer = SGD(learning_rate=0.105)
with minigrad.record() as run:
    for _ in range(2):
        loss = (point * point * curvatures / 2).sum()
        optimizer.apply(grad(loss, [point]), [point])
run.show()

assert np.allclose(point.numpy(), [0.79**2, 1.1**2], atol=1e-5)

# %%
# What goes wrong
# ---------------
# **The loss is NaN.** In regression nothing limits the loss, and a rate that is too large ends in
# "not a number". Here one layer shall predict 1000 times its input, for inputs around 10. minigrad
# warns, and says what to try. (We collect the warnings to print the important one.)

minigrad.seed(0)
inputs = np.linspace(5, 15, 64)[:, None]
model = Sequential([Dense(1, input_shape=(1,))])
model.compile(SGD(0.1), "mse")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    history = model.fit(inputs, 1000 * inputs, epochs=20, verbose=0)
messages = [str(warning.message) for warning in caught]
(message,) = [text for text in messages if text.startswith("training diverges")]
print(message.split(";")[0])
print("Try", message.split("Try ")[1].split(";")[0])
assert "lower learning rate (now 0.1)" in message
assert not math.isfinite(history.history["loss"][-1])

# %%
# **Steps taken for epochs.** In an optimizer, a schedule counts *steps*. Someone who wants a drop
# after epochs 4 and 8 writes ``StepDecay(0.3, [4, 8])``. But with batches of 32 there are 45 steps
# in an epoch. After 8 steps the rate has fallen to 0.003, and the network stands still. There is no
# error message. There is only a bad figure.

wrong, accuracy_wrong, _ = train(SGD(schedules.StepDecay(0.3, [4, 8])), epochs=12)
right, accuracy_right, _ = train(SGD(schedules.StepDecay(0.3, [4 * 45, 8 * 45])), epochs=12)
print(f"drops at steps 4 and 8:   loss {wrong['loss'][-1]:.2f}, right on {accuracy_wrong:.1%}")
print(f"drops at epochs 4 and 8:  loss {right['loss'][-1]:.2f}, right on {accuracy_right:.1%}")
assert wrong["loss"][-1] > 1.0 and wrong["loss"][-1] > 3 * right["loss"][-1]
assert accuracy_right > 0.9

# %%
# (If you prefer epochs: the callback ``LearningRateScheduler(schedule)`` asks the schedule once in
# each epoch, with the number of the epoch.)
#
# **Two masters.** An optimizer that follows a schedule does not let you set the rate.

optimizer = SGD(schedules.CosineDecay(0.1, 1000))
try:
    optimizer.learning_rate = 0.01
except ValueError as error:
    said = str(error)
print(said)
assert "follows a schedule" in said

# %%
# What to remember
# ----------------
# * A step is learning rate times gradient. Above 2 / curvature it diverges; far below, nothing
#   happens.
# * Search in steps that multiply by about 3, and take a rate just before the cliff.
# * Large at first, small at the end: step, exponential and cosine decay do this.
# * A warm-up protects the first steps of deep networks and of high rates.
# * A schedule in the optimizer counts steps, not epochs.
#
# Exercises
# ---------
# 1. Write ``answer_1(curvatures)``: the limit of the learning rate for a loss whose directions have
#    these curvatures (a list of positive numbers).
# 2. Write ``answer_2(step, first, length)``: cosine decay from ``first`` to 0 in ``length`` steps,
#    which *stays* at 0 afterwards.
# 3. Write ``answer_3(step)``: a warm-up from 0 to 0.2 in the first 20 steps (step 20 has 0.2), then
#    step decay: every 50 steps after step 20, the rate is halved.
# 4. Write ``answer_4(rows, batch_size, epochs)``: the list of *steps* at which ``StepDecay`` must
#    drop so that the drops come after these epochs. An example: 1437 rows, batches of 32, epochs
#    [4, 8] gives [180, 360]. Do not forget the last, smaller batch.
#
# Write your answers as ``answer_1``, ``answer_2``, ... in a file and run
# ``python -m tutorials 8 --check my_answers.py``. The solutions stand in
# ``tutorials/solutions/08_learning_rates.py``.
