"""
28. A short history of neural networks
======================================

You know the parts now: neurons, gradients, convolutions, gates, attention. This last lesson puts
them in order of time. Each step of the history was an answer to something that did not work before.
So for each one we ask two questions: what was the problem, and what was the idea? And for each one
we compute something small, because a number stays in memory longer than a date.

Every network of this story is in the model zoo, in a file of its own. At the end of each section
you find its name.
"""

import re
import sys
import textwrap

import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import Tensor, datasets, grad, layers, softmax
from minigrad.zoo import load

minigrad.seed(0)
LONG = "--long" in sys.argv  # more training: python tutorials/28_history.py --long

# %%
# The whole story on one page
# ---------------------------
# The table has a year, what happened, and the model file. The years are checked: each model file
# cites its paper, and the year must stand there. (An arXiv number begins with the year and the
# month: arXiv:1706.03762 is of June 2017.)

# The data of ``models/study/history.py``, without what no model file rebuilds. A file may be there
# more than once: ``models/study/siamese.py`` is about three papers.
MILESTONES = [
    (item.year, item.title, item.model) for item in load("history").milestones() if item.model
]


def cited_years(name):
    """The years that the docstring of a model file names, also as the first digits on arXiv."""
    text = load(name).__doc__
    plain = re.findall(r"\b(19[4-9]\d|20[0-2]\d)\b", text)
    numbers = re.findall(r"arXiv:(\d\d)\d\d\.", text)
    return {int(year) for year in plain} | {2000 + int(digits) for digits in numbers}


for year, what, name in MILESTONES:
    assert year in cited_years(name), (year, what, name)
years = [year for year, _, _ in MILESTONES]
assert years == sorted(years) and years[0] == 1943
print(len(MILESTONES), "milestones, each with its year in the model file")

height = 0.8 + 0.3 * len(MILESTONES)
fig, ax = plt.subplots(figsize=(9.5, height), layout="constrained")
for row, (year, what, name) in enumerate(MILESTONES):
    ax.plot([1940, year], [row, row], color="lightgray", linewidth=1, zorder=1)
    ax.plot(year, row, "o", color="tab:blue", zorder=2)
    ax.text(year + 1, row, f"{year}  {what}  ({name}.py)", va="center")
ax.axvspan(1969, 1986, color="moccasin", zorder=0)
title = "Milestones (shaded: from the limits of one layer to backpropagation)"
ax.set(xlabel="year", xlim=(1940, 2058), title=title)
ax.set(ylim=(len(MILESTONES) - 0.5, -0.7), yticks=[], xticks=range(1940, 2030, 10))
plt.show()

# %%
# 1943: a neuron that calculates
# ------------------------------
# Warren McCulloch and Walter Pitts ask how nerve cells can think. Their neuron adds up its inputs,
# which are 0 or 1, and says 1 if the sum reaches a *threshold*. It has no learning: the weights are
# chosen by hand. With the weights 1 and 1:
#
# * the threshold 2 gives AND: only ``1 + 1`` reaches 2;
# * the threshold 1 gives OR: one 1 is enough;
# * a weight -1 and the threshold 0 give NOT.
#
# AND, OR and NOT are enough for every rule that a table of zeros and ones can state. XOR, for
# example, is "OR, and not AND": three neurons in two layers.


def fires(inputs, weights, threshold):
    """The neuron of 1943: 1 if the weighted sum reaches the threshold."""
    return int(np.dot(inputs, weights) >= threshold)


rows = [(0, 0), (0, 1), (1, 0), (1, 1)]
for x1, x2 in rows:
    both = fires((x1, x2), (1, 1), 2)
    either = fires((x1, x2), (1, 1), 1)
    xor = fires((either, both), (1, -1), 1)
    print(f"{x1} {x2}   AND {both}   OR {either}   XOR {xor}")
    assert (both, either, xor) == (x1 & x2, x1 | x2, x1 ^ x2)
assert [fires((x1,), (-1,), 0) for x1 in (0, 1)] == [1, 0]

