"""
4. A network that reads digits, three ways
==========================================

You know the gradient (lesson 1), you know that ``backward()`` computes it (lesson 2), and you know
what a hidden layer is for (lesson 3). Now we build a larger network with the same parts, and train
it to read handwritten digits. We write the same network three times:

1. with Tensors alone, so that nothing is hidden;
2. with layers and an optimizer, which keep the parameters for us;
3. with ``compile`` and ``fit``, as in Keras.

All three must give the same numbers. If you come from Keras, you know the third way already. Here
you see what is inside.
"""

import sys
import textwrap
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import minigrad
from minigrad import Sequential, Tensor, grad, log_softmax, plots, relu, softmax
from minigrad.layers import Dense
from minigrad.optimizers.sgd import SGD

LONG = "--long" in sys.argv  # more epochs: python tutorials/04_digits_three_ways.py --long

# %%
# The images
# ----------
# scikit-learn brings 1797 small images of handwritten digits. Each has 8 times 8 points, so it is a
# list of 64 numbers, from 0 (black) to 16 (white). We divide by 16, because training works better
# with numbers that are not large. (``float32`` is minigrad's usual kind of number, see lesson 1.)
# The *label* of an image says which digit it is.
#
# We put a fifth of the images aside. The network is never trained with these: they are the *test
# set*. With them we ask at the end if it can read digits that it has not been trained with. The
# others are the *training set*.

digits = load_digits()
images, labels = (digits.data / 16).astype("float32"), digits.target
x_train, x_test, y_train, y_test = train_test_split(
    images, labels, test_size=0.2, random_state=42, stratify=labels
)
print("training images:", x_train.shape, "  test images:", x_test.shape)
assert x_train.shape == (1437, 64) and x_test.shape == (360, 64)
assert x_train.min() == 0 and x_train.max() == 1

fig, axes = plt.subplots(2, 8, figsize=(8, 3), layout="constrained")
for ax, image, label in zip(axes.flat, x_train, y_train):
    ax.imshow(image.reshape(8, 8), cmap="gray")
    ax.set_title(str(label))
    ax.axis("off")
fig.suptitle("Training images and their labels")
plt.show()

# %%
# The network
# -----------
# As in lesson 3, the weights of one unit are one column of a table ``W``, so that ``x @ W + b``
# computes all units of a layer, for all images, at once. Our network has two layers:
#
# * The hidden layer: 64 points of the image go into 32 units, with the activation function
#   ``relu``.
# * The output layer: these 32 numbers go into 10 units, one for each digit. What comes out are 10
#   numbers, called *logits*. The digit with the largest logit is the answer.
#
# At the start, the weights are small random numbers, different for each unit (lesson 3 shows why).
#
# How many parameters are there? The hidden layer has ``64 * 32`` weights and 32 biases, the output
# layer ``32 * 10`` weights and 10 biases: ``2048 + 32 + 320 + 10 = 2410``.

draw = np.random.default_rng(0)
start = [
    draw.normal(0, (2 / 64) ** 0.5, (64, 32)),
    np.zeros(32),
    draw.normal(0, (2 / 32) ** 0.5, (32, 10)),
    np.zeros(10),
]
parameters = [Tensor(values, requires_grad=True) for values in start]
W1, b1, W2, b2 = parameters
count = sum(parameter.size for parameter in parameters)
print("parameters:", count)
assert count == 64 * 32 + 32 + 32 * 10 + 10 == 2410


def network(x):
    """(N, 64) -> (N, 10): images to logits."""
    hidden = relu(x @ W1 + b1)  # (N, 32)
    return hidden @ W2 + b2


# %%
# From logits to a loss
# ---------------------
# ``softmax`` (lesson 2) turns the logits into 10 probabilities between 0 and 1, which are 1
# together. The network says "this is a 7" by giving the 7 a large probability. So the loss is made
# from the probability ``p`` of the *right* digit::
#
#     loss = -log(p)
#
# This is called *cross-entropy*. (``log`` is the natural logarithm.) Some values::
#
#     p = 1: 0     p = 0.5: 0.693     p = 0.1: 2.303     p = 0.01: 4.605
#
# A network that has learned nothing gives every digit about 0.1. So before training, the loss
# should be about 2.3. If it is not, look for a mistake before you train.


