"""
9. Vanishing and exploding gradients
====================================

Deep networks have many layers. For twenty years they were hard to train, and one reason
(Hochreiter, 1991) is a simple fact: the chain rule *multiplies*. On the way back to the first layer
a gradient is multiplied once for each layer. If the factors are below 1, almost nothing arrives:
the gradient *vanishes*. If they are above 1, it grows beyond all bounds: it *explodes*.

This lesson measures these factors, finds starting weights and activation functions for which they
are near 1, and cuts off gradients that are too large. You need lessons 1 to 8. With ``--long`` the
networks train for more epochs.
"""

import itertools
import math
import sys
import warnings

import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import Parameter, Sequential, Tensor, grad, initializers
from minigrad.datasets import digits
from minigrad.layers import Dense, Input
from minigrad.optimizers import SGD
from minigrad.optimizers.clipping import clip_by_global_norm, clip_by_value

LONG = "--long" in sys.argv

# %%
# Ten factors
# -----------
# Let a network be a chain of ten neurons, one after the other, each with one weight:
# ``a = sigmoid(w * h)``, and this ``a`` is the next neuron's ``h``. The slope of one of them is
# ``a * (1 - a) * w`` (lesson 1). The sigmoid's own part, ``a * (1 - a)``, is at most 0.25; that is
# at ``a = 0.5``. So with weights of 1, each neuron multiplies the gradient by 0.25 or less. Ten of
# them:
#
# * 0.25 * 0.25 = 0.0625, a third time 0.0156, ... ten times: 0.00000095, less than a millionth.
# * With a factor of 1.5 instead: 2.25, 3.375, ... ten times: 57.7.
# * With a factor of 1: 1, no matter how many.

for factor in (0.25, 0.9, 1.0, 1.1, 1.5):
    print(f"factor {factor:4}: {factor**10:.3g} after 10 layers, {factor**50:.3g} after 50")

assert 0.25**10 < 1e-6 and 57 < 1.5**10 < 58

# %%
# Let us check the chain, once by hand and once with minigrad. All weights are 1, the input is 0.5.

h = 0.5
slope_by_hand = 1.0
for _ in range(10):
    h = 1 / (1 + math.exp(-h))
    slope_by_hand *= h * (1 - h)  # times w, which is 1

x = Tensor(0.5, requires_grad=True, dtype="float64")
h = x
for _ in range(10):
    h = minigrad.sigmoid(h)
(slope_by_minigrad,) = grad(h, [x])
print(f"by hand {slope_by_hand:.3e}, by minigrad {slope_by_minigrad.item():.3e}")
assert math.isclose(slope_by_hand, slope_by_minigrad.item(), rel_tol=1e-9)
assert slope_by_hand < 0.25**10

layers = np.arange(0, 31)
fig, ax = plt.subplots(figsize=(7.5, 4), layout="constrained")
for factor, style in [(1.5, "^-"), (1.1, "s-"), (1.0, "k-"), (0.9, "o--"), (0.25, "v:")]:
    ax.plot(layers, factor**layers, style, markevery=5, label=f"factor {factor}")
ax.set(
    xlabel="number of layers",
    ylabel="size of the gradient",
    yscale="log",
    ylim=(1e-12, 1e7),
    title="Only factors near 1 survive many layers",
)
ax.legend(loc="lower left")
plt.show()

# %%
# How large is a sum?
# -------------------
# A real layer has many inputs, so its factor is not one weight. How large is ``z = w1 * x1 + w2 *
# x2 + ...``, when the weights are drawn by chance? Take the simplest case: four terms, each +1 or
# -1, all 16 combinations equally likely. The sum is
#
# * 4 or -4 in one case each,
# * 2 or -2 in four cases each,
# * 0 in six cases.
#
# The mean of the squares is ``(2 * 16 + 8 * 4 + 6 * 0) / 16 = 4``, and its root is 2. This root of
# the mean square is what we call the *size*. Four terms of size 1 give a sum of size 2, not 4,
# because plus and minus partly cancel. In general, ``n`` terms give the size ``sqrt(n)``.

sums = [sum(signs) for signs in itertools.product([1, -1], repeat=4)]
assert len(sums) == 16 and sums.count(0) == 6


def size(values):
    """Root of the mean of the squares."""
    return np.sqrt(np.mean(np.square(values)))


print("size of a sum of 4 terms:", size(sums))
assert math.isclose(size(sums), 2)

