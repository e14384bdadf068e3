"""
23. Steering a generator: styles and cycles
===========================================

The generators of lessons 21 and 22 turn noise into pictures. We can ask for more. We may want to
say *what* to draw: this shape, with that texture. Or we may want to hand over a picture, and get
the same thing in another look.

Both need one idea: the generator gets an instruction, and must follow it. In StyleGAN2 (Karras et
al. 2019, arXiv:1912.04958) the instruction is a *style*, and it scales the channels of each
convolution. In CycleGAN (Zhu et al. 2017, arXiv:1703.10593) the instruction is a picture, and a
second generator must be able to bring it back. This lesson works both out with numbers first.
"""

import sys
import textwrap

import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import Sequential, Tensor, grad, ops
from minigrad.layers import Dense
from minigrad.optimizers.adam import Adam
from minigrad.zoo.generative.cyclegan import CycleGAN, Unpaired

LONG = "--long" in sys.argv  # python tutorials/23_stylegan2_and_cyclegan.py --long

# %%
# A style scales the channels
# ---------------------------
# A convolution (lesson 12) mixes its input channels with the weights of its kernel. Take the
# smallest one: one pixel, two input channels, one output channel. The weights are ``w = (1, 2)``,
# the pixel is ``x = (1, 1)``. The convolution gives ``1 * 1 + 2 * 1 = 3``.
#
# A *style vector*, or *style* for short, is a list with one number for each input channel. Let it
# be ``s = (3, 1)``. It multiplies the weights::
#
#     (1 * 3, 2 * 1) = (3, 2)        the output is now 3 * 1 + 2 * 1 = 5
#
# This is called *modulation*. The first channel now counts three times as much as before. The
# kernel itself has not changed: another picture may come with another style.
#
# There is one danger. The style ``(6, 2)`` makes the output twice as large, and after ten layers
# the numbers are a thousand times too large. So a second step divides by the length of the
# scaled weights, the root of the sum of their squares::
#
#     sqrt(3 * 3 + 2 * 2) = 3.606      5 / 3.606 = 1.387
#
# This is called *demodulation*. The style ``(6, 2)`` gives ``(6, 4)``, whose length is 7.211, and
# ``10 / 7.211 = 1.387`` again. So only the *ratio* of the numbers of a style counts, not their
# size.

pixel = np.array([1.0, 1.0])
weights = np.array([1.0, 2.0])


def by_hand(style):
    """(modulated, demodulated): the output for one pixel."""
    scaled = weights * style
    modulated = (scaled * pixel).sum()
    length = np.sqrt((scaled**2).sum())
    return modulated, modulated / length


for style in ([1, 1], [3, 1], [6, 2]):
    modulated, demodulated = by_hand(np.array(style))
    print(f"style {style}: modulated {modulated:.0f}, demodulated {demodulated:.3f}")
assert by_hand(np.array([3.0, 1.0]))[0] == 5
assert np.isclose(by_hand(np.array([3.0, 1.0]))[1], 5 / np.sqrt(13))
assert np.isclose(by_hand(np.array([3.0, 1.0]))[1], by_hand(np.array([6.0, 2.0]))[1])

# %%
# Now with real kernels, in plain loops. The kernel has shape (height, width, input channels, output
# channels). Sample ``n`` is convolved with ``w[i, j, c, f] * style[n, c]``, divided by the length
# of each filter ``f``. The images have a border of zeros, so that the output is as large as the
# input.


def modulated_convolution(x, w, style):
    """(N, H, W, C), (3, 3, C, F), (N, C) -> (N, H, W, F), one number after the other."""
    samples, height, width, _ = x.shape
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    y = np.zeros((samples, height, width, w.shape[3]))
    for n in range(samples):
        scaled = w * style[n][:, None]  # modulation: this sample's own weights
        for f in range(w.shape[3]):
            kernel = scaled[..., f]
            kernel = kernel / np.sqrt((kernel**2).sum())  # demodulation
            for i in range(height):
                for j in range(width):
                    window = padded[n, i : i + 3, j : j + 3]
                    y[n, i, j, f] = (window * kernel).sum()
    return y


