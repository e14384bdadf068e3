"""
10. Overfitting
===============

A network with many parameters can do something that looks like learning and is not: it can
remember. It gives the right answer for every example that it has seen, and poor answers for all
others. This is *overfitting* (lesson 4). Almost every real project meets it, because data are few
and noisy and networks are large.

This lesson produces a clear case and then treats it in four ways: weight penalties, dropout, batch
normalization and early stopping. Each is done by hand first and by minigrad afterwards. You need
lessons 1 to 9. With ``--long`` the networks train for more epochs.
"""

import itertools
import math
import sys

import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import Sequential, callbacks, regularizers
from minigrad.datasets import digits
from minigrad.layers import (
    Activation,
    BatchNormalization,
    Dense,
    Dropout,
    Input,
    recompute_statistics,
)
from minigrad.optimizers import SGD, Adam

LONG = "--long" in sys.argv

# %%
# A small and noisy task
# ----------------------
# There are two classes of points in the plane. Each lies around a half circle, and chance has moved
# every point, so that the two overlap. We have only 60 points to learn from. 100 more are for
# *validation*: we look at them during training and never learn from them. And 2000 are for the
# *test* at the end. (Real life does not give you 2000. Here they show the truth.)


def two_half_circles(count, seed):
    """Points (count, 2) and their classes, 0 or 1."""
    chance = np.random.default_rng(seed)
    angles = chance.uniform(0, np.pi, count)
    classes = np.arange(count) % 2
    across = np.where(classes == 0, np.cos(angles), 1 - np.cos(angles))
    up = np.where(classes == 0, np.sin(angles), 0.5 - np.sin(angles))
    points = np.stack([across, up], axis=1) + chance.normal(0, 0.35, (count, 2))
    return points, classes.astype(float)


x_train, y_train = two_half_circles(60, seed=0)
x_val, y_val = two_half_circles(100, seed=1)
x_test, y_test = two_half_circles(2000, seed=2)


def network(regularizer=None, dropout=0.0, normalize=False):
    """Two hidden layers of 64 neurons: 4417 parameters for 60 points."""
    model = Sequential([Input((2,))])
    for _ in range(2):
        model.add(Dense(64, kernel_regularizer=regularizer))
        if normalize:
            model.add(BatchNormalization())
        model.add(Activation("relu"))
        if dropout:
            model.add(Dropout(dropout))
    model.add(Dense(1, activation="sigmoid", kernel_regularizer=regularizer))
    return model


