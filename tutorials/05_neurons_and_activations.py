"""
5. Neurons and activation functions
===================================

The neuron of lesson 1 works in two steps: it adds up its weighted inputs, and then it applies the
sigmoid. The function of the second step is its activation function. The sigmoid is only one of many
that people use.

This lesson asks what each of the two steps is good for. The sum draws a straight line between two
classes, and in 1958 a machine learned to draw it, without any gradient. Its activation function was
a jump from 0 to 1. A jump has no useful slope, so networks with hidden layers had to wait for other
activation functions. We compare them: what they do, what slopes they have, and how fast a network
learns with each.
"""

import math
import textwrap
import warnings

import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import Sequential, Tensor, grad, plots
from minigrad.layers import Dense, Input
from minigrad.optimizers.sgd import SGD
from minigrad.zoo.feedforward.neuron import Perceptron

minigrad.set_floatx("float64")  # 16 digits, because we compare numbers closely
minigrad.seed(0)

# %%
# One sum, many activation functions
# ----------------------------------
# Take the neuron of lesson 1: inputs 0.5, -0.2, 0.8, weights 0.1, 0.2, 0.3, bias 0.05. The first
# step, by hand::
#
#     z = 0.1 * 0.5 + 0.2 * (-0.2) + 0.3 * 0.8 + 0.05
#       = 0.05      - 0.04         + 0.24      + 0.05  =  0.3
#
# The second step is ``a = f(z)``. Here are five choices for the activation function ``f``, each at
# ``z = 0.3``:
#
# * *step function*: 1 if z is above 0, else 0. Here 1.
# * *sigmoid*: ``1 / (1 + exp(-z))``, between 0 and 1. Here ``1 / (1 + 0.7408) = 0.5744``.
# * *tanh*: between -1 and 1. Here 0.2913.
# * *relu* (rectified linear unit): z if z is above 0, else 0. Here 0.3.
# * *linear*: z itself. Here 0.3. It is the same as no activation function.


def step(z):
    return 1.0 if z > 0 else 0.0


def sigmoid(z):
    return 1 / (1 + math.exp(-z))


def relu(z):
    return max(z, 0.0)


def linear(z):
    return z


inputs, weights, bias = [0.5, -0.2, 0.8], [0.1, 0.2, 0.3], 0.05
z = bias
for x, w in zip(inputs, weights):
    z = z + w * x
print(f"z = {z:.4f}")
assert math.isclose(z, 0.3)

by_hand = {"step": 1.0, "sigmoid": 0.5744, "tanh": 0.2913, "relu": 0.3, "linear": 0.3}
plain = {"step": step, "sigmoid": sigmoid, "tanh": math.tanh, "relu": relu, "linear": linear}
for name, f in plain.items():
    print(f"{name:8} a = {f(z):.4f}")
    assert abs(f(z) - by_hand[name]) < 5e-5
assert math.isclose(sigmoid(z), 0.574442516811659)

# %%
# The same with minigrad. ``minigrad.activations.get`` finds an activation function by its name. A
# ``Dense`` layer with one unit is a neuron, and it takes the name directly.

x = Tensor([inputs])  # (1, 3): one row of three inputs
for name in ("sigmoid", "tanh", "relu", "linear"):
    f = minigrad.activations.get(name)
    layer = Dense(1, activation=name, input_shape=(3,))
    model = Sequential([layer])
    model.set_weights([np.array(weights)[:, None], np.array([bias])])
    assert math.isclose(f(Tensor(z)).item(), plain[name](z), rel_tol=1e-12)
    assert math.isclose(model(x).item(), plain[name](z), rel_tol=1e-12)

# %%
# A neuron draws a line
# ---------------------
# From here on, the neuron has two inputs, so that we can draw them. Let the weights be 1 and 1, the
# bias -1.5, and the activation function the step:
#
# ======  ======  =======================  ========
# x1      x2      z = x1 + x2 - 1.5        step(z)
# ======  ======  =======================  ========
# 0       0       -1.5                     0
# 0       1       -0.5                     0
# 1       0       -0.5                     0
# 1       1       0.5                      1
# ======  ======  =======================  ========
#
# The answer is 1 only if x1 *and* x2 are 1. So this neuron computes the function AND. The points
# where z is exactly 0 form a straight line, ``x1 + x2 = 1.5``. It is the decision boundary of this
# neuron (lesson 3): on one side it says 1, on the other side 0. The weights give the direction of
# the line, and the bias moves it.

corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
tasks = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "XOR": [0, 1, 1, 0]}


def classify(points, w, b):
    """1 where w . x + b > 0, else 0: a neuron with a step, for all rows of points."""
    return (points @ w + b > 0).astype(int)


said = classify(corners, np.array([1, 1]), -1.5)
print("AND by hand-made weights:", said)
assert (said == tasks["AND"]).all()

# %%
# The perceptron learns the line
# ------------------------------
# We found 1, 1, -1.5 by thinking. In 1958 Frank Rosenblatt gave a rule that finds such weights from
# examples. Rosenblatt called his machine a *perceptron*. Show it one example after the other. Let
# ``f`` be its answer and ``y`` the right one. The *perceptron learning rule* is ::
#
#     w = w + (y - f) * x
#     b = b + (y - f)
#
# If the answer is right, ``y - f`` is 0, and nothing changes. If the answer is 0 and should be 1,
# the inputs are added to the weights: next time z is larger. If it is 1 and should be 0, they are
# subtracted. No slope is needed.
#
# By hand, for AND, starting from zeros. The first pass through the four examples makes one
# correction, the second pass makes three:
#
# ====  =======  ==  ====  ===  =========================
# pass  x        y   z     f    afterwards
# ====  =======  ==  ====  ===  =========================
# 1     (1, 1)   1   0     0    w = (1, 1), b = 1
# 2     (0, 0)   0   1     1    w = (1, 1), b = 0
# 2     (0, 1)   0   1     1    w = (1, 0), b = -1
# 2     (1, 1)   1   0     0    w = (2, 1), b = 0
# ====  =======  ==  ====  ===  =========================
#
# Only the corrections are listed. One pass through all examples is an *epoch* (lesson 4).


def rosenblatt(labels, epochs):
    """Rosenblatt's rule: the corrections, and w, b after each epoch."""
    w, b = np.zeros(2), 0.0
    corrections, states = [], []
    for epoch in range(epochs):
        for x, y in zip(corners, labels):
            f = step(w @ x + b)
            if f != y:
                w = w + (y - f) * x
                b = b + (y - f)
                corrections.append((epoch + 1, tuple(x), tuple(w), b))
        states.append((tuple(w.tolist()), b))
    return corrections, states


corrections, states = rosenblatt(tasks["AND"], epochs=6)
assert corrections[0] == (1, (1, 1), (1, 1), 1)
assert corrections[1] == (2, (0, 0), (1, 1), 0)
assert corrections[2] == (2, (0, 1), (1, 0), -1)
assert corrections[3] == (2, (1, 1), (2, 1), 0)

for number, (w, b) in enumerate(states, 1):
    right = (classify(corners, np.array(w), b) == tasks["AND"]).sum()
    print(f"epoch {number}: w = ({w[0]:.0f}, {w[1]:.0f}), b = {b:.0f}, {right} of 4 right")
assert states[-1] == states[-2] == ((2, 1), -2)  # the last epoch corrects nothing

# %%
# After five epochs all four answers are right, and the sixth changes nothing: it has learned AND.
# The weights are 2, 1, -2, not our 1, 1, -1.5. Many lines separate the two classes, and the rule
# stops at the first one that it meets. The pictures show the line after each epoch. (A point that
# lies exactly on the line has ``z = 0``, so it counts as 0.)

fig, axes = plt.subplots(1, 5, figsize=(12, 3.2), layout="constrained", sharey=True)
for number, (ax, (w, b)) in enumerate(zip(axes, states), 1):
    line = np.linspace(-0.6, 1.6, 2)
    if w[1] == 0:
        ax.axvline(-b / w[0], color="black")
    else:
        ax.plot(line, -(w[0] * line + b) / w[1], color="black")
    for corner, label in zip(corners, tasks["AND"]):
        marker, color = ("s", "tab:orange") if label else ("o", "tab:blue")
        ax.plot(*corner, marker, color=color, markersize=10)
    wrong = classify(corners, np.array(w), b) != tasks["AND"]
    ax.plot(*corners[wrong].T, "x", color="tab:red", markersize=18, markeredgewidth=2)
    ax.set(title=f"epoch {number}: {wrong.sum()} wrong", xlabel="x1")
    ax.set(xlim=(-0.6, 1.6), ylim=(-0.6, 1.6), xticks=[0, 1], yticks=[0, 1], aspect="equal")