# %%
# 1958: the perceptron learns
# ---------------------------
# Frank Rosenblatt's *perceptron* finds its weights itself. For each example: if the answer is
# right, do nothing. If it says 0 and should say 1, add the input to the weights; if it says 1 and
# should say 0, subtract it. By hand, from the weights 0, 0 and the bias 0, for the input (1, 1)
# with the target 1: ``z = 0`` is not above 0, so it says 0, which is wrong. The new weights are 1
# and 1, and the bias is 1.
#
# If a straight cut between the classes exists, this rule finds one after finitely many corrections
# (Novikoff, 1962). Here it separates zeros from ones among our digits. (``Perceptron`` of
# ``models/feedforward/neuron.py``.)

neuron = load("neuron")
one_step = neuron.Perceptron(2)
one_step.correct(Tensor([1.0, 1.0]), Tensor(1.0))
assert one_step.w.numpy().tolist() == [1, 1] and one_step.b.numpy().tolist() == [1]

(x_train, y_train), (x_test, y_test) = datasets.digits.load_data()
chosen, tested = y_train < 2, y_test < 2
perceptron = neuron.Perceptron(64)
perceptron.fit(Tensor(x_train[chosen]), Tensor(y_train[chosen].astype("float32")))
said = perceptron(Tensor(x_test[tested])).numpy()
perceptron_accuracy = (said == y_test[tested]).mean()
print("corrections in each epoch:", perceptron.corrections, end="")
print(f"  right on {perceptron_accuracy:.1%} of the test images of 0 and 1")
assert perceptron.corrections[-1] == 0  # an epoch without a mistake
assert perceptron_accuracy > 0.95

# %%
# 1969: the limits of one layer
# -----------------------------
# Marvin Minsky and Seymour Papert study in a book, "Perceptrons", what one layer cannot do. XOR is
# the smallest example (lesson 3). More layers could, but there was no good rule to train them. The
# hopes had been high, and money and interest went elsewhere: the years from about 1974 to 1980 are
# called the first *AI winter*.

_, metrics = neuron.train()
corrections = {}
for task, labels in neuron.TASKS.items():
    learner = neuron.Perceptron(2)
    learner.fit(Tensor(neuron.CORNERS), Tensor(labels), epochs=20)
    corrections[task] = learner.corrections
print("wrong rows of XOR: one layer", metrics["xor_wrong"], end="")
print("  two layers", metrics["xor_two_layers_wrong"])
assert metrics["xor_wrong"] >= 1 and metrics["xor_two_layers_wrong"] == 0
assert corrections["and"][-1] == 0 and corrections["or"][-1] == 0
assert min(corrections["xor"]) > 0 and len(corrections["xor"]) == 20
assert metrics["xor_cycle"] > 0  # the same weights come back, so it goes on like this for ever

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
size = abs(perceptron.w.numpy()).max()
image = left.imshow(perceptron.w.numpy().reshape(8, 8), cmap="coolwarm", vmin=-size, vmax=size)
left.set(title="1958: weights that separate 1 from 0", xlabel="column", ylabel="row")
fig.colorbar(image, ax=left, label="weight")
for (task, counts), style in zip(corrections.items(), ("o-", "s--", "^:")):
    right.plot(range(1, len(counts) + 1), counts, style, label=task.upper())
right.set(xlabel="epoch", ylabel="corrections", xticks=range(1, 21, 3), ylim=(-0.2, 4.6))
right.set_title("1969: on XOR the corrections never end")
right.legend(ncols=3, loc="upper right")
plt.show()

# %%
# In the left picture, blue weights count for 0 and red ones for 1. A one is bright in the middle of
# the image, a zero at its sides.

weights = perceptron.w.numpy().reshape(8, 8)
assert weights[2:6, 3:5].mean() > 0 > weights[3:6, 5:7].mean()

# %%
# 1986: backpropagation
# ---------------------
# The chain rule, from the end to the start, gives the gradient of all layers in one pass. Seppo
# Linnainmaa described this way of computing in 1970, Paul Werbos proposed it for learning in 1974.
# In 1986 David Rumelhart, Geoffrey Hinton and Ronald Williams showed in a short paper (Nature 323)
# that hidden layers learn useful features with it. (``models/feedforward/fnn.py``.)
#
# The central step, in the player
# -------------------------------
# This step has not changed since: forward, loss, backward, update. Only the number of parameters
# has. Here it is for the smallest network that can learn XOR with the activation functions of 1986,
# two sigmoid units and one output. Count its four updates at the end, and compare with the player
# of lesson 4, or of any lesson in this course.

