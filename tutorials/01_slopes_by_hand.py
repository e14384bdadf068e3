"""
1. Slopes, and the chain rule by hand
=====================================

A neural network has many *parameters*: numbers that training may change. It learns by changing
them, a little at a time, until its mistakes are small. For every parameter, training needs the
answer to one question:

    If this parameter gets a little larger, does the mistake grow or shrink, and how fast?

The answer is a number. It is called the *slope*, and in mathematics the *derivative*. This lesson
shows what a slope is, how to measure it, how to compute it, and how a single neuron learns with it.
You need school arithmetic and a little Python. No part of minigrad computes a slope for you yet: in
this lesson you do it yourself.
"""

import math

import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import Tensor
from minigrad.zoo import load

# %%
# A function, and a nudge
# -----------------------
# A *function* takes a number and gives a number. Ours takes ``x`` and gives ``x`` times ``x``.


def f(x):
    return x * x


# %%
# At ``x = 3`` it gives 9. Now *nudge* ``x``: make it a little larger, by ``h``. How much does the
# result grow, compared with the nudge? By hand, for ``h = 0.1``: ``3.1 * 3.1`` is 9.61, so the
# result has grown by 0.61. That is 6.1 times the nudge. And for smaller nudges:

for h in (1, 0.1, 0.01, 0.001):
    growth = f(3 + h) - f(3)
    print(f"nudge {h:<5}   growth {growth:.6f}   growth / nudge {growth / h:.3f}")
assert math.isclose((f(3.1) - f(3)) / 0.1, 6.1)
assert abs((f(3.001) - f(3)) / 0.001 - 6) < 0.01

# %%
# The last column comes closer and closer to 6. Near ``x = 3``, the result grows six times as fast
# as ``x`` does. This number 6 is the *slope* of ``f`` at 3.
#
# In the picture, each line goes through two points of the curve: the one at 3, and the one at ``3 +
# h``. As ``h`` shrinks, the line turns into the dashed one, which only touches the curve. The slope
# says how steep that line is: one step to the right, six steps up.

xs = np.linspace(0.5, 6.5, 200)
fig, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
ax.plot(xs, f(xs), linewidth=3, label="f(x) = x * x")
for h, color in ((3, "tab:orange"), (1.5, "tab:green")):
    steepness = (f(3 + h) - f(3)) / h
    label = f"h = {h}: growth / nudge = {steepness:g}"
    ax.plot(xs, f(3) + steepness * (xs - 3), color=color, label=label)
    ax.plot(3 + h, f(3 + h), "o", color=color)
ax.plot(xs, f(3) + 6 * (xs - 3), "k--", label="h almost 0: the slope, 6")
ax.plot(3, 9, "ko")
ax.set(xlabel="x", ylabel="f(x)", ylim=(-12, 42), title="The slope at x = 3")
ax.legend()
plt.show()

# %%
# A program can measure any slope like this. Nudging to *both* sides is better than nudging to one
# side, because the small errors of the two sides cancel. This way of measuring is called the
# *central difference*. (``1e-5`` is short for 0.00001.)


def slope(function, x, h=1e-5):
    """How fast function(x) grows with x: the central difference."""
    return (function(x + h) - function(x - h)) / (2 * h)


print("slope at 3:", slope(f, 3))
assert abs(slope(f, 3) - 6) < 1e-6

# %%
# A formula for the slope
# -----------------------
# At other places the slope is another number. So the slope is a function of ``x`` too. This
# function is the derivative of ``f``. For ``x * x`` there is a short formula for it: ``2 * x``.
# The reason is arithmetic: ``(x + h) * (x + h)`` is ``x * x + 2 * x * h + h * h``. So the growth is
# ``2 * x * h + h * h``, the growth over the nudge is ``2 * x + h``, and ``h`` is almost 0. Compare
# with the measurement:

for x in (-2, 0, 1, 3):
    print(f"x = {x:2}   measured {slope(f, x):8.5f}   by formula {2 * x}")
    assert abs(slope(f, x) - 2 * x) < 1e-6

