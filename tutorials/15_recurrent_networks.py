"""
15. Recurrent networks
======================

So far an input was a row of numbers or an image: all of it was there at once. A sentence, a melody
or the weather of a week come one piece after the other, and their order matters. Such an input
is a *sequence*, and its pieces stand at *time steps* 1, 2, 3, ...

A *recurrent network* reads a sequence one time step at a time. It keeps a few numbers in which it
notes what it has read so far. In this lesson we compute such a network by hand, forward and
backward. We see why it forgets, and how *gates* help it to remember.
"""

import sys
import textwrap

import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import Sequential, Tensor, grad, plots
from minigrad.datasets import adding_problem
from minigrad.layers import GRU, LSTM, Dense, Input, SimpleRNN
from minigrad.optimizers.adam import Adam

LONG = "--long" in sys.argv

# %%
# One step, by hand
# -----------------
# The numbers that the network keeps are its *hidden state*, ``h``. We begin with a state of one
# number, ``h = 0``. At each time step the network takes the new input ``x`` and the old state, and
# makes a new state::
#
#     new h = tanh(w * x + u * h)
#
# ``w`` is the weight of the input. ``u`` is the weight of the old state; a layer with many units
# has a matrix there, which is called the *recurrent kernel*. (There is a bias too; ours is 0.) Take
# ``w = 1``, ``u = 0.5`` and the sequence 0.5, 0.2, -0.3:
#
# * step 1: ``h1 = tanh(1 * 0.5 + 0.5 * 0) = tanh(0.5) = 0.4621``
# * step 2: ``h2 = tanh(1 * 0.2 + 0.5 * 0.4621) = tanh(0.4311) = 0.4062``
# * step 3: ``h3 = tanh(1 * -0.3 + 0.5 * 0.4062) = tanh(-0.0969) = -0.0966``
#
# ``w`` and ``u`` are the *same* at all steps. So two parameters read a sequence of any length.

w, u = 1.0, 0.5
x = [0.5, 0.2, -0.3]


def forward(x, w, u):
    """All states, h[0] = 0 first."""
    h = [0.0]
    for value in x:
        h.append(np.tanh(w * value + u * h[-1]))
    return h


h = forward(x, w, u)
print("states:", np.round(h, 4))
assert np.allclose(h, [0, 0.4621, 0.4062, -0.0966], atol=1e-4)

# %%
# In minigrad, as in Keras, this is the layer ``SimpleRNN``. It reads sequences of the shape (rows,
# time steps, features). ``return_sequences=True`` returns the states of all steps; without it, only
# the last one. ``build`` makes its parameters, for any number of rows (``None``), so that we can
# set them.

rnn = SimpleRNN(1, return_sequences=True)
rnn.build((None, 3, 1))
rnn.set_weights([np.array([[w]]), np.array([[u]]), np.array([0.0])])
sequence = np.array(x).reshape(1, 3, 1)  # one row, three time steps, one feature
states = rnn(sequence)
assert states.shape == (1, 3, 1)
assert np.allclose(states.data[0, :, 0], h[1:], atol=1e-6)

# %%
# Unrolling, and the way back
# ---------------------------
# Write the steps one beside the other, and the network becomes an ordinary one with three layers,
# all of which have the same ``w`` and ``u``. This is called *unrolling*. So the gradient comes as
# always: from the loss back through all steps. Its name is *backpropagation through time*.
#
# Let the target be 0.4 for the last state: ``loss = (h3 - 0.4) ** 2 = 0.2466``.
#
# The gradient for ``h3`` is ``2 * (-0.0966 - 0.4) = -0.9932``. Now each step back does two things.
# First through tanh: times ``1 - h ** 2``. The result, ``d``, goes three ways: times ``x`` it is
# this step's part of the gradient for ``w``; times the old ``h`` it is its part for ``u``; times
# ``u`` it is the gradient for the old state, with which the next step back goes on. ::
#
#     step  gradient for h   times 1 - h ** 2   d        part of w   part of u   times u, onward
#     3     -0.9932          0.9907             -0.9839   0.2952     -0.3997     -0.4920
#     2     -0.4920          0.8350             -0.4108  -0.0822     -0.1898     -0.2054
#     1     -0.2054          0.7864             -0.1615  -0.0808      0
#     sum                                                 0.1323     -0.5895
#
# ``w`` and ``u`` are used three times, so their parts are *added* (lesson 2).


