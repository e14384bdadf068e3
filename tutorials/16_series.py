"""
16. Series, without self-deception
==================================

A *time series* is a list of measurements, one after the other in time: the power that a town needs
in each hour, the sales of each day. We want to *forecast* it: to say the next number from the ones
before.

With lesson 15 the network is quickly written. The hard part is to find out if the forecast is worth
anything. A picture of a forecast can look beautiful and be worth nothing. This lesson is about
honest judging: a baseline first, no look into the future, and the courage to say that there is
nothing to find.
"""

import sys
import textwrap

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

import minigrad
from minigrad import Sequential
from minigrad.data import forecast_report, split_windows, windows
from minigrad.layers import GRU, LSTM, Dense, Flatten, Input, SimpleRNN
from minigrad.optimizers.adam import Adam

LONG = "--long" in sys.argv

# %%
# A series becomes rows
# ---------------------
# A network learns from rows: inputs and a target. A *sliding window* cuts them out of the series.
# Take the series 3, 5, 4, 6, 7, 8 and windows of three values. The target is the value after
# the window::
#
#     3, 5, 4  ->  6
#     5, 4, 6  ->  7
#     4, 6, 7  ->  8
#
# Six values give ``6 - 3 = 3`` rows. The distance from the last value of the window to the target
# is the *horizon*. Here it is 1. With a horizon of 2 the first row is ``3, 5, 4 -> 7``, and there
# are only two rows.

small = [3.0, 5.0, 4.0, 6.0, 7.0, 8.0]


def windows_by_hand(series, size, horizon):
    """Inputs and targets, as lists."""
    inputs, targets = [], []
    for start in range(len(series) - size - horizon + 1):
        inputs.append(series[start : start + size])
        targets.append(series[start + size + horizon - 1])
    return inputs, targets


for horizon in (1, 2):
    inputs, targets = windows_by_hand(small, 3, horizon)
    x, y = windows(small, 3, horizon=horizon)
    print(f"horizon {horizon}:", inputs, "->", targets, "  shapes in minigrad:", x.shape, y.shape)
    assert np.array_equal(x[..., 0], inputs) and np.array_equal(y[:, 0], targets)
assert targets == [7.0, 8.0]

# %%
# The shape of ``x`` is (rows, time steps, features), as recurrent layers want it.
#
# One training step on these three rows, in the player. Look at the shapes of what the layers
# compute: the first axis is 3, the three windows side by side. The time steps of all three are read
# one after the other, and nothing goes from one window to the next. A window is one row of a batch.

x, y = windows(np.array(small) / 10, 3)
minigrad.seed(0)
model = Sequential([Input((3, 1)), SimpleRNN(2), Dense(1)])
model.compile(optimizer="sgd", loss="mse")
with minigrad.record() as run:
    model.train_on_batch(x, y)
run.show()

# %%
# A baseline first
# ----------------
# Before any network: how good is a forecast that needs none? It is called a *naive forecast*. Two
# of them cost nothing:
#
# * **the mean** of the training part, always;
# * **the last value**: the next value will be like this one.
#
# To compare, we use the mean squared error, and one more figure. *R2*, the *coefficient of
# determination*, compares the squared error with that of the mean of the true values::
#
#     R2 = 1 - (mean squared error) / (mean squared distance of the truth from its mean)
#
# By hand: the truth is 4, 6, 5, with the mean 5. Its squared distances from the mean are 1, 1, 0:
# the mean of them is 0.667.
#
# * forecast 4.5, 5.5, 5: squared errors 0.25, 0.25, 0; mean 0.167; R2 is
#   ``1 - 0.167 / 0.667 = 0.75``
# * forecast 5, 5, 5: the same as the mean; ``R2 = 0``
# * forecast 6, 4, 5: squared errors 4, 4, 0; mean 2.667; ``R2 = 1 - 4 = -3``
#
# So 1 is perfect, 0 is "as good as the mean", and below 0 is worse than the mean.


def r2(truth, forecast):
    """1 minus squared error over squared distance from the mean."""
    truth, forecast = np.asarray(truth), np.asarray(forecast)
    return 1 - ((truth - forecast) ** 2).mean() / ((truth - truth.mean()) ** 2).mean()


