"""
2. The same by backward(), and how to trust it
==============================================

In lesson 1 we found the gradient of one neuron by hand: forward from the parameters to the loss,
then back from the loss to the parameters, multiplying derivatives on the way. Every step back was
simple, and always of the same kind. Such work is for a program. This is called
*automatic differentiation*.

In this lesson one call, ``backward()``, does it. Then we ask a question that many courses forget:
how do we know that it is right? We make a mistake on purpose, and find it.
"""

import textwrap

import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import Tensor, check_grads, grad, primitive, sigmoid, softmax, tanh
from minigrad.backend import backend

minigrad.set_floatx("float64")  # we compare slopes very exactly, so we ask for 16 digits

# %%
# One word: backward
# ------------------
# This is the neuron of lesson 1. Only one thing is new: ``requires_grad=True``. It says: this
# Tensor is a parameter, keep what is needed for its gradient. (The gradient is the list of slopes
# of the loss, one for each parameter.)

x = Tensor([0.5, -0.2, 0.8])
w = Tensor([0.1, 0.2, 0.3], requires_grad=True)
b = Tensor(0.05, requires_grad=True)

a = sigmoid((w * x).sum() + b)
loss = (a - 1.0) ** 2

loss.backward()
print("gradient for w:", w.grad)
print("gradient for b:", b.grad)

# %%
# ``backward()`` has gone from the loss back to the parameters. It left the gradients in ``.grad``.
# They are the numbers of lesson 1, where we found -0.208 for ``z``. Times the input, that is
# ``-0.208 * 0.5 = -0.104`` for the first weight, and -0.208 for the bias.

slope_z = 2 * (a.item() - 1) * a.item() * (1 - a.item())
assert np.allclose(w.grad, [slope_z * 0.5, slope_z * -0.2, slope_z * 0.8])
assert np.allclose(b.grad, slope_z)
assert np.isclose(w.grad[0], -0.104, atol=1e-3) and np.isclose(b.grad, -0.208, atol=1e-3)

# %%
# How it knows the way back
# -------------------------
# An *op* (operation) is one small step, such as "add" or "sigmoid". Each time you compute with a
# parameter, minigrad records which op was used, and which ops made its inputs. Such a record is
# called a *node*. All nodes together are the *computation graph*. You have seen one in lesson 1,
# drawn by hand.
#
# We can follow the nodes back ourselves. Start at ``loss.node``; ``parents`` are the nodes of its
# inputs. A node without an op is a parameter. (A number that needs no gradient, such as the input
# ``x``, has no node at all.)


def draw_graph(result, names):
    """Draw the nodes from which `result` was computed; `names` maps parameters to their names."""
    columns, column = [], [result.node]
    while column:  # one column of nodes after the other, from the result to the left
        columns.append(column)
        column = list(dict.fromkeys(p for node in column for p in node.parents if p is not None))
    spots = {}
    for i, column in enumerate(columns):
        for j, node in enumerate(column):
            spots[node] = -i, (len(column) - 1) / 2 - j
    fig, ax = plt.subplots(figsize=(1.7 * len(columns), 2.2), layout="constrained")
    boxes = {}
    for node, spot in spots.items():
        is_parameter = node.op is None
        label = names[node] if is_parameter else node.op.name
        box = {"boxstyle": "round,pad=0.6", "facecolor": "moccasin" if is_parameter else "white"}
        text = ax.text(*spot, label, ha="center", va="center", bbox=box)
        boxes[node] = text.get_bbox_patch()
    for node in spots:
        for parent in node.parents:
            if parent is not None:
                arrow = {"arrowstyle": "->", "patchA": boxes[parent], "patchB": boxes[node]}
                ax.annotate("", spots[node], spots[parent], arrowprops=arrow)
    heights = [high for _, high in spots.values()]
    ax.set(xlim=(0.5 - len(columns), 0.5), ylim=(min(heights) - 0.5, max(heights) + 0.5))
    ax.axis("off")
    return ax