# %%
# A slope below zero means: the curve falls when we go to the right. Slope zero means: flat.
#
# What a slope is good for
# ------------------------
# Suppose ``f(x)`` is a mistake, and ``x`` is a parameter. The number that measures the mistake is
# called the *loss*. We want the loss to be small. The slope tells us where "downhill" is: *against*
# the slope. So we take a small step against the slope, and again, and again::
#
#     new x = x - 0.1 * slope
#
# This is called *gradient descent*. Almost every neural network learns in this way. The 0.1 decides
# how large the steps are; it is called the *learning rate*. The first two steps by hand, from ``x =
# 3``: the slope is 6, so the new ``x`` is ``3 - 0.6 = 2.4``. There the slope is 4.8, so the next
# one is ``2.4 - 0.48 = 1.92``.

x = 3.0
path = [x]
for step in range(20):
    x = x - 0.1 * (2 * x)
    path.append(x)
    if step % 5 == 0:
        print(f"step {step}: x = {x:.4f}")
print(f"after 20 steps: x = {x:.4f}, f(x) = {f(x):.4f}")
assert math.isclose(path[1], 2.4) and math.isclose(path[2], 1.92)
assert f(x) < 0.01

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
xs = np.linspace(-1.5, 3.3, 200)
ax.plot(xs, f(xs), linewidth=3)
ax.plot(path, [f(x) for x in path], "o-", color="tab:red", label="20 steps against the slope")
ax.annotate("start", (3, 9), (2.62, 9))
ax.set(xlabel="x (the parameter)", ylabel="f(x) (the loss)", title="Gradient descent")
ax.legend()
plt.show()

# %%
# Steep places give large steps, flat places give small ones. That is why the dots come closer
# together.
#
# The chain rule
# --------------
# Most functions are made of several small ones, one after the other. Take ``u = 3 * x`` and then
# ``y = u * u``.
#
# * ``u`` grows 3 times as fast as ``x``.
# * ``y`` grows ``2 * u`` times as fast as ``u``.
#
# How fast does ``y`` grow with ``x``? At ``x = 2`` we have ``u = 6``, so ``y`` grows 12 times as
# fast as ``u``, and ``u`` grows 3 times as fast as ``x``. Think of gears: if the second wheel turns
# 3 times as fast as the first, and the third wheel turns 12 times as fast as the second, then the
# third turns ``12 * 3 = 36`` times as fast as the first. Slopes along a chain are *multiplied*.
# This is the *chain rule*. It is the only rule in this lesson, and the training of every neural
# network rests on it.


def y_of_x(x):
    u = 3 * x
    return u * u


x = 2.0
u = 3 * x
slope_of_y_with_x = (2 * u) * 3
print("chain rule:", slope_of_y_with_x, f"  measured: {slope(y_of_x, x):.6f}")
assert abs(slope(y_of_x, x) - slope_of_y_with_x) < 1e-4

nudge = 0.01
moved = [nudge, 3 * (x + nudge) - u, y_of_x(x + nudge) - y_of_x(x)]
fig, ax = plt.subplots(figsize=(7, 2.6), layout="constrained")
bars = ax.barh(["x", "u = 3 * x", "y = u * u"], moved, color=["tab:blue", "tab:green", "tab:red"])
ax.bar_label(bars, ["0.01", "0.03: times 3", "about 0.36: times 12"], padding=5)
ax.set(
    xlim=(0, 0.5), xlabel="how far it moves", title="A nudge of x by 0.01 travels along the chain"
)
ax.invert_yaxis()
plt.show()

# %%
# A neuron
# --------
# Now a real part of a network. A *neuron* takes some numbers ``x1, x2, x3``, its *inputs*. It has a
# parameter for each of them, its *weights* ``w1, w2, w3``, and one more parameter, its *bias*
# ``b``. It works in two steps:
#
# 1. Multiply each input by its weight and add up: ``z = w1 * x1 + w2 * x2 + w3 * x3 + b``.
# 2. Apply an *activation function*: ``a = sigmoid(z)``. The *sigmoid* turns any number into one
#    between 0 ("no") and 1 ("yes"). There are other activation functions; lesson 3 shows why a
#    network needs one.
#
# By hand, for the inputs 0.5, -0.2 and 0.8 and the weights 0.1, 0.2 and 0.3, with the bias 0.05:
# ``z = 0.05 - 0.04 + 0.24 + 0.05 = 0.30``, and ``sigmoid(0.30)`` is 0.574.