for forecast, expected in (([4.5, 5.5, 5], 0.75), ([5, 5, 5], 0), ([6, 4, 5], -3)):
    assert np.isclose(r2([4, 6, 5], forecast), expected)
    assert np.isclose(r2_score([4, 6, 5], forecast), expected)

# %%
# A high R2 alone proves nothing. Here is a *random walk*: each value is the one before plus a
# random step. The steps cannot be forecast, since they are random. And yet "the last value" has an
# R2 near 1:

walk = np.random.default_rng(0).normal(0, 1, 1200).cumsum()
walk_r2 = r2(walk[1:], walk[:-1])
print(f"random walk, last value: R2 = {walk_r2:.3f}")
assert walk_r2 > 0.95

# %%
# Draw this forecast over the truth, and the two lines nearly coincide. Look closely at such
# pictures: the forecast is the truth, one step late.
#
# A series in which there is something
# ------------------------------------
# We make a series ourselves, so that we know all about it: the power that a town needs, hour by
# hour. ::
#
#     demand = 15 + 6 * sin(2 pi * hour / 24) + weather
#     weather = 0.8 * (weather an hour ago) + shock
#
# The shocks are random numbers with the variance 1. Nobody can know the next shock. Who knows
# everything else still has the shock as an error. So its mean square is the *noise floor*: no
# honest forecast is better, except by luck.


def make_demand(hours, seed):
    """The series, and the shocks in it."""
    shocks = np.random.default_rng(seed).normal(0, 1, hours)
    weather = np.zeros(hours)
    for hour in range(1, hours):
        weather[hour] = 0.8 * weather[hour - 1] + shocks[hour]
    return 15 + 6 * np.sin(2 * np.pi * np.arange(hours) / 24) + weather, shocks


demand, shocks = make_demand(1500, seed=0)

# %%
# The split is by time: the first 80 % of the windows are for training, the last 20 % are the test.
# ``split_windows`` does it, and scales by mean and deviation of the training part only.
# ``noise_floor`` is the mean square of the shocks of the test part.

(x_train, y_train), (x_test, y_test), (_, scaler) = split_windows(demand, 24, scaler="standard")
truth = scaler.inverse_transform(y_test)[:, 0]
known = scaler.inverse_transform(y_train)[:, 0]
noise_floor = (shocks[-len(truth) :] ** 2).mean()
assert np.allclose(truth, demand[-len(truth) :], atol=1e-3)

minigrad.seed(0)
model = Sequential([Input((24, 1)), GRU(16), Dense(1)])
model.compile(optimizer=Adam(0.01), loss="mse")
model.fit(x_train, y_train, batch_size=32, epochs=60 if LONG else 30, verbose=0)
forecast = scaler.inverse_transform(model.predict(x_test, verbose=0))[:, 0]

report = forecast_report(truth, forecast, known, name="GRU")
yesterday = demand[-len(truth) - 24 : -24]
yesterday_error = ((truth - yesterday) ** 2).mean()
print(report)
print(f"the same hour of yesterday: MSE {yesterday_error:.3f};  noise floor: {noise_floor:.3f}")

# %%
# The GRU is better than all three naive forecasts ("the same hour of yesterday" is called a
# *seasonal* naive forecast). And it comes near to the noise floor. Now we believe that it has found
# something.

gru_error = report["GRU"]["mse"]
best_naive = min(report["mean of training"]["mse"], report["last value"]["mse"], yesterday_error)
assert gru_error < 0.7 * best_naive
assert 0.9 * noise_floor < gru_error < 1.4 * noise_floor

fig, (above, below) = plt.subplots(2, 1, figsize=(9, 6), layout="constrained")
cut = len(demand) - len(truth)
above.plot(demand, color="tab:gray", linewidth=0.8)
above.axvspan(0, cut, color="tab:blue", alpha=0.12, label="training")
above.axvspan(cut, len(demand), color="tab:orange", alpha=0.25, label="test")
above.set(xlabel="hour", ylabel="power demand", title="The split is by time")
above.legend(loc="upper right", ncols=2)
hours = np.arange(96)
below.plot(hours, truth[:96], "k-", linewidth=2, label="truth")
below.plot(hours, forecast[:96], "--", color="tab:red", label="GRU")
below.plot(hours, yesterday[:96], ":", color="tab:blue", label="same hour of yesterday")
below.set(
    xlabel="hour of the test part",
    ylabel="power demand",
    ylim=(None, 28),
    title="Four days of forecasts",
)
below.legend(loc="upper center", ncols=3)
plt.show()

