"""
26. Write an op, and prove it
=============================

In lesson 2 we made a first op, ``cube``, and caught a mistake in it. Now we add something useful to
minigrad, and do it as the library itself does: an op with two inputs, a layer that uses it, and a
fast version. Each of the three is a *claim*: "this is the gradient", "this layer learns", "the fast
version gives the same". None of them is believed. Each is checked by a program, and we break each
on purpose, to see that the check can fail.
"""

import sys
import textwrap
import time

import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import Sequential, Tensor, check_definition, check_grads, grad, ops, primitive
from minigrad.backend import backend
from minigrad.engine.autograd import fused
from minigrad.engine.kernel_table import Kernel, register_kernels
from minigrad.initializers import RandomNormal
from minigrad.layers import Dense, Layer
from minigrad.optimizers import Adam

LONG = "--long" in sys.argv  # python tutorials/26_write_an_op.py --long: trains longer

# %%
# The function
# ------------
# Our op is a *bump*: it is 1 where ``x`` equals a center ``c``, and falls to 0 on both sides ::
#
#     bump(x, c) = exp(-d * d)      d = x - c
#
# A neuron with ``relu`` measures how far a point lies beyond a line. A bump measures how near it is
# to a place. Such a function is called a *radial basis function* (Broomhead & Lowe 1988).
#
# Numbers: ``x = 1.5`` and ``c = 1``. Then ``d = 0.5`` and ``y = exp(-0.25) = 0.7788``. By the chain
# rule (lesson 1), the slope of ``exp`` is its own result, and the slope of ``-d * d`` is ``-2 *
# d``::
#
#     slope for x:  y * (-2 * d) = 0.7788 * (-1) = -0.7788
#     slope for c:  the same with a plus, as d = x - c:  0.7788


def bump_by_hand(x, c):
    """(result, slope for x, slope for c)."""
    d = x - c
    y = np.exp(-d * d)
    return y, y * -2 * d, y * 2 * d


y, slope_x, slope_c = bump_by_hand(1.5, 1.0)
print(f"y = {y:.4f}, slope for x {slope_x:.4f}, slope for c {slope_c:.4f}")
assert np.isclose(y, 0.7788, atol=1e-4)
assert np.isclose(slope_x, -0.7788, atol=1e-4) and np.isclose(slope_c, -slope_x)

h = 1e-5
nudged = (bump_by_hand(1.5 + h, 1.0)[0] - bump_by_hand(1.5 - h, 1.0)[0]) / (2 * h)
assert abs(nudged - slope_x) < 1e-8

# %%
# The op
# ------
# An op has two parts. The *forward* is a function of arrays. ``backend(x)`` is NumPy, or CuPy if
# the array is on a graphics card. Then come the *gradient rules*, one for each input. A rule gets
# ``g``, the gradient that arrives; ``y``, the result; and the inputs. It gives ``g`` times the
# slope.
#
# There is one thing that single numbers do not show. The inputs may have different shapes. If ``x``
# is a column of two numbers and ``center`` a row of three, the result has 2 * 3 numbers: each with
# each. This is broadcasting (lesson 3). In the result, every center is used twice, once in each
# row. And where a number is used twice, its slopes add up (lesson 2). ``ops.sum_to`` does that: it
# adds up along the axes that broadcasting has made, until the shape is that of the input.


@primitive
def bump(x, center):
    """exp(-(x - center)**2), elementwise."""
    d = x - center
    return backend(x).exp(-d * d)


def rule_x(g, y, x, center):
    return ops.sum_to(g * y * -2 * (x - center), shape=x.shape)


def rule_center(g, y, x, center):
    return ops.sum_to(g * y * 2 * (x - center), shape=center.shape)


bump.gradients(rule_x, rule_center)

x = np.array([[0.0], [1.5]])
centers = np.array([1.0, -0.3, 0.4])

# %%
# Compare with plain loops. Each of the three results of a row adds to the slope of its ``x``, and
# each of the two rows adds to the slope of its center.

by_loops_x, by_loops_c = np.zeros((2, 1)), np.zeros(3)
for i in range(2):
    for k in range(3):
        _, for_x, for_c = bump_by_hand(x[i, 0], centers[k])
        by_loops_x[i, 0] += for_x
        by_loops_c[k] += for_c