# %%
# Now let the terms be ``w * x``, with inputs of size 1 and weights of size ``s``. A sum of ``n`` of
# them has the size ``s * sqrt(n)``. This is the factor of a layer with ``n`` inputs. The number of
# inputs of a neuron is called its *fan-in*. For a fan-in of 64, ``sqrt(64)`` is 8:
#
# * ``s = 1``: each layer makes the values 8 times as large.
# * ``s = 0.05``: 0.4 times.
# * ``s = 1 / 8``: they keep their size.

chance = np.random.default_rng(0)
inputs = chance.normal(0, 1, (1000, 64))
for s, expected in ((1.0, 8.0), (0.05, 0.4), (1 / 8, 1.0)):
    kernel = chance.normal(0, s, (64, 64))
    factor = size(inputs @ kernel) / size(inputs)
    print(f"weights of size {s:5}: factor {factor:.2f}")
    assert abs(factor / expected - 1) < 0.1

# %%
# And the activation function? ``tanh`` hardly changes small values, so ``1 / n`` is right for the
# mean square of its weights. ``relu`` sets about half of the values to zero. That halves the mean
# square. So the weights must make up for it: their mean square must be ``2 / n``. What draws the
# first weights is called an *initializer*. The *He initializer* (He et al., arXiv:1502.01852) uses
# ``2 / n``. The *Glorot initializer* (Glorot and Bengio, 2010) is a compromise between the way
# forward and the way back: ``2 / (fan-in + fan-out)``, where the *fan-out* is the number of
# outputs. For 64 inputs and 64 outputs:
#
# * Glorot: sqrt(2 / 128) = 0.125
# * He: sqrt(2 / 64) = 0.177

minigrad.seed(0)
for name, expected in (("glorot_uniform", 0.125), ("glorot_normal", 0.125), ("he_normal", 0.177)):
    kernel = initializers.get(name)((64, 64))
    print(f"{name:15} size {size(kernel):.4f}")
    assert abs(size(kernel) / expected - 1) < 0.05

# %%
# ``Dense`` uses ``glorot_uniform`` if you say nothing, as Keras does. ``Dense(64,
# activation="relu", kernel_initializer="he_normal")`` is how to ask for another.
#
# Forward through many layers
# ---------------------------
# We send the same inputs through 20 layers with ``relu`` and look at the size of what comes out of
# each. Only the size of the starting weights differs.


def forward(x, kernels, activation):
    """The outputs of all layers, the input first; no biases."""
    outputs = [x]
    for kernel in kernels:
        outputs.append(activation(outputs[-1] @ kernel))
    return outputs


def relu(z):
    return np.maximum(z, 0)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def draw_kernels(s, depth=20, width=64, seed=1):
    """Kernels whose weights have mean 0 and size s."""
    chance = np.random.default_rng(seed)
    return [chance.normal(0, s, (width, width)) for _ in range(depth)]


glorot, he = math.sqrt(2 / 128), math.sqrt(2 / 64)
fig, ax = plt.subplots(figsize=(7.5, 4), layout="constrained")
ratios = {}
for name, s, style in [
    ("0.5: too large", 0.5, "^-"),
    ("He, 0.177", he, "o-"),
    ("Glorot, 0.125", glorot, "s--"),
    ("0.05: too small", 0.05, "v:"),
]:
    sizes = [size(h) for h in forward(inputs, draw_kernels(s), relu)]
    ratios[name] = sizes[-1] / sizes[0]
    ax.plot(sizes, style, markevery=2, label=name)
ax.set(
    xlabel="layer (0 is the input)",
    ylabel="size of the values",
    yscale="log",
    xticks=range(0, 21, 2),
    title="Twenty relu layers, four sizes of starting weights",
)
ax.legend()
plt.show()

for name, ratio in ratios.items():
    print(f"{name:16} after 20 layers: times {ratio:.2g}")
assert ratios["0.5: too large"] > 1e6
assert 0.1 < ratios["He, 0.177"] < 10
assert 1e-5 < ratios["Glorot, 0.125"] < 0.1  # about sqrt(1 / 2) in each layer
assert ratios["0.05: too small"] < 1e-8

