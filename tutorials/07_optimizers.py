"""
7. Optimizers
=============

Backpropagation gives the gradient. The *optimizer* decides how far each parameter moves. The
simplest one is the rule of lesson 1: a small step against the gradient.

All others add one idea: *memory*. One kind remembers in which direction it has been going. Another
kind remembers how large the gradients of each parameter have been. Adam remembers both. This lesson
computes two steps of seven optimizers by hand, sends them through a famous valley, and shows why
some of them fall out of it. With ``--long`` the networks at the end train for more epochs.
"""

import math
import sys
import textwrap

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import minigrad
from minigrad import Sequential, Tensor, grad
from minigrad.layers import Dense
from minigrad.optimizers import SGD, Adagrad, Adam, AdamW, RMSprop

LONG = "--long" in sys.argv  # longer training at the end

# %%
# The smallest task
# -----------------
# One parameter ``w``, and the loss ``w * w``. Its gradient is ``2 * w`` (lesson 1), and the best
# ``w`` is 0. All optimizers begin at ``w = 1`` with the learning rate 0.1. We write ``g`` for the
# gradient.
#
# No memory: SGD
# --------------
# *SGD* (stochastic gradient descent) is the rule that you know. (Stochastic, "by chance", because
# in training the gradient comes from a batch drawn by chance.) ::
#
#     w = w - 0.1 * g
#
# * Step 1: ``g = 2``, so ``w = 1 - 0.2 = 0.8``.
# * Step 2: ``g = 1.6``, so ``w = 0.8 - 0.16 = 0.64``.
#
# In our programs, each optimizer is a function. It takes ``w`` and the function ``gradient``, and a
# dictionary ``memory`` in which it may keep numbers from step to step. SGD keeps nothing.

RATE = 0.1


def sgd(w, gradient, memory):
    return w - RATE * gradient(w)


# %%
# Remember the direction: momentum and Nesterov
# ---------------------------------------------
# *Momentum* (Polyak, 1964) keeps a *velocity* ``v``. At each step 90 % of it stays, and the new
# step is added. If the gradients point in the same direction again and again, the velocity grows.
# If they point here and there, they cancel. ::
#
#     v = 0.9 * v - 0.1 * g
#     w = w + v
#
# * Step 1: ``v = -0.2``, so ``w = 0.8``.
# * Step 2: ``g = 1.6``, ``v = -0.18 - 0.16 = -0.34``, so ``w = 0.46``.
#
# *Nesterov's momentum* (Nesterov, 1983) looks ahead: it adds the velocity once more before the next
# gradient is computed, so the gradient is taken where the velocity will lead. ::
#
#     v = 0.9 * v - 0.1 * g
#     w = w + 0.9 * v - 0.1 * g
#
# * Step 1: ``v = -0.2``, so ``w = 1 - 0.18 - 0.2 = 0.62``.
# * Step 2: ``g = 1.24``, ``v = -0.18 - 0.124 = -0.304``, so ``w = 0.62 - 0.2736 - 0.124 = 0.2224``.


def momentum(w, gradient, memory):
    v = 0.9 * memory.get("v", 0.0) - RATE * gradient(w)
    memory["v"] = v
    return w + v


def nesterov(w, gradient, memory):
    step = RATE * gradient(w)
    v = 0.9 * memory.get("v", 0.0) - step
    memory["v"] = v
    return w + 0.9 * v - step