network = minigrad.Sequential(
    [layers.Dense(2, activation="sigmoid", input_shape=(2,)), layers.Dense(1, activation="sigmoid")]
)
network.compile(optimizer="sgd", loss="mse")
corners, xor = np.array(neuron.CORNERS, "float32"), np.array([[0], [1], [1], [0]], "float32")
before = [weight.numpy().copy() for weight in network.weights]
with minigrad.record() as run:
    network.train_on_batch(corners, xor)
run.show()

assert network.count_params() == 2 * 2 + 2 + 2 + 1 == 9
for old, weight in zip(before, network.weights):
    assert not np.array_equal(old, weight.numpy())  # every table has moved

# %%
# 1989 and 1998: one small kernel for the whole image
# ---------------------------------------------------
# Kunihiko Fukushima's Neocognitron (1980) has layers that look at an image through small windows.
# Yann LeCun and others train such layers by backpropagation, to read zip codes (1989) and then
# checks (1998, LeNet-5). The idea is *weight sharing*: the same 5x5 kernel looks at every place.
# Its first layer makes 6 maps of 28x28 numbers of an image of 32x32. By hand::
#
#     convolution:  6 kernels * (5 * 5 weights + 1 bias)                     =       156 parameters
#     dense layer:  28 * 28 * 6 units * (32 * 32 weights + 1 bias)           = 4,821,600 parameters
#
# That is 31 thousand times as many, for the same number of outputs.
# (``models/convolutional/cnn.py`` and ``models/convolutional/lenet.py``.)

lenet = load("lenet")
lenet5 = lenet.lenet5()
shared = lenet5.layers[0].count_params()
dense = 28 * 28 * 6 * (32 * 32 + 1)
print(f"LeNet-5: {lenet5.count_params():,} parameters; C1 has {shared}, a dense layer {dense:,}")
assert shared == 6 * (5 * 5 + 1) == 156
assert dense == 4_821_600 and 30_000 < dense / shared < 32_000
assert lenet5.count_params() == 61_706

# %%
# 1990 to 1997: memory
# --------------------
# A recurrent network (Jeffrey Elman, 1990) reads a sequence and keeps a state. Its gradient comes
# back through every step, and each step multiplies it. Take 100 steps, and a factor a little below
# or above 1::
#
#     0.9 to the power of 100 = 0.000027          1.1 to the power of 100 = 13,781
#
# So the gradient vanishes or explodes (Sepp Hochreiter, 1991; Bengio, Simard and Frasconi, 1994).
# The *LSTM* of Hochreiter and Jürgen Schmidhuber (1997) has a cell whose factor is a gate, between
# 0 and 1, which the network learns. (The original cell always had the factor 1; the forget gate is
# of 2000.) An open gate of 0.99 leaves ``0.99`` to the power of 100, which is 0.37.
#
# We ask minigrad: one unit, 100 steps, an input of zeros, and the slope of the last state for the
# first one. (``models/sequences/diabetes_rnn.py``, and ``models/sequences/adding.py`` for a task
# that needs the memory.)

steps = 100
silence = Tensor(np.zeros((1, steps, 1), "float32"))


def slope_of_rnn(factor):
    """Slope of the last state for the first state of a SimpleRNN with this recurrent weight."""
    rnn = layers.SimpleRNN(1)
    rnn.build_from_shape((steps, 1))
    rnn.set_weights([np.zeros((1, 1)), np.full((1, 1), factor), np.zeros(1)])
    first = Tensor(np.zeros((1, 1), "float32"), requires_grad=True)
    (slope,) = grad(rnn(silence, initial_state=first).sum(), [first])
    return slope.item()