# %%
# And back
# --------
# The gradient goes back through the same kernels. In each layer it is multiplied by the slope of
# the activation function, and then by the kernel, turned around: ``g = (g * slope) @ kernel.T``. So
# for each layer there is the same kind of factor, and the slope is a part of it. Here is the
# backward pass of lesson 3 as a loop. The slopes can be computed from the outputs ``h``: ``h * (1 -
# h)`` for sigmoid, ``1 - h * h`` for tanh, 0 or 1 for relu.


def backward(outputs, kernels, slope, g):
    """The gradient at the output of each layer, the last one first: g arrives there."""
    gradients = [g]
    for h, kernel in zip(reversed(outputs[1:]), reversed(kernels)):
        g = (g * slope(h)) @ kernel.T
        gradients.append(g)
    return gradients


def slope_of_sigmoid(h):
    return h * (1 - h)


def slope_of_tanh(h):
    return 1 - h * h


def slope_of_relu(h):
    return (h > 0) * 1.0


# %%
# First, minigrad must agree with our loop.

kernels = draw_kernels(glorot, depth=5)
arriving = np.random.default_rng(2).normal(0, 1, (1000, 64))
by_hand = backward(forward(inputs, kernels, np.tanh), kernels, slope_of_tanh, arriving)[-1]

x = Tensor(inputs, requires_grad=True, dtype="float64")
h = x
for kernel in kernels:
    h = minigrad.tanh(h @ kernel)
(by_minigrad,) = grad((h * arriving).sum(), [x])
assert np.allclose(by_hand, by_minigrad.numpy())
print("Our backward loop and minigrad agree.")

# %%
# Now 20 layers, with several activation functions and starts. At the last layer, on the right,
# every gradient has size 1. Read the picture from right to left, as the gradient travels.

settings = {
    "relu, twice the variance of He": (relu, slope_of_relu, he * math.sqrt(2), "^-"),
    "relu, He": (relu, slope_of_relu, he, "o-"),
    "tanh, Glorot": (np.tanh, slope_of_tanh, glorot, "D-"),
    "relu, Glorot": (relu, slope_of_relu, glorot, "s--"),
    "sigmoid, Glorot": (sigmoid, slope_of_sigmoid, glorot, "v:"),
}
arriving = np.random.default_rng(3).normal(0, 1, (1000, 64))
arrived = {}
fig, ax = plt.subplots(figsize=(7.5, 4.2), layout="constrained")
for name, (activation, slope, s, style) in settings.items():
    kernels = draw_kernels(s)
    gradients = backward(forward(inputs, kernels, activation), kernels, slope, arriving)
    sizes = [size(g) for g in gradients]
    arrived[name] = sizes[-1] / sizes[0]
    ax.plot(range(20, -1, -1), sizes, style, markevery=2, label=name)
ax.set(
    xlabel="layer (0 is the input)",
    ylabel="size of the gradient",
    yscale="log",
    xticks=range(0, 21, 2),
    title="The gradient on its way from layer 20 back to the input",
)
ax.legend(loc="lower right")
plt.show()

for name, ratio in arrived.items():
    print(f"{name:30} arrives: times {ratio:.2g}")
assert arrived["sigmoid, Glorot"] < 1e-9  # vanishes
assert arrived["relu, twice the variance of He"] > 100  # explodes
assert 0.05 < arrived["relu, He"] < 20
assert arrived["tanh, Glorot"] > 0.01
assert arrived["relu, Glorot"] < 0.1

# %%
# The sigmoid is the worst: even at its best place its slope is 0.25. That is why it has disappeared
# from the hidden layers of deep networks. It is still used at the end, for "yes or no".
#
# Does it matter for training?
# ----------------------------
# Ten hidden layers on the digits. The optimizer, its rate and the number of steps are the same.
# Only activation function and start differ.

(x_train, y_train), (x_test, y_test) = digits.load_data()


def deep_network(activation, initializer, seed=0):
    """Ten hidden layers of 64 neurons."""
    minigrad.seed(seed)
    model = Sequential([Input((64,))])
    for _ in range(10):
        model.add(Dense(64, activation=activation, kernel_initializer=initializer))
    model.add(Dense(10, activation="softmax"))
    return model


def train(model, optimizer, epochs):
    """Losses and accuracies of the epochs, and the warnings that came."""
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        history = model.fit(x_train, y_train, batch_size=32, epochs=epochs, verbose=0)
    return history.history["loss"], history.history["accuracy"], [str(w.message) for w in caught]


