"""
2. The same by backward(), and how to trust it
==============================================

In lesson 1 we found the slopes of one neuron by hand: forward from the knobs to the loss, then back
from the loss to the knobs, multiplying small slopes on the way. Every step back was simple, and a
bit boring. Simple and boring is work for a machine.

In this lesson minigrad walks back for us. Then we ask a question that many courses forget: how do
we know that it is right? We make a mistake on purpose, and catch it.
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
# Tensor is a knob, I shall ask for its gradient. (The gradient is the list of slopes of the loss,
# one for each knob.)

x = Tensor([0.5, -0.2, 0.8])
w = Tensor([0.1, 0.2, 0.3], requires_grad=True)
b = Tensor(0.05, requires_grad=True)

a = sigmoid((w * x).sum() + b)
loss = (a - 1.0) ** 2

loss.backward()
print("gradient for w:", w.grad)
print("gradient for b:", b.grad)

# %%
# ``backward()`` has walked from the loss back to the knobs. It left the gradients in ``.grad``.
# They are the numbers that we found by hand: slope of the square, times slope of the sigmoid, times
# the input.

slope_z = 2 * (a.item() - 1) * a.item() * (1 - a.item())
assert np.allclose(w.grad, [slope_z * 0.5, slope_z * -0.2, slope_z * 0.8])
assert np.allclose(b.grad, slope_z)

# %%
# How it knows the way back
# -------------------------
# There is no magic. Each time you compute with a knob, minigrad writes down a small note: which
# *op* was used (an op is one small step, such as "add" or "sigmoid"), and which notes its inputs
# came from. A note is called a *node*. The nodes together are the computation graph.
#
# We can follow the notes back ourselves. Start at ``loss.node``; ``parents`` are the nodes of its
# inputs. A node without an op is a knob. (A number that needs no gradient, such as the input ``x``,
# has no node at all.)


def draw_graph(result, names):
    """Draw the nodes from which `result` was computed; `names` maps the knobs to their names."""
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
        is_knob = node.op is None
        label = names[node] if is_knob else node.op.name
        box = {"boxstyle": "round,pad=0.6", "facecolor": "moccasin" if is_knob else "white"}
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


title = "What minigrad wrote down; backward() walks from right to left"
draw_graph(loss, {w.node: "w", b.node: "b"}).set_title(title)
plt.show()

steps, node = [], loss.node
while node.op is not None:
    steps.append(node.op.name)
    node = node.parents[0]
print("the way back to w:", " <- ".join(steps))
assert steps == ["power", "subtract", "sigmoid", "add", "sum", "multiply"] and node is w.node

# %%
# Each op knows one thing: its own small slope. The rule of ``sigmoid`` is ``a * (1 - a)``, just as
# in lesson 1. ``backward()`` goes through the nodes, newest first, and multiplies: the chain rule.
#
# Two habits of backward
# ----------------------
# First: where a knob is used twice, its two slopes *add up*. Here ``y = v * v + v``, so the slope
# at 3 is ``3 + 3 + 1 = 7``.

v = Tensor(3.0, requires_grad=True)
y = v * v + v
y.backward()
print("slope of v * v + v at 3:", v.grad)
assert v.grad == 7

# %%
# Second: ``.grad`` keeps what is in it. The next ``backward()`` adds to it. So before each step of
# training, set it to ``None`` again. Forgetting this is one of the most common mistakes.

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
# ``grad(y, [x])`` does the same walk, but it *returns* the gradients and leaves ``.grad`` alone. We
# use it to draw the slope of ``tanh``, a function that squashes numbers into -1 to 1.
#
# There is one small trick. A gradient starts from *one* number, but we want the slope at 300
# places. So we add up the 300 results. Each place changes only its own result, so the slope of the
# sum at each place is just its own slope.

xs = Tensor(np.linspace(-3, 3, 300), requires_grad=True)
ys = tanh(xs)
(first,) = grad(ys.sum(), [xs], create_graph=True)
assert np.allclose(first.data, 1 - np.tanh(xs.data) ** 2)  # the formula in the books

# %%
# Gradients of gradients
# ----------------------
# Did you see ``create_graph=True``? It says: write down the walk back, too. Then the slope is a
# Tensor that knows where it came from, and so it has a slope itself. The slope of the slope is
# called the *second derivative*. It says how the curve bends. And the next one is only one more
# line.

(second,) = grad(first.sum(), [xs], create_graph=True)
(third,) = grad(second.sum(), [xs])

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(xs.data, ys.data, linewidth=3, label="tanh")
ax.plot(xs.data, first.data, label="its slope")
ax.plot(xs.data, second.data, label="the slope of the slope")
ax.plot(xs.data, third.data, label="and once more")
ax.axhline(0, color="black", linewidth=0.8)
ax.set(xlabel="x", title="Three derivatives, and nobody wrote a formula")
ax.legend()
plt.show()

t = np.tanh(xs.data)
assert np.allclose(second.data, -2 * t * (1 - t**2))
assert np.allclose(third.data, (1 - t**2) * (6 * t**2 - 2))

# %%
# Can we trust it?
# ----------------
# A wrong gradient gives no error message. The network just learns a little worse, and you look for
# the reason for weeks. So every op must be tested. You know the judge already: the nudge.
# ``check_grads`` takes a function and its inputs. It compares what the walk back says with what a
# nudge says. It does so for the gradient, and (``order=2``) also for the gradient of the gradient.
# If they agree, it is silent.

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
# The slope of ``x ** 3`` is ``3 * x ** 2``. We "forget" the square.


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
# The checker stops, and it names the op. Look at the picture: the two slopes agree at only two
# places, 0 and 1. Anyone who tests at ``x = 1``, "because it is simple", finds nothing.

xs = Tensor(np.linspace(-1, 2, 100), requires_grad=True)
(by_our_rule,) = grad(cube(xs).sum(), [xs])
h = 1e-5
nudged = (cube(xs.data + h) - cube(xs.data - h)) / (2 * h)

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(xs.data, nudged, linewidth=3, label="what the nudge measures")
label = "what our wrong rule says"
ax.plot(xs.data, by_our_rule.data, "--", color="tab:red", linewidth=2, label=label)
ax.plot([0, 1], [0, 3], "ko", label="here they agree by accident")
ax.set(xlabel="x", ylabel="slope", title="The slope of x * x * x")
ax.legend()
plt.show()

# %%
# Correct the rule, and the checker finds nothing.

cube.gradients(lambda g, y, x: g * 3 * x * x)
print(verdict(cube, point))
assert verdict(cube, point) == "no mistake found"

# %%
# A checker that is blind
# -----------------------
# A judge can be bad, too. Here is a famous trap. First, a new function: ``softmax`` turns a list of
# numbers into a list of shares. Each share is above 0, and together they are 1. The largest number
# gets the largest share. Networks use it to say "7 with 90 %, 1 with 6 %, ...".

scores = Tensor([2.0, 1.0, 0.0])
shares = softmax(scores)
print("shares:", shares, "  together:", shares.sum())
assert np.isclose(shares.sum().item(), 1)

# %%
# Now make the worst mistake of all: a softmax whose rule is always zero. A network with it would
# learn nothing.


@primitive
def broken_softmax(x):
    xp = backend(x)  # NumPy, or CuPy on a graphics card
    # subtracting the largest changes no share, and no number becomes too large
    e = xp.exp(x - x.max())
    return e / e.sum()


broken_softmax.gradients(lambda g, y, x: g * 0 * x)

# %%
# Many home-made checkers work like this: add up all results, to get one number; nudge each input;
# compare.


def check_by_adding_up(function, x):
    """Compare the gradient of function(x).sum() with a nudge: a naive checker."""
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
print("naive checker, wrong cube:   ", end="")
print(check_by_adding_up(cube, point))
assert check_by_adding_up(cube, point) == "a mistake"

print("naive checker, dead softmax: ", end="")
print(check_by_adding_up(broken_softmax, scores))
assert check_by_adding_up(broken_softmax, scores) == "no mistake found"  # it is fooled!

# %%
# It found the wrong cube. But it accepts the dead softmax. Why? Nudge one score up: its share
# grows, the other shares shrink, and their sum *stays 1*. So the slope of the sum really is zero.
# The checker asked about the sum, the one question to which a dead softmax knows the answer.

nudged_shares = softmax(Tensor([2.0, 1.8, 0.0]))
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained", sharey=True)
panels = [
    (left, [1, 1, 1], "Added up: no change"),
    (right, [0.5, -1, 2], "Times 0.5, -1, 2, added up: a change"),
]
for ax, factors, title in panels:
    before, after = shares.data * factors, nudged_shares.data * factors
    colors = ["tab:blue"] * 3 + ["tab:red"]
    ax.bar(np.arange(4) - 0.2, [*before, before.sum()], 0.4, color="lightgray", label="before")
    label = "after nudging score 1"
    ax.bar(np.arange(4) + 0.2, [*after, after.sum()], 0.4, color=colors, label=label)
    ax.set_xticks(range(4), ["share 0", "share 1", "share 2", "sum"])
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set_title(title)
left.legend(loc="upper left")
plt.show()

# %%
# The cure is simple. Before adding up, multiply each result by a factor of its own, drawn by
# chance. Then the sum does change, and a zero is caught. ``check_grads`` does so.

factors = Tensor([0.5, -1.0, 2.0])
assert abs((shares.sum() - nudged_shares.sum()).item()) < 1e-12
assert abs(((shares - nudged_shares) * factors).sum().item()) > 0.1

said = verdict(broken_softmax, scores)
print(textwrap.fill(said, 100))
assert "broken_softmax" in said
assert verdict(softmax, scores) == "no mistake found"

# %%
# Every op of minigrad is checked like this. And for each op the tests make the rule wrong (a zero,
# a wrong sign, a factor 2, a forgotten sum) and demand that the checker finds it. This is called
# *mutation testing*.
#
# What to remember
# ----------------
# * ``requires_grad=True`` marks a knob; ``backward()`` fills its ``.grad``; clear it before the
#   next step.
# * Each op knows its own slope. The graph knows the order. The chain rule does the rest.
# * ``grad(..., create_graph=True)`` gives gradients that have gradients.
# * Do not believe a gradient, check it: against a nudge, at a point that is not special, with
#   factors drawn by chance.
#
# Next lesson: a whole network, which reads handwritten digits.
#
# Words of this lesson: op (运算), node (节点), computation graph (计算图), gradient (梯度), second
# derivative (二阶导数), softmax (归一化指数函数), to check gradients (梯度检验).