def backward(x, h, u, gradient):
    """The gradients for w and u, and that for the state after each step, the first step first."""
    gradient_w = gradient_u = 0.0
    arriving = []
    for t in range(len(x), 0, -1):
        arriving.insert(0, gradient)
        d = gradient * (1 - h[t] ** 2)
        gradient_w += d * x[t - 1]
        gradient_u += d * h[t - 1]
        gradient = d * u
    return gradient_w, gradient_u, arriving


target = 0.4
gradient_w, gradient_u, arriving = backward(x, h, u, 2 * (h[3] - target))
print(f"gradients: w {gradient_w:.4f}, u {gradient_u:.4f}")
print("for the states:", np.round(arriving, 4))
assert np.allclose([gradient_w, gradient_u], [0.1323, -0.5895], atol=1e-4)
assert np.allclose(arriving, [-0.2054, -0.4920, -0.9932], atol=1e-4)

fig, ax = plt.subplots(figsize=(9, 3.8), layout="constrained")
black = {"arrowstyle": "->", "color": "black"}
red = {
    "arrowstyle": "->",
    "color": "tab:red",
    "linestyle": "--",
    "connectionstyle": "arc3,rad=0.35",
}
boxes = ["h0\n0", *(f"h{t}\n{h[t]:.4f}" for t in (1, 2, 3)), f"loss\n{(h[3] - target) ** 2:.4f}"]
for place, text in enumerate(boxes):
    frame = {"boxstyle": "round", "facecolor": "white"}
    ax.text(2 * place, 1, text, ha="center", va="center", bbox=frame)
for t in (1, 2, 3):
    frame = {"boxstyle": "round", "facecolor": "moccasin"}
    ax.text(2 * t, -0.1, f"x{t} = {x[t - 1]}", ha="center", va="center", bbox=frame)
    ax.annotate("", (2 * t, 0.75), (2 * t, 0.08), arrowprops=black)
    ax.text(2 * t + 0.08, 0.38, "w")
    ax.annotate("", (2 * t - 0.42, 1), (2 * t - 1.58, 1), arrowprops=black)
    ax.text(2 * t - 1, 1.06, "u", ha="center")
    ax.annotate("", (2 * t + 0.1, 1.25), (2 * t + 1.9, 1.25), arrowprops=red)
    ax.text(2 * t + 1, 1.68, f"{arriving[t - 1]:.4f}", color="tab:red", ha="center")
ax.annotate("", (7.58, 1), (6.42, 1), arrowprops=black)
ax.set(xlim=(-0.6, 8.6), ylim=(-0.4, 2.0))
ax.set_title("Unrolled: states forward (black), gradients for the states back (red)")
ax.set_axis_off()
plt.show()

# %%
# Now by minigrad. In the player, look at the recurrent kernel: it goes into three products, one per
# step. On the way back its gradient arrives in three parts, from the last step first, and the parts
# are added.

rnn = SimpleRNN(1)
rnn.build((None, 3, 1))
rnn.set_weights([np.array([[w]]), np.array([[u]]), np.array([0.0])])
with minigrad.record() as run:
    last_state = rnn(sequence)
    loss = ((last_state - target) ** 2).sum()
    loss.backward()
run.show()

# %%
# The numbers are ours.