# %%
# Remember the size: Adagrad and RMSprop
# --------------------------------------
# A network has many parameters. Some have large gradients, some have tiny ones. One rate for all is
# too large for the first and too small for the others. So divide each step by the usual size of
# *its own* gradient.
#
# *Adagrad* (Duchi and others, 2011) adds up all squares in ``s``, and divides by the root::
#
#     s = s + g * g
#     w = w - 0.1 * g / sqrt(s)
#
# * Step 1: ``s = 4``, so ``w = 1 - 0.1 * 2 / 2 = 0.9``.
# * Step 2: ``g = 1.8``, ``s = 4 + 3.24 = 7.24``, so ``w = 0.9 - 0.18 / 2.6907 = 0.8331``.
#
# The sum only grows, so the steps only shrink. After a long time they are too small. *RMSprop*
# (Hinton, 2012) forgets: it keeps a running mean, in which 90 % of the old mean stays. ::
#
#     s = 0.9 * s + 0.1 * g * g
#     w = w - 0.1 * g / sqrt(s)
#
# * Step 1: ``s = 0.4``, so ``w = 1 - 0.2 / 0.6325 = 0.6838``.
# * Step 2: ``g = 1.3675``, ``s = 0.36 + 0.187 = 0.547``, so ``w = 0.6838 - 0.1368 / 0.7396 =
#   0.4989``.
#
# (Real programs add a tiny number, *epsilon*, so that nobody divides by zero.)

EPSILON = 1e-7


def adagrad(w, gradient, memory):
    g = gradient(w)
    s = memory.get("s", 0.0) + g * g
    memory["s"] = s
    return w - RATE * g / (s + EPSILON) ** 0.5


def rmsprop(w, gradient, memory):
    g = gradient(w)
    s = 0.9 * memory.get("s", 0.0) + 0.1 * g * g
    memory["s"] = s
    return w - RATE * g / (s + EPSILON) ** 0.5


# %%
# Remember both: Adam and AdamW
# -----------------------------
# *Adam* (Kingma and Ba, arXiv:1412.6980) keeps a running mean ``m`` of the gradient, the direction,
# and a running mean ``s`` of its square, the size. Both begin at 0, so at first they are much too
# small: after step 1, ``m`` is only 0.1 times ``g``. The *bias correction* repairs this. It divides
# ``m`` by ``1 - 0.9 ** t`` and ``s`` by ``1 - 0.999 ** t``, where ``t`` counts the steps from 1. ::
#
#     m = 0.9 * m + 0.1 * g            s = 0.999 * s + 0.001 * g * g
#     w = w - 0.1 * (m / (1 - 0.9 ** t)) / sqrt(s / (1 - 0.999 ** t))
#
# * Step 1: ``m = 0.2``, corrected ``0.2 / 0.1 = 2``. ``s = 0.004``, corrected ``0.004 / 0.001 =
#   4``. So ``w = 1 - 0.1 * 2 / 2 = 0.9``.
# * Step 2: ``g = 1.8``. ``m = 0.18 + 0.18 = 0.36``, corrected ``0.36 / 0.19 = 1.8947``. ``s =
#   0.003996 + 0.00324 = 0.007236``, corrected ``0.007236 / 0.001999 = 3.6198``, its root is 1.9026.
#   So ``w = 0.9 - 0.1 * 1.8947 / 1.9026 = 0.8004``.
#
# *AdamW* (Loshchilov and Hutter, arXiv:1711.05101) also pulls each parameter toward 0 by a small
# share. This is called *weight decay*; lesson 10 tells what it is good for. With a decay of 0.1::
#
#     w = w * (1 - 0.1 * 0.1), and then the step of Adam
#
# * Step 1: ``w = 0.99 - 0.1 = 0.89``. Step 2 in the same way: 0.7816.


def adam(w, gradient, memory):
    g = gradient(w)
    t = memory.get("t", 0) + 1
    m = 0.9 * memory.get("m", 0.0) + 0.1 * g
    s = 0.999 * memory.get("s", 0.0) + 0.001 * g * g
    memory.update(t=t, m=m, s=s)
    direction, size = m / (1 - 0.9**t), s / (1 - 0.999**t)
    return w - RATE * direction / (size**0.5 + EPSILON)


def adamw(w, gradient, memory):
    step = adam(w, gradient, memory) - w
    return w * (1 - RATE * 0.1) + step


# %%
# Now the judge: two steps of our seven functions, and two steps of minigrad's seven optimizers.