def slope_of_lstm(gate):
    """The same for the cell of an LSTM whose forget gate is always at this value."""
    lstm = layers.LSTM(1, return_state=True)
    lstm.build_from_shape((steps, 1))
    bias = np.array([0, np.log(gate / (1 - gate)), 0, 0])  # input, forget, cell, output
    lstm.set_weights([np.zeros((1, 4)), np.zeros((1, 4)), bias])
    zero = Tensor(np.zeros((1, 1), "float32"))
    cell = Tensor(np.zeros((1, 1), "float32"), requires_grad=True)
    _, _, last = lstm(silence, initial_state=[zero, cell])
    (slope,) = grad(last.sum(), [cell])
    return slope.item()


print(f"after 100 steps: SimpleRNN {slope_of_rnn(0.9):.6f}, LSTM {slope_of_lstm(0.99):.3f}")
assert np.isclose(slope_of_rnn(0.9), 0.9**100, rtol=1e-2)
assert np.isclose(slope_of_rnn(1.1), 1.1**100, rtol=1e-2) and 1.1**100 > 13_000
assert np.isclose(slope_of_lstm(0.99), 0.99**100, rtol=1e-2)
assert slope_of_lstm(0.99) > 10_000 * slope_of_rnn(0.9)

fig, ax = plt.subplots(figsize=(7.5, 4), layout="constrained")
back = np.arange(steps + 1)
for factor, style, label in (
    (1.1, "-", "factor 1.1: explodes"),
    (0.99, "--", "factor 0.99: LSTM with an open gate"),
    (0.9, "-.", "factor 0.9: vanishes"),
    (0.5, ":", "factor 0.5: vanishes at once"),
):
    ax.semilogy(back, factor**back, style, linewidth=2, label=label)
ax.set(xlabel="steps back in time", ylabel="what is left of the gradient", ylim=(1e-12, 1e8))
ax.set_title("1997: why a memory cell needs a factor near 1")
ax.legend(loc="lower right")
plt.show()

# %%
# 2006: deep networks, one layer at a time
# ----------------------------------------
# Networks with many layers were hard to train. Geoffrey Hinton, Simon Osindero and Yee-Whye Teh
# train a *deep belief network* layer by layer: each layer is a *restricted Boltzmann machine*,
# which learns without labels to reproduce what it sees. (Boltzmann machines are of 1985; the energy
# that they use comes from John Hopfield's network of 1982.) The method is hardly used today, but it
# brought people back to deep networks, and made the name "deep learning" known.
#
# Ten epochs are enough to see that it learns: an image goes to 100 hidden units and back. The error
# of always answering the mean image is the number to beat. (``models/generative/rbm.py``.)

rbm = load("rbm")
machine = rbm.fit(rbm.RBM(), x_train, epochs=40 if LONG else 10)
copies = np.asarray(machine.visible(machine.hidden(x_test)))
copy_error = ((copies - x_test) ** 2).mean()
mean_error = ((x_train.mean(0) - x_test) ** 2).mean()
print(f"squared error of the copies {copy_error:.3f}, of the mean image {mean_error:.3f}")
assert copy_error < 0.6 * mean_error

# %%
# 2012: AlexNet
# -------------
# Three things came together: over a million labeled photographs (ImageNet, 2009), graphics cards
# that multiply matrices fast, and ``relu`` and dropout. Alex Krizhevsky, Ilya Sutskever and
# Geoffrey Hinton win the ImageNet contest with 15.3 % errors (counting the five best guesses); the
# next best has 26.2 %. After this, nearly everybody in computer vision changes to networks.
#
# Where are its 61 million parameters? By hand, the first dense layer reads 6 * 6 * 256 = 9216
# numbers with 4096 units: ``9216 * 4096 + 4096 = 37,752,832``. This one layer has 62 % of them.
# (``models/convolutional/alexnet.py``.)

conv_layers = [34_944, 307_456, 885_120, 663_936, 442_624]
dense_layers = [9216 * 4096 + 4096, 4096 * 4096 + 4096, 4096 * 1000 + 1000]
alexnet = load("alexnet").alexnet(227, 1000, original=True)
counts = [layer.count_params() for layer in alexnet.layers if layer.count_params() > 0]
alexnet_size = alexnet.count_params()
del alexnet  # a quarter of a gigabyte
print(f"AlexNet: {alexnet_size:,} parameters, {sum(dense_layers) / alexnet_size:.0%} in 3 layers")
assert counts == conv_layers + dense_layers
assert alexnet_size == 60_965_224
assert 0.61 < dense_layers[0] / alexnet_size < 0.63
assert 0.95 < sum(dense_layers) / alexnet_size < 0.97