# %%
# Leakage by shuffling
# --------------------
# Leakage (lesson 11) means that knowledge of the test rows comes into the training. In series it
# happens easily. ``train_test_split`` shuffles the rows, and one types it from habit. What does it
# do here?
#
# We take the random walk, in which there is nothing to find. From a window of 20 values we forecast
# how much the walk *changes* over the next 20 steps. A window that starts one step later has nearly
# the same values. And its target is nearly the same, as 19 of 20 steps are in both. If we shuffle,
# the neighbor of almost every test window is a training window. The model need not forecast. It
# only needs to recognize the neighbor, and to repeat what happened to it.
#
# Two models: one that looks for the most similar training window and repeats its target (nothing is
# trained), and a network of two hidden layers.

SIZE, HORIZON = 20, 20
x_walk, y_walk = windows(walk, SIZE, horizon=HORIZON)
x_walk, y_walk = x_walk[..., 0], y_walk[:, 0]
change = y_walk - x_walk[:, -1]


def most_similar(x_train, y_train, x_test):
    """The target of the most similar training window."""
    distances = ((x_test[:, None, :] - x_train[None, :, :]) ** 2).sum(axis=-1)
    return y_train[distances.argmin(axis=1)]


def network(x_train, y_train, x_test):
    """The forecast of a network, scaled by the training part."""
    mean, deviation, size = x_train.mean(), x_train.std(), y_train.std()
    minigrad.seed(0)
    model = Sequential(
        [Input((SIZE,)), Dense(64, activation="relu"), Dense(64, activation="relu"), Dense(1)]
    )
    model.compile(optimizer=Adam(0.003), loss="mse")
    inputs = (x_train - mean) / deviation
    model.fit(inputs, y_train[:, None] / size, epochs=400 if LONG else 200, verbose=0)
    return model.predict((x_test - mean) / deviation, verbose=0)[:, 0] * size


order = np.random.default_rng(1).permutation(len(change))
cut = int(0.8 * len(change))
splits = {
    "shuffled": (order[:cut], order[cut:]),
    # with a gap: all training targets are older than the first test window
    "by time": (np.arange(cut - SIZE - HORIZON), np.arange(cut, len(change))),
}
found = {}
for split, (train_rows, test_rows) in splits.items():
    for model_name, method in (("most similar", most_similar), ("network", network)):
        answer = method(x_walk[train_rows], change[train_rows], x_walk[test_rows])
        found[split, model_name] = r2(change[test_rows], answer)
        print(f"{split:9} {model_name:13} R2 = {found[split, model_name]:6.2f}")

train_rows, test_rows = splits["shuffled"]
has_neighbor = np.isin(test_rows - 1, train_rows) | np.isin(test_rows + 1, train_rows)
assert has_neighbor.mean() > 0.9
assert found["shuffled", "most similar"] > 0.5
assert found["shuffled", "network"] > 0.2
assert found["by time", "most similar"] < 0
assert found["by time", "network"] < 0

fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
test_start = splits["shuffled"][1]
steps = np.arange(200, 420)
left.plot(steps, walk[steps], color="tab:gray")
for rows, height, mark, name in (
    (splits["shuffled"][0], 1.0, "|", "training window starts here"),
    (test_start, 2.2, "v", "test window starts here"),
):
    inside = rows[(rows >= 200) & (rows < 420)]
    level = walk[steps].min() - height
    left.plot(inside, np.full(len(inside), level), mark, markersize=5, label=name)
left.set(
    xlabel="step",
    ylabel="random walk",
    ylim=(walk[steps].min() - 4, None),
    title="Shuffled: test windows have neighbors in training",
)
left.legend(loc="upper right", fontsize=9)
names = ["most similar", "network"]
lowest = -3  # longer bars are cut off here
looks = ((-0.2, "shuffled", "tab:red", "//"), (0.2, "by time", "tab:blue", ""))
for shift, split, color, hatch in looks:
    values = [found[split, name] for name in names]
    heights = np.maximum(values, lowest)
    bars = right.bar(np.arange(2) + shift, heights, 0.38, color=color, hatch=hatch, label=split)
    texts = [f"{value:.2f}" if value > lowest else f"{value:.0f}, cut off" for value in values]
    right.bar_label(bars, texts, padding=2)
