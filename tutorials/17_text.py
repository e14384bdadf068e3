"""
17. Text: from words to numbers
===============================

A network computes with numbers, and a text has none. So the first step of every program that reads
is to turn a text into numbers. This lesson shows how: a text is cut into *tokens*, each token gets
a number, and each number gets a list of parameters that the network learns. Then we let two
networks judge film reviews. One only counts the words. The other reads them in their order. On our
reviews the first is right on seven of ten, and the second on nearly all.
"""

import sys
from collections import Counter

import matplotlib.pyplot as plt
import numpy as np

import minigrad
from minigrad import Sequential, Tensor, datasets, grad, ops, plots
from minigrad.data import BytePairEncoding, CharVocabulary, WordVocabulary
from minigrad.data.tokenizers.bpe import learn_merges, merge_pair
from minigrad.layers import LSTM, Dense, Embedding, GlobalAveragePooling1D
from minigrad.optimizers import SGD, Adam
from minigrad.utils import pad_sequences

LONG = "--long" in sys.argv  # more reviews and more epochs

# %%
# Characters
# ----------
# The simplest way: each character is a token. Take all characters that occur, sort them, and number
# them from 0. This list is called the *vocabulary*, and the number of a token is its *id*. For the
# text "abc" the vocabulary is a = 0, b = 1, c = 2. So "cab" is 2, 0, 1.
#
# First by plain Python, then by minigrad.

ids_of_character = {character: i for i, character in enumerate(sorted("abc"))}
by_hand = [ids_of_character[character] for character in "cab"]

characters = CharVocabulary.fit("abc")
by_minigrad = characters.encode("cab")
print("cab:", by_hand, by_minigrad)
assert by_hand == by_minigrad.tolist() == [2, 0, 1]
assert characters.decode([2, 0, 1]) == "cab"

# %%
# What turns a text into ids is called a *tokenizer*. It must also know the way back: ``decode``
# gives the text of some ids.
#
# Words
# -----
# Characters say little. The "d" in "dull" has no meaning of its own. So let each *word* be a token.
# Here are three short reviews::
#
#     the plot was good
#     the plot was not good
#     the end was bad
#
# We count: "the" occurs 3 times, "was" 3 times, "plot" 2, "good" 2, and "not", "end", "bad" once.
# Frequent words get small ids. Two ids are kept free: 0 for *padding* (we need it soon), and 1 for
# every *unknown word*, one that we did not see when we made the vocabulary. This gives::
#
#     the = 2, was = 3, plot = 4, good = 5, not = 6, end = 7, bad = 8
#
# "The plot was not bad" is then 2, 4, 3, 6, 8. In "the music was good", "music" is unknown, so we
# get 2, 1, 3, 5.

three = ["the plot was good", "the plot was not good", "the end was bad"]
counts = Counter(word for text in three for word in text.split())
ids_of_word = {word: i + 2 for i, (word, _) in enumerate(counts.most_common())}
by_hand = [ids_of_word.get(word, 1) for word in ["the", "music", "was", "good"]]

small = WordVocabulary.fit(three, oov_token="?")  # oov: "out of vocabulary"
print("tokens by id:", small.tokens)
assert by_hand == small.encode("the music was good").tolist() == [2, 1, 3, 5]
assert small.encode("The plot was not bad!").tolist() == [2, 4, 3, 6, 8]
assert small.decode([2, 1, 3, 5]) == "the ? was good"  # what was unknown is lost

# %%
# ``WordVocabulary`` also makes all letters small and drops punctuation, so that "The", "the" and
# "the," are one word.
#
# Pieces of words
# ---------------
# Words have two problems. A vocabulary of all words of a language is very long, and a new word is
# lost. (And Chinese has no spaces that would show where a word ends.) *Byte-pair encoding* takes
# the middle way: frequent words are one token, rare words are cut into several. It starts from
# single characters and merges, again and again, the pair of neighbors that is most frequent.
#
# By hand, with four words and their counts: "ten" 4 times, "tent" 2, "hen" 3, "then" 1.
#
# * The pair "e n" is in all four words: 4 + 2 + 3 + 1 = 10. "t e" is in "ten" and "tent": 6. "h e"
#   is in "hen" and "then": 4. "n t" has 2 and "t h" has 1. So merge "e n" to "en".
# * Count again. "t en": 6. "h en": 4. "en t": 2. "t h": 1. Merge "t en" to "ten".
# * Count again. "h en": 4. "ten t": 2. "t h": 1. Merge "h en" to "hen".


