"""
25. Search
==========

A network learns its parameters. Nobody learns the numbers that *we* choose before: the learning
rate, the number of neurons, the dropout rate. These hyperparameters (lesson 8) are found by trying.
This lesson is about how to try: where to look, how to spend little, and how not to be fooled by the
result. The last point is the important one. Whoever tries often enough finds a number that is only
lucky.

You need lessons 4, 8 and 10. With ``--long`` the search has more trials.
"""

import math
import sys
import textwrap
import warnings

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import loguniform
from sklearn.datasets import load_digits
from sklearn.model_selection import ParameterGrid, ParameterSampler, train_test_split

import minigrad
from minigrad import Sequential
from minigrad.layers import Dense, Dropout
from minigrad.optimizers import SGD, Adam

LONG = "--long" in sys.argv

# %%
# Nine trials by hand
# -------------------
# A *trial* is one choice of all hyperparameters together with the score that it gets. Here is a toy
# with two hyperparameters ``a`` and ``b`` between 0 and 1, and a score that we can compute at once.
# Smaller is better::
#
#     score = (a - 0.37) ** 2 + 0.01 * (b - 0.8) ** 2
#
# The best place is (0.37, 0.8). Notice the factor 0.01: ``b`` hardly matters. We do not know that
# when we begin, and we can pay for nine trials.
#
# *Grid search* takes three values for each, 0.1, 0.5 and 0.9, and tries all pairs. The nearest pair
# is (0.5, 0.9)::
#
#     score = 0.13 ** 2 + 0.01 * 0.1 ** 2 = 0.0169 + 0.0001 = 0.017
#
# Count the values of ``a`` that were tried: three. The other six trials only repeat them with
# another ``b``.
#
# *Random search* draws each trial by chance, so nine trials have nine different values of ``a``.
# The grid came as near as 0.13. The values nearer than that are an interval of length 0.26. One
# draw misses it with probability 0.74, and all nine miss it with probability ``0.74 ** 9 = 0.067``.
# So in 93 of 100 random searches, some trial has a better ``a`` than the grid.


def score(a, b):
    return (a - 0.37) ** 2 + 0.01 * (b - 0.8) ** 2


grid = list(ParameterGrid({"a": [0.1, 0.5, 0.9], "b": [0.1, 0.5, 0.9]}))
best_of_grid = min(grid, key=lambda trial: score(**trial))
assert len(grid) == 9 and best_of_grid == {"a": 0.5, "b": 0.9}
assert math.isclose(score(**best_of_grid), 0.017)

chance = np.random.default_rng(0)
searches = chance.uniform(size=(10_000, 9, 2))  # 10 000 random searches of nine trials
nearest = np.abs(searches[:, :, 0] - 0.37).min(axis=1)
share = np.mean(nearest < 0.13)
print(f"by hand 1 - 0.74 ** 9 = {1 - 0.74**9:.3f}, in 10 000 searches {share:.3f}")
assert abs(share - (1 - 0.74**9)) < 0.01
beaten = np.mean(score(searches[:, :, 0], searches[:, :, 1]).min(axis=1) < 0.017)
print(f"random search has the better score in {beaten:.0%} of them")
assert beaten > 0.85

fig, axes = plt.subplots(1, 2, figsize=(10, 4.6), layout="constrained", sharey=True)
grid_points = np.array([[trial["a"], trial["b"]] for trial in grid])
across, up = np.meshgrid(np.linspace(0, 1, 101), np.linspace(0, 1, 101))
for ax, points, name in zip(axes, (grid_points, searches[1]), ("Grid", "Random")):
    ax.contourf(across, up, score(across, up), levels=20, cmap="Greys")
    ax.plot(*points.T, "o", color="tab:orange", markeredgecolor="black", ms=9, clip_on=False)
    ax.plot(0.37, 0.8, "*", color="gold", markeredgecolor="black", markersize=18)
    for a in points[:, 0]:
        ax.axvline(a, color="tab:orange", ymax=0.06, linewidth=3)
    values = len(np.unique(points[:, 0]))
    ax.set(title=f"{name}: 9 trials, {values} values of a", xlabel="a", xlim=(0, 1), ylim=(0, 1))
axes[0].set_ylabel("b")
plt.show()

assert len(np.unique(grid_points[:, 0])) == 3 and len(np.unique(searches[1, :, 0])) == 9