def slope_of_square(w):
    return 2 * w


ours = {
    "SGD": sgd,
    "momentum": momentum,
    "Nesterov": nesterov,
    "Adagrad": adagrad,
    "RMSprop": rmsprop,
    "Adam": adam,
    "AdamW": adamw,
}
by_hand = {
    "SGD": (0.8, 0.64),
    "momentum": (0.8, 0.46),
    "Nesterov": (0.62, 0.2224),
    "Adagrad": (0.9, 0.8331),
    "RMSprop": (0.6838, 0.4989),
    "Adam": (0.9, 0.8004),
    "AdamW": (0.89, 0.7816),
}


def make(name, rate, decay=0.1):
    """minigrad's optimizer of that name."""
    if name == "Adagrad":
        return Adagrad(rate, initial_accumulator_value=0.0)
    if name == "RMSprop":
        return RMSprop(rate)
    if name == "Adam":
        return Adam(rate)
    if name == "AdamW":
        return AdamW(rate, weight_decay=decay)
    strength = 0.0 if name == "SGD" else 0.9
    return SGD(rate, momentum=strength, nesterov=name == "Nesterov")


print("optimizer   after 1   after 2")
for name, take_step in ours.items():
    memory = {}
    first = take_step(1.0, slope_of_square, memory)
    second = take_step(first, slope_of_square, memory)
    print(f"{name:10} {first:8.4f}  {second:8.4f}")
    assert np.allclose((first, second), by_hand[name], atol=6e-5)

    w = Tensor([1.0], requires_grad=True, dtype="float64")
    optimizer = make(name, RATE)
    for expected in (first, second):
        optimizer.apply(grad((w * w).sum(), [w]), [w])
        assert math.isclose(w.item(), expected, rel_tol=1e-5)

# %%
# What a remembered size is good for
# ----------------------------------
# Multiply the loss by 1000. The place of the minimum is the same. But all gradients are 1000 times
# as large, so the first step of SGD is 200 instead of 0.2, and it throws ``w`` to -199. Adam
# divides by the size of the gradient: the 1000 cancels, and both steps are as before.


def slope_times_1000(w):
    return 2000 * w


assert math.isclose(sgd(1.0, slope_times_1000, {}), -199.0)
memory = {}
first = adam(1.0, slope_times_1000, memory)
second = adam(first, slope_times_1000, memory)
print(f"loss times 1000: SGD goes to {sgd(1.0, slope_times_1000, {}):.0f}, Adam to {first:.4f}")
assert np.allclose((first, second), by_hand["Adam"], atol=6e-5)

# %%
# The first step of Adam is always about as long as the learning rate, whatever the gradient is. For
# later steps it is a good guess, too. That is one reason why Adam's usual rate, 0.001, works for so
# many networks.
#
# The same division explains the W in AdamW. One can also write weight decay into the loss: add
# ``0.05 * w * w``, and the gradient gets the extra part ``0.1 * w``. But Adam divides by the size
# of the whole gradient, and most of the extra part is divided away. The first step does not feel it
# at all. AdamW keeps the decay outside of the gradient.


def slope_with_decay(w):
    return 2 * w + 0.1 * w


inside = adam(1.0, slope_with_decay, {})
outside = adamw(1.0, slope_of_square, {})
print(f"decay in the gradient: {inside:.4f}   decay outside: {outside:.4f}")
assert abs(inside - 0.9) < 1e-6 and abs(outside - 0.89) < 1e-6