# %%
# 2013 and 2014: networks that make images
# ----------------------------------------
# The *variational autoencoder* (Diederik Kingma and Max Welling, 2013) and the *GAN* (Ian
# Goodfellow and others, 2014) learn to make new examples. In a GAN, a generator makes images and a
# discriminator says how likely each one is real. If the generator is perfect, the best the
# discriminator can do is to say 0.5, and its loss is ``-log(0.5) - log(0.5) = 1.386``. So a *good*
# GAN does not bring this loss to zero, which surprises many people who watch their first one.
# (``models/generative/vae.py``, ``models/generative/gan.py``.)

gan = load("gan")
real = np.ones((8, 1), "float32")
undecided = np.full((8, 1), 0.5, "float32")
binary = minigrad.losses.BinaryCrossentropy()
value = float(binary(real, undecided)) + float(binary(0 * real, undecided))
sizes_of_gan = gan.make_generator().count_params(), gan.make_discriminator().count_params()
print(f"loss of an undecided discriminator {value:.3f}; parameters of the GAN {sizes_of_gan}")
assert abs(value - 2 * np.log(2)) < 1e-4
assert sizes_of_gan == (190_272, 164_865)

# %%
# 2014 and 2015: deeper
# ---------------------
# VGG (16 and 19 layers) and GoogLeNet (22) show that depth helps. But with many more layers, a
# plain network becomes worse again, even on its training set. In the *ResNet* of Kaiming He and
# others (2015), which solves this, each block adds its result to its input: ``y = x + F(x)``. The
# derivative is ``1 + F'(x)``, and the 1 lets the gradient pass. With it, 152 layers can be trained.
# The batch normalization of Sergey Ioffe and Christian Szegedy (2015) and the Adam of Kingma and
# Jimmy Ba (2014) belong to the same years.
#
# We build the same 34 layers with and without the additions, and look at the gradient that arrives
# at each block, before any training. (``models/convolutional/resnet.py``, and
# ``models/convolutional/resnet_depth.py`` for this pair; ``models/convolutional/vgg.py`` and
# ``models/convolutional/inception.py``.)

depth_study = load("resnet_depth")
norms = {}
for kind, residual in depth_study.KINDS.items():
    minigrad.seed(0)
    model = depth_study.network(residual)
    norms[kind] = depth_study.gradient_norms(model, x_train[:64].reshape(-1, 8, 8, 1), y_train[:64])
growth = {kind: values[0] / values[-1] for kind, values in norms.items()}
print("gradient at the first block over that at the last:", end="")
print(f" plain {growth['plain']:.0f}, residual {growth['residual']:.0f}")
assert len(norms["plain"]) == 16  # blocks of two layers; with the first and the last layer: 34
assert growth["plain"] > 2 * growth["residual"]

fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
for (kind, values), style in zip(norms.items(), ("s--", "o-")):
    ax.semilogy(range(1, 17), values, style, label=f"{kind}: grows {growth[kind]:.0f} times")
ax.set(xlabel="block", ylabel="norm of the gradient", xticks=range(1, 17))
ax.set_title("2015: the gradient in 34 layers (read from right to left)")
ax.legend()
plt.show()

# %%
# 2017: attention instead of steps
# --------------------------------
# A recurrent network needs 99 steps to bring the first of 100 words to the last. *Attention*
# (Dzmitry Bahdanau, Kyunghyun Cho and Yoshua Bengio, 2014) lets each word look at all others
# directly, in one step, by weights that a softmax makes. The *Transformer* (Ashish Vaswani and
# others, 2017) uses nothing else. By hand: scores of 2, 1 and 0 give the weights 0.665, 0.245 and
# 0.090 (lesson 2), and the result is the weighted mean of the three values. For the values 10, 20
# and 30 that is ``6.65 + 4.89 + 2.70 = 14.25``. (``models/sequences/transformer.py``.)

