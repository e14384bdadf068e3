"""
18. Attention: who looks at whom
================================

An LSTM reads word by word and must carry everything it has read in one state. *Attention* works in
another way: each word looks at all words at once, and takes from each as much as it needs. This
lesson computes attention by hand for three words. Then it adds what is missing: the scaling, the
masks, several heads, and positions. Together they make the *Transformer block* (Vaswani et al.
2017, arXiv:1706.03762), of which the networks of lesson 19 are built. At the end a small one learns
to read eight digits backward.
"""

import math
import sys

import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import Parameter, Sequential, Tensor, grad, ops
from minigrad.layers import (
    Dense,
    Embedding,
    LayerNormalization,
    MultiHeadAttention,
    SinusoidalPositions,
    TransformerEncoder,
)
from minigrad.optimizers import SGD, Adam

LONG = "--long" in sys.argv  # more epochs at the end

# %%
# Query, key, value
# -----------------
# A dictionary in Python finds a value by its key, and the key must match exactly. Attention is a
# *soft* dictionary: a question may match several keys a little, and the answer is a mixture of
# their values. Each word has three lists of numbers:
#
# * a *query*: what this word is looking for;
# * a *key*: what this word offers to those who look;
# * a *value*: what others get when they look at this word.
#
# Our three words are "cat", "sat", "it", as in "cat sat, it purred". The four numbers of a key say
# how much the word is a noun, a verb, a pronoun, and in the past tense. A query says how much of
# each is wanted. "it" looks for a noun (2), and a little for another pronoun (1). ::
#
#           query          key            value
#     cat   0 2 0 0        2 0 0 0        1 0
#     sat   2 0 2 0        0 2 0 1        0 1
#     it    2 0 1 0        0 0 2 0        0 0

words = ["cat", "sat", "it"]
q = np.array([[0, 2, 0, 0], [2, 0, 2, 0], [2, 0, 1, 0]], float)
k = np.array([[2, 0, 0, 0], [0, 2, 0, 1], [0, 0, 2, 0]], float)
v = np.array([[1, 0], [0, 1], [0, 0]], float)

# %%
# Three steps, by hand for the word "it":
#
# 1. **Scores.** Multiply the query of "it" with each key, number by number, and add up. With "cat":
#    2 * 2 + 0 + 0 + 0 = 4. With "sat": 0. With "it": 1 * 2 = 2. Then divide by 2, the square root
#    of the 4 numbers in a key. (The reason follows.) This gives 2, 0, 1.
# 2. **Shares.** The softmax makes shares of them. exp(2) = 7.39, exp(0) = 1, exp(1) = 2.72,
#    together 11.11. So 7.39 / 11.11 = 0.665, and 0.090, and 0.245. These shares
#    are called *attention weights*.
# 3. **Mixture.** Add up the values, each times its share: 0.665 * (1, 0) + 0.090 * (0, 1) + 0.245 *
#    (0, 0) = (0.665, 0.090).
#
# "It" looks mostly at "cat". That is what we wanted: it has found the noun that it stands for.
#
# The same with loops, for all three words:


def attention_by_loops(q, k, v):
    """(shares, outputs) of attention, one number after the other."""
    shares = np.zeros((len(q), len(k)))
    outputs = np.zeros((len(q), v.shape[1]))
    for i in range(len(q)):
        exponentials = []
        for j in range(len(k)):
            score = sum(a * b for a, b in zip(q[i], k[j])) / math.sqrt(q.shape[1])
            exponentials.append(math.exp(score))
        for j in range(len(k)):
            shares[i, j] = exponentials[j] / sum(exponentials)
            outputs[i] += shares[i, j] * v[j]
    return shares, outputs


shares, outputs = attention_by_loops(q, k, v)
for word, row, output in zip(words, shares, outputs):
    print(f"{word}: shares {row.round(3)}, output {output.round(3)}")
assert np.allclose(shares[2], [0.665, 0.090, 0.245], atol=1e-3)
assert np.allclose(outputs[2], [0.665, 0.090], atol=1e-3)
assert np.allclose(shares.sum(1), 1)

# %%
# All words at once are two matrix products with a softmax between them. This one line is the whole
# of attention::
#
#     attention(q, k, v) = softmax(q @ k.T / sqrt(d)) @ v        (d: numbers in a key)