def train(model, epochs, callbacks=()):
    """The history of Adam with batches of 20."""
    model.compile(Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    history = model.fit(
        x_train,
        y_train,
        batch_size=20,
        epochs=epochs,
        validation_data=(x_val, y_val),
        callbacks=list(callbacks),
        verbose=0,
    )
    return history.history


def judge(model, x, y):
    """Cross-entropy and accuracy, computed from the predictions alone."""
    p = model.predict(x, verbose=0)[:, 0].clip(1e-7, 1 - 1e-7)
    loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    return float(loss), float(np.mean((p > 0.5) == (y == 1)))


epochs = 600 if LONG else 300
minigrad.seed(0)
plain = network()
assert plain.count_params() == 2 * 64 + 64 + 64 * 64 + 64 + 64 + 1 == 4417
plain_history = train(plain, epochs)
for name, x, y in (("training", x_train, y_train), ("test", x_test, y_test)):
    print(f"{name:8}  loss {judge(plain, x, y)[0]:.3f}, right on {judge(plain, x, y)[1]:.1%}")

assert judge(plain, x_train, y_train)[1] > 0.98  # it knows its 60 points by heart
assert judge(plain, x_test, y_test)[1] < 0.92
assert judge(plain, x_test, y_test)[0] > 10 * judge(plain, x_train, y_train)[0]

# %%
# It is right on all 60 training points and wrong on about every seventh test point. What is worse,
# its test *loss* is high: it is wrong and sure of it. Two pictures show what happened.


def draw_regions(ax, model, title):
    """The predicted probability in the plane, the training points on top."""
    across, up = np.meshgrid(np.linspace(-2, 3, 100), np.linspace(-1.6, 2.1, 80))
    plane = np.stack([across.ravel(), up.ravel()], axis=1)
    p = model.predict(plane, verbose=0).reshape(across.shape)
    ax.contourf(across, up, p, levels=np.linspace(0, 1, 11), cmap="RdBu_r", alpha=0.6)
    ax.contour(across, up, p, levels=[0.5], colors="black")
    for label, marker in ((0, "o"), (1, "^")):
        points = x_train[y_train == label]
        color = "tab:red" if label else "tab:blue"
        ax.scatter(*points.T, marker=marker, color=color, edgecolor="white", s=42)
    ax.set(title=title, xlabel="x1", ylabel="x2")


fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
draw_regions(left, plain, "The black line winds around single points")
numbers = range(1, epochs + 1)
right.plot(numbers, plain_history["loss"], label="training loss")
right.plot(numbers, plain_history["val_loss"], "--", color="tab:red", label="validation loss")
best_epoch = int(np.argmin(plain_history["val_loss"])) + 1
right.axvline(best_epoch, color="black", linestyle=":", label=f"best: epoch {best_epoch}")
right.set(xlabel="epoch", ylabel="loss", title="One falls, the other rises")
right.legend()
plt.show()

assert best_epoch < epochs / 2
assert plain_history["val_loss"][-1] > 1.5 * min(plain_history["val_loss"])
assert plain_history["loss"][-1] < 0.1

# %%
# On the right is the sign by which you recognize overfitting: the training loss goes on falling,
# while the validation loss has a minimum and rises again. The distance between the two curves is
# called the *generalization gap*. (The validation loss is lower than the test loss here. With 100
# points, that is chance.) Whatever makes the gap smaller, without more data, is called
# *regularization*.
#
# First: weight penalties
# -----------------------
# A line that winds around single points needs large weights. So we let large weights cost
# something. We add to the loss ::
#
#     penalty = factor * (sum of the squares of all weights)
#
# This is the *L2 penalty*. By hand, with one weight: the loss is ``(w - 3) ** 2``, the factor 0.5.
# The slope of the whole is ``2 * (w - 3) + 0.5 * 2 * w = 3 * w - 6``. It is zero at ``w = 2``.
# Without the penalty the weight would be 3. The penalty has made it smaller.
#
# Look at the step that the penalty alone makes: its slope is ``2 * factor * w``, so ::
#
#     new w = w - rate * 2 * factor * w = (1 - 2 * rate * factor) * w
#
# With rate 0.1 and factor 0.05 this is ``0.99 * w``. Each step takes away one percent: this is the
# weight decay of lesson 7. (With Adam the two are not the same; lesson 7 shows why.)
#
# The *L1 penalty* is the factor times the sum of the absolute values. Its slope is ``factor`` for a
# positive weight and ``-factor`` for a negative one, the same for large and small. So it pulls
# small weights all the way to zero. With the loss ``(w - 3) ** 2`` and factor 0.5: ``2 * (w - 3) +
# 0.5 = 0`` gives ``w = 2.75``. With ``(w - 0.2) ** 2``: the minimum is at 0 exactly.


def minimum(target, l1, l2):
    """The w with the smallest (w - target) ** 2 + l1 * |w| + l2 * w ** 2, found by trying."""
    ws = np.linspace(-5, 5, 100_001)
    costs = (ws - target) ** 2 + l1 * np.abs(ws) + l2 * ws**2
    return float(ws[costs.argmin()])


assert abs(minimum(3, l1=0, l2=0.5) - 2) < 1e-3
assert abs(minimum(3, l1=0.5, l2=0) - 2.75) < 1e-3
assert abs(minimum(0.2, l1=0.5, l2=0)) < 1e-3  # L1: exactly zero
assert abs(minimum(0.2, l1=0, l2=0.5) - 0.2 / 1.5) < 1e-3  # L2: smaller, not zero

targets = np.linspace(-2, 2, 81)
fig, ax = plt.subplots(figsize=(6.5, 4), layout="constrained")
ax.plot(targets, targets, "k:", label="no penalty")
ax.plot(targets, [minimum(t, 0, 0.5) for t in targets], "--", linewidth=2, label="L2, 0.5")
ax.plot(targets, [minimum(t, 1, 0) for t in targets], linewidth=2, label="L1, 1")
ax.set(
    xlabel="weight that the data alone ask for",
    ylabel="weight with the penalty",
    title="L2 shrinks all weights, L1 sets small ones to zero",
)
ax.legend()
plt.show()

# %%
# For the weights (0.5, -1, 2) and factors of 0.01:
#
# * L1: 0.01 * (0.5 + 1 + 2) = 0.035
# * L2: 0.01 * (0.25 + 1 + 4) = 0.0525
# * both together, the *elastic net*: 0.0875

weights = minigrad.Tensor([0.5, -1.0, 2.0])
assert math.isclose(regularizers.L1(0.01)(weights).item(), 0.035, rel_tol=1e-5)
assert math.isclose(regularizers.L2(0.01)(weights).item(), 0.0525, rel_tol=1e-5)
assert math.isclose(regularizers.L1L2(0.01, 0.01)(weights).item(), 0.0875, rel_tol=1e-5)

# %%
# In a layer, the argument is ``kernel_regularizer``. One step of training must be the step that we
# write by hand: the slope of the loss plus the slope of the penalty.

minigrad.seed(0)
layer = Dense(1, use_bias=False, kernel_regularizer=regularizers.L2(0.05), input_shape=(2,))
model = Sequential([layer])
model.compile(SGD(0.1), "mse")
kernel = layer.kernel.numpy().copy()
x, y = np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([[1.0], [2.0]])

slope_of_loss = 2 * x.T @ (x @ kernel - y) / 2  # the mean over two rows
slope_of_penalty = 2 * 0.05 * kernel
by_hand = kernel - 0.1 * (slope_of_loss + slope_of_penalty)
model.train_on_batch(x, y)
assert np.allclose(layer.kernel.numpy(), by_hand, atol=1e-6)
print("One step with an L2 penalty: by hand and by minigrad the same.")

# %%
# Now the 60 points, with both penalties.

models, histories = {"nothing": plain}, {"nothing": plain_history}
for name, regularizer in (("L2", regularizers.L2(0.003)), ("L1", regularizers.L1(0.002))):
    minigrad.seed(0)
    models[name] = network(regularizer=regularizer)
    histories[name] = train(models[name], epochs)


def all_weights(model):
    """The numbers of all kernels, in one row."""
    kernels = [p.numpy().ravel() for p in model.weights if p.ndim == 2]
    return np.concatenate(kernels)


for name in ("nothing", "L2", "L1"):
    values = all_weights(models[name])
    norm, zeros = np.linalg.norm(values), np.mean(np.abs(values) < 0.01)
    loss, accuracy = judge(models[name], x_test, y_test)
    print(
        f"{name:8} norm {norm:5.1f}, {zeros:4.0%} almost zero; "
        f"test loss {loss:.2f}, right on {accuracy:.1%}"
    )

assert np.linalg.norm(all_weights(models["L2"])) < 0.5 * np.linalg.norm(all_weights(plain))
assert np.mean(np.abs(all_weights(models["L1"])) < 0.01) > 0.9
assert np.mean(np.abs(all_weights(models["L2"])) < 0.01) < 0.85
assert np.mean(np.abs(all_weights(plain)) < 0.01) < 0.2
for name in ("L2", "L1"):
    assert judge(models[name], x_test, y_test)[0] < 0.6 * judge(plain, x_test, y_test)[0]

# %%
# L1 leaves only a few of the weights: the rest are zero but for the last steps of Adam. L2 also
# empties neurons that the task does not need, but it keeps many small weights.
#
# The factor is a hyperparameter: sweep it, as in lesson 8, and choose by the validation loss. Too
# small does nothing; too large makes the network give the same answer everywhere.
#
# Second: dropout
# ---------------
# In each training step, *dropout* sets each value of a layer to zero with a certain probability,
# the *dropout rate*. No neuron can rely on one other neuron, because it may be missing. (Srivastava
# et al., 2014.) Those that remain are divided by ``1 - rate``, so that the mean stays the same.
#
# By hand, rate 0.5: the values are (2, 4, 6, 8), and chance keeps the first and the third. They are
# divided by 0.5: (4, 0, 12, 0). Over all 16 choices of what to keep, the mean is (2, 4, 6, 8)
# again.

values = np.array([2.0, 4.0, 6.0, 8.0])
results = [values * keep / 0.5 for keep in itertools.product([0, 1], repeat=4)]
assert any(np.allclose(result, [4, 0, 12, 0]) for result in results)
assert np.allclose(np.mean(results, axis=0), values)

# %%
# In minigrad, ``Dropout`` does this in training only. When the network is used, nothing is dropped.

minigrad.seed(0)
dropout = Dropout(0.5)
many = dropout(np.tile(values, (4000, 1)), training=True).numpy()
print("three rows in training:", many[:3].tolist())
assert set(np.unique(many)) == {0.0, 4.0, 8.0, 12.0, 16.0}
assert np.allclose(many.mean(axis=0), values, rtol=0.1)
assert np.allclose(dropout(values[None], training=False).numpy(), values)

minigrad.seed(0)
models["dropout"] = network(dropout=0.5)
histories["dropout"] = train(models["dropout"], epochs)
print("dropout: test loss", round(judge(models["dropout"], x_test, y_test)[0], 2))
assert judge(models["dropout"], x_test, y_test)[0] < 0.9 * judge(plain, x_test, y_test)[0]
assert judge(models["dropout"], x_test, y_test)[0] > judge(models["L2"], x_test, y_test)[0]

# %%
# Here dropout helps less than the penalties do. It was made for wide layers with hundreds of
# neurons: ``models/feedforward/mlp_dropout.py`` uses it on digits.
#
# Third: batch normalization
# --------------------------
# *Batch normalization* (Ioffe and Szegedy, arXiv:1502.03167) looks at one neuron and at all rows of
# the batch. It subtracts their mean and divides by their *standard deviation*, the root of the
# *variance* (the mean of the squared distances from the mean). Then it multiplies by a parameter
# *gamma* and adds a parameter *beta*, which are learned.
#
# By hand: in a batch of four rows a neuron has 1, 1, 5, 5. The mean is 3. The squared distances are
# 4, 4, 4, 4, so the variance is 4 and the standard deviation 2. Normalized: -1, -1, 1, 1. With
# gamma 2 and beta 10: 8, 8, 12, 12.
#
# And when the network is used on a single row? A mean of one row makes no sense. So during training
# the layer keeps *moving averages* (the running means of lesson 7) of mean and variance. They start
# at 0 and 1. Let 0.9 of the old value stay at each step (minigrad and Keras call this share
# ``momentum``). Then the batch above makes them ``0.9 * 0 + 0.1 * 3 = 0.3`` and ``0.9 * 1 + 0.1 * 4
# = 1.3``.

column = np.array([[1.0], [1.0], [5.0], [5.0]])
mean, variance = column.mean(axis=0), column.var(axis=0)
by_hand = (column - mean) / np.sqrt(variance)
assert by_hand.ravel().tolist() == [-1, -1, 1, 1]

layer = BatchNormalization(momentum=0.9, epsilon=1e-6)
assert np.allclose(layer(column, training=True).numpy(), by_hand, atol=1e-3)
assert np.allclose(layer.moving_mean.numpy(), 0.3, atol=1e-6)
assert np.allclose(layer.moving_variance.numpy(), 1.3, atol=1e-6)

used = layer(np.array([[5.0]]), training=False).numpy()
assert np.allclose(used, (5 - 0.3) / math.sqrt(1.3), atol=1e-3)

layer.gamma.data[...] = 2
layer.beta.data[...] = 10
assert np.allclose(layer(column, training=True).numpy().ravel(), [8, 8, 12, 12], atol=1e-3)

# %%
# Is this regularization? A little: which rows share a batch is chance, so the mean and the variance
# are noisy. But its main gift is another one. It sets the size of the values in every layer anew,
# and that is what lesson 9 asked for. The network of ten sigmoid layers, which could not learn at
# all, now learns.


def ten_sigmoid_layers(normalize):
    """64 -> ten times 64 -> 10, for the digits."""
    minigrad.seed(0)
    model = Sequential([Input((64,))])
    for _ in range(10):
        model.add(Dense(64))
        if normalize:
            model.add(BatchNormalization())
        model.add(Activation("sigmoid"))
    model.add(Dense(10, activation="softmax"))
    model.compile(SGD(0.1), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


(digits_train, labels_train), (digits_test, labels_test) = digits.load_data()
for normalize in (False, True):
    deep = ten_sigmoid_layers(normalize)
    record = deep.fit(digits_train, labels_train, epochs=8, verbose=0).history
    print(f"batch normalization {normalize}: right on {record['accuracy'][-1]:.1%} in training")
    assert record["accuracy"][-1] > 0.85 if normalize else record["accuracy"][-1] < 0.2

minigrad.seed(0)
models["batch norm"] = network(normalize=True)
histories["batch norm"] = train(models["batch norm"], epochs)
print("batch norm: test loss", round(judge(models["batch norm"], x_test, y_test)[0], 2))
assert judge(models["batch norm"], x_test, y_test)[0] < 0.8 * judge(plain, x_test, y_test)[0]

# %%
# Fourth: early stopping
# ----------------------
# The simplest of all: stop when the validation loss has its minimum. But how do we know that it is
# the minimum? We wait for some epochs. If none of them is better, we stop and go back to the best
# weights. The number of epochs that we wait is called *patience*.
#
# By hand, patience 3, validation losses 0.9, 0.7, 0.6, 0.65, 0.62, 0.7, 0.5: the third epoch is the
# best, with 0.6. Epochs 4, 5 and 6 are not better. So training stops after epoch 6, and we return
# to the third. The 0.5 of epoch 7 is never seen: too little patience can cost something.


def stop_early(losses, patience):
    """(best epoch, last epoch), counted from 1."""
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        if epoch - best >= patience:
            return best + 1, epoch + 1
    return best + 1, len(losses)


assert stop_early([0.9, 0.7, 0.6, 0.65, 0.62, 0.7, 0.5], patience=3) == (3, 6)
assert stop_early([0.9, 0.7, 0.6, 0.65, 0.62, 0.7, 0.5], patience=4) == (7, 7)

# %%
# minigrad's callback does the same. The training is the same as the first one of this lesson, with
# the same seed; so our function, which reads the first history, must know when it stops.

stopper = callbacks.EarlyStopping("val_loss", patience=30, restore_best_weights=True)
minigrad.seed(0)
models["early stopping"] = network()
histories["early stopping"] = train(models["early stopping"], epochs, [stopper])
best, last = stop_early(plain_history["val_loss"], patience=30)
print(f"best epoch {best}, stopped after epoch {last}")
assert len(histories["early stopping"]["val_loss"]) == last
assert stopper.best_epoch + 1 == best
assert judge(models["early stopping"], x_test, y_test)[0] < 0.6 * judge(plain, x_test, y_test)[0]

# %%
# All of them, side by side
# -------------------------

fig, axes = plt.subplots(2, 3, figsize=(12, 7), layout="constrained", sharex=True, sharey=True)
for ax, (name, model) in zip(axes.flat, models.items()):
    loss, accuracy = judge(model, x_test, y_test)
    draw_regions(ax, model, f"{name}: test loss {loss:.2f}, right on {accuracy:.1%}")
plt.show()

test_losses = {name: judge(model, x_test, y_test)[0] for name, model in models.items()}
train_losses = {name: judge(model, x_train, y_train)[0] for name, model in models.items()}
fig, ax = plt.subplots(figsize=(8, 3.8), layout="constrained")
spots = np.arange(len(models))
ax.bar(spots - 0.2, train_losses.values(), 0.4, color="lightgray", label="training")
ax.bar(spots + 0.2, test_losses.values(), 0.4, color="tab:red", hatch="//", label="test")
ax.set_xticks(spots, models)
ax.set(ylabel="loss without penalty", title="The gap between training and test")
ax.legend()
plt.show()

gaps = {name: test_losses[name] - train_losses[name] for name in models}
print("gaps:", ", ".join(f"{name} {gap:.2f}" for name, gap in gaps.items()))
assert max(gaps, key=gaps.get) == "nothing"
assert gaps["L2"] < 0.5 * gaps["nothing"]

# %%
# Every treatment makes the gap smaller. Notice that the *training* loss rises: the network gives up
# remembering. Most of the black lines become simpler, and the colors around them paler: where the
# classes overlap, the network is not so sure any more. The treatments can be combined, and often
# are. But the best medicine is not in this list: more data. Lesson 11 shows how to make more of
# what you have.
#
# Dropout and penalty in one step
# -------------------------------
# The player shows one training step on two rows: a layer with an L2 penalty, dropout, and a last
# neuron. Look at ``dropout`` after ``tanh``: its second input says which values are kept. Where it
# is False, the value is 0, and on the way back the gradient is 0, too. Where it is True, both are
# doubled. Look also at the penalty: it joins the loss at the end, and sends a gradient to the
# kernel alone.

minigrad.seed(1)
small = Sequential(
    [
        Dense(4, activation="tanh", kernel_regularizer=regularizers.L2(0.05), input_shape=(2,)),
        Dropout(0.5),
        Dense(1),
    ]
)
small.compile(SGD(0.1), "mse")
rows, wanted = np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([[1.0], [2.0]])
with minigrad.record() as run:
    small.train_on_batch(rows, wanted)
run.show()

dropping = next(step for step in run.steps if step.name == "dropout")
way_back = next(step for step in run.steps if step.forward is dropping)
kept, gradient = dropping.inputs[1].array, way_back.leaving[0].value.array
assert kept.any() and not kept.all()
assert (gradient[~kept] == 0).all() and (gradient[kept] != 0).all()

# %%
# What goes wrong
# ---------------
# **No validation data.** Early stopping watches a loss that nobody computes.

model = network()
model.compile("adam", "binary_crossentropy")
try:
    model.fit(x_train, y_train, callbacks=[callbacks.EarlyStopping(patience=3)], verbose=0)
except ValueError as error:
    said = str(error)
print(said)
assert "give fit validation data" in said

# %%
# **Dropout left on.** ``model(x, training=True)`` is for training. Who uses it to predict gets
# another answer each time. ``predict`` and ``model(x)`` switch dropout off.

first = models["dropout"](x_test[:5], training=True).numpy()
second = models["dropout"](x_test[:5], training=True).numpy()
print("twice the same rows:", first.ravel().round(2), second.ravel().round(2))
assert not np.allclose(first, second)
quiet = models["dropout"].predict(x_test[:5], verbose=0)
assert np.allclose(quiet, models["dropout"].predict(x_test[:5], verbose=0))

# %%
# **The printed loss contains the penalty.** Who compares the loss of a network with a penalty to
# one without compares two different things. Compare losses without the penalty, as ``judge`` does,
# or accuracies.

printed = models["L2"].evaluate(x_test, y_test, verbose=0)[0]
pure = judge(models["L2"], x_test, y_test)[0]
print(f"L2: printed {printed:.3f}, cross-entropy alone {pure:.3f}")
assert printed > pure + 0.05

# %%
# **Batch normalization after few steps.** The moving averages start at 0 and 1 and follow slowly:
# with the usual momentum of 0.99, after 45 steps more than half of the start is still in them (0.99
# to the power of 45 is 0.64). So a network can be good in training and guess when it is used. It
# looks like the worst overfitting, but it is none: with the right statistics, the same weights are
# fine. ``recompute_statistics`` computes them anew from the training data.

deep = ten_sigmoid_layers(normalize=True)
record = deep.fit(digits_train, labels_train, epochs=1, verbose=0).history  # 45 steps
stale = deep.evaluate(digits_test, labels_test, verbose=0)[1]
recompute_statistics(deep, digits_train)
fresh = deep.evaluate(digits_test, labels_test, verbose=0)[1]
print(f"training {record['accuracy'][-1]:.1%}, used {stale:.1%}, recomputed {fresh:.1%}")
assert 0.63 < 0.99**45 < 0.65
assert fresh > stale + 0.3

# %%
# **One row in a batch.** In training, a batch of one row has the variance 0, and what comes out of
# the layer is beta, whatever the input was. The row is lost.

for row in ([[5.0, 7.0]], [[-100.0, 0.0]]):
    out = BatchNormalization()(np.array(row), training=True).numpy()
    print("in", row, "out", out.tolist())
    assert np.allclose(out, 0)

# %%
# What to remember
# ----------------
# * Overfitting: the training loss falls, the validation loss rises. Look at both, always.
# * L2 shrinks all weights, L1 sets small ones to zero. The factor is chosen by validation.
# * Dropout drops values in training only, and divides the others by ``1 - rate``.
# * Batch normalization uses the batch in training and moving averages afterwards. Its main gift is
#   that deep networks train.
# * Early stopping keeps the weights of the best epoch. The test data are for the end alone.
#
# Exercises
# ---------
# 1. Write ``answer_1(weights, l1, l2)``: the penalty of the elastic net for a list of weights.
# 2. Write ``answer_2(values, rate, keep)``: dropout in training. ``keep`` is an array of True and
#    False of the same shape; where it is False, the value is dropped.
# 3. Write ``answer_3(batch, gamma, beta, epsilon)``: batch normalization in training, for an array
#    ``(rows, neurons)``. Each neuron has its own mean and variance.
# 4. Write ``answer_4(losses, patience)``: early stopping, which returns the pair (best epoch, last
#    epoch), counted from 1. A loss that only equals the best one is not an improvement.
#
# Write your answers as ``answer_1``, ``answer_2``, ... in a file and run
# ``python -m tutorials 10 --check my_answers.py``. The solutions stand in
# ``tutorials/solutions/10_overfitting.py``.