def sigmoid(z):
    return 1 / (1 + math.exp(-z))


x1, x2, x3 = 0.5, -0.2, 0.8
w1, w2, w3, b = 0.1, 0.2, 0.3, 0.05

z = w1 * x1 + w2 * x2 + w3 * x3 + b
a = sigmoid(z)
print(f"z = {z:.2f}   a = {a:.4f}")
assert math.isclose(z, 0.3) and math.isclose(a, 0.574442516811659)

# %%
# The derivative of the sigmoid has a short formula: ``a * (1 - a)``, where ``a`` is its own result.
# It is largest in the middle and almost zero at both ends. Again, the measurement agrees.

for point in (-4, -1, 0, 0.3, 2):
    result = sigmoid(point)
    assert abs(slope(sigmoid, point) - result * (1 - result)) < 1e-8

zs = np.linspace(-6, 6, 200)
squashed = 1 / (1 + np.exp(-zs))
fig, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
ax.plot(zs, squashed, linewidth=3, label="sigmoid(z)")
ax.plot(zs, squashed * (1 - squashed), color="tab:red", label="its slope, a * (1 - a)")
ax.plot(z, a, "o", color="tab:blue")
ax.annotate("our neuron", (z, a), (0.9, 0.5))
ax.set(xlabel="z", ylabel="value", title="The sigmoid turns any number into one between 0 and 1")
ax.legend(loc="upper left")
plt.show()

# %%
# The loss of a neuron
# --------------------
# Say the right answer for these inputs is 1. It is called the *target*. The neuron says 0.574. Our
# loss is the squared distance: ``L = (a - target) ** 2``. (``** 2`` means: times itself.) Here it
# is ``0.426 * 0.426 = 0.181``. Small loss: good answer.

target = 1.0
L = (a - target) ** 2
print(f"L = {L:.4f}")
assert abs(L - 0.181) < 0.001

# %%
# Here is the whole calculation as a picture. Each box is a number. Each arrow says: this number was
# used to compute that one.


def draw_graph(values, slopes=None):
    """Boxes for all numbers, with their values in blue and, once we know them, slopes in red."""
    spots = {
        "w1": (0, 3),
        "w2": (0, 2),
        "w3": (0, 1),
        "b": (0, 0),
        "z": (2, 1.5),
        "a": (4, 1.5),
        "L": (6, 1.5),
    }
    arrows = [
        ("w1", "z", "times x1"),
        ("w2", "z", "times x2"),
        ("w3", "z", "times x3"),
        ("b", "z", "plus"),
        ("z", "a", "sigmoid"),
        ("a", "L", "(a - 1)²"),
    ]
    fig, ax = plt.subplots(figsize=(9, 4.2), layout="constrained")
    boxes = {}
    for name, (x, y) in spots.items():
        label = f"{name} = {values[name]:.3f}"
        box = {"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": "tab:blue"}
        text = ax.text(x, y, label, ha="center", va="center", color="tab:blue", bbox=box)
        boxes[name] = text.get_bbox_patch()
        if slopes:
            label = f"slope {slopes[name]:.3f}"
            ax.text(x, y - 0.42, label, ha="center", va="center", color="tab:red")
    for start, end, label in arrows:
        (left, low), (right, high) = spots[start], spots[end]
        arrow = {"arrowstyle": "->", "patchA": boxes[start], "patchB": boxes[end]}
        ax.annotate("", (right, high), (left, low), arrowprops=arrow)
        middle = (left + right) / 2, (low + high) / 2
        ax.text(*middle, label, ha="center", va="center", backgroundcolor="white")
    ax.set(xlim=(-0.7, 6.7), ylim=(-0.7, 3.5))
    ax.axis("off")
    return ax


values = {"w1": w1, "w2": w2, "w3": w3, "b": b, "z": z, "a": a, "L": L}
draw_graph(values).set_title("Forward: from the parameters to the loss")
plt.show()

# %%
# The chain rule, from the end to the start
# -----------------------------------------
# We want to know how the loss changes with each of the four parameters. Start at the end of the
# picture and go back. At each arrow, multiply by the derivative of that one small step:
#
# * from ``L`` to ``a``: ``2 * (0.574 - 1) = -0.851``;
# * from ``a`` to ``z``: ``-0.851 * 0.574 * (1 - 0.574) = -0.208``;
# * from ``z`` to ``w1``: ``-0.208 * x1 = -0.208 * 0.5 = -0.104``, and so on.