by_numpy = np.exp(q @ k.T / 2)
by_numpy = by_numpy / by_numpy.sum(1, keepdims=True) @ v
by_minigrad = ops.scaled_dot_product_attention(Tensor(q), Tensor(k), Tensor(v))
assert np.allclose(by_numpy, outputs)
assert np.allclose(by_minigrad.numpy(), outputs, atol=1e-6)

# %%
# Where queries, keys and values come from
# ----------------------------------------
# We have written them down. A network learns them. Each word has one vector ``x`` (its embedding,
# lesson 17), and three matrices of parameters turn it into the three lists::
#
#     q = x @ W_q        k = x @ W_k        v = x @ W_v
#
# All words share these matrices. Because the queries, the keys and the values come from the same
# words, this is called *self-attention*. If our three words have one-hot vectors, then row 0 of
# ``W_q`` is the query of "cat", and so on. So our tables are the matrices, and the layer must give
# our numbers. (The layer has one more matrix at its end; we set it to "change nothing".)

x = np.eye(3, dtype="float32")[None]  # (1, 3, 3): one sentence, three words, one-hot
layer = MultiHeadAttention(num_heads=1, key_dim=4, value_dim=2, output_shape=2, use_bias=False)
layer(x)  # the first call makes the parameters
layer.set_weights([q.reshape(3, 1, 4), k.reshape(3, 1, 4), v.reshape(3, 1, 2), np.eye(2)[None]])
by_layer, weights = layer(x, return_attention_scores=True)
assert np.allclose(by_layer.numpy()[0], outputs, atol=1e-6)
assert np.allclose(weights.numpy()[0, 0], shares, atol=1e-6)

# %%
# One step, in slow motion
# ------------------------
# Now a *target*: "cat" shall get all of the verb, (0, 1), and "sat" and "it" all of the noun, (1,
# 0). We take one step of gradient descent on the three matrices. In the player, look at the scores,
# then at the three exponentials of each row and their sum, and at the shares. On the way back, see
# how the gradient goes through the shares to both sides: to the queries *and* to the keys.

minigrad.seed(0)
W_q, W_k, W_v = (Parameter(matrix.astype("float32")) for matrix in (q, k, v))
target = Tensor([[0.0, 1.0], [1.0, 0.0], [1.0, 0.0]])
optimizer = SGD(learning_rate=0.5)
parameters = [W_q, W_k, W_v]
sentence = Tensor(x[0])

with minigrad.record() as run:
    queries, keys, values = sentence @ W_q, sentence @ W_k, sentence @ W_v
    scores = queries @ keys.T / 2
    mixture = ops.softmax(scores) @ values
    loss = ((mixture - target) ** 2).sum()
    optimizer.apply(grad(loss, parameters), parameters)
run.show()

queries, keys, values = sentence @ W_q, sentence @ W_k, sentence @ W_v
mixture_after = ops.softmax(queries @ keys.T / 2) @ values
loss_after = ((mixture_after - target) ** 2).sum()
print(f"loss {loss.item():.3f}, after one step {loss_after.item():.3f}")
assert loss_after.item() < loss.item()
assert mixture_after.numpy()[2, 0] > mixture.numpy()[2, 0]

# %%
# Why divide by the square root?
# ------------------------------
# A score is a sum of ``d`` products. If the numbers in queries and keys are drawn with variance 1,
# each product has variance 1 too, and a sum of d of them has variance d. So the scores are about
# ``sqrt(d)`` large. With d = 64 that is 8. Two scores that differ by 8 give exp(8) = 2981 to 1: the
# shares 0.9997 and 0.0003. Almost everything goes to one word. And the slope of a share ``p`` with
# its score is ``p * (1 - p)``, here 0.0003: almost nothing is learned. Divided by 8, the scores
# differ by 1: the shares are 0.731 and 0.269, and the slope is 0.197.

for difference, share, slope in ((8, 0.9997, 0.0003), (1, 0.731, 0.197)):
    p = 1 / (1 + math.exp(-difference))
    assert abs(p - share) < 1e-3 and abs(p * (1 - p) - slope) < 1e-3

