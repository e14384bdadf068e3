"""
14. Transfer learning
=====================

A network from lesson 13 has many parameters, and it wants many labeled images. Images are cheap.
Labels are not: somebody has to look at every image and write down what it shows. Often there are
only a few labeled images of the things that we care about, and many of something else.

This lesson uses the many to help with the few. A network learns the digits 0 to 4 from all their
images. Then we keep most of its layers as they are, and teach the rest to read 5 to 9 from *five*
images of each. This is called *transfer learning*. We compare it with a network that has only the
25 images, and we compare honestly: the result is not always what one hopes for.
"""

import sys
import tempfile
import textwrap
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import Sequential, datasets
from minigrad.data import Dataset, augmentation
from minigrad.layers import Conv2D, Dense, Flatten, Input, MaxPooling2D
from minigrad.optimizers.adam import Adam
from minigrad.optimizers.sgd import SGD

LONG = "--long" in sys.argv

# %%
# A frozen parameter, by hand
# ---------------------------
# First a very small network: one input ``x``, one hidden neuron, one output neuron, no biases. ::
#
#     h = relu(w1 * x)          y = w2 * h          loss = (y - target) ** 2
#
# Suppose ``w1`` was learned long ago, on another task. ``w2`` is new. Take ``x = 2``, ``w1 = 0.5``,
# ``w2 = 0.2``, ``target = 1``. Forward:
#
# * ``h = relu(0.5 * 2) = 1``
# * ``y = 0.2 * 1 = 0.2``
# * ``loss = (0.2 - 1) ** 2 = 0.64``
#
# Backward, with the chain rule:
#
# * gradient for ``y``:  ``2 * (0.2 - 1) = -1.6``
# * gradient for ``w2``: ``-1.6 * h = -1.6``
# * gradient for ``w1``: ``-1.6 * w2 * x = -1.6 * 0.2 * 2 = -0.64`` (relu has the slope 1 here)
#
# With a learning rate of 0.1, ordinary training makes ``w2 = 0.2 + 0.16 = 0.36`` and ``w1 = 0.5 +
# 0.064 = 0.564``. To *freeze* ``w1`` means: leave out its step. ``w2`` becomes 0.36, and ``w1``
# stays 0.5. That is all. And as nobody needs the gradient of ``w1``, nobody has to compute it: the
# way back ends at ``w2``.


def one_step(x, w1, w2, target, learning_rate, freeze):
    """One step of gradient descent; returns the new w1 and w2."""
    h = max(w1 * x, 0.0)
    y = w2 * h
    gradient_y = 2 * (y - target)
    new_w2 = w2 - learning_rate * gradient_y * h
    if freeze:
        return w1, new_w2
    gradient_w1 = gradient_y * w2 * x if w1 * x > 0 else 0.0
    return w1 - learning_rate * gradient_w1, new_w2


print("ordinary:", one_step(2.0, 0.5, 0.2, 1.0, 0.1, freeze=False))
print("frozen:  ", one_step(2.0, 0.5, 0.2, 1.0, 0.1, freeze=True))
assert np.allclose(one_step(2.0, 0.5, 0.2, 1.0, 0.1, freeze=False), (0.564, 0.36))
assert np.allclose(one_step(2.0, 0.5, 0.2, 1.0, 0.1, freeze=True), (0.5, 0.36))

# %%
# The same in minigrad: ``layer.trainable = False``, *before* ``compile``, since ``compile`` is
# where a model notes what it may train. Then ``w1`` is a *frozen parameter*. The first part of a
# network, which we keep, is called the *body* (or *backbone*). The last layer, which we replace, is
# called the *output head*, or *head* for short.


def small_network():
    """The network of two parameters, with the numbers from above."""
    body = Dense(1, activation="relu", use_bias=False, name="body", input_shape=(1,))
    head = Dense(1, use_bias=False, name="head")
    model = Sequential([body, head])
    model.set_weights([np.array([[0.5]]), np.array([[0.2]])])
    return model