by_name = {weight.name: weight.grad.item() for weight in rnn.weights}
print(by_name)
assert np.isclose(loss.item(), 0.2466, atol=1e-3)
assert np.isclose(by_name["kernel"], gradient_w, atol=1e-5)
assert np.isclose(by_name["recurrent_kernel"], gradient_u, atol=1e-5)

# %%
# Why the gradient vanishes
# -------------------------
# Look at the gradients for the states again: -0.9932, -0.4920, -0.2054. Each step back multiplies
# by ``u * (1 - h ** 2)``. In the table that was about 0.4 to 0.5. Two steps back, a fifth is left.
# With a factor of 0.45, ``0.45 ** 60`` would be left 60 steps back. That is about ``2e-21``:
# nothing.
#
# It is the vanishing gradient of lesson 9, and here it is worse. There each layer has weights of
# its own. Here the *same* ``u`` is multiplied again and again. If it is below 1, the gradient
# vanishes; if it is above 1, it may explode. We let minigrad measure it: how does the last state
# change with the input of an earlier step? First without tanh, where the answer must be ``u`` to
# the power of the distance.


def gradient_by_distance(u, activation, steps=61):
    """|slope of the last state with the input| for inputs 0, 1, 2, ... steps before the end."""
    layer = SimpleRNN(1, activation=activation)
    layer.build((None, steps, 1))
    layer.set_weights([np.array([[1.0]]), np.array([[u]]), np.array([0.0])])
    inputs = Tensor(np.full((1, steps, 1), 0.5, "float32"), requires_grad=True)
    (slopes,) = grad(layer(inputs).sum(), [inputs])
    return np.abs(slopes.data[0, ::-1, 0])


assert 1e-21 < 0.45**60 < 1e-20 and 0.2 < arriving[0] / arriving[2] < 0.22

distance = np.arange(61)
fig, ax = plt.subplots(figsize=(7.5, 4.2), layout="constrained")
lines = {}
for u_tried, activation, style in (
    (1.1, "linear", "-"),
    (1.0, "linear", "--"),
    (0.9, "linear", "-."),
    (0.5, "linear", ":"),
    (1.1, "tanh", "s-"),
):
    slopes = gradient_by_distance(u_tried, activation)
    lines[u_tried, activation] = slopes
    name = f"u = {u_tried}" + (", with tanh" if activation == "tanh" else "")
    ax.plot(distance, np.where(slopes > 0, slopes, np.nan), style, label=name, markersize=4)
ax.set_yscale("log")
ax.set(
    xlabel="time steps back",
    ylabel="gradient for the input",
    ylim=(1e-20, 1e4),
    title="The same factor, again and again",
)
ax.legend()
ax.grid(alpha=0.4)
plt.show()

for u_tried in (1.1, 1.0, 0.9, 0.5):
    assert np.allclose(lines[u_tried, "linear"], u_tried**distance, rtol=1e-3)
assert lines[1.1, "linear"][60] > 100  # explodes
assert lines[0.5, "linear"][60] < 1e-15  # vanishes
assert lines[1.1, "tanh"][20] < 1e-10  # tanh is flat for large states