chance = np.random.default_rng(0)
x = chance.normal(size=(2, 4, 4, 3))
w = chance.normal(size=(3, 3, 3, 2))
styles = chance.uniform(0.5, 2.0, (2, 3))
slow = modulated_convolution(x, w, styles)
fast = ops.modulated_conv2d(x, w, styles)
assert np.allclose(slow, fast, atol=1e-6)

# %%
# ``minigrad.ops.modulated_conv2d`` gives the same, without a kernel for each sample. A convolution
# is linear: to scale the weights of a channel is to scale the channel itself. So it scales the
# images before, runs one ordinary convolution for all samples, and divides the outputs after.

plain = ops.conv2d(x * styles[:, None, None, :], w, padding="same")
lengths = np.sqrt((styles**2) @ (w**2).sum(axis=(0, 1)))  # (N, F)
assert np.allclose(plain / lengths[:, None, None, :], fast, atol=1e-6)

# %%
# What does demodulation save us from? We send images through ten layers whose styles are drawn
# between 1 and 3, once with it and once without, and measure the standard deviation of the numbers
# after each layer.


def sizes_by_layer(demodulate):
    """The standard deviation after each of ten modulated convolutions."""
    chance = np.random.default_rng(0)
    h = chance.normal(size=(16, 8, 8, 8))
    found = []
    for _ in range(10):
        kernel = chance.normal(0, (1 / 72) ** 0.5, (3, 3, 8, 8))  # 72 = 3 * 3 * 8 inputs
        style = chance.uniform(1, 3, (16, 8))
        h = ops.modulated_conv2d(h, kernel, style, demodulate=demodulate)
        h = ops.leaky_relu(h, negative_slope=0.2) * 2**0.5
        found.append(h.std())
    return found


with_it, without = sizes_by_layer(True), sizes_by_layer(False)
print(f"after ten layers: {with_it[-1]:.2f} with demodulation, {without[-1]:.0f} without")
assert 0.1 < with_it[-1] < 3
assert without[-1] > 300

fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
layers = range(1, 11)
ax.semilogy(layers, without, "s--", color="tab:red", label="modulation alone")
ax.semilogy(layers, with_it, "o-", color="tab:blue", label="with demodulation")
ax.set(
    xlabel="layer",
    ylabel="standard deviation",
    xticks=layers,
    title="Without demodulation the numbers about double in each layer",
)
ax.legend()
plt.show()

# %%
# Coarse styles and fine styles
# -----------------------------
# A style is the same at every pixel. It can say "more of channel 2". It cannot say "here". So what
# a style can change depends on what the channels hold. We build a generator with two layers, by
# hand, so that we see it.
#
# The start is not noise but a *constant*: four channels of 4 times 4 numbers. (A real StyleGAN2
# learns its constant.) Channel 0 is 1 in the corner at the upper left, channel 1 at the upper
# right, channel 2 at the lower left, channel 3 at the lower right.

constant = np.zeros((1, 4, 4, 4))
constant[0, :2, :2, 0] = 1
constant[0, :2, 2:, 1] = 1
constant[0, 2:, :2, 2] = 1
constant[0, 2:, 2:, 3] = 1

# %%
# The *coarse* layer works on these 4 times 4 numbers, and adds the channels up. Its style chooses a
# corner. The *fine* layer enlarges the picture to 8 times 8: ``up=2`` puts zeros between the
# numbers, and then each number is replaced by a small texture of 2 times 2 pixels. There are four
# textures, one for each channel: full, rows, columns, and a chessboard. Its style chooses one.
# (Three of four numbers are zeros after ``up=2``; the op multiplies by 4 for that, so we divide.)

TEXTURES = [[[1, 1], [1, 1]], [[1, 1], [0, 0]], [[1, 0], [1, 0]], [[1, 0], [0, 1]]]
PLACES = ["upper left", "upper right", "lower left", "lower right"]
NAMES = ["full", "rows", "columns", "chessboard"]

