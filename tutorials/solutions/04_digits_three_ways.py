"""Solutions of lesson 4, a network that reads digits, three ways."""

from numbers import Real

import numpy as np

import minigrad
from minigrad import Sequential, datasets
from minigrad.layers import Dense

# ---- 1. cross-entropy ----------------------------------------------------------------------------


def answer_1(logits, labels):
    """Mean of log(sum of exp) minus the logit of the right class, both less the largest logit."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    totals = np.log(np.exp(shifted).sum(axis=1))
    return float((totals - shifted[np.arange(len(labels)), labels]).mean())


def check_1(answer):
    """Small logits, one row, and logits of 1000."""
    cases = [
        ([[2.0, 1.0, 0.0]], [0], 0.407606),
        ([[2.0, 1.0, 0.0], [0.0, 0.0, 0.0]], [2, 1], 1.753109),
        ([[1000.0, 0.0], [0.0, 1000.0]], [0, 0], 500.0),
    ]
    for logits, labels, expected in cases:
        with np.errstate(all="ignore"):
            got = _without_error(answer, np.array(logits), np.array(labels))
        close = abs(float(got) - expected) < 1e-4
        assert close, f"for logits {logits} and labels {labels}: {got}, not {expected}"


def _wrong_1_overflow(logits, labels):
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return -np.log(probabilities[np.arange(len(labels)), labels]).mean()


def _wrong_1_sum(logits, labels):
    return answer_1(logits, labels) * len(labels)


def _wrong_1_one_maximum_and_axis(logits, labels):
    probabilities = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    return -np.log(probabilities[np.arange(len(labels)), labels]).mean()


wrong_1 = [_wrong_1_overflow, _wrong_1_sum, _wrong_1_one_maximum_and_axis]

# ---- 2. its gradient -----------------------------------------------------------------------------


def answer_2(logits, labels):
    """(softmax - one-hot) / N."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    gradient = exponentials / exponentials.sum(axis=1, keepdims=True)
    gradient[np.arange(len(labels)), labels] -= 1
    return gradient / len(labels)


def check_2(answer):
    """Central differences of the mean cross-entropy."""
    draw = np.random.default_rng(0)
    logits, labels = draw.normal(size=(4, 3)), np.array([2, 0, 1, 1])
    got = np.asarray(_without_error(answer, logits.copy(), labels.copy()))
    assert got.shape == (4, 3), f"the gradient has the shape {got.shape}, not (4, 3)"
    for place in np.ndindex(4, 3):
        change = np.zeros((4, 3))
        change[place] = 1e-5
        above, below = answer_1(logits + change, labels), answer_1(logits - change, labels)
        measured = (above - below) / 2e-5
        close = abs(got[place] - measured) < 1e-6
        assert close, f"at {place} it is {got[place]:.4f}, measured {measured:.4f}"


def _wrong_2_no_mean(logits, labels):
    return answer_2(logits, labels) * len(labels)


def _wrong_2_sign(logits, labels):
    return -answer_2(logits, labels)


def _wrong_2_without_softmax(logits, labels):
    return (logits - np.eye(logits.shape[1])[labels]) / len(labels)


wrong_2 = [_wrong_2_no_mean, _wrong_2_sign, _wrong_2_without_softmax]

# ---- 3. the confusion matrix ---------------------------------------------------------------------


def answer_3(true, predicted, classes):
    """One more in the row of the true class and the column of the answer, for each image."""
    table = np.zeros((classes, classes), dtype=int)
    for row, column in zip(true, predicted):
        table[row, column] += 1
    return table


def check_3(answer):
    """Counts of six images, with a pair that repeats and a class that never occurs."""
    true, predicted = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 1, 1, 1, 0, 2])
    expected = [[1, 2, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
    got = np.asarray(_without_error(answer, true, predicted, 4))
    assert got.shape == (4, 4), f"the table has the shape {got.shape}, not (4, 4)"
    assert np.array_equal(got, expected), f"the table is {got.tolist()}, not {expected}"


def _wrong_3_turned(true, predicted, classes):
    return answer_3(predicted, true, classes)


def _wrong_3_repeats(true, predicted, classes):
    table = np.zeros((classes, classes), dtype=int)
    table[true, predicted] += 1  # pairs that repeat are counted once
    return table


wrong_3 = [_wrong_3_turned, _wrong_3_repeats]

# ---- 4. the first loss ---------------------------------------------------------------------------

answer_4 = 4.605  # -log(1 / 100)


def check_4(answer):
    """-log(1 / 100), the natural logarithm."""
    assert isinstance(answer, Real), "the answer is one number"
    expected = -np.log(1 / 100)
    assert abs(answer - expected) < 0.05, "each class has the probability 1 / 100; take -log of it"


wrong_4 = [2.303, 2.0, 0.01, -4.605]  # ten classes; the decimal logarithm; p itself; the sign

# ---- 5. a trained model --------------------------------------------------------------------------


def answer_5(x, y):
    """One hidden layer of 32 units, and Adam for 15 epochs."""
    minigrad.seed(0)
    model = Sequential(
        [Dense(32, activation="relu", input_shape=(64,)), Dense(10, activation="softmax")]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(x, y, batch_size=32, epochs=15, verbose=0)
    return model


def check_5(answer):
    """The split of the lesson: probabilities, and 90 % of the test images."""
    (x_train, y_train), (x_test, y_test) = datasets.digits.load_data()
    model = _without_error(answer, x_train, y_train)
    assert hasattr(model, "predict"), "return the model"
    probabilities = np.asarray(model.predict(x_test, verbose=0))
    assert probabilities.shape == (360, 10), f"predict gives the shape {probabilities.shape}"
    sums = probabilities.sum(axis=1)
    assert np.allclose(sums, 1, atol=1e-3), "the ten probabilities of an image are not 1 together"
    accuracy = (probabilities.argmax(axis=1) == y_test).mean()
    assert accuracy >= 0.9, f"it reads {accuracy:.1%} of the test images"


def _wrong_5_untrained(x, y):
    minigrad.seed(0)
    model = Sequential([Dense(10, activation="softmax", input_shape=(64,))])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return model


def _wrong_5_no_softmax(x, y):
    minigrad.seed(0)
    model = Sequential([Dense(32, activation="relu", input_shape=(64,)), Dense(10)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x, np.eye(10)[y], epochs=5, verbose=0)
    return model


def _wrong_5_returns_history(x, y):
    model = _wrong_5_untrained(x, y)
    return model.fit(x, y, epochs=1, verbose=0)


wrong_5 = [_wrong_5_untrained, _wrong_5_no_softmax, _wrong_5_returns_history]


def _without_error(answer, *arguments):
    """What the answer returns; an error in it is a failed check."""
    assert callable(answer), "the answer must be a function"
    try:
        return answer(*arguments)
    except AssertionError:
        raise
    except Exception as error:
        raise AssertionError(f"it fails with {type(error).__name__}: {error}") from error