# %%
# Only ``u = 1`` passes the gradient on unchanged. And tanh makes it worse: the states come near 1,
# where tanh is flat, and the factor ``1 - h ** 2`` is small. (Bengio, Simard and Frasconi described
# the vanishing in 1994.)
#
# What does it mean for learning? The network still *has* a gradient, but all of it comes from the
# last few steps. What stood at the beginning of the sequence has almost no influence on the
# weights.
#
# LSTM: a second state, and gates
# -------------------------------
# The cure of Hochreiter and Schmidhuber (1997) is called *LSTM*, long short-term memory. It adds a
# second state, the *cell state* ``c``, that goes from step to step with no tanh and no matrix in
# its way::
#
#     new c = f * c + i * g
#     new h = o * tanh(new c)
#
# ``f``, ``i`` and ``o`` are *gates*: numbers between 0 (closed) and 1 (open), made by a sigmoid.
#
# * The *forget gate* ``f`` says how much of the old ``c`` stays. (Gers and others added it in
#   2000.)
# * The *input gate* ``i`` says how much of the new ``g`` comes in. ``g`` is the *candidate*, a
#   tanh.
# * The *output gate* ``o`` says how much is shown.
#
# Each of the four reads the input and the old ``h``, with weights of its own: ``x * its kernel + h
# * its recurrent kernel + its bias``. One step with one unit, ``x = 1``, ``h = 0.5``, ``c = 0.8``::
#
#            kernel   recurrent   bias    sum                            gate
#     i      -1.5      1.0        0.0     -1.5 + 0.5 + 0.0 = -1.0        sigmoid(-1.0) = 0.2689
#     f       0.5      1.0        1.0      0.5 + 0.5 + 1.0 =  2.0        sigmoid(2.0)  = 0.8808
#     g       1.0     -1.0        0.0      1.0 - 0.5 + 0.0 =  0.5        tanh(0.5)     = 0.4621
#     o       0.5     -1.0        0.0      0.5 - 0.5 + 0.0 =  0.0        sigmoid(0.0)  = 0.5
#
# * ``new c = 0.8808 * 0.8 + 0.2689 * 0.4621 = 0.7046 + 0.1243 = 0.8289``
# * ``new h = 0.5 * tanh(0.8289) = 0.5 * 0.6799 = 0.3399``


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def lstm_step(x, h, c, kernel, recurrent, bias):
    """The new h and c of one unit; the three lists hold numbers for i, f, g, o."""
    sums = [x * k + h * r + b for k, r, b in zip(kernel, recurrent, bias)]
    i, f, o = sigmoid(sums[0]), sigmoid(sums[1]), sigmoid(sums[3])
    g = np.tanh(sums[2])
    new_c = f * c + i * g
    return o * np.tanh(new_c), new_c


kernel, recurrent, bias = [-1.5, 0.5, 1.0, 0.5], [1.0, 1.0, -1.0, -1.0], [0.0, 1.0, 0.0, 0.0]
new_h, new_c = lstm_step(1.0, 0.5, 0.8, kernel, recurrent, bias)
print(f"LSTM: c = {new_c:.4f}, h = {new_h:.4f}")
assert np.allclose([new_c, new_h], [0.8289, 0.3399], atol=1e-4)

lstm = LSTM(1, return_state=True)
lstm.build((None, 1, 1))
lstm.set_weights([np.array([kernel]), np.array([recurrent]), np.array(bias)])
old_h, old_c = np.array([[0.5]], "float32"), np.array([[0.8]], "float32")
_, h_tensor, c_tensor = lstm(np.ones((1, 1, 1)), initial_state=[old_h, old_c])
assert np.allclose([c_tensor.item(), h_tensor.item()], [new_c, new_h], atol=1e-6)

# %%
# Now the way back along ``c``. From ``new c = f * c + ...`` the factor of a step is ``f``: no
# weight, no tanh. A forget gate of 0.99 leaves ``0.99 ** 60 = 0.55`` of the gradient after 60
# steps, where ``0.45 ** 60`` was nothing. And the network *learns* when to open its gates. (There
# are other ways back, through ``h`` and the gates. They have factors as before.)
#
# At the start the gates do not help yet. The bias of ``f`` begins at 1, so that ``f`` is near
# ``sigmoid(1) = 0.73``, and ``0.73 ** 60`` is about ``6e-9``. Keep this in mind for the last
# picture.

assert 0.5 < 0.99**60 < 0.6
assert 1e-9 < sigmoid(1) ** 60 < 1e-8
fresh = LSTM(4)
fresh.build((None, 10, 3))
assert fresh.weights[2].data.tolist() == [0] * 4 + [1] * 4 + [0] * 8  # biases of i, f, g, o