coarse_kernel = np.ones((1, 1, 4, 4))
fine_kernel = np.zeros((3, 3, 4, 1))
# a number is spread over its neighbors by the kernel turned by 180 degrees, so we turn it before
fine_kernel[1:, 1:, :, 0] = np.moveaxis(TEXTURES, 0, -1)[::-1, ::-1] / 4


def generate(coarse, fine):
    """Two styles (N, 4) -> pictures (N, 8, 8, 1)."""
    start = ops.broadcast_to(constant, shape=(len(coarse), 4, 4, 4))
    h = ops.modulated_conv2d(start, coarse_kernel, coarse)
    return ops.modulated_conv2d(h, fine_kernel, fine, demodulate=False, up=2, filter=(1,))


one_hot = np.eye(4)
place, texture = np.divmod(np.arange(16), 4)
pictures = generate(one_hot[place], one_hot[texture])

fig, axes = plt.subplots(4, 4, figsize=(5.2, 5.6), layout="constrained")
for ax, picture in zip(axes.flat, pictures):
    ax.imshow(picture[..., 0], cmap="gray", vmin=0, vmax=1)
    ax.set(xticks=[], yticks=[])
for i in range(4):
    axes[0, i].set_title(f"fine: {NAMES[i]}", fontsize=9)
    axes[i, 0].set_ylabel(f"coarse: {PLACES[i]}", fontsize=9)
fig.suptitle("Four coarse styles, four fine styles, sixteen pictures")
plt.show()

for i in range(4):
    corner = pictures[place == i]
    assert np.allclose(corner[:, :, :, 0].sum(axis=(1, 2)), [16, 8, 8, 8])
    assert np.allclose(corner * np.kron(constant[0, :, :, i], np.ones((2, 2)))[..., None], corner)

# %%
# Two pictures can be crossed. Take the coarse style of one and the fine style of the other: the
# place comes from the first, the texture from the second. This is called *style mixing*.
#
# Where do the styles come from in StyleGAN2? From noise: some Dense layers, the *mapping network*,
# turn noise ``z`` into a list ``w``, and each convolution has a Dense layer of its own that turns
# ``w`` into its style. In training, most pictures get two different lists ``w``, one for the
# coarse layers and one for the fine ones, so that no layer relies on what its neighbor was told. On
# faces the coarse layers come to decide the pose, the fine ones the colors. The whole model, for
# digits, stands in ``models/generative/stylegan2.py``.
#
# Finding the style of a picture
# ------------------------------
# The styles are inputs, and the generator is made of ops. So there is a gradient for the styles.
# Given a picture, we can ask which styles make it: begin with ``(1, 1, 1, 1)`` for both, and walk
# against the gradient of the squared error. This is called *image projection*.
#
# The player below shows one such step. Look at the division by the length in
# ``modulated_conv2d``, and at its way back: the gradient for ``coarse`` goes through the scaled
# channels *and* through the length.

target = pictures[1 * 4 + 3][None].astype("float32")  # upper right, chessboard
coarse = Tensor(np.ones((1, 4), "float32"), requires_grad=True)
fine = Tensor(np.ones((1, 4), "float32"), requires_grad=True)
optimizer = Adam(0.1)

with minigrad.record() as run:
    error = ops.mean((generate(coarse, fine) - target) ** 2)
    error.backward()
    optimizer.apply([coarse.grad, fine.grad], [coarse, fine])
run.show()

assert {"conv2d", "divide", "sqrt"} <= {step.name for step in run.steps}
# a longer style gives the same picture, so the gradient is at a right angle to the style (1, 1, ..)
assert abs(coarse.grad.sum()) < 1e-4
assert coarse.grad[0].argmin() == 1  # against the gradient: more of the upper right corner

# %%
# The numbers of the gradient for ``coarse`` add up to 0. This is no chance. A style that is twice
# as long makes the same picture, so a step along ``(1, 1, 1, 1)`` changes nothing. Now we take
# more steps.

errors = [error.item()]
for _ in range(400 if LONG else 200):
    error = ops.mean((generate(coarse, fine) - target) ** 2)
    optimizer.apply(grad(error, [coarse, fine]), [coarse, fine])
    errors.append(error.item())