a, c = Tensor(x, requires_grad=True), Tensor(centers, requires_grad=True)
for_x, for_c = grad(bump(a, c).sum(), [a, c])
print("slopes for the centers:", for_c.data.round(4))
assert np.allclose(for_x.data, by_loops_x)
assert np.allclose(for_c.data, by_loops_c)

# %%
# The proof
# ---------
# ``check_grads`` (lesson 2) nudges each input and compares. It does so to second order: the
# gradient of the gradient must be right as well. If all is well it says nothing; it returns how
# large an error in one element could be without being seen.

unseen = check_grads(bump, x, centers, order=2)
print(f"no mistake found; an error above {unseen:.0e} would have been seen")
assert unseen < 1e-4

# %%
# Can it fail? We make four wrong rules for ``center``. Such a wrong version is called a *mutant*.
# Each is a mistake that people really make.


def lost_minus(g, y, x, center):
    return ops.sum_to(g * y * -2 * (x - center), shape=center.shape)


def lost_factor(g, y, x, center):
    return ops.sum_to(g * y * (x - center), shape=center.shape)


def lost_sum(g, y, x, center):
    return g * y * 2 * (x - center)


def slope_as_constant(g, y, x, center):
    slope = y * 2 * (x - center)
    if isinstance(slope, Tensor):  # the rules get Tensors when the walk back is itself recorded
        slope = slope.data  # a bare array: its own dependence on x is lost
    return ops.sum_to(g * slope, shape=center.shape)


def verdict(function, *inputs, **options):
    """What check_grads says: its error, or "no mistake found"."""
    try:
        check_grads(function, *inputs, **options)
    except AssertionError as error:
        return str(error)
    return "no mistake found"


mutants = {
    lost_minus: "a lost minus sign",
    lost_factor: "a lost factor",
    lost_sum: "missing sum_to",
    slope_as_constant: "right at first order only",
}
for mutant, hint in mutants.items():
    bump.gradients(rule_x, mutant)
    said = verdict(bump, x, centers, order=2)
    print(f"{mutant.__name__}: ... {said[said.index('ommon cause') - 1 :][:80]}")
    assert "bump" in said and hint in said

# %%
# All four are caught, and the message names the usual cause. Look at the last one. Its gradient is
# right. Only the gradient *of the gradient* is wrong, because the slope was treated as a constant.
# A WGAN-GP (lesson 22) would learn badly with it, without any error. A check of first order alone
# accepts it:

bump.gradients(rule_x, slope_as_constant)
first_order = verdict(bump, x, centers, order=1)
print("slope_as_constant, first order alone:", first_order)
assert first_order == "no mistake found"
assert "order 2" in verdict(bump, x, centers, order=2)

bump.gradients(rule_x, rule_center, needs="y x center")  # the right rules again

# %%
# ``needs`` names what the rules read: the output ``y`` and both inputs. What it does not name, the
# graph does not keep in memory until the walk back. ``tanh`` needs only ``y``, for example, so its
# input is freed.

xs = Tensor(np.linspace(-2.5, 2.5, 201), requires_grad=True)
(exact,) = grad(bump(xs, 0.0).sum(), [xs])
some = np.linspace(-2.5, 2.5, 21)
nudged = (bump(some + h, 0.0) - bump(some - h, 0.0)) / (2 * h)
assert np.allclose(np.interp(some, xs.data, exact.data), nudged, atol=1e-4)

fig, ax = plt.subplots(figsize=(7.5, 4), layout="constrained")
ax.plot(xs.data, bump(xs, 0.0).data, linewidth=3, label="bump(x, 0)")
ax.plot(xs.data, exact.data, color="tab:red", label="its slope, by our rule")
ax.plot(some, nudged, "ko", markersize=4, label="its slope, by nudging")
ax.plot(xs.data, exact.data / 2, ":", color="tab:red", label="the mutant: a lost factor")
ax.axhline(0, color="black", linewidth=0.8)
ax.set(xlabel="x", ylabel="value or slope", title="A bump and its slope")
ax.legend(loc="upper right")
plt.show()