# %%
# GRU: the same with less
# -----------------------
# The *GRU*, gated recurrent unit (Cho et al. 2014, arXiv:1406.1078), has one state and two gates::
#
#     new h = z * h + (1 - z) * candidate
#     candidate = tanh(x * kernel + r * (h * recurrent))
#
# * The *update gate* ``z`` says how much of the old state stays. What leaves makes room for the
#   new: one gate does the work of ``f`` and ``i``.
# * The *reset gate* ``r`` says how much of the old state the candidate may read.
#
# (In some books ``z`` and ``1 - z`` change places. It is the same network.) Take ``x = 1``, ``h =
# 0.8``, no biases:
#
# * ``z = sigmoid(1.2 * 1 + 1.0 * 0.8) = sigmoid(2.0) = 0.8808``
# * ``r = sigmoid(0.4 * 1 - 0.5 * 0.8) = sigmoid(0.0) = 0.5``
# * ``candidate = tanh(0.5 * 1 + 0.5 * (0.5 * 0.8)) = tanh(0.7) = 0.6044``
# * ``new h = 0.8808 * 0.8 + 0.1192 * 0.6044 = 0.7046 + 0.0720 = 0.7767``

z = sigmoid(1.2 * 1 + 1.0 * 0.8)
r = sigmoid(0.4 * 1 - 0.5 * 0.8)
candidate = np.tanh(0.5 * 1 + r * (0.5 * 0.8))
gru_by_hand = z * 0.8 + (1 - z) * candidate

gru = GRU(1)
gru.build((None, 1, 1))
gru.set_weights([np.array([[1.2, 0.4, 0.5]]), np.array([[1.0, -0.5, 0.5]]), np.zeros((2, 3))])
gru_by_minigrad = gru(np.ones((1, 1, 1)), initial_state=[np.array([[0.8]], "float32")]).item()
print(f"GRU: {gru_by_hand:.4f} by hand, {gru_by_minigrad:.4f} by minigrad")
assert np.isclose(gru_by_hand, 0.7767, atol=1e-4)
assert np.isclose(gru_by_minigrad, gru_by_hand, atol=1e-6)

# %%
# A task that needs memory
# ------------------------
# The *adding problem* is a test for memory (also of 1997). At each time step come two numbers: a
# number between 0 and 1, and a mark, which is 0 or 1. Exactly two steps are marked, one in each
# half. The target is the sum of the two marked numbers. Everything else must be ignored, and the
# first number must be remembered for dozens of steps.
#
# First a baseline: who always says 1, the mean, has a mean squared error of 1/6, about 0.167.

LENGTH = 100 if LONG else 60
STEPS = 3000 if LONG else 1500
x_test, y_test = adding_problem.load_data(1000, LENGTH, seed=0)
baseline = float(((y_test - 1) ** 2).mean())
marked = np.flatnonzero(x_test[0, :, 1])
print("shape:", x_test.shape, f"  baseline: {baseline:.3f}")
assert len(marked) == 2 and np.isclose(x_test[0, marked, 0].sum(), y_test[0, 0], atol=1e-6)
assert abs(baseline - 1 / 6) < 0.02

# %%
# Each network has 16 units and a Dense layer that turns the last state into the answer. All train
# on the same new sequences at each step. The gradient is clipped (lesson 9), since what does not
# vanish may explode. The rate 0.01 suits LSTM and GRU. For the SimpleRNN we try three rates, to be
# fair.

KINDS = {"SimpleRNN": SimpleRNN, "LSTM": LSTM, "GRU": GRU}
RUNS = [
    ("SimpleRNN", 0.01),
    ("SimpleRNN", 0.003),
    ("SimpleRNN", 0.001),
    ("LSTM", 0.01),
    ("GRU", 0.01),
]
x_train, y_train = adding_problem.load_data(32 * STEPS, LENGTH, seed=1)