slope_L = 1.0  # the loss grows exactly as fast as itself
slope_a = slope_L * 2 * (a - target)  # L = (a - target) ** 2: the slope of a square
slope_z = slope_a * a * (1 - a)  # a = sigmoid(z)
slope_b = slope_z * 1  # z = ... + b: z grows as fast as b
slope_w1 = slope_z * x1  # z = w1 * x1 + ...: z grows x1 times as fast as w1
slope_w2 = slope_z * x2
slope_w3 = slope_z * x3

assert abs(slope_a + 0.851) < 0.001
assert abs(slope_z + 0.208) < 0.001
assert abs(slope_w1 + 0.104) < 0.001

slopes = {
    "L": slope_L,
    "a": slope_a,
    "z": slope_z,
    "b": slope_b,
    "w1": slope_w1,
    "w2": slope_w2,
    "w3": slope_w3,
}
title = "Backward: the slope of the loss for each number, from right to left"
draw_graph(values, slopes).set_title(title)
plt.show()

# %%
# Look at what we saved. ``slope_z`` was computed once and used four times. A network with a million
# parameters needs one way back, not a million nudges. Going back like this is called the *backward
# pass*, or *backpropagation*.
#
# Did we make a mistake? The central difference is slow, but it knows nothing of our formulas, so it
# is a good test. We nudge one parameter and leave the other three alone. (``lambda w: ...`` is
# Python's short way to write a small function of ``w``.)


def loss_of(w1, w2, w3, b):
    return (sigmoid(w1 * x1 + w2 * x2 + w3 * x3 + b) - target) ** 2


assert abs(slope(lambda w: loss_of(w, w2, w3, b), w1) - slope_w1) < 1e-8
assert abs(slope(lambda w: loss_of(w1, w, w3, b), w2) - slope_w2) < 1e-8
assert abs(slope(lambda w: loss_of(w1, w2, w, b), w3) - slope_w3) < 1e-8
assert abs(slope(lambda w: loss_of(w1, w2, w3, w), b) - slope_b) < 1e-8
print("All four slopes agree with the central difference.")

# %%
# From numbers to Tensors
# -----------------------
# Writing ``w1, w2, w3`` is tiring, and real neurons have hundreds of weights. A *Tensor* holds many
# numbers in one object. Its *shape* says how many. Adding or multiplying two Tensors does it for
# all their numbers at once.
#
# (A computer keeps numbers with a fixed count of digits. minigrad's usual ones, called float32,
# have about 7. We ask for float64, with about 16, because we want to compare slopes very exactly.)

minigrad.set_floatx("float64")

x = Tensor([0.5, -0.2, 0.8])
w = Tensor([0.1, 0.2, 0.3])
print("shape:", w.shape)
print("w * x:", w * x)

z = (w * x).sum() + b
a = minigrad.sigmoid(z)
print("a:", a)
assert math.isclose(a.item(), 0.574442516811659)  # item() takes the one number out of a Tensor

# %%
# The backward pass gets shorter too. One line gives all three slopes. All slopes of the loss
# together, one for each parameter, are called the *gradient*. So a gradient is a list of slopes.

slope_a = 2 * (a - target)
slope_z = slope_a * a * (1 - a)
gradient_w = slope_z * x
print("gradient for w:", gradient_w)
assert np.allclose(gradient_w.data, [slope_w1, slope_w2, slope_w3])

# %%
# Many examples at once
# ---------------------
# A neuron must be right on many examples, not on one. Here is a task: three people vote, 1 for yes
# and 0 for no. The neuron shall say what the majority says. There are 8 possible votes. We put them
# into one Tensor with 8 rows and 3 columns.

rows = [[0, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0], [1, 1, 1]]
votes = Tensor(rows, dtype="float64")
majority = Tensor([0, 0, 0, 0, 1, 1, 1, 1], dtype="float64")
print("votes:", votes.shape, "  majority:", majority.shape)

# %%
# ``votes @ w`` multiplies every row by the weights and adds up: 8 rows in, 8 numbers out. The loss
# is now the mean over the 8 rows.