axes[0].set_ylabel("x2")
fig.suptitle("The line of the perceptron on AND (square: 1, circle: 0, red cross: wrong)")
plt.show()

# %%
# The model file ``models/feedforward/neuron.py`` has the same perceptron, with Tensors. It must end
# at the same weights. OR is as easy as AND.

epochs_needed = {}
for name in ("AND", "OR"):
    perceptron = Perceptron(2)
    perceptron.fit(Tensor(corners), Tensor(np.array(tasks[name], float)), epochs=50)
    _, states = rosenblatt(tasks[name], epochs=50)
    w, b = states[-1]
    assert np.allclose(perceptron.w.data, w) and np.allclose(perceptron.b.data, b)
    assert (classify(corners, np.array(w), b) == tasks[name]).all()
    epochs_needed[name] = len(perceptron.corrections)
    print(f"{name}: w = ({w[0]:.0f}, {w[1]:.0f}), b = {b:.0f}, epochs: {epochs_needed[name]}")
assert epochs_needed == {"AND": 6, "OR": 4}  # the last epoch only sees that nothing is wrong

# %%
# A rule that never stops
# -----------------------
# Novikoff proved in 1962: if some line separates the two classes, Rosenblatt's rule finds one after
# finitely many corrections. But for XOR no line exists (lesson 3). What does the rule do then? It
# never stops. After the second epoch, each epoch ends with the same weights as the one before, so
# the same four corrections come again and again.

corrections, states = rosenblatt(tasks["XOR"], epochs=12)
print("XOR, w and b after epochs 2 and 12:", states[1], states[11])
assert states[1:] == [((-1, 0), 1)] * 11

fig, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
for name, style in (("AND", "s-"), ("OR", "^--"), ("XOR", "o:")):
    corrections, _ = rosenblatt(tasks[name], epochs=12)
    per_epoch = [sum(1 for c in corrections if c[0] == epoch) for epoch in range(1, 13)]
    ax.plot(range(1, 13), per_epoch, style, label=name)
    if name == "XOR":
        assert per_epoch[2:] == [4] * 10
    else:
        assert per_epoch[epochs_needed[name] - 1 :] == [0] * (13 - epochs_needed[name])
ax.set(xlabel="epoch", ylabel="corrections", title="Rosenblatt's rule settles, or never does")
ax.set(xticks=range(1, 13), yticks=range(5))
ax.legend(loc="center right")
plt.show()

# %%
# Minsky and Papert described this limit in a famous book in 1969. A hidden layer can do XOR, but
# Rosenblatt's rule cannot train one: it needs the right answer ``y`` of each neuron, and the task
# does not say what the right answer of a *hidden* neuron is. The gradient can train it, if the
# activation function has a slope.
#
# The slope of an activation function
# -----------------------------------
# The backward pass multiplies by the slope of the activation function (lesson 1). The step function
# is flat on both sides of its jump, so its slope is 0. Zero times anything is 0: the weights in
# front of it get no gradient and never change. (At the jump itself it has no slope.) The other
# functions have slopes that are useful.
#
# At ``z = 0.3``, by hand:
#
# * step: 0
# * sigmoid: ``a * (1 - a) = 0.5744 * 0.4256 = 0.2445``
# * tanh: ``1 - a * a = 1 - 0.2913 * 0.2913 = 0.9151``
# * relu: 1 (and 0 where z is below 0)
# * *leaky relu*, which is ``0.2 * z`` below 0: 1 (and 0.2 where z is below 0)


def leaky_relu(z):
    return z if z > 0 else 0.2 * z


def nudged_slope(f, z, h=1e-5):
    """The slope by a nudge to both sides (lesson 1)."""
    return (f(z + h) - f(z - h)) / (2 * h)