title = "The computation graph; backward() goes from right to left"
draw_graph(loss, {w.node: "w", b.node: "b"}).set_title(title)
plt.show()

steps, node = [], loss.node
while node.op is not None:
    steps.append(node.op.name)
    node = node.parents[0]
print("the way back to w:", " <- ".join(steps))
assert steps == ["power", "subtract", "sigmoid", "add", "sum", "multiply"] and node is w.node

# %%
# Each op has one rule: its own derivative. The rule of ``sigmoid`` is ``a * (1 - a)``, just as in
# lesson 1. ``backward()`` goes through the nodes, newest first, and multiplies: the chain rule.
#
# The central step, in the player
# -------------------------------
# The player of lesson 1 shows a backward pass as well. Here it records the neuron, ``backward()``
# and one step of gradient descent with the learning rate 0.5. Go to the ``sigmoid`` on the way
# back: the slope that arrives from the right, -0.851, is multiplied by ``a * (1 - a)``, which gives
# -0.208. Then follow -0.208 to ``w.grad`` and ``b.grad``.

w = Tensor([0.1, 0.2, 0.3], requires_grad=True)
b = Tensor(0.05, requires_grad=True)
with minigrad.record() as run:
    a = sigmoid((w * x).sum() + b)
    loss = (a - 1.0) ** 2
    loss.backward()
    new_w = w - 0.5 * Tensor(w.grad)
    new_b = b - 0.5 * Tensor(b.grad)
run.show()

new_loss = (sigmoid((new_w * x).sum() + new_b) - 1.0) ** 2
print(f"loss: {loss.item():.4f} before the step, {new_loss.item():.4f} after it")
assert np.isclose(b.grad, slope_z)
assert new_loss.item() < loss.item()

# %%
# Two habits of backward
# ----------------------
# First: where a parameter is used twice, its two slopes *add up*. Here ``y = v * v + v``. The first
# ``v`` of the product has the slope 3 (the other factor), the second ``v`` too, and the last one
# has the slope 1: together ``3 + 3 + 1 = 7``.

v = Tensor(3.0, requires_grad=True)
y = v * v + v
y.backward()
print("slope of v * v + v at 3:", v.grad)
assert v.grad == 7

# %%
# Second: ``.grad`` keeps what is in it. The next ``backward()`` adds to it. So before each step of
# training, set it to ``None`` again. (Below, in "What goes wrong", you see what happens if you
# forget it.)

y = v * v + v
y.backward()
print("without clearing:", v.grad)
assert v.grad == 14

v.grad = None
y = v * v + v
y.backward()
print("after clearing:", v.grad)
assert v.grad == 7

# %%
# The other form: grad
# --------------------
# ``grad(y, [x])`` does the same, but it *returns* the gradients and leaves ``.grad`` alone. We use
# it to draw the derivative of ``tanh``, the *hyperbolic tangent*. It is another activation
# function, and turns any number into one between -1 and 1.
#
# A gradient starts from *one* number, but we want the slope at 300 places. So we add up the 300
# results. Each place changes only its own result, so the slope of the sum at each place is just its
# own slope.

xs = Tensor(np.linspace(-3, 3, 300), requires_grad=True)
ys = tanh(xs)
(first,) = grad(ys.sum(), [xs], create_graph=True)
assert np.allclose(first.data, 1 - np.tanh(xs.data) ** 2)  # the formula in the books

# %%
# Gradients of gradients
# ----------------------
# The option ``create_graph=True`` says: record the way back, too. Then the slope is a Tensor with a
# node of its own, and so it has a slope itself. The slope of the slope is called the *second
# derivative*. It says how the curve bends. And the third derivative is only one more line.

(second,) = grad(first.sum(), [xs], create_graph=True)
(third,) = grad(second.sum(), [xs])

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(xs.data, ys.data, linewidth=3, label="tanh")
ax.plot(xs.data, first.data, "--", label="first derivative: its slope")
ax.plot(xs.data, second.data, "-.", label="second derivative: the slope of the slope")
ax.plot(xs.data, third.data, ":", linewidth=2, label="third derivative")
ax.axhline(0, color="black", linewidth=0.8)
ax.set(
    xlabel="x", ylabel="value", ylim=(-2.2, 2.9), title="tanh and three derivatives, found by grad"
)
ax.legend(loc="upper left")
plt.show()