def most_frequent_pair(words):
    """The pair of neighbors with the largest count; `words` maps the pieces of a word to counts."""
    pairs = Counter()
    for pieces, count in words.items():
        for pair in zip(pieces, pieces[1:]):
            pairs[pair] += count
    return pairs.most_common(1)[0]


words = {tuple("ten"): 4, tuple("tent"): 2, tuple("hen"): 3, tuple("then"): 1}
by_minigrad = learn_merges(words, 3)
by_loop = []
for _ in range(3):
    pair, count = most_frequent_pair(words)
    print(f"merge {pair[0]!r} and {pair[1]!r}, found {count} times")
    by_loop.append((pair, count))
    words = {tuple(merge_pair(pieces, pair)): n for pieces, n in words.items()}
assert by_loop == [(("e", "n"), 10), (("t", "en"), 6), (("h", "en"), 4)]
assert [pair for pair, _ in by_loop] == by_minigrad
assert list(words) == [("ten",), ("ten", "t"), ("hen",), ("t", "hen")]

# %%
# Real tokenizers of this kind begin with the 256 possible *bytes* instead of characters. Every text
# of every language is made of bytes, so nothing is unknown, and the way back is exact.
#
# Our texts are generated film reviews. Each praises (label 1) or blames (label 0). To say which is
# called *sentiment analysis*.

(texts_train, y_train), (texts_test, y_test) = datasets.reviews.load_data(10000 if LONG else 3000)
print(f"{len(texts_train)} reviews to learn from, {len(texts_test)} to test with, such as")
for text, label in zip(texts_train[:4], y_train):
    print(f"  {label}  {text}")
assert abs(y_train.mean() - 0.5) < 0.03  # half of them praise

characters = CharVocabulary.fit(texts_train)
pieces = BytePairEncoding.fit(texts_train[:2400], 400)
vocabulary = WordVocabulary.fit(texts_train, oov_token="?")
print("vocabularies:", len(characters), "characters,", len(pieces), "pieces,", len(vocabulary))
for text in ("an unforgettable plot", "电影很好看"):
    assert pieces.decode(pieces.encode(text)) == text  # never seen, and nothing is lost
assert len("电影很好看") == 5 and len(pieces.encode("电影很好看")) == 15  # 3 bytes per character
assert vocabulary.decode(vocabulary.encode("an unforgettable plot")) == "? ? plot"

# %%
# The picture shows one sentence, cut in the three ways. (``Ġ`` is how byte-pair encoding writes a
# space at the start of a piece.) Fewer tokens make a shorter sequence, and this costs less. More
# kinds of tokens need more parameters.

sentence = "the plot was hardly unforgettable"
cuts = {
    "characters": list(sentence),
    "pieces": pieces.tokens_of(pieces.encode(sentence)),
    "words": vocabulary.tokens_of(vocabulary.encode(sentence)),
}
fig, ax = plt.subplots(figsize=(10, 2.6), layout="constrained")
for row, (name, tokens) in enumerate(cuts.items()):
    lengths = [len(token) for token in tokens]
    if name == "words":
        lengths = [len(word) + 1 for word in sentence.split()]  # a word with its space
        lengths[-1] -= 1
    starts = np.cumsum([0, *lengths[:-1]])
    for i, (start, length, token) in enumerate(zip(starts, lengths, tokens)):
        color = ("lightskyblue", "moccasin")[i % 2]
        ax.barh(row, length, 0.7, left=start, color=color, edgecolor="gray")
        ax.text(start + length / 2, row, token, ha="center", va="center", family="monospace")
ticks = [f"{name}: {len(tokens)}" for name, tokens in cuts.items()]
ax.set_yticks(range(3), ticks)
ax.set(xlabel="position in the sentence", ylabel="tokens", xlim=(0, len(sentence)))
ax.set_title("One sentence, three tokenizers")
ax.invert_yaxis()
plt.show()

assert len(cuts["characters"]) == 33 and len(cuts["words"]) == 5
assert len(cuts["words"]) < len(cuts["pieces"]) < len(cuts["characters"])
assert cuts["words"][-1] == "?"

