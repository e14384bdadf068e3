"""
19. BERT and GPT: two questions to one network
==============================================

A text needs no labels. Hide a word, and the word itself is the right answer. So a network can learn
from any text, however long. There are two ways to ask. *BERT* (Devlin et al. 2018,
arXiv:1810.04805) hides words in the middle and sees both sides. *GPT* (Radford et al. 2018) hides
everything that comes later and guesses the next word; so it can also write. Both are stacks of the
blocks of lesson 18. In this lesson we build a tiny one of each from the same lines, train them on
the same sentences, and let GPT write. Then we count the parameters of the real ones.
"""

import math
import sys
from collections import Counter

import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import Sequential, Tensor, datasets, ops
from minigrad.data import WordPiece
from minigrad.layers import Dense, Embedding, LearnedPositions, TransformerEncoder
from minigrad.losses import SparseCategoricalCrossentropy
from minigrad.optimizers import SGD, Adam
from minigrad.utils import pad_sequences
from minigrad.zoo.sequences import bert, gpt

LONG = "--long" in sys.argv  # more epochs

# %%
# Guessing by counting
# --------------------
# Before any network: a text of three sentences. ::
#
#     the cat sat
#     the cat ran
#     the dog ran
#
# What is the next word after "the"? We count: "cat" 2 of 3 times, "dog" 1 of 3. After "cat": "sat"
# 1 of 2, "ran" 1 of 2. After "dog": "ran", always. A network that guesses the next word is called a
# *language model*. Ours is a table of counts.
#
# How good is it on "the dog ran"? It gives "dog" the probability 1/3 and "ran" the probability 1.
# The loss is cross-entropy (lesson 4), the mean of ``-log(p)``: (1.099 + 0) / 2 = 0.549. Often one
# reports ``exp(loss)`` instead, the *perplexity*: exp(0.549) = 1.73. It says: the model is as
# unsure as if it had to choose among 1.73 equally likely words.
#
# By loops, and then by minigrad: a network that is only an embedding, whose row for each word holds
# the scores of the next one.

sentences = ["the cat sat", "the cat ran", "the dog ran"]
words = ["the", "cat", "dog", "sat", "ran"]
counts = np.zeros((5, 5))
for sentence in sentences:
    ids = [words.index(word) for word in sentence.split()]
    for word, following in zip(ids, ids[1:]):
        counts[word, following] += 1
by_counting = counts[:3] / counts[:3].sum(1, keepdims=True)  # nothing follows "sat" and "ran"
assert np.allclose(by_counting[0], [0, 2 / 3, 1 / 3, 0, 0])

loss = -(math.log(by_counting[0, 2]) + math.log(by_counting[2, 4])) / 2
print(f"the dog ran: loss {loss:.3f}, perplexity {math.exp(loss):.2f}")
assert abs(loss - 0.549) < 1e-3 and abs(math.exp(loss) - 1.73) < 0.01

minigrad.seed(0)
pairs = np.array([[words.index(w) for w in s.split()] for s in sentences])
table = Sequential([Embedding(5, 5)])
table.compile(Adam(0.1), SparseCategoricalCrossentropy(from_logits=True))
table.fit(pairs[:, :-1], pairs[:, 1:], epochs=300, verbose=0)
learned = ops.softmax(table(np.arange(3))).numpy()
print("after the:", ", ".join(f"{word} {p:.2f}" for word, p in zip(words, learned[0])))
assert np.allclose(learned, by_counting, atol=0.03)

# %%
# Gradient descent on cross-entropy has found the counts. This is what a language model learns: how
# often each word follows.
#
# The other question has two sides. "the ___ sat": counting from the left alone, "cat" has 2/3 and
# the loss is -log(2/3) = 0.405. But if we also look to the right, only "cat" stands between "the"
# and "sat": the probability is 1, and the loss is 0. Two sides know more than one.

middles = Counter(
    s.split()[1] for s in sentences if s.split()[0] == "the" and s.split()[2] == "sat"
)
from_both_sides = middles["cat"] / sum(middles.values())
assert abs(-math.log(by_counting[0, 1]) - 0.405) < 1e-3
assert from_both_sides == 1