t = np.tanh(xs.data)
assert np.allclose(second.data, -2 * t * (1 - t**2))
assert np.allclose(third.data, (1 - t**2) * (6 * t**2 - 2))

# %%
# Can we trust it?
# ----------------
# A wrong gradient gives no error message. The network just learns a little worse, and you may look
# for the reason for weeks. So every op must be tested. You know the test already: the central
# difference. ``check_grads`` takes a function and its inputs, and compares the gradient of the
# backward pass with central differences. It does so for the gradient, and (``order=2``) also for
# the gradient of the gradient. If they agree, it says nothing. This is called *gradient checking*.

point = Tensor([0.3, -1.2, 2.0])
check_grads(tanh, point, order=2)
check_grads(lambda x: sigmoid(x) * x, point, order=2)
print("tanh and sigmoid(x) * x: fine")

# %%
# A mistake on purpose
# --------------------
# A test that never fails is worth nothing. So let us write an op of our own, with a mistake in it.
#
# ``@primitive`` makes an op of a function on arrays. ``.gradients`` gives its rule. The rule gets
# ``g``, the slope that arrives from the right; ``y``, the result of the op; and its input. It
# returns ``g`` times the op's own slope.
#
# The derivative of ``x ** 3`` is ``3 * x ** 2``. We "forget" the square. At ``x = 2`` the right
# slope is ``3 * 4 = 12``, and our wrong rule gives ``3 * 2 = 6``.


@primitive
def cube(x):
    return x * x * x


cube.gradients(lambda g, y, x: g * 3 * x)


def verdict(function, *inputs):
    """What check_grads says: the text of its error, or "no mistake found"."""
    try:
        check_grads(function, *inputs, order=2)
    except AssertionError as error:
        return str(error)
    return "no mistake found"


said = verdict(cube, point)
print(textwrap.fill(said, 100))
assert "cube" in said

# %%
# The check fails, and its message names the op. Look at the picture: the two slopes agree at only
# two places, 0 and 1. A test at ``x = 1``, which seems a simple choice, finds nothing.

xs = Tensor(np.linspace(-1, 2, 100), requires_grad=True)
(by_our_rule,) = grad(cube(xs).sum(), [xs])
h = 1e-5
nudged = (cube(xs.data + h) - cube(xs.data - h)) / (2 * h)
agree = np.abs(by_our_rule.data - nudged) < 0.05
assert np.allclose(by_our_rule.data, 3 * xs.data) and agree.sum() < 10
assert np.abs(xs.data[agree] - xs.data[agree].round()).max() < 0.05  # all near 0 or near 1

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(xs.data, nudged, linewidth=3, label="central difference: 3 * x * x")
label = "our wrong rule: 3 * x"
ax.plot(xs.data, by_our_rule.data, "--", color="tab:red", linewidth=2, label=label)
ax.plot([0, 1], [0, 3], "ko", label="here they agree by accident")
ax.set(xlabel="x", ylabel="slope", title="The slope of x * x * x")
ax.legend()
plt.show()

# %%
# Correct the rule, and the check finds no mistake.

cube.gradients(lambda g, y, x: g * 3 * x * x)
print(verdict(cube, point))
assert verdict(cube, point) == "no mistake found"

# %%
# A test that cannot find the mistake
# -----------------------------------
# A test can be wrong, too. First, a new function: ``softmax`` turns a list of numbers into a list
# of *probabilities*. Each is above 0, and together they are 1. The largest number gets the largest
# probability. Networks use it to say "7 with 90 %, 1 with 6 %, ...".
#
# By hand, for the numbers 2, 1 and 0: ``exp(2) = 7.39``, ``exp(1) = 2.72`` and ``exp(0) = 1``.
# Together that is 11.11. So the probabilities are ``7.39 / 11.11 = 0.665``, ``0.245`` and
# ``0.090``.

