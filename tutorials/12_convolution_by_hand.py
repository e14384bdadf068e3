"""
12. Convolution by hand
=======================

In lesson 11, digits that were moved by one pixel fooled a network of Dense layers: it was right on
less than half of them. The reason is simple. A Dense layer has a weight of its own for each pixel.
What it learns about the pixels in the middle, it does not know about the pixels beside them.

The idea of this lesson: **use one small set of weights, and move it over the whole picture.** This
is called a *convolution*. We compute one by hand, forward and backward, see padding, strides,
channels and pooling with small numbers, and then read digits with it.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

import minigrad
from minigrad import Sequential, Tensor, datasets, ops, plots
from minigrad.layers import Conv2D, Dense, Flatten, GlobalMaxPooling2D, Input, MaxPooling2D
from minigrad.optimizers.adam import Adam
from minigrad.optimizers.sgd import SGD

LONG = "--long" in sys.argv

# %%
# Nine weights on a small picture
# -------------------------------
# Here is a picture of 4 times 4 pixels, dark on the left and bright on the right, and a
# *convolution kernel*, in short a kernel: a small square of 3 times 3 weights. ::
#
#     picture        kernel
#     0 0 2 2        -1 0 1
#     0 1 2 2        -1 0 1
#     1 1 3 2        -1 0 1
#     0 1 3 3
#
# Lay the kernel on the upper left corner of the picture. Multiply each weight with the pixel under
# it, and add up the nine products. The middle column of weights is 0, so only the right column
# (plus) and the left column (minus) count::
#
#     (2 + 2 + 3) - (0 + 0 + 1) = 6
#
# Move the kernel one pixel to the right: ``(2 + 2 + 2) - (0 + 1 + 1) = 4``. Now back to the left
# and one pixel down: ``(2 + 3 + 3) - (0 + 1 + 0) = 7``. And the last place: ``(2 + 2 + 3) - (1 + 1
# + 1) = 4``. There are no more places. The result has 2 times 2 numbers, and it is called a
# *feature map*::
#
#     6 4
#     7 4
#
# What does this kernel look for? It gives a large number where the picture is brighter on the right
# than on the left: it finds *vertical edges*.

picture = np.array([[0, 0, 2, 2], [0, 1, 2, 2], [1, 1, 3, 2], [0, 1, 3, 3]], "float32")
kernel = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]], "float32")


def convolve(picture, kernel):
    """The kernel at all places where it lies inside the picture, by loops."""
    size = len(kernel)
    rows, columns = picture.shape[0] - size + 1, picture.shape[1] - size + 1
    result = np.zeros((rows, columns), "float32")
    for row in range(rows):
        for column in range(columns):
            for i in range(size):
                for j in range(size):
                    result[row, column] += kernel[i, j] * picture[row + i, column + j]
    return result


by_loops = convolve(picture, kernel)
print(by_loops)
assert by_loops.tolist() == [[6, 4], [7, 4]]

# %%
# With NumPy, the part of the picture under the kernel is a slice. And minigrad has the op
# ``conv2d``. It works on a batch of pictures with several channels (we come to channels below), so
# a picture has the shape (N, height, width, channels), and the kernel (height, width, channels in,
# channels out). For one gray picture, four of these numbers are 1.

by_numpy = np.zeros((2, 2))
for row in range(2):
    for column in range(2):
        by_numpy[row, column] = (kernel * picture[row : row + 3, column : column + 3]).sum()

image = Tensor(picture.reshape(1, 4, 4, 1), requires_grad=True)
weights = Tensor(kernel.reshape(3, 3, 1, 1), requires_grad=True)
feature_map = ops.conv2d(image, weights)
print("shape of the feature map:", feature_map.shape)
assert np.allclose(by_numpy, by_loops)
assert np.allclose(feature_map.numpy()[0, :, :, 0], by_loops)


def draw_numbers(ax, numbers, title, window=None):
    """A small array as a picture with its numbers in it; a frame around `window` (row, column)."""
    ax.imshow(numbers, cmap="gray", vmin=-3, vmax=7)
    for (row, column), number in np.ndenumerate(numbers):
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
        ax.text(column, row, f"{number:g}", ha="center", va="center", bbox=box)
    if window is not None:
        row, column, size = window
        frame = {"fill": False, "edgecolor": "tab:red", "linewidth": 3}
        ax.add_patch(Rectangle((column - 0.5, row - 0.5), size, size, clip_on=False, **frame))
    ax.set(title=title, xticks=[], yticks=[])


fig, axes = plt.subplots(1, 3, figsize=(8, 3.2), layout="constrained")
fig.get_layout_engine().set(w_pad=0.15)
draw_numbers(axes[0], picture, "picture", window=(1, 0, 3))
draw_numbers(axes[1], kernel, "kernel")
draw_numbers(axes[2], by_loops, "feature map", window=(1, 0, 1))
axes[0].set_xlabel("the red pixels ...")
axes[1].set_xlabel("... times the weights ...")
axes[2].set_xlabel("... added up give the red 7")
plt.show()

# %%
# (In mathematics, a convolution turns the kernel by half a turn first, and what we did is called
# *cross-correlation*. People who train networks say convolution, because for learned weights it
# makes no difference.)
#
# The same nine weights work on a picture of any size. Here they are on a photograph, and beside it
# the kernel with rows and columns exchanged, which finds horizontal edges.

photograph = datasets.photographs.load_data()[0].mean(axis=-1)[60:260, 100:420]  # gray, a part
batch = Tensor(photograph[None, :, :, None])
vertical = ops.conv2d(batch, weights).numpy()[0, :, :, 0]
horizontal = ops.conv2d(batch, kernel.T.reshape(3, 3, 1, 1)).numpy()[0, :, :, 0]
assert vertical.shape == (198, 318)
assert np.allclose(vertical[:4, :5], convolve(photograph[:6, :7], kernel), atol=1e-5)

fig, axes = plt.subplots(1, 3, figsize=(11, 2.8), layout="constrained")
shown = [("photograph", photograph), ("vertical edges", abs(vertical))]
shown.append(("horizontal edges", abs(horizontal)))
for ax, (title, values) in zip(axes, shown):
    ax.imshow(values, cmap="gray", vmax=np.quantile(values, 0.99))
    ax.set(title=title, xticks=[], yticks=[])
plt.show()

# %%
# The gradient of a weight
# ------------------------
# To learn the nine weights, we need their gradients. Nothing new is needed, only the two rules of
# lesson 1: along a chain, multiply; where several ways lead to the loss, add.
#
# Suppose the gradients of the loss for the four results have arrived::
#
#     feature map     its gradient
#     6 4             1  2
#     7 4             3 -1
#
# Take the weight in the middle of the kernel. At the first place it was multiplied with the pixel
# 1, at the second with 2, at the third with 1, at the fourth with 3. (These are the four pixels in
# the middle of the picture.) So it reaches the loss on four ways::
#
#     1 * 1 + 2 * 2 + 3 * 1 + (-1) * 3 = 5
#
# The upper right weight met the pixels 2, 2, 2, 2: its gradient is ``2 * (1 + 2 + 3 - 1) = 10``.
#
# In words: the gradient of the kernel is the convolution of the picture with the gradient that
# arrived. Our function ``convolve`` computes it.

arrived = np.array([[1, 2], [3, -1]], "float32")
kernel_gradient = np.zeros((3, 3), "float32")
for row in range(2):
    for column in range(2):
        for i in range(3):
            for j in range(3):
                way = arrived[row, column] * picture[row + i, column + j]
                kernel_gradient[i, j] += way
print(kernel_gradient)
assert kernel_gradient[1, 1] == 5 and kernel_gradient[0, 2] == 10
assert np.allclose(kernel_gradient, convolve(picture, arrived))

# %%
# The gradient of a pixel
# -----------------------
# Pixels do not learn. But in a deep network the picture is the result of an earlier layer, and that
# layer waits for its gradient.
#
# Take the pixel in row 1, column 1 (we count from 0; its value is 1). It lay under the kernel at
# all four places, each time under another weight: under the middle weight 0, the middle left weight
# -1, the upper middle weight 0, and the upper left weight -1. Each way is "arrived times weight"::
#
#     1 * 0 + 2 * (-1) + 3 * 0 + (-1) * (-1) = -1
#
# The pixel in the corner lay under the kernel only once, under the upper left weight: its gradient
# is ``1 * (-1) = -1``.

pixel_gradient = np.zeros((4, 4), "float32")
for row in range(2):
    for column in range(2):
        pixel_gradient[row : row + 3, column : column + 3] += arrived[row, column] * kernel
print(pixel_gradient)
assert pixel_gradient[1, 1] == -1 and pixel_gradient[0, 0] == -1

# %%
# minigrad must find the same. We take a loss whose gradient for the feature map is ``arrived``: the
# sum of ``arrived * feature map``.

loss = (arrived.reshape(1, 2, 2, 1) * feature_map).sum()
loss.backward()
assert loss.item() == 1 * 6 + 2 * 4 + 3 * 7 - 1 * 4
assert np.allclose(weights.grad[:, :, 0, 0], kernel_gradient)
assert np.allclose(image.grad[0, :, :, 0], pixel_gradient)

# %%
# Padding and strides
# -------------------
# The picture shrank from 4 to 2: with *valid* padding, which means none, a kernel of 3 has 4 - 3 +
# 1 = 2 places. After some layers nothing would be left. With *padding*, a border of zeros is put
# around the picture first. A border of 1 makes 6 times 6 pixels, and the result is 4 times 4 again.
# So this padding is called ``"same"``.
#
# The *stride* is the number of pixels that the kernel moves each time. Stride 2 takes every second
# place, in both directions, and the result has half the height and half the width.
#
# Both together, for a picture of length n, a kernel of length k, a border of p and a stride of s
# (``//`` divides and drops the fraction)::
#
#     length of the result = (n + 2 * p - k) // s + 1
#
# For n = 4, k = 3, p = 1, s = 2: ``(4 + 2 - 3) // 2 + 1 = 2``.


def result_length(n, k, p, s):
    return (n + 2 * p - k) // s + 1


padded = np.pad(picture, 1)
by_loops_same = convolve(padded, kernel)
same = ops.conv2d(image, weights, padding="same").numpy()[0, :, :, 0]
print(same)
assert same.shape == (4, 4)
assert np.allclose(same, by_loops_same)
assert np.allclose(same[1:3, 1:3], by_loops)  # in the middle, nothing changes

with_stride = ops.conv2d(image, weights, padding=1, strides=2).numpy()[0, :, :, 0]
assert np.allclose(with_stride, by_loops_same[::2, ::2])

for n, k, p, s in [(4, 3, 0, 1), (4, 3, 1, 2), (8, 3, 0, 1), (28, 5, 2, 1), (227, 11, 0, 4)]:
    layer = Conv2D(1, k, strides=s, padding=p)
    height = layer(np.zeros((1, n, n, 1), "float32")).shape[1]
    print(f"n = {n:3}, k = {k:2}, p = {p}, s = {s}: {height}")
    assert height == result_length(n, k, p, s)

# %%
# Channels
# --------
# A color picture has three numbers for each pixel: red, green and blue. Each of the three is a
# *channel*. A kernel for it has weights for all channels, 3 * 3 * 3 = 27, and *all* 27 products are
# added up to one number. So one kernel makes one feature map, no matter how many channels come in.
#
# Several kernels make several feature maps, and these are the channels for the next layer. (A
# kernel in this sense is also called a *filter*.) Each filter has one bias. So the number of
# parameters is ::
#
#     (k * k * channels in + 1) * filters
#
# ``Conv2D(8, 3)`` on a color picture: ``(3 * 3 * 3 + 1) * 8 = 224``, for a picture of any size. A
# Dense layer from 64 * 64 * 3 pixels to as many results as these 8 feature maps would have 378
# million.

color = datasets.photographs.load_data()[:1, 100:164, 200:264]  # one picture, (1, 64, 64, 3)
layer = Conv2D(8, 3)
maps = layer(color)
print("feature maps:", maps.shape, "  parameters:", layer.count_params())
assert layer.count_params() == 224
assert maps.shape == (1, 62, 62, 8)
dense_parameters = (64 * 64 * 3 + 1) * (62 * 62 * 8)
assert 377e6 < dense_parameters < 379e6

one_place = (color[0, 5:8, 9:12] * layer.kernel.numpy()[..., 4]).sum()  # 27 products
assert np.isclose(maps.numpy()[0, 5, 9, 4], one_place, atol=1e-4)

# %%
# Pooling
# -------
# A feature map says where something was found. Often we need not know the exact pixel. *Max
# pooling* cuts the map into squares of 2 times 2 and keeps only the largest number of each.
# *Average pooling* keeps their mean. Our picture::
#
#     0 0 | 2 2
#     0 1 | 2 2        max   1 2       mean   0.25  2
#     ---------              1 3              0.75  2.75
#     1 1 | 3 2
#     0 1 | 3 3
#
# Pooling has no parameters. Backward, the rule of max pooling is simple: only the largest number
# made a difference, so it gets the whole gradient, and the other three get 0. (When two are equal,
# a library must choose; minigrad gives it to the first.)

largest = np.zeros((2, 2))
for row in range(2):
    for column in range(2):
        largest[row, column] = picture[2 * row : 2 * row + 2, 2 * column : 2 * column + 2].max()

image = Tensor(picture.reshape(1, 4, 4, 1), requires_grad=True)
pooled = ops.max_pool(image, 2)
mean_pooled = ops.average_pool(image, 2)
assert largest.tolist() == [[1, 2], [1, 3]]
assert np.allclose(pooled.numpy()[0, :, :, 0], largest)
assert np.allclose(mean_pooled.numpy()[0, :, :, 0], [[0.25, 2], [0.75, 2.75]])

(arrived.reshape(1, 2, 2, 1) * pooled).sum().backward()
print(image.grad[0, :, :, 0])
assert image.grad[0, 1, 1, 0] == 1 and image.grad[0, 0, 0, 0] == 0
assert np.count_nonzero(image.grad) == 4

# %%
# One step of training, to step through
# -------------------------------------
# A whole network in small: our picture, one kernel, pooling, one neuron. In the player, look at
# ``conv2d``: the feature map 6, 4, 7, 4 comes out. Then ``max_pool`` keeps the 7 alone. In the
# backward pass only this one place gets a gradient, so the gradient of the kernel is that number
# times the nine pixels under the 7. At the end SGD changes the nine weights.

small = Sequential([Input((4, 4, 1)), Conv2D(1, 3), MaxPooling2D(2), Flatten(), Dense(1)])
small.set_weights([kernel.reshape(3, 3, 1, 1), [0.0], [[0.5]], [0.0]])
small.compile(optimizer=SGD(0.01), loss="mse")
with minigrad.record() as run:
    small.train_on_batch(picture.reshape(1, 4, 4, 1), np.array([[4.0]]))
run.show()

# %%
# By hand: the prediction is ``0.5 * 7 = 3.5``, the target 4, the error -0.5. The gradient of the
# prediction is ``2 * (-0.5) = -1``, and that of the 7 is ``-1 * 0.5 = -0.5``. So the new kernel is
# the old one plus ``0.01 * 0.5`` times the pixels under the 7.

expected = kernel + 0.01 * 0.5 * picture[1:4, 0:3]
assert np.allclose(small.layers[0].kernel.numpy()[:, :, 0, 0], expected, atol=1e-5)

# %%
# Move the picture, and the map moves
# -----------------------------------
# Because the weights are the same everywhere, a moved picture gives a moved feature map. This
# property is called *equivariance*. A Dense layer does not have it.
#
# We put each digit on a field of 12 times 12 pixels, so that there is room to move.

(x, y), (x_test, y_test) = datasets.digits.load_data(flat=False)
border = ((0, 0), (2, 2), (2, 2), (0, 0))
x, x_test = np.pad(x, border), np.pad(x_test, border)


def move(images, down, right):
    """Images moved by whole pixels; the digits do not reach the edge."""
    return np.roll(images, (down, right), axis=(1, 2))


minigrad.seed(0)
layer = Conv2D(4, 3, padding="same")
map_of_moved = layer(move(x_test[:50], 0, 1)).numpy()
moved_map = move(layer(x_test[:50]).numpy(), 0, 1)
difference = abs(map_of_moved - moved_map).max()
print(f"largest difference: {difference:.1e}")
assert difference < 1e-5

# %%
# If we keep only the largest number of each map, its place no longer matters: the same number comes
# out, wherever the digit stands. The layer for it is ``GlobalMaxPooling2D``.
#
# Now the race. Both networks learn from digits that stand in the middle. Then we test them on
# digits that are moved in four directions.

networks = {
    "Dense": [Flatten(), Dense(64, activation="relu")],
    "Conv2D": [
        Conv2D(32, 3, padding="same", activation="relu"),
        Conv2D(32, 3, padding="same", activation="relu"),
        GlobalMaxPooling2D(),
    ],
}
directions = [(0, 1), (0, -1), (1, 0), (-1, 0)]
accuracy = {}
models = {}
for name, layers in networks.items():
    minigrad.seed(0)
    model = Sequential([Input((12, 12, 1)), *layers, Dense(10, activation="softmax")])
    model.compile(Adam(0.003), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=30 if LONG else 12, verbose=0)
    accuracy[name] = []
    for pixels in range(3):
        results = []
        for down, right in directions:
            images = move(x_test, down * pixels, right * pixels)
            results.append(model.evaluate(images, y_test, verbose=0)[1])
        accuracy[name].append(np.mean(results))
    models[name] = model
    print(f"{name:6} {model.count_params()} parameters: {np.round(accuracy[name], 2)}")

assert min(accuracy["Dense"][0], accuracy["Conv2D"][0]) > 0.92
assert accuracy["Dense"][1] < 0.7 and accuracy["Dense"][2] < 0.5
assert accuracy["Conv2D"][1] > 0.85 and accuracy["Conv2D"][2] > 0.75

fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
for (name, values), style in zip(accuracy.items(), ["s--", "o-"]):
    ax.plot(range(3), values, style, linewidth=2, label=name)
ax.axhline(0.1, color="black", linestyle=":", label="guessing")
ax.set(xlabel="pixels by which the test digits are moved", ylabel="accuracy", ylim=(0, 1.05))
ax.set_title("Trained on digits in the middle only")
ax.set_xticks(range(3))
ax.legend()
plt.show()

# %%
# What the network looks at
# -------------------------
# Nobody has told the network which kernels to use: they were random at the start, and training has
# changed them. Here are three digits with six feature maps of the first layer. A map is bright
# where its kernel has found what it looks for: some are bright above a stroke, some below it or at
# its side. (The empty field is not the darkest color, because each map has a bias.)

plots.feature_maps(models["Conv2D"], x_test[:3], channels=6)
plt.show()

first_maps = plots.compute_feature_maps(models["Conv2D"], x_test[:3])
assert first_maps.shape == (3, 12, 12, 32)
assert first_maps.min() == 0 and first_maps.max() > 0.5  # after relu

# %%
# What goes wrong
# ---------------
# **Channels first.** Some libraries store pictures as (N, channels, height, width), minigrad and
# Keras as (N, height, width, channels). minigrad notices it, if the numbers do not fit:

try:
    models["Conv2D"].predict(np.zeros((5, 1, 12, 12)), verbose=0)
except ValueError as error:
    said = str(error)
print(said)
assert "channels come last here, x.transpose(0, 2, 3, 1)" in said

# %%
# The axes must be *exchanged*, by ``transpose``. ``reshape`` gives the right shape, too, and there
# is no error message. But it only reads the same numbers in the same order, and the picture is
# destroyed:

channels_first = color.transpose(0, 3, 1, 2)
right = channels_first.transpose(0, 2, 3, 1)
wrong = channels_first.reshape(1, 64, 64, 3)
assert right.shape == wrong.shape
assert np.allclose(right, color)
assert abs(wrong - color).mean() > 0.05

fig, axes = plt.subplots(1, 2, figsize=(6, 3.3), layout="constrained")
for ax, values, title in zip(axes, [right[0], wrong[0]], ["transpose", "reshape"]):
    ax.imshow(values)
    ax.set(title=title, xticks=[], yticks=[])
plt.show()

# %%
# **The picture becomes too small.** Each 3x3 kernel without padding takes 2 pixels, and pooling
# halves what is left.

try:
    layers = [Conv2D(8, 3), MaxPooling2D(2), Conv2D(8, 3), MaxPooling2D(2)]
    Sequential([Input((8, 8, 1)), *layers])
except ValueError as error:
    said = str(error)
print(said)
assert "larger than the image of 1 x 1" in said

# %%
# **A Dense layer directly after a feature map.** It works on each pixel alone, so there are 10
# results for each pixel, and not for each picture. The loss notices:

forgotten = Sequential([Input((12, 12, 1)), Conv2D(4, 3), Dense(10, activation="softmax")])
forgotten.compile(loss="sparse_categorical_crossentropy")
try:
    forgotten.fit(x[:32], y[:32], verbose=0)
except ValueError as error:
    said = str(error)
print(said)
assert "put Flatten() or GlobalAveragePooling2D() before the last Dense" in said

# %%
# In the model files
# ------------------
# ``models/convolutional/cnn.py`` is a small network for the digits: one convolution, one pooling,
# two Dense layers, 38,602 parameters. ``models/convolutional/cnn_mnist.py`` has two convolutions.
# The next lesson goes from there to networks with more than a hundred layers.
#
# What to remember
# ----------------
# * A convolution uses the same few weights at all places of the picture.
# * The gradient of a weight is the sum over all places: what arrived times the pixel.
# * Length of the result: ``(n + 2 * p - k) // s + 1``. Parameters: ``(k * k * channels in + 1) *
#   filters``.
# * Pooling keeps what was found and forgets exactly where.
# * Shapes: (N, height, width, channels). Exchange axes with ``transpose``, never with ``reshape``.
#
# Exercises
# ---------
# 1. Write ``answer_1(picture, kernel)``: the feature map (without padding) of a picture (height,
#    width), with a kernel that need not be square.
# 2. Write ``answer_2(picture, arrived)``: the gradient of the kernel, from the picture and the
#    gradient of the feature map (no padding, stride 1).
# 3. Write ``answer_3(kernel, arrived)``: the gradient of the picture.
# 4. ``answer_4``: how many parameters has ``Conv2D(64, 5)`` on a picture with 32 channels?
# 5. ``answer_5``: a 3x3 kernel (nested list or array) which, with padding ``"same"``, moves a
#    picture by one pixel to the right.
#
# Write your answers as ``answer_1``, ``answer_2``, ... in a file and run
# ``python -m tutorials 12 --check my_answers.py``. The solutions stand in
# ``tutorials/solutions/12_convolution_by_hand.py``.