slopes_by_hand = {"step": 0, "sigmoid": 0.2445, "tanh": 0.9151, "relu": 1, "leaky relu": 1}
plain["leaky relu"] = leaky_relu
for name, slope in slopes_by_hand.items():
    measured = nudged_slope(plain[name], 0.3)
    print(f"{name:10} slope at 0.3: {measured:.4f}")
    assert abs(measured - slope) < 5e-5

functions = {
    "sigmoid": minigrad.ops.sigmoid,
    "tanh": minigrad.ops.tanh,
    "relu": minigrad.ops.relu,
    "leaky relu": minigrad.ops.leaky_relu,
}
relatives = {
    "elu": minigrad.ops.elu,
    "softplus": minigrad.ops.softplus,
    "swish": minigrad.ops.swish,
    "gelu": minigrad.ops.gelu,
}
for name in functions:
    point = Tensor(0.3, requires_grad=True)
    (slope,) = grad(functions[name](point), [point])
    assert abs(slope.item() - slopes_by_hand[name]) < 5e-5
    below = Tensor(-0.3, requires_grad=True)
    (slope,) = grad(functions[name](below), [below])
    assert abs(slope.item() - nudged_slope(plain[name], -0.3)) < 1e-8

# %%
# The picture shows the functions, with their slopes dashed. The second row has four relatives of
# relu without its corner. You need not know them by heart. You will meet one of them, *gelu*, again
# in lesson 19.

plots.activations(functions | relatives)
plt.show()

# %%
# Three things to see in it:
#
# * The slope of the sigmoid is never above 0.25, that of tanh never above 1.
# * Far from 0, both curves are flat, so their slopes are almost 0. Such a neuron is *saturated*. It
#   learns very slowly.
# * relu has slope exactly 1 for all z above 0, so it does not weaken a gradient. Below 0 it has
#   slope 0.

zs = np.linspace(-8, 8, 1601)
_, sigmoid_slopes = plots.value_and_derivative(minigrad.ops.sigmoid, zs)
_, tanh_slopes = plots.value_and_derivative(minigrad.ops.tanh, zs)
_, relu_slopes = plots.value_and_derivative(minigrad.ops.relu, zs)
assert math.isclose(sigmoid_slopes.max(), 0.25) and abs(zs[sigmoid_slopes.argmax()]) < 1e-9
assert math.isclose(tanh_slopes.max(), 1.0)
assert sigmoid_slopes[-1] < 0.001 and tanh_slopes[-1] < 0.001  # saturated at z = 8
assert (relu_slopes[zs > 0] == 1).all() and (relu_slopes[zs < 0] == 0).all()

# %%
# Saturation in numbers: at ``z = 6`` the sigmoid is 0.9975, and its slope is ``0.9975 * 0.0025 =
# 0.0025``. A gradient of 1 that arrives there goes on as 0.0025.

a = sigmoid(6)
print(f"sigmoid(6) = {a:.4f}, slope {a * (1 - a):.4f}")
assert abs(a - 0.9975) < 5e-5 and abs(a * (1 - a) - 0.0025) < 5e-5

# %%
# The same network with four activation functions
# -----------------------------------------------
# Does it matter? We train one network on XOR, with 8 hidden units. The first weights, the data and
# the optimizer are the same; only the activation function of the hidden layer changes. (The loss
# ``binary_crossentropy`` is the cross-entropy of lesson 4 for two classes; lesson 6 tells more.)

labels = np.array(tasks["XOR"], float)[:, None]  # (4, 1)
chance = np.random.default_rng(0)
start = [
    chance.normal(size=(2, 8)),
    chance.normal(size=8),
    chance.normal(0, 0.35, size=(8, 1)),
    np.zeros(1),
]
networks, losses = {}, {}
for name in ("linear", "sigmoid", "tanh", "relu"):
    network = Sequential([Input((2,)), Dense(8, activation=name), Dense(1, activation="sigmoid")])
    network.set_weights(start)
    network.compile(optimizer=SGD(0.5), loss="binary_crossentropy")
    history = network.fit(corners, labels, batch_size=4, epochs=600, verbose=0)
    networks[name], losses[name] = network, history.history["loss"]

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for (name, values), style in zip(losses.items(), (":", "-.", "-", "--")):
    ax.plot(values, style, linewidth=2, label=name)