x, target = np.array([[2.0]]), np.array([[1.0]])
for freeze in (False, True):
    model = small_network()
    model.layers[0].trainable = not freeze
    model.compile(optimizer=SGD(0.1), loss="mse")
    model.train_on_batch(x, target)
    w1, w2 = (float(weight.item()) for weight in model.get_weights())
    assert np.allclose((w1, w2), one_step(2.0, 0.5, 0.2, 1.0, 0.1, freeze), atol=1e-6)
    print(f"minigrad, freeze={freeze}: w1 = {w1:.3f}, w2 = {w2:.3f}")

# %%
# Watch the frozen step in the player. Forward, both layers compute. Then go backward: after the
# gradient for the head's kernel there is nothing more. No number goes into the body, and the step
# of the optimizer changes one parameter only.

model = small_network()
model.layers[0].trainable = False
model.compile(optimizer=SGD(0.1), loss="mse")
with minigrad.record() as run:
    model.train_on_batch(x, target)
run.show()

# %%
# Two tasks
# ---------
# The task from which we learn first is the *source task*: digits 0 to 4, all 901 images. The task
# that we care about is the *target task*: digits 5 to 9, of which only a few images have labels.
#
# We make the source task harder on purpose. Each image of 0 to 4 is also shown turned by a quarter,
# by a half, by three quarters, and all four once more in a mirror. A 3 that lies on its side is a
# class of its own. So the source has 5 digits times 8 positions = 40 classes. (A turned 0 looks
# like an upright one, so nobody can name all classes rightly.) You will see below why this matters.

(x_train, y_train), (x_test, y_test) = datasets.digits.load_data(flat=False)
images = np.concatenate([x_train, x_test])  # (1797, 8, 8, 1), values 0 to 1
labels = np.concatenate([y_train, y_test])
x_low, y_low = images[labels < 5], labels[labels < 5]
x_high, y_high = images[labels >= 5], labels[labels >= 5] - 5  # the classes 0 to 4, for 5 to 9
print("source:", x_low.shape, "  target:", x_high.shape)
assert len(x_low) == 901 and len(x_high) == 896


def in_positions(x, y, count):
    """The images in the first `count` of eight positions; each position of a digit is a class."""
    shown, classes = [], []
    for position in range(count):
        turned = np.rot90(x, position % 4, axes=(1, 2))
        if position >= 4:
            turned = turned[:, :, ::-1]
        shown.append(turned)
        classes.append(y * count + position)
    return np.concatenate(shown), np.concatenate(classes)


x_40, y_40 = in_positions(x_low, y_low, 8)
assert x_40.shape == (8 * 901, 8, 8, 1) and set(y_40) == set(range(40))