def forward(w, b):
    a = minigrad.sigmoid(votes @ w + b)
    return a, ((a - majority) ** 2).mean()


# %%
# Backward, one thing is new. Each weight is used in all 8 rows, so it reaches the loss in 8 ways.
# Each way has its own slope, and the slopes of all the ways *add up*. ``slope_z @ votes`` does just
# that: for each weight, slope times input, added up over the 8 rows.


def gradient(w, b):
    a, loss = forward(w, b)
    slope_a = 2 * (a - majority) / 8  # the mean divides by 8
    slope_z = slope_a * a * (1 - a)  # one slope for each row
    return slope_z @ votes, slope_z.sum()  # for w (3 numbers), for b (1 number)


gradient_w, gradient_b = gradient(w, b)
for i in range(3):  # np.eye(3)[i] has a 1 at index i and 0 elsewhere: it nudges one weight
    nudged = slope(lambda h: forward(w + h * np.eye(3)[i], b)[1].item(), 0.0)
    assert abs(gradient_w.data[i] - nudged) < 1e-8
assert abs(gradient_b.item() - slope(lambda h: forward(w, b + h)[1].item(), 0.0)) < 1e-8

# %%
# The central step, in the player
# -------------------------------
# One step of learning is: forward, backward, and a small step against the gradient. The player is a
# page on which you go through such a step one calculation at a time. ``minigrad.record()`` records
# what the lines below it compute, and ``run.show()`` opens the page. Look for ``slope_z``: it has 8
# numbers, one for each row. The second ``matmul`` turns them into 3 slopes, one for each weight.
# The ``subtract`` after it takes the step, from ``start_w`` to ``new_w``.

start_w = Tensor([0.1, 0.2, 0.3])
start_b = Tensor(0.05)
with minigrad.record() as run:
    z = votes @ start_w + start_b
    a = minigrad.sigmoid(z)
    loss = ((a - majority) ** 2).mean()
    slope_a = 2 * (a - majority) / 8
    slope_z = slope_a * a * (1 - a)
    new_w = start_w - 5.0 * (slope_z @ votes)
    new_b = start_b - 5.0 * slope_z.sum()
run.show()

assert forward(new_w, new_b)[1].item() < loss.item()  # one step, and the loss is smaller

# %%
# The neuron learns
# -----------------
# Now the same step again and again.

before, _ = forward(w, b)
losses = []
for step in range(300):
    losses.append(forward(w, b)[1].item())
    if step % 100 == 0:
        print(f"step {step}: loss {losses[-1]:.4f}")
    gradient_w, gradient_b = gradient(w, b)
    w = w - 5.0 * gradient_w
    b = b - 5.0 * gradient_b
after, loss = forward(w, b)
print(f"loss: {losses[0]:.3f} at the start, {loss:.3f} at the end")
print("weights:", w, "  bias:", b)

said = after.data > 0.5
assert (said == (majority.data == 1)).all()  # right on all 8 votes
assert np.allclose(w.data, w.data.mean(), rtol=0.1)  # and each voter counts alike

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
left.plot(losses)
left.set(xlabel="step", ylabel="loss", title="The loss falls", ylim=(0, None))
names = ["".join(str(int(v)) for v in row) for row in votes.data]
positions = np.arange(8)
right.bar(positions - 0.2, before.data, 0.4, color="lightgray", label="before")
right.bar(positions + 0.2, after.data, 0.4, color="tab:blue", label="after")
right.axhline(0.5, color="black", linewidth=0.8, linestyle="--")
right.set(
    xlabel="votes of the three people",
    ylabel="output of the neuron",
    ylim=(0, 1.05),
    title="It has learned the majority",
)
right.set_xticks(positions, names)
right.legend(loc="upper left")
plt.show()

# %%
# The program contains no rule about majorities. Gradient descent found three nearly equal weights.
#
# What goes wrong
# ---------------
# **The learning rate is too large.** For ``f(x) = x * x`` the step is ``x - rate * 2 * x``, which
# is ``(1 - 2 * rate) * x``. With the rate 0.1 that is ``0.8 * x``: closer to 0 at each step. With
# 0.9 it is ``-0.8 * x``: to the other side of 0, but closer. With 1.1 it is ``-1.2 * x``: to the
# other side *and farther away*, each time.


