"""
1. Slopes, and the chain rule by hand
=====================================

A neural network has many knobs: numbers that it may change. It learns by turning them, a little at
a time, until its mistakes are small. For every knob it needs the answer to one question:

    If I turn this knob a little, does my mistake grow or shrink, and how fast?

The answer is a number, and it is called a *slope*. This lesson shows what a slope is, how to find
it by trying, how to find it by thinking, and how a single neuron learns with it. You need school
arithmetic and a little Python. No part of minigrad computes a slope for you yet: today you do it
yourself.
"""

import math

import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import Tensor

# %%
# A function, and a nudge
# -----------------------
# A *function* takes a number and gives a number. Ours takes ``x`` and gives ``x`` times ``x``.


def f(x):
    return x * x


# %%
# At ``x = 3`` it gives 9. Now *nudge* ``x``: make it a little larger, by ``h``. How much does the
# result grow, compared with the nudge?

for h in (1, 0.1, 0.01, 0.001):
    growth = f(3 + h) - f(3)
    print(f"nudge {h:<5}   growth {growth:.6f}   growth / nudge {growth / h:.3f}")

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
# A machine can find any slope like this. Nudging to *both* sides is better than nudging to one
# side, because the small errors of the two sides cancel. (``1e-5`` is short for 0.00001.)


def slope(function, x, h=1e-5):
    """How fast function(x) grows with x: a nudge up minus a nudge down, over both nudges."""
    return (function(x + h) - function(x - h)) / (2 * h)


print("slope at 3:", slope(f, 3))
assert abs(slope(f, 3) - 6) < 1e-6

# %%
# A formula for the slope
# -----------------------
# At other places the slope is another number. So the slope is a function of ``x`` too. It is called
# the *derivative* of ``f``. For ``x * x`` there is a short formula for it: ``2 * x``. You need not
# believe this. Ask the nudge.

for x in (-2, 0, 1, 3):
    print(f"x = {x:2}   by nudging {slope(f, x):8.5f}   by formula {2 * x}")
    assert abs(slope(f, x) - 2 * x) < 1e-6

# %%
# A slope below zero means: the curve falls when we go to the right. Slope zero means: flat.
#
# What a slope is good for
# ------------------------
# Suppose ``f(x)`` is a mistake, and ``x`` is our knob. We want the mistake to be small. The slope
# tells us where "downhill" is: *against* the slope. So we take a small step against the slope, and
# again, and again:
#
#     new x = x - 0.1 * slope
#
# This is called *gradient descent*. Almost every neural network learns in this way. The 0.1 decides
# how large the steps are; it is called the *learning rate*.

x = 3.0
path = [x]
for step in range(20):
    x = x - 0.1 * (2 * x)
    path.append(x)
    if step % 5 == 0:
        print(f"step {step}: x = {x:.4f}")
print(f"after 20 steps: x = {x:.4f}, f(x) = {f(x):.4f}")
assert f(x) < 0.01

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
xs = np.linspace(-1.5, 3.3, 200)
ax.plot(xs, f(xs), linewidth=3)
ax.plot(path, [f(x) for x in path], "o-", color="tab:red", label="20 steps against the slope")
ax.annotate("start", (3, 9), (2.62, 9))
ax.set(xlabel="x (our knob)", ylabel="f(x) (our mistake)", title="Walking downhill")
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
# How fast does ``y`` grow with ``x``? Think of gears: if the second wheel turns 3 times as fast as
# the first, and the third wheel turns 12 times as fast as the second, then the third turns ``12 * 3
# = 36`` times as fast as the first. Slopes along a chain are *multiplied*. This is the *chain
# rule*. It is the only rule in this lesson, and all of deep learning rests on it.


def y_of_x(x):
    u = 3 * x
    return u * u


x = 2.0
u = 3 * x
slope_of_y_with_x = (2 * u) * 3
print("chain rule:", slope_of_y_with_x, "  nudge:", slope(y_of_x, x))
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
# knob for each of them, its *weights* ``w1, w2, w3``, and one more knob, its *bias* ``b``. It works
# in two steps:
#
# 1. Weigh and add up: ``z = w1 * x1 + w2 * x2 + w3 * x3 + b``.
# 2. Squash: ``a = sigmoid(z)``. The *sigmoid* turns any number into one between 0 ("no") and 1
#    ("yes").


def sigmoid(z):
    return 1 / (1 + math.exp(-z))


x1, x2, x3 = 0.5, -0.2, 0.8
w1, w2, w3, b = 0.1, 0.2, 0.3, 0.05

z = w1 * x1 + w2 * x2 + w3 * x3 + b
a = sigmoid(z)
print(f"z = {z:.2f}   a = {a:.4f}")
assert math.isclose(z, 0.3) and math.isclose(a, 0.574442516811659)