# %%
# A layer
# -------
# A layer has three methods. ``__init__`` keeps the settings. ``build`` makes the parameters, once
# the shape of the input is known. ``call`` is the equation. Ours has some centers; its answer for
# each center is the product of the bumps over all inputs. That is a round hill around the center.


class Bumps(Layer):
    """The product over d of bump(x[d], center[d]), for each center."""

    def __init__(self, units):
        super().__init__()
        self.units = units

    def build(self, input_shape):
        shape = (self.units, input_shape[-1])
        self.centers = self.add_weight(shape, RandomNormal(stddev=1.0))

    def call(self, x):
        return ops.prod(bump(x[:, None, :], self.centers), axis=2)  # (N, units)


# %%
# Numbers: a point ``(0, 1.5)`` and a center ``(1, 1)``. The bumps are ``exp(-1) = 0.3679`` and
# ``0.7788``; the product is 0.2865. A layer is checked like an op; its parameters are checked too.

minigrad.seed(0)
layer = Bumps(3)
layer(np.zeros((1, 2), "float32"))  # builds it
layer.centers.assign(np.array([[1.0, 1.0], [0.5, -0.5], [-1.0, 0.2]]))
answer = layer(np.array([[0.0, 1.5]], "float32"))
print("the layer:", answer.numpy().round(4))
assert np.isclose(answer.numpy()[0, 0], np.exp(-1) * np.exp(-0.25), atol=1e-6)
check_grads(layer, np.array([[0.0, 1.5], [0.3, -0.8]]), parameters=layer.trainable_weights)

# %%
# Does it learn? The task: points of a disc and of a ring around it. No straight line separates
# them, so one ``Dense`` layer must fail. The player below shows the first step of a very small
# network on three points. Look for ``bump`` on the way forward, and for its two rules on the way
# back: the gradient for ``centers`` has been added up over the three points.


def disc_and_ring(n, seed):
    """(points, labels): label 1 within the disc."""
    chance = np.random.default_rng(seed)
    labels = chance.integers(0, 2, n)
    radius = np.where(labels == 1, chance.uniform(0, 0.8, n), chance.uniform(1.2, 2.0, n))
    angle = chance.uniform(0, 2 * np.pi, n)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return points.astype("float32"), labels.astype("float32")[:, None]


x_train, y_train = disc_and_ring(400, seed=0)
x_test, y_test = disc_and_ring(400, seed=1)

minigrad.seed(0)
tiny = Sequential([Bumps(2), Dense(1, activation="sigmoid")])
tiny.build((None, 2))
tiny.compile("sgd", "binary_crossentropy")

with minigrad.record() as run:
    tiny.train_on_batch(x_train[:3], y_train[:3])
run.show()

names = [step.name for step in run.steps]
assert "bump" in names and "prod" in names
assert all(check.verdict == "right" for check in run.check())  # each step back, by differences

# %%
# Now the training. ``Bumps`` can be put into ``Sequential`` like any other layer.


def accuracy_of(*layers):
    """(model, share of the test points that are right)."""
    minigrad.seed(0)
    model = Sequential([*layers, Dense(1, activation="sigmoid")])
    model.compile(Adam(0.03), "binary_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=150 if LONG else 50, batch_size=32, verbose=0)
    return model, model.evaluate(x_test, y_test, verbose=0)[1]


_, line_accuracy = accuracy_of()
model, accuracy = accuracy_of(Bumps(12))
print(f"one Dense layer: {line_accuracy:.1%}; 12 bumps before it: {accuracy:.1%}")
assert line_accuracy < 0.75
assert accuracy > 0.95

side = np.linspace(-2.4, 2.4, 60)
plane = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2).astype("float32")
shares = model.predict(plane, verbose=0).reshape(60, 60)
found = model.layers[0].centers.numpy()
weights = model.layers[1].kernel.numpy()[:, 0]

fig, ax = plt.subplots(figsize=(6.4, 5.2), layout="constrained")
filled = ax.contourf(side, side, shares, levels=10, cmap="Blues", vmin=0, vmax=1)
fig.colorbar(filled, label="probability of 'disc'")
for label, mark, name in ((1, "o", "disc"), (0, "x", "ring")):
    ax.plot(*x_test[y_test[:, 0] == label][:120].T, mark, color="gray", markersize=4, label=name)