right.axhline(0, color="black", linewidth=1)
right.set_xticks([0, 1], names)
right.set(ylabel="R2", xlabel="model", title="Random steps, forecast", ylim=(-3.6, 1.8))
right.legend(loc="lower left")
plt.show()

# %%
# Shuffled, a model seems to explain most of a series of pure chance. Split by time, it is worse
# than the mean. The network is very much worse: the test part of the walk lies at values that it
# has never seen. Only the numbers of the split by time tell what happens tomorrow. (Between the two
# parts we leave a gap: when the first forecast of the test is made, the targets of all training
# windows must be known already. With a horizon of 20 that is not so for the windows just before.)
#
# Leakage by scaling
# ------------------
# The second leak is small and everywhere: to fit the scaler on the whole series. By hand: training
# values 2, 4, 6, and later comes 10. Scaling to 0..1 with minimum and maximum:
#
# * training part only: ``(x - 2) / (6 - 2)``: 0, 0.5, 1, and later 2.0. A value above 1: honest,
#   the future was larger than all we had seen;
# * all values: ``(x - 2) / (10 - 2)``: 0, 0.25, 0.5, and later 1.0. The training rows already say
#   that the maximum is still to come.

tiny = [2.0, 4.0, 6.0, 10.0]
(_, honest_train), (_, honest_test), _ = split_windows(tiny, 1, test_size=0.3)
(_, leaky_train), (_, leaky_test), _ = split_windows(tiny, 1, test_size=0.3, leak=True)
print("honest targets:", honest_train.ravel(), honest_test.ravel())
print("leaky targets: ", leaky_train.ravel(), leaky_test.ravel())
assert np.allclose(honest_train.ravel(), [0.5, 1]) and np.allclose(honest_test, 2)
assert np.allclose(leaky_train.ravel(), [0.25, 0.5]) and np.allclose(leaky_test, 1)

# %%
# How much does it change? We measure it for the power demand, with the same network.

(x_leak, y_leak), (x_leak_test, _), (_, leaky_scaler) = split_windows(
    demand, 24, scaler="standard", leak=True
)
minigrad.seed(0)
model = Sequential([Input((24, 1)), GRU(16), Dense(1)])
model.compile(optimizer=Adam(0.01), loss="mse")
model.fit(x_leak, y_leak, batch_size=32, epochs=60 if LONG else 30, verbose=0)
leaky_forecast = leaky_scaler.inverse_transform(model.predict(x_leak_test, verbose=0))[:, 0]
leaky_error = ((truth - leaky_forecast) ** 2).mean()
print(f"MSE honest {gru_error:.3f}, with leaky scaler {leaky_error:.3f}")
assert abs(leaky_error - gru_error) < 0.25 * gru_error

# %%
# Almost nothing, since every week of this series looks like the others. Where a series grows, or
# its range changes, it can be a lot. And you do not know beforehand which case is yours. So fit
# scalers on the training part, always.
#
# A series in which there is nothing
# ----------------------------------
# A well-known recipe takes scikit-learn's diabetes data: 442 patients, ten features each, and how
# far the disease has come a year later. It cuts windows of five rows and lets an LSTM forecast the
# target of the next row. The code runs, the loss falls, the curves look like learning.
#
# But the rows are *patients*. They are no series. From five people the recipe forecasts a sixth, of
# whom it sees nothing. There is nothing to find. How does one see that, if nobody says so? In four
# ways.
#
# **First: a baseline.** R2 of the mean is about 0.

patients, progression = load_diabetes(return_X_y=True)