def cross_entropy(logits, labels):
    """Mean of -log(probability of the right digit)."""
    logs = log_softmax(logits)  # log(softmax(logits)), computed with small rounding errors
    rows = np.arange(len(labels))  # 0, 1, 2, ...
    return -logs[rows, labels].mean()  # from each row, the number at its label


first_loss = cross_entropy(network(x_train), y_train).item()
print(f"loss before training: {first_loss:.2f}")
assert abs(first_loss - np.log(10)) < 0.5
assert np.allclose(-np.log([1, 0.5, 0.1, 0.01]), [0, 0.693, 2.303, 4.605], atol=1e-3)

p = np.linspace(0.005, 1, 200)
fig, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
ax.plot(p, -np.log(p), linewidth=3)
ax.plot(0.1, -np.log(0.1), "o", color="tab:red")
ax.annotate("all digits equally likely", (0.1, -np.log(0.1)), (0.15, 2.4))
ax.set(
    xlabel="probability p of the right digit",
    ylabel="loss, -log(p)",
    title="Cross-entropy: sure and wrong costs most",
)
plt.show()

# %%
# The gradient of cross-entropy
# -----------------------------
# How does this loss change with the logits? The derivatives of softmax and of the logarithm are
# long, but together they give something very short::
#
#     gradient = probabilities - right answer
#
# where the right answer is 1 at the right digit and 0 elsewhere. (Such a list is called *one-hot*.)
#
# By hand, with three digits only: the logits 2, 1 and 0 have the probabilities 0.665, 0.245 and
# 0.090 (lesson 2). If the first one is right, the gradient is ``0.665 - 1 = -0.335``, 0.245 and
# 0.090.

logits = Tensor([[2.0, 1.0, 0.0]], requires_grad=True)
(gradient,) = grad(cross_entropy(logits, np.array([0])), [logits])
print("gradient for three logits:", [f"{g:.3f}" for g in gradient.data[0]])
assert np.allclose(gradient.data[0], [-0.335, 0.245, 0.090], atol=1e-3)

# %%
# The same for one image and its 10 logits:

image, label = x_train[:1], y_train[:1]
logits = Tensor(network(image).data, requires_grad=True)
(gradient,) = grad(cross_entropy(logits, label), [logits])
probabilities = softmax(logits).data
one_hot = np.eye(10)[label]

assert np.allclose(gradient.data, probabilities - one_hot, atol=1e-6)
assert abs(gradient.data.sum()) < 1e-6

fig, axes = plt.subplots(1, 3, figsize=(10, 3), layout="constrained")
titles = ["probabilities", "right answer (one-hot)", "gradient: their difference"]
for ax, heights, title in zip(axes, [probabilities[0], one_hot[0], gradient.data[0]], titles):
    colors = ["tab:red" if digit == label[0] else "tab:blue" for digit in range(10)]
    ax.bar(range(10), heights, color=colors)
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set(title=title, xlabel="digit", xticks=range(10), ylim=(-1.05, 1.05))
axes[0].set_ylabel("value")
plt.show()

# %%
# Read the right picture like this. We step *against* the gradient. So the logit of the right digit
# (red) goes up, in proportion to what is missing from its probability. The other logits go down, in
# proportion to their probabilities. If the answer is perfect, the gradient is zero, and nothing
# changes.
#
# First way: Tensors alone
# ------------------------
# We do not use all 1437 images at once, but 32 at a time: a *batch*. After each batch we take a
# step. Once through all images is called an *epoch*. Since ``1437 = 44 * 32 + 29``, an epoch has 45
# steps, and its last batch is a bit smaller; so for the mean loss of the epoch each batch counts as
# many times as it has images.

batches = [(x_train[i : i + 32], y_train[i : i + 32]) for i in range(0, len(x_train), 32)]
assert len(batches) == 45 and len(batches[-1][0]) == 29
epochs = 30 if LONG else 12
learning_rate = 0.2

