"""Solutions of lesson 19, BERT and GPT: two questions to one network."""

import numpy as np

# ---- 1: the next word ----------------------------------------------------------------------------


def answer_1(ids):
    """(all but the last, all but the first)."""
    return ids[:, :-1], ids[:, 1:]


def check_1(answer):
    ids = np.array([[2, 7, 5, 9, 3], [2, 8, 8, 6, 3]])
    result = answer(ids)
    assert len(result) == 2, "return a pair: inputs and targets"
    inputs, targets = (np.asarray(part) for part in result)
    assert inputs.shape == targets.shape == (2, 4), (
        "from 5 words come 4 questions per row: inputs and targets have the shape (2, 4), got "
        f"{inputs.shape} and {targets.shape}"
    )
    assert inputs.tolist() == [[2, 7, 5, 9], [2, 8, 8, 6]], "the inputs are all words but the last"
    assert targets.tolist() == [[7, 5, 9, 3], [8, 8, 6, 3]], (
        "the target of each word is the word after it"
    )


def not_shifted(ids):
    """Each word is its own target."""
    return ids[:, :-1], ids[:, :-1]


def previous_word(ids):
    """The target is the word before."""
    return ids[:, 1:], ids[:, :-1]


def rolled(ids):
    """The last target is the first word."""
    return ids, np.roll(ids, -1, axis=1)


wrong_1 = [not_shifted, previous_word, rolled]

# ---- 2: hidden words -----------------------------------------------------------------------------


def answer_2(ids, places, mask_id):
    """(ids with the mask at the places, the true ids there and -1 elsewhere)."""
    inputs = np.array(ids)
    targets = np.full_like(inputs, -1)
    targets[places] = inputs[places]
    inputs[places] = mask_id
    return inputs, targets


def check_2(answer):
    ids = np.array([2, 7, 5, 9, 3])
    inputs, targets = (np.asarray(part) for part in answer(ids, [2], 4))
    assert ids.tolist() == [2, 7, 5, 9, 3], "ids itself has changed: work on a copy"
    assert inputs.tolist() == [2, 7, 4, 9, 3], f"expected 2 7 4 9 3 as inputs, got {inputs}"
    assert targets.tolist() == [-1, -1, 5, -1, -1], (
        f"only the hidden place asks, and its target is the true id 5; got {targets}"
    )
    inputs, targets = (np.asarray(part) for part in answer(ids, [1, 3], 99))
    assert inputs.tolist() == [2, 99, 5, 99, 3], "mask_id need not be 4, and places may be many"
    assert targets.tolist() == [-1, 7, -1, 9, -1]


def changes_ids(ids, places, mask_id):
    """Writes into the array it was given."""
    targets = np.full_like(ids, -1)
    targets[places] = ids[places]
    ids[places] = mask_id
    return ids, targets


def asks_everywhere(ids, places, mask_id):
    """All words are targets."""
    return answer_2(ids, places, mask_id)[0], ids


def asks_for_the_mask(ids, places, mask_id):
    """Reads the target after the word was hidden."""
    inputs = answer_2(ids, places, mask_id)[0]
    targets = np.full_like(inputs, -1)
    targets[places] = inputs[places]
    return inputs, targets


wrong_2 = [changes_ids, asks_everywhere, asks_for_the_mask]

# ---- 3: temperature and top-k --------------------------------------------------------------------


def answer_3(scores, temperature, top_k):
    """The softmax of scores / temperature over the top_k largest."""
    scores = np.asarray(scores, float) / temperature
    if top_k is not None:
        scores = np.where(scores >= np.sort(scores)[-top_k], scores, -np.inf)
    exponentials = np.exp(scores - scores.max())
    return exponentials / exponentials.sum()


def check_3(answer):
    scores = np.array([1.0, 0.0, 2.0])
    got = np.asarray(answer(scores.copy(), 1.0, None))
    assert got.shape == (3,), f"one probability per score, (3,), got {got.shape}"
    assert np.allclose(got, [0.245, 0.090, 0.665], atol=1e-3), f"the plain softmax, got {got}"
    got = np.asarray(answer(scores.copy(), 0.5, None))
    assert np.allclose(got, [0.117, 0.016, 0.867], atol=1e-3), (
        f"with T = 0.5 the scores are divided by 0.5, so they double; got {got.round(3)}"
    )
    got = np.asarray(answer(scores.copy(), 1.0, 2))
    assert np.allclose(got.sum(), 1), "after cutting off, the probabilities must add up to 1 again"
    assert np.allclose(got, [0.269, 0, 0.731], atol=1e-3), (
        f"with top_k = 2 the smallest of three has probability 0, got {got.round(3)}"
    )
    got = np.asarray(answer(scores.copy(), 2.0, 1))
    assert np.allclose(got, [0, 0, 1]), "with top_k = 1 only the likeliest remains"