# %%
# The star is the best place, and the lines at the bottom are the values of ``a`` that were tried.
#
# Is random search always better? No. We let chance choose the best place, 5000 times, and give both
# 16 trials (the grid is 4 times 4). If only one hyperparameter matters, random search comes nearer.
# If both matter equally, the grid does, because chance leaves holes. Bergstra and Bengio (2012)
# found that on most data sets a few hyperparameters matter much more than the others, and not
# always the same ones. That is why random search is the usual choice.

places = chance.uniform(size=(5000, 1, 2))
ticks = (np.arange(4) + 0.5) / 4
even = np.array([[a, b] for a in ticks for b in ticks])
drawn = chance.uniform(size=(5000, 16, 2))


def mean_score(trials, weight_of_b):
    """The best score of each search, and of these the mean."""
    squares = (trials - places) ** 2
    return (squares[:, :, 0] + weight_of_b * squares[:, :, 1]).min(axis=1).mean()


for weight_of_b in (0.0, 1.0):
    of_grid, of_chance = mean_score(even[None], weight_of_b), mean_score(drawn, weight_of_b)
    print(f"b counts {weight_of_b}: grid {of_grid:.4f}, random {of_chance:.4f}")
assert mean_score(drawn, 0.0) < 0.8 * mean_score(even[None], 0.0)
assert mean_score(even[None], 1.0) < 0.8 * mean_score(drawn, 1.0)

# %%
# How many trials? Say that a tenth of all choices is good enough. One draw misses it with
# probability 0.9, and 22 draws all miss it with ``0.9 ** 22 = 0.098``. So 22 trials are enough in 9
# of 10 cases, whether there are two hyperparameters or twenty. A grid with three values for each of
# twenty would need ``3 ** 20`` trials, more than three billion.

assert 0.9**22 < 0.1 < 0.9**21
assert 3**20 > 3e9

# %%
# Rates: draw the exponent
# ------------------------
# A learning rate could lie anywhere between 0.0001 and 1. If we draw it evenly from there, nine of
# ten draws are above 0.1, and 99 of 100 above 0.01. Almost all trials would go to rates that are
# too large. What matters for a rate is the *factor*: from 0.001 to 0.01 is as far as from 0.01 to
# 0.1. So we draw the exponent::
#
#     rate = 10 ** u, with u evenly from -4 to 0
#
# For u = -2.5 it is 0.00316. Each of the four powers of ten gets a quarter of the draws. This is
# the *log-uniform* distribution: the logarithm is what is drawn evenly. SciPy has it as
# ``loguniform``.

plain = chance.uniform(0.0001, 1, 10_000)
exponents = chance.uniform(-4, 0, 10_000)
assert math.isclose(10**-2.5, 0.00316, rel_tol=1e-2)
assert np.mean(plain > 0.1) > 0.88 and np.mean(plain > 0.01) > 0.98
for low in (-4, -3, -2, -1):
    quarter = np.mean((exponents >= low) & (exponents < low + 1))
    assert abs(quarter - 0.25) < 0.02
    assert math.isclose(loguniform(1e-4, 1).cdf(10.0 ** (low + 1)), (low + 5) / 4)

# %%
# A search on the digits
# ----------------------
# Now a real one. The digits are cut into three parts: 300 images to train with, 100 for validation,
# and the other 1397 for the test. (A test set that large is a luxury. Here it shows us the truth.)
#
# The *search space* says what may be chosen: a rate, a number of neurons, and a dropout rate
# (lesson 10). ``ParameterSampler`` draws trials from it. Each trial is a dictionary.

images, labels = load_digits(return_X_y=True)
images = (images / 16).astype("float32")
x_train, x_rest, y_train, y_rest = train_test_split(
    images, labels, train_size=300, random_state=0, stratify=labels
)
x_val, x_test, y_val, y_test = train_test_split(
    x_rest, y_rest, train_size=100, random_state=0, stratify=y_rest
)
assert (len(x_train), len(x_val), len(x_test)) == (300, 100, 1397)