# %%
# Padding and masks
# -----------------
# Reviews have different lengths, but a batch is one array with rows of equal length. So short rows
# are filled up with id 0. This is called *padding*. A *padding mask*, in short a *mask*, remembers
# what is real: it has a ``True`` for each real token and a ``False`` for each padding. ::
#
#     the plot was good        2 4 3 5 0     True True True True  False
#     the plot was not good    2 4 3 6 5     True True True True  True
#     the end was bad          2 7 3 8 0     True True True True  False

rows = [small.encode(text) for text in three]
by_hand = np.zeros((3, 5), int)
for row, ids in zip(by_hand, rows):
    row[: len(ids)] = ids

padded = pad_sequences(rows, padding="post")  # "post": at the end; "pre": at the front
mask = padded != 0
print(padded)
assert (by_hand == padded).all() and padded.tolist()[0] == [2, 4, 3, 5, 0]
assert mask.sum() == sum(len(ids) for ids in rows) == 13

length = 40  # no review is longer
x_train = pad_sequences([vocabulary.encode(text) for text in texts_train], length, padding="post")
x_test = pad_sequences([vocabulary.encode(text) for text in texts_test], length, padding="post")
share = (x_train == 0).mean()
print(f"array of ids: {x_train.shape}, {share:.0%} of it is padding")
assert x_train.shape == (len(texts_train), 40) and 0.3 < share < 0.6

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.4), layout="constrained", sharey=True)
left.imshow(np.ma.masked_equal(x_train[:12], 0), aspect="auto", cmap="viridis")
left.set(xlabel="position", ylabel="review", title="Ids: each color is a word")
right.imshow(x_train[:12] != 0, aspect="auto", cmap="gray_r", vmin=0, vmax=1.6)
right.set(xlabel="position", title="Mask: gray is True, white is padding")
plt.show()

# %%
# Embedding: a row of numbers for each id
# ---------------------------------------
# An id is only a name. The network must not compute with it: word 8 is not twice as much as word 4.
# So each id gets a row of parameters, and all rows together are a table. To look up a row is called
# an *embedding*, and the row is called the *vector* of the word. Here is a table for 4 ids, with 2
# numbers in each row::
#
#     id 0:  9 9      (padding)
#     id 1:  2 0
#     id 2:  4 2
#     id 3:  0 6
#
# The ids 1, 2, 0, 0 give the rows (2, 0), (4, 2), (9, 9), (9, 9). We want one vector for the whole
# review. A simple choice is the mean. Without a mask it is (24 / 4, 20 / 4) = (6, 5): mostly
# padding. With the mask only the two real rows count: (6 / 2, 2 / 2) = (3, 1).
#
# There is nothing new in a lookup: it is the matrix product of one-hot rows (lesson 4) and the
# table. It is only much faster.

table = np.array([[9.0, 9.0], [2.0, 0.0], [4.0, 2.0], [0.0, 6.0]], "float32")
ids = np.array([1, 2, 0, 0])
real = ids != 0

looked_up = table[ids]
one_hot = np.eye(4)[ids]
assert np.allclose(one_hot @ table, looked_up)
assert np.allclose(looked_up.mean(0), [6, 5])  # wrong: padding counts

by_numpy = looked_up[real].sum(0) / real.sum()
layer = Embedding(4, 2, mask_zero=True, weights=table)  # mask_zero: id 0 is padding
by_minigrad = Sequential([layer, GlobalAveragePooling1D()])(ids[None])
print("mean with the mask:", by_minigrad.numpy()[0])
assert np.allclose(by_numpy, [3, 1])
assert np.allclose(by_minigrad.numpy()[0], by_numpy)

# %%
# ``mask_zero=True`` sends the mask along with the vectors, and each layer that knows masks obeys.
#
# How does the table learn? The gradient of a row is the sum of what arrives at each place where the
# row was used. Take the ids 2, 3, 2, and as "loss" the sum of all numbers that come out. Then a
# gradient of 1 arrives everywhere. Row 2 was used twice: its gradient is 1 + 1 = 2. Row 3 gets 1.
# Rows 0 and 1 were not used: 0. They do not change in this step.

ids = np.array([2, 3, 2])
by_loop = np.zeros((4, 2))
for i in ids:
    by_loop[i] += 1

parameters = Tensor(table, requires_grad=True)
(by_minigrad,) = grad(ops.take(parameters, ids, axis=0).sum(), [parameters])
print("gradient of the table:", by_minigrad.numpy().tolist())
assert by_loop.tolist() == by_minigrad.numpy().tolist() == [[0, 0], [0, 0], [2, 2], [1, 1]]