weights = softmax(Tensor([2.0, 1.0, 0.0]))
attended = (weights * Tensor([10.0, 20.0, 30.0])).sum().item()
print(f"weights {weights}, result {attended:.2f}")
assert abs(attended - 14.25) < 0.02

query = Tensor(np.array([[[1.0]]], "float32"))
keys = Tensor(np.array([[[2.0], [1.0], [0.0]]], "float32"))
values = Tensor(np.array([[[10.0], [20.0], [30.0]]], "float32"))
by_minigrad = minigrad.ops.scaled_dot_product_attention(query, keys, values).numpy().item()
assert abs(by_minigrad - attended) < 1e-3

# %%
# 2018 to 2020: the same block, larger
# ------------------------------------
# BERT (2018) reads a text from both sides, GPT (2018, 2019, 2020) writes it from left to right.
# Both are stacks of Transformer blocks. One block of width ``d`` has four attention tables of ``d *
# d`` and a feed-forward network of ``d * 4d`` and ``4d * d``: together ``12 * d * d`` weights, and
# ``13
# * d`` biases and normalization parameters. For GPT-2 small, ``d = 768``::
#
#     a block:    12 * 768 * 768 + 13 * 768       =   7,087,872
#     12 blocks:                                     85,054,464
#     tokens:     50,257 * 768                    =  38,597,376
#     positions:  1024 * 768                      =     786,432
#     last norm:  2 * 768                         =       1,536
#     together:                                     124,439,808
#
# We test the formula on small networks of the zoo, and then trust it for large ones, which would
# not fit into this lesson. (``models/sequences/bert.py``, ``models/sequences/gpt.py``.)


def gpt_size(vocabulary, positions, width, depth):
    """Parameters of a GPT-2 of any size."""
    block = 12 * width * width + 13 * width
    return vocabulary * width + positions * width + depth * block + 2 * width


for sizes in ((20, 8, 16, 2), (50, 12, 8, 3)):
    vocabulary, positions, width, depth = sizes
    small = load("gpt").GPT(vocabulary, positions, width, depth, heads=4)
    small.build_from_shape((3,))
    assert small.count_params() == gpt_size(*sizes)

gpt_2 = gpt_size(50_257, 1024, 768, 12)
gpt_2_xl = gpt_size(50_257, 1024, 1600, 48)
gpt_3 = gpt_size(50_257, 2048, 12_288, 96)
print(f"GPT-2 small {gpt_2:,}, GPT-2 XL {gpt_2_xl:,}, GPT-3 {gpt_3:,}")
assert gpt_2 == 124_439_808
assert f"{gpt_2:,}" in load("gpt").GPT.__doc__  # the model file says the same
assert abs(gpt_2_xl / 1.5e9 - 1) < 0.05 and abs(gpt_3 / 175e9 - 1) < 0.01

# %%
# GPT-3 (arXiv:2005.14165) was trained on 300 billion tokens. Forward and backward need about 6
# operations for each parameter and each token. That is ``6 * 175e9 * 300e9 = 3.15e23``. A laptop
# that does a hundred billion operations per second would need a hundred thousand years.

operations = 6 * 175e9 * 300e9
laptop_years = operations / 1e11 / (365 * 24 * 3600)
print(f"operations {operations:.2e}, years on a laptop {laptop_years:,.0f}")
assert 90_000 < laptop_years < 110_000

# %%
# Now all sizes in one picture. The vertical axis counts parameters; from one horizontal line to the
# next it is a factor of 100.


def vgg16_size():
    """13 convolutions of 3x3 and 3 dense layers."""
    widths = [3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512]
    convolutions = sum(9 * a * b + b for a, b in zip(widths, widths[1:]))
    return convolutions + 7 * 7 * 512 * 4096 + 4096 + 4096 * 4096 + 4096 + 4096 * 1000 + 1000


resnet50 = load("resnet").resnet50()
resnet_size = sum(weight.size for weight in resnet50.trainable_weights)
del resnet50
transformer_size = 37_000 * 512 + 6 * 3_152_384 + 6 * 4_204_032
assert f"{transformer_size:,}" in load("transformer").__doc__
assert vgg16_size() == 138_357_544 and resnet_size == 25_557_032