shares = abs(coarse.data[0]) / np.linalg.norm(coarse.data[0])
print("coarse:", shares.round(2), "  fine:", fine.data[0].round(2))
print(f"error: {errors[0]:.3f} at the start, {errors[-1]:.6f} at the end")
assert errors[-1] < 1e-3 < 0.05 < errors[0]
assert shares.argmax() == 1 and shares[1] > 0.95
assert fine.data[0].argmax() == 3 and fine.data[0, 3] > 0.8

# %%
# The gradient has read two instructions out of one picture: "upper right" and "chessboard".
#
# Translation without pairs
# -------------------------
# Now the second kind of instruction. We have pictures of horses and pictures of zebras. We want a
# network that makes a zebra of a horse, the same animal in the same place. But nobody has a pair: a
# photograph of a horse, and of the same horse with stripes. The data are *unpaired*: a heap of one
# kind, called *domain* X, and a heap of another, domain Y.
#
# A GAN (lesson 21) alone is not enough. Its discriminator checks that the output looks like a
# zebra. A generator that always draws the same perfect zebra, whatever the horse, passes.
#
# CycleGAN asks for more: it must be possible to *go back*. There are two generators, ``G`` from X
# to Y and ``F`` from Y to X. After ``G`` and then ``F`` we want what we began with::
#
#     cycle loss = mean of |F(G(x)) - x|  +  mean of |G(F(y)) - y|
#
# This is called *cycle consistency*. Numbers: let ``G(x) = 2 * x + 1``. For ``x = 3`` it gives 7.
# If ``F(y) = (y - 1) / 2``, then ``F(7) = 3``: error 0. If ``F(y) = y / 2``, then ``F(7) = 3.5``:
# error 0.5. And if ``G`` always says 7, then ``F`` must guess: whatever it answers to 7, it is
# wrong for all ``x`` but one.


def cycle_error(g, f, xs):
    """The mean of |F(G(x)) - x|."""
    return np.mean([abs(f(g(x)) - x) for x in xs])


def double(x):
    return 2 * x + 1


def undo(y):
    return (y - 1) / 2


def halve(y):
    return y / 2


def always_seven(x):
    return 7


xs = [1.0, 2.0, 3.0]
assert cycle_error(double, undo, xs) == 0
assert cycle_error(double, halve, xs) == 0.5
best_guess = min(cycle_error(always_seven, lambda y, c=c: c, xs) for c in np.linspace(0, 4, 401))
print(f"if G always says 7, the best F has a cycle error of {best_guess:.3f}")
assert abs(best_guess - 2 / 3) < 1e-9

# %%
# One more thing to notice, before we train. Let X have three kinds of things, a, b, c, and Y three
# kinds, 1, 2, 3. ``G`` may send each of the three to any of the three: 27 ways. Which can be
# undone?

kinds = range(3)
ways = [(i, j, k) for i in kinds for j in kinds for k in kinds]
undone = [way for way in ways if len(set(way)) == 3]
print(f"{len(undone)} of {len(ways)} ways can be undone")
assert (len(undone), len(ways)) == (6, 27)

# %%
# The cycle throws 21 of 27 away: all those that send two kinds to the same place. But six are left,
# and the cycle loss is 0 for each of them. It does not say *which* thing becomes which.
#
# Points in the plane
# -------------------
# Let us see both in a small training. A "picture" is a point in the plane, so it has two numbers.
# In domain X there are three round clouds. In domain Y there are three tall clouds, in a row.

X_CENTERS = np.array([[-0.6, -0.5], [0.0, 0.6], [0.6, -0.5]])
Y_CENTERS = np.array([[-0.7, 0.0], [0.1, 0.0], [0.7, 0.0]])


def clouds(centers, spread, seed, n=512):
    """(points, kinds): n points around the centers."""
    chance = np.random.default_rng(seed)
    kinds = chance.integers(0, 3, n)
    points = centers[kinds] + chance.normal(size=(n, 2)) * spread
    return points.astype("float32"), kinds