rng = np.random.default_rng(0)
sizes = [4, 16, 64, 256, 1024]
largest = {"not divided": [], "divided by sqrt(d)": []}
for d in sizes:
    scores = (rng.normal(size=(500, 8, d)) * rng.normal(size=(500, 1, d))).sum(-1)  # 8 keys
    for name, factor in (("not divided", 1), ("divided by sqrt(d)", 1 / math.sqrt(d))):
        largest[name].append(ops.softmax(Tensor(scores * factor)).numpy().max(-1).mean())

fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
for (name, values), style in zip(largest.items(), ("o--", "s-")):
    ax.plot(sizes, values, style, label=name)
ax.axhline(1 / 8, color="gray", linestyle=":", label="equal shares")
ax.set_xscale("log", base=2)
ax.set(xlabel="d, numbers in a key", ylabel="largest of 8 shares", ylim=(0, 1.05))
ax.set_title("Without the division, one word takes all")
ax.legend()
plt.show()

assert largest["not divided"][-1] > 0.9
assert max(largest["divided by sqrt(d)"]) - min(largest["divided by sqrt(d)"]) < 0.1
assert max(largest["divided by sqrt(d)"]) < 0.5

# %%
# Masks: who may look at whom
# ---------------------------
# There are two reasons to hide a word.
#
# * A **padding mask** hides what is not real (lesson 17). No word may look at padding.
# * A **causal mask** hides the future. If a network shall guess the next word, then it must not see
#   it: each word looks at itself and at the words before it.
#
# A hidden score is replaced by a very low number *before* the softmax. Its share becomes 0, and the
# other shares still add up to 1. With the causal mask "cat" sees only itself: its share is 1. "sat"
# sees "cat" and "sat", with scores 4 / 2 = 2 and 0: exp(2) = 7.39 and 1, shares 0.881 and 0.119.
# "it" sees all, as before.


def masked_shares(scores, visible):
    """The softmax of each row over the visible scores."""
    scores = np.where(visible, scores, -1e30)
    exponentials = np.exp(scores - scores.max(-1, keepdims=True))
    return exponentials / exponentials.sum(-1, keepdims=True)


scores = q @ k.T / 2
causal = np.tril(np.ones((3, 3), bool))  # True on the diagonal and below
padding = np.array([[True, True, False]] * 3)  # say the third word were padding
causal_shares = masked_shares(scores, causal)
padding_shares = masked_shares(scores, padding)
print("causal:", causal_shares.round(3).tolist())
assert np.allclose(causal_shares[:2], [[1, 0, 0], [0.881, 0.119, 0]], atol=1e-3)
assert np.allclose(causal_shares[2], shares[2])

_, by_layer = layer(x, use_causal_mask=True, return_attention_scores=True)
assert np.allclose(by_layer.numpy()[0, 0], causal_shares, atol=1e-6)
key_mask = np.array([[True, True, False]])
_, by_layer = layer(x, key_mask=key_mask, return_attention_scores=True)
assert np.allclose(by_layer.numpy()[0, 0], padding_shares, atol=1e-6)

fig, axes = plt.subplots(1, 3, figsize=(10, 3.6), layout="constrained")
cases = {
    "no mask": shares,
    "causal mask": causal_shares,
    'padding mask ("it" is hidden)': padding_shares,
}
for ax, (title, table) in zip(axes, cases.items()):
    ax.imshow(table, cmap="Blues", vmin=0, vmax=1)
    for (i, j), share in np.ndenumerate(table):
        color = "white" if share > 0.6 else "black"
        ax.text(j, i, f"{share:.2f}", ha="center", va="center", color=color)
    ax.set_xticks(range(3), words)
    ax.set_yticks(range(3), words)
    ax.set(title=title, xlabel="looks at")
axes[0].set_ylabel("this word")
plt.show()

# %%
# How do we test a mask? Change what is hidden. Nothing else may change. This test finds every leak.

changed = x.copy()
changed[0, 2] = [5.0, -3.0, 2.0]  # another third word
before = layer(x, use_causal_mask=True).numpy()
after = layer(changed, use_causal_mask=True).numpy()
assert np.allclose(before[0, :2], after[0, :2])  # the first two words cannot see it
assert not np.allclose(before[0, 2], after[0, 2])
assert not np.allclose(layer(x).numpy()[0, 0], layer(changed).numpy()[0, 0])  # without a mask