tensor_losses = []
for epoch in range(epochs):
    total = 0.0
    for x, y in batches:
        loss = cross_entropy(network(x), y)  # forward
        loss.backward()  # backward
        for parameter in parameters:
            parameter.data = parameter.data - learning_rate * parameter.grad  # against the gradient
            parameter.grad = None  # clear it (lesson 2)
        total += loss.item() * len(x)
    tensor_losses.append(total / len(x_train))
    if epoch % 3 == 2:
        print(f"epoch {epoch + 1:2}: loss {tensor_losses[-1]:.3f}")

tensor_accuracy = (network(x_test).data.argmax(1) == y_test).mean()
print(f"right on {tensor_accuracy:.1%} of the test images")
assert tensor_accuracy > 0.93

# %%
# That is all: a dozen lines. The fraction of right answers is called *accuracy*.
#
# Second way: layers and an optimizer
# -----------------------------------
# With many layers, a list of parameters gets long. A *Dense* layer keeps its ``W`` (called
# *kernel*) and its ``b`` (*bias*) itself. *Sequential* puts layers one after the other. An
# *optimizer* takes the step; ours is called ``SGD``, which is short for *stochastic gradient
# descent*. ("Stochastic" means random: each batch is a random part of the images.) Its step is the
# one that we wrote: parameter minus learning rate times gradient.
#
# The start must be the same, or the results would differ. So we give the layers our own start
# weights.

model = Sequential([Dense(32, activation="relu", input_shape=(64,)), Dense(10)])
model.set_weights(start)
optimizer = SGD(learning_rate=learning_rate)
for weight in model.weights:
    print(weight.name, weight.shape)

layer_losses = []
for _ in range(epochs):
    total = 0.0
    for x, y in batches:
        loss = cross_entropy(model(x), y)
        optimizer.apply(grad(loss, model.weights), model.weights)
        total += loss.item() * len(x)
    layer_losses.append(total / len(x_train))

for weight, parameter in zip(model.weights, parameters):
    assert np.allclose(weight.data, parameter.data, atol=1e-3)
assert np.allclose(layer_losses, tensor_losses, rtol=1e-3)

# %%
# Third way: compile and fit
# --------------------------
# The loop is always the same, so ``fit`` has it inside. ``compile`` says how to learn: which
# optimizer, which loss, and what else to count. The last layer now has ``activation="softmax"``, as
# is usual in Keras. The name of our loss is ``sparse_categorical_crossentropy``: cross-entropy,
# many classes (categories), labels given as numbers and not as one-hot lists (sparse).
#
# ``fit`` usually takes the images in a new order in each epoch. We switch that off, only to get the
# same numbers.