# %%
# A famous valley
# ---------------
# Now two parameters, ``x`` and ``y``, and a loss that Rosenbrock invented in 1960 to test such
# methods::
#
#     f = (1 - x) ** 2 + 100 * (y - x ** 2) ** 2
#
# It is a long bent valley with steep walls and an almost flat floor. The lowest point is (1, 1),
# where f is 0. We begin at (-1.5, 2.5). By hand, ``x ** 2`` is 2.25 there, and ``y - x ** 2`` is
# 0.25:
#
# * ``f = 2.5 ** 2 + 100 * 0.25 ** 2 = 6.25 + 6.25 = 12.5``
# * slope for x: ``-2 * (1 - x) - 400 * x * (y - x ** 2) = -5 + 150 = 145``
# * slope for y: ``200 * (y - x ** 2) = 50``


def rosenbrock(x, y):
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def slope_in_valley(point):
    x, y = point
    return np.array([-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)])


start = np.array([-1.5, 2.5])
point = Tensor(start, requires_grad=True, dtype="float64")
(gradient,) = grad(rosenbrock(point[0], point[1]), [point])
print("f =", rosenbrock(*start), "  gradient:", gradient.data)
assert math.isclose(rosenbrock(*start), 12.5)
assert np.allclose(gradient.data, [145, 50])
assert np.allclose(slope_in_valley(start), [145, 50])

# %%
# A step of SGD with rate 0.01 goes from (-1.5, 2.5) to ``(-1.5 - 1.45, 2.5 - 0.5) = (-2.95, 2)``.
# There, f is 4508. The step has jumped over the floor of the valley, and up the other wall. On that
# wall the gradient is much larger, so the next step jumps still farther. This is called
# *divergence*.


def walk(name, rate, steps):
    """The points that minigrad's optimizer passes in the valley: (steps + 1, 2)."""
    point = Tensor(start, requires_grad=True, dtype="float64")
    optimizer = make(name, rate, decay=0.004)
    points = [start.copy()]
    with np.errstate(all="ignore"):  # infinite numbers are what we want to see
        for _ in range(steps):
            optimizer.apply(grad(rosenbrock(point[0], point[1]), [point]), [point])
            points.append(point.numpy().copy())
    return np.array(points)


styles = dict(zip(ours, ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), "-", "--")))
markers = dict(zip(ours, ("o", "s", "^", "v", "D", "x", "+")))


def draw_lines(ax, lines, every):
    """One line per optimizer, told apart by color, dashes and markers."""
    for name, values in lines.items():
        ax.plot(values, linestyle=styles[name], marker=markers[name], markevery=every, label=name)


known = {name: 0.1 if name == "Adagrad" else 0.01 for name in ours}
lost, heights = {}, {}
for name, rate in known.items():
    points = walk(name, rate, steps=100)
    heights[name] = [rosenbrock(*point) for point in points[:5]]
    finite = np.isfinite(points).all(axis=1)
    if finite.all():
        print(f"{name:10} rate {rate:<5} after 100 steps f = {rosenbrock(*points[-1]):.2f}")
        assert 5.5 < rosenbrock(*points[-1]) < 7
    else:
        lost[name] = int(finite.argmin())
        print(f"{name:10} rate {rate:<5} not finite after {lost[name]} steps")
assert lost == {"SGD": 7, "momentum": 7, "Nesterov": 7}

by_sgd = walk("SGD", 0.01, steps=2)
assert np.allclose(by_sgd[1], [-2.95, 2.0])
assert abs(rosenbrock(*by_sgd[1]) - 4508) < 1 and rosenbrock(*by_sgd[2]) > 1e9
assert 1e78 < heights["SGD"][4] < 1e81
for name, values in heights.items():
    assert (values[4] > 1e50) if name in lost else (max(values) <= 12.5)

