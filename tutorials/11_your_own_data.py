"""
11. Your own data
=================

The data of a lesson is clean and ready. Your own data is a table with columns in different units, a
missing value here, and nobody who tells you which rows are for testing.

This lesson goes the whole way from such a table to a saved model. One idea leads through it:
**whatever is computed from data is a part of training, so the rows that judge the model must have
no part in it.** We see what scaling does, how to split, how a good result can be false, how to make
more rows out of few, how to save everything that belongs to a model, and where a NaN comes from.
"""

import sys
import tempfile
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

import minigrad
from minigrad import Sequential, Tensor, datasets
from minigrad.layers import Dense, Flatten, Input, Normalization, RandomTranslation
from minigrad.models import load_model
from minigrad.optimizers.adam import Adam
from minigrad.optimizers.sgd import SGD

LONG = "--long" in sys.argv

# %%
# Four houses by hand
# -------------------
# A small table. Each row is a house: its size in square meters, its distance from the center of the
# city in meters, and its price. The first two columns are the inputs, the *features*. ::
#
#     size   distance   price
#       76       3200    22.2
#       88       1600    34.6
#       92       4400    25.4
#      104       2800    37.8
#
# One neuron without an activation function shall predict the price: ``w1 * size + w2 * distance +
# b``. The loss is the mean squared error of lesson 6. All parameters start at 0, so all predictions
# are 0, and each error (prediction minus price) is minus the price.
#
# The gradient of ``w1`` is the mean of ``2 * error * size``::
#
#     2 * (-22.2 * 76 - 34.6 * 88 - 25.4 * 92 - 37.8 * 104) / 4 = -5500
#
# In the same way, the gradient of ``w2`` is -172000, because the distances are large numbers, and
# the gradient of ``b`` is -60.

houses = np.array([[76, 3200], [88, 1600], [92, 4400], [104, 2800]], "float32")
prices = np.array([[22.2], [34.6], [25.4], [37.8]], "float32")

gradient_w1 = gradient_w2 = gradient_b = 0.0
for (size, distance), (price,) in zip(houses, prices):
    error = 0.0 - price
    gradient_w1 += 2 * error * size / 4
    gradient_w2 += 2 * error * distance / 4
    gradient_b += 2 * error / 4
print(f"gradients: {gradient_w1:.0f}, {gradient_w2:.0f}, {gradient_b:.0f}")
assert np.allclose([gradient_w1, gradient_w2, gradient_b], [-5500, -172000, -60], rtol=1e-4)

# %%
# Now one step of gradient descent with the small learning rate 0.01. It makes ``w1 = 55``, ``w2 =
# 1720`` and ``b = 0.6``. What is the new prediction for the first house? ::
#
#     55 * 76 + 1720 * 3200 + 0.6 = 5508180.6
#
# The right answer is 22.2. The next gradient is far larger still, and after eight steps the numbers
# no longer fit into a float32. There is no good learning rate here: one that is small enough for
# ``w2`` is far too small for ``b``.

w1, w2, b = 0.01 * 5500, 0.01 * 172000, 0.01 * 60
print(f"prediction after one step: {w1 * 76 + w2 * 3200 + b:.1f}")
assert abs(w1 * 76 + w2 * 3200 + b - 5508180.6) < 0.1

w, b = np.zeros((2, 1), "float32"), np.float32(0)
steps = 0
with np.errstate(all="ignore"):  # NumPy would warn of numbers that are too large
    while np.isfinite(w).all() and steps < 100:
        error = houses @ w + b - prices
        w = w - 0.01 * (2 * houses.T @ error / 4)
        b = b - 0.01 * (2 * error.mean())
        steps += 1
print(f"w is no longer a number after {steps} steps")
assert 5 <= steps <= 11

# %%
# Scaling
# -------
# The cure: bring all features to the same range before they enter the network. The usual way is
# called *standardization*. For each feature, compute two numbers: its mean, and its *standard
# deviation* (the root of the mean squared distance from the mean). Then replace each value by
# ``(value - mean) / deviation``.
#
# For the sizes, the mean is ``(76 + 88 + 92 + 104) / 4 = 90``. The distances from it are -14, -2,
# 2, 14; their squares are 196, 4, 4, 196; the mean of these is 100, and the root of 100 is 10. So
# the scaled sizes are -1.4, -0.2, 0.2 and 1.4. For the distances, the mean is 3000 and the
# deviation 1000.
#
# First with loops, then with NumPy, then with minigrad. Its layer ``Normalization`` computes the
# two numbers in ``adapt`` and keeps them.