def train(kind, learning_rate):
    """The network, its test errors on the way, its gradients by time step before and after."""
    minigrad.seed(0)
    model = Sequential([Input((LENGTH, 2)), KINDS[kind](16), Dense(1)])
    before = plots.compute_time_gradients(model, x_test, y_test)
    model.compile(optimizer=Adam(learning_rate, global_clipnorm=1.0), loss="mse")
    errors = [model.evaluate(x_test, y_test, verbose=0)]
    for step in range(STEPS):
        rows = slice(32 * step, 32 * step + 32)
        model.train_on_batch(x_train[rows], y_train[rows])
        if (step + 1) % 100 == 0:
            errors.append(model.evaluate(x_test, y_test, verbose=0))
    after = plots.compute_time_gradients(model, x_test, y_test)
    return model, errors, before, after


trained = {(kind, rate): train(kind, rate) for kind, rate in RUNS}
for (kind, rate), (model, errors, _, _) in trained.items():
    size = sum(weight.size for weight in model.weights)
    print(f"{kind:9} rate {rate:<5}: {size:4} parameters, error {errors[-1]:.4f}")

fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4.8), layout="constrained")
left.plot(x_test[0, :, 0], color="tab:gray", label="numbers")
left.plot(marked, x_test[0, marked, 0], "o", color="tab:red", markersize=9, label="marked")
left.set(
    xlabel="time step",
    ylabel="number",
    ylim=(0, 1.25),
    title=f"One sequence; the answer is {y_test[0, 0]:.2f}",
)
left.legend(loc="upper right", ncols=2)
looks = [":", "--", "-.", "o-", "s-"]
for (name, (_, errors, _, _)), look in zip(trained.items(), looks):
    steps = 100 * np.arange(len(errors))
    label = f"{name[0]}, rate {name[1]}"
    right.plot(steps, errors, look, label=label, markersize=4)
right.axhline(baseline, color="black", linewidth=1)
right.annotate("always 1", (STEPS * 0.85, baseline * 0.8), va="top")
right.set_yscale("log")
right.set(xlabel="training step", ylabel="mean squared error", title="Who learns to add?")
right.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)
right.grid(alpha=0.4)
plt.show()

error_of = {name: result[1][-1] for name, result in trained.items()}
assert error_of["LSTM", 0.01] < 0.02
assert error_of["GRU", 0.01] < 0.02
assert min(error_of["SimpleRNN", rate] for rate in (0.01, 0.003, 0.001)) > 0.08
answers = trained["SimpleRNN", 0.003][0].predict(x_test, verbose=0)
assert abs(answers.mean() - 1) < 0.15 and answers.std() < 0.6 * y_test.std()

# %%
# LSTM and GRU learn to add. The SimpleRNN stays near the baseline at each of the three rates: it
# has learned to say about 1. (It is not *impossible* for it: on shorter sequences and with more
# training steps it begins to learn.)
#
# Look into the networks: how large is the gradient of the loss for the input of each time step?

fig, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained", sharey=True)
shown = {"SimpleRNN": (0.003, ":"), "LSTM": (0.01, "-"), "GRU": (0.01, "--")}
for ax, place, when in zip(axes, (2, 3), ("before", "after")):
    for kind, (rate, look) in shown.items():
        ax.plot(trained[kind, rate][place], look, linewidth=2, label=kind)
    ax.set_yscale("log")
    ax.set(xlabel="time step", title=f"{when} training")
    ax.grid(alpha=0.4)
    ax.legend(loc="lower right")
axes[0].set_ylabel("norm of the gradient")
plt.show()

for kind in ("LSTM", "GRU"):
    _, _, before, after = trained[kind, 0.01]
    assert before[0] < 1e-3 * before[-1]  # it vanishes at first
    assert after[0] > 0.02 * after[-1]  # and then reaches the first step