# %%
# Several heads
# -------------
# One softmax gives most of its share to few words. But a word may need several things: its noun,
# its verb, the word before it. So attention is computed several times side by side. Each is called
# an *attention head*, and each has its own, smaller queries, keys and values. Their outputs are put
# side by side, and a last matrix ``W_o`` mixes them.
#
# With width 8 and 2 heads, a head has 4 numbers per key. We compute each head by itself and compare
# with the layer.

minigrad.seed(0)
width, heads, length = 8, 2, 5
two_heads = MultiHeadAttention(heads, width // heads)
x = rng.normal(size=(1, length, width)).astype("float32")
by_layer = two_heads(x).numpy()[0]

W_q, b_q, W_k, b_k, W_v, b_v, W_o, b_o = two_heads.get_weights()
side_by_side = []
for h in range(heads):
    head_q = x[0] @ W_q[:, h] + b_q[h]  # (5, 4)
    head_k = x[0] @ W_k[:, h] + b_k[h]
    head_v = x[0] @ W_v[:, h] + b_v[h]
    side_by_side.append(attention_by_loops(head_q, head_k, head_v)[1])
by_hand = np.concatenate(side_by_side, axis=1) @ W_o.reshape(width, width) + b_o
assert np.allclose(by_hand, by_layer, atol=1e-5)

# %%
# More heads do not cost more parameters, because each is smaller. There are four matrices of width
# * width and four biases: 4 * (8 * 8 + 8) = 288, with 1, 2 or 4 heads.

for heads in (1, 2, 4):
    attention = MultiHeadAttention(heads, width // heads)
    attention(x)
    count = sum(weight.size for weight in attention.weights)
    print(f"{heads} heads: {count} parameters")
    assert count == 4 * (width * width + width) == 288

# %%
# Positions
# ---------
# Attention compares each word with each other word. Nothing in it knows which comes first. If we
# put the words in another order, the outputs are the same, in that other order. "Dog bites man" and
# "man bites dog" would be one sentence.

order = [3, 0, 4, 1, 2]
assert np.allclose(two_heads(x[:, order]).numpy()[0], by_layer[order], atol=1e-5)

# %%
# The cure: *add* to each word a *position vector*, which depends on where it stands. The paper
# takes sines and cosines, one pair for each of several speeds, from fast to slow. With 4 numbers
# per word there are two pairs, with the speeds 1 and 1 / 100::
#
#     position 0:   sin 0 = 0       cos 0 = 1       sin 0 = 0          cos 0 = 1
#     position 1:   sin 1 = 0.841   cos 1 = 0.540   sin 0.01 = 0.010   cos 0.01 = 1.000
#     position 2:   sin 2 = 0.909   cos 2 = -0.416  sin 0.02 = 0.020   cos 0.02 = 1.000
#
# It is like a clock: the fast hand tells near positions apart, the slow one far positions. In
# general, pair i of d numbers has the speed ``1 / 10000 ** (2 * i / d)``.


def position_vector(position, d):
    """The sines and cosines of one position."""
    numbers = []
    for i in range(d // 2):
        angle = position / 10000 ** (2 * i / d)
        numbers += [math.sin(angle), math.cos(angle)]
    return numbers


by_hand = [position_vector(p, 4) for p in range(3)]
by_minigrad = SinusoidalPositions()(np.zeros((1, 3, 4), "float32")).numpy()[0]
assert np.allclose(by_hand[1], [0.841, 0.540, 0.010, 1.000], atol=1e-3)
assert np.allclose(by_hand, by_minigrad, atol=1e-6)

encoding = SinusoidalPositions()(np.zeros((1, 60, 32), "float32")).numpy()[0]
alike = encoding @ encoding.T  # how well two positions match
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
image = left.imshow(encoding, cmap="RdBu", aspect="auto")
fig.colorbar(image, ax=left)
left.set(xlabel="feature", ylabel="position", title="One row per position")
for position, style in ((10, "-"), (30, "--"), (50, ":")):
    right.plot(alike[position], style, label=f"with position {position}")
right.set(xlabel="position", ylabel="dot product", ylim=(1, 17))
right.set_title("Near positions match best")
right.legend(loc="lower center")
plt.show()

assert (alike.argmax(1) == np.arange(60)).all()  # each position matches itself best
assert np.allclose(alike[10, 15], alike[40, 45], atol=1e-3)  # only the distance counts

# %%
# Other networks learn the position vectors, like an embedding (lesson 19).
#
# The block
# ---------
# A Transformer is a stack of equal *blocks*. Each block has two steps:
#
# 1. attention: words exchange what they know;
# 2. a small network for each word by itself: ``relu(x @ W_1 + b_1) @ W_2 + b_2``, usually four
#    times as wide inside as outside.
#
# Around each step is a residual path (lesson 13): the input is added to the result. And behind each
# step stands a *layer normalization*. It is like batch normalization (lesson 10), but it takes mean
# and variance over the numbers of *one* word. The word (1, 3) has mean 2 and standard deviation 1,
# so it becomes (-1, 1). The other words of the batch do not matter.

by_minigrad = LayerNormalization(epsilon=0.0)(np.array([[1.0, 3.0]], "float32"))
assert np.allclose(by_minigrad.numpy(), [[-1, 1]], atol=1e-5)


def normalize(x):
    """Mean 0 and variance 1 over the last axis."""
    mean = x.mean(-1, keepdims=True)
    return (x - mean) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)


minigrad.seed(0)
block = TransformerEncoder(intermediate_dim=32, num_heads=2)
by_minigrad = block(x).numpy()

W_1, b_1 = block.intermediate.get_weights()
W_2, b_2 = block.output.get_weights()
y = normalize(x + block.self_attention(x).numpy())
by_hand = normalize(y + np.maximum(y @ W_1 + b_1, 0) @ W_2 + b_2)
assert np.allclose(by_hand, by_minigrad, atol=1e-4)

# %%
# How many parameters does it have, with width 8 and 32 inside? Attention 288; the small network
# 8 * 32 + 32 + 32 * 8 + 8 = 552; two normalizations with a gain and a bias for each number, 2 *
# 16 = 32. Together 872.

count = sum(weight.size for weight in block.weights)
print("parameters of the block:", count)
assert count == 288 + 552 + 32 == 872

# %%
# A task: read it backward
# ------------------------
# The input is eight digits, such as 3 1 4 1 5 9 2 6. The network has to write them in the opposite
# order: 6 2 9 5 1 4 1 3. The answer at the first place stands at the last place of the input. So
# each place must learn where to look. One block with one head is enough.

minigrad.seed(0)
digits = rng.integers(0, 10, (2500, 8))
backward = digits[:, ::-1].copy()
train, test = slice(0, 2000), slice(2000, None)
epochs = 30 if LONG else 8


def reverser(with_positions):
    """(N, 8) digits -> (N, 8, 10) probabilities, trained."""
    minigrad.seed(0)
    positions = [SinusoidalPositions()] if with_positions else []
    model = Sequential(
        [
            Embedding(10, 32),
            *positions,
            TransformerEncoder(intermediate_dim=64, num_heads=1),
            Dense(10, activation="softmax"),
        ]
    )
    model.compile(Adam(0.005), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(digits[train], backward[train], batch_size=32, epochs=epochs, verbose=0)
    return model


model = reverser(True)
_, accuracy = model.evaluate(digits[test], backward[test], verbose=0)
_, blind_accuracy = reverser(False).evaluate(digits[test], backward[test], verbose=0)
example = np.array([[3, 1, 4, 1, 5, 9, 2, 6]])
answer = model.predict(example, verbose=0).argmax(-1)[0]
print("3 1 4 1 5 9 2 6 backward:", *answer)
print(f"right digits: {accuracy:.1%} with positions, {blind_accuracy:.1%} without")
assert answer.tolist() == [6, 2, 9, 5, 1, 4, 1, 3]
assert accuracy > 0.97
assert 0.2 < blind_accuracy < 0.5

# %%
# Without positions it can only find out *which* digits there are, and guess. That is right about
# three times in ten. With positions (nearly) every digit is right, on rows that it has never seen.
#
# And now the best of attention: we can see where it looks.

embedded = model.layers[1](model.layers[0](example))
_, weights = model.layers[2].self_attention(embedded, return_attention_scores=True)
weights = weights.numpy()[0, 0]
fig, ax = plt.subplots(figsize=(5.6, 4.4), layout="constrained")
image = ax.imshow(weights, cmap="Blues", vmin=0, vmax=1)
fig.colorbar(image, ax=ax, label="share")
ax.set_xticks(range(8), [str(digit) for digit in example[0]])
ax.set_yticks(range(8), [str(digit) for digit in answer])
ax.set(xlabel="looks at this place of the input", ylabel="digit that is written")
ax.set_title("Each answer looks at the opposite place")
plt.show()

assert (weights.argmax(1) == np.arange(8)[::-1]).all()
assert np.allclose(weights.sum(1), 1, atol=1e-5)

# %%
# What it costs
# -------------
# For a text of T words there are T * T shares. A text twice as long needs four times as many: for
# 1,000 words one million, for 2,000 words four million, in each head of each block. This is the
# price. What we get: any two words are one step apart, however far they stand from each other. In
# an LSTM the gradient has to walk through all words between them (lesson 15).

numbers = []
for length in (100, 200):
    text = rng.normal(size=(1, length, width))
    _, weights = MultiHeadAttention(1, width)(text, return_attention_scores=True)
    numbers.append(weights.size)
    print(f"{length} words: {weights.size:,} shares")
assert numbers == [10000, 40000]

# %%
# What goes wrong
# ---------------
# **The mask comes after the softmax.** It looks harmless: compute the shares, then set the hidden
# ones to zero. But now the rows do not add up to 1 any more. The row of "cat" adds up to 0.11, so
# its output shrinks. And what is hidden still had a say, in the sum that was divided by.

late = shares * causal
print("rows add up to", late.sum(1).round(3), "instead of 1")
assert np.allclose(late[0].sum(), 0.107, atol=1e-3)
assert not np.allclose(late.sum(1), 1, atol=0.1)

# %%
# **The mask is the wrong way round.** In Keras and here, True means: this is real, look at it. In
# some other libraries True means: hide this. No error comes. All words then look at the padding,
# and at nothing else.

_, inverted = layer(np.eye(3)[None], key_mask=~key_mask, return_attention_scores=True)
print("share of the padding:", inverted.numpy()[0, 0, :, 2])
assert np.allclose(inverted.numpy()[0, 0, :, 2], 1)

# %%
# **The softmax runs along the wrong axis.** Then each *column* adds up to 1: the words compete for
# who looks at a word, instead of a word choosing whom to look at.

wrong_axis = ops.softmax(Tensor(scores), axis=0).numpy()
print("rows add up to", wrong_axis.sum(1).round(2))
assert np.allclose(wrong_axis.sum(0), 1) and not np.allclose(wrong_axis.sum(1), 1, atol=0.05)

# %%
# **The heads do not divide the width.** This one is told.

try:
    TransformerEncoder(intermediate_dim=16, num_heads=4)(np.ones((1, 5, 10)))
except ValueError as error:
    said = str(error)
print("ValueError:", said)
assert "4 heads divide" in said

# %%
# The whole Transformer, with an encoder that reads and a decoder that writes, stands in
# ``models/sequences/transformer.py``. It turns "Tue, 03 Mar 1998" into "1998-03-03".
#
# What to remember
# ----------------
# * softmax(q @ k.T / sqrt(d)) @ v: compare, make shares, mix.
# * The division keeps the softmax from giving all to one word, and keeps its gradient alive.
# * Masks act before the softmax. Test them by changing what is hidden.
# * Attention knows no order; positions are added to the words.
# * A block is attention and a small network, each with a residual path and a normalization.
#
# Exercises
# ---------
# 1. Write ``answer_1(q, k, v)`` in NumPy: the attention of queries (T, d), keys (S, d) and values
#    (S, e), as an array (T, e). It must also work for large scores (subtract the largest first).
# 2. Write ``answer_2(T)``: the causal mask, a boolean array (T, T), True where a word may look.
# 3. Write ``answer_3(lengths, T)``: the padding mask of a batch, a boolean array (N, T), True where
#    a word is real. ``lengths`` has the number of real words of each row; padding is at the end.
# 4. Write ``answer_4(width, inner)``: the number of parameters of a block with this width and
#    ``inner`` units in its small network.
# 5. Write ``answer_5(position, d)``: the sines and cosines of a position, as an array of d numbers
#    (d is even).
#
# Write your answers as ``answer_1``, ``answer_2``, ... in a file and run
# ``python -m tutorials 18 --check my_answers.py``. The solutions stand in
# ``tutorials/solutions/18_attention.py``.
