"""
3. From one neuron to a hidden layer, by hand
=============================================

One neuron can learn the majority of three votes (lesson 1). Is there anything that it can *not*
learn? Yes, and the smallest example has only four rows. It is called XOR, and it is the reason why
networks have more than one layer.

In this lesson you put a second layer in front of the neuron. You choose its weights by hand, you
compute its gradient by hand, and then you let it learn. On the way you see why there must be a
function such as ``relu`` or ``tanh`` between the two layers: without it, two layers are not better
than one.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import Tensor, relu, tanh
from minigrad.zoo import load

minigrad.set_floatx("float64")  # as in lessons 1 and 2: we compare gradients very exactly
LONG = "--long" in sys.argv  # more training: python tutorials/03_hidden_layer_by_hand.py --long

# %%
# A task that one neuron cannot do
# --------------------------------
# There are two inputs, each 0 or 1. The answer is 1 if exactly one of them is 1. This is called
# *XOR*, "exclusive or": one or the other, but not both. ::
#
#     x1   x2   target
#      0    0     0
#      0    1     1
#      1    0     1
#      1    1     0

x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype="float64")  # (4, 2): 4 rows, 2 inputs
target = np.array([[0], [1], [1], [0]], dtype="float64")  # (4, 1): 4 rows, 1 answer

# %%
# A neuron computes ``z = w1 * x1 + w2 * x2 + b``. Let it say "1" if ``z`` is above 0, and "0" if
# not. Which weights give the four right answers? Write down what each row asks for:
#
# * row 0 0:   ``b <= 0``
# * row 0 1:   ``w2 + b > 0``
# * row 1 0:   ``w1 + b > 0``
# * row 1 1:   ``w1 + w2 + b <= 0``
#
# Add the two lines in the middle: ``w1 + w2 + 2 * b > 0``. Take away the last line: ``b > 0``. But
# the first line says ``b <= 0``. So there are no such weights. It is not that training is too
# short: the answer does not exist.
#
# Let us try 9261 neurons, to see how near one can come.

choices = np.linspace(-2, 2, 21)
first, second, bias = np.meshgrid(choices, choices, choices)
right = np.zeros(bias.shape, dtype=int)
for (x1, x2), answer in zip(x, target[:, 0]):
    says_one = (
        first * x1 + second * x2 + bias > 1e-9
    )  # 1e-9 and not 0: sums of decimals are rounded
    right += says_one == (answer == 1)
print("neurons tried:", right.size, "  most right answers of 4:", right.max())
assert right.max() == 3

# %%
# The picture says the same. The places where ``z`` is 0 form a straight line. A neuron says "1" on
# one side of its line, and "0" on the other. The border between two answers is called a
# *decision boundary*. For one neuron it is always straight, and no straight line has both circles
# on one side and both squares on the other. Classes that a straight line can separate are
# called *linearly separable*. XOR is not.

fig, ax = plt.subplots(figsize=(5.4, 4.6), layout="constrained")
line = np.array([-0.4, 1.4])
ax.plot(line, 0.5 - line, "--", color="gray", label="1 above x1 + x2 = 0.5: row 1 1 is wrong")
ax.plot(line, 1.5 - line, ":", color="black", label="1 below x1 + x2 = 1.5: row 0 0 is wrong")
for answer, marker, color in ((0, "o", "tab:blue"), (1, "s", "tab:orange")):
    rows = x[target[:, 0] == answer]
    ax.plot(rows[:, 0], rows[:, 1], marker, color=color, markersize=14, label=f"target {answer}")
ax.set(
    xlabel="x1",
    ylabel="x2",
    xlim=(-0.4, 1.4),
    ylim=(-0.4, 2.3),
    title="XOR: each line leaves a mistake",
)
ax.legend(loc="upper right")
plt.show()

# %%
# Two neurons in front
# --------------------
# Do not give ``x1`` and ``x2`` to the last neuron. Give it two *new* numbers, which two neurons
# compute first::
#
#     h1 = relu(x1 + x2)
#     h2 = relu(x1 + x2 - 1)
#     y  = h1 - 2 * h2
#
# ``relu(z)`` is ``z`` where ``z`` is above 0, and else it is 0. The name is short for *rectified
# linear unit*. It is one of the most used activation functions. Its derivative is simple: 1 where
# ``z`` is above 0, else 0.
#
# Compute the four rows yourself::
#
#     x1   x2     h1   h2     y = h1 - 2 * h2
#      0    0      0    0     0
#      0    1      1    0     1
#      1    0      1    0     1
#      1    1      2    1     2 - 2 = 0
#
# That is XOR. Neurons that stand side by side and see the same inputs are a *layer*. The layer in
# the middle is called a *hidden layer*: the task says what goes in and what must come out, but
# nobody says what these two numbers shall be. A neuron of a layer is also called a *unit*.
#
# As in lesson 1, the weights of a layer are written as one table. Each *column* holds the weights
# of one unit. So a layer with 2 inputs and 2 units has a table with the shape (2, 2), and ``x @ W1
# + b1`` computes both units for all four rows.

W1 = np.array([[1.0, 1.0], [1.0, 1.0]])  # column 1: weights of h1, column 2: weights of h2
b1 = np.array([0.0, -1.0])
w2 = np.array([[1.0], [-2.0]])  # one unit with two inputs: shape (2, 1)
b2 = np.array([0.0])

hidden = np.maximum(x @ W1 + b1, 0)  # relu, in NumPy
y = hidden @ w2 + b2
print("hidden:", hidden.tolist())
print("output:", y[:, 0].tolist())
assert (hidden == [[0, 0], [1, 0], [1, 0], [2, 1]]).all()
assert (y == target).all()

# %%
# What has the hidden layer done? It has *moved* the points. The two squares now lie on the same
# place, and a straight line separates them from the circles. The last neuron has an easy task. This
# is what hidden layers are for: they make new numbers (called *features*) of the old ones, until
# the last layer can finish with a straight cut.

fig, (left, right) = plt.subplots(1, 2, figsize=(9.6, 4.4), layout="constrained")
for ax, points, names, shift in (
    (left, x, ("x1", "x2"), (0.06, 0.08)),
    (right, hidden, ("h1", "h2"), (0.08, 0.1)),
):
    for answer, marker, color in ((0, "o", "tab:blue"), (1, "s", "tab:orange")):
        rows = points[target[:, 0] == answer]
        ax.plot(rows[:, 0], rows[:, 1], marker, color=color, markersize=14)
    ax.set(xlabel=names[0], ylabel=names[1], xlim=(-0.5, 2.6), ylim=(-0.6, 1.6))
    for place in np.unique(points, axis=0):
        inside = [f"{a:.0f} {b:.0f}" for (a, b), point in zip(x, points) if (point == place).all()]
        ax.annotate(" and ".join(inside), place + shift)
line = np.array([-0.5, 2.6])
right.plot(line, (line - 0.5) / 2, "--", color="gray", label="h1 - 2 * h2 = 0.5")
right.legend(loc="upper left")
left.set_title("The inputs: no line separates them")
right.set_title("The hidden layer: one line does")
plt.show()

# %%
# Why there must be an activation function
# ----------------------------------------
# Leave ``relu`` out, and compute again. Now ``h1 = x1 + x2`` and ``h2 = x1 + x2 - 1``, so ::
#
#     y = h1 - 2 * h2 = (x1 + x2) - 2 * (x1 + x2 - 1) = 2 - x1 - x2
#
# That is *one* neuron, with the weights -1 and -1 and the bias 2. It gives 2, 1, 1, 0: not XOR. The
# same happens with all weights, and with all numbers of layers::
#
#     (x @ W1 + b1) @ w2 + b2  =  x @ (W1 @ w2) + (b1 @ w2 + b2)
#
# Two layers without an activation function are one layer, written in a complicated way. A hundred
# layers are one layer, too.

without = (x @ W1 + b1) @ w2 + b2
one_layer = x @ (W1 @ w2) + (b1 @ w2 + b2)
print("without relu:", without[:, 0].tolist(), "  as one layer:", one_layer[:, 0].tolist())
assert (without == [[2], [1], [1], [0]]).all()
assert (without == one_layer).all()
assert (W1 @ w2 == [[-1], [-1]]).all() and (b1 @ w2 + b2 == 2).all()

# %%
# Forward by hand
# ---------------
# We found the weights above by thinking. A network must find them by the gradient. So we start from
# weights that are *not* good, and look at one row, ``x1 = 1`` and ``x2 = 1``, with the target 0::
#
#     unit 1: weights 0.5 and 0.3, bias  0.1     z1 = 0.5 + 0.3 + 0.1 = 0.9     h1 = relu(0.9) = 0.9
#     unit 2: weights 0.4 and 0.2, bias -0.1     z2 = 0.4 + 0.2 - 0.1 = 0.5     h2 = relu(0.5) = 0.5
#     output: weights 1 and -0.5,  bias  0.1     y  = 0.9 - 0.25 + 0.1 = 0.75
#     loss:   (y - target) ** 2                  L  = 0.75 ** 2 = 0.5625

one_x, one_target = np.array([1.0, 1.0]), 0.0
W1 = np.array([[0.5, 0.4], [0.3, 0.2]])
b1 = np.array([0.1, -0.1])
w2 = np.array([[1.0], [-0.5]])
b2 = np.array([0.1])

z = one_x @ W1 + b1
h = np.maximum(z, 0)
y = (h @ w2 + b2)[0]
loss = (y - one_target) ** 2
assert np.allclose(z, [0.9, 0.5]) and np.isclose(y, 0.75) and np.isclose(loss, 0.5625)

# %%
# Backward by hand
# ----------------
# Start at the loss and go back. Each step multiplies by the derivative of one small step, as in
# lesson 1.
#
# * Loss to output: the derivative of a square, ``2 * (0.75 - 0) = 1.5``.
# * Output to its own parameters: each weight is multiplied by its input, so its slope is ``1.5``
#   times that input: ``1.5 * 0.9 = 1.35`` and ``1.5 * 0.5 = 0.75``. The bias: ``1.5``.
# * Output to the hidden units, and this is new: ``y`` grows with ``h1`` as fast as the weight
#   between them says. So the slopes are ``1.5 * 1 = 1.5`` and ``1.5 * (-0.5) = -0.75``.
# * Through ``relu``: both ``z`` are above 0, so the derivative is 1, and nothing changes.
# * Hidden units to their parameters: times the input, which is 1 here. Unit 1: ``1.5, 1.5``, bias
#   ``1.5``. Unit 2: ``-0.75, -0.75``, bias ``-0.75``.
#
# Forward a value is multiplied by a weight; backward a slope is multiplied by *the same* weight.

slope_y = 2 * (y - one_target)
slope_w2 = slope_y * h
slope_b2 = slope_y
slope_h = slope_y * w2[:, 0]
slope_z = slope_h * (z > 0)  # the derivative of relu: 1 above 0, else 0
slope_W1 = np.outer(one_x, slope_z)  # each input times the slope of each unit: shape (2, 2)
slope_b1 = slope_z
assert np.allclose(slope_w2, [1.35, 0.75]) and np.isclose(slope_b2, 1.5)
assert np.allclose(slope_W1, [[1.5, -0.75], [1.5, -0.75]]) and np.allclose(slope_b1, [1.5, -0.75])

# %%
# Here is the whole calculation, with the values in boxes and the slopes in red below them.

boxes = {
    "x1": (0, 2, one_x[0], None),
    "x2": (0, 0, one_x[1], None),
    "z1": (2.2, 2, z[0], slope_z[0]),
    "z2": (2.2, 0, z[1], slope_z[1]),
    "h1": (4.2, 2, h[0], slope_h[0]),
    "h2": (4.2, 0, h[1], slope_h[1]),
    "y": (6.2, 1, y, slope_y),
    "loss": (8, 1, loss, 1.0),
}
arrows = [
    ("x1", "z1", W1[0, 0]),
    ("x2", "z1", W1[1, 0]),
    ("x1", "z2", W1[0, 1]),
    ("x2", "z2", W1[1, 1]),
    ("z1", "h1", "relu"),
    ("z2", "h2", "relu"),
    ("h1", "y", w2[0, 0]),
    ("h2", "y", w2[1, 0]),
    ("y", "loss", "square"),
]
fig, ax = plt.subplots(figsize=(9.6, 4), layout="constrained")
drawn = {}
for name, (across, up, value, slope) in boxes.items():
    box = {"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": "tab:blue"}
    text = ax.text(across, up, f"{name} = {value:g}", ha="center", va="center", bbox=box)
    drawn[name] = text.get_bbox_patch()
    if slope is not None:
        label = f"slope {slope:g}"
        ax.text(across, up - 0.42, label, ha="center", va="center", color="tab:red")
for start, end, label in arrows:
    tail, head = np.array(boxes[start][:2]), np.array(boxes[end][:2])
    style = {"arrowstyle": "->", "patchA": drawn[start], "patchB": drawn[end]}
    ax.annotate("", head, tail, arrowprops=style)
    text = label if isinstance(label, str) else f"times {label:g}"
    middle = tail + 0.33 * (head - tail) if start[0] == "x" else (tail + head) / 2
    ax.text(*middle, text, ha="center", va="center", backgroundcolor="white", fontsize=8)
ax.set(xlim=(-0.6, 8.7), ylim=(-0.8, 2.5), title="Values go to the right, slopes come back")
ax.axis("off")
plt.show()

# %%
# Now one step against the gradient, with the learning rate 0.1. For the first weight:
# ``0.5 - 0.1 * 1.5 = 0.35``. All nine parameters move at once, and the loss falls from 0.5625 to
# about 0.006.


def output_of(x, W1, b1, w2, b2):
    """The network: (N, 2) -> (N, 1), a hidden layer with relu and one output unit."""
    return np.maximum(x @ W1 + b1, 0) @ w2 + b2


rate = 0.1
moved = (
    W1 - rate * slope_W1,
    b1 - rate * slope_b1,
    w2 - rate * slope_w2[:, None],  # [:, None] makes a column of a list: (2,) -> (2, 1)
    b2 - rate * slope_b2,
)
new_y = output_of(one_x[None], *moved).item()
print(f"output: {y:.3f} before the step, {new_y:.3f} after it")
assert np.isclose(moved[0][0, 0], 0.35)
assert np.isclose(new_y, -0.077625) and new_y**2 < 0.01

# %%
# All four rows at once
# ---------------------
# With four rows, nothing new happens, four times. The loss is the mean over the rows. Each
# parameter is used in all rows, so its slopes add up (lesson 1). A matrix product does that: in
# ``x.T @ slope_z`` each input is multiplied by each slope, and the products are added up over the
# rows. (``.T`` exchanges rows and columns.)


def gradients(x, target, W1, b1, w2, b2):
    """Slopes of the mean squared loss for W1, b1, w2 and b2, and the loss: by the chain rule."""
    z = x @ W1 + b1  # (N, 2)
    h = np.maximum(z, 0)  # (N, 2)
    y = h @ w2 + b2  # (N, 1)
    slope_y = 2 * (y - target) / len(x)  # the mean divides by the number of rows
    slope_h = slope_y @ w2.T  # (N, 2)
    slope_z = slope_h * (z > 0)
    slopes = [x.T @ slope_z, slope_z.sum(0), h.T @ slope_y, slope_y.sum(0)]
    return slopes, ((y - target) ** 2).mean()


start = [W1, b1, w2, b2]
by_hand, hand_loss = gradients(x, target, *start)
print("slopes of W1 by hand:", by_hand[0].round(4).tolist())

# %%
# Two judges. First ``backward()`` of lesson 2, then the central difference of lesson 1: move one
# weight a little up and a little down, and compare the losses.

parameters = [Tensor(values, requires_grad=True) for values in start]
tW1, tb1, tw2, tb2 = parameters
tensor_loss = ((relu(Tensor(x) @ tW1 + tb1) @ tw2 + tb2 - target) ** 2).mean()
tensor_loss.backward()
assert np.isclose(tensor_loss.item(), hand_loss)
for parameter, slopes in zip(parameters, by_hand):
    assert np.allclose(parameter.grad, slopes)

change = np.zeros((2, 2))
change[1, 0] = 1e-5  # one weight only: from x2 to unit 1
above = ((output_of(x, W1 + change, b1, w2, b2) - target) ** 2).mean()
below = ((output_of(x, W1 - change, b1, w2, b2) - target) ** 2).mean()
assert abs((above - below) / 2e-5 - by_hand[0][1, 0]) < 1e-8
print("By hand, by backward() and by the central difference: the same slopes.")

# %%
# The central step, in the player
# -------------------------------
# ``minigrad.record()`` records every operation of the lines below it, forward and backward.
# ``run.show()`` opens a page on which you go through them one by one. Look for three things: the
# ``relu`` of row 0 0, where unit 2 has a ``z`` of -0.1 and gives 0; the slope of that same number
# on the way back, which is 0 too; and the ``matmul`` of ``hidden`` and ``w2`` on the way back,
# which makes two gradients of one: for the weights, and for the hidden layer.

for parameter in parameters:
    parameter.grad = None

with minigrad.record() as run:
    hidden = relu(Tensor(x) @ tW1 + tb1)
    output = hidden @ tw2 + tb2
    step_loss = ((output - target) ** 2).mean()
    step_loss.backward()
    for parameter in parameters:
        parameter.data = parameter.data - 0.1 * parameter.grad
run.show()

assert np.isclose(step_loss.item(), hand_loss)
assert hidden.data[0, 1] == 0  # unit 2 is off for the row 0 0
assert np.allclose(tW1.data, W1 - 0.1 * by_hand[0])

# %%
# The network learns XOR
# ----------------------
# Now the loop of lesson 1: forward, backward, a small step. We use ``tanh`` (lesson 2) and four
# hidden units, and a start that is drawn at random. Beside it we train the same network without an
# activation function, and a single neuron.


def start_of(units, seed):
    """Parameters of a network with 2 inputs, hidden units and 1 output, drawn at random."""
    draw = np.random.default_rng(seed)
    values = [draw.normal(size=(2, units)), np.zeros(units), draw.normal(size=(units, 1)), [0.0]]
    return [Tensor(v, requires_grad=True) for v in values]


def two_layers(activation):
    """The network with this activation function: a function of the input and the parameters."""

    def network(x, W1, b1, w2, b2):
        return activation(x @ W1 + b1) @ w2 + b2

    return network


def one_neuron(x, w, b):
    """One neuron without an activation function."""
    return x @ w + b


def identity(z):
    """No activation function: z itself."""
    return z


def learn(network, parameters, target, steps, rate=0.1):
    """Gradient descent; returns the loss of each step."""
    losses = []
    for _ in range(steps):
        loss = ((network(Tensor(x), *parameters) - target) ** 2).mean()
        loss.backward()
        for parameter in parameters:
            parameter.data = parameter.data - rate * parameter.grad
            parameter.grad = None
        losses.append(loss.item())
    return losses


steps = 5000 if LONG else 1500
neuron = [Tensor([[0.5], [-0.3]], requires_grad=True), Tensor([0.1], requires_grad=True)]
linear = start_of(4, seed=1)
learned = start_of(4, seed=1)
curves = {
    "one neuron": learn(one_neuron, neuron, target, steps),
    "two layers, no activation function": learn(two_layers(identity), linear, target, steps),
    "two layers, tanh": learn(two_layers(tanh), learned, target, steps),
}
answers = two_layers(tanh)(Tensor(x), *learned).data[:, 0]
print("answers of the network with tanh:", answers.round(2).tolist())
assert np.abs(answers - target[:, 0]).max() < 0.1
assert curves["two layers, tanh"][-1] < 0.005
assert abs(curves["one neuron"][-1] - 0.25) < 0.01
assert abs(curves["two layers, no activation function"][-1] - 0.25) < 0.01

# %%
# The neuron and the two layers without an activation function end at the same loss, 0.25. They
# answer 0.5 to every row, which is the best that a straight line can do. The hidden layer with
# ``tanh`` goes on to zero.

neuron_answers = one_neuron(Tensor(x), *neuron).data
assert np.abs(neuron_answers - 0.5).max() < 0.05

fig, (left, right) = plt.subplots(1, 2, figsize=(10.4, 4.2), layout="constrained")
for (name, losses), style in zip(curves.items(), ("-", "--", "-.")):
    left.plot(losses, style, label=name, linewidth=2)
left.set(
    xlabel="step", ylabel="loss", ylim=(0, 0.6), xlim=(0, 600), title="Only one of them learns"
)
left.legend()
grid = np.linspace(-0.5, 1.5, 80)
points = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
surface = two_layers(tanh)(Tensor(points), *learned).data.reshape(80, 80)
levels = np.linspace(-0.5, 1.5, 17)
filled = right.contourf(grid, grid, surface, levels, cmap="coolwarm", extend="both")
right.contour(grid, grid, surface, [0.5], colors="black", linewidths=2)
for answer, marker in ((0, "o"), (1, "s")):
    rows = x[target[:, 0] == answer]
    right.plot(
        rows[:, 0], rows[:, 1], marker, color="white", markeredgecolor="black", markersize=12
    )
fig.colorbar(filled, ax=right, label="output")
right.set(xlabel="x1", ylabel="x2", title="Its decision boundary (black) is not one line")
plt.show()

# %%
# How many hidden units?
# ----------------------
# We have seen that two units with ``relu`` are enough for XOR: the weights exist. Does gradient
# descent find them? That depends on the start. We train with 1, 2, 4 and 8 units, from 20 starts
# each, and count how often the loss falls below 0.01. (In plain NumPy with our own ``gradients``,
# because it is quick.)


def learn_by_hand(units, seed, steps=800):
    """Gradient descent from a random start: the last loss, and the number of dead units."""
    values = [parameter.data for parameter in start_of(units, seed)]
    for _ in range(steps):
        slopes, loss = gradients(x, target, *values)
        values = [value - 0.1 * slope for value, slope in zip(values, slopes)]
    W1, b1, _, _ = values
    dead = (x @ W1 + b1 <= 0).all(0)  # z is not above 0 in any row
    return loss, dead.sum()


results = {units: [learn_by_hand(units, seed) for seed in range(20)] for units in (1, 2, 4, 8)}
counts = {}
for units, pairs in results.items():
    counts[units] = sum(1 for loss, _ in pairs if loss < 0.01)
print("starts of 20 that solve XOR, by hidden units:", counts)
assert counts[1] == 0
assert counts[2] < counts[4] <= counts[8]
assert counts[2] <= 12 and counts[8] >= 13

stuck = [dead for loss, dead in results[2] if loss > 0.01]
with_dead = sum(1 for dead in stuck if dead > 0)
print(f"two units: {len(stuck)} starts are stuck, {with_dead} of them with a dead unit")
assert with_dead > len(stuck) / 2

fig, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
bars = ax.bar([str(units) for units in counts], counts.values(), color="tab:green")
ax.bar_label(bars)
ax.set(
    xlabel="hidden units (relu)",
    ylabel="starts that solve XOR, of 20",
    ylim=(0, 22),
    title="Enough is not the same as easy to learn",
)
plt.show()

# %%
# With two units, most starts get stuck, and most of these have a *dead unit*: its ``z`` is not
# above 0 in any row, so ``relu`` gives 0 and slope 0 everywhere, and its weights never change
# again. With more units, others do its work. That is one reason why real networks are wider than
# the task needs.
#
# What goes wrong
# ---------------
# **The tables do not fit together.** ``x @ W1`` needs as many columns in ``x`` as ``W1`` has rows.
# Here someone wrote ``W1`` with one *row* per unit, for three units:

try:
    Tensor(x) @ Tensor(np.zeros((3, 2)))
except ValueError as error:
    message = str(error)
print(message)
assert "(4, 2)" in message and "2 is not 3" in message

# %%
# The message names the two shapes, and the two numbers that should be equal: 2 and 3. Then it says
# what would fit. The shape of a weight table is (inputs, units), so the cure is to turn it on its
# side: ``W1.T``.
#
# **The target has the wrong shape, and there is no message at all.** The output has the shape (4,
# 1). A target of the shape (4,) is subtracted all the same: NumPy and minigrad repeat both until
# they fit, which is called *broadcasting*, and the result is a (4, 4) table of *all* pairs. The
# mean over all pairs is smallest if every answer is 0.5.

flat_target = target[:, 0]  # (4,)
difference = Tensor(np.zeros((4, 1))) - flat_target
print("shape of output - target:", difference.shape)
assert difference.shape == (4, 4)

fooled = start_of(4, seed=1)
losses = learn(two_layers(tanh), fooled, flat_target, steps)
fooled_answers = two_layers(tanh)(Tensor(x), *fooled).data[:, 0]
print(f"loss {losses[-1]:.3f}, answers", fooled_answers.round(2).tolist())
assert abs(losses[-1] - 0.25) < 0.01
assert np.abs(fooled_answers - 0.5).max() < 0.1

# %%
# The same start, the same steps, and the network that learned XOR above now learns nothing. When a
# loss stops at the value of a constant answer, print the shapes first.
#
# **All units start equal.** If the weights of all hidden units are the same, their slopes are the
# same too, and they stay the same for ever. Four units are then worth one. A random start is not a
# detail; it makes the units different. This is called *symmetry breaking*.

twins = [
    Tensor(np.full((2, 4), 0.5), requires_grad=True),
    Tensor(np.zeros(4), requires_grad=True),
    Tensor(np.full((4, 1), 0.5), requires_grad=True),
    Tensor([0.0], requires_grad=True),
]
losses = learn(two_layers(tanh), twins, target, steps)
columns = twins[0].data
print(f"equal start: loss {losses[-1]:.3f}, weights of the units", columns[0].round(3).tolist())
assert np.allclose(columns, columns[:, :1])  # all columns are still equal
assert losses[-1] > 0.1

# %%
# The same in the model zoo
# -------------------------
# ``models/feedforward/neuron.py`` has a neuron with a rule of 1958, which learns AND and OR and
# never settles on XOR, and the network with two layers that solves it. Here they are, trained by
# their own ``train``:

_, metrics = load("neuron").train()
print("wrong rows of 4: one neuron", metrics["xor_wrong"], end="")
print("  two layers", metrics["xor_two_layers_wrong"])
assert metrics["xor_wrong"] >= 1 and metrics["xor_two_layers_wrong"] == 0
assert metrics["and_wrong"] == 0 and metrics["or_wrong"] == 0

# %%
# A larger one, 10 inputs and hidden layers of 20 and 15 units, is in ``models/feedforward/fnn.py``.
#
# What to remember
# ----------------
# * One neuron cuts with one straight line. XOR needs more than one line.
# * A hidden layer makes new features, in which the last neuron can cut straight.
# * Without an activation function between them, several layers are one layer.
# * Backward: slope of the output, times the weight, times the derivative of the activation
#   function, times the input. Over the rows, slopes add up.
# * Shapes: ``W`` is (inputs, units). An output (N, 1) needs a target (N, 1).
#
# Exercises
# ---------
# 1. Choose the weights of a network with two ``relu`` units that gives 1 if both inputs are *equal*
#    (0 0 and 1 1) and 0 if not. Write them as ``answer_1 = (W1, b1, w2, b2)`` with the shapes (2,
#    2), (2,), (2, 1) and (1,).
# 2. Write ``answer_2(W1, b1, W2, b2)``, which returns ``(W, b)``: the one layer that is equal to
#    these two layers without an activation function.
# 3. Write ``answer_3(x, target, W1, b1, w2, b2)`` like ``gradients`` above, but for ``tanh`` in
#    place of ``relu``. Return the list of the four gradients, without the loss. Plain NumPy only.
#    (The derivative of ``tanh`` is 1 minus its square.)
# 4. Write ``answer_4(sizes)``, which counts the parameters (weights and biases) of a network. For
#    ``sizes = [2, 4, 1]``, which means 2 inputs, 4 hidden units and 1 output, it gives 17.
#
# Write your answers as ``answer_1``, ``answer_2``, ... in a file and run
# ``python -m tutorials 3 --check my_answers.py``. The solutions stand in
# ``tutorials/solutions/03_hidden_layer_by_hand.py``.
#
# Next lesson: a hidden layer that reads handwritten digits.