_, _, before, after = trained["SimpleRNN", 0.003]
assert before[0] > trained["LSTM", 0.01][2][0] > trained["GRU", 0.01][2][0]
assert after[0] < 0.01 * after[-1]

# %%
# The left picture may surprise you. *Before* training the gates are half closed, and the gradient
# of LSTM and GRU vanishes even faster than that of the SimpleRNN, whose recurrent kernel starts as
# an orthogonal matrix, which changes no length. The advantage of a gate is that it can *learn* to
# stay open. *After* training the gradient of LSTM and GRU is about as large at the first step as at
# the last. That of the SimpleRNN still falls by powers of ten.
#
# What goes wrong
# ---------------
# **The last state goes into a layer that wants a sequence.** Two recurrent layers on top of each
# other: the first must return all its states. If it does not, this happens:

try:
    Sequential([Input((20, 2)), LSTM(8), LSTM(8), Dense(1)])
    message = "no error"
except ValueError as error:
    message = str(error)
print(textwrap.fill(message, 100))
assert "expects sequences" in message and "lstm_1" in message

stack = Sequential([Input((20, 2)), LSTM(8, return_sequences=True), LSTM(8), Dense(1)])
assert stack(np.zeros((5, 20, 2))).shape == (5, 1)

# %%
# **No axis for the features.** A series of plain numbers has the shape (rows, time steps). A
# recurrent layer wants three axes, even if the last one has length 1:

try:
    LSTM(4)(np.zeros((8, 50)))
    message = "no error"
except ValueError as error:
    message = str(error)
print(textwrap.fill(message, 100))
assert "x[..., None]" in message

# %%
# **Two axes exchanged.** The quiet one. 60 time steps of 2 features were meant; 2 time steps of 60
# features are given. Nothing complains. Only the number of parameters tells:

right_way = Sequential([Input((60, 2)), LSTM(16)])
wrong_way = Sequential([Input((2, 60)), LSTM(16)])
sizes = [sum(weight.size for weight in model.weights) for model in (right_way, wrong_way)]
print("parameters:", sizes)
assert sizes == [4 * (16 * (2 + 16) + 16), 4 * (16 * (60 + 16) + 16)] == [1216, 4928]

# %%
# The full study, with three lengths and more units, is ``models/sequences/adding.py``. A network of
# this kind that writes text, one character after the other, is ``models/sequences/char_rnn.py``.
#
# What to remember
# ----------------
# * A recurrent layer uses the same weights at every time step and hands a state on.
# * Unrolled, it is a deep network; its gradients are the sum over the time steps.
# * Each step back multiplies by the same factor: below 1 the gradient vanishes, above 1 it
#   explodes.
# * LSTM and GRU carry a state along a way whose only factor is a gate, and they learn to open it.
# * Shapes: (rows, time steps, features). ``return_sequences=True`` between recurrent layers.
#
# Exercises
# ---------
# 1. A function ``answer_1(x, w, u, b)`` that returns the list of states ``h1, h2, ...`` of one unit
#    with the bias ``b`` for the sequence ``x``, from ``h = 0``.
# 2. A function ``answer_2(x, w, u, target)`` that returns the gradients ``(for w, for u)`` of the
#    loss ``(last h - target) ** 2``, without bias, by backpropagation through time.
# 3. A function ``answer_3(x, h, c, kernel, recurrent, bias)`` that returns the new ``(h, c)`` of an
#    LSTM of one unit. Each list holds four numbers, for i, f, g, o.
# 4. A function ``answer_4(features, units)``: the number of parameters of an LSTM layer.
# 5. A number ``answer_5``: how large must the forget gate be at each step, so that after 100 steps
#    half of the gradient is left? Four digits after the point.
#
# How to check: write your answers as ``answer_1``, ``answer_2``, ... in a file and run
# ``python -m tutorials 15 --check my_answers.py``.
# The solutions stand in ``tutorials/solutions/15_recurrent_networks.py``.