def build(rate, units, dropout, seed=0):
    """A network with one hidden layer, ready to train."""
    minigrad.seed(seed)
    model = Sequential([Dense(units, activation="relu", input_shape=(64,))])
    model.add(Dropout(dropout))
    model.add(Dense(10, activation="softmax"))
    model.compile(Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def accuracy(model, x, y):
    return model.evaluate(x, y, verbose=0)[1]


def try_out(trial, epochs=8, seed=0):
    """(accuracy on the validation images, accuracy on the test images)."""
    model = build(**trial, seed=seed)
    model.fit(x_train, y_train, batch_size=32, epochs=epochs, verbose=0)
    return accuracy(model, x_val, y_val), accuracy(model, x_test, y_test)


space = {"rate": loguniform(1e-4, 1), "units": [8, 16, 32, 64], "dropout": [0.0, 0.2, 0.4]}
count = 240 if LONG else 96
trials = list(ParameterSampler(space, n_iter=count, random_state=0))
results = np.array([try_out(trial) for trial in trials])
validation = results[:, 0]  # the column that a search may look at

rates = np.array([trial["rate"] for trial in trials])
best = int(validation.argmax())
print(f"{count} trials, the best on the validation images: {validation[best]:.0%} with")
print(f"rate {rates[best]:.4f}, units {trials[best]['units']}, dropout {trials[best]['dropout']}")
assert validation[best] > 0.9
assert 0.001 < rates[best] < 0.3  # well inside of the range, not at its border

# %%
# Which hyperparameter matters? Compare the means of groups of trials.


def spread(groups):
    """The distance between the best and the worst mean of the groups."""
    means = [validation[np.asarray(group)].mean() for group in groups]
    return max(means) - min(means)


tens = np.floor(np.log10(rates))  # -4, -3, -2 or -1: the power of ten
spreads = {"rate": spread([tens == power for power in (-4, -3, -2, -1)])}
for name in ("units", "dropout"):
    chosen = np.array([trial[name] for trial in trials])
    spreads[name] = spread([chosen == value for value in space[name]])
print("means differ by", ", ".join(f"{value:.2f} ({name})" for name, value in spreads.items()))
assert spreads["rate"] > 1.2 * spreads["units"] > 1.2 * 1.2 * spreads["dropout"]

fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained", sharey=True)
for units, marker in zip(space["units"], "osD^"):
    of_size = np.array([trial["units"] == units for trial in trials])
    left.semilogx(rates[of_size], validation[of_size], marker, label=f"{units} units")
left.set(xlabel="learning rate", ylabel="validation accuracy", title="The rate matters most")
left.legend(loc="lower center")
wiggle = chance.uniform(-0.25, 0.25, count)
position = np.log2([trial["units"] for trial in trials])
right.plot(position + wiggle, validation, "o", color="gray")
right.set_xticks(np.log2(space["units"]), space["units"])
right.set(xlabel="units (moved a little to the side)", title="The same trials by their units")
plt.show()

# %%
# The rate matters most, then the number of neurons (8 are too few), and the dropout rate least. As
# in the toy, the hyperparameters do not matter equally. A grid of 16 trials, with two values for
# each of the others, has four rates. If they are 0.0001, 0.0022, 0.046 and 1, half of its trials
# are lost, because nothing learns with the first and the last in eight epochs.

four_rates = np.logspace(-4, 0, 4)
grid = list(ParameterGrid({"rate": four_rates, "units": [16, 64], "dropout": [0.0, 0.4]}))
of_grid = np.array([try_out(trial)[0] for trial in grid])
at_the_ends = np.array([trial["rate"] in (four_rates[0], four_rates[-1]) for trial in grid])
print(f"grid of {len(grid)}: best {of_grid.max():.0%}, ", end="")
print(f"best at the first and the last rate {of_grid[at_the_ends].max():.0%}")
assert len(grid) == 4 * 2 * 2 and at_the_ends.sum() == 8
assert of_grid[at_the_ends].max() < 0.45 and of_grid.max() > 0.85

# %%
# What is the best of 4, 8, 16 trials worth? We need no new training: draw that many of our trials
# by chance, take the best, and repeat. The first trials bring much, the later ones little.

sizes = (1, 2, 4, 8, 16, 32)
best_of = {
    size: np.mean([chance.choice(validation, size, replace=False).max() for _ in range(1000)])
    for size in sizes
}
print("mean of the best of", ", ".join(f"{size}: {value:.2f}" for size, value in best_of.items()))
assert best_of[8] - best_of[1] > 0.2
assert 0 < best_of[32] - best_of[8] < 0.12

# %%
# Stop the bad ones early: successive halving
# -------------------------------------------
# Most bad trials can be seen to be bad after one epoch. *Successive halving* (Jamieson and
# Talwalkar, arXiv:1502.07943) trains all of them a little, keeps the better half, trains these on
# until they have twice as many epochs, keeps the better half again, and so on. By hand, with four
# trials and their validation accuracies after 1, 2 and 4 epochs::
#
#     trial   1 epoch   2 epochs   4 epochs
#     A         0.30      0.55       0.80
#     B         0.50      0.70       0.82
#     C         0.60      0.65       0.70
#     D         0.20      0.60       0.90
#
# * After 1 epoch: C and B are the better half. A and D stop. Cost: 4 epochs.
# * After 2 epochs: B (0.70) is better than C (0.65). Cost: 2 more epochs, one for each.
# * B goes on to 4 epochs. Cost: 2 more. The winner is B, and it took 8 epochs instead of 16.
#
# And look at D. It would have been the best, but it begins slowly. That is the price of halving: it
# prefers what learns fast.

by_hand = {
    "A": {1: 0.30, 2: 0.55, 4: 0.80},
    "B": {1: 0.50, 2: 0.70, 4: 0.82},
    "C": {1: 0.60, 2: 0.65, 4: 0.70},
    "D": {1: 0.20, 2: 0.60, 4: 0.90},
}


def halve(names, measure):
    """(the winner, the epochs it took): measure(name, epochs) trains on up to that many epochs."""
    epochs, trained, cost = 1, 0, 0
    while True:
        scores = {name: measure(name, epochs) for name in names}
        cost += len(names) * (epochs - trained)
        if len(names) == 1:
            return names[0], cost
        names = sorted(names, key=scores.get, reverse=True)[: len(names) // 2]
        trained, epochs = epochs, 2 * epochs


winner, cost = halve(list(by_hand), lambda name, epochs: by_hand[name][epochs])
assert (winner, cost) == ("B", 8)
assert max(by_hand, key=lambda name: by_hand[name][4]) == "D"

# %%
# On the digits: the first 32 of our trials. ``fit`` goes on where it stopped, so every trial keeps
# its model. The winner gets 32 epochs. Training all 32 for so long would take 1024.

models = {number: build(**trials[number]) for number in range(32)}
seen = {number: {} for number in models}
finished = dict.fromkeys(models, 0)


def train_on(number, epochs):
    model = models[number]
    model.fit(x_train, y_train, batch_size=32, epochs=epochs - finished[number], verbose=0)
    finished[number] = epochs
    seen[number][epochs] = accuracy(model, x_val, y_val)
    return seen[number][epochs]


winner, cost = halve(list(models), train_on)
print(f"winner: rate {rates[winner]:.4f}, {seen[winner][32]:.0%} on validation, {cost} epochs")
assert cost == 32 * 1 + 16 * 1 + 8 * 2 + 4 * 4 + 2 * 8 + 16 == 112
assert seen[winner][32] > 0.88

fig, ax = plt.subplots(figsize=(8, 4.2), layout="constrained")
for number, curve in seen.items():
    style = {"color": "tab:red", "linewidth": 3} if number == winner else {"color": "gray"}
    ax.plot(list(curve), list(curve.values()), "-o", **style, markersize=4)
ax.plot([], [], "-o", color="tab:red", linewidth=3, label="the winner")
ax.plot([], [], "-o", color="gray", label="the others, until they are stopped")
ax.set_xscale("log", base=2)
ax.set_xticks([1, 2, 4, 8, 16, 32], [1, 2, 4, 8, 16, 32])
ax.set(xlabel="epochs", ylabel="validation accuracy", title="32 trials, 16, 8, 4, 2, 1")
ax.legend(loc="lower right")
plt.show()

for epochs, left_over in ((1, 32), (2, 16), (4, 8), (8, 4), (16, 2), (32, 1)):
    assert sum(epochs in curve for curve in seen.values()) == left_over

# %%
# The winner's curse
# ------------------
# Now the trap. Suppose that all networks are equally good: each reads a new image correctly with
# probability 0.9. We measure each on 100 validation images. The number of correct ones is chance,
# and its *standard error* (the usual distance from the truth) is ::
#
#     root of (0.9 * 0.1 / 100) = 0.03
#
# So one network shows 0.87, another 0.93. Of 20 networks, the best shows about 0.95 (1.9 standard
# errors above the truth). Nothing is better about it: on new images it reads 0.9. Its high number
# is the reason why we chose it, so the number is too high. This is the *winner's curse*.

assert math.isclose(math.sqrt(0.9 * 0.1 / 100), 0.03)
measured = chance.binomial(100, 0.9, size=(5000, 20)) / 100  # 5000 searches, 20 networks each
print(f"spread {measured.std():.3f}, mean of the best of 20: {measured.max(axis=1).mean():.3f}")
assert abs(measured.std() - 0.03) < 0.002
assert abs(measured.max(axis=1).mean() - 0.95) < 0.01

# %%
# And for real: one choice of hyperparameters, 40 seeds. A *lucky seed* is nothing that one can use.
# On the validation images the best seed looks clearly better than the mean. On the 1397 test images
# most of the advantage is gone.

one_choice = {"rate": 0.01, "units": 64, "dropout": 0.0}
seeds = 100 if LONG else 40
by_seed = np.array([try_out(one_choice, seed=seed) for seed in range(seeds)])
centered = by_seed - by_seed.mean(axis=0)
lucky = np.flatnonzero(by_seed[:, 0] >= np.sort(by_seed[:, 0])[-4])  # the four best, and equals
ahead_val, ahead_test = centered[lucky].mean(axis=0)
print(f"mean of all seeds: {by_seed[:, 0].mean():.3f} validation, {by_seed[:, 1].mean():.3f} test")
print(f"the luckiest seeds are ahead by {ahead_val:+.3f} on validation, {ahead_test:+.3f} on test")
assert ahead_val > 0.012
assert ahead_test < 0.5 * ahead_val

fig, ax = plt.subplots(figsize=(7, 4.6), layout="constrained")
ax.plot(*by_seed.T, "o", color="gray", label="one seed each")
ax.plot(*by_seed[lucky].T, "D", color="tab:red", markersize=9, label="the luckiest on validation")
ax.axhline(by_seed[:, 1].mean(), color="black", linestyle=":", label="mean on the test images")
ax.set(xlabel="accuracy on 100 validation images", ylabel="accuracy on 1397 test images")
ax.set_title("The same network, other seeds")
ax.legend()
plt.show()

# %%
# Two rules follow.
#
# * A difference smaller than two standard errors says nothing. To compare two choices, train each
#   with several seeds and compare the means.
# * The validation accuracy of the winner is not a result. Measure the winner on images that had no
#   part in the choice: the test set. And do that *once*. If you look at the test set, change
#   something, and look again, then the test set has become a second validation set, and its best
#   number is cursed as well.
#
# How much did our own search fool itself? Here is its one look at the test set. The two numbers
# differ by no more than two or three standard errors. Our trials differed by much more than 0.03,
# so the winner of the search is good and not only lucky. The curse is at its worst where all are
# nearly equal, as the seeds are.

honest = results[best, 1]
print(f"winner of the search: {validation[best]:.3f} on validation, {honest:.3f} on the test")
assert honest > 0.85
assert abs(validation[best] - honest) < 0.09
assert validation.std() > 5 * 0.03 > 5 * by_seed[:, 0].std()

# %%
# Step through it
# ---------------
# Two trials of the smallest possible search: one weight, the same start, two rates. Each makes one
# step on a training row, and then the loss of a validation row is computed. Look at the two
# updates: the gradient is the same, -4, but the first trial moves by 0.4 and the second by 4. Then
# look at the two validation losses at the end of each trial. No gradient flows back from them. They
# choose between the trials; they do not train.

row, target = np.array([[2.0]]), np.array([[1.0]])
new_row, new_target = np.array([[4.0]]), np.array([[2.0]])
scores = {}

with minigrad.record() as run:
    for rate in (0.1, 1.0):
        w = minigrad.Tensor([[0.0]], requires_grad=True)
        loss = ((minigrad.Tensor(row) @ w - target) ** 2).mean()
        loss.backward()
        SGD(rate).apply([w.grad], [w])
        scores[rate] = ((minigrad.Tensor(new_row) @ w - new_target) ** 2).mean().item()
run.show()

print("validation losses:", {rate: round(value, 2) for rate, value in scores.items()})
assert math.isclose(scores[0.1], (4 * 0.4 - 2) ** 2, rel_tol=1e-4)
assert math.isclose(scores[1.0], (4 * 4 - 2) ** 2, rel_tol=1e-4)

# %%
# What goes wrong
# ---------------
# **A number in place of a list.** Each hyperparameter of a grid needs a list, also for one value.

try:
    ParameterGrid({"rate": 0.01, "units": [8, 16]})
except TypeError as error:
    message = str(error)
print(textwrap.fill("TypeError: " + message, 100))
assert "rate" in message and "needs to be a list" in message

# %%
# **More trials than there are.** From lists alone, ``ParameterSampler`` draws without repeating.
# Here are only four choices, so it warns, and gives four instead of ten.

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    few = list(ParameterSampler({"units": [8, 16], "dropout": [0.0, 0.2]}, n_iter=10))
message = str(caught[0].message)
print(textwrap.fill("UserWarning: " + message, 100))
assert len(few) == 4 and "smaller than n_iter=10" in message

# %%
# **A loss that is nan.** A trial whose training diverges has the loss ``nan`` (lesson 6). Every
# comparison with it is false, so Python's ``min`` keeps a ``nan`` that stands first, and NumPy's
# ``argmin`` finds it wherever it stands. A broken trial wins the search. ``np.nanargmin`` leaves it
# out.

losses = [float("nan"), 0.31, 0.12]
print("min:", min(losses), "  argmin:", np.argmin(losses), "  nanargmin:", np.nanargmin(losses))
assert math.isnan(min(losses)) and min(losses[::-1]) == 0.12
assert np.argmin(losses) == 0 and np.nanargmin(losses) == 2

# %%
# **The winner at the border.** Someone searches the rates from 0.0001 to 0.001 only. The best trial
# is at the upper end. That is no result, it is a request: look farther up.

narrow = np.logspace(-4, -3, 5)
found = [try_out({"rate": rate, "units": 32, "dropout": 0.0})[0] for rate in narrow]
wider = try_out({"rate": 0.01, "units": 32, "dropout": 0.0})[0]
print("narrow search:", ", ".join(f"{value:.2f}" for value in found), f"  rate 0.01: {wider:.2f}")
assert int(np.argmax(found)) == 4 and wider > max(found) + 0.1

# %%
# ``models/feedforward/mlp.py`` reads the same digits with the hyperparameters that scikit-learn
# takes by default, and ``models/feedforward/mlp_dropout.py`` uses dropout. Take one of them, and
# search around its choice.
#
# What to remember
# ----------------
# * Random search tries a new value of every hyperparameter in every trial. A grid repeats few.
# * Draw rates log-uniformly: draw the exponent.
# * Successive halving stops bad trials early. It prefers what learns fast.
# * Choose with the validation set. The best of many is lucky as well as good.
# * Look at the test set once, at the very end.
#
# Exercises
# ---------
# 1. Write ``answer_1(space)``: the list of all trials of a grid, without scikit-learn. ``space`` is
#    a dictionary of lists, and each trial is a dictionary. The order does not matter.
# 2. Write ``answer_2(low, high, u)``: the log-uniform draw between ``low`` and ``high`` that
#    belongs to the number ``u`` between 0 and 1. For u = 0 it is ``low``, for u = 1 it is ``high``.
# 3. Write ``answer_3(curves)``: successive halving. ``curves`` is a dictionary; for each name it
#    has the list of accuracies after epoch 1, 2, 3, ... There are 2, 4, 8, ... names, and the lists
#    are long enough. Begin with one epoch, and double. Return the pair (winner, epochs it took),
#    counted as in the example by hand.
# 4. The best 5 percent of all choices are good enough. How many random trials must one make at
#    least, so that one of them is that good with a probability of 95 percent? ``answer_4`` is a
#    number.
# 5. Write ``answer_5(validation, test)``: two lists with the accuracies of the same trials. Return
#    the pair (number of the trial to choose, accuracy to report). Trials are counted from 0.
#
# Write your answers as ``answer_1``, ``answer_2``, ... in a file and run
# ``python -m tutorials 25 --check my_answers.py``. The solutions stand in
# ``tutorials/solutions/25_search.py``.