epochs = 25 if LONG else 12
networks = {
    "sigmoid, Glorot": ("sigmoid", "glorot_uniform", "v:"),
    "relu, size 0.05": ("relu", initializers.RandomNormal(stddev=0.05), "x-."),
    "relu, Glorot": ("relu", "glorot_uniform", "s--"),
    "tanh, Glorot": ("tanh", "glorot_uniform", "D-"),
    "relu, He": ("relu", "he_normal", "o-"),
}
losses, accuracies = {}, {}
fig, ax = plt.subplots(figsize=(7.5, 4.2), layout="constrained")
for name, (activation, initializer, style) in networks.items():
    model = deep_network(activation, initializer)
    losses[name], accuracies[name], _ = train(model, SGD(0.03), epochs)
    print(f"{name:16} loss {losses[name][-1]:.3f}, right on {accuracies[name][-1]:.1%}")
    ax.plot(range(1, epochs + 1), losses[name], style, label=name)
ax.set(xlabel="epoch", ylabel="training loss", ylim=(0, 3.6))
ax.set_title("Ten hidden layers: the same steps, other starts")
ax.legend(loc="upper right", ncols=2)
plt.show()

assert accuracies["sigmoid, Glorot"][-1] < 0.2 and losses["sigmoid, Glorot"][-1] > 2.2
assert accuracies["relu, size 0.05"][-1] < 0.2
assert accuracies["relu, He"][-1] > 0.85 and accuracies["tanh, Glorot"][-1] > 0.85
assert losses["relu, He"][5] < 0.6 * losses["relu, Glorot"][5]  # a good start saves epochs

# %%
# Two networks do not learn at all: their loss stays at ``log(10) = 2.3``. Nothing is broken in
# them. Their gradients at the first layers are too small to move anything. We can measure that
# before we train: ``minigrad.plots.compute_gradient_norms`` gives the norm of the gradient of each
# kernel. (The *norm* is the length of a list of numbers: the root of the sum of the squares.)

norms = {}
for name in ("sigmoid, Glorot", "relu, He"):
    model = deep_network(*networks[name][:2])
    norms[name] = minigrad.plots.compute_gradient_norms(model, x_train[:256], y_train[:256])
figure = minigrad.plots.gradient_norms(norms)
figure.axes[0].set_title("Before training: the gradient at each kernel")
plt.show()

first_and_last = {name: [*values.values()] for name, values in norms.items()}
sigmoid_norms, he_norms = first_and_last["sigmoid, Glorot"], first_and_last["relu, He"]
print(f"sigmoid: first kernel {sigmoid_norms[0]:.1e}, last {sigmoid_norms[-1]:.1e}")
print(f"relu, He: first kernel {he_norms[0]:.1e}, last {he_norms[-1]:.1e}")
assert sigmoid_norms[0] < 1e-4 * sigmoid_norms[-1]
assert 0.01 < he_norms[0] / he_norms[-1] < 100

# %%
# A famous network shows the same. LeNet with sigmoids in all layers and plain SGD, a recipe that is
# often copied, stays at 10 % on the digits. ``models/convolutional/lenet.py`` keeps this recipe
# beside one that works, and draws the gradients of both.
#
# Exploding gradients, and clipping
# ---------------------------------
# Multiply ten parameters, all 1.5, and ask that the product be 1. The product is ``1.5 ** 10 =
# 57.67``. The loss is ``(57.67 - 1) ** 2 = 3211``. The slope for each parameter is ``2 * 56.67 *
# 1.5 ** 9 = 4357``. With a learning rate of 0.01 the step is 43.57, and 1.5 becomes -42.07. The
# next product has 17 digits. It is over.
#
# But the *direction* of the gradient was right: all parameters should become smaller. Only its
# length was absurd. So we keep the direction and limit the length. This is *gradient clipping*: if
# the norm is above a limit, multiply the gradient by ``limit / norm``. (Pascanu et al.,
# arXiv:1211.5063.)
#
# By hand: the gradient (3, 4) has the norm ``sqrt(9 + 16) = 5``. With the limit 1 it becomes ``(3 /
# 5, 4 / 5) = (0.6, 0.8)``. There is a second way: limit each number alone to -1 .. 1. It gives (1,
# 1), which points in another direction.


def clip_by_hand(gradient, limit):
    """The gradient, shortened if it is longer than the limit."""
    norm = np.sqrt((gradient**2).sum())
    if norm > limit:
        return gradient * limit / norm
    return gradient