fig, axes = plt.subplots(3, 8, figsize=(8.5, 3.9), layout="constrained")
for position in range(8):
    first_three = np.flatnonzero(y_40 == 3 * 8 + position)[0]
    axes[0, position].imshow(x_40[first_three, :, :, 0], cmap="gray")
    axes[0, position].set_title(f"class {3 * 8 + position}")
    for row in (1, 2):
        which = position % 5
        image = x_high[np.flatnonzero(y_high == which)[row + 2 * (position // 5)]]
        axes[row, position].imshow(image[:, :, 0], cmap="gray")
        axes[row, position].set_title(f"{which + 5}: class {which}")
for ax in axes.flat:
    ax.set_axis_off()
fig.suptitle("Source: a 3 in eight positions (top).  Target: digits 5 to 9 (below)")
plt.show()

# %%
# The network
# -----------
# The body has four convolutions and turns an image into 1024 numbers. Lesson 11 called the columns
# of the inputs features. These 1024 numbers are inputs of the head, so they are *features* too:
# such that a network has made. The head is one Dense layer.


def new_body():
    """(N, 8, 8, 1) -> (N, 1024): features of images."""

    def convolution(filters):
        return Conv2D(filters, 3, padding="same", activation="relu", kernel_initializer="he_normal")

    return Sequential(
        [
            Input((8, 8, 1)),
            convolution(32),
            convolution(32),
            MaxPooling2D(2),  # (N, 4, 4, 32)
            convolution(64),
            convolution(64),
            Flatten(),  # (N, 1024)
        ],
        name="body",
    )


def new_network(classes, head):
    """A new body and a new head; the head has a name of its own."""
    output = Dense(classes, activation="softmax", name=head)
    return Sequential([Input((8, 8, 1)), new_body(), output])


def compile_network(model, learning_rate):
    """Adam and cross-entropy, for labels given as numbers."""
    model.compile(
        optimizer=Adam(learning_rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )


# %%
# Now the long training, on the source. In each epoch every image is turned, shifted and scaled a
# little anew: the augmentation of lesson 11.

AUGMENT = augmentation.Compose(
    augmentation.RandomRotation(0.04, fill_mode="constant"),
    augmentation.RandomTranslation(0.13, 0.13, fill_mode="constant"),
    augmentation.RandomZoom(0.15, fill_mode="constant"),
)


def train_source(count, epochs, seed=0):
    """A network that has learned 0 to 4 in `count` positions, and its accuracy on the way."""
    minigrad.seed(seed)
    model = new_network(5 * count, "head_0_4")
    compile_network(model, 0.001)
    batches = Dataset(*in_positions(x_low, y_low, count), batch_size=32, transform=AUGMENT, depth=0)
    history = model.fit(batches, epochs=epochs, verbose=0)
    return model, history.history["accuracy"]


source_40, accuracy_40 = train_source(8, epochs=24 if LONG else 11)
print(f"40 classes, right in the last epoch: {accuracy_40[-1]:.1%}")
assert accuracy_40[-1] > 0.75 > 1 / 40

# %%
# The transfer
# ------------
# A new network for 5 to 9 gets the body of the source. Weights travel in a file, *by name*: what
# has the same name in both networks is loaded. The heads have different names, because they must
# not be mixed up. Watch what happens if we only say ``load_weights``:

target_network = new_network(5, "head_5_9")
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "source.safetensors"
    source_40.save_weights(path)
    try:
        target_network.load_weights(path)
        message = "loaded"
    except ValueError as error:
        message = str(error).replace(str(path), "source.safetensors")
    target_network.load_weights(path, skip_mismatch=True)  # yes, we know: leave the head alone

print(textwrap.fill(message, 100))
assert "head_5_9/kernel" in message and "nothing was loaded" in message
for ours, theirs in zip(target_network.layers[0].weights, source_40.layers[0].weights):
    assert np.array_equal(ours.data, theirs.data)

# %%
# The error is a friend: a loader that silently skips what does not fit leaves you with a random
# layer. Say ``skip_mismatch=True`` only when you know what is skipped.
#
# Then we freeze the body. Of 70,117 parameters, 5,125 remain to be trained: ``1024 * 5 + 5``.

target_network.layers[0].trainable = False
compile_network(target_network, 0.003)
trained = sum(weight.size for weight in target_network.trainable_weights)
total = sum(weight.size for weight in target_network.weights)
print(f"{trained} of {total} parameters are trained")
assert trained == 1024 * 5 + 5 == 5125 and total == 70117

# %%
# Now the few labels: five images of each class, drawn by chance. All other images of 5 to 9 are
# test images. (There are many more of them than in real life. We are lucky: we can measure well.)


def draw_few(per_class, seed):
    """Rows of `per_class` images of each class of 5 to 9, and all other rows."""
    rng = np.random.default_rng(seed)
    few = [rng.choice(np.flatnonzero(y_high == c), per_class, replace=False) for c in range(5)]
    few = np.concatenate(few)
    return few, np.setdiff1d(np.arange(len(y_high)), few)


few, others = draw_few(5, seed=0)
body_before = target_network.layers[0].get_weights()
start = target_network.get_weights()
minigrad.seed(0)
target_network.fit(x_high[few], y_high[few], batch_size=10, epochs=60, verbose=0)
_, accuracy = target_network.evaluate(x_high[others], y_high[others], verbose=0)
print(f"25 labeled images, right on {accuracy:.1%} of {len(others)} others")
assert accuracy > 0.85
for before, after in zip(body_before, target_network.layers[0].get_weights()):
    assert np.array_equal(before, after)  # frozen: not one digit has changed

# %%
# Run the body once
# -----------------
# A frozen body gives the same features for the same image in every epoch. So we can compute them
# once, and train the head alone on these lists of 1024 numbers. It is the same training, only
# faster. We check it, from the same start and with the same order of images.


def train_head(features, rows, seed, start=None):
    """A head, trained on the features of some rows."""
    minigrad.seed(seed)
    head = Sequential([Input((1024,)), Dense(5, activation="softmax")])
    if start is not None:
        head.set_weights(start)
    compile_network(head, 0.003)
    minigrad.seed(seed)  # for the order of the images
    head.fit(features[rows], y_high[rows], batch_size=10, epochs=60, verbose=0)
    return head


features_40 = source_40.layers[0].predict(x_high, verbose=0)
print("features:", features_40.shape)
head = train_head(features_40, few, seed=0, start=start[-2:])
difference = np.abs(head.get_weights()[0] - target_network.get_weights()[-2]).max()
print(f"largest difference of the two heads: {difference:.1e}")
assert features_40.shape == (896, 1024) and difference < 0.01

# %%
# Compare honestly
# ----------------
# Is it good? To know that, we need baselines (lesson 11), something to compare with:
#
# * **from scratch**: the same network, the same 25 images, everything trained;
# * **random body**: a body that has learned nothing, frozen, and a trained head. It shows what the
#   head can do by itself. Such a *control experiment* is often forgotten;
# * **5 classes**: a body that has learned 0 to 4 upright only, with 5 classes instead of 40.
#
# One draw of 25 images is luck. So we draw several times, and give each draw to all four. Bodies
# are luck, too: there are three of 5 classes and six random ones, which take turns. Learning rate
# and epochs are the same for all.

sources_5 = [train_source(1, epochs=10, seed=seed) for seed in (0, 1, 2)]
lowest = min(accuracy[-1] for _, accuracy in sources_5)
print(f"5 classes, right in the last epoch: {lowest:.1%} or more")
assert lowest > 0.92


def random_body(seed):
    """A body with random weights."""
    minigrad.seed(seed)
    return new_body()


bodies = {
    "40 classes": [source_40.layers[0]],
    "5 classes": [model.layers[0] for model, _ in sources_5],
    "random body": [random_body(seed) for seed in range(6)],
}
features = {
    name: [body.predict(x_high, verbose=0) for body in group] for name, group in bodies.items()
}


def train_from_scratch(rows, seed, learning_rate=0.003):
    """The whole network, trained on some rows of 5 to 9."""
    minigrad.seed(seed)
    model = new_network(5, "head_5_9")
    compile_network(model, learning_rate)
    model.fit(x_high[rows], y_high[rows], batch_size=10, epochs=60, verbose=0)
    return model


def compare(per_class, draws, names=tuple(features)):
    """{start: accuracies}, one accuracy per draw: heads on some bodies, and from scratch."""
    found = {name: [] for name in [*names, "from scratch"]}
    for seed in range(draws):
        few, others = draw_few(per_class, seed)
        for name in names:
            numbers = features[name][seed % len(features[name])]
            head = train_head(numbers, few, seed)
            found[name].append(head.evaluate(numbers[others], y_high[others], verbose=0)[1])
        model = train_from_scratch(few, seed)
        found["from scratch"].append(model.evaluate(x_high[others], y_high[others], verbose=0)[1])
    return {name: np.array(values) for name, values in found.items()}


DRAWS = 12 if LONG else 6
results = {per_class: compare(per_class, DRAWS) for per_class in (5, 10)}
for per_class, found in results.items():
    for name, values in found.items():
        print(f"{per_class:2} labels a class, {name:12}: {values.mean():.3f}")

fig, axes = plt.subplots(1, 2, figsize=(9.5, 4.2), layout="constrained", sharey=True)
for ax, (per_class, found) in zip(axes, results.items()):
    for place, values in enumerate(found.values()):
        ax.plot(np.full(len(values), place), values, "o", color="tab:gray", alpha=0.6)
        ax.plot([place - 0.3, place + 0.3], [values.mean()] * 2, color="tab:red", linewidth=3)
    ticks = [f"{name}\n{values.mean():.3f}" for name, values in found.items()]
    ax.set_xticks(range(4), ticks)
    ax.set(title=f"{per_class} labels per class", xlabel="start, and the mean", xlim=(-0.5, 3.5))
    ax.grid(axis="y", alpha=0.4)
axes[0].set_ylabel("accuracy on the other images of 5 to 9")
fig.suptitle("Each dot is one draw of the few images; the red line is the mean")
plt.show()

for found in results.values():
    means = {name: values.mean() for name, values in found.items()}
    assert means["40 classes"] > means["from scratch"] + 0.005
    assert 1 - means["40 classes"] < 0.85 * (1 - means["from scratch"])  # fewer mistakes
    assert means["40 classes"] > means["random body"] + 0.005
    assert means["40 classes"] > means["5 classes"] + 0.01
    assert abs(means["random body"] - means["from scratch"]) < 0.03
    assert means["5 classes"] < means["random body"] + 0.01
assert (results[5]["40 classes"] > results[5]["from scratch"]).mean() >= 0.6
assert results[10]["40 classes"].mean() > results[5]["40 classes"].mean()

# %%
# What the picture says:
#
# * The body of 40 classes beats the network from scratch. The gain is 2 to 3 of 100 images: about a
#   third of the mistakes is gone. That is useful, and it is not a miracle.
# * The dots are wide apart. With *one* draw you could "prove" almost anything.
# * A random body is about as good as training from scratch. On such small, clean images a good part
#   of the work is done by the head. Without the control experiment we would praise the source.
# * The bodies of 5 classes are no better than random ones (here even a little worse), although they
#   have learned their own task almost perfectly. Why? To tell five digits apart, a few features are
#   enough, and training keeps only these. The new digits need others. Forty classes need many kinds
#   of strokes, so more is kept.
#
# So the source task decides. This is why the bodies that are used everywhere were trained on a
# thousand classes of photographs. (Yosinski et al. 2014, arXiv:1411.1792, measured which layers
# transfer, and how well.)
#
# One more question: for how long does a head start help? We give both more and more labels.

per_class_counts = [2, 5, 10, 25]
curve = {"40 classes": [], "from scratch": []}
for per_class in per_class_counts:
    found = results.get(per_class)
    if found is None:
        found = compare(per_class, draws=DRAWS if per_class < 5 else 2, names=["40 classes"])
    for name, means in curve.items():
        means.append(found[name].mean())
gains = np.subtract(curve["40 classes"], curve["from scratch"])
print("gain by labels per class:", dict(zip(per_class_counts, gains.round(3).tolist())))

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
styles = {"40 classes": "o-", "from scratch": "s--"}
for name, means in curve.items():
    ax.plot(per_class_counts, means, styles[name], linewidth=2, label=name)
ax.set_xscale("log")
ax.set_xticks(per_class_counts, [str(count) for count in per_class_counts])
ax.minorticks_off()
ax.set(
    xlabel="labeled images per class",
    ylabel="accuracy",
    title="The more labels, the less there is to gain",
)
ax.legend()
ax.grid(alpha=0.4)
plt.show()

assert gains[-1] < max(gains)
assert curve["from scratch"][-1] > curve["from scratch"][0] + 0.1

# %%
# Fine-tuning
# -----------
# When the head has settled, one may *unfreeze* the body and train all layers a little more, with a
# much smaller learning rate. This is called *fine-tuning*. Here too ``compile`` must come again: it
# notes anew what is trained. Let us forget it, and see.

body = target_network.layers[0]
body.trainable = True
target_network.fit(x_high[few], y_high[few], batch_size=10, epochs=1, verbose=0)
moved = max(np.abs(a - b).max() for a, b in zip(body.get_weights(), body_before))
print("unfrozen, but not compiled: the body has moved by", moved)
assert moved == 0

compile_network(target_network, 0.0001)
target_network.fit(x_high[few], y_high[few], batch_size=10, epochs=20, verbose=0)
moved = max(np.abs(a - b).max() for a, b in zip(body.get_weights(), body_before))
_, tuned = target_network.evaluate(x_high[others], y_high[others], verbose=0)
print(f"fine-tuned: moved by {moved:.4f}, right on {tuned:.1%} (before: {accuracy:.1%})")
assert 0 < moved < 0.05
assert abs(tuned - accuracy) < 0.05

# %%
# What goes wrong
# ---------------
# The first mistake was above: forgetting ``compile``. There is no error, only a body that does not
# move. The second is louder. The digits are called 5 to 9, but the head has five outputs, numbered
# from 0 to 4. Who forgets the ``- 5`` gets this:

try:
    target_network.fit(x_high[few], y_high[few] + 5, epochs=1, verbose=0)
    message = "it trains"
except IndexError as error:
    message = str(error)
print(textwrap.fill(message, 100))
assert "labels run from 5 to 9" in message

# %%
# The third is the quietest: a large learning rate for fine-tuning. The new head is still wrong in
# many ways, so its gradients are large, and with large steps they change the body until what the
# source has taught is gone. With a rate of 0.1 instead of 0.0001:

spoiled = new_network(5, "head_5_9")
spoiled.set_weights(start)
compile_network(spoiled, 0.1)
minigrad.seed(0)
spoiled.fit(x_high[few], y_high[few], batch_size=10, epochs=20, verbose=0)
_, accuracy_spoiled = spoiled.evaluate(x_high[others], y_high[others], verbose=0)
print(f"all layers at a rate of 0.1: {accuracy_spoiled:.1%}, frozen: {accuracy:.1%}")
assert accuracy_spoiled < accuracy - 0.05

# %%
# The full model, with more starts and all its settings as flags, is
# ``models/convolutional/transfer.py``. Bodies that were trained on photographs are loaded by
# ``models/convolutional/pretrained.py``.
#
# What to remember
# ----------------
# * Keep the body, replace the head: the few labels then teach few parameters.
# * ``layer.trainable = False``, then ``compile``. After every change of ``trainable``: ``compile``.
# * The features of a frozen body can be computed once.
# * A body is as good as its source task is rich. An easy one leaves poor features.
# * Compare with training from scratch *and* with a random body, over several draws.
#
# Exercises
# ---------
# 1. A function ``answer_1(x, w1, w2, target, learning_rate)`` for the small network, with
#    the *head* frozen and the body trained. It returns the new ``(w1, w2)``.
# 2. A function ``answer_2(model)`` that freezes all layers of a Sequential but the last one, and
#    returns the number of parameters that remain to be trained.
# 3. A function ``answer_3(labels)`` that numbers the classes of an array of labels from 0, in the
#    order of the labels: ``[7, 5, 9, 7]`` becomes ``[1, 0, 2, 1]``.
# 4. A head without training: ``answer_4(features, labels, new_features)`` finds the mean of the
#    features of each class, and gives each new row the label of the nearest mean.
# 5. A number ``answer_5``: the body of this lesson gets a head for 3 classes. How many parameters
#    are trained while the body is frozen?
#
# How to check: write your answers as ``answer_1``, ``answer_2``, ... in a file and run
# ``python -m tutorials 14 --check my_answers.py``.
# The solutions stand in ``tutorials/solutions/14_transfer_learning.py``.