x, x_kinds = clouds(X_CENTERS, (0.08, 0.08), seed=0)
y, _ = clouds(Y_CENTERS, (0.036, 0.144), seed=1)


def small_network(outputs):
    """Two hidden layers of 32."""
    return Sequential(
        [
            Dense(32, activation="leaky_relu", input_shape=(2,)),
            Dense(32, activation="leaky_relu"),
            Dense(outputs),
        ]
    )


# %%
# ``CycleGAN`` is the class of the model file ``models/generative/cyclegan.py``; there it translates
# pictures of digits. We give it our small networks: ``G``, ``F``, and one discriminator for each
# domain. Its first loss is that of a GAN, with squares: each discriminator should say 1 for real
# points and 0 for translated ones. To that it adds ``cycle`` times the cycle loss. ``Unpaired``
# draws from each heap by itself, in an order of its own, so no pair ever meets.


def translate(cycle, seed):
    """Train; returns G(x) and F(G(x))."""
    minigrad.seed(seed)
    g, f = small_network(2), small_network(2)
    model = CycleGAN(g, f, small_network(1), small_network(1), cycle=cycle, pool_size=None)
    model.compile(Adam(2e-3, beta_1=0.5), Adam(2e-3, beta_1=0.5))
    model.fit(Unpaired(x, y, batch_size=64), epochs=300 if LONG else 100, verbose=0)
    translated = model.predict(x, verbose=0)
    return translated, model.f.predict(translated, verbose=0)


def pairing(translated):
    """For each kind of X: the kind of Y it mostly becomes, and the share that does."""
    distances = np.linalg.norm(translated[:, None] - Y_CENTERS, axis=2)
    nearest = distances.argmin(1)
    counts = [np.bincount(nearest[x_kinds == kind], minlength=3) for kind in kinds]
    return [int(c.argmax()) for c in counts], [float(c.max() / c.sum()) for c in counts]


runs = {
    "cycle 10, seed 6": translate(10.0, 6),
    "cycle 10, seed 5": translate(10.0, 5),
    "no cycle, seed 6": translate(0.0, 6),
}
way_back = {}
for name, (translated, back) in runs.items():
    way_back[name] = float(abs(back - x).mean())
    print(f"{name}: a, b, c become {pairing(translated)[0]}, way back off by {way_back[name]:.3f}")

fig, axes = plt.subplots(2, 4, figsize=(12, 6), layout="constrained", sharex=True, sharey=True)
styles_of_kinds = [("o", "tab:blue", "a"), ("^", "tab:orange", "b"), ("s", "tab:green", "c")]


def scatter(ax, points, title):
    """Points of X, translated or not, with a mark for each kind."""
    for kind, (mark, color, label) in zip(kinds, styles_of_kinds):
        rows = points[x_kinds == kind]
        ax.plot(*rows.T, mark, color=color, markersize=3, alpha=0.5, label=label)
    ax.set_title(title, fontsize=10)


scatter(axes[0, 0], x, "domain X: three kinds")
axes[0, 0].legend(title="kind", markerscale=2)
axes[1, 0].plot(*y.T, "k.", markersize=3)
axes[1, 0].set_title("domain Y", fontsize=10)
for column, (name, (translated, back)) in enumerate(runs.items(), 1):
    scatter(axes[0, column], translated, f"G(x): {name}")
    scatter(axes[1, column], back, f"F(G(x)): off by {way_back[name]:.2f}")
for ax in axes[1]:
    ax.set_xlabel("first number")
for ax in axes[:, 0]:
    ax.set_ylabel("second number")
axes[0, 0].set(xlim=(-1.2, 1.2), ylim=(-1.0, 1.0))
plt.show()

# %%
# Above, the translated points lie where the clouds of Y are. Below is the way back. With the cycle
# loss each point comes back to its place. Without it, ``F`` and ``G`` know nothing of each other:
# ``F(G(x))`` lies somewhere in X, and not where ``x`` was.

with_cycle = [name for name in runs if name.startswith("cycle")]
assert all(way_back[name] < 0.08 for name in with_cycle)
assert way_back["no cycle, seed 6"] > 0.2
assert all(min(pairing(runs[name][0])[1]) > 0.7 for name in with_cycle)