SIZES = [
    (1943, "neuron for AND", 3),
    (1958, "perceptron on 8x8 digits", 65),
    (1998, "LeNet-5", lenet5.count_params()),
    (2012, "AlexNet", alexnet_size),
    (2014, "VGG-16", vgg16_size()),
    (2015, "ResNet-50", resnet_size),
    (2017, "Transformer", transformer_size),
    (2019, "GPT-2 XL", gpt_2_xl),
    (2020, "GPT-3", gpt_3),
]
assert perceptron.w.size + perceptron.b.size == 65
doublings = np.log2(gpt_3 / lenet5.count_params())
print(f"1998 to 2020: {doublings:.1f} doublings, one every {22 / doublings:.2f} years")
assert 21 < doublings < 22

fig, ax = plt.subplots(figsize=(9, 5), layout="constrained")
ax.semilogy([year for year, _, _ in SIZES], [size for _, _, size in SIZES], "o", markersize=8)
places = {"VGG-16": (-8, 8), "ResNet-50": (8, -14), "Transformer": (9, -3)}
for year, name, size in SIZES:
    shift = places.get(name, (-8, 6))
    side = "right" if shift[0] < 0 else "left"
    if year < 1960:
        shift, side = (8, 6), "left"
    ax.annotate(name, (year, size), shift, textcoords="offset points", ha=side)
ax.set(xlabel="year", ylabel="parameters", xlim=(1938, 2030), ylim=(1, 1e13))
ax.set_yticks([10.0**power for power in range(0, 13, 2)])
ax.set_title("From 3 parameters to 175 billion")
ax.grid(alpha=0.4)
plt.show()

# %%
# From LeNet-5 to GPT-3, the number of parameters doubled about once a year. But look at ResNet-50
# beside VGG-16: it is younger, better and five times *smaller*. An idea can be worth more than
# size.

assert 5 < vgg16_size() / resnet_size < 6

# %%
# 2020: diffusion
# ---------------
# Jonathan Ho, Ajay Jain and Pieter Abbeel (2020, after Jascha Sohl-Dickstein and others, 2015) make
# images by taking noise away. First noise is added in many small steps: after ``t`` steps, ``x_t =
# sqrt(a) * image + sqrt(1 - a) * noise``, where ``a`` falls from 1 to 0. By hand: for ``a = 0.25``
# the image is halved, and the noise has the factor 0.866. The squares ``0.25 + 0.75`` are 1, so the
# size of the numbers stays the same. A network learns to say which noise was added, and that is all
# that is needed to go back. (``models/generative/diffusion.py``.)

diffusion = load("diffusion")
left_over = diffusion.shares(diffusion.cosine_betas(100))  # a after 0, 1, ..., 100 steps
digit = (2 * x_test[0] - 1).reshape(8, 8)
noise = np.random.default_rng(0).normal(size=(8, 8))
assert left_over[0] == 1 and left_over[-1] < 0.01 and (np.diff(left_over) < 0).all()
assert np.allclose(diffusion.add_noise(digit, noise, 0.25), 0.5 * digit + 0.75**0.5 * noise)

fig, axes = plt.subplots(1, 5, figsize=(10, 2.8), layout="constrained")
for ax, t in zip(axes, (0, 25, 50, 75, 100)):
    noisy = diffusion.add_noise(digit, noise, left_over[t])
    ax.imshow(noisy, cmap="gray", vmin=-1.5, vmax=1.5)
    ax.set(title=f"step {t}, a = {left_over[t]:.2f}", xticks=[], yticks=[])
    ax.set_xlabel("8 x 8 pixels")
fig.suptitle("2020: a digit goes to noise; the network learns the way back")
plt.show()