for sign, color, name in ((1, "tab:red", "weight above 0"), (-1, "black", "weight below 0")):
    chosen = found[np.sign(weights) == sign]
    ax.plot(*chosen.T, "*", color=color, markersize=13, label=f"center, {name}")
ax.set(xlabel="first number", ylabel="second number", title="Twelve bumps learn a disc")
ax.set(xlim=(-2.4, 2.4), ylim=(-2.4, 2.4))
ax.legend(loc="upper right", fontsize=8)
plt.show()

# %%
# The centers have moved. Those with a weight above 0 have met at one place in the middle, so that
# we see one red star for all of them; those below 0 lie around it. The layers of larger models are
# made in the same way: the model file ``models/generative/stylegan2.py`` has five of its own.

inside = np.linalg.norm(found[weights > 0], axis=1).mean()
outside = np.linalg.norm(found[weights < 0], axis=1).mean()
print(f"mean distance from the middle: {inside:.2f} and {outside:.2f}")
assert inside < 0.4 < 1.2 < outside

# %%
# A fast version
# --------------
# Our layer makes an array of shape (N, units, inputs), and several more of that size on the way.
# For 1000 points, 64 centers and 16 inputs that is a million numbers each. There is a shorter way.
# The sum of the squares, written out, is ::
#
#     sum of (x - c)**2  =  sum of x**2  +  sum of c**2  -  2 * sum of x * c
#
# and the last sum is a matrix product, the fastest thing a computer does. With numbers: ``x = (0,
# 1.5)``, ``c = (1, 1)``: the left side is ``1 + 0.25 = 1.25``, the right side ``2.25 + 2 - 3 =
# 1.25``.
#
# minigrad keeps the two apart. The *definition of an op* says what is computed, written with other
# ops. The *kernel of an op* says how it is made fast: a forward and a backward on arrays. (It has
# nothing to do with the kernel of a convolution.) An op that has both is a *fused op*: many ops
# have become one. The definition is never thrown away. It is the documentation, the kernel is
# tested against it, and gradients of gradients run on it.
#
# ``forward`` gives the result and what ``backward`` will read. ``backward`` gives a gradient for
# each input.


def hills_forward(x, centers):
    squares = (x * x).sum(1)[:, None] + (centers * centers).sum(1) - 2 * (x @ centers.T)
    y = backend(x).exp(-squares)
    return y, y


def hills_backward(g, y, x, centers):
    s = -2 * g * y  # (N, units)
    for_x = s.sum(1)[:, None] * x - s @ centers
    for_centers = s.sum(0)[:, None] * centers - s.T @ x
    return for_x, for_centers


register_kernels(Kernel("lesson_hills", hills_forward, hills_backward))


@fused(kernel="lesson_hills")
def hills(x, centers):
    """exp(-sum of (x - center)**2): (N, D), (units, D) -> (N, units)."""
    d = x[:, None] - centers
    return ops.exp(-ops.sum(d * d, axis=2))


both = hills_forward(np.array([[0.0, 1.5]]), np.array([[1.0, 1.0]]))[0]
assert np.isclose(both[0, 0], np.exp(-1.25))
assert np.isclose(both[0, 0], answer.numpy()[0, 0], atol=1e-6)  # what the layer said

# %%
# ``check_definition`` holds the kernel to its definition: the same results, the same gradients, to
# second order. ``check_grads`` holds both to the nudge.

chance = np.random.default_rng(0)
few_x, few_c = 0.5 * chance.normal(size=(5, 3)), 0.5 * chance.normal(size=(4, 3))
check_definition(hills, few_x, few_c)
check_grads(hills, few_x, few_c)
print("the kernel agrees with its definition")


def kernel_verdict(op, *inputs):
    """What check_definition says: its error, or "no difference found"."""
    try:
        check_definition(op, *inputs)
    except AssertionError as error:
        return str(error)
    return "no difference found"


def backward_without_two(g, y, x, centers):
    return tuple(gradient / 2 for gradient in hills_backward(g, y, x, centers))