# %%
# The slope of the sigmoid has a friendly formula: ``a * (1 - a)``, where ``a`` is its own result.
# It is largest in the middle and almost zero at both ends. Again, the nudge agrees.

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
ax.set(xlabel="z", title="The sigmoid squashes any number into 0 to 1")
ax.legend(loc="upper left")
plt.show()

# %%
# The mistake of a neuron
# -----------------------
# Say the right answer for these inputs is 1. It is called the *target*. The neuron says 0.574. We
# measure the mistake by the squared distance: ``L = (a - target) ** 2``. (``** 2`` means: times
# itself.) Such a number is called a *loss*. Small loss: good answer.

target = 1.0
L = (a - target) ** 2
print(f"L = {L:.4f}")

# %%
# Here is the whole calculation as a picture. Each box is a number. Each arrow says: this number was
# used to compute that one. Such a picture is called a *computation graph*.


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
draw_graph(values).set_title("Forward: from the knobs to the loss")
plt.show()

# %%
# The chain rule, from the end to the start
# -----------------------------------------
# We want to know how the loss changes with each of the four knobs. Start at the end of the graph
# and walk back. At each arrow, multiply by the slope of that one small step.

slope_L = 1.0  # the loss grows exactly as fast as itself
slope_a = slope_L * 2 * (a - target)  # L = (a - target) ** 2: the slope of a square
slope_z = slope_a * a * (1 - a)  # a = sigmoid(z)
slope_b = slope_z * 1  # z = ... + b: z grows as fast as b
slope_w1 = slope_z * x1  # z = w1 * x1 + ...: z grows x1 times as fast as w1
slope_w2 = slope_z * x2
slope_w3 = slope_z * x3

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
# knobs needs one walk back, not a million nudges. This walk is called the *backward pass*, or
# *backpropagation*.
#
# Did we make a mistake? The nudge is slow, but it is an honest judge. We nudge one knob and leave
# the other three alone. (``lambda w: ...`` is Python's short way to write a small function of
# ``w``.)


def loss_of(w1, w2, w3, b):
    return (sigmoid(w1 * x1 + w2 * x2 + w3 * x3 + b) - target) ** 2


assert abs(slope(lambda w: loss_of(w, w2, w3, b), w1) - slope_w1) < 1e-8
assert abs(slope(lambda w: loss_of(w1, w, w3, b), w2) - slope_w2) < 1e-8
assert abs(slope(lambda w: loss_of(w1, w2, w, b), w3) - slope_w3) < 1e-8
assert abs(slope(lambda w: loss_of(w1, w2, w3, w), b) - slope_b) < 1e-8
print("All four slopes agree with the nudge.")

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
# together, one for each knob, are called the *gradient*. Now you know this word: a gradient is a
# list of slopes.

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
# into one Tensor with 8 rows and 3 columns. Several examples in one Tensor are called a *batch*.

rows = [[0, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0], [1, 1, 1]]
votes = Tensor(rows, dtype="float64")
majority = Tensor([0, 0, 0, 0, 1, 1, 1, 1], dtype="float64")
print("votes:", votes.shape, "  majority:", majority.shape)

# %%
# ``votes @ w`` weighs and adds up every row: 8 votes in, 8 numbers out. (``@`` is called the
# *matrix product*.) The loss is now the mean over the 8 rows.


def forward(w, b):
    a = minigrad.sigmoid(votes @ w + b)
    return a, ((a - majority) ** 2).mean()


# %%
# Backward, one thing is new. Each weight is used in all 8 rows, so it reaches the loss on 8 ways.
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
# The neuron learns
# -----------------
# Now put everything together. Forward, backward, a small step against the slopes; and again.

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
    ylabel="what the neuron says",
    ylim=(0, 1.05),
    title="It has learned the majority",
)
right.set_xticks(positions, names)
right.legend(loc="upper left")
plt.show()

# %%
# Nobody told the neuron what a majority is. It found three nearly equal weights by walking
# downhill.
#
# What to remember
# ----------------
# * A slope says how fast a result grows with a number. A nudge measures it.
# * The chain rule: along a chain, slopes are multiplied. Where several ways lead from a knob to the
#   loss, they are added.
# * The gradient is the list of all slopes of the loss. To learn, take a small step against it.
#
# We had to find six slopes with our own heads, for one neuron. The next lesson lets minigrad do it.
#
# Words of this lesson: function (函数), slope or derivative (导数), chain rule (链式法则), gradient (梯度),
# gradient descent (梯度下降), learning rate (学习率), neuron (神经元), weight (权重), bias (偏置), target (目标值),
# loss (损失), computation graph (计算图), backpropagation (反向传播), tensor (张量), shape (形状), batch (批).