by_loops = np.zeros((4, 2))
for column in range(2):
    mean = sum(houses[row, column] for row in range(4)) / 4
    variance = sum((houses[row, column] - mean) ** 2 for row in range(4)) / 4
    for row in range(4):
        by_loops[row, column] = (houses[row, column] - mean) / variance**0.5
print(by_loops.round(2))

by_numpy = (houses - houses.mean(axis=0)) / houses.std(axis=0)
normalization = Normalization()
normalization.adapt(houses)
scaled = normalization(houses).numpy()

assert np.allclose(by_loops[:, 0], [-1.4, -0.2, 0.2, 1.4])
assert np.allclose(by_loops[:, 1], [0.2, -1.4, 1.4, -0.2])
assert np.allclose(by_numpy, by_loops, atol=1e-6)
assert np.allclose(scaled, by_loops, atol=1e-6)

# %%
# With the scaled features, the gradients of ``w1``, ``w2`` and ``b`` are -10, 8 and -60. They have
# a similar size, and one learning rate suits all three. After 60 steps the neuron has found the
# rule: price = 30 + 5 * scaled size - 4 * scaled distance.

model = Sequential([Input((2,)), Dense(1, kernel_initializer="zeros")])
model.compile(optimizer=SGD(0.1), loss="mse")
w, b = model.weights
model.train_on_batch(scaled, prices)
assert np.allclose(w.numpy()[:, 0], [0.1 * 10, 0.1 * -8], atol=1e-4)
assert np.allclose(b.numpy(), 0.1 * 60, atol=1e-4)
for _ in range(60):
    model.train_on_batch(scaled, prices)
print("w:", w.numpy()[:, 0].round(3), "b:", b.numpy().round(3))
assert np.allclose(w.numpy()[:, 0], [5, -4], atol=0.01)
assert np.allclose(b.numpy(), 30, atol=0.01)

# %%
# Here is one step of training with the scaling inside the model. In the player, look at the step
# ``divide``: it ends the scaling, and its results are the numbers above, between -1.4 and 1.4. Then
# look at ``linear`` in the backward pass: the three gradients -10, 8 and -60 come out.

small = Sequential([Input((2,)), Normalization(), Dense(1, kernel_initializer="zeros")])
small.layers[0].adapt(houses)
small.compile(optimizer=SGD(0.1), loss="mse")
with minigrad.record() as run:
    small.train_on_batch(houses, prices)
run.show()
assert np.allclose(small.layers[-1].kernel.numpy()[:, 0], [1.0, -0.8], atol=1e-4)

# %%
# A real table
# ------------
# scikit-learn brings a table of 442 patients with diabetes. Ten features: age, sex, body mass
# index (bmi), blood pressure (bp), and six blood values (s1 to s6). The target is a number between
# 25 and 346 that says how far the disease went in a year. ``scaled=False`` gives the numbers as a
# doctor writes them.

table = load_diabetes(scaled=False)
x_all, y_all = table.data.astype("float32"), table.target.astype("float32")[:, None]
names = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]
print("rows and features:", x_all.shape)
for name, column in list(zip(names, x_all.T))[:5]:
    print(f"{name:4} from {column.min():6.1f} to {column.max():6.1f}")

# %%
# Three parts
# -----------
# Before anything else is computed, the rows are split into the three parts of lesson 4.
#
# * The *training set*: gradients and all other numbers are computed from these rows.
# * The *validation set*: with these rows we choose, for example the learning rate, the number of
#   epochs, or one of several models.
# * The *test set*: used once, at the end, to tell the result.
#
# Why three? Whoever tries 50 models and keeps the best on some rows has chosen the one that fits
# these rows best, partly by luck. So these rows can no longer judge.
#
# The rows are drawn at random, because files are often sorted. (For classes, ``stratify=y`` makes a
# *stratified split*: it keeps the same fraction of each class in all parts. For series in time, do
# not draw: lesson 16.)