def recipe(layer, rows):
    """R2 of the recipe on the test and on its training windows, the patients in a given order."""
    train, test, (_, scaler) = split_windows(patients[rows], 5, target=progression[rows])
    minigrad.seed(0)
    model = Sequential([Input((5, 10)), layer(64), Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(*train, batch_size=32, epochs=100, verbose=0)
    scores = []
    for x, y in (test, train):
        forecast = scaler.inverse_transform(model.predict(x, verbose=0))
        scores.append(r2(scaler.inverse_transform(y), forecast))
    return scores


as_given = np.arange(len(patients))
scores = {layer.__name__: recipe(layer, as_given) for layer in (SimpleRNN, LSTM)}
for name, (on_test, on_train) in scores.items():
    print(f"{name:9}: R2 on training windows {on_train:5.2f}, on test windows {on_test:5.2f}")
mean_r2 = r2(progression[354:], np.full(88, progression[5:354].mean()))
assert abs(mean_r2) < 0.05
assert scores["SimpleRNN"][1] > 0.4 and scores["SimpleRNN"][0] < 0
assert scores["LSTM"][0] < 0.15

# %%
# The SimpleRNN has learned its training windows by heart, and is *worse* than the mean on new ones.
# The LSTM is about as good as the mean.
#
# **Second: shuffle the rows before cutting windows.** A series does not survive this: what it tells
# is in its order. We try it with the power demand, too.

orders = [
    np.random.default_rng(seed).permutation(len(patients)) for seed in range(8 if LONG else 2)
]
shuffled_scores = [recipe(LSTM, order)[0] for order in orders]
print("LSTM, patients in other orders:", np.round(shuffled_scores, 2))
assert max(shuffled_scores) < 0.2

mixed = np.random.default_rng(0).permutation(demand)
(x, y), (x_mixed, y_mixed), _ = split_windows(mixed, 24, scaler="standard")
minigrad.seed(0)
model = Sequential([Input((24, 1)), GRU(16), Dense(1)])
model.compile(optimizer=Adam(0.01), loss="mse")
model.fit(x, y, batch_size=32, epochs=10, verbose=0)
mixed_r2 = r2(y_mixed, model.predict(x_mixed, verbose=0))
print(f"power demand: R2 {report['GRU']['r2']:.2f} in order, {mixed_r2:.2f} in another order")
assert report["GRU"]["r2"] > 0.9 and mixed_r2 < 0.1

# %%
# The forecast of the demand is gone. That of the patients was never there. (In the order of the
# file the LSTM has an R2 of about 0.04, in other orders less. Perhaps the file has a trace of some
# order; where it would come from is not known. A forecast with an R2 of 0.04 is of no use to
# anybody.)
#
# **Third: autocorrelation.** It says how a series goes together with itself, some steps later. By
# hand: the series 1, 3, 2, 4 has the mean 2.5 and the distances -1.5, 0.5, -0.5, 1.5 from it. For a
# *lag* of 1 we multiply each distance with the next one and add up: ``-0.75 - 0.25 - 0.75 =
# -1.75``. We divide by the sum of the squares, ``2.25 + 0.25 + 0.25 + 2.25 = 5``. The
# autocorrelation at lag 1 is -0.35.
#
# In a series of ``n`` values of pure chance, about 95 % of the autocorrelations lie between ``-2 /
# sqrt(n)`` and ``2 / sqrt(n)``.


def autocorrelation(series, lag):
    """Sum of products of distances from the mean, `lag` steps apart, over the sum of squares."""
    distances = np.asarray(series) - np.mean(series)
    return (distances[lag:] * distances[:-lag]).sum() / (distances**2).sum()


assert np.isclose(autocorrelation([1, 3, 2, 4], 1), -0.35)

lags = np.arange(1, 37)
fig, axes = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained", sharey=True)
inside = {}
for ax, (name, series) in zip(
    axes, {"power demand": demand, "diabetes patients": progression}.items()
):
    values = np.array([autocorrelation(series, lag) for lag in lags])
    band = 2 / np.sqrt(len(series))
    inside[name] = (np.abs(values) < band).mean()
    ax.bar(lags, values, color="tab:blue")
    ax.axhspan(-band, band, color="moccasin", zorder=0, label="chance")
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set(xlabel="lag (steps)", title=f"{name}: {inside[name]:.0%} inside the band")
    ax.legend(loc="upper right")
axes[0].set_ylabel("autocorrelation")
plt.show()

assert inside["power demand"] < 0.3
assert autocorrelation(demand, 24) > 0.5 and autocorrelation(demand, 12) < -0.5
assert inside["diabetes patients"] > 0.85

# %%
# The demand shows the day: a hill at lag 24, a valley at lag 12. The patients show nothing.
#
# **Fourth: ask for what should work.** The features of a patient do say something about *this*
# patient. A plain linear model that may see the sixth patient's own features is far better than all
# windows:

split = 5 + 349  # the rows that training windows and their targets cover
line = LinearRegression().fit(patients[5:split], progression[5:split])
own_r2 = line.score(patients[split:], progression[split:])
print(f"linear model with the patient's own features: R2 = {own_r2:.2f}")
assert own_r2 > 0.45
assert own_r2 > scores["LSTM"][0] + 0.3

# %%
# So the data are fine. The question was wrong. No network repairs that.
#
# What goes wrong
# ---------------
# **Gaps.** Sensors fail. A missing value is NaN, and one NaN spoils every window that holds it.
# minigrad says so before you train:

with_gap = demand.copy()
with_gap[70] = np.nan
try:
    windows(with_gap, 24)
    message = "no error"
except ValueError as error:
    message = str(error)
print(message)
assert "first in row 70" in message

# %%
# **A series that is too short** for its windows:

try:
    windows([3.0, 5.0, 4.0], 5)
    message = "no error"
except ValueError as error:
    message = str(error)
print(textwrap.fill(message, 100))
assert "at least 6 are needed" in message

# %%
# **Smoothing first.** A curve looks nicer if each value is replaced by the mean of five: two
# before, itself, two *after*. But then the last value of a window already holds two values of the
# future. A linear model, on smoothed windows:

smooth = np.convolve(demand, np.ones(5) / 5, mode="valid")  # smooth[i] is the mean of i..i+4
x_smooth, _ = windows(smooth, 24)
target = demand[2 + 24 :][: len(x_smooth)]  # the value after the middle of the last five
cut = int(0.8 * len(x_smooth))
minigrad.seed(0)
model = Sequential([Input((24, 1)), Flatten(), Dense(1)])
model.compile(optimizer=Adam(0.01), loss="mse")
model.fit((x_smooth[:cut] - 15) / 5, (target[:cut, None] - 15) / 5, epochs=60, verbose=0)
smooth_forecast = 15 + 5 * model.predict((x_smooth[cut:] - 15) / 5, verbose=0)[:, 0]
smooth_error = ((target[cut:] - smooth_forecast) ** 2).mean()
print(f"MSE on smoothed windows {smooth_error:.2f}, noise floor {noise_floor:.2f}")
assert smooth_error < 0.8 * noise_floor

# %%
# Better than the noise floor: that is impossible without the future. Here we know the floor. In
# real life we do not, so remember: *a result that is too good is the first sign of a leak.*
#
# The recipe with the patients, its repair and its four figures are in
# ``models/sequences/diabetes_rnn.py``. A task in which memory does matter is
# ``models/sequences/adding.py``.
#
# What to remember
# ----------------
# * First the baseline: the mean, the last value, the same time of yesterday. Then the network.
# * Split by time; with a horizon above 1, leave a gap. Never shuffle windows that overlap.
# * Fit scalers on the training part. Use no value that is not known yet when the forecast is made.
# * A high R2 proves nothing if the last value has it too. A result too good is a leak.
# * Sometimes there is nothing to find. Autocorrelation and shuffled rows show it.
#
# Exercises
# ---------
# 1. A function ``answer_1(series, size, horizon)`` that returns ``(inputs, targets)``: arrays of
#    the shapes ``(rows, size)`` and ``(rows,)``.
# 2. A function ``answer_2(truth, forecast)`` that returns R2.
# 3. A function ``answer_3(series, lag)`` that returns the autocorrelation.
# 4. A function ``answer_4(series, period)``: the mean squared error of the seasonal naive forecast,
#    which says that each value will be like the one ``period`` steps before. The first ``period``
#    values have no forecast.
# 5. A number ``answer_5``: how many windows of 24 values with a horizon of 6 does a series of 100
#    values give?
#
# How to check: write your answers as ``answer_1``, ``answer_2``, ... in a file and run
# ``python -m tutorials 16 --check my_answers.py``.
# The solutions stand in ``tutorials/solutions/16_series.py``.
