"""
6. Losses
=========

A network does what its loss rewards, and nothing else. The loss turns all mistakes into one number,
and the slope of that number is what moves the parameters. So two networks with equal layers and
equal data learn different things if their losses differ.

This lesson computes the usual losses by hand: three for numbers (MSE, MAE, Huber) and three for
classes (binary, categorical and sparse categorical cross-entropy). At each loss we ask the same two
questions. What does a mistake cost? And how hard does the slope pull?
"""

import math
import textwrap
import warnings

import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import Sequential, Tensor, grad, losses
from minigrad.layers import Dense
from minigrad.optimizers.sgd import SGD

minigrad.set_floatx("float64")  # 16 digits, because we compare numbers closely
minigrad.seed(0)

# %%
# Squared or absolute?
# --------------------
# A model shall predict four numbers. The right ones are ``y``, and it says ``p``:
#
# ====  ====  =========  =============  ==============
# y     p     p - y      squared        absolute
# ====  ====  =========  =============  ==============
# 1     0.9   -0.1       0.01           0.1
# 0     0.2   0.2        0.04           0.2
# 1     0.8   -0.2       0.04           0.2
# 0     0.3   0.3        0.09           0.3
# ====  ====  =========  =============  ==============
#
# The *mean squared error* (MSE) is the mean of the fourth column, ``0.18 / 4 = 0.045``. The *mean
# absolute error* (MAE) is the mean of the last one, ``0.8 / 4 = 0.2``.

y, p = [1, 0, 1, 0], [0.9, 0.2, 0.8, 0.3]
squared, absolute = 0.0, 0.0
for right, said in zip(y, p):
    error = said - right
    squared += error**2
    absolute += abs(error)
print(f"MSE {squared / 4:.3f}   MAE {absolute / 4:.1f}")
assert math.isclose(squared / 4, 0.045) and math.isclose(absolute / 4, 0.2)

assert math.isclose(losses.mean_squared_error(y, p).item(), 0.045)
assert math.isclose(losses.mean_absolute_error(y, p).item(), 0.2)

# %%
# Huber: both in one
# ------------------
# The square makes large errors very expensive: an error of 10 costs 100. Peter Huber proposed in
# 1964 a loss that is a square for small errors, and a straight line for large ones. The border is a
# number ``delta``. With ``d`` for the size of the error:
#
# * ``d * d / 2`` if d is at most delta
# * ``delta * d - delta * delta / 2`` if d is larger
#
# With ``delta = 1`` and four other numbers:
#
# ====  =====  =====  ==================  ========
# y     p      d      which part          cost
# ====  =====  =====  ==================  ========
# 1     0.5    0.5    0.5 * 0.5 / 2       0.125
# 0     2      2      2 - 0.5             1.5
# -1    -1.2   0.2    0.2 * 0.2 / 2       0.02
# 3     0      3      3 - 0.5             2.5
# ====  =====  =====  ==================  ========
#
# The mean is ``4.145 / 4 = 1.03625``.


def huber(y, p, delta=1.0):
    """The Huber loss of one prediction."""
    d = abs(p - y)
    if d <= delta:
        return d * d / 2
    return delta * d - delta * delta / 2


y_huber, p_huber = [1, 0, -1, 3], [0.5, 2, -1.2, 0]
costs = [huber(right, said) for right, said in zip(y_huber, p_huber)]
print("Huber:", [round(cost, 3) for cost in costs], "  mean:", round(sum(costs) / 4, 5))
assert np.allclose(costs, [0.125, 1.5, 0.02, 2.5])
assert math.isclose(sum(costs) / 4, 1.03625)
assert math.isclose(losses.huber(y_huber, p_huber, delta=1.0).item(), 1.03625)

# %%
# What the slope does
# -------------------
# The slope of the loss for the prediction says how hard the prediction is pulled:
#
# =======  ==============  =====  =====
# error    squared error   MAE    Huber
# =======  ==============  =====  =====
# 0.5      1               1      0.5
# 2        4               1      1
# 10       20              1      1
# =======  ==============  =====  =====
#
# With the square, one example that is off by 10 pulls ten times as hard as one that is off by 1.
# With the absolute error, all pull with the same strength, even when they are almost right. Huber
# pulls gently near 0, and never harder than ``delta``.