# %%
# One step, in slow motion
# ------------------------
# Now a network in small: the embedding, the mean over the real words, and one neuron that says how
# likely praise is. We train it for one step on two reviews. In the player, look for three things:
# the lookup of the rows; the mask, which takes the padding out of the sum; and, on the way back,
# the gradient of the table, which is zero for all ids that do not occur.

minigrad.seed(1)
model = Sequential(
    [
        Embedding(5, 2, mask_zero=True, input_length=3),
        GlobalAveragePooling1D(),
        Dense(1, activation="sigmoid"),
    ]
)
model.compile(optimizer=SGD(learning_rate=0.5), loss="binary_crossentropy")
two_reviews, two_labels = np.array([[2, 3, 0], [2, 4, 3]]), np.array([1, 0])
before = model.get_weights()[0]

with minigrad.record() as run:
    model.train_on_batch(two_reviews, two_labels)
run.show()

moved = np.abs(model.get_weights()[0] - before).max(1)
print("largest change per id:", moved.round(4))
assert (moved[[2, 3, 4]] > 1e-4).all()
assert (moved[[0, 1]] == 0).all()  # padding, and a word that was not there

# %%
# A bag of words
# --------------
# The oldest way to judge a text: count how often each word occurs, and give these counts to one
# neuron. It learns one number per word: how much the word speaks for praise. Such a list of counts
# is called a *bag of words*, because the words lie in it without order. And this is its limit::
#
#     although the plot was dull, the acting was superb       (praise)
#     although the acting was superb, the plot was dull       (blame)
#
# The counts of both are equal. So a bag of words must give the same answer to both, and one of them
# is wrong, whatever it has learned.


def count_words(ids):
    """(N, T) ids -> (N, vocabulary) counts; padding is not counted."""
    bags = np.zeros((len(ids), len(vocabulary)), "float32")
    for bag, row in zip(bags, ids):
        for i in row[row > 0]:
            bag[i] += 1
    return bags


pair = [
    "although the plot was dull, the acting was superb.",
    "although the acting was superb, the plot was dull.",
]
pair_ids = pad_sequences([vocabulary.encode(text) for text in pair], length, padding="post")
one, other = count_words(pair_ids)
assert (one == other).all() and one.sum() == 9

minigrad.seed(0)
bag = Sequential([Dense(1, activation="sigmoid", input_shape=(len(vocabulary),))])
bag.compile(optimizer=Adam(0.01), loss="binary_crossentropy", metrics=["accuracy"])
epochs = 12 if LONG else 6
bag_history = bag.fit(
    count_words(x_train),
    y_train,
    batch_size=32,
    epochs=epochs,
    validation_data=(count_words(x_test), y_test),
    verbose=0,
).history
bag_accuracy = bag_history["val_accuracy"][-1]
print(f"bag of words: right on {bag_accuracy:.1%} of the test reviews")
assert 0.6 < bag_accuracy < 0.8

weights = bag.get_weights()[0][:, 0]
print({word: round(float(weights[vocabulary[word]]), 2) for word in ("superb", "dull", "not")})
assert weights[vocabulary["superb"]] > 0 > weights[vocabulary["dull"]]

# %%
# It has found out that "superb" praises and "dull" blames. That is worth seven of ten. For the
# rest it would have to know what "not", "hardly" and "although" do to the words that follow.
#
# Reading in order
# ----------------
# An LSTM (lesson 15) reads one vector after the other and keeps a state. Its last state goes to one
# neuron. The embedding has a mask, so the LSTM stops at the end of each review and does not read
# the padding. The table of the embedding starts with random numbers and is learned together with
# everything else.