def multiplied(scores, temperature, top_k):
    """Multiplies by the temperature."""
    return answer_3(scores, 1 / temperature, top_k)


def not_renewed(scores, temperature, top_k):
    """Cuts off after the softmax."""
    p = answer_3(scores, temperature, None)
    return p if top_k is None else np.where(p >= np.sort(p)[-top_k], p, 0)


def keeps_the_worst(scores, temperature, top_k):
    """Sorts the wrong way."""
    scores = np.asarray(scores, float) / temperature
    if top_k is not None:
        scores = np.where(scores <= np.sort(scores)[top_k - 1], scores, -np.inf)
    exponentials = np.exp(scores - scores.max())
    return exponentials / exponentials.sum()


def zero_is_a_score(scores, temperature, top_k):
    """Sets what is cut off to the score 0, which has a share."""
    scores = np.asarray(scores, float) / temperature
    if top_k is not None:
        scores = np.where(scores >= np.sort(scores)[-top_k], scores, 0)
    exponentials = np.exp(scores - scores.max())
    return exponentials / exponentials.sum()


wrong_3 = [multiplied, not_renewed, keeps_the_worst, zero_is_a_score]

# ---- 4: the size of GPT-2 ------------------------------------------------------------------------


def answer_4(vocabulary, positions, width, depth):
    """Embeddings, blocks, and the last normalization."""
    block = 12 * width * width + 13 * width
    return (vocabulary + positions) * width + depth * block + 2 * width


def check_4(answer):
    got = answer(50257, 1024, 768, 12)
    assert got != 163037184, "the matrix that scores the words is the embedding: count it once"
    assert got != 124438272, "there is one more normalization at the end, with 2 * width"
    assert got == 124439808, f"GPT-2 small has 124,439,808 parameters, got {got:,}"
    got = answer(50, 8, 16, 3)
    assert got == 10800, f"the small GPT of the lesson has 10,800 parameters, got {got:,}"


def scores_apart(vocabulary, positions, width, depth):
    """Counts the matrix of the scores once more."""
    return answer_4(vocabulary, positions, width, depth) + vocabulary * width


def no_last_normalization(vocabulary, positions, width, depth):
    """Forgets the normalization at the end."""
    return answer_4(vocabulary, positions, width, depth) - 2 * width


def no_positions(vocabulary, positions, width, depth):
    """Forgets the positions."""
    return answer_4(vocabulary, 0, width, depth)


wrong_4 = [scores_apart, no_last_normalization, no_positions]

# ---- 5: perplexity -------------------------------------------------------------------------------


def answer_5(probabilities):
    """exp of the mean of -log p."""
    return float(np.exp(-np.mean(np.log(probabilities))))


def check_5(answer):
    got = answer([0.25, 0.25, 0.25])
    assert abs(got - 4) < 1e-6, f"if each word had 1/4, it is like choosing among 4; got {got}"
    got = answer([1 / 3, 1.0])
    assert abs(got - 3**0.5) < 1e-6, (
        f'"the dog ran" of the lesson has exp(0.549) = 1.73, got {got}: take the mean of -log(p), '
        "then exp"
    )
    assert abs(answer(np.array([1.0, 1.0])) - 1) < 1e-6, "who is always sure and right has 1"


def only_the_loss(probabilities):
    """Forgets exp."""
    return float(-np.mean(np.log(probabilities)))


def mean_of_inverses(probabilities):
    """Takes the mean of 1 / p."""
    return float(np.mean(1 / np.asarray(probabilities)))


def sum_not_mean(probabilities):
    """Adds up instead of taking the mean."""
    return float(np.exp(-np.sum(np.log(probabilities))))


wrong_5 = [only_the_loss, mean_of_inverses, sum_not_mean]