x_rest, x_test, y_rest, y_test = train_test_split(x_all, y_all, test_size=0.2, random_state=0)
x, x_val, y, y_val = train_test_split(x_rest, y_rest, test_size=0.25, random_state=0)
print("training:", len(x), "  validation:", len(x_val), "  test:", len(x_test))
assert len(x) + len(x_val) + len(x_test) == 442
assert abs(len(x) / 442 - 0.6) < 0.01

# %%
# The mean and the deviation are computed from data, so they belong to training: ``adapt`` sees the
# training rows and no others. The same two numbers are then used for all rows. Look at the right
# picture: the validation rows are *not* exactly around 0 with deviation 1. That is right. (Each box
# holds the middle half of the values, the line in it is the value in the middle, and the circles
# are values far outside.)

scaling = Normalization()
scaling.adapt(x)
scaled_x, scaled_val = scaling(x).numpy(), scaling(x_val).numpy()
assert np.allclose(scaled_x.mean(axis=0), 0, atol=1e-3)
assert np.allclose(scaled_x.std(axis=0), 1, atol=1e-3)
assert abs(scaled_val.mean(axis=0)).max() > 0.02  # the validation rows had no part in it

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
left.boxplot(x, widths=0.6)
left.set(title="Training rows as they are", ylabel="value, each in its own unit")
right.boxplot(scaled_val, widths=0.6)
right.axhline(0, color="tab:red", linestyle="--", label="mean of the training rows")
right.set(title="Validation rows, scaled", ylabel="deviations from the mean", ylim=(-4, 6))
right.legend(loc="upper left")
for ax in (left, right):
    ax.set_xticks(range(1, 11), names)
    ax.set_xlabel("feature")
plt.show()

# %%
# Does scaling matter? We train the same neuron twice. Without scaling, the loss becomes infinite
# with a learning rate of 0.0001, so it gets 0.00001. With scaling, 0.01 is fine.

epochs = 300 if LONG else 100


def linear_model(learning_rate, rows=None):
    """One neuron on ten features; with `rows`, they are scaled by the statistics of these rows."""
    minigrad.seed(0)
    scaling = Normalization()
    if rows is not None:
        scaling.adapt(rows)
    model = Sequential([Input((10,)), scaling, Dense(1)])
    model.compile(optimizer=SGD(learning_rate), loss="mse")
    return model


curves = {}
for name, learning_rate, rows in [("as they are", 0.00001, None), ("scaled", 0.01, x)]:
    model = linear_model(learning_rate, rows)
    history = model.fit(x, y, epochs=epochs, validation_data=(x_val, y_val), verbose=0)
    curves[name] = np.array(history.history["val_loss"])

always_the_mean = ((y_val - y.mean()) ** 2).mean()
print(f"validation loss of the training mean: {always_the_mean:.0f}")
for name, values in curves.items():
    print(f"features {name}: {values[-1]:.0f}")
assert curves["scaled"][-1] < 0.65 * always_the_mean
assert curves["scaled"][20:].max() < curves["as they are"][20:].mean()

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for (name, values), style in zip(curves.items(), ["--", "-"]):
    ax.plot(range(1, epochs + 1), values, style, linewidth=2, label=f"features {name}")
ax.axhline(always_the_mean, color="black", linestyle=":", label="always say the mean")
ax.set(xlabel="epoch", ylabel="validation loss", ylim=(2000, 12000), title="Scaling the features")
ax.legend()
plt.show()

# %%
# The dashed curve jumps: its steps are still too large for the features with large numbers. And it
# falls slowly: they are too small for the others.
#
# The dotted line is the *baseline*: the loss of a model that ignores the features and always says
# the mean of the training targets. A result without a baseline says nothing.
#
# Choose with the validation set, then test once
# ----------------------------------------------
# We try five learning rates, and keep the one with the smallest validation loss. (It should not be
# the first or the last of the list, or else the list is too short.) Only then do we look at the
# test rows, once.