fig, ax = plt.subplots(figsize=(8, 3.8), layout="constrained")
draw_lines(ax, heights, every=1)
ax.set(xlabel="step", ylabel="f", yscale="log", title="Rate 0.01: three leave, four stay near 10")
ax.set(xticks=range(5), yticks=[1, 1e25, 1e50, 1e75, 1e100])
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %%
# The upward axis of this picture is *logarithmic*: equal distances mean equal factors. After four
# steps, f of SGD is a number with 80 digits. The three optimizers that use the gradient as it is
# are lost: after seven steps their numbers are not finite any more. The four that divide by its
# size stay in the valley: a large gradient cannot make a large step. But after 100 steps they have
# not come far: f is still about 6. (In a well-known picture of this valley RMSprop and Adagrad do
# not move at all. Its program draws them, but never computes their steps.)
#
# How small must the rate of SGD be? At (-1.5, 2.5), the gradient grows by about 1700 when ``x``
# moves by 1 across the valley. Lesson 8 shows that the rate must then be below ``2 / 1700``, about
# 0.0012. So we give SGD 0.001. The others get rates that suit them, and all get 500 steps.

h = 1e-4
across = np.array([h, 0.0])
growth = (slope_in_valley(start + across) - slope_in_valley(start - across))[0] / (2 * h)
print(f"the gradient grows by {growth:.0f}, 2 / {growth:.0f} = {2 / growth:.4f}")
assert abs(growth - 1702) < 1

rates = {
    "SGD": 0.001,
    "momentum": 0.001,
    "Nesterov": 0.0005,
    "Adagrad": 0.1,
    "RMSprop": 0.01,
    "Adam": 0.1,
    "AdamW": 0.1,
}
paths = {name: walk(name, rate, steps=500) for name, rate in rates.items()}

grid_x, grid_y = np.meshgrid(np.linspace(-2, 2, 201), np.linspace(-0.6, 3, 201))
height = np.log1p(rosenbrock(grid_x, grid_y))  # logarithm: the floor and the walls in one picture
fig, axes = plt.subplots(2, 4, figsize=(12, 5.6), layout="constrained", sharex=True, sharey=True)
for ax, (name, points) in zip(axes.flat, paths.items()):
    ax.contour(grid_x, grid_y, height, levels=14, colors="lightgray", linewidths=0.8)
    ax.plot(*points.T, ".-", color="tab:blue", markersize=3, linewidth=0.8)
    ax.plot(*points[0], "o", color="black")
    ax.plot(*points[-1], "s", color="tab:red")
    ax.plot(1, 1, "*", color="gold", markersize=14, markeredgecolor="black", zorder=1)
    ax.set_title(f"{name} {rates[name]}: f = {rosenbrock(*points[-1]):.2g}")
axes[0, 0].set(xlim=(-2, 2), ylim=(-0.6, 3))
axes[1, 3].axis("off")
axes[1, 3].text(
    -1.9, 1.5, "circle: start\nsquare: after 500 steps\nstar: lowest point", fontsize=12
)
fig.suptitle("500 steps in Rosenbrock's valley")
plt.show()

# %%
# Look at the paths. SGD jumps from wall to wall for about 40 steps (0.001 is only just small
# enough), and then it creeps along the floor, where the gradient is small. On the floor the
# gradients of many steps point in nearly the same direction. So the velocity of momentum grows, and
# it comes near the star. Adagrad's steps shrink too early. Adam comes near the star too.
#
# The next picture shows f step by step.

final = {name: rosenbrock(*points[-1]) for name, points in paths.items()}
for name, value in final.items():
    print(f"{name:10} f after 500 steps: {value:.3f}")
assert all(np.isfinite(points).all() for points in paths.values())
assert final["momentum"] < 0.1 and final["Adam"] < 0.1 and final["AdamW"] < 0.1
assert final["SGD"] > 3 and final["Adagrad"] > 3
assert max(rosenbrock(*point) for point in paths["SGD"][:40]) > 20  # from wall to wall
assert max(rosenbrock(*point) for point in paths["SGD"][80:]) < 10  # on the floor

fig, ax = plt.subplots(figsize=(8, 4.4), layout="constrained")
heights = {name: [rosenbrock(*point) for point in points] for name, points in paths.items()}
draw_lines(ax, heights, every=50)
ax.set(xlabel="step", ylabel="f", yscale="log", title="The same walks, by height")
ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