scores = Tensor([2.0, 1.0, 0.0])
probabilities = softmax(scores)
print("probabilities:", probabilities, "  together:", probabilities.sum())
assert np.isclose(probabilities.sum().item(), 1)
assert np.allclose(probabilities.data, [0.665, 0.245, 0.090], atol=1e-3)

# %%
# Now a softmax whose rule is always zero. A network with it would learn nothing.


@primitive
def broken_softmax(x):
    xp = backend(x)  # NumPy, or CuPy on a graphics card
    # subtracting the largest changes no probability, and no number becomes too large
    e = xp.exp(x - x.max())
    return e / e.sum()


broken_softmax.gradients(lambda g, y, x: g * 0 * x)

# %%
# Many people write a test like this: add up all results, to get one number; nudge each input;
# compare.


def check_by_adding_up(function, x):
    """Compare the gradient of function(x).sum() with central differences."""
    x = Tensor(x.data, requires_grad=True)
    (gradient,) = grad(function(x).sum(), [x])
    h = 1e-5
    for i in range(x.size):
        nudge = h * np.eye(x.size)[i]
        measured = (function(x + nudge).sum() - function(x - nudge).sum()).item() / (2 * h)
        if abs(gradient.data[i] - measured) > 1e-6:
            return "a mistake"
    return "no mistake found"


cube.gradients(lambda g, y, x: g * 3 * x)  # the old mistake again
print("adding up, wrong cube:    ", end="")
print(check_by_adding_up(cube, point))
assert check_by_adding_up(cube, point) == "a mistake"

print("adding up, zero softmax:  ", end="")
print(check_by_adding_up(broken_softmax, scores))
assert check_by_adding_up(broken_softmax, scores) == "no mistake found"  # but there is one

# %%
# It found the wrong cube. But it accepts the softmax with the rule zero. Why? Nudge one score up:
# its probability grows, the others shrink, and their sum *stays 1*. So the slope of the sum really
# is zero, and the wrong rule gives the right answer to this one question.

nudged_probabilities = softmax(Tensor([2.0, 1.8, 0.0]))
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained", sharey=True)
panels = [
    (left, [1, 1, 1], "Added up: no change"),
    (right, [0.5, -1, 2], "Times 0.5, -1, 2, added up: a change"),
]
for ax, factors, title in panels:
    before, after = probabilities.data * factors, nudged_probabilities.data * factors
    colors = ["tab:blue"] * 3 + ["tab:red"]
    ax.bar(np.arange(4) - 0.2, [*before, before.sum()], 0.4, color="lightgray", label="before")
    label = "after nudging the second score"
    ax.bar(np.arange(4) + 0.2, [*after, after.sum()], 0.4, color=colors, label=label)
    ax.set_xticks(range(4), ["first", "second", "third", "sum"])
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set(title=title, xlabel="probabilities, and their sum")
left.set_ylabel("value")
left.legend(loc="upper left")
plt.show()

# %%
# The cure is simple. Before adding up, multiply each result by a factor of its own, drawn at
# random. Then the sum does change, and the zero is found. ``check_grads`` does so.

factors = Tensor([0.5, -1.0, 2.0])
change = probabilities - nudged_probabilities
assert abs(change.sum().item()) < 1e-12
assert abs((change * factors).sum().item()) > 0.1

said = verdict(broken_softmax, scores)
print(textwrap.fill(said, 100))
assert "broken_softmax" in said
assert verdict(softmax, scores) == "no mistake found"

# %%
# Every op of minigrad is checked like this. And for each op the tests make the rule wrong (a zero,
# a wrong sign, a factor 2, a forgotten sum) and demand that the check finds it. This is called
# *mutation testing*.
#
# What goes wrong
# ---------------
# **The gradient is not cleared.** We minimize ``(p - 4) ** 2`` from 0, once with ``p.grad = None``
# after each step and once without. Without it, each step uses the sum of *all* gradients so far.