def descend(rate, x=3.0, steps=20):
    """All x of gradient descent on x * x."""
    path = [x]
    for _ in range(steps):
        x = x - rate * (2 * x)
        path.append(x)
    return path


paths = {rate: descend(rate) for rate in (0.1, 0.9, 1.1)}
for rate, path in paths.items():
    print(f"learning rate {rate}: x after 20 steps is {path[-1]:.3f}")
assert abs(paths[0.1][-1]) < 0.1 and abs(paths[0.9][-1]) < 0.1
assert abs(paths[1.1][-1]) > 100

fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
for (rate, path), style in zip(paths.items(), ("o-", "s--", "^:")):
    ax.plot(path[:13], style, label=f"learning rate {rate}")
ax.axhline(0, color="black", linewidth=0.8)
ax.set(xlabel="step", ylabel="x", title="With too large a learning rate, x goes away from 0")
ax.legend(loc="upper left")
plt.show()

# %%
# **A number gets too large for the computer.** The formula ``1 / (1 + exp(-z))`` is right, but for
# ``z = -1000`` it needs ``exp(1000)``, a number with 435 digits:

try:
    sigmoid(-1000)
except OverflowError as error:
    message = str(error)
print("OverflowError:", message)
assert "range" in message

# %%
# The answer, almost exactly 0, is easy to write down; only the way to it is too long. minigrad's
# own ``sigmoid`` takes another way for numbers below 0. This is one reason why you should use the
# functions of a library, once you know what they compute.

assert minigrad.sigmoid(Tensor(-1000.0)).item() < 1e-300

# %%
# **The nudge is too small.** A float64 has about 16 digits. ``3 + 1e-17`` is rounded to 3, so the
# measured slope is 0. Smaller is not always better.

print("nudge 1e-17:", slope(f, 3, h=1e-17), "  nudge 1e-5:", round(slope(f, 3, h=1e-5), 6))
assert slope(f, 3, h=1e-17) == 0

# %%
# The same in the model zoo
# -------------------------
# ``models/feedforward/neuron.py`` has this neuron as a class, with other activation functions too.
# With our weights, it gives our number:

neuron = load("neuron").Neuron(3)
neuron.w = Tensor([0.1, 0.2, 0.3])
neuron.b = Tensor(0.05)
print("neuron of the zoo:", neuron(Tensor([0.5, -0.2, 0.8])))
assert math.isclose(neuron(Tensor([0.5, -0.2, 0.8])).item(), 0.574442516811659)

# %%
# What to remember
# ----------------
# * A slope (derivative) says how fast a result grows with a number. The central difference measures
#   it.
# * The chain rule: along a chain, slopes are multiplied. Where several ways lead from a parameter
#   to the loss, they are added.
# * The gradient is the list of all slopes of the loss, one for each parameter.
# * Gradient descent: parameter minus learning rate times slope, again and again. Too large a
#   learning rate makes the loss grow.
#
# Exercises
# ---------
# 1. ``u = 2 * x + 1`` and ``y = u * u``. How fast does ``y`` grow with ``x``, at ``x = 3``? Use the
#    chain rule, and write the number as ``answer_1``.
# 2. Write ``answer_2(x, rate, steps)``: gradient descent on the loss ``(x - 4) ** 2``. It returns
#    the last ``x``. (The derivative of the loss is ``2 * (x - 4)``.)
# 3. Write ``answer_3(w1, w2, b, x1, x2, target)`` for a neuron with two inputs, the sigmoid and the
#    loss ``(a - target) ** 2``. It returns the three slopes of the loss, for ``w1``, ``w2`` and
#    ``b``, by the chain rule.
# 4. Take the loss ``3 * x * x``, whose derivative is ``6 * x``. Up to which learning rate does
#    gradient descent come closer to 0? Write the number as ``answer_4``.
#
# Write your answers as ``answer_1``, ``answer_2``, ... in a file and run
# ``python -m tutorials 1 --check my_answers.py``. The solutions stand in
# ``tutorials/solutions/01_slopes_by_hand.py``.
#
# In this lesson we found six slopes with our own formulas, for one neuron. In the next lesson,
# minigrad computes them.