# %%
# A real network
# --------------
# A valley with two parameters is a toy. So we train the network of lesson 4 on the digits, once
# with rate 0.01 for all optimizers, and once with a rate that suits each. The first weights are the
# same.

digits = load_digits()
images, labels = (digits.data / 16).astype("float32"), digits.target
x_train, x_test, y_train, y_test = train_test_split(
    images, labels, test_size=0.2, random_state=42, stratify=labels
)
epochs = 40 if LONG else 10


def train(optimizer):
    """The loss of each epoch, and the accuracy on the test images."""
    minigrad.seed(0)
    model = Sequential(
        [Dense(32, activation="relu", input_shape=(64,)), Dense(10, activation="softmax")]
    )
    loss = "sparse_categorical_crossentropy"
    model.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"])
    history = model.fit(x_train, y_train, batch_size=32, epochs=epochs, verbose=0)
    _, accuracy = model.evaluate(x_test, y_test, verbose=0)
    return history.history["loss"], accuracy


suited = {
    "SGD": 0.2,
    "momentum": 0.05,
    "Nesterov": 0.05,
    "Adagrad": 0.1,
    "RMSprop": 0.01,
    "Adam": 0.01,
    "AdamW": 0.01,
}
fig, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained", sharey=True)
last_loss, accuracies = {}, {}
for ax, title in zip(axes, ("rate 0.01 for all", "a rate that suits each")):
    lines = {}
    for name in ours:
        rate = 0.01 if title == "rate 0.01 for all" else suited[name]
        lines[name], accuracies[title, name] = train(make(name, rate, decay=0.004))
        last_loss[title, name] = lines[name][-1]
    draw_lines(ax, lines, every=1)
    ax.set(xlabel="epoch, counted from 0", title=title, yscale="log")
