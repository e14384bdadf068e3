"""
3. A network that reads digits, three ways
==========================================

You know the gradient (lesson 1), and you know that minigrad finds it for you (lesson 2). Now we
build a whole network, and teach it to read handwritten digits. We write the same network three
times:

1. with Tensors alone, so that nothing is hidden;
2. with layers and an optimizer, which keep the weights for us;
3. with ``compile`` and ``fit``, as in Keras.

All three must give the same numbers. If you come from Keras, you know the third way already. Here
you see what is inside.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import minigrad
from minigrad import Sequential, Tensor, grad, log_softmax, plots, relu, softmax
from minigrad.layers import Dense
from minigrad.optimizers.sgd import SGD

# %%
# The images
# ----------
# scikit-learn brings 1797 small images of handwritten digits. Each has 8 times 8 points, so it is a
# list of 64 numbers, from 0 (black) to 16 (white). We divide by 16, because networks like numbers
# that are not large. (``float32`` is minigrad's usual kind of number, see lesson 1.) The *label* of
# an image says which digit it is.
#
# We put every fifth image aside. The network never learns from these: they are the *test images*.
# With them we ask at the end if it can read digits that it has never seen. The others are the
# *training images*.

digits = load_digits()
images, labels = (digits.data / 16).astype("float32"), digits.target
x_train, x_test, y_train, y_test = train_test_split(
    images, labels, test_size=0.2, random_state=42, stratify=labels
)
print("training images:", x_train.shape, "  test images:", x_test.shape)

fig, axes = plt.subplots(2, 8, figsize=(8, 2.6), layout="constrained")
for ax, image, label in zip(axes.flat, x_train, y_train):
    ax.imshow(image.reshape(8, 8), cmap="gray")
    ax.set_title(str(label))
    ax.axis("off")
plt.show()

# %%
# The network
# -----------
# In lesson 1, one neuron took some inputs and gave one number. Now we let many neurons look at the
# same inputs. Together they are called a *layer*. The weights of one neuron are one column of a
# Tensor ``W``, so that ``x @ W + b`` computes all neurons, for all images of a batch, at once.
#
# Our network has two layers:
#
# * 64 points of the image go into 32 neurons. What comes out is squashed by ``relu``: numbers below
#   zero become zero. (Without a bend between them, two layers could do no more than one.)
# * These 32 numbers go into 10 neurons, one for each digit. What comes out are 10 *scores*. (Their
#   usual name is *logits*.) The largest score is the answer.
#
# At the start, the weights are small numbers drawn by chance. If they were all equal, all neurons
# would do and learn the same.

chance = np.random.default_rng(0)
start = [
    chance.normal(0, (2 / 64) ** 0.5, (64, 32)),
    np.zeros(32),
    chance.normal(0, (2 / 32) ** 0.5, (32, 10)),
    np.zeros(10),
]
knobs = [Tensor(values, requires_grad=True) for values in start]
W1, b1, W2, b2 = knobs
print("knobs:", sum(knob.size for knob in knobs))
assert sum(knob.size for knob in knobs) == 64 * 32 + 32 + 32 * 10 + 10 == 2410


def network(x):
    """(N, 64) -> (N, 10): images to scores."""
    hidden = relu(x @ W1 + b1)  # (N, 32)
    return hidden @ W2 + b2


# %%
# From scores to a loss
# ---------------------
# ``softmax`` (lesson 2) turns the scores into 10 shares between 0 and 1, which are 1 together. The
# network says "this is a 7" by giving the 7 a large share. So we measure its mistake by the share
# ``p`` of the *right* digit:
#
#     loss = -log(p)
#
# This is called *cross-entropy*. If ``p`` is 1, the loss is 0: perfect. If ``p`` is small, the loss
# is large. A network that knows nothing gives every digit about 0.1, and ``-log(0.1)`` is 2.3.
# (``log`` is the natural logarithm.)


def cross_entropy(scores, labels):
    """Mean of -log(share of the right digit)."""
    logs = log_softmax(scores)  # log(softmax(scores)), computed with small rounding errors
    rows = np.arange(len(labels))  # 0, 1, 2, ...
    return -logs[rows, labels].mean()  # from each row, the number at its label


first_loss = cross_entropy(network(x_train), y_train).item()
print(f"loss before training: {first_loss:.2f}")
assert abs(first_loss - np.log(10)) < 0.5

p = np.linspace(0.005, 1, 200)
fig, ax = plt.subplots(figsize=(6, 3.4), layout="constrained")
ax.plot(p, -np.log(p), linewidth=3)
ax.plot(0.1, -np.log(0.1), "o", color="tab:red")
ax.annotate("a network that only guesses", (0.1, -np.log(0.1)), (0.15, 2.4))
ax.set(
    xlabel="share p of the right digit", ylabel="loss, -log(p)", title="Sure and wrong is expensive"
)
plt.show()

# %%
# The most beautiful gradient
# ---------------------------
# How does this loss change with the 10 scores? The formulas of softmax and of the logarithm are not
# pretty, but together they give something very simple:
#
#     gradient = shares - right answer
#
# where the right answer is 1 at the right digit and 0 elsewhere. (Such a list is called *one-hot*.)
# Let us not believe it, but look. We take one image, and ask for the gradient of the loss for its
# 10 scores.

image, label = x_train[:1], y_train[:1]
scores = Tensor(network(image).data, requires_grad=True)
(gradient,) = grad(cross_entropy(scores, label), [scores])
shares = softmax(scores).data
one_hot = np.eye(10)[label]

assert np.allclose(gradient.data, shares - one_hot, atol=1e-6)
assert abs(gradient.data.sum()) < 1e-6

fig, axes = plt.subplots(1, 3, figsize=(10, 3), layout="constrained")
titles = ["shares", "right answer (one-hot)", "gradient = shares - right answer"]
for ax, heights, title in zip(axes, [shares[0], one_hot[0], gradient.data[0]], titles):
    colors = ["tab:red" if digit == label[0] else "tab:blue" for digit in range(10)]
    ax.bar(range(10), heights, color=colors)
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set(title=title, xlabel="digit", xticks=range(10), ylim=(-1.05, 1.05))
plt.show()

# %%
# Read the right picture like this. We step *against* the gradient. So the score of the right digit
# (red) goes up, by as much as its share is missing. The scores of the others go down, by as much as
# their share is too large. If the answer is perfect, the gradient is zero, and nothing changes.
#
# First way: Tensors alone
# ------------------------
# We do not show all 1437 images at once, but 32 at a time: a *batch*. After each batch we take a
# step. Once through all images is called an *epoch*. The last batch of an epoch is a bit smaller;
# so for the mean loss of the epoch each batch counts as many times as it has images.

batches = [(x_train[i : i + 32], y_train[i : i + 32]) for i in range(0, len(x_train), 32)]
epochs, learning_rate = 12, 0.2

tensor_losses = []
for epoch in range(epochs):
    total = 0.0
    for x, y in batches:
        loss = cross_entropy(network(x), y)  # forward
        loss.backward()  # backward
        for knob in knobs:
            knob.data = knob.data - learning_rate * knob.grad  # a step against the gradient
            knob.grad = None  # clear it (lesson 2)
        total += loss.item() * len(x)
    tensor_losses.append(total / len(x_train))
    print(f"epoch {epoch + 1:2}: loss {tensor_losses[-1]:.3f}")

tensor_accuracy = (network(x_test).data.argmax(1) == y_test).mean()
print(f"right on {tensor_accuracy:.1%} of the test images")
assert tensor_accuracy > 0.93

# %%
# That is all. A dozen lines have learned to read. The share of right answers is called *accuracy*.
#
# Second way: layers and an optimizer
# -----------------------------------
# With many layers, a list of knobs gets long. A *Dense* layer keeps its ``W`` (called
# *kernel*) and its ``b`` (*bias*) itself. *Sequential* puts layers one after the other. An
# *optimizer* does the step; ours is called ``SGD``, and its step is the one that we wrote: knob
# minus learning rate times gradient.
#
# The start must be the same, or the numbers could not be. So we give the layers our own start
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

for weight, knob in zip(model.weights, knobs):
    assert np.allclose(weight.data, knob.data, atol=1e-4)
assert np.allclose(layer_losses, tensor_losses, rtol=1e-4)

# %%
# Third way: compile and fit
# --------------------------
# The loop is always the same, so ``fit`` has it inside. ``compile`` says how to learn: which
# optimizer, which loss, and what else to count. The last layer now has ``activation="softmax"``, as
# is usual in Keras. The name of our loss is ``sparse_categorical_crossentropy``: cross-entropy,
# many classes (categories), labels given as numbers and not as one-hot lists (sparse).
#
# ``fit`` usually shows the images in a new order in each epoch. We forbid it, only to get the same
# numbers.

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
assert np.allclose(fit_losses, tensor_losses, rtol=1e-4)
assert abs(fit_accuracy - tensor_accuracy) < 0.005
for weight, knob in zip(model.weights, knobs):
    assert np.allclose(weight.data, knob.data, atol=1e-4)

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
# The three curves lie on top of each other; only the last of the 7 digits differ here and there,
# because a computer rounds. There is nothing in ``fit`` that you could not write yourself.
#
# Now let fit do its best
# -----------------------
# From here on we use what ``fit`` is good at. The weights start by themselves. ``minigrad.seed``
# fixes what is drawn by chance, so that you see the same numbers as we do. The optimizer is
# ``adam``, a clever relative of SGD, which makes its own step size for each knob.
# ``validation_split=0.2`` keeps a fifth of the training images aside and measures the loss on them
# after each epoch. They are called *validation* images.

minigrad.seed(0)
model = Sequential(
    [Dense(32, activation="relu", input_shape=(64,)), Dense(10, activation="softmax")]
)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x_train, y_train, batch_size=32, epochs=40, validation_split=0.2, verbose=0)
plots.history(history)
plt.show()

# %%
# This picture is the *training curve*. Look at it after every training. Both losses should fall.
# When the training loss goes on falling and the validation loss begins to rise, the network learns
# its images by heart. This is called *overfitting*. Ours does well.

assert history.history["loss"][-1] < history.history["loss"][0]
assert history.history["val_loss"][-1] < 0.3

# %%
# Which digits does it confuse?
# -----------------------------
# Now, only once, the test images. ``predict`` gives the shares; the digit with the largest share is
# the answer.

shares = model.predict(x_test, verbose=0)
answers = shares.argmax(1)
accuracy = (answers == y_test).mean()
print(f"right on {accuracy:.1%} of {len(y_test)} images it has never seen")
assert np.allclose(shares.sum(1), 1, atol=1e-5)
assert accuracy > 0.93

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
# Would you have read them all? With 8 times 8 points, some are hard for us, too.
#
# What to remember
# ----------------
# * A layer is many neurons: ``x @ W + b``, then a bend.
# * Softmax turns scores into shares; cross-entropy is ``-log`` of the right share; its gradient is
#   shares minus one-hot.
# * Training is a loop: forward, backward, step. ``fit`` is that loop.
# * Judge a network by images that it has not learned from.
#
# Words of this lesson: layer (层), label (标签), training and test images (训练集, 测试集), validation
# (验证集), logits (未归一化的得分), cross-entropy (交叉熵), one-hot (独热编码), epoch (轮), optimizer (优化器), accuracy
# (准确率), overfitting (过拟合), confusion matrix (混淆矩阵).