rates = [0.0003, 0.003, 0.03, 0.1, 0.2]
validation_losses = []
candidates = []
for learning_rate in rates:
    candidate = linear_model(learning_rate, x)
    candidate.fit(x, y, epochs=60, verbose=0)
    candidates.append(candidate)
    validation_losses.append(candidate.evaluate(x_val, y_val, verbose=0))
best = int(np.argmin(validation_losses))
model = candidates[best]
test_loss = model.evaluate(x_test, y_test, verbose=0)
baseline = ((y_test - y.mean()) ** 2).mean()
print(f"learning rate {rates[best]}: test loss {test_loss:.0f}, baseline {baseline:.0f}")
assert 0 < best < 4
assert test_loss < 0.85 * baseline

# %%
# Leakage, on purpose
# -------------------
# When something about the test rows reaches the training, we speak of *leakage*. The model then
# looks better than it is, and nothing gives an error. We make the mistake on purpose, with data in
# which there is nothing to learn.
#
# 200 rows, 2000 features, all drawn at random. Each label is a toss of a coin. On new rows, every
# model has an accuracy of about 0.5.
#
# 2000 features are many, so we keep only the 20 whose *correlation* with the labels is largest. (It
# is a number near 0 if two columns have nothing to do with each other, and 1 or -1 if, drawn
# against each other, they lie on a straight line.) The only question is which rows we use for this
# choice: all 200, or the 100 training rows.


def best_features(x, y, count=20):
    """The numbers of the features with the largest correlation with the labels."""
    x = x - x.mean(axis=0)
    y = y - y.mean()
    correlation = (x.T @ y) / np.sqrt((x**2).sum(axis=0) * (y**2).sum())
    return np.argsort(-abs(correlation))[:count]


tiny = np.array([[1, 5], [2, 3], [3, 6], [4, 4]])  # the first feature follows the labels
assert best_features(tiny, np.array([0, 0, 1, 1]), count=1) == [0]