ax.set(xlabel="epoch", ylabel="loss", ylim=(0, None), title="XOR with 8 hidden units")
ax.legend(title="hidden layer")
plt.show()

for name, values in losses.items():
    print(f"{name:8} loss after 100 epochs {values[99]:.3f}, after 600 {values[-1]:.3f}")
assert abs(losses["linear"][-1] - math.log(2)) < 0.01
assert losses["tanh"][99] < 0.3 and losses["relu"][99] < 0.3
assert losses["sigmoid"][99] > 0.5 and losses["sigmoid"][-1] < losses["linear"][-1] - 0.2

# %%
# Without an activation function ("linear") the loss stops at 0.693. That is ``-log(0.5)``: the
# network says one half for every row, because its two layers are only one (lesson 3). The sigmoid
# learns, but slowly: its slopes are 0.25 or less. ``tanh`` and ``relu`` are done before the sigmoid
# has really begun.
#
# The three that have learned draw different decision boundaries: smooth ones with ``sigmoid`` and
# ``tanh``, straight pieces with ``relu``, which is made of straight pieces itself.


def predictor(model):
    """A function from points (N, 2) to the outputs (N,) of a model."""

    def predict(points):
        return model(Tensor(points)).data.ravel()

    return predict


panels = {
    f"hidden layer: {name}": (predictor(network), corners, tasks["XOR"])
    for name, network in networks.items()
    if name != "linear"
}
plots.decision_boundaries(panels)
plt.show()

answers = {name: predictor(network)(corners) for name, network in networks.items()}
for name, values in answers.items():
    print(f"{name:8}", values.round(2))
assert abs(answers["linear"] - 0.5).max() < 0.1
for name in ("sigmoid", "tanh", "relu"):
    assert ((answers[name] > 0.5) == tasks["XOR"]).all()

# %%
# Step through it
# ---------------
# Here is one training step of one neuron with ``tanh``, on the four rows of OR, and every operation
# is recorded. In a notebook, ``run.show()`` shows a page in which you can go through all
# operations, forward and then backward. In a script, it tells you how to save that page.
#
# Look at ``tanh`` on the way back. Four gradients arrive, one for each row. Each is multiplied by
# ``1 - a * a``, the slope at its own place. For the first row ``z`` is -0.5 and the slope is 0.79:
# most of the gradient passes. For the last row ``z`` is 1.5, and only 0.18 of the gradient passes.

x = Tensor(corners)
y = Tensor([[0.0], [1.0], [1.0], [1.0]])
w = Tensor([[1.0], [1.0]], requires_grad=True)
b = Tensor([-0.5], requires_grad=True)
optimizer = SGD(0.1)

with minigrad.record() as run:
    a = minigrad.tanh(x @ w + b)
    loss = ((a - y) ** 2).mean()
    loss.backward()
    optimizer.apply([w.grad, b.grad], [w, b])
run.show()

later = ((minigrad.tanh(x @ w + b) - y) ** 2).mean()
slopes = 1 - a.data.ravel() ** 2
print("a:", a.data.ravel().round(2), "  slopes:", slopes.round(2))
print(f"loss: {loss.item():.4f} before the step, {later.item():.4f} after it")
assert abs(slopes[0] - 0.79) < 0.005 and abs(slopes[3] - 0.18) < 0.005
assert later.item() < loss.item()

# %%
# What goes wrong
# ---------------
# A misspelled name. minigrad stops, and names what you may have meant.

try:
    Dense(4, activation="sigmiod")
except ValueError as error:
    message = str(error)
print(textwrap.fill("ValueError: " + message, 100))
assert "sigmiod" in message and "sigmoid" in message

# %%
# A step function in a hidden layer. Somebody wants "clear yes or no answers" inside of the network.
# Training runs, and the loss even falls a little, because the last layer learns. But minigrad warns
# that two parameters get no gradient at all.


def hard_step(z):
    return minigrad.where(z > 0, 1.0, 0.0)


