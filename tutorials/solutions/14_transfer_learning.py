"""Solutions of lesson 14, transfer learning."""

import math

import numpy as np

from minigrad import Sequential
from minigrad.layers import Dense

# ---- 1: the head is frozen, the body learns ------------------------------------------------------


def answer_1(x, w1, w2, target, learning_rate):
    """One step for w1 alone."""
    h = max(w1 * x, 0.0)
    gradient_y = 2 * (w2 * h - target)
    gradient_w1 = gradient_y * w2 * x if w1 * x > 0 else 0.0
    return w1 - learning_rate * gradient_w1, w2


def freezes_the_body(x, w1, w2, target, learning_rate):
    h = max(w1 * x, 0.0)
    return w1, w2 - learning_rate * 2 * (w2 * h - target) * h


def forgets_the_head_on_the_way(x, w1, w2, target, learning_rate):
    h = max(w1 * x, 0.0)
    return w1 - learning_rate * 2 * (w2 * h - target) * x, w2


def forgets_relu(x, w1, w2, target, learning_rate):
    h = max(w1 * x, 0.0)
    return w1 - learning_rate * 2 * (w2 * h - target) * w2 * x, w2


def trains_both(x, w1, w2, target, learning_rate):
    h = max(w1 * x, 0.0)
    gradient_y = 2 * (w2 * h - target)
    return answer_1(x, w1, w2, target, learning_rate)[0], w2 - learning_rate * gradient_y * h


wrong_1 = [freezes_the_body, forgets_the_head_on_the_way, forgets_relu, trains_both]


def check_1(answer):
    """A function of x, w1, w2, the target and the learning rate."""
    cases = [
        ((2.0, 0.5, 0.2, 1.0, 0.1), (0.564, 0.2)),
        ((1.0, 2.0, -1.0, 0.0, 0.25), (1.0, -1.0)),
        ((2.0, -0.5, 0.2, 1.0, 0.1), (-0.5, 0.2)),  # relu gives 0: no gradient comes through
    ]
    for arguments, expected in cases:
        got = tuple(float(value) for value in answer(*arguments))
        assert len(got) == 2, f"expected two numbers, w1 and w2, got {got}"
        assert np.allclose(got, expected, atol=1e-6), (
            f"x, w1, w2, target, learning_rate = {arguments}: got {got}, expected {expected}"
        )


# ---- 2: freeze all layers but the last -----------------------------------------------------------


def answer_2(model):
    """Freeze the body; count what remains."""
    for layer in model.layers[:-1]:
        layer.trainable = False
    model.layers[-1].trainable = True
    return sum(weight.size for weight in model.layers[-1].weights)


def freezes_the_last(model):
    model.layers[-1].trainable = False
    return sum(weight.size for weight in model.trainable_weights)


def freezes_the_first_alone(model):
    model.layers[0].trainable = False
    return sum(weight.size for weight in model.trainable_weights)


def counts_arrays(model):
    for layer in model.layers[:-1]:
        layer.trainable = False
    return len(model.layers[-1].weights)


wrong_2 = [freezes_the_last, freezes_the_first_alone, counts_arrays]


def check_2(answer):
    """A function of a Sequential."""
    for widths in ((6, 4, 3), (5, 7, 7, 2)):
        inputs, *units = widths
        first = Dense(units[0], input_shape=(inputs,))
        model = Sequential([first, *(Dense(n) for n in units[1:])])
        got = answer(model)
        flags = [layer.trainable for layer in model.layers]
        expected = [False] * (len(flags) - 1) + [True]
        assert flags == expected, f"trainable is {flags}, expected {expected}"
        count = widths[-2] * widths[-1] + widths[-1]
        assert got == count, f"got {got}, but the last layer has {count} parameters"


# ---- 3: number the classes from 0 ----------------------------------------------------------------


def answer_3(labels):
    """The place of each label in the sorted list of classes."""
    return np.unique(labels, return_inverse=True)[1].reshape(-1)


def subtracts_the_smallest(labels):
    return np.asarray(labels) - np.min(labels)


def in_order_of_appearance(labels):
    classes = list(dict.fromkeys(np.asarray(labels).tolist()))
    return np.array([classes.index(label) for label in np.asarray(labels).tolist()])


def subtracts_five(labels):
    return np.asarray(labels) - 5


wrong_3 = [subtracts_the_smallest, in_order_of_appearance, subtracts_five]


def check_3(answer):
    """A function of an array of labels."""
    cases = [
        ([7, 5, 9, 7], [1, 0, 2, 1]),
        ([5, 6, 7, 8, 9], [0, 1, 2, 3, 4]),
        ([30, 10, 10, 20], [2, 0, 0, 1]),
        ([4, 4], [0, 0]),
    ]
    for labels, expected in cases:
        got = np.asarray(answer(np.array(labels))).tolist()
        assert got == expected, f"labels {labels}: got {got}, expected {expected}"


# ---- 4: the nearest class mean -------------------------------------------------------------------


def answer_4(features, labels, new_features):
    """The label of the nearest mean of a class."""
    classes = np.unique(labels)
    means = np.stack([features[labels == c].mean(axis=0) for c in classes])
    distances = ((new_features[:, None, :] - means[None]) ** 2).sum(axis=-1)
    return classes[distances.argmin(axis=1)]


def farthest_mean(features, labels, new_features):
    classes = np.unique(labels)
    means = np.stack([features[labels == c].mean(axis=0) for c in classes])
    distances = ((new_features[:, None, :] - means[None]) ** 2).sum(axis=-1)
    return classes[distances.argmax(axis=1)]


def place_instead_of_label(features, labels, new_features):
    classes = np.unique(labels)
    means = np.stack([features[labels == c].mean(axis=0) for c in classes])
    return ((new_features[:, None, :] - means[None]) ** 2).sum(axis=-1).argmin(axis=1)


def nearest_row(features, labels, new_features):
    distances = ((new_features[:, None, :] - features[None]) ** 2).sum(axis=-1)
    return labels[distances.argmin(axis=1)]


wrong_4 = [farthest_mean, place_instead_of_label, nearest_row]


def check_4(answer):
    """A function of features, labels and new features."""
    features = np.array([[0.0, 0.0], [4.0, 0.0], [10.0, 0.0], [10.0, 2.0]])
    labels = np.array([3, 3, 8, 8])
    new = np.array([[2.0, 0.5], [9.0, 1.0], [5.5, 0.0], [6.5, 1.0]])  # means: (2, 0) and (10, 1)
    got = np.asarray(answer(features, labels, new)).tolist()
    expected = [3, 8, 3, 8]
    assert got == expected, f"means (2, 0) of 3 and (10, 1) of 8: got {got}, expected {expected}"
    features = np.array([[0.0, 0.0], [8.0, 0.0], [9.0, 0.0], [9.0, 0.0]])
    got = np.asarray(answer(features, labels, np.array([[7.0, 0.0], [6.0, 0.0]]))).tolist()
    assert got == [8, 3], (
        f"the mean of 3 is (4, 0), that of 8 is (9, 0): (7, 0) is an 8, (6, 0) a 3; got {got}"
    )


# ---- 5: parameters of a new head -----------------------------------------------------------------

answer_5 = 1024 * 3 + 3
wrong_5 = [1024 * 3, 5125, 1024 * 3 + 1024, 70117]


def check_5(answer):
    """A number."""
    assert math.isclose(answer, 3075), (
        f"got {answer}; each of the 3 neurons has one weight per feature, and a bias"
    )