def test_accuracy(seed, choose_with_all_rows):
    """Accuracy on 100 test rows with random labels, after a choice of 20 features."""
    chance = np.random.default_rng(seed)
    x = chance.normal(size=(200, 2000)).astype("float32")
    y = chance.integers(0, 2, 200)
    seen = slice(0, 200) if choose_with_all_rows else slice(0, 100)
    chosen = best_features(x[seen], y[seen])
    minigrad.seed(seed)
    model = Sequential([Input((20,)), Dense(1, activation="sigmoid")])
    model.compile(optimizer=Adam(0.05), loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(x[:100, chosen], y[:100], epochs=30, verbose=0)
    return model.evaluate(x[100:, chosen], y[100:], verbose=0)[1]


seeds = range(20 if LONG else 10)
leaking = [test_accuracy(seed, True) for seed in seeds]
honest = [test_accuracy(seed, False) for seed in seeds]
print(f"features chosen with all rows: {np.mean(leaking):.2f}")
print(f"with the training rows:        {np.mean(honest):.2f}")
assert np.mean(leaking) > 0.68
assert 0.43 < np.mean(honest) < 0.57

fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
groups = [("chosen with all 200 rows", leaking), ("chosen with 100 training rows", honest)]
for place, (_, values) in enumerate(groups):
    ax.bar(place, np.mean(values), 0.5, color=["tab:red", "tab:blue"][place], alpha=0.5)
    ax.plot(np.linspace(place - 0.2, place + 0.2, len(values)), values, "ko", markersize=4)
ax.axhline(0.5, color="black", linestyle="--", label="a coin")
ax.set_xticks(range(2), [name for name, _ in groups])
ax.set(ylabel="accuracy on the test rows", ylim=(0, 1), xlim=(-0.6, 1.6))
ax.set_title("Leakage: three of four right, where there is nothing to learn")
ax.legend(loc="upper right")
plt.show()

# %%
# The left bar is false. Each dot is one repetition with new random numbers. No gradient was ever
# computed from a test row, and still the result is false, because the *choice of the features*
# was.
#
# Other ways in which test rows leak: mean and deviation computed from all rows before the split;
# copies of one row (or pictures of one person) on both sides of the split; a feature that is only
# known after the answer, such as "days in hospital" when the disease is to be predicted; the future
# of a series (lesson 16). The rule is always the same: split first, compute later.
#
# Few rows: augmentation
# ----------------------
# Now pictures. A picture of a 3, moved by one pixel, is still a 3. You know that, but a network of
# Dense layers does not: for it, each pixel is a feature of its own. We can tell it by showing it
# moved pictures. To make new rows out of old ones by a change that does not change the label is
# called *data augmentation*.
#
# By hand, one pixel to the right. What leaves on the right is lost; zeros enter on the left::
#
#     1 2 3        0 1 2
#     4 5 6   ->   0 4 5
#     7 8 9        0 7 8


def move(images, down, right):
    """Images (N, H, W) moved by whole pixels, with zeros where nothing was."""
    moved = np.zeros_like(images)
    height, width = images.shape[1:]
    for row in range(height):
        for column in range(width):
            if 0 <= row - down < height and 0 <= column - right < width:
                moved[:, row, column] = images[:, row - down, column - right]
    return moved


picture = np.arange(1.0, 10.0, dtype="float32").reshape(1, 3, 3)
print(move(picture, 0, 1)[0])
assert move(picture, 0, 1).tolist() == [[[0, 1, 2], [0, 4, 5], [0, 7, 8]]]

# %%
# The layer ``RandomTranslation`` does it at random, for each picture of a batch anew, and only in
# training. Its factor is a fraction of the picture: up to 1/8 of 8 pixels is up to one pixel, and
# fractions of a pixel are mixed from the neighbors. If we ask for exactly one third of three
# pixels, it must do what our loop does.

by_layer = RandomTranslation((0, 0), (1 / 3, 1 / 3), fill_mode="constant")
moved = by_layer(picture[..., None], training=True).numpy()[..., 0]
assert np.allclose(moved, move(picture, 0, 1), atol=1e-4)
assert np.allclose(by_layer(picture[..., None], training=False).numpy()[..., 0], picture)

(digits, labels), (test_digits, test_labels) = datasets.digits.load_data(flat=False)
minigrad.seed(1)
augment = RandomTranslation(1 / 8, 1 / 8, fill_mode="constant")
copies = augment(np.repeat(digits[:2], 8, axis=0), training=True).numpy()
fig, axes = plt.subplots(2, 9, figsize=(9.5, 2.7), layout="constrained")
for row in range(2):
    shown = [digits[row], *copies[8 * row : 8 * row + 8]]
    for ax, image in zip(axes[row], shown):
        ax.imshow(image[..., 0], cmap="gray", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
    axes[row, 0].set_title("original", fontsize=9)
    axes[row, 0].set_ylabel(f"label {labels[row]}")
fig.suptitle("One picture, eight new rows, the same label")
plt.show()

# %%
# An experiment with few rows: 20 pictures of each digit. Two networks, one with the layer in front.
# We test on three kinds of pictures: as they are, moved by one pixel, and in a mirror.

few = np.concatenate([np.flatnonzero(labels == digit)[:20] for digit in range(10)])
plain_test = test_digits[..., 0]
tests = {
    "as they are": plain_test,
    "one pixel right": move(plain_test, 0, 1),
    "one pixel up": move(plain_test, -1, 0),
    "in a mirror": plain_test[:, :, ::-1],
}
accuracies = {}
for name, first in [("without augmentation", []), ("with augmentation", [augment])]:
    minigrad.seed(0)
    layers = [Flatten(), Dense(64, activation="relu"), Dense(10, activation="softmax")]
    reader = Sequential([Input((8, 8, 1)), *first, *layers])
    reader.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    reader.fit(digits[few], labels[few], epochs=600 if LONG else 300, verbose=0)
    accuracies[name] = []
    for images in tests.values():
        _, accuracy = reader.evaluate(images[..., None], test_labels, verbose=0)
        accuracies[name].append(accuracy)
    print(name, np.round(accuracies[name], 2))

without, with_it = accuracies.values()
assert without[0] > 0.9 and with_it[0] > 0.88  # as they are
assert with_it[1] > without[1] + 0.2  # one pixel right
assert with_it[2] > without[2] + 0.1  # one pixel up
assert max(without[3], with_it[3]) < 0.6  # in a mirror

fig, ax = plt.subplots(figsize=(8, 3.8), layout="constrained")
places = np.arange(4)
for offset, hatch, (name, values) in zip((-0.2, 0.2), ("", "//"), accuracies.items()):
    bars = ax.bar(places + offset, values, 0.4, label=name, hatch=hatch, edgecolor="white")
    ax.bar_label(bars, [f"{value:.2f}" for value in values])
ax.set_xticks(places, tests)
ax.set(ylabel="accuracy", ylim=(0, 1.25), xlabel="test pictures", title="What augmentation teaches")
ax.legend(loc="upper center", ncol=2)
plt.show()

# %%
# Read it with care. On moved pictures, augmentation helps very much. (Moved up, it helps less,
# because many digits lose their top row: they fill the whole height.) On the pictures as they are,
# it does not help: these digits all stand in the middle, so moving them teaches something that this
# test does not ask. Augmentation helps when the new rows look like rows that will really come.
#
# And the mirror: a mirrored 3 is not a 3, and many digits become signs that nobody writes. So to
# mirror digits is a *wrong* augmentation. It is a good one for cats. Ask for each change: does the
# label stay? And augment the training rows only, after the split.
#
# Saving and loading
# ------------------
# A trained model is its layers and all its numbers. ``save`` writes both into one file. Which
# numbers? The weights, and also the mean and the deviation of ``Normalization``: without them, the
# weights mean nothing. That is why we put the scaling *into* the model.
#
# (The folder here is a temporary one, so that this lesson leaves no file behind.)

before = model.predict(x_test, verbose=0)
with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / "diabetes.keras"
    model.save(file)
    loaded = load_model(file)
after = loaded.predict(x_test, verbose=0)
assert np.allclose(before, after, rtol=1e-5)
assert np.allclose(loaded.layers[0].mean.numpy(), x.mean(axis=0), rtol=1e-3)
print("the loaded model predicts the same")

# %%
# And if someone takes over the weights alone, and feeds the table as it is? There is no error
# message. The predictions are simply far off.

forgotten = Sequential([Input((10,)), Dense(1)])
forgotten.layers[-1].set_weights(loaded.layers[-1].get_weights())
forgotten.compile(loss="mse")
loss_without_scaling = forgotten.evaluate(x_test, y_test, verbose=0)
print(f"test loss {test_loss:.0f}; with the scaling forgotten {loss_without_scaling:.0f}")
assert loss_without_scaling > 20 * test_loss

# %%
# What goes wrong
# ---------------
# Sooner or later the loss is NaN, and one asks: why?
#
# NaN, "not a number", is what a computer gives for 0 / 0, or for infinity minus infinity. And it
# spreads: whatever is computed from a NaN is NaN again. One NaN in a loss makes all gradients NaN,
# and after one step all weights. Here are the usual causes, each with what minigrad says.
#
# **A missing value in the table.** ``fit`` looks at the data before it starts.


def train_on(x, learning_rate, rows=None):
    """Two epochs of training; what `fit` says: its error, or its warnings."""
    model = linear_model(learning_rate, rows)
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="ignore"):
        warnings.simplefilter("always")
        try:
            model.fit(x, y, epochs=2, verbose=0)
        except ValueError as error:
            return str(error)
    return " ".join(str(warning.message) for warning in caught) or "no complaint"


missing = x.copy()
missing[7, 2] = np.nan
said = train_on(missing, 0.01, x)
print(said)
assert "NaN or infinity in 1 of 264 rows" in said and "row 7, column 2" in said

# %%
# Drop such rows, or fill in the mean of the *training* rows:

filled = np.where(np.isnan(missing), np.nanmean(missing, axis=0), missing)
assert train_on(filled, 0.01, x) == "no complaint"

# %%
# **A feature that never changes.** Its deviation is 0, so a scaling of your own divides 0 by 0.
# (``Normalization`` divides by a very small number instead, and gives 0.)

constant = x.copy()
constant[:, 3] = 100
with np.errstate(all="ignore"):
    by_own_scaling = (constant - constant.mean(axis=0)) / constant.std(axis=0)
print("by our own scaling:", by_own_scaling[0, 3])
assert np.isnan(by_own_scaling[:, 3]).all()
assert "column 3" in train_on(by_own_scaling, 0.01)
assert train_on(constant, 0.01, constant) == "no complaint"

# %%
# **Steps that are too large**, above all with features that are not scaled. This is what happened
# to the houses. The loss grows until it is infinity, and infinity minus infinity is NaN. (``print``
# shows the end of the warning, which says what to try.)

said = train_on(x, 0.01)
print(said[said.index("Try") :])
assert "training diverges" in said and "inputs scaled to about -1..1" in said

# %%
# **The logarithm of 0**, in a loss of your own. ``log(0)`` is minus infinity, and 0 times infinity
# is NaN. To find such a line in a large program, put ``minigrad.detect_anomaly()`` around it: it
# stops at the first op that gives NaN or infinity, and names the op and its line.

target = Tensor([1.0, 0.0])
probability = Tensor([1.0, 0.0], requires_grad=True)
with np.errstate(all="ignore"):
    loss = -(target * minigrad.log(probability)).sum()
assert np.isnan(loss.item())

try:
    with minigrad.detect_anomaly(), np.errstate(all="ignore"):
        loss = -(target * minigrad.log(probability)).sum()
except FloatingPointError as error:
    said = str(error)
print(said[: said.index(" at ")])
assert said.startswith("log gave NaN or infinity at ")

# %%
# **A gradient that is infinite where the value is not.** The root of 0 is 0, but its derivative,
# ``1 / (2 * root)``, is 1 / 0. The forward pass is fine; infinity and NaN appear after the first
# step. Add a small number under the root: ``sqrt(x + 1e-7)``.

distances = Tensor([0.0, 4.0], requires_grad=True)
try:
    with minigrad.detect_anomaly(), np.errstate(all="ignore"):
        minigrad.sqrt(distances).sum().backward()
except FloatingPointError as error:
    said = str(error)
print(said[: said.index(";")])
assert said.startswith("a gradient of sqrt is NaN or infinite")

distances = Tensor([0.0, 4.0], requires_grad=True)
minigrad.sqrt(distances + 1e-7).sum().backward()
assert np.isfinite(distances.grad).all()

# %%
# In the model files
# ------------------
# ``models/feedforward/mlp.py`` scales each pixel with the statistics of the training part only. The
# known recipe of ``models/convolutional/cnn.py`` takes them from all rows, and the file shows the
# repair. ``models/sequences/diabetes_rnn.py`` treats the patients of this table as a series in
# time, as a well-known recipe does; its docstring tells what comes out.
#
# What to remember
# ----------------
# * Split first: training, validation, test. Choose with the validation set, test once.
# * Scale the features, with the mean and the deviation of the training rows.
# * A result that is too good is often a leak. Compare with a baseline.
# * Augmentation: only changes that keep the label, only in the training rows.
# * Save the scaling together with the weights.
# * NaN: look at the data, the scaling, the learning rate, ``log`` and ``sqrt``, in this order.
#
# Exercises
# ---------
# 1. Write ``answer_1(train, test)``: both arrays (rows, features), standardized with the mean and
#    the deviation of ``train``. A feature that never changes in ``train`` becomes 0 in both.
# 2. Write ``answer_2(count, seed)``: three arrays of row numbers for training (60 %), validation
#    (20 %) and test (20 %) of ``count`` rows, drawn at random. Each row is in exactly one of them,
#    and the same seed gives the same split.
# 3. Write ``answer_3(images, down)``: images (N, H, W) moved by ``down`` pixels (negative: up),
#    with zeros where nothing was. No loop over single pixels is needed.
# 4. Write ``answer_4(train, test)``: both arrays with each NaN replaced by the mean of its column,
#    without leakage.
# 5. A colleague tests 1000 models on 50 rows whose labels are tosses of a coin, and each model
#    answers at random. ``answer_5``: which accuracy does the best of them have, to within 0.06? Try
#    it with NumPy.
#
# Write your answers as ``answer_1``, ``answer_2``, ... in a file and run
# ``python -m tutorials 11 --check my_answers.py``. The solutions stand in
# ``tutorials/solutions/11_your_own_data.py``.