network = Sequential([Input((2,)), Dense(8, activation=hard_step), Dense(1, activation="sigmoid")])
network.set_weights(start)
network.compile(optimizer=SGD(0.5), loss="binary_crossentropy")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    history = network.fit(corners, labels, batch_size=4, epochs=20, verbose=0)
message = str(caught[0].message)
print(textwrap.fill("UserWarning: " + message, 100))
assert "does not reach 2 of 4 parameters" in message

kernel, offset, *last = network.get_weights()
assert (kernel == start[0]).all() and (offset == start[1]).all()  # not one number has changed
assert abs(last[0] - start[2]).max() > 0.01  # the last layer has learned
assert history.history["loss"][-1] < history.history["loss"][0]

# %%
# A dead unit (lesson 3). This one gives no error. If the sum of a relu neuron is below zero for
# *every* example, its output and its slope are 0 for every example. So its gradient is exactly 0,
# and no step ever changes it again. One step that is too large can do this to a neuron. Here we
# set a bias of -10.
#
# Leaky relu keeps a small slope below zero, so the same neuron comes back.

errors = {}
for name in ("relu", "leaky_relu"):
    unit = Sequential([Input((2,)), Dense(1, activation=name)])
    unit.set_weights([np.array([[1.0], [1.0]]), np.array([-10.0])])
    unit.compile(optimizer=SGD(0.5), loss="mse")
    targets = np.array(tasks["OR"], float)[:, None]
    history = unit.fit(corners, targets, batch_size=4, epochs=200, verbose=0)
    errors[name] = history.history["loss"]
    kernel, offset = unit.get_weights()
    print(f"{name:10} loss {errors[name][0]:.2f} -> {errors[name][-1]:.2f}, bias {offset[0]:.2f}")
    if name == "relu":
        assert offset[0] == -10 and (kernel == 1).all()  # not one number has changed
assert math.isclose(errors["relu"][0], 0.75) and math.isclose(errors["relu"][-1], 0.75)
assert errors["leaky_relu"][-1] < 0.2

fig, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
ax.plot(errors["relu"], color="tab:red", linestyle="--", label="relu: dead, stays at 0.75")
ax.plot(errors["leaky_relu"], color="tab:blue", label="leaky relu: comes back")
ax.set(xlabel="epoch", ylabel="loss", yscale="log", title="A neuron that starts with bias -10")
ax.legend()
plt.show()

# %%
# The neuron, the perceptron and the network for XOR stand in ``models/feedforward/neuron.py``. The
# functions of this lesson are drawn again in ``models/study/training_study.py``.
#
# What to remember
# ----------------
# * A neuron is a weighted sum and an activation function: ``a = f(w . x + b)``.
# * The sum draws one straight line. Rosenblatt's rule finds it, if there is one; else it never
#   stops.
# * The gradient needs slopes. A step function has none, a saturated sigmoid has almost none, relu
#   has 1 or 0.
# * The activation function decides how fast a network learns. In hidden layers, try relu first.
#
# Exercises
# ---------
# 1. Write ``answer_1(x, w, b, name)``: the output of one neuron with lists ``x`` and ``w``, for the
#    names "step", "sigmoid", "tanh" and "relu".
# 2. Find ``answer_2 = (w1, w2, b)``: a neuron with a step that computes NAND, which is 1, 1, 1, 0
#    for (0, 0), (0, 1), (1, 0), (1, 1).
# 3. Write ``answer_3(x, y, epochs)``: Rosenblatt's rule from zeros, for a list of rows ``x`` of any
#    length and labels ``y``. It returns ``(w, b)``.
# 4. The function ``z * sigmoid(z)`` is called swish. Write ``answer_4(z)``: its slope at ``z``, by
#    a formula. (Hint: the slope of a product ``u * v`` is ``u' * v + u * v'``.)
# 5. XNOR means "both or none": 1, 0, 0, 1 for the four corners. Find ``answer_5 = (W1, b1, w2,
#    b2)``: two hidden neurons and one output neuron, *all three with a step*, that compute it.
#    ``W1`` has a row per input and a column per hidden neuron.
#
# Write your answers as ``answer_1``, ``answer_2``, ... in a file and run
# ``python -m tutorials 5 --check my_answers.py``. The solutions stand in
# ``tutorials/solutions/05_neurons_and_activations.py``.