register_kernels(Kernel("lesson_hills", hills_forward, backward_without_two))  # a mutant
said = kernel_verdict(hills, few_x, few_c)
print(textwrap.fill(said, 100))
assert "hills" in said and "gradient" in said
register_kernels(Kernel("lesson_hills", hills_forward, hills_backward))

# %%
# Is it worth it? We measure forward and backward with 1000 points, 64 centers and 16 inputs, and
# count the nodes of the graph. ``use_kernels(False)`` runs the definition. (We take the best of ten
# times: a computer has other things to do, which only ever makes it slower. More about this in
# lesson 27.)

many_x = Tensor(0.3 * chance.normal(size=(1000, 16)).astype("float32"), requires_grad=True)
many_c = Tensor(0.3 * chance.normal(size=(64, 16)).astype("float32"), requires_grad=True)


def forward_and_backward():
    """(gradients, the op names of the graph, seconds)."""
    start = time.perf_counter()
    y = hills(many_x, many_c).sum()
    gradients = grad(y, [many_x, many_c])
    seconds = time.perf_counter() - start
    nodes, found = [y.node], {}
    while nodes:
        node = nodes.pop()
        if node.op is not None and node not in found:
            found[node] = node.op.name
            nodes += [parent for parent in node.parents if parent is not None]
    return gradients, list(found.values()), seconds


results = {}
for name, wanted in (("definition", False), ("kernel", True)):
    with minigrad.use_kernels(wanted):
        runs = [forward_and_backward() for _ in range(10)]
    gradients, names, _ = runs[0]
    results[name] = gradients, len(names), min(seconds for _, _, seconds in runs)

for name, (_, nodes, seconds) in results.items():
    print(f"{name}: {nodes} nodes, {1000 * seconds:.2f} ms")
(slow, slow_nodes, slow_time), (fast, fast_nodes, fast_time) = results.values()
assert fast_nodes == 2 < slow_nodes  # the fused op, and the sum
assert fast_time < slow_time / 2
assert all(np.allclose(a.data, b.data, atol=1e-3) for a, b in zip(slow, fast))

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
bars = left.bar(list(results), [1000 * slow_time, 1000 * fast_time], color=["tab:gray", "tab:blue"])
left.bar_label(bars, fmt="%.2f")
left.set(ylabel="milliseconds", title="Forward and backward")
bars = right.bar(list(results), [1000 * 64 * 16, 1000 * 64], color=["tab:gray", "tab:blue"])
right.bar_label(bars, fmt="%d")
right.set(ylabel="numbers", title="The largest array")
left.margins(y=0.15)
right.margins(y=0.15)
plt.show()

# %%
# A kernel that is not faster is only more code that can be wrong. In minigrad a kernel stays only
# as long as a measurement shows that it wins.
#
# What goes wrong
# ---------------
# *float64 comes in by accident.* minigrad has a strict rule: if the inputs are float32, the outputs
# and all gradients are float32. A number in float32 needs 4 bytes, in float64 8, and on a graphics
# card float64 can be many times slower. If one op lets float64 in, everything after it is float64.
#
# The usual cause is a NumPy scalar. ``np.sqrt(2)`` is a float64, and times a float32 array it makes
# a float64 array. A plain Python number, as ``2**0.5``, does not: it takes the type of the array.

assert (np.sqrt(2) * np.ones(3, "float32")).dtype == "float64"
assert (2**0.5 * np.ones(3, "float32")).dtype == "float32"


@primitive
def scale(x):
    return np.sqrt(2) * x


scale.gradients(lambda g, y, x: g * 2**0.5)
said = verdict(scale, np.array([0.3, -0.7]))
print(textwrap.fill(said, 100))
assert "float32 inputs gave output 0 of dtype float64" in said

# %%
# *An input that the rule reads, and* ``needs`` *does not name.* It has not been kept, so the rule
# finds ``None`` in its place.

bump.gradients(rule_x, rule_center, needs="y x")
try:
    check_grads(bump, x, centers)
    said = "no error"
except TypeError as error:
    said = str(error)
print(said)
assert "NoneType" in said
bump.gradients(rule_x, rule_center, needs="y x center")