# %%
# Now compare the two runs with the cycle. Both are good, both come back. And they do not agree on
# what a, b and c become! This is what the 27 ways said: no loss asks for a pairing, so the
# networks keep the first one that they find. Where the pairing matters, something else must
# choose: networks that can only change colors and edges easily, or an *identity loss*, which asks
# that ``G`` leaves a picture alone that is of Y already. (It can also choose badly: the model file
# tells how it turned digits into something else.)

first, second = (pairing(runs[name][0])[0] for name in with_cycle)
assert sorted(first) == sorted(second) == [0, 1, 2]  # each kind gets a place of its own
assert first != second

# %%
# What goes wrong
# ---------------
# *A style of the wrong length.* The style scales the *input* channels. Many people give it one
# number for each *output* channel.


def message_of(function, *arguments):
    """The text of the error that function(*arguments) raises."""
    try:
        function(*arguments)
    except ValueError as error:
        return str(error)
    return "no error"


three_to_five = chance.normal(size=(3, 3, 3, 5))
said = message_of(ops.modulated_conv2d, np.ones((2, 4, 4, 3)), three_to_five, np.ones((2, 5)))
print(textwrap.fill(said, 100))
assert "2 images of 3 channels need a style of shape (2, 3)" in said

# %%
# *Data of another range.* The generators of both model files end in ``tanh``: their black is -1 and
# their white is 1. Pictures with pixels between 0 and 1 use only half of that range. Their black is
# the middle gray of the generator. Training would go badly without a word, so ``Unpaired`` refuses
# them.

said = message_of(Unpaired, (x + 1) / 2, y)
print(textwrap.fill(said, 100))
assert "the generator makes images in -1..1" in said

# %%
# *The cycle loss alone.* Without discriminators the cycle has a very cheap answer: ``G`` and ``F``
# that do nothing. Their cycle loss is exactly 0, and nothing is translated. The cycle keeps what
# a picture shows; only the discriminator asks for a new look.


def nothing(x):
    return x


assert cycle_error(nothing, nothing, xs) == 0

# %%
# What to remember
# ----------------
# * Modulation: a style multiplies the weights of each input channel, for each picture its own.
# * Demodulation divides by the length of the scaled weights, so only ratios count.
# * A style is the same at every pixel. Coarse layers decide the place, fine layers the texture.
# * Cycle consistency: ``F(G(x))`` must be ``x``. It forbids that two things become one.
# * It does not choose which thing becomes which. With unpaired data nothing does, unless you add
#   it.
#
# Exercises
# ---------
# 1. Write ``answer_1(w, style)``: the weights of a modulated and demodulated convolution of one
#    sample. ``w`` is an array (K, K, C, F), ``style`` one of shape (C,); return an array (K, K, C,
#    F).
# 2. Write ``answer_2(w_1, w_2, first)``: style mixing. ``w_1`` and ``w_2`` are arrays (layers,
#    channels), one style for each layer. Return those of ``w_1`` for the layers before ``first``
#    and those of ``w_2`` from ``first`` on. Do not change the inputs.
# 3. Write ``answer_3(g, f, xs, ys)``: the whole cycle loss, the mean of ``|f(g(x)) - x|`` over
#    ``xs`` plus the mean of ``|g(f(y)) - y|`` over ``ys``. ``g`` and ``f`` take and give arrays.
# 4. X has 4 kinds and Y has 5. In how many ways can ``G`` send kinds of X to kinds of Y so that
#    some ``F`` brings all four back? Give ``answer_4``, a number.
# 5. The *truncation trick* draws a style to the mean of all styles, which makes pictures more
#    typical and less varied. Write ``answer_5(w, mean, truncation)``: ``w`` where ``truncation`` is
#    1, ``mean`` where it is 0, and on the straight line between them for other values.
#
# Write your answers as ``answer_1``, ``answer_2``, ... in a file and run
# ``python -m tutorials 23 --check my_answers.py``. The solutions stand in
# ``tutorials/solutions/23_stylegan2_and_cyclegan.py``.