regression = {
    "squared error": losses.mean_squared_error,
    "MAE": losses.mean_absolute_error,
    "Huber": losses.huber,
}
pull_by_hand = {"squared error": [1, 4, 20], "MAE": [1, 1, 1], "Huber": [0.5, 1, 1]}
errors = np.linspace(-4, 4, 161)
curves = {}
for name, loss in regression.items():
    said = Tensor([[0.5], [2.0], [10.0]], requires_grad=True)  # the right answers are 0
    (pull,) = grad(loss(np.zeros((3, 1)), said).sum(), [said])
    assert np.allclose(pull.data.ravel(), pull_by_hand[name])

    said = Tensor(errors[:, None], requires_grad=True)
    cost = loss(np.zeros((161, 1)), said)
    (pull,) = grad(cost.sum(), [said])
    curves[name] = cost.data, pull.data.ravel()

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
for (name, (cost, pull)), style in zip(curves.items(), ("-", "--", ":")):
    left.plot(errors, cost, style, linewidth=2.5, label=name)
    right.plot(errors, pull, style, linewidth=2.5, label=name)
left.set(xlabel="error p - y", ylabel="cost", ylim=(0, 8), title="What an error costs")
right.set(xlabel="error p - y", ylabel="slope", ylim=(-5, 5), title="How hard it pulls")
left.legend()
plt.show()

# %%
# One wrong number
# ----------------
# Five people tell how many kilometers they walk to work: 1, 2, 2.5, 4, and 90. (The last one meant
# 9.0.) Which single number ``c`` describes them best? It depends on the loss.
#
# * MSE is smallest where the pulls cancel: at the mean, ``99.5 / 5 = 19.9``.
# * MAE is smallest where as many pull up as down: at the *median*, the number in the middle, 2.5.
# * Huber with ``delta = 1``: at 2.75. There the pulls are ``1 + 0.75 + 0.25 - 1 - 1 = 0``.
#
# A number that lies far away from all others, such as 90, is called an *outlier*. The MSE follows
# it. The other two hardly notice.

walks = np.array([1, 2, 2.5, 4, 90])
candidates = np.arange(0, 30.0001, 0.05)
best = {}
fig, axes = plt.subplots(1, 3, figsize=(10, 3.2), layout="constrained")
for ax, (name, loss) in zip(axes, regression.items()):
    cost = [loss(walks, np.full(5, c)).item() for c in candidates]
    best[name] = candidates[np.argmin(cost)]
    ax.plot(candidates, cost, linewidth=2)
    ax.plot(best[name], min(cost), "o", color="tab:red")
    ax.set(title=f"{name}: best c = {best[name]:.2f}", xlabel="c", ylabel="mean loss")
plt.show()

print({name: round(float(c), 2) for name, c in best.items()})
assert abs(best["squared error"] - 19.9) < 0.06
assert abs(best["MAE"] - 2.5) < 0.06
assert abs(best["Huber"] - 2.75) < 0.06
assert math.isclose(walks.mean(), 19.9) and np.median(walks) == 2.5

# %%
# The same happens when a line is fitted to points. Ten points lie on ``y = 2 * x + 1``, but one of
# them has been typed wrongly. One Dense layer with one unit learns the line, three times.

x = np.linspace(0, 1, 10)[:, None]  # (10, 1)
true_line = 2 * x + 1
y_line = true_line.copy()
y_line[7] = 9.0

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(x, y_line, "ko", label="points")
slopes = {}
for name, style in (("mse", "-"), ("mae", "--"), ("huber", ":")):
    line = Sequential([Dense(1, input_shape=(1,))])
    line.set_weights([np.zeros((1, 1)), np.zeros(1)])
    line.compile(optimizer=SGD(0.1), loss=name)
    line.fit(x, y_line, batch_size=10, epochs=1500, verbose=0)
    slopes[name] = line.get_weights()[0].item()
    ax.plot(x, line.predict(x, verbose=0), style, linewidth=2, label=f"{name}: {slopes[name]:.1f}")