# %%
# *A kernel that is right where it was tested.* Our kernel is equal to its definition in exact
# arithmetic. But a computer rounds. Move all points and all centers by 1000: the distances stay the
# same, so the results should, too. The kernel now computes three million plus three million minus
# six million, and of the small difference between them hardly a digit is left. This is called
# *catastrophic cancellation*.


def worst_error(forward, shift):
    """The largest error of a kernel in float32, against the definition in float64."""
    with minigrad.use_kernels(False):
        exact = hills(few_x, few_c)
    moved_x, moved_c = (few_x + shift).astype("float32"), (few_c + shift).astype("float32")
    return float(abs(forward(moved_x, moved_c)[0] - exact).max())


said = kernel_verdict(hills, few_x + 1000, few_c + 1000)
print(textwrap.fill(said, 100))
assert "check_definition(hills)" in said and "instead of" in said

# %%
# The cure: first move everything so that the centers lie around 0. The result does not depend on
# where we move it, so the gradients stay as they are.


def centered_forward(x, centers):
    middle = centers.mean(0)
    return hills_forward(x - middle, centers - middle)


def centered_backward(g, y, x, centers):
    middle = centers.mean(0)
    return hills_backward(g, y, x - middle, centers - middle)


register_kernels(Kernel("lesson_hills", centered_forward, centered_backward))
assert kernel_verdict(hills, few_x + 1000, few_c + 1000) == "no difference found"
assert kernel_verdict(hills, few_x, few_c) == "no difference found"

shifts = [1, 10, 100, 1000]
first = [worst_error(hills_forward, shift) for shift in shifts]
cured = [worst_error(centered_forward, shift) for shift in shifts]
print(f"moved by 1000: error {first[-1]:.2f}, after the cure {cured[-1]:.5f}")
assert first[-1] > 0.05 and cured[-1] < 0.001
assert first[0] < 1e-5

fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
ax.loglog(shifts, first, "s--", color="tab:red", label="the first kernel")
ax.loglog(shifts, cured, "o-", color="tab:blue", label="centers moved to 0 first")
ax.set(
    xlabel="all points and centers moved by",
    ylabel="largest error, float32",
    title="The same distances, further from 0",
)
ax.legend()
plt.show()

# %%
# The small error that is left comes from the points themselves: a float32 has about 7 digits, and a
# number near 1000 spends four of them before the point.
#
# So test where it is hard: far from 0, with very large and very small numbers, with a single row,
# with none.
#
# What to remember
# ----------------
# * An op is a forward and one rule for each input; a rule gives ``g`` times the slope.
# * Where an input was broadcast, its gradient is summed back: ``ops.sum_to``.
# * ``check_grads`` to second order; then break the rule, and see that the check can fail.
# * A layer: ``__init__`` keeps, ``build`` makes parameters, ``call`` is the equation.
# * The definition says what, the kernel says how; ``check_definition`` holds one to the other.
# * float32 in, float32 out: no NumPy scalars in a forward or in a rule.
#
# Exercises
# ---------
# 1. Write ``answer_1``: an op made with ``@primitive`` that computes ``log(1 + x * x)``, with its
#    gradient rule. It must be right to second order and keep float32.
# 2. Write ``answer_2``: an op with two inputs, ``a / (1 + b * b)``. Both may be broadcast.
# 3. Write ``answer_3(g, shape)`` in NumPy alone: what ``ops.sum_to`` does. ``g`` is an array, and
#    ``shape`` a shape that can be broadcast to that of ``g``. Add up along the axes that
#    broadcasting has made.
# 4. Write ``answer_4``: a layer class. ``answer_4()`` has one parameter for each input feature, all
#    of them 1 at the start, and multiplies each feature by its parameter: (N, D) -> (N, D).
# 5. How many bytes does the graph keep less when an array of 1000 x 64 float32 numbers is not named
#    in ``needs``? Give ``answer_5``.
#
# Write your answers as ``answer_1``, ``answer_2``, ... in a file and run
# ``python -m tutorials 26 --check my_answers.py``. The solutions stand in
# ``tutorials/solutions/26_write_an_op.py``.