# %%
# The sentences
# -------------
# We take the film reviews of lesson 17, cut into sentences, without their labels. Each word gets an
# id. BERT's tokenizer adds some special tokens: ``[CLS]`` stands at the start of each sentence,
# ``[SEP]`` at its end, ``[MASK]`` where a word is hidden, and ``[PAD]``, with id 0, is the padding.

(reviews, _), _ = datasets.reviews.load_data(3000)
texts = dict.fromkeys(part.strip() + "." for review in reviews for part in review.split("."))
texts.pop(".")  # what stands behind the last full stop

splitter = WordPiece(WordPiece.special)
vocabulary = dict.fromkeys(word for text in texts for word in splitter.words(text))
tokens = WordPiece([*WordPiece.special, *vocabulary])
MASK, START, END = tokens["[MASK]"], tokens["[CLS]"], tokens["[SEP]"]
VOCABULARY = len(tokens)

length = 14  # longer sentences are left out
encoded = [tokens.encode(text) for text in texts]
rows = pad_sequences([ids for ids in encoded if len(ids) <= length], length, padding="post")
rng = np.random.default_rng(0)
rows = rows[rng.permutation(len(rows))]
train, held_out = rows[: len(rows) * 4 // 5], rows[len(rows) * 4 // 5 :]
print(f"{len(train)} sentences to learn from, {len(held_out)} held out, {len(tokens)} tokens")
for row in train[:3]:
    print(" ", tokens.decode(row, skip_special=False).replace(" [PAD]", ""))
assert len(train) > 1500 and train.shape[1] == length
assert (train[:, 0] == START).all()

# %%
# Two kinds of targets
# --------------------
# For **GPT** the target of each word is the next one. Take the ids 2 7 5 9 3. The inputs are 2 7 5
# 9, the targets 7 5 9 3: the same row, one place further. Each place asks one question.
#
# For **BERT** some words are chosen by chance and replaced by ``[MASK]``, here 4. From 2 7 5 9 3
# may come the input 2 7 4 9 3. Only the hidden place asks a question; its target is 5. (The paper
# hides 15 % of the words. It shows ``[MASK]`` for 80 % of them, any word for 10 %, and for 10 % the
# word itself. We hide 25 % and always show ``[MASK]``, because we have few sentences.)
#
# What shall not count, padding or a place that asks nothing, gets the weight 0.


def next_word_task(rows):
    """(inputs, targets, weights) for GPT."""
    inputs, targets = rows[:, :-1], rows[:, 1:]
    return inputs, targets, (targets != 0).astype("float32")


def hidden_word_task(rows, rng, share=0.25):
    """(inputs, targets, weights) for BERT: a share of the words is hidden."""
    is_word = rows >= len(tokens.special)
    hidden = (rng.random(rows.shape) < share) & is_word
    return np.where(hidden, MASK, rows), rows, hidden.astype("float32")


row = np.array([[2, 7, 5, 9, 3]])
inputs, targets, weights = next_word_task(row)
assert inputs.tolist() == [[2, 7, 5, 9]] and targets.tolist() == [[7, 5, 9, 3]]
inputs, targets, weights = hidden_word_task(row, np.random.default_rng(0), share=1.0)
assert inputs.tolist() == [[2, 4, 4, 4, 3]]  # all words hidden, but not [CLS] and [SEP]
assert weights.tolist() == [[0, 1, 1, 1, 0]]

inputs, _, weights = hidden_word_task(train, rng)
_, _, next_weights = next_word_task(train)
hidden_count, next_count = weights.sum(1).mean(), next_weights.sum(1).mean()
print(f"questions per sentence: BERT {hidden_count:.1f}, GPT {next_count:.1f}")
assert next_count > 3 * hidden_count

# %%
# GPT gets several times as many questions from the same text. Each of BERT's is better informed.
#
# One network, one flag
# ---------------------
# Both are the same: an embedding, learned positions, two blocks, and a Dense layer that gives a
# score for each word of the vocabulary. One flag differs. ``causal=True`` hides the future from
# each word (lesson 18). GPT needs it, or else the answer would stand in front of its eyes.


def tiny(causal, vocabulary=VOCABULARY, width=64, blocks=2, heads=4, positions=length):
    """Ids (N, T) -> scores (N, T, vocabulary)."""
    minigrad.seed(0)
    layers = [Embedding(vocabulary, width, mask_zero=True), LearnedPositions(positions)]
    for _ in range(blocks):
        layers.append(TransformerEncoder(2 * width, heads, causal=causal))
    model = Sequential([*layers, Dense(vocabulary)])
    model.compile(Adam(0.003), SparseCategoricalCrossentropy(from_logits=True))
    return model


def mean_loss(model, task):
    """Mean of -log p(target) over the questions of a task."""
    inputs, targets, weights = task
    log_p = ops.log_softmax(Tensor(model.predict(inputs, verbose=0))).numpy()
    of_target = np.take_along_axis(log_p, targets[..., None].astype(int), axis=-1)[..., 0]
    return float((-of_target * weights).sum() / weights.sum())


def learn(model, make_task, epochs, test):
    """Train; the loss on the held-out task after each epoch, and before the first."""
    losses = [mean_loss(model, test)]
    for _ in range(epochs):
        inputs, targets, weights = make_task()
        model.fit(inputs, targets, sample_weight=weights, batch_size=32, verbose=0)
        losses.append(mean_loss(model, test))
    return losses


# %%
# One step, in slow motion
# ------------------------
# First a step of a GPT with one block, one head and width 4, on "the cat sat". In the player, look
# at the scores of the attention: those of later words become very low, and after the exponential
# they are 0. On the way back, look at the gradient that arrives at the last layer, which gave the
# scores for the next word: shares minus one-hot, as in lesson 4, divided by 2, because the loss is
# the mean over two places.

smallest = tiny(True, vocabulary=6, width=4, blocks=1, heads=1, positions=2)
smallest.compile(SGD(0.1), SparseCategoricalCrossentropy(from_logits=True))
the_cat_sat = np.array([[1, 2, 4]])
loss_before = smallest.evaluate(the_cat_sat[:, :-1], the_cat_sat[:, 1:], verbose=0)

with minigrad.record() as run:
    smallest.train_on_batch(the_cat_sat[:, :-1], the_cat_sat[:, 1:])
run.show()

loss_after = smallest.evaluate(the_cat_sat[:, :-1], the_cat_sat[:, 1:], verbose=0)
print(f"loss {loss_before:.3f}, after one step {loss_after:.3f}")
assert loss_after < loss_before

# %%
# Training both
# -------------
# BERT gets new hidden words in each epoch, so that it does not learn a fixed choice by heart. We
# measure on held-out sentences. As a yardstick for GPT, the counts of single words, and the counts
# of pairs of words, as at the start of this lesson. (A pair that never occurred would have
# probability 0 and an endless loss; so each count gets 0.1 more.)

gpt_test = next_word_task(held_out)
bert_test = hidden_word_task(held_out, np.random.default_rng(1))
tiny_gpt, tiny_bert = tiny(causal=True), tiny(causal=False)
gpt_losses = learn(tiny_gpt, lambda: next_word_task(train), 12 if LONG else 6, gpt_test)
bert_losses = learn(tiny_bert, lambda: hidden_word_task(train, rng), 30 if LONG else 12, bert_test)
assert tiny_gpt.count_params() == tiny_bert.count_params()

pair_counts = np.full((len(tokens), len(tokens)), 0.1)
inputs, targets, weights = next_word_task(train)
np.add.at(pair_counts, (inputs, targets), weights)
word_p = pair_counts.sum(0) / pair_counts.sum()
pair_p = pair_counts / pair_counts.sum(1, keepdims=True)
inputs, targets, weights = gpt_test
word_loss = -(np.log(word_p[targets]) * weights).sum() / weights.sum()
pair_loss = -(np.log(pair_p[inputs, targets]) * weights).sum() / weights.sum()

for name, value in {
    "guessing": math.log(len(tokens)),
    "counts of words": word_loss,
    "counts of pairs": pair_loss,
    "GPT, next word": gpt_losses[-1],
    "BERT, hidden word": bert_losses[-1],
}.items():
    print(f"{name:18} loss {value:.2f}, perplexity {math.exp(value):5.1f}")
assert gpt_losses[-1] < pair_loss - 0.1 < word_loss - 1
assert gpt_losses[-1] < 1.8 and bert_losses[-1] < 2.0
assert bert_losses[0] > 4 and gpt_losses[0] > 4

fig, ax = plt.subplots(figsize=(7.5, 4), layout="constrained")
ax.plot(gpt_losses, "o-", label="GPT, next word")
ax.plot(bert_losses, "s--", label="BERT, hidden word")
ax.axhline(pair_loss, color="gray", linestyle=":", label="counts of pairs, next word")
ax.set(xlabel="epoch", ylabel="loss on held-out sentences", title="One text, two questions")
ax.legend()
plt.show()

# %%
# GPT is better than the counts of pairs: it sees all earlier words, not only the last one. The loss
# does not go to 0, and it cannot. Which of 50 adjectives comes next, nobody knows; the sentences
# are made by chance.
#
# GPT falls faster, because it gets more questions. (The two losses are not the same measure: the
# questions differ.)
#
# What both sides tell
# --------------------
# Look at "the ___ came out nine years ago". In our sentences only a novel, book, play, poem, comic
# or diary "comes out". BERT sees that. GPT sees only "the", and there most sentences go on with a
# part of the film.


def probabilities(model, ids, place):
    """The probability of each token at a place."""
    return ops.softmax(model(np.asarray(ids)[None])).numpy()[0, place]


hidden_ids = tokens.encode("the [MASK] came out nine years ago.")
place = hidden_ids.tolist().index(MASK)
by_bert = probabilities(tiny_bert, hidden_ids, place)
by_gpt = probabilities(tiny_gpt, hidden_ids[:place], -1)
books = [tokens[word] for word in datasets.reviews.FILLINGS["book"]]
print(f"a kind of book: BERT {by_bert[books].sum():.2f}, GPT {by_gpt[books].sum():.2f}")
assert by_bert[books].sum() > 0.6
assert by_gpt[books].sum() < 0.3

fig, axes = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained", sharex=True)
titles = ["BERT: the ___ came out nine years ago", "GPT: the ___"]
for ax, title, p in zip(axes, titles, (by_bert, by_gpt)):
    best = np.argsort(-p)[:8]
    colors = ["tab:orange" if i in books else "lightgray" for i in best]
    bars = ax.barh(range(8), p[best], color=colors, edgecolor="gray")
    ax.bar_label(bars, [f"{share:.2f}" for share in p[best]], padding=3)
    ax.set_yticks(range(8), tokens.tokens_of(best))
    ax.set(xlabel="probability", title=title)
    ax.invert_yaxis()
axes[0].set(ylabel="word (orange: a kind of book)", xlim=(0, 0.7))
plt.show()

# %%
# Writing
# -------
# GPT can write: ask for the next word, choose one, put it at the end, ask again. How to choose?
# Always taking the likeliest word gives the same sentence every time. So we *draw* from the
# probabilities. Two settings change them.
#
# * **Temperature** T: divide the scores by T before the softmax. Take the scores 2, 1, 0. With T =
#   1 the shares are 0.665, 0.245, 0.090. With T = 0.5 the scores become 4, 2, 0, and the shares
#   0.867, 0.117, 0.016: bolder differences, safer words. With T = 2 they become 1, 0.5, 0, and the
#   shares 0.506, 0.307, 0.186: more surprise. T = 0 means: always the likeliest.
# * **Top-k**: only the k likeliest words stay. With k = 2 the scores are 2 and 1, and the shares
#   0.731 and 0.269. The third word cannot come.


def shares_of(scores, temperature=1.0, top_k=None):
    """Probabilities for drawing the next word."""
    scores = np.asarray(scores, float) / temperature
    if top_k is not None:
        smallest_kept = np.sort(scores)[-top_k]
        scores = np.where(scores >= smallest_kept, scores, -np.inf)
    exponentials = np.exp(scores - scores.max())
    return exponentials / exponentials.sum()


scores = np.array([2.0, 1.0, 0.0])
assert np.allclose(shares_of(scores), [0.665, 0.245, 0.090], atol=1e-3)
assert np.allclose(shares_of(scores, 0.5), [0.867, 0.117, 0.016], atol=1e-3)
assert np.allclose(shares_of(scores, 2.0), [0.506, 0.307, 0.186], atol=1e-3)
assert np.allclose(shares_of(scores, top_k=2), [0.731, 0.269, 0], atol=1e-3)

minigrad.seed(0)  # the function of models/sequences/gpt.py draws ids
drawn = np.bincount([gpt.sample(scores, 2.0, top_k=2) for _ in range(4000)], minlength=3) / 4000
assert np.allclose(drawn, shares_of(scores, 2.0, top_k=2), atol=0.04)

fig, ax = plt.subplots(figsize=(7.5, 3.6), layout="constrained")
settings = {
    "T = 0.5": (0.5, None),
    "T = 1": (1.0, None),
    "T = 2": (2.0, None),
    "T = 1, top-k 2": (1.0, 2),
}
for i, (name, setting) in enumerate(settings.items()):
    hatch = ("", "//", "..", "xx")[i]
    bars = ax.bar(np.arange(3) + 0.2 * i - 0.3, shares_of(scores, *setting), 0.19, label=name)
    for bar in bars:
        bar.set(hatch=hatch, edgecolor="white")
ax.set_xticks(range(3), ["score 2", "score 1", "score 0"])
ax.set(ylabel="probability", title="Temperature and top-k")
ax.legend()
plt.show()


# %%
# Now let it write 100 sentences for each setting. How good are they? A simple measure: the share of
# pairs of neighboring words that occur in the training sentences, too.


def write(model, count, temperature, top_k=None):
    """Sentences as rows of ids, each from [CLS] to [SEP]."""
    minigrad.seed(3)
    ids = np.full((count, 1), START)
    while ids.shape[1] < length:
        scores = model(ids).numpy()[:, -1]
        drawn = [gpt.sample(row, temperature, top_k) for row in scores]
        ids = np.column_stack([ids, drawn])
    ends = [(row.tolist() + [END]).index(END) + 1 for row in ids]
    return [row[:end] for row, end in zip(ids, ends)]


known_pairs = {(a, b) for row in train.tolist() for a, b in zip(row, row[1:])}


def share_of_known_pairs(written):
    """Share of neighbors in the written sentences that are neighbors somewhere in the training."""
    neighbors = [pair for row in written for pair in zip(row.tolist(), row.tolist()[1:])]
    return np.mean([pair in known_pairs for pair in neighbors])


temperatures = [0, 0.5, 1, 1.5, 2, 3]
plain, limited = [], []
for temperature in temperatures:
    written = write(tiny_gpt, 100, temperature)
    plain.append(share_of_known_pairs(written))
    limited.append(share_of_known_pairs(write(tiny_gpt, 100, temperature, top_k=5)))
    different = len({tuple(row) for row in written})
    print(f"T = {temperature}: {plain[-1]:.0%} known pairs, {different} different sentences")
    for row in written[:2]:
        print("   ", tokens.decode(row))
    assert (different == 1) == (temperature == 0)

fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
ax.plot(temperatures, plain, "o-", label="all words")
ax.plot(temperatures, limited, "s--", label="top-k 5")
ax.set(xlabel="temperature", ylabel="share of known pairs", ylim=(0, 1.05))
ax.set_title("At a high temperature the sentences fall apart")
ax.legend(loc="lower left")
plt.show()

assert plain[2] > 0.9 and plain[-1] < 0.5
assert limited[-1] > plain[-1] + 0.2

known_sentences = {tuple(row[row > 0]) for row in train}
new = np.mean([tuple(row) not in known_sentences for row in write(tiny_gpt, 100, 1.0)])
print(f"{new:.0%} of the sentences written at T = 1 are not among those it has learned from")
assert new > 0.35

# %%
# At T = 1 many sentences are new, and nearly all of their pairs are sound. At T = 3 they make no
# sense. Top-k keeps even a high temperature from spoiling them, because the really unfit words
# cannot be drawn.
#
# What is shared, what differs
# ----------------------------
# ::
#
#                           BERT                        GPT
#     blocks                attention, small network    the same
#     each word sees        all words                   itself and earlier words
#     question              which word is hidden?       which word is next?
#     questions per text    15 % of the words           each word
#     can write             no                          yes
#     used for              understanding: classes,     writing; and, when it is large,
#                           search                      nearly everything, asked by text
#
# BERT is made for a second step. It is *pre-trained* on text without labels. Then it gets a small
# head and is trained on for a task with few labels: *fine-tuning*, as in lesson 14. In
# ``models/sequences/bert.py`` a tiny BERT learns the sentiment of reviews from 200 labels: right on
# 67 % after pre-training, on 58 % without.
#
# The real ones
# -------------
# BERT base and GPT-2 small (Radford et al. 2019) both have 12 blocks of width 768 and 12 heads.
# Count as in lesson 18. A block has attention, 4 * (768 * 768 + 768) = 2,362,368; the small
# network, four times as wide inside, 768 * 3072 + 3072 + 3072 * 768 + 768 = 4,722,432; two
# normalizations, 4 * 768 = 3,072. Together 7,087,872. Twelve of them: 85,054,464. And then::
#
#     BERT base                                        GPT-2 small
#     tokens       30,522 * 768 = 23,440,896           50,257 * 768 = 38,597,376
#     positions       512 * 768 =    393,216            1,024 * 768 =    786,432
#     segments          2 * 768 =      1,536
#     normalization     2 * 768 =      1,536                2 * 768 =      1,536
#     pooler    768 * 768 + 768 =    590,592
#     all                        109,482,240                         124,439,808
#
# (*Segments* tell BERT the first from the second of two texts. The *pooler* is a Dense layer on
# ``[CLS]`` for classes. GPT-2 normalizes before each step and once more at the end. The matrix that
# scores the words is the embedding itself, so it is not counted twice. BERT's head for hidden words
# is not counted.)


def count_parameters(vocabulary, positions, width, depth, is_bert):
    """{part: number of parameters} of BERT or GPT-2."""
    parts = {
        "embeddings": (vocabulary + positions) * width,
        "attention": depth * 4 * (width * width + width),
        "small networks": depth * (8 * width * width + 5 * width),
        "others": depth * 4 * width + 2 * width,
    }
    if is_bert:
        parts["embeddings"] += 2 * width
        parts["others"] += width * width + width
    return parts


sizes = {
    "BERT base": (30522, 512, 768, 12, True),
    "BERT large": (30522, 512, 1024, 24, True),
    "GPT-2 small": (50257, 1024, 768, 12, False),
    "GPT-2 medium": (50257, 1024, 1024, 24, False),
    "GPT-2 large": (50257, 1024, 1280, 36, False),
    "GPT-2 XL": (50257, 1024, 1600, 48, False),
}
totals = {name: sum(count_parameters(*size).values()) for name, size in sizes.items()}
gpt_3 = sum(count_parameters(50257, 2048, 12288, 96, False).values())
for name, total in {**totals, "GPT-3": gpt_3}.items():
    print(f"{name:12} {total:15,}")
assert totals["BERT base"] == 109482240
assert totals["GPT-2 small"] == 124439808
assert abs(totals["GPT-2 XL"] / 1.558e9 - 1) < 0.001
assert abs(gpt_3 / 175e9 - 1) < 0.01  # Brown et al. 2020, arXiv:2005.14165

# %%
# Is the formula right? We build a small one of each from the files of the real layouts, and count.

small_bert = bert.Bert(vocabulary=50, positions=8, width=16, depth=3, heads=2)
small_gpt = gpt.GPT(vocabulary=50, positions=8, width=16, depth=3, heads=2)
for model, is_bert in ((small_bert, True), (small_gpt, False)):
    model(np.array([[1, 2, 3]]))
    expected = sum(count_parameters(50, 8, 16, 3, is_bert).values())
    print(f"{model.count_params():,} parameters, by the formula {expected:,}")
    assert model.count_params() == expected

fig, ax = plt.subplots(figsize=(9, 3.6), layout="constrained")
start = np.zeros(len(sizes))
for i, part in enumerate(("embeddings", "attention", "small networks")):
    millions = np.array([count_parameters(*size)[part] / 1e6 for size in sizes.values()])
    ax.barh(list(sizes), millions, left=start, label=part, hatch=("", "//", "..")[i], edgecolor="w")
    start += millions
for i, total in enumerate(totals.values()):
    ax.text(start[i] + 10, i, f"{total / 1e6:.0f}", va="center")
ax.set(xlabel="million parameters", xlim=(0, 1750), title="Where the parameters are")
ax.invert_yaxis()
ax.legend()
plt.show()

shares = count_parameters(*sizes["GPT-2 XL"])
assert 1.9 < shares["small networks"] / shares["attention"] < 2.1
assert shares["embeddings"] < 0.1 * totals["GPT-2 XL"]
assert count_parameters(*sizes["GPT-2 small"])["embeddings"] > 0.3 * totals["GPT-2 small"]

# %%
# The small networks have twice as many parameters as attention. In small models a third are
# embeddings; in large ones almost nothing.
#
# What goes wrong
# ---------------
# **The causal mask is forgotten.** Then the next word, which is the answer, stands in the input.
# The network only has to copy it. The loss goes to zero, and all seems well. Even the held-out loss
# is near zero, because there it cheats too. Only when it writes does the truth come out: no next
# word is there to copy.

cheater = tiny(causal=False)
cheating_losses = learn(cheater, lambda: next_word_task(train), 6, gpt_test)
nonsense = write(cheater, 100, 1.0)
print(f"held-out loss {cheating_losses[-1]:.3f}, known pairs {share_of_known_pairs(nonsense):.0%}")
for row in nonsense[:2]:
    print("   ", tokens.decode(row))
assert cheating_losses[-1] < 0.2 < gpt_losses[-1]
assert share_of_known_pairs(nonsense) < plain[2] - 0.1

# %%
# A loss that is too good to be true is not true. The test of lesson 18 finds it at once: change the
# last word, and look if the scores of the earlier places change.

sentence = held_out[:1, :6]
changed = sentence.copy()
changed[0, -1] = tokens["the"]
assert changed[0, -1] != sentence[0, -1]
for name, model in (("GPT", tiny_gpt), ("without the mask", cheater)):
    difference = np.abs(model(sentence).numpy() - model(changed).numpy())[0, :-1].max()
    print(f"{name}: earlier scores change by {difference:.5f}")
    assert (difference > 0.01) == (name != "GPT")

# %%
# **The text is longer than there are positions.** Each position has a vector of its own, and for
# position 15 none was learned.

try:
    tiny_gpt(np.ones((1, 15), int))
except ValueError as error:
    said = str(error)
print("ValueError:", said)
assert "there are 14 positions" in said

# %%
# The real layouts, with loading of the published weights, stand in ``models/sequences/bert.py`` and
# ``models/sequences/gpt.py``.
#
# What to remember
# ----------------
# * Text is its own label: hide a word, and ask for it.
# * BERT sees both sides of a hidden word. GPT sees the left side only, and so it can write.
# * The same blocks; a causal mask and another target make the difference.
# * A low temperature is safe, a high one is bold; top-k cuts off what does not fit.
# * If the loss is too good, look for a leak.
#
# Exercises
# ---------
# 1. Write ``answer_1(ids)``: from ids (N, T) the pair (inputs, targets) of a language model.
# 2. Write ``answer_2(ids, places, mask_id)``: the pair (inputs, targets) for hidden words. ``ids``
#    has the shape (T,), ``places`` is a list of indices. The targets are -1 where nothing is asked.
#    Do not change ``ids`` itself.
# 3. Write ``answer_3(scores, temperature, top_k)``: the probabilities for drawing, an array like
#    ``scores``. ``top_k`` may be None, ``temperature`` is above 0, and no two scores are equal.
# 4. Write ``answer_4(vocabulary, positions, width, depth)``: the number of parameters of GPT-2 with
#    these settings.
# 5. Write ``answer_5(probabilities)``: the perplexity of a text, from the probabilities that a
#    model gave to its words.
#
# Write your answers as ``answer_1``, ``answer_2``, ... in a file and run
# ``python -m tutorials 19 --check my_answers.py``. The solutions stand in
# ``tutorials/solutions/19_bert_and_gpt.py``.