ax.annotate("typed wrongly", (x[7, 0], 9), (0.5, 7.5), arrowprops={"arrowstyle": "->"})
ax.set(xlabel="x", ylabel="y", title="One outlier, three losses")
ax.legend(title="slope of the line")
plt.show()

print({name: round(slope, 2) for name, slope in slopes.items()}, "  right: 2")
assert slopes["mse"] > 3 and abs(slopes["mae"] - 2) < 0.2 and abs(slopes["huber"] - 2) < 0.6

# %%
# Two classes: binary cross-entropy
# ---------------------------------
# Now ``y`` is a class, 0 or 1, and ``p`` is the probability that the model gives to class 1. Take
# ``y`` and ``p`` of the first table again. How probable are all four right answers together? The
# model gives 0.9 to the first, ``1 - 0.2 = 0.8`` to the second, 0.8 to the third, 0.7 to the last::
#
#     0.9 * 0.8 * 0.8 * 0.7 = 0.4032
#
# This product is called the *likelihood* of the model. A good model has a large one. With a million
# examples the product would be too small for a computer, so we take the logarithm, which turns the
# product into a sum. With a minus, small is good. With the mean, the number of examples does not
# matter::
#
#     (-log 0.9  -log 0.8  -log 0.8  -log 0.7) / 4
#         = (0.10536 + 0.22314 + 0.22314 + 0.35667) / 4 = 0.22708
#
# This is the *binary cross-entropy*. In one formula, for one example::
#
#     -(y * log(p) + (1 - y) * log(1 - p))
#
# One of the two parts is always 0, because ``y`` is 0 or 1.

total, likelihood = 0.0, 1.0
for right, said in zip(y, p):
    total += -(right * math.log(said) + (1 - right) * math.log(1 - said))
    likelihood *= said if right == 1 else 1 - said
print(f"binary cross-entropy {total / 4:.5f}, likelihood {likelihood:.4f}")
assert abs(total / 4 - 0.22708) < 5e-6
assert math.isclose(likelihood, 0.4032)
assert math.isclose(-math.log(likelihood) / 4, total / 4)
assert math.isclose(losses.binary_crossentropy(y, p).item(), total / 4, rel_tol=1e-6)

# %%
# Many classes: categorical and sparse
# ------------------------------------
# With three classes the model gives three probabilities per example. Only the one of the right
# class counts (lesson 4):
#
# ==================  ==============  ==================
# probabilities       right class     -log
# ==================  ==============  ==================
# 0.7, 0.2, 0.1       0               -log 0.7 = 0.35667
# 0.1, 0.8, 0.1       1               -log 0.8 = 0.22314
# 0.2, 0.3, 0.5       2               -log 0.5 = 0.69315
# ==================  ==============  ==================
#
# The mean is ``1.27297 / 3 = 0.42432``. There are two names for it, because labels are written in
# two ways. ``categorical_crossentropy`` takes one-hot rows, such as 0, 1, 0. It computes ``-sum(y *
# log(p))``. ``sparse_categorical_crossentropy`` takes class numbers, such as 1. They are the same
# loss.

probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.3, 0.5]])
one_hot, labels = np.eye(3), np.array([0, 1, 2])
by_formula = -(one_hot * np.log(probabilities)).sum(axis=1).mean()
by_picking = -np.log(probabilities[np.arange(3), labels]).mean()
print(f"categorical cross-entropy {by_formula:.5f}")
assert abs(by_formula - 0.42432) < 5e-6 and math.isclose(by_formula, by_picking)

categorical = losses.categorical_crossentropy(one_hot, probabilities).mean().item()
sparse = losses.sparse_categorical_crossentropy(labels, probabilities).mean().item()
assert math.isclose(categorical, by_formula, rel_tol=1e-6)
assert math.isclose(sparse, by_formula, rel_tol=1e-6)