def reader(mask_zero=True):
    """Ids (N, T) -> (N, 1), the probability of praise."""
    minigrad.seed(0)
    model = Sequential(
        [
            Embedding(len(vocabulary), 32, mask_zero=mask_zero),  # (N, T, 32)
            LSTM(32),  # (N, 32)
            Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer=Adam(0.005), loss="binary_crossentropy", metrics=["accuracy"])
    return model


lstm = reader()
lstm_history = lstm.fit(
    x_train, y_train, batch_size=32, epochs=epochs, validation_data=(x_test, y_test), verbose=0
).history
lstm_accuracy = lstm_history["val_accuracy"][-1]
print(f"LSTM: right on {lstm_accuracy:.1%} of the test reviews")
assert lstm_accuracy > 0.95
assert lstm_accuracy > bag_accuracy + 0.15
assert max(bag_history["val_accuracy"]) < 0.8

first, second = lstm.predict(pair_ids, verbose=0)[:, 0]
print(f"probability of praise: {first:.2f} and {second:.2f} for the two sentences above")
assert first > 0.8 and second < 0.2

plots.curves(
    {
        "LSTM, in order": (range(1, epochs + 1), lstm_history["val_accuracy"]),
        "bag of words": (range(1, epochs + 1), bag_history["val_accuracy"]),
    },
    xlabel="epoch",
    ylabel="accuracy on test reviews",
    title="The order of the words decides",
)
plt.show()

# %%
# The bag of words stays where it is, however long it learns. The LSTM passes it by far.
#
# How does its opinion change while it reads? We show it the first word, then the first two, and so
# on.


def opinion_by_word(text):
    """(words, probability of praise after each word)."""
    words = text.split()
    beginnings = [" ".join(words[: i + 1]) for i in range(len(words))]
    ids = pad_sequences([vocabulary.encode(part) for part in beginnings], length, padding="post")
    return words, lstm.predict(ids, verbose=0)[:, 0]


examples = ["the plot was superb", "the plot was not superb", "the plot was hardly dull"]
fig, axes = plt.subplots(1, 3, figsize=(10, 3.2), layout="constrained", sharey=True)
finals = []
for ax, text in zip(axes, examples):
    read, opinion = opinion_by_word(text)
    finals.append(float(opinion[-1]))
    ax.plot(opinion, "o-")
    ax.axhline(0.5, color="gray", linestyle="--", linewidth=0.8)
    ax.set_xticks(range(len(read)), read, rotation=40)
    ax.set(title=text, xlabel="last word read", ylim=(-0.05, 1.05))
axes[0].set_ylabel("probability of praise")
plt.show()

print("after the last word:", np.round(finals, 2))
assert finals[0] > 0.8 and finals[1] < 0.3 and finals[2] > 0.7

# %%
# The last word decides, but what it does depends on the word before it. Only the end of each line
# counts: the network was never asked about half a sentence, so its opinion there means little.
#
# What the vectors have learned
# -----------------------------
# Nobody told the network which adjectives praise. But words that must be treated alike get similar
# vectors. Each adjective has 32 numbers. For a picture we turn them so that the first direction is
# the one in which they differ most, and the second the one in which they differ most after that.
# (This is called *principal component analysis*; ``np.linalg.svd`` computes it.)

good, bad = datasets.reviews.GOOD, datasets.reviews.BAD
adjectives = [*good, *bad]
praises = np.array([True] * len(good) + [False] * len(bad))
vectors = lstm.get_weights()[0][[vocabulary[word] for word in adjectives]]  # (50, 32)
centered = vectors - vectors.mean(0)
directions = np.linalg.svd(centered, full_matrices=False)[2]
across, up = (centered @ directions[:2].T).T

fig, ax = plt.subplots(figsize=(9, 4.6), layout="constrained")
ax.plot(across[praises], up[praises], "o", label="praise")
ax.plot(across[~praises], up[~praises], "x", label="blame")
for i in [*range(6), *range(len(good), len(good) + 6)]:
    ax.annotate(adjectives[i], (across[i], up[i]), (6, -3), textcoords="offset points")
ax.set(xlabel="first direction", ylabel="second direction")
ax.set_title("Vectors of 50 adjectives, after training")
ax.legend(loc="upper center")
plt.show()

distances = np.linalg.norm(vectors[:, None] - vectors[None], axis=-1)
np.fill_diagonal(distances, np.inf)
nearest = distances.argmin(1)
agree = (praises[nearest] == praises).mean()
print(f"the nearest other adjective means the same for {agree:.0%} of the adjectives")
assert agree > 0.9
assert nearest.shape == (50,)

# %%
# What goes wrong
# ---------------
# **The table is one row too short.** A vocabulary of 3 words has the ids 1, 2, 3, so the table
# needs 4 rows: 0 is padding. This is the most frequent error of all.

words_only = ["good", "bad", "plot"]
own = WordVocabulary(["", *words_only])
try:
    Embedding(len(words_only), 2)(own.encode("good plot")[None])
except IndexError as error:
    said = str(error)
print("IndexError:", said)
assert "ids run from 1 to 3, but input_dim=3" in said
assert Embedding(len(own), 2)(own.encode("good plot")[None]).shape == (1, 2, 2)  # len(own) is 4

# %%
# **A new vocabulary for the test texts.** Then "dull" has another id than in training. No error
# comes. The network just reads other words.

others = WordVocabulary.fit(texts_test, oov_token="?")
wrong_ids = pad_sequences([others.encode(text) for text in texts_test], length, padding="post")
wrong_ids = np.minimum(wrong_ids, len(vocabulary) - 1)
answers = lstm.predict(wrong_ids, verbose=0)[:, 0] > 0.5
scrambled_accuracy = (answers == y_test).mean()
print(f"with a vocabulary of the test texts: {scrambled_accuracy:.1%}")
assert scrambled_accuracy < 0.7

# %%
# **Padding without a mask.** Many tutorials forget ``mask_zero``. Then the LSTM goes on reading
# after the last word: in our reviews some 18 times the word "padding". It has to keep its opinion
# all that time, and the gradient has to come back through it. In the same number of epochs it
# learns next to nothing. With the padding at the *front* it does learn, because the last thing it
# reads is then a real word. The mask is right in both cases.

x_small, y_small = x_train[:2400], y_train[:2400]
front_small = pad_sequences([row[row > 0] for row in x_small], length)  # padding="pre"
front_test = pad_sequences([row[row > 0] for row in x_test], length)
cases = {
    "with a mask": (True, x_small, x_test),
    "no mask, padding at the front": (False, front_small, front_test),
    "no mask, padding at the end": (False, x_small, x_test),
}
accuracies = {}
for name, (mask_zero, x, held_out) in cases.items():
    history = reader(mask_zero).fit(
        x, y_small, batch_size=32, epochs=6, validation_data=(held_out, y_test), verbose=0
    )
    accuracies[name] = history.history["val_accuracy"]
    print(f"{name}: {accuracies[name][-1]:.1%}")

plots.curves(
    {name: (range(1, 7), values) for name, values in accuracies.items()},
    xlabel="epoch",
    ylabel="accuracy on test reviews",
    title="The same LSTM, with and without a mask",
)
plt.show()

assert accuracies["with a mask"][-1] > 0.95
assert accuracies["no mask, padding at the front"][-1] > 0.85
assert accuracies["no mask, padding at the end"][-1] < accuracies["with a mask"][-1] - 0.1

# %%
# The whole thing, with real reviews of films (IMDB) by a flag, stands in
# ``models/sequences/sentiment.py``.
#
# What to remember
# ----------------
# * A tokenizer cuts a text into tokens and gives each an id: characters, words, or pieces of words.
# * Padding makes rows equally long; a mask says what is real. Give it to every layer that reads.
# * An embedding is a table of parameters with one row per id. Only the rows that were used learn.
# * A bag of words knows which words occur. It does not know their order.
# * Training and testing need the same vocabulary.
#
# Exercises
# ---------
# 1. Write ``answer_1(texts)``: a dictionary from each word to its id. Make all letters small, split
#    at spaces, give the most frequent word id 2, the next one 3, and so on. Of two equally frequent
#    words, the one that was seen first comes first.
# 2. Write ``answer_2(rows, length)``: an integer array (N, length) with padding 0 at the end. Cut
#    off the end of rows that are too long.
# 3. Write ``answer_3(words)``: ``words`` maps tuples of pieces to counts, as above. Return the
#    most frequent pair of neighbors, as a tuple of two pieces.
# 4. Write ``answer_4(vectors, mask)``: from vectors (N, T, D) and a mask (N, T) the mean of the
#    real vectors, (N, D). A row without any real token gives zeros.
# 5. ``answer_5``, a number: how many parameters do ``Embedding(10000, 128)``, ``LSTM(64)``,
#    ``Dense(32)`` and ``Dense(1)`` have together? (An LSTM of u units on d inputs has
#    ``4 * (d * u + u * u + u)``.)
#
# Write your answers as ``answer_1``, ``answer_2``, ... in a file and run
# ``python -m tutorials 17 --check my_answers.py``. The solutions stand in
# ``tutorials/solutions/17_text.py``.
