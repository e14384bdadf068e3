"""
13. From LeNet to ResNet
========================

One convolution finds edges. Several, one after the other, find corners, then strokes, then whole
digits. So networks became deeper: 7 layers in 1998, 22 in 2014, 152 in 2015. But to add layers is
not enough. A deep network that is built in the simple way learns *worse* than a shallow one.

The idea of this lesson: **a deep network learns when the gradient has a short way to every layer.**
We look at the first famous network, see why a known recipe for it fails, count the parameters of
its followers, see a deep network fail, and repair it with one plus sign: the *residual connection*.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import Sequential, Tensor, datasets, grad, ops, zoo
from minigrad.layers import (
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Dense,
    Flatten,
    Input,
    Residual,
    recompute_statistics,
)
from minigrad.optimizers.adam import Adam
from minigrad.optimizers.sgd import SGD

LONG = "--long" in sys.argv

lenet = zoo.load("lenet")  # the files in models/convolutional
inception = zoo.load("inception")
resnet = zoo.load("resnet")
resnet_depth = zoo.load("resnet_depth")

# %%
# LeNet-5, 1998
# -------------
# LeCun and others built this network to read checks (Proceedings of the IEEE 86, 1998).
# Convolution and pooling take turns; then Dense layers decide. Count its parameters by hand, with
# the formula of lesson 12, ``(k * k * channels in + 1) * filters``::
#
#     input   32 x 32 x 1
#     C1      28 x 28 x 6     (5 * 5 * 1 + 1) * 6     =    156
#     S2      14 x 14 x 6     average pooling              0
#     C3      10 x 10 x 16    (5 * 5 * 6 + 1) * 16    =  2,416
#     S4       5 x 5 x 16     average pooling              0
#     C5       1 x 1 x 120    (5 * 5 * 16 + 1) * 120  = 48,120
#     F6      84              (120 + 1) * 84          = 10,164
#     output  10              (84 + 1) * 10           =    850
#
# Together 61,706. Look at the shapes: the picture becomes smaller, and the number of channels
# grows. Nearly all later networks do this. (The original differs in details, which
# ``models/convolutional/lenet.py`` lists.)


def conv_parameters(k, channels, filters):
    return (k * k * channels + 1) * filters


def dense_parameters(inputs, units):
    return (inputs + 1) * units


lenet5 = Sequential(
    [
        Input((32, 32, 1)),
        Conv2D(6, 5, activation="tanh"),  # C1
        AveragePooling2D(2),  # S2
        Conv2D(16, 5, activation="tanh"),  # C3
        AveragePooling2D(2),  # S4
        Conv2D(120, 5, activation="tanh"),  # C5
        Flatten(),
        Dense(84, activation="tanh"),  # F6
        Dense(10, activation="softmax"),
    ]
)
by_hand = [
    conv_parameters(5, 1, 6),
    conv_parameters(5, 6, 16),
    conv_parameters(5, 16, 120),
    dense_parameters(120, 84),
    dense_parameters(84, 10),
]
counts = [layer.count_params() for layer in lenet5.layers if layer.count_params()]
print("parameters:", counts, "together", sum(counts))
assert by_hand == counts == [156, 2416, 48120, 10164, 850]
assert lenet5.count_params() == lenet.lenet5().count_params() == 61706

# %%
# A recipe that fails
# -------------------
# Here is a recipe that many have copied: LeNet made small for the digits of 8 times 8 pixels
# (kernels of 3x3 and 1x1, one pooling), *sigmoid* in all layers, raw pixels from 0 to 16, SGD with
# learning rate 0.01, 20 epochs. It stays at an accuracy of 0.10, which is guessing.
#
# Which part is guilty? We find out as one should: change one thing at a time.

(x, y), (x_test, y_test) = datasets.digits.load_data(flat=False, scale=None)  # pixels 0..16
epochs = 40 if LONG else 20


def train_lenet(activation, optimizer, scale):
    """(losses of the epochs, accuracy on the test digits) of the small LeNet."""
    minigrad.seed(0)
    model = lenet.lenet8(activation)
    model.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x / scale, y, epochs=epochs, verbose=0)
    _, accuracy = model.evaluate(x_test / scale, y_test, verbose=0)
    return history.history["loss"], accuracy


recipes = {
    "the recipe: sigmoid, raw pixels, SGD": train_lenet("sigmoid", SGD(0.01), 1),
    "scaled pixels instead": train_lenet("sigmoid", SGD(0.01), 16),
    "tanh instead": train_lenet("tanh", SGD(0.01), 1),
    "tanh, scaled pixels and Adam": train_lenet("tanh", Adam(0.003), 16),
}
for name, (_, accuracy) in recipes.items():
    print(f"{name:38} accuracy {accuracy:.2f}")

failing, scaled, with_tanh, repaired = [accuracy for _, accuracy in recipes.values()]
assert failing < 0.2 and scaled < 0.2
assert with_tanh > 0.88 and repaired > 0.92
failing_loss = recipes["the recipe: sigmoid, raw pixels, SGD"][0][-1]
assert abs(failing_loss - np.log(10)) < 0.05  # every digit gets a probability of 1/10

fig, ax = plt.subplots(figsize=(8, 4), layout="constrained")
for (name, (losses, _)), style in zip(recipes.items(), ["-", "--", "-.", ":"]):
    ax.plot(range(1, epochs + 1), losses, style, linewidth=2.5, label=name)
ax.axhline(np.log(10), color="black", linewidth=0.8)
ax.set_xticks(range(0, epochs + 1, 5))
ax.text(epochs, np.log(10) - 0.22, "guessing: log(10) = 2.30", ha="right")
ax.set(xlabel="epoch", ylabel="training loss", ylim=(0, 3.4))
ax.set_title("The small LeNet: one change at a time")
ax.legend(loc="upper right", ncol=2, fontsize=9)
plt.show()

# %%
# The sigmoids are guilty. We know the reason from lessons 1 and 9: the derivative of the sigmoid,
# ``a * (1 - a)``, is 0.25 at most. On its way back from the output to C1, the gradient passes four
# of them, so they alone leave at most ::
#
#     0.25 * 0.25 * 0.25 * 0.25 = 0.0039
#
# of it. tanh has a derivative of up to 1. We measure it: for each layer, the length of the gradient
# divided by the length of the kernel. It says how much a step changes the layer. (The ratio of the
# first to the last number is not exactly 0.0039, because weights and pixels take part, too.)

assert np.isclose(0.25**4, 0.0039, atol=1e-4)
gradients = {}
for activation in ("sigmoid", "tanh"):
    minigrad.seed(0)
    gradients[activation] = lenet.relative_gradients(lenet.lenet8(activation), x, y)

for activation, values in gradients.items():
    print(f"{activation:8}", {layer: f"{value:.4f}" for layer, value in values.items()})
assert gradients["sigmoid"]["C1"] < 0.05 * gradients["sigmoid"]["output"]
assert gradients["tanh"]["C1"] > 0.3 * gradients["tanh"]["output"]
assert gradients["tanh"]["C1"] > 10 * gradients["sigmoid"]["C1"]

fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
for (activation, values), style in zip(gradients.items(), ["s--", "o-"]):
    ax.plot(list(values), list(values.values()), style, linewidth=2, label=activation)
ax.set(yscale="log", xlabel="layer, from the picture to the answer", ylabel="gradient / kernel")
ax.set_title("Before training: how much of the gradient arrives")
ax.legend()
plt.show()

# %%
# Bigger and deeper, 2012 to 2014
# -------------------------------
# Three networks for color pictures of 224 or 227 pixels and 1000 classes, in a sentence each.
#
# * **AlexNet** (Krizhevsky and others, 2012): five convolutions and three Dense layers with relu,
#   which does not squash the gradient, and dropout against overfitting.
# * **VGG-16** (Simonyan and Zisserman, arXiv:1409.1556): sixteen layers with weights, and every
#   kernel is 3x3, because two 3x3 kernels one after the other see 5x5 pixels, with fewer weights.
# * **Inception**, also called GoogLeNet (Szegedy and others, arXiv:1409.4842): 1x1, 3x3 and 5x5
#   kernels side by side, and 1x1 kernels in front of them, which make the channels fewer.
#
# Two small calculations explain VGG and Inception. For each pair of channels, a 5x5 kernel has 25
# weights, and two 3x3 kernels have ``9 + 9 = 18``. And a convolution with 5x5 kernels from 192
# channels to 32 has 153,632 parameters; with a 1x1 convolution to 16 channels in front of it, both
# together have 15,920.

direct = conv_parameters(5, 192, 32)
with_1x1 = conv_parameters(1, 192, 16) + conv_parameters(5, 16, 32)
print("5x5 alone:", direct, "  1x1 in front:", with_1x1)
assert (direct, with_1x1) == (153632, 15920)

pixels = Tensor(np.zeros((1, 9, 9, 1)), requires_grad=True)
ones = np.ones((3, 3, 1, 1))
seen = ops.conv2d(ops.conv2d(pixels, ones), ones)[0, 2, 2, 0]  # one number, two layers later
(gradient,) = grad(seen, [pixels])
rows, columns = np.nonzero(gradient.numpy()[0, :, :, 0])
assert len(set(rows)) == len(set(columns)) == 5  # it depends on 5 times 5 pixels

# %%
# Now the whole networks. AlexNet was cut into two halves, one for each of two graphics cards; the
# second, fourth and fifth convolution read only the channels of their own half.

alexnet = [
    conv_parameters(11, 3, 96),
    conv_parameters(5, 96 // 2, 256),
    conv_parameters(3, 256, 384),
    conv_parameters(3, 384 // 2, 384),
    conv_parameters(3, 384 // 2, 256),
    dense_parameters(6 * 6 * 256, 4096),
    dense_parameters(4096, 4096),
    dense_parameters(4096, 1000),
]

vgg16, channels = [], 3
for filters in [64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512]:
    vgg16.append(conv_parameters(3, channels, filters))
    channels = filters
vgg16 += [dense_parameters(7 * 7 * 512, 4096)]
vgg16 += [dense_parameters(4096, 4096), dense_parameters(4096, 1000)]

googlenet = inception.GoogLeNet(auxiliary=False)
googlenet.build((None, 224, 224, 3))
resnet50 = resnet.resnet50()
learned = sum(weight.size for weight in resnet50.trainable_weights)  # no moving averages, see below

parameters = {
    "LeNet-5 (1998)": lenet5.count_params(),
    "AlexNet (2012)": sum(alexnet),
    "VGG-16 (2014)": sum(vgg16),
    "GoogLeNet (2014)": googlenet.count_params(),
    "ResNet-50 (2015)": learned,
}
for name, count in parameters.items():
    print(f"{name:17} {count:11,}")
assert list(parameters.values()) == [61706, 60965224, 138357544, 6998552, 25557032]
for name, counts, first_dense in [("AlexNet", alexnet, 5), ("VGG-16", vgg16, 13)]:
    print(f"Dense layers: {sum(counts[first_dense:]) / sum(counts):.0%} of {name}")
assert sum(alexnet[5:]) > 0.95 * sum(alexnet)
assert sum(vgg16[13:]) > 0.85 * sum(vgg16)

fig, ax = plt.subplots(figsize=(8, 3.2), layout="constrained")
millions = [count / 1e6 for count in parameters.values()]
bars = ax.barh(list(parameters), millions, color="tab:blue")
ax.bar_label(bars, [f"{value:.2f}" for value in millions], padding=4)
ax.set(xlabel="million parameters", xlim=(0, 155), title="Deeper does not mean more parameters")
ax.invert_yaxis()
plt.show()

# %%
# Most of AlexNet and of VGG are Dense layers. GoogLeNet and ResNet have only one, after an average
# over each feature map, and so they have fewer parameters with more layers.
#
# Batch normalization in a convolution
# ------------------------------------
# To train many layers, one more part is needed. Lesson 10 showed *batch normalization*: subtract
# the mean, divide by the standard deviation, then a learned factor and a learned offset. In a
# convolutional network there is one mean and one deviation for each *channel*, over all pictures of
# the batch and all pixels.
#
# By hand: two pictures of 1 times 2 pixels, one channel, with the pixels 2, 2 and 6, 6. The mean of
# all four is 4, the deviation 2, and the result -1, -1 and 1, 1.

pictures = np.array([2.0, 2.0, 6.0, 6.0], "float32").reshape(2, 1, 2, 1)
mean = pictures.mean(axis=(0, 1, 2))
deviation = pictures.std(axis=(0, 1, 2))
by_numpy = (pictures - mean) / deviation
normalization = BatchNormalization(momentum=0.9)
by_layer = normalization(pictures, training=True).numpy()
assert mean == 4 and deviation == 2
assert np.allclose(by_numpy.ravel(), [-1, -1, 1, 1])
assert np.allclose(by_layer, by_numpy, atol=1e-3)

# %%
# As in lesson 10, for prediction the layer does not use the batch, but the moving averages that it
# has collected in training: new average = momentum * old average + (1 - momentum) * mean of the
# batch. The average begins at 0, so after this one batch it is ``0.9 * 0 + 0.1 * 4 = 0.4``, still
# far from 4. We come back to this.

assert np.isclose(normalization.moving_mean.numpy()[0], 0.4)

# %%
# Deeper is worse
# ---------------
# Now we build a network of 18 layers, and one of 34 layers of the same kind: 3x3 convolutions with
# batch normalization and relu. The deep one can do everything that the other can: let 18 layers do
# the work, and let the others pass on what they get. So it should be at least as good.

few_epochs = 10 if LONG else 4
depth_losses = {}
(digits, _), _ = datasets.digits.load_data(flat=False)  # pixels 0..1


def train_deep(depth, residual):
    """Training losses of a network from models/convolutional/resnet_depth.py."""
    minigrad.seed(0)
    model = resnet_depth.network(residual, depth)
    model.compile("adam", loss=resnet_depth.cross_entropy)
    history = model.fit(digits, y, batch_size=64, epochs=few_epochs, verbose=0)
    return history.history["loss"]


for depth in (18, 34):
    depth_losses[f"plain, {depth} layers"] = train_deep(depth, residual=False)
for name, losses in depth_losses.items():
    print(f"{name:20} training loss {losses[-1]:.2f}")
assert depth_losses["plain, 34 layers"][-1] > 1.4 * depth_losses["plain, 18 layers"][-1]

# %%
# The deeper network is worse, and it is worse on the *training* rows. So this is not overfitting
# (lesson 10): it cannot even learn its own rows. He and others saw it in 2015 with a million
# pictures (arXiv:1512.03385) and called it *degradation*. The good solution exists, but gradient
# descent does not find it: it is hard to learn to "pass on what you get" through convolutions and
# relu.
#
# One plus sign
# -------------
# Their answer: do not make the layers learn to pass something on. Let a *block* of two
# convolutions, ``F``, learn only what to *add* to its input::
#
#     plain block       y = F(x)
#     residual block    y = F(x) + x
#
# The way around the block is called *shortcut* or *skip connection*. If ``F`` gives 0, the block
# passes on its input. That is easy to learn: all weights near 0. (In a ResNet, one more relu
# follows after the plus sign.)
#
# And the gradient? The derivative of ``F(x) + x`` is ``F'(x) + 1``. (``F'`` is short for the
# derivative of ``F``.) Twenty blocks multiply twenty such numbers. Let ``F'`` be 0.1 in each::
#
#     plain       0.1 to the power of 20 = 0.00000000000000000001
#     residual    1.1 to the power of 20 = 6.7
#
# Without the plus sign, nothing arrives at the first block. With it, the gradient arrives.

x_plain = Tensor(1.0, requires_grad=True)
x_residual = Tensor(1.0, requires_grad=True)
plain, residual = x_plain, x_residual
for _ in range(20):
    plain = 0.1 * plain
    residual = 0.1 * residual + residual
plain.backward()
residual.backward()
print("plain:", x_plain.grad, "  residual:", x_residual.grad)
assert np.isclose(x_plain.grad, 1e-20, rtol=1e-3, atol=0)
assert np.isclose(x_residual.grad, 1.1**20, rtol=1e-4)

# %%
# A residual block by hand
# ------------------------
# The smallest one: ``F(x) = w2 * relu(w1 * x)`` with ``x = 2``, ``w1 = 0.5``, ``w2 = -0.2``.
#
# * Forward: ``w1 * x = 1``, relu leaves it, ``F = -0.2 * 1 = -0.2``, ``y = -0.2 + 2 = 1.8``.
# * The target is 1, so the loss is ``0.8 ** 2 = 0.64``, and the gradient of y is ``2 * 0.8 = 1.6``.
# * At the plus sign, the gradient goes both ways *unchanged*: 1.6 to ``F``, 1.6 to the shortcut.
# * The gradient of w2 is ``1.6 * 1 = 1.6``, that of w1 is ``1.6 * (-0.2) * 2 = -0.64``.
# * Two ways come together at x: ``1.6 * (-0.2) * 0.5 = -0.16`` through ``F``, and 1.6 through the
#   shortcut. Together 1.44.
#
# In the player, look at the step ``add`` in the backward pass: the gradient 1.6 goes both ways.
# Then look at ``x_block``: there the two ways, 1.6 and -0.16, are added up.

x_block = Tensor(2.0, requires_grad=True)
w1 = Tensor(0.5, requires_grad=True)
w2 = Tensor(-0.2, requires_grad=True)
with minigrad.record() as run:
    y_block = w2 * minigrad.relu(w1 * x_block) + x_block
    loss = (y_block - 1.0) ** 2
    loss.backward()
    SGD(0.1).apply([w1.grad, w2.grad], [w1, w2])
run.show()
assert np.isclose(loss.item(), 0.64)
assert np.isclose(x_block.grad, 1.44)
assert np.isclose(w1.grad, -0.64) and np.isclose(w2.grad, 1.6)
assert np.isclose(w1.item(), 0.5 + 0.064) and np.isclose(w2.item(), -0.2 - 0.16)

# %%
# The layer ``Residual`` does the same with any layer inside.

dense = Dense(3, activation="tanh")
block = Residual(dense)
rows = np.array([[1.0, -2.0, 0.5]], "float32")
assert np.allclose(block(rows).numpy(), dense(rows).numpy() + rows)

# %%
# Does it help? The same networks again, with nothing changed but the plus signs.

for depth in (18, 34):
    depth_losses[f"residual, {depth} layers"] = train_deep(depth, residual=True)
for name, losses in depth_losses.items():
    print(f"{name:20} training loss {losses[-1]:.2f}")
for depth in (18, 34):
    without = depth_losses[f"plain, {depth} layers"][-1]
    with_shortcuts = depth_losses[f"residual, {depth} layers"][-1]
    assert with_shortcuts < 0.7 * without
assert depth_losses["residual, 34 layers"][-1] > depth_losses["residual, 18 layers"][-1]

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
styles = ["s--", "D--", "s-", "D-"]
colors = ["tab:orange", "tab:red", "tab:cyan", "tab:blue"]
for (name, losses), style, color in zip(depth_losses.items(), styles, colors):
    ax.plot(range(1, few_epochs + 1), losses, style, color=color, linewidth=2, label=name)
ax.set(xlabel="epoch", ylabel="training loss", ylim=(0, None), title="Plain and residual networks")
ax.set_xticks(range(1, few_epochs + 1))
ax.legend()
plt.show()

# %%
# Let us look at the gradient at the end of each of the 16 blocks of the 34-layer networks, before
# training. In the plain network with batch normalization it does not vanish. It *grows* on the way
# back, by nearly the same factor again and again, until it is about a hundred times as large. That
# is as bad: one learning rate cannot suit all blocks (lesson 11). In the *residual network* it
# grows far less.

norms = {}
for kind, residual in resnet_depth.KINDS.items():
    minigrad.seed(0)
    model = resnet_depth.network(residual, 34)
    values = np.array(resnet_depth.gradient_norms(model, digits[:256], y[:256]))
    norms[kind] = values / values[-1]
    print(f"{kind:8} first block / last block: {norms[kind][0]:.0f}")
assert norms["plain"][0] > 2.5 * norms["residual"][0]
assert norms["plain"][0] > 30

fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
for (kind, values), style in zip(norms.items(), ["s--", "o-"]):
    ax.plot(range(1, 17), values, style, linewidth=2, label=kind)
ax.set(yscale="log", xlabel="block, from the picture to the answer", ylabel="gradient")
ax.set_title("Before training: gradient at each block, compared with the last block")
ax.legend()
plt.show()

# %%
# On this small task, 34 layers are not better than 18. Nobody needs them to read digits of 8 times
# 8 pixels. The point is that with the plus signs more layers do much less harm. In the paper, with
# a million pictures and 1000 classes, they help: with plus signs, the error falls from 27.9 % with
# 18 layers to 25.0 % with 34. Without, it rises from 27.9 % to 28.5 %.
#
# What goes wrong
# ---------------
# **The shapes of F(x) and x differ.** A stride of 2 or a new number of channels changes the shape
# of ``F(x)``, and then nothing can be added:

try:
    Sequential([Input((8, 8, 16)), Residual(Conv2D(32, 3, strides=2, padding="same"))])
except ValueError as error:
    said = str(error)
print(said)
assert "the branch returns shape (1, 4, 4, 32), the shortcut (1, 8, 8, 16)" in said

# %%
# The cure of the paper: a 1x1 convolution with the same stride in the shortcut.

branch = Conv2D(32, 3, strides=2, padding="same")
shortcut = Conv2D(32, 1, strides=2)
repaired_block = Sequential([Input((8, 8, 16)), Residual(branch, shortcut)])
assert repaired_block.output_shape == (None, 4, 4, 32)

# %%
# **Batch normalization that lags behind**, as in lesson 10. It is the usual surprise of a first
# ResNet. Keras's usual momentum is 0.99. One epoch of our digits has 45 steps, and 0.99 to the
# power of 45 is 0.64: the moving averages still consist to 64 % of the numbers with which they
# began. So prediction is bad, while training goes well. ``recompute_statistics`` computes the
# averages anew from the training rows, and changes no weight.

steps = int(np.ceil(len(x) / 32))
assert steps == 45 and abs(0.99**steps - 0.64) < 0.01
minigrad.seed(1)
model = resnet.resnet_small(momentum=0.99)
model.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=1, verbose=0)
_, lagging = model.evaluate(x_test, y_test, verbose=0)
recompute_statistics(model, x)
_, recomputed = model.evaluate(x_test, y_test, verbose=0)
print(f"test accuracy {lagging:.2f}, with averages computed anew {recomputed:.2f}")
assert lagging < 0.9 and recomputed > lagging + 0.04

# %%
# With momentum 0.9, only ``0.9 ** 45``, one hundredth, of the start is left after an epoch. This
# small ResNet reads about 98 of 100 test digits. (Its 104,906 numbers are the learned parameters
# and 320 moving averages.)

minigrad.seed(0)
model = resnet.resnet_small(momentum=0.9)
model.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=15 if LONG else 6, verbose=0)
_, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"small ResNet, {model.count_params():,} numbers: {accuracy:.3f}")
assert model.count_params() == 104906
assert accuracy > 0.95

# %%
# In the model files
# ------------------
# ``models/convolutional/lenet.py`` has both LeNets and the failing recipe.
# ``models/convolutional/alexnet.py``, ``models/convolutional/vgg.py`` and
# ``models/convolutional/inception.py`` have the three of 2012 to 2014.
# ``models/convolutional/resnet.py`` has ResNets from 18 to 152 layers, and
# ``models/convolutional/resnet_depth.py`` the race of plain against residual.
#
# What to remember
# ----------------
# * The picture becomes smaller, the number of channels grows.
# * When a recipe fails, change one thing at a time. Four sigmoids leave less than 1/250 of the
#   gradient.
# * A deeper plain network can be worse on its own training rows: degradation.
# * A residual block, ``y = F(x) + x``, gives the gradient a way that no weight can shrink.
# * Bad prediction with good training: look at the moving averages of batch normalization, too.
#
# Exercises
# ---------
# 1. Write ``answer_1(k, channels, filters)``: the number of parameters of a residual block of two
#    k x k convolutions with biases, each followed by batch normalization. The first reads
#    ``channels`` channels; both have ``filters`` filters. If the two numbers differ, the shortcut
#    is a 1x1 convolution with bias, without batch normalization. (Count the learned factor and
#    offset of batch normalization, not its moving averages.)
# 2. ``answer_2``: how many pixels high is the part of the picture that one number sees after five
#    3x3 convolutions with stride 1?
# 3. Write ``answer_3(x, w1, w2, target)``: the gradient of x, w1 and w2 (a tuple of three numbers)
#    for the block ``y = w2 * relu(w1 * x) + x`` and the loss ``(y - target) ** 2``.
# 4. Write ``answer_4(derivatives, residual)``: the factor by which the gradient is multiplied on
#    its way back through blocks with these derivatives ``F'`` (a list), plain or residual.
# 5. Write ``answer_5(batch)``: a batch (N, height, width, channels), normalized as batch
#    normalization does in training (factor 1, offset 0, no epsilon).
#
# Write your answers as ``answer_1``, ``answer_2``, ... in a file and run
# ``python -m tutorials 13 --check my_answers.py``. The solutions stand in
# ``tutorials/solutions/13_lenet_to_resnet.py``.