# %%
# Why not MSE for classes?
# ------------------------
# One could also take the squared error of the probability: ``(p - y) ** 2``. It is small when the
# answer is right. But look at its slope. The model ends in a sigmoid, ``p = sigmoid(z)``, and ``z``
# is what the parameters change. (``z`` is the *logit*, lesson 4.) Say the right class is 1, and the
# model is sure of 0: ``z = -6``, so ``p = 0.0025``. The worst kind of mistake.
#
# * Squared error: slope ``2 * (p - y) * p * (1 - p)``. That is
#   ``2 * (-0.9975) * 0.0025 * 0.9975 = -0.0049``. The sigmoid is saturated (lesson 5), and almost
#   nothing passes.
# * Cross-entropy: the slope of ``-log(p)`` is ``-1 / p``. Times the slope of the sigmoid, ``p * (1
#   - p)``, it is ``-(1 - p) = p - y``. That is ``-0.9975``. The small factor ``p`` has been divided
#   away.
#
# The cross-entropy pulls about 200 times as hard.

z = Tensor(-6.0, requires_grad=True)
p = minigrad.sigmoid(z)
(pull_squared,) = grad((p - 1) ** 2, [z])
(pull_entropy,) = grad(-minigrad.log(minigrad.sigmoid(z)), [z])
print(f"slopes at z = -6: squared error {pull_squared.item():.4f}, ", end="")
print(f"cross-entropy {pull_entropy.item():.4f}")
assert abs(pull_squared.item() + 0.0049) < 5e-5
assert abs(pull_entropy.item() + 0.9975) < 5e-5
assert 180 < pull_entropy.item() / pull_squared.item() < 220

zs = np.linspace(-8, 4, 241)
ps = 1 / (1 + np.exp(-zs))
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
left.plot(zs, -np.log(ps), "-", linewidth=2, label="cross-entropy")
left.plot(zs, (ps - 1) ** 2, "--", linewidth=2, label="squared error")
left.set(xlabel="logit z", ylabel="loss", title="The right class is 1")
right.plot(zs, ps - 1, "-", linewidth=2, label="cross-entropy")
right.plot(zs, 2 * (ps - 1) * ps * (1 - ps), "--", linewidth=2, label="squared error")
right.set(xlabel="logit z", ylabel="slope", title="How hard it pulls")
left.legend()
plt.show()

# %%
# On the left side of each picture the model is sure and wrong. There the squared error is flat,
# near 1, and its slope is almost 0. A model that begins there hardly gets out. We let both walk,
# from ``z = -6`` with learning rate 1, until ``p`` is above one half.

steps_needed, paths = {}, {}
for name in ("cross-entropy", "squared error"):
    z, path = -6.0, []
    while z <= 0:
        p = 1 / (1 + math.exp(-z))
        path.append(p)
        slope = p - 1 if name == "cross-entropy" else 2 * (p - 1) * p * (1 - p)
        z = z - slope
    path.append(1 / (1 + math.exp(-z)))
    steps_needed[name], paths[name] = len(path) - 1, path
print("steps until p is above one half:", steps_needed)
assert steps_needed["cross-entropy"] < 10 and steps_needed["squared error"] > 150

fig, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
ax.plot(paths["cross-entropy"], "o-", markersize=4, label="cross-entropy")
ax.plot(paths["squared error"], "--", label="squared error")
ax.set(xlabel="step", ylabel="probability p of the right class", title="From sure and wrong")
ax.legend(loc="center")
plt.show()

# %%
# Logits or probabilities?
# ------------------------
# The last layer may give probabilities (``activation="softmax"``), or it may give logits (no
# activation) and leave the softmax to the loss: ``from_logits=True``. In mathematics both are the
# same. In a computer the second is more exact. For logits 2, 1, 0 and the right class 0, by hand::
#
#     exp:       7.389   2.718   1.000     together 11.107
#     softmax:   0.665   0.245   0.090
#     loss:      -log(0.665) = 0.4076
#
# The shorter way needs no division: ``log(11.107) - 2 = 2.4076 - 2 = 0.4076``. It is the logarithm
# of the sum, minus the right logit.