axes[0].set_ylabel("training loss")
axes[1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
plt.show()

for name in ours:
    same, own = last_loss["rate 0.01 for all", name], last_loss["a rate that suits each", name]
    accuracy = accuracies["a rate that suits each", name]
    print(f"{name:10} loss at 0.01: {same:.3f}   at {suited[name]}: {own:.3f}, ", end="")
    print(f"test accuracy {accuracy:.1%}")
    assert accuracy > 0.92
assert last_loss["rate 0.01 for all", "SGD"] > 3 * last_loss["rate 0.01 for all", "Adam"]
assert last_loss["a rate that suits each", "SGD"] < 0.3
spread = [accuracies["a rate that suits each", name] for name in ours]
assert max(spread) - min(spread) < 0.06

# %%
# On the left, SGD looks hopeless. On the right, it comes close to the others. The rate 0.01 happens
# to suit Adam and RMSprop, and it is too small for SGD: a comparison at one common rate compares
# the rate, not the optimizers. With good rates all seven read the test images about equally well.
# The advice for practice is simple: begin with Adam, try three rates, and only then think about
# other optimizers.
#
# Step through it
# ---------------
# One step of Adam for two weights whose gradients are very different, because one input is much
# larger than the other. Look at the update at the end. One gradient is about 80 times the other,
# but both weights move by the same 0.01, the learning rate.

x = Tensor([[1.0, 100.0], [2.0, 50.0], [3.0, 300.0]])
y = Tensor([[1.0], [0.0], [2.0]])
w = Tensor([[0.5], [0.01]], requires_grad=True)
before = w.numpy().copy()
optimizer = Adam(0.01)

with minigrad.record() as run:
    predicted = x @ w
    loss = ((predicted - y) ** 2).mean()
    loss.backward()
    optimizer.apply([w.grad], [w])
run.show()

moved = (w.numpy() - before).ravel()
print("gradient:", w.grad.ravel(), "  moved:", moved)
assert 70 < w.grad[1, 0] / w.grad[0, 0] < 90
assert np.allclose(abs(moved), 0.01, rtol=1e-3)

# %%
# What goes wrong
# ---------------
# Divergence, with Python's own numbers. NumPy turns a number that is too large into ``inf`` and
# goes on. Python stops. The program of that well-known picture uses rate 0.01 and Python's numbers,
# so it ends like this before it draws anything:

a, b = -1.5, 2.5
taken = 0
try:
    while taken < 100:
        slope_a = -2 * (1 - a) - 400 * a * (b - a**2)
        slope_b = 200 * (b - a**2)
        a, b = a - 0.01 * slope_a, b - 0.01 * slope_b
        taken += 1
except OverflowError as error:
    message = str(error)
print(f"OverflowError after {taken} steps: {message}")
assert "Numerical result out of range" in message or "too large" in message
assert taken < 10

# %%
# A forgotten gradient. The loss has two parameters, and somebody asks for the gradient of one. The
# optimizer does not guess which:

kernel, bias = Tensor([1.0], requires_grad=True), Tensor([0.0], requires_grad=True)
loss = ((3.0 * kernel + bias - 1.0) ** 2).sum()
try:
    SGD(0.1).apply(grad(loss, [kernel]), [kernel, bias])
except ValueError as error:
    message = str(error)
print(textwrap.fill("ValueError: " + message, 100))
assert "1 gradients for 2 parameters" in message

# %%
# A new optimizer for each step. This gives no error. But the memory is in the optimizer, so it is
# empty at every step. Adam without its memory moves by exactly the rate, up and down around the
# minimum, for ever:

w = Tensor([1.05], requires_grad=True, dtype="float64")
for _ in range(100):
    optimizer = Adam(0.1)  # wrong: this line belongs above the loop
    optimizer.apply(grad((w * w).sum(), [w]), [w])
forgetful = abs(w.item())

w = Tensor([1.05], requires_grad=True, dtype="float64")
optimizer = Adam(0.1)
for _ in range(100):
    optimizer.apply(grad((w * w).sum(), [w]), [w])
print(f"distance after 100 steps: forgetful {forgetful:.4f}, with memory {abs(w.item()):.4f}")
assert abs(forgetful - 0.05) < 0.001
assert abs(w.item()) < 0.03

# %%
# ``models/study/training_study.py`` draws the same valley with the well-known rates and with rates
# that work. ``models/feedforward/simple_nn.py`` is a network for digits that learns with plain SGD.
#
# What to remember
# ----------------
# * SGD: a step against the gradient. Momentum remembers the direction, RMSprop the size, Adam both.
# * Adam divides by the size of the gradient, so its steps are about as long as its rate.
# * With the gradient as it is, a rate that is too large leads to infinity in a few steps.
# * Compare optimizers only when each has a rate that suits it.
# * The memory belongs to the optimizer: make it once, before the loop.
#
# Exercises
# ---------
# 1. Write ``answer_1(gradient, w, rate, steps)``: ``w`` after that many steps of momentum 0.9. The
#    velocity is 0 at first, and ``gradient`` is a function.
# 2. Write ``answer_2(gradient, w, rate, steps)``: the same for Adam, with 0.9, 0.999 and bias
#    correction. (Epsilon at most 1e-7.)
# 3. Momentum 0.9, and the gradient is 1 at every step. The velocity grows up to a limit. How many
#    times as long as a step of SGD is a step at that limit? ``answer_3`` is a number.
# 4. The loss is ``25 * w * w``. Above which rate does SGD diverge from any ``w`` but 0?
#    ``answer_4`` is a number. (Hint: look at the factor by which a step multiplies ``w``.)
# 5. Write ``answer_5(gradients, rate)``: the list of the changes of ``w`` that Adagrad makes when
#    its gradients are the numbers in the list ``gradients``. The sum ``s`` is 0 at first.
#
# Write your answers as ``answer_1``, ``answer_2``, ... in a file and run
# ``python -m tutorials 7 --check my_answers.py``. The solutions stand in
# ``tutorials/solutions/07_optimizers.py``.