# %%
# And then
# --------
# * 2016: AlphaGo (a convolutional network, with search) wins 4 of 5 games of Go against Lee Sedol.
# * 2019: the Turing Award of 2018 goes to Yoshua Bengio, Geoffrey Hinton and Yann LeCun.
# * 2021: AlphaFold 2 predicts how proteins fold, with attention.
# * 2022: images from a sentence, by diffusion in the space of an autoencoder (arXiv:2112.10752).
#   In November, ChatGPT: a GPT that was trained further, with answers and ratings by people.
# * 2024: the Nobel Prize in Physics goes to John Hopfield and Geoffrey Hinton; half of that in
#   Chemistry to Demis Hassabis and John Jumper, for AlphaFold.
#
# The networks in this list are made of the parts that you have seen in this course. New are their
# size, their data, and ways of training that go beyond it, such as learning from rewards.
#
# What goes wrong
# ---------------
# **An old recipe is copied without its reasons.** Many courses show LeNet with sigmoids, small
# steps and raw pixels from 0 to 16, because that looks like 1998. (The paper has tanh, and scaled
# pixels.) A sigmoid passes on at most a quarter of the gradient, four layers of them at most ``0.25
# ** 4 = 0.004``. The recipe stays at chance, and no message tells why. The zoo has it beside a
# repaired one:

epochs = 20 if LONG else 4
_, known = lenet.train(recipe="known", epochs=epochs, verbose=0)
_, repaired = lenet.train(recipe="repaired", epochs=epochs, verbose=0)
print(f"accuracy: known recipe {known['accuracy']:.2f}, repaired {repaired['accuracy']:.2f}")
assert known["accuracy"] < 0.2  # chance is 0.1
assert repaired["accuracy"] > 0.8
assert round(0.25**4, 3) == 0.004
assert known["gradient_left_at_C1"] < 0.1 < repaired["gradient_left_at_C1"]

# %%
# **A network of the past gets an image of another size.** LeNet-5 wants 32x32. Our digits have 8x8,
# and after the first convolution and pooling only 2x2 numbers are left:

try:
    lenet5.predict(x_test[:2].reshape(-1, 8, 8, 1), verbose=0)
except ValueError as error:
    message = str(error)
print(textwrap.fill(message, 100))
assert "C3" in message and "larger than the image" in message

# %%
# The message names the layer, C3, and the two sizes that do not fit: its kernel has 5x5 numbers,
# and its image 2x2.
#
# What to remember
# ----------------
# * 1943 to 1969: neurons, a rule that learns, and the limits of one layer.
# * 1986: backpropagation trains hidden layers. The step is still the same.
# * 1989 to 1997: weight sharing for images, gates for memory.
# * 2012 to 2015: data, graphics cards, relu; then shortcuts, for depth.
# * 2014 to 2020: GANs, attention, Transformers, diffusion; and size.
# * Each milestone answers a problem. Ask for the problem, and the idea is easy to remember.
#
# Exercises
# ---------
# 1. A neuron of 1943 with two inputs shall compute NAND ("not both"): 1, 1, 1, 0 for the rows 0 0,
#    0 1, 1 0, 1 1. Write it as ``answer_1 = (w1, w2, threshold)``; it says 1 if ``w1 * x1 + w2 * x2
#    >= threshold``.
# 2. Write ``answer_2(x, y, epochs)``: Rosenblatt's rule in plain NumPy, from zeros. ``x`` is (N,
#    D), ``y`` holds 0 and 1. It says 1 if ``x @ w + b > 0``, and returns ``(w, b)``.
# 3. Write ``answer_3(size, channels, kernel, filters)``: how many *times* more parameters a dense
#    layer has than a convolution (no padding, stride 1, with biases) with as many outputs, for an
#    image of ``size`` x ``size`` x ``channels``. For LeNet's C1, ``answer_3(32, 1, 5, 6)``, it is
#    about 30,908.
# 4. Write ``answer_4(width, depth, vocabulary, positions)``: the parameters of BERT's encoder. Its
#    blocks have the size of GPT's. There are tables for tokens, for positions and for 2 segments,
#    one normalization (2 * width) behind them and none at the end, and a *pooler*: a dense layer of
#    width x width with a bias. For BERT base, ``answer_4(768, 12, 30522, 512)`` is 109,482,240.
# 5. In how many years did the largest network double, on average, from AlexNet (2012, 61 million)
#    to GPT-3 (2020, 175 billion)? Write the number as ``answer_5``.
#
# Write your answers as ``answer_1``, ``answer_2``, ... in a file and run
# ``python -m tutorials 28 --check my_answers.py``. The solutions stand in
# ``tutorials/solutions/28_history.py``.