gradient = np.array([3.0, 4.0])
assert np.allclose(clip_by_hand(gradient, 1.0), [0.6, 0.8])
assert np.allclose(clip_by_hand(gradient, 10.0), gradient)  # short enough: unchanged
assert np.allclose(clip_by_global_norm([gradient], 1.0)[0], [0.6, 0.8])
assert np.allclose(clip_by_value([gradient], 1.0)[0], [1.0, 1.0])

fig, ax = plt.subplots(figsize=(5.5, 4.4), layout="constrained")
for (dx, dy), color, label, width in [
    ((3, 4), "lightgray", "gradient (3, 4)", 0.03),
    ((0.6, 0.8), "tab:blue", "clipped by norm: (0.6, 0.8)", 0.014),
    ((1, 1), "tab:red", "clipped by value: (1, 1)", 0.014),
]:
    scale = {"angles": "xy", "scale_units": "xy", "scale": 1}
    ax.quiver(0, 0, dx, dy, color=color, label=label, width=width, **scale)
ax.set(xlim=(-0.2, 4.2), ylim=(-0.2, 4.4), aspect="equal", xlabel="slope 1", ylabel="slope 2")
ax.set_title("The norm keeps the direction")
ax.legend(loc="lower right")
plt.show()

# %%
# In minigrad, as in Keras, clipping is an argument of the optimizer: ``clipnorm=1.0`` limits the
# norm of each parameter's gradient, ``global_clipnorm`` the norm of all of them together (which
# keeps the direction of the whole step), ``clipvalue`` each number.


def multiply_ten(optimizer, steps=200):
    """Losses of (w1 * w2 * ... * w10 - 1) ** 2 from ten times 1.5."""
    w = Parameter(np.full(10, 1.5))
    found = []
    for _ in range(steps):
        product = w[0]
        for i in range(1, 10):
            product = product * w[i]
        loss = (product - 1) ** 2
        found.append(loss.item())
        if not math.isfinite(found[-1]) or found[-1] > 1e30:
            break
        optimizer.apply(grad(loss, [w]), [w])
    return found


plain = multiply_ten(SGD(0.01))
clipped = multiply_ten(SGD(0.01, clipnorm=1.0))
print("plain:  ", " ".join(f"{loss:.3g}" for loss in plain))
print("clipped:", " ".join(f"{loss:.3g}" for loss in clipped[:3]), "...", f"{clipped[-1]:.2g}")
assert abs(plain[0] - 3211) < 1 and plain[1] > 1e30  # one step is enough
assert clipped[-1] < 0.01

# %%
# In a deep network, clipping prevents the worst. Ten relu layers with weights of size 0.5 explode
# in the first epoch. With ``global_clipnorm=1.0`` the same network stays finite and learns
# something. But its weights are still too large: it is far behind the network that started right.

too_large = initializers.RandomNormal(stddev=0.5)
exploded, _, messages = train(deep_network("relu", too_large), SGD(0.05), epochs)
optimizer = SGD(0.05, global_clipnorm=1.0)
saved, saved_accuracy, _ = train(deep_network("relu", too_large), optimizer, epochs)
print(f"size 0.5: loss {exploded[-1]}")
print(f"size 0.5, clipped: loss {saved[-1]:.0f}, right on {saved_accuracy[-1]:.1%}")
print(f"He, not clipped: loss {losses['relu, He'][-1]:.2f}")
(message,) = [text for text in messages if text.startswith("training diverges")]
print(message.split(";")[0])
assert not math.isfinite(exploded[-1])
assert "clipnorm=1.0" in message  # minigrad proposes it, too
assert math.isfinite(saved[-1]) and 0.3 < saved_accuracy[-1] < accuracies["relu, He"][-1]
assert saved[-1] > 10 * losses["relu, He"][-1]

# %%
# The way back, number by number
# ------------------------------
# The player shows six sigmoid neurons in a chain, then the square of the mistake, and the way back.
# Follow the gradient from right to left: each sigmoid makes it four times smaller or more. At the
# first weight, less than a thousandth is left.

weights = [Parameter(np.array(1.0)) for _ in range(6)]
with minigrad.record() as run:
    h = Tensor(0.5)
    for w in weights:
        h = minigrad.sigmoid(w * h)
    loss = (h - 1) ** 2
    gradients = grad(loss, weights)