def descend(clear, steps=30):
    """Gradient descent on (p - 4) ** 2; with or without clearing the gradient."""
    p = Tensor(0.0, requires_grad=True)
    path = [p.item()]
    for _ in range(steps):
        loss = (p - 4) ** 2
        loss.backward()
        p.data = p.data - 0.2 * p.grad
        if clear:
            p.grad = None
        path.append(p.item())
    return path


cleared, kept = descend(clear=True), descend(clear=False)
print(f"after 30 steps: cleared {cleared[-1]:.3f}, not cleared {kept[-1]:.3f}")
assert abs(cleared[-1] - 4) < 0.01
assert max(kept) > 7 and min(kept[5:]) < 1  # it swings from 0 to 8 and does not settle

fig, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
ax.plot(cleared, "o-", markersize=4, label="gradient cleared after each step")
ax.plot(kept, "s--", markersize=4, label="not cleared")
ax.axhline(4, color="black", linewidth=0.8)
ax.set(xlabel="step", ylabel="p", ylim=(-1, 11), title="The loss is smallest at p = 4")
ax.legend(loc="upper right", ncols=2)
plt.show()

# %%
# **There is nothing to go back to.** If no Tensor has ``requires_grad=True``, nothing was recorded,
# and ``backward()`` says so:

try:
    (Tensor([1.0, 2.0]) ** 2).sum().backward()
except Exception as error:
    message = f"{type(error).__name__}: {error}"
print(textwrap.fill(message, 100))
assert "requires gradients" in message

# %%
# **The result is not one number.** A gradient belongs to one number, the loss. If you forget
# ``mean()`` or ``sum()``, there are several:

try:
    (Tensor([1.0, 2.0], requires_grad=True) ** 2).backward()
except Exception as error:
    message = f"{type(error).__name__}: {error}"
print(textwrap.fill(message, 100))
assert "(2,)" in message

# %%
# The neuron of this lesson, with its activation functions and their derivatives in a picture, is in
# ``models/feedforward/neuron.py``. A larger network that learns by these same gradients is
# in ``models/feedforward/fnn.py``.
#
# What to remember
# ----------------
# * ``requires_grad=True`` marks a parameter; ``backward()`` fills its ``.grad``; clear it before
#   the next step.
# * Each op has a rule: its own derivative. The graph keeps the order. The chain rule multiplies.
# * ``grad(..., create_graph=True)`` gives gradients that have gradients.
# * Do not believe a gradient, check it: against central differences, at a point that is not
#   special, with factors drawn at random.
#
# Exercises
# ---------
# 1. ``y = v * v * v + 2 * v``. What is in ``v.grad`` after *two* calls of ``backward()`` at ``v =
#    2``, each after a new forward pass, without clearing? Work it out by hand, then check it with
#    minigrad. Write the number as ``answer_1``.
# 2. Write ``answer_2(function, x)``, which returns the second derivative of a function of one
#    number at ``x``, as a float. Use ``grad`` twice. The function takes a Tensor and returns a
#    Tensor.
# 3. Write the rule of the op ``swish(x) = x * sigmoid(x)``: ``answer_3(g, y, x)``, as for
#    ``.gradients`` above. ``g`` is the slope that arrives, ``y`` the result. It must work on
#    Tensors (use ``minigrad.sigmoid``) and pass ``check_grads`` with ``order=2``.
# 4. Write ``answer_4(function, gradient, x)``: a gradient check of your own. It gets a function
#    from a NumPy array to one number, a function that claims to be its gradient, and a point. It
#    returns ``True`` if all numbers of the gradient agree with central differences within 0.0001,
#    else ``False``.
#
# Write your answers as ``answer_1``, ``answer_2``, ... in a file and run
# ``python -m tutorials 2 --check my_answers.py``. The solutions stand in
# ``tutorials/solutions/02_backward.py``.
#
# Next lesson: several neurons together, and why one neuron is not enough.