model = Sequential(
    [Dense(32, activation="relu", input_shape=(64,)), Dense(10, activation="softmax")]
)
model.set_weights(start)
model.compile(
    optimizer=SGD(learning_rate=learning_rate),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
history = model.fit(x_train, y_train, batch_size=32, epochs=epochs, shuffle=False, verbose=0)
fit_losses = history.history["loss"]

_, fit_accuracy = model.evaluate(x_test, y_test, verbose=0)
assert np.allclose(fit_losses, tensor_losses, rtol=1e-3)
assert abs(fit_accuracy - tensor_accuracy) < 0.01
for weight, parameter in zip(model.weights, parameters):
    assert np.allclose(weight.data, parameter.data, atol=1e-3)

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(range(1, epochs + 1), tensor_losses, linewidth=9, color="moccasin", label="Tensors alone")
ax.plot(range(1, epochs + 1), layer_losses, linewidth=4, color="tab:orange", label="Dense and SGD")
ax.plot(
    range(1, epochs + 1), fit_losses, "o", color="tab:blue", markersize=4, label="compile and fit"
)
ax.set(
    xlabel="epoch",
    ylabel="mean loss",
    ylim=(0, None),
    title="One network, three ways, the same numbers",
)
ax.legend()
plt.show()

# %%
# The three curves lie on top of each other; only the last of the 7 decimals differs here and there,
# because a computer rounds. There is nothing in ``fit`` that you could not write yourself.
#
# The central step, in the player
# -------------------------------
# ``train_on_batch`` is one turn of the loop: forward, loss, backward and the step of the optimizer.
# Here it is for four images, with the player of lesson 1. Look for the two Dense layers (each is
# one ``linear``: ``x @ W + b``), for the loss, and for the four updates at the end, one each for
# two kernels and two biases. On the way back, the gradient that arrives at the second layer has the
# shape (4, 10): it is (probabilities - one-hot) / 4, as computed above.

small = Sequential(
    [Dense(32, activation="relu", input_shape=(64,)), Dense(10, activation="softmax")]
)
small.set_weights(start)
small.compile(optimizer=SGD(0.2), loss="sparse_categorical_crossentropy")
before = small.evaluate(x_train[:4], y_train[:4], verbose=0)
with minigrad.record() as run:
    small.train_on_batch(x_train[:4], y_train[:4])
run.show()

after = small.evaluate(x_train[:4], y_train[:4], verbose=0)
print(f"loss of these four images: {before:.3f} before the step, {after:.3f} after it")
assert after < before

# %%
# Training with validation
# ------------------------
# From here on we use what ``fit`` is good at. The layers draw their own start weights.
# ``minigrad.seed`` fixes the random numbers, so that you see the same results as we do. The
# optimizer is ``adam``, which adapts the step size of each parameter (lesson 7).
# ``validation_split=0.2`` keeps a fifth of the training images aside and measures the loss on them
# after each epoch. They are called the *validation set*.

minigrad.seed(0)
model = Sequential(
    [Dense(32, activation="relu", input_shape=(64,)), Dense(10, activation="softmax")]
)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(
    x_train, y_train, batch_size=32, epochs=100 if LONG else 40, validation_split=0.2, verbose=0
)
plots.history(history)
plt.show()

# %%
# This picture is the *training curve*. Look at it after every training. Both losses should fall.
# When the training loss goes on falling and the validation loss begins to rise, the network learns
# its images by heart. This is called *overfitting* (lesson 10). Here, both fall.

assert history.history["loss"][-1] < history.history["loss"][0]
assert history.history["val_loss"][-1] < history.history["val_loss"][0] / 2
assert history.history["val_loss"][-1] < 0.3

# %%
# Which digits does it confuse?
# -----------------------------
# Now, only once, the test set. ``predict`` gives the probabilities; the digit with the largest
# probability is the answer.

probabilities = model.predict(x_test, verbose=0)
answers = probabilities.argmax(1)
accuracy = (answers == y_test).mean()
print(f"right on {accuracy:.1%} of {len(y_test)} images that it was not trained with")
assert np.allclose(probabilities.sum(1), 1, atol=1e-5)
assert accuracy > 0.93

table = np.zeros((10, 10), dtype=int)
for true, answer in zip(y_test, answers):
    table[true, answer] += 1
assert table.sum() == 360 and np.trace(table) == (answers == y_test).sum()

plots.confusion_matrix(y_test, answers)
plt.show()

# %%
# This table is called the *confusion matrix*. Each row is a true digit, each column an answer. What
# is right stands on the diagonal; everything else is a mistake. Let us look at some mistakes, and
# at some right answers beside them.

wrong = np.flatnonzero(answers != y_test)[:8]
right = np.flatnonzero(answers == y_test)[: 16 - len(wrong)]
some = np.concatenate([wrong, right])
assert len(wrong) > 0
plots.predictions(x_test[some].reshape(-1, 8, 8), y_test[some], answers[some])
plt.show()

# %%
# With 8 times 8 points, some are hard to read for people, too.
#
# What goes wrong
# ---------------
# **The images are not flat.** A Dense layer for 64 inputs gets images of 8 times 8:

try:
    model.fit(digits.images[:32], labels[:32], verbose=0)
except ValueError as error:
    message = str(error)
print(textwrap.fill(message, 100))
assert "Flatten" in message

# %%
# The message names the layer, both shapes and the cure.
#
# **Softmax is missing.** The last layer has no activation function, so it gives logits. But the
# loss was told nothing of that, and takes them for probabilities. minigrad warns (many libraries do
# not):


def train(activation, loss, epochs=12):
    """Train the network with this last activation function and this loss."""
    minigrad.seed(0)
    layers = [Dense(32, activation="relu", input_shape=(64,)), Dense(10, activation=activation)]
    model = Sequential(layers)
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    history = model.fit(x_train, y_train, batch_size=32, epochs=epochs, verbose=0)
    return history.history


right_way = train("softmax", "sparse_categorical_crossentropy")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    missing = train(None, "sparse_categorical_crossentropy")
message = str(caught[0].message)
print(textwrap.fill(message, 100))
assert "activation='softmax'" in message and "from_logits=True" in message
print(f"accuracy without softmax: {missing['accuracy'][-1]:.2f}", end="")
print(f", with it: {right_way['accuracy'][-1]:.2f}")
assert missing["accuracy"][-1] < 0.4 and right_way["accuracy"][-1] > 0.9

# %%
# **Softmax is there twice.** Our own ``cross_entropy`` contains a softmax. If the last layer has
# one as well, there is no warning and no error. The loss falls, but not below a wall. The largest
# probability is 1 and the others are 0; a second softmax makes of them ::
#
#     exp(1) / (exp(1) + 9 * exp(0)) = 2.718 / 11.718 = 0.232
#
# and ``-log(0.232)`` is 1.461. So even perfect answers have a loss of 1.461.


def cross_entropy_of_keras(y_true, y_pred):
    """Our cross_entropy with the arguments in the order of Keras."""
    return cross_entropy(y_pred, np.asarray(y_true).reshape(-1))


twice = train("softmax", cross_entropy_of_keras)
wall = -np.log(np.exp(1) / (np.exp(1) + 9))
print(f"softmax twice: loss {twice['loss'][-1]:.3f}, the wall is {wall:.3f}")
assert abs(wall - 1.461) < 0.001
assert min(twice["loss"]) > wall > right_way["loss"][-1]

fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
turns = range(1, 13)
ax.plot(turns, right_way["loss"], "o-", label="one softmax")
ax.plot(turns, twice["loss"], "s--", label="softmax twice")
ax.axhline(wall, color="black", linewidth=0.8)
ax.annotate("the wall, 1.461", (9.6, wall), (9.6, wall - 0.17))
ax.set(xlabel="epoch", ylabel="mean loss", ylim=(0, 2.6), title="A loss that stops at a wall")
ax.legend(loc="upper right")
plt.show()

# %%
# Networks of this kind on the same digits, with all their settings and results, are
# ``models/feedforward/mlp.py`` (two hidden layers) and ``models/feedforward/simple_nn.py`` (larger
# images).
#
# What to remember
# ----------------
# * A Dense layer is ``x @ W + b``, then an activation function.
# * Softmax turns logits into probabilities; cross-entropy is ``-log`` of the right probability; its
#   gradient is probabilities minus one-hot.
# * Training is a loop: forward, backward, step. ``fit`` is that loop.
# * Softmax exactly once: in the last layer, or in the loss.
# * Judge a network by images that it was not trained with.
#
# Exercises
# ---------
# 1. Write ``answer_1(logits, labels)``: the mean cross-entropy in plain NumPy, a float. ``logits``
#    has the shape (N, classes), ``labels`` the shape (N,). It must also work for logits such as
#    1000. (Subtracting the largest logit of each row changes no probability.)
# 2. Write ``answer_2(logits, labels)``: the gradient of that mean for the logits, in plain NumPy.
# 3. Write ``answer_3(true, predicted, classes)``: the confusion matrix, an integer array. A row is
#    a true class, a column an answer.
# 4. A network chooses among 100 classes and has learned nothing. About which cross-entropy should
#    it have? Write the number as ``answer_4``.
# 5. Write ``answer_5(x, y)``: it gets the training images (N, 64), already divided by 16, and the
#    labels, and returns a trained model whose ``predict`` gives probabilities (N, 10). It should
#    read at least 90 % of the test images, and train in less than two seconds.
#
# Write your answers as ``answer_1``, ``answer_2``, ... in a file and run
# ``python -m tutorials 4 --check my_answers.py``. The solutions stand in
# ``tutorials/solutions/04_digits_three_ways.py``.