logits = np.array([[2.0, 1.0, 0.0]])
total = np.exp(logits).sum()
long_way = -np.log(np.exp(logits[0, 0]) / total)
short_way = np.log(total) - logits[0, 0]
print(f"long way {long_way:.4f}, short way {short_way:.4f}")
assert abs(total - 11.107) < 5e-4 and abs(short_way - 0.4076) < 5e-5
assert math.isclose(long_way, short_way)
from_logits = losses.sparse_categorical_crossentropy([0], logits, from_logits=True)
assert math.isclose(from_logits.item(), short_way)

# %%
# Now logits 1000 and 0, and the right class is 1. The true loss is 1000. But ``exp(1000)`` is too
# large for a computer: it becomes ``inf``, infinite, and ``inf / inf`` is ``nan``, "not a number".
# One ``nan`` in the loss spoils all parameters in the next step. The cure: subtract the largest
# logit first. The softmax does not change, and ``exp(0)`` is 1.

large = np.array([1000.0, 0.0])
with np.errstate(all="ignore"):
    naive = np.exp(large) / np.exp(large).sum()
shifted = large - large.max()
careful = np.log(np.exp(shifted).sum()) - shifted[1]
library = losses.sparse_categorical_crossentropy([1], large[None], from_logits=True)
print("naive softmax:", naive, "  careful loss:", careful, "  minigrad:", library.item())
assert np.isnan(naive[0]) and careful == 1000
assert math.isclose(library.item(), 1000)

# %%
# A loss that gets probabilities cannot know 1000. It only sees 0 and 1, and ``log(0)`` is minus
# infinity. So, as in Keras, probabilities are first pushed into 0.0000001 to 0.9999999, and the
# loss is at most ``-log(0.0000001) = 16.118``. If the probabilities come directly out of a
# ``softmax`` or ``sigmoid`` of minigrad, the loss remembers the logits and uses those.

blind = losses.sparse_categorical_crossentropy([1], np.array([[1.0, 0.0]])).item()
remembered = losses.sparse_categorical_crossentropy([1], minigrad.softmax(Tensor(large[None])))
print(f"from the numbers 1 and 0: {blind:.3f}, from softmax: {remembered.item():.0f}")
assert abs(blind - 16.118) < 0.001
assert math.isclose(remembered.item(), 1000)

# %%
# Step through it
# ---------------
# One training step with cross-entropy: two examples with two features each, three classes. Look at
# the gradient that reaches the logits. In each row it is softmax minus one-hot (lesson 4), divided
# by 2, because the loss is the mean over two rows. The right class has the only negative number.

features = Tensor([[1.0, 2.0], [0.5, -1.0]])
classes = np.array([2, 0])
kernel = Tensor([[0.1, 0.2, -0.1], [0.3, 0.0, 0.2]], requires_grad=True)
bias = Tensor([0.0, 0.0, 0.0], requires_grad=True)
optimizer = SGD(0.5)

with minigrad.record() as run:
    logits = features @ kernel + bias
    loss = losses.sparse_categorical_crossentropy(classes, logits, from_logits=True).mean()
    loss.backward()
    optimizer.apply([kernel.grad, bias.grad], [kernel, bias])
run.show()

at_logits = (minigrad.softmax(Tensor(logits.data)).data - np.eye(3)[classes]) / 2
assert np.allclose(kernel.grad, features.data.T @ at_logits)
assert np.allclose(bias.grad, at_logits.sum(axis=0))
assert ((at_logits < 0) == np.eye(3)[classes].astype(bool)).all()