run.show()

slopes = [abs(g.item()) for g in gradients]
print("slopes, first weight to last:", " ".join(f"{s:.1e}" for s in slopes))
assert slopes[0] < 1e-3 * slopes[-1]
assert all(a < 0.3 * b for a, b in itertools.pairwise(slopes[1:]))

# %%
# What goes wrong
# ---------------
# **All weights start at zero.** It looks neutral. But if the kernels are zero, so is all that a
# relu layer gives, and no gradient passes. Only the last bias learns: how often each digit occurs.
# And if all weights start at another equal number, all neurons of a layer compute the same, get the
# same gradient, and stay equal for ever: 32 neurons do the work of one. (This is the
# symmetry of lesson 3; only chance breaks it.)


def start_equal(value):
    """Accuracy and first kernel of a small network that starts with all weights equal."""
    minigrad.seed(0)
    equal = initializers.Constant(value)
    hidden = Dense(32, activation="relu", kernel_initializer=equal, input_shape=(64,))
    model = Sequential([hidden, Dense(10, activation="softmax", kernel_initializer=equal)])
    _, accuracy, _ = train(model, SGD(0.1), epochs=10)
    return accuracy[-1], hidden.kernel.numpy()


for value in (0.0, 0.02):
    accuracy, kernel = start_equal(value)
    difference = np.ptp(kernel, axis=1).max()  # largest minus smallest weight of an input
    print(f"all weights {value}: right on {accuracy:.1%}, neurons differ by {difference:.1g}")
    assert accuracy < 0.7
    assert difference < 1e-3

# %%
# A network of this size with a start drawn by chance is right on more than 90 % (lesson 8).
#
# **Two limits at once.** Which one should count? minigrad asks for a decision.

try:
    SGD(0.01, clipnorm=1.0, clipvalue=0.5)
except ValueError as error:
    said = str(error)
print(said)
assert "choose one of clipnorm" in said

# %%
# **Clipping against vanishing.** It cannot help: it makes long gradients shorter, never short ones
# longer. The deep sigmoid network stays where it is.

model = deep_network("sigmoid", "glorot_uniform")
clipped_losses, clipped_accuracy, _ = train(model, SGD(0.05, clipnorm=1.0), epochs=5)
print(f"sigmoid with clipping: loss {clipped_losses[-1]:.2f}")
assert clipped_losses[-1] > 2.2 and clipped_accuracy[-1] < 0.2

# %%
# Good starts, relu and clipping are three answers. Two more come later: a layer that sets the size
# of the values anew (lesson 10), and the shortcuts of a ResNet (lesson 13), which give the gradient
# a way around the layers: see ``models/convolutional/resnet_depth.py``.
# ``models/study/training_study.py`` measures the picture of this lesson for 30 layers.
#
# What to remember
# ----------------
# * The chain rule multiplies one factor per layer. Only factors near 1 survive depth.
# * A sum of n terms by chance has the size sqrt(n). So weights need the mean square ``1 / n``, for
#   relu ``2 / n`` (He).
# * The slope of the sigmoid is at most 0.25: it makes gradients vanish.
# * Starts must differ by chance, or all neurons stay equal.
# * Clipping by the norm keeps the direction and stops explosions. It does not cure vanishing.
#
# Exercises
# ---------
# 1. Write ``answer_1(depth, weight)``: the upper limit of the factor by which a gradient is
#    multiplied on its way through ``depth`` neurons ``sigmoid(weight * h)``, one after the other,
#    all with the same positive weight. Use that the sigmoid's own slope is at most 0.25.
# 2. Set ``answer_2`` to the smallest number of such neurons with weight 1 for which this limit is
#    below one in a billion (1e-9).
# 3. Write ``answer_3(fan_in, fan_out, generator)``: a kernel of shape ``(fan_in, fan_out)`` with
#    normal weights, right for relu. ``generator`` is one of NumPy's, such as
#    ``np.random.default_rng(0)``.
# 4. Write ``answer_4(gradients, limit)``: a list of arrays, clipped together by the norm of all
#    their numbers. Gradients that are short enough stay as they are, and zeros stay zeros.
#
# Write your answers as ``answer_1``, ``answer_2``, ... in a file and run
# ``python -m tutorials 9 --check my_answers.py``. The solutions stand in
# ``tutorials/solutions/09_vanishing_and_exploding.py``.