# %%
# What goes wrong
# ---------------
# Logits for a loss that expects probabilities. Somebody forgets the sigmoid of the last layer, or
# ``from_logits=True``. The logits 8, -7 and -3 are cut to 0.9999999 and 0.0000001. Outside of that
# range nothing changes when a logit changes, so the gradient is exactly 0, and nothing is learned.
# minigrad warns. This mistake stands in a well-known program that generates digits: a loss can stop
# at 16.118 there, and then nothing changes any more.

wrong_logits = Tensor([[8.0], [-7.0], [-3.0]], requires_grad=True)
targets = np.array([[0.0], [1.0], [1.0]])  # all three answers are wrong
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    cut = losses.binary_crossentropy(targets, wrong_logits)
message = str(caught[0].message)
(nothing,) = grad(cut.sum(), [wrong_logits])
print(textwrap.fill("UserWarning: " + message, 100))
print("losses:", cut.data.round(3), "  gradient:", nothing.data.ravel())
assert "outside of 0..1" in message and "from_logits=True" in message
assert np.allclose(cut.data, 16.118, atol=0.001) and (nothing.data == 0).all()

good = losses.binary_crossentropy(targets, wrong_logits, from_logits=True)
(pull,) = grad(good.sum(), [wrong_logits])
print("with from_logits=True:", good.data.round(3), "  gradient:", pull.data.ravel().round(3))
assert (abs(pull.data) > 0.9).all()

# %%
# The wrong one of the two twins. Class numbers do not fit ``categorical_crossentropy``:

try:
    losses.categorical_crossentropy(labels, probabilities)
except ValueError as error:
    message = str(error)
print(textwrap.fill("ValueError: " + message, 100))
assert 'belong to the loss "sparse_categorical_crossentropy"' in message

# %%
# Which loss for which task
# -------------------------
# ========================  =========================  ===================================
# task                      last layer                 loss
# ========================  =========================  ===================================
# a number                  ``Dense(1)``               ``mse``; ``huber`` with outliers
# yes or no                 ``Dense(1, "sigmoid")``    ``binary_crossentropy``
# one of 10, labels 0..9    ``Dense(10, "softmax")``   ``sparse_categorical_crossentropy``
# one of 10, one-hot        ``Dense(10, "softmax")``   ``categorical_crossentropy``
# several of 10 at once     ``Dense(10, "sigmoid")``   ``binary_crossentropy``
# ========================  =========================  ===================================
#
# The network in ``models/feedforward/simple_nn.py`` uses the third row.
# ``models/study/training_study.py`` draws more losses, among them hinge and contrastive.
# ``models/generative/dcgan.py`` repairs the program with the forgotten sigmoid (lesson 22).
#
# What to remember
# ----------------
# * The loss decides what is learned. Its slope decides how hard each mistake pulls.
# * MSE leads to the mean, and follows outliers; MAE leads to the median; Huber lies between.
# * Cross-entropy is ``-log`` of the probability of the right answer.
# * For classes, MSE pulls least where the model is most wrong. Cross-entropy pulls with ``p - y``.
# * Either softmax in the model, or ``from_logits=True``. Not both, and not neither.
#
# Exercises
# ---------
# 1. Write ``answer_1(y, p, delta)``: the mean Huber loss of two lists.
# 2. Write ``answer_2(z, y)``: the mean binary cross-entropy of a list of logits ``z`` and labels
#    ``y``. It must be right for ``z = 1000`` and ``z = -1000`` too. (Hint: the loss of one example
#    is ``max(z, 0) - z * y + log(1 + exp(-abs(z)))``. Check this with the formula of the lesson.)
# 3. A network with 1000 classes knows nothing: it gives every class the same probability. What is
#    its cross-entropy? ``answer_3`` is a number.
# 4. Write ``answer_4(logits, labels)``: the gradient of the mean cross-entropy for the logits, an
#    array (N, classes), with NumPy alone.
# 5. Write ``answer_5(y)``: one number ``c`` for which the mean of ``abs(y - c)`` is smallest.
#
# Write your answers as ``answer_1``, ``answer_2``, ... in a file and run
# ``python -m tutorials 6 --check my_answers.py``. The solutions stand in
# ``tutorials/solutions/06_losses.py``.
